"""Sentences about issues as values: our words, addresses, and the text of strangers, each marked as such. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.comment.links import write_date
from bot.text.printable import reveal_line
from bot.text.redaction import mask_private
from bot.tracker.graph import Address


class Quoted(NamedTuple):
    """Text of a stranger inside a sentence: a file, a version, an error message."""

    text: str


class Page(NamedTuple):
    """A page of GitHub inside a sentence, such as a commit: its name, shown as code, and its URL ("": none)."""

    name: str
    url: str


Part = str | Address | Quoted | Page
Sentence = tuple[Part, ...]
"""The parts of a sentence in order. A presentation decides how to link an address and how to quote a text."""

MOST_LISTED = 5


def say(words: str, *parts: Part | Sentence | datetime) -> Sentence:
    """The sentence in which each `{}` of `words` is replaced by the next part; a moment becomes its date (UTC)."""
    texts, filled = words.split("{}"), list[Part]()
    for text, part in zip(texts, (*parts, ""), strict=True):
        filled += [text, *_flatten(part)]
    return tuple(_merge(filled))


def list_parts(parts: Sequence[Part | Sentence]) -> Sentence:
    """The parts as a sentence lists them: `a`, `a and b`, `a, b and c`; of many, the first five and how many more."""
    shown = [*parts] if len(parts) <= MOST_LISTED + 1 else [*parts[:MOST_LISTED], f"{len(parts) - MOST_LISTED} more"]
    ends = [*([", "] * (len(shown) - 2)), " and ", ""][-len(shown) :]
    return tuple(_merge(each for part, end in zip(shown, ends, strict=True) for each in (*_flatten(part), end)))


def shorten(address: Address, home: str) -> str:
    """`#12` for an issue of the repository `home`, else `owner/name#12`; an issue without a number is `this issue`."""
    if not address.number:
        return "this issue"
    return f"#{address.number}" if address.repository.casefold() == home.casefold() else str(address)


def format_sentence(sentence: Sentence, home: str) -> str:
    """The sentence as plain text, for JSON; in texts of strangers private data is masked and no character hidden."""
    return "".join(_format_part(part, home) for part in sentence)


def _format_part(part: Part, home: str) -> str:
    match part:
        case Address():
            return shorten(part, home)
        case Quoted(text):
            return reveal_line(mask_private(text))
        case Page(name):
            return reveal_line(name)
        case _:
            return part


def _flatten(part: Part | Sentence | datetime) -> Sentence:
    if isinstance(part, datetime):
        return (write_date(part),)
    return (part,) if isinstance(part, (str, Address, Quoted, Page)) else part


def _merge(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, neighbouring words as one, so that equal sentences are equal values."""
    words = ""
    for part in parts:
        if isinstance(part, str):
            words += part
            continue
        if words:
            yield words
        yield part
        words = ""
    if words:
        yield words
