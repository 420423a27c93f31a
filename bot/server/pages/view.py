"""What the pages say: from entries and values of the inbox to rows. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeVar
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel

from bot.server.inbox.types import MOST_ATTEMPTS, Entry, Handled
from bot.server.pages.access import Access
from bot.text.printable import count

PAGE_SIZE = 50
"""Repositories on one page."""

_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_LONGEST = 500
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

_EVENTS = {"issues": "Issue", "issue_comment": "Comment", "push": "Push", "installation": "Installation"}

Tone = Literal["good", "neutral", "warn", "bad"]


class VoteCount(BaseModel):
    """How many people said that the guidance of a rule worked, and that it is not their problem."""

    works: int = 0
    wrong: int = 0


class KnownRepository(BaseModel):
    """A repository whose rules the server has loaded: its name and the number of its rules then."""

    repository: str
    rules: int = 0
    at: AwareDatetime


class RepositoryVotes(BaseModel):
    """The votes in the same value, by rule. A list of thousands of repositories does not need them."""

    votes: Mapping[str, VoteCount] = {}


class RuleProblem(BaseModel):
    """A problem of a rule, and where it is; lines and columns count from 1, 0 is the whole file."""

    file: str = ""
    line: int = 0
    column: int = 0
    message: str


class RuleProblems(BaseModel):
    """What was wrong with the rules of a repository when they were loaded last.

    `place` is the repository that has their files, "" for the repository itself: an owner can share those of `.github`.
    """

    place: str = ""
    problems: tuple[RuleProblem, ...] = ()


Shape = TypeVar("Shape", bound=BaseModel)


def read_values(values: Mapping[str, bytes], prefix: str, shape: type[Shape], access: Access) -> dict[int, Shape]:
    """The values of the repositories that this person may see, by their ids."""
    numbers = {key: key.removeprefix(prefix) for key in values}
    found = {
        int(number): read_value(values[key], shape)
        for key, number in numbers.items()
        if number.isdecimal() and access.may_see(int(number))
    }
    return {number: value for number, value in found.items() if value is not None}


def read_value(value: bytes | None, shape: type[Shape]) -> Shape | None:
    """What is in a value; None without one, or if another version of Signpost wrote it differently."""
    try:
        return shape.model_validate_json(value) if value else None
    except ValueError:
        return None


def find_repository(known: Mapping[int, KnownRepository], name: str) -> int | None:
    """The id of the repository of that name, as GitHub compares names; the one that was loaded last has the name."""
    found = [number for number, each in known.items() if each.repository.casefold() == name.casefold()]
    return max(found, key=lambda number: known[number].at, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time, in UTC, and how long ago it is."""

    machine: str
    written: str
    ago: str


def write_moment(at: datetime, now: datetime) -> Moment:
    """A time as the pages show it; a later one is `in 5 minutes`."""
    moment = at.astimezone(UTC)
    return Moment(
        machine=f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        written=f"{moment:%Y-%m-%d %H:%M} UTC",
        ago=_write_distance((now - at).total_seconds()),
    )


def _write_distance(seconds: float) -> str:
    if abs(seconds) < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    span = write_span(abs(seconds))
    return f"{span} ago" if seconds >= 0 else f"in {span}"


def write_span(seconds: float) -> str:
    """A span of time, in its largest unit: `2 hours`."""
    units = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))
    size, name = next((unit for unit in units if seconds >= unit[0]), (1, "second"))
    return count(int(seconds // size), name)


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryRow:
    """A repository in the list. `failed` waits for another attempt after a failed one, and is also in `waiting`."""

    name: str
    address: str
    ran: Moment | None
    waiting: int = 0
    running: int = 0
    failed: int = 0
    dead: int = 0
    problems: int = 0
    rules: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The repositories on one page of the list: their ids, the number of all that fit, and of the pages."""

    ids: tuple[int, ...]
    total: int
    page: int
    pages: int


def select_repositories(
    known: Mapping[int, KnownRepository], words: str, page: int, urgent: Iterable[int]
) -> Selection:
    """Those with the words in their names; urgent ones first, then by name."""
    first, wanted = frozenset(urgent), words.strip().casefold()
    fitting = [number for number, each in known.items() if wanted in each.repository.casefold()]
    fitting.sort(key=lambda number: (number not in first, known[number].repository.casefold(), number))
    pages = max(1, -(-len(fitting) // PAGE_SIZE))
    page = min(max(page, 1), pages)
    shown = fitting[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    return Selection(ids=tuple(shown), total=len(fitting), page=page, pages=pages)


def make_rows(
    ids: Iterable[int],
    known: Mapping[int, KnownRepository],
    problems: Mapping[int, RuleProblems],
    newest: Mapping[int, Entry | None],
    unfinished: Sequence[Entry],
    now: datetime,
) -> tuple[RepositoryRow, ...]:
    """The rows of the list; `newest` has the last delivery of each that was done, `unfinished` all others."""
    states = Counter((entry.delivery.repository_id, entry.state) for entry in unfinished)
    failed = Counter(
        entry.delivery.repository_id
        for entry in unfinished
        if entry.state == "waiting" and entry.error and entry.attempts  # without an attempt, it was only postponed
    )
    return tuple(
        RepositoryRow(
            name=known[number].repository,
            address=write_address(known[number].repository),
            ran=write_moment(entry.changed_at, now) if (entry := newest.get(number)) else None,
            waiting=states[number, "waiting"],
            running=states[number, "running"],
            failed=failed[number],
            dead=states[number, "dead"],
            problems=len(problems[number].problems) if number in problems else 0,
            rules=known[number].rules,
        )
        for number in ids
    )


def write_address(name: str) -> str:
    """The path of the page of a repository, below that of the pages."""
    return f"/repositories/{quote(name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A delivery, and what became of it.

    `label` and `tone` say how it stands; `reason` why it was skipped, or which error came. `attempts` were made, and
    `next` is when it is tried again. `url` is the issue on GitHub.
    """

    guid: str
    at: Moment
    event: str
    issue: int
    url: str
    label: str
    tone: Tone
    reason: str = ""
    next: Moment | None = None
    attempts: int = 0
    rules: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    repository: str = ""

    @property
    def following(self) -> str:
        """Which attempt comes next, of how many."""
        return f"attempt {self.attempts + 1} of {MOST_ATTEMPTS}"


def make_run(entry: Entry, repository: str, server_url: str, now: datetime) -> RunRow:
    """The row of a delivery; `repository` is the name that the repository has now."""
    delivery, handled = entry.delivery, entry.handled or Handled()
    label, tone = _judge_entry(entry)
    home = _write_home(repository, server_url)
    return RunRow(
        guid=delivery.guid,
        at=write_moment(delivery.received_at if entry.state == "waiting" else entry.changed_at, now),
        event=f"{_EVENTS.get(delivery.event, delivery.event)} {delivery.action.replace('_', ' ')}".strip(),
        issue=delivery.issue,
        url=f"{home}/issues/{delivery.issue}" if home and delivery.issue else "",
        label=label,
        tone=tone,
        reason=_cut(entry.error or handled.skipped),
        next=write_moment(entry.due_at, now) if entry.state == "waiting" and entry.due_at else None,
        attempts=entry.attempts,
        rules=handled.rules,
        actions=tuple(map(_cut, handled.actions)),
        problems=tuple(map(_cut, handled.problems)),
        repository=repository,
    )


def _judge_entry(entry: Entry) -> tuple[str, Tone]:
    match entry.state:
        case "dead":
            return "Failed", "bad"
        case "running":
            return "Runs now", "neutral"
        case "waiting":
            return _judge_waiting(entry)
        case "done":
            return _judge_handled(entry.handled or Handled())


def _judge_waiting(entry: Entry) -> tuple[str, Tone]:
    if not entry.error:
        return "Waits", "neutral"
    return ("Postponed", "neutral") if not entry.attempts else (f"Attempt {entry.attempts} failed", "warn")


def _judge_handled(handled: Handled) -> tuple[str, Tone]:
    if handled.problems:
        return "Done, with problems", "warn"
    if handled.skipped:
        return "Skipped", "neutral"
    return ("Done", "good") if handled.actions else ("Nothing to do", "neutral")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemRow:
    """A problem of a rule: its place, and the address of that line on GitHub, "" if it is unknown."""

    place: str
    url: str
    message: str


def make_problem(problem: RuleProblem, repository: str, server_url: str) -> ProblemRow:
    """The row of a problem. A file that is not in the repository itself has no link."""
    place = ":".join([problem.file or "rules", *(str(number) for number in (problem.line, problem.column) if number)])
    home = _write_home(repository, server_url)
    is_own = problem.file and not problem.file.startswith("/") and ":" not in problem.file
    is_own = is_own and not {"", ".", ".."} & set(problem.file.split("/"))
    line = f"#L{problem.line}" if problem.line > 0 else ""
    url = f"{home}/blob/HEAD/{quote(problem.file)}{line}" if home and is_own else ""
    return ProblemRow(place=_cut(place), url=url, message=_cut(problem.message))


def _write_home(repository: str, server_url: str) -> str:
    """The address of a repository on GitHub, "" for a name that GitHub does not give."""
    is_name = _NAME.fullmatch(repository) and not {".", ".."} & set(repository.split("/"))
    return f"{server_url}/{repository}" if is_name else ""


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryView:
    """The page of a repository."""

    name: str
    address: str
    url: str
    rules: int
    loaded: Moment
    runs: tuple[RunRow, ...]
    dead: tuple[RunRow, ...]
    problems: tuple[ProblemRow, ...]
    votes: tuple[tuple[str, VoteCount], ...]
    waiting: int
    running: int
    may_retry: bool


class Standing(NamedTuple):
    """What the inbox has about a repository: its newest entries, and all that are not done."""

    known: KnownRepository
    votes: RepositoryVotes
    problems: RuleProblems
    newest: Sequence[Entry]
    unfinished: Sequence[Entry]


def make_repository(standing: Standing, server_url: str, now: datetime, *, may_retry: bool) -> RepositoryView:
    """The page of a repository."""
    known, answers, problems, newest, unfinished = standing
    name = known.repository
    states = Counter(entry.state for entry in unfinished)
    return RepositoryView(
        name=name,
        address=write_address(name),
        url=_write_home(name, server_url),
        rules=known.rules,
        loaded=write_moment(known.at, now),
        runs=tuple(make_run(entry, name, server_url, now) for entry in newest),
        dead=tuple(make_run(entry, name, server_url, now) for entry in unfinished if entry.state == "dead"),
        problems=tuple(make_problem(each, problems.place or name, server_url) for each in problems.problems),
        votes=tuple(sorted(answers.votes.items(), key=lambda item: (-item[1].wrong, -item[1].works, item[0]))),
        waiting=states["waiting"],
        running=states["running"],
        may_retry=may_retry,
    )
