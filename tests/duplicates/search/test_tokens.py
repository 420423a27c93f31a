import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duplicates.search.tokens import (
    MAX_CHARACTERS,
    clean_title,
    drop_form_text,
    drop_links,
    find_words,
    learn_form_text,
    spell_words,
)
from tests.duplicates.samples import a_report


@pytest.mark.parametrize(
    "text, words",
    [
        ("The builds crashed", ["build", "crash"]),
        ("readTheFile", ["readthefile", "read", "file"]),
        ("os_error 28", ["os_error", "os", "error", "28"]),
        ("at 1234567 of 12345", ["12345"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("Ошибка при сборке", ["ошибка", "при", "сборке"]),
        ("a I x _ __", []),
        ("", []),
    ],
)
def test_words_are_identifiers_whole_and_split(text: str, words: list[str]) -> None:
    assert find_words(text) == words


@pytest.mark.parametrize(
    "body, clean",
    [
        ("See #12 for <!-- write here --> more", "See   for   more"),
        ("at https://example.org/a/b/trace.log now", "at  b trace.log  now"),
        ("### Version\n1.2\n- [x] I searched", "1.2"),
        ("half \ud800 a pair", "half ? a pair"),
    ],
)
def test_a_body_is_freed_of_what_says_nothing(body: str, clean: str) -> None:
    assert drop_links(drop_form_text(body, {"### version", "- [] i searched"})) == clean


def test_words_are_shown_as_they_were_written() -> None:
    assert spell_words("It panicked in readFile") == {
        "panick": "panicked",
        "readfile": "readFile",
        "read": "readFile",
        "file": "readFile",
    }


def test_only_the_start_of_a_long_body_is_read() -> None:
    assert len(drop_links("word " * 20_000)) == MAX_CHARACTERS


def test_a_title_can_be_encoded() -> None:
    assert clean_title("half \udfff") == "half ?"


def test_lines_of_many_issues_are_the_form() -> None:
    issues = [a_report(n, "Title", f"### Version\n{n}\n- [{'x' if n % 2 else ' '}] I searched") for n in range(1, 40)]

    assert learn_form_text(issues) == {"### version", "- [] i searched"}


def test_a_few_issues_have_no_form() -> None:
    assert learn_form_text([a_report(n, "Title", "### Version") for n in range(1, 15)]) == frozenset()


@given(st.text(st.characters(codec=None, exclude_categories=()), max_size=400))
def test_any_text_has_words_that_can_be_encoded(text: str) -> None:
    for word in find_words(drop_links(drop_form_text(text))) + find_words(clean_title(text)):
        assert word.encode()
        assert word.split() == [word]
