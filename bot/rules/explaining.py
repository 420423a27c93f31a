"""What each rule says of an issue, whether it matches or not. Pure."""

from dataclasses import dataclass

from bot.github.tracker import Issue
from bot.rules.captures import find_captures
from bot.rules.matching import match_rules, read_facts
from bot.rules.rule import Rule, Ruleset
from bot.rules.verdict import Captures, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One rule's verdict on an issue, whole: also what did not hold, and why."""

    rule: Rule
    verdict: Verdict
    captures: Captures
    layout: str
    superseded_by: str | None = None

    @property
    def nearness(self) -> float:
        """How much of the rule held, between 0 and 1."""
        return _share_held(self.verdict)


def explain_issue(issue: Issue, ruleset: Ruleset) -> tuple[Explanation, ...]:
    """Every rule's verdict: those that match first, as they would speak; of the others the nearest first."""
    facts = read_facts(issue, ruleset)
    matches = match_rules(facts, ruleset)
    matched = [
        Explanation(
            rule=match.rule,
            verdict=match.verdict,
            captures=match.captures,
            layout=facts.layout.name,
            superseded_by=match.superseded_by,
        )
        for match in matches
    ]
    known = {pack: find_captures(pack.captures, facts) for pack in ruleset.packs}
    others = [
        Explanation(
            rule=rule,
            verdict=rule.condition.evaluate(facts, known[rule.pack]),
            captures=known[rule.pack],
            layout=facts.layout.name,
        )
        for rule in ruleset.rules
        if rule not in {match.rule for match in matches}
    ]
    return (*matched, *sorted(others, key=lambda explanation: (-explanation.nearness, explanation.rule.id)))


def _share_held(verdict: Verdict) -> float:
    """Of `all` the mean of its parts, of `any` the best; what must not hold counts little: all rules would be near."""
    if verdict.wanted == "none":
        return 0.1 * verdict.holds
    if not verdict.children:
        return float(verdict.holds)
    shares = [_share_held(child) for child in verdict.children]
    return max(shares) if verdict.wanted == "any" else sum(shares) / len(shares)
