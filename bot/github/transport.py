"""One request to GitHub after the other: asks again where that is safe, waits where it must, and says so."""

import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple, Protocol

from bot.errors import TrackerError
from bot.github.responses import Answer, Json, Lost, decide_retry, explain_failure, redact

logger = logging.getLogger("signpost")

_NEXT_PAGE = re.compile(r'<([^>]+)>\s*;[^,]*rel="?next"?')
_TEMPORARY_REDIRECTS = frozenset({302, 307, 308})
_MOST_REDIRECTS = 3


class Send(Protocol):
    """Sends one request, once, and gives what came back; never raises for a failure of the network."""

    def __call__(self, verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
        """Send `body` as JSON; `path` is below the API's own address, or a whole address of the same host.

        With an `etag`, GitHub answers 304 where nothing has changed (RFC 9110, 13.1.2).
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How to bear with GitHub.

    `max_wait`: seconds of waiting for one request, in all; `tries`: how often a read is sent at most;
    `between_writes`: seconds from one write to the next.
    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
    """

    max_wait: float = 60.0
    tries: int = 4
    between_writes: float = 1.0


def _nothing(_: Answer) -> bool:
    return False


def _is_unchanged(answer: Answer) -> bool:
    return answer.status == HTTPStatus.NOT_MODIFIED


class _Request(NamedTuple):
    """One request; `etag` is that of the answer which is known already."""

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

    def read(self, what: str, path: str, tolerate: Callable[[Answer], bool] = _nothing) -> Json:
        """GET one thing."""
        return self._ask(what, _Request("GET", path), is_read=True, tolerate=tolerate)[0]

    def read_page(self, what: str, path: str, etag: str) -> tuple[list[Json], Answer] | None:
        """GET one page of a list, and the answer that it came with; None where it is as it was with that ETag."""
        page, answer = self._ask(what, _Request("GET", path, etag=etag), is_read=True, tolerate=_is_unchanged)
        if answer.status == HTTPStatus.NOT_MODIFIED:
            return None
        return self._require_list(what, page), answer

    def read_pages(self, what: str, path: str) -> Iterator[Json]:
        """GET the entries of a list, page by page as they are asked for, by the links that GitHub gives."""
        following: str | None = path
        while following:
            page, answer = self._ask(what, _Request("GET", following), is_read=True)
            yield from self._require_list(what, page)
            link = _NEXT_PAGE.search(answer.headers.get("link", ""))
            following = link[1] if link else None

    def _require_list(self, what: str, page: Json) -> list[Json]:
        if not isinstance(page, list):
            raise self._fail(what, Lost(reason="GitHub's answer is not a list", was_sent=True), is_read=True)
        return page

    def query(self, what: str, address: str, body: object, tolerate: Callable[[Answer], bool] = _nothing) -> Json:
        """POST a GraphQL query, which only reads, so that it may be repeated."""
        return self.query_whole(what, address, body, tolerate)[0]

    def query_whole(
        self, what: str, address: str, body: object, tolerate: Callable[[Answer], bool] = _nothing
    ) -> tuple[Json, Answer]:
        """POST a GraphQL query, and give the answer around its JSON, too: it tells what was tolerated."""
        return self._ask(what, _Request("POST", address, body), is_read=True, tolerate=tolerate)

    def find_etag(self, what: str, path: str, etag: str) -> str | None:
        """GET something for its ETag, "" where it has none; None where it is as it was with that ETag."""
        _, answer = self._ask(what, _Request("GET", path, etag=etag), is_read=True, tolerate=_is_unchanged)
        return None if _is_unchanged(answer) else answer.headers.get("etag", "")

    def write(
        self, what: str, verb: str, path: str, body: object = None, tolerate: Callable[[Answer], bool] = _nothing
    ) -> Json:
        """Change something, a moment after the last change; None where GitHub answers without content."""
        early = self._next_write - time.monotonic()
        if early > 0:
            self._sleep(early)
        try:
            return self._ask(what, _Request(verb, path, body), is_read=False, tolerate=tolerate)[0]
        finally:
            self._next_write = time.monotonic() + self._patience.between_writes

    def _ask(
        self, what: str, request: _Request, *, is_read: bool, tolerate: Callable[[Answer], bool] = _nothing
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
    """A success that is no JSON (a truncated answer, a proxy's page) is no success."""
    if isinstance(outcome, Lost) or not (outcome.is_success and outcome.text):
        return outcome
    try:
        outcome.json()
    except ValueError:
        return Lost(reason="GitHub's answer was cut off, or is not JSON", was_sent=True)
    return outcome
