"""The reference of all keys, as Markdown, from the same schema that editors read. Pure."""

import re
from collections.abc import Iterator, Mapping

import yaml

from bot.workbench.editor.json_schema import Schema

BEGIN = "<!-- The reference: `make schema` writes it. -->"
END = "<!-- End of the reference. -->"

_PARTS = {
    "RuleModel": ("A rule", "Keys of a rule file."),
    "Condition": ("A condition", "Keys of `match:`, of `when:`, and of each item of `all`, `any` and `none`."),
    "AtLeast": ("A number of conditions", "Keys of `at_least:`."),
    "SectionNamed": ("A section as a view", "Keys of an item of `in:`, as an alternative to the name of a view."),
    "Labels": ("Labels", "Keys of `labels:` in a rule, as an alternative to a list."),
    "LabelSource": ("Labels of answers", "Keys of each item of `from:` in `labels:`."),
    "FixedIn": ("The release with the fix", "Keys of `fixed_in:`."),
    "ShowDuplicates": ("Earlier reports", "Keys of `duplicates:` in a rule."),
    "Guidance": (
        "Guidance",
        "Keys of `guidance:`, or of each of its branches. Texts are Markdown and may show captures: `{{ version }}`.",
    ),
    "Resource": ("A page to read", "Keys of each item of `resources:`."),
    "Close": ("Closing", "Keys of `close:`."),
    "Examples": ("Examples", "Keys of `examples:`."),
    "Example": ("One example", "Keys of each item of `match` and `no_match`. A plain text is a body without a title."),
    "Expectation": ("The expected result of an example", "Keys of `expect:`."),
    "PackModel": ("A pack", "Keys of `pack.yml`."),
    "CaptureModel": ("A capture", "Keys of each name under `captures:`."),
    "CaptureSource": ("A source of a capture", "Keys of each item of `first_of:`; an item has exactly one of them."),
    "PackLayout": ("A kind of report", "Keys of each name under `layouts:`."),
    "PlaceholderModel": ("A placeholder", "Keys of an item of `placeholders:`. A plain text counts in any field."),
    "FeatureRequestModel": ("Feature requests", "Keys of each item of `feature_requests:`."),
    "Tool": ("A tool", "Keys of each item of `tools:`."),
    "RemovedRule": ("A former rule", "Keys of each item of `removed:`."),
    "Translation": ("Pages in several languages", "Keys of each item of `translations:`."),
    "Config": ("Settings", "Keys of `config.yml`. The file and all its keys are optional."),
    "Skipped": ("Issues to skip", "Keys of `skip:`."),
    "LabelSettings": ("Settings for labels", "Keys of `labels:` in the settings."),
    "DuplicateSettings": ("Settings for earlier reports", "Keys of `duplicates:` in the settings."),
    "Words": ("Words", "Keys of `words:`."),
    "VoteSettings": ("Votes", "Keys of `votes:`. A comment explains only 👍 and 👎."),
    "ClosingSettings": ("Settings for closing", "Keys of `closing:`. Rules ask for it with `close:`."),
    "SurgeSettings": ("Incidents", "Keys of `surge:`. An incident needs all of `expected`, `reports` and `people`."),
    "Identity": ("Account of Signpost", "Keys of `identity:`."),
}
_MOST_WORDS = 4
_PLURALS = {"text": "texts"}
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "`true` or `false`",
    "object": "`name: value` lines",
}


def write_reference(schemas: Mapping[str, Schema]) -> str:
    """One table for each mapping. `schemas` are the schemas of whole files, by the name of their model."""
    found: dict[str, Schema] = {}
    for name, schema in schemas.items():
        found |= {name: schema} | {name: part for name, part in schema["definitions"].items() if name not in found}
    return "\n".join(_write_part(name, found[name]) for name in sorted(found, key=[*_PARTS].index))


def insert_reference(page: str, reference: str) -> str:
    """A page with the reference between its two marks; raises ValueError if the page does not have them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no place for the reference: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{reference}\n{END}{after}"


def _write_part(name: str, schema: Schema) -> str:
    title, where = _PARTS[name]
    rows = [
        f"| `{key}` | {_write_value(key, value, schema)} | {_write_meaning(key, value)} |"
        for key, value in schema["properties"].items()
    ]
    return "\n".join([f"### {title}", "", where, "", "| key | value | meaning |", "|---|---|---|", *rows, ""])


def _write_value(key: str, schema: Schema, whole: Schema) -> str:
    """What may stand there, and what it is when nothing does."""
    parts = [_write_type(schema)]
    if key in whole.get("required", []):
        parts.append("**required**")
    if "default" in schema and schema["default"] != "":
        parts.append(f"default `{_write_inline(schema['default'])}`")
    return "; ".join(parts)


def _write_type(schema: Schema) -> str:
    if "enum" in schema:
        is_long = len(schema["enum"]) > _MOST_WORDS and "enumDescriptions" in schema
        return (
            f"one of these {len(schema['enum'])} values" if is_long else _join([f"`{word}`" for word in schema["enum"]])
        )
    if "$ref" in schema or "allOf" in schema:
        return _link(schema.get("$ref") or schema["allOf"][0]["$ref"])
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option != {"type": "null"}]
        return _write_type(options[0]) if len(options) == 1 else _write_choice(options)
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    some = [each for each in types if each != "null"]
    named = [each for each in some if each != "number" or some == ["number"]]
    return _join([_write_simple(each, schema, types) for each in named])


def _write_choice(options: list[Schema]) -> str:
    """Several things, or a list of them."""
    single = [_write_type(option) for option in options if option.get("type") != "array"]
    several = [_write_type(option) for option in options if option.get("type") == "array"]
    known = {f"a list of {each.removeprefix('one of ')}" for each in (*single, _join(single))}
    return _join([*single, *("a list of them" if each in known else each for each in several)])


def _write_simple(name: str, schema: Schema, types: list[str]) -> str:
    if name == "array":
        item = _write_type(schema["items"])
        item = _PLURALS.get(item, item.removeprefix("one of "))
        return "a list of them" if {"string", "integer"} & {*types} else f"a list of {item}"
    if name == "object" and isinstance(inner := schema.get("additionalProperties"), dict):
        return f"lines of `name:` {_write_type(inner)}" if "type" not in inner or "enum" in inner else _TYPES[name]
    if name == "integer" and {"minimum", "maximum"} <= schema.keys():
        return f"{schema['minimum']} to {schema['maximum']}"
    return "date" if schema.get("format") == "date" else _TYPES[name]


def _write_meaning(key: str, schema: Schema) -> str:
    """What it says, what each of its words means, and examples."""
    words: Schema = next((part for part in _find_options(schema) if "enumDescriptions" in part), {})
    meanings = zip(words.get("enum", []), words.get("enumDescriptions", []), strict=True)
    lines = [schema["description"], *(f"`{word}`: {meaning}" for word, meaning in meanings)]
    return "<br>".join([*lines, *map(_quote, _find_examples(key, schema))]).replace("|", "\\|")


def _find_options(schema: Schema) -> Iterator[Schema]:
    """A schema, and those of what it may be or hold."""
    yield schema
    for option in (*schema.get("anyOf", []), schema.get("items"), schema.get("additionalProperties")):
        if isinstance(option, dict):
            yield from _find_options(option)


def _find_examples(key: str, schema: Schema) -> list[str]:
    """The examples, each on one line; the schema has those of several values in its Markdown."""
    blocks: list[str] = re.findall(r"```yaml\n(.*?)```", schema["markdownDescription"], flags=re.DOTALL)
    if schema.get("format") == "date":
        return [f"{key}: {value}" for value in schema["examples"]]
    values = [yaml.safe_load(block)[key] for block in blocks] or schema.get("examples", [])
    return [f"{key}: {_write_inline(value)}" for value in values]


def _write_inline(value: object) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    return text.removesuffix("...\n").strip()


def _quote(code: str) -> str:
    return f"`` {code} ``" if "`" in code else f"`{code}`"


def _link(reference: str) -> str:
    title = _PARTS[reference.rpartition("/")[2]][0]
    anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")  # as GitHub makes it from a heading
    return f"[{title[0].lower()}{title[1:]}](#{anchor})"


def _join(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
