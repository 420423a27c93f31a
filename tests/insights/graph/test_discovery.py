"""A recorded neighbourhood of an issue gives exactly the expected graph, with the expected number of requests."""

from dataclasses import replace

import pytest

from bot.archive.graph import OfflineSource
from bot.github.payloads import parse_issue
from bot.insights.graph.discovery import discover
from bot.insights.graph.types import Chain, Graph, Options, describe_options
from bot.insights.report.thread import measure_thread
from bot.tracker.graph import Address
from tests.builders import an_issue
from tests.insights.graph.graphs import (
    AMPLE,
    NOW,
    read_graph,
    reader,
    write_chains,
    write_distances,
    write_edges,
    write_fixes,
    write_unread,
)
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.github_graph import Network
from tests.stand_ins.neighbourhood import HERE, build_crowd, build_neighbourhood
from tests.stand_ins.openapi import OpenAPIChecker

pytestmark = pytest.mark.slow

EDGES = """
#5 closes #4 (timeline)
#10 closes #1 (timeline)
#1 duplicate_of #2 (timeline)
#2 duplicate_of #3 (timeline)
#3 duplicate_of #4 (timeline)
#6 duplicate_of #7 (timeline)
#7 duplicate_of #8 (timeline)
#8 duplicate_of #6 (timeline)
#21 duplicate_of #1 (timeline)
#1 blocks #16 (timeline)
#15 blocks #1 (timeline)
#1 part_of #12 (timeline)
#13 part_of #1 (timeline)
#14 part_of #1 (timeline)
#17 connected #1 (timeline)
#9 claims #1 (body)
#19 references #1 (timeline)
octo/gadget#1 references #1 (timeline)
#9 references #1 (timeline)
#11 references #1 (timeline)
#22 references #1 (timeline)
#23 references #1 (timeline)
#1 mentions octo/gadget#1 (body)
#1 mentions octo/new#1 (body)
#1 mentions octo/other#7 (body)
#1 mentions #6 (body)
#1 mentions #44 (comment)
#1 mentions #900 (body)
#1 mentions #901 (body)
#20 references #1 (timeline)
""".strip().splitlines()

CHAINS = """
#1 #2 #3 #4 canonical
#2 #3 #4 canonical
#3 #4 canonical
#6 #7 #8 #6 cycle
#7 #8 #6 #7 cycle
#8 #6 #7 #8 cycle
#21 #1 #2 #3 #4 canonical
""".strip().splitlines()

FIXES = ["#4 by #5 in v1.1.0 (verified)", "#22 by c0ffee in v1.0.9 (unknown)"]


def test_everything_around_an_issue_is_found() -> None:
    with FakeGitHub(checker=OpenAPIChecker()) as fake:
        build_neighbourhood(fake)
        graph = read_graph(fake, replace(AMPLE, across=True))

    assert write_edges(graph) == EDGES
    assert write_chains(graph) == CHAINS
    assert write_fixes(graph) == FIXES
    assert write_distances(graph) == {
        0: "#1",
        1: "octo/gadget#1 octo/new#1 octo/other#7 #2 #6 #9 #10 #11 #12 #13 #14 #15 #16 #17 #19 #20 #21 #22 #23 #44",
        2: "#3 #7",
        3: "#4 #8",
        4: "#5",
    }
    assert write_unread(graph) == [
        "octo/old#1 moved octo/new#1",
        "#900 missing",
        "#901 missing",
        "#902 moved octo/other#7",
    ]
    assert graph.coverage.requests == len(fake.requests) == 15
    assert graph.nodes[Address("octo/other", 7)].gaps == ()
    assert fake.violations == []


def test_the_issue_itself_is_read_whole() -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        node = read_graph(fake, Options(depth=0)).nodes[Address(HERE, 1)]

    assert node.timeline == {
        "marked_as_duplicate": 1,
        "closed": 1,
        "cross-referenced": 8,
        "sub_issue_added": 2,
        "parent_issue_added": 1,
        "blocked_by_added": 1,
        "blocking_added": 1,
        "connected": 2,
        "disconnected": 1,
        "commented": 230,
    }
    assert (len(node.issue.comments), node.issue.labels, node.participants, node.gaps) == (230, ("bug",), 9, ())
    assert node.reactions == {"+1": 7, "heart": 1}


def test_other_repositories_are_named_and_not_read_by_default() -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        graph = read_graph(fake, Options())

    assert {address.repository for address in graph.nodes} == {HERE}
    assert write_unread(graph)[:2] == ["octo/gadget#1 depth", "octo/old#1 depth"]
    assert write_fixes(graph) == FIXES
    assert graph.coverage.requests <= 12


def test_a_hub_is_drawn_and_not_followed() -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        near, hub = read_graph(fake, replace(AMPLE, depth=2)), read_graph(fake, AMPLE, 23)

    assert Address(HERE, 24) not in near.nodes.keys() | near.unread.keys()
    assert len(hub.nodes) == 21
    told = [gap for gap in near.coverage.gaps if "was not followed" in gap]
    assert told == ["octo/widget#23 has 21 links and was not followed."]
    assert not [gap for gap in hub.coverage.gaps if "octo/widget#23 " in gap]


@pytest.mark.parametrize("across, place", [(False, "octo/other#7 depth"), (True, "")])
def test_without_a_token_a_transferred_issue_is_read_where_it_may_be_entered(place: str, *, across: bool) -> None:
    """REST shows it at once, with the new place."""
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        fake.repositories[HERE].issues[44].body = "See #902."
        graph = read_graph(fake, replace(AMPLE, across=across), 44, token=None)

    own = [each for each in write_unread(graph) if each.split()[0] in {"octo/other#7", "#902"}]
    assert own == [*([place] if place else []), "#902 moved octo/other#7"]
    assert (Address("octo/other", 7) in graph.nodes) == across


@pytest.mark.parametrize("depth", [0, 1])
def test_an_issue_to_follow_is_read_with_its_canonical_issue_and_its_fix(depth: int) -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        options, follow = replace(AMPLE, depth=depth), Address(HERE, 1)
        graph = discover([Address(HERE, 44)], reader(fake.url), options, NOW, lambda _: [follow])

    assert (graph.distance[follow], write_chains(graph)[:1]) == (1, CHAINS[:1])
    assert [fix for fix in write_fixes(graph) if fix in FIXES] == FIXES[:1]


def test_an_archive_gives_the_issue_to_follow() -> None:
    issues = [an_issue(body="Hm.", repository=HERE, number=number) for number in (1, 2)]
    seeds, follow = [Address(HERE, 1)], [Address(HERE, 2), Address(HERE, 3)]
    graph = discover(seeds, OfflineSource(lambda: issues), Options(depth=0), NOW, lambda _: follow)

    assert (write_distances(graph), write_unread(graph)) == ({0: "#1", 1: "#2"}, ["#3 offline"])


def test_a_walk_ends_where_nothing_is_new() -> None:
    issues = [an_issue(body="See #2.", repository=HERE, number=1), an_issue(body="Hm.", repository=HERE, number=2)]
    graph = discover([Address(HERE, 1)], OfflineSource(lambda: issues), Options(depth=10**9), NOW)

    assert write_distances(graph) == {0: "#1", 1: "#2"}


@pytest.mark.parametrize(
    "body, budget, across, unread, gap",
    [
        ("See #902.", 9, False, ["octo/other#7 depth", "#902 moved octo/other#7"], "In another repository"),
        ("See #902.", 9, True, ["#902 moved octo/other#7"], ""),
        (
            "See #902.",
            2,
            False,
            ["#902 missing"],
            "Not found (deleted, private, moved, or",
        ),
        ("See #901.", 9, False, ["#901 missing"], "Not found (deleted, private, or never created): octo/widget#901."),
    ],
)
def test_a_moved_issue_is_read_where_it_may_be_entered(
    body: str, budget: int, unread: list[str], gap: str, *, across: bool
) -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        fake.repositories[HERE].issues[44].body = body
        graph = read_graph(fake, Options(budget=budget, across=across), 44)

    own = ["octo/other#7", "#901", "#902"]
    assert [each for each in write_unread(graph) if each.split()[0] in own] == unread
    assert [told for told in graph.coverage.gaps if gap and told.startswith(gap)][:1] == (
        [graph.coverage.gaps[0]] if gap else []
    )
    assert "to save requests" not in " ".join(graph.coverage.gaps)


@pytest.mark.parametrize(
    "budget, nodes, requests",
    [
        pytest.param(1, 1, 1, id="the seed alone"),
        pytest.param(3, 51, 3, id="some neighbours"),
        pytest.param(12, 101, 12, id="as many as the budget allows"),
        pytest.param(60, 501, 28, id="all"),
    ],
)
def test_the_budget_bounds_what_is_read_of_a_crowd(budget: int, nodes: int, requests: int) -> None:
    with FakeGitHub() as fake:
        build_crowd(fake, 500)
        graph = read_graph(fake, Options(budget=budget))

    assert (len(graph.nodes), graph.coverage.requests) == (nodes, requests)
    assert len(fake.requests) <= budget
    assert {each.reason for each in graph.unread.values()} <= {"budget"}


def test_an_issue_with_fifty_links_needs_few_requests() -> None:
    with FakeGitHub() as fake:
        build_crowd(fake, 50)
        graph = read_graph(fake, Options())

    assert (len(graph.nodes), graph.coverage.requests, graph.coverage.gaps) == (51, 5, ())
    assert write_fixes(graph) == ["#1 by #2 in v1 (verified)"]


def test_without_a_token_rest_shows_a_part() -> None:
    with FakeGitHub(checker=OpenAPIChecker()) as fake:
        build_neighbourhood(fake)
        graph = read_graph(fake, AMPLE, token=None)

    structured = [edge for edge in EDGES if "part_of" in edge or "blocks" in edge]
    assert [edge for edge in write_edges(graph) if edge in EDGES[:15]] == structured
    assert "#902 moved octo/other#7" in write_unread(graph)
    assert "Without GraphQL, GitHub does not name duplicates" in " ".join(graph.coverage.gaps)
    assert graph.coverage.requests == len(fake.requests) == 26
    assert fake.violations == []


def test_an_old_server_shows_the_timeline_alone() -> None:
    with FakeGitHub(prefix="/api/v3") as fake:
        build_neighbourhood(fake)
        fake.knows_duplicates = False
        graph = read_graph(fake)

    found = write_edges(graph)
    assert {"#10 closes #1 (timeline)", "#21 duplicate_of #1 (timeline)", "#17 connected #1 (timeline)"} <= {*found}
    assert "This GitHub is too old to list duplicates" in " ".join(graph.coverage.gaps)
    assert len(fake.requests) <= AMPLE.budget


def test_batches_become_smaller_where_github_gives_up() -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        whole = read_graph(fake)
        fake.most_at_once = 4
        graph = read_graph(fake)

    assert write_edges(graph) == write_edges(whole)
    assert write_fixes(graph) == FIXES


def test_references_that_a_token_may_not_see_are_a_gap() -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        fake.shows_references = False
        graph = read_graph(fake)

    assert not graph.is_complete(Address(HERE, 1))
    told = "octo/widget#1: Only 240 of 248 entries of the timeline were read. The same kind of gap: octo/widget#4."
    assert told in graph.coverage.gaps


def test_several_seeds_share_one_graph() -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        graph = read_graph(fake, AMPLE, 1, 2, 23, 999)

    assert graph.seeds == tuple(Address(HERE, number) for number in (1, 2, 23, 999))
    assert [number for (_, number), step in graph.distance.items() if step == 0] == [1, 2, 23]
    assert graph.unread[Address(HERE, 999)].reason == "missing"


def test_a_seed_that_was_moved_is_read_where_it_is() -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        transferred = read_graph(fake, AMPLE, 902)
        fake.moved["octo/was"] = (301, HERE)
        renamed = discover([Address("octo/was", 12), Address("Octo/Widget", 13)], reader(fake.url), AMPLE, NOW)

    assert (transferred.seeds, transferred.distance) == ((Address("octo/other", 7),), {Address("octo/other", 7): 0})
    assert renamed.seeds == (Address(HERE, 12), Address(HERE, 13))
    assert write_unread(renamed)[:1] == ["octo/was#12 moved #12"]


def test_a_chain_may_be_broken() -> None:
    with FakeGitHub() as fake:
        one, other = fake.add_issue("One"), fake.add_issue("Other")
        Network(fake).mark_duplicate(one, other)
        del fake.repositories[HERE].issues[2]
        fake.repositories["octo/hidden"] = fake.add_repository("octo/shown")
        other.home = "octo/hidden"
        fake.repositories["octo/hidden"].issues[2] = other
        del fake.repositories["octo/shown"]
        graph = read_graph(fake)

    assert graph.chains == {Address(HERE, 1): Chain(steps=(Address(HERE, 1), Address("octo/hidden", 2)), end="broken")}
    assert write_unread(graph) == ["octo/hidden#2 depth"]


def test_an_archive_gives_what_it_has() -> None:
    issues = [
        an_issue(body="As #2 says, and octo/gadget#3.", repository=HERE, number=1, duplicate_of=2, comment_count=3),
        an_issue(body="It breaks.", repository=HERE, number=2),
    ]
    graph = discover([Address(HERE, 1)], OfflineSource(lambda: issues), Options(across=True), NOW)

    assert write_edges(graph) == ["#1 duplicate_of #2 (field)", "#1 mentions octo/gadget#3 (body)"]
    assert write_unread(graph) == ["octo/gadget#3 offline"]
    assert write_chains(graph) == ["#1 #2 canonical"]
    assert (graph.coverage.is_offline, graph.coverage.requests) == (True, 0)
    assert graph.coverage.gaps == (
        "Known by number only, because GitHub was not asked: octo/gadget#3.",
        "octo/widget#1: Only 0 of 3 comments are stored.",
    )


@pytest.mark.parametrize(
    "stated, gaps",
    [
        ({"state": "OPEN", "comments": 0}, ()),
        ({"state": "closed", "comments": []}, ()),
        ({"comments": 0}, ("state",)),
        ({"state": None, "comments": []}, ("state",)),
        ({"state": "open"}, ("comments",)),
        ({"state": "open", "comments": None}, ("comments",)),
        ({}, ("state", "comments")),
    ],
)
def test_what_an_export_does_not_state_is_unknown(stated: dict[str, object], gaps: tuple[str, ...]) -> None:
    line = {"number": 1, "title": "It breaks.", **stated}
    graph = discover([Address(HERE, 1)], OfflineSource(lambda: [parse_issue(line, HERE)]), Options(), NOW)

    node, told = graph.nodes[Address(HERE, 1)], {"state": "is open or closed", "comments": "how many comments"}
    assert (node.issue.is_state_known, node.issue.is_thread_known) == ("state" not in gaps, "comments" not in gaps)
    figures = measure_thread(node, NOW)
    assert (figures.is_open is None, figures.participants is None) == ("state" in gaps, "comments" in gaps)
    assert [told[gap] in found for gap, found in zip(gaps, node.gaps[1:], strict=True)] == [True] * len(gaps)


HERE_ALONE = "in the same repository, with at most"


@pytest.mark.parametrize(
    "seeds, options, offline, said",
    [
        (1, Options(), False, f"octo/widget#1 and its links, {HERE_ALONE} 12 requests to GitHub"),
        (1, Options(depth=0, budget=1), False, f"octo/widget#1 alone, {HERE_ALONE} 1 request to GitHub"),
        (
            3,
            Options(depth=2, across=True),
            False,
            "3 issues and their links, 2 steps deep, also in other repositories, with at most 12 requests to GitHub",
        ),
        (1, Options(), True, "octo/widget#1 and its links, from this machine alone"),
    ],
)
def test_what_will_be_read_is_said_before(seeds: int, options: Options, said: str, *, offline: bool) -> None:
    addresses = [Address(HERE, number + 1) for number in range(seeds)]
    assert describe_options(addresses, options, is_offline=offline) == f"reads {said}"


def test_nothing_is_asked_without_a_seed() -> None:
    with FakeGitHub() as fake:
        graph = discover([], reader(fake.url), Options(), NOW)

    assert graph == Graph(seeds=(), coverage=replace(graph.coverage, requests=0))
