"""What belongs to a person or an organisation does not get into a draft."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.redaction import LONGEST, mask_private, show_text


@pytest.mark.parametrize(
    "text, masked",
    [
        ("mail jane.doe+x@mail.example.org now", "mail name@example.com now"),
        ("token ghp_0123456789abcdefABCDEF0123456789abcd", "token masked-key"),
        ("key sk-ant-api03-AbCdEf0123456789", "key masked-key"),
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer masked-key"),
        ("API_KEY=abc123def456", "API_KEY=masked-key"),
        ('"password": "hunter2hunter2"', '"password": "masked-key"'),
        ("org-AbCd1234efgh was disabled", "org-000000 was disabled"),
        ("req_011CZqnY5KHy5SnVvU7Rgtv8", "req_000000000000"),
        ("id 123e4567-e89b-12d3-a456-426614174000", "id 00000000-0000-0000-0000-000000000000"),
        ("connect to 10.1.2.3:8080", "connect to 192.0.2.1:8080"),
        ("listen on 127.0.0.1:80", "listen on 127.0.0.1:80"),
        ("from 2a02:810a:8c0:1:2:3:4:5 refused", "from 2001:db8:0:0:1 refused"),
        ("/home/jane/src/x.rs and /Users/jane/x", "/home/user/src/x.rs and /Users/user/x"),
        (r"C:\Users\Jane\x and C:\\Users\\Jane\\x", r"C:\Users\user\x and C:\\Users\\user\\x"),
        (r"C:\Users\Jane van Doe\x and C:\\Users\\Jane Doe\\x", r"C:\Users\user\x and C:\\Users\\user\\x"),
        (r"in C:\Users\jane failed at D:\x", r"in C:\Users\user failed at D:\x"),
        ("clone https://jane:hunter2@git.example.org/x", "clone https://git.example.org/x"),
        ("clone https://x-access-token@git.example.org/x", "clone https://git.example.org/x"),
        ("see https://example.org/@scope/x", "see https://example.org/@scope/x"),
        ("call +49 151 1234 5678 today", "call 555 0100 today"),
        ("2026-04-08 12:01:02 failed", "2026-04-08 12:01:02 failed"),
        ("thanks @jane-doe", "thanks @someone"),
        ("npm i @anthropic-ai/claude-code", "npm i @anthropic-ai/claude-code"),
        ("rustc 1.2.3 (3d6c0bc7f 2015-05-01) exit code 101", "rustc 1.2.3 (3d6c0bc7f 2015-05-01) exit code 101"),
    ],
)
def test_private_values_are_made_up_ones(text: str, masked: str) -> None:
    assert mask_private(text) == masked


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_private(mask_private(text)) == mask_private(text)


@pytest.mark.parametrize(
    "text", ["a" * 60_000, "1 " * 30_000, "a@" * 30_000, "A1a" * 20_000, "/home/" * 10_000, "1.1." * 15_000]
)
def test_long_hostile_text_is_bounded(text: str) -> None:
    assert mask_private(text)


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
