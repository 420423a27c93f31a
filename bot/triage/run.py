"""The story of one issue, from the event to the report."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from bot.github.webhook_event import IssueRequest
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Change, Issue, IssueEvent, Skip, Tracker
from bot.triage.apply import apply_plan
from bot.triage.decisions import Wish, choose_wish
from bot.triage.links import list_unshown, wish_duplicate_label
from bot.triage.plan import make_plan
from bot.triage.result import Report, check_identity
from bot.triage.skip import find_event_skip
from bot.triage.snapshot import (
    find_login,
    list_unchecked,
    read_history,
    read_issue,
    read_linking,
    read_state,
    restore_title,
)
from bot.triage.state import Sources


def run(
    event: IssueEvent | IssueRequest, sources: Sources, tracker: Tracker, now: datetime, *, is_dry_run: bool = False
) -> Report:
    """Do all that Signpost does for one issue. Raises TrackerError where GitHub cannot be read."""
    report = Report(repository=event.repository, issue=event.number, problems=sources.ruleset.problems)
    if skip := find_event_skip(event, sources.config):
        return replace(report, skipped=skip)
    if isinstance(event, IssueEvent) and not _is_worth_a_look(event, sources):
        return replace(report, linking=list_unchecked(event.issue, sources))
    issue = read_issue(event, sources.config, tracker)
    if isinstance(issue, Skip):
        return replace(report, skipped=issue, requests=tracker.requests)
    login = find_login(issue, sources.config, tracker)
    matches, wish, history = _weigh_as_reported(issue, login, sources, tracker, now)
    linking = read_linking(issue, wish, login, sources, tracker)
    wish = wish_duplicate_label(wish, linking, sources.config)
    history = read_history(issue, wish, login, sources.config, tracker) if history is None else history
    state = read_state(issue, wish, login, history, linking, tracker)
    state = replace(state, template=sources.template, forbidden=sources.ruleset.forbidden_words)
    plan = make_plan(issue, wish, state, sources.config, now)
    outcomes = () if is_dry_run else apply_plan(plan, issue, tracker)
    return replace(
        report,
        matches=matches,
        linking=linking,
        unshown=list_unshown(wish.speaking, linking.duplicates, sources.config),
        plan=plan,
        outcomes=outcomes,
        remarks=tuple(check_identity(outcomes, login)),
        requests=tracker.requests,
    )


def _weigh_as_reported(
    issue: Issue, login: str, sources: Sources, tracker: Tracker, now: datetime
) -> tuple[tuple[Match, ...], Wish, tuple[Change, ...] | None]:
    """What matches, with the reporter's own title too, and what it asks for; the issue's history, if it was read."""
    matches, wish = _weigh(issue, sources, now)
    history = read_history(issue, wish, login, sources.config, tracker)
    if (as_reported := restore_title(issue, history)) != issue:
        matches, wish = _weigh(as_reported, sources, now)
    return matches, wish, history


def _weigh(issue: Issue, sources: Sources, now: datetime) -> tuple[tuple[Match, ...], Wish]:
    matches = _match(issue, sources.ruleset)
    return matches, choose_wish(matches, sources.config, now.date())


@lru_cache(maxsize=2)
def _match(issue: Issue, ruleset: Ruleset) -> tuple[Match, ...]:
    """The matches of an issue; the payload and the issue as it is now are the same more often than not."""
    return match_rules(read_facts(issue, ruleset), ruleset)


def _is_worth_a_look(event: IssueEvent, sources: Sources) -> bool:
    """Whether a request is due: a rule matches the payload, or links alone may be given, or something may be ours.

    Only the payload of a new issue says for certain that nothing is: an edit may have been made while we commented.
    """
    if event.action != "opened" or event.issue.comment_count:
        return True
    if sources.config.duplicates.enabled and sources.config.duplicates.comment == "always":
        return True
    if any(label.startswith(tuple(sources.config.labels.prefix_owned)) for label in event.issue.labels):
        return True
    return bool(_match(event.issue, sources.ruleset))
