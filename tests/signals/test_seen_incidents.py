"""Incidents over HTTP: what a sweep notes of new issues, and what sweeps and runs say about them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.signals.file import read_ledger
from bot.signals.incidents.arrivals import PAST
from bot.signals.summary import format_lines, render_summary, to_json
from tests.signals.world import a_person, list_ledger, now_at, run_at, sweep_at
from tests.stand_ins.fake_github import BOT, FakeGitHub
from tests.stand_ins.gfm import Page, render
from tests.stand_ins.github_json import START, StoredIssue
from tests.stand_ins.story import MATCHING, REPOSITORY, RULE, add_rule, start_run, tell_event

pytestmark = pytest.mark.slow

NOISE = "npm ERR! the usual registry mirror answers slowly"
UNKNOWN = "Error: refusing the stale shard of the remote catalogue @octocat"


def open_at(github: FakeGitHub, at: datetime, body: str = "", **known: object) -> StoredIssue:
    """An issue of another person, opened at that time."""
    moment = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    name = f"person-{len(github.add_repository(REPOSITORY).issues) + 1}"
    stated = {"author": a_person(name), "created_at": moment, **known}
    return github.add_issue("It breaks", body, **stated)


def fill(github: FakeGitHub, number: int = 120) -> None:
    """A repository with so many other issues in fourteen weeks."""
    add_rule(github)
    for place in range(number):
        open_at(github, START - PAST * ((place + 0.5) / number), NOISE)


def report_many(github: FakeGitHub, number: int, body: str = MATCHING) -> list[StoredIssue]:
    """Reports of the last hours, the last one just now."""
    return [open_at(github, START - timedelta(minutes=50 * (number - 1 - place)), body) for place in range(number)]


def list_arrivals(path: Path) -> list[int]:
    return [int(row[0]) for row in list_ledger(path)["arrival"]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_every_new_issue_of_a_person_is_an_arrival_for_fourteen_weeks(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github)
    open_at(fake_github, START - PAST - timedelta(days=1), MATCHING)
    open_at(fake_github, START - PAST + timedelta(days=1), "nothing that a rule matches")
    closed = open_at(fake_github, START - timedelta(days=40), MATCHING)
    fake_github.set_state(closed, "closed", "completed")
    open_at(fake_github, START, MATCHING, is_pull_request=True)
    open_at(fake_github, START, MATCHING, author=BOT)

    swept = sweep_at(fake_github, path)
    assert (list_arrivals(path), swept.ledger.has_past) == ([2, 3], True)
    assert [(each.person, each.rules) for each in swept.ledger.arrivals] == [
        ("person-2", ()),
        ("person-3", ("out-of-disk",)),
    ]

    open_at(fake_github, now_at(fake_github))
    swept = sweep_at(fake_github, path, now_at(fake_github, days=2))
    assert (list_arrivals(path), swept.requests <= 6) == ([3, 6], True)


def test_only_lost_events_of_the_last_days_are_handled(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github)
    open_at(fake_github, START - timedelta(days=5), MATCHING)
    open_at(fake_github, START - timedelta(days=2), MATCHING)
    swept = sweep_at(fake_github, path)
    assert ([each.rerun.issue for each in swept.handled], list_arrivals(path)) == ([2], [1, 2])


def test_a_sweep_sees_the_fifth_report_and_says_it_once_a_sweep(fake_github: FakeGitHub, path: Path) -> None:
    fill(fake_github)
    report_many(fake_github, 4)
    assert sweep_at(fake_github, path).incidents == ()
    fifth = open_at(fake_github, START, MATCHING)

    swept = sweep_at(fake_github, path)

    (incident,) = swept.incidents
    assert (incident.key, [each.issue for each in incident.reports]) == ("rule:out-of-disk", [*range(121, 126)])
    sentence = "5 reports in 3 hours, usually one in 12 weeks or less; chance would do this less than once in 100 years"
    numbers = ", ".join(f"`#{number}`" for number in range(121, 126))
    assert f"### Reported unusually often\n\n- `The disk is full`: {sentence} ({numbers})\n" in render_summary(swept)
    assert f"Incident  The disk is full: {sentence}" in [*format_lines(swept)]
    (said,) = to_json(swept)["incidents"]
    assert (said["key"], said["issues"][-1], said["sentence"], "person-125" in str(said)) == (
        "rule:out-of-disk",
        fifth.number,
        sentence,
        False,
    )
    assert sweep_at(fake_github, path).incidents == swept.incidents


def test_a_hostile_message_stays_text(fake_github: FakeGitHub, path: Path) -> None:
    fill(fake_github)
    report_many(fake_github, 5, f"{UNKNOWN} <img src=x> [a](https://evil.example) `x` octo/cat#12")
    swept = sweep_at(fake_github, path)
    page = Page(render(render_summary(swept)))
    assert ([each.rules for each in swept.incidents], page.addresses, "img" in page.tags) == ([()], [], False)
    assert not any(sign in "".join(page.live) for sign in ("@", "evil", "octo/cat#"))


def test_budgets_kills_and_rebuilding_lead_to_the_same_ledger(fake_github: FakeGitHub, path: Path) -> None:
    fill(fake_github, 330)
    report_many(fake_github, 5)
    now = now_at(fake_github, minutes=1)
    first = sweep_at(fake_github, path, now, budget=4)
    assert (first.is_budget_spent, first.incidents, first.ledger.has_past) == (True, (), False)
    assert len(first.ledger.arrivals) > 0

    sweep_at(fake_github, path, now, budget=5)
    later = sweep_at(fake_github, path, now)
    whole = sweep_at(fake_github, path.with_name("whole"), now)
    rebuilt = sweep_at(fake_github, path.with_name("whole"), now, is_rebuilt=True)

    assert list_ledger(path)["arrival"] == list_ledger(path.with_name("whole"))["arrival"]
    assert later.incidents == whole.incidents == rebuilt.incidents != ()
    assert later.ledger.known_since == whole.ledger.known_since == rebuilt.ledger.known_since


def test_a_new_rule_has_no_past_until_the_ledger_is_made_again(fake_github: FakeGitHub, path: Path) -> None:
    fill(fake_github)
    sweep_at(fake_github, path)
    add_rule(
        fake_github, RULE.replace("out-of-disk", "full-disk").replace("No space left on", "No space on"), "full-disk"
    )
    report_many(fake_github, 5, MATCHING.replace("space left", "space"))

    swept = sweep_at(fake_github, path)
    assert ([each.rules for each in swept.incidents if "rule:full-disk" in each.keys], swept.too_new) == (
        [],
        ("full-disk",),
    )
    assert "For 35 days a rule is too new for an alarm" in render_summary(swept)
    assert to_json(swept)["too_new"] == ["full-disk"]

    rebuilt = sweep_at(fake_github, path, is_rebuilt=True)
    assert (["rule:full-disk" in each.keys for each in rebuilt.incidents], rebuilt.too_new) == ([True], ())


def test_the_order_of_sweeps_and_runs_changes_nothing(fake_github: FakeGitHub, path: Path) -> None:
    fill(fake_github)
    for number in range(5):
        issue = open_at(fake_github, now_at(fake_github), MATCHING)
        if number % 2:
            run_at(fake_github, issue)
        if number in {0, 1, 3}:
            sweep_at(fake_github, path)
    now = now_at(fake_github, minutes=1)
    often = sweep_at(fake_github, path, now)
    once = sweep_at(fake_github, path.with_name("once"), now)
    assert (often.incidents, list_ledger(path)["arrival"]) == (
        once.incidents,
        list_ledger(path.with_name("once"))["arrival"],
    )


@pytest.mark.parametrize("body, title", [(MATCHING, "The disk is full"), (UNKNOWN, "refusing the stale shard")])
def test_a_run_says_that_its_issue_belongs_to_an_incident(
    fake_github: FakeGitHub, tmp_path: Path, body: str, title: str
) -> None:
    fill(fake_github)
    now = datetime.now(tz=START.tzinfo)
    fake_github.repositories[REPOSITORY].issues.clear()
    for place in range(100):
        open_at(fake_github, now - PAST * ((place + 0.5) / 100), NOISE)
    for place in range(4):
        open_at(fake_github, now - timedelta(minutes=30 * (4 - place)), body)
    ledger = tmp_path / "ledger.sqlite"
    sweep_at(fake_github, ledger, now)
    assert read_ledger(ledger, REPOSITORY).has_past
    fifth = open_at(fake_github, now, body)
    other = open_at(fake_github, now, "nothing that anybody else reports")

    for issue, expected in ((fifth, True), (other, False)):
        before = len(fake_github.requests)
        event, summary = tell_event(fake_github, issue), tmp_path / f"summary-{issue.number}.md"
        environment = {"GITHUB_STEP_SUMMARY": str(summary)}
        done = start_run(fake_github, event, tmp_path, "--ledger", str(ledger), environment=environment).go()
        said = "this issue belongs to an incident" in summary.read_text("utf-8")
        assert (done.code, said, not expected or title in summary.read_text("utf-8")) == (0, expected, True)
        if body == UNKNOWN or not expected:
            assert len(fake_github.requests) - before == 1  # the rules


def test_a_run_has_no_opinion_while_the_past_is_not_read(fake_github: FakeGitHub, path: Path, tmp_path: Path) -> None:
    fill(fake_github, 330)
    issues = report_many(fake_github, 5)
    sweep_at(fake_github, path, budget=4)
    done = start_run(
        fake_github, tell_event(fake_github, issues[-1]), tmp_path, "--ledger", str(path), "--dry-run"
    ).go()
    assert (done.code, "belongs to an incident" in done.out) == (0, False)
