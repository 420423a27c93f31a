"""What should change: the difference between what was decided and what is there. Pure."""

from datetime import datetime, timedelta

from bot.comment.marker import Marker, find_foreign_twin, find_own_comment, is_as_written, read_marker, sign_comment
from bot.comment.renderer import (
    CommentError,
    check_comment,
    check_length,
    make_section,
    render_comment,
    render_links,
)
from bot.comment.templates import read_template
from bot.duplicates.canonical import Target
from bot.rules.matcher import Match
from bot.tracker.types import Change, Comment, Issue
from bot.triage.actions import Action, AddLabels, Close, CreateComment, CreateLabels, Plan, RemoveLabels, UpdateComment
from bot.triage.config import Config
from bot.triage.decisions import Wish, unique, without
from bot.triage.links import choose_alone, note_tiers, remark_unproven, share_out
from bot.triage.state import State

TEMPLATE_MOMENT = timedelta(minutes=1)
"""What happens so soon after something is a part of it."""


def are_labels_due(issue: Issue, wish: Wish, config: Config, marker: Marker | None) -> bool:
    """Whether a label may have to change; a human may have decided otherwise."""
    return bool(without(wish.add, issue.labels) or _find_unwanted(issue, wish, config, marker))


def plan_labels(
    issue: Issue, wish: Wish, state: State, config: Config, marker: Marker | None
) -> tuple[list[Action], list[str]]:
    """Which labels are created, set and taken off, and remarks; `marker` is that of our comment, if there is one."""
    missing = without(wish.add, issue.labels)
    kept_off = [label for label in missing if _was_taken_off(label, state, config, marker)]
    wanted = without(missing, kept_off)
    unknown = without(wanted, state.existing_labels)
    add = wanted if config.labels.create else without(wanted, unknown)
    unwanted = _find_unwanted(issue, wish, config, marker)
    remove = tuple(label for label in unwanted if _may_take_off(issue, label, wish, state, config))
    actions: list[Action] = []
    actions += [CreateLabels(unknown)] if unknown and config.labels.create else []
    actions += [AddLabels(add)] if add else []
    actions += [RemoveLabels(remove)] if remove else []
    remarks = [f"the label `{label}` was taken off by somebody, and stays off" for label in kept_off]
    if not config.labels.create:
        remarks += [
            f"the label `{label}` does not exist here; create it, or correct the rule or the settings"
            for label in unknown
        ]
    return actions, remarks


def _was_taken_off(label: str, state: State, config: Config, marker: Marker | None) -> bool:
    """Whether the label was set once and somebody took it off; we ourselves do so only where it no longer held."""
    last = _find_last_change(label, state)
    if last is None:
        return False
    # Set and never taken off, and yet not there: somebody renamed or deleted the label itself.
    was_ours = last.kind == "unlabeled" and last.actor.login.lower() == state.login.lower()
    is_dropped = marker is not None and not without([label], marker.dropped)
    return not (was_ours and (is_dropped or _is_owned(label, config)))


def _find_last_change(label: str, state: State) -> Change | None:
    """When the label was last set or taken off, as far as the history says."""
    changes = [c for c in state.history or () if c.label and c.label.casefold() == label.casefold()]
    return next((change for change in reversed(changes) if change.kind in {"labeled", "unlabeled"}), None)


def _find_unwanted(issue: Issue, wish: Wish, config: Config, marker: Marker | None) -> tuple[str, ...]:
    """Labels on the issue that should go: what rules take off, our own prefixes, and what a former match had set."""
    owned = [label for label in issue.labels if _is_owned(label, config)]
    former = [*marker.labels, *marker.dropped] if marker else []
    stale = without([*owned, *former], wish.fitting)
    return tuple(label for label in unique([*wish.remove, *stale]) if _has(issue, label))


def _is_owned(label: str, config: Config) -> bool:
    return label.startswith(tuple(config.labels.prefix_owned))


def _may_take_off(issue: Issue, label: str, wish: Wish, state: State, config: Config) -> bool:
    """Only what a bot or a template set, and what nobody asks to take off only if we ourselves set it.

    A template sets its labels in the author's name when the issue is opened.
    """
    if state.history is None:
        return issue.updated_at == issue.created_at
    last = _find_last_change(label, state)
    if last is None:
        # Renamed since it was set, so nobody can tell who set it; on an issue without a history, the template.
        return not state.history
    is_ours = last.actor.login.lower() == state.login.lower()
    is_template = last.actor.login == issue.author.login and last.at - issue.created_at <= TEMPLATE_MOMENT
    is_asked = label in wish.remove or _is_owned(label, config)
    return is_ours or (is_asked and (last.actor.is_bot or is_template))


def _has(issue: Issue, label: str) -> bool:
    return label.casefold() in {present.casefold() for present in issue.labels}


def needs_history(issue: Issue, wish: Wish, login: str, config: Config) -> bool:
    """Whether the issue's own history must be read, because a human may have decided something.

    On an issue that is as it was opened nothing can have been decided.
    """
    own = find_own_comment(issue.comments, login, issue.number)
    if own is None and issue.updated_at == issue.created_at:
        return False
    marker = own[1] if own else None
    is_going = marker is not None and not wish.speaking and not marker.is_withdrawn
    may_speak = bool(wish.speaking) or config.duplicates.comment == "always"
    return are_labels_due(issue, wish, config, marker) or is_going or (own is None and may_speak)


def make_plan(issue: Issue, wish: Wish, state: State, config: Config, now: datetime) -> Plan:
    """What is to be done so that the issue is as the wish says, except where a human has decided otherwise."""
    own = find_own_comment(issue.comments, state.login, issue.number)
    labels, label_remarks = plan_labels(issue, wish, state, config, own[1] if own else None)
    comment, comment_remarks = _plan_comment(issue, wish, state, config, own)
    is_settled = issue.state == "open" and not comment and state.are_links_known
    close = _plan_close(issue, wish, state, own, now) if own and is_settled else []
    remarks = (*label_remarks, *comment_remarks, *remark_unproven(state.duplicates, config))
    return Plan((*labels, *comment, *close), (*wish.remarks, *remarks))


def _plan_comment(
    issue: Issue, wish: Wish, state: State, config: Config, own: tuple[Comment, Marker] | None
) -> tuple[list[Action], list[str]]:
    if own is None and not (wish.speaking or choose_alone(state.duplicates, config)):
        return [], []
    if reason := _find_reason_to_leave(*own) if own else _find_reason_for_silence(issue, state):
        return [], [reason]
    if own and not state.are_links_known and _remembers_links(own[1], config):
        return [], []
    try:
        body = _write_body(issue, wish, state, config, own[1] if own else None)
    except CommentError as error:
        return [], [str(error)]
    if body is None or (own and read_marker(body) == own[1]):
        return [], []
    return [UpdateComment(own[0].id, body) if own else CreateComment(body)], []


def _find_reason_for_silence(issue: Issue, state: State) -> str | None:
    twin = find_foreign_twin(issue.comments, state.login, issue.number)
    if twin:
        login = twin.author.login
        mend = f"set `identity: {{login: {login!r}}}` in config.yml"
        return f"{login} has commented here with our marker; if that is us, {mend}"
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


def _remembers_links(marker: Marker, config: Config) -> bool:
    """Whether our comment would lose what it knows by links if it were written without them."""
    label = config.duplicates.label
    return bool(marker.links or marker.earlier or (label and not without([label], marker.labels)))


def _write_body(issue: Issue, wish: Wish, state: State, config: Config, marker: Marker | None) -> str | None:
    """The comment as it should be; None where it should stay as it is."""
    dropped = _find_dropped(wish, marker)
    if wish.speaking:
        return _write_guidance(issue, wish, state, config, dropped)
    if marker and set(wish.holding) & set(marker.rules):
        return None
    if alone := choose_alone(state.duplicates, config):
        marker = Marker(issue=issue.number, labels=list(wish.add), earlier=note_tiers(alone), dropped=dropped)
        text = check_comment(render_links(alone), (*state.forbidden, *config.words.forbidden))
        return check_length(sign_comment(text, marker))
    if marker is None or marker.is_withdrawn:
        return None
    return sign_comment(
        read_template("withdrawn.md.j2"), Marker(issue=issue.number, is_withdrawn=True, dropped=dropped)
    )


def _find_dropped(wish: Wish, marker: Marker | None) -> list[str]:
    """Labels that we asked for once and do not any more: that they are gone is our own doing."""
    return list(without(unique([*marker.dropped, *marker.labels]), wish.fitting)) if marker else []


def _write_guidance(issue: Issue, wish: Wish, state: State, config: Config, dropped: list[str]) -> str:
    shown = share_out(wish.speaking, state.duplicates, config)
    targets = [_target_of(match, state) for match in wish.speaking]
    parts = zip(wish.speaking, targets, shown, strict=True)
    sections = [make_section(match, issue, target, duplicates) for match, target, duplicates in parts]
    text = check_comment(render_comment(sections, state.template), (*state.forbidden, *config.words.forbidden))
    marker = Marker(
        issue=issue.number,
        rules={match.rule.id: match.rule.content_hash for match in wish.speaking},
        labels=list(wish.add),
        links=[target.number for target in targets if target],
        earlier=note_tiers([duplicate for duplicates in shown for duplicate in duplicates]),
        dropped=dropped,
    )
    return check_length(sign_comment(text, marker))


def _target_of(match: Match, state: State) -> Target | None:
    follow = match.rule.model.follow
    return state.targets.get(follow) if follow else None


def _plan_close(issue: Issue, wish: Wish, state: State, own: tuple[Comment, Marker], now: datetime) -> list[Action]:
    """Opt-in closing, after the grace period, if no human has shown a sign of life since our comment."""
    comment, marker = own
    asked = next((match.rule.model for match in wish.speaking if match.rule.model.close), None)
    if asked is None or asked.close is None or asked.id not in marker.rules or _find_reason_to_leave(comment, marker):
        return []
    if now - comment.created_at < timedelta(hours=asked.close.hours) or _is_alive(issue, comment):
        return []
    if asked.close.as_ == "not_planned":
        return [Close("not_planned")]
    target = state.targets.get(asked.follow) if asked.follow else None
    return [Close("duplicate", target.number)] if target and target.number in marker.links else []


def _is_alive(issue: Issue, comment: Comment) -> bool:
    """Whether anything happened after our comment: a human's comment, or whatever else made the issue newer."""
    is_answered = any(c.created_at > comment.created_at and not c.author.is_bot for c in issue.comments)
    return is_answered or issue.updated_at - comment.created_at > TEMPLATE_MOMENT
