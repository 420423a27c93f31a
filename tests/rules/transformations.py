"""What happens to a message on its way into an issue, as functions from text to text: no chance in it. Pure."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

Need = Literal["words", "place", "lines"]
"""What a transformation takes for granted, beside a text that a machine wrote:

- `words`: what is looked for may be found with a line break inside a word (regexes and short phrases read whole words);
- `place`: no regex says where in its text the message must begin or end (`^`, `$`), or how long it is.
"""


class Transformation(NamedTuple):
    """One way to change a text without changing what it says.

    `apply` gets the text and the place in it that matters most; it gives None where it does not apply to this text.
    """

    group: str
    name: str
    apply: Callable[[str, int], str | None]
    needs: frozenset[Need] = frozenset()


WRAPS = ((40, 5), (50, 4), (60, 3), (72, 2), (80, 1), (100, 2), (120, 4))
"""Columns of a terminal, and by how much it indents what it carries over (issue-form pastes: 1 to 5 spaces)."""

PUSHED = (40, 80, 120)
"""Columns at which a message also stands behind other words, so that the break falls into its middle."""

MOST_ROUNDS = 3
"""Rounds of JSON escaping that the normal forms undo."""

_FILLER = "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore "
_STAMP = "2031-07-08T09:10:11Z lorem: "
_PROTECTED = re.compile(
    r"""
      (?:[\w:.~-]{1,80}\\{1,8}){2,40}[\w.~-]{1,80} | [A-Za-z]:\\{1,8}[\w.~-]+        # a path with backslashes
    | \\+(?:u[0-9a-fA-F]{4}|.)                                                         # an escape of JSON
    | [ÂÃâ][\x80-\xbf€]?                                                              # what mojibake begins with
    | (?:\x1b|\^\[|␛)\[[0-?]*[ -/]*[@-~] | \[(?:\d{1,3};){0,6}\d{1,3}m                 # a colour, or its leftover
    | &\#?\w{1,8};                                                                    # an entity of HTML
    """,
    re.VERBOSE,
)
"""What is no plain text: neither case nor quotes change in it, and no line is broken there."""

_READ_AS_MARKDOWN = re.compile(r"[ \t]*(?:[>#*|<]|`{3}|~{3}|[-+=_]{1,3}[ \t-]|\[|\d{1,3}[.)] )")
"""A line must not be broken before these, or Markdown would read the rest as a quote, a heading, a list or a table."""


def wrap_at_spaces(text: str, width: int, indent: int) -> str:
    """Each line broken at its last space before `width` columns; what is carried over is indented."""
    return "\n".join(part for line in text.split("\n") for part in _wrap(line, width, indent, at_spaces=True))


def break_words(text: str, width: int, indent: int) -> str:
    """Each line broken after `width` columns, wherever that is, as a terminal does."""
    return "\n".join(part for line in text.split("\n") for part in _wrap(line, width, indent, at_spaces=False))


def _wrap(line: str, width: int, indent: int, *, at_spaces: bool) -> Iterator[str]:
    margin = ""
    while len(margin) + len(line) > width:
        end = _find_break(line, width - len(margin), at_spaces=at_spaces)
        if end is None:
            break
        yield margin + (line[:end].rstrip(" ") if at_spaces else line[:end])
        line, margin = line[end:].lstrip(" ") if at_spaces else line[end:], " " * indent
    yield margin + line


def _find_break(line: str, room: int, *, at_spaces: bool) -> int | None:
    """The last place to break the line within `room`; at spaces the first one behind it will do, too."""
    places = (*range(room, 0, -1), *(range(room + 1, len(line)) if at_spaces else ()))
    return next((place for place in places if _may_break(line, place, at_spaces=at_spaces)), None)


def _may_break(line: str, place: int, *, at_spaces: bool) -> bool:
    if at_spaces and not (line[place : place + 1] == " " and line[:place].strip() and line[place:].strip()):
        return False
    return not _READ_AS_MARKDOWN.match(line, place) and not _is_inside_escape(line, place)


def _is_inside_escape(line: str, place: int) -> bool:
    """Whether a break would fall into an escape, where no reader could mend it."""
    near = _PROTECTED.finditer(line, max(0, place - 24))
    return any(match.start() < place < match.end() for match in near if match.start() < place)


def push(text: str, focus: int, width: int) -> str:
    """The text with words before it, so many that a break after `width` columns falls on the focus (or the line)."""
    line = text.partition("\n")[0]
    lead = (width - (focus if focus < len(line) else len(line) // 2)) % width
    filler = (_FILLER * (lead // len(_FILLER) + 1))[:lead]
    return f"{filler[:-1]} {text}" if lead else text


def escape_json(text: str, rounds: int) -> str | None:
    """The text as a JSON message, escaped so many times; None where that makes more rounds than JSON in JSON has."""
    if rounds + _count_rounds(text) > MOST_ROUNDS:
        return None
    for _ in range(rounds):
        text = json.dumps({"lorem": text}, ensure_ascii=False)
    return text


def _count_rounds(text: str) -> int:
    """How often a text is escaped already: n rounds leave up to 2**n - 1 backslashes together."""
    longest = max((len(run) for run in re.findall(r"\\+", text)), default=0)
    return longest.bit_length()


def escape_ascii(text: str) -> str | None:
    r"""The text as JSON in ASCII (`\u2019`), as many programs write it; None where it is ASCII already."""
    return None if text.isascii() or _count_rounds(text) == MOST_ROUNDS else json.dumps({"lorem": text})


def change_case(text: str, change: Callable[[str], str]) -> str:
    """The text in another case, but for escapes and for letters that would become other letters (the dotless i)."""
    return _outside_escapes(text, lambda part: "".join(_recase(sign, change) for sign in part))


def _recase(sign: str, change: Callable[[str], str]) -> str:
    changed = change(sign)
    return changed if changed.casefold() == sign.casefold() else sign


def alternate_case(text: str) -> str:
    """Every Word With A Capital."""
    return _outside_escapes(text, lambda part: re.sub(r"\b[a-z]", lambda match: match[0].upper(), part))


def curl_quotes(text: str) -> str:
    """Straight quotes as an editor makes them curly, but for those that a backslash escapes."""
    opened = False

    def curl(match: re.Match[str]) -> str:
        nonlocal opened
        if match[0] == "'":
            return "’"
        opened = not opened
        return "“" if opened else "”"

    return _outside_escapes(text, lambda part: re.sub("[\"']", curl, part))


def _outside_escapes(text: str, change: Callable[[str], str]) -> str:
    parts, position = list[str](), 0
    for match in _PROTECTED.finditer(text):
        parts += [change(text[position : match.start()]), match[0]]
        position = match.end()
    return "".join([*parts, change(text[position:])])


def colour_lines(text: str, start: str, end: str) -> str:
    """Each line in a colour."""
    return "\n".join(f"{start}{line}{end}" if line.strip() else line for line in text.split("\n"))


def colour_words(text: str) -> str:
    """Each word in a colour of its own."""
    return re.sub(r"\S+", lambda match: f"\x1b[1;3{len(match[0]) % 8}m{match[0]}\x1b[0m", text)


def draw_box(text: str, signs: tuple[str, str, str, str, str, str]) -> str:
    """The lines in a box; `signs` are its corners from the top left, its horizontal and its vertical."""
    lines = text.split("\n")
    width = max(map(len, lines))
    top_left, top_right, bottom_left, bottom_right, across, down = signs
    inner = [f"{down} {line.ljust(width)} {down}" for line in lines]
    bar = across * (width + 2)
    return "\n".join([f"{top_left}{bar}{top_right}", *inner, f"{bottom_left}{bar}{bottom_right}"])


def hang_tree(text: str) -> str:
    """The lines as a program's answer in a terminal."""
    return "  ⎿  " + text.replace("\n", "\n     ")


def surround(text: str) -> str:
    """Other lines before and after."""
    return f"{_FILLER.strip()}\n{text}\n{_FILLER.strip()}"


def stamp(text: str) -> str:
    """The text as one record of a log, with a time and a source before it, between other records."""
    return f"{_STAMP}dolor sit amet\n{_STAMP}{text}\n{_STAMP}consectetur adipiscing"


def _of_wrapping() -> Iterator[Transformation]:
    for width, indent in WRAPS:
        where = f"at {width} columns, indented by {indent}"

        def at_spaces(text: str, _focus: int, width: int = width, indent: int = indent) -> str:
            return wrap_at_spaces(text, width, indent)

        def in_words(text: str, _focus: int, width: int = width, indent: int = indent) -> str:
            return break_words(text, width, indent)

        def pushed_at_spaces(text: str, focus: int, width: int = width, indent: int = indent) -> str:
            return wrap_at_spaces(push(text, focus, width), width, indent)

        def pushed_in_words(text: str, focus: int, width: int = width, indent: int = indent) -> str:
            return break_words(push(text, focus, width), width, indent)

        yield Transformation("wrap", f"wrapped {where}", at_spaces)
        yield Transformation("break", f"broken inside words {where}", in_words, _WORDS)
        if width not in PUSHED:
            continue
        yield Transformation("wrap", f"wrapped behind other words {where}", pushed_at_spaces, _AMONG)
        yield Transformation(
            "break", f"broken inside words behind other words {where}", pushed_in_words, _AMONG | _WORDS
        )


_AMONG: frozenset[Need] = frozenset({"place"})
_WORDS: frozenset[Need] = frozenset({"words"})
_ROUND, _DOUBLE = ("╭", "╮", "╰", "╯", "─", "│"), ("╔", "╗", "╚", "╝", "═", "║")

TRANSFORMATIONS = (
    *_of_wrapping(),
    Transformation("json", "escaped as JSON once", lambda text, _: escape_json(text, 1), _AMONG),
    Transformation("json", "escaped as JSON twice", lambda text, _: escape_json(text, 2), _AMONG),
    Transformation("json", "escaped as JSON three times", lambda text, _: escape_json(text, 3), _AMONG),
    Transformation("json", "escaped as JSON in ASCII", lambda text, _: escape_ascii(text), _AMONG),
    Transformation("case", "in upper case", lambda text, _: change_case(text, str.upper)),
    Transformation("case", "in lower case", lambda text, _: change_case(text, str.lower)),
    Transformation("case", "with capitals", lambda text, _: alternate_case(text)),
    Transformation("quotes", "with curly quotes", lambda text, _: curl_quotes(text)),
    Transformation("colour", "in colour", lambda text, _: colour_lines(text, "\x1b[31m", "\x1b[39m")),
    Transformation("colour", "with a colour for each word", lambda text, _: colour_words(text)),
    Transformation("colour", "with leftovers of colours", lambda text, _: colour_lines(text, "[31m", "[39m")),
    Transformation("colour", "with visible escapes", lambda text, _: colour_lines(text, "^[[1;31m", "^[[0m")),
    Transformation("box", "in a box", lambda text, _: draw_box(text, _ROUND)),
    Transformation("box", "in a double box", lambda text, _: draw_box(text, _DOUBLE)),
    Transformation("box", "behind a branch", lambda text, _: hang_tree(text)),
    Transformation("box", "wrapped in a box", lambda text, _: draw_box(wrap_at_spaces(text, 60, 0), _ROUND)),
    Transformation(
        "box",
        "broken inside words in a box",
        lambda text, _: draw_box(break_words(text, 56, 0), _ROUND),
        _WORDS,
    ),
    Transformation("fence", "in a fence", lambda text, _: f"````text\n{text}\n````"),
    Transformation("line-ends", "with CRLF line ends", lambda text, _: text.replace("\n", "\r\n")),
    Transformation("noise", "between other lines", lambda text, _: surround(text), _AMONG),
    Transformation("noise", "in a log", lambda text, _: stamp(text), _AMONG),
)
"""All of them, in the order in which they are tried."""
