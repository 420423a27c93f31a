"""One rule on its own examples and on those of all others, quickly enough for every keystroke. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.rules.check import check_rule
from bot.rules.document import Problem
from bot.rules.examples import make_example_issue
from bot.rules.matching import read_facts
from bot.rules.model import Example
from bot.rules.overlap import is_settled
from bot.rules.prefilter import Prefilter
from bot.rules.rule import Pack, Rule, Ruleset
from bot.studio.corpus import CHUNK, Chunk, make_chunk, try_rule


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


def prove_rule(rule: Rule, others: Ruleset, foreign: ForeignExamples) -> tuple[Problem, ...]:
    """What is wrong with a rule: its own examples fail, or it and another match the same and neither says so."""
    near = _find_near(rule, others)
    report = check_rule(rule, Ruleset((rule, *near), others.packs, others.problems))
    own = [problem for problem in report.problems if problem.file == rule.file]
    return (*own, *_find_trespasses(rule, foreign))


def _find_near(rule: Rule, others: Ruleset) -> tuple[Rule, ...]:
    """The few other rules that matter: those that may match the rule's examples, and those that it names."""
    named = {*rule.model.supersedes, *rule.model.also}
    near = {other.id for example in _examples_of(rule) for other in _find_candidates(example, others)}
    return tuple(other for other in others.rules if other.id in near | named)


def _find_candidates(example: Example, others: Ruleset) -> list[Rule]:
    return others.prefilter.find_candidates(read_facts(make_example_issue(example), others))


def _examples_of(rule: Rule) -> tuple[Example, ...]:
    return (*rule.model.examples.match, *rule.model.examples.no_match)


def _find_trespasses(rule: Rule, foreign: ForeignExamples) -> Iterator[Problem]:
    prefilter = Prefilter([rule])
    hits = (index for chunk in foreign.chunks for index in try_rule(rule, prefilter, chunk))
    for other in dict.fromkeys(foreign.owners[index] for index in hits):
        if not is_settled(rule, other):
            message = (
                f"this matches an example of `{other.id}` too; tell them apart with `none:`, "
                "or declare `supersedes:` or `also:` in one of them"
            )
            yield rule.document.problem_at(("match",), message, "overlap")
