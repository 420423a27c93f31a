"""From hits to candidates, of an index and of GitHub's own search."""

from datetime import timedelta

import pytest

from bot.duplicates.github_query import find_phrase
from bot.duplicates.index.search import list_candidates
from bot.duplicates.search.collection import MemoryCollection
from bot.duplicates.search.document import make_profile
from bot.duplicates.search.model import read_model
from bot.duplicates.search.ranker import FEW, SMALL, Hit, rank_found, search_collection, settle_tier
from bot.tracker.types import Account, Issue
from tests.builders import OPENED, an_issue

ERROR = "error: the checksum of the registry does not fit the lock of the workspace"
QUERY = an_issue(title="Build: checksum does not fit", body=f"Today:\n{ERROR}")


def earlier(number: int, title: str, body: str, author: str = "stranger") -> Issue:
    at = OPENED - timedelta(days=number)
    return an_issue(number=number, title=title, body=body, author=Account(login=author), created_at=at, updated_at=at)


def searched_error(issue: Issue) -> str:
    """The fingerprint of the error that GitHub is asked for."""
    phrase = find_phrase(issue)
    assert phrase is not None
    return phrase.fingerprint


def search(issues: list[Issue]) -> tuple[Hit, ...]:
    collection = MemoryCollection()
    for issue in issues:
        collection.add(make_profile(issue))
    return search_collection(make_profile(QUERY), collection, read_model())


SAME = earlier(1, "Checksum mismatch", f"Yesterday:\n{ERROR}")
OTHERS = [earlier(number, f"Window {number} flickers", f"Open sample{number} and wait.") for number in range(20, 320)]


def test_in_a_small_repository_a_message_that_few_share_makes_tier_b() -> None:
    candidates = search([SAME, *OTHERS])
    (found, *_) = list_candidates(candidates, threshold=0.99, size=301)
    assert (found.number, found.tier, found.why) == (1, "B", "shows the same error message")
    assert found.evidence[0] == ERROR
    assert list_candidates(candidates, 0.99, 301, QUERY)[0].evidence[0] == f"line 2: {ERROR}"
    settled = settle_tier(next(each for each in candidates if each.number == 1), 301)
    assert (settled.tier, settled.why) == ("B", f"the same error: {ERROR}")
    assert found.features["rarest_mark"] > 0


def test_a_message_that_many_share_does_not() -> None:
    many = [earlier(number, f"Report {number}", f"{number}\n{ERROR}") for number in range(2, FEW + 3)]
    found = list_candidates(search([*many, *OTHERS]), threshold=0.99, size=300 + len(many))
    assert {each.tier for each in found} <= {"C"}


def test_in_a_large_repository_the_tier_is_the_rankings() -> None:
    candidates = search([SAME, *OTHERS])
    found = list_candidates(candidates, threshold=0.0, size=SMALL)
    assert [each.tier for each in found if each.number == 1] == [c.tier for c in candidates if c.number == 1]


def test_siblings_of_a_series_are_left_out() -> None:
    sibling = an_issue(number=1, title="Another", body=ERROR, author=QUERY.author)
    assert list_candidates(search([sibling, *OTHERS]), threshold=0.0, size=301) == () or 1 not in {
        each.number for each in list_candidates(search([sibling, *OTHERS]), threshold=0.0, size=301)
    }


def test_what_search_found_shares_the_error_of_the_phrase_or_is_no_more_than_alike() -> None:
    alike = earlier(2, "Build: checksum does not fit", "It just stops.")
    elsewhere = an_issue(number=3, repository="octo-org/other", body=ERROR, author=Account(login="stranger"))
    same = earlier(1, "Checksum does not fit", f"Yesterday:\n{ERROR}")
    found = rank_found(QUERY, [same, alike, elsewhere], searched_error(QUERY), read_model())
    assert [(each.number, each.tier) for each in found if each.tier == "B"] == [(1, "B")]
    assert 3 not in {each.number for each in found}


@pytest.mark.parametrize("title, tier", [("iOS: checksum", "B"), ("iPhone: checksum", "B"), ("Android: checksum", "C")])
def test_the_same_message_on_another_platform_is_no_proof(title: str, tier: str) -> None:
    here = an_issue(title="iOS: checksum", body=f"Today:\n{ERROR}")
    found = rank_found(here, [earlier(1, title, f"Some days ago\n{ERROR}")], searched_error(here), read_model())
    assert {each.tier for each in found} <= {tier}
    assert tier == "C" or found


@pytest.mark.parametrize("title, why", [(QUERY.title, "has the same text, word for word"), ("Other", "")])
def test_a_report_that_was_filed_again_word_for_word_is_known_at_once(title: str, why: str) -> None:
    again = earlier(1, title, "We see a window that flickers when the sample waits for longer than a minute.")
    query = an_issue(title=QUERY.title, body=again.body)
    found = rank_found(query, [again], None, read_model())
    assert [(each.tier, each.why) for each in found if each.tier == "B"] == ([("B", why)] if why else [])


@pytest.mark.parametrize("found", [[], [QUERY]])
def test_nothing_is_found_among_nothing_and_by_itself(found: list[Issue]) -> None:
    assert rank_found(QUERY, found, searched_error(QUERY), read_model()) == ()


def test_an_error_that_too_many_issues_have_is_no_evidence() -> None:
    assert {each.tier for each in rank_found(QUERY, [SAME], None, read_model())} <= {"C"}
