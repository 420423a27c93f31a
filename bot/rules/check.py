"""Rules on trial: each against its own examples, and against the examples of all others. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.github.tracker import Account, Comment, Issue
from bot.issue.facts import Facts
from bot.rules.captures import find_captures
from bot.rules.document import Path, Problem
from bot.rules.guidance import check_written
from bot.rules.matching import Match, match_rules, read_facts
from bot.rules.model import Example, Expectation
from bot.rules.rule import Pack, Rule, Ruleset
from bot.rules.verdict import Verdict

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_REPORTER = Account(login="reporter")


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found. `examples` counts those that were tried."""

    rules: int
    examples: int
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """What must be mended."""
        return tuple(problem for problem in self.problems if problem.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is worth a look."""
        return tuple(problem for problem in self.problems if problem.severity == "warning")

    @property
    def is_green(self) -> bool:
        """Whether nothing must be mended."""
        return not self.errors


def make_example_issue(example: Example) -> Issue:
    """The issue that an example describes."""
    comments = tuple(
        Comment(id=number, author=_REPORTER, body=body, created_at=_LONG_AGO)
        for number, body in enumerate(example.comments, 1)
    )
    return Issue(
        repository="example/example",
        number=1,
        title=example.title,
        body=example.body,
        author=_REPORTER,
        association=example.author,
        labels=tuple(example.labels),
        comment_count=len(comments),
        comments=comments,
        created_at=_LONG_AGO,
        updated_at=_LONG_AGO,
    )


def check_rules(ruleset: Ruleset) -> CheckReport:
    """Everything that is wrong with the rules: what did not load, examples that fail, overlaps that nobody declared."""
    problems = [*ruleset.problems, *_check_references(ruleset), *_check_drafts(ruleset)]
    count = 0
    for rule in ruleset.rules:
        for path, example, must_match in _examples_of(rule):
            count += 1
            facts = read_facts(make_example_issue(example), ruleset)
            matches = match_rules(facts, ruleset)
            found = _judge_match(rule, example, facts, matches) if must_match else _judge_near_miss(rule, matches)
            problems += [rule.document.problem_at(path, message, kind) for kind, message in found]
    return CheckReport(len(ruleset.rules), count, tuple(sorted(set(problems))))


def _examples_of(rule: Rule) -> Iterator[tuple[Path, Example, bool]]:
    for index, example in enumerate(rule.model.examples.match):
        yield ("examples", "match", index), example, True
    for index, example in enumerate(rule.model.examples.no_match):
        yield ("examples", "no_match", index), example, False


def _check_drafts(ruleset: Ruleset) -> Iterator[Problem]:
    """Drafts load, so that they can be replayed over past issues; they are not done before a human wrote them."""
    for rule in ruleset.rules:
        for path, message in check_written(rule.model):
            yield rule.document.problem_at(path, message, "unwritten-guidance")


def _judge_near_miss(rule: Rule, matches: tuple[Match, ...]) -> Iterator[tuple[str, str]]:
    for own in matches:
        if own.rule is rule:
            first = next((f": {item.wanted} found {item.text!r}" for item in own.evidence), "")
            yield "example-matched", f"`{rule.id}` matches this near miss{first}; add a `none:` or a longer phrase"


def _judge_match(rule: Rule, example: Example, facts: Facts, matches: tuple[Match, ...]) -> Iterator[tuple[str, str]]:
    own = next((match for match in matches if match.rule is rule), None)
    if own is None:
        yield "example-missed", _explain_miss(rule, facts)
        return
    yield from (("expectation", message) for message in _compare(example.expect, own))
    for match in matches:
        if match.rule is not rule and not is_settled(rule, match.rule):
            advice = "tell them apart with `none:`, or declare `supersedes:` or `also:` in one of them"
            yield "overlap", f"`{match.rule.id}` matches this example too; {advice}"


def _explain_miss(rule: Rule, facts: Facts) -> str:
    missed = _find_missed(rule.condition.evaluate(facts, find_captures(rule.pack.captures, facts)))
    reason = f"{missed.wanted} ({missed.seen})" if missed.seen else missed.wanted
    return f"`{rule.id}` does not match its own example: {reason}; correct the condition or the example"


def _find_missed(verdict: Verdict) -> Verdict:
    """The first condition that kept a verdict from holding."""
    if verdict.wanted == "none":
        return verdict
    missed = next((child for child in verdict.children if not child.holds), None)
    return _find_missed(missed) if missed else verdict


def is_settled(one: Rule, other: Rule) -> bool:
    """Whether it is known what happens where both rules match: they say so, or their packs do.

    A fallback pack gives way to any other. Packs for two products are not used in one repository, so nothing can
    happen; a pack without a product (a repository's own rules) may stand beside any.
    """
    a, b = one.pack.model, other.pack.model
    are_of_two_products = a.product and b.product and a.product != b.product
    return a.fallback != b.fallback or bool(are_of_two_products) or _is_declared(one, other)


def _is_declared(one: Rule, other: Rule) -> bool:
    return any(a.id in (*b.supersedes, *b.model.also) for a, b in ((one, other), (other, one)))


def _compare(expect: Expectation | None, match: Match) -> Iterator[str]:
    if expect is None:
        return
    for name, wanted in expect.captures.items():
        capture = match.captures.get(name)
        value = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
        if (capture.value if capture else None) != value:
            yield f"expected the capture {name} = {value!r}, found {capture.value if capture else 'nothing'!r}"
    if expect.branch is not None and match.branch != expect.branch - 1:
        yield f"expected guidance branch {expect.branch}, got {'none' if match.branch is None else match.branch + 1}"
    if expect.labels is not None and sorted(expect.labels) != sorted(match.rule.model.labels.add):
        yield f"expected the labels {expect.labels}, the rule adds {match.rule.model.labels.add}"


def _check_references(ruleset: Ruleset) -> Iterator[Problem]:
    known = {rule.id for rule in ruleset.rules}
    known |= {problem.file.rpartition("/")[2].rpartition(".")[0] for problem in ruleset.problems}  # the broken ones
    for rule in ruleset.rules:
        for key in ("supersedes", "also"):
            for index, name in enumerate(getattr(rule.model, key)):
                if name not in known:
                    message = f"there is no rule `{name}` in this set; correct the name or remove it"
                    yield rule.document.problem_at((key, index), message, "unknown-rule")
    for pack in ruleset.packs:
        if sum(rule.pack is pack for rule in ruleset.rules) > 1:  # who checks one file alone is not told of the others
            yield from _check_precedence(pack, known)


def _check_precedence(pack: Pack, known: set[str]) -> Iterator[Problem]:
    for index, name in enumerate(pack.model.precedence if pack.document else ()):
        if pack.document and name not in known:
            message = f"there is no rule `{name}` in this pack; correct the name or remove it"
            yield pack.document.problem_at(("precedence", index), message, "unknown-rule")
