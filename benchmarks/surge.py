"""Surges that are none: alarms a year in random parts of real arrivals; and how long many rules take."""

import argparse
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time

from bot.archive.jsonl import read_issues
from bot.insights.surge import SURGE, Gate, Report, Timeline, find_episodes, find_trending

SEED = 7
RATES = (4, 12, 40, 120, 400)
GATES = {
    "E <= 0.1, 3 people": Gate(reports=3, people=3),
    "E <= 0.1, 5 people": SURGE,
    "E <= 0.3, 5 people": Gate(expected=0.3),
}
YEARS = 3.77
"""The last years of the archive: the earlier ones are only the past of the first weeks."""


def thin(reports: Sequence[Report], share: float, dice: random.Random) -> list[Report]:
    """A random part: no outbreak of its own, but all real nights, weekends and days of mass filing."""
    return [report for report in reports if dice.random() < share]


def measure_alarms(reports: Sequence[Report], rate: int, streams: int, gate: Gate) -> float:
    """False alarms a stream and year, for streams with that number of reports a year."""
    dice = random.Random(f"{SEED} {rate}")  # noqa: S311 (a sample, no secret)
    issues, end = Timeline.of(each.at for each in reports), reports[-1].at
    start = end - timedelta(days=YEARS * 365.25)
    share = rate * YEARS / sum(each.at > start for each in reports)
    found = (find_episodes(thin(reports, share, dice), issues, end, start, gate) for _ in range(streams))
    return sum(map(len, found)) / streams / YEARS


def measure_time(rules: int, count: int, end: datetime) -> tuple[float, int]:
    """Seconds of CPU for the list of trending rules, and its length; every issue is a report of one rule."""
    dice = random.Random(SEED)  # noqa: S311 (a sample, no secret)
    times = [end - timedelta(days=dice.random() * 3 * 365) for _ in range(count)]
    own: dict[str, list[Report]] = {f"rule-{number}": [] for number in range(rules)}
    for number, at in enumerate(times):
        own[f"rule-{min(int(dice.paretovariate(0.7)), rules) - 1}"].append(Report(at, f"person-{number}"))
    started = process_time()
    found = find_trending(own, Timeline.of(times), end)
    return process_time() - started, len(found)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("issues", type=Path, help="an archive (JSON Lines, also as .gz)")
    parser.add_argument("--streams", type=int, default=20, help="random parts for each rate (default: 20)")
    arguments = parser.parse_args()
    reports = sorted(Report(issue.created_at, issue.author.login) for issue in read_issues(arguments.issues))
    print(f"{len(reports):,} issues, {arguments.streams} streams of {YEARS} years for each rate")
    print("| false alarms a stream and year | " + " | ".join(f"{rate} a year" for rate in RATES) + " |")
    print("|---|" + "---:|" * len(RATES))
    for name, gate in GATES.items():
        found = (measure_alarms(reports, rate, arguments.streams, gate) for rate in RATES)
        print(f"| {name} | " + " | ".join(f"{alarms:.3f}" for alarms in found) + " |")
    for rules, count in ((100, 10_000), (1_000, 100_000)):
        seconds, listed = measure_time(rules, count, reports[-1].at)
        print(f"{rules:,} rules, {count:,} issues: {seconds:.1f} s of CPU, {listed} listed")


if __name__ == "__main__":
    main()
