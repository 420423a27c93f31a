"""A report as GitHub shows it: all of it, and nothing that calls, links back, breaks out or is drawn by a stranger."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from bot.insights.report.formats import report_to_json
from bot.insights.report.markdown import balance_html, render_markdown
from bot.insights.report.types import Comparison
from tests.comment.hostile_text import find_working, hostile, mend
from tests.insights.look import list_diagrams
from tests.insights.reports import TOOL, make_hostile_report, make_rich_report
from tests.stand_ins.gfm import Page, render

GOLDEN = Path(__file__).parent / "golden" / "report.md"
KNOWN_TAGS = {
    *("h1", "h2", "h3", "p", "em", "strong", "a", "code", "pre", "ul", "ol", "li", "sub", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}
BACKLINK = re.compile(r"https?://(?!redirect\.)(?:www\.)?github\.com/[^/]+/[^/]+/(?:issues|pull)/\d")
PLAIN = "text without anything"


def test_the_report_of_a_neighbourhood() -> None:
    """To accept a change, write the new text into the golden file, and look at it with `tests.insights.look`."""
    assert render_markdown(make_rich_report()) == GOLDEN.read_text("utf-8")


def test_a_report_leaves_no_trace_on_the_issues_that_it_names() -> None:
    page = Page(render(render_markdown(make_rich_report())))
    assert find_working(page.live) == []
    assert [url for url in page.addresses if BACKLINK.match(url)] == []


def count_parts(markdown: str) -> dict[str, int]:
    tags = Page(render(markdown)).tags
    return {tag: tags.count(tag) for tag in ("table", "tr", "td", "details", "summary", "h1", "h2", "blockquote")}


EXPECTED = count_parts(render_markdown(make_hostile_report(PLAIN)))


@settings(max_examples=100)
@given(hostile.map(mend))
def test_text_of_a_stranger_stays_text(text: str) -> None:
    markdown = render_markdown(make_hostile_report(text))
    page = Page(render(markdown))

    assert find_working(page.live) == []
    assert [url for url in page.addresses if BACKLINK.match(url)] == []
    assert {*page.tags} - KNOWN_TAGS == set()
    assert {url for url in page.addresses if not url.startswith("https://")} == set()
    assert all(diagram.startswith("flowchart LR\n") for diagram in list_diagrams(markdown))


@settings(max_examples=40)
@given(hostile.map(mend))
def test_text_of_a_stranger_breaks_no_table_and_no_section(text: str) -> None:
    found = count_parts(render_markdown(make_hostile_report(f"x{text}")))
    assert (found["table"], found["td"] % 4, found["h1"]) == (EXPECTED["table"], EXPECTED["td"] % 4, 1)


@pytest.mark.parametrize("text", ["| a | b |", "x\n\n# y", "</details>", "```\n```mermaid\nx", "%%{init: {}}%%", "$x$"])
def test_the_structure_is_the_same_for_any_title(text: str) -> None:
    report = make_hostile_report(text)
    assert count_parts(render_markdown(report)).keys() == EXPECTED.keys()
    assert report_to_json(report)["issue"]["number"] == 7


@pytest.mark.parametrize(
    "text, is_kept",
    [
        ("<details>\n<summary>More</summary>\n\nText.\n\n</details>", True),
        ("A<br>b <sub>c</sub> and `<details>`.", True),
        ("<details>\n<summary>More</summary>\n\nText.", False),
        ("Text.\n\n</details>", False),
        ("<b><i>x</b></i>", False),
        ("<TABLE><tr>", False),
    ],
)
def test_html_of_a_rule_holds_nothing_that_follows(text: str, *, is_kept: bool) -> None:
    balanced = balance_html(text)
    folded = int(is_kept and "</details>" in text)
    assert (balanced == text, Page(render(balanced)).tags.count("details")) == (is_kept, folded)


def test_the_title_of_a_tool_may_have_code() -> None:
    report = replace(make_rich_report(), tools=(replace(TOOL, title="`du -sh` of *all*"),))
    assert "- [`du -sh` of \\*all\\*](https://tools.example/du): " in render_markdown(report)


def test_a_comparison_says_what_was_not_compared() -> None:
    found = Comparison(at="2026-05-01T12:00:00+02:00", remarks=("New findings were not compared",))
    assert (
        "## Since the report of 1 May 2026, 10:00 UTC\n\nNothing changed among what both reports read.\n\n"
        "- New findings were not compared.\n"
    ) in render_markdown(replace(make_rich_report(), comparison=found))
