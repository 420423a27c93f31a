"""From ranked candidates to what a run is told of them. Pure."""

from collections.abc import Container, Iterable, Sequence

from bot.duplicates.collection import weigh_rarity
from bot.duplicates.earlier import Earlier, Tier
from bot.duplicates.memory import MemoryCollection
from bot.duplicates.profile import make_profile
from bot.duplicates.query import Phrase
from bot.duplicates.ranking import RARE, Candidate, Model
from bot.duplicates.search import search_collection
from bot.github.tracker import Issue

FEW = 10
"""In a repository with few issues a mark that so many reports share is rare enough: `RARE` itself is out of reach."""

MOST_FOUND = 20
"""An error that GitHub's search finds in more issues is no rare one; how many issues there are is not known then."""

MOST = 12
"""Candidates that a run is told of: those that are checked, and the nearest behind them."""


def list_earlier(candidates: Iterable[Candidate], threshold: float, size: int) -> tuple[Earlier, ...]:
    """What an index of `size` issues found: the same error, or alike enough to be shown (`threshold`); B before C."""
    rare = min(RARE, weigh_rarity(FEW, size)) if size > FEW else RARE
    found = [
        _make_earlier(each, "B" if _rarest_error(each) >= rare else "C")
        for each in candidates
        if not each.is_series and (_rarest_error(each) >= rare or each.score >= threshold)
    ]
    return tuple(sorted(found, key=lambda each: (each.tier, -each.score)))[:MOST]


def rank_found(issue: Issue, found: Sequence[Issue], phrase: Phrase | None, model: Model) -> tuple[Earlier, ...]:
    """What GitHub's search found, ranked by the same code as an index; B is what shares the error of the `phrase`.

    `phrase` is None where no phrase was searched, or too many issues have it.
    """
    collection = MemoryCollection()
    for each in sorted(found, key=lambda other: other.number):
        if each.repository.casefold() == issue.repository.casefold() and not each.is_pull_request:
            collection.add(make_profile(each))
    candidates = search_collection(make_profile(issue), collection, model)
    marks: Container[str] = {phrase.mark} if phrase else set()
    tiers: list[tuple[Candidate, Tier]] = [
        (each, "B" if any(mark in marks for mark, _ in each.marks) else "C")
        for each in candidates
        if not each.is_series
    ]
    earlier = [_make_earlier(each, tier) for each, tier in tiers if tier == "B" or each.score >= model.threshold]
    return tuple(sorted(earlier, key=lambda each: (each.tier, -each.score)))[:MOST]


def _rarest_error(candidate: Candidate) -> float:
    """The rarity of the rarest message or place that both reports have, in nats; a name alone is no error."""
    return max((rarity for mark, rarity in candidate.marks if not mark.startswith("name:")), default=0.0)


def _make_earlier(candidate: Candidate, tier: Tier) -> Earlier:
    return Earlier(
        number=candidate.number,
        tier=tier,
        score=round(candidate.score, 4),
        why=_tell_why(candidate, tier),
        title=candidate.title,
        evidence=tuple(mark.partition(":")[2] for mark, _ in candidate.marks),
        features={name: round(value, 2) for name, value in candidate.features._asdict().items()},
    )


def _tell_why(candidate: Candidate, tier: Tier) -> str:
    """In our own words: what reporters wrote stands in the summary, and never in a comment."""
    if tier == "C":
        return "reads much like this one"
    errors = [mark for mark, _ in candidate.marks if not mark.startswith("name:")]
    if errors and errors[0].startswith("place:"):
        return "fails at the same place in the source"
    return "shows the same error message"
