"""The report of a replay: shares with their intervals, weeks without gaps, and notes. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.archive.stats import Opinion, Share, list_weeks, measure_share, pick_counts
from bot.rules.ruleset import Rule, Ruleset
from bot.text.printable import count
from bot.workbench.backtest.tally import (
    Change,
    RuleTally,
    Tally,
    Typical,
    WeekTally,
    find_least_typical,
    find_most_typical,
)
from bot.workbench.check.relations import find_settlement
from bot.workbench.suggest.clusters import Cluster, find_clusters
from bot.workbench.suggest.message_counts import MessageTally

_BROAD = 0.2
"""A rule that matches a larger share of all issues deserves a second look."""
_DOUBTFUL = 0.9
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleReport:
    """One rule: `share` of all issues, `weeks` in the order of the report's, `comments_a_week` on average.

    `raised_a_week` are the comments a week if it alone were raised to `mode: comment`; None if it may comment now.
    `opinion` is that of the people who read its guidance; None without a ledger.
    """

    id: str
    title: str
    mode: str
    tally: RuleTally
    share: Share | None
    comments_a_week: float
    raised_a_week: float | None
    weeks: tuple[int, ...]
    precision: Share | None = None
    recall: Share | None = None
    opinion: Opinion | None = None
    most_typical: tuple[Typical, ...] = ()
    least_typical: tuple[Typical, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Two rules that matched the same issues.

    `declared` is the settlement that decides which of them speaks (`bot.workbench.check.relations`), "" without one.
    """

    first: str
    second: str
    issues: int
    declared: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthReport:
    """All rules against the truth.

    `precision` is the share of matches that are right. `recall` is the share of issues with a known problem that a
    right rule matched. `uncovered` counts missed issues by ids that no rule has.
    """

    source: str
    known: int
    known_none: int
    false_alarms: int
    precision: Share | None
    recall: Share | None
    uncovered: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The current rules against the rules at `revision`; `comments` is about issues that get a comment."""

    revision: str
    comments: Change
    rules: tuple[tuple[str, Change], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole report; `rules` with the most matches first, `weeks` from the first issue to the last."""

    name: str
    repository: str
    tally: Tally
    matched: Share | None
    weeks: tuple[str, ...]
    by_week: tuple[WeekTally, ...]
    comments_a_week: float
    rules: tuple[RuleReport, ...]
    overlaps: tuple[Overlap, ...]
    truth: TruthReport | None = None
    comparison: Comparison | None = None
    has_votes: bool = False
    clusters: tuple[Cluster, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """The setting of a report: name and repository of the archive, source of the truth, compared revision, and date.

    `opinions` are those on the rules as they are now; None without a ledger.
    """

    name: str
    today: date
    repository: str = ""
    truth: str = ""
    revision: str = ""
    opinions: Mapping[str, Opinion] | None = None


def make_report(tally: Tally, ruleset: Ruleset, setting: Setting, mined: MessageTally | None = None) -> Report:
    """The report of a tally; `mined` has the messages of unmatched issues, to find messages that several share."""
    weeks = list_weeks(tally.weeks)
    rules = tuple(_report_rule(rule, tally, weeks, setting) for rule in ruleset.rules)
    overlaps = _list_overlaps(tally, ruleset)
    return Report(
        name=setting.name,
        repository=setting.repository,
        tally=tally,
        matched=measure_share(tally.matched, tally.issues),
        weeks=weeks,
        by_week=tuple(tally.weeks.get(week, WeekTally()) for week in weeks),
        comments_a_week=_rate(tally.comments, weeks),
        rules=tuple(sorted(rules, key=lambda rule: (-rule.tally.matches, -rule.tally.silenced, rule.id))),
        overlaps=overlaps,
        truth=_report_truth(tally, ruleset, setting.truth) if setting.truth else None,
        comparison=_report_changes(tally, setting.revision) if setting.revision else None,
        has_votes=setting.opinions is not None,
        clusters=find_clusters(mined) if mined else (),
        notes=(*_note_whole(tally), *_note_rules(rules, ruleset, setting.today), *_note_overlaps(overlaps)),
    )


def _rate(count: int, weeks: tuple[str, ...]) -> float:
    return round(count / len(weeks), 2) if weeks else 0.0


def _report_rule(rule: Rule, whole: Tally, weeks: tuple[str, ...], setting: Setting) -> RuleReport:
    tally = whole.rules.get(rule.id, RuleTally())
    agreement, is_judged = tally.agreement, bool(setting.truth)
    return RuleReport(
        id=rule.id,
        title=rule.model.title,
        mode=rule.model.mode,
        tally=tally,
        share=measure_share(tally.matches, whole.issues),
        comments_a_week=_rate(tally.comments, weeks),
        raised_a_week=_rate(tally.raised, weeks) if tally.raised or rule.model.mode != "comment" else None,
        weeks=pick_counts(tally.weeks, weeks),
        precision=measure_share(agreement.right, agreement.right + agreement.wrong) if is_judged else None,
        recall=measure_share(agreement.right, agreement.right + agreement.missed) if is_judged else None,
        opinion=None if setting.opinions is None else setting.opinions.get(rule.id, Opinion()),
        most_typical=find_most_typical(tally.patterns),
        least_typical=find_least_typical(tally.patterns),
    )


def _list_overlaps(tally: Tally, ruleset: Ruleset) -> tuple[Overlap, ...]:
    rules = {rule.id: rule for rule in ruleset.rules}
    found = (
        Overlap(first=first, second=second, issues=issues, declared=_declare(rules[first], rules[second]))
        for (first, second), issues in tally.overlaps.items()
    )
    return tuple(sorted(found, key=lambda pair: (bool(pair.declared), -pair.issues, pair.first, pair.second)))


def _declare(first: Rule, second: Rule) -> str:
    settlement = find_settlement(first, second) or ""
    return "supersedes" if settlement == "superseded" else settlement


def _report_truth(tally: Tally, ruleset: Ruleset, source: str) -> TruthReport:
    agreements = {name: rule.agreement for name, rule in tally.rules.items()}
    known = {rule.id for rule in ruleset.rules}
    right = sum(agreement.right for agreement in agreements.values())
    missed = [(name, agreement.missed) for name, agreement in agreements.items() if agreement.missed]
    uncovered = [(name, number) for name, number in missed if name not in known]
    return TruthReport(
        source=source,
        known=tally.known,
        known_none=tally.known_none,
        false_alarms=tally.false_alarms,
        precision=measure_share(right, right + sum(agreement.wrong for agreement in agreements.values())),
        recall=measure_share(tally.recognised, tally.known - tally.known_none),
        uncovered=tuple(sorted(uncovered, key=lambda item: (-item[1], item[0]))),
    )


def _report_changes(tally: Tally, revision: str) -> Comparison:
    changed = ((name, rule.change) for name, rule in tally.rules.items() if rule.change != Change())
    order = sorted(changed, key=lambda item: (-(item[1].gained + item[1].lost), item[0]))
    return Comparison(revision=revision, comments=tally.change, rules=tuple(order))


def _note_whole(tally: Tally) -> Iterator[str]:
    if tally.pull_requests:
        yield f"The backtest skipped {count(tally.pull_requests, 'pull request')}."
    if tally.undated:
        verbs = ("has", "is") if tally.undated == 1 else ("have", "are")
        yield f"{count(tally.undated, 'issue')} {verbs[0]} no date and {verbs[1]} in no week."


def _note_rules(rules: tuple[RuleReport, ...], ruleset: Ruleset, today: date) -> Iterator[str]:
    for report, rule in zip(rules, ruleset.rules, strict=True):
        if report.share and report.share.value > _BROAD:
            yield f"{rule.id} matches {report.share.value:.0%} of all issues; check that it is meant to be this broad."
        if report.tally.silenced and not report.tally.matches:
            yield f"{rule.id} never spoke: other rules superseded each of its matches ({report.tally.silenced})."
        if rule.model.expires and rule.model.expires <= today:
            yield f"{rule.id} expired on {rule.model.expires}: it sets labels, but no comment shows its guidance."
    doubtful = [_doubt(report) for report in rules if report.precision and report.precision.high < _DOUBTFUL]
    wrong = "rule is" if len(doubtful) == 1 else "rules are"
    yield from _name_some(doubtful, f"{wrong} wrong in more than 10 % of matches")
    never = [report.id for report in rules if not report.tally.matches and not report.tally.silenced]
    yield from _name_some(never, f"of {count(len(rules), 'rule')} matched nothing")


def _doubt(report: RuleReport) -> str:
    wrong = ", ".join(f"#{number}" for number in report.tally.agreement.wrong_issues[:3])
    return f"{report.id} (look at {wrong})"


def _note_overlaps(overlaps: tuple[Overlap, ...]) -> Iterator[str]:
    undeclared = [f"{one.first} and {one.second} ({one.issues})" for one in overlaps if not one.declared]
    pairs = "pair of rules matches" if len(undeclared) == 1 else "pairs of rules match"
    what = f"{pairs} the same issues; add `supersedes`, `also` or `precedence` to say which rule speaks"
    yield from _name_some(undeclared, what)


def _name_some(names: list[str], what: str) -> Iterator[str]:
    """`3 rules …: a, b, c`; of many the first ten."""
    if names:
        yield f"{len(names)} {what}: {', '.join([*names[:_NAMED], *(['…'] if len(names) > _NAMED else [])])}"
