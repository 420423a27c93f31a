"""Issues that people name: in a report, as GitHub links them, or in the command `/signpost duplicate #N`. Pure."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from bot.issue.facts import Facts, Text
from bot.issue.layout import cut_pasted
from bot.text.markdown import find_hidden, is_inside
from bot.tracker.types import MAINTAINERS, Account, Comment

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
        if not (_is_quote(text) or is_inside(facts.layout.covered, text.span.start)):
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


_COMMAND = re.compile(
    r"[ ]{0,3}/signpost[ \t]+duplicate(?:[ \t]+of)?[ \t]+#?(?P<number>[1-9][0-9]{0,8})[ \t.]*[\r\n]*", re.IGNORECASE
)
_LONGEST_COMMENT = 65_536


def find_command(comments: Iterable[Comment], author: Account) -> int | None:
    """The issue that this one duplicates, by the last command of a person who may give one."""
    found = None
    for comment in comments:
        if may_command(comment, author):
            found = _read_command(comment.body) or found
    return found


def may_command(comment: Comment, author: Account) -> bool:
    """Whether a command of that person counts: a maintainer's or the issue's author's, never a bot's."""
    return not comment.author.is_bot and (
        comment.association in MAINTAINERS or comment.author.login.casefold() == author.login.casefold()
    )


def has_command(comment: Comment) -> bool:
    """Whether a comment contains a command."""
    return _read_command(comment.body) is not None


def _read_command(body: str) -> int | None:
    """The number in the last command on a line of its own; code, HTML comments and quotes do not count."""
    text = body[:_LONGEST_COMMENT]
    if "/signpost" not in text.lower():
        return None
    found, position, is_quote = None, 0, False
    hidden = find_hidden(text)
    spans = sorted([*(fence for fence, _ in hidden.fences), *hidden.comments])
    for line in text.splitlines(keepends=True):
        # A line right below a quote still belongs to it (CommonMark 0.31, 5.1: laziness).
        is_quote = bool(line.strip()) and (is_quote or line.lstrip(" ").startswith(">"))
        match = None if is_quote or is_inside(spans, position) else _COMMAND.fullmatch(line)
        found = int(match["number"]) if match else found
        position += len(line)
    return found
