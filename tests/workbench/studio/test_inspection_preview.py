"""What Signpost would do about an issue under the rule."""

from datetime import date

import pytest

from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue
from bot.workbench.studio.api import Preview, inspect_issue
from tests.builders import Fields, a_rule, a_ruleset, an_issue

TODAY = date(2026, 11, 25)


def preview(issue: Issue, *rules: Fields, today: date = TODAY) -> Preview:
    """What the first of the rules would do."""
    ruleset: Ruleset = a_ruleset(*rules)
    rule = next((rule for rule in ruleset.rules if not rules or rule.id == rules[0]["id"]), None)
    return inspect_issue(issue, rule, ruleset, today).preview


def test_the_comment_and_the_labels_are_shown() -> None:
    found = preview(an_issue())

    assert found.comment.startswith(
        "This looks like a known problem: **The disk is full**\n\nThe build ran out of disk space."
    )
    assert (found.add, found.remove, found.remarks) == (("needs-info",), (), ())


@pytest.mark.parametrize(
    "changes, others, remark",
    [
        pytest.param(
            {"mode": "label"},
            [],
            "The rule sets its labels here but does not comment: its mode is `label`",
            id="it only labels",
        ),
        pytest.param(
            {"mode": "observe"}, [], "The rule does nothing here: its mode is `observe`", id="it only observes"
        ),
        pytest.param(
            {},
            [a_rule(id="os-error", match={"phrase": "os error 28"}, supersedes=["out-of-disk"])],
            "The rule is silent here: `os-error` supersedes it",
            id="another rule speaks",
        ),
        pytest.param(
            {"guidance": [{"when": {"label": "never"}, "tldr": "x"}]},
            [],
            "The rule sets its labels here but does not comment: no branch of its guidance applies",
            id="no branch holds",
        ),
        pytest.param(
            {"expires": "2026-11-25"},
            [],
            "The rule sets its labels here but does not comment: its guidance expired on 2026-11-25",
            id="expired",
        ),
        pytest.param(
            {"priority": -1},
            [a_rule(id=name, match={"phrase": "os error 28"}) for name in ("first", "second")],
            "The rule sets its labels here but does not comment: a comment has at most 2 sections",
            id="no room is left",
        ),
    ],
)
def test_silence_is_explained(changes: Fields, others: list[Fields], remark: str) -> None:
    (told,) = preview(an_issue(), a_rule(**changes), *others).remarks

    assert told.startswith(remark)


def test_what_a_rule_only_suggests_and_the_answer_for_a_label_are_named() -> None:
    labels = {"add": ["needs-info"], "from": [{"section": "Component", "prefix": "area:"}]}
    issue = an_issue(body="### Component\n\nCore\n\n### What happened?\n\nNo space left on device")
    found = preview(issue, a_rule(mode="suggest", labels=labels))

    assert (found.comment, found.add, found.remarks) == (
        "",
        (),
        (
            "The rule only suggests its labels here: its mode is `suggest`",
            "Label area:Core, for the answer “Core” in section: Component (line 3)",
            "Signpost suggests `needs-info`, `area:Core`",
        ),
    )


def test_the_type_and_the_fields_are_named() -> None:
    found = preview(an_issue(), a_rule(mode="label", type="Bug", fields={"Platforms": ["iOS", "Linux"]}))

    assert found.remarks[1:] == (
        "On an issue without them, Signpost sets type `Bug`, field `Platforms` `iOS` and `Linux`",
    )


def test_an_issue_that_does_not_match_gets_nothing() -> None:
    found = preview(an_issue(body="all is well"))

    assert (found.comment, found.add, found.remarks) == ("", (), ())


def test_the_issue_to_follow_is_taken_to_be_open() -> None:
    assert "**Follow:** #12, the open issue" in preview(an_issue(), a_rule(follow=12)).comment
