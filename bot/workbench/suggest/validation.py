"""Drafts held to `check` before anybody sees them: what fails is taken out, what is left is sound. Pure."""

from bot.rules.loader import join_rulesets
from bot.rules.matcher import match_rules, read_facts
from bot.rules.reader import compile_rule
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.rules.spec.rule import Example
from bot.workbench.check.checker import check_rule
from bot.workbench.check.examples import make_example_issue
from bot.workbench.suggest.drafts import Draft, trim_draft, without, write_draft

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
        left = _drop_failing(draft, rule, others)
        if left == draft:
            return trim_draft(draft)
        draft = left
    return None


def give_way(draft: Draft, other: Rule) -> Draft | None:
    """The draft without the examples that the other rule matches too; None where no other is left."""
    alone = Ruleset((other,), (other.pack,))
    examples = {
        shown: Example(title=shown.text) if shown.is_title else Example(body=shown.text) for shown in draft.matches
    }
    taken = [
        shown
        for shown, example in examples.items()
        if match_rules(read_facts(make_example_issue(example), alone), alone)
    ]
    left = without(draft, taken)
    return left if left.matches else None


def _drop_failing(draft: Draft, rule: Rule, others: Ruleset) -> Draft:
    """The draft without the examples at whose places `check` finds a problem; without any if one is elsewhere."""
    shown = {
        rule.document.places["examples", kind, index][0]: one
        for kind, some in (("match", draft.matches), ("no_match", draft.near))
        for index, one in enumerate(some)
    }
    report = check_rule(rule, join_rulesets([Ruleset((rule,), (rule.pack,)), others]))
    lines = {p.line for p in report.errors if p.file == rule.file and p.kind not in EXPECTED}
    if lines <= shown.keys():
        return without(draft, [shown[line] for line in lines])
    return without(draft, [*draft.matches, *draft.near])
