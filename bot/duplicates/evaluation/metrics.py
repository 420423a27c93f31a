"""How often the right earlier issue is found, and what that costs in false alarms. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.archive.stats import Share, measure_share
from bot.duplicates.candidates import Tier
from bot.duplicates.evaluation.replay import Query
from bot.duplicates.search.model import Model
from bot.duplicates.search.ranker import Hit, choose_related, find_best, rank_candidates

RANKS = (1, 3, 5, 10)
ALARMS = (0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query was answered, as far as it is counted.

    `rank` is that of the first right candidate (1 is the best), None if there is none. `score` is that of the best one
    that may be shown, `is_caught` whether a right one is among at most three. `tiers` are those of the ones that may be
    shown, each with whether it is right.
    """

    number: int
    is_duplicate: bool
    rank: int | None
    score: float
    is_caught: bool
    tiers: tuple[tuple[Tier, bool], ...] = ()


@dataclass(frozen=True, slots=True)
class TierCount:
    """Of the queries for which a candidate of a tier may be shown: duplicates with the right one, and all duplicates.

    `ordinary` counts the other queries: at most this many are wrong.
    """

    right: int
    duplicates: int
    ordinary: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """What an evaluation counts: `recall` by rank, `caught` by the share of ordinary issues that is shown something."""

    duplicates: int
    ordinary: int
    recall: dict[int, Share]
    mrr: float
    caught: dict[float, Share]
    thresholds: dict[float, float]
    tiers: dict[Tier, TierCount]


def answer_query(query: Query, model: Model) -> Answer:
    """The answer that the ranking gives."""
    return judge_answer(query, rank_candidates(query.profile, query.compared, model))


def judge_answer(query: Query, ranked: Sequence[Hit]) -> Answer:
    """What is counted of ranked candidates."""
    best, shown = find_best(ranked), choose_related(ranked, 0.0)
    ranks = (rank for rank, candidate in enumerate(ranked, 1) if candidate.number in query.right)
    return Answer(
        number=query.profile.number,
        is_duplicate=bool(query.right),
        rank=next(ranks, None),
        score=best.score if best else 0.0,
        is_caught=any(candidate.number in query.right for candidate in shown),
        tiers=tuple((candidate.tier, candidate.number in query.right) for candidate in shown),
    )


def measure_recall(answers: Iterable[Answer]) -> Recall | None:
    """The figures of all answers; None where no query is a duplicate."""
    found = list(answers)
    duplicates = [answer for answer in found if answer.is_duplicate]
    ordinary = [answer for answer in found if not answer.is_duplicate]
    thresholds = {share: find_threshold([answer.score for answer in ordinary], share) for share in ALARMS}
    recall = {rank: _measure((answer.rank or rank + 1) <= rank for answer in duplicates) for rank in RANKS}
    caught = {
        share: _measure(answer.is_caught and answer.score > threshold for answer in duplicates)
        for share, threshold in thresholds.items()
    }
    if not duplicates:
        return None
    return Recall(
        duplicates=len(duplicates),
        ordinary=len(ordinary),
        recall={rank: share for rank, share in recall.items() if share},
        mrr=sum(1 / answer.rank for answer in duplicates if answer.rank) / len(duplicates),
        caught={alarm: share for alarm, share in caught.items() if share},
        thresholds=thresholds,
        tiers={tier: _count_tier(found, tier) for tier in ("B", "C")},
    )


def find_threshold(scores: Iterable[float], share: float) -> float:
    """The lowest score that at most a share of them is above; 1 where there are none."""
    ordered = sorted(scores, reverse=True)
    return ordered[min(int(share * len(ordered) + 1e-9), len(ordered) - 1)] if ordered else 1.0


def _measure(hits: Iterable[bool]) -> Share | None:
    found = list(hits)
    return measure_share(sum(found), len(found))


def _count_tier(answers: Sequence[Answer], tier: Tier) -> TierCount:
    found = [answer for answer in answers if any(own == tier for own, _ in answer.tiers)]
    return TierCount(
        right=sum(any(own == tier and is_right for own, is_right in answer.tiers) for answer in found),
        duplicates=sum(answer.is_duplicate for answer in found),
        ordinary=sum(not answer.is_duplicate for answer in found),
    )
