"""Made-up deliveries, repositories and problems, and an inbox that has them."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.server.inbox.types import MOST_ATTEMPTS, Delivery, Entry, Handled, State
from tests.server.memory import MemoryInbox
from tests.server.pages.running import NOW, Clock

WIDGET, GADGET, SECRET = 101, 102, 103
NAMES = {WIDGET: "octo-org/widget", GADGET: "octo-org/gadget", SECRET: "octo-org/secret-plans"}


def a_delivery(number: int = 1, repository: int = WIDGET, **changed: object) -> Delivery:
    """The n-th delivery: about the issue #n, n minutes before `NOW`."""
    usual: dict[str, object] = {
        "guid": f"72d3162e-cc78-11e3-81ab-{number:012}",
        "event": "issues",
        "action": "opened",
        "installation": 7,
        "repository": NAMES.get(repository, ""),
        "repository_id": repository,
        "issue": number,
        "body": b"{}",
        "received_at": NOW - timedelta(minutes=number),
    }
    return Delivery(**{**usual, **changed})  # type: ignore[arg-type]


def an_entry(state: State = "done", number: int = 1, repository: int = WIDGET, **changed: object) -> Entry:
    """An entry that changed one second after its delivery came in."""
    delivery = a_delivery(number, repository)
    usual: dict[str, object] = {
        "delivery": delivery,
        "state": state,
        "attempts": {"done": 1, "dead": MOST_ATTEMPTS}.get(state, 0),
        "changed_at": delivery.received_at + timedelta(seconds=1),
        "handled": Handled() if state == "done" else None,
    }
    return Entry(**{**usual, **changed})  # type: ignore[arg-type]


def a_known(number: int = WIDGET, **changed: object) -> bytes:
    """The value `repository/<id>`."""
    return json.dumps(
        {"repository": NAMES[number], "installation": 7, "rules": 12, "at": NOW.isoformat(), **changed}
    ).encode()


def a_problem(number: int = WIDGET, *problems: Mapping[str, object]) -> bytes:
    """The value `problems/<id>`."""
    return json.dumps({"repository": NAMES[number], "problems": problems, "at": NOW.isoformat()}).encode()


class FilledInbox(MemoryInbox):
    """An open inbox in memory that comes with values, and with entries as they are, the newest first."""

    def __init__(
        self, entries: Sequence[Entry] = (), values: Mapping[str, bytes] | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(now=clock or Clock())
        self._entries.update((entry.delivery.guid, entry) for entry in reversed(entries))
        self._values.update(values or {})
        self._is_open = True
