"""Whether an issue is to be closed, when, and what keeps it open. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from bot.comment.links import write_date
from bot.comment.marker import OwnComment, Promise, hash_text, read_visible, sign_comment
from bot.issue.commands import Said, find_duplicates, find_last, is_maintainer
from bot.tracker.types import Account, Change, Issue
from bot.triage.actions import Close
from bot.triage.config import Config
from bot.triage.decisions import Decisions

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
    it closed now; `proposed`: a person is to decide; `cancelled`: somebody showed a sign of life, so it never happens;
    `none`: nothing asks for it. If it `is_silent`, the comment does not say so: a person is to decide when it is time.
    """

    effect: Literal["none", "announced", "due", "ordered", "proposed", "cancelled"] = "none"
    at: datetime | None = None
    action: Close | None = None
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
    if config.mode == "observe":
        return NO_CLOSING
    wanted, own = find_wanted(snapshot.issue, decisions, config), snapshot.own
    if find_order(snapshot.said, snapshot.history or ()):
        return Closing(effect="ordered", action=_choose_action(wanted, decisions), reason="a person asked for it")
    if wanted is None:
        return NO_CLOSING
    if sign := _find_obstacle(snapshot, wanted):
        return Closing(effect="cancelled", reason=sign)
    asks = config.closing.confirm
    if own is None or not _is_promised(own, wanted, is_silent=asks):
        at = now + timedelta(hours=wanted.hours)
        return Closing(effect="announced", at=at, action=wanted.action, is_silent=asks)
    at = _to_moment(own.marker.closes)
    is_due = now >= at and decisions.links.is_complete and _is_said(own, wanted)
    due = Closing(effect="proposed" if asks else "due", at=at, action=wanted.action, is_silent=asks)
    return due if is_due else replace(due, effect="announced")


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


def propose_closing(issue: int, target: int | None) -> str:
    """What a person is to decide about an issue, for the summary; `target` is the canonical issue of a duplicate."""
    what = f"a duplicate of #{target}" if target else "not planned"
    return f"no sign of life: #{issue} may be closed as {what}; the settings want a person to decide"


def _is_said(own: OwnComment, wanted: Wanted) -> bool:
    """Whether our comment has the rule that closes, and links the issue that the closing names."""
    if wanted.rule is None:
        return True
    target = wanted.action.duplicate_of
    linked = {*own.marker.links, *own.marker.earlier}
    return wanted.rule in own.marker.rules and (target is None or target in linked)


def _find_obstacle(snapshot: "Snapshot", wanted: Wanted) -> str:
    """Why the issue must stay open: its present state, or a sign of life since it was answered; "" if nothing does."""
    if find_last(snapshot.said, "keep-open"):
        return "a person asked to keep it open"
    target = wanted.action.duplicate_of if wanted.rule else None
    if target and find_duplicates(snapshot.said).forbids(target):
        return "a person said that it is not a duplicate"
    if snapshot.marker and snapshot.marker.is_kept_open:
        return "a person has shown interest in it"
    return next(_list_states(snapshot), "") or next(_list_signs(snapshot, _find_start(snapshot, wanted)), "")


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
