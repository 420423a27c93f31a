"""Relations in a set of rules: references, shared examples, which of two rules speaks, and its packs. Pure."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from bot.errors import Problem, Severity
from bot.rules.checks import FORBIDDEN_WORDS
from bot.rules.matcher import find_holding
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.rules.spec.document import Path
from bot.rules.spec.pack import ALWAYS_FORBIDDEN, find_forbidden
from bot.rules.spec.validation import suggest
from bot.workbench.check.examples import TriedExample

Settlement = Literal["supersedes", "superseded", "also", "fallback", "other product", "no comment", "allowed"]
"""How two rules are settled, seen from the rule that has the example:

`supersedes` or `superseded` (by the rules or by the pack's `precedence`), `also` (both may speak), `fallback` (a pack
of general rules gives way), `other product` (packs for two products are not used in one repository), `no comment` (one
of them only labels or observes), `allowed` (by `overlap:` in the packs of both).
"""
_UNSAID = frozenset({"no comment", "allowed"})
"""Settlements for which nobody named the two rules."""

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

    A pack without a product (a repository's own rules) may be used with any other pack. The modes of the
    rules count; settings may lower them, and do not matter here.
    """
    if other.id in rule.supersedes or rule.id in other.supersedes:
        return "supersedes" if other.id in rule.supersedes else "superseded"
    if other.id in rule.model.also or rule.id in other.model.also:
        return "also"
    mine, theirs = rule.pack.model, other.pack.model
    if mine.fallback != theirs.fallback:
        return "fallback"
    if mine.product and theirs.product and mine.product != theirs.product:
        return "other product"
    if not rule.model.mode == other.model.mode == "comment":
        return "no comment"
    return "allowed" if mine.overlap == theirs.overlap == "allowed" else None


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
    and id) has the first as its near-duplicate. Rules with a settlement are not near-duplicates, unless it
    names neither of them and they have the same phrases.
    """
    near: set[Rule] | None = None
    for phrase in rule.phrases:
        held = ruleset.find_phrases(phrase)
        near = {other for text in held for other in ruleset.longer_phrases[text] if near is None or other in near}
    own = {phrase for phrase in rule.phrases if phrase in ruleset.longer_phrases}
    for other in near or ():
        settlement = find_settlement(rule, other)
        if other.id not in reported and other.id != rule.id and (settlement is None or settlement in _UNSAID):
            is_same = all(own.intersection(ruleset.find_phrases(phrase)) for phrase in other.phrases)
            if (other.file, other.id) < (rule.file, rule.id) if is_same else settlement is None:
                yield other, is_same


def check_references(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    """The ids in `supersedes:` and `also:` that no rule of the set has, cycles, and former ids that are in use."""
    for key in ("supersedes", "also"):
        for index, name in enumerate(getattr(rule.model, key)):
            if name not in ruleset.known_ids:
                message = f"unknown rule `{name}`; correct the name or remove it"
                yield rule.document.problem_at((key, index), message, "unknown-rule")
    yield from _check_former_ids(rule, ruleset)
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


def _check_former_ids(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    """Former ids that cannot lead to this rule, because another rule has or had them too."""
    for index, name in enumerate(rule.model.was):
        others = (other.id for other in ruleset.rules if name in other.model.was and other.id < rule.id)
        if name in ruleset.known_ids:
            message = f"`{name}` is the id of a rule, so it cannot be a former id; remove it here, or remove that rule"
            yield rule.document.problem_at(("was", index), message, "former-id")
        elif other := next(others, None):
            message = f"`{other}` has the former id `{name}` too; remove it from one of the two rules"
            yield rule.document.problem_at(("was", index), message, "former-id")


_Finding = tuple[Path, str, str, Severity]


def check_packs(ruleset: Ruleset) -> Iterator[Problem]:
    """What is wrong in `precedence:`, `tools:` and `removed:`. A check of one file does not report it."""
    for pack in ruleset.packs:
        if pack.document and sum(rule.pack is pack for rule in ruleset.rules) > 1:
            checks = (_check_precedence, _check_tools, _check_removed)
            for path, message, kind, severity in chain.from_iterable(check(pack, ruleset) for check in checks):
                yield pack.document.problem_at(path, message, kind, severity)


def _check_precedence(pack: Pack, ruleset: Ruleset) -> Iterator[_Finding]:
    return _find_unknown(pack.model.precedence, ("precedence",), ruleset)


def _find_unknown(names: Iterable[str], path: Path, ruleset: Ruleset) -> Iterator[_Finding]:
    """The ids that no rule has; the last name of the path is the key of their list."""
    for index, name in enumerate(names):
        if name not in ruleset.known_ids:
            message = f"unknown rule `{name}` in `{path[-1]}:`; correct the name or remove it"
            yield (*path, index), message, "unknown-rule", "error"


def _check_tools(pack: Pack, ruleset: Ruleset) -> Iterator[_Finding]:
    """Tags that no rule has, and words that no comment may contain. A rule that did not load may have any tag."""
    forbidden = (*ALWAYS_FORBIDDEN, *pack.model.forbidden_words)
    for index, tool in enumerate(pack.model.tools):
        for place, tag in enumerate(tool.tags):
            if tag not in ruleset.tags and not ruleset.broken:
                advice = suggest(tag, ruleset.tags) or "; correct it, or remove it"
                yield ("tools", index, "tags", place), f"no rule has the tag `{tag}`{advice}", "unknown-tag", "warning"
        for key in ("title", "why"):
            for word in find_forbidden(getattr(tool, key), forbidden):
                yield ("tools", index, key), FORBIDDEN_WORDS.format(word), "guidance", "error"


def _check_removed(pack: Pack, ruleset: Ruleset) -> Iterator[_Finding]:
    """Former ids that cannot have a page of their own, and unknown rules that took their place."""
    for index, removed in enumerate(pack.model.removed):
        earlier = [other.id for other in pack.model.removed[:index]]
        if reason := _explain_conflict(removed.id, earlier, ruleset):
            yield ("removed", index, "id"), f"`{removed.id}` is {reason}", "former-id", "error"
        yield from _find_unknown(removed.split_into, ("removed", index, "split_into"), ruleset)


def _explain_conflict(name: str, earlier: Iterable[str], ruleset: Ruleset) -> str | None:
    if name in ruleset.known_ids:
        return "the id of a rule; remove it from `removed:`, or remove that rule"
    if name in ruleset.successors:
        return f"a former id of `{ruleset.successors[name].id}`, so its page leads there; remove one of the two"
    return "in the list twice; remove one of the two" if name in earlier else None
