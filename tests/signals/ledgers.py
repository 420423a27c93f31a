"""Ledgers with good defaults, for tests that say only what matters to them."""

from collections.abc import Iterable
from pathlib import Path

from bot.signals.file import open_ledger
from bot.signals.ledger import GivenComment, Guidance, IssueNow, Ledger, Order, Reply, Vote

DAY = 24 * 60 * 60
START = 1_775_000_000
"""2026-03-31T23:33:20Z, in Unix seconds."""


def a_guidance(rule: str = "disk", content_hash: str = "1", since: int = START, **more: int) -> Guidance:
    return Guidance(rule, content_hash, since, until=more.get("until", 0), is_refused=bool(more.get("is_refused")))


def a_given(number: int = 1, *guidance: Guidance, issue: int | None = None, **more: object) -> GivenComment:
    """Our comment `number` on an issue of the same number."""
    where = number if issue is None else issue
    given = guidance or (a_guidance(),)
    return GivenComment(id=number, node_id=f"IC_{number}", issue=where, at=START, guidance=given, **more)  # type: ignore[arg-type]


def a_vote(login: str, content: str = "-1", comment: int = 1, at: int = START + 60, *, is_bot: bool = False) -> Vote:
    return Vote(comment, login, content, at, is_bot)


def a_refusal(login: str = "author-1", role: str = "author", issue: int = 1, at: int = START + 60) -> Reply:
    depends = role != "author"
    return Reply(900 + issue, issue, login, role, at, refuses=True, depends=depends)  # type: ignore[arg-type]


def an_order(name: str, rule: str = "disk", at: int = START + 60, number: int = 950) -> Reply:
    """A command of a maintainer for the whole repository."""
    return Reply(number, 99, "max", "maintainer", at, orders=(Order(name, rule),), depends=True)


def a_ledger(
    *comments: GivenComment, votes: Iterable[Vote] = (), replies: Iterable[Reply] = (), **more: object
) -> Ledger:
    """A ledger in which issue 1 is by author-1, and so on."""
    given = comments or (a_given(),)
    issues = tuple(IssueNow(each.issue, f"author-{each.issue}") for each in given)
    fields = {"repository": "octo/widget", "issues": issues, **more}
    return Ledger(comments=given, votes=tuple(votes), replies=tuple(replies), **fields)  # type: ignore[arg-type]


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Write a ledger without replies into a file."""
    with open_ledger(path, ledger.repository) as store, store.change():
        for comment in ledger.comments:
            store.put_comment(comment)
            store.put_votes(comment.id, [vote for vote in ledger.votes if vote.comment == comment.id])
        for issue in ledger.issues:
            store.put_issue(issue, [closing for closing in ledger.closings if closing.issue == issue.number])
        store.put("person", ledger.permissions.items())
