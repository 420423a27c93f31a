"""The comparison of two reports: a few numbers that a person can check. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, log1p
from typing import NamedTuple

from bot.duplicates.search.collection import FULL_IMPACT, SATURATION, Collection, measure_impact, weigh_rarity
from bot.duplicates.search.document import Profile
from bot.duplicates.search.fingerprint import is_message
from bot.duplicates.search.retrieval import Found, QueryTerm

DAY = 86_400
SERIES_DAYS = 2
"""Days within which reports by one author are a series ("… (2)"), not duplicates."""


class Features(NamedTuple):
    """The compared features of a query and a candidate; shares are between 0 and 1, rarities in nats.

    word_score: against the best candidate's. self_score: against the query's own. title_score: words in both titles,
    against the best. age, quiet: logarithm of the days since it was filed, and since a report last pointed to it.
    title_likeness: Dice of the titles' trigrams. rarest_word, rarest_pair: the rarest shared word, and pair of
    neighbouring words. pairs: logarithm of the rarity of all shared pairs. title_told, title_answered: how much of the
    query's title the candidate has anywhere, and of the candidate's title the query. rarest_mark, marks, place: the
    rarest shared fingerprint, all of them, and the rarest place in a source. duplicates: logarithm of those that the
    candidate already has. is_duplicate: it is one itself. same_author, series: filed by the same author, and shortly
    after. length: logarithm of the words of its body. shared: the share of the query's words.
    """

    word_score: float
    self_score: float
    title_score: float
    age: float
    quiet: float
    title_likeness: float
    rarest_word: float
    title_told: float
    title_answered: float
    rarest_mark: float
    marks: float
    place: float
    pairs: float
    rarest_pair: float
    duplicates: float
    same_author: float
    series: float
    length: float
    shared: float
    is_duplicate: float

    def to_json(self, digits: int) -> dict[str, float]:
        """The features by their names, rounded.

        `meaning` is always 0 and stays for scripts that read it: a former sentence model filled it.
        """
        return {**{name: round(value, digits) for name, value in self._asdict().items()}, "meaning": 0.0}


@dataclass(frozen=True, slots=True)
class Compared:
    """A candidate, its features, and the rare words and fingerprints that it shares with the query.

    `agreement` is the share of the query's messages that the candidate also has, by their rarity: 0 to 1.
    """

    profile: Profile
    features: Features
    fingerprints: tuple[tuple[str, float], ...]
    words: tuple[str, ...]
    agreement: float = 0.0


class _Comparison:
    """The query's side of all comparisons, computed once."""

    def __init__(self, query: Profile, words: Sequence[QueryTerm], collection: Collection) -> None:
        self.query, self.collection = query, collection
        self.rarity = {term.word: term.rarity for term in words}
        self.title = {word: self._weigh(word) for word in query.title_counts}
        self.title_sum = sum(self.title.values()) or 1.0
        self.self_score = sum(term.weight * (SATURATION + 1) * self._impact(query, term.word) for term in words) or 1.0
        self._pair_rarity: dict[tuple[str, str], float] = {}

    def _weigh(self, word: str) -> float:
        known = self.rarity.get(word)
        if known is None:
            known = self.rarity[word] = weigh_rarity(self.collection.count_word(word), self.collection.size)
        return known

    def _impact(self, profile: Profile, word: str) -> float:
        lengths = (len(profile.title_words), len(profile.body_words))
        counts = profile.title_counts.get(word, 0), profile.body_counts.get(word, 0)
        return measure_impact(*counts, lengths) / FULL_IMPACT

    def compare(self, candidate: Profile, score: float, fingerprints: tuple[tuple[str, float], ...]) -> Features:
        """The features, with `word_score` and `title_score` still absolute."""
        query, shared = self.query, self.query.words & candidate.words
        pairs = [self._weigh_pair(pair) for pair in query.pairs & candidate.pairs]
        union = len(query.trigrams) + len(candidate.trigrams)
        theirs = {word: self._weigh(word) for word in candidate.title_counts}
        days = max((query.created - candidate.created) / DAY, 0.01)
        is_same, rarities = candidate.author == query.author != "ghost", [rarity for _, rarity in fingerprints]
        return Features(
            word_score=score,
            self_score=score / self.self_score,
            title_score=sum(rarity for word, rarity in self.title.items() if word in theirs),
            age=log1p(days),
            quiet=log1p(max((query.created - candidate.active) / DAY, 0.01)),
            title_likeness=2 * len(query.trigrams & candidate.trigrams) / (union or 1),
            rarest_word=max(map(self._weigh, shared), default=0.0),
            title_told=sum(rarity for word, rarity in self.title.items() if word in candidate.words) / self.title_sum,
            title_answered=sum(rarity for word, rarity in theirs.items() if word in query.words)
            / (sum(theirs.values()) or 1.0),
            rarest_mark=max(rarities, default=0.0),
            marks=log1p(sum(rarities)),
            place=max((rarity for name, rarity in fingerprints if name.startswith("place:")), default=0.0),
            pairs=log1p(fsum(pairs)),
            rarest_pair=max(pairs, default=0.0),
            duplicates=log1p(candidate.duplicates),
            same_author=float(is_same),
            series=float(is_same and days < SERIES_DAYS),
            length=log1p(len(candidate.body_words)),
            shared=len(shared) / (len(query.words) or 1),
            is_duplicate=float(candidate.is_duplicate),
        )

    def _weigh_pair(self, pair: tuple[str, str]) -> float:
        known = self._pair_rarity.get(pair)
        if known is None:
            count = self.collection.count_pair(pair)
            known = self._pair_rarity[pair] = weigh_rarity(count, self.collection.size)
        return known

    def name_rarest(self, candidate: Profile, most: int = 3) -> tuple[str, ...]:
        """The rarest shared words, for people."""
        shared = self.query.words & candidate.words
        return tuple(sorted(shared, key=lambda word: (-self._weigh(word), word))[:most])


def compare_candidates(
    query: Profile, words: Sequence[QueryTerm], found: Found, collection: Collection
) -> tuple[Compared, ...]:
    """Compare every candidate with the query; the query itself and later reports are left out."""
    profiles = collection.read_profiles(found.scores)
    comparison = _Comparison(query, words, collection)
    rows = [
        (profile, comparison.compare(profile, found.scores[document], found.fingerprints.get(document, ())), document)
        for document, profile in profiles.items()
        if profile.number != query.number and profile.created <= query.created
    ]
    best = _find_best([features for _, features, _ in rows])
    return tuple(
        Compared(
            profile,
            _relate(features, best),
            found.fingerprints.get(document, ()),
            comparison.name_rarest(profile),
            measure_agreement(found.fingerprints.get(document, ()), found.said),
        )
        for profile, features, document in rows
    )


def measure_agreement(fingerprints: Iterable[tuple[str, float]], said: float) -> float:
    """The rarity of the shared messages against that of all that the query says."""
    return sum(rarity for fingerprint, rarity in fingerprints if is_message(fingerprint)) / said if said else 0.0


def _find_best(features: Iterable[Features]) -> Mapping[str, float]:
    found = list(features)
    return {
        "word_score": max((row.word_score for row in found), default=0.0) or 1.0,
        "title_score": max((row.title_score for row in found), default=0.0) or 1.0,
    }


def _relate(features: Features, best: Mapping[str, float]) -> Features:
    return features._replace(
        word_score=features.word_score / best["word_score"], title_score=features.title_score / best["title_score"]
    )
