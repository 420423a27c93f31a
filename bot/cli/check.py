"""`signpost check`: test rules."""

import argparse
import re
from dataclasses import replace
from datetime import UTC, datetime

from bot.cli.options.archive import count_jobs, open_optional
from bot.cli.options.git_revision import find_changed_files
from bot.cli.options.github import connect_github, read_settings
from bot.cli.options.sources import load_checked
from bot.errors import SettingsError
from bot.output.console import read_version
from bot.workbench.check.terminal import FORMATS, print_report
from bot.workbench.check.trial import Trial, check_online, run_trial

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", default=[".github/signpost"], help="folders, rule files or pack:NAME"
    )
    parser.epilog = "example: signpost check .github/signpost"
    parser.add_argument(
        "--changed",
        nargs="?",
        const="",
        metavar="REV",
        help="test only rules whose files differ from a git revision, against all rules (default: the default branch)",
    )
    parser.add_argument(
        "--history", metavar="FILE", help="an archive of past issues: warn about conditions that are too common"
    )
    parser.add_argument(
        "--online", action="store_true", help="ask GitHub whether the labels and the issues in `follow` exist"
    )
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the repository for --online (default: GITHUB_REPOSITORY)")
    parser.add_argument("--no-proof", action="store_true", help="do not test variants of the examples")
    parser.add_argument("--strict", action="store_true", help="exit with 1 for warnings, too")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: one per core)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the result (default: text)")


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if all rules pass and the settings next to them are valid (--strict: without warnings), else 1."""
    ruleset = load_checked(arguments.paths)
    changed = arguments.changed
    trial = Trial(
        ruleset=ruleset,
        today=datetime.now(UTC).date(),
        jobs=arguments.jobs or count_jobs(),
        files=None if changed is None else find_changed_files(ruleset, changed or None),
        proves_variants=not arguments.no_proof,
        issues=open_optional(arguments.history).read_issues() if arguments.history else None,
    )
    if arguments.online:
        trial = replace(trial, online=check_online(trial.rules, _find_repository(arguments.repo), connect_github()))
    report = run_trial(trial)
    print_report(report, arguments.format, {rule.file: rule.id for rule in trial.rules}, read_version())
    return 0 if report.is_green and not (arguments.strict and report.warnings) else 1


def _find_repository(repository: str | None) -> str:
    repository = repository or read_settings().repository
    if not repository or not _REPOSITORY.fullmatch(repository):
        message = "--online needs the name of the repository; add --repo owner/name"
        raise SettingsError(message)
    return repository
