"""The real command on every system: names and texts beyond ASCII, line ends, paths, workers, replaced files."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from junitparser import JUnitXml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FOLDER = "Größe 規則"
UNPROVEN = """\
id: out-of-disk
title: The disk is full – größer
mode: label
match:
  phrase: "No space left on device"
labels: [disk]
examples:
  match: ["write failed: No space left on device (os error 28)"]
  no_match: ["Größe: No space left on device"]
"""
ISSUE = "# Платформа\n\nwrite failed: No space left on device – größer"


class Done(NamedTuple):
    """How a command ended; its output as bytes, as a file or a pipe gets them."""

    code: int
    out: bytes
    err: str

    def read_json(self) -> dict[str, object]:
        """The JSON on standard output."""
        found: dict[str, object] = json.loads(self.out)
        return found


def run(folder: Path, *words: str, stdin: str = "") -> Done:
    """The command in a process of its own, without the variables of the tests that would set an encoding."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GITHUB", "GH_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        input=stdin.encode(),
        capture_output=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode("utf-8", "replace"))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A folder with a name beyond ASCII: a rule and a pack, as editors on Windows write them."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "out-of-disk.yml").write_text(f"\ufeff{UNPROVEN}", "utf-8", newline="\r\n")
    (folder / "pack.yml").write_text("name: mine\n", "utf-8", newline="\r\n")
    return folder


@pytest.mark.parametrize("place", [FOLDER, str(Path(FOLDER) / "out-of-disk.yml")], ids=["folder", "file"])
def test_findings_have_the_same_names_and_bytes_everywhere(rules: Path, place: str) -> None:
    text = run(rules.parent, "check", place)
    sarif = run(rules.parent, "check", place, "--format", "sarif").read_json()
    junit = run(rules.parent, "check", place, "--format", "junit")

    assert (text.code, text.err) == (1, "")
    assert f"{FOLDER}/out-of-disk.yml:9:14: `out-of-disk` matches this near miss" in text.out.decode()
    assert b"\r" not in text.out
    assert '"uri": "Gr%C3%B6%C3%9Fe%20%E8%A6%8F%E5%89%87/out-of-disk.yml"' in json.dumps(sarif)
    assert [suite.name for suite in JUnitXml.fromstring(junit.out)] == [f"{FOLDER}/out-of-disk.yml"]


def test_an_issue_comes_from_standard_input_as_utf_8(rules: Path) -> None:
    done = run(rules.parent, "explain", "-", "--rules", FOLDER, "--format", "json", stdin=ISSUE)

    assert (done.code, done.err) == (0, "")
    assert done.read_json()["language"] == "ru"


def test_written_files_have_plain_line_ends(rules: Path) -> None:
    done = run(rules.parent, "schema", "--rules", FOLDER, "--write", "schemas")
    page = run(rules.parent, "explain", "-", "--rules", FOLDER, "--html", "page.html", stdin=ISSUE)

    written = [*(rules.parent / "schemas").iterdir(), rules.parent / "page.html"]
    assert (done.code, page.code, len(written)) == (0, 0, 4)
    assert [path.name for path in written if b"\r" in path.read_bytes()] == []


def test_work_on_all_cores_ends(rules: Path) -> None:
    lines = (json.dumps({"number": n, "title": "Größe", "body": ISSUE if n % 2 else "x"}) for n in range(1, 901))
    (rules.parent / "issues.jsonl").write_text("\n".join(lines), "utf-8")

    done = run(
        *(rules.parent, "backtest", "--issues", "issues.jsonl", "--rules", FOLDER),
        *("--jobs", "2", "--format", "json", "--per-issue", "out.jsonl"),
    )

    assert (done.code, done.err.split()) == (0, ["wrote", "out.jsonl"])
    found = (json.loads(line) for line in (rules.parent / "out.jsonl").read_text("utf-8").splitlines())
    assert sum(bool(line["matches"]) for line in found) == 450


def test_an_index_replaces_the_one_before(rules: Path) -> None:
    lines = (json.dumps({"number": n, "title": f"Fehler {n}: Größe", "body": ISSUE}) for n in range(1, 9))
    (rules.parent / "issues.jsonl").write_text("\n".join(lines), "utf-8")
    words = ("index", "build", "--index", "issues.index", "--issues", "issues.jsonl")

    assert [run(rules.parent, *words)[::2] for _ in range(2)] == [(0, "")] * 2


def test_a_dry_run_reads_an_event_by_the_paths_of_the_system() -> None:
    event = Path("tests/cases/extra-usage-400/event.json")

    done = run(ROOT, "run", "--event", str(event), "--event-name", "issues", "--rules", "pack:claude-code", "--dry-run")

    assert (done.code, done.err) == (0, "")
    assert b"extra-usage-400" in done.out
