"""Whatever a stranger writes is read in bounded time. The only tests with a clock: a guard against quadratic time."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.loader import load_rules
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.rules.spec.document import read_document
from bot.text.normalize import MAX_CHARACTERS
from bot.tracker.types import Issue
from bot.workbench.check.checker import check_rules
from bot.workbench.check.lint import Terms
from tests.issue.issues import make_comment, make_issue
from tests.rules.rules import make_ruleset, write_rule

pytestmark = pytest.mark.slow(minutes=2)

SHIPPED = load_rules(["pack:claude-code"])
PACK = r"""
name: rules
captures:
  version: {first_of: [{section: Version}, {phrase: "Tool v{version:version}"}, {regex: 'release (\d+\.\d+)'}]}
  os: {map: {darwin: macos, win: windows}, first_of: [{section: Platform}]}
  request: {type: id, first_of: [{section: Request}, {phrase: "request {request:id} failed"}]}
layouts: {own: {headings: form, sections: {Logs: logs, Errors: errors}}}
placeholders: ["1.2.3"]
"""
EVERY_CONDITION: list[dict[str, object]] = [
    {"phrase": "exceeded the {limit:int} output token maximum of {what:any} today"},
    {"phrase": "a {a:word} b {b:path} c {c:any} d {d:url} e {e:money} f"},
    {"phrase": "oom", "in": ["title", "body", "logs", "errors", "comments", "section: Logs"]},
    {"phrase": "a (b"},
    {"regex": "(a+)+$", "in": ["title", "body", "logs", "errors", "comments"]},
    {"regex": "(?:(?:a?b?){10}){10}q"},
    {"regex": "^(a+)+$", "lines": True, "in": ["title", "body", "logs", "errors", "comments"]},
    {"attachment": ["*a*a*a*a*.log", "unfinished"]},
    {"link": "https://*a*a*a*a*/b", "in": ["title", "body", "logs", "errors", "comments", "section: Logs"]},
    {"checkbox": "I have searched", "section": "a"},
    {"phrase": "no module named {name:name} in {scope:name}"},
    {"section": "Logs", "empty": True},
    {"section": "Logs", "missing": True},
    {"section": "a", "one_of": ["x", "y"], "url_host": "github.com"},
    {"section": "Logs", "contains": "there {what:any} is no more"},
    {"section": "Version", "placeholder": True},
    {"checkbox": "I have searched", "ticked": False},
    {"version": "<2"},
    {"os": "windows"},
    {"code": [137, 0xC0000005]},
    {"frame": "a*a*a*a*b.*", "at": "top"},
    {"frame": "*b*"},
    {"label": "bug"},
    {"no_label": "bug"},
    {"author": "OWNER"},
    {"language": "zh"},
    {"layout": "free"},
    {"body": "empty"},
    {"body": "images_only"},
    {"body": "template_untouched"},
    {"at_least": {"n": 2, "of": [{"phrase": "one thing"}, {"phrase": "two things"}, {"none": [{"phrase": "x y"}]}]}},
]
EVERY = make_ruleset(
    *(write_rule(f"r{number}", json.dumps(match)) for number, match in enumerate(EVERY_CONDITION)), pack=PACK
)
UNITS = (
    *("```\n", "```a\n", "````a\n```\n", "~~~\n````\n", "- ```\n", "(", "(" * 999 + "\n", "<!--", "-->", "<!-- -->"),
    *(
        "[",
        "](",
        "[a](",
        '[a](b "',
        "[[",
        "![",
        "![](",
        "**",
        "**a**\n",
        "**a",
        "***",
        "`",
        "~",
        "_",
        "|",
        "│ ",
        "'",
        '"',
    ),
    *(
        "### a\n",
        "### a\n\n",
        "#",
        "# ",
        "<h1>a</h1>",
        "<h1 ",
        "<a ",
        "<img ",
        "<video ",
        "</",
        "<details>",
        "&#",
        "&amp;",
    ),
    *("- [x]", "- [x] a\n", "- [ ] I have searched\n", ">", "> a\n", " > ", "\\", "\\n", '\\"', "\\u005c", "\\ud83d"),
    *(" ", "\n", "\r\n", "\t", "\u200b", "\u202e", "\u0301", "\u0301\u0323", "e\u0301", "\u1161", "\ud800", "\x00"),
    *("\x1b[", "\x1b]", "^[]", "^[", "[0;", "0;", "ﷺ", "İ", "あ", "한", "Σ", "\U0001f600", "\ufeff"),
    *(
        "{{ 7*7 }}",
        "{% for x in y %}",
        "::error::a\n",
        "http://",
        "http://a.",
        "https://github.com/a/",
        "a.",
        "a@",
        "!",
    ),
    *(
        "a: b\n",
        "key: ",
        "- a: b\n",
        "Version: 1.2.3\n",
        "1.",
        "v1.",
        "1.1.1.1.1.",
        "error 1 ",
        "exit code ",
        "0x",
        "-1",
    ),
    *(
        "at ",
        "  at a(b in c\n",
        "  at a.b(c.js:1:1)\n",
        "1: ",
        "1: a b\n",
        "a(",
        "a()\n\t",
        'File "',
        'File "a", line 1\n',
    ),
    *(
        "https://a(",
        "https://a.b/(c)",
        "[a](https://",
        "![Uploading a",
        "[Uploading a…]()\n",
        '<img alt="',
        "<code>",
        "www.",
    ),
    *("</code>", '<!-- Uploading "', "https://github.com/user-attachments/files/1/a.log ", "\r", "^", "@a/", "www."),
    *(
        "$ ",
        "Error: ",
        "On a wrote:\n",
        "-",
        "---\n",
        '{"error":"',
        "C:\\a",
        "one thing ",
        "a b c d e f ",
        "request a ",
    ),
)
TEXTS = {
    **{repr(unit): (unit * (MAX_CHARACTERS // len(unit) + 1))[:MAX_CHARACTERS] for unit in UNITS},
    "a million (": "(" * 1_000_000,
    "64 KiB of a": "a" * MAX_CHARACTERS,
    "spaces in a frame": f"1:{' ' * 65_000}!",
    "words in frames": f"1: {'a ' * 150}!\n" * 200,
    "in in in": f"at {'in ' * 230}\n" * 90,
    "brackets in frames": f"{'(' * 700}\n" * 90,
    "fences in fences": "".join("`" * n + "a\n" for n in range(3, 300))
    + "".join("`" * n + "\n" for n in range(300, 3, -1)),
    "fences in known fields": "### Errors\n````a\n" * 1500 + "```\n" * 6000 + "````\n",
    "in-app again and again": "**Bug Description**\n**Environment Info**\n**Errors**\n" * 1000,
    "keys and spaces": f"a:{' ' * 1000}\n" * 60,
    "sections and versions": "### Version\n" * 500 + "1.2.3 " * 9000,
}


@contextmanager
def bounded(seconds: int = 2) -> Iterator[None]:
    """At most two seconds of this process's time: quadratic steps take many more on 64 KiB."""
    start = time.process_time()
    yield
    assert time.process_time() - start < seconds


def read_and_match(issue: Issue, *rulesets: Ruleset) -> None:
    for ruleset in rulesets:
        facts = read_facts(issue, ruleset)
        for match in match_rules(facts, ruleset):
            for item in match.evidence:
                assert item.start <= item.end
                assert item.line >= 1


def test_the_rules_here_are_sound() -> None:
    assert (EVERY.problems, len(EVERY.rules)) == ((), len(EVERY_CONDITION))


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_body(name: str) -> None:
    with bounded():
        read_and_match(make_issue(TEXTS[name]), SHIPPED, EVERY)


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_title_error_dump_and_comment(name: str) -> None:
    dump = f"**Bug Description**\nx\n**Environment Info**\n- A: b\n**Errors**\n{TEXTS[name]}"
    with bounded():
        read_and_match(make_issue(dump, title=TEXTS[name][:1000], comments=(make_comment(TEXTS[name]),)), EVERY)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(UNITS), min_size=1, max_size=4), st.integers(1, 2000))
def test_hostile_parts_in_any_mixture(units: list[str], times: int) -> None:
    with bounded():
        read_and_match(make_issue("".join(units) * times, title="".join(units)), SHIPPED, EVERY)


@given(st.text(st.characters(), max_size=300), st.text(st.characters(), max_size=80))
def test_any_text_at_all(body: str, title: str) -> None:
    read_and_match(make_issue(body, title=title, comments=(make_comment(body),)), SHIPPED, EVERY)


@pytest.mark.parametrize(
    "text", ["[" * 200_000, "{a: " * 60_000, "- " * 130_000, "a: &a [*a, *a]\n" * 9_000, "\t" * 200_000, "'" * 200_001]
)
def test_a_hostile_file(text: str) -> None:
    with bounded():
        assert read_document(text, "x.yml").problems != ()


def test_many_rules_of_one_pattern_are_tried_in_bounded_time() -> None:
    match = '{regex: "(a+)+$", in: [title, body, logs, errors, comments]}'
    ruleset = make_ruleset(*(write_rule(f"r{number}", match) for number in range(20)))
    with bounded():
        match_rules(read_facts(make_issue("a" * MAX_CHARACTERS + "!"), ruleset), ruleset)


def test_the_shipped_rules_are_checked_in_bounded_time() -> None:
    with bounded(6):  # 221 rules, each branch rendered, take 3 to 5
        check_rules(SHIPPED, Terms(proves_variants=False))
