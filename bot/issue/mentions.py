"""What comments ask for: issues that people name, and commands such as `/signpost duplicate #N`. Pure."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from bot.issue.facts import Facts, Text
from bot.issue.layout import cut_pasted
from bot.text.markdown import find_hidden
from bot.tracker.graph import Address, Edge, EdgeKind
from bot.tracker.types import Issue

_INDENTED = re.compile(r"(?:\A|(?<=\n)[ \t\r]*\n)(?:(?: {4}|\t)[^\n]*(?:\n|\Z))+")
_CODE_SPAN = re.compile(r"(?<!`)(?P<run>`+)(?!`)[^\n]+?(?<!`)(?P=run)(?!`)")
_CODE_TAG = re.compile(r"(</?(?:pre|code)\b[^<>\n]{0,200}>)", re.IGNORECASE)
_COUNTED = re.compile(r"^[ \t]*(?P<sign>#)(?P<number>\d{1,9})\b", re.MULTILINE)


def find_mentions(facts: Facts, server: str) -> frozenset[int]:
    """The numbers of the issues that title and prose name: `#12`, `GH-12`, `owner/name#12`, or by their address.

    Those of other repositories do not count; `server` (`https://github.com`) is ours.
    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
    """
    named = _write_pattern(facts.issue.repository, server)
    found = (match for text in _list_written(facts) for match in named.finditer(_drop_code(_drop_counts(text))))
    return frozenset(int(number) for match in found if (number := match["place"] or match["number"]))


def _write_pattern(repository: str, server: str) -> re.Pattern[str]:
    """An address of our repository, any other address (which names no issue), or a reference."""
    host, here = re.escape(server.partition("://")[2]), re.escape(repository)
    return re.compile(
        rf"https?://(?:www\.)?{host}/{here}/(?:issues|pull)/(?P<place>[1-9]\d{{0,8}})(?!\d)|https?://[^\s<>()\[\]\"'`]+"
        rf"|(?<![\w/&])(?:(?:{here})?#|GH-)(?P<number>[1-9]\d{{0,8}})(?![\w@])",
        re.IGNORECASE,
    )


def _list_written(facts: Facts) -> Iterator[str]:
    """Title and prose, and the text above a pasted part; no quotes and no boxes."""
    for text in facts.find_texts(("title", "body")):
        yield text.raw
    for text in facts.views["logs"]:
        if not (_is_quote(text) or text.is_code):
            yield cut_pasted(text.raw)


def _is_quote(text: Text) -> bool:
    return text.raw.lstrip().startswith(">")


def _drop_code(text: str) -> str:
    """The text without indented code, code spans, and the content of `<pre>` or `<code>`."""
    kept, is_code = list[str](), False
    for part in _CODE_TAG.split(_CODE_SPAN.sub(" ", _INDENTED.sub("\n", text))):
        if _CODE_TAG.fullmatch(part):
            is_code = not part.startswith("</")
        elif not is_code:
            kept.append(part)
    return " ".join(kept)


def _drop_counts(text: str) -> str:
    """The text without `#1`, `#2`, … at the start of lines: they number stack frames or steps."""
    lines = list(_COUNTED.finditer(text))
    numbers = [int(line["number"]) for line in lines]
    pairs = [place for place, (one, other) in enumerate(pairwise(numbers)) if other == one + 1]
    kept, position = list[str](), 0
    for place in sorted({*pairs, *(place + 1 for place in pairs)}):
        kept.append(text[position : lines[place].start("sign")])
        position = lines[place].end()
    return " ".join([*kept, text[position:]])


_LONGEST_TEXT = 65_536
_MOST_IN_ONE_TEXT = 50
"""References that are read from one text: a list of all changes since the last release may have hundreds."""

_CLOSING = r"(?P<closing>\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)[ \t]{0,4}:?[ \t]{1,4})?"
_NAME = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/(?!\.\.?(?![A-Za-z0-9_.-]))[A-Za-z0-9_.-]{1,100}"
_SERVER = re.compile(r"https?://(?P<host>[\w.-]+(?::\d{1,5})?)(?=/|$)")
_PARAGRAPHS = re.compile(r"\n[ \t\r]*\n")
_QUOTED = re.compile(r"^ {0,3}>[^\n]*(?:\n(?![ \t]*\n)[^\n]*)*", re.MULTILINE)


class Reference(NamedTuple):
    """An issue or a pull request that a text names; `is_closing` if a closing keyword stands before it.

    https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
    """

    address: Address
    is_closing: bool = False


def find_references(text: str, repository: str, server: str) -> tuple[Reference, ...]:
    """What the prose of a text names, in any repository: `#12`, `GH-12`, `owner/name#12`, or an address of `server`.

    Code, HTML comments, quotes and pasted logs do not count. Each address comes once, with a closing
    keyword if it has one anywhere; at most 50.
    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
    """
    if "#" not in text and "GH-" not in text.upper() and "://" not in text:
        return ()
    found = dict[Address, bool]()
    for match in _write_reference(server).finditer(_find_prose(text[:_LONGEST_TEXT])):
        number = match["place"] or match["number"]
        if number and len(found) < _MOST_IN_ONE_TEXT:
            named = match["where"] or match["named"] or repository
            address = Address(repository if named.casefold() == repository.casefold() else named, int(number))
            found[address] = found.get(address, False) or bool(match["closing"])
    return tuple(Reference(address, is_closing) for address, is_closing in found.items())


@lru_cache(maxsize=8)
def _write_reference(server: str) -> re.Pattern[str]:
    host = re.escape(server.partition("://")[2])
    return re.compile(
        rf"{_CLOSING}(?:https?://(?:www\.)?{host}/(?P<where>{_NAME})/(?:issues|pull)/(?P<place>[1-9]\d{{0,8}})(?!\d)"
        rf"|https?://[^\s<>()\[\]\"'`]+"
        rf"|(?<![\w/&#.-])(?:(?P<named>{_NAME})?#|GH-)(?P<number>[1-9]\d{{0,8}})(?![\w@]))",
        re.IGNORECASE,
    )


def _find_prose(text: str) -> str:
    """The text without fences, HTML comments, quotes, code and pasted lines."""
    hidden = find_hidden(text)
    kept, position = list[str](), 0
    for span in sorted([*(fence for fence, _ in hidden.fences), *hidden.comments]):
        kept.append(text[position : span.start])
        position = max(position, span.end)
    prose = _QUOTED.sub("\n", "\n".join([*kept, text[position:]]))
    return _drop_code(_drop_counts("\n\n".join(map(_cut_log, _PARAGRAPHS.split(prose)))))


def _cut_log(paragraph: str) -> str:
    """The lines of a paragraph above the first one that looks pasted."""
    return cut_pasted(f"\n{paragraph}") or paragraph


def list_prose_edges(issue: Issue) -> Iterator[Edge]:
    """What title, body and comments name, each once a text; see `find_references`. Its own address names the server.

    Only a pull request can claim to fix an issue: `fixes #12` in an issue is a mention.
    """
    here, server = Address(issue.repository, issue.number), _find_server(issue.url)
    for text, edge in _list_texts(issue, here):
        for address, is_closing in find_references(text, issue.repository, server):
            if address != here:
                kind: EdgeKind = "claims" if is_closing and issue.is_pull_request else "mentions"
                yield edge._replace(kind=kind, target=address)


def _find_server(url: str) -> str:
    """Where the pages of GitHub are, by the address of one; an archive may have that of the API instead."""
    found = _SERVER.match(url)
    return found[0] if found and not found["host"].startswith("api.") else "https://github.com"


def _list_texts(issue: Issue, here: Address) -> Iterator[tuple[str, Edge]]:
    """Each text, and an edge that says where it is and who wrote it."""
    opened = Edge("mentions", here, here, "body", issue.created_at, issue.author, issue.association, issue.url)
    yield issue.title, opened
    yield issue.body, opened
    for comment in issue.comments:
        written = (comment.created_at, comment.author, comment.association, comment.url)
        yield comment.body, Edge("mentions", here, here, "comment", *written)
