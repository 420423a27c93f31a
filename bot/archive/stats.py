"""How sure a share is that was counted on few issues. Pure."""

from math import sqrt
from typing import NamedTuple

_Z = 1.959963984540054
"""The normal distribution's two-sided 95 % point."""


class Share(NamedTuple):
    """`hits` of `total`, with the Wilson 95 % interval `low` to `high`; all between 0 and 1."""

    hits: int
    total: int
    value: float
    low: float
    high: float


def measure_share(hits: int, total: int) -> Share | None:
    """The share with its Wilson score interval; None where nothing was counted.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209-212.
    """
    if total == 0:
        return None
    share, square = hits / total, _Z * _Z
    centre = (share + square / (2 * total)) / (1 + square / total)
    margin = _Z * sqrt(share * (1 - share) / total + square / (4 * total * total)) / (1 + square / total)
    return Share(hits, total, share, max(0.0, centre - margin), min(1.0, centre + margin))
