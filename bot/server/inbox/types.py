"""Deliveries, what becomes of them, and the Protocol of what keeps them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from bot.errors import SignpostError

State = Literal["waiting", "running", "done", "dead"]
"""dead: handling failed too often, and a person must look at it (`signpost serve status`)."""

MOST_ATTEMPTS = 6
"""How often handling is tried before a delivery is dead."""

BACKOFF = (2.0, 10.0, 60.0, 300.0, 900.0)
"""Seconds before each further attempt."""


class InboxError(SignpostError):
    """The database cannot be used: it does not answer, is full, or belongs to something else."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook delivery that the server has something to do for.

    `guid` is GitHub's id (X-GitHub-Delivery), which a redelivery keeps. `event` is the name of the event, `action` its
    action, "" without one. `installation` is the id of the App's installation, 0 without one. `repository` is the
    repository's name (owner/name) at that time, and `repository_id` its id, which a rename keeps: "" and 0 without one.
    `issue` is the number of the issue, 0 if the event is not about one. `body` is the payload as GitHub sent it, `{}`
    for a push, and b"" after it was deleted. `received_at` is in UTC.
    """

    guid: str
    event: str
    action: str
    installation: int
    repository: str
    repository_id: int
    issue: int
    body: bytes
    received_at: datetime

    @property
    def lock(self) -> str:
        """Deliveries with the same lock are handled one after the other, in the order in which they were received."""
        return f"{self.repository_id}#{self.issue}" if self.repository_id else f"installation-{self.installation}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What handling a delivery did, without any text of an issue.

    `skipped` says why there was nothing to do, "" otherwise. `rules` are the ids of the rules that matched, `actions`
    what was written to GitHub, and `problems` what a maintainer should know. `requests` is their number.
    """

    skipped: str = ""
    rules: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    requests: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A delivery in the inbox, and how it stands.

    `attempts` were made so far. `changed_at` is when its state changed last, and `due_at` when it is tried again (None:
    as soon as possible). `error` is that of the last attempt, "" without one.
    """

    delivery: Delivery
    state: State
    attempts: int
    changed_at: datetime
    due_at: datetime | None = None
    error: str = ""
    handled: Handled | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many deliveries are in each state, and how long the oldest unfinished one has waited, in seconds."""

    waiting: int = 0
    running: int = 0
    done: int = 0
    dead: int = 0
    oldest_seconds: float = 0.0


class PostponedError(SignpostError):
    """A delivery cannot be handled yet, for example because of a rate limit: not an attempt that failed.

    It is handled again after `seconds`; later deliveries with its lock wait for it.
    """

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


Handle = Callable[[Delivery], Awaitable[Handled]]
"""Handles a delivery. Each error but PostponedError is an attempt that failed; a SignpostError is shown as it is, and
any other only with its type, because its text may quote an issue."""


@dataclass(frozen=True, slots=True)
class Chore:
    """What is to be done every `seconds`, by one of all servers that share the inbox; an error is logged."""

    name: str
    seconds: int
    do: Callable[[], Awaitable[None]]


class Inbox(Protocol):
    """Keeps deliveries; each is handled at least once, and those with the same lock in order.

    All methods raise InboxError if the database fails.
    """

    async def open(self) -> None:
        """Connect, and create or migrate the tables."""

    async def close(self) -> None:
        """Close all connections."""

    async def check(self) -> None:
        """Return if deliveries can be stored now; raises InboxError."""

    async def add(self, delivery: Delivery) -> bool:
        """Store a delivery; when this returns, it survives a crash. False: its GUID was stored before."""

    async def work(self, handle: Handle, chores: Sequence[Chore], workers: int, stop: asyncio.Event) -> None:
        """Handle deliveries, `workers` at a time, and do the chores, until `stop` is set.

        Repositories take turns (start-time fair queueing, Goyal et al. 1996): the next is a delivery with the lowest
        start tag, which it got when it was stored: one more than the last unfinished one of its repository, and at
        least the lowest that waited. So a flood of issues in one repository holds up the others by few deliveries.

        Then it starts nothing new and returns when the running ones are done. If it is cancelled, they are given back.
        """

    async def count(self) -> Counts:
        """How many deliveries there are."""

    async def list_entries(
        self, *, states: Collection[State] = (), repositories: Collection[int] | None = None, most: int = 100
    ) -> tuple[Entry, ...]:
        """The newest entries first, without bodies; of these states (none: of all) and repository ids (None: all)."""

    async def list_known(self, guids: Collection[str]) -> frozenset[str]:
        """The ones of these GUIDs that were stored, whether their bodies were deleted or not."""

    async def retry(self, guids: Collection[str] | None = None) -> int:
        """Let dead deliveries wait again (None: all), with no attempts; returns how many."""

    async def forget(self, before: datetime) -> int:
        """Delete the bodies of deliveries that were done before; returns how many. GUIDs are kept for 30 days more."""

    async def read_value(self, key: str) -> bytes | None:
        """A value that was kept under a key."""

    async def write_value(self, key: str, value: bytes | None) -> None:
        """Keep a value under a key; None deletes it."""

    async def list_values(self, prefix: str) -> Mapping[str, bytes]:
        """All values with keys that begin with a prefix."""
