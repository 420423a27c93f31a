"""One event from start to end, for `signpost run` and `signpost serve`: the run, and the report that it asks for."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SignpostError
from bot.github.actions_runner import print_safely
from bot.tracker.graph import Address
from bot.tracker.types import Issue, Tracker
from bot.triage.config import Sources
from bot.triage.result import Result
from bot.triage.run import run
from bot.triage.skip import Event

if TYPE_CHECKING:
    from bot.insights.report.types import Similar
    from bot.tracker.graph import GraphSource
from dataclasses import replace
from typing import TypeGuard

from bot.comment.marker import Marker, find_foreign_twin, find_own_comments, sign_comment
from bot.comment.renderer import MAX_CHARACTERS, CommentError, check_comment, check_length, render_report
from bot.issue.commands import Said, read_commands
from bot.text.cutting import cut_sections
from bot.tracker.types import IssueEvent, Skip
from bot.triage.actions import CreateComment, Plan, React, UpdateComment
from bot.triage.apply import apply_plan, check_identity
from bot.triage.people.answers import describe_fault
from bot.triage.people.roles import read_permissions
from bot.triage.plan import find_reason_to_leave, plan_surplus
from bot.triage.snapshot import Snapshot, find_login, read_issue, read_thread

WriteReport = Callable[[Issue], str]
"""Writes the report of an issue as Markdown that makes no ping and no backlink. Raises TrackerError."""

LONGEST_REPORT = MAX_CHARACTERS - 1_000
"""Leaves room for the end of the comment and its marker."""

_CUT_NOTE = f"*Signpost cut the report here, because GitHub allows at most {MAX_CHARACTERS:,} characters in a comment.*"


def is_report_request(event: Event) -> TypeGuard[IssueEvent]:
    """Whether an event is a command for a report; whether its writer may give it is decided later."""
    if not isinstance(event, IssueEvent) or event.comment is None or event.sender.is_bot:
        return False
    is_asked = any(command.name == "report" for command in read_commands(event.comment.body))
    return is_asked and event.action in {"created", "edited"} and not event.comment.author.is_bot


def answer_request(
    event: IssueEvent, write_report: WriteReport, sources: Sources, tracker: Tracker, *, is_dry_run: bool = False
) -> Result:
    """Post or update the report that a command asks for. Raises TrackerError if GitHub cannot be read.

    `write_report` is called after everything else was read, and only if the report will be posted. A second run for the
    same command changes nothing.
    """
    result = Result(repository=event.repository, issue=event.number)
    snapshot = _read_snapshot(event, sources, tracker)
    if isinstance(snapshot, Skip):
        return replace(result, skipped=snapshot, requests=tracker.requests)
    said = _find_command(snapshot, event)
    reason = find_reason_for_silence(snapshot, said)
    plan = Plan((), (reason,)) if reason else _plan_report(snapshot, event, write_report(snapshot.issue), sources)
    surplus, remarks = plan_surplus(snapshot)
    reaction = _plan_reaction(said, snapshot, is_posted=bool(plan.actions))
    plan = Plan((*plan.actions, *surplus, *reaction), (*plan.remarks, *remarks))
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
    asked = tuple(each for each in issue.comments if event.comment and each.id == event.comment.id)
    permissions = read_permissions(replace(issue, comments=asked), tracker)
    snapshot = Snapshot(issue=issue, login=login, also=also, own=own, surplus=found[1:], permissions=permissions)
    said = _find_command(snapshot, event)
    is_needed = own is None and said is not None and not said.fault
    return replace(snapshot, history=tracker.list_changes(issue)) if is_needed else snapshot


def find_reason_for_silence(snapshot: Snapshot, said: Said | None) -> str | None:
    """Why no report is written for a command; None if one is."""
    if said is None or said.fault:
        gone = "the command `/signpost report` was deleted or changed, so Signpost writes no report"
        return describe_fault(said) if said else gone
    own, command = snapshot.own, said.comment
    if own and own.marker.asked >= command.id:
        return "the report for this command is there already; for a new one, write `/signpost report` again"
    if own:
        return find_reason_to_leave(own)
    if twin := find_foreign_twin(snapshot.issue.comments, snapshot.logins, snapshot.issue.number, "report"):
        return f"{twin.author.login} has a report here with Signpost's marker, so Signpost does not write another one"
    if any(each.kind == "comment_deleted" and each.at > command.created_at for each in snapshot.history or ()):
        return "a comment was deleted after the command, so Signpost does not write a report; ask again for one"
    return None


def _find_command(snapshot: Snapshot, event: IssueEvent) -> Said | None:
    """The command in the comment of the event as it is now, if it still asks for a report."""
    asked = event.comment.id if event.comment else 0
    found = [each for each in snapshot.said if each.comment.id == asked and each.command.name == "report"]
    return next((each for each in found if not each.fault), found[0] if found else None)


def _plan_reaction(said: Said | None, snapshot: Snapshot, *, is_posted: bool) -> list[React]:
    """😕 if the command has no effect, 👍 if its report was posted; none if the comment has that reaction already."""
    if said is None or (said.fault and said.is_unsure):
        return []
    is_there = snapshot.own is not None and snapshot.own.marker.asked >= said.comment.id
    if not (said.fault or is_posted or is_there):
        return []
    action = React(said.comment.id, "confused" if said.fault else "+1")
    return [] if dict(said.comment.reactions).get(action.content) else [action]


def _plan_report(snapshot: Snapshot, event: IssueEvent, report: str, sources: Sources) -> Plan:
    """The action that posts the report, cut between its sections; only a remark if the report must not be posted."""
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

    The run skips a comment with this command. Only the command decides whether the joined result is skipped.
    """
    return replace(
        run,
        skipped=report.skipped,
        plan=Plan((*run.plan.actions, *report.plan.actions), (*run.plan.remarks, *report.plan.remarks)),
        outcomes=(*run.outcomes, *report.outcomes),
        remarks=(*run.remarks, *report.remarks),
        requests=max(run.requests, report.requests),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an event is handled with: rules and settings, what reads and writes the issue, and what a report asks, too.

    `live` reads what is linked to an issue; without a token (None) a report is on the issue alone. `index` is the file
    of the index of past issues, None without one.
    """

    sources: Sources
    tracker: Tracker
    live: "GraphSource | None" = None
    index: str | None = None


def handle_event(event: Event, means: Means, now: datetime, *, is_dry_run: bool = False) -> Result:
    """Handle an event, and answer it if it asks for a report. Raises TrackerError if GitHub cannot be read."""
    result = run(event, means.sources, means.tracker, now, is_dry_run=is_dry_run)
    if not is_report_request(event):
        return result
    writer = make_report_writer(means)
    return join_results(result, answer_request(event, writer, means.sources, means.tracker, is_dry_run=is_dry_run))


def make_report_writer(means: Means) -> Callable[[Issue], str]:
    """A function that writes the report of an issue that was read with its comments, as Markdown."""

    def write_report(issue: Issue) -> str:
        from bot.archive.graph import OfflineSource
        from bot.insights.graph.discovery import discover
        from bot.insights.graph.types import Options
        from bot.insights.report.maker import list_followed, make_report
        from bot.insights.report.markdown import render_markdown
        from bot.insights.report.types import Additions

        address, stored = Address(issue.repository, issue.number), OfflineSource(lambda: [issue])
        follow = partial(list_followed, ruleset=means.sources.ruleset)
        graph = discover([address], means.live or stored, Options(), datetime.now(UTC), follow)
        if address not in graph.nodes:  # GitHub did not answer this time; the issue itself was read before
            graph = discover([address], stored, Options(), datetime.now(UTC))
        command = f"signpost report {issue.number} --repo {issue.repository}"
        additions = Additions(similar=_find_similar(issue, means), command=command)
        return render_markdown(make_report(graph, means.sources.ruleset, means.sources.config, additions))

    return write_report


def _find_similar(issue: Issue, means: Means) -> "dict[Address, tuple[Similar, ...]]":
    """Similar issues from the index, if there is one; an index that cannot be used is a line on stderr, and no more."""
    if not (means.index and means.sources.config.duplicates.enabled):
        return {}
    from bot.duplicates.finder import SEARCH_SECONDS
    from bot.duplicates.index.file import is_missing
    from bot.insights.report.similar import find_similar

    path = Path(means.index)
    if is_missing(path):
        return {}
    try:
        return {Address(issue.repository, issue.number): find_similar(path, issue, SEARCH_SECONDS)}
    except SignpostError as error:
        print_safely([f"signpost: the report has no similar issues: {error}"], sys.stderr)
        return {}
