"""Stack frames in a text: Python, Node, Java, Go, Rust and C#. Pure."""

import re
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple

from bot.text.markdown import Span, is_inside

MAX_FRAMES = 1_000
_PYTHON = re.compile(r'File "(?P<file>[^"\n]{1,400})", line \d+(?:, in (?P<name>[\w.<>]+))?')
_CALL = re.compile(
    r"^[ \t]*at (?:async |new )?(?:(?P<name>[^\s()\n][^()\n]{0,300}?)(?:\([^()\n]{0,300}\))? ?"
    r"(?:\((?P<file>[^()\n]{1,400})\)|in (?P<source>[^\n]{1,400}?):line \d+)|(?P<bare>[^\s()\n]{1,400}:\d+(?::\d+)?))",
    re.MULTILINE,
)
_RUST = re.compile(
    r"^[ \t]*\d{1,4}: {1,20}(?:0x[0-9a-f]{1,16} - )?(?P<name>[\w<>:{}$#.&'][\w<>:{}$#.&' ]{1,299}[\w<>:{}$#.&'])\r?$"
    r"(?:\n[ \t]+at (?P<file>[^\n]{1,400}?):\d+(?::\d+)?\r?$)?",
    re.MULTILINE,
)
_GO = re.compile(r"^(?P<name>[\w./*()-]{1,300}?)\([^()\n]{0,400}\)\r?\n\t(?P<file>[^\n]{1,400}?):\d+", re.MULTILINE)


class Frame(NamedTuple):
    """One call of a stack trace: its names (function, file, dotted module), and its place in the text."""

    names: tuple[str, ...]
    start: int
    end: int

    def matches(self, pattern: str) -> bool:
        """Whether the shell-like pattern (`custom_components.*`) is a name, or the end of one after a slash or dot."""
        patterns = (pattern, f"*/{pattern}", f"*.{pattern}")
        return any(fnmatchcase(name, tried) for name in self.names for tried in patterns)


def find_frames(text: str, at: Literal["top", "any"] = "any") -> tuple[Frame, ...]:
    """The frames of a text, innermost first. `at="top"` gives the innermost of each language's trace only.

    Python prints the innermost call last, the others first.
    """
    rust = _find(_RUST, text)
    places = [Span(frame.start, frame.end) for frame in rust]
    calls = [frame for frame in _find(_CALL, text) if not is_inside(places, frame.start)]  # Rust too writes `at FILE`
    stacks = [_find(_PYTHON, text)[::-1], calls, rust, _find(_GO, text)]
    return tuple(frame for stack in stacks for frame in (stack[:1] if at == "top" else stack))


def _find(pattern: re.Pattern[str], text: str) -> list[Frame]:
    frames = []
    for match in pattern.finditer(text):
        groups = {name: value.strip() for name, value in match.groupdict().items() if value}
        file = groups.get("file") or groups.get("source") or groups.get("bare", "")
        names = (groups.get("name", ""), *_names_of_file(file))
        frames.append(Frame(tuple(name for name in names if name), match.start(), match.end()))
        if len(frames) == MAX_FRAMES:
            break
    return frames


def _names_of_file(file: str) -> tuple[str, ...]:
    path = re.sub(r"(?::\d+){1,2}$", "", file).replace("\\", "/")
    module = re.sub(r"\.\w{1,5}$", "", path).strip("/").replace("/", ".")
    return (path, module)
