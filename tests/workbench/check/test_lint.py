"""What is odd about rules: each warning at its place, with its reason and what to do."""

from collections.abc import Mapping
from datetime import date

import pytest

from bot.rules.spec.document import Path
from bot.workbench.check.lint import Frequencies, Terms, lint_packs, lint_rule, list_alternatives
from tests.rules.rules import make_ruleset, write_rule

TODAY = date(2026, 11, 23)
SPEAKING = "reviewed: 2026-11-01\nguidance: {tldr: Do this., source: the manual}"
LONG = "No space left on device"


def lint(match: str, more: str = "", mode: str = "label", counts: Mapping[Path, int] | None = None) -> list[str]:
    ruleset = make_ruleset(write_rule("a", match, more, mode))
    (rule,) = ruleset.rules
    seen = Frequencies(total=100, counts={("a", path): count for path, count in (counts or {}).items()})
    terms = Terms(today=TODAY, frequencies=seen if counts is not None else None)
    found = list(lint_rule(rule, terms))
    assert {problem.severity for problem in found} <= {"warning"}
    return [f"{problem.line}:{problem.column} {problem.kind}: {problem.message}" for problem in found]


NO_LITERAL = (
    "this pattern requires no text of 3 letters or more, so Signpost tries it on every issue; "
    "add a word that every match contains, or add `phrase:` to the condition"
)
NEVER = "never matches, because the text that Signpost searches never has"
ADD_LINES = "add `lines: true` for `^` and `$` at line ends"
OF_A_LINK = ": a link has only its text there; search for that text, or test the target with `link:`"
AGAIN = "review the advice and set a new date"
SHORT = (
    "alone makes the rule match, but a text of 4 characters occurs in many issues by chance; "
    "write more of the message, or combine it with another condition under `all:`"
)


@pytest.mark.parametrize(
    "match, expected",
    [
        pytest.param("{regex: 'no \\w+ left'}", [], id="a pattern with a literal"),
        pytest.param("{regex: '\\d+ \\w+'}", [f"4:9 no-literal: {NO_LITERAL}"], id="a pattern without one"),
        pytest.param(
            f"{{any: [{{phrase: '{LONG}'}}, {{regex: '[a-f]{{8}}'}}]}}",
            [f"4:53 no-literal: {NO_LITERAL}"],
            id="a pattern without one, as one of several",
        ),
        pytest.param(f"{{phrase: '{LONG}', regex: '\\d+ \\w+'}}", [], id="a pattern beside a phrase"),
        pytest.param(f"{{phrase: '{LONG}', none: [{{regex: '\\d+'}}]}}", [], id="a pattern that keeps out"),
        pytest.param(
            "{regex: 'disk  `\\w+` is full'}",
            [
                f'4:9 dead-pattern: "disk  `" {NEVER} two spaces in a row and a backtick; write `disk `',
                f'4:9 dead-pattern: "` is full" {NEVER} a backtick; write ` is full`',
            ],
            id="a pattern with signs that no text has",
        ),
        pytest.param(
            f"{{phrase: '{LONG}', none: [{{regex: 'two\\nlines'}}]}}",
            [
                f"4:52 dead-pattern: `two\\nlines` {NEVER} `\\n`; write `two lines`, or {ADD_LINES}",
            ],
            id="a line end in a pattern that keeps out",
        ),
        pytest.param(
            "{regex: 'two\\nlines', lines: true}",
            [f"4:9 dead-pattern: `two\\nlines` {NEVER} `\\n`; write a condition for each line"],
            id="a line end in a pattern that sees lines",
        ),
        pytest.param(
            "{regex: '\\]\\(https://docs'}",
            [
                f"4:9 dead-pattern: `\\]\\(https://docs` {NEVER} `\\]\\(`{OF_A_LINK}",
            ],
            id="the target of a link",
        ),
        pytest.param("{phrase: disk}", [f"4:9 too-short: `disk` {SHORT}"], id="a short phrase"),
        pytest.param(
            f"{{any: [{{phrase: '{LONG}'}}, {{phrase: disk, in: [title]}}]}}",
            [f"4:53 too-short: `disk` {SHORT}"],
            id="a short phrase as one of several",
        ),
        pytest.param("{phrase: disk, label: bug}", [], id="a short phrase with another condition"),
        pytest.param("{all: [{phrase: disk}, {phrase: full}]}", [], id="two short phrases"),
        pytest.param("{all: [{phrase: disk}]}", [f"4:16 too-short: `disk` {SHORT}"], id="all of one"),
        pytest.param("{phrase: ENOSPC}", [], id="six letters"),
    ],
)
def test_conditions_that_say_too_little(match: str, expected: list[str]) -> None:
    assert lint(match) == expected


@pytest.mark.parametrize(
    "count, expected",
    [
        pytest.param(5, [], id="in 5 of 100"),
        pytest.param(
            6,
            [
                (
                    "4:9 too-common: this condition holds in 6 of 100 past issues (6%), too many for one problem; "
                    "write more of the message, or add another condition"
                )
            ],
            id="in 6 of 100",
        ),
        pytest.param(0, [], id="short, but never seen"),
    ],
)
def test_a_condition_is_counted_over_past_issues(count: int, expected: list[str]) -> None:
    assert lint("{phrase: disk}", counts={("match",): count}) == expected


@pytest.mark.parametrize(
    "more, mode, expected",
    [
        pytest.param(SPEAKING, "comment", [], id="looked at this month"),
        pytest.param(SPEAKING.replace("2026-11-01", "2025-11-23"), "comment", [], id="looked at a year ago"),
        pytest.param(
            SPEAKING.replace("2026-11-01", "2025-11-22"),
            "comment",
            ["5:1 unreviewed: the last review was on 2025-11-22, more than a year ago; " + AGAIN],
            id="looked at more than a year ago",
        ),
        pytest.param(
            SPEAKING.replace("2026-11-01", "2026-11-24"),
            "comment",
            ["5:1 unreviewed: 2026-11-24 is in the future; write the date of the last review"],
            id="looked at tomorrow",
        ),
        pytest.param(
            "guidance: {tldr: Do this., source: the manual}",
            "comment",
            [
                (
                    "5:1 unreviewed: `reviewed:` is missing; add the date of the last review, "
                    "for example `reviewed: 2026-11-29`"
                )
            ],
            id="never looked at",
        ),
        pytest.param(
            f"expires: 2026-11-23\n{SPEAKING}",
            "comment",
            [
                (
                    "5:1 expired: the advice expired on 2026-11-23, so the rule sets labels but no longer comments; "
                    "review it and set a later date, or remove `expires:`"
                )
            ],
            id="expired today",
        ),
        pytest.param(f"expires: 2026-11-24\n{SPEAKING}", "comment", [], id="expires tomorrow"),
        pytest.param(
            "reviewed: 2026-11-01\nguidance: [{when: {label: x}, tldr: a, source: x}, {tldr: b}]",
            "comment",
            [("6:53 no-source: the advice has no source; add `source:` with a page, an issue or a name")],
            id="one of two without a source",
        ),
        pytest.param(
            "reviewed: 2026-11-01\nguidance: {tldr: b}\nresources: [{title: a, url: https://a.example}]",
            "comment",
            [],
            id="a page to read is a source",
        ),
        pytest.param("guidance: {tldr: b}", "label", [], id="a rule that does not speak"),
    ],
)
def test_advice_that_nobody_looks_after(more: str, mode: str, expected: list[str]) -> None:
    assert lint(f"{{phrase: '{LONG}'}}", more, mode) == expected


@pytest.mark.parametrize(
    "match, expected",
    [
        pytest.param("{phrase: apple}", [("match",)], id="one"),
        pytest.param("{any: [{phrase: apple}, {regex: plum}]}", [("match", "any", 0), ("match", "any", 1)], id="any"),
        pytest.param(
            "{any: [{any: [{phrase: apple}, {phrase: plum}], set: {x: 1}}, {phrase: pear}], none: [{phrase: no}]}",
            [("match", "any", 0, "any", 0), ("match", "any", 0, "any", 1), ("match", "any", 1)],
            id="any in any",
        ),
        pytest.param("{any: [{phrase: apple}], label: x}", [("match",)], id="any beside something else"),
    ],
)
def test_alternatives_are_what_alone_makes_a_rule_match(match: str, expected: list[Path]) -> None:
    (rule,) = make_ruleset(write_rule("a", match)).rules
    assert [alternative.path for alternative in list_alternatives(rule.model.match)] == expected


def test_the_patterns_of_a_pack_are_read_too() -> None:
    pack = """
name: rules
captures: {version: {first_of: [{regex: 'tool  (\\d+)'}]}}
none: [{any: [{regex: 'a`b'}]}]
circumstance: ['unrelated…  {message}']
feature_requests: [{titles: ['^\\s+wish'], unless_titles: ['no “wish”']}]
"""
    found = lint_packs(make_ruleset(write_rule(), pack=pack).packs)

    assert [(problem.line, problem.kind) for problem in found] == [
        (number, "dead-pattern") for number in (4, 5, 6, 6, 3)
    ]
