"""Which issues a report itself names, as GitHub links them, where a person wrote and did not paste. Pure."""

import re
from collections.abc import Iterator
from itertools import pairwise

from bot.issue.facts import Facts, Text
from bot.issue.layout import cut_pasted
from bot.text.markdown import is_inside

_INDENTED = re.compile(r"(?:\A|(?<=\n)[ \t\r]*\n)(?:(?: {4}|\t)[^\n]*(?:\n|\Z))+")
_CODE_SPAN = re.compile(r"(?<!`)(?P<run>`+)(?!`)[^\n]+?(?<!`)(?P=run)(?!`)")
_CODE_TAG = re.compile(r"(</?(?:pre|code)\b[^<>\n]{0,200}>)", re.IGNORECASE)
_COUNTED = re.compile(r"^[ \t]*(?P<sign>#)(?P<number>\d{1,9})\b", re.MULTILINE)


def find_mentions(facts: Facts, server: str) -> frozenset[int]:
    """The numbers of the issues that title and prose name: `#12`, `GH-12`, `owner/name#12`, or by their address.

    Those of other repositories do not count, and `server` (`https://github.com`) says where ours is.
    https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
    """
    named = _write_pattern(facts.issue.repository, server)
    found = (match for text in _list_written(facts) for match in named.finditer(_drop_code(_drop_counts(text))))
    return frozenset(int(number) for match in found if (number := match["place"] or match["number"]))


def _write_pattern(repository: str, server: str) -> re.Pattern[str]:
    """An address of ours, any other address (which names nothing, whatever is in it), or a reference."""
    host, here = re.escape(server.partition("://")[2]), re.escape(repository)
    return re.compile(
        rf"https?://(?:www\.)?{host}/{here}/(?:issues|pull)/(?P<place>[1-9]\d{{0,8}})(?!\d)|https?://[^\s<>()\[\]\"'`]+"
        rf"|(?<![\w/&])(?:(?:{here})?#|GH-)(?P<number>[1-9]\d{{0,8}})(?![\w@])",
        re.IGNORECASE,
    )


def _list_written(facts: Facts) -> Iterator[str]:
    """Title and prose, and of a paragraph that counts as pasted what stands above it; not quotes, not boxes."""
    for text in facts.find_texts(("title", "body")):
        yield text.raw
    for text in facts.views["logs"]:
        if not (_is_quote(text) or is_inside(facts.layout.covered, text.span.start)):
            yield cut_pasted(text.raw)


def _is_quote(text: Text) -> bool:
    return text.raw.lstrip().startswith(">")


def _drop_code(text: str) -> str:
    """The text without indented code, code spans, and what stands in `<pre>` or `<code>`."""
    kept, is_code = list[str](), False
    for part in _CODE_TAG.split(_CODE_SPAN.sub(" ", _INDENTED.sub("\n", text))):
        if _CODE_TAG.fullmatch(part):
            is_code = not part.startswith("</")
        elif not is_code:
            kept.append(part)
    return " ".join(kept)


def _drop_counts(text: str) -> str:
    """The text without `#1`, `#2`, … where lines begin so: frames of a stack, or steps, are counted, not named."""
    lines = list(_COUNTED.finditer(text))
    numbers = [int(line["number"]) for line in lines]
    pairs = [place for place, (one, other) in enumerate(pairwise(numbers)) if other == one + 1]
    kept, position = list[str](), 0
    for place in sorted({*pairs, *(place + 1 for place in pairs)}):
        kept.append(text[position : lines[place].start("sign")])
        position = lines[place].end()
    return " ".join([*kept, text[position:]])
