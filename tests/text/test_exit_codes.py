"""Exit and status codes."""

import pytest

from bot.text.exit_codes import find_codes, normalise_code

CRASH = 0xC0000005


@pytest.mark.parametrize(
    "text, expected",
    [
        ("exit code 137", [137]),
        ("exit code: 1", [1]),
        ("exit status: 1", [1]),
        ("exited with code 1.", [1]),
        ("exited with status 2, then", [2]),
        ("process exited with code 0", [0]),
        ("code=-0", [0]),
        ('"code":400', [400]),
        ("status code 529", [529]),
        ("http/1.1 403", [403]),
        ("http 403", [403]),
        ("api error: 400", [400]),
        ("errno -13", [0xFFFFFFF3]),
        ("signal 9", [9]),
        ("rc=3", [3]),
        ("returned (5)", [5]),
        ("it ended with 3221225477 here", [CRASH]),
        ("it ended with -1073741819", [CRASH]),
        ("0xc0000005", [CRASH]),
        ("exit code 0xc0000005", [CRASH, CRASH]),
        ("exit code 0xffffffffc0000005", [CRASH]),
        ("error 0x7ff6c0000005", [0x7FF6C0000005]),
        ("137", []),
        ("run timeout 300", []),
        ("code 1.5", []),
        ("code 1a", []),
        ("error 007", []),
        ("x3221225477", []),
        ("1.3221225477", []),
        ("", []),
    ],
)
def test_codes_are_found(text: str, expected: list[int]) -> None:
    assert [stated.code for stated in find_codes(text)] == expected


def test_a_code_knows_its_place() -> None:
    (stated,) = find_codes("an exit code 137 it is")
    assert "an exit code 137 it is"[stated.start : stated.end] == "137"


@pytest.mark.parametrize("code", [-1073741819, 3221225477, 0xFFFFFFFFC0000005])
def test_spellings_of_one_code(code: int) -> None:
    assert normalise_code(code) == CRASH


@pytest.mark.parametrize("text", ["exit code \u0660\u0661", "error \u0966\u096d", "exit code -\u0660\u0662"])
def test_digits_of_other_scripts_are_no_code(text: str) -> None:
    assert find_codes(text) == ()
