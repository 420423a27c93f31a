"""The GraphQL queries for nodes of an issue graph, and for further pages of their lists. Pure."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

from bot.github.responses import Json
from bot.tracker.graph import Address

PAGE = 100
"""Entries of a list in one answer; GitHub does not return more.

https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
"""

NO_SUCH_ISSUE = "It was deleted, it is private, or it never existed: GitHub gives the same answer for all three."
"""Of an `Unread` that GraphQL and REST do not find."""

Level: TypeAlias = Literal["full", "plain"]
"""Which fields are asked for: all, or only those that older Enterprise Servers know."""


class PageAsked(NamedTuple):
    """The page of a list of a node that begins behind a cursor."""

    address: Address
    list: Literal["timeline", "comments"]
    after: str


_PLACE = """
fragment Place on IssueOrPullRequest {
  __typename
  ... on Issue { number url repository { nameWithOwner } }
  ... on PullRequest { number url repository { nameWithOwner } }
}
"""
_SOURCE = """
fragment Source on ReferencedSubject {
  ...Place
  ... on Issue { authorAssociation author { __typename login } }
  ... on PullRequest { authorAssociation author { __typename login } }
}
"""
_REACTIONS = "reactionGroups { content reactors { totalCount } }"
_MOST_WITH_REACTIONS = 5
"""With more nodes at once, the reactions to their comments are left out: a count for each of 100 comments is costly."""
_WHO = "createdAt actor { __typename login }"
_PLAIN_EVENTS = f"""
  ... on CrossReferencedEvent {{ {_WHO} url willCloseTarget source {{ ...Source }} }}
  ... on ConnectedEvent {{ {_WHO} subject {{ ...Place }} }}
  ... on DisconnectedEvent {{ {_WHO} subject {{ ...Place }} }}
  ... on MarkedAsDuplicateEvent {{ {_WHO} duplicate {{ ...Place }} canonical {{ ...Place }} }}
  ... on UnmarkedAsDuplicateEvent {{ {_WHO} duplicate {{ ...Place }} canonical {{ ...Place }} }}
"""
_CLOSER = "closer { __typename ... on PullRequest { ...Place } ... on Commit { oid url committedDate } }"
_EVENTS = {
    "plain": f"{_PLAIN_EVENTS} ... on ClosedEvent {{ {_WHO} url {_CLOSER} }}",
    "full": f"""{_PLAIN_EVENTS}
  ... on ClosedEvent {{ {_WHO} url {_CLOSER} duplicateOf {{ ...Place }} }}
  ... on SubIssueAddedEvent {{ {_WHO} subIssue {{ ...Place }} }}
  ... on ParentIssueAddedEvent {{ {_WHO} parent {{ ...Place }} }}
  ... on BlockedByAddedEvent {{ {_WHO} blockingIssue {{ ...Place }} }}
  ... on BlockingAddedEvent {{ {_WHO} blockedIssue {{ ...Place }} }}
""",
}
_LINKS = {
    "plain": ("stateReason", ""),
    "full": (
        "stateReason(enableDuplicate: true)",
        f"""
  duplicateOf {{ ...Place }} parent {{ ...Place }}
  subIssues(first: {PAGE}) {{ totalCount nodes {{ ...Place }} }}
  blockedBy(first: {PAGE}) {{ totalCount nodes {{ ...Place }} }}
  blocking(first: {PAGE}) {{ totalCount nodes {{ ...Place }} }}
  closedByPullRequestsReferences(first: {PAGE}, includeClosedPrs: true) {{ totalCount nodes {{ ...Place }} }}
""",
    ),
}
_COMMON = f"""
  __typename number title body url fullDatabaseId locked createdAt updatedAt closedAt authorAssociation
  author {{ __typename login }}
  repository {{ nameWithOwner }}
  milestone {{ title }}
  labels(first: {PAGE}) {{ nodes {{ name }} }}
  participants {{ totalCount }}
  {_REACTIONS}
"""


def write_nodes_query(addresses: Sequence[Address], level: Level) -> dict[str, Json]:
    """The body of a request for those issues and pull requests; the node of the n-th address is `rN.node`.

    Reactions to comments are asked for with at most 5 addresses.

    https://docs.github.com/en/graphql/reference/objects#issue
    https://docs.github.com/en/graphql/reference/objects#pullrequest
    """
    asked = (
        f"r{place}: {_name_repository(place)} {{ nameWithOwner node: issueOrPullRequest(number: {address.number}) "
        "{ ...OfIssue ...OfPullRequest } }"
        for place, address in enumerate(addresses)
    )
    comment = _write_comment(has_reactions=len(addresses) <= _MOST_WITH_REACTIONS)
    return _write(addresses, asked, (*_write_fragments(level), _PLACE, _SOURCE, comment))


def write_pages_query(pages: Sequence[PageAsked], level: Level) -> dict[str, Json]:
    """The body of a request for further pages; the list of the n-th page is `rN.node.timelineItems` or `.comments`."""
    asked = (f"r{place}: {_name_repository(place)} {{ {_write_page(page)} }}" for place, page in enumerate(pages))
    has_timeline = any(page.list == "timeline" for page in pages)
    has_comments = any(page.list == "comments" for page in pages)
    fragments = (
        *((f"fragment Event on Node {{ {_EVENTS[level]} }}", _PLACE, _SOURCE) if has_timeline else ()),
        *((_write_comment(has_reactions=True),) if has_comments else ()),
    )
    return _write([page.address for page in pages], asked, fragments)


def _name_repository(place: int) -> str:
    return f"repository(owner: $o{place}, name: $n{place})"


def _write_page(page: PageAsked) -> str:
    behind = f", after: {_quote(page.after)}"
    inner = _write_timeline(behind) if page.list == "timeline" else _write_comments(behind)
    kinds = " ".join(f"... on {kind} {{ {inner} }}" for kind in ("Issue", "PullRequest"))
    return f"node: issueOrPullRequest(number: {page.address.number}) {{ {kinds} }}"


def _quote(cursor: str) -> str:
    """A cursor as a GraphQL string; what GitHub does not write in a cursor is left out."""
    return '"' + "".join(sign for sign in cursor if sign.isascii() and (sign.isalnum() or sign in "+/=_-:")) + '"'


def _write_timeline(behind: str = "") -> str:
    page = "totalCount pageInfo { hasNextPage endCursor }"
    return f"timelineItems(first: {PAGE}{behind}) {{ {page} nodes {{ __typename ...Event }} }}"


def _write_comments(behind: str = "") -> str:
    page = "totalCount pageInfo { hasNextPage endCursor }"
    return f"comments(first: {PAGE}{behind}) {{ {page} nodes {{ ...Written }} }}"


def _write_comment(*, has_reactions: bool) -> str:
    known = "fullDatabaseId url body createdAt isMinimized authorAssociation author { __typename login }"
    return f"fragment Written on IssueComment {{ {known} {_REACTIONS if has_reactions else ''} }}"


def _write_fragments(level: Level) -> tuple[str, ...]:
    reason, links = _LINKS[level]
    lists = f"{_write_comments()} {_write_timeline()}"
    of_pull_request = (
        f"pullState: state isDraft mergedAt mergeCommit {{ oid url committedDate }}"
        f" files(first: {PAGE}) {{ totalCount nodes {{ path }} }}"
        f" closingIssuesReferences(first: {PAGE}) {{ totalCount nodes {{ ...Place }} }}"
    )
    return (
        f"fragment OfIssue on Issue {{ {_COMMON} state {reason} {links} {lists} }}",
        f"fragment OfPullRequest on PullRequest {{ {_COMMON} {of_pull_request} {lists} }}",
        f"fragment Event on Node {{ {_EVENTS[level]} }}",
    )


def _write(addresses: Sequence[Address], asked: Iterable[str], fragments: Iterable[str]) -> dict[str, Json]:
    names = [address.repository.partition("/") for address in addresses]
    taken = ", ".join(f"$o{place}: String!, $n{place}: String!" for place in range(len(names)))
    variables = {
        key: value
        for place, (owner, _, name) in enumerate(names)
        for key, value in ((f"o{place}", owner), (f"n{place}", name))
    }
    lines = [f"query({taken}) {{", *asked, "}", *fragments]
    return {"query": "\n".join(lines), "variables": variables}
