"""The verdict of each rule on an issue, and the similarity and near misses of rules that do not match. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.issue.facts import Facts, Text
from bot.rules.captures import find_captures
from bot.rules.conditions.types import Captures, Condition, Verdict
from bot.rules.matcher import Match, match_rules
from bot.rules.ruleset import Rule, Ruleset
from bot.workbench.explain.near_miss import NearMiss, find_near_miss, read_whole_body
from bot.workbench.explain.similarity import (
    Part,
    Rarity,
    Share,
    measure_rarity,
    measure_similarity,
    read_wording,
)

_MOST_COMPARED = 40
"""The number of rules that do not match whose near misses it searches for: one phrase takes milliseconds."""

_MOST_PHRASES = 60
_GUESSED = 0.6
"""Neighbouring words are weaker evidence than a part of the phrase itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The condition on which a rule failed. `is_unwanted`: it is below `none` and holds.

    `others` counts the other conditions that would also have to hold.
    """

    condition: Condition
    verdict: Verdict
    is_unwanted: bool = False
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The whole verdict of one rule on an issue, with the conditions that did not hold, and why.

    A rule that matches has a `match`. For a rule that does not, `similarity` is how much of it held (0 to 1), `near`
    has the near misses of its text conditions, and `failure` is the condition that failed.
    """

    rule: Rule
    verdict: Verdict
    captures: Captures
    match: Match | None = None
    similarity: float = 1.0
    near: Mapping[Condition, NearMiss] = field(default_factory=dict)
    failure: Failure | None = None


def explain_facts(facts: Facts, ruleset: Ruleset, wanted: str | None = None) -> tuple[Explanation, ...]:
    """The verdict of every rule: first those that match, in the order in which they speak, then the most similar.

    `wanted` names a rule whose near misses it always searches for, at any similarity.
    """
    matches = sorted(match_rules(facts, ruleset), key=lambda match: match.superseded_by is not None)
    matched = [
        Explanation(rule=match.rule, verdict=match.verdict, captures=match.captures, match=match) for match in matches
    ]
    known = {pack: find_captures(pack.captures, facts) for pack in ruleset.packs}
    names = {match.rule.id for match in matches}
    others = [
        Explanation(rule=rule, verdict=rule.condition.evaluate(facts, known[rule.pack]), captures=known[rule.pack])
        for rule in ruleset.rules
        if rule.id not in names
    ]
    return (*matched, *_order(others, facts, measure_rarity(rule.condition for rule in ruleset.rules), wanted))


def _order(explanations: list[Explanation], facts: Facts, rarity: Rarity, wanted: str | None) -> list[Explanation]:
    """The nearest first: all are compared by their words, then the nearest of them in their near misses."""
    wording, whole = read_wording(facts), read_whole_body(facts)

    def guess(condition: Condition) -> float:
        return _GUESSED * wording.guess_share(condition, rarity)

    guessed = [replace(e, similarity=measure_similarity((e.rule.condition, e.verdict), guess)) for e in explanations]
    guessed.sort(key=_by_similarity)
    first = [e for index, e in enumerate(guessed) if index < _MOST_COMPARED or e.rule.id == wanted]
    near = {e.rule.id: find_near_misses((e.rule.condition, e.verdict), facts, whole) for e in first}

    def share(found: Mapping[Condition, NearMiss]) -> Share:
        return lambda condition: max(
            rarity.share_of_near_miss(found[condition]) if condition in found else 0.0, guess(condition)
        )

    return sorted((_compare(e, found := near.get(e.rule.id, {}), share(found)) for e in guessed), key=_by_similarity)


def _by_similarity(explanation: Explanation) -> tuple[float, str]:
    return (-round(explanation.similarity, 6), explanation.rule.id)


def _compare(explanation: Explanation, near: Mapping[Condition, NearMiss], share: Share) -> Explanation:
    part = (explanation.rule.condition, explanation.verdict)
    return replace(
        explanation, near=near, similarity=measure_similarity(part, share), failure=find_failure(part, share)
    )


def find_failure(part: Part, share: Share) -> Failure | None:
    """The most similar inner condition that makes a condition fail; None if the condition holds.

    `share` as for `measure_similarity`.
    """
    condition, verdict = part
    if verdict.holds:
        return None
    failing = [inner for inner in condition.pair(verdict) if inner[1].holds is condition.negates]
    if not failing:
        return Failure(condition=condition, verdict=verdict)
    if condition.negates:
        return Failure(condition=failing[0][0], verdict=failing[0][1], is_unwanted=True)
    nearest = max(failing, key=lambda inner: measure_similarity(inner, share))
    failure = find_failure(nearest, share)
    others = len(failing) - 1 if condition.least is None else 0
    return replace(failure, others=failure.others + others) if failure else None


def find_near_misses(part: Part, facts: Facts, whole: Text) -> dict[Condition, NearMiss]:
    """The near misses of the text conditions that should hold and do not (at most 60 of them)."""
    found = {condition: find_near_miss(condition, facts, whole) for condition in list_missing(part)[:_MOST_PHRASES]}
    return {condition: near for condition, near in found.items() if near}


def list_missing(part: Part) -> list[Condition]:
    """The text conditions that should hold and do not."""
    condition, verdict = part
    if condition.negates or verdict.holds:
        return []
    if condition.sought is not None:
        return [condition]
    return [missing for inner in condition.pair(verdict) for missing in list_missing(inner)]
