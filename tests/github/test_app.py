"""A GitHub App over real HTTP, held against GitHub's own description: signatures, tokens, limits and deliveries."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import SettingsError, TrackerError
from bot.github.app import App, InstallationGoneError, convert_manifest
from bot.tracker.app import AppCredentials, AppIdentity, AppRepository, Attempt, Installation
from tests.stand_ins.fake_github import FakeGitHub, Fault, Reply, Request
from tests.stand_ins.github_app import EVENTS, PERMISSIONS, FakeApp, StoredInstallation, make_key
from tests.stand_ins.github_json import error_json
from tests.stand_ins.openapi import OpenAPIChecker

NOON = datetime(2030, 11, 30, 12, 0, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that goes on only while somebody waits."""

    seconds: float = NOON.timestamp()
    waits: list[float] = field(default_factory=list)

    def read(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def github_app(fake_github: FakeGitHub, clock: Clock) -> FakeApp:
    return FakeApp(fake_github, now=clock.read)


@pytest.fixture
def installation(github_app: FakeApp) -> StoredInstallation:
    return github_app.install("octo/widget", "octo/gadget")


@pytest.fixture
def app(github_app: FakeApp, clock: Clock) -> App:
    return App(github_app.id, github_app.key, github_app.github.url, now=clock.read, sleep=clock.sleep)


def list_requests(github: FakeGitHub) -> list[str]:
    return [str(request) for request in github.requests]


def count_tokens(github: FakeGitHub) -> int:
    return sum(request.path.endswith("/access_tokens") for request in github.requests)


def test_the_app_knows_itself(app: App) -> None:
    identity = app.read_identity()
    assert identity == AppIdentity(
        id=4711,
        slug="signpost",
        name="Signpost",
        html_url="https://github.com/apps/signpost",
        events=EVENTS,
        permissions=PERMISSIONS,
    )
    assert identity.login == "signpost[bot]"


def test_it_lists_installations_and_their_repositories(
    app: App, github_app: FakeApp, installation: StoredInstallation
) -> None:
    other = github_app.install("acme/anvil")
    github_app.suspend(other)
    github_app.github.set_up("octo/gadget").is_archived = True
    ids = {name: repository.id for name, repository in github_app.github.repositories.items()}
    assert app.list_installations() == (
        Installation(id=installation.id, account="octo"),
        Installation(id=other.id, account="acme", is_suspended=True),
    )
    assert app.list_repositories(installation.id) == (
        AppRepository(id=ids["octo/widget"], name="octo/widget", default_branch="main"),
        AppRepository(id=ids["octo/gadget"], name="octo/gadget", default_branch="main", is_archived=True),
    )
    assert len(set(ids.values())) == 3


def test_lists_have_many_pages(app: App, github_app: FakeApp) -> None:
    names = [f"octo/widget-{number}" for number in range(230)]
    installation = github_app.install(*names)
    for number in range(120):
        github_app.install(f"org-{number}/widget")
    assert [each.name for each in app.list_repositories(installation.id)] == names
    assert len(app.list_installations()) == 121


def test_it_finds_the_installation_of_a_repository(
    app: App, github_app: FakeApp, installation: StoredInstallation
) -> None:
    github_app.rename("octo/gadget", "octo/device")
    github_app.github.add_repository("octo/other")
    found = {name: app.find_installation(name) for name in ("octo/widget", "octo/gadget", "octo/device", "octo/other")}
    assert found == {
        "octo/widget": installation.id,
        "octo/gadget": installation.id,
        "octo/device": installation.id,
        "octo/other": None,
    }


def test_fifty_threads_get_one_token(app: App, github_app: FakeApp, installation: StoredInstallation) -> None:
    issue = github_app.open_issue()
    with ThreadPoolExecutor(50) as pool:
        read = list(pool.map(lambda _: app.connect(installation.id).get_issue("octo/widget", 1).title, range(50)))
    assert read == [issue.title] * 50
    assert count_tokens(github_app.github) == 1


@pytest.mark.parametrize(
    "minutes, tokens",
    [pytest.param(54, 1, id="fresh"), pytest.param(56, 2, id="near its end"), pytest.param(90, 2, id="over")],
)
def test_a_token_is_renewed_before_its_end(
    app: App, github_app: FakeApp, installation: StoredInstallation, clock: Clock, minutes: int, tokens: int
) -> None:
    github_app.open_issue()
    tracker = app.connect(installation.id)
    clock.seconds += 60 * minutes
    assert tracker.get_issue("octo/widget", 1).number == 1
    assert count_tokens(github_app.github) == tokens


def test_a_revoked_token_is_renewed_and_the_write_is_done_once(
    app: App, github_app: FakeApp, installation: StoredInstallation
) -> None:
    stored = github_app.open_issue()
    tracker = app.connect(installation.id)
    issue = tracker.get_issue("octo/widget", 1)
    github_app.revoke(installation)
    tracker.create_comment(issue, "Known.")
    assert [(comment.author.login, comment.body) for comment in stored.comments] == [("signpost[bot]", "Known.")]
    assert count_tokens(github_app.github) == 2


@pytest.mark.parametrize("token", ["v1.1f699f1069f60xxx", f"ghs_4711_{'ey.J-_' * 200}"], ids=["old", "stateless"])
def test_tokens_have_any_form_and_reach_no_error(
    app: App, github_app: FakeApp, installation: StoredInstallation, token: str
) -> None:
    github_app.make_token = lambda: token
    github_app.open_issue()
    tracker = app.connect(installation.id)
    assert tracker.get_issue("octo/widget", 1).number == 1
    leak = Reply(status=422, body=error_json(f"no {token}"))
    github_app.github.disturb = lambda _: Fault(kind="answer", reply=leak)
    with pytest.raises(TrackerError) as caught:
        tracker.get_issue("octo/widget", 1)
    assert "no ***" in str(caught.value)
    assert token not in repr(vars(app))


@pytest.mark.parametrize(
    "happen, is_suspended",
    [pytest.param(FakeApp.suspend, True, id="suspended"), pytest.param(FakeApp.remove, False, id="removed")],
)
def test_an_installation_that_is_gone_is_an_error_of_its_own(
    app: App,
    github_app: FakeApp,
    installation: StoredInstallation,
    happen: Callable[[FakeApp, StoredInstallation], None],
    *,
    is_suspended: bool,
) -> None:
    happen(github_app, installation)
    for use in (app.connect, app.list_repositories):
        with pytest.raises(InstallationGoneError) as caught:
            use(installation.id)
        assert (caught.value.is_suspended, caught.value.missing) == (is_suspended, True)
        state = "is suspended" if is_suspended else "was removed"
        assert f"the installation {state}; its owner can undo that." in str(caught.value)


def test_an_installation_may_be_removed_while_a_tracker_is_used(
    app: App, github_app: FakeApp, installation: StoredInstallation
) -> None:
    tracker = app.connect(installation.id)
    github_app.remove(installation)
    with pytest.raises(InstallationGoneError):
        tracker.get_issue("octo/widget", 1)


@pytest.mark.parametrize("seconds", [-3000, -500, 30, 500, 3000])
def test_a_wrong_clock_is_put_right_by_that_of_github(
    github_app: FakeApp, clock: Clock, caplog: pytest.LogCaptureFixture, seconds: int
) -> None:
    app = App(github_app.id, github_app.key, github_app.github.url, now=lambda: clock.seconds + seconds)
    assert app.read_identity().id == github_app.id
    is_warned = seconds not in range(-500, 60)
    said = [f"the clock of this machine differs from GitHub's by {-seconds} s; set it"] if is_warned else []
    assert [record.getMessage() for record in caplog.records] == said


def test_a_wrong_clock_is_named_when_github_rejects_the_signature(github_app: FakeApp, clock: Clock) -> None:
    app = App(github_app.id, make_key(2), github_app.github.url, now=lambda: clock.seconds - 3000)
    with pytest.raises(TrackerError) as caught:
        app.read_identity()
    assert str(caught.value) == (
        "GitHub rejects the App's signature (401: A JSON web token could not be decoded). The clock of this machine is"
        " 3000 s behind GitHub's; set it. Check that SIGNPOST_APP_ID and the private key belong to the same App."
    )


def test_a_signature_is_used_again_for_some_minutes(app: App, github_app: FakeApp, clock: Clock) -> None:
    for minutes in (0, 7, 0.5, 60):
        clock.seconds += 60 * minutes
        app.read_identity()
    signed = [request.headers["authorization"] for request in github_app.github.requests]
    assert [signed.index(each) for each in signed] == [0, 0, 0, 3]
    assert all(re.fullmatch(r"Bearer [\w-]+\.[\w-]+\.[\w-]+", each) for each in signed)


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"])
def test_an_invalid_key_is_an_error_without_the_key(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        App(1, key, "https://api.github.com")
    message = "the App's private key is not an RSA key in PEM; set SIGNPOST_PRIVATE_KEY_FILE to GitHub's .pem file"
    assert (str(caught.value), caught.value.__cause__) == (message, None)


def test_nothing_is_sent_while_the_limit_of_an_installation_is_spent(
    app: App, github_app: FakeApp, installation: StoredInstallation, clock: Clock
) -> None:
    github_app.open_issue()
    other = github_app.install("acme/anvil")
    github_app.open_issue(repository="acme/anvil")
    trackers = [app.connect(each.id) for each in (installation, other)]
    reset = int(clock.seconds) + 1800
    spent = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset), "X-RateLimit-Resource": "core"}
    github_app.limit = spent
    with pytest.raises(TrackerError, match="rate limit"):
        trackers[0].get_issue("octo/widget", 1)
    github_app.limit = {}
    assert [app.wait_seconds(each.id) for each in (installation, other)] == [1801, 0]
    before = len(github_app.github.requests)
    with pytest.raises(TrackerError) as caught:
        app.connect(installation.id).get_issue("octo/widget", 1)
    assert str(caught.value) == "GitHub's rate limit for this installation is spent until 12:30:01 UTC."
    assert len(github_app.github.requests) == before
    assert trackers[1].get_issue("acme/anvil", 1).number == 1
    clock.seconds = reset + 1
    assert app.wait_seconds(installation.id) == 0
    assert trackers[0].get_issue("octo/widget", 1).number == 1


def test_a_short_secondary_limit_is_waited_for(
    app: App, github_app: FakeApp, installation: StoredInstallation, clock: Clock
) -> None:
    github_app.open_issue()
    tracker = app.connect(installation.id)
    refused = Reply(status=403, body=error_json("secondary rate limit"), headers={"Retry-After": "5"})
    github_app.github.faults[len(github_app.github.requests) + 1] = Fault(kind="answer", reply=refused)
    assert tracker.get_issue("octo/widget", 1).number == 1
    assert clock.waits == [5]


def test_trackers_wait_for_each_others_writes_to_a_repository(
    app: App, github_app: FakeApp, installation: StoredInstallation, clock: Clock
) -> None:
    for name in ("octo/widget", "octo/gadget"):
        github_app.open_issue(repository=name)
    first, second = (app.connect(installation.id) for _ in range(2))
    widget, gadget = (first.get_issue(name, 1) for name in ("octo/widget", "octo/gadget"))
    first.create_comment(widget, "One.")
    first.create_comment(gadget, "Two.")
    assert clock.waits == []
    second.create_comment(widget, "Three.")
    assert [0 < each <= 1 for each in clock.waits] == [True]


def test_threads_write_one_after_the_other(app: App, github_app: FakeApp, installation: StoredInstallation) -> None:
    issue = github_app.open_issue()
    github_app.github.delay = lambda: 0.02
    most = list[int]()

    def note(request: Request) -> None:
        """How many writes have come in, and are not answered, this one included."""
        later = github_app.github.requests[request.number - 1 :]
        most.append(sum(each.path.endswith("/comments") for each in later))

    github_app.github.disturb = note
    with ThreadPoolExecutor(8) as pool:
        trackers = list(pool.map(lambda _: app.connect(installation.id), range(8)))
        snapshot = trackers[0].get_issue("octo/widget", 1)
        list(pool.map(lambda tracker: tracker.create_comment(snapshot, "Known."), trackers))
    assert len(issue.comments) == 8
    assert max(most) == 1


def test_attempts_are_listed_and_made_again(
    app: App, github_app: FakeApp, installation: StoredInstallation, clock: Clock
) -> None:
    start = clock.seconds
    clock.seconds += 3600
    github_app.disturb = lambda _: "drop"
    github_app.open_issue()
    repository = github_app.github.repositories["octo/widget"].id
    clock.seconds += 60
    found = app.list_deliveries(datetime.fromtimestamp(start + 60, UTC))
    guid = github_app.deliveries[-1].guid
    lost = Attempt(
        id=10_000_001,
        guid=guid,
        event="issues",
        action="opened",
        status="timed out",
        status_code=504,
        delivered_at=NOON + timedelta(hours=1),
        installation=installation.id,
        repository_id=repository,
    )
    assert found == (lost,)
    app.redeliver(lost.id)
    github_app.wait()
    everything = app.list_deliveries(datetime.fromtimestamp(start, UTC))
    assert everything is not None
    assert [(each.guid == guid, each.is_redelivery, each.status) for each in everything] == [
        (True, True, "failed to connect to host"),
        (True, False, "timed out"),
        (False, False, "failed to connect to host"),
    ]


def test_only_pages_that_may_be_recent_are_read(
    app: App, github_app: FakeApp, installation: StoredInstallation, clock: Clock
) -> None:
    issue = github_app.open_issue()
    for _ in range(400):
        clock.seconds += 60
        github_app.send_issue(issue, "edited")
    before = len(github_app.github.requests)
    recent = app.list_deliveries(datetime.fromtimestamp(clock.seconds - 149 * 60, UTC))
    assert recent is not None
    assert len(recent) == 150
    assert len(github_app.github.requests) - before == 2
    assert installation.id == recent[0].installation


def test_some_servers_list_no_deliveries(app: App, github_app: FakeApp) -> None:
    github_app.lists_deliveries = False
    assert app.list_deliveries(NOON) is None


def test_redeliveries_are_paced(app: App, github_app: FakeApp, clock: Clock) -> None:
    github_app.install("octo/widget")
    for _ in range(3):
        app.redeliver(10_000_000)
    github_app.wait()
    assert [0 < each <= 1 for each in clock.waits] == [True, True]


def test_the_code_of_a_manifest_gives_the_app_once(github_app: FakeApp, clock: Clock) -> None:
    code, url = github_app.agree({"name": "Acme Signpost"}), github_app.github.url
    made = convert_manifest(code, url)
    assert made == AppCredentials(
        id=4711,
        slug="acme-signpost",
        name="Acme Signpost",
        html_url="https://github.com/apps/acme-signpost",
        pem=github_app.key,
        webhook_secret=github_app.secret,
        client_id=github_app.client_id,
        client_secret=github_app.client_secret,
    )
    assert not any(secret in repr(made) for secret in (github_app.key, github_app.secret, github_app.client_secret))
    late = github_app.agree({"name": "Acme Signpost"})
    clock.seconds += 3601
    for each in (code, late, "../app"):
        with pytest.raises(TrackerError) as caught:
            convert_manifest(each, url)
        assert str(caught.value) == (
            "Could not get the new App from GitHub: its code was used before, or is older than an hour. Start again."
        )


@pytest.fixture
def enterprise(openapi_checker: OpenAPIChecker) -> Iterator[FakeApp]:
    with FakeGitHub(checker=openapi_checker, prefix="/api/v3") as github:
        yield FakeApp(github)
        assert github.violations == []


def test_an_enterprise_server_has_its_own_address(enterprise: FakeApp) -> None:
    installation = enterprise.install("octo/widget")
    enterprise.open_issue()
    app = App(enterprise.id, enterprise.key, enterprise.github.url)
    assert app.connect(installation.id).get_issue("octo/widget", 1).number == 1
    assert [each.name for each in app.list_repositories(installation.id)] == ["octo/widget"]


def test_a_limit_of_the_app_itself_may_be_over_later(app: App, github_app: FakeApp) -> None:
    installation = github_app.install("octo/widget")
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}
    reply = Reply(status=403, headers=spent, body=error_json("API rate limit exceeded"))
    github_app.github.disturb = lambda _: Fault(kind="answer", reply=reply)
    for ask in (app.read_identity, lambda: app.connect(installation.id)):
        with pytest.raises(TrackerError, match="rate limit for the App is spent") as caught:
            ask()
        assert caught.value.unanswered


def test_an_unexpected_answer_is_an_error(app: App, github_app: FakeApp) -> None:
    github_app.github.disturb = lambda _: Fault(kind="answer", reply=Reply(body={"id": "x"}))
    with pytest.raises(TrackerError) as caught:
        app.read_identity()
    assert str(caught.value) == "Could not read the App: GitHub's answer is unexpected; id is missing or invalid."
    assert caught.value.unanswered
