"""From GitHub into the ledger: comments, reactions, replies, issues and permissions, in few requests."""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol, TypeVar

from bot.errors import BudgetSpentError, SettingsError, TrackerError
from bot.github.payloads import ListedComment, parse_issue, parse_listed_comment
from bot.github.queries.signals import MOST_ASKED, MOST_WATCHED
from bot.signals.incidents.arrivals import PAST, Arrival, make_arrival
from bot.signals.ledger import (
    Closing,
    GivenComment,
    IssueNow,
    Ledger,
    Spoken,
    Vote,
    awaits_answer,
    read_given,
    read_spoken,
    to_seconds,
)
from bot.signals.missed import find_missed
from bot.signals.plan import Reason, group_links
from bot.signals.store import LedgerFile
from bot.signals.votes import find_unasked
from bot.tracker.archive import Cursor, Page, RemoteArchive
from bot.tracker.own_issues import OwnIssueSource
from bot.tracker.types import EPOCH, Change, Issue, Reaction, SignalSource, Tracker, WatchedComment
from bot.triage.config import Sources
from bot.triage.people.settings import Meaning

Item = TypeVar("Item")
Parsed = TypeVar("Parsed")

MOST_WRITES = 400
"""GitHub takes 500 an hour, and other workflows write, too.
https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
"""

MOST_FAILURES = 3
"""In a row; then GitHub has a problem that concerns all issues."""

RECENT = timedelta(days=3)
"""A first sweep looks for missed events in this time; later ones since the last sweep."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Source(Tracker, RemoteArchive, SignalSource, OwnIssueSource, Protocol):
    """GitHub, as a sweep uses it."""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Reads a repository into its ledger. `logins` are ours, in lower case.

    Every method raises TrackerError if GitHub cannot be read, with the ledger as it was after the last whole answer.
    """

    repository: str
    tracker: Source
    store: LedgerFile
    logins: frozenset[str]
    fresh: Counter[int] = field(default_factory=Counter)

    def estimate(self, *, lists_own: bool = False) -> int:
        """How many requests reading takes if nothing changed since the last sweep; see `is_first`.

        `lists_own` if the issues of our own are listed, too.
        """
        watched = (self.store.list_rows("comment"), self._list_apart())
        return 2 + lists_own + sum(-(-len(each) // MOST_WATCHED) for each in watched)

    @property
    def is_first(self) -> bool:
        """Whether the past is still to be read: a page for each 100 comments, and for each 100 issues of 14 weeks."""
        return not self.store.read_fact("has_past")

    def read_comments(self, now: datetime) -> Iterator[int | None]:
        """All comments that were written or edited since the last look; yields how many pages are left, if known.

        An issue whose commands of the last days nobody answered will wait.
        """
        newest = int(self.store.read_fact("newest") or 0)
        while True:
            cursor = Cursor(self.store.read_fact("comments"), int(self.store.read_fact("comments_page") or 1))
            page = self._read_page("comments", cursor)
            edge = _read_edge(self.store.read_fact("comments_edge"))
            new = [_parse(entry) for entry in page.entries if _name_state(entry, "id") not in edge]
            with self.store.change():
                self._store_comments([_parse(entry) for entry in page.entries], newest)
                self._note_commands(new, now)
                self._advance("comments", page, cursor)
                self._keep_edge("comments", page, cursor, edge)
            yield page.pages_left
            if not page.has_more:
                return

    def _note_commands(self, new: Iterable[ListedComment], now: datetime) -> None:
        """Each comment is noted once for each time that it is written or edited."""
        others = [
            each for each in new if not each.is_pull_request and each.comment.author.login.casefold() not in self.logins
        ]
        lost = [each for each in others if now - each.comment.changed_at <= RECENT and awaits_answer(each.comment)]
        self.store.put("pending", [(each.issue, "missed") for each in lost])
        spoken = (read_spoken(each.comment, each.issue) for each in others)
        self.store.drop("asked", "login", {each.login.casefold() for each in spoken if each.orders or each.says_wrong})

    def _keep_edge(self, name: str, page: Page, cursor: Cursor, edge: Collection[str]) -> None:
        """Note the entries of the time at which the next page begins: they will be listed again."""
        last, key = self.store.read_fact(name), "id" if name == "comments" else "number"
        kept = {_name_state(entry, key) for entry in page.entries if entry["updated_at"] == last}
        facts = {f"{name}_edge": json.dumps(sorted(kept.union(edge if last == cursor.since else ())))}
        self.store.write_facts(**facts)

    def _read_page(self, kind: Literal["issues", "comments"], cursor: Cursor) -> Page:
        page = self.tracker.read_page(self.repository, kind, cursor)
        return page or Page(entries=())

    def _advance(self, name: str, page: Page, cursor: Cursor) -> None:
        """Note where the next page begins."""
        following = find_next(cursor, page)
        facts: dict[str, str | int] = {name: following.since, f"{name}_page": following.page}
        self.store.write_facts(**facts)

    def _store_comments(self, listed: Sequence[ListedComment], newest: int) -> None:
        known = {comment.id: comment for comment in self.store.find_comments([each.comment.id for each in listed])}
        for comment, node_id, issue, is_pull_request in listed:
            if is_pull_request:
                continue
            self.fresh[issue] += comment.id > newest
            if comment.author.login.casefold() not in self.logins:
                self.store.put_spoken([read_spoken(comment, issue, node_id)])
            elif given := read_given(comment, node_id, issue):
                former = known.get(comment.id, given)
                self.store.put_comment(replace(given, seen=former.seen))
            else:
                self.store.drop_comment(comment.id)
        latest = max([int(self.store.read_fact("newest") or 0), *(each.comment.id for each in listed)])
        self.store.write_facts(newest=latest)

    def watch_comments(self, only: frozenset[int] | None = None) -> None:
        """Reactions to our comments, and their issues; `only` those on these issues.

        It starts behind the comment at which the last look ended early.
        """
        start = int(self.store.read_fact("watched") or 0) if only is None else 0
        ledger = self.store.read()
        comments = [each for each in ledger.comments if only is None or each.issue in only]
        comments.sort(key=lambda comment: (comment.id <= start, comment.id))
        counted = {issue.number: issue.comments for issue in ledger.issues}
        for batch in split(comments, MOST_WATCHED):
            self._watch_batch(batch, counted)
            if only is None:
                with self.store.change():
                    self.store.write_facts(watched=batch[-1].id)
        self.fresh.clear()
        with self.store.change():
            self.store.prune()
            if only is None:
                self.store.write_facts(watched=0)

    def watch_orders(self) -> None:
        """Forget the commands for the whole repository whose comment is gone.

        On an issue with a comment of ours, the number of comments tells it.
        """
        for batch in split(self._list_apart(), MOST_WATCHED):
            known = [each.node_id for each in batch if each.node_id]
            found = self.tracker.watch_comments(known) if known else {}
            gone = [each.id for each in batch if each.node_id not in found and not self._exists(each)]
            with self.store.change():
                self.store.drop("reply", "id", gone)

    def _list_apart(self) -> list[Spoken]:
        """The comments with commands for the whole repository, on issues without a comment of ours."""
        issues = {int(row[1]) for row in self.store.list_rows("comment")}
        return [each for each in self.store.list_ordering() if each.issue not in issues]

    def _watch_batch(self, batch: Sequence[GivenComment], counted: Mapping[int, int]) -> None:
        found = self.tracker.watch_comments([comment.node_id for comment in batch])
        pairs = [(comment, found[comment.node_id]) for comment in batch if comment.node_id in found]
        votes = self._read_votes([pair for pair in pairs if pair[0].seen != _count(pair[1])])
        gone = [comment for comment in batch if comment.node_id not in found and not self._exists(comment)]
        spoken = {
            comment.issue: self._read_replies(comment.issue)
            for comment, watched in pairs
            if self._has_deletions(comment.issue, watched, counted)
        }
        with self.store.change():
            for comment in gone:
                self.store.drop_comment(comment.id)
            for comment, watched in pairs:
                self._store_watched(comment, watched, votes.get(comment.id))
            self.store.drop("reply", "issue", spoken)
            for replies in spoken.values():
                self.store.put_spoken(replies)

    def _has_deletions(self, issue: int, watched: WatchedComment, counted: Mapping[int, int]) -> bool:
        """Whether an issue has not the comments that were counted before and the new ones: GitHub tells no deletion."""
        return issue in counted and watched.comment_count != counted[issue] + self.fresh[issue]

    def _read_replies(self, issue: int) -> list[Spoken]:
        """All comments of others on an issue."""
        comments = self.tracker.list_comments(self._name(issue))
        known = {each.id: each.node_id for each in self.store.list_ordering()}
        others = (each for each in comments if each.author.login.casefold() not in self.logins)
        return [read_spoken(each, issue, known.get(each.id, "")) for each in others]

    def _exists(self, comment: GivenComment | Spoken) -> bool:
        """Whether a comment that GraphQL did not show is there all the same."""
        return self.tracker.get_comment(self._name(comment.issue), comment.id) is not None

    def _name(self, number: int) -> Issue:
        """An issue for requests that use only its number."""
        return Issue(repository=self.repository, number=number, title="", created_at=EPOCH, updated_at=EPOCH)

    def _store_watched(self, comment: GivenComment, watched: WatchedComment, votes: Sequence[Reaction] | None) -> None:
        if votes is not None:
            known = (vote for vote in votes if not vote.by.is_gone)
            cast = (Vote(comment.id, v.by.login, v.content, to_seconds(v.at), v.by.is_bot) for v in known)
            self.store.put_votes(comment.id, cast)
        self.store.put_comment(replace(comment, seen=_count(watched), is_hidden=watched.is_minimized))
        issue = IssueNow(
            number=comment.issue,
            author=watched.author.login,
            is_open=watched.state == "open",
            is_held=watched.is_held or watched.is_locked,
            comments=watched.comment_count,
        )
        self.store.put_issue(issue, self._find_closings(comment.issue, watched.closings))

    def _find_closings(self, issue: int, changes: Sequence[Change]) -> Iterator[Closing]:
        """The times that we closed an issue, each with the next time that it was opened again."""
        for place, change in enumerate(changes):
            if change.kind == "closed" and change.actor.login.casefold() in self.logins:
                later = (each.at for each in changes[place + 1 :] if each.kind == "reopened")
                reopened = next(later, None)
                yield Closing(issue, to_seconds(change.at), to_seconds(reopened) if reopened else 0)

    def _read_votes(self, changed: Sequence[tuple[GivenComment, WatchedComment]]) -> dict[int, tuple[Reaction, ...]]:
        """Who reacted to the comments whose counts have changed."""
        votes = {comment.id: tuple[Reaction, ...]() for comment, _ in changed}
        for batch in split([comment for comment, watched in changed if watched.reactions], MOST_ASKED):
            found = self.tracker.list_reactors([comment.node_id for comment in batch])
            for comment in batch:
                reactions = found.get(comment.node_id, ())
                if reactions is None:
                    reactions = self.tracker.list_reactions(self._name(comment.issue), comment.id)
                votes[comment.id] = reactions
        return votes

    def read_issues(self, ledger: Ledger, sources: Sources, now: datetime) -> Iterator[int | None]:
        """The issues that changed since the last look, at first those of 14 weeks; yields how many pages are left.

        `ledger` is that of now. New issues are noted as arrivals. Those that differ from what a run would leave will
        wait.
        """
        oldest, links = now - PAST, group_links(ledger)
        self._note_rules(sources, ledger, now)
        while True:
            start, number = self.store.read_fact("issues"), self.store.read_fact("issues_page")
            cursor = Cursor(start or f"{oldest:{_TIME}}", int(number or 1))
            page = self._read_page("issues", cursor)
            edge = _read_edge(self.store.read_fact("issues_edge"))
            new = [entry for entry in page.entries if _name_state(entry) not in edge]
            issues = [read_entry(parse_issue, entry, self.repository) for entry in new]
            with self.store.change():
                self._store_issues(issues, ledger, sources, now)
                self._store_targets(issues, links)
                self._advance("issues", page, cursor)
                self._keep_edge("issues", page, cursor, edge)
                if not page.has_more:
                    self.store.write_facts(has_past=1)
            yield page.pages_left
            if not page.has_more:
                return

    def _note_rules(self, sources: Sources, ledger: Ledger, now: datetime) -> None:
        """Note from when on each rule is known: a rule that is new now has only the past that was not read yet.

        A rule that was removed is forgotten, unless some did not load: these keep their past.
        """
        ruleset, known = sources.ruleset, {*ledger.known_since}
        gone = set[str]() if ruleset.problems else known - {name for rule in ruleset.rules for name in rule.names}
        is_begun = bool(self.store.read_fact("missed_since"))
        since = to_seconds(now if is_begun else now - PAST)
        new = [rule.id for rule in ruleset.rules if known.isdisjoint(rule.names)]
        with self.store.change():
            self.store.drop("known", "rule", gone)
            self.store.put("known", ((since, rule) for rule in new))
            affected = (each for each in ledger.arrivals if gone.intersection(each.rules))
            self.store.put_arrivals((_drop_rules(each, gone) for each in affected), to_seconds(now - PAST))
            if not is_begun:
                self.store.write_facts(missed_since=f"{now - RECENT:{_TIME}}")

    def _store_issues(self, issues: Iterable[Issue], ledger: Ledger, sources: Sources, now: datetime) -> None:
        """Each issue is matched once: both decisions on it follow each other."""
        oldest, missed_since = to_seconds(now - PAST), self.store.read_fact("missed_since")
        arrivals, pending = list[Arrival](), list[tuple[int, Reason]]()
        for issue in issues:
            if f"{issue.updated_at:{_TIME}}" >= missed_since and find_missed(issue, ledger, sources, now.date()):
                pending.append((issue.number, "missed"))
            if to_seconds(issue.created_at) >= oldest and not self._is_machine_made(issue):
                arrivals.append(make_arrival(issue, sources.ruleset))
        self.store.put("pending", pending)
        self.store.put_arrivals(arrivals, oldest)

    def _is_machine_made(self, issue: Issue) -> bool:
        is_ours = issue.author.login.casefold() in self.logins
        return issue.is_pull_request or issue.author.is_bot or is_ours

    def _store_targets(self, issues: Iterable[Issue], links: Mapping[int, Collection[int]]) -> None:
        """Let the issues wait whose comment links one that was closed or reopened; `links` has them by that one."""
        former = {int(number): state for number, state in self.store.list_rows("target")}
        for issue in issues:
            if not (linking := links.get(issue.number)):
                continue
            state = f"{issue.state} {issue.state_reason or ''}".strip()
            if former.get(issue.number, "open") != state:
                self.store.put("pending", [(number, "target") for number in sorted(linking)])
            self.store.put("target", [(issue.number, state)])

    def read_permissions(self, meanings: Mapping[str, Meaning], now: datetime) -> None:
        """What people may do whose votes decide whether a rule is muted.

        If GitHub does not say it, these votes do not count yet: everything else goes on.
        """
        for login in find_unasked(self.store.read(), meanings, to_seconds(now)):
            try:
                permission = self.tracker.find_permission(self.repository, login)
            except BudgetSpentError:
                raise
            except TrackerError:
                return
            with self.store.change():
                self.store.put("person", [(login, permission)])
                self.store.put("asked", [(to_seconds(now), login.casefold())])


def _drop_rules(arrival: Arrival, rules: Collection[str]) -> Arrival:
    return arrival._replace(keys=tuple(key for key in arrival.keys if key.removeprefix("rule:") not in rules))


def _count(watched: WatchedComment) -> tuple[tuple[str, int, int], ...]:
    return tuple((name, number, to_seconds(last)) for name, number, last in watched.reactions)


def _name_state(entry: Mapping[str, Any], key: str = "number") -> str:
    """An issue, or a comment by its `id`, in the state of its last change."""
    return f"{entry.get(key)} {entry['updated_at']}"


def _read_edge(fact: str) -> set[str]:
    found = json.loads(fact) if fact else []
    return {each for each in found if isinstance(each, str)} if isinstance(found, list) else set()


def _parse(entry: object) -> ListedComment:
    return read_entry(parse_listed_comment, entry)


def find_next(cursor: Cursor, page: Page) -> Cursor:
    """Where the next page begins: at the time of the last entry, or at the next number if that time is the same."""
    since = max([cursor.since, *(str(entry["updated_at"]) for entry in page.entries)])
    return Cursor(since, cursor.page + 1 if since == cursor.since and page.has_more else 1)


def read_entry(parse: Callable[..., Parsed], *given: object) -> Parsed:
    """An entry of a list; raises TrackerError for JSON that is not what GitHub documents."""
    try:
        return parse(*given)
    except SettingsError as error:
        raise TrackerError(f"GitHub's answer is unexpected. {error}", unanswered=True) from None


def split(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """The items in groups of that size, the last one smaller."""
    return (items[start : start + size] for start in range(0, len(items), size))
