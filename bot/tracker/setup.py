"""What GitHub says about the settings of a repository. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["admin", "maintain", "push", "triage", "pull"]
"""GitHub's rights in a repository, the highest first; each includes those after it."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something that could not be read, and why; `is_missing` if GitHub answered 404 or 410."""

    reason: str
    is_missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """A token and its rate limit; `has_token` is false for anonymous requests, `is_valid` if GitHub rejects the token.

    `scopes` are those of a classic token; None for other tokens, whose rights GitHub does not show.
    `limit` is in requests an hour, and `remaining` is full again at `resets_at`; None if the server sets no limit.
    """

    has_token: bool
    is_valid: bool = True
    scopes: tuple[str, ...] | None = None
    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryFacts:
    """A repository; `name` is its present name. `role` is that of the token's owner there, None if unknown."""

    name: str
    default_branch: str
    is_archived: bool = False
    is_disabled: bool = False
    has_issues: bool = True
    role: Role | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowState:
    """A workflow as GitHub Actions knows it; `state` is GitHub's word, `active` for one that runs."""

    id: int
    path: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionsPolicy:
    """What GitHub Actions may run in a repository.

    `allowed` is `all`, `local_only` or `selected`. `takes_githubs` and `patterns` say which actions are selected:
    GitHub's own, and those with such names. `requires_sha` if an action must be pinned to a commit.
    """

    is_enabled: bool
    allowed: str = "all"
    takes_githubs: bool = True
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
