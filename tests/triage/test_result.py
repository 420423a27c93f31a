"""What scripts are told."""

import json

import pytest

from bot.cli.options.log import format_log
from bot.tracker.suggestions import LabelSuggestion
from bot.tracker.types import Skip
from bot.triage.actions import AddLabels, Close, DeleteComment, Plan, React, SuggestClose, SuggestLabels
from bot.triage.apply import Outcome
from bot.triage.config import Config, read_config
from bot.triage.decisions import Decisions, Heard, decide_rules
from bot.triage.result import Result, to_json
from bot.triage.summary import render_summary
from tests.builders import OPENED, a_rule, an_issue, matches_of
from tests.triage.results import REPOSITORY, a_result


def test_the_json_is_what_scripts_depend_on() -> None:
    assert to_json(a_result()) == {
        "repository": REPOSITORY,
        "issue": 7,
        "skipped": None,
        "matches": [
            {
                "rule": "out-of-disk",
                "title": "The disk is full",
                "mode": "comment",
                "evidence": [{"view": "body", "text": "No space left on device", "line": 2}],
                "captures": {"thing": "device"},
                "answers": [],
            }
        ],
        "superseded": [{"rule": "any-write", "by": "out-of-disk"}],
        "duplicates": [
            {
                "number": 5,
                "url": "https://github.com/o/r/issues/5",
                "state": "open",
                "confidence": 0.9,
                "why": "same error",
                "tier": "B",
                "fixed_in": None,
                "evidence": ["no space left"],
                "features": {"age": 1.5},
            },
            {
                "number": 6,
                "url": "https://github.com/o/r/issues/5",
                "state": "closed",
                "confidence": 0.9,
                "why": "same error",
                "tier": "B",
                "fixed_in": "2.1.96",
                "evidence": [],
                "features": {},
            },
        ],
        "left_out": [{"number": 8, "tier": "C", "confidence": 0.9, "why": "#8 is closed as not planned"}],
        "plan": [
            {"action": "create_labels", "labels": ["new"]},
            {"action": "add_labels", "labels": ["needs-info", "new"]},
            {"action": "remove_labels", "labels": ["invalid"]},
            {"action": "create_comment", "body": "Hello"},
            {"action": "update_comment", "comment_id": 44, "body": "Hello again"},
            {"action": "close", "reason": "duplicate", "duplicate_of": 3},
        ],
        "outcomes": [
            {"action": "create_labels", "ok": True, "error": None},
            {"action": "add_labels", "ok": True, "error": None},
            {"action": "remove_labels", "ok": True, "error": None},
            {"action": "create_comment", "ok": True, "error": None},
            {"action": "update_comment", "ok": True, "error": None},
            {"action": "close", "ok": False, "error": "403:\nno right"},
        ],
        "remarks": ["#3 is closed", "the label `gone` does not exist here"],
        "problems": [
            {
                "file": "rules/bad.yml",
                "line": 3,
                "column": 1,
                "message": "`tilte` is unknown; did you mean `title`?",
                "kind": "schema",
                "severity": "error",
            }
        ],
        "requests": 4,
    }


def test_the_json_can_be_written() -> None:
    assert json.loads(json.dumps(to_json(a_result()))) == to_json(a_result())


def test_what_was_left_is_a_remark_and_no_error() -> None:
    left = Outcome(DeleteComment(45), remark="a second comment stays", is_left=True)
    result = a_result(plan=Plan((left.action,)), outcomes=(left,))

    assert (result.errors, result.all_remarks[-1]) == ((), "a second comment stays")
    assert (to_json(result)["plan"], to_json(result)["outcomes"]) == (
        [{"action": "delete_comment", "comment_id": 45}],
        [{"action": "delete_comment", "ok": False, "error": None}],
    )
    assert "Tried     delete comment 45" in list(format_log(result, is_dry_run=False))
    assert "- delete comment — not done, see the remarks" in render_summary(result, is_dry_run=False)


def test_what_failed_and_what_is_remarkable_can_be_listed() -> None:
    result = a_result()
    assert result.errors == ("close: 403:\nno right",)
    assert result.all_remarks == ("#3 is closed", "the label `gone` does not exist here")
    assert [match.rule.id for match in result.holding] == ["out-of-disk"]


def test_a_skipped_event_says_why() -> None:
    result = Result(repository=REPOSITORY, issue=7, skipped=Skip("the issue is locked"))
    assert to_json(result) == {
        **{
            key: []
            for key in ("matches", "superseded", "duplicates", "left_out", "plan", "outcomes", "remarks", "problems")
        },
        "repository": REPOSITORY,
        "issue": 7,
        "skipped": "the issue is locked",
        "requests": 0,
    }


def test_the_log_names_actions_in_the_words_of_the_summary() -> None:
    plan = Plan((AddLabels(("a", "b")), Close("not_planned"), Close("duplicate", 3), React(9, "confused")))
    lines = format_log(a_result(plan=plan, outcomes=()), is_dry_run=False)
    assert [line for line in lines if line.startswith("Did")] == [
        "Did       add labels: a, b",
        "Did       close as not planned",
        "Did       close as duplicate of #3",
        "Did       react with 😕 to comment 9",
    ]


WHY = "15 of 15 people said that it is not their problem"
MUTED = Heard(muted={"out-of-disk": WHY})
IS_MUTED = (f"`out-of-disk` is muted: {WHY}",)


@pytest.mark.parametrize(
    "settings, heard, mode, remarks",
    [
        pytest.param("", Heard(), "comment", (), id="free"),
        pytest.param("", MUTED, "label", IS_MUTED, id="muted"),
        pytest.param("mode: label", MUTED, "label", (), id="no more to say"),
        pytest.param("mode: observe", Heard(), "observe", (), id="limited"),
    ],
)
def test_the_mode_is_the_one_that_counts_and_a_muted_rule_is_told(
    settings: str, heard: Heard, mode: str, remarks: tuple[str, ...]
) -> None:
    config = read_config(settings, "config.yml") if settings else Config()
    rules = decide_rules(matches_of(an_issue(), a_rule()), config, OPENED.date(), heard)
    result = Result(repository=REPOSITORY, issue=7, decisions=Decisions(rules=rules))
    assert (to_json(result)["matches"][0]["mode"], result.all_remarks) == (mode, remarks)
    assert f"### `out-of-disk`: The disk is full ({mode})" in render_summary(result, is_dry_run=False)


def test_suggestions_are_told_with_their_reasons() -> None:
    labels = SuggestLabels(
        (LabelSuggestion("a|b", "This looks like: a crash", "high"), LabelSuggestion("c", "So", "low"))
    )
    plan = Plan((labels, SuggestClose("duplicate", 3, "One rule matches both", "medium")))
    result = a_result(plan=plan, outcomes=())

    lines = [*format_log(result, is_dry_run=True)]
    start = lines.index("Would     suggest labels: a|b (high), c (low)")
    assert lines[start : start + 5] == [
        "Would     suggest labels: a|b (high), c (low)",
        "          a|b: This looks like: a crash",
        "          c: So",
        "Would     suggest to close as duplicate of #3 (medium)",
        "          One rule matches both",
    ]
    summary = render_summary(result, is_dry_run=True)
    assert "- suggest labels `a|b` (high), `c` (low)\n- suggest to close as duplicate of #3 (medium)\n" in summary
    assert to_json(result)["plan"] == [
        {
            "action": "suggest_labels",
            "labels": [
                {"name": "a|b", "rationale": "This looks like: a crash", "confidence": "high"},
                {"name": "c", "rationale": "So", "confidence": "low"},
            ],
        },
        {
            "action": "suggest_close",
            "reason": "duplicate",
            "duplicate_of": 3,
            "rationale": "One rule matches both",
            "confidence": "medium",
        },
    ]
