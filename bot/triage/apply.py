"""The only writer: it carries out a plan, one action after the other, and returns the outcome of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from bot.comment.marker import find_own_comment
from bot.errors import TrackerError
from bot.tracker.types import Comment, Issue, Tracker
from bot.triage.actions import Action, AddLabels, Close, CreateComment, CreateLabels, Plan, RemoveLabels, UpdateComment

_SAME_MOMENT = timedelta(minutes=10)
"""More than a run takes from reading the comments to posting one, with all its waits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an action. `comment` is the posted one, as GitHub stored it."""

    action: Action
    error: str | None = None
    comment: Comment | None = None

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.error is None


def apply_plan(plan: Plan, issue: Issue, tracker: Tracker) -> tuple[Outcome, ...]:
    """Do the actions in order. A failed action does not stop the next one; the next run tries it again.

    An action that was sent but not answered counts as failed and is not sent again: the next run checks first.
    """
    return tuple(_apply(action, issue, tracker) for action in plan.actions)


def _apply(action: Action, issue: Issue, tracker: Tracker) -> Outcome:
    try:
        return Outcome(action, comment=_write(action, issue, tracker))
    except TrackerError as error:
        return Outcome(action, error=str(error))


def _write(action: Action, issue: Issue, tracker: Tracker) -> Comment | None:
    match action:
        case CreateLabels() | AddLabels() | RemoveLabels():
            _write_labels(action, issue, tracker)
        case CreateComment():
            return _post_once(action.body, issue, tracker)
        case UpdateComment():
            tracker.update_comment(issue, action.comment_id, action.body)
        case Close():
            canonical = tracker.get_issue(issue.repository, action.duplicate_of).id if action.duplicate_of else None
            tracker.close_issue(issue, action.reason, canonical)
        case _:
            assert_never(action)
    return None


def _write_labels(action: CreateLabels | AddLabels | RemoveLabels, issue: Issue, tracker: Tracker) -> None:
    match action:
        case CreateLabels():
            for label in action.labels:
                tracker.create_label(issue.repository, label)
        case AddLabels():
            tracker.add_labels(issue, action.labels)
        case RemoveLabels():
            for label in action.labels:
                tracker.remove_label(issue, label)


def _post_once(body: str, issue: Issue, tracker: Tracker) -> Comment:
    """Post the comment, and delete it if another run posted one a moment earlier.

    GitHub cannot post a comment only if there is none: two runs that look at the same time both see none. The comment
    with the lower id stays, whichever run looks first. If the comments cannot be read, ours counts as posted.
    Only the posted comment shows our login for certain, so an earlier one by that login takes precedence, too.
    """
    posted = tracker.create_comment(issue, body)
    try:
        recent = tracker.list_comments(issue, since=posted.created_at - _SAME_MOMENT)
        first = find_own_comment((*issue.comments, *recent), posted.author.login, issue.number)
        if first is None or first.comment.id >= posted.id:
            return posted
        tracker.delete_comment(issue, posted.id)
    except TrackerError:
        return posted
    return first.comment


def check_identity(outcomes: Iterable[Outcome], login: str) -> list[str]:
    """A remark if our comment has an unexpected author, because the next run would not recognise it."""
    posted = [outcome.comment.author.login for outcome in outcomes if outcome.comment]
    return [
        f"Signpost's comment was posted as {name}; set `identity: {{login: {name!r}}}` in config.yml"
        for name in posted
        if name.lower() != login.lower()
    ]
