"""The server's endpoints behind a real uvicorn on this machine, and clients that say what no library would send."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import uvicorn
from pydantic import SecretStr
from starlette.routing import BaseRoute

from bot.server.inbox.types import Entry, Inbox
from bot.server.intake import HTTP, LIMITS, Connection, Limits, make_app
from bot.server.metrics import Metrics
from bot.server.settings import ServerSettings
from tests.server.deliveries import GUID, NOW, SECRET, make_headers
from tests.server.memory import MemoryInbox
from tests.stand_ins.patience import LONGEST

SETTINGS = ServerSettings(webhook_secret=SecretStr(f"{SECRET.decode()} older-secret"))
OWN = "signpost[bot]"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 (JSON is anything)
        return json.loads(self.body)

    @property
    def outcome(self) -> tuple[int, str]:
        """The HTTP status, and the word in the body."""
        return self.status, self.json["status"]


@dataclass(frozen=True, kw_only=True)
class Serving:
    """A server that answers, and its inbox."""

    port: int
    inbox: Inbox
    loop: asyncio.AbstractEventLoop

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None) -> Reply:
        """One request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Reply(status=response.status, headers=dict(response.getheaders()), body=response.read())
        finally:
            connection.close()

    def deliver(self, event: str, body: bytes, guid: str = GUID, **changes: str) -> Reply:
        """One signed delivery; `changes` of its headers."""
        return self.ask("POST", "/webhook", {**make_headers(event, body, guid), **changes}, body)

    def send(self, *parts: bytes) -> bytes:
        """Send these bytes on a connection; return all that comes back until the server closes it.

        A server that refuses a body may close the connection while it is still sent.
        """
        with self.connect() as client:
            with suppress(OSError):
                for part in parts:
                    client.sendall(part)
            return receive(client)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=LONGEST)

    def list_entries(self) -> tuple[Entry, ...]:
        """What the inbox has."""
        return asyncio.run_coroutine_threadsafe(self.inbox.list_entries(), self.loop).result(LONGEST)

    def list_guids(self) -> list[str]:
        return [entry.delivery.guid for entry in self.list_entries()]

    def count(self, name: str, **labels: str) -> float:
        """One figure of /metrics."""
        shown = self.ask("GET", "/metrics").body.decode()
        wanted = name + ("{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}" if labels else "")
        return next(float(line.split()[-1]) for line in shown.splitlines() if line.startswith(f"{wanted} "))


def receive(client: socket.socket) -> bytes:
    """All that a server sends until it closes the connection."""
    received = b""
    with suppress(ConnectionResetError):
        while part := client.recv(65536):
            received += part
    return received


def write_head(method: str, path: str, headers: Sequence[tuple[str, str]]) -> bytes:
    """The head of a request, with exactly these headers."""
    lines = [f"{method} {path} HTTP/1.1", "Host: signpost.test", *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


@contextmanager
def serve(
    inbox: Inbox | None = None,
    limits: Limits = LIMITS,
    routes: Sequence[BaseRoute] = (),
    now: Callable[[], datetime] = lambda: NOW,
) -> Iterator[Serving]:
    """Run the server in a thread; without an inbox, with an empty one in memory that is open."""

    class Bounded(Connection):
        pass

    Bounded.limits = limits
    kept = MemoryInbox() if inbox is None else inbox
    app = make_app(kept, SETTINGS, Metrics(), OWN, routes=routes, now=now, limits=limits)
    options = {**HTTP, "http": Bounded, "limit_concurrency": limits.connections}
    server = uvicorn.Server(uvicorn.Config(app, **options, log_config=None, timeout_graceful_shutdown=1))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        loops = list[asyncio.AbstractEventLoop]()
        ready = threading.Event()

        async def run() -> None:
            loops.append(asyncio.get_running_loop())
            await kept.open()
            ready.set()
            await server.serve([listener])

        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        assert ready.wait(LONGEST)
        try:
            yield Serving(port=listener.getsockname()[1], inbox=kept, loop=loops[0])
        finally:
            server.should_exit = True
            thread.join(LONGEST)
