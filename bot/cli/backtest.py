"""`signpost backtest`: replay rules over past issues, and write nothing to GitHub."""

import argparse
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bot.archive.jsonl import IssueArchive, read_lines
from bot.cli.options.archive import add_history, open_history
from bot.errors import SettingsError, explain_cause
from bot.output.console import add_format, add_rules, list_rules, print_json
from bot.output.progress import track
from bot.rules.loader import read_place
from bot.triage.config import Config, make_default_config, read_config
from bot.workbench.backtest.json import tell_report
from bot.workbench.backtest.replay import Task, compile_rules, replay_history
from bot.workbench.backtest.report import Report, Setting, make_report
from bot.workbench.backtest.tally import Tally, merge_tallies
from bot.workbench.backtest.truth import Truth, parse_truth
from bot.workbench.suggest.clusters import find_clusters
from bot.workbench.suggest.message_counts import MessageTally

_EPILOG = """\
--against FILE is JSONL, one issue a line: {"number": 7, "rules": ["out-of-disk"]}, or {"number": 7, "class": "none"}.
No rules (or "none") say that nothing ought to match; an issue that the file does not name is left out.

example: signpost backtest --issues issues.jsonl --rules .github/signpost"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_history(parser)
    parser.add_argument("--per-issue", metavar="OUT.jsonl", help="write what each issue matched, one line an issue")
    parser.add_argument(
        "--against",
        metavar="labels|FILE",
        help="what is known: the issues' labels (against those that rules set), or a truth file",
    )
    parser.add_argument("--compare", metavar="REV", help="the rules as of this git revision, against the rules now")
    parser.add_argument("--html", metavar="FILE", help="write the report as one page that needs nothing beside it")
    parser.add_argument("--no-clusters", action="store_true", help="leave out messages that unmatched issues share")
    parser.add_argument("--details", action="store_true", help="print each rule's most and least typical matches")
    parser.add_argument("--config", metavar="FILE", help="settings (default: config.yml in the first folder of rules)")
    parser.add_argument("--jobs", type=int, default=0, metavar="N", help="worker processes (default: one a core)")
    parser.epilog = _EPILOG
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """0 if the rules ran, 2 if some of them or the issues could not be read."""
    places = list_rules(arguments.rules)
    task = _make_task(arguments, places)
    ruleset = compile_rules(task.rules)
    for problem in ruleset.problems:
        print(problem, file=sys.stderr)
    history = open_history(arguments)
    tally, mined = _replay(history, task, arguments)
    setting = Setting(
        name=history.name,
        repository=history.repository,
        today=task.today,
        truth=task.truth.source if task.truth else "",
        revision=arguments.compare or "",
    )
    report = make_report(tally, ruleset, setting, find_clusters(mined) if task.is_mined else ())
    if arguments.html:
        _write_page(report, Path(arguments.html))
    if arguments.format == "json":
        print_json(tell_report(report))
    else:
        from bot.workbench.backtest.terminal import print_report

        print_report(report, details=arguments.details)
    return 2 if ruleset.problems else 0


def _make_task(arguments: argparse.Namespace, places: list[str]) -> Task:
    return Task(
        rules=tuple(read_place(place) for place in dict.fromkeys(places)),
        config=_read_settings(arguments.config, places),
        today=datetime.now(UTC).date(),
        truth=_read_truth(arguments.against) if arguments.against else None,
        former=_read_former(arguments.compare, places) if arguments.compare is not None else None,
        is_told_each=bool(arguments.per_issue),
        is_mined=not arguments.no_clusters,
    )


def _read_former(revision: str, places: list[str]) -> tuple[dict[str, str], ...]:
    from bot.cli.options.git_revision import read_revision

    return tuple(read_revision(place, revision) for place in dict.fromkeys(places))


def _read_truth(against: str) -> Truth:
    return Truth(source="labels") if against == "labels" else parse_truth(read_lines(Path(against)))


def _read_settings(asked: str | None, places: list[str]) -> Config:
    beside = (Path(place) / name for place in places for name in ("config.yml", "config.yaml"))
    file = Path(asked) if asked else next((file for file in beside if file.is_file()), None)
    if file is None:
        return make_default_config()
    try:
        return read_config(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        message = f"cannot read {file}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _replay(history: IssueArchive, task: Task, arguments: argparse.Namespace) -> tuple[Tally, MessageTally]:
    from bot.archive.parallel import count_cores

    total = history.total
    if total is None and sys.stderr.isatty():
        total = sum(1 for _ in history.read_lines())
    jobs = arguments.jobs if arguments.jobs > 0 else count_cores()
    whole, mined = Tally(), MessageTally()
    with ExitStack() as stack:
        out = stack.enter_context(_open_out(Path(arguments.per_issue))) if arguments.per_issue else None
        parts = replay_history(history.read_lines(), task, jobs)
        for part in track(parts, "issues", total, count=lambda part: part.tally.issues):
            whole = merge_tallies([whole, part.tally])
            if part.mined:
                mined.take(part.mined)
            if out:
                out.writelines(f"{line}\n" for line in part.each)
    return whole, mined


def _open_out(path: Path) -> TextIO:
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        message = f"cannot write {path}: {explain_cause(error)}"
        raise SettingsError(message) from error


def _write_page(report: Report, path: Path) -> None:
    from bot.workbench.backtest.html import write_page

    try:
        path.write_text(write_page(report), encoding="utf-8")
    except OSError as error:
        message = f"cannot write {path}: {explain_cause(error)}"
        raise SettingsError(message) from error
