"""An index that somebody made to do harm: it is refused or answers, soon, and the run goes on."""

import json
import sqlite3
import zlib
from array import array
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from bot.duplicates.candidates import CandidateSearch
from bot.duplicates.finder import FindInIndex
from bot.duplicates.index.file import SlowIndexError
from bot.duplicates.index.search import search_index
from tests.duplicates.samples import a_report, fill_index, some_reports

QUERY = a_report(500, "The parser crashes", "error: parser failed with code crashes")
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
OF_PARSER = "WHERE word = (SELECT id FROM word WHERE word = 'parser')"
OTHER_TABLES = "has other tables than an index of Signpost"
BOMB = zlib.compress(b'["a", "' + b"a " * 4_000_000 + b'", "", []]')
LIE = json.dumps({"share": 0.1, "threshold": 0.5, "replayed": "![](//a)", "shown": 1, "known": 1, "caught": 1})


def run_script(script: str) -> Callable[[sqlite3.Connection], object]:
    return lambda connection: connection.executescript(script)


def run_update(query: str, *values: object) -> Callable[[sqlite3.Connection], object]:
    return lambda connection: connection.execute(query, values)


ATTACKS: dict[str, tuple[Callable[[sqlite3.Connection], object], str]] = {
    "a view that never ends in the place of a table": (
        run_script(f"DROP TABLE gone; CREATE VIEW gone AS {ENDLESS} i AS document FROM n"),
        OTHER_TABLES,
    ),
    "a trigger": (
        run_script("CREATE TRIGGER t AFTER UPDATE ON report BEGIN DELETE FROM report; END"),
        OTHER_TABLES,
    ),
    "a column that is computed": (
        run_script("DROP TABLE gone; CREATE TABLE gone (document INTEGER PRIMARY KEY, x AS (zeroblob(document)))"),
        OTHER_TABLES,
    ),
    "an index on an expression": (run_script("CREATE INDEX i ON report (abs(number))"), OTHER_TABLES),
    "a thousand tables": (
        run_script(";".join(["BEGIN", *(f"CREATE TABLE t{n} (a)" for n in range(1000)), "COMMIT"])),
        OTHER_TABLES,
    ),
    "a table that is gone": (run_script("DROP TABLE mark"), OTHER_TABLES),
    "a compressed bomb": (run_update("UPDATE report SET content = ?", BOMB), "larger than 4 MiB"),
    "a giant blob": (run_update("UPDATE report SET content = zeroblob(17000000) WHERE number = 50"), "too big"),
    "a giant text": (
        run_update("INSERT INTO fact VALUES ('form_text', CAST(zeroblob(17000000) AS TEXT))"),
        "too big",
    ),
    "a text that is nested deep": (run_update("INSERT INTO fact VALUES ('form_text', ?)", "[" * 200_000), "damaged"),
    "a word in millions of reports": (
        run_update(
            f"UPDATE posting SET documents = ?, impacts = ? {OF_PARSER}",  # noqa: S608 (constant)
            array("I", range(2**20)).tobytes(),
            bytes(2**20),
        ),
        "a word in more reports than there are",
    ),
    "postings without impacts": (run_update("UPDATE posting SET impacts = x''"), "damaged"),
    "a number that is a text": (
        run_update("UPDATE report SET content = ?", zlib.compress(b'[{"a": 1}, "", "", "", false, [], []]')),
        "without its title",
    ),
    "a message that is no fingerprint": (
        run_update("UPDATE report SET content = ?", zlib.compress(b'["a", "", "", "", 0, ["message:b"], [-1]]')),
        "not among its fingerprints",
    ),
    "a negative number": (run_update("UPDATE report SET number = -number"), "without its title"),
    "a date that is a text": (run_update("UPDATE report SET created = 'soon'"), "damaged"),
    "a date that never comes": (run_update("UPDATE report SET created = 9e999"), "of another kind"),
    "an author that is a blob": (run_update("UPDATE report SET author = x'00'"), "of another kind"),
    "a calibration that is none": (run_update("INSERT INTO fact VALUES ('calibration', ?)", LIE), "without its counts"),
    "a size that is none": (run_update("UPDATE fact SET value = ? WHERE name = 'reports'", "9" * 9_000), "damaged"),
}


def attack(path: Path, name: str) -> Path:
    fill_index(path, some_reports(50))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        ATTACKS[name][0](connection)
    return path


@pytest.mark.parametrize("name", ATTACKS)
def test_a_hostile_index_is_refused_and_the_run_goes_on(name: str, tmp_path: Path) -> None:
    found = FindInIndex(attack(tmp_path / "a.index", name))(QUERY)
    (remark,) = found.remarks
    assert found == CandidateSearch(remarks=(remark,), is_complete=False)
    assert remark.startswith("the search for earlier reports failed: ")
    assert ATTACKS[name][1] in remark


def test_a_search_that_takes_too_long_is_stopped_and_the_run_goes_on(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", some_reports(50))
    stopped = "the search in the index was stopped after 0 seconds; build the index again"
    with pytest.raises(SlowIndexError, match=stopped):
        search_index(path, QUERY, 0)
    assert FindInIndex(path, seconds=0)(QUERY).remarks == (f"the search for earlier reports failed: {stopped}",)
    assert FindInIndex(path)(QUERY) == CandidateSearch()


def test_a_statement_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", some_reports(50))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n LIMIT 500000)"
        connection.execute(f"INSERT INTO mention {numbers} SELECT 50, i, 0.0 FROM n")  # noqa: S608 (constant)
    with pytest.raises(SlowIndexError):
        search_index(path, QUERY, 0.02)


@pytest.mark.parametrize("source", ["a/b", "a/b![](//evil.example)", "<img src=x>/b"])
def test_only_a_name_of_a_repository_is_repeated(source: str, tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", some_reports(50))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO fact VALUES ('source', ?)", (source,))
    remarks = FindInIndex(path)(QUERY).remarks
    assert remarks == ((f"the index {path} is for a/b, so Signpost did not use it",) if source == "a/b" else ())
