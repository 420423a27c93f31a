"""The file in which a backfill notes each issue that it has handled, so that the same command goes on there."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, PositiveInt

from bot.errors import SettingsError, explain_cause

FOLDER = ".signpost"
HOUR = 3600
MOST_WRITES = 500
"""What GitHub takes in an hour; it takes 80 a minute, and the connection sends one a second at most.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

RESERVE = 20
"""Writes that one issue may take, and some of other workflows."""

_MANY = frozenset({"create_labels", "remove_labels"})
"""The actions that take a request for each label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What a backfill was asked for; `content` is a hash of the rules and settings that it works with."""

    repository: str
    asked: str
    content: str
    is_dry_run: bool

    @property
    def path(self) -> Path:
        """The default place of its progress, which no other backfill has."""
        digest = sha256(json.dumps(asdict(self)).encode()).hexdigest()[:12]
        return Path(FOLDER) / f"backfill-{self.repository.replace('/', '-')}-{digest}.jsonl"


class Entry(NamedTuple):
    """An issue that was handled: when (Unix time), its result as JSON, and why it has to be handled again, or ""."""

    number: int
    at: int
    result: Mapping[str, Any]
    error: str = ""

    @property
    def writes(self) -> int:
        """How many requests its actions took."""
        plan, done = self.result["plan"], self.result["outcomes"]
        return sum(len(each["labels"]) if each["action"] in _MANY else 1 for each in plan[: len(done)])


def find_pause(entries: Iterable[Entry], now: float) -> float:
    """How many seconds to wait before the next issue, so that its writes are within the limit of an hour."""
    recent = sorted((each.at, each.writes) for each in entries if each.at > now - HOUR)
    over, pause = sum(writes for _, writes in recent) - (MOST_WRITES - RESERVE), 0.0
    for at, writes in recent:
        if over <= 0:
            break
        over, pause = over - writes, at + HOUR - now
    return pause


class Progress:
    """The issues of a backfill, in order, and what became of those that were handled, the last result of each.

    The file has a line for the task and its issues, and one for each result. A line that was cut off while it was
    written does not count: its issue is handled again.
    """

    def __init__(self, path: Path, numbers: Sequence[int], entries: Mapping[int, Entry]) -> None:
        self.path = path
        self.numbers = numbers
        self.entries = dict(entries)

    @property
    def pending(self) -> list[int]:
        """The issues to handle; those that failed come last."""
        new = [number for number in self.numbers if number not in self.entries]
        return new + [number for number in self.numbers if number in self.entries and self.entries[number].error]

    def add(self, entry: Entry) -> None:
        """Note what became of an issue. Raises SettingsError if the file cannot be written.

        A file that has gone stays away: another run of the same backfill has finished all issues.
        """
        self.entries[entry.number] = entry
        line = json.dumps({"number": entry.number, "at": entry.at, "error": entry.error, "result": entry.result})
        try:
            with open(self.path, "ab", opener=_open_present) as file:
                file.write(f"{line}\n".encode())
        except FileNotFoundError:
            return
        except OSError as error:
            raise _refuse_writing(self.path, error) from error

    def finish(self) -> None:
        """Remove the file of a backfill that has nothing left to do."""
        self.path.unlink(missing_ok=True)


def _open_present(path: str, flags: int) -> int:
    """Open a file that exists, and never create it."""
    return os.open(path, flags & ~os.O_CREAT)


def start_progress(path: Path, task: Task, numbers: Sequence[int]) -> Progress:
    """Write the file of a new backfill. Raises SettingsError if that fails."""
    head = {"signpost_backfill": 1, **asdict(task), "numbers": [*numbers]}
    passing = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        passing.write_bytes(f"{json.dumps(head)}\n".encode())
        passing.replace(path)
    except OSError as error:
        raise _refuse_writing(path, error) from error
    return Progress(path, numbers, {})


def read_progress(path: Path, task: Task) -> Progress | None:
    """The progress of the same backfill; None if the file is missing or empty.

    Raises SettingsError for a file that is damaged, or belongs to another backfill, and for a folder or a device; each
    stays as it is.
    """
    if path.exists() and not path.is_file():  # a device, such as /dev/null, would be replaced and then removed
        raise SettingsError(f"{path} is not a file; give another --progress FILE")
    try:
        written = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {explain_cause(error)}") from error
    if not written:
        return None
    *lines, rest = written.split(b"\n")
    numbers = _read_head(path, lines[0] if lines else rest, task)
    entries = (_read_entry(f"{path}:{place}", line) for place, line in enumerate(lines[1:], 2))
    known = {entry.number: entry for entry in entries}
    if rest:
        os.truncate(path, len(written) - len(rest))
    return Progress(path, numbers, known)


def _read_head(path: Path, line: bytes, task: Task) -> list[int]:
    try:
        head = _Head.model_validate(json.loads(line))
    except (ValueError, RecursionError):
        raise SettingsError(f"{path} is not a file of progress; give another --progress FILE, or delete it") from None
    if any(getattr(head, name) != value for name, value in asdict(task).items()):
        whose = f"{'dry run' if head.is_dry_run else 'backfill'} of {head.repository[:200]} with `{head.asked[:200]}`"
        message = f"{path} has the progress of another {whose}, or its rules or settings have changed"
        raise SettingsError(f"{message}; give another --progress FILE, or delete it")
    return head.numbers


def _read_entry(where: str, line: bytes) -> Entry:
    try:
        read = json.loads(line)
        said = _Line.model_validate(read)
    except (ValueError, RecursionError):
        advice = "delete this line, and its issue is handled again, or give another --progress FILE"
        raise SettingsError(f"{where}: not a line that a backfill wrote; {advice}") from None
    return Entry(said.number, said.at, read["result"], said.error)


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


class _Head(_Part):
    signpost_backfill: Literal[1]
    repository: str
    asked: str
    content: str
    is_dry_run: bool
    numbers: list[PositiveInt]


class _Match(_Part):
    rule: str


class _Action(_Part):
    action: str
    labels: list[Any] = []


class _Outcome(_Part):
    ok: bool


class _Result(_Part):
    """What a summary counts of a result."""

    skipped: str | None
    matches: list[_Match]
    plan: list[_Action]
    outcomes: list[_Outcome]


class _Line(_Part):
    number: PositiveInt
    at: PositiveInt
    error: str
    result: _Result


def _refuse_writing(path: Path, error: OSError) -> SettingsError:
    return SettingsError(f"cannot write {path}: {explain_cause(error)}; give another --progress FILE")


MOST_NUMBERS = 50_000
_RANGE = re.compile(r"#?([0-9]{1,18})(?:\s*-\s*#?([0-9]{1,18}))?")


def parse_numbers(text: str) -> list[int]:
    """The numbers of `1-500` or `7,12,20-30`, each once, in the given order. Raises SettingsError."""
    numbers = dict[int, None]()
    for part in text.split(","):
        found = _RANGE.fullmatch(part.strip())
        if not found:
            raise SettingsError(f"--issues cannot be {text[:200]!r}; write numbers and ranges, for example 7,12,20-30")
        first, last = int(found[1]), int(found[2] or found[1])
        if not 0 < first <= last:
            raise SettingsError(f"--issues has the range {part.strip()!r}; write the lower number first, from 1 on")
        if last - first >= MOST_NUMBERS or len(numbers) > MOST_NUMBERS:
            raise SettingsError(f"--issues names more than {MOST_NUMBERS:,} issues; start with fewer")
        numbers.update(dict.fromkeys(range(first, last + 1)))
    return [*numbers]
