"""The conditions of the rule language: each looks at the facts and answers with a verdict. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from bot.issue.facts import Facts
from bot.rules.conditions.verdict import Capture, Captures, Verdict
from bot.text.versions import VersionRange, find_versions

Form = Literal["collapsed", "squeezed"]


class Needle(NamedTuple):
    """A pattern of which a condition needs a match, in one of the normal forms: what the prefilter looks for."""

    form: Form
    pattern: str


class Condition(Protocol):
    """Something that holds of an issue, or does not."""

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """Patterns of which at least one occurs if the condition holds; None where it may hold without any."""

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        """Whether it holds, and why."""


class NeedsNoText:
    """A condition that may hold whatever the texts say."""

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        return None


@dataclass(frozen=True)
class VersionHolds(NeedsNoText):
    """The key `version`."""

    source: str
    range: VersionRange

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del facts
        stated = captures.get("version")
        found = find_versions(stated.value) if stated else ()
        version = found[0].version if found else None
        evidence = (stated.evidence,) if stated and stated.evidence else ()
        wanted, seen = f'version: "{self.source}"', f"version is {stated.value if stated else 'unknown'}"
        return Verdict(wanted=wanted, holds=self.range.contains(version), seen=seen, evidence=evidence)


@dataclass(frozen=True)
class CaptureHolds(NeedsNoText):
    """`os: windows` and the like: a capture or a fact, compared with one value or several; `unknown` = not stated."""

    name: str
    accepted: tuple[str, ...]

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del facts
        stated = captures.get(self.name)
        value = stated.value.casefold() if stated else "unknown"
        evidence = (stated.evidence,) if stated and stated.evidence else ()
        wanted = f"{self.name}: {' or '.join(self.accepted)}"
        return Verdict(wanted=wanted, holds=value in self.accepted, seen=f"{self.name} is {value}", evidence=evidence)


@dataclass(frozen=True)
class IssueHolds(NeedsNoText):
    """The keys about the issue itself: `label`, `no_label`, `author`, `language`, `layout` and `body`."""

    key: str
    accepted: tuple[str, ...]

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        seen = _ABOUT[self.key](facts)
        wanted_values = {value.casefold() for value in self.accepted}
        hit = any(value.casefold() in wanted_values for value in seen)
        holds = not hit if self.key == "no_label" else hit
        wanted = f"{self.key}: {' or '.join(self.accepted)}"
        return Verdict(wanted=wanted, holds=holds, seen=f"it has {', '.join(seen) or 'none'}")


def describe_body(facts: Facts) -> tuple[str, ...]:
    """What is true of the body: those of the values of the key `body`."""
    states = (
        ("empty", facts.is_empty),
        ("images_only", facts.is_images_only),
        ("links_only", facts.is_links_only),
        ("template_untouched", facts.is_template_untouched),
        ("repeated", facts.is_repeated),
    )
    return tuple(name for name, is_so in states if is_so)


_ABOUT: Mapping[str, Callable[[Facts], tuple[str, ...]]] = {
    "label": lambda facts: facts.issue.labels,
    "no_label": lambda facts: facts.issue.labels,
    "author": lambda facts: (facts.issue.association,),
    "language": lambda facts: (facts.language or "unknown",),
    "layout": lambda facts: (facts.layout.name,),
    "body": describe_body,
}


@dataclass(frozen=True)
class AllHold:
    """`all:`, and keys side by side."""

    conditions: tuple[Condition, ...]

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """Those of the part that says most: all of them must hold, so the needles of any one will do."""
        found = [needles for condition in self.conditions if (needles := condition.needles) is not None]
        return min(found, key=lambda needles: (len(needles), -max(len(n.pattern) for n in needles)), default=None)

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        children = tuple(condition.evaluate(facts, captures) for condition in self.conditions)
        return Verdict(wanted="all", holds=all(child.holds for child in children), children=children)


@dataclass(frozen=True)
class AtLeastHold:
    """`any:` (at least one) and `at_least:`."""

    least: int
    conditions: tuple[Condition, ...]

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        found = [condition.needles for condition in self.conditions]
        if any(needles is None for needles in found):
            return None
        return tuple(dict.fromkeys(needle for needles in found for needle in needles or ()))

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        children = tuple(condition.evaluate(facts, captures) for condition in self.conditions)
        wanted = "any" if self.least == 1 else f"at least {self.least}"
        held = sum(child.holds for child in children)
        return Verdict(
            wanted=wanted, holds=held >= self.least, seen=f"{held} of {len(children)} hold", children=children
        )


@dataclass(frozen=True)
class NoneHolds(NeedsNoText):
    """`none:`; it gives no evidence, because there is none of what is not there."""

    conditions: tuple[Condition, ...]

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        children = tuple(condition.evaluate(facts, captures) for condition in self.conditions)
        held = next((child for child in children if child.holds), None)
        shown = (
            tuple(Verdict(wanted=child.wanted, holds=False, seen="") for child in children)
            if held is None
            else children
        )
        return Verdict(wanted="none", holds=held is None, seen=f"{held.wanted} holds" if held else "", children=shown)


@dataclass(frozen=True)
class Sets:
    """`set:`: facts that hold when the condition beside it did."""

    condition: Condition
    values: tuple[tuple[str, str], ...]

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        return self.condition.needles

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        verdict = self.condition.evaluate(facts, captures)
        if not verdict.holds:
            return verdict
        found = tuple(Capture(name=name, value=value, type="choice", place="rule") for name, value in self.values)
        return Verdict(wanted=verdict.wanted, holds=True, captures=found, children=(verdict,))
