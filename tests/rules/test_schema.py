"""The JSON Schema with which editors complete and check rules."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from bot.rules.document import read_document
from bot.rules.loading import NOT_RULES
from bot.rules.model import RuleModel
from bot.rules.schema import make_schema, write_schema
from tests.rules.rules import write_rule

RULES = Path(__file__).parents[2] / "rules"
SCHEMA = make_schema(RuleModel, "Signpost rule")
SHIPPED = sorted(path for path in RULES.glob("*/*.yml") if path.name not in NOT_RULES)
NEWER = {"$defs", "$dynamicRef", "$anchor", "prefixItems", "unevaluatedProperties", "dependentRequired", "minContains"}
GUIDED = "guidance: {tldr: x}"


def problems(text: str) -> list[str]:
    """Where a rule breaks the schema."""
    found = Draft7Validator(SCHEMA).iter_errors(read_document(text, "x.yml").value)
    return [".".join(map(str, error.absolute_path)) for error in found]


def nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from nodes(child)


def test_the_schema_is_fresh() -> None:
    assert (RULES / "schema.json").read_text("utf-8") == write_schema(), "run `make schema`"


def test_the_schema_is_one_of_draft_07() -> None:
    Draft7Validator.check_schema(SCHEMA)
    keys = {key for node in nodes(SCHEMA) for key in node}
    assert keys & NEWER == set()
    assert [node for node in nodes(SCHEMA) if "$ref" in node and len(node) > 1] == []


def test_every_key_is_described() -> None:
    keys = {
        name: key for node in nodes(SCHEMA) for name, key in node.get("properties", {}).items() if isinstance(key, dict)
    }
    assert [name for name, key in keys.items() if not key.get("description")] == []


def test_editors_can_read_the_patterns_of_the_schema() -> None:
    """They take them as regular expressions of ECMAScript, as check-jsonschema does."""
    words = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(RULES / "schema.json"), str(SHIPPED[0])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_rule_is_valid(path: Path) -> None:
    assert problems(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        write_rule(match="{phrase: it broke, in: [title, section: Logs]}"),
        write_rule(match="{phrase: it broke, in: {section: Logs}}"),
        write_rule(match="{os: windows, code: 0xC0000005, label: bug}"),
        write_rule(more=GUIDED),
        write_rule(more="guidance: [{tldr: x, when: {version: unknown}, steps: one}]"),
        write_rule(more="labels: [bug]"),
        write_rule(more="labels: {remove: [bug]}"),
        write_rule(more="close: {as: duplicate, after: 3d}"),
    ],
)
def test_a_valid_rule(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    "text, expected",
    [
        (write_rule().replace("title: A problem\n", ""), ""),
        (write_rule(more="titel: x"), ""),
        (write_rule(mode="shout"), "mode"),
        (write_rule(name="A_rule"), "id"),
        (write_rule(match="{phrase: 404}"), "match.phrase"),
        (write_rule(match="{any: []}"), "match.any"),
        (write_rule(match="{at_least: {n: 0, of: [{body: empty}]}}"), "match.at_least"),
        (write_rule(match="{body: blank}"), "match.body"),
        (write_rule(more="guidance: {tldr: ''}"), "guidance"),
        (write_rule(more="follow: 0"), "follow"),
        (write_rule(more="examples: {match: [x]}"), "examples"),
        (write_rule(more="resources: [{title: x, url: 'http://x.org'}]"), "resources.0.url"),
    ],
)
def test_a_broken_rule_is_not_valid(text: str, expected: str) -> None:
    assert problems(text) == [expected]
