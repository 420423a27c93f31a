"""A tally is the same however an archive is cut up, and stays small."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.workbench.backtest.tally import (
    SAMPLE,
    Agreement,
    Change,
    PatternTally,
    RuleTally,
    Sighting,
    Tally,
    WeekTally,
    merge_tallies,
)


def an_issue_tally(number: int, rule: str, week: str) -> Tally:
    """What one issue adds that a rule matches, in every field."""
    seen = (Sighting(number % 7 / 7, number, "It breaks", "no space"),)
    return Tally(
        issues=1,
        matched=1,
        comments=number % 2,
        weeks={week: WeekTally(1, 1, number % 2)},
        rules={
            rule: RuleTally(
                matches=1,
                silenced=number % 3,
                comments=number % 2,
                weeks={week: 1},
                patterns={f"pattern {number % 4}": PatternTally(1, seen, seen)},
                agreement=Agreement(right=number % 2, wrong=1, wrong_issues=(number,)),
                change=Change(gained=1, gained_issues=(number,)),
            )
        },
        overlaps={("a", rule): 1},
        labels={"bug": 1},
        known=1,
        unmatched_issues=(number,),
    )


tallies = st.lists(
    st.builds(an_issue_tally, st.integers(1, 500), st.sampled_from("bc"), st.sampled_from(["2026-W01", "2026-W02"])),
    max_size=60,
)


@given(tallies, st.lists(st.integers(0, 60), max_size=5), st.randoms(use_true_random=False))
def test_neither_cuts_nor_order_change_the_whole(parts: list[Tally], cuts: list[int], chance: object) -> None:
    at_once = merge_tallies(parts)
    shuffled = sorted(parts, key=lambda part: hash((repr(part), repr(chance))))
    places = [0, *sorted(cuts), len(shuffled)]
    chunks = [merge_tallies(shuffled[start:end]) for start, end in pairwise(places)]

    assert merge_tallies(chunks) == at_once


def test_a_tally_does_not_grow_with_the_history() -> None:
    whole = Tally()
    for number in range(1, 2_000):
        whole = merge_tallies([whole, an_issue_tally(number, "b", "2026-W01")])
    rule = whole.rules["b"]

    assert {len(pattern.fullest) for pattern in rule.patterns.values()} == {SAMPLE}
    assert (len(rule.patterns), len(rule.agreement.wrong_issues), len(rule.change.gained_issues)) == (4, 10, 200)


def test_the_newest_issues_are_kept() -> None:
    whole = merge_tallies(Tally(issues=1, unmatched_issues=(number,)) for number in range(1, 100))

    assert whole.unmatched_issues == tuple(range(99, 89, -1))


def test_nothing_merged_is_nothing() -> None:
    assert merge_tallies([]) == Tally()
