"""The metamorphic proof: which examples stand it, which do not, and what is not applicable."""

import pytest

from bot.rules.check import check_rules
from bot.rules.examples import list_examples, make_example_issue
from bot.rules.metamorphic import OTHER_FORM, OTHER_VIEW, Trial, prove
from bot.rules.rule import Ruleset
from bot.rules.variants import NO_TEXT, TOO_LONG
from tests.rules.rules import make_ruleset, write_rule

FULL = "No space left on device"
WORDS, LINES, FRAMES, PROSE = (
    "whole words are looked for",
    "it is one line by its nature",
    "a stack frame is one whole line",
    "the rule asks for the language",
)
PLACE = "a regex says where the text begins or ends, or how long it is"


def write(match: str, example: str, near_miss: str = "all is well here") -> Ruleset:
    return make_ruleset(write_rule("a", match, f"examples: {{match: [{example}], no_match: [{near_miss}]}}"))


def read(ruleset: Ruleset, *, of_near_miss: bool = False) -> tuple[list[str], set[str]]:
    """The groups of transformations that fail, and the reasons why others are not applicable."""
    (rule,) = ruleset.rules
    tried = next(tried for tried in list_examples(rule) if tried.must_match != of_near_miss)
    proof, failures = prove(Trial(rule, ruleset), make_example_issue(tried.example), must_match=tried.must_match)
    return [failure.variant.group for failure in failures], set(proof.not_applicable)


@pytest.mark.parametrize(
    "match, example, failing, refused",
    [
        pytest.param(f'{{phrase: "{FULL}"}}', f'"write failed: {FULL} (os error 28)"', [], set(), id="a phrase"),
        pytest.param(
            '{phrase: "exceeded the {n:int} token maximum of {model:word}"}',
            '"exceeded the 32,000 token maximum of Opus"',
            [],
            set(),
            id="a phrase with holes",
        ),
        pytest.param("{phrase: apple pie}", '"an apple pie"', [], {WORDS}, id="a short phrase"),
        pytest.param("{regex: 'no space \\w+ on'}", f'"{FULL}"', [], {WORDS}, id="a regex"),
        pytest.param(
            f"{{any: [{{regex: 'no space'}}, {{phrase: '{FULL}'}}]}}",
            f'"{FULL}"',
            [],
            set(),
            id="a regex beside a phrase that is enough",
        ),
        pytest.param(
            f"{{all: [{{regex: 'no space'}}, {{phrase: '{FULL}'}}]}}",
            f'"{FULL}"',
            [],
            {WORDS},
            id="a regex is needed, too",
        ),
        pytest.param(
            "{regex: '^no space'}",
            f'"{FULL}"',
            [],
            {WORDS, PLACE},
            id="an anchor takes the message for the whole text",
        ),
        pytest.param("{regex: 'no space left on \\w+$'}", f'"{FULL}"', [], {WORDS, PLACE}, id="an anchor at the end"),
        pytest.param(
            f"{{phrase: '{FULL}', in: [title]}}", f'{{title: "{FULL}"}}', [], {LINES, OTHER_VIEW}, id="a title"
        ),
        pytest.param(
            f"{{phrase: '{FULL}', in: [logs]}}", f'"```\\n{FULL}\\n```"', [], {OTHER_VIEW}, id="a log, and nothing else"
        ),
        pytest.param(
            f"{{phrase: '{FULL}', in: [body]}}", f'"It says: {FULL}"', [], {OTHER_VIEW}, id="prose, and nothing else"
        ),
        pytest.param(f"{{phrase: '{FULL}'}}", f'"## {FULL}\\n\\nx"', [], {LINES, OTHER_FORM}, id="a heading"),
        pytest.param(f"{{phrase: '{FULL}'}}", f'"> {FULL}"', [], {LINES}, id="a quote"),
        pytest.param(
            f"{{phrase: '{FULL}', in: [section: Logs]}}",
            f'"### Logs\\n\\n{FULL}"',
            [],
            {OTHER_VIEW},
            id="a form field",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', in: [section: Error]}}",
            f'"Error: {FULL}"',
            [],
            {LINES, OTHER_VIEW, OTHER_FORM},
            id="a line of key and value",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', language: en}}",
            f'"The build says it is so: {FULL} and that is all of it"',
            [],
            {PROSE, OTHER_FORM},
            id="a language",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', none: [{{regex: '.{{24}}'}}]}}",
            f'"{FULL}"',
            [],
            {WORDS, PLACE},
            id="nothing but that",
        ),
        pytest.param("{code: [137]}", '"the job ended with exit code 137"', [], {WORDS}, id="a code"),
        pytest.param(
            "{frame: 'shop.*'}",
            '"```\\nTraceback (most recent call last):\\n  File \\"a.py\\", line 3, in shop.sell\\nKeyError\\n```"',
            [],
            {WORDS, FRAMES, OTHER_VIEW},
            id="a stack frame",
        ),
        pytest.param(
            "{checkbox: I looked, ticked: false}", '"- [ ] I looked"', [], {NO_TEXT}, id="a box, which is no text"
        ),
        pytest.param(
            f"{{phrase: '{FULL}'}}", f'"{FULL} {"on and on " * 40}"', [], {TOO_LONG}, id="a line too long for a title"
        ),
    ],
)
def test_what_matches_matches_however_it_was_mangled(
    match: str, example: str, failing: list[str], refused: set[str]
) -> None:
    assert read(write(match, example)) == (failing, refused)


@pytest.mark.parametrize(
    "match, near_miss, failing, refused",
    [
        pytest.param(f"{{phrase: '{FULL}'}}", '"no space left in my heart"', [], set(), id="other words"),
        pytest.param(
            f"{{phrase: '{FULL}', none: [{{phrase: 'in a virtual machine'}}]}}",
            f'"{FULL} in a virtual machine"',
            [],
            set(),
            id="a guard that is a phrase",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', none: [{{regex: 'virtual'}}]}}",
            f'"{FULL} in a virtual machine"',
            [],
            {WORDS},
            id="a guard that reads whole words",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', none: [{{regex: '^wish'}}]}}",
            f'"wish: {FULL} were never said"',
            [],
            {WORDS, PLACE},
            id="a guard that takes the message for the whole text",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', in: [title]}}", f'"{FULL}"', [], {OTHER_VIEW}, id="where the rule does not look"
        ),
        pytest.param(
            f"{{phrase: '{FULL}', none: [{{regex: '^wish', in: [title]}}]}}",
            f'{{title: "wish: no more of it", body: "{FULL}"}}',
            [],
            {OTHER_VIEW},
            id="a guard in the title, which a person wrote",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', none: [{{section: Wish, empty: false}}]}}",
            f'"### Wish\\n\\nnever say: {FULL}"',
            [],
            {OTHER_FORM},
            id="a guard that is a form field",
        ),
        pytest.param(
            f"{{phrase: '{FULL}', version: '<2'}}",
            f'"Version: 3.1.4\\n\\n{FULL}"',
            [],
            {OTHER_FORM},
            id="a version that keeps it out",
        ),
    ],
)
def test_a_near_miss_stays_one_however_it_was_mangled(
    match: str, near_miss: str, failing: list[str], refused: set[str]
) -> None:
    ruleset = write(match, f'{{title: "{FULL}", body: "{FULL}, version: 1"}}', near_miss)
    assert read(ruleset, of_near_miss=True) == (failing, refused)


STAMP = "2031-07-08T09:10:11Z lorem: "


def test_a_finding_shows_the_smallest_variant_and_says_what_to_do() -> None:
    ruleset = write(
        "{regex: 'is [^:]+ full', none: [{regex: ' lorem: '}]}", '"disk a is now full\\n\\nIt is so for days."'
    )
    found = [str(problem) for problem in check_rules(ruleset).problems if problem.kind == "metamorphic"]
    expected = (
        "rules/a.yml:5:20: `a` misses this example when it is in a log, as "
        f"`{STAMP}dolor sit amet⏎{STAMP}disk a is now full⏎{STAMP}consectetur adipiscing`, since none does not hold; "
        "let the condition take this, too, or look for a `phrase:` instead"
    )
    assert found == [expected]


def test_a_near_miss_that_matches_once_it_is_mangled_is_shown() -> None:
    ruleset = write("{phrase: '11Z lorem: dolor'}", '"11Z lorem: DOLOR"', '"all is well\\n\\nand was"')
    found = [str(problem) for problem in check_rules(ruleset).problems if problem.kind == "metamorphic"]
    expected = (
        "rules/a.yml:5:52: `a` matches this near miss when it is in a log, as "
        f"`{STAMP}dolor sit amet⏎{STAMP}and was⏎{STAMP}consectetur adipiscing`; write what tells it apart as a "
        "`phrase:` under `none:`, which finds a text however it was mangled"
    )
    assert found == [expected]


def test_another_guidance_is_a_finding_too() -> None:
    more = (
        "guidance: [{when: {none: [{phrase: lorem}]}, tldr: a}, {tldr: b}]\n"
        f'examples: {{match: ["{FULL}"], no_match: [all is well here]}}'
    )
    ruleset = make_ruleset(write_rule("a", f"{{phrase: '{FULL}'}}", more))
    found = [problem.message for problem in check_rules(ruleset).errors]
    assert found[0].startswith("another guidance of `a` speaks when it is escaped as JSON once (and in 2 other ways)")


def test_what_does_not_hold_as_it_stands_is_not_tried() -> None:
    ruleset = write(f"{{phrase: '{FULL}'}}", '"all is well"', f'"{FULL}"')
    assert (read(ruleset), read(ruleset, of_near_miss=True)) == (([], set()), ([], set()))
