"""Variants of an example: the same issue, with its messages changed in all the ways that change no meaning. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from bot.github.tracker import Issue
from bot.rules.messages import Message, read_source, write_source
from bot.rules.transformations import TRANSFORMATIONS, Need, Transformation

LONGEST_TITLE = 256
"""Characters that GitHub takes as a title."""

_OF_TITLES = frozenset({"case", "quotes"})
"""What happens to a title that a person wrote."""

_BETWEEN = " | "


class Moved(NamedTuple):
    """A place in a variant where a message stands now, and the view that it was in."""

    source: str
    start: int
    end: int
    view: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A changed example. `moves` are the views (from, to) that a message went between; `places` where messages are.

    `needs` is what the transformation takes for granted.
    """

    group: str
    name: str
    issue: Issue
    places: tuple[Moved, ...] = ()
    moves: frozenset[tuple[str, str]] = frozenset()
    needs: frozenset[Need] = frozenset()


class Refusal(NamedTuple):
    """A transformation that is not applicable, and why."""

    name: str
    reason: str


_REASONS: dict[Need, str] = {
    "lines": "it is one line by its nature",
    "words": "whole words are looked for",
    "frames": "a stack frame is one whole line",
    "prose": "the rule asks for the language",
    "place": "a regex says where the text begins or ends, or how long it is",
}
NO_TEXT = "the rule rests on no text here"
TOO_LONG = "too long for a title"
ESCAPED = "escaped as often as JSON in JSON is"


def make_variants(issue: Issue, messages: tuple[Message, ...], missing: frozenset[Need]) -> Iterator[Variant | Refusal]:
    """Each transformation's variant, or why there is none; one that changes nothing is left out.

    `missing` are the needs that the rule and the example as a whole do not meet.
    """
    for transformation in TRANSFORMATIONS:
        yield from _apply(issue, messages, transformation, missing)
    yield from _change_line_ends(issue)
    yield from _fence(issue, messages)
    yield from _move_to_title(issue, messages)
    yield from _move_to_body(issue, messages)


def _apply(
    issue: Issue, messages: tuple[Message, ...], transformation: Transformation, missing: frozenset[Need]
) -> Iterator[Variant | Refusal]:
    if not messages:
        yield Refusal(transformation.name, NO_TEXT)
        return
    if unmet := next((need for need in _REASONS if need in transformation.needs & missing), None):
        yield Refusal(transformation.name, _REASONS[unmet])
        return
    able = [message for message in messages if _can_take(message, transformation)]
    if not able:
        yield Refusal(transformation.name, _REASONS["lines"])
        return
    changed = [(m, transformation.apply(read_source(issue, m.source)[m.start : m.end], m.focus)) for m in able]
    texts = [(message, text) for message, text in changed if text is not None]
    if not texts and transformation.name != "escaped as JSON in ASCII":
        yield Refusal(transformation.name, ESCAPED)
        return
    variant, places = _replace(issue, texts)
    if variant != issue:
        yield Variant(transformation.group, transformation.name, variant, places, needs=transformation.needs)


def _can_take(message: Message, transformation: Transformation) -> bool:
    if message.is_title_of_report:
        return transformation.group in _OF_TITLES
    return not (message.is_one_line and "lines" in transformation.needs)


def _replace(issue: Issue, texts: Iterable[tuple[Message, str]]) -> tuple[Issue, tuple[Moved, ...]]:
    """The issue with those messages as the texts say, and where they stand now."""
    places, shifts = list[Moved](), dict[str, int]()
    for message, text in texts:
        whole, shift = read_source(issue, message.source), shifts.get(message.source, 0)
        start = message.start + shift
        issue = write_source(issue, message.source, whole[:start] + text + whole[message.end + shift :])
        shifts[message.source] = shift + len(text) - (message.end - message.start)
        places.append(Moved(message.source, start, start + len(text), message.view))
    return issue, tuple(places)


def _change_line_ends(issue: Issue) -> Iterator[Variant]:
    """Line ends as browsers send them, in all of the issue."""
    comments = tuple(replace(comment, body=_end_lines(comment.body)) for comment in issue.comments)
    variant = replace(issue, body=_end_lines(issue.body), comments=comments)
    if variant != issue:
        yield Variant("line-ends", "with CRLF line ends", variant)


def _end_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _fence(issue: Issue, messages: tuple[Message, ...]) -> Iterator[Variant | Refusal]:
    name = "moved into a fence"
    prose = [message for message in messages if message.view == "body" and message.source == "body"]
    able = [message for message in prose if not message.is_one_line]
    if prose and not able:
        yield Refusal(name, _REASONS["lines"])
    if able:
        texts = [(message, f"\n````text\n{issue.body[message.start : message.end]}\n````\n") for message in able]
        variant, _ = _replace(issue, texts)
        yield Variant("move", name, variant, moves=frozenset({("body", "logs")}))


def _move_to_title(issue: Issue, messages: tuple[Message, ...]) -> Iterator[Variant | Refusal]:
    name = "moved to the title"
    below = [message for message in messages if message.source == "body" and message.view != "errors"]
    if not below:
        return
    texts = [" ".join(issue.body[message.start : message.end].split()) for message in below]
    title = _BETWEEN.join(filter(None, [issue.title, *texts]))
    if len(title) > LONGEST_TITLE:
        yield Refusal(name, TOO_LONG)
        return
    variant, _ = _replace(replace(issue, title=title), [(message, "") for message in below])
    yield Variant("move", name, variant, moves=frozenset((message.view, "title") for message in below))


def _move_to_body(issue: Issue, messages: tuple[Message, ...]) -> Iterator[Variant]:
    above = [message for message in messages if message.source == "title" and not message.is_title_of_report]
    if above:
        text = _BETWEEN.join(issue.title[message.start : message.end] for message in above)
        variant, _ = _replace(issue, [(message, "") for message in above])
        variant = replace(variant, body=f"{text}\n\n{issue.body}")
        yield Variant("move", "moved from the title to the body", variant, moves=frozenset({("title", "body")}))
