"""An inbox in PostgreSQL, which any number of servers share; Procrastinate says which server does what.

A delivery and a job with its lock are stored in one transaction. A job handles the oldest unfinished delivery of its
lock, so neither a lost nor a doubled job changes the order. Procrastinate runs one job of a lock at a time. It has no
arguments and no opinion: the state and the attempts are in our table. All times are those of PostgreSQL's clock.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector
from procrastinate.jobs import Job
from psycopg import AsyncConnection

from bot.server.inbox.engine import AT_ONCE, AgainError, Manager, Server, Strategy, migrate, read_scripts
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
    settle,
    wait,
)

QUEUE = TASK = "signpost"
POLLING_SECONDS = 0.5
"""Procrastinate sends no notice when a lock is handed over (https://github.com/procrastinate-org/procrastinate/issues/213)."""

PULSE_SECONDS = 5.0
"""How often a server says that it lives. Jobs of one that was silent for four times as long are given to others."""

LARGEST_BATCH, LARGEST_BATCH_BYTES = 500, 64_000_000
"""Deliveries, and bytes of their bodies, in one transaction."""

_MENDING_LOCK = 0x4D656E64

_INSERT = """
    INSERT INTO signpost_delivery
        (lock, guid, event, action, installation, repository, repository_id, issue, body, received_at)
    SELECT * FROM unnest(
        %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[],
        %s::bytea[], %s::timestamptz[]
    ) ON CONFLICT (guid) DO NOTHING RETURNING guid, lock
"""
_CLAIM = f"""
    UPDATE signpost_delivery SET state = 'running', changed_at = now(), due_at = NULL
    WHERE (due_at IS NULL OR due_at <= now()) AND id = (
        SELECT id FROM signpost_delivery WHERE lock = %s AND state IN ('waiting', 'running') ORDER BY id LIMIT 1
    ) RETURNING {COLUMNS}, body
"""  # noqa: S608 (columns of ours)
_NEXT = "SELECT due_at FROM signpost_delivery WHERE lock = %s AND state IN ('waiting', 'running') ORDER BY id LIMIT 1"
_SETTLE = """
    UPDATE signpost_delivery SET state = %s, attempts = %s, changed_at = now(),
        due_at = now() + nullif(%s, 0) * interval '1 second', error = %s, handled = %s
    WHERE id = %s AND state = 'running' RETURNING due_at
"""
_LOST = """
    SELECT lock, deliveries - coalesce(jobs, 0)
    FROM (SELECT lock, count(*) AS deliveries FROM signpost_delivery
        WHERE state IN ('waiting', 'running') GROUP BY lock) AS unfinished
    LEFT JOIN (SELECT lock, count(*) AS jobs FROM procrastinate_jobs
        WHERE queue_name = %s AND status IN ('todo', 'doing') GROUP BY lock) AS queued USING (lock)
    WHERE deliveries > coalesce(jobs, 0)
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
        self._handling = set[asyncio.Task[Handled | BaseException]]()
        self._is_ending = False
        self._adding = list[tuple[Delivery, asyncio.Future[bool]]]()
        self._storing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, and make or migrate the tables."""
        with self._server.explain():
            async with self._server.connect() as connection:
                await migrate(connection, read_scripts())
            self._pool = self._server.make_pool()
            await self._pool.open(wait=True)
            connector = PsycopgConnector()
            await connector.open_async(self._pool)
            self._app = App(connector=connector)
            self._app.task(name=TASK, queue=QUEUE, pass_context=True, retry=Strategy())(self._do_job)

    async def close(self) -> None:
        """Store what waits, and close the connections."""
        if self._storing:
            await self._storing
        await self._pool.close()

    async def _run(self, query: str, *values: object) -> tuple[list[tuple[Any, ...]], int]:
        """The rows of one statement, and how many it changed."""
        with self._server.explain():
            async with self._pool.connection() as connection, connection.cursor() as cursor:
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
            if len(batch) > 1:
                # One of them may be the reason; the others must not suffer.
                for each in batch:
                    await self._store_batch([each])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
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
        with self._server.explain():
            async with self._pool.connection() as connection, connection.transaction():
                cursor = await connection.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])
                stored = await cursor.fetchall()
                await self._defer(connection, [lock for _, lock in stored])
        return {guid for guid, _ in stored}

    async def _defer(self, connection: AsyncConnection[Any], locks: Sequence[str]) -> None:
        jobs = [Job(queue=QUEUE, lock=lock, queueing_lock=None, task_name=TASK) for lock in locks]
        if jobs:
            await self._app.job_manager.batch_defer_jobs_async(jobs, connection=connection)

    async def work(self, handle: Handle, chores: Sequence[Chore], workers: int, stop: asyncio.Event) -> None:
        """Handle deliveries and do the chores until `stop` is set; a cancellation gives back the running ones."""
        self._handle, self._stop, self._is_ending = handle, stop, False
        self._app.job_manager = Manager(self._app.connector, stop)
        async with asyncio.TaskGroup() as group:
            group.create_task(do_chores(chores, self._take_chore, stop))
            group.create_task(self._mend(stop))
            while not stop.is_set():
                await self._run_worker(workers, stop)

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
        """Handle the oldest unfinished delivery of a lock, whichever job of that lock this is."""
        if self._is_ending or not self._handle or self._stop.is_set():
            raise AgainError
        try:
            found = await self._claim(str(context.job.lock))
        except InboxError:
            await wait(self._stop, 1)
            raise AgainError from None
        if found:
            settled = await self._try(self._handle, *found)
            due_at = await self._settle(found[0].id, settled)
            if settled.state == "waiting":
                raise AgainError(due_at)

    async def _claim(self, lock: str) -> tuple[Row, bytes] | None:
        """The oldest unfinished delivery of a lock; raises AgainError if it is due later."""
        with self._server.explain():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(_CLAIM, (lock,))
                found = await cursor.fetchone()
                if found:
                    return _make_row(found[:-1]), found[-1] or b""
                cursor = await connection.execute(_NEXT, (lock,))
                later = await cursor.fetchone()
        if later:
            raise AgainError(later[0])
        return None

    async def _try(self, handle: Handle, row: Row, body: bytes) -> Settled:
        task = asyncio.create_task(attempt(handle, row.make_delivery(body)))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        return settle(outcome, row.attempts, self._backoff)

    async def _settle(self, number: int, settled: Settled) -> datetime | None:
        """Keep what became of a delivery, as soon as the database allows it; when it is due again."""
        handled = encode_handled(settled.handled)
        while True:
            try:
                rows, _ = await self._run(
                    _SETTLE, settled.state, settled.attempts, settled.seconds, settled.error, handled, number
                )
            except InboxError as error:
                log.warning("delivery %d was handled, but the database failed: %s", number, error)
                if self._stop.is_set():
                    raise AgainError from None
                await wait(self._stop, 1)
            else:
                return rows[0][0] if rows else None

    async def _mend(self, stop: asyncio.Event) -> None:
        """Give jobs of servers that died to the others, and make again what was lost."""
        while not stop.is_set():
            try:
                with self._server.explain():
                    await self._mend_once()
            except InboxError as error:
                log.warning("cannot look for jobs of servers that died: %s", error)
            await wait(stop, 3 * self._pulse)

    async def _mend_once(self) -> None:
        """One server at a time, because a second would give away the same job again."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (_MENDING_LOCK,))
            if await cursor.fetchone() != (True,):
                return
            manager = self._app.job_manager
            for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=4 * self._pulse):
                await manager.retry_job(job, AT_ONCE)
            cursor = await connection.execute(_LOST, (QUEUE,))
            for lock, number in await cursor.fetchall():
                await self._defer(connection, [lock] * number)

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
            WHERE state = 'dead' AND (%s OR guid = ANY(%s::text[])) RETURNING lock
        """
        with self._server.explain():
            async with self._pool.connection() as connection, connection.transaction():
                cursor = await connection.execute(query, (guids is None, [*(guids or ())]))
                locks = [lock for (lock,) in await cursor.fetchall()]
                await self._defer(connection, locks)
        return len(locks)

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
