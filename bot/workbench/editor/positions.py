"""Places in a rule's text: in the units of the editor (UTF-16), and as paths in the YAML. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.errors import Problem, Severity

_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(?:\r\n|[\n\r\x85\u2028\u2029]|\Z)")
"""A line as YAML 1.1 ends it."""
_TOKEN = re.compile(r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'|[\w.-]+(?=\s*:(?:\s|$))|[^\n#]*[^\s#]|$""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A problem where the editor underlines it, from `start` to `end`; `line` counts from 1."""

    start: int
    end: int
    line: int
    message: str
    severity: Severity
    kind: str


def count_units(text: str) -> int:
    """The length of a text in JavaScript."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def find_index(text: str, units: int) -> int:
    """The position in the text that is `units` in JavaScript, or its end."""
    passed = 0
    for index, sign in enumerate(text):
        if passed >= units:
            return index
        passed += 1 + (sign > "\uffff")
    return len(text)


def place_problems(problems: Iterable[Problem], text: str) -> tuple[Diagnostic, ...]:
    """The problems in the order of their places, each with the range of the word, text or key that it is about."""
    starts = [match.start() for match in _LINE.finditer(text)]
    placed = (_place(problem, text, starts) for problem in problems)
    return tuple(sorted(set(placed), key=lambda found: (found.start, found.end, found.message)))


def _place(problem: Problem, text: str, starts: list[int]) -> Diagnostic:
    line = min(problem.line, len(starts)) - 1
    end_of_line = starts[line + 1] if line + 1 < len(starts) else len(text)
    index = min(starts[line] + problem.column - 1, end_of_line)
    token = _TOKEN.match(text, index)
    end = token.end() if token else index
    before = count_units(text[:index])
    return Diagnostic(
        start=before,
        end=before + count_units(text[index:end]),
        line=line + 1,
        message=problem.message,
        severity=problem.severity,
        kind=problem.kind,
    )


_KEY = re.compile(r"(?P<key>[\w.-]+|\"[^\"]*\"|'[^']*')\s*:(?:\s+|$)")
_ITEM = re.compile(r"-(?:\s+|$)")
_BLOCK_TEXT = re.compile(r"[|>][-+0-9]*\s*(?:#.*)?$")

Path = tuple[str, ...]
ITEM = "[]"
"""A step into a list."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in the text: `path` leads to the mapping (kind key) or to the value there.

    `typed` is the typed part of the key or value, `siblings` are the other keys of the mapping, and `indent` is the
    indentation of the key.
    """

    path: Path
    kind: Literal["key", "value", "text"]
    typed: str
    siblings: frozenset[str] = frozenset()
    indent: int = 0


@dataclass(frozen=True, slots=True)
class _Step:
    """What one line opens: a key or a list's item, at its column."""

    column: int
    name: str


def find_spot(text: str, index: int) -> Spot:
    """The place in the YAML of a position in the text."""
    lines = text[:index].split("\n")
    steps = _open_steps(lines[:-1])
    line = lines[-1]
    block = _find_block_text(lines[:-1], line)
    if block is not None:
        return Spot(_names(_open_steps(lines[: block + 1])), "text", line.lstrip())
    column, rest = len(line) - len(line.lstrip()), line.lstrip()
    steps = _close(steps, column, is_item=bool(_ITEM.match(rest)))
    while item := _ITEM.match(rest):
        steps = [*steps, _Step(column, ITEM)]
        column, rest = column + item.end(), rest[item.end() :]
    if key := _KEY.match(rest):
        return _find_in_value((*_names(steps), _bare(key["key"])), rest[key.end() :])
    siblings = _find_siblings(text, index, column)
    if rest[:1] in {"{", "["}:
        return _find_in_value(_names(steps), rest)
    return Spot(_names(steps), "key", rest, siblings, column)


def _names(steps: Sequence[_Step]) -> Path:
    return tuple(step.name for step in steps)


def _bare(key: str) -> str:
    return key[1:-1] if key[:1] in "\"'" else key


def _close(steps: list[_Step], column: int, *, is_item: bool) -> list[_Step]:
    """The steps that are still open at a column; a list may stand at the column of its own key."""
    kept = list(steps)
    while kept and (
        kept[-1].column > column or (kept[-1].column == column and not (is_item and kept[-1].name != ITEM))
    ):
        kept.pop()
    return kept


def _open_steps(lines: Sequence[str]) -> list[_Step]:
    steps = list[_Step]()
    inside_text: int | None = None
    for line in lines:
        rest, column = line.lstrip(), len(line) - len(line.lstrip())
        if not rest or rest.startswith("#") or (inside_text is not None and column > inside_text):
            continue
        inside_text = column if _BLOCK_TEXT.search(line) else None
        steps = _close(steps, column, is_item=bool(_ITEM.match(rest)))
        while item := _ITEM.match(rest):
            steps.append(_Step(column, ITEM))
            column, rest = column + item.end(), rest[item.end() :]
        if key := _KEY.match(rest):
            steps.append(_Step(column, _bare(key["key"])))
    return steps


def _find_block_text(lines: Sequence[str], line: str) -> int | None:
    """The line that opened the block text (`|`, `>`) in which the last line stands."""
    column = len(line) - len(line.lstrip())
    for number in range(len(lines) - 1, -1, -1):
        above = lines[number]
        indent = len(above) - len(above.lstrip())
        if above.strip() and indent < column:
            if _BLOCK_TEXT.search(above):
                return number
            column = indent
    return None


def _find_siblings(text: str, index: int, column: int) -> frozenset[str]:
    """The keys of the same mapping: at the same column, with nothing further out in between."""
    lines = text.split("\n")
    here = text.count("\n", 0, index)
    found = set[str]()
    for numbers in (range(here - 1, -1, -1), range(here + 1, len(lines))):
        for number in numbers:
            rest = lines[number].lstrip(" ")
            indent = len(lines[number]) - len(rest)
            while item := _ITEM.match(rest):
                indent, rest = indent + item.end(), rest[item.end() :]
                if indent == column:
                    break
            if rest.strip() and indent < column:
                break
            if indent == column and (key := _KEY.match(rest)):
                found.add(_bare(key["key"]))
            if lines[number].lstrip().startswith("- ") and len(lines[number]) - len(lines[number].lstrip()) < column:
                break
    return frozenset(found)


def _find_in_value(path: Path, written: str) -> Spot:
    """Inside what is written after a key on its line, which may be flow style: `{phrase: "a", in: [title`."""
    path, start, siblings = (*path,), 0, list[set[str]]()
    position = 0
    while position < len(written):
        sign = written[position]
        if sign in "\"'":
            end = written.find(sign, position + 1)
            if end < 0:
                return Spot(path, "value", written[position + 1 :])
            position = end
        elif sign in "{[" and not written[start:position].strip():
            path = (*path, ITEM) if sign == "[" else (*path, "{}")
            siblings.append(set())
            start = position + 1
        elif siblings and (sign in "]}," or (sign == ":" and written[position + 1 : position + 2] in {"", " "})):
            path, start = _move_on(path, sign, written[start:position].strip(), siblings), position + 1
        position += 1
    typed = written[start:].lstrip()
    if path and path[-1] == "{}":
        return Spot(_without_braces(path), "key", typed, frozenset(siblings[-1]), -1)
    return Spot(_without_braces(path), "value", typed)


def _move_on(path: Path, sign: str, word: str, siblings: list[set[str]]) -> Path:
    if sign == ":" and path[-1] == "{}":
        siblings[-1].add(_bare(word))
        return (*path, _bare(word))
    inside_key = path[-1] not in {"{}", ITEM}
    if sign == ",":
        return path[:-1] if inside_key else path
    if sign in "]}":
        siblings.pop()
        return path[:-2] if inside_key else path[:-1]
    return path


def _without_braces(path: Path) -> Path:
    return tuple(step for step in path if step != "{}")
