"""Streams of reports, made from the real arrivals of an archive: with and without an outbreak."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from bot.insights.surge import BASELINE, WEEK, Report, Timeline

SEED = 7
YEARS = 3.77
"""The last years of the archive count; earlier reports are only the past of the first weeks."""
OUTBREAK_REPORTS = 20
_YEAR = timedelta(days=365.25)


class Outbreak(NamedTuple):
    """A stream with an outbreak of `OUTBREAK_REPORTS` other people at these times."""

    reports: list[Report]
    issues: Timeline
    times: list[datetime]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """All issues of a repository as if they were reports, the earliest first; streams are random parts of them."""

    reports: Sequence[Report]
    issues: Timeline
    years: float = YEARS

    @classmethod
    def of(cls, reports: Sequence[Report], years: float = YEARS) -> "Arrivals":
        """Those arrivals; `years` before the last one are simulated."""
        return cls(sorted(reports), Timeline.of(report.at for report in reports), years)

    @property
    def end(self) -> datetime:
        """The last issue."""
        return self.reports[-1].at

    @property
    def start(self) -> datetime:
        """What happened before is only the past."""
        return self.end - self.years * _YEAR

    def thin(self, rate: float, dice: random.Random) -> list[Report]:
        """A random part with that many reports a year: no outbreak of its own, but all real nights and busy days."""
        return self._thin(rate / self._count(self.start, self.end) * self.years, dice)

    def break_out(self, rate: float, gap: float, dice: random.Random) -> Outbreak:
        """An outbreak somewhere in such a part, with exponential gaps of that many hours on average.

        It starts at least half a year after the start, and at least two months before the end. The part has that many
        reports a year in the 12 weeks before the outbreak: in a growing repository, the average of all years would fit
        only one moment.
        """
        earliest, latest = self.start + _YEAR / 2, self.end - timedelta(days=60)
        times = [earliest + (latest - earliest) * dice.random()]
        while len(times) < OUTBREAK_REPORTS:
            times.append(times[-1] + timedelta(hours=dice.expovariate(1 / gap)))
        before = timedelta(days=BASELINE)
        share = rate / self._count(times[0] - before, times[0]) * (before / _YEAR)
        own = [Report(at, f"outbreak-{number}") for number, at in enumerate(times)]
        added = Timeline.of(times)
        issues = Timeline(tuple(sorted([*self.issues.days, *added.days])))
        return Outbreak([*self._thin(share, dice), *own], issues, times)

    def _count(self, start: datetime, end: datetime) -> int:
        return sum(start < report.at <= end for report in self.reports)

    def _thin(self, share: float, dice: random.Random) -> list[Report]:
        return [report for report in self.reports if dice.random() < share]


def roll(*names: object) -> random.Random:
    """The same dice for the same names."""
    return random.Random(" ".join(map(str, (SEED, *names))))  # noqa: S311 (a sample, no secret)


def to_day(at: datetime) -> float:
    """Days since 1970."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(days=1)


def list_counted(reports: Iterable[Report]) -> list[float]:
    """The days of the reports that count, the earliest first: one a person and week, as for the scan."""
    last, found = dict[str, float](), list[float]()
    for at, person in sorted(reports):
        day = to_day(at)
        if day - last.get(person, -WEEK) >= WEEK:
            last[person] = day
            found.append(day)
    return found
