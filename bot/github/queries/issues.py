"""Issues of a repository: pages of all issues, with GitHub's marks of duplicates, and search results. Pure.

Pages come from GraphQL without pull requests, so a request reads 100 issues. They have the format of REST. REST itself
only says that an issue was closed as a duplicate: `duplicate_issue_id` can be written, but no answer contains it.
"""

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from bot.errors import SettingsError
from bot.github.graphql import (
    PARTIAL,
    Author,
    Count,
    Marks,
    Place,
    Reply,
    Repository,
    describe_problems,
    explain_answer,
    find_mark,
    is_timeout,
    mend_json,
)
from bot.github.payloads import parse_issue
from bot.github.responses import Json
from bot.tracker.archive import Cursor, Page
from bot.tracker.types import Issue, SearchResult

SIZES: tuple[int, ...] = (100, 50, 25, 12)
"""How many issues one request reads: fewer if GitHub cannot answer for more within its ten seconds."""

_EARLIEST = "1970-01-01T00:00:00Z"
_COSTLY = frozenset({"RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED"})

ISSUES_QUERY = """
query($owner: String!, $name: String!, $first: Int!, $after: String, $since: DateTime!) {
  repository(owner: $owner, name: $name) {
    all: issues { totalCount }
    issues(first: $first, after: $after, filterBy: {since: $since}, orderBy: {field: UPDATED_AT, direction: ASC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        number title body url fullDatabaseId state stateReason(enableDuplicate: true) locked authorAssociation
        createdAt updatedAt closedAt
        author { __typename login }
        repository { nameWithOwner }
        comments { totalCount }
        labels(first: 100) { nodes { name } }
        marks: timelineItems(last: 20, itemTypes: [MARKED_AS_DUPLICATE_EVENT, UNMARKED_AS_DUPLICATE_EVENT]) { nodes {
          __typename
          ... on MarkedAsDuplicateEvent { duplicate { ...Place } canonical { ...Place } }
          ... on UnmarkedAsDuplicateEvent { duplicate { ...Place } }
        } }
      }
    }
  }
}
fragment Place on IssueOrPullRequest {
  __typename
  ... on Issue { number repository { nameWithOwner } }
  ... on PullRequest { number repository { nameWithOwner } }
}
"""
"""https://docs.github.com/en/graphql/reference/objects#issueconnection

Each page costs 2 points of the rate limit: one for the labels of 100 issues, one for their marks. A job's own token has
1,000 points an hour for 50,000 issues, a user's 5,000.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
"""


def write_variables(repository: str, cursor: Cursor, size: int) -> dict[str, Json]:
    """What `ISSUES_QUERY` takes: `size` issues behind the cursor."""
    owner, _, name = repository.partition("/")
    after = cursor.after or None
    return {"owner": owner, "name": name, "first": size, "after": after, "since": cursor.since or _EARLIEST}


class _Label(BaseModel):
    name: str


class _Labels(BaseModel):
    nodes: list[_Label | None] = []


class _Issue(Place):
    number: int
    repository: Repository
    title: str
    body: str = ""
    url: str = ""
    id: int = Field(default=0, alias="fullDatabaseId")
    state: str
    state_reason: str | None = Field(default=None, alias="stateReason")
    locked: bool = False
    association: str = Field(default="NONE", alias="authorAssociation")
    created_at: str = Field(alias="createdAt")
    updated_at: str = Field(alias="updatedAt", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$")
    closed_at: str | None = Field(default=None, alias="closedAt")
    author: Author | None = None
    comments: Count = Count()
    labels: _Labels | None = None
    marks: Marks = Marks()


class _PageInfo(BaseModel):
    has_next: bool = Field(alias="hasNextPage")
    end: str | None = Field(default=None, alias="endCursor")


class _Issues(BaseModel):
    total: int = Field(alias="totalCount")
    page: _PageInfo = Field(alias="pageInfo")
    nodes: list[_Issue | None]


def is_too_costly(reply: Json) -> bool:
    """Whether GitHub gave up on the query because it took too long; fewer issues may work.

    https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#timeouts
    """
    errors = reply.get("errors") if isinstance(reply, Mapping) else None
    return isinstance(errors, list) and any(map(_is_costly, errors))


def _is_costly(error: object) -> bool:
    if not isinstance(error, Mapping):
        return False
    return error.get("type") in _COSTLY or is_timeout(str(error.get("message")))


def parse_marked(reply: Json, asked: Mapping[str, Json], what: str) -> Page | None:
    """Read the answer to `ISSUES_QUERY` with the variables `asked`.

    None where the server does not understand it, or the token may not ask. Raises `TrackerError`
    ("Could not `what`: …") for GraphQL's other errors, which come with the status 200.
    """
    with explain_answer(what):
        read = Reply.model_validate(mend_json(reply))
        repository = (read.data or {}).get("repository") or {}
        found = repository.get("issues")
        if found is None and (read.is_not_understood or read.kinds == {"FORBIDDEN"}):
            return None
        if found is None or read.kinds - PARTIAL:
            raise describe_problems(read.errors, what)
        return _make_page(_Issues.model_validate(found), asked, Count.model_validate(repository.get("all")))


def _make_page(issues: _Issues, asked: Mapping[str, Json], total: Count) -> Page:
    has_more = issues.page.has_next and bool(issues.nodes)
    end = issues.page.end or ""
    # GitHub counts what lies before a cursor, too.
    left = None if asked["after"] else max(1, -(-issues.total // asked["first"]) - 1)
    return Page(
        entries=tuple(_write_as_rest(issue) for issue in issues.nodes if issue),
        has_more=has_more,
        pages_left=left if has_more else 0,
        total=total.total,
        after=end,
        is_after_moment=names_moment(end),
    )


def names_moment(cursor: str) -> bool:
    """Whether a cursor names the moment and the id of an entry, and not how many there are before it.

    Behind such a cursor nothing is missed when an issue changes meanwhile and moves to the end. GitHub's are of this
    kind, which it does not promise: base64 of `cursor:v2:` and an array of two in MessagePack.
    """
    try:
        return urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).startswith(b"cursor:v2:\x92")
    except (binascii.Error, ValueError):
        return False


def _write_as_rest(issue: _Issue) -> dict[str, Json]:
    """The stored fields of an issue in the format of `GET /repos/…/issues`, and `duplicate_of` from its marks."""
    told = _find_original(issue)
    return {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "id": issue.id,
        "html_url": issue.url,
        "author_association": issue.association,
        "state": issue.state.lower(),
        "state_reason": issue.state_reason.lower() if issue.state_reason else None,
        "locked": issue.locked,
        "comments": issue.comments.total,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "closed_at": issue.closed_at,
        "user": {"login": issue.author.account.login, "type": issue.author.kind} if issue.author else None,
        "labels": [{"name": label.name} for label in (issue.labels.nodes if issue.labels else ()) if label],
        **({} if told is None else {"duplicate_of": told}),
    }


def _find_original(issue: _Issue) -> int | None:
    """The issue of the same repository that this one was last marked a duplicate of.

    0 if the mark was taken back or names something else; None if there is no such mark.
    """
    if (mark := find_mark(issue, issue.marks.nodes)) is None:
        return None
    end = Place.model_validate(mark.canonical or {})
    return end.number if end.kind == "Issue" and end.repository.name == issue.repository.name else 0


MOST_FOUND = 100
"""Issues in one answer of the search; GitHub does not return more at once."""


def write_search(repository: str, query: str, *, by_sense: bool = False, page: int = 0) -> str:
    """The address of a search, or of one of its pages with the oldest issues first.

    https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests
    """
    asked = {"q": f"{query} repo:{repository} is:issue", "per_page": str(MOST_FOUND)}
    kind = {"search_type": "hybrid"} if by_sense else {}
    place = {"sort": "created", "order": "asc", "page": str(page)} if page else {}
    return f"/search/issues?{urlencode(asked | kind | place)}"


def parse_search(answer: object, repository: str) -> SearchResult:
    """Read an answer; raises SettingsError if it is invalid. Issues of other repositories are left out."""
    if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
        raise SettingsError("It has no `items`.")
    found = [parse_issue(item, repository) for item in answer["items"]]
    total = answer.get("total_count")
    return SearchResult(
        issues=_keep_own(found, repository),
        total=total if isinstance(total, int) else len(found),
        is_by_sense=answer.get("search_type") in {"semantic", "hybrid"},
        is_partial=answer.get("incomplete_results") is True,
    )


def parse_alike(answer: object, repository: str) -> tuple[Issue, ...]:
    """Read the issues that GitHub finds similar, with or without a score; other entries are left out."""
    entries = answer if isinstance(answer, list) else []
    found = [parse_issue(issue, repository) for entry in entries if (issue := _find_issue(entry))]
    return _keep_own(found, repository)


def _find_issue(entry: object) -> object:
    inner = entry.get("issue", entry) if isinstance(entry, dict) else None
    return inner if isinstance(inner, dict) and "title" in inner and "number" in inner else None


def _keep_own(found: list[Issue], repository: str) -> tuple[Issue, ...]:
    own = [issue for issue in found if issue.repository.casefold() == repository.casefold()]
    return tuple(issue for issue in own if not issue.is_pull_request)
