"""From the text of a report to the words of its index. Pure."""

import re
from collections import Counter
from collections.abc import Container, Iterable
from functools import lru_cache

import re2
import Stemmer

from bot.tracker.types import Issue

MAX_CHARACTERS = 8_000
"""The maximum length of a body: the rest is mostly log, and costs more than it finds."""

MAX_BODY_WORDS = 1_500
MAX_TITLE = 1_000
MAX_LINE = 300

_STOP_WORDS = """
a about all also am an and any are as at be been but by can could did do does for from get got had has have how i if
in into is it its just like me more most my no not of on only or other our out over own same should so some such than
that the their them then there these they this to too up us use used using via want was way we were what when where
which while who why will with would you your
"""
_STOP = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[^\W\d_]+|\d+")
_PART = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_LONGEST_NUMBER = 5
_LONGEST_WORD = 60
_COMMENT = re2.compile(r"(?s)<!--.*?-->")  # RE2: one pass, even where many comments begin and none ends
_LINK = re.compile(r"https?://[^\s)>\]]+")
_REFERENCE = re.compile(r"#\d+\b")
_BOX = re.compile(r"\[[ xX]\]")
_stemmer = Stemmer.Stemmer("english")


def clean_title(title: str) -> str:
    """A title that can be encoded: half a surrogate pair, which JSON may contain, is not a letter."""
    return title.encode("utf-8", "replace").decode()[:MAX_TITLE]


def drop_form_text(body: str, form_text: Container[str] = frozenset()) -> str:
    """A body without comments and the lines of the repository's forms."""
    text: str = _COMMENT.sub(" ", body[: 3 * MAX_CHARACTERS].encode("utf-8", "replace").decode())
    return "\n".join(line for line in text.splitlines() if normalise_line(line) not in form_text)


def drop_links(text: str) -> str:
    """A text without `#N`, and with only the end of each address: the rest does not describe the problem."""
    text = _LINK.sub(lambda match: f" {' '.join(match[0].rstrip('/').split('/')[-2:])[:80]} ", text)
    return _REFERENCE.sub(" ", text)[:MAX_CHARACTERS]


def normalise_line(line: str) -> str:
    """A line in the form in which templates are compared: a ticked box equals an empty one."""
    return " ".join(_BOX.sub("[]", line[:MAX_LINE]).lower().split())


def find_words(text: str) -> list[str]:
    """The words of a text in their order: identifiers whole and split, stems, no stop words, no long numbers."""
    return [word for match in _WORD.findall(text) for word in _read(match)]


def spell_words(text: str) -> dict[str, str]:
    """How the words of a text are written there, for people: `panick` is `panicked`."""
    spelled: dict[str, str] = {}
    for match in _WORD.findall(text):
        for word in _read(match):
            spelled.setdefault(word, match)
    return spelled


@lru_cache(maxsize=65_536)
def _read(written: str) -> tuple[str, ...]:
    if written[0].isdigit():
        return (written,) if len(written) <= _LONGEST_NUMBER else ()
    whole = written.lower().strip("_")[:_LONGEST_WORD]
    if len(whole) < 2 or whole in _STOP:  # noqa: PLR2004 (a single letter says nothing)
        return ()
    parts = [part.lower() for part in _PART.findall(written)] if written.isascii() else []
    if len(parts) > 1:
        return (whole, *(_stem(part) for part in parts if len(part) > 1 and part not in _STOP))
    return (_stem(whole),)


def _stem(word: str) -> str:
    stem: str = _stemmer.stemWord(word)
    return stem


SAMPLE = 2_000
"""The number of issues for learning: it bounds the memory, and is enough for shares of a tenth."""

_SHARE = 0.1
_LEAST = 20
_MOST_LINES = 400
_MAX_COUNTED = 200_000


def learn_form_text(issues: Iterable[Issue]) -> frozenset[str]:
    """The lines (`normalise_line`) that at least a tenth of the issues has, and at least 20; at most 400 lines."""
    counts, total = Counter[str](), 0
    for issue in issues:
        total += 1
        counts.update({normalise_line(line) for line in issue.body[:MAX_CHARACTERS].splitlines()} - {""})
        if len(counts) > _MAX_COUNTED:
            counts = Counter({line: count for line, count in counts.items() if count > 1})
    least = max(_LEAST, _SHARE * total)
    common = sorted(((count, line) for line, count in counts.items() if count >= least), reverse=True)
    return frozenset(line.encode("utf-8", "replace").decode() for _, line in common[:_MOST_LINES])
