"""`signpost check`: prove rules."""

import argparse
from dataclasses import asdict

from bot.cli.output import add_format, print_json
from bot.cli.sources import check_settings
from bot.rules.check import CheckReport, check_rules
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
    report = check_rules(join_rulesets([load_rules(arguments.paths), settings]))
    if arguments.format == "json":
        print_json(_as_json(report))
    else:
        _print(report)
    return 0 if report.is_green and not (arguments.strict and report.warnings) else 1


def _as_json(report: CheckReport) -> dict[str, object]:
    return {
        "rules": report.rules,
        "examples": report.examples,
        "problems": [asdict(problem) for problem in report.problems],
    }


def _print(report: CheckReport) -> None:
    for problem in report.problems:
        print(problem)
    green = "all proven" if report.rules else "nothing to prove"
    found = green if report.is_green else _count(len(report.problems), "problem")
    print(f"{_count(report.rules, 'rule')}, {_count(report.examples, 'example')}: {found}")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
