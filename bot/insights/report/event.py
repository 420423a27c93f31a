"""One event from start to end, for `signpost run` and `signpost serve`: the run, and the report that it asks for."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import SignpostError
from bot.github.actions_runner import print_safely
from bot.insights.report.request import answer_request, is_report_request, join_results
from bot.tracker.graph import Address
from bot.tracker.types import Issue, Tracker
from bot.triage.config import Sources
from bot.triage.result import Result
from bot.triage.run import run
from bot.triage.skip import Event

if TYPE_CHECKING:
    from bot.insights.report.types import Similar
    from bot.tracker.graph import GraphSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What an event is handled with: rules and settings, what reads and writes the issue, and what a report asks, too.

    `live` reads what is linked to an issue; without a token (None) a report is on the issue alone. `index` is the file
    of the index of past issues, None without one.
    """

    sources: Sources
    tracker: Tracker
    live: "GraphSource | None" = None
    index: str | None = None


def handle_event(event: Event, means: Means, now: datetime, *, is_dry_run: bool = False) -> Result:
    """Handle an event, and answer it if it asks for a report. Raises TrackerError if GitHub cannot be read."""
    result = run(event, means.sources, means.tracker, now, is_dry_run=is_dry_run)
    if not is_report_request(event):
        return result
    writer = make_report_writer(means)
    return join_results(result, answer_request(event, writer, means.sources, means.tracker, is_dry_run=is_dry_run))


def make_report_writer(means: Means) -> Callable[[Issue], str]:
    """A function that writes the report of an issue that was read with its comments, as Markdown."""

    def write_report(issue: Issue) -> str:
        from bot.archive.graph import OfflineSource
        from bot.insights.graph.discovery import discover
        from bot.insights.graph.types import Options
        from bot.insights.report.maker import list_followed, make_report
        from bot.insights.report.markdown import render_markdown
        from bot.insights.report.types import Additions

        address, stored = Address(issue.repository, issue.number), OfflineSource(lambda: [issue])
        follow = partial(list_followed, ruleset=means.sources.ruleset)
        graph = discover([address], means.live or stored, Options(), datetime.now(UTC), follow)
        if address not in graph.nodes:  # GitHub did not answer this time; the issue itself was read before
            graph = discover([address], stored, Options(), datetime.now(UTC))
        command = f"signpost report {issue.number} --repo {issue.repository}"
        additions = Additions(similar=_find_similar(issue, means), command=command)
        return render_markdown(make_report(graph, means.sources.ruleset, means.sources.config, additions))

    return write_report


def _find_similar(issue: Issue, means: Means) -> "dict[Address, tuple[Similar, ...]]":
    """Similar issues from the index, if there is one; an index that cannot be used is a line on stderr, and no more."""
    if not (means.index and means.sources.config.duplicates.enabled):
        return {}
    from bot.duplicates.finder import SEARCH_SECONDS
    from bot.duplicates.index.file import is_missing
    from bot.insights.report.similar import find_similar

    path = Path(means.index)
    if is_missing(path):
        return {}
    try:
        return {Address(issue.repository, issue.number): find_similar(path, issue, SEARCH_SECONDS)}
    except SignpostError as error:
        print_safely([f"signpost: the report has no similar issues: {error}"], sys.stderr)
        return {}
