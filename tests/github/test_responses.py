"""What an answer means: how long to wait, whether to ask again, and what to tell."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.github.responses import (
    Answer,
    Lost,
    Wait,
    decide_retry,
    explain_failure,
    find_limit,
    find_pause,
    mask_address,
    read_page,
    redact,
    shorten,
    write_query,
)
from bot.tracker.archive import Cursor, Page

NOW = 1_800_000_000.0
SECONDARY = '{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}'


def answer(status: int, text: str = "{}", **headers: str) -> Answer:
    return Answer(status=status, text=text, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    "given, expected",
    [
        pytest.param(answer(200), None, id="a success"),
        pytest.param(answer(403), None, id="no rights"),
        pytest.param(answer(502, retry_after="9"), None, id="a fault is no limit"),
        pytest.param(answer(403, retry_after="9"), (9, "secondary rate limit"), id="Retry-After"),
        pytest.param(answer(429, retry_after="0"), (0, "secondary rate limit"), id="at once"),
        pytest.param(
            answer(403, retry_after="Fri, 15 Jan 2027 08:00:30 GMT"), (30, "secondary rate limit"), id="a date"
        ),
        pytest.param(answer(403, retry_after="soon"), (60, "secondary rate limit"), id="words"),
        pytest.param(answer(429), (60, "secondary rate limit"), id="429 alone"),
        pytest.param(answer(403, SECONDARY), (60, "secondary rate limit"), id="a message alone"),
        pytest.param(
            answer(403, x_ratelimit_remaining="0", x_ratelimit_reset="1800000010"), (11, "rate limit"), id="a reset"
        ),
        pytest.param(
            answer(429, x_ratelimit_remaining="0", x_ratelimit_reset="1799999990"), (1, "rate limit"), id="a past reset"
        ),
        pytest.param(
            answer(403, x_ratelimit_remaining="0", x_ratelimit_reset="1800000010", retry_after="40"),
            (40, "rate limit"),
            id="a reset and a longer Retry-After",
        ),
        pytest.param(answer(403, x_ratelimit_remaining="0"), (60, "rate limit"), id="no reset"),
        pytest.param(answer(403, x_ratelimit_remaining="41"), None, id="some left"),
    ],
)
def test_a_rate_limit_is_found_with_its_length(given: Answer, expected: tuple[float, str] | None) -> None:
    assert find_limit(given, NOW) == (Wait(seconds=expected[0], why=expected[1]) if expected else None)


SPENT = {"x_ratelimit_remaining": "0", "x_ratelimit_reset": "1800000600"}


@pytest.mark.parametrize(
    "given, seconds",
    [
        pytest.param(answer(200), 0, id="a success"),
        pytest.param(answer(200, x_ratelimit_remaining="1", x_ratelimit_reset="1800000600"), 0, id="one is left"),
        pytest.param(answer(200, **SPENT), 601, id="the last one was used"),
        pytest.param(answer(200, x_ratelimit_resource="graphql", **SPENT), 601, id="the last one of GraphQL"),
        pytest.param(answer(200, x_ratelimit_resource="search", **SPENT), 0, id="the last search"),
        pytest.param(answer(403, x_ratelimit_resource="search", **SPENT), 0, id="no search is left"),
        pytest.param(answer(304, x_ratelimit_remaining="0", x_ratelimit_reset="1799999990"), 1, id="a past reset"),
        pytest.param(answer(200, x_ratelimit_remaining="0"), 0, id="a success without a reset"),
        pytest.param(answer(403, **SPENT), 601, id="refused"),
        pytest.param(answer(403, x_ratelimit_remaining="0"), 60, id="refused without a reset"),
        pytest.param(answer(403, retry_after="90", **SPENT), 601, id="the later end counts"),
        pytest.param(answer(429, retry_after="7"), 7, id="a secondary limit"),
        pytest.param(answer(403, SECONDARY), 60, id="a secondary limit without a time"),
        pytest.param(answer(403), 0, id="no rights"),
        pytest.param(answer(403, retry_after="9" * 12), 86_400, id="at most a day"),
    ],
)
def test_a_limit_that_is_spent_stops_all_requests(given: Answer, seconds: float) -> None:
    assert find_pause(given, NOW) == seconds


LOST = Lost(reason="the connection broke", was_sent=True)


@pytest.mark.parametrize(
    "outcome, unanswered",
    [
        (LOST, True),
        (answer(500), True),
        (answer(504), True),
        (answer(401), False),
        (answer(403), False),
        (answer(403, SECONDARY), False),
        (answer(404), False),
        (answer(429, retry_after="3600"), False),
    ],
)
def test_what_github_refused_is_answered(outcome: Answer | Lost, *, unanswered: bool) -> None:
    assert explain_failure("read #1", outcome, is_read=True, now=NOW).unanswered is unanswered


LIMITED = answer(429, retry_after="20")


@pytest.mark.parametrize(
    "outcome, is_read, tries, patience, seconds",
    [
        pytest.param(answer(200), True, 1, 60, None, id="a success"),
        pytest.param(answer(404), True, 1, 60, None, id="a refusal"),
        pytest.param(answer(502), True, 1, 60, 0.5, id="a read, first fault"),
        pytest.param(answer(502), True, 3, 60, 2, id="a read, third fault"),
        pytest.param(answer(502), True, 4, 60, None, id="a read, fourth fault"),
        pytest.param(answer(503, retry_after="7"), True, 1, 60, 7, id="a read, a fault with a time"),
        pytest.param(answer(503, retry_after="61"), True, 1, 60, None, id="a read, a fault with too long a time"),
        pytest.param(LOST, True, 2, 60, 1, id="a read, lost"),
        pytest.param(LIMITED, True, 3, 60, 20, id="a read, limited"),
        pytest.param(LIMITED, True, 3, 19, None, id="a read, limited, too little patience left"),
        pytest.param(answer(502), False, 1, 60, None, id="a write, a fault"),
        pytest.param(answer(503, retry_after="1"), False, 1, 60, None, id="a write, a fault with a time"),
        pytest.param(LOST, False, 1, 60, None, id="a write, lost"),
        pytest.param(Lost(reason="refused", was_sent=False), False, 1, 60, None, id="a write, never sent"),
        pytest.param(LIMITED, False, 1, 60, 20, id="a write, limited"),
        pytest.param(LIMITED, False, 2, 60, None, id="a write, limited again"),
        pytest.param(LIMITED, False, 1, 19, None, id="a write, limited, too long"),
    ],
)
def test_a_request_is_repeated_only_where_that_is_safe_and_soon(
    outcome: Answer | Lost,
    is_read: bool,  # noqa: FBT001
    tries: int,
    patience: float,
    seconds: float | None,
) -> None:
    wait = decide_retry(outcome, is_read=is_read, tries=tries, most_tries=4, patience=patience, now=NOW)

    assert (wait.seconds if wait else None) == seconds


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", ""),
        ("<html>", ""),
        ("[1]", ""),
        ("null", ""),
        pytest.param("[" * 100_000, "", id="nested without end"),
        ('{"message": null}', ""),
        ('{"message": "Not Found"}', "Not Found"),
        (
            '{"message": "Validation Failed", "errors": ["a", {"field": "body", "code": "invalid"}]}',
            "Validation Failed (a) (body) (invalid)",
        ),
        ('{"message": "x", "errors": {"a": 1}}', "x"),
    ],
)
def test_githubs_own_words_are_found_where_there_are_any(text: str, expected: str) -> None:
    assert answer(422, text).message() == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        ("my s3cret!", "my ***!"),
        ("ghp_0123456789abcdef and github_pat_11ABCDEFG0_xyz", "*** and ***"),
        ("ghs_1234567_eyJhbGciOi.eyJ-pc3MiOi.c2ln-_x", "***"),
        ("nothing, and ghosts", "nothing, and ghosts"),
    ],
)
def test_tokens_are_taken_out(text: str, expected: str) -> None:
    assert redact(text, "s3cret") == expected


@pytest.mark.parametrize("stated", ["9" * 30, "9" * 400])
@pytest.mark.parametrize("header", ["retry_after", "x_ratelimit_reset"])
def test_a_limit_that_no_calendar_holds_is_told_as_a_day(header: str, stated: str) -> None:
    limited = answer(429, **{"x_ratelimit_remaining": "0", header: stated})
    error = explain_failure("read it", limited, is_read=True, now=NOW)
    assert str(error).endswith("The rate limit ends at 2027-01-16 08:00:00 UTC; run Signpost again then.")


def test_a_message_is_one_line_of_bounded_length() -> None:
    assert shorten("a\n  b\t c") == "a b c"
    assert len(shorten("long " * 1000)) == 300


ENTRY = {"number": 7, "updated_at": "2026-04-08T09:00:00Z"}
NEXT = '<https://api.github.com/repositories/1/issues?page=3>; rel="next"'
LAST = '<https://api.github.com/repositories/1/issues?per_page=100&page=12>; rel="last"'


@pytest.mark.parametrize(
    "kind, cursor, query",
    [
        pytest.param(
            "issues", Cursor(), "/issues?state=all&sort=updated&direction=asc&per_page=100", id="from the first"
        ),
        pytest.param(
            "comments",
            Cursor("2026-04-08T09:00:00Z", 2, "tag"),
            "/issues/comments?sort=updated&direction=asc&per_page=100&since=2026-04-08T09:00:00Z&page=2",
            id="from a moment on, its second page",
        ),
    ],
)
def test_a_page_is_asked_for_by_the_last_change(
    kind: Literal["issues", "comments"], cursor: Cursor, query: str
) -> None:
    assert write_query(kind, cursor) == query


@pytest.mark.parametrize(
    "entries, headers, page",
    [
        pytest.param([], {}, Page(entries=(), pages_left=0), id="nothing"),
        pytest.param([ENTRY], {"etag": "tag"}, Page(entries=(ENTRY,), etag="tag", pages_left=0), id="the last page"),
        pytest.param(
            [ENTRY],
            {"link": f"{NEXT}, {LAST}"},
            Page(entries=(ENTRY,), has_more=True, pages_left=10),
            id="of twelve",
        ),
        pytest.param(
            [ENTRY], {"link": NEXT}, Page(entries=(ENTRY,), has_more=True, pages_left=None), id="nobody knows how many"
        ),
        pytest.param([], {"link": NEXT}, Page(entries=(), pages_left=0), id="an empty page ends the list"),
    ],
)
def test_an_answer_says_what_is_behind_it(entries: list[Any], headers: dict[str, str], page: Page) -> None:
    assert read_page(entries, Answer(status=200, headers=headers, text=""), 2) == page


def test_a_moment_may_have_a_fraction_of_a_second() -> None:
    entry = {"number": 7, "updated_at": "2026-04-08T09:00:00.418Z"}

    assert read_page([entry], Answer(status=200, headers={}, text=""), 1).entries == (entry,)


@pytest.mark.parametrize("entry", [{}, {"updated_at": None}, {"updated_at": "yesterday"}, "text", None])
def test_an_entry_that_does_not_say_when_it_changed_is_refused(entry: object) -> None:
    with pytest.raises(SettingsError, match="no valid `updated_at`"):
        read_page([entry], Answer(status=200, headers={}, text=""), 1)


@given(
    st.text(),
    st.sampled_from(["https://", "http://"]),
    st.sampled_from(["", "?", "#"]),
    st.text(st.characters(exclude_characters="@")),
)
def test_an_address_is_shown_without_its_credentials(password: str, scheme: str, sign: str, query: str) -> None:
    shown = mask_address(f"{scheme}jane:{password}@ghe.example.com/api/v3{sign}{query if sign else ''}")

    assert shown == f"{scheme}***@ghe.example.com/api/v3{'?***' if sign else ''}"


@given(st.text())
def test_any_text_can_be_masked_as_an_address(text: str) -> None:
    assert "secret" not in mask_address(f"{text}secret@ghe.example.com")
