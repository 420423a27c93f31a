"""Whole runs that suggest, over real HTTP: what they ask for, what a server without suggestions gets, and faults."""

from contextlib import suppress
from pathlib import Path

import pytest

from bot.errors import TrackerError
from tests.signals.world import now_at, run_at, sweep_at
from tests.stand_ins.fake_github import FAULTS, MAINTAINER, SECONDARY_LIMIT, FakeGitHub, Fault, Reply
from tests.stand_ins.github_json import StoredIssue, error_json
from tests.stand_ins.story import HOME, REPOSITORY, RULE, add_rule, open_issue

OWN = f"/repos/{REPOSITORY}/issues/2"
READS = [f"GET {OWN}", f"GET {OWN}/suggestions"]
LABELS = f"GET /repos/{REPOSITORY}/labels/area%3Adisk"
SUGGESTS = RULE.replace("follow: 1\n", "mode: suggest\n")
CLOSES = RULE + "mode: suggest\nclose: {as: duplicate, after: 3d}\n"


def tell(issue: StoredIssue) -> list[tuple[str, str]]:
    return [(each.action, each.state) for each in issue.suggestions]


def asked(github: FakeGitHub) -> list[str]:
    """The requests beside that for the rules."""
    return [str(request) for request in github.requests if request.path != "/graphql"]


def prepare(github: FakeGitHub, rule: str = SUGGESTS, settings: str = "duplicates: {enabled: false}\n") -> StoredIssue:
    add_rule(github, rule)
    github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = settings
    issue = open_issue(github)
    github.requests.clear()
    return issue


def test_a_new_issue_costs_four_requests(fake_github: FakeGitHub) -> None:
    issue = prepare(fake_github)

    assert run_at(fake_github, issue).errors == ()
    assert asked(fake_github) == [*READS, LABELS, f"POST {OWN}/labels"]
    assert (issue.labels, issue.comments, tell(issue)) == ([], [], [("add_label", "pending")])
    (suggestion,) = issue.suggestions
    assert (suggestion.rationale, suggestion.confidence) == (
        "This looks like: The disk is full (body, line 3)",
        "MEDIUM",
    )

    fake_github.requests.clear()
    assert run_at(fake_github, issue).plan.actions == ()
    assert asked(fake_github) == [*READS, LABELS]


@pytest.mark.parametrize("state", ["approved", "dismissed"])
def test_a_suggestion_that_somebody_decided_on_is_not_made_again(fake_github: FakeGitHub, state: str) -> None:
    issue = prepare(fake_github)
    run_at(fake_github, issue)
    issue.suggestions[0].state = state
    if state == "approved":
        fake_github.set_label(fake_github.repositories[REPOSITORY], issue, "area:disk", MAINTAINER)
        run_at(fake_github, issue)
        fake_github.unset_label(issue, "area:disk")

    assert run_at(fake_github, issue).plan.actions == ()
    assert (issue.labels, tell(issue)) == ([], [("add_label", state)])


def test_a_server_without_suggestions_is_only_read(fake_github: FakeGitHub) -> None:
    fake_github.suggestions = "unknown"
    issue = prepare(fake_github)

    result = run_at(fake_github, issue)

    assert asked(fake_github) == READS
    assert (issue.labels, issue.changes) == ([], [])
    absence = "this GitHub has no suggestions, or they are off in this repository (GitHub answered 404)"
    assert result.all_remarks == (f"Signpost suggests nothing on this issue: {absence}",)
    (decision,) = result.decisions.rules
    assert (decision.effect, decision.reason) == ("observes", f"its mode is `suggest`, and {absence}")


def test_what_the_repository_applies_at_once_is_said_and_stays(fake_github: FakeGitHub) -> None:
    fake_github.suggestions = "automatic"
    issue = prepare(fake_github)

    result = run_at(fake_github, issue)

    (remark,) = result.all_remarks
    assert remark == (
        "GitHub set `area:disk` at once; the repository may apply suggestions by itself, or GitHub has just switched "
        "suggestions off"
    )
    assert run_at(fake_github, issue).plan.actions == ()
    assert issue.labels == ["area:disk"]


def test_a_duplicate_is_suggested_with_the_id_of_the_canonical_issue(fake_github: FakeGitHub) -> None:
    issue = prepare(fake_github, CLOSES)
    canonical = fake_github.repositories[REPOSITORY].issues[1]

    assert run_at(fake_github, issue).errors == ()
    assert asked(fake_github) == [
        *READS,
        LABELS,
        f"POST {OWN}/labels",
        f"GET /repos/{REPOSITORY}/issues/1",
        f"GET {OWN}",
        f"PATCH {OWN}",
    ]
    assert [(each.action, each.target) for each in issue.suggestions][1:] == [("close_issue", canonical.id)]
    assert (issue.state, run_at(fake_github, issue).plan.actions) == ("open", ())


def test_a_closed_canonical_issue_is_not_suggested(fake_github: FakeGitHub) -> None:
    issue = prepare(fake_github, CLOSES)
    fake_github.set_state(fake_github.repositories[REPOSITORY].issues[1], "closed", "not_planned")

    run_at(fake_github, issue)

    assert tell(issue) == [("add_label", "pending")]


def test_a_refused_closing_is_proposed_in_words(fake_github: FakeGitHub) -> None:
    issue = prepare(fake_github, CLOSES)
    fake_github.disturb = lambda request: FAULTS["422"] if request.verb == "PATCH" else None

    result = run_at(fake_github, issue)

    assert result.errors == ()
    (remark,) = result.all_remarks
    assert remark.startswith("GitHub takes no suggestion to close an issue; ")
    assert "#2 may be closed as a duplicate of #1" in remark


def test_a_closing_that_github_did_at_once_is_said(fake_github: FakeGitHub) -> None:
    fake_github.suggestions = "automatic"
    issue = prepare(fake_github, CLOSES)

    remarks = run_at(fake_github, issue).all_remarks

    assert [remark.partition(";")[0] for remark in remarks] == [
        "GitHub set `area:disk` at once",
        "GitHub closed the issue at once",
    ]


def refuse(status: int, message: str = "No") -> Fault:
    return Fault(kind="answer", reply=Reply(status=status, body=error_json(message)))


TROUBLE = {
    **{name: FAULTS[name] for name in ("reset", "lost answer", "truncated answer", "502")},
    "429": Fault(
        kind="answer", reply=Reply(status=429, body=error_json(SECONDARY_LIMIT), headers={"Retry-After": "99"})
    ),
    **{str(status): refuse(status) for status in (401, 403, 404, 410, 422)},
}


STEPS = ["GET", "links", "GET suggestions", "GET labels", "POST labels", "GET canonical", "GET again", "PATCH"]


@pytest.mark.parametrize("fault", TROUBLE)
@pytest.mark.parametrize("step", STEPS)
def test_the_next_run_puts_right_what_a_fault_left(step: str, fault: str) -> None:
    """One request fails, and the next run still makes each suggestion once; nothing else is ever done.

    What a killed run leaves is what a reset (killed before) or a lost answer (killed after) leaves.
    """
    with FakeGitHub() as github:
        issue = prepare(github, CLOSES)
        github.faults = {STEPS.index(step) + 2: TROUBLE[fault]}
        with suppress(TrackerError):
            run_at(github, issue)
        github.faults = {}
        run_at(github, issue)

        assert run_at(github, issue).plan.actions == ()
        assert sorted(tell(issue)) == [("add_label", "pending"), ("close_issue", "pending")]
        assert (issue.labels, issue.comments, issue.state) == ([], [], "open")


CONFIRMED = "closing: {suggest: true}\nduplicates: {enabled: false}\n"


def test_a_closing_that_is_due_is_suggested_where_the_settings_say_so(fake_github: FakeGitHub) -> None:
    issue = prepare(fake_github, RULE + "close: {as: not_planned, after: 3d}\n", CONFIRMED)
    run_at(fake_github, issue)
    assert tell(issue) == []
    later = now_at(fake_github, days=4)

    assert run_at(fake_github, issue, later).errors == ()

    assert (issue.state, tell(issue)) == ("open", [("close_issue", "pending")])
    assert run_at(fake_github, issue, later).plan.actions == ()
    issue.suggestions[0].state = "dismissed"
    run_at(fake_github, issue, later)
    assert [each.action.action for each in run_at(fake_github, issue, later).outcomes] == []
    assert (issue.state, len(issue.suggestions)) == ("open", 1)


def test_where_github_has_no_suggestions_a_due_closing_is_proposed_in_words(fake_github: FakeGitHub) -> None:
    fake_github.suggestions = "unknown"
    issue = prepare(fake_github, RULE + "close: {as: not_planned, after: 3d}\n", CONFIRMED)
    run_at(fake_github, issue)

    result = run_at(fake_github, issue, now_at(fake_github, days=4))

    assert (
        "no sign of life: #2 may be closed as not planned; the settings want a person to decide" in result.all_remarks
    )
    assert (issue.state, tell(issue)) == ("open", [])


def test_a_sweep_suggests_what_is_due_once_and_hears_within_a_day_that_it_was_dismissed(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    issue = prepare(fake_github, RULE + "close: {as: not_planned, after: 3d}\n", CONFIRMED)
    run_at(fake_github, issue)
    ledger, proposal = tmp_path / "ledger.sqlite", ("no sign of life: #2 may be closed as not planned",)

    first = sweep_at(fake_github, ledger, now_at(fake_github, days=4))
    same_day = sweep_at(fake_github, ledger, now_at(fake_github, days=4))
    told = [each.partition(";")[0] for each in same_day.waiting]
    issue.suggestions[0].state = "dismissed"
    next_day = sweep_at(fake_github, ledger, now_at(fake_github, days=5))
    later = sweep_at(fake_github, ledger, now_at(fake_github, days=9))

    assert [len(each.handled) for each in (first, same_day, next_day, later)] == [1, 0, 1, 0]
    assert (told, later.waiting, issue.state) == ([*proposal], (), "open")
    assert tell(issue) == [("close_issue", "dismissed")]
