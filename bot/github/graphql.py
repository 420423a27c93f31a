"""The common parts of all GraphQL answers (text, errors, marks of duplicates), and the two smallest queries. Pure."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from bot.errors import SettingsError, TrackerError
from bot.github.payloads import explain, mend_text
from bot.github.responses import Json
from bot.tracker.types import Account, Change, Folder

PARTIAL = frozenset({"NOT_FOUND", "FORBIDDEN"})
"""Errors that concern only one part of the query; the rest of the answer is valid."""

_REFUSALS = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "UNAUTHENTICATED"})
_TIMED_OUT = "something went wrong while executing your query"


class Problem(BaseModel):
    """One of GraphQL's errors; a query that the server does not understand has errors without a type."""

    type: str = ""
    message: str = ""


class Reply(BaseModel):
    """An answer: the data, the errors, or both."""

    data: dict[str, Any] | None = None
    errors: Annotated[list[Problem], BeforeValidator(lambda value: value or [])] = []

    @property
    def kinds(self) -> frozenset[str]:
        """The types of its errors."""
        return frozenset(problem.type for problem in self.errors)

    @property
    def is_not_understood(self) -> bool:
        """Whether the server is too old for the query: it has errors without a type then, and no data at all.

        A query that took too long has such errors, too.
        https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#timeouts
        """
        is_plain = self.kinds == {""} and not self.data
        return is_plain and not any(is_timeout(problem.message) for problem in self.errors)


def is_timeout(message: str) -> bool:
    """Whether an error without a type says that GitHub gave up on the query, mostly because it took too long."""
    return message.lower().startswith(_TIMED_OUT)


class Count(BaseModel):
    """The number of entries in a list."""

    total: int = Field(default=0, alias="totalCount")


@contextmanager
def explain_answer(what: str) -> Iterator[None]:
    """An answer that is not what GitHub documents, as a `TrackerError`: "Could not `what`: …"."""
    try:
        yield
    except ValidationError as error:
        raise _miss(what, explain(error)) from None
    except (AttributeError, SettingsError, TypeError) as error:
        raise _miss(what, str(error)) from None


def _miss(what: str, why: str) -> TrackerError:
    return TrackerError(f"Could not {what}: GitHub's answer is unexpected ({why}).", unanswered=True)


def mend_json(json: Json) -> Json:
    """Mend the text in JSON of any depth (see `mend_text`), which pydantic would refuse."""
    if isinstance(json, str):
        return mend_text(json)
    if isinstance(json, list):
        return [mend_json(entry) for entry in json]
    if isinstance(json, dict):
        return {key: mend_json(value) for key, value in json.items()}
    return json


def describe_problems(problems: list[Problem], what: str) -> TrackerError:
    """The error with GitHub's answer and advice."""
    kinds = {problem.type for problem in problems}
    message = problems[0].message[:300] if problems else "nothing"
    said = f"Could not {what}: GitHub answered: {message}"
    if "NOT_FOUND" in kinds:
        return TrackerError(f"{said} It does not exist, or the token has no access to it.", missing=True)
    if "FORBIDDEN" in kinds:
        return TrackerError(f"{said}. Give the job `permissions: contents: read`.")
    if "RATE_LIMITED" in kinds:
        # GraphQL has a limit of its own; the REST API may answer on.
        # https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
        return TrackerError(f"{said}. Run it again in an hour.", unanswered=True)
    return TrackerError(said, unanswered=not kinds & _REFUSALS)


class Author(BaseModel):
    """Who wrote or did something; REST writes `name[bot]` where GraphQL writes `name`."""

    kind: str = Field(default="User", alias="__typename")
    login: str = ""

    @property
    def account(self) -> Account:
        """The same as in REST answers."""
        is_bot = self.kind == "Bot" and not self.login.endswith("[bot]")
        return Account(login=f"{self.login}[bot]" if is_bot else self.login or "ghost", is_bot=self.kind == "Bot")


class Repository(BaseModel):
    """A repository by its `owner/name`."""

    name: str = Field(default="", alias="nameWithOwner")


class Place(BaseModel):
    """An issue or a pull request (`kind`), by its number and its repository."""

    kind: str = Field(default="", alias="__typename")
    number: int = 0
    repository: Repository = Repository()

    @property
    def address(self) -> tuple[str, int]:
        """Its repository and its number."""
        return self.repository.name, self.number


class Mark(BaseModel):
    """A mark that an issue is a duplicate of `canonical` (with the fields of the query), or is not any more."""

    kind: str = Field(default="", alias="__typename")
    duplicate: Place | None = None
    canonical: dict[str, Any] | None = None


class Marks(BaseModel):
    """The last marks of an issue, the oldest first."""

    nodes: list[Mark | None] = []


def find_mark(place: Place, marks: Iterable[Mark | None]) -> Mark | None:
    """The last mark of this issue as a duplicate; a mark that was taken back has no `canonical`.

    None if there is no such mark: the marks also include those of issues that are duplicates of this one.
    """
    own = [mark for mark in marks if mark and mark.duplicate and mark.duplicate.address == place.address]
    if own and own[-1].kind != "MarkedAsDuplicateEvent":
        return own[-1].model_copy(update={"canonical": None})
    return own[-1] if own else None


_LEVELS = 3
_SYMBOLIC_LINK = 0o120000
_BLOB = "... on Blob { text isBinary isTruncated }"


def _write_query(levels: int) -> str:
    """The entries of a tree, nested."""
    inner = f"{_BLOB} {_write_query(levels - 1)}" if levels > 1 else _BLOB
    return f"... on Tree {{ entries {{ name type mode object {{ {inner} }} }} }}"


FOLDER_QUERY = (
    "query($owner: String!, $name: String!, $expression: String!) { repository(owner: $owner, name: $name) "
    f"{{ object(expression: $expression) {{ __typename {_write_query(_LEVELS)} }} }} }}"
)
"""Takes `owner`, `name` and `expression` ("HEAD:folder"). https://docs.github.com/en/graphql/reference/objects#tree"""


class _Object(BaseModel):
    """A Tree or a Blob; the fields of the other kind are absent."""

    kind: str = Field(default="", alias="__typename")
    entries: list["_Entry"] | None = None
    text: str | None = None
    is_binary: bool | None = Field(default=None, alias="isBinary")
    is_truncated: bool = Field(default=False, alias="isTruncated")


class _Entry(BaseModel):
    name: str
    type: str
    mode: int = 0
    object: _Object | None = None


class _Root(BaseModel):
    object: _Object | None = None


class _Found(BaseModel):
    repository: _Root | None = None


class _FolderReply(BaseModel):
    data: _Found | None = None
    errors: list[Problem] = []


def parse_folder(reply: object, folder: str, what: str) -> Folder:
    """Read the answer to `FOLDER_QUERY`; a folder that does not exist is an empty one.

    Raises `TrackerError` ("Could not `what`: …") for GraphQL's errors, which come with the status 200.
    """
    try:
        read = _FolderReply.model_validate(mend_json(reply))
    except ValidationError as error:
        raise TrackerError(f"Could not {what}: GitHub's answer is unexpected ({explain(error)}).") from None
    if read.errors:
        raise describe_problems(read.errors, what)
    found = read.data and read.data.repository and read.data.repository.object
    if not found:
        return Folder()
    if found.kind != "Tree":
        return Folder(problems=(f"{folder}: is not a folder; make it one, with a file for each rule",))
    walked = list(_walk(found, folder, _LEVELS))
    return Folder(
        files={path: blob.text or "" for path, blob, problem in walked if not problem},
        problems=tuple(f"{path}: {problem}" for path, _, problem in walked if problem),
    )


def _walk(tree: _Object, folder: str, levels: int) -> Iterator[tuple[str, _Object, str]]:
    """Path, content and problem of each file; a submodule is left out."""
    for entry in tree.entries or []:
        path = f"{folder}/{entry.name}" if folder else entry.name
        found = entry.object or _Object()
        if entry.type == "blob":
            yield (path, found, _find_problem(entry.mode, found))
        elif entry.type == "tree" and levels > 1:
            yield from _walk(found, path, levels - 1)
        elif entry.type == "tree":
            yield (path, found, f"is deeper than {_LEVELS} levels; move it up")


def _find_problem(mode: int, blob: _Object) -> str:
    if mode == _SYMBOLIC_LINK:
        return "is a symbolic link, which Signpost does not follow; replace it with a copy of the file"
    if blob.is_binary:
        return "is not a text file; save it as UTF-8, or remove it"
    if blob.is_truncated or blob.text is None:
        return "is too large for the API; use actions/checkout"
    return ""


DELETIONS_QUERY = """
query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) {
  issue(number: $number) { timelineItems(last: 100, itemTypes: [COMMENT_DELETED_EVENT]) {
    totalCount
    nodes { ... on CommentDeletedEvent {
      createdAt actor { __typename login } deletedCommentAuthor { __typename login }
    } }
  } }
} }
"""
"""https://docs.github.com/en/graphql/reference/objects#commentdeletedevent"""

_GHOST = Author(login="ghost")


class _Deletion(BaseModel):
    at: datetime = Field(alias="createdAt")
    actor: Author | None = None
    author: Author | None = Field(default=None, alias="deletedCommentAuthor")


class _Deletions(BaseModel):
    total: int = Field(default=0, alias="totalCount")
    nodes: list[_Deletion | None] = []


def read_timeline(reply: object, what: str) -> dict[str, Any] | None:
    """The `timelineItems` of an issue; None where the server does not understand the query, or the token may not ask.

    Raises `TrackerError` ("Could not `what`: …") for GraphQL's other errors, which come with the status 200.
    """
    read = Reply.model_validate(mend_json(reply))
    issue = ((read.data or {}).get("repository") or {}).get("issue")
    if issue is None and (read.is_not_understood or read.kinds == {"FORBIDDEN"}):
        return None
    if issue is None or read.errors:
        raise describe_problems(read.errors, what)
    return issue.get("timelineItems") or {}


def parse_deletions(reply: object, what: str) -> tuple[Change, ...] | None:
    """Read the answer to `DELETIONS_QUERY`; the author of a deleted account is `ghost`.

    None where the server does not understand it, the token may not ask, or there are more than it gives at once.
    Raises `TrackerError` ("Could not `what`: …") for GraphQL's other errors, which come with the status 200.
    """
    with explain_answer(what):
        items = read_timeline(reply, what)
        if items is None:
            return None
        found = _Deletions.model_validate(items)
        changes = tuple(_write_deletion(node) for node in found.nodes if node)
        return changes if len(changes) == found.total else None


def _write_deletion(deletion: _Deletion) -> Change:
    actor, author = (each or _GHOST for each in (deletion.actor, deletion.author))
    return Change(kind="comment_deleted", actor=actor.account, at=deletion.at, author=author.account)
