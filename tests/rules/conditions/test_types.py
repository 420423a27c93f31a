"""What each condition states about itself, and the walk over all conditions of a rule."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bot.issue.facts import DEFAULT_VIEWS
from bot.rules.captures import find_captures
from bot.rules.compiler import CONDITIONS, Compiler
from bot.rules.conditions.compound import AllHold, IsCircumstance, MoreThanCircumstance
from bot.rules.conditions.issue import FeatureRequested
from bot.rules.conditions.types import Condition, Reads
from bot.rules.loader import load_rules
from bot.rules.matcher import read_facts
from bot.rules.ruleset import Rule
from bot.rules.spec.condition import Condition as ConditionModel
from bot.rules.spec.modifiers import SECTION_TESTS
from bot.workbench.check.examples import make_example_issue

SHIPPED = load_rules([str(Path(__file__).parents[3] / "rules")])
COMPOUND = ("all", "any", "none", "at_least")
BESIDE = {"in", "lines", "set", "at", "ticked", "section", *COMPOUND}
DUMP = {"phrase": "disk is full"}


class Stated(NamedTuple):
    """What a condition states; `written` are its keys and the value there."""

    reads: Reads
    written: tuple[tuple[str, ...], str | None] = ((), None)
    children: int = 0
    least: int | None = None
    negates: bool = False
    is_text: bool = False


def text(*views: str) -> Reads:
    return Reads(views=views)


PHRASE = ("phrase", "contains")
CASES: dict[str, tuple[dict[str, Any], Stated]] = {
    "phrase": (DUMP, Stated(text(*DEFAULT_VIEWS), (PHRASE, "disk is full"), is_text=True)),
    "phrase in a field": (
        {"phrase": "full", "in": ["title", "section: Log"]},
        Stated(Reads(views=("title", "section: Log"), sections=("Log",)), (PHRASE, "full"), is_text=True),
    ),
    "regex": ({"regex": r"e\d", "in": "logs"}, Stated(text("logs"), (("regex",), r"e\d"), is_text=True)),
    "regex, lines": (
        {"regex": r"^e\d", "lines": True},
        Stated(text(*DEFAULT_VIEWS), (("regex",), r"^e\d"), is_text=True),
    ),
    "attachment": ({"attachment": "*.log"}, Stated(text("body", "logs", "comments"), (("attachment",), "*.log"))),
    "link": (
        {"link": ["e.com/*", "*.e.com"], "in": ["body", "section: Log"]},
        Stated(Reads(views=("body", "section: Log"), sections=("Log",)), (("link",), None)),
    ),
    "code": ({"code": 137}, Stated(text(*DEFAULT_VIEWS, "errors"), (("code",), None))),
    "frame": ({"frame": "a.*"}, Stated(text("body", "logs", "errors"), (("frame",), "a.*"))),
    "section": ({"section": "OS", "is": "x"}, Stated(Reads(sections=("OS",)), (("section",), "OS"))),
    "section, empty": ({"section": "OS", "empty": True}, Stated(Reads(sections=("OS",)), (("section",), "OS"))),
    "checkbox": ({"checkbox": "I searched"}, Stated(Reads(boxes=("I searched",)), (("checkbox",), "I searched"))),
    "checkbox in a section": (
        {"checkbox": "I searched", "section": "Checklist"},
        Stated(Reads(boxes=("I searched",), sections=("Checklist",)), (("checkbox",), "I searched")),
    ),
    "version": ({"version": "<2.0"}, Stated(Reads(captures=("version",)), (("version",), "<2.0"))),
    "os": ({"os": "linux"}, Stated(Reads(captures=("os",)), (("os",), None))),
    "label": ({"label": "bug"}, Stated(Reads(issue=("label",), labels=("bug",)), (("label",), None))),
    "no_label": ({"no_label": "bug"}, Stated(Reads(issue=("no_label",), labels=("bug",)), (("no_label",), None))),
    "author": ({"author": "OWNER"}, Stated(Reads(issue=("author",)), (("author",), None))),
    "language": ({"language": "en"}, Stated(Reads(issue=("language",)), (("language",), None))),
    "layout": ({"layout": "form"}, Stated(Reads(issue=("layout",)), (("layout",), None))),
    "body": ({"body": "empty"}, Stated(Reads(issue=("body",)), (("body",), None))),
    "all": ({"all": [DUMP, DUMP]}, Stated(Reads(), children=2)),
    "any": ({"any": [DUMP, DUMP]}, Stated(Reads(), children=2, least=1)),
    "at_least": ({"at_least": {"n": 2, "of": [DUMP, DUMP, DUMP]}}, Stated(Reads(), children=3, least=2)),
    "none": ({"none": [DUMP]}, Stated(Reads(), children=1, negates=True)),
    "set": ({**DUMP, "set": {"x": 1}}, Stated(Reads(), children=1, least=1)),
}


def compile_model(model: dict[str, Any]) -> Condition:
    compiler = Compiler({"version": (), "os": ()})
    condition = compiler.compile(ConditionModel.model_validate(model), ())
    assert compiler.problems == []
    return condition


@pytest.mark.parametrize("name", CASES)
def test_a_condition_states_what_it_reads_and_how_it_holds(name: str) -> None:
    model, stated = CASES[name]
    one = compile_model(model)

    assert stated == Stated(one.reads, one.written, len(one.children), one.least, one.negates, one.sought is not None)


def test_every_key_and_every_class_has_a_case() -> None:
    def list_classes(one: type[Any]) -> set[type[Any]]:
        classes = {inner for below in one.__subclasses__() for inner in list_classes(below)}
        return classes or {one}

    assert CONDITIONS.keys() <= CASES.keys()
    of_a_pack = {FeatureRequested, IsCircumstance, MoreThanCircumstance}
    assert {type(compile_model(model)) for model, _ in CASES.values()} == list_classes(Condition) - of_a_pack | {
        AllHold
    }


def test_what_stands_below_a_none_is_unwanted() -> None:
    model = {"all": [DUMP, {"none": [{"code": 1}, {"any": [{"os": "linux"}, {"none": [{"label": "bug"}]}]}]}]}

    found = [
        (part.written[0][0], is_unwanted) for part, is_unwanted in compile_model(model).walk() if not part.children
    ]

    assert found == [("phrase", False), ("code", True), ("os", True), ("label", True)]


def count_keys(model: ConditionModel | None) -> int:
    """How many single conditions the words of a rule are made of."""
    if model is None:
        return 0
    own = {name.rstrip("_") for name in model.model_fields_set if getattr(model, name) is not None} - BESIDE
    lists = (model.all, model.any, model.none, model.at_least.of if model.at_least else None)
    assert not own & {*SECTION_TESTS} or model.section
    return len(own | model.captures.keys()) + sum(count_keys(child) for models in lists for child in models or ())


@pytest.mark.parametrize("rule", SHIPPED.rules, ids=lambda rule: rule.id)
def test_a_walk_touches_every_condition_of_a_shipped_rule(rule: Rule) -> None:
    when = [guidance.when for guidance in rule.model.guidance]
    pack = rule.pack.model
    written = sum(map(count_keys, [rule.model.match, *when, *pack.none]))
    written += len(pack.feature_requests) + bool(pack.circumstance)

    conditions = [rule.condition, *filter(None, rule.branches)]
    leaves = [part for one in conditions for part, _ in one.walk() if not part.children]

    assert len(leaves) == written
    assert all(leaf.reads != Reads() and leaf.written[0] for leaf in leaves)


def test_whether_a_rule_holds_does_not_depend_on_how_it_is_asked() -> None:
    wrong = []
    for other in SHIPPED.rules[::5]:
        for example in (*other.model.examples.match[:1], *other.model.examples.no_match[:1]):
            facts = read_facts(make_example_issue(example), SHIPPED)
            for rule in {other, *SHIPPED.rules[::20]}:
                captures = find_captures(rule.pack.captures, facts)
                if rule.condition.is_met(facts, captures) != rule.condition.evaluate(facts, captures).holds:
                    wrong.append((rule.id, other.id))
    assert wrong == []
