"""`signpost uninstall`, with a GitHub that fails at any request, and a command that is killed at any change."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.comment.marker import Marker, sign_comment
from bot.signals.removal.remover import Remover, Uninstalled
from bot.signals.removal.traces import make_ours
from bot.triage.sources import read_sources
from tests.signals.world import find_ours, reach, run_at
from tests.stand_ins.command import Finished, run_command, start_command
from tests.stand_ins.fake_github import BOT, HARD_FAULTS, MAINTAINER, FakeGitHub, Fault
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import HOME, OTHER, REPOSITORY, RULE, TOKEN, add_rule, copy_github, open_issue, see

pytestmark = pytest.mark.slow

ONLY_LABELS = """\
id: on-mondays
title: It breaks on Mondays
mode: label
match: {phrase: only breaks on Mondays}
labels: [bug]
examples: {match: ["It only breaks on Mondays."], no_match: ["It is Monday."]}
"""
WORKFLOW = ".github/workflows/signpost.yml"
PASSING = ("reset", "lost answer", "502", "404", "limit for an hour")
"""One of each kind: not sent, done without an answer, not answered, refused, refused for long."""

MOST_RUNS = 3

Endings = list[tuple[tuple[str, ...], list[str], str]]


@pytest.fixture(scope="module")
def begun() -> Iterator[FakeGitHub]:
    """Three answered issues, one of which people changed; one with only a label; an issue of our own."""
    with FakeGitHub() as github:
        add_rule(github)
        add_rule(github, ONLY_LABELS, "on-mondays")
        github.repositories[REPOSITORY].files[WORKFLOW] = "steps:\n  - uses: signpost-bot/signpost@v1\n"
        github.repositories[REPOSITORY].files[".github/workflows/test.yml"] = "steps:\n  - run: make\n"
        issues = [open_issue(github), open_issue(github), open_issue(github), open_issue(github, OTHER)]
        for issue in issues:
            run_at(github, issue)
        github.add_comment(issues[0], "me too", MAINTAINER)
        find_ours(issues[1]).body = find_ours(issues[1]).body.replace("The build", "My build")
        github.unset_label(issues[1], "area:disk")
        github.set_label(github.repositories[REPOSITORY], issues[1], "area:disk", MAINTAINER)
        notice = sign_comment("Many reports.", Marker(issue=0, kind="surge", keys=["rule:out-of-disk"]))
        github.add_issue("Many reports: the disk is full", notice, author=BOT)
        yield github


def uninstall(github: FakeGitHub, *, is_dry_run: bool = False, most_writes: int = 400) -> Uninstalled:
    tracker = reach(github)
    sources = read_sources([], None, REPOSITORY, tracker)
    ours = make_ours(sources.ruleset.rules, sources.config, tracker.get_login())
    remover = Remover(repository=REPOSITORY, tracker=tracker, ours=ours, say=lambda _: None)
    return remover.remove(is_dry_run=is_dry_run, most_writes=most_writes)


def see_all(github: FakeGitHub) -> Endings:
    issues = github.repositories[REPOSITORY].issues.values()
    return [(see(issue).labels, [each.body[:8] for each in issue.comments], see(issue).state) for issue in issues]


GONE: Endings = [
    ((), [], "open"),
    ((), ["me too"], "open"),
    (("area:disk",), ["This loo"], "open"),
    ((), [], "open"),
    ((), [], "open"),
    ((), [], "closed as not_planned"),
]


def settle(github: FakeGitHub) -> Endings:
    for _ in range(MOST_RUNS):
        done = uninstall(github)
        if not any(each.removal.writes for each in done.removed):
            return see_all(github)
    raise AssertionError("it does not come to an end")


def test_a_list_changes_nothing(begun: FakeGitHub) -> None:
    with copy_github(begun) as github:
        before, listed = see_all(github), uninstall(github, is_dry_run=True)

        assert see_all(github) == before
        assert [each.removal.describe() for each in listed.removed if each.removal.writes] == [
            "#5: remove `bug`",
            "#6: close the issue, which Signpost opened itself",
            f"#2: remove `area:disk`; delete comment {find_ours(github.repositories[REPOSITORY].issues[2]).id}",
            f"#4: remove `area:disk`; delete comment {find_ours(github.repositories[REPOSITORY].issues[4]).id}",
        ]


def test_what_people_did_stays_and_github_gets_what_its_description_wants(
    begun: FakeGitHub, openapi_checker: OpenAPIChecker
) -> None:
    with copy_github(begun, openapi_checker) as github:
        done = uninstall(github)

        assert (see_all(github), done.error, done.failures, github.violations) == (GONE, "", (), [])
        assert [each.removal.writes for each in uninstall(github).removed] == [0]


def test_a_run_that_stops_at_its_limit_goes_on(begun: FakeGitHub) -> None:
    with copy_github(begun) as github:
        first = uninstall(github, most_writes=1)
        assert (first.left, len([each for each in first.removed if each.is_done])) == (4, 1)
        assert settle(github) == GONE


def test_every_page_is_read(begun: FakeGitHub) -> None:
    with copy_github(begun) as github:
        for number in range(250):
            github.add_comment(github.repositories[REPOSITORY].issues[1], f"comment {number}", MAINTAINER)
        run_at(github, open_issue(github))
        assert [each.removal.issue.number for each in uninstall(github, is_dry_run=True).removed] == [5, 6, 2, 3, 4, 7]


def disturb(begun: FakeGitHub, number: int, fault: Fault) -> Endings:
    with copy_github(begun) as github:
        github.faults = {number: fault}
        uninstall(github)
        github.faults = {}
        return settle(github)


@pytest.mark.parametrize("name", PASSING)
def test_the_next_run_removes_what_a_fault_left(begun: FakeGitHub, name: str) -> None:
    numbers = range(2, _count_requests(begun) + 1)  # without rules nothing begins
    with ThreadPoolExecutor(4) as pool:
        after = list(pool.map(lambda number: disturb(begun, number, HARD_FAULTS[name]), numbers))

    assert [number for number, each in zip(numbers, after, strict=True) if each != GONE] == []


def _count_requests(begun: FakeGitHub) -> int:
    with copy_github(begun) as github:
        uninstall(github)
        return len(github.requests)


def kill_after_change(begun: FakeGitHub, change: int) -> Endings:
    """The real command, killed right after it changed something for the n-th time."""
    with copy_github(begun) as github, TemporaryDirectory() as folder:
        environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}
        running = start_command(
            "uninstall", "--yes", "--repo", REPOSITORY, folder=Path(folder), environment=environment
        )
        github.victim, changes = running.pid, iter(range(1, 1_000))
        github.disturb = lambda request: (
            HARD_FAULTS["killed after"]
            if request.verb in {"DELETE", "PATCH"} and next(changes) == change
            else None
        )  # fmt: skip
        assert running.go().code == -9
        github.disturb = lambda _: None
        return settle(github)


def test_the_next_run_goes_on_where_one_was_killed(begun: FakeGitHub) -> None:
    with ThreadPoolExecutor(6) as pool:
        after = list(pool.map(lambda change: kill_after_change(begun, change), range(1, 7)))

    assert [number for number, each in enumerate(after, 1) if each != GONE] == []


def command(github: FakeGitHub, folder: Path, *arguments: str, **environment: str) -> Finished:
    known = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN, **environment}
    return run_command("uninstall", *arguments, folder=folder, environment=known)


def test_the_command_lists_and_says_what_is_next(begun: FakeGitHub, tmp_path: Path) -> None:
    with copy_github(begun) as github:
        listed = command(github, tmp_path, "--repo", REPOSITORY)
        told = json.loads(command(github, tmp_path, "--repo", REPOSITORY, "--format", "json").out)

    lines = listed.out.splitlines()
    assert (listed.code, [line.split()[0] for line in lines]) == (
        0,
        [*["Would"] * 4, "Stays", "Requests", "Next", "By", "By"],
    )
    assert (told["is_dry_run"], told["files"], told["left"], told["error"]) == (
        *(True, [WORKFLOW, f"{HOME}/"], 0, None),
    )
    assert told["issues"][-1] == {
        "issue": 4,
        "labels": ["area:disk"],
        "type": None,
        "closes": False,
        "kept": [],
        "is_done": False,
        "error": None,
        "comments": told["issues"][-1]["comments"],
    }


@pytest.mark.parametrize(
    "arguments, environment, message",
    [
        ((), {}, "the repository is missing; add --repo OWNER/NAME, or set GITHUB_REPOSITORY"),
        (("--repo", REPOSITORY), {"GITHUB_TOKEN": ""}, "the token is missing; set the variable GITHUB_TOKEN"),
        (("--repo", REPOSITORY, "--yes", "--dry-run"), {}, "--yes and --dry-run exclude each other; give one of them"),
    ],
)
def test_wrong_usage_is_explained(
    begun: FakeGitHub, tmp_path: Path, arguments: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    finished = command(begun, tmp_path, *arguments, **environment)
    assert (finished.code, finished.err) == (2, f"signpost: {message}\n")


def test_without_its_rules_a_comment_still_remembers_its_labels(begun: FakeGitHub, tmp_path: Path) -> None:
    with copy_github(begun) as github:
        files = github.repositories[REPOSITORY].files
        for name in [name for name in files if name.startswith(HOME)]:
            del files[name]
        listed = command(github, tmp_path, "--repo", REPOSITORY)

    assert (listed.code, listed.out.count("remove `area:disk`; delete comment"), "`bug`" in listed.out) == (0, 2, False)
    assert "run `signpost init`" not in listed.err
    assert RULE not in listed.err
