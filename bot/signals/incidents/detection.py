"""Incidents: known problems, or unknown messages, that are reported unusually often now. Pure."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations
from typing import NamedTuple

from bot.comment.sanitizer import quote_code
from bot.insights.surge import (
    BASELINE,
    WEEK,
    Episode,
    Gate,
    Report,
    Surge,
    Timeline,
    find_episodes,
    find_tail,
    measure_surge,
)
from bot.insights.week.presentation import describe_surge, describe_usual
from bot.rules.ruleset import Rule, Ruleset
from bot.signals.incidents.arrivals import RULE, Arrival, list_messages, make_arrival
from bot.text.redaction import mask_private
from bot.tracker.types import Issue
from bot.triage.people.settings import SurgeSettings

NEEDED = timedelta(days=WEEK + 28)
"""How long a rule must be known before it may raise an alarm.

The rate has a prior of 28 days, and the last week is not its own past: from then on, the rule's own past weighs as much
as the prior, so that its rate is at worst taken for half of what it is.
"""

LONGEST = timedelta(days=28)
"""An incident that began earlier is not one any more: most of its past is itself."""

_LEAST_TAGS = 3
_LEAST_PEOPLE = 2
_DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What many people report at once.

    `key` is the first of its `keys`, by which it is known from one sweep to the next; `title` names it for people: that
    of a rule, or the message, which is text of a stranger. `rules` are those of its keys, and those that match at least
    half of its reports. `surge` is its least likely moment. `reports` are those since `start` (Unix seconds), the
    earliest first; at `alarm`, they became an incident.
    """

    key: str
    keys: tuple[str, ...]
    title: str
    rules: tuple[str, ...]
    surge: Surge
    start: int
    alarm: int
    reports: tuple[Arrival, ...]

    @property
    def public_title(self) -> str:
        """The title without private data."""
        return mask_private(self.title)

    @property
    def usual(self) -> str:
        """How many reports are usual, such as `one in 9 days`."""
        return describe_usual(self.surge)


def make_gate(settings: SurgeSettings) -> Gate:
    """What makes an incident in this repository."""
    return Gate(expected=settings.expected, reports=settings.reports, people=settings.people)


def find_incidents(
    arrivals: Iterable[Arrival], ruleset: Ruleset, now: datetime, gate: Gate, known_since: Mapping[str, int]
) -> tuple[Incident, ...]:
    """The incidents that last, the least likely by chance first; no report belongs to two.

    Each key is measured by itself, and with those of the same incident (see `_list_streams`). `known_since` has the
    time from which on each rule was looked for (Unix seconds); one that is known for too short is left out.
    """
    past = _Past.of(arrivals, ruleset, now, gate, known_since)
    alarms = [(keys, alarm) for keys in _list_streams(past, ruleset) if (alarm := past.measure(keys))]
    taken, found = set[int](), list[Incident]()
    for keys, first in sorted(alarms, key=lambda each: (each[1].surge.expected, -len(each[0]), each[0])):
        is_free = taken.isdisjoint(each.issue for each in past.list_own(keys))
        if alarm := first if is_free else past.measure(keys, taken):
            found.append(_make_incident(keys, alarm, ruleset))
            taken.update(each.issue for each in alarm.reports)
    return tuple(found)


def list_too_new(ruleset: Ruleset, now: datetime, known_since: Mapping[str, int]) -> tuple[str, ...]:
    """The rules that are known for too short to raise an alarm."""
    known = _find_known(ruleset, known_since)
    return tuple(sorted(rule.id for rule in ruleset.rules if not _is_known(known.get(rule.id), now)))


class _Alarm(NamedTuple):
    """A surge that lasts, at its least likely moment; the time of its alarm; and its reports, the earliest first."""

    surge: Surge
    at: int
    reports: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """All arrivals until now, the earliest first; and by their keys. `known` says since when each rule is known."""

    arrivals: tuple[Arrival, ...]
    owners: Mapping[str, Sequence[Arrival]]
    timeline: Timeline
    now: datetime
    gate: Gate
    known: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(
        cls, arrivals: Iterable[Arrival], ruleset: Ruleset, now: datetime, gate: Gate, known_since: Mapping[str, int]
    ) -> "_Past":
        """The arrivals, each once, with the keys of rules that exist and have a past."""
        known = _find_known(ruleset, known_since)
        usable = {rule.id: rule.id for rule in ruleset.rules if _is_known(known.get(rule.id), now)}
        usable |= {name: rule.id for name, rule in ruleset.successors.items() if rule.id in usable}
        unique = {each.issue: each for each in sorted(arrivals) if each.at <= now.timestamp()}
        kept = sorted((_translate(each, usable) for each in unique.values()), key=lambda each: (each.at, each.issue))
        owners = dict[str, list[Arrival]]()
        for each in kept:
            for key in each.keys:
                owners.setdefault(key, []).append(each)
        timeline = Timeline.of(_to_time(each.at) for each in kept)
        return cls(arrivals=tuple(kept), owners=owners, timeline=timeline, now=now, gate=gate, known=known)

    @property
    def recent(self) -> float:
        """Where the last seven days begin (Unix seconds)."""
        return (self.now - timedelta(days=WEEK)).timestamp()

    def list_own(self, keys: Iterable[str], since: float = 0) -> list[Arrival]:
        """The arrivals after that time with one of the keys, the earliest first."""
        own = {each.issue: each for key in keys for each in self.owners.get(key, ()) if each.at > since}
        return sorted(own.values(), key=lambda each: (each.at, each.issue))

    def measure(self, keys: Collection[str], taken: Collection[int] = ()) -> _Alarm | None:
        """The surge of these keys that lasts, without the reports that are taken; None if there is none."""
        own, timeline = [each for each in self.list_own(keys) if each.issue not in taken], self.timeline
        start = max((self.known.get(key.removeprefix(RULE), 0) for key in keys), default=0)
        if self.arrivals and start > self.arrivals[0].at:
            own = [each for each in own if each.at >= start]
            timeline = Timeline.of(_to_time(each.at) for each in self.arrivals if each.at >= start)
        reports = [Report(_to_time(each.at), each.person) for each in own]
        episodes = find_episodes(reports, timeline, self.now, self.now - LONGEST, self.gate)
        if not episodes or episodes[-1].end:
            return None
        last, since = episodes[-1], _find_end(episodes[:-1])
        for each in (each for each in own if each.at >= int(last.start.timestamp())):
            surge = measure_surge(reports, timeline, _to_time(each.at), self.gate, since)
            if surge and surge.is_surge and self._is_more_than_busy(surge, own, each.at):
                begin = max(each.at - surge.window * _DAY, since.timestamp())
                return _Alarm(last.peak, each.at, tuple(one for one in own if one.at > begin))
        return None

    def _is_more_than_busy(self, surge: Surge, own: Sequence[Arrival], at: int) -> bool:
        """Whether it is a surge also for its usual share of all issues, with as many more questions to ask.

        Few other issues in an hour say little about how busy the repository is. In a week that is ten times as busy as
        usual, the statistic alone sees three false incidents.
        """
        mu, usual = max(surge.mu, self._expect_share(own, at, surge.window)), find_tail(surge.k, surge.mu, surge.r)
        factor = find_tail(surge.k, mu, surge.r) / usual if usual else 1.0
        return surge.expected * factor * mu * surge.g / surge.mu <= self.gate.expected

    def _expect_share(self, own: Sequence[Arrival], at: int, window: float) -> float:
        """The usual share of the other issues in the window, which are counted over a day at least."""
        times, mine, end = [each.at for each in self.arrivals], [each.at for each in own], at - WEEK * _DAY
        days, before = max(1.0, window), _count(mine, end, BASELINE)
        share = (before + 0.5) / (_count(times, end, BASELINE) - before + 1)
        return share * (_count(times, at, days) - _count(mine, at, days)) * window / days


def _find_end(former: Sequence[Episode]) -> datetime:
    """When the last of those surges ended; long ago if there was none."""
    return max((each.end for each in former if each.end), default=_to_time(0))


def _count(times: Sequence[int], end: float, days: float) -> int:
    """How many of the sorted times are in the days that end then."""
    return bisect_right(times, end) - bisect_right(times, end - days * _DAY)


def _find_known(ruleset: Ruleset, known_since: Mapping[str, int]) -> dict[str, int]:
    """Since when each rule is known, by its id or by a former one."""
    known = {rule.id: [known_since[name] for name in rule.names if name in known_since] for rule in ruleset.rules}
    return {name: min(times) for name, times in known.items() if times}


def _is_known(since: int | None, now: datetime) -> bool:
    return since is not None and since <= (now - NEEDED).timestamp()


def _translate(arrival: Arrival, usable: Mapping[str, str]) -> Arrival:
    """The arrival with the present ids of its rules, without those that cannot be used."""
    rules = (f"{RULE}{usable[name]}" for name in arrival.rules if name in usable)
    return arrival._replace(keys=tuple(dict.fromkeys([*rules, *list_messages(arrival.keys)])))


def _list_streams(past: _Past, ruleset: Ruleset) -> Iterator[tuple[str, ...]]:
    """The keys of the last seven days, each alone, and those of one incident together.

    Two keys are of one incident if their rules are one family, or if two people reported both of them: by chance, two
    reports share one rare message, but hardly two. A key that is common here joins nothing (see `_is_common`).
    """
    begin = past.recent
    recent = [each for each in past.arrivals if each.at > begin]
    rules = {rule.id: rule for rule in ruleset.rules}
    active = sorted({key for each in recent for key in each.keys})
    known = [rules[key.removeprefix(RULE)] for key in active if key.startswith(RULE)]
    families = ((f"{RULE}{a.id}", f"{RULE}{b.id}") for a, b in combinations(known, 2) if are_one_family(a, b))
    rare = {key for key in active if not _is_common(past, key)}
    together = _find_components(active, chain(families, _list_pairs(recent, rare)))
    for keys in (*((key,) for key in active), *together):
        people = {each.person for each in past.list_own(keys, (past.now - LONGEST - timedelta(WEEK)).timestamp())}
        if len(people) >= past.gate.people:
            yield keys


def are_one_family(one: Rule, other: Rule) -> bool:
    """Whether two rules may be wordings of one problem.

    One of them names the other in `supersedes` (not by the `precedence` of the pack, which has all of its rules), or
    they share three tags, and more tags than they do not share.
    """
    declared = {*one.model.supersedes}.intersection(other.names) or {*other.model.supersedes}.intersection(one.names)
    tags, others = {*one.model.tags}, {*other.model.tags}
    shared = len(tags & others)
    return bool(declared) or (shared >= _LEAST_TAGS and shared > len(tags ^ others))


def _is_common(past: _Past, key: str) -> bool:
    """Whether a key is usual here, such as `npm ERR!`: its twelve weeks before had more reports than its last one."""
    own, begin = past.owners[key], past.recent
    return sum(each.at <= begin for each in own) > sum(each.at > begin for each in own)


def _list_pairs(recent: Iterable[Arrival], rare: set[str]) -> Iterator[tuple[str, str]]:
    """The pairs of keys that two people reported in one issue."""
    people = {(each.person, pair) for each in recent for pair in combinations(sorted(rare & {*each.keys}), 2)}
    counted = Counter(pair for _, pair in people)
    return (pair for pair, number in counted.items() if number >= _LEAST_PEOPLE)


def _find_components(keys: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """The keys that are connected by pairs, two or more."""
    beside = dict[str, set[str]]()
    for one, other in pairs:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    seen = set[str]()
    for key in keys:
        found, waiting = set[str](), [key] if key in beside and key not in seen else []
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += beside[name]
        seen |= found
        if found:
            yield tuple(sorted(found))


def _make_incident(keys: Iterable[str], alarm: _Alarm, ruleset: Ruleset) -> Incident:
    """The keys are in the order in which they were first reported, so that the first one stays the first."""
    reports, titles = alarm.reports, {rule.id: rule.model.title for rule in ruleset.rules}
    wanted = {*keys}
    ordered = tuple(dict.fromkeys(key for each in reports for key in each.keys if key in wanted))
    usual = Counter(rule for each in reports for rule in each.rules)
    own = (key.removeprefix(RULE) for key in ordered if key.startswith(RULE))
    rules = (*own, *sorted(rule for rule, number in usual.items() if 2 * number >= len(reports)))
    messages = (each.messages[key] for key in ordered for each in reports if key in each.messages)
    names = (*(titles[rule] for rule in rules), *messages)
    return Incident(
        key=ordered[0],
        keys=ordered,
        title=names[0] if names else "an error message",
        rules=tuple(dict.fromkeys(rules)),
        surge=alarm.surge,
        start=reports[0].at,
        alarm=alarm.at,
        reports=reports,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a run knows of other reports; a call tells maintainers about the incident that an issue belongs to."""

    arrivals: tuple[Arrival, ...]
    known_since: Mapping[str, int]
    ruleset: Ruleset
    gate: Gate

    @classmethod
    def of(
        cls, arrivals: tuple[Arrival, ...], known_since: Mapping[str, int], ruleset: Ruleset, settings: SurgeSettings
    ) -> "Watch":
        """The watch over these arrivals, with the gate of the settings."""
        return cls(arrivals=arrivals, known_since=known_since, ruleset=ruleset, gate=make_gate(settings))

    def find_incident(self, issue: Issue, now: datetime) -> Incident | None:
        """The incident that an issue belongs to; `now` may be a little earlier than GitHub's own time."""
        if issue.is_pull_request or issue.author.is_bot:
            return None
        own = make_arrival(issue, self.ruleset)
        arrivals = [*(each for each in self.arrivals if each.issue != own.issue), own]
        found = find_incidents(arrivals, self.ruleset, max(now, issue.created_at), self.gate, self.known_since)
        return next((each for each in found if any(report.issue == own.issue for report in each.reports)), None)

    def __call__(self, issue: Issue, now: datetime) -> tuple[str, ...]:
        """See `DescribeIncident`."""
        if found := self.find_incident(issue, now):
            return (f"this issue belongs to an incident, {quote_code(found.title)}: {describe_surge(found.surge)}",)
        return ()


def _to_time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
