"""`signpost run`: the command that the Action runs."""

import argparse
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.cli.options.github import connect_run, read_event, read_settings
from bot.cli.options.sources import add_finder, read_sources
from bot.errors import SettingsError, SignpostError
from bot.github import actions_runner
from bot.output.console import add_format, add_rules, print_json
from bot.triage.log import choose_stream, publish_failure, publish_result
from bot.triage.result import Result, to_json
from bot.triage.run import run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments; the defaults come from the runner's environment."""
    parser.add_argument("--event", metavar="FILE", help="the webhook payload (default: GITHUB_EVENT_PATH)")
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
        "--dry-run", action="store_true", help="show the plan and write nothing; without a token, send no requests"
    )
    parser.epilog = "example: signpost run --event event.json --rules .github/signpost --dry-run"
    add_rules(parser)
    add_format(parser)


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
    """The settings that are needed to report invalid inputs; only `error` itself makes a run red."""
    stated = {name: value for name, value in environment.items() if name.startswith("GITHUB_")}
    is_red = environment.get("INPUT_FAIL-ON", environment.get("INPUT_FAIL_ON", "")).strip() in {"", "error"}
    return actions_runner.Settings.from_environment(stated | {"INPUT_FAIL_ON": "error" if is_red else "never"})


def _stop(error: SignpostError, settings: actions_runner.Settings, *, is_quiet: bool) -> int:
    """Report why a run ended early; return the exit code."""
    if settings.is_action:
        publish_failure(error, settings, is_quiet=is_quiet)
    actions_runner.print_safely([f"signpost: {error}"], sys.stderr)
    return error.exit_code if settings.fail_on == "error" else 0


def _run(arguments: argparse.Namespace, settings: actions_runner.Settings) -> int:
    is_dry_run = arguments.dry_run or settings.dry_run
    event, skip = read_event(arguments, settings)
    if event is None:
        result = Result(repository=settings.repository or "", issue=None, skipped=skip)
    else:
        tracker, live = connect_run(event, settings, is_dry_run=is_dry_run)
        rules = [place for group in arguments.rules or [] for place in group] or settings.rules
        sources = read_sources(rules, arguments.config or settings.config, event.repository, live)
        sources = add_finder(sources, arguments.index or settings.index, live)
        result = run(event, sources, tracker, datetime.now(UTC), is_dry_run=is_dry_run)
    if arguments.format == "json":
        print_json(to_json(result))
    publish_result(result, settings, is_dry_run=is_dry_run, is_quiet=arguments.format == "json")
    return 1 if result.errors else 2 if result.problems else 0
