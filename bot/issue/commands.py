"""What people tell Signpost in a comment: `/signpost duplicate #N`. Pure."""

import re
from collections.abc import Iterable

from bot.text.markdown import find_hidden, is_inside
from bot.tracker.types import MAINTAINERS, Account, Comment

_LINE = re.compile(
    r"[ ]{0,3}/signpost[ \t]+duplicate(?:[ \t]+of)?[ \t]+#?(?P<number>[1-9][0-9]{0,8})[ \t.]*[\r\n]*", re.IGNORECASE
)
_LONGEST = 65_536


def find_command(comments: Iterable[Comment], author: Account) -> int | None:
    """The issue that this one repeats, by the last command of somebody who may give one."""
    found = None
    for comment in comments:
        if may_command(comment, author):
            found = _read(comment.body) or found
    return found


def may_command(comment: Comment, author: Account) -> bool:
    """Whether a command of that person counts: a maintainer's or the issue's author's, never a bot's."""
    return not comment.author.is_bot and (
        comment.association in MAINTAINERS or comment.author.login.casefold() == author.login.casefold()
    )


def has_command(comment: Comment) -> bool:
    """Whether a comment holds a command."""
    return _read(comment.body) is not None


def _read(body: str) -> int | None:
    """The number in the last command that stands on a line of its own; none in code, HTML comments or quotes."""
    text = body[:_LONGEST]
    if "/signpost" not in text.lower():
        return None
    found, position, is_quote = None, 0, False
    hidden = find_hidden(text)
    spans = sorted([*(fence for fence, _ in hidden.fences), *hidden.comments])
    for line in text.splitlines(keepends=True):
        # A line right below a quote still belongs to it (CommonMark 0.31, 5.1: laziness).
        is_quote = bool(line.strip()) and (is_quote or line.lstrip(" ").startswith(">"))
        match = None if is_quote or is_inside(spans, position) else _LINE.fullmatch(line)
        found = int(match["number"]) if match else found
        position += len(line)
    return found
