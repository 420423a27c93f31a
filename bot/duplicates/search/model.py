"""The model of the ranking: from features to a place and a confidence, with coefficients from its file."""

import json
from dataclasses import dataclass
from functools import lru_cache
from math import exp, inf
from pathlib import Path
from typing import NamedTuple

from bot.duplicates.search.features import Features

FILE = Path(__file__).with_name("model.json")


class Standing(NamedTuple):
    """How a candidate stands among those of its query, and what kind of query it is.

    lead: logarithm of its odds to be the right one among those found. margin: how far its place is above the next
    one's. title_length, body_length: logarithms of the query's words. rivals: how many others look as good, as the
    logarithm of the effective number of candidates (the exponential of the entropy of their shares). repeated: the
    logarithm of the most duplicates that one of the three best has. repeats: whether one of these is a duplicate.
    """

    lead: float
    margin: float
    title_length: float
    body_length: float
    rivals: float
    repeated: float
    repeats: float


class Slope(NamedTuple):
    """What a value adds to a confidence: `below` for each of its units up to `bend`, `above` for each unit beyond."""

    below: float
    bend: float = inf
    above: float = 0.0

    def add(self, value: float) -> float:
        """What this value adds."""
        return self.below * min(value, self.bend) + self.above * max(value - self.bend, 0.0)


@dataclass(frozen=True)
class Model:
    """The coefficients of the ranking: `order` ranks the candidates of one query, `confidence` rates the best ones.

    `order` is linear and was fitted on `Features` as a conditional logit (McFadden 1974): how likely is this candidate
    the right one among those found. `confidence` has a slope for each of `Features` and `Standing`, which may bend
    once, and none where more in common would count less; it was fitted as a logistic regression on the best candidate
    of each query, duplicate or not: how likely is one of the three best the right one. `threshold` is the score that
    1 % of the ordinary issues of the training archives reached.
    """

    order: tuple[float, ...]
    confidence: tuple[Slope, ...]
    intercept: float
    threshold: float

    def score(self, features: Features) -> float:
        """The candidate's place among those of its query: larger is likelier."""
        return sum(weight * value for weight, value in zip(self.order, features, strict=True))

    def estimate_confidence(self, features: Features, standing: Standing) -> float:
        """How likely the candidate is the same problem at all, between 0 and 1."""
        values = (*features, *standing)
        power = self.intercept + sum(slope.add(value) for slope, value in zip(self.confidence, values, strict=True))
        return 1 / (1 + exp(-max(-50.0, min(50.0, power))))


@lru_cache(maxsize=1)
def read_model() -> Model:
    """The model that `benchmarks/train_ranking.py` made."""
    found = json.loads(FILE.read_text("utf-8"))
    return Model(
        order=tuple(found["order"][name] for name in Features._fields),
        confidence=tuple(Slope(*found["belief"][name]) for name in (*Features._fields, *Standing._fields)),
        intercept=found["intercept"],
        threshold=found["threshold"],
    )
