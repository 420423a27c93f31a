"""`signpost suggest` and `signpost new`: drafts on the screen, as JSON and as files."""

import json
from pathlib import Path

import pytest

from tests.stand_ins.command import ROOT, run_command
from tests.stand_ins.story import HOME, RULE

LINKER = "```\nerror: linking with `{}` failed: exit code: {}\n```\n"
DISK = "write failed: No space left on device"


def write_history(folder: Path) -> str:
    bodies = [LINKER.format(name, code) for code, name in enumerate(["cc", "gcc", "ld"] * 3)] + [DISK] * 4
    lines = [
        json.dumps(
            {
                "number": n,
                "title": "It breaks",
                "body": body,
                "user": {"login": f"u{n}"},
                "labels": [{"name": "build"}] if n < 10 else [{"name": "disk"}],
            }
        )
        for n, body in enumerate(bodies, 1)
    ]
    (folder / "issues.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return "issues.jsonl"


def write_rule(folder: Path) -> None:
    (folder / HOME).mkdir(parents=True)
    (folder / HOME / "out-of-disk.yml").write_text(RULE, encoding="utf-8")


def test_drafts_are_shown_with_their_evidence(tmp_path: Path) -> None:
    done = run_command("suggest", "--issues", write_history(tmp_path), folder=tmp_path)

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:7] == [
        "13 issues, 13 without a rule: 2 drafts",
        "",
        " 1. write-failed-no-space-left-device",
        "    write failed: No space left on device",
        "    4 issues of 4 authors (#10, #11, #12, #13).",
        "    labels: disk 100% (all: 31%)",
        "",
    ]


def test_the_rules_of_the_repository_are_known(tmp_path: Path) -> None:
    write_rule(tmp_path)

    done = run_command("suggest", "--issues", write_history(tmp_path), "--format", "json", folder=tmp_path)

    told = json.loads(done.out)
    assert (told["schema_version"], told["issues"], told["unmatched"]) == (1, 13, 9)
    assert [draft["id"] for draft in told["drafts"]] == ["linking-failed"]
    assert told["drafts"][0]["yaml"].startswith("# yaml-language-server: $schema=")


def test_files_are_written_and_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "drafts").mkdir()
    kept = tmp_path / "drafts" / "linking-failed.yml"
    kept.write_text("mine", encoding="utf-8")

    done = run_command("suggest", "--issues", write_history(tmp_path), "--out", "drafts", folder=tmp_path)

    assert done.code == 0
    assert kept.read_text("utf-8") == "mine"
    assert sorted(path.name for path in (tmp_path / "drafts").iterdir()) == [
        "linking-failed.yml",
        "write-failed-no-space-left-device.yml",
    ]
    assert "kept the file that exists" in done.out
    assert done.out.endswith("\nwrote drafts/write-failed-no-space-left-device.yml\n")


def test_a_line_that_is_no_issue_ends_it(tmp_path: Path) -> None:
    (tmp_path / "issues.jsonl").write_text("{}\n", encoding="utf-8")

    done = run_command("suggest", "--issues", "issues.jsonl", folder=tmp_path)

    assert done.code == 2
    assert "issues.jsonl:1" in done.err


def test_a_new_rule_is_a_file_that_proves_itself(tmp_path: Path) -> None:
    done = run_command("new", "out-of-memory", folder=tmp_path)

    assert done.code == 0
    report = json.loads(run_command("check", HOME, "--format", "json", folder=tmp_path).out)
    assert report["errors"] == 0
    assert {problem["kind"] for problem in report["problems"]} >= {"unwritten-guidance"}
    assert run_command("new", "out-of-memory", folder=tmp_path).code == 2


def test_a_rule_from_an_issue(tmp_path: Path) -> None:
    (tmp_path / "issue.md").write_text(f"# It breaks\n{LINKER.format('cc', 1)}", encoding="utf-8")

    done = run_command("new", "linker", "--from", "issue.md", "--out", "-", folder=tmp_path)

    assert done.code == 0
    assert "id: linker\n" in done.out
    assert "  phrase: 'error: linking with `{name:word}` failed: exit code: 1'\n" in done.out


def test_a_message_of_two_sentences_in_a_log_stays_whole(tmp_path: Path) -> None:
    event = str(ROOT / "tests" / "cases" / "extra-usage-400" / "event.json")

    done = run_command("new", "--from", event, "--out", "-", folder=tmp_path)

    assert "  phrase: You're out of extra usage. Add more at {place:path} and keep going\n" in done.out


def test_a_rule_that_matches_the_issue_already_is_named(tmp_path: Path) -> None:
    write_rule(tmp_path)
    (tmp_path / "issue.md").write_text(f"# It breaks\n```\n{DISK}\n```\n", encoding="utf-8")

    done = run_command("new", "--from", "issue.md", "--out", "-", folder=tmp_path)

    assert done.err == "this issue already matches out-of-disk; check whether you need another rule\n"


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        ((), 2, "the id of the rule is missing"),
        (("No Name",), 2, "is not a valid id"),
        (("--from", "no-such.md"), 2, "is not a file"),
        (("--from", "-"), 1, "this issue has no clear error message"),
    ],
)
def test_what_cannot_become_a_rule_is_said(tmp_path: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = run_command("new", *arguments, folder=tmp_path, stdin="# Help\nplease")

    assert done.code == code
    assert message in done.err
