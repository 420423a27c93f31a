"""Issues and pull requests with what links them: the nodes and edges of an issue graph. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from bot.tracker.types import Account, Issue, Release

EdgeKind = Literal["closes", "claims", "duplicate_of", "part_of", "blocks", "connected", "references", "mentions"]
"""How `source` relates to `target`.

`closes`: GitHub's own closing reference, from a pull request to an issue; `claims`: a text says "fixes #123", and
GitHub has no closing reference; `duplicate_of`: GitHub's mark, from an issue to the one that it duplicates; `part_of`:
from a sub-issue to its parent; `blocks`: from what blocks to what is blocked; `connected`: linked by hand;
`references`: GitHub's cross-reference; `mentions`: named in prose, as Signpost reads it. A canonical issue and a fix
rest on what somebody set on GitHub alone, never on words.
"""


OFFLINE_GAP = "Nothing was asked of GitHub: only the text, the stored comments and the mark of a duplicate are known."
"""The gap of each node that comes from a file; `Coverage.is_offline` says the same of the whole graph."""


class Address(NamedTuple):
    """Where an issue or a pull request is: its repository (`owner/name`) and its number."""

    repository: str
    number: int

    def __str__(self) -> str:
        return f"{self.repository}#{self.number}"

    @property
    def folded(self) -> "Address":
        """The address to compare with: GitHub compares the names of repositories without regard to case."""
        return Address(self.repository.casefold(), self.number)


class Edge(NamedTuple):
    """One relation of two nodes, with its evidence.

    `place` says where it was found: `body`, `comment`, `timeline`, or `field` (GitHub's own lists of links). `url` is
    the page that shows it, "" if GitHub gives none; `by` is who set it, None if that is unknown; `association` is
    the GitHub `author_association` of `by`, "" if that is unknown.
    """

    kind: EdgeKind
    source: Address
    target: Address
    place: Literal["body", "comment", "timeline", "field"] = "field"
    at: datetime | None = None
    by: Account | None = None
    association: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The commit by which a pull request was merged, or a commit that closed an issue."""

    sha: str
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An issue or a pull request (`issue.is_pull_request`), with its timeline and its links.

    `issue` has the comments that were read, the oldest first; reactions to them are known if few nodes were read at
    once, such as the seeds.
    `closed_at` and `merged_at` are None if that did not happen; `is_draft` is of a pull request.
    `fix` is the commit that was merged, or that closed the issue. `files` are the paths that a pull request changes, at
    most 100. `reactions` counts those of the first post. `timeline` counts GitHub's events by their REST names.
    `edges` are all relations that this node shows, in both directions.
    `gaps` says what could not be read of it, in whole sentences; "" entries never occur.
    A file may leave out the state or the comments: see `issue.is_state_known` and `issue.is_thread_known`.
    `participants` is GitHub's count, 0 if the source does not give it.
    """

    issue: Issue
    closed_at: datetime | None = None
    merged_at: datetime | None = None
    is_draft: bool = False
    milestone: str = ""
    fix: Commit | None = None
    files: tuple[str, ...] = ()
    participants: int = 0
    reactions: Mapping[str, int] = field(default_factory=dict)
    timeline: Mapping[str, int] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    gaps: tuple[str, ...] = ()

    @property
    def address(self) -> Address:
        """Where it is."""
        return Address(self.issue.repository, self.issue.number)

    @property
    def is_merged(self) -> bool:
        """Whether it is a pull request that was merged."""
        return self.merged_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A node that is known only by its address, and why.

    `missing`: deleted, private, or never created: GitHub does not say which; `moved`: it is now at `moved_to`;
    `refused`: the token may not read it; `failed`: GitHub did not answer; `budget`, `depth`: not asked for.
    `message` is a sentence for the report.
    """

    address: Address
    reason: Literal["missing", "moved", "refused", "failed", "budget", "depth", "offline"]
    message: str = ""
    moved_to: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The nodes that were asked for, and those that could not be read.

    `failure` says why no further request can succeed (a rate limit), "" if that is not so.
    """

    nodes: tuple[Node, ...] = ()
    unread: tuple[Unread, ...] = ()
    failure: str = ""


MOST_AT_ONCE = 25
"""Nodes that one request reads at most. GitHub answers for 40 with timelines; these also have comments."""


class GraphSource(Protocol):
    """Where the nodes of an issue graph come from: GitHub, or an archive on this machine."""

    @property
    def is_offline(self) -> bool:
        """Whether nothing is asked of GitHub."""

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""

    def read_nodes(self, addresses: Iterable[Address], most_requests: int) -> Batch:
        """Those nodes, with at most so many requests; a redirect, and a repetition after a rate limit, may come on top.

        A node that is now elsewhere is in the answer at its new place, with an `Unread` for the old one; or there is
        only the `Unread`, whose `moved_to` can be asked for; a node for
        which no request was left is an `Unread` with the reason `budget`. A failure of one node, or of one batch, is an
        `Unread`, never an exception. If no further request can succeed (a refused token, a rate limit), this raises
        TrackerError; or the answer has what was read before, and the `failure`.
        """

    def list_releases(self, repository: str) -> tuple[Release, ...]:
        """The newest releases, at most 100, the newest first; no drafts. Raises TrackerError."""

    def contains_commit(self, repository: str, tag: str, commit: str) -> bool | None:
        """Whether a release contains a commit; None if GitHub does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPage:
    """GitHub's JSON of one answer of its REST API, its ETag, and the address of the page after it."""

    etag: str
    json: Any
    following: str | None = None


class PageCache(Protocol):
    """Where pages are kept between runs, so that an unchanged one does not count for the rate limit."""

    def find(self, path: str) -> StoredPage | None:
        """The stored page of an address."""

    def save(self, path: str, page: StoredPage) -> None:
        """Store a page."""
