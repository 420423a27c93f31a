"""The plan for the issues that Signpost opens itself, decided from values. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.comment.marker import Marker, hash_text, read_marker, read_visible, sign_comment
from bot.comment.renderer import MAX_CHARACTERS, CommentError, check_length
from bot.signals.incidents.arrivals import RULE, Arrival
from bot.signals.incidents.detection import Incident
from bot.signals.ledger import NOTICE_TITLES, Notice, NoticeKind, from_seconds
from bot.signals.mute import Mute
from bot.signals.notices.lists import write_muted
from bot.signals.notices.text import (
    NoticeSettings,
    find_fix,
    write_corrected,
    write_fixed,
    write_over,
    write_quiet,
    write_second,
    write_surge,
    write_surge_title,
    write_unmuted,
)

MOST_LOOKS = 20
"""A sweep looks for an ended incident at this number of its last reports; later reports are the usual ones."""

MOST_KEYS = 50
"""The marker remembers this number of an incident's keys, because its length is limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNotice:
    """Open an issue; `body` has its marker."""

    kind: NoticeKind
    title: str
    body: str
    action: Literal["open_notice"] = "open_notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateNotice:
    """Replace the text of one."""

    number: int
    body: str
    action: Literal["update_notice"] = "update_notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndNotice:
    """Close one as completed, with a sentence that says why. `ended` is in Unix seconds.

    `text` is the last one with that sentence; "" if it is made from the text that is there.
    If it `is_second`, it gives way to an older one and is closed as not planned.
    """

    number: int
    sentence: str
    ended: int
    text: str = ""
    is_second: bool = False
    action: Literal["end_notice"] = "end_notice"

    @property
    def closed_as(self) -> Literal["completed", "not_planned"]:
        """GitHub's `state_reason`."""
        return "not_planned" if self.is_second else "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveNotice:
    """Do nothing, and tell maintainers why; `number` is 0 if there is no issue yet."""

    reason: str
    number: int = 0
    action: Literal["leave_notice"] = "leave_notice"


ListKind = Literal["muted", "problems"]
"""A list names its kind as its only key."""

_ENDINGS: Mapping[ListKind, Callable[[datetime], str]] = {"muted": write_unmuted, "problems": write_corrected}

NoticeAction = OpenNotice | UpdateNotice | EndNotice | LeaveNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What our issues are about: the incidents that last, and the rules that are muted. `now` is in Unix seconds.

    `over` are incidents that have ended, as they were when they lasted.
    """

    incidents: tuple[Incident, ...]
    muted: tuple[Mute, ...]
    now: int
    over: tuple[Incident, ...] = ()


def plan_notices(seen: Seen, notices: Sequence[Notice], settings: NoticeSettings) -> tuple[NoticeAction, ...]:
    """The actions that bring our issues up to date.

    An issue is opened only if the settings ask for it; one that is there is kept up to date in any case. What a person
    closed or opened again stays so, and a text that a person edited stays as it is.
    """
    surges = [each for each in notices if each.kind == "surge"]
    lists = [each for each in notices if each.kind == "muted"]
    found = _plan_surges(seen, surges, settings)
    text = write_muted(seen.muted, settings) if seen.muted else ""
    return (*found, *plan_list("muted", text, lists, seen.now, is_wanted=settings.lists_muted))


def _plan_surges(seen: Seen, notices: Sequence[Notice], settings: NoticeSettings) -> Iterator[NoticeAction]:
    taken, now = set[int](), seen.now
    for incident in sorted(seen.incidents, key=lambda each: (each.start, each.key)):
        own = sorted((each for each in notices if _is_about(each, incident)), key=lambda each: each.number)
        lasting = [each for each in own if each.is_lasting]
        if any(each.number in taken for each in lasting):
            continue  # two incidents were one when the issue was written
        taken.update(each.number for each in lasting)
        if lasting:
            yield from _keep_surge(lasting[0], incident, settings, now)
            yield from (_end_second(each, lasting[0], now) for each in lasting[1:])
        elif settings.tracks_surges and not any(_covers(each, incident) for each in own):
            yield _open_surge(incident, settings, max((each.number for each in own), default=0))
    for notice in notices:
        if notice.is_lasting and notice.number not in taken:
            yield _end_surge(notice, seen, settings)


def _is_about(notice: Notice, incident: Incident) -> bool:
    if notice.keys:
        return not set(notice.keys).isdisjoint(incident.keys)
    return notice.title == write_surge_title(incident)


Detect = Callable[[int], Iterable[Incident]]
"""The incidents that lasted at a moment (Unix seconds)."""


def list_over(
    notices: Iterable[Notice], lasting: Iterable[Incident], arrivals: Sequence[Arrival], detect: Detect
) -> Iterator[Incident]:
    """The incidents that are over, as they were at their last report; only those with an open, unedited issue."""
    taken = {key for each in lasting for key in each.keys}
    for notice in notices:
        keys = {*notice.keys}
        if notice.kind != "surge" or not notice.is_lasting or notice.is_edited or not keys.isdisjoint(taken):
            continue
        times = {each.at for each in arrivals if each.at >= notice.started and not keys.isdisjoint(each.keys)}
        seen = (each for at in sorted(times, reverse=True)[:MOST_LOOKS] for each in detect(at))
        if last := next((each for each in seen if is_last_of(each, notice)), None):
            yield last


def is_last_of(incident: Incident, notice: Notice) -> bool:
    """Whether an incident that is over is the one that a notice was opened for, and no later one."""
    return incident.start <= notice.started and _is_about(notice, incident)


def _covers(notice: Notice, incident: Incident) -> bool:
    """Whether an issue that has ended, or that a person closed, was about this same time of many reports.

    The alarm decides: reports that came when the former time was over, and its issue still open, begin the next one.
    """
    return not notice.closed or incident.alarm <= max(notice.ended, notice.closed)


def _open_surge(incident: Incident, settings: NoticeSettings, former: int) -> NoticeAction:
    fix, keys = find_fix(incident.rules, settings), _list_keys(incident)
    try:
        text = write_surge(incident, settings, former)
        body = _sign(text, keys, started=incident.start, fix=fix, former=former)
    except CommentError as error:
        return LeaveNotice(reason=f"no tracking issue for {incident.key}: {error}")
    return OpenNotice(kind="surge", title=write_surge_title(incident), body=body)


def _keep_surge(notice: Notice, incident: Incident, settings: NoticeSettings, now: int) -> Iterator[NoticeAction]:
    if notice.is_edited:
        yield _leave_edited(notice)
        return
    fix = find_fix(incident.rules, settings)
    if fix and fix != notice.fix:
        yield _write_end(notice, incident, settings, write_fixed(fix, from_seconds(now)), now)
        return
    try:
        text, keys = write_surge(incident, settings, notice.former), _list_keys(incident)
        if (hash_text(text), tuple(keys)) != (notice.text, notice.keys):
            body = _sign(text, keys, started=notice.started, fix=notice.fix, former=notice.former)
            yield UpdateNotice(number=notice.number, body=body)
    except CommentError as error:
        yield LeaveNotice(number=notice.number, reason=f"#{notice.number} is not updated: {error}")


def _end_surge(notice: Notice, seen: Seen, settings: NoticeSettings) -> NoticeAction:
    if notice.is_edited:
        why = "its reports are back to their usual number, but somebody edited the text; close it when you are done"
        return LeaveNotice(number=notice.number, reason=f"#{notice.number}: {why}")
    rules = [key.removeprefix(RULE) for key in notice.keys if key.startswith(RULE)]
    fix, moment = find_fix(rules, settings), from_seconds(seen.now)
    sentence = write_fixed(fix, moment) if fix and fix != notice.fix else write_quiet(moment)
    last = next((each for each in seen.over if is_last_of(each, notice)), None)
    return _write_end(notice, last, settings, sentence, seen.now)


def _write_end(notice: Notice, last: Incident | None, settings: NoticeSettings, sentence: str, now: int) -> EndNotice:
    """The end, with all reports if the incident is known as it was last."""
    try:
        text = check_length(write_surge(last, settings, notice.former, sentence)) if last else ""
    except CommentError:
        text = ""
    return EndNotice(number=notice.number, sentence=sentence, ended=now, text=text)


def write_ending(body: str, action: EndNotice) -> str:
    """The text of an issue that ends, with its marker."""
    marker = read_marker(body)
    if marker is None:
        raise ValueError("a text without a marker is not ours")
    ended = marker.model_copy(update={"ended": action.ended, "is_superseded": action.is_second})
    whole = sign_comment(action.text or write_over(read_visible(body), action.sentence), ended)
    return whole if len(whole) <= MAX_CHARACTERS else sign_comment(action.sentence, ended)


def _end_second(second: Notice, first: Notice, now: int) -> NoticeAction:
    if second.is_edited:
        why = f"it is about the same as #{first.number}, but somebody edited the text; close one of them"
        return LeaveNotice(number=second.number, reason=f"#{second.number}: {why}")
    return EndNotice(number=second.number, sentence=write_second(first.number), ended=now, is_second=True)


def _leave_edited(notice: Notice) -> LeaveNotice:
    reason = f"somebody edited #{notice.number}, so Signpost does not update it any more"
    return LeaveNotice(number=notice.number, reason=reason)


def plan_list(
    kind: ListKind, text: str, notices: Sequence[Notice], now: int, *, is_wanted: bool
) -> Iterator[NoticeAction]:
    """The actions for the one issue of a kind that lists something; without a `text` there is nothing to list any more.

    It is opened only if it `is_wanted`, and never again after a person closed it.
    """
    lasting = sorted((each for each in notices if each.is_lasting), key=lambda each: each.number)
    if lasting:
        yield from _keep_list(lasting[0], kind, text, now)
        yield from (_end_second(each, lasting[0], now) for each in lasting[1:])
    elif text and is_wanted and all(each.ended and each.closed for each in notices):
        yield OpenNotice(kind=kind, title=NOTICE_TITLES[kind], body=_sign(text, [kind], started=now))


def _keep_list(notice: Notice, kind: ListKind, text: str, now: int) -> Iterator[NoticeAction]:
    if notice.is_edited:
        yield _leave_edited(notice)
    elif not text:
        yield EndNotice(number=notice.number, sentence=_ENDINGS[kind](from_seconds(now)), ended=now)
    elif hash_text(text) != notice.text:
        yield UpdateNotice(number=notice.number, body=_sign(text, [kind], started=notice.started))


def _list_keys(incident: Incident) -> list[str]:
    return list(incident.keys[:MOST_KEYS])


def _sign(text: str, keys: Iterable[str], *, started: int, fix: str = "", former: int = 0) -> str:
    """The text with its marker; raises CommentError if it is too long."""
    names = [*keys]
    kind: NoticeKind = next((each for each in _ENDINGS if names == [each]), "surge")
    marker = Marker(issue=0, kind=kind, keys=names, started=started, fix=fix, former=former)
    return check_length(sign_comment(text, marker))
