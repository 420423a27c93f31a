"""What a graph shows, for each kind of finding a graph that has it and one that almost has it."""

from dataclasses import replace
from typing import Any

import pytest

from bot.insights.graph.findings import Evidence, Finding, describe_edge, find_all, read_tag
from bot.insights.graph.types import Graph, find_canonical, find_fix
from bot.insights.sentence import Quoted, say
from bot.text.versions import parse_version
from bot.tracker.graph import Address
from tests.builders import after
from tests.insights.graphs import a_fix, a_graph, a_node, a_pull, a_release, an_edge, at, released, unread

MERGED = after(days=5)
SEVEN, TWENTY, ONE = at(7), at(20), at(21)
FIXED = Evidence(say("{} closed {}, merged on {}", TWENTY, SEVEN, MERGED))
TWO_PULLS = (a_pull(20), a_pull(21))


def closes(source: int, target: int = 7) -> Evidence:
    return Evidence(say("{} closes {}", at(source), at(target)))


def claims(source: int, target: int = 7) -> Evidence:
    return Evidence(say("{} says that it fixes {}", at(source), at(target)))


def duplicates(source: int, target: int) -> Evidence:
    return Evidence(say("{} is marked as a duplicate of {}", at(source), at(target)))


def states(number: int, version: str) -> Evidence:
    url = f"https://github.com/octo-org/octo-repo/issues/{number}"
    return Evidence(say("{} states version {}", at(number), Quoted(version)), url)


CASES: dict[str, tuple[Any, ...]] = {
    "two open pull requests for one issue": (
        a_graph([a_node(7), *TWO_PULLS], [an_edge("closes", 20, 7), an_edge("claims", 21, 7)]),
        Finding(
            code="competing-fixes",
            says=say("{} and {} are open, and each is meant to fix {}", TWENTY, ONE, SEVEN),
            subjects=(SEVEN, TWENTY, ONE),
            evidence=(closes(20), claims(21)),
        ),
        Finding(
            code="unlinked-claim",
            says=say(
                "{} says that it fixes {}, but GitHub has no closing link, so merging it does not close the issue",
                *(ONE, SEVEN),
            ),
            subjects=(ONE, SEVEN),
            evidence=(claims(21),),
            needs=(ONE,),
        ),
    ),
    "one of two was closed": (
        a_graph(
            [a_node(7), a_pull(20), a_pull(21, state="closed")], [an_edge("closes", 20, 7), an_edge("closes", 21, 7)]
        ),
    ),
    "the same pull request, twice": (
        a_graph([a_node(7), a_pull(20)], [an_edge("closes", 20, 7), an_edge("claims", 20, 7)]),
    ),
    "work on an issue whose fix was merged": (
        a_graph(
            [a_node(7, state="closed"), a_pull(20, merged=5), a_pull(21)],
            [an_edge("closes", 20, 7), an_edge("closes", 21, 7)],
            fixes={SEVEN: (a_fix(7, 20),)},
        ),
        Finding(
            code="superseded-work",
            says=say("{} is open and meant to fix {}, but the fix by {} was merged on {}", ONE, SEVEN, TWENTY, MERGED),
            subjects=(SEVEN, ONE, TWENTY),
            evidence=(closes(21), FIXED),
        ),
    ),
    "newer work on an issue that is open again": (
        a_graph(
            [a_node(7, timeline={"reopened": 1}), a_pull(20, merged=5), a_pull(21, created_at=after(days=9))],
            [an_edge("closes", 20, 7), an_edge("closes", 21, 7)],
            fixes={SEVEN: (a_fix(7, 20),)},
        ),
        Finding(
            code="fixed-but-open",
            says=say("{} is open again, and its fix by {} was merged on {}", SEVEN, TWENTY, MERGED),
            subjects=(SEVEN, TWENTY),
            evidence=(FIXED,),
        ),
    ),
    "newer work on a closed issue": (
        a_graph(
            [a_node(7, state="closed"), a_pull(20, merged=5), a_pull(21, created_at=after(days=9))],
            [an_edge("closes", 20, 7), an_edge("closes", 21, 7)],
            fixes={SEVEN: (a_fix(7, 20),)},
        ),
    ),
    "a merged claim without a closing link": (
        a_graph([a_node(7), a_pull(20, merged=5)], [an_edge("claims", 20, 7)]),
        Finding(
            code="unlinked-claim",
            says=say("{} says that it fixes {}, but GitHub has no closing link", TWENTY, SEVEN),
            subjects=(TWENTY, SEVEN),
            evidence=(claims(20),),
            needs=(TWENTY,),
        ),
    ),
    "a claim of a pull request that was not read completely": (
        a_graph([a_node(7), a_pull(20, gaps=("Its closing links were not read.",))], [an_edge("claims", 20, 7)]),
    ),
    "a claim of a pull request that was not read": (
        a_graph([a_node(7)], [an_edge("claims", 20, 7)], unread=unread(20, "budget")),
    ),
    "a claim of an issue": (a_graph([a_node(7), a_node(20)], [an_edge("claims", 20, 7)]),),
    "two open pull requests on the same files": (
        a_graph(
            [a_node(7), a_pull(20, files=("a.py", "b.py", "CHANGELOG.md")), a_pull(21, files=("b.py", "a.py", "c.py"))],
        ),
        Finding(
            code="shared-files",
            says=say(
                "{} and {} are open and change the same 2 files: {} and {}", TWENTY, ONE, Quoted("a.py"), Quoted("b.py")
            ),
            subjects=(TWENTY, ONE),
            evidence=tuple(
                Evidence(
                    say("{} changes {} and {}", each, Quoted("a.py"), Quoted("b.py")),
                    f"https://github.com/octo-org/octo-repo/pull/{each.number}/files",
                )
                for each in (TWENTY, ONE)
            ),
        ),
    ),
    "the same changelog and lock file": (
        a_graph(
            [a_pull(20, files=("CHANGELOG.md", "web/yarn.lock")), a_pull(21, files=("CHANGELOG.md", "web/yarn.lock"))]
        ),
    ),
    "the same files, but one is merged": (
        a_graph([a_pull(20, files=("a.py",)), a_pull(21, files=("a.py",), merged=5)]),
    ),
    "the same file name in another repository": (
        a_graph([a_pull(20, files=("a.py",)), a_pull(21, repository="octo-org/other", files=("a.py",))]),
    ),
    "merged, but the issue is open": (
        a_graph([a_node(7), a_pull(20, merged=5)], [an_edge("closes", 20, 7)], fixes={SEVEN: (a_fix(7, 20),)}),
        Finding(
            code="fixed-but-open",
            says=say("{} is still open, and its fix by {} was merged on {}", SEVEN, TWENTY, MERGED),
            subjects=(SEVEN, TWENTY),
            evidence=(FIXED,),
        ),
    ),
    "merged, closed and opened again": (
        a_graph([a_node(7, timeline={"reopened": 1})], fixes={SEVEN: (a_fix(7, url="https://github.com/c"),)}),
        Finding(
            code="fixed-but-open",
            says=say("{} is open again, and its fix by a commit was merged on {}", SEVEN, MERGED),
            subjects=(SEVEN,),
            evidence=(Evidence(say("a commit closed {}, merged on {}", SEVEN, MERGED), "https://github.com/c"),),
        ),
    ),
    "merged, and no release has it": (
        a_graph([a_node(7, state="closed")], fixes={SEVEN: (a_fix(7, 20, is_release_known=True),)}),
        Finding(
            code="unreleased-fix",
            says=say("The fix of {} by {} was merged on {}, and no release contains it yet", SEVEN, TWENTY, MERGED),
            subjects=(SEVEN, TWENTY),
            evidence=(FIXED,),
        ),
    ),
    "merged, but the releases could not be read": (
        a_graph([a_node(7, state="closed")], fixes={SEVEN: (a_fix(7, 20),)}),
    ),
    "merged and released": (a_graph([a_node(7, state="closed")], fixes={SEVEN: (released(7, 20),)}),),
    "a duplicate of a duplicate": (
        a_graph([a_node(7), a_node(3), a_node(2)], [an_edge("duplicate_of", 7, 3), an_edge("duplicate_of", 3, 2)]),
        Finding(
            code="duplicate-of-duplicate",
            says=say(
                "{} is marked as a duplicate of {}, which is a duplicate itself; the canonical issue is {}",
                *(SEVEN, at(3), at(2)),
            ),
            subjects=(SEVEN, at(3), at(2)),
            evidence=(duplicates(7, 3), duplicates(3, 2)),
        ),
    ),
    "a duplicate": (a_graph([a_node(7), a_node(3)], [an_edge("duplicate_of", 7, 3)]),),
    "a cycle of duplicates, and an issue that leads into it": (
        a_graph(
            [a_node(7), a_node(3), a_node(2)],
            [an_edge("duplicate_of", 3, 2), an_edge("duplicate_of", 2, 3), an_edge("duplicate_of", 7, 3)],
        ),
        Finding(
            code="duplicate-cycle",
            says=say("{} and {} are marked as duplicates of each other, so none is canonical", at(2), at(3)),
            subjects=(at(2), at(3)),
            evidence=(duplicates(2, 3), duplicates(3, 2)),
        ),
    ),
    "a chain that ends in a deleted issue": (
        a_graph([a_node(7)], [an_edge("duplicate_of", 7, 3)], unread=unread(3)),
        Finding(
            code="broken-chain",
            says=say(
                "{} leads to {} by marks of duplicates, and {} could not be read (not found)",
                *(SEVEN, at(3), at(3)),
            ),
            subjects=(SEVEN, at(3)),
            evidence=(duplicates(7, 3),),
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_graph_shows_exactly_these_findings(name: str) -> None:
    graph, *expected = CASES[name]
    assert find_all(graph) == tuple(expected)


FIX = Evidence(say("{} closed {}, merged on {}", TWENTY, at(2), MERGED))


def report_of(version: str, *, is_verified: bool = True) -> tuple[Graph, dict[Address, str]]:
    fix = released(2, 20) if is_verified else a_fix(2, 20, release=a_release(), is_release_known=True)
    nodes = [a_node(7, created_at=after(days=11)), a_node(2, state="closed")]
    return a_graph(nodes, [an_edge("duplicate_of", 7, 2)], fixes={at(2): (fix,)}), {SEVEN: version}


@pytest.mark.parametrize("version", ["2.1.0", "v2.1.0", "2.1.1", "3"])
def test_a_report_of_a_version_with_the_fix_may_be_a_regression(version: str) -> None:
    version = version if "." in version else f"{version}.0"
    says = say(
        "{} reports version {}, and {} contains the fix of {}, so this may be a regression",
        *(SEVEN, Quoted(version), Quoted("v2.1.0"), at(2)),
    )
    expected = Finding(
        code="regression-suspected", says=says, subjects=(SEVEN, at(2)), evidence=(states(7, version), FIX)
    )
    assert find_all(*report_of(version)) == (expected,)


def test_a_release_that_only_came_after_the_fix_is_worded_as_such() -> None:
    (found,) = find_all(*report_of("2.1.0", is_verified=False))
    assert found.says == say(
        "{} reports version {}, and {} came out after the fix of {} (not verified), so this may be a regression",
        *(SEVEN, Quoted("2.1.0"), Quoted("v2.1.0"), at(2)),
    )


@pytest.mark.parametrize("version", ["2.0.9", "2.1.0-rc.1", "", "no version"])
def test_an_older_or_unknown_version_is_not_a_regression(version: str) -> None:
    assert find_all(*report_of(version)) == ()


@pytest.mark.parametrize("day", [3, 9.9])
def test_a_report_older_than_the_release_is_not_a_regression(day: float) -> None:
    graph, versions = report_of("2.1.0")
    old = {**graph.nodes, SEVEN: a_node(7, created_at=after(days=day))}
    assert find_all(replace(graph, nodes=old), versions) == ()
    rule = replace(graph, nodes=old, releases={SEVEN.repository: (a_release("v2.1.0"),)})
    assert find_all(rule, versions, {SEVEN: "2.1.0"}) == ()


@pytest.mark.parametrize(
    "tag, others, is_found",
    [
        ("create-app@0.3.1", (), False),
        ("@octo/create-app@0.3.1", ("v2.0.0",), False),
        ("create-app-v0.3.1", ("v2.0.0", "v1.0.0"), False),
        ("octo-repo@0.3.1", (), True),
        ("@octo/octo-repo@0.3.1", ("create-app@1.0.0",), True),
        ("release-0.3.1", (), True),
        ("rust-v0.3.1", ("rust-v0.3.0",), True),
    ],
)
def test_the_tag_of_another_package_says_nothing(tag: str, others: tuple[str, ...], *, is_found: bool) -> None:
    nodes = [a_node(7, created_at=after(days=11)), a_node(2, state="closed")]
    graph = a_graph(
        nodes,
        [an_edge("duplicate_of", 7, 2)],
        fixes={at(2): (released(2, 20, tag),)},
        releases={SEVEN.repository: (a_release(tag), *map(a_release, others))},
    )
    assert bool(find_all(graph, {SEVEN: "2.1.0"})) == is_found


def test_the_version_in_which_a_rule_calls_it_fixed_counts_too() -> None:
    graph = a_graph([a_node(7)])
    says = say(
        "{} reports version {}, and the rule that it matches says that {} fixes the problem, so this may be a"
        " regression",
        *(SEVEN, Quoted("2.2"), Quoted("2.1.96")),
    )
    expected = Finding(code="regression-suspected", says=says, subjects=(SEVEN,), evidence=(states(7, "2.2"),))
    assert find_all(graph, {SEVEN: "2.2"}, {SEVEN: "2.1.96"}) == (expected,)
    assert find_all(graph, {SEVEN: "2.1.95"}, {SEVEN: "2.1.96"}) == ()


@pytest.mark.parametrize(
    "tag, version",
    [
        ("v2.1", "2.1"),
        ("pkg@1.2.3", "1.2.3"),
        ("cli/v0.4.1", "0.4.1"),
        ("nightly", None),
        ("rust-v0.3.1", "0.3.1"),
        ("create-app-0.3.1", "0.3.1"),
    ],
)
def test_the_version_of_a_tag(tag: str, version: str | None) -> None:
    assert read_tag(tag) == (parse_version(version) if version else None)


def test_an_edge_names_its_day_and_its_page() -> None:
    edge = an_edge("blocks", 1, 2, at=after(days=1), url="https://github.com/octo-org/octo-repo/issues/2#event-5")
    assert describe_edge(edge) == Evidence(say("{} blocks {}, since {}", at(1), at(2), after(days=1)), edge.url)


def test_the_fix_of_a_duplicate_is_that_of_its_canonical_issue() -> None:
    graph, _ = report_of("2.0")
    assert (find_canonical(graph, SEVEN), find_canonical(graph, at(2)), find_canonical(graph, at(99))) == (
        *(at(2), at(2), at(99)),
    )
    assert find_fix(graph, SEVEN) == graph.fixes[at(2)][0]


def test_of_several_fixes_the_released_one_is_named() -> None:
    fixes = (a_fix(7, 20, day=1), released(7, 21), a_fix(7, 22, day=9))
    assert find_fix(a_graph([a_node(7)], fixes={SEVEN: fixes}), SEVEN) == fixes[1]


def test_no_finding_changes_with_the_order_of_the_edges() -> None:
    for graph, *_ in CASES.values():
        turned = a_graph(graph.nodes.values(), graph.edges[::-1], unread=graph.unread, fixes=graph.fixes)
        assert {(each.code, each.subjects) for each in find_all(turned)} == {
            (each.code, each.subjects) for each in find_all(graph)
        }
