"""A rule's own examples, as issues: the expected result of each, and a problem for every other result. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.issue.facts import Facts
from bot.rules.captures import find_captures
from bot.rules.conditions.types import Verdict
from bot.rules.matcher import Match, match_rule, read_facts
from bot.rules.ruleset import Rule, Ruleset
from bot.rules.spec.document import Path
from bot.rules.spec.rule import Example, Expectation, RuleModel
from bot.tracker.types import Account, Comment, Issue

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_REPORTER = Account(login="reporter")

Finding = tuple[str, str]
"""The kind of a problem, and its sentence."""


@dataclass(frozen=True, slots=True)
class TriedExample:
    """An example of a rule: its path in the rule's file, its number from 1 among its kind, its facts, and its match.

    `must_match` says whether the rule must match it, and `own` is the match of the rule, if there is one.
    """

    path: Path
    number: int
    example: Example
    must_match: bool
    facts: Facts
    own: Match | None

    @property
    def is_right(self) -> bool:
        """Whether the rule matches it if and only if it must."""
        return (self.own is not None) == self.must_match


def try_examples(rule: Rule, ruleset: Ruleset) -> Iterator[TriedExample]:
    """The examples that must match, then the near misses, each read with the packs of the set."""
    kinds: tuple[tuple[str, list[Example]], ...] = (
        ("match", rule.model.examples.match),
        ("no_match", rule.model.examples.no_match),
    )
    for kind, examples in kinds:
        for index, example in enumerate(examples):
            facts = read_facts(make_example_issue(example), ruleset)
            path: Path = ("examples", kind, index)
            yield TriedExample(path, index + 1, example, kind == "match", facts, match_one(rule, facts))


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


def match_one(rule: Rule, facts: Facts) -> Match | None:
    """The match of this rule alone, without regard to other rules."""
    return match_rule(rule, facts, find_captures(rule.pack.captures, facts))


def judge_example(rule: Rule, tried: TriedExample) -> Iterator[Finding]:
    """Problems with the rule's own result for one of its examples."""
    own = tried.own
    if tried.must_match and own is None:
        yield "example-missed", _explain_miss(rule, tried.facts)
    elif tried.must_match and own:
        yield from (("expectation", message) for message in _compare(tried.example.expect, own))
        yield from (("expectation", message) for message in _compare_values(tried.example.expect, own.rule.model))
    elif own:
        first = next((f": {item.wanted} found {item.text!r}" for item in own.evidence), "")
        yield "example-matched", f"`{rule.id}` matches this near miss{first}; add `none:`, or use a longer phrase"


def _explain_miss(rule: Rule, facts: Facts) -> str:
    missed = find_missed(rule, facts)
    reason = f"{missed.wanted} ({missed.seen})" if missed.seen else missed.wanted
    return f"`{rule.id}` does not match its own example: {reason}; correct the condition or the example"


def find_missed(rule: Rule, facts: Facts) -> Verdict:
    """The first single condition that keeps a rule from matching."""
    return _find_in_verdict(rule.condition.evaluate(facts, find_captures(rule.pack.captures, facts)))


def _find_in_verdict(verdict: Verdict) -> Verdict:
    if verdict.wanted == "none":
        return verdict
    missed = next((child for child in verdict.children if not child.holds), None)
    return _find_in_verdict(missed) if missed else verdict


def _compare(expect: Expectation | None, match: Match) -> Iterator[str]:
    if expect is None:
        return
    for name, wanted in expect.captures.items():
        capture = match.captures.get(name)
        value = str(wanted).lower() if isinstance(wanted, bool) else str(wanted)
        if (capture.value if capture else None) != value:
            found = repr(capture.value) if capture else "nothing"
            yield f"expected the capture {name} = {value!r}, but found {found}; correct the rule or `expect:`"
    if expect.branch is not None and match.branch != expect.branch - 1:
        found = "no branch" if match.branch is None else f"branch {match.branch + 1}"
        yield f"expected guidance branch {expect.branch}, but {found} applies; correct the rule or `expect:`"
    if expect.labels is not None and sorted(expect.labels) != sorted(match.labels):
        added, expected = (", ".join(each) or "none" for each in (match.labels, expect.labels))
        yield f"expected labels: {expected}; the rule adds: {added}; correct the rule or `expect:`"


def _compare_values(expect: Expectation | None, model: RuleModel) -> Iterator[str]:
    correct = "correct the rule or `expect:`"
    if expect is None:
        return
    if expect.type is not None and expect.type != model.type:
        yield f"expected the type `{expect.type}`, but the rule sets {model.type or 'none'}; {correct}"
    if expect.fields is not None and expect.fields != model.fields:
        expected, found = map(_show_fields, (expect.fields, model.fields))
        yield f"expected the fields {expected}, but the rule sets {found}; {correct}"


def _show_fields(fields: Mapping[str, object]) -> str:
    values = {name: ", ".join(each) if isinstance(each, tuple) else each for name, each in fields.items()}
    return ", ".join(f"`{name}: {value}`" for name, value in values.items()) or "none"
