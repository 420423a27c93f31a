"""The two fits of `train_ranking.py`: a conditional logit for the order, a logistic regression for the confidence."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from bot.duplicates.search.features import Features
from bot.duplicates.search.model import Slope, Standing

Matrix: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

ORDER_PENALTY = 2.0
BELIEF_STRENGTH = 0.1
UPPER_QUARTILE = 0.75
FREE = frozenset({"age", "quiet", "duplicates", "is_duplicate", "same_author", "series", "length", *Standing._fields})
"""Features that may lower the confidence; all others are in common."""

_TINY = 1e-9


def fit_order(queries: Sequence[tuple[Matrix, Mask]]) -> tuple[float, ...]:
    """Weights under which the right candidates of each query are the likeliest (softmax over its candidates).

    Each query is a matrix of candidates by features, and a mask of the right ones; those without a right one say
    nothing. Ridge penalty on the standardised weights; given are those of the features as they are.
    """
    usable = [(features, right) for features, right in queries if right.any()]
    rows = np.concatenate([features for features, _ in usable])
    right = np.concatenate([mask for _, mask in usable])
    spread = rows.std(0) + _TINY
    scaled = (rows - rows.mean(0)) / spread
    sizes = [len(features) for features, _ in usable]
    starts = np.cumsum([0, *sizes[:-1]])
    owner = np.repeat(np.arange(len(usable)), sizes)

    def lose(weights: Matrix) -> tuple[float, Matrix]:
        places = scaled @ weights
        powers = np.exp(places - np.maximum.reduceat(places, starts)[owner])
        total, hit = np.add.reduceat(powers, starts), np.add.reduceat(powers * right, starts)
        pull = powers * right / hit[owner] - powers / total[owner]
        loss = -np.log(hit / total).sum() + ORDER_PENALTY * weights @ weights
        return float(loss), -(scaled.T @ pull) + 2 * ORDER_PENALTY * weights

    found = minimize(lose, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B")
    return tuple(map(float, found.x / spread))


def fit_confidence(rows: Matrix, right: Mask) -> tuple[tuple[Slope, ...], float]:
    """Slopes of the confidence that the best candidate of a query, or one close behind it, is right.

    A logistic regression with a ridge penalty. Every value may bend at its upper quartile. Common features never
    lower the confidence: without that bound a word-for-word copy gets less than a half of it, since the copies of
    these archives are often one author's reports for several versions or platforms. Values between those of
    `Features` and those of `Standing` are features that are tried, and count as in common.
    """
    bends = np.quantile(rows, UPPER_QUARTILE, axis=0)
    values = np.concatenate([np.minimum(rows, bends), np.maximum(rows - bends, 0)], axis=1)
    middle, spread = values.mean(0), values.std(0)
    scaled = (values - middle) / np.where(spread > _TINY, spread, np.inf)
    signs = np.where(right, 1.0, -1.0)

    def lose(weights: Matrix) -> tuple[float, Matrix]:
        margins = signs * (scaled @ weights[:-1] + weights[-1])
        pull = -signs / (1 + np.exp(margins))
        ridge = np.append(weights[:-1], 0) / BELIEF_STRENGTH
        loss = np.logaddexp(0, -margins).sum() + ridge @ weights / 2
        return float(loss), np.append(scaled.T @ pull, pull.sum()) + ridge

    tried = ("tried",) * (rows.shape[1] - len(Features._fields) - len(Standing._fields))
    names = (*Features._fields, *tried, *Standing._fields)
    bounds = [(None, None) if name in FREE else (0, None) for name in names] * 2
    found = minimize(lose, np.zeros(len(bounds) + 1), jac=True, method="L-BFGS-B", bounds=[*bounds, (None, None)])
    weights = found.x[:-1] / np.where(spread > _TINY, spread, np.inf)
    terms = zip(*(map(float, part) for part in (weights[: len(bends)], bends, weights[len(bends) :])), strict=True)
    return tuple(Slope(*term) for term in terms), float(found.x[-1] - weights @ middle)
