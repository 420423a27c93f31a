"""A rule becomes silent when people say that it does not fit, and not because of a few accounts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.stats import Share, measure_share
from bot.signals.ledger import Ledger, Reply
from bot.signals.mute import Mute, explain_muted, find_muted
from bot.signals.votes import NO_VOTES, count_votes, find_orders
from bot.triage.people.settings import VoteSettings
from tests.builders import a_rule, a_ruleset
from tests.signals.ledgers import START, a_given, a_guidance, a_ledger, a_vote, an_order

USUAL = VoteSettings()


def judged(wrong: int, works: int = 0, *, by_authors: bool = True, content_hash: str = "1") -> Ledger:
    """A rule with a comment on so many issues, each with one vote of its author, or of somebody else."""
    numbers = range(1, wrong + works + 1)
    return a_ledger(
        *(a_given(number, a_guidance(content_hash=content_hash)) for number in numbers),
        votes=[a_vote(f"{'author' if by_authors else 'sock'}-{n}", "-1" if n <= wrong else "+1", n) for n in numbers],
    )


def share(hits: int, total: int) -> Share:
    found = measure_share(hits, total)
    assert found
    return found


@pytest.mark.parametrize(
    "ledger, settings, muted",
    [
        pytest.param(judged(12), USUAL, True, id="twelve of twelve"),
        pytest.param(judged(11), USUAL, False, id="too few people"),
        pytest.param(judged(10, 2), USUAL, True, id="ten of twelve: at least 55 %"),
        pytest.param(judged(9, 3), USUAL, False, id="nine of twelve: perhaps only 47 %"),
        pytest.param(judged(9, 3), VoteSettings(mute_above=0.4), True, id="a lower limit"),
        pytest.param(judged(3), VoteSettings(mute_from=3, mute_above=0.4), True, id="fewer people by the settings"),
        pytest.param(judged(50), VoteSettings(mute_above=None), False, id="never by the settings"),
        pytest.param(judged(50, by_authors=False), USUAL, False, id="fifty accounts that opened no issue"),
        pytest.param(a_ledger(), USUAL, False, id="no vote"),
    ],
)
def test_a_rule_is_muted_by_the_lower_bound_of_its_wrong_rate(
    ledger: Ledger, settings: VoteSettings, *, muted: bool
) -> None:
    assert [each.rule for each in find_muted(count_votes(ledger), settings)] == (["disk"] if muted else [])


def test_ten_accounts_on_an_issue_mute_nothing() -> None:
    ledger = a_ledger(votes=[a_vote(f"sock-{number}", at=START + number) for number in range(10)])
    assert find_muted(count_votes(ledger), USUAL) == ()


def test_one_person_with_twenty_issues_is_one_person() -> None:
    ledger = judged(20)
    ledger = a_ledger(
        *ledger.comments, votes=[vote._replace(login="max") for vote in ledger.votes], permissions={"max": "admin"}
    )
    assert count_votes(ledger)["disk"].jury.voters == 1
    assert find_muted(count_votes(ledger), USUAL) == ()


def test_a_mute_carries_its_reason() -> None:
    muted = find_muted(count_votes(judged(11, 1)), USUAL)
    assert muted == (Mute(rule="disk", content_hash="1", wrong=share(11, 12)),)
    assert explain_muted(muted) == {"disk": "11 of 12 people said that it is not their problem"}


def test_a_changed_rule_speaks_again() -> None:
    assert find_muted(count_votes(judged(12), hashes={"disk": "2"}), USUAL) == ()


# --- by hand


def mute(ledger: Ledger, **hashes: str) -> list[Mute]:
    known = hashes or {"disk": "1"}
    return [*find_muted(count_votes(ledger, hashes=known), USUAL, find_orders(ledger), known)]


BY_HAND = Mute(rule="disk", content_hash="1")
LATER = START + 1_000


@pytest.mark.parametrize(
    "orders, hashes, expected",
    [
        ([], {}, []),
        ([an_order("mute")], {}, [BY_HAND]),
        ([an_order("mute")], {"disk": "2"}, [Mute(rule="disk", content_hash="2")]),
        ([an_order("mute")], {"memory": "1"}, []),
        ([an_order("mute", "memory")], {}, []),
        ([an_order("mute"), an_order("unmute", at=LATER, number=951)], {}, []),
        ([an_order("unmute"), an_order("mute", at=LATER, number=951)], {}, [BY_HAND]),
        ([an_order("mute"), an_order("unmute", number=951)], {}, []),
    ],
)
def test_a_maintainer_mutes_a_rule_until_it_is_unmuted(
    orders: list[Reply], hashes: dict[str, str], expected: list[Mute]
) -> None:
    assert mute(a_ledger(replies=orders), **hashes) == expected


@pytest.mark.parametrize(
    "orders, is_muted",
    [
        pytest.param([an_order("mute", "old")], True, id="muted before the rename"),
        pytest.param([an_order("mute", "older"), an_order("unmute", "old", LATER, 951)], False, id="two former ids"),
        pytest.param(
            [an_order("mute", "old"), an_order("unmute", at=LATER, number=951)], False, id="the id comes last"
        ),
        pytest.param([an_order("unmute"), an_order("mute", "old", LATER, 951)], True, id="a former id comes last"),
        pytest.param([an_order("mute", "other")], False, id="another rule"),
    ],
)
def test_a_command_counts_under_every_name_of_a_rule(orders: list[Reply], *, is_muted: bool) -> None:
    ruleset, ledger = a_ruleset(a_rule(id="disk", was=["old", "older"])), a_ledger(replies=orders)
    given = find_orders(ledger, ruleset.renamed)
    assert find_muted({}, USUAL, given, {"disk": "1"}) == ((BY_HAND,) if is_muted else ())


def test_votes_before_an_unmute_of_a_former_id_do_not_count_for_muting() -> None:
    ledger = replace(judged(12), replies=(an_order("unmute", "old", LATER),))
    assert count_votes(ledger, renamed={"old": "disk"})["disk"].jury.voters == 0
    assert count_votes(ledger)["disk"].jury.voters == 12


@pytest.mark.parametrize("votes_at, is_muted", [(LATER - 1, False), (LATER, False), (LATER + 1, True)])
def test_votes_before_an_unmute_do_not_count_for_muting(votes_at: int, *, is_muted: bool) -> None:
    ledger = judged(12)
    votes = tuple(vote._replace(at=votes_at) for vote in ledger.votes)
    ledger = replace(ledger, votes=votes, replies=(an_order("unmute", at=LATER),))
    assert [each.rule for each in mute(ledger)] == (["disk"] if is_muted else [])
    assert count_votes(ledger)["disk"].all.voters == 12


def test_a_vote_that_judges_nothing_brings_no_verdict_back_after_an_unmute() -> None:
    ledger = judged(12)
    later = tuple(vote._replace(content="heart", at=LATER + 1) for vote in ledger.votes)
    ledger = replace(ledger, votes=(*ledger.votes, *later), replies=(an_order("unmute", at=LATER),))
    assert (mute(ledger), count_votes(ledger)["disk"].jury) == ([], NO_VOTES)


def test_what_a_maintainer_wants_comes_before_votes() -> None:
    ledger = replace(judged(12), replies=(an_order("mute"),))
    assert mute(ledger) == [BY_HAND]
    assert explain_muted(mute(ledger)) == {"disk": "a maintainer wrote `/signpost mute`"}
    assert find_muted(count_votes(ledger), VoteSettings(mute_above=None), find_orders(ledger), {"disk": "1"}) == (
        BY_HAND,
    )


ORDERS = [an_order("mute"), an_order("unmute", at=LATER, number=951), an_order("mute", at=LATER + 1, number=952)]


@given(st.permutations([*ORDERS, *ORDERS]))
def test_neither_order_nor_repetition_of_commands_changes_the_end(replies: list[Reply]) -> None:
    assert mute(a_ledger(replies=replies)) == [BY_HAND]
