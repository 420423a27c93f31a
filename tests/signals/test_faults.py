"""Whatever goes wrong with any request of a sweep: the next one puts all of it right, the ledger, too."""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.signals.world import a_person, find_ours, list_ledger, now_at, run_at, sweep_at, sweep_until
from tests.stand_ins.command import start_command
from tests.stand_ins.fake_github import HARD_FAULTS, MAINTAINER, FakeGitHub, Fault
from tests.stand_ins.github_json import START
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import (
    HOME,
    MATCHING,
    NEW_ADVICE,
    OTHER,
    REPOSITORY,
    RULE,
    TOKEN,
    Ending,
    add_rule,
    copy_github,
    open_issue,
    see,
)

pytestmark = pytest.mark.slow(minutes=8)

MONDAYS = """\
id: on-mondays
title: It breaks on Mondays
match: {phrase: only breaks on Mondays}
guidance: {tldr: "It rests on Mondays."}
close: {as: not_planned, after: 3d}
examples: {match: ["It only breaks on Mondays."], no_match: ["It is Monday."]}
"""
FRIDAYS = """\
id: on-fridays
title: It breaks on Fridays
match: {phrase: only breaks on Fridays}
guidance: {tldr: "It rests on Fridays."}
examples: {match: ["It only breaks on Fridays."], no_match: ["It is Friday."]}
"""
SETTINGS = "duplicates: {enabled: false}\nvotes: {mute_from: 1, mute_above: 0.2}\n"
PREPARED = START + timedelta(seconds=50)
"""After the story has begun, and before any sweep."""

LATER = datetime.now(UTC).replace(microsecond=0)
"""Months after the fake's own clock, and within the days in which a sweep of the real command looks for lost events."""

PASSING = {name: fault for name, fault in HARD_FAULTS.items() if not name.startswith("killed")}
KILLS = {name: fault for name, fault in HARD_FAULTS.items() if name.startswith("killed")}
MOST_SWEEPS = 3
"""A fault may leave an issue whose next state asks for one more look."""

ATTEMPTS = 3
"""At killing a sweep at one write."""


def prepare(github: FakeGitHub) -> None:
    """Five answered issues, a missed one, a due one, and one whose author mutes a rule.

    Since they were answered, people have reacted, and a rule has changed.
    """
    add_rule(github)
    add_rule(github, MONDAYS, "on-mondays")
    add_rule(github, FRIDAYS, "on-fridays")
    github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = SETTINGS
    issues = [open_issue(github)]
    issues += [github.add_issue("Again", MATCHING, author=a_person(f"reporter-{number}")) for number in range(4)]
    due = github.add_issue("Mondays", OTHER, author=a_person("monday"))
    muted = github.add_issue("Fridays", OTHER.replace("Mondays", "Fridays"), author=a_person("friday"))
    for issue in (*issues, due, muted):
        run_at(github, issue)
    refused, said, liked, deleted, _ = issues
    github.react(find_ours(refused), "-1", refused.author or MAINTAINER)
    github.react(find_ours(refused), "eyes", a_person("stranger"))
    github.react(find_ours(muted), "-1", a_person("friday"))
    github.add_comment(said, "/signpost wrong it is the network", MAINTAINER).association = "MEMBER"
    github.add_comment(said, "me too", a_person("stranger"))
    for name in ("+1", "rocket"):
        github.react(find_ours(liked), name, a_person("stranger"))
    github.delete_comment(deleted, find_ours(deleted))
    add_rule(github, RULE.replace("The build ran out of disk space.", NEW_ADVICE))
    assert now_at(github) < PREPARED
    while now_at(github) <= PREPARED:
        pass
    github.add_issue("Missed", MATCHING, author=a_person("last"), created_at=f"{LATER:%Y-%m-%dT%H:%M:%SZ}")


def see_all(github: FakeGitHub) -> list[Ending]:
    return [see(issue) for issue in github.repositories[REPOSITORY].issues.values()]


@dataclass(frozen=True)
class Aftermath:
    """What people see, and what a ledger says."""

    endings: list[Ending]
    ledger: Mapping[str, object]


@pytest.fixture(scope="module")
def begun() -> Iterator[FakeGitHub]:
    with FakeGitHub() as github:
        prepare(github)
        yield github


def read_ledger(path: Path, github: FakeGitHub) -> Mapping[str, object]:
    """What a ledger says; what happened in a sweep has other numbers and times each time."""
    known = {f"{comment.id}" for issue in github.repositories[REPOSITORY].issues.values() for comment in issue.comments}
    last = max(int(comment) for comment in known)
    return {table: [_blur(row, last) for row in rows] for table, rows in list_ledger(path).items()}


def _blur(row: tuple[int | str, ...], last: int) -> tuple[int | str, ...]:
    return tuple("new" if str(value).removeprefix("IC_") == str(last) else _blur_time(value) for value in row)


def _blur_time(value: int | str) -> int | str:
    return "later" if isinstance(value, int) and value > PREPARED.timestamp() else value


def settle(github: FakeGitHub, path: Path, now: datetime) -> Aftermath:
    """Sweep until nothing changes any more."""
    for _ in range(MOST_SWEEPS):
        before = len(github.requests)
        swept = sweep_at(github, path, now)
        assert (swept.error, swept.left, swept.failures) == ("", (), ())
        writes = [r for r in github.requests[before:] if r.verb != "GET" and r.path != "/graphql"]
        if not writes:
            return Aftermath(see_all(github), read_ledger(path, github))
    raise AssertionError("the sweeps do not come to an end")


@pytest.fixture(scope="module")
def undisturbed(begun: FakeGitHub, tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    with copy_github(begun) as github:
        return settle(github, tmp_path_factory.mktemp("undisturbed") / "ledger.sqlite", LATER)


def disturb(begun: FakeGitHub, number: int, fault: Fault) -> Aftermath:
    """A sweep with a fault at one request, and as many as it takes without."""
    with copy_github(begun) as github, TemporaryDirectory() as folder:
        path = Path(folder, "ledger.sqlite")
        github.faults = {number: fault}
        sweep_at(github, path, LATER)
        github.faults = {}
        return settle(github, path, LATER)


def test_a_sweep_sends_what_githubs_own_description_wants(
    begun: FakeGitHub, openapi_checker: OpenAPIChecker, tmp_path: Path, undisturbed: Aftermath
) -> None:
    with copy_github(begun, openapi_checker) as github:
        swept = sweep_at(github, tmp_path / "ledger.sqlite", LATER)

        assert (swept.error, see_all(github), github.violations) == ("", undisturbed.endings, [])
        assert read_ledger(tmp_path / "ledger.sqlite", github) == undisturbed.ledger


def test_a_ledger_from_nothing_is_the_same(begun: FakeGitHub, tmp_path: Path, undisturbed: Aftermath) -> None:
    with copy_github(begun) as github:
        settle(github, tmp_path / "ledger.sqlite", LATER)
        sweep_at(github, tmp_path / "ledger.sqlite", LATER, is_rebuilt=True)

        assert read_ledger(tmp_path / "ledger.sqlite", github) == undisturbed.ledger


def list_requests(begun: FakeGitHub) -> list[str]:
    with copy_github(begun) as github, TemporaryDirectory() as folder:
        sweep_at(github, Path(folder, "ledger.sqlite"), LATER)
        return [str(request) for request in github.requests]


@pytest.mark.parametrize("name", PASSING)
def test_the_next_sweep_puts_right_what_a_fault_left(begun: FakeGitHub, undisturbed: Aftermath, name: str) -> None:
    requests = [*enumerate(list_requests(begun), 1)][1:]  # without rules nothing begins
    numbers = [number for number, request in requests if not _is_an_answer(request, name)]
    with ThreadPoolExecutor(4) as pool:
        after = list(pool.map(lambda number: disturb(begun, number, PASSING[name]), numbers))

    assert {number: each for number, each in zip(numbers, after, strict=True) if each != undisturbed} == {}


def _is_an_answer(request: str, fault: str) -> bool:
    """The issue, the label or the person does not exist: nothing failed. GraphQL's errors come from GraphQL alone."""
    if fault.startswith("GraphQL"):
        return request != "POST /graphql"
    if fault == "410":
        return re.fullmatch(r"GET /repos/octo/widget/issues/\d+", request) is not None
    names = ("DELETE", "GET /repos/octo/widget/labels", "GET /repos/octo/widget/collaborators")
    return fault == "404" and request.startswith(names)


def sweep_killed(begun: FakeGitHub, number: int, fault: Fault) -> Aftermath:
    """The real command, killed at one request; the next ones are not."""
    with copy_github(begun) as github, TemporaryDirectory() as folder:
        environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}
        running = start_command("sweep", "--repo", REPOSITORY, folder=Path(folder), environment=environment)
        github.victim, github.faults = running.pid, {number: fault}
        assert running.go().code == -9
        github.faults = {}
        return settle(github, Path(folder, ".signpost", "ledger.sqlite"), LATER)


@pytest.mark.parametrize("name", KILLS)
def test_the_next_sweep_goes_on_where_one_was_killed(begun: FakeGitHub, undisturbed: Aftermath, name: str) -> None:
    numbers = range(2, len(list_requests(begun)) + 1)
    with ThreadPoolExecutor(24) as pool:
        after = list(pool.map(lambda number: sweep_killed(begun, number, KILLS[name]), numbers))

    assert {number: each for number, each in zip(numbers, after, strict=True) if each != undisturbed} == {}


def sweep_killed_at_write(begun: FakeGitHub, write: int, *, is_rebuilt: bool) -> Aftermath:
    """A sweep that dies just before one write to the disk, which is just after the one before it; then others.

    On a busy machine a sweep may lose its connection and end before that write. Then nothing was killed, and it starts
    again from the beginning.
    """
    counted = list[int]()
    while len(counted) < ATTEMPTS:
        with copy_github(begun) as github, TemporaryDirectory() as folder:
            path = Path(folder, "ledger.sqlite")
            if is_rebuilt:
                sweep_at(github, path, LATER)
            counted.append(sweep_until(github, path, LATER, write, is_rebuilt=is_rebuilt))
            if counted[-1] < 0:
                return settle(github, path, LATER)
    raise AssertionError(f"no sweep reached write {write}; they ended after {counted}")


@pytest.mark.parametrize("is_rebuilt", [False, True], ids=["sweep", "rebuild"])
def test_the_next_sweep_goes_on_where_one_was_killed_at_a_write(
    begun: FakeGitHub, undisturbed: Aftermath, tmp_path: Path, *, is_rebuilt: bool
) -> None:
    with copy_github(begun) as github:
        path = tmp_path / "ledger.sqlite"
        if is_rebuilt:
            sweep_at(github, path, LATER)
        writes = range(1, sweep_until(github, path, LATER, is_rebuilt=is_rebuilt) + 1)
    with ThreadPoolExecutor(4) as pool:
        after = list(pool.map(lambda write: sweep_killed_at_write(begun, write, is_rebuilt=is_rebuilt), writes))

    assert len(writes) > MOST_SWEEPS
    assert {write: each for write, each in zip(writes, after, strict=True) if each != undisturbed} == {}
