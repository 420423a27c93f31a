"""rules/README.md says what the models say, and its rules load."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from bot.rules.check import check_rules
from bot.rules.condition_model import Condition
from bot.rules.loading import build_ruleset
from bot.rules.model import (
    Close,
    Example,
    Examples,
    Expectation,
    FixedIn,
    Guidance,
    Labels,
    Resource,
    RuleModel,
    ShowDuplicates,
)
from bot.rules.pack_model import CaptureModel, CaptureSource, PackLayout, PackModel, Translation
from bot.rules.phrase import HOLE_TYPES, SHORT

README = (Path(__file__).parents[2] / "rules" / "README.md").read_text("utf-8")
MODELS: dict[str, type[BaseModel]] = {
    "A rule": RuleModel,
    "A condition": Condition,
    "`labels:`": Labels,
    "`guidance:`": Guidance,
    "`resources:`": Resource,
    "`fixed_in:`": FixedIn,
    "`duplicates:`": ShowDuplicates,
    "`close:`": Close,
    "`examples:`": Examples,
    "One example": Example,
    "`expect:`": Expectation,
    "A pack": PackModel,
    "`captures: {NAME: …}`": CaptureModel,
    "`first_of: […]`": CaptureSource,
    "`layouts: {NAME: …}`": PackLayout,
    "`translations: […]`": Translation,
}


def make_table(name: str, model: type[BaseModel]) -> str:
    rows = [
        f"| `{field.alias or key}`{' (needed)' if field.is_required() else ''} | {field.description} |"
        for key, field in model.model_fields.items()
    ]
    return "\n".join([f"| {name} | |", "|---|---|", *rows])


@pytest.mark.parametrize("name", MODELS)
def test_the_tables_of_keys_are_true(name: str) -> None:
    assert make_table(name, MODELS[name]) in README


def test_the_types_of_holes_are_told() -> None:
    assert f"`{' '.join(HOLE_TYPES)}`" in README
    assert f"shorter than {SHORT} letters" in README


def test_the_rules_in_the_text_are_proven() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    files = {f"mine/{match[1]}.yml": block for block in blocks if (match := re.match(r"id: (\S+)", block))}
    (pack,) = (block for block in blocks if block.startswith("name: "))
    report = check_rules(build_ruleset({**files, "mine/pack.yml": pack}))
    assert (report.problems, report.rules > 1) == ((), True)
