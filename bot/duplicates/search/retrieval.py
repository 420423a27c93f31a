"""The reports worth a closer look: by the words they share with a query, and by its rare marks. Pure."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nlargest

from bot.duplicates.search.collection import FULL_IMPACT, SATURATION, Collection, weigh_asked, weigh_rarity
from bot.duplicates.search.document import Profile
from bot.duplicates.search.fingerprint import is_message

MOST_BY_WORDS = 60
MOST_BY_MARKS = 12
MOST_WORDS = 80
"""Of a query's words those that tell most; 80 cost a thousandth of the recall of all."""

BUDGET = 60_000
"""Postings that are added up whole. Words beyond are looked up for the best reports so far (Moffat, Zobel 1996)."""

_PROMISING = 400
_COMMON_MARK = 20
_COMMON_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class AskedWord:
    """A word of a query: its rarity and its weight, both as they are on that day."""

    word: str
    count: int
    rarity: float
    weight: float


@dataclass(frozen=True, slots=True)
class Found:
    """What retrieval found: scores by document, and the rarity of the marks that each shares with the query.

    `said` is the rarity of all messages of the query, shared or not.
    """

    scores: dict[int, float]
    marks: dict[int, tuple[tuple[str, float], ...]]
    said: float = 0.0


def weigh_words(query: Profile, collection: Collection) -> list[AskedWord]:
    """The words of a query, those that tell most first; at most 80."""
    words = []
    for word in query.words:
        count = collection.count_word(word)
        rarity = weigh_rarity(count, collection.size)
        weight = rarity * weigh_asked(query.title_counts.get(word, 0), query.body_counts.get(word, 0))
        words.append(AskedWord(word, count, rarity, weight))
    return nlargest(MOST_WORDS, words, key=lambda asked: (asked.weight, asked.word))


def find_candidates(query: Profile, words: Iterable[AskedWord], collection: Collection, budget: int = BUDGET) -> Found:
    """The reports that deserve a closer look, some 60 to 90 of them."""
    scores = _score_words([asked for asked in words if asked.count], collection, budget)
    for document in collection.gone:
        scores.pop(document, None)
    marks, said = _find_marked(query, collection)
    chosen = {document for _, document in nlargest(MOST_BY_WORDS, zip(scores.values(), scores, strict=True))}
    chosen.update(
        nlargest(MOST_BY_MARKS, marks, key=lambda document: (sum(rarity for _, rarity in marks[document]), document))
    )
    chosen.update(collection.list_originals(chosen))
    return Found(
        {document: scores.get(document, 0.0) for document in sorted(chosen)},
        {document: tuple(marks[document]) for document in sorted(chosen) if document in marks},
        said,
    )


def _score_words(words: list[AskedWord], collection: Collection, budget: int) -> dict[int, float]:
    scores: dict[int, float] = {}
    spent, rest = 0, list[AskedWord]()
    for asked in words:
        if spent + asked.count > budget and scores:
            rest.append(asked)
            continue
        spent += asked.count
        _add_word(asked, collection, scores)
    if rest:
        scores = {
            document: score for score, document in nlargest(_PROMISING, zip(scores.values(), scores, strict=True))
        }
        for asked in rest:
            _look_up(asked, collection, scores)
    return scores


def _add_word(asked: AskedWord, collection: Collection, scores: dict[int, float]) -> None:
    gains = _list_gains(asked)
    get = scores.get
    for documents, impacts in collection.list_postings(asked.word):
        for document, impact in zip(documents, impacts, strict=True):
            scores[document] = get(document, 0.0) + gains[impact]


def _look_up(asked: AskedWord, collection: Collection, scores: dict[int, float]) -> None:
    gains = _list_gains(asked)
    for documents, impacts in collection.list_postings(asked.word):
        for document in scores:
            place = bisect_left(documents, document)
            if place < len(documents) and documents[place] == document:
                scores[document] += gains[impacts[place]]


def _list_gains(asked: AskedWord) -> list[float]:
    step = asked.weight * (SATURATION + 1) / FULL_IMPACT
    return [step * impact for impact in range(FULL_IMPACT + 1)]


def _find_marked(query: Profile, collection: Collection) -> tuple[dict[int, list[tuple[str, float]]], float]:
    found: dict[int, list[tuple[str, float]]] = {}
    most = max(_COMMON_MARK, _COMMON_SHARE * collection.size)
    said = 0.0
    for mark in sorted(query.fingerprints):
        documents = collection.find_marked(mark)
        rarity = weigh_rarity(len(documents), collection.size)
        said += rarity * is_message(mark)
        if 0 < len(documents) <= most:
            for document in documents:
                found.setdefault(document, []).append((mark, rarity))
    return found, said
