"""`signpost backtest`: replay rules over past issues, and write nothing to GitHub."""

import argparse
import json
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from bot.cli.history import add_history, open_history
from bot.cli.output import add_format, add_rules, list_rules, print_json
from bot.cli.progress import track
from bot.errors import SettingsError, explain_cause
from bot.github.tracker import Issue
from bot.rules.loading import load_rules
from bot.rules.matching import Match, match_rules, read_facts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_history(parser)
    parser.add_argument("--per-issue", metavar="OUT.jsonl", help="write what each issue matched, one line an issue")
    parser.epilog = "example: signpost backtest --issues issues.jsonl --rules .github/signpost"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if the rules ran, 2 if some of them or the issues could not be read."""
    ruleset = load_rules(list_rules(arguments.rules))
    for problem in ruleset.problems:
        print(problem, file=sys.stderr)
    counts, total, matched = Counter[str](), 0, 0
    with ExitStack() as stack:
        out = stack.enter_context(_open_out(Path(arguments.per_issue))) if arguments.per_issue else None
        for issue in track(open_history(arguments).read_issues(), "issues"):
            matches = [match for match in match_rules(read_facts(issue, ruleset), ruleset) if not match.superseded_by]
            total += 1
            matched += bool(matches)
            counts.update(match.rule.id for match in matches)
            if out:
                _write_line(out, issue, matches)
    per_rule = {rule.id: counts[rule.id] for rule in ruleset.rules}
    _report(arguments.format, total, matched, per_rule)
    return 2 if ruleset.problems else 0


def _open_out(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        message = f"cannot write {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _write_line(out: TextIO, issue: Issue, matches: list[Match]) -> None:
    found = [
        {"rule": match.rule.id, "captures": {name: capture.value for name, capture in match.captures.items()}}
        for match in matches
    ]
    out.write(json.dumps({"number": issue.number, "matches": found}, ensure_ascii=False) + "\n")


def _report(form: str, total: int, matched: int, per_rule: dict[str, int]) -> None:
    if form == "json":
        print_json({"issues": total, "matched": matched, "rules": per_rule})
        return
    for name, count in sorted(per_rule.items(), key=lambda item: -item[1]):
        print(f"{count:>8}  {name}")
    print(f"{total} issues, {matched} matched")
