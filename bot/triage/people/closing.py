"""Whether an issue is to be closed, when, and what keeps it open. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from bot.comment.links import write_date
from bot.comment.marker import OwnComment, Promise, hash_text, read_visible, sign_comment
from bot.issue.commands import Said, find_duplicates, find_last, is_maintainer
from bot.tracker.types import Account, Change, Issue
from bot.triage.actions import Close, SuggestClose
from bot.triage.config import Config
from bot.triage.decisions import Decisions
from bot.triage.people.suggestions import (
    explain_duplicate,
    explain_match,
    find_settlement,
    list_about_closing,
    rate_match,
    rate_tier,
    write_rationale,
)

if TYPE_CHECKING:
    from bot.triage.snapshot import Snapshot

_SAME_MOMENT = timedelta(minutes=1)
_PASSIVE = frozenset({"mentioned", "subscribed", "unsubscribed"})
"""Events that GitHub adds by itself. https://docs.github.com/en/rest/using-the-rest-api/issue-event-types"""

_OPENING, _ENDING = "**If no one answers, Signpost closes this report as", "Signpost leaves it open."
_SENTENCE = re.compile(rf"(?P<before>\n*){re.escape(_OPENING)}[^\n]*?{re.escape(_ENDING)}")

_LATEST = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())

_THREE = 3
"""So many 👍 on a report show that it concerns several people. One may be its author's: then it stays open as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A closing that a rule (None: a confirmed duplicate) and the settings ask for, `hours` after it was announced."""

    action: Close
    hours: int
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The decision on closing, and why.

    `announced`: the comment says that the issue is closed at `at`; `due`: that time has come; `ordered`: a person wants
    it closed now; `proposed`: that time has come, and a person is to decide; `suggested`: a person is to decide, at
    once; `cancelled`: somebody showed a sign of life, so it never happens; `none`: nothing asks for it. `suggestion` is
    what a person can approve on the issue. If it `is_silent`, the comment does not say when it is time.
    """

    effect: Literal["none", "announced", "due", "ordered", "proposed", "suggested", "cancelled"] = "none"
    at: datetime | None = None
    action: Close | None = None
    suggestion: SuggestClose | None = None
    reason: str = ""
    is_silent: bool = False

    @property
    def seconds(self) -> int:
        """The promised time for the marker (Unix seconds); 0 without a promise."""
        return int(self.at.timestamp()) if self.at and self.effect in _DATED else 0

    @property
    def sentence(self) -> str:
        """What the comment says about it; "" without a promise."""
        if self.is_silent or not self.seconds or not self.at or not self.action:
            return ""
        reason = "a duplicate" if self.action.reason == "duplicate" else "not planned"
        return (
            f"{_OPENING} {reason} on {write_date(self.at)} (UTC) or later.** To keep it open, write a comment, or "
            "react to this comment with 👎. It also stays open if somebody changes its title, text, labels, assignee "
            f"or milestone. If somebody opens it again later, {_ENDING}"
        )


NO_CLOSING = Closing()
_DATED = frozenset({"announced", "due", "proposed"})


def find_wanted(issue: Issue, decisions: Decisions, config: Config) -> Wanted | None:
    """The closing that is asked for: that of a confirmed duplicate, or of the first rule that speaks and closes."""
    links, after = decisions.links, config.closing.duplicates
    if issue.state != "open":
        return None
    if after and links.asked:
        return Wanted(action=Close("duplicate", links.asked.number), hours=_count_hours(after))
    # Whoever names the duplicate knows more than the rule.
    named = Close("duplicate", links.asked.number) if links.asked else None
    model = next((match.rule.model for match in decisions.speaking if match.rule.model.close), None)
    if model is None or model.close is None:
        return None
    # The comment on a known incident links the tracking issue alone, so it promises nothing about another one.
    target = None if decisions.incident else links.follows.get(model.id)
    followed = Close("duplicate", target.number) if target else None
    action = named or (Close("not_planned") if model.close.as_ == "not_planned" else followed)
    return Wanted(action=action, hours=model.close.hours, rule=model.id) if action else None


def _count_hours(after: str) -> int:
    return int(after[:-1]) * (24 if after.endswith("d") else 1)


def decide_closing(snapshot: "Snapshot", decisions: Decisions, config: Config, now: datetime) -> Closing:
    """The decision; a promise that our comment has made keeps its date, unless something else is promised now."""
    if config.mode in {"observe", "suggest"}:
        return _decide_suggestion(snapshot, decisions, config)
    wanted = find_wanted(snapshot.issue, decisions, config)
    if find_order(snapshot.said, snapshot.history or ()):
        return Closing(effect="ordered", action=_choose_action(wanted, decisions), reason="a person asked for it")
    if wanted is None:
        return _decide_suggestion(snapshot, decisions, config)
    if sign := _find_obstacle(snapshot, wanted):
        return Closing(effect="cancelled", reason=sign)
    return _decide_when(snapshot, wanted, decisions, config, now)


def _decide_when(snapshot: "Snapshot", wanted: Wanted, decisions: Decisions, config: Config, now: datetime) -> Closing:
    asks, own = config.closing.asks, snapshot.own
    if own is None or not _is_promised(own, wanted, is_silent=asks):
        at = now + timedelta(hours=wanted.hours)
        return Closing(effect="announced", at=at, action=wanted.action, is_silent=asks)
    at = _to_moment(own.marker.closes)
    is_due = now >= at and decisions.links.is_complete and _is_said(own, wanted)
    due = Closing(effect="proposed" if asks else "due", at=at, action=wanted.action, is_silent=asks)
    if not is_due:
        return replace(due, effect="announced")
    return replace(due, suggestion=_make_suggestion(wanted, decisions)) if config.closing.suggest else due


def find_suggested(snapshot: "Snapshot", decisions: Decisions, config: Config) -> Wanted | None:
    """The closing to suggest at once, None if there is none.

    Where the settings only suggest, that of a person's command; else that of the first rule that suggests one, or of
    the best earlier report.
    """
    if snapshot.issue.state != "open" or config.mode == "observe":
        return None
    commanded = _find_commanded(snapshot, decisions) if config.mode == "suggest" else None
    return commanded or _find_suggested_by_rule(decisions) or _find_best_duplicate(decisions, config)


def _find_commanded(snapshot: "Snapshot", decisions: Decisions) -> Wanted | None:
    """What a person's command asks for, where Signpost may only suggest it."""
    is_ordered = find_order(snapshot.said, snapshot.history or ())
    if not (is_ordered or decisions.links.asked):
        return None
    return Wanted(action=_choose_action(None, decisions), hours=0)


def _find_suggested_by_rule(decisions: Decisions) -> Wanted | None:
    for model in (match.rule.model for match in decisions.suggesting):
        if model.close and model.close.as_ == "not_planned":
            return Wanted(action=Close("not_planned"), hours=0, rule=model.id)
        if model.close and (target := decisions.links.follows.get(model.id)):
            return Wanted(action=Close("duplicate", target.number), hours=0, rule=model.id)
    return None


def _find_best_duplicate(decisions: Decisions, config: Config) -> Wanted | None:
    """The best earlier report, if the settings ask for it; one that is only similar needs a calibrated index."""
    links, settings = decisions.links, config.duplicates
    best = next((each for each in links.duplicates if not each.is_unproven), None)
    if best is None or not (settings.enabled and settings.suggest and links.is_complete):
        return None
    return Wanted(action=Close("duplicate", best.number), hours=0)


def may_suggest_closing(snapshot: "Snapshot", decisions: Decisions, config: Config, today: date | None = None) -> bool:
    """Whether a closing is suggested, if people have not decided otherwise; `today` also counts those that are due."""
    if config.mode == "suggest" or not find_wanted(snapshot.issue, decisions, config):
        return find_suggested(snapshot, decisions, config) is not None
    closes = snapshot.marker.closes if snapshot.marker else 0
    return bool(config.closing.suggest and closes and today and _to_moment(closes).date() <= today)


def _decide_suggestion(snapshot: "Snapshot", decisions: Decisions, config: Config) -> Closing:
    wanted = find_suggested(snapshot, decisions, config)
    if wanted is None:
        return NO_CLOSING
    is_ordered = bool(find_order(snapshot.said, snapshot.history or ()))
    if not is_ordered and (hold := _find_hold(snapshot, wanted.action.duplicate_of)):
        return Closing(reason=hold)
    return Closing(effect="suggested", suggestion=_make_suggestion(wanted, decisions))


def _make_suggestion(wanted: Wanted, decisions: Decisions) -> SuggestClose:
    """The suggestion with its reason: the rule that closes, the earlier report, or a person's command."""
    action = wanted.action
    match = next((each.match for each in decisions.rules if each.rule == wanted.rule), None)
    link = next((each for each in decisions.links.duplicates if each.number == action.duplicate_of), None)
    if match:
        return SuggestClose(action.reason, action.duplicate_of, explain_match(match), rate_match(match))
    if link and not decisions.links.asked:
        return SuggestClose(action.reason, action.duplicate_of, explain_duplicate(link.why), rate_tier(link.tier))
    if decisions.links.asked:
        return SuggestClose(action.reason, action.duplicate_of, explain_duplicate(is_asked=True), "high")
    return SuggestClose(action.reason, None, write_rationale("A person asked with a command to close it"), "high")


def _to_moment(seconds: int) -> datetime:
    """The time in a marker, which people can edit, as far as Python knows it: from 1970 to the end of 9999."""
    return datetime.fromtimestamp(min(max(seconds, 0), _LATEST), UTC)


def _is_promised(own: OwnComment, wanted: Wanted, *, is_silent: bool) -> bool:
    """Whether our comment has promised just that; one that did not say so has promised nothing to its readers."""
    promise = own.marker.promise
    if not own.marker.closes or promise is None or (promise.is_silent and not is_silent):
        return False
    return (promise.reason, promise.target) == (wanted.action.reason, wanted.action.duplicate_of or 0)


def find_order(said: Iterable[Said], history: Iterable[Change]) -> Said | None:
    """The command `close` that asks for a closing now; None if there is none, or it was carried out before.

    The last one of `close` and `keep-open` counts. Whoever reopens the issue, or closes it, settles it.
    """
    last = find_last(said, "close", "keep-open")
    if last is None or last.command.name != "close":
        return None
    is_settled = any(each.kind in {"closed", "reopened"} and each.at >= last.comment.created_at for each in history)
    return None if is_settled else last


def _choose_action(wanted: Wanted | None, decisions: Decisions) -> Close:
    """The duplicate that a person named, what the comment promises, or else not planned."""
    if asked := decisions.links.asked:
        return Close("duplicate", asked.number)
    return wanted.action if wanted else Close("not_planned")


def remember_promise(snapshot: "Snapshot", closing: Closing, now: datetime) -> Promise | None:
    """What the marker remembers of the promise; what was known when a closing was announced first stays."""
    if not closing.seconds or closing.action is None:
        return None
    former = snapshot.marker.promise if snapshot.marker else None
    return Promise(
        reason=closing.action.reason,
        target=closing.action.duplicate_of or 0,
        since=former.since if former else int(now.timestamp()),
        report=former.report if former else _hash_report(snapshot.issue),
        is_silent=closing.is_silent,
    )


def _hash_report(issue: Issue) -> str:
    return hash_text(f"{issue.title}\n\n{issue.body}")


def rewrite_promise(snapshot: "Snapshot", closing: Closing, now: datetime) -> str | None:
    """Our comment, whose guidance stays as it is, with what is promised now; None if it has promised nothing."""
    own = snapshot.own
    if own is None or not own.marker.closes:
        return None
    was_silent = own.marker.promise is not None and own.marker.promise.is_silent
    kept = closing if closing.is_silent or not was_silent else NO_CLOSING
    sentence = kept.sentence
    text = _SENTENCE.sub(lambda found: sentence and f"{found['before']}{sentence}", read_visible(own.comment.body))
    now_promised = {
        "closes": kept.seconds,
        "promise": remember_promise(snapshot, kept, now),
        "is_kept_open": own.marker.is_kept_open or closing.effect == "cancelled",
    }
    return sign_comment(text, own.marker.model_copy(update=now_promised))


def _is_said(own: OwnComment, wanted: Wanted) -> bool:
    """Whether our comment has the rule that closes, and links the issue that the closing names."""
    if wanted.rule is None:
        return True
    target = wanted.action.duplicate_of
    linked = {*own.marker.links, *own.marker.earlier}
    return wanted.rule in own.marker.rules and (target is None or target in linked)


def _find_obstacle(snapshot: "Snapshot", wanted: Wanted) -> str:
    """Why the issue must stay open: its present state, or a sign of life since it was answered; "" if nothing does."""
    hold = _find_hold(snapshot, wanted.action.duplicate_of if wanted.rule else None)
    return hold or next(_list_signs(snapshot, _find_start(snapshot, wanted)), "")


def _find_hold(snapshot: "Snapshot", target: int | None) -> str:
    """Why the issue must stay open as it is now, and not as a duplicate of the target; "" if nothing keeps it open."""
    if find_last(snapshot.said, "keep-open"):
        return "a person asked to keep it open"
    if target and find_duplicates(snapshot.said).forbids(target):
        return "a person said that it is not a duplicate"
    if snapshot.marker and snapshot.marker.is_kept_open:
        return "a person has shown interest in it"
    if snapshot.suggestions and find_settlement(list_about_closing(snapshot.suggestions)) == "dismissed":
        return "a person dismissed the suggestion to close it"
    return next(_list_states(snapshot), "")


def _find_start(snapshot: "Snapshot", wanted: Wanted) -> datetime | None:
    """The moment after which anything a person does is a sign of life; None before we have commented.

    Once a closing was announced, no later command moves it.
    """
    if snapshot.own is None:
        return None
    answered = snapshot.own.comment.created_at
    if wanted.rule is not None:
        return answered
    if promise := snapshot.own.marker.promise:
        return _to_moment(promise.since)
    return max([answered, *(each.comment.changed_at for each in _list_confirmations(snapshot))])


def _list_confirmations(snapshot: "Snapshot") -> Iterator[Said]:
    """The commands that say what the issue duplicates: the reason for a closing, and no sign of life."""
    return (each for each in snapshot.said if each.command.name == "duplicate" and not each.fault)


def _list_states(snapshot: "Snapshot") -> Iterator[str]:
    issue, history = snapshot.issue, snapshot.history or ()
    yield from _list_holds(issue, history)
    if any(change.kind == "reopened" and not snapshot.is_us(change.actor.login) for change in history):
        yield "somebody reopened it"
    if dict(issue.reactions).get("+1", 0) >= _THREE:
        yield "several people reacted to it with 👍"


def _list_holds(issue: Issue, history: Iterable[Change]) -> Iterator[str]:
    """The states by which maintainers keep an issue."""
    if issue.is_locked:
        yield "it is locked"
    if issue.is_assigned:
        yield "it is assigned"
    if issue.has_milestone:
        yield "it has a milestone"
    pins = [change.kind for change in history if change.kind in {"pinned", "unpinned"}]
    if pins and pins[-1] == "pinned":
        yield "it is pinned"


def refuse_orders(
    said: tuple[Said, ...], issue: Issue, history: Iterable[Change], permissions: Mapping[str, str]
) -> tuple[Said, ...]:
    """The commands; while maintainers keep the issue, only they may order to close it."""
    reason = next(_list_holds(issue, history), "")
    if not reason:
        return said
    return tuple(
        each._replace(fault=f"{reason}, so only maintainers may close it")
        if each.command.name == "close" and not each.fault and not is_maintainer(each.comment, permissions)
        else each
        for each in said
    )


def _is_person(account: Account, snapshot: "Snapshot") -> bool:
    return not account.is_bot and not snapshot.is_us(account.login)


def _list_comments(snapshot: "Snapshot", start: datetime) -> Iterator[str]:
    """Comments of people are signs, but for those that only confirm the closing."""
    confirmations = {each.comment.id for each in _list_confirmations(snapshot)}
    people = (each for each in snapshot.issue.comments if _is_person(each.author, snapshot))
    if any(each.changed_at > start and each.id not in confirmations for each in people):
        yield "somebody commented"


def _list_signs(snapshot: "Snapshot", start: datetime | None) -> Iterator[str]:
    own, issue, history = snapshot.own, snapshot.issue, snapshot.history or ()
    if own is None or start is None:
        return
    yield from _list_comments(snapshot, start)
    if dict(own.comment.reactions).get("-1"):
        yield "somebody reacted to Signpost's comment with 👎"
    for change in history:
        if change.at > start and change.kind not in _PASSIVE and _is_person(change.actor, snapshot):
            yield f"somebody changed it ({change.kind})"
    known = [start, *(comment.changed_at for comment in issue.comments), *(change.at for change in history)]
    promise = own.marker.promise
    if issue.updated_at - max(known) > _SAME_MOMENT or (promise and promise.report != _hash_report(issue)):
        yield "somebody edited it"
