"""The command `signpost serve`: its settings, its errors, and the status of its deliveries."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.serve import format_status, list_lines
from bot.server.inbox.sqlite import SqliteInbox
from bot.server.inbox.types import BACKOFF, Counts, Delivery, Entry, Handled
from tests.stand_ins.command import ROOT, run_command

MOMENT = datetime(2026, 11, 30, 18, 0, 5, tzinfo=UTC)
APP = {"SIGNPOST_APP_ID": "7", "SIGNPOST_PRIVATE_KEY": "PEM", "SIGNPOST_WEBHOOK_SECRET": "s3cr3t"}


def make_delivery(guid: str, issue: int = 12) -> Delivery:
    return Delivery(
        guid=guid,
        event="issues",
        action="opened",
        installation=5,
        repository="octo/widget" if issue else "",
        repository_id=9 if issue else 0,
        issue=issue,
        body=b"{}",
        received_at=MOMENT,
    )


def make_entry(guid: str, issue: int = 12, error: str = "GitHub does not answer.") -> Entry:
    return Entry(delivery=make_delivery(guid, issue), state="dead", attempts=6, changed_at=MOMENT, error=error)


@pytest.mark.parametrize(
    "counts, dead, retried, lines",
    [
        pytest.param(
            Counts(),
            (),
            None,
            ["no deliveries so far; GitHub sends one for each event once the App is installed"],
            id="nothing",
        ),
        pytest.param(
            Counts(waiting=3, running=1, done=1200, oldest_seconds=7200.0),
            (),
            None,
            ["waiting: 3, running: 1 (the oldest for 2 h)", "done: 1,200", "dead: 0"],
            id="at work",
        ),
        pytest.param(
            Counts(done=2, dead=2),
            (make_entry("g-1"), make_entry("g-2", 0, "KeyError \x1b[31m")),
            1,
            [
                "1 delivery will run again",
                "waiting: 0, running: 0",
                "done: 2",
                "dead: 2",
                "\ng-1  issues.opened  octo/widget#12",
                "  6 attempts, the last at 2026-11-30 18:00:05 UTC",
                "  GitHub does not answer.",
                "\ng-2  issues.opened  installation 5",
                "  6 attempts, the last at 2026-11-30 18:00:05 UTC",
                "  KeyError ␛[31m",
                "\nTo let them run again: signpost serve status --retry all",
            ],
            id="dead",
        ),
    ],
)
def test_the_status_is_for_people(
    counts: Counts, dead: tuple[Entry, ...], retried: int | None, lines: list[str]
) -> None:
    assert [*list_lines("sqlite:///x.db", counts, dead, retried)] == ["database: sqlite:///x.db", *lines]


@pytest.mark.parametrize("seconds, shown", [(0.4, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (2e5, "2 d")])
def test_an_age_has_one_unit(seconds: float, shown: str) -> None:
    lines = [*list_lines("x", Counts(waiting=1, oldest_seconds=seconds), (), None)]

    assert lines[1] == f"waiting: 1, running: 0 (the oldest for {shown})"


def test_the_status_is_for_scripts() -> None:
    assert format_status("x", Counts(waiting=1, dead=1, oldest_seconds=1.26), (make_entry("g-1"),), None) == {
        "database": "x",
        "counts": {"waiting": 1, "running": 0, "done": 0, "dead": 1},
        "oldest_seconds": 1.3,
        "retried": None,
        "dead": [
            {
                "guid": "g-1",
                "event": "issues",
                "action": "opened",
                "installation": 5,
                "repository": "octo/widget",
                "issue": 12,
                "attempts": 6,
                "error": "GitHub does not answer.",
                "at": "2026-11-30T18:00:05+00:00",
            }
        ],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an inbox that has a finished delivery and two dead ones."""
    inbox = SqliteInbox(tmp_path / "signpost.db", backoff=(0.0,) * len(BACKOFF))

    async def handle(delivery: Delivery) -> Handled:
        if delivery.issue == 1:
            return Handled()
        raise KeyError

    async def fill() -> None:
        await inbox.open()
        for number in (1, 2, 3):
            await inbox.add(make_delivery(f"guid-{number}", number))
        stop = asyncio.Event()
        working = asyncio.create_task(inbox.work(handle, (), 3, stop))
        while (await inbox.count()).dead < 2:  # noqa: ASYNC110 (the inbox has no event for it)
            await asyncio.sleep(0.01)
        stop.set()
        await working
        await inbox.close()

    asyncio.run(fill())
    return tmp_path


def test_the_status_of_an_inbox_and_what_a_retry_does(folder: Path) -> None:
    def show(*words: str) -> tuple[int, dict[str, object]]:
        done = run_command("serve", "status", *words, "--format", "json", folder=folder)
        found = json.loads(done.out)
        return done.code, {name: found.get(name) for name in ("schema_version", "counts", "retried", "error")}

    def expect(code: int, waiting: int, dead: int, retried: int | None) -> tuple[int, dict[str, object]]:
        counts = {"waiting": waiting, "running": 0, "done": 1, "dead": dead}
        return code, {"schema_version": 1, "counts": counts, "retried": retried, "error": None}

    assert show() == expect(1, 0, 2, None)
    assert show("--retry", "guid-2") == expect(1, 1, 1, 1)
    assert show("--retry", "nowhere")[1]["error"] == (
        "the inbox has no delivery nowhere; 0 deliveries of 1 will run again; see `serve status`"
    )
    assert show("--retry", "guid-1", "guid-3")[1]["error"] == (
        "some of these deliveries are not dead; 1 delivery of 2 will run again; see `serve status`"
    )
    assert show("--retry", "all") == expect(0, 2, 0, 0)


def test_the_status_does_not_need_the_server_to_stop(folder: Path) -> None:
    async def show() -> int:
        server = SqliteInbox(folder / "signpost.db")
        await server.open()
        try:
            return (await asyncio.to_thread(run_command, "serve", "status", folder=folder)).code
        finally:
            await server.close()

    assert asyncio.run(show()) == 1


@pytest.mark.parametrize(
    "words, environment, message",
    [
        pytest.param((), {}, "SIGNPOST_APP_ID, SIGNPOST_PRIVATE_KEY_FILE, and SIGNPOST_WEBHOOK_SECRET are", id="none"),
        pytest.param((), {**APP, "SIGNPOST_PORT": "x"}, "SIGNPOST_PORT must be a whole number", id="a port"),
        pytest.param(("--port", "70000"), APP, "--port must be at most 65535", id="an option"),
        pytest.param(("--database", "mysql://x"), APP, "--database must begin with", id="a database"),
        pytest.param(("--settings", "none.env"), APP, "cannot read the settings none.env: No such", id="no file"),
        pytest.param((), {**APP, "SIGNPOST_WORKER": "1"}, "did you mean SIGNPOST_WORKERS?", id="a typo"),
        pytest.param(("status",), {}, "the inbox signpost.db does not exist; start `signpost serve` first", id="empty"),
        pytest.param(("status", "--database", "mysql://x"), {}, "--database must begin with", id="status"),
        pytest.param(("--database", "sqlite:///a.db", "status"), {}, "the inbox a.db does not exist", id="before"),
    ],
)
def test_wrong_settings_end_with_2(
    words: tuple[str, ...], environment: Mapping[str, str], message: str, tmp_path: Path
) -> None:
    done = run_command("serve", *words, folder=tmp_path, environment=environment)

    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "s3cr3t" not in done.err
    assert [*tmp_path.iterdir()] == []


def test_the_file_of_settings_is_read_in_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "signpost.env").write_text("SIGNPOST_DATABASE=sqlite:///other.db\n", "utf-8")

    done = run_command("serve", "status", folder=tmp_path)

    assert "the inbox other.db does not exist" in done.err


@pytest.mark.parametrize("action", ["setup", "status"])
def test_an_action_has_help_with_an_example(action: str) -> None:
    done = run_command("serve", action, "--help")

    assert (done.code, done.out.strip().splitlines()[-1].startswith(f"example: signpost serve {action}")) == (0, True)


@pytest.mark.parametrize("missing", ["jwt", "prometheus_client", "starlette", "uvicorn"])
def test_without_the_extra_its_name_is_reported(missing: str, tmp_path: Path) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None\nfrom bot.cli import main\nsys.exit(main(['serve']))"
    environment = {**APP, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    fix = "run: pipx install --force 'signpost-bot[server]'"
    assert done.stderr == f"signpost: `signpost serve` needs {missing}, which is not installed; {fix}\n"
