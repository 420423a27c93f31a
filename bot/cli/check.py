"""`signpost check`: prove rules."""

import argparse
from dataclasses import asdict
from datetime import UTC, datetime

from bot.cli.output import add_format, print_json
from bot.cli.sources import check_settings
from bot.findings.text import format_overlaps, format_problems, format_proof, format_total
from bot.rules.check import CheckReport, check_rules
from bot.rules.lint import Terms
from bot.rules.loading import join_rulesets, load_rules
from bot.rules.rule import Ruleset


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", default=[".github/signpost"], help="folders, rule files or pack:NAME"
    )
    parser.epilog = "example: signpost check .github/signpost"
    parser.add_argument("--strict", action="store_true", help="end with 1 for warnings too")
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if all rules are proven and the settings beside them can be read (and, if strict, nothing is odd), 1 if not."""
    settings = Ruleset(problems=tuple(problem for path in arguments.paths for problem in check_settings(path)))
    terms = Terms(today=datetime.now(UTC).date())
    report = check_rules(join_rulesets([load_rules(arguments.paths), settings]), terms)
    if arguments.format == "json":
        print_json(_as_json(report))
    else:
        _print(report)
    return 0 if report.is_green and not (arguments.strict and report.warnings) else 1


def _as_json(report: CheckReport) -> dict[str, object]:
    return {
        "rules": report.rules,
        "examples": report.examples,
        "errors": len(report.errors),
        "warnings": len(report.warnings),
        "problems": [asdict(problem) for problem in report.problems],
        "overlaps": [asdict(overlap) for overlap in report.overlaps],
        "proof": asdict(report.proof),
    }


def _print(report: CheckReport) -> None:
    for line in format_problems(report.problems):
        print(line)
    if report.problems:
        print()
    for line in (*format_overlaps(report.overlaps), *format_proof(report), format_total(report)):
        print(line)
