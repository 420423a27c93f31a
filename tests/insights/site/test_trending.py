"""What rises, in words."""

from datetime import UTC, datetime

import pytest

from bot.insights.site.trending import describe_surge, format_chance, list_past_rises, list_rises
from bot.insights.surge import Surge
from tests.insights.site.sites import make_contents, write_issue


def surge(window: float, usual: tuple[int, int]) -> Surge:
    return Surge(
        expected=0.01,
        window=window,
        k=6,
        mu=1.0,
        r=1.0,
        g=1.0,
        phi=1.0,
        reports=9,
        people=7,
        week=7,
        usual=usual,
        is_surge=True,
    )


@pytest.mark.parametrize(
    "found, within, text",
    [
        (surge(7.0, (0, 3)), "in the last", "9 reports from 7 people in the last 7 days; usual for a week: 0–3."),
        (surge(1 / 24, (2, 2)), "in the last", "9 reports from 7 people in the last hour; usual for a week: 2."),
        (surge(1.0, (0, 0)), "within", "9 reports from 7 people within 24 hours; usual for a week: 0."),
        (surge(1 / 24, (0, 0)), "within", "9 reports from 7 people within an hour; usual for a week: 0."),
    ],
    ids=["week", "hour", "day", "within an hour"],
)
def test_a_surge_in_words(found: Surge, within: str, text: str) -> None:
    assert describe_surge(found, within) == text


@pytest.mark.parametrize(
    "a_year, text",
    [
        (11.6, "about 12 times a year"),
        (1.0, "about 1 time a year"),
        (0.5, "about once in 2 years"),
        (0.02, "about once in 50 years"),
        (1e-9, "less than once in 1,000 years"),
        (0.0, "less than once in 1,000 years"),
    ],
)
def test_a_chance_in_words(a_year: float, text: str) -> None:
    assert format_chance(a_year) == text


def test_a_problem_with_more_reports_than_its_past_explains_rises() -> None:
    contents = make_contents()
    assert [(rise.problem.id, rise.summary) for rise in contents.trends] == [
        ("quota", "7 reports from 7 people in the last 3 days; usual for a week: 0.")
    ]


def test_a_surge_has_a_start_and_an_end() -> None:
    lines = [write_issue(n, "It exceeded the 32 MB quota", days=30 + 0.1 * n) for n in range(8)]
    contents = make_contents([*lines, write_issue(50, "All is well")])
    (past,) = list_past_rises(contents.problems, contents.sources.census)
    assert (past.problem.id, past.episode.start, past.episode.end, contents.trends) == (
        "quota",
        datetime(2026, 10, 30, 4, 48, tzinfo=UTC),
        datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        (),
    )


def test_nothing_rises_without_an_archive() -> None:
    contents = make_contents([])
    assert list_rises(contents.problems, contents.sources.census) == ()
