"""Archives with known duplicates, as training and test rows of the ranking."""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bot.archive.jsonl import read_issues, read_lines
from bot.duplicates.evaluation import (
    KnownIssue,
    Query,
    Split,
    parse_duplicates,
    replay_issues,
    sort_issues,
    split_issues,
)
from bot.tracker.types import Issue


@dataclass(frozen=True)
class Labelled:
    """An archive, its known duplicates, and the queries: the first half of its duplicates is for training."""

    name: str
    issues: tuple[Issue, ...]
    truth: dict[int, KnownIssue]
    first: Split
    second: Split

    @property
    def asked(self) -> frozenset[int]:
        """All numbers that are asked about."""
        return frozenset((*self.first.duplicates, *self.first.ordinary, *self.second.duplicates, *self.second.ordinary))


@dataclass(frozen=True)
class Rows:
    """The queries of an archive, by half."""

    name: str
    first: tuple[Query, ...]
    second: tuple[Query, ...]


def read_labelled(issues: Path, truth: Path) -> Labelled:
    """An archive and its known duplicates; raises SettingsError."""
    known = parse_duplicates(read_lines(truth))
    history = tuple(sort_issues(read_issues(issues)))
    halves = split_issues(history, known, "first"), split_issues(history, known, "second")
    return Labelled(issues.name.partition("-")[0], history, known, *halves)


def make_rows(labelled: Labelled) -> Rows:
    """All its queries, each compared with the issues before it."""
    first = frozenset((*labelled.first.duplicates, *labelled.first.ordinary))
    found = [query for query in replay_issues(labelled.issues, labelled.truth, labelled.asked) if query]
    return Rows(
        labelled.name,
        tuple(query for query in found if query.profile.number in first),
        tuple(query for query in found if query.profile.number not in first),
    )


def make_all_rows(histories: Sequence[Labelled]) -> list[Rows]:
    """The rows of all archives, with one process per archive."""
    with ProcessPoolExecutor(max_workers=len(histories)) as pool:
        return list(pool.map(make_rows, histories))
