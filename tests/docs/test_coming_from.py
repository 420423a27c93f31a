"""The pages for people who come from other tools: their rules pass `check`, and are what `init --from` writes."""

import re
from datetime import date
from pathlib import Path

import pytest

from bot.cli.translation.formats import translate
from bot.rules.loader import build_ruleset
from bot.workbench.check.trial import Trial, run_trial

FOLDER = Path(__file__).parents[2] / "docs/coming-from"
PAGES = sorted(FOLDER.glob("[a-z]*.md"))
TODAY = date(2026, 11, 30)
SHOWN = re.compile(r"^\$ signpost init --from (\S+)\n…\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""The command of a page, and what it prints."""


def list_blocks(page: Path) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_rules_of_a_page_pass(page: Path) -> None:
    blocks = list_blocks(page)
    rules = {f"rules/{block.split()[1]}.yml": block for block in blocks if block.startswith("id: ")}

    report = run_trial(Trial(ruleset=build_ruleset(rules), today=TODAY, jobs=1))
    others = [block.split()[0] for block in blocks if not block.startswith("id: ")]
    assert (others[1:], [str(problem) for problem in report.problems]) == (["body:"] * len(others[1:]), [])
    assert report.rules == len(rules) > 0


@pytest.mark.parametrize("name", ["issue-labeler", "advanced-issue-labeler", "label-actions"])
def test_a_page_shows_what_init_writes_and_says(name: str) -> None:
    page = FOLDER / f"{name}.md"
    (command,) = re.findall(
        r"^\$ signpost init --from (\S+)\n…\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    sample, *others = list_blocks(page)
    done = translate(sample, command[0], [each for each in others if each.startswith("body:")], (), TODAY)

    written = [text.partition("\n")[2] for text in done.rules.values()]
    shown = [each for each in others if not each.startswith("body:")][: len(written)]
    assert (done.kind, written, f"{done.format_text()}\n") == (name, shown, command[1])


def test_the_first_page_lists_the_others() -> None:
    linked = re.findall(r"\]\(([a-z-]+\.md)\)", (FOLDER / "README.md").read_text("utf-8"))

    assert sorted(linked) == [page.name for page in PAGES]
