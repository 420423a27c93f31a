"""Issue graphs for tests: nodes and edges with good defaults, and one neighbourhood that has all there is."""

from collections.abc import Iterable, Mapping
from typing import Any

from bot.insights.graph.relations import map_duplicates
from bot.insights.graph.types import Chain, Coverage, Fix, Graph
from bot.tracker.graph import Address, Commit, Edge, EdgeKind, Node, Unread
from bot.tracker.types import Account, Release
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, REPORTER, a_comment, after, an_issue

HOME = "octo-org/octo-repo"
NOW = after(days=30)
FIELDS = {"closed_at", "merged_at", "is_draft", "milestone", "fix", "files", "participants", "reactions", "timeline"}


def at(number: int, repository: str = HOME) -> Address:
    """The address of an issue."""
    return Address(repository, number)


def a_node(number: int, repository: str = HOME, **changes: object) -> Node:
    """An open issue, filed an hour after the one before; fields of a node and of its issue may be given."""
    given: dict[str, Any] = changes
    own = {name: given.pop(name) for name in FIELDS | {"gaps"} if name in given}
    kind = "pull" if given.get("is_pull_request") else "issues"
    issue: dict[str, Any] = {
        "repository": repository,
        "number": number,
        "title": f"The title of {number}",
        "body": "",
        "url": f"https://github.com/{repository}/{kind}/{number}",
        "created_at": after(minutes=60 * number),
    }
    return Node(issue=an_issue(**(issue | given)), **own)


def a_pull(number: int, **changes: object) -> Node:
    """An open pull request; `merged` is the day after the start on which it was merged."""
    given: dict[str, Any] = changes
    if (day := given.pop("merged", None)) is not None:
        given |= {"merged_at": after(days=day), "closed_at": after(days=day), "state": "closed"}
        given["fix"] = Commit(sha=f"{number:040x}", at=after(days=day))
    return a_node(number, is_pull_request=True, **given)


def an_edge(kind: EdgeKind, source: int | Address, target: int | Address, **changes: object) -> Edge:
    """A relation without a date; a number is an issue of our repository."""
    given: dict[str, Any] = changes
    ends = [each if isinstance(each, Address) else at(each) for each in (source, target)]
    return Edge(kind, ends[0], ends[1], **given)


def a_graph(nodes: Iterable[Node], edges: Iterable[Edge] = (), seeds: Iterable[int] = (7,), **changes: object) -> Graph:
    """A graph whose distances and chains follow from its edges."""
    given: dict[str, Any] = changes
    edges, starts = tuple(edges), tuple(map(at, seeds))
    fields: dict[str, Any] = {
        "seeds": starts,
        "nodes": {node.address: node for node in nodes},
        "edges": edges,
        "distance": measure_distance(starts, edges),
        "chains": follow_chains(edges, given.get("unread", {})),
        "coverage": Coverage(at=NOW, depth=2, budget=60, requests=9),
    }
    return Graph(**(fields | given))


def measure_distance(seeds: Iterable[Address], edges: Iterable[Edge]) -> dict[Address, int]:
    """The number of steps from the nearest seed."""
    found, pairs = (
        dict.fromkeys(seeds, 0),
        [pair for e in edges for pair in ((e.source, e.target), (e.target, e.source))],
    )
    for _ in range(len(pairs)):
        for start, end in pairs:
            if start in found and found.get(end, 99) > found[start] + 1:
                found[end] = found[start] + 1
    return found


def follow_chains(edges: Iterable[Edge], unread: Mapping[Address, Unread]) -> dict[Address, Chain]:
    """The chain of each issue that is marked as a duplicate."""
    marks = map_duplicates(edges)
    chains = {}
    for start in marks:
        steps = [start]
        while steps[-1] in marks and steps[-1] not in steps[:-1]:
            steps.append(marks[steps[-1]])
        end = "cycle" if steps[-1] in steps[:-1] else "broken" if steps[-1] in unread else "canonical"
        chains[start] = Chain(steps=tuple(steps), end=end)
    return chains


def a_fix(issue: int, by: int | None = None, day: float = 5, **changes: object) -> Fix:
    """A fix that was merged on that day after the start."""
    given: dict[str, Any] = changes
    fields: dict[str, Any] = {"issue": at(issue), "by": at(by) if by else None, "merged_at": after(days=day)}
    return Fix(**(fields | given))


def a_release(tag: str = "v2.1.0", day: float = 10) -> Release:
    """A release of that day after the start."""
    return Release(tag=tag, at=after(days=day))


def released(issue: int, by: int | None = None, tag: str = "v2.1.0", day: float = 10) -> Fix:
    """A fix in a release, as GitHub confirmed."""
    return a_fix(issue, by, release=a_release(tag, day), is_release_known=True, is_verified=True)


def unread(number: int, reason: str = "missing", **changes: object) -> dict[Address, Unread]:
    """A node that was not read."""
    given: dict[str, Any] = {"message": "", **changes}
    return {at(number): Unread(address=at(number), reason=reason, **given)}  # type: ignore[arg-type]


BODY = """### What happened

The build stops: `write failed: No space left on device (os error 28)`. It worked before #60, see also octo-org/tools#5.

### Logs

```
API Error: 507 {"type":"error","error":{"type":"storage_error","message":"The disk of the runner is full."}}
request_id: req_011CZrDMXwnYCQM9SHrmQkgh
error: could not write /home/octocat/work/target/debug/build
error: could not write /home/octocat/work/target/debug/build
```

### Version

2.0.4

### Operating System

Ubuntu 24.04
"""

THREAD = (
    a_comment("Thanks, I can see this too. @octocat, which runner is it? See #3.", OTHER_BOT, id=1),
    a_comment(
        "This is the same as #3: the cache is never pruned. Please set `cache.limit` until the fix is out.",
        HUMAN,
        id=2,
        association="MEMBER",
        created_at=after(minutes=300),
        reactions=(("+1", 12), ("heart", 2)),
        url="https://github.com/octo-org/octo-repo/issues/7#issuecomment-2",
    ),
    a_comment("Same here, since last week.", Account(login="someone"), id=3, created_at=after(days=1)),
    a_comment(
        "Deleting `target/` by hand helps for a day.\n\n```sh\nrm -r target\n```\n\nThen it is full again.",
        Account(login="helper"),
        id=4,
        created_at=after(days=2),
        reactions=(("+1", 5),),
        url="https://github.com/octo-org/octo-repo/issues/7#issuecomment-4",
    ),
    a_comment("Free some space.\n\n<sub>Automated reply from Signpost.</sub>", OURSELVES, id=5),
)


def make_neighbourhood() -> Graph:
    """A report that duplicates a duplicate: chains, fixes, rival work, a cycle, a hub, bots and unread nodes."""
    hub = [a_node(number, title=f"Port {number} to the new cache") for number in range(100, 115)]
    nodes = [
        a_node(
            7,
            title="The build fails: no space left on device",
            body=BODY,
            state="closed",
            state_reason="duplicate",
            created_at=after(),
            closed_at=after(days=3),
            comments=THREAD,
            comment_count=len(THREAD),
            participants=4,
            reactions={"+1": 9, "eyes": 2},
            timeline={"commented": 5, "labeled": 2, "cross-referenced": 14, "closed": 1, "marked_as_duplicate": 1},
            labels=("bug",),
        ),
        a_node(3, title="Disk full after a week", state="closed", state_reason="duplicate", closed_at=after(days=1)),
        a_node(2, title="The cache is never pruned | and grows", created_at=after(days=-40), timeline={"reopened": 1}),
        a_pull(20, title="Prune the cache", merged=5, files=("src/cache.rs", "CHANGELOG.md")),
        a_pull(21, title="Limit the size of the cache", files=("src/cache.rs", "src/limit.rs", "CHANGELOG.md")),
        a_pull(22, title="Cache: evict the oldest entries", files=("src/cache.rs",), is_draft=True),
        a_node(50, title="Still full with 2.1.3", body="### Version\n\n2.1.3\n", created_at=after(days=12)),
        a_node(51, title="No space left, again", state="closed", state_reason="not_planned", closed_at=after(days=20)),
        a_node(60, title="Move the cache out of the workspace", state="closed", state_reason="completed"),
        a_node(61, title="Report the size of the cache"),
        a_node(30, title="Cycle, first part", state="closed", state_reason="duplicate"),
        a_node(31, title="Cycle, second part", state="closed", state_reason="duplicate"),
        a_node(40, title="Duplicate of something deleted", state="closed", state_reason="duplicate"),
        a_node(80, title="Tracking issue: the new cache"),
        a_node(5, "octo-org/tools", title="A tool that measures caches"),
        *hub,
    ]
    maintained = {"by": HUMAN, "association": "MEMBER", "at": after(days=3)}
    seen = {"place": "timeline", "url": "https://github.com/octo-org/octo-repo/issues/7#event-1"}
    edges = [
        an_edge("duplicate_of", 7, 3, **maintained, **seen),
        an_edge("duplicate_of", 3, 2, **maintained),
        an_edge("duplicate_of", 50, 2, **maintained),
        an_edge("closes", 20, 2, at=after(days=4)),
        an_edge("closes", 21, 2, at=after(days=4)),
        an_edge("claims", 22, 2, place="body", url="https://github.com/octo-org/octo-repo/pull/22"),
        an_edge("mentions", 7, 60, place="body", by=REPORTER),
        an_edge("mentions", 7, Address("octo-org/tools", 5), place="body", by=REPORTER),
        an_edge("part_of", 7, 80),
        an_edge("blocks", 61, 7),
        an_edge("references", 51, 7, by=Account(login="someone")),
        an_edge("references", 30, 7, by=HUMAN, association="MEMBER"),
        an_edge("duplicate_of", 30, 31),
        an_edge("duplicate_of", 31, 30),
        an_edge("references", 40, 7),
        an_edge("duplicate_of", 40, 41),
        *(an_edge("part_of", node.issue.number, 80) for node in hub),
        *(an_edge("references", number, 7, by=OTHER_BOT, place="timeline") for number in (200, 201, 202)),
    ]
    gone = {
        **unread(41),
        **unread(200, "depth"),
        **unread(201, "depth"),
        **unread(202, "depth"),
    }
    fixes = {at(2): (released(2, 20),)}
    gaps = (f"Not found (deleted, private, or never created): {at(41)}.",)
    coverage = Coverage(at=NOW, depth=2, budget=60, requests=9, gaps=gaps)
    return a_graph(nodes, edges, unread=gone, fixes=fixes, releases={HOME: (a_release(),)}, coverage=coverage)
