"""Inboxes in tests: deliveries with good defaults, and how one works for a while."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from bot.server.inbox.types import BACKOFF, Chore, Delivery, Handle, Handled, Inbox, State
from tests.stand_ins.patience import LONGEST

RECEIVED = datetime(2026, 11, 30, 12, 0, 0, 123456, UTC)
SOON = (0.01, 0.01)
"""A backoff for tests: two more attempts at once."""

PULSE = 0.5
"""Seconds: another server takes over after four of them, and not after 20 seconds."""


class MakeInbox(Protocol):
    """Makes inboxes that share one database."""

    def __call__(self, *, backoff: Sequence[float] = BACKOFF) -> Inbox: ...


def make_delivery(number: int, issue: int = 1, repository: int = 7, body: bytes = b"{}") -> Delivery:
    return Delivery(
        guid=f"guid-{number}",
        event="issues",
        action="opened",
        installation=3,
        repository=f"octo/widget{repository}",
        repository_id=repository,
        issue=issue,
        body=body,
        received_at=RECEIVED,
    )


@asynccontextmanager
async def opened(*inboxes: Inbox) -> AsyncIterator[None]:
    for inbox in inboxes:
        await inbox.open()
    try:
        yield
    finally:
        for inbox in inboxes:
            await inbox.close()


@asynccontextmanager
async def working(
    inbox: Inbox, handle: Handle, chores: Sequence[Chore] = (), workers: int = 4
) -> AsyncIterator[asyncio.Task[None]]:
    """The inbox works inside the block; then it is stopped, and what runs is finished."""
    stop = asyncio.Event()
    task = asyncio.create_task(inbox.work(handle, chores, workers, stop))
    try:
        yield task
    finally:
        stop.set()
        async with asyncio.timeout(LONGEST):
            with suppress(asyncio.CancelledError):
                await task


async def until(is_true: Callable[[], bool | Awaitable[bool]]) -> None:
    async with asyncio.timeout(LONGEST):
        while True:
            found = is_true()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.01)


async def until_done(inbox: Inbox) -> None:
    """Until nothing waits or runs."""

    async def is_done() -> bool:
        counts = await inbox.count()
        return counts.waiting + counts.running == 0

    await until(is_done)


async def list_states(inbox: Inbox) -> list[tuple[str, State, int, str]]:
    """The GUID, the state, the attempts and the error of each delivery, the oldest first."""
    entries = await inbox.list_entries(most=10_000)
    return [(entry.delivery.guid, entry.state, entry.attempts, entry.error) for entry in reversed(entries)]


@dataclass
class Handler:
    """Handles deliveries: it keeps their GUIDs in order, and does for some of them what a test wants, one a time."""

    acts: dict[str, list[Callable[[], Awaitable[object]]]] = field(default_factory=dict)
    handled: list[str] = field(default_factory=list)
    running: set[str] = field(default_factory=set)
    overlaps: list[str] = field(default_factory=list)
    seen: list[Delivery] = field(default_factory=list)

    async def __call__(self, delivery: Delivery) -> Handled:
        if delivery.lock in self.running:
            self.overlaps.append(delivery.lock)
        self.running.add(delivery.lock)
        self.seen.append(delivery)
        try:
            acts = self.acts.get(delivery.guid)
            await (acts.pop(0)() if acts else asyncio.sleep(0))
        finally:
            self.running.discard(delivery.lock)
        self.handled.append(delivery.guid)
        return Handled(rules=("known",), actions=("label",), requests=2, seconds=0.5)

    def list_order(self, deliveries: Collection[Delivery]) -> dict[str, list[str]]:
        """The GUIDs by lock, in the order in which they were handled."""
        locks = {delivery.guid: delivery.lock for delivery in deliveries}
        orders = dict[str, list[str]]()
        for guid in self.handled:
            orders.setdefault(locks[guid], []).append(guid)
        return orders


def fail(error: BaseException) -> Callable[[], Awaitable[object]]:
    """An attempt that fails with this error."""

    async def act() -> object:
        await asyncio.sleep(0)
        raise error

    return act
