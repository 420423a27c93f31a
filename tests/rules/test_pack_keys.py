"""What a pack says for all its rules: where none matches, which one speaks, which pages are translated."""

import pytest

from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.workbench.check.checker import check_rules
from tests.issue.issues import make_issue
from tests.rules.rules import PACK, explain, make_ruleset, write_rule, write_speaker

APPLE, PIE = "{phrase: apple}", "{phrase: apple pie with cream}"


def outcome(ruleset: Ruleset, body: str) -> list[tuple[str, str | None]]:
    matches = match_rules(read_facts(make_issue(body), ruleset), ruleset)
    return sorted((match.rule.id, match.superseded_by) for match in matches)


@pytest.mark.parametrize(
    "order, expected",
    [
        ("[a, b, c]", [("a", None), ("b", "a"), ("c", "a")]),
        ("[c, a]", [("a", "c"), ("b", None), ("c", None)]),
        ("[]", [("a", None), ("b", None), ("c", None)]),
    ],
)
def test_of_rules_in_precedence_the_first_speaks(order: str, expected: list[tuple[str, str | None]]) -> None:
    files = [write_rule(name, APPLE) for name in "abc"]
    assert outcome(make_ruleset(*files, pack=f"{PACK}precedence: {order}\n"), "an apple") == expected


def test_rules_that_accompany_each_other_do_so_in_precedence_too() -> None:
    files = [write_rule("a", APPLE, "also: [b]"), write_rule("b", APPLE)]
    assert outcome(make_ruleset(*files, pack=f"{PACK}precedence: [a, b]\n"), "an apple") == [("a", None), ("b", None)]


def test_precedence_declares_an_overlap() -> None:
    proof = "examples: {match: [apple pie with cream], no_match: [pear]}"
    files = [
        write_speaker("a", PIE, proof),
        write_speaker("b", APPLE, "examples: {match: [an apple], no_match: [pear]}"),
    ]
    assert not check_rules(make_ruleset(*files)).is_green
    assert check_rules(make_ruleset(*files, pack=f"{PACK}precedence: [a, b]\n")).is_green


def test_precedence_names_rules_that_there_are() -> None:
    files = [write_rule("a", APPLE, "examples: {match: [an apple], no_match: [pear]}"), write_rule("b")]
    wrong = f"{PACK}precedence: [a, nope]\n"
    line = wrong.count("\n")
    expected = [f"rules/pack.yml:{line}:17: unknown rule `nope` in `precedence:`; correct the name or remove it"]
    assert [str(problem) for problem in check_rules(make_ruleset(*files, pack=wrong)).errors] == expected
    assert check_rules(make_ruleset(files[1], pack=wrong)).is_green  # one file, checked alone


ASKS = f"{PACK}asks: {{version: 'the output of `a --version`'}}\n"


@pytest.mark.parametrize(
    "ask, expected",
    [
        ("[version, os]", []),
        ("[vrsion]", ["7:9: unknown capture `vrsion`; did you mean `version`?"]),
        ("[request]", ["7:9: no text asks for `request`; add `asks: {request: …}` to pack.yml"]),
        ("[version, version]", ["7:18: the list has `version` twice; remove one of the two"]),
    ],
)
def test_a_rule_asks_for_captures_that_have_a_text(ask: str, expected: list[str]) -> None:
    match = "{phrase: 'an apple {request:id}'}"
    file = write_rule("a", match, f"guidance:\n  tldr: Eat it.\n  ask: {ask}\n")
    assert explain(make_ruleset(file, pack=ASKS)) == [f"rules/a.yml:{problem}" for problem in expected]


@pytest.mark.parametrize("text", ["''", "'{{ version }}'", '"two\\nlines"'])
def test_what_a_pack_asks_for_is_one_plain_text(text: str) -> None:
    ruleset = make_ruleset(write_rule("a", APPLE), pack=f"{PACK}asks: {{version: {text}}}\n")
    assert [problem.file for problem in ruleset.problems] == ["rules/pack.yml"]


def test_an_empty_forbidden_word_forbids_nothing() -> None:
    ruleset = make_ruleset(write_rule("a", APPLE), pack=f"{PACK}forbidden_words: ['', ' ']\n")
    assert ([rule.id for rule in ruleset.rules], explain(ruleset)) == (["a"], [])


def test_where_the_pack_says_none_no_rule_matches() -> None:
    ruleset = make_ruleset(write_rule("a", APPLE), pack=f"{PACK}none: [{{phrase: I wish for}}, {{os: windows}}]\n")
    assert outcome(ruleset, "an apple") == [("a", None)]
    assert outcome(ruleset, "I wish for an apple") == []
    assert outcome(ruleset, "an apple\nPlatform: windows") == []


REQUESTS = """feature_requests:
  - titles: ['^please add ']
    headings: [Proposed behavior]
    unless_titles: [broken]
    unless_headings: [Steps to reproduce]
"""


@pytest.mark.parametrize(
    "title, body, matches",
    [
        ("A pie", "an apple", True),
        ("Please add a pie", "an apple", False),
        ("Please add a pie, the old one is broken", "an apple", True),
        ("A pie", "## Problem\n\nan apple\n\n## Proposed behavior\n\nbake it", False),
        ("A pie", "## Proposed behavior\n\nbake it\n\n## Steps to reproduce\n\nan apple", True),
        ("A pie", "## Problem\n\nan apple\n\n## Proposed behavior\n", True),
        ("A pie", "an apple\n\nProposed behavior: bake it", True),
    ],
)
def test_no_rule_matches_a_feature_request(title: str, body: str, *, matches: bool) -> None:
    ruleset = make_ruleset(write_rule("a", APPLE), pack=PACK + REQUESTS)
    assert explain(ruleset) == []
    assert bool(match_rules(read_facts(make_issue(body, title=title), ruleset), ruleset)) is matches


CIRCUMSTANCE = """circumstance:
  - 'empty after[^.]*({message}|a fruit)'
  - 'the fruit is fine'
"""


@pytest.mark.parametrize(
    "title, body, matches",
    [
        ("A pie", "an apple", True),
        ("The list is empty after an apple", "It fell.", False),
        ("The list is empty after an `Apple`", "```\napple\n```\n", False),
        ("The list is empty after a fruit", "```\napple\n```\n", False),
        ("A pie", "The list is empty after an apple", False),
        ("A pie", "The list is empty after\nan **apple** fell.", False),
        ("A pie", "The list is empty after lunch. I ate an apple", True),
        ("A pie", "The list is empty after an apple:\n\n```\napple\n```\n", False),
        ("A pie", "The list is empty after a fruit.\n\nan apple", False),
        ("A pie", "I ate. The list is empty after a fruit.\n\nan apple", True),
        ("A pie", "The fruit is fine\n\n```\napple\n```\n", False),
    ],
)
def test_a_message_as_circumstance_is_not_the_problem(title: str, body: str, *, matches: bool) -> None:
    ruleset = make_ruleset(write_rule("a", APPLE), pack=PACK + CIRCUMSTANCE)
    assert explain(ruleset) == []
    assert bool(match_rules(read_facts(make_issue(body, title=title), ruleset), ruleset)) is matches


def test_a_placeholder_is_one_in_the_field_that_it_is_for() -> None:
    rule = write_rule("a", "{section: Version, empty: true}")
    ruleset = make_ruleset(rule, pack=f"{PACK}placeholders: [{{section: Version, text: 1.2.3}}, never]\n")
    other = make_ruleset(rule, pack=f"{PACK}placeholders: [{{section: Release, text: 1.2.3}}]\n")
    assert outcome(ruleset, "### Version\n\n1.2.3\n") == outcome(ruleset, "### Version\n\nnever\n") == [("a", None)]
    assert outcome(other, "### Version\n\n1.2.3\n") == []


@pytest.mark.parametrize(
    "key, problem",
    [
        ("circumstance: ['a(']", "pack.yml:6:16: invalid RE2 pattern: missing ): a("),
        ("feature_requests: [{titles: ['a(']}]", "pack.yml:6:30: invalid RE2 pattern: missing ): a("),
        (
            "feature_requests: [{unless_titles: [a]}]",
            "a feature request is recognised by `titles` or `headings`; add one",
        ),
        ("placeholders: [{section: Version}]", "`text` is missing; add it"),
        ("precedence: [a, a]", "the list has `a` twice; remove one of the two"),
        ("none: [{prase: x}]", "unknown condition `prase`; did you mean `phrase`"),
        (
            'translations: [{pages: ["https://x.example/en"], languages: {fr: fr}}]',
            "`https://x.example/en` must start with `https://` and contain `{language}` once",
        ),
        (
            'translations: [{pages: ["https://x.example/{language}"], languages: {xx: x}}]',
            "`xx` is not a language that Signpost detects",
        ),
    ],
)
def test_a_broken_pack_says_what_to_do(key: str, problem: str) -> None:
    (found,) = explain(make_ruleset(write_rule("a", APPLE), pack=f"{PACK}{key}\n"))
    assert problem in found
