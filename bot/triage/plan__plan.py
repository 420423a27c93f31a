"""What should change: the difference between what the matches ask for and what is there. Pure."""

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
from bot.tracker.types import Comment, Issue
from bot.triage.actions import Action, Close, CreateComment, Plan, UpdateComment
from bot.triage.config import Config
from bot.triage.decisions import Wish, unique, without
from bot.triage.links__showing import choose_alone, note_tiers, remark_unproven, share_out
from bot.triage.plan import TEMPLATE_MOMENT, are_labels_due, plan_labels
from bot.triage.state__state import State


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
