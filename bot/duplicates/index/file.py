"""The index as one SQLite file: its tables, how it is opened, and how wrong files are recognised."""

import glob
import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from time import monotonic, time

from bot.duplicates.index.record import unpack_content
from bot.duplicates.search.calibration import read_calibration
from bot.errors import SettingsError, explain_cause

APPLICATION = 0x53676E70
"""Identifies the file in SQLite's header (https://www.sqlite.org/pragma.html#pragma_application_id)."""

FORMAT = 5
"""Raised when tables change, or how words, fingerprints or impacts are computed: older files are then built again."""

BUSY_SECONDS = 30
LARGEST_VALUE = 16 * 1024 * 1024
"""Bytes of a text or blob that SQLite gives: four million postings of a word in a segment."""

_STEPS = 10_000
"""SQLite's instructions between two looks at the time: about a millisecond."""

REFUSED = ".refused"
"""The suffix under which a former file that is not an index is kept."""

_UNFINISHED = ".unfinished"
_BESIDE = ("-journal", "-wal", "-shm")
_ABANDONED = 3_600
_SIGNATURE = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT};"
_FAULTY = (ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""The errors of reading a value that we did not write."""

_TROUBLE = frozenset(
    {
        *(sqlite3.SQLITE_PERM, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_INTERRUPT),
        *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL),
    }
)
_MAGIC = b"SQLite format 3\x00"
_TABLES = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE report (
    document INTEGER PRIMARY KEY, number INTEGER NOT NULL UNIQUE, digest INTEGER NOT NULL,
    created REAL NOT NULL, author TEXT NOT NULL, state TEXT NOT NULL, original INTEGER, content BLOB NOT NULL
);
CREATE INDEX report_original ON report (original, created) WHERE original IS NOT NULL;
CREATE TABLE mention (
    target INTEGER NOT NULL, source INTEGER NOT NULL, created REAL NOT NULL, PRIMARY KEY (target, source)
) WITHOUT ROWID;
CREATE INDEX mention_source ON mention (source);
CREATE TABLE gone (document INTEGER PRIMARY KEY);
CREATE TABLE word (word TEXT PRIMARY KEY, id INTEGER NOT NULL, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE segment (id INTEGER PRIMARY KEY, reports INTEGER NOT NULL);
CREATE TABLE posting (
    segment INTEGER NOT NULL, word INTEGER NOT NULL, documents BLOB NOT NULL, impacts BLOB NOT NULL,
    PRIMARY KEY (segment, word)
) WITHOUT ROWID;
CREATE TABLE mark (hash INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (hash, document)) WITHOUT ROWID;
CREATE TABLE pair (page INTEGER PRIMARY KEY, counts BLOB NOT NULL);
CREATE TABLE recent_pair (id INTEGER PRIMARY KEY, slots BLOB NOT NULL);
"""


class WrongFileError(SettingsError):
    """A file that is not an index, has another version, or is damaged: it is never trusted, and can be built again.

    `fault` says what is wrong, without the advice.
    """

    def __init__(self, fault: str, advice: str) -> None:
        super().__init__(f"{fault}; {advice}")
        self.fault = fault


class SlowIndexError(SettingsError):
    """A search that took longer than it may."""


class TimeLimit:
    """How long a search may take, from now on; without seconds there is no limit."""

    def __init__(self, seconds: float | None = None) -> None:
        self.seconds = seconds
        self._end = None if seconds is None else monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time has passed."""
        return self._end is not None and monotonic() >= self._end

    def check(self) -> None:
        """Raise SlowIndexError if the time has passed."""
        if self.is_over:
            raise SlowIndexError(
                f"the search in the index was stopped after {self.seconds:g} seconds; build the index again"
            )


@contextmanager
def build_index(path: Path) -> Iterator[sqlite3.Connection]:
    """A new, empty index, which replaces the file at the end, if there was no error.

    Until then readers see the former one. An existing file that is not an index is kept as FILE.refused. Raises
    SettingsError if the index cannot be written.
    """
    _refuse_other(path)
    fresh = path.with_name(f"{path.name}.{os.getpid()}{_UNFINISHED}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_leftovers(path)
        fresh.unlink(missing_ok=True)
        with closing(_connect(fresh)) as connection:
            connection.executescript(
                f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {_TABLES} {_SIGNATURE} COMMIT;"
            )
            yield connection
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("VACUUM")
        _replace(path, fresh)
    except (OSError, sqlite3.Error) as error:
        raise SettingsError(f"cannot write the index {path}: {explain_cause(error)}") from error
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)


def _replace(path: Path, fresh: Path) -> None:
    """Replace the file with a new index, while no process writes to it.

    The journal of a killed writer is applied or moved away before, or else SQLite would apply it to the new index.
    https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
    """
    if not path.exists() or not _is_ours(path):
        for end in ("", *_BESIDE):
            if (found := path.with_name(f"{path.name}{end}")).exists():
                found.replace(path.with_name(f"{path.name}{REFUSED}{end}"))
        fresh.replace(path)
        return
    with closing(_connect(path)) as former:
        try:
            former.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:  # so damaged that nothing can be played back
            for left in _BESIDE:
                path.with_name(f"{path.name}{left}").unlink(missing_ok=True)
        if os.name != "nt":
            fresh.replace(path)
            return
    fresh.replace(path)  # Windows does not replace a file that somebody has open


def _refuse_other(path: Path) -> None:
    """Raise SettingsError for what cannot be an index: a folder, a device or a pipe."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise SettingsError(f"cannot use the index {path}: {explain_cause(error)}") from error
    if not S_ISREG(mode):
        what = "a folder" if S_ISDIR(mode) else "not a regular file"
        raise SettingsError(f"{path} is {what}; give the file of an index")


def is_missing(path: Path) -> bool:
    """Whether the file certainly does not exist; other failures are reported when it is opened."""
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, FileNotFoundError)
    return False


def is_foreign(path: Path) -> bool:
    """Whether there is a file that is not an index; raises SettingsError if it cannot be read."""
    _refuse_other(path)
    return not is_missing(path) and not _is_ours(path)


def _remove_leftovers(path: Path) -> None:
    """Remove the files of killed builds, which have not changed for an hour."""
    for left in path.parent.glob(f"{glob.escape(path.name)}.*{_UNFINISHED}"):
        if left.stat().st_mtime < time() - _ABANDONED:
            left.unlink(missing_ok=True)


def open_index(path: Path, *, is_checked: bool = False, limit: TimeLimit | None = None) -> sqlite3.Connection:
    """Open an existing index; `is_checked` reads all of it first, which takes a second for 100,000 reports.

    A file from elsewhere cannot run anything: an index with other tables than ours is refused, and no value is larger
    than 16 MiB. A statement that runs when the `limit` is over raises sqlite3.OperationalError.

    Raises WrongFileError with the fault and advice, SettingsError if there is no file.
    """
    advice = _advise(path)
    if is_foreign(path):
        raise WrongFileError(f"{path} is not an index of Signpost", f"{advice}, or give another file")
    if is_missing(path):
        raise SettingsError(f"the index {path} does not exist; {advice}")
    with explain_damage(path):
        connection = _connect(path, limit)
        try:
            _check_format(connection, path, is_checked=is_checked)
        except BaseException:
            connection.close()
            raise
    return connection


def _check_format(connection: sqlite3.Connection, path: Path, *, is_checked: bool) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        raise WrongFileError(
            f"the index {path} has format {version}, but this Signpost reads format {FORMAT}", _advise(path)
        )
    if _read_schema(connection) != _read_own_schema():
        raise WrongFileError(f"the index {path} has other tables than an index of Signpost", _advise(path))
    if is_checked and connection.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
        raise WrongFileError(f"the index {path} is damaged", _advise(path))
    if is_checked:
        _check_values(connection)


def _read_schema(connection: sqlite3.Connection) -> frozenset[tuple[str, str, str, str]]:
    """All tables, indexes, views and triggers, as they were written; more than ours have no end, and are not read."""
    query = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema LIMIT 100"
    return frozenset((*row[:3], " ".join(row[3].split())) for row in connection.execute(query))


@cache
def _read_own_schema() -> frozenset[tuple[str, str, str, str]]:
    """That of an index as it is built: a view or trigger of somebody else would run in our place."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_TABLES)
        return _read_schema(connection)


_UNTYPED = """
SELECT count(*) FROM report WHERE typeof(number) <> 'integer' OR typeof(created) <> 'real' OR typeof(author) <> 'text'
OR typeof(state) <> 'text' OR typeof(content) <> 'blob' OR typeof(original) NOT IN ('integer', 'null')
"""
"""SQLite keeps any kind of value in any column (https://www.sqlite.org/datatype3.html)."""


def _check_values(connection: sqlite3.Connection) -> None:
    """Check values that SQLite does not check; raises errors that `explain_damage` explains."""
    if connection.execute(_UNTYPED).fetchone() != (0,):
        raise ValueError("reports with values of another kind")
    for _, _, content in connection.execute("SELECT author, state, content FROM report"):
        unpack_content(content)  # has a checksum
    for name, text in connection.execute("SELECT name, value FROM fact WHERE name IN ('form_text', 'calibration')"):
        _ = read_calibration(text) if name == "calibration" else json.loads(text)
    query = "SELECT count(*) FROM posting WHERE length(documents) <> 4 * length(impacts)"
    if connection.execute(query).fetchone() != (0,):
        raise ValueError("postings without their impacts")


def _is_ours(path: Path) -> bool:
    """Whether a file is an index, by SQLite's header (https://www.sqlite.org/fileformat2.html)."""
    header = _read_header(path)
    return header.startswith(_MAGIC) and int.from_bytes(header[68:72], "big") == APPLICATION


def _is_whole(path: Path) -> bool:
    """Whether an index is as long as it says."""
    header = _read_header(path)
    page = int.from_bytes(header[16:18], "big") % 65_535 or 65_536
    return path.stat().st_size >= page * int.from_bytes(header[28:32], "big")


def _read_header(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(100)
    except OSError as error:
        raise SettingsError(f"cannot read the index {path}: {explain_cause(error)}") from error


def _advise(path: Path) -> str:
    return f"build it with `signpost index build --index {path}`"


@contextmanager
def explain_damage(path: Path) -> Iterator[None]:
    """Turn errors of SQLite into a WrongFileError (damaged file) or a SettingsError (file cannot be used now)."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if (trouble := _find_trouble(error)) is None:
            raise _describe_damage(path, error) from error
        raise SettingsError(f"cannot use the index {path}: {trouble}") from error
    except sqlite3.ProgrammingError:
        raise  # a fault of ours
    except (sqlite3.DatabaseError, zlib.error, *_FAULTY) as error:
        raise _describe_damage(path, error) from error


def _find_trouble(error: sqlite3.OperationalError) -> str | None:
    """A problem outside the file (https://www.sqlite.org/rescode.html); None if the file itself is damaged."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return "another command has replaced it; run this command again"
    if code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return f"{error}; another command may be writing to it, so try again"
    return str(error) if code & 0xFF in _TROUBLE else None


def _describe_damage(path: Path, error: Exception) -> WrongFileError:
    if not _is_whole(path):
        return WrongFileError(f"the index {path} was cut off", _advise(path))
    cause = f"{error} is missing" if isinstance(error, KeyError) else error
    return WrongFileError(f"the index {path} is damaged ({cause})", _advise(path))


@contextmanager
def read_index(path: Path, limit: TimeLimit | None = None) -> Iterator[sqlite3.Connection]:
    """An index as it is at one moment, also while others write; errors as `open_index` and `explain_damage`.

    Raises SlowIndexError where the `limit` ends a statement.
    """
    limit = limit or TimeLimit()
    try:
        with closing(open_index(path, limit=limit)) as connection, explain_damage(path):
            connection.execute("BEGIN")
            yield connection
    except SettingsError:
        limit.check()
        raise


def _connect(path: Path, limit: TimeLimit | None = None) -> sqlite3.Connection:
    """A connection that trusts nothing in the file (https://www.sqlite.org/security.html)."""
    seconds = BUSY_SECONDS if limit is None or limit.seconds is None else min(BUSY_SECONDS, limit.seconds)
    connection = sqlite3.connect(path, timeout=seconds, isolation_level=None)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.execute("PRAGMA trusted_schema = OFF")
    if limit is not None and limit.seconds is not None:
        connection.set_progress_handler(lambda: limit.is_over, _STEPS)
    return connection
