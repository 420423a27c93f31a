"""The socket and the HTTP of the server: uvicorn, with limits for what a stranger may send and without its signals."""

import asyncio
import socket
from asyncio import TimerHandle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.errors import SettingsError, explain_cause

MOST_HEAD = 32_768
"""Bytes of the headers of a request; GitHub's have about 1,000."""

MOST_REQUEST = 30_000_000
"""Bytes of a whole request, with all headers; the body of a delivery has at most 25 MB."""

HEAD_SECONDS = 10.0
"""Seconds that the headers of a request may take."""

MOST_CONNECTIONS = 512
"""More connections get 503; the reconciliation lets GitHub repeat the deliveries among them."""

ANSWER_SECONDS = 2
"""Seconds that running requests may take once the server stops."""


@dataclass
class Gate:
    """The app that uvicorn calls. While the server stops, it is not ready, and still accepts deliveries."""

    app: ASGIApp
    is_stopping: bool = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if self.is_stopping and scope["type"] == "http" and scope["path"] == "/readyz":
            await JSONResponse({"status": "stopping"}, 503)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which has no limits of its own for the size and the time of headers."""

    _size = 0
    _timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Give a new connection its time."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """End a connection that sends too much."""
        super().data_received(data)
        self._size += len(data)
        if self._size > (MOST_HEAD if self._timer else MOST_REQUEST):
            self.transport.abort()

    def on_message_begin(self) -> None:
        """Give each request its time, and its size."""
        self._size = 0
        self._start_timer()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Stop the time: the app takes care of the body."""
        self._stop_timer()
        super().on_headers_complete()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


class Listener(uvicorn.Server):
    """A server that ends when `should_exit` is set, and leaves signals to its caller."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them as they are."""
        yield


def make_listener(app: ASGIApp, proxies: str = "") -> Listener:
    """A server for the app; it trusts X-Forwarded-For and X-Forwarded-Proto of these proxies alone."""
    config = uvicorn.Config(
        app,
        interface="asgi3",
        http=GuardedProtocol,
        lifespan="off",
        ws="none",
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="warning",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=ANSWER_SECONDS,
    )
    return Listener(config)


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises SettingsError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        bound = socket.create_server(found[0][4][:2], family=found[0][0], backlog=2048)
    except (OSError, UnicodeError) as error:
        message = f"cannot listen on {host}, port {port}: {explain_cause(error)}; choose another --host or --port"
        raise SettingsError(message) from error
    bound.setblocking(False)  # noqa: FBT003 (socket's own)
    return bound


def name_address(bound: socket.socket) -> str:
    """The address of a socket, for a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
