"""`signpost check`: rules that prove themselves, and the places of those that do not."""

import json
from pathlib import Path

import pytest

from tests.stand_ins.command import run_command
from tests.stand_ins.story import COMMENTING, HOME
from tests.stand_ins.story import RULE as SPEAKING

RULE = SPEAKING.replace("title:", "mode: label\ntitle:")
UNPROVEN = RULE.replace("There is no space left in my heart", "No space left on device")
TWIN = COMMENTING.replace("id: out-of-disk", "id: twin")


def write_rules(folder: Path, **rules: str) -> None:
    (folder / HOME).mkdir(parents=True)
    for name, text in rules.items():
        (folder / HOME / f"{name.replace('_', '-')}.yml").write_text(text, encoding="utf-8")


def test_proven_rules_end_with_0(tmp_path: Path) -> None:
    write_rules(tmp_path, out_of_disk=RULE)

    finished = run_command("check", "--format", "json", folder=tmp_path)

    assert finished.code == 0
    answer = json.loads(finished.out)
    assert answer.pop("proof") == {"variants": 8, "not_applicable": {}}
    assert answer == {
        "schema_version": 1,
        "rules": 1,
        "broken": 0,
        "asked": None,
        "examples": 2,
        "errors": 0,
        "warnings": 0,
        "problems": [],
        "overlaps": [],
    }


@pytest.mark.parametrize(
    "rules, file, line",
    [
        pytest.param({"out_of_disk": UNPROVEN}, "out-of-disk.yml", 14, id="an example that does not hold"),
        pytest.param({"out_of_disk": COMMENTING, "twin": TWIN}, "out-of-disk.yml", 14, id="two rules for one example"),
        pytest.param({"out_of_disk": "id: out-of-disk\n"}, "out-of-disk.yml", 1, id="what is missing"),
        pytest.param({"out_of_disk": f"{RULE}mood: good\n"}, "out-of-disk.yml", 15, id="an unknown key"),
        pytest.param({"out_of_disk": "id: [\n"}, "out-of-disk.yml", 2, id="broken YAML"),
    ],
)
def test_what_is_not_proven_is_told_at_its_place_and_ends_with_1(
    tmp_path: Path, rules: dict[str, str], file: str, line: int
) -> None:
    write_rules(tmp_path, **rules)

    finished = run_command("check", folder=tmp_path)
    found = json.loads(run_command("check", "--format", "json", folder=tmp_path).out)["problems"]

    assert finished.code == 1
    assert (found[0]["file"], found[0]["line"]) == (f"{HOME}/{file}", line)
    assert f"{HOME}/{file}:{line}:{found[0]['column']}: {found[0]['message']} [{found[0]['kind']}]\n" in finished.out
    assert f"{len(found)} error" in finished.out


def test_a_place_without_rules_is_wrong_usage(tmp_path: Path) -> None:
    finished = run_command("check", "nowhere", folder=tmp_path)

    assert (finished.code, finished.out) == (2, "")
    told = "give a folder, a .yml file or pack:NAME, or run `signpost init`"
    assert finished.err == f"signpost: there are no rules at nowhere; {told}\n"


@pytest.mark.parametrize(
    "config, expected",
    [
        pytest.param("mod: observe\n", "1:1: unknown key `mod`; did you mean `mode`? [schema]", id="an unknown key"),
        pytest.param(
            "packs: [comon]\n", "1:9: unknown pack `comon`; did you mean `common`? [settings]", id="a misspelt pack"
        ),
        pytest.param(
            "packs:\n  - common\n  - rsut\n",
            "3:5: unknown pack `rsut`; did you mean `rust`? [settings]",
            id="the second pack",
        ),
        pytest.param(
            "packs: comon\n", "1:1: unknown pack `comon`; did you mean `common`? [settings]", id="one pack, no list"
        ),
        pytest.param(
            "packs: [mine]\n",
            "1:9: unknown pack `mine`; allowed: `claude-code`, `common`, `rust` [settings]",
            id="no such pack",
        ),
        pytest.param(
            "template: mine.md.j2\n",
            f"1:1: cannot read {HOME}/mine.md.j2: No such file or directory [settings]",
            id="no such template",
        ),
    ],
)
def test_the_settings_beside_the_rules_are_read_too(tmp_path: Path, config: str, expected: str) -> None:
    write_rules(tmp_path, out_of_disk=RULE)
    (tmp_path / HOME / "config.yml").write_text(config, encoding="utf-8")

    finished = run_command("check", folder=tmp_path)

    assert (finished.code, finished.err) == (1, "")
    lines = finished.out.splitlines()
    assert (lines[0], lines[-1]) == (f"{HOME}/config.yml:{expected}", "1 rule, 2 examples: 1 error")


def test_settings_that_can_be_read_are_no_problem(tmp_path: Path) -> None:
    write_rules(tmp_path, out_of_disk=RULE)
    (tmp_path / HOME / "config.yaml").write_text("packs: [claude-code]\n", encoding="utf-8")

    assert run_command("check", HOME, f"{HOME}/out-of-disk.yml", folder=tmp_path).code == 0


def test_a_folder_without_rules_proves_nothing(tmp_path: Path) -> None:
    finished = run_command("check", ".", folder=tmp_path)

    assert (finished.code, finished.out) == (0, "0 rules, 0 examples: nothing to check\n")


@pytest.mark.slow
def test_one_file_and_a_shipped_pack_can_be_checked_together(tmp_path: Path) -> None:
    write_rules(tmp_path, out_of_disk=RULE)

    finished = run_command("check", f"{HOME}/out-of-disk.yml", "pack:claude-code", folder=tmp_path)

    assert (finished.code, finished.err) == (0, "")


@pytest.mark.parametrize("form", ["text", "github"])
def test_the_name_of_a_file_is_one_line_without_commands(tmp_path: Path, form: str) -> None:
    write_rules(tmp_path)
    (tmp_path / HOME / "a\n::error::\x1b[31m.yml").write_text("wrong", "utf-8")

    read = run_command("check", "--format", form, folder=tmp_path)
    (tmp_path / HOME / "b\n::error::\x1b[31m.yml").symlink_to("nowhere")
    unread = run_command("check", "--format", form, folder=tmp_path)

    assert read.out.startswith(f"{HOME}/a⏎::error::␛[31m.yml:1:1: ")
    assert unread.err.startswith(f"signpost: cannot read {HOME}/b⏎::error::␛[31m.yml: No such file")
