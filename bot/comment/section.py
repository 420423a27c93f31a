"""One section of the comment: the guidance of a match with its values, sanitized. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.comment.links import describe_target, write_link
from bot.comment.sanitizer import defuse, echo_capture, fence_code, link_elsewhere
from bot.duplicates.canonical import Target
from bot.duplicates.selection import LinkDecision
from bot.rules.matcher import Match
from bot.rules.ruleset import Rule
from bot.rules.spec.pack import Translation
from bot.rules.spec.rule import About
from bot.rules.spec.template import FAILURES, Echo, render_template
from bot.rules.tools import choose_tools
from bot.text.printable import join_words
from bot.tracker.types import Issue

Path = tuple[str | int, ...]
"""The place of a text in its rule."""


_CODE = re.compile(r"(?<!`)(?P<run>`+)(?!`)(?P<code>.+?)(?<!`)(?P=run)(?!`)", re.DOTALL)

MOST_TOOLS = 3
"""A comment shows fewer tools than a page: it answers one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What the settings add to each section: a link to the page of its rule below `site`, and tools."""

    site: str = ""
    shows_tools: bool = False

    def find_page(self, rule: str) -> str:
        """The page of a rule; "" without a site."""
        return f"{self.site.rstrip('/')}/p/{rule}/" if self.site else ""


NO_EXTRAS = Extras()
_Links = tuple[LinkDecision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The texts of one known problem for the template; each is sanitized Markdown.

    `rule` is the id of its rule. `about` says what the title names: a problem of the product, or something about the
    report itself. `page` is the URL of the problem's page on the published site, "" if there is none.
    """

    title: str
    tldr: str
    rule: str = ""
    about: About = "problem"
    steps: tuple[str, ...] = ()
    example: str = ""
    notes: str = ""
    recommendation: str = ""
    ask: str = ""
    fix: str = ""
    follow: str = ""
    duplicates: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    page: str = ""

    def list_parts(self) -> tuple[tuple[str, str], ...]:
        """The parts in the order of the comment, each with its heading ("": none); no links to earlier reports.

        Several steps are one list.
        """
        is_list = len(self.steps) > 1
        steps = "\n".join(f"{number}. {step}" if is_list else step for number, step in enumerate(self.steps, 1))
        parts = (
            ("", self.tldr),
            ("", self.fix),
            ("What to do now", steps),
            ("", self.example),
            ("If that does not help", self.recommendation),
            ("", self.ask),
            ("Follow", self.follow),
            ("Good to know", self.notes),
            ("Read more", " · ".join(self.resources)),
        )
        return tuple((heading, text) for heading, text in parts if text)


class SectionError(ValueError):
    """A text of a rule that cannot be rendered, and its path in the rule; the message is for maintainers."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


class _Whole:
    """An object that templates take apart; printed as a whole it would repeat what strangers wrote, so it raises."""

    def __str__(self) -> str:
        message = "a whole object would be printed"
        raise TypeError(message)


@dataclass(frozen=True, slots=True)
class _Issue(_Whole):
    number: int


@dataclass(frozen=True, slots=True)
class _Rule(_Whole):
    title: str


@dataclass(frozen=True, slots=True)
class _Fix(_Whole):
    """`fixed_in` as templates see it; `state` is older, fixed or unknown: how the stated version stands to the fix."""

    version: Echo
    pr: Echo
    state: str


@dataclass(frozen=True, slots=True)
class _Link(_Whole):
    """`follow` as templates see it."""

    number: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class _Duplicate(_Link):
    """One of the `duplicates` as templates see it."""

    confidence: float
    why: str


class _Duplicates(tuple[_Duplicate, ...], _Whole):
    """All of them."""

    __slots__ = ()
    __str__ = _Whole.__str__


def make_section(
    match: Match, issue: Issue, target: Target | None, duplicates: _Links = (), extras: Extras = NO_EXTRAS
) -> Section:
    """The section of a match whose guidance speaks, with the checked issue to follow; may raise SectionError."""
    rule, branch = match.rule, match.branch or 0
    guidance, home = rule.model.guidance[branch], ("guidance", branch)
    values, server = _values_of(match, issue, target, duplicates), issue.server

    def link(text: str) -> str:
        return defuse(link_translations(text, rule.pack.model.translations, match.language), issue.repository, server)

    def write(text: str | None, *path: str | int) -> str:
        return link(_render(text, values, path).strip()) if text else ""

    links = [(each.tier, write_link(each, defuse(each.why, issue.repository, server))) for each in duplicates]
    steps = _join_steps([write(step, *home, "steps", number) for number, step in enumerate(guidance.steps)])
    return Section(
        title=write(rule.model.title, "title"),
        tldr=link(" ".join(_render(guidance.tldr, values, (*home, "tldr")).split())),
        rule=rule.id,
        about=rule.model.about,
        steps=steps,
        example=_write_example(guidance.example, values | _echo(match, is_bare=True), (*home, "example"), steps),
        notes=write(guidance.notes, *home, "notes"),
        recommendation=write(guidance.recommendation, *home, "recommendation"),
        ask=link(_write_ask(match, guidance.ask, "Please also add" if guidance.recommendation else "Please add")),
        fix=_write_fix(match, issue.repository, server),
        follow=_write_follow(target),
        duplicates=tuple(text for tier, text in links if tier != "C"),
        related=tuple(text for tier, text in links if tier == "C"),
        resources=tuple(link(f"[{page.title}]({page.url})") for page in rule.model.resources),
        tools=tuple(link(text) for text in _list_tools(rule)) if extras.shows_tools else (),
        page=extras.find_page(rule.id),
    )


def make_sections(
    parts: Iterable[tuple[Match, Target | None, tuple[LinkDecision, ...]]],
    issue: Issue,
    extras: Extras = NO_EXTRAS,
) -> tuple[dict[str, Section], list[str]]:
    """The sections of several matches, by the ids of their rules; a rule whose texts cannot be rendered has a remark.

    The remarks are for maintainers, each with the place in the rule's file.
    """
    sections, remarks = dict[str, Section](), list[str]()
    for match, target, duplicates in parts:
        rule = match.rule
        try:
            sections[rule.id] = make_section(match, issue, target, duplicates, extras)
        except SectionError as error:
            problem = rule.document.problem_at(error.path, str(error))
            remarks.append(f"the section of `{rule.id}` is left out: {problem}")
    return sections, remarks


def _render(text: str, values: Mapping[str, object], path: Path) -> str:
    from jinja2 import TemplateError  # noqa: PLC0415 (most issues match no rule)

    try:
        return render_template(text, values)
    except (TemplateError, *FAILURES) as error:
        raise SectionError(path, f"the template cannot be rendered: {error}") from error


def _values_of(
    match: Match, issue: Issue, target: Target | None, duplicates: tuple[LinkDecision, ...]
) -> dict[str, object]:
    fixed_in = match.rule.model.fixed_in
    return _echo(match) | {
        "issue": _Issue(issue.number),
        "rule": _Rule(match.rule.model.title),
        "follow": _Link(target.number, target.is_open) if target else None,
        "duplicates": _Duplicates(_Duplicate(d.number, d.is_open, d.confidence, d.why) for d in duplicates),
        "fixed_in": _make_fix(fixed_in.version, fixed_in.pr, match.fix_state or "unknown") if fixed_in else None,
    }


def _make_fix(version: str, pr: int | None, state: str) -> _Fix:
    return _Fix(Echo(version, "version"), Echo(str(pr) if pr else None, "int"), state)


def _echo(match: Match, *, is_bare: bool = False) -> dict[str, object]:
    """The captures that the rule may show, found or not."""
    return {name: echo_capture(match.captures.get(name), is_bare=is_bare) for name in sorted(match.rule.echoable)}


def _join_steps(steps: Sequence[str]) -> tuple[str, ...]:
    """The steps with a text. If there are several, each stays one item of its list, also with several lines."""
    shown = [step for step in steps if step]
    return tuple(re.sub(r"\n(?=[^\n])", "\n    ", step) if len(shown) > 1 else step for step in shown)


def _write_example(example: str | None, values: Mapping[str, object], path: Path, steps: Sequence[str]) -> str:
    """The example as a code block; "" for one that says nothing more than the code in the steps."""
    text = _render(example, values, path) if example else ""
    shown = {line.strip() for step in steps for found in _CODE.finditer(step) for line in found["code"].split("\n")}
    return "" if shown.issuperset(line.strip() for line in text.split("\n") if line.strip()) else fence_code(text)


def _write_ask(match: Match, names: Sequence[str], start: str) -> str:
    """The sentence that asks for what the report does not state, or ""."""
    texts = [match.rule.pack.model.find_ask(name) for name in names if name not in match.captures]
    asked = [text for text in texts if text]
    return f"{start}: {join_words(asked)}." if asked else ""


def _list_tools(rule: Rule) -> Iterator[str]:
    """The tools of the rule's pack, each with what it is good for."""
    for tool in choose_tools(rule.model.tags, [rule.pack], MOST_TOOLS):
        yield f"[{tool.title}]({tool.url}): {tool.why}"


def _write_fix(match: Match, repository: str, server: str) -> str:
    fixed_in = match.rule.model.fixed_in
    if fixed_in is None:
        return ""
    by = f" ({link_elsewhere(f'#{fixed_in.pr}', f'{repository}/pull/{fixed_in.pr}', server)})" if fixed_in.pr else ""
    stated = echo_capture(match.captures.get("version"))
    match match.fix_state:
        case "older":
            said = f" This report names {stated}: please" if stated else " Please"
            return f"Fixed in `{fixed_in.version}`{by}.{said} update, then try again."
        case "fixed":
            return (
                f"This was fixed in `{fixed_in.version}`{by}, and this report names {stated or 'a later version'}. "
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
