"""`signpost schema`, and the files in rules/ that it writes."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from bot.cli.options.schemas import FILES
from bot.workbench.editor.reference import BEGIN, END
from tests.stand_ins.command import run_command

RULES = Path(__file__).parents[2] / "rules"


def test_the_files_in_rules_are_fresh(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_bytes((RULES / "README.md").read_bytes())

    finished = run_command("schema", "--write", str(tmp_path))

    names = [*FILES.values(), "README.md"]
    assert finished.out.splitlines() == [f"wrote  {tmp_path / name}" for name in names]
    assert {name: (tmp_path / name).read_text("utf-8") for name in names} == {
        name: (RULES / name).read_text("utf-8") for name in names
    }, "run `make schema`"


@pytest.mark.parametrize("kind", FILES)
def test_a_schema_is_printed_as_its_file(kind: str) -> None:
    assert run_command("schema", kind).out == (RULES / FILES[kind]).read_text("utf-8")


def test_json_has_the_schema_inside() -> None:
    printed = json.loads(run_command("schema", "pack", "--format", "json").out)

    assert (printed["kind"], printed["schema"]["title"]) == ("pack", "Signpost pack")


def test_the_reference_is_a_page() -> None:
    page = run_command("schema", "reference").out.removesuffix("\n")

    assert page.startswith("### A rule\n")
    assert f"{BEGIN}\n\n{page}\n{END}" in (RULES / "README.md").read_text("utf-8")
    assert json.loads(run_command("schema", "reference", "--format", "json").out)["page"] == page


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("# Mine\n", encoding="utf-8")

    printed = json.loads(run_command("schema", "--write", str(tmp_path), "--format", "json").out)

    assert printed["written"] == [str(tmp_path / name) for name in FILES.values()]
    assert (tmp_path / "README.md").read_text("utf-8") == "# Mine\n"


def test_with_rules_the_schema_knows_their_names() -> None:
    schema = json.loads(run_command("schema", "--rules", "pack:claude-code").out)

    Draft7Validator.check_schema(schema)
    assert "wsl" in schema["definitions"]["Condition"]["properties"]["os"]["examples"]
    assert "extra-usage-400" in schema["properties"]["supersedes"]["items"]["examples"]


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    finished = run_command("schema", "--write", str(tmp_path / "file"))

    assert finished.code == 2
    assert finished.err.startswith(f"signpost: cannot write {tmp_path}/file/schema.json")
