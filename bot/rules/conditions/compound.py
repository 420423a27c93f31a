"""Conditions that consist of other conditions. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from bot.issue.facts import Facts, Text
from bot.rules.conditions.regex import Pattern
from bot.rules.conditions.types import (
    Capture,
    Captures,
    Condition,
    Evidence,
    Key,
    Needle,
    Reads,
    Verdict,
    make_evidence,
)
from bot.text.markdown import Span
from bot.text.normalize import collapse
from bot.text.printable import count


@dataclass(frozen=True)
class Compound(Condition):
    """A condition that consists of several others."""

    conditions: tuple[Condition, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        return cls(key.scope.compile_all(key.value, key.path))

    @property
    def children(self) -> tuple[Condition, ...]:
        return self.conditions

    def evaluate_children(self, facts: Facts, captures: Captures) -> tuple[Verdict, ...]:
        """The verdict of each child."""
        return tuple(condition.evaluate(facts, captures) for condition in self.conditions)


@dataclass(frozen=True)
class AllHold(Compound):
    """`all:`, and the keys of one mapping."""

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """The needles of the most selective part: all parts must hold, so the needles of one part are enough."""
        found = [needles for condition in self.conditions if (needles := condition.needles) is not None]
        return min(found, key=lambda needles: (len(needles), -max(len(n.pattern) for n in needles)), default=None)

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        children = self.evaluate_children(facts, captures)
        return Verdict(wanted="all", holds=all(child.holds for child in children), children=children)

    def is_met(self, facts: Facts, captures: Captures) -> bool:
        return all(condition.is_met(facts, captures) for condition in self.conditions)


@dataclass(frozen=True)
class AtLeastHold(Compound):
    """`any:` (at least one) and `at_least:`."""

    least: int = 1

    @classmethod
    def make_of_number(cls, key: Key) -> Condition:
        needed, models = key.value.n, key.value.of
        if needed > len(models):
            what = f"at least {needed} of {count(len(models), 'condition')} can never hold"
            key.report(f"{what}; lower `n`, or add conditions")
        return cls(key.scope.compile_all(models, (*key.path, "of")), needed)

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        found = [condition.needles for condition in self.conditions]
        if any(needles is None for needles in found):
            return None
        return tuple(dict.fromkeys(needle for needles in found for needle in needles or ()))

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        children = self.evaluate_children(facts, captures)
        wanted = "any" if self.least == 1 else f"at least {self.least}"
        held = sum(child.holds for child in children)
        return Verdict(
            wanted=wanted, holds=held >= self.least, seen=f"{held} of {len(children)} hold", children=children
        )

    def is_met(self, facts: Facts, captures: Captures) -> bool:
        met = (condition for condition in self.conditions if condition.is_met(facts, captures))
        return len(list(islice(met, self.least))) >= self.least


@dataclass(frozen=True)
class NoneHolds(Compound):
    """`none:`. It gives no evidence, because absent text has none."""

    negates = True

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        return deny(self.evaluate_children(facts, captures))

    def is_met(self, facts: Facts, captures: Captures) -> bool:
        return not any(condition.is_met(facts, captures) for condition in self.conditions)


def deny(children: tuple[Verdict, ...]) -> Verdict:
    """The verdict of a `none` over those of its children."""
    held = next((child for child in children if child.holds), None)
    shown = (
        tuple(Verdict(wanted=child.wanted, holds=False, seen="") for child in children) if held is None else children
    )
    return Verdict(wanted="none", holds=held is None, seen=f"{held.wanted} holds" if held else "", children=shown)


@dataclass(frozen=True)
class Sets(Condition):
    """`set:`: facts that it sets if the condition in the same mapping holds."""

    is_transparent = True

    condition: Condition
    values: tuple[tuple[str, str], ...]
    least: int = 1

    @property
    def children(self) -> tuple[Condition, ...]:
        return (self.condition,)

    @property
    def captured(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.values)

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        return self.condition.needles

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        verdict = self.condition.evaluate(facts, captures)
        if not verdict.holds:
            return verdict
        found = tuple(Capture(name=name, value=value, type="choice", place="rule") for name, value in self.values)
        return Verdict(wanted=verdict.wanted, holds=True, captures=found, children=(verdict,))

    def is_met(self, facts: Facts, captures: Captures) -> bool:
        return self.condition.is_met(facts, captures)

    def pair(self, verdict: Verdict) -> tuple[tuple[Condition, Verdict], ...]:
        return ((self.condition, verdict.children[0] if verdict.holds else verdict),)


MESSAGE = "{message}"
"""How a pack's `circumstance` names what a rule recognised."""

_SENTENCE_ENDS = re.compile(r"[.!?:]\s|\n\s*\n")
_REACH = 240
_TEXTS = frozenset({"title", "body", "logs", "errors", "comments"})


@dataclass(frozen=True)
class IsCircumstance(Condition):
    """The key `circumstance` of a pack: the report mentions what `condition` recognises, and is about another problem.

    The title and the first sentence of the prose decide for the whole report. Any other sentence decides for what is
    recognised in it; for the whole report only by a pattern that does not name the message.
    """

    condition: Condition
    patterns: tuple[Pattern, ...]
    wanted: ClassVar[str] = "circumstance: the message is not the problem"

    @property
    def reads(self) -> Reads:
        return Reads(views=("title", "body"))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("circumstance",), None

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        return self.judge(facts, self.condition.evaluate(facts, captures))

    def judge(self, facts: Facts, verdict: Verdict) -> Verdict:
        """The verdict, given that of the condition."""
        found = self._find(facts, verdict) if verdict.holds else ()
        return Verdict(wanted=self.wanted, holds=bool(found), evidence=found)

    def _find(self, facts: Facts, verdict: Verdict) -> tuple[Evidence, ...]:
        """What says so: a statement of the report, or the evidence itself, where none is left that counts."""
        evidence = tuple(item for item in verdict.all_evidence if item.view in _TEXTS)
        about_all = [pattern for pattern in self.patterns if MESSAGE not in pattern.pattern.replace("\\", "")]
        for text, span in _list_statements(facts) if evidence else ():
            inside = (item for item in evidence if item.view == text.view and item.end <= span.end)
            marked = (_mark(item, facts) for item in inside)
            if _fit(self.patterns, [collapse(text.original[span.start : span.end]), *marked]):
                return (make_evidence(text, span, self.wanted),)
        for text in facts.views["body"] if evidence else ():
            if _fit(about_all, [text.collapsed]):
                return (make_evidence(text, text.span, self.wanted),)
        is_told = all(item.view == "body" and _fit(self.patterns, [_mark(item, facts)]) for item in evidence)
        return evidence if is_told else ()


def _list_statements(facts: Facts) -> Iterator[tuple[Text, Span]]:
    """What the report is about: its title, and the first sentence of its prose."""
    yield from ((text, text.span) for text in facts.views["title"])
    for text in facts.views["body"][:1]:
        end = _SENTENCE_ENDS.search(text.raw)
        yield text, Span(text.span.start, text.span.start + end.start()) if end else text.span


def _fit(patterns: Iterable[Pattern], texts: Iterable[str]) -> bool:
    return any(pattern.search(text) for text in texts for pattern in patterns)


def _mark(item: Evidence, facts: Facts) -> str:
    """The sentence that a piece of evidence stands in, collapsed, with `{message}` in its place."""
    original = facts.issue.title if item.source == "title" else facts.body
    before = original[max(0, item.start - _REACH) : item.start]
    after = original[item.end : item.end + _REACH]
    start = max((end.end() for end in _SENTENCE_ENDS.finditer(before)), default=0)
    end = _SENTENCE_ENDS.search(after)
    return f"{collapse(before[start:])} {MESSAGE} {collapse(after[: end.start()] if end else after)}".strip()


@dataclass(frozen=True)
class MoreThanCircumstance(AllHold):
    """The condition of a rule, and that it recognises more than a circumstance: a pair, the first evaluated once."""

    @classmethod
    def guard(cls, condition: Condition, patterns: tuple[Pattern, ...]) -> "MoreThanCircumstance":
        """The condition, guarded by the patterns of its pack."""
        return cls((condition, NoneHolds((IsCircumstance(condition, patterns),))))

    def evaluate_children(self, facts: Facts, captures: Captures) -> tuple[Verdict, ...]:
        condition, guard = self.conditions
        verdict = condition.evaluate(facts, captures)
        return verdict, deny(
            tuple(each.judge(facts, verdict) for each in guard.children if isinstance(each, IsCircumstance))
        )
