"""A week of a busy repository, played: 302 reports, what people do with the comments, and a sweep every six hours."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.signals.sweep import Swept
from bot.signals.votes import count_votes
from tests.signals.world import (
    BUDGET,
    US,
    a_person,
    count_writes,
    find_ours,
    list_ledger,
    run_at,
    sweep_at,
    sweep_killed,
)
from tests.stand_ins.fake_github import MAINTAINER, FakeGitHub
from tests.stand_ins.github_json import START, Person, StoredIssue
from tests.stand_ins.story import HOME, REPOSITORY, add_rule

pytestmark = pytest.mark.slow(minutes=2)

HOUR = 60 * 60
DAY = 24 * HOUR
WEEK = 7 * DAY
BURST, LATE = 8, 2
REPORTS = 292
PAST = 900
"""Reports of the thirteen weeks before, which show how many there usually are; the week is four times as busy."""

EACH = WEEK // REPORTS
"""Seconds from one report to the next."""

SWEEPS = 28
FIRST_MUTED, LOST_BEFORE, FIRST_SEEN = 11, 24, 19
"""The number of the sweep that mutes a rule, of the one that finds no ledger, and of the one that sees an incident."""

TIDY = Person(login="tidy[bot]", kind="Bot")


def write_rule(name: str, message: str, advice: str, **more: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in more.items())
    return (
        f"id: {name}\ntitle: About {name}\nmatch: {{phrase: {message}}}\n{lines}guidance: {{tldr: {advice}}}\n"
        f"examples: {{match: [{message}], no_match: [All is well]}}\n"
    )


ADVICE = {
    "disk": "Free some space.",
    "start": "Remove the cache.",
    "stale": "Update the settings.",
    "proxy": "Set the address of the proxy.",
    "overload": "Wait a moment.",
}
NEW_ADVICE = "Set the variable HTTPS_PROXY."
MESSAGES = {
    "disk": "No space left on device",
    "start": "It starts slowly",
    "stale": "The settings are stale",
    "proxy": "The proxy refuses",
    "overload": "The service is overloaded",
    "other": "I would like another colour",
}
LABELS = {"disk": "area:disk", "start": "area:start"}
MORE = {
    **{kind: {"labels": f'{{add: ["{label}"]}}'} for kind, label in LABELS.items()},
    "stale": {"close": "{as: not_planned, after: 2d}"},
}
KINDS = ("disk", "disk", "start", "stale", "proxy", *["other"] * 5)
"""Of each ten reports."""


class Seen(NamedTuple):
    """What people see of an issue: labels, what our comment says now, and whether it is open."""

    labels: tuple[str, ...]
    says: tuple[str, ...]
    state: str = "open"


def see(issue: StoredIssue) -> Seen:
    ours = [comment.body.partition("<!--")[0] for comment in issue.comments if comment.author.login in US]
    known = (*ADVICE.values(), NEW_ADVICE, "This note no longer applies")
    says = tuple(" + ".join(text for text in known if text in body) for body in ours)
    return Seen(tuple(issue.labels), says, issue.state_reason or issue.state)


@dataclass
class Week:
    """The repository, its ledger, its reports by kind, and what the sweeps did."""

    github: FakeGitHub
    path: Path
    reports: dict[str, list[StoredIssue]] = field(default_factory=dict)
    touched: set[int] = field(default_factory=set)
    sweeps: list[Swept] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)

    def report(self, kind: str) -> None:
        """A new report, the run for it, and what people do next; one event is lost."""
        found = self.reports.setdefault(kind, [])
        place = len(found)
        issue = self.github.add_issue(f"{kind} {place}", MESSAGES[kind], author=a_person(f"{kind}-{place}"))
        found.append(issue)
        if (kind, place) == LOST_EVENT:
            return
        run_at(self.github, issue, ledger=self.path)
        act = DEEDS.get((kind, place))
        if act:
            act(self, issue)
        elif kind == "start" and count_ours(issue):
            self.vote(issue, "-1")

    def vote(self, issue: StoredIssue, content: str, person: Person | None = None) -> None:
        """The author reacts to our comment, or somebody else."""
        self.github.react(find_ours(issue), content, person or issue.author or MAINTAINER)

    def say(self, issue: StoredIssue, text: str, person: Person | None = None, association: str = "NONE") -> None:
        self.github.add_comment(issue, text, person or issue.author or MAINTAINER).association = association

    def touch(self, issue: StoredIssue) -> None:
        """Note that a person showed a sign of life."""
        self.touched.add(issue.number)

    def sweep(self) -> None:
        before = len(self.github.requests)
        self.sweeps.append(sweep_at(self.github, self.path))
        self.requests.append(len(self.github.requests) - before)

    def change_advice(self) -> None:
        add_rule(self.github, write_rule("proxy", MESSAGES["proxy"], NEW_ADVICE), "proxy")


def count_ours(issue: StoredIssue) -> int:
    return sum(comment.author.login in US for comment in issue.comments)


Deed = Callable[[Week, StoredIssue], object]


def like(week: Week, issue: StoredIssue) -> None:
    week.vote(issue, "+1")
    week.vote(issue, "rocket", a_person("stranger"))
    week.vote(issue, "-1", TIDY)


def deny_with_ten_accounts(week: Week, issue: StoredIssue) -> None:
    for number in range(10):
        week.vote(issue, "-1", a_person(f"account-{number}"))


def like_thrice(week: Week, issue: StoredIssue) -> None:
    for number in range(3):
        week.github.react(issue, "+1", a_person(f"reader-{number}"))


def label(week: Week, issue: StoredIssue) -> None:
    week.github.set_label(week.github.repositories[REPOSITORY], issue, "bug", MAINTAINER)


LOST_EVENT = ("disk", 15)
REFUSALS: dict[tuple[str, int], Deed] = {
    ("disk", 7): lambda week, issue: week.vote(issue, "-1"),
    ("disk", 11): lambda week, issue: week.say(issue, "/signpost wrong"),
    ("disk", 20): lambda week, issue: week.say(issue, "/signpost wrong it is a quota", MAINTAINER, "MEMBER"),
}
LIFE: dict[tuple[str, int], Deed] = {
    ("stale", 1): lambda week, issue: week.say(issue, "Still there", a_person("stranger")),
    ("stale", 2): lambda week, issue: week.github.assign(issue),
    ("stale", 3): label,
    ("stale", 4): lambda week, issue: week.github.set_milestone(issue, "2.0"),
    ("stale", 5): like_thrice,
    ("stale", 6): lambda week, issue: week.vote(issue, "-1"),
    ("stale", 7): lambda week, issue: week.github.pin(issue),
}
"""Signs of life of people on reports that Signpost is about to close."""


def touching(act: Deed) -> Deed:
    def deed(week: Week, issue: StoredIssue) -> None:
        week.touch(issue)
        act(week, issue)

    return deed


DEEDS: dict[tuple[str, int], Deed] = {
    **{("disk", place): like for place in range(0, 60, 3) if ("disk", place) != LOST_EVENT},
    ("disk", 13): lambda week, issue: week.say(issue, "/signpost wrong", a_person("stranger")),
    ("disk", 14): deny_with_ten_accounts,
    **REFUSALS,
    **{key: touching(act) for key, act in LIFE.items()},
    ("stale", 9): lambda week, issue: week.say(issue, "Thank you for the report.", TIDY),
    ("proxy", 1): lambda week, issue: week.github.set_state(issue, "closed", "completed"),
}
REOPENED = 8
"""The author opens this one of the stale reports again, after Signpost has closed it."""


def reopen(week: Week) -> None:
    issue = week.reports["stale"][REOPENED]
    assert issue.state == "closed"
    week.github.set_state(issue, "open", "reopened", issue.author or MAINTAINER)
    week.touch(issue)


def kill_sweep(week: Week, request: int) -> None:
    sweep_killed(week.github, week.path, request)


def lose_ledger(week: Week) -> None:
    week.path.unlink()


def list_moments() -> Iterator[tuple[int, Callable[[Week], object]]]:
    """All that happens, with its second.

    The eight reports of the fifth day are many for the rule `overload`; two more come after the sweep that sees them.
    """
    for number in range(REPORTS):
        yield number * EACH + 60, partial(Week.report, kind=KINDS[number % 10])
    for number in range(BURST):
        yield 4 * DAY + 12 * HOUR + 60 + number * 600, partial(Week.report, kind="overload")
    for number in range(LATE):
        yield 4 * DAY + (19 + number) * HOUR, partial(Week.report, kind="overload")
    for number in range(1, SWEEPS + 1):
        yield number * 6 * HOUR, Week.sweep
    yield 3 * DAY + 7 * HOUR, Week.change_advice
    yield 4 * DAY + 1 * HOUR, reopen
    for hours, request in ((24, 3), (60, 12), (84, 30)):
        yield hours * HOUR - 60, partial(kill_sweep, request=request)
    yield LOST_BEFORE * 6 * HOUR - 60, lose_ledger


SETTINGS = "duplicates: {enabled: false}\nsurge: {issue: true}\nvotes: {issue: true}\n"


def add_past(github: FakeGitHub) -> None:
    """Reports that people have dealt with long ago."""
    for number in range(PAST):
        kind = KINDS[number % 10] if number % 100 else "overload"
        issue = github.add_issue(f"old {number}", MESSAGES[kind], author=a_person(f"old-{number}"))
        at = f"{START - timedelta(days=95 - 91 * number / PAST):%Y-%m-%dT%H:%M:%SZ}"
        issue.created_at = at
        issue.state, issue.state_reason = "closed", "completed"


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    """The week, played to its end."""
    with FakeGitHub() as github:
        for kind, advice in ADVICE.items():
            add_rule(github, write_rule(kind, MESSAGES[kind], advice, **MORE.get(kind, {})), kind)
        github.repositories[REPOSITORY].labels += LABELS.values()
        github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = SETTINGS
        add_past(github)
        played = Week(github, tmp_path_factory.mktemp("week") / "ledger.sqlite")
        for second, happen in sorted(list_moments(), key=lambda moment: moment[0]):
            github.wait_until(second)
            happen(played)
        yield played


HEARD = 12
"""So many authors say 👎 until the rule `start` is muted; nobody waits for the next sweep meanwhile."""


def expect(kind: str, place: int, issue: StoredIssue, week: Week) -> Seen:
    """What is to be seen of a report at the end."""
    own = (LABELS[kind],) if kind in LABELS else ()
    if kind == "other":
        return Seen((), ())
    if (kind, place) in {*REFUSALS, ("stale", 6)} or (kind == "start" and place < HEARD):
        return Seen((), ("This note no longer applies",))
    if kind == "start":
        return Seen(own, ())
    if kind == "proxy":
        return Seen((), (ADVICE[kind],), "completed") if place == 1 else Seen((), (NEW_ADVICE,))
    if kind == "stale" and issue.number not in week.touched and place <= LAST_DUE:
        return Seen((), (ADVICE[kind],), "not_planned")
    state = "reopened" if (kind, place) == ("stale", REOPENED) else "open"
    return Seen(("bug",) if (kind, place) == ("stale", 3) else own, (ADVICE[kind],), state)


LAST_DUE = 20
"""The last of the stale reports that was answered two days before the last sweep."""


def test_every_report_has_exactly_the_expected_comment_labels_and_state(week: Week) -> None:
    found = {f"{kind} {place}": see(each) for kind, all_of in week.reports.items() for place, each in enumerate(all_of)}
    expected = {
        f"{kind} {place}": expect(kind, place, each, week)
        for kind, all_of in week.reports.items()
        for place, each in enumerate(all_of)
    }
    assert {name: (found[name], expected[name]) for name in found if found[name] != expected[name]} == {}
    assert Counter(kind for kind, all_of in week.reports.items() for _ in all_of) == Counter(
        {"disk": 60, "start": 29, "stale": 29, "proxy": 29, "other": 145, "overload": BURST + LATE}
    )


def test_only_untouched_reports_are_closed(week: Week) -> None:
    closed = {issue.number for issue in week.reports["stale"] if issue.state == "closed"}
    due = {issue.number for issue in week.reports["stale"][: LAST_DUE + 1]}
    assert closed == due - week.touched


def test_one_rule_is_muted_and_reported_once_and_again_when_the_ledger_was_lost(week: Week) -> None:
    told = [(number, mute.rule) for number, swept in enumerate(week.sweeps, 1) for mute in swept.newly_muted]
    assert told == [(FIRST_MUTED, "start"), (LOST_BEFORE, "start")]
    assert {tuple(mute.rule for mute in swept.muted) for swept in week.sweeps[FIRST_MUTED - 1 :]} == {("start",)}


def list_notices(week: Week) -> list[StoredIssue]:
    issues = week.github.repositories[REPOSITORY].issues.values()
    return [issue for issue in issues if issue.author and issue.author.login in US]


def test_one_incident_has_one_issue_until_it_is_over(week: Week) -> None:
    muted, tracked = sorted(
        list_notices(week), key=lambda issue: issue.title != "Signpost: rules that only set labels now"
    )
    assert (tracked.title, tracked.state, tracked.state_reason) == (
        "Many reports: About overload",
        "closed",
        "completed",
    )
    assert (muted.state, "`start`" in (muted.body or "")) == ("open", True)
    seen = [tuple(each.title for each in swept.incidents) for swept in week.sweeps]
    assert (seen[: FIRST_SEEN - 1], {*seen[FIRST_SEEN - 1 : -1]}, seen[-1]) == (
        [()] * (FIRST_SEEN - 1),
        {("About overload",)},
        (),
    )
    said = [find_ours(issue).body for issue in week.reports["overload"]]
    assert [f"Please follow #{tracked.number}" in body for body in said] == [*[False] * BURST, *[True] * LATE]


def test_the_ledger_is_what_github_holds(week: Week) -> None:
    fresh = week.path.with_name("fresh.sqlite")
    writes = count_writes(week.github)
    last = sweep_at(week.github, week.path)
    sweep_at(week.github, fresh)
    assert (last.handled, last.left, count_writes(week.github) - writes) == ((), (), 0)
    assert list_ledger(week.path) == list_ledger(fresh)


def test_people_are_counted_and_not_clicks(week: Week) -> None:
    votes = count_votes(week.sweeps[-1].ledger)
    disk = votes["disk"]
    assert (disk.all.counts, disk.all.voters, disk.jury.voters, disk.refused) == (
        {"easy-fix": 19, "not-my-problem": 13, "works": 19},
        51,
        22,
        3,
    )


def test_every_sweep_keeps_its_budget(week: Week) -> None:
    assert [swept.requests for swept in week.sweeps] == week.requests
    assert (max(week.requests) <= BUDGET, {swept.error for swept in week.sweeps}) == (True, {""})
    assert [swept.failures for swept in week.sweeps if swept.failures] == []
