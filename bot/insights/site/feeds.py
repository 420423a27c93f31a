"""The site's feeds, its map, and the messages that its search finds without an index of words. Pure."""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from bot.insights.site.catalogue import Contents, Page, name_product
from bot.insights.site.figures import read_moment
from bot.insights.site.problem import Problem
from bot.insights.site.trending import PastRise
from bot.insights.site.wording import list_messages
from bot.text.printable import reveal_line

MOST_ENTRIES = 50
_ATOM = "http://www.w3.org/2005/Atom"
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_TAG_YEAR = "2026"
"""A tag: id names a day on which its author held the domain (RFC 4151); it never changes, so that ids stay."""

_SEPARATORS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a feed; `id` is the part of its tag: id after the site's own."""

    id: str
    title: str
    address: str
    summary: str
    updated: datetime


def list_status_entries(problems: Iterable[Problem], end: int) -> tuple[Entry, ...]:
    """An entry for each problem and each status that it has: a new problem, or a change of its status."""
    entries = (
        Entry(
            id=f"problem/{problem.id}/{problem.status.code}{_name_fix(problem)}",
            title=f"{problem.status.label}: {problem.message or problem.name}",
            address=problem.address,
            summary=f"{problem.name}. {problem.status.reason}",
            updated=_date_status(problem, end),
        )
        for problem in problems
    )
    return tuple(sorted(entries, key=lambda entry: (entry.updated, entry.id), reverse=True)[:MOST_ENTRIES])


def _name_fix(problem: Problem) -> str:
    fix = problem.rule.model.fixed_in
    return f"/{fix.version}" if fix else ""


def _date_status(problem: Problem, end: int) -> datetime:
    """When it began to have its status, as far as any source says; the same in every build from the same archive."""
    reviewed = problem.rule.model.reviewed
    known = problem.status.since or (problem.figures.first if problem.status.code == "open" else None)
    return known or (datetime.combine(reviewed, time(), UTC) if reviewed else None) or read_moment(end)


def list_rise_entries(rises: Iterable[PastRise]) -> tuple[Entry, ...]:
    """An entry for each surge; it is updated when the surge ends."""
    return tuple(
        Entry(
            id=f"rise/{rise.problem.id}/{rise.episode.start:%Y-%m-%d}",
            title=f"{'Was rising' if rise.episode.end else 'Rising'}: {rise.problem.message or rise.problem.name}",
            address=rise.problem.address,
            summary=rise.summary + (f" It ended on {rise.episode.end:%Y-%m-%d}." if rise.episode.end else ""),
            updated=rise.episode.end or rise.episode.start,
        )
        for rise in list(rises)[:MOST_ENTRIES]
    )


def format_feed(name: str, title: str, entries: Sequence[Entry], contents: Contents) -> str:
    """The feed as Atom (RFC 4287). Without a base URL, its links are relative to the feed."""
    base = contents.settings.base_url
    site = base or "../"
    root = ET.Element("feed", xmlns=_ATOM)
    product = name_product(contents.sources)
    _add(root, "id", f"{name_authority(contents)}:feed/{name}")
    _add(root, "title", f"{product}: {title}" if product else title)
    ended = max((entry.updated for entry in entries), default=read_moment(contents.sources.census.end))
    _add(root, "updated", f"{ended:%Y-%m-%dT%H:%M:%SZ}")
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=site)
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=f"{site}feeds/{name}.xml")
    author = ET.SubElement(root, "author")
    _add(author, "name", "Signpost")
    for entry in entries:
        each = ET.SubElement(root, "entry")
        _add(each, "id", f"{name_authority(contents)}:{entry.id}")
        _add(each, "title", entry.title)
        _add(each, "updated", f"{entry.updated:%Y-%m-%dT%H:%M:%SZ}")
        ET.SubElement(each, "link", rel="alternate", type="text/html", href=f"{site}{entry.address}")
        _add(each, "summary", entry.summary)
    return _write(root)


def name_authority(contents: Contents) -> str:
    """The start of the site's tag: ids: the host of its address, or else that of its repository's pages on GitHub."""
    host = urlsplit(contents.settings.base_url).hostname
    parts = urlsplit(contents.sources.census.home).path.split("/")
    owner = parts[1].lower() if len(parts) > 1 else ""
    path = urlsplit(contents.settings.base_url).path.strip("/").replace("/", ":")
    authority = host or (f"{owner}.github.io" if owner else "localhost")
    return f"tag:{authority},{_TAG_YEAR}{f':{path}' if path else ''}"


def _add(parent: ET.Element, name: str, text: str) -> None:
    """Add an element with a text; signs that XML 1.0 cannot have are made visible."""
    ET.SubElement(parent, name).text = reveal_line(text).encode("utf-8", "replace").decode()


def _write(root: ET.Element) -> str:
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def format_sitemap(pages: Iterable[Page], base_url: str) -> str:
    """The map of the pages that search engines may list (https://www.sitemaps.org/protocol.html)."""
    root = ET.Element("urlset", xmlns=_SITEMAP)
    for page in pages:
        if page.is_listed:
            _add(ET.SubElement(root, "url"), "loc", f"{base_url}{page.address}")
    return _write(root)


def format_robots(contents: Contents) -> str:
    """robots.txt: everything may be read, or nothing of a private site."""
    settings = contents.settings
    rules = "User-agent: *\nDisallow: /\n" if settings.is_private else "User-agent: *\nAllow: /\n"
    return (
        f"{rules}Sitemap: {settings.base_url}sitemap.xml\n" if settings.base_url and not settings.is_private else rules
    )


def format_messages(problems: Iterable[Problem]) -> str:
    """The messages of all problems for the search: the pieces between their holes, without anything but letters.

    A terminal that wraps, quotes, escapes and Markdown all change only what is left out here.
    """
    rows = [
        {
            "address": problem.address,
            "title": problem.name,
            "note": f"{problem.status.label}: {problem.message}" if problem.message else problem.status.label,
            "messages": list(_list_pieces(problem)),
            "words": _list_words(problem),
        }
        for problem in problems
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _list_words(problem: Problem) -> str:
    """All that a search by words looks in: title, tags and messages, in lower case with one space between words."""
    messages = (literal for part in list_messages(problem.rule) for literal in part.phrase.literals)
    text = " ".join([problem.name, *problem.tags, problem.message, *messages])
    return " ".join(_SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).lower()).split())


def _list_pieces(problem: Problem) -> Iterator[list[str]]:
    for part in list_messages(problem.rule):
        if pieces := [piece for literal in part.phrase.literals if (piece := strip_signs(literal))]:
            yield pieces


def strip_signs(text: str) -> str:
    """The text as the search compares it: letters and digits in lower case. `search.js` does the same."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text).lower())
