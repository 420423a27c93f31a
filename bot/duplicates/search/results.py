"""From ranked candidates to what a run is told of them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.duplicates.candidates import SAME_TEXT, WHY, Candidate, Tier
from bot.duplicates.search.calibration import Calibration
from bot.duplicates.search.collection import MemoryCollection
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.fingerprint import is_telling
from bot.duplicates.search.model import Model
from bot.duplicates.search.ranker import Hit, locate_fingerprints, search_collection, settle_tier
from bot.tracker.types import Issue

SAME_PHRASE = 0.3
"""The score from which a message that GitHub's search found is the same error: how rare words are is unknown there."""

MOST_FOUND = 20
"""An error that GitHub's search finds in more issues is no rare one; how many issues there are is not known then."""

MOST = 12
"""Candidates that a run is told of: those that are checked, and the nearest behind them."""


def list_candidates(
    hits: Iterable[Hit], threshold: float, size: int, issue: Issue | None = None
) -> tuple[Candidate, ...]:
    """What an index of `size` issues found: the same error, or alike enough to be shown (`threshold`); B before C.

    What both reports say is quoted with its place in `issue`, where that is given.
    """
    settled = [settle_tier(each, size) for each in hits if not each.is_series]
    fitting = [each for each in settled if each.tier == "B" or each.score >= threshold]
    return _make_candidates(fitting, issue)


def describe_expectation(calibration: Calibration) -> str:
    """What the index learned of itself, in words."""
    known = f"; of {calibration.known} known duplicates among them {calibration.caught} the right one"
    return (
        f"Of the repository's last {calibration.replayed} issues {calibration.shown} would have been shown something"
        f"{known if calibration.known else ''}."
    )


def rank_found(issue: Issue, found: Sequence[Issue], searched: str | None, model: Model) -> tuple[Candidate, ...]:
    """What GitHub's search found, ranked by the same code as an index; B is what shares the error that was `searched`.

    `searched` is its fingerprint; None where no error was searched, or too many issues have it.
    """
    collection = MemoryCollection()
    for each in sorted(found, key=lambda other: other.number):
        if each.repository.casefold() == issue.repository.casefold() and not each.is_pull_request:
            collection.add(make_profile(each))
    hits = search_collection(make_profile(issue), collection, model)
    tiers = [replace(each, tier=_settle_found(each, searched)) for each in hits if not each.is_series]
    return _make_candidates([each for each in tiers if each.tier == "B" or each.score >= model.threshold], issue)


def _settle_found(hit: Hit, searched: str | None) -> Tier:
    has_error = searched is not None and is_telling(searched) and searched in dict(hit.marks)
    is_likely = hit.score >= SAME_PHRASE or hit.is_namesake
    is_same = has_error and is_likely and not hit.is_elsewhere
    return "B" if is_same or hit.is_copy else "C"


def _make_candidates(found: Sequence[Hit], issue: Issue | None) -> tuple[Candidate, ...]:
    has_marks = any(hit.marks for hit in found)
    places = locate_fingerprints(issue.title, issue.body) if issue and has_marks else {}
    candidates = [_make_candidate(hit, places) for hit in found]
    return tuple(sorted(candidates, key=lambda each: (each.tier, -each.score)))[:MOST]


def _make_candidate(hit: Hit, places: Mapping[str, str]) -> Candidate:
    return Candidate(
        number=hit.number,
        tier=hit.tier,
        score=round(hit.score, 4),
        why=SAME_TEXT if hit.is_copy else WHY[hit.tier],
        title=hit.title,
        evidence=tuple(dict.fromkeys(places.get(mark) or mark.partition(":")[2] for mark, _ in hit.marks)),
        features=hit.features.to_json(2),
    )
