"""Relations between the rules of a set: references, shared examples, and which of two rules speaks. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.errors import Problem
from bot.rules.ruleset import Pack, Rule, Ruleset

Settlement = Literal["supersedes", "superseded", "also", "fallback", "other product"]
"""How two rules are settled, seen from the rule that has the example:

`supersedes` or `superseded` (by the rules or by the pack's `precedence`), `also` (both may speak), `fallback` (a pack
of general rules gives way), `other product` (packs for two products are not used in one repository).
"""

UNDECLARED = "separate the two rules with `none:`, or add `supersedes:` or `also:` to one of them"


@dataclass(frozen=True, slots=True, order=True)
class Overlap:
    """Examples of `rule` that `other` also matches: their numbers among the `match` examples of `rule`, from 1.

    `declared` is the settlement that decides which of the two speaks, None if there is none.
    """

    rule: str
    other: str
    examples: tuple[int, ...]
    declared: Settlement | None


def find_settlement(rule: Rule, other: Rule) -> Settlement | None:
    """The settlement for issues that both rules match, from the rules or from their packs; None: undeclared.

    A pack without a product (a repository's own rules) may be used with any other pack.
    """
    if other.id in rule.supersedes or rule.id in other.supersedes:
        return "supersedes" if other.id in rule.supersedes else "superseded"
    if other.id in rule.model.also or rule.id in other.model.also:
        return "also"
    mine, theirs = rule.pack.model, other.pack.model
    if mine.fallback != theirs.fallback:
        return "fallback"
    return "other product" if mine.product and theirs.product and mine.product != theirs.product else None


def is_settled(one: Rule, other: Rule) -> bool:
    """Whether there is a settlement for issues that both rules match."""
    return find_settlement(one, other) is not None


def find_near_duplicates(rule: Rule, ruleset: Ruleset) -> Iterator[tuple[Rule, bool]]:
    """Rules whose phrases occur in all phrases of this rule, and whether both rules have the same phrases.

    If two rules have the same phrases, only the second (by file and id) has the first as its near-duplicate. Rules
    with a settlement are not near-duplicates.
    """
    near = [_find_rules(phrase, ruleset) for phrase in rule.phrases]
    for other in near[0] if near else ():
        is_near = other.id != rule.id and all(other in rules for rules in near[1:])
        if is_near and not is_settled(rule, other):
            is_same = all(rule in _find_rules(phrase, ruleset) for phrase in other.phrases)
            if not is_same or (other.file, other.id) < (rule.file, rule.id):
                yield other, is_same


def _find_rules(text: str, ruleset: Ruleset) -> dict[Rule, None]:
    """The rules one of whose longer phrases the text holds; short ones are found by chance."""
    return {rule: None for phrase, rule in ruleset.longer_phrases if phrase in text}


def check_references(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    """The ids in `supersedes:` and `also:` that no rule of the set has, and cycles of `supersedes:`."""
    for key in ("supersedes", "also"):
        for index, name in enumerate(getattr(rule.model, key)):
            if name not in ruleset.known_ids:
                message = f"unknown rule `{name}`; correct the name or remove it"
                yield rule.document.problem_at((key, index), message, "unknown-rule")
    if rule.model.supersedes:
        yield from _check_cycles(rule, ruleset)


def _check_cycles(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    below = {other.id: other.supersedes for other in ruleset.rules} | {rule.id: rule.supersedes}
    for index, name in enumerate(rule.model.supersedes):
        if chain := _find_chain(name, rule.id, below):
            names = " → ".join((rule.id, *chain))
            message = f"these rules supersede each other in a cycle: {names}; remove one of the steps"
            yield rule.document.problem_at(("supersedes", index), message, "circle-of-rules")


def _find_chain(start: str, goal: str, below: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The shortest way from rule to superseded rule, both ends included; empty where there is none."""
    chains, seen = deque[tuple[str, ...]]([(start,)]), {start}
    while chains:
        chain = chains.popleft()
        if chain[-1] == goal:
            return chain
        following = [name for name in below.get(chain[-1], ()) if name not in seen]
        seen.update(following)
        chains += [(*chain, name) for name in following]
    return ()


def check_packs(ruleset: Ruleset) -> Iterator[Problem]:
    """The ids in `precedence:` that no rule has. A check of one file does not report them."""
    for pack in ruleset.packs:
        if pack.document and sum(rule.pack is pack for rule in ruleset.rules) > 1:
            yield from _check_precedence(pack, ruleset)


def _check_precedence(pack: Pack, ruleset: Ruleset) -> Iterator[Problem]:
    for index, name in enumerate(pack.model.precedence):
        if pack.document and name not in ruleset.known_ids:
            message = f"unknown rule `{name}` in `precedence:`; correct the name or remove it"
            yield pack.document.problem_at(("precedence", index), message, "unknown-rule")
