"""Who may see and do what on the pages: sessions, their cookies, and the limit of tries."""

import hmac
import json
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

from bot.errors import SignpostError
from bot.server.inbox.types import Inbox
from bot.server.pages.person import Person
from bot.server.settings import ServerSettings

LASTS = timedelta(hours=1)
"""How long a session lasts. A role that somebody lost on GitHub works on the pages until the session ends."""

MOST_TRIES = 10
"""Logins that fail from one address within `TRIES_LAST`."""
TRIES_LAST = timedelta(minutes=10)
_MOST_ADDRESSES = 10_000

_PREFIX = "session/"
_ID = re.compile(r"[\w-]{43}", re.ASCII)
_NETWORK = 64
"""Bits of an IPv6 address that belong to one customer (RFC 6177)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What somebody may see and do.

    `repositories` are the ids of those that the person may triage, and whether the person may also write there; None is
    the operator, who may everything. `csrf` is the token that each form of this session must send, "" for a script with
    the page token, which no other site can make a browser send.
    """

    login: str
    repositories: Mapping[int, bool] | None
    csrf: str = ""
    is_complete: bool = True

    @property
    def is_operator(self) -> bool:
        """Whether this is the person with the page token."""
        return self.repositories is None

    def may_see(self, repository: int) -> bool:
        """Whether the pages of this repository are for this person."""
        return self.repositories is None or repository in self.repositories

    def may_write(self, repository: int) -> bool:
        """Whether this person may let dead deliveries of this repository wait again."""
        return self.repositories is None or self.repositories.get(repository, False)


OPERATOR = Access(login="", repositories=None)


class Sessions:
    """The sessions in the inbox, each under the SHA-256 of its id, which only the browser has.

    A session ends with `LASTS`, with a logout, and with the secret by which it began: the page token of the operator,
    or the client secret of the App.
    """

    def __init__(self, inbox: Inbox, settings: ServerSettings) -> None:
        self._inbox = inbox
        self._settings = settings

    async def begin(self, person: Person | None, now: datetime) -> str:
        """Begin a session and return its id; without a person it is the operator's. Deletes expired sessions."""
        await self._delete_expired(now)
        number = secrets.token_urlsafe(32)
        kept = {
            "login": person.login if person else "",
            "repositories": {str(key): value for key, value in person.repositories.items()} if person else None,
            "is_complete": person.is_complete if person else True,
            "until": (now + LASTS).isoformat(),
            "proof": self._sign(number, "session", is_operator=person is None),
        }
        await self._inbox.write_value(_make_key(number), json.dumps(kept, separators=(",", ":")).encode())
        return number

    async def find(self, number: str, now: datetime) -> Access | None:
        """Who has the session of this id; None if there is none, or it has ended."""
        if not _ID.fullmatch(number):
            return None
        kept = await self._inbox.read_value(_make_key(number))
        if kept is None:
            return None
        session = json.loads(kept)
        is_operator = session["repositories"] is None
        proof = self._sign(number, "session", is_operator=is_operator)
        if datetime.fromisoformat(session["until"]) <= now or not proof or not is_same(session["proof"], proof):
            await self.end(number)
            return None
        return Access(
            login=session["login"],
            repositories=None if is_operator else {int(key): value for key, value in session["repositories"].items()},
            csrf=self._sign(number, "form", is_operator=is_operator),
            is_complete=session["is_complete"],
        )

    async def end(self, number: str) -> None:
        """Delete a session."""
        await self._inbox.write_value(_make_key(number), None)

    async def _delete_expired(self, now: datetime) -> None:
        for key, kept in (await self._inbox.list_values(_PREFIX)).items():
            if datetime.fromisoformat(json.loads(kept)["until"]) <= now:
                await self._inbox.write_value(key, None)

    def _sign(self, number: str, use: str, *, is_operator: bool) -> str:
        """What only this server can make of the id of a session; "" without the secret."""
        secret = self._settings.page_token if is_operator else self._settings.client_secret
        if secret is None:
            return ""
        return hmac.digest(secret.get_secret_value().encode(), f"{use} {number}".encode(), "sha256").hex()


def _make_key(number: str) -> str:
    return _PREFIX + sha256(number.encode("utf-8", "replace")).hexdigest()


def is_same(given: str, wanted: str) -> bool:
    """Whether two secrets are the same, compared in constant time."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


class Tries:
    """How often each address failed to sign in. It is in memory only, so each process counts for itself."""

    def __init__(self) -> None:
        self._tries = OrderedDict[str, deque[datetime]]()

    def find_wait(self, address: str, now: datetime) -> int:
        """How many seconds this address must wait until its next try; 0: none."""
        tries = self._tries.get(_name_network(address), ())
        recent = [at for at in tries if at > now - TRIES_LAST]
        return int((recent[-MOST_TRIES] + TRIES_LAST - now).total_seconds()) + 1 if len(recent) >= MOST_TRIES else 0

    def note(self, address: str, now: datetime) -> None:
        """Count a login that failed."""
        network = _name_network(address)
        self._tries.setdefault(network, deque(maxlen=MOST_TRIES)).append(now)
        self._tries.move_to_end(network)
        if len(self._tries) > _MOST_ADDRESSES:
            self._tries.popitem(last=False)


def _name_network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, IPv6Address):
        return f"{int(parsed) >> (128 - _NETWORK):x}"
    return address


class Cookies:
    """The names of our cookies, and how a browser must keep them.

    With `__Host-` a browser takes a cookie from this host over https only (RFC 6265bis, 4.1.3.2).
    """

    def __init__(self, settings: ServerSettings) -> None:
        self._is_secure = settings.url.startswith("https://")
        prefix = "__Host-" if self._is_secure else ""
        self.session, self.login = f"{prefix}signpost", f"{prefix}signpost-login"

    def write(self, name: str, value: str, lasts: timedelta) -> str:
        """The header Set-Cookie. Lax: GitHub sends the browser back to us with a GET."""
        seconds = int(lasts.total_seconds())
        secure = "; Secure" if self._is_secure else ""
        return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"

    def delete(self, name: str) -> str:
        """The header Set-Cookie that deletes it."""
        return self.write(name, "", timedelta())


def is_from_elsewhere(request: Request) -> bool:
    """Whether another site made the browser send this request, as far as the browser says so.

    The header Origin says nothing: with our Referrer-Policy a browser sends `null`.
    """
    return request.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}


class RefusedError(SignpostError):
    """A request that the pages do not answer as asked: the HTTP status, and the seconds to wait before the next."""

    def __init__(self, message: str, status: int, wait: int = 0) -> None:
        super().__init__(message)
        self.status = status
        self.wait = wait


class Door:
    """Lets people and scripts in."""

    def __init__(self, inbox: Inbox, settings: ServerSettings, now: Callable[[], datetime]) -> None:
        self.sessions = Sessions(inbox, settings)
        self.cookies = Cookies(settings)
        self.now = now
        self._settings = settings
        self._tries = Tries()

    @property
    def has_github(self) -> bool:
        """Whether people can sign in with GitHub."""
        return bool(self._settings.client_id and self._settings.client_secret)

    @property
    def has_token(self) -> bool:
        """Whether there is a page token."""
        return self._settings.page_token is not None

    async def find_access(self, request: Request) -> Access | None:
        """What the sender may do; None without a session. Raises RefusedError for a wrong page token."""
        given = request.headers.get("authorization")
        if given is None:
            return await self.sessions.find(request.cookies.get(self.cookies.session, ""), self.now())
        scheme, _, token = given.partition(" ")
        if scheme.casefold() != "bearer":
            raise RefusedError("write the page token as `Authorization: Bearer TOKEN`", HTTPStatus.UNAUTHORIZED)
        self.check_token(request, token.strip())
        return OPERATOR

    def check_token(self, request: Request, token: str) -> None:
        """Return if this is the page token; raises RefusedError if not, or after too many wrong ones."""
        self.check_tries(request)
        wanted = self._settings.page_token
        if wanted is None or not is_same(token, wanted.get_secret_value()):
            self.note_try(request)
            raise RefusedError("the page token is wrong; use the value of SIGNPOST_PAGE_TOKEN", HTTPStatus.UNAUTHORIZED)

    def check_tries(self, request: Request) -> None:
        """Return if the sender may try to sign in; raises RefusedError after too many failures."""
        if wait := self._tries.find_wait(_find_address(request), self.now()):
            message = "too many logins failed from your address; wait before you try again"
            raise RefusedError(message, HTTPStatus.TOO_MANY_REQUESTS, wait)

    def note_try(self, request: Request) -> None:
        """Count a login that failed."""
        self._tries.note(_find_address(request), self.now())


def _find_address(request: Request) -> str:
    return request.client.host if request.client else ""


def check_form(access: Access, request: Request, form: Mapping[str, str]) -> None:
    """Return if the form is from our own page in this session; raises RefusedError if another site made it."""
    if is_from_elsewhere(request) or not is_same(form.get("csrf", ""), access.csrf):
        raise RefusedError("this form is not from your session; load the page again", HTTPStatus.FORBIDDEN)
