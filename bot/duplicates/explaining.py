"""What made a candidate's place, feature by feature, and where a shared mark stands in a text. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from bot.duplicates.features import Features
from bot.duplicates.fingerprint import find_fingerprints
from bot.duplicates.ranking import Candidate, Model


class Contribution(NamedTuple):
    """A feature, its value, and by how much it moves the candidate's place against the average of those found.

    `gain` is in the natural logarithm of the odds: 0.7 doubles them.
    """

    name: str
    value: float
    gain: float


FEATURES = {
    "word_score": "words in common, against the best candidate's",
    "self_score": "words in common, against all of the report's",
    "title_score": "words in both titles, against the best candidate's",
    "age": "days since it was filed (log)",
    "quiet": "days since another report last pointed to it (log)",
    "title_likeness": "how alike the titles are",
    "rarest_word": "rarity of the rarest word in common",
    "title_told": "part of the report's title that it has",
    "title_answered": "part of its title that the report has",
    "rarest_mark": "rarity of the rarest error in common",
    "marks": "rarity of all errors in common (log)",
    "place": "rarity of the place in a source in common",
    "pairs": "rarity of all pairs of words in common (log)",
    "rarest_pair": "rarity of the rarest pair of words in common",
    "duplicates": "duplicates that it has already (log)",
    "same_author": "the same author",
    "series": "the same author within two days",
    "length": "words of its body (log)",
    "shared": "part of the report's words that it has",
    "is_duplicate": "it is a duplicate itself",
}
"""What each feature is, for people."""


def weigh_features(candidate: Candidate, found: Sequence[Candidate], model: Model) -> tuple[Contribution, ...]:
    """All features of a candidate, those that moved it most first."""
    count = len(found) or 1
    means = Features(*(sum(values) / count for values in zip(*(one.features for one in found), strict=True)))
    rows = zip(Features._fields, candidate.features, means, model.order, strict=True)
    contributions = [Contribution(name, value, weight * (value - mean)) for name, value, mean, weight in rows]
    return tuple(sorted(contributions, key=lambda one: (-abs(one.gain), one.name)))


def locate_mark(mark: str, title: str, body: str) -> tuple[int, str] | None:
    """The line of a body in which a fingerprint stands (1 is the first, 0 the title), and its text."""
    for number, line in enumerate((title, *body.splitlines())):
        if mark in find_fingerprints("", line):
            return number, line.strip()
    return None
