"""A small GitHub that remembers, over real HTTP on 127.0.0.1, with faults on demand.

What it does is what the tests of Signpost need and the third-party emulator lacks: rights by token, minimised and
deleted comments, issue events with their actors, `duplicate`, GraphQL for a folder, redirects, requests that overlap,
lists that lag, and answers that get lost. Every request and every answer can be held against GitHub's own OpenAPI
description (see `openapi.py`).
"""

import json
import os
import signal
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from time import sleep, time
from typing import Literal, Protocol, Self
from urllib.parse import parse_qs, urlsplit

from tests.stand_ins.github_json import Json, Value, error_json
from tests.stand_ins.github_routes import answer
from tests.stand_ins.github_state import BOT, MAINTAINER, REPORTER, Reply, Request, State

__all__ = [
    "BOT",
    "FAULTS",
    "HARD_FAULTS",
    "MAINTAINER",
    "REPORTER",
    "SECONDARY_LIMIT",
    "FakeGitHub",
    "Fault",
    "Reply",
    "Request",
]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with one request.

    reset: the connection breaks before anything is done; lost: it is done, and no answer comes; cut: done, and half of
    the answer comes; answer: not done, and `reply` comes; kill-before, kill-after: the process `victim` dies;
    drip-head, drip-body: done, and the answer comes byte by byte for twenty seconds, which is not enough for all of it.
    """

    kind: Literal["reset", "lost", "cut", "answer", "kill-before", "kill-after", "drip-head", "drip-body"]
    reply: Reply = field(default_factory=Reply)


DRIPS = 400
DRIP_SECONDS = 0.05

NOT_DESCRIBED = ("/graphql", "/semantically_similar", "/settings/apps/new")
"""What GitHub answers and its OpenAPI description does not have."""

SECONDARY_LIMIT = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
FAULTS: Mapping[str, Fault] = {
    "reset": Fault(kind="reset"),
    "lost answer": Fault(kind="lost"),
    "truncated answer": Fault(kind="cut"),
    "secondary limit": Fault(
        kind="answer", reply=Reply(status=403, body=error_json(SECONDARY_LIMIT), headers={"Retry-After": "1"})
    ),
    "429": Fault(
        kind="answer", reply=Reply(status=429, body=error_json(SECONDARY_LIMIT), headers={"Retry-After": "1"})
    ),
    "502": Fault(kind="answer", reply=Reply(status=502, body="<html>Bad Gateway</html>")),
    "404": Fault(kind="answer", reply=Reply(status=404, body=error_json("Not Found"))),
    "410": Fault(kind="answer", reply=Reply(status=410, body=error_json("This issue was deleted"))),
    "422": Fault(kind="answer", reply=Reply(status=422, body=error_json("Validation Failed"))),
}
"""Each fault that a run must survive; the two kinds of `kill-…` need a process, so they stand for themselves."""


def _refuse(status: int, message: str, headers: Mapping[str, str]) -> Fault:
    return Fault(kind="answer", reply=Reply(status=status, body=error_json(message), headers=headers))


def _answer_graphql(error: Json) -> Fault:
    return Fault(kind="answer", reply=Reply(body={"data": None, "errors": [error]}))


_OVER = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "4102444800"}
HARD_FAULTS: Mapping[str, Fault] = {
    **FAULTS,
    "secondary limit": _refuse(403, SECONDARY_LIMIT, {"Retry-After": "0"}),
    "429": _refuse(429, SECONDARY_LIMIT, {"Retry-After": "0"}),
    "limit for an hour": _refuse(403, "API rate limit exceeded", _OVER),
    "GraphQL's limit": _answer_graphql({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}),
    "GraphQL's timeout": _answer_graphql({"message": "Something went wrong while executing your query."}),
    "killed before": Fault(kind="kill-before"),
    "killed after": Fault(kind="kill-after"),
}
"""What a download must survive: these, limits that end at once or not soon, errors with a 200, a kill of `victim`."""


class Checker(Protocol):
    """Whatever finds a request or an answer that breaks GitHub's own description."""

    def __call__(self, request: Request, reply: Reply) -> list[str]: ...


class FakeGitHub(State):
    """The state, the requests that came in, and the server; use it as a context manager.

    `faults` maps the number of a request (the first is 1) to what goes wrong with it; `disturb` says it of any other
    request, and may change the state just before it is answered. `delay` says how many seconds a request takes to
    come in, and its answer to come back: meanwhile others are answered. `prefix` is "/api/v3" for an Enterprise
    Server. `now` is GitHub's clock. What `checker` found stands in `violations`.
    """

    def __init__(self, *, checker: Checker | None = None, prefix: str = "") -> None:
        super().__init__(prefix)
        self.faults: dict[int, Fault] = {}
        self.disturb: Callable[[Request], Fault | None] = _let_pass
        self.delay: Callable[[], float] = _take_no_time
        self.now: Callable[[], float] = time
        self.victim: int | None = None
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self._checker = checker
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Handler", (_Conversation,), {"fake": self}))
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What GITHUB_API_URL is."""
        return f"http://127.0.0.1:{self._server.server_port}{self.prefix}"

    def take(self, verb: str, target: str, headers: Mapping[str, str], text: str) -> tuple[Fault | None, Reply]:
        """Take one request: record it, let it fail where that is planned, do what it asks, and check both ways."""
        with self._lock:
            request = self._record(verb, target, headers, _read_body(headers, text))
        sleep(self.delay())
        with self._lock:
            fault, reply = self._handle(request)
        sleep(self.delay())
        return fault, reply

    def _record(self, verb: str, target: str, headers: Mapping[str, str], body: Value) -> Request:
        split = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        path = split.path if split.path.endswith("/graphql") else split.path.removeprefix(self.prefix)
        number = len(self.requests) + 1
        request = Request(number=number, verb=verb, path=path, query=query, headers=headers, body=body)
        self.requests.append(request)
        return request

    def _handle(self, request: Request) -> tuple[Fault | None, Reply]:
        fault = self.faults.get(request.number) or self.disturb(request)
        if fault and fault.kind in {"reset", "kill-before"}:
            return fault, Reply()
        if fault and fault.kind == "answer":
            return fault, fault.reply
        reply = answer(self, request, self.url)
        if self._checker and not request.path.endswith(NOT_DESCRIBED):
            self.violations += self._checker(request, reply)
        return fault, reply


def _read_body(headers: Mapping[str, str], text: str) -> Value:
    """JSON, or the fields of a form of a page."""
    if headers.get("content-type") == "application/x-www-form-urlencoded":
        return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}
    return json.loads(text) if text else None


def _let_pass(_: Request) -> None:
    """Nothing goes wrong."""


def _take_no_time() -> float:
    return 0


class _Conversation(BaseHTTPRequestHandler):
    """HTTP, and what can go wrong with it."""

    fake: FakeGitHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _take(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault, reply = self.fake.take(self.command, self.path, headers, text)
        match fault.kind if fault else "none":
            case "reset" | "lost":
                self._break()
            case "kill-before" | "kill-after":
                self._kill(self.fake.victim)
            case "cut":
                self._write(reply, half=True)
            case "drip-head":
                self._drip(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            case "drip-body":
                self._drip(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9999\r\n\r\n")
            case _:
                self._write(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _take  # noqa: N815 - http.server's names

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header Date says what GitHub's clock says."""
        return super().date_time_string(self.fake.now() if timestamp is None else timestamp)

    def _write(self, reply: Reply, *, half: bool = False) -> None:
        content = reply.text.encode()
        self.send_response(reply.status)
        is_json = not isinstance(reply.body, str)
        self.send_header("Content-Type", "application/json; charset=utf-8" if is_json else "text/html; charset=utf-8")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            self._break()

    def _drip(self, start: bytes) -> None:
        """Each byte comes in time, and all of them never."""
        with suppress(OSError):
            self.wfile.write(start)
            for _ in range(DRIPS):
                self.wfile.write(b" ")
                sleep(DRIP_SECONDS)
        self.close_connection = True

    def _kill(self, victim: int | None) -> None:
        if victim is None:
            raise RuntimeError("a fault kills the process `victim`, and the test has not said which one that is")
        os.kill(victim, signal.SIGKILL)
        self._break()

    def _break(self) -> None:
        """Close with a reset, so that the client notices at once."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Value) -> None:  # noqa: A002 - http.server's name
        """Say nothing; the requests are recorded."""
