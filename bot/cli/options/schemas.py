"""The schemas of the files that people write: rules, packs and settings."""

from typing import Any

FILES = {"rule": "schema.json", "pack": "pack.schema.json", "config": "config.schema.json"}
"""The name of each schema's file."""

Schema = dict[str, Any]


def make_schemas(places: list[str]) -> dict[str, Schema]:
    """The schemas of a rule, a pack and the settings; that of a rule knows the rules at `places`."""
    from bot.rules.spec.pack import PackModel
    from bot.rules.spec.rule import RuleModel
    from bot.triage.config import Config
    from bot.workbench.editor.json_schema import make_schema

    rule = make_schema(RuleModel, "Signpost rule")
    if places:
        from bot.rules.loader import load_rules
        from bot.workbench.editor.json_schema import add_known_names

        rule = add_known_names(rule, load_rules(places))
    pack = make_schema(PackModel, "Signpost pack")
    return {"rule": rule, "pack": pack, "config": make_schema(Config, "Signpost settings")}
