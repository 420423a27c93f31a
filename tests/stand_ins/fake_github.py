"""A small GitHub that remembers, over real HTTP on 127.0.0.1, with faults on demand.

What it does is what the tests of Signpost need and the third-party emulator lacks: rights by token, minimised and
deleted comments, issue events with their actors, `duplicate`, GraphQL for a folder, redirects, and answers that get
lost. Every request and every answer can be held against GitHub's own OpenAPI description (see `openapi.py`).
"""

import json
import os
import re
import signal
import socket
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Literal, Protocol, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.stand_ins.github_json import (
    Json,
    Person,
    StoredComment,
    StoredIssue,
    StoredRepository,
    Value,
    change_json,
    comment_json,
    error_json,
    issue_json,
    label_json,
    moment,
    own_user_json,
    tree_json,
)

BOT = Person(login="github-actions[bot]", kind="Bot", knows_itself=False)
MAINTAINER = Person(login="maintainer")
REPORTER = Person(login="reporter", can_write=False)


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request as it came in; `path` is below the API's own address, still quoted."""

    number: int
    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Value = None

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; `body` is JSON, or text that is sent as it is."""

    status: int = 200
    body: Value = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        if self.body is None:
            return ""
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with one request.

    reset: the connection breaks before anything is done; lost: it is done, and no answer comes; cut: done, and half of
    the answer comes; answer: not done, and `reply` comes; kill-before, kill-after: the process `victim` dies.
    """

    kind: Literal["reset", "lost", "cut", "answer", "kill-before", "kill-after"]
    reply: Reply = field(default_factory=Reply)


SECONDARY_LIMIT = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
FAULTS: Mapping[str, Fault] = {
    "reset": Fault(kind="reset"),
    "lost answer": Fault(kind="lost"),
    "truncated answer": Fault(kind="cut"),
    "secondary limit": Fault(
        kind="answer", reply=Reply(status=403, body=error_json(SECONDARY_LIMIT), headers={"Retry-After": "1"})
    ),
    "429": Fault(
        kind="answer", reply=Reply(status=429, body=error_json(SECONDARY_LIMIT), headers={"Retry-After": "1"})
    ),
    "502": Fault(kind="answer", reply=Reply(status=502, body="<html>Bad Gateway</html>")),
    "404": Fault(kind="answer", reply=Reply(status=404, body=error_json("Not Found"))),
    "410": Fault(kind="answer", reply=Reply(status=410, body=error_json("This issue was deleted"))),
    "422": Fault(kind="answer", reply=Reply(status=422, body=error_json("Validation Failed"))),
}
"""Each fault that a run must survive; the two kinds of `kill-…` need a process, so they stand for themselves."""


class Checker(Protocol):
    """Whatever finds a request or an answer that breaks GitHub's own description."""

    def __call__(self, request: Request, reply: Reply) -> list[str]: ...


class FakeGitHub:
    """The state, the requests that came in, and the server; use it as a context manager.

    `faults` maps the number of a request (the first is 1) to what goes wrong with it. `prefix` is "/api/v3" for an
    Enterprise Server. What `checker` found stands in `violations`.
    """

    def __init__(self, *, checker: Checker | None = None, prefix: str = "") -> None:
        self.prefix = prefix
        self.tokens: dict[str, Person] = {"ghs_bot": BOT, "ghp_maintainer": MAINTAINER, "ghp_reporter": REPORTER}
        self.repositories: dict[str, StoredRepository] = {}
        self.moved: dict[str, tuple[int, str]] = {}
        self.faults: dict[int, Fault] = {}
        self.victim: int | None = None
        self.has_graphql = True
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self._checker = checker
        self._clock = 0
        self._lock = Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("_Handler", (_Conversation,), {"fake": self}))
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What GITHUB_API_URL is."""
        return f"http://127.0.0.1:{self._server.server_port}{self.prefix}"

    # What a test arranges, as if people had done it.

    def tick(self) -> int:
        """A number that no other thing has, which is also the second at which it happened."""
        self._clock += 1
        return self._clock

    def add_repository(self, name: str = "octo/widget", labels: tuple[str, ...] = ()) -> StoredRepository:
        return self.repositories.setdefault(name, StoredRepository(name=name, labels=list(labels)))

    def add_issue(self, title: str = "It breaks", body: str | None = "", **known: Value) -> StoredIssue:
        """Open an issue in `repository` (octo/widget), by `author` (a reporter), with any field of StoredIssue."""
        repository = self.add_repository(known.pop("repository", "octo/widget"))
        number = known.pop("number", len(repository.issues) + 1)
        count = self.tick()
        stated = {"id": 1000 + count, "author": REPORTER, "created_at": moment(count), **known}
        issue = StoredIssue(number=number, title=title, body=body, **stated)
        repository.issues[number] = issue
        repository.labels += [label for label in issue.labels if label not in repository.labels]
        return issue

    def add_comment(self, issue: StoredIssue, body: str, author: Person = REPORTER) -> StoredComment:
        count = self.tick()
        comment = StoredComment(id=5000 + count, author=author, body=body, created_at=moment(count))
        issue.comments.append(comment)
        return comment

    def delete_comment(self, issue: StoredIssue, comment: StoredComment, actor: Person = MAINTAINER) -> None:
        issue.comments.remove(comment)
        self.note(issue, "comment_deleted", actor)

    def set_label(self, repository: StoredRepository, issue: StoredIssue, name: str, actor: Person) -> None:
        """Set a label; GitHub creates one that it does not know, and compares without regard to case."""
        known = {label.casefold(): label for label in repository.labels}
        label = known.get(name.casefold())
        if label is None:
            label = name
            repository.labels.append(label)
        if label not in issue.labels:
            issue.labels.append(label)
            self.note(issue, "labeled", actor, label={"name": label, "color": "ededed"})

    def unset_label(self, issue: StoredIssue, name: str, actor: Person = MAINTAINER) -> bool:
        label = next((label for label in issue.labels if label.casefold() == name.casefold()), None)
        if label is None:
            return False
        issue.labels.remove(label)
        self.note(issue, "unlabeled", actor, label={"name": label, "color": "ededed"})
        return True

    def rename(self, issue: StoredIssue, title: str, actor: Person = MAINTAINER) -> None:
        self.note(issue, "renamed", actor, rename={"from": issue.title, "to": title})
        issue.title = title

    def note(self, issue: StoredIssue, kind: str, actor: Person, **more: Value) -> None:
        """Put an entry into the issue's own history."""
        count = self.tick()
        issue.changes.append({"id": 9000 + count, "event": kind, "actor": actor, "created_at": moment(count), **more})

    # What comes in.

    def answer(self, verb: str, target: str, headers: Mapping[str, str], text: str) -> tuple[Fault | None, Reply]:
        """Take one request: record it, let it fail where that is planned, do what it asks, and check both ways."""
        with self._lock:
            split = urlsplit(target)
            query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
            path = split.path if split.path.endswith("/graphql") else split.path.removeprefix(self.prefix)
            body = json.loads(text) if text else None
            number = len(self.requests) + 1
            request = Request(number=number, verb=verb, path=path, query=query, headers=headers, body=body)
            self.requests.append(request)
            fault = self.faults.get(number)
            if fault and fault.kind in {"reset", "kill-before"}:
                return fault, Reply()
            if fault and fault.kind == "answer":
                return fault, fault.reply
            reply = self._do(request)
            if self._checker and not path.endswith("/graphql"):
                self.violations += self._checker(request, reply)
            return fault, reply

    def _do(self, request: Request) -> Reply:
        token = request.headers.get("authorization", "").partition(" ")[2]
        person = self.tokens.get(token)
        if token and person is None:
            return _refuse(401, "Bad credentials")
        if request.path == ("/api/graphql" if self.prefix else "/graphql"):
            return self._answer_graphql(request, person)
        return self._route(request, person)

    def _route(self, request: Request, person: Person | None) -> Reply:
        if request.path == "/user":
            return self._answer_user(person)
        for verb, pattern, answer in ROUTES:
            found = pattern.fullmatch(request.path)
            if found and verb == request.verb:
                repository = found["repository"]
                if repository in self.moved:
                    return self._redirect(request, repository)
                if repository not in self.repositories:
                    return _refuse(404, "Not Found")
                if verb != "GET" and not (person and person.can_write):
                    return _refuse(403 if person else 401, _NO_RIGHTS if person else "Requires authentication")
                visit = Visit(fake=self, request=request, person=person or REPORTER, names=found.groupdict())
                return answer(visit)
        return _refuse(404, "Not Found")

    def _redirect(self, request: Request, repository: str) -> Reply:
        status, target = self.moved[repository]
        path = request.path.replace(f"/repos/{repository}", f"/repos/{target}")
        location = f"{self.url}{path}{f'?{urlencode(request.query)}' if request.query else ''}"
        body = {"message": "Moved Permanently", "url": location, "documentation_url": "https://docs.github.com/rest"}
        return Reply(status=status, body=body, headers={"Location": location})

    def _answer_user(self, person: Person | None) -> Reply:
        if person is None:
            return _refuse(401, "Requires authentication")
        if not person.knows_itself:
            return _refuse(403, "Resource not accessible by integration")
        return Reply(body=own_user_json(person, self.url))

    def _answer_graphql(self, request: Request, person: Person | None) -> Reply:
        if not self.has_graphql:
            return _refuse(404, "Not Found")
        if person is None:
            return _refuse(401, "This endpoint requires you to be authenticated.")
        asked = request.body["variables"]
        name = f"{asked['owner']}/{asked['name']}"
        repository = self.repositories.get(name)
        if repository is None:
            error = {"type": "NOT_FOUND", "message": f"Could not resolve to a Repository with the name '{name}'."}
            return Reply(body={"data": {"repository": None}, "errors": [error]})
        folder = asked["expression"].removeprefix("HEAD:")
        return Reply(body={"data": {"repository": {"object": tree_json(repository.files, folder)}}})


_NO_RIGHTS = "Resource not accessible by integration"
_PLACES = {"repository": "[^/]+/[^/]+", "number": r"\d+", "comment": r"\d+", "name": "[^/]+"}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request on its way through the state."""

    fake: FakeGitHub
    request: Request
    person: Person
    names: Mapping[str, str]

    @property
    def repository(self) -> StoredRepository:
        return self.fake.repositories[self.names["repository"]]

    @property
    def issue(self) -> StoredIssue | None:
        return self.repository.issues.get(int(self.names["number"]))

    @property
    def label(self) -> str:
        return unquote(self.names["name"])

    def show_issue(self, issue: StoredIssue) -> Json:
        return issue_json(self.repository.name, issue, self.fake.url)

    def show_labels(self, names: list[str]) -> list[Json]:
        return [label_json(self.repository.name, name, self.fake.url) for name in names]

    def page(self, entries: list[Json]) -> Reply:
        """One page of a list, with the links that GitHub gives."""
        size = min(int(self.request.query.get("per_page", 30)), 100)
        page = int(self.request.query.get("page", 1))
        shown = entries[(page - 1) * size : page * size]
        if page * size >= len(entries):
            return Reply(body=shown)
        following = urlencode({**self.request.query, "page": page + 1})
        return Reply(body=shown, headers={"Link": f'<{self.fake.url}{self.request.path}?{following}>; rel="next"'})


def _refuse(status: int, message: str, *errors: Json) -> Reply:
    return Reply(status=status, body=error_json(message, errors))


def _get_issue(visit: Visit) -> Reply:
    return Reply(body=visit.show_issue(visit.issue)) if visit.issue else _refuse(404, "Not Found")


def _list_issues(visit: Visit) -> Reply:
    wanted = visit.request.query.get("state", "open")
    issues = sorted(visit.repository.issues.values(), key=lambda issue: -issue.number)
    return visit.page([visit.show_issue(issue) for issue in issues if wanted in {"all", issue.state}])


def _edit_issue(visit: Visit) -> Reply:
    issue, body = visit.issue, visit.request.body
    if not issue:
        return _refuse(404, "Not Found")
    canonical = body.get("duplicate_issue_id")
    if body.get("state_reason") == "duplicate" and canonical not in {
        other.id for repository in visit.fake.repositories.values() for other in repository.issues.values()
    }:
        return _refuse(
            422, "Validation Failed", {"resource": "Issue", "field": "duplicate_issue_id", "code": "invalid"}
        )
    if "title" in body and body["title"] != issue.title:
        visit.fake.rename(issue, body["title"], visit.person)
    issue.body = body.get("body", issue.body)
    if body.get("state", issue.state) != issue.state:
        issue.state = body["state"]
        issue.state_reason = body.get("state_reason") or ("completed" if issue.state == "closed" else "reopened")
        issue.duplicate_of = canonical
        visit.fake.note(issue, "closed" if issue.state == "closed" else "reopened", visit.person)
    return Reply(body=visit.show_issue(issue))


def _list_comments(visit: Visit) -> Reply:
    issue = visit.issue
    if not issue:
        return _refuse(404, "Not Found")
    shown = [comment_json(visit.repository.name, issue.number, each, visit.fake.url) for each in issue.comments]
    return visit.page(shown)


def _add_comment(visit: Visit) -> Reply:
    issue, body = visit.issue, visit.request.body["body"]
    if not issue:
        return _refuse(404, "Not Found")
    if issue.is_locked:
        return _refuse(403, "Unable to create comment because issue is locked.")
    if len(body) > 65536:
        error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is too long"}
        return _refuse(422, "Validation Failed", error)
    comment = visit.fake.add_comment(issue, body, visit.person)
    return Reply(status=201, body=comment_json(visit.repository.name, issue.number, comment, visit.fake.url))


def _edit_comment(visit: Visit) -> Reply:
    for issue in visit.repository.issues.values():
        for comment in issue.comments:
            if comment.id == int(visit.names["comment"]):
                comment.body = visit.request.body["body"]
                return Reply(body=comment_json(visit.repository.name, issue.number, comment, visit.fake.url))
    return _refuse(404, "Not Found")


def _list_changes(visit: Visit) -> Reply:
    issue = visit.issue
    if not issue:
        return _refuse(404, "Not Found")
    return visit.page([change_json(visit.repository.name, each, visit.fake.url) for each in issue.changes])


def _add_labels(visit: Visit) -> Reply:
    if not visit.issue:
        return _refuse(404, "Not Found")
    for name in visit.request.body["labels"]:
        visit.fake.set_label(visit.repository, visit.issue, name, visit.person)
    return Reply(body=visit.show_labels(visit.issue.labels))


def _remove_label(visit: Visit) -> Reply:
    if not visit.issue:
        return _refuse(404, "Not Found")
    if not visit.fake.unset_label(visit.issue, visit.label, visit.person):
        return _refuse(404, "Label does not exist")
    return Reply(body=visit.show_labels(visit.issue.labels))


def _list_labels(visit: Visit) -> Reply:
    return visit.page(visit.show_labels(visit.repository.labels))


def _get_label(visit: Visit) -> Reply:
    known = {label.casefold(): label for label in visit.repository.labels}
    found = known.get(visit.label.casefold())
    return Reply(body=visit.show_labels([found])[0]) if found else _refuse(404, "Not Found")


def _create_label(visit: Visit) -> Reply:
    name = visit.request.body["name"]
    if name.casefold() in {label.casefold() for label in visit.repository.labels}:
        return _refuse(422, "Validation Failed", {"resource": "Label", "field": "name", "code": "already_exists"})
    visit.repository.labels.append(name)
    return Reply(status=201, body=visit.show_labels([name])[0])


def _lock(visit: Visit) -> Reply:
    if not visit.issue:
        return _refuse(404, "Not Found")
    visit.issue.is_locked = visit.request.verb == "PUT"
    visit.fake.note(visit.issue, "locked" if visit.issue.is_locked else "unlocked", visit.person)
    return Reply(status=204)


def _routes() -> Iterator[tuple[str, re.Pattern[str], Callable[[Visit], Reply]]]:
    for verb, shape, answer in (
        ("GET", "/issues", _list_issues),
        ("GET", "/issues/{number}", _get_issue),
        ("PATCH", "/issues/{number}", _edit_issue),
        ("GET", "/issues/{number}/comments", _list_comments),
        ("POST", "/issues/{number}/comments", _add_comment),
        ("PATCH", "/issues/comments/{comment}", _edit_comment),
        ("GET", "/issues/{number}/events", _list_changes),
        ("POST", "/issues/{number}/labels", _add_labels),
        ("DELETE", "/issues/{number}/labels/{name}", _remove_label),
        ("PUT", "/issues/{number}/lock", _lock),
        ("DELETE", "/issues/{number}/lock", _lock),
        ("GET", "/labels", _list_labels),
        ("POST", "/labels", _create_label),
        ("GET", "/labels/{name}", _get_label),
    ):
        pattern = re.sub(
            r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{_PLACES[found[1]]})", "/repos/{repository}" + shape
        )
        yield verb, re.compile(pattern), answer


ROUTES = tuple(_routes())


class _Conversation(BaseHTTPRequestHandler):
    """HTTP, and what can go wrong with it."""

    fake: FakeGitHub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _take(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault, reply = self.fake.answer(self.command, self.path, headers, text)
        match fault.kind if fault else "none":
            case "reset" | "lost":
                self._break()
            case "kill-before" | "kill-after":
                self._kill(self.fake.victim)
            case "cut":
                self._write(reply, half=True)
            case _:
                self._write(reply)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _take  # noqa: N815 - http.server's names

    def _write(self, reply: Reply, *, half: bool = False) -> None:
        content = reply.text.encode()
        self.send_response(reply.status)
        is_json = not isinstance(reply.body, str)
        self.send_header("Content-Type", "application/json; charset=utf-8" if is_json else "text/html; charset=utf-8")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
        if half:
            self._break()

    def _kill(self, victim: int | None) -> None:
        if victim is None:
            raise RuntimeError("a fault kills the process `victim`, and the test has not said which one that is")
        os.kill(victim, signal.SIGKILL)
        self._break()

    def _break(self) -> None:
        """Close with a reset, so that the client notices at once."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Value) -> None:  # noqa: A002 - http.server's name
        """Say nothing; the requests are recorded."""
