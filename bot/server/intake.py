"""The endpoints of the server: the webhook, its health and its metrics; and how a connection is bounded.

A delivery is answered with 202 only when it survives a crash. All that a client sends is bounded in size and time:
GitHub sends at most 25 MB and waits 10 seconds (https://docs.github.com/en/webhooks/webhook-events-and-payloads).
"""

import asyncio
import logging
import time
from asyncio import TimerHandle, Transport
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bot.server.delivery import Ignored, Refused, check_secrets, read_delivery, read_head
from bot.server.inbox.types import Delivery, Inbox, InboxError
from bot.server.metrics import MEDIA_TYPE, Metrics, Outcome
from bot.server.settings import ServerSettings

_LOG = logging.getLogger("signpost.server")
_HEADERS = MappingProxyType({"cache-control": "no-store", "x-content-type-options": "nosniff"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a client may send, in bytes, and how long that and our answer may take, in seconds.

    A body of more than `large_bytes` counts as large, and `large_bodies` are read at a time. So the memory of all
    bodies is at most `connections` times `large_bytes`, and `large_bodies` times `body_bytes`.
    """

    connections: int = 500
    head_bytes: int = 64 * 1024
    head_seconds: float = 10.0
    pipelined: int = 16
    """How many requests of a connection may wait for the answers before theirs."""
    body_bytes: int = 25 * 1024 * 1024
    body_seconds: float = 10.0
    large_bytes: int = 256 * 1024
    large_bodies: int = 4
    wait_seconds: float = 5.0
    """How long a large body waits for its turn."""
    store_seconds: float = 8.0
    """After these the inbox has failed: GitHub does not wait longer than 10."""
    check_seconds: float = 5.0
    """How long the inbox may take to say how it is."""


LIMITS = Limits()


class Connection(HttpToolsProtocol):
    """A connection with limits for its heads, and for a client that does not read; a subclass may have others.

    uvicorn has none of them with httptools: a client that sends a byte a minute, or reads nothing, would keep its
    connection for ever, and a header without an end or thousands of requests in one go would fill the memory. The time
    runs from the connection or the last answer to the end of the head, and while an answer waits for its reader. So it
    also ends a body that goes on after its request was refused.
    """

    limits: ClassVar[Limits] = LIMITS
    _timer: TimerHandle | None = None
    _is_in_head = False
    _received = 0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Start the time of the first head."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what belongs to a head that is not complete yet."""
        super().data_received(data)
        self._received = self._received + len(data) if self._is_in_head else 0
        if self._received > self.limits.head_bytes and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """A head begins."""
        self._is_in_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is complete; the application bounds the time of the body. An error here is the answer 400."""
        self._is_in_head = False
        self._stop_timer()
        super().on_headers_complete()
        if len(self.pipeline) > self.limits.pipelined:
            raise ValueError("too many requests wait on this connection")

    def on_response_complete(self) -> None:
        """Start the time of the next head, unless it arrived before."""
        if not self.pipeline:
            self._start_timer()
        super().on_response_complete()

    def pause_writing(self) -> None:
        """Start the time of the reader."""
        super().pause_writing()
        self._start_timer()

    def resume_writing(self) -> None:
        """Stop the time of the reader, or start that of the next head."""
        super().resume_writing()
        self._stop_timer()
        if getattr(self.cycle, "response_complete", True):
            self._start_timer()

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.limits.head_seconds, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None


HTTP: Mapping[str, Any] = MappingProxyType(
    {
        "http": Connection,
        "ws": "none",
        "lifespan": "off",
        "limit_concurrency": LIMITS.connections,
        "timeout_keep_alive": int(LIMITS.head_seconds),
        "server_header": False,
        "proxy_headers": False,
        "access_log": False,
    }
)
"""The settings of uvicorn (`uvicorn.Config`) that bound connections and say nothing about the server."""


@dataclass(frozen=True, slots=True)
class _Answer:
    outcome: Outcome
    status: int
    reason: str = ""

    def respond(self) -> Response:
        headers = dict(_HEADERS)
        if self.status == 503:  # noqa: PLR2004 (Service Unavailable)
            headers["retry-after"] = "60"
        if self.status == 408:  # noqa: PLR2004 (Request Timeout; any other rest of a body is read and forgotten)
            headers["connection"] = "close"
        content = {"status": self.outcome} | ({"reason": self.reason} if self.reason else {})
        return JSONResponse(content, self.status, headers)


_OUTCOMES: Mapping[int, Outcome] = {
    400: "malformed",
    401: "forged",
    408: "slow",
    413: "oversize",
    415: "unsupported",
    503: "busy",
}
_TOO_LARGE = Refused(413, "the body is larger than 25 MB, which GitHub does not send")
_TOO_SLOW = Refused(408, "the body did not arrive in time; send it again")
_TOO_MANY = Refused(503, "too many large deliveries arrive at a time; send it again later")


class _Intake:
    """Reads requests with bounds, and stores deliveries."""

    def __init__(self, inbox: Inbox, read: "_Read", metrics: Metrics, limits: Limits) -> None:
        self._inbox = inbox
        self._read = read
        self._metrics = metrics
        self._limits = limits
        self._large = asyncio.Semaphore(limits.large_bodies)

    async def take(self, request: Request) -> Response:
        """Answer a delivery, count it, and log why it was not accepted; never with its text."""
        start = time.monotonic()
        answer = await self._take(request)
        self._metrics.count_delivery(answer.outcome, time.monotonic() - start)
        return answer.respond()

    async def _take(self, request: Request) -> _Answer:
        head = read_head(request.headers.raw)
        if isinstance(head, Refused):
            return _refuse(head, "")
        try:
            async with AsyncExitStack() as held:
                body = await self._read_body(request, held)
                found = body if isinstance(body, Refused) else await self._inspect(request, body)
                return await self._decide(found, head.guid)
        except ClientDisconnect:
            return _Answer("aborted", 400, "the connection was closed")

    async def _inspect(self, request: Request, body: bytes) -> Delivery | Ignored | Refused:
        """A large body takes seconds, in which others must be answered."""
        if len(body) > self._limits.large_bytes:
            return await asyncio.to_thread(self._read, request.headers.raw, body)
        return self._read(request.headers.raw, body)

    async def _decide(self, found: Delivery | Ignored | Refused, guid: str) -> _Answer:
        if isinstance(found, Refused):
            return _refuse(found, guid)
        if isinstance(found, Ignored):
            return _Answer("ignored", 202, found.reason)
        return await self._store(found)

    async def _read_body(self, request: Request, held: AsyncExitStack) -> bytes | Refused:
        """The body; `held` keeps the place of a large one."""
        stated = request.headers.get("content-length", "")
        if stated.isdecimal() and (len(stated) > 15 or int(stated) > self._limits.body_bytes):  # noqa: PLR2004 (1 PB)
            return _TOO_LARGE
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                return await self._collect(request, held)
        except TimeoutError:
            return _TOO_SLOW

    async def _collect(self, request: Request, held: AsyncExitStack) -> bytes | Refused:
        """The body. Its bytes are counted as they arrive, because the header Content-Length may be wrong."""
        body, is_large = bytearray(), False
        async for part in request.stream():
            body += part
            if len(body) > self._limits.body_bytes:
                return _TOO_LARGE
            if not is_large and len(body) > self._limits.large_bytes:
                is_large = await self._find_place(held)
                if not is_large:
                    return _TOO_MANY
        return bytes(body)

    async def _find_place(self, held: AsyncExitStack) -> bool:
        """Wait until fewer large bodies are in memory; nothing is read from the connection meanwhile."""
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                await held.enter_async_context(self._large)
        except TimeoutError:
            return False
        return True

    async def _store(self, delivery: Delivery) -> _Answer:
        try:
            async with asyncio.timeout(self._limits.store_seconds):
                is_new = await self._inbox.add(delivery)
        except Exception as error:  # noqa: BLE001 (an error of a database may quote the row, which holds the body)
            _LOG.error("a delivery was not stored: %s", _describe(error), extra={"delivery": delivery.guid})
            return _Answer("failed", 503, "the delivery cannot be stored now; send it again later")
        return _Answer("accepted", 202) if is_new else _Answer("duplicate", 200)

    async def show_ready(self, _request: Request) -> Response:
        """Whether deliveries can be stored."""
        try:
            async with asyncio.timeout(self._limits.check_seconds):
                await self._inbox.check()
        except Exception as error:  # noqa: BLE001 (see above)
            _LOG.warning("the server is not ready: %s", _describe(error))
            reason = "the database cannot store deliveries now; the log of the server says why"
            return JSONResponse({"status": "unavailable", "reason": reason}, 503, {**_HEADERS, "retry-after": "10"})
        return JSONResponse({"status": "ready"}, headers=dict(_HEADERS))

    async def show_metrics(self, _request: Request) -> Response:
        """The counts of this process, and how the inbox is."""
        try:
            async with asyncio.timeout(self._limits.check_seconds):
                self._metrics.show(await self._inbox.count())
        except Exception as error:  # noqa: BLE001 (see above)
            _LOG.warning("the inbox cannot be counted: %s", _describe(error))
            self._metrics.show(None)
        return Response(self._metrics.render(), media_type=MEDIA_TYPE, headers=dict(_HEADERS))


_Read = Callable[[Sequence[tuple[bytes, bytes]], bytes], Delivery | Ignored | Refused]


def make_app(  # noqa: PLR0913 (it assembles)
    inbox: Inbox,
    settings: ServerSettings,
    metrics: Metrics,
    own_login: str,
    *,
    routes: Sequence[BaseRoute] = (),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    limits: Limits = LIMITS,
) -> Starlette:
    """The application of the server; `routes` are those of the pages. Raises SettingsError without a webhook secret.

    `own_login` is that of the App, for example `signpost[bot]`; its own events are ignored. The caller opens the inbox.
    """
    check_secrets(settings.secrets)

    def read(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> Delivery | Ignored | Refused:
        return read_delivery(headers, body, settings.secrets, now(), own_login)

    async def describe(_request: Request) -> Response:
        return Response(description, media_type="application/json", headers=dict(_HEADERS))

    intake = _Intake(inbox, read, metrics, limits)
    description = Path(__file__).with_name("openapi.json").read_bytes()
    ours = [
        Route("/webhook", intake.take, methods=["POST"]),
        Route("/healthz", _show_health),
        Route("/readyz", intake.show_ready),
        Route("/metrics", intake.show_metrics),
        Route("/openapi.json", describe),
    ]
    app = Starlette(routes=[*ours, *routes], exception_handlers={HTTPException: _show_error})
    app.router.redirect_slashes = False  # a redirect would repeat the host that the client states
    return app


async def _show_health(_request: Request) -> Response:
    """The process lives."""
    return JSONResponse({"status": "alive"}, headers=dict(_HEADERS))


async def _show_error(_request: Request, error: Exception) -> Response:
    """A wrong path or method, as JSON."""
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    stated = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    return JSONResponse({"status": "error", "reason": detail}, status, {**_HEADERS, **stated})


def _refuse(refused: Refused, guid: str) -> _Answer:
    extra = {"delivery": guid, "http_status": refused.status}
    _LOG.warning("refused a delivery: %s", refused.reason, extra=extra)
    return _Answer(_OUTCOMES[refused.status], refused.status, refused.reason)


def _describe(error: Exception) -> str:
    """An error without anything that came from outside."""
    return str(error) if isinstance(error, InboxError) else type(error).__name__
