"""Nodes of an issue graph from GraphQL: queries as GitHub's schema wants them, and what their answers mean."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import TrackerError
from bot.github.graph.answer import NodeJson, NotUnderstoodError, TooMuchError, parse_nodes, parse_pages
from bot.github.graph.edges import make_node, name_event
from bot.github.graph.query import PageAsked, write_nodes_query, write_pages_query
from bot.tracker.graph import Address, Commit, Edge, Node, Unread
from bot.tracker.types import Account, Comment
from tests.stand_ins.github_graph import graph_data, node_json
from tests.stand_ins.github_json import Json, Value
from tests.stand_ins.github_state import State
from tests.stand_ins.graphql import answer_again, find_query_errors
from tests.stand_ins.neighbourhood import HERE, build_neighbourhood

HERE_1, THERE = Address(HERE, 1), Address("octo/gadget", 7)
AT = datetime(2026, 4, 8, 9, tzinfo=UTC)
WHEN = "2026-04-08T09:00:00Z"
JANE: Json = {"__typename": "User", "login": "jane"}
PAGES = [PageAsked(HERE_1, "timeline", "abc="), PageAsked(THERE, "comments", "x")]


def test_githubs_schema_understands_the_queries() -> None:
    nodes = [write_nodes_query([HERE_1, THERE], level)["query"] for level in ("full", "plain")]
    pages = [
        write_pages_query(PAGES, "full"),
        write_pages_query(PAGES[:1], "plain"),
        write_pages_query(PAGES[1:], "full"),
    ]
    assert find_query_errors([*nodes, *(page["query"] for page in pages)]) == [[]] * 5


def test_the_fake_answers_as_githubs_schema_wants() -> None:
    fake = State("")
    build_neighbourhood(fake)
    asked = write_nodes_query([Address(HERE, number) for number in range(1, 46)], "full")
    data, errors = graph_data(fake, asked["query"], asked["variables"])
    again = answer_again(asked["query"], asked["variables"], data)
    assert (again.get("errors"), errors) == (None, [])
    for place in range(45):
        shown, known = (NodeJson.model_validate(each[f"r{place}"]["node"]) for each in (again["data"], data))
        assert make_node(shown) == make_node(known)


def test_the_fake_answers_pages_as_githubs_schema_wants() -> None:
    fake = State("")
    build_neighbourhood(fake)
    pages = [PageAsked(HERE_1, "timeline", "Y3Vyc29yOjEwMA=="), PageAsked(HERE_1, "comments", "Y3Vyc29yOjIwMA==")]
    asked = write_pages_query(pages, "full")
    data, _ = graph_data(fake, asked["query"], asked["variables"])
    again = answer_again(asked["query"], asked["variables"], data)
    assert again.get("errors") is None
    assert parse_pages(again, pages, "read") == parse_pages({"data": data}, pages, "read")


def a_node(**changes: Value) -> Json:
    return {
        "__typename": "Issue",
        "number": 1,
        "title": "It breaks",
        "body": "",
        "url": f"https://github.com/{HERE}/issues/1",
        "fullDatabaseId": "1001",
        "state": "OPEN",
        "locked": False,
        "createdAt": WHEN,
        "updatedAt": WHEN,
        "repository": {"nameWithOwner": HERE},
        "comments": a_list(),
        "timelineItems": a_list(),
        **changes,
    }


def a_list(*nodes: Json | None, total: int | None = None, end: str | None = None) -> Json:
    info = {"hasNextPage": end is not None, "endCursor": end}
    return {"totalCount": len(nodes) if total is None else total, "pageInfo": info, "nodes": list(nodes)}


def a_place(number: int, repository: str = HERE, kind: str = "Issue") -> Json:
    page = "pull" if kind == "PullRequest" else "issues"
    where = {"repository": {"nameWithOwner": repository}}
    return {"__typename": kind, "number": number, "url": f"https://github.com/{repository}/{page}/{number}", **where}


def an_event(kind: str, **more: Value) -> Json:
    return {"__typename": kind, "createdAt": WHEN, "actor": JANE, **more}


def read(node: Json, errors: list[Json] | None = None) -> Node:
    found = parse_nodes({"data": {"r0": {"node": node}}, "errors": errors or []}, [HERE_1], "read it")[HERE_1]
    assert isinstance(found, NodeJson)
    return make_node(found)


def edges_of(*events: Json, **fields: Value) -> list[str]:
    node = read(a_node(timelineItems=a_list(*events), **fields))
    return [f"{edge.source.number} {edge.kind} {edge.target.number} {edge.place}" for edge in node.edges]


SECOND, PULL = a_place(2), a_place(3, kind="PullRequest")


@pytest.mark.parametrize(
    "events, fields, edges",
    [
        pytest.param(
            [an_event("CrossReferencedEvent", source=SECOND, willCloseTarget=False)], {}, ["2 references 1 timeline"]
        ),
        pytest.param(
            [an_event("CrossReferencedEvent", source=PULL, willCloseTarget=True)], {}, ["3 closes 1 timeline"]
        ),
        pytest.param([an_event("CrossReferencedEvent", source=None)], {}, [], id="what the token may not see"),
        pytest.param([an_event("ConnectedEvent", subject=PULL)], {}, ["3 connected 1 timeline"]),
        pytest.param(
            [an_event("ConnectedEvent", subject=PULL), an_event("DisconnectedEvent", subject=PULL)], {}, [], id="undone"
        ),
        pytest.param([an_event("ClosedEvent", closer=PULL)], {}, ["3 closes 1 timeline"]),
        pytest.param([an_event("ClosedEvent", closer={"__typename": "ProjectV2"})], {}, []),
        pytest.param(
            [an_event("ClosedEvent", duplicateOf=SECOND)], {"duplicateOf": SECOND}, ["1 duplicate_of 2 timeline"]
        ),
        pytest.param([an_event("ClosedEvent", duplicateOf=SECOND)], {}, [], id="not a duplicate any more"),
        pytest.param([], {"duplicateOf": SECOND}, ["1 duplicate_of 2 field"]),
        pytest.param(
            [an_event("MarkedAsDuplicateEvent", duplicate=SECOND, canonical=a_place(1))],
            {},
            ["2 duplicate_of 1 timeline"],
        ),
        pytest.param(
            [
                an_event("MarkedAsDuplicateEvent", duplicate=SECOND, canonical=a_place(1)),
                an_event("UnmarkedAsDuplicateEvent", duplicate=SECOND, canonical=a_place(1)),
            ],
            {},
            [],
            id="unmarked",
        ),
        pytest.param([], {"parent": SECOND}, ["1 part_of 2 field"]),
        pytest.param([an_event("ParentIssueAddedEvent", parent=SECOND)], {}, [], id="no parent any more"),
        pytest.param(
            [an_event("SubIssueAddedEvent", subIssue=SECOND)],
            {"subIssues": {"totalCount": 1, "nodes": [SECOND]}},
            ["2 part_of 1 timeline"],
        ),
        pytest.param(
            [an_event("SubIssueAddedEvent", subIssue=SECOND)],
            {"subIssues": {"totalCount": 9, "nodes": []}},
            ["2 part_of 1 timeline"],
            id="GitHub's list is not complete",
        ),
        pytest.param([], {"blockedBy": {"totalCount": 1, "nodes": [SECOND]}}, ["2 blocks 1 field"]),
        pytest.param(
            [an_event("BlockingAddedEvent", blockedIssue=SECOND)],
            {"blocking": {"totalCount": 1, "nodes": [SECOND]}},
            ["1 blocks 2 timeline"],
        ),
        pytest.param([an_event("BlockedByAddedEvent", blockingIssue=SECOND)], {}, [], id="not blocked any more"),
        pytest.param([], {"closedByPullRequestsReferences": {"totalCount": 1, "nodes": [PULL]}}, ["3 closes 1 field"]),
        pytest.param([None, an_event("LabeledEvent")], {}, [], id="nothing that links"),
        pytest.param([], {"body": "See #2."}, ["1 mentions 2 body"]),
        pytest.param([], {"body": "Fixes #2."}, ["1 mentions 2 body"], id="an issue fixes nothing"),
    ],
)
def test_links_become_edges(events: list[Json], fields: Json, edges: list[str]) -> None:
    assert edges_of(*events, **fields) == edges


def test_a_pull_request_is_read_with_its_commit_and_its_files() -> None:
    commit = {"oid": "abc", "url": "https://github.com/c", "committedDate": WHEN}
    node = a_node(
        __typename="PullRequest",
        url=f"https://github.com/{HERE}/pull/1",
        body="Fixes #2 and resolves octo/gadget#7",
        state=None,
        pullState="MERGED",
        isDraft=False,
        mergedAt="2026-04-09T10:00:00Z",
        mergeCommit=commit,
        files={"totalCount": 120, "nodes": [{"path": "a.py"}, None]},
        closingIssuesReferences={"totalCount": 1, "nodes": [SECOND]},
    )
    del node["state"]
    merged = datetime(2026, 4, 9, 10, tzinfo=UTC)
    found = read(node)

    assert (found.issue.is_pull_request, found.issue.state, found.merged_at, found.files) == (
        True,
        "closed",
        merged,
        ("a.py",),
    )
    assert found.fix == Commit(sha="abc", at=merged, url="https://github.com/c")
    url = f"https://github.com/{HERE}/pull/1"
    ghost = Account(login="ghost")
    assert found.edges == (
        Edge("closes", HERE_1, Address(HERE, 2), "field", url=url),
        Edge("claims", HERE_1, Address(HERE, 2), "body", AT, ghost, "NONE", url),
        Edge("claims", HERE_1, THERE, "body", AT, ghost, "NONE", url),
    )


def test_an_issue_is_read_with_its_comments() -> None:
    comment = {
        "fullDatabaseId": "5001",
        "url": "https://github.com/x",
        "body": "Same here",
        "createdAt": WHEN,
        "isMinimized": True,
        "authorAssociation": "MEMBER",
        "author": {"__typename": "Bot", "login": "stale"},
        "reactionGroups": [
            {"content": "THUMBS_UP", "reactors": {"totalCount": 3}},
            {"content": "HEART", "reactors": {"totalCount": 0}},
        ],
    }
    node = read(
        a_node(
            comments=a_list(comment, total=4),
            milestone={"title": "2.1"},
            labels={"nodes": [{"name": "bug"}]},
            participants={"totalCount": 5},
            state="CLOSED",
            stateReason="DUPLICATE",
            closedAt=WHEN,
            duplicateOf=a_place(7, "octo/gadget"),
        )
    )

    assert node.issue.comments == (
        Comment(
            id=5001,
            author=Account(login="stale[bot]", is_bot=True),
            body="Same here",
            created_at=AT,
            is_minimized=True,
            association="MEMBER",
            url="https://github.com/x",
            reactions=(("+1", 3),),
        ),
    )
    assert (node.milestone, node.issue.labels, node.participants, node.closed_at) == ("2.1", ("bug",), 5, AT)
    assert (node.issue.state, node.issue.state_reason, node.issue.duplicate_of) == ("closed", "duplicate", 0)
    assert node.gaps == ("Only 1 of 4 comments were read.",)


def test_the_last_commit_that_closed_an_issue_is_its_fix() -> None:
    closings = [
        an_event("ClosedEvent", closer={"__typename": "Commit", "oid": sha, "url": "u", "committedDate": WHEN})
        for sha in ("abc", "def")
    ]
    closed = a_node(timelineItems=a_list(*closings), state="CLOSED")
    assert read(closed).fix == Commit(sha="def", at=AT, url="u")
    assert read({**closed, "state": "OPEN"}).fix is None


@pytest.mark.parametrize(
    "kind, name",
    [
        ("LabeledEvent", "labeled"),
        ("CrossReferencedEvent", "cross-referenced"),
        ("MarkedAsDuplicateEvent", "marked_as_duplicate"),
        ("IssueComment", "commented"),
        ("RenamedTitleEvent", "renamed"),
        ("PullRequestCommit", "committed"),
        ("SubIssueAddedEvent", "sub_issue_added"),
        ("HeadRefForcePushedEvent", "head_ref_force_pushed"),
        ("", ""),
    ],
)
def test_events_have_the_names_of_rest(kind: str, name: str) -> None:
    assert name_event(kind) == name


NOT_FOUND = {"type": "NOT_FOUND", "message": "Could not resolve"}
TIMEOUT = {"message": "Something went wrong while executing your query."}


@pytest.mark.parametrize(
    "data, errors, reason",
    [
        ({"r0": {"node": None}}, [{**NOT_FOUND, "path": ["r0", "node"]}], "missing"),
        ({"r0": None}, [{**NOT_FOUND, "path": ["r0"]}], "missing"),
        ({"r0": {"node": None}}, [], "missing"),
        ({"r0": {"node": None}}, [{"type": "FORBIDDEN", "message": "SAML", "path": ["r0", "node"]}], "refused"),
        ({"r0": {"node": {"__typename": "Issue"}}}, [], "failed"),
        ({"r0": {"node": None}, "r1": {}}, [{**TIMEOUT, "path": ["r0", "node"]}], None),
        ({"r0": {"node": None}, "r1": {}}, [{"type": "SERVICE_UNAVAILABLE", "message": "no", "path": ["r0"]}], None),
    ],
)
def test_a_node_that_is_not_there_has_a_reason(data: Json, errors: list[Json], reason: str | None) -> None:
    found = parse_nodes({"data": {**data, "r9": {"node": None}}, "errors": errors}, [HERE_1], "read it")[HERE_1]
    assert (found.reason if isinstance(found, Unread) else found) == reason


def test_one_odd_node_takes_nothing_else_away() -> None:
    data = {"r0": {"node": a_node()}, "r1": {"node": a_node(createdAt="yesterday")}, "r2": {"node": None}}
    asked = [HERE_1, Address(HERE, 2), Address(HERE, 3)]
    found = parse_nodes({"data": data, "errors": [{**NOT_FOUND, "path": ["r2", "node"]}]}, asked, "read it")
    kinds = [type(each).__name__ for each in found.values()]
    assert kinds == ["NodeJson", "Unread", "Unread"]


def test_a_part_that_is_refused_is_a_gap() -> None:
    error = {"type": "FORBIDDEN", "message": "Resource not accessible", "path": ["r0", "node", "milestone"]}
    assert read(a_node(), [error]).gaps == ("GitHub left out a part of it: Resource not accessible",)


@pytest.mark.parametrize(
    "reply, error",
    [
        ({"errors": [{"message": "Field 'duplicateOf' doesn't exist on type 'Issue'"}]}, NotUnderstoodError),
        ({"data": None, "errors": [TIMEOUT]}, TooMuchError),
        ({"data": {"r0": None}, "errors": [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "too much"}]}, TooMuchError),
        ({"data": None, "errors": [{"type": "RATE_LIMITED", "message": "later"}]}, TrackerError),
        ({"data": {"r0": None}, "errors": [{"type": "RATE_LIMITED", "message": "later"}]}, TrackerError),
        ({"data": None, "errors": [{"type": "FORBIDDEN", "message": "no"}]}, TrackerError),
        ([], TrackerError),
        (None, TrackerError),
        ({"data": 7}, TrackerError),
    ],
)
def test_an_answer_that_is_none_is_an_error(reply: Value, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_nodes(reply, [HERE_1], "read it")
    with pytest.raises(error):
        parse_pages(reply, PAGES, "read it")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just(WHEN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*a_node(), "nodes", "source"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*a_node(), "duplicateOf", "parent", "subIssues"]), JSON), JSON)
def test_hostile_answers_become_nodes_or_reasons(changes: Json, event: Value) -> None:
    node = {**a_node(), **changes}
    for given_node in (node, {**a_node(), "timelineItems": a_list(event if isinstance(event, dict) else {})}, changes):
        with suppress(TrackerError):
            found = parse_nodes({"data": {"r0": {"node": given_node}}}, [HERE_1], "read it")[HERE_1]
            assert isinstance(found, Unread) or isinstance(make_node(found), Node) if found else True


def test_a_node_of_the_fake_is_read_whole() -> None:
    fake = State("")
    build_neighbourhood(fake)
    (second,) = [issue for issue in fake.repositories[HERE].issues.values() if issue.number == 2]
    node = read(node_json(fake, second))
    assert replace(node, edges=()).gaps == ()
