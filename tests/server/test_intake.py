"""The endpoints answer over real HTTP: deliveries are stored before they are accepted, and once."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from bot.errors import SettingsError
from bot.server.inbox.types import Counts, Delivery, Entry
from bot.server.intake import LIMITS, make_app
from bot.server.metrics import Metrics
from bot.server.settings import ServerSettings
from tests.server.deliveries import GUID, ISSUE, ISSUE_COMMENT, ISSUES, NOW, encode, make_headers, sign
from tests.server.memory import MemoryInbox
from tests.server.serving import Reply, Serving, serve

BODY = encode(ISSUES)


@pytest.fixture(scope="module")
def shared() -> Iterator[Serving]:
    """One server for tests that look at answers alone."""
    with serve() as serving:
        yield serving


def test_a_delivery_is_stored_before_it_is_accepted_and_once() -> None:
    with serve() as serving:
        replies = [serving.deliver("issues", BODY), serving.deliver("issues", BODY)]
        entries = serving.list_entries()

        assert [reply.outcome for reply in replies] == [(202, "accepted"), (200, "duplicate")]
        assert entries == (
            Entry(
                delivery=Delivery(
                    guid=GUID,
                    event="issues",
                    action="opened",
                    installation=3,
                    repository="octo/widget",
                    repository_id=42,
                    issue=7,
                    body=b"",
                    received_at=NOW,
                ),
                state="waiting",
                attempts=0,
                changed_at=entries[0].changed_at,
            ),
        )


def test_the_same_body_under_another_guid_is_another_delivery() -> None:
    with serve() as serving:
        assert serving.deliver("issues", BODY, "one").outcome == (202, "accepted")
        assert serving.deliver("issues", BODY, "two").outcome == (202, "accepted")
        assert serving.list_guids() == ["two", "one"]


@pytest.mark.parametrize(
    "event, payload, reason",
    [
        ("ping", {"zen": "Design for failure."}, "event ping"),
        ("issues", {**ISSUES, "issue": {**ISSUE, "pull_request": {}}}, "pull request"),
        ("issue_comment", {**ISSUE_COMMENT, "sender": {"login": "signpost[bot]"}}, "the event comes from ourselves"),
    ],
)
def test_what_is_ignored_is_not_stored(shared: Serving, event: str, payload: dict[str, object], reason: str) -> None:
    reply = shared.deliver(event, encode(payload))

    assert (reply.status, reply.json) == (202, {"status": "ignored", "reason": reason})
    assert shared.list_guids() == []


def test_the_older_of_two_secrets_is_accepted() -> None:
    with serve() as serving:
        headers = {"X-Hub-Signature-256": sign(BODY, b"older-secret")}
        assert serving.deliver("issues", BODY, **headers).outcome == (202, "accepted")


def test_without_a_webhook_secret_there_is_no_server() -> None:
    with pytest.raises(SettingsError, match="the webhook secret is missing"):
        make_app(MemoryInbox(), ServerSettings(), Metrics(), "signpost[bot]")


def close(serving: Serving) -> None:
    """Let the database go away."""
    asyncio.run_coroutine_threadsafe(serving.inbox.close(), serving.loop).result()


def reopen(serving: Serving) -> None:
    asyncio.run_coroutine_threadsafe(serving.inbox.open(), serving.loop).result()


def show(reply: Reply) -> tuple[int, object, str | None]:
    return reply.status, reply.json, reply.headers.get("retry-after")


def test_a_lost_database_is_not_ready_and_accepts_nothing() -> None:
    with serve() as serving:
        close(serving)
        failed = "the delivery cannot be stored now; send it again later"
        unavailable = "the database cannot store deliveries now; the log of the server says why"

        assert show(serving.deliver("issues", BODY)) == (503, {"status": "failed", "reason": failed}, "60")
        assert show(serving.ask("GET", "/readyz")) == (503, {"status": "unavailable", "reason": unavailable}, "10")
        assert show(serving.ask("GET", "/healthz")) == (200, {"status": "alive"}, None)
        assert serving.count("signpost_inbox_up") == 0
        assert b"signpost_inbox_deliveries{" not in serving.ask("GET", "/metrics").body

        reopen(serving)
        assert show(serving.ask("GET", "/readyz")) == (200, {"status": "ready"}, None)
        assert serving.deliver("issues", BODY).outcome == (202, "accepted")


class StuckInbox(MemoryInbox):
    """A database that does not answer."""

    async def check(self) -> None:
        await asyncio.sleep(3600)


class QuotingInbox(MemoryInbox):
    """A database whose errors quote the row, as those of PostgreSQL do."""

    async def add(self, delivery: Delivery) -> bool:
        raise ValueError(f"Failing row contains ({delivery.body!r}).")

    async def count(self) -> Counts:
        raise ValueError("the row")


def test_a_database_that_does_not_answer_is_a_failure_before_github_gives_up() -> None:
    with serve(StuckInbox(), replace(LIMITS, store_seconds=0.05, check_seconds=0.05)) as serving:
        assert serving.deliver("issues", BODY).outcome == (503, "failed")
        assert serving.ask("GET", "/readyz").outcome == (503, "unavailable")
        assert serving.count("signpost_inbox_up") == 0


def test_an_error_of_the_database_never_quotes_an_issue(caplog: pytest.LogCaptureFixture) -> None:
    with serve(QuotingInbox()) as serving:
        reply = serving.deliver("issues", BODY)
        serving.ask("GET", "/metrics")

    assert reply.outcome == (503, "failed")
    assert [record.getMessage() for record in caplog.records if record.name == "signpost.server"] == [
        "a delivery was not stored: ValueError",
        "the inbox cannot be counted: ValueError",
    ]
    assert "It breaks" not in caplog.text


@pytest.mark.parametrize(
    "method, path, status",
    [
        *((method, "/webhook", 405) for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")),
        *((method, "/metrics", 405) for method in ("POST", "PUT", "DELETE", "OPTIONS")),
        ("POST", "/healthz", 405),
        ("HEAD", "/healthz", 200),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("POST", "/webhook/", 404),
        ("POST", "//webhook", 404),
        ("POST", "/webhook/../metrics", 404),
        ("POST", "/webhook/%2e%2e/metrics", 404),
        ("POST", "/%2e%2e/webhook", 404),
        ("POST", "/webhook%00", 404),
        ("POST", "/webhook%2f", 404),
        ("POST", "/WEBHOOK", 404),
        ("GET", "/openapi.json/../../settings.py", 404),
        ("GET", "/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/metrics?x=%ff%fe", 200),
    ],
)
def test_only_the_described_paths_and_methods_exist(shared: Serving, method: str, path: str, status: int) -> None:
    reply = shared.ask(method, path, make_headers("issues", BODY), BODY if method == "POST" else None)

    assert reply.status == status
    assert not {"server", "set-cookie", "x-powered-by", "location"} & {name.lower() for name in reply.headers}
    if status >= 400 and method != "HEAD":
        reason = {404: "Not Found", 405: "Method Not Allowed"}[status]
        assert reply.json == {"status": "error", "reason": reason}


def test_answers_are_not_kept_and_not_guessed_at(shared: Serving) -> None:
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/nowhere"):
        headers = shared.ask("GET", path).headers
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff"), path


def test_the_pages_have_routes_of_their_own() -> None:
    async def show_page(_request: object) -> PlainTextResponse:
        return PlainTextResponse("the repositories")

    with serve(routes=[Route("/repositories", show_page)]) as serving:
        assert serving.ask("GET", "/repositories").body == b"the repositories"


def test_the_description_is_the_one_in_the_file(shared: Serving) -> None:
    file = Path(__file__).parents[2] / "bot/server/openapi.json"

    assert shared.ask("GET", "/openapi.json").json == json.loads(file.read_text("utf-8"))


def test_each_outcome_is_counted() -> None:
    with serve() as serving:
        serving.deliver("issues", BODY)
        serving.deliver("issues", BODY)
        serving.deliver("ping", b"{}")
        serving.deliver("issues", b"{")
        serving.deliver("issues", BODY, **{"X-Hub-Signature-256": "sha1=0"})
        serving.deliver("issues", BODY, **{"Content-Type": "text/plain"})

        outcomes = ("accepted", "duplicate", "ignored", "malformed", "forged", "unsupported", "oversize")
        counted = {outcome: serving.count("signpost_deliveries_total", outcome=outcome) for outcome in outcomes}
        assert counted == {**dict.fromkeys(outcomes, 1.0), "oversize": 0.0}
        assert serving.count("signpost_delivery_seconds_count") == 6
        assert serving.count("signpost_inbox_deliveries", state="waiting") == 1
        assert serving.count("signpost_inbox_deliveries", state="dead") == 0
        assert serving.count("signpost_inbox_up") == 1
