"""Downloads a repository's issues page by page into the store, without those that are there already.

Pages come by the moment of the last change, the oldest first, and each begins where the one before ended. An issue that
changes meanwhile moves to the end and comes again, so none is left out; a run that was killed continues from its last
page.

Issues come by GraphQL, 100 a request and with GitHub's marks of duplicates. Before that one REST request reads what
changed last, with the ETag of the last download: if nothing has changed, the download ends, free of the rate limit.
GraphQL has no ETags, and takes 2 points of it. Without GraphQL or a token, REST gives issues and pull requests, and the
last page of a run has an ETag; comments always come by REST.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

import json
import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any, Literal

from bot.archive.store import Store, StoredItem
from bot.errors import TrackerError
from bot.tracker.types import Cursor, Page, RemoteArchive

_KEPT = (
    *("number", "title", "body", "id", "html_url", "author_association", "state", "state_reason", "locked"),
    *("comments", "created_at", "updated_at", "closed_at", "minimized", "duplicate_of"),
)
_NUMBER = re.compile(r"/issues/(\d+)$")


def download(
    archive: RemoteArchive, store: Store, repository: str, kind: Literal["issues", "comments"]
) -> Iterator[Page]:
    """Download what is new, and give each page after it was stored.

    Raises TrackerError where GitHub does not answer; what was stored until then stays, and the next download goes on.
    """
    try:
        if kind == "comments" or not (yield from _download_marked(archive, store, repository)):
            yield from _download_plain(archive, store, repository, kind)
    except TrackerError as error:
        count = store.count_issues(repository)
        kept = f"{count} issues are stored already, and the next run goes on from there." if count else ""
        raise TrackerError(f"{error} {kept}".rstrip(), missing=error.missing, gone=error.gone) from error


def _download_marked(archive: RemoteArchive, store: Store, repository: str) -> Generator[Page, None, bool]:
    """Issues with GitHub's marks; False where there is no way to have them."""
    if not archive.may_read_marked:
        return False
    known = store.read_cursor(repository, "marked")
    newest = archive.read_newest(repository, known.etag)
    if newest is None:
        return True
    cursor = Cursor(known.since)
    while page := archive.read_marked(repository, cursor):
        resumed = Cursor(find_last(cursor, page), etag="" if page.has_more else newest)
        store.save_page(repository, "marked", read_items(page, "issues"), resumed)
        yield page
        if not page.has_more:
            return True
        cursor = find_next(cursor, page)
    return False


def find_last(cursor: Cursor, page: Page) -> str:
    """The moment of a page's last entry: from there a run that was killed goes on, and the next one starts."""
    return max((str(entry["updated_at"]) for entry in page.entries), default=cursor.since)


def find_next(cursor: Cursor, page: Page) -> Cursor:
    """Where a run goes on after a page by GraphQL.

    Behind its last entry, where GitHub's cursor names that; else from the moment of its last entry, and by the cursor
    only within one moment that fills a page.
    """
    last = find_last(cursor, page)
    if page.is_after_moment or last <= cursor.since:
        return Cursor(cursor.since, after=page.after)
    return Cursor(last)


def _download_plain(
    archive: RemoteArchive, store: Store, repository: str, kind: Literal["issues", "comments"]
) -> Iterator[Page]:
    cursor = _find_start(store, repository, kind)
    while page := archive.read_page(repository, kind, cursor):
        following = find_following(cursor, page)
        store.save_page(repository, kind, read_items(page, kind), following)
        yield page
        if not page.has_more:
            return
        cursor = following


def _find_start(store: Store, repository: str, kind: Literal["issues", "comments"]) -> Cursor:
    """Where an earlier download ended: of issues, whichever way they came."""
    cursor = store.read_cursor(repository, kind)
    if kind == "comments":
        return cursor
    marked = store.read_cursor(repository, "marked").since
    return Cursor(marked) if marked > cursor.since else cursor


def find_following(cursor: Cursor, page: Page) -> Cursor:
    """Where to go on after a page by REST.

    The moment of its last entry; within one moment that fills a page, the page after it. The last page is where the
    next download starts, with its ETag.
    """
    if not page.has_more:
        return Cursor(cursor.since, cursor.page, page.etag)
    last = find_last(cursor, page)
    return Cursor(last) if last > cursor.since else Cursor(cursor.since, cursor.page + 1)


def read_items(page: Page, kind: Literal["issues", "comments"]) -> list[StoredItem]:
    """What of a page is kept: no pull requests, nor comments on them."""
    read = _read_issue if kind == "issues" else _read_comment
    return [entry for found in page.entries if (entry := read(found)) is not None]


def _read_issue(found: Mapping[str, Any]) -> StoredItem | None:
    if found.get("pull_request"):
        return None
    labels = [{"name": label["name"]} if isinstance(label, dict) else label for label in found.get("labels") or []]
    return StoredItem(found["number"], found["updated_at"], _trim(found, labels=labels))


def _read_comment(found: Mapping[str, Any]) -> StoredItem | None:
    number = _NUMBER.search(str(found.get("issue_url")))
    if number is None or "/pull/" in str(found.get("html_url")):
        return None
    return StoredItem(int(number[1]), found["updated_at"], _trim(found), found["id"])


def _trim(found: Mapping[str, Any], **more: object) -> str:
    """The JSON without addresses and counts that nobody reads: a fifth of it."""
    user = found.get("user")
    author = {key: user.get(key) for key in ("login", "type")} if isinstance(user, dict) else None
    kept = {key: found[key] for key in _KEPT if key in found}
    return json.dumps({**kept, "user": author, **more}, ensure_ascii=False)
