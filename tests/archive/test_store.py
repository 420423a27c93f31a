import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.archive.store import StoredItem, open_store, open_stored
from bot.errors import SettingsError
from bot.tracker.archive import Cursor


def an_entry(number: int, updated_at: str = "2026-04-08T09:00:00Z", **more: object) -> StoredItem:
    return StoredItem(number, updated_at, json.dumps({"number": number, "title": f"Issue {number}", **more}))


def a_comment(number: int, identity: int, updated_at: str = "2026-04-08T09:00:00Z", body: str = "me too") -> StoredItem:
    return StoredItem(number, updated_at, json.dumps({"id": identity, "body": body}), identity)


def read(path: Path, repository: str = "octo/widget") -> list[tuple[str, object]]:
    return [(where, json.loads(line)) for where, line in open_stored(path, repository).read_lines()]


def test_issues_come_back_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "history.sqlite3"
    with open_store(path) as store:
        store.save_page("octo/widget", "issues", [an_entry(10), an_entry(9)], Cursor("x"))
        store.save_page("Octo/Widget", "issues", [an_entry(1)], Cursor("y", 2, "tag"))
        store.save_page("octo/other", "issues", [an_entry(5)], Cursor())

        assert store.read_cursor("OCTO/widget", "issues") == Cursor("y", 2, "tag")
        assert (store.read_cursor("octo/widget", "comments"), store.count_issues("octo/widget")) == (Cursor(), 3)

    assert read(path) == [(f"octo/widget#{n}", {"number": n, "title": f"Issue {n}"}) for n in (1, 9, 10)]
    assert open_stored(path, "octo/widget").total == 3


@pytest.mark.parametrize("stamps", [("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")])
def test_the_later_state_of_an_issue_stays(tmp_path: Path, stamps: tuple[str, str]) -> None:
    path = tmp_path / "history.sqlite3"
    with open_store(path) as store:
        for stamp in (*stamps, stamps[0]):
            store.save_page("octo/widget", "issues", [an_entry(1, stamp, state=stamp)], Cursor())
            store.save_page("octo/widget", "comments", [a_comment(1, 7, stamp, stamp)], Cursor())

    expected = {"number": 1, "title": "Issue 1", "state": stamps[1], "comments": [{"id": 7, "body": stamps[1]}]}
    assert read(path) == [("octo/widget#1", expected)]


def test_comments_come_with_their_issue_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with open_store(path) as store:
        store.save_page("octo/widget", "issues", [an_entry(1, comments=2), an_entry(2, comments=0)], Cursor())
        store.save_page("octo/widget", "comments", [a_comment(1, 9), a_comment(1, 8), a_comment(3, 7)], Cursor())

    first, second = open_stored(path, "octo/widget").read_issues()

    assert ([comment.id for comment in first.comments], first.comment_count) == ([8, 9], 2)
    assert (second.comments, second.comment_count) == ((), 0)


def test_halves_of_surrogate_pairs_survive(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with open_store(path) as store:
        store.save_page("octo/widget", "issues", [StoredItem(1, "x", '{"number": 1, "title": "\ud800"}')], Cursor())

    assert [issue.title for issue in open_stored(path, "octo/widget").read_issues()] == ["\ufffd"]


def test_a_page_is_kept_with_its_cursor_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with open_store(path) as store:
        store.save_page("octo/widget", "issues", [an_entry(1)], Cursor("first"))
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("create trigger refuse before insert on cursors begin select raise(abort, 'full'); end")
        with pytest.raises(SettingsError):
            store.save_page("octo/widget", "issues", [an_entry(2)], Cursor("second"))

        assert (store.count_issues("octo/widget"), store.read_cursor("octo/widget", "issues")) == (1, Cursor("first"))


def test_a_file_that_is_no_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_text("something else " * 100, encoding="utf-8")

    with (
        pytest.raises(SettingsError, match=r"cannot use the downloaded issues in .*; delete the file"),
        open_store(path),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SettingsError, match="--cache"), open_store(tmp_path / "file" / "history.sqlite3"):
        pass


def test_a_store_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("pragma user_version = 99")

    with pytest.raises(SettingsError, match="a newer version of Signpost wrote"), open_store(path):
        pass
