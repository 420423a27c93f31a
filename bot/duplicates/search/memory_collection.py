"""A collection in memory: for evaluation, for what is being built, and for tests. Pure."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from zlib import crc32

from bot.duplicates.search.collection import Posting, measure_impact
from bot.duplicates.search.document import Profile

PAIR_SLOTS = 2**24
"""Pairs are counted by hash, a byte each: a collision counts too high by one, which changes a rarity little."""

_MOST = 255


def hash_pair(pair: tuple[str, str]) -> int:
    """The slot in which a pair is counted."""
    return crc32(f"{pair[0]} {pair[1]}".encode()) % PAIR_SLOTS


class MemoryCollection:
    """Reports in the order in which they were filed; `add` is the only change beside `mark_duplicate`."""

    def __init__(self) -> None:
        self._profiles: list[Profile] = []
        self._documents: dict[int, int] = {}
        self._postings: dict[str, tuple[array[int], bytearray]] = {}
        self._marks: dict[str, array[int]] = {}
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
        """One more report; of one number only the first is kept."""
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
        for mark in profile.fingerprints:
            self._marks.setdefault(mark, array("I")).append(document)
        for pair in profile.pairs:
            slot = hash_pair(pair)
            self._pairs[slot] = self._pairs.get(slot, 0) + 1

    def point_to(self, number: int, at: float) -> None:
        """Another report has pointed to an issue."""
        document = self._documents.get(number)
        if document is not None and self._profiles[document].active < at:
            self._profiles[document] = replace(self._profiles[document], active=at)

    def mark_duplicate(self, number: int, original: int) -> None:
        """It is known that an issue is a duplicate of another."""
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

    def find_marked(self, fingerprint: str) -> Sequence[int]:
        return self._marks.get(fingerprint, ())

    def list_originals(self, documents: Iterable[int]) -> Iterable[int]:
        return {self._originals[document] for document in documents if document in self._originals}

    def read_profiles(self, documents: Iterable[int]) -> dict[int, Profile]:
        return {document: self._profiles[document] for document in documents}
