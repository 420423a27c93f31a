"""One issue under the edited rule: the conditions that hold, their evidence, and what Signpost would do. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from bot.comment.renderer import CommentError, check_comment, render_comment
from bot.comment.section import make_section
from bot.duplicates.canonical import Target
from bot.rules.captures import find_captures
from bot.rules.conditions.types import Captures, Verdict
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Rule, Ruleset
from bot.text.markdown import Span
from bot.text.printable import reveal
from bot.tracker.types import Issue
from bot.triage.config import make_default_config
from bot.triage.decisions import RuleEffect, decide_labels, decide_rules, list_speaking
from bot.triage.links import LinkDecisions
from bot.workbench.explain.highlights import find_span, list_sources, split_span

_EFFECTS: Mapping[RuleEffect, str] = {
    "labels": "The rule sets its labels here but does not comment",
    "observes": "The rule does nothing here",
    "silent": "The rule is silent here",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What Signpost would do about an issue: the comment in Markdown, the labels, and reasons for no comment."""

    comment: str
    add: tuple[str, ...]
    remove: tuple[str, ...]
    remarks: tuple[str, ...]


def preview_comment(
    issue: Issue, matches: tuple[Match, ...], rule: Rule | None, forbidden: tuple[str, ...], today: date
) -> Preview:
    """The comment and the labels for these matches, under the default settings."""
    config = make_default_config()
    rules = decide_rules(matches, config, today)
    own = next((each for each in rules if each.match.rule is rule), None)
    remarks = (f"{_EFFECTS[own.effect]}: {own.reason}",) if own and own.effect != "speaks" else ()
    try:
        sections = [make_section(match, issue, _target_of(match, issue)) for match in list_speaking(rules)]
        comment = check_comment(render_comment(sections), forbidden) if sections else ""
    except CommentError as error:
        comment, remarks = "", (*remarks, str(error))
    labels = decide_labels(rules, LinkDecisions(), config)
    return Preview(comment, labels.add, labels.remove, remarks)


def _target_of(match: Match, issue: Issue) -> Target | None:
    """The issue to follow, taken to be open: nobody is asked here."""
    follow = match.rule.model.follow
    return Target(number=follow, state="open") if follow and follow != issue.number else None


HighlightKind = Literal["for", "against"]


@dataclass(frozen=True, slots=True)
class RuleHighlight:
    """Evidence in a text for the rule, or against it; `wanted` is the condition that holds there."""

    source: str
    span: Span
    kind: HighlightKind
    wanted: str


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a text with one style and visible hidden characters. `wanted` is the condition that holds there."""

    text: str
    kind: HighlightKind | Literal["plain"] = "plain"
    wanted: str = ""


@dataclass(frozen=True)
class Inspection:
    """All results for one issue. `texts` are its title, body and comments, in runs."""

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
    highlights = tuple(find_highlights(verdict, sources)) if verdict else ()
    texts = tuple((source, split_runs(text, source, highlights)) for source, text in sources.items())
    preview = preview_comment(issue, matches, rule, around.forbidden_words, today)
    return Inspection(issue, rule, verdict, own.captures if own else captures, matches, texts, preview)


def find_highlights(
    verdict: Verdict, sources: Mapping[str, str], kind: HighlightKind = "for"
) -> Iterator[RuleHighlight]:
    """The evidence of all conditions that hold, for the rule or against it."""
    inside: HighlightKind = "against" if verdict.wanted == "none" else kind
    for item in verdict.evidence if verdict.holds else ():
        yield RuleHighlight(item.source, find_span(item, sources), kind, item.wanted)
    for child in verdict.children:
        yield from find_highlights(child, sources, inside)


def split_runs(text: str, source: str, highlights: Iterable[RuleHighlight]) -> tuple[Run, ...]:
    """The text in runs without overlap; evidence against the rule hides evidence for it."""
    labelled = [(highlight.span, highlight) for highlight in highlights if highlight.source == source]
    parts = split_span(0, len(text), labelled)
    return tuple(_make_run(text[start:end], covering) for (start, end), covering in parts)


def _make_run(text: str, covering: Iterable[RuleHighlight]) -> Run:
    found = min(covering, key=lambda one: (one.kind, one.span.end - one.span.start), default=None)
    return Run(reveal(text), found.kind, found.wanted) if found else Run(reveal(text))
