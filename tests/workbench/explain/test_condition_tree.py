"""The line to change: where a condition stands in its file."""

import pytest

from bot.rules.conditions.types import Condition
from bot.rules.spec.document import read_document
from bot.workbench.explain.condition_tree import find_place
from tests.rules.rules import PACK, make_ruleset

RULE = """\
id: pie
title: Pie
mode: label
match:
  all:
    - phrase: apple pie is gone
    - {phrase: 'it is twice', in: [title]}
    - {phrase: it is twice, in: [body]}
    - {section: Version, contains: "2.1.23 or so"}
    - {checkbox: I searched}
    - os: [windows, macos]
    - regex: 'pie \\d+'
    - version: "<1.2"
    - code: 137
    - {frame: "a.*"}
    - layout: form
examples: {match: [apple pie is gone], no_match: [it works]}
"""


def flatten(condition: Condition) -> list[Condition]:
    return [part for part, _ in condition.walk() if not part.children]


@pytest.mark.parametrize("number, line", [*enumerate([6, None, None, 9, 10, 11, 12, 13, 14, 15, 16])])
def test_a_condition_is_found_where_it_is_the_only_such(number: int, line: int | None) -> None:
    (rule,) = make_ruleset(RULE).rules

    place = find_place(flatten(rule.condition)[number], rule.document)

    assert place == (f"rules/pie.yml:{line}" if line else "")


def test_a_condition_of_the_pack_is_found_there() -> None:
    (rule,) = make_ruleset(RULE, pack=f"{PACK}none:\n  - {{label: wish}}\n").rules
    *_, label = flatten(rule.condition)

    assert find_place(label, rule.document) == ""
    assert find_place(label, rule.pack.document) == "rules/pack.yml:7"


def test_without_a_file_there_is_no_line() -> None:
    (rule,) = make_ruleset(RULE).rules

    assert find_place(rule.condition, rule.document) == ""
    assert find_place(flatten(rule.condition)[0], None) == ""
    assert find_place(flatten(rule.condition)[0], read_document("a: b", "x.yml")) == ""
