"""The bench next to the server: one thread owns it, does its steps, and answers questions between two steps."""

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
    """The progress of the work. `revision` is the revision of the text on the bench; `trouble` is an error, or "".

    `is_done` is true if the text was tried on all issues, and is proven.
    """

    revision: str
    is_done: bool
    is_loaded: bool
    trouble: str


class Session:
    """A bench in its own thread. It answers questions within the few milliseconds of a step."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._jobs = SimpleQueue[Callable[[], None] | None]()
        self._waiting: list[tuple[str, bool, Future[None]]] = []
        self._newest = self._revision = ""
        self._trouble = ""
        self._thread = Thread(target=self._work, name="bench", daemon=True)

    def start(self) -> None:
        """Begin to read the archive."""
        self._thread.start()

    def close(self) -> None:
        """Stop after the current step, and end all waiting."""
        self._jobs.put(None)
        self._thread.join()

    def ask(self, question: Callable[[Workbench, Progress], Answer]) -> Future[Answer]:
        """The answer to a question about the bench, between two steps."""
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
        """Put a text on the bench, unless a newer one is there by then; drops the work for the text before."""
        self._newest = revision

        def put(bench: Workbench, _progress: Progress) -> None:
            if revision == self._newest:
                self._revision = revision
                if text != bench.current.text:
                    bench.edit(text)

        return self.ask(put)

    def mark_saved(self, text: str) -> Future[None]:
        """From now on, the file has this text, and the bench compares versions with it."""
        return self.ask(lambda bench, _: bench.mark_saved(text))

    def wait(self, revision: str, *, for_numbers: bool = False) -> Future[None]:
        """A future that is done when the work for a revision is done, or when another revision comes.

        `for_numbers` does not wait for the proof, or for issues that the bench has not read.
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
    """A session for the saved rule, and the past issues to try it on."""
    return Session(Workbench(around, saved, issues, today))
