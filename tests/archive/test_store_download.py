"""A download over real HTTP, held against GitHub's description: every fault, every kill, and what the next run does."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from bot.archive.store import StoredItem, download, find_following, find_next, open_store, open_stored, read_items
from bot.errors import TrackerError
from bot.github.client import connect
from bot.github.transport import Patience
from bot.tracker.archive import Cursor, Page
from bot.tracker.types import Issue
from tests.stand_ins.command import Finished, Running, start_command
from tests.stand_ins.fake_github import HARD_FAULTS, MAINTAINER, FakeGitHub
from tests.stand_ins.github_json import moment
from tests.stand_ins.story import REPOSITORY, RULE, TOKEN, copy_github

pytestmark = pytest.mark.slow

COUNT = 230
BULK = range(60, 190)
"""Issues that somebody touched all at once: more than a page has the same moment of the last change."""


IN_COMMENTS = """\
id: out-of-disk
title: The disk is full
mode: label
match: {phrase: "No space left on device", in: [comments]}
labels: [area:disk]
examples:
  match: [{body: It breaks, comments: ["It says: No space left on device"]}]
  no_match: ["No space left on device"]
"""


def fill(github: FakeGitHub) -> None:
    github.add_repository(REPOSITORY)
    for number in range(1, COUNT + 1):
        issue = github.add_issue(f"Issue {number}", "It breaks", is_pull_request=number % 10 == 0, labels=["bug"])
        if number % 7 == 0:
            github.add_comment(issue, "Try again.", MAINTAINER)
    for number in BULK:
        github.repositories[REPOSITORY].issues[number].edited_at = moment(5_000)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return prepare(tmp_path)


def prepare(folder: Path) -> Path:
    (folder / "rules").mkdir()
    (folder / "rules" / "out-of-disk.yml").write_text(RULE.replace("follow: 1\n", ""), encoding="utf-8")
    return folder


def start(github: FakeGitHub, folder: Path, *arguments: str, token: str = TOKEN) -> Running:
    return start_command(
        *("backtest", "--repo", REPOSITORY, "--cache", "cache", "--rules", "rules", "--format", "json", "--jobs", "1"),
        *arguments,
        folder=folder,
        environment={"GITHUB_API_URL": github.url, "GITHUB_TOKEN": token},
    )


def run(github: FakeGitHub, folder: Path, *arguments: str) -> Finished:
    return start(github, folder, *arguments).go()


def dump(folder: Path) -> list[tuple[object, ...]]:
    """All that is stored; an ETag is another one at each server, and a way that was left again leaves its cursor."""
    queries = (
        "select * from issues",
        "select * from comments",
        "select repository, kind, since, page, etag <> '' from cursors",
    )
    with closing(sqlite3.connect(folder / "cache" / "history.sqlite3")) as connection:
        rows = [row for query in queries for row in connection.execute(query)]
    is_marked = any(row[1] == "marked" for row in rows)
    return [row for row in rows if not (is_marked and row[1] == "issues")]


def test_a_repository_is_downloaded_whole_without_its_pull_requests(fake_github: FakeGitHub, checkout: Path) -> None:
    fill(fake_github)

    finished = run(fake_github, checkout, "--comments")

    told = json.loads(finished.out)
    assert (finished.code, finished.err, told["issues"]) == (0, "", COUNT - COUNT // 10)
    assert told["history"] == {"name": REPOSITORY, "repository": REPOSITORY}
    counts = [len([row for row in dump(checkout) if len(row) == length]) for length in (4,)]
    assert counts == [COUNT - COUNT // 10]


def test_what_has_not_changed_costs_nothing(fake_github: FakeGitHub, checkout: Path) -> None:
    fill(fake_github)
    run(fake_github, checkout, "--comments")
    before, stored = len(fake_github.requests), dump(checkout)

    finished = run(fake_github, checkout, "--comments")

    again = fake_github.requests[before:]
    assert (finished.code, dump(checkout)) == (0, stored)
    assert [(request.path, "if-none-match" in request.headers) for request in again] == [
        (f"/repos/{REPOSITORY}/issues", True),
        (f"/repos/{REPOSITORY}/issues/comments", True),
    ]


def test_only_what_changed_is_asked_for(fake_github: FakeGitHub, checkout: Path) -> None:
    fill(fake_github)
    run(fake_github, checkout)
    before = len(fake_github.requests)
    fake_github.edit_body(fake_github.repositories[REPOSITORY].issues[3], "No space left on device")
    fake_github.repositories[REPOSITORY].issues[3].edited_at = moment(9_000)
    fake_github.add_issue("A new one", "No space left on device").edited_at = moment(9_001)

    told = json.loads(run(fake_github, checkout).out)

    # What changed last, and two pages: the last moment is asked for again, and it is that of more than a page.
    assert (len(fake_github.requests) - before, told["issues"], told["matched"]) == (3, COUNT - COUNT // 10 + 1, 2)


def test_what_is_there_can_be_used_without_github(fake_github: FakeGitHub, checkout: Path) -> None:
    fill(fake_github)
    run(fake_github, checkout)
    before = len(fake_github.requests)

    told = json.loads(run(fake_github, checkout, "--cached").out)

    assert (len(fake_github.requests) - before, told["issues"]) == (0, COUNT - COUNT // 10)


@pytest.mark.parametrize(
    "repository, options, said",
    [
        pytest.param("widget", (), "'widget' is not a repository name; write it as owner/name", id="no owner"),
        pytest.param(
            "octo/widget", ("--cached",), "cache/history.sqlite3 has no issues of octo/widget", id="nothing there"
        ),
    ],
)
def test_wrong_usage_is_told_before_github_is_asked(
    checkout: Path, repository: str, options: tuple[str, ...], said: str
) -> None:
    arguments = ("backtest", "--repo", repository, "--cache", "cache", "--rules", "rules", *options)
    finished = start_command(*arguments, folder=checkout).go()

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {said}")


def test_the_authors_own_comments_are_looked_at(fake_github: FakeGitHub, checkout: Path) -> None:
    (checkout / "rules" / "out-of-disk.yml").write_text(IN_COMMENTS, encoding="utf-8")
    issue = fake_github.add_issue("It breaks", "Somehow")
    fake_github.add_comment(issue, "It says: No space left on device")

    counts = [json.loads(run(fake_github, checkout, *more).out)["matched"] for more in ((), ("--comments",))]

    assert counts == [0, 1]


def test_a_limit_says_when_to_go_on_and_that_nothing_is_lost(fake_github: FakeGitHub, checkout: Path) -> None:
    fill(fake_github)
    fake_github.faults = {3: HARD_FAULTS["limit for an hour"]}

    finished = run(fake_github, checkout)

    assert (finished.code, json.loads(finished.out).keys()) == (3, {"schema_version", "error"})
    assert "The rate limit ends at 20" in finished.err
    assert "The next run continues after the issues that are stored already (" in finished.err


REQUESTS = 5
"""With a token: what changed last, and three pages; without: the first 100, two pages of what was touched at once and
the rest; comments: one page."""

CASES = [
    (number, fault, way)
    for way in ("with marks", "plain")
    for number in range(1, REQUESTS + 1)
    for fault in HARD_FAULTS
]


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """A download with a fault, one without, and what is stored then."""

    first: Finished
    second: Finished
    stored: list[tuple[object, ...]]


@pytest.fixture(scope="module")
def aftermaths() -> Iterator[Mapping[tuple[int, str, str], Future[Aftermath]]]:
    """All of them side by side, because a download mostly waits; number 0 is the one without a fault."""
    with FakeGitHub() as filled, ThreadPoolExecutor(6) as pool:
        fill(filled)
        undisturbed = [(0, "", "with marks"), (0, "", "plain")]
        yield {case: pool.submit(go_through, *case, filled) for case in [*undisturbed, *CASES]}


def go_through(number: int, fault: str, way: str, filled: FakeGitHub) -> Aftermath:
    token = "ghs_bot" if way == "with marks" else ""
    with copy_github(filled) as github, TemporaryDirectory() as name:
        folder = prepare(Path(name))
        running = start(github, folder, "--comments", token=token)
        github.victim, github.faults = running.pid, {number: HARD_FAULTS[fault]} if number else {}
        first = running.go()
        github.faults = {}
        second = start(github, folder, "--comments", token=token).go()
        return Aftermath(first=first, second=second, stored=dump(folder))


@pytest.mark.parametrize("number, fault, way", CASES)
def test_whatever_goes_wrong_the_next_run_ends_with_the_same_store(
    aftermaths: Mapping[tuple[int, str, str], Future[Aftermath]], number: int, fault: str, way: str
) -> None:
    undisturbed, disturbed = aftermaths[0, "", way].result(), aftermaths[number, fault, way].result()

    assert disturbed.first.code in {0, 3, -9}
    assert (disturbed.second.code, disturbed.second.out) == (0, undisturbed.second.out)
    assert disturbed.stored == undisturbed.stored


@pytest.mark.parametrize("token", ["ghs_bot", ""])
def test_every_request_of_the_download_was_disturbed(fake_github: FakeGitHub, checkout: Path, token: str) -> None:
    fill(fake_github)
    start(fake_github, checkout, "--comments", token=token).go()

    assert len(fake_github.requests) == REQUESTS


def read_all(github: FakeGitHub, folder: Path, token: str | None = TOKEN) -> Iterator[Page]:
    """The download itself, which does something between two pages only when it is asked for the next one."""
    tracker = connect(token, github.url, patience=Patience(tries=1))
    with open_store(folder / "history.sqlite3") as store:
        yield from download(tracker, store, REPOSITORY, "issues")


def list_stored(folder: Path) -> dict[int, Issue]:
    return {issue.number: issue for issue in open_stored(folder / "history.sqlite3", REPOSITORY).read_issues()}


def test_a_request_reads_a_hundred_issues(fake_github: FakeGitHub, tmp_path: Path) -> None:
    for number in range(1, 1401):
        fake_github.add_issue(is_pull_request=number % 7 in {0, 3})

    pages = list(read_all(fake_github, tmp_path))

    assert (len(list_stored(tmp_path)), [page.pages_left for page in pages]) == (1000, [9, *[None] * 8, 0])
    assert [request.path for request in fake_github.requests[1:]] == ["/graphql"] * 10


def test_where_cursors_only_count_a_page_starts_at_a_moment(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fill(fake_github)
    fake_github.counts_places = True

    list(read_all(fake_github, tmp_path))

    expected = {number: f"Issue {number}" for number in range(1, COUNT + 1) if number % 10}
    assert {number: issue.title for number, issue in list_stored(tmp_path).items()} == expected


@pytest.mark.parametrize("counts_places", [False, True])
@pytest.mark.parametrize("token", ["ghs_bot", None])
def test_what_changes_meanwhile_comes_again(
    fake_github: FakeGitHub, tmp_path: Path, token: str | None, *, counts_places: bool
) -> None:
    fake_github.counts_places = counts_places
    issues = [fake_github.add_issue(f"Issue {number}") for number in range(1, 331)]

    for count, _ in enumerate(read_all(fake_github, tmp_path, token)):
        if count == 0:
            for changed in (issues[4], issues[99], issues[100], issues[204]):
                fake_github.edit_body(changed, "Now I know more.")
            fake_github.add_issue("A new one")

    found = list_stored(tmp_path)
    assert (len(found), [number for number, issue in found.items() if issue.body]) == (331, [5, 100, 101, 205])


def test_a_page_that_takes_github_too_long_is_made_smaller(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fill(fake_github)
    fake_github.most_at_once = 25

    pages = list(read_all(fake_github, tmp_path))

    sizes = [request.body["variables"]["first"] for request in fake_github.requests if request.path == "/graphql"]
    assert (sizes[:4], set(sizes[2:]), len(list_stored(tmp_path))) == ([100, 50, 25, 25], {25}, COUNT - COUNT // 10)
    assert pages[0].pages_left == 8


def test_a_page_that_cannot_be_small_enough_stops_the_download(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fill(fake_github)
    fake_github.most_at_once = 10

    with pytest.raises(TrackerError, match="GitHub answered 502"):
        list(read_all(fake_github, tmp_path))


@pytest.mark.parametrize("lack", ["has_graphql", "knows_duplicates"])
def test_a_github_without_marks_still_gives_its_issues(fake_github: FakeGitHub, tmp_path: Path, lack: str) -> None:
    fill(fake_github)
    setattr(fake_github, lack, False)

    list(read_all(fake_github, tmp_path))

    assert len(list_stored(tmp_path)) == COUNT - COUNT // 10


def test_what_came_without_marks_comes_again_with_them(fake_github: FakeGitHub, tmp_path: Path) -> None:
    first, second = fake_github.add_issue(), fake_github.add_issue()
    fake_github.mark_duplicate(second, first)
    known = []
    for token in (None, "ghs_bot", None):
        list(read_all(fake_github, tmp_path, token))
        issue = list_stored(tmp_path)[2]
        known.append((issue.duplicate_of, issue.state_reason))

    assert known == [(None, "duplicate"), (1, "duplicate"), (1, "duplicate")]


def a_page(*moments: str, has_more: bool = True) -> Page:
    return Page(entries=tuple({"updated_at": moment} for moment in moments), etag="tag", has_more=has_more)


@pytest.mark.parametrize(
    "cursor, page, following",
    [
        pytest.param(Cursor(), (("1", "2"), "b", True), Cursor(after="b"), id="behind an entry"),
        pytest.param(Cursor("1", after="a"), (("1", "2"), "b", True), Cursor("1", after="b"), id="and the next"),
        pytest.param(Cursor(), (("1", "2"), "b", False), Cursor("2"), id="from the last change of a page"),
        pytest.param(Cursor("2"), (("2", "2"), "b", False), Cursor("2", after="b"), id="one moment fills a page"),
        pytest.param(Cursor("2", after="b"), (("2", "3"), "c", False), Cursor("3"), id="and ends on the next"),
        pytest.param(Cursor("2", after="b"), ((), "c", False), Cursor("2", after="c"), id="nothing to be seen"),
    ],
)
def test_each_page_with_marks_says_where_to_go_on(
    cursor: Cursor, page: tuple[tuple[str, ...], str, bool], following: Cursor
) -> None:
    moments, after, is_after_moment = page
    read = replace(a_page(*moments), after=after, is_after_moment=is_after_moment)

    assert find_next(cursor, read) == following


@pytest.mark.parametrize(
    "cursor, page, following",
    [
        pytest.param(Cursor(), a_page("1", "2"), Cursor("2"), id="from the last change of a page"),
        pytest.param(Cursor("2"), a_page("2", "2"), Cursor("2", 2), id="one moment fills a page"),
        pytest.param(Cursor("2", 2), a_page("2", "3"), Cursor("3"), id="and ends on the next"),
        pytest.param(Cursor("3"), a_page("3", has_more=False), Cursor("3", 1, "tag"), id="the last page"),
        pytest.param(Cursor("3", 2), a_page(has_more=False), Cursor("3", 2, "tag"), id="an empty last page"),
    ],
)
def test_each_page_says_where_to_go_on(cursor: Cursor, page: Page, following: Cursor) -> None:
    assert find_following(cursor, page) == following


def entries_of(kind: Any, **found: object) -> list[StoredItem]:  # noqa: ANN401 - one of two words
    return read_items(Page(entries=({"updated_at": "1", **found},)), kind)


def test_what_nobody_reads_is_not_kept() -> None:
    (entry,) = entries_of(
        "issues",
        number=7,
        title="x",
        user={"login": "octocat", "type": "User", "avatar_url": "y"},
        labels=[{"name": "bug", "color": "ededed"}, "old"],
        reactions={"+1": 2},
    )

    assert json.loads(entry.text) == {
        "number": 7,
        "title": "x",
        "updated_at": "1",
        "user": {"login": "octocat", "type": "User"},
        "labels": [{"name": "bug"}, "old"],
    }


def test_pull_requests_and_comments_on_them_are_left_out() -> None:
    address = "https://api.github.com/repos/o/r/issues/7"

    assert entries_of("issues", number=7, pull_request={"url": "x"}) == []
    assert entries_of("comments", id=1, issue_url=address, html_url="https://github.com/o/r/pull/7#x") == []
    assert entries_of("comments", id=1, issue_url=address, html_url="https://github.com/o/r/issues/7#x", user=None) == [
        StoredItem(
            7, "1", '{"id": 1, "html_url": "https://github.com/o/r/issues/7#x", "updated_at": "1", "user": null}', 1
        )
    ]


@dataclass
class Looping:
    """A GitHub whose list leads back to its first page."""

    may_read_marked: bool = True

    def read_newest(self, repository: str, etag: str) -> str:
        return f"{repository}{etag}"

    def read_page(self, repository: str, kind: str, cursor: Cursor) -> Page:
        return self.read_marked(f"{repository}{kind}", cursor)

    def read_marked(self, repository: str, cursor: Cursor) -> Page:
        del repository
        entry = {"number": 1, "updated_at": "2026-04-08T09:00:00Z", "id": 1}
        return Page(entries=(entry,), has_more=True, after="" if cursor.after else "MQ")


@pytest.mark.parametrize("is_marked", [True, False])
def test_a_list_that_leads_back_ends_the_download(tmp_path: Path, *, is_marked: bool) -> None:
    with (
        open_store(tmp_path / "issues.sqlite") as store,
        pytest.raises(TrackerError, match="the same page again and again"),
    ):
        list(download(Looping(may_read_marked=is_marked), store, "octo/widget", "issues"))
