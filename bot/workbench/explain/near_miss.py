"""Near misses: the longest part of a phrase, or beginning of a pattern, that an issue contains. Pure."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

import re2

from bot.issue.facts import VIEWS, Facts, Text
from bot.rules.conditions.regex import Pattern, compile_pattern, read_form, read_literal, split_pattern
from bot.rules.conditions.types import Condition, Evidence
from bot.rules.spec.phrase import SQUEEZED_PATTERNS, Phrase, escape_pattern
from bot.text.markdown import Span
from bot.text.normalize import trace_squeeze

NearMissKind = Literal["partial", "inside_word", "elsewhere", "across", "unread"]

_LEAST_COMMON, _LEAST_SHARE, _LEAST_SHARE_OF_SHORT = 8, 0.3, 0.6
"""Fewer squeezed characters, or a smaller part of the phrase, are chance; of a short phrase most must be there."""

_LEAST_MATCHED, _MOST_ALTERNATIVES = 5, 20
_LONGEST_PHRASE = 600
_AROUND = 60
_HOLE = re.compile(r"\{\w+:\w+\}")
_BROKEN_FRONT, _BROKEN_BACK = re.compile(r"[^\W_]{1,2}(?![^\W_])"), re.compile(r"(?<![^\W_])[^\W_]{1,2}\Z")
"""One or two common letters of a word are also chance: `Add` and `Ask`."""


class Parts(NamedTuple):
    """A text around the part that phrase and issue have in common."""

    before: str
    common: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A place where a text condition nearly holds; `share` is how much of its text occurs, up to 1.

    `partial`: a part of the phrase occurs. `inside_word`: all of it, but only inside a longer word. `elsewhere`: all of
    it, in a view that the condition does not search. `across`: all of it, but partly in one text and partly in another
    (`view` names both). `unread`: all of it, in text that is in no view.
    `wanted` is the phrase, `found` the issue's text (60 characters around); `start` and `end` count characters of
    `source`, `line` its lines from 1. `is_pattern`: `wanted` is a pattern, not a phrase.
    """

    kind: NearMissKind
    wanted: Parts
    found: Parts
    share: float
    view: str
    source: str
    line: int
    start: int
    end: int
    is_pattern: bool = False

    @property
    def literal(self) -> Parts:
        """The phrase without holes; for a pattern, the literal text of the alternative that begins to match."""
        if not self.is_pattern:
            return Parts(*(_HOLE.sub(lambda hole: " " * len(hole[0]), part) for part in self.wanted))
        common, after = (split_pattern(part)[:1] for part in self.wanted[1:])
        return Parts("", *(read_literal(atoms[0]) if atoms else "" for atoms in (common, after)))


class _Sign(NamedTuple):
    """One squeezed sign of a phrase, or a hole: its pattern, and where in the readable phrase it stands."""

    text: str
    start: int
    end: int
    is_hole: bool = False

    @property
    def pattern(self) -> str:
        return self.text if self.is_hole else escape_pattern(self.text)


class _Row(NamedTuple):
    """A phrase as people read it, and as a row of signs."""

    readable: str
    signs: tuple[_Sign, ...]

    def pattern(self, first: int, last: int) -> Pattern:
        return _compile("".join(sign.pattern for sign in self.signs[first:last]))

    def measure(self, first: int, last: int) -> int:
        """How many signs, without the holes."""
        return sum(not sign.is_hole for sign in self.signs[first:last])


class _Common(NamedTuple):
    """Signs `first` to `last` (exclusive) of a phrase, `length` of them no holes, occur in a text."""

    length: int
    first: int
    last: int
    text: Text


def read_whole_body(facts: Facts) -> Text:
    """The body as one text, with the text that is in no view."""
    return Text("no view", "body", facts.body, Span(0, len(facts.body)))


def find_near_miss(condition: Condition, facts: Facts, whole: Text) -> NearMiss | None:
    """The near miss of a condition that does not hold; `whole` as `read_whole_body` gives it.

    Time grows with the length of the phrase times the length of the text: some milliseconds for the longest issue.
    """
    views = condition.reads.views
    for text in facts.find_texts(tuple(view for view in VIEWS if view not in views)):
        if found := condition.find_in(text):
            return _complete("elsewhere", found[0], condition, text)
    if found := condition.find_in(whole):
        return _find_reason(found[0], condition, facts, whole)
    if isinstance(condition.sought, Phrase):
        return _find_partial(condition.sought, views, facts)
    return _find_beginning(condition, views, facts) if condition.sought else None


def _find_reason(evidence: Evidence, condition: Condition, facts: Facts, whole: Text) -> NearMiss:
    """Why the whole body has it, and none of its texts: it begins in one and ends in another, or no view holds it."""
    ends = (evidence.start, evidence.end - 1)
    body = [text for text in facts.texts if text.source == "body"]
    views = [text.view for end in ends for text in body if text.span.start <= end < text.span.end]
    near = _complete("unread", evidence, condition, whole)
    is_across = len(views) == len(ends)
    return replace(near, kind="across", view=" and ".join(dict.fromkeys(views))) if is_across else near


def _complete(kind: NearMissKind, evidence: Evidence, condition: Condition, text: Text) -> NearMiss:
    wanted = Parts("", condition.written[1] or "", "")
    return replace(_make_near_miss(wanted, 1.0, text, Span(evidence.start, evidence.end)), kind=kind)


def _find_beginning(condition: Condition, views: tuple[str, ...], facts: Facts) -> NearMiss | None:
    """The longest beginning of a pattern, or of one of its alternatives, that matches something worth telling."""
    best: NearMiss | None = None
    for atoms in split_pattern(str(condition.sought))[:_MOST_ALTERNATIVES]:
        for text in _find_longer(facts, views, _LEAST_MATCHED - 1):
            best = _match_beginning(atoms, text, condition, best.share if best else _LEAST_SHARE) or best
    return best


def _find_longer(facts: Facts, views: tuple[str, ...], floor: int) -> Iterator[Text]:
    """The texts that have more than `floor` letters, so that time does not grow with thousands of empty fences."""
    return (text for text in facts.find_texts(views) if len(text.squeezed) > floor)


def _match_beginning(atoms: tuple[str, ...], text: Text, condition: Condition, floor: float) -> NearMiss | None:
    """What the longest beginning matches, if it has more than the `floor`th part of the letters; found by halving."""
    source, lines = str(condition.sought), condition.sees_lines
    low, high = 0, len(atoms) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (low, middle - 1) if _search(atoms[:middle], text, lines=lines) is None else (middle, high)
    low -= _count_scrap(read_literal(atoms), low)
    letters, total = (len(read_literal(row).replace(" ", "")) for row in (atoms[:low], atoms))
    found = _search(atoms[:low], text, lines=lines)
    if found is None or letters < _LEAST_MATCHED or letters <= floor * total:
        return None
    start = source.index("".join(atoms))
    end = start + len("".join(atoms[:low]))
    wanted, span = Parts(source[:start], source[start:end], source[end:]), text.locate_collapsed(*found.span())
    return replace(_make_near_miss(wanted, letters / total, text, span), is_pattern=True)


def _count_scrap(literal: str, end: int) -> int:
    """How many letters of a word that is cut at `end` are before it, if they are so few that they are chance."""
    broken = _BROKEN_BACK.search(literal, 0, end) if literal[end : end + 1].isalnum() else None
    return len(broken[0]) if broken else 0


def _search(atoms: tuple[str, ...], text: Text, *, lines: bool) -> re.Match[str] | None:
    try:
        match: re.Match[str] | None = _compile("".join(atoms), lines=lines).search(read_form(text, lines=lines))
    except re2.error:  # a part of what was taken for atoms need not be a pattern: `\\Q(\\E` quotes
        return None
    return match


def _find_partial(phrase: Phrase, views: tuple[str, ...], facts: Facts) -> NearMiss | None:
    total = len(phrase.squeezed)
    if total > _LONGEST_PHRASE:
        return None
    row = _read_row(phrase)
    least = max(math.ceil(_LEAST_SHARE * total), min(_LEAST_COMMON, math.ceil(_LEAST_SHARE_OF_SHORT * total)))
    best = _Common(least - 1, 0, 0, Text("", "", "", Span(0, 0)))
    for text in _find_longer(facts, views, least - 1):
        for common in _find_common(row, text, best.length):
            best = max(best, common, key=lambda found: found.length)
    return _make_partial(row, best, total) if best.last else None


def _make_partial(row: _Row, best: _Common, total: int) -> NearMiss:
    first, last = _drop_scraps(row, best.first, best.last)
    match = row.pattern(first, last).search(best.text.squeezed)
    start, end = row.signs[first].start, row.signs[last - 1].end
    parts = Parts(row.readable[:start], row.readable[start:end], row.readable[end:])
    span = best.text.locate_squeezed(match.start(), match.end())
    near = _make_near_miss(parts, row.measure(first, last) / total, best.text, span)
    return replace(near, kind="inside_word") if (first, last) == (0, len(row.signs)) else near


def _make_near_miss(wanted: Parts, share: float, text: Text, span: Span) -> NearMiss:
    original, (start, end) = text.original, span
    return NearMiss(
        kind="partial",
        wanted=wanted,
        found=Parts(original[max(0, start - _AROUND) : start], original[start:end], original[end : end + _AROUND]),
        share=share,
        view=text.view,
        source=text.source,
        line=original.count("\n", 0, start) + 1,
        start=start,
        end=end,
    )


@lru_cache(maxsize=1024)
def _read_row(phrase: Phrase) -> _Row:
    signs, readable = list[_Sign](), ""
    holes = [*zip(phrase.holes, phrase.bounded_holes, strict=True), None]
    for literal, hole in zip(phrase.literals, holes, strict=True):
        trace = trace_squeeze(literal)
        places = [trace.locate(index, index + 1) for index in range(len(trace.text))]
        signs += [
            _Sign(sign, len(readable) + start, len(readable) + end)
            for sign, (start, end) in zip(trace.text, places, strict=True)
        ]
        readable += literal
        if hole:
            written, bounded = f"{{{hole[0].name}:{hole[0].type}}}", f"(?:{SQUEEZED_PATTERNS[hole[1].type]})"
            signs.append(_Sign(bounded, len(readable), len(readable) + len(written), is_hole=True))
            readable += written
    return _Row(readable, tuple(signs))


def _find_common(row: _Row, text: Text, floor: int) -> Iterator[_Common]:
    """Parts of more than `floor` signs that the text holds: within one literal, and over holes."""
    holes = [index for index, sign in enumerate(row.signs) if sign.is_hole]
    for first, last in zip([0, *(hole + 1 for hole in holes)], [*holes, len(row.signs)], strict=True):
        if last < len(row.signs):
            end = _find_run(row, first, text)
            if (length := row.measure(first, end)) > floor:
                floor = length
                yield _Common(length, first, end, text)
        literal = "".join(sign.text for sign in row.signs[first:last])
        length, at = _find_longest(literal, text.squeezed, floor)
        if length:
            floor = length
            yield _Common(length, first + at, first + at + length, text)


def _find_longest(literal: str, squeezed: str, floor: int) -> tuple[int, int]:
    """Length and place of the longest part of the literal in the text, if it is longer than `floor`; else 0."""
    longest, place = floor, -1
    for start in range(len(literal)):
        while start + longest < len(literal) and literal[start : start + longest + 1] in squeezed:
            longest, place = longest + 1, start
    return (longest, place) if place >= 0 else (0, 0)


def _find_run(row: _Row, first: int, text: Text) -> int:
    """Where the longest row of signs and holes from `first` on ends that the text holds; found by halving."""
    low, high = first, len(row.signs)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if row.pattern(first, middle).search(text.squeezed) else (low, middle - 1)
    return low


@lru_cache(maxsize=1024)
def _compile(pattern: str, *, lines: bool = False) -> Pattern:
    return compile_pattern(pattern, lines=lines)


def _drop_scraps(row: _Row, first: int, last: int) -> tuple[int, int]:
    """A part without scraps of broken words at its ends, unless nothing else is left."""
    start, end = row.signs[first].start, row.signs[last - 1].end
    broken_front, broken_back = _BROKEN_FRONT.match(row.readable, start), _BROKEN_BACK.search(row.readable, start, end)
    front = back = 0
    if start and row.readable[start - 1].isalnum() and broken_front:
        front = sum(sign.start < broken_front.end() for sign in row.signs[first:last])
    if row.readable[end : end + 1].isalnum() and broken_back:
        back = sum(sign.start >= broken_back.start() for sign in row.signs[first:last])
    return (first + front, last - back) if first + front < last - back else (first, last)
