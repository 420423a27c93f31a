"""How an issue is laid out: which kind of report it is, its sections, and its pieces of prose, log and quote. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Literal, NamedTuple

from bot.text.markdown import MAX_PARTS, Heading, Span, drop_comments, find_headings, find_hidden, find_next, is_inside
from bot.text.normalize import collapse

PieceKind = Literal["prose", "heading", "log", "errors", "quote"]
SectionView = Literal["body", "logs", "errors", "facts", "ignore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutModel:
    """A kind of report: what its headings look like, and where the text of some of its sections belongs."""

    name: str
    headings: Literal["form", "bold", "any"]
    sections: tuple[tuple[str, SectionView], ...] = ()

    def view_of(self, label: str) -> SectionView | None:
        """The view of a section's text, if the model names one."""
        wanted = name_section(label)
        return next((view for name, view in self.sections if name_section(name) == wanted), None)


class Section(NamedTuple):
    """A heading or a `Key: value` line and its text; `place` says how reliable the value is."""

    name: str
    span: Span
    place: Literal["field", "prose"] = "field"


class Box(NamedTuple):
    """A check box of a list, in any of the spellings that people write."""

    label: str
    is_ticked: bool
    span: Span


class Piece(NamedTuple):
    """A run of text of one kind; a match never spans two pieces."""

    kind: PieceKind
    span: Span


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The layout of a body. `headings` are those that divide it, `covered` are the parts that are code or hidden."""

    body: str
    model: LayoutModel
    headings: tuple[Heading, ...]
    covered: tuple[Span, ...]
    boxes: tuple[Box, ...]
    pieces: tuple[Piece, ...]

    @property
    def name(self) -> str:
        """The kind of report."""
        return self.model.name

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections, and then the `Key: value` lines; computed on first use, because most issues match nothing."""
        key_lines = _key_lines(self.body, self.headings, self.model, self.covered)
        unanswered = _unanswered_keys(self.body, self.covered)
        return (*_sections(self.headings, self.model, len(self.body)), *key_lines, *unanswered)


FORM = LayoutModel(name="form", headings="form")
IN_APP = LayoutModel(
    name="in-app",
    headings="bold",
    sections=(("Bug Description", "body"), ("Environment Info", "facts"), ("Errors", "errors")),
)
LAYOUTS = ("form", "in-app", "editor", "classic", "free", "html")
"""The built-in kinds of report."""

_BOX = re.compile(
    r"^[ \t]{0,12}(?:(?:[-*+]|\d{1,3}[.)])[ \t]{0,4})?(?:\[(?P<mark>[^\]\[\n]{0,3})\](?!\()|(?P<sign>[☐☑✅✔☒]\ufe0f?))"
    r"[ \t]*(?P<label>\S[^\n]*)$",
    re.MULTILINE,
)
_BOX_SIGNS = "[☐☑✅✔☒"
_TICKS = {"x", "√", "✓", "✔", "v", "y", "yes", "✅", "☑", "*", "х"}  # noqa: RUF001 (the last is a Cyrillic x)
_KEY_LINE = re.compile(
    r"^[ \t]{0,12}(?:[-*+•][ \t]{1,4})?(?:\*\*|<b>)?(?P<key>[A-Za-z][\w ./()-]{0,38}?)(?:\*\*|</b>)?[ \t]{0,4}"
    r"[:\uff1a](?:\*\*)?[ \t]+(?P<value>\S[^\n]*)$",
    re.MULTILINE,
)
_UNANSWERED_KEY = (
    re.compile(  # an item of a list that names something and goes on with its sibling, a heading or nothing
        r"^(?P<indent>[ \t]{0,12})[-*][ \t]{1,4}(?P<key>[A-Za-z][\w ./()?-]{0,38}?)[ \t]{0,4}:[ \t]*\r?"
        r"(?=\n(?P=indent)[-*][ \t]|\n\s*#|\s*\Z)",
        re.MULTILINE,
    )
)
_LOG_NAME = re.compile(r"\b(?:logs?|errors?|output|traceback|stack ?trace|console|crash|terminal output|verbose)\b")
_FACTS_NAME = re.compile(
    r"\b(?:environment|system info|version info|setup|your system|desktop|smartphone|about|info)\b"
)
_PASTED = re.compile(
    r"[⎿⏺\u276f✻│]|^Traceback \(most recent|^[ \t]+at \S+ ?\(|^[ \t]*File \"|panicked at|^npm (?:ERR!|error)"
    r"|^[\w.]{0,120}(?:Error|Exception):|^(?:fatal|error|warning)(?:\[\w{1,40}\])?: |\{\"(?:type|error)\":|^\$ "
    r"|^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d",
    re.MULTILINE,
)
_CHOICE_LABEL = re.compile(  # what a form asks for with a list to choose from, or with a word
    r"\b(?:versions?|platform|os|operating systems?|systems?|shell|terminal|model|browser|regression|severity|frequency"
    r"|component|area|editor|ide|device|architecture|provider|plan|subscription|language|region|priority"
    r"|package manager|environment|type|category|install\w* method)\b"
    r"|^(?:is|are|was|do|does|did|have|has|can|which|who|how (?:often|many|much|long))\b"
)
_OPEN_LABEL = re.compile(  # what a form wants to be told
    r"\b(?:what|whats|describe|descriptions?|steps?|reproduc\w*|repro|expect\w*|actual\w*|observed|current|behaviou?rs?"
    r"|happen\w*|problems?|summary|overview|details?|issues?|bugs?|logs?|errors?|outputs?|messages?|traceback"
    r"|stack ?trace|additional|context|info(?:rmation)?|notes?|comments?|screenshots?|workarounds?|how|why|anything"
    r"|else|cause|impact|proposed|solutions?|suggest\w*)\b"
)
_IMAGE = re.compile(  # each part stops at the sign with which the next one would begin, so that none is read twice
    r"!\[[^\[\]\n]*\]\([^()\n]*\)|<(?:img|video)\b[^<>\n]*>(?:</video>)?|https?://[^\s:]+\.(?:png|jpe?g|gif|mp4|webp)\b"
    r"|https://github\.com/(?:user-attachments/assets|[\w.-]+/[\w.-]+/assets)/[^\s:]+"
)
_WRITTEN_LINK = re.compile(r"\[[^\[\]\n]*\]\(https?://[^\s()]*\)|https?://[^\s<>]+")
_BESIDE_LINKS = re.compile(r"[\s<>()*:.,;-]+")
_LONGEST_CHOICE = 60
_MOST_WORDS_OF_A_CHOICE = 3
_PARAGRAPH = re.compile(r"(?:^[ \t]{0,3}>[^\n]*\n?)+|(?:^(?![ \t]{0,3}>)[^\n]*?[^\s][^\n]*\n?)+", re.MULTILINE)
_FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_QUOTE = re.compile(r"[ \t]{0,3}>")
_EMPTY_ANSWERS = {"", "_no response_", "no response", "none", "n/a", "*no response*"}
_TEMPLATE_LINE = re.compile(  # a whole line of GitHub's own default issue templates
    r"""
      a\ clear\ and\ concise\ description\ of\ (?:what|any\ alternative)[^.\n]{0,80}\.
      (?:\ ex\.\ i'm\ always\ frustrated\ .*)?
    | steps\ to\ reproduce\ the\ behavior:
    | (?:1\.\ )?go\ to\ '\.{3}' | (?:2\.\ )?click\ on\ '\.{4}' | (?:3\.\ )?scroll\ down\ to\ '\.{4}'
    | (?:4\.\ )?see\ error
    | if\ applicable,\ add\ screenshots\ to\ help\ explain\ your\ problem\.
    | add\ any\ other\ context\ (?:about\ the\ problem|or\ screenshots\ about\ the\ feature\ request)\ here\.
    | (?:-\ )?(?:device|os|browser|version):?\ *\[e\.g\.\ [\w.,\ ]{1,40}\] | \[e\.g\.\ ios\]
    | [-*]\ [\w\ ./()?-]{1,40}:                        # what `Key: value` looks like before somebody answers
    | \d{1,2}[.)]\ ?\.{3}
    | is\ your\ feature\ request\ related\ to\ a\ problem\?\ please\ describe\.?
    """,
    re.IGNORECASE | re.VERBOSE,
)


@lru_cache(maxsize=4096)
def name_section(label: str) -> str:
    """The form in which names of sections are compared: case, marks, `(optional)` and end punctuation do not count."""
    name = collapse(label[:200]).rstrip(" :?*")
    return name.removesuffix("(optional)").removesuffix("(required)").rstrip(" :?*")


def is_answered(value: str, placeholders: Iterable[str] = ()) -> bool:
    """Whether a section's value says anything: no `_No response_`, bare fence, comment or placeholder."""
    bare = _FENCE_LINE.sub("", drop_comments(value)).strip()
    return bare.lower() not in _EMPTY_ANSWERS and not is_template_text(bare) and bare not in placeholders


def is_choice(text: str, label: str) -> bool:
    """Whether an answer is a choice: by the label of its field, or by its length if the label does not show it."""
    if len(text) > _LONGEST_CHOICE or "\n" in text or has_image(text) or has_link(text):
        return False
    if _CHOICE_LABEL.search(label):
        return True
    return not _OPEN_LABEL.search(label) and len(text.split()) <= _MOST_WORDS_OF_A_CHOICE


def has_image(text: str) -> bool:
    """Whether a text has an image or a video."""
    return _IMAGE.search(text) is not None


def drop_images(text: str) -> str:
    """The text without its images and videos."""
    return _IMAGE.sub("", text)


def has_link(text: str) -> bool:
    """Whether a text has a link with an address."""
    return _WRITTEN_LINK.search(text) is not None


def drop_links(text: str) -> str:
    """The text without its links, their texts and the signs between them."""
    return _BESIDE_LINKS.sub(" ", _WRITTEN_LINK.sub(" ", text))


def is_template_text(text: str) -> bool:
    """Whether every line of a text is from GitHub's default templates; text that a reporter adds below counts."""
    return all(_TEMPLATE_LINE.fullmatch(line) for line in map(str.strip, text.splitlines()) if line)


def read_layout(body: str, models: tuple[LayoutModel, ...] = ()) -> Layout:
    """The layout of a body. `models` are the packs' own kinds of report; the built-in ones come after them."""
    headings = find_headings(body)
    model = _choose_model(body, headings, models)
    known = {name for name, _ in model.sections} if model.headings == "form" else set()
    hidden = find_hidden(body, headings, known)
    covered = sorted([*(whole for whole, _ in hidden.fences), *hidden.comments], key=lambda span: span.start)
    splitting = [h for h in headings if _splits(h, model) and not is_inside(covered, h.start)]
    boxes = tuple(box for box in _boxes(body) if not is_inside(covered, box.span.start))
    return Layout(
        body=body,
        model=model,
        headings=tuple(splitting),
        covered=tuple(covered),
        boxes=boxes,
        pieces=tuple(_pieces(body, splitting, model, hidden.fences, [*hidden.comments, *(b.span for b in boxes)])),
    )


def _choose_model(body: str, headings: tuple[Heading, ...], models: tuple[LayoutModel, ...]) -> LayoutModel:
    for model in (*models, IN_APP):
        labels = {name_section(h.label) for h in headings if _splits(h, model)}
        if len(labels & {name_section(name) for name, _ in model.sections}) >= min(2, len(model.sections) or 1):
            return model
    if re.match(r"\s*<(?:html|body|!doctype|h[1-6]|div|p|section)\b", body, re.IGNORECASE):
        return LayoutModel(name="html", headings="any")
    if re.search(r"^Type: <b>|^(?:VS Code|Extension) version:", body, re.MULTILINE):
        return LayoutModel(name="editor", headings="any")
    if any(_is_form_heading(body, heading) for heading in headings):
        return FORM
    return LayoutModel(name="classic" if headings else "free", headings="any")


def _is_form_heading(body: str, heading: Heading) -> bool:
    """GitHub writes an empty line after each label of an issue form; people who type a heading rarely do."""
    return heading.is_form_label and bool(re.match(r"\r?\n[ \t]*\r?\n", body[heading.end : heading.end + 80]))


def _splits(heading: Heading, model: LayoutModel) -> bool:
    if model.headings == "form":
        return heading.is_form_label
    return model.headings in {"any", heading.style}


def _sections(headings: Sequence[Heading], model: LayoutModel, length: int) -> Iterator[Section]:
    """A known label's answer runs to the next known label: the `###` of an answer is a section of its own beside it."""
    starts = [heading.start for heading in headings]
    known_starts = [heading.start for heading in headings if model.view_of(heading.label)]
    for heading in headings:
        is_known = model.headings == "form" and model.view_of(heading.label)
        end = find_next(known_starts if is_known else starts, heading.start + 1, length)
        yield Section(heading.label, Span(heading.end, end))


def _key_lines(
    body: str, headings: Sequence[Heading], model: LayoutModel, covered: Sequence[Span]
) -> Iterator[Section]:
    starts = [heading.start for heading in headings]
    facts = [_is_facts(heading.label, model) for heading in headings]
    for match in islice(_KEY_LINE.finditer(body), MAX_PARTS):
        if not is_inside(covered, match.start()):
            before = bisect_right(starts, match.start()) - 1
            is_fact = model.name == "editor" or (before >= 0 and facts[before])
            value = Span(match.start("value"), match.start("value") + len(match["value"].rstrip()))
            yield Section(match["key"], value, "field" if is_fact else "prose")


def _unanswered_keys(body: str, covered: Sequence[Span]) -> Iterator[Section]:
    for match in islice(_UNANSWERED_KEY.finditer(body), MAX_PARTS):
        if not is_inside(covered, match.start()):
            yield Section(match["key"], Span(match.end(), match.end()), "prose")


def _is_facts(label: str, model: LayoutModel) -> bool:
    view = model.view_of(label)
    return view == "facts" if view else bool(_FACTS_NAME.search(name_section(label)))


def _boxes(body: str) -> Iterator[Box]:
    if not any(sign in body for sign in _BOX_SIGNS):  # most texts have no box, and to look for one costs more
        return
    for match in islice(_BOX.finditer(body), MAX_PARTS):
        mark = (match["mark"] or "").strip().lower() if match["sign"] is None else match["sign"][0]
        if mark in _TICKS or mark in {"", "☐", "☒", "-"}:
            yield Box(match["label"].rstrip(), mark in _TICKS, Span(match.start(), match.end()))


def _pieces(
    body: str, headings: list[Heading], model: LayoutModel, fences: tuple[tuple[Span, Span], ...], hidden: list[Span]
) -> Iterator[Piece]:
    cuts: list[tuple[Span, Span | None]] = [(_cut_heading(body, h, model), None) for h in headings]
    cuts += [(whole, content) for whole, content in fences]
    cuts += [(span, None) for span in hidden]
    position, view = 0, None
    labels = {heading.start: heading for heading in headings}
    for whole, content in sorted(cuts, key=lambda cut: (cut[0].start, cut[0].end)):
        yield from _read_prose(body, Span(position, whole.start), view)
        if content:
            yield from _piece("errors" if view == "errors" else "log", body, content, view)
        if whole.start in labels:
            view = _view_of_section(labels[whole.start].label, model)
            yield from _read_heading(body, labels[whole.start], whole, model)
        position = max(position, whole.end)
    yield from _read_prose(body, Span(position, len(body)), view)


def _cut_heading(body: str, heading: Heading, model: LayoutModel) -> Span:
    """The span of a heading; empty if it is only the bold start of a sentence."""
    line_end = find_line_end(body, heading.end)
    is_sentence = heading.style == "bold" and body[heading.end : line_end].strip() and not model.view_of(heading.label)
    return Span(heading.start, heading.start if is_sentence else heading.end)


def find_line_end(text: str, position: int) -> int:
    """The end of the line at `position`."""
    end = text.find("\n", position)
    return end if end >= 0 else len(text)


def _read_heading(body: str, heading: Heading, whole: Span, model: LayoutModel) -> Iterator[Piece]:
    """A heading that no form or layout knows is text too: people write their error there, in bold or large."""
    is_of_form = model.headings == "form" and _is_form_heading(body, heading)
    if not is_of_form and not model.view_of(heading.label):
        yield from _piece("heading", body, whole, None)


def _view_of_section(label: str, model: LayoutModel) -> SectionView:
    return model.view_of(label) or ("logs" if _LOG_NAME.search(name_section(label)) else "body")


def _read_prose(body: str, span: Span, view: SectionView | None) -> Iterator[Piece]:
    """Paragraph by paragraph: what looks pasted from a terminal is a log, `>` lines are a quote, the rest is prose."""
    if view == "errors":
        yield from _piece("errors", body, span, view)
        return
    read: Piece | None = None
    for match in _PARAGRAPH.finditer(
        body[span.start : span.end]
    ):  # a slice, since what follows a heading is a line too
        if is_answered(match[0]):
            kind, start, end = _kind_of(match[0], view), span.start + match.start(), span.start + match.end()
            if read and read.kind == kind:
                read = Piece(kind, Span(read.span.start, end))
                continue
            if read:
                yield from _piece(read.kind, body, read.span, view)
            read = Piece(kind, Span(start, end))
    if read:
        yield from _piece(read.kind, body, read.span, view)


def _kind_of(paragraph: str, view: SectionView | None) -> PieceKind:
    if _QUOTE.match(paragraph):
        return "quote"
    return "log" if view == "logs" or _PASTED.search(paragraph) else "prose"


def cut_pasted(text: str) -> str:
    """The text above the first line that looks pasted; "" if there is no such line."""
    pasted = _PASTED.search(text)
    return text[: text.rfind("\n", 0, pasted.start()) + 1] if pasted else ""


def _piece(kind: PieceKind, body: str, span: Span, view: SectionView | None) -> Iterator[Piece]:
    if view != "ignore" and body[span.start : span.end].strip():
        yield Piece(kind, span)
