"""A reading that is killed continues where it was, and gives the same graph."""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from bot.insights.graph.discovery import discover
from bot.insights.graph.journal import LIFETIME, resume
from bot.insights.graph.types import Graph, Options
from bot.tracker.graph import Address
from tests.insights.graph.graphs import AMPLE, NOW, reader
from tests.stand_ins.command import LOCK
from tests.stand_ins.fake_github import HARD_FAULTS, FakeGitHub, Fault
from tests.stand_ins.neighbourhood import HERE, build_crowd, build_neighbourhood
from tests.stand_ins.patience import LONGEST

pytestmark = pytest.mark.slow

SEEDS = [Address(HERE, 1)]
KEY = ("octo", "widget", "1")
_fork = get_context("forkserver")


def read_with_journal(url: str, folder: Path, options: Options = AMPLE) -> Graph:
    with resume(reader(url), folder, KEY, NOW) as source:
        return discover(SEEDS, source, options, NOW)


def _live(start: Connection, url: str, folder: Path, options: Options) -> None:
    """What runs in the process that is killed."""
    start.recv()
    read_with_journal(url, folder, options)


def kill_at(fake: FakeGitHub, folder: Path, options: Options, number: int, fault: Fault) -> int:
    """Read in a process that is killed at a request; returns its exit code."""
    ours, theirs = _fork.Pipe()
    process = _fork.Process(target=_live, args=(theirs, fake.url, folder, options))
    with LOCK:
        process.start()
    fake.victim, fake.faults = process.pid, {len(fake.requests) + number: fault}
    ours.send("start")
    process.join(LONGEST)
    assert process.exitcode is not None
    fake.faults = {}
    return process.exitcode


@pytest.mark.parametrize("kind", ["kill-before", "kill-after"])
@pytest.mark.parametrize(
    "build, options",
    [
        pytest.param(build_neighbourhood, AMPLE, id="all kinds of links"),
        pytest.param(lambda fake: build_crowd(fake, 500), Options(), id="a crowd beyond the budget"),
    ],
)
def test_a_reading_that_is_killed_at_any_request_continues(
    kind: str, build: Callable[[FakeGitHub], None], options: Options, tmp_path: Path
) -> None:
    fault = Fault(kind="kill-before" if kind == "kill-before" else "kill-after")
    with FakeGitHub() as fake:
        build(fake)
        whole = read_with_journal(fake.url, tmp_path, options)
        wrong = list[str]()
        for number in range(1, whole.coverage.requests + 1):
            if kill_at(fake, tmp_path, options, number, fault) >= 0:
                wrong.append(f"{number}: was not killed")
            before = len(fake.requests)
            again = read_with_journal(fake.url, tmp_path, options)
            if again != whole:
                wrong.append(f"{number}: another graph")
            if number > 7 and len(fake.requests) - before >= whole.coverage.requests:
                wrong.append(f"{number}: asked everything again")
        assert wrong == []
        assert list(tmp_path.iterdir()) == []


def stop_early(fake: FakeGitHub, folder: Path) -> Path:
    """The journal of a reading that was interrupted right before its end."""
    with suppress(InterruptedError), resume(reader(fake.url), folder, KEY, NOW) as source:
        discover(SEEDS, source, AMPLE, NOW)
        raise InterruptedError
    (path,) = folder.iterdir()
    return path


CHANGES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "cut off": lambda text: text[: len(text) // 2],
    "another version": lambda text: text.replace('"version": 1', '"version": 2', 1),
    "another key": lambda text: text.replace("widget", "gadget", 1),
    "not JSON": lambda text: text.replace("{", "[", 3),
    "a node of another shape": lambda text: text.replace('"title": "Issue 1"', '"title": 1', 1),
    "a negative number of requests": lambda text: text.replace('"requests": 1}', '"requests": -1}', 1),
    "other questions": lambda text: text.replace('"question": ["nodes", ', '"question": ["nodes", 1', 1),
    "no time": lambda text: text.replace('"at": "', '"at": "?', 1),
    "nested too deeply": lambda text: text + "[" * 100_000,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_damaged_journal_changes_nothing(name: str, tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        path = stop_early(fake, tmp_path)
        path.write_text(CHANGES[name](path.read_text("utf-8")), "utf-8")
        graph = read_with_journal(fake.url, tmp_path)
        whole = discover(SEEDS, reader(fake.url), AMPLE, NOW)

    assert graph == whole
    assert list(tmp_path.iterdir()) == []


def test_a_whole_journal_needs_no_request(tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        stop_early(fake, tmp_path)
        before = len(fake.requests)
        graph = read_with_journal(fake.url, tmp_path, AMPLE)
        sent = len(fake.requests) - before

    assert (sent, graph.coverage.requests) == (0, before)


@pytest.mark.parametrize("age", [LIFETIME + timedelta(seconds=1), timedelta(seconds=-1)])
def test_a_journal_lives_for_an_hour(age: timedelta, tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        stop_early(fake, tmp_path)
        before = len(fake.requests)
        with resume(reader(fake.url), tmp_path, KEY, NOW + age) as source:
            discover(SEEDS, source, AMPLE, NOW)

    assert len(fake.requests) == 2 * before


def test_only_this_user_can_read_a_journal(tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        path = stop_early(fake, tmp_path)

    assert path.stat().st_mode & 0o077 == 0
    assert json.loads(path.read_text("utf-8").splitlines()[0])["version"] == 1


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        graph = read_with_journal(fake.url, tmp_path / "file")
        whole = discover(SEEDS, reader(fake.url), AMPLE, NOW)

    assert graph == replace(whole, coverage=graph.coverage)


def test_a_reading_that_github_refused_continues_later(tmp_path: Path) -> None:
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        whole = read_with_journal(fake.url, tmp_path)
        limit, start = HARD_FAULTS["limit for an hour"], len(fake.requests)
        fake.disturb = lambda request: limit if request.number > start + 4 else None
        part = read_with_journal(fake.url, tmp_path)
        fake.disturb = lambda _: None
        before = len(fake.requests)
        graph = read_with_journal(fake.url, tmp_path)
        sent = len(fake.requests) - before

    assert len(part.nodes) < len(graph.nodes)
    assert (graph, sent < whole.coverage.requests) == (whole, True)
    assert list(tmp_path.iterdir()) == []


def test_journals_that_no_run_will_use_are_deleted(tmp_path: Path) -> None:
    old, new = tmp_path / "graph-1.jsonl", tmp_path / "graph-2.jsonl"
    for path in (old, new, tmp_path / "other.jsonl"):
        path.write_text("", "utf-8")
    os.utime(old, ((NOW - LIFETIME).timestamp() - 1,) * 2)
    with FakeGitHub() as fake:
        build_neighbourhood(fake)
        read_with_journal(fake.url, tmp_path, Options(depth=0))

    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph-2.jsonl", "other.jsonl"]
