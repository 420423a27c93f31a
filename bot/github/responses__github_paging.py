"""A repository's past page by page: what to ask for, and what an answer says of the pages behind it. Pure."""

import re
from typing import Any, Literal

from bot.errors import SettingsError
from bot.github.responses import Answer
from bot.tracker.types import Cursor, Page

_LAST_PAGE = re.compile(r'[?&]page=(\d{1,9})[^>]*>; rel="last"')
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z", re.ASCII)
"""ISO 8601 in UTC, as GitHub writes it; other servers of its API write fractions of a second, which it allows."""
NEWEST = "/issues?state=all&sort=updated&direction=desc&per_page=1"
"""The address of what changed last, below the repository's own; a pull request counts as well."""

_LISTS = {"issues": "/issues?state=all&", "comments": "/issues/comments?"}


def write_query(kind: Literal["issues", "comments"], cursor: Cursor) -> str:
    """The address of a page below the repository's own: by the last change, the oldest first, 100 entries.

    https://docs.github.com/en/rest/issues/issues#list-repository-issues
    """
    since = f"&since={cursor.since}" if cursor.since else ""
    page = f"&page={cursor.page}" if cursor.page > 1 else ""
    return f"{_LISTS[kind]}sort=updated&direction=asc&per_page=100{since}{page}"


def read_page(entries: list[Any], answer: Answer, number: int) -> Page:
    """The n-th page of a list, from GitHub's JSON and the answer around it.

    Raises SettingsError for an entry that does not say when it changed: the next page is asked for by that.
    """
    if not all(isinstance(entry, dict) and _MOMENT.fullmatch(str(entry.get("updated_at"))) for entry in entries):
        raise SettingsError("An entry does not say when it was updated.")
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
