"""An inbox in memory: the whole Protocol, but nothing survives the process. A closed one fails like a lost database."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.errors import SignpostError
from bot.server.inbox.types import (
    BACKOFF,
    MOST_ATTEMPTS,
    Chore,
    Counts,
    Delivery,
    Entry,
    Handle,
    InboxError,
    PostponedError,
    State,
)

POLL = 0.01
"""Seconds between two looks for something to do."""

KEPT = timedelta(days=30)
"""How long a GUID is kept after its body was deleted."""


def read_clock() -> datetime:
    return datetime.now(UTC)


class MemoryInbox:
    """Deliveries in the order in which they were received; `backoff` are the seconds before each further attempt."""

    def __init__(self, now: Callable[[], datetime] = read_clock, backoff: Sequence[float] = BACKOFF) -> None:
        self._now = now
        self._backoff = backoff
        self._entries: dict[str, Entry] = {}
        self._values: dict[str, bytes] = {}
        self._is_open = False

    async def open(self) -> None:
        self._is_open = True

    async def close(self) -> None:
        self._is_open = False

    async def check(self) -> None:
        if not self._is_open:
            raise InboxError("the database is closed; open it")

    async def add(self, delivery: Delivery) -> bool:
        await self.check()
        if delivery.guid in self._entries:
            return False
        self._entries[delivery.guid] = Entry(delivery=delivery, state="waiting", attempts=0, changed_at=self._now())
        return True

    async def work(self, handle: Handle, chores: Sequence[Chore], workers: int, stop: asyncio.Event) -> None:
        await self.check()
        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(self._serve(handle, stop))
            for chore in chores:
                group.create_task(_repeat(chore, stop))

    async def _serve(self, handle: Handle, stop: asyncio.Event) -> None:
        while not stop.is_set():
            entry = next(self._find_ready(), None)
            if entry:
                await self._handle(entry, handle)
            else:
                await _wait(stop, POLL)

    def _find_ready(self) -> Iterator[Entry]:
        """What can start now: the first unfinished one of each lock, if nobody works at it and it is due."""
        seen = set[str]()
        for entry in self._entries.values():
            if entry.state in {"done", "dead"} or entry.delivery.lock in seen:
                continue
            seen.add(entry.delivery.lock)
            if entry.state == "waiting" and (entry.due_at is None or entry.due_at <= self._now()):
                yield entry

    async def _handle(self, entry: Entry, handle: Handle) -> None:
        guid, attempts = entry.delivery.guid, entry.attempts + 1
        self._entries[guid] = replace(entry, state="running", changed_at=self._now(), due_at=None)
        try:
            handled = await handle(entry.delivery)
        except asyncio.CancelledError:
            self._entries[guid] = replace(entry, changed_at=self._now())
            raise
        except PostponedError as error:
            self._entries[guid] = self._postpone(entry, error.seconds, str(error))
        except Exception as error:  # noqa: BLE001 (each error is an attempt that failed)
            told = str(error) if isinstance(error, SignpostError) else type(error).__name__
            self._entries[guid] = self._fail(replace(entry, attempts=attempts), told)
        else:
            self._entries[guid] = replace(
                entry, state="done", attempts=attempts, changed_at=self._now(), due_at=None, error="", handled=handled
            )

    def _postpone(self, entry: Entry, seconds: float, error: str) -> Entry:
        now = self._now()
        return replace(entry, state="waiting", changed_at=now, due_at=now + timedelta(seconds=seconds), error=error)

    def _fail(self, entry: Entry, error: str) -> Entry:
        if entry.attempts < MOST_ATTEMPTS:
            return self._postpone(entry, self._backoff[entry.attempts - 1], error)
        return replace(entry, state="dead", changed_at=self._now(), due_at=None, error=error)

    async def count(self) -> Counts:
        await self.check()
        found = self._entries.values()
        number = {
            state: sum(entry.state == state for entry in found) for state in ("waiting", "running", "done", "dead")
        }
        unfinished = (entry.delivery.received_at for entry in found if entry.state in {"waiting", "running"})
        now = self._now()
        return Counts(**number, oldest_seconds=(now - min(unfinished, default=now)).total_seconds())

    async def list_entries(
        self, *, states: Collection[State] = (), repositories: Collection[int] | None = None, most: int = 100
    ) -> tuple[Entry, ...]:
        await self.check()
        found = [
            replace(entry, delivery=replace(entry.delivery, body=b""))
            for entry in reversed(self._entries.values())
            if (not states or entry.state in states)
            and (repositories is None or entry.delivery.repository_id in repositories)
        ]
        return tuple(found[:most])

    async def list_known(self, guids: Collection[str]) -> frozenset[str]:
        await self.check()
        return frozenset(guids) & self._entries.keys()

    async def retry(self, guids: Collection[str] | None = None) -> int:
        await self.check()
        dead = [
            guid for guid, entry in self._entries.items() if entry.state == "dead" and (guids is None or guid in guids)
        ]
        for guid in dead:
            self._entries[guid] = replace(
                self._entries[guid], state="waiting", attempts=0, changed_at=self._now(), error=""
            )
        return len(dead)

    async def forget(self, before: datetime) -> int:
        await self.check()
        done = [entry for entry in self._entries.values() if entry.state == "done" and entry.changed_at < before]
        with_body = [entry for entry in done if entry.delivery.body]
        for entry in with_body:
            self._entries[entry.delivery.guid] = replace(entry, delivery=replace(entry.delivery, body=b""))
        for entry in done:
            if entry.changed_at < before - KEPT:
                del self._entries[entry.delivery.guid]
        return len(with_body)

    async def read_value(self, key: str) -> bytes | None:
        await self.check()
        return self._values.get(key)

    async def write_value(self, key: str, value: bytes | None) -> None:
        await self.check()
        if value is None:
            self._values.pop(key, None)
        else:
            self._values[key] = value

    async def list_values(self, prefix: str) -> Mapping[str, bytes]:
        await self.check()
        return {key: value for key, value in self._values.items() if key.startswith(prefix)}


async def _repeat(chore: Chore, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await chore.do()
        except Exception as error:  # noqa: BLE001 (an error of a chore is logged)
            logging.getLogger("signpost.server").warning("the chore %s failed: %s", chore.name, type(error).__name__)
        await _wait(stop, chore.seconds)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
