"""What the pages say, as tables of values."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.server.inbox.types import Handled
from bot.server.pages.access import OPERATOR, Access
from bot.server.pages.view import (
    PAGE_SIZE,
    KnownRepository,
    Moment,
    ProblemRow,
    RepositoryRow,
    RuleProblem,
    RuleProblems,
    RunRow,
    Selection,
    find_repository,
    make_problem,
    make_rows,
    make_run,
    read_values,
    select_repositories,
    write_moment,
)
from tests.server.pages.filling import GADGET, NAMES, WIDGET, a_delivery, a_known, an_entry
from tests.server.pages.running import NOW

SERVER = "https://github.com"
MAINTAINER = Access(login="mona", repositories={WIDGET: True, GADGET: False})


def known(**names: str) -> dict[int, KnownRepository]:
    """Repositories by their ids (`r7="octo/x"`), each loaded a day later than the one before."""
    found = enumerate(names.items())
    return {
        int(key[1:]): KnownRepository(repository=name, rules=1, at=NOW + timedelta(days=number))
        for number, (key, name) in found
    }


@pytest.mark.parametrize(
    "seconds, ago",
    [
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (7_199, "1 hour ago"),
        (7_200, "2 hours ago"),
        (86_400 * 3, "3 days ago"),
        (-5, "in a moment"),
        (-61, "in 1 minute"),
        (-86_400, "in 1 day"),
    ],
)
def test_a_moment_says_how_long_ago_it_is(seconds: int, ago: str) -> None:
    assert write_moment(NOW - timedelta(seconds=seconds), NOW).ago == ago


def test_a_moment_is_in_utc() -> None:
    assert write_moment(NOW, NOW) == Moment(
        machine="2026-11-30T12:00:00Z", written="2026-11-30 12:00 UTC", ago="just now"
    )


LABELLED = Handled(rules=("out-of-disk",), actions=("label needs-info",), requests=5)
RUNS = {
    "done": (an_entry(handled=LABELLED), ("Done", "good", "", 1)),
    "nothing": (an_entry(), ("Nothing to do", "neutral", "", 1)),
    "skipped": (an_entry(handled=Handled(skipped="sent by a bot")), ("Skipped", "neutral", "sent by a bot", 1)),
    "problems": (an_entry(handled=Handled(problems=("no label",))), ("Done, with problems", "warn", "", 1)),
    "running": (an_entry("running"), ("Runs now", "neutral", "", 0)),
    "waiting": (an_entry("waiting"), ("Waits", "neutral", "", 0)),
    "postponed": (an_entry("waiting", error="rate limit"), ("Postponed", "neutral", "rate limit", 0)),
    "failed": (an_entry("waiting", attempts=2, error="502"), ("Attempt 2 failed", "warn", "502", 2)),
    "dead": (an_entry("dead", error="403"), ("Failed", "bad", "403", 6)),
}


@pytest.mark.parametrize("name", RUNS)
def test_an_entry_says_how_it_stands(name: str) -> None:
    entry, expected = RUNS[name]
    run = make_run(entry, "octo-org/widget", SERVER, NOW)
    assert (run.label, run.tone, run.reason, run.attempts) == expected


def test_a_failed_attempt_says_when_the_next_one_is() -> None:
    due = NOW + timedelta(minutes=5)
    entry = an_entry("waiting", 3, attempts=3, error="GitHub answered 502.", due_at=due)
    run = make_run(entry, "octo-org/renamed", SERVER, NOW)
    assert run == RunRow(
        guid="72d3162e-cc78-11e3-81ab-000000000003",
        at=write_moment(NOW - timedelta(minutes=3), NOW),
        event="Issue opened",
        issue=3,
        url="https://github.com/octo-org/renamed/issues/3",
        label="Attempt 3 failed",
        tone="warn",
        reason="GitHub answered 502.",
        next=write_moment(due, NOW),
        attempts=3,
        repository="octo-org/renamed",
    )
    assert run.following == "attempt 4 of 6"


@pytest.mark.parametrize("name", ["", "octo", "octo/..", "../..", "octo/a/b", "octo/a?b", "octo/a b", "octo/\u202ea"])
def test_a_name_that_github_does_not_give_has_no_link(name: str) -> None:
    assert make_run(an_entry(), name, SERVER, NOW).url == ""


def test_an_event_without_an_issue_has_no_link() -> None:
    push = an_entry(delivery=a_delivery(event="push", action="", issue=0))
    run = make_run(push, "octo-org/widget", SERVER, NOW)
    assert (run.event, run.issue, run.url) == ("Push", 0, "")


def test_a_long_error_is_cut() -> None:
    assert len(make_run(an_entry("dead", error="x" * 9_999), "o/r", SERVER, NOW).reason) == 500


HOME = "https://github.com/octo-org/widget"
PLACES = {
    "line": (
        RuleProblem(file=".github/signpost/a b#1.yml", line=3, column=7, message="m"),
        (".github/signpost/a b#1.yml:3:7", f"{HOME}/blob/HEAD/.github/signpost/a%20b%231.yml#L3"),
    ),
    "file": (RuleProblem(file="a.yml", message="m"), ("a.yml", f"{HOME}/blob/HEAD/a.yml")),
    "nowhere": (RuleProblem(message="m"), ("rules", "")),
    "elsewhere": (RuleProblem(file="octo-org/.github:a.yml", line=1, message="m"), ("octo-org/.github:a.yml:1", "")),
    "outside": (RuleProblem(file="../../../login", line=1, message="m"), ("../../../login:1", "")),
    "absolute": (RuleProblem(file="/etc/passwd", message="m"), ("/etc/passwd", "")),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_problem_links_its_line(name: str) -> None:
    problem, (place, url) = PLACES[name]
    assert make_problem(problem, "octo-org/widget", SERVER) == ProblemRow(place=place, url=url, message="m")


def test_values_of_other_versions_are_left_out() -> None:
    stored = {
        "repository/101": a_known(),
        "repository/102": b"not JSON",
        "repository/103": b'{"repository": 7}',
        "repository/x": a_known(),
        "repository/105": b"",
        "repository/104": json.dumps({"repository": "o/r", "at": NOW.isoformat(), "later": 1}).encode(),
    }
    assert read_names(stored, OPERATOR) == {101: "octo-org/widget", 104: "o/r"}


def test_only_values_that_the_person_may_see_are_read() -> None:
    stored = {f"repository/{number}": a_known(number) for number in NAMES}
    assert read_names(stored, MAINTAINER) == {WIDGET: "octo-org/widget", GADGET: "octo-org/gadget"}


def read_names(stored: Mapping[str, bytes], access: Access) -> dict[int, str]:
    found = read_values(stored, "repository/", KnownRepository, access)
    return {number: each.repository for number, each in found.items()}


FOUND = {
    "exact": ("octo/a", WIDGET),
    "case": ("OCTO/A", WIDGET),
    "unknown": ("octo/none", None),
    "a name that was given again": ("octo/twice", 8),
}


@pytest.mark.parametrize("name", FOUND)
def test_a_repository_is_found_by_its_name(name: str) -> None:
    asked, expected = FOUND[name]
    assert find_repository(known(r101="octo/a", r7="octo/twice", r8="octo/twice"), asked) == expected


MANY = {number: KnownRepository(repository=f"octo/r{number:03}", at=NOW) for number in range(120)}
SELECTIONS = {
    "first page": ("", 1, {99}, Selection(ids=(99, *range(PAGE_SIZE - 1)), total=120, page=1, pages=3)),
    "last page": ("", 3, (), Selection(ids=tuple(range(100, 120)), total=120, page=3, pages=3)),
    "beyond": ("", 99, (), Selection(ids=tuple(range(100, 120)), total=120, page=3, pages=3)),
    "before": ("R00", 0, (), Selection(ids=tuple(range(10)), total=10, page=1, pages=1)),
    "words": (" r11 ", 1, {7, 112}, Selection(ids=(112, 110, 111, *range(113, 120)), total=10, page=1, pages=1)),
    "nothing": ("x", 1, (), Selection(ids=(), total=0, page=1, pages=1)),
}


@pytest.mark.parametrize("name", SELECTIONS)
def test_the_list_is_chosen(name: str) -> None:
    words, page, urgent, expected = SELECTIONS[name]
    assert select_repositories(MANY, words, page, urgent) == expected


def test_a_row_counts_what_is_not_done() -> None:
    repositories = {WIDGET: KnownRepository(repository=NAMES[WIDGET], rules=3, at=NOW)}
    problems = {WIDGET: RuleProblems(problems=(RuleProblem(message="m"),))}
    unfinished = [
        an_entry("running", 1),
        an_entry("waiting", 2),
        an_entry("waiting", 3, attempts=1, error="502"),
        an_entry("waiting", 6, error="the rate limit is spent"),
        an_entry("dead", 4),
        an_entry("dead", 5, GADGET),
    ]
    newest = an_entry("done", 9)
    assert make_rows([WIDGET], repositories, problems, {WIDGET: newest}, unfinished, NOW) == (
        RepositoryRow(
            name="octo-org/widget",
            address="/repositories/octo-org/widget",
            ran=write_moment(newest.changed_at, NOW),
            waiting=3,
            running=1,
            failed=1,
            dead=1,
            problems=1,
            rules=3,
        ),
    )


def test_a_repository_in_which_nothing_ran_has_an_empty_row() -> None:
    repositories = {WIDGET: KnownRepository(repository="octo/ä b", at=NOW)}
    assert make_rows([WIDGET], repositories, {}, {WIDGET: None}, (), NOW) == (
        RepositoryRow(name="octo/ä b", address="/repositories/octo/%C3%A4%20b", ran=None),
    )
