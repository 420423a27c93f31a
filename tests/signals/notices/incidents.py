"""Incidents, notices and settings with good defaults, for tests that say only what matters to them."""

from collections.abc import Iterable
from typing import Any

from bot.archive.stats import measure_share
from bot.comment.marker import hash_text
from bot.insights.surge import Surge
from bot.signals.incidents.arrivals import Arrival
from bot.signals.incidents.detection import Incident
from bot.signals.ledger import Notice
from bot.signals.mute import Mute
from bot.signals.notices.lists import write_muted
from bot.signals.notices.text import NoticeSettings, write_surge, write_surge_title
from tests.builders import Fields, a_rule, a_ruleset
from tests.signals.ledgers import DAY, START

HOUR = 3600
RULE = "rule:out-of-disk"


def a_surge(**changes: object) -> Surge:
    """Seven reports in six hours, of a problem that is reported about once in eight days."""
    fields: Fields = {
        "expected": 0.01,
        "window": 0.25,
        "k": 6,
        "mu": 0.03,
        "r": 1.0,
        "g": 1.0,
        "phi": 1.0,
        "reports": 7,
        "people": 7,
        "week": 7,
        "usual": (0, 1),
        "is_surge": True,
    }
    return Surge(**(fields | changes))


def arrivals(
    number: int = 7, *, start: int = START, every: int = 2400, versions: Iterable[str] = ()
) -> tuple[Arrival, ...]:
    """So many reports by as many people, with these versions in turn."""
    stated = tuple(versions) or ("2.1.4",)
    return tuple(
        Arrival(100 + each, start + each * every, f"person-{each}", (RULE,), stated[each % len(stated)])
        for each in range(number)
    )


def an_incident(*reports: Arrival, **changes: object) -> Incident:
    fields: Fields = {
        "key": RULE,
        "keys": (RULE, "message:1"),
        "title": "The disk is full",
        "rules": ("out-of-disk",),
        "surge": a_surge(),
        "start": START,
        "reports": reports or arrivals(),
    }
    fields |= changes
    return Incident(**({"alarm": fields["start"]} | fields))


UNKNOWN = an_incident(key="message:1", keys=("message:1",), rules=(), title="Error: EPIPE `write` @octocat fixes #12")


def settings_of(*rules: Fields, **changes: object) -> NoticeSettings:
    ruleset = a_ruleset(*(rules or (a_rule(),)))
    fields: Fields = {
        "repository": "octo/widget",
        "tracks_surges": True,
        "lists_muted": True,
        "rules": {rule.id: rule for rule in ruleset.rules},
    }
    return NoticeSettings(**(fields | changes))


SETTINGS = settings_of()


def a_notice(number: int = 50, incident: Incident | None = None, **changes: Any) -> Notice:  # noqa: ANN401 (any field of a notice)
    """The issue that we opened for the incident, as it was written."""
    about = incident or an_incident()
    text = hash_text(write_surge(about, SETTINGS))
    notice = Notice(number, "surge", write_surge_title(about), about.keys, about.start, text=text)
    return notice._replace(**changes)


def a_mute(rule: str = "out-of-disk", wrong: int = 9, people: int = 12) -> Mute:
    share = measure_share(wrong, people)
    assert share
    return Mute(rule=rule, content_hash="1", wrong=share)


def a_list(number: int = 60, *muted: Mute, **changes: Any) -> Notice:  # noqa: ANN401 (any field of a notice)
    """The issue that lists the muted rules, as it was written."""
    text = hash_text(write_muted(muted or (a_mute(),), SETTINGS))
    notice = Notice(number, "muted", "Signpost: rules that only set labels now", ("muted",), START, text=text)
    return notice._replace(**changes)


LATER = START + 2 * DAY
