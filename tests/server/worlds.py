"""A worker between an inbox in memory and a GitHub of ours: for tests of what becomes of deliveries."""

import asyncio
import json
import math
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from bot.github.app import InstallationGoneError
from bot.github.client import GitHubTracker, make_tracker, open_transport
from bot.github.responses import Answer, Credential, Lost, find_pause
from bot.github.transport import Patience
from bot.server.inbox.types import Delivery, Handled
from bot.server.settings import ServerSettings
from bot.server.worker import Worker
from tests.server.memory import MemoryInbox
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.github_json import START, Json, Person, StoredComment, StoredIssue, issue_json
from tests.stand_ins.story import REPOSITORY, tell_event

APP = Person(login="signpost[bot]", kind="Bot", knows_itself=False)
INSTALLATION, REPOSITORY_ID = 7, 1
BEGIN = START + timedelta(days=1)

_Found = TypeVar("_Found")


class ConnectedApp:
    """An App whose tokens are valid for ever, until `is_gone`; it waits for nothing."""

    def __init__(self, github: FakeGitHub) -> None:
        self.github = github
        self.is_gone = False
        self.limited = 0.0
        github.tokens["ghs_app"] = APP

    def connect(
        self, installation: int, *, most_seconds: float = math.inf, most_requests: float = math.inf
    ) -> GitHubTracker:
        if self.is_gone:
            raise InstallationGoneError(f"Could not get a token for {installation}.", is_suspended=True)
        patience = Patience(between_writes=0, max_wait=0, run=most_seconds, requests=most_requests)
        transport = open_transport(Credential("ghs_app"), self.github.url, patience)

        def send(verb: str, path: str, body: object, etag: str = "") -> Answer | Lost:
            outcome = transport(verb, path, body, etag)
            if isinstance(outcome, Answer) and (pause := find_pause(outcome, 0)):
                self.limited = pause
            return outcome

        return make_tracker(send, transport, patience, lambda _: None)

    def wait_seconds(self, installation: int) -> float:
        return self.limited if installation == INSTALLATION else 0.0


@dataclass(kw_only=True)
class Clock:
    """The time of a server, which a test moves on."""

    seconds: float = 0.0
    cpu: float = 0.0

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)

    def read(self) -> float:
        return self.seconds

    def read_cpu(self) -> float:
        return self.cpu


@dataclass(kw_only=True)
class World:
    """A server, GitHub, and what GitHub sends."""

    github: FakeGitHub
    settings: ServerSettings = field(default_factory=lambda: ServerSettings(problem_issues=True))
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.app = ConnectedApp(self.github)
        self.inbox = MemoryInbox(self.clock.now)
        asyncio.run(self.inbox.open())
        self.start()

    def start(self) -> None:
        """A new process of the server, which knows what is in the inbox."""
        self.worker = Worker(
            self.app,
            self.inbox,
            self.settings,
            APP.login,
            now=self.clock.now,
            clock=self.clock.read,
            cpu=self.clock.read_cpu,
        )

    def handle(self, delivery: Delivery) -> Handled:
        """What becomes of a delivery."""
        return asyncio.run(self.worker.handle(delivery))

    def report(
        self,
        issue: StoredIssue,
        action: str = "opened",
        comment: StoredComment | None = None,
        *,
        name: str = REPOSITORY,
        number: int = REPOSITORY_ID,
    ) -> Delivery:
        """The delivery about an issue as it is now."""
        payload = tell_event(self.github, issue, action, comment)
        payload["issue"] = issue_json(name, issue, self.github.url)
        payload["repository"] = {"full_name": name, "id": number}
        return self.send("issue_comment" if comment else "issues", action, payload, issue.number, name, number)

    def push(self, name: str = REPOSITORY, number: int = REPOSITORY_ID) -> Delivery:
        """The delivery about a push that changed the rules."""
        return self.send("push", "", {"ref": "refs/heads/main"}, 0, name, number)

    def install(self, action: str) -> Delivery:
        """The delivery about the installation."""
        account = {"installation": {"id": INSTALLATION, "account": {"login": "octo"}}}
        return self.send("installation", action, account, 0, "", 0)

    def send(self, event: str, action: str, payload: Json, issue: int, name: str, number: int) -> Delivery:
        """A delivery."""
        return Delivery(
            guid=f"{event}-{action}-{issue}-{self.github.tick()}",
            event=event,
            action=action,
            installation=INSTALLATION,
            repository=name,
            repository_id=number,
            issue=issue,
            body=json.dumps(payload).encode(),
            received_at=self.clock.now(),
        )

    def values(self, prefix: str) -> dict[str, Json]:
        """The values that the inbox keeps, but ledgers."""
        found = asyncio.run(self.inbox.list_values(prefix))
        return {key: json.loads(value) for key, value in found.items() if not key.startswith("ledger/")}


def run(work: Coroutine[None, None, _Found]) -> _Found:
    return asyncio.run(work)


@contextmanager
def open_world(settings: ServerSettings | None = None) -> Iterator[World]:
    """A world with an empty GitHub."""
    with FakeGitHub() as github:
        yield World(github=github, settings=settings or ServerSettings(problem_issues=True))


def list_comments(issue: StoredIssue, *, by: Person = APP) -> list[str]:
    """Our comments on an issue."""
    return [comment.body for comment in issue.comments if comment.author == by]
