"""A report of a known incident: what its comment says, and what keeps Signpost silent."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from bot.comment.marker import Marker, Past, read_marker
from bot.comment.renderer import render_incident, render_refusal
from bot.tracker.types import Issue
from bot.triage.actions import AddLabels, CreateComment, Plan, UpdateComment
from bot.triage.config import Config, Sources
from bot.triage.links import LinkInputs
from bot.triage.people.incidents import KnownIncident
from bot.triage.snapshot import find_unmatched_issue
from tests.builders import (
    OURSELVES,
    REPORTER,
    Fields,
    a_comment,
    a_rule,
    after,
    an_event,
    an_issue,
    linked_issues,
    our_comment,
    touched,
)
from tests.comment.sections import section_of
from tests.triage.plans import body_of, plan_from, sources_of

INCIDENT = KnownIncident(50, ("out-of-disk",))
UNKNOWN = an_issue(body="It only breaks on Mondays.")


def find_incident(issue: Issue, rules: Iterable[str]) -> KnownIncident | None:
    """Reports of the rule, and those about Mondays."""
    return INCIDENT if "out-of-disk" in rules or "Mondays" in issue.body else None


def find_none(issue: Issue, rules: Iterable[str]) -> None:
    del issue, rules


def sources(*rules: Fields, config: Config | None = None, **changes: object) -> Sources:
    return sources_of(*(rules or (a_rule(),)), config=config, **({"find_incident": find_incident} | changes))


def text_of(plan: Plan) -> str:
    return body_of(plan).rpartition("\n\n<!--")[0]


def marker_of(plan: Plan) -> Marker:
    marker = read_marker(body_of(plan))
    assert marker
    return marker


HASH = sources().ruleset.rules[0].content_hash


def test_a_report_that_a_rule_matches_has_the_summary_and_the_first_steps() -> None:
    plan = plan_from(an_issue(), sources())
    assert text_of(plan) == render_incident(50, [section_of(a_rule())])
    marker = marker_of(plan)
    assert (marker.rules, marker.links, marker.labels) == (
        {"out-of-disk": HASH, "incident:50": ""},
        [],
        ["needs-info"],
    )
    assert [type(action) for action in plan.actions] == [AddLabels, CreateComment]


@pytest.mark.parametrize("reason, is_promised", [("duplicate", False), ("not_planned", True)])
def test_the_short_form_promises_no_closing_as_a_duplicate_of_an_issue_without_a_link(
    reason: str, *, is_promised: bool
) -> None:
    given = sources(a_rule(follow=3, close={"as": reason, "after": "3d"}))
    plan = plan_from(an_issue(), given, link_inputs=LinkInputs(links=linked_issues(3)))
    assert ("Signpost closes" in text_of(plan), marker_of(plan).promise is not None) == (is_promised, is_promised)


def test_a_report_that_no_rule_matches_is_told_where_to_follow() -> None:
    plan = plan_from(UNKNOWN, sources())
    assert (text_of(plan), marker_of(plan).rules) == (render_incident(50, []), {"incident:50": ""})
    event = an_event(UNKNOWN)
    assert (find_unmatched_issue(event, sources()), find_unmatched_issue(event, sources(find_incident=find_none))) == (
        None,
        UNKNOWN,
    )


QUIET: dict[str, tuple[Issue, Sources]] = {
    "no incident": (UNKNOWN, sources(find_incident=find_none)),
    "the settings allow no comments": (UNKNOWN, sources(config=Config(mode="label"))),
    "the rule only sets labels": (an_issue(labels=("needs-info",)), sources(a_rule(mode="label"))),
    "the settings limit the rule": (
        an_issue(labels=("needs-info",)),
        sources(config=Config(modes={"out-of-disk": "observe"})),
    ),
    "votes have muted the rule": (an_issue(labels=("needs-info",)), sources(muted={"out-of-disk": "9 of 12"})),
}


@pytest.mark.parametrize("issue, given", QUIET.values(), ids=QUIET)
def test_where_a_rule_may_not_comment_nothing_is_said(issue: Issue, given: Sources) -> None:
    assert plan_from(issue, given).actions == ()


def test_guidance_that_has_expired_is_not_given() -> None:
    plan = plan_from(an_issue(), sources(a_rule(expires="2020-01-01")))
    assert (text_of(plan), marker_of(plan).rules) == (render_incident(50, []), {"incident:50": ""})


def said(**state: object) -> Issue:
    """An issue with our comment."""
    ours = our_comment(render_incident(50, []), **({"rules": {"incident:50": ""}} | state))
    return touched(body=UNKNOWN.body, comments=(ours,), comment_count=1)


def test_the_second_run_changes_nothing() -> None:
    assert plan_from(said(), sources()) == Plan()


def test_a_comment_stays_when_its_incident_is_over() -> None:
    assert plan_from(said(), sources(find_incident=find_none)) == Plan()


def test_a_comment_with_the_whole_guidance_keeps_it() -> None:
    whole = plan_from(an_issue(), sources(find_incident=find_none))
    comment = a_comment(body_of(whole), OURSELVES)
    issue = touched(comments=(comment,), comment_count=1, labels=("needs-info",))
    assert plan_from(issue, sources()) == Plan()


def test_the_guidance_comes_back_when_the_incident_is_over() -> None:
    short = a_comment(body_of(plan_from(an_issue(), sources())), OURSELVES)
    issue = touched(comments=(short,), comment_count=1, labels=("needs-info",))
    assert plan_from(issue, sources()) == Plan()
    again = plan_from(issue, sources(find_incident=find_none))
    assert text_of(again) == text_of(plan_from(an_issue(), sources(find_incident=find_none)))
    assert marker_of(again).rules == {"out-of-disk": HASH}


def test_a_person_who_refuses_is_heard_once_and_for_all() -> None:
    issue = said()
    wrong = a_comment("/signpost wrong", REPORTER, id=2, created_at=after(minutes=7))
    refused = touched(body=issue.body, comments=(*issue.comments, wrong), comment_count=2)
    plan = plan_from(refused, sources())
    assert text_of(plan) == render_refusal().strip()
    until = int(after(minutes=7).timestamp())
    assert marker_of(plan).past == {"incident:50": Past(hash="", until=until, is_refused=True)}
    assert isinstance(plan.actions[0], UpdateComment)

    ours, answered = a_comment(body_of(plan), OURSELVES), replace(wrong, reactions=(("+1", 1),))
    after_that = touched(body=issue.body, comments=(ours, answered), comment_count=2)
    assert plan_from(after_that, sources()) == Plan()
