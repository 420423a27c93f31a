"""YAML as values, with the place of each. Pure."""

import re
from collections.abc import Mapping
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
                self._report(key_node, f"the key `{cut_name(key)}` appears twice; remove one of the two")
            mapping[key] = self.read(value_node, (*path, key))
            self.places[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        return mapping

    def _report(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(self.file, node.start_mark.line + 1, node.start_mark.column + 1, message, "yaml"))


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
    advice = "quote texts that contain `: `, `#` or `{` or start with a special character, and check the indentation"
    if "single document" in str(error.context):
        advice = "put each rule into its own file"
    elif "escape" in str(error.problem):
        advice = "a backslash starts an escape in double quotes; use single quotes"
    elif any(map(_TAB.match, text.split("\n")[line - 1 : line])):
        advice = "indent with spaces, not with tabs"
    return Problem(file, line, column, f"invalid YAML: {error.problem or error.context}; {advice}", "yaml")
