"""Conditions about the issue: its form fields and boxes, labels, author and layout, and its captures. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bot.issue.facts import Facts, Text
from bot.issue.layout import LAYOUTS, name_section
from bot.issue.links import find_hosts
from bot.rules.conditions.compound import AllHold
from bot.rules.conditions.phrase import make_phrase, read_phrase
from bot.rules.conditions.regex import Pattern, join_patterns, read_pattern
from bot.rules.conditions.text import compare_boxes, compare_sections
from bot.rules.conditions.types import Captures, Condition, Key, Reads, Scope, Verdict, format_scalar, make_evidence
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.condition import find_template
from bot.rules.spec.document import Path, cut_name
from bot.rules.spec.pack import FeatureRequestModel
from bot.rules.spec.validation import suggest
from bot.text.language import LANGUAGES
from bot.text.markdown import drop_comments
from bot.text.normalize import collapse
from bot.text.versions import VersionRange, find_versions, parse_range


@dataclass(frozen=True)
class VersionHolds(Condition):
    """The key `version`."""

    source: str
    range: VersionRange

    @classmethod
    def make(cls, key: Key) -> Condition | None:
        if "version" not in key.scope.known:
            key.report(
                "the pack does not define where reports state a version; add `captures: {version: …}` to pack.yml"
            )
        try:
            return cls(key.value, parse_range(key.value))
        except ValueError as error:
            key.report(str(error))
            return None

    @property
    def reads(self) -> Reads:
        return Reads(captures=("version",))

    @property
    def settled(self) -> tuple[str, bool]:
        return "version", not self.range.is_unknown

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
            key.report(f"`{key.name}` must be a value or a list of values")
        elif allowed := [*key.scope.known[key.name]]:
            for index, item in enumerate(map(format_scalar, values)):
                if item.casefold() not in {"unknown", *map(str.casefold, allowed)}:
                    advice = suggest(item, [*allowed, "unknown"])
                    key.report(f"`{key.name}` cannot be `{cut_name(item)}`{advice}", (*key.path, index))
        return cls(key.name, tuple(format_scalar(item).casefold() for item in values))

    @property
    def reads(self) -> Reads:
        return Reads(captures=(self.name,))

    @property
    def settled(self) -> tuple[str, bool]:
        return self.name, "unknown" not in self.accepted

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
        for index, name in enumerate(values):
            if name.casefold() not in folded:
                advice = suggest(name, known) or f"; allowed: {', '.join(known)}"
                key.report(f"unknown {key.name} `{name}`{advice}", (*key.path, index))
            if key.name in _LABEL_KEYS and (problem := find_template(name)):
                key.report(problem, (*key.path, index))
        return cls(key.name, values)

    @property
    def reads(self) -> Reads:
        return Reads(issue=(self.key,), labels=self.accepted if self.key in _LABEL_KEYS else ())

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
    """The values of the key `body` that are true of the issue."""
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


_LABEL_KEYS = ("label", "no_label")
_REQUEST = "feature request"


def make_section(key: Key) -> Condition | None:
    """The key `section`, with the tests in the same mapping; `checkbox` alone is none of them."""
    name = key.value
    parts: list[Condition] = [*_list_tests(key.model, name)]
    if key.model.empty is not None:
        parts.append(SectionIsSilent(name, "empty", key.model.empty))
    if key.model.missing is not None:
        parts.append(SectionIsSilent(name, "missing", key.model.missing))
    if key.model.contains is not None:
        path = (*key.path[:-1], "contains")
        phrase = read_phrase(key.model.contains, path, key.scope)
        parts += [make_phrase(phrase, (f"section: {name}",), path, key.scope)] if phrase else []
    if len(parts) > 1:
        return AllHold(tuple(parts))
    return parts[0] if parts else None


def _list_tests(model: ConditionModel, name: str) -> Iterator[Condition]:
    if model.is_ is not None:
        yield SectionHolds(name, f'section: {name}, is: "{model.is_}"', section_is(model.is_))
    if model.one_of is not None:
        yield SectionHolds(name, f"section: {name}, one_of: {model.one_of}", section_is(*model.one_of))
    if model.url_host is not None:
        yield SectionHolds(name, f"section: {name}, url_host: {model.url_host}", section_holds_link(*model.url_host))
    if (expected := model.placeholder) is not None:
        wanted = f"section: {name}, placeholder: {format_scalar(expected)}"
        yield SectionHolds(name, wanted, lambda facts, text: facts.is_placeholder(text) == expected)


class SectionCondition(Condition):
    """A condition about the form fields with one name."""

    name: str

    @property
    def reads(self) -> Reads:
        return Reads(sections=(self.name,))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("section",), self.name

    def find_hint(self, facts: Facts) -> str:
        return compare_sections(self.name, facts)


@dataclass(frozen=True)
class SectionHolds(SectionCondition):
    """`section:` with one test; `test` answers whether a section's text passes."""

    name: str
    wanted: str
    test: Callable[[Facts, Text], bool]

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        texts = [text for _, text in facts.find_sections(self.name)]
        for text in texts:
            if self.test(facts, text):
                return Verdict(wanted=self.wanted, holds=True, evidence=(make_evidence(text, text.span, self.wanted),))
        seen = f"it says {texts[0].raw.strip()[:60]!r}" if texts else "there is no such section"
        return Verdict(wanted=self.wanted, holds=False, seen=seen)


@dataclass(frozen=True)
class SectionIsSilent(SectionCondition):
    """`section:` with `empty:` or `missing:`, about all sections with that name."""

    name: str
    kind: Literal["empty", "missing"]
    expected: bool

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        found = facts.find_sections(self.name)
        is_missing = not found
        is_empty = not is_missing and not any(facts.is_answered(text) for _, text in found)
        holds = (is_missing if self.kind == "missing" else is_empty) == self.expected and (
            self.kind == "missing" or not is_missing
        )
        seen = "missing" if is_missing else "empty" if is_empty else "answered"
        wanted = f"section: {self.name}, {self.kind}: {str(self.expected).lower()}"
        evidence = tuple(make_evidence(text, text.span, wanted) for _, text in found[:1]) if holds else ()
        return Verdict(wanted=wanted, holds=holds, seen=f"it is {seen}", evidence=evidence)


def section_is(*values: str) -> Callable[[Facts, Text], bool]:
    """A test: the section's whole text, without HTML comments, is one of the values."""
    accepted = {collapse(value) for value in values}
    return lambda _facts, text: collapse(drop_comments(text.raw)) in accepted


def section_holds_link(*hosts: str) -> Callable[[Facts, Text], bool]:
    """A test: the section holds a link to one of the hosts, or to a host under one of them."""
    wanted = tuple(host.lower() for host in hosts)

    def test(_facts: Facts, text: Text) -> bool:
        return any(host == w or host.endswith("." + w) for host in find_hosts(text.raw) for w in wanted)

    return test


@dataclass(frozen=True)
class CheckboxHolds(Condition):
    """The key `checkbox`."""

    label: str
    is_ticked: bool
    section: str | None = None

    @classmethod
    def make(cls, key: Key) -> Condition:
        return cls(key.value, key.model.ticked is not False, key.model.section)

    @property
    def reads(self) -> Reads:
        return Reads(boxes=(self.label,), sections=() if self.section is None else (self.section,))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("checkbox",), self.label

    def find_hint(self, facts: Facts) -> str:
        return compare_boxes(self.label, facts, self.section)

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        place = "" if self.section is None else f", section: {self.section}"
        wanted = f'checkbox: "{self.label}"{place}, ticked: {str(self.is_ticked).lower()}'
        found = facts.find_boxes(self.section)
        boxes = [box for box in found if _collapse_label(self.label) in _collapse_label(box.label)]
        for box in boxes:
            if box.is_ticked == self.is_ticked:
                text = Text("checkbox", "body", facts.body, box.span)
                return Verdict(wanted=wanted, holds=True, evidence=(make_evidence(text, box.span, wanted),))
        seen = f"it is {'not ' if self.is_ticked else ''}ticked" if boxes else "there is no such box"
        return Verdict(wanted=wanted, holds=False, seen=seen)


@lru_cache(maxsize=4096)
def _collapse_label(label: str) -> str:
    return collapse(label)


@dataclass(frozen=True)
class FeatureRequested(Condition):
    """An item of a pack's `feature_requests`: a heading with text under it, or a title; not where an `unless_…` is."""

    titles: tuple[Pattern, ...]
    headings: tuple[str, ...]
    unless_titles: tuple[Pattern, ...] = ()
    unless_headings: tuple[str, ...] = ()

    @classmethod
    def make_of_model(cls, model: FeatureRequestModel, path: Path, scope: Scope) -> "FeatureRequested":
        """The condition of an item of `feature_requests`; adds problems to the scope."""

        def read(key: str) -> tuple[Pattern, ...]:
            found = (read_pattern(text, (*path, key, index), scope) for index, text in enumerate(getattr(model, key)))
            return join_patterns(pattern for pattern in found if pattern is not None)

        return cls(read("titles"), tuple(model.headings), read("unless_titles"), tuple(model.unless_headings))

    @property
    def reads(self) -> Reads:
        return Reads(views=("title",), sections=(*self.headings, *self.unless_headings))

    @property
    def written(self) -> tuple[tuple[str, ...], str | None]:
        return ("feature_requests",), None

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        found = self._find(facts)
        evidence = (make_evidence(found, found.span, _REQUEST),) if found else ()
        return Verdict(wanted=_REQUEST, holds=found is not None, evidence=evidence)

    def _find(self, facts: Facts) -> Text | None:
        """The title or the heading's text that asks for something new."""
        (title,) = facts.views["title"]
        found = title if _fits(self.titles, title) else next(_find_answered(self.headings, facts), None)
        if found is None or _fits(self.unless_titles, title):
            return None
        return None if next(_find_answered(self.unless_headings, facts), None) else found


def _fits(patterns: tuple[Pattern, ...], text: Text) -> bool:
    return any(pattern.search(text.collapsed) for pattern in patterns)


def _find_answered(names: tuple[str, ...], facts: Facts) -> Iterator[Text]:
    """The texts under headings of those names: a `Key: value` line in prose is not a heading."""
    if not facts.layout.headings or facts.section_names.isdisjoint(map(name_section, names)):
        return
    for name in names:
        for section, text in facts.find_sections(name):
            if section.place == "field" and facts.is_answered(text):
                yield text
