"""The facts of one issue: its views in both normal forms, its sections, and whether it has content. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from bot.issue.layout import (
    Box,
    Layout,
    LayoutModel,
    PieceKind,
    Section,
    drop_images,
    drop_links,
    has_image,
    has_link,
    is_answered,
    is_choice,
    name_section,
    read_layout,
)
from bot.issue.own_words import MARKER_START, has_our_words, list_comments
from bot.text.exit_codes import StatedCode, find_codes
from bot.text.language import detect_language
from bot.text.markdown import Span, is_inside
from bot.text.normalize import (
    MAX_CHARACTERS,
    Trace,
    collapse,
    collapse_lines,
    squeeze,
    trace_collapse,
    trace_squeeze,
)
from bot.tracker.types import Issue

if TYPE_CHECKING:
    from bot.text.stack_frames import Frame

VIEWS = ("title", "body", "logs", "errors", "comments")
DEFAULT_VIEWS = ("title", "body", "logs")
_VIEW_OF_PIECE: Mapping[PieceKind, str] = {
    "prose": "body",
    "heading": "body",
    "log": "logs",
    "quote": "logs",
    "errors": "errors",
}
_POINTER = re.compile(  # it only says where to look
    r"(?:please )?(?:(?:see|look at|check|refer to|as in|same as|as per|shown in) )?(?:the )?"
    r"(?:attached |above |below )?(?:screen ?shots?|images?|pictures?|photos?|pics?|videos?|attachments?|attached|above"
    r"|below|title|links?)(?: (?:attached|above|below|here))?"
)
_SHORTEST_STATEMENT = 12
_LEAST_FIELDS = 2
_LONGEST_LABEL = 4


@dataclass(frozen=True)
class Text:
    """A run of an issue's text that is read as one.

    `source` names its place (`title`, `body`, `comment 1`, …), `original` is that whole text, `span` our part of it.
    If `is_placed` is false, places inside the text are not needed: the answer is the whole text, at no cost.
    `is_code`: it is the content of a fence.
    """

    view: str
    source: str
    original: str
    span: Span
    is_placed: bool = True
    is_code: bool = False

    @cached_property
    def raw(self) -> str:
        """Our part, as it was written."""
        return self.original[self.span.start : self.span.end]

    @cached_property
    def collapsed(self) -> str:
        """The collapsed form (see `bot.text.normalize`)."""
        return collapse(self.raw)

    @cached_property
    def lines(self) -> str:
        """The collapsed form with its line ends; each sign has the same place as in `collapsed`."""
        return collapse_lines(self.raw)

    @cached_property
    def squeezed(self) -> str:
        """The squeezed form."""
        return squeeze(self.collapsed)

    @cached_property
    def codes(self) -> tuple[StatedCode, ...]:
        """The exit and status codes of the collapsed form."""
        return find_codes(self.collapsed)

    @cached_property
    def frames(self) -> "Mapping[Literal['top', 'any'], tuple[Frame, ...]]":
        """The stack frames; `top` has the innermost of each trace."""
        from bot.text.stack_frames import find_frames

        return {"top": find_frames(self.raw, "top"), "any": find_frames(self.raw, "any")}

    @cached_property
    def _collapsed_trace(self) -> Trace:
        return trace_collapse(self.raw)

    @cached_property
    def _squeezed_trace(self) -> Trace:
        return trace_squeeze(self.raw)

    def locate_collapsed(self, start: int, end: int) -> Span:
        """The place in `original` of a span of the collapsed form."""
        if not self.is_placed:
            return self.span
        return self._shift(self._collapsed_trace.locate(start, end))

    def locate_squeezed(self, start: int, end: int) -> Span:
        """The place in `original` of a span of the squeezed form."""
        if not self.is_placed:
            return self.span
        return self._shift(self._squeezed_trace.locate(start, end))

    def _shift(self, span: tuple[int, int]) -> Span:
        return Span(self.span.start + span[0], self.span.start + span[1])


class Placeholder(NamedTuple):
    """An answer that counts as none, in the form field of that name; without a name in any field."""

    text: str
    section: str = ""


@dataclass(frozen=True)
class Facts:
    """The facts of an issue. Each is computed when it is first used.

    If `is_placed` is false, evidence names only its text, not its place there: a match then takes a third of the time.
    If `has_dump` is false, the facts leave out the error dump of an in-app report.
    """

    issue: Issue
    models: tuple[LayoutModel, ...] = ()
    placeholders: frozenset[Placeholder] = frozenset()
    is_placed: bool = True
    has_dump: bool = True

    @cached_property
    def without_dump(self) -> "Facts":
        """What the report itself says, without the error dump, a ring buffer of unrelated noise (N2)."""
        return replace(self, has_dump=False)

    @cached_property
    def body(self) -> str:
        """The body that is read: at most 65,536 characters."""
        return self.issue.body[:MAX_CHARACTERS]

    @cached_property
    def layout(self) -> Layout:
        """The layout of the body."""
        return read_layout(self.body, self.models)

    @cached_property
    def views(self) -> dict[str, tuple[Text, ...]]:
        """The texts of each view of the rule language, in the order of the issue."""
        views: dict[str, list[Text]] = {view: [] for view in VIEWS}
        views["title"].append(Text("title", "title", self.issue.title, Span(0, len(self.issue.title)), self.is_placed))
        for piece in self.layout.pieces:
            is_code = is_inside(self.layout.covered, piece.span.start)
            text = Text(_VIEW_OF_PIECE[piece.kind], "body", self.body, piece.span, self.is_placed, is_code)
            is_read = self.has_dump or piece.kind != "errors"
            if is_read and (piece.kind != "quote" or not _quotes_us(text)):
                views[text.view].append(text)
        views["comments"] += _read_comments(self.issue, is_placed=self.is_placed)
        return {view: tuple(texts) for view, texts in views.items()}

    @cached_property
    def texts(self) -> tuple[Text, ...]:
        """The texts of all views."""
        return tuple(text for view in VIEWS for text in self.views[view])

    def find_texts(self, views: tuple[str, ...]) -> tuple[Text, ...]:
        """The texts of several views; `section: NAME` is a view too."""
        return tuple(text for view in views for text in self._texts_of(view))

    def _texts_of(self, view: str) -> tuple[Text, ...]:
        if view in self.views:
            return self.views[view]
        return tuple(text for _, text in self.find_sections(view.removeprefix("section:").strip()))

    @cached_property
    def _sections_by_name(self) -> dict[str, list[Section]]:
        sections: dict[str, list[Section]] = {}
        for section in self.layout.sections:
            if not self.has_dump and self.layout.model.view_of(section.name) == "errors":
                continue
            sections.setdefault(name_section(section.name), []).append(section)
        return sections

    @cached_property
    def section_names(self) -> frozenset[str]:
        """The names of all sections, in the form in which they are compared."""
        return frozenset(self._sections_by_name)

    def find_sections(self, name: str) -> tuple[tuple[Section, Text], ...]:
        """All sections of that name (a form may be pasted inside a form), fields before `Key: value` lines in prose.

        The view of a text has the name from the rule: the heading of a reporter may contain a link or an image.
        """
        found = self._sections_by_name.get(name_section(name), [])
        found = sorted(found, key=lambda section: section.place != "field")
        view = f"section: {name}"
        return tuple((section, Text(view, "body", self.body, section.span, self.is_placed)) for section in found)

    def find_boxes(self, section: str | None = None) -> tuple[Box, ...]:
        """The check boxes; with the name of a section those in it."""
        if section is None:
            return self.layout.boxes
        spans = [found.span for found, _ in self.find_sections(section)]
        return tuple(box for box in self.layout.boxes if any(start <= box.span.start < end for start, end in spans))

    def is_answered(self, text: Text) -> bool:
        """Whether a section's text says anything (no `_No response_`, no bare fence, no placeholder)."""
        return is_answered(text.raw, self._list_placeholders(text))

    def is_placeholder(self, text: Text) -> bool:
        """Whether a section's text is one of the pack's placeholders."""
        return text.raw.strip() in self._list_placeholders(text)

    def _list_placeholders(self, text: Text) -> frozenset[str]:
        """The placeholders of the field that a text stands in."""
        name = name_section(text.view.removeprefix("section:"))
        return frozenset(
            each.text for each in self.placeholders if not each.section or name_section(each.section) == name
        )

    @cached_property
    def is_empty(self) -> bool:
        """Whether the body is blank."""
        return not self.body.strip()

    @cached_property
    def _answers(self) -> tuple[tuple[str, bool], ...]:
        """The texts of the body without headings and boxes, each with whether it is a choice in a list of the form."""
        return tuple(_read_answers(self.layout))

    @cached_property
    def _choices(self) -> tuple[str, ...]:
        return tuple(text for text, is_choice in self._answers if is_choice)

    @cached_property
    def _stated(self) -> tuple[str, ...]:
        return tuple(text for text, is_choice in self._answers if not is_choice)

    @cached_property
    def own_texts(self) -> tuple[str, ...]:
        """What the reporter wrote or pasted: the body without headings, boxes, choices of a form, and error dumps."""
        return tuple(text for text, is_choice, view in _read_fields(self.layout) if not is_choice and view is None)

    @cached_property
    def is_images_only(self) -> bool:
        """Whether the reporter wrote only images, apart from the choices of a form."""
        return any(map(has_image, self._stated)) and not any(_says(drop_images(text)) for text in self._stated)

    @cached_property
    def is_links_only(self) -> bool:
        """Whether the reporter wrote only links, apart from the choices of a form; images do not count as links."""
        if self.is_images_only or not any(map(has_link, self._stated)):
            return False
        return not any(_says(drop_links(text)) for text in self._stated)

    @cached_property
    def is_repeated(self) -> bool:
        """Whether the reporter only repeated the title, or one statement in at least two fields apart from choices."""
        if self.is_images_only or self.is_links_only:
            return False
        stated = [words for text in self._stated if (words := _words_of(text))]
        if not stated or len(set(stated)) > 1:
            return False
        is_title = stated[0] == _words_of(self.issue.title) and not self._choices
        repeated = [*stated, *(text for text in map(_words_of, self._choices) if text == stated[0])]
        return is_title or (len(repeated) >= _LEAST_FIELDS and len(stated[0]) >= _SHORTEST_STATEMENT)

    @cached_property
    def is_template_untouched(self) -> bool:
        """Whether there is a template, and the reporter wrote nothing into it."""
        return not self.is_empty and not self._answers and _has_frame(self.layout)

    @cached_property
    def language(self) -> str | None:
        """The language of title and prose, as an ISO 639-1 code; None if there is too little text.

        People write a line above a pasted log, and the paragraph then counts as a log: so logs are used if the prose
        does not decide.
        """
        views = (("title", "body"), ("logs",))
        found = (detect_language(" ".join(text.raw for text in self.find_texts(names))) for names in views)
        return next(filter(None, found), None)


def _quotes_us(quote: Text) -> bool:
    """Whether a quote is of our own comment, whose marker is an HTML comment after the text of the quote."""
    return has_our_words(quote.original, quote.span.start, quote.span.end + len(MARKER_START))


def _read_comments(issue: Issue, *, is_placed: bool) -> Iterator[Text]:
    """Those of the reporter, without quotes."""
    for source, body in list_comments(issue):
        layout = read_layout(body)
        for piece in layout.pieces:
            if piece.kind != "quote":
                yield Text("comments", source, body, piece.span, is_placed, is_inside(layout.covered, piece.span.start))


def extract_facts(
    issue: Issue, models: tuple[LayoutModel, ...] = (), placeholders: frozenset[Placeholder] = frozenset()
) -> Facts:
    """The facts of an issue; `models` are the packs' own layouts, `placeholders` are answers that count as empty."""
    return Facts(issue, models, placeholders)


def _has_frame(layout: Layout) -> bool:
    """Whether there is a template to write into.

    Boxes alone are a list of tasks, and a sentence as the highest heading is not a label of a template: both are text.
    """
    if any(heading.level == 1 and len(heading.label.split()) > _LONGEST_LABEL for heading in layout.headings):
        return False
    if layout.boxes:
        starts = [box.span.start for box in layout.boxes]
        spans = [section.span for section in layout.sections]
        has_silent_field = any(not any(span.start <= start < span.end for start in starts) for span in spans)
        return layout.name == "form" and has_silent_field
    return bool(layout.sections) or "<!--" in layout.body


def _read_answers(layout: Layout) -> Iterator[tuple[str, bool]]:
    return ((text, is_choice) for text, is_choice, _ in _read_fields(layout))


def _read_fields(layout: Layout) -> Iterator[tuple[str, bool, Literal["errors", "facts"] | None]]:
    """The texts below headings, whether each is a choice, and its view if it is a dump or what a program collected."""
    starts = [heading.start for heading in layout.headings]
    for piece in layout.pieces:
        if piece.kind != "heading":
            text = layout.body[piece.span.start : piece.span.end]
            before = bisect_right(starts, piece.span.start) - 1
            label = layout.headings[before].label if before >= 0 else ""
            is_field = layout.name == "form" and piece.kind == "prose"
            is_chosen = is_field and is_choice(text.strip(), name_section(label))
            view = layout.model.view_of(label) if label else None
            yield text, is_chosen, "errors" if piece.kind == "errors" else "facts" if view == "facts" else None


def _says(text: str) -> bool:
    """Whether a text says something: it has words, and is not only a pointer to another place."""
    collapsed = collapse(text).strip(" .,:;!()[]-")
    return bool(_words_of(text)) and not _POINTER.fullmatch(collapsed)


def _words_of(text: str) -> str:
    """The letters and digits of a text, without punctuation and spaces."""
    return "".join(sign for sign in collapse(text) if sign.isalnum())
