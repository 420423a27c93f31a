"""Replay an archive day by day: how often the search finds the right issue, and how many false alarms it gives."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from heapq import heappop, heappush
from typing import Any
from zlib import crc32

from rich.console import Console
from rich.table import Table

from bot.archive.jsonl import Line
from bot.archive.stats import Share, measure_share
from bot.duplicates.candidates import Tier
from bot.duplicates.index.record import list_mentions
from bot.duplicates.search.calibration import LEAST
from bot.duplicates.search.collection import LAG, MemoryCollection
from bot.duplicates.search.document import Profile, make_profile
from bot.duplicates.search.features import Compared
from bot.duplicates.search.model import Model, read_model
from bot.duplicates.search.ranker import Hit, choose_related, compare_with_collection, find_best, rank_candidates
from bot.duplicates.search.tokens import SAMPLE, learn_form_text
from bot.errors import SettingsError
from bot.output.console import make_console
from bot.output.progress import track
from bot.text.printable import count
from bot.tracker.types import Issue


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """The truth about one issue.

    `original` is the earlier issue that it was closed as a duplicate of. A hit on any of `group`, the earlier members
    of its cluster, counts. An uncertain one is neither a duplicate nor an ordinary issue.
    """

    original: int | None = None
    group: frozenset[int] = frozenset()
    is_uncertain: bool = False


ORDINARY = KnownIssue()


def parse_duplicates(lines: Iterable[Line]) -> dict[int, KnownIssue]:
    """By number, from objects with `number`, `duplicate_of` (or null), and perhaps `group` and `uncertain`.

    Raises SettingsError with the place of an invalid line.
    """
    return dict(_parse_line(where, line) for where, line in lines)


def _parse_line(where: str, line: str) -> tuple[int, KnownIssue]:
    try:
        found = json.loads(line)
        original = found.get("duplicate_of")
        group = found.get("group") or ([] if original is None else [original])
        known = KnownIssue(
            None if original is None else int(original), frozenset(map(int, group)), bool(found.get("uncertain"))
        )
        return int(found["number"]), known
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise SettingsError(
            f'{where}: invalid line; write {{"number": 7, "duplicate_of": 3}}, or null if it is not a duplicate'
        ) from error


@dataclass(frozen=True)
class Query:
    """An issue, the issues compared with it, and the right answers: `right` is empty for an ordinary issue."""

    profile: Profile
    compared: tuple[Compared, ...]
    right: frozenset[int]


@dataclass(frozen=True)
class Split:
    """The numbers of the duplicates and of the ordinary issues that are queries, in the order of their dates."""

    duplicates: tuple[int, ...]
    ordinary: tuple[int, ...]


def sort_issues(issues: Iterable[Issue]) -> list[Issue]:
    """The issues by date, pull requests left out."""
    return sorted(
        (issue for issue in issues if not issue.is_pull_request), key=lambda issue: (issue.created_at, issue.number)
    )


def split_issues(
    issues: Sequence[Issue], truth: Mapping[int, KnownIssue], part: str = "second", sample: int = 1_500
) -> Split:
    """The queries: the `first` half of the duplicates, the `second`, or `all`, with ordinary issues of their time.

    At most `sample` ordinary issues, chosen by a hash of their number. Uncertain issues are left out.
    """
    places = {issue.number: place for place, issue in enumerate(issues)}
    duplicates = [issue.number for issue in issues if _is_answerable(truth.get(issue.number, ORDINARY), places, issue)]
    middle = len(duplicates) // 2
    border = places[duplicates[middle]] if duplicates else 0
    first, last = {"first": (0, border), "second": (border, len(issues))}.get(part, (0, len(issues)))
    ordinary = [issue.number for issue in issues[first:last] if _is_ordinary(truth.get(issue.number, ORDINARY))]
    chosen = set(sorted(ordinary, key=lambda number: crc32(f"issue {number}".encode()))[:sample])
    return Split(
        tuple(number for number in duplicates if first <= places[number] < last),
        tuple(number for number in ordinary if number in chosen),
    )


def _is_answerable(known: KnownIssue, places: Mapping[int, int], issue: Issue) -> bool:
    if known.original is None or known.is_uncertain:
        return False
    return any(places.get(number, len(places)) < places[issue.number] for number in known.group)


def _is_ordinary(known: KnownIssue) -> bool:
    return known.original is None and not known.is_uncertain


def replay_issues(
    issues: Sequence[Issue], truth: Mapping[int, KnownIssue], wanted: Collection[int]
) -> Iterator[Query | None]:
    """For each issue in turn its query if it is among `wanted`, or None; it is compared only with earlier issues.

    The repository's own form text is learned from the issues before the first query.
    """
    numbers, collection = frozenset(wanted), MemoryCollection()
    form_text = learn_form_text(_list_before(issues, numbers))
    pending: list[tuple[float, int, int]] = []
    for issue in issues:
        profile = make_profile(issue, form_text)
        while pending and pending[0][0] <= profile.created:
            collection.mark_duplicate(*heappop(pending)[1:])
        known = truth.get(issue.number, ORDINARY)
        if issue.number in numbers:
            right = frozenset(number for number in known.group if number in collection)
            yield Query(profile, compare_with_collection(profile, collection), right if known.original else frozenset())
        else:
            yield None
        collection.add(profile)
        for number in list_mentions(issue):
            collection.point_to(number, profile.created)
        if known.original is not None:
            heappush(pending, (profile.created + LAG, issue.number, known.original))


def _list_before(issues: Sequence[Issue], wanted: Collection[int]) -> list[Issue]:
    """A sample of the issues before the first wanted one, evenly spread."""
    end = next((place for place, issue in enumerate(issues) if issue.number in wanted), len(issues))
    return list(issues[: end : end // SAMPLE + 1])


RANKS = (1, 3, 5, 10)
ALARMS = (0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Answer:
    """The counted parts of the answer to a query.

    `rank` is that of the first right candidate (1 is the best), None if there is none. `score` is that of the best
    candidate that may be shown; `is_caught` tells whether a right one is among at most three. `tiers` has the tier of
    each candidate that may be shown, and whether it is right.
    """

    number: int
    is_duplicate: bool
    rank: int | None
    score: float
    is_caught: bool
    tiers: tuple[tuple[Tier, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class TierCount:
    """Queries with a candidate of a tier: duplicates with the right one (`right`), and all duplicates.

    `ordinary` counts the other queries, whose candidates may be wrong.
    """

    right: int
    duplicates: int
    ordinary: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """The result of an evaluation: `recall` by rank, `caught` by the share of false alarms."""

    duplicates: int
    ordinary: int
    recall: dict[int, Share]
    mrr: float
    caught: dict[float, Share]
    thresholds: dict[float, float]
    tiers: dict[Tier, TierCount]

    def to_json(self) -> dict[str, Any]:
        """All figures; intervals are 95 % (Wilson)."""
        return {
            "queries": self.duplicates,
            "ordinary": self.ordinary,
            "recall": {str(rank): share.value for rank, share in self.recall.items()},
            "recall_intervals": {str(rank): [share.low, share.high] for rank, share in self.recall.items()},
            "mrr": self.mrr,
            "caught": {str(alarm): share.value for alarm, share in self.caught.items()},
            "caught_intervals": {str(alarm): [share.low, share.high] for alarm, share in self.caught.items()},
            "thresholds": {str(alarm): threshold for alarm, threshold in self.thresholds.items()},
            "tiers": {tier: asdict(count) for tier, count in self.tiers.items()},
        }


def evaluate(issues: Iterable[Issue], truth: Iterable[Line], part: str, sample: int) -> Recall | None:
    """How often the search finds the right issue for the known duplicates of `truth`, with a bar on a terminal.

    `truth` has lines with their places; `part` and `sample` are as in `split_issues`. None if no query is a duplicate.
    Raises SettingsError for an invalid line.
    """
    known = parse_duplicates(truth)
    archive = sort_issues(issues)
    split = split_issues(archive, known, part, sample)
    queries = track(replay_issues(archive, known, (*split.duplicates, *split.ordinary)), "issues", len(archive))
    model = read_model()
    return measure_recall(answer_query(query, model) for query in queries if query is not None)


def answer_query(query: Query, model: Model) -> Answer:
    """The answer of the ranking to a query."""
    return judge_answer(query, rank_candidates(query.profile, query.compared, model))


def judge_answer(query: Query, ranked: Sequence[Hit]) -> Answer:
    """The counted parts of ranked candidates."""
    best, shown = find_best(ranked), choose_related(ranked, 0.0)
    ranks = (rank for rank, candidate in enumerate(ranked, 1) if candidate.number in query.right)
    return Answer(
        number=query.profile.number,
        is_duplicate=bool(query.right),
        rank=next(ranks, None),
        score=best.score if best else 0.0,
        is_caught=any(candidate.number in query.right for candidate in shown),
        tiers=tuple((candidate.tier, candidate.number in query.right) for candidate in shown),
    )


def measure_recall(answers: Iterable[Answer]) -> Recall | None:
    """The figures of all answers; None if no query is a duplicate."""
    found = list(answers)
    duplicates = [answer for answer in found if answer.is_duplicate]
    ordinary = [answer for answer in found if not answer.is_duplicate]
    thresholds = {share: find_threshold([answer.score for answer in ordinary], share) for share in ALARMS}
    recall = {rank: _measure((answer.rank or rank + 1) <= rank for answer in duplicates) for rank in RANKS}
    caught = {
        share: _measure(answer.is_caught and answer.score > threshold for answer in duplicates)
        for share, threshold in thresholds.items()
    }
    if not duplicates:
        return None
    return Recall(
        duplicates=len(duplicates),
        ordinary=len(ordinary),
        recall={rank: share for rank, share in recall.items() if share},
        mrr=sum(1 / answer.rank for answer in duplicates if answer.rank) / len(duplicates),
        caught={alarm: share for alarm, share in caught.items() if share},
        thresholds=thresholds,
        tiers={tier: _count_tier(found, tier) for tier in ("B", "C")},
    )


def find_threshold(scores: Iterable[float], share: float) -> float:
    """The lowest score that at most this share of the scores exceeds; 1 if there are none."""
    ordered = sorted(scores, reverse=True)
    return ordered[min(int(share * len(ordered) + 1e-9), len(ordered) - 1)] if ordered else 1.0


def _measure(hits: Iterable[bool]) -> Share | None:
    found = list(hits)
    return measure_share(sum(found), len(found))


def _count_tier(answers: Sequence[Answer], tier: Tier) -> TierCount:
    found = [answer for answer in answers if any(own == tier for own, _ in answer.tiers)]
    return TierCount(
        right=sum(any(own == tier and is_right for own, is_right in answer.tiers) for answer in found),
        duplicates=sum(answer.is_duplicate for answer in found),
        ordinary=sum(not answer.is_duplicate for answer in found),
    )


_TIERS: Mapping[str, str] = {"A": "the same known problem", "B": "the same rare error or text", "C": "similar"}


def print_recall(recall: Recall) -> None:
    """Print the figures of an evaluation, with their 95 % intervals and their meaning."""
    console = make_console()
    asked = f"{count(recall.duplicates, 'duplicate')} and {count(recall.ordinary, 'ordinary issue')}"
    console.print(f"{asked}, each searched for as if it were new\n", markup=False)
    ranks = {str(rank): share for rank, share in recall.recall.items()}
    _print_shares(console, ("right one among the first", "share of the duplicates"), ranks)
    console.print(f"mean reciprocal rank  {recall.mrr:.3f} (1 if the right one is always the first)\n", markup=False)
    caught = {f"{alarm:.0%}": share for alarm, share in recall.caught.items()}
    columns = ("ordinary issues shown something", "duplicates shown the right one")
    _print_shares(console, columns, caught, [f"{recall.thresholds[alarm]:.1%}" for alarm in recall.caught])
    if recall.ordinary < LEAST:
        message = f"with fewer than {LEAST} ordinary issues, their shares are not reliable; add more issues"
        console.print(message, style="yellow", markup=False)
    console.print("\nby tier, at any score:", markup=False)
    _print_tiers(console, recall)


def _print_tiers(console: Console, recall: Recall) -> None:
    table = Table("tier", "duplicates shown any", "and the right one", "ordinary issues shown any", box=None)
    for tier, shown in recall.tiers.items():
        row = (shown.duplicates, shown.right, shown.ordinary)
        table.add_row(f"{tier}: {_TIERS[tier]}", *(f"{number:,}" for number in row))
    console.print(table)


def _print_shares(
    console: Console, columns: tuple[str, str], shares: dict[str, Share], thresholds: Sequence[str] = ()
) -> None:
    """Print a table of shares; `thresholds` are the scores from which a candidate is shown."""
    table = Table(*columns, "95 % interval", *(["from a score of"] if thresholds else []), box=None)
    for (name, share), *threshold in zip(shares.items(), *([thresholds] if thresholds else []), strict=True):
        table.add_row(name, f"{share.value:.3f}", f"{share.low:.3f} to {share.high:.3f}", *threshold)
    console.print(table)
