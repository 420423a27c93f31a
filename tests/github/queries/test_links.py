"""How other issues stand: the query as GitHub's own schema wants it, and what its answers mean."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TrackerError
from bot.github.graphql import FOLDER_QUERY
from bot.github.queries.links import parse_links, write_links_query
from bot.tracker.types import LinkedIssue, Links, Release
from tests.stand_ins.github_json import Json, Value
from tests.stand_ins.graphql import QUERY_FAILURES, find_query_errors

HERE = "octo/widget"


def a_node(number: int, **changes: Value) -> Json:
    return {
        "__typename": "Issue",
        "number": number,
        "title": f"Issue {number}",
        "body": "It breaks",
        "url": f"https://github.com/{HERE}/issues/{number}",
        "state": "OPEN",
        "stateReason": None,
        "locked": False,
        "createdAt": "2026-04-08T09:00:00Z",
        "updatedAt": "2026-04-08T09:00:00Z",
        "authorAssociation": "NONE",
        "author": {"login": "reporter"},
        "repository": {"nameWithOwner": HERE},
        "milestone": None,
        "participants": {"totalCount": 1},
        "references": {"totalCount": 0},
        "answers": {"nodes": []},
        "closings": {"nodes": []},
        "marks": {"nodes": []},
        **changes,
    }


def a_mark(number: int, canonical: Json | None, kind: str = "MarkedAsDuplicateEvent", where: str = HERE) -> Json:
    place = {"number": number, "repository": {"nameWithOwner": where}}
    return {"__typename": kind, "duplicate": place, **({"canonical": canonical} if canonical else {})}


def read(*nodes: Json | None, releases: Json | None = None) -> Links:
    found = {f"i{place}": node for place, node in enumerate(nodes)}
    links = parse_links({"data": {"repository": {**found, "releases": releases}}}, HERE, "read links")
    assert links is not None
    return links


def ends_of(links: Links) -> dict[int, tuple[str, int] | None]:
    return {number: linked.duplicate_of for number, linked in links.issues.items()}


def test_githubs_own_schema_understands_the_queries() -> None:
    assert find_query_errors([FOLDER_QUERY, write_links_query([3]), write_links_query(range(1, 9))]) == [[], [], []]


def test_githubs_own_schema_tells_a_field_that_it_does_not_have() -> None:
    ((error,),) = find_query_errors(['{ repository(owner: "o", name: "n") { issue(number: 1) { original } } }'])
    assert "original" in error


def test_a_link_is_read_with_all_that_matters() -> None:
    closer = {"mergedAt": "2026-04-09T10:00:00Z", "milestone": {"title": "2.1.96"}}
    node = a_node(
        3,
        state="CLOSED",
        stateReason="COMPLETED",
        locked=True,
        participants={"totalCount": 15},
        references={"totalCount": 4},
        answers={"nodes": [{"authorAssociation": "NONE"}, None, {"authorAssociation": "MEMBER"}]},
        milestone={"title": "Backlog"},
        closings={"nodes": [{"closer": closer}]},
    )
    linked = read(node).issues[3]

    issue = linked.issue
    assert (issue.repository, issue.number, issue.state, issue.state_reason) == (HERE, 3, "closed", "completed")
    assert (issue.title, issue.body, issue.is_locked, issue.is_pull_request) == ("Issue 3", "It breaks", True, False)
    assert linked == LinkedIssue(
        issue=issue,
        references=4,
        participants=15,
        is_answered=True,
        milestone="2.1.96",
        fixed_at=datetime(2026, 4, 9, 10, tzinfo=UTC),
    )


def test_a_chain_is_read_as_deep_as_it_was_asked_for() -> None:
    end = {"__typename": "Issue", "number": 6, "repository": {"nameWithOwner": HERE}}
    third = a_node(5, marks={"nodes": [a_mark(5, end)]})
    second = a_node(4, marks={"nodes": [a_mark(4, third)]})
    first = a_node(3, marks={"nodes": [a_mark(3, second)]})
    assert ends_of(read(first)) == {3: (HERE, 4), 4: (HERE, 5), 5: (HERE, 6)}


@pytest.mark.parametrize(
    "marks, end",
    [
        pytest.param([a_mark(3, a_node(4)), a_mark(3, a_node(5))], (HERE, 5), id="the last one counts"),
        pytest.param([a_mark(3, a_node(4)), a_mark(3, None, "UnmarkedAsDuplicateEvent")], None, id="taken back"),
        pytest.param([a_mark(9, a_node(3))], None, id="somebody else is a duplicate of it"),
        pytest.param([a_mark(3, a_node(4)), a_mark(9, a_node(3))], (HERE, 4), id="both"),
        pytest.param(
            [a_mark(3, a_node(4, repository={"nameWithOwner": "octo/gadget"}))], ("octo/gadget", 4), id="elsewhere"
        ),
        pytest.param([None, {"__typename": "MarkedAsDuplicateEvent"}], None, id="what the token may not see"),
    ],
)
def test_marks_say_whose_duplicate_an_issue_is(marks: list[Value], end: tuple[str, int] | None) -> None:
    links = read(a_node(3, marks={"nodes": marks}))
    assert ends_of(links)[3] == end
    assert all(linked.issue.repository == HERE for linked in links.issues.values())


def test_a_pull_request_is_known_as_one() -> None:
    pull = {"__typename": "PullRequest", "number": 4, "title": "Mend", "url": f"https://github.com/{HERE}/pull/4"}
    assert read(pull).issues[4].issue.is_pull_request


def test_published_releases_are_read() -> None:
    nodes = [
        {"tagName": "v2", "publishedAt": "2026-04-09T10:00:00Z", "isDraft": False, "isPrerelease": True},
        {"tagName": "v3", "publishedAt": None, "isDraft": True, "isPrerelease": False},
        None,
    ]
    links = read(releases={"nodes": nodes, "pageInfo": {"hasNextPage": True}})
    assert links.releases == (Release(tag="v2", at=datetime(2026, 4, 9, 10, tzinfo=UTC), is_prerelease=True),)
    assert links.has_older_releases


def fail(errors: list[Json], data: Value = None) -> Links | None:
    return parse_links({"data": data, "errors": errors}, HERE, "read links")


def test_what_is_gone_or_forbidden_alone_takes_nothing_else_away() -> None:
    errors = [{"type": "NOT_FOUND", "message": "no issue 4"}, {"type": "FORBIDDEN", "message": "no releases"}]
    links = fail(errors, {"repository": {"i3": a_node(3), "i4": None, "releases": None}})
    assert links is not None
    assert list(links.issues) == [3]


def test_a_server_that_does_not_understand_the_query_is_no_failure() -> None:
    error = {"message": "Field 'stateReason' doesn't accept argument 'enableDuplicate'", "extensions": {"code": "x"}}
    assert fail([error]) is None


@pytest.mark.parametrize("error, message", QUERY_FAILURES)
def test_other_errors_are_told(error: Json, message: str) -> None:
    with pytest.raises(TrackerError, match=message):
        fail([error])


@pytest.mark.parametrize(
    "error, data, unanswered",
    [
        ({"message": "Something went wrong while executing your query."}, None, True),
        ({"message": "oops"}, {"repository": None}, True),
        ({"type": "RATE_LIMITED", "message": "later"}, None, True),
        ({"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}, {"repository": {"i3": None}}, True),
        ({"type": "SERVICE_UNAVAILABLE", "message": "no"}, None, True),
        ({"type": "FORBIDDEN", "message": "no"}, {"repository": None}, False),
        ({"type": "INSUFFICIENT_SCOPES", "message": "no"}, {"repository": {"i3": None}}, False),
        ({"type": "NOT_FOUND", "message": "no repository"}, {"repository": None}, False),
    ],
)
def test_an_error_that_refuses_nothing_leaves_the_question_unanswered(
    error: Json, data: Value, *, unanswered: bool
) -> None:
    with pytest.raises(TrackerError) as caught:
        fail([error], data)
    assert caught.value.unanswered is unanswered


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*a_node(1), "nodes"]), inner),
    max_leaves=12,
)


@given(JSON, JSON)
def test_an_answer_that_is_none_is_githubs_failure(found: Value, node: Value) -> None:
    for reply in (found, {"data": found}, {"data": {"repository": {"i3": node}}}, {"data": {"repository": node}}):
        with suppress(TrackerError):
            assert isinstance(parse_links(reply, HERE, "read links"), Links | None)
