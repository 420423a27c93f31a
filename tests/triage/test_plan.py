"""Which labels should change, and what a human decided about them."""

from datetime import datetime

import pytest

from bot.tracker.types import Account, Change
from bot.triage.actions import AddLabels, CreateLabels, Plan, RemoveLabels
from bot.triage.config import read_config
from tests.builders import (
    HUMAN,
    OTHER_BOT,
    OURSELVES,
    REPORTER,
    a_change,
    after,
    an_issue,
    our_comment,
    touched,
)
from tests.triage.plans import LABELED, NOTHING, WITHDRAWN, kinds, labels_only, plan_of, spoken

KEPT_OFF = "the label `needs-info` was taken off by somebody, and stays off"


@pytest.mark.parametrize("present", ["needs-info", "Needs-Info"])
def test_a_label_that_is_there_is_not_set_again(present: str) -> None:
    assert kinds(plan_of(an_issue(labels=(present,)))) == ["create_comment"]


def test_an_unknown_label_is_refused() -> None:
    assert plan_of(an_issue(), labels_only(), existing_labels=frozenset()) == Plan(
        (), ("the label `needs-info` does not exist here; create it, or correct the rule or the settings",)
    )


def test_an_unknown_label_is_created_if_the_settings_say_so() -> None:
    config = read_config("labels: {create: true}", "config.yml")
    rule = labels_only(labels=["known", "unknown"])
    assert plan_of(an_issue(), rule, config=config, existing_labels=frozenset({"Known"})) == Plan(
        (CreateLabels(("unknown",)), AddLabels(("known", "unknown")))
    )


UNLABELED = a_change("unlabeled", HUMAN, after(minutes=3), label="Needs-Info")
CLEARED = a_change("unlabeled", OURSELVES, after(minutes=3), label="needs-info")


@pytest.mark.parametrize(
    "history, plan",
    [
        ((), Plan((AddLabels(("needs-info",)),))),
        ((a_change("labeled", HUMAN, label="bug"),), Plan((AddLabels(("needs-info",)),))),
        ((LABELED, UNLABELED), Plan((), (KEPT_OFF,))),
        ((LABELED, UNLABELED, a_change("closed"), a_change("reopened")), Plan((), (KEPT_OFF,))),
        # Another workflow may have taken it off for a human, under the login that we share.
        ((LABELED, CLEARED), Plan((), (KEPT_OFF,))),
        # Set, never taken off, and gone all the same: somebody renamed or deleted the label.
        ((LABELED,), Plan((), (KEPT_OFF,))),
    ],
)
def test_a_label_that_was_taken_off_stays_off_without_a_comment(history: tuple[Change, ...], plan: Plan) -> None:
    assert plan_of(touched(), labels_only(), history=history) == plan


def test_a_label_that_was_taken_off_stays_off_beside_our_comment() -> None:
    issue = touched(comments=(spoken(),))
    assert plan_of(issue, history=(LABELED, UNLABELED)) == Plan((), (KEPT_OFF,))


def test_a_label_that_we_took_off_ourselves_is_set_again_when_it_fits_again() -> None:
    withdrawn = our_comment(WITHDRAWN, is_withdrawn=True, dropped=["needs-info"])
    plan = plan_of(touched(comments=(withdrawn,)), history=(LABELED, CLEARED))
    assert kinds(plan) == [AddLabels(("needs-info",)), "update_comment"]


def test_a_label_of_our_own_prefix_is_set_again_after_we_took_it_off() -> None:
    config = read_config("labels: {prefix_owned: [needs-]}", "config.yml")
    plan = plan_of(touched(), labels_only(), config=config, history=(LABELED, CLEARED))
    assert plan == Plan((AddLabels(("needs-info",)),))


REMOVING = labels_only(labels={"remove": ["invalid"]})
SET_BY_TEMPLATE = a_change("labeled", REPORTER, after(minutes=0.1), label="invalid")
SET_BY_REPORTER = a_change("labeled", REPORTER, after(minutes=2), label="invalid")
SET_BY_BOT = a_change("labeled", OTHER_BOT, after(minutes=2), label="Invalid")
SET_BY_HUMAN = a_change("labeled", HUMAN, after(minutes=3), label="invalid")


@pytest.mark.parametrize(
    "history, is_removed",
    [
        ((SET_BY_TEMPLATE,), True),
        ((SET_BY_BOT,), True),
        ((SET_BY_HUMAN, SET_BY_BOT), True),
        ((SET_BY_HUMAN,), False),
        ((SET_BY_BOT, SET_BY_HUMAN), False),
        ((SET_BY_REPORTER,), False),
        ((), True),
        # The label had another name when it was set: nobody can tell who set it.
        ((a_change("labeled", HUMAN, label="wrong"),), False),
    ],
)
def test_a_label_is_taken_off_only_if_a_bot_or_a_template_set_it(
    history: tuple[Change, ...], *, is_removed: bool
) -> None:
    issue = touched(labels=("invalid",))
    assert plan_of(issue, REMOVING, history=history) == Plan((RemoveLabels(("invalid",)),) if is_removed else ())


@pytest.mark.parametrize("updated, is_removed", [(after(), True), (after(minutes=1), False)])
def test_without_a_history_only_an_untouched_issue_loses_a_label(updated: datetime, *, is_removed: bool) -> None:
    issue = an_issue(labels=("invalid",), updated_at=updated)
    plan = plan_of(issue, REMOVING, history=None)
    assert plan == Plan((RemoveLabels(("invalid",)),) if is_removed else ())


def test_a_label_that_is_not_there_is_not_taken_off() -> None:
    assert plan_of(an_issue(), REMOVING) == NOTHING


@pytest.mark.parametrize(
    "set_by, plan",
    [
        (OURSELVES, Plan((RemoveLabels(("signpost:disk",)),))),
        (OTHER_BOT, Plan((RemoveLabels(("signpost:disk",)),))),
        (Account(login="GitHub-Actions[bot]"), Plan((RemoveLabels(("signpost:disk",)),))),
        (HUMAN, NOTHING),
    ],
)
def test_a_label_of_our_own_prefix_goes_when_it_is_no_longer_true(set_by: Account, plan: Plan) -> None:
    config = read_config("labels: {prefix_owned: ['signpost:']}", "config.yml")
    issue = touched(body="All is well", labels=("signpost:disk", "bug"))
    history = (a_change("labeled", set_by, label="signpost:disk"),)
    assert plan_of(issue, config=config, history=history) == plan
