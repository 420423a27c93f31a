"""Templates of guidance: a small, safe part of Jinja2, and the values that it shows. Pure."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from bot.text.versions import Version, parse_version

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

FAILURES = (
    *(ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, SyntaxError, TypeError, ValueError),
)
"""What a template may raise beside jinja2.TemplateError, while it is compiled or rendered."""

NUMBERS = ("int", "number")
"""The types of captures that compare as numbers."""

_THOUSANDS = re.compile(r"-?\d{1,3}(?:[,_]\d{3})+")


@dataclass(frozen=True, slots=True)
class Echo:
    """A value of an issue as a template sees it: printed as `shown`, compared as its type asks.

    One that is not known is falsy, equals nothing and has no order; to print it raises ValueError, so that no text
    names a value that nobody stated.
    """

    value: str | None
    type: str = ""
    shown: str = ""

    def __str__(self) -> str:
        if self.value is None:
            message = "a value that is not known would be printed"
            raise ValueError(message)
        return self.shown or self.value

    def __bool__(self) -> bool:
        return self.value is not None and self.value != "false"

    def __eq__(self, other: object) -> bool:
        if self.value is None or is_unknown(other):
            return False
        pair = self._as_pair(other)
        return pair[0] == pair[1] if pair else self.value == _as_text(other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __lt__(self, other: object) -> bool:
        return self._stands(operator.lt, other)

    def __le__(self, other: object) -> bool:
        return self._stands(operator.le, other)

    def __gt__(self, other: object) -> bool:
        return self._stands(operator.gt, other)

    def __ge__(self, other: object) -> bool:
        return self._stands(operator.ge, other)

    def _stands(self, order: Callable[[Any, Any], Any], other: object) -> bool:
        pair = None if self.value is None or is_unknown(other) else self._as_pair(other)
        return bool(pair and order(*pair))

    def _as_pair(self, other: object) -> "tuple[Version, Version] | tuple[float, float] | None":
        """Both as versions or as numbers; None where one of them is neither."""
        types = {self.type, other.type} if isinstance(other, Echo) else {self.type}
        mine, theirs = str(self.value), _as_text(other)
        if "version" in types:
            versions = _read_version(mine), _read_version(theirs)
            return (versions[0], versions[1]) if versions[0] and versions[1] else None
        numbers = _read_number(mine), _read_number(theirs)
        is_number = types <= {*NUMBERS} and numbers[0] is not None and numbers[1] is not None
        return (numbers[0] or 0.0, numbers[1] or 0.0) if is_number else None


def is_unknown(value: object) -> bool:
    """Whether it is a value that the issue does not state, or none at all."""
    return value is None or (isinstance(value, Echo) and value.value is None)


def _as_text(value: object) -> str:
    if isinstance(value, Echo):
        return str(value.value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_version(text: str) -> Version | None:
    try:
        return parse_version(text)
    except ValueError:
        return None


def _read_number(text: str) -> float | None:
    plain = re.sub(r"[,_]", "", text) if _THOUSANDS.fullmatch(text) else text.replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        return None


@cache
def make_environment() -> "ImmutableSandboxedEnvironment":
    """Jinja2 with its sandbox, strict about undefined names. Imported late: most texts are not templates.

    Nothing is escaped as HTML: the output is Markdown, and values are quoted where they are made. An `Echo` that is not
    known is `none` and not `defined`; filters leave it as it is, and `default` replaces it.
    """
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    known: Any = environment.tests["defined"]
    environment.tests |= {
        "none": is_unknown,
        "defined": lambda value: known(value) and not (isinstance(value, Echo) and is_unknown(value)),
        "undefined": lambda value: not known(value) or (isinstance(value, Echo) and is_unknown(value)),
    }
    environment.filters |= {name: _keep_unknown(environment.filters[name]) for name in ("lower", "upper", "trim")}
    environment.filters |= {"default": _default(environment.filters["default"]), "headed": _head}
    return environment


def _keep_unknown(change: Callable[[object], object]) -> Callable[[object], object]:
    return lambda value: value if isinstance(value, Echo) and is_unknown(value) else change(value)


def _default(choose: Callable[..., object]) -> Callable[..., object]:
    def default(value: object, instead: object = "", is_boolean: bool = False) -> object:  # noqa: FBT001, FBT002 (Jinja2's own)
        return instead if isinstance(value, Echo) and is_unknown(value) else choose(value, instead, is_boolean)

    return default


def _head(text: str, heading: str) -> str:
    """The text behind its heading: on the same line, or below it where it has several lines."""
    return f"**{heading}:**{chr(10) * 2 if chr(10) in text else ' '}{text}"


def is_template(text: str) -> bool:
    """Whether the text has syntax of Jinja2."""
    return "{{" in text or "{%" in text or "{#" in text


@lru_cache(maxsize=256)
def compile_template(text: str) -> "Template":
    """The template; raises jinja2.TemplateError, or one of the FAILURES, only where a check has found problems.

    What no check has passed must not come here: Jinja2 computes constants while it compiles, and `9 ** 9 ** 9` is one.
    """
    return make_environment().from_string(text)


def render_template(text: str, values: Mapping[str, object]) -> str:
    """The text with its values; raises like `compile_template`."""
    return compile_template(text).render(values) if is_template(text) else text
