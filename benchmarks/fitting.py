"""The two fits of `train_ranking.py`: a conditional logit for the order, a logistic regression for the belief."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

Matrix: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

ORDER_PENALTY = 2.0
BELIEF_STRENGTH = 0.1
_TINY = 1e-9


@dataclass(frozen=True)
class Linear:
    """Weights of the features as they are (their spread is divided out), and what is added to the sum."""

    weights: tuple[float, ...]
    intercept: float = 0.0


def fit_order(queries: Sequence[tuple[Matrix, Mask]]) -> Linear:
    """Weights under which the right candidates of each query are the likeliest (softmax over its candidates).

    Each query is a matrix of candidates by features, and a mask of the right ones; those without a right one say
    nothing. Ridge penalty on the standardised weights.
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
    return Linear(tuple(map(float, found.x / spread)))


def fit_belief(rows: Matrix, right: Mask) -> Linear:
    """Weights under which the best candidate of a query is believed where it is right."""
    middle, spread = rows.mean(0), rows.std(0) + _TINY
    fitted = LogisticRegression(C=BELIEF_STRENGTH, max_iter=5_000).fit((rows - middle) / spread, right)
    weights = fitted.coef_[0] / spread
    return Linear(tuple(map(float, weights)), float(fitted.intercept_[0] - weights @ middle))
