"""What the matches ask for."""

from datetime import date

import pytest

from bot.triage.config import Config, read_config
from bot.triage.decisions import Wish, add_label, choose_wish, leave_label
from tests.builders import Fields, a_rule, an_issue, matches_of

TODAY = date(2026, 4, 8)
CAPTURES: Fields = {"captures": {"version": {"first_of": [{"phrase": "built with {version:version}"}]}}}


def wish_of(*rules: Fields, config: Config | None = None, issue: Fields | None = None) -> Wish:
    matches = matches_of(an_issue(**(issue or {})), *rules, pack=CAPTURES)
    return choose_wish(matches, config or Config(), TODAY)


def gist(wish: Wish) -> Fields:
    """The wish, with rules by their names."""
    return {
        "add": wish.add,
        "remove": wish.remove,
        "speaking": tuple(match.rule.id for match in wish.speaking),
        "holding": wish.holding,
        "fitting": wish.fitting,
        "remarks": wish.remarks,
    }


def expected(**changes: object) -> Fields:
    fields: Fields = {
        "add": ("needs-info",),
        "remove": (),
        "speaking": ("out-of-disk",),
        "holding": ("out-of-disk",),
        "fitting": ("needs-info",),
        "remarks": (),
    }
    return fields | changes


def test_a_match_asks_for_its_labels_and_speaks() -> None:
    assert gist(wish_of()) == expected()


def test_nothing_is_asked_for_without_a_match() -> None:
    assert choose_wish((), Config(), TODAY) == Wish()


@pytest.mark.parametrize(
    "rule_mode, cap, changes",
    [
        ("comment", "comment", {}),
        ("label", "comment", {"speaking": ()}),
        ("comment", "label", {"speaking": ()}),
        ("observe", "comment", {"speaking": (), "add": ()}),
        ("comment", "observe", {"speaking": (), "add": ()}),
        ("label", "observe", {"speaking": (), "add": ()}),
        ("observe", "label", {"speaking": (), "add": ()}),
    ],
)
def test_a_rule_goes_as_far_as_its_mode_and_the_cap_let_it(rule_mode: str, cap: str, changes: Fields) -> None:
    wish = wish_of(a_rule(mode=rule_mode), config=read_config(f"mode: {cap}", "config.yml"))
    assert gist(wish) == expected(**changes)


@pytest.mark.parametrize(
    "expires, changes",
    [
        ("2026-04-09", {}),
        (
            "2026-04-08",
            {"speaking": (), "remarks": ("the guidance of `out-of-disk` expired on 2026-04-08; review it",)},
        ),
    ],
)
def test_expired_guidance_is_withheld_and_the_rule_still_labels(expires: str, changes: Fields) -> None:
    assert gist(wish_of(a_rule(expires=expires))) == expected(**changes)


def test_a_rule_without_a_branch_that_applies_only_labels() -> None:
    guidance = {"when": {"version": ">=9"}, "tldr": "Only for version 9."}
    assert gist(wish_of(a_rule(guidance=guidance))) == expected(speaking=())


@pytest.mark.parametrize(
    "stated, add",
    [
        ("built with 1.9", ("needs-info",)),
        ("built with 2.0", ("needs-info", "regression")),
        ("built with 2.1", ("needs-info", "regression")),
        ("", ("needs-info",)),
    ],
)
def test_a_report_of_what_is_fixed_in_its_version_is_a_regression(stated: str, add: tuple[str, ...]) -> None:
    body = f"No space left on device, {stated}"
    wish = wish_of(a_rule(fixed_in={"version": "2.0"}), issue={"body": body})
    assert gist(wish) == expected(add=add, fitting=add)


def test_the_regression_label_can_be_turned_off() -> None:
    config = read_config("labels: {regression: null}", "config.yml")
    issue = {"body": "No space left on device, built with 3.0"}
    assert gist(wish_of(a_rule(fixed_in={"version": "2.0"}), config=config, issue=issue)) == expected()


def three_rules() -> tuple[Fields, ...]:
    return (
        a_rule(id="charlie", labels=["c"], priority=0, also=["alpha", "bravo"]),
        a_rule(id="alpha", labels=["a"], priority=0, also=["bravo"]),
        a_rule(id="bravo", labels=["b"], priority=5),
    )


@pytest.mark.parametrize(
    "limit, speaking", [(1, ("bravo",)), (2, ("bravo", "alpha")), (3, ("bravo", "alpha", "charlie"))]
)
def test_of_many_matches_the_first_speak_and_all_label(limit: int, speaking: tuple[str, ...]) -> None:
    everything = ("b", "a", "c")
    assert gist(wish_of(*three_rules(), config=Config(max_sections=limit))) == expected(
        add=everything, fitting=everything, holding=("bravo", "alpha", "charlie"), speaking=speaking
    )


def test_the_order_of_the_files_changes_nothing() -> None:
    assert gist(wish_of(*three_rules())) == gist(wish_of(*reversed(three_rules())))


def test_a_superseded_rule_neither_speaks_nor_labels() -> None:
    rules = (a_rule(id="loud", labels=["loud"], supersedes=["quiet"]), a_rule(id="quiet", labels=["quiet"], priority=9))
    assert gist(wish_of(*rules)) == expected(add=("loud",), fitting=("loud",), holding=("loud",), speaking=("loud",))


def test_a_label_that_one_rule_asks_for_is_not_taken_off_by_another() -> None:
    rules = (
        a_rule(id="adds", labels=["Bug"], also=["removes"]),
        a_rule(id="removes", labels={"add": ["bug"], "remove": ["BUG", "invalid"]}),
    )
    wish = wish_of(*rules)
    assert (wish.add, wish.remove) == (("Bug",), ("invalid",))


def test_a_label_that_is_added_holds_whatever_a_rule_takes_off() -> None:
    wish = add_label(wish_of(a_rule(labels={"add": ["bug"], "remove": ["Duplicate", "invalid"]})), "duplicate")
    assert (wish.add, wish.remove, wish.fitting) == (("bug", "duplicate"), ("invalid",), ("bug", "duplicate"))


def test_a_label_that_is_left_alone_is_neither_asked_for_nor_taken_off() -> None:
    wish = leave_label(wish_of(a_rule(labels={"add": ["bug"], "remove": ["Duplicate", "invalid"]})), "duplicate")
    assert (wish.add, wish.remove, wish.fitting) == (("bug",), ("invalid",), ("bug", "duplicate"))
