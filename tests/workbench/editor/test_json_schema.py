"""The JSON Schema with which editors complete and check rules."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.rules.ruleset import NOT_RULES
from bot.rules.spec.document import read_document
from bot.rules.spec.pack import PackModel
from bot.rules.spec.rule import RuleModel
from bot.triage.config import Config
from bot.workbench.editor.json_schema import make_schema
from tests.rules.rules import write_rule

RULES = Path(__file__).parents[3] / "rules"
SCHEMA = make_schema(RuleModel, "Signpost rule")
MODELS = (RuleModel, PackModel, Config)
SHIPPED = sorted(path for path in RULES.glob("*/*.yml") if path.name not in NOT_RULES)
NEWER = {"$defs", "$dynamicRef", "$anchor", "prefixItems", "unevaluatedProperties", "dependentRequired", "minContains"}
GUIDED = "guidance: {tldr: x}"


def problems(text: str) -> list[str]:
    """Where a rule breaks the schema."""
    found = Draft7Validator(SCHEMA).iter_errors(read_document(text, "x.yml").value)
    return [".".join(map(str, error.absolute_path)) for error in found]


def find_models(model: type[BaseModel], found: tuple[type[BaseModel], ...] = ()) -> tuple[type[BaseModel], ...]:
    """A model and all that it is made of."""
    found = (*found, model)
    for field in model.model_fields.values():
        for inner in inner_types(field.annotation):
            if inner not in found:
                found = find_models(inner, found)
    return found


def inner_types(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from inner_types(argument)


def nodes(node: object) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    if isinstance(node, dict | list):
        for child in node.values() if isinstance(node, dict) else node:
            yield from nodes(child)


def test_the_schema_is_one_of_draft_07() -> None:
    Draft7Validator.check_schema(SCHEMA)
    keys = {key for node in nodes(SCHEMA) for key in node}
    assert keys & NEWER == set()
    assert [node for node in nodes(SCHEMA) if "$ref" in node and len(node) > 1] == []


@pytest.mark.parametrize("model", MODELS)
def test_every_key_has_a_description_and_an_example(model: type[BaseModel]) -> None:
    schema = make_schema(model, "x")
    keys = {
        f"{name}.{key}": each
        for name, part in [("", schema), *schema["definitions"].items()]
        for key, each in part["properties"].items()
    }

    assert [name for name, key in keys.items() if not key["description"]] == []
    assert [
        name for name, key in keys.items() if "examples" not in key and "```" not in key["markdownDescription"]
    ] == []


@pytest.mark.parametrize("model", MODELS)
def test_every_example_of_a_key_is_valid(model: type[BaseModel]) -> None:
    examples = [
        (part, field.alias or name, example)
        for part in find_models(model)
        for name, field in part.model_fields.items()
        for example in field.examples or []
    ]

    assert [example for example in examples if find_errors(*example)] == []


def find_errors(model: type[BaseModel], key: str, value: object) -> list[ErrorDetails]:
    """What is wrong with the value of that key; what else a model wants does not matter."""
    try:
        model.model_validate({key: value})
    except ValidationError as error:
        return [each for each in error.errors() if each["loc"][:1] == (key,)]
    return []


@pytest.mark.parametrize("model", MODELS)
def test_every_word_of_a_choice_that_is_explained_is_explained(model: type[BaseModel]) -> None:
    explained = [node for node in nodes(make_schema(model, "x")) if "enumDescriptions" in node]

    assert explained
    assert [node["enum"] for node in explained if len(node["enum"]) != len(node["enumDescriptions"])] == []


def test_editors_can_read_the_patterns_of_the_schema() -> None:
    """They take them as regular expressions of ECMAScript, as check-jsonschema does."""
    words = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(RULES / "schema.json"), str(SHIPPED[0])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_each_file_names_its_schema_in_its_first_line() -> None:
    schemas = {path: "pack.schema.json" if path.name == "pack.yml" else "schema.json" for path in RULES.glob("*/*.yml")}
    expected = {path: f"# yaml-language-server: $schema=../{schema}" for path, schema in schemas.items()}
    found = {path: path.read_text("utf-8").partition("\n")[0] for path in schemas}

    assert [(str(path), line) for path, line in found.items() if line != expected[path]] == []


def test_every_shipped_rule_is_valid() -> None:
    found = {str(path): problems(path.read_text("utf-8")) for path in SHIPPED}

    assert {path: wrong for path, wrong in found.items() if wrong} == {}


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
