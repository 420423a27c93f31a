"""What no honest client sends is refused in bounded time and memory, stores nothing, and shows no secret."""

import asyncio
import contextlib
import gzip
import logging
import socket
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.server.intake import LIMITS
from tests.server.deliveries import GUID, ISSUES, NOW, SECRET, encode, make_headers, sign
from tests.server.serving import Serving, receive, serve, write_head
from tests.stand_ins.patience import LONGEST

BODY = encode(ISSUES)
SMALL = replace(LIMITS, body_bytes=4096, body_seconds=0.3, head_seconds=0.3, head_bytes=2048)
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def shared() -> Iterator[Serving]:
    """One server for all requests that it must survive."""
    with serve() as serving:
        yield serving
        assert serving.list_guids() == []
        assert serving.deliver("issues", BODY).outcome == (202, "accepted")


def list_headers(body: bytes = BODY) -> list[tuple[str, str]]:
    """Those of a delivery, without a length."""
    return list(make_headers("issues", body).items())


def read_status(answer: bytes) -> int:
    """The status of an answer; 0 if the connection was closed without one."""
    return int(answer.split(b" ", 2)[1]) if answer else 0


LENGTH = ("Content-Length", str(len(BODY)))
CHUNKED = ("Transfer-Encoding", "chunked")
CHUNKS = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
CLOSE = ("Connection", "close")


@pytest.mark.parametrize(
    "headers, body",
    [
        pytest.param([LENGTH, ("Content-Length", "5")], BODY, id="two lengths"),
        pytest.param([LENGTH, LENGTH], BODY, id="two equal lengths"),
        pytest.param([LENGTH, CHUNKED], CHUNKS, id="a length and chunks"),
        pytest.param([CHUNKED, LENGTH], CHUNKS, id="chunks and a length"),
        pytest.param([("Transfer-Encoding", "chunked, identity")], CHUNKS, id="chunks that are not last"),
        pytest.param([("Transfer-Encoding ", "chunked"), LENGTH], CHUNKS, id="a space before the colon"),
        pytest.param([("Content-Length", "+9")], BODY, id="a length with a sign"),
        pytest.param([("Content-Length", "-1")], BODY, id="a negative length"),
        pytest.param([("Content-Length", "0x10")], BODY, id="a length that is not decimal"),
        pytest.param([("Content-Length", "9" * 40)], BODY, id="a length beyond all numbers"),
        pytest.param([CHUNKED], b"-1\r\nx\r\n", id="a negative chunk"),
        pytest.param([CHUNKED], b"f" * 40 + b"\r\nx\r\n", id="a chunk beyond all numbers"),
        pytest.param([LENGTH, ("X-Null", "a\x00b")], BODY, id="a null in a header"),
        pytest.param([LENGTH, ("X-Hub-Signature-256", sign(b"other"))], BODY, id="two signatures"),
        pytest.param([LENGTH, ("x-hub-signature-256", sign(BODY))], BODY, id="two equal signatures"),
        pytest.param([LENGTH, ("X-GitHub-Delivery", "another")], BODY, id="two GUIDs"),
        pytest.param([LENGTH, ("X-GitHub-Event", "push")], BODY, id="two events"),
        pytest.param([LENGTH, ("Content-Type", "text/plain")], BODY, id="two content types"),
    ],
)
def test_contradictions_are_refused(shared: Serving, headers: list[tuple[str, str]], body: bytes) -> None:
    answer = shared.send(write_head("POST", "/webhook", [*list_headers(), CLOSE, *headers]), body)

    assert read_status(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "change, outcome",
    [
        ({"X-Hub-Signature-256": sign(BODY, b"guessed")}, (401, "forged")),
        ({"X-Hub-Signature-256": sign(BODY).replace("sha256", "sha1")}, (401, "forged")),
        ({"X-Hub-Signature-256": "sha1=" + "0" * 40, "X-Hub-Signature": "sha1=" + "0" * 40}, (401, "forged")),
        ({"X-Hub-Signature-256": "sha256=" + "\u00e9" * 64}, (401, "forged")),
        ({"X-GitHub-Delivery": "\u00e9"}, (400, "malformed")),
        ({"X-GitHub-Delivery": "a" * 9000}, (400, "malformed")),
        ({"X-GitHub-Event": "issues\u00ff"}, (400, "malformed")),
        ({"X-GitHub-Event": "push"}, (400, "malformed")),
        ({"X-GitHub-Event": "issue_comment"}, (202, "ignored")),
        ({"Content-Type": "application/x-www-form-urlencoded"}, (415, "unsupported")),
        ({"Content-Type": "multipart/form-data; boundary=x"}, (415, "unsupported")),
    ],
)
def test_forged_and_unknown_headers_are_refused(
    shared: Serving, change: dict[str, str], outcome: tuple[int, str]
) -> None:
    assert shared.deliver("issues", BODY, **change).outcome == outcome


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\x00", b"[" * 500_000, b'{"a":' * 200_000, b'{"action": 1e400}', b'{"action": "opened"}', b"{}"],
)
def test_bad_json_is_refused(shared: Serving, body: bytes) -> None:
    assert shared.deliver("issues", body).outcome == (400, "malformed")


def test_a_compressed_body_is_not_unpacked(shared: Serving) -> None:
    bomb = gzip.compress(b"0" * (50 * MIB))

    for changes in ({"Content-Encoding": "gzip"}, {"Content-Encoding": "identity, gzip"}):
        assert shared.deliver("issues", bomb, **changes).outcome == (415, "unsupported")
    assert shared.deliver("issues", bomb).outcome == (400, "malformed")


def make_payload(size: int) -> bytes:
    """A payload of exactly so many bytes."""
    return encode(ISSUES)[:-1] + b" " * (size - len(BODY)) + b"}"


def test_exactly_25_mb_are_accepted() -> None:
    with serve() as serving:
        assert serving.deliver("issues", make_payload(25 * MIB)).outcome == (202, "accepted")


def test_a_byte_more_is_refused_before_it_is_read(shared: Serving) -> None:
    stated = ("Content-Length", str(25 * MIB + 1))

    with shared.connect() as client:
        client.sendall(write_head("POST", "/webhook", [*list_headers(), stated]))
        assert read_status(client.recv(4096)) == 413


def test_a_client_that_sends_all_of_it_reads_the_refusal(shared: Serving) -> None:
    body = make_payload(25 * MIB + 1)

    assert shared.deliver("issues", body).outcome == (413, "oversize")
    assert shared.deliver("issues", body, **{"X-Hub-Signature-256": ""}).outcome == (401, "forged")


def test_chunks_are_counted_while_they_arrive(shared: Serving) -> None:
    chunk = b"%x\r\n%b\r\n" % (MIB, b" " * MIB)

    with shared.connect() as client:
        client.sendall(write_head("POST", "/webhook", [*list_headers(), CHUNKED]) + chunk * 25 + b"1\r\n \r\n")
        assert read_status(client.recv(4096)) == 413


def test_chunks_of_a_small_delivery_are_accepted() -> None:
    with serve() as serving:
        answer = serving.send(write_head("POST", "/webhook", [*list_headers(), CHUNKED, CLOSE]), CHUNKS)

        assert read_status(answer) == 202
        assert serving.list_guids() == [GUID]


def test_a_body_that_ends_early_is_not_a_delivery() -> None:
    with serve() as serving:
        head = write_head("POST", "/webhook", [*list_headers(), LENGTH])
        with serving.connect() as client:
            client.sendall(head + BODY[:-1])
        while not serving.count("signpost_deliveries_total", outcome="aborted"):
            time.sleep(0.01)

        assert serving.list_guids() == []


def test_a_body_longer_than_stated_is_cut_and_forged() -> None:
    with serve() as serving:
        head = write_head("POST", "/webhook", [*list_headers(BODY + b"x"), LENGTH])

        answer = serving.send(head, BODY + b"x")

        assert [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]] in ([401], [400], [401, 400])
        assert serving.list_guids() == []


@pytest.mark.parametrize(
    "sent, statuses",
    [
        pytest.param(b"", {0}, id="nothing"),
        pytest.param(b"\r\n\r\n", {0}, id="empty lines"),
        pytest.param(b"POST /webhook HTTP/1.1\r\nHost: a\r\nX-Slow: ", {0}, id="a head"),
        pytest.param(write_head("POST", "/webhook", [*list_headers(), LENGTH]) + BODY[:9], {408}, id="a body"),
        pytest.param(write_head("POST", "/webhook", [*list_headers(), CHUNKED]) + b"5\r\n{", {408}, id="a chunk"),
        pytest.param(write_head("GET", "/healthz", []) + b"GET /heal", {200}, id="a second head"),
        pytest.param(write_head("POST", "/webhook", [LENGTH]) + BODY[:9], {401}, id="a body that was refused"),
    ],
)
def test_a_slow_client_loses_its_connection(sent: bytes, statuses: set[int]) -> None:
    """Also if it sends a byte from time to time."""
    with serve(limits=SMALL) as serving, serving.connect() as client:
        client.sendall(sent)
        client.settimeout(0.1)
        received = b""
        for _ in range(300):
            with contextlib.suppress(TimeoutError, OSError):
                if not (part := client.recv(4096)):
                    break
                received += part
            with contextlib.suppress(OSError):
                client.sendall(b"\r\n" if sent == b"\r\n\r\n" else b"x" * bool(sent))
        else:
            pytest.fail("the server kept the connection")

        assert read_status(received) in statuses


def test_a_head_without_an_end_is_refused(shared: Serving) -> None:
    for line in (b"X-Long: " + b"a" * 100_000, b"X: y\r\n" * 20_000):
        answer = shared.send(b"POST /webhook HTTP/1.1\r\n", line)
        assert read_status(answer) == 400


def test_requests_in_one_go_are_answered_in_order() -> None:
    with serve() as serving:
        requests = [
            write_head("POST", "/webhook", [*make_headers("issues", BODY, guid).items(), LENGTH]) + BODY
            for guid in ("one", "two", "one")
        ]
        last = write_head("GET", "/healthz", [CLOSE])

        answer = serving.send(b"".join(requests) + last)

        assert [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]] == [202, 202, 200, 200]
        assert serving.list_guids() == ["two", "one"]


def test_a_flood_of_requests_in_one_go_is_cut(shared: Serving) -> None:
    answer = shared.send(write_head("GET", "/nowhere", []) * 3000)

    assert 0 < answer.count(b"HTTP/1.1 ") < 300
    assert b"HTTP/1.1 400 Bad Request" in answer


@pytest.mark.parametrize("is_streamed", [False, True])
def test_a_client_that_does_not_read_loses_its_connection(*, is_streamed: bool) -> None:
    size = 64 * MIB

    async def stream() -> AsyncIterator[bytes]:
        for _ in range(size // MIB):
            yield b" " * MIB

    async def show_page(_request: object) -> Response:
        return StreamingResponse(stream()) if is_streamed else PlainTextResponse(b" " * size)

    with serve(limits=SMALL, routes=[Route("/page", show_page)]) as serving, serving.connect() as client:
        client.sendall(write_head("GET", "/page", []))
        time.sleep(1)
        assert 0 < len(receive(client)) < size


def test_an_upgrade_is_not_one_and_ends() -> None:
    upgrade = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
    with serve(limits=SMALL) as serving:
        answer = serving.send(write_head("POST", "/webhook", [*list_headers(), LENGTH, *upgrade]), BODY)

        assert read_status(answer) in {400, 401, 408}
        assert serving.list_guids() == []


def open_large(serving: Serving, size: int) -> socket.socket:
    """Begin a large body, and stop before its end."""
    client = serving.connect()
    client.sendall(write_head("POST", "/webhook", [*list_headers(), ("Content-Length", str(size))]))
    client.sendall(b" " * (size - 1))
    return client


def test_large_bodies_wait_for_their_turn_and_small_ones_do_not() -> None:
    limits = replace(LIMITS, large_bytes=100_000, large_bodies=2, wait_seconds=0.3)
    with serve(limits=limits) as serving, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(open_large(serving, 150_000)) for _ in range(2)]
        body = make_payload(150_000)
        while serving.deliver("issues", body).outcome != (503, "busy"):
            pass

        assert serving.deliver("issues", BODY).status in {200, 202}
        clients[0].sendall(b" ")
        assert read_status(clients[0].recv(4096)) == 401
        assert serving.deliver("issues", body, "three").outcome == (202, "accepted")


def test_a_large_body_that_takes_long_to_read_does_not_stop_the_others() -> None:
    is_read, is_answered = threading.Event(), threading.Event()

    def read_clock() -> datetime:
        is_read.set()
        assert is_answered.wait(5)
        return NOW

    with serve(now=read_clock) as serving, ThreadPoolExecutor(1) as pool:
        large = pool.submit(serving.deliver, "issues", make_payload(LIMITS.large_bytes + 1))
        assert is_read.wait(LONGEST)
        assert serving.ask("GET", "/healthz").status == 200
        is_answered.set()
        assert large.result().outcome == (202, "accepted")


def test_many_slow_clients_take_little_memory() -> None:
    limits = replace(LIMITS, large_bytes=64 * 1024, large_bodies=2, body_seconds=60.0, wait_seconds=60.0)
    with serve(limits=limits) as serving, contextlib.ExitStack() as stack:
        tracemalloc.start()
        for _ in range(40):
            client = stack.enter_context(serving.connect())
            client.settimeout(0.05)
            client.sendall(write_head("POST", "/webhook", [*list_headers(), ("Content-Length", str(25 * MIB))]))
            with contextlib.suppress(TimeoutError):
                client.sendall(b" " * (8 * MIB))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert serving.ask("GET", "/healthz").status == 200
        assert peak < 100 * MIB, f"{peak / MIB:.0f} MiB of the 320 that were offered"


def test_more_connections_than_allowed_are_refused_and_then_accepted_again() -> None:
    with serve(limits=replace(LIMITS, connections=5)) as serving:
        with contextlib.ExitStack() as stack:
            for _ in range(5):
                stack.enter_context(serving.connect())
            while serving.ask("GET", "/healthz").status != 503:
                pass
        while serving.ask("GET", "/healthz").status != 200:
            pass


def test_no_log_has_a_secret_or_a_text(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    forged = {"X-Hub-Signature-256": sign(BODY, b"guessed")}
    with serve() as serving:
        serving.deliver("issues", BODY)
        serving.deliver("issues", BODY, **forged)
        serving.deliver("issues", BODY[:-1])
        serving.deliver("issues", encode({**ISSUES, "repository": {"id": "s3cret-repository"}}))
        serving.send(b"GET /s3cret HTTP/9\r\n\r\n")
        asyncio.run_coroutine_threadsafe(serving.inbox.close(), serving.loop).result()
        serving.deliver("issues", BODY, "other")

    logged = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    ours = [
        (record.levelname, getattr(record, "delivery", ""))
        for record in caplog.records
        if record.name == "signpost.server"
    ]
    assert ours == [*[("WARNING", GUID)] * 3, ("ERROR", "other")]
    for hidden in (SECRET.decode(), "older-secret", sign(BODY), forged["X-Hub-Signature-256"], "It breaks", "s3cret"):
        assert hidden not in logged, hidden
