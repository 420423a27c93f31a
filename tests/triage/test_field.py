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
Report = dict[str, Any]
FORM = "### Claude Code Version\n\n{version}\n\n### Operating System\n\nmacOS\n\n### What's Wrong?\n\n{text}\n"
DROPDOWNS = "### Claude Model\n\nNone\n\n### Is this a regression?\n\nYes, this worked in a previous version\n\n"
OVERLOADED = "API Error: 529 Overloaded. This is a server-side issue, usually temporary"
LIMIT = "You've hit your session limit · resets 3pm (Europe/Paris)"
EXTRA_USAGE = "You're out of extra usage. Add more at claude.ai/settings/usage and keep going."
LOGIN = "401 OAuth token has expired. Please obtain a new token or refresh your existing token."
REQUEST = "Request ID: req_0123456789abcdef"
THINKING = "API Error: 400 `thinking` blocks in the latest assistant message cannot be modified."
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


def knows(rule: str) -> Report:
    """That this rule speaks, and no other."""
    return {"rules": [rule]}


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
    # What a comment would say against its report.
    "no retry: a connection": (
        "[BUG] it never retries",
        make_form("Error: read ECONNRESET, without any retry", "2.1.230"),
        {"rules": ["econnreset"], "comment_lacks": ["retries automatically", "retried"]},
    ),
    "no retry: an answer": (
        "[BUG] no retry",
        make_form("Connection lost before a response was produced. It did not try again.", "2.1.230"),
        {"rules": ["no-response-produced"], "comment_lacks": ["retried"]},
    ),
    "no retry: a closed socket": (
        "[BUG] gives up at once",
        make_form("API Error: Socket is closed", "2.1.230"),
        {"rules": ["socket-closed"], "comment_lacks": ["retr", "2.1.214"]},
    ),
    "models: version unknown": ("[BUG] x", THINKING, {"rules": ["thinking-modified-400"], "comment_lacks": ["Opus"]}),
    "models: some of them": (
        "[BUG] x",
        make_form(THINKING, "2.1.120"),
        {"rules": ["thinking-modified-400"], "comment_has": ["Opus 4.7"], "comment_lacks": ["4.8"]},
    ),
    "models: all of them": (
        "[BUG] x",
        make_form(THINKING, "2.1.155"),
        {"rules": ["thinking-modified-400"], "comment_has": ["Opus 4.7 and 4.8"]},
    ),
    "models: a name that is no id": (
        "[BUG] x",
        make_form('Model "claud-opus" is not a recognized model id', "1.0.88"),
        {"rules": ["model-not-recognized"], "comment_lacks": ["sonnet-5", "Sonnet 5"]},
    ),
    "website: in the field": ("[BUG] limit", make_form(LIMIT, "claude.ai"), SILENT),
    "website: a browser": ("[BUG] x", make_form(OVERLOADED, "none, in my browser (Firefox)"), SILENT),
    "website: the title": ("[BUG] The claude.ai website is overloaded", show(OVERLOADED), SILENT),
    "website: an app": ("[BUG] limit", f"I use the Claude iOS app. {LIMIT}", SILENT),
    "website: compared": (
        "[BUG] limit",
        make_form(f"The claude.ai website still works. {LIMIT}"),
        {"rules": ["usage-limit-reached"], "comment_has": ["`/usage`"]},
    ),
    "asked: nothing": (
        "[BUG] x",
        make_form(f"API Error: 500 Internal server error, {REQUEST}, with Opus 4.7, at 14:03 UTC"),
        {"rules": ["api-500"], "comment_lacks": ["Please add:"]},
    ),
    "asked: what is missing": (
        "[BUG] x",
        make_form("API Error: 500 Internal server error", "2.1.230"),
        {
            "rules": ["api-500"],
            "comment_has": ["Please add: the model, the time with its time zone, and one request id."],
        },
    ),
    "asked: a version that is none": (
        "[BUG] x",
        make_form("API Error: 500 Internal server error", "latest"),
        {"rules": ["api-500"], "comment_has": ["Please add: the version (`claude --version`, or"]},
    ),
    "asked: in an app": (
        "[Bug] x",
        make_in_app("Error: Could not read Claude Code config"),
        {"rules": ["config-unreadable"], "comment_lacks": ["Please add:", "your system"]},
    ),
    "asked: pictures": (
        "[BUG] x",
        make_fields("![a](https://x.example/a.png)") + "### Claude Code Version\n\n2.1.230\n",
        {"rules": ["screenshot-only"], "comment_has": ["Please add: your operating system."]},
    ),
    # Messages that came up repeatedly.
    "code: wrapped": (
        "[BUG] x",
        show("OAuth error: Inva\n   lid code. Please make su\n   re"),
        knows("oauth-invalid-code"),
    ),
    "code: title": ("[BUG] OAuth error: Invalid code", "I paste all of it.", knows("oauth-invalid-code")),
    "code: prose": ("[BUG] login", 'It says "OAuth error: invalid code" each time.', knows("oauth-invalid-code")),
    "status: 400": ("[BUG] x", show("OAuth error: Request failed with status code 400"), knows("oauth-request-failed")),
    "status: 403": (
        "[BUG] x",
        show('API Error: 403 {"error":{"type":"forbidden","message":"Request not allowed"}}'),
        {"rules": ["oauth-request-failed"], "comment_has": ["status 403"]},
    ),
    "status: 500": (
        "[BUG] x",
        show("Login failed: OAuth token exchange failed, status 500"),
        {"rules": ["oauth-request-failed"], "comment_has": ["server error"]},
    ),
    "token: malformed": (
        "[BUG] x",
        show("401 The provided token was not found or is malformed."),
        knows("oauth-token-invalid"),
    ),
    "token: invalid": ("[BUG] OAuth token is invalid after a minute", "So it is.", knows("oauth-token-invalid")),
    "token: in words": ("[BUG] x", "It reports a malformed OAuth access token.", knows("oauth-token-invalid")),
    "bedrock: title": ("[BUG] The provided model identifier is invalid", "x", knows("bedrock-model-invalid")),
    "bedrock: no hint": (
        "[BUG] x",
        show("400 The provided model identifier is invalid."),
        {"rules": ["bedrock-model-invalid"], "comment_lacks": ["Try --model"]},
    ),
    "bedrock: in words": ("[BUG] x", "On Bedrock: invalid model identifier", knows("bedrock-model-invalid")),
    "processor: macOS": ("[BUG] x", show("zsh: illegal hardware instruction  claude"), knows("illegal-instruction")),
    "processor: Bun": (
        "[BUG] x",
        show("panic(main thread): Illegal instruction at address 0x1\noh no: Bun has crashed."),
        knows("illegal-instruction"),
    ),
    "processor: AVX": ("[BUG] x", show("CPU lacks AVX support. Please consider"), knows("illegal-instruction")),
    "installer: notes": (
        "[BUG] x",
        show(r"installMethod is native, but claude command not found at C:\Users\me\.local\bin\claude.exe"),
        knows("install-no-executable"),
    ),
    "installer: npm": (
        "[BUG] x",
        show("Error: claude native binary not installed."),
        {"rules": ["install-no-executable"], "comment_has": ["optional dependency"]},
    ),
    "installer: in words": (
        "[BUG] Installation succeeds but there is no claude.exe",
        "The folder is empty.",
        knows("install-no-executable"),
    ),
    "image: title": ("[Bug] Anthropic API Error: Could not process image", "x", knows("image-not-processed")),
    "image: wrapped": ("[BUG] x", show("API Error: 400 Could not pro\n     cess image"), knows("image-not-processed")),
    "image: screenshot": (
        "[BUG] x",
        make_form('{"type":"invalid_request_error","message":"Could not process image"}'),
        knows("image-not-processed"),
    ),
    "5xx: in words": ("[BUG] x", "Since noon Claude Code answers with an internal server error.", knows("api-500")),
    "5xx: a gateway's words": ("[BUG] x", "The API returns a bad gateway all day.", knows("api-500")),
    "5xx: upstream": ("[BUG] x", show("API Error: no healthy upstream"), knows("api-500")),
    "5xx: of one's own": ("[BUG] x", "My app returns an internal server error after the edit.", SILENT),
    "gateway: JSON": (
        "[BUG] x",
        show('API Error: 400 {"error":{"message":"no channel for this model","code":"x"}}'),
        knows("third-party-gateway-400"),
    ),
    "gateway: a page": (
        "[BUG] x",
        show("API Error: 400 <html><head><title>400 Bad Request</title></head></html>"),
        knows("third-party-gateway-400"),
    ),
    "gateway: named": (
        "[BUG] x",
        f"Behind LiteLLM.\n\n{show('API Error: 400 Budget has been exceeded!')}",
        knows("third-party-gateway-400"),
    ),
    # Compaction that fails.
    "compact: prose": (
        "[BUG] stuck",
        make_form("Prompt is too long. /compact fails with the same message."),
        {"rules": ["compact-failed"], "comment_lacks": ["Run `/compact`"]},
    ),
    "compact: nested": (
        "[BUG] stuck",
        show(
            "Error: Error during compaction: Error: API Error: 400 prompt is too long: 208310 tokens > 200000 maximum"
        ),
        knows("compact-failed"),
    ),
    "compact: cannot": (
        "[BUG] Context limit reached",
        "Context limit reached · /compact or /clear to continue\n\nI cannot run /compact.",
        {"rules": ["compact-failed"]},
    ),
    "compact: tried": (
        "[BUG] stuck",
        make_form("Prompt is too long, also after /compact."),
        {"rules": ["prompt-too-long-400"], "comment_lacks": ["`/compact`"], "comment_has": ["`/clear`"]},
    ),
    "compact: a large request": (
        "[BUG] 413",
        make_form("Request too large (max 32MB). I tried to compact, no use."),
        {"rules": ["request-too-large"], "comment_lacks": ["`/compact`"]},
    ),
    "compact: not tried": (
        "[BUG] stuck",
        make_form("Prompt is too long"),
        {"rules": ["prompt-too-long-400"], "comment_has": ["Run `/compact`"]},
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


@pytest.mark.parametrize("name", sorted(path.stem for path in FIELD.glob("*.json")))
def test_a_report_gets_what_it_should(name: str) -> None:
    assert find_faults(json.loads((FIELD / f"{name}.json").read_text("utf-8"))) == []


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_of_the_same_kind_gets_what_it_should(name: str) -> None:
    title, body, expected = REPORTS[name]
    assert find_faults({"title": title, "body": [body], "expected": expected}) == []
