"""Whole stories through the real command: an event, and the plan and the comment that must come out.

`python -m tests.triage.test_cases` writes the results over what is expected; read the difference before you commit it.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bot.github.webhook_event import parse_event
from bot.rules.loader import load_rules
from bot.tracker.types import IssueEvent
from bot.triage.config import Config, Sources
from bot.triage.run import run
from tests.builders import an_issue
from tests.fakes import FakeTracker

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[1] / "cases"
ROOT = Path(__file__).parents[2]
RULES = "rules/claude-code"
NAMES = sorted(path.parent.name for path in CASES.glob("*/event.json"))


def run_case(name: str) -> tuple[dict[str, Any], str]:
    """What the command says of a case, without what passes or is long; and the comment, without its marker's hashes."""
    event = str(CASES / name / "event.json")
    command = [sys.executable, "-m", "bot", "run", "--event", event, "--rules", RULES, "--dry-run", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, env={}, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    comment = "".join(action.pop("body", "") for action in report["plan"])
    outcome = {
        "exit_code": done.returncode,
        "skipped": report["skipped"],
        "matches": [{"rule": match["rule"], "captures": match["captures"]} for match in report["matches"]],
        "plan": report["plan"],
        "remarks": report["remarks"],
        "requests": report["requests"],
    }
    return outcome, comment.rpartition("<!--")[0].rstrip() + "\n" if comment else ""


def read_case(name: str) -> tuple[dict[str, Any], str]:
    """What must come out."""
    comment = CASES / name / "comment.md"
    expected = json.loads((CASES / name / "expected.json").read_text("utf-8"))
    return expected, comment.read_text("utf-8") if comment.exists() else ""


def write_case(name: str) -> None:
    """Take what comes out now as what must come out."""
    outcome, comment = run_case(name)
    (CASES / name / "expected.json").write_text(json.dumps(outcome, indent=2, ensure_ascii=False) + "\n", "utf-8")
    (CASES / name / "comment.md").unlink(missing_ok=True)
    if comment:
        (CASES / name / "comment.md").write_text(comment, "utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_an_event_gives_its_plan_and_its_comment(name: str) -> None:
    assert run_case(name) == read_case(name)


@pytest.mark.parametrize("name", NAMES)
def test_once_the_plan_of_a_case_is_done_nothing_is_left_to_do(name: str) -> None:
    payload = json.loads((CASES / name / "event.json").read_text("utf-8"))
    event = parse_event("issue_comment" if "comment" in payload else "issues", payload)
    planned = [action["action"] for action in read_case(name)[0]["plan"]]
    plans = _run_twice(event) if isinstance(event, IssueEvent) else [[], []]
    assert plans == [planned, []]


def _run_twice(event: IssueEvent) -> list[list[str]]:
    """The kinds of actions of two runs, with all that GitHub keeps in memory."""
    number, ruleset = event.issue.number, load_rules([RULES])
    follow = {rule.model.follow: an_issue(number=rule.model.follow) for rule in ruleset.rules if rule.model.follow}
    labels = {label for rule in ruleset.rules for label in rule.model.labels.add}
    tracker = FakeTracker(issues={number: event.issue, **follow}, labels=labels, now=event.issue.updated_at)
    plans = [run(event, Sources(ruleset=ruleset, config=Config()), tracker, tracker.now).plan for _ in range(2)]
    return [[action.action for action in plan.actions] for plan in plans]


def test_there_are_cases() -> None:
    assert len(NAMES) >= 15


if __name__ == "__main__":
    for recorded in NAMES:
        write_case(recorded)
