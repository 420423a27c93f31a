"""`signpost report --since 7d`: the week of a repository for its maintainers."""

import argparse
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from bot.cli.options.archive import add_download, add_jobs, check_repository, count_jobs, open_archive
from bot.cli.options.output import refuse_inputs, report_written, write_text
from bot.cli.options.rules import find_rules
from bot.errors import SettingsError
from bot.output.console import print_json

HISTORY = timedelta(weeks=26)
"""What the period is compared with."""

_UNITS = {"d": 1, "w": 7}
_MOST_DAYS = 366


def add_week_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of the week. `--repo`, `--rules` and `--format` are those of the command."""
    group = parser.add_argument_group("the week of a repository")
    group.add_argument(
        "--since", metavar="TIME", help="report on the time since then: 7d, 2w or a date such as 2026-11-22"
    )
    group.add_argument(
        "--issues",
        metavar="FILE.jsonl",
        help="use these past issues and send no requests; the time ends with the newest issue",
    )
    add_download(group)
    add_jobs(group)


def execute_week(arguments: argparse.Namespace) -> int:
    """Print the report. Return 0, or 2 if some rules could not be read."""
    from bot.insights.week.presentation import render_markdown, to_json
    from bot.insights.week.sightings import find_superseded, watch_archive
    from bot.insights.week.week import Period, make_week

    refuse_inputs((arguments.out,), (arguments.issues,))
    if not (arguments.issues or arguments.repo):
        raise SettingsError("--since needs the issues of a repository; add --repo OWNER/NAME or --issues FILE")
    if arguments.repo:
        check_repository(arguments.repo)
    now = datetime.now(UTC)
    if not (arguments.issues and _read_date(arguments.since)):
        read_since(arguments.since, now)  # what is wrong is said before a download; a file has its own end
    rules = find_rules(arguments.rules)
    rules.print_problems()
    archive = open_archive(arguments)
    superseded, newest = find_superseded(archive.read_lines()) if arguments.issues else (frozenset(), None)
    until = min(now, newest or now)
    since = read_since(arguments.since, until)
    ruled, start = rules.make_archive(archive, count_jobs(arguments)), min(since, until - HISTORY)
    seen = watch_archive(ruled, start, since, until, superseded)
    week = make_week(seen, rules.ruleset, Period(since, until), arguments.repo or archive.repository)
    if arguments.out:
        write_text(Path(arguments.out), render_markdown(week))
        report_written(Path(arguments.out), arguments.format)
    if arguments.format == "json":
        print_json(to_json(week))
    elif not arguments.out:
        print(render_markdown(week), end="")
    return 2 if rules.ruleset.problems else 0


def read_since(text: str, until: datetime) -> datetime:
    """The moment that `--since` names, at most a year before `until`; raises SettingsError."""
    moment = _read_length(text, until) or _read_date(text)
    if moment is None:
        raise SettingsError(f"{text!r} is not a time; write --since 7d, 2w or a date such as 2026-11-22")
    if not until - timedelta(days=_MOST_DAYS) <= moment < until:
        raise SettingsError(f"--since {text} is not within the year before {until.date()}; choose a later time")
    return moment


def _read_length(text: str, until: datetime) -> datetime | None:
    found = re.fullmatch(r"([1-9][0-9]{0,3})([dw])", text)
    return until - timedelta(days=int(found[1]) * _UNITS[found[2]]) if found else None


def _read_date(text: str) -> datetime | None:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
