"""One issue under the rule that is being written: what holds, where it stands, and what would be said. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from bot.comment.renderer import CommentError, check_comment, make_section, render_comment
from bot.duplicates.canonical import Target
from bot.rules.captures import find_captures
from bot.rules.conditions.verdict import Captures, Verdict
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Rule, Ruleset
from bot.text.markdown import Span
from bot.text.printable import reveal
from bot.tracker.types import Issue
from bot.triage.config import make_default_config
from bot.triage.decisions import StandingKind, choose_wish, judge_match
from bot.workbench.explain.spans import list_sources, trim_span

MarkKind = Literal["for", "against"]
_STANDINGS: Mapping[StandingKind, str] = {
    "labels": "The rule sets its labels here, and says nothing",
    "observes": "The rule is only counted here",
    "silent": "Another rule stands for this one here",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a text that speaks for the rule, or against it."""

    source: str
    start: int
    end: int
    kind: MarkKind
    wanted: str


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a text that is shown in one way; its hidden signs are visible. `wanted` is the condition it is for."""

    text: str
    kind: MarkKind | Literal["plain"] = "plain"
    wanted: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What Signpost would do about an issue: the comment in Markdown, the labels, and what keeps it from speaking."""

    comment: str
    add: tuple[str, ...]
    remove: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class Inspection:
    """All that is known of one issue. `texts` are its title, body and comments, in runs."""

    issue: Issue
    rule: Rule | None
    verdict: Verdict | None
    captures: Captures
    matches: tuple[Match, ...]
    texts: tuple[tuple[str, tuple[Run, ...]], ...]
    preview: Preview


def inspect_issue(issue: Issue, rule: Rule | None, around: Ruleset, today: date) -> Inspection:
    """The issue under `rule`; `around` are all rules, this one among them."""
    facts = read_facts(issue, around)
    matches = match_rules(facts, around)
    captures = find_captures(rule.pack.captures, facts) if rule else {}
    verdict = rule.condition.evaluate(facts, captures) if rule else None
    own = next((match for match in matches if match.rule is rule), None)
    sources = list_sources(issue)
    marks = tuple(find_marks(verdict, sources)) if verdict else ()
    texts = tuple((source, split_runs(text, source, marks)) for source, text in sources.items())
    preview = preview_comment(issue, matches, rule, around.forbidden_words, today)
    return Inspection(issue, rule, verdict, own.captures if own else captures, matches, texts, preview)


def find_marks(verdict: Verdict, sources: Mapping[str, str], kind: MarkKind = "for") -> Iterator[Mark]:
    """What the evidence of a verdict marks: all that held, and what stood against it."""
    inside: MarkKind = "against" if verdict.wanted == "none" else kind
    for item in verdict.evidence if verdict.holds else ():
        span = trim_span(sources[item.source], Span(item.start, item.end))
        yield Mark(item.source, span.start, span.end, kind, item.wanted)
    for child in verdict.children:
        yield from find_marks(child, sources, inside)


def split_runs(text: str, source: str, marks: Sequence[Mark]) -> tuple[Run, ...]:
    """The text in runs, none of which overlap; what stands against the rule is shown before what speaks for it."""
    own = [mark for mark in marks if mark.source == source and mark.start < mark.end]
    bounds = sorted({0, len(text), *(place for mark in own for place in (mark.start, mark.end))})
    return tuple(_make_run(text, start, end, own) for start, end in pairwise(bounds))


def _make_run(text: str, start: int, end: int, marks: Sequence[Mark]) -> Run:
    over = [mark for mark in marks if mark.start <= start and end <= mark.end]
    mark = min(over, key=lambda mark: (mark.kind, mark.end - mark.start), default=None)
    shown = reveal(text[start:end])
    return Run(shown, mark.kind, mark.wanted) if mark else Run(shown)


def preview_comment(
    issue: Issue, matches: tuple[Match, ...], rule: Rule | None, forbidden: tuple[str, ...], today: date
) -> Preview:
    """What would be said and set for these matches, under the default settings."""
    config = make_default_config()
    wish = choose_wish(matches, config, today)
    own = next((match for match in matches if match.rule is rule), None)
    standing = judge_match(own, matches, wish, config, today) if own else None
    remarks = (f"{_STANDINGS[standing.kind]}: {standing.reason}",) if standing and standing.kind != "speaks" else ()
    try:
        sections = [make_section(match, issue, _target_of(match, issue)) for match in wish.speaking]
        comment = check_comment(render_comment(sections), forbidden) if sections else ""
    except CommentError as error:
        comment, remarks = "", (*remarks, str(error))
    return Preview(comment, wish.add, wish.remove, remarks)


def _target_of(match: Match, issue: Issue) -> Target | None:
    """The issue to follow, taken to be open: nobody is asked here."""
    follow = match.rule.model.follow
    return Target(number=follow, state="open") if follow and follow != issue.number else None
