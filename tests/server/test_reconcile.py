"""What never reached the inbox gets there: by redelivery, or because the issue changed."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.github.app import App
from bot.github.webhook_event import parse_event
from bot.server.delivery import Refused, read_delivery
from bot.server.inbox.types import Delivery
from bot.server.reconcile import (
    KEPT,
    KEY,
    Decision,
    Plan,
    Reconciled,
    Reconciler,
    make_delivery,
    plan_redeliveries,
)
from bot.tracker.app import AppRepository, Attempt
from bot.tracker.types import IssueEvent
from tests.server.memory import MemoryInbox
from tests.stand_ins.fake_github import BOT, FakeGitHub, Fault, Reply, Request
from tests.stand_ins.github_app import FakeApp, StoredDelivery, What
from tests.stand_ins.github_json import START, Json, StoredIssue, Value, error_json, issue_json

NOON = datetime(2030, 11, 30, 12, 0, tzinfo=UTC)
MOST = 6
"""Repositories in a round."""


def attempt(number: int, status: str = "timed out", guid: str = "a", **known: Value) -> Attempt:
    """The n-th attempt, in the n-th minute after NOON."""
    code = {"OK": 202, "timed out": 504}.get(status) or int(status.rpartition(" ")[2])
    stated: Json = {
        "id": number,
        "guid": guid,
        "event": "issues",
        "action": "opened",
        "status": status,
        "status_code": code,
        "delivered_at": NOON + timedelta(minutes=number),
    }
    return Attempt(**stated | known)


LOST = attempt(1)
PUSH = {"event": "push", "action": ""}


@pytest.mark.parametrize(
    "attempts, is_gap, is_repeated, reason",
    [
        pytest.param([LOST], False, True, "the last attempt failed: timed out", id="lost"),
        pytest.param([attempt(1, "OK")], False, False, "the server accepted it", id="accepted"),
        pytest.param([attempt(2, "OK"), LOST], False, False, "the server accepted it", id="accepted at last"),
        pytest.param([LOST, attempt(2)], False, True, "the last attempt failed: timed out", id="lost again"),
        pytest.param(
            [attempt(n, "Invalid HTTP Response: 400") for n in (1, 2)],
            False,
            True,
            "the last attempt failed: Invalid HTTP Response: 400",
            id="refused twice",
        ),
        pytest.param(
            [attempt(n, "Invalid HTTP Response: 400") for n in (1, 2, 3)],
            False,
            False,
            "the server refused it 3 times",
            id="refused three times",
        ),
        pytest.param(
            [attempt(n, "Invalid HTTP Response: 401") for n in (1, 2, 3, 4)],
            False,
            True,
            "the last attempt failed: Invalid HTTP Response: 401",
            id="the secret was wrong",
        ),
        pytest.param([attempt(1, event="star", action="created")], False, False, "nothing to do", id="not wanted"),
        pytest.param([attempt(1, action="pinned")], False, False, "nothing to do", id="an action that is not wanted"),
        pytest.param([attempt(1, **PUSH)], False, True, "the last attempt failed: timed out", id="a lost push"),
        pytest.param([attempt(1, guid="known")], False, False, "the inbox has it", id="arrived although it failed"),
        pytest.param(
            [attempt(1, delivered_at=NOON - KEPT)], False, False, "GitHub does not keep it any more", id="too old"
        ),
        pytest.param(
            [attempt(1, "OK")],
            True,
            True,
            "the server accepted it, and the inbox does not have it",
            id="lost by the server",
        ),
        pytest.param(
            [attempt(1, "OK"), attempt(2, "OK", is_redelivery=True)],
            True,
            False,
            "the server accepted it",
            id="accepted twice, so it was ignored",
        ),
        pytest.param(
            [attempt(-2), attempt(-1, "OK", is_redelivery=True)],
            True,
            True,
            "the server accepted it, and the inbox does not have it",
            id="repeated before the gap",
        ),
        pytest.param([attempt(1, "OK", **PUSH)], True, False, "the server accepted it", id="most pushes are ignored"),
        pytest.param([attempt(1, "OK", guid="known")], True, False, "the inbox has it", id="known after a gap"),
    ],
)
def test_a_decision_has_its_reason(attempts: list[Attempt], *, is_gap: bool, is_repeated: bool, reason: str) -> None:
    newest = max(attempts, key=lambda each: each.id)
    plan = plan_redeliveries(attempts, {"known"}, NOON + timedelta(minutes=10), gap=NOON if is_gap else None)
    (decision,) = (*plan.repeated, *plan.others)
    assert (decision.guid, decision.attempt) == (newest.guid, newest.id)
    assert (decision.is_repeated, bool(plan.repeated), plan.is_complete) == (is_repeated, is_repeated, True)
    assert reason in decision.reason


def test_the_oldest_come_first_and_a_round_is_bounded() -> None:
    attempts = [attempt(number, guid=f"guid-{9 - number}") for number in range(9)]
    plan = plan_redeliveries(attempts[::-1], (), NOON, most=2)
    lost = "the last attempt failed: timed out"
    assert plan == Plan(
        repeated=tuple(
            Decision(guid=f"guid-{9 - number}", attempt=number, is_repeated=True, reason=lost) for number in (0, 1)
        ),
        others=tuple(
            Decision(guid=f"guid-{9 - number}", attempt=number, is_repeated=False, reason="later: the round is full")
            for number in range(2, 9)
        ),
        is_complete=False,
    )


def test_what_never_arrived_comes_before_what_is_in_doubt() -> None:
    attempts = [attempt(1, "OK", guid="a"), attempt(2, "OK", guid="b"), attempt(3, guid="c"), attempt(4, guid="d")]
    plan = plan_redeliveries(attempts, (), NOON + timedelta(minutes=10), gap=NOON, most=3)
    assert [each.guid for each in plan.repeated] == ["c", "d", "a"]


WIDGET = AppRepository(id=7, name="octo/widget", default_branch="main")


@pytest.mark.parametrize("minutes, action", [(-1, "edited"), (0, "opened"), (5, "opened")])
def test_an_event_is_made_of_an_issue(minutes: int, action: str) -> None:
    issue = StoredIssue(
        id=1, number=5, title="It breaks", body="Every day.", author=BOT, created_at=f"{START:%Y-%m-%dT%H:%M:%SZ}"
    )
    entry = issue_json("octo/widget", issue, "https://api.github.com")
    made = make_delivery(entry, WIDGET, 9, START - timedelta(minutes=minutes), NOON)
    assert made is not None
    body = json.loads(made.body)
    assert replace(made, body=b"") == Delivery(
        guid=f"reconcile-7-5-{entry['updated_at']}",
        event="issues",
        action=action,
        installation=9,
        repository="octo/widget",
        repository_id=7,
        issue=5,
        body=b"",
        received_at=NOON,
    )
    assert (body["issue"], body["sender"], body["installation"]) == (entry, entry["user"], {"id": 9})
    event = parse_event("issues", body)
    assert isinstance(event, IssueEvent)
    assert (event.repository, event.number, event.action) == ("octo/widget", 5, action)
    assert make_delivery({**entry, "pull_request": {}}, WIDGET, 9, START, NOON) is None


@dataclass
class Server:
    """The intake and the inbox of a server; `status` is what it answers while it cannot work.

    `backup` is what the inbox knew of the first round.
    """

    app: FakeApp
    seconds: float = NOON.timestamp()
    status: int = 0
    inbox: MemoryInbox = field(default_factory=MemoryInbox)
    backup: bytes | None = None

    def __post_init__(self) -> None:
        self.app.now, self.app.post = self.read_seconds, self.take
        asyncio.run(self.inbox.open())
        self.bot = App(self.app.id, self.app.key, self.app.github.url, now=self.read_seconds, sleep=lambda _: None)

    def read_seconds(self) -> float:
        return self.seconds

    def read_clock(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    def take(self, delivery: StoredDelivery) -> tuple[str, int]:
        if self.status:
            return f"Invalid HTTP Response: {self.status}", self.status
        headers = [(name.lower().encode(), value.encode()) for name, value in self.app.write_headers(delivery).items()]
        found = read_delivery(headers, delivery.body, [self.app.secret.encode()], self.read_clock(), self.app.bot.login)
        assert not isinstance(found, Refused)
        if isinstance(found, Delivery):
            asyncio.run(self.inbox.add(found))
        return "OK", 202

    def reconcile(self, minutes: float = 10) -> Reconciled:
        """A round, so many minutes later."""
        self.seconds += 60 * minutes
        is_first = asyncio.run(self.inbox.read_value(KEY)) is None
        done = asyncio.run(Reconciler(self.bot, self.inbox, self.read_clock, most_repositories=MOST).reconcile())
        self.app.wait()
        self.backup = asyncio.run(self.inbox.read_value(KEY)) if is_first else self.backup
        return done

    def list_guids(self) -> set[str]:
        return {entry.delivery.guid for entry in asyncio.run(self.inbox.list_entries(most=100_000))}

    def lose(self, keep: int) -> None:
        """Restore a backup of the time when the inbox had so many deliveries; it knows of the first round only."""
        entries = sorted(asyncio.run(self.inbox.list_entries(most=100_000)), key=lambda each: each.delivery.received_at)
        self.inbox = MemoryInbox()
        asyncio.run(self._restore([entry.delivery for entry in entries[:keep]], self.backup))

    async def _restore(self, deliveries: list[Delivery], known: bytes | None) -> None:
        await self.inbox.open()
        await self.inbox.write_value(KEY, known)
        for delivery in deliveries:
            await self.inbox.add(delivery)


@pytest.fixture
def server(fake_github: FakeGitHub) -> Server:
    server = Server(FakeApp(fake_github))
    server.app.install("octo/widget")
    return server


def test_what_was_lost_is_delivered_again_once(server: Server) -> None:
    server.status = 502
    issue = server.app.open_issue()
    server.app.comment(issue, "Same here.")
    server.app.comment(issue, "Known.", server.app.bot)
    assert server.reconcile() == Reconciled(read=4, redelivered=3)
    server.status = 0
    assert server.reconcile() == Reconciled(read=7, redelivered=3)
    assert [server.reconcile().redelivered for _ in range(3)] == [0, 0, 0]
    wanted = [delivery.guid for delivery in server.app.deliveries[:3]]
    assert server.list_guids() == set(wanted)


def test_what_a_restored_database_lacks_is_delivered_again(server: Server) -> None:
    server.reconcile()
    issue = server.app.open_issue()
    for number in range(5):
        server.seconds += 3600
        server.app.comment(issue, f"Still broken, {number}")
    assert len(server.list_guids()) == 7
    server.lose(keep=3)
    assert server.reconcile().redelivered == 4
    assert len(server.list_guids()) == 7
    assert server.reconcile().redelivered == 0


def test_a_delivery_that_github_does_not_repeat_stops_no_other(server: Server) -> None:
    server.status = 502
    for _ in range(3):
        server.app.open_issue()
    server.status = 0

    def refuse(request: Request) -> Fault | None:
        is_refused = request.path.endswith(f"{server.app.attempts[2].id}/attempts")
        reply = Reply(status=422, body=error_json("cannot be redelivered"))
        return Fault(kind="answer", reply=reply) if is_refused else None

    server.app.github.disturb = refuse
    done = server.reconcile()
    assert (done.redelivered, [problem.partition(":")[0] for problem in done.problems]) == (
        2,
        ["Could not redeliver the webhook delivery 10000002"],
    )
    server.app.github.disturb = lambda _: None
    assert server.reconcile().redelivered == 1


def test_what_github_did_not_repeat_for_hours_is_repeated_later(server: Server) -> None:
    def refuse(request: Request) -> Fault | None:
        reply = Reply(status=403, body=error_json("You have exceeded a secondary rate limit."))
        return Fault(kind="answer", reply=reply) if request.path.endswith("/attempts") else None

    server.reconcile()
    server.status = 502
    for _ in range(7):
        server.app.open_issue()
    server.status = 0
    server.app.github.disturb = refuse
    assert [len(server.reconcile(60).problems) for _ in range(3)] == [5, 5, 5]
    server.app.github.disturb = lambda _: None
    assert [server.reconcile().redelivered for _ in range(2)] == [7, 0]


def test_one_that_github_did_not_repeat_for_hours_is_repeated_later(server: Server) -> None:
    server.reconcile()
    server.status = 502
    server.app.open_issue()
    server.status = 0
    fault = Fault(kind="answer", reply=Reply(status=502, body=error_json("later")))
    server.app.github.disturb = lambda request: fault if request.path.endswith("/attempts") else None
    assert [len(server.reconcile(60).problems) for _ in range(3)] == [1, 1, 1]
    server.app.github.disturb = lambda _: None
    assert [server.reconcile().redelivered for _ in range(2)] == [1, 0]


@pytest.fixture
def blind(server: Server) -> Server:
    """A server whose GitHub lists no deliveries, and has the same time as its issues."""
    server.app.lists_deliveries = False
    server.seconds = START.timestamp()
    return server


def advance(server: Server, minutes: int) -> None:
    """Let time pass for issues, too."""
    server.seconds += 60 * minutes
    server.app.github.wait_until(int(server.seconds - START.timestamp()))


def list_issues(server: Server) -> set[tuple[str, int, str]]:
    entries = asyncio.run(server.inbox.list_entries(most=1000))
    return {
        (entry.delivery.repository, entry.delivery.issue, entry.delivery.action)
        for entry in entries
        if entry.delivery.guid.startswith("reconcile-")
    }


def test_without_a_list_of_deliveries_changed_issues_are_read(blind: Server) -> None:
    blind.status = 502
    old, older = blind.app.open_issue(), blind.app.open_issue()
    advance(blind, 300)
    assert blind.reconcile(0) == Reconciled()
    advance(blind, 120)
    blind.app.edit_issue(old, "It is worse now.")
    blind.app.open_issue()
    blind.app.open_issue(is_pull_request=True)
    assert blind.reconcile(10) == Reconciled(read=3, added=2)
    assert list_issues(blind) == {("octo/widget", old.number, "edited"), ("octo/widget", 3, "opened")}
    assert older.number == 2
    assert blind.reconcile(10) == Reconciled(read=3)
    assert [blind.reconcile(minutes).read for minutes in (70, 10)] == [3, 0]


def test_installations_that_are_gone_or_fail_do_not_hide_the_others(blind: Server) -> None:
    blind.status = 502
    suspended, removed = blind.app.install("acme/anvil"), blind.app.install("evil/lair")
    blind.app.install("good/well")
    blind.reconcile(0)
    blind.app.suspend(suspended)
    blind.app.open_issue(repository="good/well")
    blind.app.open_issue(repository="octo/widget")
    fault = Fault(kind="answer", reply=Reply(status=403, body=error_json("Blocked")))
    blind.app.github.disturb = lambda request: fault if request.path == "/repos/octo/widget/issues" else None
    done = blind.reconcile()
    assert (done.added, [problem.partition(":")[0] for problem in done.problems]) == (
        1,
        ["Could not read the issues of octo/widget"],
    )
    blind.app.remove(removed)
    blind.app.github.disturb = lambda _: None
    assert blind.reconcile(120).added == 1
    assert list_issues(blind) == {("good/well", 1, "opened"), ("octo/widget", 1, "opened")}


def test_many_installations_are_read_in_several_rounds(blind: Server) -> None:
    blind.status = 502
    for number in range(3):
        names = [f"org-{number}/widget-{each}" for each in range(MOST // 2)]
        blind.app.install(*names)
        for name in names:
            blind.app.open_issue(repository=name)
    blind.reconcile(0)
    assert [blind.reconcile(10).added for _ in range(4)] == [MOST, MOST // 2, 0, 0]


FATES: tuple[What | int, ...] = ("send", "drop", "double", "hold", 500, 401)
EVENTS: Mapping[str, Callable[[FakeApp, list[StoredIssue]], object]] = {
    "open": lambda app, issues: issues.append(app.open_issue()),
    "edit": lambda app, issues: app.edit_issue(issues[0], "It is worse."),
    "comment": lambda app, issues: app.comment(issues[-1], "Same here."),
    "answer": lambda app, issues: app.comment(issues[-1], "Known.", app.bot),
    "push": lambda app, _: app.push("octo/widget", ".github/signpost/rules.yml"),
}


def happen(server: Server, fate: What | int, event: str, issues: list[StoredIssue]) -> None:
    """Let something happen while the server answers with a status, or something becomes of the delivery."""
    server.status = fate if isinstance(fate, int) else 0
    what: What = fate if isinstance(fate, str) else "send"
    server.app.disturb = lambda _: what
    EVENTS[event](server.app, issues)
    server.status, server.app.disturb = 0, lambda _: "send"


STEPS = st.tuples(st.sampled_from(FATES), st.sampled_from(sorted(EVENTS)), st.sampled_from([1, 60, 900]), st.booleans())


@pytest.mark.slow
@settings(max_examples=20)
@given(st.lists(STEPS, max_size=12), st.none() | st.integers(0, 5), st.randoms(use_true_random=False))
def test_whatever_is_lost_doubled_late_or_out_of_order_arrives_once(
    steps: list[tuple[What | int, str, float, bool]], backup: int | None, random: Random
) -> None:
    """Each event that the server has something to do for, and no other. A backup may lack some pushes."""
    with FakeGitHub() as github:
        server = Server(FakeApp(github))
        app = server.app
        app.install("octo/widget")
        server.reconcile(0)
        issues = [app.open_issue()]
        for fate, event, seconds, is_round in steps:
            server.seconds += seconds
            happen(server, fate, event, issues)
            if is_round:
                server.reconcile()
        if backup is not None:
            server.lose(keep=backup)
            server.seconds += 3600
        app.release(lambda held: random.sample(held, len(held)))
        server.reconcile()
        wanted = {each.guid for each in app.deliveries if each.payload["sender"]["login"] != app.bot.login}
        spared = {each.guid for each in app.deliveries if each.event == "push" and backup is not None}
        assert wanted - spared <= server.list_guids() <= wanted
        assert server.reconcile().redelivered == 0
