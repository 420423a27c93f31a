"""What is told to scripts and to maintainers."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.duplicates.candidates import Duplicate, Earlier, LeftOut
from bot.duplicates.canonical import Fix
from bot.errors import Problem
from bot.tracker.types import Skip
from bot.triage.actions import AddLabels, Close, CreateComment, CreateLabels, Plan, RemoveLabels, UpdateComment
from bot.triage.apply import Outcome
from bot.triage.links import Linking
from bot.triage.result import Report, make_json, make_summary
from tests.builders import Fields, a_rule, an_issue, matches_of

GOLDEN = Path(__file__).parent / "golden" / "summary.txt"
REPOSITORY = "octo-org/octo-repo"
PLAN = Plan(
    (
        CreateLabels(("new",)),
        AddLabels(("needs-info", "new")),
        RemoveLabels(("invalid",)),
        CreateComment("Hello"),
        UpdateComment(44, "Hello again"),
        Close("duplicate", 3),
    ),
    ("the label `gone` does not exist here",),
)
DUPLICATE = Duplicate(number=5, url="https://github.com/o/r/issues/5", state="open", confidence=0.9, why="same error")
FOUND = Earlier(
    number=5,
    tier="B",
    score=0.9,
    why="same error",
    title="It | `breaks`",
    evidence=("no space left",),
    features={"age": 1.5},
)
FIXED = Fix(version="2.1.96", at=datetime(2026, 4, 9, tzinfo=UTC), is_sure=True)
LINKING = Linking(
    duplicates=(
        replace(DUPLICATE, found=FOUND, followers=14),
        replace(DUPLICATE, number=6, state="closed", fix=FIXED),
    ),
    left_out=(LeftOut(replace(FOUND, number=8, tier="C"), "#8 is closed as not planned"),),
    expected="Of the repository's last 90 issues 2 would have been shown something.",
)
HOSTILE = [
    "|",
    "\\",
    "`",
    "``",
    "\n",
    "<b>",
    "</td>",
    "<img src=x>",
    "@octocat",
    "#12",
    "*",
    "::error::",
    "a",
    " ",
    "-->",
]


def a_report(**changes: object) -> Report:
    issue = an_issue(body="Run | `make`\nwrite failed: No space left on device")
    disk = a_rule(match={"phrase": "No space left on {thing:word}"}, supersedes=["any-write"])
    write = a_rule(id="any-write", title="Any write", match={"phrase": "write failed: No space"}, mode="label")
    fields: Fields = {"repository": REPOSITORY, "issue": 7, "matches": matches_of(issue, disk, write)}
    fields |= {"plan": PLAN, "requests": 4, "linking": LINKING, "remarks": ("#3 is closed",)}
    fields |= {"problems": (Problem("rules/bad.yml", 3, 1, "`tilte` is unknown; did you mean `title`?"),)}
    fields |= {"outcomes": (*(Outcome(a) for a in PLAN.actions[:5]), Outcome(PLAN.actions[5], error="403:\nno right"))}
    return Report(**(fields | changes))


def test_the_json_is_what_scripts_depend_on() -> None:
    assert make_json(a_report()) == {
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
    assert json.loads(json.dumps(make_json(a_report()))) == make_json(a_report())


def test_what_failed_and_what_is_remarkable_can_be_listed() -> None:
    report = a_report()
    assert report.errors == ("close: 403:\nno right",)
    assert report.all_remarks == ("#3 is closed", "the label `gone` does not exist here")
    assert [match.rule.id for match in report.speaking] == ["out-of-disk"]


def test_a_skipped_event_says_why() -> None:
    report = Report(repository=REPOSITORY, issue=7, skipped=Skip("the issue is locked"))
    assert make_json(report) == {
        **{
            key: []
            for key in ("matches", "superseded", "duplicates", "left_out", "plan", "outcomes", "remarks", "problems")
        },
        "repository": REPOSITORY,
        "issue": 7,
        "skipped": "the issue is locked",
        "requests": 0,
    }


@pytest.mark.parametrize(
    "report, summary",
    [
        (
            Report(repository=REPOSITORY, issue=7, skipped=Skip("the issue is locked")),
            "## Signpost: `octo-org/octo-repo#7`\n\nSkipped: the issue is locked.\n\n0 requests to GitHub.\n",
        ),
        (
            Report(repository=REPOSITORY, issue=None, requests=1),
            "## Signpost: `octo-org/octo-repo`\n\nNo rule matches.\n\n1 request to GitHub.\n",
        ),
        (
            Report(repository=REPOSITORY, issue=7, linking=Linking(expected="Of the last 90 issues 2 would have.")),
            (
                "## Signpost: `octo-org/octo-repo#7`\n\nNo rule matches.\n\n### Earlier reports\n\n"
                "No earlier report is near enough to be told.\n\nOf the last 90 issues 2 would have.\n\n"
                "0 requests to GitHub.\n"
            ),
        ),
    ],
)
def test_a_summary_of_nothing_is_short(report: Report, summary: str) -> None:
    assert make_summary(report, is_dry_run=False) == summary


def test_a_summary_reads_as_it_was_looked_at() -> None:
    assert make_summary(a_report(), is_dry_run=False) == GOLDEN.read_text("utf-8")


def test_a_dry_run_says_what_would_be_done() -> None:
    summary = make_summary(a_report(outcomes=()), is_dry_run=True)
    assert "### What would be done (dry run)\n\n- create labels `new`\n" in summary
    assert "What was done" not in summary


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=3), max_size=12).map("".join))
def test_hostile_evidence_breaks_no_table_and_works_nowhere(text: str) -> None:
    issue = an_issue(body=f"key: x{text}x\n\nNo space left on device")
    rule = a_rule(match={"phrase": "No space left on device", "regex": "key: (?P<seen>x[^☃]*x)"})
    matches = matches_of(issue, rule)
    assume(matches)  # the line that opens a fence is no text of a report, and the last x may stand there
    report = Report(repository=REPOSITORY, issue=7, matches=matches)
    tokens = MarkdownIt("commonmark").enable("table").parse(make_summary(report, is_dry_run=True))
    rows = [token.type for token in tokens if token.type in {"tr_open", "th_open", "td_open"}]
    inlines = [child for token in tokens for child in token.children or []]
    prose = " ".join(child.content for child in inlines if child.type == "text")
    assert rows == ["tr_open", *["th_open"] * 4, *(["tr_open", *["td_open"] * 4] * 2)]
    assert {child.type for child in inlines} <= {"text", "code_inline"}
    assert not any(token.type.startswith("html") for token in tokens)
    assert re.search(r"@octocat|#12|::error::", prose) is None


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=3), min_size=1, max_size=12).map("".join))
def test_a_hostile_title_or_message_of_an_earlier_report_breaks_no_table_and_works_nowhere(text: str) -> None:
    found = replace(FOUND, title=text, evidence=(text, text))
    linking = Linking(duplicates=(replace(DUPLICATE, found=found),), left_out=(LeftOut(found, "it is locked"),))
    report = Report(repository=REPOSITORY, issue=7, linking=linking)
    tokens = MarkdownIt("commonmark").enable("table").parse(make_summary(report, is_dry_run=True))
    rows = [token.type for token in tokens if token.type in {"tr_open", "th_open", "td_open"}]
    inlines = [child for token in tokens for child in token.children or []]
    prose = " ".join(child.content for child in inlines if child.type == "text")
    scores = ["tr_open", *["th_open"] * 2, "tr_open", *["td_open"] * 2]
    assert rows == ["tr_open", *["th_open"] * 5, "tr_open", *["td_open"] * 5, *scores]
    assert {child.content for child in inlines if child.type == "html_inline"} <= {"<br>"}
    assert {token.content.strip() for token in tokens if token.type == "html_block"} == {
        "<details><summary>What the scores are made of</summary>",
        "</details>",
    }
    assert re.search(r"@octocat|#12|::error::", prose) is None


if __name__ == "__main__":
    GOLDEN.write_text(make_summary(a_report(), is_dry_run=False), "utf-8")
