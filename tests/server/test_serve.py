"""The life of a server: it listens at once, works as soon as it can, and stops without losing a delivery."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.errors import SettingsError, TrackerError
from bot.server.inbox.types import Chore, Delivery, Handle, Handled, PostponedError
from bot.server.serve import Parts, Server, Work, bind, find_lacks, list_results, name_address, write_outcome
from bot.server.settings import ServerSettings
from bot.server.setup import EVENTS
from bot.tracker.app import AppIdentity
from tests.server.memory import MemoryInbox
from tests.stand_ins.patience import LONGEST


def make_delivery(guid: str = "guid-1", issue: int = 1) -> Delivery:
    return Delivery(
        guid=guid,
        event="issues",
        action="opened",
        installation=5,
        repository="octo/widget",
        repository_id=9,
        issue=issue,
        body=b"{}",
        received_at=datetime.now(UTC),
    )


@dataclass
class World:
    """A server with an inbox in memory. Its endpoints take deliveries by GUID, and say whose server it is."""

    handle: Handle
    answers: list[str | TrackerError] = field(default_factory=lambda: ["signpost[bot]"])
    chores: Sequence[Chore] = ()
    finish: float = 10.0
    inbox: MemoryInbox = field(default_factory=MemoryInbox)

    async def identify(self) -> str:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, TrackerError):
            raise answer
        return answer

    def make_app(self, login: str) -> Starlette:
        async def accept(request: Request) -> Response:
            await request.body()
            await self.inbox.add(make_delivery(request.headers["x-github-delivery"]))
            return Response(status_code=202)

        async def tell(_request: Request) -> Response:
            return JSONResponse({"login": login})

        async def show_client(request: Request) -> Response:
            return JSONResponse(request.client and request.client.host)

        shown = Route("/client", show_client)
        return Starlette(routes=[shown, Route("/webhook", accept, methods=["POST"]), Route("/readyz", tell)])

    @asynccontextmanager
    async def run(self) -> AsyncIterator[tuple[Server, str, asyncio.Task[None]]]:
        """A running server, its address, and the end of its run."""
        bound = bind("127.0.0.1", 0)
        parts = Parts(
            inbox=self.inbox,
            identify=self.identify,
            make_app=self.make_app,
            make_work=lambda _login: Work(self.handle, self.chores),
            proxies=ServerSettings().proxies,
        )
        server = Server(parts, bound, finish=self.finish, pauses=(0.02,))
        ending = asyncio.create_task(server.run())
        try:
            yield server, name_address(bound), ending
        finally:
            server.stop()
            await asyncio.wait({ending}, timeout=LONGEST)


async def handle_at_once(_delivery: Delivery) -> Handled:
    return Handled(actions=("label out-of-disk",))


async def ask(address: str, request: str) -> tuple[int, bytes]:
    """The status and the body of the answer to a request; 0 if the connection ends without one."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request.replace("\n", "\r\n").encode())
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(), LONGEST)
    except ConnectionError:
        return 0, b""
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, body


GET_READY = "GET /readyz HTTP/1.1\nHost: x\nConnection: close\n\n"


def post(guid: str) -> str:
    return f"POST /webhook HTTP/1.1\nHost: x\nX-GitHub-Delivery: {guid}\nContent-Length: 0\nConnection: close\n\n"


async def until(is_true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LONGEST):
        while not await is_true():  # noqa: ASYNC110 (the inbox has no event for it)
            await asyncio.sleep(0.01)


def test_deliveries_are_accepted_while_github_does_not_answer_and_handled_later() -> None:
    silent = TrackerError("GitHub does not answer.", unanswered=True)
    world = World(handle_at_once, answers=[silent, silent, silent, "signpost[bot]"])

    async def play() -> None:
        async with world.run() as (_, address, _ending):
            assert (await ask(address, post("guid-1")))[0] == 202
            await until(lambda: is_done(world, 1))
            assert await ask(address, GET_READY) == (200, b'{"login":"signpost[bot]"}')
            assert await world.inbox.read_value("app") == b"signpost[bot]"

    asyncio.run(play())


async def is_done(world: World, number: int) -> bool:
    return (await world.inbox.count()).done == number


def test_people_behind_a_proxy_on_this_machine_have_addresses_of_their_own() -> None:
    """Or somebody who fails to sign in keeps all others out. The address that a client makes up is the first one."""

    async def play() -> tuple[int, bytes]:
        async with World(handle_at_once).run() as (_, address, _ending):
            return await ask(address, GET_READY.replace("/readyz", "/client").replace("\n\n", f"\n{MADE_UP}\n\n"))

    assert asyncio.run(play()) == (200, b'"203.0.113.7"')


MADE_UP = "X-Forwarded-For: 127.0.0.1, 192.0.2.1, 203.0.113.7"


def test_the_login_of_the_last_start_is_known_at_once() -> None:
    world = World(handle_at_once, answers=[TrackerError("GitHub does not answer.", unanswered=True)])

    async def play() -> tuple[int, bytes]:
        await world.inbox.open()
        await world.inbox.write_value("app", b"older[bot]")
        async with world.run() as (_, address, _ending):
            return await ask(address, GET_READY)

    assert asyncio.run(play()) == (200, b'{"login":"older[bot]"}')


def test_an_app_that_github_rejects_ends_the_server() -> None:
    world = World(handle_at_once, answers=[TrackerError("GitHub rejects the App's signature.")])

    async def play() -> None:
        async with world.run() as (_, _address, ending):
            await asyncio.wait({ending}, timeout=LONGEST)
            await ending

    with pytest.raises(TrackerError, match="rejects"):
        asyncio.run(play())


def test_a_stop_finishes_what_runs_and_is_not_ready_but_accepts_deliveries() -> None:
    gate, begun = asyncio.Event(), asyncio.Event()

    async def handle_slowly(_delivery: Delivery) -> Handled:
        begun.set()
        await gate.wait()
        return Handled(skipped="the issue is closed")

    world = World(handle_slowly)

    async def play() -> list[tuple[int, bytes]]:
        async with world.run() as (server, address, ending):
            await ask(address, post("guid-1"))
            await asyncio.wait_for(begun.wait(), LONGEST)
            server.stop()
            await asyncio.sleep(0.05)
            answers = [await ask(address, GET_READY), await ask(address, post("guid-2"))]
            gate.set()
            await asyncio.wait_for(ending, LONGEST)
        await world.inbox.open()
        counts = await world.inbox.count()
        assert (counts.done, counts.waiting, counts.running) == (1, 1, 0)
        return answers

    assert asyncio.run(play()) == [(503, b'{"status":"unavailable","reason":"the server is stopping"}'), (202, b"")]


def test_what_takes_too_long_is_given_back() -> None:
    async def handle_for_ever(_delivery: Delivery) -> Handled:
        await asyncio.Event().wait()
        return Handled()

    world = World(handle_for_ever, finish=0.1)

    async def play() -> tuple[int, int]:
        async with world.run() as (server, address, ending):
            await ask(address, post("guid-1"))
            await until(lambda: is_running(world))
            server.stop()
            await asyncio.wait_for(ending, LONGEST)
        await world.inbox.open()
        counts = await world.inbox.count()
        return counts.waiting, counts.running

    assert asyncio.run(play()) == (1, 0)


async def is_running(world: World) -> bool:
    return (await world.inbox.count()).running == 1


@pytest.mark.parametrize(
    "outcome, error",
    [
        ("done", None),
        ("postponed", PostponedError("the rate limit is spent", 60.0)),
        ("failed", TrackerError("GitHub does not answer")),
        ("failed", KeyError("text of an issue")),
    ],
)
def test_one_line_tells_the_outcome_of_an_attempt(
    outcome: str, error: Exception | None, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(_delivery: Delivery) -> Handled:
        if error:
            raise error
        return Handled(actions=("add the label bug",), requests=3)

    async def play() -> None:
        await write_outcome(handle)(make_delivery())

    with caplog.at_level("INFO", "bot"):
        if error:
            with pytest.raises(type(error)):
                asyncio.run(play())
        else:
            asyncio.run(play())

    (record,) = caplog.records
    told = {name: record.__dict__[name] for name in ("delivery", "event", "repository", "issue", "outcome")}
    assert told == {
        "delivery": "guid-1",
        "event": "issues.opened",
        "repository": "octo/widget",
        "issue": 1,
        "outcome": outcome,
    }
    assert "text of an issue" not in record.getMessage()


@pytest.mark.parametrize(
    "request_text, status",
    [
        (GET_READY, 200),
        ("nonsense\n\n", 400),
        ("POST /webhook HTTP/1.1\nHost: x\nContent-Length: 5\nTransfer-Encoding: chunked\n\n0\n\n", 400),
        ("POST /webhook HTTP/1.1\nHost: x\nContent-Length: 1\nContent-Length: 2\n\nab", 400),
        ("GET /readyz HTTP/1.1\nHost: x\nX : a\n\n", 400),
        ("GET /readyz HTTP/1.1\nHost: x\n folded\n\n", 400),
    ],
    ids=["fine", "nonsense", "two lengths", "two sizes", "a space", "a folded line"],
)
def test_a_stranger_cannot_send_what_he_wants(request_text: str, status: int) -> None:
    async def play() -> int:
        async with World(handle_at_once).run() as (_, address, _ending):
            return (await ask(address, request_text))[0]

    assert asyncio.run(play()) == status


def make_identity(**changes: Any) -> AppIdentity:  # noqa: ANN401 (any field)
    known = {"permissions": {"contents": "read", "issues": "write", "metadata": "read"}, "events": EVENTS} | changes
    return AppIdentity(id=7, slug="signpost", name="Signpost", html_url="https://github.com/apps/signpost", **known)


PLACE = "at https://github.com/apps/signpost, under App settings → Permissions & events"


@pytest.mark.parametrize(
    "identity, lacks",
    [
        (make_identity(), ()),
        (make_identity(permissions={"contents": "write", "issues": "admin", "metadata": "read", "x": "?"}), ()),
        (
            make_identity(permissions={"issues": "read", "metadata": "read"}),
            (
                f"the App lacks the permission `contents: read`; add it {PLACE}, then accept it in each installation",
                f"the App lacks the permission `issues: write`; add it {PLACE}, then accept it in each installation",
            ),
        ),
        (
            make_identity(events=("issues", "push")),
            (f"the App does not subscribe to the event `issue_comment`; choose it {PLACE}",),
        ),
    ],
)
def test_what_an_app_lacks_is_named_with_its_fix(identity: AppIdentity, lacks: tuple[str, ...]) -> None:
    assert find_lacks(identity) == lacks


def test_an_address_in_use_is_named_once() -> None:
    with bind("127.0.0.1", 0) as bound, pytest.raises(SettingsError, match=r"cannot listen on 127\.0\.0\.1") as refused:
        bind("127.0.0.1", bound.getsockname()[1])

    assert str(refused.value).count("127.0.0.1") == 1


def test_a_line_has_what_was_done_and_not_each_problem_of_the_rules() -> None:
    done = Handled(actions=("create_comment",), problems=("a.yml:1: x", "b.yml:1: y", "c.yml:1: z"))

    assert [*list_results(done)] == ["create_comment", "a.yml:1: x", "and 2 more problems"]


@pytest.mark.parametrize("host", ["no.such.host.invalid", "300.1.1.1", "ü" * 70])
def test_a_host_that_does_not_exist_is_named(host: str) -> None:
    with pytest.raises(SettingsError, match="cannot listen on"):
        bind(host, 0)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_ipv6_is_a_host() -> None:
    with bind("::1", 0) as bound:
        assert name_address(bound).startswith("http://[::1]:")
