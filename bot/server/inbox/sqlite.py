"""An inbox in one SQLite file, for a server on one machine."""

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

from bot.server.inbox.file import Operation, Writer, connect, explain, lock_file
from bot.server.inbox.types import BACKOFF, Chore, Counts, Delivery, Entry, Handle, InboxError, State
from bot.server.inbox.work import (
    COLUMNS,
    KNOWN_SECONDS,
    RETRY_SECONDS,
    Row,
    Settled,
    attempt,
    do_chores,
    encode_handled,
    find_gap,
    log,
    wait,
)

_CLAIM = f"""
    SELECT {COLUMNS} FROM delivery AS d INDEXED BY delivery_waiting WHERE state = 'waiting'
    AND NOT EXISTS (SELECT 1 FROM deadline WHERE deadline.id = d.id AND deadline.at > ?)
    AND NOT EXISTS (
        SELECT 1 FROM delivery AS e WHERE e.lock = d.lock AND e.id < d.id AND e.state IN ('waiting', 'running')
    )
    ORDER BY start_tag, id LIMIT ?
"""  # noqa: S608 (columns of ours)

_INSERT = f"""
    INSERT OR IGNORE INTO delivery (lock, {COLUMNS}, start_tag) VALUES ({", ".join("?" * 16)}, max(
        coalesce((SELECT min(start_tag) FROM delivery WHERE state = 'waiting'), 0),
        coalesce((
            SELECT max(start_tag) + 1 FROM delivery WHERE repository_id = ?8 AND state IN ('waiting', 'running')
        ), 0)
    ))
"""  # noqa: S608 (columns of ours)
"""See `Inbox.work` for the start tag; ?8 is the id of the repository."""

GLANCE_SECONDS = 5.0
"""How often the inbox looks for deliveries that another program, `signpost serve status`, lets wait again."""

LARGEST_PART = 2_000
"""Bodies that are deleted in one transaction; 15,000 took 2.4 seconds, and GitHub waits 10."""

T = TypeVar("T")


class SqliteInbox:
    """The inbox in a file, which one server at a time may use; a guest may read and retry meanwhile.

    `backoff` are the seconds before each further attempt. `now` gives the time in UTC; it is kept and shown, and
    nothing waits by it.
    """

    def __init__(
        self,
        file: Path,
        *,
        is_guest: bool = False,
        backoff: Sequence[float] = BACKOFF,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._file = file
        self._is_guest = is_guest
        self._backoff = backoff
        self._now = now
        self._lock: IO[bytes] | None = None
        self._writer: Writer | None = None

    async def open(self) -> None:
        """Connect; the only server gives back what the last one was handling when it ended."""
        self._changed = asyncio.Event()
        await asyncio.to_thread(self._open)

    def _open(self) -> None:
        with explain(self._file):
            if not self._is_guest:
                self._lock = lock_file(self._file)
            try:
                connection = connect(self._file, is_guest=self._is_guest)
            except BaseException:
                self._unlock()
                raise
            self._writer = Writer(self._file, connection)
        if not self._is_guest:
            self._writer.do(lambda connection: _recover(connection, self._now().timestamp())).result()

    def _unlock(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    async def close(self) -> None:
        """Finish what waits, and close the file."""
        writer, self._writer = self._writer, None
        if writer:
            await asyncio.to_thread(writer.close)
        self._unlock()

    async def _do(self, operation: Operation[T]) -> T:
        if not self._writer:
            raise InboxError(f"the inbox {self._file} is not open")
        return await asyncio.wrap_future(self._writer.do(operation))

    async def check(self) -> None:
        """Write something small; raises InboxError if that fails."""
        at = self._now().timestamp()
        await self._do(lambda connection: connection.execute("INSERT OR REPLACE INTO alive VALUES (1, ?)", (at,)))

    async def add(self, delivery: Delivery) -> bool:
        """Store a delivery on the disk; False: its GUID was stored before."""
        at = self._now().timestamp()
        is_new = await self._do(lambda connection: _insert(connection, delivery, at))
        self._changed.set()
        return is_new

    async def work(self, handle: Handle, chores: Sequence[Chore], workers: int, stop: asyncio.Event) -> None:
        """Handle deliveries and do the chores until `stop` is set; a cancellation gives back the running ones."""
        if self._is_guest:
            raise InboxError(f"only the server of the inbox {self._file} handles its deliveries")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(do_chores(chores, self._take_chore, stop))
                group.create_task(self._wake(stop))
                await self._dispatch(handle, workers, stop, group)
        finally:
            with suppress(InboxError):
                await self._do(_give_back)

    async def _wake(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._changed.set()

    async def _dispatch(self, handle: Handle, workers: int, stop: asyncio.Event, group: asyncio.TaskGroup) -> None:
        running = set[asyncio.Task[None]]()
        while not stop.is_set():
            self._changed.clear()
            claimed, seconds = await self._claim(workers - len(running))
            for row, body in claimed:
                task = group.create_task(self._handle(handle, row, body, stop))
                running.add(task)
                task.add_done_callback(running.discard)
            await wait(self._changed, min(seconds, GLANCE_SECONDS))

    async def _claim(self, most: int) -> tuple[list[tuple[Row, bytes]], float]:
        """Deliveries to handle now, and in how many seconds the next is due."""
        at = self._now().timestamp()
        try:
            return await self._do(lambda connection: _claim(connection, most, at)) if most else ([], GLANCE_SECONDS)
        except InboxError as error:
            log.warning("the deliveries wait for the database: %s", error)
            return [], RETRY_SECONDS

    async def _handle(self, handle: Handle, row: Row, body: bytes, stop: asyncio.Event) -> None:
        outcome = await attempt(handle, row.make_delivery(body))
        settling = asyncio.create_task(self._settle(row.id, row.settle(outcome, self._backoff), stop))
        try:
            await asyncio.shield(settling)
        except asyncio.CancelledError:
            await asyncio.wait([settling], timeout=RETRY_SECONDS)
            settling.cancel()
            raise
        self._changed.set()

    async def _settle(self, number: int, settled: Settled, stop: asyncio.Event) -> None:
        """Keep what became of a delivery, as soon as the database allows it.

        When the server stops before that, the delivery is handled again.
        """
        while True:
            at = self._now().timestamp()
            try:
                await self._do(lambda connection: _write_settled(connection, number, settled, at))  # noqa: B023 (awaited)
            except InboxError as error:
                log.warning("delivery %d was handled, but the database failed: %s", number, error)
                if stop.is_set():
                    return
                await wait(stop, RETRY_SECONDS)
            else:
                return

    async def _take_chore(self, chore: Chore, is_start: bool) -> float:  # noqa: FBT001 (as TakeChore is)
        at = self._now().timestamp()
        return await self._do(lambda connection: _take_chore(connection, chore, at, is_start=is_start))

    async def count(self) -> Counts:
        """How many deliveries there are."""
        at = self._now().timestamp()
        return await self._do(lambda connection: _count(connection, at))

    async def list_entries(
        self, *, states: Collection[State] = (), repositories: Collection[int] | None = None, most: int = 100
    ) -> tuple[Entry, ...]:
        """The newest entries first."""
        query = f"""
            SELECT {COLUMNS} FROM delivery WHERE (?1 = '[]' OR state IN (SELECT value FROM json_each(?1)))
            AND (?2 IS NULL OR repository_id IN (SELECT value FROM json_each(?2))) ORDER BY id DESC LIMIT ?3
        """  # noqa: S608 (columns of ours)
        ids = None if repositories is None else json.dumps([*repositories])
        rows = await self._do(
            lambda connection: connection.execute(query, (json.dumps([*states]), ids, most)).fetchall()
        )
        return tuple(_make_row(row).make_entry() for row in rows)

    async def list_known(self, guids: Collection[str]) -> frozenset[str]:
        """The ones of these GUIDs that were stored."""
        query = "SELECT guid FROM delivery WHERE guid IN (SELECT value FROM json_each(?))"
        rows = await self._do(lambda connection: connection.execute(query, (json.dumps([*guids]),)).fetchall())
        return frozenset(guid for (guid,) in rows)

    async def retry(self, guids: Collection[str] | None = None) -> int:
        """Let dead deliveries wait again (None: all)."""
        query = """
            UPDATE delivery SET state = 'waiting', attempts = 0, error = '', due_at = NULL, changed_at = ?1
            WHERE state = 'dead' AND (?2 IS NULL OR guid IN (SELECT value FROM json_each(?2)))
        """
        values = (self._now().timestamp(), None if guids is None else json.dumps([*guids]))
        number = await self._do(lambda connection: connection.execute(query, values).rowcount)
        self._changed.set()
        return number

    async def forget(self, before: datetime) -> int:
        """Delete the bodies of deliveries that were done before, and GUIDs 30 days later."""
        total = 0
        while True:  # new deliveries are stored between two parts
            number = await self._do(lambda connection: _forget(connection, before.timestamp()))
            total += number
            if number < LARGEST_PART:
                return total

    async def read_value(self, key: str) -> bytes | None:
        """A value that was kept under a key."""
        query = "SELECT value FROM value WHERE key = ?"
        row = await self._do(lambda connection: connection.execute(query, (key,)).fetchone())
        return row[0] if row else None

    async def write_value(self, key: str, value: bytes | None) -> None:
        """Keep a value under a key; None deletes it."""
        if value is None:
            await self._do(lambda connection: connection.execute("DELETE FROM value WHERE key = ?", (key,)))
        else:
            query = "INSERT OR REPLACE INTO value VALUES (?, ?)"
            await self._do(lambda connection: connection.execute(query, (key, value)))

    async def list_values(self, prefix: str) -> Mapping[str, bytes]:
        """All values with keys that begin with a prefix."""
        query = "SELECT key, value FROM value WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key"
        return dict(await self._do(lambda connection: connection.execute(query, (prefix,)).fetchall()))


def _make_row(values: Sequence[Any]) -> Row:
    fields = dict(zip(COLUMNS.split(", "), values, strict=True))
    for name in ("received_at", "changed_at", "due_at"):
        fields[name] = None if fields[name] is None else datetime.fromtimestamp(fields[name], UTC)
    return Row(**fields)


def _insert(connection: sqlite3.Connection, delivery: Delivery, at: float) -> bool:
    known = (delivery.lock, None, delivery.guid, delivery.event, delivery.action, delivery.installation)
    about = (delivery.repository, delivery.repository_id, delivery.issue, delivery.received_at.timestamp())
    done = connection.execute(_INSERT, (*known, *about, "waiting", 0, at, None, "", None))
    if done.rowcount:
        connection.execute("INSERT INTO body VALUES (?, ?)", (done.lastrowid, delivery.body))
    return bool(done.rowcount)


def _give_back(connection: sqlite3.Connection) -> None:
    """Nothing is handled now, so what is in the state running was left there."""
    connection.execute("UPDATE delivery SET state = 'waiting' WHERE state = 'running'")


def _recover(connection: sqlite3.Connection, at: float) -> None:
    """Give back what ran when the last server ended; what waits for a retry waits as long as it had to, at most."""
    _give_back(connection)
    query = """
        INSERT INTO deadline SELECT id, ?1 + min(due_at - ?2, due_at - changed_at) FROM delivery
        WHERE state = 'waiting' AND due_at > ?2
    """
    connection.execute(query, (time.monotonic(), at))


def _claim(connection: sqlite3.Connection, most: int, at: float) -> tuple[list[tuple[Row, bytes]], float]:
    moment = time.monotonic()
    rows = [_make_row(row) for row in connection.execute(_CLAIM, (moment, most))]
    for row in rows:
        query = "UPDATE delivery SET state = 'running', changed_at = ? WHERE id = ?"
        connection.execute(query, (at, row.id))
        connection.execute("DELETE FROM deadline WHERE id = ?", (row.id,))
    query = "SELECT body FROM body WHERE id = ?"
    bodies = [connection.execute(query, (row.id,)).fetchone() for row in rows]
    (soonest,) = connection.execute("SELECT min(at) FROM deadline WHERE at > ?", (moment,)).fetchone()
    seconds = GLANCE_SECONDS if soonest is None else soonest - moment
    return [(row, found[0] if found else b"") for row, found in zip(rows, bodies, strict=True)], seconds


def _write_settled(connection: sqlite3.Connection, number: int, settled: Settled, at: float) -> None:
    query = """
        UPDATE delivery SET state = ?, attempts = ?, changed_at = ?, due_at = ?, error = ?, handled = ? WHERE id = ?
    """
    due_at = at + settled.seconds if settled.seconds else None
    values = (settled.state, settled.attempts, at, due_at, settled.error, encode_handled(settled.handled), number)
    connection.execute(query, values)
    if settled.seconds:
        connection.execute(
            "INSERT OR REPLACE INTO deadline VALUES (?, ?)", (number, time.monotonic() + settled.seconds)
        )


def _take_chore(connection: sqlite3.Connection, chore: Chore, at: float, *, is_start: bool) -> float:
    row = connection.execute("SELECT begun_at FROM chore WHERE name = ?", (chore.name,)).fetchone()
    gap = find_gap(chore.seconds, at - row[0] if row else None, is_start=is_start)
    if not gap:
        connection.execute("INSERT OR REPLACE INTO chore VALUES (?, ?)", (chore.name, at))
    return gap


def _count(connection: sqlite3.Connection, at: float) -> Counts:
    numbers = dict(connection.execute("SELECT state, count(*) FROM delivery GROUP BY state").fetchall())
    query = "SELECT min(received_at) FROM delivery WHERE state IN ('waiting', 'running')"
    (oldest,) = connection.execute(query).fetchone()
    return Counts(**numbers, oldest_seconds=0.0 if oldest is None else max(0.0, at - oldest))


def _forget(connection: sqlite3.Connection, before: float) -> int:
    query = """
        DELETE FROM body WHERE id IN (
            SELECT id FROM delivery AS d WHERE state = 'done' AND changed_at < ?
            AND EXISTS (SELECT 1 FROM body WHERE body.id = d.id) LIMIT ?
        )
    """
    number = connection.execute(query, (before, LARGEST_PART)).rowcount
    connection.execute("DELETE FROM delivery WHERE state = 'done' AND changed_at < ?", (before - KNOWN_SECONDS,))
    return number
