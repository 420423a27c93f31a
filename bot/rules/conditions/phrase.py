"""Phrases: the key `phrase`. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import re2

from bot.issue.facts import Text
from bot.rules.conditions.regex import MAX_RULE_STEPS, Pattern, compile_pattern, report_excess
from bot.rules.conditions.text import TextCondition, read_views
from bot.rules.conditions.types import (
    Capture,
    Condition,
    Evidence,
    Finding,
    Key,
    Needle,
    Scope,
    make_evidence,
    place_of,
)
from bot.rules.spec.document import Path
from bot.rules.spec.phrase import LONGEST_ANY, Phrase, PhraseError, find_word, is_filled, name_source, parse_phrase
from bot.text.markdown import Span

_MOST_TRIES = 20
_SLACK = 40


def read_phrase(source: str, path: Path, scope: Scope) -> Phrase | None:
    """A phrase, checked; None if it is invalid."""
    try:
        return parse_phrase(source)
    except PhraseError as error:
        scope.problems.append((path, str(error)))
        return None


@dataclass(frozen=True)
class PhraseHolds(TextCondition):
    """The key `phrase`. The patterns are those of a phrase with holes."""

    phrase: Phrase
    views: tuple[str, ...]
    collapsed: Pattern | None = None
    squeezed: Pattern | None = None

    @classmethod
    def make(cls, key: Key) -> Condition | None:
        views = read_views(key)
        phrase = read_phrase(key.value, key.path, key.scope)
        return make_phrase(phrase, views, key.path, key.scope) if phrase else None

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("phrase", "contains"), self.phrase.source

    @property
    def captured(self) -> tuple[str, ...]:
        return tuple(hole.name for hole in self.phrase.holes)

    @property
    def sought(self) -> Phrase:
        return self.phrase

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        if self.reads.sections:
            return None
        if self.phrase.is_short:
            return (Needle("collapsed", re2.escape(self.phrase.collapsed), self.phrase.collapsed),)
        return (Needle("squeezed", self.phrase.squeezed_pattern, "" if self.phrase.holes else self.phrase.squeezed),)

    @property
    def wanted(self) -> str:
        return f'phrase: "{self.phrase.source}"'

    def find_in(self, text: Text) -> Finding | None:
        found = self._find(text)
        if not found:
            return None
        evidence = make_evidence(text, found[0], self.wanted)
        return evidence, self._capture(found[1], text, evidence)

    def _find(self, text: Text) -> tuple[Span, list[str]] | None:
        """In the squeezed form first, since a terminal wraps inside words: it has all that the collapsed form has."""
        if self.phrase.is_short:
            start = find_word(text.collapsed, self.phrase.collapsed)
            return (text.locate_collapsed(start, start + len(self.phrase.collapsed)), []) if start >= 0 else None
        if not self.phrase.holes:
            start = text.squeezed.find(self.phrase.squeezed)
            return (text.locate_squeezed(start, start + len(self.phrase.squeezed)), []) if start >= 0 else None
        types = [hole.type for hole in self.phrase.holes]
        in_squeezed = _search(self.squeezed, types, text.squeezed, text, text.locate_squeezed)
        if not in_squeezed:
            return None
        return _search(self.collapsed, types, text.collapsed, text, text.locate_collapsed) or in_squeezed

    def _capture(self, values: list[str], text: Text, evidence: Evidence) -> tuple[Capture, ...]:
        return tuple(
            Capture(
                name=hole.name,
                value=name_source(value) if hole.type == "source" else value,
                type=hole.type,
                place=place_of(text.view),
                evidence=evidence,
            )
            for hole, value in zip(self.phrase.holes, values, strict=False)
        )


def _search(
    pattern: Pattern, types: Sequence[str], form: str, text: Text, locate: Callable[[int, int], Span]
) -> tuple[Span, list[str]] | None:
    """The first match whose holes are filled and no longer than a sentence, and what stands in the holes."""
    position = 0
    for _ in range(_MOST_TRIES):
        match = pattern.search(form, position)
        if not match:
            return None
        groups = range(1, pattern.groups + 1)
        too_long = [group for group in groups if match.end(group) - match.start(group) > LONGEST_ANY]
        if too_long:
            # A match that ends here too starts no further from its hole's end than this; what lies before is left out.
            reach = match.start(too_long[0]) - match.start() + LONGEST_ANY + _SLACK
            position = max(match.start() + 1, match.end(too_long[0]) - reach)
        elif not all(is_filled(kind, match[group]) for kind, group in zip(types, groups, strict=False)):
            position = match.end()
        else:
            values = [_as_written(match[group], text, locate(*match.span(group))) for group in groups]
            return locate(match.start(), match.end()), values
    return None


def _as_written(value: str, text: Text, span: Span) -> str:
    """A value with the case that the reporter used (ids know upper case), unless anything else differs in it."""
    written = text.original[span.start : span.end].strip()
    return written if written.lower() == value.strip() else value.strip()


def make_phrase(phrase: Phrase, views: tuple[str, ...], path: Path, scope: Scope) -> PhraseHolds:
    """The condition that the phrase occurs in one of the views. The steps of its holes are counted as for `regex`."""
    if not phrase.holes or scope.steps > MAX_RULE_STEPS:
        return PhraseHolds(phrase, views)
    collapsed, squeezed = compile_pattern(phrase.collapsed_pattern), compile_pattern(phrase.squeezed_pattern)
    scope.steps += collapsed.programsize + squeezed.programsize
    report_excess(path, scope)
    return PhraseHolds(phrase, views, collapsed, squeezed)
