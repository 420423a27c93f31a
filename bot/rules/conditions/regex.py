"""Patterns: the key `regex`, and RE2 patterns of rule authors, checked or split into atoms. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import re2

from bot.issue.facts import Facts, Text
from bot.rules.conditions.text import TextCondition, read_views
from bot.rules.conditions.types import Capture, Condition, Finding, Key, Needle, Scope, make_evidence, place_of
from bot.rules.spec.document import Path
from bot.text.normalize import collapse

Pattern = Any  # google-re2 ships no types
MAX_PROGRAM_SIZE = 1_000
"""RE2 instructions a pattern may need: 97 % of real ones stay below; more take seconds on 64 KiB of hostile text."""

_SMALLER = "use smaller repetition counts, or several conditions"
_AROUND = 20


def compile_pattern(pattern: str) -> Pattern:
    """An RE2 pattern that ignores case; raises re2.error, and RE2 does not log the error."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    return re2.compile(pattern, options=options)


def read_pattern(source: str, path: Path, scope: Scope) -> Pattern | None:
    """An RE2 pattern, checked for its syntax and its cost; None if it is invalid."""
    try:
        pattern = compile_pattern(source)
    except re2.error as error:
        scope.problems.append((path, _explain_pattern(error)))
        return None
    if pattern.programsize > MAX_PROGRAM_SIZE:
        size = f"{pattern.programsize} steps, at most {MAX_PROGRAM_SIZE} allowed"
        scope.problems.append((path, f"the pattern is too large ({size}); {_SMALLER}"))
        return None
    if pattern.search("") is not None:
        advice = "make a part of it required"
        scope.problems.append((path, f"the pattern matches the empty text, so it matches every issue; {advice}"))
    return pattern


def _explain_pattern(error: Exception) -> str:
    reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
    advice = "; put a backslash before each literal special character"
    if "perl operator" in reason or "escape" in reason:
        advice = "; RE2 does not support look-around or back-references"
    elif "too large" in reason or "repetition size" in reason:
        advice = f"; {_SMALLER}"
    return f"invalid RE2 pattern: {reason}{advice}"


@dataclass(frozen=True)
class RegexHolds(TextCondition):
    """The key `regex`."""

    source: str
    views: tuple[str, ...]
    pattern: Pattern

    @classmethod
    def make(cls, key: Key) -> Condition | None:
        views = read_views(key)
        pattern = read_pattern(key.value, key.path, key.scope)
        return cls(key.value, views, pattern) if pattern is not None else None

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("regex",), self.source

    @property
    def sought(self) -> str:
        return self.source

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        return None if self.reads.sections else (Needle("collapsed", self.source),)

    @property
    def wanted(self) -> str:
        return f"regex: {self.source}"

    def find_in(self, text: Text) -> Finding | None:
        match = self.pattern.search(text.collapsed)
        if not match:
            return None
        evidence = make_evidence(text, text.locate_collapsed(match.start(), match.end()), self.wanted)
        named = {name: match[number] for name, number in self.pattern.groupindex.items() if match[number] is not None}
        return evidence, tuple(
            Capture(name=name, value=value, type="any", place=place_of(text.view), evidence=evidence)
            for name, value in named.items()
        )

    def find_hint(self, facts: Facts) -> str:
        """A hint for a pattern that matches the text as written, but not the collapsed form that Signpost searches."""
        for text in facts.find_texts(self.views):
            if match := self.pattern.search(text.raw):
                near = collapse(text.raw[max(0, match.start() - _AROUND) : match.end() + _AROUND])
                return f'it matches the text as written, but Signpost searches the collapsed form: "{near[:200]}"'
        return super().find_hint(facts)


_ATOM = re.compile(r"\\(?:[pP]\{[^}]*\}|x\{[^}]*\}|x[0-9a-fA-F]{2}|.)|[^\\(\[]", re.DOTALL)
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.DOTALL)
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\})\??")


def split_pattern(source: str) -> tuple[tuple[str, ...], ...]:
    """The atoms of each top-level alternative of an RE2 pattern, each with its quantifier; `()` if it is not a pattern.

    The alternatives, joined with `|`, are the pattern again.
    """
    alternatives: list[list[str]] = [[]]
    position = 0
    while position < len(source):
        if source[position] == "|":
            alternatives.append([])
            position += 1
            continue
        end = _find_end(source, position)
        if end is None:
            return ()
        quantifier = _QUANTIFIER.match(source, end)
        end = quantifier.end() if quantifier else end
        alternatives[-1].append(source[position:end])
        position = end
    return tuple(tuple(atoms) for atoms in alternatives)


def read_literal(atoms: Iterable[str]) -> str:
    """The literal atoms of a pattern, with a space for each other atom."""
    return "".join(atom if len(atom) == 1 and atom.isalnum() else " " for atom in atoms)


def _find_end(source: str, position: int) -> int | None:
    """Where the atom at `position` ends; None where it does not."""
    if source[position] == "(":
        return next((end for depth, end in _walk_group(source, position) if depth == 0), None)
    match = _CLASS.match(source, position) if source[position] == "[" else _ATOM.match(source, position)
    return match.end() if match else None


def _walk_group(source: str, position: int) -> Iterator[tuple[int, int]]:
    """How deep in groups the pattern is after each of its signs, from an opening parenthesis on."""
    depth = 0
    while position < len(source):
        if source[position] in "()":
            depth += 1 if source[position] == "(" else -1
            position += 1
        else:
            match = _CLASS.match(source, position) if source[position] == "[" else _ATOM.match(source, position)
            if not match:
                return
            position = match.end()
        yield depth, position
