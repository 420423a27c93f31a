"""Load on the webhook of `signpost serve`: how many deliveries a second it accepts, and how fast it answers each.

Processes of their own send signed deliveries of 20 kB on kept connections to servers on this machine, which do all that
real ones do before they answer 202. "HMAC only" is the same server with an inbox that keeps nothing: the limit that the
databases are compared with. Each figure is the median of the rounds. "At 200 a second" sends at that rate (the budget);
the time of an answer runs from when it was due, so that a slow server cannot slow down its clients.

Then each inbox is filled with 10,000 deliveries for 1,000 issues and handled by a function that does nothing.
PostgreSQL is started in a temporary folder, as the tests do it.
"""

import argparse
import asyncio
import multiprocessing
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import ceil
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import uvicorn
from pydantic import SecretStr

from bot.server.inbox.choice import make_inbox
from bot.server.inbox.types import Delivery, Handled, Inbox
from bot.server.intake import HTTP, make_app
from bot.server.metrics import Metrics
from bot.server.settings import ServerSettings
from tests.server.deliveries import ISSUE, ISSUES, SECRET, encode, make_headers
from tests.server.memory import MemoryInbox
from tests.stand_ins.postgres import PostgresServer, run_postgres

SIZE = 20_000
"""Bytes of a body, as a usual issue has."""
CONNECTIONS = 40
RATE = 200
DRAINED = 10_000
ISSUES_DRAINED = 1_000
WORKERS = 4
_SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Setup:
    """A server: what it does before 202, in how many processes, and the rate of deliveries (0: as many as it takes)."""

    name: str
    processes: int = 1
    rate: int = 0


@dataclass(frozen=True)
class Load:
    """What a load showed: deliveries a second that were accepted, and seconds that half and 99 % of answers took.

    `cpu` are the CPU seconds of all servers for one delivery, the start not included.
    """

    rate: float
    p50: float
    p99: float
    cpu: float


class Forgetful(MemoryInbox):
    """An inbox that keeps nothing."""

    async def add(self, delivery: Delivery) -> bool:
        """It is new."""
        del delivery
        return True


def make_body() -> bytes:
    """The payload of a new issue, of the usual size."""
    bare = len(encode({**ISSUES, "issue": {**ISSUE, "body": ""}}))
    return encode({**ISSUES, "issue": {**ISSUE, "body": "x" * (SIZE - bare)}})


def open_inbox(url: str) -> Inbox:
    """The inbox of a database; without one, an inbox that keeps nothing."""
    return make_inbox(url) if url else Forgetful()


async def _serve(url: str, channel: Connection) -> None:
    inbox = open_inbox(url)
    await inbox.open()
    settings = ServerSettings(webhook_secret=SecretStr(SECRET.decode()))
    app = make_app(inbox, settings, Metrics(), "signpost[bot]")
    server = uvicorn.Server(uvicorn.Config(app, **HTTP, log_config=None))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        channel.send(listener.getsockname()[1])
        asyncio.get_running_loop().add_reader(channel.fileno(), lambda: setattr(server, "should_exit", True))
        began = time.process_time()
        await server.serve([listener])
        channel.send(time.process_time() - began)
    await inbox.close()


def serve(url: str, channel: Connection) -> None:
    """Be a server until something arrives on the channel; its port is sent there first."""
    asyncio.run(_serve(url, channel))


@contextmanager
def run_servers(url: str, processes: int, spent: list[float]) -> Iterator[list[int]]:
    """The ports of servers that share a database, each a process of its own; at their end, `spent` gets their CPU."""
    running = []
    for _ in range(processes):
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=serve, args=(url, theirs), daemon=True)
        process.start()
        running.append((process, ours))
    yield [channel.recv() for _, channel in running]
    for process, channel in running:
        channel.send("stop")
        spent.append(channel.recv())
        process.join()


def write_request(body: bytes, guid: str) -> bytes:
    """A signed delivery; the signature covers the body alone."""
    headers = {**make_headers("issues", body, guid), "Host": "127.0.0.1", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /webhook HTTP/1.1\r\n{head}\r\n".encode() + body


async def _read_status(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return int(head.split(b" ", 2)[1])


async def _send_on(port: int, name: str, seconds: float, pause: float, delay: float) -> list[float]:
    """Send deliveries on a connection, one each `pause` seconds; the seconds of each answer.

    The first is due after `delay` seconds. An answer other than 202 ends all.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body, taken = make_body(), list[float]()
    request = write_request(body, f"{name}-@@@@@@@@")
    due = time.perf_counter() + delay
    end = due - delay + seconds
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()) if pause else 0)
        writer.write(request.replace(b"@@@@@@@@", b"%08d" % len(taken), 1))
        status = await _read_status(reader)
        if status != 202:  # noqa: PLR2004 (Accepted)
            raise SystemExit(f"the server answered {status}")
        now = time.perf_counter()
        taken.append(now - due)
        due = due + pause if pause else now
    writer.close()
    return taken


async def _load(ports: Sequence[int], name: str, seconds: float, rate: int) -> list[float]:
    pause = CONNECTIONS / rate if rate else 0.0
    begun = [
        _send_on(ports[number % len(ports)], f"{name}-{number}", seconds, pause, pause * number / CONNECTIONS)
        for number in range(CONNECTIONS)
    ]
    return [each for taken in await asyncio.gather(*begun) for each in taken]


def load(ports: Sequence[int], seconds: float, rate: int, channel: Connection) -> None:
    """Send deliveries on all connections: their number, and the seconds of each answer after a second to warm up."""
    first = asyncio.run(_load(ports, "warm", 1, rate))
    taken = asyncio.run(_load(ports, "load", seconds, rate))
    channel.send((len(first) + len(taken), taken))


def measure(setup: Setup, url: str, seconds: float) -> Load:
    """What one load shows. A delivery that was accepted and is not in the inbox ends all."""
    spent = list[float]()
    with run_servers(url, setup.processes, spent) as ports:
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(target=load, args=(ports, seconds, setup.rate, theirs), daemon=True)
        process.start()
        theirs.close()
        sent, taken = ours.recv()
        process.join()
    taken.sort()
    if url and (kept := asyncio.run(_count(url))) != sent:
        raise SystemExit(f"the server accepted {sent} deliveries and kept {kept}")
    return Load(len(taken) / seconds, taken[len(taken) // 2], taken[ceil(len(taken) * 0.99) - 1], sum(spent) / sent)


async def _count(url: str) -> int:
    inbox = make_inbox(url)
    await inbox.open()
    try:
        return (await inbox.count()).waiting
    finally:
        await inbox.close()


def make_deliveries() -> list[Delivery]:
    """Deliveries for many issues, some for each."""
    first = Delivery(
        guid="",
        event="issues",
        action="edited",
        installation=3,
        repository="octo/widget",
        repository_id=42,
        issue=1,
        body=make_body(),
        received_at=datetime.now(UTC),
    )
    return [replace(first, guid=str(number), issue=number % ISSUES_DRAINED + 1) for number in range(DRAINED)]


async def drain(url: str) -> float:
    """Seconds in which one process handles all deliveries with a function that does nothing."""
    inbox, stop, handled = make_inbox(url), asyncio.Event(), set[str]()

    async def handle(delivery: Delivery) -> Handled:
        handled.add(delivery.guid)
        if len(handled) == DRAINED:
            stop.set()
        return Handled()

    await inbox.open()
    deliveries = make_deliveries()
    for start in range(0, DRAINED, 100):
        await asyncio.gather(*map(inbox.add, deliveries[start : start + 100]))
    begin = time.perf_counter()
    await inbox.work(handle, (), WORKERS, stop)
    seconds = time.perf_counter() - begin
    await inbox.close()
    return seconds


SETUPS = (
    Setup("HMAC only"),
    Setup("HMAC only", 2),
    Setup("SQLite"),
    Setup("PostgreSQL"),
    Setup("PostgreSQL", 2),
    Setup("SQLite", rate=RATE),
    Setup("PostgreSQL", rate=RATE),
    Setup("PostgreSQL", 2, RATE),
)


def make_database(name: str, folder: Path, postgres: PostgresServer) -> str:
    """The URL of a new database; "" for none."""
    if name == "PostgreSQL":
        return postgres.create_database()
    return f"sqlite:///{tempfile.mkdtemp(dir=folder)}/inbox.db" if name == "SQLite" else ""


def print_loads(seconds: float, rounds: int, make: Callable[[str], str]) -> None:
    """A row for each kind of server."""
    print("| before 202 | processes | sent | accepted a second | p50, ms | p99, ms | CPU, ms a delivery |")
    print("|---|---:|---|---:|---:|---:|---:|")
    found: dict[Setup, list[Load]] = {setup: [] for setup in SETUPS}
    for _ in range(rounds):
        for setup, loads in found.items():
            loads.append(measure(setup, make(setup.name), seconds))
    for setup, loads in found.items():
        shown = Load(*(median(getattr(each, name) for each in loads) for name in ("rate", "p50", "p99", "cpu")))
        sent = f"{setup.rate} a second" if setup.rate else f"by {CONNECTIONS} clients"
        times = " | ".join(f"{each * 1e3:.0f}" for each in (shown.p50, shown.p99))
        print(f"| {setup.name} | {setup.processes} | {sent} | {shown.rate:,.0f} | {times} | {shown.cpu * 1e3:.2f} |")


def print_drains(rounds: int, make: Callable[[str], str]) -> None:
    """A row for each inbox."""
    print(f"\n| inbox | workers | deliveries a second | {DRAINED:,} drained in, s |\n|---|---:|---:|---:|")
    for name in ("SQLite", "PostgreSQL"):
        seconds = median(asyncio.run(drain(make(name))) for _ in range(rounds))
        print(f"| {name} | {WORKERS} | {DRAINED / seconds:,.0f} | {seconds:.1f} |")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        postgres = stack.enter_context(run_postgres())
        print_loads(options.seconds, options.rounds, lambda name: make_database(name, folder, postgres))
        print_drains(options.rounds, lambda name: make_database(name, folder, postgres))


if __name__ == "__main__":
    main()
