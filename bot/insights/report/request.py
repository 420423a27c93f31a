"""The command `/signpost report`: one comment with the issue report, written for the newest command of a maintainer."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeGuard

from bot.comment.marker import Marker, find_foreign_twin, find_own_comments, sign_comment
from bot.comment.renderer import MAX_CHARACTERS, CommentError, check_comment, check_length, render_report
from bot.issue.mentions import asks_for_report
from bot.text.cutting import cut_sections
from bot.tracker.types import Comment, Issue, IssueEvent, Skip, Tracker
from bot.triage.actions import CreateComment, Plan, UpdateComment
from bot.triage.apply import apply_plan, check_identity
from bot.triage.config import Sources
from bot.triage.plan import find_reason_to_leave, plan_surplus
from bot.triage.result import Result
from bot.triage.skip import Event
from bot.triage.snapshot import Snapshot, find_login, read_issue, read_thread

WriteReport = Callable[[Issue], str]
"""Writes the report of an issue as Markdown that makes no ping and no backlink. Raises TrackerError."""

LONGEST_REPORT = MAX_CHARACTERS - 1_000
"""Leaves room for the end of the comment and its marker."""

_CUT_NOTE = f"*Signpost cut the report here, because GitHub allows at most {MAX_CHARACTERS:,} characters in a comment.*"


def is_report_request(event: Event) -> TypeGuard[IssueEvent]:
    """Whether an event is a maintainer's command for a report."""
    if not isinstance(event, IssueEvent) or event.comment is None or event.sender.is_bot:
        return False
    return event.action in {"created", "edited"} and asks_for_report(event.comment)


def answer_request(
    event: IssueEvent, write_report: WriteReport, sources: Sources, tracker: Tracker, *, is_dry_run: bool = False
) -> Result:
    """Post or update the report that a command asks for. Raises TrackerError if GitHub cannot be read.

    The report is written last of all that is read, and only if it will be posted: a second run for the same command
    changes nothing.
    """
    result = Result(repository=event.repository, issue=event.number)
    snapshot = _read_snapshot(event, sources, tracker)
    if isinstance(snapshot, Skip):
        return replace(result, skipped=snapshot, requests=tracker.requests)
    reason = find_reason_for_silence(snapshot, event)
    plan = Plan((), (reason,)) if reason else _plan_report(snapshot, event, write_report(snapshot.issue), sources)
    surplus, remarks = plan_surplus(snapshot)
    plan = Plan((*plan.actions, *surplus), (*plan.remarks, *remarks))
    outcomes = () if is_dry_run else apply_plan(plan, snapshot, tracker)
    return replace(
        result,
        plan=plan,
        outcomes=outcomes,
        remarks=tuple(check_identity(outcomes, snapshot)),
        requests=tracker.requests,
    )


def _read_snapshot(event: IssueEvent, sources: Sources, tracker: Tracker) -> Snapshot | Skip:
    """The issue with its comments, our login, our reports, and whether comments were deleted."""
    if "commented" not in sources.config.on:
        return Skip("the settings do not include comments, so Signpost takes no commands")
    issue = read_issue(event, tracker)
    if isinstance(issue, Skip):
        return issue
    issue = read_thread(issue, tracker)
    login, also = find_login(issue, sources.config, tracker), tuple(sources.config.identity.also)
    found = find_own_comments(issue.comments, (login, *also), issue.number, "report")
    own = found[0] if found else None
    history = None if own else tracker.list_changes(issue)
    return Snapshot(issue=issue, login=login, also=also, own=own, surplus=found[1:], history=history)


def find_reason_for_silence(snapshot: Snapshot, event: IssueEvent) -> str | None:
    """Why no report is written for a command; None if one is."""
    command = _find_command(snapshot.issue, event)
    if command is None:
        return "the command `/signpost report` was deleted or changed, so Signpost writes no report"
    own = snapshot.own
    if own and own.marker.asked >= command.id:
        return "the report for this command is there already; for a new one, write `/signpost report` again"
    if own:
        return find_reason_to_leave(own)
    if twin := find_foreign_twin(snapshot.issue.comments, snapshot.logins, snapshot.issue.number, "report"):
        return f"{twin.author.login} has a report here with Signpost's marker, so Signpost does not write another one"
    if any(each.kind == "comment_deleted" and each.at > command.created_at for each in snapshot.history or ()):
        return "a comment was deleted after the command, so Signpost does not write a report; ask again for one"
    return None


def _find_command(issue: Issue, event: IssueEvent) -> Comment | None:
    """The comment of the event as it is now, if it still asks for a report."""
    asked = event.comment.id if event.comment else 0
    return next((each for each in issue.comments if each.id == asked and asks_for_report(each)), None)


def _plan_report(snapshot: Snapshot, event: IssueEvent, report: str, sources: Sources) -> Plan:
    """The one action that shows the report, cut between its sections; none, and a remark, if it must not be posted."""
    number, asked = snapshot.issue.number, event.comment.id if event.comment else 0
    cut = cut_sections(report, LONGEST_REPORT, _CUT_NOTE)
    try:
        text = check_comment(render_report(cut, snapshot.issue.url), sources.forbidden_words)
        body = check_length(sign_comment(text, Marker(issue=number, kind="report", asked=asked)))
    except CommentError as error:
        return Plan((), (str(error),))
    own = snapshot.own
    return Plan((UpdateComment(own.comment.id, body) if own else CreateComment(body),))


def join_results(run: Result, report: Result) -> Result:
    """The result of a run and that of a command in the same event, as one.

    The run skips comments that only have the command, which is no news beside the report.
    """
    return replace(
        run,
        skipped=report.skipped,
        plan=Plan((*run.plan.actions, *report.plan.actions), (*run.plan.remarks, *report.plan.remarks)),
        outcomes=(*run.outcomes, *report.outcomes),
        remarks=(*run.remarks, *report.remarks),
        requests=max(run.requests, report.requests),
    )
