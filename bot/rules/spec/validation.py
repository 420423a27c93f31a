"""From a document to a model or to problems: the errors of pydantic as sentences, each at its place. Pure."""

import difflib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot import DOCS_URL
from bot.errors import Problem
from bot.rules.spec.document import Document, Path, cut_name, quote_text
from bot.rules.spec.modifiers import AT_KEY

Model = TypeVar("Model", bound=BaseModel)
_SHORT_LIST = 12
_NEARLY = 0.1
"""A second name is suggested, too, if its similarity to what was written is lower by less than this."""


def validate(document: Document, model: type[Model]) -> tuple[Model | None, tuple[Problem, ...]]:
    """The document as a model (None if it is invalid), and all its problems."""
    if document.problems:
        return None, document.problems
    if not isinstance(document.value, dict):
        return None, (document.problem_at((), f"the file must contain `key: value` lines; see {DOCS_URL}reference/"),)
    try:
        return model.model_validate(document.value), ()
    except ValidationError as error:
        return None, tuple(explain_errors(document, error.errors(), model))


def explain_errors(document: Document, errors: Iterable[ErrorDetails], model: type[BaseModel]) -> Iterator[Problem]:
    """The errors of pydantic as problems that say what is wrong and what to do, each at its place."""
    found = list(errors)
    outside = {path: parent for error in found if (parent := _find_parent(document, path := error["loc"], model))}
    for error in found:
        path = tuple(error["loc"])
        if path in outside.values():
            continue
        if parent := outside.get(path):
            message = _explain_outside(path, parent, model)
        else:
            written = path if error["type"] == "missing" else document.find_nearest(path)
            message = _explain(error, _name(written), model)
            if text := _find_split(document, path, error, model):
                message = f"`{cut_name(text[0])}:` is read as a key; put the text into quotes: `{cut_name(text[1])}`"
        yield document.problem_at((*path, *_key_of(error)), message)


def _find_parent(document: Document, path: Path, model: type[BaseModel]) -> Path | None:
    """The nearest empty key above an unknown one that may have it below: then the indentation is missing."""
    mapping, known = document.get(path[:-1]), _keys_at(model, path[:-1])
    if not path or not isinstance(mapping, dict) or path[-1] not in mapping or path[-1] in known:
        return None
    places = document.places
    above = [each for name in known & mapping.keys() if places[each := (*path[:-1], name)] < places[path]]
    above.sort(key=lambda each: places[each], reverse=True)
    fitting = [each for each in above if document.get(each) is None and path[-1] in _keys_below(model, each)]
    if fitting or not above or document.get(above[0]) is not None or not isinstance(path[-1], str):
        return fitting[0] if fitting else None
    return above[0] if _is_open(model, above[0]) and not _find_near(path[-1], sorted(known)) else None


def _explain_outside(path: Path, parent: Path, model: type[BaseModel]) -> str:
    """The message for a key that is not indented below its parent; a list needs a `- ` before its first key."""
    is_list = not _keys_at(model, parent) and bool(_keys_below(model, parent))
    indented = f"indent it{', after `- ` if it is the first key of an item' if is_list else ''}: "
    shown = cut_name(str(path[-1]))
    dash = "  - " if is_list else "  "
    return f"`{shown}` belongs below `{parent[-1]}`, which is empty; {indented}`{dash}{shown}: …`"


def _find_split(document: Document, path: Path, error: ErrorDetails, model: type[BaseModel]) -> tuple[str, str] | None:
    """The key and the quoted whole of a text that YAML reads as a mapping, because it contains `: `."""
    key, value = path[-1] if path else 0, error["input"]
    if error["type"] == "string_type" and isinstance(value, dict) and len(value) == 1:
        (key, value), place = next(iter(value.items())), document.places.get(path)
        if place != document.places.get((*path, key)):
            return None  # it is written with braces
    elif error["type"] != "extra_forbidden" or not (" " in str(key) or _is_text(document, path, model)):
        return None
    if not isinstance(key, str) or not isinstance(value, bool | int | str | None):
        return None
    return key, quote_text(f"{key}: {'' if value is None else value}".rstrip())


def _is_text(document: Document, path: Path, model: type[BaseModel]) -> bool:
    """Whether an unknown key is all of an item that may also be a text, and is not written with braces."""
    item, is_alone = path[:-1], len(document.get(path[:-1]) or ()) == 1
    is_block = document.places.get(item) == document.places.get(path)
    options = _node_at(model, item).get("anyOf", ()) if item and isinstance(item[-1], int) else ()
    may_be_text = any(option.get("type") == "string" for option in options)
    return is_alone and is_block and may_be_text and not _find_near(str(path[-1]), _keys_at(model, item))


def _key_of(error: ErrorDetails) -> Path:
    """The key that an error of a whole mapping is about."""
    return (str(error["ctx"]["key"]),) if error["type"] == AT_KEY else ()


_SENTENCES = {
    "missing": "is missing; add it",
    "string_type": "must be text, not {value}",
    "date_from_datetime_parsing": "is not a date; write it like 2026-11-23",
    "date_type": "must be a date; write it like 2026-11-23",
    "string_too_short": "is empty; fill it in, or remove it",
    "string_too_long": "is too long; at most {max_length} characters are allowed",
    "string_pattern_mismatch": "cannot be {value}",
    "bool_type": "must be true or false, not {value}",
    "bool_parsing": "must be true or false, not {value}",
    "int_type": "must be a whole number, not {value}",
    "int_parsing": "must be a whole number, not {value}",
    "float_type": "must be a number, not {value}",
    "float_parsing": "must be a number, not {value}",
    "greater_than": "must be greater than {gt:g}, not {value}",
    "less_than": "must be less than {lt:g}, not {value}",
    "greater_than_equal": "must be at least {ge}, not {value}",
    "less_than_equal": "must be at most {le}, not {value}",
    "model_type": "must be `key: value` lines",
    "dict_type": "must be `key: value` lines",
    "model_attributes_type": "must be `key: value` lines",
    "list_type": "must be a list; put `- ` before each item",
    "too_short": "needs at least {min_length} item",
    "too_long": "has too many items; at most {max_length} are allowed",
}


def _name(path: Path) -> str:
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    return f"an item of `{cut_name(name)}`" if path and isinstance(path[-1], int) else f"`{cut_name(name)}`"


def _explain(error: ErrorDetails, name: str, model: type[BaseModel]) -> str:
    kind, path = error["type"], tuple(error["loc"])
    if kind == "extra_forbidden":
        known = _name_place(path, model) or suggest(str(path[-1]), _keys_at(model, path[:-1]))
        return f"unknown key {name}{known or '; remove it'}"
    if kind in {"value_error", AT_KEY}:
        return str(error["ctx"]["error" if kind == "value_error" else "message"])
    if kind == "list_type" and error["input"] is None:
        return f"{name} {_SENTENCES['string_too_short']}"
    if kind == "string_type" and isinstance(error["input"], list):
        return f"{name} must be one text, not a list; keep one item"
    if kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", error["ctx"]["expected"])
        wrong = "unknown key" if path[-1] == "[key]" else f"{name} cannot be"
        return f"{wrong} {show_value(error['input'])}{suggest(str(error['input']), allowed)}"
    sentence = _SENTENCES.get(kind, f"is invalid: {error['msg'][:1].lower()}{error['msg'][1:]}")
    values = {"value": show_value(error["input"]), **error.get("ctx", {})}
    return f"{name} {sentence.format_map(values)}{_advise(kind, path, error['input'], model)}"


def _name_place(path: Path, model: type[BaseModel]) -> str:
    """The key below which an unknown key of the file belongs; "" if there is none, or several."""
    places = [name for name in sorted(_keys_at(model, ())) if path[-1] in _keys_below(model, (name,))]
    return f"; it belongs below `{places[0]}`" if len(path) == len(places) == 1 else ""


def show_value(value: object) -> str:
    """A value that somebody wrote, as a message shows it."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{cut_name(str(value))}`" if isinstance(value, int | float | str) else "a list or a mapping"


def _advise(kind: str, path: Path, value: object, model: type[BaseModel]) -> str:
    """The fix, from the model's own schema: an example of what a pattern allows, or the keys of a mapping."""
    if kind == "int_parsing" and str(value).strip().isdecimal():
        return "; remove the quotes"
    if kind in {"string_pattern_mismatch", "string_type"}:
        schema = _schema_at(model, path)
        options = (option.get("pattern") for option in (schema, *schema.get("anyOf", ())))
        pattern, examples = next(filter(None, options), None), schema.get("examples")
        other = "; put it into quotes" if kind == "string_type" else f"; it must match `{pattern}`"
        written = " or ".join(f"`{example}`" for example in examples or ())
        return f"; write it like {written}" if pattern and written else other
    return suggest("", _keys_at(model, path)) if kind in {"model_type", "dict_type"} else ""


def suggest(name: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the most similar known names, or all names if they are few; "" otherwise."""
    names = sorted(set(known))
    if near := _find_near(name, names):
        return "; did you mean " + " or ".join(f"`{word}`" for word in near) + "?"
    return f"; allowed: {', '.join(f'`{word}`' for word in names)}" if 0 < len(names) <= _SHORT_LIST else ""


def _find_near(name: str, names: Iterable[str]) -> list[str]:
    """The most similar name in any case, and a second one that is nearly as similar."""
    folded = {other.casefold(): other for other in names}
    near = difflib.get_close_matches(name.casefold(), folded, n=2, cutoff=0.6)
    ratios = [difflib.SequenceMatcher(None, other, name.casefold()).ratio() for other in near]
    return [folded[other] for other, ratio in zip(near, ratios, strict=True) if ratio > ratios[0] - _NEARLY]


def _keys_at(model: type[BaseModel], path: Path) -> set[str]:
    return set(_schema_at(model, path).get("properties", {}))


def _keys_below(model: type[BaseModel], path: Path) -> set[str]:
    """The keys of a mapping, or of the items of a list."""
    return _keys_at(model, path) | _keys_at(model, (*path, 0))


def _is_open(model: type[BaseModel], path: Path) -> bool:
    """Whether a mapping may have keys of any name, such as captures."""
    return bool(_schema_at(model, path).get("additionalProperties"))


@cache
def _make_schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _schema_at(model: type[BaseModel], path: Path) -> dict[str, Any]:
    """The part of the model's JSON Schema that describes what stands at `path`."""
    return _resolve(_node_at(model, path), _make_schema(model))


def _node_at(model: type[BaseModel], path: Path) -> dict[str, Any]:
    """The same, with all kinds of values that it may have."""
    schema = _make_schema(model)
    node = schema
    for step in path:
        node = _child(node, step, schema)
    return node


def _child(node: dict[str, Any], step: str | int, schema: dict[str, Any]) -> dict[str, Any]:
    for option in [node, *node.get("anyOf", []), *node.get("oneOf", [])]:
        resolved = _resolve(option, schema)
        child = resolved.get("items") if isinstance(step, int) else resolved.get("properties", {}).get(step)
        if isinstance(child, dict):
            return child
    return {}


def _resolve(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in node:
        target = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return target if isinstance(target, dict) else {}
    options = [option for option in node.get("anyOf", []) if "$ref" in option or option.get("type") == "object"]
    return _resolve(options[0], schema) if len(options) == 1 and "properties" not in node else node
