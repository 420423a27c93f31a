"""Checks each rule against its own examples, their variants, and all other rules. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.errors import Problem
from bot.rules.ruleset import Rule, Ruleset
from bot.workbench.check.examples import TriedExample, judge_example, try_examples
from bot.workbench.check.lint import Terms, lint_packs, lint_rule
from bot.workbench.check.proof import Proof, explain_failure, join_proofs, prove
from bot.workbench.check.relations import (
    UNDECLARED,
    Overlap,
    check_packs,
    check_references,
    find_near_duplicates,
    find_overlaps,
    is_settled,
    list_undeclared,
)
from bot.workbench.check.rendering import check_texts


@dataclass(frozen=True, slots=True)
class Asked:
    """The number of labels and issues of a repository that GitHub was asked about."""

    repository: str
    labels: int
    issues: int


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of a check. `rules` counts all rules, `broken` those of them that cannot be loaded.

    `examples` counts the examples that it tried; `asked` is set if GitHub was asked.
    """

    rules: int
    examples: int
    problems: tuple[Problem, ...]
    overlaps: tuple[Overlap, ...] = ()
    proof: Proof = field(default_factory=Proof)
    broken: int = 0
    asked: Asked | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that somebody must fix."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that deserve a look."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    @property
    def is_green(self) -> bool:
        """Whether there are no errors."""
        return not self.errors


def check_rules(ruleset: Ruleset, terms: Terms | None = None) -> CheckReport:
    """All errors and warnings of the rules of a set."""
    return join_reports([check_set(ruleset), *(check_rule(rule, ruleset, terms) for rule in ruleset.rules)])


def check_set(ruleset: Ruleset, files: Collection[str] | None = None) -> CheckReport:
    """Problems of the whole set: files that did not load, packs. With `files`, only problems in these files."""
    problems = [*ruleset.problems, *check_packs(ruleset), *lint_packs(ruleset.packs)]
    broken = len(ruleset.broken if files is None else ruleset.broken.intersection(files))
    return CheckReport(broken, 0, tuple(p for p in problems if files is None or p.file in files), broken=broken)


def check_rule(rule: Rule, ruleset: Ruleset, terms: Terms | None = None) -> CheckReport:
    """Check one rule within its set: fast enough for every keystroke (some milliseconds).

    The rule may be another version of a rule in the set; the check then uses it instead of that rule.
    """
    terms = terms or Terms()
    tried = [*try_examples(rule, ruleset)]
    overlaps = find_overlaps(rule, [each for each in tried if each.must_match and each.own], ruleset)
    outcome = join_reports(_judge(rule, each, terms) for each in tried)
    problems = (
        *check_references(rule, ruleset),
        *lint_rule(rule, terms),
        *check_texts(rule),
        *_check_near_duplicates(rule, ruleset, overlaps),
        *list_undeclared(rule, overlaps),
        *outcome.problems,
    )
    return CheckReport(1, len(tried), tuple(sorted(set(problems))), overlaps, outcome.proof)


def _judge(rule: Rule, tried: TriedExample, terms: Terms) -> CheckReport:
    """The result of the rule itself for one of its examples, and for the variants of that."""
    is_proven = terms.proves_variants and tried.is_right
    proof, failure = prove(rule, tried.facts, tried.own) if is_proven else (Proof(), None)
    findings = (
        *judge_example(rule, tried),
        *((("metamorphic", explain_failure(rule, failure, must_match=tried.must_match)),) if failure else ()),
    )
    problems = tuple(rule.document.problem_at(tried.path, message, kind) for kind, message in findings)
    return CheckReport(0, 1, problems, (), proof)


def check_overlaps(rule: Rule, others: Sequence[Rule], ruleset: Ruleset) -> CheckReport:
    """Check only whether the other rules match the examples of a rule that is not checked itself."""
    tried = [each for each in try_examples(rule, ruleset) if each.must_match]
    overlaps = find_overlaps(rule, tried, Ruleset(tuple(others)))
    return CheckReport(0, 0, tuple(sorted(set(list_undeclared(rule, overlaps)))), overlaps)


def _check_near_duplicates(rule: Rule, ruleset: Ruleset, overlaps: tuple[Overlap, ...]) -> Iterator[Problem]:
    """Those that are not reported as an overlap."""
    reported = {overlap.other for overlap in overlaps if not overlap.declared}
    for other, is_same in find_near_duplicates(rule, ruleset, reported):
        what = "has the same phrases" if is_same else "has phrases that are parts of this rule's phrases"
        message = f"`{other.id}` {what}; merge the two rules, or add `supersedes:` or `also:` to one of them"
        yield rule.document.problem_at(("match",), message, "near-duplicate", "warning")


def list_trespasses(rule: Rule, others: Iterable[Rule]) -> Iterator[Problem]:
    """The rules without a settlement among those of which a rule matches examples: `check` reports it at the others."""
    for other in others:
        if not is_settled(rule, other):
            message = f"this rule also matches an example of `{other.id}`; {UNDECLARED}"
            yield rule.document.problem_at(("match",), message, "overlap")


def join_reports(reports: Iterable[CheckReport]) -> CheckReport:
    """Several reports as one; their order does not matter."""
    all_ = list(reports)
    return CheckReport(
        rules=sum(report.rules for report in all_),
        examples=sum(report.examples for report in all_),
        problems=tuple(sorted({problem for report in all_ for problem in report.problems})),
        overlaps=tuple(sorted((o for report in all_ for o in report.overlaps), key=lambda o: (o.rule, o.other))),
        proof=join_proofs(report.proof for report in all_),
        broken=sum(report.broken for report in all_),
        asked=next((report.asked for report in all_ if report.asked), None),
    )
