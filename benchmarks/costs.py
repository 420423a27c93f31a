"""The costs of an index next to SQLite's full-text search (FTS5), and how to measure such times."""

import resource
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import NamedTuple

from bot.tracker.types import Issue


class Spread(NamedTuple):
    """The median and the 95th percentile."""

    median: float
    high: float


class Timing(NamedTuple):
    """Milliseconds by the clock on the wall, and of CPU."""

    wall: Spread
    cpu: Spread


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Builds in seconds, sizes in megabytes, `memory` that of this process at its peak; the rest is per issue asked."""

    issues: int
    built: float
    built_cpu: float
    size: float
    memory: float
    query: Timing
    new_process: Timing
    added: Timing
    fts_built: float
    fts_size: float
    fts_query: Timing


def measure(do: Callable[[Issue], object], queries: Sequence[Issue]) -> Timing:
    """The time of each query, after a first one that is not counted."""
    do(queries[0])
    return _sum_up([_time_query(do, issue) for issue in queries])


def _time_query(do: Callable[[Issue], object], issue: Issue) -> tuple[float, float]:
    begun, start = perf_counter(), process_time()
    do(issue)
    return perf_counter() - begun, process_time() - start


def measure_command(command: Sequence[str], rounds: int) -> Timing:
    """The time of a command in a process of its own, after a first one that is not counted."""
    return _sum_up([_time_command(command) for _ in range(rounds + 1)][1:])


def _time_command(command: Sequence[str]) -> tuple[float, float]:
    begun, start = perf_counter(), read_cpu(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - begun, read_cpu(resource.RUSAGE_CHILDREN) - start


def _sum_up(seconds: Sequence[tuple[float, float]]) -> Timing:
    wall, cpu = zip(*seconds, strict=True)
    return Timing(_spread(wall), _spread(cpu))


def _spread(seconds: Sequence[float]) -> Spread:
    ordered = sorted(1_000 * second for second in seconds)
    return Spread(ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))])


def read_cpu(*whose: int) -> float:
    """CPU seconds that were used so far by this process, its children, or both."""
    used = [resource.getrusage(who) for who in whose]
    return sum(one.ru_utime + one.ru_stime for one in used)


def list_tables(costs: Sequence[Cost]) -> list[str]:
    """Two Markdown tables with one row per size: the build, and the queries."""
    return [
        "| issues | build s | build CPU s | MB | peak MB | FTS5 build s | FTS5 MB |",
        "|---|---|---|---|---|---|---|",
        *(_make_row(cost.issues, *_list_built(cost)) for cost in costs),
        "",
        "| issues | query ms | CPU | new process ms | CPU | add one ms | CPU | FTS5 query ms | CPU |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_make_row(cost.issues, *_list_asked(cost)) for cost in costs),
    ]


def _list_built(cost: Cost) -> list[str]:
    seconds = [f"{cost.built:.1f}", f"{cost.built_cpu:.1f}"]
    return [*seconds, f"{cost.size:.0f}", f"{cost.memory:.0f}", f"{cost.fts_built:.1f}", f"{cost.fts_size:.0f}"]


def _list_asked(cost: Cost) -> list[str]:
    timings = [(cost.query, 0), (cost.new_process, 0), (cost.added, 1), (cost.fts_query, 0)]
    return [f"{spread.median:.{digits}f} ({spread.high:.{digits}f})" for timing, digits in timings for spread in timing]


def _make_row(issues: int, *cells: str) -> str:
    return f"| {issues:,} | {' | '.join(cells)} |"
