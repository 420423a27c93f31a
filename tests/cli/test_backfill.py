"""`signpost run --issues` and `--query`: old issues, each once, whatever goes wrong on the way."""

import json
import os
import re
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import pytest

from bot.cli.backfill import Backfill, find_asked, format_summary, summarise
from bot.cli.backfill_progress import HOUR, Entry, Progress, Task, find_pause, parse_numbers, read_progress
from bot.cli.backfill_progress import start_progress as start
from bot.errors import SettingsError, TrackerError
from bot.github.client import connect
from bot.github.transport import Patience
from bot.triage.sources import read_sources
from tests.stand_ins.command import Finished, run_command, start_command
from tests.stand_ins.fake_github import FAULTS, HARD_FAULTS, MAINTAINER, FakeGitHub, Fault
from tests.stand_ins.github_json import Json, Person
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import ANSWER, HOME, MATCHING, OTHER, REPOSITORY, TOKEN, Ending, add_rule, copy_github, see

MINUTE = 60
TASK = Task(repository=REPOSITORY, asked="--issues 1-3", content="0", is_dry_run=False)
ANSWERED = Ending(labels=("area:disk",), comments=(ANSWER,), flips=("labeled area:disk",))
LABELLED = Ending(labels=("area:disk",), comments=(), flips=("labeled area:disk",))


def prepare(github: FakeGitHub) -> None:
    """Ten numbers: the one to follow, six to answer or not, and three that are gone or were never there."""
    add_rule(github)
    github.add_issue("Low disk space is not handled", author=MAINTAINER)
    github.add_issue("It breaks", MATCHING)
    github.add_issue("Mondays", OTHER)
    github.add_issue("It is closed", MATCHING, state="closed")
    github.add_issue("It is locked", MATCHING, is_locked=True)
    github.add_issue("A pull request", MATCHING, is_pull_request=True)
    github.add_issue("By a member", MATCHING, association="MEMBER")
    github.add_issue("Again", MATCHING, labels=["bug"])
    github.gone = {(REPOSITORY, 9): None, (REPOSITORY, 10): ("octo/other", 3)}
    github.add_issue("Elsewhere", MATCHING, repository="octo/other", number=3)


@pytest.fixture
def github(fake_github: FakeGitHub) -> FakeGitHub:
    prepare(fake_github)
    return fake_github


def go(github: FakeGitHub, folder: Path, *arguments: str, **environment: str) -> Finished:
    known = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY, **environment}
    return run_command("run", *arguments, folder=folder, environment=known)


def see_all(github: FakeGitHub) -> list[Ending]:
    return [see(issue) for issue in github.repositories[REPOSITORY].issues.values()]


def list_progress(folder: Path) -> list[str]:
    return [path.name for path in (folder / ".signpost").glob("*")]


SUMMARY = """\
Issues    11, and 2 of them match a rule
Rule      out-of-disk: 2 issues
Effect    {would}label 2 issues
Effect    {would}comment on 2 issues
Skipped   2 issues: the issue was deleted or transferred
Skipped   1 issue: issues by authors with the association MEMBER are skipped
Skipped   1 issue: it is a pull request
Skipped   1 issue: the issue is closed
Skipped   1 issue: the issue is locked
Skipped   1 issue: there is no issue with this number
"""


def test_a_dry_run_says_what_a_run_then_does_and_a_second_one_finds_nothing_to_do(
    github: FakeGitHub, tmp_path: Path
) -> None:
    before = see_all(github)
    tried = go(github, tmp_path, "--issues", "1-11", "--dry-run")
    assert (tried.code, tried.err, see_all(github)) == (0, "", before)
    assert tried.out.startswith(
        "Would     #2: add labels area:disk; create comment (out-of-disk)\n"
        "Would     #8: add labels area:disk; create comment (out-of-disk)\n" + SUMMARY.format(would="would ")
    )

    done = go(github, tmp_path, "--issues", "1-11")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(
        "Did       #2: add labels area:disk; create comment (out-of-disk)\n"
        "Did       #8: add labels area:disk; create comment (out-of-disk)\n" + SUMMARY.format(would="")
    )
    after = see_all(github)
    again = Ending(labels=("area:disk", "bug"), comments=(ANSWER,), flips=ANSWERED.flips)
    assert (after[1], after[7]) == (ANSWERED, again)
    assert [each for number, each in enumerate(after) if number not in {1, 7}] == [
        each for number, each in enumerate(before) if number not in {1, 7}
    ]

    second = go(github, tmp_path, "--issues", "1-11")
    assert (second.code, "Did" in second.out, see_all(github)) == (0, False, after)
    assert list_progress(tmp_path) == []


def test_scripts_get_one_document(github: FakeGitHub, tmp_path: Path) -> None:
    done = go(github, tmp_path, "--issues", "8,2,4", "--dry-run", "--format", "json")
    said: Json = json.loads(done.out)
    assert [(each["issue"], each["skipped"], [a["action"] for a in each["plan"]]) for each in said["issues"]] == [
        (8, None, ["add_labels", "create_comment"]),
        (2, None, ["add_labels", "create_comment"]),
        (4, "the issue is closed", []),
    ]
    assert said["summary"] == {
        "issues": 3,
        "matched": 2,
        "labelled": 2,
        "commented": 2,
        "closed": 0,
        "rules": {"out-of-disk": 2},
        "actions": {"add_labels": 2, "create_comment": 2},
        "skipped": {"the issue is closed": 1},
        "failed": 0,
        "left": 0,
    }
    assert (said["schema_version"], said["repository"], said["error"], said["remarks"]) == (1, REPOSITORY, None, [])
    assert said["requests"] == 2 + sum(each["requests"] for each in said["issues"]) == len(github.requests)


def test_a_query_chooses_the_issues_and_the_rest_of_it_goes_on_later(github: FakeGitHub, tmp_path: Path) -> None:
    first = go(github, tmp_path, "--query", "is:open No space left", "--limit", "1")
    assert (first.code, [see(i) == ANSWERED for i in github.repositories[REPOSITORY].issues.values()].count(True)) == (
        0,
        1,
    )
    assert "Left      3 issues; the same command goes on\n" in first.out
    (name,) = list_progress(tmp_path)
    before = len(github.requests)

    second = go(github, tmp_path, "--query", "is:open No space left")
    assert second.err == f"{REPOSITORY}: goes on with 3 issues of 4 (.signpost/{name})\n"
    assert (second.code, list_progress(tmp_path)) == (0, [])
    assert "/search/issues" not in [request.path for request in github.requests[before:]]
    assert "Issues    4, and 2 of them match a rule\n" in second.out


def test_a_search_with_more_results_than_github_gives_says_how_to_go_on(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    add_rule(fake_github)
    for _ in range(1003):
        fake_github.add_issue("It breaks", OTHER)
    fake_github.searches_partly = True
    done = go(fake_github, tmp_path, "--query", "breaks", "--limit", "1", "--dry-run")
    assert re.sub(r"\d{4}-\d\d-\d\d", "DAY", done.err) == (
        "note: GitHub search gives the first 1,000 of 1,003 issues; for the others, add `created:>=DAY` to the query "
        "afterwards\n"
        "note: GitHub search had no time to look at all issues; start the same query again afterwards\n"
    )
    asked = [request.query["page"] for request in fake_github.requests if request.path == "/search/issues"]
    assert asked == [str(page) for page in range(1, 11)]
    assert "Left      999 issues" in done.out


def test_the_requests_are_those_of_githubs_own_description(tmp_path: Path) -> None:
    with FakeGitHub(checker=OpenAPIChecker()) as github:
        prepare(github)
        for asked in (("--query", "is:open breaks OR again"), ("--issues", "1-11")):
            assert go(github, tmp_path, *asked).code == 0
        assert github.violations == []


def test_a_workflow_names_the_issues_by_its_inputs(github: FakeGitHub, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    stated = {"GITHUB_ACTIONS": "true", "INPUT_ISSUES": "2-4", "GITHUB_EVENT_NAME": "workflow_dispatch"}
    done = go(github, tmp_path, GITHUB_STEP_SUMMARY=str(summary), **stated)
    assert (done.code, see_all(github)[1]) == (0, ANSWERED)
    assert summary.read_text("utf-8").splitlines()[:4] == [
        "## Signpost: old issues of `octo/widget`",
        "",
        "- Issues 3, and 1 of them match a rule",
        "- Rule out-of-disk: 1 issue",
    ]


@pytest.mark.parametrize(
    "arguments, environment, code, said",
    [
        (("--issues", "1-3", "--query", "x"), {}, 2, "--issues and --query name two lists"),
        (("--issues", "1-3", "--issue", "2"), {}, 2, "leave out --issue"),
        (("--issues", "3-1"), {}, 2, "write the lower number first"),
        (("--issues", ""), {}, 2, "--issues cannot be ''"),
        (("--query", ""), {}, 2, "--query is empty; say which issues to look for"),
        (("--query", " \n"), {}, 2, "--query is empty"),
        (("--query", "", "--issue", "2"), {}, 2, "leave out --issue"),
        ((), {"INPUT_ISSUES": "1-3", "INPUT_QUERY": "x"}, 2, "The inputs `issues` and `query` name different issues"),
        ((), {"INPUT_ISSUE": "7", "INPUT_QUERY": "x"}, 2, "The inputs `issue` and `query` name different issues"),
        ((), {"INPUT_COMMAND": "report", "INPUT_QUERY": "x"}, 2, "`query` is for `command: run`, not for"),
        (("--query", "repo:octo/other disk"), {}, 2, "cannot have `repo:`"),
        (("--issues", "1", "--limit", "0"), {}, 2, "--limit must be a positive integer, not 0"),
        (("--progress", "x"), {}, 2, "add --issues or --query"),
        (("--issues", "1"), {"GITHUB_TOKEN": ""}, 2, "a token is missing"),
        (("--issues", "1", "--dry-run"), {"GITHUB_TOKEN": ""}, 2, "a token is missing"),
        (("--issues", "1"), {"GITHUB_REPOSITORY": ""}, 2, "the repository is missing"),
        (("--issues", "1", "--repo", "octo"), {}, 2, "not a repository name"),
        (("--issues", "1", "--repo", "octo/none"), {}, 3, "octo/none"),
        (("--issues", "1", "--progress", "notes.txt"), {}, 2, "notes.txt is not a file of progress"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(
    github: FakeGitHub,
    tmp_path: Path,
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    code: int,
    said: str,
) -> None:
    (tmp_path / "notes.txt").write_text("my notes")
    before = see_all(github)
    done = go(github, tmp_path, *arguments, **environment)
    assert (done.code, said in done.err, see_all(github)) == (code, True, before), done.err
    assert (tmp_path / "notes.txt").read_text() == "my notes"


def test_an_archived_repository_is_refused(github: FakeGitHub, tmp_path: Path) -> None:
    github.set_up(REPOSITORY).is_archived = True
    done = go(github, tmp_path, "--issues", "1-3")
    assert (done.code, "octo/widget is archived" in done.err) == (2, True)


def test_a_persons_token_is_pointed_out(github: FakeGitHub, tmp_path: Path) -> None:
    github.tokens["ghp_somebody"] = Person(login="somebody")
    done = go(github, tmp_path, "--issues", "2", GITHUB_TOKEN="ghp_somebody")
    assert done.code == 0
    assert done.err == (
        "note: the comments are by somebody; if workflows use another account, set "
        "`identity: {also: [somebody]}` in config.yml, or start this in a workflow\n"
    )


def test_one_issue_that_fails_does_not_stop_the_others_and_comes_again(github: FakeGitHub, tmp_path: Path) -> None:
    github.disturb = lambda request: FAULTS["422"] if request.path.endswith("/issues/2/comments") else None
    done = go(github, tmp_path, "--issues", "1-8")
    assert (done.code, see_all(github)[1], see_all(github)[7].comments) == (1, LABELLED, (ANSWER,))
    assert "Failed    #2: create_comment: Could not comment on octo/widget#2: GitHub answered 422" in done.out
    assert "Failed    1 issue; the same command tries again\n" in done.out

    github.disturb = lambda _: None
    before = len(github.requests)
    again = go(github, tmp_path, "--issues", "1-8")
    assert (again.code, see_all(github)[1], list_progress(tmp_path)) == (0, ANSWERED, [])
    touched = {request.path for request in github.requests[before:] if "/issues/" in request.path}
    assert all("/issues/2" in path for path in touched)


@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_an_interrupted_one_says_what_it_did_and_how_to_go_on(
    github: FakeGitHub, tmp_path: Path, options: tuple[str, ...]
) -> None:
    known = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY}
    running = start_command("run", "--issues", "1-8", *options, folder=tmp_path, environment=known)

    def press_ctrl_c(request: object) -> None:
        if str(request) == "GET /repos/octo/widget/issues/3":
            os.kill(running.pid, signal.SIGINT)

    github.disturb = press_ctrl_c
    done = running.go()
    assert (done.code, done.err) == (
        130,
        "signpost: It was interrupted. The same command goes on with the issues that are left.\n",
    )
    assert ('"left": 6' if options else "Left      6 issues; the same command goes on\n") in done.out
    assert not options or json.loads(done.out)["error"] == "It was interrupted."

    github.disturb = lambda _: None
    assert go(github, tmp_path, "--issues", "1-8").code == 0
    assert (see_all(github)[1], see_all(github)[7].comments, list_progress(tmp_path)) == (ANSWERED, (ANSWER,), [])


@pytest.mark.parametrize("name, failed", [("limit for an hour", 0), ("502", 3)])
def test_a_limit_or_an_outage_ends_it_and_the_same_command_goes_on(
    github: FakeGitHub, tmp_path: Path, name: str, failed: int
) -> None:
    is_over = [False]

    def disturb(request: object) -> Fault | None:
        is_over[0] = is_over[0] or str(request) == "GET /repos/octo/widget/issues/3"
        return HARD_FAULTS[name] if is_over[0] else None

    github.disturb = disturb
    done = go(github, tmp_path, "--issues", "1-8", "--format", "json")
    said = json.loads(done.out)
    assert (done.code, said["summary"]["failed"], said["summary"]["left"]) == (3, failed, 6 - failed)
    assert (done.err.endswith("The same command goes on with the issues that are left.\n"), bool(said["error"])) == (
        True,
        True,
    )

    github.disturb = lambda _: None
    assert go(github, tmp_path, "--issues", "1-8").code == 0
    assert (see_all(github)[1], see_all(github)[7].comments, list_progress(tmp_path)) == (ANSWERED, (ANSWER,), [])


@pytest.fixture
def four(fake_github: FakeGitHub) -> FakeGitHub:
    """Four issues, two of which match."""
    add_rule(fake_github)
    for body in ("", MATCHING, OTHER, MATCHING):
        fake_github.add_issue("It breaks", body)
    return fake_github


def fill(github: FakeGitHub, path: Path) -> bool:
    """A backfill of all issues in this process; whether it has nothing left to do."""
    hasty = Patience(between_writes=0, max_wait=5)
    tracker = connect(TOKEN, github.url, patience=hasty, sleep=lambda _: None)
    try:
        sources = read_sources([], None, REPOSITORY, tracker)
        progress = read_progress(path, TASK) or start(path, TASK, [1, 2, 3, 4])
        Backfill(task=TASK, progress=progress, sources=sources, tracker=tracker, show=lambda _: None).handle(None)
    except TrackerError:
        return False
    return not progress.pending


PASSING = [name for name in HARD_FAULTS if name not in {"404", "410", "killed before", "killed after"}]
"""Faults that end; GitHub's word that something does not exist is an answer."""


@pytest.mark.slow(minutes=2)
@pytest.mark.parametrize("name", PASSING)
def test_after_any_fault_at_any_request_the_same_backfill_does_the_rest(
    four: FakeGitHub, tmp_path: Path, name: str
) -> None:
    with copy_github(four) as github:
        assert fill(github, tmp_path / "undisturbed")
        expected = see_all(github)
        asked = [r.number for r in github.requests if r.path == "/graphql" or not name.startswith("GraphQL")]
    endings = []
    for number in asked:
        with copy_github(four) as github:
            github.faults = {number: HARD_FAULTS[name]}
            path = tmp_path / str(number)
            assert fill(github, path) or fill(github, path)
            endings.append(see_all(github))
    assert endings == [expected] * len(asked)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill-before", "kill-after"])
def test_after_a_kill_the_same_command_does_the_rest(
    four: FakeGitHub, tmp_path: Path, kind: Literal["kill-before", "kill-after"]
) -> None:
    """Two commands for each request that writes, or reads an issue."""
    with copy_github(four) as github:
        assert go(github, tmp_path, "--issues", "1-4").code == 0
        expected = see_all(github)
        asked = [r.number for r in github.requests if r.verb == "POST" or re.search(r"issues/[34]$", r.path)]
    for number in asked:
        with copy_github(four) as github:
            github.faults = {number: Fault(kind=kind)}
            known = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": REPOSITORY}
            running = start_command("run", "--issues", "1-4", folder=tmp_path, environment=known)
            github.victim = running.process.pid
            codes = running.go().code, go(github, tmp_path, "--issues", "1-4").code
            assert (codes, list_progress(tmp_path)) == ((-9, 0), [])
            assert (number, see_all(github)) == (number, expected)


def an_entry(number: int, *actions: Json, at: int = 1, error: str = "", **known: object) -> Entry:
    outcomes = [{"action": action["action"], "ok": True, "error": None} for action in actions]
    result: Json = {"skipped": None, "matches": [], "plan": [*actions], "outcomes": outcomes, **known}
    return Entry(number, at, result, error)


LABEL: Json = {"action": "add_labels", "labels": ["a", "b"]}
CREATE: Json = {"action": "create_labels", "labels": ["a", "b"]}
COMMENT: Json = {"action": "create_comment", "body": ""}


@pytest.mark.parametrize(
    "entries, now, pause",
    [
        ([], 10_000, 0),
        ([an_entry(1, LABEL, CREATE, at=9_999)] * 160, 10_000, 0),
        ([an_entry(1, LABEL, CREATE, at=9_000), *[an_entry(1, LABEL, CREATE, at=9_999)] * 160], 10_000, 2_600),
        ([*[an_entry(1, COMMENT, at=8_000)] * 300, *[an_entry(1, COMMENT, at=9_000)] * 300], 10_000, 1_600),
        ([an_entry(1, COMMENT, at=10_000 - HOUR)] * 900, 10_000, 0),
    ],
)
def test_an_hour_has_no_more_writes_than_github_takes(entries: list[Entry], now: float, pause: float) -> None:
    assert find_pause(entries, now) == pause


def test_a_backfill_that_has_written_enough_waits(github: FakeGitHub, tmp_path: Path) -> None:
    assert go(github, tmp_path, "--issues", "1-8", "--limit", "1").code == 0
    (path,) = (tmp_path / ".signpost").glob("*")
    written = Progress(path, [], {})
    written.add(an_entry(1, *[COMMENT] * 500, at=int(time.time()) - HOUR + 2))
    started = time.monotonic()
    done = go(github, tmp_path, "--issues", "1-8")
    assert (done.code, done.err.splitlines()[1]) == (0, "waiting 1 minute: GitHub takes 500 writes an hour")
    assert time.monotonic() - started >= 1


def test_a_summary_counts_issues_and_not_what_failed() -> None:
    match = {"rule": "x"}
    entries = {
        1: an_entry(1, LABEL, COMMENT, matches=[match, match]),
        2: an_entry(2, LABEL, matches=[match, {"rule": "y"}]),
        3: an_entry(3, skipped="the issue is closed"),
        4: an_entry(4, COMMENT, error="502"),
        5: an_entry(5, {"action": "set_type", "type": "Bug"}, outcomes=[{"ok": False}]),
    }
    summary = summarise([1, 2, 3, 4, 5, 6], entries)
    assert summary == {
        "issues": 6,
        "matched": 2,
        "labelled": 2,
        "commented": 1,
        "closed": 0,
        "rules": {"x": 2, "y": 1},
        "actions": {"add_labels": 2, "create_comment": 1},
        "skipped": {"the issue is closed": 1},
        "failed": 1,
        "left": 1,
    }
    assert [*format_summary(summary, is_dry_run=False)][-2:] == [
        "Failed    1 issue; the same command tries again",
        "Left      1 issue; the same command goes on",
    ]


@pytest.mark.parametrize(
    "text, numbers",
    [
        ("7", [7]),
        ("1-3", [1, 2, 3]),
        ("7,12, 20-22,21", [7, 12, 20, 21, 22]),
        ("#3, #5-#6", [3, 5, 6]),
        *((text, None) for text in ("", "x", "1-", "-3", "3-1", "0", "0-3", "1,,2", "1-2-3", "\u0661", "1-99999")),
        ("1-999999999999999999", None),
        ("1" * 400, None),
    ],
)
def test_numbers_are_read_or_refused(text: str, numbers: list[int] | None) -> None:
    if numbers is None:
        with pytest.raises(SettingsError):
            parse_numbers(text)
    else:
        assert parse_numbers(text) == numbers


def test_a_query_or_numbers_are_what_is_asked_for() -> None:
    assert (find_asked("1-3", None), find_asked(None, " is:open\n a "), find_asked(None, None)) == (
        "--issues 1-3",
        "--query is:open a",
        "",
    )


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo] if hasattr(os, "mkfifo") else [Path.mkdir])
def test_what_is_not_a_file_is_never_replaced(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "device"
    make(path)
    with pytest.raises(SettingsError, match="device is not a file; give another --progress FILE"):
        read_progress(path, TASK)
    assert (path.exists(), path.is_file()) == (True, False)


def test_a_file_that_has_gone_stays_away(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    first = start(path, TASK, [1, 2])
    second = read_progress(path, TASK)
    assert second
    first.add(an_entry(1, LABEL))
    second.add(an_entry(2, COMMENT))
    read = read_progress(path, TASK)
    assert read
    assert read.pending == []
    first.finish()
    second.add(an_entry(1, LABEL))
    assert (path.exists(), second.pending) == (False, [])


def test_a_line_that_was_cut_off_costs_its_issue_alone(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    begun = start(path, TASK, [1, 2, 3])
    begun.add(an_entry(1, LABEL))
    first = path.read_bytes()
    begun.add(an_entry(2, COMMENT, error="502"))
    whole = path.read_bytes()
    for length in range(len(first), len(whole)):
        path.write_bytes(whole[:length])
        read = read_progress(path, TASK)
        assert read
        assert (read.pending, path.read_bytes()) == ([2, 3], first)
    path.write_bytes(whole)
    read = read_progress(path, TASK)
    assert read
    assert (read.pending, read.entries) == ([3, 2], begun.entries)


@pytest.mark.parametrize(
    "line",
    ["", "x", "[]", "{}", '{"number": 0}', "[" * 100_000, '{"number": 2, "at": 1, "error": "", "result": {}}', "\xff"],
)
def test_a_damaged_line_is_an_error_that_loses_nothing(tmp_path: Path, line: str) -> None:
    path = tmp_path / "progress.jsonl"
    start(path, TASK, [1, 2, 3]).add(an_entry(1, LABEL))
    with path.open("ab") as file:
        file.write(f"{line}\n".encode("latin-1"))
    written = path.read_bytes()
    with pytest.raises(SettingsError, match=r"progress\.jsonl:3: not a line that a backfill wrote"):
        read_progress(path, TASK)
    assert path.read_bytes() == written


@pytest.mark.parametrize(
    "task",
    [
        Task(repository="octo/other", asked=TASK.asked, content="0", is_dry_run=False),
        Task(repository=REPOSITORY, asked="--query x", content="0", is_dry_run=False),
        Task(repository=REPOSITORY, asked=TASK.asked, content="1", is_dry_run=False),
        Task(repository=REPOSITORY, asked=TASK.asked, content="0", is_dry_run=True),
    ],
)
def test_the_progress_of_another_backfill_is_left_alone(tmp_path: Path, task: Task) -> None:
    path = tmp_path / "progress.jsonl"
    start(path, TASK, [1, 2, 3])
    written = path.read_bytes()
    with pytest.raises(SettingsError, match=r"has the progress of another backfill of octo/widget with `--issues 1-3`"):
        read_progress(path, task)
    assert (path.read_bytes(), task.path == TASK.path) == (written, False)


def test_a_changed_rule_starts_from_the_beginning(github: FakeGitHub, tmp_path: Path) -> None:
    assert "Left      9 issues" in go(github, tmp_path, "--issues", "1-11", "--limit", "2").out
    files = github.repositories[REPOSITORY].files
    files[f"{HOME}/config.yml"] = "duplicates: {enabled: false}\nmode: label\n"
    assert "Left      9 issues" in go(github, tmp_path, "--issues", "1-11", "--limit", "2").out
    files[f"{HOME}/pack.yml"] = "name: mine\ncaptures: {shell: {first_of: [{section: Shell}]}}\n"
    assert "Left      9 issues" in go(github, tmp_path, "--issues", "1-11", "--limit", "2").out
    assert len(list_progress(tmp_path)) == 3
