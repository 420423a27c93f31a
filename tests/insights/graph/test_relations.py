"""Which relations matter more, which say the same, where chains end, and which release has a fix."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.insights.graph.relations import (
    is_automated,
    list_candidates,
    list_chains,
    list_fixes,
    map_duplicates,
    merge_edges,
    rank_edge,
    rename_ends,
    sort_by_relevance,
)
from bot.insights.graph.types import Chain, Fix
from bot.tracker.graph import Address, Commit, Edge, EdgeKind, Node
from bot.tracker.types import Account, Release
from tests.builders import OPENED, an_issue

HERE = "octo/widget"
JANE, BOT = Account(login="jane"), Account(login="renovate[bot]", is_bot=True)


def at(number: int) -> Address:
    return Address(HERE, number)


def an_edge(kind: EdgeKind, source: int = 1, target: int = 2, **more: Any) -> Edge:  # noqa: ANN401 - its fields
    return Edge(kind, at(source), at(target))._replace(**more)


def a_node(number: int, *, is_pull_request: bool = False, **more: Any) -> Node:  # noqa: ANN401 - its fields
    issue = an_issue(repository=HERE, number=number, is_pull_request=is_pull_request)
    return replace(Node(issue=issue), **more)


def test_relations_are_ranked() -> None:
    edges = [
        an_edge("closes"),
        an_edge("duplicate_of"),
        an_edge("part_of"),
        an_edge("connected"),
        an_edge("claims"),
        an_edge("references", association="MEMBER", by=JANE),
        an_edge("references", association="NONE", by=JANE),
        an_edge("mentions"),
        an_edge("references", association="MEMBER", by=BOT),
    ]
    ranks = [rank_edge(edge) for edge in edges]
    assert ranks == sorted(set(ranks))
    assert rank_edge(an_edge("blocks")) == rank_edge(an_edge("part_of"))
    assert rank_edge(an_edge("closes", by=BOT)) == 0
    by_maintainer = [an_edge(kind, association="MEMBER", by=JANE) for kind in ("references", "mentions")]
    assert rank_edge(by_maintainer[0]) == rank_edge(by_maintainer[1])


@pytest.mark.parametrize(
    "edge, expected",
    [
        (an_edge("mentions", by=BOT), True),
        (an_edge("references", by=BOT), True),
        (an_edge("closes", by=BOT), False),
        (an_edge("references", by=JANE), False),
        (an_edge("references"), False),
    ],
)
def test_only_mentions_of_bots_are_automated(edge: Edge, expected: bool) -> None:  # noqa: FBT001 (a column of a table)
    assert is_automated(edge) is expected


def test_issues_are_sorted_by_relevance_and_then_the_most_recent() -> None:
    later = OPENED + timedelta(days=1)
    ends = {
        at(2): [an_edge("mentions")],
        at(3): [an_edge("references", at=OPENED)],
        at(4): [an_edge("references", at=later)],
        at(5): [an_edge("mentions"), an_edge("closes")],
        at(6): [an_edge("references")],
        at(7): [an_edge("references")],
    }
    assert [address.number for address in sort_by_relevance(ends)] == [5, 4, 3, 7, 6, 2]


@pytest.mark.parametrize(
    "edges, kept",
    [
        pytest.param([an_edge("closes"), an_edge("closes", by=JANE)], [an_edge("closes", by=JANE)], id="who set it"),
        pytest.param(
            [an_edge("closes", url="u"), an_edge("closes")], [an_edge("closes", url="u")], id="where to see it"
        ),
        pytest.param(
            [an_edge("mentions", place="body", at=OPENED), an_edge("mentions", place="body", at=OPENED + timedelta(1))],
            [an_edge("mentions", place="body", at=OPENED)],
            id="the first time",
        ),
        pytest.param([an_edge("claims"), an_edge("closes")], [an_edge("closes")], id="a claim that is a link"),
        pytest.param([an_edge("mentions"), an_edge("references")], [an_edge("references")], id="a mention that is one"),
        pytest.param(
            [an_edge("mentions", 2, 1), an_edge("references")],
            [an_edge("references"), an_edge("mentions", 2, 1)],
            id="the other direction",
        ),
    ],
)
def test_a_relation_is_kept_once_with_the_best_evidence(edges: list[Edge], kept: list[Edge]) -> None:
    assert list(merge_edges(edges)) == list(merge_edges(reversed(edges))) == kept


def test_ends_are_renamed_and_no_edge_leads_to_itself() -> None:
    edges = [an_edge("mentions", 1, 2), an_edge("mentions", 1, 3)]
    assert rename_ends(edges, lambda end: at(1) if end == at(2) else end) == (an_edge("mentions", 1, 3),)


@pytest.mark.parametrize(
    "marks, read, chain",
    [
        ({1: 2, 2: 3}, (1, 2, 3), Chain(steps=(at(1), at(2), at(3)))),
        ({1: 2, 2: 1}, (1, 2), Chain(steps=(at(1), at(2), at(1)), end="cycle")),
        ({1: 2, 2: 3, 3: 2}, (1, 2, 3), Chain(steps=(at(1), at(2), at(3), at(2)), end="cycle")),
        ({1: 2}, (1,), Chain(steps=(at(1), at(2)), end="broken")),
        (
            {number: number + 1 for number in range(1, 40)},
            range(1, 41),
            Chain(steps=tuple(map(at, range(1, 22))), end="broken"),
        ),
    ],
)
def test_chains_end_somehow(marks: dict[int, int], read: tuple[int, ...], chain: Chain) -> None:
    edges = [an_edge("duplicate_of", source, target) for source, target in marks.items()]
    assert list_chains(edges, {at(number): a_node(number) for number in read})[at(1)] == chain


def test_the_latest_mark_counts() -> None:
    edges = [
        an_edge("duplicate_of", 1, 2, at=OPENED),
        an_edge("duplicate_of", 1, 3, at=OPENED + timedelta(1)),
        an_edge("duplicate_of", 1, 4),
    ]
    assert map_duplicates(edges) == {at(1): at(3)}


def test_of_marks_without_a_time_that_of_the_oldest_issue_counts() -> None:
    edges = [an_edge("duplicate_of", 1, number) for number in (4, 2, 3)]
    assert (map_duplicates(edges), map_duplicates(edges[::-1])) == ({at(1): at(2)}, {at(1): at(2)})


def test_fixes_are_merged_pull_requests_or_the_commit_that_closed_the_issue() -> None:
    nodes = {
        at(1): a_node(1, fix=Commit(sha="abc", at=OPENED)),
        at(2): a_node(2, is_pull_request=True, merged_at=OPENED, fix=Commit(sha="def", at=OPENED)),
        at(3): a_node(3, is_pull_request=True),
        at(4): a_node(4, fix=Commit(sha="123", at=OPENED, url="u")),
    }
    edges = [an_edge("closes", 2, 1), an_edge("closes", 3, 1), an_edge("claims", 2, 4), an_edge("closes", 2, 3)]
    assert list_fixes(nodes, edges) == {
        at(1): (Fix(issue=at(1), by=at(2), merged_at=OPENED, commit="def", url=nodes[at(2)].issue.url),),
        at(4): (Fix(issue=at(4), by=None, merged_at=OPENED, commit="123", url="u"),),
    }


def a_release(tag: str, days: int, *, pre: bool = False) -> Release:
    return Release(tag=tag, at=OPENED + timedelta(days=days), is_prerelease=pre)


MERGED = Fix(issue=at(1), by=at(2), merged_at=OPENED)
SHOWN = [a_release("v3", 9), a_release("v3-rc", 8, pre=True), a_release("v2", 5), a_release("v1", -5)]
MANY = [a_release(f"v{number}", number) for number in range(60, 0, -1)]


@pytest.mark.parametrize(
    "fix, milestones, releases, tags",
    [
        (MERGED, [], SHOWN, ["v2", "v3"]),
        (MERGED, [" 3 ", "Backlog", ""], SHOWN, ["v3", "v2"]),
        (MERGED, ["v1"], SHOWN, ["v2", "v3"]),
        (MERGED, ["3-rc"], SHOWN, ["v3-rc", "v2", "v3"]),
        (MERGED, ["v0"], [*MANY, a_release("v0", -1)][-3:], ["v1", "v2"]),
        (MERGED, [], [], None),
        (MERGED, [], SHOWN[3:], []),
        (MERGED, [], MANY, None),
        (MERGED, ["v7"], MANY, ["v7"]),
        (MERGED, [], [*MANY, a_release("v0", -1)], [f"v{number}" for number in range(1, 61)]),
        (replace(MERGED, merged_at=None), [], SHOWN, None),
    ],
)
def test_the_releases_that_may_have_a_fix(
    fix: Fix, milestones: list[str], releases: list[Release], tags: list[str] | None
) -> None:
    found = list_candidates(fix, milestones, releases)
    assert (None if found is None else [release.tag for release in found]) == tags
