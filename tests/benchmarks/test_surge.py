"""The benchmark of surges: what it prints for a small archive, and the methods that it compares with."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from math import inf, log
from pathlib import Path

import pytest

from benchmarks.surge import find_reports_needed, main
from benchmarks.surge_ends import END_RULES, Ask, ask_outbreak, quiet_for, silent_for, trace_surges, usual_again
from benchmarks.surge_rivals import RIVALS, count_alarms, count_reports, score_ears, tune
from benchmarks.surge_streams import Arrivals, list_counted, roll, to_day
from bot.insights.surge import QUIET, Asked, Report, Surge, find_episodes

END = datetime(2026, 1, 1, tzinfo=UTC)


def an_archive(years: int = 2, a_year: int = 900) -> list[Report]:
    """Issues by strangers at random times."""
    dice = roll("archive")
    times = sorted(END - timedelta(days=365.25 * years * dice.random()) for _ in range(years * a_year))
    return [Report(at.replace(microsecond=0), f"person-{number}") for number, at in enumerate(times)]


def write_archive(folder: Path) -> Path:
    path = folder / "issues.jsonl"
    issues = (
        {
            "number": number,
            "title": "It breaks",
            "body": "",
            "state": "open",
            "user": {"login": report.person, "type": "User"},
            "labels": [],
            "created_at": report.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for number, report in enumerate(an_archive(), 1)
    )
    path.write_text("".join(f"{json.dumps(issue)}\n" for issue in issues), "utf-8")
    return path


SMALL = ("--streams", "1", "--repeats", "1", "--years", "1")
WINDOWS = ("1h", "3h", "6h", "12h", "24h", "3d", "7d")


def test_it_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_archive(tmp_path)
    main([str(path), "--format", "json", "--end", *SMALL])
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["false_alarms", "reports_needed", "others", "ends"]
    assert list(found["false_alarms"]) == ["4", "12", "40", "120", "400"]
    assert all(0 <= number < 2 for number in found["false_alarms"].values())
    assert found["reports_needed"] == {
        "0-12": dict(zip(WINDOWS, (3, 3, 3, 3, 3, 4, 5), strict=True)),
        "40": dict(zip(WINDOWS, (3, 3, 3, 4, 4, 5, 7), strict=True)),
        "120": dict(zip(WINDOWS, (3, 4, 4, 5, 6, 8, 11), strict=True)),
        "400": dict(zip(WINDOWS, (4, 5, 6, 7, 8, 13, 20), strict=True)),
    }
    assert {rate: list(methods) for rate, methods in found["others"].items()} == {
        "40": ["scan", *RIVALS],
        "400": ["scan", *RIVALS],
    }
    assert list(found["others"]["40"]["scan"]["reports"]) == ["2h", "6h", "24h"]
    assert list(found["ends"]) == ["0.5h", "2h", "6h", "24h"]
    assert all(list(rules) == list(END_RULES) for rules in found["ends"].values())


def test_three_reports_are_the_least_of_the_table() -> None:
    assert [find_reports_needed(rate, 1.0) for rate in (0, 40, 400)] == [3, 4, 8]


# --- streams


def test_a_thinned_stream_has_about_that_many_reports_a_year() -> None:
    arrivals = Arrivals.of(an_archive(), years=1)
    found = [sum(each.at > arrivals.start for each in arrivals.thin(90, roll(number))) for number in range(20)]
    assert 80 < sum(found) / len(found) < 100


def test_an_outbreak_is_in_its_stream_and_among_all_issues() -> None:
    arrivals = Arrivals.of(an_archive(), years=1)
    outbreak = arrivals.break_out(40, 6, roll("outbreak"))
    assert {report.at for report in outbreak.reports if report.person.startswith("outbreak")} == set(outbreak.times)
    assert len(outbreak.issues.days) == len(arrivals.reports) + 20
    assert arrivals.start < outbreak.times[0] < outbreak.times[-1] < arrivals.end


def test_one_report_a_person_and_week_counts_for_all_methods() -> None:
    reports = [Report(END + timedelta(days=day), person) for day, person in ((0, "a"), (1, "a"), (2, "b"), (7, "a"))]
    assert [day - to_day(END) for day in list_counted(reports)] == [0, 2, 7]


# --- other methods


@pytest.mark.parametrize(
    "days, name, expected",
    [
        pytest.param([0.5, 9.1, 9.2, 9.3], "EARS C1", 3 / 0.5, id="EARS: nothing before"),
        pytest.param([8.5, 9.6, 9.7, 9.8], "EARS C1", (3 - 1 / 7) / 0.5, id="EARS C1: the day before counts"),
        pytest.param([8.5, 9.6, 9.7, 9.8], "EARS C2", 3 / 0.5, id="EARS C2: two days before do not count"),
        pytest.param([0.0, 0.0, 0.0], "CUSUM x5", 3 * log(5), id="CUSUM: at once"),
        pytest.param([0.0, 40.0], "CUSUM x20", log(20), id="CUSUM: forgotten"),
        pytest.param([0.0, 1.0], "CUSUM x5", 2 * log(5) - 4 * 0.5 / 112, id="CUSUM: a day less"),
        pytest.param(
            [0.0, 0.0], "GLR (Kulldorff)", 2 * log(2 / (0.5 / 112 / 24)) - (2 - 0.5 / 112 / 24), id="GLR: an hour"
        ),
        pytest.param([0.0, 0.5, 1.2], "count in 24 h", 2, id="count"),
    ],
)
def test_scores_of_the_last_report(days: list[float], name: str, expected: float) -> None:
    assert RIVALS[name](days)[-1] == pytest.approx(expected)


def test_ears_divides_by_the_spread_of_its_baseline() -> None:
    days = [*(day + 0.5 for day in range(7) for _ in range(2 * (day % 2))), *[7.4] * 6]
    assert score_ears(0)(days)[-1] == pytest.approx((6 - 6 / 7) / 1.0690449676496976)


def test_alarms_less_than_a_day_apart_are_one() -> None:
    scores = [(0.0, 5.0), (0.9, 5.0), (1.8, 1.0), (2.5, 5.0)]
    assert [count_alarms(scores, threshold) for threshold in (1, 5, 6)] == [1, 2, 0]


def test_a_threshold_is_the_lowest_with_few_enough_alarms() -> None:
    stream = [(10.0 * score, float(score)) for score in range(100)]
    assert tune([stream], years=50) == 95
    assert tune([stream], years=1) == pytest.approx(99)
    assert tune([[]], years=1) == 0


@pytest.mark.parametrize("threshold, expected", [(1, 1), (2, 2), (9, inf)])
def test_the_reports_of_an_outbreak_are_counted_until_the_alarm(threshold: float, expected: float) -> None:
    assert count_reports([1.0, 2.0, 3.0], [(1.0, 1.0), (2.5, 2.0)], threshold) == expected


# --- the end


def asked_at(*answers: tuple[float, float]) -> list[Asked]:
    """Answers at those hours, with that E; an E of 0 is a surge."""
    return [
        Asked(
            END + timedelta(hours=hours),
            Surge(
                expected=expected,
                window=1.0,
                k=4,
                mu=0.5,
                r=1.0,
                g=1.0,
                phi=1.0,
                reports=5,
                people=5,
                week=5,
                usual=(0, 2),
                is_surge=expected == 0,
            ),
        )
        for hours, expected in answers
    ]


def ask_from(asked: Sequence[Asked]) -> Ask:
    """The same answers, whenever a surge ended."""
    return lambda end: [each for each in asked if end is None or each.at > end]


def hours_of(surges: Iterable[tuple[datetime, datetime]]) -> list[tuple[float, float]]:
    return [((start - END) / timedelta(hours=1), (end - END) / timedelta(hours=1)) for start, end in surges]


def test_rules_for_the_end() -> None:
    ask = ask_from(asked_at((0, 9), (10, 0), (20, 1), (30, 2), (60, 0)))
    assert {
        "quiet for 24 h": hours_of(trace_surges(ask, quiet_for(24))),
        "quiet for 48 h": hours_of(trace_surges(ask, quiet_for(48))),
        "silent for 24 h": hours_of(trace_surges(ask, silent_for(24))),
        "usual in a day": hours_of(trace_surges(ask, usual_again(1))),
    } == {
        "quiet for 24 h": [(10, 44), (60, 84)],
        "quiet for 48 h": [(10, 108)],
        "silent for 24 h": [(10, 54), (60, 84)],
        "usual in a day": [(10, 44), (60, 84)],
    }


@pytest.mark.parametrize("gap, surges", [(2, 1), (24, 2)])
def test_the_shipped_rule_is_among_them(gap: float, surges: int) -> None:
    outbreak = Arrivals.of(an_archive(), years=1).break_out(12, gap, roll("shipped"))
    hours = QUIET / timedelta(hours=1)
    shipped = find_episodes(outbreak.reports, outbreak.issues, END, outbreak.times[0] - timedelta(seconds=1))
    assert f"no E <= 1 for {hours:g} h" in END_RULES
    assert [(each.start, each.end) for each in shipped] == list(trace_surges(ask_outbreak(outbreak), quiet_for(hours)))
    assert len(shipped) == surges
