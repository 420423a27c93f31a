import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duplicates.fingerprint import MAX_FINGERPRINTS, find_fingerprints
from bot.duplicates.profile import make_profile
from bot.duplicates.words import clean_body
from tests.duplicates.samples import a_report


@pytest.mark.parametrize(
    "title, body, marks",
    [
        ("It breaks", "please help", set()),
        ("It breaks", "error: cannot open 'a.txt' at 0x7fff", {"line:error: cannot open at"}),
        ("It breaks", "error: cannot open 'other' at 0x1234", {"line:error: cannot open at"}),
        (
            "thread 'main' panicked at src/lib.rs:10",
            "",
            {"line:thread panicked at lib.rs:"},
        ),
        ("", "at /home/me/src/lib.rs:10", {"place:lib.rs:10"}),
        ("", "in core::option::Option::unwrap", {"name:core::option::Option::unwrap"}),
        ("", "java.lang.reflect.Method", {"name:java.lang.reflect.Method"}),
    ],
)
def test_marks_leave_out_what_differs_between_reports(title: str, body: str, marks: set[str]) -> None:
    assert find_fingerprints(title, body) == marks


def test_there_are_at_most_sixty_of_a_kind() -> None:
    body = "\n".join(f"error: {'ghijklmnop'[n % 10] * (n + 5)} failed" for n in range(200))

    assert len(find_fingerprints("", body)) == MAX_FINGERPRINTS


@given(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=300),
    st.sampled_from(["error ", "x::", "/", "a."]),
)
def test_any_text_can_be_read(text: str, often: str) -> None:
    profile = make_profile(a_report(1, text, text + often * 16_000))

    assert find_fingerprints("", clean_body(text)) is not None
    assert all(mark.encode() for mark in profile.fingerprints)
