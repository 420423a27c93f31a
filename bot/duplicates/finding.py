"""From ranked candidates to what a run is told of them. Pure."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace

from bot.duplicates.calibration import Calibration
from bot.duplicates.collection import weigh_rarity
from bot.duplicates.earlier import WHY, Earlier, Tier
from bot.duplicates.explaining import locate_marks
from bot.duplicates.fingerprint import is_frame, is_message
from bot.duplicates.memory import MemoryCollection
from bot.duplicates.profile import make_profile
from bot.duplicates.query import Phrase
from bot.duplicates.ranking import LONGEST_ERROR, Candidate, Model
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


def list_earlier(
    candidates: Iterable[Candidate], threshold: float, size: int, issue: Issue | None = None
) -> tuple[Earlier, ...]:
    """What an index of `size` issues found: the same error, or alike enough to be shown (`threshold`); B before C.

    What both reports say is quoted with its place in `issue`, where that is given.
    """
    settled = [settle_tier(each, size) for each in candidates if not each.is_series]
    fitting = [each for each in settled if each.tier == "B" or each.score >= threshold]
    return _make_all([(each, each.tier) for each in fitting], issue)


def tell_expectation(calibration: Calibration) -> str:
    """What the index learned of itself, in words."""
    known = f"; of {calibration.known} known duplicates among them {calibration.caught} the right one"
    return (
        f"Of the repository's last {calibration.replayed} issues {calibration.shown} would have been shown something"
        f"{known if calibration.known else ''}."
    )


def settle_tier(candidate: Candidate, size: int) -> Candidate:
    """The tier of the ranking; in a repository with few issues, where no message can be as rare as it wants, ours."""
    if candidate.tier == "B" or not FEW < size < SMALL:
        return candidate
    rarity, mark = max(_list_messages(candidate), default=(0.0, ""))
    if rarity < weigh_rarity(FEW, size):
        return candidate
    return replace(candidate, tier="B", why=f"the same error: {mark.partition(':')[2][:LONGEST_ERROR]}")


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
    fitting = [(each, tier) for each, tier in tiers if tier == "B" or each.score >= model.threshold]
    return _make_all(fitting, issue)


def _list_messages(candidate: Candidate) -> list[tuple[float, str]]:
    """The messages that both reports have and that are no lines of a stack, each with its rarity in nats."""
    return [(rarity, mark) for mark, rarity in candidate.marks if is_message(mark) and not is_frame(mark)]


def _make_all(found: Sequence[tuple[Candidate, Tier]], issue: Issue | None) -> tuple[Earlier, ...]:
    has_marks = any(candidate.marks for candidate, _ in found)
    places = locate_marks(issue.title, issue.body) if issue and has_marks else {}
    earlier = [_make_earlier(candidate, tier, places) for candidate, tier in found]
    return tuple(sorted(earlier, key=lambda each: (each.tier, -each.score)))[:MOST]


def _make_earlier(candidate: Candidate, tier: Tier, places: Mapping[str, str]) -> Earlier:
    return Earlier(
        number=candidate.number,
        tier=tier,
        score=round(candidate.score, 4),
        why=WHY[tier],
        title=candidate.title,
        evidence=tuple(dict.fromkeys(places.get(mark) or mark.partition(":")[2] for mark, _ in candidate.marks)),
        features={name: round(value, 2) for name, value in candidate.features._asdict().items()},
    )
