"""GraphQL's answers as nodes and edges of an issue graph. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC

from bot.github.graph.answer import Comments, Event, Events, LinkedPlace, Links, NodeJson, Reactions
from bot.issue.mentions import list_prose_edges
from bot.tracker.graph import Address, Commit, Edge, EdgeKind, Node
from bot.tracker.types import EPOCH, Account, Comment, Issue

_Key = tuple[EdgeKind, Address, Address]

_REACTIONS = {"THUMBS_UP": "+1", "THUMBS_DOWN": "-1"}
"""Where REST's name is not that of GraphQL in lower case."""

_REST_NAMES = {
    "CrossReferencedEvent": "cross-referenced",
    "IssueComment": "commented",
    "PullRequestCommit": "committed",
    "PullRequestCommitCommentThread": "commit-commented",
    "PullRequestReview": "reviewed",
    "PullRequestReviewThread": "line-commented",
    "RenamedTitleEvent": "renamed",
}
"""https://docs.github.com/en/rest/using-the-rest-api/issue-event-types"""


def make_node(found: NodeJson) -> Node:
    """The node with all that was read of it, its edges in both directions, and its gaps."""
    issue = _make_issue(found)
    own, told = list(_list_own_links(found)), _follow_timeline(found)
    return Node(
        issue=issue,
        closed_at=found.closed_at,
        merged_at=found.merged_at,
        is_draft=found.is_draft,
        milestone=found.milestone.name if found.milestone else "",
        fix=_find_fix(found),
        files=tuple(file.name for file in found.files.nodes) if found.files else (),
        participants=found.participants.total,
        reactions=dict(_count_reactions(found.reactions)),
        timeline=_count_events(found.timeline),
        edges=(*_join(found, own, told), *list_prose_edges(issue)),
        gaps=tuple(dict.fromkeys(_list_gaps(found))),
    )


def _make_issue(found: NodeJson) -> Issue:
    canonical = found.duplicate_of.linked if found.duplicate_of else None
    is_here = canonical is not None and canonical.repository == found.here.repository
    return Issue(
        repository=found.repository.name,
        number=found.number,
        title=found.title,
        body=found.body,
        id=found.id,
        url=found.url,
        author=found.author.account if found.author else Account(login="ghost"),
        association=found.association,
        labels=tuple(label.name for label in found.labels.nodes) if found.labels else (),
        state="open" if found.state == "open" else "closed",
        state_reason=found.state_reason,
        duplicate_of=canonical.number if canonical and is_here else (0 if canonical else None),
        is_locked=found.is_locked,
        is_pull_request=found.kind == "PullRequest",
        comment_count=found.comments.total if found.comments else 0,
        created_at=found.created_at.astimezone(UTC),
        updated_at=found.updated_at.astimezone(UTC),
        comments=tuple(_list_comments(found.comments)),
    )


def _list_comments(comments: Comments | None) -> Iterator[Comment]:
    for each in comments.nodes if comments else ():
        yield Comment(
            id=each.id,
            author=each.author.account if each.author else Account(login="ghost"),
            body=each.body,
            created_at=each.created_at.astimezone(UTC),
            is_minimized=each.is_minimized,
            association=each.association,
            url=each.url,
            reactions=tuple(_count_reactions(each.reactions)),
        )


def _count_reactions(groups: Iterable[Reactions]) -> Iterator[tuple[str, int]]:
    for group in groups:
        if group.reactors.total:
            yield _REACTIONS.get(group.content, group.content.lower()), group.reactors.total


def _find_fix(found: NodeJson) -> Commit | None:
    """The commit by which a pull request was merged, or the commit that closed an issue last."""
    if found.kind == "PullRequest":
        merged = found.merge_commit if found.merged_at else None
        return Commit(sha=merged.oid, at=found.merged_at or merged.at, url=merged.url) if merged else None
    closings = [event for event in _list_events(found) if event.kind == "ClosedEvent"]
    closer = closings[-1].closer if closings and found.state == "closed" else None
    if closer is None or closer.kind != "Commit":
        return None
    return Commit(sha=closer.oid, at=closer.at or closings[-1].at or EPOCH, url=closer.url)


def _list_events(found: NodeJson) -> list[Event]:
    return found.timeline.nodes if found.timeline else []


def name_event(kind: str) -> str:
    """The name of REST for a kind of GraphQL (`LabeledEvent`: `labeled`)."""
    if kind in _REST_NAMES:
        return _REST_NAMES[kind]
    words = kind.removesuffix("Event")
    return "".join(f"_{sign.lower()}" if sign.isupper() and place else sign.lower() for place, sign in enumerate(words))


def _count_events(timeline: Events | None) -> Mapping[str, int]:
    counts = dict[str, int]()
    for event in timeline.nodes if timeline else ():
        name = name_event(event.kind)
        counts[name] = counts.get(name, 0) + 1
    return counts


def _list_own_links(found: NodeJson) -> Iterator[Edge]:
    """The edges of GitHub's own lists."""
    here = found.here
    if found.duplicate_of:
        yield Edge("duplicate_of", here, found.duplicate_of.linked)
    if found.parent:
        yield Edge("part_of", here, found.parent.linked)
    incoming: tuple[tuple[EdgeKind, Links], ...] = (
        ("part_of", found.sub_issues),
        ("blocks", found.blocked_by),
        ("closes", found.closed_by),
    )
    for kind, links in incoming:
        yield from (Edge(kind, place.linked, here, url=place.url) for place in links.nodes)
    outgoing: tuple[tuple[EdgeKind, Links], ...] = (("blocks", found.blocking), ("closes", found.closing))
    for kind, links in outgoing:
        yield from (Edge(kind, here, place.linked, url=found.url) for place in links.nodes)


def _follow_timeline(found: NodeJson) -> dict[_Key, Edge]:
    """The edges that hold at the end of the timeline: a later entry can take an earlier one back."""
    edges = dict[_Key, Edge]()
    for event in _list_events(found):
        is_undone = event.kind in {"DisconnectedEvent", "UnmarkedAsDuplicateEvent"}
        for edge in _read_event(event, found):
            if is_undone:
                edges.pop(edge[:3], None)
            else:
                edges[edge[:3]] = edge
    return edges


def _read_event(event: Event, found: NodeJson) -> Iterator[Edge]:
    """The relations of which one entry tells; `connected` goes from the pull request to the issue."""
    here = found.here
    match event.kind:
        case "CrossReferencedEvent" if event.source:
            yield _write(event, "closes" if event.closes else "references", event.source.linked, here)
        case "ConnectedEvent" | "DisconnectedEvent" if event.subject:
            is_issue = found.kind == "Issue"
            ends = (event.subject.linked, here) if is_issue else (here, event.subject.linked)
            yield _write(event, "connected", *ends, url=event.subject.url if is_issue else found.url)
        case "MarkedAsDuplicateEvent" | "UnmarkedAsDuplicateEvent" if event.duplicate and event.canonical:
            yield _write(event, "duplicate_of", event.duplicate.linked, event.canonical.linked)
        case "ClosedEvent":
            yield from _read_closing(event, here)
        case _:
            yield from _read_addition(event, here)


def _read_closing(event: Event, here: Address) -> Iterator[Edge]:
    if event.closer and event.closer.kind == "PullRequest":
        yield _write(event, "closes", event.closer.linked, here, url=event.url or event.closer.url)
    if event.canonical:
        yield _write(event, "duplicate_of", here, event.canonical.linked, url=event.url)


def _read_addition(event: Event, here: Address) -> Iterator[Edge]:
    """A sub-issue, a parent or a dependency."""
    incoming: tuple[tuple[EdgeKind, LinkedPlace | None], ...]
    incoming = (("part_of", event.sub_issue), ("blocks", event.blocking))
    outgoing: tuple[tuple[EdgeKind, LinkedPlace | None], ...]
    outgoing = (("part_of", event.parent), ("blocks", event.blocked))
    yield from (_write(event, kind, place.linked, here) for kind, place in incoming if place)
    yield from (_write(event, kind, here, place.linked) for kind, place in outgoing if place)


def _write(event: Event, kind: EdgeKind, source: Address, target: Address, url: str = "") -> Edge:
    by = event.actor.account if event.actor else None
    opener = event.source.author.account if event.source and event.source.author else None
    association = event.source.association if event.source and by and by == opener else ""
    shown = url or (event.source.url if event.source else "") or event.url
    return Edge(kind, source, target, "timeline", event.at, by, association, shown)


def _join(found: NodeJson, own: Iterable[Edge], told: Mapping[_Key, Edge]) -> Iterator[Edge]:
    """GitHub's lists, with the evidence of the timeline, and what only the timeline has.

    Where GitHub has a list, the timeline alone proves nothing: GitHub has no entry when a link is taken back by other
    means, or it is on a page that was not read.
    """
    left = dict(told)
    for edge in own:
        yield left.pop(edge[:3], edge)
    for edge in left.values():
        if not _is_listed(edge, found):
            yield edge


def _is_listed(edge: Edge, found: NodeJson) -> bool:
    """Whether GitHub's own lists would have this edge of the node, if it still held.

    GitHub lists the issues that an issue duplicates, and not those that duplicate it.
    """
    if found.is_plain or found.kind != "Issue":
        return False
    if edge.kind == "duplicate_of":
        return edge.source == found.here
    lists = {"part_of": found.sub_issues, "blocks": found.blocked_by if edge.target == found.here else found.blocking}
    links = lists.get(edge.kind)
    return links is not None and links.total <= len(links.nodes)


def _list_gaps(found: NodeJson) -> Iterator[str]:
    yield from found.gaps
    if found.is_plain:
        yield "This GitHub is too old to list duplicates, sub-issues, dependencies and closing pull requests."
    if found.timeline and found.timeline.total > len(found.timeline.nodes):
        seen, total = len(found.timeline.nodes), found.timeline.total
        yield f"Only {seen} of {total} entries of the timeline were read."
    if found.comments and found.comments.total > len(found.comments.nodes):
        yield f"Only {len(found.comments.nodes)} of {found.comments.total} comments were read."
    lists = (
        ("sub-issues", found.sub_issues),
        ("issues that block it", found.blocked_by),
        ("issues that it blocks", found.blocking),
        ("closing pull requests", found.closed_by),
        ("issues that it closes", found.closing),
    )
    for name, links in lists:
        if links.total > len(links.nodes):
            yield f"Only {len(links.nodes)} of {links.total} {name} were read."
    if found.timeline is None or found.comments is None:
        yield "The timeline or the comments were not read."
