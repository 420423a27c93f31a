"""`signpost run` as a workflow starts it: what it prints, what it hands the runner, and how it ends."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import FAULTS, FakeGitHub, Fault, Reply
from tests.stand_ins.github_json import Json, error_json
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import (
    ANSWER,
    HOME,
    OTHER,
    REPOSITORY,
    RULE,
    TOKEN,
    add_rule,
    open_issue,
    see,
    start_run,
    tell_event,
)

BROKEN_RULE = RULE.replace("id: out-of-disk", "id: broken").replace("phrase:", "phrases:")
SHELL = "name: mine\ncaptures:\n  shell:\n    first_of: [{section: Shell}]\n"
HEREDOC = re.compile(
    r"^(?P<name>[\w-]+)<<(?P<end>ghadelimiter_\S+)\n(?P<value>.*?)\n(?P=end)\n", re.MULTILINE | re.DOTALL
)


def run(github: FakeGitHub, folder: Path, *arguments: str, body: str | None = None, **environment: str) -> Finished:
    issue = open_issue(github, body) if body is not None else open_issue(github)
    return start_run(github, tell_event(github, issue), folder, *arguments, environment=environment).go()


def run_offline(folder: Path, event: Json | str | None, *arguments: str, **environment: str) -> Finished:
    """A run without GitHub, outside a workflow."""
    if event is not None:
        text = event if isinstance(event, str) else json.dumps(event)
        (folder / "event.json").write_text(text, encoding="utf-8")
    return run_command("run", "--event", "event.json", *arguments, folder=folder, environment=environment)


@pytest.fixture
def event() -> Json:
    issue = {"number": 2, "title": "It breaks", "body": "No space left on device", "user": {"login": "reporter"}}
    return {"action": "opened", "issue": issue, "repository": {"full_name": REPOSITORY}}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    home = tmp_path / HOME
    home.mkdir(parents=True)
    (home / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    return tmp_path


def test_the_token_is_masked_first_and_never_said_again(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)

    finished = run(fake_github, tmp_path)

    mask, rest = finished.out.split("\n", 1)
    assert mask == f"::add-mask::{TOKEN}"
    assert TOKEN not in rest + finished.err


def test_a_token_that_github_echoes_is_not_told(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    echo = Reply(status=422, body=error_json(f"What is {TOKEN}? ::error::{TOKEN}"))
    fake_github.faults = {2: Fault(kind="answer", reply=echo), 3: Fault(kind="answer", reply=echo)}
    summary = tmp_path / "summary.md"

    finished = run(fake_github, tmp_path, GITHUB_STEP_SUMMARY=str(summary))

    assert finished.code == 3
    assert "What is ***?" in finished.err
    said = finished.out.removeprefix(f"::add-mask::{TOKEN}\n") + finished.err + summary.read_text("utf-8")
    assert TOKEN not in said


def test_an_enterprise_server_is_spoken_to_at_its_own_addresses(
    openapi_checker: OpenAPIChecker, tmp_path: Path
) -> None:
    with FakeGitHub(checker=openapi_checker, prefix="/api/v3") as github:
        add_rule(github)

        finished = run(github, tmp_path)

        assert (finished.code, github.violations) == (0, [])
        assert see(github.repositories[REPOSITORY].issues[2]).comments == (ANSWER,)


def test_a_workflow_gets_outputs_and_a_summary(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    files = {"GITHUB_OUTPUT": str(tmp_path / "outputs"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md")}

    run(fake_github, tmp_path, **files)

    outputs = {each["name"]: each["value"] for each in HEREDOC.finditer((tmp_path / "outputs").read_text("utf-8"))}
    report = json.loads(outputs.pop("report"))
    assert outputs == {"matched-rules": '["out-of-disk"]', "labels": '["area:disk"]', "comment": "created"}
    assert (report["schema_version"], report["issue"], report["requests"]) == (1, 2, 7)
    summary = (tmp_path / "summary.md").read_text("utf-8")
    assert "out-of-disk" in summary
    assert "`No space left on device`" in summary
    assert "7 requests to GitHub." in summary


def test_json_holds_what_the_contract_names(checkout: Path, event: Json) -> None:
    finished = run_offline(checkout, event, "--dry-run", "--format", "json")

    found = json.loads(finished.out)
    comment = found["plan"][1].pop("body")
    assert {
        key: found[key] for key in ("repository", "issue", "skipped", "matches", "plan", "outcomes", "requests")
    } == {
        "repository": REPOSITORY,
        "issue": 2,
        "skipped": None,
        "matches": [
            {
                "rule": "out-of-disk",
                "title": "The disk is full",
                "mode": "comment",
                "evidence": [{"view": "body", "text": "No space left on device", "line": 1}],
                "captures": {},
                "answers": [],
            }
        ],
        "plan": [
            {"action": "add_labels", "labels": ["area:disk"]},
            {"action": "create_comment"},
        ],
        "outcomes": [],
        "requests": 0,
    }
    assert "The build ran out of disk space." in comment


def test_json_on_a_runner_leaves_stdout_to_json_and_tells_the_rest_on_stderr(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    add_rule(fake_github)
    add_rule(fake_github, BROKEN_RULE, "broken")

    finished = run(fake_github, tmp_path, "--format", "json")

    assert [each["ok"] for each in json.loads(finished.out)["outcomes"]] == [True, True]
    assert finished.err.startswith(f"::add-mask::{TOKEN}\n::error file={HOME}/broken.yml,line=")


def test_a_dry_run_with_a_token_reads_and_writes_nothing(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)

    finished = run(fake_github, tmp_path, "--dry-run")

    issue = fake_github.repositories[REPOSITORY].issues[2]
    assert (finished.code, issue.labels, issue.comments) == (0, [], [])
    assert "Would     add labels: area:disk\nWould     create comment\n" in finished.out


def test_a_broken_rule_is_shown_at_its_place_and_the_others_still_run(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    add_rule(fake_github, BROKEN_RULE, "broken")
    summary = tmp_path / "summary.md"

    finished = run(fake_github, tmp_path, GITHUB_STEP_SUMMARY=str(summary))

    assert finished.code == 2
    assert see(fake_github.repositories[REPOSITORY].issues[2]).comments == (ANSWER,)
    annotation = f"::error file={HOME}/broken.yml,line=4,col=3,title=Signpost%3A rule::"
    assert any(line.startswith(annotation) for line in finished.out.splitlines())
    assert f"{HOME}/broken.yml:4:3: " in summary.read_text("utf-8")


@pytest.mark.parametrize("fail_on, codes", [("error", (2, 3)), ("never", (0, 0))])
def test_fail_on_decides_whether_a_run_is_red(
    fake_github: FakeGitHub, tmp_path: Path, fail_on: str, codes: tuple[int, int]
) -> None:
    add_rule(fake_github)
    add_rule(fake_github, BROKEN_RULE, "broken")
    broken = run(fake_github, tmp_path, **{"INPUT_FAIL-ON": fail_on})
    fake_github.faults = {len(fake_github.requests) + 1: FAULTS["422"]}
    refused = run(fake_github, tmp_path, **{"INPUT_FAIL-ON": fail_on})

    assert (broken.code, refused.code) == codes
    assert "::error title=Signpost::Could not read .github/signpost of octo/widget: GitHub answered 422" in refused.out


@pytest.mark.parametrize(
    "fail_on, command, code",
    [
        ("error", "run", 2),
        ("never", "run", 0),
        ("nevre", "run", 0),
        ("never", "report", 0),
        ("never", "check", 2),
        ("never", "chekc", 0),
    ],
)
def test_a_wrong_input_is_told_to_maintainers_and_red_only_if_they_say_so(
    fake_github: FakeGitHub, tmp_path: Path, fail_on: str, command: str, code: int
) -> None:
    summary = tmp_path / "summary.md"
    wrong = {"INPUT_DRY-RUN": "::error::", "INPUT_FAIL-ON": fail_on, "GITHUB_STEP_SUMMARY": str(summary)}
    wrong |= {"INPUT_COMMAND": command}

    finished = run(fake_github, tmp_path, **wrong)

    told = "Invalid input `dry-run`: must be `true` or `false`, not `::error::`"
    assert finished.code == code
    assert f"::error title=Signpost::{told}" in finished.out
    assert told in summary.read_text("utf-8")


def test_a_blank_input_does_not_hide_its_other_spelling(fake_github: FakeGitHub, tmp_path: Path) -> None:
    inputs = {"INPUT_DRY-RUN": "maybe", "INPUT_FAIL-ON": "", "INPUT_FAIL_ON": "never"}

    finished = run(fake_github, tmp_path, **inputs)

    assert (finished.code, "Invalid input `dry-run`" in finished.out) == (0, True)


def test_a_fault_of_ours_is_logged_without_a_word_that_the_runner_obeys(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    add_rule(fake_github)
    nowhere = tmp_path / "no-such-folder" / "x\n::set-output name=y::z"

    finished = run(fake_github, tmp_path, GITHUB_OUTPUT=str(nowhere), **{"INPUT_FAIL-ON": "never"})

    assert finished.code == 0
    assert "::error title=Signpost::internal error in Signpost (FileNotFoundError)" in finished.out
    assert "Traceback" in finished.err
    assert not any(line.startswith("::") for line in finished.err.splitlines())


def test_a_fault_of_ours_outside_a_workflow_is_not_hidden(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)

    finished = run(fake_github, tmp_path, GITHUB_ACTIONS="", GITHUB_OUTPUT=str(tmp_path / "no-such-folder" / "x"))

    assert finished.code == 1
    assert "FileNotFoundError" in finished.err


def test_what_a_reporter_wrote_reaches_a_terminal_without_its_controls(checkout: Path, event: Json) -> None:
    (checkout / HOME / "pack.yml").write_text(SHELL, encoding="utf-8")
    body = "No space left on device\n\n### Shell\n\nzsh \x1b]0;x\x07\u202e\n::error::x\n"

    finished = run_offline(checkout, {**event, "issue": {**event["issue"], "body": body}}, "--dry-run")

    assert finished.code == 0
    assert "Found     shell 'zsh \\x1b]0;x\\x07\\u202e ::error::x'\n" in finished.out


def test_an_action_that_failed_is_told_to_maintainers_alone(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    fake_github.faults = {6: FAULTS["422"]}
    summary = tmp_path / "summary.md"

    finished = run(fake_github, tmp_path, GITHUB_STEP_SUMMARY=str(summary))

    told = "Could not comment on octo/widget#2: GitHub answered 422 (Validation Failed)"
    assert finished.code == 1
    assert "\nTried     create comment\n" in finished.out
    assert f"::error title=Signpost%3A an action failed::create_comment: {told}" in finished.out
    assert told in summary.read_text("utf-8")
    assert fake_github.repositories[REPOSITORY].issues[2].comments == []


@pytest.mark.parametrize(
    "text, reason",
    [
        pytest.param(None, "cannot read the event event.json: ", id="missing"),
        pytest.param('{"action": "ope', "cannot read the event event.json: ", id="cut off"),
        pytest.param("[" * 100_000, "cannot read the event event.json: ", id="nested without end"),
        pytest.param("[]", "the event event.json must be a JSON object", id="a list"),
        pytest.param("{}", "The issues payload has no `action`", id="empty"),
        pytest.param('{"action": "opened"}', "The issues payload has no `issue`", id="without an issue"),
        pytest.param(
            '{"action": "opened", "issue": {"number": "two"}}', "Not a GitHub issue: ", id="a number in words"
        ),
        pytest.param(
            '{"inputs": {"issue": "2"}, "repository": "x"}',
            "Signpost needs a token to read issue #2",
            id="a repository that is none",
        ),
        pytest.param('{"inputs": {"issue": "two"}}', "The input `issue` is missing or is not a number", id="by hand"),
    ],
)
def test_an_event_that_cannot_be_read_is_wrong_usage(checkout: Path, text: str | None, reason: str) -> None:
    finished = run_offline(checkout, text, "--dry-run", GITHUB_REPOSITORY=REPOSITORY)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {reason}")


@pytest.mark.parametrize(
    "arguments, environment, reason",
    [
        pytest.param((), {}, "the token is missing; set the input `github-token`", id="no token"),
        pytest.param(("--dry-run", "--rules", "nowhere"), {}, "there are no rules at nowhere", id="no such rules"),
        pytest.param(
            ("--dry-run", "--rules", "pack:x"), {}, "unknown pack `x`; allowed: `claude-code`", id="no such pack"
        ),
        pytest.param(("--dry-run", "--config", "no.yml"), {}, "cannot read no.yml", id="no such settings"),
        pytest.param((), {"INPUT_DRY-RUN": "maybe"}, "Invalid input `dry-run`: must be", id="a word for a boolean"),
        pytest.param(
            (),
            {"GITHUB_TOKEN": "a b"},
            "The token contains characters that are invalid in a GitHub token",
            id="a token with a blank",
        ),
        pytest.param(
            (),
            {"GITHUB_TOKEN": "x", "GITHUB_API_URL": "file:///etc"},
            "'file:///etc' is not the URL of a GitHub API",
            id="no address",
        ),
    ],
)
def test_wrong_usage_is_reported_in_one_sentence(
    checkout: Path, event: Json, arguments: tuple[str, ...], environment: Mapping[str, str], reason: str
) -> None:
    finished = run_offline(checkout, event, *arguments, **environment)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {reason}")


def test_without_an_event_a_run_says_what_to_give(tmp_path: Path) -> None:
    finished = run_command("run", folder=tmp_path)

    assert (finished.code, finished.err) == (
        2,
        "signpost: the event is missing; add --event FILE, or run inside GitHub Actions (GITHUB_EVENT_PATH)\n",
    )


def test_without_rules_a_run_says_how_to_start(tmp_path: Path, event: Json) -> None:
    finished = run_offline(tmp_path, event, "--dry-run")

    assert finished.code == 2
    assert "run `signpost init`" in finished.err


def test_a_github_that_cannot_be_reached_is_exit_code_3(fake_github: FakeGitHub, tmp_path: Path) -> None:
    finished = run(fake_github, tmp_path, GITHUB_API_URL=f"{fake_github.url}/nowhere")

    assert finished.code == 3
    assert (
        "this GitHub has no GraphQL API. Use actions/checkout, and set the input `rules: .github/signpost`"
        in finished.err
    )


def test_an_issue_can_be_named_by_hand(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    open_issue(fake_github)
    event = {"inputs": {"issue": "#2"}, "repository": {"full_name": REPOSITORY}, "sender": {"login": "maintainer"}}

    finished = start_run(
        fake_github, event, tmp_path, environment={"GITHUB_EVENT_NAME": "workflow_dispatch", "INPUT_ISSUE": "2"}
    ).go()

    assert finished.code == 0
    assert see(fake_github.repositories[REPOSITORY].issues[2]).comments == (ANSWER,)


@pytest.mark.parametrize(
    "change, reason",
    [
        pytest.param({"action": "closed"}, "the settings do not include the event issues closed", id="another action"),
        pytest.param({"action": "deleted"}, "issues deleted", id="the end of the issue"),
        pytest.param(
            {"sender": {"login": "dependabot[bot]", "type": "Bot"}},
            "the event comes from a bot (dependabot[bot])",
            id="a bot's event",
        ),
    ],
)
def test_an_event_that_starts_nothing_says_why(checkout: Path, event: Json, change: Json, reason: str) -> None:
    finished = run_offline(checkout, {**event, **change}, "--dry-run", "--format", "json")

    found = json.loads(finished.out)
    assert (finished.code, found["skipped"], found["plan"], found["requests"]) == (0, reason, [], 0)


def test_settings_and_template_stand_beside_each_other(checkout: Path, event: Json) -> None:
    place = checkout / "settings"
    place.mkdir()
    (place / "config.yml").write_text("template: comment.md.j2\n", encoding="utf-8")
    (place / "comment.md.j2").write_text("Hello: {{ sections[0].tldr }}\n", encoding="utf-8")

    finished = run_offline(checkout, event, "--dry-run", "--config", "settings/config.yml", "--format", "json")

    assert json.loads(finished.out)["plan"][1]["body"].startswith("Hello: The build ran out of disk space.")


@pytest.mark.parametrize(
    "config, reason",
    [
        pytest.param("mode: shout\n", f"{HOME}/config.yml:1:1: ", id="a word that is none"),
        pytest.param("mood: comment\n", f"{HOME}/config.yml:1:1: ", id="an unknown key"),
        pytest.param("template: none.md.j2\n", "the settings name the template none.md.j2", id="a missing template"),
    ],
)
def test_wrong_settings_stop_a_run_before_it_speaks(checkout: Path, event: Json, config: str, reason: str) -> None:
    (checkout / HOME / "config.yml").write_text(config, encoding="utf-8")

    finished = run_offline(checkout, event, "--dry-run")

    assert (finished.code, finished.out) == (2, "")
    assert reason in finished.err


def test_an_issue_without_a_match_leaves_an_empty_plan(checkout: Path, event: Json) -> None:
    event["issue"]["body"] = OTHER

    finished = run_offline(checkout, event, "--dry-run", "--format", "json")

    found = json.loads(finished.out)
    assert (finished.code, found["matches"], found["plan"]) == (0, [], [])
