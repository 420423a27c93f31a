"""The metrics count what the server does, in a text that Prometheus reads."""

import asyncio
from collections.abc import Callable, Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.server.inbox.types import Counts, Delivery, Handled, PostponedError
from bot.server.metrics import Metrics
from tests.server.deliveries import NOW

DELIVERY = Delivery(
    guid="one",
    event="issues",
    action="opened",
    installation=3,
    repository="octo/widget",
    repository_id=42,
    issue=7,
    body=b"{}",
    received_at=NOW,
)


def read(metrics: Metrics) -> dict[str, float]:
    """All samples but the buckets and the times of creation, by name and label."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
        if not sample.name.endswith(("_bucket", "_created"))
    }


def make_clock(step: float) -> Callable[[], float]:
    times: Iterator[float] = iter(number * step for number in range(1000))
    return lambda: next(times)


EMPTY = {
    **{
        f"signpost_deliveries_total {outcome}": 0.0
        for outcome in (
            *("accepted", "duplicate", "ignored", "malformed", "forged", "unsupported", "oversize", "slow"),
            *("aborted", "busy", "failed"),
        )
    },
    **{f"signpost_handled_total {outcome}": 0.0 for outcome in ("done", "skipped", "postponed", "failed")},
    "signpost_delivery_seconds_count": 0.0,
    "signpost_delivery_seconds_sum": 0.0,
    "signpost_handling_seconds_count": 0.0,
    "signpost_handling_seconds_sum": 0.0,
    "signpost_inbox_up": 0.0,
    "signpost_inbox_oldest_seconds": 0.0,
}


def test_each_outcome_is_shown_from_the_start_and_each_server_counts_for_itself() -> None:
    metrics, other = Metrics(), Metrics()

    metrics.count_delivery("accepted", 0.25)

    accepted = {
        "signpost_deliveries_total accepted": 1.0,
        "signpost_delivery_seconds_count": 1.0,
        "signpost_delivery_seconds_sum": 0.25,
    }
    assert (read(metrics), read(other)) == (EMPTY | accepted, EMPTY)


def test_the_inbox_is_shown_as_it_is_now() -> None:
    metrics = Metrics()

    metrics.show(Counts(waiting=4, running=3, done=2, dead=1, oldest_seconds=90.5))

    assert read(metrics) == EMPTY | {
        "signpost_inbox_deliveries waiting": 4.0,
        "signpost_inbox_deliveries running": 3.0,
        "signpost_inbox_deliveries done": 2.0,
        "signpost_inbox_deliveries dead": 1.0,
        "signpost_inbox_oldest_seconds": 90.5,
        "signpost_inbox_up": 1.0,
    }


def test_an_inbox_that_does_not_answer_shows_no_old_figures() -> None:
    metrics = Metrics()
    metrics.show(Counts(waiting=4))

    metrics.show(None)

    shown = read(metrics)
    oldest = shown.pop("signpost_inbox_oldest_seconds")
    assert oldest != oldest  # noqa: PLR0124 (not a number)
    assert shown == {name: value for name, value in EMPTY.items() if name != "signpost_inbox_oldest_seconds"}


@pytest.mark.parametrize(
    "result, outcome",
    [
        (Handled(), "done"),
        (Handled(skipped="pull request"), "skipped"),
        (PostponedError("the rate limit is spent", 60), "postponed"),
        (ValueError("text of an issue"), "failed"),
        (asyncio.CancelledError(), ""),
    ],
)
def test_each_attempt_is_counted_and_otherwise_unchanged(result: Handled | BaseException, outcome: str) -> None:
    metrics = Metrics(make_clock(0.5))

    async def handle(delivery: Delivery) -> Handled:
        assert delivery == DELIVERY
        if isinstance(result, BaseException):
            raise result
        return result

    async def call() -> Handled | BaseException:
        try:
            return await metrics.watch(handle)(DELIVERY)
        except BaseException as error:  # noqa: BLE001 (it is compared)
            return error

    assert asyncio.run(call()) is result
    counted = {
        f"signpost_handled_total {outcome}": 1.0,
        "signpost_handling_seconds_count": 1.0,
        "signpost_handling_seconds_sum": 0.5,
    }
    assert read(metrics) == EMPTY | (counted if outcome else {})
