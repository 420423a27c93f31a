"""How nearly a condition holds, from its parts."""

from dataclasses import replace

import pytest

from bot.issue.facts import extract_facts
from bot.rules.compiler import Compiler
from bot.rules.conditions.phrase import PhraseHolds
from bot.rules.conditions.regex import RegexHolds
from bot.rules.spec.condition import Condition
from bot.workbench.explain.near_miss import NearMiss, Parts
from bot.workbench.explain.similarity import Rarity, list_words, measure_rarity, measure_similarity, read_wording
from tests.issue.issues import make_issue
from tests.rules.rules import make_ruleset, write_rule

HELD, FAILED, OTHER = {"phrase": "apple pie is gone"}, {"phrase": "plum pie is gone"}, {"layout": "form"}


@pytest.mark.parametrize(
    "model, similarity",
    [
        pytest.param(HELD, 1.0, id="it holds"),
        pytest.param(FAILED, 0.45, id="half of its text is there"),
        pytest.param(OTHER, 0.0, id="not about text"),
        pytest.param({"all": [HELD, FAILED]}, 0.725, id="all: the mean"),
        pytest.param({"all": [HELD, OTHER]}, 0.75, id="text weighs more"),
        pytest.param({"any": [OTHER, FAILED]}, 0.45, id="any: the best"),
        pytest.param({"at_least": {"n": 3, "of": [HELD, FAILED, OTHER]}}, 0.48, id="at least: the best of them"),
        pytest.param({**HELD, "none": [HELD]}, 0.9, id="excluded, but all else holds"),
        pytest.param({**FAILED, "none": [OTHER]}, 0.45, id="what is not there does not count"),
        pytest.param({"none": [HELD]}, 0.0, id="nothing but what must not be there"),
        pytest.param({"all": [{**FAILED, "set": {"x": 1}}, HELD]}, 0.725, id="a condition that sets a fact"),
    ],
)
def test_similarity_is_made_of_that_of_the_parts(model: dict[str, object], similarity: float) -> None:
    compiler = Compiler({})
    condition = compiler.compile(Condition.model_validate(model), ())
    facts = extract_facts(make_issue("apple pie is gone", labels=("bug",)))

    found = measure_similarity(
        (condition, condition.evaluate(facts, {})), lambda part: 0.5 * isinstance(part, PhraseHolds)
    )

    assert round(found, 3) == pytest.approx(similarity, abs=0.005)


RULES = make_ruleset(
    write_rule("a", "{phrase: API error 500}"),
    write_rule("b", "{any: [{phrase: API error 529}, {regex: 'api (error|fault)\\b.{0,9}overload(ed)?'}]}"),
    write_rule("c", '{all: [{phrase: "No {thing:word} left"}, {os: windows}], none: [{phrase: left out}]}'),
)
EVEN = Rarity(1, {})


def a_phrase(rule: str) -> PhraseHolds:
    (found,) = [r.condition for r in make_ruleset(write_rule("x", f"{{phrase: '{rule}'}}")).rules]
    assert isinstance(found, PhraseHolds)
    return found


def near(before: str, common: str, after: str) -> NearMiss:
    return NearMiss(
        kind="partial",
        wanted=Parts(before, common, after),
        found=Parts("", common, ""),
        share=0.5,
        view="body",
        source="body",
        line=1,
        start=0,
        end=1,
    )


def test_words_are_counted_by_rule() -> None:
    rarity = measure_rarity(rule.condition for rule in RULES.rules)

    assert (rarity.rules, rarity.counts) == (
        3,
        {"api": 2, "error": 2, "500": 1, "529": 1, "fault": 1, "overload": 1, "no": 1, "left": 1},
    )
    assert rarity.weigh("500") > rarity.weigh("error")
    assert rarity.weigh("never seen") == rarity.weigh("500")


@pytest.mark.parametrize(
    "parts, share",
    [
        pytest.param(("", "one two", ""), 1.0, id="all"),
        pytest.param(("", "one ", "two three four"), 0.25, id="a word of four"),
        pytest.param(("", "abcd", "efgh"), 0.5, id="half a word"),
        pytest.param(("one ", "two {n:int} ", "four"), 0.33, id="a hole is no word"),
        pytest.param(("", "#!", "%"), 0.5, id="no words at all: the share of its signs"),
    ],
)
def test_a_near_miss_has_a_share_of_the_words(parts: tuple[str, str, str], share: float) -> None:
    assert round(EVEN.share_of_near_miss(near(*parts)), 2) == share


def test_common_words_weigh_less() -> None:
    rarity = Rarity(100, {"api": 50, "error": 50, "500": 1})

    assert rarity.share_of_near_miss(near("", "API error: ", "500")) < 0.35


@pytest.mark.parametrize(
    "phrase, body, share",
    [
        pytest.param("the disk is full", "The disk is full", 1.0, id="all of it"),
        pytest.param("the disk is full", "is the disk empty", 0.5, id="a pair"),
        pytest.param("the disk is full", "full is disk the", 0.0, id="words apart"),
        pytest.param("ENOSPC", "it says enospc", 1.0, id="one word"),
    ],
)
def test_words_count_where_a_neighbour_stands(phrase: str, body: str, share: float) -> None:
    wording = read_wording(extract_facts(make_issue(body)))

    assert wording.guess_share(a_phrase(phrase), EVEN) == share


def test_of_a_pattern_the_words_count_that_stand_for_themselves() -> None:
    pattern = RegexHolds(r"\bout of (disk|memory)\s+now?\d{3}x", (), None)

    assert list_words(pattern) == (("out",), ("disk",), ("memory",))


def test_of_a_pattern_that_begins_only_counts_what_it_certainly_asks_for() -> None:
    begun = replace(near("x|", r"one (two|2)\b.{0,40}", "three four"), is_pattern=True)

    assert EVEN.share_of_near_miss(begun) == pytest.approx(1 / 3)
