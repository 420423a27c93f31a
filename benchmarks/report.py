"""What the issue graph of a report costs: requests, CPU seconds and seconds for 50 and 500 linked issues.

The fake GitHub of the tests answers in a process of its own, after `--delay` seconds in each direction. Beside Signpost
stands a plain walk through REST in the same run: the issue, its timeline, and for each issue in it three requests (the
issue, its comments, its timeline), as scripts with `gh api` do it.

    python -m benchmarks.report [--delay 0.05]
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import NamedTuple

import requests

from bot.github.client import connect
from bot.insights.graph.discovery import discover
from bot.insights.graph.types import Options
from bot.tracker.graph import Address
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.neighbourhood import HERE, build_crowd

_AMPLE = 60
"""Requests that are enough for 500 linked issues."""


class Cost(NamedTuple):
    """What one reading took, and how many issues and pull requests it read."""

    name: str
    nodes: int
    requests: int
    cpu: float
    wall: float


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds in each direction (default: 0.05)")
    delay = parser.parse_args().delay
    print("| linked | reader | read | requests | CPU s | s |\n|---|---|---|---|---|---|")
    for linked in (50, 500):
        for cost in measure(linked, delay):
            figures = f"{cost.nodes} | {cost.requests} | {cost.cpu:.2f} | {cost.wall:.1f}"
            print(f"| {linked} | {cost.name} | {figures} |", flush=True)


def measure(linked: int, delay: float) -> Iterator[Cost]:
    """Signpost with its usual budget and with an ample one, without a token, and the plain walk."""
    with serve(linked, delay) as url:
        yield _time(f"Signpost, budget {Options().budget}", lambda: _read(url, Options().budget, "ghs_bot"))
        yield _time(f"Signpost, budget {_AMPLE}", lambda: _read(url, _AMPLE, "ghs_bot"))
        yield _time(f"Signpost without a token, budget {_AMPLE}", lambda: _read(url, _AMPLE, None))
        yield _time("plain walk through REST", lambda: _walk(url))


def _time(name: str, read: Callable[[], tuple[int, int]]) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    nodes, sent = read()
    return Cost(name, nodes, sent, time.process_time() - cpu, time.perf_counter() - wall)


def _read(url: str, budget: int, token: str | None) -> tuple[int, int]:
    graph = discover([Address(HERE, 1)], connect(token, url), Options(budget=budget), datetime.now(UTC))
    return len(graph.nodes), graph.coverage.requests


def _walk(url: str) -> tuple[int, int]:
    """One issue at a time, with a connection that stays open."""
    with requests.Session() as session:
        session.headers["Authorization"] = "token ghs_bot"
        sent = 0

        def get_list(path: str) -> list[dict[str, object]]:
            nonlocal sent
            entries, following = list[dict[str, object]](), f"{url}/repos/{HERE}/issues/{path}?per_page=100"
            while following:
                answer = session.get(following, timeout=60)
                sent += 1
                entries += answer.json()
                following = answer.links.get("next", {}).get("url", "")
            return entries

        def get_issue(number: int) -> list[dict[str, object]]:
            nonlocal sent
            session.get(f"{url}/repos/{HERE}/issues/{number}", timeout=60).raise_for_status()
            sent += 1
            get_list(f"{number}/comments")
            return get_list(f"{number}/timeline")

        sources = [entry["source"] for entry in get_issue(1) if entry["event"] == "cross-referenced"]
        numbers = [source["issue"]["number"] for source in sources if isinstance(source, dict)]
        for number in numbers:
            get_issue(number)
        return len(numbers) + 1, sent


@contextmanager
def serve(linked: int, delay: float) -> Iterator[str]:
    """A fake GitHub with a crowded issue, in a process of its own; gives its address."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, linked, delay), daemon=True)
    process.start()
    yield ours.recv()
    ours.send("stop")
    process.join()


def _serve(pipe: Connection, linked: int, delay: float) -> None:
    with FakeGitHub() as fake:
        build_crowd(fake, linked)
        fake.delay = lambda: delay
        pipe.send(fake.url)
        pipe.recv()


if __name__ == "__main__":
    main()
