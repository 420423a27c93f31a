"""In how many past issues each condition holds that alone makes its rule match."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.rules.captures import find_captures
from bot.rules.compiler import Compiler
from bot.rules.conditions.types import Condition
from bot.rules.matcher import read_facts
from bot.rules.prefilter import Prefilter
from bot.rules.ruleset import Rule, Ruleset
from bot.tracker.types import Issue
from bot.workbench.check.lint import Alternative, Frequencies, Place, list_alternatives


@dataclass(frozen=True, eq=False)
class _Counted:
    """One alternative of a rule, as the prefilter knows it."""

    id: str
    rule: Rule
    alternative: Alternative
    condition: Condition


def count_alternatives(rules: Sequence[Rule], ruleset: Ruleset, issues: Iterable[Issue]) -> Frequencies:
    """Count over the issues, one at a time."""
    prefilter, counts, total = Prefilter(_list_counted(rules)), Counter[Place](), 0
    for issue in issues:
        total += 1
        facts = read_facts(issue, ruleset)
        for counted in prefilter.find_candidates(facts):
            captures = find_captures(counted.rule.pack.captures, facts)
            if counted.condition.evaluate(facts, captures).holds:
                counts[counted.rule.id, counted.alternative.path] += 1
    return Frequencies(total=total, counts=counts)


def _list_counted(rules: Sequence[Rule]) -> Iterator[_Counted]:
    for rule in rules:
        compiler = Compiler(
            known=tuple(capture.name for capture in rule.pack.captures), layouts=tuple(rule.pack.model.layouts)
        )
        for number, alternative in enumerate(list_alternatives(rule.model.match)):
            condition = compiler.compile(alternative.model, alternative.path)
            yield _Counted(f"{rule.id} {number}", rule, alternative, condition)
