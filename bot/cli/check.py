"""`signpost check`: prove rules."""

import argparse
import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.options.rules import check_settings
from bot.errors import Problem, SettingsError
from bot.output.console import read_version
from bot.output.progress import track
from bot.rules.loader import NOT_RULES, join_rulesets, load_rules
from bot.rules.ruleset import Rule, Ruleset
from bot.workbench.check.checker import CheckReport, check_overlaps, check_set, join_reports
from bot.workbench.check.lint import Frequencies, Terms
from bot.workbench.check.terminal import FORMATS, print_report

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
        help="only rules whose files differ from a git revision, against all others (default: the default branch)",
    )
    parser.add_argument("--history", metavar="FILE", help="past issues (JSONL, .gz too): warn of what is too common")
    parser.add_argument("--online", action="store_true", help="ask GitHub whether labels and issues to follow exist")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="the repository for --online (default: GITHUB_REPOSITORY)")
    parser.add_argument("--no-proof", action="store_true", help="leave the variants of examples out")
    parser.add_argument("--strict", action="store_true", help="end with 1 for warnings too")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes to use (default: as many as there are cores)")
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print the result (default: text)")


def execute(arguments: argparse.Namespace) -> int:
    """0 if all rules are proven and the settings beside them can be read (and, if strict, nothing is odd), 1 if not."""
    ruleset, settings = load_rules(arguments.paths), [p for path in arguments.paths for p in check_settings(path)]
    ruleset = join_rulesets([ruleset, Ruleset(problems=tuple(settings))])
    files = _find_files(ruleset, arguments.changed)
    rules = [rule for rule in ruleset.rules if files is None or rule.file in files]
    online = _ask_github(rules, arguments.repo) if arguments.online else ()
    terms = Terms(
        today=datetime.now(UTC).date(),
        proves_variants=not arguments.no_proof,
        frequencies=_count(rules, ruleset, arguments.history) if arguments.history else None,
    )
    reports = [check_set(ruleset, files), CheckReport(0, 0, online), *_try_all(rules, ruleset, terms, arguments.jobs)]
    if files is not None:
        reports += [check_overlaps(rule, rules, ruleset) for rule in ruleset.rules if rule.file not in files]
    report = join_reports(reports)
    print_report(report, arguments.format, {rule.file: rule.id for rule in rules}, read_version())
    return 0 if report.is_green and not (arguments.strict and report.warnings) else 1


def _find_files(ruleset: Ruleset, changed: str | None) -> frozenset[str] | None:
    """The files to look at, None for all; a changed pack or its settings concern all rules of the folder."""
    if changed is None:
        return None
    from bot.cli.options.git_revision import find_changed

    found = find_changed(changed or None)
    folders = {path.parent for path in found if path.name in NOT_RULES}
    names = {rule.file for rule in ruleset.rules} | {problem.file for problem in ruleset.problems}
    names |= {pack.document.file for pack in ruleset.packs if pack.document}
    return frozenset(n for n in names if (path := Path(n).resolve()) in found or path.parent in folders)


def _try_all(rules: Sequence[Rule], ruleset: Ruleset, terms: Terms, jobs: int | None) -> list[CheckReport]:
    from bot.archive.parallel import count_cores
    from bot.workbench.check.parallel import try_rules

    return list(track(try_rules(rules, ruleset, terms, jobs or count_cores()), "rules", len(rules)))


def _ask_github(rules: Sequence[Rule], repository: str | None) -> tuple[Problem, ...]:
    from bot.github.actions_runner import Settings
    from bot.github.client import connect
    from bot.workbench.check.references import check_online

    settings = Settings.from_environment(os.environ)
    repository = repository or settings.repository
    if not repository or not _REPOSITORY.fullmatch(repository):
        message = "--online needs to know the repository; add --repo owner/name"
        raise SettingsError(message)
    tracker = connect(settings.token.get_secret_value() if settings.token else None, settings.api_url)
    return check_online(rules, repository, tracker)


def _count(rules: Sequence[Rule], ruleset: Ruleset, history: str) -> Frequencies:
    from bot.archive.jsonl import read_issues
    from bot.workbench.check.frequencies import count_alternatives

    return count_alternatives(rules, ruleset, track(read_issues(Path(history)), "issues"))
