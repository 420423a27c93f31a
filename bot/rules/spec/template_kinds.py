"""What the values of a template are: their kinds, what compares with what, and what a test makes sure. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.rules.spec.pack import TEMPLATE_NAMES
from bot.rules.spec.template import NUMBERS
from bot.text.versions import parse_version

Node = Any  # a node of Jinja2's syntax tree; the types are not known before it is imported
_ORDERS = {"lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}
_SIGNS = {**_ORDERS, "eq": "==", "ne": "!=", "in": "in", "notin": "not in"}


@dataclass(frozen=True, slots=True)
class Kind:
    """What a value is. `parts` are the attributes of a whole object, `item` what a list holds.

    `is_optional`: it may be unknown or none.
    """

    name: str
    parts: "Mapping[str, Kind]" = field(default_factory=dict)
    item: "Kind | None" = None
    is_optional: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether it is an object or a list, which no text may show."""
        return self.name in {"whole", "list"}


TEXT, NUMBER, FLAG, NONE = Kind("text"), Kind("number"), Kind("flag"), Kind("none")
MIXED = Kind("mixed")
BROKEN = Kind("broken")
"""Of what is reported already."""

_DUPLICATE = Kind("whole", {"number": NUMBER, "is_open": FLAG, "confidence": NUMBER, "why": TEXT})
LOOP = Kind("whole", {"index": NUMBER, "length": NUMBER, "first": FLAG, "last": FLAG})
OF_RULES: Mapping[str, Kind] = {
    "issue": Kind("whole", {"number": NUMBER}),
    "rule": Kind("whole", {"title": TEXT}),
    "follow": Kind("whole", {"number": NUMBER, "is_open": FLAG}, is_optional=True),
    "fixed_in": Kind(
        "whole",
        {"version": Kind("version"), "pr": Kind("number", is_optional=True), "state": TEXT},
        is_optional=True,
    ),
    "duplicates": Kind("list", item=_DUPLICATE),
}
ATTRIBUTES = {name: tuple(OF_RULES[name].parts) for name in TEMPLATE_NAMES}
_LINES = Kind("list", item=TEXT)
_TEXTS = (*("title", "tldr", "rule", "about", "example", "notes", "recommendation", "ask", "fix", "follow", "page"),)
_SECTION = Kind(
    "whole",
    dict.fromkeys(_TEXTS, TEXT) | dict.fromkeys(("steps", "duplicates", "related", "resources", "tools"), _LINES),
)
OF_COMMENTS: Mapping[str, Kind] = {
    "sections": Kind("list", item=_SECTION),
    "is_long": FLAG,
    **dict.fromkeys(("opening", "closing", "footer"), TEXT),
}


@dataclass(frozen=True)
class Value:
    """What an expression gives. `path` is its name where it is a plain one, `missing` what may be unknown in it."""

    kind: Kind
    path: str = ""
    missing: frozenset[str] = frozenset()
    constant: object = None


@dataclass(frozen=True, slots=True)
class Filter:
    """What a filter takes: the least and the most arguments, and whether it is for lists, texts or values."""

    takes: str
    least: int = 0
    most: int = 0


FILTERS = {
    "default": Filter("value", 0, 2),
    "length": Filter("list or text"),
    "lower": Filter("value"),
    "upper": Filter("value"),
    "trim": Filter("value"),
}
COMMENT_FILTERS = {**FILTERS, "join": Filter("list of texts", 0, 1), "headed": Filter("text", 1, 1)}
TESTS = {"defined": 0, "undefined": 0, "none": 0, "eq": 1, "ne": 1}


def make_kind(type_: str) -> Kind:
    """The kind of a capture of that type."""
    name = "number" if type_ in NUMBERS else "version" if type_ == "version" else "value"
    return Kind(name, is_optional=True)


def is_deeper(tree: Node, depth: int) -> bool:
    """Whether a syntax tree is deeper; without recursion, as a chain of `and` is as deep as it is long."""
    level = [tree]
    for _ in range(depth + 1):
        level = [child for node in level for child in node.iter_child_nodes()]
    return bool(level)


# --- what may be compared


def check_pair(operator: str, left: Value, right: Value) -> str | None:
    """What is wrong with a comparison, by the name of its operator in Jinja2's syntax tree; None where it can hold."""
    kinds = (left.kind.name, right.kind.name)
    if "broken" in kinds:
        return None
    if operator in {"in", "notin"}:
        return None if kinds == ("text", "text") else "`in` looks for a text in a text, and for nothing else"
    return _check_order(operator, left, right) if operator in _ORDERS else _check_equality(operator, left, right)


def _check_order(operator: str, left: Value, right: Value) -> str | None:
    kinds = (left.kind.name, right.kind.name)
    if kinds in {("number", "number"), ("version", "version")}:
        return None
    version, other = (left, right) if kinds[0] == "version" else (right, left)
    if version.kind.name == "version" and isinstance(other.constant, str):
        return _find_version_problem(other.constant)
    if version.kind.name == "version" and other.kind.name == "number":
        return _explain_number(version, other)
    sign = _SIGNS[operator]
    return f"`{sign}` compares two numbers or two versions, not {describe_value(left)} and {describe_value(right)}"


def _find_version_problem(text: str) -> str | None:
    try:
        parse_version(text)
    except ValueError as error:
        return str(error)
    return None


def _explain_number(version: Value, number: Value) -> str:
    example = number.constant if isinstance(number.constant, float) else f"{number.constant or 2}.0"
    return f'`{version.path or "this"}` is a version, and compares with a version in quotes, such as `"{example}"`'


def _check_equality(operator: str, left: Value, right: Value) -> str | None:
    kinds = {left.kind.name, right.kind.name}
    if len(kinds) == 1 or kinds & {"none", "mixed"}:
        return None
    if kinds == {"version", "number"}:
        return _explain_number(*((left, right) if left.kind.name == "version" else (right, left)))
    has_capture = left.kind.is_optional or right.kind.is_optional
    if kinds == {"version", "text"} or "value" in kinds or (has_capture and "text" in kinds):
        return None
    sign = _SIGNS[operator]
    return f"`{sign}` compares values of one kind, not {describe_value(left)} and {describe_value(right)}"


def describe_value(value: Value) -> str:
    """What a value is, and its name, for a message."""
    names = {"flag": "true or false", "value": "a capture", "mixed": "a value of several kinds", "whole": "an object"}
    name = names.get(value.kind.name, f"a {value.kind.name}")
    return f"`{value.path}` ({name})" if value.path else name


# --- what a test makes sure


def known_if(test: Node, *, is_true: bool = True) -> frozenset[str]:
    """The names that are known where a test holds, or where it does not."""
    kind = type(test).__name__
    if kind == "Not":
        return known_if(test.node, is_true=not is_true)
    if kind in {"And", "Or"}:
        parts = [known_if(part, is_true=is_true) for part in (test.left, test.right)]
        return parts[0] | parts[1] if (kind == "And") == is_true else parts[0] & parts[1]
    return frozenset(_list_known(test, kind, is_true=is_true))


def _list_known(test: Node, kind: str, *, is_true: bool) -> Iterator[str]:
    if kind in {"Name", "Getattr"} and is_true:
        yield _name_path(test)
    elif kind == "Compare" and len(test.ops) == 1 and (test.ops[0].op in {"eq", *_ORDERS}) == is_true:
        if test.ops[0].op in {"eq", "ne", *_ORDERS}:
            yield from _paths_of(test.expr, test.ops[0].expr)
    elif kind == "Test" and test.name in {"none", "undefined"}:
        yield from () if is_true else (_name_path(test.node),)
    elif kind == "Test" and (test.name in {"defined", "eq"}) == is_true:
        yield from _paths_of(test.node, *test.args)


def _paths_of(*nodes: Node) -> Iterator[str]:
    """The names of two things that are the same, or stand in an order: nothing unknown does."""
    if not any(type(node).__name__ == "Const" and node.value is None for node in nodes):
        yield from filter(None, map(_name_path, nodes))


def _name_path(node: Node) -> str:
    if type(node).__name__ == "Getattr":
        return f"{_name_path(node.node)}.{node.attr}"
    if type(node).__name__ == "Getitem":
        return f"{_name_path(node.node)}[0]"
    return str(getattr(node, "name", "")) if type(node).__name__ == "Name" else ""
