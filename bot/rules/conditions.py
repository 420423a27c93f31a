"""The conditions of the rule language: each looks at the facts and answers with a verdict. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import re2

from bot.issue.codes import normalise_code
from bot.issue.facts import Facts, Text
from bot.issue.markdown import Span, drop_comments
from bot.issue.normal import collapse
from bot.issue.version import VersionRange, find_versions
from bot.rules.phrase import LONGEST_ANY, Phrase
from bot.rules.verdict import Capture, Captures, Evidence, Place, Verdict, make_evidence

Pattern = Any  # google-re2 ships no types
_LINK = re.compile(
    r"""(?P<link>https?://[^\s<>()\[\]{}"'`]+)|(?<![\w@./+-])(?P<host>[\w-]+(?:\.[\w-]+)+)(?![\w@-]|\.\w)""",
    re.IGNORECASE,
)
_MOST_TRIES = 20
_SLACK = 40
_MOST_LINKS = 100


@dataclass(frozen=True, slots=True)
class Needle:
    """A pattern of which a condition needs a match, in one of the normal forms: what the prefilter looks for."""

    form: Literal["collapsed", "squeezed"]
    pattern: str


class Condition(Protocol):
    """Something that holds of an issue, or does not."""

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """Patterns of which at least one occurs if the condition holds; None where it may hold without any."""

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        """Whether it holds, and why."""


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
    """The key `phrase`."""

    phrase: Phrase
    views: tuple[str, ...]
    collapsed: Pattern
    squeezed: Pattern

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        if any(view.startswith("section:") for view in self.views):
            return None
        if self.phrase.is_short:
            return (Needle("collapsed", self.phrase.collapsed_pattern),)
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

    def _find(self, text: Text) -> tuple[Span, list[str]] | None:
        """In the squeezed form first, since a terminal wraps inside words: it has all that the collapsed form has."""
        if self.phrase.is_short:
            match = self.collapsed.search(text.collapsed)
            return (text.locate_collapsed(*match.span(1)), []) if match else None
        if not self.phrase.holes:
            start = text.squeezed.find(self.phrase.squeezed)
            return (text.locate_squeezed(start, start + len(self.phrase.squeezed)), []) if start >= 0 else None
        in_squeezed = _search(self.squeezed, text.squeezed, text, text.locate_squeezed)
        if not in_squeezed:
            return None
        return _search(self.collapsed, text.collapsed, text, text.locate_collapsed) or in_squeezed

    def _capture(self, values: list[str], text: Text, evidence: Evidence) -> tuple[Capture, ...]:
        return tuple(
            Capture(name=hole.name, value=value, type=hole.type, place=place_of(text.view), evidence=evidence)
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


class _NeedsNoText:
    """A condition that may hold whatever the texts say."""

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        return None


@dataclass(frozen=True)
class SectionHolds(_NeedsNoText):
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
class SectionIsSilent(_NeedsNoText):
    """`section:` with `empty:` or `missing:`: about all sections of that name."""

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
        return any(host == w or host.endswith("." + w) for host in _find_hosts(text.raw) for w in wanted)

    return test


def _find_hosts(text: str) -> list[str]:
    """The hosts of links, with or without `https://`; an e-mail address is no link."""
    links = islice(_LINK.finditer(drop_comments(text)), _MOST_LINKS)
    hosts = (_read_host(link["link"]) if link["link"] else link["host"].lower() for link in links)
    return [host for host in hosts if host]


def _read_host(link: str) -> str | None:
    try:
        return urlsplit(link).hostname
    except ValueError:
        return None


@dataclass(frozen=True)
class CheckboxHolds(_NeedsNoText):
    """The key `checkbox`."""

    label: str
    is_ticked: bool

    def evaluate(self, facts: Facts, captures: Captures) -> Verdict:
        del captures
        wanted = f'checkbox: "{self.label}", ticked: {str(self.is_ticked).lower()}'
        boxes = [box for box in facts.layout.boxes if _collapse_label(self.label) in _collapse_label(box.label)]
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
class VersionHolds(_NeedsNoText):
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
class CaptureHolds(_NeedsNoText):
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
class CodeHolds(_NeedsNoText):
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
class FrameHolds(_NeedsNoText):
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


@dataclass(frozen=True)
class IssueHolds(_NeedsNoText):
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


_ABOUT: Mapping[str, Callable[[Facts], tuple[str, ...]]] = {
    "label": lambda facts: facts.issue.labels,
    "no_label": lambda facts: facts.issue.labels,
    "author": lambda facts: (facts.issue.association,),
    "language": lambda facts: (facts.language or "unknown",),
    "layout": lambda facts: (facts.layout.name,),
    "body": lambda facts: tuple(
        name
        for name, is_so in (
            ("empty", facts.is_empty),
            ("images_only", facts.is_images_only),
            ("template_untouched", facts.is_template_untouched),
        )
        if is_so
    ),
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
class NoneHolds(_NeedsNoText):
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
