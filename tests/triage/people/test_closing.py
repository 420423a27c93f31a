"""Closing is promised with its date, and any sign of life of a person cancels it for ever."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.comment.marker import Promise, read_marker
from bot.tracker.types import Change, Comment, Issue, LinkedIssue, Links
from bot.triage.actions import Close, Plan, React
from bot.triage.config import Config, read_config
from bot.triage.links import LinkInputs
from bot.triage.people.closing import Closing, decide_closing
from bot.triage.snapshot import make_decisions, needs_history
from tests.builders import (
    HUMAN,
    OTHER_BOT,
    OURSELVES,
    REPORTER,
    Fields,
    a_change,
    a_comment,
    a_rule,
    after,
    an_issue,
)
from tests.triage.plans import NOTHING, TODAY, body_of, kinds, plan_from, plan_of, remember, snapshot_of, sources_of

RULE = a_rule(close={"as": "not_planned", "after": "3d"})
DUE = datetime(2026, 4, 11, 12, 9, tzinfo=UTC)
"""Three days after the comment was posted, nine minutes after the issue was opened."""

LATE = after(days=4)
PROMISE = (
    "**If no one answers, Signpost closes this report as not planned on 11 April 2026 (UTC) or later.** "
    "To keep it open, write a comment, or react to this comment with 👎. It also stays open if somebody changes its "
    "title, text, labels, assignee or milestone. If somebody opens it again later, Signpost leaves it open."
)
ASKED = read_config("closing: {confirm: true}", "config.yml")


def promised(**changes: object) -> Comment:
    """Our comment, which promises to close the issue."""
    fields: Fields = {"body": body_of(plan_of(an_issue(), RULE)), "id": 44, "created_at": after(minutes=9)}
    return a_comment(author=OURSELVES, **(fields | changes))


def waiting(*comments: Comment, **changes: object) -> Issue:
    """An issue with that comment, and nothing else since."""
    fields: Fields = {"labels": ("needs-info",), "comments": (promised(), *comments)}
    return an_issue(**(fields | changes))


def decide(issue: Issue, config: Config | None = None, *, days: float = 4, **read: object) -> Closing:
    sources = sources_of(RULE, config=config)
    snapshot = snapshot_of(issue, sources, **read)
    return decide_closing(snapshot, make_decisions(snapshot, sources, TODAY), sources.config, after(days=days))


def test_the_comment_says_when_the_report_is_closed() -> None:
    body = body_of(plan_of(an_issue(), RULE))
    marker = read_marker(body)
    assert marker
    assert PROMISE in body
    assert datetime.fromtimestamp(marker.closes, UTC) == DUE


def test_a_template_of_the_repository_says_so_as_well() -> None:
    for template in ("{{ sections[0].tldr }}", "{{ closing }}\n\n{{ sections[0].tldr }}"):
        assert body_of(plan_from(an_issue(), sources_of(RULE, template=template))).count(PROMISE) == 1


@pytest.mark.parametrize(
    "days, expected",
    [
        (3.0, Closing(effect="announced", at=DUE, action=Close("not_planned"))),
        (3.1, Closing(effect="due", at=DUE, action=Close("not_planned"))),
    ],
)
def test_it_is_due_when_the_promised_time_has_come(days: float, expected: Closing) -> None:
    assert decide(waiting(), days=days) == expected


def test_nothing_is_closed_that_was_not_announced() -> None:
    silent = a_comment(body_of(plan_of(an_issue())), OURSELVES, id=44)
    issue = an_issue(labels=("needs-info",), comments=(silent,))
    assert decide(issue) == Closing(effect="announced", at=after(days=7), action=Close("not_planned"))
    assert kinds(plan_of(issue, RULE, now=LATE)) == ["update_comment"]


SOON = after(minutes=10)
SIGNS: dict[str, tuple[Issue, tuple[Change, ...], str]] = {
    "the author answers": (waiting(a_comment("No", REPORTER, created_at=SOON)), (), "somebody commented"),
    "anybody comments": (waiting(a_comment("me too", HUMAN, created_at=SOON)), (), "somebody commented"),
    "an earlier comment is edited": (
        waiting(a_comment("Hm", HUMAN, created_at=after(minutes=2), updated_at=after(minutes=30))),
        (),
        "somebody commented",
    ),
    "somebody reacts with 👎": (
        waiting(comments=(promised(reactions=(("-1", 1),)),)),
        (),
        "somebody reacted to Signpost's comment with 👎",
    ),
    "three people want it": (waiting(reactions=(("+1", 3),)), (), "several people reacted to it with 👍"),
    "assigned": (waiting(is_assigned=True), (), "it is assigned"),
    "in a milestone": (waiting(has_milestone=True), (), "it has a milestone"),
    "locked": (waiting(is_locked=True), (), "it is locked"),
    "pinned": (waiting(), (a_change("pinned", HUMAN, after(minutes=1)),), "it is pinned"),
    "reopened": (waiting(), (a_change("reopened", HUMAN, after(minutes=1)),), "somebody reopened it"),
    "labeled": (waiting(), (a_change("labeled", HUMAN, SOON, label="p1"),), "somebody changed it (labeled)"),
    "unlabeled": (waiting(), (a_change("unlabeled", HUMAN, SOON, label="p1"),), "somebody changed it (unlabeled)"),
    "was assigned": (waiting(), (a_change("unassigned", HUMAN, SOON),), "somebody changed it (unassigned)"),
    "was in a milestone": (waiting(), (a_change("demilestoned", HUMAN, SOON),), "somebody changed it (demilestoned)"),
    "renamed": (waiting(), (a_change("renamed", REPORTER, SOON, former_title="x"),), "somebody changed it (renamed)"),
    "text edited": (waiting(updated_at=after(days=1)), (), "somebody edited it"),
    "text edited before a bot commented": (
        waiting(
            a_comment("Thanks!", OTHER_BOT, created_at=after(days=1)),
            body=f"{an_issue().body}\n\nMore.",
            updated_at=after(days=1),
        ),
        (),
        "somebody edited it",
    ),
}
QUIET: dict[str, tuple[Issue, tuple[Change, ...]]] = {
    "nothing": (waiting(), ()),
    "a bot comments": (waiting(a_comment("Thanks!", OTHER_BOT, created_at=SOON)), ()),
    "a bot labels": (waiting(updated_at=SOON), (a_change("labeled", OTHER_BOT, SOON, label="stale"),)),
    "we label": (waiting(updated_at=SOON), (a_change("labeled", OURSELVES, SOON, label="needs-info"),)),
    "a person came before us": (
        waiting(a_comment("me too", HUMAN, created_at=after(minutes=2))),
        (a_change("labeled", HUMAN, after(minutes=2), label="bug"),),
    ),
    "unpinned again": (
        waiting(),
        (a_change("pinned", HUMAN, after(minutes=1)), a_change("unpinned", HUMAN, after(minutes=2))),
    ),
    "somebody was mentioned": (waiting(updated_at=SOON), (a_change("mentioned", HUMAN, SOON),)),
    "two people want it": (waiting(reactions=(("+1", 2),)), ()),
    "it helped": (waiting(comments=(promised(reactions=(("+1", 5), ("heart", 1))),)), ()),
}


@pytest.mark.parametrize("issue, history, reason", SIGNS.values(), ids=SIGNS)
def test_a_sign_of_life_cancels_it(issue: Issue, history: tuple[Change, ...], reason: str) -> None:
    assert decide(issue, history=history) == Closing(effect="cancelled", reason=reason)
    plan = plan_of(issue, RULE, now=LATE, history=history)
    marker = read_marker(body_of(plan))
    assert marker
    assert (kinds(plan), PROMISE in body_of(plan)) == (["update_comment"], False)
    assert (marker.closes, marker.is_kept_open) == (0, True)


@pytest.mark.parametrize("issue, history", QUIET.values(), ids=QUIET)
def test_what_no_person_does_cancels_nothing(issue: Issue, history: tuple[Change, ...]) -> None:
    assert plan_of(issue, RULE, now=LATE, history=history) == Plan((Close("not_planned"),))


def test_a_cancelled_closing_stays_cancelled_when_the_sign_is_gone() -> None:
    cancelled = plan_of(waiting(a_comment("No", REPORTER, created_at=SOON)), RULE, now=LATE, history=())
    ours = promised(body=body_of(cancelled))
    assert plan_of(waiting(comments=(ours,)), RULE, now=after(days=90), history=()) == NOTHING


def test_where_the_settings_want_a_persons_word_the_summary_proposes_it() -> None:
    body = body_of(plan_of(an_issue(), RULE, config=ASKED))
    ours = a_comment(body, OURSELVES, created_at=after(minutes=9))
    issue = an_issue(labels=("needs-info",), comments=(ours,))
    proposal = "no sign of life: #7 may be closed as not planned; the settings want a person to decide"
    assert "Signpost closes" not in body
    assert plan_of(issue, RULE, config=ASKED, now=after(days=2)) == NOTHING
    assert plan_of(issue, RULE, config=ASKED, now=LATE) == Plan((), (proposal,))
    assert plan_of(replace(issue, is_assigned=True), RULE, config=ASKED, now=LATE).remarks == ()


CONFIRMED = read_config("closing: {duplicates: 3d}", "config.yml")
SAID = a_comment("/signpost duplicate #3", REPORTER, id=50, created_at=after(minutes=30), reactions=(("+1", 1),))
CANONICAL = LinkInputs(command=3, links=Links(issues={3: LinkedIssue(issue=an_issue(number=3, id=3003))}))


def test_a_confirmed_duplicate_is_closed_after_its_own_promise() -> None:
    ours = a_comment(body_of(plan_of(an_issue())), OURSELVES, id=44, created_at=after(minutes=9))
    issue = an_issue(labels=("needs-info", "duplicate"), comments=(ours, SAID))
    first = plan_of(issue, config=CONFIRMED, now=after(minutes=31), link_inputs=CANONICAL)
    assert "Signpost closes this report as a duplicate on 11 April 2026 (UTC) or later.**" in body_of(first)

    told = replace(issue, comments=(replace(ours, body=body_of(first)), SAID))
    assert plan_of(told, config=CONFIRMED, now=after(days=2), link_inputs=CANONICAL) == NOTHING
    due = plan_of(told, config=CONFIRMED, now=after(days=4), link_inputs=CANONICAL)
    assert due == Plan((Close("duplicate", 3),))

    answer = a_comment("No, it is not", HUMAN, id=51, created_at=after(days=1))
    answered = replace(told, comments=(*told.comments, answer))
    assert kinds(plan_of(answered, config=CONFIRMED, now=after(days=4), link_inputs=CANONICAL)) == ["update_comment"]


def test_a_duplicate_is_not_closed_unless_the_settings_say_so() -> None:
    ours = a_comment(body_of(plan_of(an_issue())), OURSELVES, id=44, created_at=after(minutes=9))
    issue = an_issue(labels=("needs-info", "duplicate"), comments=(ours, SAID))
    plan = plan_of(issue, now=after(days=400), link_inputs=CANONICAL)
    assert [action for action in plan.actions if isinstance(action, Close)] == []
    assert "Signpost closes" not in body_of(plan)


@pytest.mark.parametrize(
    "issue, is_needed",
    [(waiting(), True), (an_issue(), False), (waiting(comments=(promised(body=body_of(plan_of(an_issue()))),)), True)],
)
def test_the_history_is_read_where_a_closing_depends_on_it(issue: Issue, *, is_needed: bool) -> None:
    sources = sources_of(RULE)
    snapshot = snapshot_of(issue, sources)
    assert needs_history(snapshot, make_decisions(snapshot, sources, TODAY), sources.config) is is_needed


def confirmed(*comments: Comment, **changes: object) -> Issue:
    """An issue whose comment promises to close it as a duplicate of #3, announced in minute 31."""
    ours = a_comment(body_of(plan_of(an_issue())), OURSELVES, id=44, created_at=after(minutes=9))
    fields: Fields = {"labels": ("needs-info", "duplicate"), "comments": (ours, SAID)}
    issue = an_issue(**(fields | changes))
    first = plan_of(issue, config=CONFIRMED, now=after(minutes=31), link_inputs=CANONICAL)
    return replace(issue, comments=(replace(ours, body=body_of(first)), SAID, *comments))


AGAIN = replace(SAID, id=60, created_at=after(days=1))
FIFTH = LinkInputs(command=5, links=Links(issues={5: LinkedIssue(issue=an_issue(number=5, id=3005))}))


@pytest.mark.parametrize(
    "comments, inputs, expected",
    [
        ((AGAIN,), CANONICAL, "due"),
        ((a_comment("I am on it", HUMAN, id=59, created_at=after(days=0.1)), AGAIN), CANONICAL, "cancelled"),
        ((replace(AGAIN, body="/signpost duplicate #5"),), FIFTH, "announced"),
        ((replace(AGAIN, body="/signpost rerun"),), CANONICAL, "cancelled"),
    ],
    ids=["said again", "a person came before that", "another target", "another command"],
)
def test_a_second_command_neither_erases_signs_nor_inherits_the_date(
    comments: tuple[Comment, ...], inputs: LinkInputs, expected: str
) -> None:
    sources = sources_of(a_rule(), config=CONFIRMED)
    snapshot = snapshot_of(confirmed(*comments), sources, link_inputs=inputs, history=())
    found = decide_closing(snapshot, make_decisions(snapshot, sources, TODAY), sources.config, LATE)
    assert found.effect == expected
    assert found.at == {"announced": after(days=7), "due": after(days=3, minutes=31)}.get(expected)


def test_the_promise_is_remembered_as_it_was_first_announced() -> None:
    later = confirmed(replace(AGAIN, body="/signpost duplicate #5"))
    marker = read_marker(later.comments[0].body)
    again = read_marker(body_of(plan_of(later, config=CONFIRMED, now=after(days=2), link_inputs=FIFTH, history=())))
    assert marker
    assert again
    assert marker.promise
    since = int(after(minutes=31).timestamp())
    assert marker.promise == Promise(reason="duplicate", target=3, since=since, report=marker.promise.report)
    assert again.promise == marker.promise.model_copy(update={"target": 5})


@pytest.mark.parametrize("rule", [a_rule(mode="label"), a_rule(mode="observe"), a_rule(expires="2020-01-01")])
def test_a_promise_that_nothing_asks_for_any_more_leaves_the_comment(rule: Fields) -> None:
    before = promised().body
    plan = plan_of(waiting(), rule, now=after(days=1), history=())
    after_it, marker = body_of(plan), read_marker(body_of(plan))
    assert marker
    assert (PROMISE in after_it, marker.closes, marker.promise, marker.is_kept_open) == (False, 0, None, False)
    assert after_it.rpartition("\n\n")[0] == before.rpartition("\n\n")[0].replace(f"{PROMISE}\n\n", "")


def test_a_silent_date_is_announced_before_it_counts_for_readers() -> None:
    silent = promised(body=body_of(plan_of(an_issue(), RULE, config=ASKED)))
    issue = waiting(comments=(silent,))
    assert decide(issue, ASKED).effect == "proposed"
    assert decide(issue) == Closing(effect="announced", at=after(days=7), action=Close("not_planned"))
    assert decide(waiting(), ASKED).is_silent


@pytest.mark.parametrize("seconds, effect", [(1 << 70, "announced"), (1 << 45, "announced"), (-(1 << 70), "due")])
def test_an_impossible_time_in_a_marker_stops_no_run(seconds: int, effect: str) -> None:
    marker = read_marker(promised().body)
    assert marker
    assert marker.promise
    promise = marker.promise.model_copy(update={"since": seconds})
    ours = promised(body=remember(promised().body, closes=seconds, promise=promise))
    assert decide(waiting(comments=(ours,)), history=()).effect == effect


def test_a_comment_that_must_be_right_first_leaves_the_closing_for_the_next_run() -> None:
    plan = plan_from(waiting(), sources_of(RULE, template="{{ sections[0].tldr }}"), LATE, history=())
    assert (kinds(plan), plan.is_unfinished) == (["update_comment"], True)
    assert not plan_from(waiting(), sources_of(RULE, template="{{ sections[0].tldr }}"), after(days=1)).is_unfinished


ORDER = a_comment("/signpost close", REPORTER, id=70, created_at=after(minutes=30))
BY_MAINTAINER = replace(ORDER, author=HUMAN, association="MEMBER")
OBSERVE = read_config("mode: observe", "config.yml")
PINNED = (a_change("pinned", HUMAN, after(minutes=1)),)


@pytest.mark.parametrize(
    "issue, history, config, effect, fault",
    [
        (waiting(ORDER), (), None, "ordered", ""),
        (waiting(ORDER, is_assigned=True), (), None, "cancelled", "it is assigned, so only maintainers may close it"),
        (
            waiting(ORDER, has_milestone=True),
            (),
            None,
            "cancelled",
            "it has a milestone, so only maintainers may close it",
        ),
        (waiting(ORDER, is_locked=True), (), None, "cancelled", "it is locked, so only maintainers may close it"),
        (waiting(ORDER), PINNED, None, "cancelled", "it is pinned, so only maintainers may close it"),
        (waiting(BY_MAINTAINER, is_assigned=True), PINNED, None, "ordered", ""),
        (waiting(BY_MAINTAINER), (), OBSERVE, "none", ""),
    ],
)
def test_an_author_cannot_close_what_maintainers_keep(
    issue: Issue, history: tuple[Change, ...], config: Config | None, effect: str, fault: str
) -> None:
    assert decide(issue, config, history=history).effect == effect
    sources = sources_of(RULE, config=config)
    assert [each.fault for each in snapshot_of(issue, sources, history=history).said] == [fault]
    reactions = [each.content for each in plan_from(issue, sources, history=history).actions if isinstance(each, React)]
    assert reactions == ([] if config else ["confused" if fault else "+1"])


def test_the_duplicate_that_a_person_named_comes_first() -> None:
    for issue, effect in ((waiting(SAID), "announced"), (waiting(SAID, ORDER), "ordered")):
        found = decide(issue, link_inputs=CANONICAL, days=0.1, history=())
        assert (found.effect, found.action) == (effect, Close("duplicate", 3))
