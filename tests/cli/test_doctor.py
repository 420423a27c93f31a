"""`signpost doctor`: it finds what is wrong with the setup of a repository, and nothing else."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.cli.doctor import read_setup
from bot.github.client import connect
from bot.tracker.setup import Unread
from bot.triage.config import Sources
from bot.triage.doctor.checks import check_setup
from bot.triage.doctor.workflows import ACTION
from tests.stand_ins.command import ROOT, Finished, run_command
from tests.stand_ins.fake_github import FakeGitHub, Fault, Reply, Request
from tests.stand_ins.github_json import Json, StoredField, error_json
from tests.stand_ins.story import HOME, REPOSITORY

TOKEN = "ghp_maintainer"
SHA = "0123456789abcdef0123456789abcdef01234567"
RULE = """\
id: out-of-disk
title: The disk is full
match:
  all:
    - phrase: "No space left on device"
    - section: Version
      empty: false
labels: [needs-info, area:disk]
follow: 1
guidance:
  tldr: The build ran out of disk space.
examples:
  match: ["### Version\\n\\n2\\n\\nNo space left on device"]
  no_match: ["There is no space left in my heart for this bug"]
"""
FORM = "name: Bug\nbody:\n  - type: input\n    attributes: {label: Version}\n"
WORKFLOW, CHECK, SCHEDULE = (f".github/workflows/signpost{part}.yml" for part in ("", "-check", "-schedule"))
RULE_FILE, CONFIG, FORM_FILE = f"{HOME}/out-of-disk.yml", f"{HOME}/config.yml", ".github/ISSUE_TEMPLATE/bug.yml"
SETTINGS = "`mode: comment`: Signpost sets labels and comments; issues by OWNER and MEMBER are skipped"


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def tell(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def read_template(name: str) -> str:
    text = (ROOT / "bot/cli/templates" / name).read_text("utf-8")
    return text.replace(f"{ACTION}@v1", f"{ACTION}@{SHA} # v1.2.3")


def make_healthy(github: FakeGitHub) -> None:
    """A repository after its first day."""
    repository = github.add_repository(REPOSITORY, labels=("needs-info", "area:disk", "duplicate"))
    repository.files.update(
        {
            WORKFLOW: read_template("workflow.yml"),
            CHECK: read_template("check.yml"),
            SCHEDULE: read_template("schedule.yml"),
            CONFIG: "mode: comment\n",
            RULE_FILE: RULE,
            FORM_FILE: FORM,
        }
    )
    github.add_issue("Low disk space is not handled")
    setup, at = github.set_up(REPOSITORY), tell(now())
    setup.caches = [("signpost-index-1-1", at), ("signpost-ledger-2-1", at), ("signpost-history-1-1", at)]
    setup.runs = {SCHEDULE: ("success", at)}
    github.add_repository(ACTION).releases = [("v1.2.3", tell(now()))]


def call_doctor(github: FakeGitHub, *arguments: str, token: str = TOKEN, folder: Path | None = None) -> Finished:
    environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": token}
    return run_command("doctor", "--repo", REPOSITORY, *arguments, folder=folder, environment=environment)


def list_checks(finished: Finished) -> list[tuple[str, str, str, str]]:
    checks: list[Json] = json.loads(finished.out)["checks"]
    return [(check["status"], check["name"], check["message"], check["fix"]) for check in checks]


def list_findings(finished: Finished) -> list[tuple[str, str, str, str]]:
    return [check for check in list_checks(finished) if check[0] != "ok"]


def test_all_is_well_with_a_healthy_repository(fake_github: FakeGitHub) -> None:
    make_healthy(fake_github)

    finished = call_doctor(fake_github)

    today = f"{now():%Y-%m-%d}"
    files = f"`{CHECK}`, `{SCHEDULE}`, and `{WORKFLOW}`"
    assert finished.out.splitlines() == [
        "ok          token       a classic token with `repo` and `workflow`; its role here is admin",
        "ok          repository  `octo/widget`, with issues; the default branch is `main`",
        "ok          actions     GitHub Actions is enabled and allows Signpost",
        f"ok          workflow    {files}",
        "ok          events      the workflow has all events that the settings want",
        "ok          concurrency one run at a time for each issue",
        "ok          permissions each job has what it needs, and no more",
        "ok          runner      `ubuntu-latest`",
        "ok          version     `v1.2.3`",
        "ok          rules       1 rule",
        f"ok          settings    {SETTINGS}",
        "ok          labels      all labels that rules set exist",
        "ok          follow      1 issue to follow",
        "ok          forms       the issue forms have all fields that rules read",
        f"ok          index       in the cache, from {today}",
        f"ok          ledger      in the cache, from {today}",
        "ok          visitors    no limit keeps people from opening issues",
        "ok          rate limit  4,990 of 5,000 requests are left",
        "",
        "18 ok, 0 warnings, 0 errors, 0 not checked",
    ]
    assert (finished.code, finished.err, fake_github.violations) == (0, "", [])
    assert len(fake_github.requests) <= 16


def change_file(path: str, old: str, new: str) -> Callable[[FakeGitHub], None]:
    def change(github: FakeGitHub) -> None:
        files = github.repositories[REPOSITORY].files
        text = str(files[path])
        assert old in text
        files[path] = text.replace(old, new)

    return change


def disable_workflow(github: FakeGitHub) -> None:
    github.set_up(REPOSITORY).states = {WORKFLOW: "disabled_inactivity"}


def allow_others_only(github: FakeGitHub) -> None:
    setup = github.set_up(REPOSITORY)
    setup.policy = {"enabled": True, "allowed_actions": "selected"}
    setup.selected = {"github_owned_allowed": True, "verified_allowed": True, "patterns_allowed": ["octo/*"]}


def limit_interactions(github: FakeGitHub) -> None:
    limit = {"limit": "collaborators_only", "origin": "repository", "expires_at": "2100-01-01T00:00:00Z"}
    github.set_up(REPOSITORY).limit = limit


def publish_release(github: FakeGitHub) -> None:
    github.repositories[ACTION].releases.append(("v1.10.0", tell(now() + timedelta(seconds=1))))


def drop_label(github: FakeGitHub) -> None:
    github.repositories[REPOSITORY].labels.remove("area:disk")


def set_fields(github: FakeGitHub) -> None:
    repository = github.repositories[REPOSITORY]
    repository.types, repository.fields = ["Task"], [StoredField(id=1, name="Priority", options=["High", "Low"])]
    repository.files[RULE_FILE] = f"{RULE}type: Bug\nfields: {{Priority: Urgent, Effort: 3}}\n"


def suggest_in_vain(github: FakeGitHub) -> None:
    github.suggestions = "unknown"
    github.repositories[REPOSITORY].files[RULE_FILE] = f"{RULE}mode: suggest\n"


def map_answers(github: FakeGitHub) -> None:
    source = "{section: Version, map: {Two: 'area:two', One: ['area:disk', 'area:one']}}"
    labels = f"labels: {{add: [needs-info], from: [{source}]}}"
    change_file(RULE_FILE, "labels: [needs-info, area:disk]", labels)(github)


def close_followed(github: FakeGitHub) -> None:
    github.set_state(github.repositories[REPOSITORY].issues[1], "closed", "not_planned")


def forget_index(github: FakeGitHub) -> None:
    setup = github.set_up(REPOSITORY)
    setup.caches = [("signpost-index-1-1", "2026-01-02T00:00:00Z"), *setup.caches[1:]]


UPGRADE = "Run `pipx upgrade signpost-bot` and `signpost init --upgrade`, and commit the changes."
FAULTS: dict[str, tuple[Callable[[FakeGitHub], None], int, tuple[str, str, str, str]]] = {
    "a workflow that GitHub disabled": (
        disable_workflow,
        1,
        ("error", "workflow", f"`{WORKFLOW}` is disabled (inactivity)", "Enable it on the page Actions."),
    ),
    "an event that gives strangers a token": (
        change_file(CHECK, "  pull_request:", "  pull_request_target:"),
        1,
        (
            "error",
            "events",
            f"`pull_request_target` gives a token to the code of strangers, in `{CHECK}`",
            "Remove this event; Signpost needs only `pull_request`.",
        ),
    ),
    "a job that may not write": (
        change_file(WORKFLOW, "issues: write", "issues: read"),
        1,
        (
            "error",
            "permissions",
            f"a job lacks the permission `issues: write in {WORKFLOW} (signpost)`",
            "Add it to the `permissions` of the job.",
        ),
    ),
    "an action that the settings do not allow": (
        allow_others_only,
        1,
        (
            "error",
            "actions",
            f"the settings do not allow the action `{ACTION}@{SHA[:7]}`",
            f"Allow `{ACTION}@*` in Settings → Actions → General.",
        ),
    ),
    "an older version": (
        publish_release,
        0,
        ("warning", "version", "the workflows use `v1.2.3`, and the latest release is `v1.10.0`", UPGRADE),
    ),
    "a rule with a mistake": (
        change_file(RULE_FILE, "title:", "titel:"),
        1,
        (
            "error",
            "rules",
            f"some rules do not load: {RULE_FILE}:1:1: `title` is missing; add it (and 1 more)",
            "Run `signpost check`, and correct them.",
        ),
    ),
    "a label that does not exist": (
        drop_label,
        0,
        (
            "warning",
            "labels",
            "Signpost cannot set labels that do not exist: `area:disk`",
            "Run `signpost doctor --create-labels`, or correct the names.",
        ),
    ),
    "suggestions that GitHub does not have": (
        suggest_in_vain,
        0,
        (
            "warning",
            "suggestions",
            "this GitHub has no suggestions, or they are off in this repository (GitHub answered 404)",
            "Turn suggestions on, or give the token the triage role; until then, such a rule is only counted.",
        ),
    ),
    "labels of answers that do not exist": (
        map_answers,
        0,
        (
            "warning",
            "labels",
            "Signpost cannot set labels that do not exist: `area:two` and `area:one`",
            "Run `signpost doctor --create-labels`, or correct the names.",
        ),
    ),
    "a type, an option and a field that do not exist": (
        set_fields,
        0,
        (
            "warning",
            "fields",
            (
                "out-of-disk: the issue type `Bug` does not exist; out-of-disk: the field `Priority` has no option "
                "`Urgent`, but `High` and `Low`; out-of-disk: the field `Effort` does not exist: there is `Priority`"
            ),
            "Correct the rules, or add what is missing to the organisation.",
        ),
    ),
    "an issue to follow that was closed without a fix": (
        close_followed,
        0,
        (
            "warning",
            "follow",
            "comments do not link #1, which is closed as not planned",
            "Name an open issue in `follow:`, or remove the key.",
        ),
    ),
    "a field that no form has": (
        change_file(FORM_FILE, "label: Version", "label: Versions"),
        0,
        (
            "warning",
            "forms",
            "no issue form has the field `Version`; did you mean `Versions`?",
            "Correct the name in the rule or in pack.yml.",
        ),
    ),
    "an index that nobody updates": (
        forget_index,
        0,
        ("warning", "index", "the index in the cache is from 2026-01-02", "Start the workflow on the page Actions."),
    ),
    "people who may not open issues": (
        limit_interactions,
        0,
        (
            "warning",
            "visitors",
            "until 2100-01-01 00:00 UTC, only collaborators can open issues",
            "End it in Settings → Moderation → Interaction limits.",
        ),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_it_finds_a_planted_fault_and_nothing_else(fake_github: FakeGitHub, name: str) -> None:
    plant, code, finding = FAULTS[name]
    make_healthy(fake_github)
    plant(fake_github)

    finished = call_doctor(fake_github, "--format", "json")

    assert list_findings(finished) == [finding]
    assert (finished.code, fake_github.violations) == (code, [])


@pytest.mark.parametrize("heading", ["## Version ##", "**Version**", "<h3>Version</h3>"])
def test_a_template_in_markdown_has_the_fields_that_it_asks_for(fake_github: FakeGitHub, heading: str) -> None:
    make_healthy(fake_github)
    files = fake_github.repositories[REPOSITORY].files
    del files[FORM_FILE]
    files[".github/ISSUE_TEMPLATE/bug.md"] = f"---\nname: Bug\n---\n\n{heading}\n\nThe output of `--version`\n"

    assert read_setup(connect(TOKEN, fake_github.url), REPOSITORY).sections == ("Version",)


def test_missing_labels_are_created_on_request(fake_github: FakeGitHub) -> None:
    make_healthy(fake_github)
    fake_github.repositories[REPOSITORY].labels = ["Needs-Info"]

    finished = call_doctor(fake_github, "--create-labels", "--format", "json")

    assert json.loads(finished.out)["created_labels"] == ["area:disk", "duplicate"]
    assert (list_findings(finished), finished.code, fake_github.violations) == ([], 0, [])
    assert fake_github.repositories[REPOSITORY].labels == ["Needs-Info", "area:disk", "duplicate"]


def test_labels_that_the_token_may_not_create_are_an_error(fake_github: FakeGitHub) -> None:
    make_healthy(fake_github)
    drop_label(fake_github)

    finished = call_doctor(fake_github, "--create-labels", "--format", "json", token="ghp_reporter")

    message = (
        "Could not create the label 'area:disk' in octo/widget: GitHub answered 403 (Resource not accessible by "
        "integration). Give the job `permissions: issues: write` and `contents: read`, or give the token the same "
        "permissions."
    )
    hidden = "the token may not read this setting"
    assert list_findings(finished) == [
        ("unchecked", "actions", hidden, ""),
        ("error", "labels", message, "Use a token that may write to the repository."),
        ("unchecked", "visitors", hidden, ""),
    ]


NO_RULES = "it needs the rules, which could not be read"
HIDDEN_BY_TOKEN = (
    *("repository", "actions", "workflow", "rules", "settings", "labels", "follow", "forms", "index", "ledger"),
    *("visitors", "rate limit"),
)
NO_TOKEN = (
    "warning",
    "token",
    "there is no token, so some settings cannot be read",
    "Set GITHUB_TOKEN, for example to the output of `gh auth token`.",
)


def test_without_a_token_it_checks_what_everybody_can_read(fake_github: FakeGitHub) -> None:
    make_healthy(fake_github)

    finished = call_doctor(fake_github, "--format", "json", token="")

    hidden = "the token may not read this setting"
    assert list_findings(finished) == [
        NO_TOKEN,
        ("unchecked", "actions", hidden, ""),
        ("unchecked", "follow", "only a token can read the state of issues to follow", ""),
        ("unchecked", "visitors", hidden, ""),
    ]
    assert (finished.code, fake_github.violations) == (0, [])


def test_a_token_that_github_rejects_is_an_error(fake_github: FakeGitHub) -> None:
    make_healthy(fake_github)

    finished = call_doctor(fake_github, "--format", "json", token="ghp_expired")

    rejected, advice = "GitHub does not accept the token", NO_TOKEN[-1]
    messages = {"settings": "they are read with the rules", **dict.fromkeys(("labels", "follow", "forms"), NO_RULES)}
    assert list_checks(finished) == [
        ("error", "token", rejected, advice),
        *(("unchecked", name, messages.get(name, rejected), "") for name in HIDDEN_BY_TOKEN),
    ]
    assert (finished.code, len(fake_github.requests)) == (3, 1)


def test_a_repository_that_does_not_exist_is_an_error(fake_github: FakeGitHub) -> None:
    finished = call_doctor(fake_github, "--format", "json")

    advice = "Correct the name, or use another token."
    findings = list_findings(finished)
    assert [each for each in findings if each[0] != "unchecked"] == [
        ("error", "repository", "`octo/widget` does not exist, or the token may not read it", advice)
    ]
    assert ("unchecked", "workflow", "GitHub does not show the repository", "") in findings
    assert finished.code == 1


def test_an_empty_repository_needs_a_workflow_and_rules(fake_github: FakeGitHub) -> None:
    fake_github.add_repository(REPOSITORY)

    finished = call_doctor(fake_github, "--format", "json")

    missing = (
        f"octo/widget has no folder {HOME} on its default branch, and `rules` is empty; run `signpost init`, or set "
        "`rules`, for example to pack:claude-code"
    )
    assert [each for each in list_findings(finished) if each[0] != "unchecked"] == [
        (
            "error",
            "workflow",
            "no workflow on `main` runs Signpost on issues",
            "Run `signpost init`, commit the files, and push them to `main`.",
        ),
        ("error", "rules", missing, "Correct it, and push to the default branch."),
    ]
    assert finished.code == 1


ELSEWHERE = "the workflow reads rules and settings from {}; run `signpost check` in a checkout"


@pytest.mark.parametrize(
    "inputs, expected",
    [
        ("rules: ./.github/signpost/", {"signpost"}),
        ("config: .github/signpost/config.yml", {"signpost"}),
        ("rules: pack:rust", {"rust"}),
        ("rules: .github/signpost pack:rust", Unread(ELSEWHERE.format(".github/signpost, pack:rust"))),
        ("rules: .github/signpost-more", Unread(ELSEWHERE.format(".github/signpost-more"))),
        ("config: .github/signpost/strict.yml", Unread(ELSEWHERE.format(".github/signpost/strict.yml"))),
    ],
)
def test_rules_are_those_of_the_step_unless_only_a_checkout_has_them(
    fake_github: FakeGitHub, inputs: str, expected: set[str] | Unread
) -> None:
    make_healthy(fake_github)
    change_file(WORKFLOW, "          issue: ${{ inputs.issue }}\n", f"          {inputs}\n")(fake_github)

    sources = read_setup(connect(TOKEN, fake_github.url), REPOSITORY).sources

    names = (Path(rule.file).parent.name for rule in sources.ruleset.rules) if isinstance(sources, Sources) else ()
    assert ({*names} or sources) == expected


def answer(status: int, headers: dict[str, str] | None = None) -> Fault:
    return Fault(kind="answer", reply=Reply(status=status, body=error_json("No"), headers=headers or {}))


DISTURBANCES = {
    "403": answer(403),
    "404": answer(404),
    "429": answer(429, {"Retry-After": "900"}),
    "502": answer(502),
    "reset": Fault(kind="reset"),
    "truncated": Fault(kind="cut"),
    "wrong JSON": Fault(kind="answer", reply=Reply(body=[[]])),
}
LOST = {
    "/rate_limit": {"token", "rate limit"},
    "/repos/octo/widget": {"repository"},
    "/actions/workflows": set[str](),
    "/runs": set[str](),
    "/actions/permissions": {"actions"},
    "/interaction-limits": {"visitors"},
    "/graphql": {"follow"},
    "/labels": {"labels"},
    "/actions/caches": {"index", "ledger"},
    "/releases/latest": set[str](),
}
"""What cannot be checked if a request fails. Without GraphQL, files are read one by one."""


@pytest.mark.slow
@pytest.mark.parametrize("fault", DISTURBANCES)
def test_a_part_that_cannot_be_read_does_not_stop_the_others(fake_github: FakeGitHub, fault: str) -> None:
    make_healthy(fake_github)
    found = {}
    for part in LOST:

        def disturb(request: Request, part: str = part) -> Fault | None:
            return DISTURBANCES[fault] if request.path.endswith(part) else None

        fake_github.disturb = disturb
        live = connect(TOKEN, fake_github.url, sleep=lambda _: None)
        checks = check_setup(read_setup(live, REPOSITORY), now())
        found[part] = {check.name for check in checks if check.status != "ok"}
    expected = LOST | ANSWERED.get(fault, {})
    assert found == expected


HIDDEN = {
    "repository",
    "actions",
    "workflow",
    "rules",
    "settings",
    "labels",
    "follow",
    "forms",
    "index",
    "ledger",
    "visitors",
}
"""What a repository that the token cannot see hides."""

ANSWERED = {
    "404": {
        "/repos/octo/widget": HIDDEN,
        "/rate_limit": set[str](),
        "/graphql": set[str](),
        "/actions/caches": {"index", "ledger"},
    },
}
"""GitHub without a rate limit and without GraphQL is not a fault."""


def test_hostile_names_reach_neither_the_terminal_nor_the_log(fake_github: FakeGitHub) -> None:
    make_healthy(fake_github)
    hostile = "x\u202e\x1b[31m##[error] @octocat"
    change_file(RULE_FILE, "[needs-info, area:disk]", json.dumps([hostile, "a" * 50]))(fake_github)

    finished = call_doctor(fake_github)

    assert [sign for sign in ("\u202e", "\x1b", "##[", "a" * 70) if sign in finished.out] == []
    assert "labels that do not exist" in finished.out


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ((), "the repository is missing; add --repo owner/name"),
        (("--repo", "octo"), "'octo' is not a repository name; write it as owner/name"),
    ],
)
def test_a_repository_needs_a_name(tmp_path: Path, arguments: tuple[str, ...], expected: str) -> None:
    finished = run_command("doctor", *arguments, folder=tmp_path)

    assert (finished.code, finished.out, finished.err) == (2, "", f"signpost: {expected}\n")


def test_without_github_there_is_nothing_to_check(tmp_path: Path) -> None:
    environment = {"GITHUB_API_URL": "http://127.0.0.1:1"}

    finished = run_command("doctor", "--repo", REPOSITORY, folder=tmp_path, environment=environment)

    last = "signpost: Could not read octo/widget: GitHub cannot be reached. Try again later."
    assert (finished.code, finished.out, finished.err.splitlines()[-1]) == (3, "", last)


def test_the_remote_of_the_folder_names_the_repository(fake_github: FakeGitHub, tmp_path: Path) -> None:
    make_healthy(fake_github)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("\turl = git@github.com:octo/widget.git\n", encoding="utf-8")
    environment = {"GITHUB_API_URL": fake_github.url, "GITHUB_TOKEN": TOKEN}

    finished = run_command("doctor", "--format", "json", folder=tmp_path, environment=environment)

    assert (json.loads(finished.out)["repository"], finished.code) == (REPOSITORY, 0)


def test_files_on_this_machine_are_checked_instead_of_the_cache(fake_github: FakeGitHub, tmp_path: Path) -> None:
    make_healthy(fake_github)
    issues = tmp_path / "issues.jsonl"
    issues.write_text('{"number": 1, "title": "Build fails", "body": ""}\n', encoding="utf-8")
    run_command("index", "build", "--index", "issues.index", "--issues", "issues.jsonl", folder=tmp_path)
    (tmp_path / "ledger.sqlite").write_text("no ledger", encoding="utf-8")

    arguments = ("--index", "issues.index", "--ledger", "ledger.sqlite", "--format", "json")
    finished = call_doctor(fake_github, *arguments, folder=tmp_path)

    ((_, _, fault, fix),) = list_findings(finished)
    assert ("ledger.sqlite" in fault, fix) == (True, "Run `signpost sweep` to make it again.")
    assert ("ok", "index", "`issues.index`", "") in list_checks(finished)
