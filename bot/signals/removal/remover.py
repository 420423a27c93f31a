"""Reads what Signpost left in a repository, and removes it, issue by issue.

Nothing is stored: each run looks at what GitHub has now. So a run that was killed, or stopped at its limit, goes on
when it is started again. On each issue the comment that remembers its labels goes last.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.errors import TrackerError
from bot.github.payloads import ListedComment, parse_issue, parse_listed_comment
from bot.issue.own_words import MARKER_START
from bot.signals.reading import MOST_FAILURES, MOST_WRITES, Source, find_next, read_entry
from bot.signals.removal.traces import Ours, Removal, Trace, decide_removal, find_traces, list_kept
from bot.text.printable import count
from bot.tracker.archive import Cursor
from bot.tracker.types import Comment, Issue

_WORKFLOWS = ".github/workflows"
_HOMES = (".github/signpost", ".github/signpost-schema")
_USES = re.compile(r"uses:.*\bsignpost\b|^[^#\n]*\bsignpost (?:run|sweep|index|check|report|site)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was found on one issue, and whether it is gone now; `error` if something of it could not be removed."""

    removal: Removal
    is_done: bool = False
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        """The outcome in the JSON format of `signpost uninstall`."""
        return self.removal.to_json() | {"is_done": self.is_done, "error": self.error or None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uninstalled:
    """What one run found and removed. `left` is the number of issues that it did not look at any more.

    `error` says why it ended early, "" if it did not.
    """

    repository: str
    removed: tuple[Removed, ...] = ()
    left: int = 0
    requests: int = 0
    is_dry_run: bool = True
    error: str = ""

    @property
    def failures(self) -> tuple[str, ...]:
        """A message for each issue where something could not be removed."""
        return tuple(f"#{each.removal.issue.number}: {each.error}" for each in self.removed if each.error)

    def to_json(self) -> dict[str, Any]:
        """The result in the JSON format of `signpost uninstall`, without `files`."""
        return {
            "repository": self.repository,
            "is_dry_run": self.is_dry_run,
            "issues": [each.to_json() for each in self.removed],
            "left": self.left,
            "requests": self.requests,
            "error": self.error or None,
        }

    def format_lines(self) -> Iterator[str]:
        """The result for people, line by line."""
        for each in self.removed:
            verb = "Would" if self.is_dry_run else "Did" if each.is_done else "Failed"
            if each.removal.writes:
                yield f"{verb:<9} {each.removal.describe()}{f' — {each.error}' if each.error else ''}"
        yield from (f"Stays     {line}" for line in list_kept(each.removal for each in self.removed))
        if not any(each.removal.writes for each in self.removed):
            yield "Found     nothing to remove"
        if self.left:
            yield f"Left      {count(self.left, 'issue')}; run the same command again in an hour"
        if self.error:
            yield f"Stopped   {self.error}"
        yield f"Requests  {self.requests}"


@dataclass(frozen=True, kw_only=True)
class Remover:
    """Reads and writes one repository. What it writes takes a second each, as the connection keeps it."""

    repository: str
    tracker: Source
    ours: Ours
    say: Callable[[str], None]

    def remove(self, *, is_dry_run: bool, most_writes: int = MOST_WRITES) -> Uninstalled:
        """Look at everything, and remove it unless it is a dry run. An error of GitHub is in the result."""
        result = Uninstalled(repository=self.repository, is_dry_run=is_dry_run)
        try:
            traces, ours = self._read_traces()
        except TrackerError as error:
            return replace(result, error=str(error), requests=self.tracker.requests)
        found = list(self._handle_all(traces, ours, is_dry_run=is_dry_run, most_writes=most_writes))
        shown = tuple(each for each in found if each.removal.writes or each.removal.kept or each.error)
        failed = [each.error for each in found[-MOST_FAILURES:] if each.error]
        stop = failed[-1] if len(failed) == MOST_FAILURES else ""
        left, requests = len(traces) - len(found), self.tracker.requests
        return replace(result, removed=shown, left=left, requests=requests, error=stop)

    def _handle_all(
        self, traces: Iterable[Trace], ours: Ours, *, is_dry_run: bool, most_writes: int
    ) -> Iterator[Removed]:
        """One after the other, until there are enough changes or failures."""
        writes, failures = 0, 0
        for trace in traces:
            if writes >= most_writes or failures >= MOST_FAILURES:
                return
            one = self._handle(trace, ours, is_dry_run=is_dry_run)
            writes += 0 if is_dry_run else one.removal.writes
            failures = failures + 1 if one.error else 0
            yield one

    def list_files(self) -> list[str]:
        """The files of the repository that start or configure Signpost: a person deletes them."""
        try:
            workflows = self.tracker.read_folder(self.repository, _WORKFLOWS).files
            own = [name for name in _HOMES if self.tracker.read_folder(self.repository, name).files]
        except TrackerError:
            return [f"the workflows in {_WORKFLOWS}/ that use Signpost", *(f"{name}/" for name in _HOMES)]
        return [
            *(name for name, text in sorted(workflows.items()) if _USES.search(text)),
            *(f"{name}/" for name in own),
        ]

    def _read_traces(self) -> tuple[tuple[Trace, ...], Ours]:
        """What may be ours; everything else is dropped at once, because a repository may have very much of it."""
        marked = (
            read_entry(parse_listed_comment, each) for each in self._list("comments") if MARKER_START in str(each)
        )
        comments: dict[int, ListedComment] = {each.comment.id: each for each in marked}
        ours, commented = self.ours.confirm(comments.values()), {each.issue for each in comments.values()}
        listed = (read_entry(parse_issue, each, self.repository) for each in self._list("issues"))
        issues = {each.number: each for each in listed if each.number in commented or ours.may_concern(each)}
        traces = find_traces(issues.values(), comments.values(), ours)
        self.say(f"{self.repository}: {count(len(traces), 'issue')} with something that may be Signpost's")
        return traces, ours

    def _list(self, kind: Literal["issues", "comments"]) -> Iterator[object]:
        """All of them by the time of their last change; what changes meanwhile comes once more, at the end."""
        cursor = Cursor()
        while page := self.tracker.read_page(self.repository, kind, cursor):
            yield from page.entries
            if not page.has_more:
                return
            if page.pages_left:
                self.say(f"{self.repository}: {count(page.pages_left, 'page')} of {kind} left to read")
            cursor = find_next(cursor, page)

    def _handle(self, trace: Trace, ours: Ours, *, is_dry_run: bool) -> Removed:
        """Look at one issue right before it is changed."""
        removal = Removal(issue=trace.issue)
        try:
            changes = self.tracker.list_changes(trace.issue) if trace.labels or trace.has_type else ()
            removal = decide_removal(trace, changes, ours)
            return Removed(removal=removal) if is_dry_run else self._apply(removal)
        except TrackerError as error:
            is_gone = error.gone or error.missing
            return Removed(removal=removal, error="" if is_gone else str(error), is_done=is_gone)

    def _apply(self, removal: Removal) -> Removed:
        """Remove it; a comment that somebody has edited meanwhile stays. Raises TrackerError."""
        issue = removal.issue
        for label in removal.labels:
            self.tracker.remove_label(issue, label)
        if removal.type and not self.tracker.set_type(issue.repository, issue.number, None):
            message = f"GitHub did not take back the type {removal.type}; the token needs write access"
            raise TrackerError(message)
        edited = [comment for comment in removal.comments if not self._delete(issue, comment)]
        if removal.closes:
            self.tracker.close_issue(issue, "not_planned")
        kept = tuple(f"somebody edited comment {comment.id} during this run; it stays" for comment in edited)
        left = tuple(comment for comment in removal.comments if comment not in edited)
        return Removed(removal=replace(removal, comments=left, kept=(*removal.kept, *kept)), is_done=True)

    def _delete(self, issue: Issue, comment: Comment) -> bool:
        now = self.tracker.get_comment(issue, comment.id)
        if now is not None and now.body != comment.body:
            return False
        if now is not None:
            self.tracker.delete_comment(issue, comment.id)
        return True
