"""The collection of reports for retrieval and ranking, its weights, and one in memory. Pure."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import log
from typing import Protocol
from zlib import crc32

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
"""Seconds: that an issue is a duplicate counts as known a week after it was filed, in queries about the past."""

Posting = tuple[Sequence[int], bytes]
"""Documents in ascending order, and for each the impact of the word in it: 0 to 255 for 0 to 1 (`measure_impact`)."""


class Collection(Protocol):
    """The reports that a query may find, by document: a running number in the order in which they were added."""

    @property
    def size(self) -> int:
        """How many there are."""

    @property
    def gone(self) -> frozenset[int]:
        """Removed documents that postings may still name."""

    def count_word(self, word: str) -> int:
        """The number of reports that contain the word."""

    def list_postings(self, word: str) -> Iterable[Posting]:
        """The documents that contain the word."""

    def count_pair(self, pair: tuple[str, str]) -> int:
        """The number of reports with the two words side by side; may be too high, never too low."""

    def find_by_fingerprint(self, fingerprint: str) -> Sequence[int]:
        """The reports that have a fingerprint."""

    def list_originals(self, documents: Iterable[int]) -> Iterable[int]:
        """The documents that known duplicates among these documents are duplicates of."""

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


def weigh_query_term(in_title: int, in_body: int) -> float:
    """The weight of a word in a query: words of the title count most."""
    count = TITLE_WEIGHT * in_title + in_body
    return (QUERY_SATURATION + 1) * count / (count + QUERY_SATURATION)


PAIR_SLOTS = 2**24
"""Pairs are counted by hash, a byte each: a collision counts too high by one, which changes a rarity little."""

_MOST = 255


def hash_pair(pair: tuple[str, str]) -> int:
    """The slot in which a pair is counted."""
    return crc32(f"{pair[0]} {pair[1]}".encode()) % PAIR_SLOTS


class MemoryCollection:
    """Reports in memory, in the order in which they were filed: for evaluation, and for what GitHub's search found."""

    def __init__(self) -> None:
        self._profiles: list[Profile] = []
        self._documents: dict[int, int] = {}
        self._postings: dict[str, tuple[array[int], bytearray]] = {}
        self._by_fingerprint: dict[str, array[int]] = {}
        self._pairs: dict[int, int] = {}
        self._originals: dict[int, int] = {}

    @property
    def size(self) -> int:
        return len(self._profiles)

    @property
    def gone(self) -> frozenset[int]:
        return frozenset()

    def __contains__(self, number: object) -> bool:
        return number in self._documents

    def add(self, profile: Profile) -> None:
        """Add a report; of several with one number, only the first is kept."""
        if profile.number in self._documents:
            return
        document = len(self._profiles)
        self._documents[profile.number] = document
        self._profiles.append(profile)
        lengths = (len(profile.title_words), len(profile.body_words))
        titles, bodies = profile.title_counts, profile.body_counts
        for word in profile.words:
            documents, impacts = self._postings.setdefault(word, (array("I"), bytearray()))
            documents.append(document)
            impacts.append(measure_impact(titles.get(word, 0), bodies.get(word, 0), lengths))
        for fingerprint in profile.fingerprints:
            self._by_fingerprint.setdefault(fingerprint, array("I")).append(document)
        for pair in profile.pairs:
            slot = hash_pair(pair)
            self._pairs[slot] = self._pairs.get(slot, 0) + 1

    def point_to(self, number: int, at: float) -> None:
        """Record that another report points to an issue."""
        document = self._documents.get(number)
        if document is not None and self._profiles[document].active < at:
            self._profiles[document] = replace(self._profiles[document], active=at)

    def mark_duplicate(self, number: int, original: int) -> None:
        """Record that an issue is a known duplicate of another."""
        one, other = self._documents.get(number), self._documents.get(original)
        if one is None or other is None or one == other:
            return
        self._originals[one] = other
        known = self._profiles[other]
        active = max(known.active, self._profiles[one].created)
        self._profiles[other] = replace(known, duplicates=known.duplicates + 1, active=active)
        self._profiles[one] = replace(self._profiles[one], is_duplicate=True)

    def count_word(self, word: str) -> int:
        found = self._postings.get(word)
        return len(found[0]) if found else 0

    def list_postings(self, word: str) -> Iterable[Posting]:
        found = self._postings.get(word)
        return ((found[0], bytes(found[1])),) if found else ()

    def count_pair(self, pair: tuple[str, str]) -> int:
        return min(_MOST, self._pairs.get(hash_pair(pair), 0))

    def find_by_fingerprint(self, fingerprint: str) -> Sequence[int]:
        return self._by_fingerprint.get(fingerprint, ())

    def list_originals(self, documents: Iterable[int]) -> Iterable[int]:
        return {self._originals[document] for document in documents if document in self._originals}

    def read_profiles(self, documents: Iterable[int]) -> dict[int, Profile]:
        return {document: self._profiles[document] for document in documents}
