"""The story of one issue, told with GitHub in memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comment.marker import Marker, find_own_comments
from bot.comment.renderer import render_withdrawal
from bot.errors import TrackerError
from bot.github.webhook_event import IssueRequest
from bot.tracker.types import Account, Comment, Issue, Skip
from bot.triage.actions import AddLabels, CreateComment, Plan, UpdateComment
from bot.triage.config import Config, Sources, read_config
from bot.triage.result import Result
from bot.triage.run import run
from tests.builders import (
    HUMAN,
    OTHER_BOT,
    OURSELVES,
    REPORTER,
    Fields,
    a_change,
    a_comment,
    a_rule,
    a_ruleset,
    after,
    an_event,
    an_issue,
)
from tests.fakes import FakeTracker

LABELS = frozenset({"needs-info", "invalid", "signpost:disk"})
WELL: Fields = {"title": "All is well", "body": "Nothing to see"}


def a_tracker(*issues: Issue, **changes: object) -> FakeTracker:
    by_number = {issue.number: issue for issue in issues}
    fields: Fields = {"issues": by_number, "labels": set(LABELS), "now": after(minutes=1)}
    return FakeTracker(**(fields | changes))


def run_once(
    tracker: FakeTracker, *rules: Fields, action: str = "edited", settings: str = "", is_dry_run: bool = False
) -> Result:
    """A run because of something that happened to issue 7."""
    event, config = an_event(tracker.issues[7], action=action), read_config(settings, "config.yml")
    return run(event, Sources(ruleset=a_ruleset(*rules), config=config), tracker, after(days=1), is_dry_run=is_dry_run)


def our_comments(tracker: FakeTracker) -> list[Comment]:
    return [comment for comment in tracker.issues[7].comments if comment.author == OURSELVES]


def test_a_new_issue_is_labelled_and_answered_within_five_requests() -> None:
    tracker = a_tracker(an_issue())
    result = run_once(tracker, action="opened")
    assert tracker.issues[7].labels == ("needs-info",)
    assert ["\n\nThe build ran out" in comment.body for comment in our_comments(tracker)] == [True]
    assert [outcome.is_ok for outcome in result.outcomes] == [True, True]
    assert result.requests == 5


def test_an_issue_that_matches_nothing_costs_no_request() -> None:
    tracker = a_tracker(an_issue(**WELL))
    assert run_once(tracker, action="opened") == Result(repository="octo-org/octo-repo", issue=7)


def test_a_dry_run_plans_and_writes_nothing() -> None:
    tracker = a_tracker(an_issue())
    result = run_once(tracker, is_dry_run=True)
    assert [action.action for action in result.plan.actions] == ["add_labels", "create_comment"]
    assert (result.outcomes, tracker.issues[7]) == ((), an_issue())


def test_a_second_run_writes_nothing() -> None:
    tracker = a_tracker(an_issue())
    run_once(tracker)
    before = replace(tracker.issues[7])
    assert run_once(tracker).plan == Plan()
    assert tracker.issues[7] == before


def test_the_issue_counts_as_it_is_now_not_as_the_event_says() -> None:
    tracker = a_tracker(an_issue(**WELL))
    late = an_event(an_issue())
    assert run(late, Sources(ruleset=a_ruleset(), config=Config()), tracker, after(days=1)).plan == Plan()


@pytest.mark.parametrize(
    "now, reason",
    [
        ({"state": "closed"}, "the issue is closed"),
        ({"is_locked": True}, "the issue is locked"),
        ({"is_pull_request": True}, "it is a pull request"),
    ],
)
def test_an_issue_that_has_changed_meanwhile_is_left_alone(now: Fields, reason: str) -> None:
    tracker = a_tracker(an_issue(**now))
    result = run(an_event(an_issue()), Sources(ruleset=a_ruleset(), config=Config()), tracker, after(days=1))
    assert result == Result(repository="octo-org/octo-repo", issue=7, skipped=Skip(reason), requests=1)


def test_an_event_of_our_own_starts_nothing() -> None:
    tracker = a_tracker(an_issue())
    result = run(
        an_event(an_issue(), sender=OURSELVES), Sources(ruleset=a_ruleset(), config=Config()), tracker, after(days=1)
    )
    assert (result.skipped, result.requests) == (Skip("the event comes from a bot (github-actions[bot])"), 0)


def test_one_can_ask_for_one_issue_by_its_number() -> None:
    tracker = a_tracker(an_issue())
    request = IssueRequest(repository="octo-org/octo-repo", number=7, sender=HUMAN)
    result = run(request, Sources(ruleset=a_ruleset(), config=Config()), tracker, after(days=1))
    assert [type(action) for action in result.plan.actions] == [AddLabels, CreateComment]


def test_an_edit_that_takes_the_problem_away_takes_everything_back() -> None:
    tracker = a_tracker(an_issue())
    run_once(tracker)
    tracker.issues[7] = replace(tracker.issues[7], **WELL)
    run_once(tracker)
    (ours,) = our_comments(tracker)
    assert tracker.issues[7].labels == ()
    assert ours.body.startswith(render_withdrawal())
    assert run_once(tracker).plan == Plan()


def test_an_edit_that_brings_the_problem_back_is_answered_in_the_same_comment() -> None:
    tracker = a_tracker(an_issue())
    run_once(tracker)
    tracker.issues[7] = replace(tracker.issues[7], **WELL)
    run_once(tracker)
    tracker.issues[7] = replace(tracker.issues[7], body=an_issue().body)
    run_once(tracker)
    (ours,) = our_comments(tracker)
    assert ours.body.startswith("This looks like a known problem: **The disk is full**")
    assert tracker.issues[7].labels == ("needs-info",)


def test_an_edit_that_was_made_while_we_commented_takes_everything_back_too() -> None:
    tracker = a_tracker(an_issue())
    edited = an_event(an_issue(**WELL), action="edited")
    run_once(tracker, action="opened")
    tracker.issues[7] = replace(tracker.issues[7], **WELL)
    run(edited, Sources(ruleset=a_ruleset(), config=Config()), tracker, after(days=1))
    (ours,) = our_comments(tracker)
    assert tracker.issues[7].labels == ()
    assert ours.body.startswith(render_withdrawal())


def test_a_tidier_title_takes_nothing_back() -> None:
    tracker = a_tracker(an_issue(title="No space left on device", body="That is all I know."))
    run_once(tracker)
    tracker.issues[7] = replace(tracker.issues[7], title="Building needs much disk space")
    tracker.changes.append(a_change("renamed", HUMAN, after(days=1), former_title="No space left on device"))
    assert run_once(tracker).plan == Plan()


def test_a_new_title_by_the_reporter_counts() -> None:
    tracker = a_tracker(an_issue(title="No space left on device", body="That is all I know."))
    run_once(tracker)
    tracker.issues[7] = replace(tracker.issues[7], title="Never mind")
    tracker.changes.append(a_change("renamed", REPORTER, after(days=1), former_title="No space left on device"))
    assert [type(action) for action in run_once(tracker).plan.actions][-1] is UpdateComment


def test_a_label_that_a_human_took_off_stays_off() -> None:
    tracker = a_tracker(an_issue())
    run_once(tracker)
    tracker.issues[7] = replace(tracker.issues[7], labels=())
    tracker.changes.append(a_change("unlabeled", HUMAN, after(days=1), label="needs-info"))
    assert run_once(tracker).plan == Plan(
        (), ("somebody removed the label `needs-info`, so Signpost does not set it again",)
    )


def test_a_comment_that_a_human_deleted_stays_away() -> None:
    tracker = a_tracker(an_issue())
    run_once(tracker)
    tracker.issues[7] = replace(tracker.issues[7], comments=(), comment_count=0)
    tracker.changes.append(a_change("comment_deleted", HUMAN, after(days=1)))
    assert run_once(tracker).plan == Plan((), ("a comment was deleted here, so Signpost does not post another one",))


def test_a_label_of_our_own_prefix_goes_even_if_nothing_matches_any_more() -> None:
    tracker = a_tracker(
        an_issue(labels=("signpost:disk",), updated_at=after(minutes=1), **WELL),
        changes=[a_change("labeled", OURSELVES, label="signpost:disk")],
    )
    run_once(tracker, settings="labels: {prefix_owned: ['signpost:']}")
    assert tracker.issues[7].labels == ()


@pytest.mark.parametrize(
    "number, there, remark",
    [
        (3, an_issue(number=3), None),
        (3, an_issue(number=3, state="closed", state_reason="completed"), None),
        (
            3,
            an_issue(number=3, state="closed", state_reason="duplicate"),
            "#3 is closed as duplicate, but GitHub does not name the other issue",
        ),
        (4, an_issue(number=3), "#4 is not an issue of this repository (deleted, moved, or never created)"),
        (7, an_issue(number=3), "#7 is this issue itself"),
    ],
)
def test_an_issue_to_follow_is_linked_only_if_it_can_be(number: int, there: Issue, remark: str | None) -> None:
    tracker = a_tracker(an_issue(), there)
    result = run_once(tracker, a_rule(follow=number), action="opened")
    (ours,) = our_comments(tracker)
    assert result.all_remarks == ((f"the issue that `out-of-disk` follows is not linked: {remark}",) if remark else ())
    assert (f"#{number}" in ours.body) is (remark is None)


UNANSWERED = TrackerError("Could not read #3: GitHub answered 502.", unanswered=True)
TOLD = (
    "Could not read #3: GitHub answered 502. Until the next run for this issue, Signpost adds no links, "
    "and a comment with links stays unchanged."
)


def test_an_issue_is_answered_without_links_that_github_does_not_tell_now() -> None:
    rule, alone = a_rule(follow=3), a_tracker(an_issue())
    run_once(alone, a_rule())
    tracker = a_tracker(an_issue(), an_issue(number=3), failure=UNANSWERED)

    result = run_once(tracker, rule, action="opened")
    (first,) = our_comments(tracker)
    tracker.failure = None
    run_once(tracker, rule)

    assert (result.all_remarks, tracker.issues[7].labels) == ((TOLD,), ("needs-info",))
    assert first.body.partition("<!--")[0] == our_comments(alone)[0].body.partition("<!--")[0]
    assert ["#3" in comment.body for comment in our_comments(tracker)] == [True]


def test_an_answer_that_refuses_to_tell_links_ends_the_run() -> None:
    tracker = a_tracker(an_issue(), an_issue(number=3), failure=TrackerError("Could not read #3: GitHub answered 401."))
    with pytest.raises(TrackerError, match="401"):
        run_once(tracker, a_rule(follow=3))
    assert (tracker.issues[7].labels, our_comments(tracker)) == ((), [])


def test_a_comment_keeps_its_links_while_github_does_not_tell_them() -> None:
    rule, changed = a_rule(follow=3), a_rule(follow=3, guidance={"tldr": "Free some space."})
    tracker = a_tracker(an_issue(), an_issue(number=3))
    run_once(tracker, rule)
    before = our_comments(tracker)

    tracker.failure = UNANSWERED
    outage = run_once(tracker, changed)
    kept = our_comments(tracker)
    tracker.failure = None
    run_once(tracker, changed)

    (after_all,) = our_comments(tracker)
    assert (kept, outage.all_remarks, outage.plan.actions) == (before, (TOLD,), ())
    assert ("Free some space." in after_all.body, "#3" in after_all.body) == (True, True)


@pytest.mark.parametrize("settings", ["", "labels: {prefix_owned: [duplicate]}", "mode: label"])
@pytest.mark.parametrize("rule", [a_rule(), a_rule(labels={"add": ["needs-info"], "remove": ["duplicate"]})])
def test_a_command_is_not_obeyed_blindly_and_what_it_did_before_stays(settings: str, rule: Fields) -> None:
    command = a_comment("/signpost duplicate #3")
    tracker = a_tracker(an_issue(), an_issue(number=3), labels={*LABELS, "duplicate"}, failure=UNANSWERED)
    run_once(tracker, rule, settings=settings)
    tracker.issues[7] = replace(tracker.issues[7], comments=(*tracker.issues[7].comments, command), comment_count=9)

    refused = run_once(tracker, rule, settings=settings)
    labels = [tracker.issues[7].labels]
    for tracker.failure in (None, UNANSWERED, None):
        run_once(tracker, rule, settings=settings)
        labels.append(tracker.issues[7].labels)

    assert refused.all_remarks == (TOLD, "`/signpost duplicate #3` has no effect: #3 could not be checked")
    assert labels == [("needs-info",), *[("needs-info", "duplicate")] * 3]


def test_a_comment_under_another_name_than_ours_is_remarked() -> None:
    tracker = a_tracker(an_issue(), we=OTHER_BOT)
    assert run_once(tracker).remarks == (
        "Signpost's comment was posted as tidy-up[bot]; set `identity: {login: 'tidy-up[bot]'}` in config.yml",
    )


@pytest.mark.parametrize(
    "settings, said, we",
    [
        ("identity: {login: 'tidy-up[bot]'}", None, OTHER_BOT),
        ("", "octo-machine", Account(login="octo-machine")),
        ("", None, OURSELVES),
    ],
)
def test_our_own_comment_is_known_under_the_name_of_the_token(settings: str, said: str | None, we: Account) -> None:
    tracker = a_tracker(an_issue(), we=we, login=said)
    tracker.issues[7] = replace(tracker.issues[7], updated_at=after(minutes=1))
    run_once(tracker, settings=settings)
    assert run_once(tracker, settings=settings).plan == Plan()
    assert len(tracker.issues[7].comments) == 1


@dataclass
class Breaking(FakeTracker):
    """A GitHub that stops at one of its requests."""

    last: int = 0

    def list_changes(self, issue: Issue) -> tuple[()]:
        raise TrackerError(f"GitHub is down (#{issue.number})")


def test_a_reading_that_fails_is_told_and_nothing_is_written() -> None:
    tracker = Breaking(issues={7: an_issue(updated_at=after(minutes=1))}, labels=set(LABELS))
    with pytest.raises(TrackerError):
        run_once(tracker)
    assert tracker.issues[7] == an_issue(updated_at=after(minutes=1))


@pytest.mark.parametrize(
    "found, is_ours",
    [
        pytest.param({"id": 5}, True, id="the same"),
        pytest.param({"id": 5, "repository": "octo-org/renamed"}, True, id="of a renamed repository"),
        pytest.param({"id": 6, "repository": "other/repo"}, False, id="transferred, by chance to the same number"),
        pytest.param({"id": 0, "repository": "other/repo"}, False, id="elsewhere, and nobody knows its id"),
    ],
)
def test_only_the_issue_of_the_event_is_answered(found: Fields, *, is_ours: bool) -> None:
    tracker = a_tracker(an_issue(**found))
    result = run(an_event(an_issue(id=5)), Sources(ruleset=a_ruleset(), config=Config()), tracker, after(days=1))
    gone = Skip("the issue was deleted or transferred")
    assert (result.skipped, bool(our_comments(tracker))) == (None if is_ours else gone, is_ours)


@dataclass
class Vanished(FakeTracker):
    """A GitHub that does not have the issue any more, or does not show it."""

    is_gone: bool = True

    def get_issue(self, repository: str, number: int) -> Issue:
        raise TrackerError(f"{repository}#{number}: 410", missing=True, gone=self.is_gone)


def test_an_issue_that_is_gone_is_skipped_and_one_that_cannot_be_seen_is_an_error() -> None:
    event = an_event(an_issue())
    result = run(event, Sources(ruleset=a_ruleset(), config=Config()), Vanished(), after(days=1))
    assert result.skipped == Skip("the issue was deleted or transferred")
    with pytest.raises(TrackerError):
        run(event, Sources(ruleset=a_ruleset(), config=Config()), Vanished(is_gone=False), after(days=1))


@pytest.mark.parametrize(
    "issue, requests",
    [
        (an_issue(), 5),  # the issue, the labels; label, comment, and a look whether another run was faster
        (an_issue(updated_at=after(minutes=1)), 7),  # and the history, and who we are
        (an_issue(comments=(a_comment(),)), 8),  # and the comments
    ],
)
def test_only_what_may_matter_is_asked_for(issue: Issue, requests: int) -> None:
    assert run_once(a_tracker(issue)).requests == requests


def test_two_known_problems_are_one_comment() -> None:
    rules = (a_rule(also=["other"]), a_rule(id="other", title="Another", match={"phrase": "os error 28"}))
    tracker = a_tracker(an_issue())
    run_once(tracker, *rules)
    (ours,) = our_comments(tracker)
    (found,) = find_own_comments([ours], [OURSELVES.login], 7)
    assert sorted(found[1].rules) == ["other", "out-of-disk"]
    assert isinstance(found[1], Marker)


def logins(comments: Iterable[Comment]) -> list[str]:
    return [comment.author.login for comment in comments]


def test_what_others_say_beside_us_stays_as_it_is() -> None:
    tracker = a_tracker(an_issue(comments=(a_comment("me too", HUMAN),)))
    run_once(tracker)
    assert logins(tracker.issues[7].comments) == [HUMAN.login, OURSELVES.login]


# --- whatever happens


def _say(tracker: FakeTracker, *, body: str) -> None:
    tracker.issues[7] = replace(tracker.issues[7], body=body, updated_at=tracker.now)


def _label(tracker: FakeTracker, *, labels: tuple[str, ...], who: Account) -> None:
    """Somebody sets the issue's labels."""
    before = tracker.issues[7].labels
    tracker.changes += [a_change("unlabeled", who, tracker.now, label=name) for name in before if name not in labels]
    tracker.changes += [a_change("labeled", who, tracker.now, label=name) for name in labels if name not in before]
    tracker.issues[7] = replace(tracker.issues[7], labels=labels, updated_at=tracker.now)


def _drop_comments(tracker: FakeTracker) -> None:
    if tracker.issues[7].comments:
        tracker.changes.append(a_change("comment_deleted", HUMAN, tracker.now))
        tracker.issues[7] = replace(tracker.issues[7], comments=(), comment_count=0, updated_at=tracker.now)


def _edit_comments(tracker: FakeTracker) -> None:
    comments = tuple(replace(c, body=f"{c.body}\n\nEdit: not here.") for c in tracker.issues[7].comments)
    tracker.issues[7] = replace(tracker.issues[7], comments=comments)


def _hide_comments(tracker: FakeTracker) -> None:
    comments = tuple(replace(comment, is_minimized=True) for comment in tracker.issues[7].comments)
    tracker.issues[7] = replace(tracker.issues[7], comments=comments)


STEPS: dict[str, Callable[[FakeTracker], object]] = {
    "run": run_once,
    "the problem is there": partial(_say, body="No space left on device"),
    "and another one": partial(_say, body="No space left on device, cannot allocate memory"),
    "the problem is gone": partial(_say, body="All is well"),
    "a human takes all labels off": partial(_label, labels=(), who=HUMAN),
    "a human sets our label": partial(_label, labels=("needs-info",), who=HUMAN),
    "a bot sets labels": partial(_label, labels=("needs-info", "invalid"), who=OTHER_BOT),
    "a human deletes our comment": _drop_comments,
    "a human edits our comment": _edit_comments,
    "a human hides our comment": _hide_comments,
}
BOTH = (
    a_rule(also=["out-of-memory"], labels={"add": ["needs-info"], "remove": ["invalid"]}),
    a_rule(id="out-of-memory", match={"phrase": "Cannot allocate memory"}, labels=["memory"]),
)


@pytest.mark.slow
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=12), st.sampled_from(["comment", "label", "observe"]))
def test_whatever_happens_a_second_run_has_nothing_to_do_and_there_is_one_comment(steps: list[str], mode: str) -> None:
    tracker = a_tracker(an_issue(labels=("invalid",)), labels={*LABELS, "memory"})
    cap = f"mode: {mode}"
    for step in steps:
        tracker.now += timedelta(minutes=1)
        if step == "run":
            run_once(tracker, *BOTH, settings=cap)
        else:
            STEPS[step](tracker)
    run_once(tracker, *BOTH, settings=cap)
    assert run_once(tracker, *BOTH, settings=cap).plan.actions == ()
    assert len(our_comments(tracker)) <= 1
    assert mode == "comment" or our_comments(tracker) == []


@pytest.mark.slow
@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=8))
def test_what_a_human_set_or_took_off_last_stays_so(steps: list[str]) -> None:
    tracker = a_tracker(an_issue(), labels={*LABELS, "memory"})
    for step in steps:
        tracker.now += timedelta(minutes=1)
        if step == "run":
            run_once(tracker, *BOTH)
        else:
            STEPS[step](tracker)
        by_human = {c.label: c.kind for c in tracker.changes if c.actor == HUMAN and c.label}
        last = {change.label: change for change in tracker.changes if change.label}
        decided = {label: kind for label, kind in by_human.items() if last[label].actor == HUMAN}
        run_once(tracker, *BOTH)
        present = tracker.issues[7].labels
        assert {label: label in present for label in decided} == {
            label: kind == "labeled" for label, kind in decided.items()
        }
