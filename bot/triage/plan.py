"""The plan: the actions that make the issue agree with the decisions. Pure."""

from datetime import datetime, timedelta

from bot.comment.marker import Marker, OwnComment, find_foreign_twin, is_as_written, read_marker, sign_comment
from bot.comment.renderer import (
    CommentError,
    check_comment,
    check_length,
    render_comment,
    render_links,
    render_withdrawal,
)
from bot.comment.section import make_section
from bot.tracker.types import Change, Comment, Issue
from bot.triage.actions import Action, AddLabels, Close, CreateComment, CreateLabels, Plan, RemoveLabels, UpdateComment
from bot.triage.config import Config, Sources
from bot.triage.decisions import Decisions, LabelDecision, find_unwanted, is_owned, unique, without
from bot.triage.snapshot import Snapshot

TEMPLATE_MOMENT = timedelta(minutes=1)
"""What happens so soon after an event counts as part of it."""


def make_plan(snapshot: Snapshot, decisions: Decisions, sources: Sources, now: datetime) -> Plan:
    """The actions that make the issue agree with the decisions, unless a human has decided otherwise."""
    labels, label_remarks = _plan_labels(snapshot, decisions.labels, sources.config)
    comment, comment_remarks = _plan_comment(snapshot, decisions, sources)
    close = [] if comment else _plan_close(snapshot, decisions, now)
    remarks = (*decisions.remarks, *label_remarks, *comment_remarks, *decisions.links.advice)
    return Plan((*labels, *comment, *close), remarks)


def _plan_labels(snapshot: Snapshot, labels: LabelDecision, config: Config) -> tuple[list[Action], list[str]]:
    """The labels to create, to set and to remove, and remarks."""
    missing = without(labels.add, snapshot.issue.labels)
    kept_off = [label for label in missing if _was_taken_off(label, snapshot, config)]
    wanted = without(missing, kept_off)
    unknown = without(wanted, snapshot.existing_labels)
    add = wanted if config.labels.create else without(wanted, unknown)
    unwanted = find_unwanted(snapshot.issue, snapshot.marker, labels, config)
    remove = tuple(label for label in unwanted if _may_take_off(label, snapshot, labels, config))
    actions: list[Action] = []
    actions += [CreateLabels(unknown)] if unknown and config.labels.create else []
    actions += [AddLabels(add)] if add else []
    actions += [RemoveLabels(remove)] if remove else []
    remarks = [f"somebody removed the label `{label}`, so Signpost does not set it again" for label in kept_off]
    if not config.labels.create:
        remarks += [
            f"the label `{label}` does not exist in this repository; create it, or correct the rule or the settings"
            for label in unknown
        ]
    return actions, remarks


def _was_taken_off(label: str, snapshot: Snapshot, config: Config) -> bool:
    """Whether somebody removed the label after it was set; we remove a label only if it does not apply any more."""
    last = _find_last_change(label, snapshot)
    if last is None:
        return False
    # Set, never removed, and yet missing: somebody renamed or deleted the label itself.
    was_ours = last.kind == "unlabeled" and _is_ours(last, snapshot)
    is_dropped = snapshot.marker is not None and not without([label], snapshot.marker.dropped)
    return not (was_ours and (is_dropped or is_owned(label, config)))


def _find_last_change(label: str, snapshot: Snapshot) -> Change | None:
    """The last time that the label was set or removed, according to the history."""
    changes = [c for c in snapshot.history or () if c.label and c.label.casefold() == label.casefold()]
    return next((change for change in reversed(changes) if change.kind in {"labeled", "unlabeled"}), None)


def _is_ours(change: Change, snapshot: Snapshot) -> bool:
    return change.actor.login.lower() == snapshot.login.lower()


def _may_take_off(label: str, snapshot: Snapshot, labels: LabelDecision, config: Config) -> bool:
    """A label may be removed if we set it; or if a bot or a template set it, and a rule or a prefix asks for it.

    A template sets its labels in the author's name when the issue is opened.
    """
    issue = snapshot.issue
    if snapshot.history is None:
        return issue.updated_at == issue.created_at
    last = _find_last_change(label, snapshot)
    if last is None:
        # Renamed since it was set, so it is unknown who set it; on an issue without a history, the template.
        return not snapshot.history
    is_template = last.actor.login == issue.author.login and last.at - issue.created_at <= TEMPLATE_MOMENT
    is_asked = label in labels.remove or is_owned(label, config)
    return _is_ours(last, snapshot) or (is_asked and (last.actor.is_bot or is_template))


def _plan_comment(snapshot: Snapshot, decisions: Decisions, sources: Sources) -> tuple[list[Action], list[str]]:
    own = snapshot.own
    if own is None and not (decisions.speaking or decisions.links.linked):
        return [], []
    if reason := _find_reason_to_leave(own) if own else _find_reason_for_silence(snapshot):
        return [], [reason]
    if own and not decisions.links.is_complete and _remembers_links(own.marker, sources.config):
        return [], []
    try:
        body = _write_body(snapshot, decisions, sources)
    except CommentError as error:
        return [], [str(error)]
    if body is None or (own and read_marker(body) == own.marker):
        return [], []
    return [UpdateComment(own.comment.id, body) if own else CreateComment(body)], []


def _find_reason_for_silence(snapshot: Snapshot) -> str | None:
    twin = find_foreign_twin(snapshot.issue.comments, snapshot.login, snapshot.issue.number)
    if twin:
        login = twin.author.login
        mend = f"set `identity: {{login: {login!r}}}` in config.yml"
        return f"{login} has a comment here with Signpost's marker; if that is Signpost's account, {mend}"
    if any(change.kind == "comment_deleted" for change in snapshot.history or ()):
        return "a comment was deleted here, so Signpost does not post another one"
    return None


def _find_reason_to_leave(own: OwnComment) -> str | None:
    if own.comment.is_minimized:
        return "somebody hid Signpost's comment, so it stays as it is"
    if own.marker.is_newer:
        return "a newer version of Signpost wrote the comment, so it stays as it is"
    if not is_as_written(*own):
        return "somebody edited Signpost's comment, so it stays as it is"
    return None


def _remembers_links(marker: Marker, config: Config) -> bool:
    """Whether our comment would lose its links, or their label, if it were written without them."""
    label = config.duplicates.label
    return bool(marker.links or marker.earlier or (label and not without([label], marker.labels)))


def _write_body(snapshot: Snapshot, decisions: Decisions, sources: Sources) -> str | None:
    """The new text of the comment; None if it should stay as it is."""
    number, former = snapshot.issue.number, snapshot.marker
    if decisions.speaking:
        return _write_guidance(snapshot, decisions, sources)
    if former and set(decisions.holding) & set(former.rules):
        return None
    marker = Marker(issue=number, dropped=_find_dropped(decisions.labels, former))
    if linked := decisions.links.linked:
        links = {"labels": list(decisions.labels.add), "earlier": {each.number: each.tier for each in linked}}
        text = check_comment(render_links(linked), sources.forbidden_words)
        return check_length(sign_comment(text, marker.model_copy(update=links)))
    if former is None or former.is_withdrawn:
        return None
    return sign_comment(render_withdrawal(), marker.model_copy(update={"is_withdrawn": True}))


def _find_dropped(labels: LabelDecision, former: Marker | None) -> list[str]:
    """Labels that we asked for earlier, but not any more: we removed them ourselves."""
    return list(without(unique([*former.dropped, *former.labels]), labels.fitting)) if former else []


def _write_guidance(snapshot: Snapshot, decisions: Decisions, sources: Sources) -> str:
    speaking, links = decisions.speaking, decisions.links
    parts = [(match, links.follows.get(match.rule.id), links.in_section(match.rule.id)) for match in speaking]
    sections = [make_section(match, snapshot.issue, target, linked) for match, target, linked in parts]
    text = check_comment(render_comment(sections, sources.template), sources.forbidden_words)
    marker = Marker(
        issue=snapshot.issue.number,
        rules={match.rule.id: match.rule.content_hash for match in speaking},
        labels=list(decisions.labels.add),
        links=[target.number for _, target, _ in parts if target],
        earlier={link.number: link.tier for _, _, linked in parts for link in linked},
        dropped=_find_dropped(decisions.labels, snapshot.marker),
    )
    return check_length(sign_comment(text, marker))


def _plan_close(snapshot: Snapshot, decisions: Decisions, now: datetime) -> list[Action]:
    """Opt-in closing, after the grace period, if no human was active since our comment."""
    asked = next((match.rule.model for match in decisions.speaking if match.rule.model.close), None)
    own = snapshot.own
    if own is None or asked is None or asked.close is None or asked.id not in own.marker.rules:
        return []
    if snapshot.issue.state != "open" or not decisions.links.is_complete or _find_reason_to_leave(own):
        return []
    if now - own.comment.created_at < timedelta(hours=asked.close.hours) or _is_alive(snapshot.issue, own.comment):
        return []
    if asked.close.as_ == "not_planned":
        return [Close("not_planned")]
    target = decisions.links.follows.get(asked.id)
    return [Close("duplicate", target.number)] if target and target.number in own.marker.links else []


def _is_alive(issue: Issue, comment: Comment) -> bool:
    """Whether anything happened after our comment: a comment by a human, or any other change."""
    is_answered = any(c.created_at > comment.created_at and not c.author.is_bot for c in issue.comments)
    return is_answered or issue.updated_at - comment.created_at > TEMPLATE_MOMENT
