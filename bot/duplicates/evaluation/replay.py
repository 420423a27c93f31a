"""Replays an archive day by day: each issue is compared with those that were there when it was filed. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from zlib import crc32

from bot.duplicates.evaluation.truth import ORDINARY, KnownIssue
from bot.duplicates.index.record import list_mentions
from bot.duplicates.search.collection import LAG, MemoryCollection
from bot.duplicates.search.document import Profile, make_profile
from bot.duplicates.search.features import Compared
from bot.duplicates.search.ranker import compare_with_collection
from bot.duplicates.search.tokens import SAMPLE, learn_form_text
from bot.tracker.types import Issue


@dataclass(frozen=True)
class Query:
    """An issue, what it was compared with, and what is known of it now: `right` is empty for an ordinary issue."""

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

    Of these at most `sample`, chosen by a hash of their number. Uncertain issues are neither.
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
    """For each issue in turn its query, if it is among `wanted`, or None; it is compared with earlier issues only.

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
    """At most so many issues as are needed, evenly from all that came before the first that is wanted."""
    end = next((place for place, issue in enumerate(issues) if issue.number in wanted), len(issues))
    return list(issues[: end : end // SAMPLE + 1])
