"""How many requests an event costs, counted at GitHub's side (design: budgets)."""

from pathlib import Path

import pytest

from tests.stand_ins.command import Finished
from tests.stand_ins.fake_github import BOT, MAINTAINER, FakeGitHub
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.story import (
    HOME,
    MATCHING,
    OTHER,
    REPOSITORY,
    RULE,
    TRIAGE,
    add_rule,
    open_issue,
    run_once,
    start_run,
    tell_event,
)

RULES = "POST /graphql"
LINKS = "POST /graphql"
LABEL = f"GET /repos/{REPOSITORY}/labels/area%3Adisk"
LABELS = f"GET /repos/{REPOSITORY}/labels"


def watch(github: FakeGitHub, issue: StoredIssue, action: str = "opened") -> tuple[Finished, list[str]]:
    """A run, and what it asked of GitHub; the issue's own address is left out."""
    github.requests.clear()
    finished = run_once(github, tell_event(github, issue, action))
    own = f"/repos/{REPOSITORY}/issues/{issue.number}"
    return finished, [str(request).replace(own, "").rstrip() for request in github.requests]


def fill(github: FakeGitHub, *, issues: int, rules: int) -> None:
    """A grown-up repository: so many issues, rules and labels."""
    for count in range(rules):
        name = f"rule-{count}"
        add_rule(github, RULE.replace("out-of-disk", name).replace("No space", f"No space {count}"), name)
    for count in range(issues):
        github.add_issue(f"Issue {count}", repository="octo/gadget")
    for count in range(issues):
        github.add_issue(f"Issue {count}", repository=REPOSITORY, labels=[f"label-{count}"])


@pytest.mark.parametrize("size", [0, 40], ids=["a new repository", "a grown-up repository"])
def test_a_new_issue_that_matches_nothing_costs_nothing_beside_the_rules(fake_github: FakeGitHub, size: int) -> None:
    fill(fake_github, issues=size, rules=size)
    add_rule(fake_github)

    assert watch(fake_github, open_issue(fake_github, OTHER))[1] == [RULES]


@pytest.mark.parametrize("size", [0, 40], ids=["a new repository", "a grown-up repository"])
def test_a_new_issue_costs_five_requests_beside_rules_and_links(fake_github: FakeGitHub, size: int) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github)
    fill(fake_github, issues=size, rules=size)

    finished, asked = watch(fake_github, issue)

    assert asked == [RULES, "GET", LINKS, LABEL, "POST /labels", "POST /comments", "GET /comments"]
    assert "Requests  7\n" in finished.out


def test_a_new_issue_with_several_labels_and_links_stays_within_the_budget(fake_github: FakeGitHub) -> None:
    rule = RULE.replace('["area:disk"]', '["area:disk", bug]')
    add_rule(fake_github, f"{rule}also: [on-mondays]\n")
    add_rule(fake_github, rule.replace("out-of-disk", "on-mondays").replace("follow: 1", "follow: 2"), "on-mondays")
    fake_github.add_issue("Low disk space is not handled", author=MAINTAINER)
    fake_github.add_issue("Nor is it on Mondays", author=MAINTAINER)

    asked = watch(fake_github, fake_github.add_issue("It breaks", MATCHING))[1]

    assert asked == [RULES, "GET", LINKS, LABELS, "POST /labels", "POST /comments", "GET /comments"]


@pytest.mark.parametrize("action", ["edited", "reopened"])
def test_a_second_look_at_an_unchanged_issue_only_reads(fake_github: FakeGitHub, action: str) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github)
    watch(fake_github, issue)

    assert watch(fake_github, issue, action)[1] == [RULES, "GET", "GET /comments", LINKS]


def test_an_edit_that_ends_the_match_costs_seven_requests(fake_github: FakeGitHub) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github)
    watch(fake_github, issue)
    ours = next(comment for comment in issue.comments if comment.author == BOT)

    fake_github.edit_body(issue, OTHER)

    assert watch(fake_github, issue, "edited")[1] == [
        RULES,
        "GET",
        "GET /comments",
        "GET /events",
        "DELETE /labels/area%3Adisk",
        f"GET /repos/{REPOSITORY}/issues/comments/{ours.id}",
        f"PATCH /repos/{REPOSITORY}/issues/comments/{ours.id}",
    ]


def test_an_issue_that_others_have_labelled_costs_one_more(fake_github: FakeGitHub) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github)
    fake_github.set_label(fake_github.repositories[REPOSITORY], issue, "bug", TRIAGE)

    assert watch(fake_github, issue)[1] == [
        RULES,
        "GET",
        "GET /events",
        LINKS,
        LABEL,
        "POST /labels",
        "POST /comments",
        "GET /comments",
    ]


def test_an_event_that_starts_nothing_costs_nothing_beside_the_rules(fake_github: FakeGitHub) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github)
    issue.state = "closed"

    finished, asked = watch(fake_github, issue)

    assert (finished.code, asked) == (0, [RULES])


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("--rules", HOME), id="the usual folder"),
        pytest.param(("--rules", HOME, "--config", f"{HOME}/config.yml"), id="rules and settings named"),
    ],
)
def test_rules_and_settings_in_a_checkout_cost_nothing(
    fake_github: FakeGitHub, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    issue = open_issue(fake_github)
    home = tmp_path / HOME
    home.mkdir(parents=True)
    (home / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    (home / "config.yml").write_text("mode: observe\n", encoding="utf-8")

    finished = start_run(fake_github, tell_event(fake_github, issue), tmp_path, *arguments).go()

    assert "Matches   out-of-disk" in finished.out
    assert [str(request) for request in fake_github.requests] == [f"GET /repos/{REPOSITORY}/issues/2"]
