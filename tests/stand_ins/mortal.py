"""The command `signpost` in a process that the system kills, or denies more disk, at a chosen write.

Python tells of each file that is made, moved or removed (PEP 578), and SQLite of each statement before it is done.
"""

import os
import resource
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bot.cli import main
from tests.stand_ins.command import LOCK
from tests.stand_ins.patience import LONGEST

_FILES = {"os.rename", "os.remove"}
_fork = get_context("forkserver")


@dataclass(frozen=True, kw_only=True)
class _Fate:
    """What becomes of a command: killed before the write `last`, or at a file of more than `size` bytes, or told so."""

    last: int = 0
    size: int = 0
    is_killed: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    counted: Path | None = None


def count_writes(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
    """At how many moments a command can be killed; it runs to its end."""
    counted = folder / "writes"
    assert _run(folder, arguments, _Fate(counted=counted, environment=environment or {})) == 0
    return int(counted.read_text("utf-8"))


def kill_at(folder: Path, write: int, *arguments: str, environment: Mapping[str, str] | None = None) -> int:
    """The exit code of a command that is killed before it does a write; negative if it was."""
    return _run(folder, arguments, _Fate(last=write, environment=environment or {}))


def kill_beyond(folder: Path, size: int, *arguments: str) -> int:
    """The exit code of a command that is killed while it makes a file larger than so many bytes."""
    return _run(folder, arguments, _Fate(size=size, is_killed=True))


def deny_beyond(folder: Path, size: int, *arguments: str) -> int:
    """The exit code of a command that gets no file larger than so many bytes; what it says is in `FOLDER/said`."""
    return _run(folder, arguments, _Fate(size=size))


def _run(folder: Path, arguments: tuple[str, ...], fate: _Fate) -> int:
    process = _fork.Process(target=_execute, args=(folder, arguments, fate))
    with LOCK:
        process.start()
    process.join(LONGEST)
    process.kill()
    process.join()
    return process.exitcode or 0


def _execute(folder: Path, arguments: tuple[str, ...], fate: _Fate) -> None:
    os.chdir(folder)
    os.environ.update(fate.environment)
    with (folder / "said").open("w", encoding="utf-8") as said:
        sys.stdout = sys.stderr = said
        if fate.size:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL if fate.is_killed else signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (fate.size, fate.size))
        count_moments = die_at(fate.last)
        code = main(arguments)
    if fate.counted:
        fate.counted.write_text(str(count_moments()), "utf-8")
    sys.exit(code)


def die_at(write: int) -> Callable[[], int]:
    """Let the system kill this process just before that write (0: never); returns how many there were by now."""
    moments = count(1)
    _watch(lambda: _live(next(moments), write))
    return lambda: next(moments) - 1


def _live(moment: int, last: int) -> None:
    if moment == last:
        os.kill(os.getpid(), signal.SIGKILL)


def _watch(live: Callable[[], None]) -> None:
    """Hear of all that is written; this process is there for one command alone."""

    def see_statement(sql: str) -> None:
        if not sql.lstrip().upper().startswith(("SELECT", "--")):
            live()

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:  # noqa: ANN401 (those of sqlite3.connect)
        connection: sqlite3.Connection = open_database(*arguments, **options)
        connection.set_trace_callback(see_statement)
        return connection

    def see_file(event: str, _: object) -> None:
        if event in _FILES:
            live()

    open_database = sqlite3.connect
    sqlite3.connect = connect  # type: ignore[assignment]
    sys.addaudithook(see_file)
