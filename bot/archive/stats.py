"""Statistics of past issues: shares with their intervals, and counts by ISO week without gaps. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from math import sqrt
from typing import NamedTuple

from bot.tracker.types import EPOCH

_Z = 1.959963984540054
"""The normal distribution's two-sided 95 % point."""


class Share(NamedTuple):
    """`hits` of `total`, with the Wilson 95 % interval `low` to `high`; all between 0 and 1."""

    hits: int
    total: int
    value: float
    low: float
    high: float


def measure_share(hits: int, total: int) -> Share | None:
    """The share with its Wilson score interval; None if nothing was counted.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
    """
    if total == 0:
        return None
    share, square = hits / total, _Z * _Z
    centre = (share + square / (2 * total)) / (1 + square / total)
    margin = _Z * sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return Share(hits, total, share, max(0.0, centre - margin), min(1.0, centre + margin))


class Opinion(NamedTuple):
    """What people who voted say about the guidance of a rule.

    Of those who say that it worked or that it is not their problem, `solved` is the share of the former, `wrong` of the
    latter; both are None without a verdict. `statements` has how many agree with each statement, and how many disagree:
    None if no reaction denies it.
    """

    voters: int = 0
    solved: Share | None = None
    wrong: Share | None = None
    statements: Mapping[str, tuple[int, int | None]] = {}


_MOST_WEEKS = 52 * 60
"""GitHub is younger than this; a wrong date in an export must not make a million weeks."""


def name_week(moment: datetime) -> str:
    """The ISO week of a moment in UTC, `2014-W05`; "" if the source does not state the date."""
    return "" if moment == EPOCH else _name(moment.astimezone(UTC).date())


@lru_cache(maxsize=4096)
def _name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def list_weeks(named: Iterable[str]) -> tuple[str, ...]:
    """Every week from the first to the last of those named; at most the last sixty years."""
    days = sorted({date.fromisocalendar(int(week[:4]), int(week[6:]), 1) for week in named if week})
    if not days:
        return ()
    count = min((days[-1] - days[0]).days // 7, _MOST_WEEKS)
    return tuple(_name(days[-1] - timedelta(weeks=back)) for back in range(count, -1, -1))


def pick_counts(counts: Mapping[str, int], weeks: Iterable[str]) -> tuple[int, ...]:
    """The count of each week, 0 if there is none."""
    return tuple(counts.get(week, 0) for week in weeks)
