"""Sanitized text: it makes no ping, no backlink and no command, and does not break its surroundings. Pure.

Certain code stays as it is: what counts as code here is code for GitHub, too. If blocks nest, or backticks are not
paired within their line, nothing counts as code, and the text is doubtful.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html import unescape

from bot.rules.conditions.types import Capture
from bot.rules.spec.template import Echo
from bot.text.printable import reveal_line

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_PREFIX = r"[ \t>*+\-\d.)]*"
_FENCE = re.compile(r"(?P<run>`{3,})[^`]*|(?P<tilde>~{3,}).*")
_NESTED_FENCE = re.compile(rf"{_PREFIX}(?:`{{3}}|~{{3}})")
_RAW_BLOCK = re.compile(r"<(?:pre|script|style|textarea|[?!])", re.IGNORECASE)
_HTML_LINE = re.compile(rf"^{_PREFIX}<[A-Za-z/]", re.MULTILINE)
_SPAN_SOURCE = r"(?<!`)(?P<run>`{1,80})(?!`)[^\n]+?(?<!`)(?P=run)(?!`)"
_SPAN = re.compile(_SPAN_SOURCE)
_LONG_FENCE = re.compile(r"^[ \t]*(?:`{255}|~{255})", re.MULTILINE)
"""GitHub's parser (cmark-gfm) knows no code span of more than 80 backticks, and counts a fence up to 254."""

_EATER = re.compile(
    rf"""
    {_SPAN_SOURCE}
    | (?P<eater> (?:https?|ftp)://[^\s<`]*` | www\.[^\s<`]*` | <[^\s<>`]*`[^\s<>]*@
    | \]\([^)`]*(?:[(\"'<\\][^`]*)?` )
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
"""Code spans, and what begins before one and takes a backtick for itself: an address that GitHub makes a link of
(https://github.github.com/gfm/#autolinks-extension-), or the destination of a link."""

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
        return _HTML_LINE.search(chunk) is not None or _LONG_FENCE.match(line) is not None
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
    if _HTML_LINE.search(chunk) or any(found["eater"] for found in _EATER.finditer(chunk)):
        return False
    rest = _TAG.sub("", _SPAN.sub("", chunk))
    if "`" in rest or "\\`" in chunk or ("`" in chunk and _TAG_START.search(rest)):
        return False
    return not (_TABLE.search(chunk) and any("|" in span[0] for span in _SPAN.finditer(chunk)))


LONGEST_ECHO = 80
_LONGEST_RUN = 40
_LONG_RUN = re.compile(rf"`{{{_LONGEST_RUN + 1},}}")
LONGEST_CELL = 160
GITHUB = "https://github.com"
_REDIRECT = "https://redirect.github.com"
_GAP = "\u200b"
"""A zero-width space: nothing to see, but an `@` or `#` before it calls nobody and links nothing, wherever it is."""

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});")
_ISSUE_URL = r"""
    (?P<issue>(?P<server>https?://(?:[\w-]+\.)*[\w-]+(?::\d+)?|www\.github\.com)
    /+(?P<path>(?P<home>[\w.-]+/+[\w.-]+)/+(?:issues|pull|discussions)/+(?P<at>\d{1,10})(?!\d)
    (?:\#[a-z_]{1,30}-?\d{1,20})?))
"""
_URL = r"""
    (?P<url>(?a:(?<=href=\")|(?<![^\s(])|(?<=<)(?=[^\s<>]+>))
    https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?a:[/?\#][^\s<>\"'`()\[\]*_~|\\&]*)?)
"""
_REFERENCE = r"""
    (?P<reference>(?<![\w./&\#!\\-])\\*
    (?P<shown>(?:(?P<repository>[A-Za-z0-9][\w-]{0,38}/[\w.-]{1,100})\#|\#|GH-)(?P<number>[1-9]\d{0,9}))
    (?![\w@])(?![^\[\]\n]*\][(\[]))
"""
_PING = r"(?<![A-Za-z0-9])@(?=[A-Za-z0-9<])"
"""A tag behind it may vanish: GitHub drops tags that close nothing or that it does not know, and joins the texts."""

_TAGS = r"(?:<[^<>]*>)*"
_ELSE = rf"""
    (?P<entity>&\#[xX]?[\da-fA-F]+;)|(?P<ping>{_PING})
    |(?P<stray>(?:\#|(?<![A-Za-z0-9])G{_TAGS}H{_TAGS}\\*-)(?=[\d<]))
"""
_LIVE = re.compile(f"{_ISSUE_URL}|{_URL}|{_REFERENCE}|{_ELSE}", re.IGNORECASE | re.VERBOSE)
_LIVE_ANYWHERE = re.compile(f"{_ISSUE_URL}|{_ELSE}", re.IGNORECASE | re.VERBOSE)
_PARTED = re.compile(r"(?:#|GH-)(?=\d)", re.IGNORECASE)
_COMMAND = re.compile(r"^(?P<start>[ \t]*(?:(?:[-*+>]|\d{1,9}[.)])[ \t]*)*)(?=/[A-Za-z])", re.MULTILINE)


def echo_capture(capture: Capture | None, *, is_bare: bool = False) -> Echo:
    """What may be shown of a capture: typed ones only, cut at 80 characters; free text of the reporter never.

    It prints in a code span, or bare where there is code already.
    """
    if capture is None or not capture.is_echoable:
        return Echo(None)
    value = capture.value[:LONGEST_ECHO]
    return Echo(value, capture.type, value if is_bare else quote_code(value))


def quote_code(text: str) -> str:
    """A code span for any text: the fence is longer than any run of backticks in it."""
    flat = _cut_runs(" ".join("".join(sign if sign.isprintable() else " " for sign in text).split()))
    fence = "`" * (_longest_run(flat) + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def quote_cell(text: str) -> str:
    """Text of a stranger inside a table: one short code span, with bars that do not split the cell."""
    cut = text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}…"
    # A backslash before the bar would escape ours; a space keeps the two apart.
    return re.sub(r"\\(?=\|)", r"\\ ", quote_code(cut)).replace("|", "\\|")


_MARKUP = re.compile(r"[\\`*\[\]<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#A-Za-z])|:(?=[\w+-]+:)")
_TRIGGER = re.compile(r"@|#(?=[\d<])|(?<![A-Za-z0-9])GH-(?=[\d<])|:(?=//)|www(?=\.)", re.IGNORECASE)
_BLOCK_START = re.compile(r"^(?P<number>\d{0,9})(?P<sign>(?<=\d)[.)]|(?<!\d)[-+#=])")


def escape_text(text: str) -> str:
    """Text of a stranger as plain text on one line of Markdown, also in a table: no markup, ping, link or backlink.

    At the start of a line it makes no list, heading or command either. Hidden characters are visible.
    """
    flat = reveal_line(" ".join(text.split()))
    escaped = _MARKUP.sub(r"\\\g<0>", _TRIGGER.sub(rf"\g<0>{_GAP}", flat))
    return _BLOCK_START.sub(r"\g<number>\\\g<sign>", _part_command(escaped))


def write_title(text: str, longest: int = 100) -> str:
    """Text of a stranger for the title of an issue, which is no Markdown: one line, and nothing calls or links."""
    flat = reveal_line(" ".join(text.split()))
    cut = flat if len(flat) <= longest else f"{flat[:longest].rstrip()}…"
    return _TRIGGER.sub(rf"\g<0>{_GAP}", cut)


def fence_code(text: str, language: str = "") -> str:
    """A code block for any text."""
    text = _cut_runs(text.strip("\n"))
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def _cut_runs(text: str) -> str:
    """The text with long runs of backticks cut, because GitHub limits the length of a fence."""
    return _LONG_RUN.sub(f"{'`' * _LONGEST_RUN}…", text)


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


_BLOCK_NAMES = (
    "address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer "
    "form h[1-6] head header hr html li link main menu nav ol p section summary table tbody td tfoot th thead tr ul"
)
_HTML_BLOCK = re.compile(
    rf"^ {{0,3}}(?:</?(?:{_BLOCK_NAMES.replace(' ', '|')})(?=[\s/>]|$)|<[^<>\n]*>[ \t]*$)", re.IGNORECASE | re.MULTILINE
)
_DUPLICATE_OF = re.compile(r"(?im)^[\s>*+\-\d.)_~]*duplicate\s+of\W*(?:#|GH-|https?:|[\w.-]+/)[^\n]*")
"""What GitHub takes as a command (docs: marking issues as a duplicate)."""

_OUR_LINK = re.compile(rf"\[(?:[\w./-]*\#|GH-)\d+\]\({re.escape(_REDIRECT)}/[^\s()]*\)", re.IGNORECASE)
_PARAGRAPH_END = re.compile(r"(\n[ \t]*\n)")
_ITEM = re.compile(r"(?:\d{1,2}\.|[-*+]) (?=\S)")
_INDENT = "    "


def find_live(markdown: str, server: str = GITHUB, linked: Collection[int] = ()) -> list[str]:
    """The lines of a whole comment with something that GitHub or a bot obeys: a ping, a command or a backlink.

    `linked` are the issues of the same repository that the comment links on purpose. Code is harmless; where it cannot
    be told for certain, it counts as text.
    """
    place = _Place("owner/name", server.rstrip("/").lower())
    texts = (_mask_links(text, linked) for text in _split_items(markdown.replace("\r\n", "\n").replace("\r", "\n")))
    prose = (piece for text in texts for piece in split_code(text) if not piece.is_code)
    changed = [line for piece in prose for line in _find_changed(piece.text, place.defuse(piece))]
    return [*changed, *(found[0].strip() for found in _DUPLICATE_OF.finditer(markdown))]


def _find_changed(text: str, harmless: str) -> Iterator[str]:
    """An HTML comment hides what it holds, and obeys nothing itself."""
    pairs = zip(text.replace("<!--", "&lt;!--").split("\n"), harmless.split("\n"), strict=True)
    return (before.strip().replace(_GAP, "") for before, after in pairs if before != after)


def _mask_links(text: str, linked: Collection[int]) -> str:
    """The text with a word for each link that is known to be harmless. Inside a block of HTML a link is none."""
    numbers = "|".join(map(str, sorted(linked))) or "(?!)"
    own = re.sub(rf"(?<![\w./&#!\\-])\#(?P<number>{numbers})(?![\w@])", rf"#{_GAP}\g<number>", text)
    parts = _PARAGRAPH_END.split(own)
    return "".join(part if _HTML_BLOCK.search(part) else _OUR_LINK.sub("link", part) for part in parts)


def _split_items(markdown: str) -> Iterator[str]:
    """The items of lists, each as the document that it is, and the text around them.

    An item is a list's own only if an empty line or another item stands before it, and all its lines are indented.
    """
    lines, around, here = markdown.split("\n"), list[str](), 0
    while here < len(lines):
        end = here + 1
        if fence := _FENCE.fullmatch(lines[here]):
            closed = re.compile(rf" {{0,3}}{fence['run'] or fence['tilde']}[`~]*[ \t]*")
            end = next((n + 1 for n in range(end, len(lines)) if closed.fullmatch(lines[n])), len(lines))
        elif _ITEM.match(lines[here]) and not (around and around[-1].strip()):
            while end < len(lines) and (not lines[end].strip() or lines[end].startswith(_INDENT)):
                end += 1
            if end == len(lines) or not lines[end - 1].strip() or _ITEM.match(lines[end]):
                first = _ITEM.sub("", lines[here], count=1)
                yield "\n".join([first, *(line.removeprefix(_INDENT) for line in lines[here + 1 : end])])
                around.append("")
                here = end
                continue
        around += lines[here:end]
        here = end
    yield "\n".join(around)


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
    return sign if sign.isascii() and all(each.isalnum() or each in "@#/-.:" for each in sign) else entity[0]


def _part_command(text: str) -> str:
    return _COMMAND.sub(rf"\g<start>{_GAP}", text)
