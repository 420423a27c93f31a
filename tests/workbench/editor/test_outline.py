"""Where in a rule a place is; `|` marks it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.workbench.editor.outline import ITEM, Spot, find_spot

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
