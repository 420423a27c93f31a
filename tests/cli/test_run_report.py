"""`signpost run` with the input `command: report`, as a workflow that somebody starts by hand."""

import json
from pathlib import Path

import pytest

from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import MAINTAINER, REPORTER, FakeGitHub
from tests.stand_ins.github_json import Json, StoredComment, user_json
from tests.stand_ins.story import (
    ANSWER,
    HOME,
    MATCHING,
    REPORTED,
    REPOSITORY,
    add_rule,
    open_issue,
    run_once,
    see,
    start_run,
    tell_event,
)

WRITTEN = REPORTED
"""What the comment with the report says: it names the rule of the issue, the issue, and what the issue follows."""


def ask(github: FakeGitHub, number: int) -> Json:
    sender = user_json(MAINTAINER, github.url)
    return {"inputs": {"issue": str(number)}, "repository": {"full_name": REPOSITORY}, "sender": sender}


def run_report(github: FakeGitHub, folder: Path, *arguments: str, number: int = 2) -> Finished:
    environment = {
        "GITHUB_EVENT_NAME": "workflow_dispatch",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        "GITHUB_WORKSPACE": str(folder / "workspace"),
        "INPUT_COMMAND": "report",
    }
    return start_run(github, ask(github, number), folder, *arguments, environment=environment).go()


@pytest.fixture
def github(fake_github: FakeGitHub) -> FakeGitHub:
    add_rule(fake_github)
    issue = open_issue(fake_github)
    fake_github.add_comment(issue, "Any news?")
    return fake_github


def test_the_report_is_in_the_summary_and_in_a_file_and_nothing_is_changed(github: FakeGitHub, tmp_path: Path) -> None:
    done = run_report(github, tmp_path)
    assert (done.code, "Wrote     signpost-report-2.md" in done.out) == (0, True)
    report = (tmp_path / "workspace" / "signpost-report-2.md").read_text("utf-8")
    assert report.startswith(f"# Report: [#2](https://redirect.github.com/{REPOSITORY}/issues/2) It breaks\n")
    assert "**Known problem `out-of-disk`**" in report
    assert f"Requests  {len(github.requests)} (2 of them for the report)" in done.out
    assert (tmp_path / "summary.md").read_text("utf-8") == report
    name, _, rest = (tmp_path / "output").read_text("utf-8").partition("<<")
    assert (name, rest.splitlines()[1]) == ("report-file", "signpost-report-2.md")
    assert see(github.repositories[REPOSITORY].issues[2]).comments == ()
    assert {str(each) for each in github.requests if not str(each).startswith("GET")} == {"POST /graphql"}


def test_a_broken_rule_is_told_beside_the_report(github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(github, "id: out-of-disk\n")
    done = run_report(github, tmp_path)
    assert (done.code, "Wrote     signpost-report-2.md" in done.out) == (2, True)
    assert "out-of-disk.yml:1:1: `title` is missing" in done.err


def test_as_json_it_is_one_object(github: FakeGitHub, tmp_path: Path) -> None:
    done = run_report(github, tmp_path, "--format", "json")
    found = json.loads(done.out)
    report = (tmp_path / "workspace" / "signpost-report-2.md").read_text("utf-8")
    assert found == {
        "schema_version": 1,
        "repository": REPOSITORY,
        "issue": 2,
        "file": "signpost-report-2.md",
        "report": report,
    }


@pytest.mark.parametrize("index", ["a.index", "none.index", "archive.jsonl"])
def test_similar_issues_come_from_the_index_if_there_is_one(github: FakeGitHub, tmp_path: Path, index: str) -> None:
    """A missing index is what a cache gives before its first build; a file that is not one is a remark."""
    github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = "{}\n"
    texts = {number: f"The parser number {number} is slow with file {number * 7}" for number in range(10, 50)}
    lines = [{"number": number, "title": "Slow", "body": text} for number, text in texts.items()]
    same = {"number": 50, "title": "It breaks", "body": MATCHING}
    (tmp_path / "archive.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in [*lines, same]), "utf-8")
    built = run_command("index", "build", "--index", "a.index", "--issues", "archive.jsonl", folder=tmp_path)
    assert built.code == 0, built.err
    done = run_report(github, tmp_path, "--index", index)
    report = (tmp_path / "workspace" / "signpost-report-2.md").read_text("utf-8")
    remark = "signpost: the report has no similar issues: "
    assert (done.code, "## Similar issues" in report, f"{REPOSITORY}/issues/50" in report, remark in done.err) == (
        *(0, index == "a.index", index == "a.index", index == "archive.jsonl"),
    )


def test_an_issue_that_is_missing_has_no_report(github: FakeGitHub, tmp_path: Path) -> None:
    done = run_report(github, tmp_path, number=99)
    assert done.code == 3
    assert not (tmp_path / "workspace").exists()


def name_reactions(comment: StoredComment) -> list[str]:
    return [content for _, content, _ in comment.reactions]


def test_a_command_is_answered_beside_the_guidance(github: FakeGitHub) -> None:
    issue = github.repositories[REPOSITORY].issues[2]
    assert run_once(github, tell_event(github, issue)).code == 0
    command = github.add_comment(issue, "/signpost report", REPORTER)
    assert run_once(github, tell_event(github, issue, "created", command)).code == 0
    assert (see(issue).comments, name_reactions(command)) == ((ANSWER,), ["confused"])
    command = github.add_comment(issue, "/signpost report", MAINTAINER)
    said = "the report for this command is there already"
    for is_repeated in (False, True):
        done = run_once(github, tell_event(github, issue, "created", command))
        assert (done.code, see(issue).comments, said in done.out) == (0, (ANSWER, WRITTEN), is_repeated)
        assert name_reactions(command) == ["+1"]
    assert run_once(github, tell_event(github, issue, "edited")).code == 0
    assert see(issue).comments == (ANSWER, WRITTEN)


def test_without_a_token_the_payload_is_enough_to_show_the_plan(github: FakeGitHub, tmp_path: Path) -> None:
    issue = github.repositories[REPOSITORY].issues[2]
    command = github.add_comment(issue, "/signpost report", MAINTAINER)
    command.association = "MEMBER"
    (tmp_path / "event.json").write_text(json.dumps(tell_event(github, issue, "created", command)), "utf-8")
    arguments = ("--event", "event.json", "--dry-run", "--format", "json", "--rules", "pack:common")
    done = run_command("run", *arguments, folder=tmp_path)
    found = json.loads(done.out)
    assert (done.code, found["skipped"], found["requests"]) == (0, None, 0)
    assert [(each["action"], REPORTED in each.get("body", "")) for each in found["plan"]] == [
        ("create_comment", True),
        ("react", False),
    ]
