"""What is an incident: keys, merging, detection, and what people read about it."""

import random
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.insights.surge import Gate, Surge
from bot.insights.week.presentation import describe_surge
from bot.rules.loader import build_ruleset, load_rules
from bot.rules.ruleset import Ruleset
from bot.signals.incidents.arrivals import PAST, Arrival, make_arrival
from bot.signals.incidents.detection import (
    NEEDED,
    Incident,
    Watch,
    are_one_family,
    find_incidents,
    list_too_new,
    make_gate,
)
from bot.signals.ledger import to_seconds
from bot.tracker.types import Account, Issue
from bot.triage.people.settings import SurgeSettings
from bot.triage.summary import write_line
from tests.builders import an_issue
from tests.stand_ins.gfm import Page, render

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
GATE = make_gate(SurgeSettings())
RULE = """\
id: {id}
title: "The {id}"
mode: observe
tags: [{tags}]
match: {{phrase: "it is the {id}"}}
supersedes: [{supersedes}]
examples: {{match: ["it is the {id}"], no_match: ["it is something else"]}}
"""


def make_rules(**tags: str) -> Ruleset:
    """A rule for each name, with its tags; `disk=">memory"` supersedes a rule."""
    files = {}
    for name, given_tags in tags.items():
        kept = [tag for tag in given_tags.split() if not tag.startswith(">")]
        supersedes = [tag[1:] for tag in given_tags.split() if tag.startswith(">")]
        files[f"{name}.yml"] = RULE.format(id=name, tags=", ".join(kept), supersedes=", ".join(supersedes))
    found = build_ruleset(files)
    assert not found.problems
    return found


RULES = make_rules(disk="", memory="", network="")


def known(rules: Ruleset = RULES, since: timedelta = PAST) -> dict[str, int]:
    return {rule.id: to_seconds(NOW - since) for rule in rules.rules}


def spread(number: int, days: float, end: datetime = NOW) -> list[datetime]:
    """Evenly, the last one just before the end."""
    return [end - timedelta(days=days * (place + 0.5) / number) for place in range(number)]


def report(times: Iterable[datetime], *keys: str, said: tuple[str, ...] = (), first: int = 1) -> list[Arrival]:
    """A report by another person at each time."""
    return [
        Arrival(first + number, to_seconds(at), f"person-{first + number}", keys, "", said)
        for number, at in enumerate(sorted(times))
    ]


def find(arrivals: Iterable[Arrival], rules: Ruleset = RULES, now: datetime = NOW, gate: Gate = GATE) -> list[Incident]:
    return list(find_incidents(arrivals, rules, now, gate, known(rules)))


def see(arrivals: Iterable[Arrival], rules: Ruleset = RULES, now: datetime = NOW) -> list[tuple[tuple[str, ...], int]]:
    """The keys and the number of reports of each incident."""
    return [(each.keys, len(each.reports)) for each in find(arrivals, rules, now)]


BACKGROUND = report(spread(14 * 70, 98), first=10_000)
"""Ten other issues a day."""


def make_issue(body: str, title: str = "Broken", **known: object) -> Issue:
    """A new issue."""
    return an_issue(title=title, body=body, **known)


# --- what a report is about


@pytest.mark.parametrize(
    "title, body, keys, said",
    [
        ("Hello", "nothing to see", (), ()),
        ("it is the disk", "", ("rule:disk",), ()),
        (
            "Broken",
            "```\nError: cannot open shard 4711 of the remote catalogue\n```",
            ("message:",),
            ("cannot open shard 4711 of the remote catalogue",),
        ),
        ("Broken", "```\nnpm ERR! code 1\nTraceback (most recent call last)\nSegmentation fault\n```", (), ()),
        (
            "Error: cannot open shard 4711 of the remote catalogue",
            "",
            ("message:",),
            ("cannot open shard 4711 of the remote catalogue",),
        ),
        (
            "Broken",
            (
                "```\nStraße ßß: ﬃ cannot open shard 4711 of the remote catalogue /srv/data\n"
                "[ﬃﬃ] ERROR cannot open shard 12 of the remote catalogue /srv/data\n```"
            ),
            ("message:", "message:"),
            (
                "ﬃ cannot open shard 4711 of the remote catalogue",
                "ERROR cannot open shard 12 of the remote catalogue",
            ),
        ),
        ("I cannot open my catalogue of shards", "", (), ()),
    ],
)
def test_a_report_is_about_its_rules_and_its_messages(
    title: str, body: str, keys: tuple[str, ...], said: tuple[str, ...]
) -> None:
    arrival = make_arrival(make_issue(body, title=title), RULES)
    assert tuple(key if key.startswith("rule:") else "message:" for key in arrival.keys) == keys
    assert arrival.said == said


def test_a_message_has_one_key_whatever_changes_in_it() -> None:
    bodies = (
        "```\nError: cannot open shard 4711 of the remote catalogue\n```",
        "Since today: `error: Cannot  open shard 12 of the remote catalogue.`",
        '[2026-11-29] {"level":"error","message":"cannot open shard 9 of the remote catalogue"}',
    )
    (keys,) = {make_arrival(make_issue(body), RULES).keys for body in bodies}
    assert [key.partition(":")[0] for key in keys] == ["message"]


def test_a_report_has_its_time_its_person_and_its_version() -> None:
    issue = make_issue(
        "API Error: 500 internal server error\n\nClaude Code version: 2.1.4", author=Account(login="eve")
    )
    arrival = make_arrival(issue, load_rules(["pack:claude-code"]))
    assert (arrival.issue, arrival.at, arrival.person) == (issue.number, to_seconds(issue.created_at), "eve")
    assert arrival.version == "2.1.4"


# --- detection

FIVE = report([NOW - timedelta(hours=hours) for hours in (5, 4, 3, 2, 0)], "rule:disk")


def test_the_fifth_report_is_an_incident() -> None:
    (incident,) = find([*BACKGROUND, *FIVE])
    assert (incident.key, incident.keys, incident.rules, incident.title) == (
        "rule:disk",
        ("rule:disk",),
        ("disk",),
        "The disk",
    )
    assert (incident.start, incident.reports) == (FIVE[0].at, tuple(FIVE))
    assert find([*BACKGROUND, *FIVE[1:]]) == []


A_DAY_LATER = NOW + timedelta(days=1)

TABLE: dict[str, tuple[Sequence[Arrival], Sequence[tuple[tuple[str, ...], int]]]] = {
    "nothing": ((), []),
    "one person five times": ([each._replace(person="eve") for each in FIVE], []),
    "as often as usual": (report([*spread(120, 84, NOW - timedelta(days=7)), *spread(10, 7)], "rule:disk"), []),
    "an unknown message": (
        [each._replace(keys=("message:a",), said=("cannot open",)) for each in FIVE],
        [(("message:a",), 5)],
    ),
    "two incidents": (
        [*FIVE, *report(spread(6, 0.2), "rule:memory", first=50)],
        [(("rule:memory",), 6), (("rule:disk",), 5)],
    ),
    "a rule and the message that it has": (
        [each._replace(keys=("rule:disk", "message:a"), said=("cannot open",)) for each in FIVE],
        [(("rule:disk", "message:a"), 5)],
    ),
    "two messages that two people reported together": (
        [
            *report(spread(2, 0.1), "message:a", said=("one",)),
            *report(spread(2, 0.1), "message:a", "message:b", said=("one", "two"), first=20),
            *report(spread(2, 0.1), "message:b", said=("two",), first=30),
        ],
        [(("message:a", "message:b"), 6)],
    ),
    "two messages that one person reported together": (
        [
            *report(spread(3, 0.1), "message:a", said=("one",)),
            *report(spread(1, 0.1), "message:a", "message:b", said=("one", "two"), first=20),
            *report(spread(3, 0.1), "message:b", said=("two",), first=30),
        ],
        [],
    ),
    "a usual message joins nothing": (
        [
            *report(spread(300, 84, NOW - timedelta(days=7)), "message:npm", said=("npm ERR!",), first=500),
            *report(spread(3, 0.1), "rule:disk", "message:npm", said=("npm ERR!",)),
            *report(spread(3, 0.1), "rule:memory", "message:npm", said=("npm ERR!",), first=20),
        ],
        [],
    ),
    "a rule that no longer exists": (report(spread(9, 0.1), "rule:former"), []),
}


@pytest.mark.parametrize("own, expected", TABLE.values(), ids=TABLE)
def test_what_is_an_incident(own: Sequence[Arrival], expected: Sequence[tuple[tuple[str, ...], int]]) -> None:
    assert see([*BACKGROUND, *own]) == expected


def test_an_incident_ends_after_two_days_without_unusual_reports() -> None:
    arrivals = [*BACKGROUND, *FIVE]
    assert [len(find(arrivals, now=NOW + timedelta(hours=hours))) for hours in (0, 47, 49)] == [1, 1, 0]


WAVES: dict[str, tuple[list[float], list[int]]] = {
    "nothing": ([], []),
    "one report": ([60], []),
    "four reports": ([60, 61, 62, 63], []),
    "five reports": ([60, 61, 62, 63, 64], [5]),
}


@pytest.mark.parametrize("hours, expected", WAVES.values(), ids=WAVES)
def test_a_second_wave_is_an_incident_of_its_own(hours: list[float], expected: list[int]) -> None:
    """The first wave ended 48 hours after its last report; the hours are those after that report."""
    wave = report([NOW + timedelta(hours=each) for each in hours], "rule:disk", first=40)
    found = find([*BACKGROUND, *FIVE, *wave], now=NOW + timedelta(hours=66))
    assert [len(each.reports) for each in found] == expected
    assert [(each.start, each.alarm) for each in found] == [(wave[-5].at, wave[-1].at) for _ in expected]


def test_the_first_key_and_the_start_stay_when_reports_follow() -> None:
    more = [
        each._replace(keys=("rule:disk", "message:a"), said=("cannot open",))
        for each in report([NOW + timedelta(hours=hours) for hours in (1, 2, 3)], first=40)
    ]
    (before,), (after,) = find([*BACKGROUND, *FIVE]), find([*BACKGROUND, *FIVE, *more], now=NOW + timedelta(hours=4))
    assert (after.key, after.start, len(after.reports)) == (before.key, before.start, 8)
    assert after.keys == ("rule:disk", "message:a")


def test_a_rule_without_a_past_raises_no_alarm_by_its_own_key() -> None:
    arrivals, young = [*BACKGROUND, *FIVE], NEEDED - timedelta(days=1)
    assert find_incidents(arrivals, RULES, NOW, GATE, known(since=young)) == ()
    assert find_incidents(arrivals, RULES, NOW, GATE, {}) == ()
    assert list_too_new(RULES, NOW, known(since=young)) == ("disk", "memory", "network")
    (found,) = find_incidents(arrivals, RULES, NOW, GATE, known(since=NEEDED))
    assert (found.keys, list_too_new(RULES, NOW, known(since=NEEDED))) == (("rule:disk",), ())

    with_message = [each._replace(keys=("rule:disk", "message:a"), said=("cannot open",)) for each in FIVE]
    (found,) = find_incidents([*BACKGROUND, *with_message], RULES, NOW, GATE, {})
    assert (found.keys, found.title) == (("message:a",), "cannot open")


def test_a_renamed_rule_keeps_its_past() -> None:
    text = RULE.format(id="storage", tags="", supersedes="") + "was: [disk]\n"
    (found,) = find_incidents([*BACKGROUND, *FIVE], build_ruleset({"storage.yml": text}), NOW, GATE, known())
    assert (found.keys, found.title) == (("rule:storage",), "The storage")


# --- one incident in two wordings


@pytest.mark.parametrize(
    "one, other, expected",
    [
        ("", "", False),
        ("a b c", "a b c", True),
        ("a b c d", "a b c e", True),
        ("a b c d", "a b c e f", False),
        ("a b", "a b", False),
        (">other", "", True),
        ("", ">one", True),
    ],
)
def test_which_rules_are_one_family(one: str, other: str, *, expected: bool) -> None:
    found = {rule.id: rule for rule in make_rules(one=one, other=other).rules}
    assert are_one_family(found["one"], found["other"]) == expected


THE_DAY = datetime(2026, 4, 8, tzinfo=UTC)
OUT_OF = 'API Error: 400 {"message":"You\'re out of extra usage. Add more at claude.ai/settings/usage and keep going."}'
THIRD_PARTY = (
    "API Error: 400 Third-party apps now draw from your extra usage, not your plan limits. We've added a credit."
)
REPORTS = (
    *((45016, THIRD_PARTY), (45020, OUT_OF), (45028, THIRD_PARTY), (45033, OUT_OF), (45035, OUT_OF), (45039, OUT_OF)),
    *((45046, OUT_OF), (45057, THIRD_PARTY), (45098, OUT_OF), (45134, THIRD_PARTY), (45190, THIRD_PARTY)),
    *((45203, OUT_OF), (45232, OUT_OF), (45252, OUT_OF), (45258, THIRD_PARTY), (45265, THIRD_PARTY)),
    *((45287, OUT_OF), (45315, OUT_OF), (45319, OUT_OF)),
)
"""The issues of anthropics/claude-code on 2026-04-08 with one of two wordings of one incident.

Their numbers and wordings are real. Their times are made up: the numbers of the day, spread evenly from 07:00 to 20:00.
"""


def play_the_day(until: int) -> Iterator[Arrival]:
    pack = load_rules(["pack:claude-code"])
    for number, body in REPORTS[:until]:
        at = THE_DAY + timedelta(hours=7 + 13 * (number - 45_000) / 320)
        issue = make_issue(body, number=number, created_at=at, author=Account(login=f"person-{number}"))
        yield make_arrival(issue, pack)


def test_two_wordings_are_one_incident_by_the_fifth_report() -> None:
    pack = load_rules(["pack:claude-code"])
    end = THE_DAY + timedelta(hours=7)
    usual = report(spread(98 * 300, 98, end), first=10)  # 300 issues a day, as on this tracker
    since = {rule.id: to_seconds(end - PAST) for rule in pack.rules}
    seen = {}
    for number in (4, 5, len(REPORTS)):
        day = [*play_the_day(number)]
        now = datetime.fromtimestamp(day[-1].at, UTC)
        seen[number] = [
            (set(each.rules), each.title, [report.issue for report in each.reports])
            for each in find_incidents([*usual, *day], pack, now, GATE, since)
        ]
    both = {"extra-usage-400", "third-party-extra-usage-400"}
    title = "API Error 400: third-party apps draw from extra usage"
    numbers = [number for number, _ in REPORTS]
    assert seen == {4: [], 5: [(both, title, numbers[:5])], len(REPORTS): [(both, title, numbers)]}


# --- what is no incident


KINDS = (("rule:disk",), ("rule:memory",), ("rule:network",), *((f"message:{each}",) for each in range(40)))
EDGES = tuple(accumulate([0.1, 0.05, 0.01, *(0.2 / (each + 3) for each in range(40))]))
"""The kinds of issues, and where the share of each ends; the rest is about nothing in particular."""


def make_issues(busy: dict[int, float], draw: Callable[[int], float]) -> list[Arrival]:
    """14 weeks of a tracker with 20 issues a day; some days are busier. `draw` gives the kind of the n-th issue."""
    arrivals = list[Arrival]()
    for day in range(98):
        number = round(20 * busy.get(day, 1.0))
        for at in spread(number, 1, NOW - timedelta(days=97 - day)):
            first = len(arrivals) + 1
            kind = bisect_right(EDGES, draw(first))
            keys = KINDS[kind] if kind < len(KINDS) else ()
            arrivals += report([at], *keys, said=("a message",) if kind > 2 else (), first=first)
    return arrivals


DAYS: dict[str, dict[int, float]] = {
    "as usual": {},
    "Christmas": dict.fromkeys(range(84, 96), 0.1),
    "after Christmas": {**dict.fromkeys(range(78, 92), 0.1), **dict.fromkeys(range(92, 98), 2.5)},
    "a release day": {96: 4.0, 97: 5.0},
    "tenfold": dict.fromkeys(range(91, 98), 10.0),
}
LATER = [timedelta(days=days) for days in (6, 5, 4, 3, 2, 1, 0.5, 0)]
"""How long before the end somebody asks."""


@pytest.mark.parametrize("busy", DAYS.values(), ids=DAYS)
def test_a_busy_or_quiet_tracker_is_no_incident(busy: dict[int, float]) -> None:
    golden = (5**0.5 - 1) / 2  # places that are evenly spread, whatever their number
    arrivals = make_issues(busy, lambda number: number * golden % 1)
    assert [see(arrivals, now=NOW - before) for before in LATER] == [[]] * len(LATER)


def test_a_tenfold_tracker_of_pure_chance_is_no_incident() -> None:
    """Without the busy factor of the whole day, each such week has about three."""
    for seed in range(3):
        chance = random.Random(seed)  # noqa: S311
        arrivals = make_issues(DAYS["tenfold"], lambda _: chance.random())  # noqa: B023
        assert [see(arrivals, now=NOW - before) for before in LATER[::3]] == [[], [], []]


# --- order and repetition


@settings(max_examples=25)
@given(data=st.data())
def test_neither_order_nor_repetition_of_arrivals_changes_anything(data: st.DataObject) -> None:
    own = [
        each for name in ("two incidents", "two messages that two people reported together") for each in TABLE[name][0]
    ]
    arrivals = [each._replace(issue=number, person=f"{number % 17}") for number, each in enumerate(own)]
    expected = find([*BACKGROUND, *arrivals])
    mixed = data.draw(st.permutations(arrivals))
    repeated = data.draw(st.lists(st.sampled_from(arrivals), max_size=5))
    assert find([*repeated, *mixed, *BACKGROUND]) == expected


# --- what people read


def a_surge(**known: float) -> Surge:
    usual = Surge(
        expected=0.05,
        window=0.25,
        k=4,
        mu=0.25 / 9,
        r=1,
        g=1,
        phi=1,
        reports=5,
        people=5,
        week=5,
        usual=(0, 1),
        is_surge=True,
    )
    return replace(usual, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "surge, sentence",
    [
        (a_surge(), "5 reports in 6 hours, usually one in 9 days; chance would do this about once in 20 years"),
        (
            a_surge(expected=1e-6, window=7.0, mu=21.0, reports=900),
            "900 reports in 7 days, usually 3 a day; chance would do this less than once in 100 years",
        ),
        (
            a_surge(window=1 / 24, mu=0.5 / 112 / 24),
            "5 reports in 1 hour, usually one in 12 weeks or less; chance would do this about once in 20 years",
        ),
    ],
)
def test_a_person_understands_how_unusual_it_is(surge: Surge, sentence: str) -> None:
    assert describe_surge(surge) == sentence


HOSTILE = "Error: refusing catalogue shard @octocat`x`\u202e **bold** www.evil.example/a mirror octo/cat#12 upstream"


def test_a_run_says_to_which_incident_its_issue_belongs() -> None:
    watch = Watch(arrivals=(*BACKGROUND, *FIVE[:4]), known_since=known(), ruleset=RULES, gate=GATE)
    fifth = make_issue("it is the disk", number=5, created_at=NOW, author=Account(login="fifth"))
    sentence = "5 reports in 6 hours, usually one in 12 weeks or less; chance would do this less than once in 100 years"
    assert watch(fifth, NOW) == (f"this issue belongs to an incident, `The disk`: {sentence}",)
    assert watch(fifth, NOW - timedelta(minutes=5)) == watch(fifth, NOW)
    assert watch(replace(fifth, body="it is something else"), NOW) == ()
    assert watch(replace(fifth, author=Account(login="a[bot]", is_bot=True)), NOW) == ()


def test_a_hostile_message_harms_nobody() -> None:
    def issue_at(number: int) -> Issue:
        at = NOW - timedelta(hours=6 - number)
        return make_issue(HOSTILE, number=number, created_at=at, author=Account(login=f"person-{number}"))

    four = [make_arrival(issue_at(number), RULES) for number in range(1, 5)]
    watch = Watch(arrivals=(*BACKGROUND, *four), known_since={}, ruleset=RULES, gate=GATE)
    (remark,) = watch(issue_at(5), NOW)
    page = Page(render(f"- {write_line(remark)}"))
    assert ({*page.tags} - {"ul", "li", "code"}, page.addresses, "@octocat" in "".join(page.live)) == (set(), [], False)
    assert "\u202e" not in remark
