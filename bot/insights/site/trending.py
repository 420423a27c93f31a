"""What rises now against its own past, and when surges began and ended. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.insights.site.figures import read_moment
from bot.insights.site.problem import Problem
from bot.insights.site.sightings import Census, Sighting
from bot.insights.surge import Episode, Report, Surge, Timeline, find_episodes, find_trending
from bot.text.printable import count

FEED_WEEKS = 26
"""The feed has the surges of half a year."""

_NEVER = 1000
_DAY_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Rise:
    """A problem that rises now: in how many reports, and how often chance alone would do this, both in words."""

    problem: Problem
    summary: str
    chance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRise:
    """A surge of a problem, over or not; `summary` describes its peak."""

    problem: Problem
    episode: Episode
    summary: str


def list_rises(problems: Sequence[Problem], census: Census) -> tuple[Rise, ...]:
    """What rises at the archive's end, what chance explains least first."""
    known = {problem.id: problem for problem in problems}
    reports = {problem.id: _list_reports(problem.reports) for problem in problems if problem.figures.recent}
    trends = find_trending(reports, _make_timeline(census), read_moment(census.end)) if reports else ()
    return tuple(
        Rise(
            problem=known[trend.rule],
            summary=describe_surge(trend.surge, "in the last"),
            chance=format_chance(trend.surge.expected),
        )
        for trend in trends
    )


def list_past_rises(problems: Sequence[Problem], census: Census) -> tuple[PastRise, ...]:
    """The surges of the last half year, the newest first."""
    now, timeline = read_moment(census.end), _make_timeline(census)
    since = now - timedelta(weeks=FEED_WEEKS)
    found = [
        PastRise(problem=problem, episode=episode, summary=describe_surge(episode.peak, "within"))
        for problem in problems
        if problem.figures.last and problem.figures.last > since
        for episode in find_episodes(_list_reports(problem.reports), timeline, now, since)
    ]
    return tuple(sorted(found, key=lambda each: (each.episode.start, each.problem.id), reverse=True))


def _list_reports(sightings: Iterable[Sighting]) -> list[Report]:
    return [Report(read_moment(seen.at), str(seen.person)) for seen in sightings if seen.at]


def _make_timeline(census: Census) -> Timeline:
    return Timeline.of(map(read_moment, census.times))


def describe_surge(surge: Surge, within: str) -> str:
    """A surge in words: `9 reports from 7 people in the last 3 days; usual for a week: 0–3.`."""
    low, high = surge.usual
    usual = str(low) if low == high else f"{low}–{high}"
    reports = f"{count(surge.reports, 'report')} from {count(surge.people, 'person', 'people')}"
    window = _name_window(surge.window)
    span = f"an {window}" if (within, window) == ("within", "hour") else window
    return f"{reports} {within} {span}; usual for a week: {usual}."


def _name_window(days: float) -> str:
    hours = round(days * _DAY_HOURS)
    if hours <= _DAY_HOURS:
        return "hour" if hours == 1 else f"{hours} hours"
    return f"{round(days)} days"


def format_chance(a_year: float) -> str:
    """How often chance alone would do something, in words; `a_year` is its rate."""
    if a_year >= 1:
        return f"about {count(round(a_year), 'time')} a year"
    years = 1 / a_year if a_year else float("inf")
    if years > _NEVER:
        return f"less than once in {_NEVER:,} years"
    return f"about once in {count(round(years), 'year')}"
