"""What is reported unusually often: the tables of the statistic, and what it says about streams of reports."""

import random
from datetime import UTC, datetime, timedelta
from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.insights.surge import (
    QUIET,
    WINDOWS,
    Episode,
    Gate,
    Report,
    Surge,
    Timeline,
    find_episodes,
    find_quantile,
    find_tail,
    find_trending,
    measure_each,
    measure_surge,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
PAST = NOW - timedelta(days=100)


def spread(count: int, days: float, end: datetime) -> list[datetime]:
    """Evenly, the last one just before the end."""
    return [end - timedelta(days=days * (place + 0.5) / count) for place in range(count)]


def by_strangers(times: list[datetime]) -> list[Report]:
    return [Report(at, f"person-{at.isoformat()}") for at in times]


def a_past(own: int) -> list[datetime]:
    """The reports of the twelve weeks that end a week ago, at the same hour, so that every week has as many."""
    return spread(own, 84, NOW - timedelta(days=7))


def a_repository(own: list[datetime], a_day: float = 10) -> Timeline:
    """The issues of a repository that is as busy as ever."""
    return Timeline.of([*own, *spread(round(a_day * 400), 400, NOW)])


def reports_needed(own: int, window: float) -> int:
    """With that many reports in the past: how many, the one that asks included, alarm within a window."""
    past = a_past(own)
    for count in range(3, 40):
        now = [NOW - timedelta(days=window * place / count) for place in range(count)]
        found = measure_surge(
            by_strangers([*past, *now]), a_repository([*past, *now]), NOW, Gate(reports=count, people=count)
        )
        if found and found.is_surge and found.window <= window:
            return count
    raise AssertionError("never")


@pytest.mark.parametrize(
    "own, expected",
    [
        pytest.param(0, [3, 3, 3, 3, 3, 3, 3], id="0 a year"),
        pytest.param(1, [3, 3, 3, 3, 3, 3, 4], id="4 a year"),
        pytest.param(3, [3, 3, 3, 3, 3, 4, 5], id="12 a year"),
        pytest.param(9, [3, 3, 3, 4, 4, 5, 7], id="40 a year"),
        pytest.param(28, [3, 4, 4, 5, 6, 8, 11], id="120 a year"),
        pytest.param(92, [4, 5, 6, 7, 8, 13, 20], id="400 a year"),
    ],
)
def test_the_more_are_usual_the_more_are_needed(own: int, expected: list[int]) -> None:
    assert [reports_needed(own, window) for window in WINDOWS] == expected


@pytest.mark.parametrize("own, expected", [(0, (0, 0)), (12, (0, 2)), (24, (0, 3)), (60, (1, 6)), (120, (4, 11))])
def test_the_usual_range_follows_the_past(own: int, expected: tuple[int, int]) -> None:
    times = [*a_past(own), NOW]
    found = measure_surge(by_strangers(times), a_repository(times), NOW)
    assert found is not None
    assert (found.usual, found.week) == (expected, 1)


def test_a_measure_has_all_that_it_rests_on() -> None:
    times = [*a_past(12), *(NOW - timedelta(hours=hours) for hours in (0, 1, 2, 4, 5, 40))]
    found = measure_surge(by_strangers(times), a_repository(times), NOW)
    assert found is not None
    mu, r = 12.5 / 112 / 4, 12.5
    assert found == Surge(
        expected=pytest.approx(12.5 / 112 * 365.25 * 7 * find_tail(4, mu, r)),  # type: ignore[arg-type]
        window=6 / 24,
        k=4,
        mu=pytest.approx(mu),  # type: ignore[arg-type]
        r=r,
        g=pytest.approx(1.0, abs=0.05),  # type: ignore[arg-type]
        phi=1.0,
        reports=5,
        people=5,
        week=6,
        usual=(0, 2),
        is_surge=True,
    )


def test_without_a_report_in_a_week_there_is_nothing_to_measure() -> None:
    assert measure_surge([], Timeline(), NOW) is None
    assert measure_surge(by_strangers(a_past(50)), a_repository(a_past(50)), NOW) is None


def burst(count: int, hours: float = 12, end: datetime = NOW) -> list[datetime]:
    return [end - timedelta(hours=hours * place / count) for place in range(count)]


def test_one_person_counts_once_a_week() -> None:
    times = burst(9)
    alone = measure_surge([Report(at, "octocat") for at in times], a_repository(times), NOW)
    assert alone is not None
    assert (alone.k, alone.people, alone.is_surge) == (0, 1, False)
    weekly = [Report(NOW - timedelta(days=days), "octocat") for days in (0, 7, 14, 20)]
    assert measure_surge(weekly, a_repository([each.at for each in weekly]), NOW) is not None


@pytest.mark.parametrize("count, is_surge", [(3, False), (4, False), (5, True)])
def test_a_surge_has_five_people(count: int, *, is_surge: bool) -> None:
    found = measure_surge(by_strangers(burst(count)), a_repository(burst(count)), NOW)
    assert found is not None
    assert (found.is_surge, found.expected < 0.1) == (is_surge, True)


def test_when_everybody_is_busy_more_are_needed() -> None:
    times = [*a_past(24), *burst(8)]
    calm, busy = a_repository(times), a_repository([*times, *burst(300)])
    found = [measure_surge(by_strangers(times), issues, NOW) for issues in (calm, busy)]
    assert [(each.is_surge, round(each.g)) for each in found if each] == [(True, 1), (False, 44)]


def test_when_weeks_are_uneven_more_are_needed() -> None:
    even, uneven = a_past(24), spread(24, 1, NOW - timedelta(days=30))
    found = [
        measure_surge(by_strangers([*past, *burst(7)]), a_repository([*past, *burst(7)]), NOW)
        for past in (even, uneven)
    ]
    assert [(each.is_surge, each.phi > 5) for each in found if each] == [(True, False), (False, True)]


def test_a_young_repository_counts_the_days_that_it_has() -> None:
    weeks = [NOW - timedelta(days=days) for days in range(8, 15)]
    found = [
        measure_surge(by_strangers([*weeks, NOW]), Timeline.of([*weeks, NOW, *others]), NOW) for others in ([], [PAST])
    ]
    assert [round(each.mu / each.window, 3) for each in found if each] == [
        round(7.5 / (28 + 7), 3),
        round(7.5 / (28 + 84), 3),
    ]


def test_later_reports_do_not_count() -> None:
    times = burst(9, end=NOW + timedelta(days=3))
    assert measure_surge(by_strangers([NOW, *times]), a_repository(times), NOW) == measure_surge(
        by_strangers([NOW]), a_repository([]), NOW
    )


# --- episodes and trending


def test_a_surge_lasts_until_it_has_been_calm_for_two_days() -> None:
    start = NOW - timedelta(days=9)
    times = [*a_past(6), *burst(8, 8, start), *burst(3, 4, start + timedelta(hours=20)), NOW - timedelta(hours=2)]
    (episode,) = find_episodes(by_strangers(times), a_repository(times), NOW)
    assert (episode.start, episode.end) == (start - timedelta(hours=3), start + timedelta(hours=68))
    assert (episode.peak.is_surge, episode.peak.people) == (True, 8)


def test_a_surge_of_now_has_no_end() -> None:
    times = [*a_past(6), *burst(8, 8)]
    episodes = find_episodes(by_strangers(times), a_repository(times), NOW + timedelta(hours=23))
    assert [(each.start, each.end) for each in episodes] == [(NOW - timedelta(hours=3), None)]
    assert find_episodes(by_strangers(times), a_repository(times), NOW, since=NOW) == ()


def test_two_surges_are_two() -> None:
    times = [*burst(8, 8, NOW - timedelta(days=200)), *burst(8, 8)]
    episodes = find_episodes(by_strangers(times), a_repository(times), NOW)
    assert [each.end is None for each in episodes] == [False, True]


HOURS_AFTER = {  # bursts of twelve: hours after the first one's end, and how often they come again
    "one report": ([1], []),
    "four reports": ([1, 2, 3, 4], []),
    "five reports": ([1, 2, 3, 4, 5], [(5, 5)]),
    "five reports in half an hour": ([0.1, 0.2, 0.3, 0.4, 0.5], [(0.5, 5)]),
    "twelve, eighteen hours later": ([18 + each / 6 for each in range(12)], [(18 + 4 / 6, 12)]),
}


@pytest.mark.parametrize("hours, expected", HOURS_AFTER.values(), ids=HOURS_AFTER)
def test_a_surge_that_is_over_comes_back_only_by_new_reports(
    hours: list[float], expected: list[tuple[float, int]]
) -> None:
    end = NOW - timedelta(days=2)
    times = [*burst(12, 3, end - QUIET), *(end + timedelta(hours=each) for each in hours)]
    first, *later = find_episodes(by_strangers(times), a_repository(times), NOW - timedelta(days=1))
    assert first.end == end
    assert [((each.start - end) / timedelta(hours=1), each.peak.reports) for each in later] == expected


def draw(a_day: float, days: float, end: datetime, dice: random.Random) -> list[datetime]:
    """Times by chance alone."""
    times, at = list[datetime](), end - timedelta(days=days)
    while (at := at + timedelta(days=dice.expovariate(a_day))) < end:
        times.append(at)
    return times


@pytest.mark.parametrize("a_year", [12, 40, 120, 400])
@pytest.mark.parametrize(
    "days, own, others",
    [
        pytest.param(12, 1, 0.1, id="Christmas: few issues, and one rule as ever"),
        pytest.param(1, 3, 3, id="a release day: everything tripled"),
        pytest.param(1, 10, 10, id="a tenfold busy tracker"),
        pytest.param(30, 1, 1, id="a month as ever"),
    ],
)
def test_what_is_no_surge_raises_nothing(days: float, own: float, others: float, a_year: int) -> None:
    start, alarms = NOW - timedelta(days=days), list[Episode]()
    for seed in range(10):
        dice = random.Random(f"{seed} {a_year}")  # noqa: S311 (a sample, no secret)
        reports = [*draw(a_year / 365.25, 100, start, dice), *draw(own * a_year / 365.25, days, NOW, dice)]
        rest = [*draw(30, 100, start, dice), *draw(30 * others, days, NOW, dice)]
        alarms += find_episodes(by_strangers(reports), Timeline.of([*reports, *rest]), NOW, start)
    assert alarms == []


def test_those_who_ask_at_each_report_see_what_one_who_asks_then_sees() -> None:
    times = [*a_past(9), *burst(6, 20)]
    reports, issues = by_strangers(times), a_repository(times)
    asked = measure_each(reports, issues, NOW, NOW - timedelta(days=2))
    assert [(each.at, each.surge) for each in asked] == [
        (at, measure_surge(reports, issues, at)) for at in sorted(burst(6, 20))
    ]


def test_the_list_has_the_least_likely_first_and_nothing_usual() -> None:
    rules = {
        "calm": by_strangers([*a_past(40), *burst(2, 100)]),
        "quiet": by_strangers(a_past(3)),
        "gone": by_strangers(spread(9, 3, PAST)),
        "risen": by_strangers([*a_past(3), *burst(4, 90)]),
        "surging": by_strangers([*a_past(3), *burst(9, 10)]),
        "alone": [Report(at, "octocat") for at in burst(9, 10)],
    }
    issues = a_repository([each.at for own in rules.values() for each in own])
    found = find_trending(rules, issues, NOW)
    assert [(each.rule, each.surge.people, each.surge.is_surge) for each in found] == [
        ("surging", 9, True),
        ("risen", 4, True),
    ]
    assert [each.episode and (each.episode.start, each.episode.end) for each in found] == [
        (NOW - timedelta(hours=10 * 4 / 9), None),
        None,
    ]


def test_a_lasting_surge_is_listed_although_its_window_has_passed() -> None:
    rules = {"surging": by_strangers([*a_past(60), *burst(9, 3, NOW - timedelta(hours=22))])}
    (trend,) = find_trending(rules, a_repository(burst(9, 3)), NOW)
    assert isinstance(trend.episode, Episode)
    assert trend.episode.end is None


# --- the distribution


def exact(k: int, mu: float, size: int) -> float:
    """With a whole size, the distribution counts failures before successes."""
    win = size / (size + mu)
    return 1 - sum(comb(j + size - 1, j) * win**size * (1 - win) ** j for j in range(k))


@given(st.integers(0, 60), st.floats(0.01, 50), st.integers(1, 80))
def test_the_tail_is_that_of_the_negative_binomial_distribution(k: int, mu: float, size: int) -> None:
    assert isclose(find_tail(k, mu, size), exact(k, mu, size), rel_tol=1e-6, abs_tol=1e-12)


@given(st.integers(0, 500), st.floats(1e-6, 1e4), st.floats(1e-3, 1e4))
def test_a_tail_is_a_probability_that_falls(k: int, mu: float, r: float) -> None:
    assert 0.0 <= find_tail(k + 1, mu, r) <= find_tail(k, mu, r) + 1e-12 <= 1.0 + 1e-9


def test_a_small_tail_keeps_its_digits() -> None:
    assert find_tail(20, 0.01, 0.5) == pytest.approx(9.8e-36, rel=0.3)


@given(st.floats(0.05, 0.95), st.floats(0.01, 40), st.floats(0.1, 100))
def test_a_quantile_is_the_first_with_that_share(share: float, mu: float, r: float) -> None:
    found = find_quantile(share, mu, r)
    assert 1 - find_tail(found + 1, mu, r) >= share - 1e-9
    assert found == 0 or 1 - find_tail(found, mu, r) < share + 1e-9
