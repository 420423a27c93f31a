"""Phrases: literal text with typed holes, found however a terminal, JSON or Markdown has mangled it. Pure."""

import re
from dataclasses import dataclass
from functools import cached_property

from bot.issue.normal import collapse, squeeze

HOLE_TYPES = ("int", "number", "version", "id", "word", "path", "host", "url", "date", "time", "money", "code", "any")
FREE_TEXT = frozenset({"any", "word", "path"})
"""Types whose captures are the reporter's own words: compared, but never echoed."""

SHORT = 12
"""Phrases with fewer squeezed characters than this are looked for as whole words in the collapsed form only."""

LONGEST_ANY = 200
_HOLE = re.compile(r"\{(?P<name>[a-z_][a-z0-9_]*):(?P<type>[a-z]+)\}")
_NOT_WORD = r"[^\pL\pN_]"
_PATTERNS = {
    "int": r"-?(?:[0-9]{1,3}(?:[,_][0-9]{3})+|[0-9]{1,18})",
    "number": r"-?[0-9]{1,18}(?:[.,][0-9]{1,18}){0,4}",
    "version": r"v?[0-9]{1,8}(?:\.[0-9]{1,8}){1,4}(?:[-.+]?(?:alpha|beta|rc|a|b|dev|pre|nightly|canary)[-.]?[0-9]{0,8})?",
    "id": r"[a-z0-9][a-z0-9_-]{2,80}",
    "host": r"(?:localhost|[a-z0-9][a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63}){1,8})(?::[0-9]{1,5})?",
    "url": r"https?://[^ '\"<>()`]{1,400}",
    "date": r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[a-z]{3,9}\.? ?[0-9]{1,2}(?:st|nd|rd|th)?(?:,? ?[0-9]{4})?|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2,4})",
    "time": r"[0-9]{1,2}(?::[0-9]{2}){0,2} ?(?:am|pm)?(?: ?\([a-z_/+-]{1,40}\))?",
    "money": r"(?:[$€£¥] ?[0-9][0-9.,]{0,20}|[0-9][0-9.,]{0,20} ?(?:usd|eur|gbp|dollars?|€))",
    "code": r"(?:0x[0-9a-f]{1,16}|-?[0-9]{1,10}|[a-z][a-z0-9_]{2,40})",
}
TYPE_PATTERNS = _PATTERNS | {"word": r"[^ ]{1,80}", "path": r"[^ '\"]{1,260}", "any": r".+?"}
_SQUEEZED = {name: pattern.replace(" ?", "") for name, pattern in _PATTERNS.items()} | {
    "word": r".{1,40}?",
    "path": r".{1,80}?",
    "any": r".+?",
}


class PhraseError(ValueError):
    """A phrase that cannot be looked for; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Hole:
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

    @property
    def is_short(self) -> bool:
        """Whether it is matched at word boundaries in the collapsed form only."""
        return not self.holes and len(self.squeezed) < SHORT

    @cached_property
    def collapsed_pattern(self) -> str:
        """RE2 pattern for the collapsed form; the groups are the holes, in order."""
        if self.is_short:
            return _at_word_boundaries(collapse(self.source))
        pieces = [_spaced(literal) for literal in self.literals]
        return _interleave(pieces, [f"({TYPE_PATTERNS[hole.type]})" for hole in self._ending_greedily()])

    @cached_property
    def squeezed_pattern(self) -> str:
        """RE2 pattern for the squeezed form; the groups are the holes, in order."""
        pieces = [_escape(squeeze(collapse(literal))) for literal in self.literals]
        return _interleave(pieces, [f"({_SQUEEZED[hole.type]})" for hole in self._ending_greedily()])

    def _ending_greedily(self) -> tuple[Hole, ...]:
        """A hole of free text that ends the phrase has nothing to stop at: it takes one word."""
        if self.holes and not self.literals[-1].strip() and self.holes[-1].type == "any":
            return (*self.holes[:-1], Hole(self.holes[-1].name, "word"))
        return self.holes


def parse_phrase(source: str) -> Phrase:
    """Read a phrase. `{name:type}` is a hole, `{{` a literal brace; raises PhraseError."""
    literals, holes, position = [], list[Hole](), 0
    for match in _HOLE.finditer(source):
        if source[: match.start()].endswith("{"):
            continue
        if match["type"] not in HOLE_TYPES:
            message = f"unknown hole type `{match['type']}`; allowed are {', '.join(HOLE_TYPES)}. For a literal brace write {{{{"
            raise PhraseError(message)
        if match["name"] in {hole.name for hole in holes}:
            message = f"two holes are called `{match['name']}`; give each a name of its own"
            raise PhraseError(message)
        literals.append(source[position : match.start()].replace("{{", "{"))
        holes.append(Hole(match["name"], match["type"]))
        position = match.end()
    phrase = Phrase(source, (*literals, source[position:].replace("{{", "{")), tuple(holes))
    _check(phrase)
    return phrase


def _check(phrase: Phrase) -> None:
    if len(phrase.squeezed) < (4 if phrase.holes else 2):
        message = "the phrase has too little text to be found; write more of the message"
        raise PhraseError(message)
    for literal, (first, second) in zip(
        phrase.literals[1:], zip(phrase.holes, phrase.holes[1:], strict=False), strict=False
    ):
        if not squeeze(collapse(literal)):
            message = f"there is nothing between the holes `{first.name}` and `{second.name}`; put text between them"
            raise PhraseError(message)


def _at_word_boundaries(collapsed: str) -> str:
    before = rf"(?:^|{_NOT_WORD})" if _is_word(collapsed[:1]) else ""
    after = rf"(?:$|{_NOT_WORD})" if _is_word(collapsed[-1:]) else ""
    return f"{before}(?:{_escape(collapsed)}){after}"


def _is_word(sign: str) -> bool:
    return sign.isalnum() or sign == "_"


def _spaced(literal: str) -> str:
    """A literal whose spaces may be missing; spaces at its ends count, they part it from a hole."""
    words = [_escape(word) for word in collapse(literal).split(" ")]
    return " ?" * literal[:1].isspace() + " ?".join(words) + " ?" * (literal[-1:].isspace() and bool(literal.strip()))


def _interleave(pieces: list[str], groups: list[str]) -> str:
    return "".join(piece + group for piece, group in zip(pieces, [*groups, ""], strict=True))


def _escape(text: str) -> str:
    return re.sub(r"([^\w ])", r"\\\1", text, flags=re.ASCII) if text.isascii() else "".join(map(_escape_sign, text))


def _escape_sign(sign: str) -> str:
    return re.sub(r"([^\w ])", r"\\\1", sign, flags=re.ASCII) if sign.isascii() else sign
