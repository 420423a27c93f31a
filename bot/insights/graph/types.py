"""The issue graph as a value, with how completely it was read. Pure."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.insights.sentence import Page, Part
from bot.tracker.graph import OFFLINE_GAP, Address, Edge, Node, Unread
from bot.tracker.types import Issue, Release

ELSEWHERE = "It is in another repository."
"""The message of what is not read because `Options.across` is false."""

MAYBE_MOVED = "GitHub does not find it; whether it was moved was not asked."
"""The message of a missing issue if no request was left to ask where it is."""

_UNREAD = {
    "missing": "not found",
    "moved": "moved",
    "refused": "the token may not read it",
    "failed": "GitHub did not answer",
    "budget": "budget used up",
    "depth": "not asked for",
    "offline": "not read, offline",
}
_MOST_NAMED = 3
"""Issues that one gap names."""


Follow = Callable[[Issue], Iterable[Address]]
"""The issues that a seed leads to without a link, such as those that its rules follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How far to read: steps from the seeds, requests to GitHub, and whether to enter other repositories (one step)."""

    depth: int = 1
    budget: int = 12
    across: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How far the graph was read.

    `at` is when; `depth` the number of steps from the seeds, and `budget` the number of requests that were allowed;
    `requests` is how many were sent. `gaps` are sentences about what could not be read, the same kind once.
    `is_offline`: nothing was asked of GitHub.
    """

    at: datetime
    depth: int = 0
    budget: int = 0
    requests: int = 0
    gaps: tuple[str, ...] = ()
    is_offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What fixed an issue: the pull request or commit, when it was merged, and the first release with it.

    `by` is None if a commit closed the issue without a pull request. `release` is None if no release contains it yet,
    or if that is unknown (`is_release_known` is false). `is_verified` if GitHub confirmed that the release contains
    the commit, else the release is only the first one after the merge, and not known to be the one with the fix.
    """

    issue: Address
    by: Address | None
    merged_at: datetime | None
    commit: str = ""
    url: str = ""
    release: Release | None = None
    is_release_known: bool = False
    is_verified: bool = False

    @property
    def repository(self) -> str:
        """Where its releases are."""
        return (self.by or self.issue).repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The way from an issue to its canonical one, by GitHub's marks of duplicates.

    `steps` starts with the issue. `end` says how it ends: `canonical`: the last step is no duplicate; `cycle`: the
    last step occurs before; `broken`: the last step could not be read.
    """

    steps: tuple[Address, ...]
    end: str = "canonical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """The nodes and the edges, and how completely they were read (`coverage`).

    `seeds` are the issues that the report is about. `edges` has each relation once: of several with the same kind,
    source and target, the one with the best evidence. `distance` is the number of steps from the nearest seed. `chains`
    has a chain for each node that is marked as a duplicate, `fixes` the fixes of each issue that has one.
    """

    seeds: tuple[Address, ...]
    nodes: Mapping[Address, Node] = field(default_factory=dict)
    unread: Mapping[Address, Unread] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    distance: Mapping[Address, int] = field(default_factory=dict)
    chains: Mapping[Address, Chain] = field(default_factory=dict)
    fixes: Mapping[Address, tuple[Fix, ...]] = field(default_factory=dict)
    releases: Mapping[str, tuple[Release, ...]] = field(default_factory=dict)
    coverage: Coverage

    def is_complete(self, address: Address) -> bool:
        """Whether all of a node was read, so that something missing means something."""
        node = self.nodes.get(address)
        return node is not None and not node.gaps


def is_open_pull(node: Node) -> bool:
    """Whether it is a pull request that is neither merged nor closed."""
    is_open = node.issue.state == "open" and node.issue.is_state_known
    return node.issue.is_pull_request and is_open and not node.is_merged


def describe_open(graph: Graph, issue: Address) -> str:
    """Whether an issue is `still open` or `open again` after its fix was merged; "" if it is not open, or not read."""
    node = graph.nodes.get(issue)
    if node is None or node.issue.state != "open" or not node.issue.is_state_known:
        return ""
    return "open again" if node.timeline.get("reopened") else "still open"


def describe_unread(unread: Unread | None) -> str:
    """Why Signpost did not read a node, in a few words."""
    if unread is None:
        return "not read"
    moved = f" to {unread.moved_to}" if unread.moved_to else ""
    return f"{_UNREAD[unread.reason]}{moved}"


def find_canonical(graph: Graph, address: Address) -> Address:
    """The end of the chain of duplicates of an issue; the issue itself where there is none, or none that ends well."""
    chain = graph.chains.get(address)
    return chain.steps[-1] if chain and chain.end == "canonical" else address


def find_fix(graph: Graph, address: Address) -> Fix | None:
    """The fix of an issue, or else that of its canonical one: with a release first, then the earliest merged."""
    fixes = graph.fixes.get(address) or graph.fixes.get(find_canonical(graph, address)) or ()
    merged = [fix for fix in fixes if fix.merged_at]
    return min(merged, key=lambda fix: (fix.release is None, str(fix.merged_at)), default=None)


def name_fixer(fix: Fix) -> Part:
    """The pull request of a fix, or its commit by the first seven digits."""
    return fix.by or (Page(fix.commit[:7], fix.url) if fix.commit else "a commit")


def describe_options(seeds: Sequence[Address], options: Options, *, is_offline: bool = False) -> str:
    """What will be read, with how many requests at most, as the rest of a sentence: said before the first one."""
    what, whose = (str(seeds[0]), "its") if len(seeds) == 1 else (f"{len(seeds)} issues", "their")
    steps = f"{what} and {whose} links"
    deep = {0: f"{what} alone", 1: steps}.get(options.depth, f"{steps}, {options.depth} steps deep")
    if is_offline:
        return f"reads {deep}, from this machine alone"
    where = "also in other repositories" if options.across else "in the same repository"
    times = "1 request" if options.budget == 1 else f"{options.budget} requests"
    return f"reads {deep}, {where}, with at most {times} to GitHub"


def list_gaps(
    nodes: Mapping[Address, Node], unread: Mapping[Address, Unread], budget: int, failures: Iterable[str] = ()
) -> tuple[str, ...]:
    """What could not be read: each kind once, with the first issues that it concerns."""
    kinds: tuple[tuple[str, str], ...] = (
        ("missing", "Not found (deleted, private, or never created): {}."),
        (MAYBE_MOVED, "Not found (deleted, private, moved, or never created): {}."),
        (ELSEWHERE, "In another repository, and not read: {} (use --across)."),
        ("refused", "GitHub refused to show {}."),
        ("failed", "GitHub did not answer for {}."),
        ("budget", f"Not read, because the {budget} requests of the budget were used up: {{}}."),
        ("offline", "Known by number only, because GitHub was not asked: {}."),
    )
    grouped = ((text, [each for each in unread.values() if _name_kind(each) == kind]) for kind, text in kinds)
    return (
        *(text.format(_name([each.address for each in found])) for text, found in grouped if found),
        *_group_gaps(nodes),
        *dict.fromkeys(failures),
    )


def _name_kind(unread: Unread) -> str:
    return unread.message if unread.message in {ELSEWHERE, MAYBE_MOVED} else unread.reason


def _group_gaps(nodes: Mapping[Address, Node]) -> Iterable[str]:
    """Gaps of the same kind, which differ in their numbers alone, become one sentence."""
    kinds = dict[str, list[tuple[Address, str]]]()
    for address, node in nodes.items():
        for gap in node.gaps:
            if gap == OFFLINE_GAP:
                continue
            kinds.setdefault(re.sub(r"\d+", "#", gap), []).append((address, gap))
    for found in kinds.values():
        gap, addresses = found[0][1], [address for address, _ in found]
        if all(other == gap for _, other in found):
            yield f"{_name(addresses)}: {gap}"
        else:
            yield f"{addresses[0]}: {gap} The same kind of gap: {_name(addresses[1:])}."


def _name(addresses: Sequence[Address]) -> str:
    named, more = [str(address) for address in addresses[:_MOST_NAMED]], len(addresses) - _MOST_NAMED
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
