"""Small reports with the faults of real ones: what the packs must say of each.

Those of `REPORTS` are further ones of the same kinds.

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
FORM = "### Claude Code Version\n\n{version}\n\n### Operating System\n\nmacOS\n\n### What's Wrong?\n\n{text}\n"
DROPDOWNS = "### Claude Model\n\nNone\n\n### Is this a regression?\n\nYes, this worked in a previous version\n\n"
OVERLOADED = "API Error: 529 Overloaded. This is a server-side issue, usually temporary"
LIMIT = "You've hit your session limit · resets 3pm (Europe/Paris)"
EXTRA_USAGE = "You're out of extra usage. Add more at claude.ai/settings/usage and keep going."
LOGIN = "401 OAuth token has expired. Please obtain a new token or refresh your existing token."
RESET = "Error: The socket connection was closed unexpectedly (ECONNRESET)"


def make_form(text: str, version: str = "2.1.230") -> str:
    """A report of the form for bugs."""
    return FORM.format(text=text, version=version) + "\n" + DROPDOWNS


def make_fields(*answers: str) -> str:
    """A report of that form with these answers, in the order of its open questions."""
    labels = ("What's Wrong?", "What Should Happen?", "Steps to Reproduce")
    asked = dict(zip(labels, answers, strict=False))
    return "".join(f"### {label}\n\n{asked.get(label, '_No response_')}\n\n" for label in labels) + DROPDOWNS


def make_in_app(text: str, dump: str = "", version: str = "2.1.230") -> str:
    """A report of `/bug`."""
    environment = f"**Environment Info**\n- Platform: darwin\n- Version: {version}\n"
    return f"**Bug Description**\n{text}\n\n{environment}\n**Errors**\n```json\n[{json.dumps({'error': dump})}]\n```\n"


def show(message: str) -> str:
    return f"It ended with\n\n```\n{message}\n```\n"


SILENT: Report = {"rules": []}
EXTRA = "extra-usage-400"
REPORTS: dict[str, tuple[str, str, Report]] = {
    # Noise in the dump of a report that itself says what happened.
    "dump: a login, title only": (
        "[Bug] API Error: 529 Overloaded",
        make_in_app("x", LOGIN),
        {"rules": ["overloaded-529"]},
    ),
    "dump: a cut connection": (
        "[Bug] API Error",
        make_in_app("API Error: Connection error.", RESET),
        {"rules": ["connection"]},
    ),
    "dump: an overload": ("[Bug] API Error 401", make_in_app(LOGIN, OVERLOADED), {"rules": ["oauth-expired-401"]}),
    "dump: all that there is": ("Bug Report", make_in_app("", OVERLOADED), {"rules": ["overloaded-529"]}),
    "dump: a guard that holds": ("[Bug] API Error", make_in_app("it stops", OVERLOADED), {"rules": ["overloaded-529"]}),
    # Whose version it is.
    "version: macOS behind": (
        "[BUG] x",
        make_form(EXTRA_USAGE, "2.1.25 on macOS 15.3.1"),
        {"version": "2.1.25", "rules": [EXTRA]},
    ),
    "version: Node in front": (
        "[BUG] x",
        make_form(EXTRA_USAGE, "Node v22.15.0, claude 2.1.25"),
        {"version": "2.1.25"},
    ),
    "version: an editor": (
        "[BUG] x",
        make_form(EXTRA_USAGE, "VS Code 1.96.2, extension 2.1.25"),
        {"version": "2.1.25"},
    ),
    "version: a desktop build": ("[BUG] x", make_form(EXTRA_USAGE, "Claude 1.1.8629"), {"version": None}),
    "version: a Windows build": (
        "[BUG] x",
        make_form(EXTRA_USAGE, "Windows 11 10.0.26100; 2.1.25"),
        {"version": "2.1.25"},
    ),
    "version: not the highest": ("[BUG] x", make_form(EXTRA_USAGE, "2.0.76, not yet 2.1.3"), {"version": "2.0.76"}),
    "version: a label would be false": (
        "Window handle",
        "### What happened\n\nwindow handle is gone for good\n\n### Version\n\nmy-tool 3.1.4 (Python 3.13.1)\n",
        {"pack": "gone", "rules": ["gone"], "version": "3.1.4", "no_labels": ["regression"]},
    ),
    # A message in the story of another problem.
    "circumstance: lost work": (
        "[BUG] Subagent loses all its work once API Error: 529 comes",
        show(OVERLOADED),
        SILENT,
    ),
    "circumstance: the message first": ("[BUG] After API Error: 529 the plan is gone", show(OVERLOADED), SILENT),
    "circumstance: a reset that passed": ("[BUG] Still limited although the reset has passed", show(LIMIT), SILENT),
    "circumstance: in a sentence": ("[BUG] tasks", f'The task list is empty after "{LIMIT}".', SILENT),
    "circumstance: as the reporter says": (
        "[BUG] retries",
        f"The error itself is fine, the countdown is not. {OVERLOADED}",
        SILENT,
    ),
    "no circumstance: the message is all": (
        "[BUG] API Error: 529 after the update",
        show(OVERLOADED),
        {"rules": ["overloaded-529"]},
    ),
    "no circumstance: two sentences": ("[BUG] x", f"I lost an hour. {OVERLOADED}", {"rules": ["overloaded-529"]}),
    "no circumstance: a limit": ("[BUG] limit", f"After lunch I saw {LIMIT}.", {"rules": ["usage-limit-reached"]}),
    # Feature requests outside the form for them.
    "wish: please": ("[BUG] Please add a retry", show(OVERLOADED), SILENT),
    "wish: auto": ("Auto-retry after an overload instead of stopping", show(OVERLOADED), SILENT),
    "wish: allow": ("Allow users to go on when the API is overloaded", show(OVERLOADED), SILENT),
    "wish: support": ("Support for a fallback model", show(OVERLOADED), SILENT),
    "wish: a heading": ("Overload", f"## Problem\n\n{show(OVERLOADED)}\n## Suggestion\n\nWait.\n", SILENT),
    "wish: another heading": ("Limits", f"{show(LIMIT)}\n**Expected feature**\n\nA countdown.\n", SILENT),
    "wish: Spanish": ("Añadir reintento automático", show(OVERLOADED), SILENT),
    "wish: Chinese": ("请添加自动重试", show(OVERLOADED), SILENT),
    "no wish: it fails": ("[BUG] Auto-retry does not work with 529", show(OVERLOADED), {"rules": ["overloaded-529"]}),
    "no wish: a bug with a suggestion": (
        "[BUG] Overload",
        f"{show(OVERLOADED)}\n## Suggestion\n\nWait.\n",
        {"rules": ["overloaded-529"]},
    ),
    "no wish: a line": ("Overload", f"{OVERLOADED}\n\nSuggestion: look at the servers", {"rules": ["overloaded-529"]}),
    # Forms with little in them.
    "pictures: beside a word": ("[BUG] x", make_fields("It freezes", "![a](https://x.example/a.png)"), SILENT),
    "pictures: alone": ("[BUG] x", make_fields("![a](https://x.example/a.png)"), {"rules": ["screenshot-only"]}),
    "pictures: and where to look": (
        "[BUG] x",
        make_fields("![a](https://x.example/a.png)", "See the screenshot above."),
        {"rules": ["screenshot-only"]},
    ),
    "links: two": (
        "[BUG] x",
        make_fields("https://x.example/1", "[here](https://x.example/2)"),
        {"pack": "common", "rules": ["links-only"]},
    ),
    "links: with a sentence": (
        "[BUG] x",
        make_fields("https://x.example/1", "It stops there"),
        {"pack": "common", "rules": []},
    ),
    "repeated: twice": (
        "[BUG] x",
        make_fields("no login is possible", "No login is possible!"),
        {"pack": "common", "rules": ["repeated-text"]},
    ),
    "repeated: not all": (
        "[BUG] x",
        make_fields("no login is possible", "no login is possible", "sign in twice"),
        {"pack": "common", "rules": []},
    ),
    "placeholder: in the form": ("[BUG] x", make_form("x", "1.0.123"), {"version": None}),
    "placeholder: with a name": ("[BUG] x", make_form("x", "1.0.123 (Claude Code)"), {"version": "1.0.123"}),
    "language: a name": (
        "[BUG] x",
        make_form(f"I am Владимир Петров, and it is the same when I do it again in the morning. {OVERLOADED}"),
        {"rules": ["overloaded-529"], "comment_lacks": ["/docs/ru"], "comment_has": ["/docs/en"]},
    ),
    "language: of the reporter": (
        "[BUG] x",
        make_form(f"从今天早上开始一直失败，我重新登录了也没有用。 {OVERLOADED}"),
        {"rules": ["overloaded-529"], "comment_has": ["/docs/zh-CN"]},
    ),
}


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


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_the_same_kind_gets_what_it_should(name: str) -> None:
    title, body, expected = REPORTS[name]
    assert find_faults({"title": title, "body": [body], "expected": expected}) == []
