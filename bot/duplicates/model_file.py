"""The coefficients that ship, read from their file."""

import json
from functools import lru_cache
from pathlib import Path

from bot.duplicates.features import Features
from bot.duplicates.model import Model, Slope, Standing

FILE = Path(__file__).with_name("model.json")
FILE_WITH_MEANING = Path(__file__).with_name("model_with_meaning.json")


@lru_cache(maxsize=2)
def read_model(*, with_meaning: bool = False) -> Model:
    """The model that `benchmarks/train_ranking.py` made; another where a sentence model tells what texts mean."""
    return parse_model((FILE_WITH_MEANING if with_meaning else FILE).read_text("utf-8"))


def parse_model(text: str) -> Model:
    """A model from its JSON; raises KeyError or ValueError for anything else.

    A coefficient that is not there is 0: one that was fitted without a sentence model says nothing of `meaning`.
    """
    found = json.loads(text)
    return Model(
        order=tuple(found["order"].get(name, 0.0) for name in Features._fields),
        belief=tuple(Slope(*found["belief"].get(name, [0.0])) for name in (*Features._fields, *Standing._fields)),
        intercept=found["intercept"],
        threshold=found["threshold"],
    )
