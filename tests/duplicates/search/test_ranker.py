from math import log, log1p

import pytest

from bot.duplicates.search.calibration import Calibration, Replayed, calibrate, read_calibration, write_calibration
from bot.duplicates.search.collection import measure_impact, weigh_query_term, weigh_rarity
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.feature_labels import FEATURES, describe_value
from bot.duplicates.search.features import Features
from bot.duplicates.search.model import Slope, read_model
from bot.duplicates.search.ranker import (
    Hit,
    choose_related,
    judge_standings,
    locate_fingerprints,
    name_other_platforms,
    search_collection,
    weigh_features,
)
from tests.duplicates.samples import MODEL, NO_FEATURES, a_report, fill_memory

FULL = "error: no space left on device while writing the cache"
REPORTS = [
    a_report(1, "Crash when the disk is full", FULL),
    a_report(2, "Window is too small", "I cannot read anything"),
    a_report(3, "Disk full", f"It stops.\n{FULL}"),
    a_report(4, "Crash of the printer", "The printer is gone.", author="ann"),
    *(a_report(number, f"Unrelated matter {number}", "Nothing to see here") for number in range(5, 1_200)),
]


def search(title: str, body: str = "", author: str = "", day: int = 1_200) -> tuple[Hit, ...]:
    return search_collection(make_profile(a_report(day, title, body, author)), fill_memory(REPORTS), MODEL)


@pytest.mark.parametrize(
    "title, body, number, tier, why",
    [
        ("Window too small", "Help", 2, "C", "nearly the same title"),
        ("Disk is full", f"{FULL}\nI freed some.", 3, "B", f"the same error: {FULL}"),
        ("Disk full", f"It stops.\n{FULL}", 3, "B", "the same report, word for word"),
        ("The printer is away", "", 4, "C", "shares the rare words printer"),
    ],
)
def test_the_best_candidate_says_why(title: str, body: str, number: int, tier: str, why: str) -> None:
    best = search(title, body)[0]

    assert (best.number, best.tier, best.why) == (number, tier, why)


def test_only_earlier_reports_are_candidates() -> None:
    assert {candidate.number for candidate in search("Disk full", day=2)} <= {1, 2}


def test_nothing_is_found_for_nothing() -> None:
    assert search("") == ()


def test_a_series_is_not_shown() -> None:
    found = search("Crash of the printer driver", author="ann", day=5)

    assert found[0].number == 4
    assert found[0].is_series
    assert 4 not in [candidate.number for candidate in choose_related(found, 0.0)]


def test_at_most_three_are_shown_and_none_below_the_threshold() -> None:
    found = search("Window too small")

    assert choose_related(found, found[0].score) == found[:3]
    assert choose_related(found, found[0].score + 0.001) == ()


def test_the_same_error_is_shown_first_and_always() -> None:
    found = search("Disk is full", FULL)

    assert [(candidate.number, candidate.tier) for candidate in choose_related(found, 0.0)] == [(3, "B"), (1, "B")]
    assert choose_related(found, 1.0) == found[:2]


def test_what_one_author_files_again_on_another_day_is_a_chore_that_comes_back() -> None:
    chore = "Publish documentation of the week on our staging server, then tell editors, testers and translators"
    reports = [a_report(1, "Chores", chore, author="ann"), *REPORTS[4:]]
    queries = (("ann", 9), ("ann", 2), ("bob", 9))
    tiers = [
        search_collection(make_profile(a_report(day, "Chores", chore, author)), fill_memory(reports), MODEL)[0].tier
        for author, day in queries
    ]

    assert tiers == ["C", "B", "B"]


@pytest.mark.parametrize(
    "title, other, is_it",
    [
        ("iOS: crash", "Android: crash", True),
        ("iOS: crash", "Crash on iPhone", False),
        ("iOS and Android: crash", "Android: crash", False),
        ("OS X: crash", "macOS crash", False),
        ("iOS: crash", "Crash", False),
        ("", "", False),
    ],
)
def test_titles_name_other_platforms(title: str, other: str, is_it: bool) -> None:  # noqa: FBT001 (a row of the table)
    assert name_other_platforms(title, other) == is_it


@pytest.mark.parametrize(
    "places, leads, margins",
    [
        ([], [], []),
        ([5.0], [log(999_999)], [0.0]),
        ([2.0, 2.0], [0.0, 0.0], [0.0, 0.0]),
    ],
)
def test_a_candidate_stands_among_others(places: list[float], leads: list[float], margins: list[float]) -> None:
    standings = judge_standings(make_profile(a_report(1, "Title")), [(place, NO_FEATURES) for place in places])

    assert [standing.lead for standing in standings] == pytest.approx(leads)
    assert [standing.margin for standing in standings] == margins


def test_what_is_known_of_the_three_that_may_be_shown_counts_for_all() -> None:
    sibling = NO_FEATURES._replace(series=1.0, duplicates=9.0, is_duplicate=1.0)
    shown = [NO_FEATURES, NO_FEATURES._replace(duplicates=2.0), NO_FEATURES._replace(duplicates=1.0, is_duplicate=1.0)]
    fourth = NO_FEATURES._replace(duplicates=5.0)
    ranked = [(float(-place), features) for place, features in enumerate([sibling, *shown, fourth])]

    standings = judge_standings(make_profile(a_report(1, "Title")), ranked)

    assert {(standing.repeated, standing.repeats) for standing in standings} == {(2.0, 1.0)}


@pytest.mark.parametrize("value, added", [(0.0, 0.0), (2.0, 6.0), (3.0, 7.0), (-1.0, -3.0)])
def test_beyond_its_bend_a_value_adds_more_or_less(value: float, added: float) -> None:
    assert Slope(3.0, bend=2.0, above=1.0).add(value) == added
    assert Slope(3.0).add(value) == 3.0 * value


@pytest.mark.parametrize("count, rarity", [(0, log(202)), (100, log(1 + 0.5 / 100.5)), (101, 0.0)])
def test_what_everybody_has_is_not_rare(count: int, rarity: float) -> None:
    assert weigh_rarity(count, 100) == pytest.approx(rarity)


def test_a_title_tells_more_than_a_body() -> None:
    lengths = (8, 128)

    assert measure_impact(1, 0, lengths) > measure_impact(0, 4, lengths) > measure_impact(0, 1, lengths) > 0
    assert weigh_query_term(1, 0) > weigh_query_term(0, 4) > weigh_query_term(0, 1) == 1.0


def test_what_moved_a_candidate_is_told_by_weight() -> None:
    found = search("Crash when the disk is full")

    first, second, *_ = weigh_features(found[0], found, MODEL)

    assert (first.name, second.name) == ("word_score", "title_likeness")
    assert first.value == 1.0
    assert first.gain > second.gain > 0


def test_every_feature_is_described_and_has_its_coefficient() -> None:
    assert tuple(FEATURES) == Features._fields
    assert len(read_model().order) == len(Features._fields)
    assert 0 < read_model().threshold < 1


@pytest.mark.parametrize(
    "feature, value, said",
    [
        ("word_score", 0.4377, "44%"),
        ("age", log1p(20), "20"),
        ("duplicates", log1p(1_204), "1,200"),
        ("rarest_word", log(7_953), "1 in 8,000"),
        ("rarest_mark", 0.0, "none"),
        ("same_author", 1.0, "yes"),
        ("is_duplicate", 0.0, "no"),
    ],
)
def test_a_value_is_told_in_what_people_count_in(feature: str, value: float, said: str) -> None:
    assert describe_value(feature, value) == said


@pytest.mark.parametrize(
    "body, place",
    [
        ("It stops.\n  error: no space left on device 5", "line 2: error: no space left on device 5"),
        ("It stops.", None),
    ],
)
def test_a_shared_mark_is_shown_in_its_place(body: str, place: str | None) -> None:
    assert locate_fingerprints("It stops", body).get("message:error: no space left on device") == place


@pytest.mark.parametrize(
    "scores, share, threshold, shown",
    [
        ([0.1, 0.2, 0.3, 0.4], 0.25, 0.300001, 1),
        ([0.1, 0.2, 0.3, 0.4], 0.01, 0.400001, 0),
        ([0.5] * 10, 0.5, 0.500001, 0),
        ([], 0.5, 0.0, 0),
    ],
)
def test_a_threshold_lets_a_share_through(scores: list[float], share: float, threshold: float, shown: int) -> None:
    found = calibrate([Replayed(score, is_known=False, is_right=False) for score in scores], share)

    assert found.threshold == pytest.approx(threshold, abs=2e-6)
    assert found.shown == shown


def test_known_duplicates_are_counted_and_not_held_against_the_threshold() -> None:
    known = [Replayed(0.9, is_known=True, is_right=True), Replayed(0.9, is_known=True, is_right=False)]
    ordinary = [
        Replayed(0.1, is_known=False, is_right=False, has_error=has_error) for has_error in [True] * 3 + [False] * 7
    ]
    found = calibrate([*known, *ordinary], 0.1)

    assert (found.replayed, found.shown, found.known, found.caught, found.same_error) == (12, 2, 2, 1, 3)
    assert read_calibration(write_calibration(found)) == found


def test_a_calibration_has_all_its_figures() -> None:
    with pytest.raises(TypeError):
        read_calibration('{"share": 0.02}')
    earlier = '{"share": 0.02, "threshold": 0.5, "replayed": 9, "shown": 1, "known": 0, "caught": 0}'
    assert read_calibration(earlier) == Calibration(
        share=0.02, threshold=0.5, replayed=9, shown=1, known=0, caught=0, same_error=None
    )
