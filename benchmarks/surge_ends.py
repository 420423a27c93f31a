"""When a surge is over: rules for its end, tried on outbreaks of which the last report is known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import fmean

from benchmarks.surge_streams import Arrivals, Outbreak, roll
from bot.insights.surge import STILL_HOT, Asked, measure_each

RATES = (4, 12, 40, 120, 400)
GAPS = (0.5, 2, 6, 24)
"""Mean hours between the reports of an outbreak."""
_HOUR, _WEEK = timedelta(hours=1), timedelta(days=7)
_AFTER = timedelta(days=45)

EndRule = Callable[[Sequence[Asked]], datetime]
"""Given the reports since a surge began: when it ends if nothing else is reported."""


def list_hot(asked: Sequence[Asked]) -> list[datetime]:
    """The reports at which the surge still went on."""
    return [each.at for each in asked if each.surge.is_surge or each.surge.expected <= STILL_HOT]


def quiet_for(hours: float) -> EndRule:
    """No report with E <= 1 for so long."""
    return lambda asked: list_hot(asked)[-1] + hours * _HOUR


def silent_for(hours: float) -> EndRule:
    """No report at all for so long."""
    return lambda asked: asked[-1].at + hours * _HOUR


def quiet_for_gaps(gaps: float, least: float) -> EndRule:
    """No report with E <= 1 for so many mean gaps of this surge, and at least for so many hours."""

    def find_end(asked: Sequence[Asked]) -> datetime:
        hot = list_hot(asked)
        mean = (hot[-1] - hot[0]) / max(1, len(hot) - 1)
        return hot[-1] + max(least * _HOUR, gaps * mean)

    return find_end


def usual_again(days: float) -> EndRule:
    """In so many days, no more reports than in most of such spans before the surge (its rate at the start, twice)."""

    def find_end(asked: Sequence[Asked]) -> datetime:
        first = asked[0].surge
        usual = round(2 * first.mu / first.window / first.g * days)
        times = [each.at for each in asked]
        return (times[-usual - 1] if usual < len(times) else times[-1]) + timedelta(days=days)

    return find_end


END_RULES: Mapping[str, EndRule] = {
    "no E <= 1 for 12 h": quiet_for(12),
    "no E <= 1 for 24 h": quiet_for(24),
    "no E <= 1 for 48 h": quiet_for(48),
    "no E <= 1 for 3 d": quiet_for(72),
    "no E <= 1 for 7 d": quiet_for(168),
    "no report for 24 h": silent_for(24),
    "no report for 48 h": silent_for(48),
    "no E <= 1 for 24 h and 4 mean gaps": quiet_for_gaps(4, 24),
    "no E <= 1 for 48 h and 4 mean gaps": quiet_for_gaps(4, 48),
    "twice the usual rate in 3 d": usual_again(3),
    "twice the usual rate in 7 d": usual_again(7),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What a rule did to outbreaks that were seen.

    `early`: the share of which a later report came after the end. `again`: the share with a second alarm. `delay`:
    mean hours from the last report to the end, of those that did not end early. Not a number where there are none.
    """

    early: float
    again: float
    delay: float


def trace_surges(asked: Sequence[Asked], rule: EndRule) -> list[tuple[datetime, datetime]]:
    """Start and end of each surge, as with that rule."""
    return list(_trace(asked, rule))


def _trace(asked: Sequence[Asked], rule: EndRule) -> Iterator[tuple[datetime, datetime]]:
    start, due = -1, datetime.min.replace(tzinfo=UTC)
    for place, (at, surge) in enumerate(asked):
        if start >= 0 and at > due:
            yield asked[start].at, due
            start = -1
        if start < 0 and surge.is_surge:
            start = place
        if start >= 0:
            due = rule(asked[start : place + 1])
    if start >= 0:
        yield asked[start].at, due


def measure_ends(arrivals: Arrivals, gap: float, repeats: int) -> dict[str, Ending]:
    """What each rule does to outbreaks with that mean gap, of all rates alike."""
    seen = list[tuple[Outbreak, tuple[Asked, ...]]]()
    for rate in RATES:
        dice = roll("ends", rate, gap)
        for _ in range(repeats):
            outbreak = arrivals.break_out(rate, gap, dice)
            seen.append((outbreak, ask_outbreak(outbreak, _AFTER)))
    return {name: rate_ends(seen, rule) for name, rule in END_RULES.items()}


def ask_outbreak(outbreak: Outbreak, after: timedelta) -> tuple[Asked, ...]:
    """The answers from the first report of the outbreak on, until so long after its last one."""
    first, last = outbreak.times[0], outbreak.times[-1]
    return measure_each(outbreak.reports, outbreak.issues, last + after, first - timedelta(seconds=1))


def rate_ends(seen: Sequence[tuple[Outbreak, Sequence[Asked]]], rule: EndRule) -> Ending:
    """What the rule does to those outbreaks, given the answers at each report."""
    early, again, delays = list[bool](), list[bool](), list[float]()
    for outbreak, asked in seen:
        last = outbreak.times[-1]
        surges = [each for each in trace_surges(asked, rule) if each[0] <= last]
        if not surges:
            continue
        end = surges[0][1]
        early.append(end < last)
        again.append(len(surges) > 1)
        if end >= last:
            delays.append((end - last) / _HOUR)
    return Ending(*(fmean(each) if each else float("nan") for each in (early, again, delays)))


def format_ends(found: Mapping[float, Mapping[str, Ending]]) -> str:
    """A table for people, by mean gap."""
    gaps = " | ".join(f"gap {gap:g} h" for gap in found)
    lines = [f"| ended early / second alarm / hours of delay | {gaps} |", "|---|" + "---:|" * len(found)]
    for name in END_RULES:
        cells = (f"{each[name].early:.2f} / {each[name].again:.2f} / {each[name].delay:.0f}" for each in found.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
