"""The pages for people who come from other tools: each rule on them passes `check` without a warning."""

import re
from datetime import date
from pathlib import Path

import pytest

from bot.rules.loader import build_ruleset
from bot.workbench.check.trial import Trial, run_trial

FOLDER = Path(__file__).parents[2] / "docs/coming-from"
PAGES = sorted(FOLDER.glob("[a-z]*.md"))
TODAY = date(2026, 11, 30)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_rules_of_a_page_pass(page: Path) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    rules = {f"rules/{block.split()[1]}.yml": block for block in blocks if block.startswith("id: ")}

    report = run_trial(Trial(ruleset=build_ruleset(rules), today=TODAY, jobs=1))
    assert (len(blocks) - len(rules), [str(problem) for problem in report.problems]) == (1, [])
    assert report.rules == len(rules) > 0


def test_the_first_page_lists_the_others() -> None:
    linked = re.findall(r"\]\(([a-z-]+\.md)\)", (FOLDER / "README.md").read_text("utf-8"))

    assert sorted(linked) == [page.name for page in PAGES]
