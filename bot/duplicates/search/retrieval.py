"""The reports worth a closer look: by the words they share with a query, and by its rare fingerprints. Pure."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest

from bot.duplicates.search.collection import FULL_IMPACT, SATURATION, Collection, weigh_query_term, weigh_rarity
from bot.duplicates.search.document import Profile
from bot.duplicates.search.fingerprint import is_message

MOST_BY_WORDS = 60
MOST_BY_FINGERPRINTS = 12
MOST_WORDS = 80
"""The number of the most specific words of a query; 80 lose a thousandth of the recall of all words."""

BUDGET = 60_000
"""Postings that are added up whole. Words beyond are looked up for the best reports so far (Moffat, Zobel 1996)."""

_PROMISING = 400
_COMMON_FINGERPRINT = 20
_COMMON_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A word of a query: its rarity and its weight at the time of the query."""

    word: str
    count: int
    rarity: float
    weight: float


@dataclass(frozen=True, slots=True)
class Found:
    """The result of retrieval: scores by document, and the rarity of the fingerprints shared with the query.

    `said` is the rarity of all messages of the query, shared or not.
    """

    scores: dict[int, float]
    fingerprints: dict[int, tuple[tuple[str, float], ...]]
    said: float = 0.0


def weigh_query_terms(query: Profile, collection: Collection) -> list[QueryTerm]:
    """The words of a query, the most specific first; at most 80."""
    words = []
    for word in query.words:
        count = collection.count_word(word)
        rarity = weigh_rarity(count, collection.size)
        weight = rarity * weigh_query_term(query.title_counts.get(word, 0), query.body_counts.get(word, 0))
        words.append(QueryTerm(word, count, rarity, weight))
    return nlargest(MOST_WORDS, words, key=lambda term: (term.weight, term.word))


def find_candidates(query: Profile, words: Iterable[QueryTerm], collection: Collection, budget: int = BUDGET) -> Found:
    """The reports worth a closer look, about 60 to 90 of them."""
    scores = _score_words([term for term in words if term.count], collection, budget)
    for document in collection.gone:
        scores.pop(document, None)
    fingerprints, said = _find_by_fingerprints(query, collection)
    chosen = {document for _, document in nlargest(MOST_BY_WORDS, zip(scores.values(), scores, strict=True))}
    chosen.update(
        nlargest(
            MOST_BY_FINGERPRINTS,
            fingerprints,
            key=lambda document: (sum(rarity for _, rarity in fingerprints[document]), document),
        )
    )
    chosen.update(collection.list_originals(chosen))
    return Found(
        {document: scores.get(document, 0.0) for document in sorted(chosen)},
        {document: tuple(fingerprints[document]) for document in sorted(chosen) if document in fingerprints},
        said,
    )


def _score_words(words: list[QueryTerm], collection: Collection, budget: int) -> dict[int, float]:
    scores: dict[int, float] = {}
    spent, rest = 0, list[QueryTerm]()
    for term in words:
        if spent + term.count > budget and scores:
            rest.append(term)
            continue
        spent += term.count
        _add_word(term, collection, scores)
    if rest:
        best = nlargest(_PROMISING, zip(scores.values(), scores, strict=True))
        scores = {document: score for score, document in best}
        for term in rest:
            _look_up(term, collection, scores)
    return scores


def _add_word(term: QueryTerm, collection: Collection, scores: dict[int, float]) -> None:
    gains = _list_gains(term)
    get = scores.get
    for documents, impacts in collection.list_postings(term.word):
        for document, impact in zip(documents, impacts, strict=True):
            scores[document] = get(document, 0.0) + gains[impact]


def _look_up(term: QueryTerm, collection: Collection, scores: dict[int, float]) -> None:
    gains = _list_gains(term)
    for documents, impacts in collection.list_postings(term.word):
        for document in scores:
            place = bisect_left(documents, document)
            if place < len(documents) and documents[place] == document:
                scores[document] += gains[impacts[place]]


def _list_gains(term: QueryTerm) -> list[float]:
    step = term.weight * (SATURATION + 1) / FULL_IMPACT
    return [step * impact for impact in range(FULL_IMPACT + 1)]


def _find_by_fingerprints(query: Profile, collection: Collection) -> tuple[dict[int, list[tuple[str, float]]], float]:
    found: dict[int, list[tuple[str, float]]] = {}
    most = max(_COMMON_FINGERPRINT, _COMMON_SHARE * collection.size)
    said = 0.0
    for fingerprint in sorted(query.fingerprints):
        documents = collection.find_by_fingerprint(fingerprint)
        rarity = weigh_rarity(len(documents), collection.size)
        said += rarity * is_message(fingerprint)
        if 0 < len(documents) <= most:
            for document in documents:
                found.setdefault(document, []).append((fingerprint, rarity))
    return found, said
