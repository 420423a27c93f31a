"""The reports of a run: the log for people; outputs, summary and annotations for GitHub Actions."""

import json
import sys
from collections.abc import Iterator
from typing import TextIO

from bot.comment.links import describe_status
from bot.comment.sanitizer import fence_code
from bot.errors import Problem, SignpostError
from bot.github import actions_runner
from bot.triage.actions import (
    Action,
    AddLabels,
    CreateComment,
    CreateLabels,
    DeleteComment,
    RemoveLabels,
    SuggestClose,
    SuggestLabels,
    UpdateComment,
)
from bot.triage.links import LinkDecisions
from bot.triage.result import Result, to_json
from bot.triage.summary import MOST_NOT_LINKED, describe_action, render_summary

_RULE = "─" * 72


def publish_result(result: Result, settings: actions_runner.Settings, *, is_dry_run: bool, is_quiet: bool) -> None:
    """Print the result (if quiet, stdout is for JSON only), and write outputs, summary and annotations."""
    if not is_quiet:
        actions_runner.print_safely(format_log(result, is_dry_run=is_dry_run))
    if settings.is_action:
        actions_runner.print_commands(
            actions_runner.format_annotations(_annotate(result)), choose_stream(is_quiet=is_quiet)
        )
    if settings.output_path:
        actions_runner.write_outputs(settings.output_path, make_outputs(result))
    if settings.summary_path:
        actions_runner.append_summary(settings.summary_path, render_summary(result, is_dry_run=is_dry_run))


def choose_stream(*, is_quiet: bool) -> TextIO:
    """The stream for workflow commands."""
    return sys.stderr if is_quiet else sys.stdout


def publish_failure(error: SignpostError, settings: actions_runner.Settings, *, is_quiet: bool) -> None:
    """An error that ended the run, as an annotation and in the summary; for maintainers, never for a reporter."""
    annotation = actions_runner.Annotation(level="error", title="Signpost", message=str(error))
    actions_runner.print_commands(actions_runner.format_annotations([annotation]), choose_stream(is_quiet=is_quiet))
    if settings.summary_path:
        actions_runner.append_summary(settings.summary_path, f"## Signpost\n\nStopped:\n\n{fence_code(str(error))}\n")


def _annotate(result: Result) -> Iterator[actions_runner.Annotation]:
    for problem in result.problems:
        yield annotate_problem(problem)
    for error in result.errors:
        yield actions_runner.Annotation(level="error", title="Signpost: an action failed", message=error)
    for remark in result.all_remarks:
        yield actions_runner.Annotation(level="notice", title="Signpost", message=remark)


def annotate_problem(problem: Problem) -> actions_runner.Annotation:
    """A problem, at its place in the file."""
    return actions_runner.Annotation(
        level="error",
        message=problem.message,
        file=problem.file,
        line=problem.line,
        column=problem.column,
        title="Signpost: rule",
    )


def make_outputs(result: Result) -> dict[str, str]:
    """The step's outputs (action.yml)."""
    planned = [*result.plan.actions] if not result.outcomes else [o.action for o in result.outcomes if o.is_ok]
    comment = next((action for action in planned if isinstance(action, CreateComment | UpdateComment)), None)
    kinds = {"create_comment": "created", "update_comment": "updated"}
    return {
        "matched-rules": json.dumps([match.rule.id for match in result.holding]),
        "labels": json.dumps([label for action in planned if isinstance(action, AddLabels) for label in action.labels]),
        "comment": kinds[comment.action] if comment else "none",
        "report": json.dumps({"schema_version": 1, **to_json(result)}),
    }


def format_log(result: Result, *, is_dry_run: bool) -> Iterator[str]:
    """The result, line by line."""
    yield f"Issue     {result.repository}#{result.issue}" if result.issue else "Issue     none"
    if result.skipped:
        yield f"Skipped   {result.skipped.reason}"
    elif not result.matches:
        yield "Matches   no rule"
    yield from _write_matches(result)
    yield from _write_links(result.links)
    yield from _write_actions(result, is_dry_run=is_dry_run)
    yield from (f"Remark    {remark}" for remark in result.all_remarks)
    yield from (f"Failed    {error}" for error in result.errors)
    yield from (f"Problem   {problem}" for problem in result.problems)
    yield f"Requests  {result.requests}"


def _write_matches(result: Result) -> Iterator[str]:
    for match in result.matches:
        silent = f" (superseded by {match.superseded_by})" if match.superseded_by else ""
        yield f"Matches   {match.rule.id}: {match.rule.model.title}{silent}"
        for item in match.evidence:
            yield f"          {item.view}, line {item.line}: {_quote(item.text)}"
        if match.captures:
            yield "Found     " + ", ".join(f"{name} {_quote(c.value)}" for name, c in match.captures.items())


def _write_links(links: LinkDecisions) -> Iterator[str]:
    for each in links.duplicates:
        told = f" (not linked: {each.reason})" if each.reason else ""
        yield f"Earlier   #{each.number}, tier {each.tier}, {describe_status(each)}: {each.why}{told}"
    for each in links.refused[:MOST_NOT_LINKED]:
        found = each.candidate
        yield f"Earlier   #{found.number}, tier {found.tier}: {found.why} (not linked: {each.reason})"


def _quote(text: str) -> str:
    """The text of a reporter on one line, without control characters."""
    return repr(" ".join(text.split())[:90])


def _write_actions(result: Result, *, is_dry_run: bool) -> Iterator[str]:
    failed = {id(outcome.action) for outcome in result.outcomes if not outcome.is_ok}
    for action in result.plan.actions:
        verb = "Would" if is_dry_run else "Tried" if id(action) in failed else "Did"
        yield f"{verb:<9} {_name_action(action)}"
        yield from _write_reasons(action)
        if isinstance(action, CreateComment | UpdateComment):
            yield _RULE
            yield from action.body.splitlines()
            yield _RULE


def _write_reasons(action: Action) -> Iterator[str]:
    """Why something is suggested."""
    match action:
        case SuggestLabels():
            yield from (f"          {each.name}: {each.rationale}" for each in action.labels)
        case SuggestClose():
            yield f"          {action.rationale}"


def _name_action(action: Action) -> str:
    """The words of the summary, with labels as they are, and the id of a comment."""
    match action:
        case CreateLabels() | AddLabels() | RemoveLabels():
            return f"{action.action.replace('_', ' ')}: {', '.join(action.labels)}"
        case SuggestLabels():
            labels = (f"{each.name} ({each.confidence})" for each in action.labels)
            return f"suggest labels: {', '.join(labels)}"
        case UpdateComment() | DeleteComment():
            return f"{describe_action(action)} {action.comment_id}"
        case _:
            return describe_action(action)
