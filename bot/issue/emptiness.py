"""Whether a body has anything to read: nothing, pictures, links, a template as it came, the same words again. Pure."""

import re

from bot.issue.layout import Layout
from bot.text.normalize import collapse

_IMAGE = re.compile(  # each part stops at the sign with which the next one would begin, so that none is read twice
    r"!\[[^\[\]\n]*\]\([^()\n]*\)|<(?:img|video)\b[^<>\n]*>(?:</video>)?|https?://[^\s:]+\.(?:png|jpe?g|gif|mp4|webp)\b"
    r"|https://github\.com/(?:user-attachments/assets|[\w.-]+/[\w.-]+/assets)/[^\s:]+"
)
_LINK = re.compile(r"\[[^\[\]\n]*\]\(https?://[^\s()]*\)|https?://[^\s<>]+")
_BESIDE_LINKS = re.compile(r"[\s<>()*:.,;-]+")
_LONGEST_CHOICE = 40
_SHORTEST_STATEMENT = 12
_LEAST_FIELDS = 2
_LONGEST_LABEL = 4


def find_written(layout: Layout) -> tuple[str, ...]:
    """What stands in the body beside headings and boxes."""
    spans = (piece.span for piece in layout.pieces if piece.kind != "heading")
    return tuple(layout.body[span.start : span.end] for span in spans)


def has_only_images(layout: Layout) -> bool:
    """Whether what was written consists of images, beside the choices of a form."""
    choices = _find_choices(layout)
    written = [text for text in find_written(layout) if text not in choices]
    return any(map(_IMAGE.search, written)) and not any(_IMAGE.sub("", text).strip() for text in written)


def has_only_links(layout: Layout) -> bool:
    """Whether what was written consists of links; images are none."""
    written = find_written(layout)
    if has_only_images(layout) or not any(map(_LINK.search, written)):
        return False
    return not any(_BESIDE_LINKS.sub("", _LINK.sub(" ", text)) for text in written)


def repeats_itself(layout: Layout, title: str) -> bool:
    """Whether all that was written is the title again, or one statement in at least two fields beside short choices."""
    written = [words for text in find_written(layout) if (words := _words_of(text))]
    if not written:
        return False
    longest = max(written, key=len)
    if set(written) == {longest} == {_words_of(title)}:
        return True
    choices = {_words_of(text) for text in _find_choices(layout)}
    is_said_again = written.count(longest) >= _LEAST_FIELDS and len(longest) >= _SHORTEST_STATEMENT
    return is_said_again and all(words == longest or words in choices for words in written)


def is_untouched(layout: Layout) -> bool:
    """Whether there is a template, and nothing was written into it."""
    return bool(layout.body.strip()) and not find_written(layout) and _has_frame(layout)


def _has_frame(layout: Layout) -> bool:
    """Whether there is something to write into.

    Boxes alone are a list of tasks, and a sentence as the highest heading is no label of a template: both are text.
    """
    if any(heading.level == 1 and len(heading.label.split()) > _LONGEST_LABEL for heading in layout.headings):
        return False
    if layout.boxes:
        starts = [box.span.start for box in layout.boxes]
        spans = [section.span for section in layout.sections]
        has_silent_field = any(not any(span.start <= start < span.end for start in starts) for span in spans)
        return layout.name == "form" and has_silent_field
    return bool(layout.sections) or "<!--" in layout.body


def _find_choices(layout: Layout) -> frozenset[str]:
    """One line of a few words in a form is what a dropdown holds (`Windows`), and no description."""
    if layout.name != "form":
        return frozenset()
    prose = (layout.body[piece.span.start : piece.span.end] for piece in layout.pieces if piece.kind == "prose")
    return frozenset(text for text in prose if _is_choice(text))


def _is_choice(text: str) -> bool:
    return len(text) <= _LONGEST_CHOICE and "\n" not in text.strip() and not _IMAGE.search(text)


def _words_of(text: str) -> str:
    """What a text says, without the signs around its words."""
    return "".join(sign for sign in collapse(text) if sign.isalnum())
