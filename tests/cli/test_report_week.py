"""`signpost report --since`: its arguments, and the report of an archive."""

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.report import add_arguments, execute
from bot.cli.report_week import read_since
from bot.errors import SettingsError
from tests.insights.week.test_week import write_archive

UNTIL = datetime(2026, 11, 29, 12, tzinfo=UTC)


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return execute(parser.parse_args(arguments))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("7d", datetime(2026, 11, 22, 12, tzinfo=UTC)),
        ("2w", datetime(2026, 11, 15, 12, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_a_length_or_a_date(text: str, expected: datetime) -> None:
    assert read_since(text, UNTIL) == expected


@pytest.mark.parametrize(
    "text", ["", "7", "7h", "-7d", "0d", "last week", "2026-02-30", "9999w", "2026-12-01", "2020-01-01"]
)
def test_any_other_time_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--since"):
        read_since(text, UNTIL)


def test_the_time_of_a_file_ends_with_its_newest_issue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_archive(tmp_path / "issues.jsonl")
    assert run("--since", "7d", "--issues", str(file), "--rules", "pack:common", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema_version"], found["since"], found["until"]) == (
        1,
        "2026-11-21T12:00:00+00:00",
        "2026-11-28T12:00:00+00:00",
    )
    assert (found["repository"], found["issues"], found["unmatched"]) == ("", 3, 3)
    assert run("--since", "7d", "--issues", str(file), "--rules", "pack:common", "--repo", "octo-org/octo-repo") == 0
    assert capsys.readouterr().out.startswith(
        "# The week of `octo-org/octo-repo`: 21 November 2026 to 28 November 2026\n"
    )


def test_the_report_goes_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = write_archive(tmp_path / "issues.jsonl"), tmp_path / "week.md"
    asked = ("--since", "7d", "--issues", str(file), "--rules", "pack:common")
    assert (run(*asked, "--out", str(out)), capsys.readouterr().out) == (0, f"wrote {out}\n")
    assert (run(*asked), capsys.readouterr().out) == (0, out.read_text("utf-8"))
    with pytest.raises(SettingsError, match="is an input of this command"):
        run(*asked, "--out", str(file))


def test_the_last_line_of_an_issue_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write_archive(tmp_path / "issues.jsonl")
    file.write_text(file.read_text("utf-8") + "\n" + file.read_text("utf-8"), "utf-8")
    assert run("--since", "7d", "--issues", str(file), "--rules", "pack:common", "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["issues"], [each["issues"] for each in found["clusters"]]) == (3, [2])


def test_a_date_is_compared_with_the_end_of_an_old_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "issues.jsonl"
    file.write_text('{"number": 1, "title": "x", "created_at": "2021-03-04T00:00:00Z"}', "utf-8")
    assert run("--since", "2021-03-01", "--issues", str(file), "--rules", "pack:common", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["issues"] == 1


def test_the_issues_must_come_from_somewhere() -> None:
    with pytest.raises(SettingsError, match="add --repo OWNER/NAME or --issues FILE"):
        run("--since", "7d")
    with pytest.raises(SettingsError, match="write it as owner/name"):
        run("--since", "7d", "--repo", "nothing")
