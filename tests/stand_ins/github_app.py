"""A GitHub App of the fake GitHub: its key, installations and tokens, and the webhooks that GitHub sends.

An App attaches itself to a fake GitHub, and answers what only Apps ask for. People act on issues through it, so that
GitHub sends the deliveries. Each attempt to deliver is kept, whether a server was there or not.
"""

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from threading import Thread
from typing import Literal
from urllib.parse import urlencode
from uuid import uuid4

import jwt
import requests
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.github_json import (
    Json,
    Person,
    StoredComment,
    StoredIssue,
    StoredRepository,
    Value,
    comment_json,
    error_json,
    issue_json,
    own_user_json,
    user_json,
)
from tests.stand_ins.github_setup import repository_json
from tests.stand_ins.github_state import MAINTAINER, REPORTER, Reply, Request

PERMISSIONS = {"contents": "read", "issues": "write", "metadata": "read"}
EVENTS = ("issues", "issue_comment", "push")
SECRET = "3f1c9a0d5b7e4826" * 2
TOKEN_SECONDS = 3600
CODE_SECONDS = 3600
TIMED_OUT, UNREACHABLE = ("timed out", 504), ("failed to connect to host", 502)

What = Literal["send", "drop", "double", "hold"]
"""drop: the attempt fails and nothing is sent; double: it is sent twice; hold: it waits for `release`."""


@dataclass(kw_only=True)
class StoredInstallation:
    """`tokens` are those that were made, each with the time of its end."""

    id: int
    account: str
    repositories: list[str]
    suspended_at: str | None = None
    tokens: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class StoredDelivery:
    """What GitHub sends, again and again with the same GUID."""

    guid: str
    event: str
    payload: Json

    @property
    def body(self) -> bytes:
        return json.dumps(self.payload).encode()


@dataclass(frozen=True, kw_only=True)
class StoredAttempt:
    id: int
    delivery: StoredDelivery
    at: float
    status: str
    status_code: int
    is_redelivery: bool


@cache
def make_key(number: int = 0) -> str:
    """A private key as PEM, the n-th; the same one in all tests, because making one takes its time."""
    del number
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def sign(body: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


class FakeApp:
    """An App; `hook_url` is where its server listens, "" for nowhere.

    `disturb` says what becomes of a delivery, and `delay` how many seconds it is on its way; `post` sends it.
    `lists_deliveries` is false for a GitHub that does not. `now` is GitHub's clock. `make_token` makes the tokens of
    installations, which have no fixed form. With a `limit`, these headers refuse each request of an installation.
    """

    def __init__(self, github: FakeGitHub, *, slug: str = "signpost", now: Callable[[], float] = time.time) -> None:
        self.id = 4711
        self.slug = slug
        self.name = slug.title()
        self.key = make_key()
        self.secret = SECRET
        self.client_id = "Iv23liFAKE"
        self.client_secret = secrets.token_hex(20)
        self.bot = Person(login=f"{slug}[bot]", kind="Bot", knows_itself=False)
        self.hook_url = ""
        self.timeout = 10.0
        self.disturb: Callable[[StoredDelivery], What] = lambda _: "send"
        self.delay: Callable[[], float] = lambda: 0
        self.post: Callable[[StoredDelivery], tuple[str, int]] = self.send
        self.lists_deliveries = True
        self.make_token: Callable[[], str] = lambda: f"ghs_{secrets.token_urlsafe(390)}"
        self.limit: dict[str, str] = {}
        self.now = now
        self.installations: dict[int, StoredInstallation] = {}
        self.deliveries: list[StoredDelivery] = []
        self.attempts: list[StoredAttempt] = []
        self.held: list[StoredDelivery] = []
        self.public_key = load_pem_private_key(self.key.encode(), None).public_key()
        self.github = github
        self._codes: dict[str, tuple[float, Json]] = {}
        self._threads: list[Thread] = []
        github.now = self._read_clock
        github.extensions.append(self._answer)

    @property
    def api_url(self) -> str:
        """What GITHUB_API_URL is."""
        return self.github.url

    # What people do

    def install(self, *repositories: str, account: str = "") -> StoredInstallation:
        """Install the App for repositories of an account; those that do not exist are made."""
        account = account or repositories[0].partition("/")[0]
        made = StoredInstallation(id=9000 + self.github.tick(), account=account, repositories=list(repositories))
        self.installations[made.id] = made
        for name in repositories:
            self._find_repository(name)
        listed = [self._name_repository(name) for name in repositories]
        self._tell("installation", "created", made, repositories=listed)
        return made

    def add(self, installation: StoredInstallation, *repositories: str) -> None:
        """Let an installation use more repositories."""
        for name in repositories:
            self._find_repository(name)
        installation.repositories += repositories
        listed = [self._name_repository(name) for name in repositories]
        more = {"repository_selection": "selected", "repositories_added": listed, "repositories_removed": []}
        self._tell("installation_repositories", "added", installation, **more)

    def suspend(self, installation: StoredInstallation) -> None:
        installation.suspended_at = self._write_time()
        self._tell("installation", "suspend", installation)

    def unsuspend(self, installation: StoredInstallation) -> None:
        installation.suspended_at = None
        self._tell("installation", "unsuspend", installation)

    def remove(self, installation: StoredInstallation) -> None:
        """Remove the installation, with all its tokens."""
        self.revoke(installation)
        del self.installations[installation.id]
        self._tell("installation", "deleted", installation)

    def revoke(self, installation: StoredInstallation) -> None:
        """Let no token of an installation be valid any more."""
        for token in installation.tokens:
            self.github.tokens.pop(token, None)
        installation.tokens.clear()

    def rename(self, former: str, name: str) -> None:
        """Give a repository another name; GitHub redirects from the former one."""
        repositories = self.github.repositories
        repository = repositories[name] = repositories.pop(former)
        repository.name = name
        self.github.moved[former] = (301, name)
        for each in self.installations.values():
            each.repositories = [name if other == former else other for other in each.repositories]
        changes = {"repository": {"name": {"from": former.partition("/")[2]}}}
        self.send_about(repository, "repository", "renamed", MAINTAINER, changes=changes)

    def open_issue(
        self, title: str = "It breaks", body: str | None = "Every day.", author: Person = REPORTER, **known: Value
    ) -> StoredIssue:
        issue = self.github.add_issue(title, body, author=author, **known)
        self.send_issue(issue, "opened", author)
        return issue

    def edit_issue(self, issue: StoredIssue, body: str, author: Person = REPORTER) -> None:
        former = issue.body
        self.github.edit_body(issue, body)
        self.send_issue(issue, "edited", author, changes={"body": {"from": former}})

    def comment(self, issue: StoredIssue, body: str, author: Person = REPORTER) -> StoredComment:
        comment = self.github.add_comment(issue, body, author)
        repository = self.github.repositories[issue.home]
        about = self._show_issue(issue) | {"comment": comment_json(issue.home, issue.number, comment, self.github.url)}
        self.send_about(repository, "issue_comment", "created", author, **about)
        return comment

    def push(self, repository: str, *paths: str) -> StoredDelivery:
        """Push a commit that changes these files to the default branch."""
        commit = {"id": secrets.token_hex(20), "added": [], "removed": [], "modified": list(paths)}
        branch = self.github.set_up(repository).branch
        return self.send_about(
            self._find_repository(repository),
            "push",
            None,
            MAINTAINER,
            ref=f"refs/heads/{branch}",
            commits=[commit],
            head_commit=commit,
        )

    # What GitHub sends

    def send_issue(self, issue: StoredIssue, action: str, sender: Person = MAINTAINER, **more: Value) -> StoredDelivery:
        repository = self.github.repositories[issue.home]
        return self.send_about(repository, "issues", action, sender, **self._show_issue(issue), **more)

    def send_about(
        self, repository: StoredRepository, event: str, action: str | None, sender: Person, **more: Value
    ) -> StoredDelivery:
        """An event of a repository; one without an installation sends nothing."""
        installation = self.find_installation(repository.name)
        payload = {
            **({"action": action} if action else {}),
            **more,
            "repository": self.show_repository(repository.name),
            "sender": user_json(sender, self.github.url),
            **({"installation": {"id": installation.id, "node_id": "I_1"}} if installation else {}),
        }
        if installation is None or installation.suspended_at:
            return StoredDelivery(guid="", event=event, payload=payload)
        return self.deliver(event, payload)

    def deliver(self, event: str, payload: Json) -> StoredDelivery:
        """Send a delivery, or do with it what `disturb` says."""
        delivery = StoredDelivery(guid=str(uuid4()), event=event, payload=payload)
        self.deliveries.append(delivery)
        match self.disturb(delivery):
            case "drop":
                self._keep(delivery, *TIMED_OUT)
            case "hold":
                self.held.append(delivery)
            case "double":
                self.attempt(delivery)
                self.attempt(delivery)
            case "send":
                self.attempt(delivery)
        return delivery

    def release(self, order: Callable[[list[StoredDelivery]], Iterable[StoredDelivery]] = reversed) -> None:
        """Send what was held back, in this order."""
        held, self.held = self.held, []
        for delivery in order(held):
            self.attempt(delivery)

    def attempt(self, delivery: StoredDelivery, *, is_redelivery: bool = False) -> None:
        """Send a delivery once, and keep what became of it."""
        time.sleep(self.delay())
        self._keep(delivery, *self.post(delivery), is_redelivery=is_redelivery)

    def wait(self) -> None:
        """Return when all redeliveries that were asked for are done."""
        while self._threads:
            self._threads.pop().join()

    def find_installation(self, repository: str) -> StoredInstallation | None:
        return next((each for each in self.installations.values() if repository in each.repositories), None)

    def show_repository(self, name: str) -> Json:
        """A repository as webhooks and lists have it."""
        repository = self._find_repository(name)
        setup = self.github.set_up(name)
        more = {"id": repository.id, "visibility": "public", "has_downloads": True}
        return {**repository_json(name, setup, None, self.github.url), **more}

    def send(self, delivery: StoredDelivery) -> tuple[str, int]:
        """Send a delivery over HTTP; the status and the status code as GitHub lists them."""
        if not self.hook_url:
            return UNREACHABLE
        try:
            answer = requests.post(
                self.hook_url, delivery.body, headers=self.write_headers(delivery), timeout=self.timeout
            )
        except requests.Timeout:
            return TIMED_OUT
        except requests.RequestException:
            return UNREACHABLE
        is_fine = answer.status_code < 300
        return "OK" if is_fine else f"Invalid HTTP Response: {answer.status_code}", answer.status_code

    def write_headers(self, delivery: StoredDelivery) -> dict[str, str]:
        """https://docs.github.com/en/webhooks/webhook-events-and-payloads#delivery-headers"""
        return {
            "Content-Type": "application/json",
            "User-Agent": "GitHub-Hookshot/0000000",
            "X-GitHub-Delivery": delivery.guid,
            "X-GitHub-Event": delivery.event,
            "X-GitHub-Hook-ID": "1",
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-GitHub-Hook-Installation-Target-ID": str(self.id),
            "X-Hub-Signature-256": sign(delivery.body, self.secret),
        }

    def _keep(self, delivery: StoredDelivery, status: str, status_code: int, *, is_redelivery: bool = False) -> None:
        stored = StoredAttempt(
            id=10_000_000 + len(self.attempts),
            delivery=delivery,
            at=self.now(),
            status=status,
            status_code=status_code,
            is_redelivery=is_redelivery,
        )
        self.attempts.append(stored)

    def _tell(self, event: str, action: str, installation: StoredInstallation, **more: Value) -> None:
        shown = self._show_installation(installation)
        sender = user_json(MAINTAINER, self.github.url)
        self.deliver(event, {"action": action, "installation": shown, **more, "sender": sender})

    # What the fake GitHub answers

    def _answer(self, request: Request, api: str) -> Reply | None:
        """The answer to what only Apps ask for; None for anything else."""
        if request.path.endswith("/settings/apps/new"):
            return self._offer(request)
        if found := re.fullmatch(r"/app-manifests/([^/]+)/conversions", request.path):
            return self._convert(found[1], api)
        is_lookup = re.fullmatch(r"/repos/([^/]+/[^/]+)/installation", request.path)
        if is_lookup or re.match(r"/app(/|$)", request.path):
            refusal = self._check_signature(request)
            return refusal or self._answer_app(request, api)
        return self._answer_installation(request)

    def _check_signature(self, request: Request) -> Reply | None:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            assert kind == "Bearer", "a JWT stands behind the word Bearer"
            options = {"verify_exp": False, "verify_iat": False, "require": ["iat", "exp", "iss"]}
            claims = jwt.decode(token, self.public_key, algorithms=["RS256"], options=options)  # type: ignore[arg-type]
        except (AssertionError, jwt.PyJWTError):
            return _refuse(401, "A JSON web token could not be decoded")
        now = self.now()
        if claims["iss"] != str(self.id):
            return _refuse(404, "Integration not found")
        if claims["iat"] > now:
            return _refuse(401, "'Issued at' claim ('iat') must be an Integer representing a time in the past")
        if claims["exp"] - now > 600:
            return _refuse(401, "'Expiration time' claim ('exp') is too far in the future")
        return _refuse(401, "'Expiration time' claim ('exp') is in the past") if claims["exp"] <= now else None

    def _answer_app(self, request: Request, api: str) -> Reply:
        for verb, pattern, reply_to in (
            ("GET", r"/app", lambda: Reply(body=self._show(api))),
            ("GET", r"/app/installations", lambda: self._list_installations(request, api)),
            ("POST", r"/app/installations/(\d+)/access_tokens", self._make_token),
            ("GET", r"/repos/([^/]+/[^/]+)/installation", lambda name: self._show_installation_of(name, api)),
            ("GET", r"/app/hook/deliveries", lambda: self._list_attempts(request, api)),
            ("POST", r"/app/hook/deliveries/(\d+)/attempts", self._redeliver),
        ):
            found = re.fullmatch(pattern, request.path)
            if found and verb == request.verb:
                reply: Reply = reply_to(*found.groups())
                return reply
        return _refuse(404, "Not Found")

    def _answer_installation(self, request: Request) -> Reply | None:
        token = request.headers.get("authorization", "").partition(" ")[2]
        installation = next((each for each in self.installations.values() if token in each.tokens), None)
        if installation is None:
            return _refuse(401, "Bad credentials") if request.path == "/installation/repositories" else None
        if refusal := self._check_token(installation, token):
            return refusal
        if request.path == "/installation/repositories":
            return self._list_repositories(installation, request)
        named = re.match(r"/repos/([^/]+/[^/]+)", request.path)
        if named and request.verb != "GET" and not self._may_write(installation, named[1]):
            return _refuse(403, "Resource not accessible by integration")
        return None

    def _check_token(self, installation: StoredInstallation, token: str) -> Reply | None:
        if installation.tokens[token] <= self.now():
            return _refuse(401, "Bad credentials")
        if installation.suspended_at:
            return _refuse(403, "This installation has been suspended")
        body = error_json("API rate limit exceeded for installation.")
        return Reply(status=403, body=body, headers=self.limit) if self.limit else None

    def _may_write(self, installation: StoredInstallation, name: str) -> bool:
        return self.github.moved.get(name, (0, name))[1] in installation.repositories

    def _list_repositories(self, installation: StoredInstallation, request: Request) -> Reply:
        shown = [self.show_repository(name) for name in installation.repositories]
        page, links = self._cut(shown, request, "page")
        body = {"total_count": len(shown), "repository_selection": "selected", "repositories": page}
        return Reply(body=body, headers=links)

    def _list_installations(self, request: Request, api: str) -> Reply:
        del api
        page, links = self._cut([*map(self._show_installation, self.installations.values())], request, "page")
        return Reply(body=page, headers=links)

    def _show_installation_of(self, name: str, api: str) -> Reply:
        if moved := self.github.moved.get(name):
            location = f"{api}/repos/{moved[1]}/installation"
            return Reply(status=301, body=error_json("Moved Permanently"), headers={"Location": location})
        found = self.find_installation(name)
        return Reply(body=self._show_installation(found)) if found else _refuse(404, "Not Found")

    def _make_token(self, number: str) -> Reply:
        """https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app"""
        installation = self.installations.get(int(number))
        if installation is None:
            return _refuse(404, "Not Found")
        if installation.suspended_at:
            return _refuse(403, "This installation has been suspended")
        token, ends_at = self.make_token(), self.now() + TOKEN_SECONDS
        installation.tokens[token] = ends_at
        self.github.tokens[token] = self.bot
        more = {"permissions": PERMISSIONS, "repository_selection": "selected"}
        return Reply(status=201, body={"token": token, "expires_at": _write_time(ends_at), **more})

    def _list_attempts(self, request: Request, api: str) -> Reply:
        """The newest first; https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook"""
        del api
        if not self.lists_deliveries:
            return _refuse(404, "Not Found")
        wanted = request.query.get("status")
        shown = [_show_attempt(each) for each in reversed(self.attempts) if wanted in {None, _judge(each)}]
        page, links = self._cut(shown, request, "cursor")
        return Reply(body=page, headers=links)

    def _redeliver(self, number: str) -> Reply:
        """https://docs.github.com/en/rest/apps/webhooks#redeliver-a-delivery-for-an-app-webhook"""
        found = next((each for each in self.attempts if each.id == int(number)), None)
        if found is None:
            return _refuse(404, "Not Found")
        thread = Thread(target=self.attempt, args=(found.delivery,), kwargs={"is_redelivery": True}, daemon=True)
        thread.start()
        self._threads.append(thread)
        return Reply(status=202, body={})

    def _offer(self, request: Request) -> Reply:
        """The page on which a person makes the App; the fake agrees at once.

        https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
        """
        manifest = json.loads(request.body["manifest"])
        answer = urlencode({"code": self.agree(manifest), "state": request.query.get("state", "")})
        return Reply(status=302, headers={"Location": f"{manifest['redirect_url']}?{answer}"})

    def agree(self, manifest: Json) -> str:
        """Make the App of a manifest, and give the code for its secrets."""
        code = secrets.token_hex(20)
        self._codes[code] = self.now() + CODE_SECONDS, manifest
        return code

    def _convert(self, code: str, api: str) -> Reply:
        ends_at, manifest = self._codes.pop(code, (0.0, {}))
        if ends_at <= self.now():
            return _refuse(404, "Not Found")
        self.name = manifest["name"]
        self.slug = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
        login = {"client_id": self.client_id, "client_secret": self.client_secret}
        return Reply(status=201, body={**self._show(api), **login, "webhook_secret": self.secret, "pem": self.key})

    def _show(self, api: str) -> Json:
        return {
            "id": self.id,
            "slug": self.slug,
            "node_id": "A_1",
            "owner": user_json(MAINTAINER, api),
            "name": self.name,
            "description": "",
            "external_url": "https://signpost.example",
            "html_url": f"https://github.com/apps/{self.slug}",
            "created_at": self._write_time(),
            "updated_at": self._write_time(),
            "permissions": PERMISSIONS,
            "events": list(EVENTS),
            "installations_count": len(self.installations),
        }

    def _show_installation(self, installation: StoredInstallation) -> Json:
        url = f"{self.github.url}/app/installations/{installation.id}"
        owner = own_user_json(Person(login=installation.account, kind="Organization"), self.github.url)
        return {
            "id": installation.id,
            # The description's anyOf of a user and an enterprise is held to be both.
            "account": {**owner, "name": installation.account, "slug": installation.account},
            "repository_selection": "selected",
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.github.url}/installation/repositories",
            "html_url": f"https://github.com/organizations/{installation.account}/settings/installations/1",
            "app_id": self.id,
            "app_slug": self.slug,
            "target_id": sum(map(ord, installation.account)),
            "target_type": "Organization",
            "permissions": PERMISSIONS,
            "events": list(EVENTS),
            "created_at": self._write_time(),
            "updated_at": self._write_time(),
            "single_file_name": None,
            "suspended_by": user_json(MAINTAINER, self.github.url) if installation.suspended_at else None,
            "suspended_at": installation.suspended_at,
        }

    def _show_issue(self, issue: StoredIssue) -> Json:
        return {"issue": issue_json(issue.home, issue, self.github.url)}

    def _name_repository(self, name: str) -> Json:
        """As events about an installation have it."""
        repository = self._find_repository(name)
        short = name.partition("/")[2]
        return {"id": repository.id, "node_id": "R_1", "name": short, "full_name": name, "private": False}

    def _find_repository(self, name: str) -> StoredRepository:
        repository = self.github.add_repository(name)
        if repository.id == 1:
            repository.id = 70_000 + self.github.tick()
        return repository

    def _cut(self, entries: Sequence[Json], request: Request, name: str) -> tuple[list[Json], Mapping[str, str]]:
        """A page, and the link to the next one; a cursor is the place of an entry."""
        size = min(int(request.query.get("per_page", 30)), 100)
        stated = int(request.query.get(name, 1 if name == "page" else 0))
        start = (stated - 1) * size if name == "page" else stated
        following = stated + 1 if name == "page" else start + size
        query = urlencode({**request.query, name: following})
        link = {"Link": f'<{self.github.url}{request.path}?{query}>; rel="next"'}
        return list(entries[start : start + size]), link if start + size < len(entries) else {}

    def _read_clock(self) -> float:
        """GitHub's clock, which may be replaced."""
        return self.now()

    def _write_time(self) -> str:
        return _write_time(self.now())


def _refuse(status: int, message: str) -> Reply:
    return Reply(status=status, body=error_json(message))


def _write_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _judge(attempt: StoredAttempt) -> str:
    """GitHub's filter goes by the status code."""
    return "failure" if 400 <= attempt.status_code < 600 else "success"


def _show_attempt(attempt: StoredAttempt) -> Json:
    payload = attempt.delivery.payload
    return {
        "id": attempt.id,
        "guid": attempt.delivery.guid,
        "delivered_at": _write_time(attempt.at),
        "redelivery": attempt.is_redelivery,
        "duration": 0.25,
        "status": attempt.status,
        "status_code": attempt.status_code,
        "event": attempt.delivery.event,
        "action": payload.get("action"),
        "installation_id": payload.get("installation", {}).get("id"),
        "repository_id": payload.get("repository", {}).get("id"),
        "throttled_at": None,
    }
