"""Candidates in the order in which they are likely to be the same problem, each with its reason in words. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, log1p
from typing import Literal, NamedTuple

from bot.duplicates.features import Compared, Features
from bot.duplicates.fingerprint import is_frame, is_message
from bot.duplicates.profile import Profile

Tier = Literal["A", "B", "C"]

MOST_SHOWN = 3
LONGEST_ERROR = 120
"""Signs of an error message that a reason quotes."""

_SAME_TITLE = 0.95
_LIKE_TITLE = 0.8
_CERTAIN = 1e-6


class Standing(NamedTuple):
    """How a candidate stands among those of its query, and what kind of query it is.

    lead: logarithm of its odds to be the right one among those found. margin: how far its place is above the next
    one's. title_length, body_length: logarithms of the query's words. rivals: how many others look as good, as the
    logarithm of the effective number of candidates (the exponential of the entropy of their shares).
    """

    lead: float
    margin: float
    title_length: float
    body_length: float
    rivals: float


@dataclass(frozen=True)
class Model:
    """The coefficients of the ranking: `order` tells candidates of one query apart, `belief` the queries.

    Both are linear. `order` was fitted on `Features` as a conditional logit (McFadden 1974): how likely is this
    candidate the right one among those found. `belief` was fitted on `Features` and `Standing` as a logistic regression
    on the best candidate of each query, duplicate or not. `threshold` is the score that 1 % of the ordinary issues of
    the training histories reached.
    """

    order: tuple[float, ...]
    belief: tuple[float, ...]
    intercept: float
    threshold: float

    def score(self, features: Features) -> float:
        """The candidate's place among those of its query: larger is likelier."""
        return sum(weight * value for weight, value in zip(self.order, features, strict=True))

    def believe(self, features: Features, standing: Standing) -> float:
        """How likely the candidate is the same problem at all, between 0 and 1."""
        values = (*features, *standing)
        power = self.intercept + sum(weight * value for weight, value in zip(self.belief, values, strict=True))
        return 1 / (1 + exp(-max(-50.0, min(50.0, power))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An earlier report, how likely it is the same problem (`score`, between 0 and 1), and why.

    `tier` B shares a rare error with the query, C only reads alike; A is given by whoever matched both with one rule.
    `marks` are the shared fingerprints, the rarest first, each with its rarity in nats.
    """

    number: int
    title: str
    score: float
    tier: Tier
    why: str
    features: Features
    standing: Standing
    marks: tuple[tuple[str, float], ...] = ()

    @property
    def is_series(self) -> bool:
        """Filed by the same author within two days under another title: a series, hardly ever a duplicate."""
        return bool(self.features.series) and self.features.title_likeness < _SAME_TITLE


def rank_candidates(query: Profile, compared: Sequence[Compared], model: Model) -> tuple[Candidate, ...]:
    """All candidates, the likeliest first."""
    places = [model.score(row.features) for row in compared]
    ranked = sorted(zip(places, compared, strict=True), key=lambda item: (-item[0], item[1].profile.number))
    standings = judge_standings(query, [place for place, _ in ranked])
    return tuple(
        _make_candidate(query, row, standing, model) for (_, row), standing in zip(ranked, standings, strict=True)
    )


def judge_standings(query: Profile, places: Sequence[float]) -> list[Standing]:
    """The standing of each candidate, given their places from the best to the last."""
    if not places:
        return []
    weights = [exp(place - places[0]) for place in places]
    total = sum(weights)
    shares = [min(max(weight / total, _CERTAIN), 1 - _CERTAIN) for weight in weights]
    rivals = -sum(share * log(share) for share in shares)
    lengths = log1p(len(query.title_words)), log1p(len(query.body_words))
    following = [*places[1:], places[-1]]
    return [
        Standing(log(share / (1 - share)), place - after, *lengths, rivals)
        for share, place, after in zip(shares, places, following, strict=True)
    ]


def _make_candidate(query: Profile, row: Compared, standing: Standing, model: Model) -> Candidate:
    score = model.believe(row.features, standing)
    tier: Tier = "B" if is_same_error(row, score) else "C"
    return Candidate(
        number=row.profile.number,
        title=row.profile.title,
        score=score,
        tier=tier,
        why=explain_likeness(query, row, tier),
        features=row.features,
        standing=standing,
        marks=tuple(sorted(row.marks, key=lambda item: (-item[1], item[0]))),
    )


RARE = 5.5
"""Nats: a message that at most one report in some 250 has."""

_AGREEMENT = 0.2
_SAME_ERROR = 0.35
"""Chosen on the first halves of two histories, where most known duplicates of this kind are the right ones."""


def is_same_error(row: Compared, score: float) -> bool:
    """Whether two reports have the same error (tier B).

    They share a rare message that is no line of a stack, it is a good part of all that the query's messages say, and
    the rest does not speak against it.
    """
    return score >= _SAME_ERROR and row.agreement >= _AGREEMENT and bool(_list_errors(row))


def _list_errors(row: Compared) -> list[tuple[float, str]]:
    """The rare messages that both have, the rarest last."""
    shared = [(rarity, mark) for mark, rarity in row.marks if rarity >= RARE and is_message(mark)]
    return sorted(item for item in shared if not is_frame(item[1]))


def explain_likeness(query: Profile, row: Compared, tier: Tier) -> str:
    """Why the two look alike, in words."""
    if tier == "B":
        return f"the same error: {_list_errors(row)[-1][1].partition(':')[2][:LONGEST_ERROR]}"
    if row.features.title_likeness >= _LIKE_TITLE:
        return "nearly the same title"
    words = ", ".join(dict.fromkeys(query.spelling.get(word, word) for word in row.words))
    return f"shares the rare words {words}" if words else "shares no rare word"


def find_best(candidates: Iterable[Candidate]) -> Candidate | None:
    """The first that is no sibling of a series: its score decides whether anything of tier C is shown."""
    return next((candidate for candidate in candidates if not candidate.is_series), None)


def choose_related(candidates: Sequence[Candidate], threshold: float, most: int = MOST_SHOWN) -> tuple[Candidate, ...]:
    """What may be shown of ranked candidates, at most three, B before C; siblings of a series are left out.

    Those of tier B may be shown always; the others where the best of all reaches the threshold.
    """
    fitting = [candidate for candidate in candidates if not candidate.is_series][:most]
    best = find_best(candidates)
    is_sure = best is not None and best.score >= threshold
    shown = [candidate for candidate in fitting if is_sure or candidate.tier == "B"]
    return tuple(sorted(shown, key=lambda candidate: candidate.tier))
