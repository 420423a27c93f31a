"""`signpost sweep` and `signpost stats` as commands: exit codes, JSON, the ledger of a run, and kills."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.signals.world import a_person, find_ours, list_ledger, open_answered, run_at, sweep_at
from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import MAINTAINER, FakeGitHub
from tests.stand_ins.github_json import Json, StoredIssue
from tests.stand_ins.mortal import count_writes, kill_at
from tests.stand_ins.story import HOME, MATCHING, REPOSITORY, TOKEN, add_rule, open_issue, see, start_run, tell_event

pytestmark = pytest.mark.slow

SETTINGS = "duplicates: {enabled: false}\nvotes: {mute_from: 3, mute_above: 0.4}\n"


FIRST = "one for each 100 comments in the repository, by anybody, and one for each 100 issues of the last 14 weeks"


@pytest.fixture
def issue(fake_github: FakeGitHub) -> StoredIssue:
    return open_answered(fake_github)


def command(github: FakeGitHub, folder: Path, *arguments: str, **environment: str) -> Finished:
    known = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN, **environment}
    return run_command(*arguments, folder=folder, environment=known)


def test_a_sweep_says_its_budget_first_and_what_it_did_last(
    fake_github: FakeGitHub, issue: StoredIssue, tmp_path: Path
) -> None:
    fake_github.react(find_ours(issue), "-1")
    summary = tmp_path / "summary.md"
    done = command(fake_github, tmp_path, "sweep", "--repo", REPOSITORY, GITHUB_STEP_SUMMARY=str(summary))
    assert (done.code, done.err.splitlines()) == (
        0,
        [
            f"octo/widget: at least 3 requests: {FIRST}, at most 500",
            "octo/widget: 1 issue to handle again",
        ],
    )
    assert "Did       #2: remove labels, update comment\n" in done.out
    assert "the guidance does not fit): remove labels `area:disk`, update comment" in summary.read_text("utf-8")
    assert (tmp_path / ".signpost" / "ledger.sqlite").exists()


def test_a_first_sweep_says_after_one_page_how_many_are_left(
    fake_github: FakeGitHub, issue: StoredIssue, tmp_path: Path
) -> None:
    for number in range(250):
        fake_github.add_comment(issue, f"comment {number}", MAINTAINER)
    done = command(fake_github, tmp_path, "sweep", "--repo", REPOSITORY)
    assert done.err.splitlines()[:3] == [
        f"octo/widget: at least 3 requests: {FIRST}, at most 500",
        "octo/widget: 2 pages of comments left to read, one request each",
        "octo/widget: 1 page of comments left to read, one request each",
    ]


def test_scripts_get_json_alone(fake_github: FakeGitHub, issue: StoredIssue, tmp_path: Path) -> None:
    done = command(fake_github, tmp_path, "sweep", "--format", "json", "--dry-run", GITHUB_REPOSITORY=REPOSITORY)
    said: Json = json.loads(done.out)
    assert (said["schema_version"], said["comments"], said["dry_run"], said["handled"]) == (1, 1, True, [])
    assert not (tmp_path / ".signpost").exists()
    assert see(issue).comments


@pytest.mark.parametrize(
    "arguments, environment, code, said",
    [
        ((), {}, 2, "the repository is missing"),
        (("--repo", REPOSITORY), {"GITHUB_TOKEN": ""}, 2, "the token is missing"),
        (("--repo", REPOSITORY, "--budget", "3"), {}, 2, "--budget must be at least 20, not 3"),
        (("--repo", REPOSITORY, "--ledger", "notes.txt"), {}, 2, "notes.txt is not a ledger of Signpost"),
        (("--repo", "octo/none"), {}, 3, "octo/none"),
    ],
)
def test_what_is_wrong_is_said_with_its_exit_code(
    fake_github: FakeGitHub,
    tmp_path: Path,
    arguments: tuple[str, ...],
    environment: dict[str, str],
    code: int,
    said: str,
) -> None:
    add_rule(fake_github)
    (tmp_path / "notes.txt").write_text("my notes")
    done = command(fake_github, tmp_path, "sweep", *arguments, **environment)
    assert (done.code, said in done.err) == (code, True)


@pytest.mark.parametrize(
    "statement, said",
    [
        ("CREATE VIEW more AS SELECT 1", "has other tables than a ledger of Signpost"),
        ("UPDATE comment SET at = 1 << 62", "a row of `comment` has values of another kind: at"),
        ("UPDATE fact SET value = '2199-01-01T00:00:00Z' WHERE name = 'comments'", "another kind: 'comments'"),
    ],
)
def test_a_damaged_ledger_is_made_again(
    fake_github: FakeGitHub, issue: StoredIssue, tmp_path: Path, statement: str, said: str
) -> None:
    path = tmp_path / ".signpost" / "ledger.sqlite"
    sweep_at(fake_github, path, datetime.now(UTC))
    expected = list_ledger(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)

    done = command(fake_github, tmp_path, "sweep", "--repo", REPOSITORY)

    assert (done.code, said in done.err) == (0, True)
    assert (list_ledger(path), find_ours(issue) is not None) == (expected, True)


def test_a_run_reads_which_rules_are_muted(fake_github: FakeGitHub, tmp_path: Path) -> None:
    add_rule(fake_github)
    fake_github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = SETTINGS
    open_issue(fake_github)
    for number in range(3):
        person = a_person(f"person-{number}")
        found = fake_github.add_issue("Again", MATCHING, author=person)
        run_at(fake_github, found)
        fake_github.react(find_ours(found), "-1", person)
    sweep_at(fake_github, tmp_path / "ledger.sqlite")
    new = fake_github.add_issue("Again", MATCHING, author=a_person("last"))
    (tmp_path / "broken").write_text("hello")

    for ledger, said in (
        ("broken", "this run ignores votes and incidents"),
        ("none", "create comment"),
        ("ledger.sqlite", ""),
    ):
        event = tell_event(fake_github, new)
        done = start_run(fake_github, event, tmp_path, "--ledger", ledger, "--dry-run").go()
        assert (done.code, said in done.out, "create comment" in done.out) == (0, True, ledger != "ledger.sqlite")


def test_stats_show_what_rules_are_worth(fake_github: FakeGitHub, issue: StoredIssue, tmp_path: Path) -> None:
    ours = find_ours(issue)
    for content, person in (("+1", MAINTAINER), ("rocket", MAINTAINER), ("-1", a_person("eve"))):
        fake_github.react(ours, content, person)
    ledger = tmp_path / "ledger.sqlite"
    sweep_at(fake_github, ledger)

    text = run_command("stats", "--ledger", str(ledger), "--html", "stats.html", folder=tmp_path)
    said = run_command("stats", "--ledger", str(ledger), "--format", "json", folder=tmp_path)

    assert (text.code, said.code) == (0, 0)
    assert "octo/widget: 1 comment, 3 votes, 0 withdrawals, 0 closings (0 reopened)" in text.out
    assert "50 % (9-91)" in text.out
    (rule,) = json.loads(said.out)["rules"]
    assert (rule["rule"], rule["comments"], rule["all"]["voters"]) == ("out-of-disk", 1, 2)
    assert rule["all"]["counts"] == {"easy-fix": 1, "not-my-problem": 1, "works": 1}
    assert "What the rules are worth" in (tmp_path / "stats.html").read_text("utf-8")


def test_stats_without_a_ledger_say_how_to_get_one(tmp_path: Path) -> None:
    done = run_command("stats", folder=tmp_path)
    assert done.code == 2
    assert "does not exist; make it with `signpost sweep`" in done.err


KILLS = 12


def test_killed_at_any_write_of_the_ledger_the_next_sweep_goes_on(
    fake_github: FakeGitHub, issue: StoredIssue, tmp_path: Path
) -> None:
    fake_github.react(find_ours(issue), "+1")
    fake_github.add_comment(issue, "me too", a_person("stranger"))
    environment = {"GITHUB_API_URL": fake_github.url, "GITHUB_TOKEN": TOKEN}
    arguments = ("sweep", "--repo", REPOSITORY)
    whole = tmp_path / "whole"
    whole.mkdir()
    writes = count_writes(whole, *arguments, environment=environment)
    expected = list_ledger(whole / ".signpost" / "ledger.sqlite")
    for moment in {*range(1, writes, max(1, writes // KILLS)), writes}:
        folder = tmp_path / f"killed-{moment}"
        folder.mkdir()
        assert kill_at(folder, moment, *arguments, environment=environment) == -9
        path = folder / ".signpost" / "ledger.sqlite"
        sweep_at(fake_github, path, datetime.now(UTC))
        assert list_ledger(path) == expected, moment
