"""What is to be done about our own issues, as a value."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from bot.comment.marker import Marker, read_marker, sign_comment
from bot.signals.incidents.detection import Incident
from bot.signals.ledger import Notice
from bot.signals.mute import Mute
from bot.signals.notices.finder import IncidentFinder
from bot.signals.notices.lists import write_muted
from bot.signals.notices.plan import (
    EndNotice,
    LeaveNotice,
    NoticeAction,
    OpenNotice,
    Seen,
    UpdateNotice,
    list_over,
    plan_notices,
)
from bot.signals.notices.text import NoticeSettings, write_surge
from bot.tracker.types import Issue
from bot.triage.people.incidents import KnownIncident
from tests.builders import a_rule, an_issue
from tests.signals.ledgers import DAY, START
from tests.signals.notices.incidents import (
    HOUR,
    LATER,
    RULE,
    SETTINGS,
    UNKNOWN,
    a_list,
    a_mute,
    a_notice,
    an_incident,
    arrivals,
    settings_of,
)

KEYS = [RULE, "message:1"]
MORE = an_incident(*arrivals(9))
NEXT = an_incident(*arrivals(start=LATER), start=LATER)
OFF = settings_of(tracks_surges=False, lists_muted=False)
FIXED = settings_of(a_rule(fixed_in={"version": "2.1.9"}))
QUIETED = "Error: EPIPE `write` @\u200bsomeone fixes #\u200b12"
OVER = "(2 April 2026, 23:33 UTC)"
QUIET = (
    f"**This is over** {OVER}: for two days there have been no more reports than usual. "
    "If you still have this problem, please open a new issue."
)
DONE = f"**This is over** {OVER}: the problem is fixed in `2.1.9`. Please update."
EMPTY = f"**This is done** {OVER}: no rule is muted any more."


def surge(incident: Incident, settings: NoticeSettings = SETTINGS, former: int = 0, **state: object) -> str:
    fields = {"issue": 0, "kind": "surge", "keys": [*incident.keys], "started": incident.start, "former": former}
    return sign_comment(write_surge(incident, settings, former), Marker(**(fields | state)))


def listed(*muted: Mute, started: int = LATER) -> str:
    marker = Marker(issue=0, kind="muted", keys=["muted"], started=started)
    return sign_comment(write_muted(muted or (a_mute(),), SETTINGS), marker)


def opened(incident: Incident, title: str = "Many reports: The disk is full", former: int = 0) -> OpenNotice:
    return OpenNotice(kind="surge", title=title, body=surge(incident, former=former))


def fixed(incident: Incident) -> EndNotice:
    return EndNotice(number=50, sentence=DONE, ended=LATER, text=write_surge(incident, FIXED, ended=DONE))


EDITED = LeaveNotice(number=50, reason="somebody edited #50, so Signpost does not update it any more")
SECOND = "**Please follow #50 instead.** It is about the same, and this issue was opened in addition."

SURGES: dict[str, tuple[Sequence[Incident], Sequence[Notice], NoticeSettings, tuple[NoticeAction, ...]]] = {
    "nothing": ((), (), SETTINGS, ()),
    "a new incident": ((an_incident(),), (), SETTINGS, (opened(an_incident()),)),
    "the settings do not ask for it": ((an_incident(),), (), OFF, ()),
    "its issue is there": ((an_incident(),), (a_notice(),), SETTINGS, ()),
    "new reports": ((MORE,), (a_notice(),), SETTINGS, (UpdateNotice(number=50, body=surge(MORE)),)),
    "new reports, and settings that ask no more": (
        (MORE,),
        (a_notice(),),
        OFF,
        (UpdateNotice(number=50, body=surge(MORE)),),
    ),
    "another wording": (
        (replace(an_incident(), keys=(*KEYS, "message:2")),),
        (a_notice(),),
        SETTINGS,
        (UpdateNotice(number=50, body=surge(an_incident(), keys=[*KEYS, "message:2"])),),
    ),
    "it is over": ((), (a_notice(),), SETTINGS, (EndNotice(number=50, sentence=QUIET, ended=LATER),)),
    "its rule is fixed": ((an_incident(),), (a_notice(),), FIXED, (fixed(an_incident()),)),
    "it is over, and its rule is fixed": (
        (),
        (a_notice(),),
        FIXED,
        (EndNotice(number=50, sentence=DONE, ended=LATER),),
    ),
    "the rule was fixed before": (
        (MORE,),
        (a_notice(fix="2.1.9"),),
        FIXED,
        (UpdateNotice(number=50, body=surge(MORE, FIXED, fix="2.1.9")),),
    ),
    "we have closed it, and the reports go on": ((MORE,), (a_notice(ended=LATER, closed=LATER),), FIXED, ()),
    "we have closed it, and a person has opened it": ((), (a_notice(ended=START + DAY),), SETTINGS, ()),
    "the same with a new incident": ((NEXT,), (a_notice(ended=START + DAY),), SETTINGS, ()),
    "a new incident after one that ended": (
        (NEXT,),
        (a_notice(ended=START + DAY, closed=START + DAY), a_notice(40, ended=START + 9, closed=START + 9)),
        SETTINGS,
        (opened(NEXT, former=50),),
    ),
    "a new incident whose first report came before the former one was closed": (
        (replace(NEXT, start=START + DAY - HOUR),),
        (a_notice(ended=START + DAY, closed=START + DAY),),
        SETTINGS,
        (opened(replace(NEXT, start=START + DAY - HOUR), former=50),),
    ),
    "a person has closed it": ((MORE,), (a_notice(closed=START + DAY),), SETTINGS, ()),
    "a new incident after one that a person closed": (
        (NEXT,),
        (a_notice(closed=START + DAY),),
        SETTINGS,
        (opened(NEXT, former=50),),
    ),
    "a person has edited it": ((MORE,), (a_notice(is_edited=True),), SETTINGS, (EDITED,)),
    "a person has removed its marker": ((MORE,), (a_notice(is_edited=True, keys=()),), SETTINGS, (EDITED,)),
    "a person has edited it, and it is over": (
        (),
        (a_notice(is_edited=True),),
        SETTINGS,
        (
            LeaveNotice(
                number=50,
                reason="#50: its reports are back to their usual number, but somebody edited the text; close it when "
                "you are done",
            ),
        ),
    ),
    "two for one incident": (
        (an_incident(),),
        (a_notice(51), a_notice()),
        SETTINGS,
        (EndNotice(number=51, sentence=SECOND, ended=LATER, is_second=True),),
    ),
    "two for one incident, the second edited": (
        (an_incident(),),
        (a_notice(), a_notice(51, is_edited=True)),
        SETTINGS,
        (
            LeaveNotice(
                number=51, reason="#51: it is about the same as #50, but somebody edited the text; close one of them"
            ),
        ),
    ),
    "one incident becomes two": (
        (an_incident(), replace(UNKNOWN, start=START + 9)),
        (a_notice(),),
        SETTINGS,
        (),
    ),
    "two incidents": (
        (replace(UNKNOWN, keys=("message:9",)), an_incident()),
        (),
        SETTINGS,
        (
            opened(
                replace(UNKNOWN, keys=("message:9",)),
                "Many reports: Error: EPIPE `write` @\u200bsomeone fixes #\u200b12",
            ),
            opened(an_incident()),
        ),
    ),
    "words that comments must not contain": (
        (an_incident(),),
        (),
        replace(SETTINGS, forbidden=("subscribe",)),
        (
            LeaveNotice(
                reason="no tracking issue for rule:out-of-disk: the comment would contain forbidden words "
                '("subscribe"); change the guidance or the settings'
            ),
        ),
    ),
    "another issue of ours": ((an_incident(),), (a_list(),), OFF, (EndNotice(number=60, sentence=EMPTY, ended=LATER),)),
}


@pytest.mark.parametrize("incidents, notices, settings, expected", SURGES.values(), ids=SURGES)
def test_each_incident_has_one_issue(
    incidents: Sequence[Incident],
    notices: Sequence[Notice],
    settings: NoticeSettings,
    expected: tuple[NoticeAction, ...],
) -> None:
    assert plan_notices(Seen(incidents=tuple(incidents), muted=(), now=LATER), notices, settings) == expected


LAST: dict[str, tuple[Incident, str]] = {
    "as it was last": (MORE, write_surge(MORE, SETTINGS, ended=QUIET)),
    "a later one": (NEXT, ""),
    "another one": (replace(MORE, keys=("message:9",)), ""),
}


@pytest.mark.parametrize("over, text", LAST.values(), ids=LAST)
def test_the_last_text_has_all_reports(over: Incident, text: str) -> None:
    found = plan_notices(Seen(incidents=(), muted=(), now=LATER, over=(over,)), (a_notice(),), SETTINGS)
    assert found == (EndNotice(number=50, sentence=QUIET, ended=LATER, text=text),)


REPORTS = arrivals(30)
SEEN_LAST = replace(an_incident(), reports=REPORTS[:25])

ENDED: dict[str, tuple[Notice, tuple[Incident, ...], Mapping[int, tuple[Incident, ...]], tuple[Incident, ...]]] = {
    "it lasted at its last report": (a_notice(), (), {REPORTS[29].at: (NEXT, MORE)}, (MORE,)),
    "it lasted until an earlier one": (
        a_notice(),
        (),
        {REPORTS[23].at: (an_incident(),), REPORTS[24].at: (SEEN_LAST,)},
        (SEEN_LAST,),
    ),
    "it lasted at none of the last twenty": (a_notice(), (), {REPORTS[9].at: (an_incident(),)}, ()),
    "it lasted before its issue": (a_notice(started=REPORTS[25].at), (), {REPORTS[24].at: (SEEN_LAST,)}, ()),
    "it lasts": (a_notice(), (an_incident(),), {REPORTS[29].at: (MORE,)}, ()),
    "nobody has reported it since": (a_notice(keys=("message:9",)), (), {REPORTS[29].at: (MORE,)}, ()),
    "a person edited its issue": (a_notice(is_edited=True), (), {REPORTS[29].at: (MORE,)}, ()),
    "its issue is closed": (a_notice(closed=LATER), (), {REPORTS[29].at: (MORE,)}, ()),
    "the list of muted rules": (a_list(), (), {REPORTS[29].at: (MORE,)}, ()),
}


@pytest.mark.parametrize("notice, lasting, detected, expected", ENDED.values(), ids=ENDED)
def test_an_incident_that_is_over_is_known_as_it_was_at_its_last_report(
    notice: Notice,
    lasting: tuple[Incident, ...],
    detected: Mapping[int, tuple[Incident, ...]],
    expected: tuple[Incident, ...],
) -> None:
    assert tuple(list_over([notice], lasting, REPORTS, lambda at: detected.get(at, ()))) == expected


MUTED: dict[str, tuple[Sequence[Mute], Sequence[Notice], NoticeSettings, tuple[NoticeAction, ...]]] = {
    "a muted rule": (
        (a_mute(),),
        (),
        SETTINGS,
        (OpenNotice(kind="muted", title="Signpost: rules that only set labels now", body=listed()),),
    ),
    "the settings do not ask for it": ((a_mute(),), (), OFF, ()),
    "the same": ((a_mute(),), (a_list(),), SETTINGS, ()),
    "another rule": (
        (a_mute("memory"), a_mute()),
        (a_list(),),
        SETTINGS,
        (UpdateNotice(number=60, body=listed(a_mute("memory"), a_mute(), started=START)),),
    ),
    "none is left": ((), (a_list(),), SETTINGS, (EndNotice(number=60, sentence=EMPTY, ended=LATER),)),
    "none was left before": (
        (a_mute(),),
        (a_list(ended=START + 9, closed=START + 9),),
        SETTINGS,
        (OpenNotice(kind="muted", title="Signpost: rules that only set labels now", body=listed()),),
    ),
    "a person has closed it": ((a_mute("memory"),), (a_list(closed=START + 9),), SETTINGS, ()),
    "a person has opened it again": ((a_mute(),), (a_list(ended=START + 9),), SETTINGS, ()),
    "a person has edited it": (
        (),
        (a_list(is_edited=True),),
        SETTINGS,
        (LeaveNotice(number=60, reason="somebody edited #60, so Signpost does not update it any more"),),
    ),
    "two of them": (
        (a_mute(),),
        (a_list(61), a_list()),
        SETTINGS,
        (
            EndNotice(
                number=61,
                sentence="**Please follow #60 instead.** It is about the same, and this issue was opened in addition.",
                ended=LATER,
                is_second=True,
            ),
        ),
    ),
}


@pytest.mark.parametrize("muted, notices, settings, expected", MUTED.values(), ids=MUTED)
def test_muted_rules_have_one_issue(
    muted: Sequence[Mute], notices: Sequence[Notice], settings: NoticeSettings, expected: tuple[NoticeAction, ...]
) -> None:
    assert plan_notices(Seen(incidents=(), muted=tuple(muted), now=LATER), notices, settings) == expected


def list_messages(issue: Issue) -> tuple[str, ...]:
    return ("message:1",) if "EPIPE" in issue.body else ()


@pytest.mark.parametrize(
    "notices, issue, rules, expected",
    [
        ((), an_issue(), ["out-of-disk"], None),
        ((a_notice(),), an_issue(), ["out-of-disk"], KnownIncident(50, ("out-of-disk",))),
        ((a_notice(),), an_issue(), ["memory"], None),
        ((a_notice(),), an_issue(body="EPIPE"), [], KnownIncident(50, ("out-of-disk",))),
        ((a_notice(51), a_notice()), an_issue(), ["out-of-disk"], KnownIncident(50, ("out-of-disk",))),
        ((a_notice(closed=LATER),), an_issue(), ["out-of-disk"], None),
        ((a_notice(ended=LATER),), an_issue(), ["out-of-disk"], None),
        ((a_notice(7),), an_issue(number=7), ["out-of-disk"], None),
        ((a_notice(incident=UNKNOWN),), an_issue(body="EPIPE"), [], KnownIncident(50)),
        ((a_list(),), an_issue(), ["muted"], None),
    ],
)
def test_a_report_finds_its_incident_while_that_lasts(
    notices: tuple[Notice, ...], issue: Issue, rules: list[str], expected: KnownIncident | None
) -> None:
    assert IncidentFinder(notices, list_messages)(issue, rules) == expected


def test_the_marker_remembers_what_the_next_sweep_needs() -> None:
    (action,) = plan_notices(Seen(incidents=(NEXT,), muted=(), now=LATER), (a_notice(closed=START + 9),), FIXED)
    assert isinstance(action, OpenNotice)
    marker = read_marker(action.body)
    assert marker == Marker(
        issue=0, kind="surge", keys=KEYS, started=LATER, fix="2.1.9", former=50, text=marker.text if marker else ""
    )
