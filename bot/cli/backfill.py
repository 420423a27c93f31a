"""`signpost run --issues …` and `--query …`: old issues, one by one, as if each had just been opened."""

import argparse
import json
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.backfill_progress import (
    HOUR,
    Entry,
    Progress,
    Task,
    find_pause,
    parse_numbers,
    read_progress,
    start_progress,
)
from bot.cli.options.log import publish_failure
from bot.comment.sanitizer import quote_code
from bot.errors import SettingsError, TrackerError
from bot.github.actions_runner import Settings, append_summary, print_safely
from bot.github.webhook_event import IssueRequest
from bot.output.console import is_colourful, print_json
from bot.output.progress import track
from bot.text.printable import count, reveal_line
from bot.tracker.types import Account, SearchResult, Skip
from bot.triage.config import Sources
from bot.triage.result import Result, to_json
from bot.triage.run import run
from bot.triage.summary import write_line

if TYPE_CHECKING:
    from bot.github.client import GitHubTracker

LONGEST_WAIT = 120.0
"""Seconds. GitHub's limit of searches starts again each minute; an hour's limit ends the backfill."""

MOST_FAILURES = 3
"""Failed issues in a row, after which the backfill ends."""

MOST_FOUND = 1000
"""https://docs.github.com/en/rest/search/search#about-search"""

_AT_ONCE = 100
_US = Account(login="signpost", is_bot=True)
_MISSING = "there is no issue with this number"
_INCOMPLETE = "GitHub did not answer how links stand"
_FOREIGN = re.compile(r"\b(?:repo|org|user|sort):", re.IGNORECASE)
_WORDS = {
    "create_comment": "comment on",
    "update_comment": "update the comment of",
    "add_labels": "label",
    "remove_labels": "remove labels from",
    "create_labels": "create labels for",
}


@dataclass(kw_only=True)
class Backfill:
    """The state of a backfill while it goes on; `error` says why it ended early, `remarks` what it cannot reach.

    `show` gets a line about each issue with an effect, at once. `sleep` waits for so many seconds.
    """

    task: Task
    progress: Progress
    sources: Sources
    tracker: "GitHubTracker"
    show: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep
    remarks: list[str] = field(default_factory=list)
    error: str = ""

    def __post_init__(self) -> None:
        self._recent = [entry for entry in self.progress.entries.values() if entry.writes]

    def handle(self, most: int | None) -> None:
        """Handle the issues that are left, at most so many. A refusal of GitHub, or failures in a row, end it early."""
        pending, failures = self.progress.pending[:most], 0
        for number in track(pending, "issues", len(pending)):
            self._wait()
            try:
                entry = self._handle(number)
            except TrackerError as error:
                self.error = str(error)
                return
            self.progress.add(entry)
            self._recent += [entry] if entry.writes else []
            if line := describe_entry(entry, is_dry_run=self.task.is_dry_run):
                self.show(line)
            failures = failures + 1 if entry.error else 0
            if failures == MOST_FAILURES:
                self.error = f"{failures} issues in a row failed, the last one with: {entry.error}"
                return

    def _wait(self) -> None:
        """Wait until an hour has room for more writes. A dry run writes nothing, so it never waits."""
        now = time.time()
        self._recent = [entry for entry in self._recent if entry.at > now - HOUR]
        pause = find_pause(self._recent, now)
        if pause > 0:
            minutes = count(math.ceil(pause / 60), "minute")
            print_safely([f"waiting {minutes}: GitHub takes 500 writes an hour"], sys.stderr)
            self.sleep(pause)

    def _handle(self, number: int) -> Entry:
        """What became of an issue. Raises TrackerError if GitHub refuses, and not only for this issue."""
        before = self.tracker.requests
        try:
            result = self._run(number)
            error = "; ".join(result.errors) or ("" if result.links.is_complete else _INCOMPLETE)
        except TrackerError as failure:
            if not (failure.missing or failure.unanswered):
                raise
            result, error = Result(repository=self.task.repository, issue=number), str(failure)
        told = to_json(replace(result, problems=(), requests=self.tracker.requests - before))
        return Entry(number, int(time.time()), told, error)

    def _run(self, number: int) -> Result:
        name = self.task.repository
        event = IssueRequest(repository=name, number=number, sender=_US, is_by_hand=False)
        try:
            return run(event, self.sources, self.tracker, datetime.now(UTC), is_dry_run=self.task.is_dry_run)
        except TrackerError as error:
            if error.missing and self.tracker.read_own_issue(name, number) is None:
                return Result(repository=name, issue=number, skipped=Skip(_MISSING))
            raise


def find_asked(issues: str | None, query: str | None) -> str:
    """What a backfill is asked for, as an option; "" if none is. Raises SettingsError."""
    if issues is not None and query is not None:
        raise SettingsError("--issues and --query name two lists of issues; give one of them")
    if query is not None and not query.strip():
        raise SettingsError("--query is empty; say which issues to look for, for example `is:open`")
    if query and (found := _FOREIGN.search(query)):
        raise SettingsError(
            f"--query cannot have `{found[0]}`; the repository is that of --repo, the oldest come first"
        )
    if issues is not None:
        parse_numbers(issues)
        return f"--issues {issues}"
    return f"--query {' '.join(query.split())}" if query else ""


def backfill(
    arguments: argparse.Namespace, settings: Settings, asked: str, sources: Sources, live: "GitHubTracker"
) -> int:
    """Handle all issues that were asked for. Return 0; 1: an issue failed; 2: a rule did not load; 3: it ended early.

    Raises SettingsError and TrackerError before the first issue.
    """
    task = Task(
        repository=_find_repository(arguments.repo or settings.repository or "", live),
        asked=asked,
        content=_hash_sources(sources),
        is_dry_run=arguments.dry_run or settings.dry_run,
    )
    later, remarks = list[str](), list[str]()
    show = later.append if arguments.format == "json" or is_colourful(sys.stderr) else _print_line
    print_safely([*map(str, sources.ruleset.problems), *_warn_of_login(sources, live, task)], sys.stderr)
    path = Path(arguments.progress) if arguments.progress else task.path
    progress = read_progress(path, task) or start_progress(path, task, _find_numbers(task, live, remarks))
    if progress.entries:
        left = count(len(progress.pending), "issue")
        print_safely([f"{task.repository}: goes on with {left} of {len(progress.numbers):,} ({path})"], sys.stderr)
    done = Backfill(task=task, progress=progress, sources=sources, tracker=live, show=show, remarks=remarks)
    try:
        done.handle(arguments.limit)
    except KeyboardInterrupt:
        done.error = "It was interrupted."
        raise
    finally:
        if not progress.pending:
            progress.finish()
        _publish(done, later, settings, is_quiet=arguments.format == "json")
    has_failed = any(entry.error for entry in progress.entries.values())
    return 3 if done.error else 1 if has_failed else 2 if sources.ruleset.problems else 0


def _find_repository(name: str, live: "GitHubTracker") -> str:
    """The name that the repository has now. Raises SettingsError if it has no issues that can be changed."""
    facts = live.read_repository(name)
    if facts.is_archived or facts.is_disabled or not facts.has_issues:
        raise SettingsError(f"{facts.name} is archived, or has no issues; enable issues in its settings")
    return facts.name


def _hash_sources(sources: Sources) -> str:
    """A hash of all that decides what becomes of an issue, except its text and the time."""
    ruleset = sources.ruleset
    models = [each.model_dump(mode="json") for each in (sources.config, *(pack.model for pack in ruleset.packs))]
    parts = (sorted(ruleset.hashes.items()), models, sources.template)
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def _warn_of_login(sources: Sources, live: "GitHubTracker", task: Task) -> Iterator[str]:
    """A person's token posts the comments of a person, which no workflow takes for its own."""
    if task.is_dry_run or sources.config.identity.login:
        return
    if login := live.get_login():
        advice = f"if workflows use another account, set `identity: {{also: [{login}]}}` in config.yml"
        yield f"note: the comments are by {login}; {advice}, or start this in a workflow"


def _find_numbers(task: Task, live: "GitHubTracker", remarks: list[str]) -> list[int]:
    """The numbers of the issues; adds remarks about what a search did not find. Raises TrackerError."""
    kind, _, asked = task.asked.partition(" ")
    if kind == "--issues":
        return parse_numbers(asked)
    pages = list(_search(task.repository, f"({asked})" if " OR " in asked else asked, live))
    found = [issue for page in pages for issue in page.issues]
    if found and (total := pages[-1].total) > MOST_FOUND:
        then = max(issue.created_at for issue in found)
        more = f"GitHub search gives the first {MOST_FOUND:,} of {total:,} issues"
        remarks.append(f"{more}; for the others, add `created:>={then:%Y-%m-%d}` to the query afterwards")
    if any(page.is_partial for page in pages):
        remarks.append("GitHub search had no time to look at all issues; start the same query again afterwards")
    print_safely((f"note: {each}" for each in remarks), sys.stderr)
    return [*dict.fromkeys(issue.number for issue in found)]


def _search(repository: str, query: str, live: "GitHubTracker") -> Iterator[SearchResult]:
    """The pages of a search, as many as GitHub gives."""
    for page in range(1, MOST_FOUND // _AT_ONCE + 1):
        result = live.search_issues(repository, query, page=page)
        yield result
        if page * _AT_ONCE >= result.total:
            return


def _print_line(line: str) -> None:
    print_safely([line])


def list_done(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The actions that were done, or would be in a dry run."""
    plan, outcomes = result["plan"], result["outcomes"]
    if not outcomes:
        return list(plan)
    return [action for action, outcome in zip(plan, outcomes, strict=False) if outcome["ok"]]


def describe_entry(entry: Entry, *, is_dry_run: bool) -> str:
    """A line about an issue with an effect or an error; "" for any other."""
    if entry.error:
        return f"Failed    #{entry.number}: {reveal_line(entry.error)}"
    if not (actions := list_done(entry.result)):
        return ""
    rules = ", ".join(match["rule"] for match in entry.result["matches"])
    told = "; ".join(map(_describe_action, actions))
    return f"{'Would' if is_dry_run else 'Did':<9} #{entry.number}: {reveal_line(told)}{f' ({rules})' if rules else ''}"


def _describe_action(action: Mapping[str, Any]) -> str:
    labels = [label for label in action.get("labels", []) if isinstance(label, str)]
    return str(action["action"]).replace("_", " ") + (f" {', '.join(labels)}" if labels else "")


def summarise(numbers: Iterable[int], entries: Mapping[int, Entry]) -> dict[str, Any]:
    """How many issues matched each rule, got each action, were skipped for each reason, failed, and are left."""
    asked = [*numbers]
    known = [entries[number] for number in asked if number in entries]
    good = [entry.result for entry in known if not entry.error]
    rules = Counter(rule for each in good for rule in {match["rule"] for match in each["matches"]})
    actions = Counter(name for each in good for name in {action["action"] for action in list_done(each)})
    skipped = Counter(each["skipped"] for each in good if each["skipped"])
    return {
        "issues": len(asked),
        "matched": sum(bool(each["matches"]) for each in good),
        "labelled": actions["add_labels"],
        "commented": actions["create_comment"],
        "closed": actions["close"],
        "rules": dict(_rank(rules)),
        "actions": dict(_rank(actions)),
        "skipped": dict(_rank(skipped)),
        "failed": len(known) - len(good),
        "left": len(asked) - len(known),
    }


def _rank(counted: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))


def format_summary(summary: Mapping[str, Any], *, is_dry_run: bool) -> Iterator[str]:
    """The summary, line by line."""
    would = "would " if is_dry_run else ""
    yield f"Issues    {summary['issues']:,}, and {summary['matched']:,} of them match a rule"
    for rule, number in summary["rules"].items():
        yield f"Rule      {rule}: {count(number, 'issue')}"
    for action, number in summary["actions"].items():
        yield f"Effect    {would}{_WORDS.get(action, action.replace('_', ' '))} {count(number, 'issue')}"
    for reason, number in summary["skipped"].items():
        yield f"Skipped   {count(number, 'issue')}: {reveal_line(reason)}"
    if summary["failed"]:
        yield f"Failed    {count(summary['failed'], 'issue')}; the same command tries again"
    if summary["left"]:
        yield f"Left      {count(summary['left'], 'issue')}; the same command goes on"


def _render(done: Backfill, summary: Mapping[str, Any]) -> str:
    """The summary of a workflow run, as Markdown."""
    lines = [f"## Signpost: old issues of {quote_code(done.task.repository)}", ""]
    lines += [f"**It ended early:** {write_line(done.error)}", ""] if done.error else []
    told = (*format_summary(summary, is_dry_run=done.task.is_dry_run), *(f"Remark    {each}" for each in done.remarks))
    return "\n".join([*lines, *(f"- {write_line(line)}" for line in told), ""])


def _to_json(done: Backfill, summary: Mapping[str, Any]) -> dict[str, Any]:
    entries = done.progress.entries
    known = (entries[number] for number in done.progress.numbers if number in entries)
    return {
        "repository": done.task.repository,
        "issues": [{**entry.result, "error": entry.error or None} for entry in known],
        "summary": summary,
        "remarks": done.remarks,
        "error": done.error or None,
        "requests": done.tracker.requests,
    }


def _publish(done: Backfill, later: list[str], settings: Settings, *, is_quiet: bool) -> None:
    summary = summarise(done.progress.numbers, done.progress.entries)
    if is_quiet:
        print_json(_to_json(done, summary))
    else:
        print_safely([*later, *format_summary(summary, is_dry_run=done.task.is_dry_run)])
        print_safely([f"Requests  {done.tracker.requests}"])
    if settings.summary_path:
        append_summary(settings.summary_path, _render(done, summary))
    if done.error:
        failure = TrackerError(f"{done.error} The same command goes on with the issues that are left.")
        print_safely([f"signpost: {failure}"], sys.stderr)
        if settings.is_action:
            publish_failure(failure, settings, is_quiet=is_quiet)
