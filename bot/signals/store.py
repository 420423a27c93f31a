"""The rows of a ledger: what is written into its tables, and read out of them as values."""

import json
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.errors import SettingsError
from bot.signals.incidents.arrivals import Arrival
from bot.signals.ledger import (
    LATEST,
    NOTICE_TITLES,
    Closing,
    GivenComment,
    Guidance,
    IssueNow,
    Ledger,
    Notice,
    Order,
    Spoken,
    Vote,
)
from bot.signals.tables import COLUMNS, KEYS, LISTED, check_row

ADVICE = "make it again with `signpost sweep --rebuild`"

Row = tuple[int | str, ...]


class LedgerError(SettingsError):
    """A file that is not a ledger, has another version, is damaged, or cannot be used now."""


class SpoiledLedgerError(LedgerError):
    """A ledger that has another version or other tables, or is damaged: it can be made again."""


class LedgerFile:
    """An open ledger. Several changes within `change()` happen together or not at all.

    Reading raises SpoiledLedgerError for values that are not ours, or for a past after `latest` (Unix seconds).
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, latest: int = LATEST) -> None:
        self._connection = connection
        self._path = path
        self._latest = latest

    @contextmanager
    def change(self) -> Iterator[None]:
        """All or nothing; raises what SQLite raises, with nothing written."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def dump(self) -> bytes:
        """The bytes of its file."""
        return self._connection.serialize()

    def read_fact(self, name: str) -> str:
        """The fact of that name, "" if there is none."""
        with explain_values(self._path):
            return next((str(value) for found, value in self._list("fact") if found == name), "")

    def write_facts(self, **facts: str | int) -> None:
        """Note how far a sweep has come."""
        self.put("fact", ((name, str(value)) for name, value in facts.items()))

    def put(self, table: str, rows: Iterable[Sequence[int | str]]) -> None:
        """Add rows, or replace those with the same key."""
        marks = ", ".join("?" * len(COLUMNS[table]))
        self._connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", rows)  # noqa: S608 (our names)

    def drop(self, table: str, key: str, values: Iterable[int | str]) -> None:
        """Remove the rows with one of these values."""
        self._connection.executemany(f'DELETE FROM {table} WHERE "{key}" = ?', ((value,) for value in values))  # noqa: S608 (our names)

    def list_rows(self, table: str) -> list[Row]:
        """All rows, in the order of their keys; raises LedgerError for a value of another kind than ours."""
        with explain_values(self._path):
            return list(self._list(table))

    def _list(self, table: str, where: str = "", *values: str) -> Iterator[Row]:
        query = f"SELECT * FROM {table} {where} ORDER BY {KEYS[table]}"  # noqa: S608 (our names)
        for row in self._connection.execute(query, values):
            check_row(table, row, self._latest)
            yield row

    def find_comments(self, numbers: Iterable[int]) -> list[GivenComment]:
        """Those of our comments that are in the ledger, without their guidance."""
        with explain_values(self._path):
            rows = self._list("comment", "WHERE id IN (SELECT value FROM json_each(?))", json.dumps([*numbers]))
            return list(_read_comments(rows, {}))

    def put_comment(self, comment: GivenComment) -> None:
        """Add one of our comments with its guidance, or replace it."""
        self.put(
            "comment",
            [
                (
                    *(comment.id, comment.issue, comment.at, comment.closes, int(comment.is_hidden)),
                    *(int(comment.asks), comment.target),
                    *(comment.node_id, comment.version, json.dumps(comment.links)),
                    *(json.dumps(comment.heard), json.dumps(comment.seen)),
                )
            ],
        )
        self.drop("guidance", "comment", [comment.id])
        self.put(
            "guidance",
            [
                (comment.id, g.since, g.until, int(g.is_refused), g.branch, g.rule, g.content_hash)
                for g in comment.guidance
            ],
        )

    def drop_comment(self, comment_id: int) -> None:
        """Remove one of our comments with everything that belongs to it."""
        self.drop("comment", "id", [comment_id])
        for table in ("guidance", "vote"):
            self.drop(table, "comment", [comment_id])

    def put_votes(self, comment_id: int, votes: Iterable[Vote]) -> None:
        """Replace all votes on a comment."""
        self.drop("vote", "comment", [comment_id])
        self.put("vote", [(v.comment, v.at, int(v.is_bot), v.login, v.content) for v in votes])

    def put_spoken(self, spoken: Iterable[Spoken]) -> None:
        """Add comments of others, or replace them."""
        rows = (
            (
                *(s.id, s.issue, s.at, int(s.is_bot), int(s.says_wrong)),
                *(s.login, s.association, s.reason, json.dumps(s.orders), s.node_id),
            )
            for s in spoken
        )
        self.put("reply", rows)

    def list_ordering(self) -> list[Spoken]:
        """The comments with commands for the whole repository."""
        with explain_values(self._path):
            return [*map(_read_spoken, self._list("reply", "WHERE orders != '[]'"))]

    def put_issue(self, issue: IssueNow, closings: Iterable[Closing]) -> None:
        """Add an issue with our closings of it, or replace both."""
        row = (issue.number, int(issue.is_open), int(issue.is_held), issue.comments, issue.author)
        self.put("issue", [row])
        self.drop("closing", "issue", [issue.number])
        self.put("closing", closings)

    def put_arrivals(self, arrivals: Iterable[Arrival], oldest: int) -> None:
        """Add new issues, or replace them, and remove those before `oldest` (Unix seconds)."""
        rows = ((a.issue, a.at, a.person, json.dumps(a.keys), a.version, json.dumps(a.said)) for a in arrivals)
        self.put("arrival", rows)
        self._connection.execute("DELETE FROM arrival WHERE at < ?", (oldest,))

    def put_notices(self, notices: Iterable[Notice]) -> None:
        """Add issues of our own, or replace them."""
        self.put(
            "notice",
            [
                (
                    *(n.number, n.started, n.ended, n.closed, int(n.is_edited), n.former),
                    *(n.kind, n.title, json.dumps(n.keys), n.fix, n.text),
                )
                for n in notices
            ],
        )

    def prune(self) -> None:
        """Remove issues without a comment of ours, and what was said there or before our comment.

        What counts for the whole repository stays.
        """
        self._connection.execute("DELETE FROM issue WHERE number NOT IN (SELECT issue FROM comment)")
        self._connection.execute("DELETE FROM closing WHERE issue NOT IN (SELECT issue FROM comment)")
        self._connection.execute(
            "DELETE FROM reply WHERE id < coalesce((SELECT min(id) FROM comment WHERE issue = reply.issue), id + 1) "
            "AND orders = '[]'"
        )
        self._connection.execute(
            "DELETE FROM person WHERE login NOT IN (SELECT login FROM vote UNION SELECT login FROM reply)"
        )
        self._connection.execute("DELETE FROM asked WHERE login NOT IN (SELECT lower(login) FROM person)")

    def read(self) -> Ledger:
        """The whole ledger as a value; raises LedgerError for values that are not ours."""
        with explain_values(self._path):
            return self._read()

    def _read(self) -> Ledger:
        for table in COLUMNS.keys() - LISTED:
            deque(self._list(table), maxlen=0)
        authors = {int(row[0]): str(row[4]) for row in self._list("issue")}
        spoken = (_read_spoken(row) for row in self._list("reply"))
        permissions = {str(login): str(permission) for login, permission in self._list("person")}
        roles = {login.casefold(): permission for login, permission in permissions.items()}
        return Ledger(
            repository=self.read_fact("repository"),
            comments=tuple(_read_comments(self._list("comment"), self._read_guidance())),
            votes=tuple(Vote(int(r[0]), str(r[3]), str(r[4]), int(r[1]), bool(r[2])) for r in self._list("vote")),
            replies=tuple(each.to_reply(authors.get(each.issue, ""), roles) for each in spoken),
            issues=tuple(
                IssueNow(int(r[0]), str(r[4]), bool(r[1]), bool(r[2]), int(r[3])) for r in self._list("issue")
            ),
            closings=tuple(Closing(*map(int, row)) for row in self._list("closing")),
            permissions=permissions,
            asked={str(login): int(at) for at, login in self._list("asked")},
            muted={str(rule): str(content_hash) for rule, content_hash in self._list("mute")},
            arrivals=tuple(map(_read_arrival, self._list("arrival"))),
            known_since={str(rule): int(since) for since, rule in self._list("known")},
            has_past=bool(self.read_fact("has_past")),
            notices=tuple(_read_notice(row) for row in self._list("notice")),
        )

    def _read_guidance(self) -> dict[int, list[Guidance]]:
        guidance: dict[int, list[Guidance]] = {}
        for comment, since, until, refused, branch, rule, content_hash in self._list("guidance"):
            given = Guidance(str(rule), str(content_hash), int(since), int(until), bool(refused), int(branch))
            guidance.setdefault(int(comment), []).append(given)
        return guidance


def _read_comments(rows: Iterable[Row], guidance: Mapping[int, list[Guidance]]) -> Iterator[GivenComment]:
    for row in rows:
        number, issue, at, closes, hidden, asks, target = map(int, row[:7])
        links, heard, seen = (_read_list(value) for value in row[9:])
        yield GivenComment(
            id=number,
            node_id=str(row[7]),
            issue=issue,
            at=at,
            guidance=tuple(sorted(guidance.get(number, []))),
            version=str(row[8]),
            links=tuple(map(int, links)),
            closes=closes,
            asks=bool(asks),
            target=target,
            heard=tuple(map(str, heard)),
            is_hidden=bool(hidden),
            seen=tuple((str(name), int(count), int(last)) for name, count, last in seen),
        )


def _read_arrival(row: Row) -> Arrival:
    keys, said = (tuple(map(str, _read_list(value))) for value in (row[3], row[5]))
    return Arrival(int(row[0]), int(row[1]), str(row[2]), keys, str(row[4]), said)


def _read_spoken(row: Row) -> Spoken:
    number, issue, at, bot, wrong = map(int, row[:5])
    login, association, reason = map(str, row[5:8])
    orders = tuple(Order(str(name), str(rule)) for name, rule in _read_list(row[8]))
    return Spoken(number, issue, login, association, at, bool(bot), bool(wrong), reason, orders, str(row[9]))


def _read_notice(row: Row) -> Notice:
    number, started, ended, closed, edited, former = map(int, row[:6])
    kind, title, keys, fix, text = map(str, row[6:])
    return Notice(
        number=number,
        kind=next(each for each in NOTICE_TITLES if each == kind),
        title=title,
        keys=tuple(map(str, _read_list(keys))),
        started=started,
        ended=ended,
        closed=closed,
        is_edited=bool(edited),
        fix=fix,
        former=former,
        text=text,
    )


def _read_list(value: int | str) -> list[Any]:
    found = json.loads(str(value))
    if not isinstance(found, list):
        raise ValueError("a list is missing")  # noqa: TRY004 (a value of the file)
    return found


@contextmanager
def explain_values(path: Path) -> Iterator[None]:
    """Turn errors of reading values that we did not write into LedgerError."""
    try:
        yield
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
        raise SpoiledLedgerError(f"the ledger {path} is damaged ({error}); {ADVICE}") from error
