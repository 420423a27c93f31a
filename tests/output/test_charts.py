from collections.abc import Sequence

import pytest

from bot.output.charts import Bar, Chart, draw_chart, draw_rows


@pytest.mark.parametrize(
    "series, chart",
    [
        pytest.param([], Chart((), 0, 0, 1), id="no series"),
        pytest.param([()], Chart((), 0, 0, 1), id="no weeks"),
        pytest.param([(0, 0)], Chart((), 2, 0, 1), id="nothing happened"),
        pytest.param(
            [(1, 0), (1, 4)],
            Chart((Bar(0, 0.075, 75, 0.85, 25), Bar(1, 0.075, 50, 0.85, 25), Bar(1, 1.075, 0, 0.85, 100)), 2, 4, 1),
            id="stacked",
        ),
    ],
)
def test_counts_become_bars(series: Sequence[Sequence[int]], chart: Chart) -> None:
    assert draw_chart(series) == chart


def test_many_weeks_share_a_bar() -> None:
    chart = draw_chart([(1,) * 100], most=60)

    assert (chart.width, chart.weeks_a_bar, chart.top) == (50, 2, 2)


@pytest.mark.parametrize(
    "rows, expected",
    [
        ([], ""),
        ([("1 Apr", 1)], "1 Apr  ████ 1"),
        ([("a", 0), ("bcd", 1600), ("e", 1)], "a    0\nbcd  ████████████████████ 1,600\ne    ▏ 1"),
        ([("a", 10), ("b", 3)], "a  ████████████████████ 10\nb  ██████ 3"),
        ([("a", 16), ("b", 3)], "a  ████████████████████ 16\nb  ███▊ 3"),
    ],
)
def test_rows_are_bars_of_text(rows: list[tuple[str, int]], expected: str) -> None:
    assert draw_rows(rows) == expected
