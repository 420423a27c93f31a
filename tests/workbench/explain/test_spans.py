"""Evidence in place: in reading order, and apart where it overlaps."""

import pytest

from bot.text.markdown import Span
from bot.workbench.explain.spans import (
    Highlight,
    HighlightPiece,
    find_highlights,
    list_sources,
    split_highlights,
    trim_span,
)
from tests.issue.issues import make_comment, make_issue
from tests.rules.rules import make_ruleset, write_rule

RULES = make_ruleset(
    write_rule("pie", "{phrase: apple pie is gone}"),
    write_rule("gone", "{all: [{phrase: pie is gone again}, {os: windows}]}"),
    write_rule("said", "{phrase: it is broken now, in: [comments]}"),
    write_rule("no", "{phrase: plum pie is gone}"),
)


def a_highlight(start: int, end: int, rule: str = "a", source: str = "body") -> Highlight:
    return Highlight(source=source, start=start, end=end, rule=rule, condition="phrase")


def test_evidence_stands_in_reading_order_with_its_rule_and_condition() -> None:
    issue = make_issue(
        "My apple pie\nis gone again\n\n### Platform\n\nwindows\n",
        title="An apple pie is gone",
        comments=(make_comment("not mine", "other"), make_comment("it is broken now")),
    )
    sources = list_sources(issue)

    found = [(h.source, h.rule, h.condition, sources[h.source][h.start : h.end]) for h in find_highlights(issue, RULES)]

    assert found == [
        ("title", "pie", 'phrase: "apple pie is gone"', "apple pie is gone"),
        ("body", "gone", 'phrase: "pie is gone again"', "pie\nis gone again"),
        ("body", "gone", "os: windows", "windows"),
        ("comment 1", "said", 'phrase: "it is broken now"', "it is broken now"),
    ]


def test_an_issue_that_matches_nothing_has_none() -> None:
    assert find_highlights(make_issue("plum cake"), RULES) == ()


@pytest.mark.parametrize(
    "highlights, pieces",
    [
        pytest.param((), [], id="none"),
        pytest.param((a_highlight(1, 3),), [(1, 3, "a")], id="one"),
        pytest.param((a_highlight(1, 3), a_highlight(3, 5, "b")), [(1, 3, "a"), (3, 5, "b")], id="side by side"),
        pytest.param((a_highlight(1, 3), a_highlight(5, 6, "b")), [(1, 3, "a"), (5, 6, "b")], id="apart"),
        pytest.param((a_highlight(1, 4), a_highlight(2, 6, "b")), [(1, 2, "a"), (2, 4, "ab"), (4, 6, "b")], id="over"),
        pytest.param((a_highlight(1, 9), a_highlight(2, 4, "b")), [(1, 2, "a"), (2, 4, "ab"), (4, 9, "a")], id="in"),
        pytest.param((a_highlight(1, 3), a_highlight(1, 3, "b")), [(1, 3, "ab")], id="the same place"),
        pytest.param((a_highlight(2, 2),), [], id="nothing to cover"),
    ],
)
def test_overlaps_are_split(highlights: tuple[Highlight, ...], pieces: list[tuple[int, int, str]]) -> None:
    found = split_highlights(highlights)

    assert [(p.start, p.end, "".join(h.rule for h in p.highlights)) for p in found] == pieces


def test_pieces_of_several_sources_stay_apart() -> None:
    title, body = a_highlight(0, 2, source="title"), a_highlight(1, 3)

    assert split_highlights((title, body)) == (
        HighlightPiece(source="title", start=0, end=2, highlights=(title,)),
        HighlightPiece(source="body", start=1, end=3, highlights=(body,)),
    )


@pytest.mark.parametrize(
    "span, shown",
    [
        pytest.param(Span(9, 20), "windows", id="white space at the ends"),
        pytest.param(Span(20, 24), "windows", id="an empty answer: the line before it"),
        pytest.param(Span(0, 9), "### OS", id="text alone"),
        pytest.param(Span(0, 0), "", id="nothing before it"),
    ],
)
def test_a_span_is_trimmed(span: Span, shown: str) -> None:
    text = "### OS  \n\nwindows\n\n  \n\n"
    start, end = trim_span(text, span)

    assert text[start:end] == shown
