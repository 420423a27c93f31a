"""The drawing of a report: which nodes and links have room in it, and the same as a Mermaid flowchart. Pure.

GitHub runs Mermaid with its own settings: at most 50,000 characters and 500 edges, no clicks
(https://github.com/mermaid-js/mermaid/blob/develop/packages/mermaid/src/defaultConfig.ts). Colours set `color` with
`fill`, because GitHub's dark mode changes the colour of labels.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.insights.graph.relations import (
    BEHIND_A_HUB,
    find_hubs,
    find_kept,
    is_automated,
    list_neighbours,
    rank_edge,
    rank_nodes,
)
from bot.insights.graph.types import Fix, Graph
from bot.insights.report.wording import COLOURS, STATES, find_state, name_state, shorten_title
from bot.insights.sentence import shorten
from bot.text.printable import count, reveal_line
from bot.tracker.graph import Address, Edge, EdgeKind
from bot.tracker.types import Release

LONGEST_TITLE = 28
_ARROWS: Mapping[EdgeKind, str] = {
    "closes": "-->|fixes|",
    "claims": "-.->|says it fixes|",
    "duplicate_of": "==>|duplicate of|",
    "part_of": "--o|part of|",
    "blocks": "--o|blocks|",
    "connected": "---|linked|",
    "references": "-.->",
    "mentions": "-.->",
}
_PLAIN = re.compile(r"[^\w ,]|(?<![A-Za-z])_|_(?![A-Za-z])")
_INNER = re.compile(r"(?<=[A-Za-z0-9])[.-](?=[A-Za-z0-9])")


class Shown(NamedTuple):
    """A release that a drawing shows: the first one with a fix."""

    repository: str
    release: Release
    fix: Fix

    @property
    def fixer(self) -> Address:
        """The pull request with the fix; the fixed issue if a commit has it."""
        return self.fix.by or self.fix.issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What is drawn of a graph: nodes (the seeds first), edges, and releases with the fix that each has.

    `hubs` has the number of neighbours of a hub that are not drawn. `left_out` and `edges_left_out` count what the
    limits cut; automated mentions are never drawn and not counted.
    """

    nodes: tuple[Address, ...]
    edges: tuple[Edge, ...]
    releases: tuple[Shown, ...] = ()
    hubs: Mapping[Address, int] = field(default_factory=dict)
    left_out: int = 0
    edges_left_out: int = 0


def choose_drawing(graph: Graph, most_nodes: int, most_edges: int) -> Drawing:
    """The most relevant part that fits: it grows from what is never cut, always by the best neighbour.

    Releases count as nodes. The path to canonical issue, fix and release is drawn even where it alone is larger than
    the limits.
    """
    neighbours, hubs, kept = list_neighbours(graph), find_hubs(graph), find_kept(graph)
    ranks, releases = rank_nodes(graph), _list_releases(graph, kept)
    shown = [address for address in sorted(ranks, key=lambda each: ranks[each]) if ranks[address][0] < BEHIND_A_HUB]
    room = max(0, most_nodes - len(releases) - len(kept))
    chosen = dict.fromkeys([*kept, *[address for address in shown if address not in kept][:room]])
    behind = {each: {other for other, _ in neighbours[each]} - chosen.keys() for each in hubs & chosen.keys()}
    edges, most = _choose_edges(graph, chosen), max(0, most_edges - len(releases))
    return Drawing(
        nodes=tuple(chosen),
        edges=tuple(edges[:most]),
        releases=releases,
        hubs={each: len(others) for each, others in sorted(behind.items()) if others},
        left_out=len(ranks.keys() - chosen.keys() - set[Address]().union(*behind.values())),
        edges_left_out=max(0, len(edges) - most),
    )


def count_steps(graph: Graph, drawing: Drawing) -> dict[Address, int]:
    """The steps from what is never cut to each drawn node, over drawn edges; the nearest nodes first."""
    steps = {address: 0 for address in find_kept(graph) if address in drawing.nodes}
    waiting = list(steps)
    while waiting:
        here = waiting.pop(0)
        for edge in drawing.edges:
            if here in {edge.source, edge.target}:
                other = edge.target if edge.source == here else edge.source
                if other not in steps:
                    steps[other] = steps[here] + 1
                    waiting.append(other)
    return steps


def _choose_edges(graph: Graph, chosen: Mapping[Address, None]) -> list[Edge]:
    """The most telling edge of each pair of nodes; those that hold the drawing together come first.

    Two issues that are marked as duplicates of each other have both marks.
    """
    pairs: dict[frozenset[Address], list[Edge]] = defaultdict(list)
    for edge in sorted(graph.edges, key=lambda edge: (rank_edge(edge), edge.source, edge.target, edge.kind)):
        known = pairs[frozenset((edge.source, edge.target))]
        is_cycle = bool(known) and {edge.kind, *(each.kind for each in known)} == {"duplicate_of"}
        is_inside = edge.source in chosen and edge.target in chosen and edge.source != edge.target
        if is_inside and not is_automated(edge) and (not known or is_cycle):
            known.append(edge)
    edges = [edge for known in pairs.values() for edge in known]
    kept, order = find_kept(graph), {address: number for number, address in enumerate(chosen)}
    first = set(_list_first(edges, order))

    def rank(edge: Edge) -> tuple[bool, bool, int, Address, Address, EdgeKind]:
        is_kept = edge.source in kept and edge.target in kept
        return (not is_kept, edge not in first, rank_edge(edge), edge.source, edge.target, edge.kind)

    return sorted(edges, key=rank)


def _list_first(edges: Iterable[Edge], order: Mapping[Address, int]) -> Iterator[Edge]:
    """For each node the edge by which it was reached first."""
    reached = set[Address]()
    for edge in sorted(edges, key=lambda edge: (max(order[edge.source], order[edge.target]), rank_edge(edge))):
        later = max(edge.source, edge.target, key=lambda each: order[each])
        if later not in reached:
            reached.add(later)
            yield edge


def _list_releases(graph: Graph, kept: Mapping[Address, None]) -> tuple[Shown, ...]:
    """The releases with the fixes of the kept issues, each release once."""
    found: dict[tuple[str, str], Shown] = {}
    for address in kept:
        for fix in graph.fixes.get(address, ()):
            if fix.release:
                found.setdefault((address.repository, fix.release.tag), Shown(address.repository, fix.release, fix))
    return tuple(found.values())


def draw_mermaid(graph: Graph, drawing: Drawing, home: str) -> str:
    """The flowchart, from left to right; each node is named by its place in the drawing."""
    names = {address: f"n{number}" for number, address in enumerate(drawing.nodes)}
    lines = [
        "flowchart LR",
        f"accTitle: Issues and pull requests linked to {_write_title(graph, home)}",
        f"accDescr: {_describe(graph, drawing)}",
        *(f"{name}{_write_node(graph, address, home, drawing.hubs)}" for address, name in names.items()),
        *(
            f'r{number}{{{{"{escape_label(shorten_title(shown.release.tag, LONGEST_TITLE))}"}}}}:::done'
            for number, shown in enumerate(drawing.releases)
        ),
        *(f"{names[edge.source]} {_ARROWS[edge.kind]} {names[edge.target]}" for edge in drawing.edges),
        *_draw_releases(drawing, names),
        *(f"classDef {state} {style}" for state, style in COLOURS.items()),
        "classDef seed stroke-width:4px,stroke-dasharray:0",
        f"class {','.join(names[seed] for seed in graph.seeds if seed in names)} seed",
        "linkStyle default stroke:#6e7781",
    ]
    return "\n".join(lines)


def draw_part(graph: Graph, home: str, most_nodes: int, most_edges: int) -> tuple[str, Drawing]:
    """The flowchart of the most relevant part of a graph that fits, and that part."""
    drawing = choose_drawing(graph, most_nodes, most_edges)
    return draw_mermaid(graph, drawing, home), drawing


def describe_cut(drawing: Drawing) -> str:
    """What a drawing shows, and what its limits cut."""
    nodes = f"the {len(drawing.nodes)} most relevant nodes ({drawing.left_out:,} left out)"
    return f"{nodes} and {count(len(drawing.edges), 'relation')} ({drawing.edges_left_out:,} left out)"


def escape_label(text: str) -> str:
    """Text of a stranger in a quoted label: all but letters, digits, spaces and commas becomes a numeric entity.

    Mermaid reads Markdown and directives in labels, so a text may have neither. https://mermaid.js.org/syntax/flowchart.html
    """
    flat = reveal_line(" ".join(text.split()))
    kept = {found.start() for found in _INNER.finditer(flat)}
    return _PLAIN.sub(lambda found: found[0] if found.start() in kept else f"#{ord(found[0])};", flat)


def _write_title(graph: Graph, home: str) -> str:
    names = [shorten(seed, home) for seed in graph.seeds]
    return names[0] if len(names) == 1 else count(len(names), "issue")


def _describe(graph: Graph, drawing: Drawing) -> str:
    """The drawing in a sentence; the table below it in the report has all of it."""
    states = [find_state(graph.nodes.get(address)) for address in drawing.nodes]
    counts = (f"{states.count(state)} {name}" for state, name in STATES.items() if state in states)
    size = f"{count(len(states), 'node')} and {count(len(drawing.edges), 'relation')}"
    return f"{size}, {', '.join(counts)}. The table lists them."


def _write_node(graph: Graph, address: Address, home: str, hubs: Mapping[Address, int]) -> str:
    """An issue is a rectangle, a pull request a stadium; a hub says how many neighbours are not drawn."""
    node = graph.nodes.get(address)
    head = f"{escape_label(shorten(address, home))} {name_state(node)}"
    title = f"<br>{escape_label(shorten_title(node.issue.title, LONGEST_TITLE))}" if node else ""
    more = f"<br>and {hubs[address]} more" if address in hubs else ""
    is_pull = node is not None and node.issue.is_pull_request
    start, end = ("([", "])") if is_pull else ("[", "]")
    return f'{start}"{head}{title}{more}"{end}:::{find_state(node)}'


def _draw_releases(drawing: Drawing, names: Mapping[Address, str]) -> Iterator[str]:
    for number, shown in enumerate(drawing.releases):
        if shown.fixer in names:
            words = "first in" if shown.fix.is_verified else "released after"
            yield f"{names[shown.fixer]} -->|{words}| r{number}"
