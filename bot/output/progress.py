"""Progress of a command: a bar on a terminal after one second, and nothing anywhere else."""

import sys
from collections.abc import Callable, Iterable, Iterator
from time import monotonic
from typing import TypeVar

from bot.output.console import is_colourful, make_console

Item = TypeVar("Item")
_PATIENCE = 1.0
"""Seconds without a bar (design: commands)."""


def track(
    items: Iterable[Item], what: str, total: int | None = None, count: Callable[[Item], int] = lambda _: 1
) -> Iterator[Item]:
    """The items, with a bar on the terminal that counts them; with `total`, the bar also shows the time left.

    `count` is the number that an item counts for; 1 by default.
    """
    if not is_colourful(sys.stderr):
        yield from items
        return
    iterator, start, done = iter(items), monotonic(), 0
    for item in iterator:
        yield item
        done += count(item)
        if monotonic() - start > _PATIENCE:
            yield from _show(iterator, what, done, total, count)


def _show(
    items: Iterator[Item], what: str, done: int, total: int | None, count: Callable[[Item], int]
) -> Iterator[Item]:
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    counter = TextColumn("{task.completed} of {task.total} " + what if total else "{task.completed} " + what)
    columns = (
        (BarColumn(), counter, TimeRemainingColumn()) if total else (SpinnerColumn(), counter, TimeElapsedColumn())
    )
    with Progress(*columns, console=make_console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total, completed=done)
        for item in items:
            yield item
            progress.advance(task, count(item))
