"""The rules that an issue matches, and which of them speak. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

from bot.issue.facts import Facts, extract_facts
from bot.rules.captures import find_captures
from bot.rules.conditions.types import Captures, Evidence, Verdict, choose_captures
from bot.rules.labels import AnsweredLabel
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.text.versions import find_versions, parse_version
from bot.tracker.types import Issue, unique

FixState = Literal["older", "fixed", "unknown"]
"""How the stated version compares with `fixed_in`; `fixed` may be a regression."""


@dataclass(frozen=True)
class Match:
    """A rule that matches, with the reason and its captures. `superseded_by` names the rule that speaks instead.

    `branch` is the index of the guidance that applies, None if none does. `language` is the language of the report if
    the rule's pack has translated pages. `fix_state` is None if the rule has no `fixed_in`. `is_from_dump`: the rule
    does not match without the error dump of an in-app report. `answered` are the labels that answers give.
    """

    rule: Rule
    verdict: Verdict
    captures: Captures
    branch: int | None = None
    superseded_by: str | None = None
    language: str | None = None
    fix_state: FixState | None = None
    is_from_dump: bool = False
    answered: tuple[AnsweredLabel, ...] = ()

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """All labels that the rule adds here, each once: those that it always adds, then those of answers."""
        return unique([*self.rule.model.labels.add, *(label.name for label in self.answered)])

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """Why it matched."""
        return self.verdict.all_evidence

    @property
    def order(self) -> tuple[int, int, str]:
        """The order in which rules speak: by priority, then by the number of conditions that held, then by id."""
        return (-self.rule.model.priority, -self.verdict.specificity, self.rule.id)


def read_facts(issue: Issue, ruleset: Ruleset) -> Facts:
    """The facts of an issue, read with the layouts and placeholders of the packs."""
    return extract_facts(issue, ruleset.layouts, ruleset.placeholders)


@lru_cache(maxsize=16)
def match_issue(issue: Issue, ruleset: Ruleset) -> tuple[Match, ...]:
    """The matches of an issue, cached: a run asks for them more than once."""
    return match_rules(read_facts(issue, ruleset), ruleset)


def match_rules(facts: Facts, ruleset: Ruleset) -> tuple[Match, ...]:
    """Every rule that matches, in the order in which the rules speak; superseded matches are marked.

    The result depends only on the rules and the issue: no clock, no network, no randomness, no order of files.
    """
    known: dict[Pack, Captures] = {}
    found = []
    for rule in ruleset.prefilter.find_candidates(facts):
        if rule.pack not in known:
            known[rule.pack] = find_captures(rule.pack.captures, facts)
        match = match_rule(rule, facts, known[rule.pack])
        if match:
            found.append(match)
    return tuple(_mark_superseded(sorted(found, key=lambda match: match.order)))


def find_holding(facts: Facts, ruleset: Ruleset, known: Collection[str] = ()) -> Iterator[Rule]:
    """The rules that hold, whichever of them would speak, but for those that are `known` to; in no certain order."""
    captures: dict[Pack, Captures] = {}
    for rule in ruleset.prefilter.find_candidates(facts):
        if rule.id in known:
            continue
        if rule.pack not in captures:
            captures[rule.pack] = find_captures(rule.pack.captures, facts)
        if rule.condition.is_met(facts, captures[rule.pack]):
            yield rule


def match_rule(rule: Rule, facts: Facts, captures: Captures) -> Match | None:
    """The match of one rule, or None; `captures` are the captures of its pack."""
    verdict = rule.condition.evaluate(facts, captures)
    return _make_match(rule, verdict, captures, facts) if verdict.holds else None


def _make_match(rule: Rule, verdict: Verdict, captures: Captures, facts: Facts) -> Match:
    merged = choose_captures([*captures.values(), *verdict.all_captures])
    branches = enumerate(rule.branches)
    branch = next((index for index, when in branches if when is None or when.evaluate(facts, merged).holds), None)
    language = facts.language if rule.pack.model.translations else None
    return Match(
        rule,
        verdict,
        merged,
        branch,
        language=language,
        fix_state=compare_with_fix(rule, merged),
        is_from_dump=_rests_on_dump(rule, verdict, captures, facts),
        answered=tuple(label for source in rule.label_sources for label in source.find(facts, merged)),
    )


def _rests_on_dump(rule: Rule, verdict: Verdict, captures: Captures, facts: Facts) -> bool:
    """Whether the rule does not hold on what the report itself says."""
    has_dump = any(item.view == "errors" for item in verdict.all_evidence)
    return has_dump and not rule.condition.evaluate(facts.without_dump, captures).holds


def compare_with_fix(rule: Rule, captures: Captures) -> FixState | None:
    """How the stated version compares with `fixed_in`; None if the rule does not have the key."""
    if rule.model.fixed_in is None:
        return None
    stated = captures.get("version")
    found = find_versions(stated.value) if stated else ()
    if not found:
        return "unknown"
    return "fixed" if found[0].version >= parse_version(rule.model.fixed_in.version) else "older"


def _mark_superseded(matches: list[Match]) -> Iterator[Match]:
    below = {match.rule.id: match.rule.supersedes for match in matches}
    known = [
        match
        for match in matches
        if match.rule.model.mode not in {"observe", "suggest"} and not match.rule.pack.model.fallback
    ]
    for index, match in enumerate(matches):
        in_front = {other.rule.id for other in matches[:index]}
        candidates = (other for other in matches if _silences(other, match, below, in_front))
        silencer = next(candidates, None) or next((o for o in known if _is_known_instead(o.rule, match.rule)), None)
        yield replace(match, superseded_by=silencer.rule.id if silencer else None)


def _is_known_instead(known: Rule, general: Rule) -> bool:
    """Whether a rule of a fallback pack gives way: what is known of an issue makes general advice about it noise."""
    return general.pack.model.fallback and not are_declared_beside(known, general)


def are_declared_beside(one: Rule, other: Rule) -> bool:
    """Whether one of the two rules names the other under `also`."""
    return other.id in one.model.also or one.id in other.model.also


def _silences(other: Match, match: Match, below: Mapping[str, Collection[str]], in_front: Collection[str]) -> bool:
    """Whether `other` speaks instead of `match`; in a cycle of rules that supersede each other, the first one speaks.

    The error dump of an in-app report is a ring buffer of unrelated noise (N2). A match that needs it gives way to a
    match in the report itself, unless it also has evidence there and `supersedes` the other rule by name.
    """
    if other.is_from_dump and not match.is_from_dump:
        return _names(other, match)
    if match.is_from_dump and not other.is_from_dump and match.rule.pack is other.rule.pack:
        return not (are_declared_beside(other.rule, match.rule) or _names(match, other))
    if match.rule.id not in below[other.rule.id]:
        return False
    return other.rule.id in in_front or not _reaches(match.rule.id, other.rule.id, below)


def _names(match: Match, other: Match) -> bool:
    """Whether a rule that rests on the dump, and on more, knows that the other one's message hides its own."""
    return other.rule.id in match.rule.model.supersedes and any(item.view != "errors" for item in match.evidence)


def _reaches(start: str, goal: str, below: Mapping[str, Collection[str]]) -> bool:
    seen, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [other for other in below[name] if other in below]
    return goal in seen
