"""`signpost explain`: why an issue matches a rule, or why not."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.options.issue import ISSUE_FORMS, add_repository, read_asked_issue
from bot.cli.options.output import refuse_inputs, report_written, write_page
from bot.cli.options.rules import AskedRules, read_rules
from bot.output.console import add_format, add_rules, make_console, print_json
from bot.workbench.explain.explainer import IssueExplanation, make_explanation
from bot.workbench.explain.formats import to_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("issue", metavar="ISSUE", help=ISSUE_FORMS)
    parser.add_argument("--rule", metavar="ID", help="explain only this rule, in full")
    parser.add_argument("--whole", action="store_true", help="show all lines of the issue, not only the relevant ones")
    parser.add_argument(
        "--comment", action="store_true", help="print the comment that a run would post on the issue if it was new"
    )
    parser.add_argument(
        "--html", metavar="FILE", help="write the explanation, or the comment, as one self-contained HTML page"
    )
    parser.add_argument(
        "--config", metavar="FILE", help="the settings file (default: config.yml in the folder of the rules)"
    )
    add_repository(parser)
    parser.epilog = "example: signpost explain issue.md --rules .github/signpost --rule out-of-disk"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if the issue could be explained, 2 if rules could not be read."""
    refuse_inputs((arguments.html,), (arguments.issue, arguments.config))
    rules = read_rules(arguments.rules)
    rules.print_problems()
    rules.ruleset.require_rule(arguments.rule)
    config = rules.read_config(arguments.config)
    if arguments.comment:
        return _show_comment(rules, arguments)
    issue = read_asked_issue(arguments.issue, arguments.repo)
    explanation = make_explanation(issue, rules.ruleset, config, datetime.now(UTC).date(), arguments.rule)
    _print(explanation, arguments)
    return 2 if rules.ruleset.problems else 0


def _show_comment(rules: AskedRules, arguments: argparse.Namespace) -> int:
    """Print the comment alone; what is to be said about it goes to stderr. Return 2 if rules could not be read."""
    from bot.cli.options.preview import preview_new, read_local_sources, render_preview

    issue, config = read_asked_issue(arguments.issue, arguments.repo), rules.find_config(arguments.config)
    shown = preview_new(issue, read_local_sources(rules.places, config, arguments.rule))
    for reason in shown.reasons:
        print(f"signpost: {reason}", file=sys.stderr)
    if arguments.html:
        write_page(Path(arguments.html), render_preview(shown, issue.server, issue.title))
        report_written(Path(arguments.html), arguments.format)
    if arguments.format == "json":
        print_json({"comment": shown.to_json()})
    elif shown.body and not arguments.html:
        print(shown.body)
    return 2 if rules.ruleset.problems else 0


def _print(explanation: IssueExplanation, arguments: argparse.Namespace) -> None:
    if arguments.html:
        _write_page(explanation, Path(arguments.html), arguments.rule)
        report_written(Path(arguments.html), arguments.format)
    if arguments.format == "json":
        print_json(to_json(explanation, arguments.rule))
    elif not arguments.html:
        from bot.workbench.explain.terminal import print_explanation

        print_explanation(explanation, make_console(), is_whole=arguments.whole, wanted=arguments.rule)


def _write_page(explanation: IssueExplanation, path: Path, wanted: str | None) -> None:
    from bot.workbench.explain.formats import render_html

    write_page(path, render_html(explanation, wanted))
