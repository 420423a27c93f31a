"""The pages about messages: each has an example that gives exactly its message, and the same example, fixed."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.errors import Problem
from bot.github.graphql import parse_folder
from bot.output.findings import KINDS, find_page, format_sarif
from bot.rules.spec.rule import Example
from bot.triage.sources import load_checked
from bot.workbench.check.examples import make_example_issue
from bot.workbench.check.trial import Trial, check_follows, check_labels, run_trial
from tests.stand_ins.github_json import tree_json

FOLDER = Path(__file__).parents[2] / "docs/messages"
BLOCK = re.compile(r"^`([\w./-]+)`(?: is deleted\.|:\n\n```yaml\n(.*?)^```)", re.MULTILINE | re.DOTALL)
TODAY = date(2026, 11, 30)
LABELS = {"disk"}
OPEN = make_example_issue(Example())
FAILING = make_example_issue(Example(body="my tool fails at night"))
ISSUES = {1: OPEN, 2: replace(OPEN, number=2, state="closed", state_reason="not_planned")}
PAST = [*[FAILING] * 6, *[OPEN] * 54]
"""The repository and the past issues of the pages about `--online` and `--history`."""


def read_example(kind: str) -> tuple[dict[str, str], dict[str, str]]:
    """The files of the example that fails, and of the same example, fixed."""
    _, fails, fixed = re.split(
        r"^## (?:An example that fails|The same example, fixed)$", read(kind), flags=re.MULTILINE
    )
    first = dict(BLOCK.findall(fails))
    return first, {name: text for name, text in {**first, **dict(BLOCK.findall(fixed))}.items() if text}


def read(kind: str) -> str:
    return (FOLDER / f"{kind}.md").read_text("utf-8")


def check(files: Mapping[str, str], folder: Path, kind: str) -> set[str]:
    """The kinds of all findings, as `signpost check` has them on the day of the examples."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    ruleset = load_checked([str(folder)])
    past = PAST if kind == "too-common" else None
    report = run_trial(Trial(ruleset=ruleset, today=TODAY, jobs=1, issues=past))
    asked = (*check_labels(ruleset.rules, LABELS, "octo/widget"), *check_follows(ruleset.rules, ISSUES, "octo/widget"))
    return {
        problem.kind for problem in (*report.problems, *(asked if kind in {"unknown-label", "dead-follow"} else ()))
    }


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"folder"}))
def test_the_example_of_a_message_gives_it_and_the_fixed_one_nothing(kind: str, tmp_path: Path) -> None:
    fails, fixed = read_example(kind)

    assert (check(fails, tmp_path / "fails", kind), check(fixed, tmp_path / "fixed", kind)) == ({kind}, set())


def test_the_example_of_a_file_that_the_api_cannot_show() -> None:
    (text,), (fixed,) = (example.values() for example in read_example("folder"))

    def read_home(content: str | bytes) -> int:
        entry = tree_json({".github/signpost/out-of-disk.yml": content}, ".github/signpost")
        reply = {"data": {"repository": {"object": entry}}}
        return len(parse_folder(reply, ".github/signpost", "read the rules").problems)

    assert (read_home(text.encode("utf-16")), read_home(fixed)) == (1, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_opens_with_what_the_code_says(kind: str) -> None:
    meaning = KINDS[kind]
    title, severity, help_, *_ = read(kind).split("\n\n")

    assert (title, severity, help_) == (f"# {meaning.summary}", f"`{kind}` · {meaning.severity}", meaning.help)


def test_each_message_has_a_page_and_the_index_lists_them() -> None:
    rows = [f"| [`{kind}`]({kind}.md) | {each.severity} | {each.summary} |" for kind, each in KINDS.items()]

    assert {path.stem for path in FOLDER.glob("*.md")} == {"README", *KINDS}
    assert "\n".join(rows) in (FOLDER / "README.md").read_text("utf-8")


def test_code_scanning_links_the_pages() -> None:
    (run,) = format_sarif([Problem("a.yml", 1, 1, "b", "overlap")], "")["runs"]

    assert {rule["helpUri"] for rule in run["tool"]["driver"]["rules"]} == {find_page(kind) for kind in KINDS}
