"""The checks of a setup, where a whole repository would hide the one value that counts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.rules.ruleset import Ruleset
from bot.tracker.setup import ActionsPolicy, InteractionLimit, RepositoryFacts, TokenFacts, Unread
from bot.triage.config import Sources, make_default_config, read_config
from bot.triage.decisions import wants_suggestions
from bot.triage.doctor.checks import check_setup
from bot.triage.doctor.setup import Check, LocalFile, Setup
from bot.triage.doctor.workflow_checks import check_policy
from bot.triage.doctor.workflows import read_workflows
from tests.builders import a_rule, a_ruleset

NOW = datetime(2026, 4, 8, 12, 0, tzinfo=UTC)
MINIMAL = """\
on:
  issues:
    types: [opened, edited, reopened]
permissions: {}
concurrency:
  group: signpost-${{ github.event.issue.number }}
jobs:
  signpost:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      issues: write
    steps:
      - uses: signpost-bot/signpost@v1
"""
SETUP = Setup(
    repository="octo/widget",
    token=TokenFacts(has_token=True),
    about=RepositoryFacts(name="octo/widget", default_branch="main"),
    policy=ActionsPolicy(is_enabled=True),
    limit=None,
    workflows=read_workflows({".github/workflows/signpost.yml": MINIMAL}),
    states=(),
    sources=Sources(ruleset=Ruleset(), config=make_default_config()),
)


LOSES = ("concurrency", "warning")


def find(setup: Setup, name: str) -> Check:
    (found,) = (check for check in check_setup(setup, NOW) if check.name == name)
    return found


def with_workflow(old: str, new: str) -> Setup:
    assert old in MINIMAL
    return replace(SETUP, workflows=read_workflows({"a.yml": MINIMAL.replace(old, new)}))


@pytest.mark.parametrize(
    "setup, name, status, message",
    [
        (with_workflow("opened, ", ""), "events", "error", "`issues: opened`"),
        (with_workflow("edited, ", ""), "events", "warning", "`issues: edited` and `issue_comment: created`"),
        (with_workflow("    types: [opened, edited, reopened]", ""), "events", "warning", "`issue_comment: created`"),
        (with_workflow("  issues:", "  push:"), "events", "error", "no workflow reacts to new issues"),
        (
            with_workflow("group: signpost-${{ github.event.issue.number }}", "group: one"),
            "concurrency",
            "warning",
            "all issues",
        ),
        (
            with_workflow("concurrency:\n  group: signpost-${{ github.event.issue.number }}\n", ""),
            "concurrency",
            "warning",
            "overlap",
        ),
        (with_workflow("issue.number }}\n", "issue.number }}\n  cancel-in-progress: true\n"), *LOSES, "can stop a run"),
        (with_workflow("on:\n", "on:\n  issue_comment:\n"), *LOSES, "a comment can replace the waiting run"),
        (
            with_workflow("issue.number }}\n", "issue.number }}\n  cancel-in-progress: false\n  queue: max\n"),
            "concurrency",
            "ok",
            "one run at a time",
        ),
        (with_workflow("ubuntu-latest", "ubuntu-20.04"), "runner", "error", "removed"),
        (with_workflow("@v1", "@main"), "version", "warning", "`main`, which is not a release"),
        (with_workflow("@v1", "@" + "a" * 40), "version", "ok", "`aaaaaaa`"),
        (
            with_workflow("issues: write", "issues: write\n      actions: write"),
            "permissions",
            "warning",
            "actions: write",
        ),
        (
            with_workflow(
                "    permissions:\n      contents: read\n      issues: write\n", "    permissions: write-all\n"
            ),
            "permissions",
            "warning",
            "write-all",
        ),
        (
            with_workflow("permissions: {}", "permissions: {issues: write, contents: read}"),
            "permissions",
            "ok",
            "no more",
        ),
        (replace(SETUP, release="v2.0.0"), "version", "warning", "`v1`, and the latest release is `v2.0.0`"),
        (replace(SETUP, workflows=()), "workflow", "error", "no workflow on `main`"),
        (replace(SETUP, workflows=Unread("GitHub is away")), "workflow", "unchecked", "GitHub is away"),
        (
            replace(SETUP, about=RepositoryFacts(name="octo/widget", default_branch="main", is_archived=True)),
            "repository",
            "error",
            "archived",
        ),
        (
            replace(SETUP, about=RepositoryFacts(name="octo/widget", default_branch="main", is_disabled=True)),
            "repository",
            "error",
            "disabled, so no one can open issues",
        ),
        (
            replace(SETUP, about=RepositoryFacts(name="octo/widget", default_branch="main", has_issues=False)),
            "repository",
            "error",
            "issues are disabled",
        ),
        (
            replace(SETUP, about=RepositoryFacts(name="octo/gadget", default_branch="main")),
            "repository",
            "warning",
            "`octo/gadget`",
        ),
        (
            replace(SETUP, about=RepositoryFacts(name="OCTO/Widget", default_branch="main")),
            "repository",
            "ok",
            "octo/widget",
        ),
        (
            replace(SETUP, limit=InteractionLimit(group="existing_users", expires_at=NOW + timedelta(1))),
            "visitors",
            "warning",
            "older than a day",
        ),
        (replace(SETUP, limit=InteractionLimit(group="existing_users", expires_at=NOW)), "visitors", "ok", "no limit"),
        (
            replace(SETUP, token=TokenFacts(has_token=True, limit=60, remaining=3, resets_at=NOW)),
            "rate limit",
            "warning",
            "3 of 60",
        ),
        (replace(SETUP, token=TokenFacts(has_token=True, limit=60, remaining=59)), "rate limit", "ok", "59 of 60"),
        (replace(SETUP, token=TokenFacts(has_token=True, scopes=())), "token", "ok", "a classic token"),
        (replace(SETUP, index=LocalFile("i.index", days=9)), "index", "warning", "9 days old"),
        (replace(SETUP, index=LocalFile("i.index", fault="it is damaged")), "index", "error", "it is damaged"),
        (replace(SETUP, sources=Unread("GitHub is away")), "rules", "unchecked", "GitHub is away"),
        (SETUP, "rules", "error", "there are no rules"),
        (SETUP, "index", "ok", "uses GitHub search"),
        (SETUP, "ledger", "ok", "reactions are not read"),
    ],
)
def test_a_check_says_what_it_found(setup: Setup, name: str, status: str, message: str) -> None:
    found = find(setup, name)

    assert (found.status, message in found.message, bool(found.fix)) == (status, True, status in {"warning", "error"})


@pytest.mark.parametrize(
    "policy, expected",
    [
        (ActionsPolicy(is_enabled=False), "error"),
        (ActionsPolicy(is_enabled=True, allowed="local_only"), "error"),
        (ActionsPolicy(is_enabled=True, allowed="selected", patterns=("octo/*",)), "error"),
        (ActionsPolicy(is_enabled=True, allowed="selected", patterns=("signpost-bot/*",)), "ok"),
        (ActionsPolicy(is_enabled=True, allowed="selected", patterns=("signpost-bot/signpost@v1",)), "ok"),
        (ActionsPolicy(is_enabled=True, allowed="selected", patterns=("Signpost-Bot/Signpost@*",)), "ok"),
        (ActionsPolicy(is_enabled=True, allowed="selected", patterns=("signpost-bot/signpost@v2",)), "error"),
        (ActionsPolicy(is_enabled=True, allowed="selected", patterns=("*", "!signpost-bot/*")), "error"),
        (ActionsPolicy(is_enabled=True, allowed="selected", patterns=("*", "!octo/*")), "ok"),
        (ActionsPolicy(is_enabled=True, requires_sha=True), "error"),
        (ActionsPolicy(is_enabled=True), "ok"),
    ],
)
def test_the_settings_of_actions_decide_what_may_run(policy: ActionsPolicy, expected: str) -> None:
    assert check_policy(replace(SETUP, policy=policy)).status == expected


INDEX = "on: push\njobs: {a: {steps: [{uses: signpost-bot/signpost@v1, with: {command: index}}]}}\n"
RIGHTS = "    permissions:\n      contents: read\n      issues: write\n"


@pytest.mark.parametrize(
    "setup, name, fix",
    [
        (with_workflow("opened, ", ""), "events", "Add them to `on:` in `a.yml`."),
        (with_workflow("  issues:", "  push:"), "events", "Add the event `issues` to `on:` in `a.yml`."),
        (
            replace(
                SETUP, workflows=read_workflows({"a.yml": MINIMAL.replace("permissions: {}\n", "").replace(RIGHTS, "")})
            ),
            "permissions",
            "Add `permissions: {contents: read, issues: write}` to the job `signpost`.",
        ),
        (
            replace(SETUP, workflows=read_workflows({"a.yml": MINIMAL, "b.yml": INDEX})),
            "index",
            "Restore the cache with the index in `a.yml`, and give the step the input `index`.",
        ),
        (
            replace(SETUP, workflows=read_workflows({".github/workflows/signpost.yml": MINIMAL, "b.yml": INDEX})),
            "index",
            "Run `signpost init --upgrade`, and commit the changes.",
        ),
    ],
)
def test_a_fix_holds_for_workflows_that_init_did_not_write(setup: Setup, name: str, fix: str) -> None:
    assert find(setup, name).fix == fix


@pytest.mark.parametrize(
    "patterns, message",
    [
        ((), "the settings do not allow the action `actions/checkout@v6`, so the workflow does not start"),
        (("actions/*",), "GitHub Actions is enabled and allows Signpost"),
    ],
)
def test_actions_of_github_beside_ours_must_be_allowed(patterns: tuple[str, ...], message: str) -> None:
    text = MINIMAL.replace("    steps:\n", "    steps:\n      - uses: actions/checkout@v6\n")
    names = ("signpost-bot/*", *patterns)
    policy = ActionsPolicy(is_enabled=True, allowed="selected", takes_githubs=False, patterns=names)

    setup = replace(SETUP, policy=policy, workflows=read_workflows({"a.yml": text}))

    assert check_policy(setup).message == message


def test_each_part_has_one_check() -> None:
    names = [check.name for check in check_setup(SETUP, NOW)]
    assert len(names) == len(set(names)) == 18


@pytest.mark.parametrize(
    "found, status, message",
    [
        ("", "ok", "GitHub keeps suggestions on issues here"),
        ("this GitHub has none", "warning", "this GitHub has none"),
        (Unread("no answer"), "unchecked", "no answer"),
    ],
)
def test_suggestions_are_checked_where_something_makes_them(found: str | Unread, status: str, message: str) -> None:
    check = find(replace(SETUP, suggestions=found), "suggestions")

    assert (check.status, check.message) == (status, message)
    assert "suggestions" not in [check.name for check in check_setup(SETUP, NOW)]


@pytest.mark.parametrize(
    "settings, wants",
    [
        ("", False),
        ("closing: {suggest: true}", True),
        ("duplicates: {suggest: true}", True),
        ("mode: observe\nduplicates: {suggest: true}", False),
        ("mode: suggest", True),
        ("modes: {out-of-disk: suggest}", True),
    ],
)
def test_suggestions_are_wanted_by_rules_and_settings(settings: str, *, wants: bool) -> None:
    config = read_config(settings, "config.yml")
    assert wants_suggestions(Sources(ruleset=a_ruleset(a_rule()), config=config)) is wants
