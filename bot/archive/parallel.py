"""Lines of an archive on all cores: worker processes receive lines and answer with small results.

Each worker has its own pipe and one chunk at a time. If its parent ends in any way, the worker reads the end of its
pipe and exits, so no process stays behind.
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
"""Up to this number of lines, this process does the work: to start another takes a second of CPU time."""
_AHEAD = 8
"""Chunks per worker that may be finished before an earlier one of the archive: it bounds the memory."""


Answer = TypeVar("Answer")
Answer_co = TypeVar("Answer_co", covariant=True)


class Counted(Protocol):
    """An answer with the number of its issues."""

    @property
    def seen(self) -> int:
        """How many."""


class Work(Protocol[Answer_co]):
    """The work on chunks of lines, in a form that can be sent to another process."""

    def prepare(self) -> Callable[[Sequence[Line]], Answer_co]:
        """The prepared work (rules compiled); it may raise SettingsError for invalid lines."""


class _Worker(NamedTuple):
    process: BaseProcess
    pipe: Connection


def work_through(lines: Iterable[Line], work: Work[Answer], jobs: int) -> Iterator[Answer]:
    """The answer to each chunk of an archive, in order; in `jobs` processes if there are more than a few lines.

    Raises the SettingsError of a chunk in place of its answer, and a SettingsError if a worker dies.
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
    """The pipes that have an answer. On Windows, they are of another class than `Connection`."""
    ready = wait(list(busy))
    return [pipe for pipe in busy if pipe in ready]


def _send(pipe: Connection, lines: list[Line]) -> None:
    try:
        pipe.send(lines)
    except OSError:
        raise _explain_death() from None


def _receive(pipe: Connection) -> Any:  # noqa: ANN401 (the answer of the work: a pipe has no types)
    try:
        return pipe.recv()
    except (EOFError, OSError):
        raise _explain_death() from None


def _explain_death() -> SettingsError:
    return SettingsError("a worker process stopped early, perhaps because it ran out of memory; try `--jobs 1`")


@contextmanager
def _start_workers(work: Work[Any], jobs: int) -> Iterator[list[_Worker]]:
    """Workers that ignore Ctrl-C, which a terminal sends to all processes: this process ends them."""
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
    """Start a fresh interpreter: a fork would only partly copy the threads of a progress bar."""
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


def _do(do: Callable[[Sequence[Line]], Any], lines: list[Line]) -> Any:  # noqa: ANN401 (the answer of the work)
    try:
        return do(lines)
    except SettingsError as error:
        return error
