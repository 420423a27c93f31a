"""An explanation whose texts nothing obeys: for terminals, which take some signs as commands. Pure."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

from bot.text.printable import reveal_line

Value = TypeVar("Value")


def reveal_all(value: Value) -> Value:
    """The same value, with every text in it on one line and without hidden signs."""
    return cast("Value", _reveal(value))


def _reveal(value: object) -> object:
    if isinstance(value, str):
        return reveal_line(value)
    if isinstance(value, tuple):
        parts: list[Any] = [_reveal(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{part.name: _reveal(getattr(value, part.name)) for part in fields(value)})
    return value
