"""Completion and help at a place of a rule. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bot.issue.facts import VIEWS
from bot.issue.layout import LAYOUTS
from bot.rules.spec.phrase import FREE_TEXT, HOLE_TYPES
from bot.rules.spec.template_kinds import ATTRIBUTES
from bot.text.language import LANGUAGES
from bot.workbench.editor.positions import ITEM, Path, Spot, count_units, find_index, find_spot
from bot.workbench.editor.vocabulary import Json, Vocabulary

_HOLE = re.compile(r"\{[a-z_][a-z0-9_]*:(?P<type>[a-z]*)$")
_TEMPLATE = re.compile(r"\{\{-?\s*(?P<name>[\w.]*)$")
_WORD = re.compile(r"""["']?(?P<word>[^\s"']*)$""")
_EXAMPLES_OF_TYPES = {
    "int": "64000 or 64,000",
    "number": "1.5",
    "version": "2.1.96",
    "id": "req_011abc",
    "name": "lodash or @scope/pkg",
    "word": "anything without a space",
    "path": "/usr/lib/x.so",
    "host": "api.example.com:443",
    "url": "https://example.com/x",
    "date": "2026-11-23 or Nov 23",
    "time": "3pm (UTC)",
    "money": "$12.50",
    "code": "0xC0000005 or ENOSPC",
    "source": "src/main.rs:12:5",
    "any": "anything, up to 200 characters",
}
_TEMPLATE_TEXTS = frozenset({"title", "tldr", "steps", "example", "notes", "recommendation"})


@dataclass(frozen=True, slots=True)
class Option:
    """One completion: `insert` replaces the typed text."""

    label: str
    kind: Literal["property", "enum", "keyword", "variable", "text", "class"]
    insert: str
    detail: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """The options at a place; they replace the text from `start` on, in UTF-16 units."""

    start: int
    options: tuple[Option, ...]


def complete(text: str, units: int, words: Vocabulary) -> Completion:
    """The completions at a place, `units` UTF-16 units into the text."""
    index = find_index(text, units)
    spot = find_spot(text, index)
    inside = _complete_inside(spot, text, index, words)
    if inside is not None:
        return inside
    if spot.kind == "key":
        values = _list_values(spot, words) if spot.path[-1:] == (ITEM,) else ()
        return Completion(count_units(text[: index - len(spot.typed)]), (*_list_keys(spot, words), *values))
    if spot.kind == "text":
        return Completion(units, ())
    typed = _WORD.search(spot.typed)
    written = typed["word"] if typed else ""
    return Completion(count_units(text[: index - len(written)]), tuple(_list_values(spot, words)))


def describe(text: str, units: int, words: Vocabulary) -> str:
    """The meaning of the key at a place, or ""."""
    index = find_index(text, units)
    end = re.compile(r"[\w.-]*").match(text, index)
    spot = find_spot(text, end.end() if end else index)
    name = spot.typed.strip("\"' ")
    if spot.kind == "key" and name in words.captures:
        return f"The capture `{name}` of the pack. Compare it with a value or a list of values."
    return _help_of(_child(words.schema, (*spot.path, name), words.schema)) if spot.kind == "key" else ""


def _complete_inside(spot: Spot, text: str, index: int, words: Vocabulary) -> Completion | None:
    """Inside a phrase's hole, or a template's braces."""
    name = next((step for step in reversed(spot.path) if step != ITEM), "")
    if name in {"phrase", "contains"} and (hole := _HOLE.search(spot.typed)):
        start = count_units(text[: index - len(hole["type"])])
        return Completion(start, tuple(_hole_option(kind) for kind in HOLE_TYPES))
    if name in _TEMPLATE_TEXTS and (template := _TEMPLATE.search(spot.typed)):
        start = count_units(text[: index - len(template["name"])])
        return Completion(start, tuple(_list_template_names(words)))
    return None


def _hole_option(kind: str) -> Option:
    shown = "Comments never show its value." if kind in FREE_TEXT else "Comments may show its value."
    return Option(
        kind,
        "class",
        kind,
        f"such as {_EXAMPLES_OF_TYPES[kind]}" if kind in _EXAMPLES_OF_TYPES else "",
        shown,
    )


def _list_template_names(words: Vocabulary) -> Iterator[Option]:
    for name in words.echoable:
        yield Option(name, "variable", name, "capture")
    for name, parts in ATTRIBUTES.items():
        yield from (Option(f"{name}.{part}", "variable", f"{name}.{part}") for part in parts)


def _list_keys(spot: Spot, words: Vocabulary) -> Iterator[Option]:
    node = _child(words.schema, spot.path, words.schema)
    for name, child in _properties(node, words.schema).items():
        if name not in spot.siblings:
            yield Option(name, "property", _insertion(name, child, spot, words.schema), "", _help_of(child))
    if "phrase" in _properties(node, words.schema):
        for name in words.captures:
            if name not in spot.siblings:
                yield Option(
                    name, "property", f"{name}: ", "capture", "A capture of the pack. Compare it with a value."
                )


def _insertion(name: str, child: Json, spot: Spot, schema: Json) -> str:
    """A key with what must follow it; `indent` is below zero inside braces."""
    kinds = {kind for option in _options(child, schema) for kind in _types_of(option)} - {"null"}
    if kinds <= {"object"} and spot.indent >= 0:
        return f"{name}:\n{' ' * (spot.indent + 2)}"
    if kinds <= {"array"} and spot.indent >= 0 and _is_list_of_objects(child, schema):
        return f"{name}:\n{' ' * (spot.indent + 2)}- "
    if kinds <= {"array"}:
        return f"{name}: ["
    return f"{name}: "


def _is_list_of_objects(child: Json, schema: Json) -> bool:
    items = (option.get("items", {}) for option in _options(child, schema))
    return any("object" in _types_of(option) for item in items for option in _options(item, schema))


def _types_of(option: Json) -> frozenset[str]:
    """A type, or several."""
    found = option.get("type", ())
    return frozenset({found} if isinstance(found, str) else found)


def _list_values(spot: Spot, words: Vocabulary) -> Iterator[Option]:
    yield from _list_own_values(spot.path, words)
    node = _child(words.schema, spot.path, words.schema)
    for option in _options(node, words.schema):
        for inner in (option, option.get("items", {})):
            values = [*inner.get("enum", ()), *([inner["const"]] if "const" in inner else [])]
            helps = [*inner.get("enumDescriptions", ()), *("" for _ in values)]
            yield from (
                Option(str(value), "enum", str(value), help=told) for value, told in zip(values, helps, strict=False)
            )
        if "boolean" in _types_of(option):
            yield from (Option(value, "keyword", value) for value in ("true", "false"))


def _list_own_values(path: Path, words: Vocabulary) -> Iterable[Option]:
    """Values that no schema knows: names of this set, of this pack, and of the archive."""
    name = next((step for step in reversed(path) if step != ITEM), "")
    if name in {"supersedes", "also"}:
        return [Option(rule, "variable", rule, title) for rule, title in words.rules.items()]
    if name == "ask":
        return [Option(capture, "variable", capture, "capture") for capture in words.captures]
    if path[:3] == ("labels", "from", ITEM):
        return _list_values_of_source(path[3:], words)
    if name in words.captures and name != "version":
        return [Option(value, "enum", value, "capture") for value in (*words.captures[name], "unknown")]
    known: Mapping[str, tuple[Iterable[str], str]] = {
        "in": (VIEWS, "view"),
        "section": (words.sections, "section in past issues"),
        "label": (words.labels, "label in past issues"),
        "no_label": (words.labels, "label in past issues"),
        "labels": (words.labels, "label in past issues"),
        "add": (words.labels, "label in past issues"),
        "remove": (words.labels, "label in past issues"),
        "layout": ((*LAYOUTS, *words.layouts), "layout"),
        "language": (LANGUAGES, "language"),
        "id": ((words.stem,), "the file's name"),
        "reviewed": ((words.today,), "today"),
        "tags": (words.tags, "tag of other rules"),
    }
    values, detail = known.get(name, ((), ""))
    return [Option(value, "text", _quote(value), detail) for value in values if value]


def _list_values_of_source(path: Path, words: Vocabulary) -> list[Option]:
    """Values of an item of `from`: labels below `map`, fields, and captures."""
    if path[:1] == ("map",):
        return [Option(label, "text", _quote(label), "label in past issues") for label in words.labels]
    if path[:1] == ("section",):
        return [Option(name, "text", _quote(name), "section in past issues") for name in words.sections]
    return [Option(name, "variable", name, "capture") for name in words.captures] if path == ("capture",) else []


def _quote(value: str) -> str:
    """The value as YAML needs it in a list or behind a key."""
    is_plain = re.fullmatch(r"[\w./-][\w ./:()-]*[\w./()-]|\w", value) and ": " not in value and " #" not in value
    return value if is_plain else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _help_of(node: Json) -> str:
    """What the schema says of it, in Markdown."""
    return str(node.get("markdownDescription") or node.get("description", ""))


def _child(node: Json, path: Path, schema: Json) -> Json:
    """The part of the schema for what stands at a path; a list of one may be written without its dash."""
    for step in path:
        found = (_step_into(option, step, schema) for option in _options(node, schema))
        node = next((child for child in found if child is not None), {})
    return node


def _step_into(option: Json, step: str, schema: Json) -> Json | None:
    if step == ITEM:
        return option.get("items")
    child: Json | None = option.get("properties", {}).get(step)
    if child is None and "items" in option:
        found = (_step_into(inner, step, schema) for inner in _options(option["items"], schema) if "items" not in inner)
        child = next((inner for inner in found if inner is not None), None)
    return child


def _options(node: Json, schema: Json) -> Iterator[Json]:
    """What a schema allows, one after the other, without references."""
    if "$ref" in node:
        yield from _options(schema["definitions"][node["$ref"].rpartition("/")[2]], schema)
        return
    inner = [option for key in ("anyOf", "allOf", "oneOf") for option in node.get(key, ())]
    if not inner:
        yield node
    for option in inner:
        yield from _options(option, schema)


def _properties(node: Json, schema: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for option in _options(node, schema):
        found |= option.get("properties", {})
    return found
