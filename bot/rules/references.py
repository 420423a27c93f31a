"""Names by which rules and packs mean other rules: they must be there. Pure."""

from collections.abc import Iterator

from bot.rules.document import Problem
from bot.rules.rule import Pack, Rule, Ruleset


def check_references(rule: Rule, ruleset: Ruleset) -> Iterator[Problem]:
    """The names in `supersedes:` and `also:` that no rule of the set has."""
    for key in ("supersedes", "also"):
        for index, name in enumerate(getattr(rule.model, key)):
            if name not in ruleset.known_ids:
                message = f"there is no rule `{name}` in this set; correct the name or remove it"
                yield rule.document.problem_at((key, index), message, "unknown-rule")


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
