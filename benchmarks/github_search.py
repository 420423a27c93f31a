"""GitHub search, as far as it can be imitated from outside, over the earlier issues of an archive."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from math import log

from bot.github.queries.issues import MOST_FOUND
from bot.tracker.types import Issue, SearchResult

_WORD = re.compile(r"\w+")
_IN_TITLE = 3.0
_LONGEST = 20_000


@dataclass
class SearchHistory:
    """A `Searcher`: finds a phrase where its words follow each other, and words where one of them is, rare ones first.

    GitHub documents its order only as the best match; here it is the rarity of the words, which count more in titles.
    """

    may_search_by_sense: bool = False
    issues: list[Issue] = field(default_factory=list)
    _words: dict[str, list[int]] = field(default_factory=dict)

    def add(self, issue: Issue) -> None:
        """One more issue, later than all others."""
        for word in {*_find_words(issue.title), *_find_words(issue.body)}:
            self._words.setdefault(word, []).append(len(self.issues))
        self.issues.append(issue)

    def search_issues(self, repository: str, query: str, *, by_sense: bool = False) -> SearchResult:
        """The issues of one page; `total` counts all."""
        del repository, by_sense
        is_phrase = query.startswith('"')
        found = self._find_phrase(_find_words(query)) if is_phrase else self._find_any(query.split(" OR "))
        return SearchResult(issues=tuple(self.issues[place] for place in found[:MOST_FOUND]), total=len(found))

    def list_alike(self, issue: Issue) -> tuple[Issue, ...]:
        """Nothing: the similarity that GitHub uses is not known outside."""
        del issue
        return ()

    def _find_phrase(self, words: Sequence[str]) -> list[int]:
        lists = sorted((self._words.get(word, []) for word in set(words)), key=len)
        rest = [place for place in lists[0] if all(_holds(others, place) for others in lists[1:])] if lists else []
        wanted = f" {' '.join(words)} "
        return [place for place in reversed(rest) if wanted in _join_words(self.issues[place])]

    def _find_any(self, words: Iterable[str]) -> list[int]:
        scores: dict[int, float] = {}
        for word in {word.casefold() for word in words}:
            places = self._words.get(word, [])
            rarity = log(1 + len(self.issues) / (1 + len(places)))
            for place in places:
                scores[place] = scores.get(place, 0.0) + rarity
        best = nlargest(10 * MOST_FOUND, scores, key=lambda place: (scores[place], place))
        asked = {word.casefold() for word in words}
        return sorted(best, key=lambda place: -scores[place] - self._weigh_title(place, asked))

    def _weigh_title(self, place: int, asked: set[str]) -> float:
        return _IN_TITLE * len(asked.intersection(_find_words(self.issues[place].title)))


def _find_words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text[:_LONGEST])]


def _join_words(issue: Issue) -> str:
    return f" {' '.join(_find_words(issue.title))}  {' '.join(_find_words(issue.body))} "


def _holds(places: Sequence[int], place: int) -> bool:
    found = bisect_left(places, place)
    return found < len(places) and places[found] == place
