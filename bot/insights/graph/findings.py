"""What an issue graph shows that maintainers may want to settle, each finding with its evidence. Pure.

A relation is evidence, not proof: a sentence says what GitHub shows. A finding that rests on something missing names
the nodes that must be complete for it (`needs`), and is left out where one of them is not.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Literal, NamedTuple, get_args

from bot.insights.graph.types import Fix, Graph, describe_open, describe_unread, is_open_pull, name_fixer
from bot.insights.sentence import Quoted, Sentence, list_parts, say
from bot.text.printable import count
from bot.text.versions import Version, find_versions
from bot.tracker.graph import Address, Edge, EdgeKind, Node

Code = Literal[
    "regression-suspected",
    "unreleased-fix",
    "fixed-but-open",
    "competing-fixes",
    "superseded-work",
    "unlinked-claim",
    "shared-files",
    "duplicate-of-duplicate",
    "duplicate-cycle",
    "broken-chain",
]
"""The stable name of each kind of finding, the most urgent first."""

MOST_FILES = 100
"""A pull request has at most so many files in the graph, so that there may be more."""

_UNTELLING = frozenset(
    {
        *("CHANGELOG.md", "CHANGES.md", "Cargo.lock", "go.sum", "package-lock.json", "pnpm-lock.yaml", "poetry.lock"),
        *("uv.lock", "yarn.lock"),
    }
)
"""Files that unrelated changes touch, too."""

EDGE_WORDS: Mapping[EdgeKind, str] = {
    "closes": "{} closes {}",
    "claims": "{} says that it fixes {}",
    "duplicate_of": "{} is marked as a duplicate of {}",
    "part_of": "{} is a sub-issue of {}",
    "blocks": "{} blocks {}",
    "connected": "{} is linked to {}",
    "references": "{} references {}",
    "mentions": "{} mentions {}",
}


class Evidence(NamedTuple):
    """What a finding rests on: a sentence, and the page that shows it ("": GitHub names none)."""

    says: Sentence
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding: its code, a sentence, the nodes that it is about, and its evidence.

    `needs` are the nodes that were read completely, without which the finding would claim too much.
    """

    code: Code
    says: Sentence
    subjects: tuple[Address, ...]
    evidence: tuple[Evidence, ...]
    needs: tuple[Address, ...] = ()


def find_all(
    graph: Graph, versions: Mapping[Address, str] | None = None, fixed_in: Mapping[Address, str] | None = None
) -> tuple[Finding, ...]:
    """All findings, by code and then by subject.

    `versions` are the versions that reports state; `fixed_in` is, for each report, the version in which the rule that
    it matches calls the problem fixed.
    """
    view = _View(graph, versions or {}, fixed_in or {})
    found = [
        *_find_regressions(view),
        *_find_unreleased(view),
        *_find_open_though_fixed(view),
        *_find_competing(view),
        *_find_superseded(view),
        *_find_unlinked(view),
        *_find_shared_files(view),
        *_find_chains(view),
    ]
    order = get_args(Code)
    return tuple(sorted(found, key=lambda each: (order.index(each.code), each.subjects)))


def describe_edge(edge: Edge) -> Evidence:
    """One relation in words, with the day if it is known."""
    words = EDGE_WORDS[edge.kind]
    if edge.at:
        return Evidence(say(f"{words}, since {{}}", edge.source, edge.target, edge.at), edge.url)
    return Evidence(say(words, edge.source, edge.target), edge.url)


def read_tag(tag: str) -> Version | None:
    """The version of a release, which its tag may put behind a name: `v2.1`, `pkg@2.1.0`; None if it has none."""
    found = find_versions(re.sub(r"(?i)\b[a-z]+[-_](?=v?\d)", " ", re.sub("[@/]", " ", tag)))
    return found[0].version if found else None


def name_package(tag: str) -> str:
    """The name before the version in a tag, "" if there is none: `create-app` for `@octo/create-app@0.3.1`."""
    name = re.split(r"(?i)[@/_-]?v?\d", tag.casefold(), maxsplit=1)[0]
    return re.split(r"[@/]", name)[-1].strip("-_ ")


@dataclass(frozen=True)
class _View:
    """A graph with its edges sorted for the questions of this module."""

    graph: Graph
    versions: Mapping[Address, str]
    fixed_in: Mapping[Address, str]

    @cached_property
    def arriving(self) -> Mapping[tuple[Address, EdgeKind], list[Edge]]:
        """The edges by target and kind."""
        found: dict[tuple[Address, EdgeKind], list[Edge]] = defaultdict(list)
        for edge in self.graph.edges:
            found[edge.target, edge.kind].append(edge)
        return found

    @cached_property
    def open_pulls(self) -> dict[Address, Node]:
        """The open pull requests that were read."""
        return {address: node for address, node in self.graph.nodes.items() if is_open_pull(node)}

    def list_arriving(self, target: Address, *kinds: EdgeKind) -> list[Edge]:
        """The edges to a node, those of the first kind first, one per source."""
        found = [edge for kind in kinds for edge in self.arriving.get((target, kind), [])]
        return list({edge.source: edge for edge in reversed(found)}.values())[::-1]


def _find_regressions(view: _View) -> Iterator[Finding]:
    """Reports of a version that should have the fix: of the fixed issue, or of the rule that they match."""
    for issue, fixes in view.graph.fixes.items():
        for fix in [fix for fix in fixes if fix.release][:1]:
            reports = [issue, *(edge.source for edge in view.list_arriving(issue, "duplicate_of"))]
            for report in reports:
                if finding := _compare_with_release(view, report, fix):
                    yield finding
    for report, version in view.fixed_in.items():
        stated = view.versions.get(report, "")
        if is_regression(view.graph, report, stated, version):
            says = say(
                "{} reports version {}, and the rule that it matches says that {} fixes the problem, so this may be a"
                " regression",
                *(report, Quoted(stated), Quoted(version)),
            )
            yield Finding(
                code="regression-suspected", says=says, subjects=(report,), evidence=(_cite(view, report, stated),)
            )


def _compare_with_release(view: _View, report: Address, fix: Fix) -> Finding | None:
    stated = view.versions.get(report, "")
    release, node = fix.release, view.graph.nodes.get(report)
    if release is None or node is None or node.issue.created_at <= release.at:
        return None
    is_ours = report.repository == fix.issue.repository and _is_of_main_package(view.graph, report, release.tag)
    if not (is_ours and _is_at_least(stated, release.tag)):
        return None
    how = "contains the fix" if fix.is_verified else "came out after the fix"
    of, sure = () if report == fix.issue else (fix.issue,), "" if fix.is_verified else " (not verified)"
    says = say(
        f"{{}} reports version {{}}, and {{}} {how}{' of {}' if of else ''}{sure}, so this may be a regression",
        *(report, Quoted(stated), Quoted(release.tag), *of),
    )
    evidence = (_cite(view, report, stated), _describe_fix(fix))
    return Finding(code="regression-suspected", says=says, subjects=(report, *of), evidence=evidence)


def is_regression(graph: Graph, report: Address, stated: str, fixed_in: str) -> bool:
    """Whether a report states `fixed_in` or a later version, and was opened after the release of `fixed_in`.

    `fixed_in` is the version with the fix, as a rule states it. A date that is unknown does not count.
    """
    node, fixed = graph.nodes.get(report), read_tag(fixed_in)
    days = (each.at for each in graph.releases.get(report.repository, ()) if read_tag(each.tag) == fixed)
    is_later = node is None or all(node.issue.created_at > day for day in days)
    return is_later and _is_at_least(stated, fixed_in)


def _is_of_main_package(graph: Graph, report: Address, tag: str) -> bool:
    """Whether a tag counts the versions that reports state: it names no package, the repository, or the only one."""
    package, home = name_package(tag), report.repository.rpartition("/")[2].casefold()
    if package in {"", "release", "version", home}:
        return True
    releases = graph.releases.get(report.repository, ())
    return len(releases) > 1 and {name_package(each.tag) for each in releases} == {package}


def _is_at_least(stated: str, fixed: str) -> bool:
    mine, theirs = read_tag(stated), read_tag(fixed)
    return mine is not None and theirs is not None and mine >= theirs


def _cite(view: _View, report: Address, stated: str) -> Evidence:
    node = view.graph.nodes.get(report)
    return Evidence(say("{} states version {}", report, Quoted(stated)), node.issue.url if node else "")


def _describe_fix(fix: Fix) -> Evidence:
    when = say(", merged on {}", fix.merged_at) if fix.merged_at else ()
    return Evidence(say("{} closed {}{}", name_fixer(fix), fix.issue, when), fix.url)


def _find_unreleased(view: _View) -> Iterator[Finding]:
    """The absence of a release is known only where the graph says so (`is_release_known`)."""
    for issue, fixes in view.graph.fixes.items():
        merged = [fix for fix in fixes if fix.merged_at]
        if merged and all(fix.is_release_known and fix.release is None for fix in merged):
            fix = merged[0]
            says = say(
                "The fix of {} by {} was merged on {}, and no release contains it yet",
                *(issue, name_fixer(fix), fix.merged_at or ""),
            )
            subjects = (issue, *([fix.by] if fix.by else []))
            yield Finding(code="unreleased-fix", says=says, subjects=subjects, evidence=(_describe_fix(fix),))


def _find_open_though_fixed(view: _View) -> Iterator[Finding]:
    for issue in view.graph.fixes:
        merged = _list_merged(view.graph, issue)
        state = describe_open(view.graph, issue)
        if not (state and merged):
            continue
        fix = merged[0]
        says = say(
            f"{{}} is {state}, and its fix by {{}} was merged on {{}}",
            *(issue, name_fixer(fix), fix.merged_at or ""),
        )
        subjects = (issue, *([fix.by] if fix.by else []))
        yield Finding(code="fixed-but-open", says=says, subjects=subjects, evidence=(_describe_fix(fix),))


def _find_competing(view: _View) -> Iterator[Finding]:
    """Open work of several people on one issue; where a fix was merged, older work is superseded instead."""
    for issue in _list_targets(view.graph.edges, {"closes", "claims"}):
        edges = _list_offers(view, issue)
        is_settled = _list_merged(view.graph, issue) and describe_open(view.graph, issue) != "open again"
        if len(edges) > 1 and not is_settled:
            pulls = tuple(edge.source for edge in edges)
            yield Finding(
                code="competing-fixes",
                says=say("{} are open, and each is meant to fix {}", list_parts(pulls), issue),
                subjects=(issue, *pulls),
                evidence=tuple(map(describe_edge, edges)),
            )


def _find_superseded(view: _View) -> Iterator[Finding]:
    """Open work on an issue whose fix was merged later; only what GitHub links counts as the fix.

    What began after the merge knew of it, and an issue that is open again still needs work.
    """
    for issue in _list_targets(view.graph.edges, {"closes", "claims"}):
        merged = _list_merged(view.graph, issue)
        edges = [edge for edge in _list_offers(view, issue) if merged and _is_older(view, edge.source, merged[0])]
        if edges and describe_open(view.graph, issue) != "open again":
            pulls, fix = tuple(edge.source for edge in edges), merged[0]
            says = say(
                f"{{}} {'is' if len(pulls) == 1 else 'are'} open and meant to fix {{}}, but the fix by {{}} was merged"
                " on {}",
                *(list_parts(pulls), issue, name_fixer(fix), fix.merged_at or ""),
            )
            subjects = (issue, *pulls, *([fix.by] if fix.by else []))
            evidence = (*map(describe_edge, edges), _describe_fix(fix))
            yield Finding(code="superseded-work", says=says, subjects=subjects, evidence=evidence)


def _is_older(view: _View, pull: Address, fix: Fix) -> bool:
    return fix.merged_at is not None and view.open_pulls[pull].issue.created_at < fix.merged_at


def _list_offers(view: _View, issue: Address) -> list[Edge]:
    """The relations by which open pull requests are meant to fix an issue, one for each, in order."""
    edges = (edge for edge in view.list_arriving(issue, "closes", "claims") if edge.source in view.open_pulls)
    return sorted(edges, key=lambda edge: edge.source)


def _list_merged(graph: Graph, issue: Address) -> list[Fix]:
    """The fixes of an issue that were merged."""
    return [fix for fix in graph.fixes.get(issue, ()) if fix.merged_at]


def _find_unlinked(view: _View) -> Iterator[Finding]:
    """It rests on the absence of a closing link, which only a complete pull request shows."""
    linked = {(edge.source, edge.target) for edge in view.graph.edges if edge.kind == "closes"}
    for edge in view.graph.edges:
        node = view.graph.nodes.get(edge.source)
        if edge.kind != "claims" or node is None or not node.issue.is_pull_request:
            continue
        is_working = node.is_merged or node.issue.state == "open"
        if (edge.source, edge.target) in linked or not is_working or not view.graph.is_complete(edge.source):
            continue
        effect = "" if node.is_merged else ", so merging it does not close the issue"
        yield Finding(
            code="unlinked-claim",
            says=say(f"{{}} says that it fixes {{}}, but GitHub has no closing link{effect}", edge.source, edge.target),
            subjects=(edge.source, edge.target),
            evidence=(describe_edge(edge),),
            needs=(edge.source,),
        )


def _find_shared_files(view: _View) -> Iterator[Finding]:
    for one, other in combinations(sorted(view.open_pulls), 2):
        mine, theirs = (view.open_pulls[each] for each in (one, other))
        shared = sorted({*mine.files} & {*theirs.files})
        shared = [path for path in shared if path.rpartition("/")[2] not in _UNTELLING]
        if one.repository != other.repository or not shared:
            continue
        is_cut = MOST_FILES in {len(mine.files), len(theirs.files)}
        files = "file" if len(shared) == 1 else count(len(shared), "file")
        number = f"{files}, or more" if is_cut else files
        named = list_parts(list(map(Quoted, shared)))
        yield Finding(
            code="shared-files",
            says=say(f"{{}} and {{}} are open and change the same {number}: {{}}", one, other, named),
            subjects=(one, other),
            evidence=tuple(
                Evidence(say("{} changes {}", each, named), _link_files(view, each)) for each in (one, other)
            ),
        )


def _link_files(view: _View, pull: Address) -> str:
    url = view.open_pulls[pull].issue.url
    return f"{url}/files" if url else ""


def _find_chains(view: _View) -> Iterator[Finding]:
    cycles = set[frozenset[Address]]()
    for start, chain in view.graph.chains.items():
        evidence = tuple(_describe_steps(view, chain.steps))
        if chain.end == "cycle":
            cycle = _order_cycle(chain.steps)
            if frozenset(cycle) not in cycles:
                cycles.add(frozenset(cycle))
                evidence = tuple(_describe_steps(view, (*cycle, cycle[0])))
                says = say("{} are marked as duplicates of each other, so none is canonical", list_parts(cycle))
                yield Finding(code="duplicate-cycle", says=says, subjects=cycle, evidence=evidence)
        elif chain.end == "broken":
            says = say(
                "{} leads to {} by marks of duplicates, and {} could not be read{}",
                *(start, chain.steps[-1], chain.steps[-1], _explain_break(view, chain.steps[-1])),
            )
            yield Finding(code="broken-chain", says=says, subjects=(start, chain.steps[-1]), evidence=evidence)
        elif len(chain.steps) > 2:  # noqa: PLR2004 (an issue and its canonical one)
            says = say(
                "{} is marked as a duplicate of {}, which is a duplicate itself; the canonical issue is {}",
                *(start, chain.steps[1], chain.steps[-1]),
            )
            yield Finding(code="duplicate-of-duplicate", says=says, subjects=chain.steps, evidence=evidence)


def _describe_steps(view: _View, steps: tuple[Address, ...]) -> Iterator[Evidence]:
    """The marks along a chain; a chain is made of them, so each has its edge."""
    marks = {(edge.source, edge.target): edge for edge in view.graph.edges if edge.kind == "duplicate_of"}
    for source, target in pairwise(steps):
        yield describe_edge(marks.get((source, target)) or Edge("duplicate_of", source, target))


def _order_cycle(steps: tuple[Address, ...]) -> tuple[Address, ...]:
    """The nodes of the cycle at the end of a chain, from the lowest, so that the start of the chain does not matter."""
    cycle = steps[steps.index(steps[-1]) : -1] or steps
    start = cycle.index(min(cycle))
    return (*cycle[start:], *cycle[:start])


def _explain_break(view: _View, end: Address) -> str:
    unread = view.graph.unread.get(end)
    return f" ({describe_unread(unread)})" if unread else ""


def _list_targets(edges: Iterable[Edge], kinds: set[EdgeKind]) -> list[Address]:
    """The nodes to which an edge of these kinds leads, in order."""
    return sorted({edge.target for edge in edges if edge.kind in kinds})
