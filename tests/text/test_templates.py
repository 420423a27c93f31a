"""What changes from report to report becomes a placeholder, and no more than that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.spec.phrase import HOLE_TYPES
from bot.text.error_lines import ErrorLine
from bot.text.templates import find_words, list_types, show_template


def mask_line(line: str) -> str:
    return ErrorLine(line).template


@pytest.mark.parametrize(
    "line, template",
    [
        ("error: linking with `cc` failed: exit code: 1", "error: linking with '{word}' failed: exit code: {int}"),
        ("thread 'rustc' panicked at src/librustc/middle/ty.rs:1042:5", "thread '{word}' panicked at {path}"),
        ("panicked at C:\\bot\\src\\lib.rs:12", "panicked at {path}"),
        ("src/foo.rs:3:4: 3:9 error: mismatched types", "{path} error: mismatched types"),
        ("<anon>:3:5: error", "<anon>:{int}:{int}: error"),
        ('{"request_id":"req_011CZqnY5KHy5SnVvU7Rgtv8"}', '{"request_id":"{id}"}'),
        ("id 123e4567-e89b-12d3-a456-426614174000 is gone", "id {id} is gone"),
        ("rustc 0.12.0-nightly (3d6c0bc7f)", "rustc {version} ({id})"),
        ("segfault at 0x7fff5fbff8c0", "segfault at {code}"),
        ("exceeded the 32000 output token maximum", "exceeded the {int} output token maximum"),
        ("We've added a $20 credit", "we've added a {money} credit"),
        ("GET https://api.example.com/v1/x?y=1 failed", "get {url} failed"),
        ("connect ECONNREFUSED 127.0.0.1:8080", "connect econnrefused {host}"),
        ("resets 9am (America/Cordoba)", "resets {time}"),
        ("at 2026-04-08T12:01:02", "at {date}t{time}"),
        ("until 12:01:02 it works", "until {time} it works"),
        ("npm error code ENOTEMPTY", "npm error code enotempty"),
        ("Cannot read property 'foo' of undefined", "cannot read property '{word}' of undefined"),
        ("You’re out of extra usage", "you're out of extra usage"),
        ("write to somebody@example.com now", "write to {word} now"),
        ("no holes here", "no holes here"),
    ],
)
def test_a_volatile_token_becomes_a_placeholder(line: str, template: str) -> None:
    assert show_template(mask_line(line)) == template


def test_holes_beside_each_other_are_one() -> None:
    assert list_types(mask_line("see 1 2 3 there")) == ("any",)


def test_words_are_what_is_not_volatile() -> None:
    assert find_words(mask_line("error[E0308]: can't open `x` at line 12")) == [
        "error",
        "e0308",
        "can't",
        "open",
        "at",
        "line",
    ]


@given(st.text())
def test_private_signs_of_a_reporter_are_not_taken_for_placeholders(line: str) -> None:
    assert all(name in HOLE_TYPES for name in list_types(mask_line(f"\ue103 {line} \uf8fe")))
    assert not list_types(mask_line("\ue103 \ue104"))
