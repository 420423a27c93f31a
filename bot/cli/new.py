"""`signpost new`: the file of a new rule, empty or drafted from one issue."""

import argparse
import os
import re
import sys
from pathlib import Path

from bot.archive.jsonl import EMPTY_ARCHIVE, open_file
from bot.archive.parallel import count_cores
from bot.cli.options.issue import ISSUE_FORMS, add_repository, read_asked_issue
from bot.cli.options.rules import HOME
from bot.cli.suggest import find_places, show_progress, tell_draft, write_drafts
from bot.errors import SettingsError
from bot.github.actions_runner import Settings
from bot.output.console import add_format, add_rules, print_json
from bot.rules.loader import read_place
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue
from bot.workbench.backtest.replay import compile_rules
from bot.workbench.suggest.draft_yaml import write_draft
from bot.workbench.suggest.drafts import Draft, make_skeleton
from bot.workbench.suggest.miner import Quest, mine_issue

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_ID = 80


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("id", nargs="?", metavar="ID", help="the rule's name, like out-of-disk; the file is ID.yml")
    parser.add_argument("--from", dest="issue", metavar="ISSUE", help=f"draft it from an issue: {ISSUE_FORMS}")
    parser.add_argument(
        "--history", metavar="FILE.jsonl", help="past issues, for what others say too, examples and near misses"
    )
    parser.add_argument(
        "--out", default=HOME, metavar="FOLDER", help=f"where to write it, or - for standard output (default: {HOME})"
    )
    parser.epilog = "example: signpost new --from issue.md --history issues.jsonl"
    add_repository(parser)
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if there is a rule now, 1 if the issue has nothing to make one from; a file that exists is never touched."""
    if not (arguments.id or arguments.issue):
        message = "which rule? Give it a name, as in `signpost new out-of-disk`, or `--from ISSUE`"
        raise SettingsError(message)
    if arguments.id and not (_ID.fullmatch(arguments.id) and len(arguments.id) <= _LONGEST_ID):
        message = f"{arguments.id[:_LONGEST_ID]!r} is no rule's name; use small letters, digits and dashes: out-of-disk"
        raise SettingsError(message)
    draft = _draft(arguments) if arguments.issue else make_skeleton(arguments.id)
    if draft is None:
        print(
            "nothing in this issue says clearly what went wrong; write the rule by hand: signpost new ID",
            file=sys.stderr,
        )
        return 1
    origin = f"Drafted by `signpost new` from {_tell_origin(arguments)}." if arguments.issue else ""
    _deliver(arguments, draft, write_draft(draft, origin))
    return 0


def _draft(arguments: argparse.Namespace) -> Draft | None:
    issue = read_asked_issue(arguments.issue, arguments.repo, Settings.from_environment(os.environ))
    history = open_file(Path(arguments.history)) if arguments.history else EMPTY_ARCHIVE
    rules = tuple(read_place(place) for place in find_places(arguments.rules))
    _tell_known(issue, compile_rules(rules))
    return mine_issue(issue, history, Quest(rules=rules, jobs=count_cores()), show_progress, arguments.id)


def _tell_known(issue: Issue, ruleset: Ruleset) -> None:
    for problem in ruleset.problems:
        print(problem, file=sys.stderr)
    matches = match_rules(read_facts(issue, ruleset), ruleset) if ruleset.rules else ()
    if names := ", ".join(match.rule.id for match in matches):
        print(f"this issue matches already: {names}; is another rule needed?", file=sys.stderr)


def _tell_origin(arguments: argparse.Namespace) -> str:
    issue = "an issue" if arguments.issue == "-" else Path(arguments.issue).name
    return f"{issue}, with {Path(arguments.history).name}" if arguments.history else issue


def _deliver(arguments: argparse.Namespace, draft: Draft, text: str) -> None:
    written = {} if arguments.out == "-" else write_drafts(Path(arguments.out), {draft.id: text})
    path = str(Path(arguments.out) / f"{draft.id}.yml") if written else None
    if path and not written[draft.id]:
        message = f"{path} is there already; give another name, or edit that file"
        raise SettingsError(message)
    if arguments.format == "json":
        print_json({**tell_draft(draft), "yaml": text, "file": path})
    elif path:
        print(f"wrote {path}\nNext: write its guidance, and prove it with `signpost check {arguments.out}`.")
    else:
        print(text, end="")
