"""A replay on all cores: worker processes that are sent lines and answer with small tallies.

Each worker has a pipe of its own and one chunk at a time. A worker whose parent is gone, however it went, reads the end
of its pipe and leaves; so nothing is ever left behind.
"""

import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import NamedTuple

from bot.errors import SettingsError
from bot.history.issues import Line
from bot.history.replay import Part, Task, compile_task, replay_lines

CHUNK = 100
"""Lines in one message: about a tenth of a second of work, so that all workers end at nearly the same time."""
FEW = 400
"""Lines that are replayed in this process: starting others costs a second of CPU time each."""
_AHEAD = 8
"""Chunks a worker that may be finished before one that comes earlier in the history: a bound for the memory."""


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: Connection


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def replay_history(lines: Iterable[Line], task: Task, jobs: int) -> Iterator[Part]:
    """The parts of a history, in its order; with `jobs` processes where there are more than a few lines.

    Raises SettingsError for a line that is no issue, after the parts before it, and where a worker dies.
    """
    source = iter(lines)
    first = list(islice(source, FEW + 1))
    chunks = _cut(chain(first, source))
    if jobs == 1 or len(first) <= FEW:
        replay = compile_task(task)
        parts: Iterator[Part] = (replay_lines(chunk, replay) for chunk in chunks)
    else:
        parts = _replay_on_cores(chunks, task, jobs)
    for part in parts:
        yield part
        if part.problem:
            raise SettingsError(part.problem)


def _cut(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _replay_on_cores(chunks: Iterator[list[Line]], task: Task, jobs: int) -> Iterator[Part]:
    with _start_workers(task, jobs) as workers:
        idle, busy, done = [worker.pipe for worker in workers], dict[Connection, int](), dict[int, Part]()
        numbered, following = enumerate(chunks), 0
        while True:
            while idle and len(done) < _AHEAD * jobs and (found := next(numbered, None)):
                pipe = idle.pop()
                busy[pipe] = found[0]
                _send(pipe, found[1])
            if not busy:
                return
            for pipe in _wait(busy):
                done[busy.pop(pipe)] = _receive(pipe)
                idle.append(pipe)
            while following in done:
                yield done.pop(following)
                following += 1


def _wait(busy: dict[Connection, int]) -> list[Connection]:
    return [ready for ready in wait(list(busy)) if isinstance(ready, Connection)]


def _send(pipe: Connection, lines: list[Line]) -> None:
    try:
        pipe.send(lines)
    except OSError:
        raise _explain_death() from None


def _receive(pipe: Connection) -> Part:
    try:
        part: Part = pipe.recv()
    except (EOFError, OSError):
        raise _explain_death() from None
    return part


def _explain_death() -> SettingsError:
    return SettingsError("a worker process ended before its work was done (out of memory?); try `--jobs 1`")


@contextmanager
def _start_workers(task: Task, jobs: int) -> Iterator[list[_Worker]]:
    """Workers that hear no Ctrl-C, which a terminal sends to all of them: it is ours to end them."""
    workers = list[_Worker]()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(jobs):
            workers.append(_start_worker(task))
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        yield workers
    finally:
        for worker in workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in workers:
            worker.process.join()


def _start_worker(task: Task) -> _Worker:
    """A fresh interpreter: a fork would copy the threads of a progress bar half."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, task), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _work(pipe: Connection, task: Task) -> None:
    replay = compile_task(task)
    while True:
        try:
            pipe.send(replay_lines(pipe.recv(), replay))
        except (EOFError, OSError):
            return
