"""An index of a repository over real HTTP: whatever goes wrong with a build or an update, the next run mends it."""

import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.duplicates.samples import some_reports
from tests.stand_ins.command import Finished, Running, start_command
from tests.stand_ins.fake_github import HARD_FAULTS, MAINTAINER, FakeGitHub
from tests.stand_ins.story import TOKEN, copy_github

pytestmark = pytest.mark.slow

BUILD, UPDATE = 3, 2
"""Requests: what changed last, and two pages of issues; what changed last, and one page."""


def start(github: FakeGitHub, folder: Path, what: str, *more: str, token: str = TOKEN) -> Running:
    environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": token, "XDG_CACHE_HOME": str(folder)}
    arguments = ("index", what, "--index", "a.index", "--repo", "octo/widget", "--jobs", "1", *more)
    return start_command(*arguments, folder=folder, environment=environment)


def keep(github: FakeGitHub, folder: Path, what: str, *more: str, token: str = TOKEN) -> dict[int, int]:
    """Build or update the index, and give what it takes for duplicates of what."""
    done = start(github, folder, what, *more, token=token).go()
    assert (done.code, done.err) == (0, "")
    return {row[1]: row[4] for row in dump(folder) if row[4] is not None}


def dump(folder: Path) -> list[tuple[Any, ...]]:
    """What the index holds."""
    with closing(sqlite3.connect(folder / "a.index")) as connection:
        rows = connection.execute("SELECT document, number, digest, state, original FROM report ORDER BY number")
        return [*rows]


def test_an_index_learns_which_issues_are_marked_as_duplicates(fake_github: FakeGitHub, tmp_path: Path) -> None:
    issues = [fake_github.add_issue(report.title, report.body) for report in some_reports(8)]
    fake_github.mark_duplicate(issues[3], issues[0])
    built = keep(fake_github, tmp_path, "build")

    fake_github.mark_duplicate(issues[5], issues[1])
    marked = keep(fake_github, tmp_path, "update")
    fake_github.unmark_duplicate(issues[3])
    unmarked = keep(fake_github, tmp_path, "update")
    fake_github.mark_duplicate(issues[5], issues[2])
    moved = keep(fake_github, tmp_path, "update")

    assert (built, marked, unmarked, moved) == ({4: 1}, {4: 1, 6: 2}, {6: 2}, {6: 3})
    assert keep(fake_github, tmp_path, "update", token="") == moved
    assert keep(fake_github, tmp_path, "build") == moved


def test_what_maintainers_say_counts_where_github_has_no_mark(fake_github: FakeGitHub, tmp_path: Path) -> None:
    issues = [fake_github.add_issue(report.title, report.body) for report in some_reports(4)]
    for issue in issues[1:]:
        fake_github.add_comment(issue, "Duplicate of #1", MAINTAINER).association = "MEMBER"
    fake_github.mark_duplicate(issues[2], issues[1])
    fake_github.unmark_duplicate(issues[3])

    assert keep(fake_github, tmp_path, "build", "--comments") == {2: 1, 3: 2}
    assert keep(fake_github, tmp_path, "update") == {2: 1, 3: 2}


def test_what_an_update_is_not_told_of_stays(fake_github: FakeGitHub, tmp_path: Path) -> None:
    """The first marks come with a token, the rest of the story without one."""
    issues = [fake_github.add_issue(report.title, report.body) for report in some_reports(4)]
    fake_github.mark_duplicate(issues[2], issues[1])
    keep(fake_github, tmp_path, "build")
    (tmp_path / "signpost" / "history.sqlite3").unlink()

    assert keep(fake_github, tmp_path, "update", token="") == {3: 2}


def test_an_index_that_is_up_to_date_asks_one_thing(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fake_github.add_issue()
    keep(fake_github, tmp_path, "build")
    before = len(fake_github.requests)

    keep(fake_github, tmp_path, "update")

    (asked,) = fake_github.requests[before:]
    assert (asked.verb, asked.path, "if-none-match" in asked.headers) == ("GET", "/repos/octo/widget/issues", True)


def test_what_is_gone_from_github_is_told(fake_github: FakeGitHub, tmp_path: Path) -> None:
    for report in some_reports(5):
        fake_github.add_issue(report.title, report.body)
    keep(fake_github, tmp_path, "build")
    issues = fake_github.repositories["octo/widget"].issues
    del issues[2], issues[3]
    fake_github.edit_body(issues[1], "Now I know more.")

    done = start(fake_github, tmp_path, "update").go()

    path = tmp_path / "signpost" / "history.sqlite3"
    told = "2 issues are no longer in octo/widget, but still in the archive; to remove them"
    assert done.err == f"signpost: {told}, delete {path} and download again\n"


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """How the disturbed command ended, and what the index holds after the next run."""

    disturbed: Finished
    mended: Finished
    held: list[tuple[Any, ...]]


CASES = [
    (what, number, fault)
    for what, requests in (("build", BUILD), ("update", UPDATE))
    for number in range(1, requests + 1)
    for fault in HARD_FAULTS
]


@pytest.fixture(scope="module")
def aftermaths() -> Iterator[Mapping[tuple[str, int, str], Future[Aftermath]]]:
    """All of them side by side; number 0 is without a fault."""
    with FakeGitHub() as filled, ThreadPoolExecutor(4) as pool:
        fill(filled)
        undisturbed = [("build", 0, ""), ("update", 0, "")]
        yield {case: pool.submit(go_through, *case, filled) for case in [*undisturbed, *CASES]}


def fill(github: FakeGitHub) -> None:
    for report in some_reports(140):
        github.add_issue(report.title, report.body, is_pull_request=report.number % 10 == 0)
    issues = github.repositories["octo/widget"].issues
    for number in (12, 25, 77):
        github.mark_duplicate(issues[number], issues[number - 11])


def change(github: FakeGitHub) -> None:
    """What happens between the build and the update."""
    issues = github.repositories["octo/widget"].issues
    github.add_issue("Volcano erupts", "There is lava")
    github.mark_duplicate(issues[133], issues[12])
    github.unmark_duplicate(issues[25])
    github.mark_duplicate(issues[77], issues[1])
    github.edit_body(issues[5], "Now I know more.")


def go_through(what: str, number: int, fault: str, filled: FakeGitHub) -> Aftermath:
    with copy_github(filled) as github, TemporaryDirectory() as name:
        folder = Path(name)
        if what == "update":
            keep(github, folder, "build")
            change(github)
        running = start(github, folder, what)
        faulty = len(github.requests) + number
        github.victim, github.faults = running.pid, {faulty: HARD_FAULTS[fault]} if number else {}
        disturbed = running.go()
        github.faults = {}
        return Aftermath(disturbed=disturbed, mended=start(github, folder, "update").go(), held=dump(folder))


@pytest.mark.parametrize("what, number, fault", CASES)
def test_whatever_goes_wrong_the_next_run_ends_with_the_same_index(
    aftermaths: Mapping[tuple[str, int, str], Future[Aftermath]], what: str, number: int, fault: str
) -> None:
    undisturbed, found = aftermaths[what, 0, ""].result(), aftermaths[what, number, fault].result()

    assert (undisturbed.disturbed.code, found.disturbed.code in {0, 3, -9}, found.mended.code) == (0, True, 0)
    assert found.held == undisturbed.held


def test_every_request_was_disturbed(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fill(fake_github)
    keep(fake_github, tmp_path, "build")
    built = len(fake_github.requests)
    change(fake_github)
    keep(fake_github, tmp_path, "update")

    assert (built, len(fake_github.requests) - built) == (BUILD, UPDATE)
