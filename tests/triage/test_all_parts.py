"""One run that sets a label, the type and a field, suggests a label, and comments: a fault costs only its own part."""

from pathlib import Path

import pytest

from tests.signals.world import now_at, run_at, sweep_at
from tests.stand_ins.fake_github import FAULTS, SECONDARY_LIMIT, FakeGitHub, Fault, Reply
from tests.stand_ins.github_json import StoredField, StoredIssue, error_json
from tests.stand_ins.story import HOME, REPOSITORY, RULE, add_rule, open_issue

OWN = f"/repos/{REPOSITORY}/issues/2"
SPEAKS = RULE.replace("follow: 1\n", "type: Bug\nfields: {Priority: High}\n")
SUGGESTS = (
    RULE.replace("out-of-disk", "full").replace("area:disk", "needs-info").replace("follow: 1\n", "mode: suggest\n")
)
SUGGESTED = RULE.replace("follow: 1\n", "mode: suggest\n")
TYPED = RULE.replace("follow: 1\n", "mode: label\ntype: Bug\n")
CONFIG = "duplicates: {enabled: false}\n"
PARTS = {
    f"GET {OWN}/suggestions": "suggestions",
    f"GET {OWN}/issue-field-values": "values",
    "GET /orgs/octo/issue-fields": "values",
    f"GET /repos/{REPOSITORY}/issue-types": "type",
    f"PATCH {OWN}": "type",
    f"POST {OWN}/issue-field-values": "values",
}
"""The part that a request is for."""


def answer(status: int, message: str) -> Fault:
    headers = {"Retry-After": "99"} if message == SECONDARY_LIMIT else {}
    return Fault(kind="answer", reply=Reply(status=status, body=error_json(message), headers=headers))


FAULTY = {
    "reset": FAULTS["reset"],
    "401": answer(401, "Bad credentials"),
    "limit": answer(429, SECONDARY_LIMIT),
}


def prepare(github: FakeGitHub, *rules: str) -> StoredIssue:
    add_rule(github, rules[0])
    repository = github.repositories[REPOSITORY]
    repository.files |= {f"{HOME}/config.yml": CONFIG, **{f"{HOME}/full.yml": rule for rule in rules[1:]}}
    repository.labels = [*repository.labels, "needs-info"]
    repository.types = ["Bug"]
    repository.fields = [StoredField(id=1, name="Priority", kind="single_select", options=["High", "Low"])]
    return open_issue(github)


def see(issue: StoredIssue) -> dict[str, object]:
    return {
        "labels": list(issue.labels),
        "type": issue.type,
        "values": dict(issue.values),
        "suggestions": [each.action for each in issue.suggestions],
        "comments": [comment.body for comment in issue.comments],
    }


@pytest.fixture(scope="module")
def whole() -> dict[str, object]:
    """What a run without a fault does."""
    with FakeGitHub() as github:
        issue = prepare(github, SPEAKS, SUGGESTS)
        assert run_at(github, issue).errors == ()
        return see(issue)


@pytest.mark.parametrize("fault", FAULTY)
@pytest.mark.parametrize("request_", PARTS)
def test_a_fault_costs_one_part_which_the_next_run_does(whole: dict[str, object], request_: str, fault: str) -> None:
    with FakeGitHub() as github:
        issue = prepare(github, SPEAKS, SUGGESTS)
        github.disturb = lambda request: FAULTY[fault] if str(request) == request_ else None
        run_at(github, issue)
        part = PARTS[request_]
        assert {**see(issue), part: None} == {**whole, part: None}

        github.disturb = lambda _: None
        run_at(github, issue)
        assert see(issue) == whole
        assert run_at(github, issue).plan.actions == ()


def test_a_sweep_asks_once_for_what_github_refuses_to_this_token(fake_github: FakeGitHub, tmp_path: Path) -> None:
    fake_github.drops_types = True
    prepare(fake_github, TYPED)

    found = [sweep_at(fake_github, tmp_path / "ledger", now_at(fake_github, hours=hour)) for hour in range(3)]

    # The first sweep sets the label, so the second one sees a change.
    assert [len(each.handled) for each in found] == [1, 1, 0]


def test_a_sweep_asks_again_for_what_github_did_not_answer(fake_github: FakeGitHub, tmp_path: Path) -> None:
    issue = prepare(fake_github, SUGGESTED)
    ledger = tmp_path / "ledger"
    fake_github.disturb = lambda request: FAULTS["502"] if request.path.endswith("/suggestions") else None
    sweep_at(fake_github, ledger)
    fake_github.disturb = lambda _: None

    found = [sweep_at(fake_github, ledger, now_at(fake_github, hours=hour)) for hour in (1, 2, 3)]

    assert ([len(each.handled) for each in found], len(issue.suggestions)) == ([1, 0, 0], 1)
