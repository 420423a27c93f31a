"""The threshold from which similar issues are shown, learned from a repository's last issues. Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from bot.text.printable import count

LEAST = 100
"""With fewer issues, their shares are not reliable, and the default threshold of the model is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Candidates that are only similar are shown from `threshold` (a score between 0 and 1).

    Of the `replayed` issues, `shown` were shown a candidate. `known` of them are known duplicates, and `caught` of
    these were shown the right issue among at most three. `share` is the given limit: the largest share of the other
    issues that may be shown a candidate. `same_error` of the replayed ones have the same rare error as an earlier
    issue, which is shown at any score; None if an earlier version did not count them.
    """

    share: float
    threshold: float
    replayed: int
    shown: int
    known: int
    caught: int
    same_error: int | None = None

    def describe(self) -> str:
        """What it found, in words."""
        duplicates = count(self.known, "known duplicate")
        known = f"; {self.caught} of {duplicates} would have been shown the right issue"
        return (
            f"{self.shown} of the last {self.replayed} issues would have been shown a similar issue"
            f"{known if self.known else ''}."
        )

    @property
    def is_telling(self) -> bool:
        """Whether enough issues were replayed for a reliable threshold."""
        return self.replayed >= LEAST

    def to_json(self) -> dict[str, Any]:
        """All figures by their names."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed past issue: the score of its best candidate, and whether it is a known duplicate and found.

    `has_error` means that an earlier issue has the same rare error (tier B).
    """

    score: float
    is_known: bool
    is_right: bool
    has_error: bool = False


def calibrate(replayed: Sequence[Replayed], share: float) -> Calibration:
    """The lowest threshold at which at most this share of the ordinary issues is shown a candidate; 0 to 1."""
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
    """The next threshold with six digits that is above a score."""
    return ceil(score * 1_000_000 + 1) / 1_000_000


def write_calibration(calibration: Calibration) -> str:
    """The calibration as JSON, for an index."""
    return json.dumps(calibration.to_json())


def read_calibration(text: str) -> Calibration:
    """Read a calibration from an index; raises ValueError or TypeError for anything else."""
    found = Calibration(**json.loads(text))
    counts: tuple[object, ...] = (found.replayed, found.shown, found.known, found.caught, found.same_error or 0)
    if not all(isinstance(count, int) and count >= 0 for count in counts):
        raise ValueError("a calibration without its counts")
    if not (0 <= found.share <= 1 and 0 <= found.threshold <= 1):
        raise ValueError("a calibration outside 0 to 1")
    return found
