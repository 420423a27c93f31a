"""The coefficients that ship, read from their file."""

import json
from functools import lru_cache
from pathlib import Path

from bot.duplicates.search.features import Features
from bot.duplicates.search.model import Model, Slope, Standing

FILE = Path(__file__).with_name("model.json")


@lru_cache(maxsize=1)
def read_model() -> Model:
    """The model that `benchmarks/train_ranking.py` made."""
    found = json.loads(FILE.read_text("utf-8"))
    return Model(
        order=tuple(found["order"][name] for name in Features._fields),
        belief=tuple(Slope(*found["belief"][name]) for name in (*Features._fields, *Standing._fields)),
        intercept=found["intercept"],
        threshold=found["threshold"],
    )
