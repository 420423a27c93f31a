"""What is counted, how tallies are joined, and which messages come first."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.issue.facts import extract_facts
from bot.tracker.types import Account, Issue
from bot.workbench.suggest.clusters import Cluster, find_clusters
from bot.workbench.suggest.message_counts import SAMPLE, MessageTally, Support, find_share
from tests.issue.issues import make_issue

LINKER = "error: linking with `cc` failed: exit code: {}"
DISK = "write failed: no space left on device"


def make_report(number: int, body: str = "", title: str = "", author: str = "") -> Issue:
    login = author or f"user{number}"
    return replace(make_issue(body, title=title), number=number, author=Account(login=login))


def count(*issues: Issue, matched: tuple[Issue, ...] = (), capacity: int = 1000) -> MessageTally:
    tally = MessageTally(capacity)
    for issue in issues:
        tally.add(extract_facts(issue))
    for issue in matched:
        tally.add(extract_facts(issue), is_matched=True)
    return tally


def test_a_message_that_several_issues_share_is_a_cluster() -> None:
    issues = [make_report(number, LINKER.format(number)) for number in range(1, 5)]

    found = find_clusters(count(*issues, make_report(9, "it crashed for no reason")))

    assert found == (
        Cluster(
            template=found[0].template,
            issues=4,
            authors=4,
            titles=0,
            elsewhere=0,
            numbers=(1, 2, 3, 4),
            weight=found[0].weight,
            line=LINKER.format(4),
        ),
    )
    assert found[0].text == "error: linking with '{word}' failed: exit code"


def test_each_cluster_serves_others_than_the_ones_before() -> None:
    linker = [
        make_report(number, f"{LINKER.format(1)}\nerror: aborting due to the first error") for number in range(1, 7)
    ]
    disk = [make_report(number, DISK) for number in range(7, 10)]

    assert {cluster.numbers for cluster in find_clusters(count(*linker, *disk))} == {(1, 2, 3, 4, 5, 6), (7, 8, 9)}


def test_many_issues_of_one_author_weigh_less_than_as_many_of_several() -> None:
    one = [make_report(number, LINKER.format(1), author="same") for number in range(1, 6)]
    several = [make_report(number, DISK) for number in range(6, 11)]

    assert [cluster.authors for cluster in find_clusters(count(*one, *several))] == [5, 1]


def test_what_matched_issues_say_too_weighs_less() -> None:
    linker = [make_report(number, LINKER.format(1)) for number in range(1, 6)]
    disk = [make_report(number, DISK) for number in range(6, 11)]
    matched = tuple(make_report(number, LINKER.format(1)) for number in range(11, 40))

    first = find_clusters(count(*linker, *disk, matched=matched))[0]

    assert (first.text, first.elsewhere) == (DISK, 0)


def test_nothing_is_no_cluster() -> None:
    assert find_clusters(MessageTally()) == ()


words = st.sampled_from(["failed to open", "no such thing", "cannot reach", "out of memory now"])
reports = st.lists(st.tuples(words, words, st.sampled_from("abc")), max_size=12)


def tally_of(found: list[tuple[str, str, str]], start: int, capacity: int = 1000) -> MessageTally:
    issues = [make_report(start + n, f"{one}: {two}", author=who) for n, (one, two, who) in enumerate(found)]
    return count(*issues, capacity=capacity)


def join(*tallies: MessageTally) -> MessageTally:
    whole = MessageTally(1000)
    for tally in tallies:
        whole.take(tally)
    return whole


@given(reports, reports, reports)
def test_joining_is_associative_commutative_and_the_same_as_counting_at_once(
    one: list[tuple[str, str, str]], two: list[tuple[str, str, str]], three: list[tuple[str, str, str]]
) -> None:
    a, b, c = tally_of(one, 0), tally_of(two, 100), tally_of(three, 200)

    assert join(join(a, b), c) == join(a, join(b, c)) == join(c, a, b)
    assert find_clusters(join(a, b, c)) == find_clusters(join(join(a, b), c))


@given(st.lists(st.sampled_from("abcdefgh"), max_size=60), st.integers(1, 4), st.integers(1, 59))
def test_what_is_frequent_is_never_forgotten(letters: list[str], capacity: int, cut: int) -> None:
    issues = [make_report(number, title=f"failed to open {letter * 3}") for number, letter in enumerate(letters)]
    tally = join(count(*issues[:cut], capacity=capacity), count(*issues[cut:], capacity=capacity))

    assert len(tally.templates) <= 2 * capacity
    assert tally.loss <= len(letters) / (capacity + 1)
    for letter in set(letters):
        known = tally.templates.get(f"failed to open {letter * 3}", Support())
        assert known.issues <= letters.count(letter) <= known.issues + tally.loss


@pytest.mark.slow
def test_authors_beyond_the_sample_are_estimated() -> None:
    tally = count(*(make_report(number, DISK) for number in range(2000)))
    support = tally.templates[DISK]

    assert (support.issues, len(support.authors), len(support.numbers)) == (2000, SAMPLE, SAMPLE)
    assert 1800 <= support.author_count <= 2000


@pytest.mark.slow
def test_a_share_is_told_from_samples() -> None:
    tally = count(*(make_report(number, f"{DISK}\n{LINKER}" if number % 4 else DISK) for number in range(1200)))
    disk, linker = tally.templates[DISK], tally.templates["error: linking with '\ue103' failed"]

    assert 0.9 < find_share(linker, disk) <= 1.0
    assert 0.6 < find_share(disk, linker) < 0.85
