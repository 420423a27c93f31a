"""The whole of an explanation: marks, trees, captures, branches, and the nearest of the others."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from bot.triage.config import Config
from bot.workbench.explain.condition_tree import Node
from bot.workbench.explain.explainer import IssueExplanation, make_explanation, reveal_all
from bot.workbench.explain.formats import (
    format_branch,
    format_failure,
    format_node,
    format_seen,
    format_skip,
    render_html,
    to_json,
)
from tests.builders import a_rule, a_ruleset
from tests.issue.issues import make_comment, make_issue
from tests.rules.rules import PACK, make_ruleset, write_rule

TODAY = date(2026, 1, 1)
ISSUE = make_issue(
    "My apple pie\nis gone.\n\n### Platform\n\nwindows\n\n### Version\n\n1.2.3\n",
    title="An apple pie is gone",
    comments=(make_comment("it is broken now"),),
)
GUIDANCE = """\
labels: {add: [food], remove: [invalid]}
fixed_in: {version: 2.0.0}
guidance:
  - {when: {os: macos}, tldr: Ask the cook.}
  - {when: {version: "<2"}, tldr: Bake another one.}
  - {tldr: Buy one.}
supersedes: [silent]
"""
RULES = make_ruleset(
    write_rule("speaks", "{phrase: apple pie is gone, none: [{phrase: plum pie is gone}]}", GUIDANCE, "comment"),
    write_rule("silent", "{any: [{phrase: it is broken now, in: [comments]}, {phrase: it has burnt to coal}]}"),
    write_rule("excluded", "{all: [{phrase: pie is gone}], none: [{any: [{os: linux}, {os: windows}]}]}"),
    write_rule("half", "{all: [{phrase: pie is gone}, {phrase: cake is gone for good}, {os: linux}]}"),
    write_rule("elsewhere", "{phrase: it is broken now}"),
    write_rule("fourth", "{phrase: My apple pie is here again}"),
    write_rule("far", "{phrase: nothing of the kind was said}"),
)


def explain(wanted: str | None = None) -> IssueExplanation:
    return make_explanation(ISSUE, RULES, Config(), TODAY, wanted)


def outline(node: Node, depth: int = 0) -> list[str]:
    """The tree as lines: + as wanted, - not, ~ does not matter, ! the rule failed on it."""
    sign = "!" if node.is_decisive else "+" if node.is_fine else "~" if node.is_moot else "-"
    places = "".join(f" [{place.number}]" for place in node.places)
    below = [line for child in node.children for line in outline(child, depth + 1)]
    return [f"{'  ' * depth}{sign} {format_node(node)}{places}", *below]


def test_those_that_match_come_first_and_then_the_nearest_three() -> None:
    found = [(rule.id, rule.matches, rule.is_shown, round(rule.similarity, 2)) for rule in explain().rules]

    assert found == [
        ("speaks", True, True, 1.0),
        ("silent", True, True, 1.0),
        ("elsewhere", False, True, 0.9),
        ("excluded", False, True, 0.9),
        ("fourth", False, True, 0.51),
        ("half", False, False, 0.48),
        ("far", False, False, 0.0),
    ]


def test_evidence_is_numbered_in_reading_order_and_named_by_rule_and_condition() -> None:
    found = [(m.number, m.rule, m.conditions, m.kind, m.place.source, m.place.text) for m in explain().highlights]

    assert found == [
        (1, "speaks", ('phrase: "apple pie is gone"',), "evidence", "title", "apple pie is gone"),
        (2, "excluded", ('phrase: "pie is gone"',), "held", "title", "pie is gone"),
        (3, "fourth", ('phrase: "My apple pie is here again"',), "near", "body", "My apple pie\nis"),
        (4, "excluded", ("os: windows",), "unwanted", "body", "windows"),
        (5, "silent", ('phrase: "it is broken now"',), "evidence", "comment 1", "it is broken now"),
        (6, "elsewhere", ('phrase: "it is broken now"',), "near", "comment 1", "it is broken now"),
    ]


def test_the_tree_tells_what_held_what_did_not_and_what_does_not_matter() -> None:
    trees = {rule.id: outline(rule.tree) for rule in explain().rules if rule.is_shown}

    assert trees["speaks"] == [
        "+ all of these (2)",
        '  + phrase: "apple pie is gone" [1]',
        "  + none of these (1)",
        '    + absent: phrase: "plum pie is gone"',
    ]
    assert trees["silent"] == [
        "+ any of these (2)",
        '  + phrase: "it is broken now" [5]',
        '  ~ phrase: "it has burnt to coal"',
    ]
    assert trees["excluded"] == [
        "- all of these (2)",
        "  + all of these (1)",
        '    + phrase: "pie is gone" [2]',
        "  - none of these (1)",
        "    ! present, but must be absent: any of these (2)",
        "      + absent: os: linux [4]",
        "      - present, but must be absent: os: windows [4]",
    ]


def test_a_condition_of_the_pack_says_so() -> None:
    ruleset = make_ruleset(write_rule("pie", "{phrase: pie is gone}"), pack=f"{PACK}none: [{{os: windows}}]\n")

    (rule,) = make_explanation(ISSUE, ruleset, Config(), TODAY).rules

    assert outline(rule.tree) == [
        "- all of these (2)",
        '  + phrase: "pie is gone" [1]',
        "  - none of these (1), from pack.yml",
        "    ! present, but must be absent: os: windows [2]",
    ]


def test_of_a_rule_that_is_not_shown_only_the_condition_is_told_on_which_it_failed() -> None:
    (half,) = [rule for rule in explain().rules if rule.id == "half"]

    assert (outline(half.tree), format_failure(half)) == (
        ['! phrase: "cake is gone for good"'],
        "failed on this condition, and on 1 more",
    )


def test_one_rule_can_be_shown_however_far_it_is() -> None:
    found = explain("half")

    assert [rule.id for rule in found.rules if rule.is_shown] == ["half"]
    assert {highlight.rule for highlight in found.highlights} == {"half"}
    assert outline(found.near[0].tree) == [
        "- all of these (3)",
        '  + phrase: "pie is gone" [1]',
        '  ! phrase: "cake is gone for good"',
        "  - os: linux [2]",
    ]


def test_what_was_there_instead_is_told() -> None:
    by_id = {rule.id: rule for rule in explain().rules}
    node = by_id["elsewhere"].tree.decisive

    assert node is not None
    assert node.near is not None
    assert (format_seen(node), node.near.kind, node.near.view) == ("not in title, body, logs", "elsewhere", "comments")
    assert format_failure(by_id["elsewhere"]) == "failed only on this condition"
    assert format_failure(by_id["excluded"]) == "failed only because this is present"


def test_a_match_tells_its_labels_its_fix_its_branches_and_whom_it_silences() -> None:
    speaks, silent, *_ = explain().rules

    assert speaks.decision
    assert (speaks.decision.add, speaks.decision.remove, speaks.silences) == (("food",), ("invalid",), ("silent",))
    assert speaks.fix == "the stated version is older than the fix in 2.0.0"
    assert [format_branch(branch) for branch in speaks.branches] == [
        "branch 1 does not apply: os: macos does not hold (os is windows)",
        'branch 2 applies, because its `when` holds (version: "<2"): Bake another one.',
        "branch 3 would also apply, but an earlier branch does",
    ]
    assert silent.decision
    assert (silent.decision.match.superseded_by, silent.decision.lost_to) == ("speaks", ("speaks",))


def test_a_rule_that_only_suggests_tells_its_labels_as_suggestions() -> None:
    config = Config.model_validate({"mode": "suggest"})
    explained = make_explanation(ISSUE, RULES, config, TODAY)

    (rule,) = [rule for rule in to_json(explained)["rules"] if rule["rule"] == "speaks"]
    assert (rule["standing"], rule["labels"]) == ("suggests", {"add": [], "remove": [], "suggest": ["food"]})
    assert "suggests food" in render_html(explained)


def test_an_issue_that_a_run_would_leave_alone_says_so() -> None:
    issue = make_issue("My pie is gone", association="MEMBER")
    skipped = make_explanation(issue, RULES, Config(), TODAY)

    assert format_skip(explain()) == ""
    assert format_skip(skipped) == (
        "A run skips this issue, because issues by authors with the association MEMBER are skipped. "
        "The explanation shows its rules anyway."
    )
    assert to_json(skipped)["skipped"] == skipped.skipped


def test_json_keeps_the_keys_that_scripts_know() -> None:
    found = to_json(explain())

    assert {"repository", "issue", "layout", "rules"} <= found.keys()
    for rule in found["rules"]:
        assert {"rule", "matched", "superseded_by", "captures", "condition"} <= rule.keys()
        assert rule["condition"].keys() == {"wanted", "holds", "seen", "evidence", "conditions"}
        for capture in rule["captures"].values():
            assert {"value", "type", "place", "also_stated"} <= capture.keys()


def test_a_match_tells_the_type_and_the_fields_that_it_sets() -> None:
    rules = make_ruleset(write_rule("typed", "{phrase: apple pie}", "type: Bug\nfields: {Priority: High}\n"))
    explanation = make_explanation(ISSUE, rules, Config(), TODAY)

    (rule,) = to_json(explanation)["rules"]
    assert (rule["type"], rule["fields"]) == ("Bug", {"Priority": "High"})
    assert explanation.rules[0].decision
    assert str(explanation.rules[0].decision.fields) == "type `Bug`, field `Priority` `High`"


def test_json_tells_the_one_condition_that_failed() -> None:
    (fourth,) = [rule for rule in to_json(explain())["rules"] if rule["rule"] == "fourth"]

    assert fourth["near"]["others"] == 0
    assert fourth["near"]["failed"]["wanted"] == 'phrase: "My apple pie is here again"'
    assert fourth["near"]["failed"]["nearly"]["wanted"] == {
        "before": "",
        "common": "My apple pie is",
        "after": " here again",
    }


@given(st.text(), st.text())
def test_any_issue_can_be_explained_and_revealed(title: str, body: str) -> None:
    found = reveal_all(make_explanation(make_issue(body, title=title), RULES, Config(), TODAY))

    said = [segment.text for e in found.excerpts for run in e.runs for line in run.lines for segment in line.segments]
    assert all("\n" not in text and "\x1b" not in text for text in (found.title, *said))


def test_a_page_drops_an_address_that_would_run() -> None:
    ruleset = make_ruleset(write_rule())
    pages = [
        render_html(make_explanation(replace(ISSUE, url=url), ruleset, Config(), TODAY))
        for url in ("javascript:alert(1)", "https://github.com/o/r/issues/1")
    ]
    links = ('href="javascript:', 'href="https://github.com/o/r/issues/1"')
    assert [[link in page for link in links] for page in pages] == [[False, False], [False, True]]


def test_each_label_of_an_answer_names_the_answer() -> None:
    rule = a_rule(match={"layout": "form"}, labels={"from": [{"section": "Area", "prefix": "area:"}]})
    explanation = make_explanation(make_issue("### Area\n\ncore\n"), a_ruleset(rule), Config(), TODAY)

    (shown,) = to_json(explanation)["rules"]
    assert shown["labels"]["add"] == ["area:core"]
    assert shown["answers"] == [{"label": "area:core", "answer": "core", "from": "section: Area", "line": 3}]
    assert "area:core, for the answer “core” in section: Area (line 3)" in render_html(explanation)
