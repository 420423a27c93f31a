"""Requests to GitHub, one after the other: repeated where that is safe, with the waits that GitHub asks for.

The only module that imports PyGithub, whose requester does the talking. Its objects are not used, because they complete
themselves with a GET of their own wherever an attribute is missing; its retry is not, because it repeats a POST (a
second comment) and sleeps for as long as Retry-After says. `Wire` does that part.
"""

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import requests
from github import Auth, Github
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from bot.errors import TrackerError
from bot.github.responses import Answer, Json, Lost, decide_retry, explain_failure, redact, tolerate_nothing

logger = logging.getLogger("signpost")

API_VERSION = "2022-11-28"
"""The version before the breaking changes of 2026-03-10; GitHub Enterprise Server knows it too."""

_NEXT_PAGE = re.compile(r'<([^>]+)>\s*;[^,]*rel="?next"?')
_CLOUD = re.compile(r"api\.github\.com|api\.[\w-]+\.ghe\.com", re.ASCII)
_TEMPORARY_REDIRECTS = frozenset({302, 307, 308})
_MOST_REDIRECTS = 3

Tolerate = Callable[[Answer], bool]
"""Whether the caller accepts an answer that is not a success."""


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
    `between_writes`: seconds from one write to the next.
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
    """

    max_wait: float = 60.0
    tries: int = 4
    between_writes: float = 1.0


def _is_unchanged(answer: Answer) -> bool:
    return answer.status == HTTPStatus.NOT_MODIFIED


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
        self, send: Send, *, token: str | None, patience: Patience, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._send = send
        self._token = token
        self._patience = patience
        self._sleep = sleep
        self._next_write = 0.0

    def read(self, what: str, path: str, tolerate: Tolerate = tolerate_nothing) -> Json:
        """GET one thing."""
        return self._request(what, _Request("GET", path), is_read=True, tolerate=tolerate)[0]

    def read_page(self, what: str, path: str, etag: str) -> tuple[list[Json], Answer] | None:
        """GET one page of a list, and its whole answer; None if it is unchanged since that ETag."""
        page, answer = self._request(what, _Request("GET", path, etag=etag), is_read=True, tolerate=_is_unchanged)
        return None if _is_unchanged(answer) else (self._require_list(what, page), answer)

    def read_pages(self, what: str, path: str) -> Iterator[Json]:
        """GET the entries of a list, page by page as they are asked for, by the links that GitHub gives."""
        following: str | None = path
        while following:
            page, answer = self._request(what, _Request("GET", following), is_read=True)
            yield from self._require_list(what, page)
            link = _NEXT_PAGE.search(answer.headers.get("link", ""))
            following = link[1] if link else None

    def _require_list(self, what: str, page: Json) -> list[Json]:
        if not isinstance(page, list):
            raise self._fail(what, Lost(reason="GitHub's answer is not a list", was_sent=True), is_read=True)
        return page

    def query(self, what: str, address: str, body: object, tolerate: Tolerate) -> tuple[Json, Answer]:
        """POST a GraphQL query, which only reads, so it may be repeated.

        Also returns the whole answer, which shows what was tolerated.
        """
        return self._request(what, _Request("POST", address, body), is_read=True, tolerate=tolerate)

    def find_etag(self, what: str, path: str, etag: str) -> str | None:
        """GET an address for its ETag, "" if it has none; None if it is unchanged since that ETag."""
        _, answer = self._request(what, _Request("GET", path, etag=etag), is_read=True, tolerate=_is_unchanged)
        return None if _is_unchanged(answer) else answer.headers.get("etag", "")

    def write(
        self, what: str, verb: str, path: str, body: object = None, tolerate: Tolerate = tolerate_nothing
    ) -> Json:
        """Send a write, with a pause after the last one; None if GitHub answers without content."""
        early = self._next_write - time.monotonic()
        if early > 0:
            self._sleep(early)
        try:
            return self._request(what, _Request(verb, path, body), is_read=False, tolerate=tolerate)[0]
        finally:
            self._next_write = time.monotonic() + self._patience.between_writes

    def _request(
        self, what: str, request: _Request, *, is_read: bool, tolerate: Tolerate = tolerate_nothing
    ) -> tuple[Json, Answer]:
        outcome = self._send_patiently(request, is_read=is_read)
        if isinstance(outcome, Lost):
            raise self._fail(what, outcome, is_read=is_read)
        if outcome.is_success:
            return (outcome.json() if outcome.text else None), outcome
        if tolerate(outcome):
            return None, outcome
        raise self._fail(what, outcome, is_read=is_read)

    def _send_patiently(self, request: _Request, *, is_read: bool) -> Answer | Lost:
        left, tries = self._patience.max_wait, 1
        outcome = self._send_along(request)
        while wait := decide_retry(
            outcome, is_read=is_read, tries=tries, most_tries=self._patience.tries, patience=left, now=time.time()
        ):
            logger.warning("waiting %g s: %s", round(wait.seconds, 1), redact(wait.why, self._token))
            self._sleep(wait.seconds)
            left, tries = left - wait.seconds, tries + 1
            outcome = self._send_along(request)
        return outcome

    def _send_along(self, request: _Request) -> Answer | Lost:
        """Follow the temporary redirects of a renamed repository: nothing was done at the old address.

        PyGithub itself follows 301, and asks no other host than ours.
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
        """
        outcome = _require_json(self._send(*request))
        for _ in range(_MOST_REDIRECTS):
            location = _find_redirect(outcome)
            if not location:
                break
            outcome = _require_json(self._send(*request._replace(path=location)))
        return outcome

    def _fail(self, what: str, outcome: Answer | Lost, *, is_read: bool) -> TrackerError:
        error = explain_failure(what, outcome, is_read=is_read, now=time.time())
        error.args = (redact(str(error), self._token),)
        return error


def _find_redirect(outcome: Answer | Lost) -> str | None:
    if isinstance(outcome, Lost) or outcome.status not in _TEMPORARY_REDIRECTS:
        return None
    return outcome.headers.get("location")


def _require_json(outcome: Answer | Lost) -> Answer | Lost:
    """A success without valid JSON (a truncated answer, a proxy's page) does not count as a success."""
    if isinstance(outcome, Lost) or not (outcome.is_success and outcome.text):
        return outcome
    try:
        outcome.json()
    except ValueError:
        return Lost(reason="GitHub's answer was cut off, or is not JSON", was_sent=True)
    return outcome


class Transport:
    """Sends one request through PyGithub, and returns an `Answer` or a `Lost`."""

    def __init__(self, token: str | None, base_url: str, timeout: int) -> None:
        self.has_token = bool(token)
        self.is_user = bool(token) and not str(token).startswith("ghs_")
        address = urlsplit(base_url)
        self._requester = Github(
            auth=Auth.Token(token) if token else None,
            base_url=base_url,
            timeout=timeout,
            user_agent="signpost",
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            api_version=API_VERSION,
        ).requester
        self.is_cloud = _CLOUD.fullmatch(str(address.hostname)) is not None
        is_plain = address.scheme == "http"
        connection_class = HTTPRequestsConnectionClass if is_plain else HTTPSRequestsConnectionClass
        self._connection = connection_class(str(address.hostname), address.port, timeout=timeout)
        self._adapter = _CountingAdapter()
        self._connection.session.mount(f"{address.scheme}://", self._adapter)

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self._adapter.sent

    @property
    def graphql_url(self) -> str:
        """https://api.github.com/graphql, or https://HOST/api/graphql of a GitHub Enterprise Server."""
        return self._requester.graphql_url

    def __call__(self, verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
        """Send one request, once; see `Send`."""
        known = {"If-None-Match": etag} if etag else None
        try:
            status, headers, text = self._requester.requestJson(verb, path, None, known, body, self._connection)
        except requests.Timeout as error:
            return Lost(reason="GitHub did not answer in time", was_sent=not isinstance(error, requests.ConnectTimeout))
        except requests.ConnectionError as error:
            return _describe_lost_connection(error)
        except requests.RequestException:
            return Lost(reason="GitHub's answer was cut off", was_sent=True)
        except (AssertionError, RuntimeError, ValueError):
            # PyGithub asserts hosts and ports, and refuses a redirect to another host.
            return Lost(reason=f"{self._requester.base_url} is not the address that GitHub uses itself", was_sent=False)
        return Answer(status=status, headers=headers, text=text)


class _CountingAdapter(HTTPAdapter):
    """requests' own adapter, which sends once, and counts."""

    sent = 0

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401 - handed on as they are
        self.sent += 1
        return super().send(*args, **kwargs)


def _describe_lost_connection(error: requests.ConnectionError) -> Lost:
    """A connection that was never made carried no request; one that broke may have."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, NewConnectionError | ConnectTimeoutError) or isinstance(error, requests.exceptions.SSLError):
        return Lost(reason="GitHub cannot be reached", was_sent=False)
    return Lost(reason="the connection broke before GitHub answered", was_sent=True)
