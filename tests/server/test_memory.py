"""The inbox in memory keeps the Protocol, so that tests with it say something about the real ones."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.server.inbox.types import Chore, Counts, Delivery, Handled, Inbox, InboxError, PostponedError
from tests.server.memory import MemoryInbox

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def make_delivery(guid: str, issue: int = 7) -> Delivery:
    return Delivery(
        guid=guid,
        event="issues",
        action="opened",
        installation=3,
        repository="octo/widget",
        repository_id=42,
        issue=issue,
        body=b"{}",
        received_at=NOW,
    )


async def finish(inbox: Inbox, handle: Callable[[Delivery], Awaitable[Handled]], *chores: Chore) -> None:
    """Work until nothing waits."""
    stop = asyncio.Event()
    work = asyncio.create_task(inbox.work(handle, chores, 2, stop))
    while (counts := await inbox.count()).waiting or counts.running:  # noqa: ASYNC110 (the Protocol has no event)
        await asyncio.sleep(0.01)
    stop.set()
    await work


async def open_inbox(*guids: str) -> MemoryInbox:
    inbox = MemoryInbox(backoff=(0.0,) * 5)
    await inbox.open()
    for guid in guids:
        assert await inbox.add(make_delivery(guid))
    return inbox


def test_it_handles_deliveries_of_an_issue_in_order_and_lists_them_without_bodies() -> None:
    async def play() -> None:
        inbox = await open_inbox("a", "b", "c")
        seen: list[str] = []

        async def handle(delivery: Delivery) -> Handled:
            await asyncio.sleep(0.01 if delivery.guid == "a" else 0)
            seen.append(delivery.guid)
            return Handled(rules=("one",))

        assert not await inbox.add(make_delivery("a"))
        await finish(inbox, handle)

        assert seen == ["a", "b", "c"]
        assert await inbox.count() == Counts(done=3)
        entries = await inbox.list_entries(states={"done"}, repositories={42}, most=2)
        assert [(entry.delivery, entry.handled) for entry in entries] == [
            (replace(make_delivery(guid), body=b""), Handled(rules=("one",))) for guid in ("c", "b")
        ]

    asyncio.run(play())


def test_an_attempt_that_fails_is_repeated_until_the_delivery_is_dead_and_can_be_retried() -> None:
    async def play() -> None:
        inbox = await open_inbox("a", "b")
        order: list[str] = []

        async def fail(delivery: Delivery) -> Handled:
            order.append(delivery.guid)
            if delivery.guid == "a":
                raise ValueError("text of an issue")
            return Handled()

        await finish(inbox, fail)

        assert order == ["a"] * 6 + ["b"]
        (entry,) = await inbox.list_entries(states={"dead"})
        assert (entry.attempts, entry.error) == (6, "ValueError")
        assert await inbox.retry(["b"]) == 0
        assert await inbox.retry() == 1
        assert (await inbox.count()).waiting == 1

    asyncio.run(play())


def test_what_is_postponed_waits_and_is_no_failed_attempt() -> None:
    async def play() -> None:
        inbox = await open_inbox("a")
        calls: list[str] = []

        async def handle(delivery: Delivery) -> Handled:
            calls.append(delivery.guid)
            if len(calls) == 1:
                raise PostponedError("GitHub's rate limit is spent", 0.02)
            return Handled()

        await finish(inbox, handle)

        (entry,) = await inbox.list_entries()
        assert (entry.state, entry.attempts, entry.error) == ("done", 1, "")

    asyncio.run(play())


def test_cancelled_work_is_given_back_and_a_chore_that_fails_is_repeated() -> None:
    async def play() -> None:
        inbox = await open_inbox("a")
        started, chores = asyncio.Event(), asyncio.Event()

        async def handle(_delivery: Delivery) -> Handled:
            started.set()
            await asyncio.sleep(60)
            return Handled()

        async def do() -> None:
            if started.is_set():
                chores.set()
            raise OSError

        work = asyncio.create_task(inbox.work(handle, [Chore("tidy", 0, do)], 1, asyncio.Event()))
        await started.wait()
        await chores.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

        counts = await inbox.count()
        assert (counts.waiting, counts.running) == (1, 0)

    asyncio.run(play())


def test_bodies_are_forgotten_and_guids_are_not() -> None:
    async def play() -> None:
        inbox = MemoryInbox(now=lambda: NOW)
        await inbox.open()
        await inbox.add(make_delivery("a"))

        async def handle(_delivery: Delivery) -> Handled:
            return Handled()

        await finish(inbox, handle)

        assert await inbox.forget(NOW) == 0
        later = NOW.replace(month=12, day=1)
        assert (await inbox.forget(later), await inbox.forget(later)) == (1, 0)
        assert await inbox.list_known(["a", "b"]) == {"a"}
        assert await inbox.forget(NOW.replace(year=2027)) == 0
        assert await inbox.list_known(["a", "b"]) == frozenset()

    asyncio.run(play())


def test_values_are_kept_and_a_closed_inbox_fails() -> None:
    async def play() -> None:
        inbox = await open_inbox()
        await inbox.write_value("problems/1", b"x")
        await inbox.write_value("ledger/1", b"y")
        await inbox.write_value("ledger/1", None)

        assert await inbox.read_value("problems/1") == b"x"
        assert await inbox.list_values("problems/") == {"problems/1": b"x"}
        assert await inbox.list_values("ledger/") == {}
        await inbox.close()
        with pytest.raises(InboxError, match="the database is closed"):
            await inbox.add(make_delivery("a"))

    asyncio.run(play())
