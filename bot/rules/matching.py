"""Which rules an issue matches, and which of those speak. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.issue.facts import Facts, extract_facts
from bot.rules.captures import find_captures
from bot.rules.rule import Pack, Rule, Ruleset
from bot.rules.verdict import Captures, Evidence, Verdict, choose_captures
from bot.github.tracker import Issue


@dataclass(frozen=True)
class Match:
    """A rule that held, why, and what it found. `superseded_by` names the rule that speaks instead of it.

    `branch` is the index of the guidance that applies, None where none does.
    """

    rule: Rule
    verdict: Verdict
    captures: Captures
    branch: int | None = None
    superseded_by: str | None = None

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Why it matched."""
        return self.verdict.all_evidence

    @property
    def is_from_dump(self) -> bool:
        """Whether all its evidence stands in the error dump of an in-app report."""
        return bool(self.evidence) and all(item.view == "errors" for item in self.evidence)

    @property
    def order(self) -> tuple[int, int, str]:
        """What speaks first: priority, then the number of conditions that held, then the id."""
        return (-self.rule.model.priority, -self.verdict.specificity, self.rule.id)


def read_facts(issue: Issue, ruleset: Ruleset) -> Facts:
    """The facts of an issue, read with the layouts and placeholders of the packs."""
    return extract_facts(issue, ruleset.layouts, ruleset.placeholders)


def match_rules(facts: Facts, ruleset: Ruleset) -> tuple[Match, ...]:
    """Every rule that holds, those that speak first in front; superseded ones are marked.

    A function of rules and issue alone: no clock, no network, no randomness; the order of the files does not count.
    """
    known: dict[Pack, Captures] = {}
    found = []
    for rule in ruleset.prefilter.find_candidates(facts):
        if rule.pack not in known:
            known[rule.pack] = find_captures(rule.pack.captures, facts)
        captures = known[rule.pack]
        verdict = rule.condition.evaluate(facts, captures)
        if verdict.holds:
            found.append(_make_match(rule, verdict, captures, facts))
    return tuple(_mark_superseded(sorted(found, key=lambda match: match.order)))


def _make_match(rule: Rule, verdict: Verdict, captures: Captures, facts: Facts) -> Match:
    merged = choose_captures([*captures.values(), *verdict.all_captures])
    branches = enumerate(rule.branches)
    branch = next((index for index, when in branches if when is None or when.evaluate(facts, merged).holds), None)
    return Match(rule, verdict, merged, branch)


def _mark_superseded(matches: list[Match]) -> Iterator[Match]:
    for index, match in enumerate(matches):
        silencer = next((other for place, other in enumerate(matches) if _silences(other, place, match, index)), None)
        yield Match(match.rule, match.verdict, match.captures, match.branch, silencer.rule.id if silencer else None)


def _silences(other: Match, place: int, match: Match, index: int) -> bool:
    """Whether `other` speaks instead of `match`; of two that supersede each other the one in front does.

    An in-app report's error dump is a ring buffer of unrelated noise (N2): what rests on it alone never stands against what
    the report itself says.
    """
    if match.is_from_dump != other.is_from_dump and match.rule.pack is other.rule.pack:
        return (
            match.is_from_dump
            and match.rule.id not in other.rule.model.also
            and other.rule.id not in match.rule.model.also
        )
    is_mutual = other.rule.id in match.rule.model.supersedes
    return match.rule.id in other.rule.model.supersedes and (not is_mutual or place < index)
