"""Payloads become events, requests, or a reason to skip."""

import contextlib
import copy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.github.payloads import parse_change, parse_comment, parse_issue
from bot.github.webhook_event import IssueRequest, parse_event
from bot.tracker.types import EPOCH, Account, Change, Comment, Issue, IssueEvent, Skip
from tests.stand_ins.github_json import Json

REPORTER = Account(login="reporter")
ISSUE_JSON: Json = {
    "id": 900,
    "number": 7,
    "title": "It breaks",
    "body": "Every day.",
    "html_url": "https://github.com/octo/widget/issues/7",
    "repository_url": "https://api.github.com/repos/octo/widget",
    "user": {"login": "reporter", "type": "User"},
    "author_association": "CONTRIBUTOR",
    "labels": [{"name": "bug"}, {"name": "area/cost"}],
    "state": "closed",
    "state_reason": "not_planned",
    "locked": True,
    "comments": 3,
    "created_at": "2026-04-08T09:00:00Z",
    "updated_at": "2026-04-08T10:00:00+01:00",
}
ISSUE = Issue(
    repository="octo/widget",
    number=7,
    title="It breaks",
    body="Every day.",
    id=900,
    url="https://github.com/octo/widget/issues/7",
    author=REPORTER,
    association="CONTRIBUTOR",
    labels=("bug", "area/cost"),
    state="closed",
    state_reason="not_planned",
    is_locked=True,
    comment_count=3,
    created_at=datetime(2026, 4, 8, 9, tzinfo=UTC),
    updated_at=datetime(2026, 4, 8, 9, tzinfo=UTC),
)
COMMENT_JSON: Json = {
    "id": 77,
    "body": "Same here.",
    "user": {"login": "github-actions[bot]", "type": "Bot"},
    "created_at": "2026-04-08T09:00:00Z",
    "minimized": {"reason": "outdated"},
}
COMMENT = Comment(
    id=77,
    author=Account(login="github-actions[bot]", is_bot=True),
    body="Same here.",
    created_at=datetime(2026, 4, 8, 9, tzinfo=UTC),
    is_minimized=True,
)
PAYLOAD: Json = {
    "action": "opened",
    "issue": ISSUE_JSON,
    "repository": {"full_name": "octo/widget"},
    "sender": {"login": "reporter", "type": "User"},
}


def test_an_issues_event_is_read_whole() -> None:
    expected = IssueEvent(name="issues", action="opened", issue=ISSUE, sender=REPORTER)

    assert parse_event("issues", PAYLOAD) == expected


def test_an_issue_comment_event_brings_its_comment() -> None:
    payload = {**PAYLOAD, "action": "created", "comment": COMMENT_JSON}
    expected = IssueEvent(name="issue_comment", action="created", issue=ISSUE, sender=REPORTER, comment=COMMENT)

    assert parse_event("issue_comment", payload) == expected


@pytest.mark.parametrize("stated", ["45192", "#45192", " 45192 "])
def test_a_workflow_started_by_hand_knows_only_the_number(stated: str) -> None:
    payload = {"inputs": {"issue": stated}, "repository": {"full_name": "octo/widget"}, "sender": {"login": "reporter"}}

    request = parse_event("workflow_dispatch", payload)

    assert request == IssueRequest(repository="octo/widget", number=45192, sender=REPORTER)


@pytest.mark.parametrize(
    "name, change, reason",
    [
        pytest.param("push", {}, "event push", id="another event"),
        pytest.param("schedule", {}, "event schedule", id="a schedule"),
        pytest.param("issues", {"action": "deleted"}, "issues deleted", id="deleted"),
        pytest.param("issues", {"action": "transferred"}, "issues transferred", id="transferred"),
        pytest.param("issue_comment", {"action": "deleted"}, "issue_comment deleted", id="a deleted comment"),
        pytest.param("issues", {"issue": {**ISSUE_JSON, "pull_request": {}}}, "pull request", id="a pull request"),
    ],
)
def test_what_is_no_issue_to_look_at_is_skipped_with_a_reason(name: str, change: Json, reason: str) -> None:
    assert parse_event(name, {**PAYLOAD, **change}) == Skip(reason)


@pytest.mark.parametrize(
    "name, payload, missing",
    [
        pytest.param("issues", {}, "no `action`", id="nothing"),
        pytest.param("issues", {**PAYLOAD, "issue": None}, "no `issue`", id="no issue"),
        pytest.param("issues", {**PAYLOAD, "issue": [1]}, "no `issue`", id="an issue that is a list"),
        pytest.param("issues", {**PAYLOAD, "issue": {"title": "x"}}, "number: field required", id="no number"),
        pytest.param("issues", {**PAYLOAD, "issue": {"number": 7}}, "title: field required", id="no title"),
        pytest.param("issues", {**PAYLOAD, "repository": None}, "no `repository.full_name`", id="no repository"),
        pytest.param("issue_comment", PAYLOAD, "no `comment`", id="no comment"),
        pytest.param("workflow_dispatch", {"inputs": None}, "input `issue`", id="no inputs"),
        pytest.param("workflow_dispatch", {"inputs": {"issue": "seven"}}, "input `issue`", id="no number given"),
        pytest.param("workflow_dispatch", {"inputs": {"issue": "7"}}, "GITHUB_REPOSITORY", id="no repository known"),
    ],
)
def test_a_malformed_payload_is_refused_with_what_is_missing(name: str, payload: Json, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        parse_event(name, payload)


def test_the_repository_may_come_from_outside() -> None:
    payload = {"inputs": {"issue": "7"}}

    request = parse_event("workflow_dispatch", payload, "octo/widget")

    assert request == IssueRequest(repository="octo/widget", number=7, sender=Account(login="ghost"))


@pytest.mark.parametrize("name", ["issues", "issue_comment"])
def test_every_example_of_github_is_an_event_or_is_skipped(webhook_examples: dict[str, list[Json]], name: str) -> None:
    for payload in webhook_examples[name]:
        event = parse_event(name, payload)
        gone = payload["action"] in {"deleted", "transferred"} or "pull_request" in payload["issue"]
        if gone:
            assert isinstance(event, Skip)
        else:
            assert isinstance(event, IssueEvent)
            assert event.issue.title == payload["issue"]["title"]
            assert event.issue.repository == payload["repository"]["full_name"]
            assert event.issue.labels == tuple(label["name"] for label in payload["issue"].get("labels", ()))
            assert event.sender.login == payload["sender"]["login"]


@pytest.mark.parametrize("name", ["issues", "issue_comment"])
def test_an_example_without_any_one_key_never_breaks_the_reader(
    webhook_examples: dict[str, list[Json]], name: str
) -> None:
    for payload in webhook_examples[name]:
        for thinned in _without_one_key(payload):
            with contextlib.suppress(SettingsError):
                assert isinstance(parse_event(name, thinned), IssueEvent | Skip)


def _without_one_key(payload: Json) -> list[Json]:
    outer = [{key: value for key, value in payload.items() if key != left_out} for left_out in payload]
    inner = []
    for part in ("issue", "comment"):
        for left_out in payload.get(part, ()):
            thinned = copy.deepcopy(payload)
            thinned[part][left_out] = None
            inner.append(thinned)
    return outer + inner


def test_gh_and_rest_say_the_same() -> None:
    told_by_gh: Json = {
        "id": "I_kwDOabc",
        "number": 7,
        "title": "It breaks",
        "body": "Every day.",
        "url": "https://github.com/octo/widget/issues/7",
        "author": {"login": "reporter", "is_bot": False, "id": "U_1", "name": ""},
        "authorAssociation": "CONTRIBUTOR",
        "labels": [{"id": "LA_1", "name": "bug", "color": "red"}, {"id": "LA_2", "name": "area/cost"}],
        "state": "CLOSED",
        "stateReason": "NOT_PLANNED",
        "createdAt": "2026-04-08T09:00:00Z",
        "updatedAt": "2026-04-08T09:00:00Z",
        "comments": [
            {
                "id": "IC_1",
                "url": "https://github.com/octo/widget/issues/7#issuecomment-77",
                "author": {"login": "app/github-actions"},
                "body": "Same here.",
                "createdAt": "2026-04-08T09:00:00Z",
                "isMinimized": True,
            }
        ],
    }
    told_by_rest = {**ISSUE_JSON, "id": 0, "locked": False, "comments": [COMMENT_JSON]}

    assert parse_issue(told_by_gh) == parse_issue(told_by_rest)


@pytest.mark.parametrize(
    "change, expected",
    [
        pytest.param({"body": None}, {"body": ""}, id="a body that is null"),
        pytest.param({"user": None}, {"author": Account(login="ghost")}, id="a user who is gone"),
        pytest.param({"created_at": None}, {"created_at": EPOCH}, id="no date"),
        pytest.param({"created_at": "2026-04-08T09:00:00.000+0000"}, {}, id="a date as Jira writes it"),
        pytest.param({"created_at": "0001-01-01T00:00:00+14:00"}, {"created_at": EPOCH}, id="a date before all dates"),
        pytest.param({"labels": ["bug", "area/cost"]}, {}, id="labels as bare names"),
        pytest.param({"labels": None}, {"labels": ()}, id="labels that are null"),
        pytest.param({"title": "a\ud800b\udc00"}, {"title": "a\ufffdb\ufffd"}, id="lone surrogates"),
        pytest.param({"title": "👍"}, {"title": "👍"}, id="a character of two surrogates"),
        pytest.param({"state_reason": None}, {"state_reason": None}, id="no reason"),
        pytest.param({"duplicate_of": 12}, {"duplicate_of": 12}, id="a mark as a download keeps it"),
        pytest.param({"duplicate_of": "#12"}, {"duplicate_of": None}, id="what somebody else calls so"),
        pytest.param({"duplicate_of": True}, {"duplicate_of": None}, id="and this is no number"),
        pytest.param({"duplicate_of": 10**30}, {"duplicate_of": None}, id="nor is this one of an issue"),
        pytest.param({"type": {"id": 1, "name": "Bug"}}, {"type": "Bug"}, id="a type"),
        pytest.param({"issueType": {"name": "B\ud800"}}, {"type": "B\ufffd"}, id="a type as GraphQL names it"),
        pytest.param({"type": None}, {"type": None}, id="no type"),
        pytest.param({"type": "Story"}, {"type": None}, id="a type of another tracker"),
        pytest.param({"author_association": None}, {"association": "NONE"}, id="no association"),
    ],
)
def test_what_may_be_missing_has_a_default(change: Json, expected: Json) -> None:
    issue = parse_issue({**ISSUE_JSON, **change})

    assert {name: getattr(issue, name) for name in expected} == expected
    assert issue.created_at == expected.get("created_at", ISSUE.created_at)


@pytest.mark.parametrize(
    "address, is_pull_request",
    [
        ("https://github.com/octo/widget/pull/7", True),
        ("https://github.com/octo/pull/issues/7", False),
        ("https://github.com/pull/widget/issues/7", False),
    ],
)
def test_a_pull_request_is_known_by_its_address(address: str, *, is_pull_request: bool) -> None:
    assert parse_issue({"number": 7, "title": "", "url": address}).is_pull_request is is_pull_request


@pytest.mark.parametrize(
    "change, repository",
    [
        pytest.param({}, "octo/widget", id="its own word wins"),
        pytest.param({"repository_url": None}, "octo/widget", id="from the address of its page"),
        pytest.param({"repository_url": None, "html_url": None}, "else/where", id="from outside"),
        pytest.param(
            {"repository_url": None, "html_url": "https://ghes.example/api/v3/repos/octo/repos/issues/7"},
            "octo/repos",
            id="from the address in the API",
        ),
    ],
)
def test_the_repository_is_the_one_that_the_issue_names(change: Json, repository: str) -> None:
    assert parse_issue({**ISSUE_JSON, **change}, "else/where").repository == repository


@pytest.mark.parametrize(
    "user, account",
    [
        pytest.param({"login": "a", "type": "User"}, Account(login="a"), id="a person"),
        pytest.param({"login": "x[bot]", "type": "Bot"}, Account(login="x[bot]", is_bot=True), id="an App"),
        pytest.param({"login": "x[bot]"}, Account(login="x[bot]", is_bot=True), id="an App, by its name alone"),
        pytest.param({"login": "app/x", "is_bot": True}, Account(login="x[bot]", is_bot=True), id="an App, by gh"),
        pytest.param({}, Account(login="ghost"), id="nobody"),
    ],
)
def test_an_app_has_one_login_whoever_tells_it(user: Json, account: Account) -> None:
    assert parse_issue({**ISSUE_JSON, "user": user}).author == account


@pytest.mark.parametrize(
    "more, label, former_title",
    [
        ({"event": "labeled", "label": {"name": "bug", "color": "red"}}, "bug", None),
        ({"event": "renamed", "rename": {"from": "old", "to": "new"}}, None, "old"),
        ({"event": "comment_deleted"}, None, None),
        ({"event": "something_new_of_2027"}, None, None),
    ],
)
def test_a_change_keeps_its_kind_and_who_made_it(more: Json, label: str | None, former_title: str | None) -> None:
    change = parse_change({"actor": {"login": "reporter"}, "created_at": "2026-04-08T09:00:00Z", **more})

    at = datetime(2026, 4, 8, 9, tzinfo=UTC)
    assert change == Change(kind=more["event"], actor=REPORTER, at=at, label=label, former_title=former_title)


@pytest.mark.parametrize("parse", [parse_issue, parse_comment, parse_change])
@pytest.mark.parametrize("json", [None, 7, "x", [], {"number": [], "event": [], "created_at": "soon"}])
def test_what_is_none_of_githubs_objects_is_refused(parse: object, json: object) -> None:
    assert callable(parse)
    with pytest.raises(SettingsError, match="Not a GitHub"):
        parse(json)


def test_what_is_wrong_is_named_without_repeating_it() -> None:
    with pytest.raises(SettingsError) as caught:
        parse_issue({**ISSUE_JSON, "created_at": "SECRET"})

    assert "created_at" in str(caught.value)
    assert "SECRET" not in str(caught.value)


texts = st.text(st.characters(), max_size=40) | st.text(st.characters(categories=["Cs", "Lu"]), max_size=10)


@given(title=texts, body=texts, label=texts, login=texts, comment=texts)
def test_no_text_of_an_issue_ever_fails_to_encode(title: str, body: str, label: str, login: str, comment: str) -> None:
    issue = {**ISSUE_JSON, "title": title, "body": body, "labels": [{"name": label}], "user": {"login": login}}

    event = parse_event("issue_comment", {**PAYLOAD, "issue": issue, "comment": {**COMMENT_JSON, "body": comment}})

    assert isinstance(event, IssueEvent)
    assert event.comment
    parsed = [event.issue.title, event.issue.body, event.comment.body]
    assert [len(text) for text in parsed] == [len(title), len(body), len(comment)]
    assert "".join([*parsed, *event.issue.labels, event.issue.author.login]).encode()
