"""GraphQL's answers for nodes of an issue graph: what was read, what is missing, and what to ask again. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, AwareDatetime, BaseModel, BeforeValidator, Field

from bot.errors import TrackerError
from bot.github.graph.query import NO_SUCH_ISSUE, PageAsked
from bot.github.graphql import (
    Author,
    Count,
    Place,
    Repository,
    describe_problems,
    explain_answer,
    is_timeout,
    mend_json,
)
from bot.github.queries.issues import is_too_costly
from bot.github.responses import Json, shorten
from bot.tracker.graph import Address, Unread

NO_SUCH_REPOSITORY = "Its repository does not exist, or it is private: GitHub gives the same answer for both."

_REFUSALS = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES"})


def _list(value: object) -> object:
    """A list without the entries that the token may not see; GraphQL writes null for them."""
    return [entry for entry in value if entry is not None] if isinstance(value, list) else value or []


class LinkedPlace(Place):
    """An issue or pull request that another one names, with the address of its page."""

    url: str = ""

    @property
    def linked(self) -> Address:
        """Where it is."""
        return Address(*self.address)


class Source(LinkedPlace):
    """Where a cross-reference is written, and who opened that issue or pull request."""

    association: str = Field(default="", alias="authorAssociation")
    author: Author | None = None


class Closer(LinkedPlace):
    """What closed an issue: a pull request (`kind`), a commit, or anything else."""

    oid: str = ""
    at: AwareDatetime | None = Field(default=None, alias="committedDate")


class CommitJson(BaseModel):
    """A commit."""

    oid: str
    url: str = ""
    at: AwareDatetime = Field(alias="committedDate")


class Event(BaseModel):
    """One entry of a timeline; `kind` is GraphQL's name of it, and most have no other field that is read."""

    kind: str = Field(default="", alias="__typename")
    at: AwareDatetime | None = Field(default=None, alias="createdAt")
    actor: Author | None = None
    url: str = ""
    source: Source | None = None
    closes: bool = Field(default=False, alias="willCloseTarget")
    subject: LinkedPlace | None = None
    closer: Closer | None = None
    duplicate: LinkedPlace | None = None
    canonical: LinkedPlace | None = Field(default=None, validation_alias=AliasChoices("canonical", "duplicateOf"))
    parent: LinkedPlace | None = None
    sub_issue: LinkedPlace | None = Field(default=None, alias="subIssue")
    blocking: LinkedPlace | None = Field(default=None, alias="blockingIssue")
    blocked: LinkedPlace | None = Field(default=None, alias="blockedIssue")


class _PageInfo(BaseModel):
    has_next: bool = Field(default=False, alias="hasNextPage")
    end: str | None = Field(default=None, alias="endCursor")


class Events(BaseModel):
    """A page of a timeline; `total` counts all entries."""

    total: int = Field(alias="totalCount")
    page: _PageInfo = Field(alias="pageInfo")
    nodes: Annotated[list[Event], BeforeValidator(_list)]


class Reactions(BaseModel):
    """How many people reacted in one way (`THUMBS_UP`, …)."""

    content: str
    reactors: Count = Count()


_Reactions = Annotated[list[Reactions], BeforeValidator(_list)]


class CommentJson(BaseModel):
    """A comment."""

    id: int = Field(default=0, alias="fullDatabaseId")
    url: str = ""
    body: str = ""
    created_at: AwareDatetime = Field(alias="createdAt")
    is_minimized: bool = Field(default=False, alias="isMinimized")
    association: str = Field(default="NONE", alias="authorAssociation")
    author: Author | None = None
    reactions: _Reactions = Field(default=[], alias="reactionGroups")


class Comments(BaseModel):
    """A page of comments; `total` counts all."""

    total: int = Field(alias="totalCount")
    page: _PageInfo = Field(alias="pageInfo")
    nodes: Annotated[list[CommentJson], BeforeValidator(_list)]


class Links(BaseModel):
    """One of GitHub's own lists of links, of which at most 100 are read."""

    total: int = Field(default=0, alias="totalCount")
    nodes: Annotated[list[LinkedPlace], BeforeValidator(_list)] = []


class _Named(BaseModel):
    name: str = Field(validation_alias=AliasChoices("name", "title", "path"))


class Names(BaseModel):
    """A list of labels, or of the paths of files."""

    total: int = Field(default=0, alias="totalCount")
    nodes: Annotated[list[_Named], BeforeValidator(_list)] = []


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class NodeJson(Place):
    """An issue or a pull request as GraphQL gives it; `gaps` says what could not be read of it."""

    kind: Literal["Issue", "PullRequest"] = Field(alias="__typename")
    number: int
    repository: Repository
    title: str
    body: Annotated[str, BeforeValidator(lambda value: value or "")] = ""
    url: str = ""
    id: int = Field(default=0, alias="fullDatabaseId")
    is_locked: bool = Field(default=False, alias="locked")
    created_at: AwareDatetime = Field(alias="createdAt")
    updated_at: AwareDatetime = Field(alias="updatedAt")
    closed_at: AwareDatetime | None = Field(default=None, alias="closedAt")
    association: str = Field(default="NONE", alias="authorAssociation")
    author: Author | None = None
    milestone: _Named | None = None
    labels: Names | None = None
    participants: Count = Count()
    reactions: _Reactions = Field(default=[], alias="reactionGroups")
    state: Annotated[Literal["open", "closed", "merged"], BeforeValidator(_lower)] = Field(
        validation_alias=AliasChoices("state", "pullState")
    )
    state_reason: Annotated[str | None, BeforeValidator(_lower)] = Field(default=None, alias="stateReason")
    duplicate_of: LinkedPlace | None = Field(default=None, alias="duplicateOf")
    parent: LinkedPlace | None = None
    sub_issues: Links = Field(default=Links(), alias="subIssues")
    blocked_by: Links = Field(default=Links(), alias="blockedBy")
    blocking: Links = Links()
    closed_by: Links = Field(default=Links(), alias="closedByPullRequestsReferences")
    closing: Links = Field(default=Links(), alias="closingIssuesReferences")
    is_draft: bool = Field(default=False, alias="isDraft")
    merged_at: AwareDatetime | None = Field(default=None, alias="mergedAt")
    merge_commit: CommitJson | None = Field(default=None, alias="mergeCommit")
    files: Names | None = None
    comments: Comments | None = None
    timeline: Events | None = Field(default=None, alias="timelineItems")
    gaps: list[str] = Field(default_factory=list)
    is_plain: bool = False

    @property
    def here(self) -> Address:
        """Where it is: not always what was asked for."""
        return Address(self.repository.name, self.number)

    def list_pages(self, asked: Address) -> tuple[PageAsked, ...]:
        """The next pages of its timeline and its comments."""
        lists: tuple[tuple[Literal["timeline", "comments"], Events | Comments | None], ...] = (
            ("timeline", self.timeline),
            ("comments", self.comments),
        )
        return tuple(
            PageAsked(asked, name, found.page.end)
            for name, found in lists
            if found and found.nodes and found.page.has_next and found.page.end
        )


class _Problem(BaseModel):
    type: str = ""
    message: str = ""
    path: Annotated[list[str | int], BeforeValidator(_list)] = []


class _Answer(BaseModel):
    data: dict[str, Any] | None = None
    errors: Annotated[list[_Problem], BeforeValidator(_list)] = []

    def find_problems(self, name: str) -> list[_Problem]:
        """The errors about one alias, or about none in particular."""
        return [problem for problem in self.errors if not problem.path or problem.path[0] == name]


class NotUnderstoodError(Exception):
    """The server is too old for the query."""


class TooMuchError(Exception):
    """GitHub gave up on the query; a smaller one may work."""


def _read_answer(reply: Json, what: str) -> _Answer:
    """The answer, if it is about the query; raises NotUnderstoodError, TooMuchError or TrackerError."""
    with explain_answer(what):
        answer = _Answer.model_validate(mend_json(reply))
    kinds = {problem.type for problem in answer.errors}
    if "RATE_LIMITED" in kinds:
        raise describe_problems([], what) if not answer.errors else _describe(answer.errors, what)
    if answer.data is None or not any(answer.data.values()):
        if is_too_costly(reply):
            raise TooMuchError
        if kinds == {""} and not any(problem.path for problem in answer.errors):
            raise NotUnderstoodError
    if answer.data is None:
        raise _describe(answer.errors, what)
    return answer


def _describe(problems: Sequence[_Problem], what: str) -> TrackerError:
    first = shorten(problems[0].message) if problems else "nothing"
    is_limit = any(problem.type == "RATE_LIMITED" for problem in problems)
    advice = " Run it again in an hour." if is_limit else ""
    return TrackerError(f"Could not {what}: GitHub answered: {first}.{advice}", unanswered=not is_limit)


def parse_nodes(reply: Json, addresses: Sequence[Address], what: str) -> dict[Address, NodeJson | Unread | None]:
    """Read the answer to `write_nodes_query`; None for a node that GitHub did not answer for.

    Raises NotUnderstoodError, TooMuchError, or TrackerError for a rate limit and an answer of another shape.
    """
    answer = _read_answer(reply, what)
    return {address: _read_node(answer, f"r{place}", address) for place, address in enumerate(addresses)}


def _read_node(answer: _Answer, name: str, address: Address) -> NodeJson | Unread | None:
    problems = answer.find_problems(name)
    repository = (answer.data or {}).get(name)
    found = repository.get("node") if isinstance(repository, Mapping) else None
    if not isinstance(found, Mapping):
        return _explain_absence(address, problems)
    try:
        with explain_answer(f"read {address}"):
            node = NodeJson.model_validate(found)
    except TrackerError as error:
        return Unread(address=address, reason="failed", message=str(error))
    if problems:
        node.gaps.append(_describe_part(problems))
    return node


def _describe_part(problems: Sequence[_Problem]) -> str:
    said = {shorten(re.sub(r"\s+", " ", problem.message)) for problem in problems}
    return f"GitHub left out a part of it: {min(said)}"


def _explain_absence(address: Address, problems: Sequence[_Problem]) -> Unread | None:
    kinds = {problem.type for problem in problems}
    if any(is_timeout(problem.message) for problem in problems):
        return None
    if kinds & _REFUSALS:
        said = next(shorten(problem.message) for problem in problems if problem.type in _REFUSALS)
        return Unread(address=address, reason="refused", message=f"GitHub refused to show it: {said}")
    if not problems or "NOT_FOUND" in kinds:
        is_repository = any(problem.type == "NOT_FOUND" and len(problem.path) == 1 for problem in problems)
        message = NO_SUCH_REPOSITORY if is_repository else NO_SUCH_ISSUE
        return Unread(address=address, reason="missing", message=message)
    return None


def parse_pages(reply: Json, pages: Sequence[PageAsked], what: str) -> dict[PageAsked, Events | Comments | None]:
    """Read the answer to `write_pages_query`; None for a page that GitHub did not give. Raises as `parse_nodes`."""
    answer = _read_answer(reply, what)
    return {page: _read_list(answer, f"r{place}", page) for place, page in enumerate(pages)}


def _read_list(answer: _Answer, name: str, page: PageAsked) -> Events | Comments | None:
    repository = (answer.data or {}).get(name)
    node = repository.get("node") if isinstance(repository, Mapping) else None
    model, key = (Events, "timelineItems") if page.list == "timeline" else (Comments, "comments")
    try:
        with explain_answer(f"read a page of {page.address}"):
            return model.model_validate(node.get(key)) if isinstance(node, Mapping) else None
    except TrackerError:
        return None
