import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Problem
from bot.workbench.editor.positions import ITEM, Spot, count_units, find_index, find_spot, place_problems


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


RULE = """\
id: x
match:
  any:
    - phrase: "No space"
      in: [title]
    - {regex: abc, in: [logs, |]}
labels:
  add: []
"""


def spot_of(text: str) -> Spot:
    return find_spot(text.replace("|", ""), text.index("|"))


@pytest.mark.parametrize(
    "text, expected",
    [
        pytest.param("|", Spot((), "key", ""), id="an empty file"),
        pytest.param("id: x\nti|", Spot((), "key", "ti", frozenset({"id"})), id="a key of the rule"),
        pytest.param("mode: obs|", Spot(("mode",), "value", "obs"), id="a value"),
        pytest.param("match:\n  ph|", Spot(("match",), "key", "ph", frozenset(), 2), id="a key inside"),
        pytest.param(
            "match:\n  any:\n    - ph|",
            Spot(("match", "any", ITEM), "key", "ph", frozenset(), 6),
            id="a key of an item",
        ),
        pytest.param(
            "match:\n  any:\n  - phrase: a\n    i|",
            Spot(("match", "any", ITEM), "key", "i", frozenset({"phrase"}), 4),
            id="beside the first key of an item, in a list at its key's column",
        ),
        pytest.param("supersedes: [a, b|", Spot(("supersedes", ITEM), "value", "b"), id="in a list on one line"),
        pytest.param(
            "match: {phrase: a, i|", Spot(("match",), "key", "i", frozenset({"phrase"}), -1), id="a key in braces"
        ),
        pytest.param("match: {phrase: a, in: [ti|", Spot(("match", "in", ITEM), "value", "ti"), id="a list in braces"),
        pytest.param("match: {in: [title], ph|", Spot(("match",), "key", "ph", frozenset({"in"}), -1), id="behind it"),
        pytest.param(
            'match:\n  phrase: "a {n:i|', Spot(("match", "phrase"), "value", "a {n:i"), id="inside a quoted text"
        ),
        pytest.param(
            "also:\n  - a|", Spot(("also", ITEM), "key", "a", frozenset(), 4), id="an item of a list of texts"
        ),
        pytest.param("guidance:\n  example: |\n    two\n    li".replace("|", "§") + "|", None, id="in a block of text"),
        pytest.param("match:\n  phrase: a\n\nla|", Spot((), "key", "la", frozenset({"match"})), id="back at the edge"),
    ],
)
def test_a_place_has_a_path(text: str, expected: Spot | None) -> None:
    if expected is None:
        text, expected = text.replace("|", "¶").replace("§", "|"), Spot(("guidance", "example"), "text", "li")
        assert find_spot(text.replace("¶", ""), text.index("¶")) == expected
    else:
        assert spot_of(text) == expected


@given(st.text(alphabet="ab:-[]{}'\"|#, \n"), st.integers(0, 40))
def test_half_written_text_has_a_place_too(text: str, index: int) -> None:
    assert find_spot(text, min(index, len(text))).kind in {"key", "value", "text"}
