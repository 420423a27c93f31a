"""Names by which rules and packs mean other rules: they must be there. Pure."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.rules.spec.document import Problem


def check_references(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    """The names in `supersedes:` and `also:` that no rule of the set has, and rules that supersede in a circle."""
    for key in ("supersedes", "also"):
        for index, name in enumerate(getattr(rule.model, key)):
            if name not in ruleset.known_ids:
                message = f"there is no rule `{name}` in this set; correct the name or remove it"
                yield rule.document.problem_at((key, index), message, "unknown-rule")
    if rule.model.supersedes:
        yield from _check_circles(rule, ruleset)


def _check_circles(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    below = {other.id: other.supersedes for other in ruleset.rules} | {rule.id: rule.supersedes}
    for index, name in enumerate(rule.model.supersedes):
        if chain := _find_chain(name, rule.id, below):
            told = " → ".join((rule.id, *chain))
            message = f"these rules silence each other in a circle: {told}; take one of these steps out"
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
    """The names in `precedence:` that no rule has. Who checks one file alone is not told of the others."""
    for pack in ruleset.packs:
        if pack.document and sum(rule.pack is pack for rule in ruleset.rules) > 1:
            yield from _check_precedence(pack, ruleset)


def _check_precedence(pack: Pack, ruleset: Ruleset) -> Iterator[Problem]:
    for index, name in enumerate(pack.model.precedence):
        if pack.document and name not in ruleset.known_ids:
            message = f"there is no rule `{name}` in this pack; correct the name or remove it"
            yield pack.document.problem_at(("precedence", index), message, "unknown-rule")
