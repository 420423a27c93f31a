"""How nearly a condition holds, from its parts."""

import pytest

from bot.issue.facts import extract_facts
from bot.rules.compiler import Compiler
from bot.rules.conditions.text import PhraseHolds
from bot.rules.spec.condition import Condition
from bot.workbench.explain.similarity import measure_nearness
from tests.issue.issues import make_issue

HELD, FAILED, OTHER = {"phrase": "apple pie is gone"}, {"phrase": "plum pie is gone"}, {"layout": "form"}


@pytest.mark.parametrize(
    "model, nearness",
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
def test_nearness_is_made_of_that_of_the_parts(model: dict[str, object], nearness: float) -> None:
    compiler = Compiler(())
    condition = compiler.compile(Condition.model_validate(model), ())
    facts = extract_facts(make_issue("apple pie is gone", labels=("bug",)))

    found = measure_nearness(
        (condition, condition.evaluate(facts, {})), lambda part: 0.5 * isinstance(part, PhraseHolds)
    )

    assert round(found, 3) == pytest.approx(nearness, abs=0.005)
