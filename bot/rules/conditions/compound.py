"""Conditions that consist of other conditions. Pure."""

from dataclasses import dataclass

from bot.issue.facts import Facts
from bot.rules.conditions.types import Capture, Captures, Condition, Key, Needle, Verdict
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


@dataclass(frozen=True)
class NoneHolds(Compound):
    """`none:`. It gives no evidence, because absent text has none."""

    negates = True

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        children = self.evaluate_children(facts, captures)
        held = next((child for child in children if child.holds), None)
        shown = (
            tuple(Verdict(wanted=child.wanted, holds=False, seen="") for child in children)
            if held is None
            else children
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
    def needles(self) -> tuple[Needle, ...] | None:
        return self.condition.needles

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        verdict = self.condition.evaluate(facts, captures)
        if not verdict.holds:
            return verdict
        found = tuple(Capture(name=name, value=value, type="choice", place="rule") for name, value in self.values)
        return Verdict(wanted=verdict.wanted, holds=True, captures=found, children=(verdict,))

    def pair(self, verdict: Verdict) -> tuple[tuple[Condition, Verdict], ...]:
        return ((self.condition, verdict.children[0] if verdict.holds else verdict),)
