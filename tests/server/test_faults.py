"""The server is killed at every step, its database restarts and its network is cut: one comment an issue, none lost."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest

from tests.server.test_story import add_rules, expect_clean_log, is_quiet, list_ours
from tests.stand_ins.fake_github import FakeGitHub, Fault
from tests.stand_ins.github_app import FakeApp, StoredDelivery
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.github_state import Request
from tests.stand_ins.patience import LONGEST
from tests.stand_ins.postgres import PostgresServer
from tests.stand_ins.server import ServerProcess
from tests.stand_ins.story import MATCHING, OTHER

pytestmark = pytest.mark.slow(minutes=8)

REPOSITORIES = 50
ISSUES = 150
"""Each has two deliveries: one that it was opened, and one that it was edited. Each is sent twice."""

HASTE = 0.04
"""How probable it is that a delivery does not wait any longer for a server that is down."""

HUNTED_SECONDS = 20.0
"""How much longer servers die after the last delivery was sent."""

MOST_KILLS = 12
"""At steps, and as many at random: on a busy machine, each start takes many seconds."""

CUT_SECONDS = 3.0
RECONCILED = 61.0
"""Seconds after which a start asks GitHub for lost deliveries again; see SHORTEST_GAP."""


@dataclass
class Hunt:
    """Kills servers and starts them again. `every` is the number of requests between two kills at a step."""

    github: FakeGitHub
    servers: Sequence[ServerProcess]
    every: int
    chance: random.Random
    at_steps: int = 0
    at_random: int = 0
    cut_until: float = 0.0
    over: Event = field(default_factory=Event)

    def disturb(self, request: Request) -> Fault | None:
        """Kill the server that asks, before or after GitHub does something; or cut the network."""
        if self.over.is_set():
            return None
        if monotonic() < self.cut_until:
            return Fault(kind="reset")
        if request.number % self.every or self.at_steps == MOST_KILLS:
            return None
        running = [server for server in self.servers if server.is_running()]
        if not running:
            return None
        self.at_steps += 1
        self.github.victim = self.chance.choice(running).pid
        return Fault(kind=self.chance.choice(("kill-before", "kill-after")))

    def run(self) -> None:
        """Start what is dead, and kill at random what has started."""
        order = [*self.servers]
        next_kill = monotonic() + 5
        while not self.over.is_set():
            sleep(0.05)
            for server in self.servers:
                if not server.is_running():
                    server.launch()
            if monotonic() > next_kill and self.at_random < MOST_KILLS:
                for server in [each for each in order if each.is_ready_now()][:1]:
                    self.at_random += 1
                    server.kill()
                self.chance.shuffle(order)
                next_kill = monotonic() + self.chance.uniform(2, 5)

    @contextmanager
    def hunting(self) -> Iterator[None]:
        self.github.disturb = self.disturb
        thread = Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self.over.set()
            thread.join()


@dataclass
class Scene:
    """Issues of many repositories, and the deliveries about them, which GitHub holds back."""

    app: FakeApp
    issues: list[StoredIssue]

    def send(self, chance: random.Random, servers: Sequence[ServerProcess]) -> None:
        """Send all twice, in any order. Most wait until a server is there; what does not is lost if it is down."""
        self.app.disturb = lambda _: "send"

        def wait() -> float:
            while chance.random() > HASTE and not any(server.is_ready_now() for server in servers):
                sleep(0.1)
            return 0.02

        self.app.delay = wait

        def shuffle(held: list[StoredDelivery]) -> list[StoredDelivery]:
            return chance.sample(held * 2, len(held) * 2)

        self.app.release(shuffle)
        self.app.delay = lambda: 0

    def count_comments(self) -> dict[int, int]:
        """How many issues have how many comments of ours."""
        counts = [len(list_ours(issue)) for issue in self.issues]
        return {number: counts.count(number) for number in sorted(set(counts))}

    def is_done(self) -> bool:
        return self.count_comments() == {1: len(self.issues)}


def make_scene(app: FakeApp) -> Scene:
    names = [f"octo/repository-{number}" for number in range(REPOSITORIES)]
    add_rules(app.github, *names)
    app.install(*names)
    app.disturb = lambda _: "hold"
    issues = []
    for number in range(ISSUES):
        issue = app.open_issue(body=OTHER, repository=names[number % REPOSITORIES])
        app.edit_issue(issue, MATCHING)
        issues.append(issue)
    return Scene(app, issues)


def find_order(servers: Sequence[ServerProcess]) -> list[str]:
    """The issues whose deliveries were not handled in the order in which they were stored; there must be none.

    GitHub does not know that order: a server that dies after it stored a delivery has not answered. And a server that
    dies after it handled one has not logged that.
    """
    stored: dict[str, list[str]] = {}
    for entry in reversed(servers[0].list_entries()):
        place = f"{entry.delivery.repository}#{entry.delivery.issue}"
        stored.setdefault(place, []).append(entry.delivery.guid)
    handled: dict[str, list[str]] = {}
    lines = sorted((line for server in servers for line in server.read_log()), key=lambda line: str(line["time"]))
    for line in lines:
        if line.get("outcome") in {"done", "skipped"} and "issue" in line:
            guids = handled.setdefault(f"{line['repository']}#{line['issue']}", [])
            if line["delivery"] not in guids:
                guids.append(str(line["delivery"]))
    return [place for place, guids in handled.items() if [each for each in stored[place] if each in guids] != guids]


def play(app: FakeApp, servers: Sequence[ServerProcess], every: int, on_half: Callable[[Hunt], None]) -> Hunt:
    """Send everything while servers die; returns when every issue has its comment."""
    chance = random.Random(17)  # noqa: S311 (no secret)
    scene = make_scene(app)
    hunt = Hunt(app.github, servers, every, chance)
    app.hook_url = servers[0].hook_url
    with hunt.hunting():
        sender = Thread(target=scene.send, args=(chance, servers))
        sender.start()
        sleep(15)
        on_half(hunt)
        sender.join()
        ends = monotonic() + HUNTED_SECONDS
        while not scene.is_done() and monotonic() < ends:
            sleep(0.5)
    app.wait()
    sleep(RECONCILED)
    for server in servers:
        server.kill()
        server.start()
    servers[0].wait_until(scene.is_done, 2 * LONGEST)
    servers[0].wait_until(lambda: is_quiet(servers[0]))
    app.wait()
    assert find_order(servers) == []
    print(  # noqa: T201 (the figures of the run)
        f"\n{hunt.at_steps} kills at a step, {hunt.at_random} at random; comments {scene.count_comments()}"
    )
    assert scene.count_comments() == {1: ISSUES}
    return hunt


def cut_the_network(hunt: Hunt) -> None:
    hunt.cut_until = monotonic() + CUT_SECONDS


@pytest.fixture
def app(fake_github: FakeGitHub) -> FakeApp:
    app = FakeApp(fake_github)
    app.secret = "its-a-secret-to-everybody"
    return app


def test_a_server_with_sqlite_dies_again_and_again_and_loses_nothing(app: FakeApp, tmp_path: Path) -> None:
    with ServerProcess(app, f"sqlite:///{tmp_path / 'signpost.db'}", tmp_path, workers="4", sweep_hours="0") as server:
        hunt = play(app, [server], 83, cut_the_network)
        status = server.show_status()

    assert hunt.at_steps + hunt.at_random > 10
    assert (status["counts"]["dead"], status["counts"]["done"]) == (0, len(app.deliveries))
    expect_clean_log(app, server)


def test_two_servers_with_postgresql_die_again_and_again_and_lose_nothing(
    app: FakeApp, postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.create_database()

    def restart(hunt: Hunt) -> None:
        cut_the_network(hunt)
        postgres.restart()

    with ExitStack() as stack:
        servers = [
            stack.enter_context(ServerProcess(app, url, tmp_path, workers="4", sweep_hours="0")) for _ in range(2)
        ]
        hunt = play(app, servers, 61, restart)
        status = servers[0].show_status()

    assert hunt.at_steps + hunt.at_random > 10
    assert (status["counts"]["dead"], status["counts"]["done"]) == (0, len(app.deliveries))
    for server in servers:
        expect_clean_log(app, server)
