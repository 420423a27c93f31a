"""What Signpost sees of an issue before any rule is asked: layout, sections, boxes, language, captures. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile

from bot.issue.facts import VIEWS, Facts, Text
from bot.rules.captures import find_captures
from bot.rules.conditions.compound import describe_body
from bot.rules.conditions.verdict import Capture, Evidence
from bot.rules.ruleset import Ruleset
from bot.text.markdown import Span
from bot.text.versions import find_versions
from bot.workbench.explain.spans import list_sources, trim_span

_LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenSection:
    """A section: where its heading's text begins (line), in which views it is read, and the start of its answer."""

    name: str
    line: int
    views: tuple[str, ...]
    is_answered: bool
    place: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenBox:
    """A check box."""

    label: str
    is_ticked: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenCapture:
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
class SeenView:
    """A view and how much there is in it."""

    name: str
    texts: int
    characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the bot sees. `body` has those values of the key `body` that are true of it."""

    layout: str
    language: str | None
    association: str
    labels: tuple[str, ...]
    body: tuple[str, ...]
    views: tuple[SeenView, ...]
    sections: tuple[SeenSection, ...]
    boxes: tuple[SeenBox, ...]
    captures: tuple[SeenCapture, ...]


def see_issue(facts: Facts, ruleset: Ruleset) -> Sight:
    """What rules can ask about."""
    captures = {name: c for pack in ruleset.packs for name, c in find_captures(pack.captures, facts).items()}
    return Sight(
        layout=facts.layout.name,
        language=facts.language,
        association=facts.issue.association,
        labels=facts.issue.labels,
        body=describe_body(facts),
        views=tuple(_count_view(name, facts) for name in VIEWS),
        sections=tuple(_see_sections(facts)),
        boxes=tuple(
            SeenBox(label=b.label, is_ticked=b.is_ticked, line=_line_of(facts.body, b.span.start))
            for b in facts.layout.boxes
        ),
        captures=see_captures(captures.values(), list_sources(facts.issue)),
    )


def see_captures(captures: Iterable[Capture], sources: Mapping[str, str]) -> tuple[SeenCapture, ...]:
    """The captures, by name; `sources` as `list_sources` gives them."""
    return tuple(_see_capture(capture, sources) for capture in sorted(captures, key=lambda capture: capture.name))


def _see_capture(capture: Capture, sources: Mapping[str, str]) -> SeenCapture:
    evidence, versions = capture.evidence, find_versions(capture.value) if capture.type == "version" else ()
    line = _find_line(capture.value, evidence, sources[evidence.source]) if evidence else 0
    return SeenCapture(
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


def _find_line(value: str, evidence: Evidence, original: str) -> int:
    """The line of the value itself, where it stands there as it is; else the first that says something."""
    span = trim_span(original, Span(evidence.start, evidence.end))
    found = original.lower().find(value.lower(), *span)
    return _line_of(original, found if found >= 0 else span.start)


def _count_view(name: str, facts: Facts) -> SeenView:
    texts = facts.views[name]
    return SeenView(name=name, texts=len(texts), characters=sum(len(text.raw.strip()) for text in texts))


def _see_sections(facts: Facts) -> Iterator[SeenSection]:
    """Headings and `Key: value` lines, in the order in which they stand."""
    texts = sorted((text for text in facts.texts if text.source == "body"), key=lambda text: text.span)
    ends = [text.span.end for text in texts]
    for section in sorted(facts.layout.sections, key=lambda section: section.span.start):
        text = Text("section", "body", facts.body, section.span)
        inside = _take_until(section.span.end, islice(texts, bisect_right(ends, section.span.start), None))
        answer = text.raw.lstrip()
        yield SeenSection(
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
