"""Handles deliveries, and sweeps repositories: from a payload to what is written to GitHub."""

import asyncio
import json
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Thread
from typing import Protocol, TypeVar

from bot.comment.renderer import CommentError
from bot.errors import SignpostError, TrackerError
from bot.github.app import InstallationGoneError
from bot.github.client import LONGEST_RUN, GitHubTracker
from bot.github.webhook_event import parse_event
from bot.insights.report.event import Means, handle_event
from bot.server.inbox.types import Delivery, Handled, Inbox, PostponedError
from bot.server.log import describe_failure
from bot.server.records import InstallationState, KnownRepository, Records
from bot.server.rules import HourMeter, Loaded, RuleStore
from bot.server.settings import ServerSettings
from bot.signals.file import add_ledger, open_bytes
from bot.signals.ledger import Ledger, NoticeKind
from bot.signals.notices.desk import Desk
from bot.signals.notices.lists import write_problems
from bot.signals.notices.text import NoticeSettings
from bot.signals.sweep import Task, sweep_bytes
from bot.signals.votes import count_votes
from bot.text.printable import count
from bot.tracker.types import Skip
from bot.triage.config import Sources
from bot.triage.people.settings import Meaning
from bot.triage.result import Result
from bot.triage.skip import Event
from bot.triage.sources import add_finder

logger = logging.getLogger("signpost.server")

SWEEP_BUDGET, HOURLY_SWEEPS, FEWEST = 500, 2_000, 20
"""Requests: of one sweep, of all sweeps of an installation in an hour, and those that a sweep takes at least.

An installation has at least 5,000 an hour, so that most are left for events.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#primary-rate-limit-for-github-app-installations
"""

_LONGEST_SWEEP = 300
"""Seconds after which a sweep asks nothing more of GitHub."""

_RETRY_SECONDS = 600
_MOST_SHOWN = 20
_LONGEST_ERROR = 500
_ANSWERS: Mapping[str, Meaning] = {"works": "works", "wrong": "not-my-problem"}
_PROBLEMS: frozenset[NoticeKind] = frozenset({"problems"})

NEW = timedelta(minutes=1)
"""GitHub may answer 404 for what was made just now; after that, an issue that is missing was deleted.

For so long, a run that could not read all is done again, too; after that, a comment without links is good enough.
"""

UNSURE = timedelta(minutes=10)
"""After that, an installation that GitHub refuses was removed or suspended, even if its event did not arrive."""

OUTAGE = timedelta(hours=6)
"""Until so long after a delivery, an attempt that GitHub does not answer does not count as a failure: its outages can
last longer than all attempts."""

_LONGEST_PAUSE = 900
"""Seconds between two attempts during an outage."""

_Found = TypeVar("_Found")

WithTracker = Callable[[KnownRepository, GitHubTracker], Awaitable[Handled]]
"""What is done with a repository, with a tracker of its installation."""


class Trackers(Protocol):
    """The App, as far as a worker uses it; raises TrackerError."""

    def connect(self, installation: int, *, most_seconds: float = ..., most_requests: float = ...) -> GitHubTracker:
        """A tracker with a token of the installation."""

    def wait_seconds(self, installation: int) -> float:
        """For how many seconds GitHub's rate limit for the installation is spent."""


class Worker:
    """Handles the deliveries of all repositories, each in a thread of its own, and sweeps repositories.

    A repository whose rules take more CPU time than the settings allow in an hour waits, while others go on. That is
    measured after each run and in this process alone: a run that has started is not stopped, and each server of several
    has its own measure. `login` is the App's; `cpu` gives the CPU seconds of the calling thread.
    """

    def __init__(  # noqa: PLR0913 (clocks are arguments)
        self,
        app: Trackers,
        inbox: Inbox,
        settings: ServerSettings,
        login: str,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        cpu: Callable[[], float] = time.thread_time,
    ) -> None:
        self._app = app
        self._settings = settings
        self._login = login
        self._now = now
        self._clock = clock
        self._cpu = cpu
        self._rules = RuleStore(settings, login, clock)
        self._records = Records(inbox, now)
        self._spent = HourMeter(settings.most_cpu_seconds, clock)
        self._swept = HourMeter(HOURLY_SWEEPS, clock)
        self._noted: dict[int, tuple[tuple[str, ...], float]] = {}

    async def handle(self, delivery: Delivery) -> Handled:
        """Do what a delivery asks; see `Handle`. Doing it again changes nothing more.

        Raises PostponedError for a rate limit, and SignpostError for what may work later.
        """
        began = self._clock()
        if not delivery.body:
            return Handled(skipped="the payload was deleted, because it was handled long ago")
        match delivery.event:
            case "issues" | "issue_comment":
                handled = await self._handle_issue(delivery)
            case "push":
                self._rules.forget(delivery.repository_id, delivery.repository)
                self._noted.pop(delivery.repository_id, None)
                self._check_time(delivery)
                handled = await self._reach(delivery, self._reload)
            case "installation" | "installation_repositories":
                handled = await self._handle_installation(delivery)
            case _:
                handled = Handled(skipped=f"the event {delivery.event} asks for nothing")
        return replace(handled, seconds=round(self._clock() - began, 3))

    async def _handle_issue(self, delivery: Delivery) -> Handled:
        event = parse_event(delivery.event, json.loads(delivery.body), delivery.repository or None)
        if isinstance(event, Skip):
            return Handled(skipped=event.reason)
        self._check_time(delivery)
        return await self._reach(delivery, partial(self._run, event, delivery))

    def _check_time(self, delivery: Delivery) -> None:
        """Return if the repository may take more CPU time now; to load its rules takes some, too."""
        if wait := self._spent.find_wait(delivery.repository_id):
            most = f"{self._settings.most_cpu_seconds:g} CPU seconds an hour"
            raise PostponedError(f"the rules of {delivery.repository} took more than {most}; make them simpler", wait)

    async def _reach(self, delivery: Delivery, work: WithTracker) -> Handled:
        """Do something that needs GitHub, and decide what a failure means."""
        self._check_limit(delivery.installation)
        try:
            handled = await self._connect(delivery, work)
        except PostponedError:
            raise
        except TrackerError as error:
            self._check_limit(delivery.installation)
            state, age = await self._records.read_state(delivery.installation), self._now() - delivery.received_at
            if reason := explain_loss(error, state, age):
                return Handled(skipped=reason)
            if error.unanswered and age < OUTAGE:
                raise PostponedError(str(error), find_pause(age)) from error
            raise
        await self._records.note_reached(delivery.installation)
        return handled

    def _check_limit(self, installation: int) -> None:
        if wait := self._app.wait_seconds(installation):
            raise PostponedError("GitHub's rate limit for this installation is spent", wait)

    async def _connect(self, delivery: Delivery, work: WithTracker) -> Handled:
        known = KnownRepository(
            id=delivery.repository_id, repository=delivery.repository, installation=delivery.installation
        )
        tracker = await self._aside(partial(self._app.connect, delivery.installation, most_seconds=LONGEST_RUN))
        # A run that is given up goes on in its thread, while another server may do the same again.
        with closing(tracker):
            return await work(known, tracker)

    async def _run(self, event: Event, delivery: Delivery, known: KnownRepository, tracker: GitHubTracker) -> Handled:
        loaded = await self._load(known, tracker)
        try:
            await self._note_rules(known, loaded, tracker)
        except (SignpostError, CommentError) as error:
            log_error(f"the issue about problems of {known.repository} is not up to date", error)
        problems = tuple(map(str, loaded.problems[:_MOST_SHOWN]))
        if loaded.sources is None:
            return Handled(skipped=loaded.skipped, problems=problems, requests=tracker.requests)
        ledger = await self._records.read_ledger(known.id)
        sources = loaded.sources
        result = await self._aside(lambda: self._handle_event(event, sources, ledger, tracker), known.id)
        if result.errors:
            self._check_limit(delivery.installation)
            raise SignpostError("; ".join(result.errors)[:_LONGEST_ERROR])
        if not result.is_settled:
            self._check_limit(delivery.installation)
            if self._now() - delivery.received_at < NEW:
                raise SignpostError(
                    f"GitHub did not answer all that #{event.number} needs, or somebody changed it meanwhile"
                )
        return replace(describe_result(result), problems=problems, requests=tracker.requests)

    def _handle_event(self, event: Event, sources: Sources, ledger: bytes | None, tracker: GitHubTracker) -> Result:
        sources = add_ledger(add_finder(sources, None, tracker), ledger, event.repository)
        return handle_event(event, Means(sources=sources, tracker=tracker, live=tracker), self._now())

    async def _load(self, known: KnownRepository, tracker: GitHubTracker) -> Loaded:
        return await self._aside(lambda: self._rules.load(known.repository, known.id, tracker), known.id)

    async def _reload(self, known: KnownRepository, tracker: GitHubTracker) -> Handled:
        loaded = await self._load(known, tracker)
        await self._note_rules(known, loaded, tracker)
        problems = tuple(map(str, loaded.problems[:_MOST_SHOWN]))
        return Handled(skipped=loaded.skipped, problems=problems, requests=tracker.requests)

    async def _note_rules(self, known: KnownRepository, loaded: Loaded, tracker: GitHubTracker) -> None:
        """Note what was loaded, once, and keep the issue about problems; a failure is tried again after a while."""
        state = known.repository, loaded.place, loaded.tree
        noted, until = self._noted.get(known.id, ((), 0.0))
        if noted == state and self._clock() < until:
            return
        self._noted[known.id] = state, self._clock() + _RETRY_SECONDS
        await self._records.note_rules(known, loaded)
        if self._settings.problem_issues and not loaded.is_shared:
            number = await self._records.read_notice(known.id)
            opened = await self._aside(lambda: self._keep_issue(known, loaded, number, tracker))
            if opened and opened != number:
                await self._records.note_notice(known.id, opened)
        self._noted[known.id] = state, math.inf

    def _keep_issue(self, known: KnownRepository, loaded: Loaded, number: int, tracker: GitHubTracker) -> int:
        """Open, edit or close the issue about problems; its number, 0 without one."""
        name, server, found = known.repository, self._settings.server_url, loaded.problems
        settings = NoticeSettings(repository=name, server=server)
        text = write_problems(found, settings, is_stopped=loaded.sources is None) if found else ""
        with open_bytes(None, name) as store:
            desk = Desk(
                repository=name, server=server, login=self._login, tracker=tracker, store=store, kinds=_PROBLEMS
            )
            outcomes = desk.keep_list("problems", text, number, self._now())
        for outcome in outcomes:
            if outcome.error:
                raise SignpostError(outcome.error)
        return next((outcome.number for outcome in outcomes if outcome.number), number)

    async def _handle_installation(self, delivery: Delivery) -> Handled:
        payload = json.loads(delivery.body)
        if delivery.event == "installation":
            account = payload.get("installation", {}).get("account", {}).get("login", "")
            await self._records.note_installation(delivery.installation, str(account), delivery.action)
        else:
            removed = [each.get("id") for each in payload.get("repositories_removed", [])]
            await self._records.drop([each for each in removed if isinstance(each, int)])
        return Handled()

    async def sweep(self) -> None:
        """Sweep all repositories for which that is due, one after the other; an error of one does not stop the others.

        Like the command: what people answered, closings that are due, and incidents. The inbox keeps the ledgers.
        """
        if not self._settings.sweep_hours:
            return
        for known in await self._records.list_due(timedelta(hours=self._settings.sweep_hours)):
            began = self._now()
            # Another server may have begun since then: a sweep of many repositories takes hours.
            if not await self._records.is_due(known.id, timedelta(hours=self._settings.sweep_hours)):
                continue
            try:
                await self._sweep(known, began)
            except Exception as error:  # noqa: BLE001 (others are swept)
                log_error(f"the sweep of {known.repository} failed", error)
                await self._records.note_sweep(known.id, began, is_partial=True)

    async def _sweep(self, known: KnownRepository, began: datetime) -> None:
        budget = min(SWEEP_BUDGET, int(self._swept.find_left(known.installation)))
        is_limited = self._app.wait_seconds(known.installation) or self._spent.find_wait(known.id)
        if budget < FEWEST or is_limited or await self._records.read_state(known.installation) != "active":
            return
        connect = partial(self._app.connect, known.installation, most_seconds=_LONGEST_SWEEP, most_requests=budget)
        await self._records.note_sweep(known.id, began, is_partial=True)
        tracker = await self._aside(connect)
        try:
            loaded = await self._load(known, tracker)
            if loaded.sources is None:
                await self._records.note_sweep(known.id, began, is_partial=False)
                return
            task = self._make_task(known, add_finder(loaded.sources, None, tracker), began, budget)
            former = await self._records.read_ledger(known.id)
            swept, ledger = await self._aside(lambda: sweep_bytes(task, tracker, former, logger.debug), known.id)
        finally:
            tracker.close()
            self._swept.charge(known.installation, tracker.requests)
        if not await self._records.write_ledger(known.id, ledger):
            logger.warning("the ledger of %s is too large to keep: %d bytes", known.repository, len(ledger))
        await self._records.note_votes(known, count_answers(swept.ledger, loaded.sources))
        await self._records.note_sweep(known.id, began, is_partial=bool(swept.error))
        failed = "".join(f", {text}" for text in (swept.error, *swept.failures[:1]) if text)
        logger.info("swept %s: %s%s", known.repository, count(swept.requests, "request"), failed[:_LONGEST_ERROR])

    def _make_task(self, known: KnownRepository, sources: Sources, began: datetime, budget: int) -> Task:
        return Task(
            repository=known.repository,
            sources=sources,
            now=began,
            budget=budget,
            login=self._login,
            server=self._settings.server_url,
        )

    async def _aside(self, work: Callable[[], _Found], repository: int = 0) -> _Found:
        """Do something in a thread, as soon as there is room; with a repository, its CPU time is charged to that.

        The thread does not keep the process from ending: what it leaves undone, the next attempt does.
        """

        def measure() -> _Found:
            began = self._cpu()
            try:
                return work()
            finally:
                if repository:
                    self._spent.charge(repository, self._cpu() - began)

        done = Future[_Found]()
        done.set_running_or_notify_cancel()
        Thread(target=_fulfil, args=(done, measure), daemon=True).start()
        return await asyncio.wrap_future(done)


def _fulfil(done: Future[_Found], work: Callable[[], _Found]) -> None:
    try:
        done.set_result(work())
    except BaseException as error:  # noqa: BLE001 (the waiting task raises it)
        done.set_exception(error)


def explain_loss(error: TrackerError, state: InstallationState, age: timedelta) -> str:
    """Why a delivery of that age needs no further attempt after an error; "" if it does."""
    if isinstance(error, InstallationGoneError) and (state != "active" or age > UNSURE):
        is_suspended = error.is_suspended if state == "active" else state == "suspended"
        return "the App is suspended by the owner of the repository" if is_suspended else "the App was removed"
    if error.gone:
        return "the issue was deleted or transferred"
    if error.missing and age > NEW:
        return "GitHub has no such issue, or the App may not read it any more"
    return ""


def find_pause(age: timedelta) -> float:
    """Seconds until GitHub, which did not answer, is asked again for a delivery of that age."""
    return min(max(age.total_seconds() / 2, 2), _LONGEST_PAUSE)


def describe_result(result: Result) -> Handled:
    """What a run did, without any text of its issue."""
    return Handled(
        skipped=result.skipped.reason if result.skipped else "",
        rules=tuple(match.rule.id for match in result.holding),
        actions=tuple(outcome.action.action for outcome in result.outcomes if outcome.is_ok),
    )


def count_answers(ledger: Ledger, sources: Sources) -> dict[str, dict[str, int]]:
    """How many people said that the guidance of a rule works, or is wrong; only rules with an answer."""
    ruleset, meanings = sources.ruleset, sources.config.votes.meanings
    found = count_votes(ledger, meanings, ruleset.hashes, ruleset.renamed)
    counts = {
        rule: {name: votes.all.counts.get(key, 0) for name, key in _ANSWERS.items()} for rule, votes in found.items()
    }
    return {rule: each for rule, each in counts.items() if any(each.values())}


def log_error(what: str, error: Exception) -> None:
    """Log an error that ends nothing else. Only the text of our own errors is logged: others may quote an issue."""
    text = str(error) if isinstance(error, CommentError) else describe_failure(error)
    logger.warning("%s: %s", what, text[:_LONGEST_ERROR])
