"""Counts by ISO week, in order and without gaps, and how to draw them in one line. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from bot.github.payloads import EPOCH

_BARS = "▁▂▃▄▅▆▇█"
_MOST_WEEKS = 52 * 60
"""GitHub is younger; a date that is far off (a typo in an export) must not make a million weeks."""


def name_week(moment: datetime) -> str:
    """The ISO week of a moment in UTC, `2014-W05`; "" for one that the source does not state."""
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
    """The count of each week, 0 where there is none."""
    return tuple(counts.get(week, 0) for week in weeks)


def gather(counts: Sequence[int], most: int) -> tuple[int, ...]:
    """At most `most` sums of as many neighbouring counts each; the last ones are whole, the first may have fewer."""
    size = max(1, -(-len(counts) // most))
    first = len(counts) % size or size
    cuts = [0, *range(first, len(counts), size), len(counts)] if counts else []
    return tuple(sum(counts[start:end]) for start, end in pairwise(cuts))


def draw_sparkline(counts: Sequence[int], most: int = 24) -> str:
    """The counts as a row of bars, at most `most` of them; nothing at all is a space, the highest a full block."""
    sums = gather(counts, most)
    top = max(sums, default=0)
    return "".join(_BARS[max(0, -(-count * len(_BARS) // top) - 1)] if count else " " for count in sums)
