"""Where a run searches for earlier reports: in an index file, or with GitHub search."""

from dataclasses import dataclass
from pathlib import Path

from bot.duplicates.candidates import CandidateSearch, FindCandidates
from bot.errors import SignpostError, TrackerError
from bot.tracker.types import Issue, Searcher

SEARCH_SECONDS = 15
"""A search in an index of 100,000 issues takes a tenth of a second; after this the run goes on without it."""


def choose_finder(index: str | None, searcher: Searcher | None) -> FindCandidates | None:
    """The index, if it exists; else GitHub search, if there is a token; else None if no index is named.

    A missing index makes a remark: the cache of a workflow may not have it yet.
    """
    if index and (searcher is None or _may_be_there(Path(index))):
        return FindInIndex(Path(index))
    if searcher is None:
        return None
    missing = f"the index {index} does not exist (yet), so Signpost used GitHub search" if index else None
    return FindOnGitHub(searcher, missing)


def _may_be_there(index: Path) -> bool:
    from bot.duplicates.index.file import is_missing

    return not is_missing(index)


@dataclass(frozen=True, slots=True)
class FindInIndex:
    """Searches an index file; one that cannot be read makes a remark, and never ends a run."""

    path: Path
    is_free: bool = True
    seconds: float = SEARCH_SECONDS

    def __call__(self, issue: Issue) -> CandidateSearch:
        """The candidates in the index; see `FindCandidates`."""
        from bot.duplicates.index.search import list_candidates, search_index

        try:
            found = search_index(self.path, issue, self.seconds)
        except SignpostError as error:
            return CandidateSearch(remarks=(f"the search for earlier reports failed: {error}",), is_complete=False)
        if other := found.name_other(issue.repository):
            return CandidateSearch(
                remarks=(f"the index {self.path} is for {other}, so Signpost did not use it",), is_complete=False
            )
        candidates = list_candidates(found.candidates, found.threshold, found.size, issue)
        known = found.calibration if found.calibration and found.calibration.is_telling else None
        return CandidateSearch(
            candidates=candidates,
            is_calibrated=known is not None,
            expectation=known.describe() if known else "",
        )


@dataclass(frozen=True, slots=True)
class FindOnGitHub:
    """Uses GitHub search, with at most two requests; a failed one makes a remark, and never ends a run."""

    searcher: Searcher
    remark: str | None = None
    is_free: bool = False

    def __call__(self, issue: Issue) -> CandidateSearch:
        """The results of GitHub search, ranked like those of the index; see `FindCandidates`."""
        from bot.duplicates.github_query import find_phrase
        from bot.duplicates.search.model import read_model
        from bot.duplicates.search.ranker import MOST_FOUND, rank_found

        phrase, found, errors = find_phrase(issue), dict[int, Issue](), list[str]()
        if self.remark:
            errors.append(self.remark)
        is_rare = is_complete = True
        try:
            if phrase:
                by_error = self.searcher.search_issues(issue.repository, f'"{phrase.text}"')
                found = {each.number: each for each in by_error.issues}
                is_rare = by_error.total <= MOST_FOUND
            for each in self._search_title(issue, is_last=phrase is not None):
                found.setdefault(each.number, each)
        except TrackerError as error:
            errors.append(f"the search for earlier reports is incomplete: {error}")
            is_complete = False
        candidates = rank_found(
            issue, list(found.values()), phrase.fingerprint if phrase and is_rare else None, read_model()
        )
        return CandidateSearch(candidates=candidates, remarks=tuple(errors), is_complete=is_complete)

    def _search_title(self, issue: Issue, *, is_last: bool) -> list[Issue]:
        """By the meaning of the title and GitHub's own similar issues, if GitHub offers that; else by the words."""
        from bot.duplicates.github_query import write_title_query, write_word_query

        if not (title := write_title_query(issue)):
            return []
        words = write_word_query(issue)
        if not self.searcher.may_search_by_sense:
            return [*self.searcher.search_issues(issue.repository, words).issues] if words else []
        found = self.searcher.search_issues(issue.repository, title, by_sense=True)
        if is_last:
            return [*found.issues]
        if found.is_by_sense or not words:
            return [*found.issues, *self.searcher.list_alike(issue)]
        return [*found.issues, *self.searcher.search_issues(issue.repository, words).issues]
