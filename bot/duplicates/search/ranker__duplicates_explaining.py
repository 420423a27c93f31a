"""What made a candidate's place, feature by feature, and where a shared mark stands in a text. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.duplicates.search.features import Features
from bot.duplicates.search.fingerprint import find_fingerprints
from bot.duplicates.search.model import Model
from bot.duplicates.search.ranker import Candidate


class Contribution(NamedTuple):
    """A feature, its value, and by how much it moves the candidate's place against the average of those found.

    `gain` is in the natural logarithm of the odds: 0.7 doubles them.
    """

    name: str
    value: float
    gain: float


def weigh_features(candidate: Candidate, found: Sequence[Candidate], model: Model) -> tuple[Contribution, ...]:
    """All features of a candidate, those that moved it most first."""
    count = len(found) or 1
    means = Features(*(sum(values) / count for values in zip(*(one.features for one in found), strict=True)))
    rows = zip(Features._fields, candidate.features, means, model.order, strict=True)
    contributions = [Contribution(name, value, weight * (value - mean)) for name, value, mean, weight in rows]
    return tuple(sorted(contributions, key=lambda one: (-abs(one.gain), one.name)))


def locate_marks(title: str, body: str) -> dict[str, str]:
    """Where each fingerprint of an issue stands first, with the line itself: `line 3: error: no space left`.

    One that only several lines together make stands nowhere.
    """
    places = dict[str, str]()
    for number, line in enumerate((title, *body.splitlines())):
        where = f"line {number}" if number else "title"
        for mark in find_fingerprints("", line):
            places.setdefault(mark, f"{where}: {line.strip()}")
    return places
