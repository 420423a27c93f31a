"""The error lines of a text, each recognised once, and their templates and messages. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import re2

from bot.text.templates import collapse_line, drop_volatile, find_words, mask_collapsed

Kind = Literal["message", "warning", "frame", "code", "remark"]

_STATED = re2.compile(
    r"(?i)error|panicked|fail|fatal|exception|assertion|unexpected|undefined|cannot|could not|unable|not found|segfault"
    r"|sigsegv|illegal|abort|crash|denied|refused|timed out"
)
_FAILURE = re2.compile(
    rf"{_STATED.pattern}|\b(?:panic|segmentation fault|can't|couldn'?t|no such\b|does ?n[o']?t exist|missing|forbidden"
    r"|limit|not (?:exist|supported|available|allowed|permitted|valid|recogni[sz]ed|enough|logged|connected|a valid)"
    r"|blocked|unauthori[sz]ed|reject|invalid|malformed|corrupt|unknown|unrecogni[sz]ed|unsupported|unresolved|exceed|quota"
    r"|out of\b|too (?:large|long|many|low|big|small|few)\b|timedout|time ?out|require[sd]?\b|overflow|underflow"
    r"|mismatch|conflict|expired|overloaded|killed|deadlock|assert|exit(?:ed)? (?:code|status|with)|status code"
    r"|e(?:acces|addrinuse|busy|conn|exist|inval|no(?:ent|mem|spc|t(?:dir|empty))|perm\b|pipe\b|timedout)"
    r"|disconnected|unreachable|interrupted|violat|warning:|bug\b|leak|broken|stopped)|\berr!|\b[45][0-9]{2} [a-z]"
)
"""Words with which programs and people say that something went wrong; with those that are sure, programs mostly."""

_CODE = re.compile(r"[;{]\s*$|^\s*(?:[)}\]]|//|#\[|/?\*|(?:use|fn|pub|let|import|from|const|var|function|def|class)\s)")
_WARNING = re.compile(r"\W{0,9}(?:warn(?:ing)?|info|debug|trace)\b|w/")
_FRAME = re2.compile(
    r"(?:^|[\s:])at [\w.$<>/ ]{1,200}\(|\bfile .{0,100}, line\b|(?:^|\s)- \w+::\w+|\b\w+::\w+::|\b_+zn\w|\.so\("
    r"|\.dylib \S+ \+"
)
_WRAP = re.compile(r"[ \t\r]{0,8}\n[ \t]{1,12}(?=[a-z])(?!at )")
_WRAPPED_FROM = 40
"""A terminal wraps sentences at this width or more, and indents the rest (N4 in `bot.text.normalize`)."""

_SENTENCE = re.compile(r"(?<=[.!?]) +(?=[A-Z\"'`])")
_LONG_PROSE = 160
LONGEST_LINE = 1_000
_CUT = re.compile(
    r"""[:.;!?,](?=[\s"'\\]|$)|\s[-|·=]+\s|[·|]|["{}()\[\]<>]+|\s>\s|\\+|(?<![\ue000-\uf8ff])'(?=[\s.,:;)]|$)"""
    r"""|(?:(?<=\s)|^)'(?![\ue000-\uf8ff])"""
)
_EDGES = " \t:.;,!?-|·=\"'{}()[]<>\\/*#_~&%+@$^`"
_HOLES_AT_EDGES = re.compile(rf"^[\ue000-\uf8ff{re.escape(_EDGES)}]+|[\ue000-\uf8ff{re.escape(_EDGES)}]+$")
_MOST_CLAUSES = 3
_FEWEST_WORDS, _MOST_WORDS = 2, 24
_FEWEST_LETTERS, _LONGEST_PART = 9, 200


@dataclass(frozen=True)
class ErrorLine:
    """A line, or a sentence of a long one: at most 1,000 characters, wraps undone; `start` is where its line begins."""

    text: str
    start: int = 0

    @cached_property
    def kind(self) -> Kind:
        """The kind of line; only a `message` can identify an error, and a `remark` has no fingerprint."""
        if not _STATED.search(self.text):
            return "remark"
        if _CODE.search(self.text):
            return "code"
        if _WARNING.match(self.message):
            return "warning"
        return "frame" if _FRAME.search(self.message) else "message"

    @cached_property
    def collapsed(self) -> str:
        """The collapsed form."""
        return collapse_line(self.text)

    @cached_property
    def template(self) -> str:
        """The collapsed form with a private sign for each volatile part (see `bot.text.templates`)."""
        return mask_collapsed(self.collapsed)

    @cached_property
    def message(self) -> str:
        """The collapsed form without volatile parts: equal if two reports have the same error."""
        return drop_volatile(self.collapsed)


def find_error_lines(text: str, *, is_prose: bool = True) -> Iterator[ErrorLine]:
    """The error lines of a text, in order; they may include source code.

    Of a long line of prose each sentence is a line of its own; in a log, a message of two sentences stays whole.
    """
    text, end = _WRAP.sub(_unwrap, text), -1
    for failure in _FAILURE.finditer(text):
        if failure.start() > end:
            start, end = text.rfind("\n", 0, failure.start()) + 1, text.find("\n", failure.start())
            end = end if end >= 0 else len(text)
            line = text[start:end]
            sentences = _SENTENCE.split(line) if is_prose and len(line) > _LONG_PROSE else [line]
            yield from _make_lines(sentences, start)


def _make_lines(sentences: list[str], start: int) -> Iterator[ErrorLine]:
    for sentence in sentences:
        kept = " ".join(sentence.split())[:LONGEST_LINE]
        if len(sentences) == 1 or _FAILURE.search(kept):
            yield ErrorLine(kept, start)


def _unwrap(wrap: re.Match[str]) -> str:
    before = wrap.string[max(0, wrap.start() - _WRAPPED_FROM) : wrap.start()]
    is_inside = len(before) == _WRAPPED_FROM and "\n" not in before and before[-1] not in ".:;{}(,!?"
    return " " * len(wrap[0]) if is_inside else wrap[0]


def is_error(text: str) -> bool:
    """Whether a line or phrase states an error, and is not source code."""
    start = text[:LONGEST_LINE]
    return bool(_FAILURE.search(start)) and not _CODE.search(start)


def split_template(template: str) -> Iterator[str]:
    """The clauses of a line's template, and its runs of two and three of them, edges trimmed.

    A message begins and ends at punctuation, and the text around it differs from report to report.
    """
    cuts = [0, *(match.end() for match in _CUT.finditer(template)), len(template)]
    for first, start in enumerate(cuts[:-1]):
        for end in cuts[first + 1 : first + 1 + _MOST_CLAUSES]:
            part = trim_part(template[start:end])
            if is_worth_counting(part):
                yield part


def trim_part(part: str) -> str:
    """A part without the marks and holes at its ends."""
    return _HOLES_AT_EDGES.sub("", part).strip(_EDGES)


def is_worth_counting(part: str) -> bool:
    """Whether a part has enough words to identify it, and not more than a phrase should have."""
    if not _FEWEST_LETTERS <= len(part) <= _LONGEST_PART:
        return False
    words = find_words(part)
    return _FEWEST_WORDS <= len(words) <= _MOST_WORDS and sum(map(len, words)) >= _FEWEST_LETTERS
