"""The plan: the actions that make the issue agree with the decisions. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bot.comment.marker import (
    Marker,
    OwnComment,
    find_foreign_twin,
    is_as_written,
    is_certainly_ours,
    read_marker,
    sign_comment,
)
from bot.comment.renderer import (
    MAX_CHARACTERS,
    CommentError,
    Frame,
    check_comment,
    check_length,
    render_comment,
    render_incident,
    render_links,
    render_refusal,
    render_replacement,
    render_withdrawal,
)
from bot.comment.section import Extras, make_sections
from bot.issue.commands import find_last
from bot.rules.matcher import Match
from bot.text.versions import find_plain_version
from bot.tracker.types import MAINTAINERS, unique, without
from bot.triage.actions import (
    Action,
    CreateComment,
    DeleteComment,
    Plan,
    React,
    UpdateComment,
    propose_closing,
)
from bot.triage.config import Config, Identity, Sources
from bot.triage.decisions import Decisions, LabelDecision
from bot.triage.people.answers import explain, plan_reactions, summarize
from bot.triage.people.closing import Closing, decide_closing, remember_promise, rewrite_promise
from bot.triage.people.fields import plan_fields, remember_fields
from bot.triage.people.incidents import KnownIncident, is_incident
from bot.triage.people.labels import list_asked, plan_labels
from bot.triage.people.refusals import Refusals, date_guidance, remember_past
from bot.triage.people.suggestions import find_settlement, list_about_closing
from bot.triage.snapshot import Snapshot

_ROOM = 10_000
"""Characters that the marker may need."""


def make_plan(snapshot: Snapshot, decisions: Decisions, sources: Sources, now: datetime) -> Plan:
    """The actions that make the issue agree with the decisions, unless a human has decided otherwise."""
    labels, label_remarks = plan_labels(snapshot, decisions, sources.config)
    fields, field_remarks = plan_fields(snapshot, decisions.fields)
    closing = decide_closing(snapshot, decisions, sources.config, now)
    comment, comment_remarks = _plan_comment(snapshot, decisions, sources, Moment(now, closing))
    comes_first = bool(comment) and closing.effect not in {"ordered", "suggested"}
    close, close_remarks = ([], []) if comes_first else _plan_close(snapshot, closing)
    surplus, surplus_remarks = plan_surplus(snapshot)
    is_quiet, known = sources.config.mode in {"observe", "suggest"}, sources.ruleset.names
    reactions, faults = ([], []) if is_quiet else plan_reactions(snapshot, decisions, known, now)
    faults += _explain_in_summary(snapshot, decisions, comment, reactions)
    said = (*label_remarks, *field_remarks, *comment_remarks, *close_remarks, *surplus_remarks, *faults)
    is_unfinished, actions = comes_first and closing.at is not None and closing.at <= now, (*labels, *fields, *comment)
    remarks = (*decisions.remarks, *said, *decisions.links.advice)
    return Plan((*actions, *surplus, *reactions, *close), remarks, is_unfinished, snapshot.is_complete)


def _explain_in_summary(
    snapshot: Snapshot, decisions: Decisions, comment: Iterable[Action], reactions: Iterable[React]
) -> list[str]:
    """The explanation that is asked for now, if no comment of ours shows it."""
    asked, explanation = find_last(snapshot.said, "explain"), explain(snapshot, decisions)
    if asked is None or not any(asked.comment.id == each.comment_id for each in reactions):
        return []
    bodies = [each.body for each in comment if isinstance(each, CreateComment | UpdateComment)]
    bodies = bodies or ([snapshot.own.comment.body] if snapshot.own else [])
    return [] if explanation and any(explanation in body for body in bodies) else summarize(decisions)


class Moment(NamedTuple):
    """The present time, and what is decided about closing."""

    now: datetime
    closing: Closing


def _plan_comment(
    snapshot: Snapshot, decisions: Decisions, sources: Sources, moment: Moment
) -> tuple[list[Action], list[str]]:
    own = snapshot.own
    if own is None and not decisions.can_comment:
        return [], []
    if reason := find_reason_to_leave(own) if own else _find_reason_for_silence(snapshot, sources.config.identity):
        return [], [reason]
    if own and not decisions.links.is_complete and _remembers_links(own.marker, sources.config):
        return [], []
    try:
        body, remarks = _write_body(snapshot, decisions, sources, moment)
    except CommentError as error:
        return [], [str(error)]
    if body is None or (own and read_marker(body) == own.marker):
        return [], remarks
    action = UpdateComment(own.comment.id, body) if own else CreateComment(body)
    return [action], [*remarks, *([] if own else _find_former_logins(snapshot))]


def _find_reason_for_silence(snapshot: Snapshot, identity: Identity) -> str | None:
    twin = find_foreign_twin(snapshot.issue.comments, snapshot.logins, snapshot.issue.number)
    if twin:
        login = twin.author.login
        mend = f"also: [{login!r}]" if identity.login else f"login: {login!r}"
        advice = f"if that is Signpost's account, set `identity: {{{mend}}}` in config.yml"
        return f"{login} has a comment here with Signpost's marker; {advice}"
    deleted = [change for change in snapshot.history or () if change.kind == "comment_deleted"]
    if any(change.author and snapshot.is_us(change.author.login) for change in deleted):
        return "somebody deleted Signpost's comment, so Signpost does not post another one"
    if any(change.author is None for change in deleted):
        return "a comment was deleted here, so Signpost does not post another one"
    return None


def plan_surplus(snapshot: Snapshot) -> tuple[list[Action], list[str]]:
    """Remove all our comments but the first: overlapping runs, a lost answer, or a new identity can leave several.

    A comment is deleted only if it is word for word ours. If somebody edited it, or it came with a transferred issue,
    it is edited to say that it does not apply any more. Hidden comments stay, and so do those that may be a person's.
    """
    planned = [_plan_one_less(own, snapshot.issue.number) for own in snapshot.surplus]
    return [action for action, _ in planned if action], [remark for _, remark in planned if remark]


def _plan_one_less(own: OwnComment, number: int) -> tuple[Action | None, str | None]:
    comment, marker = own
    if comment.is_minimized or marker.is_newer:
        return None, None
    name = f"comment {comment.id} by {comment.author.login} is a second comment of Signpost"
    if is_as_written(comment, marker) and marker.issue == number:
        return DeleteComment(comment.id), f"{name}, so it is deleted"
    if not is_certainly_ours(comment):
        return None, f"{name}, or quotes one; it stays as it is"
    note = Marker(issue=number, kind=marker.kind, is_withdrawn=True, is_superseded=True)
    body = sign_comment(render_replacement(), note)
    why = "came with a transferred issue" if marker.issue != number else "somebody edited it"
    return UpdateComment(comment.id, body), f"{name} ({why}), so it now says that it no longer applies"


def _find_former_logins(snapshot: Snapshot) -> list[str]:
    """A remark for each maintainer whose login Signpost may have used here; only the settings can confirm that."""
    comments = (comment for comment in snapshot.issue.comments if comment.association in MAINTAINERS)
    written = ((comment.author.login, read_marker(comment.body), comment) for comment in comments)
    return [
        f"{login} has a comment here with Signpost's marker; if Signpost ran under that login before, "
        f"set `identity: {{also: [{login!r}]}}` in config.yml"
        for login, marker, comment in written
        if marker
        and is_as_written(comment, marker)
        and (marker.issue, marker.kind) == (snapshot.issue.number, "guidance")
    ]


def find_reason_to_leave(own: OwnComment) -> str | None:
    """Why our comment stays as it is; None if it may be changed."""
    what = "report" if own.marker.kind == "report" else "comment"
    if own.comment.is_minimized:
        return f"somebody hid Signpost's {what}, so it stays as it is"
    if own.marker.is_newer:
        return f"a newer version of Signpost wrote the {what}, so it stays as it is"
    if not is_as_written(*own):
        return f"somebody edited Signpost's {what}, so it stays as it is"
    return None


def _remembers_links(marker: Marker, config: Config) -> bool:
    """Whether our comment would lose its links, or their label, if it were written without them."""
    label = config.duplicates.label
    return bool(marker.links or marker.earlier or (label and not without([label], marker.labels)))


def _write_body(
    snapshot: Snapshot, decisions: Decisions, sources: Sources, moment: Moment
) -> tuple[str | None, list[str]]:
    """The comment as it should be, None where it should stay as it is; and remarks."""
    if incident := _choose_incident(snapshot.marker, decisions):
        return _write_incident(snapshot, decisions, incident, sources, moment)
    if decisions.speaking:
        return _write_guidance(snapshot, decisions, sources, moment)
    return _write_without_guidance(snapshot, decisions, sources, moment), []


def _choose_incident(former: Marker | None, decisions: Decisions) -> KnownIncident | None:
    """The incident, if the comment has its short form; a comment that has said more before keeps saying it."""
    incident = decisions.incident
    if incident is None or former is None or former.is_withdrawn or incident.name in former.rules:
        return incident
    return None if former.rules or former.earlier else incident


def _write_incident(
    snapshot: Snapshot, decisions: Decisions, incident: KnownIncident, sources: Sources, moment: Moment
) -> tuple[str | None, list[str]]:
    """The short form for a known incident, with the summary and the first steps of the rules that speak."""
    sections, remarks = make_sections([(match, None, ()) for match in decisions.speaking], snapshot.issue)
    shown = render_incident(incident.number, sections.values(), _make_frame(snapshot, sources.config, moment))
    text = check_comment(shown, sources.forbidden_words)
    matches = [match for match in decisions.speaking if match.rule.id in sections]
    rules = {match.rule.id: match.rule.content_hash for match in matches}
    marker = _make_marker(snapshot, decisions, {**rules, incident.name: ""}, moment)
    said = {"labels": list_asked(snapshot, decisions.labels), **_describe_matches(matches)}
    return check_length(sign_comment(text, marker.model_copy(update=said))), remarks


def _describe_matches(matches: Sequence[Match]) -> dict[str, object]:
    """What the marker says about the rules that speak: the branches that apply, and the version in the report."""
    branches = {match.rule.id: match.branch for match in matches if match.branch}
    stated = (match.captures["version"].value for match in matches if "version" in match.captures)
    return {"branches": branches, "stated": find_plain_version(stated)}


def _make_frame(snapshot: Snapshot, config: Config, moment: Moment) -> Frame:
    return Frame(url=snapshot.issue.url, closing=moment.closing.sentence, rechecks="edited" in config.on)


def _write_without_guidance(snapshot: Snapshot, decisions: Decisions, sources: Sources, moment: Moment) -> str | None:
    """Links alone, or that nothing holds any more."""
    former = snapshot.marker
    if former and _still_holds(former, decisions, snapshot.refusals):
        return rewrite_promise(snapshot, moment.closing, moment.now)
    marker = _make_marker(snapshot, decisions, {}, moment)
    if linked := decisions.links.linked:
        links = {
            "labels": list_asked(snapshot, decisions.labels),
            "earlier": {each.number: each.tier for each in linked},
        }
        shown = render_links(linked, _make_frame(snapshot, sources.config, moment))
        text = _add_explanation(check_comment(shown, sources.forbidden_words), snapshot, decisions)
        return check_length(sign_comment(text, marker.model_copy(update=links)))
    if former is None or former.is_withdrawn:
        return None
    is_refused = bool(snapshot.refusals.at) or any(each.effect == "refused" for each in decisions.rules)
    ended = marker.model_copy(update={"is_withdrawn": True, "closes": 0, "promise": None})
    return sign_comment(render_refusal() if is_refused else render_withdrawal(), ended)


def _still_holds(former: Marker, decisions: Decisions, refusals: Refusals) -> bool:
    """Whether earlier guidance may stay; so may the link to a tracking issue, which says itself when it is over."""
    incidents = {name for name in former.rules if is_incident(name)} - refusals.rules
    return bool(incidents or set(decisions.holding) & set(former.rules))


def _add_explanation(text: str, snapshot: Snapshot, decisions: Decisions) -> str:
    """The comment with the explanation that a maintainer asked for, if there is room for it."""
    explanation = explain(snapshot, decisions)
    is_too_long = len(text) + len(explanation) > MAX_CHARACTERS - _ROOM
    return text if is_too_long or not explanation else f"{text}\n\n{explanation}"


def _make_marker(snapshot: Snapshot, decisions: Decisions, rules: Mapping[str, str], moment: Moment) -> Marker:
    """What the comment remembers if it has these rules, each with its content hash."""
    former, refusals, closing = snapshot.marker, snapshot.refusals, moment.closing
    return Marker(
        issue=snapshot.issue.number,
        rules=dict(rules),
        dropped=_find_dropped(decisions.labels, former),
        fields=remember_fields(former, decisions.fields),
        since=date_guidance(former, rules, moment.now),
        past=remember_past(former, rules, refusals, moment.now),
        heard=list(refusals.heard),
        closes=closing.seconds,
        promise=remember_promise(snapshot, closing, moment.now),
        is_kept_open=closing.effect == "cancelled" or (former is not None and former.is_kept_open),
    )


def _find_dropped(labels: LabelDecision, former: Marker | None) -> list[str]:
    """Labels that we asked for earlier, but not any more: we removed them ourselves."""
    return list(without(unique([*former.dropped, *former.labels]), labels.fitting)) if former else []


def _write_guidance(
    snapshot: Snapshot, decisions: Decisions, sources: Sources, moment: Moment
) -> tuple[str | None, list[str]]:
    """A section for each rule that speaks; one that cannot be rendered is left out, with a remark."""
    links = decisions.links
    asked = [(match, links.follows.get(match.rule.id), links.in_section(match.rule.id)) for match in decisions.speaking]
    extras = Extras(site=sources.config.site or "", shows_tools=sources.config.tools_in_comments)
    sections, remarks = make_sections(asked, snapshot.issue, extras)
    if not sections:
        return None, remarks
    parts = [part for part in asked if part[0].rule.id in sections]
    shown = render_comment(sections.values(), sources.template, _make_frame(snapshot, sources.config, moment))
    text = _add_explanation(check_comment(shown, sources.forbidden_words), snapshot, decisions)
    rules = {match.rule.id: match.rule.content_hash for match, _, _ in parts}
    said = {
        "labels": list_asked(snapshot, decisions.labels),
        "links": [target.number for _, target, _ in parts if target],
        "earlier": {link.number: link.tier for _, _, linked in parts for link in linked},
        **_describe_matches([match for match, _, _ in parts]),
    }
    marker = _make_marker(snapshot, decisions, rules, moment).model_copy(update=said)
    return check_length(sign_comment(text, marker)), remarks


def _plan_close(snapshot: Snapshot, closing: Closing) -> tuple[list[Action], list[str]]:
    """The closing that is due, or a remark that proposes it."""
    action = closing.action
    if closing.effect == "suggested":
        return _suggest_close(snapshot, closing), []
    if action and closing.effect == "ordered":
        return [action], []
    if action is None or snapshot.own is None or find_reason_to_leave(snapshot.own):
        return [], []
    if closing.effect == "proposed" and snapshot.suggestions and not snapshot.suggestions.absence:
        return _suggest_close(snapshot, closing), []
    if closing.effect == "proposed":
        return [], [propose_closing(snapshot.issue.number, action.duplicate_of)]
    return [action] if closing.effect == "due" else [], []


def _suggest_close(snapshot: Snapshot, closing: Closing) -> list[Action]:
    """The suggestion to close, unless there was one."""
    found = snapshot.suggestions
    if found is None or found.absence or closing.suggestion is None or find_settlement(list_about_closing(found)):
        return []
    return [closing.suggestion]
