"""Bars over time, as the numbers of an SVG; few enough bars for the screen of a phone. Pure."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

MOST_BARS = 60
HEIGHT = 100
_GAP = 0.15


class Bar(NamedTuple):
    """One part of one bar: `series` counts from 0, the lowest; places are in the chart's own units, y from the top."""

    series: int
    x: float
    y: float
    width: float
    height: float


class Chart(NamedTuple):
    """A bar chart of stacked series: each bar is a unit wide; the highest is 100 units high and shows `top`."""

    bars: tuple[Bar, ...]
    width: int
    top: int
    weeks_a_bar: int


def draw_chart(series: Sequence[Sequence[int]], most: int = MOST_BARS) -> Chart:
    """The chart of several series of equal length, the first at the bottom."""
    sums = [gather(counts, most) for counts in series]
    columns = list(zip(*sums, strict=True))
    top = max(map(sum, columns), default=0)
    bars = [bar for column, counts in enumerate(columns) for bar in _stack(column, counts, top)]
    count = len(series[0]) if series else 0
    return Chart(tuple(bars), len(columns), top, max(1, -(-count // most)))


def _stack(column: int, counts: Sequence[int], top: int) -> list[Bar]:
    bars, below = list[Bar](), 0
    for number, count in enumerate(counts):
        if count:
            height = round(HEIGHT * count / top, 2)
            y = round(HEIGHT - HEIGHT * (below + count) / top, 2)
            bars.append(Bar(number, round(column + _GAP / 2, 3), y, round(1 - _GAP, 3), height))
            below += count
    return bars


_BARS = "▁▂▃▄▅▆▇█"


def gather(counts: Sequence[int], most: int) -> tuple[int, ...]:
    """At most `most` sums of neighbouring counts; each sum has equally many counts, but the first may have fewer."""
    size = max(1, -(-len(counts) // most))
    first = len(counts) % size or size
    cuts = [0, *range(first, len(counts), size), len(counts)] if counts else []
    return tuple(sum(counts[start:end]) for start, end in pairwise(cuts))


def draw_sparkline(counts: Sequence[int], most: int = 24) -> str:
    """The counts as a row of at most `most` bars: a space for 0, a full block for the highest count."""
    sums = gather(counts, most)
    top = max(sums, default=0)
    return "".join(_BARS[max(0, -(-count * len(_BARS) // top) - 1)] if count else " " for count in sums)


_PARTS = " ▏▎▍▌▋▊▉"
"""Eighths of a block."""


_LOWEST_TOP = 5
"""A bar of full width stands for at least this number, so that a single one does not look like many."""


def draw_rows(rows: Sequence[tuple[str, int]], width: int = 20) -> str:
    """A bar chart as monospaced text: a line for each name, with its bar and its count."""
    indent, top = max((len(name) for name, _ in rows), default=0), max(_LOWEST_TOP, *(count for _, count in rows), 0)
    return "\n".join(f"{name:<{indent}}  {_draw_bar(count, top, width)}{count:,}" for name, count in rows)


def _draw_bar(count: int, top: int, width: int) -> str:
    """The bar with a space after it; "" for 0. Every other count is visible."""
    if not count:
        return ""
    eighths = max(1, round(8 * width * count / top))
    return f"{'█' * (eighths // 8)}{_PARTS[eighths % 8].strip()} "
