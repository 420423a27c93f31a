"""The command `signpost` in a process of its own: its arguments, its environment, its output and how it ended.

The process is forked from one in which the heavy modules are loaded already, so that a test of the real command
takes milliseconds. What a cold start loads is a matter of `tests/test_architecture.py`.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock

from bot.cli import main
from tests.stand_ins.patience import LONGEST

ROOT = Path(__file__).parents[2]
LOCK = Lock()
"""multiprocessing asks after all its children whenever one starts, and each tells how it ended only once."""

_preloaded = [
    *("bot.cli.run", "bot.cli.check", "bot.cli.explain", "bot.cli.backtest", "bot.cli.init", "bot.cli.schema"),
    *("bot.cli.doctor", "bot.workbench.editor.issue_forms"),
    *(
        "bot.cli.suggest",
        "bot.cli.new",
        "bot.cli.index",
        "bot.duplicates.index.terminal",
        "bot.duplicates.evaluation",
        "bot.cli.index_search",
        "bot.cli.site",
        "bot.cli.report",
        "bot.insights.report.formats",
        "bot.insights.report.maker",
        "bot.insights.report.markdown",
        "bot.insights.report.page",
    ),
    *(
        "bot.cli.studio",
        "bot.workbench.explain.terminal",
        "bot.github.client",
        "rich.console",
        "rich.progress",
    ),
]


def preload(*names: str) -> ForkServerContext:
    """What starts processes. One process is forked for all tests, and it loads the modules of all that ask for some.

    Python itself keeps only the last list: https://docs.python.org/3/library/multiprocessing.html
    """
    _preloaded.extend(names)
    context = get_context("forkserver")
    context.set_forkserver_preload(_preloaded)
    return context


_fork = preload(__name__)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How a command ended; `code` is negative where a signal ended it."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, kw_only=True)
class Running:
    """A command whose process is there and waits for `go`."""

    process: ForkServerProcess
    gate: Connection
    folder: TemporaryDirectory[str] = field(repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def go(self) -> Finished:
        """Let it run to its end."""
        self.gate.send("go")
        if not wait([self.process.sentinel], LONGEST):
            self.process.kill()
            raise TimeoutError(f"the command did not end within {LONGEST} s")
        with LOCK:
            self.process.join()
        with self.folder:
            out, err = (Path(self.folder.name, name).read_text(encoding="utf-8") for name in ("out", "err"))
        return Finished(code=self.process.exitcode or 0, out=out, err=err)


def start_command(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None, stdin: str = ""
) -> Running:
    """Make the process of `signpost ARGUMENTS`, with nothing but `environment`, in `folder` (default: the root)."""
    passing = TemporaryDirectory()
    Path(passing.name, "in").write_text(stdin, encoding="utf-8")
    ours, theirs = _fork.Pipe()
    process = _fork.Process(
        target=_execute, args=(theirs, arguments, folder or ROOT, dict(environment or {}), Path(passing.name))
    )
    with LOCK:
        process.start()
    theirs.close()
    return Running(process=process, gate=ours, folder=passing)


def run_command(
    *arguments: str, folder: Path | None = None, environment: Mapping[str, str] | None = None, stdin: str = ""
) -> Finished:
    """Run `signpost ARGUMENTS` to its end."""
    return start_command(*arguments, folder=folder, environment=environment, stdin=stdin).go()


def _execute(
    gate: Connection, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], streams: Path
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    for number, name in enumerate(("in", "out", "err")):
        opened = os.open(streams / name, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
    # multiprocessing has closed its own standard input.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    gate.recv()
    sys.exit(main(arguments))
