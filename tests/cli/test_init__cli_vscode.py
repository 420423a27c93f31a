"""VS Code's settings with ours beside them."""

from pathlib import Path
from typing import Any

import pytest

from bot.cli.init__cli_vscode import EXTENSION, merge_extensions, merge_schemas
from bot.cli.schema import FILES
from tests.stand_ins.command import ROOT
from tests.stand_ins.language_server import NEWEST, OLDER, run_language_server

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
