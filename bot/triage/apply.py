"""The only writer: does what a plan says, one action after the other, and tells what became of each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from bot.comment.marker import OwnComment, find_own_comments, is_as_written, read_marker
from bot.errors import TrackerError
from bot.tracker.types import Comment, Issue, Tracker
from bot.triage.actions import (
    Action,
    AddLabels,
    Close,
    CreateComment,
    CreateLabels,
    DeleteComment,
    Plan,
    RemoveLabels,
    UpdateComment,
)
from bot.triage.snapshot import Snapshot

_SAME_MOMENT = timedelta(minutes=10)
"""More than a run takes from reading the comments to posting one, with all its waits."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action. `comment` is the posted one, as GitHub stored it.

    `remark` is for maintainers, and no error. An action that `is_left` was not done, for the reason in the remark.
    """

    action: Action
    error: str | None = None
    comment: Comment | None = None
    remark: str = ""
    is_left: bool = False

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.error is None and not self.is_left


def apply_plan(plan: Plan, snapshot: Snapshot, tracker: Tracker) -> tuple[Outcome, ...]:
    """Do the actions in their order. One that fails does not stop the next; the next run makes up for it.

    An action that was sent but not answered counts as failed and is not sent again: the next run looks first. Only a
    comment is looked for at once.
    """
    return tuple(_apply(action, snapshot, tracker) for action in plan.actions)


def _apply(action: Action, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    try:
        return _write(action, snapshot, tracker)
    except TrackerError as error:
        if _is_about_surplus(action, snapshot):
            return Outcome(action, remark=f"a second comment of ours stays until the next run: {error}", is_left=True)
        return Outcome(action, error=str(error))


def _is_about_surplus(action: Action, snapshot: Snapshot) -> bool:
    surplus = {own.comment.id for own in snapshot.surplus}
    return isinstance(action, DeleteComment | UpdateComment) and action.comment_id in surplus


def _write(action: Action, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    issue = snapshot.issue
    match action:
        case CreateLabels() | AddLabels() | RemoveLabels():
            _write_labels(action, issue, tracker)
        case CreateComment():
            return _post_once(action, snapshot, tracker)
        case UpdateComment() | DeleteComment():
            return _change_comment(action, snapshot, tracker)
        case Close():
            canonical = tracker.get_issue(issue.repository, action.duplicate_of).id if action.duplicate_of else None
            tracker.close_issue(issue, action.reason, canonical)
        case _:
            assert_never(action)
    return Outcome(action)


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


def _change_comment(action: UpdateComment | DeleteComment, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    """Edit or delete a comment of ours, unless somebody was faster; it is read again the moment before.

    GitHub changes nothing on a condition, so the window in which somebody's edit can be lost is small, not closed.
    """
    issue = snapshot.issue
    if isinstance(action, DeleteComment) and snapshot.own and not tracker.get_comment(issue, snapshot.own.comment.id):
        return _leave(action, "our first comment was deleted")
    change = _find_change(action.comment_id, issue, tracker)
    if change and not (isinstance(action, DeleteComment) and change == "deleted"):
        return _leave(action, f"our comment {action.comment_id} was {change}")
    if isinstance(action, DeleteComment):
        tracker.delete_comment(issue, action.comment_id)
    else:
        tracker.update_comment(issue, action.comment_id, action.body)
    return Outcome(action)


def _leave(action: Action, change: str) -> Outcome:
    return Outcome(action, remark=f"{change} during this run, which leaves it as it is now", is_left=True)


def _find_change(comment_id: int, issue: Issue, tracker: Tracker) -> str | None:
    """What happened to the comment since it was read; None where it is as it was."""
    seen = next((comment for comment in issue.comments if comment.id == comment_id), None)
    now = tracker.get_comment(issue, comment_id)
    if now is None:
        return "deleted"
    if seen is None or (now.body, now.is_minimized) == (seen.body, seen.is_minimized):
        return None
    return "edited" if now.body != seen.body else "hidden or shown again"


def _post_once(action: CreateComment, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    """Post the comment, and take it back where another run of ours was faster by a moment.

    GitHub cannot post only if there is none: two runs that look at the same time both see no comment. The lower id
    stays, whichever run looks first. Where it cannot be looked, the comment counts as posted all the same; the next
    run removes it if it is a second one.
    Only the posted comment says for certain who we are, so an earlier one under that name goes before it too.
    """
    issue = snapshot.issue
    try:
        posted = tracker.create_comment(issue, action.body)
    except TrackerError as error:
        if error.uncertain and (found := _find_unanswered(action, snapshot, tracker)):
            return found
        raise
    try:
        recent = tracker.list_comments(issue, since=posted.created_at - _SAME_MOMENT)
    except TrackerError as error:
        return Outcome(action, comment=posted, remark=f"the next run looks for a second comment of ours: {error}")
    own = _find_own(recent, snapshot, posted.author.login)
    first = next((each for each in own if each.comment.id < posted.id), None)
    if first is None:
        return Outcome(action, comment=posted)
    return Outcome(action, comment=first.comment, remark=_take_back([posted], issue, tracker))


def _find_own(recent: Iterable[Comment], snapshot: Snapshot, *logins: str) -> tuple[OwnComment, ...]:
    """All our comments by now, each once."""
    known = {comment.id: comment for comment in (*snapshot.issue.comments, *recent)}
    return find_own_comments(known.values(), (*logins, *snapshot.logins), snapshot.issue.number)


def _find_unanswered(action: CreateComment, snapshot: Snapshot, tracker: Tracker) -> Outcome | None:
    """Look for a comment that was sent and not answered, before anything else is done; None where it is not there.

    Which of two that were not there before is the one of this run cannot be told; both say the same.
    """
    issue = snapshot.issue
    try:
        own = _find_own(tracker.list_comments(issue, since=issue.updated_at), snapshot)
    except TrackerError:
        return None
    before = {comment.id for comment in issue.comments}
    posted = [each for each in own if each.comment.id not in before and _is_the_same(each, action.body)]
    if not posted:
        return None
    second = [each.comment for each in posted if each is not own[0]]
    return Outcome(action, comment=own[0].comment, remark=_take_back(second, issue, tracker))


def _is_the_same(own: OwnComment, body: str) -> bool:
    return own.marker == read_marker(body) and is_as_written(*own)


def _take_back(posted: Iterable[Comment], issue: Issue, tracker: Tracker) -> str:
    """Delete what this run has posted; a remark where that fails, because the next run does so."""
    try:
        for comment in posted:
            tracker.delete_comment(issue, comment.id)
    except TrackerError as error:
        return f"a second comment of ours stays until the next run: {error}"
    return ""


def check_identity(outcomes: Iterable[Outcome], snapshot: Snapshot) -> list[str]:
    """A remark where our comment came out under a name that is not ours: the next run would not know it as ours."""
    posted = [outcome.comment.author.login for outcome in outcomes if outcome.comment]
    return [
        f"our comment was posted as {name}; set `identity: {{login: {name!r}}}` in config.yml"
        for name in posted
        if not snapshot.is_us(name)
    ]
