"""One issue, from the event to the result."""

from dataclasses import replace
from datetime import datetime

from bot.tracker.types import Skip, Tracker
from bot.triage.apply import apply_plan, check_identity
from bot.triage.config import Sources
from bot.triage.decisions import decide
from bot.triage.plan import make_plan
from bot.triage.result import Result
from bot.triage.skip import Event, find_event_skip
from bot.triage.snapshot import find_unmatched_issue, make_decisions, read_snapshot, search_without_requests


def run(event: Event, sources: Sources, tracker: Tracker, now: datetime, *, is_dry_run: bool = False) -> Result:
    """Handle one issue event. Raises TrackerError if GitHub cannot be read."""
    result = Result(
        repository=event.repository,
        issue=event.number,
        problems=sources.ruleset.problems,
        remarks=sources.remarks,
    )
    if skip := find_event_skip(event, sources.config):
        return replace(result, skipped=skip)
    if issue := find_unmatched_issue(event, sources):
        return replace(
            result,
            decisions=decide(issue, (), search_without_requests(issue, sources), sources, now.date()),
            remarks=(*sources.remarks, *sources.describe_incident(issue, now)),
        )
    snapshot = read_snapshot(event, sources, tracker, now.date())
    if isinstance(snapshot, Skip):
        return replace(result, skipped=snapshot, requests=tracker.requests)
    decisions = make_decisions(snapshot, sources, now.date())
    plan = make_plan(snapshot, decisions, sources, now)
    outcomes = () if is_dry_run else apply_plan(plan, snapshot, tracker)
    return replace(
        result,
        decisions=decisions,
        plan=plan,
        outcomes=outcomes,
        remarks=(
            *sources.remarks,
            *sources.describe_incident(snapshot.issue, now),
            *check_identity(outcomes, snapshot),
        ),
        requests=tracker.requests,
    )
