"""JSON Schema (draft-07, which every editor reads) of rules, packs and settings, with help for each key. Pure.

In addition to the keywords of the draft, it has some that only editors know: `markdownDescription`, `enumDescriptions`,
`defaultSnippets`, `errorMessage`, `patternErrorMessage`
(https://code.visualstudio.com/docs/languages/json#_json-schemas-and-settings).
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import yaml
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from bot.issue.layout import LAYOUTS
from bot.rules.ruleset import Ruleset
from bot.rules.spec.modifiers import BESIDE, say_what_is_beside
from bot.rules.spec.pack import CaptureModel

DRAFT = "http://json-schema.org/draft-07/schema#"
_CAPTURE = {
    "description": "A capture of pack.yml. Compare it with one value, or with a list of values.",
    "not": {"type": ["object", "null"]},
    "examples": ["windows", ["linux", "macos"]],
}
Schema = dict[str, Any]


class _Draft07(GenerateJsonSchema):
    schema_dialect = DRAFT

    def sort(self, value: Any, parent_key: str | None = None) -> Any:  # noqa: ANN401 (JSON is anything)
        """The value as it is, so that examples keep the order of their keys."""
        del parent_key
        return value


def make_schema(model: type[BaseModel], title: str) -> Schema:
    """The schema of a file that a person writes."""
    whole = model.model_json_schema(by_alias=True, schema_generator=_Draft07, mode="validation")
    whole = _simplify(json.loads(json.dumps(whole).replace("#/$defs/", "#/definitions/")))
    parts = whole.pop("$defs", {})
    models = {name: _dress(part, name, parts) for name, part in parts.items()}
    if "Condition" in models:
        beside = {key: _require_beside(key) for key in BESIDE}
        models["Condition"] |= {"additionalProperties": explain_key(_CAPTURE, "os"), "dependencies": beside}
    dressed = _dress(whole, model.__name__, parts)
    if "guidance" in dressed["properties"]:
        dressed |= _require_guidance()
    return {"$schema": DRAFT, **dressed, "title": title, "definitions": models}


def write_schema(schema: Schema) -> str:
    """The text of a schema's file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _dress(part: Schema, name: str, parts: Mapping[str, Schema]) -> Schema:
    """The schema of one model. Its keys have the help, so that it needs none itself.

    Pydantic leaves out the description of a key if that of the key's model is the same.
    """
    keys = {}
    for key, schema in part["properties"].items():
        referred = [schema, *schema.get("allOf", [])]
        of_model = next((parts[ref["$ref"].rpartition("/")[2]] for ref in referred if "$ref" in ref), {})
        told = {"description": of_model["description"]} if "description" in of_model else {}
        untitled = told | {word: value for word, value in schema.items() if word != "title"}
        keys[key] = explain_key(_allow_decimals(untitled, key), key) | _offer(f"{name}.{key}")
    rest = {word: value for word, value in part.items() if word != "description"}
    return {**rest, "properties": keys, **_offer(name)}


def _offer(name: str) -> Schema:
    return {"defaultSnippets": SNIPPETS[name]} if name in SNIPPETS else {}


def explain_key(schema: Schema, key: str) -> Schema:
    """A key with its default and its examples, as editors show them.

    Editors also complete `examples`, but only single values work well; other examples become part of the description.
    """
    rest = dict(schema)
    said = rest.pop("description")
    default = rest.get("default")
    if default is None:
        rest.pop("default", None)
    elif default != "":
        said += f" Default: `{default if isinstance(default, str) else json.dumps(default)}`."
    if "pattern" in rest:
        rest["patternErrorMessage"] = f"must look like `{rest['examples'][0]}`"
    if any(isinstance(example, list | dict) for example in rest.get("examples", [])):
        said += "".join(f"\n\n```yaml\n{write_example(key, example)}```" for example in rest.pop("examples"))
    return {"description": schema["description"], "markdownDescription": said, **rest}


def write_example(key: str, value: object) -> str:
    """A key and an example of its value, as YAML."""
    return yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)


def _simplify(node: Any) -> Any:  # noqa: ANN401 (JSON is anything)
    """The same in a form that editors complete and explain better: one type, or a list of them, where that will do.

    Draft-07 ignores what stands beside `$ref`, so that a reference with a description is wrapped in `allOf`.
    """
    if isinstance(node, list):
        return [_simplify(item) for item in node]
    if not isinstance(node, dict):
        return node
    simple = {key: _simplify(value) for key, value in node.items()}
    if "anyOf" in simple:
        options = simple.pop("anyOf")
        return {**simple, **_merge(options)}
    if "$ref" in simple and len(simple) > 1:
        wrapped = {"allOf": [{"$ref": simple.pop("$ref")}]}
        return {"type": "object", **simple, **wrapped}
    return simple


def _merge(options: list[Schema]) -> Schema:
    """A choice as one schema, which it can be where each option is another type: each word concerns one type only.

    Where it cannot, the types stand beside it, so that an editor knows what to write for an object.
    """
    types = [kind for option in options for kind in _types_of(option)]
    is_simple = not any({"$ref", "enum", "anyOf"} & option.keys() for option in options)
    if is_simple and len({*types}) == len(types):
        return {**{word: value for option in options for word, value in option.items()}, "type": types}
    return {"anyOf": options, "type": list(dict.fromkeys(types))}


def _types_of(schema: Schema) -> list[str]:
    types = schema.get("type", "object")
    return types if isinstance(types, list) else [types]


def _allow_decimals(schema: Schema, key: str) -> Schema:
    """A number with a point is text to us (`bot.rules.spec.document`), and a number to editors."""
    types = _types_of(schema)
    if "string" in types and (key == "version" or "integer" in types):
        return {**schema, "type": [*types, "number"]}
    return schema


def _require_beside(key: str) -> Schema:
    """That one of the other keys is there; a constant that no condition is gives editors our words for it."""
    said = say_what_is_beside(key)
    is_alone = {"not": {"anyOf": [{"required": [other]} for other in BESIDE[key]]}}
    return {"if": is_alone, "then": {"const": said, "errorMessage": said}}


def _require_guidance() -> Schema:
    """A rule that comments, as one without a `mode` does, has something to say."""
    silent = {"required": ["mode"], "properties": {"mode": {"not": {"enum": ["comment"]}}}}
    return {"if": {"not": silent}, "then": {"required": ["guidance"]}}


SCHEMAS = "https://raw.githubusercontent.com/signpost-bot/signpost/v1/rules"
"""Where the schemas of the version that the workflow uses are."""


def name_schema(place: str) -> str:
    """The line for VS Code and all editors with the same language server, and the line for JetBrains' editors."""
    return f"# yaml-language-server: $schema={place}\n# $schema: {place}\n"


Snippet = dict[str, Any]


def _one(label: str, body: object, description: str = "") -> list[Snippet]:
    return [{"label": label, "description": description, "body": body}]


_RULE = {
    "id": "${1:name-of-this-file}",
    "title": "${2:The known problem}",
    "mode": "observe",
    "match": {"phrase": "${3:the message of the program}"},
    "guidance": {"tldr": "${4:what the problem is}", "steps": ["${5:what to do now}"]},
    "examples": {
        "match": ["${6:text from an issue}"],
        "no_match": ["${7:a similar text about another problem}"],
    },
}
_PACK = {
    "name": "${1:my-tool}",
    "product": "${2:My Tool}",
    "captures": {"version": {"first_of": [{"section": "${3:Version}"}]}},
}

SNIPPETS: dict[str, list[Snippet]] = {
    "RuleModel": _one("a whole rule", _RULE, "A condition, guidance and examples."),
    "RuleModel.labels": _one("labels to set", ["${1:needs-info}"]),
    "Labels.from": _one("a label per answer", [{"section": "${1:Component}", "map": {"${2:Core}": "${3:area:core}"}}]),
    "RuleModel.fixed_in": _one("the version with the fix", {"version": "$1"}),
    "RuleModel.duplicates": _one("the number of links", {"show": "${1:1}"}),
    "RuleModel.guidance": _one("guidance", _RULE["guidance"], "The text for every reporter."),
    "RuleModel.close": _one("not planned", {"as": "${1:not_planned}", "after": "${2:3d}"}),
    "RuleModel.examples": _one("examples", _RULE["examples"], "An issue that matches, and a near miss."),
    "Guidance": _one(
        "a branch with a condition",
        {"when": {"${1:version}": "${2:<2.1}"}, "tldr": "${3:what the problem is}", "steps": ["${4:what to do now}"]},
        "It applies if its condition holds and no earlier branch applies.",
    ),
    "Example": _one(
        "an issue with a title", {"title": "${1:title}", "body": "${2:body}"}, "A plain text is a body without a title."
    ),
    "Condition.in": _one("views", ["${1:title}"]),
    "PackModel": _one("a whole pack", _PACK, "Its name, its product, and the section with the version."),
    "PackModel.captures": _one(
        "the section with the version",
        {"${1:version}": {"first_of": [{"section": "${2:Version}"}]}},
        "A fact that every rule may use.",
    ),
    "CaptureModel.map": _one("a map", {"${1:darwin}": "${2:macos}"}),
    "PackLayout.sections": _one("sections", {"${1:Errors}": "${2:errors}"}),
}


_MOST_IDS = 500


def add_known_names(schema: Schema, ruleset: Ruleset) -> Schema:
    """The schema with the names that the rules define. It does not forbid other names: a rule may set its own facts."""
    known = deepcopy(schema)
    condition = known["definitions"]["Condition"]
    for pack in ruleset.packs:
        for name, capture in pack.model.captures.items():
            if name != "version":
                condition["properties"][name] = _explain_capture(name, capture, condition["additionalProperties"])
    layouts = {**condition["properties"]["layout"], "examples": [*LAYOUTS, *(each.name for each in ruleset.layouts)]}
    condition["properties"]["layout"] = layouts
    ids = sorted(rule.id for rule in ruleset.rules)[:_MOST_IDS]
    for key in ("supersedes", "also"):
        known["properties"][key]["items"] = {"type": "string", "examples": ids}
    tags = known["properties"]["tags"]
    tags["items"] = {**tags["items"], "examples": sorted(ruleset.tags)}
    names = sorted({name for pack in ruleset.packs for name in pack.model.captures})
    known["definitions"]["LabelSource"]["properties"]["capture"]["examples"] = names
    known["definitions"]["Guidance"]["properties"]["ask"]["items"] = {"type": "string", "examples": names}
    return known


def _explain_capture(name: str, capture: CaptureModel, allowed: Schema) -> Schema:
    places = ", ".join(f"`{source.section or source.phrase or source.regex}`" for source in capture.first_of)
    values = list(dict.fromkeys((capture.map or {}).values()))
    said = f"A capture that pack.yml reads from {places}. Compare it with one value, or with a list of values."
    return explain_key({"description": said, "not": allowed["not"], "examples": [*values, "unknown"]}, name)
