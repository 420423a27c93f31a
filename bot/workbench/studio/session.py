"""The bench at work beside the server: one thread owns it, does its steps, and answers between two of them."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from bot.errors import SignpostError
from bot.tracker.types import Issue
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.surroundings import Surroundings

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is. `revision` is that of the text that is on the bench; `trouble` what stopped the reading.

    `is_done` is true where the text is tried on all issues, and proven.
    """

    revision: str
    is_done: bool
    is_loaded: bool
    trouble: str


class Session:
    """A bench that works by itself. What is asked of it is answered within the few milliseconds of a step."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._jobs = SimpleQueue[Callable[[], None] | None]()
        self._waiting: list[tuple[str, bool, Future[None]]] = []
        self._newest = self._revision = ""
        self._trouble = ""
        self._thread = Thread(target=self._work, name="bench", daemon=True)

    def start(self) -> None:
        """Begin to read the history."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the step that is under way; nobody is left waiting."""
        self._jobs.put(None)
        self._thread.join()

    def ask(self, question: Callable[[Workbench, Progress], Answer]) -> Future[Answer]:
        """What somebody wants to know of the bench, between two steps."""
        answer = Future[Answer]()

        def give() -> None:
            if not answer.set_running_or_notify_cancel():
                return
            try:
                answer.set_result(question(self._bench, self._progress()))
            except Exception as error:  # noqa: BLE001 (it belongs to whoever asked)
                answer.set_exception(error)

        self._jobs.put(give)
        return answer

    def edit(self, text: str, revision: str) -> Future[None]:
        """Put a text on the bench, unless a newer one has come by then; the work for the one before is dropped."""
        self._newest = revision

        def put(bench: Workbench, _progress: Progress) -> None:
            if revision == self._newest:
                self._revision = revision
                if text != bench.current.text:
                    bench.edit(text)

        return self.ask(put)

    def mark_saved(self, text: str) -> Future[None]:
        """From now on this text is what the file holds, and what versions are compared with."""
        return self.ask(lambda bench, _: bench.mark_saved(text))

    def wait(self, revision: str, *, for_numbers: bool = False) -> Future[None]:
        """Done when the work for a revision is, or when another revision has come.

        `for_numbers` does not wait for the proof, nor for issues that have not been read.
        """
        over = Future[None]()
        self._jobs.put(lambda: self._waiting.append((revision, for_numbers, over)))
        return over

    def _progress(self) -> Progress:
        return Progress(self._revision, self._bench.is_done, self._bench.is_loaded, self._trouble)

    def _work(self) -> None:
        has_more = True
        while True:
            with suppress(Empty):
                job = self._jobs.get(block=not has_more)
                if job is None:
                    break
                job()
                has_more = True
                continue
            has_more = self._step()
            self._release()
        self._bench.close()  # here, for a database is closed by the thread that opened it
        self._release(is_over=True)

    def _step(self) -> bool:
        try:
            return self._bench.step()
        except SignpostError as error:
            self._trouble = str(error)
            return True
        except Exception as error:  # noqa: BLE001 (a fault of ours must not leave the page waiting for ever)
            self._trouble = f"the studio failed: {error!r}; please report it"
            return False

    def _release(self, *, is_over: bool = False) -> None:
        """Let those go who need not wait any more."""
        for waiting in list(self._waiting):
            revision, for_numbers, over = waiting
            is_ready = self._bench.has_numbers if for_numbers else self._bench.is_done
            if is_over or is_ready or revision != self._newest or over.cancelled():
                self._waiting.remove(waiting)
                if over.set_running_or_notify_cancel():
                    over.set_result(None)


def make_session(around: Surroundings, saved: str, issues: Iterator[Issue], today: date) -> Session:
    """A session for the rule as it was saved, and the past issues that it is tried on."""
    return Session(Workbench(around, saved, issues, today))
