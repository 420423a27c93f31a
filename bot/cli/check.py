"""`signpost check`: test rules."""

import argparse
import re
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn

from bot import __version__
from bot.cli.options.archive import count_jobs, open_optional
from bot.cli.options.git_revision import find_changed_files
from bot.cli.options.github import connect_github, read_settings
from bot.errors import SettingsError, SignpostError
from bot.triage.sources import Stamp, load_checked, read_stamp
from bot.workbench.check.checker import CheckReport
from bot.workbench.check.terminal import FORMATS, format_change, print_report
from bot.workbench.check.trial import Trial, check_online, run_trial

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
POLLING, SETTLING = 0.5, 0.1
"""Seconds between two looks at the files, and seconds for which they must stay as they are: editors save in steps."""


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
    parser.add_argument("--watch", action="store_true", help="test again when a file changes, until you press Ctrl-C")
    parser.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: one per core)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the result (default: text)")


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if all rules pass and the settings next to them are valid (--strict: without warnings), else 1."""
    if arguments.watch and arguments.format != "text":
        message = f"--watch prints text, not {arguments.format}; leave out --format"
        raise SettingsError(message)
    stamp = read_stamp(arguments.paths) if arguments.watch else {}
    trial = _make_trial(arguments)
    report = run_trial(trial)
    print_report(report, arguments.format, {rule.file: rule.id for rule in trial.rules}, __version__)
    if arguments.watch:
        _watch(arguments, stamp, report)
    return 0 if report.is_green and not (arguments.strict and report.warnings) else 1


def _make_trial(arguments: argparse.Namespace) -> Trial:
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
    return trial


def _watch(arguments: argparse.Namespace, stamp: Stamp, before: CheckReport) -> NoReturn:
    """Check again after each change, and print what is new. Only an interruption ends it: exit code 130."""
    while True:
        sys.stdout.flush()
        stamp = _await_change(arguments.paths, stamp)
        try:
            after = run_trial(_make_trial(arguments))
        except SignpostError as error:  # somebody moved the folder, or GitHub does not answer
            print(f"signpost: {error}")
            continue
        for line in format_change(before, after):
            print(line)
        before = after


def _await_change(paths: Iterable[str], known: Stamp) -> Stamp:
    """The stamp of the files after their next change, once nobody writes any more."""
    settled = known
    while settled == known:  # also after a file that came and went
        while (changed := read_stamp(paths)) == known:
            time.sleep(POLLING)
        time.sleep(SETTLING)
        while (settled := read_stamp(paths)) != changed:
            changed = settled
            time.sleep(SETTLING)
    return settled


def _find_repository(repository: str | None) -> str:
    repository = repository or read_settings().repository
    if not repository or not _REPOSITORY.fullmatch(repository):
        message = "--online needs the name of the repository; add --repo owner/name"
        raise SettingsError(message)
    return repository
