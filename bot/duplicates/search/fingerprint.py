"""What two reports of one error share and few others have: messages, places in sources, qualified names. Pure."""

import re
from collections.abc import Callable

import re2

from bot.duplicates.search.tokens import MAX_CHARACTERS

MAX_FINGERPRINTS = 60

# RE2: linear, and several times as fast here.
_TELLING = re2.compile(
    r"(?i)error|panicked|fail|fatal|exception|assertion|unexpected|undefined|cannot|could not|unable|not found|segfault"
    r"|sigsegv|illegal|abort|crash|denied|refused|timed out"
)
_SHORTEST, _LONGEST = 12, 300
_PLACE = re2.compile(r"([\w/\\.-]+\.(?:rs|cpp|cc|c|h|m|mm|js|mjs|ts|tsx|java|kt|py|go|cs|rb|php|swift)):([0-9]{1,6})")
_FOLDERS = re.compile(r".*[/\\]")
_NAME = re2.compile(r"\b\w+(?:::\w+){2,12}|[\w$]+(?:\.[\w$]+){3,12}")
_QUOTED = re.compile(r"""'[^'\n]{1,80}'|"[^"\n]{1,80}"|`[^`\n]{1,80}`""")
_VOLATILE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}"), " "),
    (_QUOTED, lambda quoted: _mask_quoted(quoted[0])),
    (re.compile(r"(?:[\w.~-]{0,80}[/\\]){1,20}([\w.-]{1,80})"), r"\1"),
    (re.compile(r"\d+"), " "),
    (re.compile(r"\s+"), " "),
)
_FRAME = re2.compile(
    r"(?:^|[\s:])at [\w.$<>/ ]{1,200}\(|\bfile .{1,100}, line\b|(?:^|\s)- \w+::\w+|\b\w+::\w+::|\b_+zn\w|\.so\("
    r"|\.dylib \S+ \+"
)
_HASH = re.compile(r"h[0-9a-f]{16}")
_SENTENCE = 2
"""Spaces in quotes from which they hold a sentence."""

_ASIDE = re.compile(r"\W{0,9}(?:warn(?:ing)?|info|debug|trace)\b|w/|//|.*\{$")
"""Warnings, notes and code: reports of many errors have them."""

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
"""Words of error messages that do not tell which error it is: those of languages, tools and test runners."""

_SAYS_LITTLE = frozenset(_COMMON.split())


def find_fingerprints(title: str, body: str) -> frozenset[str]:
    """The marks of a report, each with its kind before it: `line:`, `place:` or `name:`; at most 60 of a kind.

    A mark says nothing by itself: it counts by how rare it is among the repository's reports.
    """
    body = body[:MAX_CHARACTERS]
    lines = [line for line in map(_mask_line, f"{title}\n{body}".split("\n")) if len(line) >= _SHORTEST]
    places = [f"{_FOLDERS.sub('', match[1])}:{match[2]}" for match in _PLACE.finditer(body)]
    names = [_HASH.sub("", match[0]) for match in _NAME.finditer(body)]
    kinds = {"line": lines, "place": places, "name": names}
    return frozenset(f"{kind}:{mark}" for kind, marks in kinds.items() for mark in marks[:MAX_FINGERPRINTS])


def is_message(mark: str) -> bool:
    """Whether a mark is a line that says what went wrong."""
    return mark.startswith("line:")


def is_frame(mark: str) -> bool:
    """Whether a message is but a line of a stack: many errors pass through the same functions."""
    return _FRAME.search(mark.partition(":")[2]) is not None


def is_telling(mark: str) -> bool:
    """Whether a mark is a message that tells which error it is.

    It is no line of a stack, no warning and no code, and says more than that something failed somewhere: all these are
    shared by many errors.
    """
    message = mark.partition(":")[2]
    words = {word for word in _WORD.findall(message) if word not in _SAYS_LITTLE}
    is_aside = is_frame(mark) or _ASIDE.match(message) is not None
    return is_message(mark) and not is_aside and len(words) >= _LEAST_WORDS


def _mask_quoted(quoted: str) -> str:
    """What stands in quotes is a value, which differs from run to run, or a sentence, which is the message itself."""
    return quoted[1:-1] if quoted.count(" ") >= _SENTENCE else " "


def _mask_line(line: str) -> str:
    line = line.strip()
    if not _SHORTEST < len(line) < _LONGEST or not _TELLING.search(line):
        return ""
    masked = line.lower()
    for pattern, replacement in _VOLATILE:
        masked = pattern.sub(replacement, masked)
    return masked.strip()
