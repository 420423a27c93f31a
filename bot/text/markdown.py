"""The code fences, HTML comments, headings and plain lines of GitHub's Markdown; linear in the text. Pure."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import Literal, NamedTuple

MAX_PARTS = 500
"""The maximum number of headings, boxes or `Key: value` lines: an issue has dozens at most."""

MOST_LINES = 100
_LONGEST_LINE = 1_000
_LONGEST_PARAGRAPH = 5_000

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


_CODE_TAG = re.compile(r"<(?P<end>/?)(?:pre|code)\b[^<>\n]{0,200}>", re.IGNORECASE)
_QUOTED = re.compile(r"^ {0,3}>[^\n]*(?:\n(?![ \t]*\r?\n)[^\n]*)*", re.MULTILINE)


def find_covered(text: str, *, with_comments: bool = True, with_quotes: bool = False) -> list[Span]:
    """The code of a text: fences, code spans, and what stands in `<pre>` or `<code>`; in order and apart.

    HTML comments count, too, unless `with_comments` is false. With `with_quotes`, `>` quotes do.
    """
    hidden = find_hidden(text)
    spans = [*(fence for fence, _ in hidden.fences), *(hidden.comments if with_comments else ()), *_find_tagged(text)]
    for start, end in _find_paragraphs(text) if "`" in text else ():
        spans += _find_code_spans(text, start, end)
    spans += (Span(*match.span()) for match in _QUOTED.finditer(text)) if with_quotes else ()
    return _join_spans(spans)


def _find_tagged(text: str) -> Iterator[Span]:
    """What stands between `<pre>` or `<code>` and the next end tag of one of them."""
    start = -1
    for tag in _CODE_TAG.finditer(text):
        if tag["end"] and start >= 0:
            yield Span(start, tag.end())
        start = -1 if tag["end"] else start if start >= 0 else tag.start()


_LINE_END = re.compile(r"\r\n?")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_QUOTE = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*>")
_UNREAD = (
    "a|pre|code|samp|kbd|tt|q|blockquote|script|style|textarea|title|template|xmp|noembed|noframes|iframe|svg|math"
)
# The attributes of a tag may be long, have line ends, and have `<` and `>` in quotes: its name is enough to hide.
_TAG_BOUND = re.compile(
    r"(?P<start>^ {0,3}(?=<(?:pre|script|style|textarea|blockquote)))?"
    rf"(?P<tag><(?:(?P<opened>{_UNREAD})(?![^\s/>])|/(?P<closed>{_UNREAD})[ \t\n]*>))",
    re.IGNORECASE | re.MULTILINE,
)
_RAW = re.compile(
    r"^ {0,3}(?:<\?.*?(?:\?>|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<![a-z].*?(?:>|\Z))",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)")
_COMMENT = re.compile("<!--")
_BACKTICKS = re.compile("`+")
_DELIMITERS = re.compile(r" {0,3}(?=[^\n]*-)(?=[^\n]*[|:])[-:| \t\v\f]+")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]{0,999}\]:", re.MULTILINE)
_OPEN_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*\Z")
_ODD_VALUE = re.compile(r"""=[ \t\n]*(?:"[^"]*[<>]|'[^']*[<>])""")
_OPEN_TARGET = re.compile(r"\]\([^()]*(?:\([^()]*\)[^()]*)*\Z")
_SIGNS = re.compile(r"\\.|[\[\]]", re.DOTALL)


def list_live_lines(text: str, wanted: re.Pattern[str]) -> Iterator[str]:
    r"""The lines that a pattern matches as a whole and that GitHub shows as plain text, each with `\n` as its end.

    Not those of code, quotes, HTML comments, tables, links and HTML tags; in doubt, a line is not one. A line behind
    4 spaces is code or belongs to a list, so the pattern should allow at most 3. Only the first `MOST_LINES` that
    match are looked at.
    """
    position, is_quote, start, looked = 0, False, 0, 0
    text = _LINE_END.sub("\n", text)
    hidden = find_hidden(text)
    blocks = _join_spans([*(fence for fence, _ in hidden.fences), *hidden.comments, *_find_strict_fences(text)])
    spans = _join_spans([*blocks, *_find_code(text, blocks)])
    for line in _LINE.findall(text):
        end = position + len(line)
        # A line right below a quote still belongs to it (CommonMark 0.31, 5.1: laziness).
        is_quote = not _is_blank(line) and (is_quote or _QUOTE.match(line) is not None)
        if not is_quote and not is_inside(spans, position) and wanted.fullmatch(line) and looked < MOST_LINES:
            looked += 1
            if not _is_part(text[start:position], text[end : end + _LONGEST_LINE]):
                yield line
        position, start = end, end if _is_blank(line) else start


def _is_blank(line: str) -> bool:
    """Whether CommonMark reads a line as blank (0.31, 2.1): it knows fewer line ends and spaces than Python does."""
    return not line.strip(" \t\n")


def _is_part(before: str, after: str) -> bool:
    """Whether a line is a part of something larger: a table, a link, its definition, an image, or an HTML tag.

    `before` is the text of its paragraph above it, `after` all text below it.
    """
    below = after.partition("\n")[0]
    if len(before) > _LONGEST_PARAGRAPH:
        return True
    if _DELIMITERS.fullmatch(below) or any(_DELIMITERS.fullmatch(line) for line in before.split("\n")):
        return True
    if "<" in before and _ODD_VALUE.search(before):
        return True
    if _DEFINITION.search(before) or _OPEN_TAG.search(before) or _OPEN_TARGET.search(before):
        return True
    depth = 0
    for sign in _SIGNS.findall(before):
        depth = max(0, depth + {"[": 1, "]": -1}.get(sign, 0))
    return depth > 0


def _find_strict_fences(text: str) -> Iterator[Span]:
    """Fences as CommonMark reads them (0.31, 4.5): an indented line begins none, and one without an end goes on.

    `find_hidden` is more generous to reporters; a command counts only where both see none.
    """
    fence, start, position = "", 0, 0
    for line in _LINE.findall(text):
        found = _FENCE.match(line)
        if fence and found and found["fence"].startswith(fence) and _is_blank(found["info"]):
            yield Span(start, position + len(line))
            fence = ""
        elif not fence and found and not ("`" in found["fence"] and "`" in found["info"]):
            fence, start = found["fence"], position
        position += len(line)
    if fence:
        yield Span(start, len(text))


def _find_code(text: str, blocks: list[Span]) -> Iterator[Span]:
    """Code spans, which may go on over lines; and `<pre>` and `<code>` up to their end, or that of the text.

    `blocks` are fences and HTML comments. A tag in a code span is text, but `<pre>` at the start of a line begins a
    block, which ends the paragraph before it (CommonMark 0.31, 4.6).
    """
    spans = [span for paragraph in _find_paragraphs(text) for span in _find_code_spans(text, *paragraph)]
    yield from spans
    unclosed = (match.start() for match in _COMMENT.finditer(text, max(0, text.rfind("-->"))))
    yield from (Span(start, len(text)) for start in unclosed if not is_inside(blocks, start))
    yield from (Span(*match.span()) for match in _RAW.finditer(text) if not is_inside(blocks, match.start()))
    tags = (
        match
        for match in _TAG_BOUND.finditer(text)
        if not is_inside(blocks, match.start("tag"))
        and (match["start"] is not None or not is_inside(spans, match.start("tag")))
    )
    start, opened = 0, Counter[str]()
    for tag in tags:
        name = (tag["opened"] or tag["closed"]).lower()
        start = start if +opened else tag.start("tag")
        opened[name] += 1 if tag["opened"] else -bool(opened[name])
        if tag["closed"] and not +opened:
            yield Span(start, tag.end())
    if +opened:
        yield Span(start, len(text))


def _find_paragraphs(text: str) -> Iterator[Span]:
    """The lines between blank ones."""
    start = position = 0
    for line in _LINE.findall(text):
        end = position + len(line)
        if _is_blank(line):
            yield Span(start, position)
            start = end
        position = end
    yield Span(start, position)


def _find_code_spans(text: str, start: int, end: int) -> Iterator[Span]:
    """Each run of backticks with the next one of the same length (CommonMark 0.31, 6.1)."""
    runs = [Span(*match.span()) for match in _BACKTICKS.finditer(text, start, end)]
    places = dict[int, list[int]]()
    for place, run in enumerate(runs):
        places.setdefault(run.end - run.start, []).append(place)
    place = 0
    while place < len(runs):
        same = places[runs[place].end - runs[place].start]
        after = bisect_right(same, place)
        if after < len(same):
            yield Span(runs[place].start, runs[same[after]].end)
        place = same[after] + 1 if after < len(same) else place + 1


def _join_spans(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap as one."""
    joined = list[Span]()
    for span in sorted(spans):
        if joined and span.start < joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return joined
