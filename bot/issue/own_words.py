"""The words by which a comment of Signpost is known, also without its marker, and the comments of reporters. Pure."""

import re
from collections.abc import Iterator

from bot.text.normalize import MAX_CHARACTERS
from bot.tracker.types import Issue

MARKER_START = "<!-- signpost:v"
"""How the hidden line at the end of our comments begins (`bot.comment.marker`)."""

REPORT_WORDS = "issue report by signpost"
"""What every report says at its end (templates/report.md.j2): so it is known as one even without its marker."""

_REPLY = "automated reply from signpost"
"""How the last line of our comments begins (templates/footer.md.j2)."""

_WORDS = rf"(?:{_REPLY}|posted (?:automatically )?by signpost|{REPORT_WORDS})"
"""Older comments, and the issues of our own, say that they were posted by Signpost."""

_ANYWHERE = re.compile(rf"{MARKER_START}|{_WORDS}", re.IGNORECASE)
_OF_A_COMMENT = re.compile(rf"^[ \t]*(?:<sub>)?{_WORDS}|^[ \t]*{MARKER_START}[^\n]*\s*\Z", re.IGNORECASE | re.MULTILINE)


def has_our_words(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether a text has our words or the start of our marker, also as a quote or within a sentence."""
    return bool(_ANYWHERE.search(text, start, len(text) if end is None else end))


def is_ours(body: str) -> bool:
    """Whether Signpost wrote a comment, under any login: one that quotes or names it is somebody else's.

    Our words begin a line, and our marker is the last one.
    """
    return bool(_OF_A_COMMENT.search(body.replace("\r", "\n")))


_QUOTED_MAIL = re.compile(r"^(?:On [^\n]{5,200} wrote:|-{3,} ?Original Message ?-{3,})[ \t\r]*$", re.MULTILINE)


def list_comments(issue: Issue) -> Iterator[tuple[str, str]]:
    """The reporter's own comments: the name of each (`comment 1`), and its text without quoted mail.

    With a person's token, Signpost may have the same login.
    """
    own = (each for each in issue.comments if each.author.login == issue.author.login and not is_ours(each.body))
    for number, comment in enumerate(own, 1):
        body = comment.body[:MAX_CHARACTERS]
        mail = _QUOTED_MAIL.search(body)
        yield f"comment {number}", body[: mail.start()] if mail else body
