"""Checks each rule against its own examples, their variants, and all other rules, and how its comment looks. Pure."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

from bot.comment.renderer import CommentError, check_comment, check_length, render_comment
from bot.comment.section import SectionError, make_section
from bot.duplicates.candidates import SAME_RULE, Candidate
from bot.duplicates.canonical import Target
from bot.duplicates.selection import LinkDecision
from bot.errors import Problem
from bot.rules.checks import check_written, find_known, texts_of
from bot.rules.conditions.types import Capture, Verdict
from bot.rules.matcher import FixState, Match
from bot.rules.ruleset import Rule, Ruleset
from bot.rules.spec.document import Path
from bot.rules.spec.pack import ALWAYS_FORBIDDEN
from bot.rules.spec.rule import Example
from bot.rules.spec.template import is_template
from bot.workbench.check.examples import TriedExample, judge_example, make_example_issue, try_examples
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

_SAMPLES = {
    "version": ("0.0.1", "9999.0"),
    "int": ("0", "999,999"),
    "number": ("0", "3.5"),
    "choice": ("false", "true"),
    "url": ("https://example.com/a",),
    "host": ("localhost:8080",),
    "source": ("src/main.rs",),
    "name": ("@scope/pkg",),
    "code": ("0", "ENOSPC"),
}
"""Values of each type, the least first; what is not here is tried with a word."""

_OTHER = ("word",)
_ISSUE = make_example_issue(Example())
_FIX_STATES: tuple[FixState, ...] = ("older", "fixed", "unknown")


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


@dataclass(frozen=True, slots=True)
class _Case:
    """One report that the branch may have to answer."""

    captures: dict[str, str]
    duplicates: int = 1
    target: Target | None = None
    fix_state: FixState | None = None


def check_texts(rule: Rule) -> Iterator[Problem]:
    """The texts that nobody wrote, and those that fail in a comment; what fails as a whole, at its branch."""
    for path, message in check_written(rule):
        yield rule.document.problem_at(path, message, "unwritten-guidance", "warning")
    found = dict[tuple[Path, str], None]()
    for branch in range(len(rule.model.guidance)):
        for case in _list_cases(rule, branch):
            if failure := _find_failure(rule, branch, case):
                found[failure] = None
    yield from (rule.document.problem_at(path, message, "guidance") for path, message in found)


def _find_failure(rule: Rule, branch: int, case: _Case) -> tuple[Path, str] | None:
    captures = {name: Capture(name=name, value=value, type=rule.types[name]) for name, value in case.captures.items()}
    match = Match(rule, Verdict(wanted="", holds=True), captures, branch, fix_state=case.fix_state)
    try:
        section = make_section(match, _ISSUE, case.target, tuple(map(_make_link, range(2, 2 + case.duplicates))))
        words = (*ALWAYS_FORBIDDEN, *rule.pack.model.forbidden_words)
        check_length(check_comment(render_comment([section]), words))
    except SectionError as error:
        return error.path, str(error)
    except CommentError as error:
        return ("guidance", branch), str(error)
    return None


def _list_cases(rule: Rule, branch: int) -> Iterator[_Case]:
    """Plain texts need one case; templates all combinations of what may differ in them."""
    here = (text for path, text in texts_of(rule) if path[0] != "guidance" or path[1] == branch)
    templates = " ".join(filter(is_template, here))
    target = Target(number=rule.model.follow, state="open") if rule.model.follow else None
    if not templates:
        yield _Case({}, target=target, fix_state="unknown" if rule.model.fixed_in else None)
        return
    named = {*re.findall(r"\w+", templates)}
    used = sorted(named & rule.echoable)
    counts = (0, 1, 3) if "duplicates" in named else (1,)
    targets = {None, target} if "follow" in named else {target}
    states = _FIX_STATES if rule.model.fixed_in else (None,)
    for captures, count, follow, state in product(_list_captures(rule, branch, used), counts, targets, states):
        yield _Case(captures, count, follow, state)


def _list_captures(rule: Rule, branch: int, used: list[str]) -> list[dict[str, str]]:
    """The least and the greatest values; without each that may be unknown, and without all of these."""
    samples = {name: _SAMPLES.get(rule.types[name], _OTHER) for name in used}
    least, greatest = ({name: values[place] for name, values in samples.items()} for place in (0, -1))
    known = find_known(rule, branch)
    unknown = [name for name in used if name not in known]
    gone = [{name} for name in unknown] + [{*unknown}]
    return [least, greatest, *({n: v for n, v in greatest.items() if n not in names} for names in gone)]


def _make_link(number: int) -> LinkDecision:
    candidate = Candidate(number=number, tier="A", score=1.0, why=SAME_RULE)
    return LinkDecision(candidate=candidate, effect="linked", target=Target(number=number, state="open"))
