"""`signpost check`: prove rules."""

import argparse

from bot.cli.output import add_format, print_json
from bot.rules.check import CheckReport, check_rules
from bot.rules.loading import load_rules


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", default=[".github/signpost"], help="folders, rule files or pack:NAME"
    )
    parser.epilog = "example: signpost check .github/signpost"
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if all rules are proven, 1 if not."""
    report = check_rules(load_rules(arguments.paths))
    if arguments.format == "json":
        print_json(_as_json(report))
    else:
        _print(report)
    return 0 if report.is_green else 1


def _as_json(report: CheckReport) -> dict[str, object]:
    problems = [{"file": p.file, "line": p.line, "column": p.column, "message": p.message} for p in report.problems]
    return {"rules": report.rules, "examples": report.examples, "problems": problems}


def _print(report: CheckReport) -> None:
    for problem in report.problems:
        print(problem)
    found = f"{len(report.problems)} problem{'' if len(report.problems) == 1 else 's'}"
    print(f"{report.rules} rules, {report.examples} examples: {'all proven' if report.is_green else found}")
