"""The pack claude-code as a whole: its order, its tone, and its links in the reporter's language."""

import re

import pytest

from bot.comment.section import make_section
from bot.rules.loader import load_rules
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from tests.issue.issues import make_issue


@pytest.fixture(scope="module")
def claude_code() -> Ruleset:
    return load_rules(["rules/claude-code"])


def test_every_rule_has_its_place_in_the_order(claude_code: Ruleset) -> None:
    (pack,) = claude_code.packs
    assert sorted(pack.model.precedence) == sorted(rule.id for rule in claude_code.rules)


def test_every_rule_says_why_it_is_there_and_where_its_advice_comes_from(claude_code: Ruleset) -> None:
    silent = [
        rule.id
        for rule in claude_code.rules
        if not (rule.model.why and rule.model.reviewed and all(text.source for text in rule.model.guidance))
    ]
    assert silent == []


def test_no_advice_sells_blames_or_switches_security_off(claude_code: Ruleset) -> None:
    unkind = re.compile(
        r"\b(buy|purchase|upgrade your plan|pay for|banned|your fault|you should have)\b|=0\b", re.IGNORECASE
    )
    texts = {
        (rule.id, text)
        for rule in claude_code.rules
        for guidance in rule.model.guidance
        for text in (guidance.tldr, *guidance.steps, guidance.notes, guidance.recommendation, guidance.example)
        if text
    }
    assert sorted((name, text) for name, text in texts if unkind.search(text)) == []


@pytest.mark.parametrize(
    "prose, place",
    [
        ("Depuis ce matin je ne peux plus travailler avec le programme, et je ne sais pas quoi faire.", "fr"),
        ("今天早上开始无法工作了，每次都这样", "zh-CN"),
        ("Since this morning I have not been able to work with it, and it is the same for all of us.", "en"),
    ],
)
def test_a_reporter_is_given_the_page_in_their_language(claude_code: Ruleset, prose: str, place: str) -> None:
    issue = make_issue(f"{prose}\n```\nAPI Error: Repeated 529 Overloaded errors\n```")
    (match,) = match_rules(read_facts(issue, claude_code), claude_code)
    address = f"https://code.claude.com/docs/{place}/errors#api-error-repeated-529-overloaded-errors"
    assert f"[Repeated 529 Overloaded errors]({address})" in make_section(match, issue, None).resources


def test_no_advice_asks_for_what_a_report_may_state(claude_code: Ruleset) -> None:
    """`ask` leaves out what is known; a version after an update, or one of each side, is not."""
    asking = re.compile(r"\b(?:add|include|post) [^.]*(?:`claude --version`(?! from both)|your system\b|request id)")
    texts = [
        (rule.id, text)
        for rule in claude_code.rules
        for guidance in rule.model.guidance
        for text in (*guidance.steps, guidance.notes, guidance.recommendation)
        if text
    ]
    asked = [(name, text.replace("the new `claude --version`", "")) for name, text in texts]
    assert [(name, text) for name, text in asked if asking.search(text)] == []


def test_no_advice_names_a_model_that_is_newer_than_the_version(claude_code: Ruleset) -> None:
    """What names a model stands behind a test of the version."""
    model = re.compile(r"\b(?:opus|sonnet|haiku|fable)[ -]\d", re.IGNORECASE)
    guarded = re.compile(r"{% (?:el)?if version >= [^%]*%}[^{]*")
    texts = {
        (rule.id, text)
        for rule in claude_code.rules
        for guidance in rule.model.guidance
        for text in (guidance.tldr, *guidance.steps, guidance.notes, guidance.recommendation, guidance.example)
        if text
    }
    assert sorted(name for name, text in texts if model.search(guarded.sub("", text))) == []


def test_no_advice_claims_what_happened_before(claude_code: Ruleset) -> None:
    """A report may say the opposite."""
    claim = re.compile(r"\balready (?:tried|retried|waited)\b|\btried several times\b", re.IGNORECASE)
    texts = [
        (rule.id, text)
        for rule in claude_code.rules
        for guidance in rule.model.guidance
        for text in (guidance.tldr, *guidance.steps, guidance.notes)
        if text
    ]
    assert [name for name, text in texts if claim.search(text)] == []
