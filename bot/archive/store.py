"""Past issues in one SQLite file, and their download: if a run is killed, each page is stored whole or not at all.

Issues are found by repository and number. Each carries the moment of its last change, and its JSON, compressed.

Pages are sorted by the last change, the oldest first, and each begins where the one before ended. An issue that changes
in the meantime moves to the end and comes again, so none is missed. After a kill, the next run continues from the last
page.

Issues come from GraphQL, 100 per request, with GitHub's marks of duplicates. Before that, one REST request reads the
latest change, with the ETag of the last download: if nothing has changed, the download ends without a cost to the rate
limit. GraphQL has no ETags, and takes 2 points. Without GraphQL or a token, REST gives issues and pull requests, and
the last page of a run has an ETag. Comments always come from REST.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

import json
import re
import sqlite3
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from bot.archive.jsonl import IssueArchive, Line
from bot.errors import SettingsError, TrackerError
from bot.tracker.archive import Cursor, Page, RemoteArchive

Kind = Literal["issues", "comments", "marked"]
"""The kind of download; `marked` are issues with GitHub's marks of duplicates, in place of those without."""

_VERSION = 1
_TABLES = f"""
    create table if not exists issues (
        repository text, number integer, updated_at text, json blob, primary key (repository, number)
    ) without rowid;
    create table if not exists comments (
        repository text, number integer, id integer, updated_at text, json blob, primary key (repository, number, id)
    ) without rowid;
    create table if not exists cursors (
        repository text, kind text, since text, page integer, etag text, primary key (repository, kind)
    ) without rowid;
    pragma user_version = {_VERSION};
"""
_SAVE_ISSUE = """
    insert into issues (repository, number, updated_at, json) values (?, ?, ?, ?) on conflict do update
    set updated_at = excluded.updated_at, json = excluded.json where excluded.updated_at >= issues.updated_at
"""
_SAVE = {
    "issues": _SAVE_ISSUE,
    "marked": _SAVE_ISSUE,
    "comments": """
        insert into comments (repository, number, id, updated_at, json) values (?, ?, ?, ?, ?) on conflict do update
        set updated_at = excluded.updated_at, json = excluded.json where excluded.updated_at >= comments.updated_at
    """,
}
_PATIENCE = 30
"""Seconds to wait for another process that writes to the same file."""


class StoredItem(NamedTuple):
    """An issue, or a comment (`id`) on one: its number, the moment of its last change (ISO 8601), and its JSON."""

    number: int
    updated_at: str
    text: str
    id: int = 0


class Store:
    """The open file. All methods raise SettingsError if it cannot be read or written."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def read_cursor(self, repository: str, kind: Kind) -> Cursor:
        """Where the download of a repository continues; the beginning if there was none."""
        with self._explain():
            found = self._connection.execute(
                "select since, page, etag from cursors where repository = ? and kind = ?", (repository.lower(), kind)
            ).fetchone()
        return Cursor(*found) if found else Cursor()

    def save_page(self, repository: str, kind: Kind, items: Iterable[StoredItem], following: Cursor) -> None:
        """Store a page and the cursor after it, both or neither; of two versions of an issue the later one stays.

        If issues come without marks, a known mark stays.
        """
        name = repository.lower()
        if kind == "issues" and self.read_cursor(repository, "marked") != Cursor():
            items = [self._keep_mark(name, item) for item in items]
        rows = [
            (name, item.number, *((item.id,) if kind == "comments" else ()), item.updated_at, _pack(item.text))
            for item in items
        ]
        with self._explain(), self._connection:
            self._connection.executemany(_SAVE[kind], rows)
            place = (following.since, following.page, following.etag)
            self._connection.execute("insert or replace into cursors values (?, ?, ?, ?, ?)", (name, kind, *place))

    def _keep_mark(self, name: str, item: StoredItem) -> StoredItem:
        with self._explain():
            query = "select json from issues where repository = ? and number = ?"
            found = self._connection.execute(query, (name, item.number)).fetchone()
            former = json.loads(_unpack(found[0])) if found else {}
        if "duplicate_of" not in former:
            return item
        kept = {**json.loads(item.text), "duplicate_of": former["duplicate_of"]}
        return item._replace(text=json.dumps(kept, ensure_ascii=False))

    def count_issues(self, repository: str) -> int:
        """The number of stored issues."""
        with self._explain():
            query = "select count(*) from issues where repository = ?"
            count: int = self._connection.execute(query, (repository.lower(),)).fetchone()[0]
        return count

    def read_lines(self, repository: str) -> Iterator[Line]:
        """The issues in the order of their numbers, with the stored comments, one at a time."""
        name = repository.lower()
        with self._explain():
            issues = self._connection.execute(
                "select number, json from issues where repository = ? order by number", (name,)
            )
            has_comments = self._connection.execute(
                "select exists (select * from comments where repository = ?)", (name,)
            ).fetchone()[0]
            for number, packed in issues:
                comments = self._read_comments(name, number) if has_comments else []
                yield f"{repository}#{number}", _join(_unpack(packed), comments)

    def _read_comments(self, name: str, number: int) -> list[str]:
        query = "select json from comments where repository = ? and number = ? order by id"
        return [_unpack(packed) for (packed,) in self._connection.execute(query, (name, number))]

    @contextmanager
    def _explain(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error) as error:
            raise _explain_failure(self.path, error) from error


@contextmanager
def open_store(path: Path) -> Iterator[Store]:
    """The store of a file, which is created if it does not exist; raises SettingsError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_PATIENCE)
    except (OSError, sqlite3.Error) as error:
        raise _explain_failure(path, error) from error
    with closing(connection):
        _prepare(connection, path)
        yield Store(path, connection)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    try:
        version = connection.execute("pragma user_version").fetchone()[0]
        if version == 0:
            connection.executescript(_TABLES)
    except sqlite3.Error as error:
        raise _explain_failure(path, error) from error
    if version > _VERSION:
        message = f"a newer version of Signpost wrote {path}; use that version, or choose another folder with --cache"
        raise SettingsError(message)


def open_stored(path: Path, repository: str) -> IssueArchive:
    """The archive of a repository as it was downloaded."""

    def open_lines() -> Iterator[Line]:
        with open_store(path) as store:
            yield from store.read_lines(repository)

    with open_store(path) as store:
        total = store.count_issues(repository)
    return IssueArchive(name=repository, repository=repository, total=total, open_lines=open_lines)


def _join(issue: str, comments: list[str]) -> str:
    """The issue's JSON with its comments inside, as `gh issue list --json comments` writes it."""
    if not comments:
        return issue
    found = json.loads(issue)
    return json.dumps({**found, "comments": [json.loads(comment) for comment in comments]}, ensure_ascii=False)


def _pack(text: str) -> bytes:
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)


def _unpack(packed: bytes) -> str:
    return zlib.decompress(packed).decode("utf-8", "surrogatepass")


def _explain_failure(path: Path, error: Exception) -> SettingsError:
    advice = "delete the file to download them again, or choose another folder with --cache"
    return SettingsError(f"cannot use the downloaded issues in {path}: {error}; {advice}")


_KEPT = (
    *("number", "title", "body", "id", "html_url", "author_association", "state", "state_reason", "locked"),
    *("comments", "created_at", "updated_at", "closed_at", "minimized", "duplicate_of"),
)
_NUMBER = re.compile(r"/issues/([0-9]{1,18})$")
_MOST_PAGES_OF_A_MOMENT = 100
"""Ten thousand entries do not change within one second."""


def download(
    archive: RemoteArchive, store: Store, repository: str, kind: Literal["issues", "comments"]
) -> Iterator[Page]:
    """Download new and changed entries, and yield each page after it was stored.

    Raises TrackerError if GitHub does not answer; the stored pages stay, and the next download continues from there.
    """
    try:
        if kind == "comments" or not (yield from _download_marked(archive, store, repository)):
            yield from _download_plain(archive, store, repository, kind)
    except TrackerError as error:
        count = store.count_issues(repository)
        kept = f"The next run continues after the issues that are stored already ({count})." if count else ""
        raise TrackerError(f"{error} {kept}".rstrip(), missing=error.missing, gone=error.gone) from error


def _download_marked(archive: RemoteArchive, store: Store, repository: str) -> Generator[Page, None, bool]:
    """Issues with GitHub's marks; False if GitHub does not give them."""
    if not archive.may_read_marked:
        return False
    known = store.read_cursor(repository, "marked")
    newest = archive.read_newest(repository, known.etag)
    if newest is None:
        return True
    cursor = Cursor(known.since)
    asked = {cursor}
    while page := archive.read_marked(repository, cursor):
        resumed = Cursor(find_last(cursor, page), etag="" if page.has_more else newest)
        store.save_page(repository, "marked", read_items(page, "issues"), resumed)
        yield page
        if not page.has_more:
            return True
        cursor = find_next(cursor, page)
        if cursor in asked:
            raise _describe_loop(repository)
        asked.add(cursor)
    return False


def _describe_loop(repository: str) -> TrackerError:
    return TrackerError(f"Could not read on in {repository}: GitHub gives the same page again and again.")


def find_last(cursor: Cursor, page: Page) -> str:
    """The moment of a page's last entry: the next run starts there, also after a kill."""
    return max((str(entry["updated_at"]) for entry in page.entries), default=cursor.since)


def find_next(cursor: Cursor, page: Page) -> Cursor:
    """Where a run continues after a page of GraphQL.

    After its last entry, if GitHub's cursor names that; else from the moment of its last entry. The cursor is then used
    only if one moment fills a page.
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
        if following.page > _MOST_PAGES_OF_A_MOMENT:
            raise _describe_loop(repository)
        cursor = following


def _find_start(store: Store, repository: str, kind: Literal["issues", "comments"]) -> Cursor:
    """Where an earlier download ended: of issues, by GraphQL or REST."""
    cursor = store.read_cursor(repository, kind)
    if kind == "comments":
        return cursor
    marked = store.read_cursor(repository, "marked").since
    return Cursor(marked) if marked > cursor.since else cursor


def find_following(cursor: Cursor, page: Page) -> Cursor:
    """Where a run continues after a page of REST.

    The moment of its last entry; if one moment fills a page, the page after it. The next download starts at the last
    page, with its ETag.
    """
    if not page.has_more:
        return Cursor(cursor.since, cursor.page, page.etag)
    last = find_last(cursor, page)
    return Cursor(last) if last > cursor.since else Cursor(cursor.since, cursor.page + 1)


def read_items(page: Page, kind: Literal["issues", "comments"]) -> list[StoredItem]:
    """The entries of a page that are stored: no pull requests, and no comments on them."""
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
    """The JSON without unused addresses and counts: a fifth of its size."""
    user = found.get("user")
    author = {key: user.get(key) for key in ("login", "type")} if isinstance(user, dict) else None
    kept = {key: found[key] for key in _KEPT if key in found}
    return json.dumps({**kept, "user": author, **more}, ensure_ascii=False)
