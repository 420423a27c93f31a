"""Fences, HTML comments and headings."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.markdown import Heading, Span, drop_comments, find_headings, find_hidden, find_next, is_inside


def fences(text: str) -> list[str]:
    return [text[content.start : content.end] for _, content in find_hidden(text).fences]


def comments(text: str) -> list[str]:
    return [text[span.start : span.end] for span in find_hidden(text).comments]


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("a\n```\nb\n```\nc", ["b\n"], id="backticks"),
        pytest.param("~~~\nb\n~~~", ["b\n"], id="tildes"),
        pytest.param("```shell\nb\n```", ["b\n"], id="with a language"),
        pytest.param("   ```\nb\n   ```", ["b\n"], id="indented"),
        pytest.param("````\n```\nb\n```\n````", ["```\nb\n```\n"], id="a fence in a longer fence"),
        pytest.param("```\nb\n`````", ["b\n"], id="a longer closer"),
        pytest.param("````\n```\nb", ["```\nb"], id="a shorter line closes nothing"),
        pytest.param("`````\n```\n````\nb\n`````\nc", ["```\n````\nb\n"], id="the first closer that is long enough"),
        pytest.param("```\n~~~\nb\n```", ["~~~\nb\n"], id="tildes do not close backticks"),
        pytest.param("~~~ `a`\nb\n~~~", ["b\n"], id="tildes may have backticks in their info"),
        pytest.param("```a`b\nc", [], id="backticks may not: that is inline code"),
        pytest.param("``` inline ``` text\nc", [], id="inline code of three backticks"),
        pytest.param("``\nb\n``", [], id="two backticks are no fence"),
        pytest.param("- ```\n  b\n  ```", ["  b\n"], id="in a list"),
        pytest.param("1. ```\n   b\n   ```", ["   b\n"], id="in a numbered list"),
        pytest.param("1. text\n\n     ```\n     b\n     ```\n", ["     b\n"], id="below a list item"),
        pytest.param("```\r\nb\r\n```\r\nc", ["b\r\n"], id="CRLF"),
        pytest.param("```\nb", ["b"], id="unclosed to the end"),
        pytest.param("```", [""], id="an opener alone"),
        pytest.param("```\n", [""], id="an opener and a line end"),
        pytest.param("```\n```", [""], id="empty"),
        pytest.param("```\na\n```\n```\nb\n```", ["a\n", "b\n"], id="one after the other"),
        pytest.param("```\na\n\n### Next\n\nb", ["a\n"], id="unclosed ends at a form heading"),
        pytest.param("```\n\n### Next\n\nb\n```\n", ["\n### Next\n\nb\n"], id="closed holds what looks like one"),
        pytest.param("```\n<!-- a -->\n```", ["<!-- a -->\n"], id="a comment in a fence is text"),
        pytest.param("<!--\n```\n-->\n```\nb\n```", ["b\n"], id="a fence in a comment is none"),
        pytest.param("plain", [], id="none"),
    ],
)
def test_fences_are_found(text: str, expected: list[str]) -> None:
    assert fences(text) == expected


def test_a_known_label_ends_any_fence() -> None:
    text = "### Logs\n\n```\nb\n\n### Version\n\n```\n"
    known = find_hidden(text, find_headings(text), {"Logs", "Version"}).fences
    assert [text[content.start : content.end] for _, content in known] == ["b\n\n", ""]


def test_a_heading_of_another_level_ends_no_fence() -> None:
    text = "```\nb\n## Version\nc\n```\n"
    found = find_hidden(text, find_headings(text), {"Version"}).fences
    assert [text[content.start : content.end] for _, content in found] == ["b\n## Version\nc\n"]


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("a <!-- b --> c", ["<!-- b -->"], id="closed"),
        pytest.param("a <!-- b\nc --> d", ["<!-- b\nc -->"], id="over lines"),
        pytest.param("<!--a--><!--b-->", ["<!--a-->", "<!--b-->"], id="two"),
        pytest.param("a <!-- b", [], id="unclosed hides nothing"),
        pytest.param("<!-- a --> <!-- b", ["<!-- a -->"], id="closed, then unclosed"),
        pytest.param("<!-- a <!-- b --> c -->", ["<!-- a <!-- b -->"], id="they do not nest"),
        pytest.param("<!--> a <!-- b -->", ["<!-->", "<!-- b -->"], id="the shortest one"),
    ],
)
def test_comments_are_found(text: str, expected: list[str]) -> None:
    assert comments(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a <!-- b --> c", "a  c"),
        ("<!-- a --><!-- b -->c", "c"),
        ("a <!-- b", "a <!-- b"),
        ("<!-->a", "a"),
        ("a", "a"),
        ("--> a <!--", "--> a <!--"),
    ],
)
def test_comments_are_dropped(text: str, expected: str) -> None:
    assert drop_comments(text) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("### Version\nx", [Heading(0, 11, "atx", 3, "Version")], id="atx"),
        pytest.param("## A ##\n", [Heading(0, 7, "atx", 2, "A")], id="atx, closed"),
        pytest.param("# A\r\n", [Heading(0, 4, "atx", 1, "A")], id="CRLF"),
        pytest.param("#A\n####### B", [], id="no heading"),
        pytest.param("**Bug Description**\nx", [Heading(0, 19, "bold", 0, "Bug Description")], id="bold"),
        pytest.param("**Version:** 2", [Heading(0, 13, "bold", 0, "Version")], id="bold, colon inside"),
        pytest.param("**Version**: 2", [Heading(0, 12, "bold", 0, "Version")], id="bold, colon outside"),
        pytest.param("a **b** c", [], id="bold inside a line"),
        pytest.param("<h2 class='x'>A</h2>", [Heading(0, 20, "html", 2, "A")], id="html"),
        pytest.param(
            "**B**\n# A\n", [Heading(0, 5, "bold", 0, "B"), Heading(6, 9, "atx", 1, "A")], id="in their order"
        ),
    ],
)
def test_headings_are_found(text: str, expected: list[Heading]) -> None:
    assert list(find_headings(text)) == expected


@pytest.mark.parametrize("position, expected", [(0, 2), (2, 2), (3, 5), (6, 9)])
def test_the_next_position(position: int, expected: int) -> None:
    assert find_next([2, 5], position, 9) == expected


@pytest.mark.parametrize("position, expected", [(0, False), (2, True), (4, True), (5, False), (8, True), (9, False)])
def test_inside_spans(position: int, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert is_inside([Span(2, 5), Span(7, 9)], position) is expected


PARTS = ["```\n", "````\n", "~~~\n", "<!--", "-->", "### A\n\n", "a\n", "\n", " ", "- ", "`", "\r\n"]


@given(st.lists(st.sampled_from(PARTS)).map("".join))
def test_fences_and_comments_lie_apart_and_inside_the_text(text: str) -> None:
    hidden = find_hidden(text, find_headings(text), {"A"})
    spans = sorted([*(whole for whole, _ in hidden.fences), *hidden.comments], key=lambda span: span.start)
    for whole, content in hidden.fences:
        assert whole.start <= content.start <= content.end <= whole.end
    assert all(first.end <= second.start for first, second in pairwise(spans))
    assert all(0 <= span.start <= span.end <= len(text) for span in spans)
