"""One rule on its own examples and on those of all others, quickly enough for every keystroke. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.errors import Problem
from bot.rules.prefilter import Prefilter
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.workbench.check.checker import check_rule
from bot.workbench.check.examples import make_example_issue
from bot.workbench.check.lint import Terms
from bot.workbench.check.overlaps import UNDECLARED, is_settled
from bot.workbench.studio.corpus import CHUNK, Chunk, make_chunk, try_rule


@dataclass(frozen=True)
class ForeignExamples:
    """The issues that other rules must match, ready to be tried: `owners` has the rule of each, in their order."""

    owners: tuple[Rule, ...]
    chunks: tuple[Chunk, ...]


def gather_examples(others: Ruleset, pack: Pack) -> ForeignExamples:
    """The examples of all other rules; `pack` is that of the rule that will be tried on them."""
    pairs = [(rule, make_example_issue(example)) for rule in others.rules for example in rule.model.examples.match]
    alone = Ruleset((), others.packs)
    starts = range(0, len(pairs), CHUNK)
    chunks = (make_chunk([issue for _, issue in pairs[s : s + CHUNK]], s, alone, pack) for s in starts)
    return ForeignExamples(tuple(rule for rule, _ in pairs), tuple(chunks))


def prove_rule(
    rule: Rule, others: Ruleset, foreign: ForeignExamples, today: date, *, proves_variants: bool
) -> tuple[Problem, ...]:
    """What is wrong with a rule, as `check` says it; and the examples of other rules that it matches without a word.

    With `proves_variants` its examples are also tried beside other text, which takes longer.
    """
    report = check_rule(rule, others, Terms(today=today, proves_variants=proves_variants))
    return (*report.problems, *_find_trespasses(rule, foreign))


def _find_trespasses(rule: Rule, foreign: ForeignExamples) -> Iterator[Problem]:
    prefilter = Prefilter([rule])
    hits = (index for chunk in foreign.chunks for index in try_rule(rule, prefilter, chunk))
    for other in dict.fromkeys(foreign.owners[index] for index in hits):
        if not is_settled(rule, other):
            message = f"this matches an example of `{other.id}` too; {UNDECLARED}"
            yield rule.document.problem_at(("match",), message, "overlap")
