"""Lines of an archive on all cores: worker processes that are sent lines and answer with small results.

Each worker has a pipe of its own and one chunk at a time. A worker whose parent is gone, however it went, reads the end
of its pipe and leaves; so nothing is ever left behind.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, NamedTuple, Protocol, TypeVar

from bot.archive.jsonl import Line
from bot.errors import SettingsError


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


CHUNK = 100
"""Lines in one message: about a tenth of a second of work, so that all workers end at nearly the same time."""
FEW = 400
"""Lines that are replayed in this process: starting others costs a second of CPU time each."""
_AHEAD = 8
"""Chunks a worker that may be finished before one that comes earlier in the archive: a bound for the memory."""


Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class Counted(Protocol):
    """An answer that says how many issues it is about."""

    @property
    def seen(self) -> int:
        """How many."""


class Work(Protocol[Answer_co]):
    """What is done with chunks of lines, in a form that can be sent to another process."""

    def prepare(self) -> Callable[[Sequence[Line]], Answer_co]:
        """The work, ready to be done (rules compiled); it may raise SettingsError for lines that cannot be read."""


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: Connection


def work_through(lines: Iterable[Line], work: Work[Answer], jobs: int) -> Iterator[Answer]:
    """The answer to each chunk of an archive, in its order; in `jobs` processes where there are more than a few lines.

    Raises the SettingsError of a chunk in the place of its answer, and one where a worker dies.
    """
    source = iter(lines)
    first = list(islice(source, FEW + 1))
    chunks = _cut(chain(first, source))
    if jobs == 1 or len(first) <= FEW:
        do = work.prepare()
        yield from map(do, chunks)
    else:
        yield from _work_on_cores(chunks, work, jobs)


def _cut(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while chunk := list(islice(lines, CHUNK)):
        yield chunk


def _work_on_cores(chunks: Iterator[list[Line]], work: Work[Answer], jobs: int) -> Iterator[Answer]:
    with _start_workers(work, jobs) as workers:
        idle, busy, done = [worker.pipe for worker in workers], dict[Connection, int](), dict[int, Answer]()
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
                yield _open(done.pop(following))
                following += 1


def _open(answer: Answer) -> Answer:
    if isinstance(answer, SettingsError):
        raise answer
    return answer


def _wait(busy: dict[Connection, int]) -> list[Connection]:
    return [ready for ready in wait(list(busy)) if isinstance(ready, Connection)]


def _send(pipe: Connection, lines: list[Line]) -> None:
    try:
        pipe.send(lines)
    except OSError:
        raise _explain_death() from None


def _receive(pipe: Connection) -> Any:  # noqa: ANN401 (whatever the work answers: a pipe knows no types)
    try:
        return pipe.recv()
    except (EOFError, OSError):
        raise _explain_death() from None


def _explain_death() -> SettingsError:
    return SettingsError("a worker process ended before its work was done (out of memory?); try `--jobs 1`")


@contextmanager
def _start_workers(work: Work[Any], jobs: int) -> Iterator[list[_Worker]]:
    """Workers that hear no Ctrl-C, which a terminal sends to all of them: it is ours to end them."""
    workers = list[_Worker]()
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in range(jobs):
            workers.append(_start_worker(work))
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


def _start_worker(work: Work[Any]) -> _Worker:
    """A fresh interpreter: a fork would copy the threads of a progress bar half."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, work), daemon=True)
    process.start()
    theirs.close()
    return _Worker(process, ours)


def _work(pipe: Connection, work: Work[Any]) -> None:
    do = work.prepare()
    while True:
        try:
            pipe.send(_do(do, pipe.recv()))
        except (EOFError, OSError):
            return


def _do(do: Callable[[Sequence[Line]], Any], lines: list[Line]) -> Any:  # noqa: ANN401 (whatever the work answers)
    try:
        return do(lines)
    except SettingsError as error:
        return error
