"""The whole run against a GitHub that others wrote: opened there, told by its own webhook, and looked at there."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
import requests

from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.emulator import make_app_token
from tests.stand_ins.github_json import Json, Value
from tests.stand_ins.story import HOME, MATCHING, OTHER, REPOSITORY, RULE, SENTENCES, WITHDRAWN

TOKEN = "ghp_octo"
ADVICE = SENTENCES[0]
OWNERS_TOO = "skip: {associations: []}\n"
"""The emulator knows only the repository's owner as an author."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A checkout with a rule, the emulator's address, and the payloads that it delivered."""

    url: str
    checkout: Path
    delivered: "Queue[tuple[str, Json]]"

    def ask(self, verb: str, path: str, body: Json | None = None) -> Value:
        headers = {"Authorization": f"token {TOKEN}"}
        answer = requests.request(verb, f"{self.url}{path}", json=body, headers=headers, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def on_issue(self, verb: str, path: str = "", body: Json | None = None) -> Value:
        return self.ask(verb, f"/repos/{REPOSITORY}/issues/2{path}", body)

    def take_event(self, name: str, action: str) -> Json:
        """The next delivery of that kind; others are passed over."""
        while True:
            found, payload = self.delivered.get(timeout=10)
            if (found, payload.get("action")) == (name, action):
                return payload

    def run(self, event: Json, token: str = TOKEN) -> Finished:
        path = self.checkout / "event.json"
        path.write_text(json.dumps(event), encoding="utf-8")
        environment = {"GITHUB_API_URL": self.url, "GITHUB_TOKEN": token, "GITHUB_REPOSITORY": REPOSITORY}
        arguments = ("run", "--event", str(path), "--rules", HOME)
        return run_command(*arguments, folder=self.checkout, environment=environment)

    def see(self) -> tuple[list[str], list[str]]:
        """The issue's labels, and the authors of its comments with what they say."""
        labels = [label["name"] for label in self.on_issue("GET")["labels"]]
        comments = self.on_issue("GET", "/comments")
        return labels, [f"{comment['user']['login']}: {shorten(comment['body'])}" for comment in comments]

    def configure(self, settings: str) -> None:
        (self.checkout / HOME / "config.yml").write_text(settings, encoding="utf-8")


def shorten(body: str) -> str:
    return next((sentence for sentence in SENTENCES if sentence in body), body)


@pytest.fixture
def deliveries() -> Iterator[tuple[str, "Queue[tuple[str, Json]]"]]:
    """Where webhooks go, and what came."""
    came: Queue[tuple[str, Json]] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            came.put((self.headers["X-GitHub-Event"], json.loads(text)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", came
        server.shutdown()


@pytest.fixture
def workshop(emulator: str, deliveries: tuple[str, "Queue[tuple[str, Json]]"], tmp_path: Path) -> Workshop:
    """Issue 1 is the one to follow; issue 2 is new, and its `opened` is on its way."""
    address, delivered = deliveries
    home = tmp_path / HOME
    home.mkdir(parents=True)
    (home / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    made = Workshop(url=emulator, checkout=tmp_path, delivered=delivered)
    made.configure(OWNERS_TOO)
    hook = {"config": {"url": address, "content_type": "json"}, "events": ["issues", "issue_comment"]}
    made.ask("POST", f"/repos/{REPOSITORY}/issues", {"title": "Low disk space is not handled"})
    made.ask("POST", f"/repos/{REPOSITORY}/labels", {"name": "area:disk", "color": "ededed"})
    made.ask("POST", f"/repos/{REPOSITORY}/hooks", hook)
    made.ask("POST", f"/repos/{REPOSITORY}/issues", {"title": "It breaks", "body": MATCHING})
    return made


def test_a_new_issue_is_labelled_and_answered_once(workshop: Workshop) -> None:
    event = workshop.take_event("issues", "opened")

    first = workshop.run(event)
    second = workshop.run(event)

    assert (first.code, second.code, first.err, second.err) == (0, 0, "", "")
    assert workshop.see() == (["area:disk"], [f"octo: {ADVICE}"])
    assert "Did " not in second.out


def test_an_edit_that_ends_the_match_edits_the_comment(workshop: Workshop) -> None:
    event = workshop.take_event("issues", "opened")
    workshop.run(event)
    posted = workshop.on_issue("GET", "/comments")[0]["id"]

    edited = {**event, "action": "edited", "issue": workshop.on_issue("PATCH", body={"body": OTHER})}
    finished = workshop.run(edited)

    assert (finished.code, workshop.see()) == (0, ([], [f"octo: {WITHDRAWN}"]))
    assert workshop.on_issue("GET", "/comments")[0]["id"] == posted


def test_our_own_comment_starts_nothing(workshop: Workshop) -> None:
    workshop.run(workshop.take_event("issues", "opened"))
    seen = workshop.see()

    finished = workshop.run(workshop.take_event("issue_comment", "created"))

    assert (finished.code, workshop.see()) == (0, seen)


def test_an_app_that_is_not_named_says_so_and_still_posts_once(workshop: Workshop) -> None:
    event, token = workshop.take_event("issues", "opened"), make_app_token(workshop.url)

    first = workshop.run(event, token)
    second = workshop.run(event, token)

    assert workshop.see() == (["area:disk"], [f"signpost[bot]: {ADVICE}"])
    assert "set `identity: {login: 'signpost[bot]'}`" in first.out
    assert "set `identity: {login: 'signpost[bot]'}`" in second.out


def test_an_app_that_is_named_knows_its_own_comment(workshop: Workshop) -> None:
    event, token = workshop.take_event("issues", "opened"), make_app_token(workshop.url)
    workshop.configure(f"{OWNERS_TOO}identity: {{login: 'signpost[bot]'}}\n")

    first = workshop.run(event, token)
    workshop.on_issue("PATCH", body={"body": OTHER})
    second = workshop.run({**event, "action": "edited"}, token)

    assert ("identity" in first.out, "identity" in second.out) == (False, False)
    assert workshop.see() == ([], [f"signpost[bot]: {WITHDRAWN}"])
