"""The edges of an issue graph: which matter more, which say the same, where chains end, and what was fixed. Pure."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush

from bot.insights.graph.types import Chain, Fix, Graph
from bot.tracker.graph import Address, Edge, EdgeKind, Node
from bot.tracker.types import MAINTAINERS, Release

MOST_STEPS = 20
"""The maximum number of steps in a chain of duplicates."""

_SURELY_ALL = 50
"""GitHub gives 100 releases at once, drafts included; with so few published ones there are no older ones."""

HUB = 12
"""An issue with more links than this is drawn, and what is linked to it is not read, unless the report is about it.

vercel-labs/issue-graph has the same threshold.
"""

_RANKS: Mapping[EdgeKind, int] = {
    "closes": 0,
    "duplicate_of": 1,
    "part_of": 2,
    "blocks": 2,
    "connected": 3,
    "claims": 4,
    "references": 6,
    "mentions": 7,
}
_OF_MAINTAINERS = 5
_OF_BOTS = 8
BEHIND_A_HUB = 9
"""The rank of what only a hub leads to."""
_FAR = 99
_NEVER = datetime.min.replace(tzinfo=UTC)
_PLACES = ("body", "comment", "field", "timeline")


def rank_edge(edge: Edge) -> int:
    """How much a relation matters, 0 for the most.

    Closing, duplicate, parent and dependency, connected, claim, what a maintainer named, reference, prose; what a bot
    named comes last.
    """
    if is_automated(edge):
        return _OF_BOTS
    is_named = edge.kind in {"references", "mentions"}
    return _OF_MAINTAINERS if is_named and edge.association in MAINTAINERS else _RANKS[edge.kind]


def is_automated(edge: Edge) -> bool:
    """Whether a bot only named an issue. What a bot set on GitHub, such as a closing link, counts like any other."""
    return edge.kind in {"references", "mentions"} and edge.by is not None and edge.by.is_bot


def sort_by_relevance(ends: Mapping[Address, Iterable[Edge]]) -> list[Address]:
    """Issues by the best of the edges that lead to each; of equal ones, the most recent first."""

    def weigh(address: Address) -> tuple[int, float, str, int]:
        edges = list(ends[address])
        latest = max((edge.at for edge in edges if edge.at), default=_NEVER)
        age = -latest.timestamp() if latest != _NEVER else 0.0
        return min(map(rank_edge, edges)), age, address.repository, -address.number

    return sorted(ends, key=weigh)


def merge_edges(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Each relation once, with the best evidence, in a stable order.

    A claim gives way to GitHub's closing reference, and a mention to any other relation in the same direction.
    """
    best = dict[tuple[EdgeKind, Address, Address], Edge]()
    for edge in edges:
        known = best.get(edge[:3])
        best[edge[:3]] = edge if known is None else max(known, edge, key=_weigh_evidence)
    related = {(edge.source, edge.target) for edge in best.values() if edge.kind != "mentions"}
    kept = (
        edge
        for edge in best.values()
        if not (edge.kind == "claims" and ("closes", edge.source, edge.target) in best)
        and not (edge.kind == "mentions" and (edge.source, edge.target) in related)
    )
    return tuple(sorted(kept, key=lambda edge: (rank_edge(edge), edge.kind, edge.source, edge.target)))


def _weigh_evidence(edge: Edge) -> tuple[bool, bool, bool, int, float, str]:
    """Who set it, where it can be seen, and then the first time."""
    age = -edge.at.timestamp() if edge.at else 0.0
    return edge.by is not None, bool(edge.url), bool(edge.association), _PLACES.index(edge.place), age, edge.url


def rename_ends(edges: Iterable[Edge], rename: Callable[[Address], Address]) -> tuple[Edge, ...]:
    """The edges between the places where issues are now; an edge from an issue to itself is left out."""
    renamed = (edge._replace(source=rename(edge.source), target=rename(edge.target)) for edge in edges)
    return tuple(edge for edge in renamed if edge.source != edge.target)


def map_duplicates(edges: Iterable[Edge]) -> dict[Address, Address]:
    """The issue that each one duplicates; of several marks the latest counts, then that of the oldest issue."""
    latest = dict[Address, Edge]()
    for edge in edges:
        if edge.kind == "duplicate_of":
            latest[edge.source] = max(latest.get(edge.source, edge), edge, key=_rank_mark)
    return {source: edge.target for source, edge in latest.items()}


def _rank_mark(edge: Edge) -> tuple[datetime, int, str]:
    return edge.at or _NEVER, -edge.target.number, edge.target.repository


def list_chains(edges: Iterable[Edge], nodes: Mapping[Address, Node]) -> dict[Address, Chain]:
    """The chain of each issue that is marked as a duplicate."""
    canonical = map_duplicates(edges)
    return {start: _follow(start, canonical, nodes) for start in sorted(canonical) if start in nodes}


def _follow(start: Address, canonical: Mapping[Address, Address], nodes: Mapping[Address, Node]) -> Chain:
    steps = [start]
    while (following := canonical.get(steps[-1])) and len(steps) <= MOST_STEPS:
        steps.append(following)
        if following in steps[:-1]:
            return Chain(steps=tuple(steps), end="cycle")
    is_end = steps[-1] in nodes and steps[-1] not in canonical
    return Chain(steps=tuple(steps), end="canonical" if is_end else "broken")


def list_fixes(nodes: Mapping[Address, Node], edges: Iterable[Edge]) -> dict[Address, tuple[Fix, ...]]:
    """The fixes of each issue, the first one first: merged pull requests that close it, or the commit that closed it.

    Only GitHub's own closing references count. No release is known yet.
    """
    found = dict[Address, list[Fix]]()
    for edge in edges:
        issue, pull = nodes.get(edge.target), nodes.get(edge.source)
        if edge.kind != "closes" or issue is None or pull is None or issue.issue.is_pull_request:
            continue
        if pull.merged_at:
            commit = pull.fix.sha if pull.fix else ""
            url = pull.issue.url or (pull.fix.url if pull.fix else "")
            fix = Fix(issue=edge.target, by=edge.source, merged_at=pull.merged_at, commit=commit, url=url)
            found.setdefault(edge.target, []).append(fix)
    for address, node in nodes.items():
        if node.fix and not node.issue.is_pull_request and address not in found:
            fix = Fix(issue=address, by=None, merged_at=node.fix.at, commit=node.fix.sha, url=node.fix.url)
            found[address] = [fix]
    return {address: tuple(sorted(fixes, key=_sort_key)) for address, fixes in sorted(found.items())}


def _sort_key(fix: Fix) -> tuple[str, Address]:
    return fix.merged_at.isoformat() if fix.merged_at else "", fix.by or fix.issue


def list_candidates(fix: Fix, milestones: Iterable[str], releases: Sequence[Release]) -> tuple[Release, ...] | None:
    """The releases that may be the first with a fix, the likeliest first; None if that cannot be known.

    A milestone of the issue or the pull request that has the name of a release names it, unless that is from before
    the merge. Else the releases since the merge count, without pre-releases, the oldest first; but only if the list
    reaches back to the merge.
    """
    names = {milestone.strip().removeprefix("v") for milestone in milestones if milestone.strip()}
    merged_at = fix.merged_at
    may_have = [release for release in releases if merged_at is None or release.at >= merged_at]
    named = [release for release in may_have if release.tag.removeprefix("v") in names]
    if merged_at is None or not releases:
        return tuple(named) or None
    later = sorted((each for each in may_have if not each.is_prerelease), key=lambda each: each.at)
    is_all_seen = len(releases) < _SURELY_ALL or any(each.at < merged_at for each in releases)
    if not is_all_seen:
        return tuple(named) or None
    return (*named, *(release for release in later if release not in named))


def list_neighbours(graph: Graph) -> dict[Address, list[tuple[Address, Edge]]]:
    """The neighbours of each node, each with the edge between them, the most telling first; no automated mentions."""
    found: dict[Address, list[tuple[Address, Edge]]] = defaultdict(list)
    for edge in sorted(graph.edges, key=lambda edge: (rank_edge(edge), edge.source, edge.target)):
        if not is_automated(edge):
            found[edge.source].append((edge.target, edge))
            found[edge.target].append((edge.source, edge))
    return found


Rank = tuple[int, int, bool, float, Address]
"""The order of nodes: the weakest relation on the best path from a seed, the steps, open first, the most recent."""


def rank_nodes(graph: Graph) -> dict[Address, Rank]:
    """The rank of each node that a path leads to from what no drawing cuts; automated mentions make no path.

    A path is as telling as its weakest relation: the duplicate of an issue that is only mentioned is a mention.
    """
    neighbours, hubs = list_neighbours(graph), find_hubs(graph)
    found: dict[Address, Rank] = {}
    waiting = [(_make_rank(graph, address, 0), address) for address in find_kept(graph)]
    while waiting:
        rank, address = heappop(waiting)
        if address in found:
            continue
        found[address] = rank
        weakest = BEHIND_A_HUB if address in hubs else rank[0]
        for other, edge in neighbours.get(address, []):
            if other not in found:
                heappush(waiting, (_make_rank(graph, other, max(weakest, rank_edge(edge))), other))
    return found


def find_hubs(graph: Graph) -> set[Address]:
    """The nodes with many neighbours, apart from the seeds."""
    near = {address: {other for other, _ in found} for address, found in list_neighbours(graph).items()}
    return {address for address, others in near.items() if len(others) > HUB} - {*graph.seeds}


def _make_rank(graph: Graph, address: Address, weakest: int) -> Rank:
    node = graph.nodes.get(address)
    recent = node.issue.updated_at.timestamp() if node else 0.0
    is_open = node is not None and node.issue.state == "open"
    return (weakest, graph.distance.get(address, _FAR), not is_open, -recent, address)


def find_kept(graph: Graph) -> dict[Address, None]:
    """The nodes that no drawing cuts: the seeds, their chains of duplicates, and the fixes of both; in that order."""
    kept = dict.fromkeys(graph.seeds)
    for seed in graph.seeds:
        chain = graph.chains.get(seed)
        kept |= dict.fromkeys(chain.steps if chain else ())
    for address in tuple(kept):
        kept |= {fix.by: None for fix in graph.fixes.get(address, ()) if fix.by}
    return kept
