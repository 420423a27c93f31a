"""Fingerprints that two reports of one error share: messages, source locations, qualified names. Pure."""

import re

import re2

from bot.duplicates.search.tokens import MAX_CHARACTERS
from bot.text.error_lines import ErrorLine, find_error_lines

MAX_FINGERPRINTS = 60

_SHORTEST, _LONGEST = 12, 300
# RE2: linear, and several times as fast here.
_PLACE = re2.compile(r"[\w.-]+\.(?:rs|cpp|cc|c|h|m|mm|js|mjs|ts|tsx|java|kt|py|go|cs|rb|php|swift):[0-9]{1,6}")
_NAME = re2.compile(r"\b\w+(?:::\w+){2,12}|[\w$]+(?:\.[\w$]+){3,12}")
_HASH = re.compile(r"h[0-9a-f]{16}")
_WORD = re.compile(r"[^\W\d]{2,60}")
_LEAST_WORDS = 3
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


def find_fingerprints(title: str, body: str) -> dict[str, int]:
    """The fingerprints of a report, each after its kind, and the start of its first line; the title is line one.

    The kind is `place`, `name`, or that of an error line; there are at most 60 lines, and as many places and names. A
    fingerprint counts by its rarity among the reports of the repository.
    """
    text, start = f"{title}\n{body[:MAX_CHARACTERS]}", len(title) + 1
    lines = [(found, line.start) for line in find_error_lines(text) if (found := make_fingerprint(line))]
    places = [(f"place:{match[0]}", match.start()) for match in _PLACE.finditer(text, start)]
    names = [(f"name:{_HASH.sub('', match[0])}", match.start()) for match in _NAME.finditer(text, start)]
    return dict(each for found in (lines, places, names) for each in reversed(found[:MAX_FINGERPRINTS]))


def make_fingerprint(line: ErrorLine) -> str:
    """The fingerprint of a line; "" for a remark, and for one that is too short or too long to be a message."""
    is_fitting = line.kind != "remark" and len(line.text) < _LONGEST and len(line.message) >= _SHORTEST
    return f"{line.kind}:{line.message}" if is_fitting else ""


def is_message(fingerprint: str) -> bool:
    """Whether a fingerprint is an error line."""
    return not fingerprint.startswith(("place:", "name:"))


def is_telling(fingerprint: str) -> bool:
    """Whether a fingerprint is a message that identifies an error.

    It is not a stack frame, a warning or code, and it says more than that something failed: many errors share those.
    """
    kind, _, message = fingerprint.partition(":")
    words = {word for word in _WORD.findall(message) if word not in _SAYS_LITTLE}
    return kind == "message" and len(words) >= _LEAST_WORDS
