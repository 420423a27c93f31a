"""What rules are worth, as a value, a table and a page."""

from datetime import date

import pytest
from playwright.sync_api import Browser

from bot.archive.stats import Share, measure_share
from bot.signals.ledger import Closing, Ledger
from bot.signals.mute import find_muted
from bot.signals.stats import (
    HEADINGS,
    Stats,
    find_trend,
    format_share,
    format_worth,
    list_columns,
    make_stats,
    measure_worth,
    render_html,
    to_json,
)
from bot.signals.votes import NO_VOTES, Tally, count_votes
from bot.triage.people.settings import VoteSettings
from tests.signals.ledgers import DAY, START, a_given, a_guidance, a_ledger, a_vote
from tests.stand_ins.accessibility import find_barriers

TODAY = date(2026, 4, 30)
EASY = VoteSettings(mute_from=2, mute_above=0.3)


def some_ledger() -> Ledger:
    return a_ledger(
        a_given(1, a_guidance("disk"), a_guidance("memory", until=START + 60, is_refused=1)),
        a_given(2, a_guidance("disk")),
        a_given(3, a_guidance("<b>network</b>")),
        votes=[
            a_vote("author-1", "+1"),
            a_vote("author-2", "+1", 2, START + 8 * DAY),
            a_vote("max", "rocket", 2),
            a_vote("author-3", "-1", 3),
            a_vote("max", "-1", 3),
        ],
        permissions={"max": "write"},
        closings=(Closing(1, START, 0), Closing(2, START, START + 5)),
    )


def some_stats() -> Stats:
    ledger = some_ledger()
    votes = count_votes(ledger)
    return make_stats(ledger, votes, find_muted(votes, EASY), {"disk": "The disk is full"}, TODAY)


def test_the_most_valuable_rules_come_first() -> None:
    stats = some_stats()
    assert [(each.rule, each.worth, each.title) for each in stats.rules] == [
        ("disk", 34, "The disk is full"),
        ("memory", 21, ""),
        ("<b>network</b>", -34, ""),
    ]
    assert (stats.comments, stats.votes, stats.withdrawals, stats.closings, stats.reopened) == (3, 5, 1, 2, 1)
    assert stats.weeks == ("2026-W14", "2026-W15", "2026-W16", "2026-W17", "2026-W18")
    assert [each.weekly for each in stats.rules] == [(2, 1, 0, 0, 0), (1, 0, 0, 0, 0), (2, 0, 0, 0, 0)]


def test_a_row_of_the_table() -> None:
    assert dict(zip(HEADINGS, list_columns(some_stats().rules[2]), strict=True)) == {
        "rule": "<b>network</b>",
        "trend": "muted",
        "solved": "0 % (0-66)",
        "wrong": "100 % (34-100)",
        "worth": "-34",
        "voters": "2",
        "comments": "1",
        "withdrawn": "0",
        "wrong (authors)": "100 % (21-100)",
        "wrong (others)": "100 % (21-100)",
    }
    assert list_columns(some_stats().rules[0])[1] == "steady"


def test_scripts_get_the_same_with_unrounded_numbers() -> None:
    (disk, *_) = to_json(some_stats())["rules"]
    share = measure_share(2, 2)
    assert share
    assert (disk["all"]["voters"], disk["all"]["counts"]) == (3, {"easy-fix": 1, "works": 2})
    assert disk["all"]["solved"] == {"value": share.value, "low": share.low, "high": share.high}
    assert (disk["authors"]["voters"], disk["others"]["voters"], disk["muted"]) == (2, 1, None)


def tally(wrong: int, voters: int) -> Tally:
    return Tally(counts={"not-my-problem": wrong, "works": voters - wrong}, voters=voters)


@pytest.mark.parametrize(
    "weekly, trend",
    [
        ({}, "unknown"),
        ({"w1": tally(5, 10)}, "unknown"),
        ({"w6": tally(5, 10)}, "unknown"),
        ({"w1": tally(5, 10), "w6": tally(6, 10)}, "steady"),
        ({"w1": tally(1, 20), "w5": tally(5, 8), "w6": tally(5, 8)}, "worse"),
        ({"w1": tally(18, 20), "w6": tally(2, 20)}, "better"),
    ],
)
def test_a_trend_is_said_only_where_it_is_more_than_chance(weekly: dict[str, Tally], trend: str) -> None:
    assert find_trend(weekly, [f"w{number}" for number in range(1, 7)]) == trend


def test_few_votes_are_worth_less_than_many() -> None:
    few, many = (Tally(counts={"works": number}, voters=number) for number in (2, 50))
    assert (measure_worth(NO_VOTES), measure_worth(few), measure_worth(many)) == (None, 34, 93)
    assert [format_worth(worth) for worth in (None, 0, 34, -5)] == ["-", "0", "+34", "-5"]
    assert format_share(None) == "-"
    assert format_share(Share(1, 2, 0.5, 0.1, 0.9)) == "50 % (10-90)"


def test_other_reactions_change_no_rate() -> None:
    plain = Tally(counts={"not-my-problem": 1, "works": 4}, voters=5)
    friendly = Tally(counts={"common": 2, "easy-fix": 3, "not-my-problem": 1, "time-saver": 9, "works": 4}, voters=19)
    assert (friendly.solved, friendly.wrong) == (measure_share(4, 5), measure_share(1, 5))
    assert measure_worth(friendly) == measure_worth(plain) == 34
    only = Tally(counts={"time-saver": 2}, voters=2)
    assert (only.solved, only.wrong, measure_worth(only)) == (None, None, None)
    assert find_trend({"w1": only, "w6": plain}, [f"w{number}" for number in range(1, 7)]) == "unknown"


@pytest.mark.parametrize("stats", [Stats(repository="octo/widget"), some_stats()], ids=["empty", "with votes"])
def test_the_page_is_whole_and_keeps_nobody_out(browser: Browser, stats: Stats) -> None:
    html = render_html(stats)
    page = browser.new_page()
    page.set_content(html)
    assert find_barriers(browser, html) == []
    assert page.locator("b", has_text="network").count() == 0
    assert page.get_by_text("2 of 2 people said that it is not their problem").count() == bool(stats.rules)
    assert page.locator("tbody tr").count() == len(stats.rules)
