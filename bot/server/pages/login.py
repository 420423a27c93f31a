"""Signing in to the pages and out: through GitHub, or with the page token."""

import asyncio
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Protocol
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from bot.errors import TrackerError
from bot.server.pages.access import LASTS, Door, RefusedError, check_form, is_from_elsewhere, is_same
from bot.server.pages.person import LoginClient, LoginError, Person, read_person, write_login_address
from bot.server.pages.response import find_base, lead_to, read_form, show_page
from bot.server.settings import ServerSettings
from bot.tracker.app import AppIdentity

logger = logging.getLogger("signpost.server")

_PATH = re.compile(r"/repositories(?:/[\w.-]+/[\w.-]+)?|/queue", re.ASCII)
_PENDING = re.compile(r"([\w-]{43})\.([\w-]{64})\.(.*)", re.ASCII)
_PENDING_LASTS = timedelta(minutes=10)
"""How long a person may take on GitHub's page; GitHub's code lives as long."""
_LONGEST_CODE = 200
_MOST_AT_ONCE = 4


def check_path(path: str) -> str:
    """The path within the pages to which a login leads; that of the list for any other address."""
    is_ours = _PATH.fullmatch(path) and not {".", ".."} & set(path.split("/"))
    return path if is_ours else "/repositories"


@dataclass(frozen=True, slots=True, repr=False)
class _Pending:
    """A login that has begun, as the browser keeps it.

    `state` comes back from GitHub (RFC 6749, 10.12), `verifier` proves that the code is for this browser (RFC 7636),
    and `path` is where the person wanted to go.
    """

    state: str
    verifier: str
    path: str

    def __str__(self) -> str:
        return f"{self.state}.{self.verifier}.{quote(self.path, safe='/')}"


def _read_pending(cookie: str) -> _Pending | None:
    found = _PENDING.fullmatch(cookie)
    return _Pending(found[1], found[2], check_path(found[3])) if found else None


class KnownApp(Protocol):
    """The App, as far as the pages need it."""

    def read_identity(self) -> AppIdentity:
        """Ask GitHub about the App; raises TrackerError."""


def find_home(app: KnownApp) -> str:
    """The page of the App on GitHub, "" if GitHub does not answer."""
    try:
        return app.read_identity().html_url
    except TrackerError:
        return ""


class LoginPages:
    """The pages of the login."""

    def __init__(self, door: Door, settings: ServerSettings) -> None:
        self._door = door
        self._base = find_base(settings)
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        secret = settings.client_secret
        self._client = LoginClient(
            client_id=settings.client_id,
            client_secret=secret.get_secret_value() if secret else "",
            server_url=settings.server_url,
            api_url=settings.api_url,
            callback=f"{settings.url}/login/callback" if settings.url else "",
        )

    async def show_login(self, request: Request) -> Response:
        """GET /login: how to sign in. The page comes first, so that a logout is not followed by a new login."""
        return self._show("", check_path(request.query_params.get("next", "")))

    async def enter_token(self, request: Request) -> Response:
        """POST /login: the page token.

        A form of another site needs the token, too, and gains nothing; so this form has no token of a session.
        """
        form = await read_form(request)
        path = check_path(form.get("next", ""))
        if is_from_elsewhere(request):
            return self._show("Another site sent this form. Try again here.", path, HTTPStatus.FORBIDDEN)
        try:
            self._door.check_token(request, form.get("token", ""))
        except RefusedError as error:
            return self._show(f"Not signed in: {error}.", path, error.status, wait=error.wait)
        return await self._begin(request, None, path)

    async def ask_github(self, request: Request) -> Response:
        """GET /login/github: send the person to GitHub."""
        if not self._door.has_github:
            raise RefusedError("people cannot sign in with GitHub here", HTTPStatus.NOT_FOUND)
        path = check_path(request.query_params.get("next", ""))
        pending = _Pending(secrets.token_urlsafe(32), secrets.token_urlsafe(48), path)
        cookie = self._door.cookies.write(self._door.cookies.login, str(pending), _PENDING_LASTS)
        return lead_to(write_login_address(self._client, pending.state, pending.verifier), [cookie])

    async def take_code(self, request: Request) -> Response:
        """GET /login/callback: GitHub sent the person back."""
        given = request.query_params
        pending = _read_pending(request.cookies.get(self._door.cookies.login, ""))
        if not self._door.has_github or pending is None or not is_same(given.get("state", ""), pending.state):
            return self._show("This login did not begin in this browser, or took too long. Sign in again.", status=400)
        code = given.get("code", "")
        if not code or len(code) > _LONGEST_CODE or "error" in given:
            return self._show("You did not sign in: GitHub sent no permission.", pending.path, HTTPStatus.FORBIDDEN)
        try:
            self._door.check_tries(request)
            person = await self._read_person(code, pending.verifier)
        except RefusedError as error:
            return self._show(f"Not signed in: {error}.", pending.path, error.status, wait=error.wait)
        except (LoginError, TrackerError) as error:
            self._door.note_try(request)
            return self._refuse(error, pending.path)
        return await self._begin(request, person, pending.path)

    async def _read_person(self, code: str, verifier: str) -> Person:
        """Ask GitHub, for a few people at a time: anybody can send a made-up code, and each takes a thread."""
        async with self._turns:
            return await run_in_threadpool(read_person, self._client, code, verifier)

    def _refuse(self, error: LoginError | TrackerError, path: str) -> Response:
        """What went wrong at GitHub: the log says it; advice about the server is for its operator alone."""
        logger.warning("login: %s", error)
        if isinstance(error, TrackerError):
            return self._show("GitHub did not answer as expected. Try again later.", path, HTTPStatus.BAD_GATEWAY)
        if error.is_ours:
            message = "GitHub refuses this server. Its log says why; ask the operator of Signpost."
            return self._show(message, path, HTTPStatus.BAD_GATEWAY)
        return self._show(f"{error}.", path, HTTPStatus.FORBIDDEN)

    async def _begin(self, request: Request, person: Person | None, path: str) -> Response:
        """Always a new id: one that somebody planted in the browser must not become that of a session."""
        door = self._door
        await door.sessions.end(request.cookies.get(door.cookies.session, ""))
        number = await door.sessions.begin(person, door.now())
        logger.info("login: %s", "the operator" if person is None else person.login)
        cookies = [door.cookies.write(door.cookies.session, number, LASTS), door.cookies.delete(door.cookies.login)]
        return lead_to(f"{self._base}{path}", cookies)

    async def leave(self, request: Request) -> Response:
        """POST /logout."""
        access, form = await self._door.find_access(request), await read_form(request)
        if access is None:
            return lead_to(f"{self._base}/login")
        check_form(access, request, form)
        await self._door.sessions.end(request.cookies.get(self._door.cookies.session, ""))
        return lead_to(f"{self._base}/login", [self._door.cookies.delete(self._door.cookies.session)])

    def _show(self, message: str, path: str = "/repositories", status: int = HTTPStatus.OK, wait: int = 0) -> Response:
        values: Mapping[str, object] = {
            "base": self._base,
            "access": None,
            "message": message,
            "next": path,
            "has_github": self._door.has_github,
            "has_token": self._door.has_token,
        }
        cookies = [self._door.cookies.delete(self._door.cookies.login)] if message else []
        response = show_page("login.html.j2", values, status, cookies)
        if wait:
            response.headers["retry-after"] = str(wait)
        return response
