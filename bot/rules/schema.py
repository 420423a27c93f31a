"""JSON Schema (draft-07, the newest that yaml-language-server reads) of what people write, from the models. Pure."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from bot.rules.model import RuleModel

DRAFT = "http://json-schema.org/draft-07/schema#"


class _Draft07(GenerateJsonSchema):
    schema_dialect = DRAFT


def make_schema(model: type[BaseModel], name: str) -> dict[str, Any]:
    """The schema of what a person writes, with a description for each key.

    Draft-07 ignores what stands beside `$ref`, so a reference with a description is wrapped in `allOf`; and it calls
    `definitions` what later drafts call `$defs`.
    """
    schema = model.model_json_schema(by_alias=True, schema_generator=_Draft07, mode="validation")
    schema = json.loads(json.dumps(schema).replace("#/$defs/", "#/definitions/"))
    schema["definitions"] = schema.pop("$defs", {})
    return {"$schema": DRAFT, "title": name, **_wrap_references(schema)}


def _wrap_references(node: Any) -> Any:  # noqa: ANN401 (JSON is anything)
    if isinstance(node, list):
        return [_wrap_references(item) for item in node]
    if not isinstance(node, dict):
        return node
    wrapped = {key: _wrap_references(value) for key, value in node.items()}
    if "$ref" in wrapped and len(wrapped) > 1:
        wrapped["allOf"] = [{"$ref": wrapped.pop("$ref")}]
    return wrapped


def write_schema() -> str:
    """`rules/schema.json`."""
    return json.dumps(make_schema(RuleModel, "Signpost rule"), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(write_schema(), end="")
