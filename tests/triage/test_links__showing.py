"""Which earlier reports a comment links."""

from dataclasses import replace

import pytest

from bot.duplicates.candidates import Duplicate
from bot.triage.config import read_config
from bot.triage.links import UNPROVEN, choose_alone, list_unshown, note_tiers, remark_unproven, share_out
from tests.builders import Fields, a_rule, an_issue, matches_of

PLAIN = Duplicate(number=1, url="", state="open", confidence=0.5, why="shows the same error message")
DISK = replace(PLAIN, number=2, tier="A", rule="out-of-disk")
CACHE = replace(PLAIN, number=3, tier="A", rule="no-cache")
FIXED = replace(PLAIN, number=4, state="closed")
ALIKE = replace(PLAIN, number=5, tier="C")
UNTRIED = replace(ALIKE, number=6, is_unproven=True)
ALL = (DISK, CACHE, PLAIN, FIXED, UNTRIED, ALIKE)


def shares(settings: str = "", **disk: object) -> list[list[int]]:
    """The links of a section about the disk, and of one about the cache."""
    also: Fields = {"also": ["out-of-disk"]}
    rules = a_rule(priority=2, **disk), a_rule(id="no-cache", match={"phrase": "os error 28"}, **also)
    speaking = matches_of(an_issue(), *rules)
    return [[each.number for each in share] for share in share_out(speaking, ALL, read_config(settings, "config.yml"))]


@pytest.mark.parametrize(
    "settings, disk, links",
    [
        pytest.param("", {}, [[2, 1], [3]], id="each rule its own, the first the others too"),
        pytest.param("duplicates: {show: 2}", {}, [[2, 1], []], id="no more in all than the settings want"),
        pytest.param("", {"duplicates": {"show": 1}}, [[2], [3]], id="nor in a section than its rule wants"),
        pytest.param("", {"duplicates": {"open_only": False}}, [[2, 1, 4], []], id="fixed ones where wanted"),
        pytest.param("duplicates: {tier_c: comment}", {}, [[2, 1, 5], []], id="alike ones where wanted"),
        pytest.param("duplicates: {enabled: false}", {}, [[], []], id="none"),
    ],
)
def test_links_are_shared_out_to_the_sections(settings: str, disk: Fields, links: list[list[int]]) -> None:
    assert shares(settings, **disk) == links


@pytest.mark.parametrize(
    "settings, links",
    [
        ("", []),
        ("duplicates: {comment: always}", [2, 3, 1]),
        ("duplicates: {comment: always, show: 1}", [2]),
        ("duplicates: {comment: always, enabled: false}", []),
        ("{mode: label, duplicates: {comment: always}}", []),
    ],
)
def test_links_alone_are_a_comment_only_where_the_settings_want_it(settings: str, links: list[int]) -> None:
    assert [each.number for each in choose_alone(ALL, read_config(settings, "config.yml"))] == links


def test_what_is_alike_stands_alone_only_where_the_settings_want_it() -> None:
    assert choose_alone([ALIKE], read_config("duplicates: {comment: always}", "config.yml")) == []
    always = read_config("duplicates: {comment: always, tier_c: comment}", "config.yml")
    assert choose_alone([FIXED, UNTRIED, ALIKE], always) == [FIXED, ALIKE]


@pytest.mark.parametrize(
    "settings, duplicates, remarks",
    [
        pytest.param("duplicates: {tier_c: comment}", ALL, (UNPROVEN,), id="wanted, and one is kept out"),
        pytest.param("duplicates: {tier_c: comment}", (PLAIN, ALIKE), (), id="wanted, and none is kept out"),
        pytest.param("", ALL, (), id="not wanted"),
        pytest.param("duplicates: {tier_c: comment, show: 0}", ALL, (), id="no links at all"),
        pytest.param("{mode: label, duplicates: {tier_c: comment}}", ALL, (), id="no comment at all"),
    ],
)
def test_maintainers_are_told_what_to_do_where_a_wish_is_not_met(
    settings: str, duplicates: tuple[Duplicate, ...], remarks: tuple[str, ...]
) -> None:
    assert remark_unproven(duplicates, read_config(settings, "config.yml")) == remarks


def test_the_marker_remembers_the_tiers() -> None:
    assert note_tiers([DISK, PLAIN, ALIKE]) == {2: "A", 1: "B", 5: "C"}


ALWAYS = "duplicates: {comment: always}"
MODE = "the settings want no comment (`mode: label`)"
SILENT = "no rule speaks, and the settings want no comment for links alone"
ALIKE_ONLY = "it only reads alike, and the settings keep that out of comments (`tier_c`)"
CLOSED = "it is closed, and the rule links open ones only (`open_only`)"
NOT_YET = "it only reads alike, and the index is not calibrated"
LIKED = "duplicates: {tier_c: comment}"
BETTER = "there are better ones, or the settings or the rule want fewer links"


@pytest.mark.parametrize(
    "settings, is_speaking, reasons",
    [
        pytest.param("", True, {3: BETTER, 4: CLOSED, 5: ALIKE_ONLY, 6: ALIKE_ONLY}, id="beside advice"),
        pytest.param(ALWAYS, False, {4: BETTER, 5: ALIKE_ONLY, 6: ALIKE_ONLY}, id="alone"),
        pytest.param("", False, dict.fromkeys(range(1, 7), SILENT), id="not at all"),
        pytest.param(LIKED, True, {3: BETTER, 4: CLOSED, 6: NOT_YET}, id="alike where nothing is known of that"),
        pytest.param("mode: label", False, dict.fromkeys(range(1, 7), MODE), id="where nothing is said"),
    ],
)
def test_what_is_not_linked_has_its_reason(settings: str, *, is_speaking: bool, reasons: dict[int, str]) -> None:
    speaking = matches_of(an_issue(), a_rule()) if is_speaking else ()
    unshown = list_unshown(speaking, ALL, read_config(settings, "config.yml"))
    assert {each.earlier.number: each.why for each in unshown} == reasons
