"""A repository whose comments people answer: runs and sweeps in this process, at a time that the test says."""

import math
import signal
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, cast

from bot.github.client import GitHubTracker, connect
from bot.github.transport import Patience
from bot.github.webhook_event import IssueRequest
from bot.signals.file import add_ledger, open_copy, open_ledger
from bot.signals.incidents.detection import Incident
from bot.signals.reading import Reader
from bot.signals.sweep import DetectIncidents, Swept, Task, detect_incidents, sweep
from bot.signals.tables import LISTED
from bot.tracker.types import Account
from bot.triage.result import Result
from bot.triage.run import run
from bot.triage.snapshot import OUR_LOGIN
from bot.triage.sources import read_sources
from tests.stand_ins.command import LOCK, preload
from tests.stand_ins.fake_github import HARD_FAULTS, FakeGitHub
from tests.stand_ins.github_json import START, Person, StoredComment, StoredIssue
from tests.stand_ins.mortal import die_at
from tests.stand_ins.patience import LONGEST
from tests.stand_ins.story import REPOSITORY, RULE, TOKEN, add_rule, open_issue

US = frozenset({OUR_LOGIN})
BUDGET = 500
_fork = preload(__name__)


def reach(github: FakeGitHub, budget: int | None = None) -> GitHubTracker:
    """GitHub, which is asked again at once; a test need not wait."""
    most = math.inf if budget is None else budget
    patience = Patience(between_writes=0, max_wait=2, answer=LONGEST, requests=most)
    return connect(TOKEN, github.url, patience=patience, timeout=LONGEST, sleep=lambda _: None)


def now_at(github: FakeGitHub, **later: float) -> datetime:
    """The time at GitHub, or so much later."""
    return START + timedelta(seconds=github.tick()) + timedelta(**later)


def run_at(
    github: FakeGitHub, issue: StoredIssue, now: datetime | None = None, *, ledger: Path | None = None
) -> Result:
    """Handle one issue, as an event does, with what the ledger knows."""
    tracker = reach(github)
    sources = read_sources([], None, REPOSITORY, tracker)
    sources = add_ledger(sources, str(ledger), REPOSITORY) if ledger else sources
    event = IssueRequest(repository=REPOSITORY, number=issue.number, sender=Account(login="reporter"))
    return run(event, sources, tracker, now or now_at(github))


def open_answered(github: FakeGitHub, rule: str = RULE) -> StoredIssue:
    """An issue that our comment answers by that rule, the only one."""
    add_rule(github, rule)
    found = open_issue(github)
    run_at(github, found)
    return found


def sweep_at(  # noqa: PLR0913 (a test names the few that it changes)
    github: FakeGitHub,
    path: Path,
    now: datetime | None = None,
    *,
    budget: int = BUDGET,
    is_rebuilt: bool = False,
    is_dry_run: bool = False,
    incidents: tuple[Incident, ...] | None = None,
    detect: DetectIncidents = detect_incidents,
) -> Swept:
    """Sweep the repository once; `incidents` are those of any moment."""
    tracker = reach(github, budget)
    sources = read_sources([], None, REPOSITORY, tracker)
    opened = open_copy if is_dry_run else open_ledger
    with opened(path, REPOSITORY, is_new=is_rebuilt) as store:
        reader = Reader(repository=REPOSITORY, tracker=tracker, store=store, logins=US)
        task = Task(
            repository=REPOSITORY,
            sources=sources,
            now=now or now_at(github),
            budget=budget,
            login=OUR_LOGIN,
            is_dry_run=is_dry_run,
        )
        return sweep(task, reader, lambda _: None, detect if incidents is None else lambda *_: incidents)


def sweep_killed(github: FakeGitHub, path: Path, request: int) -> None:
    """A sweep in a process of its own, which the system kills just after its request of that number was done."""
    process = _fork.Process(target=_sweep_alone, args=(github.url, path, now_at(github)))
    github.faults = {len(github.requests) + request: HARD_FAULTS["killed after"]}
    with LOCK:
        process.start()
    github.victim = process.pid
    process.join(LONGEST)
    github.faults = {}
    assert process.exitcode == -signal.SIGKILL


def sweep_until(github: FakeGitHub, path: Path, now: datetime, write: int = 0, *, is_rebuilt: bool = False) -> int:
    """A sweep in a process of its own, which the system kills just before that write to the disk (0: never).

    Returns how many writes there were if it ended by itself; -1 if it was killed.
    """
    mine, others = _fork.Pipe(duplex=False)
    process = _fork.Process(
        target=_sweep_alone, args=(github.url, path, now, write), kwargs={"tell": others, "is_rebuilt": is_rebuilt}
    )
    with LOCK:
        process.start()
    process.join(LONGEST)
    assert process.exitcode in (0, -signal.SIGKILL), f"exit code {process.exitcode} before write {write}"
    return int(mine.recv()) if process.exitcode == 0 else -1


class _Place(NamedTuple):
    """Where GitHub is, for another process."""

    url: str


def _sweep_alone(
    url: str, path: Path, now: datetime, write: int = 0, *, tell: Connection | None = None, is_rebuilt: bool = False
) -> None:
    count_moments = die_at(write)
    there = cast("FakeGitHub", _Place(url))  # a sweep needs nothing else of it
    sweep_at(there, path, now, is_rebuilt=is_rebuilt)
    if tell:
        tell.send(count_moments())


def find_ours(issue: StoredIssue) -> StoredComment:
    """Our comment on an issue."""
    (comment,) = [each for each in issue.comments if each.author.login in US]
    return comment


def count_writes(github: FakeGitHub) -> int:
    """How many requests have changed something."""
    return sum(request.verb != "GET" and request.path != "/graphql" for request in github.requests)


def a_person(name: str, *, can_write: bool = False) -> Person:
    return Person(login=name, can_write=can_write)


def list_ledger(path: Path) -> dict[str, list[tuple[int | str, ...]]]:
    """All that a ledger says about GitHub."""
    with open_copy(path, REPOSITORY) as store:
        return {table: store.list_rows(table) for table in LISTED}
