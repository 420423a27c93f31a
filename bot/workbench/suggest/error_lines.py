"""The lines of an issue that tell what went wrong, and the parts of them that may be shared. Pure."""

import re
from collections.abc import Iterator

from bot.issue.facts import Facts
from bot.rules.conditions.text import compile_pattern
from bot.workbench.suggest.templates import find_words, mask_line

_TELLING = compile_pattern(
    r"\b(?:error|exception|fail|fatal|panic|abort|crash|segfault|segmentation fault|cannot|can't|could ?n[o']t|unable"
    r"|not (?:found|exist|supported|available|allowed|permitted|valid|recogni[sz]ed|enough|logged|connected|a valid)"
    r"|no such\b|does ?n[o']?t exist|missing|denied|forbidden|unauthori[sz]ed|refused|reject|blocked|invalid|illegal"
    r"|malformed|corrupt|unexpected|unknown|unrecogni[sz]ed|unsupported|undefined|unresolved|exceed|limit|quota"
    r"|out of\b|too (?:large|long|many|low|big|small|few)\b|timed ?out|time ?out|require[sd]?\b|overflow"
    r"|underflow|mismatch|conflict|expired|overloaded|killed|deadlock|assert"
    r"|exit(?:ed)? (?:code|status|with)|status code|disconnected|unreachable|interrupted|violat|warning:"
    r"|bug\b|leak|broken|stopped)|(?:error|exception|failure)\b|\berr!|\be[a-z]{4,12}[:,]|\b[45][0-9]{2} [a-z]"
)
"""Words with which programs and people say that something went wrong; a line without any is not counted."""

_CODE_LINE = re.compile(
    r"[;{]\s*$|^\s*(?:[)}\]]|//|#\[|/?\*|(?:use|fn|pub|let|import|from|const|var|function|def|class)\s)"
)
_LINE = re.compile(r"[^\n]+")
_WRAP = re.compile(r"[ \t]{0,8}\n[ \t]{1,12}(?=[a-z])")
_WRAPPED_FROM = 40
"""A terminal's wrap inside a sentence: a line of so many characters at least that ends in no mark, and below it an
indented one that goes on in lower case (N4)."""

_SENTENCE = re.compile(r"(?<=[.!?]) +(?=[A-Z\"'`])")
_CUT = re.compile(
    r"""[:.;!?,](?=[\s"'\\]|$)|\s[-|·=]+\s|[·|]|["{}()\[\]<>]+|\s>\s|\\+|(?<![\ue000-\uf8ff])'(?=[\s.,:;)]|$)"""
    r"""|(?:(?<=\s)|^)'(?![\ue000-\uf8ff])"""
)
_EDGES = " \t:.;,!?-|·=\"'{}()[]<>\\/*#_~&%+@$^`"
_HOLES_AT_EDGES = re.compile(rf"^[\ue000-\uf8ff{re.escape(_EDGES)}]+|[\ue000-\uf8ff{re.escape(_EDGES)}]+$")
_MOST_LINES = 400
_LONGEST_LINE = 1_000
_LONG_PROSE = 160
_MOST_PARTS = 3
_FEWEST_WORDS, _MOST_WORDS = 2, 24
_FEWEST_LETTERS, _LONGEST_PART = 9, 200


def find_lines(facts: Facts) -> Iterator[tuple[str, str]]:
    """The telling lines of an issue as they were written, and the view that each is in; at most 400.

    Title, logs and error dumps, and of the prose the sentences that speak of a failure.
    """
    yield facts.issue.title[:_LONGEST_LINE], "title"
    count = 0
    for text in facts.find_texts(("logs", "errors", "body")):
        for match in _LINE.finditer(_WRAP.sub(_unwrap, text.raw)):
            for line in _split_prose(match[0], text.view):
                if count < _MOST_LINES and is_telling(line):
                    count += 1
                    yield line[:_LONGEST_LINE], text.view


def _unwrap(wrap: re.Match[str]) -> str:
    before = wrap.string[max(0, wrap.start() - _WRAPPED_FROM) : wrap.start()]
    is_inside = len(before) == _WRAPPED_FROM and "\n" not in before and before[-1] not in ".:;{}(,!?"
    return " " if is_inside else wrap[0]


def _split_prose(line: str, view: str) -> list[str]:
    return _SENTENCE.split(line) if view == "body" and len(line) > _LONG_PROSE else [line]


def is_telling(line: str) -> bool:
    """Whether a line says that something went wrong, and is not source code."""
    return bool(_TELLING.search(line[:_LONGEST_LINE])) and not _CODE_LINE.search(line[:_LONGEST_LINE])


def find_parts(facts: Facts) -> dict[str, bool]:
    """The templates that an issue holds, each once, and whether its title has it.

    A template is a clause of a telling line, or two or three clauses in a row: a message begins and ends at a mark of
    punctuation, and what surrounds it differs from report to report.
    """
    found: dict[str, bool] = {}
    for line, view in find_lines(facts):
        for part in split_line(mask_line(line)):
            found[part] = found.get(part, False) or view == "title"
    return found


def split_line(template: str) -> Iterator[str]:
    """The clauses of a line's template, and its runs of two and three of them, edges trimmed."""
    cuts = [0, *(match.end() for match in _CUT.finditer(template)), len(template)]
    for first, start in enumerate(cuts[:-1]):
        for end in cuts[first + 1 : first + 1 + _MOST_PARTS]:
            part = trim_part(template[start:end])
            if is_worth_counting(part):
                yield part


def trim_part(part: str) -> str:
    """A part without the marks and holes at its ends."""
    return _HOLES_AT_EDGES.sub("", part).strip(_EDGES)


def is_worth_counting(part: str) -> bool:
    """Whether a part has enough words of its own to be recognised by, and no more than a phrase should have."""
    if not _FEWEST_LETTERS <= len(part) <= _LONGEST_PART:
        return False
    words = find_words(part)
    return _FEWEST_WORDS <= len(words) <= _MOST_WORDS and sum(map(len, words)) >= _FEWEST_LETTERS
