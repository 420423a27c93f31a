"""From an installation to a comment: a real `signpost serve`, a database, and a GitHub that sends signed webhooks."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.server.test_setup import read_form
from tests.stand_ins import emulator
from tests.stand_ins.command import ROOT
from tests.stand_ins.fake_github import FAULTS, FakeGitHub, Fault
from tests.stand_ins.github_app import FakeApp
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.github_state import Request
from tests.stand_ins.patience import LONGEST
from tests.stand_ins.server import ServerProcess, find_port
from tests.stand_ins.story import HOME, MATCHING, OTHER, RULE

pytestmark = pytest.mark.slow

ADVICE = "The build ran out of disk space."
FOLLOWING_NOTHING = RULE.replace("follow: 1\n", "")
CONFIG = "duplicates: {enabled: false}\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'signpost.db'}"
    url: str = request.getfixturevalue("postgres").create_database()
    return url


@pytest.fixture
def app(fake_github: FakeGitHub) -> FakeApp:
    app = FakeApp(fake_github)
    app.secret = "its-a-secret-to-everybody"
    return app


@pytest.fixture
def server(app: FakeApp, database: str, tmp_path: Path) -> Iterator[ServerProcess]:
    """A running server; its log has no secret and no text of an issue."""
    with ServerProcess(app, database, tmp_path, workers="8") as running:
        app.hook_url = running.hook_url
        yield running
    expect_clean_log(app, running)


def expect_clean_log(app: FakeApp, server: ServerProcess) -> None:
    log = server.log_file.read_text("utf-8")
    tokens = [token for each in app.installations.values() for token in each.tokens]
    secrets = [app.secret, app.key.splitlines()[1], "hunter2", "Mondays", "No space left", "ghs_", *tokens]
    assert [secret for secret in secrets if secret in log] == []
    assert "Traceback" not in log


def add_rules(github: FakeGitHub, *repositories: str) -> None:
    for name in repositories:
        files = github.add_repository(name, labels=("bug", "invalid", "area:disk")).files
        files |= {f"{HOME}/out-of-disk.yml": FOLLOWING_NOTHING, f"{HOME}/config.yml": CONFIG}


def list_ours(issue: StoredIssue) -> list[str]:
    return [each.body for each in issue.comments if each.author.login == "signpost[bot]"]


def has_comment(issue: StoredIssue) -> bool:
    return any(ADVICE in body for body in list_ours(issue))


def test_a_server_comments_from_its_first_delivery_to_its_last(app: FakeApp, server: ServerProcess) -> None:
    add_rules(app.github, "octo/widget")
    installation = app.install("octo/widget")
    issue = app.open_issue(body=MATCHING, repository="octo/widget")
    other = app.open_issue(body=OTHER, repository="octo/widget")
    server.wait_until(lambda: has_comment(issue))

    assert (len(list_ours(issue)), list_ours(other), issue.labels) == (1, [], ["area:disk"])
    assert server.ask("/healthz")[0] == server.ask("/readyz")[0] == 200
    server.wait_until(lambda: server.show_status()["counts"] == {"waiting": 0, "running": 0, "done": 3, "dead": 0})
    assert b'signpost_handled_total{outcome="done"}' in server.ask("/metrics")[1]
    assert installation.tokens
    code, seconds = server.stop()
    assert code == 0
    assert seconds < 20


def test_the_setup_writes_the_settings_with_which_the_server_starts(app: FakeApp, tmp_path: Path) -> None:
    """The three commands of the page, in a folder of their own."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    github = {"GITHUB_API_URL": app.github.url, "GITHUB_SERVER_URL": app.github.url}
    words = [sys.executable, "-m", "bot", "serve", "setup", "--url", "https://signpost.example.org", "--no-browser"]
    setup = subprocess.Popen(words, cwd=tmp_path, env=environment | github, stderr=subprocess.PIPE, text=True)
    with setup:
        assert setup.stderr is not None
        (address,) = re.findall(r"http://\S+", setup.stderr.readline())
        form = {"token": address.rpartition("/")[2], "name": "Signpost", "url": "https://signpost.example.org"}
        page = requests.post(address, form, headers={"Origin": "null"}, timeout=LONGEST)
        action, manifest = read_form(page.text)
        requests.post(action, {"manifest": manifest}, timeout=LONGEST)
        assert setup.wait(LONGEST) == 0

    server = ServerProcess(app, "", tmp_path)
    server.environment = environment
    add_rules(app.github, "octo/widget")
    with server:
        app.hook_url = server.hook_url
        app.install("octo/widget")
        issue = app.open_issue(body=MATCHING, repository="octo/widget")
        server.wait_until(lambda: has_comment(issue))
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in {".env", ".pem", ".db"}) == [
        "signpost.db",
        "signpost.env",
        "signpost.pem",
    ]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"SIGNPOST_APP_ID": "1"}, "knows no such App (404). Check that SIGNPOST_APP_ID"),
        ({"SIGNPOST_PRIVATE_KEY": emulator.make_key()}, "GitHub rejects the App's signature"),
    ],
)
def test_an_app_that_github_does_not_know_ends_the_server_with_3(
    app: FakeApp, tmp_path: Path, changes: Mapping[str, str], message: str
) -> None:
    server = ServerProcess(app, f"sqlite:///{tmp_path / 'signpost.db'}", tmp_path)
    server.environment |= changes
    server.launch()

    assert server.wait() == 3
    assert message in server.log_file.read_text("utf-8").splitlines()[-1]
    assert [line["message"] for line in server.read_log() if line["level"] == "error" and message in line["message"]]


def test_without_github_the_server_accepts_deliveries_and_stops_at_once(app: FakeApp, tmp_path: Path) -> None:
    app.install("octo/widget")
    server = ServerProcess(app, f"sqlite:///{tmp_path / 'signpost.db'}", tmp_path)
    server.environment["GITHUB_API_URL"] = f"http://127.0.0.1:{find_port()}"
    with server:
        app.hook_url = server.hook_url
        app.open_issue(body=MATCHING, repository="octo/widget")
        counts = server.show_status()["counts"]
        code, seconds = server.stop()

    assert (app.attempts[-1].status, counts["waiting"], code) == ("OK", 1, 0)
    assert seconds < 12
    assert "GitHub cannot be reached" in server.log_file.read_text("utf-8")


def test_a_stop_gives_back_what_runs_and_the_next_start_does_it(app: FakeApp, server: ServerProcess) -> None:
    add_rules(app.github, "octo/widget")
    app.install("octo/widget")
    app.github.delay = lambda: 1.0
    issue = app.open_issue(body=MATCHING, repository="octo/widget")
    server.wait_until(lambda: bool(app.github.requests))
    server.send(signal.SIGTERM)
    server.send(signal.SIGINT)
    assert server.wait() == 130
    app.github.delay = lambda: 0
    server.start()
    server.wait_until(lambda: has_comment(issue))

    assert len(list_ours(issue)) == 1


@dataclass
class EmulatedApp:
    """The App of the emulator."""

    api_url: str = ""
    id: int = emulator.APP
    key: str = field(default_factory=emulator.make_key)
    secret: str = "its-a-secret-to-everybody"


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[tuple[ServerProcess, str]]:
    """A server of that App, and the address of the emulator, which sends it signed webhooks."""
    app = EmulatedApp()
    server = ServerProcess(app, f"sqlite:///{tmp_path / 'signpost.db'}", tmp_path)
    hook = {"webhook_url": server.hook_url, "webhook_secret": app.secret}
    with emulator.run_emulator(tmp_path, hook) as url:
        server.environment["GITHUB_API_URL"] = url
        with server:
            yield server, url


@pytest.mark.slow
def test_a_github_that_others_wrote_knows_the_app_and_sends_what_the_server_accepts(
    emulated: tuple[ServerProcess, str],
) -> None:
    """As far as it goes: without GraphQL it has no rules to give, and its delivery ids are numbers."""
    server, url = emulated
    headers = {"Authorization": "token ghp_octo"}
    issue = {"title": "It breaks", "body": MATCHING}
    made = requests.post(f"{url}/repos/octo/widget/issues", json=issue, headers=headers, timeout=LONGEST)
    server.wait_until(lambda: bool(server.list_outcomes()))

    (line,) = [line for line in server.read_log() if "outcome" in line]
    assert made.status_code == 201
    assert (line["event"], line["repository"], line["issue"], line["outcome"]) == (
        "issues.opened",
        "octo/widget",
        made.json()["number"],
        "skipped",
    )
    assert "has no rules" in line["message"]
    assert any("signpost[bot]" in each["message"] for each in server.read_log())


REPOSITORIES = [f"org-{number % 5}/repository-{number}" for number in range(50)]
SOME_FAULTS = tuple(FAULTS[name] for name in ("secondary limit", "429", "502", "lost answer"))


def disturb_some(request: Request) -> Fault | None:
    """Every eleventh request fails in one of the ways of GitHub."""
    return SOME_FAULTS[request.number // 11 % len(SOME_FAULTS)] if request.number % 11 == 0 else None


def test_fifty_repositories_that_are_renamed_removed_and_suspended(app: FakeApp, server: ServerProcess) -> None:
    github = app.github
    add_rules(github, *REPOSITORIES)
    owned = {
        f"org-{number}": [name for name in REPOSITORIES if name.startswith(f"org-{number}/")] for number in range(5)
    }
    installed = {owner: app.install(*names) for owner, names in owned.items()}
    github.disturb = disturb_some

    first = [app.open_issue(body=MATCHING, repository=name) for name in REPOSITORIES]
    others = [app.open_issue(body=OTHER, repository=name) for name in REPOSITORIES]
    server.wait_until(lambda: all(map(has_comment, first)))
    app.revoke(installed["org-0"])
    app.rename(owned["org-1"][0], "org-1/renamed")
    app.suspend(installed["org-2"])
    app.remove(installed["org-3"])
    silent = [app.open_issue(body=MATCHING, repository=owned[owner][0]) for owner in ("org-2", "org-3")]
    app.unsuspend(installed["org-2"])
    later = ["org-1/renamed", *owned["org-0"], *owned["org-2"], *owned["org-4"]]
    second = [app.open_issue(body=MATCHING, repository=name) for name in later]
    server.wait_until(lambda: all(map(has_comment, second)))
    server.wait_until(lambda: is_quiet(server))

    assert {len(list_ours(issue)) for issue in (*first, *second)} == {1}
    assert [issue for issue in (*others, *silent) if list_ours(issue)] == []
    assert server.show_status()["counts"]["dead"] == 0


def is_quiet(server: ServerProcess) -> bool:
    counts = server.show_status()["counts"]
    return bool(counts["waiting"] == counts["running"] == 0)
