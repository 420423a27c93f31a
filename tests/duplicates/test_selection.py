"""Which candidates are linked, where, in which order, and why others are not."""

from dataclasses import replace

import pytest

from bot.duplicates.candidates import SAID_SO, SAME_RULE, Candidate
from bot.duplicates.canonical import Fix, Refusal, Target
from bot.duplicates.selection import Criteria, LinkDecision, Section, select_links
from tests.builders import Fields, a_candidate, a_link, a_target, after

ALONE = (Section(None, 3, open_only=False),)


def select(*found: tuple[Candidate, Target | Refusal], **criteria: object) -> tuple[LinkDecision, ...]:
    fields: Fields = {"sections": ALONE, "most": 3, "with_alike": True, "is_calibrated": True}
    targets = {candidate.number: target for candidate, target in found}
    return select_links([candidate for candidate, _ in found], targets, Criteria(**(fields | criteria)))


def chosen(*found: tuple[Candidate, Target | Refusal], **criteria: object) -> list[int]:
    return [each.number for each in select(*found, **({"most": 9, "sections": ()} | criteria))]


def test_better_evidence_goes_first_and_of_equal_evidence_the_closer_one() -> None:
    found = [
        (a_candidate(1, "C", 0.9), a_target(1)),
        (a_candidate(2, "B", 0.2), a_target(2)),
        (a_candidate(3, "B", 0.6), a_target(3)),
        (a_candidate(4, "A", 0.1), a_target(4)),
    ]
    assert chosen(*found) == [4, 3, 2, 1]


@pytest.mark.parametrize(
    "one, other, order",
    [
        pytest.param({}, {"references": 3}, [2, 1], id="what most others point to"),
        pytest.param({}, {"is_answered": True}, [2, 1], id="what maintainers answered"),
        pytest.param({"is_answered": True}, {"references": 1}, [2, 1], id="pointers count more than answers"),
        pytest.param({"created_at": after(days=-1)}, {"created_at": after(days=-9)}, [2, 1], id="the oldest"),
        pytest.param({"created_at": after()}, {"created_at": after()}, [1, 2], id="the lower number"),
    ],
)
def test_among_equals_it_goes_by(one: Fields, other: Fields, order: list[int]) -> None:
    assert chosen((a_candidate(1), a_target(1, **one)), (a_candidate(2), a_target(2, **other))) == order


def test_what_is_linked_already_stays_in_front_of_what_is_no_better() -> None:
    found = [(a_candidate(1, "C", 0.9), a_target(1)), (a_candidate(2, "C", 0.3), a_target(2))]
    assert chosen(*found, given={2: "C"}) == [2, 1]
    assert chosen((a_candidate(1, "B"), a_target(1)), found[1], given={2: "C"}) == [1, 2]


def test_candidates_that_lead_to_one_issue_are_one_link_with_the_best_evidence() -> None:
    one, other, end = a_candidate(1, "C", 0.9), a_candidate(2, "B", 0.4), a_target(5, asked=2)
    assert select((one, a_target(5)), (other, end)) == (
        a_link(other, end),
        a_link(one, a_target(5), effect="merged", reason="#2 leads to #5, too"),
    )


def test_what_the_same_rule_matches_is_tier_a_whatever_it_was_found_by() -> None:
    fix = Fix(version="2.1.96")
    target = a_target(5, state="fixed", is_mended=True, fix=fix, followers=3, url="https://github.com/o/r/issues/5")
    found = a_candidate(1, "C", 0.3, title="Disk", evidence=("error",), features={"age": 1.0})
    (only,) = select((found, target), rules={5: "out-of-disk"})
    assert only == a_link(replace(found, tier="A", why=SAME_RULE), target, rule="out-of-disk")
    assert (only.number, only.url, only.state, only.is_open) == (5, target.url, "closed", False)
    assert (only.confidence, only.why, only.tier, only.fix, only.followers) == (1.0, SAME_RULE, "A", fix, 3)


@pytest.mark.parametrize(
    "tier, known, is_unproven",
    [
        pytest.param("C", {}, True, id="it looks alike by an untried measure"),
        pytest.param("C", {"is_calibrated": True}, False, id="by one that the repository's past has tried"),
        pytest.param("C", {"given": {1: "C"}}, False, id="it was linked before, so it stays"),
        pytest.param("C", {"rules": {1: "out-of-disk"}}, False, id="a rule matches both"),
        pytest.param("B", {}, False, id="it has the same error"),
    ],
)
def test_only_what_looks_alike_must_be_proven(tier: str, known: Fields, *, is_unproven: bool) -> None:
    (only,) = select((a_candidate(1, tier), a_target(1)), **({"is_calibrated": False} | known))
    assert only.is_unproven == is_unproven


@pytest.mark.parametrize(
    "target, linked, reason",
    [
        (Refusal("#1 is closed as not planned"), (), "#1 is closed as not planned"),
        (a_target(5), {5}, "#5 is linked already"),
        (a_target(5, is_locked=True), (), "#5 is locked: nobody could add to it"),
        (a_target(5, state="fixed"), (), "#5 is closed, and nothing says which change fixed it"),
    ],
)
def test_what_must_not_be_linked_has_its_reason(target: Target | Refusal, linked: set[int], reason: str) -> None:
    (only,) = select((a_candidate(1), target), linked=linked)
    assert only == LinkDecision(candidate=a_candidate(1), effect="refused", reason=reason)
    assert (only.number, only.url, only.is_open, only.fix, only.followers) == (1, "", False, None, 0)


def test_a_candidate_that_nobody_looked_at_is_refused() -> None:
    (only,) = select_links([a_candidate(1)], {}, Criteria())
    assert only == LinkDecision(candidate=a_candidate(1), effect="refused", reason="not among the nearest")


def test_a_fixed_issue_may_be_locked_because_nobody_has_to_write_there() -> None:
    (only,) = select((a_candidate(1), a_target(1, state="fixed", is_mended=True, is_locked=True)))
    assert only.effect == "linked"


def test_what_a_person_names_may_be_closed_for_whatever_reason() -> None:
    (only,) = select((a_candidate(1, why=SAID_SO), a_target(1, state="fixed")))
    assert only.effect == "linked"


PLAIN, DISK, CACHE = (a_candidate(number, "B", 0.5) for number in (1, 2, 3))
FIXED, ALIKE, UNTRIED = a_candidate(4, "B", 0.4), a_candidate(5, "C"), a_candidate(6, "C", 0.4)
ALL = (
    *((each, a_target(each.number)) for each in (PLAIN, DISK, CACHE, ALIKE, UNTRIED)),
    (FIXED, a_target(4, state="fixed", is_mended=True)),
)
KNOWN: Fields = {"rules": {2: "out-of-disk", 3: "no-cache"}, "is_calibrated": False, "given": {5: "C"}}


def share_out(**criteria: object) -> tuple[dict[int, str | None], dict[int, str]]:
    """The section of each linked issue, and the reason for each that is hidden."""
    found = select(*ALL, **(KNOWN | criteria))
    assert {each.effect for each in found} <= {"linked", "hidden"}
    linked = {each.number: each.section for each in found if each.effect == "linked"}
    return linked, {each.number: each.reason for each in found if each.effect == "hidden"}


def sections(show: int = 3, *, open_only: bool = True) -> tuple[Section, Section]:
    return Section("out-of-disk", show, open_only), Section("no-cache", 3, open_only=True)


BETTER = "other candidates are better, or the settings or the rule allow fewer links"
CLOSED = "it is closed, and the rule links only open issues (`open_only`)"
ALIKE_ONLY = "it is only similar, and the settings keep such issues out of comments (`tier_c`)"
NOT_YET = "it is only similar, and no calibrated index found it"
READ_ALIKE = {5: ALIKE_ONLY, 6: ALIKE_ONLY}
OF_DISK = {2: "out-of-disk", 1: "out-of-disk"}


@pytest.mark.parametrize(
    "criteria, linked, hidden",
    [
        pytest.param({}, {**OF_DISK, 3: "no-cache"}, {4: CLOSED, **READ_ALIKE}, id="its rule's, the first all others"),
        pytest.param({"most": 2}, OF_DISK, {3: BETTER, 4: CLOSED, **READ_ALIKE}, id="no more in all than is wanted"),
        pytest.param(
            {"sections": sections(1)},
            {2: "out-of-disk", 3: "no-cache"},
            {1: BETTER, 4: CLOSED, **READ_ALIKE},
            id="nor in a section than its rule wants",
        ),
        pytest.param(
            {"sections": sections(open_only=False)},
            {**OF_DISK, 4: "out-of-disk"},
            {3: BETTER, **READ_ALIKE},
            id="fixed ones where wanted",
        ),
        pytest.param(
            {"with_alike": True},
            {**OF_DISK, 5: "out-of-disk"},
            {3: BETTER, 4: CLOSED, 6: NOT_YET},
            id="alike ones where wanted",
        ),
        pytest.param(
            {"most": 0}, {}, {1: BETTER, 2: BETTER, 3: BETTER, 4: CLOSED, **READ_ALIKE}, id="none where none is wanted"
        ),
        pytest.param(
            {"sections": ALONE}, dict.fromkeys((2, 3, 1)), {4: BETTER, **READ_ALIKE}, id="a comment of links alone"
        ),
        pytest.param({"silence": "no comment"}, {}, dict.fromkeys(range(1, 7), "no comment"), id="no comment"),
    ],
)
def test_links_are_shared_out_to_the_sections(
    criteria: Fields, linked: dict[int, str | None], hidden: dict[int, str]
) -> None:
    assert share_out(**({"sections": sections(), "with_alike": False} | criteria)) == (linked, hidden)
