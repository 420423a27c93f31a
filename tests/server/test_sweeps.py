"""Sweeps on the server: what people answered, closings that are due, and ledgers that the inbox keeps."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from bot.rules.ruleset import Ruleset
from bot.server.records import (
    MOST_LEDGER_BYTES,
    KnownRepository,
    Records,
    find_owners_of_names,
    is_due,
    read_json,
    read_moment,
)
from bot.server.settings import ServerSettings
from bot.server.worker import count_answers
from bot.signals.ledger import Ledger
from bot.triage.config import Sources, make_default_config
from tests.server.worlds import APP, BEGIN, INSTALLATION, World, list_comments, open_world
from tests.stand_ins.fake_github import FAULTS, MAINTAINER
from tests.stand_ins.github_json import Person, StoredIssue
from tests.stand_ins.story import ANSWER, REPOSITORY, RULE, WITHDRAWN, add_rule, open_issue, see

HOURS = 3600


@pytest.fixture
def world() -> Iterator[World]:
    with open_world(ServerSettings(sweep_hours=6)) as world:
        yield world


def open_answered(world: World, rule: str = RULE) -> StoredIssue:
    add_rule(world.github, rule)
    issue = open_issue(world.github)
    world.handle(world.report(issue))
    return issue


def sweep(world: World, hours: float = 0) -> int:
    """Let time pass and the chore come; the number of its requests."""
    before = len(world.github.requests)
    world.clock.seconds += hours * HOURS
    asyncio.run(world.worker.sweep())
    return len(world.github.requests) - before


def read_ledger(world: World, number: int = 1) -> bytes | None:
    return asyncio.run(world.inbox.read_value(f"ledger/{number}"))


def test_a_repository_is_swept_once_in_the_hours_of_the_settings(world: World) -> None:
    open_answered(world)
    assert [sweep(world) > 0, sweep(world, 5.9) > 0, sweep(world, 0.2) > 0] == [True, False, True]


def test_a_repository_is_swept_once_although_another_server_begins_meanwhile(world: World) -> None:
    async def play() -> None:
        await asyncio.gather(first.sweep(), world.worker.sweep())

    open_answered(world)
    alone, first = sweep(world), world.worker
    world.start()
    world.clock.seconds += 7 * HOURS
    before = len(world.github.requests)
    asyncio.run(play())
    assert 0 < len(world.github.requests) - before < 2 * alone


def test_votes_are_counted_and_reach_the_pages(world: World) -> None:
    issue = open_answered(world)
    world.github.react(issue.comments[-1], "+1", Person(login="ann", can_write=False))
    world.github.react(issue.comments[-1], "-1", Person(login="ben", can_write=False))
    sweep(world)
    assert world.values("repository/")["repository/1"]["votes"] == {"out-of-disk": {"works": 1, "wrong": 1}}
    world.handle(world.push())
    assert world.values("repository/")["repository/1"]["votes"] == {"out-of-disk": {"works": 1, "wrong": 1}}


def test_a_rule_that_a_maintainer_muted_only_sets_labels_in_later_runs(world: World) -> None:
    issue = open_answered(world)
    world.github.add_comment(issue, "/signpost mute out-of-disk", MAINTAINER)
    sweep(world)
    later = open_issue(world.github)
    handled = world.handle(world.report(later))
    assert (handled.rules, see(later, APP).labels, list_comments(later)) == (("out-of-disk",), ("area:disk",), [])


def test_an_issue_is_handled_again_and_closed_when_that_is_due(world: World) -> None:
    issue = open_answered(world, f"{RULE}close: {{as: not_planned, after: 3d}}\n")
    sweep(world)
    assert see(issue, APP).state == "open"
    sweep(world, 4 * 24)
    assert see(issue, APP).state == "closed as not_planned"


def test_a_changed_rule_reaches_old_issues(world: World) -> None:
    issue = open_answered(world)
    sweep(world)
    add_rule(world.github, RULE.replace("No space left on device", "No space left on the moon"))
    sweep(world, 7)
    assert see(issue, APP).comments == (WITHDRAWN,)


def test_the_ledger_of_a_renamed_repository_goes_on(world: World) -> None:
    issue = open_answered(world)
    sweep(world)
    repository = world.github.repositories.pop(REPOSITORY)
    repository.name = "octo/gadget"
    world.github.repositories[repository.name] = repository
    world.github.moved[REPOSITORY] = (301, repository.name)
    world.handle(world.report(issue, "edited", name=repository.name))
    world.github.react(issue.comments[-1], "+1", Person(login="ann", can_write=False))
    sweep(world, 7)
    assert world.values("repository/")["repository/1"]["votes"] == {"out-of-disk": {"works": 1, "wrong": 0}}
    assert world.values("swept/")["swept/1"]["is_partial"] is False


def test_an_error_in_one_repository_does_not_stop_the_others(world: World) -> None:
    first = open_answered(world)
    other = world.github.add_repository("octo/other")
    other.files.update(world.github.repositories[REPOSITORY].files)
    second = world.github.add_issue(first.title, first.body, repository="octo/other")
    world.handle(world.report(second, name="octo/other", number=2))
    world.github.disturb = lambda request: FAULTS["502"] if REPOSITORY in request.path else None
    sweep(world, 1)
    assert (read_ledger(world, 1), read_ledger(world, 2) is None) == (None, False)
    assert {key: each["is_partial"] for key, each in world.values("swept/").items()} == {
        "swept/1": True,
        "swept/2": False,
    }
    world.github.disturb = lambda _: None
    sweep(world, 1)
    assert read_ledger(world, 1) is not None


def test_a_ledger_that_cannot_be_used_is_made_again(world: World) -> None:
    open_answered(world)
    asyncio.run(world.inbox.write_value("ledger/1", b"not a database"))
    later = open_issue(world.github)
    world.handle(world.report(later))
    assert see(later, APP).comments == (ANSWER,)
    sweep(world)
    assert str(read_ledger(world)).startswith("b'SQLite format 3")


@pytest.mark.parametrize("state", ["suspend", "deleted"])
def test_what_the_app_does_not_reach_is_not_swept(world: World, state: str) -> None:
    open_answered(world)
    world.handle(world.install(state))
    assert sweep(world) == 0


def test_a_suspension_that_is_heard_of_too_late_ends_with_the_next_event(world: World) -> None:
    issue = open_answered(world)
    world.handle(world.install("unsuspend"))
    world.handle(world.install("suspend"))
    assert sweep(world) == 0
    world.handle(world.report(issue, "edited"))
    assert sweep(world) > 0


def test_no_sweep_is_made_during_a_rate_limit_or_if_none_is_wanted(world: World) -> None:
    open_answered(world)
    world.app.limited = 60
    assert sweep(world) == 0
    world.app.limited = 0
    world.settings = ServerSettings(sweep_hours=0)
    world.start()
    assert sweep(world) == 0


def test_a_sweep_that_was_cut_short_keeps_what_it_read_and_goes_on_within_the_hour(world: World) -> None:
    open_answered(world)
    path = f"/repos/{REPOSITORY}/issues"
    world.github.disturb = lambda request: FAULTS["502"] if request.path == path else None
    sweep(world)
    assert (world.values("swept/")["swept/1"]["is_partial"], read_ledger(world) is None) == (True, False)
    world.github.disturb = lambda _: None
    sweep(world, 1)
    assert world.values("swept/")["swept/1"]["is_partial"] is False


def test_a_ledger_that_is_too_large_stays_out() -> None:
    with open_world() as world:
        records = Records(world.inbox, world.clock.now)

        async def keep(ledger: bytes) -> bool:
            return await records.write_ledger(1, ledger)

        assert [asyncio.run(keep(bytes(size))) for size in (5, MOST_LEDGER_BYTES, MOST_LEDGER_BYTES + 1)] == [
            True,
            True,
            False,
        ]
        assert len(read_ledger(world) or b"") == MOST_LEDGER_BYTES


@pytest.mark.parametrize(
    "hours_ago, is_partial, expected",
    [(None, False, True), (5, False, False), (6, False, True), (0.5, True, False), (1, True, True)],
)
def test_a_sweep_is_due_after_some_hours_or_one_if_it_was_cut_short(
    hours_ago: float | None,
    is_partial: bool,  # noqa: FBT001 (a column of the table)
    expected: bool,  # noqa: FBT001
) -> None:
    at = None if hours_ago is None else BEGIN - timedelta(hours=hours_ago)
    assert is_due(at, BEGIN, timedelta(hours=6), is_partial=is_partial) is expected


@pytest.mark.parametrize(
    "value, expected",
    [
        (None, (None, False)),
        (b"{}", (None, False)),
        (b"[1]", (None, False)),
        (b"\xff", (None, False)),
        (b'{"at": "2026-04-09T09:00:00+00:00", "is_partial": true}', (BEGIN, True)),
    ],
)
def test_a_value_of_another_version_counts_as_none(value: bytes | None, expected: tuple[datetime | None, bool]) -> None:
    assert read_moment(value) == expected


def test_repositories_that_another_version_wrote_differently_are_left_out(world: World) -> None:
    for key, value in {
        "repository/1": b"{}",
        "repository/x": b'{"repository": "octo/a", "installation": 7}',
        "repository/3": b'{"repository": "octo/a", "installation": 7, "more": 1}',
    }.items():
        asyncio.run(world.inbox.write_value(key, value))
    found = asyncio.run(Records(world.inbox, world.clock.now).list_repositories())
    assert found == (KnownRepository(id=3, repository="octo/a", installation=INSTALLATION),)
    assert read_json(b"null") == {}


def test_rules_without_an_answer_are_not_counted() -> None:
    assert count_answers(Ledger(), Sources(ruleset=Ruleset(), config=make_default_config())) == {}


def test_a_name_that_another_repository_has_now_is_swept_for_that_one_alone() -> None:
    def write(name: str, at: str) -> bytes:
        return json.dumps({"repository": name, "installation": 7, "at": at}).encode()

    values = {
        "repository/1": write("octo/Widget", "2026-04-09T09:00:00+00:00"),
        "repository/2": write("octo/widget", "2026-04-10T09:00:00+00:00"),
        "repository/3": write("octo/other", "2026-04-08T09:00:00+00:00"),
        "repository/4": write("octo/widget", "unknown"),
    }
    assert {each.id for each in find_owners_of_names(values)} == {2, 3}
