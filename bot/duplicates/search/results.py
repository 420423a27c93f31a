"""From ranked candidates to what a run is told of them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.duplicates.candidates import SAME_TEXT, WHY, Earlier, Tier
from bot.duplicates.github_query import Phrase
from bot.duplicates.search.calibration import Calibration
from bot.duplicates.search.collection import MemoryCollection
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.fingerprint import is_telling
from bot.duplicates.search.model import Model
from bot.duplicates.search.ranker import Candidate, locate_fingerprints, search_collection, settle_tier
from bot.tracker.types import Issue

SAME_PHRASE = 0.3
"""The score from which a message that GitHub's search found is the same error: how rare words are is unknown there."""

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
    return _make_all(fitting, issue)


def tell_expectation(calibration: Calibration) -> str:
    """What the index learned of itself, in words."""
    known = f"; of {calibration.known} known duplicates among them {calibration.caught} the right one"
    return (
        f"Of the repository's last {calibration.replayed} issues {calibration.shown} would have been shown something"
        f"{known if calibration.known else ''}."
    )


def rank_found(issue: Issue, found: Sequence[Issue], phrase: Phrase | None, model: Model) -> tuple[Earlier, ...]:
    """What GitHub's search found, ranked by the same code as an index; B is what shares the error of the `phrase`.

    `phrase` is None where no phrase was searched, or too many issues have it.
    """
    collection = MemoryCollection()
    for each in sorted(found, key=lambda other: other.number):
        if each.repository.casefold() == issue.repository.casefold() and not each.is_pull_request:
            collection.add(make_profile(each))
    candidates = search_collection(make_profile(issue), collection, model)
    tiers = [replace(each, tier=_settle_found(each, phrase)) for each in candidates if not each.is_series]
    return _make_all([each for each in tiers if each.tier == "B" or each.score >= model.threshold], issue)


def _settle_found(candidate: Candidate, phrase: Phrase | None) -> Tier:
    has_phrase = phrase is not None and is_telling(phrase.mark) and phrase.mark in dict(candidate.marks)
    is_likely = candidate.score >= SAME_PHRASE or candidate.is_namesake
    is_same = has_phrase and is_likely and not candidate.is_elsewhere
    return "B" if is_same or candidate.is_copy else "C"


def _make_all(found: Sequence[Candidate], issue: Issue | None) -> tuple[Earlier, ...]:
    has_marks = any(candidate.marks for candidate in found)
    places = locate_fingerprints(issue.title, issue.body) if issue and has_marks else {}
    earlier = [_make_earlier(candidate, places) for candidate in found]
    return tuple(sorted(earlier, key=lambda each: (each.tier, -each.score)))[:MOST]


def _make_earlier(candidate: Candidate, places: Mapping[str, str]) -> Earlier:
    return Earlier(
        number=candidate.number,
        tier=candidate.tier,
        score=round(candidate.score, 4),
        why=SAME_TEXT if candidate.is_copy else WHY[candidate.tier],
        title=candidate.title,
        evidence=tuple(dict.fromkeys(places.get(mark) or mark.partition(":")[2] for mark, _ in candidate.marks)),
        features=candidate.features.to_json(2),
    )
