"""What the server remembers about repositories and installations, as values in its inbox."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.server.inbox.types import Inbox
from bot.server.rules import Loaded
from bot.tracker.types import EPOCH

InstallationState = Literal["active", "suspended", "removed"]

MOST_LEDGER_BYTES = 20_000_000
"""A larger ledger is not kept: each event of its repository reads it."""

REPOSITORY, PROBLEMS = "repository/", "problems/"
"""The beginnings of the keys, before the id of a repository; the pages read these values, too."""

_SWEPT = "swept/"
_OF_REPOSITORY = (REPOSITORY, _SWEPT, PROBLEMS, "notice/", "ledger/")
_PARTIAL = timedelta(hours=1)
"""After a sweep that did not come to its end, the next one starts this much later."""

_STATES: Mapping[str, InstallationState] = {"deleted": "removed", "suspend": "suspended"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRepository:
    """A repository whose rules were loaded: its name then, and the installation that reached it."""

    id: int
    repository: str
    installation: int


class Records:
    """Reads and writes those values; each method raises InboxError if the database fails."""

    def __init__(self, inbox: Inbox, now: Callable[[], datetime]) -> None:
        self._inbox = inbox
        self._now = now

    async def note_rules(self, known: KnownRepository, loaded: Loaded) -> None:
        """What was loaded for a repository, and its problems; none are left of former ones."""
        key, at = f"{REPOSITORY}{known.id}", self._now().isoformat()
        votes = (await self._read(key)).get("votes", {})
        named = {"repository": known.repository, "installation": known.installation}
        await self._write(key, {**named, "rules": loaded.rule_count, "at": at, "votes": votes})
        problems = [
            {name: value for name, value in asdict(problem).items() if name in {"file", "line", "column", "message"}}
            for problem in loaded.problems
        ]
        stated = {"repository": known.repository, "place": loaded.place, "problems": problems, "at": at}
        await self._write(f"{PROBLEMS}{known.id}", stated if problems else None)

    async def note_votes(self, known: KnownRepository, votes: Mapping[str, Mapping[str, int]]) -> None:
        """How many people answered what to the guidance of each rule."""
        key = f"{REPOSITORY}{known.id}"
        if found := await self._read(key):
            await self._write(key, found | {"votes": votes})

    async def read_notice(self, repository: int) -> int:
        """The number of the issue about problems that is ours in a repository, 0 without one."""
        found = (await self._read(f"notice/{repository}")).get("issue")
        return found if isinstance(found, int) else 0

    async def note_notice(self, repository: int, number: int) -> None:
        """Its number, which stays after the issue was closed."""
        await self._write(f"notice/{repository}", {"issue": number})

    async def note_installation(self, installation: int, account: str, action: str) -> None:
        """What an event says about an installation. With one that was removed, all about its repositories goes."""
        state = _STATES.get(action, "active")
        await self._write(f"installation/{installation}", {"account": account, "state": state})
        if state == "removed":
            await self.drop([each.id for each in await self.list_repositories() if each.installation == installation])

    async def note_reached(self, installation: int) -> None:
        """An installation that the App reached is not suspended: events about that may arrive in the wrong order."""
        key = f"installation/{installation}"
        if (found := await self._read(key)).get("state") == "suspended":
            await self._write(key, found | {"state": "active"})

    async def read_state(self, installation: int) -> InstallationState:
        """Whether the App may reach what is in an installation, as far as events say so."""
        found = (await self._read(f"installation/{installation}")).get("state")
        return next((each for each in _STATES.values() if each == found), "active")

    async def drop(self, repositories: list[int]) -> None:
        """Forget repositories that the App does not reach any more."""
        for number in repositories:
            for prefix in _OF_REPOSITORY:
                await self._inbox.write_value(f"{prefix}{number}", None)

    async def list_repositories(self) -> tuple[KnownRepository, ...]:
        """All repositories whose rules were loaded, in the order of their ids."""
        values = await self._inbox.list_values(REPOSITORY)
        return tuple(sorted(_read_known(values), key=lambda each: each.id))

    async def list_due(self, every: timedelta) -> tuple[KnownRepository, ...]:
        """Those whose last sweep began so long ago, the longest ago first; one that was cut short is due in an hour.

        A name can be given to another repository. Then that one has it, and the former one is not swept until an event
        says its name: its ledger must not get into the other.
        """
        swept, now = await self._inbox.list_values(_SWEPT), self._now()
        named = find_owners_of_names(await self._inbox.list_values(REPOSITORY))
        found = [(read_moment(swept.get(f"{_SWEPT}{each.id}")), each) for each in named]
        due = [(at or EPOCH, each) for (at, is_partial), each in found if is_due(at, now, every, is_partial=is_partial)]
        return tuple(each for _, each in sorted(due, key=lambda pair: (pair[0], pair[1].id)))

    async def is_due(self, repository: int, every: timedelta) -> bool:
        """Whether a repository is to be swept now."""
        at, is_partial = read_moment(await self._inbox.read_value(f"{_SWEPT}{repository}"))
        return is_due(at, self._now(), every, is_partial=is_partial)

    async def note_sweep(self, repository: int, began: datetime, *, is_partial: bool) -> None:
        """When the last sweep of a repository began, and whether it was cut short."""
        await self._write(f"{_SWEPT}{repository}", {"at": began.isoformat(), "is_partial": is_partial})

    async def read_ledger(self, repository: int) -> bytes | None:
        """The file of its ledger."""
        return await self._inbox.read_value(f"ledger/{repository}")

    async def write_ledger(self, repository: int, ledger: bytes) -> bool:
        """Keep the file of its ledger; False: it is too large, and the former one stays."""
        if len(ledger) > MOST_LEDGER_BYTES:
            return False
        await self._inbox.write_value(f"ledger/{repository}", ledger)
        return True

    async def _read(self, key: str) -> dict[str, Any]:
        return read_json(await self._inbox.read_value(key))

    async def _write(self, key: str, value: Mapping[str, Any] | None) -> None:
        await self._inbox.write_value(key, None if value is None else json.dumps(value).encode())


def read_json(value: bytes | None) -> dict[str, Any]:
    """The object in a value; an empty one for what another version wrote differently."""
    try:
        found = json.loads(value or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def read_moment(value: bytes | None) -> tuple[datetime | None, bool]:
    """When a sweep began (None: never), and whether it was cut short."""
    found = read_json(value)
    try:
        return datetime.fromisoformat(str(found.get("at"))), bool(found.get("is_partial"))
    except ValueError:
        return None, False


def is_due(at: datetime | None, now: datetime, every: timedelta, *, is_partial: bool) -> bool:
    """Whether a repository is to be swept again."""
    return at is None or now - at >= (min(every, _PARTIAL) if is_partial else every)


def find_owners_of_names(values: Mapping[str, bytes]) -> tuple[KnownRepository, ...]:
    """The repositories in such values, each name once: the one whose rules were loaded last has it."""
    found = sorted(_read_known(values), key=lambda each: _read_time(values[f"{REPOSITORY}{each.id}"]))
    return tuple({each.repository.casefold(): each for each in found}.values())


def _read_time(value: bytes) -> float:
    return (read_moment(value)[0] or EPOCH).timestamp()


def _read_known(values: Mapping[str, bytes]) -> Iterator[KnownRepository]:
    for key, value in values.items():
        found, number = read_json(value), key.removeprefix(REPOSITORY)
        name, installation = found.get("repository"), found.get("installation")
        if number.isdecimal() and isinstance(name, str) and isinstance(installation, int):
            yield KnownRepository(id=int(number), repository=name, installation=installation)
