"""Each transformation changes how a text looks, and nothing of what it says."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.normalize import collapse, squeeze
from tests.rules import transformations
from tests.rules.transformations import TRANSFORMATIONS

MESSAGE = 'API Error: "quota" isn\'t left, exceeded the 32000 output token maximum (see https://example.com/a-b)'


@pytest.mark.parametrize(
    "text, width, indent, expected",
    [
        pytest.param("a short text", 40, 3, "a short text", id="what fits stays"),
        pytest.param("one two three four", 8, 2, "one two\n  three\n  four", id="at the last space that fits"),
        pytest.param("abcdefghijkl mn", 5, 1, "abcdefghijkl\n mn", id="a long word is not broken"),
        pytest.param("one # two", 5, 0, "one #\ntwo", id="not before a sign that would start a heading"),
        pytest.param("one\n\ntwo three", 6, 1, "one\n\ntwo\n three", id="each line for itself"),
    ],
)
def test_a_text_is_wrapped_at_spaces(text: str, width: int, indent: int, expected: str) -> None:
    assert transformations.wrap_at_spaces(text, width, indent) == expected


@pytest.mark.parametrize(
    "text, width, indent, expected",
    [
        pytest.param("one two three", 5, 0, "one t\nwo th\nree", id="wherever the line ends"),
        pytest.param("one two three", 5, 2, "one t\n  wo \n  thr\n  ee", id="what is carried over is indented"),
        pytest.param("abcd> ef", 4, 0, "abc\nd> e\nf", id="not before a sign that would start a quote"),
        pytest.param("abc\\u2019d", 5, 0, "abc\n\\u2019d", id="not inside an escape"),
    ],
)
def test_words_are_broken(text: str, width: int, indent: int, expected: str) -> None:
    assert transformations.break_words(text, width, indent) == expected


def test_words_before_a_text_push_its_focus_to_the_end_of_a_line() -> None:
    pushed = transformations.push("No space left", 6, 40)
    assert (len(pushed), pushed[34:]) == (40 - 6 + 13, "No space left")
    assert transformations.break_words(pushed, 40, 1).endswith("No spa\n ce left")


@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_json_in_json_is_what_json_makes_of_it(rounds: int) -> None:
    escaped = transformations.escape_json(MESSAGE, rounds)
    read: object = escaped
    for _ in range(rounds):
        assert isinstance(read, str)
        read = json.loads(read)["lorem"]
    assert read == MESSAGE


@pytest.mark.parametrize(
    "text, rounds, is_possible",
    [
        pytest.param("plain", 3, True, id="plain"),
        pytest.param(r"say \"no\"", 2, True, id="escaped once, twice more"),
        pytest.param(r"say \"no\"", 3, False, id="escaped once, three times more"),
        pytest.param(r"say \\\"no\\\"", 1, True, id="escaped twice, once more"),
        pytest.param(r"say \\\"no\\\"", 2, False, id="escaped twice, twice more"),
    ],
)
def test_nothing_is_escaped_more_than_three_times(text: str, rounds: int, *, is_possible: bool) -> None:
    assert (transformations.escape_json(text, rounds) is not None) == is_possible


@pytest.mark.parametrize(
    "text, upper",
    [
        pytest.param(r"say \n \u2019 C:\new", r"SAY \n \u2019 C:\new", id="an escape and a path stay"),
        pytest.param("\x1b[31mred &amp; [0mgreen", "\x1b[31mRED &amp; [0mGREEN", id="a colour and an entity stay"),
        pytest.param("straße ıx", "STRASSE ıX", id="a letter that would become another one stays"),
    ],
)
def test_case_changes_but_for_what_is_no_text(text: str, upper: str) -> None:
    assert transformations.change_case(text, str.upper) == upper


def test_quotes_become_curly_but_for_escaped_ones() -> None:
    assert transformations.curl_quotes('"it\'s" {\\"a\\"}') == '“it’s” {\\"a\\"}'


def test_a_box_is_drawn_around_the_longest_line() -> None:
    assert transformations.draw_box("ab\nc", ("╭", "╮", "╰", "╯", "─", "│")) == "╭────╮\n│ ab │\n│ c  │\n╰────╯"


KEEPING = [t for t in TRANSFORMATIONS if t.group != "noise" and "behind other words" not in t.name]


@pytest.mark.parametrize("transformation", KEEPING, ids=lambda t: t.name)
def test_a_message_is_still_in_what_became_of_it(transformation: transformations.Transformation) -> None:
    changed = transformation.apply(MESSAGE, len(MESSAGE) // 2)
    assert changed is None or squeeze(collapse(MESSAGE)) in squeeze(collapse(changed))


WORDS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=200)


@given(WORDS)
def test_whatever_a_message_says_a_wrapped_one_says_the_same(text: str) -> None:
    for width, indent in transformations.WRAPS:
        assert re.sub(r"\s", "", transformations.break_words(text, width, indent)) == re.sub(r"\s", "", text)
        assert re.sub(r"\s", "", transformations.wrap_at_spaces(text, width, indent)) == re.sub(r"\s", "", text)


@given(WORDS)
def test_no_text_breaks_a_transformation(text: str) -> None:
    for transformation in TRANSFORMATIONS:
        changed = transformation.apply(text, len(text) // 2)
        assert changed is None or isinstance(changed, str)
