"""Rules on trial."""

import json

import pytest

from bot.errors import Problem
from bot.rules.loader import build_ruleset, load_rules
from bot.rules.spec.rule import Example
from bot.workbench.check.checker import check_rules
from bot.workbench.check.examples import make_example_issue
from bot.workbench.check.relations import is_settled
from tests.rules.rules import make_ruleset, write_rule, write_speaker

PIE = "{phrase: apple pie}"
MEND = "correct the condition or the example"
PROVEN_BY_PLUM = "examples: {match: [plum], no_match: [x]}"
PROVEN = "examples: {match: [apple pie], no_match: [plum pie]}"


def check(*files: str) -> list[str]:
    return [str(problem).removeprefix("rules/") for problem in check_rules(make_ruleset(*files)).errors]


def expecting(expect: str) -> str:
    """A rule with expectations, its last line but one being that of the example."""
    match = "{any: [{phrase: 'apple pie for {n:int}', set: {is_pie: true}}, {phrase: apple pie}]}"
    more = "labels: [bug, food]\nguidance: [{when: {is_pie: true}, tldr: a}, {when: {n: 3}, tldr: b}]\n"
    return write_rule(
        "a", match, f"{more}examples:\n  no_match: [plum pie]\n  match: [{{body: apple pie for 2, expect: {expect}}}]"
    )


@pytest.mark.parametrize(
    "one, other, expected",
    [
        pytest.param("product: A", "product: B", True, id="of two products"),
        pytest.param("product: A", "product: A", False, id="of one product"),
        pytest.param("product: A", "{}", False, id="a repository's own rules beside a pack"),
        pytest.param("product: A", "fallback: true", True, id="a fallback gives way"),
        pytest.param("fallback: true", "fallback: true", False, id="two fallbacks"),
        pytest.param("overlap: allowed", "overlap: allowed", True, id="both may match with others"),
        pytest.param("overlap: allowed", "overlap: declared", False, id="only one of them may"),
    ],
)
def test_packs_that_are_not_judged_against_each_other(one: str, other: str, expected: bool) -> None:  # noqa: FBT001
    packs = {
        f"{name}/pack.yml": f"{{name: {name}, {more.strip('{}')}}}" for name, more in (("one", one), ("two", other))
    }
    rule, second = build_ruleset(
        packs | {f"{pack}.yml": write_speaker(pack[-1], PIE, PROVEN) for pack in ("one/a", "two/b")}
    ).rules
    assert (is_settled(rule, second), is_settled(second, rule)) == (expected, expected)


@pytest.mark.parametrize(
    "files, expected",
    [
        pytest.param([], [], id="no rules"),
        pytest.param([write_rule("a", PIE, PROVEN)], [], id="a proven rule"),
        pytest.param(
            [write_rule("a", PIE, "examples: {match: [plum pie], no_match: [plum]}")],
            [f'a.yml:5:20: `a` does not match its own example: phrase: "apple pie" (not in title, body, logs); {MEND}'],
            id="an example that does not match",
        ),
        pytest.param(
            [write_rule("a", "{any: [{all: [{phrase: plum}, {ticked: true, checkbox: pie}]}]}", PROVEN_BY_PLUM)],
            [
                (
                    'a.yml:5:20: `a` does not match its own example: checkbox: "pie", ticked: true '
                    f"(there is no such box); {MEND}"
                )
            ],
            id="an example of which only a part matches",
        ),
        pytest.param(
            [write_rule("a", "{phrase: plum, none: [{phrase: pie}, {phrase: plum}]}", PROVEN_BY_PLUM)],
            [f'a.yml:5:20: `a` does not match its own example: none (phrase: "plum" holds); {MEND}'],
            id="an example with what must not be there",
        ),
        pytest.param(
            [write_rule("a", PIE, "examples: {match: [apple pie], no_match: [x, an Apple pie]}")],
            [
                (
                    "a.yml:5:46: `a` matches this near miss: phrase: \"apple pie\" found 'Apple pie'; "
                    "add `none:`, or use a longer phrase"
                )
            ],
            id="a near miss that matches",
        ),
        pytest.param(
            [write_rule("a", "{none: [{phrase: plum pie}]}", "examples: {match: [x], no_match: [y]}")],
            ["a.yml:5:35: `a` matches this near miss; add `none:`, or use a longer phrase"],
            id="a near miss that matches without evidence",
        ),
        pytest.param(
            [
                write_rule("a", PIE, PROVEN),
                write_rule("b", "{phrase: the apple}", "examples: {match: [the apple], no_match: [x]}"),
            ],
            [],
            id="two rules that have nothing in common",
        ),
        pytest.param(
            [
                write_speaker("a", PIE, PROVEN),
                write_speaker("b", "{phrase: apple}", "examples: {match: [apple], no_match: [x]}"),
            ],
            [
                (
                    "a.yml:5:20: `b` matches this example too; separate the two rules with `none:`, "
                    "or add `supersedes:` or `also:` to one of them"
                )
            ],
            id="an overlap that nobody declared",
        ),
        pytest.param(
            [
                write_rule("a", PIE, f"supersedes: [b]\n{PROVEN}"),
                write_rule("b", "{phrase: apple}", "examples: {match: [apple], no_match: [x]}"),
            ],
            [],
            id="an overlap, superseded",
        ),
        pytest.param(
            [
                write_rule("a", PIE, f"supersedes: [b]\n{PROVEN}"),
                write_rule("b", "{phrase: apple}", "supersedes: [c, a]\nexamples: {match: [apple], no_match: [x]}"),
                write_rule("c", "{phrase: plum cake}", "examples: {match: [plum cake], no_match: [x]}"),
            ],
            [
                "a.yml:5:14: these rules supersede each other in a cycle: a → b → a; remove one of the steps",
                "b.yml:5:17: these rules supersede each other in a cycle: b → a → b; remove one of the steps",
            ],
            id="a circle",
        ),
        pytest.param(
            [
                write_rule("a", PIE, PROVEN),
                write_rule("b", "{phrase: apple}", "also: [a]\nexamples: {match: [apple], no_match: [x]}"),
            ],
            [],
            id="an overlap, declared on the other side",
        ),
        pytest.param(
            [write_rule("a", PIE, f"also: [b, c]\n{PROVEN}"), write_rule("b", "{phrase: x}")],
            [
                "a.yml:5:11: unknown rule `c`; correct the name or remove it",
                "b.yml:4:9: the phrase has too little text to search for; write more of the message",
            ],
            id="a name that nobody has, beside one that is broken",
        ),
        pytest.param(
            [expecting("{captures: {n: 2, is_pie: true}, branch: 1, labels: [food, bug]}")], [], id="as expected"
        ),
        pytest.param([expecting("{}")], [], id="nothing expected"),
        pytest.param(
            [expecting("{type: Bug, fields: {Effort: 1}}")],
            [
                "a.yml:9:11: expected the fields `Effort: 1`, but the rule sets none; correct the rule or `expect:`",
                "a.yml:9:11: expected the type `Bug`, but the rule sets none; correct the rule or `expect:`",
            ],
            id="a type and fields that the rule does not set",
        ),
        pytest.param(
            [expecting("{captures: {n: 3, x: y}, branch: 2, labels: [bug]}")],
            [
                "a.yml:9:11: expected guidance branch 2, but branch 1 applies; correct the rule or `expect:`",
                "a.yml:9:11: expected labels: bug; the rule adds: bug, food; correct the rule or `expect:`",
                "a.yml:9:11: expected the capture n = '3', but found '2'; correct the rule or `expect:`",
                "a.yml:9:11: expected the capture x = 'y', but found nothing; correct the rule or `expect:`",
            ],
            id="otherwise than expected",
        ),
        pytest.param(
            [write_rule("a", PIE, "examples: {match: [{body: apple pie, expect: {branch: 1}}], no_match: [x]}")],
            ["a.yml:5:20: expected guidance branch 1, but no branch applies; correct the rule or `expect:`"],
            id="no branch",
        ),
    ],
)
def test_rules_are_tried(files: list[str], expected: list[str]) -> None:
    assert check(*files) == expected


def test_a_report_counts() -> None:
    report = check_rules(make_ruleset(write_rule("a", PIE, PROVEN)))
    assert (report.rules, report.examples, report.problems, report.overlaps) == (1, 2, (), ())
    assert report.proof.variants == 8
    assert report.is_green


def test_an_example_is_an_issue() -> None:
    example = Example(title="t", body="b", labels=["bug"], author="OWNER", comments=["c", "d"])
    issue = make_example_issue(example)
    assert (issue.title, issue.body, issue.labels, issue.association) == ("t", "b", ("bug",), "OWNER")
    assert [(c.id, c.body, c.author == issue.author) for c in issue.comments] == [(1, "c", True), (2, "d", True)]


@pytest.mark.slow
def test_the_rules_that_we_ship_are_proven() -> None:
    assert check_rules(load_rules(["pack:claude-code"])).problems == ()


@pytest.mark.parametrize("text", ["TODO: say it", "- todo: say it", "Fine.\n\n**TODO: say more"])
@pytest.mark.parametrize("mode", ["observe", "label", "comment"])
def test_a_text_that_nobody_wrote_is_a_warning_and_a_rule_that_may_act_does_not_load(text: str, mode: str) -> None:
    guidance = f"guidance: {{tldr: Good, steps: [Good, {json.dumps(text)}]}}"

    ruleset = make_ruleset(write_rule("a", PIE, f"{guidance}\n{PROVEN}", mode=mode))

    expected = Problem(
        "rules/a.yml",
        5,
        38,
        "this text starts with `TODO:`; write what the reporter should know. "
        "Until then, the rule loads only in `mode: observe`",
        kind="unwritten-guidance" if mode == "observe" else "guidance",
        severity="warning" if mode == "observe" else "error",
    )
    assert check_rules(ruleset).problems == (expected,)
    assert ([rule.id for rule in ruleset.rules], ruleset.problems) == (
        (["a"], ()) if mode == "observe" else ([], (expected,))
    )


def test_words_about_things_to_do_are_no_unwritten_text() -> None:
    text = "A todo list, or `grep TODO: src`"
    ruleset = make_ruleset(write_rule("a", PIE, f"guidance: {{tldr: {json.dumps(text)}}}\n{PROVEN}", mode="comment"))
    assert check_rules(ruleset).errors == ()
