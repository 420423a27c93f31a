"""The facts of an issue, before any rule: layout, sections, check boxes, language, captures. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile

from bot.issue.facts import VIEWS, Facts, Text
from bot.rules.captures import find_captures
from bot.rules.conditions.issue import describe_body
from bot.rules.conditions.types import Capture, Evidence
from bot.rules.ruleset import Ruleset
from bot.text.versions import find_versions
from bot.workbench.explain.highlights import find_span, list_sources

_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSummary:
    """A section: the line where its answer begins, the views that have it, and the start of its answer."""

    name: str
    line: int
    views: tuple[str, ...]
    is_answered: bool
    place: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSummary:
    """A check box."""

    label: str
    is_ticked: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureSummary:
    """A capture, with the line (of `source`) and the view that it was read in; 0 and "" where it comes from a rule.

    `parsed` is a version as it is compared.
    """

    name: str
    value: str
    type: str
    place: str
    view: str
    source: str
    line: int
    also_stated: tuple[str, ...]
    parsed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewSummary:
    """A view, and the number of texts and characters in it."""

    name: str
    texts: int
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The facts of an issue. `body` has the values of the key `body` that are true of it."""

    layout: str
    language: str | None
    association: str
    labels: tuple[str, ...]
    body: tuple[str, ...]
    views: tuple[ViewSummary, ...]
    sections: tuple[SectionSummary, ...]
    boxes: tuple[BoxSummary, ...]
    captures: tuple[CaptureSummary, ...]


def describe_issue(facts: Facts, ruleset: Ruleset) -> Overview:
    """The facts that rules can test."""
    captures = {name: c for pack in ruleset.packs for name, c in find_captures(pack.captures, facts).items()}
    return Overview(
        layout=facts.layout.name,
        language=facts.language,
        association=facts.issue.association,
        labels=facts.issue.labels,
        body=describe_body(facts),
        views=tuple(_count_view(name, facts) for name in VIEWS),
        sections=tuple(_describe_sections(facts)),
        boxes=tuple(
            BoxSummary(label=b.label, is_ticked=b.is_ticked, line=_line_of(facts.body, b.span.start))
            for b in facts.layout.boxes
        ),
        captures=describe_captures(captures.values(), list_sources(facts.issue)),
    )


def describe_captures(captures: Iterable[Capture], sources: Mapping[str, str]) -> tuple[CaptureSummary, ...]:
    """The captures, by name; `sources` as `list_sources` gives them."""
    return tuple(_describe_capture(capture, sources) for capture in sorted(captures, key=lambda capture: capture.name))


def _describe_capture(capture: Capture, sources: Mapping[str, str]) -> CaptureSummary:
    evidence, versions = capture.evidence, find_versions(capture.value) if capture.type == "version" else ()
    line = _find_line(capture.value, evidence, sources) if evidence else 0
    return CaptureSummary(
        name=capture.name,
        value=capture.value,
        type=capture.type,
        place=capture.place,
        view=evidence.view if evidence else "",
        source=evidence.source if evidence else "",
        line=line,
        also_stated=capture.also_stated,
        parsed=versions[0].text if versions else "",
    )


def _find_line(value: str, evidence: Evidence, sources: Mapping[str, str]) -> int:
    """The line of the value itself, where the text contains it as it is; else the first that says something."""
    original = sources[evidence.source]
    span = find_span(evidence, sources)
    found = original.lower().find(value.lower(), *span)
    return _line_of(original, found if found >= 0 else span.start)


def _count_view(name: str, facts: Facts) -> ViewSummary:
    texts = facts.views[name]
    return ViewSummary(name=name, texts=len(texts), characters=sum(len(text.raw.strip()) for text in texts))


def _describe_sections(facts: Facts) -> Iterator[SectionSummary]:
    """Headings and `Key: value` lines, in the order in which they stand."""
    texts = sorted((text for text in facts.texts if text.source == "body"), key=lambda text: text.span)
    ends = [text.span.end for text in texts]
    for section in sorted(facts.layout.sections, key=lambda section: section.span.start):
        text = Text("section", "body", facts.body, section.span)
        inside = _take_until(section.span.end, islice(texts, bisect_right(ends, section.span.start), None))
        answer = text.raw.lstrip()
        yield SectionSummary(
            name=section.name,
            line=_line_of(facts.body, section.span.end - len(answer) if answer else section.span.start),
            views=tuple(dict.fromkeys(other.view for other in inside if _share_words(text, other))),
            is_answered=facts.is_answered(text),
            place=section.place,
            answer=" ".join(answer[: 2 * _LONGEST].split())[:_LONGEST],
        )


def _take_until(end: int, texts: Iterable[Text]) -> Iterator[Text]:
    return takewhile(lambda text: text.span.start < end, texts)


def _share_words(one: Text, other: Text) -> bool:
    """Whether two texts of the body have more than white space in common."""
    return bool(one.original[max(one.span.start, other.span.start) : min(one.span.end, other.span.end)].strip())


def _line_of(body: str, position: int) -> int:
    return body.count("\n", 0, position) + 1
