"""`signpost index` killed at its writes, on a full disk, beside others: the next run ends with the same index."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.duplicates.index.file import build_index, open_index, read_index
from bot.duplicates.index.reader import IndexCollection
from bot.duplicates.index.record import make_record
from bot.duplicates.index.writer import add_records, drop_gone
from tests.cli.test_index import index, search, write_history
from tests.duplicates.samples import ask_all, fill_index, some_reports
from tests.stand_ins.command import Finished, Running, start_command
from tests.stand_ins.mortal import count_writes, deny_beyond, kill_at, kill_beyond

pytestmark = pytest.mark.slow

KILLS = 25
BEFORE = some_reports(40)
AFTER = [
    *(replace(issue, body=f"{issue.body}\nMore of it.", state="closed") for issue in BEFORE[:30]),
    *some_reports(60)[30:],
]
"""So many texts are changed that they are taken out of the postings."""

MAKING = ("--index", "a.index", "--issues", "issues.jsonl", "--jobs", "1")


def dump(path: Path) -> list[str]:
    """All that an index holds."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return list(connection.iterdump())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an index, and a history that has gone on since."""
    write_history(tmp_path, BEFORE)
    assert index(tmp_path, "build", *MAKING).code == 0
    write_history(tmp_path, AFTER)
    return tmp_path


def copy_folder(folder: Path, name: str) -> Path:
    copied = folder.parent / f"{folder.name}-{name}"
    shutil.rmtree(copied, ignore_errors=True)
    return Path(shutil.copytree(folder, copied))


@pytest.mark.parametrize("arguments", [("build", *MAKING), ("update", *MAKING)], ids=["build", "update"])
def test_killed_at_any_write_the_next_run_ends_with_the_same_index(folder: Path, arguments: tuple[str, ...]) -> None:
    undisturbed = copy_folder(folder, "undisturbed")
    writes = count_writes(undisturbed, "index", *arguments)
    expected = dump(undisturbed / "a.index")
    moments = {*range(1, writes, max(1, writes // KILLS)), *range(writes - 5, writes + 1)}
    for moment in sorted(moments):
        ruins = copy_folder(folder, "ruins")

        assert kill_at(ruins, moment, "index", *arguments) == -9
        assert search(ruins, "parser")["issues"] in {40, 60}
        assert index(ruins, *arguments).code == 0

        assert dump(ruins / "a.index") == expected, moment


def test_killed_in_the_midst_of_a_commit_the_next_run_ends_with_the_same_index(folder: Path) -> None:
    undisturbed = copy_folder(folder, "undisturbed")
    assert index(undisturbed, "update", *MAKING).code == 0
    expected, rebuilt = dump(undisturbed / "a.index"), copy_folder(folder, "rebuilt")
    assert index(rebuilt, "build", *MAKING).code == 0
    small, large = ((each / "a.index").stat().st_size for each in (folder, undisturbed))
    for size in range(small, large, (large - small) // 8):
        ruins = copy_folder(folder, "ruins")
        assert kill_beyond(ruins, size, "index", "update", *MAKING) < 0
        assert (ruins / "a.index-journal").exists()
        other = copy_folder(ruins, "other")

        assert index(ruins, "update", *MAKING).err == ""
        assert index(other, "build", *MAKING).code == 0

        assert dump(ruins / "a.index") == expected
        assert dump(other / "a.index") == dump(rebuilt / "a.index")


def test_a_calibration_that_is_killed_changes_nothing_and_can_be_made_again(folder: Path) -> None:
    arguments = ("calibrate", "--index", "a.index", "--last", "20")
    before, undisturbed = dump(folder / "a.index"), copy_folder(folder, "undisturbed")
    for moment in range(1, count_writes(undisturbed, "index", *arguments) + 1):
        ruins = copy_folder(folder, "ruins")
        assert kill_at(ruins, moment, "index", *arguments) == -9
        assert dump(ruins / "a.index") == before
        assert index(ruins, *arguments).code == 0
        assert dump(ruins / "a.index") == dump(undisturbed / "a.index")


@pytest.mark.parametrize("action", ["build", "update"])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_full_disk_is_told_and_takes_nothing_away(folder: Path, action: str, part: float) -> None:
    before = dump(folder / "a.index")
    size = (folder / "a.index").stat().st_size

    allowed = int(size * part) if action == "build" else int(size * (1 + part / 4))

    code = deny_beyond(folder, allowed, "index", action, *MAKING)

    told = (folder / "said").read_text("utf-8")
    assert code == 2
    assert told.startswith(("signpost: cannot write the index a.index: ", "signpost: cannot use the index a.index: "))
    assert "another command" not in told
    assert dump(folder / "a.index") == before
    assert index(folder, action, *MAKING).code == 0
    assert not list(folder.glob("*.unfinished"))


def test_two_updates_at_once_end_like_one(folder: Path) -> None:
    alone = copy_folder(folder, "alone")
    assert index(alone, "update", *MAKING).code == 0

    running = [start_command("index", "update", *MAKING, folder=folder) for _ in range(2)]
    with ThreadPoolExecutor() as threads:
        done = list(threads.map(Running.go, running))

    assert [one.code for one in done] == [0, 0]

    assert dump(folder / "a.index") == dump(alone / "a.index")


def interrupt(connection: sqlite3.Connection, start: str, act: Callable[[], object]) -> None:
    """Let something happen when a statement is about to be done, once."""
    left: Iterator[Callable[[], object]] = iter([act])

    def see(sql: str) -> None:
        if sql.startswith(start) and (due := next(left, None)):
            due()

    connection.set_trace_callback(see)


def test_what_another_has_added_meanwhile_is_not_added_again(tmp_path: Path) -> None:
    path, alone = (fill_index(tmp_path / name, BEFORE) for name in ("a.index", "alone.index"))
    records = list(map(make_record, AFTER))
    with closing(open_index(path)) as one, closing(open_index(path)) as other, closing(open_index(alone)) as third:
        interrupt(one, "BEGIN", lambda: add_records(other, records))
        assert add_records(one, records) == 0
        add_records(third, records)
        interrupt(one, "BEGIN", lambda: drop_gone(other))
        assert not drop_gone(one)
        assert drop_gone(third)

    assert dump(path) == dump(alone)


def test_a_reader_sees_one_state_while_an_index_is_updated(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", BEFORE)
    queries = AFTER[:3]
    with read_index(path) as reading:
        before = ask_all(reading, queries)
    with closing(open_index(path)) as writing:
        answers = list[object]()

        def read() -> None:
            with read_index(path) as reading:
                answers.append(ask_all(reading, queries))

        interrupt(writing, "INSERT INTO posting", read)
        add_records(writing, map(make_record, AFTER))
    assert answers == [before]


def test_nothing_is_replaced_while_another_writes(tmp_path: Path) -> None:
    path = fill_index(tmp_path / "a.index", BEFORE)
    with closing(open_index(path)) as late:
        IndexCollection(late)
        with build_index(path) as fresh:
            add_records(fresh, [make_record(BEFORE[0])])
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            add_records(late, map(make_record, AFTER))

    with read_index(path) as reading:
        assert IndexCollection(reading).size == 1


@pytest.mark.parametrize("beside", ["-journal", "-wal"])
def test_what_lies_beside_a_foreign_file_is_set_aside_with_it(folder: Path, beside: str) -> None:
    (folder / "a.index").write_bytes(b"something else")
    (folder / f"a.index{beside}").write_bytes(b"its journal")

    assert index(folder, "update", *MAKING).code == 0

    assert (folder / "a.index.refused").read_bytes() == b"something else"
    assert (folder / f"a.index.refused{beside}").read_bytes() == b"its journal"


ACTIONS = ("build", "update", "search", "calibrate")


def act_on(folder: Path, action: str, place: str) -> Finished:
    """A subcommand with another place for the index."""
    more = {"search": ("x",), "calibrate": ()}.get(action, ("--issues", "issues.jsonl", "--jobs", "1"))
    return index(folder, action, "--index", place, *more)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_folder_is_no_index(folder: Path, action: str) -> None:
    done = act_on(folder, action, ".")

    assert (done.code, done.err) == (2, "signpost: . is a folder; give the file of an index\n")
    assert json.dumps(done.out) == '""'


@pytest.mark.parametrize("action", ACTIONS)
def test_what_is_no_ordinary_file_is_neither_replaced_nor_waited_for(folder: Path, action: str) -> None:
    os.mkfifo(folder / "pipe")

    done = act_on(folder, action, "pipe")

    assert (done.code, done.err) == (2, "signpost: pipe is not a regular file; give the file of an index\n")
    assert (folder / "pipe").is_fifo()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("place", ["x" * 300, "issues.jsonl/a.index"], ids=["a long name", "below a file"])
def test_a_place_that_cannot_be_looked_at_is_told(folder: Path, action: str, place: str) -> None:
    done = act_on(folder, action, place)

    assert (done.code, done.err.startswith(f"signpost: cannot use the index {place}: ")) == (2, True)


def test_an_index_of_another_shape_is_built_anew(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "a.index")) as connection:
        connection.execute("DROP TABLE gone")
        connection.commit()

    refused = index(folder, "search", "--index", "a.index", "parser")
    done = index(folder, "update", *MAKING)

    assert (refused.code, done.code) == (2, 0)
    assert "the index a.index has other tables than an index of Signpost; build it" in refused.err
    assert "Signpost builds a new one" in done.err


def test_an_index_that_nobody_may_write_is_read(folder: Path) -> None:
    whole = (folder / "a.index").read_bytes()
    (folder / "a.index").chmod(0o400)
    folder.chmod(0o500)
    try:
        found = index(folder, "search", "--index", "a.index", "parser")
    finally:
        folder.chmod(0o700)

    assert (found.code, found.err) == (0, "")
    assert (folder / "a.index").read_bytes() == whole
