"""How far a command is: a bar on a terminal once it takes a second, nothing anywhere else."""

import sys
from collections.abc import Iterable, Iterator
from time import monotonic
from typing import TypeVar

from bot.cli.output import make_console

Item = TypeVar("Item")
_PATIENCE = 1.0
"""Seconds without a bar (design: commands)."""


def track(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """The items, with a bar on the terminal that counts them; with `total`, it tells the time left too."""
    if not sys.stderr.isatty():
        yield from items
        return
    iterator, start = iter(items), monotonic()
    for done, item in enumerate(iterator, 1):
        yield item
        if monotonic() - start > _PATIENCE:
            yield from _show(iterator, what, done, total)


def _show(items: Iterator[Item], what: str, done: int, total: int | None) -> Iterator[Item]:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    count = TextColumn("{task.completed} of {task.total} " + what if total else "{task.completed} " + what)
    columns = (BarColumn(), count, TimeRemainingColumn()) if total else (SpinnerColumn(), count, TimeElapsedColumn())
    with Progress(*columns, console=make_console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total, completed=done)
        for item in items:
            yield item
            progress.advance(task)
