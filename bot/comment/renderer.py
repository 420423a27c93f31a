"""The one comment: guidance with its values, made harmless, in the comment's template. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.comment.links import describe_target, write_link
from bot.comment.sanitizer import GITHUB, defuse, echo_capture, fence_code, find_pings, link_elsewhere
from bot.comment.templates import read_template
from bot.duplicates.candidates import Duplicate
from bot.duplicates.canonical import Target
from bot.errors import SignpostError
from bot.rules.conditions.verdict import Captures
from bot.rules.guidance import find_forbidden
from bot.rules.matcher import Match
from bot.rules.ruleset import Rule
from bot.rules.spec.pack import Translation
from bot.rules.spec.rule import Guidance
from bot.rules.spec.template import make_environment, render_template
from bot.text.versions import find_versions, parse_version
from bot.tracker.types import Issue

MAX_CHARACTERS = 65_536
"""GitHub refuses a longer comment (422 "Body is too long")."""

_FENCE = re.compile(r"\s*(`{3,}|~{3,})(.*)")
_FAILURES = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


class CommentError(SignpostError):
    """A comment that must not leave; the message is for maintainers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What the template may show of one known problem; every text is Markdown that is harmless already."""

    title: str
    tldr: str
    steps: tuple[str, ...] = ()
    example: str = ""
    notes: str = ""
    recommendation: str = ""
    fix: str = ""
    follow: str = ""
    duplicates: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fix:
    """`fixed_in` as templates see it; `state` is older, fixed or unknown: how the stated version stands to the fix."""

    version: str
    pr: int | None
    state: str


def compare_with_fix(rule: Rule, captures: Captures) -> str | None:
    """How the stated version stands to `fixed_in`, if the rule has it.

    `older`, `fixed` (so it looks like a regression) or `unknown`.
    """
    if rule.model.fixed_in is None:
        return None
    stated = captures.get("version")
    found = find_versions(stated.value) if stated else ()
    if not found:
        return "unknown"
    return "fixed" if found[0].version >= parse_version(rule.model.fixed_in.version) else "older"


def make_section(match: Match, issue: Issue, target: Target | None, duplicates: tuple[Duplicate, ...] = ()) -> Section:
    """The section of a match whose guidance speaks; `target` is the issue to follow, checked."""
    rule, guidance = match.rule, match.rule.model.guidance[match.branch or 0]
    values = _values_of(match, issue, target, duplicates)
    server = find_server(issue)

    def link(text: str) -> str:
        return defuse(link_translations(text, rule.pack.model.translations, match.language), issue.repository, server)

    def write(text: str | None) -> str:
        return link(render_template(text, values).strip()) if text else ""

    def refer(duplicate: Duplicate) -> str:
        return write_link(duplicate, defuse(duplicate.why, issue.repository, server))

    return Section(
        title=write(rule.model.title),
        tldr=link(" ".join(render_template(guidance.tldr, values).split())),
        steps=tuple(_indent(write(step)) for step in guidance.steps),
        example=_write_example(guidance, values | _echo(match, is_bare=True)),
        notes=write(guidance.notes),
        recommendation=write(guidance.recommendation),
        fix=_write_fix(match, issue.repository, server),
        follow=_write_follow(target),
        duplicates=tuple(refer(d) for d in duplicates if d.tier != "C"),
        related=tuple(refer(d) for d in duplicates if d.tier == "C"),
        resources=tuple(link(f"[{page.title}]({page.url})") for page in rule.model.resources),
    )


def find_server(issue: Issue) -> str:
    """The GitHub that the issue is on, by its own address: `https://github.com`, or an Enterprise server."""
    server, parted, _ = issue.url.partition(f"/{issue.repository}/issues/")
    return server if parted else GITHUB


def _values_of(
    match: Match, issue: Issue, target: Target | None, duplicates: tuple[Duplicate, ...]
) -> dict[str, object]:
    fixed_in, state = match.rule.model.fixed_in, compare_with_fix(match.rule, match.captures)
    return _echo(match) | {
        "issue": {"number": issue.number},
        "rule": {"title": match.rule.model.title},
        "follow": target,
        "duplicates": duplicates,
        "fixed_in": _Fix(fixed_in.version, fixed_in.pr, state or "unknown") if fixed_in else None,
    }


def _echo(match: Match, *, is_bare: bool = False) -> dict[str, object]:
    """The captures that the rule may show, found or not."""
    return {name: echo_capture(match.captures.get(name), is_bare=is_bare) for name in sorted(match.rule.echoable)}


def _indent(text: str) -> str:
    """A step of several lines stays one item of its list, also as the tenth."""
    return re.sub(r"\n(?=[^\n])", "\n    ", text)


def _write_example(guidance: Guidance, values: Mapping[str, object]) -> str:
    return fence_code(render_template(guidance.example, values)) if guidance.example else ""


def _write_fix(match: Match, repository: str, server: str) -> str:
    fixed_in = match.rule.model.fixed_in
    if fixed_in is None:
        return ""
    by = f" ({link_elsewhere(f'#{fixed_in.pr}', f'{repository}/pull/{fixed_in.pr}', server)})" if fixed_in.pr else ""
    stated = echo_capture(match.captures.get("version"))
    match compare_with_fix(match.rule, match.captures):
        case "older":
            return f"Fixed in `{fixed_in.version}`{by}. This report names {stated}: please update, then try again."
        case "fixed":
            return (
                f"This was fixed in `{fixed_in.version}`{by}, and this report names {stated}: "
                "it looks as if the problem is back."
            )
        case _:
            return f"Fixed in `{fixed_in.version}`{by}. If your version is older, please update, then try again."


def _write_follow(target: Target | None) -> str:
    if target is None:
        return ""
    return f"#{target.number}, {describe_target(target)}"


def render_comment(sections: Iterable[Section], template: str | None = None) -> str:
    """The visible text of the comment. Raises CommentError where a repository's own template must not, or cannot."""
    from jinja2 import TemplateError  # noqa: PLC0415 (most issues match no rule)

    if template and (pings := find_pings(template)):
        raise CommentError(f"the comment's template would notify {', '.join(pings)}; put each name into backticks")
    try:
        source = make_environment().from_string(template or read_template("comment.md.j2"))
        return _tidy(source.render(sections=list(sections)))
    except (TemplateError, *_FAILURES) as error:
        raise CommentError(f"the comment's template cannot be rendered: {error}") from error


def render_links(duplicates: Iterable[Duplicate]) -> str:
    """The visible text of a comment that only links earlier reports."""
    from jinja2 import TemplateError  # noqa: PLC0415 (most issues match no rule)

    shown = list(duplicates)
    known = [write_link(each) for each in shown if each.tier != "C"]
    alike = [write_link(each) for each in shown if each.tier == "C"]
    try:
        source = make_environment().from_string(read_template("links.md.j2"))
        return _tidy(source.render(duplicates=known, related=alike, is_fixed=all(each.fix for each in shown)))
    except (TemplateError, *_FAILURES) as error:
        raise CommentError(f"the comment's template cannot be rendered: {error}") from error


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
    """The text, if it may leave; raises CommentError if it is empty or holds forbidden words."""
    if not text.strip():
        raise CommentError("the comment would be empty; see the template that the settings name")
    if words := find_forbidden(text, forbidden):
        quoted = ", ".join(f'"{word}"' for word in words)
        raise CommentError(f"the comment would hold forbidden words ({quoted}); change the guidance or the settings")
    return text


def check_length(body: str) -> str:
    """The comment with its marker, if it is not too long; raises CommentError."""
    if len(body) > MAX_CHARACTERS:
        message = f"the comment would have {len(body)} characters; GitHub takes {MAX_CHARACTERS}. Shorten the guidance"
        raise CommentError(message)
    return body


_ENDS_HERE = r"(?![\w/-]|\.\w)"
"""The address ends here: what stands behind it is an anchor, a query, punctuation or nothing."""


def link_translations(text: str, translations: Sequence[Translation], language: str | None) -> str:
    """The text with the addresses of translated pages in that language; anchors stay, other addresses too."""
    for translation in translations:
        place = translation.languages.get(language or "")
        for page in translation.pages if place else ():
            original = page.replace("{language}", translation.written_in)
            translated = page.replace("{language}", place or "")
            text = translated.join(re.split(re.escape(original) + _ENDS_HERE, text))
    return text
