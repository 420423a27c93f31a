"""What is suggested to people, how sure it is, and that nobody is asked twice."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.comment.sanitizer import find_live
from bot.duplicates.candidates import Candidate, CandidateSearch
from bot.issue.commands import Duplicates
from bot.tracker.suggestions import MAX_RATIONALE, Confidence, LabelSuggestion, Suggestion, Suggestions
from bot.tracker.types import Issue, Links
from bot.triage.actions import Plan, SuggestClose, SuggestLabels
from bot.triage.config import Sources, read_config
from bot.triage.links import LinkInputs
from bot.triage.people.suggestions import explain_match, find_settlement, rate_match, rate_tier, write_rationale
from bot.triage.result import Result
from bot.triage.run import run
from tests.builders import (
    HUMAN,
    Fields,
    a_candidate,
    a_change,
    a_comment,
    a_rule,
    a_ruleset,
    after,
    an_event,
    an_issue,
    linked_issues,
    matches_of,
    touched,
)
from tests.fakes import FakeTracker, number_label
from tests.triage.plans import plan_from, sources_of

SUGGESTS = a_rule(mode="suggest", guidance=None)
LABEL = LabelSuggestion("needs-info", "This looks like: The disk is full (body, line 1)", "medium")
STATES = ("pending", "applied", "approved", "dismissed", "replaced", "invalidated", "unheard-of")


def a_tracker(issue: Issue, **changes: object) -> FakeTracker:
    fields: Fields = {"issues": {7: issue}, "labels": {"needs-info", "duplicate"}, "now": after(minutes=1)}
    return FakeTracker(**(fields | changes))


def run_once(tracker: FakeTracker, *rules: Fields, settings: str = "") -> Result:
    event, config = an_event(tracker.issues[7], action="edited"), read_config(settings, "config.yml")
    return run(event, Sources(ruleset=a_ruleset(*rules), config=config), tracker, after(days=1))


def see(tracker: FakeTracker) -> tuple[object, ...]:
    """What can be seen of the issue: its labels, comments and state."""
    issue = tracker.issues[7]
    return issue.labels, issue.comments, issue.state


IN_APP = "**Bug Description**\nIt crashed\n**Errors**\nNo space left on device\n**Environment Info**\n- Version: 1.2"


@pytest.mark.parametrize(
    "rule, body, expected",
    [
        ({}, "No space left on device", "medium"),
        ({}, "```\nNo space left on device\n```", "high"),
        ({"match": {"phrase": "No space left on device", "in": ["errors"]}}, IN_APP, "low"),
        ({"match": {"all": [{"phrase": "no space"}, {"phrase": "left on device"}]}}, "No space left on device", "high"),
        ({"match": {"section": "Logs", "contains": "no space"}}, "### Logs\n\nno space left on device", "high"),
        ({"match": {"layout": "free"}}, "No space left on device", "medium"),
    ],
)
def test_how_sure_a_match_is(rule: Fields, body: str, expected: Confidence) -> None:
    (match,) = matches_of(an_issue(title="It breaks", body=body), a_rule(**rule))

    assert rate_match(match) == expected


def test_how_sure_a_duplicate_is() -> None:
    assert [rate_tier(tier) for tier in ("A", "B", "C")] == ["high", "medium", "low"]


def test_a_rationale_names_the_rule_and_the_places_and_no_text_of_the_reporter() -> None:
    text = "We met @octocat's **No space left on device**, see #5"
    (match,) = matches_of(an_issue(title=text, body=f"\n\n{text}\n\n```\n{text}\n```"), a_rule())

    assert explain_match(match) == "This looks like: The disk is full (title, line 1)"


@given(st.text() | st.text("@#1-GH/:w. \u200b<!") | st.just("a" * 500))
@example("@octocat #5 GH-5 https://github.com/a/b/issues/5 duplicate of #5 ::error::x <img src=x>")
def test_a_rationale_is_short_plain_text_that_calls_nobody(text: str) -> None:
    shown = write_rationale(text)

    assert len(shown) <= MAX_RATIONALE
    assert "\n" not in shown
    assert find_live(f"It is {shown}") == []


@pytest.mark.parametrize(
    "states, expected",
    [
        ((), ""),
        (("pending",), "made"),
        (("applied",), "made"),
        (("approved",), "made"),
        (("unheard-of",), "made"),
        (("replaced",), ""),
        (("invalidated",), ""),
        (("replaced", "pending"), "made"),
        (("replaced", "invalidated"), "ended"),
        (("dismissed",), "dismissed"),
        (("pending", "dismissed"), "dismissed"),
        (("replaced", "dismissed", "pending"), "dismissed"),
    ],
)
def test_what_was_suggested_before_decides(states: tuple[str, ...], expected: str) -> None:
    items = (Suggestion(id=n, action="add_label", state=state) for n, state in enumerate(states))

    assert find_settlement(items) == expected


def test_a_rule_in_mode_suggest_suggests_its_labels_within_four_requests_and_does_nothing_else() -> None:
    tracker = a_tracker(an_issue(body="No space left on device", title="It breaks"))
    before = see(tracker)
    done = run_once(tracker, replace_labels(SUGGESTS, remove=["invalid"]))

    assert done.plan == Plan((SuggestLabels((LABEL,)),))
    assert (done.requests, see(tracker), done.errors) == (4, before, ())
    assert run_once(tracker, SUGGESTS).plan == Plan()


def replace_labels(rule: Fields, **labels: object) -> Fields:
    return {**rule, "labels": {"add": ["needs-info"], **labels}}


def test_settings_in_mode_suggest_cap_all_rules_and_all_labels() -> None:
    rule = a_rule(fixed_in={"version": "2.0"}, labels={"add": ["needs-info"], "remove": ["invalid"]}, close=CLOSES)
    issue = an_issue(body="No space left on device in version 2.1", title="It breaks", labels=("invalid",))
    tracker = a_tracker(issue, labels={"needs-info", "regression"})
    before = see(tracker)

    done = run_once(tracker, rule, settings="mode: suggest")

    assert [action.action for action in done.plan.actions] == ["suggest_labels", "suggest_close"]
    assert see(tracker) == before
    assert run_once(tracker, rule, settings="mode: suggest").plan == Plan()


CLOSES = {"as": "not_planned", "after": "3d"}


def test_a_server_without_suggestions_gets_nothing_and_the_summary_says_so() -> None:
    tracker = a_tracker(an_issue(), absence="this GitHub has no suggestions")
    before = see(tracker)

    done = run_once(tracker, a_rule(mode="suggest", close=CLOSES))

    (decision,) = done.decisions.rules
    assert (decision.effect, decision.mode) == ("observes", "suggest")
    assert decision.reason == "its mode is `suggest`, and this GitHub has no suggestions"
    assert done.plan == Plan(remarks=("Signpost suggests nothing on this issue: this GitHub has no suggestions",))
    assert see(tracker) == before


def test_a_label_that_is_there_or_that_somebody_took_off_is_not_suggested() -> None:
    assert run_once(a_tracker(an_issue(labels=("Needs-Info",))), SUGGESTS).plan == Plan()

    changes = [a_change("labeled", HUMAN, label="needs-info"), a_change("unlabeled", HUMAN, label="needs-info")]
    assert run_once(a_tracker(touched(), changes=changes), SUGGESTS).plan == Plan(
        remarks=("somebody removed the label `needs-info`, so Signpost does not set it again",)
    )


def test_a_label_that_does_not_exist_is_neither_created_nor_suggested() -> None:
    done = run_once(a_tracker(an_issue(), labels=set()), SUGGESTS, settings="labels: {create: true}")

    what = "the label `needs-info` does not exist in this repository, so Signpost does not suggest it"
    assert done.plan == Plan(remarks=(f"{what}; create it, or correct the rule or the settings",))


def test_what_somebody_dismissed_stays_dismissed_even_if_the_rule_changes() -> None:
    tracker = a_tracker(an_issue())
    tracker.suggest("add_label", number_label("needs-info"), "dismissed")

    done = run_once(tracker, {**SUGGESTS, "title": "Another title"})

    assert done.plan == Plan(
        remarks=("somebody dismissed the label `needs-info`, so Signpost does not suggest it again",)
    )


def test_of_two_rules_the_surest_gives_the_reason() -> None:
    sure = a_rule(id="sure", title="Sure", mode="suggest", match={"all": [{"phrase": "space"}, {"phrase": "device"}]})
    tracker = a_tracker(an_issue(body="No space left on device", title="It breaks"))

    (action,) = run_once(tracker, {**SUGGESTS, "also": ["sure"]}, sure).plan.actions

    why = "This looks like: Sure (body, line 1)"
    assert action == SuggestLabels((LabelSuggestion("needs-info", why, "high"),))


def test_a_closing_of_a_rule_in_mode_suggest_is_suggested_at_once() -> None:
    tracker = a_tracker(an_issue(title="It breaks", body="No space left on device"))
    rule = a_rule(mode="suggest", labels=[], close=CLOSES)

    done = run_once(tracker, rule)

    assert done.plan == Plan((SuggestClose("not_planned", None, LABEL.rationale, "medium"),))
    assert tracker.issues[7].state == "open"
    assert run_once(tracker, rule).plan == Plan()


@given(
    labels=st.lists(st.sampled_from(STATES), max_size=3),
    closings=st.lists(st.sampled_from(STATES), max_size=3),
    decision=st.sampled_from(["", "pending", "dismissed", "approved", "invalidated"]),
    cap=st.sampled_from(["observe", "suggest", "label"]),
)
def test_a_second_run_has_nothing_to_do_whatever_people_decided(
    labels: list[str], closings: list[str], decision: str, cap: str
) -> None:
    """And a third one has nothing to do after a person decided on what the first one suggested."""
    tracker = a_tracker(an_issue())
    for state in labels:
        tracker.suggest("add_label", number_label("needs-info"), state)
    for state in closings:
        tracker.suggest("close_issue", None, state)
    rule = a_rule(mode="suggest", close=CLOSES)

    first = run_once(tracker, rule, settings=f"mode: {cap}").plan.actions
    made = [each for each in tracker.suggestions if each.state == "pending"]
    assert run_once(tracker, rule, settings=f"mode: {cap}").plan.actions == ()
    tracker.suggestions = [
        replace(each, state=decision) if each in made and decision else each for each in tracker.suggestions
    ]
    again = run_once(tracker, rule, settings=f"mode: {cap}").plan.actions

    assert not (first and "dismissed" in labels and any(isinstance(each, SuggestLabels) for each in first))
    assert not (first and "dismissed" in closings and any(isinstance(each, SuggestClose) for each in first))
    assert again == () or decision == "invalidated"
    assert run_once(tracker, rule, settings=f"mode: {cap}").plan.actions == ()


def suggest_best(*found: Candidate, settings: str) -> list[object]:
    """The suggestions to close an issue that no rule matches, for what a search found; #3 to #6 are open."""
    inputs = LinkInputs(search=CandidateSearch(candidates=found, is_calibrated=True), links=linked_issues(3, 4, 5, 6))
    sources = sources_of(a_rule(), config=read_config(settings, "config.yml"))
    issue = an_issue(title="It is slow", body="Since Monday")
    plan = plan_from(issue, sources, link_inputs=inputs, suggestions=Suggestions())
    return [action for action in plan.actions if isinstance(action, SuggestClose)]


@pytest.mark.parametrize("tier, confidence", [("A", "high"), ("B", "medium"), ("C", "low")])
@pytest.mark.parametrize("mode", ["suggest", "label", "comment"])
def test_the_best_earlier_report_is_suggested_where_the_settings_ask_for_it(
    tier: str, confidence: Confidence, mode: str
) -> None:
    found = a_candidate(5, tier), a_candidate(4, "C", 0.1)

    (action,) = suggest_best(*found, settings=f"mode: {mode}\nduplicates: {{suggest: true}}")

    why = f"This looks like a duplicate: {found[0].why}"
    assert action == SuggestClose("duplicate", 5, why, confidence)


@pytest.mark.parametrize(
    "settings, read",
    [
        ("", {}),
        ("duplicates: {suggest: true, enabled: false}", {}),
        ("mode: observe\nduplicates: {suggest: true}", {}),
        ("duplicates: {suggest: true}", {"denied": Duplicates(denied=frozenset({5}))}),
        ("duplicates: {suggest: true}", {"search": CandidateSearch(candidates=(a_candidate(7),))}),
        ("duplicates: {suggest: true}", {"search": CandidateSearch(candidates=(a_candidate(99),))}),
        ("duplicates: {suggest: true}", {"search": CandidateSearch(candidates=(a_candidate(5, "C"),))}),
        ("duplicates: {suggest: true}", {"links": Links(failure="GitHub did not answer.")}),
    ],
    ids=["not asked for", "off", "observed", "denied", "itself", "gone", "alike, not calibrated", "unread"],
)
def test_an_issue_that_may_not_be_linked_is_not_suggested(settings: str, read: Fields) -> None:
    inputs: Fields = {"search": CandidateSearch(candidates=(a_candidate(5),)), "links": linked_issues(5)}
    sources = sources_of(a_rule(), config=read_config(settings, "config.yml"))
    issue = an_issue(title="It is slow", body="Since Monday")

    plan = plan_from(issue, sources, link_inputs=LinkInputs(**(inputs | read)), suggestions=Suggestions())

    assert plan.actions == ()


def test_a_suggestion_does_not_wait_for_a_comment() -> None:
    """A due closing waits, because the comment must be right first; nothing would come back for a suggestion."""
    inputs = LinkInputs(search=CandidateSearch(candidates=(a_candidate(5),)), links=linked_issues(5))
    sources = sources_of(a_rule(labels=[]), config=read_config("duplicates: {suggest: true}", "config.yml"))

    plan = plan_from(an_issue(), sources, link_inputs=inputs, suggestions=Suggestions())

    assert [action.action for action in plan.actions] == ["create_comment", "suggest_close"]


@pytest.mark.parametrize(
    "command, why",
    [
        ("/signpost close", "A person asked with a command to close it"),
        ("/signpost duplicate #3", "A person said with a command that this is a duplicate"),
    ],
)
def test_what_a_command_asks_for_is_suggested_where_the_settings_allow_no_more(command: str, why: str) -> None:
    said = a_comment(command, HUMAN, association="MEMBER", created_at=after(minutes=2))
    tracker = a_tracker(touched(body="All is well", title="It is slow", comments=(said,), comment_count=1))
    tracker.issues[3] = an_issue(number=3, body="Slow", url="", id=333)
    before = see(tracker)

    done = run_once(tracker, a_rule(), settings="mode: suggest\nclosing: {duplicates: 3d}")

    target = 3 if "duplicate" in command else None
    assert done.plan.actions[-1] == SuggestClose("duplicate" if target else "not_planned", target, why, "high")
    assert see(tracker) == before
    assert tracker.suggestions[-1].target == (333 if target else None)
    assert run_once(tracker, a_rule(), settings="mode: suggest\nclosing: {duplicates: 3d}").plan.actions == ()


def test_nothing_is_read_where_nothing_is_suggested() -> None:
    tracker = a_tracker(an_issue())

    assert (run_once(tracker, a_rule(mode="label")).requests, tracker.suggestions) == (3, [])
