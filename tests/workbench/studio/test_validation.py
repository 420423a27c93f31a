"""What a rule does wrong, alone and among others."""

import pytest
import yaml

from bot.rules.ruleset import compile_rule
from bot.workbench.studio.validation import gather_examples, prove_rule
from tests.builders import Fields, a_rule, a_ruleset
from tests.workbench.studio.running import TODAY

OTHER = a_rule(
    id="os-error", match={"phrase": "os error"}, examples={"match": ["os error: disk full"], "no_match": ["x"]}
)


def prove(rule: Fields, *others: Fields) -> list[tuple[str, int, str]]:
    """Kind and line of each error, and what it is about."""
    ruleset = a_ruleset(*others)
    text = yaml.safe_dump(rule, sort_keys=False)
    made, problems = compile_rule(text, f"rules/{rule['id']}.yml", ruleset.packs[0])
    assert made, problems
    found = prove_rule(made, ruleset, gather_examples(ruleset, made.pack), TODAY, proves_variants=False)
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
            [("overlap", 3, "this matches an example of `os-error` too")],
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
        pytest.param(
            {"supersedes": ["nobody"]}, [("unknown-rule", 13, "there is no rule `nobody` in this set")], id="a name"
        ),
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
