"""The one comment, rendered from its template, and the checks before it is posted. Pure."""

import re
from collections.abc import Iterable

from bot.comment.links import write_link
from bot.comment.sanitizer import find_pings
from bot.comment.section import Section
from bot.comment.templates import read_template
from bot.duplicates.selection import LinkDecision
from bot.errors import SignpostError
from bot.rules.checks import find_forbidden
from bot.rules.spec.template import make_environment

MAX_CHARACTERS = 65_536
"""GitHub refuses a longer comment (422 "Body is too long")."""

_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
_FAILURES = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


class CommentError(SignpostError):
    """A comment that must not be posted; the message is for maintainers."""


def render_comment(sections: Iterable[Section], template: str | None = None) -> str:
    """The visible text of the comment. Raises CommentError if the repository's own template is not allowed or fails."""
    from jinja2 import TemplateError  # noqa: PLC0415 (most issues match no rule)

    if template and (pings := find_pings(template)):
        raise CommentError(f"the comment template would notify {', '.join(pings)}; put each name in backticks")
    try:
        source = make_environment().from_string(template or read_template("comment.md.j2"))
        return _tidy(source.render(sections=list(sections)))
    except (TemplateError, *_FAILURES) as error:
        raise CommentError(f"the comment template cannot be rendered: {error}") from error


def render_links(duplicates: Iterable[LinkDecision]) -> str:
    """The visible text of a comment that only links earlier reports."""
    from jinja2 import TemplateError  # noqa: PLC0415 (most issues match no rule)

    shown = list(duplicates)
    known = [write_link(each) for each in shown if each.tier != "C"]
    alike = [write_link(each) for each in shown if each.tier == "C"]
    try:
        source = make_environment().from_string(read_template("links.md.j2"))
        return _tidy(source.render(duplicates=known, related=alike, is_fixed=all(each.fix for each in shown)))
    except (TemplateError, *_FAILURES) as error:
        raise CommentError(f"the comment template cannot be rendered: {error}") from error


def render_withdrawal() -> str:
    """The text of a comment that does not apply any more."""
    return read_template("withdrawn.md.j2")


def _tidy(text: str) -> str:
    """At most one empty line in a row outside code, none at the ends."""
    lines, fence = list[str](), ""
    for line in text.strip().split("\n"):
        run = _FENCE.match(line)
        if fence:
            fence = "" if run and run[1].startswith(fence) and not run[2].strip() else fence
        elif run:
            fence = run[1]
        if fence or line.strip() or (lines and lines[-1].strip()):
            lines.append(line if fence else line.rstrip())
    return "\n".join(lines)


def check_comment(text: str, forbidden: tuple[str, ...]) -> str:
    """The text, if it may be posted; raises CommentError if it is empty or contains forbidden words."""
    if not text.strip():
        raise CommentError("the comment would be empty; correct the file that `template` names in config.yml")
    if words := find_forbidden(text, forbidden):
        quoted = ", ".join(f'"{word}"' for word in words)
        raise CommentError(f"the comment would contain forbidden words ({quoted}); change the guidance or the settings")
    return text


def check_length(body: str) -> str:
    """The comment with its marker, if it is not too long; raises CommentError."""
    if len(body) > MAX_CHARACTERS:
        message = f"the comment would have {len(body)} characters, GitHub allows {MAX_CHARACTERS}; shorten the guidance"
        raise CommentError(message)
    return body
