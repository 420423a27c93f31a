"""An index answers like a collection in memory, follows its history, and survives a kill at any statement."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.duplicates.index.file import WrongFileError, build_index, open_index, read_index
from bot.duplicates.index.reader import IndexCollection, name_other
from bot.duplicates.index.record import Record, Seen, make_record
from bot.duplicates.index.search import replay_latest, search_index, search_number
from bot.duplicates.index.writer import add_records, drop_gone
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.ranker import search_collection
from bot.errors import SettingsError
from bot.tracker.types import Account, Comment, Issue
from tests.builders import OPENED, after
from tests.duplicates.samples import MODEL, a_report, ask_all, fill_index, fill_memory, some_reports

REPORTS = some_reports(120)
QUERIES = [a_report(500, "The parser crashes", "error: parser failed with code crashes"), a_report(501, "linker leaks")]


def read_answers(path: Path) -> list[object]:
    with read_index(path) as connection:
        return ask_all(connection, QUERIES)


def test_an_index_ranks_like_a_collection_in_memory(tmp_path: Path) -> None:
    issues = [replace(issue, body=issue.body.replace("#", "number ")) for issue in REPORTS]
    memory, path = fill_memory(issues), fill_index(tmp_path / "a.index", issues)

    with read_index(path) as connection:
        collection = IndexCollection(connection)
        for query in QUERIES:
            profile = make_profile(query)
            assert search_collection(profile, collection, MODEL) == search_collection(profile, memory, MODEL)


@pytest.mark.parametrize("batch", [1, 7, 120])
def test_where_batches_end_changes_nothing(tmp_path: Path, batch: int) -> None:
    whole = fill_index(tmp_path / "whole.index", REPORTS)

    assert read_answers(fill_index(tmp_path / "parts.index", REPORTS, batch)) == read_answers(whole)


def test_small_segments_are_merged_and_large_ones_stay(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", REPORTS[:70], batch=70)

    with closing(open_index(path)) as connection:
        for issue in REPORTS[70:]:
            add_records(connection, [make_record(issue)])
        assert [row[0] for row in connection.execute("SELECT reports FROM segment ORDER BY id")] == [70, *[8] * 6, 1, 1]


def test_texts_that_change_are_replaced(tmp_path: Path) -> None:
    changed = [*REPORTS[:50], *(replace(issue, title=f"{issue.title} again") for issue in REPORTS[50:])]
    path = fill_index(tmp_path / "a.index", REPORTS)

    with closing(open_index(path)) as connection:
        assert add_records(connection, map(make_record, changed)) == 70
        assert add_records(connection, map(make_record, changed)) == 0
        before = ask_all(connection, QUERIES)
        assert drop_gone(connection)
        assert ask_all(connection, QUERIES) == before
    anew = read_answers(fill_index(tmp_path / "b.index", changed))
    assert [(c.number, c.score) for c in before[0]] == [(c.number, c.score) for c in anew[0]]  # type: ignore[attr-defined]
    assert before[2:] == anew[2:]


def test_states_and_originals_are_noted(tmp_path: Path) -> None:
    said = Comment(id=1, author=Account(login="m"), body="Duplicate of #3", created_at=OPENED, association="MEMBER")
    path = fill_index(tmp_path / "a.index", REPORTS)
    with closing(open_index(path)) as connection:
        add_records(
            connection, [make_record(replace(REPORTS[12], state="closed", comments=(said,))), Seen(5, "closed", 3)]
        )
        add_records(connection, [Seen(5, "closed", None)])
        collection = IndexCollection(connection)

        assert collection.read_states([3, 5, 13]) == {3: "open", 5: "closed", 13: "closed"}
        assert [collection.read_original(number) for number in (3, 5, 13, 999)] == [None, 3, 3, None]
        third, fifth = collection.read_issue(3), collection.read_issue(5)
        assert third is not None
        assert fifth is not None
        assert (third.duplicates, third.is_duplicate, fifth.is_duplicate) == (2, False, True)
        assert third.active == after(days=13).timestamp()


@pytest.mark.parametrize(
    "body, association, original",
    [
        ("Duplicate of #3", "OWNER", 3),
        ("thanks!\n\nduplicate of #4", "COLLABORATOR", 4),
        ("Duplicate of #3", "NONE", None),
        ("maybe a duplicate of #3", "MEMBER", None),
        ("Duplicate of #13", "MEMBER", None),
    ],
)
def test_a_maintainer_says_what_is_a_duplicate(body: str, association: str, original: int | None) -> None:
    comment = Comment(id=1, author=Account(login="m"), body=body, created_at=OPENED, association=association)

    assert make_record(a_report(13, "Title", comments=(comment,))).original == original


class Killed(BaseException):
    """The process is gone."""


class MortalConnection(sqlite3.Connection):
    """A connection that can be killed at a statement."""

    last_words: Callable[[], None] = staticmethod(lambda: None)
    left = 10**9

    def _live(self) -> None:
        self.left -= 1
        if self.left < 0:
            self.last_words()
            raise Killed

    def execute(self, sql: str, parameters: object = ()) -> sqlite3.Cursor:
        self._live()
        return super().execute(sql, parameters)  # type: ignore[arg-type]

    def executemany(self, sql: str, parameters: object) -> sqlite3.Cursor:
        self._live()
        return super().executemany(sql, parameters)  # type: ignore[arg-type]


def list_batches() -> Iterator[list[Record | Seen]]:
    changed = [replace(issue, body=f"{issue.body}\nMore of it.") for issue in REPORTS[20:26]]
    yield [*map(make_record, changed), Seen(2, "closed", 1)]
    for start in range(120, 140, 10):
        yield [make_record(issue) for issue in some_reports(140)[start : start + 10]]


def update(path: Path, left: int, ruins: Path) -> bool:
    """Bring an index up to date; at statement `left` the process dies, and leaves its files as they are in `ruins`."""

    def leave() -> None:
        for file in path.parent.glob(f"{path.name}*"):
            shutil.copy(file, ruins / file.name)

    with closing(sqlite3.connect(path, isolation_level=None, factory=MortalConnection)) as connection:
        connection.left, connection.last_words = left, leave
        try:
            for batch in list_batches():
                add_records(connection, batch)
            drop_gone(connection)
        except Killed:
            return False
    return True


@pytest.mark.slow
def test_an_update_killed_at_any_statement_and_run_again_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    start = fill_index(tmp_path / "start.index", REPORTS)
    undisturbed = Path(shutil.copy(start, tmp_path / "undisturbed.index"))
    assert update(undisturbed, 10**6, tmp_path)
    expected = read_answers(undisturbed)
    statement, deaths = 0, 0
    while True:
        path, ruins = tmp_path / f"{statement}.index", tmp_path / "ruins"
        shutil.rmtree(ruins, ignore_errors=True)
        ruins.mkdir()
        shutil.copy(start, path)
        if update(path, statement, ruins):
            break
        assert update(ruins / path.name, 10**6, tmp_path)
        assert read_answers(ruins / path.name) == expected
        statement += 7
        deaths += 1
    assert deaths > 30


def die_while_building(path: Path) -> None:
    with build_index(path) as connection:
        add_records(connection, [make_record(REPORTS[0])])
        raise Killed


def test_a_build_that_fails_leaves_the_former_index(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", REPORTS)
    before = read_answers(path)

    with pytest.raises(Killed):
        die_while_building(path)

    assert read_answers(path) == before
    assert [file.name for file in tmp_path.iterdir()] == ["a.index"]


def test_a_reader_sees_one_state_while_another_writes(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", REPORTS)
    with read_index(path) as reading:
        before = ask_all(reading, QUERIES)
        with build_index(path) as writing:
            add_records(writing, [make_record(REPORTS[0])])
            assert ask_all(reading, QUERIES) == before
        assert ask_all(reading, QUERIES) == before
    assert read_answers(path) != before


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:9_000])


def write_text(path: Path) -> None:
    path.write_text("# Read me", encoding="utf-8")


def write_other_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE report (document)")


def set_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def overwrite_middle(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[4_096:] = b"\x5a" * (len(whole) - 4_096)
    path.write_bytes(whole)


def overwrite_content(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE report SET content = x'00'")


@pytest.mark.parametrize(
    "spoil, told",
    [
        (empty, "is not an index of Signpost; build it"),
        (write_text, "is not an index of Signpost; build it"),
        (write_other_database, "is not an index of Signpost; build it"),
        (cut, "was cut off; build it"),
        (set_version, "has format 99, but this Signpost reads format 5; build it"),
        (overwrite_middle, "is damaged"),
        (overwrite_content, "is damaged"),
    ],
)
def test_a_wrong_file_is_never_trusted(tmp_path: Path, spoil: Callable[[Path], None], told: str) -> None:
    path = fill_index(tmp_path / "a.index", REPORTS)
    spoil(path)

    with pytest.raises(WrongFileError, match=told):
        search_index(path, QUERIES[0])


def test_what_is_no_index_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    write_text(path)

    fill_index(path, REPORTS[:3])

    assert (tmp_path / "README.md.refused").read_text("utf-8") == "# Read me"
    assert search_number(path, 2) is not None


@pytest.mark.parametrize(
    "source, repository, other",
    [
        ("octo/widget", "Octo/Widget", None),
        ("octo/widget", "octo/gadget", "octo/widget"),
        ("issues.jsonl", "octo/gadget", None),
        ("octo/widget", "", None),
        ("", "octo/gadget", None),
    ],
)
def test_an_index_knows_its_repository(source: str, repository: str, other: str | None) -> None:
    assert name_other(source, repository) == other


def test_there_is_no_index(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the index .*; build it with `signpost index build"):
        search_index(tmp_path / "a.index", QUERIES[0])


def test_an_issue_of_the_index_is_asked_about_by_its_number(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", REPORTS)

    found = search_number(path, 71)

    assert found is not None
    assert found.candidates[0].number == 1
    assert all(candidate.number < 71 for candidate in found.candidates)
    assert search_number(path, 999) is None


def test_the_past_is_asked_by_what_was_there_then(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", REPORTS)
    with closing(open_index(path)) as connection:
        add_records(connection, [Seen(111, "closed", 41), Seen(112, "closed", 1)])

    replayed = list(replay_latest(path, 20))

    assert [(one.is_known, one.is_right) for one in replayed[8:13]] == [(False, False)] * 2 + [
        (True, True),
        (True, False),
        (False, False),
    ]


@settings(max_examples=60)
@given(*[st.text(st.characters(codec=None, exclude_categories=()), max_size=60)] * 3, st.integers(1, 40))
def test_any_text_can_be_kept_and_asked(title: str, body: str, author: str, times: int) -> None:
    hostile = [a_report(number, title, body * times, author) for number in (1, 2)]

    with TemporaryDirectory() as folder:
        path = fill_index(Path(folder) / "a.index", hostile)
        found = search_index(path, a_report(9, title, body * times, author))

    assert {candidate.number for candidate in found.candidates} <= {1, 2}


def test_pairs_are_counted_whatever_the_batch(tmp_path: Path) -> None:
    issue: Issue = a_report(1, "core dumped", "core dumped")
    for batch in (1, 40):
        path = fill_index(tmp_path / f"{batch}.index", [replace(issue, number=n) for n in range(1, 301)], batch)
        with read_index(path) as connection:
            assert IndexCollection(connection).count_pair(("core", "dump")) == 255
            assert IndexCollection(connection).count_pair(("other", "dump")) == 0
