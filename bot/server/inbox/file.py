"""The file of an inbox in SQLite: its tables, its lock, its errors, and the thread that writes it.

One thread owns the connection. It takes all operations that wait and commits them together, because a commit waits for
the disk: so one server stores a thousand deliveries a second instead of a hundred.
"""

import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, TypeVar

from bot.errors import explain_cause
from bot.server.inbox.types import InboxError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

APPLICATION = 0x53676E69
"""Identifies the file in SQLite's header (https://www.sqlite.org/pragma.html#pragma_application_id)."""

MIGRATIONS = (
    # Bodies have a table of their own, because SQLite writes a row again whenever its state changes.
    """
    CREATE TABLE delivery (
        id INTEGER PRIMARY KEY AUTOINCREMENT, guid TEXT NOT NULL UNIQUE, lock TEXT NOT NULL,
        event TEXT NOT NULL, action TEXT NOT NULL, installation INTEGER NOT NULL,
        repository TEXT NOT NULL, repository_id INTEGER NOT NULL, issue INTEGER NOT NULL, received_at REAL NOT NULL,
        state TEXT NOT NULL, attempts INTEGER NOT NULL, changed_at REAL NOT NULL, due_at REAL,
        error TEXT NOT NULL, handled TEXT
    ) STRICT;
    CREATE INDEX delivery_unfinished ON delivery (lock, id) WHERE state IN ('waiting', 'running');
    CREATE INDEX delivery_waiting ON delivery (id) WHERE state = 'waiting';
    CREATE INDEX delivery_state ON delivery (state, changed_at);
    CREATE TABLE body (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE value (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE chore (name TEXT PRIMARY KEY, begun_at REAL NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE alive (id INTEGER PRIMARY KEY, at REAL NOT NULL) STRICT;
    """,
    """
    ALTER TABLE delivery ADD COLUMN start_tag INTEGER NOT NULL DEFAULT 0;
    DROP INDEX delivery_waiting;
    CREATE INDEX delivery_waiting ON delivery (start_tag, id) WHERE state = 'waiting';
    CREATE INDEX delivery_repository ON delivery (repository_id, start_tag) WHERE state IN ('waiting', 'running');
    """,
)
"""How the tables came about. A change is a further text; PRAGMA user_version counts those that a file has."""

# Deadlines are times of the monotonic clock, so that a change of the wall clock lets nothing wait longer.
_DEADLINES = "CREATE TEMP TABLE deadline (id INTEGER PRIMARY KEY, at REAL NOT NULL)"

BUSY_SECONDS = 30.0
"""How long a write waits for another program, such as a backup."""

LARGEST_BATCH = 500
"""Operations in one transaction."""

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]
"""What is done in a transaction."""


def connect(file: Path, *, is_guest: bool) -> sqlite3.Connection:
    """Open the file, which a server makes and migrates; raises InboxError if it is not an inbox."""
    if not is_guest:
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    elif not file.exists():
        raise InboxError(
            f"the inbox {file} does not exist; start `signpost serve` first, or name its file with --database"
        )
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _prepare(connection, file, is_guest=is_guest)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, file: Path, *, is_guest: bool) -> None:
    """Check and migrate the file. WAL is set only now: it would change a file of something else."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application != APPLICATION and (tables or application or version):
        raise InboxError(f"the file {file} is not an inbox of Signpost; name another file in SIGNPOST_DATABASE")
    if version > len(MIGRATIONS) or (is_guest and version < len(MIGRATIONS)):
        newer = "this program" if version < len(MIGRATIONS) else "a newer Signpost"
        raise InboxError(f"the inbox {file} has format {version}; start `signpost serve` of {newer}")
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY")
    for number, statements in enumerate(MIGRATIONS[version:], version + 1):
        signature = f"PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {number}"
        connection.executescript(f"BEGIN IMMEDIATE; {statements}; {signature}; COMMIT")
    connection.execute(_DEADLINES)


def lock_file(file: Path) -> IO[bytes]:
    """The lock of the only server; the system releases it when the process ends, however it ends.

    It is on a file of its own: SQLite's own locks end when anything in this process closes the database
    (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
    """
    lock = os.fdopen(os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o600), "r+b")
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        message = f"another server uses the inbox {file}; stop it, or let several servers share PostgreSQL"
        raise InboxError(message) from error
    return lock


@contextmanager
def explain(file: Path) -> Iterator[None]:
    """Raise InboxError, with the fix, for each error of the database or of the system."""
    try:
        yield
    except (sqlite3.Error, OSError, UnicodeError) as error:
        raise InboxError(_advise(file, error)) from error


@contextmanager
def _explain_all(file: Path) -> Iterator[None]:
    """Raise InboxError for every other error, too: one that ended the thread of the inbox would end the inbox.

    For example, MemoryError, a number that SQLite cannot keep, or a row with a time that no calendar has.
    """
    try:
        with explain(file):
            yield
    except InboxError:
        raise
    except Exception as error:
        raise InboxError(f"the inbox {file} cannot do this ({type(error).__name__})") from error


def _advise(file: Path, error: Exception) -> str:
    """What is wrong with the file, and how to correct it."""
    if isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError | PermissionError):
        return f"the inbox {file} cannot be opened ({explain_cause(error)}); check its folder, and who may write there"
    name = getattr(error, "sqlite_errorname", "")
    match name.split("_")[1] if name else "":
        case "FULL":
            return f"the disk of the inbox {file} is full; make room"
        case "CORRUPT" | "NOTADB":
            return (
                f"the inbox {file} is damaged, or is not a database; move it away, and restore a backup if there is one"
            )
        case "READONLY" | "PERM" | "CANTOPEN":
            return f"the inbox {file} cannot be written; let this user write the file and its folder"
        case "BUSY" | "LOCKED":
            return f"another program keeps the inbox {file} locked; stop it"
    return f"the inbox {file} cannot be used ({explain_cause(error)}); check the disk and its free space"


class Writer(Thread):
    """The thread that owns the connection."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        super().__init__(name="inbox", daemon=True)
        self._file = file
        self._connection = connection
        self._waiting = SimpleQueue[tuple[Operation[Any], Future[Any]] | None]()
        self.start()

    def do(self, operation: Operation[T]) -> Future[T]:
        """Do this in the next transaction; the result comes after the commit."""
        future = Future[T]()
        self._waiting.put((operation, future))
        return future

    def close(self) -> None:
        """Finish what waits, and close the connection."""
        self._waiting.put(None)
        self.join()

    def run(self) -> None:
        """Commit batch after batch."""
        with closing(self._connection):
            is_open = True
            while is_open:
                batch = list(self._collect())
                is_open = None not in batch
                self._commit([each for each in batch if each and each[1].set_running_or_notify_cancel()])

    def _collect(self) -> Iterator[tuple[Operation[Any], Future[Any]] | None]:
        yield self._waiting.get()
        with suppress(Empty):
            for _ in range(LARGEST_BATCH - 1):
                yield self._waiting.get_nowait()

    def _commit(self, batch: Sequence[tuple[Operation[Any], Future[Any]]]) -> None:
        try:
            with _explain_all(self._file):
                self._connection.execute("BEGIN IMMEDIATE")
                results = [self._try(operation) for operation, _ in batch]
                self._connection.execute("COMMIT")
        except InboxError as error:
            results = [error] * len(batch)
            self._roll_back()
        for (_, future), result in zip(batch, results, strict=True):
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _try(self, operation: Operation[Any]) -> Any:  # noqa: ANN401 (any result, or its error)
        """The result of one operation of a transaction; an error that ends the transaction is raised."""
        self._connection.execute("SAVEPOINT one")
        try:
            with _explain_all(self._file):
                result = operation(self._connection)
        except InboxError as error:
            if not self._connection.in_transaction:
                raise
            self._connection.execute("ROLLBACK TO one")
            result = error
        self._connection.execute("RELEASE one")
        return result
