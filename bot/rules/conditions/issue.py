"""Conditions about the issue itself and about what is known of it: labels, author, layout, captures. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.issue.facts import Facts
from bot.issue.layout import LAYOUTS
from bot.rules.conditions.types import Captures, Condition, Key, Reads, Verdict, format_scalar
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.validation import suggest
from bot.text.language import LANGUAGES
from bot.text.versions import VersionRange, find_versions, parse_range


@dataclass(frozen=True)
class VersionHolds(Condition):
    """The key `version`."""

    source: str
    range: VersionRange

    @classmethod
    def make(cls, key: Key) -> Condition | None:
        if "version" not in key.scope.known:
            key.report("the pack does not say where a version is stated; add `captures: {version: …}` to pack.yml")
        try:
            return cls(key.value, parse_range(key.value))
        except ValueError as error:
            key.report(str(error))
            return None

    @property
    def reads(self) -> Reads:
        return Reads(captures=("version",))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("version",), self.source

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del facts
        stated = captures.get("version")
        found = find_versions(stated.value) if stated else ()
        version = found[0].version if found else None
        evidence = (stated.evidence,) if stated and stated.evidence else ()
        wanted, seen = f'version: "{self.source}"', f"version is {stated.value if stated else 'unknown'}"
        return Verdict(wanted=wanted, holds=self.range.contains(version), seen=seen, evidence=evidence)


@dataclass(frozen=True)
class CaptureHolds(Condition):
    """`os: windows` and the like: a capture or a fact, compared with one value or several; `unknown` = not stated."""

    name: str
    accepted: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        values = key.value if isinstance(key.value, list) else [key.value]
        if key.name not in key.scope.known:
            operators = [field.alias or name for name, field in ConditionModel.model_fields.items()]
            key.report(f"unknown condition `{key.name}`{suggest(key.name, [*operators, *key.scope.known])}")
        elif not values or not all(isinstance(item, bool | int | str) for item in values):
            key.report(f"`{key.name}` is compared with a value or a list of values")
        return cls(key.name, tuple(format_scalar(item).casefold() for item in values))

    @property
    def reads(self) -> Reads:
        return Reads(captures=(self.name,))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return (self.name,), None

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del facts
        stated = captures.get(self.name)
        value = stated.value.casefold() if stated else "unknown"
        evidence = (stated.evidence,) if stated and stated.evidence else ()
        wanted = f"{self.name}: {' or '.join(self.accepted)}"
        return Verdict(wanted=wanted, holds=value in self.accepted, seen=f"{self.name} is {value}", evidence=evidence)


@dataclass(frozen=True)
class IssueHolds(Condition):
    """The keys about the issue itself: `label`, `no_label`, `author`, `language`, `layout` and `body`."""

    key: str
    accepted: tuple[str, ...]

    @classmethod
    def make(cls, key: Key) -> Condition:
        values = (key.value,) if isinstance(key.value, str) else tuple(key.value)
        known = {"language": LANGUAGES, "layout": (*LAYOUTS, *key.scope.layouts)}.get(key.name, values)
        folded = {name.casefold() for name in known}
        for name in values:
            if name.casefold() not in folded:
                advice = suggest(name, known) or f"; known are {', '.join(known)}"
                key.report(f"unknown {key.name} `{name}`{advice}")
        return cls(key.name, values)

    @property
    def reads(self) -> Reads:
        return Reads(issue=(self.key,))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return (self.key,), None

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
