"""Votes are people, not clicks."""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.stats import measure_share
from bot.signals.ledger import Ledger, Vote
from bot.signals.votes import NO_VOTES, Tally, Votes, count_votes, find_unasked, tabulate_votes
from bot.triage.people.settings import MEANINGS
from tests.signals.ledgers import DAY, START, a_given, a_guidance, a_ledger, a_refusal, a_vote, an_order

WRONG, WORKS = "not-my-problem", "works"


def tally(voters: int, **counts: int) -> Tally:
    return Tally(counts={name.replace("_", "-"): number for name, number in sorted(counts.items())}, voters=voters)


def count(ledger: Ledger, **more: Mapping[str, str]) -> Votes:
    return count_votes(ledger, **more)["disk"]  # type: ignore[arg-type]


CASES: dict[str, tuple[Ledger, Tally, Tally, Tally]] = {
    "nothing": (a_ledger(), NO_VOTES, NO_VOTES, NO_VOTES),
    "the author": (
        a_ledger(votes=[a_vote("author-1", "+1")]),
        tally(1, works=1),
        NO_VOTES,
        tally(1, works=1),
    ),
    "somebody else": (a_ledger(votes=[a_vote("eve")]), NO_VOTES, tally(1, not_my_problem=1), NO_VOTES),
    "a person who may write": (
        a_ledger(votes=[a_vote("Max")], permissions={"max": "write"}),
        NO_VOTES,
        tally(1, not_my_problem=1),
        tally(1, not_my_problem=1),
    ),
    "a person who may only read": (
        a_ledger(votes=[a_vote("max")], permissions={"max": "read"}),
        NO_VOTES,
        tally(1, not_my_problem=1),
        NO_VOTES,
    ),
    "a bot": (a_ledger(votes=[a_vote("tidy[bot]", is_bot=True)]), NO_VOTES, NO_VOTES, NO_VOTES),
    "several things at once": (
        a_ledger(votes=[a_vote("author-1", name) for name in ("+1", "rocket", "eyes")]),
        tally(1, works=1, easy_fix=1, common=1),
        NO_VOTES,
        tally(1, works=1),
    ),
    "only what is neither right nor wrong": (
        a_ledger(votes=[a_vote("author-1", "laugh")]),
        tally(1, flaky=1),
        NO_VOTES,
        NO_VOTES,
    ),
    "the last of two verdicts": (
        a_ledger(votes=[a_vote("author-1", "-1"), a_vote("author-1", "+1", at=START + 90)]),
        tally(1, works=1),
        NO_VOTES,
        tally(1, works=1),
    ),
    "two verdicts in one second": (
        a_ledger(votes=[a_vote("author-1", "+1"), a_vote("author-1", "-1")]),
        tally(1, not_my_problem=1),
        NO_VOTES,
        tally(1, not_my_problem=1),
    ),
    "before the guidance was given": (a_ledger(votes=[a_vote("author-1", at=START - 1)]), NO_VOTES, NO_VOTES, NO_VOTES),
    "after it was taken back": (
        a_ledger(a_given(1, a_guidance(until=START + 50)), votes=[a_vote("author-1")]),
        NO_VOTES,
        NO_VOTES,
        NO_VOTES,
    ),
    "the vote that took it back": (
        a_ledger(a_given(1, a_guidance(until=START + 60, is_refused=1)), votes=[a_vote("author-1")]),
        tally(1, not_my_problem=1),
        NO_VOTES,
        tally(1, not_my_problem=1),
    ),
    "in words": (a_ledger(replies=[a_refusal()]), tally(1, not_my_problem=1), NO_VOTES, tally(1, not_my_problem=1)),
    "in words and with a click": (
        a_ledger(replies=[a_refusal()], votes=[a_vote("author-1")]),
        tally(1, not_my_problem=1),
        NO_VOTES,
        tally(1, not_my_problem=1),
    ),
    "a maintainer in words": (
        a_ledger(replies=[a_refusal("max", "maintainer")], permissions={"max": "admin"}),
        NO_VOTES,
        tally(1, not_my_problem=1),
        tally(1, not_my_problem=1),
    ),
    "the same person on two comments": (
        a_ledger(
            a_given(1),
            a_given(2),
            votes=[a_vote("max", "-1", 1), a_vote("max", "+1", 2, START + 90)],
            permissions={"max": "write"},
        ),
        NO_VOTES,
        tally(2, not_my_problem=1, works=1),
        tally(1, works=1),
    ),
    "the last verdict, and a later vote that judges nothing": (
        a_ledger(
            a_given(1),
            a_given(2),
            votes=[
                a_vote("max", "-1", 1),
                a_vote("max", "rocket", 1, START + 99),
                a_vote("max", "+1", 2, START + 90),
            ],
            permissions={"max": "write"},
        ),
        NO_VOTES,
        tally(2, not_my_problem=1, works=1, easy_fix=1),
        tally(1, works=1),
    ),
    "ten accounts on one comment": (
        a_ledger(votes=[a_vote(f"sock-{number}") for number in range(10)]),
        NO_VOTES,
        tally(10, not_my_problem=10),
        NO_VOTES,
    ),
}


@pytest.mark.parametrize("ledger, authors, others, jury", CASES.values(), ids=CASES)
def test_each_person_counts_once_a_comment(ledger: Ledger, authors: Tally, others: Tally, jury: Tally) -> None:
    votes = count(ledger)
    assert (votes.authors, votes.others, votes.jury) == (authors, others, jury)
    assert votes.all.voters == authors.voters + others.voters


def test_everything_that_is_counted_for_a_rule() -> None:
    ledger = a_ledger(
        a_given(1, a_guidance(until=START + 60, is_refused=1)),
        a_given(2, a_guidance(), a_guidance("memory")),
        votes=[a_vote("author-1"), a_vote("author-2", "+1", 2, START + 7 * DAY)],
    )
    assert count(ledger) == Votes(
        rule="disk",
        content_hash="1",
        all=tally(2, not_my_problem=1, works=1),
        authors=tally(2, not_my_problem=1, works=1),
        others=NO_VOTES,
        jury=tally(2, not_my_problem=1, works=1),
        comments=2,
        refused=1,
        weeks={"2026-W14": tally(1, not_my_problem=1), "2026-W15": tally(1, works=1)},
    )
    assert list(count_votes(ledger)) == ["disk", "memory"]


def test_rates_come_with_their_wilson_intervals() -> None:
    votes = count(a_ledger(votes=[a_vote("a", "+1"), a_vote("b", "+1"), a_vote("c"), a_vote("d", "eyes")]))
    assert (votes.all.solved, votes.all.wrong) == (measure_share(2, 3), measure_share(1, 3))
    assert (NO_VOTES.solved, NO_VOTES.wrong) == (None, None)


def test_a_changed_rule_starts_afresh() -> None:
    ledger = a_ledger(
        a_given(1, a_guidance(content_hash="1")),
        a_given(2, a_guidance(content_hash="2", since=START + 9)),
        votes=[a_vote("author-1"), a_vote("author-2", "+1", 2)],
    )
    assert count(ledger).content_hash == "2"
    assert count(ledger).all == tally(1, works=1)
    assert count(ledger, hashes={"disk": "1"}).all == tally(1, not_my_problem=1)
    assert count(ledger, hashes={"disk": "3"}) == Votes(rule="disk", content_hash="3")
    assert count_votes(ledger, hashes={"other": "1"}) == {}


def test_settings_say_what_a_reaction_means() -> None:
    ledger = a_ledger(votes=[a_vote("author-1", "heart"), a_vote("eve", "eyes")])
    votes = count_votes(ledger, {**MEANINGS, "heart": "works", "eyes": "nothing"})["disk"]
    assert votes.all == tally(1, works=1)


NOW = START + 7 * DAY + 59


def known(asked: int) -> dict[str, Any]:
    """Eve may only read, as GitHub said at that time."""
    return {"permissions": {"eve": "read"}, "asked": {"eve": asked}}


@pytest.mark.parametrize(
    "ledger, asked",
    [
        (a_ledger(votes=[a_vote("eve", "+1")]), ()),
        (a_ledger(votes=[a_vote("eve"), a_vote("max", "+1"), a_vote("author-1")]), ("eve", "max")),
        (a_ledger(votes=[a_vote("eve"), a_vote("max", "eyes")]), ("eve",)),
        (a_ledger(votes=[a_vote("Eve"), a_vote("max")], **known(START + 60)), ("max",)),
        (a_ledger(votes=[a_vote("Eve")], **known(START + 59)), ("Eve",)),
        (a_ledger(votes=[a_vote("Eve")], **known(NOW - 7 * DAY)), ("Eve",)),
        (a_ledger(votes=[a_vote("Eve")], **known(NOW - 7 * DAY + 1)), ()),
        (a_ledger(votes=[a_vote("Eve")], permissions={"eve": "read"}), ("Eve",)),
        (a_ledger(replies=[a_refusal("eve", "other", at=START + 61)], **known(START + 60)), ("eve",)),
        (a_ledger(votes=[a_vote("tidy[bot]", is_bot=True)]), ()),
        (a_ledger(replies=[a_refusal("max", "maintainer")]), ("max",)),
        (a_ledger(replies=[a_refusal("eve", "other")]), ("eve",)),
        (a_ledger(replies=[an_order("mute")]), ("max",)),
        (a_ledger(replies=[a_refusal()]), ()),
    ],
)
def test_a_permission_is_asked_for_only_where_it_decides(ledger: Ledger, asked: tuple[str, ...]) -> None:
    assert find_unasked(ledger, MEANINGS, NOW) == asked


def test_a_table_has_every_statement() -> None:
    votes = [a_vote("a", "+1"), a_vote("b", "+1"), a_vote("c"), a_vote("d", "eyes")]
    table = tabulate_votes(count(a_ledger(votes=votes)))
    others = dict.fromkeys(("easy-fix", "time-saver", "blocking", "flaky", "reproducible"), (0, None))
    assert table == {"works": (2, 1), "common": (1, None), **others}


votes_cast = st.lists(
    st.builds(
        a_vote,
        st.sampled_from(["author-1", "author-2", "max", "eve"]),
        st.sampled_from([*MEANINGS]),
        st.integers(1, 2),
        st.integers(START - 5, START + 100),
    ),
    max_size=25,
)


@given(votes_cast, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_votes_changes_the_count(votes: list[Vote], shuffled: Random) -> None:
    given_, order = a_ledger(a_given(1), a_given(2), permissions={"max": "write"}), [*votes, *votes]
    shuffled.shuffle(order)
    assert count(replace(given_, votes=tuple(order))) == count(replace(given_, votes=tuple(votes)))
