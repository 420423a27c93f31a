import pytest

from bot.text.redaction__history_shown import LONGEST, show_text


@pytest.mark.parametrize(
    "text, shown",
    [
        pytest.param("write to jane.doe@example.org", "write to name@example.com", id="nobody's address"),
        pytest.param("in /home/jane/app", "in /home/user/app", id="nobody's home"),
        pytest.param("a\n\n  b\tc", "a b c", id="one line"),
        pytest.param("\x1b[31mred\u202e", "␛[31mred<U+202E>", id="hidden signs are seen"),
        pytest.param("x " * 500, ("x " * 500)[: LONGEST - 1] + "…", id="cut"),
    ],
)
def test_what_belongs_to_a_person_is_not_shown(text: str, shown: str) -> None:
    assert show_text(text) == shown
