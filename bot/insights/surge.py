"""Whether a known problem is reported unusually often now: a Gamma-Poisson scan over several windows. Pure.

The number of reports in a window is compared with the rule's own past. The past rate has a Gamma posterior (prior: half
a report in four weeks), so the number of reports to expect has a negative binomial distribution (Gelman et al.,
Bayesian Data Analysis, 3rd edition, 2.6). `expected` says how often a year chance alone would do this. It is therefore
the same scale for rare and for frequent problems. https://en.wikipedia.org/wiki/Scan_statistic
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import exp, lgamma, log, log1p
from typing import NamedTuple

HOUR = 1 / 24
WINDOWS = (HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 1.0, 3.0, 7.0)
"""In days."""

WEEK = 7.0
WEEKS = 12
BASELINE = WEEKS * WEEK
"""Days of the past that count. They end a week ago, so that a surge is not its own past."""

_PRIOR_REPORTS, _PRIOR_DAYS = 0.5, 28.0
_YEAR = 365.25
_DAY_SECONDS = 86_400
QUIET = timedelta(days=2)
"""A surge is over when no report had an E of `STILL_HOT` or less in this time; `benchmarks/README.md` compares ends."""
STILL_HOT = 1.0
_PRECISION = 1e-14
_SHARE = 0.8
"""The share of usual weeks that have a number of reports in the usual range."""


class Report(NamedTuple):
    """One issue that a rule matched: when it was opened, and the login of its author."""

    at: datetime
    person: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The times of all issues of a repository, in days since 1970, the earliest first."""

    days: tuple[float, ...] = ()

    @classmethod
    def of(cls, times: Iterable[datetime]) -> "Timeline":
        """The timeline of those times, which may be in any order."""
        return cls(tuple(sorted(map(_to_days, times))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What makes a surge: at most `expected` times a year by chance, and at least `reports` by `people`."""

    expected: float = 0.1
    reports: int = 5
    people: int = 5


SURGE = Gate()
MOST_LISTED_BY_CHANCE = 12
"""How many times a year chance may put a problem on the whole list of trending ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surge:
    """The window that is least likely by chance, and whether it passes the gate (`is_surge`).

    `expected`: how often a year chance alone would do this (E). `window` is in days, and ends now; `reports` and
    `people` are in it. `k` counts the other people: one report a person a week counts, and the newest one asks.
    `mu` and `r` are mean and size of the negative binomial distribution of `k`. `g` says how busy the repository is,
    1 for usual; `phi` how uneven the rule's weeks are, 1 for chance alone.
    `week` are the people of the last seven days, `usual` the range of 80 % of the weeks.
    """

    expected: float
    window: float
    k: int
    mu: float
    r: float
    g: float
    phi: float
    reports: int
    people: int
    week: int
    usual: tuple[int, int]
    is_surge: bool


class Asked(NamedTuple):
    """What somebody sees who asks when an issue is reported."""

    at: datetime
    surge: Surge


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A surge from its first alarm on; `end` is None while it lasts. `peak` is its least likely moment."""

    start: datetime
    end: datetime | None
    peak: Surge


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A rule that is reported more often than usual; `episode` is the surge that lasts, None if there is none."""

    rule: str
    surge: Surge
    episode: Episode | None = None


def measure_surge(
    reports: Iterable[Report], issues: Timeline, now: datetime, gate: Gate = SURGE, since: datetime | None = None
) -> Surge | None:
    """How unusual the reports of a rule are at that time; None without a report in the last seven days.

    `issues` are those of the whole repository, the rule's own included. Later ones and later reports do not count, and
    those until `since`, where a surge ended, are in no window: they are the rule's past.
    """
    asked = _Stream.of(reports, issues).ask(_to_days(now), gate, _to_days(since))
    return asked.describe() if asked else None


def measure_each(
    reports: Iterable[Report],
    issues: Timeline,
    now: datetime,
    since: datetime | None = None,
    gate: Gate = SURGE,
) -> tuple[Asked, ...]:
    """What somebody sees who asks at each report that counts, after `since` and until `now`, the earliest first."""
    stream = _Stream.of(reports, issues)
    days = stream.list_days(since, now)
    return tuple(Asked(_to_time(day), asked.describe()) for day in days if (asked := stream.ask(day, gate)))


def find_episodes(
    reports: Iterable[Report],
    issues: Timeline,
    now: datetime,
    since: datetime | None = None,
    gate: Gate = SURGE,
) -> tuple[Episode, ...]:
    """The surges of a rule until now, the earliest first, as somebody who asks at each report sees them.

    With `since`, only what was reported after it may raise an alarm; earlier reports are still the rule's past. A surge
    ends when for 48 hours no report had an E of 1 or less. Reports until its end are in no window of a later surge, so
    that one more report does not bring it back.
    """
    return _find_episodes(_Stream.of(reports, issues), since, now, gate)


def _find_episodes(stream: "_Stream", since: datetime | None, now: datetime, gate: Gate) -> tuple[Episode, ...]:
    found, hot, ended = list[Episode](), datetime.min.replace(tzinfo=UTC), 0.0
    for day in stream.list_days(since, now):
        at, lasting = _to_time(day), bool(found) and found[-1].end is None
        if lasting and at - hot > QUIET:
            found[-1] = replace(found[-1], end=hot + QUIET)
            lasting, ended = False, _to_days(hot + QUIET)
        if not (each := stream.ask(day, gate, ended)):
            continue
        is_surge = not each.window.fails
        if lasting and each.window < _rank(found[-1].peak):
            found[-1] = replace(found[-1], peak=each.describe())
        elif not lasting and is_surge:
            found.append(Episode(start=at, end=None, peak=each.describe()))
        hot = at if is_surge or each.window.expected <= STILL_HOT else hot
    if found and found[-1].end is None and now - hot > QUIET:
        found[-1] = replace(found[-1], end=hot + QUIET)
    return tuple(found)


def find_trending(rules: Mapping[str, Sequence[Report]], issues: Timeline, now: datetime) -> tuple[Trend, ...]:
    """The rules that are reported more often than usual, the least likely one first; a lasting surge is always there.

    The gate depends on the number of rules with a report in 12 weeks: chance puts at most 12 rules a year on the list.
    """
    recent = now - timedelta(days=BASELINE)
    active = {name: own for name, own in rules.items() if any(recent < each.at <= now for each in own)}
    gate = Gate(expected=min(1.0, MOST_LISTED_BY_CHANCE / max(1, len(active))), reports=3, people=3)
    found = list[Trend]()
    for name, own in active.items():
        stream = _Stream.of(own, issues)
        asked = stream.ask(_to_days(now), gate)
        last = next(reversed(_find_episodes(stream, recent, now, SURGE)), None)
        lasting = last if last and last.end is None else None
        if asked and (lasting or not asked.window.fails):
            found.append(Trend(rule=name, surge=asked.describe(), episode=lasting))
    return tuple(sorted(found, key=lambda trend: (trend.surge.expected, trend.rule)))


@dataclass(frozen=True, slots=True)
class _Stream:
    """A rule's reports in days: all of them, and those that count; and all issues of the repository."""

    raw: list[float]
    counted: list[float]
    issues: Timeline

    @classmethod
    def of(cls, reports: Iterable[Report], issues: Timeline) -> "_Stream":
        last, counted, raw = dict[str, float](), list[float](), list[float]()
        for day, person in sorted((_to_days(each.at), each.person) for each in reports):
            raw.append(day)
            if day - last.get(person, -WEEK) >= WEEK:
                last[person] = day
                counted.append(day)
        return cls(raw, counted, issues)

    def list_days(self, since: datetime | None, now: datetime) -> Sequence[float]:
        """The reports that count, after `since` and until `now`."""
        return self.counted[bisect_right(self.counted, _to_days(since)) : bisect_right(self.counted, _to_days(now))]

    def ask(self, now: float, gate: Gate, since: float = 0.0) -> "_Asked | None":
        """What somebody sees who asks then; reports until `since` are in no window."""
        people = _count_windows(self.counted, now, since)
        if not people[-1]:
            return None
        past, reports = self._read_past(now), _count_windows(self.raw, now, since)
        issues = zip(_count_windows(self.issues.days, now), _count_windows(self.raw, now), strict=True)
        seen = zip(WINDOWS, people, reports, (max(0, every - own) for every, own in issues), strict=True)
        found = (past.measure(_Seen(*each), gate) for each in seen if each[1])
        return _Asked(min(found), past, _count(self.counted, now, WEEK))

    def _read_past(self, now: float) -> "_Past":
        """The twelve weeks that end a week ago; fewer if the repository is younger."""
        start = now - WEEK - BASELINE
        first = self.issues.days[0] if self.issues.days else start
        days = min(BASELINE, max(0.0, now - WEEK - first))
        edges = [bisect_right(self.counted, start + week * WEEK) for week in range(WEEKS + 1)]
        raw = _count(self.raw, now - WEEK, BASELINE)
        others = max(0, _count(self.issues.days, now - WEEK, BASELINE) - raw)
        phi = _find_dispersion([after - before for before, after in pairwise(edges)])
        return _Past(edges[-1] - edges[0], days, phi, others / days if days else 0.0)


class _Seen(NamedTuple):
    """What is in a window: people and reports of the rule, and the other issues of the repository."""

    window: float
    people: int
    reports: int
    others: int


class _Window(NamedTuple):
    """What one window says. What passes the gate sorts first, then what is least likely, then the shortest window."""

    fails: bool
    expected: float
    window: float
    people: int
    reports: int
    mu: float
    r: float
    g: float


class _Asked(NamedTuple):
    """The least likely window, and what it is compared with."""

    window: _Window
    past: "_Past"
    week: int

    def describe(self) -> Surge:
        """With the usual range, which takes as long as all the rest."""
        best = self.window
        return Surge(
            expected=best.expected,
            window=best.window,
            k=best.people - 1,
            mu=best.mu,
            r=best.r,
            g=best.g,
            phi=self.past.phi,
            reports=best.reports,
            people=best.people,
            week=self.week,
            usual=self.past.find_usual(),
            is_surge=not best.fails,
        )


class _Past(NamedTuple):
    """A rule's reports in so many days, the dispersion of its weeks, and the usual number of other issues a day."""

    reports: int
    days: float
    phi: float
    others: float

    @property
    def rate(self) -> float:
        """Reports a day."""
        return (_PRIOR_REPORTS + self.reports) / (_PRIOR_DAYS + self.days)

    def find_size(self, mu: float) -> float:
        """The size of the distribution with that mean: by the certainty of the rate, or by uneven weeks."""
        size = _PRIOR_REPORTS + self.reports
        return min(size, mu / (self.phi - 1)) if self.phi > 1 else size

    def measure(self, seen: _Seen, gate: Gate) -> _Window:
        window, people, reports, others = seen
        g = max(1.0, (others + 2) / (self.others * window + 2))
        rate = self.rate
        mu = rate * window * g
        r = self.find_size(mu)
        expected = rate * _YEAR * len(WINDOWS) * find_tail(people - 1, mu, r)
        is_surge = expected <= gate.expected and reports >= gate.reports and people >= gate.people
        return _Window(not is_surge, expected, window, people, reports, mu, r, g)

    def find_usual(self) -> tuple[int, int]:
        mu = self.rate * WEEK
        r = self.find_size(mu)
        return find_quantile((1 - _SHARE) / 2, mu, r), find_quantile((1 + _SHARE) / 2, mu, r)


def _find_dispersion(weeks: Sequence[int]) -> float:
    """Variance by mean of weekly counts, shrunk towards 1 (as if there were four more weeks of chance), at least 1."""
    mean = sum(weeks) / len(weeks)
    if not mean:
        return 1.0
    variance = sum((count - mean) ** 2 for count in weeks) / (len(weeks) - 1)
    return max(1.0, (11 * variance / mean + 4) / 15)


def find_tail(k: int, mu: float, r: float) -> float:
    """The probability of at least `k` under a negative binomial distribution with that mean and size, both above 0.

    It is the regularized incomplete beta function I(k, r) at mu / (mu + r) (https://dlmf.nist.gov/8.17). Small
    probabilities keep their digits, and large numbers take no longer than small ones.
    """
    if k <= 0:
        return 1.0
    x = mu / (mu + r)
    front = exp(lgamma(k + r) - lgamma(k) - lgamma(r) + k * log(x) - r * log1p(mu / r))
    if x < (k + 1) / (k + r + 2):
        return min(1.0, front * _expand_beta(k, r, x) / k)
    return max(0.0, 1.0 - front * _expand_beta(r, k, r / (mu + r)) / r)


def _expand_beta(a: float, b: float, x: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method (Numerical Recipes, 3rd edition, 6.4).

    It converges within a few times the root of the larger of `a` and `b`, for `x` below (a + 1) / (a + b + 2).
    """
    c, d = 1.0, 1.0 / (1.0 - (a + b) * x / (a + 1.0))
    total, m, step = d, 0, 0.0
    while abs(step - 1.0) > _PRECISION:
        m += 1
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1.0 / (1.0 + even * d), 1.0 + even / c
        total *= c * d
        d, c = 1.0 / (1.0 + odd * d), 1.0 + odd / c
        step = c * d
        total *= step
    return total


def find_quantile(share: float, mu: float, r: float) -> int:
    """The smallest number for which at least that share of the distribution is not larger; `share` is below 1."""
    ratio, term, total, j = mu / (mu + r), exp(-r * log1p(mu / r)), 0.0, 0
    while (total := total + term) < share:
        term *= (j + r) / (j + 1) * ratio
        j += 1
    return j


def _count(days: Sequence[float], now: float, window: float) -> int:
    """How many of the sorted times are in the window that ends now; its start does not belong to it."""
    return bisect_right(days, now) - bisect_right(days, now - window)


def _count_windows(days: Sequence[float], now: float, since: float = 0.0) -> list[int]:
    """The same for each of `WINDOWS`, without those until `since`, which is not after `now`."""
    last = bisect_right(days, now)
    return [last - bisect_right(days, max(now - window, since), 0, last) for window in WINDOWS]


def _rank(surge: Surge) -> tuple[bool, float]:
    """What passes the gate comes first."""
    return (not surge.is_surge, surge.expected)


def _to_days(at: datetime | None) -> float:
    return at.timestamp() / _DAY_SECONDS if at else 0.0  # before all reports


def _to_time(day: float) -> datetime:
    return datetime.fromtimestamp(day * _DAY_SECONDS, UTC)
