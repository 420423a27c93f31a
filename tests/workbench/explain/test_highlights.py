"""Evidence in its place, and what is shown of an issue: the lines that matter, with their views and highlights."""

import itertools

import pytest

from bot.issue.facts import extract_facts
from bot.rules.conditions.types import Evidence
from bot.text.markdown import Span
from bot.workbench.explain.highlights import (
    Excerpt,
    Highlight,
    Place,
    Segment,
    choose_lines,
    make_excerpt,
    make_place,
    split_span,
    trim_span,
)
from tests.issue.issues import make_issue

IN_APP = (
    "**Bug Description**\nit broke\n**Errors**\n```\nENOSPC\n```\n**Environment Info**\n- Version: 1.2\n<!-- no -->"
)


def excerpt(body: str, *spans: tuple[int, int]) -> Excerpt:
    highlights = [
        Highlight(number=n, rule="a", conditions=("x",), kind="evidence", place=place(body, span), rank=0)
        for n, span in enumerate(spans, 1)
    ]
    return make_excerpt("body", body, highlights, extract_facts(make_issue(body)))


def place(body: str, span: tuple[int, int]) -> Place:
    start, end = span
    evidence = Evidence(view="body", source="body", wanted="x", text="", line=1, start=start, end=end)
    return make_place(evidence, {"body": body})


def segments(found: Excerpt) -> list[list[Segment]]:
    return [[*line.segments] for run in found.runs for line in run.lines]


@pytest.mark.parametrize(
    "total, highlighted, headings, shown",
    [
        pytest.param(24, [], [], {*range(1, 25)}, id="a short text whole"),
        pytest.param(100, [], [], {*range(1, 7)}, id="the beginning where nothing is highlighted"),
        pytest.param(100, [(50, 50)], [], {48, 49, 50, 51, 52}, id="two lines around a highlight"),
        pytest.param(100, [(1, 1)], [], {1, 2, 3}, id="at the beginning"),
        pytest.param(100, [(99, 100)], [], {97, 98, 99, 100}, id="at the end"),
        pytest.param(100, [(50, 90)], [], {*range(48, 57), *range(88, 93)}, id="the ends of a long highlight"),
        pytest.param(100, [(50, 50), (56, 56)], [], {*range(48, 59)}, id="a gap of a line is no gap"),
        pytest.param(100, [(50, 50)], [3, 40, 60], {40, *range(48, 53)}, id="the heading above"),
        pytest.param(100, [(50, 50)], [60], {*range(48, 53)}, id="no heading above"),
    ],
)
def test_lines_that_matter_are_chosen(
    total: int, highlighted: list[tuple[int, int]], headings: list[int], shown: set[int]
) -> None:
    assert choose_lines(total, highlighted, headings) == shown


def test_each_line_has_the_views_that_it_is_read_in() -> None:
    (run,) = excerpt(IN_APP).runs

    assert [(line.number, *line.views) for line in run.lines] == [
        (1,),
        (2, "body"),
        (3,),
        (4,),
        (5, "errors"),
        (6,),
        (7,),
        (8, "body"),
        (9,),
    ]


def test_evidence_is_a_segment_that_ends_where_its_last_line_does() -> None:
    assert segments(excerpt("one two\nthree\nfour", (4, 11), (8, 13))) == [
        [Segment("one "), Segment("two", (1,))],
        [Segment("thr", (1, 2), (1,)), Segment("ee", (2,), (2,))],
        [Segment("four")],
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_are_no_part_of_a_line(end: str) -> None:
    body = f"one{end}two{end}{end}"

    assert segments(excerpt(body, (0, 3))) == [[Segment("one", (1,), (1,))], [Segment("two")]]


def test_a_long_line_is_cut_around_its_evidence() -> None:
    (line,) = segments(excerpt("a" * 500 + "HIT" + "b" * 500, (500, 503)))

    assert [(s.text[:3], len(s.text), s.numbers, s.is_hidden) for s in line] == [
        ("aaa", 420, (), True),
        ("aaa", 80, (), False),
        ("HIT", 3, (1,), False),
        ("bbb", 80, (), False),
        ("bbb", 420, (), True),
    ]


def test_of_long_evidence_the_ends_are_shown() -> None:
    (line,) = segments(excerpt("x" + "y" * 900 + "z", (1, 901)))

    assert [(len(s.text), s.numbers, s.ends, s.is_hidden) for s in line] == [
        (1, (), (), False),
        (80, (1,), (), False),
        (740, (1,), (), True),
        (80, (1,), (1,), False),
        (1, (), (), False),
    ]


def test_nothing_is_lost() -> None:
    body = "\n".join(f"line {number} " + "x" * (number * 7) for number in range(90))
    found = excerpt(body, (300, 310), (2000, 9000))

    assert "\n".join("".join(s.text for s in line) for line in segments(found)) == body
    assert 0 < sum(len(run.lines) for run in found.runs if not run.is_shown) < 90


def test_an_empty_text_has_one_empty_line() -> None:
    assert segments(excerpt("")) == [[]]


@pytest.mark.parametrize(
    "spans, parts",
    [
        pytest.param([], [(0, 9, "")], id="none"),
        pytest.param([(1, 3)], [(0, 1, ""), (1, 3, "a"), (3, 9, "")], id="one"),
        pytest.param([(0, 3), (3, 9)], [(0, 3, "a"), (3, 9, "b")], id="side by side"),
        pytest.param([(0, 3), (5, 9)], [(0, 3, "a"), (3, 5, ""), (5, 9, "b")], id="apart"),
        pytest.param([(0, 4), (2, 9)], [(0, 2, "a"), (2, 4, "ab"), (4, 9, "b")], id="over"),
        pytest.param([(0, 9), (2, 4)], [(0, 2, "a"), (2, 4, "ab"), (4, 9, "a")], id="in"),
        pytest.param([(0, 9), (0, 9)], [(0, 9, "ab")], id="the same place"),
        pytest.param([(-4, 3), (7, 20), (20, 30)], [(0, 3, "a"), (3, 7, ""), (7, 9, "b")], id="beyond the ends"),
        pytest.param([(2, 2)], [(0, 9, "")], id="nothing to cover"),
    ],
)
def test_overlaps_are_split(spans: list[tuple[int, int]], parts: list[tuple[int, int, str]]) -> None:
    found = split_span(0, 9, zip(itertools.starmap(Span, spans), "abc", strict=False))

    assert [(*span, "".join(labels)) for span, labels in found] == parts


def test_an_empty_span_has_no_parts() -> None:
    assert [*split_span(3, 3, [(Span(0, 9), "a")])] == []


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
