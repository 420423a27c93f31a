"""The pages that run: on uvicorn, on a free port of 127.0.0.1, with an inbox in memory; and browsers that ask them."""

import asyncio
import http.client
import re
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Thread
from urllib.parse import urlencode, urlsplit

import uvicorn
from starlette.applications import Starlette

from bot.errors import TrackerError
from bot.server.pages.routes import make_routes
from bot.server.settings import ServerSettings
from bot.tracker.app import AppIdentity
from tests.server.memory import MemoryInbox
from tests.stand_ins.patience import LONGEST

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
TOKEN = "page-token-of-32-characters-here"


IDENTITY = AppIdentity(id=1, slug="signpost", name="Signpost", html_url="https://github.com/apps/signpost")


@dataclass(frozen=True, kw_only=True)
class KnownApp:
    """The App; without an identity GitHub does not answer."""

    identity: AppIdentity | None = IDENTITY

    def read_identity(self) -> AppIdentity:
        if self.identity is None:
            raise TrackerError("Could not read the App: GitHub cannot be reached. Try again later.")
        return self.identity


@dataclass(kw_only=True)
class Clock:
    """A clock that tests set."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def advance(self, span: timedelta) -> None:
        self.at += span


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    cookies: tuple[str, ...]
    text: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass(kw_only=True)
class Visitor:
    """A browser without scripts: it keeps cookies, and follows no redirects."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, verb: str, target: str, headers: Mapping[str, str] | None = None, body: str = "") -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}
        try:
            connection.request(verb, target, body.encode() or None, {**sent, **(headers or {})})
            answer = connection.getresponse()
            cookies = tuple(value for name, value in answer.getheaders() if name.lower() == "set-cookie")
            found = {name.lower(): value for name, value in answer.getheaders() if name.lower() != "set-cookie"}
            reply = Reply(status=answer.status, headers=found, cookies=cookies, text=answer.read().decode())
        finally:
            connection.close()
        for cookie in reply.cookies:
            self._keep(cookie)
        return reply

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        if "max-age=0" in cookie.casefold():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def get(self, target: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self.ask("GET", target, headers)

    def post(self, target: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Reply:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", target, kind | dict(headers or {}), urlencode(form))

    def submit(self, page: str, action: str, form: Mapping[str, str]) -> Reply:
        """Send a form with the token of the session that is on a page."""
        return self.post(action, {"csrf": find_csrf(self.get(page).text), **form})

    def visit(self, address: str) -> Reply:
        """Ask another host, or ours, at a whole address."""
        split = urlsplit(address)
        own = self if split.port == self.port else Visitor(port=split.port or 80)
        return own.get(f"{split.path}?{split.query}" if split.query else split.path)

    def sign_in(self, target: str = "/login/github") -> Reply:
        """Sign in with GitHub, whose page answers at once; returns the answer to GitHub's redirect."""
        asked = self.get(target)
        return self.visit(self.visit(asked.location).location)


def find_csrf(page: str) -> str:
    """The token of the session that the forms of a page have, "" without one."""
    found = re.search(r'name="csrf" value="([^"]*)"', page)
    return found[1] if found else ""


@dataclass(frozen=True, kw_only=True)
class Running:
    """Pages that answer."""

    port: int
    inbox: MemoryInbox
    clock: Clock

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def visitor(self) -> Visitor:
        return Visitor(port=self.port)

    def operator(self) -> Visitor:
        """A browser in which the operator has signed in."""
        visitor = self.visitor()
        assert visitor.post("/login", {"token": TOKEN}).status == 303
        return visitor

    def read(self, prefix: str) -> Mapping[str, bytes]:
        return asyncio.run(self.inbox.list_values(prefix))


def bind_port() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


@contextmanager
def run_pages(
    inbox: MemoryInbox, clock: Clock, settings: ServerSettings, bound: socket.socket, app: KnownApp | None = None
) -> Iterator[Running]:
    """Pages on a socket."""
    routes = make_routes(inbox, settings, app or KnownApp(), now=clock)
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off"))
    thread = Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        give_up = time.monotonic() + LONGEST
        while not server.started and time.monotonic() < give_up:
            time.sleep(0.01)
        yield Running(port=bound.getsockname()[1], inbox=inbox, clock=clock)
    finally:
        server.should_exit = True
        thread.join(LONGEST)
