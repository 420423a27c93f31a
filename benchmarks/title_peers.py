"""Peers that compare only titles: those of all earlier issues with that of a new one."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.process import cdist
from scipy.sparse import csr_matrix

from benchmarks.duplicate_rows import Labelled
from bot.duplicates.evaluation import Answer
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.ranker import MOST_SHOWN

Likeness: TypeAlias = NDArray[np.float32]
_AT_ONCE = 200


def compare_words(titles: Sequence[str], asked: Sequence[int]) -> Iterator[Likeness]:
    """Edit distance by words, as potential-duplicates does: the part of the longer title that stays."""
    words = [title.lower().split() for title in titles]
    for place in asked:
        yield cdist(
            [words[place]], words[:place], scorer=DamerauLevenshtein.normalized_similarity, dtype=np.float32, workers=1
        )[0]


def compare_trigrams(trigrams: Sequence[frozenset[str]], asked: Sequence[int]) -> Iterator[Likeness]:
    """Dice's coefficient of the three-letter pieces."""
    columns = {trigram: column for column, trigram in enumerate(sorted(frozenset().union(*trigrams)))}
    sizes = np.array([max(1, len(own)) for own in trigrams], dtype=np.float32)
    starts = np.cumsum([0, *(len(own) for own in trigrams)])
    places = np.array([columns[trigram] for own in trigrams for trigram in own], dtype=np.int32)
    table = csr_matrix((np.ones(len(places), dtype=np.float32), places, starts), shape=(len(trigrams), len(columns)))
    for place in asked:
        shared = (table[:place] @ table[place].T).toarray().ravel()
        yield 2 * shared / (sizes[:place] + sizes[place])


def answer_by_words(labelled: Labelled) -> list[Answer]:
    """The answers to the second half, by edit distance."""
    titles = [issue.title for issue in labelled.issues]
    return _answer(labelled, lambda asked: compare_words(titles, asked))


def answer_by_trigrams(labelled: Labelled) -> list[Answer]:
    """The answers to the second half, by trigrams."""
    trigrams = [make_profile(issue).trigrams for issue in labelled.issues]
    return _answer(labelled, lambda asked: compare_trigrams(trigrams, asked))


def _answer(labelled: Labelled, compare: Callable[[Sequence[int]], Iterator[Likeness]]) -> list[Answer]:
    numbers = [issue.number for issue in labelled.issues]
    duplicates = frozenset(labelled.second.duplicates)
    wanted = duplicates.union(labelled.second.ordinary)
    asked = [place for place, number in enumerate(numbers) if number in wanted]
    answers = []
    for place, likeness in zip(asked, compare(asked), strict=True):
        number = numbers[place]
        right = labelled.truth[number].group if number in duplicates else frozenset[int]()
        best = np.argsort(-likeness, kind="stable")[:10]
        rank = next((rank for rank, other in enumerate(best, 1) if numbers[other] in right), None)
        answers.append(
            Answer(
                number, number in duplicates, rank, float(likeness[best[0]]), rank is not None and rank <= MOST_SHOWN
            )
        )
    return answers
