"""What a rule does wrong, alone and among others."""

import pytest
import yaml

from bot.rules.reader import compile_rule
from bot.rules.ruleset import Ruleset
from bot.workbench.studio.surroundings import Surroundings, find_example, prove_rule, try_examples
from tests.builders import Fields, a_rule, a_ruleset
from tests.workbench.studio.running import TODAY

OTHER = a_rule(
    id="os-error", match={"phrase": "os error"}, examples={"match": ["os error: disk full"], "no_match": ["x"]}
)


def prove(rule: Fields, *others: Fields) -> list[tuple[str, int, str]]:
    """Kind and line of each error, and what it is about."""
    ruleset = a_ruleset(*others)
    text = yaml.safe_dump(rule, sort_keys=False)
    around = Surroundings(f"rules/{rule['id']}.yml", ruleset.packs[0], ruleset)
    made, problems = compile_rule(text, around.file, around.pack)
    assert made, problems
    found = prove_rule(made, around, TODAY, proves_variants=False)
    return [
        (problem.kind, problem.line, problem.message.split(";")[0]) for problem in found if problem.severity == "error"
    ]


@pytest.mark.parametrize(
    "changes, expected",
    [
        pytest.param({}, [], id="nothing"),
        pytest.param(
            {"match": {"phrase": "disk quota exceeded"}},
            [("example-missed", 13, '`out-of-disk` does not match its own example: phrase: "disk quota exceeded"')],
            id="its example is missed",
        ),
        pytest.param(
            {"examples": {"match": ["No space left on device"], "no_match": ["no space left on device"]}},
            [("example-matched", 15, "`out-of-disk` matches this near miss: phrase:")],
            id="its near miss is matched",
        ),
        pytest.param(
            {"match": {"phrase": "disk full"}, "examples": {"match": ["disk full"], "no_match": ["x"]}},
            [("overlap", 3, "this rule also matches an example of `os-error`")],
            id="the example of another rule is matched",
        ),
        pytest.param(
            {"examples": {"match": ["No space left on device (os error)"], "no_match": ["x"]}},
            [("overlap", 13, "`os-error` matches this example too")],
            id="another rule matches its example",
        ),
        pytest.param(
            {
                "match": {"phrase": "disk full"},
                "examples": {"match": ["disk full"], "no_match": ["x"]},
                "also": ["os-error"],
            },
            [],
            id="both may speak",
        ),
        pytest.param({"supersedes": ["nobody"]}, [("unknown-rule", 13, "unknown rule `nobody`")], id="a name"),
    ],
)
def test_a_rule_is_proven(changes: Fields, expected: list[tuple[str, int, str]]) -> None:
    found = prove(a_rule(**changes), OTHER)

    assert [
        (kind, message[: len(words)]) for (kind, _, message), (_, _, words) in zip(found, expected, strict=True)
    ] == [(kind, words) for kind, _, words in expected]


def test_a_rule_that_others_name_may_match_what_they_do() -> None:
    rule = a_rule(match={"phrase": "disk full"}, examples={"match": ["disk full"], "no_match": ["x"]})

    assert prove(rule, {**OTHER, "supersedes": ["out-of-disk"]}) == []


def test_examples_are_tried_in_their_order() -> None:
    examples = {"match": ["nothing", {"title": "Help", "body": "no space left on device"}], "no_match": ["all is well"]}
    ruleset = a_ruleset(a_rule(examples=examples))
    (rule,) = ruleset.rules
    around = Surroundings(rule.file, rule.pack, Ruleset((), ruleset.packs))

    found = [(trial.kind, trial.index, trial.issue.title, trial.holds) for trial in try_examples(rule, around)]

    assert found == [("match", 0, "", False), ("match", 1, "Help", True), ("no_match", 0, "", False)]


@pytest.mark.parametrize("kind, index", [("match", -1), ("match", 1), ("no_match", 1), ("pack", 0)])
def test_an_example_that_is_not_there_is_not_found(kind: str, index: int) -> None:
    (rule,) = a_ruleset(a_rule(examples={"match": ["x"], "no_match": ["y"]})).rules

    assert find_example(rule, kind, index) is None
