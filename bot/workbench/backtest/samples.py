"""How typical a match is of its rule: whether it looks like the rule's other matches, and how much of it. Pure.

Matches look alike where the same condition held first and the evidence stands in the same views: that is a match's
*pattern*. Its *focus* is the share of the issue's text that is evidence: a report that is all error message has a high
one, a phrase in passing a low one. The most typical matches are those of the most frequent pattern with the highest
focus; the least typical those of the rarest pattern with the lowest. The latter are where false alarms show first.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bot.rules.conditions.types import Evidence
from bot.rules.matcher import Match
from bot.tracker.types import Issue
from bot.workbench.backtest.tally import SAMPLE, PatternTally, Sighting

LONGEST = 300
_NO_TEXT = "nothing that is written"


class Typical(NamedTuple):
    """A match as it is shown, its pattern, and the share of the rule's matches that have this pattern."""

    sighting: Sighting
    pattern: str
    share: float


def describe_pattern(match: Match) -> str:
    """What held first and where the evidence stands, in words: `phrase: "out of memory" in logs, title`."""
    leaves = [verdict.wanted for verdict in match.verdict.walk() if not verdict.children]
    evidence = match.evidence
    views = ", ".join(sorted({item.view for item in evidence})) or _NO_TEXT
    first = evidence[0].wanted if evidence else next(iter(leaves), match.rule.id)
    return f"{first} in {views}"


def see_match(match: Match, issue: Issue) -> Sighting:
    """The match as it is shown; texts are the reporter's own, cut at 300 characters."""
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
    found = _walk(patterns, -1)
    return tuple(typical for typical, _ in zip(found, range(SAMPLE), strict=False))


def find_least_typical(patterns: Mapping[str, PatternTally]) -> tuple[Typical, ...]:
    """The ten least typical matches, the least typical first."""
    found = _walk(patterns, 1)
    return tuple(typical for typical, _ in zip(found, range(SAMPLE), strict=False))


def _walk(patterns: Mapping[str, PatternTally], sign: int) -> Iterator[Typical]:
    total = sum(pattern.matches for pattern in patterns.values())
    for name, pattern in sorted(patterns.items(), key=lambda item: (sign * item[1].matches, item[0])):
        for sighting in pattern.thinnest if sign > 0 else pattern.fullest:
            yield Typical(sighting, name, pattern.matches / total)
