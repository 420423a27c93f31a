"""Our own issues over HTTP: opened once, kept up to date, ended, and left to people who take them over."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pytest

from bot.signals.incidents.arrivals import Arrival
from bot.signals.incidents.detection import Incident
from bot.signals.ledger import Ledger, to_seconds
from bot.signals.notices.text import write_over
from bot.signals.summary import format_lines, render_summary, to_json
from bot.signals.sweep import Swept
from bot.triage.config import Sources
from tests.signals.notices.incidents import RULE, an_incident
from tests.signals.world import a_person, count_writes, find_ours, list_ledger, now_at, run_at, sweep_at
from tests.stand_ins.command import start_command
from tests.stand_ins.fake_github import BOT, FAULTS, MAINTAINER, FakeGitHub, Fault, Request
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import HOME, MATCHING, REPOSITORY, TOKEN, add_rule, copy_github, open_issue
from tests.stand_ins.story import RULE as RULE_TEXT

pytestmark = pytest.mark.slow(minutes=1)

SETTINGS = "duplicates: {enabled: false}\nsurge: {issue: true}\nvotes: {issue: true, mute_from: 3, mute_above: 0.4}\n"
LOST = Fault(kind="lost")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def prepare(github: FakeGitHub) -> None:
    """Five reports of one problem by five people, which nobody has answered yet, and the settings."""
    add_rule(github)
    github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = SETTINGS
    open_issue(github)
    for number in range(4):
        github.add_issue("Again", MATCHING, author=a_person(f"person-{number}"))


@pytest.fixture
def github(fake_github: FakeGitHub) -> FakeGitHub:
    prepare(fake_github)
    return fake_github


def find_incident(github: FakeGitHub, start: datetime | None = None) -> Incident:
    """What many people report: the issues of people that match the rule, since `start`."""
    issues = [
        each for each in github.repositories[REPOSITORY].issues.values() if each.author != BOT and each.body == MATCHING
    ]
    arrivals = tuple(
        Arrival(
            each.number,
            to_seconds(datetime.fromisoformat(each.created_at)),
            each.author.login if each.author else "ghost",
            (RULE,),
            "2.1.4",
        )
        for each in issues
    )
    since = to_seconds(start) if start else arrivals[0].at
    return an_incident(*(each for each in arrivals if each.at >= since), start=since)


def sweep_incident(
    github: FakeGitHub, path: Path, now: datetime | None = None, *, is_dry_run: bool = False, is_rebuilt: bool = False
) -> Swept:
    found = (find_incident(github),)
    return sweep_at(github, path, now, incidents=found, is_dry_run=is_dry_run, is_rebuilt=is_rebuilt)


def find_notices(github: FakeGitHub) -> list[StoredIssue]:
    return [each for each in github.repositories[REPOSITORY].issues.values() if each.author == BOT]


def read(issue: StoredIssue) -> str:
    return issue.body or ""


def report_again(github: FakeGitHub, name: str = "late") -> StoredIssue:
    return github.add_issue("Again", MATCHING, author=a_person(name))


def list_deeds(swept: Swept) -> list[str]:
    return [each.action.action for each in swept.notices]


def test_one_issue_is_opened_and_kept_up_to_date(github: FakeGitHub, path: Path) -> None:
    swept = sweep_incident(github, path)
    (notice,) = find_notices(github)
    assert (list_deeds(swept), notice.title) == (["open_notice"], "Many reports: The disk is full")
    assert f"- open `#{notice.number}`: Many reports: The disk is full" in render_summary(swept)
    assert f"Notice    open `#{notice.number}`: Many reports: The disk is full" in [*format_lines(swept)]
    assert to_json(swept)["notices"] == [
        {
            "action": "open_notice",
            "issue": notice.number,
            "title": "Many reports: The disk is full",
            "error": None,
            "remark": None,
        }
    ]

    writes = count_writes(github)
    assert (list_deeds(sweep_incident(github, path)), count_writes(github)) == ([], writes)

    late = report_again(github)
    assert list_deeds(sweep_incident(github, path)) == ["update_notice"]
    assert (find_notices(github), f"- #{late.number}, " in read(notice)) == ([notice], True)
    assert (notice.comments, late.comments[:1] == []) == ([], False)


def test_an_incident_ends_and_the_next_one_has_its_own_issue(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    text = read(notice).partition("<!--")[0].strip()

    swept = sweep_at(github, path, incidents=())
    assert (list_deeds(swept), notice.state, notice.state_reason) == (["end_notice"], "closed", "completed")
    ended = read(notice).partition("<!--")[0].strip()
    assert (ended.startswith("**This is over**"), ended) == (True, write_over(text, ended.partition("\n")[0]))
    assert f"- close `#{notice.number}`, because it is over" in render_summary(swept)
    assert list_deeds(sweep_at(github, path, incidents=())) == []

    start = now_at(github)
    report_again(github)
    swept = sweep_at(github, path, incidents=(find_incident(github, start),))
    former, new = find_notices(github)
    assert (list_deeds(swept), former.state) == (["open_notice"], "closed")
    assert f"#{former.number} was about an earlier time" in read(new)


def test_a_fixed_rule_ends_its_incident(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    add_rule(github, f"{RULE_TEXT}fixed_in: {{version: 2.1.9}}\n")
    swept = sweep_incident(github, path)
    (notice,) = find_notices(github)
    assert (list_deeds(swept), notice.state) == (["end_notice"], "closed")
    assert "the problem is fixed in `2.1.9`. Please update." in read(notice)
    assert (list_deeds(sweep_incident(github, path)), find_notices(github)) == ([], [notice])


def test_a_lost_ledger_finds_the_same_issue(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    before = list_ledger(path)
    path.unlink()
    assert list_deeds(sweep_incident(github, path)) == []
    assert (list_ledger(path)["notice"], len(find_notices(github))) == (before["notice"], 1)
    assert list_deeds(sweep_incident(github, path, is_rebuilt=True)) == []
    assert list_ledger(path)["notice"] == before["notice"]


def test_a_list_that_shows_nothing_opens_nothing(github: FakeGitHub, path: Path) -> None:
    """Some servers do not find issues by the login of an App."""
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    github.lists_by_creator = False
    report_again(github)
    assert list_deeds(sweep_incident(github, path)) == ["update_notice"]
    assert find_notices(github) == [notice]


def test_what_a_person_closed_stays_closed(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    github.set_state(notice, "closed", "completed")
    report_again(github)
    body = read(notice)
    assert list_deeds(sweep_incident(github, path)) == []
    assert (find_notices(github), notice.state, read(notice)) == ([notice], "closed", body)


def test_what_a_person_edited_stays_as_it_is(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    github.edit_body(notice, f"We are on it.\n\n{read(notice)}")
    report_again(github)
    body = read(notice)
    swept = sweep_incident(github, path)
    assert f"somebody edited #{notice.number}, so Signpost does not update it any more" in [
        each.remark for each in swept.notices
    ]
    assert (list_deeds(sweep_at(github, path, incidents=())), read(notice), notice.state) == (
        ["leave_notice"],
        body,
        "open",
    )


def test_what_a_person_changed_in_the_meantime_stays(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    report_again(github)

    def edit(request: Request) -> None:
        if request.verb == "GET" and request.path.endswith(f"/issues/{notice.number}"):
            github.edit_body(notice, f"We are on it.\n\n{read(notice)}")

    github.disturb = edit
    swept = sweep_incident(github, path)
    github.disturb = lambda _: None
    remark = f"somebody changed #{notice.number} during this sweep, so this sweep leaves it as it is"
    assert [each.remark for each in swept.notices] == [remark]
    assert read(notice).startswith("We are on it.")


def test_a_second_issue_gives_way_to_the_first(github: FakeGitHub, path: Path) -> None:
    """A lost answer, and a list that shows nothing yet."""
    sweep_incident(github, path)
    (first,) = find_notices(github)
    second = github.add_issue(first.title, first.body, author=BOT)
    swept = sweep_incident(github, path)
    assert (list_deeds(swept), first.state, second.state, second.state_reason) == (
        ["end_notice"],
        "open",
        "closed",
        "not_planned",
    )
    assert read(second).startswith(f"**Please follow #{first.number} instead.**")
    assert list_deeds(sweep_incident(github, path)) == []


def test_a_dry_run_shows_the_plan(github: FakeGitHub, path: Path) -> None:
    writes = count_writes(github)
    swept = sweep_incident(github, path, is_dry_run=True)
    assert "### Signpost's own issues (dry run)\n\n- open Many reports: The disk is full" in render_summary(swept)
    assert (find_notices(github), count_writes(github)) == ([], writes)


def test_nobody_asks_for_issues_that_no_settings_want(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github)
    open_issue(fake_github)
    sweep_at(fake_github, path)
    assert [request for request in fake_github.requests if "creator" in request.query] == []


def test_one_look_a_sweep(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    before = len(github.requests)
    sweep_incident(github, path)
    looks = [request for request in github.requests[before:] if "creator" in request.query]
    assert (len(looks), looks[0].query["creator"]) == (1, "github-actions[bot]")


# --- new reports of a known incident


def test_a_new_report_links_the_issue_and_says_the_first_steps(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    late = report_again(github)
    run_at(github, late, ledger=path)
    said = find_ours(late).body.partition("<!--")[0]
    assert f"Please follow #{notice.number}:" in said
    assert ("The build ran out of disk space." in said, "Free at least 2 GB." in said) == (True, True)
    assert late.labels == ["area:disk"]

    run_at(github, late, ledger=path)
    assert find_ours(late).body.partition("<!--")[0] == said
    sweep_incident(github, path)
    assert find_ours(late).body.partition("<!--")[0] == said

    sweep_at(github, path, incidents=())
    assert find_ours(late).body.partition("<!--")[0] == said
    run_at(github, late, ledger=path)
    assert "Please follow" not in find_ours(late).body


def test_our_own_issue_is_not_a_report(github: FakeGitHub, path: Path) -> None:
    files = github.repositories[REPOSITORY].files
    files[f"{HOME}/config.yml"] = f"{SETTINGS}skip: {{bots: false}}\n"
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    result = run_at(github, notice, ledger=path)
    assert (result.skipped and result.skipped.reason, notice.comments) == ("Signpost opened the issue itself", [])


def test_what_an_author_refuses_is_taken_back(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    late = report_again(github)
    run_at(github, late, ledger=path)
    github.react(find_ours(late), "-1", late.author or MAINTAINER)
    sweep_incident(github, path)
    assert "no longer applies" in find_ours(late).body
    run_at(github, late, ledger=path)
    assert "no longer applies" in find_ours(late).body


# --- muted rules


def test_muted_rules_are_listed_until_none_is_left(github: FakeGitHub, path: Path) -> None:
    issues = [each for each in github.repositories[REPOSITORY].issues.values() if each.body == MATCHING]
    for issue in issues[:3]:
        run_at(github, issue)
        github.react(find_ours(issue), "-1", issue.author or MAINTAINER)
    assert list_deeds(sweep_at(github, path, incidents=())) == ["open_notice"]
    (notice,) = find_notices(github)
    assert (notice.title, "| `out-of-disk` | 3 of 3 people |" in read(notice)) == (
        "Signpost: rules that only set labels now",
        True,
    )
    assert list_deeds(sweep_at(github, path, incidents=())) == []

    add_rule(github, RULE_TEXT.replace("2 GB", "3 GB"))
    assert (list_deeds(sweep_at(github, path, incidents=())), notice.state) == (["end_notice"], "closed")
    assert list_deeds(sweep_at(github, path, incidents=())) == []


def test_the_last_text_has_reports_that_no_sweep_saw_before_the_end(github: FakeGitHub, path: Path) -> None:
    sweep_incident(github, path)
    (notice,) = find_notices(github)
    late = report_again(github)
    then = find_incident(github)

    def detect(_: Ledger, __: Sources, now: datetime) -> tuple[Incident, ...]:
        return (then,) if to_seconds(now) <= then.reports[-1].at else ()

    assert list_deeds(sweep_at(github, path, now_at(github) + timedelta(days=3), detect=detect)) == ["end_notice"]
    assert (f"- #{late.number}, " in read(notice), "subscribe" in read(notice)) == (True, False)


# --- whatever goes wrong


@pytest.fixture(scope="module")
def begun() -> Iterator[FakeGitHub]:
    """An incident with an issue and a new report, one that is over, and a second issue for it."""
    with FakeGitHub() as github:
        prepare(github)
        for issue in [each for each in github.repositories[REPOSITORY].issues.values() if each.body == MATCHING]:
            run_at(github, issue)
        with TemporaryDirectory() as folder:
            sweep_incident(github, Path(folder, "ledger.sqlite"))
            sweep_at(github, Path(folder, "other.sqlite"), incidents=(*others(), find_incident(github)))
        first = find_notices(github)[0]
        github.add_issue(first.title, first.body, author=BOT)
        run_at(github, report_again(github))
        github.tick()
        yield github


def others() -> tuple[Incident, ...]:
    return (an_incident(key="message:8", keys=("message:8",), title="EPIPE", rules=()),)


NEW = an_incident(key="message:9", keys=("message:9",), title="ENOSPC", rules=())


def settle(github: FakeGitHub, path: Path, now: datetime) -> list[tuple[str, str, str | None, str]]:
    """Sweep until nothing changes any more; what people see of our issues then."""
    for _ in range(3):
        before = count_writes(github)
        swept = sweep_at(github, path, now, incidents=(find_incident(github), NEW))
        assert (swept.error, swept.failures) == ("", ())
        if count_writes(github) == before:
            shown = [each for each in find_notices(github) if "Please follow" not in read(each)]
            return sorted((each.title, each.state, each.state_reason, read(each)) for each in shown)
    raise AssertionError("the sweeps do not come to an end")


PASSING = {name: fault for name, fault in FAULTS.items() if name not in {"404", "410"}}


def test_the_next_sweep_puts_right_what_a_fault_left(begun: FakeGitHub, openapi_checker: OpenAPIChecker) -> None:
    now = now_at(begun) + timedelta(minutes=10)
    with copy_github(begun, openapi_checker) as github, TemporaryDirectory() as folder:
        undisturbed = settle(github, Path(folder, "ledger.sqlite"), now)
        assert github.violations == []
        start = next(request.number for request in github.requests if "creator" in request.query)
    assert [state for _, state, _, _ in undisturbed] == ["open", "closed", "open"]

    def disturb(number: int, fault: Fault) -> object:
        with copy_github(begun) as github, TemporaryDirectory() as folder:
            github.faults = {number: fault}
            sweep_at(github, Path(folder, "ledger.sqlite"), now, incidents=(find_incident(github), NEW))
            github.faults = {}
            return settle(github, Path(folder, "ledger.sqlite"), now)

    cases = [(number, name) for number in range(start, start + 8) for name in PASSING]
    with ThreadPoolExecutor(4) as pool:
        after = list(pool.map(lambda case: disturb(case[0], PASSING[case[1]]), cases))
    wrong = [case for case, each in zip(cases, after, strict=True) if each != undisturbed]
    assert wrong == []


def test_a_lost_answer_is_looked_for_at_once(github: FakeGitHub, path: Path) -> None:
    def lose(request: Request) -> Fault | None:
        return LOST if str(request) == "POST /repos/octo/widget/issues" else None

    github.disturb = lose
    swept = sweep_incident(github, path)
    github.disturb = lambda _: None
    (notice,) = find_notices(github)
    assert [(each.number, each.error) for each in swept.notices] == [(notice.number, "")]
    assert list_deeds(sweep_incident(github, path)) == []


@pytest.mark.parametrize("kind", ["kill-before", "kill-after"])
def test_a_killed_sweep_opens_no_second_issue(
    github: FakeGitHub, tmp_path: Path, kind: Literal["kill-before", "kill-after"]
) -> None:
    for issue in [each for each in github.repositories[REPOSITORY].issues.values() if each.body == MATCHING][:3]:
        run_at(github, issue)
        github.react(find_ours(issue), "-1", issue.author or MAINTAINER)
    environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}
    running = start_command("sweep", "--repo", REPOSITORY, folder=tmp_path, environment=environment)
    github.victim = running.pid
    github.disturb = lambda request: Fault(kind=kind) if str(request) == "POST /repos/octo/widget/issues" else None
    assert running.go().code == -9
    github.disturb = lambda _: None

    path = tmp_path / ".signpost" / "ledger.sqlite"
    sweep_at(github, path)
    assert [each.title for each in find_notices(github)] == ["Signpost: rules that only set labels now"]
    assert list_deeds(sweep_at(github, path)) == []
