"""Facts that a pack defines: where each is stated, and what a statement means."""

import pytest

from bot.rules.captures import find_captures
from bot.rules.conditions.types import Capture, choose_captures
from bot.rules.matcher import read_facts
from bot.tracker.types import Issue
from tests.issue.issues import make_issue
from tests.rules.rules import explain, make_ruleset

VERSION = (
    'version: {first_of: [{section: Version}, {section: Client}, {phrase: "Tool v{version:version}"}, '
    "{regex: 'release (\\d+\\.\\d+)(-x)?'}]}"
)
MAP = "{windows: windows, Windows Subsystem for Linux: wsl, darwin: macos, 日本: japan}"
OS = f"os: {{map: {MAP}, first_of: [{{section: OS}}]}}"
NAMES = "use lower-case letters, digits and `_`, but no key of the rule language"
ID = 'request: {type: id, first_of: [{section: Request}, {regex: "req-[a-z]+"}, {regex: "trace(=[a-z]+)?"}]}'
SOURCE = "location: {type: source, first_of: [{regex: 'panicked at (?:/rustc/[0-9a-f]+.)?([^ ]+)'}]}"
FREE = "note: {first_of: [{section: Note}]}"


def capture(definition: str, issue: Issue) -> tuple[str, str, str, tuple[str, ...]] | None:
    """Value, type, place and what is also stated."""
    pack = f"name: rules\nplaceholders: ['1.0.123']\ncaptures:\n  {definition}\n"
    ruleset = make_ruleset(pack=pack)
    assert explain(ruleset) == []
    found = find_captures(ruleset.packs[0].captures, read_facts(issue, ruleset))
    return next(((item.value, item.type, item.place, item.also_stated) for item in found.values()), None)


@pytest.mark.parametrize(
    "definition, issue, expected",
    [
        pytest.param(
            VERSION, make_issue("### Version\n\nv2.1.23 (Tool)\n"), ("2.1.23", "version", "field", ()), id="field"
        ),
        pytest.param(
            VERSION, make_issue("Version: 2.1.23\n"), ("2.1.23", "version", "prose", ()), id="a line of prose"
        ),
        pytest.param(VERSION, make_issue("on Tool v2.1.23"), ("2.1.23", "version", "prose", ()), id="phrase in prose"),
        pytest.param(VERSION, make_issue("on Release 2.1"), ("2.1", "version", "prose", ()), id="pattern in prose"),
        pytest.param(
            VERSION, make_issue(title="on Tool v2.1"), ("2.1", "version", "prose", ()), id="phrase in the title"
        ),
        pytest.param(
            VERSION,
            make_issue("Tool v1.0\n\n### Version\n\n2.0\n\n### Logs\n\n```\nTool v3.0\n```\n"),
            ("3.0", "version", "logs", ("2.0", "1.0")),
            id="logs over fields over prose",
        ),
        pytest.param(
            VERSION,
            make_issue("### Client\n\n2.0\n\n### Version\n\n1.0\n"),
            ("1.0", "version", "field", ("2.0",)),
            id="of one place the first source",
        ),
        pytest.param(
            VERSION,
            make_issue("### Version\n\n2.1.9, then 2.1.10\n"),
            ("2.1.10", "version", "field", ("2.1.9",)),
            id="the newest of several",
        ),
        pytest.param(VERSION, make_issue("### Version\n\n1.0.123\n"), None, id="a placeholder"),
        pytest.param(VERSION, make_issue("### Version\n\nopus 4.7\n"), None, id="a model"),
        pytest.param(
            VERSION,
            make_issue("### Version\n\n<!-- such as 9.9.9 -->\n2.1.0\n"),
            ("2.1.0", "version", "field", ()),
            id="beside a comment",
        ),
        pytest.param(VERSION, make_issue("nothing"), None, id="not stated"),
        pytest.param(OS, make_issue("### OS\n\nDarwin 24.1\n"), ("macos", "choice", "field", ()), id="map"),
        pytest.param(
            OS,
            make_issue("### OS\n\nWindows Subsystem for Linux\n"),
            ("wsl", "choice", "field", ()),
            id="map, the longest first",
        ),
        pytest.param(
            OS, make_issue("### OS\n\nwindows11\n"), ("windows", "choice", "field", ()), id="map, beside digits"
        ),
        pytest.param(OS, make_issue("### OS\n\nMyWindowsX\n"), None, id="map, inside a word"),
        pytest.param(OS, make_issue("### OS\n\n日本\n"), ("japan", "choice", "field", ()), id="map, other letters"),
        pytest.param(OS, make_issue("### OS\n\nBeOS\n"), None, id="map, not in it"),
        pytest.param(ID, make_issue("### Request\n\nid: ab-1!\n"), ("ab-1", "id", "field", ()), id="a typed field"),
        pytest.param(ID, make_issue("### Request\n\n!!\n"), None, id="a typed field without a value"),
        pytest.param(
            ID, make_issue("sent req-abc now"), ("req-abc", "id", "prose", ()), id="a pattern without a group"
        ),
        pytest.param(ID, make_issue("a trace here"), None, id="a group that took no part"),
        pytest.param(
            SOURCE,
            make_issue("panicked at /rustc/0a1b\\compiler\\rustc_hir\\src\\hir.rs:1:2:"),
            ("compiler/rustc_hir/src/hir.rs", "source", "logs", ()),
            id="a source file",
        ),
        pytest.param(
            SOURCE,
            make_issue("panicked at C:\\Users\\Ann\\tool\\src\\new.rs:1:2:"),
            ("tool/src/new.rs", "source", "logs", ()),
            id="a source file in somebody's home",
        ),
        pytest.param(SOURCE, make_issue("panicked at /etc/passwd:1"), None, id="no source file"),
        pytest.param(FREE, make_issue("### Note\n\nAs I said\n"), ("As I said", "any", "field", ()), id="free text"),
        pytest.param(FREE, make_issue("### Note\n\n_No response_\n"), None, id="free text, unanswered"),
    ],
)
def test_a_capture(definition: str, issue: Issue, expected: tuple[str, str, str, tuple[str, ...]] | None) -> None:
    assert capture(definition, issue) == expected


def test_what_a_rule_finds_itself_is_most_trusted() -> None:
    stated = Capture(name="a", value="1", type="id", place="logs", also_stated=("2",))
    own = Capture(name="a", value="3", type="choice", place="rule")
    assert choose_captures([stated, own]) == {
        "a": Capture(name="a", value="3", type="choice", place="rule", also_stated=("1", "2"))
    }


def test_the_same_value_twice_is_stated_once() -> None:
    found = [Capture(name="a", value=value, type="id") for value in ("1", "2", "1", "2")]
    assert choose_captures(found)["a"].also_stated == ("2",)


@pytest.mark.parametrize(
    "definition, expected",
    [
        ("a: {first_of: []}", "4:7: `first_of` needs at least 1 item"),
        ("a: {first_of: [{}]}", "4:18: a source must have exactly one of `section`, `phrase` and `regex`"),
        (
            "a: {first_of: [{section: A, regex: b}]}",
            "4:18: a source must have exactly one of `section`, `phrase` and `regex`",
        ),
        (
            "a: {first_of: [{phrase: one two three}]}",
            "4:19: the phrase of a capture must have exactly one hole, for example {version:version}",
        ),
        (
            "a: {first_of: [{phrase: 'one {n} two'}]}",
            "4:19: `{n}` is not a valid hole; write it like `{n:int}`, or write `{{` for a literal brace",
        ),
        (
            "a: {first_of: [{regex: '('}]}",
            "4:19: invalid RE2 pattern: missing ): (; put a backslash before each literal special character",
        ),
        ("a: {map: {'': x}, first_of: [{section: A}]}", "4:13: the key '' has no text to search for; remove it"),
        (
            "Label: {first_of: [{section: A}]}",
            f"3:1: `Label` cannot be the name of a capture; {NAMES}",
        ),
        (
            "label: {first_of: [{section: A}]}",
            f"3:1: `label` cannot be the name of a capture; {NAMES}",
        ),
        (
            "a: {map: [x], first_of: [{section: A}]}",
            "4:7: `map` must be `key: value` lines",
        ),
    ],
)
def test_a_capture_that_is_wrong(definition: str, expected: str) -> None:
    pack = f"name: rules\nplaceholders: ['1.0.123']\ncaptures:\n  {definition}\n"
    assert explain(make_ruleset(pack=pack)) == [f"rules/pack.yml:{expected}"]
