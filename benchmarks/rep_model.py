"""The formulas of REP and how its weights are learned. Pure.

C. Sun, D. Lo, S.-C. Khoo, J. Jiang: Towards more accurate retrieval of duplicate bug reports (ASE 2011). Initial
values, learning rate, epochs and bounds are those of its authors' program (fast-dbrd). Left out are the categorical
features (product, component, type, priority, version): an issue has none of them when it is filed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]

K1 = 2.0
EPOCHS, LEARNING_RATE = 24, 0.001
_FURTHEST = 500.0
_TINY = 1e-9


class Parameters(NamedTuple):
    """The free parameters of one BM25F_ext; k1 is fixed."""

    total: float
    summary: float = 3.0
    description: float = 1.0
    summary_b: float = 0.5
    description_b: float = 1.0
    k3: float = 0.0


_LEAST = Parameters(0.0, 0.005, 0.005, 0.0, 0.0)
_MOST = Parameters(np.inf, np.inf, np.inf, 1.0, 1.0, np.inf)
_ROUNDS = (
    Parameters(1.0, 1.0, 1.0, 1.0, 1.0),  # without k3: all terms of a query weigh the same
    Parameters(1.0, 0.0, 0.0, 0.0, 0.0, 1.0),  # then k3, with the weights and lengths as they were learned
)


@dataclass(frozen=True)
class Shared:
    """The terms that each of `size` reports shares with a query: one row per term, `report` is its report.

    Counts in the fields of the report, lengths of these in parts of the mean, counts in the fields of the query.
    """

    size: int
    report: Places
    idf: Numbers
    summary: Numbers
    description: Numbers
    summary_length: Numbers
    description_length: Numbers
    asked_summary: Numbers
    asked_description: Numbers


@dataclass(frozen=True)
class Lesson:
    """A query, its duplicate (report 0) and reports that are not duplicates, by single words and by pairs of words."""

    unigrams: Shared
    bigrams: Shared


class RepModel(NamedTuple):
    """The parameters for words and for pairs of words."""

    unigram: Parameters = Parameters(0.9)
    bigram: Parameters = Parameters(0.2)


def score_reports(unigrams: Shared, bigrams: Shared, model: RepModel) -> Numbers:
    """REP of each report, without the categorical part: the two BM25F_ext, weighted and added."""
    return _score(unigrams, model.unigram) + _score(bigrams, model.bigram)


def _score(shared: Shared, own: Parameters) -> Numbers:
    frequency = _weigh_frequency(shared, own)
    terms = shared.idf * frequency / (K1 + frequency) * _weigh_asked(_count_asked(shared, own), own)
    return np.bincount(shared.report, own.total * terms, minlength=shared.size).astype(np.float64, copy=False)


def _weigh_frequency(shared: Shared, own: Parameters) -> Numbers:
    summary = own.summary * shared.summary / _normalise(shared.summary_length, own.summary_b)
    return summary + own.description * shared.description / _normalise(shared.description_length, own.description_b)


def _normalise(length: Numbers, strength: float) -> Numbers:
    return (1 - strength + strength * length).clip(_TINY)


def _count_asked(shared: Shared, own: Parameters) -> Numbers:
    return own.summary * shared.asked_summary + own.description * shared.asked_description


def _weigh_asked(asked: Numbers, own: Parameters) -> Numbers:
    return (own.k3 + 1) * asked / (own.k3 + asked)


def learn_model(lessons: Sequence[Lesson]) -> RepModel:
    """Gradient descent on RankNet's cost log(1 + exp(score of the other - score of the duplicate)) over all triples.

    A step takes the triples of one query and one duplicate together; the authors' takes one triple.
    """
    model = RepModel()
    for free in _ROUNDS:
        rate, before = LEARNING_RATE, np.inf
        for _ in range(EPOCHS):
            for lesson in lessons:
                model = _step(lesson, model, rate * np.array(free))
            cost = sum(measure_cost(lesson, model) for lesson in lessons)
            rate, before = rate / 2 if cost > before else rate, cost
    return model


def measure_cost(lesson: Lesson, model: RepModel) -> float:
    """RankNet's cost of the triples of a lesson."""
    return float(np.logaddexp(0, _compare_with_duplicate(lesson, model)).sum())


def _compare_with_duplicate(lesson: Lesson, model: RepModel) -> Numbers:
    scores = score_reports(lesson.unigrams, lesson.bigrams, model)
    return scores[1:] - scores[:1]


def _step(lesson: Lesson, model: RepModel, rates: Numbers) -> RepModel:
    unigram, bigram = find_gradients(lesson, model)
    return RepModel(_move(model.unigram, rates * unigram), _move(model.bigram, rates * bigram))


def _move(own: Parameters, back: Numbers) -> Parameters:
    return Parameters(*np.clip(own - back, _LEAST, _MOST).tolist())


def find_gradients(lesson: Lesson, model: RepModel) -> tuple[Numbers, Numbers]:
    """The derivatives of a lesson's cost by the parameters for words and for pairs.

    Those by the weights and lengths of the fields are of the report only; they are used where k3 is 0.
    """
    worse = np.clip(_compare_with_duplicate(lesson, model), -_FURTHEST, _FURTHEST)
    pull = 1 / (1 + np.exp(-worse))
    pulls = np.concatenate(([-pull.sum()], pull))
    return _derive(lesson.unigrams, pulls, model.unigram), _derive(lesson.bigrams, pulls, model.bigram)


def _derive(shared: Shared, pulls: Numbers, own: Parameters) -> Numbers:
    """The sum of the derivatives of each report's score, times the pull on that report."""
    asked, frequency = _count_asked(shared, own), _weigh_frequency(shared, own)
    query = _weigh_asked(asked, own)
    pulled = pulls[shared.report] * shared.idf
    terms = pulled * frequency / (K1 + frequency)
    outer = own.total * pulled * query * K1 / (K1 + frequency) ** 2
    summary_by = _normalise(shared.summary_length, own.summary_b)
    description_by = _normalise(shared.description_length, own.description_b)
    summary, description = outer * shared.summary / summary_by, outer * shared.description / description_by
    return np.array(
        [
            terms @ query,
            summary.sum(),
            description.sum(),
            own.summary * (summary @ ((1 - shared.summary_length) / summary_by)),
            own.description * (description @ ((1 - shared.description_length) / description_by)),
            own.total * (terms @ (asked * (asked - 1) / (own.k3 + asked) ** 2)),
        ]
    )
