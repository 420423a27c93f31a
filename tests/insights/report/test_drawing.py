"""Which links count most, and which of them a drawing keeps."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights.graph.relations import HUB, rank_nodes
from bot.insights.graph.types import Graph
from bot.insights.report.drawing import Drawing, choose_drawing
from bot.tracker.graph import EdgeKind
from tests.insights.graphs import a_graph, a_node, an_edge, at, released
from tests.insights.reports import make_largest_graph

KINDS: tuple[EdgeKind, ...] = (
    *("closes", "duplicate_of", "part_of", "blocks", "connected", "claims", "references", "mentions"),
)


def test_a_path_is_as_telling_as_its_weakest_relation() -> None:
    edges = [an_edge("references", 8, 7), an_edge("duplicate_of", 9, 8), an_edge("blocks", 10, 7)]
    ranks = rank_nodes(a_graph([a_node(number) for number in (7, 8, 9, 10)], edges))
    assert [address.number for address in sorted(ranks, key=lambda each: ranks[each])] == [7, 10, 8, 9]


def test_open_and_recent_ones_come_first() -> None:
    nodes = [a_node(7), a_node(8, state="closed"), a_node(9), a_node(10)]
    ranks = rank_nodes(a_graph(nodes, [an_edge("connected", number, 7) for number in (8, 9, 10)]))
    assert [address.number for address in sorted(ranks, key=lambda each: ranks[each])][1:] == [9, 10, 8]


def test_a_hub_is_drawn_and_not_expanded() -> None:
    edges = [an_edge("part_of", 7, 8), *(an_edge("part_of", number, 8) for number in range(100, 100 + HUB))]
    nodes = [a_node(7), a_node(8), *(a_node(number) for number in range(100, 100 + HUB))]
    assert choose_drawing(a_graph(nodes, edges), 60, 100) == Drawing(
        nodes=(at(7), at(8)), edges=(an_edge("part_of", 7, 8),), hubs={at(8): HUB}
    )


def make_long_chain(length: int) -> Graph:
    """A chain of duplicates with a released fix at its end, and a hundred mentions of its start."""
    numbers = [7, *range(200, 200 + length)]
    marks = [an_edge("duplicate_of", one, other) for one, other in pairwise(numbers)]
    nodes = [a_node(number) for number in (*numbers, *range(1000, 1100), 500)]
    edges = [
        *marks,
        *(an_edge("mentions", number, 7) for number in range(1000, 1100)),
        an_edge("closes", 500, numbers[-1]),
    ]
    return a_graph(nodes, edges, fixes={at(numbers[-1]): (released(numbers[-1], 500),)})


@pytest.mark.parametrize("length", [1, 5, 20])
def test_the_path_to_canonical_fix_and_release_is_never_cut(length: int) -> None:
    graph = make_long_chain(length)
    drawing = choose_drawing(graph, 15, 30)
    path = {at(7), at(500), *(at(200 + step) for step in range(length))}
    assert path - {*drawing.nodes} == set()
    assert [shown.release.tag for shown in drawing.releases] == ["v2.1.0"]
    assert {edge for edge in graph.edges if {edge.source, edge.target} <= path} - {*drawing.edges} == set()
    assert len(drawing.nodes) == max(len(path), 14)
    assert drawing.left_out == len(graph.nodes) - len(drawing.nodes)


def test_what_is_cut_is_counted() -> None:
    graph = make_largest_graph()
    drawing = choose_drawing(graph, 60, 100)
    assert (len(drawing.nodes), drawing.left_out) == (60, len(graph.nodes) - 60)
    assert (len(drawing.edges), drawing.edges_left_out > 0) == (100, True)


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 30), st.integers(1, 30)), max_size=80),
    st.integers(1, 20),
    st.integers(0, 20),
)
def test_a_drawing_is_connected_and_within_its_limits(
    triples: list[tuple[EdgeKind, int, int]], most_nodes: int, most_edges: int
) -> None:
    edges = [an_edge(kind, one, other) for kind, one, other in dict.fromkeys(triples)]
    graph = a_graph([a_node(number) for number in range(1, 31)], edges)
    drawing = choose_drawing(graph, most_nodes, most_edges)
    kept = {at(7), *(graph.chains[at(7)].steps if at(7) in graph.chains else ())}

    assert len(drawing.nodes) <= max(most_nodes, len(kept))
    assert len(drawing.edges) <= most_edges
    assert all(edge.source in drawing.nodes and edge.target in drawing.nodes for edge in drawing.edges)
    assert drawing == choose_drawing(a_graph(graph.nodes.values(), edges[::-1]), most_nodes, most_edges)
