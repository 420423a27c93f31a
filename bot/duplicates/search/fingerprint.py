"""Fingerprints that two reports of one error share: messages, source locations, qualified names. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache

import re2

from bot.duplicates.search.tokens import MAX_CHARACTERS, WORDS_OF_FORMS, find_words, is_asking
from bot.text.catch_alls import drop_catch_alls
from bot.text.error_lines import ErrorLine, find_error_lines, is_story

MAX_FINGERPRINTS = 60

_SHORTEST, _LONGEST = 12, 300
# RE2: linear, and several times as fast here.
_PLACE = re2.compile(r"[\w.-]+\.(?:rs|cpp|cc|c|h|m|mm|js|mjs|ts|tsx|java|kt|py|go|cs|rb|php|swift):[0-9]{1,6}")
_NAME = re2.compile(r"\b\w+(?:::\w+){2,12}|[\w$]+(?:\.[\w$]+){3,12}")
_HASH = re.compile(r"h[0-9a-f]{16}")
_ANSWERS = re.compile(r"\W*(?:it|this|that|these|those|which|and|or|but|so|if|then|there)\b")
"""How a sentence begins that needs the one before it."""

_WORD = re.compile(r"[^\W\d]{2,60}")
_LEAST_WORDS = 3
LEAST_IN_ALL = 6
"""The fewest words of its own that a body needs to be a copy, and those that it needs with its title."""

_COMMON = """
a an the this that but it is was be has have your you please see no not none null nil true false some any such most last
at in on of to with and or for from by out up error errors err exception exceptions fail fails failed failing failure
failures fatal crash crashes crashed abort aborted aborting panic panicked assert assertion segfault sigsegv sigabrt
segmentation fault illegal instruction core dumped undefined unexpected unknown unhandled uncaught invalid cannot can
could unable found denied refused timed timeout permission connection memory stack trace traceback backtrace recent call
called note warning info debug log logger console main thread task process program runtime internal compiler bug bugs
report hit path code exit exited status returned return result results test tests testing passed ok ignored measured
make build building command commands following script line file files directory folder open enoent eacces lib app
application new throw throws thrown function var let const void class public static type typeerror value object index
bounds len unwrap option reference property read message java lang nullpointerexception attempt invoke virtual method
linking linker collect exe ld cc gcc clang
"""
"""Words of error messages that do not identify the error: those of languages, tools and test runners."""

_SAYS_LITTLE = frozenset(_COMMON.split())
_OF_REPORTS = frozenset(find_words(f"{_COMMON} {WORDS_OF_FORMS}"))
_PER_IDEOGRAM = 3
"""The number of letters that make a word where no spaces part them."""


def find_fingerprints(title: str, body: str) -> dict[str, int]:
    """The fingerprints of a report, each after its kind, and the start of its first line; the title is line one.

    The kind is `place`, `name`, or that of an error line; there are at most 60 lines, and as many places and names. A
    fingerprint counts by its rarity among the reports of the repository.
    """
    return read_fingerprints(title, body)[0]


def read_fingerprints(title: str, body: str) -> tuple[dict[str, int], frozenset[str]]:
    """The fingerprints of a report (see `find_fingerprints`), and those of messages in its body."""
    text, start = f"{title}\n{body[:MAX_CHARACTERS]}", len(title) + 1
    lines = [(found, line.start) for line in find_error_lines(text) if (found := make_fingerprint(line))]
    places = [(f"place:{match[0]}", match.start()) for match in _PLACE.finditer(text, start)]
    names = [(f"name:{_HASH.sub('', match[0])}", match.start()) for match in _NAME.finditer(text, start)]
    kept = dict(each for found in (lines, places, names) for each in reversed(found[:MAX_FINGERPRINTS]))
    said = (found for found, place in lines[:MAX_FINGERPRINTS] if place >= start and found.startswith("message:"))
    return kept, frozenset(said)


def make_fingerprint(line: ErrorLine) -> str:
    """The fingerprint of a line; "" for a remark, and for one that is too short or too long to be a message."""
    is_fitting = line.kind != "remark" and len(line.text) < _LONGEST and len(line.message) >= _SHORTEST
    return f"{line.kind}:{line.message}" if is_fitting else ""


def is_message(fingerprint: str) -> bool:
    """Whether a fingerprint is an error line, and not source code."""
    return not fingerprint.startswith(("place:", "name:", "code:"))


@lru_cache(maxsize=65_536)
def is_telling(fingerprint: str, least: int = _LEAST_WORDS) -> bool:
    """Whether a fingerprint is a message that identifies an error, by at least so many words.

    It is not a stack frame, a warning or code, nor a sentence of a form or of the reporter, nor the announcement of
    another message. It says more than that something failed, or what a runtime says of every such fault.
    """
    kind, _, message = fingerprint.partition(":")
    if kind != "message" or message.endswith(":") or _ANSWERS.match(message) or is_asking(message) or is_story(message):
        return False
    return len(list_telling(drop_catch_alls(message))) >= least


def list_telling(message: str) -> set[str]:
    """The words of a message that may identify an error: not those that languages, tools and test runners use."""
    return {word for word in _WORD.findall(message) if word not in _SAYS_LITTLE}


def list_own(words: Iterable[str]) -> tuple[str, ...]:
    """Of the words of a report (see `find_words`) those that not every report has, each once."""
    return tuple(dict.fromkeys(word for word in words if word not in _OF_REPORTS and not word.isdigit()))


def says_enough(words: Iterable[str], title_words: Iterable[str] | None = None) -> bool:
    """Whether a body has enough words of its own to differ from other bodies, and enough with those of its title."""
    own = set(words)
    is_title = title_words is not None
    return _measure(own) >= _LEAST_WORDS and (not is_title or _measure(own.union(title_words or ())) >= LEAST_IN_ALL)


def _measure(words: Iterable[str]) -> int:
    return sum(1 if word.isascii() else max(1, len(word) // _PER_IDEOGRAM) for word in words)
