"""What a server counts, in the text format of Prometheus."""

import time
from collections.abc import Callable
from typing import Literal, get_args

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.server.inbox.types import Counts, Delivery, Handle, Handled, PostponedError

MEDIA_TYPE = CONTENT_TYPE_LATEST

Outcome = Literal[
    "accepted",  # stored
    "duplicate",  # its GUID was stored before
    "ignored",  # nothing to do
    "malformed",
    "forged",
    "unsupported",  # not uncompressed JSON
    "oversize",
    "slow",
    "aborted",  # the sender closed the connection
    "busy",  # too many large bodies at a time
    "failed",  # the inbox could not store it
]
"""What becomes of a request to the webhook."""

HandledOutcome = Literal["done", "skipped", "postponed", "failed"]
"""What becomes of one attempt to handle a delivery."""

_ANSWER_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_HANDLE_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)


class Metrics:
    """The counts of one process since its start, in a registry of its own; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._registry = CollectorRegistry()
        self._deliveries = self._count("deliveries", "Requests to the webhook.", get_args(Outcome))
        self._handled = self._count("handled", "Attempts to handle a delivery.", get_args(HandledOutcome))
        self._answers = self._time("delivery", "Seconds from a delivery to its answer.", _ANSWER_SECONDS)
        self._handling = self._time("handling", "Seconds of an attempt to handle a delivery.", _HANDLE_SECONDS)
        self._up = Gauge("signpost_inbox_up", "1 if the database answers.", registry=self._registry)
        self._states = Gauge(
            "signpost_inbox_deliveries", "Deliveries in the inbox, by state.", ["state"], registry=self._registry
        )
        self._oldest = Gauge(
            "signpost_inbox_oldest_seconds", "How long the oldest unfinished delivery waits.", registry=self._registry
        )

    def _count(self, name: str, meaning: str, outcomes: tuple[str, ...]) -> Counter:
        """A counter that shows each of the outcomes from the start, as 0."""
        counter = Counter(f"signpost_{name}", meaning, ["outcome"], registry=self._registry)
        for outcome in outcomes:
            counter.labels(outcome)
        return counter

    def _time(self, name: str, meaning: str, bounds: tuple[float, ...]) -> Histogram:
        return Histogram(f"signpost_{name}_seconds", meaning, buckets=bounds, registry=self._registry)

    def count_delivery(self, outcome: Outcome, seconds: float) -> None:
        """Count a request to the webhook, and the seconds until its answer."""
        self._deliveries.labels(outcome).inc()
        self._answers.observe(seconds)

    def count_handled(self, outcome: HandledOutcome, seconds: float) -> None:
        """Count an attempt to handle a delivery, and its seconds."""
        self._handled.labels(outcome).inc()
        self._handling.observe(seconds)

    def watch(self, handle: Handle) -> Handle:
        """The same, and each attempt is counted; an attempt that is cancelled is not."""

        async def watched(delivery: Delivery) -> Handled:
            start = self._clock()
            try:
                handled = await handle(delivery)
            except PostponedError:
                self.count_handled("postponed", self._clock() - start)
                raise
            except Exception:
                self.count_handled("failed", self._clock() - start)
                raise
            self.count_handled("skipped" if handled.skipped else "done", self._clock() - start)
            return handled

        return watched

    def show(self, counts: Counts | None) -> None:
        """Show how the inbox is now; None if it does not answer, so that no old figures are shown."""
        self._up.set(counts is not None)
        self._states.clear()
        self._oldest.set(counts.oldest_seconds if counts else float("nan"))
        if counts:
            for state in ("waiting", "running", "done", "dead"):
                self._states.labels(state).set(getattr(counts, state))

    def render(self) -> bytes:
        """All figures as text, of the type `MEDIA_TYPE`."""
        return generate_latest(self._registry)
