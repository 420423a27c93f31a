"""What a repository holds of us and for us: our comments, votes, replies, withdrawals and closings. Pure.

A ledger depends only on what GitHub holds now: reading all comments, reactions and issues again gives the same one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from bot.comment.marker import Marker, hash_text, is_as_written, read_marker, read_visible
from bot.issue.commands import is_by, is_maintainer, read_commands
from bot.signals.incidents.arrivals import Arrival
from bot.tracker.own_issues import OwnIssue
from bot.tracker.types import Account, Comment

LATEST = (1 << 37) - 1
"""The latest moment that a ledger has, in Unix seconds (the year 6325): no arithmetic with it leaves Python's dates."""

LONGEST_REASON = 200
"""Characters of the reason in `/signpost wrong` that are kept."""


class Guidance(NamedTuple):
    """The guidance of one rule in one of our comments, from when to when.

    `since` and `until` are Unix seconds; `until` is 0 if the comment still gives it. `branch` is the index of the
    branch that applied. `is_refused` if the author or a maintainer said that it does not fit.
    """

    rule: str
    content_hash: str
    since: int
    until: int = 0
    is_refused: bool = False
    branch: int = 0

    def covers(self, moment: int) -> bool:
        """Whether it was given at that moment (Unix seconds)."""
        return self.since <= moment and (self.until == 0 or moment <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenComment:
    """One of our comments. `node_id` is its GraphQL id, `at` when it was posted (Unix seconds).

    `version` is the product's version that the report states. `links` are the issues that it links. `closes` is the
    promised time of closing (Unix seconds), 0 without one; `asks` if a person is to decide then, and `target` the
    canonical issue, 0 for none. `heard` are the answers that had their effect (see
    `Marker`). `seen` has the reactions as they were counted last: name, number, and when the last one was made.
    """

    id: int
    node_id: str
    issue: int
    at: int
    guidance: tuple[Guidance, ...] = ()
    version: str = ""
    links: tuple[int, ...] = ()
    closes: int = 0
    asks: bool = False
    target: int = 0
    heard: tuple[str, ...] = ()
    is_hidden: bool = False
    seen: tuple[tuple[str, int, int], ...] = ()

    @property
    def standing(self) -> dict[str, str]:
        """The rules whose guidance it gives now, each with its content hash."""
        return {each.rule: each.content_hash for each in self.guidance if not each.until}


class Vote(NamedTuple):
    """One reaction to one of our comments. `at` is in Unix seconds."""

    comment: int
    login: str
    content: str
    at: int
    is_bot: bool = False


class Order(NamedTuple):
    """A command that counts for the whole repository: `mute` or `unmute`, and the rule."""

    name: str
    rule: str


MOST_ORDERS = 20
LONGEST_RULE = 100
"""Characters of a rule's id in a command; no id is longer."""

Role = Literal["author", "maintainer", "other", "bot"]


class Reply(NamedTuple):
    """A comment of somebody else on an issue, after ours; `refuses` if it says `/signpost wrong`, with its `reason`.

    `orders` are the commands of a maintainer for the whole repository, wherever they are. `depends` if the role of its
    writer in the repository decides whether its commands count.
    """

    id: int
    issue: int
    login: str
    role: Role
    at: int
    refuses: bool = False
    reason: str = ""
    orders: tuple[Order, ...] = ()
    depends: bool = False


class Closing(NamedTuple):
    """A time that we closed an issue, and when somebody opened it again (0: never), in Unix seconds."""

    issue: int
    at: int
    reopened: int = 0


class IssueNow(NamedTuple):
    """An issue with one of our comments, as it was seen last; `comments` is the number of all comments on it."""

    number: int
    author: str
    is_open: bool = True
    is_held: bool = False
    comments: int = 0


class Withdrawal(NamedTuple):
    """Guidance that was taken back because a person said that it does not fit."""

    comment: int
    issue: int
    rule: str
    content_hash: str
    at: int


NoticeKind = Literal["surge", "muted", "problems"]
NOTICE_TITLES: Mapping[NoticeKind, str] = {
    "surge": "Many reports: ",
    "muted": "Signpost: rules that only set labels now",
    "problems": "Signpost: rules or settings need a correction",
}
"""How the title of each kind begins; so a notice is known even if somebody removed its marker."""


class Notice(NamedTuple):
    """An issue that we opened ourselves, as it is now.

    `keys` are what it is about; none if somebody removed its marker. `started`, `ended` (0: it lasts) and `closed` (0:
    it is open) are Unix seconds. `fix` is the version that its rule named as fixed when it was opened, and
    `former` the notice of the last time (0: none). `text` is the hash of the text as we wrote it; `is_edited` if it is
    another one now.
    """

    number: int
    kind: NoticeKind
    title: str
    keys: tuple[str, ...] = ()
    started: int = 0
    ended: int = 0
    closed: int = 0
    is_edited: bool = False
    fix: str = ""
    former: int = 0
    text: str = ""

    @property
    def is_lasting(self) -> bool:
        """Whether it is open, and what it is about has not ended."""
        return not (self.closed or self.ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """All of it. `permissions` are those of people who voted, by login, as far as they were asked for.

    `asked` says when that was (Unix seconds, by lower-case login). `muted` are the muted rules that a sweep has
    reported, each with its content hash.
    `arrivals` are the new issues of the last 14 weeks, which were all read if `has_past`; `known_since` says from when
    on each rule was looked for in them (Unix seconds).
    """

    repository: str = ""
    comments: tuple[GivenComment, ...] = ()
    votes: tuple[Vote, ...] = ()
    replies: tuple[Reply, ...] = ()
    issues: tuple[IssueNow, ...] = ()
    closings: tuple[Closing, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    muted: Mapping[str, str] = field(default_factory=dict)
    arrivals: tuple[Arrival, ...] = ()
    known_since: Mapping[str, int] = field(default_factory=dict)
    has_past: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def vote_count(self) -> int:
        """The number of votes by people; those of bots never count."""
        return sum(not vote.is_bot for vote in self.votes)

    @property
    def withdrawals(self) -> tuple[Withdrawal, ...]:
        """The guidance that people have refused, the oldest first."""
        found = (
            Withdrawal(comment.id, comment.issue, each.rule, each.content_hash, each.until)
            for comment in self.comments
            for each in comment.guidance
            if each.is_refused
        )
        return tuple(sorted(found, key=lambda each: (each.at, each.comment, each.rule)))


def read_given(comment: Comment, node_id: str, issue: int) -> GivenComment | None:
    """One of our comments; None if it is not about this issue, or gives way to another one."""
    marker = read_marker(comment.body)
    if marker is None or (marker.issue, marker.kind) != (issue, "guidance") or marker.is_superseded:
        return None
    posted = to_seconds(comment.created_at)
    return GivenComment(
        id=comment.id,
        node_id=node_id,
        issue=issue,
        at=posted,
        guidance=tuple(sorted(_list_guidance(marker, posted))),
        version=marker.stated,
        links=tuple(sorted({*filter(_is_number, (*marker.links, *marker.earlier))})),
        closes=_bound(marker.closes),
        asks=bool(marker.closes and marker.promise and marker.promise.is_silent and is_as_written(comment, marker)),
        target=_bound(marker.promise.target) if marker.closes and marker.promise else 0,
        heard=tuple(sorted(marker.heard)),
        is_hidden=comment.is_minimized,
    )


def _list_guidance(marker: Marker, posted: int) -> Iterator[Guidance]:
    for rule, content_hash in marker.rules.items():
        since, branch = _bound(marker.since.get(rule, 0)) or posted, _bound(marker.branches.get(rule, 0))
        yield Guidance(rule, content_hash, since, branch=branch)
    for rule, past in marker.past.items():
        if rule not in marker.rules:
            yield Guidance(rule, past.hash, _bound(past.since) or posted, _bound(past.until), past.is_refused)


def _bound(number: int) -> int:
    """A number of a marker, which people can edit, as a ledger may have it."""
    return min(max(number, 0), LATEST)


def _is_number(number: int) -> bool:
    """Whether an issue may have that number."""
    return 0 < number <= LATEST


class Spoken(NamedTuple):
    """A comment of somebody else as it was read, when it may not be known yet who opened the issue.

    `says_wrong` if it has the command `/signpost wrong`, and `orders` are its commands for the whole repository,
    whether or not its writer may give them. `node_id` is its GraphQL id, if it has `orders` and that id is known.
    """

    id: int
    issue: int
    login: str
    association: str
    at: int
    is_bot: bool = False
    says_wrong: bool = False
    reason: str = ""
    orders: tuple[Order, ...] = ()
    node_id: str = ""

    def to_reply(self, author: str, permissions: Mapping[str, str] | None = None) -> Reply:
        """The reply on an issue that `author` opened; `permissions` are those of the ledger, by lower-case login."""
        comment = Comment(
            id=self.id,
            author=Account(login=self.login, is_bot=self.is_bot),
            body="",
            created_at=from_seconds(self.at),
            association=self.association,
        )
        is_author, may_order = is_by(comment, Account(login=author)), is_maintainer(comment, permissions or {})
        role: Role = "bot" if self.is_bot else "author" if is_author else "maintainer" if may_order else "other"
        refuses = self.says_wrong and role in {"author", "maintainer"}
        return Reply(
            *(self.id, self.issue, self.login, role, self.at, refuses, self.reason if refuses else ""),
            orders=self.orders if may_order else (),
            depends=not self.is_bot and bool(self.orders or (self.says_wrong and not is_author)),
        )


def read_spoken(comment: Comment, issue: int, node_id: str = "") -> Spoken:
    """A comment of somebody else."""
    commands = read_commands(comment.body)
    wrong = [command for command in commands if command.name == "wrong"]
    orders = (Order(command.name, command.argument) for command in commands if command.name in {"mute", "unmute"})
    kept = tuple(each for each in orders if 0 < len(each.rule) <= LONGEST_RULE)[-MOST_ORDERS:]
    reason = " ".join(wrong[-1].argument.split())[:LONGEST_REASON] if wrong else ""
    return Spoken(
        id=comment.id,
        issue=issue,
        login=comment.author.login,
        association=comment.association,
        at=to_seconds(comment.created_at),
        is_bot=comment.author.is_bot,
        says_wrong=bool(wrong),
        reason=reason,
        orders=kept,
        node_id=node_id if kept else "",
    )


AWAITED = frozenset({"close", "keep-open", "explain", "duplicate", "not-duplicate", "rerun"})
"""The commands whose effect only a run has, so a sweep must see that the run took place."""

_ANSWERS = frozenset({"+1", "confused"})


def awaits_answer(comment: Comment) -> bool:
    """Whether a comment has commands for a run, and no reaction that a run leaves: its event may have been lost."""
    is_answered = any(count and name in _ANSWERS for name, count in comment.reactions)
    if comment.author.is_bot or is_answered:
        return False
    return any(command.name in AWAITED for command in read_commands(comment.body))


def read_notice(own: OwnIssue) -> Notice | None:
    """One of our notices; None for another issue, or one that gave way to another notice."""
    issue, marker = own.issue, read_marker(own.issue.body)
    closed = to_seconds(own.closed or issue.updated_at) if issue.state == "closed" else 0
    if marker is None:
        kind = next((each for each, title in NOTICE_TITLES.items() if issue.title.startswith(title)), None)
        return Notice(issue.number, kind, issue.title, closed=closed, is_edited=True) if kind else None
    kind = next((each for each in NOTICE_TITLES if each == marker.kind), None)
    if kind is None or marker.is_superseded:
        return None
    return Notice(
        number=issue.number,
        kind=kind,
        title=issue.title,
        keys=tuple(marker.keys),
        started=_bound(marker.started),
        ended=_bound(marker.ended),
        closed=closed,
        is_edited=hash_text(read_visible(issue.body)) != marker.text,
        fix=marker.fix,
        former=_bound(marker.former),
        text=marker.text,
    )


def to_seconds(moment: datetime) -> int:
    """Unix seconds, as a ledger may have them; GitHub's times have no fractions."""
    return _bound(int(moment.timestamp()))


def from_seconds(seconds: int) -> datetime:
    """The moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)
