"""Servers that are killed, and disks that are full: what was acknowledged is handled, in order."""

import asyncio
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from itertools import count, takewhile
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from bot.server.inbox.postgres import PostgresInbox
from bot.server.inbox.sqlite import SqliteInbox
from bot.server.inbox.types import Delivery, Handled, Inbox, InboxError
from tests.server.inbox.inboxes import PULSE, Handler, list_states, make_delivery, opened, until_done, working
from tests.stand_ins.command import preload
from tests.stand_ins.patience import LONGEST
from tests.stand_ins.postgres import PostgresServer

pytestmark = pytest.mark.slow(minutes=2)

DELIVERIES, ISSUES = 300, 10
_fork = preload(__name__)


def make_inbox(place: str) -> Inbox:
    return PostgresInbox(place, pulse=PULSE) if "://" in place else SqliteInbox(Path(place))


def append(file: Path, number: int) -> None:
    """One line, which is there although the process is killed just after."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.write(descriptor, f"{number}\n".encode())
    os.close(descriptor)


def read(file: Path) -> list[int]:
    return [int(line) for line in file.read_text("ascii").split()] if file.exists() else []


def serve(place: str, folder: Path) -> None:
    """A server in a process of its own: it adds what is not acknowledged yet, and handles, until nothing is left."""
    asyncio.run(_serve(place, folder))


async def _serve(place: str, folder: Path) -> None:
    acknowledged = set(read(folder / "acknowledged"))

    async def handle(delivery: Delivery) -> Handled:
        await asyncio.sleep(0.002)
        append(folder / "handled", int(delivery.guid.removeprefix("guid-")))
        return Handled()

    async def add(issue: int) -> None:
        for number in range(issue, DELIVERIES, ISSUES):
            if number not in acknowledged:
                await inbox.add(make_delivery(number, issue, body=b"x" * 3000))
                append(folder / "acknowledged", number)

    async with opened(inbox := make_inbox(place)), working(inbox, handle, workers=4):
        await asyncio.gather(*(add(issue) for issue in range(ISSUES)))
        await until_done(inbox)


def start(place: str, folder: Path) -> BaseProcess:
    process = _fork.Process(target=serve, args=(place, folder))
    process.start()
    return process


def kill_often(place: str, folder: Path, between: Callable[[int], None] = lambda _: None) -> tuple[int, int]:
    """How often a server was killed, each time a few steps later than before, and how many deliveries were lost."""
    kills = 0
    for steps in takewhile(lambda _: len(set(read(folder / "handled"))) < DELIVERIES, count(1)):
        process = start(place, folder)
        goal = _count_steps(folder) + steps % 17
        limit = time.monotonic() + LONGEST
        while process.is_alive() and _count_steps(folder) < goal and time.monotonic() < limit:
            time.sleep(0.001)
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL
        between(kills)
    last = start(place, folder)
    last.join(LONGEST)
    assert last.exitcode == 0
    acknowledged, handled = read(folder / "acknowledged"), read(folder / "handled")
    assert sorted(set(acknowledged)) == list(range(DELIVERIES))
    firsts = list(dict.fromkeys(handled))
    for issue in range(ISSUES):
        order = [number for number in firsts if number % ISSUES == issue]
        assert order == sorted(order)
    lost = len(set(acknowledged) - set(handled))
    print(f"\n{kills} kills, {DELIVERIES} deliveries, {len(handled) - len(firsts)} handled again, {lost} lost")  # noqa: T201
    return kills, lost


def _count_steps(folder: Path) -> int:
    return len(read(folder / "acknowledged")) + len(read(folder / "handled"))


def test_a_server_on_sqlite_that_is_killed_often_loses_nothing(tmp_path: Path) -> None:
    kills, lost = kill_often(str(tmp_path / "inbox.db"), tmp_path)
    assert (kills >= 30, lost) == (True, 0)


def test_a_server_on_postgresql_that_is_killed_often_loses_nothing(postgres: PostgresServer, tmp_path: Path) -> None:
    def crash(kills: int) -> None:
        if kills == 15:
            postgres.restart()

    kills, lost = kill_often(postgres.create_database(), tmp_path, crash)
    assert (kills >= 30, lost) == (True, 0)


def test_another_server_takes_over_when_one_is_killed(postgres: PostgresServer, tmp_path: Path) -> None:
    url = postgres.create_database()
    first, second = start(url, tmp_path), start(url, tmp_path)
    limit = time.monotonic() + LONGEST
    while len(read(tmp_path / "handled")) < 50 and time.monotonic() < limit:
        time.sleep(0.01)
    first.kill()
    second.join(LONGEST)
    first.join()
    assert second.exitcode == 0
    assert set(read(tmp_path / "handled")) == set(range(DELIVERIES))


def add_until_full(file: Path, said: Path) -> None:
    """Add deliveries while no file may be larger than 300 kB; then say what was acknowledged, and the error."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    async def play() -> None:
        async with opened(inbox := SqliteInbox(file)):
            for number in range(100):
                await inbox.add(make_delivery(number, body=os.urandom(20_000)))
                append(said, number)

    try:
        asyncio.run(play())
    except InboxError as error:
        sys.exit(str(error))


def test_a_delivery_that_finds_the_disk_full_is_not_acknowledged(tmp_path: Path) -> None:
    async def play() -> None:
        handler = Handler()
        async with opened(inbox := SqliteInbox(file)), working(inbox, handler):
            await until_done(inbox)
            assert {state for _, state, *_ in await list_states(inbox)} == {"done"}
        acknowledged = [f"guid-{number}" for number in read(said)]
        assert handler.handled[: len(acknowledged)] == acknowledged
        assert 1 <= len(acknowledged) < 100

    file, said = tmp_path / "inbox.db", tmp_path / "said"
    process = _fork.Process(target=add_until_full, args=(file, said))
    process.start()
    process.join(LONGEST)
    assert process.exitcode == 1
    asyncio.run(play())


def test_a_full_disk_stops_neither_the_server_nor_what_it_handles(tmp_path: Path) -> None:
    """A real file system of 1 MB, where this user may make one."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() or os.system(f"mount -t tmpfs -o size=1m none {folder} 2>{os.devnull}"):  # noqa: S605 (a folder of ours)
        pytest.skip("this user cannot mount a small file system")

    async def fill(inbox: SqliteInbox, stored: list[str]) -> None:
        for number in range(100):
            await inbox.add(make_delivery(number, body=os.urandom(20_000)))
            stored.append(f"guid-{number}")

    async def play() -> None:
        handler = Handler()
        stored = list[str]()
        async with opened(inbox := SqliteInbox(folder / "inbox.db")):
            with pytest.raises(InboxError, match="full"):
                await fill(inbox, stored)
            with pytest.raises(InboxError, match="full"):
                await inbox.add(make_delivery(100, body=os.urandom(500_000)))
            await asyncio.to_thread(os.system, f"mount -o remount,size=8m {folder}")
            await inbox.check()
            async with working(inbox, handler):
                await until_done(inbox)
            assert await inbox.add(make_delivery(100, body=os.urandom(500_000)))
        assert stored
        assert handler.handled == stored

    try:
        asyncio.run(play())
    finally:
        os.system(f"umount {folder}")  # noqa: S605 (a folder of ours)
