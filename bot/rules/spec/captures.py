"""What the condition of a rule file captures, and the conditions inside it. Pure."""

import re
from collections.abc import Iterator

from bot.rules.spec.condition import Condition
from bot.rules.spec.document import Path
from bot.rules.spec.phrase import PhraseError, parse_phrase

_NAMED_GROUP = re.compile(r"(?<!\\)\(\?P?<(?P<name>\w+)>")


def walk_models(model: Condition, path: Path = ()) -> Iterator[tuple[Path, Condition]]:
    """The model of a condition and of those inside it, each with its path, but for what must not hold."""
    yield path, model
    for key in ("all", "any"):
        for index, child in enumerate(getattr(model, key) or ()):
            yield from walk_models(child, (*path, key, index))
    for index, child in enumerate(model.at_least.of if model.at_least else ()):
        yield from walk_models(child, (*path, "at_least", "of", index))


def list_captures(model: Condition) -> Iterator[tuple[str, str]]:
    """Names and types of what a condition captures: holes, named groups (free text), and what it sets."""
    for _, condition in walk_models(model):
        for phrase in filter(None, (condition.phrase, condition.contains)):
            yield from _list_holes(phrase)
        if condition.regex:
            yield from ((match["name"], "any") for match in _NAMED_GROUP.finditer(condition.regex))
        yield from ((name, "choice") for name in condition.set or {})


def _list_holes(phrase: str) -> list[tuple[str, str]]:
    try:
        return [(hole.name, hole.type) for hole in parse_phrase(phrase).holes]
    except PhraseError:
        return []  # reported where the phrase is compiled
