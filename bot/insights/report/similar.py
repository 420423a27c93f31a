"""Similar issues from an index, with the features that say why."""

from pathlib import Path

from bot.duplicates.index.search import Search, list_shown, search_index
from bot.duplicates.search.feature_labels import FEATURES, describe_value
from bot.duplicates.search.ranker import Hit, weigh_features
from bot.errors import SettingsError
from bot.insights.report.types import Similar
from bot.tracker.graph import Address
from bot.tracker.types import Issue

MOST_SIMILAR = 5
_MOST_FEATURES = 4


def find_similar(path: Path, issue: Issue, seconds: float | None = None) -> tuple[Similar, ...]:
    """The issues before this one that an index finds similar, the likeliest first; at most five.

    Raises SettingsError if the index cannot be read, takes longer than `seconds`, or is for another repository.
    """
    search = search_index(path, issue, seconds)
    if other := search.name_other(issue.repository):
        raise SettingsError(f"the index {path} is for {other}, not for {issue.repository}; choose another index")
    hits = [hit for hit in list_shown(search, MOST_SIMILAR + 1) if hit.number != issue.number]
    return tuple(_make_similar(hit, search, issue.repository) for hit in hits[:MOST_SIMILAR])


def _make_similar(hit: Hit, search: Search, repository: str) -> Similar:
    telling = [one for one in weigh_features(hit, search.candidates, search.model) if one.gain > 0]
    return Similar(
        address=Address(repository, hit.number),
        title=hit.title,
        state=search.states.get(hit.number, "open"),
        score=round(hit.score, 4),
        tier=hit.tier,
        why=hit.why,
        features=tuple((FEATURES[one.name], describe_value(one.name, one.value)) for one in telling[:_MOST_FEATURES]),
    )
