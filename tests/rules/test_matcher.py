"""Which rules match, and which of those speak."""

import json
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.rules.loader import build_ruleset
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue
from tests.builders import Fields, a_rule, an_issue, matches_of
from tests.issue.issues import make_comment, make_issue
from tests.rules.rules import PACK, explain, make_ruleset, write_rule

ISSUE = make_issue("apple pie, banana split")
IN_APP = make_issue("**Bug Description**\napple pie\n**Environment Info**\n- A: b\n**Errors**\nbanana split\n")
PIE, SPLIT = "{phrase: apple pie}", "{any: [{phrase: banana split}, {phrase: banana split, in: [errors]}]}"


def outcome(ruleset: Ruleset, body: str = "apple pie, banana split") -> list[tuple[str, str | None]]:
    """The rules that match, those that speak first in front, each with the one that silences it."""
    matches = match_rules(read_facts(make_issue(body), ruleset), ruleset)
    return [(match.rule.id, match.superseded_by) for match in matches]


@pytest.mark.parametrize(
    "files, expected",
    [
        pytest.param([write_rule("b", PIE), write_rule("a", PIE)], [("a", None), ("b", None)], id="by id"),
        pytest.param(
            [write_rule("a", PIE), write_rule("b", f"{{all: [{PIE}, {SPLIT}]}}")],
            [("b", None), ("a", None)],
            id="by the number of conditions that held",
        ),
        pytest.param(
            [write_rule("a", f"{{all: [{PIE}, {SPLIT}]}}"), write_rule("b", PIE, "priority: 1")],
            [("b", None), ("a", None)],
            id="by priority",
        ),
        pytest.param(
            [write_rule("a", PIE), write_rule("b", "{none: [{phrase: x y}, {phrase: z z}, {phrase: q q}]}")],
            [("a", None), ("b", None)],
            id="what must not hold makes nothing more specific",
        ),
        pytest.param(
            [write_rule("a", PIE), write_rule("b", PIE, "supersedes: [a]")], [("a", "b"), ("b", None)], id="superseded"
        ),
        pytest.param(
            [write_rule("a", PIE), write_rule("b", "{phrase: no such thing}", "supersedes: [a]")],
            [("a", None)],
            id="superseded by a rule that does not match",
        ),
        pytest.param(
            [write_rule("a", PIE, "supersedes: [b]"), write_rule("b", PIE, "supersedes: [a]")],
            [("a", None), ("b", "a")],
            id="two that supersede each other: the one in front speaks",
        ),
        pytest.param(
            [
                write_rule("a", PIE, "supersedes: [b]"),
                write_rule("b", PIE, "supersedes: [c]"),
                write_rule("c", PIE, "supersedes: [a]"),
            ],
            [("a", None), ("b", "a"), ("c", "b")],
            id="three in a circle: the one in front speaks",
        ),
        pytest.param(
            [
                write_rule("a", PIE),
                write_rule("b", PIE, "supersedes: [a]"),
                write_rule("c", PIE, "supersedes: [b]"),
            ],
            [("a", "b"), ("b", "c"), ("c", None)],
            id="three in a row: the last speaks",
        ),
    ],
)
def test_what_speaks(files: list[str], expected: list[tuple[str, str | None]]) -> None:
    outcomes = [outcome(make_ruleset(*order)) for order in permutations(files)]
    assert outcomes == [expected] * len(outcomes)


@pytest.mark.parametrize(
    "more, expected",
    [
        pytest.param("", [("a", None), ("b", "a")], id="stands back behind the report"),
        pytest.param("also: [a]", [("a", None), ("b", None)], id="unless it may accompany it"),
        pytest.param("supersedes: [a]", [("a", None), ("b", "a")], id="even where it would supersede"),
    ],
)
def test_what_an_error_dump_alone_says(more: str, expected: list[tuple[str, str | None]]) -> None:
    ruleset = make_ruleset(write_rule("a", PIE), write_rule("b", SPLIT, more))
    assert [(m.rule.id, m.superseded_by) for m in match_rules(read_facts(IN_APP, ruleset), ruleset)] == expected


GUARDED = f"{{all: [{SPLIT}, {{any: [{{regex: '.', in: [title]}}]}}]}}"


@pytest.mark.parametrize(
    "more, pack, expected",
    [
        pytest.param("", "", [("a", None), ("b", "a")], id="a guard that holds is no evidence of the report"),
        pytest.param("", "precedence: [b, a]", [("a", None), ("b", "a")], id="whatever the precedence"),
        pytest.param("supersedes: [a]", "", [("b", None), ("a", "b")], id="unless the rule names the other"),
    ],
)
def test_what_an_error_dump_says_beside_a_guard(more: str, pack: str, expected: list[tuple[str, str | None]]) -> None:
    ruleset = make_ruleset(write_rule("a", PIE), write_rule("b", GUARDED, more), pack=f"{PACK}{pack}\n")
    matches = match_rules(read_facts(replace(IN_APP, title="An error"), ruleset), ruleset)
    assert sorted((match.rule.id, match.superseded_by) for match in matches) == sorted(expected)


def test_an_error_dump_is_silenced_by_rules_of_its_own_pack_only() -> None:
    one, other = write_rule("a", PIE), write_rule("b", SPLIT)
    ruleset = build_ruleset({"one/a.yml": one, "other/b.yml": other})
    matches = match_rules(read_facts(IN_APP, ruleset), ruleset)
    assert [(match.rule.id, match.superseded_by) for match in matches] == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    "known, general, expected",
    [
        pytest.param(write_rule("k", PIE), write_rule("g", PIE), "k", id="gives way to a rule of another pack"),
        pytest.param(write_rule("k", PIE, mode="observe"), write_rule("g", PIE), None, id="not to one that observes"),
        pytest.param(
            write_rule("k", PIE, "also: [g]"), write_rule("g", PIE), None, id="not to one that it may accompany"
        ),
        pytest.param(
            write_rule("k", "{phrase: plum pie}"), write_rule("g", PIE), None, id="speaks where nothing is known"
        ),
        pytest.param(
            write_rule("k", PIE),
            write_rule("g", f"{{all: [{PIE}, {SPLIT}]}}", "supersedes: [k]"),
            "k",
            id="gives way whatever is in front",
        ),
    ],
)
def test_a_fallback_pack(known: str, general: str, expected: str | None) -> None:
    ruleset = build_ruleset(
        {"own/k.yml": known, "general/pack.yml": "{name: general, fallback: true}", "general/g.yml": general}
    )
    matches = match_rules(read_facts(ISSUE, ruleset), ruleset)
    assert next(match for match in matches if match.rule.id == "g").superseded_by == expected


def test_packs_of_one_name_keep_their_own_captures() -> None:
    pack = "name: same\ncaptures: {{os: {{first_of: [{{section: {section}}}]}}}}\n"
    rule = "{{os: {value}}}"
    ruleset = build_ruleset(
        {
            "one/pack.yml": pack.format(section="A"),
            "one/a.yml": write_rule("a", rule.format(value="x")),
            "two/pack.yml": pack.format(section="B"),
            "two/b.yml": write_rule("b", rule.format(value="y")),
        }
    )
    assert explain(ruleset) == []
    assert outcome(ruleset, "### A\n\nx\n\n### B\n\ny\n") == [("a", None), ("b", None)]


@pytest.mark.parametrize(
    "issue",
    [
        pytest.param(make_issue("> apple pie\n> <sub>Posted automatically by Signpost.</sub>"), id="quoted from us"),
        pytest.param(make_issue(comments=(make_comment("> apple pie"),)), id="quoted in a comment"),
        pytest.param(make_issue(comments=(make_comment("apple pie", author="other"),)), id="in another's comment"),
        pytest.param(make_issue("<!-- apple pie -->"), id="in an HTML comment"),
        pytest.param(make_issue("- [x] apple pie"), id="the label of a box"),
    ],
)
def test_what_counts_not_at_all(issue: Issue) -> None:
    ruleset = make_ruleset(write_rule("a", "{phrase: apple pie, in: [title, body, logs, errors, comments]}"))
    assert match_rules(read_facts(issue, ruleset), ruleset) == ()


GUIDANCE = """guidance:
  - {when: {os: windows}, tldr: one}
  - {when: {is_pie: true}, tldr: two}
  - {when: {size: 5}, tldr: three}
"""
BRANCHES = "{any: [{phrase: apple pie, set: {is_pie: true}}, {phrase: 'it has {size:int} parts'}]}"


@pytest.mark.parametrize(
    "body, expected",
    [
        ("apple pie\n\n### Platform\n\nwindows\n", 0),
        ("apple pie", 1),
        ("it has 5 parts", 2),
        ("it has 6 parts", None),
    ],
)
def test_the_first_branch_that_holds_speaks(body: str, expected: int | None) -> None:
    ruleset = make_ruleset(write_rule("a", BRANCHES, GUIDANCE))
    assert explain(ruleset) == []
    (match,) = match_rules(read_facts(make_issue(body), ruleset), ruleset)
    assert match.branch == expected


def test_a_branch_without_a_condition_always_speaks() -> None:
    ruleset = make_ruleset(write_rule("a", PIE, "guidance: {tldr: one}"))
    (match,) = match_rules(read_facts(ISSUE, ruleset), ruleset)
    assert match.branch == 0


WORDS = ["apple", "pie", "ΣΑΣ", "straße", "ok", "a-b", "x", "İzmir", "5", "ﬁle", "한글", "ᏸᏹ", "don't", '"q"']
phrases = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map(" ".join).filter(lambda text: len(text) > 2)
leaves = st.one_of(
    phrases.map(lambda text: {"phrase": text}),
    phrases.map(lambda text: {"phrase": text, "in": ["title"]}),
    phrases.map(lambda text: {"phrase": text, "in": ["section: Logs"]}),
    phrases.map(lambda text: {"phrase": f"{text} {{n:int}} things there"}),
    phrases.map(lambda text: {"regex": rf"\b{text.casefold()}|^pie$|\d{{2}}"}),
    phrases.map(lambda text: {"section": "Logs", "contains": text}),
    st.just({"body": "empty"}),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"none": parts}),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"at_least": {"n": 2, "of": parts}}),
        st.tuples(inner, inner).map(lambda two: two[0] | two[1]),
    ),
    max_leaves=6,
)
bodies = st.lists(st.sampled_from([*WORDS, "\n\n", "```\n", "\n### Logs\n\n", "5 things there", " ", "pi\ne"])).map(
    " ".join
)


@settings(max_examples=60)
@given(st.lists(conditions, min_size=1, max_size=8), bodies, bodies)
def test_the_prefilter_changes_nothing(wanted: list[dict[str, object]], title: str, body: str) -> None:
    files = [write_rule(f"r{number}", json.dumps(match)) for number, match in enumerate(wanted)]
    ruleset = make_ruleset(*files)
    facts = read_facts(make_issue(body, title=title), ruleset)
    without = {rule.id for rule in ruleset.rules if rule.condition.evaluate(facts, {}).holds}
    assert {match.rule.id for match in match_rules(facts, ruleset)} == without


CAPTURES: Fields = {"captures": {"version": {"first_of": [{"phrase": "built with {version:version}"}]}}}


@pytest.mark.parametrize(
    "stated, state",
    [("built with 1.9", "older"), ("built with 2.0", "fixed"), ("built with 10.0", "fixed"), ("", "unknown")],
)
def test_the_stated_version_is_compared_with_the_fix(stated: str, state: str) -> None:
    issue = an_issue(body=f"No space left on device, {stated}")
    (match,) = matches_of(issue, a_rule(fixed_in={"version": "2.0"}), pack=CAPTURES)
    assert match.fix_state == state


def test_a_rule_without_a_fix_compares_with_nothing() -> None:
    (match,) = matches_of(an_issue())
    assert match.fix_state is None
