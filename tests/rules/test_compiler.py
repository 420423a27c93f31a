"""What is wrong with a rule: every problem, at its place, with what to do."""

import pytest

from bot.rules.loader import build_ruleset
from bot.rules.spec.modifiers import SECTION_TESTS
from bot.text.language import LANGUAGES
from tests.rules.rules import explain, make_ruleset, write_rule

PACK = """
name: rules
captures:
  version: {first_of: [{section: Version}]}
  os: {first_of: [{section: Platform}]}
forbidden_words: [possible duplicate]
"""
SMALLER = "use smaller repetition counts, or several conditions"
BACKSLASH = "put a backslash before each literal special character"
SECTION = "`section` in the same condition, for example `section: Logs`"
BODIES = "`empty`, `images_only`, `links_only`, `repeated`, `template_untouched`"
LOWER = "lower `n`, or add conditions"
NOTHING_BACK = "RE2 does not support look-around or back-references"
BAD_TAG = "invalid template: Expected an expression, got 'end of statement block' (line 1 of the text)"
EMPTY = "the pattern matches the empty text, so it matches every issue; make a part of it required"
OF_A_LINE = "write `^` for the start of a line, `$` for its end, and `.` for any character"
NO_GLOB = "is a regular expression; write the name of a file with `*` for any text, such as `*.log`"
ADDRESS = "write an address with its host, such as `https://example.com/gist/*` or `example.com/*`"
FREE_TEXT = "free text of the reporter, which comments never repeat; give its hole a type such as `id` or `version`"
VIEWS = "for a form field, write `section: NAME`; allowed: `body`, `comments`, `errors`, `logs`, `title`"
MISSING = "a missing section has no text to test; use two conditions"


@pytest.mark.parametrize(
    "match, expected",
    [
        ("{}", "4:1: this condition tests nothing; add a key such as `phrase`"),
        ("{set: {a: 1}}", "4:1: this condition tests nothing; add a key such as `phrase`"),
        ("", "4:1: `match` must be `key: value` lines"),
        ("it broke", "4:1: `match` must be `key: value` lines"),
        ("{phrase: [a b, c d]}", "4:9: `phrase` must be one text, not a list; keep one item"),
        ("{phrase: 404404}", "4:9: `phrase` must be text, not `404404`; put it into quotes"),
        ("{phrase: ''}", "4:9: `phrase` is empty; fill it in, or remove it"),
        ("{phrase: x}", "4:9: the phrase has too little text to search for; write more of the message"),
        (
            "{phrase: it broke, in: [titel]}",
            "4:32: unknown view `titel`; for a form field, write `section: NAME`; did you mean `title`?",
        ),
        (
            "{phrase: it broke, regex: it, in: [section]}",
            f"4:43: unknown view `section`; {VIEWS}",
        ),
        (
            "{phrase: it broke, in: ['section: ']}",
            f"4:32: unknown view `section: `; {VIEWS}",
        ),
        ("{phrase: it broke, in: []}", "4:27: `in` needs at least 1 item"),
        (
            "{phrase: it broke, in: {sektion: x}}",
            '4:27: `sektion:` is read as a key; put the text into quotes: `"sektion: x"`',
        ),
        ("{in: [title]}", "4:9: `in` needs `phrase`, `regex` or `link` in the same condition"),
        (
            "{regex: '('}",
            f"4:9: invalid RE2 pattern: missing ): (; {BACKSLASH}",
        ),
        (
            "{regex: 'a(?=b)'}",
            f"4:9: invalid RE2 pattern: invalid perl operator: (?=; {NOTHING_BACK}",
        ),
        (
            "{regex: '(a)\\1'}",
            f"4:9: invalid RE2 pattern: invalid escape sequence: \\1; {NOTHING_BACK}",
        ),
        (
            "{regex: 'a{2000}'}",
            f"4:9: invalid RE2 pattern: invalid repetition size: {{2000}}; {SMALLER}",
        ),
        (
            "{regex: '\\pL{1000}'}",
            f"4:9: invalid RE2 pattern: pattern too large - compile failed; {SMALLER}",
        ),
        (
            "{regex: 'a.{0,999}b'}",
            f"4:9: the pattern is too large (8997 steps, at most 1000 allowed); {SMALLER}",
        ),
        (
            "{regex: 'a*'}",
            f"4:9: {EMPTY}",
        ),
        (
            "{section: Logs}",
            f"4:9: `section` needs a test in the same condition: {', '.join(SECTION_TESTS)} or checkbox",
        ),
        (
            "{empty: true}",
            f"4:9: `empty` needs {SECTION}; to test the whole body, use `body: empty`",
        ),
        (
            "{is: x}",
            f"4:9: `is` needs {SECTION}; to search the whole issue, use `phrase`",
        ),
        (
            "{section: Logs, missing: true, is: x}",
            f"4:1: {MISSING}",
        ),
        (
            "{section: Logs, contains: x}",
            "4:24: the phrase has too little text to search for; write more of the message",
        ),
        ("{section: Logs, one_of: x}", "4:24: `one_of` must be a list; put `- ` before each item"),
        ("{section: Logs, url_host: []}", "4:24: `url_host` needs at least 1 item"),
        ("{lines: true}", "4:9: `lines` needs `regex` in the same condition"),
        ("{phrase: it is full, lines: true}", "4:29: `lines` needs `regex` in the same condition"),
        (
            "{regex: '\\Aerror', lines: true}",
            f"4:9: `\\A` has no meaning with `lines: true`; {OF_A_LINE}",
        ),
        ("{regex: '(?-m:^error)', lines: true}", f"4:9: `(?-m` has no meaning with `lines: true`; {OF_A_LINE}"),
        ("{regex: '^$', lines: true}", f"4:9: {EMPTY}"),
        (
            "{regex: 'a.{0,999}b', lines: true}",
            f"4:9: the pattern is too large (8997 steps, at most 1000 allowed); {SMALLER}",
        ),
        ("{link: []}", "4:9: `link` needs at least 1 item"),
        ("{link: gist}", f"4:9: `gist` is not the target of a link; {ADDRESS}"),
        ("{link: [x.org/*, 'ftp://x.org']}", f"4:25: `ftp://x.org` is not the target of a link; {ADDRESS}"),
        ("{link: 'mailto:a@x.org'}", f"4:9: `mailto:a@x.org` is not the target of a link; {ADDRESS}"),
        ("{attachment: .log}", "4:9: `.log` is only the ending of a name; write `*.log`"),
        ("{attachment: ['*.log', txt]}", "4:31: `txt` is only the ending of a name; write `*.txt`"),
        ("{attachment: unfinised}", "4:9: no upload has the name `unfinised`; did you mean `unfinished`?"),
        ("{attachment: '.*\\.log$'}", f"4:9: `.*\\.log$` {NO_GLOB}"),
        ("{attachment: true}", "4:9: `attachment` must be text, not `true`; put it into quotes"),
        ("{attachment: []}", "4:9: `attachment` needs at least 1 item"),
        ("{attachment: 5}", "4:9: `attachment` must be text, not `5`; put it into quotes"),
        ("{section: X, missing: true, checkbox: y}", f"4:1: {MISSING}"),
        ("{ticked: true}", "4:9: `ticked` needs `checkbox` in the same condition"),
        ("{checkbox: x, ticked: perhaps}", "4:22: `ticked` must be true or false, not `perhaps`"),
        ("{at: top}", "4:9: `at` needs `frame` in the same condition"),
        ("{frame: x, at: bottom}", "4:19: `at` cannot be `bottom`; allowed: `any`, `top`"),
        (
            "{version: newest}",
            '4:9: \'newest\' is not a version range; write it like "<2.1.96", ">=1.2, <1.5" or "unknown"',
        ),
        ("{version: 2}", "4:9: `version` must be text, not `2`; put it into quotes"),
        ("{code: ECONNRESET}", "4:9: `code` must be a whole number, not `ECONNRESET`"),
        ("{code: []}", "4:9: `code` needs at least 1 item"),
        ("{label: []}", "4:9: `label` needs at least 1 item"),
        (
            "{author: [MEMBERS]}",
            "4:18: an item of `author` cannot be `MEMBERS`; did you mean `MEMBER`?",
        ),
        ("{layout: inapp}", "4:9: unknown layout `inapp`; did you mean `in-app`?"),
        (
            "{language: [en, english]}",
            f"4:24: unknown language `english`; allowed: {', '.join(LANGUAGES)}",
        ),
        (
            "{body: blank}",
            f"4:9: `body` cannot be `blank`; allowed: {BODIES}",
        ),
        ("{phrse: it broke}", "4:9: unknown condition `phrse`; did you mean `phrase`?"),
        ("{in_: [title]}", "4:9: unknown condition `in_`; did you mean `in`?"),
        ("{oss: windows}", "4:9: unknown condition `oss`; did you mean `os`?"),
        ("{os: []}", "4:9: `os` must be a value or a list of values"),
        ("{os: {a: b}}", "4:9: `os` must be a value or a list of values"),
        ("{any: []}", "4:9: `any` needs at least 1 item"),
        ("{any: {phrase: it broke}}", "4:9: `any` must be a list; put `- ` before each item"),
        (
            "{all: [{phrase: it broke}, {phrase: x}]}",
            "4:36: the phrase has too little text to search for; write more of the message",
        ),
        ("{none: [phrase]}", "4:16: an item of `none` must be `key: value` lines"),
        (
            "{at_least: {n: 3, of: [{body: empty}]}}",
            f"4:9: at least 3 of 1 condition can never hold; {LOWER}",
        ),
        ("{at_least: {n: 0, of: [{body: empty}]}}", "4:20: `n` must be at least 1, not `0`"),
        ("{at_least: 2}", "4:9: `at_least` must be `key: value` lines; allowed: `n`, `of`"),
        ("{body: empty, set: {a: [1]}}", "4:28: the value must be a text, a whole number, true or false"),
        (
            "{body: empty, set: {label: x}}",
            "4:1: `set` cannot set `label`; use lower-case letters, digits and `_`, but no key of the rule language",
        ),
        (
            "{phrase: 'it has {issue:int} parts'}",
            "4:1: `issue` cannot be the name of a capture, because templates use it; choose another name",
        ),
    ],
)
def test_a_condition_that_is_wrong(match: str, expected: str) -> None:
    ruleset = make_ruleset(write_rule(match=match), pack=PACK)
    assert (explain(ruleset), ruleset.rules) == ([f"rules/a-rule.yml:{expected}"], ())


RULE = """id: a-rule
title: A problem
match: {phrase: it is broken}
guidance: {tldr: It is broken.}
examples: {match: [it is broken], no_match: [it works]}
"""


@pytest.mark.parametrize(
    "old, new, expected",
    [
        pytest.param("", "", [], id="nothing is wrong"),
        pytest.param(
            "id: a-rule",
            "id: b-rule",
            [
                (
                    "1:1: the id `b-rule` is not the name of the file; rename the file to b-rule.yml, "
                    "or change the id to `a-rule`"
                )
            ],
            id="the id is not the file's name",
        ),
        pytest.param(
            "id: a-rule",
            "id: A_rule",
            ["1:1: `id` cannot be `A_rule`; write it like `out-of-disk`"],
            id="no id",
        ),
        pytest.param("id: a-rule\n", "", ["1:1: `id` is missing; add it"], id="without an id"),
        pytest.param(
            "title: A problem\n",
            "titel: A problem\n",
            ["1:1: `title` is missing; add it", "2:1: unknown key `titel`; did you mean `title`?"],
            id="a key misspelt",
        ),
        pytest.param("no_match: [it works]", "", ["5:1: `no_match` is missing; add it"], id="no near miss"),
        pytest.param(
            "no_match: [it works]",
            "no_match: []",
            ["5:35: `no_match` needs at least 1 item"],
            id="an empty list of near misses",
        ),
        pytest.param(
            "[it works]",
            "[{titel: it works}]",
            ["5:47: unknown key `titel`; did you mean `title`?"],
            id="an example's key misspelt",
        ),
        pytest.param(
            "guidance: {tldr: It is broken.}\n",
            "",
            ["1:1: a rule in mode `comment` needs `guidance`; add it, or set `mode: label`"],
            id="nothing to say",
        ),
        pytest.param("guidance: {tldr: It is broken.}\n", "mode: observe\n", [], id="nothing to say, and silent"),
        pytest.param(
            "guidance:",
            "mode: shout\nguidance:",
            ["4:1: `mode` cannot be `shout`; allowed: `comment`, `label`, `observe`, `suggest`"],
            id="no mode",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "{tdlr: It is broken.}",
            ["4:1: `tldr` is missing; add it", "4:12: unknown key `tdlr`; did you mean `tldr`?"],
            id="a key of the only branch misspelt",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "[{tldr: one}, {tldr: ''}]",
            ["4:26: `tldr` is empty; fill it in, or remove it"],
            id="an empty second branch",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "[{tldr: one}, {tldr: two, when: {body: empty}}, {tldr: three}]",
            [
                (
                    "4:25: no comment ever shows this branch, because the branch before it has no `when:`; "
                    "add `when:` to that branch, or move it to the end"
                )
            ],
            id="a branch behind one that always speaks",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "{tldr: x, when: {phrase: y}}",
            ["4:28: the phrase has too little text to search for; write more of the message"],
            id="a branch's condition",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "{tldr: x, when: {size: 1}}",
            ["4:28: unknown condition `size`"],
            id="a branch's capture",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "{tldr: '{{ versio }}'}",
            ["4:12: unknown name `versio`; did you mean `version`?"],
            id="a name of a template",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "{tldr: '{{ os }}'}",
            [f"4:12: `os` is {FREE_TEXT}"],
            id="free text in a template",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "{tldr: x, steps: [a, '{% if %}']}",
            [f"4:32: {BAD_TAG}"],
            id="a template of a step",
        ),
        pytest.param(
            "{tldr: It is broken.}",
            "{tldr: a possible Duplicate}",
            ['4:12: the words "possible duplicate" trigger other bots or are a command to GitHub; use other words'],
            id="forbidden words of the pack",
        ),
        pytest.param(
            "title: A problem",
            "title: 'Duplicate of #5'",
            ['2:1: the words "duplicate of #" trigger other bots or are a command to GitHub; use other words'],
            id="forbidden words in the title",
        ),
        pytest.param(
            "guidance:",
            "resources: [{title: x, url: 'http://x.org'}]\nguidance:",
            ["4:24: `url` cannot be `http://x.org`; write it like `https://example.com/help`"],
            id="an address without https",
        ),
        pytest.param(
            "guidance:",
            "resources: [{title: a possible duplicate, url: 'https://x.org'}]\nguidance:",
            ['4:13: the words "possible duplicate" trigger other bots or are a command to GitHub; use other words'],
            id="forbidden words of a page",
        ),
        pytest.param(
            "guidance:",
            "fixed_in: {version: soon}\nguidance:",
            ["4:12: 'soon' is not a version; write it like 2.1.96"],
            id="no version",
        ),
        pytest.param("guidance:", "fixed_in: {version: 2.1}\nguidance:", [], id="a version"),
        pytest.param(
            "guidance:",
            "supersedes: [a-rule]\nguidance:",
            ["4:1: the rule names itself in `supersedes:` or `also:`; remove `a-rule` there"],
            id="supersedes itself",
        ),
        pytest.param(
            "guidance:",
            "reviewed: yesterday\nguidance:",
            ["4:1: 'yesterday' is not a date; write it like 2026-11-23"],
            id="no date",
        ),
        pytest.param(
            "guidance:",
            "expires: 2026-02-30\nguidance:",
            ["4:1: `expires` is not a date; write it like 2026-11-23"],
            id="no such day",
        ),
        pytest.param("guidance:", "labels: [bug]\nguidance:", [], id="labels"),
        pytest.param(
            "guidance:",
            "labels: {add: [bug], remove: [x]}\nclose: null\nfollow: 5\nguidance:",
            [],
            id="more of what is allowed",
        ),
        pytest.param(
            "guidance:",
            "labels: ['']\nguidance:",
            ["4:10: an item of `labels` is empty; fill it in, or remove it"],
            id="an empty label",
        ),
        pytest.param(
            "guidance:",
            "labels: bug\nguidance:",
            ["4:1: `labels` must be a list, for example `labels: [bug]`"],
            id="one label, and no list",
        ),
        pytest.param(
            "guidance:",
            "labels: {add: [bug, ux], remove: [ux]}\nguidance:",
            ["4:1: the label `ux` is in both `add` and `remove`; remove it from one of the lists"],
            id="a label to add and to remove",
        ),
        pytest.param(
            "guidance:",
            "close: {as: done, after: 3d}\nguidance:",
            ["4:9: `as` cannot be `done`; allowed: `duplicate`, `not_planned`"],
            id="no reason to close",
        ),
        pytest.param(
            "guidance:",
            "close: {as: duplicate, after: 3 days}\nguidance:",
            ["4:24: `after` cannot be `3 days`; write it like `3d`"],
            id="no time to close after",
        ),
        pytest.param(
            "guidance:",
            "follow: '#5'\nguidance:",
            ["4:1: `follow` must be a whole number, not `#5`"],
            id="no number",
        ),
        pytest.param(
            "guidance:",
            "duplicates: {show: 9}\nguidance:",
            ["4:14: `show` must be at most 3, not `9`"],
            id="too many duplicates",
        ),
        pytest.param(
            "{phrase: it is broken}",
            "{phrase: x, regex: '('}",
            [
                "3:9: the phrase has too little text to search for; write more of the message",
                f"3:20: invalid RE2 pattern: missing ): (; {BACKSLASH}",
            ],
            id="two things at once",
        ),
    ],
)
def test_a_rule_that_is_wrong(old: str, new: str, expected: list[str]) -> None:
    text = RULE.replace(old, new, 1)
    assert explain(build_ruleset({"rules/pack.yml": PACK, "rules/a-rule.yml": text})) == [
        f"rules/a-rule.yml:{line}" for line in expected
    ]


def test_what_a_rule_may_show_in_its_texts() -> None:
    parts = [
        "{phrase: 'it has {n:int} parts'}",
        r"{regex: 'so (?P<x>\w+) (?<y>\w+)'}",
        "{section: A, contains: 'id is {z:id}'}",
        "{at_least: {n: 1, of: [{all: [{phrase: 'it costs {m:money}, {w:any}'}]}]}}",
    ]
    (rule,) = make_ruleset(write_rule(match=f"{{any: [{', '.join(parts)}], set: {{s: 1}}}}"), pack=PACK).rules
    assert rule.echoable == {"n", "z", "m", "s", "version"}


def test_a_version_needs_a_place_where_it_is_stated() -> None:
    assert explain(make_ruleset(write_rule(match="{version: '<2'}"), pack="name: rules")) == [
        (
            "rules/a-rule.yml:4:9: the pack does not define where reports state a version; "
            "add `captures: {version: …}` to pack.yml"
        )
    ]


@pytest.mark.parametrize(
    "views", ["title", "[title, body]", "{section: Logs}", "[section: Logs]", "'section: Logs'", ""]
)
def test_where_a_phrase_looks(views: str) -> None:
    assert explain(make_ruleset(write_rule(match=f"{{phrase: it broke, in: {views}}}"))) == []


@pytest.mark.parametrize("after, expected", [("3d", 72), ("12h", 12)])
def test_the_hours_until_a_close(after: str, expected: int) -> None:
    (rule,) = make_ruleset(write_rule(more=f"close: {{as: duplicate, after: {after}}}")).rules
    assert rule.model.close
    assert rule.model.close.hours == expected
