"""Issues that may be linked, with the data that decides on a link, in one GraphQL answer. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bot.github.graphql import (
    PARTIAL,
    Count,
    Marks,
    Place,
    Reply,
    describe_problems,
    explain_answer,
    find_mark,
    mend_json,
)
from bot.github.payloads import parse_issue
from bot.tracker.types import MAINTAINERS, LinkedIssue, Links, Release

_HOPS = 2
"""The steps of a chain of duplicates that are read with each issue; more would multiply the cost of the query."""

_PLAIN = """
fragment Plain on Issue {
  number title body url state stateReason(enableDuplicate: true) locked createdAt updatedAt authorAssociation
  author { login }
  repository { nameWithOwner }
  milestone { title }
  participants { totalCount }
  references: timelineItems(itemTypes: [CROSS_REFERENCED_EVENT]) { totalCount }
  answers: comments(last: 20) { nodes { authorAssociation } }
  closings: timelineItems(last: 1, itemTypes: [CLOSED_EVENT]) { nodes { ... on ClosedEvent { closer {
    ... on PullRequest { mergedAt milestone { title } } ... on Commit { committedDate }
  } } } }
}
"""
_RELEASES = """
releases(first: 50, orderBy: {field: CREATED_AT, direction: DESC}) {
  nodes { tagName publishedAt isDraft isPrerelease } pageInfo { hasNextPage }
}
"""


def write_links_query(numbers: Iterable[int]) -> str:
    """The query for those issues; takes `owner` and `name`.

    https://docs.github.com/en/graphql/reference/objects#issue
    """
    either = "__typename ...Hop0 ... on PullRequest { number title url }"
    asked = "\n".join(f"i{number}: issueOrPullRequest(number: {number}) {{ {either} }}" for number in numbers)
    hops = "\n".join(map(_write_hop, range(_HOPS + 1)))
    head = "query($owner: String!, $name: String!) { repository(owner: $owner, name: $name)"
    return f"{head} {{\n{asked}\n{_RELEASES}}} }}\n{hops}\n{_PLAIN}"


def _write_hop(hop: int) -> str:
    """An issue and its marks as a duplicate, which are in the history of both issues."""
    following = f"...Hop{hop + 1}" if hop < _HOPS else ""
    place = "number repository { nameWithOwner }"
    return f"""
fragment Hop{hop} on Issue {{
  ...Plain
  marks: timelineItems(last: 5, itemTypes: [MARKED_AS_DUPLICATE_EVENT, UNMARKED_AS_DUPLICATE_EVENT]) {{ nodes {{
    __typename
    ... on MarkedAsDuplicateEvent {{
      duplicate {{ ... on Issue {{ {place} }} }}
      canonical {{ __typename ... on Issue {{ {place} {following} }} ... on PullRequest {{ {place} title url }} }}
    }}
    ... on UnmarkedAsDuplicateEvent {{ duplicate {{ ... on Issue {{ {place} }} }} }}
  }} }}
}}
"""


class _Milestone(BaseModel):
    title: str = ""


class _Answer(BaseModel):
    association: str = Field(default="NONE", alias="authorAssociation")


class _Answers(BaseModel):
    nodes: list[_Answer | None] = []


class _Closer(BaseModel):
    merged_at: datetime | None = Field(default=None, alias="mergedAt")
    pushed_at: datetime | None = Field(default=None, alias="committedDate")
    milestone: _Milestone | None = None


class _Closing(BaseModel):
    closer: _Closer | None = None


class _Closings(BaseModel):
    nodes: list[_Closing | None] = []


class _Issue(Place):
    milestone: _Milestone | None = None
    participants: Count = Count()
    references: Count = Count()
    answers: _Answers = _Answers()
    closings: _Closings = _Closings()
    marks: Marks = Marks()


class _Release(BaseModel):
    tag: str = Field(alias="tagName")
    published_at: datetime | None = Field(default=None, alias="publishedAt")
    is_draft: bool = Field(default=False, alias="isDraft")
    is_prerelease: bool = Field(default=False, alias="isPrerelease")


class _PageInfo(BaseModel):
    has_next: bool = Field(default=False, alias="hasNextPage")


class _Releases(BaseModel):
    nodes: list[_Release | None] = []
    page: _PageInfo = Field(default=_PageInfo(), alias="pageInfo")


def parse_links(reply: object, repository: str, what: str) -> Links | None:
    """Read the answer to `write_links_query`; None where the server does not understand the query.

    Raises `TrackerError` ("Could not `what`: …") for GraphQL's other errors, which come with the status 200.
    """
    with explain_answer(what):
        read = Reply.model_validate(mend_json(reply))
        found = (read.data or {}).get("repository")
        if found is None and read.is_not_understood:
            return None
        if found is None or read.kinds - PARTIAL:
            raise describe_problems(read.errors, what)
        releases = _Releases.model_validate(found.pop("releases", None) or {})
        return Links(
            issues=dict(_walk([node for node in found.values() if node], repository)),
            releases=tuple(_list_releases(releases)),
            has_older_releases=releases.page.has_next,
        )


def _walk(nodes: list[Mapping[str, Any]], repository: str) -> Iterator[tuple[int, LinkedIssue]]:
    """The issues of the repository, and those of them that they are duplicates of."""
    for node in nodes:
        read = _Issue.model_validate(node)
        found = find_mark(read, read.marks.nodes)
        mark = found.canonical if found else None
        # The last step of what was asked has a mark whose own state was not: it is read when it is asked for.
        if "title" in node:
            yield read.number, _make_linked(node, read, mark, repository)
        if mark and Place.model_validate(mark).repository.name.casefold() == repository.casefold():
            yield from _walk([mark], repository)


def _make_linked(node: Mapping[str, Any], read: _Issue, mark: Mapping[str, Any] | None, repository: str) -> LinkedIssue:
    closer = next((closing.closer for closing in read.closings.nodes if closing and closing.closer), None)
    milestone = (closer and closer.milestone) or read.milestone
    return LinkedIssue(
        issue=parse_issue(node, read.repository.name or repository),
        duplicate_of=Place.model_validate(mark).address if mark else None,
        references=read.references.total,
        participants=read.participants.total,
        is_answered=any(answer and answer.association in MAINTAINERS for answer in read.answers.nodes),
        milestone=milestone.title if milestone else None,
        fixed_at=(closer.merged_at or closer.pushed_at) if closer else None,
    )


def _list_releases(releases: _Releases) -> Iterator[Release]:
    for each in releases.nodes:
        if each and each.published_at and not each.is_draft:
            yield Release(tag=each.tag, at=each.published_at, is_prerelease=each.is_prerelease)
