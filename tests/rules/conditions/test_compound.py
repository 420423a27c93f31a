"""Each condition: when it holds, when it does not, and on which evidence."""

import pytest

from bot.rules.matcher import match_rules, read_facts
from bot.tracker.types import Issue
from bot.workbench.explain.diagnosis import explain_facts
from tests.issue.issues import make_comment, make_issue
from tests.rules.rules import explain, make_ruleset, write_rule

PACK = """
name: rules
captures:
  version: {first_of: [{section: Version}]}
  os: {map: {darwin: macos, windows: windows, linux: linux, wsl: wsl}, first_of: [{section: Platform}]}
placeholders: ["1.0.123"]
"""
FORM = (
    "### What happened?\n\nIt broke.\n\n### Logs\n\n```shell\nboom 2.5\n```\n\n### Version\n\n2.1.23\n\n"
    "### Platform\n\nDarwin\n\n### Link\n\nhttps://github.com/o/r\n\n### Empty\n\n_No response_\n\n### Old\n\n1.0.123\n"
)
LINES = "  Compiling…\r\n\tError TS2304: no `x`\r\n10%\r20%\rdone\x1b[0m\nat a.b (c.ts)\n"
UPLOADS = (
    "[app.log](https://github.com/user-attachments/files/1/app.log)\n![Uploading a.png…]()\n\n"
    "```\n[b.txt](https://github.com/user-attachments/files/2/b.txt)\n```\n"
)
LINKS = "See [it](https://E.com/Gist/1/?raw=1#L2) and <https://e.com>.\n\n```\nhttps://f.com/x\n```\n"
CHECKLISTS = "### Before\n\n- [x] I searched\n\n### After\n\n- [ ] I searched\n- [x] I waited\n"
BOXES = "- [x] I have searched\n- [ ] I am on the latest version\n"
TRACE = 'Traceback (most recent call last):\n  File "/a/core.py", line 1, in run\n  File "/b/hacs.py", line 2, in go\n'
IN_APP = "**Bug Description**\nIt broke.\n**Environment Info**\n- Version: 2.0\n**Errors**\nboom in the dump\n"


def evidence(match: str, issue: Issue) -> list[tuple[str, str]] | None:
    ruleset = make_ruleset(write_rule(match=match), pack=PACK)
    assert explain(ruleset) == []
    matches = match_rules(read_facts(issue, ruleset), ruleset)
    return [(item.view, item.text.strip()) for item in matches[0].evidence] if matches else None


SAID_AGAIN = "### A\n\nit is broken now\n\n### OS\n\nWindows\n\n### B\n\nit is broken now\n"


@pytest.mark.parametrize(
    "match, issue, expected",
    [
        pytest.param("{phrase: it broke}", make_issue(FORM), [("body", "It broke")], id="phrase"),
        pytest.param("{phrase: it worked}", make_issue(FORM), None, id="phrase, not there"),
        pytest.param("{phrase: it broke, in: [title]}", make_issue(FORM), None, id="phrase, elsewhere"),
        pytest.param("{phrase: boom, in: logs}", make_issue(FORM), [("logs", "boom")], id="phrase in one view"),
        pytest.param(
            "{phrase: boom, in: ['section: Logs']}",
            make_issue(FORM),
            [("section: Logs", "boom")],
            id="phrase in a section",
        ),
        pytest.param(
            "{phrase: boom, in: [section: logs]}",
            make_issue(FORM),
            [("section: logs", "boom")],
            id="the same, unquoted, and named as the rule has it",
        ),
        pytest.param("{phrase: boom, in: [errors]}", make_issue(IN_APP), [("errors", "boom")], id="phrase in the dump"),
        pytest.param("{phrase: boom in the dump}", make_issue(IN_APP), None, id="the dump is not read unasked"),
        pytest.param(
            "{phrase: boom, in: [comments]}",
            make_issue(comments=(make_comment("boom"),)),
            [("comments", "boom")],
            id="phrase in comments",
        ),
        pytest.param(
            "{phrase: boom}", make_issue(comments=(make_comment("boom"),)), None, id="comments are not read unasked"
        ),
        pytest.param(r"{regex: 'boom (?P<n>\d)\.5'}", make_issue(FORM), [("logs", "boom 2.5")], id="regex"),
        pytest.param(r"{regex: 'BOOM'}", make_issue(FORM), [("logs", "boom")], id="regex, cased"),
        pytest.param(r"{regex: 'bo{3}m'}", make_issue(FORM), None, id="regex, not there"),
        pytest.param(
            r"{regex: boom, in: [section: Logs]}",
            make_issue(FORM),
            [("section: Logs", "boom")],
            id="regex in a section",
        ),
        pytest.param("{section: Platform, is: darwin}", make_issue(FORM), [("section: Platform", "Darwin")], id="is"),
        pytest.param("{section: Platform, is: dar}", make_issue(FORM), None, id="is, another"),
        pytest.param(
            "{section: A, is: x}",
            make_issue("### A\n\n<!-- one of x, y -->\nX\n"),
            [("section: A", "<!-- one of x, y -->\nX")],
            id="is, beside a comment",
        ),
        pytest.param(
            "{section: Platform, one_of: [linux, darwin]}",
            make_issue(FORM),
            [("section: Platform", "Darwin")],
            id="one_of",
        ),
        pytest.param("{section: Logs, contains: boom}", make_issue(FORM), [("section: Logs", "boom")], id="contains"),
        pytest.param("{section: Logs, contains: bang}", make_issue(FORM), None, id="contains, not there"),
        pytest.param(
            "{section: Empty, empty: true}", make_issue(FORM), [("section: Empty", "_No response_")], id="empty"
        ),
        pytest.param("{section: Logs, empty: true}", make_issue(FORM), None, id="empty, answered"),
        pytest.param("{section: Nope, empty: true}", make_issue(FORM), None, id="empty, missing"),
        pytest.param(
            "{section: Platform, empty: false}", make_issue(FORM), [("section: Platform", "Darwin")], id="not empty"
        ),
        pytest.param("{section: Nope, empty: false}", make_issue(FORM), None, id="not empty, missing"),
        pytest.param("{section: Nope, missing: true}", make_issue(FORM), [], id="missing"),
        pytest.param("{section: Logs, missing: true}", make_issue(FORM), None, id="missing, there"),
        pytest.param(
            "{section: Platform, missing: false}", make_issue(FORM), [("section: Platform", "Darwin")], id="not missing"
        ),
        pytest.param(
            "{section: Old, placeholder: true}", make_issue(FORM), [("section: Old", "1.0.123")], id="placeholder"
        ),
        pytest.param("{section: Version, placeholder: true}", make_issue(FORM), None, id="placeholder, answered"),
        pytest.param(
            "{section: Version, placeholder: false}",
            make_issue(FORM),
            [("section: Version", "2.1.23")],
            id="no placeholder",
        ),
        pytest.param(
            "{section: Link, url_host: [gitlab.com, github.com]}",
            make_issue(FORM),
            [("section: Link", "https://github.com/o/r")],
            id="url_host",
        ),
        pytest.param(
            "{section: Version, is: 2.1.23, missing: false}",
            make_issue(FORM),
            [("section: Version", "2.1.23"), ("section: Version", "2.1.23")],
            id="several tests of a section",
        ),
        pytest.param(
            "{checkbox: have searched}", make_issue(BOXES), [("checkbox", "- [x] I have searched")], id="checkbox"
        ),
        pytest.param("{checkbox: latest version}", make_issue(BOXES), None, id="checkbox, not ticked"),
        pytest.param(
            "{checkbox: latest VERSION, ticked: false}",
            make_issue(BOXES),
            [("checkbox", "- [ ] I am on the latest version")],
            id="checkbox that is not ticked",
        ),
        pytest.param(
            "{checkbox: I searched, section: Before}",
            make_issue(CHECKLISTS),
            [("checkbox", "- [x] I searched")],
            id="checkbox in a section",
        ),
        pytest.param("{checkbox: I searched, section: After}", make_issue(CHECKLISTS), None, id="in another section"),
        pytest.param(
            "{checkbox: I searched, section: After, ticked: false}",
            make_issue(CHECKLISTS),
            [("checkbox", "- [ ] I searched")],
            id="not ticked in a section",
        ),
        pytest.param("{checkbox: I searched, section: Nope}", make_issue(CHECKLISTS), None, id="no such section"),
        pytest.param(
            "{checkbox: I waited, section: After, empty: true}",
            make_issue(CHECKLISTS),
            None,
            id="with a test of the section",
        ),
        pytest.param(
            "{regex: '^error ts\\d+', lines: true}",
            make_issue(LINES),
            [("body", "Error TS2304")],
            id="the start of a line",
        ),
        pytest.param(
            "{regex: 'no (?P<name>\\w+)$', lines: true}", make_issue(LINES), [("body", "no `x")], id="and its end"
        ),
        pytest.param("{regex: '^20%$', lines: true}", make_issue(LINES), [("body", "20%")], id="a progress line"),
        pytest.param("{regex: '^done$', lines: true}", make_issue(LINES), [("body", "done")], id="with colours"),
        pytest.param("{regex: 'x.at|x\\W+10|10%[^a]+done', lines: true}", make_issue(LINES), None, id="it stays in it"),
        pytest.param("{regex: '^error'}", make_issue(LINES), None, id="without lines"),
        pytest.param("{regex: '^error', lines: false}", make_issue(LINES), None, id="lines turned off"),
        pytest.param(
            "{regex: '^ *at b', lines: true}",
            make_issue(r'we saw "error\n  at b\n" in it'),
            [("body", "at b")],
            id="the line ends of JSON",
        ),
        pytest.param(
            "{attachment: '*.LOG'}",
            make_issue(UPLOADS),
            [("body", "[app.log](https://github.com/user-attachments/files/1/app.log)")],
            id="attachment",
        ),
        pytest.param("{attachment: '*.txt'}", make_issue(UPLOADS), None, id="attachment in a fence"),
        pytest.param("{attachment: '*.png'}", make_issue(UPLOADS), None, id="attachment that did not finish"),
        pytest.param(
            "{attachment: ['*.txt', unfinished]}",
            make_issue(UPLOADS),
            [("body", "![Uploading a.png…]()")],
            id="attachment unfinished",
        ),
        pytest.param(
            "{attachment: 'app.log'}",
            make_issue(comments=(make_comment(UPLOADS, "other"), make_comment(UPLOADS))),
            [("comments", "[app.log](https://github.com/user-attachments/files/1/app.log)")],
            id="attachment in the author's comment",
        ),
        pytest.param(
            "{link: 'https://e.com/Gist/*'}",
            make_issue(LINKS),
            [("body", "[it](https://E.com/Gist/1/?raw=1#L2)")],
            id="link",
        ),
        pytest.param("{link: 'https://f.com/*'}", make_issue(LINKS), None, id="link in a fence"),
        pytest.param("{link: 'e.com/*', in: [title, comments]}", make_issue(LINKS), None, id="link elsewhere"),
        pytest.param(
            "{link: 'github.com/o/*', in: [section: Link]}",
            make_issue(FORM),
            [("section: Link", "https://github.com/o/r")],
            id="link in a section",
        ),
        pytest.param("{checkbox: nope, ticked: false}", make_issue(BOXES), None, id="checkbox, not there"),
        pytest.param("{version: '<2.2'}", make_issue(FORM), [("section: Version", "2.1.23")], id="version"),
        pytest.param("{version: '<2.1'}", make_issue(FORM), None, id="version, outside"),
        pytest.param("{version: '<2.1'}", make_issue("x"), None, id="version, not stated"),
        pytest.param("{version: unknown}", make_issue("x"), [], id="version unknown"),
        pytest.param("{version: unknown}", make_issue(FORM), None, id="version unknown, stated"),
        pytest.param("{os: macOS}", make_issue(FORM), [("section: Platform", "Darwin")], id="capture"),
        pytest.param("{os: [linux, macos]}", make_issue(FORM), [("section: Platform", "Darwin")], id="capture, a list"),
        pytest.param("{os: linux}", make_issue(FORM), None, id="capture, another"),
        pytest.param("{os: unknown}", make_issue("x"), [], id="capture unknown"),
        pytest.param("{code: 0xC0000005}", make_issue("exit code -1073741819."), [("body", "-1073741819")], id="code"),
        pytest.param("{code: [1, 137]}", make_issue("exited with code 137"), [("body", "137")], id="code, a list"),
        pytest.param("{code: 1}", make_issue("exited with code 137"), None, id="code, another"),
        pytest.param(
            "{frame: hacs.py, at: top}",
            make_issue(TRACE),
            [("logs", 'File "/b/hacs.py", line 2, in go')],
            id="frame at the top",
        ),
        pytest.param("{frame: core.py, at: top}", make_issue(TRACE), None, id="frame, not at the top"),
        pytest.param(
            "{frame: core.py}", make_issue(TRACE), [("logs", 'File "/a/core.py", line 1, in run')], id="frame"
        ),
        pytest.param("{label: [x, BUG]}", make_issue(labels=("bug",)), [], id="label"),
        pytest.param("{label: x}", make_issue(labels=("bug",)), None, id="label, another"),
        pytest.param("{no_label: x}", make_issue(labels=("bug",)), [], id="no_label"),
        pytest.param("{no_label: Bug}", make_issue(labels=("bug",)), None, id="no_label, there"),
        pytest.param("{author: [MEMBER, OWNER]}", make_issue(association="OWNER"), [], id="author"),
        pytest.param("{author: OWNER}", make_issue(), None, id="author, another"),
        pytest.param("{language: zh}", make_issue("启动后立即崩溃了"), [], id="language"),
        pytest.param("{language: unknown}", make_issue("x"), [], id="language unknown"),
        pytest.param("{layout: [form]}", make_issue(FORM), [], id="layout"),
        pytest.param("{layout: free}", make_issue(FORM), None, id="layout, another"),
        pytest.param("{body: empty}", make_issue(" "), [], id="body empty"),
        pytest.param("{body: empty}", make_issue("x"), None, id="body, not empty"),
        pytest.param("{body: images_only}", make_issue("![a](https://x.org/a.png)"), [], id="body, images"),
        pytest.param("{body: template_untouched}", make_issue("### A\n\n_No response_\n"), [], id="body, template"),
        pytest.param("{body: template_untouched}", make_issue("x"), None, id="body, no template"),
        pytest.param("{body: links_only}", make_issue("See: https://x.org/a"), None, id="body, a link and a word"),
        pytest.param("{body: links_only}", make_issue("<https://x.org/a>"), [], id="body, a link"),
        pytest.param("{body: repeated}", make_issue("It broke!", title="it broke"), [], id="body, the title again"),
        pytest.param("{body: repeated}", make_issue(SAID_AGAIN), [], id="body, one statement in two fields"),
        pytest.param(
            "{body: repeated}",
            make_issue(SAID_AGAIN + "It did not before, though I cannot say since when.\n"),
            None,
            id="and something else",
        ),
        pytest.param(
            "{body: repeated}",
            make_issue("### A\n\nno\n\n### B\n\nno\n\n### C\n\ncrash on start\n"),
            None,
            id="body, short answers",
        ),
        pytest.param("{body: repeated}", make_issue("It broke now", title="it broke"), None, id="body, more than it"),
    ],
)
def test_a_condition(match: str, issue: Issue, expected: list[tuple[str, str]] | None) -> None:
    assert evidence(match, issue) == expected


A, B, C = "{phrase: apple pie}", "{phrase: banana split}", "{phrase: cherry cake}"
FRUIT = make_issue("apple pie, banana split")


@pytest.mark.parametrize(
    "match, expected",
    [
        pytest.param(f"{{all: [{A}, {B}]}}", ["apple pie", "banana split"], id="all"),
        pytest.param(f"{{all: [{A}, {C}]}}", None, id="all, one missing"),
        pytest.param(f"{{any: [{C}, {B}, {A}]}}", ["banana split", "apple pie"], id="any: all that hold are told"),
        pytest.param(f"{{any: [{C}]}}", None, id="any, none there"),
        pytest.param(f"{{none: [{C}]}}", [], id="none"),
        pytest.param(f"{{none: [{C}, {A}]}}", None, id="none, one there"),
        pytest.param(f"{{at_least: {{n: 2, of: [{A}, {B}, {C}]}}}}", ["apple pie", "banana split"], id="at_least"),
        pytest.param(f"{{at_least: {{n: 3, of: [{A}, {B}, {C}]}}}}", None, id="at_least, too few"),
        pytest.param("{phrase: apple pie, regex: split}", ["apple pie", "split"], id="side by side"),
        pytest.param("{phrase: apple pie, regex: cake}", None, id="side by side, one missing"),
        pytest.param(f"{{any: [{{all: [{A}, {{none: [{C}]}}]}}]}}", ["apple pie"], id="nested"),
        pytest.param(f"{{none: [{{none: [{A}]}}]}}", [], id="twice negated: no evidence"),
        pytest.param(f"{{none: [{{all: [{A}, {C}]}}]}}", [], id="none of all"),
        pytest.param(f"{{all: [{A}], none: [{B}]}}", None, id="all and none"),
        pytest.param("{none: [{phrase: pie, in: [section: X]}]}", [], id="none, in a section"),
        pytest.param(
            "{phrase: apple pie, all: [{phrase: APPLE pie}]}", ["apple pie", "apple pie"], id="two wishes, one text"
        ),
        pytest.param(f"{{all: [{A}, {A}]}}", ["apple pie"], id="the same wish counts once"),
    ],
)
def test_combinators(match: str, expected: list[str] | None) -> None:
    found = evidence(match, FRUIT)
    assert (None if found is None else [text for _, text in found]) == expected


@pytest.mark.parametrize(
    "link, expected",
    [
        ("https://github.com/o/r", True),
        ("http://www.GitHub.com/o/r", True),
        ("[here](https://github.com/o/r)", True),
        ("<https://github.com>", True),
        ('"https://github.com/o"', True),
        ("see github.com/o/r.", True),
        ("github.com.", True),
        ("https://github.com.evil.org/o", False),
        ("https://github.com@evil.org/o", False),
        ("https://notgithub.com", False),
        ("me@github.com", False),
        ("first.last@github.com", False),
        ("https://[broken", False),
        ("https://exa\u2100mple.org", False),
        ("<!-- https://github.com/o/r -->", False),
        ("a", False),
        ("", False),
    ],
)
def test_hosts_of_links(link: str, expected: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert (evidence("{section: L, url_host: github.com}", make_issue(f"### L\n\n{link}\n")) is not None) is expected


@pytest.mark.parametrize(
    "match, issue, expected",
    [
        ("{phrase: it worked}", make_issue(FORM), ('phrase: "it worked"', "not in title, body, logs")),
        ("{regex: worked}", make_issue(FORM), ("regex: worked", "not in title, body, logs")),
        ("{section: Platform, is: x}", make_issue(FORM), ('section: Platform, is: "x"', "it says 'Darwin'")),
        ("{section: X, is: x}", make_issue(FORM), ('section: X, is: "x"', "there is no such section")),
        ("{section: Logs, empty: true}", make_issue(FORM), ("section: Logs, empty: true", "it is answered")),
        ("{section: Empty, empty: false}", make_issue(FORM), ("section: Empty, empty: false", "it is empty")),
        ("{section: X, empty: true}", make_issue(FORM), ("section: X, empty: true", "it is missing")),
        (
            "{checkbox: searched, ticked: false}",
            make_issue(BOXES),
            ('checkbox: "searched", ticked: false', "it is ticked"),
        ),
        ("{checkbox: latest}", make_issue(BOXES), ('checkbox: "latest", ticked: true', "it is not ticked")),
        ("{checkbox: x}", make_issue(BOXES), ('checkbox: "x", ticked: true', "there is no such box")),
        (
            "{checkbox: searched, section: After}",
            make_issue(CHECKLISTS),
            ('checkbox: "searched", section: After, ticked: true', "it is not ticked"),
        ),
        ("{attachment: [a, b]}", make_issue(UPLOADS), ("attachment: a or b", "no such upload")),
        ("{link: 'e.com/x'}", make_issue(LINKS), ("link: e.com/x", "no such link")),
        ("{regex: x, lines: true}", make_issue(""), ("regex: x, lines: true", "not in title, body, logs")),
        ("{version: '>9'}", make_issue(FORM), ('version: ">9"', "version is 2.1.23")),
        ("{version: '>9'}", make_issue(""), ('version: ">9"', "version is unknown")),
        ("{os: [linux, wsl]}", make_issue(FORM), ("os: linux or wsl", "os is macos")),
        ("{code: 5}", make_issue(FORM), ("code: 5", "no such code")),
        ("{frame: x}", make_issue(FORM), ('frame: "x", at: any', "no such frame")),
        ("{label: x}", make_issue(labels=("bug",)), ("label: x", "it has bug")),
        ("{label: x}", make_issue(), ("label: x", "it has none")),
        ("{any: [{phrase: it worked}]}", make_issue(), ("any", "0 of 1 hold")),
        ("{at_least: {n: 2, of: [{body: empty}, {label: x}]}}", make_issue(), ("at least 2", "1 of 2 hold")),
        ("{none: [{body: empty}]}", make_issue(), ("none", "body: empty holds")),
    ],
)
def test_what_did_not_hold_says_what_was_there(match: str, issue: Issue, expected: tuple[str, str]) -> None:
    ruleset = make_ruleset(write_rule(match=match), pack=PACK)
    (found,) = explain_facts(read_facts(issue, ruleset), ruleset)
    assert (found.verdict.holds, found.verdict.wanted, found.verdict.seen) == (False, *expected)


def test_what_a_condition_sets_holds_when_it_does() -> None:
    match = "{any: [{phrase: apple pie, set: {kind: sweet, is_good: true}}, {phrase: onion soup, set: {kind: salty}}]}"
    ruleset = make_ruleset(write_rule(match=match))
    (found,) = match_rules(read_facts(FRUIT, ruleset), ruleset)
    assert {name: (capture.value, capture.is_echoable) for name, capture in found.captures.items()} == {
        "kind": ("sweet", True),
        "is_good": ("true", True),
    }


def test_what_must_not_hold_captures_nothing() -> None:
    ruleset = make_ruleset(write_rule(match="{none: [{none: [{phrase: 'apple {what:any} banana', set: {a: 1}}]}]}"))
    (found,) = match_rules(read_facts(FRUIT, ruleset), ruleset)
    assert found.captures == {}


def test_groups_of_a_pattern_are_captures_that_are_never_echoed() -> None:
    ruleset = make_ruleset(write_rule(match=r"{regex: 'apple (?P<what>\w+)(?P<more> split)?'}"))
    (found,) = match_rules(read_facts(FRUIT, ruleset), ruleset)
    assert {name: (capture.value, capture.is_echoable) for name, capture in found.captures.items()} == {
        "what": ("pie", False)
    }
