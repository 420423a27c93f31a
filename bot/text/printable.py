"""Text of a reporter that is safe for a terminal and a browser: hidden characters become visible. Pure."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_SUSPECT = re.compile(r"[^\n\t\x20-\x7e]")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of control, format and surrogate characters, and of line and paragraph separators."""

_JOINER = "\u200d"
"""Joins the parts of an emoji; alone it does nothing."""

_DELETE = 0x7F


def count(number: int, thing: str, things: str = "") -> str:
    """`1 rule`, `2,000 rules`; `things` is a plural that is not made with an s."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"


def join_words(words: Sequence[str]) -> str:
    """As a sentence lists them: `a`, `a and b`, `a, b, and c`."""
    if len(words) < 3:  # noqa: PLR2004
        return " and ".join(words)
    return f"{', '.join(words[:-1])}, and {words[-1]}"


def reveal(text: str) -> str:
    """The text with each hidden sign (control, bidirectional, zero-width) shown as a sign that does nothing.

    Line ends become a line feed, tabs stay; an escape becomes U+241B, a right-to-left override `<U+202E>`.
    """
    return _SUSPECT.sub(lambda match: _show(match[0]), text.replace("\r\n", "\n"))


def reveal_line(text: str) -> str:
    """The same on one line: line feeds and tabs are shown too, and `##[` is not a command in the log of a workflow."""
    flat = reveal(text).replace("\n", "\u23ce").replace("\t", " ")
    return flat.replace("##[", "## [")


def quote_name(text: str) -> str:
    """A name in a message, between backticks and on one line."""
    return f"`{reveal_line(text).replace('`', chr(39))}`"


def show_value(value: str | float | tuple[str, ...]) -> str:
    """A value, or several names, in a message."""
    return join_words([quote_name(each) for each in value]) if isinstance(value, tuple) else quote_name(str(value))


@lru_cache(maxsize=1024)
def _show(sign: str) -> str:
    if unicodedata.category(sign) not in _HIDDEN or sign == _JOINER:
        return sign
    code = ord(sign)
    if code < ord(" "):
        return chr(0x2400 + code)  # Unicode's pictures of control characters
    return "\u2421" if code == _DELETE else f"<U+{code:04X}>"
