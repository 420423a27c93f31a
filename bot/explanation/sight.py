"""What Signpost sees of an issue before any rule is asked: layout, sections, boxes, language, captures. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from bot.explanation.tree import make_place
from bot.issue.facts import VIEWS, Facts
from bot.issue.layout import Section
from bot.issue.version import find_versions
from bot.rules.captures import find_captures
from bot.rules.highlights import list_sources
from bot.rules.rule import Ruleset
from bot.rules.verdict import Capture

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
    """What the bot sees. `body` has those of empty, images_only and template_untouched that are true of it."""

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
    states = (
        ("empty", facts.is_empty),
        ("images_only", facts.is_images_only),
        ("template_untouched", facts.is_template_untouched),
    )
    captures = {name: c for pack in ruleset.packs for name, c in find_captures(pack.captures, facts).items()}
    return Sight(
        layout=facts.layout.name,
        language=facts.language,
        association=facts.issue.association,
        labels=facts.issue.labels,
        body=tuple(name for name, is_so in states if is_so),
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
    return SeenCapture(
        name=capture.name,
        value=capture.value,
        type=capture.type,
        place=capture.place,
        view=evidence.view if evidence else "",
        source=evidence.source if evidence else "",
        line=make_place(evidence, sources).line if evidence else 0,
        also_stated=capture.also_stated,
        parsed=versions[0].text if versions else "",
    )


def _count_view(name: str, facts: Facts) -> SeenView:
    texts = facts.views[name]
    return SeenView(name=name, texts=len(texts), characters=sum(len(text.raw.strip()) for text in texts))


def _see_sections(facts: Facts) -> Iterator[SeenSection]:
    """Headings and `Key: value` lines, in the order in which they stand."""
    for section in sorted(facts.layout.sections, key=lambda section: section.span.start):
        answer = facts.body[section.span.start : section.span.end]
        lead = len(answer) - len(answer.lstrip())
        text = next(text for found, text in facts.find_sections(section.name) if found == section)
        yield SeenSection(
            name=section.name,
            line=_line_of(facts.body, section.span.start + (lead if answer.strip() else 0)),
            views=_views_of(section, facts),
            is_answered=facts.is_answered(text),
            place=section.place,
            answer=" ".join(answer[lead : lead + 2 * _LONGEST].split())[:_LONGEST],
        )


def _views_of(section: Section, facts: Facts) -> tuple[str, ...]:
    start, end = section.span
    inside = (t for t in facts.texts if t.source == "body" and t.span.start < end and start < t.span.end)
    return tuple(
        dict.fromkeys(
            text.view for text in inside if facts.body[max(start, text.span.start) : min(end, text.span.end)].strip()
        )
    )


def _line_of(body: str, position: int) -> int:
    return body.count("\n", 0, position) + 1
