"""A week of a repository as a value: new issues, known problems, unknown messages, answers, rules to look at. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from bot.insights.surge import Report, Timeline, Trend, find_trending
from bot.insights.week.sightings import SeenIssue, SeenRule, Sightings
from bot.rules.ruleset import Rule, Ruleset
from bot.text.catch_alls import drop_catch_alls
from bot.text.printable import count
from bot.text.redaction import show_text
from bot.workbench.suggest.clusters import Cluster, find_clusters
from bot.workbench.suggest.message_counts import MessageTally

QUIET = timedelta(weeks=12)
"""A rule without a report in this time is quiet."""

_LONGEST_WITHOUT_REVIEW = timedelta(days=365)
_MOST_CLUSTERS = 10
_MOST_NUMBERS = 5
_LONGEST_VERSION = 40

_KINDS = frozenset({"error", "errors", "fatal", "warning", "panic", "exception", "failed", "int", "word", "path"})
"""Words that say no more than that something failed, and the names of placeholders."""

LookCode = Literal["fix-disputed", "expired", "unreviewed"]


class Period(NamedTuple):
    """A time, with its end but without its start."""

    since: datetime
    until: datetime

    def contains(self, at: datetime) -> bool:
        """Whether a moment is in it."""
        return self.since < at <= self.until

    @property
    def before(self) -> "Period":
        """The period of the same length before it."""
        return Period(self.since - (self.until - self.since), self.since)

    @property
    def days(self) -> int:
        """Its length."""
        return max(1, round((self.until - self.since) / timedelta(days=1)))


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProblem:
    """A rule with its reports in the period: issues, people, those of the period before, and the newest numbers."""

    rule: str
    title: str
    issues: int
    people: int
    people_before: int
    newest: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How long reporters waited: `answered` of `total` issues have an answer.

    `median` is the time in which half of all these issues had one; None if half of them have none yet.
    """

    total: int
    answered: int
    median: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A reason for a look at a rule; `reason` is a sentence."""

    rule: str
    code: LookCode
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """Everything that the report of a period says.

    `matched` counts the issues that a rule matches; `clusters` are messages of the others. `maintainers` and `signpost`
    are None if some comments were not read. `quiet` are the ids of rules without a report in 12 weeks, None if the
    archive is younger.
    """

    repository: str
    period: Period
    issues: int
    people: int
    issues_before: int
    matched: int
    problems: tuple[KnownProblem, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    unanswered: tuple[SeenIssue, ...] = ()
    maintainers: Waiting | None = None
    signpost: Waiting | None = None
    rising: tuple[Trend, ...] = ()
    looks: tuple[Look, ...] = ()
    quiet: tuple[str, ...] | None = None
    titles: Mapping[str, str]

    @property
    def unmatched(self) -> int:
        """The number of issues that no rule matches."""
        return self.issues - self.matched


def make_week(seen: Sightings, ruleset: Ruleset, period: Period, repository: str = "") -> Week:
    """The report of a period; `seen` also has the issues of the 26 weeks before its end, for comparison."""
    now = [issue for issue in seen.issues if period.contains(issue.at)]
    before = [issue for issue in seen.issues if period.before.contains(issue.at)]
    reports = _list_reports(seen.issues)
    has_all = seen.knows_answers
    waiting = sorted((issue for issue in now if issue.answers), key=lambda issue: (issue.at, issue.number))
    return Week(
        repository=repository,
        period=period,
        issues=len(now),
        people=len({issue.person for issue in now}),
        issues_before=len(before),
        matched=sum(bool(issue.rules) for issue in now),
        problems=tuple(_list_problems(now, before, ruleset)),
        clusters=_find_unknown(seen.messages),
        unanswered=tuple(issue for issue in waiting if issue.is_open and _is_unanswered(issue)) if has_all else (),
        maintainers=_measure_waiting([(each.at, each.answers.maintainer) for each in waiting if each.answers], has_all),
        signpost=_measure_waiting([(each.at, each.answers.signpost) for each in waiting if each.answers], has_all),
        rising=find_trending(reports, Timeline.of(issue.at for issue in seen.issues), period.until),
        looks=tuple(sorted(_find_looks(now, ruleset, period.until), key=_rank_look)),
        quiet=_find_quiet(reports, ruleset, seen.first, period.until),
        titles={rule.id: rule.model.title for rule in ruleset.rules},
    )


def _find_unknown(messages: MessageTally) -> tuple[Cluster, ...]:
    """The messages of unmatched issues that most deserve a rule and that several people reported; most people first."""
    shared = (cluster for cluster in find_clusters(messages, 2 * _MOST_CLUSTERS) if cluster.authors > 1)
    telling = [each for each in shared if _is_telling(each.text)]
    return tuple(sorted(telling[:_MOST_CLUSTERS], key=lambda each: (-each.authors, -max(each.numbers, default=0))))


def _is_telling(message: str) -> bool:
    """Whether more than its kind is left of a message without what runtimes say of very different faults."""
    return bool({*re.findall(r"[^\W\d_]{3,}", drop_catch_alls(message.casefold()))} - _KINDS)


def _list_reports(issues: Iterable[SeenIssue]) -> dict[str, list[Report]]:
    found = dict[str, list[Report]]()
    for issue in issues:
        for rule in issue.rules:
            found.setdefault(rule.id, []).append(Report(issue.at, issue.person))
    return found


def _list_problems(now: Sequence[SeenIssue], before: Sequence[SeenIssue], ruleset: Ruleset) -> Iterator[KnownProblem]:
    """The rules with reports, the one with most people first."""
    former, people = _count_people(before), _count_people(now)
    titles = {rule.id: rule.model.title for rule in ruleset.rules}
    for rule in sorted(people, key=lambda rule: (-len(people[rule]), rule)):
        own = [issue for issue in now if any(rule == each.id for each in issue.rules)]
        numbers = sorted((issue.number for issue in own), reverse=True)
        yield KnownProblem(
            rule=rule,
            title=titles.get(rule, rule),
            issues=len(own),
            people=len(people[rule]),
            people_before=len(former.get(rule, ())),
            newest=tuple(numbers[:_MOST_NUMBERS]),
        )


def _count_people(issues: Iterable[SeenIssue]) -> dict[str, set[str]]:
    found = dict[str, set[str]]()
    for issue in issues:
        for rule in issue.rules:
            found.setdefault(rule.id, set()).add(issue.person)
    return found


def _is_unanswered(issue: SeenIssue) -> bool:
    return issue.answers is not None and not issue.answers.maintainer and not issue.rules


def _measure_waiting(pairs: Sequence[tuple[datetime, datetime | None]], has_all: bool) -> Waiting | None:  # noqa: FBT001
    """The median counts issues without an answer as waiting for ever, so that it does not favour quick answers."""
    if not has_all:
        return None
    waits = sorted(answer - asked for asked, answer in pairs if answer)
    half = (len(pairs) + 1) // 2
    return Waiting(
        total=len(pairs), answered=len(waits), median=waits[half - 1] if pairs and len(waits) >= half else None
    )


def _find_looks(now: Sequence[SeenIssue], ruleset: Ruleset, until: datetime) -> Iterator[Look]:
    for rule in ruleset.rules:
        if reason := _explain_dispute(rule, now):
            yield Look(rule=rule.id, code="fix-disputed", reason=reason)
        model = rule.model
        if model.expires and model.expires <= until.date():
            yield Look(rule=rule.id, code="expired", reason=f"Its advice expired on {model.expires}.")
        if model.mode == "comment" and model.reviewed is None:
            yield Look(rule=rule.id, code="unreviewed", reason="It does not say when its advice was last reviewed.")
        elif model.mode == "comment" and model.reviewed and until.date() - model.reviewed > _LONGEST_WITHOUT_REVIEW:
            reason = f"The last review was on {model.reviewed}, more than a year ago."
            yield Look(rule=rule.id, code="unreviewed", reason=reason)


def _explain_dispute(rule: Rule, now: Iterable[SeenIssue]) -> str:
    """Whether people with the fix report the problem nevertheless."""
    found = [(issue, each) for issue in now for each in issue.rules if each.id == rule.id and each.fix_state == "fixed"]
    if not found or rule.model.fixed_in is None:
        return ""
    people, version = count(len({issue.person for issue, _ in found}), "person", "people"), rule.model.fixed_in.version
    who = "reports" if people.startswith("1 ") else "report"
    return f"{people} {who} it with the fix of {version} or a later version{_name_versions(each for _, each in found)}."


def _name_versions(rules: Iterable[SeenRule]) -> str:
    seen = Counter(show_text(each.version, _LONGEST_VERSION) for each in rules if each.version)
    versions = [version for version, _ in seen.most_common(3)]
    return f" ({', '.join(versions)})" if versions else ""


def _rank_look(look: Look) -> tuple[int, str]:
    return ["fix-disputed", "expired", "unreviewed"].index(look.code), look.rule


def _find_quiet(
    reports: Mapping[str, Sequence[Report]], ruleset: Ruleset, first: datetime | None, until: datetime
) -> tuple[str, ...] | None:
    start = until - QUIET
    if first is None or first > start:
        return None
    active = {rule for rule, own in reports.items() if any(start < each.at <= until for each in own)}
    return tuple(sorted(rule.id for rule in ruleset.rules if rule.id not in active))
