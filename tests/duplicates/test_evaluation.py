"""Which issues are asked about, with what each is compared, and what is counted of the answers."""

import json
from dataclasses import replace

import pytest

from bot.archive.stats import measure_share
from bot.duplicates.evaluation import (
    Answer,
    KnownIssue,
    Split,
    answer_query,
    find_threshold,
    measure_recall,
    parse_duplicates,
    replay_issues,
    sort_issues,
    split_issues,
)
from bot.duplicates.index.record import IndexWork, Record, Seen, cut_batches, make_record, sample_evenly
from bot.errors import SettingsError
from tests.duplicates.samples import MODEL, a_report, some_reports

ISSUES = some_reports(80)
TRUTH = {number: KnownIssue(number - 70, frozenset({number - 70})) for number in range(71, 79)} | {
    79: KnownIssue(9, frozenset({9}), is_uncertain=True),
    80: KnownIssue(10, frozenset({100})),
}


@pytest.mark.parametrize(
    "part, duplicates, ordinary",
    [
        ("first", (71, 72, 73, 74), tuple(range(1, 71))),
        ("second", (75, 76, 77, 78), ()),
        ("all", tuple(range(71, 79)), tuple(range(1, 71))),
    ],
)
def test_halves_are_those_of_the_duplicates(part: str, duplicates: tuple[int, ...], ordinary: tuple[int, ...]) -> None:
    assert split_issues(ISSUES, TRUTH, part) == Split(duplicates, ordinary)


def test_a_sample_of_ordinary_issues_is_the_same_each_time() -> None:
    sampled = split_issues(ISSUES, TRUTH, "all", 10).ordinary

    assert len(sampled) == 10
    assert sampled == split_issues(ISSUES, TRUTH, "all", 10).ordinary
    assert set(sampled) < set(split_issues(ISSUES, TRUTH, "all", 20).ordinary)


def test_a_history_is_sorted_by_date_without_pull_requests() -> None:
    shuffled = [replace(ISSUES[2], is_pull_request=True), ISSUES[5], ISSUES[0]]

    assert sort_issues(shuffled) == [ISSUES[0], ISSUES[5]]


def test_a_query_is_compared_with_what_was_there_when_it_was_filed() -> None:
    queries = [query for query in replay_issues(ISSUES, TRUTH, [15, 71, 78]) if query]

    assert [(query.profile.number, query.right) for query in queries] == [
        (15, frozenset()),
        (71, frozenset({1})),
        (78, frozenset({8})),
    ]
    assert all(row.profile.number < query.profile.number for query in queries for row in query.compared)
    known = {row.profile.number: row.profile.duplicates for row in queries[2].compared}
    assert known.get(8) == 0


def test_duplicates_are_known_a_week_later() -> None:
    (query,) = [query for query in replay_issues(ISSUES, TRUTH, [79]) if query]

    found = {row.profile.number: row.profile.duplicates for row in query.compared}
    assert {number: found[number] for number in (1, 2, 9) if number in found} == {1: 1, 2: 1, 9: 0}


def test_the_right_one_is_found() -> None:
    answers = [answer_query(query, MODEL) for query in replay_issues(ISSUES, TRUTH, [71, 15]) if query]

    assert [(answer.number, answer.is_duplicate, answer.rank, answer.is_caught) for answer in answers] == [
        (15, False, None, False),
        (71, True, 1, True),
    ]


def an_answer(rank: int | None, score: float, *, is_duplicate: bool = True) -> Answer:
    return Answer(1, is_duplicate, rank, score, rank is not None and rank <= 3, (("B", rank == 1),))


def test_figures_are_shares_of_the_duplicates() -> None:
    duplicates = [an_answer(1, 0.9), an_answer(4, 0.8), an_answer(None, 0.7), an_answer(2, 0.1)]
    ordinary = [an_answer(None, n / 100, is_duplicate=False) for n in range(50)]

    found = measure_recall([*duplicates, *ordinary])

    assert found is not None
    assert found.recall == {
        1: measure_share(1, 4),
        3: measure_share(2, 4),
        5: measure_share(3, 4),
        10: measure_share(3, 4),
    }
    assert found.mrr == pytest.approx((1 + 1 / 4 + 1 / 2) / 4)
    assert found.caught[0.02] == measure_share(1, 4)
    assert found.thresholds[0.02] == 0.48
    assert (found.tiers["B"].right, found.tiers["B"].duplicates, found.tiers["B"].ordinary) == (1, 4, 50)


def test_without_a_duplicate_there_is_nothing_to_measure() -> None:
    assert measure_recall([an_answer(None, 0.1, is_duplicate=False)]) is None


@pytest.mark.parametrize("share, threshold", [(0.0, 0.9), (0.1, 0.8), (0.5, 0.4), (1.0, 0.0)])
def test_a_share_of_the_scores_is_above_the_threshold(share: float, threshold: float) -> None:
    assert find_threshold([n / 10 for n in range(10)], share) == threshold


@pytest.mark.parametrize(
    "line, known",
    [
        ('{"number": 7, "duplicate_of": 3}', {7: KnownIssue(3, frozenset({3}))}),
        ('{"number": 7, "duplicate_of": 3, "group": [2, 3]}', {7: KnownIssue(3, frozenset({2, 3}))}),
        ('{"number": 7, "duplicate_of": null, "uncertain": true}', {7: KnownIssue(is_uncertain=True)}),
    ],
)
def test_a_truth_file_says_what_is_a_duplicate(line: str, known: dict[int, KnownIssue]) -> None:
    assert parse_duplicates([("t:1", line)]) == known


@pytest.mark.parametrize(
    "line",
    ["[]", "{}", '{"number": "x"}', '{"number": 1e999}', "nonsense", '{"number": 1, "group": 5, "duplicate_of": 2}'],
)
def test_a_line_that_says_nothing_is_named(line: str) -> None:
    with pytest.raises(SettingsError, match=r"^t:3: "):
        parse_duplicates([("t:3", line)])


def test_lines_become_entries_or_are_only_seen() -> None:
    lines = [("a:1", json.dumps({"number": n, "title": "Full", "body": "disk", "state": "closed"})) for n in (1, 2)]
    (entry, _) = IndexWork(frozenset()).prepare()(lines)
    assert not isinstance(entry, Seen)

    found = IndexWork(frozenset(), {1: entry.digest, 2: 5}).prepare()(lines)

    assert found[0] == Seen(1, "closed", None)
    assert found[1] == replace(entry, number=2)


@pytest.mark.parametrize("count, places", [(3, [0, 1, 2]), (4, [0, 1, 2, 3]), (5, [0, 2, 4]), (11, [0, 4, 8])])
def test_a_sample_lies_evenly(count: int, places: list[int]) -> None:
    lines = [("", str(place)) for place in range(count)]

    assert [int(line) for _, line in sample_evenly(lines, 4)] == places


def test_chunks_become_batches() -> None:
    chunks: list[list[Record | Seen]] = [[make_record(a_report(n, "Title"))] * 3 for n in range(5)]

    assert [len(batch) for batch in cut_batches(iter(chunks), 5)] == [6, 6, 3]
