"""One section of the comment: the guidance of a match with its values, sanitized. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.comment.links import describe_target, write_link
from bot.comment.sanitizer import defuse, echo_capture, fence_code, find_server, link_elsewhere
from bot.duplicates.canonical import Target
from bot.duplicates.selection import LinkDecision
from bot.rules.matcher import Match
from bot.rules.spec.pack import Translation
from bot.rules.spec.template import render_template
from bot.tracker.types import Issue


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The texts of one known problem for the template; each is sanitized Markdown."""

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
    """`fixed_in` for templates; `state` compares the reported version with the fix: older, fixed or unknown."""

    version: str
    pr: int | None
    state: str


def make_section(
    match: Match, issue: Issue, target: Target | None, duplicates: tuple[LinkDecision, ...] = ()
) -> Section:
    """The section of a match with guidance; `target` is the checked issue to follow."""
    rule, guidance = match.rule, match.rule.model.guidance[match.branch or 0]
    values = _values_of(match, issue, target, duplicates)
    server = find_server(issue)

    def link(text: str) -> str:
        return defuse(link_translations(text, rule.pack.model.translations, match.language), issue.repository, server)

    def write(text: str | None) -> str:
        return link(render_template(text, values).strip()) if text else ""

    def refer(link: LinkDecision) -> str:
        return write_link(link, defuse(link.why, issue.repository, server))

    return Section(
        title=write(rule.model.title),
        tldr=link(" ".join(render_template(guidance.tldr, values).split())),
        steps=tuple(_indent(write(step)) for step in guidance.steps),
        example=_write_example(guidance.example, values | _echo(match, is_bare=True)),
        notes=write(guidance.notes),
        recommendation=write(guidance.recommendation),
        fix=_write_fix(match, issue.repository, server),
        follow=_write_follow(target),
        duplicates=tuple(refer(d) for d in duplicates if d.tier != "C"),
        related=tuple(refer(d) for d in duplicates if d.tier == "C"),
        resources=tuple(link(f"[{page.title}]({page.url})") for page in rule.model.resources),
    )


def _values_of(
    match: Match, issue: Issue, target: Target | None, duplicates: tuple[LinkDecision, ...]
) -> dict[str, object]:
    fixed_in = match.rule.model.fixed_in
    return _echo(match) | {
        "issue": {"number": issue.number},
        "rule": {"title": match.rule.model.title},
        "follow": target,
        "duplicates": duplicates,
        "fixed_in": _Fix(fixed_in.version, fixed_in.pr, match.fix_state or "unknown") if fixed_in else None,
    }


def _echo(match: Match, *, is_bare: bool = False) -> dict[str, object]:
    """The captures that the rule may show, found or not."""
    return {name: echo_capture(match.captures.get(name), is_bare=is_bare) for name in sorted(match.rule.echoable)}


def _indent(text: str) -> str:
    """A step of several lines stays one item of its list, also as the tenth."""
    return re.sub(r"\n(?=[^\n])", "\n    ", text)


def _write_example(example: str | None, values: Mapping[str, object]) -> str:
    return fence_code(render_template(example, values)) if example else ""


def _write_fix(match: Match, repository: str, server: str) -> str:
    fixed_in = match.rule.model.fixed_in
    if fixed_in is None:
        return ""
    by = f" ({link_elsewhere(f'#{fixed_in.pr}', f'{repository}/pull/{fixed_in.pr}', server)})" if fixed_in.pr else ""
    stated = echo_capture(match.captures.get("version"))
    match match.fix_state:
        case "older":
            return f"Fixed in `{fixed_in.version}`{by}. This report names {stated}: please update, then try again."
        case "fixed":
            return (
                f"This was fixed in `{fixed_in.version}`{by}, and this report names {stated}. "
                "This version should contain the fix, so this may be a regression."
            )
        case _:
            return f"Fixed in `{fixed_in.version}`{by}. If your version is older, please update, then try again."


def _write_follow(target: Target | None) -> str:
    if target is None:
        return ""
    return f"#{target.number}, {describe_target(target)}"


_ENDS_HERE = r"(?![\w/-]|\.\w)"
"""The address ends here: an anchor, a query, punctuation or nothing follows."""


def link_translations(text: str, translations: Sequence[Translation], language: str | None) -> str:
    """The text with the addresses of translated pages in that language; anchors stay, other addresses too."""
    for translation in translations:
        place = translation.languages.get(language or "")
        for page in translation.pages if place else ():
            original = page.replace("{language}", translation.written_in)
            translated = page.replace("{language}", place or "")
            text = translated.join(re.split(re.escape(original) + _ENDS_HERE, text))
    return text
