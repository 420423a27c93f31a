"""The schema of a rule for one set of rules: editors then offer its captures, layouts and ids, too. Pure."""

from copy import deepcopy

from bot.issue.layout import LAYOUTS
from bot.rules.ruleset import Ruleset
from bot.rules.spec.pack import CaptureModel
from bot.workbench.editor.json_schema import Schema, explain_key

_MOST_IDS = 500


def add_known_names(schema: Schema, ruleset: Ruleset) -> Schema:
    """The schema with what the rules define. It allows no less than before: a rule may set facts of its own."""
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
    return known


def _explain_capture(name: str, capture: CaptureModel, allowed: Schema) -> Schema:
    places = ", ".join(f"`{source.section or source.phrase or source.regex}`" for source in capture.first_of)
    values = list(dict.fromkeys((capture.map or {}).values()))
    said = f"What pack.yml reads from {places}; compared with one value, or with a list of which any will do."
    return explain_key({"description": said, "not": allowed["not"], "examples": [*values, "unknown"]}, name)
