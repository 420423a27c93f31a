"""Past issues in one SQLite file: what was downloaded, and how far; whatever is killed, a page is there or is not.

Issues are found by repository and number. Each carries the moment of its last change, and its JSON, compressed.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from bot.archive.jsonl import IssueArchive, Line
from bot.errors import SettingsError
from bot.tracker.types import Cursor

Kind = Literal["issues", "comments", "marked"]
"""What is downloaded; `marked` are issues with GitHub's marks of duplicates, in place of those without."""

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
    """The file, open. All methods raise SettingsError where it cannot be read or written."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    def read_cursor(self, repository: str, kind: Kind) -> Cursor:
        """Where the download of a repository goes on; the very beginning where there was none."""
        with self._explain():
            found = self._connection.execute(
                "select since, page, etag from cursors where repository = ? and kind = ?", (repository.lower(), kind)
            ).fetchone()
        return Cursor(*found) if found else Cursor()

    def save_page(self, repository: str, kind: Kind, items: Iterable[StoredItem], following: Cursor) -> None:
        """Keep a page and where to go on from it, both or neither; of two states of an issue the later one stays.

        A mark that is known stays where issues come without marks.
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
        """How many issues are there."""
        with self._explain():
            query = "select count(*) from issues where repository = ?"
            count: int = self._connection.execute(query, (repository.lower(),)).fetchone()[0]
        return count

    def read_lines(self, repository: str) -> Iterator[Line]:
        """The issues in the order of their numbers, with the comments that are there, one at a time."""
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
    """The store of a file, which is made where there is none; raises SettingsError where that cannot be."""
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
        message = f"{path} was written by a later version of Signpost; use that one, or another folder with --cache"
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
    advice = "delete it, and it is downloaded again; or name another folder with --cache"
    return SettingsError(f"cannot use the downloaded issues in {path}: {error}; {advice}")
