"""The stand-ins are strict: what breaks GitHub's description is found, and a fault does what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from bot.github.client import connect
from bot.github.graphql import FOLDER_QUERY
from bot.github.payloads import parse_issue
from bot.github.queries.issues import ISSUES_QUERY, write_variables
from bot.github.transport import Patience
from bot.tracker.archive import Cursor
from tests.stand_ins.fake_github import BOT, FAULTS, REPORTER, FakeGitHub, Fault, Reply, Request
from tests.stand_ins.fetch import fetch_npm, install_npm, node_environment
from tests.stand_ins.github_json import Json, comment_json, issue_json
from tests.stand_ins.github_state import State
from tests.stand_ins.graphql import answer_again
from tests.stand_ins.openapi import OpenAPIChecker, fetch_description
from tests.stand_ins.patience import LONGEST

ROOT = Path(__file__).parents[2]
API = "http://127.0.0.1:1"


def asked(verb: str, path: str, body: object = None, **query: str) -> Request:
    return Request(number=1, verb=verb, path=f"/repos/octo/widget{path}", query=query, headers={}, body=body)


@pytest.fixture
def answers() -> dict[str, Json]:
    """Answers as the fake gives them, by what they are."""
    github = State(prefix="")
    issue = github.add_issue(labels=["bug"])
    comment = github.add_comment(issue, "Same here.")
    return {
        "issue": issue_json("octo/widget", issue, API),
        "comment": comment_json("octo/widget", 1, comment, API),
    }


@pytest.mark.parametrize(
    "request_, kind",
    [
        pytest.param(asked("POST", "/issues/1/comments", {}), "comment", id="a comment without a body"),
        pytest.param(asked("POST", "/issues/1/comments", {"body": 7}), "comment", id="a comment that is a number"),
        pytest.param(asked("PATCH", "/issues/1", {"state": "shut"}), "issue", id="a state that is none"),
        pytest.param(asked("PATCH", "/issues/1", {"state_reason": "boring"}), "issue", id="a reason that is none"),
        pytest.param(asked("GET", "/issues/one"), "issue", id="a number that is none"),
        pytest.param(asked("GET", "/issues/1/nowhere"), "issue", id="a path that is none"),
        pytest.param(asked("PUT", "/issues/1"), "issue", id="a verb that is none"),
    ],
)
def test_a_request_that_breaks_githubs_description_is_found(
    openapi_checker: OpenAPIChecker, answers: dict[str, Json], request_: Request, kind: str
) -> None:
    status = 201 if kind == "comment" else 200

    assert openapi_checker(request_, Reply(status=status, body=answers[kind])) != []


@pytest.mark.parametrize("left_out", ["id", "user", "labels", "created_at"])
def test_an_answer_that_breaks_githubs_description_is_found(
    openapi_checker: OpenAPIChecker, answers: dict[str, Json], left_out: str
) -> None:
    whole = answers["issue"]
    thinned = {key: value for key, value in whole.items() if key != left_out}
    request = asked("GET", "/issues/1")

    assert openapi_checker(request, Reply(body=whole)) == []
    assert openapi_checker(request, Reply(body=thinned)) != []
    assert openapi_checker(request, Reply(body={**whole, "state": 7})) != []


def test_the_description_keeps_what_a_bot_uses_and_is_fetched_once() -> None:
    path = fetch_description()
    fetched = path.stat().st_mtime_ns

    paths = json.loads(path.read_text(encoding="utf-8"))["paths"]
    assert {"/user", "/search/issues", "/rate_limit", "/repos/{owner}/{repo}/contents/{path}"} <= paths.keys()
    assert {"/repos/{owner}/{repo}/releases", "/repos/{owner}/{repo}/compare/{basehead}"} <= paths.keys()
    assert "/repos/{owner}/{repo}/actions/runs" not in paths
    assert fetch_description().stat().st_mtime_ns == fetched


def test_a_package_is_fetched_once() -> None:
    path = fetch_npm("@octokit/webhooks-examples", "7.6.1")
    fetched = path.stat().st_mtime_ns

    assert fetch_npm("@octokit/webhooks-examples", "7.6.1").stat().st_mtime_ns == fetched


COMMENT = """
import sys
from bot.github.client import connect
from bot.github.payloads import parse_issue
from bot.github.transport import Patience
connect("ghs_bot", sys.argv[1]).create_comment(parse_issue({"number": 1, "title": "x"}, "octo/widget"), "Hello.")
"""


@pytest.mark.parametrize("kind, comments", [("kill-before", 0), ("kill-after", 1)])
def test_a_process_can_be_killed_before_and_after_what_it_asks_is_done(
    fake_github: FakeGitHub, kind: str, comments: int
) -> None:
    stored = fake_github.add_issue()
    fake_github.faults = {1: Fault(kind="kill-before" if kind == "kill-before" else "kill-after")}
    command = [sys.executable, "-c", f"input()\n{COMMENT}", fake_github.url]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, text=True) as process:
        fake_github.victim = process.pid
        process.communicate("go\n", timeout=LONGEST)

    assert (process.returncode, len(stored.comments)) == (-9, comments)


@pytest.mark.parametrize("fault, comments", [("reset", 0), ("lost answer", 1), ("truncated answer", 1), ("502", 0)])
def test_a_fault_happens_before_or_after_what_was_asked_is_done(
    fake_github: FakeGitHub, fault: str, comments: int
) -> None:
    stored = fake_github.add_issue()
    fake_github.faults = {1: FAULTS[fault]}

    with pytest.raises(Exception, match="may have done it"):
        connect("ghs_bot", fake_github.url).create_comment(
            parse_issue({"number": 1, "title": "x"}, "octo/widget"), "Hello."
        )

    assert len(stored.comments) == comments


VALIDATE = """
import { readFileSync } from "node:fs";
import { validate } from "@octokit/graphql-schema";
console.log(JSON.stringify(validate(readFileSync(0, "utf8")).map((error) => error.message)));
"""


@pytest.mark.parametrize("query, problems", [(FOLDER_QUERY, 0), (FOLDER_QUERY.replace("isBinary", "isbinary"), 1)])
def test_the_query_for_a_folder_is_valid_by_githubs_own_schema(query: str, problems: int) -> None:
    home = install_npm("@octokit/graphql-schema", "15.26.1")
    done = subprocess.run(
        ["node", "--input-type=module", "-e", VALIDATE],  # noqa: S607 - Node from PyPI, by node_environment
        cwd=home,
        env=node_environment(),
        input=query,
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(set(json.loads(done.stdout))) == problems


def test_the_fake_answers_a_query_for_issues_as_githubs_own_schema_wants_it(fake_github: FakeGitHub) -> None:
    first, *others = [fake_github.add_issue(labels=["bug"], author=author) for author in (BOT, REPORTER, None)]
    for issue in others:
        fake_github.mark_duplicate(issue, first)
    fake_github.unmark_duplicate(others[1])
    asked = write_variables("octo/widget", Cursor(), 2)

    headers = {"Authorization": "token ghs_bot"}
    body = {"query": ISSUES_QUERY, "variables": asked}
    given = requests.post(f"{fake_github.url}/graphql", json=body, headers=headers, timeout=LONGEST).json()

    assert answer_again(ISSUES_QUERY, asked, given["data"]) == given
    node = given["data"]["repository"]["issues"]["nodes"][0]
    del node["title"]
    assert "errors" in answer_again(ISSUES_QUERY, asked, given["data"])


def test_the_tracker_and_a_github_that_others_wrote_understand_each_other(emulator: str) -> None:
    opened = requests.post(
        f"{emulator}/repos/octo/widget/issues",
        json={"title": "It breaks", "body": "Every day."},
        headers={"Authorization": "token ghp_octo"},
        timeout=LONGEST,
    )
    tracker = connect("ghp_octo", emulator, patience=Patience(between_writes=0))

    issue = tracker.get_issue("octo/widget", opened.json()["number"])
    tracker.create_label("octo/widget", "bug")
    tracker.add_labels(issue, ["bug", "needs info"])
    tracker.remove_label(issue, "needs info")
    tracker.remove_label(issue, "never set")
    comment = tracker.create_comment(issue, "Hello.")
    tracker.update_comment(issue, comment.id, "Hello again.")
    tracker.close_issue(issue, "not_planned")

    now = tracker.get_issue("octo/widget", issue.number)
    assert (now.title, now.body, now.labels, now.state, now.state_reason) == (
        "It breaks",
        "Every day.",
        ("bug",),
        "closed",
        "not_planned",
    )
    assert [each.body for each in tracker.list_comments(now)] == ["Hello again."]
    assert {"labeled", "unlabeled", "closed"} <= {change.kind for change in tracker.list_changes(now)}
    assert tracker.find_labels("octo/widget", ["bug", "nowhere"]) == {"bug"}
    assert tracker.get_login() == "octo"
