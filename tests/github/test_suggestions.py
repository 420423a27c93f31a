"""GitHub's suggestions over real HTTP, held against GitHub's own description, and servers that have none."""

from functools import partial

import pytest

from bot.errors import TrackerError
from bot.github.client import GitHubTracker, connect
from bot.github.transport import Patience
from bot.tracker.suggestions import ClosingSuggestion, LabelSuggestion, Suggestion, Suggestions
from tests.stand_ins.fake_github import FAULTS, SECONDARY_LIMIT, FakeGitHub, Fault, Reply
from tests.stand_ins.github_json import Value, error_json
from tests.stand_ins.github_suggestions import StoredSuggestion
from tests.stand_ins.openapi import OpenAPIChecker

NAME = "octo/widget"
BUG = LabelSuggestion("bug", "This looks like: a crash (logs, line 3)", "high")
CLOSING = ClosingSuggestion(
    reason="duplicate", rationale="One rule matches both.", confidence="medium", duplicate_of=1002
)


@pytest.fixture
def github(openapi_checker: OpenAPIChecker) -> FakeGitHub:
    """A repository with some labels and one issue; what breaks GitHub's description fails the test."""
    fake = FakeGitHub(checker=openapi_checker)
    fake.add_repository(labels=("Bug", "area", "old"))
    fake.add_issue("It breaks", "Every day.", labels=["old"])
    fake.add_issue("It broke before")
    return fake


def make_tracker(github: FakeGitHub) -> GitHubTracker:
    return connect("ghs_bot", github.url, patience=Patience(between_writes=0), sleep=lambda _: None)


def refuse(status: int, message: str = "Not Found", **headers: str) -> Fault:
    return Fault(kind="answer", reply=Reply(status=status, body=error_json(message), headers=headers))


def test_a_label_is_suggested_and_found_again_by_its_id(github: FakeGitHub) -> None:
    with github:
        tracker = make_tracker(github)
        set_at_once = tracker.suggest_labels(NAME, 1, [BUG])
        number = tracker.find_label_ids(NAME, ["bug"])["bug"]

        assert set_at_once == ()
        assert tracker.list_suggestions(NAME, 1) == Suggestions(
            items=(Suggestion(id=100100, action="add_label", state="pending", target=number),)
        )
    assert github.requests[0].body == {
        "labels": [{"name": "bug", "rationale": BUG.rationale, "suggest": True, "confidence": "high"}]
    }
    assert github.repositories[NAME].issues[1].labels == ["old"]
    assert github.violations == []


@pytest.mark.parametrize("server", ["automatic", "unknown"])
def test_a_label_that_was_set_at_once_is_said(github: FakeGitHub, server: Value) -> None:
    """By a repository that applies suggestions itself, or by a server that ignores the keys."""
    github.suggestions = server
    with github:
        assert make_tracker(github).suggest_labels(NAME, 1, [BUG, LabelSuggestion("area", "Too.", "low")]) == (
            "bug",
            "area",
        )


@pytest.mark.parametrize("server, answer", [("on", "pending"), ("automatic", "closed"), ("unknown", "refused")])
def test_a_closing_is_suggested_as_githubs_own_client_does(github: FakeGitHub, server: Value, answer: str) -> None:
    github.suggestions = server
    with github:
        assert make_tracker(github).suggest_closing(NAME, 1, CLOSING) == answer

    assert github.requests[0].body == {
        "state": {"value": "closed", "rationale": "One rule matches both.", "confidence": "MEDIUM", "suggest": True},
        "state_reason": "duplicate",
        "duplicate_issue_id": 1002,
    }
    assert github.violations == []


def test_all_pages_of_suggestions_are_read(github: FakeGitHub) -> None:
    kept = github.repositories[NAME].issues[1].suggestions
    kept += [StoredSuggestion(id=n, action="add_label", at="2026-04-08T09:00:00Z", target=n) for n in range(1, 251)]
    with github:
        assert [each.id for each in make_tracker(github).list_suggestions(NAME, 1).items] == [*range(1, 251)]
    assert github.violations == []


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 415, 422, 451])
def test_a_server_that_refuses_the_question_has_no_suggestions(github: FakeGitHub, status: int) -> None:
    github.faults = {1: refuse(status)}
    with github:
        found = make_tracker(github).list_suggestions(NAME, 1)

    assert (found.items, len(github.requests)) == ((), 1)
    assert found.absence.endswith(f"(GitHub answered {status})")


@pytest.mark.parametrize(
    "body",
    [{}, "null", [None], [{"id": 1}], [{"id": 1, "action": "add_label"}], [{"id": [], "action": "a", "state": "b"}]],
)
def test_an_answer_that_nobody_understands_is_an_absence(github: FakeGitHub, body: Value) -> None:
    github.faults = {1: Fault(kind="answer", reply=Reply(body=body))}
    with github:
        assert make_tracker(github).list_suggestions(NAME, 1).absence == (
            "GitHub's answer about suggestions is unexpected"
        )


@pytest.mark.parametrize(
    "fault, message, unanswered",
    [
        (refuse(401, "Bad credentials"), "The token is missing, wrong or expired", False),
        (refuse(403, SECONDARY_LIMIT, **{"Retry-After": "3600"}), "secondary rate limit", False),
        (refuse(429, SECONDARY_LIMIT, **{"Retry-After": "3600"}), "secondary rate limit", False),
        (FAULTS["502"], "GitHub answered 502", True),
        (FAULTS["reset"], "the connection broke", True),
        (FAULTS["lost answer"], "the connection broke", True),
        (FAULTS["truncated answer"], "cut off", True),
    ],
)
def test_a_question_without_an_answer_is_an_error(
    github: FakeGitHub, fault: Fault, message: str, *, unanswered: bool
) -> None:
    github.faults = dict.fromkeys(range(1, 9), fault)
    with github, pytest.raises(TrackerError, match=message) as caught:
        make_tracker(github).list_suggestions(NAME, 1)

    assert caught.value.unanswered is unanswered
    assert caught.value.uncertain is False


@pytest.mark.parametrize("status", [401, 403, 404, 410, 422])
def test_a_refused_suggestion_of_a_label_is_an_error(github: FakeGitHub, status: int) -> None:
    github.faults = {1: refuse(status)}
    with github, pytest.raises(TrackerError, match="Could not suggest labels for octo/widget#1") as caught:
        make_tracker(github).suggest_labels(NAME, 1, [BUG])

    assert (caught.value.uncertain, len(github.requests)) == (False, 1)


@pytest.mark.parametrize("fault", ["502", "reset", "lost answer", "truncated answer"])
@pytest.mark.parametrize("is_label", [True, False])
def test_a_suggestion_without_an_answer_is_sent_once(github: FakeGitHub, fault: str, *, is_label: bool) -> None:
    github.faults = {1: FAULTS[fault]}
    tracker = make_tracker(github)
    suggest = (
        partial(tracker.suggest_labels, NAME, 1, [BUG])
        if is_label
        else partial(tracker.suggest_closing, NAME, 1, CLOSING)
    )
    with github, pytest.raises(TrackerError, match="GitHub may have done it anyway") as caught:
        suggest()

    assert (caught.value.uncertain, len(github.requests)) == (True, 1)
