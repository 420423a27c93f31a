"""A GitHub App: its identity, installations and their tokens, and the deliveries of its webhook."""

import logging
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TypeGuard, TypeVar
from urllib.parse import quote

import jwt
from pydantic import TypeAdapter, ValidationError

from bot.errors import SettingsError, TrackerError
from bot.github.client import GitHubTracker, make_tracker, open_transport
from bot.github.own_issues import write_repository_path
from bot.github.responses import (
    Answer,
    Credential,
    Json,
    Lost,
    Tolerate,
    find_limit,
    find_next_page,
    find_pause,
    is_forbidden,
    is_missing,
    is_refused,
    is_unauthorised,
    shorten,
    tolerate_nothing,
)
from bot.github.transport import Pace, Patience, Send, Transport, Wire
from bot.tracker.app import AppCredentials, AppIdentity, AppRepository, Attempt, Installation

logger = logging.getLogger("signpost")

PATIENCE = Patience(max_wait=10.0)
"""A worker must not wait long for GitHub: others need it meanwhile, and the delivery is handled later."""

_DRIFT = 60
"""Seconds that the clocks of this machine and of GitHub may differ without any effect."""
_JWT_SECONDS = 540
"""GitHub allows ten minutes from its own time on."""
_RENEWAL = 300
"""Seconds before its end in which the token of an installation is not used any more."""
_MOST_PAGES = 500

_REPOSITORY = re.compile(r"/repos/[^/]+/[^/]+")
_Parsed = TypeVar("_Parsed")


class InstallationGoneError(TrackerError):
    """The App has no access any more: the installation was removed, or is suspended (`is_suspended`)."""

    def __init__(self, message: str, *, is_suspended: bool) -> None:
        super().__init__(message, missing=True)
        self.is_suspended = is_suspended


_CHECK = "Check that SIGNPOST_APP_ID and the private key belong to the same App"


class App:
    """GitHub as the App sees it. Threads may share it. Each method raises only TrackerError.

    `key` is its private key as PEM, `api_url` is GITHUB_API_URL. Raises SettingsError for an invalid key or address.
    """

    def __init__(
        self,
        app_id: int,
        key: str,
        api_url: str,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._signer = _Signer(app_id, key, now)
        self._api_url = api_url
        self._sleep = sleep
        self._lock = Lock()
        self._sessions: dict[int, _Session] = {}
        self._paces: dict[str, Pace] = {}
        self._open_wire()

    def read_identity(self) -> AppIdentity:
        """Who the App is, and what it may do. A rate limit is an error with `unanswered`, too."""
        what = "read the App"
        try:
            found, answer = self._open_wire().ask_page(what, "/app", "", _is_limited, is_repeated=True)
        except TrackerError as error:
            if not error.missing:
                raise
            message = f"{self._api_url} knows no such App (404). {_CHECK}, and check GITHUB_API_URL."
            raise TrackerError(message, missing=True) from error
        _check_limit(what, answer)
        return _parse(what, AppIdentity, found)

    def connect(
        self, installation: int, *, most_seconds: float = math.inf, most_requests: float = math.inf
    ) -> GitHubTracker:
        """A tracker with a token of the installation, which is renewed when GitHub does not accept it any more.

        After `most_seconds` or `most_requests` it sends nothing any more. Each tracker is for one thread. All trackers
        wait for each other's writes to a repository, and those of an installation send nothing while its rate limit is
        spent. Raises InstallationGoneError, as later requests may do.
        """
        session = self._find_session(installation)
        patience = replace(PATIENCE, run=most_seconds, requests=most_requests)
        transport = open_transport(Credential(session.read()), self._api_url, patience)
        return make_tracker(session.guard(transport), transport, patience, self._sleep, find_pace=self._find_pace)

    def list_installations(self) -> tuple[Installation, ...]:
        """All installations of the App, suspended ones too."""
        what = "read the installations of the App"
        pages = _read_pages(what, self._open_wire(), "/app/installations?per_page=100")
        return tuple(found for page in pages for found in _parse(what, tuple[Installation, ...], page))

    def list_repositories(self, installation: int) -> tuple[AppRepository, ...]:
        """The repositories that an installation may use. Raises InstallationGoneError."""
        what = f"read the repositories of installation {installation}"
        session = self._find_session(installation)
        transport = open_transport(Credential(session.read()), self._api_url, PATIENCE)
        wire = Wire(session.guard(transport), credential=transport.credential, patience=PATIENCE, sleep=self._sleep)
        pages = _read_pages(what, wire, "/installation/repositories?per_page=100")
        return tuple(found for page in pages for found in _parse(what, _Repositories, page).repositories)

    def find_installation(self, repository: str) -> int | None:
        """The installation that may use a repository (owner/name); None without one."""
        what = f"find the installation for {repository}"
        path = f"{write_repository_path(repository)}/installation"
        found = self._open_wire().read(what, path, tolerate=is_missing)
        return None if found is None else _parse(what, Installation, found).id

    def list_deliveries(self, since: datetime) -> tuple[Attempt, ...] | None:
        """The attempts since then, the newest first; None where this GitHub does not list them.

        GitHub keeps them for three days.
        https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
        """
        what, attempts = "read the deliveries of the App", list[Attempt]()
        for page in _read_pages(what, self._open_wire(), "/app/hook/deliveries?per_page=100", is_refused):
            if page is None:
                return None
            attempts += _parse(what, tuple[Attempt, ...], page)
            if attempts and attempts[-1].delivered_at < since:
                break
        return tuple(attempt for attempt in attempts if attempt.delivered_at >= since)

    def redeliver(self, delivery_id: int) -> None:
        """Let GitHub repeat an attempt, with a pause of a second between two of these."""
        path = f"/app/hook/deliveries/{delivery_id}/attempts"
        self._open_wire().write(f"redeliver the webhook delivery {delivery_id}", "POST", path)

    def wait_seconds(self, installation: int) -> float:
        """For how many seconds GitHub's rate limit for the installation is spent; 0 if requests may be sent."""
        return self._find_session(installation).wait_seconds

    def _open_wire(self) -> Wire:
        """For requests of the App itself: a connection is not for two threads, so each call gets a new one."""
        transport = open_transport(Credential(self._signer.read(), "Bearer"), self._api_url, PATIENCE)
        return Wire(
            self._signer.guard(transport),
            credential=transport.credential,
            patience=PATIENCE,
            sleep=self._sleep,
            find_pace=self._find_pace,
        )

    def _find_session(self, installation: int) -> "_Session":
        with self._lock:
            if installation not in self._sessions:
                self._sessions[installation] = _Session(lambda: self._make_token(installation), self._signer.read_clock)
            return self._sessions[installation]

    def _find_pace(self, path: str) -> Pace:
        found = _REPOSITORY.match(path)
        with self._lock:
            return self._paces.setdefault(found[0].casefold() if found else "", Pace())

    def _make_token(self, installation: int) -> "_Token":
        """https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app.

        It is a POST that may be repeated: another token does no harm.
        """
        what, path = f"get a token for installation {installation}", f"/app/installations/{installation}/access_tokens"
        found, answer = self._open_wire().query(what, path, {}, tolerate=lambda it: _is_gone(it) or _is_limited(it))
        _check_limit(what, answer)
        if not answer.is_success:
            is_suspended = is_forbidden(answer)
            state = "is suspended" if is_suspended else "was removed"
            message = f"Could not {what}: the installation {state}; its owner can undo that."
            raise InstallationGoneError(message, is_suspended=is_suspended)
        return _parse(what, _Token, found)


def convert_manifest(code: str, api_url: str) -> AppCredentials:
    """Exchange the code of GitHub's manifest flow for the App and its secrets; once, and within an hour.

    https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest
    """
    what = "get the new App from GitHub"
    transport = open_transport(Credential(None), api_url, PATIENCE)
    wire = Wire(transport, credential=transport.credential, patience=PATIENCE)
    found = wire.write(what, "POST", f"/app-manifests/{quote(code, safe='')}/conversions", tolerate=is_missing)
    if found is None:
        raise TrackerError(f"Could not {what}: its code was used before, or is older than an hour. Start again.")
    return _parse(what, AppCredentials, found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Repositories:
    repositories: tuple[AppRepository, ...]


class _Signer:
    """Makes JWTs for the App.

    https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
    """

    def __init__(self, app_id: int, key: str, now: Callable[[], float]) -> None:
        self._app_id = app_id
        self._key = key
        self._now = now
        self._lock = Lock()
        self._skew = 0.0
        self._token = ""
        self._fresh_until = 0.0
        try:
            self.read()
        except (ValueError, TypeError, jwt.PyJWTError):
            message = (
                "the App's private key is not an RSA key in PEM; set SIGNPOST_PRIVATE_KEY_FILE to GitHub's .pem file"
            )
            raise SettingsError(message) from None

    def read_clock(self) -> float:
        """GitHub's time as far as it is known, in seconds since 1970."""
        return self._now() + self._skew

    def read(self) -> str:
        """A JWT that GitHub accepts for at least a minute more."""
        with self._lock:
            now = self.read_clock()
            if now >= self._fresh_until:
                claims = {"iat": int(now) - _DRIFT, "exp": int(now) + _JWT_SECONDS, "iss": str(self._app_id)}
                self._token = jwt.encode(claims, self._key, algorithm="RS256")
                self._fresh_until = now + _JWT_SECONDS - _DRIFT
            return self._token

    def guard(self, transport: Transport) -> Send:
        """Send requests with a JWT. If GitHub rejects it, try a new one that is made by GitHub's clock.

        octokit/auth-app.js does the same.
        """

        def send(verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
            transport.credential.token = self.read()
            outcome = transport(verb, path, body, etag)
            if _is_rejected(outcome):
                self._follow_clock(outcome)
                transport.credential.token = self.read()
                outcome = transport(verb, path, body, etag)
            if _is_rejected(outcome):
                raise TrackerError(self._explain(outcome))
            return outcome

        return send

    def _follow_clock(self, answer: Answer) -> None:
        """Make the next JWT by GitHub's time. The clock of this machine may also have jumped since the last one."""
        with suppress(ValueError):
            skew = parsedate_to_datetime(answer.headers.get("date", "")).timestamp() - self._now()
            if abs(skew - self._skew) > _DRIFT / 2:
                self._skew = skew
                logger.warning("the clock of this machine differs from GitHub's by %d s; set it", round(skew))
        with self._lock:
            self._fresh_until = 0.0

    def _explain(self, answer: Answer) -> str:
        message = f"GitHub rejects the App's signature (401: {shorten(answer.message())})."
        if self._skew:
            side = "behind" if self._skew > 0 else "ahead of"
            message += f" The clock of this machine is {abs(round(self._skew))} s {side} GitHub's; set it."
        return f"{message} {_CHECK}."


class _Session:
    """What the trackers of an installation share: its token, and how long its rate limit is spent."""

    def __init__(self, make_token: Callable[[], _Token], read_clock: Callable[[], float]) -> None:
        self._make_token = make_token
        self._read_clock = read_clock
        self._lock = Lock()
        self._token = ""
        self._fresh_until = 0.0
        self._limited_until = 0.0

    @property
    def wait_seconds(self) -> float:
        return max(0.0, self._limited_until - self._read_clock())

    def read(self, rejected: str = "") -> str:
        """The token, a new one if it ends soon or is the one that GitHub rejected; one thread asks for all."""
        with self._lock:
            if self._token == rejected or self._read_clock() >= self._fresh_until:
                made = self._make_token()
                self._token, self._fresh_until = made.token, made.expires_at.timestamp() - _RENEWAL
            return self._token

    def guard(self, transport: Transport) -> Send:
        """Send requests with the token. If GitHub rejects it, nothing was done, and they are sent with a new one."""

        def send(verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
            self._check_limit()
            transport.credential.token = self.read()
            outcome = transport(verb, path, body, etag)
            if _is_rejected(outcome):
                transport.credential.token = self.read(rejected=transport.credential.token)
                outcome = transport(verb, path, body, etag)
            if isinstance(outcome, Answer) and (pause := find_pause(outcome, self._read_clock())):
                self._limited_until = max(self._limited_until, self._read_clock() + pause)
            return outcome

        return send

    def _check_limit(self) -> None:
        """Requests during a limit may get an App banned.

        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
        """
        if self.wait_seconds:
            until = datetime.fromtimestamp(self._limited_until, UTC)
            raise TrackerError(f"GitHub's rate limit for this installation is spent until {until:%H:%M:%S} UTC.")


def _is_rejected(outcome: Answer | Lost) -> TypeGuard[Answer]:
    return isinstance(outcome, Answer) and is_unauthorised(outcome)


def _is_limited(answer: Answer) -> bool:
    return find_limit(answer, now=0) is not None


def _check_limit(what: str, answer: Answer) -> None:
    """Raises TrackerError for a rate limit of the App itself. It ends within the hour, so GitHub may answer later."""
    if _is_limited(answer):
        raise TrackerError(f"Could not {what}: GitHub's rate limit for the App is spent.", unanswered=True)


def _is_gone(answer: Answer) -> bool:
    return is_missing(answer) or is_forbidden(answer)


def _read_pages(what: str, wire: Wire, path: str, tolerate: Tolerate = tolerate_nothing) -> Iterator[Json]:
    """Page after page; None where GitHub refuses in a way that is tolerated."""
    for _ in range(_MOST_PAGES):
        page, answer = wire.ask_page(what, path, "", tolerate, is_repeated=True)
        yield page
        following = find_next_page(answer)
        if following is None:
            return
        path = following
    logger.warning("could not %s completely: only the first %d pages were read", what, _MOST_PAGES)


def _parse(what: str, kind: type[_Parsed], found: Json) -> _Parsed:
    try:
        return TypeAdapter(kind).validate_python(found)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_input=False)[0]["loc"]))
        message = f"Could not {what}: GitHub's answer is unexpected; {place or 'it'} is missing or invalid."
        raise TrackerError(message, unanswered=True) from None
