"""`signpost new`: the file of a new rule, as a skeleton or drafted from one issue."""

import argparse
import re
import sys
from pathlib import Path

from bot.cli.options.archive import count_jobs, open_optional
from bot.cli.options.issue import ISSUE_FORMS, add_repository, read_asked_issue
from bot.cli.options.output import write_drafts
from bot.cli.options.rules import find_rules
from bot.errors import SettingsError
from bot.output.console import add_format, add_rules, list_rules, print_json
from bot.workbench.suggest.drafts import Draft, draft_to_json, make_skeleton, write_draft
from bot.workbench.suggest.miner import mine_issue

_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST_ID = 80
_ID_FORM = f"use at most {_LONGEST_ID} lowercase letters, digits and dashes, such as out-of-disk"
_HOME = list_rules(None)[0]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "id", nargs="?", metavar="ID", help="the id of the rule, such as out-of-disk; the file is ID.yml"
    )
    parser.add_argument("--from", dest="issue", metavar="ISSUE", help=f"draft the rule from an issue: {ISSUE_FORMS}")
    parser.add_argument(
        "--history",
        metavar="FILE.jsonl",
        help="past issues, to find shared messages, examples and near misses",
    )
    parser.add_argument(
        "--out",
        default=_HOME,
        metavar="FOLDER",
        help=f"the folder of the new file, or - for standard output (default: {_HOME})",
    )
    parser.epilog = "example: signpost new --from issue.md --history issues.jsonl"
    add_repository(parser)
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if there is a rule now, 1 if the issue has no message for one. A file that exists is never changed."""
    if not (arguments.id or arguments.issue):
        message = "the id of the rule is missing; give one, as in `signpost new out-of-disk`, or use `--from ISSUE`"
        raise SettingsError(message)
    if arguments.id and not (_ID.fullmatch(arguments.id) and len(arguments.id) <= _LONGEST_ID):
        message = f"{arguments.id[:_LONGEST_ID]!r} is not a valid id; {_ID_FORM}"
        raise SettingsError(message)
    draft = _draft(arguments) if arguments.issue else make_skeleton(arguments.id)
    if draft is None:
        print(
            "this issue has no clear error message for a rule; write the rule by hand: signpost new ID",
            file=sys.stderr,
        )
        return 1
    origin = f"Drafted by `signpost new` from {_describe_origin(arguments)}." if arguments.issue else ""
    _deliver(arguments, draft, write_draft(draft, origin))
    return 0


def _draft(arguments: argparse.Namespace) -> Draft | None:
    issue = read_asked_issue(arguments.issue, arguments.repo)
    issues = open_optional(arguments.history)
    rules = find_rules(arguments.rules)
    rules.print_problems()
    archive = rules.make_archive(issues, count_jobs())
    if names := ", ".join(archive.list_matching(issue)):
        print(f"this issue already matches {names}; check whether you need another rule", file=sys.stderr)
    return mine_issue(issue, archive, arguments.id)


def _describe_origin(arguments: argparse.Namespace) -> str:
    issue = "an issue" if arguments.issue == "-" else Path(arguments.issue).name
    return f"{issue}, with {Path(arguments.history).name}" if arguments.history else issue


def _deliver(arguments: argparse.Namespace, draft: Draft, text: str) -> None:
    written = {} if arguments.out == "-" else write_drafts(Path(arguments.out), {draft.id: text})
    path = str(Path(arguments.out) / f"{draft.id}.yml") if written else None
    if path and not written[draft.id]:
        message = f"{path} exists already; choose another id, or edit that file"
        raise SettingsError(message)
    if arguments.format == "json":
        print_json({**draft_to_json(draft), "yaml": text, "file": path})
    elif path:
        print(f"wrote {path}\nNext: write its guidance, then test it with `signpost check {arguments.out}`.")
    else:
        print(text, end="")
