"""Which earlier reports are linked, and in which order."""

from dataclasses import replace

import pytest

from bot.duplicates.candidates import (
    SAID_SO,
    SAME_RULE,
    Duplicate,
    Earlier,
    Findings,
    FindNothing,
    Knowledge,
    LeftOut,
    choose_duplicates,
    choose_shown,
)
from bot.duplicates.canonical import Fix, Refusal, Target
from tests.builders import Fields, after, an_issue


def an_earlier(number: int, tier: str = "B", score: float = 0.5) -> Earlier:
    fields: Fields = {"number": number, "tier": tier, "score": score, "why": "shows the same error"}
    return Earlier(**fields)


def a_target(number: int, **changes: object) -> Target:
    fields: Fields = {"number": number, "asked": number, "state": "open", "created_at": after(days=-number)}
    return Target(**(fields | changes))


def chosen(*found: tuple[Earlier, Target | Refusal], **known: object) -> list[int]:
    fields: Fields = known
    judged = {earlier.number: target for earlier, target in found}
    duplicates, _ = choose_duplicates([earlier for earlier, _ in found], judged, Knowledge(**fields))
    return [duplicate.number for duplicate in duplicates]


def test_better_evidence_goes_first_and_of_equal_evidence_the_closer_one() -> None:
    found = [
        (an_earlier(1, "C", 0.9), a_target(1)),
        (an_earlier(2, "B", 0.2), a_target(2)),
        (an_earlier(3, "B", 0.6), a_target(3)),
        (an_earlier(4, "A", 0.1), a_target(4)),
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
    assert chosen((an_earlier(1), a_target(1, **one)), (an_earlier(2), a_target(2, **other))) == order


def test_what_is_linked_already_stays_in_front_of_what_is_no_better() -> None:
    found = [(an_earlier(1, "C", 0.9), a_target(1)), (an_earlier(2, "C", 0.3), a_target(2))]
    assert chosen(*found, given={2: "C"}) == [2, 1]
    assert chosen((an_earlier(1, "B"), a_target(1)), found[1], given={2: "C"}) == [1, 2]


def test_reports_that_lead_to_one_issue_are_one_link_with_the_best_evidence() -> None:
    found = (an_earlier(1, "C", 0.9), an_earlier(2, "B", 0.4))
    judged = {1: a_target(5), 2: a_target(5, asked=2)}
    duplicates, left_out = choose_duplicates(found, judged, Knowledge())
    assert [(each.number, each.tier, each.confidence) for each in duplicates] == [(5, "B", 0.4)]
    assert left_out == ()


def test_what_the_same_rule_matches_is_tier_a_whatever_it_was_found_by() -> None:
    fix = Fix(version="2.1.96")
    target = a_target(5, state="fixed", is_mended=True, fix=fix, followers=3, url="https://github.com/o/r/issues/5")
    duplicates, _ = choose_duplicates([an_earlier(1, "C", 0.3)], {1: target}, Knowledge(rules={5: "out-of-disk"}))
    (only,) = duplicates
    assert replace(only, found=None) == Duplicate(
        number=5,
        url="https://github.com/o/r/issues/5",
        state="closed",
        confidence=1.0,
        why=SAME_RULE,
        tier="A",
        rule="out-of-disk",
        followers=3,
        fix=fix,
    )


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
    (only,), _ = choose_duplicates([an_earlier(1, tier)], {1: a_target(1)}, Knowledge(**known))
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
def test_what_is_not_linked_has_its_reason(target: Target | Refusal, linked: set[int], reason: str) -> None:
    found = an_earlier(1)
    assert choose_duplicates([found], {1: target}, Knowledge(linked=linked)) == ((), (LeftOut(found, reason),))


def test_a_fixed_issue_may_be_locked_because_nobody_has_to_write_there() -> None:
    assert chosen((an_earlier(1), a_target(1, state="fixed", is_mended=True, is_locked=True))) == [1]


def test_what_a_person_names_may_be_closed_for_whatever_reason() -> None:
    assert chosen((replace(an_earlier(1), why=SAID_SO), a_target(1, state="fixed"))) == [1]


def shown(limit: int, *, with_alike: bool = False, open_only: bool = True) -> list[int]:
    plain = Duplicate(number=0, url="", state="open", confidence=0.5, why="")
    all_ = [
        replace(plain, number=1, tier="A", state="closed"),
        replace(plain, number=2),
        replace(plain, number=4, tier="C", is_unproven=True),
        replace(plain, number=3, tier="C"),
    ]
    return [each.number for each in choose_shown(all_, limit, with_alike=with_alike, open_only=open_only)]


def test_a_comment_links_as_many_and_as_good_ones_as_is_wanted() -> None:
    assert shown(3) == [2]
    assert shown(3, open_only=False) == [1, 2]
    assert shown(3, with_alike=True) == [2, 3]
    assert shown(1, with_alike=True, open_only=False) == [1]
    assert shown(0) == []


def test_where_there_is_nothing_to_look_in_nothing_is_found() -> None:
    assert (FindNothing()(an_issue()), FindNothing().is_free) == (Findings(), False)
