"""Finds events that never reached the inbox: GitHub delivers them again, or the issues that changed are read.

GitHub does not repeat a failed delivery by itself, but it lists all attempts of the last three days.
https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from pydantic import TypeAdapter, ValidationError

from bot.errors import TrackerError
from bot.github.app import App, InstallationGoneError
from bot.server.delivery import WANTED
from bot.server.inbox.types import Delivery, Inbox
from bot.tracker.app import AppRepository, Attempt
from bot.tracker.archive import Cursor, RemoteArchive

logger = logging.getLogger("signpost.server")

KEY = "reconciled"
"""The value of the inbox that keeps what was compared so far."""

KEPT = timedelta(days=3)
"""How long GitHub keeps attempts. https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks"""

OVERLAP = timedelta(hours=1)
"""How far a round looks back behind the last one: an attempt may be listed late, and a redelivery may be lost, too."""

GAP = timedelta(minutes=30)
"""After such a time without a round, also what the server accepted may be missing: a backup was restored."""

MOST_REDELIVERIES = 500
"""In one round; a second lies between two of them."""

MOST_FAILURES = 5
"""After so many redeliveries in succession that fail, a round ends: GitHub has a limit, or is down."""

MOST_REPOSITORIES = 300
"""In one round, where GitHub lists no deliveries."""

MOST_PAGES = 10
"""Of 100 issues each, in one repository."""

REFUSALS = frozenset({400, 413, 415, 422})
"""Answers of the intake that no further attempt changes. A wrong secret (401) or address (404) can be corrected."""

MOST_REFUSALS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of a delivery, and why; `attempt` is the newest one."""

    guid: str
    attempt: int
    is_repeated: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The deliveries that GitHub sends again, and the others; `is_complete` if the round does all.

    Those that never arrived are first, and then the oldest.
    """

    repeated: tuple[Decision, ...] = ()
    others: tuple[Decision, ...] = ()
    is_complete: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a round did: how many attempts or issues it read, and how many deliveries it asked for, or added."""

    read: int = 0
    redelivered: int = 0
    added: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What was compared so far: everything before `at`.

    Where issues are read, a cycle through all installations takes several rounds. This one began at `cycle` and has
    read those with ids up to `after`. If it `has_failed` somewhere, the next cycle looks as far back as this one.
    Where deliveries are listed, rounds after a gap begin at `gap`, and end when they have repeated all. What GitHub did
    not repeat when it was asked to was delivered at `failed` or later; later rounds ask again.
    """

    at: datetime | None = None
    cycle: datetime | None = None
    after: int = 0
    has_failed: bool = False
    gap: datetime | None = None
    failed: datetime | None = None


def plan_redeliveries(
    attempts: Sequence[Attempt],
    known: Collection[str],
    now: datetime,
    *,
    gap: datetime | None = None,
    most: int = MOST_REDELIVERIES,
) -> Plan:
    """Decide which deliveries GitHub sends again. `known` are the GUIDs in the inbox.

    After a gap (see `GAP`) these are also those that the server accepted; `gap` is when the rounds after it began.
    Such a delivery is repeated once: if the inbox does not have it then, the server ignored it.
    """
    ordered = sorted(attempts, key=lambda attempt: (attempt.guid, attempt.delivered_at, attempt.id))
    groups = [tuple(group) for _, group in groupby(ordered, key=lambda attempt: attempt.guid)]
    # What certainly is missing comes first: after the loss of a database, days of ignored deliveries are in doubt.
    groups.sort(key=lambda group: (any(each.status == "OK" for each in group), group[0].delivered_at))
    decisions = [_decide(group, known, now, gap) for group in groups]
    repeated = [decision for decision in decisions if decision.is_repeated]
    late = (replace(each, is_repeated=False, reason="later: the round is full") for each in repeated[most:])
    return Plan(
        repeated=tuple(repeated[:most]),
        others=(*(decision for decision in decisions if not decision.is_repeated), *late),
        is_complete=len(repeated) <= most,
    )


def _decide(group: tuple[Attempt, ...], known: Collection[str], now: datetime, gap: datetime | None) -> Decision:
    newest, answered = group[-1], [attempt for attempt in group if attempt.status == "OK"]
    reason, is_repeated = _find_obstacle(group, known, now), False
    if not reason and not answered:
        reason, is_repeated = f"the last attempt failed: {newest.status}", True
    elif not reason and gap and newest.event != "push" and not _is_repeated(answered, gap):
        reason, is_repeated = "the server accepted it, and the inbox does not have it", True
    return Decision(
        guid=newest.guid,
        attempt=newest.id,
        is_repeated=is_repeated,
        reason=reason or "the server accepted it",
    )


def _is_repeated(answered: Sequence[Attempt], gap: datetime) -> bool:
    return any(attempt.is_redelivery and attempt.delivered_at >= gap for attempt in answered)


def _find_obstacle(group: tuple[Attempt, ...], known: Collection[str], now: datetime) -> str:
    """Why a delivery need not be sent again, or cannot be; "" if it could."""
    newest, refused = group[-1], sum(attempt.status_code in REFUSALS for attempt in group)
    if (newest.event, newest.action) not in WANTED:
        return "the server has nothing to do for such events"
    if newest.guid in known:
        return "the inbox has it"
    if refused > MOST_REFUSALS:
        return f"the server refused it {refused} times"
    return "GitHub does not keep it any more" if now - newest.delivered_at > KEPT else ""


def make_delivery(
    entry: Mapping[str, Any], repository: AppRepository, installation: int, since: datetime, now: datetime
) -> Delivery | None:
    """The event that GitHub would have sent for an issue that changed since then; None for a pull request.

    `entry` is the issue as REST gives it, which is the same as in GitHub's event `issues`. Its GUID is the same for the
    same change.
    """
    if entry.get("pull_request") is not None:
        return None
    action = "opened" if datetime.fromisoformat(entry["created_at"]) >= since else "edited"
    payload = {
        "action": action,
        "issue": entry,
        "repository": {
            "id": repository.id,
            "full_name": repository.name,
            "name": repository.name.partition("/")[2],
            "owner": {"login": repository.name.partition("/")[0]},
            "default_branch": repository.default_branch,
        },
        "installation": {"id": installation},
        "sender": entry["user"],
    }
    return Delivery(
        guid=f"reconcile-{repository.id}-{entry['number']}-{entry['updated_at']}",
        event="issues",
        action=action,
        installation=installation,
        repository=repository.name,
        repository_id=repository.id,
        issue=entry["number"],
        body=json.dumps(payload).encode(),
        received_at=now,
    )


class Reconciler:
    """Compares what GitHub sent with what the inbox has; `now` is in UTC.

    Where GitHub lists no deliveries, a round ends with the installation in which it read `most_repositories`.
    """

    def __init__(
        self,
        app: App,
        inbox: Inbox,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        most_repositories: int = MOST_REPOSITORIES,
    ) -> None:
        self._app = app
        self._inbox = inbox
        self._now = now
        self._most_repositories = most_repositories

    async def reconcile(self) -> Reconciled:
        """One round. Raises TrackerError if GitHub does not answer, and InboxError: the next round does the same."""
        now, progress = self._now().replace(microsecond=0), await self._read_progress()
        since = max(now - KEPT, min(progress.at or now - KEPT, progress.failed or now) - OVERLAP)
        attempts = await asyncio.to_thread(self._app.list_deliveries, since)
        if attempts is None:
            return await self._look_at_issues(progress, since, now)
        known = await self._inbox.list_known({attempt.guid for attempt in attempts})
        gap = progress.gap or (now if progress.at is None or now - progress.at > GAP else None)
        plan = plan_redeliveries(attempts, known, now, gap=gap)
        problems, asked = await self._repeat(plan)
        is_complete = plan.is_complete and asked == len(plan.repeated)
        failed = min((each.delivered_at for each in attempts if each.id in problems), default=None)
        await self._write_progress(
            Progress(at=now, failed=failed) if is_complete else Progress(at=progress.at, gap=gap, failed=failed)
        )
        return Reconciled(read=len(attempts), redelivered=asked - len(problems), problems=tuple(problems.values()))

    async def _repeat(self, plan: Plan) -> tuple[dict[int, str], int]:
        """The problems of attempts that GitHub did not repeat, and how many it was asked to repeat."""
        problems, in_succession = dict[int, str](), 0
        for number, decision in enumerate(plan.repeated, 1):
            problem = await self._redeliver(decision)
            in_succession = in_succession + 1 if problem else 0
            problems |= {decision.attempt: problem} if problem else {}
            if in_succession == MOST_FAILURES:
                return problems, number
        return problems, len(plan.repeated)

    async def _redeliver(self, decision: Decision) -> str:
        """The problem, or ""; one delivery that GitHub refuses to repeat does not stop the others."""
        try:
            await asyncio.to_thread(self._app.redeliver, decision.attempt)
        except TrackerError as error:
            return str(error)
        logger.info("GitHub sends it again: %s", decision.reason, extra={"delivery": decision.guid})
        return ""

    async def _look_at_issues(self, progress: Progress, since: datetime, now: datetime) -> Reconciled:
        """Add an event for each issue that changed. The first cycle starts from now: older issues are not ours."""
        if progress.at is None:
            await self._write_progress(Progress(at=now))
            return Reconciled()
        installations = sorted(await asyncio.to_thread(self._app.list_installations), key=lambda each: each.id)
        due = [each.id for each in installations if each.id > progress.after and not each.is_suspended]
        look, last = _Look(app=self._app, since=since, now=now), 0
        for last in due:
            for delivery in await asyncio.to_thread(look.read_installation, last):
                look.added += await self._inbox.add(delivery)
            if look.repositories >= self._most_repositories:
                break
        has_failed = progress.has_failed or bool(look.problems)
        cycle = progress.cycle or now
        is_over = not due or last == due[-1]
        done = Progress(at=progress.at if has_failed else cycle)
        rest = Progress(at=progress.at, cycle=cycle, after=last, has_failed=has_failed)
        await self._write_progress(done if is_over else rest)
        return Reconciled(read=look.read, added=look.added, problems=tuple(look.problems))

    async def _read_progress(self) -> Progress:
        stored = await self._inbox.read_value(KEY)
        try:
            return _PROGRESS.validate_json(stored) if stored else Progress()
        except ValidationError:
            logger.warning("the stored progress of the reconciliation is invalid; it starts again")
            return Progress()

    async def _write_progress(self, progress: Progress) -> None:
        await self._inbox.write_value(KEY, _PROGRESS.dump_json(progress))


_PROGRESS = TypeAdapter(Progress)


@dataclass(slots=True, kw_only=True)
class _Look:
    """Reads the issues that changed, and counts."""

    app: App
    since: datetime
    now: datetime
    repositories: int = 0
    read: int = 0
    added: int = 0
    problems: list[str] = field(default_factory=list)

    def read_installation(self, installation: int) -> tuple[Delivery, ...]:
        """The events of an installation; where one repository fails, the others would fail, too."""
        found = list[Delivery]()
        try:
            tracker = self.app.connect(installation)
            for repository in self.app.list_repositories(installation):
                self.repositories += 1
                if not repository.is_archived:
                    found += self._read_repository(tracker, repository, installation)
        except InstallationGoneError:
            return ()
        except TrackerError as error:
            self.problems.append(str(error))
        return tuple(found)

    def _read_repository(
        self, tracker: RemoteArchive, repository: AppRepository, installation: int
    ) -> Iterator[Delivery]:
        for number in range(1, MOST_PAGES + 1):
            cursor = Cursor(since=f"{self.since:%Y-%m-%dT%H:%M:%SZ}", page=number)
            try:
                page = tracker.read_page(repository.name, "issues", cursor)
            except TrackerError as error:
                if error.missing:  # it has no issues, or is gone
                    return
                raise
            for entry in page.entries if page else ():
                self.read += 1
                if delivery := make_delivery(entry, repository, installation, self.since, self.now):
                    yield delivery
            if not page or not page.has_more:
                return
