"""One issue under the rule: its highlights and runs."""

from datetime import date

import pytest

from bot.rules.ruleset import Ruleset
from bot.text.markdown import Span
from bot.tracker.types import Issue
from bot.workbench.studio.api import Inspection, RuleHighlight, Run, inspect_issue, split_runs
from tests.builders import Fields, a_comment, a_rule, a_ruleset, an_issue

TODAY = date(2026, 11, 25)


def inspect(issue: Issue, *rules: Fields, today: date = TODAY) -> Inspection:
    """The issue under the first of the rules."""
    ruleset: Ruleset = a_ruleset(*rules)
    rule = next((rule for rule in ruleset.rules if not rules or rule.id == rules[0]["id"]), None)
    return inspect_issue(issue, rule, ruleset, today)


def runs_of(seen: Inspection, source: str) -> list[tuple[str, str]]:
    return [(run.kind, run.text) for run in dict(seen.texts)[source]]


def test_evidence_is_highlighted_in_its_place() -> None:
    seen = inspect(an_issue(body="before\nNo space left\n  on device after"))

    assert runs_of(seen, "body") == [("plain", "before\n"), ("for", "No space left\n  on device"), ("plain", " after")]


def test_evidence_against_a_rule_is_highlighted_too() -> None:
    rule = a_rule(match={"phrase": "No space left on device", "none": [{"phrase": "os error 28"}]})

    seen = inspect(an_issue(), rule)

    assert seen.verdict is not None
    assert not seen.verdict.holds
    assert runs_of(seen, "body") == [
        ("plain", "write failed: "),
        ("for", "No space left on device"),
        ("plain", " ("),
        ("against", "os error 28"),
        ("plain", ")"),
    ]


def test_comments_of_the_reporter_are_shown() -> None:
    rule = a_rule(match={"phrase": "No space left on device", "in": ["comments"]})
    issue = an_issue(body="", comments=(a_comment("it says: no space left on device"),))

    assert runs_of(inspect(issue, rule), "comment 1") == [("plain", "it says: "), ("for", "no space left on device")]


@pytest.mark.parametrize(
    "text, highlights, expected",
    [
        pytest.param("", [], [], id="nothing"),
        pytest.param("abc", [], [Run("abc")], id="no highlight"),
        pytest.param(
            "abcd",
            [RuleHighlight("body", Span(0, 3), "for", "x"), RuleHighlight("body", Span(1, 4), "for", "y")],
            [Run("a", "for", "x"), Run("bc", "for", "x"), Run("d", "for", "y")],
            id="two that overlap",
        ),
        pytest.param(
            "abcd",
            [RuleHighlight("body", Span(0, 4), "for", "x"), RuleHighlight("body", Span(1, 2), "against", "y")],
            [Run("a", "for", "x"), Run("b", "against", "y"), Run("cd", "for", "x")],
            id="what stands against it is seen",
        ),
        pytest.param("abc", [RuleHighlight("title", Span(0, 3), "for", "x")], [Run("abc")], id="a highlight elsewhere"),
        pytest.param("a\u202eb", [], [Run("a<U+202E>b")], id="a sign that turns the text is shown, not obeyed"),
    ],
)
def test_a_text_is_split_into_runs(text: str, highlights: list[RuleHighlight], expected: list[Run]) -> None:
    assert list(split_runs(text, "body", highlights)) == expected
