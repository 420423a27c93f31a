"""What a comment says to the ledger, ours and other people's."""

from datetime import datetime
from pathlib import Path

import pytest

from bot.comment.marker import Marker, Past, hash_text, sign_comment
from bot.signals.file import read_ledger
from bot.signals.ledger import (
    GivenComment,
    Guidance,
    Notice,
    Order,
    Reply,
    Spoken,
    Withdrawal,
    from_seconds,
    read_given,
    read_notice,
    read_spoken,
    to_seconds,
)
from bot.tracker.own_issues import OwnIssue
from bot.tracker.types import Comment
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, REPORTER, a_comment, after, an_issue
from tests.signals.ledgers import START, a_given, a_guidance, a_ledger, write_ledger

POSTED = to_seconds(after(minutes=5))
EMPTY = GivenComment(id=1, node_id="IC_1", issue=7, at=POSTED)


def ours(**state: object) -> Comment:
    fields = {"issue": 7, **state}
    return a_comment(sign_comment("Free some space.", Marker(**fields)), OURSELVES)


@pytest.mark.parametrize(
    "state, expected",
    [
        ({}, EMPTY),
        (
            {"rules": {"a": "1"}},
            GivenComment(id=1, node_id="IC_1", issue=7, at=POSTED, guidance=(Guidance("a", "1", POSTED),)),
        ),
        (
            {
                "rules": {"a": "1", "b": "2"},
                "since": {"b": POSTED + 9},
                "branches": {"b": 1},
                "past": {"c": Past(hash="3", until=POSTED + 5, is_refused=True), "d": Past(hash="4", since=7, until=8)},
                "links": [5],
                "earlier": {3: "A"},
                "stated": "2.1.4",
                "heard": ["c2", "c1"],
                "closes": 99,
            },
            GivenComment(
                id=1,
                node_id="IC_1",
                issue=7,
                at=POSTED,
                guidance=(
                    Guidance("a", "1", POSTED),
                    Guidance("b", "2", POSTED + 9, branch=1),
                    Guidance("c", "3", POSTED, POSTED + 5, is_refused=True),
                    Guidance("d", "4", 7, 8),
                ),
                version="2.1.4",
                links=(3, 5),
                closes=99,
                heard=("c1", "c2"),
            ),
        ),
        ({"issue": 8}, None),
        ({"is_superseded": True}, None),
        ({"kind": "report"}, None),
    ],
)
def test_our_comment_says_all_that_the_ledger_keeps(state: dict[str, object], expected: GivenComment | None) -> None:
    assert read_given(ours(**state), "IC_1", 7) == expected


@pytest.mark.parametrize("number", [-(1 << 70), -1, 1 << 60, 1 << 70])
def test_a_number_that_somebody_wrote_into_our_marker_stays_within_a_ledger(number: int, tmp_path: Path) -> None:
    state = {
        "rules": {"a": "1"},
        "since": {"a": number},
        "branches": {"a": number},
        "past": {"b": Past(hash="2", since=number, until=number)},
        "links": [number],
        "earlier": {number: "A"},
        "closes": number,
    }
    given = read_given(ours(**state), "IC_1", 7)
    assert given
    ledger = a_ledger(given)
    write_ledger(tmp_path / "ledger.sqlite", ledger)
    assert read_ledger(tmp_path / "ledger.sqlite", "octo/widget") == ledger


def test_a_comment_without_a_marker_is_not_ours_to_count() -> None:
    assert read_given(a_comment("Free some space.", OURSELVES), "IC_1", 7) is None


ORDERS = (Order("mute", "disk"), Order("unmute", "x"))


@pytest.mark.parametrize(
    "comment, expected",
    [
        (a_comment(), Reply(1, 7, "octocat", "author", POSTED)),
        (a_comment("/signpost wrong", REPORTER), Reply(1, 7, "octocat", "author", POSTED, refuses=True)),
        (
            a_comment("/signpost wrong  it is  the network", HUMAN, association="OWNER"),
            Reply(1, 7, HUMAN.login, "maintainer", POSTED, refuses=True, reason="it is the network", depends=True),
        ),
        (a_comment("/signpost wrong", HUMAN), Reply(1, 7, HUMAN.login, "other", POSTED, depends=True)),
        (a_comment("/signpost wrong", OTHER_BOT, association="OWNER"), Reply(1, 7, OTHER_BOT.login, "bot", POSTED)),
        (
            a_comment(f"/signpost wrong {'x' * 500}", REPORTER),
            Reply(1, 7, "octocat", "author", POSTED, refuses=True, reason="x" * 200),
        ),
        (
            a_comment("/signpost mute disk\n/signpost unmute x", HUMAN, association="MEMBER"),
            Reply(1, 7, HUMAN.login, "maintainer", POSTED, orders=ORDERS, depends=True),
        ),
        (
            a_comment("/signpost mute disk\n/signpost unmute x", REPORTER, association="MEMBER"),
            Reply(1, 7, "octocat", "author", POSTED, orders=ORDERS, depends=True),
        ),
        (a_comment("/signpost mute disk", HUMAN), Reply(1, 7, HUMAN.login, "other", POSTED, depends=True)),
        (a_comment("/signpost mute", HUMAN, association="MEMBER"), Reply(1, 7, HUMAN.login, "maintainer", POSTED)),
        (a_comment("/signpost mute disk", OTHER_BOT), Reply(1, 7, OTHER_BOT.login, "bot", POSTED)),
    ],
)
def test_a_reply_knows_who_says_it_and_whether_it_refuses(comment: Comment, expected: Reply) -> None:
    assert read_spoken(comment, 7).to_reply("OctoCat") == expected


@pytest.mark.parametrize(
    "association, role, expected",
    [("NONE", "triage", "maintainer"), ("MEMBER", "read", "other"), ("MEMBER", "none", "maintainer")],
)
def test_the_role_in_the_repository_decides_on_a_reply(association: str, role: str, expected: str) -> None:
    spoken = read_spoken(a_comment("/signpost wrong", HUMAN, association=association), 7)
    reply = spoken.to_reply("octocat", {HUMAN.login: role})
    assert (reply.role, reply.refuses) == (expected, expected == "maintainer")


def test_what_was_said_before_the_author_is_known_is_kept() -> None:
    assert read_spoken(a_comment("/signpost wrong", REPORTER), 7) == Spoken(
        id=1, issue=7, login="octocat", association="NONE", at=POSTED, says_wrong=True
    )


def test_withdrawals_are_the_refused_guidance() -> None:
    ledger = a_ledger(a_given(2, a_guidance(until=START + 9, is_refused=1)), a_given(1, a_guidance(until=START + 5)))
    assert ledger.withdrawals == (Withdrawal(2, 2, "disk", "1", START + 9),)


@pytest.mark.parametrize("moment, covered", [(-1, False), (0, True), (5, True), (9, True), (10, False)])
def test_guidance_covers_its_own_time(moment: int, *, covered: bool) -> None:
    assert a_guidance(until=START + 9).covers(START + moment) is covered
    assert from_seconds(START) == from_seconds(to_seconds(from_seconds(START)))


NOTICED = sign_comment("Five people.", Marker(issue=0, kind="surge", keys=["rule:a", "message:1"], started=9, fix="2"))
NOTICE = Notice(7, "surge", "Many reports: a", ("rule:a", "message:1"), 9, fix="2", text=hash_text("Five people."))
GIVEN_WAY = sign_comment("Five people.", Marker(issue=0, kind="surge", is_superseded=True))


@pytest.mark.parametrize(
    "changes, closed, expected",
    [
        ({}, None, NOTICE),
        ({"body": NOTICED.replace("\n", "\r\n")}, None, NOTICE),
        ({"title": "The disk"}, None, NOTICE._replace(title="The disk")),
        ({"state": "closed"}, after(minutes=5), NOTICE._replace(closed=POSTED)),
        ({"body": NOTICED.replace("Five", "Six")}, None, NOTICE._replace(is_edited=True)),
        (
            {"body": f"{NOTICED}\n\nWe are on it."},
            None,
            Notice(7, "surge", "Many reports: a", is_edited=True),
        ),
        ({"body": "Hello.", "title": "Signpost: rules that only set labels now"}, None,
         Notice(7, "muted", "Signpost: rules that only set labels now", is_edited=True)),
        ({"body": "Hello.", "title": "It breaks"}, None, None),
        ({"body": sign_comment("Free some space.", Marker(issue=7))}, None, None),
        ({"body": GIVEN_WAY}, None, None),
    ],
)  # fmt: skip
def test_an_issue_of_our_own_says_what_it_is_about(
    changes: dict[str, object], closed: datetime | None, expected: Notice | None
) -> None:
    fields = {"title": "Many reports: a", "body": NOTICED, "author": OURSELVES, **changes}
    assert read_notice(OwnIssue(an_issue(**fields), closed)) == expected
