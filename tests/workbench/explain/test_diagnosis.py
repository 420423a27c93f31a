"""Why each rule matches an issue, or does not."""

from bot.rules.matcher import read_facts
from bot.workbench.explain.diagnosis import explain_facts
from tests.issue.issues import make_issue
from tests.rules.rules import make_ruleset, write_rule

ISSUE = make_issue("apple pie\n\n### Platform\n\nwindows\n")


def test_every_rule_is_explained_the_nearest_first() -> None:
    ruleset = make_ruleset(
        write_rule("far", "{all: [{phrase: plum pie}, {phrase: no cake}]}"),
        write_rule("half", "{all: [{phrase: apple pie}, {phrase: no cake}]}"),
        write_rule("fruit", "{any: [{phrase: plum pie}, {all: [{phrase: apple pie}, {os: linux}, {os: windows}]}]}"),
        write_rule("not-this", "{phrase: plum pie, none: [{phrase: no cake}]}"),
        write_rule("silent", "{phrase: apple pie}"),
        write_rule("speaks", "{phrase: apple pie, os: windows}", "supersedes: [silent]"),
    )
    found = [
        (e.rule.id, e.verdict.holds, e.match.superseded_by if e.match else None, round(e.similarity, 2))
        for e in explain_facts(read_facts(ISSUE, ruleset), ruleset)
    ]
    assert found == [
        ("speaks", True, None, 1.0),
        ("silent", True, "speaks", 1.0),
        ("fruit", False, None, 0.8),
        ("half", False, None, 0.5),
        ("far", False, None, 0.0),
        ("not-this", False, None, 0.0),
    ]


def test_an_explanation_knows_captures() -> None:
    ruleset = make_ruleset(write_rule("no", "{phrase: no cake}"))
    (found,) = explain_facts(read_facts(ISSUE, ruleset), ruleset)
    assert {name: capture.value for name, capture in found.captures.items()} == {"os": "windows"}
