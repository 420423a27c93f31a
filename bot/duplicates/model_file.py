"""The coefficients that ship, read from their file."""

import json
from functools import lru_cache
from pathlib import Path

from bot.duplicates.features import Features
from bot.duplicates.ranking import Model, Standing

FILE = Path(__file__).with_name("model.json")


@lru_cache(maxsize=1)
def read_model() -> Model:
    """The model that `benchmarks/train_ranking.py` made."""
    return parse_model(FILE.read_text("utf-8"))


def parse_model(text: str) -> Model:
    """A model from its JSON; raises KeyError or ValueError for anything else."""
    found = json.loads(text)
    return Model(
        order=tuple(found["order"][name] for name in Features._fields),
        belief=tuple(found["belief"][name] for name in (*Features._fields, *Standing._fields)),
        intercept=found["intercept"],
        threshold=found["threshold"],
    )
