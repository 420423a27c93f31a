"""A look at the comment before anybody sees it: `run --issue N --dry-run` and `explain ISSUE --comment`."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from bot.cli.options.preview import preview_new
from bot.comment.marker import read_visible
from bot.triage.config import read_config
from tests.builders import Fields, a_rule, an_issue
from tests.stand_ins.accessibility import find_barriers
from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import FakeGitHub
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.story import HOME, MATCHING, REPOSITORY, RULE, TOKEN, add_rule, open_issue
from tests.triage.plans import sources_of

RULER = "─" * 72


def run(github: FakeGitHub, folder: Path, issue: StoredIssue, *arguments: str) -> Finished:
    environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}
    asked = ("run", "--issue", str(issue.number), "--repo", REPOSITORY)
    return run_command(*asked, *arguments, folder=folder, environment=environment)


def explain(folder: Path, *arguments: str, body: str = MATCHING, title: str = "It breaks") -> Finished:
    (folder / "issue.md").write_text(f"# {title}\n{body}", encoding="utf-8")
    (folder / HOME).mkdir(parents=True, exist_ok=True)
    (folder / HOME / "out-of-disk.yml").write_text(RULE, encoding="utf-8")
    return run_command("explain", "issue.md", "--comment", *arguments, folder=folder)


def test_the_comment_is_shown_word_for_word_before_it_is_posted(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github)

    shown = run(fake_github, tmp_path, issue, "--dry-run")
    told = json.loads(run(fake_github, tmp_path, issue, "--dry-run", "--format", "json").out)["comment"]
    before = len(issue.comments)
    posted = run(fake_github, tmp_path, issue)

    (comment,) = issue.comments
    assert (shown.code, before, posted.code) == (0, 0, 0)
    assert shown.out.split(f"{RULER}\n")[1].strip() == comment.body
    assert told == {"body": comment.body, "is_posted": True, "reasons": []}


def test_a_rule_that_only_suggests_shows_its_suggestions(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github, f"{RULE}mode: suggest\nclose: {{as: not_planned, after: 3d}}\n")
    issue = open_issue(fake_github)

    told = json.loads(run(fake_github, tmp_path, issue, "--dry-run", "--format", "json").out)["comment"]

    assert (issue.suggestions, told["is_posted"]) == ([], False)
    assert told["reasons"] == [
        "Nothing would be posted.",
        "The guidance of `out-of-disk` stays out: its mode is `suggest`.",
        "Signpost would suggest the label `area:disk`.",
        "Signpost would suggest to close the issue as not planned.",
    ]


def test_a_rule_that_may_not_comment_shows_what_it_would_say(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    fake_github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = "mode: observe\nduplicates: {enabled: false}\n"
    issue = open_issue(fake_github)

    shown = run(fake_github, tmp_path, issue, "--dry-run", "--html", "comment.html")
    told = json.loads(run(fake_github, tmp_path, issue, "--dry-run", "--format", "json").out)["comment"]

    assert (shown.code, issue.comments, told["is_posted"]) == (0, [], False)
    assert "Preview   Nothing would be posted.\n" in shown.out
    assert told["reasons"] == [
        "Nothing would be posted.",
        "The guidance of `out-of-disk` stays out: the settings limit every rule to `observe`.",
    ]
    assert told["body"] in shown.out
    assert "known problem: <strong>The disk is full</strong>" in (tmp_path / "comment.html").read_text("utf-8")


def test_what_is_there_already_or_skipped_is_said(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    issue, closed, other = open_issue(fake_github), open_issue(fake_github), open_issue(fake_github, "All is well")
    closed.state = "closed"
    run(fake_github, tmp_path, issue)

    told = [
        json.loads(run(fake_github, tmp_path, each, "--dry-run", "--format", "json").out)["comment"]["reasons"]
        for each in (issue, closed, other)
    ]

    assert told == [
        ["Nothing would be posted: the comment on the issue says this already."],
        ["Nothing would be posted: the issue is closed."],
        ["Nothing would be posted: no rule matches."],
    ]


QUIET = a_rule(id="quiet", title="It is slow", mode="observe")
SKIPPING = read_config("{mode: comment, skip: {labels: [bug]}}", "config.yml")
SKIPPED: dict[str, tuple[tuple[Fields, ...], dict[str, object], str, str]] = {
    "the rules that may comment speak": (
        (a_rule(), QUIET),
        {"labels": ("bug",)},
        "issues with the label `bug` are skipped",
        "This looks like a known problem: **The disk is full**",
    ),
    "rules that only observe speak if no other does": (
        (QUIET,),
        {"labels": ("bug",)},
        "issues with the label `bug` are skipped",
        "This looks like a known problem: **It is slow**",
    ),
    "no rule matches": (
        (a_rule(), QUIET),
        {"labels": ("bug",), "body": "All is well"},
        "issues with the label `bug` are skipped",
        "",
    ),
    "what no setting skips": ((a_rule(),), {"is_pull_request": True}, "it is a pull request", ""),
}


@pytest.mark.parametrize("rules, changes, reason, opening", SKIPPED.values(), ids=SKIPPED)
def test_a_skipped_issue_shows_the_comment_that_it_would_have(
    rules: tuple[Fields, ...], changes: dict[str, object], reason: str, opening: str
) -> None:
    shown = preview_new(an_issue(**changes), sources_of(*rules, config=SKIPPING))
    assert (shown.reasons, shown.body.partition("\n")[0]) == ((f"Nothing would be posted: {reason}.",), opening)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--event", "x.json"), "--issue and --event name two things to handle; give one of them"),
        (("--html", "x.html"), "--html shows the comment of a dry run on one issue; add --issue N and --dry-run"),
    ],
)
def test_options_that_say_two_things_are_refused(
    fake_github: FakeGitHub, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    finished = run(fake_github, tmp_path, open_issue(fake_github), *arguments)
    assert (finished.code, finished.err) == (2, f"signpost: {message}\n")


def test_explain_prints_the_comment_alone(tmp_path: Path) -> None:
    finished = explain(tmp_path)
    told = json.loads(explain(tmp_path, "--format", "json").out)

    assert (finished.code, finished.err) == (0, "")
    assert read_visible(finished.out).startswith(
        "This looks like a known problem: **The disk is full**\n\nThe build ran"
    )
    assert told == {
        "schema_version": 1,
        "comment": {"body": finished.out.removesuffix("\n"), "is_posted": True, "reasons": []},
    }


def test_explain_says_on_the_side_why_nothing_would_be_posted(tmp_path: Path) -> None:
    nothing = explain(tmp_path, body="All is well")
    assert (nothing.code, nothing.out) == (0, "")
    assert nothing.err == "signpost: Nothing would be posted: no rule matches.\n"


def test_the_page_takes_nothing_of_the_reporter_for_html(tmp_path: Path) -> None:
    finished = explain(tmp_path, "--html", "comment.html", title="<script>alert(1)</script>")
    page = (tmp_path / "comment.html").read_text("utf-8")

    assert (finished.code, finished.out) == (0, "wrote comment.html\n")
    assert ("<script" in page, "&lt;script&gt;alert(1)" in page, "https://" in page.partition("<main")[0]) == (
        *(False, True, False),
    )


def test_the_page_keeps_nobody_out(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "silent.yml").write_text("mode: observe\n", encoding="utf-8")
    explain(tmp_path, "--html", "comment.html", "--config", "silent.yml")
    assert find_barriers(browser, (tmp_path / "comment.html").read_text("utf-8")) == []
