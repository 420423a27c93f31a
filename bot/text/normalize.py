"""The two normal forms of a text, and the way back from them to the original. Pure.

The steps answer what real issue text does; N1 to N21 are the numbers of that survey (terminal wraps N4, JSON in JSON
N3, quotes N5, mojibake N6, terminal furniture N7, Markdown in logs N8). Each step is one regular expression, so the
fast path is a chain of `sub` calls; only where evidence must be shown are the same steps traced with their offsets.
"""

import html
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

MAX_CHARACTERS = 65_536
"""GitHub's own limit of an issue body; the rest is not read."""

_SAME_SIGN = str.maketrans(
    dict.fromkeys("‘’‚‛′‵ʼʹ＇´", "'")  # noqa: RUF001 (the very characters that are folded)
    | dict.fromkeys("“”„‟″‶«»＂", '"')  # noqa: RUF001 (the very characters that are folded)
    | dict.fromkeys("‐‑‒–—―−﹘﹣－", "-")  # noqa: RUF001 (the very characters that are folded)
    | dict.fromkeys("•∙⋅‧・◦", "·")
)
_MOJIBAKE = {
    "Â·": "·",
    "Â ": " ",
    "Â\u00a0": " ",
    "â€\u2122": "'",
    "â€\u02dc": "'",
    "â€\u0153": '"',
    "â€\u009d": '"',
    "â€\u201c": "-",
    "â€\u201d": "-",
    "â€\u00a6": "...",
    "â€\u00a2": "·",
}
_ESCAPED_CONTROL = {"n": "\n", "r": "\n", "t": "\t", "b": " ", "f": " "}
_SET_ASIDE = "\uf8ff"
_TAGS = (
    "a|abbr|b|blockquote|body|br|center|code|dd|del|details|div|dl|dt|em|font|h[1-6]|head|hr|html|i|img|ins|kbd|li|meta|ol|"
    "p|pre|s|samp|section|small|span|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var|video"
)


@lru_cache(maxsize=8192)
def _fold(cluster: str) -> str:
    folded = unicodedata.normalize("NFKC", cluster.translate(_SAME_SIGN)).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_SAME_SIGN)


def _unescape_json(match: re.Match[str]) -> str:
    if match["high"]:
        pair = bytes.fromhex(match["high"] + match["low"])
        return pair.decode("utf-16-be", "replace")
    if match["code"]:
        return chr(int(match["code"], 16)).encode("utf-8", "replace").decode()
    if match["control"]:
        return _ESCAPED_CONTROL[match["control"]]
    return match["sign"] or "\\"


def _keep_link_text(match: re.Match[str]) -> str:
    return match["text"] if match["text"].strip() or match[0].startswith("!") else match["url"]


class _Step(NamedTuple):
    """Replace what `pattern` finds; `may_apply` sees quickly that most texts have nothing of it."""

    may_apply: Callable[[str], object]
    pattern: re.Pattern[str]
    replacement: str | Callable[[re.Match[str]], str]


def _has(signs: str) -> Callable[[str], bool]:
    if len(signs) == 1:
        return lambda text: signs in text
    return lambda text: any(sign in text for sign in signs)


def _has_windows_path(text: str) -> bool:
    return ":\\" in text or "src\\" in text


def _is_padded(text: str) -> bool:
    return text.startswith(" ") or text.endswith(" ")


def _is_foreign(text: str) -> bool:
    return not text.isascii()


def _always(_text: str) -> bool:
    return True


_COMBINING = re.compile("[\u0300-\u036f\u1161-\u11ff\u1ab0-\u1aff\u20d0-\u20ff\u3099\u309a]")
"""Characters that join the letter before them: accents and, as macOS writes Korean file names, parts of a syllable."""

_COLLAPSE = (
    # A Windows path is set aside first, or `C:\new` would become a line end. So is that of a source file below `src`,
    # which compilers name without a drive (`compiler\rustc_hir\src\hir.rs`); an extension must end it.
    _Step(
        _has_windows_path,
        re.compile(
            r"(?:\b|(?<=[\d\[;]m))[A-Za-z]:(?:\\{1,8}[\w.@%~+()$\[\]-]+)+"
            r"|(?<![\w\\.-])(?:[\w.-]{1,80}\\{1,8}){0,12}src(?:\\{1,8}[\w.-]{1,80}){0,12}\\{1,8}[\w-]{1,80}\.[A-Za-z]{1,4}\b"
        ),
        lambda match: re.sub(r"\\+", _SET_ASIDE, match[0]),
    ),
    # N3. One pass does up to three rounds: n rounds leave 2**n - 1 backslashes before a quote, 2**(n-1) before a
    # letter.
    _Step(
        _has("\\"),
        re.compile(
            r"\\{1,8}(?:u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\{1,4}u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})"
            r"""|u(?P<code>[0-9a-fA-F]{4})|(?P<control>[nrtbf])|(?P<sign>["'/]))?"""
        ),
        _unescape_json,
    ),
    _Step(_has(_SET_ASIDE), re.compile(_SET_ASIDE), lambda _match: "\\"),
    _Step(
        _has("\x1b^␛"),
        re.compile(r"(?:\x1b|\^\[|␛)(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)|[@-Z\\^_])?"),
        "",
    ),
    _Step(_has("["), re.compile(r"\[(?:\d{1,3};){0,6}\d{1,3}m"), ""),
    _Step(
        _has("&"),
        re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});"),
        lambda match: html.unescape(match[0]),
    ),
    _Step(_has("<"), re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>", re.IGNORECASE), " "),
    _Step(_has("("), re.compile(r'!?\[(?P<text>[^\[\]]*)\]\((?P<url>[^()\s]*)(?:\s+"[^"]*")?\)'), _keep_link_text),
    _Step(_has("Ââ"), re.compile("|".join(map(re.escape, _MOJIBAKE))), lambda match: _MOJIBAKE[match[0]]),
    # Zero-width, bidirectional and other invisible signs, which a text may hold by accident or to hide from us, and
    # halves of surrogate pairs, which no UTF-8 can carry.
    _Step(
        _always,
        re.compile(
            "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
            "\U000e0000-\U000e0fff\x00-\x08\x0e-\x1a\x7f\ud800-\udfff]"
        ),
        "",
    ),
    _Step(
        _is_foreign,
        re.compile(
            "[\u2500-\u259f\u23bf\u23fa\u276f\u25cf\u273b\u2717\u2718\u2713\u2714\u23f5\u25b6\u25ba\u25fb\u25fc]"
        ),
        " ",
    ),
    # At most 30 at once, as in Unicode's stream-safe text: the time to sort them grows with the square of their number.
    _Step(_COMBINING.search, re.compile(f"(?s).{_COMBINING.pattern}{{1,30}}"), lambda match: _fold(match[0])),
    _Step(_is_foreign, re.compile(r"[^\x00-\x7f]"), lambda match: _fold(match[0])),
)
_MARKS = (
    _Step(_has("`"), re.compile(r"`+"), ""),
    _Step(_has("*"), re.compile(r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}"), ""),
    _Step(_has("~"), re.compile(r"~~+"), ""),
    _Step(_has("#"), re.compile(r"(?m)^[ \t]{0,3}#{1,6}[ \t]+"), ""),
    _Step(_has(">"), re.compile(r"(?m)^[ \t]*(?:>[ \t]?)+"), ""),
    # A single space is left alone: most white space is one, and stays.
    _Step(_always, re.compile(r"[^\S ]\s*| \s+"), " "),
    _Step(_is_padded, re.compile(r"\A | \Z"), ""),
)
_DROPPED = " '\""
"""The characters that `squeeze` drops."""

_WHITE_SPACE = 2
"""The last steps make all white space one space and drop it at the ends; without a trace, `split` does that quicker."""

_LINE_END = re.compile("[\r\n]")
_ACTED_ON = re.compile(r"[^\w .,;:'\"/?!%=+|{}$@)-]", re.ASCII)
"""Any sign that a step may act on; rules are mostly made of texts without one."""


@dataclass(frozen=True, slots=True)
class _Edits:
    """The replacements of one step: where each stands in the new text and which part of the old text it replaced."""

    new_starts: list[int] = field(default_factory=list)
    new_ends: list[int] = field(default_factory=list)
    old_starts: list[int] = field(default_factory=list)
    old_ends: list[int] = field(default_factory=list)

    def locate_start(self, position: int) -> int:
        last = bisect_right(self.new_starts, position) - 1
        if last < 0:
            return position
        if position < self.new_ends[last]:
            return self.old_starts[last]
        return self.old_ends[last] + position - self.new_ends[last]

    def locate_end(self, position: int) -> int:
        last = bisect_right(self.new_starts, position - 1) - 1
        if last < 0:
            return position
        if position - 1 < self.new_ends[last]:
            return self.old_ends[last]
        return self.old_ends[last] + position - self.new_ends[last]


class _Squeezed(NamedTuple):
    """What `squeeze` dropped of a text: found again by counting, since there are many single signs of it."""

    collapsed: str

    def locate_start(self, position: int) -> int:
        return max(0, bisect_left(range(len(self.collapsed) + 1), position + 1, key=self._count_kept) - 1)

    def locate_end(self, position: int) -> int:
        return bisect_left(range(len(self.collapsed) + 1), position, key=self._count_kept)

    def _count_kept(self, end: int) -> int:
        """How many of the first `end` signs are kept."""
        return end - sum(self.collapsed.count(sign, 0, end) for sign in _DROPPED)


def _trace(text: str, step: _Step) -> tuple[str, _Edits]:
    edits, parts, position, length = _Edits(), list[str](), 0, 0
    if not step.may_apply(text):
        return text, edits
    for match in step.pattern.finditer(text):
        replaced = step.replacement if isinstance(step.replacement, str) else step.replacement(match)
        parts += [text[position : match.start()], replaced]
        length += match.start() - position
        edits.new_starts.append(length)
        length += len(replaced)
        edits.new_ends.append(length)
        edits.old_starts.append(match.start())
        edits.old_ends.append(match.end())
        position = match.end()
    return "".join([*parts, text[position:]]), edits


def _rewrite(text: str, steps: tuple[_Step, ...]) -> str:
    for step in steps:
        if step.may_apply(text):
            text = step.pattern.sub(step.replacement, text)
    return text


def collapse(text: str) -> str:
    """The collapsed form: case, quotes, dashes, escapes, marks and furniture folded away, white space = one space."""
    if not _ACTED_ON.search(text) and "  " not in text and len(text) <= MAX_CHARACTERS:
        return text.strip(" ").lower()
    return " ".join(_drop_marks(text).split())


def collapse_lines(text: str) -> str:
    """The collapsed form with its line ends: a line feed in the place of each run of white space that has a line end.

    The line end of a progress line (a bare carriage return) and one that JSON escapes count, too.
    """
    lines = _LINE_END.split(_drop_marks(text))
    return "\n".join(line for each in lines if (line := " ".join(each.split())))


def _drop_marks(text: str) -> str:
    """All steps but those about white space."""
    # `lower` after the fold changes no length: what it could lengthen has been folded by then.
    return _rewrite(_rewrite(text[:MAX_CHARACTERS], _COLLAPSE).lower(), _MARKS[:-_WHITE_SPACE])


def squeeze(collapsed: str) -> str:
    """The squeezed form of a collapsed text: without white space and quotes.

    A terminal wraps inside words (N4); apostrophes get lost, and JSON's double quotes become single ones in a Python
    repr (N3, N5).
    """
    return collapsed.replace(" ", "").replace("'", "").replace('"', "")


class Trace(NamedTuple):
    """The steps to a normal form, which map its spans back to the original."""

    text: str
    edits: tuple[_Edits | _Squeezed, ...]

    def locate(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text (start, end) from which this span of the normal form was made."""
        for edits in reversed(self.edits):
            start, end = edits.locate_start(start), edits.locate_end(end)
        return start, max(start, end)


def trace_collapse(text: str) -> Trace:
    """`collapse`, with the way back to the original."""
    edits = list[_Edits | _Squeezed]()
    text = text[:MAX_CHARACTERS]
    for step in _COLLAPSE:
        text, made = _trace(text, step)
        edits.append(made)
    text = text.lower()
    for step in _MARKS:
        text, made = _trace(text, step)
        edits.append(made)
    return Trace(text, tuple(edits))


def trace_squeeze(text: str) -> Trace:
    """`squeeze(collapse(text))`, with the way back to the original."""
    collapsed = trace_collapse(text)
    return Trace(squeeze(collapsed.text), (*collapsed.edits, _Squeezed(collapsed.text)))
