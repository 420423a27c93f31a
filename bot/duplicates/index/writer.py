"""Reports put into an index, a batch a transaction: killed at any moment, it holds a whole number of batches.

What it answers does not depend on where the batches end, nor on the order in which issues, their mentions and their
duplicates came to be known; so an update that was killed and run again ends where an undisturbed one does.
"""

import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import groupby, takewhile
from math import log
from pathlib import Path

from bot.duplicates.index.file import explain_damage, open_index
from bot.duplicates.index.reader import MOST, PAGE
from bot.duplicates.index.record import Record, Seen, hash_fingerprint, make_former
from bot.duplicates.search.calibration import Calibration, write_calibration
from bot.duplicates.search.collection import hash_pair

FAN = 8
"""So many segments of one kind of size are merged into one (O'Neil et al. 1996, log-structured merge trees)."""

_FEW = 50
"""Pairs of a batch so small are kept in a list beside the pages, until the list is as long."""

_Postings = tuple["array[int]", bytearray]


@contextmanager
def begin_transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; raises what SQLite raises, with nothing written."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def write_facts(connection: sqlite3.Connection, facts: Mapping[str, str]) -> None:
    """What is known of the index as a whole."""
    connection.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", facts.items())


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Write a calibration into an index; raises SettingsError."""
    with closing(open_index(path)) as connection, explain_damage(path), begin_transaction(connection):
        write_facts(connection, {"calibration": write_calibration(calibration)})


def add_records(connection: sqlite3.Connection, found: Iterable[Record | Seen]) -> int:
    """Put reports in, in one transaction; gives how many of them are new or have another text than before.

    Raises sqlite3.Error; nothing of the batch is there then.
    """
    latest = {one.number: one for one in found}
    with begin_transaction(connection):
        known = _find_digests(connection, latest)  # as it stays until the end: another may be writing, too
        changed = [one for one in latest.values() if isinstance(one, Record) and known.get(one.number) != one.digest]
        if changed:
            _add(connection, changed, {record.number for record in changed if record.number in known})
        _write_states(connection, latest.values())
    return len(changed)


def _find_digests(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, int]:
    """The digests of the texts that are in the index already, of these issues."""
    query = "SELECT number, digest FROM report WHERE number IN (SELECT value FROM json_each(?))"
    return dict(connection.execute(query, (json.dumps(list(numbers)),)))


def list_digests(connection: sqlite3.Connection) -> dict[int, int]:
    """The digests of the texts that are in the index, by the number of the issue."""
    return dict(connection.execute("SELECT number, digest FROM report"))


def _read_counts(connection: sqlite3.Connection) -> Counter[str]:
    names = "('reports', 'documents', 'words')"
    rows = connection.execute(f"SELECT name, value FROM fact WHERE name IN {names}")  # noqa: S608 (the names above)
    return Counter({name: int(value) for name, value in rows})


def _add(connection: sqlite3.Connection, records: Sequence[Record], old: Collection[int]) -> None:
    counts = _read_counts(connection)
    first = counts["documents"]
    postings: dict[str, _Postings] = {}
    pairs = Counter[int]()
    for document, record in enumerate(records, first):
        if record.number in old:
            pairs.subtract(_remove(connection, record.number))
        _collect_postings(postings, document, record)
        pairs.update(array("I", record.pairs))
        _write_report(connection, document, record)
        connection.executemany(
            "INSERT OR IGNORE INTO mark VALUES (?, ?)",
            ((fingerprint, document) for fingerprint in array("Q", record.fingerprints)),
        )
    counts["documents"], counts["reports"] = first + len(records), counts["reports"] + len(records) - len(old)
    counts["words"] = _write_segment(connection, postings, len(records), counts["words"])
    write_facts(connection, {name: str(count) for name, count in counts.items()})
    _count_pairs(connection, pairs, is_few=len(records) < _FEW and not old)


def _remove(connection: sqlite3.Connection, number: int) -> Iterable[int]:
    """Take a former text out: its words count no more, its document is gone; gives the slots of its pairs."""
    report = connection.execute("SELECT document, content FROM report WHERE number = ?", (number,))
    document, content = report.fetchone()
    former = make_former(number, content)
    words = ((word,) for word in sorted(former.words))
    connection.executemany("UPDATE word SET count = count - 1 WHERE word = ?", words)
    connection.executemany(
        "DELETE FROM mark WHERE hash = ? AND document = ?",
        ((hash_fingerprint(fingerprint), document) for fingerprint in former.fingerprints),
    )
    connection.execute("DELETE FROM mention WHERE source = ?", (number,))
    connection.execute("INSERT INTO gone VALUES (?)", (document,))
    return {hash_pair(pair) for pair in former.pairs}


def _collect_postings(postings: dict[str, _Postings], document: int, record: Record) -> None:
    for word, impact in zip(record.words, record.impacts, strict=True):
        documents, impacts = postings.setdefault(word, (array("I"), bytearray()))
        documents.append(document)
        impacts.append(impact)


def _write_report(connection: sqlite3.Connection, document: int, record: Record) -> None:
    connection.execute(
        "INSERT INTO report (document, number, digest, created, author, state, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET document = excluded.document,"
        " digest = excluded.digest, content = excluded.content",
        (document, record.number, record.digest, record.created, record.author, record.state, record.content),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO mention VALUES (?, ?, ?)",
        ((target, record.number, record.created) for target in record.mentions),
    )


def _write_states(connection: sqlite3.Connection, found: Iterable[Record | Seen]) -> None:
    """Updates what changes without the text. A known original stays, unless the report now denies it (0)."""
    connection.executemany(
        "UPDATE report SET state = ?1, original = nullif(coalesce(?2, original), 0) WHERE number = ?3 AND"
        " (state <> ?1 OR original IS NOT nullif(coalesce(?2, original), 0))",
        ((one.state, one.original, one.number) for one in found),
    )


def _write_segment(
    connection: sqlite3.Connection, postings: Mapping[str, _Postings], reports: int, next_word: int
) -> int:
    """Gives the number that the next new word will have."""
    ids: dict[str, int] = {}
    for word in sorted(postings):
        row = connection.execute("SELECT id FROM word WHERE word = ?", (word,)).fetchone()
        ids[word] = row[0] if row else next_word
        next_word += not row
    connection.executemany(
        "INSERT INTO word VALUES (?, ?, ?) ON CONFLICT (word) DO UPDATE SET count = count + excluded.count",
        ((word, number, len(postings[word][0])) for word, number in ids.items()),
    )
    segment = connection.execute("INSERT INTO segment (reports) VALUES (?)", (reports,)).lastrowid
    rows = sorted((ids[word], documents.tobytes(), bytes(impacts)) for word, (documents, impacts) in postings.items())
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?, ?)", ((segment, *row) for row in rows))
    while merged := _choose_segments(connection):
        _merge(connection, merged)
    return next_word


def _choose_segments(connection: sqlite3.Connection) -> list[int]:
    """The newest ones that are no larger in kind than the very newest, once they are eight; the oldest first."""
    newest = connection.execute("SELECT id, reports FROM segment ORDER BY id DESC").fetchall()
    kind = _rank_size(newest[0][1])
    chosen = [number for number, _ in takewhile(lambda segment: _rank_size(segment[1]) <= kind, newest)]
    return chosen[::-1] if len(chosen) >= FAN else []


def _rank_size(reports: int) -> int:
    """0 for fewer than eight reports, 1 for fewer than 64, and so on."""
    return int(log(max(1, reports) + 0.5, FAN))


def _merge(connection: sqlite3.Connection, segments: list[int]) -> None:
    """Documents ascend from segment to segment, so the parts of a word are put one behind the other."""
    places = ", ".join("?" * len(segments))
    query = f"SELECT word, documents, impacts FROM posting WHERE segment IN ({places}) ORDER BY word, segment"  # noqa: S608 (question marks)
    rows = connection.execute(query, segments)
    merged = [
        (word, b"".join(row[1] for row in group), b"".join(row[2] for row in group))
        for word, found in groupby(rows, key=lambda row: row[0])
        for group in [list(found)]
    ]
    total = f"SELECT sum(reports) FROM segment WHERE id IN ({places})"  # noqa: S608 (question marks)
    (reports,) = connection.execute(total, segments).fetchone()
    connection.execute(f"DELETE FROM posting WHERE segment IN ({places})", segments)  # noqa: S608 (question marks)
    connection.execute(f"DELETE FROM segment WHERE id IN ({places})", segments)  # noqa: S608 (question marks)
    connection.execute("INSERT INTO segment VALUES (?, ?)", (segments[-1], reports))
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?, ?)", ((segments[-1], *row) for row in merged))


def _count_pairs(connection: sqlite3.Connection, pairs: Counter[int], *, is_few: bool) -> None:
    """Few ones are listed: a report has pairs on hundreds of pages, and writing these would take most of the time."""
    if is_few:
        slots = array("I", pairs.elements()).tobytes()
        connection.execute("INSERT INTO recent_pair (slots) VALUES (?)", (slots,))
        if connection.execute("SELECT count(*) FROM recent_pair").fetchone()[0] < _FEW:
            return
        pairs = Counter()
    for (slots,) in connection.execute("SELECT slots FROM recent_pair"):
        pairs.update(array("I", slots))
    connection.execute("DELETE FROM recent_pair")
    _write_pages(connection, pairs)


def _write_pages(connection: sqlite3.Connection, pairs: Counter[int]) -> None:
    """A count of 255 stays: how far it was beyond is not known."""
    for page, found in groupby(sorted(pairs.items()), key=lambda item: item[0] // PAGE):
        row = connection.execute("SELECT counts FROM pair WHERE page = ?", (page,)).fetchone()
        counts = bytearray(row[0]) if row else bytearray(PAGE)
        for slot, change in found:
            if (count := counts[slot % PAGE]) < MOST:
                counts[slot % PAGE] = max(0, min(MOST, count + change))
        connection.execute("INSERT OR REPLACE INTO pair VALUES (?, ?)", (page, bytes(counts)))


_MUCH = 10


def drop_gone(connection: sqlite3.Connection) -> bool:
    """Take texts that were replaced out of the postings, once they are a tenth of all; says whether it was done."""
    with begin_transaction(connection):
        gone = {row[0] for row in connection.execute("SELECT document FROM gone")}
        if len(gone) * _MUCH < _read_counts(connection)["reports"] or not gone:
            return False
        for place in connection.execute("SELECT segment, word FROM posting").fetchall():
            _drop_from_posting(connection, place, gone)
        connection.execute("DELETE FROM gone")
    return True


def _drop_from_posting(connection: sqlite3.Connection, place: tuple[int, int], gone: Collection[int]) -> None:
    where = "WHERE segment = ? AND word = ?"
    row = connection.execute(f"SELECT documents, impacts FROM posting {where}", place).fetchone()  # noqa: S608 (constant)
    documents = array("I", row[0])
    kept = [(document, impact) for document, impact in zip(documents, row[1], strict=True) if document not in gone]
    if not kept:
        connection.execute(f"DELETE FROM posting {where}", place)  # noqa: S608 (constant)
    elif len(kept) < len(documents):
        values = array("I", [document for document, _ in kept]).tobytes(), bytes(impact for _, impact in kept)
        connection.execute(f"UPDATE posting SET documents = ?, impacts = ? {where}", (*values, *place))  # noqa: S608 (constant)
