"""`signpost init`: what it writes works as it is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import COMMANDS
from bot.cli.init import EXTENSION, OFFLINE, find_remote, merge_extensions, merge_schemas
from bot.cli.options.schemas import FILES
from bot.workbench.editor.json_schema import SCHEMAS
from tests.stand_ins.command import ROOT, run_command
from tests.stand_ins.language_server import NEWEST, OLDER, run_language_server
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


def test_who_has_rules_gets_no_first_one(tmp_path: Path) -> None:
    run_command("init", folder=tmp_path)
    (tmp_path / HOME / "out-of-disk.yml").rename(tmp_path / HOME / "mine.yml")

    printed = json.loads(run_command("init", "--format", "json", folder=tmp_path).out)

    assert (printed["written"], printed["kept"]) == ([], WRITTEN[:3])


def test_a_folder_that_is_none_is_wrong_usage(tmp_path: Path) -> None:
    finished = run_command("init", "nowhere", folder=tmp_path)

    assert (finished.code, finished.err) == (
        2,
        "signpost: nowhere is not a folder; give the folder of a repository\n",
    )


def test_a_file_in_the_way_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".github").write_text("", encoding="utf-8")

    finished = run_command("init", folder=tmp_path)

    assert finished.code == 2
    assert finished.err.startswith("signpost: cannot write .github/")


FORM = """
body:
  - type: input
    attributes: {label: Widget version}
  - type: dropdown
    attributes: {label: System / OS, options: [Windows 11, macOS, Other]}
"""


def write_form(repository: Path, name: str = "bug.yml", text: str = FORM) -> None:
    folder = repository / ".github/ISSUE_TEMPLATE"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def test_fields_are_read_from_the_forms_of_the_repository(tmp_path: Path) -> None:
    write_form(tmp_path)
    write_form(tmp_path, "config.yml", "blank_issues_enabled: false\n")
    write_form(tmp_path, "old.md", "---\nname: Old\n---\n")

    finished = run_command("init", folder=tmp_path)

    pack = yaml.safe_load((tmp_path / HOME / "pack.yml").read_text("utf-8"))
    assert pack["captures"]["version"]["first_of"] == [{"section": "Widget version"}]
    assert pack["captures"]["os"]["first_of"] == [{"section": "System / OS"}]
    assert pack["captures"]["os"]["map"]["Windows 11"] == "windows"
    assert "pack.yml names fields of bug.yml" in finished.out
    assert run_command("check", folder=tmp_path).code == 0


def test_a_form_that_cannot_be_read_is_reported(tmp_path: Path) -> None:
    write_form(tmp_path)
    (tmp_path / ".github/ISSUE_TEMPLATE/bug.yml").write_bytes(b"\xff")

    finished = run_command("init", folder=tmp_path)

    assert (finished.code, finished.out) == (2, "")
    assert "cannot read the issue forms in" in finished.err


@pytest.mark.parametrize("name", ["config.yml", "pack.yml", "out-of-disk.yml"])
def test_each_file_names_its_schema_for_both_kinds_of_editors(tmp_path: Path, name: str) -> None:
    run_command("init", folder=tmp_path)

    first, second = (tmp_path / HOME / name).read_text("utf-8").splitlines()[:2]
    place = first.removeprefix("# yaml-language-server: $schema=")
    assert second == f"# $schema: {place}"
    assert place.startswith(f"{SCHEMAS}/")
    assert (ROOT / "rules" / place.removeprefix(f"{SCHEMAS}/")).is_file()


def test_the_schemas_are_those_of_the_version_that_the_workflow_runs(tmp_path: Path) -> None:
    run_command("init", folder=tmp_path)

    workflow = yaml.safe_load((tmp_path / WRITTEN[0]).read_text("utf-8"))
    repository, version = workflow["jobs"]["signpost"]["steps"][0]["uses"].split("@")
    assert f"https://raw.githubusercontent.com/{repository}/{version}/rules" == SCHEMAS


def test_offline_the_schemas_stand_beside_the_rules_and_know_their_facts(tmp_path: Path) -> None:
    printed = json.loads(run_command("init", "--offline", "--format", "json", folder=tmp_path).out)

    for name in ("config.yml", "pack.yml", "out-of-disk.yml"):
        place = (tmp_path / HOME / name).read_text("utf-8").split("$schema=")[1].splitlines()[0]
        schema = json.loads((tmp_path / HOME / place).read_text("utf-8"))
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert printed["written"] == [*WRITTEN, *(f"{OFFLINE}/{name}" for name in FILES.values())]
    rule = json.loads((tmp_path / OFFLINE / "schema.json").read_text("utf-8"))
    assert "macos" in rule["definitions"]["Condition"]["properties"]["os"]["examples"]


def test_vs_code_gets_settings_on_request_only(tmp_path: Path) -> None:
    run_command("init", folder=tmp_path)
    assert not (tmp_path / ".vscode").exists()

    first = json.loads(run_command("init", "--vscode", "--format", "json", folder=tmp_path).out)
    second = json.loads(run_command("init", "--vscode", "--format", "json", folder=tmp_path).out)

    assert first["written"] == [".vscode/settings.json", ".vscode/extensions.json"]
    assert second["written"] == []


def test_settings_of_vs_code_with_comments_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".vscode").mkdir()
    (tmp_path / ".vscode/settings.json").write_text("{} // mine\n", encoding="utf-8")

    finished = run_command("init", "--vscode", folder=tmp_path)

    assert finished.code == 2
    assert "settings.json" in finished.err
    assert (tmp_path / ".vscode/settings.json").read_text("utf-8") == "{} // mine\n"


@pytest.mark.parametrize(
    "url, expected",
    [
        ("https://github.com/octo/widget.git", "octo/widget"),
        ("https://github.com/octo/widget", "octo/widget"),
        ("git@github.com:octo/widget.js.git", "octo/widget.js"),
        ("ssh://git@github.com/octo/widget/", "octo/widget"),
        ("https://x-token@github.com/octo/widget.git", "octo/widget"),
        ("https://example.com/octo/widget.git", None),
        ("https://notgithub.com/octo/widget.git", None),
        ("../widget", None),
    ],
)
def test_the_repository_is_known_by_its_remote(url: str, expected: str | None) -> None:
    assert find_remote(f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +refs\n') == expected


def test_what_comes_next_names_the_repository(tmp_path: Path) -> None:
    assert "--repo OWNER/NAME" in run_command("init", folder=tmp_path).out
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").write_text("\turl = git@github.com:octo/widget.git\n", encoding="utf-8")

    assert "--repo octo/widget" in run_command("init", folder=tmp_path).out


def test_what_comes_next_are_commands_that_there_are(tmp_path: Path) -> None:
    told = re.findall(r"signpost (\w+)", run_command("init", folder=tmp_path).out)

    assert told
    assert set(told) <= {*COMMANDS}


pytestmark = pytest.mark.slow

OURS = merge_schemas({}, "x")["yaml.schemas"]


@pytest.mark.parametrize(
    "present, expected",
    [
        ({}, {"yaml.schemas": OURS}),
        ({"editor.rulers": [120]}, {"editor.rulers": [120], "yaml.schemas": OURS}),
        ({"yaml.schemas": {"y": "*.yml"}}, {"yaml.schemas": {"y": "*.yml", **OURS}}),
        ({"yaml.schemas": OURS}, {"yaml.schemas": OURS}),
    ],
)
def test_schemas_stand_beside_those_that_are_there(present: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merge_schemas(present, "x") == expected


@pytest.mark.parametrize(
    "present, expected",
    [
        ({}, {"recommendations": [EXTENSION]}),
        ({"recommendations": ["a.b"]}, {"recommendations": ["a.b", EXTENSION]}),
        ({"recommendations": [EXTENSION]}, {"recommendations": [EXTENSION]}),
        ({"unwantedRecommendations": [EXTENSION]}, {"unwantedRecommendations": [EXTENSION]}),
    ],
)
def test_an_extension_that_nobody_declined_is_recommended(present: dict[str, Any], expected: dict[str, Any]) -> None:
    assert merge_extensions(present) == expected


@pytest.mark.parametrize("version", [OLDER, NEWEST])
def test_each_file_gets_the_one_schema_that_is_its_own(tmp_path: Path, version: str) -> None:
    home = tmp_path / ".github/signpost"
    with run_language_server(version, tmp_path) as server:
        server.configure({"schemas": merge_schemas({}, (ROOT / "rules").as_posix())["yaml.schemas"]})
        found = {
            name: server.check(server.open_named(home / name, "nonsense: 1\n"))
            for name in ("a-rule.yml", "pack.yml", "config.yml")
        }

    missing = {
        name: {each.message.split('"')[1] for each in findings if '"' in each.message}
        for name, findings in found.items()
    }
    assert missing == {
        "a-rule.yml": {"examples", "guidance", "id", "match", "title"},
        "pack.yml": {"name"},
        "config.yml": set(),
    }
    assert [
        name
        for name, findings in found.items()
        if "Property nonsense is not allowed." not in [each.message for each in findings]
    ] == []
    assert {*FILES.values()} == {place.removeprefix("x/") for place in OURS}
