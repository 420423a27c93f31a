"""The issues of a repository as the report of a week sees them: the rules that match, and the first answers."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import NamedTuple

from bot.archive.jsonl import Line, parse_line
from bot.comment.marker import find_kind
from bot.insights.report.thread import find_comment_role
from bot.rules.matcher import FixState, Match, match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import EPOCH, MAINTAINERS, Comment, Issue
from bot.workbench.archive_passes import Chunk, Files, RuledArchive, compile_rules
from bot.workbench.suggest.message_counts import MessageTally

Place = tuple[str, int]
"""Where an issue is in an archive: the place of its line, and its position in the line."""


class SeenRule(NamedTuple):
    """A rule that matches an issue and that no other replaces; the version is the one that the report states, or ""."""

    id: str
    fix_state: FixState | None = None
    version: str = ""


class Answers(NamedTuple):
    """The first answers to an issue: by a maintainer, and by Signpost; None if there is none."""

    maintainer: datetime | None = None
    signpost: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenIssue:
    """One issue. `is_open` if the archive says so.

    `answers` is None if its comments were not read, or if nobody waits: its author is a maintainer.
    """

    number: int
    title: str
    at: datetime
    person: str
    is_open: bool = True
    rules: tuple[SeenRule, ...] = ()
    answers: Answers | None = None


@dataclass(slots=True)
class Sightings:
    """What an archive shows from some moment on. `messages` counts those of the period alone.

    `first` is when the oldest issue of the whole archive was opened; `has_comments` if any issue has
    some, and `has_unread_comments` if an issue of the period has comments that were not read.
    """

    issues: list[SeenIssue] = field(default_factory=list)
    messages: MessageTally = field(default_factory=MessageTally)
    first: datetime | None = None
    has_comments: bool = False
    has_unread_comments: bool = False
    seen: int = 0

    @property
    def knows_answers(self) -> bool:
        """Whether the archive has the comments, so that an issue without an answer has none."""
        return self.has_comments and not self.has_unread_comments

    def take(self, other: "Sightings") -> None:
        """Add those of another part of the archive."""
        self.issues += other.issues
        self.messages.take(other.messages)
        self.first = min(filter(None, (self.first, other.first)), default=None)
        self.has_comments |= other.has_comments
        self.has_unread_comments |= other.has_unread_comments
        self.seen += other.seen


@dataclass(frozen=True)
class WatchIssues:
    """A pass over an archive: the issues from `start` to `until`, and the messages from `since` on."""

    rules: tuple[Files, ...]
    start: datetime
    since: datetime
    until: datetime
    superseded: frozenset[Place] = frozenset()

    def prepare(self) -> Callable[[Chunk], Sightings]:
        """The pass with its rules compiled."""
        return partial(self._watch, ruleset=compile_rules(self.rules))

    def _watch(self, lines: Chunk, ruleset: Ruleset) -> Sightings:
        found = Sightings()
        for issue in _list_issues(lines, self.superseded):
            found.seen += 1
            if issue.created_at != EPOCH:
                found.first = min(filter(None, (found.first, issue.created_at)))
            if self.start < issue.created_at <= self.until:
                self._add(issue, found, ruleset)
        return found

    def _add(self, issue: Issue, found: Sightings, ruleset: Ruleset) -> None:
        facts = read_facts(issue, ruleset)
        matches = match_rules(facts, ruleset) if ruleset.rules else ()
        rules = tuple(_see_rule(match) for match in matches if match.superseded_by is None)
        found.issues.append(see_issue(issue, rules))
        found.has_comments |= bool(issue.comments)
        if issue.created_at > self.since:
            found.messages.add(facts, is_matched=bool(matches))
            found.has_unread_comments |= bool(issue.comment_count and not issue.comments)


def _see_rule(match: Match) -> SeenRule:
    version = match.captures.get("version")
    return SeenRule(match.rule.id, match.fix_state, version.value if version else "")


def _list_issues(lines: Chunk, superseded: Collection[Place]) -> Iterator[Issue]:
    for where, line in lines:
        for position, issue in enumerate(parse_line(line, where)):
            if not issue.is_pull_request and (where, position) not in superseded:
                yield issue


def find_superseded(lines: Iterable[Line]) -> tuple[frozenset[Place], datetime | None]:
    """The earlier versions of issues that occur again, as exports are appended to; and when the newest was opened."""
    last, former, newest = dict[tuple[str, int], Place](), set[Place](), None
    for where, line in lines:
        for position, issue in enumerate(parse_line(line, where)):
            key = (issue.repository.casefold(), issue.number)
            former |= {last[key]} if key in last else set()
            last[key] = (where, position)
            if issue.created_at != EPOCH:
                newest = max(newest or issue.created_at, issue.created_at)
    return frozenset(former), newest


def watch_archive(
    archive: RuledArchive,
    start: datetime,
    since: datetime,
    until: datetime,
    superseded: frozenset[Place] = frozenset(),
) -> Sightings:
    """The issues of an archive; raises SettingsError with the place of a line that is not an issue."""
    found = Sightings()
    for part in archive.run_pass(WatchIssues(archive.rules, start, since, until, superseded), "issues read"):
        found.take(part)
    return found


def see_issue(issue: Issue, rules: tuple[SeenRule, ...] = ()) -> SeenIssue:
    """The issue with its first answers."""
    is_known = bool(issue.comments) or (issue.is_thread_known and not issue.comment_count)
    waits = issue.association not in MAINTAINERS and not issue.author.is_bot
    return SeenIssue(
        number=issue.number,
        title=issue.title,
        at=issue.created_at,
        person=issue.author.login,
        is_open=issue.state == "open" and issue.is_state_known,
        rules=rules,
        answers=find_answers(issue) if is_known and waits else None,
    )


def find_answers(issue: Issue) -> Answers:
    """When a maintainer and Signpost first answered; the issue's author does not answer, and neither do other bots.

    Anybody can paste a marker, so only that of a bot or a maintainer counts. A report for maintainers is no answer.
    """
    kinds = [(each, find_kind(each.body)) for each in issue.comments]
    human = (each for each, kind in kinds if not kind and find_comment_role(issue, each) == "maintainer")
    ours = (each for each, kind in kinds if kind == "guidance" and _is_trusted(each))
    return Answers(
        min((each.created_at for each in human), default=None), min((each.created_at for each in ours), default=None)
    )


def _is_trusted(comment: Comment) -> bool:
    return comment.author.is_bot or comment.association in MAINTAINERS
