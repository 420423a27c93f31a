"""Conditions of shipped rules find a message however a terminal, JSON or an editor changed it, and nothing more.

This tests the normal forms and the reading of Markdown on all shipped rules; it takes long.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.issue.facts import Facts, Text
from bot.rules.conditions.types import Condition
from bot.rules.loader import load_rules
from bot.rules.ruleset import Rule, Ruleset
from bot.rules.spec.phrase import Phrase
from bot.workbench.check.examples import make_example_issue, try_examples
from tests.issue.issues import make_issue
from tests.rules.transformations import TRANSFORMATIONS, Need, Transformation

pytestmark = pytest.mark.slow

SHIPPED = load_rules(["pack:claude-code", "pack:common", "pack:rust"])
PLACED = re.compile(r"(?<![\\\[])[\^$]|\\[Az]|(?:\.|\\[SwW])\{\d+(?:,\d*)?\}")
MARKDOWN = re.compile(r"[ \t]*(?:[>#]|`{3}|~{3}|[-*+] |\d{1,3}[.)] |\|)|.*<!--")


def list_text_conditions(condition: Condition) -> list[Condition]:
    """The phrases and patterns that can make a rule match."""
    return [part for part, is_unwanted in condition.walk() if part.sought is not None and not is_unwanted]


def missing_needs(condition: Condition) -> set[Need]:
    if isinstance(condition.sought, Phrase):
        return {"words"} if condition.sought.is_short else set()
    if condition.sees_lines:  # what wraps a line makes another line of it
        return {"words", "place", "lines"}
    return {"words", "place"} if PLACED.search(condition.sought or "") else {"words"}


def find_message(condition: Condition, text: Text) -> tuple[str, int] | None:
    """The lines that hold the evidence, and its middle in them; None for lines that Markdown reads as a block."""
    found = condition.find_in(text)
    if found is None:
        return None
    evidence, _ = found
    first = text.original.rfind("\n", 0, evidence.start) + 1
    last = text.original.find("\n", evidence.end)
    message = text.original[first : last if last >= 0 else None]
    focus = (evidence.start + evidence.end) // 2 - first
    return None if any(map(MARKDOWN.match, message.split("\n"))) else (message, focus)


def list_messages(rule: Rule) -> Iterator[tuple[Condition, str, int]]:
    conditions = dict.fromkeys(list_text_conditions(rule.condition))
    for tried in try_examples(rule, Ruleset(())):
        facts = Facts(make_example_issue(tried.example))
        for condition in conditions:
            if found := next(filter(None, (find_message(condition, t) for t in facts.texts)), None):
                yield condition, *found


MESSAGES = {
    (condition, message): (rule.id, focus)
    for rule in SHIPPED.rules
    for condition, message, focus in list_messages(rule)
}


def test_there_is_a_message_for_most_rules() -> None:
    assert len({rule for rule, _ in MESSAGES.values()}) > len(SHIPPED.rules) * 0.6


def holds(condition: Condition, body: str, title: str = "") -> bool:
    return any(map(condition.find_in, Facts(replace(make_issue(body), title=title), is_placed=False).texts))


@pytest.mark.parametrize("transformation", TRANSFORMATIONS, ids=lambda t: t.name)
def test_a_message_is_found_however_it_was_changed(transformation: Transformation) -> None:
    missed = [
        (rule, message)
        for (condition, message), (rule, focus) in MESSAGES.items()
        if not transformation.needs & missing_needs(condition)
        if (changed := transformation.apply(message, focus)) is not None
        if not holds(condition, changed)
    ]
    assert missed == []


def test_a_message_is_found_in_a_title() -> None:
    missed = [
        (rule, message)
        for (condition, message), (rule, _) in MESSAGES.items()
        if not holds(condition, "", title=" ".join(message.split()))
    ]
    assert missed == []


@pytest.mark.parametrize("transformation", TRANSFORMATIONS, ids=lambda t: t.name)
def test_a_near_miss_stays_one_however_it_was_changed(transformation: Transformation) -> None:
    found = []
    for rule in SHIPPED.rules:
        conditions = [c for c in list_text_conditions(rule.condition) if isinstance(c.sought, Phrase)]
        for tried in try_examples(rule, Ruleset(())):
            facts = Facts(make_example_issue(tried.example))
            absent = [c for c in conditions if not any(map(c.find_in, facts.texts))]
            texts = [t for t in facts.texts if absent and not tried.must_match and t.raw.strip()]
            issues = [replace(facts.issue, title="", body=transformation.apply(t.raw, 0) or "") for t in texts]
            changed = [text for issue in issues for text in Facts(issue, is_placed=False).texts]
            found += [(rule.id, c.written[1], t.raw) for c in absent for t in changed if c.find_in(t)]
    assert found == []
