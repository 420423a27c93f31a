"""Search an index for earlier issues, and decide which of them may be shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.duplicates.candidates import Candidate
from bot.duplicates.index.file import TimeLimit, read_index
from bot.duplicates.index.reader import IndexCollection, name_other, read_form_text
from bot.duplicates.search.calibration import Calibration, Replayed, read_calibration
from bot.duplicates.search.document import Profile, make_profile
from bot.duplicates.search.model import Model, read_model
from bot.duplicates.search.ranker import (
    Hit,
    choose_related,
    find_best,
    locate_fingerprints,
    make_candidates,
    search_collection,
    settle_tier,
)
from bot.tracker.types import Issue

SCORE_DIGITS = 6
"""The number of digits of a score, for people and scripts."""
_MOST_LOCATED = 3


@dataclass(frozen=True, kw_only=True)
class Search:
    """The answer of an index about `issue` (None: about one in the index).

    `candidates` are the results, the likeliest first; `states` has the last known state of each. `related` are those
    that may be shown, with a score of at least `threshold`. `calibration` says what to expect; it is None if the index
    was never calibrated. If it is based on too few issues (`is_telling`), the threshold is that of the model. `model`
    ranked them; `size` is the number of issues in the index, `source` their repository or file.
    """

    issue: Issue | None
    candidates: tuple[Hit, ...]
    related: tuple[Hit, ...]
    states: dict[int, str]
    threshold: float
    calibration: Calibration | None
    model: Model
    size: int
    source: str = ""

    def name_other(self, repository: str) -> str | None:
        """The repository of the index, if it is not this one."""
        return name_other(self.source, repository)


def list_shown(search: Search, most: int) -> tuple[Hit, ...]:
    """The candidates to print: those of tier B first, and within a tier the highest score first."""
    ordered = sorted(search.candidates, key=lambda hit: (hit.tier, -round(hit.score, SCORE_DIGITS), hit.number))
    return tuple(ordered[:most])


def explain_left_out(candidate: Hit, related: Sequence[Hit], threshold: float) -> str | None:
    """Why a candidate may not be shown to a reporter; None if it may."""
    if candidate in related:
        return None
    if candidate.is_series:
        return "by the same author within two days, with another title (a series)"
    if candidate.score < threshold:
        return f"its score is below {threshold:.1%}"
    if not related:
        return f"the best one's score is below {threshold:.1%}"
    return "other candidates rank higher"


def locate_shared(candidate: Hit, issue: Issue | None) -> dict[str, float]:
    """The rarest fingerprints that both have, as text of the issue that was searched for, with their rarity."""
    shared: dict[str, float] = {}
    places = locate_fingerprints(issue.title, issue.body) if issue and candidate.fingerprints else {}
    for fingerprint, rarity in candidate.fingerprints[:_MOST_LOCATED]:
        shared.setdefault(places.get(fingerprint) or fingerprint.partition(":")[2], rarity)
    return shared


def list_candidates(
    hits: Iterable[Hit], threshold: float, size: int, issue: Issue | None = None
) -> tuple[Candidate, ...]:
    """The candidates from an index of `size` issues: the same error, or similar enough (`threshold`); B before C.

    The text in both reports is quoted with its place in `issue`, if that is given.
    """
    settled = [settle_tier(each, size) for each in hits if not each.is_series]
    fitting = [each for each in settled if each.tier == "B" or each.score >= threshold]
    return make_candidates(fitting, issue)


def search_index(path: Path, issue: Issue, seconds: float | None = None) -> Search:
    """Search for earlier issues like this one, for at most `seconds`.

    Raises SettingsError if the index cannot be read (WrongFileError: if it is not an index; SlowIndexError: if it
    takes longer).
    """
    limit = TimeLimit(seconds)
    with read_index(path, limit) as connection:
        collection = IndexCollection(connection, limit=limit)
        query = make_profile(issue, read_form_text(collection.facts))
        return _answer(query, collection, issue)


def search_number(path: Path, number: int) -> Search | None:
    """Search for issues before one in the index; None if the index does not have it. Raises like `search_index`."""
    with read_index(path) as connection:
        collection = IndexCollection(connection)
        profile = collection.read_issue(number)
        return None if profile is None else _answer(profile, collection)


def _answer(query: Profile, collection: IndexCollection, issue: Issue | None = None) -> Search:
    model = read_model()
    candidates = tuple(settle_tier(each, collection.size) for each in search_collection(query, collection, model))
    stored = collection.facts.get("calibration")
    calibration = read_calibration(stored) if stored else None
    threshold = calibration.threshold if calibration and calibration.is_telling else model.threshold
    return Search(
        issue=issue,
        candidates=candidates,
        related=choose_related(candidates, threshold),
        states=collection.read_states(candidate.number for candidate in candidates),
        threshold=threshold,
        calibration=calibration,
        model=model,
        size=collection.size,
        source=collection.facts.get("source", ""),
    )


def replay_latest(path: Path, most: int) -> Iterator[Replayed]:
    """Search again for each of the last issues, among the issues before it. Raises like `search_index`."""
    model = read_model()
    with read_index(path) as connection:
        latest = IndexCollection(connection).list_latest(most)
        for place, document in enumerate(latest):
            query = IndexCollection(connection).read_profiles([document])[document]
            collection = IndexCollection(connection, frozenset(latest[place:]), query.created)
            candidates = search_collection(query, collection, model)
            best, shown = find_best(candidates), choose_related(candidates, 0.0)
            original = IndexCollection(connection).read_original(query.number)
            settled = (settle_tier(each, collection.size) for each in candidates if not each.is_series)
            yield Replayed(
                score=best.score if best else 0.0,
                is_known=original is not None,
                is_right=any(candidate.number == original for candidate in shown),
                has_error=any(each.tier == "B" for each in settled),
            )
