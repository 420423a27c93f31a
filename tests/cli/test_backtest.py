"""`signpost backtest`: rules over an export of past issues."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.github_json import Json
from tests.stand_ins.story import HOME, MATCHING, OTHER, RULE

CAPTURING = RULE.replace('"No space left on device"', '"os error {code:int}"').replace("follow: 1\n", "")
GH_KEYS = {"author": {"login": "reporter"}, "createdAt": "2026-04-08T09:00:00Z", "state": "OPEN", "labels": []}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    home = tmp_path / HOME
    home.mkdir(parents=True)
    (home / "out-of-disk.yml").write_text(CAPTURING, encoding="utf-8")
    return tmp_path


def backtest(folder: Path, *arguments: str, issues: str = "issues.jsonl") -> Finished:
    return run_command("backtest", "--issues", issues, *arguments, folder=folder)


def describe(number: int, body: str, **more: Any) -> Json:  # noqa: ANN401 - JSON
    return {"number": number, "title": "It breaks", "body": body, **more}


ISSUES = [describe(1, OTHER), describe(2, MATCHING), describe(3, f"Again: {MATCHING}")]


def write_lines(path: Path, issues: list[Json]) -> None:
    path.write_text("".join(f"{json.dumps(issue)}\n" for issue in issues), encoding="utf-8")


def write_gzip(path: Path, issues: list[Json]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(issue)}\n" for issue in issues)


def write_array(path: Path, issues: list[Json]) -> None:
    path.write_text(json.dumps([{**issue, **GH_KEYS} for issue in issues]), encoding="utf-8")


def write_pages(path: Path, issues: list[Json]) -> None:
    path.write_text(json.dumps(issues[:1]) + json.dumps(issues[1:]), encoding="utf-8")


@pytest.mark.parametrize(
    "write, name",
    [
        pytest.param(write_lines, "issues.jsonl", id="an issue a line"),
        pytest.param(write_gzip, "issues.jsonl.gz", id="compressed"),
        pytest.param(write_array, "issues.json", id="gh issue list --json"),
        pytest.param(write_pages, "issues.json", id="gh api --paginate"),
    ],
)
def test_issues_are_read_in_the_forms_in_which_people_have_them(
    checkout: Path, write: Callable[[Path, list[Json]], None], name: str
) -> None:
    write(checkout / name, ISSUES)

    finished = backtest(checkout, "--format", "json", issues=name)

    assert (finished.code, finished.err) == (0, "")
    assert json.loads(finished.out) == {
        "schema_version": 1,
        "issues": 3,
        "matched": 2,
        "rules": {"out-of-disk": 2},
    }


def test_each_issue_is_told_with_its_matches(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", ISSUES[:2])

    backtest(checkout, "--per-issue", "out.jsonl")

    assert list(map(json.loads, (checkout / "out.jsonl").read_text("utf-8").splitlines())) == [
        {"number": 1, "matches": []},
        {"number": 2, "matches": [{"rule": "out-of-disk", "captures": {"code": "28"}}]},
    ]


def test_text_counts_by_rule(checkout: Path) -> None:
    write_lines(checkout / "issues.jsonl", [*ISSUES, *ISSUES])

    assert backtest(checkout).out == "       4  out-of-disk\n6 issues, 4 matched\n"


def test_empty_lines_are_no_issues(checkout: Path) -> None:
    (checkout / "issues.jsonl").write_text("\n\n", encoding="utf-8")

    assert json.loads(backtest(checkout, "--format", "json").out)["issues"] == 0


@pytest.mark.parametrize(
    "line, reason",
    [
        pytest.param('{"number": 2, "tit', "issues.jsonl:2: this is no JSON (", id="cut off"),
        pytest.param("[" * 100_000, "issues.jsonl:2: this is no JSON (", id="nested without end"),
        pytest.param(f'{{"number": {"1" * 5000}}}', "issues.jsonl:2: this is no JSON (", id="a number without end"),
        pytest.param('"text"', "issues.jsonl:2: Not a GitHub issue: ", id="text"),
        pytest.param('{"title": "x"}', "issues.jsonl:2: Not a GitHub issue: number: field required", id="no number"),
    ],
)
def test_a_broken_line_is_told_with_its_place(checkout: Path, line: str, reason: str) -> None:
    (checkout / "issues.jsonl").write_text(f"{json.dumps(ISSUES[0])}\n{line}\n", encoding="utf-8")

    finished = backtest(checkout)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {reason}")


@pytest.mark.parametrize("content", [b"no gzip", gzip.compress(b"x" * 9000)[:-12]], ids=["no gzip", "cut off"])
def test_a_broken_archive_is_told(checkout: Path, content: bytes) -> None:
    (checkout / "issues.jsonl.gz").write_bytes(content)

    finished = backtest(checkout, issues="issues.jsonl.gz")

    assert (finished.code, finished.err.startswith("signpost: cannot read issues.jsonl.gz: ")) == (2, True)


@pytest.mark.parametrize(
    "arguments, reason",
    [
        pytest.param((), "cannot read issues.jsonl: ", id="no such file"),
        pytest.param(("--per-issue", "nowhere/out.jsonl"), "cannot write nowhere/out.jsonl: ", id="no such folder"),
        pytest.param(("--rules", "nowhere"), "there are no rules at nowhere", id="no such rules"),
    ],
)
def test_wrong_usage_is_told_in_one_sentence(checkout: Path, arguments: tuple[str, ...], reason: str) -> None:
    finished = backtest(checkout, *arguments)

    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith(f"signpost: {reason}")


def test_a_broken_rule_is_told_and_the_others_still_count(checkout: Path) -> None:
    (checkout / HOME / "broken.yml").write_text("id: broken\n", encoding="utf-8")
    write_lines(checkout / "issues.jsonl", ISSUES)

    finished = backtest(checkout, "--format", "json")

    assert (finished.code, json.loads(finished.out)["matched"]) == (2, 2)
    assert f"{HOME}/broken.yml:1:1: " in finished.err
