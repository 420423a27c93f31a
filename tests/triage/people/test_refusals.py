"""Who says "no" to our guidance, and what the comment remembers of it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.comment.marker import Marker, Past, read_marker, sign_comment
from bot.comment.renderer import render_refusal
from bot.duplicates.candidates import CandidateSearch
from bot.issue.commands import hear_commands
from bot.tracker.types import Account, Comment, Issue, Reaction
from bot.triage.actions import AddLabels, Plan, React, RemoveLabels, UpdateComment
from bot.triage.config import read_config
from bot.triage.links import LinkInputs
from bot.triage.people.refusals import (
    Answer,
    Refusals,
    date_guidance,
    hear_answers,
    list_answers,
    remember_past,
)
from bot.triage.snapshot import Snapshot, read_snapshot
from tests.builders import (
    HUMAN,
    OTHER_BOT,
    OURSELVES,
    REPORTER,
    a_candidate,
    a_comment,
    a_rule,
    a_ruleset,
    after,
    an_event,
    an_issue,
    linked_issues,
    touched,
)
from tests.fakes import FakeTracker
from tests.triage.plans import (
    LABELED,
    NOTHING,
    body_of,
    given_later,
    kinds,
    labels_only,
    plan_from,
    plan_of,
    remember,
    sources_of,
    spoken,
)

REFUSED = render_refusal()
WRONG = a_comment("/signpost wrong", REPORTER, id=9, created_at=after(minutes=7))
HEARD = React(9, "+1")
HASH = a_ruleset().rules[0].content_hash
NOW = int(after(minutes=9).timestamp())


def seconds(minutes: float) -> int:
    return int(after(minutes=minutes).timestamp())


def a_down(by: Account = REPORTER, minutes: float = 6, content: str = "-1") -> Reaction:
    return Reaction(content=content, by=by, at=after(minutes=minutes))


@pytest.mark.parametrize(
    "comments, reactions, expected",
    [
        ((), (), ()),
        ((WRONG,), (), (Answer(after(minutes=7), "c9"),)),
        ((replace(WRONG, body="It is wrong."),), (), ()),
        ((replace(WRONG, author=HUMAN),), (), ()),
        ((replace(WRONG, author=HUMAN, association="MEMBER"),), (), (Answer(after(minutes=7), "c9"),)),
        ((replace(WRONG, author=OTHER_BOT, association="MEMBER"),), (), ()),
        ((), (a_down(),), (Answer(after(minutes=6), f"r{seconds(6)}"),)),
        ((), (a_down(Account(login="OctoCat")),), (Answer(after(minutes=6), f"r{seconds(6)}"),)),
        ((), (a_down(HUMAN),), ()),
        ((), (a_down(content="+1"), a_down(content="confused")), ()),
        (
            (WRONG,),
            (a_down(minutes=8),),
            (Answer(after(minutes=7), "c9"), Answer(after(minutes=8), f"r{seconds(8)}")),
        ),
    ],
)
def test_the_author_and_maintainers_may_say_no(
    comments: tuple[Comment, ...], reactions: tuple[Reaction, ...], expected: tuple[Answer, ...]
) -> None:
    issue = an_issue(comments=comments)
    assert list_answers(hear_commands(issue), issue, reactions) == expected


def test_no_thumbs_down_is_that_of_an_author_whose_account_is_gone() -> None:
    issue = an_issue(author=Account(login="ghost"))
    assert list_answers((), issue, (a_down(Account(login="ghost")),)) == ()


FIRST, SECOND = Answer(after(minutes=6), "r1"), Answer(after(minutes=7), "c2")


@pytest.mark.parametrize(
    "marker, answers, expected",
    [
        (None, (), Refusals()),
        (None, (FIRST,), Refusals(rules=frozenset({"disk"}))),
        (Marker(issue=7), (FIRST,), Refusals(heard=("r1",))),
        (Marker(issue=7, rules={"a": "1"}), (), Refusals()),
        (Marker(issue=7, rules={"a": "1"}), (FIRST,), Refusals(frozenset({"a"}), ("r1",), FIRST.at)),
        (Marker(issue=7, rules={"a": "1"}), (FIRST, SECOND), Refusals(frozenset({"a"}), ("c2", "r1"), SECOND.at)),
        (
            Marker(issue=7, rules={"b": "1"}, past={"a": Past(hash="1", is_refused=True)}, heard=["r1"]),
            (FIRST,),
            Refusals(frozenset({"a"}), ("r1",)),
        ),
        (
            Marker(issue=7, rules={"b": "1"}, past={"a": Past(hash="1", is_refused=True)}, heard=["r1"]),
            (FIRST, SECOND),
            Refusals(frozenset({"a", "b"}), ("c2", "r1"), SECOND.at),
        ),
        (Marker(issue=7, past={"a": Past(hash="1")}), (), Refusals()),
    ],
)
def test_an_answer_refuses_what_the_comment_says_when_it_is_heard(
    marker: Marker | None, answers: tuple[Answer, ...], expected: Refusals
) -> None:
    assert hear_answers(marker, answers, ["disk"]) == expected


@given(st.permutations([FIRST, SECOND, FIRST]), st.integers(0, 3))
def test_neither_order_nor_repetition_of_answers_changes_what_is_remembered(answers: list[Answer], first: int) -> None:
    marker, rules = Marker(issue=7, rules={"a": "1"}), dict[str, str]()
    for heard in (answers[:first], answers, answers):
        refusals = hear_answers(marker, tuple(heard), ())
        rules = {} if "a" in refusals.rules else {"a": "1"}
        past = remember_past(marker, rules, refusals, after(minutes=9))
        marker = Marker(issue=7, rules=rules, past=past, heard=list(refusals.heard))
    assert (marker.rules, marker.refused) == ({}, frozenset({"a"}))


@pytest.mark.parametrize(
    "former, rules, since",
    [
        (None, {"a": "1"}, {}),
        (Marker(issue=7, rules={"a": "1"}), {"a": "1"}, {}),
        (Marker(issue=7, rules={"a": "1"}), {"a": "2"}, {"a": NOW}),
        (Marker(issue=7, rules={"a": "1"}, since={"a": 5}), {"a": "1", "b": "1"}, {"a": 5, "b": NOW}),
        (Marker(issue=7, past={"a": Past(hash="1", since=5, until=6)}), {"a": "1"}, {"a": 5}),
        (Marker(issue=7, past={"a": Past(hash="1", since=5, until=6)}), {"a": "2"}, {"a": NOW}),
    ],
)
def test_the_comment_remembers_since_when_it_says_something(
    former: Marker | None, rules: dict[str, str], since: dict[str, int]
) -> None:
    assert date_guidance(former, rules, after(minutes=9)) == since


# --- the plan


def refused(until: float, *heard: str) -> str:
    past = {"out-of-disk": Past(hash=HASH, until=seconds(until), is_refused=True)}
    marker = Marker(issue=7, is_withdrawn=True, dropped=["needs-info"], past=past, heard=list(heard))
    return sign_comment(REFUSED, marker)


def answered(*comments: Comment, **changes: object) -> Issue:
    return touched(**{"labels": ("needs-info", "bug"), "comments": (spoken(id=44), *comments), **changes})


def test_a_command_takes_the_guidance_and_our_label_back() -> None:
    plan = plan_of(answered(WRONG), history=(LABELED,))
    assert plan == Plan((RemoveLabels(("needs-info",)), UpdateComment(44, refused(7, "c9")), HEARD))


def test_a_thumbs_down_of_the_author_does_so_as_well() -> None:
    plan = plan_of(answered(), history=(LABELED,), reactions=(a_down(),))
    assert plan == Plan((RemoveLabels(("needs-info",)), UpdateComment(44, refused(6, f"r{seconds(6)}"))))


def test_a_refused_rule_is_never_given_again_there() -> None:
    ours = a_comment(refused(7, "c9"), OURSELVES, id=44)
    assert plan_of(touched(comments=(ours,)), history=()) == NOTHING
    changed = a_rule(guidance={"tldr": "Other advice."})
    assert plan_of(touched(comments=(ours,)), changed, history=()) == NOTHING


def test_another_rule_speaks_in_the_same_comment_later() -> None:
    ours = a_comment(refused(7, "c9"), OURSELVES, id=44)
    memory = a_rule(
        id="memory",
        match={"phrase": "Cannot allocate memory"},
        labels=[],
        examples={"match": ["Cannot allocate memory"], "no_match": ["fine"]},
    )
    issue = touched(body="No space left on device. Cannot allocate memory", comments=(ours, WRONG))
    plan = plan_of(issue, a_rule(also=["memory"]), memory, history=())
    marker = read_marker(body_of(plan))
    assert marker
    assert (list(marker.rules), marker.refused, marker.heard) == (["memory"], frozenset({"out-of-disk"}), ["c9"])


def test_an_answer_to_links_alone_does_not_refuse_guidance_that_comes_later() -> None:
    config = read_config("duplicates: {comment: always}", "config.yml")
    links = LinkInputs(search=CandidateSearch(candidates=(a_candidate(12, "A"),)), links=linked_issues(12))
    before, answer = touched(body="Slow"), replace(WRONG, reactions=(("+1", 1),))

    def say(issue: Issue) -> Comment:
        return a_comment(body_of(plan_of(issue, config=config, link_inputs=links, history=())), OURSELVES, id=44)

    heard = say(replace(before, comments=(say(before), answer)))
    guided = say(touched(comments=(heard, answer)))
    assert [read_marker(each.body).heard for each in (heard, guided)] == [["c9"], ["c9"]]  # type: ignore[union-attr]
    later = touched(labels=("needs-info",), comments=(guided, answer))
    assert plan_of(later, config=config, link_inputs=links, history=()) == NOTHING


@pytest.mark.parametrize(
    "state, downs, is_read",
    [
        ({"rules": {"out-of-disk": HASH}}, 1, True),
        ({"rules": {"out-of-disk": HASH}}, 0, False),
        ({"rules": {}, "earlier": {12: "A"}}, 1, True),
        ({"rules": {}, "is_withdrawn": True}, 1, False),
    ],
)
def test_a_thumbs_down_is_read_as_long_as_the_comment_says_something(
    state: dict[str, object], downs: int, *, is_read: bool
) -> None:
    ours = spoken(id=44)
    ours = replace(ours, body=remember(ours.body, **state), reactions=(("-1", downs),) if downs else ())
    issue = touched(labels=("needs-info",), comments=(ours,), comment_count=1)
    tracker = FakeTracker(issues={7: issue}, reactions={(7, 44): (a_down(),)}, labels={"needs-info"})
    snapshot = read_snapshot(an_event(issue, action="edited"), sources_of(a_rule()), tracker, after().date())
    assert isinstance(snapshot, Snapshot)
    assert snapshot.reactions == ((a_down(),) if is_read else ())


def test_without_a_comment_of_ours_the_label_goes_that_only_we_set() -> None:
    issue = touched(labels=("needs-info",), comments=(WRONG,))
    assert plan_of(issue, labels_only(), history=(LABELED,)) == Plan((RemoveLabels(("needs-info",)), HEARD))
    assert plan_of(replace(issue, labels=()), labels_only(), history=(LABELED,)) == Plan((HEARD,))


def test_a_label_that_another_rule_asks_for_stays() -> None:
    other = labels_only(
        id="other", match={"phrase": "os error 28"}, examples={"match": ["os error 28"], "no_match": ["x"]}
    )
    plan = plan_of(answered(WRONG), a_rule(also=["other"]), other, history=(LABELED,))
    assert kinds(plan) == ["update_comment", HEARD]


def test_after_an_answer_the_plan_comes_to_rest() -> None:
    first = plan_of(answered(WRONG), history=(LABELED,))
    ours = a_comment(body_of(first), OURSELVES, id=44)
    answered_ = replace(WRONG, reactions=(("+1", 1),))
    assert plan_of(touched(labels=("bug",), comments=(ours, answered_)), history=(LABELED,)) == NOTHING


def test_a_changed_comment_dates_its_new_guidance() -> None:
    ours = spoken(a_rule(guidance={"tldr": "An old word."}), id=44)
    plan = plan_of(touched(labels=("needs-info",), comments=(ours,)))
    assert plan == Plan((UpdateComment(44, given_later(body_of(plan_of(an_issue())))),))


def test_a_muted_rule_only_sets_its_labels() -> None:
    sources = replace(sources_of(a_rule()), muted={"out-of-disk": "12 of 12 people said that it is not their problem"})
    assert plan_from(an_issue(), sources) == Plan((AddLabels(("needs-info",)),))
    assert plan_from(touched(labels=("needs-info",), comments=(spoken(),)), sources) == NOTHING


def test_the_marker_survives_a_comment_with_more_than_it_knows() -> None:
    body = remember(spoken().body, heard=["c1"], stated="2.1.4", branches={"out-of-disk": 1})
    marker = read_marker(body)
    assert marker
    assert (marker.heard, marker.stated, marker.branches) == (["c1"], "2.1.4", {"out-of-disk": 1})
