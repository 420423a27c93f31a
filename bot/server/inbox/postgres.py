"""An inbox in PostgreSQL, which any number of servers share; Procrastinate says which server does what.

Our table has the deliveries and their states. A job has only a lock, and means: handle the deliveries of this lock, the
oldest first, as long as one is due. Each server makes jobs for locks that need one, so a lost job is made again, and a
doubled one finds nothing to do. There are few jobs at a time: Procrastinate takes half a second to find the next of
10,000 while PostgreSQL's statistics are those of an empty table. All times are those of PostgreSQL's clock.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector

from bot.server.inbox.engine import (
    ANSWER_SECONDS,
    INSERT,
    QUEUE,
    TASK,
    WAIT_SECONDS,
    Manager,
    Pool,
    RefusedError,
    Server,
    end_lost_jobs,
    list_lost_jobs,
    make_jobs,
    migrate,
    read_scripts,
)
from bot.server.inbox.types import BACKOFF, Chore, Counts, Delivery, Entry, Handle, Handled, InboxError, State
from bot.server.inbox.work import (
    COLUMNS,
    KNOWN_SECONDS,
    Row,
    Settled,
    attempt,
    do_chores,
    encode_handled,
    find_gap,
    log,
    wait,
)

POLLING_SECONDS = 0.5
"""How often a server looks for jobs: Procrastinate sends no notice when a lock is handed over
(https://github.com/procrastinate-org/procrastinate/issues/213)."""

PULSE_SECONDS = 5.0
"""How often a server says that it lives. Jobs of one that was silent for four times as long are given to others."""

LARGEST_BATCH, LARGEST_BATCH_BYTES = 500, 64_000_000
"""Deliveries, and bytes of their bodies, in one transaction."""

PAUSE_SECONDS = 0.05
"""At least so long between two looks for locks that need a job."""

TURN_SECONDS = 10.0
"""After so long a job lets other locks go first."""

_CLAIM = f"""
    UPDATE signpost_delivery SET state = 'running', changed_at = now(), due_at = NULL
    WHERE (due_at IS NULL OR due_at <= now()) AND id = (
        SELECT id FROM signpost_delivery WHERE lock = %s AND state IN ('waiting', 'running') ORDER BY id LIMIT 1
    ) AND EXISTS (
        SELECT 1 FROM procrastinate_jobs AS j JOIN procrastinate_workers AS w ON w.id = j.worker_id
        WHERE j.id = %s AND j.status = 'doing' AND w.last_heartbeat > now() - %s * interval '1 second'
    ) RETURNING {COLUMNS}, body
"""  # noqa: S608 (columns of ours)
"""Only for a job that nobody else has taken, or may take now: PostgreSQL may not have answered for a while."""

_SETTLE = """
    UPDATE signpost_delivery SET state = %s, attempts = %s, changed_at = now(),
        due_at = now() + nullif(%s, 0) * interval '1 second', error = %s, handled = %s
    WHERE id = %s AND state IN ('waiting', 'running')
"""


class PostgresInbox:
    """The inbox in the database of a URL.

    `backoff` are the seconds before each further attempt, `pulse` those after which a server says that it lives.
    """

    def __init__(self, url: str, *, backoff: Sequence[float] = BACKOFF, pulse: float = PULSE_SECONDS) -> None:
        self._server = Server(url)
        self._backoff = backoff
        self._pulse = pulse
        self._handle: Handle | None = None
        self._handling = dict[asyncio.Task[Handled | BaseException], int]()  # with the number of the job
        self._is_ending = False
        self._adding = list[tuple[Delivery, asyncio.Future[bool]]]()
        self._storing: asyncio.Task[None] | None = None
        self._exits = AsyncExitStack()

    async def open(self) -> None:
        """Connect, and make or migrate the tables."""
        self._needed = asyncio.Event()
        async with AsyncExitStack() as exits:
            with self._server.explain():
                async with self._server.connect() as connection:
                    await migrate(connection, read_scripts())
                self._pool = await exits.enter_async_context(self._server.make_pool(is_durable=True))
                self._quick = await exits.enter_async_context(self._server.make_pool(is_durable=False))
                await self._pool.wait(WAIT_SECONDS)
                await self._quick.wait(WAIT_SECONDS)
                # If a crash of PostgreSQL undid the end of a job, the job would run for ever: its server lives.
                connector = PsycopgConnector()
                await connector.open_async(self._pool)
            self._app = App(connector=connector)
            self._app.task(name=TASK, queue=QUEUE, pass_context=True)(self._do_job)
            self._exits = exits.pop_all()

    async def close(self) -> None:
        """Store what waits, and close the connections."""
        if self._storing:
            await self._storing
        await self._exits.aclose()

    async def _run(self, query: str, *values: object, pool: Pool | None = None) -> tuple[list[tuple[Any, ...]], int]:
        """The rows of one statement, and how many it changed."""
        with self._server.explain():
            pool = pool or self._pool
            async with asyncio.timeout(ANSWER_SECONDS), pool.connection() as connection, connection.cursor() as cursor:
                await cursor.execute(query, values)
                return (await cursor.fetchall() if cursor.description else []), cursor.rowcount

    async def check(self) -> None:
        """Write something small; raises InboxError if that fails."""
        query = "INSERT INTO signpost_alive VALUES (1, now()) ON CONFLICT (id) DO UPDATE SET at = now()"
        await self._run(query)

    async def add(self, delivery: Delivery) -> bool:
        """Store a delivery with all that wait at the moment; False: its GUID was stored before."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._adding.append((delivery, future))
        if not self._storing or self._storing.done():
            self._storing = asyncio.create_task(self._store())
        return await future

    async def _store(self) -> None:
        while self._adding:
            batch, size = list[tuple[Delivery, asyncio.Future[bool]]](), 0
            while self._adding and len(batch) < LARGEST_BATCH and size < LARGEST_BATCH_BYTES:
                batch.append(self._adding.pop(0))
                size += len(batch[-1][0].body)
            await self._store_batch(batch)

    async def _store_batch(self, batch: Sequence[tuple[Delivery, asyncio.Future[bool]]]) -> None:
        try:
            is_new = await self._insert([delivery for delivery, _ in batch])
        except InboxError as error:
            if len(batch) > 1 and isinstance(error, RefusedError):
                # One of them may be the reason; the others must not suffer.
                for each in batch:
                    await self._store_batch([each])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for delivery, future in batch:
            if not future.done():
                future.set_result(delivery.guid in is_new)
            is_new.discard(delivery.guid)

    async def _insert(self, deliveries: Sequence[Delivery]) -> set[str]:
        """The GUIDs that were not stored before."""
        rows = [
            (
                *(each.lock, each.guid, each.event, each.action, each.installation),
                *(each.repository, each.repository_id, each.issue, each.body, each.received_at),
            )
            for each in deliveries
        ]
        stored, _ = await self._run(INSERT, *([*column] for column in zip(*rows, strict=True)))
        self._needed.set()
        return {guid for (guid,) in stored}

    async def work(self, handle: Handle, chores: Sequence[Chore], workers: int, stop: asyncio.Event) -> None:
        """Handle deliveries and do the chores until `stop` is set; a cancellation gives back the running ones."""
        self._handle, self._stop, self._is_ending = handle, stop, False
        self._app.job_manager = Manager(self._app.connector, stop)
        async with asyncio.TaskGroup() as group:
            group.create_task(do_chores(chores, self._take_chore, stop))
            group.create_task(self._repeat(self._end_lost_jobs, stop, None, 3 * self._pulse))
            group.create_task(self._give_up_lost(stop))
            group.create_task(self._repeat(self._make_jobs, stop, self._needed, POLLING_SECONDS))
            while not stop.is_set():
                await self._run_worker(workers, stop)

    async def _repeat(
        self, do: Callable[[], Awaitable[None]], stop: asyncio.Event, needed: asyncio.Event | None, seconds: float
    ) -> None:
        """Do this every so many seconds, and soon after it is needed, until `stop` is set."""
        while not stop.is_set():
            if needed:
                needed.clear()
            try:
                with self._server.explain():
                    await do()
            except InboxError as error:
                log.warning("the deliveries wait for the database: %s", error)
                await wait(stop, 1)
            if needed:
                await wait(stop, PAUSE_SECONDS)
            await wait(needed or stop, seconds)

    async def _make_jobs(self) -> None:
        await make_jobs(self._quick, self._app.job_manager)

    async def _end_lost_jobs(self) -> None:
        await end_lost_jobs(self._quick, self._app.job_manager, 4 * self._pulse)
        self._needed.set()

    async def _give_up_lost(self, stop: asyncio.Event) -> None:
        """Cancel what another server has taken over, or will before this one can say that it lives."""
        answered = time.monotonic()
        while not stop.is_set():
            try:
                async with asyncio.timeout(self._pulse):
                    lost = await list_lost_jobs(self._quick, {*self._handling.values()})
                answered = time.monotonic()
            except (psycopg.Error, OSError):
                lost = {*self._handling.values()} if time.monotonic() - answered > 3 * self._pulse else set()
            for task in [task for task, job in self._handling.items() if job in lost]:
                log.warning("a delivery is given up, because another server may handle it now")
                task.cancel()
            await wait(stop, self._pulse)

    async def _run_worker(self, workers: int, stop: asyncio.Event) -> None:
        """Let Procrastinate work until `stop` is set, or the database fails."""
        worker = asyncio.create_task(
            self._app.run_worker_async(
                queues=[QUEUE],
                concurrency=workers,
                fetch_job_polling_interval=POLLING_SECONDS,
                update_heartbeat_interval=self._pulse,
                stalled_worker_timeout=4 * self._pulse,
                delete_jobs="always",
                install_signal_handlers=False,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([worker, stopping], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._is_ending = True
            for task in self._handling:
                task.cancel()
            raise
        finally:
            stopping.cancel()
            worker.cancel()
            (error,) = await asyncio.gather(worker, return_exceptions=True)
        if isinstance(error, Exception):
            log.warning("the deliveries wait for the database: %s", type(error).__name__)
        await wait(stop, 1)

    async def _do_job(self, context: JobContext) -> None:
        """Handle the deliveries of a lock, the oldest first, as long as one is due."""
        end = time.monotonic() + TURN_SECONDS
        with suppress(InboxError):  # Then they still wait, and get another job.
            while time.monotonic() < end and await self._handle_next(context.job.id or 0, str(context.job.lock)):
                pass
        self._needed.set()

    async def _handle_next(self, job: int, lock: str) -> bool:
        """Whether there was a delivery to handle, and it does not wait for another attempt."""
        if self._is_ending or not self._handle or self._stop.is_set():
            return False
        rows, _ = await self._run(_CLAIM, lock, job, 3 * self._pulse, pool=self._quick)
        if not rows:
            return False
        row = _make_row(rows[0][:-1])
        settled = await self._try(self._handle, job, row, rows[0][-1] or b"")
        await self._settle(row.id, settled)
        return settled.state != "waiting"

    async def _try(self, handle: Handle, job: int, row: Row, body: bytes) -> Settled:
        task = asyncio.create_task(attempt(handle, row.make_delivery(body)))
        self._handling[task] = job
        task.add_done_callback(self._handling.pop)
        if self._is_ending:
            task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        return row.settle(outcome, self._backoff)

    async def _settle(self, number: int, settled: Settled) -> None:
        """Keep what became of a delivery, as soon as the database allows it."""
        handled = encode_handled(settled.handled)
        values = (settled.state, settled.attempts, settled.seconds, settled.error, handled, number)
        while True:
            try:
                await self._run(_SETTLE, *values, pool=self._quick)
            except InboxError as error:
                log.warning("delivery %d was handled, but the database failed: %s", number, error)
                if self._stop.is_set():
                    raise
                await wait(self._stop, 1)
            else:
                return

    async def _take_chore(self, chore: Chore, is_start: bool) -> float:  # noqa: FBT001 (as TakeChore is)
        with self._server.explain():
            async with self._pool.connection() as connection, connection.transaction():
                query = "INSERT INTO signpost_chore VALUES (%s) ON CONFLICT DO NOTHING"
                await connection.execute(query, (chore.name,))
                # Not now(), when the transaction began: it may have waited for another server to take the chore.
                query = """
                    SELECT extract(epoch FROM clock_timestamp() - begun_at)::float8 FROM (
                        SELECT begun_at FROM signpost_chore WHERE name = %s FOR UPDATE
                    ) AS locked
                """
                (since,) = await (await connection.execute(query, (chore.name,))).fetchone() or (None,)
                gap = find_gap(chore.seconds, since, is_start=is_start)
                if not gap:
                    query = "UPDATE signpost_chore SET begun_at = clock_timestamp() WHERE name = %s"
                    await connection.execute(query, (chore.name,))
                return gap

    async def count(self) -> Counts:
        """How many deliveries there are."""
        rows, _ = await self._run("SELECT state, count(*) FROM signpost_delivery GROUP BY state")
        query = """
            SELECT extract(epoch FROM clock_timestamp() - min(received_at))::float8
            FROM signpost_delivery WHERE state IN ('waiting', 'running')
        """
        ((oldest,),), _ = await self._run(query)
        return Counts(**dict(rows), oldest_seconds=max(0.0, oldest or 0.0))

    async def list_entries(
        self, *, states: Collection[State] = (), repositories: Collection[int] | None = None, most: int = 100
    ) -> tuple[Entry, ...]:
        """The newest entries first."""
        query = f"""
            SELECT {COLUMNS} FROM signpost_delivery WHERE (%s OR state = ANY(%s))
            AND (%s OR repository_id = ANY(%s::bigint[])) ORDER BY id DESC LIMIT %s
        """  # noqa: S608 (columns of ours)
        ids = [*(repositories or ())]
        rows, _ = await self._run(query, not states, [*states], repositories is None, ids, most)
        return tuple(_make_row(row).make_entry() for row in rows)

    async def list_known(self, guids: Collection[str]) -> frozenset[str]:
        """The ones of these GUIDs that were stored."""
        rows, _ = await self._run("SELECT guid FROM signpost_delivery WHERE guid = ANY(%s)", [*guids])
        return frozenset(guid for (guid,) in rows)

    async def retry(self, guids: Collection[str] | None = None) -> int:
        """Let dead deliveries wait again (None: all)."""
        query = """
            UPDATE signpost_delivery SET state = 'waiting', attempts = 0, error = '', due_at = NULL, changed_at = now()
            WHERE state = 'dead' AND (%s OR guid = ANY(%s::text[]))
        """
        _, number = await self._run(query, guids is None, [*(guids or ())])
        self._needed.set()
        return number

    async def forget(self, before: datetime) -> int:
        """Delete the bodies of deliveries that were done before, and GUIDs 30 days later."""
        query = """
            UPDATE signpost_delivery SET body = NULL WHERE state = 'done' AND changed_at < %s AND body IS NOT NULL
        """
        _, number = await self._run(query, before)
        query = "DELETE FROM signpost_delivery WHERE state = 'done' AND changed_at < %s"
        await self._run(query, before - timedelta(seconds=KNOWN_SECONDS))
        return number

    async def read_value(self, key: str) -> bytes | None:
        """A value that was kept under a key."""
        rows, _ = await self._run("SELECT value FROM signpost_value WHERE key = %s", key)
        return rows[0][0] if rows else None

    async def write_value(self, key: str, value: bytes | None) -> None:
        """Keep a value under a key; None deletes it."""
        if value is None:
            await self._run("DELETE FROM signpost_value WHERE key = %s", key)
        else:
            query = "INSERT INTO signpost_value VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
            await self._run(query, key, value)

    async def list_values(self, prefix: str) -> Mapping[str, bytes]:
        """All values with keys that begin with a prefix."""
        rows, _ = await self._run(
            "SELECT key, value FROM signpost_value WHERE starts_with(key, %s) ORDER BY key", prefix
        )
        return dict(rows)


def _make_row(values: Sequence[Any]) -> Row:
    """A row with its times in UTC, not in the time zone of the session."""
    fields: list[Any] = [value.astimezone(UTC) if isinstance(value, datetime) else value for value in values]
    return Row(*fields)
