"""The one comment, rendered from its template, and the checks before it is posted. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from bot.comment.links import write_link
from bot.comment.sanitizer import GITHUB, find_live, quote_code
from bot.comment.section import Section
from bot.comment.templates import read_template
from bot.duplicates.selection import LinkDecision
from bot.rules.spec.pack import find_forbidden
from bot.rules.spec.template import FAILURES, compile_template

MAX_CHARACTERS = 65_536
"""GitHub refuses a longer comment (422 "Body is too long")."""


_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
_MOST_RENDERED = 4 * MAX_CHARACTERS
"""A template may write many empty lines, which are left out."""

_LINKED = re.compile(r"#(\d{1,10})\b")
_LONGEST_QUOTE = 80
_FIRST_STEPS = 3
"""Of the guidance, in a comment about a known incident: the tracking issue has the rest."""

_SERVER = re.compile(r"https?://[^/\s]+")

WHY = "https://github.com/signpost-bot/signpost/blob/main/docs/why.md"
"""The page for reporters, which each comment links."""

LONG = 700
"""A comment with more characters folds what can wait; about 700 fill the screen of a phone (390 by 650 pixels).

A line counts as at least `_LINE` characters: a short line of a list or of code takes as much room as a full one.
"""

_LINE = 40

_ADDRESS = re.compile(r"\]\([^()\s]*\)")


class CommentError(ValueError):
    """A comment that must not be posted; the message is for maintainers."""


class Frame(NamedTuple):
    """What is around the guidance: the `url` of the issue, and the sentence about its `closing`.

    `rechecks` says whether Signpost looks at an edited report again, so that the comment may promise it.
    """

    url: str = ""
    closing: str = ""
    rechecks: bool = True


_NO_FRAME = Frame()


def render_comment(sections: Iterable[Section], template: str | None = None, frame: Frame = _NO_FRAME) -> str:
    """The visible text of the comment; if a repository's own template leaves the closing out, it follows the text.

    Raises CommentError where a repository's own template must not or cannot be rendered, or where anything in the
    comment would call somebody, command something or link back.
    """
    shown = list(sections)
    if template:
        from bot.rules.spec.template_check import check_comment_template  # noqa: PLC0415 (few repositories have one)

        if problem := check_comment_template(template):
            raise CommentError(f"the comment template cannot be used: {problem}")
    values = {"sections": shown, "is_long": _is_long(shown), **_describe(shown, frame)}
    text = _render(template or read_template("comment.md.j2"), values)
    text = text if frame.closing in text else f"{text}\n\n{frame.closing}"
    links = (link for each in shown for link in (each.follow, *each.duplicates, *each.related))
    return _check_whole(text, frame.url, links, [text for each in shown for text in _list_blocks(each)])


def _describe(sections: Sequence[Section], frame: Frame) -> dict[str, object]:
    """The texts that every comment has: how it opens, its closing, and its last line."""
    footer = _write_footer([each.rule for each in sections if each.rule], rechecks=frame.rechecks)
    opening = _write_opening(sections) if sections else ""
    return {"opening": opening, "closing": frame.closing, "footer": footer}


def _write_opening(sections: Sequence[Section]) -> str:
    """What the comment is about, in one line."""
    are_problems, number = all(each.about == "problem" for each in sections), len(sections)
    if number == 1:
        return f"{'This looks like a known problem' if are_problems else 'About this report'}: **{sections[0].title}**"
    return f"This looks like {number} known problems." if are_problems else f"{number} notes about this report:"


def _write_footer(rules: Sequence[str] = (), *, asks: bool = True, rechecks: bool = False) -> str:
    """The last line: who speaks, and what a reader can do about it; it asks for votes where there is advice."""
    values = {"rules": list(map(quote_code, rules)), "asks": asks, "rechecks": rechecks, "why": WHY}
    return _render(read_template("footer.md.j2"), values)


def _is_long(sections: Sequence[Section]) -> bool:
    """Whether the texts, without the addresses of links, have more than `LONG` characters."""
    texts = (
        text
        for each in sections
        for text in (*(part for _, part in each.list_parts()), *each.duplicates, *each.related, *each.tools)
    )
    lines = (line for text in texts for line in _ADDRESS.sub("]", text).split("\n") if line.strip())
    return sum(max(_LINE, len(line)) for line in lines) > LONG


def render_links(duplicates: Iterable[LinkDecision], frame: Frame = _NO_FRAME) -> str:
    """The visible text of a comment that only links earlier reports; raises CommentError like `render_comment`."""
    shown = list(duplicates)
    known = [write_link(each) for each in shown if each.tier != "C"]
    alike = [write_link(each) for each in shown if each.tier == "C"]
    values = {"duplicates": known, "related": alike, "is_fixed": all(each.fix for each in shown)}
    text = _render(read_template("links.md.j2"), values | _describe((), frame))
    return _check_whole(text, frame.url, [*known, *alike])


def _render(source: str, values: Mapping[str, object]) -> str:
    """The text, which stops where no comment could be so long: a loop in a template may write much."""
    from jinja2 import TemplateError  # noqa: PLC0415 (most issues match no rule)

    pieces, length = list[str](), 0
    try:
        for piece in compile_template(source).generate(values):
            pieces.append(piece)
            length += len(piece)
            if length > _MOST_RENDERED:
                break
    except (TemplateError, *FAILURES) as error:
        raise CommentError(f"the comment template cannot be rendered: {error}") from error
    if length > _MOST_RENDERED:
        raise CommentError(f"the comment template writes more than {_MOST_RENDERED} characters; shorten the template")
    return _tidy("".join(pieces))


def _list_blocks(section: Section) -> Iterator[str]:
    """Those of its texts that have several lines."""
    texts = (section.tldr, section.example, section.notes, section.recommendation, *section.steps)
    return (_tidy(text) for text in texts if "\n" in text)


def _check_whole(text: str, url: str, links: Iterable[str], blocks: Iterable[str] = ()) -> str:
    """The whole comment, if GitHub obeys nothing in it, no matter what wrote it; raises CommentError.

    `links` are its links to issues on purpose. A block that was made harmless by itself, and is one here too, is not
    read again together with the code around it.
    """
    rest = text
    for block in blocks:
        rest = re.sub(rf"(?<!\S)(?:\A|(?<=\n\n)){re.escape(block)}(?=\n\n|\Z)", "-", rest)
    linked = {int(match[1]) for link in links if (match := _LINKED.match(link))}
    server = _SERVER.match(url)
    if live := find_live(rest, server[0] if server else GITHUB, linked):
        cut = live[0] if len(live[0]) <= _LONGEST_QUOTE else f"{live[0][:_LONGEST_QUOTE]}…"
        what = f"the comment would notify someone, run a command or create a backlink with `{cut}`"
        raise CommentError(f"{what}; put that part into backticks, or remove it")
    return text


def render_incident(incident: int, sections: Iterable[Section], frame: Frame = _NO_FRAME) -> str:
    """The short form for a report of a known incident, whose tracking issue has that number.

    It has the summaries and the first steps of the sections. Raises CommentError like `render_comment`.
    """
    shown = list(sections)
    values = {"incident": incident, "sections": shown, "most_steps": _FIRST_STEPS}
    text = _render(read_template("known_incident.md.j2"), values | _describe(shown, frame))
    blocks = [text for each in shown for text in _list_blocks(each)]
    return _check_whole(text, frame.url, [f"#{incident}"], blocks)


def render_notice(kind: str, values: Mapping[str, object], linked: Iterable[int], server: str = GITHUB) -> str:
    """The text of an issue of our own, which links those issues on purpose; raises CommentError like the others."""
    text = _render(read_template(f"{kind}.md.j2"), values)
    return _check_whole(text, server, [f"#{number}" for number in linked])


def render_report(report: str, url: str = "") -> str:
    """The visible text of a comment with an issue report; raises CommentError like `render_comment`."""
    return _check_whole(_render(read_template("report.md.j2"), {"report": report}), url, ())


def render_explanation(lines: Iterable[str], url: str = "") -> str:
    """The folded part of a comment that explains it to maintainers; raises CommentError like `render_comment`."""
    return _check_whole(_render(read_template("explained.md.j2"), {"lines": list(lines)}), url, ())


def render_withdrawal() -> str:
    """The text of a comment that does not apply any more."""
    return _render(read_template("withdrawn.md.j2"), {"footer": _write_footer(asks=False)})


def render_refusal() -> str:
    """The text of a comment that somebody said does not fit."""
    return _render(read_template("refused.md.j2"), {"footer": _write_footer(asks=False)})


def render_replacement() -> str:
    """The text of a comment that gives way to another one of ours."""
    return _render(read_template("replaced.md.j2"), {"footer": _write_footer(asks=False)})


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
