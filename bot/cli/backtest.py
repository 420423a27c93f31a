"""`signpost backtest`: what rules would do with past issues. It writes nothing to GitHub."""

import argparse
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.options.archive import add_archive, add_jobs, count_jobs, open_archive, open_optional
from bot.cli.options.output import open_output, refuse_inputs, report_written, write_page
from bot.cli.options.rules import AskedRules, read_rules
from bot.output.console import add_format, add_rules
from bot.workbench.backtest.replay import Task, Truth, parse_truth, replay_archive
from bot.workbench.backtest.report import Report, Setting, make_report
from bot.workbench.backtest.terminal import print_report

_EPILOG = """\
FILE of --against has one issue per line: {"number": 7, "rules": ["out-of-disk"]}, or {"number": 7, "class": "none"}.
An empty list of rules, or "none", means that no rule should match. Issues that are not in FILE are not compared.

example: signpost backtest --issues issues.jsonl --rules .github/signpost"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_archive(parser)
    parser.add_argument("--per-issue", metavar="OUT.jsonl", help="write the matches of each issue, one issue per line")
    parser.add_argument(
        "--against",
        metavar="labels|FILE",
        help="compare the matches with the labels of the issues, or with a file of expected matches",
    )
    parser.add_argument("--compare", metavar="REV", help="compare the rules with their version at this git revision")
    parser.add_argument(
        "--ledger", metavar="FILE", help="show what people answered, from this ledger of `signpost sweep`"
    )
    parser.add_argument("--html", metavar="FILE", help="write the report as one self-contained HTML page")
    parser.add_argument(
        "--no-clusters", action="store_true", help="do not list the messages that unmatched issues share"
    )
    parser.add_argument("--details", action="store_true", help="print each rule's most and least typical matches")
    parser.add_argument(
        "--config", metavar="FILE", help="the settings file (default: config.yml in the first folder of rules)"
    )
    add_jobs(parser)
    parser.epilog = _EPILOG
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if the rules ran, 2 if some of them or the issues could not be read."""
    refuse_inputs((arguments.html, arguments.per_issue), _list_inputs(arguments))
    rules = read_rules(arguments.rules)
    task = _make_task(arguments, rules)
    opinions = rules.read_opinions(arguments.ledger, task.config)
    rules.print_problems()
    archive = open_archive(arguments)
    total = archive.total
    if total is None and sys.stderr.isatty():
        total = sum(1 for _ in archive.read_lines())
    with open_output(Path(arguments.per_issue)) if arguments.per_issue else nullcontext() as out:
        whole = replay_archive(archive.read_lines(), task, count_jobs(arguments), total=total, out=out)
    setting = Setting(
        name=archive.name,
        repository=archive.repository,
        today=task.today,
        truth=task.truth.source if task.truth else "",
        revision=arguments.compare or "",
        opinions=opinions,
    )
    _print(make_report(whole.tally, rules.ruleset, setting, whole.mined), arguments)
    return 2 if rules.ruleset.problems else 0


def _list_inputs(arguments: argparse.Namespace) -> tuple[str | None, ...]:
    return (arguments.issues, arguments.against, arguments.config, arguments.ledger)


def _print(report: Report, arguments: argparse.Namespace) -> None:
    if arguments.html:
        from bot.workbench.backtest.presentation import render_html

        write_page(Path(arguments.html), render_html(report))
    print_report(report, arguments.format, details=arguments.details)
    for file in filter(None, (arguments.html, arguments.per_issue)):
        report_written(Path(file), arguments.format)


def _make_task(arguments: argparse.Namespace, rules: AskedRules) -> Task:
    return Task(
        rules=rules.files,
        config=rules.read_config(arguments.config),
        today=datetime.now(UTC).date(),
        truth=_read_truth(arguments.against) if arguments.against else None,
        former=rules.read_former(arguments.compare) if arguments.compare is not None else None,
        is_per_issue=bool(arguments.per_issue),
        is_mined=not arguments.no_clusters,
    )


def _read_truth(against: str) -> Truth:
    return Truth(source="labels") if against == "labels" else parse_truth(open_optional(against).read_lines())
