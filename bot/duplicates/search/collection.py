"""What retrieval and ranking ask of a collection of reports, and the sums they do with the answers. Pure."""

from collections.abc import Iterable, Sequence
from math import log
from typing import Protocol

from bot.duplicates.search.document import Profile

TITLE_WEIGHT = 8
TITLE_SLOPE, BODY_SLOPE = 0.5, 0.9
TITLE_PIVOT, BODY_PIVOT = 8, 128
SATURATION = 5.0
QUERY_SATURATION = 5.0
"""BM25F (Robertson and Zaragoza 2009) with a weight on the query's side too; tuned on two histories' first halves.

The pivots are the lengths in words at which nothing is corrected (Singhal et al. 1996): near the means of both
histories, and fixed, so that a report's impacts do not depend on what else is there.
"""

FULL_IMPACT = 255

LAG = 7 * 86_400
"""Seconds: that an issue is a duplicate counts as known a week after it was filed, in what is asked of the past."""

Posting = tuple[Sequence[int], bytes]
"""Documents in ascending order, and for each the impact of the word in it: 0 to 255 for 0 to 1 (`measure_impact`)."""


class Collection(Protocol):
    """The reports that a query may find, by document: a running number in the order in which they were added."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def gone(self) -> frozenset[int]:
        """Documents that postings may still name, but that are not there any more."""

    def count_word(self, word: str) -> int:
        """In how many reports the word stands."""

    def list_postings(self, word: str) -> Iterable[Posting]:
        """Where the word stands."""

    def count_pair(self, pair: tuple[str, str]) -> int:
        """In how many reports the two words stand side by side; may be too high, never too low."""

    def find_marked(self, fingerprint: str) -> Sequence[int]:
        """The reports that have a fingerprint."""

    def list_originals(self, documents: Iterable[int]) -> Iterable[int]:
        """What those of the documents that are known as duplicates are duplicates of."""

    def read_profiles(self, documents: Iterable[int]) -> dict[int, Profile]:
        """The reports themselves."""


def weigh_rarity(count: int, size: int) -> float:
    """The inverse document frequency, in nats: 0 for what every report has (Robertson and Sparck Jones, smoothed)."""
    return log(1 + (size - count + 0.5) / (count + 0.5)) if size >= count else 0.0


def measure_impact(in_title: int, in_body: int, lengths: tuple[int, int]) -> int:
    """How much a report is about a word, from 0 to 255: its frequency in both fields, by their lengths, saturated."""
    title = in_title / (1 - TITLE_SLOPE + TITLE_SLOPE * lengths[0] / TITLE_PIVOT)
    body = in_body / (1 - BODY_SLOPE + BODY_SLOPE * lengths[1] / BODY_PIVOT)
    frequency = TITLE_WEIGHT * title + body
    return max(1, round(FULL_IMPACT * frequency / (SATURATION + frequency)))


def weigh_asked(in_title: int, in_body: int) -> float:
    """How much a query asks for a word: what its author put into the title counts most."""
    count = TITLE_WEIGHT * in_title + in_body
    return (QUERY_SATURATION + 1) * count / (count + QUERY_SATURATION)
