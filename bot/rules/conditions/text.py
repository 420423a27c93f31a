"""Conditions about what the texts of an issue say. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import re2

from bot.issue.facts import Facts, Text
from bot.rules.conditions.compound import Needle, NeedsNoText
from bot.rules.conditions.verdict import Capture, Captures, Evidence, Place, Verdict, make_evidence
from bot.rules.spec.phrase import LONGEST_ANY, Phrase, find_word, name_source
from bot.text.exit_codes import normalise_code
from bot.text.markdown import Span

Pattern = Any  # google-re2 ships no types
_MOST_TRIES = 20
_SLACK = 40


def compile_pattern(pattern: str) -> Pattern:
    """An RE2 pattern, without regard to case; raises re2.error, which goes to the rule's author and into no log."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options=options)


def place_of(view: str) -> Place:
    """How far a value from this view is to be trusted."""
    if view in {"logs", "errors"}:
        return "logs"
    return "field" if view.startswith("section") else "prose"


@dataclass(frozen=True)
class PhraseHolds:
    """The key `phrase`. The patterns are those of a phrase with holes."""

    phrase: Phrase
    views: tuple[str, ...]
    collapsed: Pattern | None = None
    squeezed: Pattern | None = None

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        if any(view.startswith("section:") for view in self.views):
            return None
        if self.phrase.is_short:
            return (Needle("collapsed", re2.escape(self.phrase.collapsed)),)
        return (Needle("squeezed", self.phrase.squeezed_pattern),)

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        wanted = f'phrase: "{self.phrase.source}"'
        for evidence, found in self.find_all(facts):
            return Verdict(wanted=wanted, holds=True, evidence=(evidence,), captures=found)
        return Verdict(wanted=wanted, holds=False, seen=f"not in {', '.join(self.views)}")

    def find_all(self, facts: Facts) -> Iterator[tuple[Evidence, tuple[Capture, ...]]]:
        """Where the phrase stands, and what its holes hold there: once for each text that has it."""
        for text in facts.find_texts(self.views):
            if found := self._find(text):
                evidence = make_evidence(text, found[0], f'phrase: "{self.phrase.source}"')
                yield evidence, self._capture(found[1], text, evidence)

    def find_in(self, text: Text) -> Evidence | None:
        """Where the phrase stands in this text, whichever view it is of."""
        found = self._find(text)
        return make_evidence(text, found[0], f'phrase: "{self.phrase.source}"') if found else None

    def _find(self, text: Text) -> tuple[Span, list[str]] | None:
        """In the squeezed form first, since a terminal wraps inside words: it has all that the collapsed form has."""
        if self.phrase.is_short:
            start = find_word(text.collapsed, self.phrase.collapsed)
            return (text.locate_collapsed(start, start + len(self.phrase.collapsed)), []) if start >= 0 else None
        if not self.phrase.holes:
            start = text.squeezed.find(self.phrase.squeezed)
            return (text.locate_squeezed(start, start + len(self.phrase.squeezed)), []) if start >= 0 else None
        in_squeezed = _search(self.squeezed, text.squeezed, text, text.locate_squeezed)
        if not in_squeezed:
            return None
        return _search(self.collapsed, text.collapsed, text, text.locate_collapsed) or in_squeezed

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
    pattern: Pattern, form: str, text: Text, locate: Callable[[int, int], Span]
) -> tuple[Span, list[str]] | None:
    """The first match whose holes are no longer than a sentence, and what stands in the holes."""
    position = 0
    for _ in range(_MOST_TRIES):
        match = pattern.search(form, position)
        if not match:
            return None
        groups = range(1, pattern.groups + 1)
        too_long = [group for group in groups if match.end(group) - match.start(group) > LONGEST_ANY]
        if not too_long:
            values = [_as_written(match[group], text, locate(*match.span(group))) for group in groups]
            return locate(match.start(), match.end()), values
        # A match that ends here too starts no further from its hole's end than this; what lies before is left out.
        reach = match.start(too_long[0]) - match.start() + LONGEST_ANY + _SLACK
        position = max(match.start() + 1, match.end(too_long[0]) - reach)
    return None


def _as_written(value: str, text: Text, span: Span) -> str:
    """A value with the case that the reporter used (ids know upper case), unless anything else differs in it."""
    written = text.original[span.start : span.end].strip()
    return written if written.lower() == value.strip() else value.strip()


@dataclass(frozen=True)
class RegexHolds:
    """The key `regex`."""

    source: str
    views: tuple[str, ...]
    pattern: Pattern

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        if any(view.startswith("section:") for view in self.views):
            return None
        return (Needle("collapsed", self.source),)

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        wanted = f"regex: {self.source}"
        for text in facts.find_texts(self.views):
            if match := self.pattern.search(text.collapsed):
                evidence = make_evidence(text, text.locate_collapsed(match.start(), match.end()), wanted)
                named = {
                    name: match[number] for name, number in self.pattern.groupindex.items() if match[number] is not None
                }
                found = tuple(
                    Capture(name=name, value=value, type="any", place=place_of(text.view), evidence=evidence)
                    for name, value in named.items()
                )
                return Verdict(wanted=wanted, holds=True, evidence=(evidence,), captures=found)
        return Verdict(wanted=wanted, holds=False, seen=f"not in {', '.join(self.views)}")

    def find_in(self, text: Text) -> Evidence | None:
        """Where the pattern matches in this text, whichever view it is of."""
        match = self.pattern.search(text.collapsed)
        wanted = f"regex: {self.source}"
        return make_evidence(text, text.locate_collapsed(match.start(), match.end()), wanted) if match else None


@dataclass(frozen=True)
class CodeHolds(NeedsNoText):
    """The key `code`."""

    codes: tuple[int, ...]
    views: tuple[str, ...]

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        wanted = f"code: {', '.join(map(str, self.codes))}"
        accepted = {normalise_code(code) for code in self.codes}
        for text in facts.find_texts(self.views):
            for stated in text.codes:
                if stated.code in accepted:
                    span = text.locate_collapsed(stated.start, stated.end)
                    return Verdict(wanted=wanted, holds=True, evidence=(make_evidence(text, span, wanted),))
        return Verdict(wanted=wanted, holds=False, seen="no such code")


@dataclass(frozen=True)
class FrameHolds(NeedsNoText):
    """The key `frame`."""

    pattern: str
    at: Literal["top", "any"]
    views: tuple[str, ...]

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        wanted = f'frame: "{self.pattern}", at: {self.at}'
        for text in facts.find_texts(self.views):
            for frame in text.frames[self.at]:
                if frame.matches(self.pattern):
                    span = Span(text.span.start + frame.start, text.span.start + frame.end)
                    return Verdict(wanted=wanted, holds=True, evidence=(make_evidence(text, span, wanted),))
        return Verdict(wanted=wanted, holds=False, seen="no such frame")
