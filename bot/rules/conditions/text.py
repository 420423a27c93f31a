"""Conditions about the texts of an issue, their exit codes and their stack frames. Pure."""

import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import ClassVar, Literal

from bot.issue.facts import DEFAULT_VIEWS, VIEWS, Facts, Text
from bot.issue.layout import name_section
from bot.rules.conditions.types import Captures, Condition, Finding, Key, Reads, Verdict, make_evidence
from bot.rules.spec.validation import suggest
from bot.text.exit_codes import normalise_code
from bot.text.markdown import Span
from bot.text.normalize import collapse

_IN_SECTION = "section:"
_SECTION = re.compile(r"section:\s*\S")


def read_views(key: Key) -> tuple[str, ...]:
    """The views in `in:`, from the same mapping as the key."""
    views = tuple(key.model.in_ or DEFAULT_VIEWS)
    for index, view in enumerate(views):
        if view not in VIEWS and not _SECTION.match(view):
            message = f"unknown view `{view}`; for a form field, write `section: NAME`{suggest(view, VIEWS)}"
            key.report(message, (*key.path[:-1], "in", index))
    return views


class TextCondition(Condition):
    """A condition that holds if a text of one of its views contains it."""

    absence: ClassVar[str] = ""
    """The explanation if it does not hold; by default it names the views."""

    views: tuple[str, ...]

    @property
    @abstractmethod
    def wanted(self) -> str:
        """The condition in words."""

    @property
    def reads(self) -> Reads:
        sections = (view.removeprefix(_IN_SECTION).strip() for view in self.views if view.startswith(_IN_SECTION))
        return Reads(views=self.views, sections=tuple(sections))

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        for evidence, found in self.find_all(facts):
            return Verdict(wanted=self.wanted, holds=True, evidence=(evidence,), captures=found)
        return Verdict(wanted=self.wanted, holds=False, seen=self.absence or f"not in {', '.join(self.views)}")

    def find_all(self, facts: Facts) -> Iterator[Finding]:
        """Each place that it is found at, with the captures there: at most one place per text."""
        return filter(None, map(self.find_in, facts.find_texts(self.views)))

    @abstractmethod
    def find_in(self, text: Text) -> Finding | None: ...

    def find_hint(self, facts: Facts) -> str:
        """Of one that looks at form fields only, where the issue has none of them."""
        names = self.reads.sections
        if len(names) != len(self.views) or any(facts.find_sections(name) for name in names):
            return ""
        return f"there is no section {' or '.join(names)}; {compare_sections(names[0], facts)}".rstrip("; ")


@dataclass(frozen=True)
class CodeHolds(TextCondition):
    """The key `code`."""

    absence = "no such code"

    codes: tuple[int, ...]
    views: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        return cls(tuple(key.value), (*DEFAULT_VIEWS, "errors"))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("code",), None

    @property
    def wanted(self) -> str:
        return f"code: {', '.join(map(str, self.codes))}"

    def find_in(self, text: Text) -> Finding | None:
        for stated in text.codes:
            if stated.code in self._accepted:
                return make_evidence(text, text.locate_collapsed(stated.start, stated.end), self.wanted), ()
        return None

    @cached_property
    def _accepted(self) -> frozenset[int]:
        return frozenset(map(normalise_code, self.codes))

    def find_hint(self, facts: Facts) -> str:
        codes = (str(stated.code) for text in facts.find_texts(self.views) for stated in text.codes)
        return list_found("codes in the issue", codes)


@dataclass(frozen=True)
class FrameHolds(TextCondition):
    """The key `frame`."""

    absence = "no such frame"

    pattern: str
    at: Literal["top", "any"]
    views: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        return cls(key.value, key.model.at or "any", ("body", "logs", "errors"))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("frame",), self.pattern

    @property
    def wanted(self) -> str:
        return f'frame: "{self.pattern}", at: {self.at}'

    def find_in(self, text: Text) -> Finding | None:
        for frame in text.frames[self.at]:
            if frame.matches(self.pattern):
                span = Span(text.span.start + frame.start, text.span.start + frame.end)
                return make_evidence(text, span, self.wanted), ()
        return None

    def find_hint(self, facts: Facts) -> str:
        frames = (frame for text in facts.find_texts(self.views) for frame in text.frames[self.at])
        return list_found("frames in the issue", (frame.names[0] for frame in frames))


_MOST = 5
_LONGEST = 80


def list_found(what: str, found: Iterable[str]) -> str:
    """The first five of the names, each once; "" if there are none."""
    names = list(dict.fromkeys(found))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{what}: {', '.join(name[:_LONGEST] for name in names[:_MOST])}{more}" if names else ""


def compare_sections(name: str, facts: Facts) -> str:
    """The heading most similar to a section's name, "" if the issue has that section."""
    if facts.find_sections(name):
        return ""
    sections = {name_section(section.name): section.name for section in facts.layout.sections}
    return _find_nearest(name_section(name), sections) or list_found("sections in the issue", sections.values())


def compare_boxes(label: str, facts: Facts) -> str:
    """The check box most similar to a label, "" if the issue has one with that label."""
    boxes = {collapse(box.label): box.label for box in facts.layout.boxes}
    if any(collapse(label) in known for known in boxes):
        return ""
    return _find_nearest(collapse(label), boxes) or list_found("check boxes in the issue", boxes.values())


def _find_nearest(wanted: str, known: dict[str, str]) -> str:
    near = get_close_matches(wanted, known, 1, 0.6)
    return f'the most similar one is "{known[near[0]][:_LONGEST]}"' if near else ""
