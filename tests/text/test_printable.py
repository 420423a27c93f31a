"""Hidden signs of a reporter's text become visible, and do nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.printable import reveal, reveal_line

HIDDEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    "written, shown",
    [
        pytest.param("two\r\nlines\tand a tab", "two\nlines\tand a tab", id="lines and tabs stay"),
        pytest.param("a\rb", "a␍b", id="a lone carriage return"),
        pytest.param("\x1b[31mred\x1b]0;title\x07", "␛[31mred␛]0;title␇", id="what a terminal obeys"),
        pytest.param("\x9b2J\x7f", "<U+009B>2J␡", id="its short forms"),
        pytest.param("a\u202eb\u2066c", "a<U+202E>b<U+2066>c", id="bidirectional overrides"),
        pytest.param("in\u200bvisible", "in<U+200B>visible", id="zero width"),
        pytest.param("👩\u200d💻 Café «ok» 中文", "👩\u200d💻 Café «ok» 中文", id="what people write"),
        pytest.param("half \ud83d", "half <U+D83D>", id="half a surrogate pair"),
    ],
)
def test_hidden_signs_are_shown(written: str, shown: str) -> None:
    assert reveal(written) == shown


def test_a_line_stays_one_line_and_no_command() -> None:
    assert reveal_line("a\nb\tc ##[error]x") == "a⏎b c ## [error]x"


@given(st.text(st.characters(codec=None)))
def test_nothing_hidden_is_left(written: str) -> None:
    shown = reveal(written)

    assert {sign for sign in shown if unicodedata.category(sign) in HIDDEN} <= {"\n", "\t", "\u200d"}
    assert {"\n", "\t"} & set(reveal_line(written)) == set()
    assert reveal(shown) == shown
