"""`signpost sweep`: read what people answered, and bring comments up to date, on a schedule."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.options.github import connect_github, read_settings, require_repository
from bot.errors import SettingsError
from bot.github import actions_runner
from bot.output.console import add_format, add_rules, print_json
from bot.signals.file import LEDGER
from bot.signals.summary import format_lines, render_summary, to_json
from bot.signals.sweep import Swept, Task, find_login, sweep_file
from bot.triage.sources import add_finder, read_sources

BUDGET = 500
"""Half of what GitHub gives a workflow in an hour.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#primary-rate-limit-for-github_token-in-github-actions
"""

FEWEST = 20
_LONGEST = 50 * 60
"""Seconds; a scheduled job ends within the hour."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the repository (default: GITHUB_REPOSITORY)")
    parser.add_argument("--ledger", metavar="FILE", default=LEDGER, help=f"the ledger (default: {LEDGER})")
    parser.add_argument("--rebuild", action="store_true", help="make the ledger again from what GitHub holds now")
    parser.add_argument(
        "--budget", metavar="N", type=int, default=BUDGET, help=f"send at most N requests (default: {BUDGET})"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the plan; write neither to GitHub nor to a file")
    parser.add_argument("--config", metavar="FILE", help="the settings file (default: .github/signpost/config.yml)")
    parser.add_argument("--index", metavar="FILE", help="an index of past issues (default: use GitHub search)")
    parser.epilog = "example: signpost sweep --repo octo-org/octo-repo --dry-run"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0: done, or the budget is spent; 1: an action failed; 2: wrong settings; 3: no answer from GitHub."""
    settings = read_settings()
    repository = require_repository(arguments.repo, settings)
    if arguments.budget < FEWEST:
        raise SettingsError(f"--budget must be at least {FEWEST}, not {arguments.budget}")
    swept, has_problems = _sweep(arguments, settings, repository)
    if arguments.format == "json":
        print_json(to_json(swept))
    else:
        actions_runner.print_safely(format_lines(swept))
    if settings.summary_path:
        actions_runner.append_summary(settings.summary_path, render_summary(swept))
    return find_exit_code(swept) or (2 if has_problems else 0)


def find_exit_code(swept: Swept) -> int:
    """The exit code of a sweep; a spent budget is not an error, because the next sweep goes on."""
    if swept.error and not swept.is_budget_spent:
        return 3
    return 1 if swept.failures else 0


def _sweep(arguments: argparse.Namespace, settings: actions_runner.Settings, repository: str) -> tuple[Swept, bool]:
    """The result, and whether rules did not load."""
    live = connect_github(settings, most_seconds=_LONGEST, most_requests=arguments.budget)
    rules = [place for group in arguments.rules or [] for place in group]
    sources = read_sources(rules, arguments.config, repository, live)
    for problem in sources.ruleset.problems:
        print(problem, file=sys.stderr)
    task = Task(
        repository=repository,
        sources=add_finder(sources, arguments.index, live),
        now=datetime.now(UTC),
        budget=arguments.budget,
        login=find_login(sources, live),
        server=settings.server_url,
        is_dry_run=arguments.dry_run,
    )

    def say(line: str) -> None:
        actions_runner.print_safely([line], sys.stderr)

    return sweep_file(task, live, Path(arguments.ledger), say, is_new=arguments.rebuild), bool(sources.ruleset.problems)
