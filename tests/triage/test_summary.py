"""What maintainers are told; `python -m tests.triage.test_summary` writes the golden file anew."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.duplicates.selection import LinkDecision
from bot.tracker.types import Skip
from bot.triage.decisions import Decisions
from bot.triage.links import LinkDecisions
from bot.triage.result import Result
from bot.triage.summary import render_summary
from tests.builders import a_link, a_rule, a_target, an_issue, matches_of
from tests.triage.results import FOUND, REPOSITORY, URL, a_result, decided

GOLDEN = Path(__file__).parent / "golden" / "summary.txt"
EXPECTING = Decisions(links=LinkDecisions(expectation="Of the last 90 issues 2 would have."))
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


@pytest.mark.parametrize(
    "result, summary",
    [
        (
            Result(repository=REPOSITORY, issue=7, skipped=Skip("the issue is locked")),
            "## Signpost: `octo-org/octo-repo#7`\n\nSkipped: the issue is locked.\n\n0 requests to GitHub.\n",
        ),
        (
            Result(repository=REPOSITORY, issue=None, requests=1),
            "## Signpost: `octo-org/octo-repo`\n\nNo rule matches.\n\n1 request to GitHub.\n",
        ),
        (
            Result(repository=REPOSITORY, issue=7, decisions=EXPECTING),
            (
                "## Signpost: `octo-org/octo-repo#7`\n\nNo rule matches.\n\n### Earlier reports\n\n"
                "No earlier report is similar enough.\n\nOf the last 90 issues 2 would have.\n\n"
                "0 requests to GitHub.\n"
            ),
        ),
    ],
)
def test_a_summary_of_nothing_is_short(result: Result, summary: str) -> None:
    assert render_summary(result, is_dry_run=False) == summary


def test_a_summary_reads_as_it_was_looked_at() -> None:
    assert render_summary(a_result(), is_dry_run=False) == GOLDEN.read_text("utf-8")


def test_a_dry_run_says_what_would_be_done() -> None:
    summary = render_summary(a_result(outcomes=()), is_dry_run=True)
    assert "### What would be done (dry run)\n\n- create labels `new`\n" in summary
    assert "What was done" not in summary


@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=3), max_size=12).map("".join))
def test_hostile_evidence_breaks_no_table_and_works_nowhere(text: str) -> None:
    issue = an_issue(body=f"key: x{text}x\n\nNo space left on device")
    rule = a_rule(match={"phrase": "No space left on device", "regex": "key: (?P<seen>x[^☃]*x)"})
    matches = matches_of(issue, rule)
    assume(matches)  # the line that opens a fence is no text of a report, and the last x may stand there
    result = Result(repository=REPOSITORY, issue=7, decisions=decided(matches, LinkDecisions()))
    tokens = MarkdownIt("commonmark").enable("table").parse(render_summary(result, is_dry_run=True))
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
    refused = LinkDecision(candidate=found, effect="refused", reason="it is locked")
    decisions = Decisions(links=LinkDecisions(candidates=(a_link(found, a_target(5, url=URL)), refused)))
    result = Result(repository=REPOSITORY, issue=7, decisions=decisions)
    tokens = MarkdownIt("commonmark").enable("table").parse(render_summary(result, is_dry_run=True))
    rows = [token.type for token in tokens if token.type in {"tr_open", "th_open", "td_open"}]
    inlines = [child for token in tokens for child in token.children or []]
    prose = " ".join(child.content for child in inlines if child.type == "text")
    scores = ["tr_open", *["th_open"] * 2, "tr_open", *["td_open"] * 2]
    assert rows == ["tr_open", *["th_open"] * 5, "tr_open", *["td_open"] * 5, *scores]
    assert {child.content for child in inlines if child.type == "html_inline"} <= {"<br>"}
    assert {token.content.strip() for token in tokens if token.type == "html_block"} == {
        "<details><summary>How the scores came about</summary>",
        "</details>",
    }
    assert re.search(r"@octocat|#12|::error::", prose) is None


if __name__ == "__main__":
    GOLDEN.write_text(render_summary(a_result(), is_dry_run=False), "utf-8")
