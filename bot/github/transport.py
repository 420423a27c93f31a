"""Requests to GitHub, one after the other: repeated where that is safe, with the waits that GitHub asks for.

The only module that imports PyGithub, whose requester does the talking. Its objects are not used, because they complete
themselves with a GET of their own wherever an attribute is missing; its retry is not, because it repeats a POST (a
second comment) and sleeps for as long as Retry-After says. `Wire` does that part.
"""

import logging
import math
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import requests
from github import Auth, Github
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.errors import BudgetSpentError, TrackerError
from bot.github.responses import (
    Answer,
    Credential,
    Json,
    Lost,
    Tolerate,
    decide_retry,
    explain_failure,
    find_next_page,
    find_redirect,
    is_unchanged,
    require_json,
    tolerate_nothing,
)

logger = logging.getLogger("signpost")

API_VERSION = "2022-11-28"
"""The version before the breaking changes of 2026-03-10; GitHub Enterprise Server knows it too."""

_CLOUD = re.compile(r"api\.github\.com|api\.[\w-]+\.ghe\.com", re.ASCII)
_MOST_REDIRECTS = 3
_MOST_PAGES = 100
"""Pages of one list: an issue has at most 2,500 comments, 100 a page."""


class Send(Protocol):
    """Sends one request, once, and returns the outcome; never raises for a failure of the network."""

    def __call__(self, verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
        """Send `body` as JSON; `path` is below the API's own address, or a whole address of the same host.

        With an `etag`, GitHub answers 304 if nothing has changed (RFC 9110, 13.1.2).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often to wait for GitHub.

    `max_wait`: the total seconds of waiting for one request; `tries`: the maximum number of times to send a read;
    `between_writes`: seconds from one write to the next; `answer`: the deadline of one answer, in seconds; `run`: the
    seconds, and `requests`: the number of requests, after which none is sent any more.
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
    """

    max_wait: float = 60.0
    tries: int = 4
    between_writes: float = 1.0
    answer: float = 60.0
    run: float = math.inf
    requests: float = math.inf


class Allowance:
    """Sends requests until their number reaches a limit; repeated requests count, too."""

    def __init__(self, send: Send, transport: "Transport", most: float) -> None:
        self._send = send
        self._transport = transport
        self._most = most

    def __call__(self, verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
        """Send one request; raises BudgetSpentError."""
        if self._transport.requests >= self._most:
            raise BudgetSpentError(f"The budget of {self._most:,} requests is spent.")
        return self._send(verb, path, body, etag)


class Pace:
    """Lets one write go after the other; threads share it."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._next_write = 0.0

    @contextmanager
    def take_turn(self, seconds: float, sleep: Callable[[float], None]) -> Iterator[None]:
        """Wait until the last write and its pause are over; `seconds` is the pause after this write."""
        with self._turn:
            early = self._next_write - time.monotonic()
            if early > 0:
                sleep(early)
            try:
                yield
            finally:
                self._next_write = time.monotonic() + seconds


FindPace = Callable[[str], Pace]
"""The pace of the writes to an address."""


class _Request(NamedTuple):
    """One request; `etag` is that of an earlier answer."""

    verb: str
    path: str
    body: object = None
    etag: str = ""


class Wire:
    """GitHub's JSON for a request, or a `TrackerError` that says what went wrong; never anything else.

    `what` completes "Could not …" in the error. An answer that `tolerate` accepts gives None instead of an error.
    """

    def __init__(
        self,
        send: Send,
        *,
        credential: Credential,
        patience: Patience,
        sleep: Callable[[float], None] = time.sleep,
        find_pace: FindPace | None = None,
    ) -> None:
        self._send = send
        self._credential = credential
        self._patience = patience
        self._sleep = sleep
        own_pace = Pace()
        self._find_pace = find_pace or (lambda _: own_pace)
        self._ends_at = time.monotonic() + patience.run

    @property
    def has_token(self) -> bool:
        """Whether its requests have a token."""
        return bool(self._credential.token)

    def read(self, what: str, path: str, tolerate: Tolerate = tolerate_nothing) -> Json:
        """GET one thing."""
        return self._request(what, _Request("GET", path), is_read=True, tolerate=tolerate)[0]

    def read_page(self, what: str, path: str, etag: str) -> tuple[list[Json], Answer] | None:
        """GET one page of a list, and its whole answer; None if it is unchanged since that ETag."""
        page, answer = self._request(what, _Request("GET", path, etag=etag), is_read=True, tolerate=is_unchanged)
        return None if is_unchanged(answer) else (self._require_list(what, page), answer)

    def read_pages(self, what: str, path: str) -> Iterator[Json]:
        """GET the entries of a list, page by page as they are asked for, by the links that GitHub gives.

        A list that leads back to one of its pages, or does not end, is an error.
        """
        following: str | None = path
        asked = set[str]()
        while following:
            if following in asked or len(asked) == _MOST_PAGES:
                reason = f"GitHub's list leads back to one of its pages, or has more than {_MOST_PAGES}"
                raise self._fail(what, Lost(reason=reason, was_sent=True), is_read=True)
            asked.add(following)
            page, answer = self._request(what, _Request("GET", following), is_read=True)
            yield from self._require_list(what, page)
            following = find_next_page(answer)

    def _require_list(self, what: str, page: Json) -> list[Json]:
        if not isinstance(page, list):
            raise self._fail(what, Lost(reason="GitHub's answer is not a list", was_sent=True), is_read=True)
        return page

    def query(
        self, what: str, address: str, body: object, tolerate: Tolerate, *, is_repeated: bool = True
    ) -> tuple[Json, Answer]:
        """POST a GraphQL query, which only reads, so it may be repeated.

        Also returns the whole answer, which shows what was tolerated. If it is not `is_repeated`, it is sent again only
        after a rate limit, because the caller will ask for less at once.
        """
        request = _Request("POST", address, body)
        return self._request(what, request, is_read=True, is_repeated=is_repeated, tolerate=tolerate)

    def ask_page(
        self, what: str, path: str, etag: str, tolerate: Tolerate, *, is_repeated: bool
    ) -> tuple[Json, Answer]:
        """GET something with the ETag of an earlier answer; also returns the whole answer (304: unchanged).

        If it is not `is_repeated`, it is sent again only after a rate limit.
        """

        def tolerate_more(answer: Answer) -> bool:
            return is_unchanged(answer) or tolerate(answer)

        request = _Request("GET", path, etag=etag)
        return self._request(what, request, is_read=True, is_repeated=is_repeated, tolerate=tolerate_more)

    def find_etag(self, what: str, path: str, etag: str) -> str | None:
        """GET an address for its ETag, "" if it has none; None if it is unchanged since that ETag."""
        _, answer = self._request(what, _Request("GET", path, etag=etag), is_read=True, tolerate=is_unchanged)
        return None if is_unchanged(answer) else answer.headers.get("etag", "")

    def write(
        self, what: str, verb: str, path: str, body: object = None, tolerate: Tolerate = tolerate_nothing
    ) -> Json:
        """Send a write, with a pause after the last one; None if GitHub answers without content."""
        with self._find_pace(path).take_turn(self._patience.between_writes, self._sleep):
            return self._request(what, _Request(verb, path, body), is_read=False, tolerate=tolerate)[0]

    def _request(
        self,
        what: str,
        request: _Request,
        *,
        is_read: bool,
        is_repeated: bool = True,
        tolerate: Tolerate = tolerate_nothing,
    ) -> tuple[Json, Answer]:
        if self._find_time_left() <= 0:
            over = "was given up" if self._credential.is_closed else f"has taken {self._patience.run:g} s"
            reason = f"the run {over}, and asks nothing more of GitHub"
            raise TrackerError(f"Could not {what}: {reason}. Try again later.")
        outcome = self._send_patiently(request, is_read=is_read and is_repeated)
        if isinstance(outcome, Lost):
            raise self._fail(what, outcome, is_read=is_read)
        if outcome.is_success or tolerate(outcome):
            return (outcome.json() if outcome.is_success and outcome.text else None), outcome
        raise self._fail(what, outcome, is_read=is_read)

    def _send_patiently(self, request: _Request, *, is_read: bool) -> Answer | Lost:
        left, tries = self._patience.max_wait, 1
        outcome = self._send_along(request)
        while wait := decide_retry(
            outcome,
            is_read=is_read,
            tries=tries,
            most_tries=self._patience.tries,
            patience=min(left, self._find_time_left()),
            now=time.time(),
        ):
            logger.warning("waiting %g s: %s", round(wait.seconds, 1), self._credential.mask(wait.why))
            self._sleep(wait.seconds)
            left, tries = left - wait.seconds, tries + 1
            outcome = self._send_along(request)
        return outcome

    def _find_time_left(self) -> float:
        return -math.inf if self._credential.is_closed else self._ends_at - time.monotonic()

    def _send_along(self, request: _Request) -> Answer | Lost:
        """Follow the temporary redirects of a renamed repository: nothing was done at the old address.

        PyGithub itself follows 301, and asks no other host than ours.
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        """
        outcome = require_json(self._send(*request))
        for _ in range(_MOST_REDIRECTS):
            if not (location := find_redirect(outcome)):
                break
            outcome = require_json(self._send(*request._replace(path=location)))
        return outcome

    def _fail(self, what: str, outcome: Answer | Lost, *, is_read: bool) -> TrackerError:
        error = explain_failure(what, outcome, is_read=is_read, now=time.time())
        error.args = (self._credential.mask(str(error)),)
        return error


class Transport:
    """Sends one request through PyGithub, and returns an `Answer` or a `Lost`."""

    def __init__(self, credential: Credential, base_url: str, timeout: int, deadline: float) -> None:
        self._deadline = deadline
        self.credential = credential
        self.has_token = bool(credential.token)
        self.is_user = self.has_token and not str(credential.token).startswith("ghs_")
        address = urlsplit(base_url)
        self._requester = Github(
            auth=_Authorization(credential) if credential.token else None,
            base_url=base_url,
            timeout=timeout,
            user_agent="signpost",
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
        ).requester
        self.is_cloud = _CLOUD.fullmatch(str(address.hostname)) is not None
        self._adapter = _CountingAdapter()

        def make_connection() -> HTTPRequestsConnectionClass | HTTPSRequestsConnectionClass:
            is_plain = address.scheme == "http"
            connection_class = HTTPRequestsConnectionClass if is_plain else HTTPSRequestsConnectionClass
            connection = connection_class(str(address.hostname), address.port, timeout=timeout)
            connection.session.mount(f"{address.scheme}://", self._adapter)
            return connection

        self._make_connection = make_connection
        self._connection = make_connection()

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._adapter.sent

    @property
    def graphql_url(self) -> str:
        """https://api.github.com/graphql, or https://HOST/api/graphql of a GitHub Enterprise Server."""
        return self._requester.graphql_url

    def __call__(self, verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
        """Send one request, once; see `Send`.

        The timeout of `requests` applies to each byte. So a thread sends, and is abandoned after the deadline.
        """
        done = Future[Answer | Lost]()
        threading.Thread(target=self._fulfil, args=(done, verb, path, body, etag), daemon=True).start()
        try:
            return done.result(self._deadline)
        except TimeoutError:
            self._connection = self._make_connection()
            return Lost(reason=f"GitHub's answer was not complete within {self._deadline:g} s", was_sent=True)

    def _fulfil(self, done: "Future[Answer | Lost]", verb: str, path: str, body: object, etag: str) -> None:
        try:
            done.set_result(self._send(verb, path, body, etag))
        except BaseException as error:  # noqa: BLE001 - the waiting thread raises it
            done.set_exception(error)

    def _send(self, verb: str, path: str, body: object, etag: str) -> Answer | Lost:
        known = {"If-None-Match": etag} if etag else None
        try:
            status, headers, text = self._requester.requestJson(verb, path, None, known, body, self._connection)
        except requests.Timeout as error:
            return Lost(reason="GitHub did not answer in time", was_sent=not isinstance(error, requests.ConnectTimeout))
        except requests.TooManyRedirects:
            return Lost(reason="GitHub redirects too often", was_sent=False)
        except requests.ConnectionError as error:
            return _describe_lost_connection(error)
        except requests.RequestException:
            return Lost(reason="GitHub's answer was cut off", was_sent=True)
        except (AssertionError, RuntimeError, ValueError):
            # PyGithub asserts hosts and ports, and refuses a redirect to another host.
            return Lost(reason=f"{self._requester.base_url} is not the address that GitHub uses itself", was_sent=False)
        return Answer(status=status, headers=headers, text=text)


class _Authorization(Auth.Auth):  # PyGithub's own kinds keep one token for ever
    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    @property
    def token_type(self) -> str:
        return self._credential.kind

    @property
    def token(self) -> str:
        return str(self._credential.token)


class _CountingAdapter(HTTPAdapter):
    """requests' own adapter, which sends once, and counts.

    PyGithub follows a 301, and repeats a GET that is answered with 202, without a limit. All that is one thread's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent = 0
        self._thread = threading.local()

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - handed on as they are
        self.sent += 1
        self._thread.sent = getattr(self._thread, "sent", 0) + 1
        if self._thread.sent > _MOST_REDIRECTS + 1:
            raise requests.TooManyRedirects
        return super().send(*args, **kwargs)


def _describe_lost_connection(error: requests.ConnectionError) -> Lost:
    """A connection that was never made carried no request; one that broke may have."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, NewConnectionError | ConnectTimeoutError) or isinstance(error, requests.exceptions.SSLError):
        return Lost(reason="GitHub cannot be reached", was_sent=False)
    return Lost(reason="the connection broke before GitHub answered", was_sent=True)
