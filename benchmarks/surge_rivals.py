"""Other ways to see a surge, from their published definitions: EARS C1 and C2, CUSUM, a scan of likelihoods, a count.

Each gives a score for each report of a rule, and would speak at or above some threshold. Times are in days; they are
those of the reports that count (one a person and week), the earliest first.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import compress, pairwise
from math import inf, log
from statistics import fmean, median, stdev

from benchmarks.surge_streams import Arrivals, Outbreak, list_counted, roll, to_day
from bot.insights.surge import BASELINE, WEEK, WINDOWS, Gate, Report, Timeline, measure_each

Scorer = Callable[[Sequence[float]], list[float]]
"""The scores of the reports at those times."""

EARS_BASELINE = 7
EARS_LEAST_SIGMA = 0.5
"""For sparse data: https://surveillance.r-forge.r-project.org/pkgdown/reference/earsC.html"""

PRIOR_REPORTS, PRIOR_DAYS = 0.5, 28.0
"""Those of `bot.insights.surge`, so that all compare with the same past."""


def score_ears(lag: int) -> Scorer:
    """EARS C1 (a lag of no days) and C2 (two days): how many standard deviations today is above its baseline.

    Hutwagner et al., The bioterrorism preparedness and response Early Aberration Reporting System (EARS), Journal of
    Urban Health 80 (2003). Days are those that end with the report, since somebody asks at each.
    """

    def score(days: Sequence[float]) -> list[float]:
        return [_score_ears(days, now, lag) for now in days]

    return score


def _score_ears(days: Sequence[float], now: float, lag: int) -> float:
    edges = [bisect_right(days, now - age) for age in range(EARS_BASELINE + lag + 2)]
    counts = [after - before for after, before in pairwise(edges)]
    past = counts[1 + lag :]
    return (counts[0] - fmean(past)) / max(stdev(past), EARS_LEAST_SIGMA)


def score_cusum(factor: float) -> Scorer:
    """Page's CUSUM of the log-likelihood that the rate is `factor` times the usual one, never below 0.

    Page, Continuous inspection schemes, Biometrika 41 (1954); for a Poisson process, each report adds log(factor) and
    the time since the one before takes away (factor - 1) times the number to expect.
    """

    def score(days: Sequence[float]) -> list[float]:
        total, before, found = 0.0, days[0] if days else 0.0, list[float]()
        for now in days:
            total = max(0.0, total - (factor - 1) * find_rate(days, now) * (now - before)) + log(factor)
            before = now
            found.append(total)
        return found

    return score


def score_glr(days: Sequence[float]) -> list[float]:
    """The largest log-likelihood ratio of a window that ends now, among the seven windows of the scan.

    Kulldorff, A spatial scan statistic, Communications in Statistics 26 (1997), with one place; prospective as in
    Kulldorff, Prospective time periodic geographical disease surveillance using a scan statistic, Journal of the
    Royal Statistical Society A 164 (2001). The number to expect is that of the past, as for all here.
    """
    found = list[float]()
    for now in days:
        rate, last = find_rate(days, now), bisect_right(days, now)
        counts = ((last - bisect_right(days, now - window), rate * window) for window in WINDOWS)
        found.append(max(k * log(k / mu) - (k - mu) if k > mu else 0.0 for k, mu in counts))
    return found


def score_count(days: Sequence[float]) -> list[float]:
    """The number of reports in 24 hours."""
    return [float(bisect_right(days, now) - bisect_right(days, now - 1)) for now in days]


def find_rate(days: Sequence[float], now: float) -> float:
    """Reports a day in the twelve weeks that end a week ago, with the scan's prior."""
    own = bisect_right(days, now - WEEK) - bisect_right(days, now - WEEK - BASELINE)
    return (PRIOR_REPORTS + own) / (PRIOR_DAYS + BASELINE)


RIVALS: dict[str, Scorer] = {
    "EARS C1": score_ears(0),
    "EARS C2": score_ears(2),
    "CUSUM x5": score_cusum(5),
    "CUSUM x20": score_cusum(20),
    "GLR (Kulldorff)": score_glr,
    "count in 24 h": score_count,
}


# --- tuned to the same number of false alarms, and compared

FLOOR = 3
"""Reports in seven days without which nothing speaks, the scan included."""
TUNED_TO = 0.1
GAPS = (2, 6, 24)
"""Mean hours between the reports of an outbreak."""
SCAN = "scan"

Scores = list[tuple[float, float]]
"""Days and scores; only those that pass the floor."""


def score_stream(reports: list[Report], issues: Timeline, start: datetime, end: datetime) -> dict[str, Scores]:
    """The scores of all methods at each report after `start` and until `end`; that of the scan is -log E."""
    gate = Gate(expected=inf, reports=FLOOR, people=FLOOR)
    asked = measure_each(reports, issues, end, start, gate)
    scan = [(to_day(each.at), -log(each.surge.expected)) for each in asked if each.surge.is_surge]
    days = list_counted(reports)
    asks = [
        now > to_day(start) and now <= to_day(end) and place >= FLOOR - 1 and now - days[place - FLOOR + 1] < WEEK
        for place, now in enumerate(days)
    ]
    rivals = {name: list(compress(zip(days, score(days), strict=True), asks)) for name, score in RIVALS.items()}
    return {SCAN: scan, **rivals}


def count_alarms(scores: Scores, threshold: float) -> int:
    """Alarms; those less than a day apart are one."""
    days = [day for day, score in scores if score >= threshold]
    return len(days[:1]) + sum(after - before > 1 for before, after in pairwise(days))


def tune(streams: Sequence[Scores], years: float) -> float:
    """The lowest threshold with at most `TUNED_TO` false alarms a stream and year."""
    tried = sorted({score for scores in streams for _, score in scores})
    tried.append(tried[-1] + 1e-9 if tried else 0.0)
    allowed = TUNED_TO * years * len(streams)

    def is_quiet(threshold: float) -> bool:
        return sum(count_alarms(each, threshold) for each in streams) <= allowed

    return tried[bisect_left(tried, x=True, key=is_quiet)]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Methods at streams of one rate: the thresholds tuned there, false alarms and median reports by threshold.

    Thresholds are those tuned at this rate (`own`) or at another (`given`). An outbreak that is not seen before its
    end counts as infinitely many reports.
    """

    thresholds: dict[str, float]
    alarms: dict[str, float]
    own: dict[str, dict[float, float]]
    given: dict[str, dict[float, float]]


def compare(arrivals: Arrivals, rate: int, streams: int, repeats: int, given: dict[str, float] | None) -> Comparison:
    """All methods at that rate; `alarms` are those at the thresholds that are given, else at those tuned here."""
    dice = roll("rivals", rate)
    quiet = [
        score_stream(arrivals.thin(rate, dice), arrivals.issues, arrivals.start, arrivals.end) for _ in range(streams)
    ]
    own = {name: tune([each[name] for each in quiet], arrivals.years) for name in quiet[0]}
    used = given or own
    alarms = {
        name: sum(count_alarms(each[name], used[name]) for each in quiet) / streams / arrivals.years for name in own
    }
    tables = tuple({name: dict[float, float]() for name in own} for _ in range(2))
    for gap in GAPS:
        seen = [_score_outbreak(arrivals.break_out(rate, gap, roll("outbreak", rate, gap, n))) for n in range(repeats)]
        for table, thresholds in zip(tables, (own, used), strict=True):
            for name, threshold in thresholds.items():
                table[name][gap] = median(count_reports(days, each[name], threshold) for days, each in seen)
    return Comparison(own, alarms, *tables)


def _score_outbreak(outbreak: Outbreak) -> tuple[list[float], dict[str, Scores]]:
    first, last = outbreak.times[0], outbreak.times[-1]
    scores = score_stream(outbreak.reports, outbreak.issues, first - timedelta(seconds=1), last)
    return [to_day(at) for at in outbreak.times], scores


def count_reports(outbreak: Sequence[float], scores: Scores, threshold: float) -> float:
    """The reports of the outbreak until the first alarm, the one that raises it included; infinite without an alarm."""
    alarm = next((day for day, score in scores if score >= threshold), None)
    return inf if alarm is None else bisect_right(outbreak, alarm)
