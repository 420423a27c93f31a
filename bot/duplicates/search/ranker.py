"""Hits, ranked by how likely they are the same problem, and the candidates made of them. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, expm1, log, log1p
from typing import NamedTuple

import re2

from bot.duplicates.candidates import SAME_TEXT, WHY, Candidate, Tier
from bot.duplicates.search.collection import Collection, MemoryCollection, weigh_rarity
from bot.duplicates.search.document import Profile, make_profile
from bot.duplicates.search.features import SERIES_DAYS, Compared, Features, compare_candidates
from bot.duplicates.search.fingerprint import find_fingerprints, is_telling, list_own, says_enough
from bot.duplicates.search.model import Model, Standing
from bot.duplicates.search.retrieval import find_candidates, weigh_query_terms
from bot.tracker.types import Issue

MOST_SHOWN = 3
LONGEST_ERROR = 120
"""The maximum length of an error message in a reason, in characters."""

_SAME_TITLE = 0.95
_LIKE_TITLE = 0.8
_NAMESAKE = 0.6
_CERTAIN = 1e-6

_MOST_WORDS, _MANY_WORDS = 0.9, 0.8
"""The share of its words that makes a copy, and the share of the earlier report's words that it has."""

_ITEM = re.compile(r"\s*(?:[-*+#]|\d{1,2}[.)])\s")
_MOSTLY_ITEMS = 0.5
_OF_CLUSTERS = ("duplicates", "is_duplicate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A report that the search found, how likely it is the same problem (`score`, between 0 and 1), and why.

    `tier` B shares a rare error with the query or is it again word for word (`is_copy`), C only reads alike; A is given
    by whoever matched both with one rule. `fingerprints` are the shared ones, the rarest first, each with its rarity
    in nats; `agreement` as in `Compared`. `errors` are those fingerprints that identify an error. `is_elsewhere` where
    the titles name different platforms.
    """

    number: int
    title: str
    score: float
    tier: Tier
    why: str
    features: Features
    standing: Standing
    fingerprints: tuple[tuple[str, float], ...] = ()
    agreement: float = 0.0
    is_copy: bool = False
    is_elsewhere: bool = False
    errors: tuple[tuple[str, float], ...] = ()

    @property
    def is_series(self) -> bool:
        """Filed by the same author within two days under another title: a series, hardly ever a duplicate."""
        return is_series(self.features)

    @property
    def is_namesake(self) -> bool:
        """Whether the titles are similar."""
        return self.features.title_likeness >= _NAMESAKE


def is_series(features: Features) -> bool:
    """Whether a hit was filed by the query's author within two days under another title."""
    return bool(features.series) and features.title_likeness < _SAME_TITLE


def is_copy(query: Profile, profile: Profile, features: Features) -> bool:
    """Whether the query repeats this report, word for word.

    Both have words of their own, outside of forms and code, and do not show different errors. Not if its author filed
    it on other days, too, nor a list of tasks that is set again: those are recurring chores.
    """
    is_late = expm1(features.age) > SERIES_DAYS
    is_chore = is_late and bool(features.same_author or is_checklist(query.text))
    is_same = features.title_likeness >= _SAME_TITLE and features.shared >= _MOST_WORDS
    if not is_same or is_chore or name_other_things(query.title, profile.title):
        return False
    has_words = says_enough(profile.own_words) and says_enough(query.own_words, list_own(query.title_words))
    if not has_words or show_different(query, profile):
        return False
    return share_words(query, profile) >= _MOST_WORDS and share_words(profile, query) >= _MANY_WORDS


def is_checklist(text: str) -> bool:
    """Whether half of the lines below a title are items of a list: a task that is set for every release."""
    lines = [line for line in text.splitlines()[1:] if line.strip()]
    return bool(lines) and sum(bool(_ITEM.match(line)) for line in lines) >= _MOSTLY_ITEMS * len(lines)


def share_words(query: Profile, profile: Profile) -> float:
    """The share of the query's own words that the other report has."""
    return len(profile.words.intersection(query.own_words)) / (len(query.own_words) or 1)


def show_different(query: Profile, profile: Profile) -> bool:
    """Whether the bodies of both show messages, and none in common."""
    return bool(query.messages and profile.messages) and not query.messages & profile.messages


def list_errors(query: Profile, row: Compared) -> tuple[tuple[str, float], ...]:
    """The shared messages that identify an error, the rarest first; at least one of the bodies has to show them.

    Reports with the same title may show different errors.
    """
    said = query.messages | row.profile.messages
    found = [(each, rarity) for each, rarity in row.fingerprints if each in said and is_telling(each)]
    return tuple(sorted(found, key=lambda item: (-item[1], item[0])))


def rank_candidates(query: Profile, compared: Sequence[Compared], model: Model) -> tuple[Hit, ...]:
    """All candidates, the likeliest first; none for a report that says nothing, and none that says nothing."""
    places = [model.score(row.features) for row in compared]
    ranked = sorted(zip(places, compared, strict=True), key=lambda item: (-item[0], item[1].profile.number))
    standings = judge_standings(query, [(place, row.features) for place, row in ranked])
    return tuple(
        _make_hit(query, row, standing, model)
        for (_, row), standing in zip(ranked, standings, strict=True)
        if not (query.is_silent or row.profile.is_silent)
    )


def judge_standings(query: Profile, ranked: Sequence[tuple[float, Features]]) -> list[Standing]:
    """The standing of each hit, given the places and the features of all from the best to the last."""
    if not ranked:
        return []
    places = [place for place, _ in ranked]
    weights = [exp(place - places[0]) for place in places]
    total = sum(weights)
    shares = [min(max(weight / total, _CERTAIN), 1 - _CERTAIN) for weight in weights]
    rivals = -sum(share * log(share) for share in shares)
    lengths = log1p(len(query.title_words)), log1p(len(query.body_words))
    best = [features for _, features in ranked if not is_series(features)][:MOST_SHOWN]
    repeated, repeats = (max((getattr(row, name) for row in best), default=0.0) for name in _OF_CLUSTERS)
    following = [*places[1:], places[-1]]
    return [
        Standing(log(share / (1 - share)), place - after, *lengths, rivals, repeated, repeats)
        for share, place, after in zip(shares, places, following, strict=True)
    ]


def _make_hit(query: Profile, row: Compared, standing: Standing, model: Model) -> Hit:
    hit = Hit(
        number=row.profile.number,
        title=row.profile.title,
        score=model.estimate_confidence(row.features, standing),
        tier="C",
        why=explain_likeness(query, row),
        features=row.features,
        standing=standing,
        fingerprints=tuple(sorted(row.fingerprints, key=lambda item: (-item[1], item[0]))),
        agreement=row.agreement,
        is_copy=is_copy(query, row.profile, row.features),
        errors=list_errors(query, row),
        is_elsewhere=name_other_platforms(query.title, row.profile.title),
    )
    if hit.is_copy:
        return replace(hit, tier="B", why="the same report, word for word")
    return settle_tier(hit)


def explain_likeness(query: Profile, row: Compared) -> str:
    """Why the two are similar, in words."""
    if row.features.title_likeness >= _LIKE_TITLE:
        return "nearly the same title"
    words = ", ".join(dict.fromkeys(query.spelling.get(word, word) for word in row.words))
    return f"shares the rare words {words}" if words else "shares no rare word"


RARE = 5.5
"""Nats: a message that at most one report in some 250 has."""

SMALL = 1_000
"""Below so many issues hardly a message is as rare as that; there one that `FEW` reports have is rare enough."""

FEW = 10

_AGREEMENT = 0.2
_MINOR, _WORDS_OF_MINOR = 0.3, 4
"""Below this agreement, the shared message has to have more words that tell."""

_SAME_ERROR = 0.5
_MOSTLY = 0.5
"""Chosen by reading pairs of the first halves of two histories, in their whole and in chunks."""


def settle_tier(hit: Hit, size: int = SMALL) -> Hit:
    """The hit, in tier B if it has the same error as the query, in a repository of so many issues.

    They share a rare message that tells which error it is, it is a good part of all that the query's messages say, and
    the rest of the reports does not speak against it: either the score is high, or the titles are alike and hardly
    another message is there. Where many have the same error no one's score is high.
    """
    error = name_error(hit, weigh_rarity(FEW, size) if FEW < size < SMALL else RARE)
    is_likely = hit.score >= _SAME_ERROR and hit.agreement >= _AGREEMENT
    is_twin = hit.is_namesake and hit.agreement >= _MOSTLY
    is_same = (is_likely or is_twin) and not hit.is_elsewhere
    return replace(hit, tier="B", why=f"the same error: {error}") if is_same and error else hit


def name_error(hit: Hit, rare: float) -> str | None:
    """The rarest shared message that identifies an error; None if no shared message is that rare."""
    least = {"least": _WORDS_OF_MINOR} if hit.agreement < _MINOR else {}
    found = next((each for each, rarity in hit.errors if rarity >= rare and is_telling(each, **least)), None)
    return found.partition(":")[2][:LONGEST_ERROR] if found else None


_THING = re.compile(r"\w[\w#+.@-]*(?<!\.)")


def name_other_things(title: str, other: str) -> bool:
    """Whether each of two titles has a word that the other does not have: sibling tasks have the same text."""
    one, two = (set(_THING.findall(each.lower())) for each in (title, other))
    return bool(one - two and two - one)


_PLATFORM = re2.compile(r"\b(android|ios|iphone|ipad|blackberry|windows|linux|mac ?os|os ?x|freebsd)\b")
_FAMILIES = {"iphone": "ios", "ipad": "ios", "mac os": "macos", "os x": "macos", "osx": "macos"}


def name_other_platforms(title: str, other: str) -> bool:
    """Whether both titles name platforms, and none in common: often one author's report of each, word for word."""
    one, two = find_platforms(title), find_platforms(other)
    return bool(one and two) and not one & two


def find_platforms(text: str) -> set[str]:
    """The platforms that a text names."""
    return {_FAMILIES.get(name, name) for name in _PLATFORM.findall(text.lower())}


def find_best(candidates: Iterable[Hit]) -> Hit | None:
    """The first one that does not belong to a series: its score decides whether tier C is shown."""
    return next((hit for hit in candidates if not hit.is_series), None)


def choose_related(candidates: Sequence[Hit], threshold: float, most: int = MOST_SHOWN) -> tuple[Hit, ...]:
    """The candidates that may be shown, at most three, B before C, without those of a series.

    Those of tier B may always be shown; the others if the best of all reaches the threshold.
    """
    fitting = [hit for hit in candidates if not hit.is_series][:most]
    best = find_best(candidates)
    is_sure = best is not None and best.score >= threshold
    shown = [hit for hit in fitting if is_sure or hit.tier == "B"]
    return tuple(sorted(shown, key=lambda hit: hit.tier))


class Contribution(NamedTuple):
    """A feature, its value, and by how much it moves the hit's place against the average of those found.

    `gain` is in the natural logarithm of the odds: 0.7 doubles them.
    """

    name: str
    value: float
    gain: float


def weigh_features(hit: Hit, found: Sequence[Hit], model: Model) -> tuple[Contribution, ...]:
    """All features of a hit, those that moved it most first."""
    count = len(found) or 1
    means = Features(*(sum(values) / count for values in zip(*(one.features for one in found), strict=True)))
    rows = zip(Features._fields, hit.features, means, model.order, strict=True)
    contributions = [Contribution(name, value, weight * (value - mean)) for name, value, mean, weight in rows]
    return tuple(sorted(contributions, key=lambda one: (-abs(one.gain), one.name)))


def locate_fingerprints(title: str, body: str) -> dict[str, str]:
    """The first place of each fingerprint in an issue, with the line itself: `line 3: error: no space left`."""
    text, lines = f"{title}\n{body}", [title, *body.split("\n")]
    numbers = {found: text.count("\n", 0, start) for found, start in find_fingerprints(title, body).items()}
    return {
        found: f"{f'line {number}' if number else 'title'}: {lines[number].strip()}"
        for found, number in numbers.items()
    }


def compare_with_collection(query: Profile, collection: Collection) -> tuple[Compared, ...]:
    """The best reports of a collection, compared with a query; only those filed before it."""
    words = weigh_query_terms(query, collection)
    return compare_candidates(query, words, find_candidates(query, words, collection), collection)


def search_collection(query: Profile, collection: Collection, model: Model) -> tuple[Hit, ...]:
    """All reports that were found, the likeliest to be the same problem first."""
    return rank_candidates(query, compare_with_collection(query, collection), model)


SAME_PHRASE = 0.3
"""The score from which a message that GitHub's search found is the same error: how rare words are is unknown there."""

MOST_FOUND = 20
"""An error that GitHub search finds in more issues is not rare; the number of all issues is unknown there."""

MOST = 12
"""The number of candidates for a run: those that are checked, and the next best."""


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
    return make_candidates([each for each in tiers if each.tier == "B" or each.score >= model.threshold], issue)


def _settle_found(hit: Hit, searched: str | None) -> Tier:
    has_error = searched is not None and searched in dict(hit.errors)
    is_likely = hit.score >= SAME_PHRASE or hit.is_namesake
    is_same = has_error and is_likely and not hit.is_elsewhere
    return "B" if is_same or hit.is_copy else "C"


def make_candidates(found: Sequence[Hit], issue: Issue | None) -> tuple[Candidate, ...]:
    """The candidates for a run; the text in both reports is quoted with its place in `issue`, if that is given."""
    has_fingerprints = any(hit.fingerprints for hit in found)
    places = locate_fingerprints(issue.title, issue.body) if issue and has_fingerprints else {}
    candidates = [_make_candidate(hit, places) for hit in found]
    return tuple(sorted(candidates, key=lambda each: (each.tier, -each.score)))[:MOST]


def _make_candidate(hit: Hit, places: Mapping[str, str]) -> Candidate:
    return Candidate(
        number=hit.number,
        tier=hit.tier,
        score=round(hit.score, 4),
        why=SAME_TEXT if hit.is_copy else WHY[hit.tier],
        title=hit.title,
        evidence=tuple(dict.fromkeys(places.get(each) or each.partition(":")[2] for each, _ in hit.fingerprints)),
        features=hit.features.to_json(2),
    )
