"""Relations between the rules of a set: references, shared examples, and which of two rules speaks. Pure."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.errors import Problem
from bot.rules.matcher import find_holding
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.workbench.check.examples import TriedExample

Settlement = Literal["supersedes", "superseded", "also", "fallback", "other product"]
"""How two rules are settled, seen from the rule that has the example:

`supersedes` or `superseded` (by the rules or by the pack's `precedence`), `also` (both may speak), `fallback` (a pack
of general rules gives way), `other product` (packs for two products are not used in one repository).
"""

MOST_SHARED = 5
"""A rule that matches this number of examples of another rule is not tried on the others."""

MOST_NAMED = 10
"""The number of other rules that are named one by one; the others are summed up."""

UNDECLARED = "separate the two rules with `none:`, or add `supersedes:` or `also:` to one of them"


@dataclass(frozen=True, slots=True, order=True)
class Overlap:
    """Examples of `rule` that `other` also matches: their numbers among the `match` examples of `rule`, from 1.

    `declared` is the settlement that decides which of the two speaks, None if there is none. If `is_cut`, later
    examples were not tried.
    """

    rule: str
    other: str
    examples: tuple[int, ...]
    declared: Settlement | None
    is_cut: bool = False


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


def find_overlaps(rule: Rule, tried: Iterable[TriedExample], ruleset: Ruleset) -> tuple[Overlap, ...]:
    """The other rules that match examples of a rule, by id, with the numbers of these examples.

    A rule that matches five of them is not tried on the rest, and from the eleventh such rule on one is enough.
    """
    found: dict[str, tuple[Rule, list[int]]] = {}
    done, last = {rule.id}, 0
    for example in tried:
        last = example.number
        for other in sorted(find_holding(example.facts, ruleset, done), key=lambda other: other.id):
            _, numbers = found.setdefault(other.id, (other, []))
            numbers.append(last)
            if len(numbers) >= MOST_SHARED or len(found) > MOST_NAMED:
                done.add(other.id)
    return tuple(
        Overlap(rule.id, name, tuple(numbers), find_settlement(rule, other), name in done and numbers[-1] < last)
        for name, (other, numbers) in sorted(found.items())
    )


def list_undeclared(rule: Rule, overlaps: Iterable[Overlap]) -> Iterator[Problem]:
    """The overlaps without a settlement: those with ten rules at each example, then their sum."""
    undeclared = [overlap for overlap in overlaps if not overlap.declared]
    for overlap in undeclared[:MOST_NAMED]:
        for number in overlap.examples:
            message = f"`{overlap.other}` matches this example too; {UNDECLARED}"
            yield rule.document.problem_at(("examples", "match", number - 1), message, "overlap")
    if rest := undeclared[MOST_NAMED:]:
        what = "another rule matches" if len(rest) == 1 else f"{len(rest):,} other rules match"
        message = f"{what} examples of this rule too, the first of them `{rest[0].other}`; {UNDECLARED}"
        yield rule.document.problem_at(("examples", "match", rest[0].examples[0] - 1), message, "overlap")


def find_near_duplicates(rule: Rule, ruleset: Ruleset, reported: Collection[str] = ()) -> Iterator[tuple[Rule, bool]]:
    """Rules whose phrases occur in all phrases of this rule, and whether both rules have the same phrases.

    Rules that are `reported` already, by id, are left out. If two rules have the same phrases, only the second (by file
    and id) has the first as its near-duplicate. Rules with a settlement are not near-duplicates.
    """
    near: set[Rule] | None = None
    for phrase in rule.phrases:
        held = ruleset.find_phrases(phrase)
        near = {other for text in held for other in ruleset.longer_phrases[text] if near is None or other in near}
    own = {phrase for phrase in rule.phrases if phrase in ruleset.longer_phrases}
    for other in near or ():
        if other.id not in reported and other.id != rule.id and not is_settled(rule, other):
            is_same = all(own.intersection(ruleset.find_phrases(phrase)) for phrase in other.phrases)
            if not is_same or (other.file, other.id) < (rule.file, rule.id):
                yield other, is_same


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
