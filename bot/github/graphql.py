"""What all GraphQL answers share: readable text, errors (which have the status 200) and marks of duplicates. Pure."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, ValidationError

from bot.errors import SettingsError, TrackerError
from bot.github.payloads import explain, mend_text
from bot.github.responses import Json

PARTIAL = frozenset({"NOT_FOUND", "FORBIDDEN"})
"""What is said of one thing that was asked for alone; the rest of the answer holds."""

_REFUSALS = frozenset({"FORBIDDEN", "INSUFFICIENT_SCOPES", "UNAUTHENTICATED"})
_TIMED_OUT = "something went wrong while executing your query"


class Problem(BaseModel):
    """One of GraphQL's errors; a query that the server does not understand has errors without a type."""

    type: str = ""
    message: str = ""


class Reply(BaseModel):
    """An answer: what was asked for, what went wrong, or both."""

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
        return is_plain and not any(tells_timeout(problem.message) for problem in self.errors)


def tells_timeout(message: str) -> bool:
    """Whether an error without a type says that GitHub gave up on the query, mostly because it took too long."""
    return message.lower().startswith(_TIMED_OUT)


class Count(BaseModel):
    """How many there are of something."""

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
    """The error that says what GitHub answered, and what can be done."""
    kinds = {problem.type for problem in problems}
    said = f"Could not {what}: GitHub answered: {problems[0].message[:300]}"
    if "NOT_FOUND" in kinds:
        return TrackerError(f"{said} It does not exist, or the token may not see it.", missing=True)
    if "FORBIDDEN" in kinds:
        return TrackerError(f"{said}. Give the job `permissions: contents: read`.")
    if "RATE_LIMITED" in kinds:
        # GraphQL has a limit of its own; the REST API may answer on.
        # https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
        return TrackerError(f"{said}. Run it again in an hour.", unanswered=True)
    return TrackerError(said, unanswered=not kinds & _REFUSALS)


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
    """That one is a duplicate of another (`canonical`, with whatever was asked of it), or is not any more."""

    kind: str = Field(default="", alias="__typename")
    duplicate: Place | None = None
    canonical: dict[str, Any] | None = None


class Marks(BaseModel):
    """The last marks of an issue, the oldest first."""

    nodes: list[Mark | None] = []


def find_mark(place: Place, marks: Iterable[Mark | None]) -> Mark | None:
    """The last mark that says whose duplicate an issue is; one that was taken back has no `canonical`.

    None where the marks tell nothing of it: those of others that were marked as its duplicates stand among them.
    """
    own = [mark for mark in marks if mark and mark.duplicate and mark.duplicate.address == place.address]
    if own and own[-1].kind != "MarkedAsDuplicateEvent":
        return own[-1].model_copy(update={"canonical": None})
    return own[-1] if own else None
