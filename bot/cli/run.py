"""`signpost run`: the command that the Action runs. It handles an event, or writes the report of an issue."""

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.options.github import connect_github, connect_run, read_event, read_settings
from bot.cli.options.issue import add_repository, parse_address
from bot.cli.options.log import choose_stream, publish_failure, publish_result
from bot.errors import SettingsError, SignpostError
from bot.github import actions_runner
from bot.github.webhook_event import IssueRequest
from bot.insights.report.event import Means, handle_event, make_report_writer
from bot.output.console import add_format, add_rules, print_json, write_file
from bot.tracker.types import Account, Skip
from bot.triage.config import Sources
from bot.triage.result import Result, to_json
from bot.triage.skip import Event
from bot.triage.snapshot import read_issue, read_thread
from bot.triage.sources import add_finder, read_sources

if TYPE_CHECKING:
    from bot.github.client import GitHubTracker

REPORT_OUTPUT = "report-file"
"""The output of the step with the file's name (action.yml)."""

_MAINTAINERS = {"check", "index", "sweep", "site"}
"""The values of the input `command` that no reporter's event starts; an error of them always makes the run red."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments; the defaults come from the runner's environment."""
    parser.add_argument("--event", metavar="FILE", help="the webhook payload (default: GITHUB_EVENT_PATH)")
    parser.add_argument("--issue", metavar="N", help="handle this issue, by its number or URL, instead of an event")
    _add_lists(parser)
    add_repository(parser)
    parser.add_argument(
        "--event-name", metavar="NAME", help="issues, issue_comment or workflow_dispatch (default: GITHUB_EVENT_NAME)"
    )
    parser.add_argument("--config", metavar="FILE", help="the settings file (default: .github/signpost/config.yml)")
    parser.add_argument(
        "--index",
        metavar="FILE",
        help="an index of past issues, built with `signpost index build` (default: use GitHub search)",
    )
    parser.add_argument(
        "--ledger",
        metavar="FILE",
        help="the ledger of `signpost sweep`: muted rules only set labels, and incidents are seen",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show the plan and write nothing; without a token, send no requests"
    )
    parser.add_argument("--html", metavar="FILE", help="with --issue --dry-run: write the comment as one HTML page")
    parser.epilog = "example: signpost run --event event.json --rules .github/signpost --dry-run"
    add_rules(parser)
    add_format(parser)


def _add_lists(parser: argparse.ArgumentParser) -> None:
    """The options for lists of old issues."""
    parser.add_argument(
        "--issues", metavar="LIST", help="handle old issues one by one, for example 1-500 or 7,12,20-30"
    )
    parser.add_argument("--query", metavar="QUERY", help="the same for the issues that GitHub search finds")
    parser.add_argument("--limit", metavar="N", type=int, help="with --issues or --query: handle at most N issues now")
    parser.add_argument(
        "--progress",
        metavar="FILE",
        help="with --issues or --query: where it notes what is done, so that the same command goes on there "
        "(default: a file in .signpost)",
    )


def execute(arguments: argparse.Namespace) -> int:
    """Return 0: fine, 1: an action failed, 2: wrong rules or settings, 3: no answer of GitHub; `fail-on: never`: 0."""
    is_quiet = arguments.format == "json"
    try:
        settings = read_settings()
    except SettingsError as error:
        return _stop(error, _read_least(os.environ), is_quiet=is_quiet)
    if settings.is_action and settings.token:
        actions_runner.print_commands(
            [actions_runner.mask(settings.token.get_secret_value())], choose_stream(is_quiet=is_quiet)
        )
    try:
        code = _run(arguments, settings)
    except SignpostError as error:
        return _stop(error, settings, is_quiet=is_quiet)
    except Exception as error:  # a traceback may hold the reporter's words, and a red run is mailed to the reporter
        import traceback

        if not settings.is_action:
            raise
        actions_runner.print_safely(traceback.format_exception(error), sys.stderr)
        fault = SignpostError(f"internal error in Signpost ({type(error).__name__}); please report it with the log")
        return _stop(fault, settings, is_quiet=is_quiet)
    return code if settings.fail_on == "error" else 0


def _read_least(environment: Mapping[str, str]) -> actions_runner.Settings:
    """The settings that are needed to report invalid inputs.

    For an event of an issue, only `error` itself makes the run red. Maintainers start the other commands: a check that
    did not happen must not look like one without findings.
    """
    stated = actions_runner.list_stated(environment)
    is_red = stated.get("INPUT_FAIL_ON", "error") == "error" or stated.get("INPUT_COMMAND") in _MAINTAINERS
    needed = {name: value for name, value in stated.items() if name.startswith("GITHUB_")}
    return actions_runner.Settings.from_environment(needed | {"INPUT_FAIL_ON": "error" if is_red else "never"})


def _stop(error: SignpostError, settings: actions_runner.Settings, *, is_quiet: bool) -> int:
    """Report why a run ended early; return the exit code."""
    if settings.is_action:
        publish_failure(error, settings, is_quiet=is_quiet)
    actions_runner.print_safely([f"signpost: {error}"], sys.stderr)
    return error.exit_code if settings.fail_on == "error" else 0


def _run(arguments: argparse.Namespace, settings: actions_runner.Settings) -> int:
    is_dry_run, is_quiet = arguments.dry_run or settings.dry_run, arguments.format == "json"
    if settings.command == "run" and _names_issues(arguments, settings):
        return _run_backfill(arguments, settings)
    event, skip = _find_event(arguments, settings, is_dry_run=is_dry_run)
    if arguments.issue and event and is_dry_run and settings.command != "report":
        return _show_preview(event, arguments, settings)
    if event is None:
        result = Result(repository=settings.repository or "", issue=None, skipped=skip)
    else:
        means = _find_means(arguments, settings, event, is_dry_run=is_dry_run)
        if settings.command == "report":
            return _publish_report(event, means, settings, is_quiet=is_quiet)
        result = handle_event(event, means, datetime.now(UTC), is_dry_run=is_dry_run)
    if is_quiet:
        print_json(to_json(result))
    publish_result(result, settings, is_dry_run=is_dry_run, is_quiet=is_quiet)
    return 1 if result.errors else 2 if result.problems else 0


def _names_issues(arguments: argparse.Namespace, settings: actions_runner.Settings) -> bool:
    """Whether a list of issues is asked for. Raises SettingsError for options that say two things, or need a list."""
    wanted = arguments.issues is not None or arguments.query is not None
    if not (arguments.issue or arguments.event):
        wanted = wanted or bool(settings.issues or settings.query)
    if wanted and (arguments.issue or arguments.event or arguments.event_name or arguments.html):
        raise SettingsError("--issues and --query name old issues; leave out --issue, --event, --event-name and --html")
    if not wanted and (arguments.progress or arguments.limit is not None):
        raise SettingsError("--progress and --limit are for a list of issues; add --issues or --query")
    if arguments.limit is not None and arguments.limit < 1:
        raise SettingsError(f"--limit must be a positive integer, not {arguments.limit}")
    return wanted


def _run_backfill(arguments: argparse.Namespace, settings: actions_runner.Settings) -> int:
    from bot.cli.backfill import LONGEST_WAIT, backfill, find_asked
    from bot.cli.options.archive import check_repository

    is_stated = arguments.issues is not None or arguments.query is not None
    asked = find_asked(*(arguments.issues, arguments.query) if is_stated else (settings.issues, settings.query))
    repository = arguments.repo or settings.repository
    if not repository:
        raise SettingsError("the repository is missing; add --repo OWNER/NAME, or set GITHUB_REPOSITORY")
    check_repository(repository)
    if not settings.token:
        raise SettingsError(f"a token is missing to read the issues of {repository}; set GITHUB_TOKEN")
    live = connect_github(settings, most_wait=LONGEST_WAIT)
    return backfill(arguments, settings, asked, _find_sources(arguments, settings, repository, live), live)


def _find_event(
    arguments: argparse.Namespace, settings: actions_runner.Settings, *, is_dry_run: bool
) -> tuple[Event, None] | tuple[None, Skip]:
    """The event, or the issue that a person asks for. Raises SettingsError, also for options that say two things."""
    if arguments.issue and (arguments.event or arguments.event_name):
        raise SettingsError("--issue and --event name two things to handle; give one of them")
    if arguments.html and not (arguments.issue and is_dry_run):
        raise SettingsError("--html shows the comment of a dry run on one issue; add --issue N and --dry-run")
    if not arguments.issue:
        return read_event(arguments, settings)
    address = parse_address(arguments.issue, arguments.repo)
    return IssueRequest(repository=address.repository, number=address.number, sender=Account(login="ghost")), None


def _show_preview(event: Event, arguments: argparse.Namespace, settings: actions_runner.Settings) -> int:
    """Show the plan for an issue, with its comment even where a run would not post it. Return 0, or 2 for problems."""
    from bot.cli.options.output import write_page
    from bot.cli.options.preview import format_preview, preview, render_preview

    means = _find_means(arguments, settings, event, is_dry_run=True)
    shown = preview(event, means.sources, means.tracker)
    if arguments.html:
        write_page(Path(arguments.html), render_preview(shown, settings.server_url))
        actions_runner.print_safely([f"wrote {arguments.html}"], sys.stderr)
    is_quiet = arguments.format == "json"
    if is_quiet:
        print_json(to_json(shown.result) | {"comment": shown.to_json()})
    publish_result(shown.result, settings, is_dry_run=True, is_quiet=is_quiet)
    if not is_quiet:
        actions_runner.print_safely(format_preview(shown))
    return 2 if shown.result.problems else 0


def _find_means(
    arguments: argparse.Namespace, settings: actions_runner.Settings, event: Event, *, is_dry_run: bool
) -> Means:
    tracker, live = connect_run(event, settings, is_dry_run=is_dry_run)
    sources = _find_sources(arguments, settings, event.repository, live)
    return Means(sources=sources, tracker=tracker, live=live, index=arguments.index or settings.index)


def _find_sources(
    arguments: argparse.Namespace,
    settings: actions_runner.Settings,
    repository: str,
    live: "GitHubTracker | None",
) -> Sources:
    rules = [place for group in arguments.rules or [] for place in group] or settings.rules
    sources = read_sources(rules, arguments.config or settings.config, repository, live)
    sources = add_finder(sources, arguments.index or settings.index, live)
    ledger = arguments.ledger or settings.ledger
    if not ledger:
        return sources
    from bot.signals.file import add_ledger

    return add_ledger(sources, Path(ledger), repository)


def _publish_report(event: Event, means: Means, settings: actions_runner.Settings, *, is_quiet: bool) -> int:
    """Write the report, which changes nothing on GitHub. Return 0, or 2 if some rules could not be read.

    Raises SettingsError and TrackerError.
    """
    problems = means.sources.ruleset.problems
    actions_runner.print_safely(map(str, problems), sys.stderr)
    code, issue = 2 if problems else 0, read_issue(event, means.tracker)
    if isinstance(issue, Skip):
        _show_skip(event, issue, is_quiet=is_quiet)
        return code
    thread = read_thread(issue, means.tracker)
    before = means.tracker.requests
    report = make_report_writer(means)(thread)
    name = f"signpost-report-{issue.number}.md"
    write_file((settings.workspace or Path()) / name, report)
    if settings.output_path:
        actions_runner.write_outputs(settings.output_path, {REPORT_OUTPUT: name})
    if settings.summary_path:
        actions_runner.append_report(settings.summary_path, report)
    if is_quiet:
        print_json({"repository": issue.repository, "issue": issue.number, "file": name, "report": report})
    else:
        where = f"Issue     {issue.repository}#{issue.number}"
        requests = means.tracker.requests
        sent = f"Requests  {requests} ({requests - before} of them for the report)"
        actions_runner.print_safely([where, f"Wrote     {name}", sent])
    return code


def _show_skip(event: Event, skip: Skip, *, is_quiet: bool) -> None:
    if is_quiet:
        print_json({"repository": event.repository, "issue": event.number, "file": None, "skipped": skip.reason})
    else:
        actions_runner.print_safely([f"Issue     {event.repository}#{event.number}", f"Skipped   {skip.reason}"])
