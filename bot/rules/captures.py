"""Facts that a pack defines for all its rules: where reports state them, and what a statement means. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from bot.issue.facts import DEFAULT_VIEWS, Facts, Text
from bot.rules.conditions.phrase import PhraseHolds, make_phrase, read_phrase
from bot.rules.conditions.regex import Pattern, read_pattern
from bot.rules.conditions.types import Capture, Place, Scope, choose_captures, make_evidence, place_of
from bot.rules.spec.document import Path
from bot.rules.spec.pack import CaptureModel, CaptureSource
from bot.rules.spec.phrase import Values, has_text, order_meanings
from bot.text.markdown import drop_comments

_LONGEST_VALUE = 200
_VIEWS = (*DEFAULT_VIEWS, "errors")

Source = Callable[[str, Facts], Iterator[Capture]]
"""Finds every statement of the capture with that name, as the reporter wrote it."""


def _find_in_section(section_name: str, name: str, facts: Facts) -> Iterator[Capture]:
    for section, text in facts.find_sections(section_name):
        if facts.is_answered(text):
            yield _state(name, drop_comments(text.raw).strip(), text, section.place)


def _find_phrase(condition: PhraseHolds, _name: str, facts: Facts) -> Iterator[Capture]:
    for _, captures in condition.find_all(facts):
        yield from captures


def _find_regex(pattern: Pattern, name: str, facts: Facts) -> Iterator[Capture]:
    for text in facts.find_texts(_VIEWS):
        match = pattern.search(text.collapsed)
        if match and (written := match[min(pattern.groups, 1)]) is not None:
            yield _state(name, written, text, place_of(text.view))


def _state(name: str, written: str, text: Text, place: Place) -> Capture:
    evidence = make_evidence(text, text.span, f"capture {name}")
    return Capture(name=name, value=written[:_LONGEST_VALUE], type="any", place=place, evidence=evidence)


@dataclass(frozen=True)
class CaptureRule:
    """How to read one capture: its sources in order, and what their texts mean."""

    name: str
    sources: tuple[Source, ...]
    values: Values

    def find(self, facts: Facts) -> Iterator[Capture]:
        """Every statement of it, in the order of the sources."""
        for source in self.sources:
            for found in source(self.name, facts):
                for value in self.values.read(found.value):
                    yield replace(found, name=self.name, value=value, type=self.values.type)


def compile_captures(models: Mapping[str, CaptureModel], scope: Scope, product: str = "") -> tuple[CaptureRule, ...]:
    """The captures of a pack for a product; adds problems to the scope."""
    return tuple(_compile(name, model, scope, product) for name, model in models.items())


def list_values(rules: Iterable[CaptureRule], sets: Iterable[tuple[str, str]] = ()) -> dict[str, tuple[str, ...]]:
    """The captures by name, each with the values that it can have: those of its map, and those that a rule sets.

    One without a map can have any value, which is an empty tuple.
    """
    values = {rule.name: [meaning for _, meaning in rule.values.meanings] for rule in rules}
    for name, value in sets:
        if values.get(name):
            values[name].append(value)
    return {name: tuple(dict.fromkeys(known)) for name, known in values.items()}


def _compile(name: str, model: CaptureModel, scope: Scope, product: str) -> CaptureRule:
    path: Path = ("captures", name, "first_of")
    sources = [_compile_source(source, (*path, index), scope) for index, source in enumerate(model.first_of)]
    kind = "choice" if model.map else model.type or ("version" if name == "version" else "any")
    for key in model.map or {}:
        if not has_text(key):
            message = f"the key {key!r} has no text to search for; remove it"
            scope.problems.append((("captures", name, "map", key), message))
    values = Values(kind, order_meanings(model.map or {}), product)
    return CaptureRule(name, tuple(s for s in sources if s is not None), values)


def _compile_source(source: CaptureSource, path: Path, scope: Scope) -> Source | None:
    if source.section is not None:
        return partial(_find_in_section, source.section)
    if source.regex is not None:
        pattern = read_pattern(source.regex, (*path, "regex"), scope)
        return partial(_find_regex, pattern) if pattern is not None else None
    phrase = read_phrase(source.phrase or "", (*path, "phrase"), scope)
    if phrase is None:
        return None
    if len(phrase.holes) != 1:
        scope.problems.append(
            ((*path, "phrase"), "the phrase of a capture must have exactly one hole, for example {version:version}")
        )
        return None
    return partial(_find_phrase, make_phrase(phrase, _VIEWS, (*path, "phrase"), scope))


def find_captures(rules: tuple[CaptureRule, ...], facts: Facts) -> dict[str, Capture]:
    """The captures of one issue; the most trusted place wins, and within a place the first source."""
    return choose_captures(capture for rule in rules for capture in rule.find(facts))
