"""`signpost init`: what it writes works as it is."""

import json
from pathlib import Path

from tests.stand_ins.command import run_command
from tests.stand_ins.story import HOME

WRITTEN = [".github/workflows/signpost.yml", f"{HOME}/config.yml", f"{HOME}/pack.yml", f"{HOME}/out-of-disk.yml"]


def test_what_init_writes_is_proven_and_finds_its_first_issue(tmp_path: Path) -> None:
    assert run_command("init", folder=tmp_path).code == 0

    checked = run_command("check", folder=tmp_path)
    event = {"action": "opened", "issue": {"number": 1, "title": "No space left on device"}}
    (tmp_path / "event.json").write_text(json.dumps(event), encoding="utf-8")
    ran = run_command(
        *("run", "--event", "event.json", "--dry-run", "--format", "json"),
        folder=tmp_path,
        environment={"GITHUB_REPOSITORY": "octo/widget"},
    )

    assert (checked.code, checked.err) == (0, "")
    assert [match["rule"] for match in json.loads(ran.out)["matches"]] == ["out-of-disk"]
    assert json.loads(ran.out)["plan"] == []


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / HOME).mkdir(parents=True)
    (tmp_path / HOME / "config.yml").write_text("mode: label\n", encoding="utf-8")

    first = json.loads(run_command("init", "--format", "json", folder=tmp_path).out)
    second = json.loads(run_command("init", "--format", "json", folder=tmp_path).out)

    assert (first["written"], first["kept"]) == ([WRITTEN[0], *WRITTEN[2:]], [WRITTEN[1]])
    assert (second["written"], second["kept"]) == ([], WRITTEN)
    assert (tmp_path / HOME / "config.yml").read_text("utf-8") == "mode: label\n"


def test_a_folder_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    finished = run_command("init", "nowhere", folder=tmp_path)

    assert (finished.code, finished.err) == (
        2,
        "signpost: there is no folder nowhere; give the folder of a repository\n",
    )


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / ".github").write_text("", encoding="utf-8")

    finished = run_command("init", folder=tmp_path)

    assert finished.code == 2
    assert finished.err.startswith("signpost: cannot write .github/")
