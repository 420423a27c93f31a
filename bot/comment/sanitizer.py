"""Sanitized text: it makes no ping, no backlink and no command, and does not break its surroundings. Pure.

Certain code stays as it is: what counts as code here is code for GitHub, too. If blocks nest, or backticks are not
paired within their line, nothing counts as code, and the text is doubtful.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from bot.rules.conditions.types import Capture
from bot.tracker.types import Issue

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PREFIX = r"[ \t>*+\-\d.)]*"
_FENCE = re.compile(r"(?P<run>`{3,})[^`]*|(?P<tilde>~{3,}).*")
_NESTED_FENCE = re.compile(rf"{_PREFIX}(?:`{{3}}|~{{3}})")
_RAW_BLOCK = re.compile(r"<(?:pre|script|style|textarea|[?!])", re.IGNORECASE)
_HTML_LINE = re.compile(rf"^{_PREFIX}<[A-Za-z/]", re.MULTILINE)
_SPAN = re.compile(r"(?<!`)(?P<run>`+)(?!`)[^\n]+?(?<!`)(?P=run)(?!`)")
_TAG = re.compile(r"<[A-Za-z/][^<>`\n]*>")
_TAG_START = re.compile(r"<[A-Za-z/]")
_TABLE = re.compile(r"^[ \t>*+\-\d.)|:]*-[ \t>*+\-\d.)|:]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; `is_doubtful`: it may be code or raw HTML after all, `is_line`: it starts a line."""

    text: str
    is_code: bool = False
    is_doubtful: bool = False
    is_line: bool = True


def split_code(markdown: str) -> tuple[Piece, ...]:
    """The text in pieces, in order. Line ends become line feeds, and an open fence is closed."""
    text = markdown.replace("\r\n", "\n").replace("\r", "\n")
    return tuple(piece for piece in _split_blocks(_LINE.findall(text)) if piece.text)


def _split_blocks(lines: list[str]) -> Iterator[Piece]:
    start = here = 0
    while here < len(lines):
        line, chunk = lines[here].rstrip("\n"), "".join(lines[start:here])
        fence = _FENCE.fullmatch(line)
        if _is_beyond_us(line, chunk, is_fence=fence is not None):
            yield Piece("".join(lines[start:]), is_doubtful=True)
            return
        here += 1
        if fence or not line.strip(" \t"):
            yield from _split_spans(chunk)
            start, here = here - 1, _find_fence_end(lines, here, fence["run"] or fence["tilde"]) if fence else here
            yield Piece("".join(lines[start:here]), is_code=fence is not None)
            start = here
    yield from _split_spans("".join(lines[start:]))


def _is_beyond_us(line: str, chunk: str, *, is_fence: bool) -> bool:
    """Whether what follows may be read in more than one way: a fence inside a list or HTML, or HTML that runs on."""
    if is_fence:
        return _HTML_LINE.search(chunk) is not None
    return _NESTED_FENCE.match(line) is not None or _RAW_BLOCK.search(line) is not None


def _find_fence_end(lines: list[str], start: int, run: str) -> int:
    """Where the block ends that opened before `start`; one that is left open is closed at the end."""
    close = re.compile(rf" {{0,3}}{run[0]}{{{len(run)},}}[ \t]*\n?")
    for number in range(start, len(lines)):
        if close.fullmatch(lines[number]):
            return number + 1
    lines[-1] = lines[-1].rstrip("\n") + "\n"
    lines.append(run)
    return len(lines)


def _split_spans(chunk: str) -> Iterator[Piece]:
    """Code spans of one run of lines without an empty one: no span reaches further (CommonMark 6.1)."""
    if not _is_plain(chunk):
        yield Piece(chunk, is_doubtful=True)
        return
    position = 0
    for span in _SPAN.finditer(chunk):
        yield Piece(chunk[position : span.start()], is_line=position == 0)
        yield Piece(span[0], is_code=True, is_line=False)
        position = span.end()
    yield Piece(chunk[position:], is_line=position == 0)


def _is_plain(chunk: str) -> bool:
    """Whether the backticks pair off within their lines, and nothing else could claim one of them."""
    if _HTML_LINE.search(chunk):
        return False
    rest = _TAG.sub("", _SPAN.sub("", chunk))
    if "`" in rest or "\\`" in chunk or ("`" in chunk and _TAG_START.search(rest)):
        return False
    return not (_TABLE.search(chunk) and any("|" in span[0] for span in _SPAN.finditer(chunk)))


LONGEST_ECHO = 80
LONGEST_CELL = 160
GITHUB = "https://github.com"
_REDIRECT = "https://redirect.github.com"
_GAP = "\u200b"
"""A zero-width space: nothing to see, but an `@` or `#` before it calls nobody and links nothing, wherever it is."""

_ENTITY = re.compile(r"&(?:#0{0,5}\d{1,3}|#[xX]0{0,5}[\da-fA-F]{1,2}|commat|num|sol);")
_ISSUE_URL = r"""
    (?P<issue>(?P<server>https?://(?:[\w-]+\.)*[\w-]+(?::\d+)?|www\.github\.com)
    /+(?P<path>(?P<home>[\w.-]+/+[\w.-]+)/+(?:issues|pull|discussions)/+(?P<at>\d{1,10})(?!\d)
    (?:\#[a-z_]{1,30}-?\d{1,20})?))
"""
_URL = r"""
    (?P<url>(?:(?<=href=\")|(?<![^\s(])|(?<=<)(?=[^\s<>]+>))
    https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:[/?\#][^\s<>\"'`()\[\]*_~|\\&]*)?)
"""
_REFERENCE = r"""
    (?P<reference>(?<![\w./&\#!\\-])\\*
    (?P<shown>(?:(?P<repository>[A-Za-z0-9][\w-]{0,38}/[\w.-]{1,100})\#|\#|GH-)(?P<number>[1-9]\d{0,9}))
    (?![\w@])(?![^\[\]\n]*\][(\[]))
"""
_PING = r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9])"
_ELSE = rf"(?P<entity>&\#[xX]?[\da-fA-F]+;)|(?P<ping>{_PING})|(?P<stray>(?:\#|(?<![A-Za-z0-9])GH\\*-)(?=\d))"
_LIVE = re.compile(f"{_ISSUE_URL}|{_URL}|{_REFERENCE}|{_ELSE}", re.IGNORECASE | re.VERBOSE)
_LIVE_ANYWHERE = re.compile(f"{_ISSUE_URL}|{_ELSE}", re.IGNORECASE | re.VERBOSE)
_PARTED = re.compile(r"(?:#|GH-)(?=\d)", re.IGNORECASE)
_COMMAND = re.compile(r"^(?P<start>[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]*)*)(?=/[A-Za-z])", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Echo:
    """A typed capture as a comment may show it: in a code span, or bare inside code.

    An unknown capture is falsy and reads `unknown`.
    """

    value: str | None
    is_bare: bool = False

    def __str__(self) -> str:
        if self.value is None:
            return "unknown"
        return self.value if self.is_bare else quote_code(self.value)

    def __bool__(self) -> bool:
        return self.value is not None and self.value != "false"

    def __eq__(self, other: object) -> bool:
        return self.value == (str(other).lower() if isinstance(other, bool) else str(other))

    def __hash__(self) -> int:
        return hash(self.value)


def echo_capture(capture: Capture | None, *, is_bare: bool = False) -> Echo:
    """The visible part of a capture: only typed captures, cut at 80 characters, never free text of the reporter."""
    return Echo(capture.value[:LONGEST_ECHO] if capture and capture.is_echoable else None, is_bare)


def quote_code(text: str) -> str:
    """A code span for any text: the fence is longer than any run of backticks in it."""
    flat = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    fence = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def quote_cell(text: str) -> str:
    """Text of a stranger inside a table: one short code span, with bars that do not split the cell."""
    cut = text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
    # A backslash before the bar would escape ours; a space keeps the two apart.
    return re.sub(r"\\(?=\|)", r"\\ ", quote_code(cut)).replace("|", "\\|")


def fence_code(text: str, language: str = "") -> str:
    """A code block for any text."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text.strip(chr(10))}\n{fence}"


def _longest_run(text: str) -> int:
    return max(map(len, re.findall(r"`+", text)), default=0)


def defuse(markdown: str, repository: str, server: str = GITHUB) -> str:
    """The Markdown without pings, backlinks, commands and HTML comments; code stays as it is, because it has no effect.

    `server` is the GitHub of the comment. On github.com a reference becomes a link through redirect.github.com, which
    makes no backlink (github/docs#35987). Other servers have no such host, so it becomes plain text. Pings and
    references get a zero-width space; a backslash or an entity is not enough, because GitHub reads the rendered text
    (openjdk/skara#1548).
    """
    place = _Place(repository, server.rstrip("/").lower())
    return "".join(piece.text if piece.is_code else place.defuse(piece) for piece in split_code(markdown))


def find_pings(markdown: str) -> list[str]:
    """The people and teams that the Markdown would notify."""
    prose = "\0".join(piece.text for piece in split_code(markdown) if not piece.is_code)
    return re.findall(rf"{_PING}[\w/-]+", prose)


def find_server(issue: Issue) -> str:
    """The GitHub that the issue is on, by its own address: `https://github.com`, or an Enterprise server."""
    server, parted, _ = issue.url.partition(f"/{issue.repository}/issues/")
    return server if parted else GITHUB


def link_elsewhere(shown: str, path: str, server: str) -> str:
    """A link to an issue or pull request that makes no backlink; code if such a link is impossible."""
    return f"[{shown}]({_REDIRECT}/{path})" if server == GITHUB else quote_code(shown)


@dataclass(frozen=True, slots=True)
class _Place:
    """The place of a comment, which decides what would make a backlink."""

    repository: str
    server: str

    def defuse(self, piece: Piece) -> str:
        text = _ENTITY.sub(_resolve, piece.text).replace("<!--", "&lt;!--")
        live = _LIVE_ANYWHERE if piece.is_doubtful else _LIVE
        text = live.sub(self._defuse_one, text)
        first, end, rest = text.partition("\n")
        return (_part_command(first) if piece.is_line else first) + end + _part_command(rest)

    def _defuse_one(self, match: re.Match[str]) -> str:
        match match.lastgroup:
            case "issue":
                return self._defuse_url(match)
            case "reference" if self.server != GITHUB:
                return _PARTED.sub(rf"\g<0>{_GAP}", match["shown"])
            case "reference":
                path = f"{match['repository'] or self.repository}/issues/{match['number']}"
                return f"[{match['shown']}]({_REDIRECT}/{path})"
            case "ping" | "stray":
                return match[0].replace("\\", "") + _GAP
            case _:
                return match[0]

    def _defuse_url(self, match: re.Match[str]) -> str:
        host = match["server"].lower().rpartition("/")[2].removeprefix("www.")
        if host != self.server.rpartition("/")[2]:
            return match[0]
        if self.server == GITHUB:
            return f"{_REDIRECT}/{match['path']}"
        return f"{match['home']}#{_GAP}{match['at']}"


def _resolve(entity: re.Match[str]) -> str:
    """The character of an entity that could hide a ping or a reference; others stay as they are."""
    sign = unescape(entity[0])
    return sign if sign.isascii() and (sign.isalnum() or sign in "@#/-") else entity[0]


def _part_command(text: str) -> str:
    return _COMMAND.sub(rf"\g<start>{_GAP}", text)
