"""What GitHub's search is asked, and what its answers hold."""

import pytest

from bot.errors import SettingsError, TrackerError
from bot.github.client import connect
from bot.github.queries.issues import parse_alike, parse_search, write_search
from bot.github.transport import Patience
from bot.tracker.types import SearchResult
from tests.builders import an_issue
from tests.stand_ins.fake_github import FAULTS, FakeGitHub
from tests.stand_ins.github_json import Json

HERE = "octo/widget"


def an_item(number: int, where: str = HERE, **changes: object) -> Json:
    return {
        "number": number,
        "title": "It breaks",
        "repository_url": f"https://api.github.com/repos/{where}",
        **changes,
    }


def test_a_query_is_bound_to_the_repository() -> None:
    asked = write_search(HERE, '"does not fit"')
    assert asked == "/search/issues?q=%22does+not+fit%22+repo%3Aocto%2Fwidget+is%3Aissue&per_page=100"
    assert write_search(HERE, "x", by_sense=True).endswith("&search_type=hybrid")
    assert write_search(HERE, "x", page=2).endswith("&per_page=100&sort=created&order=asc&page=2")


def test_issues_of_other_repositories_and_pull_requests_are_left_out() -> None:
    items = [an_item(1), an_item(2, "octo/gadget"), an_item(3, pull_request={}), an_item(4, "Octo/Widget")]
    found = parse_search({"total_count": 9, "items": items, "search_type": "hybrid"}, HERE)
    assert ([issue.number for issue in found.issues], found.total, found.is_by_sense) == ([1, 4], 9, True)


@pytest.mark.parametrize("answer", [None, [], {}, {"items": None}, {"items": [3]}])
def test_an_answer_that_is_none_is_told(answer: object) -> None:
    with pytest.raises(SettingsError):
        parse_search(answer, HERE)


@pytest.mark.parametrize(
    "answer, numbers",
    [
        ([{"issue": an_item(1), "score": 0.9}, {"issue": an_item(2), "likely_duplicate": True}], [1, 2]),
        ([an_item(3)], [3]),
        ([{"issue": an_item(4, "octo/gadget")}, {"issue": None}, {}, 7, {"score": 1}], []),
        (None, []),
        ({"message": "no"}, []),
    ],
)
def test_what_github_finds_alike_is_read_whatever_it_comes_in(answer: object, numbers: list[int]) -> None:
    assert [issue.number for issue in parse_alike(answer, HERE)] == numbers


@pytest.fixture
def crowd(fake_github: FakeGitHub) -> FakeGitHub:
    for title in ("The checksum does not fit", "A checksum is missing", "Nothing fits"):
        fake_github.add_issue(title)
    return fake_github


def search(github: FakeGitHub, query: str, *, by_sense: bool = False) -> SearchResult:
    tracker = connect("ghs_bot", github.url, patience=Patience(tries=1))
    return tracker.search_issues(HERE, query, by_sense=by_sense)


@pytest.mark.parametrize(
    "query, numbers",
    [('"checksum does not"', [1]), ("checksum", [1, 2]), ("missing OR fits", [2, 3]), ("checksum missing", [2])],
)
def test_a_search_is_one_request_as_githubs_own_description_wants_it(
    crowd: FakeGitHub, query: str, numbers: list[int]
) -> None:
    found = search(crowd, query)
    assert ([issue.number for issue in found.issues], found.total, found.is_by_sense) == (numbers, len(numbers), False)
    assert [str(request) for request in crowd.requests] == ["GET /search/issues"]


@pytest.mark.parametrize("is_offered, numbers", [(True, [1, 2, 3]), (False, [])])
def test_a_search_by_sense_says_whether_it_was_one(crowd: FakeGitHub, *, is_offered: bool, numbers: list[int]) -> None:
    crowd.searches_by_sense = is_offered
    found = search(crowd, "checksum nothing", by_sense=True)
    assert ([issue.number for issue in found.issues], found.is_by_sense) == (numbers, is_offered)


def test_a_server_that_refuses_the_kind_of_search_found_nothing_by_it(crowd: FakeGitHub) -> None:
    crowd.faults = {1: FAULTS["422"]}
    assert search(crowd, "checksum", by_sense=True) == SearchResult()


@pytest.mark.parametrize("fault", ["422", "404"])
def test_any_other_search_that_fails_is_told(crowd: FakeGitHub, fault: str) -> None:
    crowd.faults = {1: FAULTS[fault]}
    with pytest.raises(TrackerError, match="search the issues of octo/widget"):
        search(crowd, "checksum")


@pytest.mark.parametrize("is_offered, numbers", [(True, [2, 3]), (False, [])])
def test_what_is_alike_is_asked_where_github_says_so(
    crowd: FakeGitHub, *, is_offered: bool, numbers: list[int]
) -> None:
    crowd.finds_alike = is_offered
    tracker = connect("ghs_bot", crowd.url)
    found = tracker.list_alike(an_issue(repository=HERE, number=1))
    assert [issue.number for issue in found] == numbers


@pytest.mark.parametrize(
    "address, may",
    [
        ("https://api.github.com", True),
        ("https://api.octocorp.ghe.com", True),
        ("https://github.example.com/api/v3", False),
        ("https://api.github.com.example.com", False),
    ],
)
def test_only_githubs_own_cloud_may_search_by_sense(address: str, *, may: bool) -> None:
    assert connect("ghs_bot", address).may_search_by_sense is may
