"""A plan, done."""

from dataclasses import dataclass

import pytest

from bot.comment.marker import Marker, sign_comment
from bot.errors import TrackerError
from bot.tracker.types import Comment, Issue
from bot.triage.actions import Action, AddLabels, Close, CreateComment, CreateLabels, Plan, RemoveLabels, UpdateComment
from bot.triage.apply import Outcome, apply_plan
from bot.triage.snapshot import Snapshot
from tests.builders import OURSELVES, Fields, a_comment, after, an_issue
from tests.fakes import FakeTracker

BODY = sign_comment("Hello", Marker(issue=7))


def a_tracker() -> FakeTracker:
    issues = {7: an_issue(labels=("invalid",), comments=(a_comment(),)), 3: an_issue(number=3, id=3003)}
    return FakeTracker(issues=issues, labels={"known"}, now=after(minutes=5))


def test_every_action_is_done_in_its_order() -> None:
    tracker = a_tracker()
    plan = Plan(
        (
            CreateLabels(("new",)),
            AddLabels(("known", "new")),
            RemoveLabels(("invalid",)),
            UpdateComment(1, "edited"),
            CreateComment(BODY),
            Close("duplicate", 3),
        )
    )
    outcomes = apply_plan(plan, Snapshot(issue=tracker.issues[7]), tracker)
    posted = Comment(id=101, author=OURSELVES, body=BODY, created_at=after(minutes=9))
    assert outcomes == tuple(
        Outcome(action, comment=posted if isinstance(action, CreateComment) else None) for action in plan.actions
    )
    assert tracker.labels == {"known", "new"}
    assert tracker.issues[7] == an_issue(
        labels=("known", "new"),
        comments=(a_comment("edited"), posted),
        comment_count=2,
        state="closed",
        state_reason="duplicate",
        updated_at=tracker.now,
    )
    assert [(change.kind, change.label) for change in tracker.changes] == [
        ("labeled", "known"),
        ("labeled", "new"),
        ("unlabeled", "invalid"),
    ]


@dataclass
class Refusing(FakeTracker):
    """A repository in which labels cannot be set."""

    def add_labels(self, issue: Issue, labels: object) -> None:
        del issue, labels
        raise TrackerError("403: no right to label")


def test_an_action_that_fails_does_not_stop_the_next() -> None:
    tracker = Refusing(issues={7: an_issue()})
    plan = Plan((AddLabels(("a",)), Close("not_planned")))
    assert apply_plan(plan, Snapshot(issue=tracker.issues[7]), tracker) == (
        Outcome(plan.actions[0], error="403: no right to label"),
        Outcome(plan.actions[1]),
    )
    assert tracker.issues[7].state == "closed"


def test_a_canonical_issue_that_is_gone_closes_nothing() -> None:
    tracker = FakeTracker(issues={7: an_issue()})
    action = Close("duplicate", 99)
    assert apply_plan(Plan((action,)), Snapshot(issue=tracker.issues[7]), tracker) == (
        Outcome(action, error="octo-org/octo-repo#99 does not exist"),
    )
    assert tracker.issues[7] == an_issue()


@pytest.mark.parametrize(
    "changed",
    [
        {"comment_count": 1},
        {"is_assigned": True},
        {"is_locked": True},
        {"has_milestone": True},
        {"state": "closed"},
        {"body": "More"},
        {"title": "Another"},
        {"reactions": (("+1", 3),)},
    ],
)
def test_an_issue_that_somebody_changed_meanwhile_is_not_closed(changed: Fields) -> None:
    tracker = FakeTracker(issues={7: an_issue(**changed)})
    action = Close("not_planned")
    why = "somebody changed or answered the issue during this run, so this run leaves it as it is"
    assert apply_plan(Plan((action,)), Snapshot(issue=an_issue()), tracker) == (
        Outcome(action, remark=why, is_left=True),
    )
    assert tracker.issues[7] == an_issue(**changed)


def test_our_own_comment_does_not_keep_the_issue_open() -> None:
    tracker = FakeTracker(issues={7: an_issue()}, now=after(minutes=4))
    plan = Plan((CreateComment(BODY), Close("not_planned")))
    assert [each.is_ok for each in apply_plan(plan, Snapshot(issue=an_issue()), tracker)] == [True, True]
    assert tracker.issues[7].state == "closed"


def test_of_two_runs_at_the_same_moment_one_takes_its_comment_back() -> None:
    first = Comment(id=50, author=OURSELVES, body=BODY, created_at=after(minutes=4))
    tracker = FakeTracker(issues={7: an_issue(comments=(first,))}, now=after(minutes=4))
    (outcome,) = apply_plan(Plan((CreateComment(BODY),)), Snapshot(issue=an_issue()), tracker)
    assert outcome == Outcome(CreateComment(BODY), comment=first)
    assert tracker.issues[7].comments == (first,)


def test_a_comment_of_ours_under_a_name_that_we_did_not_know_stays_the_only_one() -> None:
    first = Comment(id=50, author=OURSELVES, body=BODY, created_at=after(minutes=4))
    issue = an_issue(comments=(first,))
    tracker = FakeTracker(issues={7: issue}, now=after(days=9))
    (outcome,) = apply_plan(Plan((CreateComment(BODY),)), Snapshot(issue=issue), tracker)
    assert outcome == Outcome(CreateComment(BODY), comment=first)
    assert tracker.issues[7].comments == (first,)


@pytest.mark.parametrize("action", [AddLabels(("a",)), CreateComment(BODY)])
def test_an_outcome_is_fine_unless_it_has_an_error(action: Action) -> None:
    assert [Outcome(action).is_ok, Outcome(action, error="no").is_ok] == [True, False]
