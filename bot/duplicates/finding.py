"""From ranked candidates to what a run is told of them. Pure."""

from collections.abc import Container, Iterable, Sequence

from bot.duplicates.calibration import Calibration
from bot.duplicates.collection import weigh_rarity
from bot.duplicates.earlier import WHY, Earlier, Tier
from bot.duplicates.fingerprint import is_frame, is_message
from bot.duplicates.memory import MemoryCollection
from bot.duplicates.profile import make_profile
from bot.duplicates.query import Phrase
from bot.duplicates.ranking import Candidate, Model
from bot.duplicates.search import search_collection
from bot.github.tracker import Issue

SMALL = 1_000
"""Below so many issues hardly a message is as rare as the ranking wants it to be (`RARE`)."""

FEW = 10
"""There a message that so many reports share, and that is no line of a stack, is rare enough."""

MOST_FOUND = 20
"""An error that GitHub's search finds in more issues is no rare one; how many issues there are is not known then."""

MOST = 12
"""Candidates that a run is told of: those that are checked, and the nearest behind them."""


def list_earlier(candidates: Iterable[Candidate], threshold: float, size: int) -> tuple[Earlier, ...]:
    """What an index of `size` issues found: the same error, or alike enough to be shown (`threshold`); B before C."""
    tiers = [(each, _find_tier(each, size)) for each in candidates if not each.is_series]
    found = [_make_earlier(each, tier) for each, tier in tiers if tier == "B" or each.score >= threshold]
    return tuple(sorted(found, key=lambda each: (each.tier, -each.score)))[:MOST]


def tell_expectation(calibration: Calibration) -> str:
    """What the index learned of itself, in words."""
    known = f"; of {calibration.known} known duplicates among them {calibration.caught} the right one"
    return (
        f"Of the repository's last {calibration.replayed} issues {calibration.shown} would have been shown something"
        f"{known if calibration.known else ''}."
    )


def _find_tier(candidate: Candidate, size: int) -> Tier:
    """The tier of the ranking; in a repository with few issues, where no message can be as rare as it wants, ours."""
    if FEW < size < SMALL and _rarest_message(candidate) >= weigh_rarity(FEW, size):
        return "B"
    return candidate.tier


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


def _rarest_message(candidate: Candidate) -> float:
    """The rarity of the rarest message that both reports have, in nats."""
    return max((rarity for mark, rarity in candidate.marks if is_message(mark) and not is_frame(mark)), default=0.0)


def _make_earlier(candidate: Candidate, tier: Tier) -> Earlier:
    return Earlier(
        number=candidate.number,
        tier=tier,
        score=round(candidate.score, 4),
        why=WHY[tier],
        title=candidate.title,
        evidence=tuple(mark.partition(":")[2] for mark, _ in candidate.marks),
        features={name: round(value, 2) for name, value in candidate.features._asdict().items()},
    )
