"""Sentences of our words, addresses and quoted texts."""

import pytest

from bot.insights.sentence import Quoted, Sentence, format_sentence, list_parts, say, shorten
from bot.tracker.graph import Address
from tests.builders import after
from tests.insights.graphs import HOME, at


def test_parts_fill_the_places_of_a_sentence_and_words_are_joined() -> None:
    inner = say("{} and {}", at(1), Quoted("x{}"))
    assert say("{} since {}: {}.", at(7), after(), inner) == (
        *(at(7), " since 8 April 2026: ", at(1), " and ", Quoted("x{}"), "."),
    )


@pytest.mark.parametrize(
    "numbers, text",
    [([1], "#1"), ([1, 2], "#1 and #2"), ([1, 2, 3], "#1, #2 and #3"), ([1, 2, 3, 4], "#1, #2, #3 and #4")],
)
def test_a_list_of_parts(numbers: list[int], text: str) -> None:
    assert format_sentence(list_parts([at(number) for number in numbers]), HOME) == text


@pytest.mark.parametrize(
    "address, text",
    [
        (at(7), "#7"),
        (Address("Octo-Org/Octo-Repo", 7), "#7"),
        (Address("a/b", 7), "a/b#7"),
        (Address("", 0), "this issue"),
    ],
)
def test_the_short_name_of_an_address(address: Address, text: str) -> None:
    assert shorten(address, HOME) == text


def test_hidden_signs_of_strangers_are_visible() -> None:
    sentence: Sentence = ("It names ", Quoted("a\u202eb"))
    assert format_sentence(sentence, HOME) == "It names a<U+202E>b"
