"""The issue type and the issue fields in a rule: the shapes of their names and values. Pure."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from bot.rules.spec.template import is_template
from bot.tracker.fields import MOST_VALUES, FieldValue

_LONGEST = 200
"""Characters. A comment remembers the values, and has room for 25 of them."""


def _reject_template(value: str) -> str:
    if is_template(value):
        message = f"`{value}` is set as it is, without values of the report; write the name itself"
        raise ValueError(message)
    return value


def _is_value(value: object) -> object:
    """The value, a list as a tuple."""
    parts = [*value] if isinstance(value, list | tuple) else [value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is None or "" in parts:
        raise ValueError("the value of a field is empty; fill it in, or remove the field")
    if not parts or not (is_number or all(isinstance(each, str) for each in parts)):
        allowed = "a text, a number, a date like 2026-11-23, or a list of options"
        message = f"the value of a field cannot be {_show(value)}; write {allowed}"
        raise ValueError(message)
    for text in map(str, parts):
        if len(_reject_template(text)) > _LONGEST:
            message = f"the value has {len(text)} characters; shorten it to {_LONGEST}"
            raise ValueError(message)
    return tuple(value) if isinstance(value, list) else value


def _show(value: object) -> str:
    if isinstance(value, list | tuple):
        return "a list with something other than texts" if value else "an empty list"
    return "a mapping" if isinstance(value, dict) else f"`{str(value).lower()}`"


TypeName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_reject_template)]
FieldName = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_reject_template)]
Value = Annotated[FieldValue, BeforeValidator(_is_value, json_schema_input_type=str | float | list[str])]
FieldValues = Annotated[dict[FieldName, Value], Field(max_length=MOST_VALUES)]
