"""What a pack says for all its rules: where none matches, which one speaks, which pages are translated."""

import pytest

from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.workbench.check.checker import check_rules
from tests.issue.issues import make_issue
from tests.rules.rules import PACK, explain, make_ruleset, write_rule

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
    files = [write_rule("a", PIE, proof), write_rule("b", APPLE, "examples: {match: [an apple], no_match: [pear]}")]
    assert not check_rules(make_ruleset(*files)).is_green
    assert check_rules(make_ruleset(*files, pack=f"{PACK}precedence: [a, b]\n")).is_green


def test_precedence_names_rules_that_there_are() -> None:
    files = [write_rule("a", APPLE, "examples: {match: [an apple], no_match: [pear]}"), write_rule("b")]
    wrong = f"{PACK}precedence: [a, nope]\n"
    line = wrong.count("\n")
    expected = [f"rules/pack.yml:{line}:17: unknown rule `nope` in `precedence:`; correct the name or remove it"]
    assert [str(problem) for problem in check_rules(make_ruleset(*files, pack=wrong)).errors] == expected
    assert check_rules(make_ruleset(files[1], pack=wrong)).is_green  # one file, checked alone


def test_an_empty_forbidden_word_forbids_nothing() -> None:
    ruleset = make_ruleset(write_rule("a", APPLE), pack=f"{PACK}forbidden_words: ['', ' ']\n")
    assert ([rule.id for rule in ruleset.rules], explain(ruleset)) == (["a"], [])


def test_where_the_pack_says_none_no_rule_matches() -> None:
    ruleset = make_ruleset(write_rule("a", APPLE), pack=f"{PACK}none: [{{phrase: I wish for}}, {{os: windows}}]\n")
    assert outcome(ruleset, "an apple") == [("a", None)]
    assert outcome(ruleset, "I wish for an apple") == []
    assert outcome(ruleset, "an apple\nPlatform: windows") == []


@pytest.mark.parametrize(
    "key, problem",
    [
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
