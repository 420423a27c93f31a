"""All past issues of a repository, page by page: the plain types and the Protocol. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol


class Cursor(NamedTuple):
    """A place in a list: the n-th page of the entries changed at `since` or later (ISO 8601; "": all entries).

    `etag` is that of the same page when it was read before. `after` is GraphQL's own cursor, in place of a page number.
    """

    since: str = ""
    page: int = 1
    etag: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list: GitHub's own JSON objects, each with its `updated_at`; at most 100.

    `pages_left` is the number of pages after it, and `total` the number of issues in the repository, if GitHub gives
    them. `after` is GraphQL's cursor of its end; `is_after_moment` if that names an entry, so that nothing is missed
    when earlier entries change.
    """

    entries: tuple[Mapping[str, Any], ...]
    etag: str = ""
    has_more: bool = False
    pages_left: int | None = None
    total: int | None = None
    after: str = ""
    is_after_moment: bool = False


class RemoteArchive(Protocol):
    """All past issues of a repository, page by page; raises only `TrackerError`."""

    def read_page(self, repository: str, kind: Literal["issues", "comments"], cursor: Cursor) -> Page | None:
        """Issues and pull requests, or the comments on them, by their last change, the oldest first.

        None if the page is unchanged since the cursor's ETag (304), which does not count for the rate limit.
        """

    @property
    def may_read_marked(self) -> bool:
        """Whether `read_marked` can work: GraphQL always needs a token."""

    def read_marked(self, repository: str, cursor: Cursor) -> Page | None:
        """Issues alone, with GitHub's marks of duplicates (`duplicate_of`), by their last change, the oldest first.

        None if there is no such GraphQL API, or the token may not use it.
        """

    def read_newest(self, repository: str, etag: str) -> str | None:
        """The ETag of the latest change in the repository; None if it is the given one (304)."""
