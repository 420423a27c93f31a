"""Which comments are ours, and that at most one of them stays: two runs at once, a transfer, another identity."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comment.marker import Marker, find_own_comments, is_certainly_ours, sign_comment
from bot.comment.renderer import render_replacement
from bot.tracker.types import Account, Comment
from bot.triage.actions import CreateComment, DeleteComment, Plan, UpdateComment
from bot.triage.apply import apply_plan
from bot.triage.config import Config, Identity
from bot.triage.plan import make_plan
from bot.triage.snapshot import make_decisions
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, Fields, a_change, our_comment, touched
from tests.fakes import FakeTracker
from tests.triage.plans import LABELED, NOTHING, TODAY, WITHDRAWN, given_later, plan_of, snapshot_of, sources_of, spoken

OURS_NOW = spoken()
REPLACED = sign_comment(render_replacement(), Marker(issue=7, is_withdrawn=True, is_superseded=True))
SECOND = "comment 2 by github-actions[bot] is a second comment of Signpost"
JANE = Account(login="jane")
FORMER = Config(identity=Identity(also=["Tidy-Up[bot]", "jane"]))


def a_second(**changes: object) -> Comment:
    fields: Fields = {"id": 2}
    return replace(OURS_NOW, **(fields | changes))


def test_our_comment_that_came_with_a_transferred_issue_is_taken_over() -> None:
    moved = our_comment("Free some space.", issue=8, links=[3], earlier={5: "A"})
    assert plan_of(touched(labels=("needs-info",), comments=(moved,))) == Plan(
        (UpdateComment(1, given_later(OURS_NOW.body)),)
    )


def test_our_comment_that_came_with_a_transferred_issue_is_withdrawn_where_no_rule_matches() -> None:
    moved = our_comment("Free some space.", issue=8, rules={"out-of-disk": "1"}, links=[3])
    withdrawn = sign_comment(WITHDRAWN, Marker(issue=7, is_withdrawn=True))
    assert plan_of(touched(body="Slow", comments=(moved,))) == Plan((UpdateComment(1, withdrawn),))


@pytest.mark.parametrize(
    "second, plan",
    [
        pytest.param(a_second(), Plan((DeleteComment(2),), (f"{SECOND}, so it is deleted",)), id="as we wrote it"),
        pytest.param(
            a_second(body=our_comment("Old words.").body),
            Plan((DeleteComment(2),), (f"{SECOND}, so it is deleted",)),
            id="as we wrote it, of another rule",
        ),
        pytest.param(
            a_second(body=OURS_NOW.body.replace("Free at", "Please free at")),
            Plan(
                (UpdateComment(2, REPLACED),),
                (f"{SECOND} (somebody edited it), so it now says that it no longer applies",),
            ),
            id="edited",
        ),
        pytest.param(
            a_second(body=f"{OURS_NOW.body}\n\nThat helped me."),
            Plan(
                (UpdateComment(2, REPLACED),),
                (f"{SECOND} (somebody edited it), so it now says that it no longer applies",),
            ),
            id="edited behind the marker",
        ),
        pytest.param(
            a_second(body=our_comment("Free some space.", issue=8).body),
            Plan(
                (UpdateComment(2, REPLACED),),
                (f"{SECOND} (came with a transferred issue), so it now says that it no longer applies",),
            ),
            id="of another issue",
        ),
        pytest.param(a_second(is_minimized=True), NOTHING, id="hidden"),
        pytest.param(a_second(body=REPLACED), NOTHING, id="replaced before"),
        pytest.param(
            a_second(body="> Posted automatically by Signpost. Why?"),
            Plan((), (f"{SECOND}, or quotes one; it stays as it is",)),
            id="our words alone",
        ),
        pytest.param(a_second(author=HUMAN), NOTHING, id="pasted by a person"),
        pytest.param(a_second(author=JANE), NOTHING, id="pasted by a person who is not in the settings"),
    ],
)
def test_every_plan_removes_a_second_comment_of_ours(second: Comment, plan: Plan) -> None:
    assert plan_of(touched(labels=("needs-info",), comments=(OURS_NOW, second))) == plan


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(replace(OURS_NOW, body=OURS_NOW.body.replace("Free at", "Please free at")), id="edited"),
        pytest.param(our_comment("Old words.", version=1), id="outdated"),
    ],
)
def test_a_second_comment_goes_whatever_becomes_of_the_first(first: Comment) -> None:
    plan = plan_of(touched(labels=("needs-info",), comments=(first, a_second())))
    assert plan.actions[-1] == DeleteComment(2)


@pytest.mark.parametrize("order", [1, -1])
def test_the_oldest_comment_of_ours_stays_in_whatever_order_they_come(order: int) -> None:
    third = a_second(id=3)
    plan = plan_of(touched(labels=("needs-info",), comments=(OURS_NOW, a_second(), third)[::order]))
    assert plan.actions == (DeleteComment(2), DeleteComment(3))


def test_of_a_hidden_and_a_visible_comment_of_ours_the_visible_one_stays() -> None:
    hidden = replace(OURS_NOW, is_minimized=True)
    assert plan_of(touched(labels=("needs-info",), comments=(hidden, a_second()))) == NOTHING


@pytest.mark.parametrize("author", [OTHER_BOT, JANE])
def test_a_comment_under_a_former_login_of_ours_is_kept_up_to_date(author: Account) -> None:
    issue = touched(labels=("needs-info",), comments=(replace(our_comment("Old words."), author=author),))
    assert plan_of(issue, config=FORMER) == Plan((UpdateComment(1, given_later(OURS_NOW.body)),))


@pytest.mark.parametrize("author", [OTHER_BOT, JANE])
def test_a_second_comment_under_a_former_login_of_ours_goes(author: Account) -> None:
    issue = touched(labels=("needs-info",), comments=(OURS_NOW, a_second(author=author)))
    said = f"comment 2 by {author.login} is a second comment of Signpost, so it is deleted"
    assert plan_of(issue, config=FORMER) == Plan((DeleteComment(2),), (said,))


def test_where_we_have_said_who_we_are_a_twin_may_be_who_we_were() -> None:
    twin = replace(OURS_NOW, author=OTHER_BOT)
    config = Config(identity=Identity(login="your-app[bot]"))
    said = "set `identity: {also: ['tidy-up[bot]']}` in config.yml"
    remark = f"tidy-up[bot] has a comment here with Signpost's marker; if that is Signpost's account, {said}"
    assert plan_of(touched(labels=("needs-info",), comments=(twin,)), config=config) == Plan((), (remark,))


@pytest.mark.parametrize(
    "author, plan",
    [
        (OURSELVES, Plan((), ("somebody deleted Signpost's comment, so Signpost does not post another one",))),
        (OTHER_BOT, Plan((), ("somebody deleted Signpost's comment, so Signpost does not post another one",))),
        (HUMAN, Plan((CreateComment(OURS_NOW.body),))),
        (Account(login="ghost"), Plan((CreateComment(OURS_NOW.body),))),
    ],
)
def test_a_comment_that_was_deleted_silences_us_only_if_it_was_ours(author: Account, plan: Plan) -> None:
    deleted = (LABELED, a_change("comment_deleted", HUMAN, author=author))
    assert plan_of(touched(labels=("needs-info",)), history=deleted, config=FORMER) == plan


@pytest.mark.parametrize("association, is_remarked", [("MEMBER", True), ("COLLABORATOR", True), ("NONE", False)])
def test_a_maintainers_comment_with_our_marker_may_be_from_a_time_before(
    association: str, *, is_remarked: bool
) -> None:
    former = replace(OURS_NOW, author=JANE, association=association)
    remark = (
        "jane has a comment here with Signpost's marker; if Signpost ran under that login before, "
        "set `identity: {also: ['jane']}` in config.yml"
    )
    assert plan_of(touched(labels=("needs-info",), comments=(former,))) == Plan(
        (CreateComment(OURS_NOW.body),), (remark,) if is_remarked else ()
    )


BODIES = (
    OURS_NOW.body,
    our_comment("Old words.").body,
    OURS_NOW.body.replace("Free at", "Please free at"),
    f"{OURS_NOW.body}\n\nThat helped me.",
    our_comment("Free some space.", issue=8).body,
    our_comment("Free some space.", is_withdrawn=True).body,
    "> Posted automatically by Signpost. Why?",
    "Same here.",
    REPLACED,
)
written = st.builds(
    Comment,
    id=st.integers(1, 99),
    author=st.sampled_from([OURSELVES, OTHER_BOT, JANE, HUMAN]),
    body=st.sampled_from(BODIES),
    created_at=st.just(OURS_NOW.created_at),
    is_minimized=st.booleans(),
)


@given(st.lists(written, max_size=6, unique_by=lambda comment: comment.id), st.randoms())
def test_whatever_is_there_one_run_leaves_one_comment_of_ours_and_the_next_does_nothing(
    comments: list[Comment], random: Random
) -> None:
    random.shuffle(comments)
    issue = touched(labels=("needs-info",), comments=tuple(comments))
    tracker, sources = FakeTracker(issues={7: issue}), sources_of(config=FORMER)
    logins = ("github-actions[bot]", *FORMER.identity.also)
    actions = []
    for _ in range(2):
        snapshot = snapshot_of(tracker.issues[7], sources)
        plan = make_plan(snapshot, make_decisions(snapshot, sources, TODAY), sources, OURS_NOW.created_at)
        assert all(outcome.is_ok for outcome in apply_plan(plan, snapshot, tracker))
        actions.append(plan.actions)

    left = [own.comment for own in find_own_comments(tracker.issues[7].comments, logins, 7)]
    visible = [comment for comment in left if is_certainly_ours(comment) and not comment.is_minimized]
    by_others = [comment for comment in comments if comment.author == HUMAN]
    assert (len(visible) <= 1, actions[1]) == (True, ())
    assert [comment for comment in tracker.issues[7].comments if comment.author == HUMAN] == by_others
