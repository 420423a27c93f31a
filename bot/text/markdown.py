"""The code fences, HTML comments and headings of an issue's Markdown; linear in the text. Pure."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Literal, NamedTuple

MAX_PARTS = 500
"""The maximum number of headings, boxes or `Key: value` lines: an issue has dozens at most."""

FORM_LEVEL = 3
"""GitHub writes the label of an issue form's field as `### Label`."""

# Up to eight spaces: a fence that is indented further than CommonMark's three nearly always stands in a list.
_OPENER = re.compile(
    r"^ {0,8}(?:(?:[-*+]|\d{1,3}[.)]) {1,4})?(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$|(?P<comment><!--)", re.MULTILINE
)
_CLOSER = re.compile(r"^ {0,8}(?P<fence>`{3,}|~{3,})[ \t\r]*$", re.MULTILINE)
_ATX = re.compile(r"^ {0,3}(?P<marks>#{1,6})[ \t]+(?P<label>[^\n]+)$", re.MULTILINE)
_BOLD = re.compile(r"^ {0,3}\*\*(?P<label>[^*\n]{1,80})\*\*[ \t]*:?", re.MULTILINE)
_HTML = re.compile(r"<h(?P<level>[1-6])\b[^<>\n]{0,300}>(?P<label>[^<\n]{1,200})</h[1-6]>", re.IGNORECASE)


class Span(NamedTuple):
    """Half-open range of characters of the original text."""

    start: int
    end: int


class Heading(NamedTuple):
    """A line that names the text below it; `start` to `end` is the heading itself."""

    start: int
    end: int
    style: Literal["atx", "bold", "html"]
    level: int
    label: str

    @property
    def is_form_label(self) -> bool:
        """Whether it looks as GitHub writes the labels of issue forms."""
        return self.style == "atx" and self.level == FORM_LEVEL


class Hidden(NamedTuple):
    """The parts that are not prose: `fences` as (whole fence, content) pairs, and HTML comments, in order."""

    fences: tuple[tuple[Span, Span], ...]
    comments: tuple[Span, ...]


class _Closers:
    """The lines that could close a fence, so that an opener knows at once whether one of them closes it."""

    def __init__(self, text: str) -> None:
        self._text = text
        closers = _CLOSER.finditer(text) if "```" in text or "~~~" in text else ()
        found = [(match.start(), match.end(), match["fence"]) for match in closers]
        self._of = {
            sign: [(start, end, len(fence)) for start, end, fence in found if fence[0] == sign] for sign in "`~"
        }
        self._next_longer = {sign: _next_larger([length for *_, length in rows]) for sign, rows in self._of.items()}

    @cached_property
    def form_headings(self) -> list[int]:
        """Where a form's heading may begin, which ends a fence that nothing closes; looked for when there is one."""
        return [match.start() for match in re.finditer(r"(?<=\n)\r?\n### [^\n]+\r?\n\r?\n", self._text)]

    def find(self, fence: str, position: int) -> Span | None:
        """The closing line at or after `position`: same sign, at least as long (CommonMark 0.31, 4.5)."""
        rows = self._of[fence[0]]
        found = bisect_left(rows, (position, 0, 0))
        while found < len(rows) and rows[found][2] < len(fence):
            found = self._next_longer[fence[0]][found]
        return Span(*rows[found][:2]) if found < len(rows) else None


def _next_larger(numbers: list[int]) -> list[int]:
    """For each number the index of the next larger one, or of the end: a leap over all that are too short."""
    result, waiting = [len(numbers)] * len(numbers), list[int]()
    for index, number in enumerate(numbers):
        while waiting and numbers[waiting[-1]] < number:
            result[waiting.pop()] = index
        waiting.append(index)
    return result


def find_hidden(text: str, headings: Iterable[Heading] = (), boundaries: Collection[str] = ()) -> Hidden:
    """Fences and HTML comments.

    `boundaries` are those labels among the `headings` that belong to a known form: their `### Label` lines end any
    fence, closed or not, because GitHub puts each answer between such lines, however badly an answer is fenced. A fence
    that nothing closes ends at the next form heading (a line `### …` between empty lines), or with the text. An HTML
    comment that nothing closes hides nothing.
    """
    closers, fences, comments = _Closers(text), list[tuple[Span, Span]](), list[Span]()
    known = [heading.start for heading in headings if heading.is_form_label and heading.label in boundaries]
    position, has_comment_ends = 0, True
    while match := _OPENER.search(text, position):
        position = match.end()
        if match["comment"]:
            end = text.find("-->", position - 2) if has_comment_ends else -1  # `<!-->` is a whole comment
            has_comment_ends = end >= 0
            if has_comment_ends:
                comments.append(Span(match.start(), position := end + 3))
            continue
        if "`" in match["info"] and match["fence"][0] == "`":
            continue
        fence = _close_fence(text, match, closers, known)
        fences.append(fence)
        position = max(position, fence[0].end)
    return Hidden(tuple(fences), tuple(comments))


def _close_fence(text: str, opener: re.Match[str], closers: _Closers, known: list[int]) -> tuple[Span, Span]:
    content = min(opener.end() + 1, len(text))
    closer = closers.find(opener["fence"], content)
    limit = find_next(known, content, len(text))
    if closer and closer.start <= limit:
        return Span(opener.start(), closer.end), Span(content, closer.start)
    if not closer:
        limit = min(limit, find_next(closers.form_headings, content, len(text)))
    return Span(opener.start(), limit), Span(content, limit)


def find_next(positions: list[int], position: int, default: int) -> int:
    """The first of the sorted `positions` at or after `position`, or `default`."""
    found = bisect_left(positions, position)
    return positions[found] if found < len(positions) else default


def find_headings(text: str) -> tuple[Heading, ...]:
    """The headings, in order: `### Label`, `**Label**` at a line's start, `<h2>Label</h2>`."""
    return tuple(sorted(_headings(text), key=lambda heading: heading.start))


def _headings(text: str) -> Iterator[Heading]:
    for match in islice(_ATX.finditer(text), MAX_PARTS):
        yield Heading(match.start(), match.end(), "atx", len(match["marks"]), match["label"][:200].strip(" \t\r#"))
    for match in islice(_BOLD.finditer(text), MAX_PARTS) if "**" in text else ():
        yield Heading(match.start(), match.end(), "bold", 0, match["label"].strip().rstrip(":"))
    for match in islice(_HTML.finditer(text), MAX_PARTS):
        yield Heading(match.start(), match.end(), "html", int(match["level"]), match["label"].strip())


def is_inside(spans: Sequence[Span], position: int) -> bool:
    """Whether one of the spans (in order and apart) covers the position."""
    before = bisect_right(spans, position, key=lambda span: span.start) - 1
    return before >= 0 and position < spans[before].end


def drop_comments(text: str) -> str:
    """The text without its HTML comments; an unclosed one stays."""
    kept, position = [], 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + 2)) >= 0:
        kept.append(text[position:start])
        position = end + 3
    return "".join([*kept, text[position:]])
