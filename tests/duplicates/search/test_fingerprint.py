import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.duplicates.search.document import make_profile
from bot.duplicates.search.fingerprint import MAX_FINGERPRINTS, find_fingerprints, is_telling
from bot.duplicates.search.tokens import drop_form_text
from tests.duplicates.samples import a_report


@pytest.mark.parametrize(
    "title, body, marks",
    [
        ("It breaks", "please help", set()),
        ("It breaks", "error: cannot open 'a.txt' at 0x7fff", {"message:error: cannot open at"}),
        ("It breaks", "error: cannot open 'other' at 0x1234", {"message:error: cannot open at"}),
        (
            "thread 'main' panicked at src/lib.rs:10",
            "",
            {"message:thread panicked at lib.rs"},
        ),
        (
            "It breaks",
            "task 'rustc' failed at 'index out of bounds: the len is 1', /home/me/lib.rs",
            {"message:task failed at index out of bounds: the len is , lib.rs"},
        ),
        (
            "It breaks",
            "> **error[E0308]**: cannot open https://x.org/y?z=1 of #12 in 1.5ms",
            {"message:error[e0308]: cannot open of # in . ms"},
        ),
        ("", "at /home/me/src/lib.rs:10", {"place:lib.rs:10"}),
        ("", "in core::option::Option::unwrap", {"name:core::option::Option::unwrap"}),
        ("", "java.lang.reflect.Method", {"name:java.lang.reflect.Method"}),
    ],
)
def test_marks_leave_out_what_differs_between_reports(title: str, body: str, marks: set[str]) -> None:
    assert set(find_fingerprints(title, body)) == marks


@pytest.mark.parametrize(
    "line, is_it",
    [
        ("error: no space left on device while writing the cache", True),
        ("error: internal compiler error: sequence_element_type called on non-sequence value", True),
        ('API Error: 400 {"message":"You\'re out of extra usage. Add more."}', True),
        ("task 'rustc' failed at 'assertion failed: rp.is_none()', /x/collect.rs:1108", True),
        ("task 'rustc' failed at 'index out of bounds: the len is 1 but the index is 1', /x/lib.rs:12", False),
        ("note: the compiler hit an unexpected failure path. this is a bug", False),
        ("TypeError: Cannot read property 'foo' of undefined", False),
        ("error: linking with `cc` failed: exit code: 1", False),
        ("collect2.exe: error: ld returned 1 exit status", False),
        ("Traceback (most recent call last): error", False),
        ("libcore-0.5.so(_ZN2rt14rt_fail_bounds_check)", False),
        ("src/lib.rs:10", False),
        ("[WARN] : Ads: There was a problem getting an ad response. ErrorCode: 1", False),
        ("if (typeof errorCallback !== undefined && responses.pending) {", False),
        ("// the printer fails whenever the margin is undefined", False),
        ('  File "C:\\builder.py", line 12, in prepare_the_failing_package', False),
        ("[ERROR] : App: at org.example.kroll.runtime.v8.V8Runtime.initFailing(V8Runtime.java:114)", False),
    ],
)
def test_only_some_messages_tell_which_error_it_is(line: str, is_it: bool) -> None:  # noqa: FBT001 (a row of the table)
    assert any(map(is_telling, find_fingerprints("", line))) == is_it


def test_there_are_at_most_sixty_of_a_kind() -> None:
    body = "\n".join(f"error: {'ghijklmnop'[n % 10] * (n + 5)} failed" for n in range(200))

    assert len(find_fingerprints("", body)) == MAX_FINGERPRINTS


@given(
    st.text(st.characters(codec=None, exclude_categories=()), max_size=300),
    st.sampled_from(["error ", "x::", "/", "a."]),
)
def test_any_text_can_be_read(text: str, often: str) -> None:
    profile = make_profile(a_report(1, text, text + often * 16_000))

    assert find_fingerprints("", drop_form_text(text)) is not None
    assert all(mark.encode() for mark in profile.fingerprints)
