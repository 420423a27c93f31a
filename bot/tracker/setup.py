"""What GitHub says about a repository's settings, and the Protocol that reads it. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.tracker.types import Folder


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, and why; `is_missing` if GitHub answered 404 or 410."""

    reason: str
    is_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """A token and its rate limit; `has_token` is false for anonymous requests, `is_valid` if GitHub rejects the token.

    `scopes` are those of a classic token; None for other tokens, of which GitHub does not say what they may do.
    `limit` and `remaining` are requests an hour, None where the server sets no limit; all are there at `resets_at`.
    """

    has_token: bool
    is_valid: bool = True
    scopes: tuple[str, ...] | None = None
    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFacts:
    """A repository; `name` is its name now. `role` is what the owner of the token may do there, None if unknown."""

    name: str
    default_branch: str
    is_private: bool = False
    is_archived: bool = False
    is_disabled: bool = False
    has_issues: bool = True
    role: Literal["admin", "maintain", "push", "triage", "pull"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowState:
    """A workflow as GitHub Actions knows it; `state` is GitHub's word, `active` for one that runs."""

    id: int
    path: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRun:
    """The last finished run of a workflow; `conclusion` is GitHub's word."""

    conclusion: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsPolicy:
    """What GitHub Actions may run in a repository.

    `allowed` is `all`, `local_only` or `selected`; the rest is about `selected`: actions that GitHub made, those of
    verified creators, and patterns of names. `requires_sha` if an action must be
    pinned to a commit.
    """

    is_enabled: bool
    allowed: str = "all"
    takes_githubs: bool = True
    takes_verified: bool = False
    patterns: tuple[str, ...] = ()
    requires_sha: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionLimit:
    """Who may open issues for now: `existing_users`, `contributors_only` or `collaborators_only`."""

    group: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheEntry:
    """A cache of the repository's workflows."""

    key: str
    created_at: datetime


class SetupSource(Protocol):
    """Reads the settings of a repository. Each method raises TrackerError."""

    def read_token(self) -> TokenFacts:
        """What GitHub says about the token."""

    def read_repository(self, repository: str) -> RepositoryFacts:
        """The repository as the token sees it."""

    def list_workflows(self, repository: str) -> tuple[WorkflowState, ...]:
        """The workflows that GitHub Actions knows, at most 100."""

    def read_last_run(self, repository: str, workflow: int) -> WorkflowRun | None:
        """The newest finished run of a workflow; None if it has none."""

    def read_policy(self, repository: str) -> ActionsPolicy:
        """What GitHub Actions may run; only administrators may read it."""

    def read_interaction_limit(self, repository: str) -> InteractionLimit | None:
        """The limit that is in force; only administrators may read it."""

    def list_caches(self, repository: str, prefix: str) -> tuple[CacheEntry, ...]:
        """The caches whose keys start with `prefix`, the newest first, at most 100."""

    def find_latest_release(self, repository: str) -> str | None:
        """The tag of the latest release; None if there is none."""

    def find_commit(self, repository: str, ref: str) -> str | None:
        """The SHA of the commit that a tag or a branch names; None if there is none."""

    def read_files(self, repository: str, folder: str) -> Folder:
        """The text files of a folder, one request each."""
