"""The graph of a report, drawn by Mermaid itself in a browser: as large as it may be, and with the worst of texts."""

import re
import sys
from collections.abc import Iterator
from html import unescape

import pytest
from hypothesis import given
from playwright.sync_api import Browser, Page

from bot.insights.report.drawing import choose_drawing, draw_mermaid, escape_label
from bot.insights.report.markdown import LARGE, LARGE_EDGES, SMALL, SMALL_EDGES
from tests.comment.hostile_text import HOSTILE, hostile, mend
from tests.insights.graphs import HOME, a_graph, a_node, an_edge, make_neighbourhood
from tests.insights.look import draw
from tests.insights.reports import make_largest_graph

LONGEST = 50_000
"""Characters that Mermaid reads by default."""

WORST = [
    *HOSTILE,
    *('"]; click n0 "javascript:alert(1)"', "%%{init: {'theme':'x'}}%%", "end", "1. one", "- one", "`**x**`", "#quot;"),
    *("<img src=x onerror=alert(1)>", "{{x}}", "n0 --> n1", "fa:fa-car", "$$x$$", "\u202egnp.exe"),
]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    yield page
    page.close()


def read_texts(svg: str) -> str:
    return unescape(re.sub(r"<style.*?</style>|<[^>]+>", " ", svg, flags=re.DOTALL))


def test_the_largest_drawing_is_drawn_within_its_limits(page: Page) -> None:
    graph = make_largest_graph()
    drawing = choose_drawing(graph, LARGE, LARGE_EDGES)
    source = draw_mermaid(graph, drawing, HOME)

    svg, seconds = draw(page, source)

    size = f"{len(drawing.nodes)} nodes, {len(drawing.edges)} relations, {len(source):,} characters"
    sys.stdout.write(f"{size}: {seconds:.1f} s\n")
    assert (len(drawing.nodes), len(drawing.edges), len(source) < LONGEST) == (LARGE, LARGE_EDGES, True)
    assert all(f"#{address.number} open" in read_texts(svg) for address in drawing.nodes)


def test_all_shapes_and_relations_are_drawn(page: Page) -> None:
    graph = make_neighbourhood()
    svg, _ = draw(page, draw_mermaid(graph, choose_drawing(graph, SMALL, SMALL_EDGES), HOME))
    texts = read_texts(svg)
    words = (
        "fixes",
        "says it fixes",
        "duplicate of",
        "part of",
        "blocks",
        "first in",
        "v2.1.0",
        "#41 not read",
        "and 15 more",
    )
    assert [word for word in words if word not in texts] == []


@pytest.mark.parametrize("text", WORST)
def test_no_title_breaks_the_diagram_or_adds_to_it(page: Page, text: str) -> None:
    graph = a_graph([a_node(7, title=text), a_node(8, title=f"x {text}")], [an_edge("references", 8, 7)])
    source = draw_mermaid(graph, choose_drawing(graph, 15, 30), HOME)

    svg, _ = draw(page, source)

    assert len(re.findall(r'class="node ', svg)) == 2
    assert re.findall(r"<(?:script|img|a)\b|<[^>]*\bhref=|Unsupported markdown|Syntax error", svg) == []


@given(hostile.map(mend))
def test_a_label_has_no_sign_with_a_meaning(text: str) -> None:
    label = escape_label(text)
    assert re.sub(r"#\d+;", "", label).isprintable()
    assert re.search(r"[\"`<>{}\[\]()|%\\&@$*~!?'=+^]", label) is None
    assert re.search(r"#(?!\d+;)", label) is None
