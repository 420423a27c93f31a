"""`signpost run`: the Action's entry."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.options.rules import read_sources
from bot.errors import SettingsError, SignpostError, explain_cause
from bot.github import actions_runner
from bot.github.webhook_event import IssueRequest, PayloadTracker, parse_event
from bot.output.console import add_format, add_rules, print_json
from bot.tracker.types import Skip
from bot.triage.config import Sources
from bot.triage.log import choose_stream, publish_failure, publish_result
from bot.triage.result import Result, to_json
from bot.triage.run import run
from bot.triage.skip import Event

if TYPE_CHECKING:
    from bot.github.client import GitHubTracker


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments; what is not given is read from the runner's environment."""
    parser.add_argument("--event", metavar="FILE", help="the webhook payload (default: GITHUB_EVENT_PATH)")
    parser.add_argument(
        "--event-name", metavar="NAME", help="issues, issue_comment or workflow_dispatch (default: GITHUB_EVENT_NAME)"
    )
    parser.add_argument("--config", metavar="FILE", help="the settings (default: .github/signpost/config.yml)")
    parser.add_argument(
        "--index",
        metavar="FILE",
        help="an index of past issues, made by `signpost index build` (default: GitHub's own search)",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="plan, and write nothing; without a token, make no request at all"
    )
    parser.epilog = "example: signpost run --event event.json --rules .github/signpost --dry-run"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 fine, 1 an action failed, 2 rules or settings are wrong, 3 GitHub cannot be read; `fail-on: never` gives 0."""
    is_quiet = arguments.format == "json"
    try:
        settings = actions_runner.Settings.from_environment(os.environ)
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
        fault = SignpostError(f"this is a fault of Signpost itself ({type(error).__name__}); the log shows where")
        return _stop(fault, settings, is_quiet=is_quiet)
    return code if settings.fail_on == "error" else 0


def _read_least(environment: Mapping[str, str]) -> actions_runner.Settings:
    """What is needed to tell of inputs that cannot be read; only `error` itself makes a run red."""
    stated = {name: value for name, value in environment.items() if name.startswith("GITHUB_")}
    is_red = environment.get("INPUT_FAIL-ON", environment.get("INPUT_FAIL_ON", "")).strip() in {"", "error"}
    return actions_runner.Settings.from_environment(stated | {"INPUT_FAIL_ON": "error" if is_red else "never"})


def _stop(error: SignpostError, settings: actions_runner.Settings, *, is_quiet: bool) -> int:
    """Tell why a run came to its end early; the exit code."""
    if settings.is_action:
        publish_failure(error, settings, is_quiet=is_quiet)
    actions_runner.print_safely([f"signpost: {error}"], sys.stderr)
    return error.exit_code if settings.fail_on == "error" else 0


def _run(arguments: argparse.Namespace, settings: actions_runner.Settings) -> int:
    is_dry_run = arguments.dry_run or settings.dry_run
    event = _read_event(arguments, settings)
    if isinstance(event, Skip):
        result = Result(repository=settings.repository or "", issue=None, skipped=event)
    else:
        tracker = _connect(event, settings, is_dry_run=is_dry_run)
        rules = [place for group in arguments.rules or [] for place in group] or settings.rules
        live = None if isinstance(tracker, PayloadTracker) else tracker
        sources = read_sources(rules, arguments.config or settings.config, event.repository, live)
        sources = _add_finder(sources, arguments.index or settings.index, live)
        result = run(event, sources, tracker, datetime.now(UTC), is_dry_run=is_dry_run)
    if arguments.format == "json":
        print_json(to_json(result))
    publish_result(result, settings, is_dry_run=is_dry_run, is_quiet=arguments.format == "json")
    return 1 if result.errors else 2 if result.problems else 0


def _add_finder(sources: Sources, index: str | None, live: "GitHubTracker | None") -> Sources:
    """Where earlier reports are looked for; nothing is loaded for it where nobody looks."""
    if not (sources.config.duplicates.enabled and (index or live)):
        return sources
    from bot.duplicates.finder import choose_finder

    finder = choose_finder(index, live)
    return replace(sources, find_candidates=finder) if finder else sources


def _read_event(arguments: argparse.Namespace, settings: actions_runner.Settings) -> Event | Skip:
    path = arguments.event or settings.event_path
    if path is None:
        message = "no event: give --event FILE, or run inside GitHub Actions (GITHUB_EVENT_PATH)"
        raise SettingsError(message)
    payload = _read_payload(Path(path))
    name = arguments.event_name or (None if arguments.event else settings.event_name) or _guess_name(payload)
    if settings.issue and name == "workflow_dispatch":
        payload = {**payload, "inputs": {"issue": str(settings.issue)}}
    return parse_event(name, payload, settings.repository)


def _read_payload(path: Path) -> dict[str, Any]:
    try:
        payload = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        message = f"cannot read the event {path}: {explain_cause(error)}"
        raise SettingsError(message) from error
    if not isinstance(payload, dict):
        message = f"the event {path} is no JSON object; it should be the payload that GitHub sent"
        raise SettingsError(message)
    return payload


def _guess_name(payload: dict[str, Any]) -> str:
    if "inputs" in payload:
        return "workflow_dispatch"
    return "issue_comment" if "comment" in payload else "issues"


def _connect(event: Event, settings: actions_runner.Settings, *, is_dry_run: bool) -> "GitHubTracker | PayloadTracker":
    """GitHub if there is a token; else, for a dry run, the payload alone."""
    if settings.token:
        from bot.github.client import connect

        return connect(settings.token.get_secret_value(), settings.api_url)
    if not is_dry_run:
        message = "no token: give the input `github-token` (or GITHUB_TOKEN), or use --dry-run to look without one"
        raise SettingsError(message)
    if isinstance(event, IssueRequest):
        message = f"issue #{event.number} can only be read with a token; give GITHUB_TOKEN"
        raise SettingsError(message)
    return PayloadTracker(event.issue)
