"""One issue under the rule: marks, runs, and what would be said."""

from datetime import date

import pytest

from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue
from bot.workbench.studio.preview import Inspection, Mark, Run, inspect_issue, split_runs
from tests.builders import Fields, a_comment, a_rule, a_ruleset, an_issue

TODAY = date(2026, 11, 25)


def inspect(issue: Issue, *rules: Fields, today: date = TODAY) -> Inspection:
    """The issue under the first of the rules."""
    ruleset: Ruleset = a_ruleset(*rules)
    rule = next((rule for rule in ruleset.rules if not rules or rule.id == rules[0]["id"]), None)
    return inspect_issue(issue, rule, ruleset, today)


def runs_of(seen: Inspection, source: str) -> list[tuple[str, str]]:
    return [(run.kind, run.text) for run in dict(seen.texts)[source]]


def test_evidence_is_marked_where_it_stands() -> None:
    seen = inspect(an_issue(body="before\nNo space left\n  on device after"))

    assert runs_of(seen, "body") == [("plain", "before\n"), ("for", "No space left\n  on device"), ("plain", " after")]


def test_what_stands_against_a_rule_is_marked_too() -> None:
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
    "text, marks, expected",
    [
        pytest.param("", [], [], id="nothing"),
        pytest.param("abc", [], [Run("abc")], id="no mark"),
        pytest.param(
            "abcd",
            [Mark("body", 0, 3, "for", "x"), Mark("body", 1, 4, "for", "y")],
            [Run("a", "for", "x"), Run("bc", "for", "x"), Run("d", "for", "y")],
            id="two that overlap",
        ),
        pytest.param(
            "abcd",
            [Mark("body", 0, 4, "for", "x"), Mark("body", 1, 2, "against", "y")],
            [Run("a", "for", "x"), Run("b", "against", "y"), Run("cd", "for", "x")],
            id="what stands against it is seen",
        ),
        pytest.param("abc", [Mark("title", 0, 3, "for", "x")], [Run("abc")], id="a mark elsewhere"),
        pytest.param("a\u202eb", [], [Run("a<U+202E>b")], id="a sign that turns the text is shown, not obeyed"),
    ],
)
def test_a_text_is_split_into_runs(text: str, marks: list[Mark], expected: list[Run]) -> None:
    assert list(split_runs(text, "body", marks)) == expected


def test_the_comment_and_the_labels_are_shown() -> None:
    preview = inspect(an_issue()).preview

    assert preview.comment.startswith("**TL;DR:** The build ran out of disk space.")
    assert (preview.add, preview.remove, preview.remarks) == (("needs-info",), (), ())


@pytest.mark.parametrize(
    "changes, others, remark",
    [
        pytest.param(
            {"mode": "label"},
            [],
            "The rule sets its labels here, and says nothing: its mode is `label`",
            id="it only labels",
        ),
        pytest.param(
            {"mode": "observe"}, [], "The rule is only counted here: its mode is `observe`", id="it only observes"
        ),
        pytest.param(
            {},
            [a_rule(id="os-error", match={"phrase": "os error 28"}, supersedes=["out-of-disk"])],
            "Another rule stands for this one here: `os-error` supersedes it",
            id="another rule speaks",
        ),
        pytest.param(
            {"guidance": [{"when": {"label": "never"}, "tldr": "x"}]},
            [],
            "The rule sets its labels here, and says nothing: no branch of its guidance applies",
            id="no branch holds",
        ),
        pytest.param(
            {"expires": "2026-11-25"},
            [],
            "The rule sets its labels here, and says nothing: its guidance expired on 2026-11-25",
            id="expired",
        ),
        pytest.param(
            {"priority": -1},
            [a_rule(id=name, match={"phrase": "os error 28"}) for name in ("first", "second")],
            "The rule sets its labels here, and says nothing: a comment has at most 2 sections",
            id="no room is left",
        ),
    ],
)
def test_silence_is_explained(changes: Fields, others: list[Fields], remark: str) -> None:
    (told,) = inspect(an_issue(), a_rule(**changes), *others).preview.remarks

    assert told.startswith(remark)


def test_an_issue_that_does_not_match_gets_nothing() -> None:
    preview = inspect(an_issue(body="all is well")).preview

    assert (preview.comment, preview.add, preview.remarks) == ("", (), ())


def test_the_issue_to_follow_is_taken_to_be_open() -> None:
    assert "**Follow:** #12, the open issue" in inspect(an_issue(), a_rule(follow=12)).preview.comment
