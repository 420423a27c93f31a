import pytest

from bot.duplicates.search.document import make_profile
from bot.duplicates.search.retrieval import MOST_WORDS, find_candidates, weigh_query_terms
from tests.duplicates.samples import a_report, fill_memory, some_reports

REPORTS = some_reports(200)
QUERY = make_profile(
    a_report(900, "The parser crashes", "When I open the parser it crashes.\nerror: parser failed badly")
)


def test_words_that_tell_most_come_first() -> None:
    words = weigh_query_terms(QUERY, fill_memory(REPORTS))

    assert [word.weight for word in words] == sorted((word.weight for word in words), reverse=True)
    assert {word.word for word in words[:2]} == {"parser", "crash"}


def test_a_long_query_is_asked_by_its_best_words() -> None:
    long = make_profile(a_report(900, "Title", " ".join(f"word{number}x" for number in range(500))))

    assert len(weigh_query_terms(long, fill_memory(REPORTS))) == MOST_WORDS


@pytest.mark.parametrize("budget", [1, 20, 60, 10**6])
def test_common_words_are_looked_up_for_the_best_only_and_count_the_same(budget: int) -> None:
    collection = fill_memory(REPORTS)
    words = weigh_query_terms(QUERY, collection)
    whole = find_candidates(QUERY, words, collection).scores

    found = find_candidates(QUERY, words, collection, budget).scores

    best = max(whole, key=lambda document: (whole[document], document))
    assert max(found, key=lambda document: (found[document], document)) == best
    assert {document: found[document] for document in found if found[document] and document in whole} == {
        document: pytest.approx(whole[document]) for document in found if found[document] and document in whole
    }


def test_a_rare_mark_finds_what_shares_no_word_that_counts() -> None:
    marked = a_report(300, "Other", "at deep/down/engine.rs:4711")
    collection = fill_memory([*REPORTS, marked])
    query = make_profile(a_report(900, "Nothing alike", "in engine.rs:4711"))

    found = find_candidates(query, [], collection)

    assert found.scores == {200: 0.0}
    assert [mark for mark, _ in found.fingerprints[200]] == ["place:engine.rs:4711"]


def test_the_original_of_a_duplicate_is_found_with_it() -> None:
    collection = fill_memory([*REPORTS, a_report(300, "Zebra zigzags"), a_report(301, "Quite another matter")])
    collection.mark_duplicate(300, 301)
    query = make_profile(a_report(900, "Zebra zigzags"))

    found = find_candidates(query, weigh_query_terms(query, collection), collection)

    assert found.scores.keys() == {200, 201}


def test_what_is_known_of_a_report_is_noted_once() -> None:
    collection = fill_memory(REPORTS[:3])
    collection.add(make_profile(a_report(2, "Again")))
    collection.mark_duplicate(3, 1)
    collection.mark_duplicate(3, 3)
    collection.mark_duplicate(3, 99)
    collection.point_to(2, QUERY.created)
    collection.point_to(99, QUERY.created)
    profiles = collection.read_profiles([0, 1, 2])

    assert collection.size == 3
    assert [(profile.duplicates, profile.is_duplicate) for profile in profiles.values()] == [
        (1, False),
        (0, False),
        (0, True),
    ]
    assert profiles[1].active == QUERY.created
