"""What is worth naming: bits that a message tells, and a choice of which each tells something new. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import log2, sqrt

from bot.workbench.suggest.message_counts import Support, find_share

MOST_BITS = 24.0
"""Beyond this (once in 16 million issues by chance) a message is no more certain, only longer."""

_SERVED = 0.9
"""So much of an issue is done with once a general message serves it, however special another one is."""

UNTOLD = 0.5
"""The worth of a message that does not say itself that something failed."""

_NAMED, _DOUBT = 0.1, 10
"""A tenth of the reports name their message in the title; ten issues are what it takes to believe otherwise."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be chosen: what it is worth, the bits that its words tell, and who has it."""

    weight: float
    bits: float
    support: Support


def rate_message(support: Support, bits: float, factor: float = 1.0) -> Candidate:
    """What a message is worth (see `find_clusters`) that this support has, and whose own words tell `bits`.

    `factor` is for what else speaks for it, from 0 to 1.
    """
    if not support.issues:
        return Candidate(0.0, bits, support)
    served = sqrt(support.issues * support.author_count)
    named = (support.titles + _NAMED * _DOUBT) / (support.issues + _DOUBT)
    newness = support.issues / (support.issues + support.elsewhere)
    weight = (served - 1) * min(bits, MOST_BITS) * min(1.0, named / _NAMED) * newness * factor
    return Candidate(weight, bits, support)


def weigh_word(word: str, words: Mapping[str, int], total: int) -> float:
    """The bits that a word tells: -log2 of the share of issues whose telling lines have it."""
    return max(0.0, -log2(min(1.0, (words.get(word, 0) + 1) / (total + 1))))


def choose_diverse(
    candidates: Mapping[str, Candidate],
    most: int,
    covers: Callable[[str, str], bool] = lambda _one, _other: False,
) -> Iterator[tuple[str, float]]:
    """Greedily, each time the candidate that tells most that no earlier one told, with the weight that is left of it.

    An issue that an earlier choice serves counts little: nothing where that choice tells as much as the candidate, a
    tenth where the candidate's words tell much more (a special message beside a general one). What several choices
    serve is taken for independent.
    `covers(one, other)`: whether everything that has `other` is known to have `one`.
    """
    left = {name: candidate.weight for name, candidate in candidates.items()}
    for _ in range(most):
        best = max(left, key=lambda name: (left[name], name), default=None)
        if best is None or left[best] <= 0:
            return
        yield best, left.pop(best)
        chosen = candidates[best]
        for name, one in candidates.items():
            if name not in left:
                continue
            share = 1.0 if covers(best, name) else find_share(one.support, chosen.support)
            told = min(1.0, max(_SERVED, chosen.bits / one.bits)) if one.bits else 1.0
            left[name] *= 1 - share * told
