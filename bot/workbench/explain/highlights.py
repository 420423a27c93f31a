"""The places of evidence in an issue, and the issue's lines with that evidence highlighted. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, TypeVar

from bot.issue.facts import Facts, Text
from bot.rules.conditions.types import LONGEST_EVIDENCE, Evidence
from bot.text.markdown import Span
from bot.tracker.types import Issue
from bot.workbench.explain.near_miss import NearMiss

TINTS = 6
"""The number of colours that tell rules apart; numbers do so beyond them, and without colours."""

HighlightKind = Literal["evidence", "held", "unwanted", "failed", "near"]
KINDS: tuple[HighlightKind, ...] = ("evidence", "held", "unwanted", "failed", "near")
"""The first of several kinds decides how a text looks."""

_AROUND_PLACE = 60
_SHORT = 24
"""A text of at most this number of lines is shown whole."""

_WITHOUT_HIGHLIGHT = 6
_CONTEXT = 2
_HEAD_OF_HIGHLIGHT = 4
_LONGEST_GAP_SHOWN = 1
_LONG_LINE = 240
_AROUND = 80

Label = TypeVar("Label")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A piece of the issue: `text` (cut at 300 characters) with what surrounds it on the same line.

    `start` and `end` count characters of `source`; `number` is that of its highlight, None without one.
    """

    view: str
    source: str
    line: int
    start: int
    end: int
    before: str
    text: str
    after: str
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Highlight:
    """A piece of the issue that conditions of one rule use as evidence, or fail on.

    `evidence` is for a rule that matches, `held` for conditions that hold in a rule that does not; `near` is a near
    miss; `failed`: the text would have to be different; `unwanted`: the text must be absent.
    Highlights are in the order of the issue, numbered from 1. `rank` is the position of the rule among the shown
    rules, from 0.
    """

    number: int
    rule: str
    conditions: tuple[str, ...]
    kind: HighlightKind
    place: Place
    rank: int

    @property
    def tint(self) -> int:
        """The rule's colour, from 1."""
        return self.rank % TINTS + 1


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a line that the same highlights cover, by number; `ends` are the highlights that end with it.

    `is_hidden`: cut from the line.
    """

    text: str
    numbers: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line, numbered from 1, with the views that have it; none if no condition reads it."""

    number: int
    views: tuple[str, ...]
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive lines, and whether they matter enough to be shown."""

    lines: tuple[Line, ...]
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One of the issue's texts: title, body or comment N."""

    source: str
    runs: tuple[Run, ...]


def list_sources(issue: Issue) -> dict[str, str]:
    """The texts of an issue that may contain evidence, by the names that evidence has for them, in reading order."""
    own = [comment.body for comment in issue.comments if comment.author.login == issue.author.login]
    comments = {f"comment {number}": body for number, body in enumerate(own, 1)}
    return {"title": issue.title, "body": issue.body, **comments}


def find_span(found: Evidence | NearMiss, sources: Mapping[str, str]) -> Span:
    """The span of evidence in its source; `sources` as `list_sources` gives them."""
    return trim_span(sources[found.source], Span(found.start, found.end))


def trim_span(text: str, span: Span) -> Span:
    """The span without white space at its ends; for an empty span, the last line before it that has text."""
    written = text[span.start : span.end]
    if written.strip():
        start = span.start + len(written) - len(written.lstrip())
        return Span(start, start + len(written.strip()))
    end = len(text[: span.start].rstrip())
    return Span(text.rfind("\n", 0, end) + 1, end)


def make_place(found: Evidence | NearMiss, sources: Mapping[str, str]) -> Place:
    """The place of evidence, without white space at its ends; `sources` as `list_sources` gives them."""
    original = sources[found.source]
    start, end = find_span(found, sources)
    line_end = original.find("\n", end)
    return Place(
        view=found.view,
        source=found.source,
        line=original.count("\n", 0, start) + 1,
        start=start,
        end=end,
        before=original[max(original.rfind("\n", 0, start) + 1, start - _AROUND_PLACE) : start],
        text=original[start:end][:LONGEST_EVIDENCE],
        after=original[end : line_end if line_end >= 0 else None][:_AROUND_PLACE],
    )


def choose_highlight(highlights: Iterable[Highlight]) -> Highlight:
    """The highlight that decides how a text looks: evidence first, then the highlight of the first rule."""
    return min(highlights, key=lambda highlight: (KINDS.index(highlight.kind), highlight.rank))


def split_span(
    start: int, end: int, labelled: Iterable[tuple[Span, Label]]
) -> Iterator[tuple[Span, tuple[Label, ...]]]:
    """The parts of a span, in order and without overlap, each with the labels of all spans that cover it."""
    here = [(span, label) for span, label in labelled if span.start < min(span.end, end) and span.end > start]
    inner = {position for span, _ in here for position in span if start < position < end}
    for first, last in pairwise(sorted({start, end, *inner})):
        yield Span(first, last), tuple(label for span, label in here if span.start <= first and last <= span.end)


def make_excerpt(source: str, original: str, highlights: Iterable[Highlight], facts: Facts) -> Excerpt:
    """A text of the issue with all its lines except empty ones at its end, and which of them to show."""
    original = original.rstrip()
    starts = [0, *(position + 1 for position, sign in enumerate(original) if sign == "\n")]
    own = [highlight for highlight in highlights if highlight.place.source == source]
    views = _list_views(source, starts, facts)
    highlights_of = _group_by_line(own, starts)
    lines = [
        Line(
            number,
            views[number - 1],
            tuple(_cut_line(_split_line(original, start, end, highlights_of.get(number, ())))),
        )
        for number, (start, end) in enumerate(pairwise([*starts, len(original) + 1]), 1)
    ]
    highlighted = [_lines_of(highlight, starts) for highlight in own]
    shown = choose_lines(len(lines), highlighted, _list_headings(source, starts, facts))
    runs = groupby(lines, key=lambda line: line.number in shown)
    return Excerpt(source, tuple(Run(tuple(group), is_shown) for is_shown, group in runs))


def choose_lines(total: int, highlighted: Sequence[tuple[int, int]], headings: Sequence[int] = ()) -> frozenset[int]:
    """The numbers of the lines to show, of `total`; `highlighted` has the first and last line of each highlight.

    It shows all lines of a short text; otherwise the first and last lines of each highlight, two lines around them, and
    the heading above. No gap is shorter than two lines.
    """
    if total <= _SHORT:
        return frozenset(range(1, total + 1))
    shown = set[int]() if highlighted else set(range(1, _WITHOUT_HIGHLIGHT + 1))
    for first, last in highlighted:
        shown |= {*range(first - _CONTEXT, min(first + _HEAD_OF_HIGHLIGHT, last) + _CONTEXT + 1)}
        shown |= {*range(last - _CONTEXT, last + _CONTEXT + 1)}
        shown |= {*headings[bisect_right(headings, first) - 1 :][:1]} if headings and headings[0] <= first else set()
    edges = [0, *sorted(number for number in shown if 1 <= number <= total), total + 1]
    gaps = (range(before + 1, after) for before, after in pairwise(edges))
    return frozenset(edges[1:-1]) | {number for gap in gaps if len(gap) <= _LONGEST_GAP_SHOWN for number in gap}


def _lines_of(highlight: Highlight, starts: Sequence[int]) -> tuple[int, int]:
    place = highlight.place
    return bisect_right(starts, place.start), bisect_right(starts, max(place.start, place.end - 1))


def _group_by_line(highlights: Iterable[Highlight], starts: Sequence[int]) -> dict[int, list[Highlight]]:
    """The highlights of each line that has any."""
    found: dict[int, list[Highlight]] = {}
    for highlight in highlights:
        first, last = _lines_of(highlight, starts)
        for number in range(first, last + 1):
            found.setdefault(number, []).append(highlight)
    return found


def _list_headings(source: str, starts: Sequence[int], facts: Facts) -> list[int]:
    return [bisect_right(starts, heading.start) for heading in facts.layout.headings] if source == "body" else []


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
    return range(bisect_right(starts, start), bisect_right(starts, max(start, end - 1)) + 1)


def _split_line(original: str, start: int, end: int, highlights: Iterable[Highlight]) -> Iterator[Segment]:
    """The segments of the line from `start` to before `end`, the position of its line feed."""
    end -= 2 if original.endswith("\r", start, end - 1) else 1
    labelled = ((Span(highlight.place.start, highlight.place.end), highlight) for highlight in highlights)
    for part, covering in split_span(start, end, labelled):
        numbers = tuple(highlight.number for highlight in covering)
        ends = tuple(highlight.number for highlight in covering if highlight.place.end == part.end)
        yield Segment(original[part.start : part.end], numbers, ends)


def _cut_line(segments: Iterable[Segment]) -> Iterator[Segment]:
    """The segments; of a long line only the text around its highlights is not hidden."""
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
        yield Segment(text[:head], segment.numbers)
    yield Segment(text[head : head + middle], segment.numbers, () if tail else segment.ends, is_hidden=True)
    if tail:
        yield Segment(text[head + middle :], segment.numbers, segment.ends)
