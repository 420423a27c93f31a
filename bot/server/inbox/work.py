"""What both inboxes share: what becomes of an attempt, rows as values, and the rhythm of the chores."""

import asyncio
import dataclasses
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.errors import SignpostError
from bot.server.inbox.types import Chore, Delivery, Entry, Handle, Handled, InboxError, PostponedError, State

KNOWN_SECONDS = 30 * 24 * 3600.0
"""How long a GUID is kept after its body was deleted. GitHub keeps deliveries for 3 days, GHES for 7."""

LONGEST_ERROR = 1000
"""Characters of an error that are kept."""

LONGEST_GAP = 3600
"""Seconds. A chore that is done more often is done at each start, too: it may make up for the time before."""

SHORTEST_GAP = 60.0
"""Seconds between two starts of such a chore, for a server that starts again and again, or for many that start."""

RETRY_SECONDS = 5.0
"""Seconds until a database that failed is tried again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What becomes of a delivery after an attempt: its new state; it is tried again after `seconds`."""

    state: State
    attempts: int
    seconds: float = 0.0
    error: str = ""
    handled: Handled | None = None


def settle(outcome: Handled | BaseException, attempts: int, backoff: Sequence[float]) -> Settled:
    """Decide what becomes of a delivery with so many failed attempts before this one, which ended with `outcome`.

    After each failed attempt but the last, it waits for the next of the seconds in `backoff`. A postponed or cancelled
    attempt is not counted.
    """
    match outcome:
        case Handled():
            return Settled(state="done", attempts=attempts + 1, handled=outcome)
        case PostponedError():
            return Settled(
                state="waiting", attempts=attempts, seconds=max(0.0, outcome.seconds), error=describe_error(outcome)
            )
        case asyncio.CancelledError():
            return Settled(state="waiting", attempts=attempts)
    error = describe_error(outcome)
    if attempts >= len(backoff):
        return Settled(state="dead", attempts=attempts + 1, error=error)
    return Settled(state="waiting", attempts=attempts + 1, seconds=backoff[attempts], error=error)


def describe_error(error: BaseException) -> str:
    """The text of an error of ours; the type of any other, because its text may quote an issue."""
    text = str(error) if isinstance(error, SignpostError) else type(error).__name__
    return text[:LONGEST_ERROR].replace("\0", "").encode("utf-8", "replace").decode()


async def attempt(handle: Handle, delivery: Delivery) -> Handled | BaseException:
    """What handling a delivery gave: Handled, the error, or the cancellation."""
    try:
        return await handle(delivery)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        # One that nobody asked for would be tried again for ever.
        return error if task and task.cancelling() else RuntimeError()
    except Exception as error:  # noqa: BLE001 (each error is an attempt that failed)
        return error


def encode_handled(handled: Handled | None) -> str | None:
    """As JSON in ASCII, which every database keeps as it is."""
    return json.dumps(dataclasses.asdict(handled)) if handled else None


def decode_handled(text: str | None) -> Handled | None:
    """The value of that JSON."""
    if text is None:
        return None
    fields: dict[str, Any] = json.loads(text)
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Handled(**fields | lists)


@dataclass(frozen=True, slots=True)
class Row:
    """A delivery as the tables have it, without its body: the columns in the order of `COLUMNS`."""

    id: int
    guid: str
    event: str
    action: str
    installation: int
    repository: str
    repository_id: int
    issue: int
    received_at: datetime
    state: State
    attempts: int
    changed_at: datetime
    due_at: datetime | None
    error: str
    handled: str | None

    def settle(self, outcome: Handled | BaseException, backoff: Sequence[float]) -> Settled:
        """Decide what becomes of it after an attempt; the log has a line if that was the last one."""
        settled = settle(outcome, self.attempts, backoff)
        if settled.state == "dead":
            log.error("gave up after %d attempts: %s", settled.attempts, settled.error, extra={"delivery": self.guid})
        return settled

    def make_delivery(self, body: bytes = b"") -> Delivery:
        """The delivery, with this body."""
        return Delivery(
            guid=self.guid,
            event=self.event,
            action=self.action,
            installation=self.installation,
            repository=self.repository,
            repository_id=self.repository_id,
            issue=self.issue,
            body=body,
            received_at=self.received_at,
        )

    def make_entry(self) -> Entry:
        """The entry, without its body."""
        return Entry(
            delivery=self.make_delivery(),
            state=self.state,
            attempts=self.attempts,
            changed_at=self.changed_at,
            due_at=self.due_at if self.state == "waiting" else None,
            error=self.error,
            handled=decode_handled(self.handled),
        )


COLUMNS = ", ".join(field.name for field in dataclasses.fields(Row))
"""The columns of both tables of deliveries."""


def find_gap(seconds: float, since: float | None, *, is_start: bool) -> float:
    """In how many seconds a chore is due, if it was begun `since` seconds ago (None: never); 0: now.

    A chore that is done once in an hour or more often is done at each start. A rarer one is expensive, and a restart
    must not repeat it, so it keeps its rhythm. A clock that went back makes it due.
    """
    gap = min(seconds, SHORTEST_GAP) if is_start and seconds <= LONGEST_GAP else seconds
    return gap - since if since is not None and 0 <= since < gap else 0.0


TakeChore = Callable[[Chore, bool], Awaitable[float]]
"""Takes a chore for this server if it is due (0), or says in how many seconds it is; the bool says: at the start."""


async def do_chores(chores: Sequence[Chore], take: TakeChore, stop: asyncio.Event) -> None:
    """Do each chore whenever it is due, until `stop` is set; then the running ones are finished."""
    async with asyncio.TaskGroup() as group:
        for chore in chores:
            group.create_task(_repeat(chore, take, stop))


async def _repeat(chore: Chore, take: TakeChore, stop: asyncio.Event) -> None:
    is_start = True
    while not stop.is_set():
        try:
            seconds = await take(chore, is_start)
            is_start = False
        except InboxError as error:
            log.warning("the chore %s waits for the database: %s", chore.name, error)
            seconds = RETRY_SECONDS
        if seconds:
            await wait(stop, seconds)
        else:
            await _do(chore)


async def _do(chore: Chore) -> None:
    try:
        await chore.do()
    except Exception as error:  # noqa: BLE001 (a chore that fails must not stop the others)
        log.warning("the chore %s failed: %s", chore.name, describe_error(error))


async def wait(event: asyncio.Event, seconds: float | None) -> None:
    """Until the event is set, but not longer than so many seconds (None: as long as it takes)."""
    with suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
