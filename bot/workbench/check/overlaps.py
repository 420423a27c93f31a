"""Rules that match each other's examples, and whether it is settled which of them speaks. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.rules.ruleset import Rule, Ruleset

Settlement = Literal["supersedes", "superseded", "also", "fallback", "other product"]
"""How it is settled, seen from the rule whose example it is:

`supersedes` or `superseded` (by the rules or by the pack's `precedence`), `also` (both may speak), `fallback` (a pack
of general rules gives way), `other product` (packs for two products are not used in one repository).
"""

UNDECLARED = "tell them apart with `none:`, or declare `supersedes:` or `also:` in one of them"


@dataclass(frozen=True, slots=True, order=True)
class Overlap:
    """Examples of `rule` that `other` matches too: their numbers among its `match` examples, from 1.

    `declared` says how it is settled which of the two speaks, None where nobody said it.
    """

    rule: str
    other: str
    examples: tuple[int, ...]
    declared: Settlement | None


def find_settlement(rule: Rule, other: Rule) -> Settlement | None:
    """How it is settled what happens where both rules match: by them, or by their packs.

    A pack without a product (a repository's own rules) may stand beside any.
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
    """Whether it is known what happens where both rules match."""
    return find_settlement(one, other) is not None


def find_near_duplicates(rule: Rule, ruleset: Ruleset) -> Iterator[tuple[Rule, bool]]:
    """Rules whose phrases are found wherever this rule's are, and whether both have the very same ones.

    Of two rules with the same phrases only the second (by file and id) has the first as its near-duplicate; rules of
    which it is settled who speaks have none.
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
