"""Where a run looks for earlier reports."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.duplicates.candidates import CandidateSearch, FindNothing
from bot.duplicates.finder import FindInIndex, FindOnGitHub, choose_finder
from bot.errors import TrackerError
from bot.tracker.types import Account, Issue, SearchResult
from tests.builders import after, an_issue

ERROR = "error: the checksum of the registry does not fit"
ISSUE = an_issue(title="Checksum does not fit", body=ERROR)
PLAIN = an_issue(title="Checksum does not fit", body="It just stops")
SAME = an_issue(number=3, title="Checksum", body=ERROR, author=Account(login="stranger"), created_at=after(days=-9))


@dataclass
class FakeSearcher:
    """A search that finds the same whatever it is asked, and writes down what that was."""

    found: SearchResult = field(default_factory=lambda: SearchResult(issues=(SAME,), total=1))
    may_search_by_sense: bool = False
    fails: bool = False
    asked: list[str] = field(default_factory=list)

    def search_issues(self, repository: str, query: str, *, by_sense: bool = False) -> SearchResult:
        del repository
        self.asked.append(f"{'sense' if by_sense else 'words'}: {query}")
        if self.fails:
            raise TrackerError("Could not search: later")
        return self.found

    def list_alike(self, issue: Issue) -> tuple[Issue, ...]:
        del issue
        self.asked.append("alike")
        return ()


PHRASE = f'words: "{ERROR}"'
WORDS, SENSE = "words: Checksum OR fit", "sense: Checksum does not fit"
BY_SENSE = SearchResult(issues=(SAME,), total=1, is_by_sense=True)


@pytest.mark.parametrize(
    "issue, found, may, asked",
    [
        pytest.param(ISSUE, BY_SENSE, False, [PHRASE, WORDS], id="an error, on an Enterprise Server"),
        pytest.param(PLAIN, BY_SENSE, False, [WORDS], id="no error there"),
        pytest.param(ISSUE, BY_SENSE, True, [PHRASE, SENSE], id="an error, on github.com"),
        pytest.param(PLAIN, BY_SENSE, True, [SENSE, "alike"], id="no error there: what GitHub finds alike"),
        pytest.param(PLAIN, SearchResult(), True, [SENSE, WORDS], id="no search by sense after all"),
        pytest.param(an_issue(title="!", body=""), BY_SENSE, True, [], id="nothing to search for"),
    ],
)
def test_at_most_two_questions_are_asked(issue: Issue, found: SearchResult, asked: list[str], *, may: bool) -> None:
    searcher = FakeSearcher(found, may_search_by_sense=may)
    FindOnGitHub(searcher)(issue)
    assert searcher.asked == asked


@pytest.mark.parametrize("total, tiers", [(1, ["B"]), (20, ["B"]), (21, [])])
def test_an_error_that_many_issues_have_is_no_rare_one(total: int, tiers: list[str]) -> None:
    searcher = FakeSearcher(SearchResult(issues=(SAME,), total=total))
    assert [each.tier for each in FindOnGitHub(searcher)(ISSUE).candidates if each.tier == "B"] == tiers


def test_a_search_that_fails_is_remarked() -> None:
    findings = FindOnGitHub(FakeSearcher(fails=True))(ISSUE)
    assert (findings.candidates, findings.is_complete) == ((), False)
    assert findings.remarks == ("the search for earlier reports is incomplete: Could not search: later",)


def test_the_index_goes_before_the_search_and_the_search_before_nothing(tmp_path: Path) -> None:
    index = tmp_path / "issues.index"
    missing = f"the index {index} does not exist (yet), so Signpost used GitHub search"
    searcher = FakeSearcher()
    assert choose_finder(str(index), searcher) == FindOnGitHub(searcher, missing)
    assert choose_finder(None, searcher) == FindOnGitHub(searcher)
    assert choose_finder(None, None) is None
    index.write_bytes(b"")
    assert choose_finder(str(index), searcher) == FindInIndex(index)


def test_an_index_that_is_missing_is_remarked_where_nobody_else_can_be_asked(tmp_path: Path) -> None:
    index = tmp_path / "issues.index"
    finder = choose_finder(str(index), None)
    assert finder is not None
    assert (
        finder(ISSUE)
        .remarks[0]
        .startswith(f"the search for earlier reports failed: the index {index} does not exist; build it")
    )


@pytest.mark.parametrize("name", ["x" * 300, "file/issues.index"])
def test_an_index_that_cannot_be_looked_at_is_remarked_and_ends_no_run(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    finder = choose_finder(str(tmp_path / name), FakeSearcher())
    assert finder is not None
    assert finder(ISSUE).remarks[0].startswith("the search for earlier reports failed: cannot use the index ")


def test_an_index_that_is_none_is_remarked(tmp_path: Path) -> None:
    index = tmp_path / "issues.index"
    index.write_bytes(b"not an index")
    findings = FindInIndex(index)(ISSUE)
    assert (findings.candidates, findings.is_complete) == ((), False)
    assert "is not an index of Signpost" in findings.remarks[0]


def test_where_there_is_nothing_to_search_in_nothing_is_found() -> None:
    assert (FindNothing()(ISSUE), FindNothing().is_free) == (CandidateSearch(), False)
