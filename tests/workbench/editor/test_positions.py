import pytest

from bot.errors import Problem
from bot.workbench.editor.positions import count_units, find_index, place_problems


@pytest.mark.parametrize(
    "text, line, column, expected",
    [
        pytest.param("id: a\nmodus: label\n", 2, 1, "modus", id="a key"),
        pytest.param('id: a\ntitle: ""\n', 2, 8, '""', id="a quoted text"),
        pytest.param("id: a b c   # x\n", 1, 5, "a b c", id="a plain text, without the comment behind it"),
        pytest.param("a: '🚧'\nmodus: x\n", 2, 1, "modus", id="behind a sign of two units"),
        pytest.param("a: 'x\u2028y'\nb: 1\n", 3, 1, "b", id="behind a line end that only YAML knows"),
        pytest.param("id: a\n", 9, 9, "", id="beyond the end"),
        pytest.param("", 1, 1, "", id="in an empty file"),
    ],
)
def test_a_problem_stands_over_what_it_is_about(text: str, line: int, column: int, expected: str) -> None:
    (found,) = place_problems([Problem("r.yml", line, column, "wrong")], text)

    assert text.encode("utf-16-le")[2 * found.start : 2 * found.end].decode("utf-16-le") == expected


def test_problems_stand_in_the_order_of_their_places() -> None:
    problems = [Problem("r.yml", 2, 1, "b"), Problem("r.yml", 1, 1, "a"), Problem("r.yml", 2, 1, "b")]

    assert [found.message for found in place_problems(problems, "a: 1\nb: 2\n")] == ["a", "b"]


@pytest.mark.parametrize("text", ["", "abc", "a🚧b", "🚧🚧"])
def test_units_and_indexes_agree(text: str) -> None:
    assert [find_index(text, count_units(text[:index])) for index in range(len(text) + 1)] == [*range(len(text) + 1)]
