"""GraphQL about our comments: how people reacted to them, and how their issues are now. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bot.github.graphql import PARTIAL, Author, Count, Reply, describe_problems, explain_answer, mend_json
from bot.tracker.types import Account, Change, Reaction, WatchedComment

MOST_WATCHED = 100
"""GraphQL takes this many ids (https://docs.github.com/en/graphql/reference/queries#nodes)."""

MOST_ASKED = 25
"""Comments whose reactions are read at once: 8 names with 100 people each are 800 nodes for a comment."""

WATCH_QUERY = """
query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment {
  id isMinimized
  reactionGroups { content reactors(last: 1) { totalCount edges { reactedAt } } }
  issue {
    number state locked isPinned milestone { id } author { __typename login }
    assignees(first: 1) { totalCount } comments { totalCount }
    timelineItems(last: 5, itemTypes: [CLOSED_EVENT, REOPENED_EVENT]) { nodes {
      __typename
      ... on ClosedEvent { createdAt actor { __typename login } }
      ... on ReopenedEvent { createdAt actor { __typename login } }
    } }
  }
} } }
"""
"""https://docs.github.com/en/graphql/reference/objects#issuecomment"""

REACTORS_QUERY = """
query($ids: [ID!]!) { nodes(ids: $ids) { ... on IssueComment {
  id
  reactionGroups { content reactors(first: 100) {
    pageInfo { hasNextPage }
    edges { reactedAt node { __typename ... on Actor { login } } }
  } }
} } }
"""
"""Reactors include bots (https://docs.github.com/en/graphql/reference/unions#reactor)."""

_NAMES = {
    "THUMBS_UP": "+1",
    "THUMBS_DOWN": "-1",
    "LAUGH": "laugh",
    "CONFUSED": "confused",
    "HEART": "heart",
    "HOORAY": "hooray",
    "ROCKET": "rocket",
    "EYES": "eyes",
}
_KINDS = {"ClosedEvent": "closed", "ReopenedEvent": "reopened"}
_GHOST = Author(login="ghost")


class _Edge(BaseModel):
    at: datetime = Field(alias="reactedAt")
    node: Author | None = None


class _Page(BaseModel):
    has_more: bool = Field(default=False, alias="hasNextPage")


class _Reactors(BaseModel):
    total: int = Field(default=0, alias="totalCount")
    page: _Page = Field(default_factory=_Page, alias="pageInfo")
    edges: list[_Edge | None] = []


class _Group(BaseModel):
    content: str
    reactors: _Reactors

    @property
    def name(self) -> str:
        return _NAMES.get(self.content, self.content.lower())


class _Event(BaseModel):
    kind: str = Field(alias="__typename")
    at: datetime = Field(alias="createdAt")
    actor: Author | None = None


class _Events(BaseModel):
    nodes: list[_Event | None] = []


class _Issue(BaseModel):
    number: int
    state: str = "OPEN"
    locked: bool = False
    is_pinned: bool | None = Field(default=False, alias="isPinned")
    milestone: dict[str, Any] | None = None
    author: Author | None = None
    assignees: Count = Count()
    comments: Count = Count()
    events: _Events = Field(default_factory=_Events, alias="timelineItems")


class _Node(BaseModel):
    is_minimized: bool = Field(default=False, alias="isMinimized")
    groups: list[_Group] | None = Field(default=None, alias="reactionGroups")
    issue: _Issue | None = None


def parse_watched(reply: object, node_ids: Iterable[str], what: str) -> Mapping[str, WatchedComment]:
    """Read the answer to `WATCH_QUERY` about these ids, by these ids; a deleted comment is missing.

    Raises `TrackerError` ("Could not `what`: …") for GraphQL's errors, which come with the status 200.
    """
    with explain_answer(what):
        nodes = _read_nodes(reply, node_ids, what)
        return {name: _write_watched(name, node, node.issue) for name, node in nodes.items() if node.issue}


def parse_reactors(reply: object, node_ids: Iterable[str], what: str) -> Mapping[str, tuple[Reaction, ...] | None]:
    """Read the answer to `REACTORS_QUERY` about these ids; None for a comment with more than it shows."""
    with explain_answer(what):
        return {name: _write_reactions(node.groups or []) for name, node in _read_nodes(reply, node_ids, what).items()}


def _read_nodes(reply: object, node_ids: Iterable[str], what: str) -> dict[str, _Node]:
    """The comments of an answer, which has them in the order of the ids.

    GitHub may give another id than it was asked for (https://docs.github.com/en/graphql/guides/migrating-graphql-global-node-ids).
    An id that it does not know any more is an error next to the others.
    """
    read = Reply.model_validate(mend_json(reply))
    nodes = (read.data or {}).get("nodes")
    if not isinstance(nodes, list) or not read.kinds <= PARTIAL:
        raise describe_problems(read.errors, what)
    return {name: _Node.model_validate(node) for name, node in zip(node_ids, nodes, strict=False) if node}


def _write_watched(name: str, node: _Node, issue: _Issue) -> WatchedComment:
    return WatchedComment(
        node_id=name,
        is_minimized=node.is_minimized,
        reactions=tuple(sorted(_count_groups(node.groups or []))),
        issue=issue.number,
        author=_read_account(issue.author),
        state="closed" if issue.state == "CLOSED" else "open",
        is_locked=issue.locked,
        is_held=bool(issue.assignees.total or issue.milestone or issue.is_pinned),
        comment_count=issue.comments.total,
        closings=tuple(
            Change(kind=_KINDS[event.kind], actor=_read_account(event.actor), at=event.at)
            for event in issue.events.nodes
            if event and event.kind in _KINDS
        ),
    )


def _count_groups(groups: Iterable[_Group]) -> Iterator[tuple[str, int, datetime]]:
    for group in groups:
        times = [edge.at for edge in group.reactors.edges if edge]
        if group.reactors.total and times:
            yield group.name, group.reactors.total, max(times)


def _write_reactions(groups: Iterable[_Group]) -> tuple[Reaction, ...] | None:
    found = list(groups)
    if any(group.reactors.page.has_more for group in found):
        return None
    return tuple(
        Reaction(content=group.name, by=_read_account(edge.node), at=edge.at)
        for group in found
        for edge in group.reactors.edges
        if edge
    )


def _read_account(author: Author | None) -> Account:
    return (author or _GHOST).account
