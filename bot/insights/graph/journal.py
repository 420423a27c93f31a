"""What was read of an issue graph so far, in a small file: a run that was killed continues where it was.

Each line is one answered question to the source, in their order. Discovery asks the same questions again after a kill,
so the next run gets the answers of the file, and then goes on. The file is not trusted: another key, a line that does
not fit, an age of an hour or a size beyond the limit ends its use.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import takewhile
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from bot.errors import TrackerError
from bot.tracker.graph import Address, Batch, GraphSource
from bot.tracker.types import Release

LIFETIME = timedelta(hours=1)
"""After this time, what GitHub answered is too old: a cross-reference changes nothing that could be checked."""

_VERSION = 1
_LARGEST = 64_000_000
"""Bytes of the file, which has the texts of all nodes."""
_MOST_REQUESTS = 100_000

_BATCH: TypeAdapter[Batch] = TypeAdapter(Batch)
_RELEASES: TypeAdapter[tuple[Release, ...]] = TypeAdapter(tuple[Release, ...])
_VERDICT: TypeAdapter[bool | None] = TypeAdapter(bool | None)

_Answer = TypeVar("_Answer")


class JournaledSource:
    """A `GraphSource` that repeats the answers of a file, and writes down those that it gets.

    `began` is when the first answer came: a graph of these answers is as old as that. `has_failed` if GitHub refused to
    go on.
    """

    def __init__(self, source: GraphSource, path: Path, key: str, now: datetime) -> None:
        self._source = source
        self._path = path
        self._replayed = 0
        began, self._known = _read_file(path, key, now)
        self.began = began or now
        self._lines: list[dict[str, Any]] = [{"version": _VERSION, "key": key, "at": self.began.isoformat()}]
        self._is_open = False
        self.has_failed = False

    @property
    def is_offline(self) -> bool:
        """As the source."""
        return self._source.is_offline

    @property
    def requests(self) -> int:
        """How many requests were sent, by this run and by the killed one for the answers that are used."""
        return self._source.requests + self._replayed

    def read_nodes(self, addresses: Iterable[Address], most_requests: int) -> Batch:
        """See `GraphSource`."""
        asked = tuple(addresses)
        question = ["nodes", most_requests, *map(str, asked)]
        return self._answer(question, _BATCH, lambda: self._read_nodes(asked, most_requests))

    def _read_nodes(self, addresses: Iterable[Address], most_requests: int) -> Batch:
        batch = self._source.read_nodes(addresses, most_requests)
        self.has_failed |= bool(batch.failure)
        return batch

    def list_releases(self, repository: str) -> tuple[Release, ...]:
        """See `GraphSource`."""
        return self._answer(["releases", repository], _RELEASES, lambda: self._source.list_releases(repository))

    def contains_commit(self, repository: str, tag: str, commit: str) -> bool | None:
        """See `GraphSource`."""
        question = ["contains", repository, tag, commit]
        return self._answer(question, _VERDICT, lambda: self._source.contains_commit(repository, tag, commit))

    def _answer(self, question: list[Any], shape: TypeAdapter[_Answer], ask: Callable[[], _Answer]) -> _Answer:
        if self._known:
            line = self._known.pop(0)
            with suppress(ValidationError):
                if line["question"] == question:
                    answer = shape.validate_json(json.dumps(line["answer"]))
                    self._replayed += line["requests"]
                    self._lines.append(line)
                    return answer
            self._known = []
        before = self._source.requests
        try:
            answer = ask()
        except TrackerError:
            self.has_failed = True
            raise
        shown = json.loads(shape.dump_json(answer))
        self._write({"question": question, "answer": shown, "requests": self._source.requests - before})
        return answer

    def _write(self, line: dict[str, Any]) -> None:
        """Add a line; a file that cannot be written only means that a killed run starts anew."""
        if self.has_failed:
            return
        with suppress(OSError):
            if not self._is_open:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                passing = self._path.with_suffix(".part")
                passing.unlink(missing_ok=True)
                passing.touch(mode=0o600)
                passing.write_text("".join(map(_format_line, self._lines)), "utf-8", newline="\n")
                passing.replace(self._path)
                self._is_open = True
            with self._path.open("a", encoding="utf-8") as file:
                file.write(_format_line(line))


def _format_line(line: dict[str, Any]) -> str:
    return json.dumps(line) + "\n"


def _read_file(path: Path, key: str, now: datetime) -> tuple[datetime | None, list[dict[str, Any]]]:
    """When the file was begun, and its answers; the last line may have been cut off by a kill."""
    try:
        if path.stat().st_size > _LARGEST:
            return None, []
        first, *rest = [_read_object(line) for line in path.read_text("utf-8").splitlines()] or [{}]
        began = datetime.fromisoformat(str(first.get("at")))
        is_fresh = timedelta(0) <= now - began <= LIFETIME
    except (OSError, ValueError, TypeError):
        return None, []
    if not is_fresh or first.get("key") != key or first.get("version") != _VERSION:
        return None, []
    return began, list(takewhile(_is_answer, rest))


def _read_object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_answer(line: dict[str, Any]) -> bool:
    sent = line.get("requests")
    is_counted = type(sent) is int and 0 <= sent < _MOST_REQUESTS
    return is_counted and "answer" in line and isinstance(line.get("question"), list)


@contextmanager
def resume(
    source: GraphSource, folder: Path, key: Iterable[str], now: datetime | None = None
) -> Iterator[JournaledSource]:
    """The source with a journal in `folder`, which is deleted at the end of the block.

    It stays for a later run after an exception, and if GitHub refused to go on, as at a rate limit. Older ones go.
    `key` is all that the graph depends on: the server, who asks, the seeds and the options.
    """
    name = json.dumps(list(key))
    path = folder / f"graph-{sha256(name.encode()).hexdigest()[:32]}.jsonl"
    now = now or datetime.now(UTC)
    _drop_old(folder, now)
    journaled = JournaledSource(source, path, name, now)
    yield journaled
    if not journaled.has_failed:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _drop_old(folder: Path, now: datetime) -> None:
    """Delete what no run will use: it has the texts of issues, which may be private."""
    with suppress(OSError):
        for path in folder.glob("graph-*.jsonl"):
            if path.stat().st_mtime < (now - LIFETIME).timestamp():
                path.unlink(missing_ok=True)
