"""The links of a text, and the files that people upload: their names, and uploads that did not finish. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from bot.issue.own_words import list_comments
from bot.text.markdown import Span, drop_comments, find_covered, is_inside
from bot.text.normalize import MAX_CHARACTERS
from bot.tracker.types import Issue

MOST_LINKS = 500
"""The maximum number of links that are read in one text."""

_MOST_HOSTS = 100
_IN_URL = r"""[^\s<>()\[\]{}"'`]"""
_ADDRESS = rf"(?:https?://|(?<![\w./:@-])www\.(?=\w)){_IN_URL}+(?:\({_IN_URL}*\){_IN_URL}*)*"
_LINK = re.compile(rf"(?:!?\[(?P<text>[^\[\]\n]{{0,300}})\]\([ ]?<?)?(?P<link>{_ADDRESS})", re.IGNORECASE)
_HOST = re.compile(rf"(?P<link>{_ADDRESS})|(?<![\w@./+-])(?P<host>[\w-]+(?:\.[\w-]+)+)(?![\w@-]|\.\w)", re.IGNORECASE)
_PUNCTUATION = "?!.,:;*_~"
"""What GitHub leaves out at the end of an address in prose (https://github.github.com/gfm/#autolinks-extension-)."""

_LONGEST_TAG = 2_000
_NAME_IN_TAG = re.compile(r"""\balt\s*=\s*(?:"(?P<double>[^"<>]*)"|'(?P<single>[^'<>]*)')""", re.IGNORECASE)


class Link(NamedTuple):
    """A link: its target with `http://` or `https://`, its text (the `alt` of an image, "" without one), its place."""

    target: str
    text: str
    span: Span


@lru_cache(maxsize=256)
def find_links(text: str, start: int = 0, *, with_quotes: bool = True) -> tuple[Link, ...]:
    """The links of Markdown, HTML and prose outside code and HTML comments, in order; at most 500.

    `start` is the place of the text in its original; a link whose target is not an address (`#top`) does not count.
    They are read once for all rules.
    """
    if "://" not in text and "www." not in text.lower():
        return ()
    covered = find_covered(text, with_quotes=not with_quotes)
    found = (_read_link(match, start) for match in _LINK.finditer(text) if not is_inside(covered, match.start("link")))
    return tuple(islice(found, MOST_LINKS))


def _read_link(match: re.Match[str], offset: int) -> Link:
    text, (start, end) = match.string, match.span("link")
    is_wrapped = text[max(0, start - 1) : start] in {"<", '"', "'", "="} or text[max(0, start - 2) : start] == "]("
    target = match["link"] if is_wrapped else match["link"].rstrip(_PUNCTUATION)
    end, first = start + len(target), start
    if match["text"] is not None:
        first, closing = match.start(), text.find(")", end, end + len(match["text"]) + 300)
        end = closing + 1 if closing >= 0 and "\n" not in text[end:closing] else end
    name = match["text"] if match["text"] is not None else _find_alt(text, start)
    full = target if "://" in target[:8] else f"http://{target}"
    return Link(full.replace("&amp;", "&"), name or "", Span(offset + first, offset + end))


def _find_alt(text: str, position: int) -> str:
    """The `alt` of the tag that a position stands in, "" without one."""
    start = text.rfind("<", max(0, position - _LONGEST_TAG), position)
    if start < 0 or ">" in text[start:position]:
        return ""
    end = text.find(">", position, position + _LONGEST_TAG)
    found = _NAME_IN_TAG.search(text, start, max(end, start))
    return (found["double"] or found["single"] or "") if found else ""


def find_hosts(text: str) -> list[str]:
    """The hosts of addresses, with or without `https://`, also in code; an e-mail address is not a link."""
    found = islice(_HOST.finditer(drop_comments(text)), _MOST_HOSTS)
    hosts = (_read_host(link["link"]) if link["link"] else link["host"].lower() for link in found)
    return [host for host in hosts if host]


def _read_host(link: str) -> str | None:
    try:
        return urlsplit(link if "://" in link else f"http://{link}").hostname
    except ValueError:
        return None


_UPLOADED = re.compile(
    r"""https?://(?:
      [\w.-]+(?::\d{1,5})?/(?:
        user-attachments/(?:files/\d+/[^/]+|assets/[\w.-]+)
        | [\w.-]+/[\w.-]+/(?:files/\d+/[^/]+|assets/\d+/[\w.-]+)
        | storage/user/\d+/files/[\w.-]+
      )
      | (?:(?:private-)?user-images|cloud)\.githubusercontent\.com/[\w./-]+
      | media\.[\w.-]+/user/\d+/files/[\w.-]+
    )""",
    re.IGNORECASE | re.VERBOSE,
)
"""Addresses of GitHub's uploads, also older ones and those of Enterprise Server.
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/attaching-files
"""

_UNFINISHED = re.compile(
    r"""!?\[Uploading\ (?P<text>[^\n]{1,200}?)(?:…|\.\.\.)\]\(\)"""
    r"""|<!--\ Uploading\ "(?P<comment>[^\n]{1,200}?)"(?:…|\.\.\.)?\ -->"""
    r"""|<!--\ Failed\ to\ upload\ "(?P<failed>[^\n]{1,200}?)"\ -->""",
    re.VERBOSE,
)
"""What the editor of GitHub writes while it uploads a file, and if that fails; it stays if the issue is sent then."""


class Upload(NamedTuple):
    """An uploaded file: its names (in the address and in the text of the link, none of them certain), and its place."""

    names: tuple[str, ...]
    span: Span
    is_finished: bool = True


class Written(NamedTuple):
    """A text of the reporter, by its view and its source, and the uploads in it."""

    view: str
    source: str
    text: str
    uploads: tuple[Upload, ...]


@lru_cache(maxsize=16)
def list_uploads(issue: Issue) -> tuple[Written, ...]:
    """The uploads in the body and in the author's comments; read once for all rules."""
    comments = (("comments", *each) for each in list_comments(issue))
    written = (("body", "body", issue.body[:MAX_CHARACTERS]), *comments)
    return tuple(Written(view, source, text, find_uploads(text)) for view, source, text in written)


def find_uploads(text: str) -> tuple[Upload, ...]:
    """The uploads of a text, in order; not in code and quotes."""
    links = find_links(text, with_quotes=False)
    found = [Upload(_name_upload(link), link.span) for link in links if _is_upload(link.target)]
    return tuple(sorted([*found, *_find_unfinished(text)], key=lambda upload: upload.span))


def _is_upload(target: str) -> bool:
    return _UPLOADED.fullmatch(re.split("[?#]", target, maxsplit=1)[0]) is not None


def _name_upload(link: Link) -> tuple[str, ...]:
    """GitHub keeps the name of a file in its address; for images and videos only the text says anything."""
    last = unquote(re.split("[?#]", link.target, maxsplit=1)[0].rpartition("/")[2])
    return tuple(dict.fromkeys(name for name in (last if "." in last else "", link.text.strip()) if name))


def _find_unfinished(text: str) -> Iterator[Upload]:
    if "pload" not in text:
        return
    covered = find_covered(text, with_comments=False, with_quotes=True)
    for match in islice(_UNFINISHED.finditer(text), MOST_LINKS):
        if not is_inside(covered, match.start()):
            name = match["text"] or match["comment"] or match["failed"]
            yield Upload((name,), Span(*match.span()), is_finished=False)
