"""Which parts of a Markdown text are code for certain. Pure.

Errs on one side only: what counts as code here is code for GitHub too, so it can be left as it is. Where blocks nest or
backticks do not pair off within their line, nothing counts as code, and the text is doubtful.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

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
    """The text in pieces, in order. Line ends become line feeds, and a fence that is left open is closed."""
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
