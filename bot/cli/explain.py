"""`signpost explain`: why an issue matches a rule, or why not."""

import argparse
import os
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bot.cli.options.issue import ISSUE_FORMS, add_repository, read_asked_issue
from bot.errors import SettingsError, explain_cause
from bot.github.actions_runner import Settings
from bot.output.console import add_format, add_rules, list_rules, make_console, print_json
from bot.rules.loader import load_rules
from bot.rules.ruleset import Ruleset
from bot.triage.config import Config, make_default_config, read_config
from bot.workbench.explain.explainer import IssueExplanation, make_explanation
from bot.workbench.explain.formats import make_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("issue", metavar="ISSUE", help=ISSUE_FORMS)
    parser.add_argument("--rule", metavar="ID", help="only this rule, whole")
    parser.add_argument("--whole", action="store_true", help="all lines of the issue, not only those that matter")
    parser.add_argument("--html", metavar="FILE", help="write the explanation as one page that needs nothing beside it")
    parser.add_argument("--config", metavar="FILE", help="the settings (default: config.yml beside the rules)")
    add_repository(parser)
    parser.epilog = "example: signpost explain issue.md --rules .github/signpost --rule out-of-disk"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if the issue could be explained, 2 if rules could not be read."""
    places = list_rules(arguments.rules)
    ruleset = load_rules(places)
    for problem in ruleset.problems:
        print(problem, file=sys.stderr)
    _check_rule(arguments.rule, ruleset)
    config = _read_settings(arguments.config, places)
    issue = read_asked_issue(arguments.issue, arguments.repo, Settings.from_environment(os.environ))
    explanation = make_explanation(issue, ruleset, config, datetime.now(UTC).date(), arguments.rule)
    _tell(explanation, arguments)
    return 2 if ruleset.problems else 0


def _check_rule(wanted: str | None, ruleset: Ruleset) -> None:
    known = sorted(rule.id for rule in ruleset.rules)
    if wanted is not None and wanted not in known:
        message = f"there is no rule {wanted!r}; known are: {', '.join(known)}"
        raise SettingsError(message)


def _read_settings(file: str | None, places: Iterable[str]) -> Config:
    """The settings that are named, or those beside the first rules that have any."""
    beside = (Path(place) / name for place in places for name in ("config.yml", "config.yaml"))
    path = Path(file) if file else next((path for path in beside if path.is_file()), None)
    if path is None:
        return make_default_config()
    try:
        return read_config(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _tell(explanation: IssueExplanation, arguments: argparse.Namespace) -> None:
    if arguments.html:
        _write_page(explanation, Path(arguments.html), arguments.rule)
    if arguments.format == "json":
        print_json(make_json(explanation, arguments.rule))
    elif not arguments.html:
        from bot.workbench.explain.terminal import print_explanation

        print_explanation(explanation, make_console(), is_whole=arguments.whole, wanted=arguments.rule)


def _write_page(explanation: IssueExplanation, path: Path, wanted: str | None) -> None:
    from bot.workbench.explain.formats import render_html

    try:
        path.write_text(render_html(explanation, wanted), "utf-8")
    except OSError as error:
        message = f"cannot write {path}: {explain_cause(error)}"
        raise SettingsError(message) from error
    print(f"wrote {path}", file=sys.stderr)
