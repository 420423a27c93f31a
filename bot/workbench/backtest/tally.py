"""The counts of a replay: frozen and mergeable; their size grows with rules and weeks, never with issues. Pure.

Matches have the same *pattern* if the same condition held first and the evidence is in the same views. The *focus* of a
match is the share of the issue's text that is evidence: high for a report that is mostly an error message, low for a
phrase in passing. The most typical matches have the most frequent pattern and the highest focus; the least typical have
the rarest pattern and the lowest focus. False alarms are most often among the least typical matches.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from bot.rules.conditions.types import Evidence
from bot.rules.matcher import Match
from bot.tracker.types import Issue

SAMPLE = 10
"""The number of matches to show of each kind."""
CHANGED = 200
"""The number of issues to keep that a comparison gains or loses for a rule."""

LONGEST = 300

Key = TypeVar("Key")
Value = TypeVar("Value")


class Sighting(NamedTuple):
    """One match to show: `focus` is the share of the issue's text that is evidence, `seen` that evidence."""

    focus: float
    number: int
    title: str
    seen: str


class WeekTally(NamedTuple):
    """One week's issues: all, those that a rule matched, and those with a comment."""

    issues: int = 0
    matched: int = 0
    comments: int = 0


@dataclass(frozen=True, slots=True)
class PatternTally:
    """The matches of a rule with the same pattern; `fullest` have the highest focus, `thinnest` the lowest."""

    matches: int = 0
    fullest: tuple[Sighting, ...] = ()
    thinnest: tuple[Sighting, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """Matches against the truth: `right` and `wrong` matches, `missed` ones, and the newest wrong and missed issues."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    wrong_issues: tuple[int, ...] = ()
    missed_issues: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """The issues that another version of the rules gains and loses: how many, and the numbers of the newest."""

    gained: int = 0
    lost: int = 0
    gained_issues: tuple[int, ...] = ()
    lost_issues: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RuleTally:
    """The counts of one rule: `matches` that no rule silenced, `silenced` matches, and `comments` that it speaks in.

    `raised` counts the comments that it would speak in if it alone had `mode: comment`.
    """

    matches: int = 0
    silenced: int = 0
    comments: int = 0
    raised: int = 0
    weeks: Mapping[str, int] = field(default_factory=dict)
    patterns: Mapping[str, PatternTally] = field(default_factory=dict)
    agreement: Agreement = Agreement()
    change: Change = Change()


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of all rules. `overlaps` counts issues by pairs of rules that both matched.

    `known` counts issues that the truth knows; `known_none` counts those that no rule should match. `recognised` counts
    the other known issues that a right rule matched, and `false_alarms` the issues of `known_none` that matched.
    `change` is about issues that get a comment. `unmatched_issues` are the newest issues that no rule matched. Pull
    requests are not issues, and only counted.
    """

    issues: int = 0
    matched: int = 0
    comments: int = 0
    undated: int = 0
    pull_requests: int = 0
    weeks: Mapping[str, WeekTally] = field(default_factory=dict)
    rules: Mapping[str, RuleTally] = field(default_factory=dict)
    overlaps: Mapping[tuple[str, str], int] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    suggestions: Mapping[str, int] = field(default_factory=dict)
    known: int = 0
    known_none: int = 0
    recognised: int = 0
    false_alarms: int = 0
    change: Change = Change()
    unmatched_issues: tuple[int, ...] = ()


def merge_tallies(tallies: Iterable[Tally]) -> Tally:
    """The tally of all issues of the tallies; their order does not matter."""
    parts = (Tally(), *tallies)
    return Tally(
        **_sum_counts(parts),
        weeks=_merge([part.weeks for part in parts], _merge_weeks),
        rules=_merge([part.rules for part in parts], _merge_rules),
        overlaps=_add(part.overlaps for part in parts),
        labels=_add(part.labels for part in parts),
        values=_add(part.values for part in parts),
        suggestions=_add(part.suggestions for part in parts),
        change=_merge_changes([part.change for part in parts]),
        unmatched_issues=_newest((part.unmatched_issues for part in parts), SAMPLE),
    )


def _sum_counts(parts: Sequence["Tally | RuleTally | Agreement | Change"]) -> dict[str, Any]:
    """The sums of the fields that are numbers."""
    names = [field.name for field in fields(parts[0]) if field.type is int]
    return {name: sum(getattr(part, name) for part in parts) for name in names}


def _merge(mappings: Iterable[Mapping[str, Value]], merge: Callable[[list[Value]], Value]) -> Mapping[str, Value]:
    groups: dict[str, list[Value]] = {}
    for mapping in mappings:
        for key, value in mapping.items():
            groups.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else merge(values) for key, values in groups.items()}


def _add(counts: Iterable[Mapping[Key, int]]) -> Mapping[Key, int]:
    total = Counter[Key]()
    for count in counts:
        total.update(count)
    return dict(total)


def _newest(numbers: Iterable[tuple[int, ...]], most: int) -> tuple[int, ...]:
    return tuple(sorted((number for some in numbers for number in some), reverse=True)[:most])


def _merge_weeks(parts: list[WeekTally]) -> WeekTally:
    return WeekTally(*map(sum, zip(*parts, strict=True)))


def _merge_rules(parts: list[RuleTally]) -> RuleTally:
    return RuleTally(
        **_sum_counts(parts),
        weeks=_add(part.weeks for part in parts),
        patterns=_merge([part.patterns for part in parts], _merge_patterns),
        agreement=_merge_agreements([part.agreement for part in parts]),
        change=_merge_changes([part.change for part in parts]),
    )


def _merge_patterns(parts: list[PatternTally]) -> PatternTally:
    fullest = sorted((one for part in parts for one in part.fullest), key=lambda one: (-one.focus, one.number, one))
    thinnest = sorted((one for part in parts for one in part.thinnest), key=lambda one: (one.focus, one.number, one))
    return PatternTally(sum(part.matches for part in parts), tuple(fullest[:SAMPLE]), tuple(thinnest[:SAMPLE]))


def _merge_agreements(parts: list[Agreement]) -> Agreement:
    return Agreement(
        **_sum_counts(parts),
        wrong_issues=_newest((part.wrong_issues for part in parts), SAMPLE),
        missed_issues=_newest((part.missed_issues for part in parts), SAMPLE),
    )


def _merge_changes(parts: list[Change]) -> Change:
    return Change(
        **_sum_counts(parts),
        gained_issues=_newest((part.gained_issues for part in parts), CHANGED),
        lost_issues=_newest((part.lost_issues for part in parts), CHANGED),
    )


def compare(number: int, now: Collection[str], before: Collection[str], *, speaks: bool, spoke: bool) -> Tally:
    """The tally of the rules that gain or lose one issue."""
    names = sorted({*now, *before})
    rules = {
        name: RuleTally(change=_change(number, is_now=name in now, was_before=name in before))
        for name in names
        if (name in now) != (name in before)
    }
    return Tally(rules=rules, change=_change(number, is_now=speaks, was_before=spoke))


def _change(number: int, *, is_now: bool, was_before: bool) -> Change:
    if is_now == was_before:
        return Change()
    return Change(gained=1, gained_issues=(number,)) if is_now else Change(lost=1, lost_issues=(number,))


class Typical(NamedTuple):
    """A match to show, its pattern, and the share of the rule's matches with this pattern."""

    sighting: Sighting
    pattern: str
    share: float


def describe_pattern(match: Match) -> str:
    """The condition that held first and the views of the evidence: `phrase: "out of memory" in logs, title`."""
    leaves = [verdict.wanted for verdict in match.verdict.walk() if not verdict.children]
    evidence = match.evidence
    views = ", ".join(sorted({item.view for item in evidence}))
    first = evidence[0].wanted if evidence else next(iter(leaves), match.rule.id)
    return f"{first} in {views}" if views else f"{first} (no evidence in a text)"


def see_match(match: Match, issue: Issue) -> Sighting:
    """The match to show; its texts are the reporter's own, cut at 300 characters."""
    evidence = match.evidence
    length = len(issue.title) + len(issue.body) or 1
    focus = min(1.0, _count_covered(evidence) / length)
    seen = evidence[0].text if evidence else ""
    return Sighting(round(focus, 4), issue.number, issue.title[:LONGEST], seen)


def _count_covered(evidence: tuple[Evidence, ...]) -> int:
    """How many characters are evidence; what several conditions rest on counts once."""
    covered, source, reached = 0, "", 0
    for item in sorted(evidence, key=lambda item: (item.source, item.start, item.end)):
        start = item.start if item.source != source else max(item.start, reached)
        covered += max(0, item.end - start)
        source, reached = item.source, max(item.end, reached if item.source == source else 0)
    return covered


def find_most_typical(patterns: Mapping[str, PatternTally]) -> tuple[Typical, ...]:
    """The ten most typical matches, the most typical first."""
    return tuple(islice(_walk(patterns, -1), SAMPLE))


def find_least_typical(patterns: Mapping[str, PatternTally]) -> tuple[Typical, ...]:
    """The ten least typical matches, the least typical first."""
    return tuple(islice(_walk(patterns, 1), SAMPLE))


def _walk(patterns: Mapping[str, PatternTally], sign: int) -> Iterator[Typical]:
    total = sum(pattern.matches for pattern in patterns.values())
    for name, pattern in sorted(patterns.items(), key=lambda item: (sign * item[1].matches, item[0])):
        for sighting in pattern.thinnest if sign > 0 else pattern.fullest:
            yield Typical(sighting, name, pattern.matches / total)
