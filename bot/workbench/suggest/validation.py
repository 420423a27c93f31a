"""Drafts held to `check` before anybody sees them: what fails is taken out, what is left is sound. Pure."""

from collections.abc import Iterable

from bot.errors import Problem
from bot.rules.loader import join_rulesets
from bot.rules.matcher import match_rules, read_facts
from bot.rules.reader import compile_rule
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.rules.spec.rule import Example
from bot.tracker.types import Issue
from bot.workbench.check.checker import check_rule
from bot.workbench.check.examples import make_example_issue
from bot.workbench.suggest.draft_yaml import write_draft
from bot.workbench.suggest.drafts import Draft, trim_draft, without
from bot.workbench.suggest.sightings import Shown

EXPECTED = frozenset({"unwritten-guidance"})
"""What `check` says of every draft: a human must write the guidance."""

_MOST_ROUNDS = 4


def compile_draft(draft: Draft, pack: Pack) -> Rule | None:
    """The draft as a rule; None where it does not load."""
    return compile_rule(write_draft(draft, ""), f"{draft.id}.yml", pack)[0]


def prove_draft(draft: Draft, pack: Pack, others: Ruleset) -> Draft | None:
    """The draft with those of its examples that prove it beside `others`; None where none of a kind is left."""
    for _ in range(_MOST_ROUNDS):
        if not draft.matches or not draft.near:
            return None
        rule = compile_draft(draft, pack)
        if rule is None:
            return None
        failing = _find_failing(draft, rule, others)
        if not failing:
            return trim_draft(draft)
        draft = without(draft, failing)
    return None


def give_way(draft: Draft, other: Rule) -> Draft | None:
    """The draft without the examples that the other rule matches too; None where no other is left."""
    alone = Ruleset((other,), (other.pack,))
    taken = [shown for shown in draft.matches if match_rules(read_facts(_make_issue(shown), alone), alone)]
    left = without(draft, taken)
    return left if left.matches else None


def _make_issue(shown: Shown) -> Issue:
    return make_example_issue(Example(title=shown.text) if shown.is_title else Example(body=shown.text))


def _find_failing(draft: Draft, rule: Rule, others: Ruleset) -> set[Shown]:
    """The examples at whose places `check` finds a problem; all of them where a problem stands elsewhere."""
    lines: dict[int, Shown] = {}
    for kind, shown in (("match", draft.matches), ("no_match", draft.near)):
        for index, one in enumerate(shown):
            lines[rule.document.places["examples", kind, index][0]] = one
    report = check_rule(rule, join_rulesets([Ruleset((rule,), (rule.pack,)), others]))
    failing = set[Shown]()
    for problem in _ours(report.problems, rule.file):
        if problem.line not in lines:
            return {*draft.matches, *draft.near}
        failing.add(lines[problem.line])
    return failing


def _ours(problems: Iterable[Problem], file: str) -> list[Problem]:
    return [p for p in problems if p.file == file and p.severity == "error" and p.kind not in EXPECTED]
