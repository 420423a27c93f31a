"""REP, the best earlier system in the comparison of Zhang et al. (TOSEM 2022), on the queries of the ranking.

Its words are ours (`find_words`). Its parameters are learned on the first half of the archive, from at most 400
clusters and 30 random other reports per pair, as in its authors' program. All earlier issues are scored.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import numpy as np

from benchmarks.duplicate_rows import Labelled
from benchmarks.rep_model import Lesson, Numbers, RepModel, learn_model, score_reports
from benchmarks.rep_terms import History, count_terms, make_history, share_with, share_with_earlier
from bot.duplicates.evaluation import ORDINARY, Answer
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.ranker import MOST_SHOWN

OTHERS = 30
_MOST_CLUSTERS = 400
_SEED = 7


@dataclass(frozen=True)
class Reports:
    """An archive by single words and by pairs of neighbouring words, and the place of each number in it."""

    unigrams: History
    bigrams: History
    places: Mapping[int, int]


def answer_by_rep(labelled: Labelled) -> list[Answer]:
    """The answers to the second half."""
    reports = read_reports(labelled)
    model = learn_model(list(make_lessons(labelled, reports)))
    asked = (*labelled.second.duplicates, *labelled.second.ordinary)
    return [_answer(labelled, reports, model, number) for number in asked]


def read_reports(labelled: Labelled) -> Reports:
    """The words of all issues."""
    profiles = [make_profile(issue) for issue in labelled.issues]
    words = [(profile.title_words, profile.body_words) for profile in profiles]
    pairs = [(_pair_up(title), _pair_up(body)) for title, body in words]
    places = {issue.number: place for place, issue in enumerate(labelled.issues)}
    return Reports(make_history(words), make_history(pairs), places)


def _pair_up(words: Sequence[str]) -> list[str]:
    return [" ".join(pair) for pair in pairwise(words)]


def make_lessons(labelled: Labelled, reports: Reports) -> Iterator[Lesson]:
    """Two reports of a cluster of the first half, both ways, with 30 reports of other clusters drawn at random."""
    chance = np.random.default_rng(_SEED)
    day = max(reports.places[number] for number in labelled.first.duplicates) + 1
    histories = reports.unigrams, reports.bigrams
    frequencies = [count_terms(history, day) for history in histories]
    originals = np.array(_list_originals(labelled, day))
    for cluster in _find_clusters(labelled, reports.places, day)[:_MOST_CLUSTERS]:
        rest = originals[~np.isin(originals, cluster)]
        for asked, right in permutations(cluster, 2):
            compared = [right, *chance.choice(rest, OTHERS, replace=False)]
            words, pairs = (
                share_with(history, asked, compared, counts, day)
                for history, counts in zip(histories, frequencies, strict=True)
            )
            yield Lesson(words, pairs)


def _find_clusters(labelled: Labelled, places: Mapping[int, int], day: int) -> list[list[int]]:
    """The places of the members of each cluster as far as the first half knows them, by their first member."""
    members = defaultdict[int, set[int]](set)
    for number in labelled.first.duplicates:
        earlier = [places[other] for other in labelled.truth[number].group if places.get(other, day) < places[number]]
        members[min(earlier)].update((*earlier, places[number]))
    return [sorted(members[first]) for first in sorted(members)]


def _list_originals(labelled: Labelled, day: int) -> list[int]:
    duplicates = {number for number, known in labelled.truth.items() if known.original is not None}
    return [place for place, issue in enumerate(labelled.issues[:day]) if issue.number not in duplicates]


def _answer(labelled: Labelled, reports: Reports, model: RepModel, number: int) -> Answer:
    """Its score is REP as it is: against the query's own, as for BM25F, it separates less on the first halves."""
    place = reports.places[number]
    scores = score_earlier(reports, model, place)
    best = np.argsort(-scores, kind="stable")
    right = _find_right(labelled, reports, number)
    rank = next((rank for rank, other in enumerate(best, 1) if other in right), None)
    return Answer(number, bool(right), rank, float(scores[best[0]]), rank is not None and rank <= MOST_SHOWN)


def _find_right(labelled: Labelled, reports: Reports, number: int) -> frozenset[int]:
    """The places of the earlier members of its cluster."""
    known, places = labelled.truth.get(number, ORDINARY), reports.places
    group = known.group if known.original is not None else frozenset[int]()
    return frozenset(places[other] for other in group if places.get(other, places[number]) < places[number])


def score_earlier(reports: Reports, model: RepModel, place: int) -> Numbers:
    """REP of all earlier reports."""
    unigrams, bigrams = share_with_earlier(reports.unigrams, place), share_with_earlier(reports.bigrams, place)
    return score_reports(unigrams, bigrams, model)
