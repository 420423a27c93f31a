"""GitHub's own marks of duplicates, as they stand in the histories of both issues that a mark names. Pure."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, Field


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
