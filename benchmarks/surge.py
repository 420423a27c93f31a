"""False alarms of the surge scan, and how soon it sees an outbreak: python -m benchmarks.surge ISSUES.jsonl.gz.

Streams are random parts of the real arrivals of an archive, so they have no outbreak of their own but all real nights,
weekends, growth and days of mass filing. Outbreaks are 20 reports with exponential gaps, put into such streams.
"""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from math import isinf, isnan
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.surge_ends import GAPS as END_GAPS
from benchmarks.surge_ends import Ending, format_ends, measure_ends
from benchmarks.surge_rivals import GAPS, TUNED_TO, Comparison, compare
from benchmarks.surge_streams import YEARS, Arrivals, roll
from bot.archive.jsonl import read_issues
from bot.insights.surge import (
    BASELINE,
    SURGE,
    WEEK,
    WINDOWS,
    Gate,
    Report,
    Timeline,
    find_episodes,
    find_trending,
    measure_surge,
)

RATES = (4, 12, 40, 120, 400)
GATES = {
    "E <= 0.1, 3 people": Gate(reports=3, people=3),
    "E <= 0.1, 5 people": SURGE,
    "E <= 0.3, 5 people": Gate(expected=0.3),
}
OWN_RATES = {"0-12": (0, 4, 12), "40": (40,), "120": (120,), "400": (400,)}
WINDOW_NAMES = dict(zip(WINDOWS, ("1h", "3h", "6h", "12h", "24h", "3d", "7d"), strict=True))
LEAST_REPORTS = 3
"""The floor of the table of reports needed."""
COMPARED = (40, 400)
"""Rates at which other methods are compared."""
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def measure_alarms(arrivals: Arrivals, rate: int, streams: int, gate: Gate) -> float:
    """False alarms a stream and year, for streams with that number of reports a year."""
    dice = roll(rate)
    parts = (arrivals.thin(rate, dice) for _ in range(streams))
    found = (find_episodes(part, arrivals.issues, arrivals.end, arrivals.start, gate) for part in parts)
    return sum(map(len, found)) / streams / arrivals.years


def find_reports_needed(rate: int, window: float) -> int:
    """How many reports within that many days raise an alarm, the last one included, after an even past."""
    own = round(rate * BASELINE / 365.25)
    past = [_NOW - timedelta(days=WEEK + BASELINE * (place + 0.5) / own) for place in range(own)]
    usual = [_NOW - timedelta(days=0.1 * place) for place in range(4_000)]
    for needed in count(LEAST_REPORTS):
        times = [*past, *(_NOW - timedelta(days=window * place / needed) for place in range(needed))]
        reports = [Report(at, f"person-{number}") for number, at in enumerate(times)]
        gate = Gate(reports=needed, people=needed)
        found = measure_surge(reports, Timeline.of([*times, *usual]), _NOW, gate)
        if found and found.is_surge and found.window <= window:
            return needed
    raise AssertionError


def list_reports_needed() -> dict[str, dict[str, tuple[int, int]]]:
    """The fewest and the most reports needed, by own rates and window."""
    return {
        name: {
            title: (min(needed), max(needed))
            for window, title in WINDOW_NAMES.items()
            if (needed := [find_reports_needed(rate, window) for rate in rates])
        }
        for name, rates in OWN_RATES.items()
    }


def compare_all(arrivals: Arrivals, streams: int, repeats: int) -> dict[int, Comparison]:
    """The methods at each rate; the first rate gives the others its thresholds."""
    first = compare(arrivals, COMPARED[0], streams, repeats, None)
    rest = {rate: compare(arrivals, rate, streams, repeats, first.thresholds) for rate in COMPARED[1:]}
    return {COMPARED[0]: first, **rest}


def measure_time(rules: int, issues: int, end: datetime) -> tuple[float, int]:
    """Seconds of CPU for the list of trending rules, and its length; every issue is a report of one rule."""
    dice = roll("time")
    times = [end - timedelta(days=dice.random() * 3 * 365) for _ in range(issues)]
    own: dict[str, list[Report]] = {f"rule-{number}": [] for number in range(rules)}
    for number, at in enumerate(times):
        own[f"rule-{min(int(dice.paretovariate(0.7)), rules) - 1}"].append(Report(at, f"person-{number}"))
    started = process_time()
    found = find_trending(own, Timeline.of(times), end)
    return process_time() - started, len(found)


# --- presentation


def to_json(
    alarms: Mapping[int, float],
    needed: Mapping[str, Mapping[str, tuple[int, int]]],
    compared: Mapping[int, Comparison],
    ends: Mapping[float, Mapping[str, Ending]],
) -> dict[str, Any]:
    """One object. Of a range of reports needed it has the most; a median of `null` means never."""
    return {
        "false_alarms": {str(rate): round(number, 3) for rate, number in alarms.items()},
        "reports_needed": {own: {window: most for window, (_, most) in row.items()} for own, row in needed.items()},
        "others": {str(rate): _to_json(each) for rate, each in compared.items()},
        **(
            {"ends": {f"{gap:g}h": {name: _round(each) for name, each in row.items()} for gap, row in ends.items()}}
            if ends
            else {}
        ),
    }


def _to_json(compared: Comparison) -> dict[str, Any]:
    return {
        name: {
            "threshold": round(compared.thresholds[name], 3),
            "reports": {f"{gap}h": _or_null(number) for gap, number in compared.own[name].items()},
            f"false_alarms_at_threshold_of_{COMPARED[0]}": round(compared.alarms[name], 3),
            f"reports_at_threshold_of_{COMPARED[0]}": {
                f"{gap}h": _or_null(number) for gap, number in compared.given[name].items()
            },
        }
        for name in compared.own
    }


def _or_null(number: float) -> float | None:
    return None if isinf(number) else number


def _round(ending: Ending) -> dict[str, float | None]:
    shares = {"early": ending.early, "again": ending.again, "delay_hours": ending.delay}
    return {name: None if isnan(number) else round(number, 3) for name, number in shares.items()}


def format_needed(needed: Mapping[str, Mapping[str, tuple[int, int]]]) -> str:
    """A table for people, with ranges."""
    lines = ["| reports needed | " + " | ".join(WINDOW_NAMES.values()) + " |", "|---|" + "---:|" * len(WINDOWS)]
    for own, row in needed.items():
        cells = (f"{low}" if low == high else f"{low}-{high}" for low, high in row.values())
        lines.append(f"| {own} a year | {' | '.join(cells)} |")
    return "\n".join(lines)


def format_compared(compared: Mapping[int, Comparison]) -> str:
    """A table for people: median reports until an alarm at each gap, and false alarms with the first threshold."""
    gaps = "/".join(map(str, GAPS))
    titles = [f"{rate} a year, tuned there" for rate in compared]
    titles += [f"{rate} a year, tuned at {COMPARED[0]} | false alarms then" for rate in list(compared)[1:]]
    lines = [
        f"Median reports until an alarm, gaps of {gaps} h, tuned to {TUNED_TO} false alarms a stream and year",
        f"| method | {' | '.join(titles)} |",
        "|---|" + "---:|" * (2 * len(compared) + len(compared) - 2),
    ]
    for name in compared[COMPARED[0]].own:
        cells = [_format_medians(each.own[name]) for each in compared.values()]
        for each in list(compared.values())[1:]:
            cells += [_format_medians(each.given[name]), f"{each.alarms[name]:.2f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _format_medians(medians: Mapping[float, float]) -> str:
    return "/".join("never" if isinf(number) else f"{number:g}" for number in medians.values())


def print_text(arrivals: Arrivals, streams: int, repeats: int, ends: Mapping[float, Mapping[str, Ending]]) -> None:
    """Print all tables, each as soon as it is computed."""
    print(f"{len(arrivals.reports):,} issues, {streams} streams of {arrivals.years} years, {repeats} outbreaks\n")
    print("| false alarms a stream and year | " + " | ".join(f"{rate} a year" for rate in RATES) + " |")
    print("|---|" + "---:|" * len(RATES))
    for name, gate in GATES.items():
        found = (measure_alarms(arrivals, rate, streams, gate) for rate in RATES)
        print(f"| {name} | " + " | ".join(f"{alarms:.3f}" for alarms in found) + " |")
    print(f"\n{format_needed(list_reports_needed())}", flush=True)
    print(f"\n{format_compared(compare_all(arrivals, streams, repeats))}")
    if ends:
        print(f"\n{format_ends(ends)}")
    for rules, issues in ((400, 100_000), (1_000, 100_000)):
        seconds, listed = measure_time(rules, issues, arrivals.end)
        print(f"\n{rules:,} rules, {issues:,} issues: {seconds:.1f} s of CPU, {listed} listed")


def main(arguments: list[str] | None = None) -> None:
    """Print all tables, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("issues", type=Path, help="an archive (JSON Lines, also as .gz)")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument("--streams", type=int, default=60, help="random parts for each rate (default: 60)")
    parser.add_argument("--repeats", type=int, default=60, help="outbreaks for each rate and gap (default: 60)")
    parser.add_argument("--years", type=float, default=YEARS, help=f"the last years that count (default: {YEARS})")
    parser.add_argument("--end", action="store_true", help="also compare rules for the end of a surge")
    given = parser.parse_args(arguments)
    reports = [Report(issue.created_at, issue.author.login) for issue in read_issues(given.issues)]
    arrivals = Arrivals.of(reports, given.years)
    ends = {gap: measure_ends(arrivals, gap, given.repeats) for gap in END_GAPS} if given.end else {}
    if given.format == "text":
        print_text(arrivals, given.streams, given.repeats, ends)
        return
    alarms = {rate: measure_alarms(arrivals, rate, given.streams, SURGE) for rate in RATES}
    compared = compare_all(arrivals, given.streams, given.repeats)
    print(json.dumps(to_json(alarms, list_reports_needed(), compared, ends), allow_nan=False))


if __name__ == "__main__":
    main()
