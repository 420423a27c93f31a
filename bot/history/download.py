"""A repository's issues, downloaded page by page into the store: what is there already is not asked for again.

Pages are asked for by the moment of the last change, the oldest first, and each from where the one before ended: an
issue that changes meanwhile moves to the end and comes again, none is left out, and a run that is killed goes on from
its last page. The last page of a run carries an ETag: asked for again, it costs nothing where nothing has changed.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from bot.errors import TrackerError
from bot.github.tracker import Archive, Cursor, Page
from bot.history.store import Entry, Kind, Store

_KEPT = (
    *("number", "title", "body", "id", "html_url", "author_association", "state", "state_reason", "locked"),
    *("comments", "created_at", "updated_at", "closed_at", "minimized"),
)
_NUMBER = re.compile(r"/issues/(\d+)$")


def download(archive: Archive, store: Store, repository: str, kind: Kind) -> Iterator[Page]:
    """Download what is new, and give each page after it was stored.

    Raises TrackerError where GitHub does not answer; what was stored until then stays, and the next download goes on.
    """
    cursor = store.read_cursor(repository, kind)
    while page := _read_page(archive, store, repository, kind, cursor):
        following = find_following(cursor, page)
        store.save_page(repository, kind, read_entries(page, kind), following)
        yield page
        if not page.has_more:
            return
        cursor = following


def _read_page(archive: Archive, store: Store, repository: str, kind: Kind, cursor: Cursor) -> Page | None:
    try:
        return archive.read_page(repository, kind, cursor)
    except TrackerError as error:
        count = store.count_issues(repository)
        kept = f"{count} issues are stored already, and the next run goes on from there." if count else ""
        raise TrackerError(f"{error} {kept}".rstrip(), missing=error.missing, gone=error.gone) from error


def find_following(cursor: Cursor, page: Page) -> Cursor:
    """Where to go on after a page.

    The moment of its last entry; within one moment that fills a page, the page after it. The last page is where the
    next download starts, with its ETag.
    """
    if not page.has_more:
        return Cursor(cursor.since, cursor.page, page.etag)
    last = max(str(entry["updated_at"]) for entry in page.entries)
    return Cursor(last) if last > cursor.since else Cursor(cursor.since, cursor.page + 1)


def read_entries(page: Page, kind: Kind) -> list[Entry]:
    """What of a page is kept: no pull requests, nor comments on them."""
    read = _read_issue if kind == "issues" else _read_comment
    return [entry for found in page.entries if (entry := read(found)) is not None]


def _read_issue(found: Mapping[str, Any]) -> Entry | None:
    if found.get("pull_request"):
        return None
    labels = [{"name": label["name"]} if isinstance(label, dict) else label for label in found.get("labels") or []]
    return Entry(found["number"], found["updated_at"], _trim(found, labels=labels))


def _read_comment(found: Mapping[str, Any]) -> Entry | None:
    number = _NUMBER.search(str(found.get("issue_url")))
    if number is None or "/pull/" in str(found.get("html_url")):
        return None
    return Entry(int(number[1]), found["updated_at"], _trim(found), found["id"])


def _trim(found: Mapping[str, Any], **more: object) -> str:
    """The JSON without addresses and counts that nobody reads: a fifth of it."""
    user = found.get("user")
    author = {key: user.get(key) for key in ("login", "type")} if isinstance(user, dict) else None
    kept = {key: found[key] for key in _KEPT if key in found}
    return json.dumps({**kept, "user": author, **more}, ensure_ascii=False)
