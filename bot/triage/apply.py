"""The only writer: it carries out a plan, one action after the other, and returns the outcome of each."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import assert_never

from bot.comment.marker import Kind, OwnComment, find_own_comments, is_as_written, read_marker
from bot.errors import TrackerError
from bot.text.printable import join_words
from bot.tracker.suggestions import ClosingSuggestion
from bot.tracker.types import Comment, Issue, Tracker
from bot.triage.actions import (
    Action,
    AddLabels,
    Close,
    CreateComment,
    CreateLabels,
    DeleteComment,
    Plan,
    React,
    RemoveLabels,
    SetFields,
    SetType,
    SuggestClose,
    SuggestLabels,
    UpdateComment,
    propose_closing,
)
from bot.triage.snapshot import Snapshot

_SAME_MOMENT = timedelta(minutes=10)
"""More than a run takes from reading the comments to posting one, with all its waits."""

_AUTOMATIC = "the repository may apply suggestions by itself, or GitHub has just switched suggestions off"

_STAYS = "a second comment of Signpost stays until the next run"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an action. `comment` is the posted one, as GitHub stored it.

    `remark` is for maintainers, and is not an error. An action that `is_left` was not done; the remark says why. It
    `is_refused` if GitHub does not let this token do it, or not here: then it refuses the same action again.
    """

    action: Action
    error: str | None = None
    comment: Comment | None = None
    remark: str = ""
    is_left: bool = False
    is_refused: bool = False

    @property
    def is_ok(self) -> bool:
        """Whether it was done."""
        return self.error is None and not self.is_left


def apply_plan(plan: Plan, snapshot: Snapshot, tracker: Tracker) -> tuple[Outcome, ...]:
    """Do the actions in order. A failed action does not stop the next one; the next run tries it again.

    An action that was sent but not answered counts as failed and is not sent again: the next run checks first. Only a
    new comment is looked for at once.
    """
    done = list[Outcome]()
    for action in plan.actions:
        done.append(_apply(action, _count_ours(snapshot, done), tracker))
    return tuple(done)


def _count_ours(snapshot: Snapshot, done: Iterable[Outcome]) -> Snapshot:
    """The snapshot with the number of comments that there are after what was done, if nobody else comments."""
    steps = {"create_comment": 1, "delete_comment": -1}
    added = sum(steps.get(outcome.action.action, 0) for outcome in done if outcome.is_ok)
    return replace(snapshot, issue=replace(snapshot.issue, comment_count=snapshot.issue.comment_count + added))


def _apply(action: Action, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    try:
        return _write(action, snapshot, tracker)
    except TrackerError as error:
        if _is_about_surplus(action, snapshot):
            return Outcome(action, remark=f"{_STAYS}: {error}", is_left=True)
        if isinstance(action, React):
            return Outcome(action, remark=f"a command has no answer: {error}", is_left=True)
        return Outcome(action, error=str(error))


def _is_about_surplus(action: Action, snapshot: Snapshot) -> bool:
    surplus = {own.comment.id for own in snapshot.surplus}
    return isinstance(action, DeleteComment | UpdateComment) and action.comment_id in surplus


def _write(action: Action, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    issue = snapshot.issue
    match action:
        case CreateLabels() | AddLabels() | RemoveLabels() | SuggestLabels():
            return _write_labels(action, issue, tracker)
        case SetType() | SetFields():
            return _write_fields(action, snapshot, tracker)
        case CreateComment():
            return _post_once(action, snapshot, tracker)
        case UpdateComment() | DeleteComment():
            return _change_comment(action, snapshot, tracker)
        case React():
            tracker.add_reaction(issue, action.comment_id, action.content)
        case Close() | SuggestClose():
            return _close(action, issue, tracker)
        case _:
            assert_never(action)
    return Outcome(action)


def _write_labels(
    action: CreateLabels | AddLabels | RemoveLabels | SuggestLabels, issue: Issue, tracker: Tracker
) -> Outcome:
    match action:
        case CreateLabels():
            for label in action.labels:
                tracker.create_label(issue.repository, label)
        case AddLabels():
            tracker.add_labels(issue, action.labels)
        case RemoveLabels():
            for label in action.labels:
                tracker.remove_label(issue, label)
        case SuggestLabels():
            return _suggest_labels(action, issue, tracker)
    return Outcome(action)


def _write_fields(action: SetType | SetFields, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    """Set the type or the fields; that GitHub refuses is not an error, because it may not let every token do so."""
    repository, number = snapshot.issue.repository, snapshot.issue.number
    if isinstance(action, SetType):
        is_done = tracker.set_type(repository, number, action.type)
    else:
        found = ((snapshot.fields.find_definition(name), value) for name, value in action.fields.items())
        values = {defined.id: value for defined, value in found if defined}
        for key in (key for key, value in values.items() if value is None):
            tracker.clear_field(repository, number, key)
        given = {key: value for key, value in values.items() if value is not None}
        is_done = not given or tracker.set_fields(repository, number, given)
    what = "type" if isinstance(action, SetType) else "fields"
    advice = "the token needs `issues: write`, and its account write access to the repository"
    return Outcome(action) if is_done else _refuse(action, f"GitHub did not set the {what}: {advice}")


def _change_comment(action: UpdateComment | DeleteComment, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    """Edit or delete our comment, unless somebody has changed it: it is read again right before.

    GitHub has no conditional PATCH, so the window in which somebody's edit can be lost is small, not closed.
    """
    issue = snapshot.issue
    if isinstance(action, DeleteComment) and snapshot.own and not tracker.get_comment(issue, snapshot.own.comment.id):
        return _leave(action, "somebody deleted Signpost's first comment")
    change = _find_change(action.comment_id, issue, tracker)
    if change and not (isinstance(action, DeleteComment) and change == "deleted"):
        return _leave(action, f"somebody {change} Signpost's comment {action.comment_id}")
    if isinstance(action, DeleteComment):
        tracker.delete_comment(issue, action.comment_id)
    else:
        tracker.update_comment(issue, action.comment_id, action.body)
    return Outcome(action)


def _suggest_labels(action: SuggestLabels, issue: Issue, tracker: Tracker) -> Outcome:
    """Suggest the labels; the remark names those that GitHub set at once, and they stay."""
    present = tracker.suggest_labels(issue.repository, issue.number, action.labels)
    names = join_words([f"`{name}`" for name in present])
    return Outcome(action, remark=f"GitHub set {names} at once; {_AUTOMATIC}" if present else "")


def _suggest_close(action: SuggestClose, issue: Issue, canonical: int | None, tracker: Tracker) -> Outcome:
    """Suggest to close the issue; where GitHub takes no such suggestion, the remark proposes it."""
    closing = ClosingSuggestion(
        reason=action.reason, rationale=action.rationale, confidence=action.confidence, duplicate_of=canonical
    )
    match tracker.suggest_closing(issue.repository, issue.number, closing):
        case "pending":
            return Outcome(action)
        case "closed":
            return Outcome(action, remark=f"GitHub closed the issue at once; {_AUTOMATIC}")
        case "refused":
            proposal = propose_closing(issue.number, action.duplicate_of)
            return _refuse(action, f"GitHub takes no suggestion to close an issue; {proposal}")


def _close(action: Close | SuggestClose, issue: Issue, tracker: Tracker) -> Outcome:
    """Close the issue, or suggest it, unless somebody has changed it: it is read again right before."""
    canonical = tracker.get_issue(issue.repository, action.duplicate_of).id if action.duplicate_of else None
    try:
        now = tracker.get_issue(issue.repository, issue.number)
    except TrackerError as error:
        if not error.gone:
            raise
        return _leave(action, "the issue was deleted or transferred")
    if _describe_state(now) != _describe_state(issue):
        return _leave(action, "somebody changed or answered the issue")
    if isinstance(action, SuggestClose):
        return _suggest_close(action, issue, canonical, tracker)
    tracker.close_issue(issue, action.reason, canonical)
    return Outcome(action)


def _describe_state(issue: Issue) -> tuple[object, ...]:
    """What must be as it was when the issue was read; labels may be set by us."""
    held = (issue.state, issue.is_locked, issue.is_assigned, issue.has_milestone)
    return (*held, issue.title, issue.body, issue.comment_count, dict(issue.reactions).get("+1", 0))


def _refuse(action: Action, remark: str) -> Outcome:
    return Outcome(action, remark=remark, is_left=True, is_refused=True)


def _leave(action: Action, change: str) -> Outcome:
    return Outcome(action, remark=f"{change} during this run, so this run leaves it as it is", is_left=True)


def _find_change(comment_id: int, issue: Issue, tracker: Tracker) -> str | None:
    """What somebody did to the comment since it was read; None if nothing."""
    seen = next((comment for comment in issue.comments if comment.id == comment_id), None)
    now = tracker.get_comment(issue, comment_id)
    if now is None:
        return "deleted"
    if seen is None or (now.body, now.is_minimized) == (seen.body, seen.is_minimized):
        return None
    return "edited" if now.body != seen.body else "hid or showed"


def _post_once(action: CreateComment, snapshot: Snapshot, tracker: Tracker) -> Outcome:
    """Post the comment, and delete it if another run posted one a moment earlier.

    GitHub cannot post a comment only if there is none: two runs that look at the same time both see none. The comment
    with the lower id stays, whichever run looks first. If the comments cannot be read, ours counts as posted; if it is
    a second one, the next run deletes it.
    Only the posted comment shows our login for certain, so an earlier one by that login takes precedence, too.
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
        return Outcome(action, comment=posted, remark=f"the next run looks for a second comment of Signpost: {error}")
    own = _find_own(recent, snapshot, _read_kind(action.body), posted.author.login)
    first = next((each for each in own if each.comment.id < posted.id), None)
    if first is None:
        return Outcome(action, comment=posted)
    return Outcome(action, comment=first.comment, remark=_take_back([posted], issue, tracker))


def _read_kind(body: str) -> Kind:
    """The kind of a comment that we write."""
    marker = read_marker(body)
    return marker.kind if marker else "guidance"


def _find_own(recent: Iterable[Comment], snapshot: Snapshot, kind: Kind, *logins: str) -> tuple[OwnComment, ...]:
    """All our comments of that kind, read again, each once."""
    known = {comment.id: comment for comment in (*snapshot.issue.comments, *recent)}
    return find_own_comments(known.values(), (*logins, *snapshot.logins), snapshot.issue.number, kind)


def _find_unanswered(action: CreateComment, snapshot: Snapshot, tracker: Tracker) -> Outcome | None:
    """Look for a comment that was sent but not answered, before anything else; None if it is not there.

    If another run posted the same comment meanwhile, nobody knows which one is whose. Both say the same.
    """
    issue = snapshot.issue
    try:
        own = _find_own(tracker.list_comments(issue, since=issue.updated_at), snapshot, _read_kind(action.body))
    except TrackerError:
        return None
    before = {comment.id for comment in issue.comments}
    posted = [each for each in own if each.comment.id not in before and _is_the_same(each, action.body)]
    second = [each.comment for each in posted if each is not own[0]]
    return Outcome(action, comment=own[0].comment, remark=_take_back(second, issue, tracker)) if posted else None


def _is_the_same(own: OwnComment, body: str) -> bool:
    return own.marker == read_marker(body) and is_as_written(*own)


def _take_back(posted: Iterable[Comment], issue: Issue, tracker: Tracker) -> str:
    """Delete comments of this run; a remark if that fails, because the next run tries again."""
    try:
        for comment in posted:
            tracker.delete_comment(issue, comment.id)
    except TrackerError as error:
        return f"{_STAYS}: {error}"
    return ""


def check_identity(outcomes: Iterable[Outcome], snapshot: Snapshot) -> list[str]:
    """A remark if our comment has an unexpected author, because the next run would not recognise it."""
    posted = [outcome.comment.author.login for outcome in outcomes if outcome.comment]
    return [
        f"Signpost's comment was posted as {name}; set `identity: {{login: {name!r}}}` in config.yml"
        for name in posted
        if not snapshot.is_us(name)
    ]
