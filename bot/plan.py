"""What should change: the difference between what the matches ask for and what is there. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from bot.comment.marker import Marker, find_foreign_twin, find_own_comment, is_as_written, read_marker, sign_comment
from bot.comment.rendering import (
    CommentError,
    Section,
    check_comment,
    compare_with_fix,
    make_section,
    read_template,
    render_comment,
)
from bot.config import Config
from bot.duplicates.canonical import Duplicate, Target
from bot.github.tracker import Change, Comment, Issue
from bot.rules.matching import Match
from bot.rules.model import Mode

MODES: tuple[Mode, ...] = ("observe", "label", "comment")
_TEMPLATE_MOMENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CreateLabels:
    """Create labels that the repository does not have."""

    labels: tuple[str, ...]
    action: Literal["create_labels"] = "create_labels"


@dataclass(frozen=True, slots=True)
class AddLabels:
    """Set labels."""

    labels: tuple[str, ...]
    action: Literal["add_labels"] = "add_labels"


@dataclass(frozen=True, slots=True)
class RemoveLabels:
    """Take labels off."""

    labels: tuple[str, ...]
    action: Literal["remove_labels"] = "remove_labels"


@dataclass(frozen=True, slots=True)
class CreateComment:
    """Post the one comment."""

    body: str
    action: Literal["create_comment"] = "create_comment"


@dataclass(frozen=True, slots=True)
class UpdateComment:
    """Edit our comment in place, also to say that it no longer holds."""

    comment_id: int
    body: str
    action: Literal["update_comment"] = "update_comment"


@dataclass(frozen=True, slots=True)
class Close:
    """Close the issue; `duplicate_of` is the canonical issue's number."""

    reason: Literal["not_planned", "duplicate"]
    duplicate_of: int | None = None
    action: Literal["close"] = "close"


Action = CreateLabels | AddLabels | RemoveLabels | CreateComment | UpdateComment | Close


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions, in the order in which they are to be done, and remarks for maintainers."""

    actions: tuple[Action, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """What the matches ask for, whatever the issue looks like now. `speaking` are the matches that get a section."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    speaking: tuple[Match, ...] = ()
    holding: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for."""
        return not (self.add or self.remove or self.speaking)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What GitHub says beside the issue itself: who we are, the issue's history, labels that exist, links that may be given.

    `history` is None where it was not needed.
    """

    login: str = "github-actions[bot]"
    history: tuple[Change, ...] | None = None
    existing_labels: frozenset[str] = frozenset()
    targets: Mapping[int, Target] = field(default_factory=dict)
    duplicates: tuple[Duplicate, ...] = ()
    template: str | None = None
    forbidden: tuple[str, ...] = ()


def choose_wish(matches: Iterable[Match], config: Config, today: date) -> Wish:
    """What the matches ask for: superseded and observing rules nothing, of the rest at most `max_sections` speak."""
    active = [(match, _mode_of(match, config)) for match in matches if match.superseded_by is None]
    labelling = [match for match, mode in active if mode != "observe"]
    willing = [match for match, mode in active if mode == "comment" and match.branch is not None]
    expired = [match for match in willing if match.rule.model.expires and match.rule.model.expires <= today]
    speaking = [match for match in willing if match not in expired][: config.max_sections]
    add = [label for match in labelling for label in _labels_of(match, config)]
    remove = [label for match in labelling for label in match.rule.model.labels.remove]
    return Wish(
        add=tuple(dict.fromkeys(add)),
        remove=tuple(label for label in dict.fromkeys(remove) if label not in add),
        speaking=tuple(speaking),
        holding=tuple(match.rule.id for match in labelling),
        remarks=tuple(f"the guidance of `{m.rule.id}` expired on {m.rule.model.expires}; review it" for m in expired),
    )


def _mode_of(match: Match, config: Config) -> Mode:
    return min(match.rule.model.mode, config.mode, key=MODES.index)


def _labels_of(match: Match, config: Config) -> list[str]:
    regression = config.labels.regression
    is_regression = compare_with_fix(match.rule, match.captures) == "fixed"
    return [*match.rule.model.labels.add, *([regression] if regression and is_regression else [])]


def needs_history(issue: Issue, wish: Wish, login: str) -> bool:
    """Whether the issue's own history must be read, because a human may have decided something.

    On an issue that is as it was opened nothing can have been decided.
    """
    own = find_own_comment(issue.comments, login, issue.number)
    if own is None:
        return not wish.is_empty and issue.updated_at != issue.created_at
    is_label_missing = any(not _has(issue, label) for label in wish.add)
    is_label_doomed = any(_has(issue, label) for label in wish.remove)
    is_going = not wish.speaking and not own[1].is_withdrawn
    return is_label_missing or is_label_doomed or is_going


def make_plan(issue: Issue, wish: Wish, state: State, config: Config, now: datetime) -> Plan:
    """What is to be done so that the issue is as the wish says, except where a human has decided otherwise."""
    own = find_own_comment(issue.comments, state.login, issue.number)
    labels, label_remarks = _plan_labels(issue, wish, state, config, own[1] if own else None)
    comment, comment_remarks = _plan_comment(issue, wish, state, config, own)
    close = _plan_close(issue, wish, own, now)
    return Plan((*labels, *comment, *close), (*wish.remarks, *label_remarks, *comment_remarks))


def _has(issue: Issue, label: str) -> bool:
    return label.casefold() in {present.casefold() for present in issue.labels}


def _plan_labels(
    issue: Issue, wish: Wish, state: State, config: Config, marker: Marker | None
) -> tuple[list[Action], list[str]]:
    missing = [label for label in wish.add if not _has(issue, label)]
    kept_off = [label for label in missing if _was_taken_off(label, state, marker)]
    wanted = [label for label in missing if label not in kept_off]
    existing = {label.casefold() for label in state.existing_labels}
    unknown = [label for label in wanted if label.casefold() not in existing]
    add = wanted if config.labels.create else [label for label in wanted if label not in unknown]
    remove = [label for label in _find_unwanted(issue, wish, config, marker) if _may_take_off(issue, label, state)]
    actions: list[Action] = []
    if unknown and config.labels.create:
        actions.append(CreateLabels(tuple(unknown)))
    actions += [AddLabels(tuple(add))] if add else []
    actions += [RemoveLabels(tuple(remove))] if remove else []
    remarks = [f"the label `{label}` was taken off by somebody, and stays off" for label in kept_off]
    if not config.labels.create:
        remarks += [f"the label `{label}` does not exist here; create it, or correct the rule" for label in unknown]
    return actions, remarks


def _was_taken_off(label: str, state: State, marker: Marker | None) -> bool:
    """Whether the label was set once and somebody took it off; we ourselves do so only when we withdraw."""
    events = [c for c in state.history or () if c.label and c.label.casefold() == label.casefold()]
    last = next((change for change in reversed(events) if change.kind in {"labeled", "unlabeled"}), None)
    if last is None:
        return False
    # Set and never taken off, and yet not there: somebody renamed or deleted the label itself.
    was_ours = last.kind == "unlabeled" and last.actor.login.lower() == state.login.lower()
    return not (was_ours and marker is not None and marker.is_withdrawn)


def _find_unwanted(issue: Issue, wish: Wish, config: Config, marker: Marker | None) -> list[str]:
    """Labels on the issue that should go: those that rules take off, our own prefixes, and what a withdrawn match had set."""
    owned = tuple(config.labels.prefix_owned)
    stale = [label for label in issue.labels if owned and label.startswith(owned)]
    former = [] if marker is None or wish.holding or marker.is_withdrawn else marker.labels
    unwanted = [label for label in (*wish.remove, *stale, *former) if _has(issue, label)]
    return [label for label in dict.fromkeys(unwanted) if label not in wish.add]


def _may_take_off(issue: Issue, label: str, state: State) -> bool:
    """Only what a bot or a template set; a template sets its labels in the author's name when the issue is opened."""
    if state.history is None:
        return issue.updated_at == issue.created_at
    set_by = [c for c in state.history if c.kind == "labeled" and c.label and c.label.casefold() == label.casefold()]
    if not set_by:
        return True
    last = set_by[-1]
    is_template = last.actor.login == issue.author.login and last.at - issue.created_at <= _TEMPLATE_MOMENT
    return last.actor.is_bot or last.actor.login.lower() == state.login.lower() or is_template


def _plan_comment(
    issue: Issue, wish: Wish, state: State, config: Config, own: tuple[Comment, Marker] | None
) -> tuple[list[Action], list[str]]:
    if own is None:
        reason = _find_reason_for_silence(issue, state) if wish.speaking else None
        if reason or not wish.speaking:
            return [], [reason] if reason else []
    elif reason := _find_reason_to_leave(*own):
        return [], [reason]
    try:
        body = _write_body(issue, wish, state, config, own[1] if own else None)
    except CommentError as error:
        return [], [str(error)]
    if body is None:
        return [], []
    if own is None:
        return [CreateComment(body)], []
    return [UpdateComment(own[0].id, body)] if read_marker(body) != own[1] else [], []


def _find_reason_for_silence(issue: Issue, state: State) -> str | None:
    twin = find_foreign_twin(issue.comments, state.login, issue.number)
    if twin:
        login = twin.author.login
        return f"{login} has commented here with our marker; if that is us, set `identity: {{login: {login!r}}}` in config.yml"
    if any(change.kind == "comment_deleted" for change in state.history or ()):
        return "a comment was deleted here; nothing is posted again"
    return None


def _find_reason_to_leave(comment: Comment, marker: Marker) -> str | None:
    if comment.is_minimized:
        return "our comment was hidden by somebody, and is left alone"
    if marker.is_newer:
        return "a later version of Signpost wrote our comment; it is left alone"
    if not is_as_written(comment, marker):
        return "our comment was edited by somebody, and is left alone"
    return None


def _write_body(issue: Issue, wish: Wish, state: State, config: Config, marker: Marker | None) -> str | None:
    """The comment as it should be; None where it should stay as it is."""
    if wish.speaking:
        return _write_guidance(issue, wish, state, config)
    if marker is None or marker.is_withdrawn or set(wish.holding) & set(marker.rules):
        return None
    return sign_comment(read_template("withdrawn.md.j2"), Marker(issue=issue.number, is_withdrawn=True))


def _write_guidance(issue: Issue, wish: Wish, state: State, config: Config) -> str:
    sections = [_write_section(match, issue, state, config) for match in wish.speaking]
    text = check_comment(render_comment(sections, state.template), (*state.forbidden, *config.words.forbidden))
    links = [number for match in wish.speaking if (number := match.rule.model.follow) in state.targets and number]
    marker = Marker(
        issue=issue.number,
        rules={match.rule.id: match.rule.content_hash for match in wish.speaking},
        labels=list(wish.add),
        links=links,
    )
    return sign_comment(text, marker)


def _write_section(match: Match, issue: Issue, state: State, config: Config) -> Section:
    follow = match.rule.model.follow
    target = state.targets.get(follow) if follow else None
    limit = min(match.rule.model.duplicates.show, config.duplicates.show) if config.duplicates.enabled else 0
    shown = [d for d in state.duplicates if d.is_open or not match.rule.model.duplicates.open_only]
    return make_section(match, issue, target, tuple(shown[:limit]))


def _plan_close(issue: Issue, wish: Wish, own: tuple[Comment, Marker] | None, now: datetime) -> list[Action]:
    """Opt-in closing, after the grace period, if no human has shown a sign of life since our comment."""
    asked = next((match.rule.model for match in wish.speaking if match.rule.model.close), None)
    if asked is None or asked.close is None or own is None or issue.state != "open":
        return []
    comment, marker = own
    is_due = now - comment.created_at >= timedelta(hours=asked.close.hours)
    is_alive = any(c.created_at > comment.created_at and not c.author.is_bot for c in issue.comments)
    is_alive = is_alive or issue.updated_at - comment.created_at > _TEMPLATE_MOMENT
    if not is_due or is_alive or marker.is_withdrawn:
        return []
    if asked.close.as_ == "duplicate":
        return [Close("duplicate", asked.follow)] if asked.follow in marker.links else []
    return [Close("not_planned")]
