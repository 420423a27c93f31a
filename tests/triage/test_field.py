"""Small reports with the faults of real ones: what the packs must say of each.

`field/NAME.json` has the title, the body as lines, and what is expected: the `rules` that hold, exactly (`rules_any`:
one of these lists; `some_rule`: any), the `version`, labels that are not set, and texts that a comment has or lacks.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from bot.rules.captures import find_captures
from bot.rules.loader import load_rules
from bot.rules.matcher import read_facts
from bot.rules.ruleset import Ruleset
from bot.triage.actions import AddLabels, CreateComment
from bot.triage.config import Config, Sources
from bot.triage.result import Result
from bot.triage.run import run
from tests.builders import OPENED, an_event, an_issue
from tests.fakes import FakeTracker

FIELD = Path(__file__).parent / "field"
PACKS = {"claude-code": "rules/claude-code", "common": "rules/common", "gone": str(FIELD / "gone")}
AWAITED = {
    "text-1-no-retry": "the comment says that it was tried several times",
    "text-2-thinking-old": "the comment names models that are newer than the version",
    "text-3-website": "the comment names commands to somebody who uses the website",
    "text-4-asks-version": "the comment asks for a version that the report has",
    "gap-bedrock-model": "there is no rule for this message yet",
    "gap-oauth-code": "there is no rule for this message yet",
    "compact-1": "the pack's precedence puts the prompt before the compaction that fails",
}
"""Inputs whose rules are not written yet, and what is missing."""

Report = dict[str, Any]


@cache
def load_pack(name: str) -> Ruleset:
    return load_rules([str(Path(__file__).parents[2] / PACKS[name])])


def run_report(report: Report) -> tuple[Result, str | None]:
    """What comes of a report, and the version that it states."""
    ruleset = load_pack(report["expected"].get("pack", "claude-code"))
    issue = an_issue(title=report["title"], body="\n".join(report["body"]))
    labels = {label for rule in ruleset.rules for label in (*rule.model.labels.add, "regression")}
    tracker = FakeTracker(issues={issue.number: issue}, labels=labels, now=OPENED)
    result = run(an_event(issue), Sources(ruleset=ruleset, config=Config()), tracker, OPENED, is_dry_run=True)
    stated = find_captures(ruleset.packs[0].captures, read_facts(issue, ruleset)).get("version")
    return result, stated.value if stated else None


def find_faults(report: Report) -> list[str]:
    """What is not as expected."""
    expected = report["expected"]
    result, version = run_report(report)
    rules = [match.rule.id for match in result.holding]
    comment = "".join(action.body for action in result.plan.actions if isinstance(action, CreateComment))
    labels = {name for action in result.plan.actions if isinstance(action, AddLabels) for name in action.labels}
    right = {
        f"rules are {rules}": sorted(rules) in map(sorted, expected.get("rules_any", [expected.get("rules", rules)])),
        "no rule holds": rules or not expected.get("some_rule"),
        f"version is {version}": version == expected.get("version", version),
        f"labels are {labels}": not labels & {*expected.get("no_labels", ())},
        f"comment is {comment}": all(text in comment for text in expected.get("comment_has", ()))
        and not any(text in comment for text in expected.get("comment_lacks", ())),
    }
    return [fault for fault, is_right in right.items() if not is_right]


def list_inputs() -> list[Any]:
    names = sorted(path.stem for path in FIELD.glob("*.json"))
    reasons = {name: [pytest.mark.xfail(strict=True, reason=reason)] for name, reason in AWAITED.items()}
    return [pytest.param(name, marks=reasons.get(name, ())) for name in names]


@pytest.mark.parametrize("name", list_inputs())
def test_a_report_gets_what_it_should(name: str) -> None:
    assert find_faults(json.loads((FIELD / f"{name}.json").read_text("utf-8"))) == []
