"""What is special about the inbox in SQLite: its file, its one server, its clock."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.server.inbox.file import MIGRATIONS
from bot.server.inbox.sqlite import LARGEST_PART, SqliteInbox
from bot.server.inbox.types import InboxError
from tests.server.inbox.inboxes import Handler, fail, list_states, make_delivery, opened, until, until_done, working


def fail_to_open(inbox: SqliteInbox) -> str:
    async def play() -> None:
        async with opened(inbox):
            pass

    with pytest.raises(InboxError) as caught:
        asyncio.run(play())
    return str(caught.value)


def make_file(file: Path) -> None:
    async def play() -> None:
        async with opened(inbox := SqliteInbox(file)):
            await inbox.add(make_delivery(1, body=b"x" * 100_000))

    asyncio.run(play())


def test_only_its_user_may_read_the_file(tmp_path: Path) -> None:
    make_file(tmp_path / "inbox.db")
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()} == {
        "inbox.db": "0o600",
        "inbox.db.lock": "0o600",
    }


def test_a_second_process_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    file = tmp_path / "inbox.db"
    hold = (
        "import asyncio, sys; from pathlib import Path; from bot.server.inbox.sqlite import SqliteInbox;"
        "asyncio.run(SqliteInbox(Path(sys.argv[1])).open()); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", hold, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"open\n"
        assert fail_to_open(SqliteInbox(file)) == (
            f"another server uses the inbox {file}; stop it, or let several servers share PostgreSQL"
        )
        other.kill()
    make_file(file)


def test_a_guest_reads_and_retries_while_the_server_works(tmp_path: Path) -> None:
    async def play() -> None:
        server, guest = (SqliteInbox(tmp_path / "inbox.db", is_guest=each, backoff=()) for each in (False, True))
        handler = Handler(acts={"guid-1": [fail(KeyError())]})
        async with opened(server, guest), working(server, handler):
            await server.add(make_delivery(1))
            await until_done(guest)
            assert await list_states(guest) == [("guid-1", "dead", 1, "KeyError")]
            with pytest.raises(InboxError, match="only the server"):
                await guest.work(handler, [], 1, asyncio.Event())
            assert await guest.retry() == 1
            await until(lambda: handler.handled == ["guid-1"])

    asyncio.run(play())


def write_foreign(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE mine (id)")
    connection.close()


def write_newer(file: Path) -> None:
    make_file(file)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(
    "prepare, message",
    [
        (
            write_foreign,
            "the file {file} is not an inbox of Signpost; name another file in SIGNPOST_DATABASE",
        ),
        (write_newer, "the inbox {file} has format 99; start `signpost serve` of a newer Signpost"),
        (
            lambda file: file.write_bytes(b"not a database" * 100),
            "the inbox {file} is damaged, or is not a database; move it away, and restore a backup if there is one",
        ),
        (Path.mkdir, "the inbox {file} cannot be opened (Is a directory); check its folder, and who may write there"),
    ],
)
def test_a_file_that_is_not_an_inbox_is_refused(
    prepare: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    file = tmp_path / "inbox.db"
    prepare(file)
    assert fail_to_open(SqliteInbox(file)) == message.format(file=file)


def test_a_folder_that_is_missing_and_an_inbox_that_a_guest_misses_are_named(tmp_path: Path) -> None:
    file = tmp_path / "missing" / "inbox.db"
    assert fail_to_open(SqliteInbox(file)) == (
        f"the inbox {file} cannot be opened (No such file or directory); check its folder, and who may write there"
    )
    assert fail_to_open(SqliteInbox(file, is_guest=True)) == (
        f"the inbox {file} does not exist; start `signpost serve` first, or name its file with --database"
    )


def test_a_file_of_a_refused_program_is_not_changed(tmp_path: Path) -> None:
    file = tmp_path / "inbox.db"
    write_foreign(file)
    before = file.read_bytes()
    fail_to_open(SqliteInbox(file))
    assert file.read_bytes() == before


def test_a_damaged_page_is_an_error_of_the_operation(tmp_path: Path) -> None:
    async def play() -> None:
        async with opened(inbox := SqliteInbox(file)):
            with pytest.raises(InboxError, match="is damaged"):
                await inbox.list_entries()

    file = tmp_path / "inbox.db"
    make_file(file)
    content = bytearray(file.read_bytes())
    connection = sqlite3.connect(file)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'delivery'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content[(page - 1) * size : page * size] = os.urandom(size)
    file.write_bytes(content)
    # The damage may be seen when the file is opened, or later.
    with pytest.raises(InboxError, match="is damaged"):
        asyncio.run(play())


def test_a_text_that_no_database_keeps_fails_alone(tmp_path: Path) -> None:
    async def play() -> None:
        async with opened(inbox := SqliteInbox(tmp_path / "inbox.db")):
            bad = replace(make_delivery(2), guid="\ud800")
            results = await asyncio.gather(
                *map(inbox.add, (make_delivery(1), bad, make_delivery(3))), return_exceptions=True
            )
            assert [isinstance(result, InboxError) or result for result in results] == [True, True, True]
            assert [guid for guid, *_ in await list_states(inbox)] == ["guid-1", "guid-3"]

    asyncio.run(play())


def test_many_bodies_are_deleted_in_parts(tmp_path: Path) -> None:
    async def play() -> None:
        file, number = tmp_path / "inbox.db", 2 * LARGEST_PART + 1
        async with opened(inbox := SqliteInbox(file)):
            await asyncio.gather(*(inbox.add(make_delivery(each)) for each in range(number)))
            with closing(sqlite3.connect(file, isolation_level=None)) as other:
                other.execute("UPDATE delivery SET state = 'done'")
            later = datetime.now(UTC) + timedelta(days=1)
            assert [await inbox.forget(later) for _ in range(2)] == [number, 0]

    asyncio.run(play())


def test_a_number_that_sqlite_does_not_keep_fails_alone(tmp_path: Path) -> None:
    async def play() -> None:
        async with opened(inbox := SqliteInbox(tmp_path / "inbox.db")):
            with pytest.raises(InboxError, match="cannot do this"):
                await inbox.add(replace(make_delivery(1), issue=2**63))
            assert await inbox.add(make_delivery(2))

    async def play_soon() -> None:
        async with asyncio.timeout(30):
            await play()

    asyncio.run(play_soon())


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_nothing_waits_longer_because_the_clock_was_changed(jump: timedelta, tmp_path: Path) -> None:
    async def play() -> None:
        jumps = [timedelta(0)]

        def now() -> datetime:
            return datetime.now(UTC) + jumps[-1]

        async def change() -> None:
            await asyncio.sleep(0)
            jumps.append(jump)
            raise KeyError

        handler = Handler(acts={"guid-1": [change, fail(KeyError()), fail(KeyError())]})
        file = tmp_path / "inbox.db"
        async with opened(inbox := SqliteInbox(file, backoff=(0.2, 0.2, 0.2), now=now)):
            await inbox.add(make_delivery(1))
            async with asyncio.timeout(30), working(inbox, handler):
                await until(lambda: len(handler.seen) == 2)
        jumps.append(timedelta(0))  # A restart, and back: what waits by the old time waits as long as it had to.
        async with opened(inbox := SqliteInbox(file, backoff=(0.2, 0.2, 0.2), now=now)):
            async with asyncio.timeout(30), working(inbox, handler):
                await until_done(inbox)
            assert await list_states(inbox) == [("guid-1", "done", 4, "")]

    asyncio.run(play())


def test_each_migration_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "inbox.db"
    make_file(file)
    make_file(file)
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_deliveries_of_an_older_version_are_handled(tmp_path: Path) -> None:
    file, handler = tmp_path / "inbox.db", Handler()
    make_file(file)
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript("DROP TABLE delivery; DROP TABLE body; DROP TABLE value; DROP TABLE chore")
        connection.executescript(f"DROP TABLE alive; {MIGRATIONS[0]}; PRAGMA user_version = 1")
        connection.execute("""
            INSERT INTO delivery VALUES (1, 'guid-1', '7#1', 'issues', 'opened', 3, 'octo/widget7', 7, 1, 0, 'waiting',
            0, 0, NULL, '', NULL)
        """)
        connection.commit()

    async def play() -> None:
        async with opened(inbox := SqliteInbox(file)), working(inbox, handler):
            await inbox.add(make_delivery(2))
            await until_done(inbox)

    asyncio.run(play())
    assert handler.handled == ["guid-1", "guid-2"]
