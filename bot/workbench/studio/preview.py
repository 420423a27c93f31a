"""What Signpost would do about an issue under the rules: the comment, and the labels. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.comment.renderer import CommentError, check_comment, make_section, render_comment
from bot.duplicates.canonical import Target
from bot.rules.matcher import Match
from bot.rules.ruleset import Rule
from bot.tracker.types import Issue
from bot.triage.config import make_default_config
from bot.triage.decisions import StandingKind, choose_wish, judge_match

_STANDINGS: Mapping[StandingKind, str] = {
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
