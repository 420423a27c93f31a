"""Issues with GitHub's own marks: the query as its schema wants it, and what its answers mean."""

from base64 import b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TrackerError
from bot.github.payloads import parse_issue
from bot.github.queries.issues import ISSUES_QUERY, is_too_costly, names_moment, parse_marked, write_variables
from bot.tracker.archive import Cursor, Page
from tests.stand_ins.github_json import Json, StoredIssue, Value, issue_json, marked_json
from tests.stand_ins.github_state import BOT, State
from tests.stand_ins.graphql import QUERY_FAILURES, find_query_errors

HERE = "octo/widget"
MOMENT = "2026-04-08T09:00:00Z"
KEYSET = b64encode(b"cursor:v2:\x92\xb92026-04-08T09:00:00+00:00\xce\x01\x02\x03\x04").decode()


def an_issue(**changes: Value) -> Json:
    return {
        "number": 3,
        "title": "It breaks",
        "state": "OPEN",
        "createdAt": MOMENT,
        "updatedAt": MOMENT,
        "repository": {"nameWithOwner": HERE},
        **changes,
    }


def a_reply(*nodes: Json | None, total: int = 1, end: str | None = KEYSET, more: bool = False) -> Json:
    issues = {"totalCount": total, "pageInfo": {"hasNextPage": more, "endCursor": end}, "nodes": list(nodes)}
    return {"data": {"repository": {"all": {"totalCount": 7}, "issues": issues}}}


ASKED = write_variables(HERE, Cursor(), 100)


def read(reply: Json) -> Page:
    page = parse_marked(reply, ASKED, "read issues")
    assert page is not None
    return page


def test_githubs_own_schema_understands_the_query() -> None:
    assert find_query_errors([ISSUES_QUERY]) == [[]]


@pytest.mark.parametrize(
    "cursor, after, since",
    [
        (Cursor(), None, "1970-01-01T00:00:00Z"),
        (Cursor(MOMENT), None, MOMENT),
        (Cursor(MOMENT, after="x"), "x", MOMENT),
    ],
)
def test_a_page_is_asked_for_behind_a_cursor(cursor: Cursor, after: str | None, since: str) -> None:
    asked = write_variables(HERE, cursor, 50)
    assert asked == {"owner": "octo", "name": "widget", "first": 50, "after": after, "since": since}


@pytest.fixture
def stored() -> StoredIssue:
    github = State("")
    issue = github.add_issue("Title", "Body", author=BOT, labels=["bug"], association="MEMBER", is_locked=True)
    github.mark_duplicate(issue, github.add_issue())
    github.add_comment(issue, "Same here.")
    return issue


def test_both_ways_give_one_issue(stored: StoredIssue) -> None:
    (entry,) = read(a_reply(marked_json(HERE, stored, [stored]))).entries
    plain = issue_json(HERE, stored, "https://api.github.com")

    assert parse_issue(entry) == parse_issue(plain)
    assert parse_issue(entry).state_reason == "duplicate"


def a_mark(number: int, canonical: int | None = None, where: str = HERE, kind: str = "Issue") -> Json:
    name = "MarkedAsDuplicateEvent" if canonical else "UnmarkedAsDuplicateEvent"
    mark: Json = {"__typename": name, "duplicate": {"number": number, "repository": {"nameWithOwner": HERE}}}
    end = {"__typename": kind, "number": canonical, "repository": {"nameWithOwner": where}}
    return {**mark, "canonical": end} if canonical else mark


@pytest.mark.parametrize(
    "marks, told",
    [
        pytest.param([], None, id="none"),
        pytest.param([a_mark(3, 1)], 1, id="one"),
        pytest.param([a_mark(3, 1), a_mark(3, 2)], 2, id="the last one counts"),
        pytest.param([a_mark(3, 1), a_mark(3)], 0, id="taken back"),
        pytest.param([a_mark(3), a_mark(3, 1)], 1, id="and set again"),
        pytest.param([a_mark(9, 3)], None, id="another is a duplicate of it"),
        pytest.param([a_mark(3, 1), a_mark(9, 3)], 1, id="both"),
        pytest.param([a_mark(3, 1, where="octo/gadget")], 0, id="elsewhere"),
        pytest.param([a_mark(3, 1, kind="PullRequest")], 0, id="of a pull request"),
        pytest.param([{**a_mark(3, 1), "canonical": None}], 0, id="of what the token may not see"),
        pytest.param([None, {"__typename": "MarkedAsDuplicateEvent"}], None, id="what the token may not see"),
    ],
)
def test_marks_say_whose_duplicate_an_issue_is(marks: list[Value], told: int | None) -> None:
    (entry,) = read(a_reply(an_issue(marks={"nodes": marks}))).entries
    assert parse_issue(entry).duplicate_of == told


@pytest.mark.parametrize(
    "reply, has_more, left",
    [
        pytest.param(a_reply(an_issue(), total=1), False, 0, id="the last page"),
        pytest.param(a_reply(an_issue(), total=101, more=True), True, 1, id="one more"),
        pytest.param(a_reply(an_issue(), total=1000, more=True), True, 9, id="nine more"),
        pytest.param(a_reply(total=1000, more=True), False, 0, id="an empty page ends the list"),
        pytest.param(a_reply(None, total=1000, more=True), True, 9, id="an issue that the token may not see does not"),
    ],
)
def test_an_answer_says_what_is_behind_it(reply: Json, has_more: bool, left: int) -> None:  # noqa: FBT001
    page = read(reply)
    assert (page.has_more, page.pages_left, page.after, page.is_after_moment) == (has_more, left, KEYSET, True)
    assert page.total == 7


def test_how_many_are_left_behind_a_cursor_nobody_says() -> None:
    asked = write_variables(HERE, Cursor(after=KEYSET), 100)
    page = parse_marked(a_reply(an_issue(), total=1000, more=True), asked, "read issues")
    assert page is not None
    assert page.pages_left is None


@pytest.mark.parametrize(
    "cursor, is_keyset",
    [
        (KEYSET, True),
        (f"{KEYSET}AA", True),
        ("Y3Vyc29yOnYyOpK5MjAyMC0wMy0yN1QwNzozOToyMCswMTowMM4XhMuR", True),  # of GitHub itself
        (b64encode(b"cursor:100").decode(), False),
        ("MQ", False),
        ("", False),
        ("ä", False),
    ],
)
def test_a_cursor_names_an_entry_or_counts(cursor: str, is_keyset: bool) -> None:  # noqa: FBT001
    assert names_moment(cursor) is is_keyset


NOT_UNDERSTOOD = {"message": "Field 'stateReason' doesn't accept argument 'enableDuplicate'"}
TIMEOUT = {"message": "Something went wrong while executing your query. This may be the result of a timeout."}


def fail(errors: list[Json], data: Value = None) -> Page | None:
    return parse_marked({"data": data, "errors": errors}, ASKED, "read issues")


@pytest.mark.parametrize("error", [NOT_UNDERSTOOD, {"type": "FORBIDDEN", "message": "not by integration"}])
def test_where_graphql_may_not_be_asked_there_is_another_way(error: Json) -> None:
    assert fail([error]) is None


@pytest.mark.parametrize("error, message", [*QUERY_FAILURES, (TIMEOUT, "Something went wrong")])
@pytest.mark.parametrize("data", [None, {"repository": None}])
def test_other_errors_are_told(error: Json, message: str, data: Value) -> None:
    with pytest.raises(TrackerError, match=message):
        fail([error], data)


@pytest.mark.parametrize("error", [{"type": "RATE_LIMITED", "message": "later"}, TIMEOUT])
def test_half_an_answer_is_none(error: Json) -> None:
    with pytest.raises(TrackerError, match=error["message"]):
        fail([error], a_reply(an_issue())["data"])


def test_what_is_hidden_takes_nothing_else_away() -> None:
    page = fail([{"type": "NOT_FOUND", "message": "no such issue"}], a_reply(None, an_issue())["data"])
    assert page is not None
    assert [entry["number"] for entry in page.entries] == [3]


@pytest.mark.parametrize(
    "errors, is_costly",
    [
        ([TIMEOUT], True),
        ([{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "x"}], True),
        ([NOT_UNDERSTOOD], False),
        (["x"], False),
        (None, False),
    ],
)
def test_a_query_that_took_too_long_is_told_from_others(errors: Value, is_costly: bool) -> None:  # noqa: FBT001
    assert is_too_costly({"errors": errors}) is is_costly


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*an_issue(), "nodes"]), inner),
    max_leaves=12,
)


@given(JSON, JSON)
def test_an_answer_that_is_none_is_githubs_failure(found: Value, node: Value) -> None:
    for reply in (
        found,
        {"data": found},
        {"data": {"repository": found}},
        a_reply(node),
        a_reply(an_issue(marks=node)),
    ):
        with suppress(TrackerError):
            assert isinstance(parse_marked(reply, ASKED, "read issues"), Page | None)
        is_too_costly(reply)
