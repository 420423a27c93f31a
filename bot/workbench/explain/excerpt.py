"""The issue, cut to the lines around its marks, each line with the views that it is read in. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from bot.issue.facts import Facts, Text
from bot.workbench.explain.highlights import Mark

_SHORT = 24
"""A text of so many lines is shown whole."""

_UNMARKED = 6
_CONTEXT = 2
_HEAD_OF_MARK = 4
_LONGEST_GAP_SHOWN = 1
_LONG_LINE = 240
_AROUND = 80


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of a line that the same marks cover; `ends` are those that end with it. `is_hidden`: cut from the line."""

    text: str
    marks: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line, numbered from 1, with the views that it is read in; none for what no condition sees."""

    number: int
    views: tuple[str, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Lines that follow each other, and whether they matter enough to be shown."""

    lines: tuple[Line, ...]
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One of the issue's texts: title, body or comment N."""

    source: str
    runs: tuple[Run, ...]


def make_excerpt(source: str, original: str, marks: Iterable[Mark], facts: Facts) -> Excerpt:
    """A text of the issue with all its lines but empty ones at its end, those that matter marked as shown."""
    original = original.rstrip()
    starts = _list_starts(original)
    own = [mark for mark in marks if mark.place.source == source]
    views = _list_views(source, starts, facts)
    marks_of = _list_marks(own, starts)
    lines = [
        Line(number, views[number - 1], tuple(_cut_line(_split_line(original, start, end, marks_of.get(number, ())))))
        for number, (start, end) in enumerate(pairwise([*starts, len(original) + 1]), 1)
    ]
    shown = choose_lines(len(lines), [_lines_of(mark, starts) for mark in own], _list_headings(source, starts, facts))
    runs = groupby(lines, key=lambda line: line.number in shown)
    return Excerpt(source, tuple(Run(tuple(group), is_shown) for is_shown, group in runs))


def choose_lines(total: int, marked: Sequence[tuple[int, int]], headings: Sequence[int] = ()) -> frozenset[int]:
    """The numbers of the lines that are shown, of `total`; `marked` are the first and last line of each mark.

    All of a short text; else each mark's first lines and its last, two lines around them and the heading above; no gap
    is shorter than two lines.
    """
    if total <= _SHORT:
        return frozenset(range(1, total + 1))
    shown = set[int]() if marked else set(range(1, _UNMARKED + 1))
    for first, last in marked:
        shown |= {*range(first - _CONTEXT, min(first + _HEAD_OF_MARK, last) + _CONTEXT + 1)}
        shown |= {*range(last - _CONTEXT, last + _CONTEXT + 1)}
        shown |= {*headings[bisect_right(headings, first) - 1 :][:1]} if headings and headings[0] <= first else set()
    edges = [0, *sorted(number for number in shown if 1 <= number <= total), total + 1]
    gaps = (range(before + 1, after) for before, after in pairwise(edges))
    return frozenset(edges[1:-1]) | {number for gap in gaps if len(gap) <= _LONGEST_GAP_SHOWN for number in gap}


def _list_starts(original: str) -> list[int]:
    return [0, *(position + 1 for position, sign in enumerate(original) if sign == "\n")]


def _line_at(starts: Sequence[int], position: int) -> int:
    return bisect_right(starts, position)


def _lines_of(mark: Mark, starts: Sequence[int]) -> tuple[int, int]:
    return _line_at(starts, mark.place.start), _line_at(starts, max(mark.place.start, mark.place.end - 1))


def _list_marks(marks: Iterable[Mark], starts: Sequence[int]) -> dict[int, list[Mark]]:
    """The marks of each line that has any."""
    found: dict[int, list[Mark]] = {}
    for mark in marks:
        first, last = _lines_of(mark, starts)
        for number in range(first, last + 1):
            found.setdefault(number, []).append(mark)
    return found


def _list_headings(source: str, starts: Sequence[int], facts: Facts) -> list[int]:
    return [_line_at(starts, heading.start) for heading in facts.layout.headings] if source == "body" else []


def _list_views(source: str, starts: Sequence[int], facts: Facts) -> list[tuple[str, ...]]:
    views: list[dict[str, None]] = [{} for _ in starts]
    for text in facts.texts:
        if text.source == source:
            for number in _written_lines(text, starts):
                views[number - 1][text.view] = None
    return [tuple(found) for found in views]


def _written_lines(text: Text, starts: Sequence[int]) -> range:
    """The lines of a text without the empty ones at its ends."""
    raw = text.raw
    start = text.span.start + len(raw) - len(raw.lstrip())
    end = text.span.start + len(raw.rstrip())
    return range(_line_at(starts, start), _line_at(starts, max(start, end - 1)) + 1)


def _split_line(original: str, start: int, end: int, marks: Sequence[Mark]) -> Iterator[Segment]:
    """The segments of the line from `start` to before `end`, where its line feed stands."""
    end -= 2 if original.endswith("\r", start, end - 1) else 1
    here = [mark for mark in marks if mark.place.start < end and mark.place.end > start]
    inner = (position for mark in here for position in (mark.place.start, mark.place.end) if start < position < end)
    for first, last in pairwise(sorted({start, end, *inner})):
        covering = [mark for mark in here if mark.place.start <= first and last <= mark.place.end]
        yield Segment(
            original[first:last],
            tuple(mark.number for mark in covering),
            tuple(mark.number for mark in covering if mark.place.end == last),
        )


def _cut_line(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The segments; of a long line only what stands around its marks is not hidden."""
    row = [*segments]
    if sum(len(segment.text) for segment in row) <= _LONG_LINE:
        yield from row
        return
    for index, segment in enumerate(row):
        head = _AROUND if index or len(row) == 1 else 0
        tail = _AROUND if index + 1 < len(row) else 0
        yield from _cut_segment(segment, head, tail)


def _cut_segment(segment: Segment, head: int, tail: int) -> Iterator[Segment]:
    text, middle = segment.text, len(segment.text) - head - tail
    if middle <= _AROUND:
        yield segment
        return
    if head:
        yield Segment(text[:head], segment.marks)
    yield Segment(text[head : head + middle], segment.marks, () if tail else segment.ends, is_hidden=True)
    if tail:
        yield Segment(text[head + middle :], segment.marks, segment.ends)


def count_hidden(excerpt: Excerpt) -> int:
    """How many lines are not shown."""
    return sum(len(run.lines) for run in excerpt.runs if not run.is_shown)
