"""What people answer to many comments, in one GraphQL answer."""

from datetime import UTC, datetime

import pytest

from bot.errors import TrackerError
from bot.github.client import connect
from bot.github.queries.signals import REACTORS_QUERY, WATCH_QUERY, parse_reactors, parse_watched
from bot.tracker.types import Account, Change, Reaction, WatchedComment
from tests.stand_ins.fake_github import MAINTAINER, FakeGitHub
from tests.stand_ins.github_json import Json, StoredComment
from tests.stand_ins.github_routes import answer
from tests.stand_ins.graphql import QUERY_FAILURES, answer_again, find_query_errors
from tests.stand_ins.story import REPOSITORY, TOKEN, TRIAGE

THEN = "2026-04-08T09:00:00Z"
AT = datetime(2026, 4, 8, 9, tzinfo=UTC)


def test_the_queries_are_githubs_own() -> None:
    assert find_query_errors([WATCH_QUERY, REACTORS_QUERY]) == [[], []]


def a_group(content: str, *people: Json, total: int | None = None, more: bool = False) -> Json:
    edges = [{"reactedAt": THEN, "node": person} for person in people]
    page = {"hasNextPage": more}
    return {
        "content": content,
        "reactors": {"totalCount": len(people) if total is None else total, "edges": edges, "pageInfo": page},
    }


EVE: Json = {"__typename": "User", "login": "eve"}
TIDY: Json = {"__typename": "Bot", "login": "tidy"}
ISSUE: Json = {
    "number": 7,
    "state": "OPEN",
    "locked": False,
    "isPinned": False,
    "milestone": None,
    "author": EVE,
    "assignees": {"totalCount": 0},
    "comments": {"totalCount": 3},
    "timelineItems": {"nodes": []},
}


def watch(issue: Json, **comment: object) -> WatchedComment:
    node = {"id": "IC_new", "isMinimized": False, "reactionGroups": [], "issue": {**ISSUE, **issue}, **comment}
    return parse_watched({"data": {"nodes": [node]}}, ["IC_old"], "read it")["IC_old"]


@pytest.mark.parametrize(
    "issue, comment, expected",
    [
        ({}, {}, {}),
        ({"state": "CLOSED"}, {}, {"state": "closed"}),
        ({"locked": True}, {"isMinimized": True}, {"is_locked": True, "is_minimized": True}),
        ({"isPinned": True}, {}, {"is_held": True}),
        ({"isPinned": None}, {"reactionGroups": None}, {}),
        ({"milestone": {"id": "MI_1"}}, {}, {"is_held": True}),
        ({"assignees": {"totalCount": 2}}, {}, {"is_held": True}),
        ({"author": None}, {}, {"author": Account(login="ghost")}),
        (
            {},
            {"reactionGroups": [a_group("THUMBS_UP", EVE, total=5), a_group("ROCKET"), a_group("EYES", TIDY)]},
            {"reactions": (("+1", 5, AT), ("eyes", 1, AT))},
        ),
        (
            {"timelineItems": {"nodes": [None, {"__typename": "ClosedEvent", "createdAt": THEN, "actor": TIDY}]}},
            {},
            {"closings": (Change(kind="closed", actor=Account(login="tidy[bot]", is_bot=True), at=AT),)},
        ),
    ],
)
def test_a_comment_comes_with_its_issue_by_the_id_that_was_asked_for(
    issue: Json, comment: Json, expected: Json
) -> None:
    usual: Json = {"node_id": "IC_old", "issue": 7, "author": Account(login="eve"), "comment_count": 3}
    assert watch(issue, **comment) == WatchedComment(**(usual | expected))


def test_reactions_name_people_and_bots() -> None:
    groups = [a_group("THUMBS_DOWN", EVE, TIDY), a_group("HEART")]
    reply = {"data": {"nodes": [{"id": "IC_1", "reactionGroups": groups}, None]}, "errors": [{"type": "NOT_FOUND"}]}
    assert parse_reactors(reply, ["IC_1", "IC_2"], "read it") == {
        "IC_1": (
            Reaction(content="-1", by=Account(login="eve"), at=AT),
            Reaction(content="-1", by=Account(login="tidy[bot]", is_bot=True), at=AT),
        )
    }


def test_a_list_that_goes_on_is_not_taken_for_the_whole() -> None:
    reply = {"data": {"nodes": [{"id": "IC_1", "reactionGroups": [a_group("HEART", EVE, more=True)]}]}}
    assert parse_reactors(reply, ["IC_1"], "read it") == {"IC_1": None}


@pytest.mark.parametrize("error, said", QUERY_FAILURES)
def test_graphqls_other_errors_are_errors(error: Json, said: str) -> None:
    with pytest.raises(TrackerError, match=said):
        parse_watched({"data": None, "errors": [error]}, ["IC_1"], "read it")


@pytest.mark.parametrize("reply", [None, [], {"data": {"nodes": "x"}}, {"data": {"nodes": [{"issue": {}}]}}])
def test_an_answer_that_is_not_githubs_is_an_error(reply: object) -> None:
    with pytest.raises(TrackerError, match="Could not read it"):
        parse_watched(reply, ["IC_1"], "read it")


@pytest.fixture
def ours(fake_github: FakeGitHub) -> StoredComment:
    issue = fake_github.add_issue()
    comment = fake_github.add_comment(issue, "Free some space.", TRIAGE)
    fake_github.react(comment, "+1", MAINTAINER)
    fake_github.react(comment, "-1", TRIAGE)
    fake_github.set_state(issue, "closed", "completed")
    return comment


@pytest.mark.parametrize("query", [WATCH_QUERY, REACTORS_QUERY])
def test_the_fake_answers_as_githubs_schema_wants_it(fake_github: FakeGitHub, ours: StoredComment, query: str) -> None:
    tracker = connect(TOKEN, fake_github.url)
    ids = [f"IC_{ours.id}", "IC_0"]
    found = tracker.watch_comments(ids) if query == WATCH_QUERY else tracker.list_reactors(ids)
    assert [*found] == ids[:1]
    reply = answer(fake_github, fake_github.requests[-1], fake_github.url).body
    again = answer_again(query, {"ids": ids}, {"nodes": [{**reply["data"]["nodes"][0]}, None]})
    assert again.get("errors") is None


def test_reactions_from_rest_are_the_same(fake_github: FakeGitHub, ours: StoredComment) -> None:
    tracker = connect(TOKEN, fake_github.url)
    issue = tracker.get_issue(REPOSITORY, 1)
    (found,) = tracker.list_reactors([f"IC_{ours.id}"]).values()
    assert found is not None
    assert set(tracker.list_reactions(issue, ours.id)) == set(found)
    assert [each.by.login for each in tracker.list_reactions(issue, ours.id, "-1")] == [TRIAGE.login]
    assert found[0].at == datetime.fromisoformat(ours.reactions[0][2])


@pytest.mark.parametrize("login, permission", [("maintainer", "write"), ("reporter", "read"), ("..", "none")])
def test_a_permission_is_asked_for_by_login(fake_github: FakeGitHub, login: str, permission: str) -> None:
    fake_github.add_issue()
    assert connect(TOKEN, fake_github.url).find_permission(REPOSITORY, login) == permission
