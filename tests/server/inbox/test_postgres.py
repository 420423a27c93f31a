"""What is special about the inbox in PostgreSQL: several servers, its tables, lost connections, and the password."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import psycopg
import pytest

from bot.server.inbox.engine import MIGRATIONS, migrate, read_scripts
from bot.server.inbox.postgres import PostgresInbox
from bot.server.inbox.types import Chore, InboxError
from tests.server.inbox.inboxes import (
    PULSE,
    Handler,
    MakeInbox,
    list_states,
    make_delivery,
    opened,
    until,
    until_done,
    working,
)
from tests.stand_ins.postgres import PostgresServer

pytestmark = pytest.mark.slow


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def fail_to_open(url: str) -> str:
    async def play() -> None:
        async with opened(PostgresInbox(url)):
            pass

    with pytest.raises(InboxError) as caught:
        asyncio.run(play())
    return str(caught.value)


def test_servers_that_start_at_once_make_the_tables_once(postgres: PostgresServer) -> None:
    async def play() -> None:
        inboxes = [PostgresInbox(url) for _ in range(4)]
        await asyncio.gather(*(inbox.open() for inbox in inboxes))
        await asyncio.gather(*(inbox.check() for inbox in inboxes))
        await asyncio.gather(*(inbox.close() for inbox in inboxes))

    url = postgres.create_database()
    asyncio.run(play())
    names = query(url, "SELECT name FROM signpost_migration ORDER BY name")
    assert [name for (name,) in names] == sorted([*read_scripts(), *MIGRATIONS])


def test_deliveries_of_an_older_version_are_handled(postgres: PostgresServer) -> None:
    url = postgres.create_database()
    older = """
        ALTER TABLE signpost_delivery DROP COLUMN start_tag;
        CREATE INDEX signpost_delivery_oldest ON signpost_delivery (id) WHERE state IN ('waiting', 'running');
        DELETE FROM signpost_migration WHERE name = 'signpost 2'
    """

    async def play() -> None:
        handler = Handler()
        async with opened(inbox := PostgresInbox(url)):
            await inbox.add(make_delivery(1))
        query(url, older)
        async with opened(inbox := PostgresInbox(url)), working(inbox, handler):
            await inbox.add(make_delivery(2))
            await until_done(inbox)
        assert handler.handled == ["guid-1", "guid-2"]

    asyncio.run(play())


def test_a_later_script_of_procrastinate_is_applied_once(postgres: PostgresServer) -> None:
    async def play(scripts: Mapping[str, str]) -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            await migrate(connection, scripts)

    url = postgres.create_database()
    asyncio.run(play(read_scripts()))
    later = {**read_scripts(), "99.sql": "ALTER TABLE procrastinate_jobs ADD COLUMN later integer DEFAULT 7 % 4"}
    asyncio.run(play(later))
    asyncio.run(play(later))
    assert query(url, "SELECT later FROM procrastinate_jobs") == []


@pytest.mark.parametrize(
    "statement, message",
    [
        (
            "CREATE TABLE procrastinate_jobs ()",
            "another program keeps its jobs in this database; give Signpost a database of its own",
        ),
        (
            "CREATE TABLE signpost_migration (name text); INSERT INTO signpost_migration VALUES ('signpost 99')",
            "the database has tables of a newer Signpost (signpost 99); upgrade this one",
        ),
    ],
)
def test_tables_of_others_are_left_alone(postgres: PostgresServer, statement: str, message: str) -> None:
    url = postgres.create_database()
    query(url, statement)
    assert fail_to_open(url) == message


def test_errors_do_not_show_the_password(postgres: PostgresServer) -> None:
    url = postgres.create_database()
    unknown = f"{url.partition('/test')[0]}/hunter2?{url.partition('?')[2]}"
    messages = [
        fail_to_open("postgresql://user:hunter2@127.0.0.1:1/name"),
        fail_to_open("postgresql://user:hunter2%zz@127.0.0.1/name"),
        fail_to_open("postgresql://user:hunter2@/name?host=/missing"),
        fail_to_open("postgresql://user:hunter2@127.0.0.1/name?hunter2=1"),
        fail_to_open(unknown),
        repr(PostgresInbox(url)),
    ]
    assert [message for message in messages if "hunter2" in message] == []
    assert messages[0].startswith("PostgreSQL on 127.0.0.1 failed (connection ")
    assert messages[1] == (
        "the URL of the database is invalid; write postgresql://USER:PASSWORD@HOST:PORT/NAME, and special characters "
        "with %"
    )
    assert 'database "***" does not exist' in messages[4]


def test_a_text_that_postgresql_does_not_keep_fails_alone(postgres: PostgresServer) -> None:
    url = postgres.create_database()
    place = url.partition("host=")[2]

    async def play() -> None:
        async with opened(inbox := PostgresInbox(url)):
            bad = [replace(make_delivery(2), guid=guid) for guid in ("a\0b", "\ud800")]
            adding = (inbox.add(each) for each in (make_delivery(1), *bad, make_delivery(3)))
            results = await asyncio.gather(*adding, return_exceptions=True)
            assert [str(result).partition(" (")[0] for result in results] == [
                *("True", f"PostgreSQL on {place} failed", f"PostgreSQL on {place} failed", "True"),
            ]
            assert [guid for guid, *_ in await list_states(inbox)] == ["guid-1", "guid-3"]

    asyncio.run(play())


def test_two_servers_share_the_work_and_keep_the_order(make_shared: MakeInbox) -> None:
    async def play() -> None:
        deliveries = [make_delivery(number, issue=number % 7) for number in range(140)]
        handler = Handler()
        first, second = make_shared(), make_shared()
        async with opened(first, second), working(first, handler), working(second, handler):
            for number, delivery in enumerate(deliveries):
                assert await (first, second)[number % 2].add(delivery)
                assert not await (second, first)[number % 2].add(delivery)
            await until_done(first)
            assert (await first.count()).done == 140
        assert handler.overlaps == []
        assert handler.list_order(deliveries) == {
            f"7#{issue}": [each.guid for each in deliveries if each.issue == issue] for issue in range(7)
        }

    asyncio.run(play())


def test_a_chore_is_done_once_among_servers(make_shared: MakeInbox) -> None:
    async def play() -> None:
        done = list[str]()

        async def do() -> None:
            done.append("chore")
            await asyncio.sleep(0.3)

        chores = [Chore("chore", 600, do)]
        inboxes = [make_shared() for _ in range(4)]
        async with opened(*inboxes):
            stop = asyncio.Event()
            tasks = [asyncio.create_task(inbox.work(Handler(), chores, 1, stop)) for inbox in inboxes]
            await until(lambda: bool(done))
            await asyncio.sleep(1)
            stop.set()
            await asyncio.gather(*tasks)
        assert done == ["chore"]

    asyncio.run(play())


def test_a_server_that_restarts_loses_nothing(postgres: PostgresServer) -> None:
    """PostgreSQL crashes twice while deliveries are added and handled."""

    async def add(inbox: PostgresInbox, number: int) -> None:
        while True:
            try:
                await inbox.add(make_delivery(number, issue=number % 5))
            except InboxError:
                await asyncio.sleep(0.1)
            else:
                return

    async def play() -> None:
        url = postgres.create_database()
        naps = {f"guid-{number}": [lambda: asyncio.sleep(0.02)] for number in range(200)}
        handler = Handler(acts=naps)  # type: ignore[arg-type]
        inbox = PostgresInbox(url, pulse=PULSE)
        async with opened(inbox), working(inbox, handler):
            for number in range(200):
                await add(inbox, number)
                if number in (60, 130):
                    await asyncio.to_thread(postgres.restart)
            await until_done(inbox)
            assert {state for _, state, *_ in await list_states(inbox)} == {"done"}
        firsts = list(dict.fromkeys(handler.handled))
        assert sorted(firsts) == sorted(f"guid-{number}" for number in range(200))
        assert handler.overlaps == []
        numbers = [int(guid.removeprefix("guid-")) for guid in firsts]
        assert all([n for n in numbers if n % 5 == issue] == list(range(issue, 200, 5)) for issue in range(5))

    asyncio.run(play())


@pytest.mark.parametrize("is_down", [True, False])
def test_a_run_that_another_server_may_have_taken_over_is_given_up(postgres: PostgresServer, *, is_down: bool) -> None:
    url = postgres.create_database()

    async def play() -> None:
        ended = list[str]()

        async def last() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                ended.append("given up")

        handler = Handler(acts={"guid-1": [last]})
        async with opened(inbox := PostgresInbox(url, pulse=PULSE)), working(inbox, handler):
            await inbox.add(make_delivery(1))
            await until(lambda: len(handler.seen) == 1)
            if is_down:
                await asyncio.to_thread(postgres.stop)
            else:
                query(url, "DELETE FROM procrastinate_jobs")
            try:
                async with asyncio.timeout(20):
                    await until(lambda: bool(ended))
            finally:
                if is_down:
                    await asyncio.to_thread(postgres.start)
            await until_done(inbox)
            assert await list_states(inbox) == [("guid-1", "done", 1, "")]

    asyncio.run(play())


def test_a_server_whose_sign_of_life_is_old_claims_nothing_more(postgres: PostgresServer) -> None:
    """After an outage its jobs may be given to another server at any moment, and two would handle one delivery."""
    url = postgres.create_database()
    silence = """
        CREATE OR REPLACE FUNCTION procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void AS
        $$ BEGIN END $$ LANGUAGE plpgsql;
        UPDATE procrastinate_workers SET last_heartbeat = now() - interval '15 seconds'
    """

    async def play() -> None:
        async def fall_silent() -> None:
            query(url, silence)

        handler = Handler(acts={"guid-1": [fall_silent]})
        async with opened(inbox := PostgresInbox(url, pulse=5)), working(inbox, handler):
            await inbox.add(make_delivery(1))
            await inbox.add(make_delivery(2))
            await until(lambda: bool(handler.handled))
            await asyncio.sleep(0.5)
            assert handler.handled == ["guid-1"]
            query(url, "UPDATE procrastinate_workers SET last_heartbeat = now()")
            await until_done(inbox)
        assert handler.handled == ["guid-1", "guid-2"]

    asyncio.run(play())


def test_an_inbox_without_its_server_fails_and_recovers(postgres: PostgresServer) -> None:
    async def play() -> None:
        async with opened(inbox := PostgresInbox(postgres.create_database())):
            postgres.stop()
            try:
                with pytest.raises(InboxError, match="PostgreSQL on"):
                    await inbox.check()
                with pytest.raises(InboxError, match="PostgreSQL on"):
                    await inbox.add(make_delivery(1))
            finally:
                postgres.start()

            async def is_well() -> bool:
                try:
                    await inbox.check()
                except InboxError:
                    return False
                return True

            await until(is_well)
            assert await inbox.add(make_delivery(1))

    asyncio.run(play())


def test_jobs_leave_no_rows(postgres: PostgresServer) -> None:
    async def play() -> None:
        async with opened(inbox := PostgresInbox(url, backoff=())):
            for number in range(30):
                await inbox.add(make_delivery(number, issue=number % 3))
            async with working(inbox, Handler()):
                await until_done(inbox)

    url = postgres.create_database()
    asyncio.run(play())
    tables = ("jobs", "events", "workers", "periodic_defers")
    assert [query(url, f"SELECT count(*) FROM procrastinate_{table}") for table in tables] == [[(0,)]] * 4  # noqa: S608
