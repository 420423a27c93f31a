"""Facts that a pack defines for all its rules: where each is stated, and what a statement means. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import re2

from bot.issue.facts import DEFAULT_VIEWS, Facts, Text
from bot.rules.compiler import Compiler, make_phrase
from bot.rules.conditions.text import Pattern, PhraseHolds, place_of
from bot.rules.conditions.verdict import Capture, Place, choose_captures, make_evidence
from bot.rules.spec.document import Path
from bot.rules.spec.pack import CaptureModel, CaptureSource
from bot.rules.spec.phrase import TYPE_PATTERNS, name_source
from bot.text.markdown import drop_comments
from bot.text.normalize import collapse
from bot.text.versions import find_versions

_LONGEST_VALUE = 200


@dataclass(frozen=True)
class CaptureRule:
    """How one capture is read: its sources in order, its type, and a map from what is written to what it means."""

    name: str
    type: str
    sources: tuple["PhraseHolds | Pattern | str", ...]
    meanings: tuple[tuple[str, str], ...]

    def find(self, facts: Facts) -> Iterator[Capture]:
        """Every statement of it, in the order of the sources."""
        for source in self.sources:
            if isinstance(source, str):
                yield from self._find_in_section(source, facts)
            elif isinstance(source, PhraseHolds):
                yield from self._find_phrase(source, facts)
            else:
                yield from self._find_regex(source, facts)

    def _find_in_section(self, name: str, facts: Facts) -> Iterator[Capture]:
        for section, text in facts.find_sections(name):
            if facts.is_answered(text):
                yield from self._read(drop_comments(text.raw).strip(), text, section.place)

    def _find_phrase(self, source: PhraseHolds, facts: Facts) -> Iterator[Capture]:
        for _, captures in source.find_all(facts):
            for capture in captures:
                yield from self._make(capture.value, capture)

    def _find_regex(self, pattern: Pattern, facts: Facts) -> Iterator[Capture]:
        for text in facts.find_texts((*DEFAULT_VIEWS, "errors")):
            match = pattern.search(text.collapsed)
            if match and (written := match[min(pattern.groups, 1)]) is not None:
                yield from self._read(written, text, place_of(text.view))

    def _read(self, written: str, text: Text, place: Place) -> Iterator[Capture]:
        evidence = make_evidence(text, text.span, f"capture {self.name}")
        probe = Capture(name=self.name, value=written[:_LONGEST_VALUE], type=self.type, place=place, evidence=evidence)
        yield from self._make(probe.value, probe)

    def _make(self, written: str, found: Capture) -> Iterator[Capture]:
        for value in self._values(written):
            yield replace(found, name=self.name, value=value, type=self.type)

    def _values(self, written: str) -> tuple[str, ...]:
        """What is meant; of several versions the newest first."""
        if self.meanings:
            collapsed = collapse(written)
            return tuple([meaning for key, meaning in self.meanings if _states(collapsed, key)][:1])
        if self.type == "version":
            return tuple(stated.text for stated in find_versions(written))
        if self.type == "any":
            return (written,) if written else ()
        match = re2.search(f"(?i){TYPE_PATTERNS[self.type]}", collapse(written))
        if match and self.type == "source":
            return (name_source(match[0]),)
        return (match[0],) if match else ()


def compile_captures(models: Mapping[str, CaptureModel], compiler: Compiler) -> tuple[CaptureRule, ...]:
    """The captures of a pack; problems go to the compiler."""
    return tuple(_compile(name, model, compiler) for name, model in models.items())


def _compile(name: str, model: CaptureModel, compiler: Compiler) -> CaptureRule:
    path: Path = ("captures", name, "first_of")
    sources = [_compile_source(source, (*path, index), compiler) for index, source in enumerate(model.first_of)]
    kind = "choice" if model.map else model.type or ("version" if name == "version" else "any")
    for key in model.map or {}:
        if not collapse(key):
            compiler.problems.append((("captures", name, "map", key), f"{key!r} has nothing to look for; remove it"))
    return CaptureRule(name, kind, tuple(s for s in sources if s is not None), _compile_map(model.map or {}))


def _compile_map(meanings: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What is written, collapsed, and what it means; the longest first: `windows nt` before `windows`."""
    return tuple((collapse(key), value) for key, value in sorted(meanings.items(), key=lambda item: -len(item[0])))


def _states(collapsed: str, key: str) -> bool:
    """Whether the text states the key: nothing of a word before it, no letter after it (`windows11` is one)."""
    position = collapsed.find(key)
    while position >= 0:
        end = position + len(key)
        if not collapsed[max(0, position - 1) : position].isalnum() and not collapsed[end : end + 1].isalpha():
            return True
        position = collapsed.find(key, position + 1)
    return False


def _compile_source(source: CaptureSource, path: Path, compiler: Compiler) -> "PhraseHolds | Pattern | str | None":
    if source.section is not None:
        return source.section
    if source.regex is not None:
        return compiler.compile_regex(source.regex, (*path, "regex"))
    phrase = compiler.compile_phrase(source.phrase or "", (*path, "phrase"))
    if phrase is None:
        return None
    if len(phrase.holes) != 1:
        compiler.problems.append(
            ((*path, "phrase"), "a phrase of a capture has exactly one hole, such as {version:version}")
        )
        return None
    return make_phrase(phrase, (*DEFAULT_VIEWS, "errors"))


def find_captures(rules: tuple[CaptureRule, ...], facts: Facts) -> dict[str, Capture]:
    """The captures of one issue; the most trusted place wins, and within a place the first source."""
    return choose_captures(capture for rule in rules for capture in rule.find(facts))
