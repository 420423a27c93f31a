from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.archive.stats import Share, list_weeks, measure_share, name_week, pick_counts
from bot.output.charts import draw_sparkline, gather
from bot.tracker.types import EPOCH


def rounded(share: Share | None) -> Share | None:
    return share and Share(share.hits, share.total, *(round(number, 4) for number in share[2:]))


@pytest.mark.parametrize(
    "hits, total, expected",
    [
        # The intervals are those of R's `binom::binom.wilson`, and of Brown, Cai and DasGupta (2001) for 0 of n.
        pytest.param(0, 10, Share(0, 10, 0.0, 0.0, 0.2775), id="none of ten"),
        pytest.param(10, 10, Share(10, 10, 1.0, 0.7225, 1.0), id="all of ten"),
        pytest.param(50, 100, Share(50, 100, 0.5, 0.4038, 0.5962), id="half"),
        pytest.param(81, 263, Share(81, 263, 0.308, 0.2553, 0.3662), id="Newcombe's own example (1998)"),
        pytest.param(1, 1, Share(1, 1, 1.0, 0.2065, 1.0), id="one of one says little"),
        pytest.param(0, 0, None, id="nothing counted"),
    ],
)
def test_a_share_comes_with_its_wilson_interval(hits: int, total: int, expected: Share | None) -> None:
    assert rounded(measure_share(hits, total)) == expected


@pytest.mark.parametrize(
    "moment, week",
    [
        pytest.param(datetime(2026, 4, 8, 12, tzinfo=UTC), "2026-W15", id="midweek"),
        pytest.param(datetime(2021, 1, 3, 23, 59, tzinfo=UTC), "2020-W53", id="a Sunday in January of the last year"),
        pytest.param(datetime(2024, 12, 30, tzinfo=UTC), "2025-W01", id="a Monday in December of the next year"),
        pytest.param(
            datetime(2026, 4, 6, 1, tzinfo=timezone(timedelta(hours=3))), "2026-W14", id="still Sunday in UTC"
        ),
        pytest.param(EPOCH, "", id="not stated"),
    ],
)
def test_a_moment_has_an_iso_week(moment: datetime, week: str) -> None:
    assert name_week(moment) == week


@pytest.mark.parametrize(
    "named, weeks",
    [
        pytest.param([], (), id="none"),
        pytest.param(["2026-W15"], ("2026-W15",), id="one"),
        pytest.param(["2021-W01", "2020-W52"], ("2020-W52", "2020-W53", "2021-W01"), id="over a long year's end"),
    ],
)
def test_weeks_have_no_gaps(named: list[str], weeks: tuple[str, ...]) -> None:
    assert list_weeks(named) == weeks


def test_a_date_far_off_makes_no_million_weeks() -> None:
    assert len(list_weeks(["0001-W01", "9998-W50"])) == 52 * 60 + 1


def test_a_week_without_issues_counts_zero() -> None:
    assert pick_counts({"2026-W15": 2}, ["2026-W14", "2026-W15"]) == (0, 2)


@pytest.mark.parametrize(
    "counts, most, sums",
    [
        pytest.param((), 3, (), id="nothing"),
        pytest.param((1, 2), 3, (1, 2), id="few enough"),
        pytest.param((1, 2, 3, 4), 2, (3, 7), id="halved"),
        pytest.param((1, 2, 3, 4, 5), 3, (1, 5, 9), id="the oldest part is the short one"),
    ],
)
def test_many_counts_become_few_sums(counts: Sequence[int], most: int, sums: tuple[int, ...]) -> None:
    assert gather(counts, most) == sums


@given(st.lists(st.integers(0, 1000)), st.integers(1, 60))
def test_sums_lose_nothing_and_fit(counts: list[int], most: int) -> None:
    sums = gather(counts, most)

    assert (sum(sums), len(sums) <= most) == (sum(counts), True)


@pytest.mark.parametrize(
    "counts, drawn",
    [
        pytest.param((), "", id="nothing"),
        pytest.param((0, 0), "  ", id="nothing happened"),
        pytest.param((0, 1, 4, 8), " ▁▄█", id="from nothing to the most"),
        pytest.param((1, 1000), "▁█", id="one is still seen beside a thousand"),
    ],
)
def test_counts_are_drawn_in_one_line(counts: Sequence[int], drawn: str) -> None:
    assert draw_sparkline(counts) == drawn
