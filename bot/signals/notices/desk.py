"""Reads the issues that Signpost opened itself, and carries out the plan for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.comment.marker import read_marker
from bot.errors import TrackerError
from bot.signals.ledger import NOTICE_TITLES, Notice, NoticeKind, read_notice, to_seconds
from bot.signals.notices.plan import (
    EndNotice,
    LeaveNotice,
    ListKind,
    NoticeAction,
    OpenNotice,
    Seen,
    UpdateNotice,
    plan_list,
    plan_notices,
    write_ending,
)
from bot.signals.notices.text import NoticeSettings
from bot.signals.store import LedgerFile
from bot.tracker.own_issues import OwnIssue, OwnIssueSource
from bot.triage.config import Sources

SWEPT: frozenset[NoticeKind] = frozenset({"surge", "muted"})
"""The kinds that a sweep keeps up to date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOutcome:
    """What became of an action: the number of its issue (0: none), and `error` if it failed.

    `remark` says why it was left undone; "" if it was done, or only planned.
    """

    action: NoticeAction
    number: int = 0
    error: str = ""
    remark: str = ""

    def describe(self) -> str:
        """`open #12: Many reports: …`, `update #12`, or why nothing was done, for maintainers."""
        if isinstance(self.action, LeaveNotice):
            return self.action.reason
        what = _name_action(self.action, self.number)
        if self.error:
            return f"{what} — failed: {self.error}"
        return f"{what} — not done: {self.remark}" if self.remark else what

    def to_json(self) -> dict[str, Any]:
        """The outcome in the JSON format of `signpost sweep`."""
        return {
            "action": self.action.action,
            "issue": self.number or None,
            "title": self.action.title if isinstance(self.action, OpenNotice) else None,
            "error": self.error or None,
            "remark": self.remark or None,
        }


def _name_action(action: OpenNotice | UpdateNotice | EndNotice, number: int) -> str:
    match action:
        case OpenNotice(title=title):
            return f"open {f'`#{number}`: ' if number else ''}{title}"
        case UpdateNotice():
            return f"update `#{number}`"
        case EndNotice(is_second=is_second):
            return f"close `#{number}`, {'which was opened in addition' if is_second else 'because it is over'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The issues of our login in a repository, of these kinds, and the ledger that remembers them.

    `server` is the address of GitHub for browsers (`https://github.com`).
    """

    repository: str
    server: str
    login: str
    tracker: OwnIssueSource
    store: LedgerFile
    kinds: frozenset[NoticeKind] = SWEPT

    def keep(
        self, seen: Seen, notices: Sequence[Notice], sources: Sources, *, is_dry_run: bool
    ) -> tuple[NoticeOutcome, ...]:
        """Bring these issues up to date; a dry run only plans."""
        settings = NoticeSettings(
            repository=self.repository,
            server=self.server,
            site=sources.config.site or "",
            tracks_surges=sources.config.surge.issue,
            lists_muted=sources.config.votes.issue,
            rules={rule.id: rule for rule in sources.ruleset.rules},
            forbidden=sources.forbidden_words,
        )
        actions = plan_notices(seen, notices, settings)
        return foresee(actions) if is_dry_run else self.apply(actions)

    def keep_list(self, kind: ListKind, text: str, known: int, now: datetime) -> tuple[NoticeOutcome, ...]:
        """Bring the one issue of a kind that lists something up to date; `known` is its number, 0 without one.

        Without a text it is closed. Raises TrackerError if GitHub cannot be read, and CommentError.
        """
        if not (text or known):
            return ()
        found = self.read([Notice(known, kind, NOTICE_TITLES[kind])] if known else ())
        return self.apply(plan_list(kind, text, found, to_seconds(now), is_wanted=True))

    def read(self, known: Sequence[Notice]) -> tuple[Notice, ...]:
        """Our issues as GitHub has them, in one request; the ledger has them from then on. Raises TrackerError.

        GitHub may show too few: one that was `known` as open is then read by itself, so that none is opened twice.
        """
        own = self._list_own()
        listed = {each.issue.number for each in own}
        missing = [each for each in known if each.number not in listed]
        found = [self.tracker.read_own_issue(self.repository, each.number) for each in missing if not each.closed]
        read = [notice for each in (*own, *found) if each and (notice := read_notice(each)) and self._keeps(notice)]
        notices = sorted([*(each for each in missing if each.closed), *read])
        with self.store.change():
            self.store.drop("notice", "number", [each.number for each in known])
            self.store.put_notices(notices)
        return tuple(notices)

    def _keeps(self, notice: Notice) -> bool:
        return notice.kind in self.kinds

    def _list_own(self) -> list[OwnIssue]:
        listed = self.tracker.list_own_issues(self.repository, self.login)
        return [each for each in listed if each.issue.author.login.casefold() == self.login.casefold()]

    def apply(self, actions: Iterable[NoticeAction]) -> tuple[NoticeOutcome, ...]:
        """Do the actions in their order; one that fails does not stop the next one, and the next sweep tries again."""
        return tuple(self._apply(action) for action in actions)

    def _apply(self, action: NoticeAction) -> NoticeOutcome:
        try:
            match action:
                case OpenNotice():
                    own = self._open(action)
                    self._remember(own)
                    return NoticeOutcome(action=action, number=own.issue.number)
                case UpdateNotice() | EndNotice():
                    return self._change(action)
                case LeaveNotice():
                    return NoticeOutcome(action=action, number=action.number, remark=action.reason)
        except TrackerError as error:
            return NoticeOutcome(action=action, number=getattr(action, "number", 0), error=str(error))

    def _open(self, action: OpenNotice) -> OwnIssue:
        """Open an issue once. If GitHub did not answer, look for it: only the next sweep may try again."""
        try:
            return self.tracker.open_issue(self.repository, action.title, action.body)
        except TrackerError as error:
            if error.uncertain and (found := self._find_unanswered(action)):
                return found
            raise

    def _find_unanswered(self, action: OpenNotice) -> OwnIssue | None:
        try:
            own = sorted(self._list_own(), key=lambda each: each.issue.number)
        except TrackerError:
            return None
        wanted = read_marker(action.body)
        return next((each for each in own if read_marker(each.issue.body) == wanted), None)

    def _change(self, action: UpdateNotice | EndNotice) -> NoticeOutcome:
        """Edit an issue, unless somebody has changed it: it is read again right before.

        GitHub has no conditional PATCH, so the window in which somebody's edit can be lost is small, not closed.
        """
        own = self.tracker.read_own_issue(self.repository, action.number)
        notice = read_notice(own) if own else None
        if own is None or notice is None or notice.is_edited or not notice.is_lasting:
            remark = f"somebody changed #{action.number} during this sweep, so this sweep leaves it as it is"
            return NoticeOutcome(action=action, number=action.number, remark=remark)
        if isinstance(action, UpdateNotice):
            stored = self.tracker.update_issue(self.repository, action.number, action.body)
        else:
            body = write_ending(own.issue.body, action)
            stored = self.tracker.update_issue(self.repository, action.number, body, action.closed_as)
        self._remember(stored)
        return NoticeOutcome(action=action, number=action.number)

    def _remember(self, own: OwnIssue) -> None:
        notice = read_notice(own)
        with self.store.change():
            self.store.drop("notice", "number", [own.issue.number])
            self.store.put_notices([notice] if notice else [])


def foresee(actions: Iterable[NoticeAction]) -> tuple[NoticeOutcome, ...]:
    """The outcomes of a dry run: nothing is done."""
    planned = (NoticeOutcome(action=action, number=getattr(action, "number", 0)) for action in actions)
    return tuple(
        replace(each, remark=each.action.reason) if isinstance(each.action, LeaveNotice) else each for each in planned
    )
