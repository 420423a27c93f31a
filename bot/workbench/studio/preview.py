"""What Signpost would do about an issue under the rules: the comment, and the labels. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.comment.renderer import CommentError, check_comment, render_comment
from bot.comment.section import make_section
from bot.duplicates.canonical import Target
from bot.rules.matcher import Match
from bot.rules.ruleset import Rule
from bot.tracker.types import Issue
from bot.triage.config import make_default_config
from bot.triage.decisions import RuleEffect, decide_labels, decide_rules, list_speaking
from bot.triage.links import LinkDecisions

_EFFECTS: Mapping[RuleEffect, str] = {
    "labels": "The rule sets its labels here, and says nothing",
    "observes": "The rule is only counted here",
    "silent": "Another rule stands for this one here",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What Signpost would do about an issue: the comment in Markdown, the labels, and what keeps it from speaking."""

    comment: str
    add: tuple[str, ...]
    remove: tuple[str, ...]
    remarks: tuple[str, ...]


def preview_comment(
    issue: Issue, matches: tuple[Match, ...], rule: Rule | None, forbidden: tuple[str, ...], today: date
) -> Preview:
    """What would be said and set for these matches, under the default settings."""
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
