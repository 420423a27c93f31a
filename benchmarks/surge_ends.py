"""When a surge is over: rules for its end, tried on outbreaks whose last report is known."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from statistics import fmean

from benchmarks.surge_streams import Arrivals, Outbreak, roll
from bot.insights.surge import BASELINE, STILL_HOT, WEEK, Asked, measure_each, measure_surge

RATES = (4, 12, 40, 120, 400)
GAPS = (0.5, 2, 6, 24)
"""Mean hours between the reports of an outbreak."""
_HOUR = timedelta(hours=1)
_AFTER = timedelta(days=45)
_PAST = timedelta(days=BASELINE + 3 * WEEK)
"""Older reports are in no window and in no past, and only take time."""

EndRule = Callable[[Sequence[Asked]], datetime]
"""Given the reports since a surge began: when it ends if nothing else is reported."""

Ask = Callable[[datetime | None], Sequence[Asked]]
"""The answers at each report after the end of a surge, with no report until then in a window; None: all answers."""


def list_hot(asked: Sequence[Asked]) -> list[datetime]:
    """The reports at which the surge still went on."""
    return [each.at for each in asked if each.surge.is_surge or each.surge.expected <= STILL_HOT]


def quiet_for(hours: float) -> EndRule:
    """No report with E <= 1 for that many hours."""
    return lambda asked: list_hot(asked)[-1] + hours * _HOUR


def silent_for(hours: float) -> EndRule:
    """No report at all for that many hours."""
    return lambda asked: asked[-1].at + hours * _HOUR


def quiet_for_gaps(gaps: float, least: float) -> EndRule:
    """No report with E <= 1 for that many mean gaps of this surge, and at least for that many hours."""

    def find_end(asked: Sequence[Asked]) -> datetime:
        hot = list_hot(asked)
        mean = (hot[-1] - hot[0]) / max(1, len(hot) - 1)
        return hot[-1] + max(least * _HOUR, gaps * mean)

    return find_end


def usual_again(days: float) -> EndRule:
    """In that many days, at most twice as many reports as were usual when the surge began."""

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
    """What a rule did to outbreaks that raised an alarm.

    `early`: the share that ended before their last report. `again`: the share with a second alarm. `delay`: the mean
    hours from the last report to the end, for those that did not end early. NaN if there are none.
    """

    early: float
    again: float
    delay: float


def trace_surges(ask: Ask, rule: EndRule) -> Iterator[tuple[datetime, datetime]]:
    """Start and end of each surge, as with that rule."""
    surge = _trace_first(ask(None), rule)
    while surge:
        yield surge
        surge = _trace_first(ask(surge[1]), rule)


def _trace_first(asked: Sequence[Asked], rule: EndRule) -> tuple[datetime, datetime] | None:
    start = next((place for place, each in enumerate(asked) if each.surge.is_surge), None)
    if start is None:
        return None
    end = rule(asked[start : start + 1])
    for place in range(start + 1, len(asked)):
        if asked[place].at > end:
            break
        end = rule(asked[start : place + 1])
    return asked[start].at, end


def measure_ends(arrivals: Arrivals, gap: float, repeats: int) -> dict[str, Ending]:
    """What each rule does to outbreaks with that mean gap, of all rates alike."""
    seen = list[tuple[Outbreak, Ask]]()
    for rate in RATES:
        dice = roll("ends", rate, gap)
        for _ in range(repeats):
            outbreak = arrivals.break_out(rate, gap, dice)
            seen.append((outbreak, ask_outbreak(outbreak)))
    return {name: rate_ends(seen, rule) for name, rule in END_RULES.items()}


def ask_outbreak(outbreak: Outbreak) -> Ask:
    """The answers from the first report of the outbreak on, until 45 days after its last one."""
    reports = [each for each in outbreak.reports if each.at > outbreak.times[0] - _PAST]
    start, until = outbreak.times[0] - timedelta(seconds=1), outbreak.times[-1] + _AFTER
    every = measure_each(reports, outbreak.issues, until, start)

    @cache
    def ask(end: datetime | None) -> Sequence[Asked]:
        if end is None:
            return every
        later = (each.at for each in every if each.at > end)
        asked = ((at, measure_surge(reports, outbreak.issues, at, since=end)) for at in later)
        return [Asked(at, surge) for at, surge in asked if surge]

    return ask


def rate_ends(seen: Sequence[tuple[Outbreak, Ask]], rule: EndRule) -> Ending:
    """What the rule does to those outbreaks, given the answers at each report."""
    early, again, delays = list[bool](), list[bool](), list[float]()
    for outbreak, ask in seen:
        last, surges = outbreak.times[-1], trace_surges(ask, rule)
        first = next(surges, None)
        if first is None or first[0] > last:
            continue
        is_early = first[1] < last
        second = next(surges, None) if is_early else None
        early.append(is_early)
        again.append(second is not None and second[0] <= last)
        if not is_early:
            delays.append((first[1] - last) / _HOUR)
    return Ending(*(fmean(each) if each else float("nan") for each in (early, again, delays)))


def format_ends(found: Mapping[float, Mapping[str, Ending]]) -> str:
    """A table for people, by mean gap."""
    gaps = " | ".join(f"gap {gap:g} h" for gap in found)
    lines = [f"| ended early / second alarm / hours of delay | {gaps} |", "|---|" + "---:|" * len(found)]
    for name in END_RULES:
        cells = (f"{each[name].early:.2f} / {each[name].again:.2f} / {each[name].delay:.0f}" for each in found.values())
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
