"""The figures of a known problem: counts of reports and people, by week, version and system. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from bot.insights.site.sightings import Sighting
from bot.insights.surge import find_quantile
from bot.text.printable import count, join_words
from bot.text.versions import Version, parse_version
from bot.tracker.types import Release

DAY = 24 * 60 * 60
WEEK = 7 * DAY
RECENT_WEEKS = 12
FEWEST_PEOPLE = 3
"""A row of a table about fewer people is not shown: it could describe one of them."""

MOST_BARS = 53
"""A year of weeks, and the week that has begun."""

_PRIOR_REPORTS, _PRIOR_DAYS = 0.5, 28
"""Half a report in four weeks: what is assumed of a problem before it is counted."""

_TAIL = 0.1


class Week(NamedTuple):
    """The reports of one ISO week (by its Monday, UTC), and their people; `is_whole` if the archive covers it all."""

    monday: date
    issues: int
    people: int
    is_whole: bool = True


class Row(NamedTuple):
    """The reports with one version or system, and their people."""

    label: str
    issues: int
    people: int


class Table(NamedTuple):
    """Rows for at least three people each, and how many further values fewer people state."""

    rows: tuple[Row, ...] = ()
    hidden: int = 0


class Range(NamedTuple):
    """From the lowest to the highest; both included."""

    low: int
    high: int


_NO_TABLE, _NO_REPORTS = Table(), Range(0, 0)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of one known problem, as of the archive's end.

    `open` is None if no report states whether it is open.
    `first` and `last` are when the oldest and the newest report were opened, None if no report has a date. `recent` and
    `recent_people` count the last twelve weeks, `now` and `now_people` the last seven days. `usual` is the range that
    the reports of a week had in four cases of five before these seven days. `versions` are the lowest and the highest
    that reports state, "" if none does.
    """

    issues: int = 0
    people: int = 0
    comments: int = 0
    open: int | None = 0
    first: datetime | None = None
    last: datetime | None = None
    recent: int = 0
    recent_people: int = 0
    now: int = 0
    now_people: int = 0
    usual: Range = _NO_REPORTS
    versions: tuple[str, str] = ("", "")
    weeks: tuple[Week, ...] = ()
    by_version: Table = _NO_TABLE
    by_system: Table = _NO_TABLE


def make_figures(sightings: Sequence[Sighting], end: int) -> Figures:
    """The figures of the reports of one rule; `end` is the archive's end, in seconds since 1970 (UTC)."""
    dated = [seen for seen in sightings if seen.at]
    recent = select_between(dated, end - RECENT_WEEKS * WEEK, end)
    now = select_between(dated, end - WEEK, end)
    before = select_between(dated, end - (RECENT_WEEKS + 1) * WEEK, end - WEEK)
    return Figures(
        issues=len(sightings),
        people=count_people(sightings),
        comments=sum(seen.comments for seen in sightings),
        open=_count_open(sightings),
        first=read_moment(dated[0].at) if dated else None,
        last=read_moment(dated[-1].at) if dated else None,
        recent=len(recent),
        recent_people=count_people(recent),
        now=len(now),
        now_people=count_people(now),
        usual=find_usual(len(before)),
        versions=find_version_range(seen.version for seen in sightings),
        weeks=list_weeks(dated, end),
        by_version=tabulate_versions(sightings),
        by_system=tabulate((seen.system, seen.person) for seen in sightings),
    )


def _count_open(sightings: Sequence[Sighting]) -> int | None:
    known = [seen.is_open for seen in sightings if seen.is_open is not None]
    return sum(known) if known or not sightings else None


def read_moment(at: int) -> datetime:
    """The moment of so many seconds since 1970, in UTC."""
    return datetime.fromtimestamp(at, UTC)


def count_people(sightings: Iterable[Sighting]) -> int:
    """The number of different reporters."""
    return len({seen.person for seen in sightings})


def select_between(sightings: Iterable[Sighting], start: int, end: int) -> list[Sighting]:
    """The reports that were opened after `start`, at `end` at the latest."""
    return [seen for seen in sightings if start < seen.at <= end]


def find_usual(reports: int) -> Range:
    """The range of a week's reports in four cases of five, if twelve weeks had so many.

    As `bot.insights.surge` has it, but for the unevenness of weeks.
    """
    size = _PRIOR_REPORTS + reports
    mean = size / (_PRIOR_DAYS + RECENT_WEEKS * 7) * 7
    return Range(find_quantile(_TAIL, mean, size), find_quantile(1 - _TAIL, mean, size))


def list_weeks(dated: Sequence[Sighting], end: int) -> tuple[Week, ...]:
    """The ISO weeks of the last year, or of the whole time if no report is so recent; empty without dates."""
    if not dated:
        return ()
    last = _find_monday(max(end, dated[-1].at))
    oldest = last - timedelta(weeks=MOST_BARS - 1)
    first = _find_monday(dated[0].at)
    start = max(first, oldest) if _find_monday(dated[-1].at) >= oldest else first
    reports: dict[date, list[Sighting]] = {}
    for seen in dated:
        reports.setdefault(_find_monday(seen.at), []).append(seen)
    mondays = [start + timedelta(weeks=number) for number in range((last - start).days // 7 + 1)]
    return tuple(
        Week(day, len(found), count_people(found), is_whole=day != last)
        for day in mondays
        for found in [reports.get(day, [])]
    )


def _find_monday(at: int) -> date:
    day = read_moment(at).date()
    return day - timedelta(days=day.weekday())


def tabulate(stated: Iterable[tuple[str, int]]) -> Table:
    """The table of the values that reports state, each with the person; most people first. "" states nothing."""
    issues, people = Counter[str](), dict[str, set[int]]()
    for label, person in stated:
        if label:
            issues[label] += 1
            people.setdefault(label, set()).add(person)
    rows = [Row(label, issues[label], len(found)) for label, found in people.items()]
    shown = [row for row in rows if row.people >= FEWEST_PEOPLE]
    return Table(tuple(sorted(shown, key=lambda row: (-row.people, -row.issues, row.label))), len(rows) - len(shown))


def tabulate_versions(sightings: Iterable[Sighting]) -> Table:
    """The table of versions, the newest first."""
    table = tabulate((seen.version, seen.person) for seen in sightings)
    return table._replace(rows=tuple(sorted(table.rows, key=lambda row: order_version(row.label), reverse=True)))


def order_version(text: str) -> Version:
    """What to sort a version by; a text that is not one comes first."""
    try:
        return parse_version(text)
    except ValueError:
        return Version((0,))


def find_release(version: str, releases: Sequence[Release] | None) -> Release | None:
    """The release of that version."""
    wanted = parse_version(version)
    return next((release for release in releases or () if read_tag(release) == wanted), None)


def read_tag(release: Release) -> Version | None:
    """The version that a release is tagged with; None if the tag is not one."""
    try:
        return parse_version(release.tag)
    except ValueError:
        return None


def find_version_range(stated: Iterable[str]) -> tuple[str, str]:
    """The lowest and the highest version; "" twice if none is stated."""
    versions = sorted({text for text in stated if text}, key=lambda text: (order_version(text), text))
    return (versions[0], versions[-1]) if versions else ("", "")


def find_contradictions(sightings: Iterable[Sighting], version: str) -> tuple[Sighting, ...]:
    """The reports that state this version or a later one, the oldest first."""
    fixed = parse_version(version)
    return tuple(seen for seen in sightings if seen.version and order_version(seen.version) >= fixed)


def count_messages(sightings: Iterable[Sighting]) -> Mapping[int, int]:
    """How many reports show each message of the rule, by its number."""
    return Counter(number for seen in sightings for number in seen.messages)


def explain_relation(reports: int, tags: Iterable[str], others: Iterable[str]) -> str:
    """Why two problems are related: the number of reports that show both, and the tags that they share."""
    shared = [tag for tag in tags if tag in set(others)]
    reasons = [f"{count(reports, 'report')} {'shows' if reports == 1 else 'show'} both problems"] if reports else []
    if shared:
        reasons.append(f"same {'tag' if len(shared) == 1 else 'tags'}: {join_words(shared)}")
    return "; ".join(reasons)
