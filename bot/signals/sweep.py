"""`signpost sweep`: what runs have posted, what people answered, and the issues that are to be handled again.

Each step notes in the ledger how far it has come, in the same transaction as what it has read. So a sweep that was
killed, or whose budget was spent, goes on where it ended.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from bot.errors import TrackerError
from bot.github.webhook_event import IssueRequest
from bot.signals.file import open_bytes, open_copy, open_ledger, read_any_ledger
from bot.signals.incidents.detection import Incident, find_incidents, list_too_new, make_gate
from bot.signals.ledger import Ledger, from_seconds, to_seconds
from bot.signals.mute import Mute, explain_muted, judge_rules
from bot.signals.notices.desk import Desk, NoticeOutcome
from bot.signals.notices.finder import IncidentFinder
from bot.signals.notices.plan import Seen, list_over
from bot.signals.plan import Progress, Reason, Rerun, find_silent, list_waiting, plan_reruns
from bot.signals.reading import MOST_FAILURES, MOST_WRITES, Reader, Source
from bot.signals.store import LedgerError, LedgerFile, SpoiledLedgerError
from bot.text.printable import count
from bot.tracker.types import Account
from bot.triage.config import Sources
from bot.triage.result import Result
from bot.triage.run import run
from bot.triage.snapshot import OUR_LOGIN

RESERVE = 20
"""Requests that handling one issue may take."""

_WRONG_CLOCK = timedelta(days=1)
"""A ledger cannot have seen anything later than this from now."""

_US = Account(login="signpost", is_bot=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a sweep is to do. `budget` is the highest number of requests, which the connection keeps.

    `login` is ours now, and `server` the address of GitHub for browsers.
    """

    repository: str
    sources: Sources
    now: datetime
    budget: int
    login: str
    server: str = "https://github.com"
    is_dry_run: bool = False

    def keeps_notices(self, store: LedgerFile) -> bool:
        """Whether there are issues of our own to look after: the settings ask for any, or the ledger has some."""
        config = self.sources.config
        return bool(config.surge.issue or config.votes.issue or store.list_rows("notice"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """An issue that was handled again: why, and with which result; `error` if GitHub failed."""

    rerun: Rerun
    result: Result | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep saw, decided and did.

    `left` are issues that the next sweep will handle. `newly_muted` are the muted rules that no sweep has reported
    yet. `incidents` are those that last; `too_new` are the rules that cannot raise an alarm yet, by id. `notices` are
    what became of our own issues. `waiting` says what a person is to decide, of issues that this sweep did not handle.
    `error` says why it ended early, "" if it did not.
    """

    repository: str
    ledger: Ledger
    requests: int = 0
    budget: int = 0
    handled: tuple[Handled, ...] = ()
    left: tuple[Rerun, ...] = ()
    muted: tuple[Mute, ...] = ()
    newly_muted: tuple[Mute, ...] = ()
    incidents: tuple[Incident, ...] = ()
    too_new: tuple[str, ...] = ()
    notices: tuple[NoticeOutcome, ...] = ()
    waiting: tuple[str, ...] = ()
    is_dry_run: bool = False
    error: str = ""
    is_budget_spent: bool = False

    @property
    def failures(self) -> tuple[str, ...]:
        """A message for each issue or action that failed."""
        handled = (
            f"#{each.rerun.issue}: {message}"
            for each in self.handled
            for message in ([each.error] if each.error else each.result.errors if each.result else ())
        )
        return (*handled, *(each.error for each in self.notices if each.error))


DetectIncidents = Callable[[Ledger, Sources, datetime], tuple[Incident, ...]]
"""The incidents that last at that moment."""


def detect_incidents(ledger: Ledger, sources: Sources, now: datetime) -> tuple[Incident, ...]:
    """The incidents among the new issues that the ledger has."""
    gate = make_gate(sources.config.surge)
    return find_incidents(ledger.arrivals, sources.ruleset, now, gate, ledger.known_since)


def sweep(task: Task, reader: Reader, say: Callable[[str], None], detect: DetectIncidents = detect_incidents) -> Swept:
    """Read, decide and act. `say` gets each sentence about progress at once.

    An error of GitHub, or a spent budget, ends the sweep early and is in the result.
    """
    done = _Sweep(task, reader, detect)
    say(f"{task.repository}: {_say_requests(reader, task)}, at most {task.budget:,}")
    try:
        done.act(done.read(say), say)
        done.keep_notices()
    except TrackerError as error:
        done.error = str(error)
    return done.finish(is_budget_spent=reader.tracker.requests >= task.budget)


def sweep_file(task: Task, tracker: Source, path: Path, say: Callable[[str], None], *, is_new: bool = False) -> Swept:
    """Sweep with the ledger in a file, which is made again if it `is_new` or spoiled; a dry run leaves it as it is.

    Raises LedgerError for a file that is not the ledger of this repository.
    """
    opened = open_copy if task.is_dry_run else open_ledger
    with opened(path, task.repository, is_new=is_new or _is_spoiled(path, task.now, say)) as store:
        return _sweep_store(task, tracker, store, say)


def sweep_bytes(task: Task, tracker: Source, content: bytes | None, say: Callable[[str], None]) -> tuple[Swept, bytes]:
    """Sweep with the ledger in the bytes of a file, which is made again if it is spoiled; returns it, too."""
    try:
        with open_bytes(content, task.repository, _find_latest(task.now)) as store:
            store.read()
    except LedgerError as error:
        say(f"{error}; this sweep does that now")
        content = None
    with open_bytes(content, task.repository) as store:
        return _sweep_store(task, tracker, store, say), store.dump()


def _sweep_store(task: Task, tracker: Source, store: LedgerFile, say: Callable[[str], None]) -> Swept:
    logins = frozenset(name.casefold() for name in (task.login, *task.sources.config.identity.also))
    reader = Reader(repository=task.repository, tracker=tracker, store=store, logins=logins)
    return sweep(task, reader, say)


def find_login(sources: Sources, tracker: Source) -> str:
    """Our login: that of the settings, of a user's token, or of the Action."""
    return sources.config.identity.login or tracker.get_login() or OUR_LOGIN


def _is_spoiled(path: Path, now: datetime, say: Callable[[str], None]) -> bool:
    """Whether there is a ledger that has to be made again: it is damaged, of another version, or has a time to come."""
    try:
        if path.exists() and path.stat().st_size:
            read_any_ledger(path, _find_latest(now))
    except SpoiledLedgerError as error:
        say(f"signpost: {error}; this sweep does that now")
        return True
    return False


def _find_latest(now: datetime) -> int:
    return int((now + _WRONG_CLOCK).timestamp())


def _say_requests(reader: Reader, task: Task) -> str:
    """How many requests to expect, reading the rules included; the first page of comments says how many are left."""
    least = count(reader.tracker.requests + reader.estimate(lists_own=task.keeps_notices(reader.store)), "request")
    if not reader.is_first:
        return f"about {least} if nothing changed"
    return (
        f"at least {least}: one for each 100 comments in the repository, by anybody, "
        "and one for each 100 issues of the last 14 weeks"
    )


class _Heard(NamedTuple):
    """The ledger with all comments and answers that a sweep decides by.

    `sources` are those of the task, with the muted rules and the incidents that have an issue.
    """

    ledger: Ledger
    sources: Sources


class _Conclusion(NamedTuple):
    """The ledger when all was handled, the rules that are muted then, and the incidents that last."""

    ledger: Ledger
    muted: tuple[Mute, ...] = ()
    incidents: tuple[Incident, ...] = ()


class _Sweep:
    """The state of one sweep while it goes on."""

    def __init__(self, task: Task, reader: Reader, detect: DetectIncidents) -> None:
        self.task = task
        self.detect = detect
        self.reader = reader
        self.store = reader.store
        self.handled: list[Handled] = []
        self.left: tuple[Rerun, ...] = ()
        self.notices: tuple[NoticeOutcome, ...] = ()
        self.error = ""
        self.is_read = False

    def read(self, say: Callable[[str], None]) -> _Heard:
        """Bring the ledger up to date; what a sweep decides by it is read once."""
        for left in self.reader.read_comments(self.task.now):
            if left:
                say(f"{self.task.repository}: {count(left, 'page')} of comments left to read, one request each")
        self.reader.watch_comments()
        self.reader.watch_orders()
        self.reader.read_permissions(self.task.sources.config.votes.meanings, self.task.now)
        heard = self._hear(self.store.read())
        for left in self.reader.read_issues(heard.ledger, heard.sources, self.task.now):
            if left:
                say(f"{self.task.repository}: {count(left, 'page')} of issues left to read, one request each")
        self.is_read = True
        return heard

    def _hear(self, ledger: Ledger) -> _Heard:
        known = IncidentFinder.of(ledger.notices, self.task.sources.ruleset)
        muted = explain_muted(self._find_muted(ledger))
        return _Heard(ledger, replace(self.task.sources, muted=muted, find_incident=known))

    def _find_muted(self, ledger: Ledger) -> tuple[Mute, ...]:
        ruleset, settings = self.task.sources.ruleset, self.task.sources.config.votes
        return judge_rules(ledger, ruleset.hashes, ruleset.renamed, settings)

    @cached_property
    def _conclusion(self) -> _Conclusion:
        """What the ledger says at the end, which is read once; only the ledger if not all could be read."""
        ledger = self.store.read()
        if not self.is_read:
            return _Conclusion(ledger)
        return _Conclusion(ledger, self._find_muted(ledger), self.detect(ledger, self.task.sources, self.task.now))

    def act(self, heard: _Heard, say: Callable[[str], None]) -> None:
        """Handle the issues that need it, as far as the budget goes, and read the comments that this changed."""
        (ledger, sources), now = heard, to_seconds(self.task.now)
        planned = plan_reruns(ledger, sources.ruleset, self._progress, now, find_silent(sources))
        places = {number: place for place, number in enumerate(self._failed)}
        self.left = tuple(sorted(planned, key=lambda each: places.get(each.issue, -1)))
        if self.left:
            say(f"{self.task.repository}: {count(len(self.left), 'issue')} to handle again")
        writes, failures = 0, 0
        while self.left and writes < MOST_WRITES and failures < MOST_FAILURES and self._may_handle:
            handled = self._handle(self.left[0], sources)
            self.handled.append(handled)
            self.left = self.left[1:]
            writes += len(handled.result.outcomes) if handled.result else 0
            failures = failures + 1 if handled.error else 0
        if changed := frozenset(self._list_changed()):
            for _ in self.reader.read_comments(self.task.now):
                pass
            self.reader.watch_comments(changed)

    def keep_notices(self) -> None:
        """Bring our own issues up to date, if the settings ask for any, or the ledger has some."""
        task, tracker = self.task, self.reader.tracker
        if not task.keeps_notices(self.store):
            return
        desk = Desk(repository=task.repository, server=task.server, login=task.login, tracker=tracker, store=self.store)
        sources, (ledger, muted, lasting) = task.sources, self._conclusion
        notices = desk.read(ledger.notices)
        over = list_over(notices, lasting, ledger.arrivals, lambda at: self.detect(ledger, sources, from_seconds(at)))
        seen = Seen(incidents=lasting, muted=muted, now=to_seconds(task.now), over=tuple(over))
        self.notices = desk.keep(seen, notices, sources, is_dry_run=task.is_dry_run)

    @property
    def _may_handle(self) -> bool:
        """Whether the budget has enough left for one issue, so that it is not left half done."""
        return self.task.budget - self.reader.tracker.requests >= RESERVE

    @property
    def _progress(self) -> Progress:
        pending: dict[int, frozenset[Reason]] = {}
        for number, reason in self.store.list_rows("pending"):
            pending[int(number)] = pending.get(int(number), frozenset()) | {_read_reason(str(reason))}
        return Progress(
            pending=pending,
            looked={int(number): str(digest) for number, digest in self.store.list_rows("looked")},
            day=self.task.now.toordinal() if self.task.sources.config.closing.suggest else 0,
        )

    def _handle(self, rerun: Rerun, sources: Sources) -> Handled:
        """Handle one issue. If that fails or is cut short, the next sweep does it again, and others go on.

        The first of several changes may take away the reason for the others, so the reason is noted before.
        """
        event = IssueRequest(repository=self.task.repository, number=rerun.issue, sender=_US)
        with self.store.change():
            self.store.put("pending", [(rerun.issue, reason) for reason in rerun.reasons])
        try:
            result = run(event, sources, self.reader.tracker, self.task.now, is_dry_run=self.task.is_dry_run)
        except TrackerError as error:
            if error.missing and self._is_gone(rerun.issue):
                self._note_handled(rerun)
                return Handled(rerun=rerun)
            if not error.unanswered:
                raise
            self._note_failure(rerun.issue)
            return Handled(rerun=rerun, error=str(error))
        if result.is_settled:
            # A closing that is due comes back until it is done or cancelled.
            is_due = result.plan.is_unfinished or (bool(result.skipped) and "closing" in rerun.reasons)
            self._note_handled(rerun, comes_back=is_due)
        return Handled(rerun=rerun, result=result)

    def _is_gone(self, number: int) -> bool:
        """Whether GitHub has no such issue here; then nothing is left to do."""
        return self.reader.tracker.read_own_issue(self.task.repository, number) is None

    def _note_handled(self, rerun: Rerun, *, comes_back: bool = False) -> None:
        with self.store.change():
            self.store.drop("pending", "issue", [rerun.issue])
            self.store.put("looked", [(rerun.issue, rerun.digest)] if rerun.digest and not comes_back else [])
            self._write_failed([each for each in self._failed if each != rerun.issue])

    def _note_failure(self, number: int) -> None:
        """The issue comes last from now on, so that it does not keep the next sweep from others."""
        with self.store.change():
            self._write_failed([*(each for each in self._failed if each != number), number])

    @property
    def _failed(self) -> list[int]:
        """The issues whose last attempt failed, in the order of these attempts."""
        return [each for each in json.loads(self.store.read_fact("failed") or "[]") if isinstance(each, int)]

    def _write_failed(self, numbers: list[int]) -> None:
        self.store.write_facts(failed=json.dumps(numbers[-MOST_WRITES:]))

    def _list_changed(self) -> Iterator[int]:
        for each in self.handled:
            if each.result and each.result.outcomes:
                yield each.rerun.issue

    def _list_busy(self) -> Iterator[int]:
        yield from (each.rerun.issue for each in self.handled)
        yield from (each.issue for each in self.left)

    def finish(self, *, is_budget_spent: bool) -> Swept:
        """The result; muted rules count as reported from now on."""
        ledger, muted, incidents = self._conclusion
        if self.is_read:
            with self.store.change():
                self.store.drop("mute", "rule", ledger.muted)
                self.store.put("mute", [(each.rule, each.content_hash) for each in muted])
        return Swept(
            repository=self.task.repository,
            ledger=ledger,
            requests=self.reader.tracker.requests,
            budget=self.task.budget,
            handled=tuple(self.handled),
            left=self.left,
            muted=muted,
            newly_muted=tuple(each for each in muted if ledger.muted.get(each.rule) != each.content_hash),
            incidents=incidents,
            too_new=list_too_new(self.task.sources.ruleset, self.task.now, ledger.known_since) if self.is_read else (),
            notices=self.notices,
            waiting=list_waiting(ledger, to_seconds(self.task.now), {*self._list_busy()}),
            is_dry_run=self.task.is_dry_run,
            error=self.error,
            is_budget_spent=is_budget_spent,
        )


def _read_reason(value: str) -> Reason:
    return next((reason for reason in ("rule", "refusal", "closing", "target") if reason == value), "missed")
