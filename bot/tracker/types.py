"""The plain types that all of Signpost uses, and the Protocols for GitHub. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple, Protocol

from bot.tracker.fields import FieldTracker
from bot.tracker.suggestions import SuggestionSource

MAINTAINERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
"""The values of `author_association` for the maintainers of a repository."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""The date of what the source gives no date for."""


LONGEST_LABEL = 50
"""GitHub's limit for the name of a label, in characters."""


def unique(labels: Iterable[str]) -> tuple[str, ...]:
    """Each label once; to GitHub, `Bug` and `bug` are the same label."""
    found: dict[str, str] = {}
    for label in labels:
        found.setdefault(label.casefold(), label)
    return tuple(found.values())


def without(labels: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Those labels that are not among the others."""
    unwanted = {label.casefold() for label in others}
    return tuple(label for label in labels if label.casefold() not in unwanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user or bot; `login` as in REST answers (`github-actions[bot]`, not `github-actions`)."""

    login: str
    is_bot: bool = False

    @property
    def is_gone(self) -> bool:
        """Whether the account was deleted: GitHub shows all of those as `ghost`."""
        return self.login.casefold() == "ghost"

    def is_same_person(self, other: "Account") -> bool:
        """Whether both are one person. A bot is not a person, and deleted accounts share one login."""
        is_known = not (self.is_bot or other.is_bot or self.is_gone)
        return is_known and self.login.casefold() == other.login.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment on an issue; `id` is GitHub's database id, `association` GitHub's `author_association`.

    `reactions` counts them by the names of REST (`+1`, `heart`, …), without those at zero. `updated_at` is the time of
    the last edit, None if the source does not state it.
    """

    id: int
    author: Account
    body: str
    created_at: datetime
    is_minimized: bool = False
    association: str = "NONE"
    url: str = ""
    reactions: tuple[tuple[str, int], ...] = ()
    updated_at: datetime | None = None

    @property
    def changed_at(self) -> datetime:
        """When it was last written or edited, as far as that is known."""
        return max(self.created_at, self.updated_at) if self.updated_at else self.created_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """One reaction to a comment; `content` is its name in REST (`+1`, `heart`, …)."""

    content: str
    by: Account
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as it was at one moment.

    `repository` is `owner/name`; `id` the database id; `comment_count` is GitHub's number, while `comments` has those
    that were read (in GitHub's order, oldest first). `association` is GitHub's `author_association`.
    `duplicate_of` is the issue of the same repository that GitHub marks it a duplicate of: 0 if a mark was taken back
    or names another repository, None if there is no data. `reactions` are those of the first post, as in `Comment`.
    `type` is the issue type, None if it has none, or the source has no types.
    `is_state_known` and `is_thread_known` say whether the source states `state`, and any comments or their number: an
    export may leave them out, and the fields then have their defaults.
    """

    repository: str
    number: int
    title: str
    body: str = ""
    id: int = 0
    url: str = ""
    author: Account = Account(login="ghost")
    association: str = "NONE"
    labels: tuple[str, ...] = ()
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    duplicate_of: int | None = None
    is_locked: bool = False
    is_pull_request: bool = False
    comment_count: int = 0
    created_at: datetime
    updated_at: datetime
    comments: tuple[Comment, ...] = ()
    is_state_known: bool = True
    is_thread_known: bool = True
    is_assigned: bool = False
    has_milestone: bool = False
    reactions: tuple[tuple[str, int], ...] = ()
    type: str | None = None

    @property
    def server(self) -> str:
        """The GitHub that the issue is on, by its own address: `https://github.com`, or an Enterprise server."""
        server, parted, _ = self.url.partition(f"/{self.repository}/issues/")
        return server if parted else "https://github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of an issue's own history (REST: issue events), oldest first where there are several.

    `kind` is GitHub's name: labeled, unlabeled, renamed, comment_deleted, reopened, closed, …; unknown ones are kept.
    `label` is set for (un)labeled, `former_title` for renamed, `field` (its name) for changes of issue fields.
    `author` is who wrote the comment that was deleted, where that is known: REST does not say.
    """

    kind: str
    actor: Account
    at: datetime
    label: str | None = None
    former_title: str | None = None
    author: Account | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueEvent:
    """An event of GitHub, which says that `issue` may need a run. `name` and `action` are GitHub's own words.

    `comment` is the comment of an `issue_comment` event.
    """

    name: str
    action: str
    issue: Issue
    sender: Account
    comment: Comment | None = None

    @property
    def repository(self) -> str:
        """Where the issue is."""
        return self.issue.repository

    @property
    def number(self) -> int:
        """The issue's number."""
        return self.issue.number


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to do, and why; a value, not an error."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """The text files of a folder, by their path in the repository, and a problem for each that could not be read."""

    files: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


class FolderTree(NamedTuple):
    """Which files a folder has: the id of its tree, "" without such a folder, and the ETag of the answer about it."""

    tree: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedIssue:
    """An issue or pull request that may be linked, as it is now, with the data that decides on a link.

    `duplicate_of` is the issue that maintainers marked it a duplicate of (owner/name, number); `references` counts the
    references from other issues, `participants` the people who take part; `is_answered` tells whether a maintainer
    commented. `milestone` is its own or that of the pull request that closed it, `fixed_at` is when the closing change
    was merged or pushed.
    """

    issue: Issue
    duplicate_of: tuple[str, int] | None = None
    references: int = 0
    participants: int = 0
    is_answered: bool = False
    milestone: str | None = None
    fixed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A published release; `tag` as maintainers wrote it."""

    tag: str
    at: datetime
    is_prerelease: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """GitHub's data on issues that may be linked, by their number; a deleted issue is missing.

    `issues` may include more than was asked for: the issues that those were marked duplicates of. `releases` are the
    newest, the newest first; `has_older_releases` if there are more. `unread` are issues that would have needed too
    many requests or, if `failure` says what went wrong, that GitHub did not answer for.
    """

    issues: Mapping[int, LinkedIssue] = field(default_factory=dict)
    releases: tuple[Release, ...] = ()
    has_older_releases: bool = False
    unread: frozenset[int] = frozenset()
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """The issues that GitHub's search found, at most 100 of `total`; `is_by_sense` if it compared meanings.

    It `is_partial` if GitHub had no time to look at all issues.
    """

    issues: tuple[Issue, ...] = ()
    total: int = 0
    is_by_sense: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedComment:
    """A comment and its issue, as they are now.

    `reactions` has, for each name, how many there are and when the last one was made. `closings` are the last times
    that the issue was closed or reopened, the oldest first. `is_held` if it is assigned, pinned, or has a milestone.
    """

    node_id: str
    is_minimized: bool = False
    reactions: tuple[tuple[str, int, datetime], ...] = ()
    issue: int
    author: Account
    state: Literal["open", "closed"] = "open"
    is_locked: bool = False
    is_held: bool = False
    comment_count: int = 0
    closings: tuple[Change, ...] = ()


class SignalSource(Protocol):
    """What people answer to many comments, in few requests; raises only `TrackerError`."""

    def watch_comments(self, node_ids: Iterable[str]) -> Mapping[str, WatchedComment]:
        """Those comments by their GraphQL ids, at most 100, in one request; a deleted one is missing."""

    def list_reactors(self, node_ids: Iterable[str]) -> Mapping[str, tuple[Reaction, ...] | None]:
        """The reactions to those comments, at most 25, in one request; None if there are too many for one answer."""


class Searcher(Protocol):
    """GitHub search for issues; raises only `TrackerError`. Each method is one request."""

    @property
    def may_search_by_sense(self) -> bool:
        """Whether this GitHub may compare meanings; an Enterprise Server does not."""

    def search_issues(self, repository: str, query: str, *, by_sense: bool = False) -> SearchResult:
        """The issues of the repository, in any state, that the query finds, the best first.

        `by_sense` asks for a search that also compares meanings; if GitHub has none, only the words count.
        """

    def list_alike(self, issue: Issue) -> tuple[Issue, ...]:
        """The issues that GitHub itself finds similar; empty if it does not answer."""


class Tracker(FieldTracker, SuggestionSource, Protocol):
    """GitHub, as Signpost uses it. Every method raises only `TrackerError`.

    Reads may be repeated after a failure; a write is sent once (a POST that is repeated is a second comment).
    """

    @property
    def requests(self) -> int:
        """How many requests were sent so far, repeated ones included."""

    def get_issue(self, repository: str, number: int) -> Issue:
        """The issue as it is now, without its comments."""

    def get_login(self) -> str | None:
        """Our login, if one request with the token shows it (a user's token); None if not."""

    def list_comments(self, issue: Issue, since: datetime | None = None) -> tuple[Comment, ...]:
        """All comments, or those written or edited since then, on however many pages (100 a page), oldest first."""

    def get_comment(self, issue: Issue, comment_id: int) -> Comment | None:
        """A comment of the issue as it is now; None where it is gone."""

    def list_reactions(self, issue: Issue, comment_id: int, content: str = "") -> tuple[Reaction, ...]:
        """The reactions to a comment (100 a page), those of bots too; only those of one name if `content` is given."""

    def find_permission(self, repository: str, login: str) -> str:
        """The role of a person: `admin`, `maintain`, `write`, `triage`, `read` or `none`, in one request a person.

        `none` also for an account that does not exist.
        """

    def list_changes(self, issue: Issue) -> tuple[Change, ...]:
        """GitHub's events of the issue, oldest first."""

    def list_deletions(self, issue: Issue) -> tuple[Change, ...] | None:
        """The last hundred deletions of comments, each with who had written it (`author`), in one request.

        None where there is no such GraphQL API, or the token may not ask it.
        """

    def list_field_changes(self, issue: Issue) -> tuple[Change, ...] | None:
        """The last hundred changes of issue fields, oldest first, in one request; None as in `list_deletions`."""

    def find_labels(self, repository: str, names: Iterable[str]) -> frozenset[str]:
        """Those of `names` that exist in the repository, as GitHub compares them (without regard to case)."""

    def read_folder(self, repository: str, folder: str) -> Folder:
        """The files of a folder on the default branch, at most three levels deep, in one request.

        A folder that does not exist is empty.
        """

    def read_links(self, repository: str, numbers: Iterable[int]) -> Links:
        """Those issues as they are now, and the issues that they were marked duplicates of, in one request.

        If GitHub has no such GraphQL API, one more request for each of the first three, with only the data of REST.
        """

    def add_labels(self, issue: Issue, labels: Iterable[str]) -> None:
        """Add labels to the present ones. GitHub creates an unknown label, so call `find_labels` first."""

    def remove_label(self, issue: Issue, label: str) -> None:
        """Remove one label; a missing one is not an error."""

    def create_label(self, repository: str, label: str) -> None:
        """Create a label; an existing one is not an error."""

    def create_comment(self, issue: Issue, body: str) -> Comment:
        """Post a comment and return it as GitHub stored it."""

    def update_comment(self, issue: Issue, comment_id: int, body: str) -> None:
        """Replace a comment's text, without a notification."""

    def delete_comment(self, issue: Issue, comment_id: int) -> None:
        """Delete a comment; a missing one is not an error. It is for our second comment, right after it was posted."""

    def add_reaction(self, issue: Issue, comment_id: int, content: Literal["+1", "confused"]) -> None:
        """React to a comment; one that is there already is not an error."""

    def close_issue(
        self,
        issue: Issue,
        reason: Literal["not_planned", "completed", "duplicate"],
        duplicate_of: int | None = None,
    ) -> None:
        """Close the issue; `duplicate_of` is the canonical one's database id, not its number (`duplicate_issue_id`)."""
