"""A fault at any request of a reading is reported in place, and loses nothing else."""

import pytest

from bot.insights.graph.types import Graph, Options
from tests.insights.graph.graphs import AMPLE, read_graph, write_edges, write_unread
from tests.stand_ins.fake_github import FAULTS, HARD_FAULTS, FakeGitHub, Fault
from tests.stand_ins.neighbourhood import build_neighbourhood

pytestmark = pytest.mark.slow

LASTING = {"limit for an hour", "GraphQL's limit"}
"""After these, no further request succeeds. A 404 for the first query means that there is no GraphQL."""

KINDS = {name: fault for name, fault in {**HARD_FAULTS, **FAULTS}.items() if not name.startswith("killed")}
KINDS["secondary limit"] = HARD_FAULTS["secondary limit"]
KINDS["429"] = HARD_FAULTS["429"]


def read(faults: dict[int, Fault], options: Options = AMPLE, token: str | None = "ghs_bot") -> tuple[Graph, int]:  # noqa: S107
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        fake.faults = faults
        return read_graph(fake, options, token=token), len(fake.requests)


def check(graph: Graph, whole: Graph, name: str) -> list[str]:
    """What a graph leaves out, or claims beyond the whole one, without a word."""
    is_same = (write_edges(graph), write_unread(graph), graph.fixes) == (
        write_edges(whole),
        write_unread(whole),
        whole.fixes,
    )
    is_told = set(graph.coverage.gaps) > set(whole.coverage.gaps) or graph.coverage.gaps != whole.coverage.gaps
    return [] if is_same or is_told else [f"{name}: {graph.coverage.gaps} says nothing of what is missing"]


@pytest.mark.parametrize("name", KINDS)
def test_a_fault_at_any_request_is_survived(name: str) -> None:
    whole, requests = read({})
    wrong = list[str]()
    for number in range(1, requests + 1):
        graph, sent = read({number: KINDS[name]})
        wrong += check(graph, whole, f"{name} at {number}")
        if name in LASTING or (name, number) == ("404", 1):
            continue
        if len(whole.nodes) - len(graph.nodes) > 1 or sent > AMPLE.budget + 1:
            wrong.append(f"{name} at {number}: {sent} requests, {len(graph.nodes)} nodes, {graph.coverage.gaps}")
    assert wrong == []


@pytest.mark.parametrize("name", KINDS)
def test_a_fault_at_any_request_of_rest_is_survived(name: str) -> None:
    options = Options(budget=20)
    whole, requests = read({}, options, None)
    wrong = list[str]()
    for number in range(1, requests + 1):
        graph, _ = read({number: KINDS[name]}, options, None)
        wrong += check(graph, whole, f"{name} at {number}")
    assert wrong == []
