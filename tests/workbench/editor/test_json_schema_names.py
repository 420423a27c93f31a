"""The schema of a rule that knows the rules beside it."""

from bot.rules.loader import build_ruleset
from bot.rules.spec.rule import RuleModel
from bot.workbench.editor.json_schema import add_known_names, make_schema
from tests.rules.rules import write_rule

PACK = """
name: mine
captures:
  version: {first_of: [{section: Version}]}
  os: {first_of: [{section: System}], map: {darwin: macos, win32: windows, windows: windows}}
layouts:
  crash: {sections: {Log: logs}}
"""
RULES = build_ruleset({"mine/pack.yml": PACK, "mine/a-rule.yml": write_rule(name="a-rule")})
SCHEMA = make_schema(RuleModel, "x")


def test_captures_are_keys_with_the_values_that_they_have() -> None:
    condition = add_known_names(SCHEMA, RULES)["definitions"]["Condition"]

    assert condition["properties"]["os"]["examples"] == ["macos", "windows", "unknown"]
    assert "`System`" in condition["properties"]["os"]["description"]
    assert condition["properties"]["version"] == SCHEMA["definitions"]["Condition"]["properties"]["version"]
    assert condition["additionalProperties"] == SCHEMA["definitions"]["Condition"]["additionalProperties"]


def test_layouts_and_other_rules_are_offered() -> None:
    known = add_known_names(SCHEMA, RULES)

    assert "crash" in known["definitions"]["Condition"]["properties"]["layout"]["examples"]
    assert known["properties"]["supersedes"]["items"]["examples"] == ["a-rule"]
    assert known["properties"]["also"]["items"]["examples"] == ["a-rule"]
    assert known["definitions"]["Guidance"]["properties"]["ask"]["items"]["examples"] == ["os", "version"]


def test_the_schema_that_was_given_stays_as_it_is() -> None:
    before = make_schema(RuleModel, "x")

    add_known_names(SCHEMA, RULES)

    assert before == SCHEMA
