"""`signpost report`: what is linked to one issue or several, as one report."""

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.archive.jsonl import IssueArchive, open_file
from bot.cli.options.archive import open_archive
from bot.cli.options.github import read_payload
from bot.cli.options.issue import (
    ISSUE_FORMS,
    add_repository,
    find_archive_line,
    parse_address,
    read_stored_issue,
)
from bot.cli.options.output import refuse_inputs, report_written, write_page, write_text
from bot.cli.options.rules import AskedRules, find_rules
from bot.cli.report_week import add_week_arguments, execute_week
from bot.errors import SettingsError, explain_cause
from bot.github.payloads import parse_issue
from bot.insights.graph.types import Graph, Options
from bot.output.console import add_format, add_rules, print_json
from bot.rules.ruleset import Ruleset
from bot.text.printable import reveal_line
from bot.text.redaction import mask_private
from bot.tracker.graph import Address
from bot.tracker.types import Issue
from bot.triage.sources import HOME

if TYPE_CHECKING:
    from bot.insights.report.types import Report, Similar
from hashlib import sha256

from bot.cli.options.archive import find_cache
from bot.cli.options.github import connect_github, read_settings
from bot.errors import TrackerError
from bot.insights.graph.types import Follow
from bot.tracker.graph import Unread

MOST_SEEDS = 50
_CHOICES = ("label", "rule")
_FLAGS = ("across", "whole")
_FILES = ("event", "issues", "config", "index")
_ARCHIVES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


USUAL = Options()
_DEEPEST = 10
"""Steps; farther away, nothing tells more about an issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    """The issues that a report is about.

    `issues` are those that come from files, and `archives` the archives with what these name; `is_offline` if all of
    them come from files, so that GitHub is not asked.
    """

    addresses: tuple[Address, ...]
    issues: tuple[Issue, ...] = ()
    archives: tuple[IssueArchive, ...] = ()
    is_offline: bool = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    several = "an archive (FILE.jsonl) with --label or --rule gives several"
    parser.add_argument("issue", metavar="ISSUE", nargs="*", help=f"{ISSUE_FORMS}; {several}")
    parser.add_argument("--event", metavar="FILE", help="the payload of an issue event; needs no network")
    parser.add_argument("--label", metavar="LABEL", help="all issues with this label")
    parser.add_argument("--rule", metavar="ID", help="all issues that this rule matches")
    parser.add_argument("--compare", metavar="FILE", help="an earlier report as JSON: also show what changed since")
    parser.add_argument("--index", metavar="FILE", help="also show similar issues from this index")
    parser.add_argument("--config", metavar="FILE", help="the settings file (default: config.yml next to the rules)")
    add_reach(parser)
    parser.add_argument("--html", metavar="FILE", help="write the report as one self-contained HTML page")
    parser.add_argument("--out", metavar="FILE", help="write the Markdown to a file instead of standard output")
    parser.add_argument("--whole", action="store_true", help="show whole request ids")
    add_repository(parser)
    add_week_arguments(parser)
    parser.epilog = "example: signpost report --event event.json --rules .github/signpost --html report.html"
    add_rules(parser)
    add_format(parser)


def execute(arguments: argparse.Namespace) -> int:
    """Return 0 if the report could be made, 2 if rules could not be read."""
    if arguments.since:
        _refuse_single(arguments)
        return execute_week(arguments)
    files = (getattr(arguments, name) for name in (*_FILES, "compare"))
    refuse_inputs((arguments.html, arguments.out), (*arguments.issue, *files))
    earlier = _read_earlier(Path(arguments.compare)) if arguments.compare else None
    options = read_reach(arguments)
    rules = find_rules(arguments.rules)
    rules.print_problems()
    if arguments.rule:
        rules.ruleset.require_rule(arguments.rule)
    graph = read_graph(_find_seeds(arguments, rules), options, rules.ruleset, datetime.now(UTC))
    _print(_make_report(graph, rules, arguments, earlier), arguments)
    return 2 if rules.ruleset.problems else 0


def _refuse_single(arguments: argparse.Namespace) -> None:
    """Raise SettingsError for arguments of a report on single issues, which `--since` does not take."""
    if arguments.issue:
        message = f"--since reports on all issues of a time, not on {arguments.issue[0]}; leave out one of the two"
        raise SettingsError(message)
    usual = {"depth": USUAL.depth, "budget": USUAL.budget}
    for name in ("event", *_CHOICES, "compare", "index", "html", *usual, *_FLAGS):
        if getattr(arguments, name) not in {None, False, usual.get(name)}:
            raise SettingsError(f"--since does not go with --{name}; leave out one of the two")


def read_graph(seeds: Seeds, options: Options, ruleset: Ruleset, now: datetime) -> Graph:
    """The graph around the seeds; says on stderr how far it reaches before it asks GitHub. Raises TrackerError."""
    from bot.archive.graph import OfflineSource
    from bot.insights.graph.discovery import discover
    from bot.insights.graph.types import describe_options
    from bot.insights.report.maker import list_followed

    follow = partial(list_followed, ruleset=ruleset)

    if not seeds.is_offline:
        print(f"signpost: {describe_options(seeds.addresses, options)}", file=sys.stderr)
        return read_live_graph(seeds.addresses, options, follow)

    def read_issues() -> Iterator[Issue]:
        return chain(*(archive.read_issues() for archive in seeds.archives), seeds.issues)

    return discover(seeds.addresses, OfflineSource(read_issues), options, now, follow)


def _find_seeds(arguments: argparse.Namespace, rules: AskedRules) -> Seeds:
    """The issues that the arguments name or choose, each once. Raises SettingsError, and TrackerError from GitHub."""
    archives = [Path(name) for name in arguments.issue if name.endswith(_ARCHIVES) and Path(name).is_file()]
    archives += [Path(arguments.issues)] if arguments.issues else []
    single = [name for name in arguments.issue if Path(name) not in archives]
    is_choosing = bool(arguments.label or arguments.rule)
    _check_seeds(arguments, archives, is_named=bool(single), is_choosing=is_choosing)
    named = [*_read_named(arguments, single)]
    stored = [each for each in named if isinstance(each, Issue)]
    asked = [each if isinstance(each, Address) else Address(each.repository, each.number) for each in named]
    addresses = dict.fromkeys([*asked, *(_choose(arguments, archives, rules) if is_choosing else ())])
    if not addresses:
        raise SettingsError(f"no issue fits {_name_choice(arguments)}; check the spelling")
    lines = [line[0] for name in single if (line := find_archive_line(name))]
    return Seeds(
        addresses=tuple(addresses),
        issues=tuple(stored),
        archives=tuple(open_file(path) for path in dict.fromkeys([*archives, *lines])),
        is_offline=len(stored) == len(named) and (bool(archives) or not is_choosing),
    )


def _name_choice(arguments: argparse.Namespace) -> str:
    chosen = ((name, getattr(arguments, name)) for name in _CHOICES)
    return " and ".join(f"--{name} {value!r}" for name, value in chosen if value)


def _read_named(arguments: argparse.Namespace, names: Sequence[str]) -> Iterator[Issue | Address]:
    """The issue of the event, and those with these names: an address if it is on GitHub."""
    if arguments.event:
        yield _place(_read_event(Path(arguments.event)), arguments.repo)
    for name in names:
        stored = read_stored_issue(name)
        yield _place(stored, arguments.repo) if stored else parse_address(name, arguments.repo)


def _place(issue: Issue, repository: str | None) -> Issue:
    return issue if issue.repository else replace(issue, repository=repository or "")


def _choose(arguments: argparse.Namespace, archives: Sequence[Path], rules: AskedRules) -> list[Address]:
    """The newest issues with the label and the rule, from the archives or else from the repository.

    Says on stderr if there are more. An export is appended to, so the last line of an issue counts.
    """
    if not (archives or arguments.repo):
        raise SettingsError("the repository is missing; add --repo owner/name, or an archive (FILE.jsonl)")
    sources = [open_file(path) for path in archives] or [open_archive(arguments)]
    fitting = dict[Address, datetime]()
    for issue in chain.from_iterable(source.read_issues() for source in sources):
        address = Address(issue.repository, issue.number)
        if _fits(issue, rules, arguments):
            fitting[address] = issue.created_at
        else:
            fitting.pop(address, None)
    if len(fitting) > MOST_SEEDS:
        print(f"signpost: {len(fitting):,} issues fit; the report is on the newest {MOST_SEEDS}", file=sys.stderr)
    return sorted(fitting, key=lambda address: (fitting[address], address.number), reverse=True)[:MOST_SEEDS]


def _fits(issue: Issue, rules: AskedRules, arguments: argparse.Namespace) -> bool:
    from bot.rules.matcher import match_issue

    label = (arguments.label or "").casefold()
    if issue.is_pull_request or (label and label not in map(str.casefold, issue.labels)):
        return False
    return not arguments.rule or any(each.rule.id == arguments.rule for each in match_issue(issue, rules.ruleset))


def _check_seeds(arguments: argparse.Namespace, archives: list[Path], *, is_named: bool, is_choosing: bool) -> None:
    if archives and not is_choosing:
        message = f"{archives[0]} has many issues; choose one with {archives[0]}#123, or several with --label or --rule"
        raise SettingsError(message)
    if not (is_named or arguments.event or is_choosing):
        message = "the issue is missing; give its number, URL or file, or use --event, --label or --rule"
        raise SettingsError(message)


def _read_event(path: Path) -> Issue:
    """The issue of a payload; raises SettingsError for any other file, whose text is not an issue."""
    payload = read_payload(path)
    if not isinstance(payload.get("issue"), dict):
        raise SettingsError(f"the event {path} has no issue; use the payload of an issue event that GitHub sent")
    return parse_issue(payload["issue"])


def _read_earlier(path: Path) -> dict[str, Any]:
    try:
        earlier = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        message = f"cannot read {path}: {explain_cause(error)}; give the JSON of an earlier report"
        raise SettingsError(message) from error
    if not isinstance(earlier, dict):
        raise SettingsError(f"{path} must be a JSON object; give the JSON of an earlier report")
    return earlier


def _make_report(
    graph: Graph, rules: AskedRules, arguments: argparse.Namespace, earlier: dict[str, Any] | None
) -> "Report":
    from bot.insights.report.formats import compare_reports
    from bot.insights.report.maker import make_report
    from bot.insights.report.types import Additions

    config = rules.read_config(arguments.config)
    similar = _find_similar(Path(arguments.index), graph) if arguments.index else {}
    additions = Additions(similar=similar, command=_write_command(arguments), is_whole=arguments.whole)
    report = make_report(graph, rules.ruleset, config, additions)
    if earlier is None:
        return report
    try:
        return replace(report, comparison=compare_reports(earlier, report))
    except ValueError as error:
        message = f"{arguments.compare} is not the JSON of a report: {error}; use what `report --format json` printed"
        raise SettingsError(message) from error


def _find_similar(path: Path, graph: Graph) -> "dict[Address, tuple[Similar, ...]]":
    from bot.insights.report.similar import find_similar

    return {seed: find_similar(path, graph.nodes[seed].issue) for seed in graph.seeds if seed in graph.nodes}


def _write_command(arguments: argparse.Namespace) -> str:
    """The command that makes this report again, for a shell; outputs and comparison are left out.

    A report is shared: of a file, it has the name alone, without the folders of this machine.
    """
    files = [(name, getattr(arguments, name)) for name in _FILES]
    options = [(name, _hide_folders(value)) for name, value in files if value]
    options += [(name, getattr(arguments, name)) for name in (*_CHOICES, "repo")]
    options += [("rules", _hide_folders(place)) for group in arguments.rules or [] for place in group]
    reach = (("depth", USUAL.depth), ("budget", USUAL.budget))
    options += [(name, str(getattr(arguments, name))) for name, default in reach if getattr(arguments, name) != default]
    words = ["signpost", "report", *map(_hide_folders, arguments.issue)]
    words += [word for name, value in options if value for word in (f"--{name}", value)]
    words += [f"--{name}" for name in _FLAGS if getattr(arguments, name)]
    return mask_private(reveal_line(shlex.join(words)))


def _hide_folders(place: str) -> str:
    """The name of a file or folder, without the folders above it; a URL and the usual folder of rules stay whole."""
    if "://" in place or place.rstrip("/") == HOME:
        return place
    return re.split(r"[/\\]", place.rstrip("/\\"))[-1] or place


def _print(report: "Report", arguments: argparse.Namespace) -> None:
    from bot.insights.report.formats import report_to_json
    from bot.insights.report.markdown import render_markdown

    if arguments.html:
        _write_html(report, Path(arguments.html))
        report_written(Path(arguments.html), arguments.format)
    if arguments.out:
        write_text(Path(arguments.out), render_markdown(report))
        report_written(Path(arguments.out), arguments.format)
    if arguments.format == "json":
        print_json(report_to_json(report))
    elif not (arguments.html or arguments.out):
        print(render_markdown(report), end="")


def _write_html(report: "Report", path: Path) -> None:
    from bot.insights.report.page import render_html

    write_page(path, render_html(report))


def add_reach(parser: argparse.ArgumentParser) -> None:
    """The arguments that say how far the graph is read."""
    parser.add_argument(
        "--depth",
        type=int,
        default=USUAL.depth,
        metavar="N",
        help=f"steps from the issue, at most {_DEEPEST}; 0: the issue alone (default: {USUAL.depth})",
    )
    parser.add_argument(
        "--budget",
        type=int,
        default=USUAL.budget,
        metavar="N",
        help=f"the maximum number of requests (default: {USUAL.budget})",
    )
    parser.add_argument("--across", action="store_true", help="also read linked issues of other repositories")


def read_reach(arguments: argparse.Namespace) -> Options:
    """How far the graph is read; raises SettingsError."""
    for name, least in (("depth", 0), ("budget", 1)):
        if getattr(arguments, name) < least:
            message = f"--{name} must be at least {least}, not {getattr(arguments, name)}"
            raise SettingsError(message)
    if arguments.depth > _DEEPEST:
        raise SettingsError(f"--depth must be at most {_DEEPEST}, not {arguments.depth}")
    return Options(depth=arguments.depth, budget=arguments.budget, across=arguments.across)


def read_live_graph(seeds: Sequence[Address], options: Options, follow: Follow) -> Graph:
    """The graph around the seeds, from GitHub. What was read before a kill within the last hour is not read again.

    Raises TrackerError if GitHub answers for none of the seeds.
    """
    from bot.github.graph.rest import FolderCache
    from bot.insights.graph.discovery import discover
    from bot.insights.graph.journal import resume

    settings, folder = read_settings(), find_cache(None)
    token = settings.token.get_secret_value() if settings.token else ""
    # Answers for one token must not reach another one; its hash does not tell the token.
    owner = sha256(f"{settings.api_url} {token}".encode()).hexdigest()[:16]
    source = connect_github(settings, cache=FolderCache(folder / "pages", owner))
    key = (settings.api_url, owner, *map(str, seeds), str(options))
    with resume(source, folder / "graphs", key) as journaled:
        graph = discover(seeds, journaled, options, journaled.began, follow)
    failures = [graph.unread[seed] for seed in graph.seeds if seed in graph.unread]
    if len(failures) == len(graph.seeds) and failures[0].reason in {"failed", "missing", "refused"}:
        raise TrackerError(_describe_failure(failures[0]))
    return graph


def _describe_failure(unread: Unread) -> str:
    """What could not be read, and why; GitHub's errors say the former already."""
    start = f"Could not read {unread.address}"
    return unread.message if unread.message.startswith(start) else f"{start}: {unread.message}"
