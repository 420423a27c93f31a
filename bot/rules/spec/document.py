"""YAML as values, with the place of each. Pure."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from bot.errors import Problem, Severity

MAX_BYTES = 262_144
MAX_NODES = 20_000
MAX_DEPTH = 40
_SAFE_DEPTH = 500
"""The composer crashes at tens of thousands; a text whose signs cannot nest deeper than this needs no second look."""

Path = tuple[str | int, ...]
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffc\U00010000-\U0010ffff]")
_TAB = re.compile(r" *\t")
_NUMBER_SIGN = re.compile(r"[ \t]+(#[0-9]{1,10})")
_LINE = re.compile(r"(\s*)((?:- +)*(?:[\w-]+: +)?)(.*)")
"""A line of YAML: its indentation, what starts it (`- `, `key: `), and its text."""
_OPEN_QUOTE = re.compile(r"""\s*(?:- +)*(?:[\w-]+: +)?(?:"(?:\\.|[^"\\])*|'(?:''|[^'])*)$""")
"""A line whose text starts with a quote that the line does not close."""
_BLOCKS = "|>&*"
_LONGEST_NAME = 80
_OWN_TAGS = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,18})\Z|0x[0-9a-fA-F]{1,16}\Z")


@dataclass(frozen=True)
class Document:
    """The value of a YAML file, the place (line, column) of each part by its path, and the problems of the file."""

    file: str
    value: Any = None
    places: Mapping[Path, tuple[int, int]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def problem_at(self, path: Path, message: str, kind: str = "schema", severity: Severity = "error") -> Problem:
        """A problem at the place of `path`, or of the nearest part around it.

        It ignores the steps that the file does not have: people may write one mapping instead of a list of one.
        """
        line, column = self.places.get(self.find_nearest(path), (1, 1))
        return Problem(self.file, line, column, message, kind, severity)

    def get(self, path: Path) -> Any:  # noqa: ANN401 (a YAML file may hold anything)
        """The value at a path; None where the file has none there."""
        value = self.value
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def find_nearest(self, path: Path) -> Path:
        """The path without the steps that the file does not have."""
        found: Path = ()
        for step in path:
            found = (*found, step) if (*found, step) in self.places else found
        return found


class _Reader:
    """Builds values from YAML nodes, with YAML 1.2's plain scalars: `on`, `yes`, `2.10` and dates are text."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.places: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, path: Path) -> Any:  # noqa: ANN401 (a YAML file may hold anything)
        self.places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
        is_nested = not isinstance(node, yaml.ScalarNode)
        if len(self.places) > MAX_NODES or len(path) + is_nested > MAX_DEPTH:
            raise _TooLargeError
        if not node.tag.startswith(_OWN_TAGS):
            self._report(
                node, f"YAML reads `{cut_name(node.tag)}` as a tag, because it starts with `!`; quote the text"
            )
        if isinstance(node, yaml.ScalarNode):
            if not node.style and (sign := _NUMBER_SIGN.match(self.text, node.end_mark.index)):
                self._report(node, f"`{sign[1]}` starts a comment in YAML; remove the `#`, or quote the whole text")
            return _read_scalar(node)
        if id(node) in self._seen:
            self._report(node, "YAML aliases (`*name`) are not supported; write the text out")
            return None
        self._seen.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._read_mapping(node, path)

    def _read_mapping(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(key_node, "a key must be plain text; quote a text that starts with `{` or `[`")
                continue
            key = str(key_node.value)
            if key in mapping:
                self._report(key_node, _explain_repeated(key, mapping))
            mapping[key] = self.read(value_node, (*path, key))
            self.places[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        return mapping

    def _report(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(self.file, node.start_mark.line + 1, node.start_mark.column + 1, message, "yaml"))


def _explain_repeated(key: str, mapping: Mapping[str, Any]) -> str:
    """A key that is there twice may be meant to be inside the key before it, where that is empty."""
    last = [*mapping][-1]
    advice = f"indent the second one below `{cut_name(last)}:`, or " if mapping[last] is None else ""
    return f"the key `{cut_name(key)}` appears twice; {advice}remove one of the two"


class _TooLargeError(Exception):
    pass


def cut_name(name: str) -> str:
    """A name from a file, as a message may show it: at most 80 characters."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def _check_depth(text: str) -> None:
    """Stop before the composer, whose recursion in C has no limit: 100,000 brackets would crash the interpreter."""
    flow = text.count("[") + text.count("{")
    block = max(len(line) - len(line.lstrip(" -?:")) for line in text.splitlines() or [""])
    if flow + block <= _SAFE_DEPTH:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise _TooLargeError


def _read_scalar(node: yaml.ScalarNode) -> str | int | bool | None:
    text = str(node.value)
    if node.style:
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    return int(text, 0) if _INTEGER.match(text) else text


def read_document(text: str, file: str) -> Document:
    """Read one YAML file. Never raises: an error in the file becomes a problem with its place."""
    if problem := _check_text(text, file):
        return Document(file, problems=(problem,))
    reader = _Reader(file, text)
    try:
        _check_depth(text)
        node = yaml.compose(text, Loader=_Loader)
        value = reader.read(node, ()) if node else None
    except yaml.MarkedYAMLError as error:
        return Document(file, problems=(_explain_yaml(error, text, file),))
    except _TooLargeError:
        message = f"the file has more than {MAX_NODES} values or {MAX_DEPTH} levels of nesting; split it"
        return Document(file, problems=(Problem(file, 1, 1, message, "yaml"),))
    return Document(file, value, reader.places, tuple(reader.problems))


def _check_text(text: str, file: str) -> Problem | None:
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES // 1024} KiB; split it into several rules"
        return Problem(file, 1, 1, message, "yaml")
    if not (found := _UNREADABLE.search(text)):
        return None
    line = text.count("\n", 0, found.start()) + 1
    column = found.start() - text.rfind("\n", 0, found.start())
    message = f"invalid character U+{ord(found[0]):04X}; save the file as UTF-8, without control characters"
    return Problem(file, line, column, message, "yaml")


def _explain_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = f"invalid YAML: {error.problem or error.context}"
    advice = "quote texts that contain `: `, `#` or `{` or start with a special character, and check the indentation"
    if "single document" in str(error.context):
        advice = "put each rule into its own file"
    elif "escape" in str(error.problem):
        advice = "a backslash starts an escape in double quotes; use single quotes"
    elif any(map(_TAB.match, text.split("\n")[line - 1 : line])):
        advice = "indent with spaces, not with tabs"
    elif repair := _find_repair(text, line):
        problem, (line, column, advice) = "invalid YAML", repair
    return Problem(file, line, column, f"{problem}; {advice}", "yaml")


def _find_repair(text: str, line: int) -> tuple[int, int, str] | None:
    """The change of one line after which the text is YAML, or wrong only further down: its place, and what to do.

    Where a quote is not closed, YAML names the line of the next quote; so the lines before are looked at, too.
    """
    lines = text.split("\n")
    open_quotes = [number for number in range(1, min(line, len(lines)) + 1) if _OPEN_QUOTE.match(lines[number - 1])]
    for number in dict.fromkeys([*open_quotes[-1:], line]):
        for changed, advice in _list_repairs(lines, number):
            if _find_error([*lines[: number - 1], changed, *lines[number:]]) > line:
                column = len(lines[number - 1]) - len(lines[number - 1].lstrip()) + 1
                return number, column, advice
    return None


def _list_repairs(lines: list[str], number: int) -> Iterator[tuple[str, str]]:
    """What may have been meant by a line: the line as it would be right, and what to do to get there."""
    line = lines[number - 1] if number <= len(lines) else ""
    start, key, value = _LINE.findall(line)[0]
    if value and value[0] not in _BLOCKS:
        quoted = quote_text(_drop_quotes(value))
        advice = "close the quote" if _OPEN_QUOTE.match(line) else "put the text into quotes"
        yield f"{start}{key}{quoted}", f"{advice}: `{cut_name(key + quoted)}`"
    above = next((other for other in reversed(lines[: number - 1]) if other.strip()), "")
    indent = above[: len(above) - len(above.lstrip())]
    if indent != start:
        yield f"{indent}{key}{value}", f"indent `{cut_name((key + value).strip())}` like the line above it"


def _drop_quotes(value: str) -> str:
    """The text of a value whose quotes do not fit: they enclose it, or only start or end it."""
    quote = value[0]
    if quote not in "\"'":
        return value[:-1] if value[-1] in "\"'" and value.count(value[-1]) == 1 else value
    return value[1:-1] if len(value) > 1 and value.endswith(quote) else value[1:] if value.count(quote) == 1 else value


def quote_text(text: str) -> str:
    """A text between the quotes that need no escapes, as YAML reads it."""
    return f'"{text}"' if '"' not in text and "\\" not in text else "'" + text.replace("'", "''") + "'"


def _find_error(lines: list[str]) -> float:
    """The line where YAML ends to understand the text; infinite where it understands all of it."""
    try:
        yaml.compose("\n".join(lines), Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return mark.line + 1 if mark else 1
    return math.inf
