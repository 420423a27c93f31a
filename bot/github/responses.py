"""Answers of GitHub: their pages, when to retry, and errors with advice for maintainers. Pure."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

from bot.errors import SettingsError, TrackerError
from bot.tracker.archive import Cursor, Page

Json: TypeAlias = Any
"""Any JSON value; the reader checks its shape."""

SECONDARY_WAIT = 60
"""Seconds to wait for a secondary limit that names no time. https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""

_TOKEN = re.compile(r"\b(?:gh[opsur]_[A-Za-z0-9._-]{10,}|github_pat_\w{10,})")
_LONGEST_MESSAGE = 300
_LONGEST_LIMIT = 86_400
"""Seconds. GitHub's own limits end within the hour; a proxy may state a time beyond any calendar."""
_SUCCESS = range(200, 300)
_FAULT = range(500, 600)
_FORBIDDEN = 403
_TOO_MANY = 429


@dataclass(slots=True)
class Credential:
    """The token of all requests, None for anonymous ones; it may be replaced between two requests.

    Once it `is_closed`, nothing more is sent with it, by whichever thread.
    `kind` is the word before it. GitHub wants `Bearer` before a JWT.
    https://docs.github.com/en/rest/authentication/authenticating-to-the-rest-api#about-authentication
    """

    token: str | None = field(repr=False)
    kind: Literal["token", "Bearer"] = "token"
    is_closed: bool = False

    def mask(self, text: str) -> str:
        """The text without the token."""
        return redact(text, self.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_success(self) -> bool:
        """GitHub did what was asked."""
        return self.status in _SUCCESS

    @property
    def is_fault(self) -> bool:
        """GitHub, or a proxy before it, failed: the request may have been carried out or not."""
        return self.status in _FAULT

    def json(self) -> Json:
        """The JSON. Raises ValueError for a truncated answer, or one that is not JSON, such as a proxy's page."""
        try:
            return json.loads(self.text)
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None

    def message(self) -> str:
        """The message of GitHub, or "" if the answer has none."""
        try:
            said = self.json()
        except ValueError:
            return ""
        if not isinstance(said, Mapping):
            return ""
        return " ".join([str(said.get("message") or ""), *_describe_errors(said.get("errors"))]).strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """No answer came back, or only a part of one; `was_sent` if GitHub may have carried out the request."""

    reason: str
    was_sent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Retry after this many seconds."""

    seconds: float
    why: str


def _describe_errors(errors: object) -> list[str]:
    """The `errors` of a 422, each `{resource, field, code, message?}` or a bare string."""
    if not isinstance(errors, list):
        return []
    return [
        " ".join(f"({error.get(key)})" for key in ("field", "code", "message") if error.get(key))
        if isinstance(error, Mapping)
        else f"({error})"
        for error in errors
    ]


def find_limit(answer: Answer, now: float) -> Wait | None:
    """How long a rate limit lasts, in seconds from `now` (Unix time); None if the answer is not a rate limit.

    https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
    """
    if answer.status not in {_FORBIDDEN, _TOO_MANY}:
        return None
    retry_after = _read_retry_after(answer, now)
    if answer.headers.get("x-ratelimit-remaining") == "0":
        reset = _read_number(answer.headers.get("x-ratelimit-reset"))
        seconds = SECONDARY_WAIT if reset is None else max(reset - now, 0) + 1
        return Wait(seconds=max(seconds, retry_after or 0), why="rate limit")
    if retry_after is not None:
        return Wait(seconds=retry_after, why="secondary rate limit")
    if answer.status == _TOO_MANY or "rate limit" in answer.message().lower():
        return Wait(seconds=SECONDARY_WAIT, why="secondary rate limit")
    return None


_LIMITS_OF_ALL = frozenset({"core", "graphql"})


def find_pause(answer: Answer, now: float) -> float:
    """Seconds for which no request with this token has a chance: a limit was reached, or its last request was used.

    The limit of search is another one, and blocks only searches.
    """
    is_spent = answer.headers.get("x-ratelimit-remaining") == "0"
    if is_spent and answer.headers.get("x-ratelimit-resource", "core") not in _LIMITS_OF_ALL:
        return 0
    limit, reset = find_limit(answer, now), _read_number(answer.headers.get("x-ratelimit-reset"))
    seconds = limit.seconds if limit else max(reset - now, 0) + 1 if is_spent and reset is not None else 0
    return min(seconds, _LONGEST_LIMIT)


def _read_retry_after(answer: Answer, now: float) -> float | None:
    """The header's seconds, or the seconds until its date (RFC 9110, 10.2.3)."""
    stated = answer.headers.get("retry-after")
    if stated is None:
        return None
    if (seconds := _read_number(stated)) is not None:
        return seconds
    try:
        return max(parsedate_to_datetime(stated).timestamp() - now, 0)
    except ValueError:
        return float(SECONDARY_WAIT)


_SECONDS = re.compile(r"\s*[0-9]+\s*")
"""Digits of ASCII alone: `str.isdecimal` takes those of all scripts."""


def _read_number(stated: str | None) -> float | None:
    return float(stated) if stated and _SECONDS.fullmatch(stated) else None


def decide_retry(
    outcome: Answer | Lost, *, is_read: bool, tries: int, most_tries: int, patience: float, now: float
) -> Wait | None:
    """Whether to send the same request again, after it was sent `tries` times; None: accept the outcome.

    A read is repeated after any temporary failure. A write is repeated once, and only if GitHub refused it for a rate
    limit, because then it was certainly not carried out: any other repetition could post a second comment.
    `patience` is the number of seconds that may still be spent on waiting.
    """
    if tries >= (most_tries if is_read else min(most_tries, 2)):
        return None
    wait = _decide_after_fault(outcome, tries, now) if is_read else None
    if isinstance(outcome, Answer) and (limit := find_limit(outcome, now)):
        wait = Wait(seconds=limit.seconds, why=f"GitHub asked for it ({limit.why})")
    return wait if wait and wait.seconds <= patience else None


def _decide_after_fault(outcome: Answer | Lost, tries: int, now: float) -> Wait | None:
    backoff = 0.5 * 2 ** (tries - 1)
    if isinstance(outcome, Lost):
        return Wait(seconds=backoff, why=outcome.reason)
    if outcome.is_fault:
        return Wait(seconds=_read_retry_after(outcome, now) or backoff, why=f"GitHub answered {outcome.status}")
    return None


def explain_failure(what: str, outcome: Answer | Lost, *, is_read: bool, now: float) -> TrackerError:
    """The error for `what` ("label octo/widget#5"): GitHub's message, and advice."""
    if isinstance(outcome, Lost):
        return _explain_silence(what, outcome.reason, is_doubtful=outcome.was_sent and not is_read)
    said = shorten(outcome.message())
    answered = f"GitHub answered {outcome.status}{f' ({said})' if said else ''}"
    if outcome.is_fault:
        return _explain_silence(what, answered, is_doubtful=not is_read)
    return TrackerError(
        f"Could not {what}: {answered}. {_advise(outcome, now)}".rstrip(),
        missing=outcome.status == HTTPStatus.NOT_FOUND,
        gone=outcome.status == HTTPStatus.GONE,
    )


def _explain_silence(what: str, reason: str, *, is_doubtful: bool) -> TrackerError:
    advice = "GitHub may have done it anyway; the next run checks first." if is_doubtful else "Try again later."
    return TrackerError(f"Could not {what}: {reason}. {advice}", uncertain=is_doubtful, unanswered=True)


def _advise(answer: Answer, now: float) -> str:
    if limit := find_limit(answer, now):
        until = datetime.fromtimestamp(now + min(limit.seconds, _LONGEST_LIMIT), UTC)
        return f"The {limit.why} ends at {until:%Y-%m-%d %H:%M:%S} UTC; run Signpost again then."
    if "resource not accessible by" in answer.message().lower():
        return "Give the job `permissions: issues: write` and `contents: read`, or give the token the same permissions."
    return _ADVICE.get(answer.status, "")


_ADVICE = {
    301: "The repository has moved; use its new name.",
    401: "The token is missing, wrong or expired; check the input `github-token`.",
    403: "The token may not do this; check its permissions, or unlock the issue or the repository.",
    404: "It does not exist, or the token has no access to it.",
    410: "It was deleted, or issues are disabled in this repository.",
    422: "GitHub rejects these values.",
}


def shorten(text: str) -> str:
    """One line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_MESSAGE else f"{line[: _LONGEST_MESSAGE - 1]}…"


def redact(text: str, token: str | None) -> str:
    """Remove the token itself, and anything that looks like a GitHub token.

    The new stateless form (2026) is about 520 characters long, with dots and dashes.
    """
    text = text.replace(token, "***") if token else text
    return _TOKEN.sub("***", text)


def mask_address(address: str) -> str:
    """Take out what may be a secret in an address: a name and a password before the host, a query and a fragment.

    A password may hold any character, so all up to the last `@` counts as one.
    """
    shown = re.sub(r"^(https?://)?.*@", r"\1***@", address, flags=re.DOTALL)
    return redact(re.sub(r"[?#].*", "?***", shown, flags=re.DOTALL), None)


Tolerate = Callable[[Answer], bool]
"""Whether the caller accepts an answer that is not a success."""


def tolerate_nothing(_: Answer) -> bool:
    """Only a success is accepted."""
    return False


def is_unchanged(answer: Answer) -> bool:
    """GitHub answered 304, because the ETag of the request is that of the answer."""
    return answer.status == HTTPStatus.NOT_MODIFIED


def is_missing(answer: Answer) -> bool:
    """GitHub answered 404."""
    return answer.status == HTTPStatus.NOT_FOUND


def is_invalid(answer: Answer) -> bool:
    """GitHub answered 422."""
    return answer.status == HTTPStatus.UNPROCESSABLE_ENTITY


def is_refused(answer: Answer) -> bool:
    """GitHub does not have it, rejects the values, or forbids the request."""
    return answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNPROCESSABLE_ENTITY} or is_forbidden(
        answer
    )


def is_unanswered(answer: Answer) -> bool:
    """There is no GraphQL API, or this token may not use it."""
    return is_missing(answer) or is_forbidden(answer)


def is_unanswered_or_fault(answer: Answer) -> bool:
    """`is_unanswered`, or GitHub failed."""
    return is_unanswered(answer) or answer.is_fault


def is_forbidden(answer: Answer) -> bool:
    """The token may not do this; a rate limit has the same status, but does not count."""
    return answer.status == HTTPStatus.FORBIDDEN and not find_limit(answer, now=0)


def is_unauthorised(answer: Answer) -> bool:
    """GitHub answered 401: it does not accept the token."""
    return answer.status == HTTPStatus.UNAUTHORIZED


def is_taken(answer: Answer) -> bool:
    """The name exists already."""
    return answer.status == HTTPStatus.UNPROCESSABLE_ENTITY and "already_exists" in answer.message()


_NEXT_PAGE = re.compile(r'<([^>]+)>\s*;[^,]*rel="?next"?')
_TEMPORARY_REDIRECTS = frozenset({302, 307, 308})


def find_next_page(answer: Answer) -> str | None:
    """The address of the page after this one, by the link that GitHub gives."""
    link = _NEXT_PAGE.search(answer.headers.get("link", ""))
    return link[1] if link else None


def find_redirect(outcome: Answer | Lost) -> str | None:
    """The address that a temporary redirect leads to."""
    if isinstance(outcome, Lost) or outcome.status not in _TEMPORARY_REDIRECTS:
        return None
    return outcome.headers.get("location")


def require_json(outcome: Answer | Lost) -> Answer | Lost:
    """A success without valid JSON (a truncated answer, a proxy's page) does not count as a success."""
    if isinstance(outcome, Lost) or not (outcome.is_success and outcome.text):
        return outcome
    try:
        outcome.json()
    except ValueError:
        return Lost(reason="GitHub's answer was cut off, or is not JSON", was_sent=True)
    return outcome


_LAST_PAGE = re.compile(r'[?&]page=(\d{1,9})[^>]*>; rel="last"')
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
"""ISO 8601 in UTC, as GitHub writes it; other servers of its API also write fractions of a second."""
NEWEST = "/issues?state=all&sort=updated&direction=desc&per_page=1"
"""The address of the latest change, below that of the repository; pull requests count, too."""

_LISTS = {"issues": "/issues?state=all&", "comments": "/issues/comments?"}


def write_query(kind: Literal["issues", "comments"], cursor: Cursor) -> str:
    """The address of a page, below that of the repository: by the last change, the oldest first, 100 entries.

    https://docs.github.com/en/rest/issues/issues#list-repository-issues
    """
    since = f"&since={cursor.since}" if cursor.since else ""
    page = f"&page={cursor.page}" if cursor.page > 1 else ""
    return f"{_LISTS[kind]}sort=updated&direction=asc&per_page=100{since}{page}"


def read_page(entries: list[Any], answer: Answer, number: int) -> Page:
    """The n-th page of a list, from GitHub's JSON and the answer around it.

    Raises SettingsError for an entry without the time of its change, which selects the next page.
    """
    if not all(isinstance(entry, dict) and _MOMENT.fullmatch(str(entry.get("updated_at"))) for entry in entries):
        raise SettingsError("An entry has no valid `updated_at`.")
    link = answer.headers.get("link", "")
    has_more = 'rel="next"' in link and bool(entries)
    last = _LAST_PAGE.search(link)
    left = max(0, int(last[1]) - number) if last else None
    return Page(
        entries=tuple(entries),
        etag=answer.headers.get("etag", ""),
        has_more=has_more,
        pages_left=left if has_more else 0,
    )
