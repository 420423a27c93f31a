"""Regular expressions of JavaScript as RE2 patterns, and texts that they match. Pure.

https://tc39.es/ecma262/#sec-patterns, https://github.com/google/re2/wiki/Syntax
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import re2

from bot.errors import SettingsError
from bot.rules.conditions.regex import compile_pattern, split_pattern
from bot.text.normalize import squeeze

_WRITTEN = re.compile(r"/(.+)/(.*)", re.DOTALL)
_LEAST_PHRASE = 12
"""Letters of a phrase from which on it may stand inside a word, as a pattern may."""

_PLAIN = re.compile(r"[^\\^$.|?*+()\[\]{}]+")
_UNSUPPORTED = (
    (r"\(\?<?[=!]", "look-around, which RE2 does not have; use `all:` and `none:`"),
    (r"\\[1-9]|\\k<", "a back-reference, which RE2 does not have"),
    (r"\\c[A-Za-z]", "a control character"),
)
_MARKDOWN = (
    (re.compile(r"(?:^|[^\w&])#{1,6}(?:\s|\\s|\[|$)"), "a heading; use `section:` with its text"),
    (re.compile(r"\[(?:[xX ]|\[[xX ]+\]|\\s)\\?\]"), "a check box; use `checkbox:` with its label"),
    (re.compile("<!-"), "an HTML comment, and no condition reads these"),
)
"""What the views of an issue do not contain, in a pattern, and what to write instead."""

_CHANGES = (
    (re.compile(r"\\u\{([0-9a-fA-F]{1,6})\}"), r"\\x{\1}"),
    (re.compile(r"\\u([0-9a-fA-F]{4})"), r"\\x{\1}"),
    (re.compile(r"\(\?<(?=[A-Za-z_])"), "(?P<"),
    (re.compile(r"\[\^\]"), r"[\\s\\S]"),
    (re.compile(r"\\/"), "/"),
)
_SIGNS = "aAxe10 -_.:,;/#@!?()[]{}<>'\"=+*&%$~^|\\é語"
"""What a sample takes for a class of characters, the first that fits; then the class's own characters."""

_QUANTIFIED = re.compile(r"(?P<atom>.*?)(?P<count>[*+?]|\{(?P<least>\d+)(?:,\d*)?\})\??", re.DOTALL)
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?(?P<inner>.*)\)", re.DOTALL)
_NO_WIDTH = frozenset({"^", "$", r"\b", r"\B", r"\A", r"\z"})
_MOST_REPEATED = 50


class Pattern(NamedTuple):
    """A pattern as RE2 reads it; with `is_by_lines`, `^` and `$` are the ends of a line."""

    source: str
    is_by_lines: bool = False

    @property
    def phrase(self) -> str | None:
        """The same as a phrase, if the pattern is nothing but a text that is long enough."""
        source = self.source
        is_plain = _PLAIN.fullmatch(source) and len(squeeze(source)) >= _LEAST_PHRASE
        return source.strip() if is_plain else None


def read_pattern(written: str) -> Pattern:
    """A pattern of JavaScript, `/…/flags` or alone. Raises SettingsError with what RE2 does not have."""
    found = _WRITTEN.fullmatch(written)
    source, flags = (found[1], found[2]) if found else (written, "")
    if unknown := sorted({*flags} - {*"dgimsuv"}):
        raise SettingsError(f"the flag `{unknown[0][:1]}` has no counterpart")
    for sign, reason in _UNSUPPORTED:
        if re.search(rf"(?<!\\)(?:\\\\)*{sign}", source):
            raise SettingsError(f"the pattern has {reason}")
    for old, new in _CHANGES:
        source = old.sub(new, source)
    source = f"(?s){source}" if "s" in flags else source
    _check_pattern(source)
    return Pattern(source, is_by_lines="m" in flags and re.search(r"[\^$]", source) is not None)


def _check_pattern(source: str) -> None:
    """Raises SettingsError for a pattern that RE2 does not take, or that matches the empty text."""
    try:
        pattern = compile_pattern(source)
    except (re2.error, UnicodeError) as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise SettingsError(f"RE2 does not take the pattern: {reason}") from None
    if pattern.search("") is not None:
        raise SettingsError("the pattern matches the empty text, so it matches every issue")


def explain_markdown(pattern: Pattern) -> str:
    """Why no text of an issue holds what the pattern asks for, if that is a sign of Markdown; "" if it is not."""
    plain = pattern.source.replace("\\#", "#").replace("\\[", "[")
    reasons = (reason for sign, reason in _MARKDOWN if sign.search(plain))
    return next((f"the pattern looks for {reason}" for reason in reasons), "")


def make_sample(pattern: Pattern) -> str | None:
    """A short text that the pattern matches; None if none is found."""
    compiled = compile_pattern(pattern.source)
    source = pattern.source.removeprefix("(?s)")
    for atoms in split_pattern(source):
        text = "".join(_sample(atom) for atom in atoms)
        for each in (text, f" {text} ".strip(), f"a {text} a", f"1{text}1"):
            if compiled.search(each) is not None:
                return each
    return None


def _sample(atom: str) -> str:
    """A text for one atom with its quantifier; what may be left out is left out, but for gaps."""
    quantified = _QUANTIFIED.fullmatch(atom) if len(atom) > 1 and not atom.startswith("\\Q") else None
    if quantified and quantified["atom"] and not _is_escaped(quantified["atom"]):
        inner, count = quantified["atom"], quantified["count"]
        if inner in {".", r"[\s\S]"}:
            return " "
        return _sample(inner) * (0 if count in "*?" else min(int(quantified["least"] or 1), _MOST_REPEATED))
    if group := _GROUP.fullmatch(atom):
        return next(_sample_alternatives(group["inner"]), "")
    if atom in _NO_WIDTH:
        return ""
    return atom if len(atom) == 1 else _choose_sign(atom)


def _is_escaped(atom: str) -> bool:
    """Whether the quantifier belongs to the atom, because a backslash stands before it."""
    return (len(atom) - len(atom.rstrip("\\"))) % 2 == 1


def _sample_alternatives(source: str) -> Iterator[str]:
    for atoms in split_pattern(source):
        yield "".join(map(_sample, atoms))


def _choose_sign(atom: str) -> str:
    try:
        compiled = compile_pattern(atom)
    except re2.error:
        return ""
    return next((sign for sign in (*_SIGNS, *atom) if compiled.fullmatch(sign) is not None), "")
