"""PostgreSQL and Procrastinate as an inbox needs them: tables, connections, errors, and jobs that do not get lost."""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, cast

import psycopg
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from procrastinate.schema import SchemaManager
from psycopg import AsyncConnection, conninfo
from psycopg.abc import QueryNoTemplate
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout

from bot.server.inbox.types import InboxError
from bot.server.inbox.work import wait

MIGRATIONS = {
    "signpost 1": """
        CREATE TABLE signpost_delivery (
            id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, guid text NOT NULL UNIQUE, lock text NOT NULL,
            event text NOT NULL, action text NOT NULL, installation bigint NOT NULL,
            repository text NOT NULL, repository_id bigint NOT NULL, issue bigint NOT NULL,
            body bytea, received_at timestamptz NOT NULL,
            state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'dead')),
            attempts integer NOT NULL DEFAULT 0, changed_at timestamptz NOT NULL DEFAULT now(), due_at timestamptz,
            error text NOT NULL DEFAULT '', handled text
        );
        CREATE INDEX signpost_delivery_oldest ON signpost_delivery (id) WHERE state IN ('waiting', 'running');
        CREATE INDEX signpost_delivery_unfinished ON signpost_delivery (lock, id)
            WHERE state IN ('waiting', 'running');
        CREATE INDEX signpost_delivery_state ON signpost_delivery (state, changed_at);
        CREATE TABLE signpost_value (key text PRIMARY KEY, value bytea NOT NULL);
        CREATE TABLE signpost_chore (name text PRIMARY KEY, begun_at timestamptz);
        CREATE TABLE signpost_alive (id integer PRIMARY KEY, at timestamptz NOT NULL);
    """,
    "signpost 2": """
        ALTER TABLE signpost_delivery ADD COLUMN start_tag integer NOT NULL DEFAULT 0;
        DROP INDEX signpost_delivery_oldest;
        CREATE INDEX signpost_delivery_next ON signpost_delivery (start_tag, id)
            WHERE state IN ('waiting', 'running');
        CREATE INDEX signpost_delivery_repository ON signpost_delivery (repository_id, start_tag)
            WHERE state IN ('waiting', 'running');
    """,
}
"""How our tables came about. A change is a further text with the next number."""

_RECORDS = "CREATE TABLE IF NOT EXISTS signpost_migration (name text PRIMARY KEY, done_at timestamptz DEFAULT now())"
_MIGRATION_LOCK, _JOB_LOCK = 0x5369676E, 0x4A6F6273

QUEUE = TASK = "signpost"
MOST_JOBS = 200
"""Jobs that wait to be taken by a server: enough for half a second, and few enough to find the next one quickly."""

INSERT = """
    INSERT INTO signpost_delivery
        (lock, guid, event, action, installation, repository, repository_id, issue, body, received_at, start_tag)
    SELECT lock, guid, event, action, installation, repository, repository_id, issue, body, received_at, greatest(
        (SELECT min(start_tag) FROM signpost_delivery WHERE state = 'waiting'),
        (
            SELECT max(start_tag) + 1 FROM signpost_delivery AS d
            WHERE d.repository_id = given.repository_id AND d.state IN ('waiting', 'running')
        ),
        0
    ) + row_number() OVER (PARTITION BY repository_id ORDER BY place) - 1
    FROM unnest(
        %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[],
        %b::bytea[], %s::timestamptz[]
    ) WITH ORDINALITY AS given (
        lock, guid, event, action, installation, repository, repository_id, issue, body, received_at, place
    )
    ORDER BY place ON CONFLICT (guid) DO NOTHING RETURNING guid
"""
"""See `Inbox.work` for the start tag."""

_PLAN = """
    SELECT lock, start_tag FROM signpost_delivery AS d
    WHERE state IN ('waiting', 'running') AND (due_at IS NULL OR due_at <= now())
    AND NOT EXISTS (
        SELECT 1 FROM signpost_delivery AS e WHERE e.lock = d.lock AND e.id < d.id AND e.state IN ('waiting', 'running')
    )
    AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS j
        WHERE j.lock = d.lock AND j.queue_name = %(queue)s AND j.status IN ('todo', 'doing')
    )
    ORDER BY start_tag, id LIMIT greatest(0, %(most)s - (
        SELECT count(*) FROM procrastinate_jobs WHERE queue_name = %(queue)s AND status = 'todo'
    ))
"""

_SETTINGS = {
    "application_name": "signpost",
    "connect_timeout": 10,
    # A connection that died without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
MOST_CONNECTIONS = 10
WAIT_SECONDS, RECONNECT_SECONDS, ANSWER_SECONDS = 8.0, 5.0, 30.0
"""How long an operation waits for a connection: GitHub waits 10 seconds for an answer. The pool tries to connect for
a shorter time, because its pauses grow; then each operation lets it begin again. A statement is given up
after ANSWER_SECONDS."""


def read_scripts() -> Mapping[str, str]:
    """Procrastinate's migration scripts by name, in their order."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return {file.name: file.read_text("utf-8") for file in files}


async def migrate(connection: AsyncConnection[Any], scripts: Mapping[str, str]) -> None:
    """Make the tables, or bring them up to date, while other servers that start wait; `scripts` are Procrastinate's.

    Raises InboxError if the tables are of a newer Signpost, or those of Procrastinate are of another program.
    """
    await connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATION_LOCK,))
    await connection.execute(_RECORDS)
    cursor = await connection.execute("SELECT name FROM signpost_migration")
    done = {str(name) for (name,) in await cursor.fetchall()}
    if newer := [name for name in done if name.startswith("signpost ") and name not in MIGRATIONS]:
        raise InboxError(f"the database has tables of a newer Signpost ({max(newer)}); upgrade this one")
    if not done & scripts.keys():
        await _make_queue(connection, scripts)
        done.update(scripts)
    for name, statements in {**scripts, **MIGRATIONS}.items():
        if name not in done:
            await _apply(connection, statements, [name])
    await connection.execute("SELECT pg_advisory_unlock(%s)", (_MIGRATION_LOCK,))


async def _make_queue(connection: AsyncConnection[Any], scripts: Mapping[str, str]) -> None:
    cursor = await connection.execute("SELECT to_regclass('procrastinate_jobs')")
    if await cursor.fetchone() != (None,):
        raise InboxError("another program keeps its jobs in this database; give Signpost a database of its own")
    await _apply(connection, SchemaManager.get_schema(), [*scripts])


async def _apply(connection: AsyncConnection[Any], statements: str, names: list[str]) -> None:
    async with connection.transaction():
        await connection.execute(cast(QueryNoTemplate, statements))
        await connection.execute("INSERT INTO signpost_migration SELECT unnest(%s::text[])", (names,))


class RefusedError(InboxError):
    """The database works, but does not accept this: the same in smaller parts may succeed."""


Pool = AsyncConnectionPool[AsyncConnection[Any]]


class Server:
    """A PostgreSQL database by its URL, whose password no error shows."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __repr__(self) -> str:
        return "Server(…)"

    def _read_url(self) -> dict[str, Any]:
        try:
            return conninfo.conninfo_to_dict(self._url)
        except psycopg.ProgrammingError:
            # Its text quotes the URL.
            raise InboxError(
                "the URL of the database is invalid; write postgresql://USER:PASSWORD@HOST:PORT/NAME, and "
                "special characters with %"
            ) from None

    @contextmanager
    def explain(self) -> Iterator[None]:
        """Raise InboxError for each error of the database."""
        try:
            yield
        except (psycopg.Error, ConnectorException, OSError, UnicodeError) as error:
            cause = error.__cause__ if isinstance(error, ConnectorException) and error.__cause__ else error
            is_down = isinstance(cause, psycopg.OperationalError | OSError)
            is_refused = not is_down or isinstance(cause, psycopg.errors.DeadlockDetected)
            raise (RefusedError if is_refused else InboxError)(self._describe(cause)) from None

    def _describe(self, error: BaseException) -> str:
        fields = self._read_url()
        if isinstance(error, TimeoutError | PoolTimeout | PoolClosed):
            text = "no answer"
        else:
            text = "; ".join(filter(None, map(str.strip, str(error).splitlines()[:2]))) or type(error).__name__
        if password := fields.get("password"):
            text = text.replace(str(password), "***")
        place = fields.get("host") or fields.get("hostaddr") or "this machine"
        is_full = isinstance(error, psycopg.errors.DiskFull)
        advice = "make room on its disk" if is_full else "check that it runs, and SIGNPOST_DATABASE"
        return f"PostgreSQL on {place} failed ({text}); {advice}"

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[AsyncConnection[Any]]:
        """One connection; it is closed afterwards."""
        settings = {**_SETTINGS, **self._read_url()}
        connection: AsyncConnection[Any] = await AsyncConnection.connect(**settings, autocommit=True)
        async with connection:
            yield connection

    def make_pool(self, *, is_durable: bool) -> Pool:
        """Connections that are replaced when they are lost; to be opened.

        A durable commit waits for the disk even if the database has another default, and any other does not: a crash
        of PostgreSQL may undo the last of them.
        """
        return AsyncConnectionPool(
            kwargs={**_SETTINGS, **self._read_url()},
            min_size=2,
            max_size=MOST_CONNECTIONS,
            timeout=WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            check=AsyncConnectionPool.check_connection,
            configure=_make_durable if is_durable else _make_quick,
            open=False,
        )


async def _make_durable(connection: AsyncConnection[Any]) -> None:
    query = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    await connection.execute(query)
    await connection.commit()


async def _make_quick(connection: AsyncConnection[Any]) -> None:
    await connection.execute("SET synchronous_commit = off")
    await connection.commit()


class Manager(JobManager):
    """Keeps the end of a job even if the connection is lost just then.

    Otherwise the job would be running for ever, because its server still lives, and block its lock.
    """

    def __init__(self, connector: BaseConnector, stop: asyncio.Event) -> None:
        super().__init__(connector)
        self._stop = stop

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001 (Procrastinate's)
        """Keep that a job has ended."""
        while True:
            try:
                await super().finish_job(job, status, delete_job)
            except ConnectorException as error:
                if isinstance(error.__cause__, psycopg.errors.RaiseException):
                    return  # It was kept, or the job was given to another server.
                if self._stop.is_set():
                    raise
                await wait(self._stop, 1)
            else:
                return


async def make_jobs(pool: Pool, manager: JobManager) -> None:
    """Make jobs for locks that need one; one server at a time, so that a lock gets one job."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_JOB_LOCK,))
        cursor = await connection.execute(_PLAN, {"queue": QUEUE, "most": MOST_JOBS})
        jobs = [
            Job(queue=QUEUE, lock=lock, queueing_lock=None, task_name=TASK, priority=-start_tag)
            for lock, start_tag in await cursor.fetchall()
        ]
        if jobs:
            await manager.batch_defer_jobs_async(jobs, connection=connection)


async def list_lost_jobs(pool: Pool, jobs: Collection[int]) -> set[int]:
    """The ones of these jobs, which run here, that were ended meanwhile: another server has their locks."""
    async with pool.connection() as connection:
        query = "SELECT id FROM procrastinate_jobs WHERE id = ANY(%s) AND status = 'doing'"
        rows = await (await connection.execute(query, ([*jobs],))).fetchall()
    return {*jobs} - {number for (number,) in rows}


async def end_lost_jobs(pool: Pool, manager: JobManager, silence: float) -> None:
    """End jobs of servers that were silent for so many seconds, so that others get their locks."""
    async with pool.connection() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_JOB_LOCK,))
        for job in await manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=silence):
            await manager.finish_job(job, Status.ABORTED, delete_job=True)
