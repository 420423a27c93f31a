"""What two reports of one error share and few others have: messages, places in sources, qualified names. Pure."""

import re

import re2

from bot.duplicates.words import MAX_CHARACTERS

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
_VOLATILE = (
    (re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}"), " "),
    (re.compile(r"""'[^'\n]{1,80}'|"[^"\n]{1,80}"|`[^`\n]{1,80}`"""), " "),
    (re.compile(r"(?:[\w.~-]{0,80}[/\\]){1,20}([\w.-]{1,80})"), r"\1"),
    (re.compile(r"\d+"), " "),
    (re.compile(r"\s+"), " "),
)
_FRAME = re2.compile(r"(?:^|[\s:])at [\w.$<>/]+ ?\(|(?:^|\s)- \w+::\w+|\b\w+::\w+::")
_HASH = re.compile(r"h[0-9a-f]{16}")


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


def _mask_line(line: str) -> str:
    line = line.strip()
    if not _SHORTEST < len(line) < _LONGEST or not _TELLING.search(line):
        return ""
    masked = line.lower()
    for pattern, replacement in _VOLATILE:
        masked = pattern.sub(replacement, masked)
    return masked.strip()
