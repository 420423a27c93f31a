"""What the tests of discovery share: a reader of the fake GitHub, and a graph as lines that a person can compare."""

from collections.abc import Iterator
from datetime import UTC, datetime

from bot.github.client import GitHubTracker, connect
from bot.github.transport import Patience
from bot.insights.graph.discovery import discover
from bot.insights.graph.types import Graph, Options
from bot.tracker.graph import Address
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.neighbourhood import HERE
from tests.stand_ins.patience import LONGEST

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HURRY = Patience(max_wait=2, tries=4, between_writes=0, answer=LONGEST)
AMPLE = Options(budget=40)


def reader(url: str, token: str | None = "ghs_bot") -> GitHubTracker:  # noqa: S107 - a token of the fake
    return connect(token, url, patience=HURRY, sleep=lambda _: None)


def read_graph(
    fake: FakeGitHub,
    options: Options = AMPLE,
    *numbers: int,
    token: str | None = "ghs_bot",  # noqa: S107
) -> Graph:
    seeds = [Address(HERE, number) for number in numbers or (1,)]
    return discover(seeds, reader(fake.url, token), options, NOW)


def write_edges(graph: Graph) -> list[str]:
    return [f"{name(edge.source)} {edge.kind} {name(edge.target)} ({edge.place})" for edge in graph.edges]


def write_unread(graph: Graph) -> list[str]:
    unread = sorted(graph.unread.values(), key=lambda each: each.address)
    moved = {each.address: f" {name(each.moved_to)}" if each.moved_to else "" for each in unread}
    return [f"{name(each.address)} {each.reason}{moved[each.address]}" for each in unread]


def write_distances(graph: Graph) -> dict[int, str]:
    """The nodes at each distance."""
    steps = sorted(set(graph.distance.values()))
    return {
        step: " ".join(name(each) for each in sorted(graph.distance) if graph.distance[each] == step) for step in steps
    }


def write_chains(graph: Graph) -> list[str]:
    return [f"{' '.join(map(name, chain.steps))} {chain.end}" for chain in graph.chains.values()]


def write_fixes(graph: Graph) -> list[str]:
    return list(_list_fixes(graph))


def _list_fixes(graph: Graph) -> Iterator[str]:
    for issue, fixes in graph.fixes.items():
        for fix in fixes:
            sure = "verified" if fix.is_verified else "known" if fix.is_release_known else "unknown"
            by = name(fix.by) if fix.by else fix.commit
            yield f"{name(issue)} by {by} in {fix.release.tag if fix.release else None} ({sure})"


def name(address: Address) -> str:
    return str(address).removeprefix(HERE)
