"""The figures of a known problem, as values."""

from datetime import UTC, date, datetime

import pytest

from bot.insights.site.figures import (
    DAY,
    WEEK,
    Figures,
    Range,
    Row,
    Table,
    Week,
    find_contradictions,
    find_usual,
    find_version_range,
    list_weeks,
    make_figures,
    tabulate,
)
from tests.insights.site.sites import END, seen

NOW = int(END.timestamp())


def test_figures_count_reports_people_and_weeks() -> None:
    reports = [
        seen(1, at=NOW - 20 * DAY, person=1, comments=3, version="1.4.0", system="linux", is_open=False),
        seen(2, at=NOW - 3 * DAY, person=1, comments=1, version="1.10.0"),
        seen(3, at=NOW - DAY, person=2),
        seen(4, at=0, person=3),
    ]
    undated_first = sorted(reports, key=lambda report: report.at)
    assert make_figures(undated_first, NOW) == Figures(
        issues=4,
        people=3,
        comments=4,
        open=3,
        first=datetime(2026, 11, 9, 12, tzinfo=UTC),
        last=datetime(2026, 11, 28, 12, tzinfo=UTC),
        recent=3,
        recent_people=2,
        now=2,
        now_people=2,
        usual=Range(0, 0),
        versions=("1.4.0", "1.10.0"),
        weeks=(
            Week(date(2026, 11, 9), 1, 1),
            Week(date(2026, 11, 16), 0, 0),
            Week(date(2026, 11, 23), 2, 2, is_whole=False),
        ),
        by_version=Table((), 2),
        by_system=Table((), 1),
    )


def test_a_problem_without_reports_has_no_figures() -> None:
    assert make_figures((), NOW) == Figures()


# The 80 % ranges that the design states for so many reports in twelve weeks.
@pytest.mark.parametrize(
    "reports, usual", [(0, (0, 0)), (12, (0, 2)), (24, (0, 3)), (60, (1, 6)), (120, (4, 11))], ids=str
)
def test_the_usual_range_of_a_week(reports: int, usual: tuple[int, int]) -> None:
    assert find_usual(reports) == usual


def test_weeks_are_those_of_the_last_year() -> None:
    weeks = list_weeks([seen(1, at=NOW - 100 * WEEK), seen(2, at=NOW - 2 * WEEK)], NOW)
    assert (len(weeks), weeks[0].monday, sum(week.issues for week in weeks)) == (53, date(2025, 11, 24), 1)


def test_weeks_are_all_weeks_if_the_last_year_had_no_report() -> None:
    weeks = list_weeks([seen(1, at=NOW - 100 * WEEK)], NOW)
    assert (len(weeks), weeks[0].issues) == (101, 1)


def test_rows_about_fewer_than_three_people_are_hidden() -> None:
    stated = [*(("linux", person) for person in (1, 2, 3, 3)), ("windows", 4), ("windows", 4), ("", 5), ("macos", 6)]
    assert tabulate(stated) == Table((Row("linux", 4, 3),), 2)


@pytest.mark.parametrize(
    "versions, expected",
    [
        ([], ("", "")),
        (["", "1.2"], ("1.2", "1.2")),
        (["1.10.0", "1.9", "1.10.0-beta.1"], ("1.9", "1.10.0")),
    ],
    ids=["none", "one", "by number"],
)
def test_the_range_of_versions(versions: list[str], expected: tuple[str, str]) -> None:
    assert find_version_range(versions) == expected


def test_versions_from_the_fix_on_contradict_it() -> None:
    reports = [
        seen(1, version="1.9"),
        seen(2, version="2.0"),
        seen(3, version="2.0.0-beta.1"),
        seen(4),
        seen(5, version="3"),
    ]
    assert [report.number for report in find_contradictions(reports, "2.0.0")] == [2, 5]
