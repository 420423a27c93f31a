"""Nobody but our own page may speak to the studio: over real HTTP, one lie at a time."""

import http.client
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from bot.workbench.studio.guard import MAX_BODY, Refusal, judge_request
from tests.workbench.studio.running import Running, run_small_studio


@pytest.fixture(scope="module")
def studio(built_page: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One studio for all of them: none of these requests changes anything."""
    del built_page
    with run_small_studio(tmp_path_factory.mktemp("studio")) as running:
        yield running


OURS = {"host": "127.0.0.1:8000"}
WRITE = {
    **OURS,
    "origin": "http://127.0.0.1:8000",
    "content-type": "application/json",
    "content-length": "2",
    "sec-fetch-site": "same-origin",
}


@pytest.mark.parametrize(
    "method, headers, status",
    [
        pytest.param("GET", OURS, None, id="a browser that came by the address"),
        pytest.param("GET", {"host": "localhost:8000"}, None, id="the other name of this machine"),
        pytest.param("GET", {"host": "evil.example:8000"}, 421, id="a foreign name that leads here"),
        pytest.param("GET", {"host": "127.0.0.1"}, 421, id="another port"),
        pytest.param("GET", {"host": "127.0.0.1:8000.evil.example"}, 421, id="a name that begins like ours"),
        pytest.param("GET", {}, 421, id="no name"),
        pytest.param("GET", {**OURS, "sec-fetch-site": "cross-site"}, 403, id="another site's request"),
        pytest.param("GET", {**OURS, "sec-fetch-site": "same-site"}, 403, id="another port's request"),
        pytest.param("GET", {**OURS, "origin": "http://evil.example"}, 403, id="another site's script"),
        pytest.param("POST", WRITE, None, id="our page writes"),
        pytest.param("POST", {**WRITE, "origin": "null"}, 403, id="a sandboxed page writes"),
        pytest.param("POST", {**WRITE, "origin": "https://127.0.0.1:8000"}, 403, id="another scheme writes"),
        pytest.param("POST", {**WRITE, "origin": "http://localhost:8000"}, 403, id="the other name writes"),
        pytest.param("POST", {k: v for k, v in WRITE.items() if k != "origin"}, 403, id="nobody writes"),
        pytest.param("POST", {**WRITE, "content-type": "text/plain"}, 415, id="a form writes"),
        pytest.param("POST", {**WRITE, "content-length": str(MAX_BODY)}, None, id="as much as is allowed"),
        pytest.param("POST", {**WRITE, "content-length": str(MAX_BODY + 1)}, 413, id="too much"),
        pytest.param("POST", {**WRITE, "content-length": "9" * 5000}, 413, id="far too much"),
        pytest.param(
            "POST", {k: v for k, v in WRITE.items() if k != "content-length"}, 400, id="nobody knows how much"
        ),
        pytest.param("PUT", WRITE, 405, id="another method"),
        pytest.param("OPTIONS", OURS, 405, id="a preflight of another site"),
    ],
)
def test_a_request_is_judged(method: str, headers: Mapping[str, str], status: int | None) -> None:
    refusal = judge_request(method, Headers(headers), 8000)

    assert (refusal.status if isinstance(refusal, Refusal) else None) == status


def test_two_host_headers_are_refused() -> None:
    twice = Headers(raw=[(b"host", b"127.0.0.1:8000"), (b"host", b"evil.example")])

    assert judge_request("GET", twice, 8000) is not None


def test_the_token_opens_the_door_and_leaves_the_address(studio: Running) -> None:
    reply = studio.ask("GET", studio.studio.entrance, {"Cookie": None})

    assert (reply.status, reply.headers["location"]) == (303, f"{studio.studio.room}/")
    cookie = reply.headers["set-cookie"]
    assert studio.studio.secrets.token not in cookie
    assert cookie.split("; ")[1:] == ["HttpOnly", f"Path={studio.studio.room}/", "SameSite=strict"]


@pytest.mark.parametrize("entrance", ["/", "/?token=", "/?token=wrong", "/?token=%ff", "/?token=%00"])
def test_without_the_token_the_door_stays_shut(studio: Running, entrance: str) -> None:
    reply = studio.ask("GET", entrance, {"Cookie": None})

    assert (reply.status, "set-cookie" in reply.headers) == (403, False)


@pytest.mark.parametrize(
    "cookie",
    [None, "", "signpost-studio=", "signpost-studio=wrong", "other=1", "signpost-studio", 'signpost-studio="\\xff'],
)
@pytest.mark.parametrize("name", ["", "studio.js", "rule", "issues?filter=all", "issues/0", "nothing"])
def test_without_the_cookie_nothing_is_told(studio: Running, name: str, cookie: str | None) -> None:
    reply = studio.get(name, {"Cookie": cookie})

    assert reply.status == 403
    assert b"No space left" not in reply.body


@pytest.mark.parametrize(
    "headers, status",
    [
        pytest.param({"Cookie": None}, 403, id="no cookie"),
        pytest.param({"Host": "evil.example"}, 421, id="a foreign name"),
        pytest.param({"Origin": "http://evil.example"}, 403, id="another site"),
        pytest.param({"Origin": None}, 403, id="no site"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, id="another site, as the browser says"),
        pytest.param({"Content-Type": "text/plain"}, 415, id="a form"),
        pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, 415, id="another form"),
    ],
)
@pytest.mark.parametrize("name", ["text", "save", "completion", "help"])
def test_a_write_that_is_not_ours_changes_nothing(
    studio: Running, name: str, headers: Mapping[str, str | None], status: int
) -> None:
    before = studio.path.read_bytes()
    value = {"text": "id: evil\n", "version": studio.studio.file.before.version, "revision": "x", "offset": 0}

    assert studio.post(name, value, headers).status == status
    assert studio.path.read_bytes() == before
    assert studio.get("state?revision=x").status == 409


def test_a_body_that_is_too_large_is_not_read(studio: Running) -> None:
    reply = studio.ask("POST", f"{studio.studio.room}/text", {"Content-Length": str(MAX_BODY + 1)}, b"{}")

    assert reply.status == 413


def test_a_body_without_a_length_is_not_read(studio: Running) -> None:
    chunked = {"Content-Length": None, "Transfer-Encoding": "chunked"}

    assert studio.ask("POST", f"{studio.studio.room}/text", chunked, b"2\r\n{}\r\n0\r\n\r\n").status == 400


@pytest.mark.parametrize(
    "name",
    [
        *("../rule", "..%2frule", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "/etc/passwd", "studio.js/../../x"),
        *("studio.js%00.css", "out-of-disk.yml", ".built", "index.html", "static/studio.js"),
    ],
)
def test_no_path_of_the_browser_leads_to_a_file(studio: Running, name: str) -> None:
    assert studio.get(name).status in {403, 404}


def test_every_answer_keeps_itself_to_this_page(studio: Running) -> None:
    replies = [studio.get(name) for name in ("", "studio.js", "page.css", "rule", "nothing", "issues/99")]
    replies += [studio.ask("GET", "/", {"Cookie": None}), studio.ask("GET", "/", {"Host": "evil.example"})]

    for reply in replies:
        headers = reply.headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "server" not in headers
        assert "access-control-allow-origin" not in headers


def test_the_page_runs_its_own_script_alone(studio: Running) -> None:
    first, second = studio.get(""), studio.get("")

    policy = first.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert policy != second.headers["content-security-policy"], "the nonce is used once"
    assert b"%NONCE%" not in first.body


def test_only_this_machine_reaches_the_studio(studio: Running) -> None:
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text("ascii").splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{studio.port:04X}")
    ]

    assert listening == [f"0100007F:{studio.port:04X}"]


def test_a_request_that_is_no_http_is_survived(studio: Running) -> None:
    with socket.create_connection(("127.0.0.1", studio.port)) as raw:
        raw.sendall(b"\x16\x03\x01 no http at all\r\n\r\n")
        raw.recv(100)

    assert studio.get("rule").status == 200


def test_a_websocket_is_refused(studio: Running) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": "13"}

    assert studio.get("rule", upgrade).status in {http.client.OK, http.client.BAD_REQUEST}
