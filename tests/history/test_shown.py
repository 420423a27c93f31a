import pytest

from bot.history.shown import LONGEST, show_text


@pytest.mark.parametrize(
    "text, shown",
    [
        pytest.param("write to jane.doe@example.org", "write to <email>", id="address"),
        pytest.param("in /home/jane/app and /Users/jane/app", "in /home/<user>/app and /Users/<user>/app", id="homes"),
        pytest.param(r"C:\Users\Jane Doe\x", r"C:\Users\<user> Doe\x", id="a Windows home"),
        pytest.param("from 192.168.0.17:80, version 1.2.3", "from <address>:80, version 1.2.3", id="IPv4"),
        pytest.param("token ghp_abcdefghij0123456789", "token <secret>", id="token"),
        pytest.param("123e4567-e89b-12d3-a456-426614174000", "<id>", id="UUID"),
        pytest.param("call +49 170 1234567", "call <phone>", id="telephone"),
        pytest.param("a\n\n  b\tc", "a b c", id="one line"),
        pytest.param("\x1b[31mred\u202e", "␛[31mred<U+202E>", id="hidden signs are seen"),
        pytest.param("x" * 500, "x" * (LONGEST - 1) + "…", id="cut"),
    ],
)
def test_what_belongs_to_a_person_is_not_shown(text: str, shown: str) -> None:
    assert show_text(text) == shown
