"""Phrases: literal text with typed holes, found even if a terminal, JSON or Markdown changed its form. Pure.

Also what a text means that has the type of a hole.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Literal, NamedTuple, get_args

import re2

from bot.text.normalize import collapse, squeeze
from bot.text.versions import find_versions

HoleType = Literal[
    "int",
    "number",
    "version",
    "id",
    "name",
    "word",
    "path",
    "host",
    "url",
    "source",
    "date",
    "time",
    "money",
    "code",
    "any",
]
HOLE_TYPES: tuple[str, ...] = get_args(HoleType)
FREE_TEXT = frozenset({"any", "word", "path"})
"""Types whose captures are the reporter's own words: compared, but never echoed."""

SHORT = 12
"""Phrases with fewer squeezed characters than this are looked for as whole words in the collapsed form only."""

LONGEST_ANY = 200
_LEAST = 2
_LEAST_BESIDE_HOLES = 4
_HOLE = re.compile(r"(?P<braces>\{{1,40})(?P<name>[a-z_][a-z0-9_]*):(?P<type>[a-z]+)\}")
_NEARLY_A_HOLE = re.compile(r"(?<!\{)(?:\{\{)*\{ *(?P<name>[A-Za-z_][\w-]*) *(?::[ \w]*)?\}")
LONGEST_NAME = 100
_NAME_PART = r"[a-z0-9_](?:[a-z0-9_.+-]{0,60}[a-z0-9_+])?"
_PATTERNS = {
    "int": r"-?(?:[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]{1,18})",
    "number": r"-?[0-9]{1,18}(?:[.,][0-9]{1,18}){0,4}",
    "version": (
        r"v?[0-9]{1,8}(?:\.[0-9]{1,8}){1,4}(?:[-.+]?(?:alpha|beta|rc|a|b|dev|pre|nightly|canary)[-.]?[0-9]{0,8})?"
    ),
    "id": r"[a-z0-9][a-z0-9_-]{2,80}",
    # A file or a package, also one in a scope or a part of one (`@scope/pkg`, `pkg/sub`): no path from a root.
    "name": rf"(?:@{_NAME_PART}/)?{_NAME_PART}(?:/{_NAME_PART}){{0,4}}",
    "host": r"(?:localhost|[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){1,8})(?::[0-9]{1,5})?",
    "url": r"https?://[^ '\"<>()`]{1,400}",
    # A path of words with the ending of a source file: narrow enough to be repeated, unlike `path`.
    "source": (
        r"[a-z0-9_][a-z0-9_.+-]*(?:[/\\][a-z0-9_][a-z0-9_.+-]*){1,20}"
        r"\.(?:[cfhmrsz]|cc|cpp|cs|cxx|dart|ex|exs|go|hpp|hs|java|jl|js|jsx|kt|lua|mjs|ml|mm|php|pl|py|rb|rs|scala|swift|ts"
        r"|tsx|vue|zig)\b"
    ),
    "date": (
        r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[a-z]{3,9}\.? ?[0-9]{1,2}(?:st|nd|rd|th)?(?:,? ?[0-9]{4})?"
        r"|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4})"
    ),
    "time": r"[0-9]{1,2}(?::[0-9]{2}){0,2} ?(?:am|pm)?(?: ?\([a-z_/+-]{1,40}\))?",
    "money": r"(?:[$€£¥] ?[0-9][0-9.,]{0,20}|[0-9][0-9.,]{0,20} ?(?:usd|eur|gbp|dollars?|€))",
    "code": r"(?:0x[0-9a-f]{1,16}|-?[0-9]{1,10}|[a-z][a-z0-9_]{2,40})",
}
TYPE_PATTERNS = _PATTERNS | {"word": r"[^ ]{1,80}", "path": r"[^ '\"]{1,260}", "any": r".+?"}
SQUEEZED_PATTERNS = {name: pattern.replace(" ?", "").replace(r"\b", "") for name, pattern in _PATTERNS.items()} | {
    "word": r".{1,40}?",
    "path": r".{1,80}?",
    "any": r".+?",
}


_HOME = re.compile(r".*\b(?:home|users)/[^/]+/", re.IGNORECASE)


def name_source(path: str) -> str:
    """A source file by the name that is the same on all machines: with `/`, and without a home folder."""
    return _HOME.sub("", path.replace("\\", "/"))


_NO_ID = re.compile(r"(?:null|none|nil|undefined|unknown|n/a|[a-z]{1,8}[_-](?:x{3,}|[.*]+)?)$", re.IGNORECASE)


_NO_NAME = re.compile(
    r"(?:null|none|undefined|www\..*|gh-[0-9]+|[0-9a-f]{7,40}|close[sd]?|fix(?:e[sd])?|resolve[sd]?)$", re.IGNORECASE
)
"""What a name never is: nothing, or what GitHub links or obeys (an address, an issue, a commit, a closing keyword).
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""


def is_filled(kind: str, value: str) -> bool:
    """Whether a hole of that type was given a value: an id is never `null`, a bare `req_` or a masked `req_xxxx`."""
    if kind == "name":
        return len(value.strip()) <= LONGEST_NAME and not _NO_NAME.match(value.strip())
    return kind != "id" or not _NO_ID.match(value.strip())


class PhraseError(ValueError):
    """An invalid phrase; the message says what to change."""


class Hole(NamedTuple):
    """A place in a phrase that takes any value of a type; the value becomes a capture."""

    name: str
    type: str


@dataclass(frozen=True)
class Phrase:
    """A phrase, taken apart: its literals, with a hole between each two (`literals` has one more than `holes`)."""

    source: str
    literals: tuple[str, ...]
    holes: tuple[Hole, ...]

    @cached_property
    def squeezed(self) -> str:
        """All literals in squeezed form, without the holes."""
        return "".join(squeeze(collapse(literal)) for literal in self.literals)

    @cached_property
    def collapsed(self) -> str:
        """The collapsed form of a phrase without holes."""
        return collapse(self.literals[0])

    @property
    def is_short(self) -> bool:
        """Whether it must be a whole word of the collapsed form."""
        return not self.holes and len(self.squeezed) < SHORT

    @cached_property
    def collapsed_pattern(self) -> str:
        """RE2 pattern for the collapsed form; the groups are the holes, in order."""
        pieces = [_spaced(literal) for literal in self.literals]
        return _interleave(pieces, [f"({TYPE_PATTERNS[hole.type]})" for hole in self.bounded_holes])

    @cached_property
    def squeezed_pattern(self) -> str:
        """RE2 pattern for the squeezed form; the groups are the holes, in order."""
        pieces = [escape_pattern(squeeze(collapse(literal))) for literal in self.literals]
        return _interleave(pieces, [f"({SQUEEZED_PATTERNS[hole.type]})" for hole in self.bounded_holes])

    @property
    def bounded_holes(self) -> Iterator[Hole]:
        """The holes. A hole of free text at an end of the phrase takes one word, because no text follows to end it."""
        for hole, before, after in zip(self.holes, self.literals, self.literals[1:], strict=False):
            is_at_an_end = (before is self.literals[0] and not before.strip()) or (
                after is self.literals[-1] and not after.strip()
            )
            yield Hole(hole.name, "word") if hole.type == "any" and is_at_an_end else hole


def parse_phrase(source: str) -> Phrase:
    """Read a phrase. `{name:type}` is a hole, `{{` a literal brace; raises PhraseError."""
    literals, holes, position = list[str](), list[Hole](), 0
    for match in _HOLE.finditer(source):
        if len(match["braces"]) % 2:
            literals.append(_read_literal(source[position : match.end("braces") - 1]))
            holes.append(Hole(match["name"], match["type"]))
            position = match.end()
    phrase = Phrase(source, (*literals, _read_literal(source[position:])), tuple(holes))
    _check_holes(phrase.holes)
    _check_text(phrase)
    return phrase


def _read_literal(text: str) -> str:
    if nearly := _NEARLY_A_HOLE.search(text):
        message = (
            f"`{nearly[0]}` is not a valid hole; write it like `{{{nearly['name'].lower()}:int}}`, "
            "or write `{{` for a literal brace"
        )
        raise PhraseError(message)
    return text.replace("{{", "{")


def _check_holes(holes: tuple[Hole, ...]) -> None:
    for index, hole in enumerate(holes):
        if hole.type not in HOLE_TYPES:
            near = get_close_matches(hole.type, HOLE_TYPES, 1)
            advice = f"did you mean `{near[0]}`? Allowed" if near else "allowed"
            known = ", ".join(HOLE_TYPES)
            message = f"unknown hole type `{hole.type}`; {advice}: {known}. For a literal brace, write `{{{{`"
            raise PhraseError(message)
        if hole.name in {other.name for other in holes[:index]}:
            message = f"two holes have the name `{hole.name}`; give each its own name"
            raise PhraseError(message)


def _check_text(phrase: Phrase) -> None:
    if len(phrase.squeezed) < (_LEAST_BESIDE_HOLES if phrase.holes else _LEAST):
        message = "the phrase has too little text to search for; write more of the message"
        raise PhraseError(message)
    for literal, (first, second) in zip(
        phrase.literals[1:], zip(phrase.holes, phrase.holes[1:], strict=False), strict=False
    ):
        if not squeeze(collapse(literal)):
            message = f"the holes `{first.name}` and `{second.name}` have no text between them; add some"
            raise PhraseError(message)


def find_word(text: str, word: str) -> int:
    """The position of the word as a whole word in the text (no letter, digit or underscore touches it), or -1.

    Unicode classes would do the same in RE2, at a millisecond a pattern.
    """
    position = text.find(word)
    while position >= 0:
        end = position + len(word)
        if not (_is_word(word[0]) and _is_word(text[position - 1 : position])) and not (
            _is_word(word[-1]) and _is_word(text[end : end + 1])
        ):
            return position
        position = text.find(word, position + 1)
    return -1


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _spaced(literal: str) -> str:
    """A literal whose spaces may be missing; spaces at its ends count, they part it from a hole."""
    words = [escape_pattern(word) for word in collapse(literal).split(" ")]
    return " ?" * literal[:1].isspace() + " ?".join(words) + " ?" * (literal[-1:].isspace() and bool(literal.strip()))


def _interleave(pieces: list[str], groups: list[str]) -> str:
    return "".join(piece + group for piece, group in zip(pieces, [*groups, ""], strict=True))


def escape_pattern(text: str) -> str:
    """The RE2 pattern that matches this text and no other."""
    return re.sub(r"([^\w ])", r"\\\1", text, flags=re.ASCII) if text.isascii() else "".join(map(_escape_sign, text))


def _escape_sign(sign: str) -> str:
    return re.sub(r"([^\w ])", r"\\\1", sign, flags=re.ASCII) if sign.isascii() else sign


def list_holes(source: str) -> list[tuple[str, str]]:
    """The names and types of the holes of a phrase; none of an invalid one, which is reported where it is compiled."""
    try:
        return [(hole.name, hole.type) for hole in parse_phrase(source).holes]
    except PhraseError:
        return []


@dataclass(frozen=True)
class Values:
    """What is meant by a text: `type` says how it is read, unless `meanings` maps what is written to what it means."""

    type: str
    meanings: tuple[tuple[str, str], ...] = ()
    product: str = ""

    def read(self, written: str) -> tuple[str, ...]:
        """What is meant; of several versions the one first that most surely is the product's."""
        if self.meanings:
            collapsed = collapse(written)
            return tuple([meaning for key, meaning in self.meanings if _states(collapsed, key)][:1])
        if self.type == "version":
            return tuple(stated.text for stated in find_versions(written, self.product))
        if self.type == "any":
            return (written,) if written else ()
        match = re2.search(f"(?i){TYPE_PATTERNS[self.type]}", collapse(written))
        if match and self.type == "source":
            return (name_source(match[0]),)
        return (match[0],) if match and is_filled(self.type, match[0]) else ()


def order_meanings(meanings: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What is written, collapsed, and what it means; the longest first: `windows nt` before `windows`."""
    return tuple((collapse(key), value) for key, value in sorted(meanings.items(), key=lambda item: -len(item[0])))


def has_text(key: str) -> bool:
    """Whether a key of a map has text to search for."""
    return bool(collapse(key))


def _states(collapsed: str, key: str) -> bool:
    """Whether the text states the key: nothing of a word before it, no letter after it (`windows11` is one)."""
    position = collapsed.find(key)
    while position >= 0:
        end = position + len(key)
        if not collapsed[max(0, position - 1) : position].isalnum() and not collapsed[end : end + 1].isalpha():
            return True
        position = collapsed.find(key, position + 1)
    return False
