"""How sure a likeness must be before it is shown, learned from a repository's own last issues. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

LEAST = 100
"""With fewer issues a share of them says nothing; the model's own threshold holds then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Candidates that only read alike are shown from `threshold` on (a score between 0 and 1).

    Of `replayed` issues, `shown` were shown something so; `known` of these replayed ones are known duplicates, of which
    `caught` were shown the right issue among at most three. `share` is the limit that was given: at most this part of
    the issues that are not known as duplicates is shown something. `same_error` of the replayed ones have the same rare
    error as an earlier one, which is shown whatever the score is; None where an earlier version has not counted them.
    """

    share: float
    threshold: float
    replayed: int
    shown: int
    known: int
    caught: int
    same_error: int | None = None

    @property
    def is_telling(self) -> bool:
        """Whether so many issues were replayed that chance does not decide."""
        return self.replayed >= LEAST

    def to_json(self) -> dict[str, Any]:
        """All figures by their names."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A past issue that was replayed: the score of what it would be shown, and whether that is right, if it is known.

    `has_error` tells that an earlier one shows the same rare error (tier B).
    """

    score: float
    is_known: bool
    is_right: bool
    has_error: bool = False


def calibrate(replayed: Sequence[Replayed], share: float) -> Calibration:
    """The lowest threshold at which at most a share of the ordinary issues is shown something; 0 to 1."""
    ordinary = sorted((one.score for one in replayed if not one.is_known), reverse=True)
    allowed = int(share * len(ordinary) + 1e-9)
    threshold = min(1.0, next_above(ordinary[allowed])) if allowed < len(ordinary) else 0.0
    known = [one for one in replayed if one.is_known]
    return Calibration(
        share=share,
        threshold=threshold,
        replayed=len(replayed),
        shown=sum(one.score >= threshold for one in replayed),
        known=len(known),
        caught=sum(one.is_right and one.score >= threshold for one in known),
        same_error=sum(one.has_error for one in replayed),
    )


def next_above(score: float) -> float:
    """A threshold, with six digits, that a score does not reach."""
    return ceil(score * 1_000_000 + 1) / 1_000_000


def write_calibration(calibration: Calibration) -> str:
    """As it is kept in an index."""
    return json.dumps(calibration.to_json())


def read_calibration(text: str) -> Calibration:
    """From an index; raises ValueError or TypeError for anything else."""
    found = Calibration(**json.loads(text))
    counts: tuple[object, ...] = (found.replayed, found.shown, found.known, found.caught, found.same_error or 0)
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise ValueError("a calibration without its counts")
    if not (0 <= found.share <= 1 and 0 <= found.threshold <= 1):
        raise ValueError("a calibration outside 0 to 1")
    return found
