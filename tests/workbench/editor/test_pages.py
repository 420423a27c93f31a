"""The pages about rules and packs say what phrases know, and their rules load."""

import re
from pathlib import Path

from bot.rules.loader import build_ruleset
from bot.rules.spec.phrase import HOLE_TYPES, SHORT
from bot.workbench.check.checker import check_rules

PAGES = "\n".join((Path(__file__).parents[3] / "docs" / name).read_text("utf-8") for name in ("rules.md", "packs.md"))


def test_the_page_lists_the_types_of_holes() -> None:
    assert f"`{' '.join(HOLE_TYPES)}`" in PAGES
    assert f"shorter than {SHORT} letters" in PAGES


def test_the_rules_in_the_text_are_proven() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGES, re.DOTALL)
    files = {f"mine/{match[1]}.yml": block for block in blocks if (match := re.match(r"id: (\S+)", block))}
    (pack,) = (block for block in blocks if block.startswith("name: "))
    report = check_rules(build_ruleset({**files, "mine/pack.yml": pack}))
    assert (report.errors, report.rules > 1) == ((), True)
