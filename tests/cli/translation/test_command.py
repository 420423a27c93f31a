"""`signpost init --from FILE`: what it writes, keeps and says."""

import json
from pathlib import Path

import pytest

from tests.stand_ins.command import Finished, run_command

LABELER = "crash:\n  - segmentation fault\nlook: a(?=b)\n"
ACTIONS = "wontfix:\n  comment: This is by design.\n"
HOME = ".github/signpost"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "labeler.yml").write_text(LABELER, encoding="utf-8")
    (tmp_path / "actions.yml").write_text(ACTIONS, encoding="utf-8")
    return tmp_path


def init(folder: Path, *arguments: str) -> Finished:
    return run_command("init", "--offline", *arguments, folder=folder)


def list_rules(folder: Path) -> set[str]:
    return {path.name for path in (folder / HOME).glob("*.yml")} - {"config.yml", "pack.yml"}


def test_the_rules_are_written_and_pass(checkout: Path) -> None:
    done = init(checkout, "--from", "labeler.yml", "--from", "actions.yml")
    assert (done.code, list_rules(checkout)) == (0, {"crash.yml", "wontfix.yml"})
    assert (
        "\nlabeler.yml (issue-labeler): 1 rule; 1 thing different or left out\n"
        "  labeler.yml:3: label 'look': the pattern has look-around, which RE2 does not have; use `all:` and `none:`\n"
        "actions.yml (label-actions): 1 rule\n"
    ) in done.out
    workflow = (checkout / ".github/workflows/signpost.yml").read_text("utf-8")
    assert "types: [opened, edited, reopened, labeled, unlabeled]" in workflow
    checked = run_command("check", "--strict", folder=checkout)
    assert (checked.code, "2 rules" in checked.out) == (0, True), checked.out


def test_files_that_exist_stay_and_what_they_need_is_said(checkout: Path) -> None:
    home = checkout / HOME
    home.mkdir(parents=True)
    (home / "crash.yml").write_text("# mine\n", encoding="utf-8")
    (home / "config.yml").write_text("on: [opened]\n", encoding="utf-8")
    workflow = checkout / ".github/workflows/signpost.yml"
    workflow.parent.mkdir()
    workflow.write_text("on: {issues: {types: [opened]}}\n", encoding="utf-8")
    done = init(checkout, "--from", "labeler.yml", "--from", "actions.yml", "--format", "json")
    said = json.loads(done.out)
    assert (home / "crash.yml").read_text("utf-8") == "# mine\n"
    assert {f"{HOME}/crash.yml", f"{HOME}/config.yml", ".github/workflows/signpost.yml"} <= {*said["kept"]}
    assert f"{HOME}/wontfix.yml" in said["written"]
    assert said["advice"] == [
        "add `labeled` and `unlabeled` to `types` of `issues` in .github/workflows/signpost.yml",
        f"add `labeled` to `on` in {HOME}/config.yml",
    ]
    assert said["translated"] == [
        {
            "file": "labeler.yml",
            "kind": "issue-labeler",
            "rules": ["crash"],
            "left": [
                {
                    "line": 3,
                    "what": "label 'look'",
                    "reason": "the pattern has look-around, which RE2 does not have; use `all:` and `none:`",
                }
            ],
        },
        {"file": "actions.yml", "kind": "label-actions", "rules": ["wontfix"], "left": []},
    ]


def test_a_dry_run_writes_nothing(checkout: Path) -> None:
    done = init(checkout, "--from", "labeler.yml", "--dry-run")
    assert (done.code, f"would write {HOME}/crash.yml\n" in done.out, (checkout / ".github").exists()) == (
        0,
        True,
        False,
    )


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("other.yml", "a: 1\n", "other.yml is not a configuration that `--from` knows"),
        ("broken.yml", "a: [\n", "broken.yml:"),
        ("missing.yml", None, "cannot read missing.yml"),
    ],
)
def test_what_cannot_be_read_is_an_error_before_anything_is_written(
    checkout: Path, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (checkout / name).write_text(text, encoding="utf-8")
    done = init(checkout, "--from", "labeler.yml", "--from", name)
    assert (done.code, said in done.err, (checkout / ".github").exists()) == (2, True, False)
