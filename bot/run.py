"""The story of one issue, from the event to the report."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from bot.apply import apply_plan
from bot.config import Config
from bot.github.event import IssueRequest
from bot.github.tracker import Issue, IssueEvent, Skip, Tracker
from bot.plan import make_plan
from bot.reading import find_login, read_history, read_issue, read_state, restore_title
from bot.report import Report, check_identity
from bot.rules.matching import Match, match_rules, read_facts
from bot.rules.rule import Ruleset
from bot.skip import find_event_skip
from bot.wish import Wish, choose_wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a run works with: rules, settings, and perhaps a comment template of the repository's own."""

    ruleset: Ruleset
    config: Config
    template: str | None = None


def run(
    event: IssueEvent | IssueRequest, sources: Sources, tracker: Tracker, now: datetime, *, is_dry_run: bool = False
) -> Report:
    """Do all that Signpost does for one issue. Raises TrackerError where GitHub cannot be read."""
    report = Report(repository=event.repository, issue=event.number, problems=sources.ruleset.problems)
    if (skip := find_event_skip(event, sources.config)) or not _is_worth_a_look(event, sources):
        return replace(report, skipped=skip)
    issue = read_issue(event, sources.config, tracker)
    if isinstance(issue, Skip):
        return replace(report, skipped=issue, requests=tracker.requests)
    matches, wish = _weigh(issue, sources, now)
    login = find_login(issue, sources.config, tracker)
    history = read_history(issue, wish, login, sources.config, tracker)
    if (as_reported := restore_title(issue, history)) != issue:
        matches, wish = _weigh(as_reported, sources, now)
    state, refused = read_state(issue, wish, login, history, tracker)
    state = replace(state, template=sources.template, forbidden=sources.ruleset.forbidden_words)
    plan = make_plan(issue, wish, state, sources.config, now)
    outcomes = () if is_dry_run else apply_plan(plan, issue, tracker)
    remarks = (*refused, *check_identity(outcomes, login))
    return replace(report, matches=matches, plan=plan, outcomes=outcomes, remarks=remarks, requests=tracker.requests)


def _weigh(issue: Issue, sources: Sources, now: datetime) -> tuple[tuple[Match, ...], Wish]:
    matches = _match(issue, sources.ruleset)
    return matches, choose_wish(matches, sources.config, now.date())


@lru_cache(maxsize=2)
def _match(issue: Issue, ruleset: Ruleset) -> tuple[Match, ...]:
    """The matches of an issue; the payload and the issue as it is now are the same more often than not."""
    return match_rules(read_facts(issue, ruleset), ruleset)


def _is_worth_a_look(event: IssueEvent | IssueRequest, sources: Sources) -> bool:
    """Whether a request is due: a rule matches the payload, or something on the issue may be ours: a comment, a label.

    Only the payload of a new issue says for certain that nothing is: an edit may have been made while we commented.
    """
    if isinstance(event, IssueRequest) or event.action != "opened" or event.issue.comment_count:
        return True
    if any(label.startswith(tuple(sources.config.labels.prefix_owned)) for label in event.issue.labels):
        return True
    return bool(_match(event.issue, sources.ruleset))
