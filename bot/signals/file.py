"""The file of a ledger: how it is made, and how one from elsewhere is opened without trusting it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from time import monotonic

from bot.errors import explain_cause
from bot.signals.incidents.detection import Watch
from bot.signals.ledger import LATEST, Ledger
from bot.signals.mute import explain_muted, judge_rules
from bot.signals.notices.finder import IncidentFinder
from bot.signals.store import ADVICE, LedgerError, LedgerFile, SpoiledLedgerError
from bot.signals.tables import TABLES
from bot.triage.config import Sources

LEDGER = ".signpost/ledger.sqlite"
"""Where `signpost sweep` keeps its ledger if nobody says otherwise."""

APPLICATION = 0x53676E6C
"""Identifies the file in SQLite's header (https://www.sqlite.org/pragma.html#pragma_application_id)."""

FORMAT = 1
LARGEST_FILE, LARGEST_VALUE = 1 << 30, 1 << 20
"""Bytes; a ledger of a hundred thousand comments has less than a tenth of that."""

BUSY_SECONDS, READ_SECONDS, _STEPS = 30, 10, 10_000
_BESIDE = ("-journal", "-wal", "-shm")
_MAGIC = b"SQLite format 3\x00"


@contextmanager
def open_ledger(path: Path, repository: str, *, is_new: bool = False) -> Iterator[LedgerFile]:
    """The ledger of a repository, which is made if the file does not exist, or again if `is_new`.

    Raises LedgerError for a file that is not the ledger of that repository, or cannot be used.
    """
    with _explain_damage(path):
        _make_room(path, is_new=is_new)
        with closing(_connect(path)) as connection:
            ledger = _prepare(connection, path, repository)
            yield ledger


@contextmanager
def open_copy(path: Path, repository: str, *, is_new: bool = False) -> Iterator[LedgerFile]:
    """The same in memory, for a dry run: the file stays as it is."""
    with _explain_damage(path), closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
        if path.exists() and path.stat().st_size and not is_new:
            _refuse_foreign(path)
            with closing(_connect(path)) as connection:
                connection.backup(copy)
        yield _prepare(copy, path, repository)


@contextmanager
def open_bytes(content: bytes | None, repository: str, latest: int = LATEST) -> Iterator[LedgerFile]:
    """The ledger in the bytes of a file, or a new one, in memory: a server may have no folder to write to.

    The repository may have had another name when they were written; `LedgerFile.dump` gives the bytes for the next
    time. Raises LedgerError for other bytes, and, when it is read, for a past after `latest` (Unix seconds).
    """
    name = Path("in the inbox")
    with _explain_damage(name), closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        if content:
            connection.deserialize(content)
            connection.execute("UPDATE fact SET value = ? WHERE name = 'repository'", (repository,))
        _distrust(connection)
        yield _prepare(connection, name, repository, latest)


def read_ledger(path: Path, repository: str) -> Ledger:
    """The ledger of that repository as it is now, which a run only reads, within ten seconds; raises LedgerError."""
    ledger = read_any_ledger(path)
    _check_repository(ledger.repository, repository, path)
    return ledger


def read_any_ledger(path: Path, latest: int = LATEST) -> Ledger:
    """The same, of any repository; also raises LedgerError for a past after `latest` (Unix seconds)."""
    with _explain_damage(path):
        if not path.exists():
            raise LedgerError(f"the ledger {path} does not exist; make it with `signpost sweep`")
        _refuse_foreign(path)
        with closing(_connect(path)) as connection:
            _limit_time(connection)
            _check_format(connection, path)
            connection.execute("BEGIN")
            return LedgerFile(connection, path, latest).read()


def add_ledger(sources: Sources, file: str | Path | bytes | None, repository: str) -> Sources:
    """The sources with what the ledger says: muted rules, incidents with a tracking issue, and other reports.

    Other reports count only if the sweeps have read all of their past. A ledger that cannot be used makes a remark;
    without a file, the sources stay as they are. The file may also be given as its bytes.
    """
    if not file or not (isinstance(file, bytes) or Path(file).exists()):
        return sources
    try:
        found = _read_bytes(file, repository) if isinstance(file, bytes) else read_ledger(Path(file), repository)
    except LedgerError as error:
        remark = f"this run ignores votes and incidents: {error}"
        return replace(sources, remarks=(*sources.remarks, remark))
    ruleset, config = sources.ruleset, sources.config
    muted = explain_muted(judge_rules(found, ruleset.hashes, ruleset.renamed, config.votes))
    known = IncidentFinder.of(found.notices, ruleset) if found.notices else sources.find_incident
    watch = sources.describe_incident
    if found.has_past:
        watch = Watch.of(found.arrivals, found.known_since, ruleset, config.surge)
    return replace(sources, muted=muted, find_incident=known, describe_incident=watch)


def _read_bytes(content: bytes, repository: str) -> Ledger:
    with open_bytes(content, repository) as store:
        return store.read()


def _prepare(connection: sqlite3.Connection, path: Path, repository: str, latest: int = LATEST) -> LedgerFile:
    """An open file as a ledger; an empty one gets its tables."""
    if not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone():
        signature = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {FORMAT}"
        connection.executescript(f"BEGIN IMMEDIATE; {'; '.join(TABLES)}; {signature}; COMMIT;")
    _check_format(connection, path)
    ledger = LedgerFile(connection, path, latest)
    if not ledger.read_fact("repository"):
        with ledger.change():
            ledger.write_facts(repository=repository)
    _check_repository(ledger.read_fact("repository"), repository, path)
    return ledger


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        raise SpoiledLedgerError(
            f"the ledger {path} has format {version}, but this Signpost reads format {FORMAT}; {ADVICE}"
        )
    if _read_schema(connection) != _read_own_schema():
        raise SpoiledLedgerError(f"the ledger {path} has other tables than a ledger of Signpost; {ADVICE}")


def _check_repository(found: str, repository: str, path: Path) -> None:
    if found.casefold() != repository.casefold():
        raise LedgerError(
            f"the ledger {path} is for {found or 'no repository'}, not {repository}; give another file, or {ADVICE}"
        )


def _read_schema(connection: sqlite3.Connection) -> frozenset[tuple[str, ...]]:
    """All tables, indexes, views and triggers, as they were written; a view of somebody else would run in our place."""
    query = "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema LIMIT 100"
    return frozenset(connection.execute(query))


@cache
def _read_own_schema() -> frozenset[tuple[str, ...]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(";".join(TABLES))
        return _read_schema(connection)


def _make_room(path: Path, *, is_new: bool) -> None:
    """Make the folder, and remove a ledger that is to be made again; another file is never touched."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            _refuse_foreign(path)
        for end in ("", *_BESIDE) if is_new else ():
            path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
    except OSError as error:
        raise LedgerError(f"cannot use the ledger {path}: {explain_cause(error)}") from error


def _refuse_foreign(path: Path) -> None:
    """Raise LedgerError for what is not a ledger, by SQLite's header (https://www.sqlite.org/fileformat2.html)."""
    if not path.is_file():
        raise LedgerError(f"{path} is not a regular file; give the file of a ledger")
    if path.stat().st_size > LARGEST_FILE:
        raise LedgerError(f"the ledger {path} is larger than {LARGEST_FILE:,} bytes; {ADVICE}")
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise LedgerError(f"cannot read the ledger {path}: {explain_cause(error)}") from error
    if not header.startswith(_MAGIC) or int.from_bytes(header[68:72], "big") != APPLICATION:
        raise LedgerError(f"{path} is not a ledger of Signpost; give another file, or remove it")


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that trusts nothing in the file (https://www.sqlite.org/security.html)."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    _distrust(connection)
    return connection


def _distrust(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LARGEST_VALUE)
    connection.execute("PRAGMA trusted_schema = OFF")


def _limit_time(connection: sqlite3.Connection) -> None:
    end = monotonic() + READ_SECONDS
    connection.set_progress_handler(lambda: monotonic() >= end, _STEPS)


@contextmanager
def _explain_damage(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of values that are not ours into LedgerError."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise  # a fault of ours
    except sqlite3.OperationalError as error:
        raise LedgerError(f"cannot use the ledger {path}: {error}; try again, or {ADVICE}") from error
    except sqlite3.Error as error:
        raise SpoiledLedgerError(f"cannot use the ledger {path}: {error}; try again, or {ADVICE}") from error
