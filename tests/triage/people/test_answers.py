"""What people who give commands get for an answer, and what each command brings about."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.comment.marker import read_marker
from bot.duplicates.candidates import CandidateSearch
from bot.errors import TrackerError
from bot.issue.commands import COMMANDS, UNANSWERED, UNASKED
from bot.tracker.types import Account, Change, Comment, Issue, LinkedIssue, Links, Skip
from bot.triage.actions import AddLabels, Close, CreateComment, Plan, React, RemoveLabels
from bot.triage.apply import apply_plan
from bot.triage.config import Config, read_config
from bot.triage.links import LinkInputs
from bot.triage.people.incidents import KnownIncident
from bot.triage.run import run
from bot.triage.snapshot import Snapshot, read_snapshot
from tests.builders import (
    HUMAN,
    OTHER_BOT,
    OURSELVES,
    REPORTER,
    a_candidate,
    a_change,
    a_comment,
    a_rule,
    after,
    an_event,
    an_issue,
    linked_issues,
    touched,
)
from tests.fakes import FakeTracker
from tests.triage.plans import NOTHING, body_of, kinds, plan_of, remember, snapshot_of, sources_of, spoken

UNKNOWN = f"there is no such command; Signpost knows {', '.join(COMMANDS)}"
LIKED, PUZZLED = React(9, "+1"), React(9, "confused")
LABELED = a_change("labeled", OURSELVES, label="duplicate")
CLOSES = a_rule(close={"as": "not_planned", "after": "3d"})


def say(body: str, author: Account = REPORTER, **changes: object) -> Comment:
    fields: dict[str, object] = {"id": 9, "created_at": after(minutes=7)}
    return a_comment(body, author, **(fields | changes))


def answered(*comments: Comment, **changes: object) -> Issue:
    """An issue with our comment, and others."""
    return touched(**{"labels": ("needs-info",), "comments": (spoken(id=44), *comments), **changes})


def only(plan: Plan) -> list[React]:
    return [action for action in plan.actions if isinstance(action, React)]


@pytest.mark.parametrize(
    "comment, expected",
    [
        (say("/signpost rerun"), [LIKED]),
        (say("/signpost rerun", HUMAN), [PUZZLED]),
        (say("/signpost rerun", HUMAN, association="MEMBER"), [LIKED]),
        (say("/signpost rerun", OTHER_BOT, association="MEMBER"), []),
        (say("/signpost foo"), [PUZZLED]),
        (say("/signpost rerun\n/signpost foo"), [LIKED, PUZZLED]),
        (say("/signpost keep-open"), [LIKED]),
        (say("/signpost mute out-of-disk", HUMAN, association="MEMBER"), [LIKED]),
        (say("/signpost unmute out-of-disk", HUMAN, association="MEMBER"), [LIKED]),
        (say("/signpost mute nothing", HUMAN, association="MEMBER"), [PUZZLED]),
        (say("/signpost mute out-of-disk"), [PUZZLED]),
        (say("/signpost report"), []),
        (say("/signpost not-duplicate #12"), [LIKED]),
        (say("`/signpost rerun`"), []),
        (say("/signpost rerun", reactions=(("+1", 1),)), []),
        (say("/signpost rerun", reactions=(("confused", 1), ("heart", 2))), [LIKED]),
        (say("/signpost foo", reactions=(("confused", 1),)), []),
        (say("/signpost foo", reactions=(("+1", 3),)), [PUZZLED]),
    ],
)
def test_a_command_is_answered_once_by_a_reaction(comment: Comment, expected: list[React]) -> None:
    assert only(plan_of(answered(comment), history=())) == expected


OVERRULED = "`/signpost close` in comment 9 has no effect: "
KEEP, CLOSE_AGAIN = say("/signpost keep-open", id=10), say("/signpost close", id=10)


@pytest.mark.parametrize(
    "comments, history, remarks",
    [
        ((), (), []),
        ((KEEP,), (), ["a later `keep-open` overrides it"]),
        ((KEEP, say("/signpost close", id=11)), (), []),
        ((CLOSE_AGAIN,), (), []),
        (
            (),
            (a_change("reopened", at=after(minutes=8)),),
            ["the issue was closed or reopened after the comment was written; write a new one"],
        ),
        ((), (a_change("reopened", at=after(minutes=6)),), []),
    ],
)
def test_a_close_that_does_not_count_gets_no_thumbs_up(
    comments: tuple[Comment, ...], history: tuple[Change, ...], remarks: list[str]
) -> None:
    edited = say("/signpost close", updated_at=after(minutes=9))
    plan = plan_of(answered(edited, *comments), history=history)
    assert [each for each in plan.remarks if each.startswith(OVERRULED)] == [f"{OVERRULED}{each}" for each in remarks]
    assert [each for each in only(plan) if each.comment_id == 9] == [PUZZLED if remarks else LIKED]
    done = replace(edited, reactions=(("+1", 1),))
    assert [each for each in only(plan_of(answered(done, *comments), history=history)) if each.comment_id == 9] == []


@pytest.mark.parametrize("asked, first", [(5, 5), (39, 30), (99, 30)])
def test_a_run_reacts_to_few_comments(asked: int, first: int) -> None:
    flood = tuple(say("/signpost x", id=number, created_at=after(minutes=7 + number / 60)) for number in range(40))
    plan = plan_of(answered(*flood), history=(), asked=asked)
    expected = sorted({first, *range(30 if first == 30 else 31, 40)})
    assert [action.comment_id for action in only(plan)] == expected
    assert len(plan.remarks) == 10
    heard = tuple(replace(each, reactions=(("confused", 1),)) if each.id in expected else each for each in flood)
    assert max(action.comment_id for action in only(plan_of(answered(*heard), history=()))) == max(
        {*range(40)} - {*expected}
    )


@pytest.mark.parametrize(
    "now, asked, expected",
    [
        (after(minutes=7, days=3), 0, [LIKED]),
        (after(minutes=8, days=3), 0, []),
        (after(minutes=8, days=300), 9, [LIKED]),
        (after(minutes=8, days=300), 8, []),
    ],
)
def test_old_commands_get_no_answer(now: datetime, asked: int, expected: list[React]) -> None:
    assert only(plan_of(answered(say("/signpost rerun")), history=(), now=now, asked=asked)) == expected


def test_an_edited_comment_is_new() -> None:
    edited = say("/signpost rerun", updated_at=after(days=9))
    assert only(plan_of(answered(edited), history=(), now=after(days=10))) == [LIKED]


@pytest.mark.parametrize(
    "body, remark",
    [
        (
            "/signpost foo @octocat",
            f"`/signpost foo @octocat` in comment 9 has no effect: {UNKNOWN}",
        ),
        ("/signpost explain", "`/signpost explain` in comment 9 has no effect: only maintainers may give it"),
        ("/signpost duplicate", "`/signpost duplicate` in comment 9 has no effect: `#N` is missing"),
    ],
)
def test_the_summary_says_why_a_command_has_no_effect(body: str, remark: str) -> None:
    assert plan_of(answered(say(body)), history=()).remarks == (remark,)
    assert plan_of(answered(say(body, reactions=(("confused", 1),))), history=()).remarks == ()


def test_nobody_is_refused_while_github_does_not_answer() -> None:
    issue = answered(say("/signpost rerun", HUMAN))
    assert plan_of(issue, history=(), permissions={HUMAN.login: UNANSWERED}) == NOTHING
    assert only(plan_of(issue, history=(), permissions={HUMAN.login: "triage"})) == [LIKED]
    member = answered(say("/signpost rerun", HUMAN, association="MEMBER"))
    assert plan_of(member, history=(), permissions={HUMAN.login: UNASKED}) == NOTHING
    assert only(plan_of(answered(say("/signpost rerun", HUMAN, association="MEMBER")), history=())) == [LIKED]


def test_a_reaction_that_fails_is_a_remark() -> None:
    class Refusing(FakeTracker):
        def add_reaction(self, *_: object) -> None:
            raise TrackerError("GitHub refused it.")

    issue = answered(say("/signpost rerun"))
    (outcome,) = apply_plan(Plan((LIKED,)), Snapshot(issue=issue), Refusing(issues={7: issue}))
    assert (outcome.error, outcome.is_left) == (None, True)
    assert outcome.remark == "a command has no answer: GitHub refused it."


# --- duplicates


def linking(*numbers: int, **said: object) -> LinkInputs:
    fields: dict[str, object] = {
        "search": CandidateSearch(candidates=tuple(a_candidate(number, "A") for number in numbers)),
        "links": linked_issues(3, *numbers),
    }
    return LinkInputs(**(fields | said))  # type: ignore[arg-type]


def read(issue: Issue, *numbers: int) -> LinkInputs:
    """What a run reads for an issue with these candidates."""
    tracker = FakeTracker(issues={n: an_issue(number=n, url="", body="Slow") for n in (3, *numbers)} | {7: issue})
    found = CandidateSearch(candidates=tuple(a_candidate(number, "A") for number in numbers))
    sources = replace(sources_of(a_rule()), find_candidates=_Found(found))
    snapshot = read_snapshot(an_event(issue, action="edited"), sources, tracker, after().date())
    assert not isinstance(snapshot, Skip)
    return snapshot.link_inputs


class _Found:
    is_free = True

    def __init__(self, found: CandidateSearch) -> None:
        self.found = found

    def __call__(self, issue: Issue) -> CandidateSearch:
        del issue
        return self.found


@pytest.mark.parametrize(
    "said, shown",
    [
        ((), ["#12", "#13"]),
        (("/signpost not-duplicate #12",), ["#13"]),
        (("/signpost not-duplicate",), []),
        (("/signpost not-duplicate", "/signpost duplicate #3"), ["#3"]),
        (("/signpost duplicate #12", "/signpost not-duplicate #12"), ["#13"]),
    ],
)
def test_what_is_no_duplicate_is_not_linked_again(said: tuple[str, ...], shown: list[str]) -> None:
    issue = touched(comments=tuple(say(body, id=9 + n) for n, body in enumerate(said)))
    plan = plan_of(issue, history=(), link_inputs=read(issue, 12, 13))
    body = body_of(plan)
    assert [number for number in ("#3", "#12", "#13") if f"{number}]" in body or f"{number} " in body] == shown


def test_not_duplicate_takes_the_label_back_that_only_we_set() -> None:
    issue = touched(
        body="Slow",
        labels=("duplicate",),
        comments=(say("/signpost duplicate #3", id=8), say("/signpost not-duplicate")),
    )
    inputs = read(issue)
    plan = plan_of(issue, history=(LABELED,), link_inputs=inputs)
    assert plan.actions == (RemoveLabels(("duplicate",)), React(8, "+1"), LIKED)
    by_hand = a_change("labeled", HUMAN, label="duplicate")
    assert plan_of(issue, history=(by_hand,), link_inputs=inputs).actions == (React(8, "+1"), LIKED)


def test_not_duplicate_cancels_a_promise() -> None:
    rule = a_rule(follow=3, close={"as": "duplicate", "after": "3d"})
    links = LinkInputs(links=linked_issues(3))
    body = body_of(plan_of(an_issue(), rule, link_inputs=links))
    marker = read_marker(body)
    assert marker
    assert marker.closes
    ours = a_comment(body, OURSELVES, id=44, created_at=after(minutes=6))
    issue = touched(labels=("needs-info", "duplicate"), comments=(ours, say("/signpost not-duplicate")))
    told = read_marker(body_of(plan_of(issue, rule, history=(), link_inputs=links, now=after(days=9))))
    assert told
    assert (told.closes, told.is_kept_open) == (0, True)


def test_a_target_that_cannot_be_linked_is_no_duplicate() -> None:
    issue = answered(say("/signpost duplicate #99"))
    gone = LinkInputs(command=99, links=Links())
    plan = plan_of(issue, history=(), link_inputs=gone)
    assert only(plan) == [PUZZLED]
    lost = LinkInputs(command=99, links=Links(unread=frozenset({99}), failure="GitHub answered 502."))
    assert only(plan_of(issue, history=(), link_inputs=lost)) == []


# --- closing


PROMISED = LinkInputs(command=3, links=Links(issues={3: LinkedIssue(issue=an_issue(number=3, id=3003))}))


@pytest.mark.parametrize(
    "said, history, closes",
    [
        (("/signpost close",), (), Close("not_planned")),
        (("/signpost close", "/signpost keep-open"), (), None),
        (("/signpost keep-open", "/signpost close"), (), Close("not_planned")),
        (("/signpost close",), (a_change("reopened", HUMAN, after(minutes=8)),), None),
        (("/signpost close",), (a_change("closed", HUMAN, after(minutes=8)),), None),
        (("/signpost close",), (a_change("reopened", HUMAN, after(minutes=2)),), Close("not_planned")),
    ],
)
def test_close_is_carried_out_once(said: tuple[str, ...], history: tuple, closes: Close | None) -> None:  # type: ignore[type-arg]
    comments = tuple(say(body, id=9 + n) for n, body in enumerate(said))
    for issue in (answered(*comments), touched(body="Slow", comments=comments)):
        plan = plan_of(issue, history=history)
        assert [action for action in plan.actions if isinstance(action, Close)] == ([closes] if closes else [])


def test_close_names_the_duplicate_that_a_person_named() -> None:
    issue = touched(
        body="Slow", labels=("duplicate",), comments=(say("/signpost duplicate #3\n/signpost close", id=9),)
    )
    assert plan_of(issue, history=(), link_inputs=PROMISED).actions == (LIKED, Close("duplicate", 3))


def test_keep_open_counts_before_we_have_commented() -> None:
    body = body_of(plan_of(touched(comments=(say("/signpost keep-open"),)), CLOSES, history=()))
    marker = read_marker(body)
    assert marker
    assert ("Signpost closes" in body, marker.closes, marker.is_kept_open) == (False, 0, True)
    assert "Signpost closes" in body_of(plan_of(touched(comments=(say("Hm"),)), CLOSES, history=()))


# --- the explanation


ASKS = say("/signpost explain", HUMAN, association="MEMBER")
WHY = (
    "<details><summary>For maintainers: the rules that match, and why</summary>\n\n"
    "- `out-of-disk` gives advice: section 1 of 1; priority 0, 1 condition matched\n"
    "  - body, line 1: `No space left on device`\n\n"
    "</details>"
)


def test_a_maintainer_gets_an_explanation_in_our_comment() -> None:
    plan = plan_of(answered(ASKS), history=())
    body = body_of(plan)
    assert WHY in body
    assert (kinds(plan), plan.remarks) == (["update_comment", LIKED], ())
    told = replace(answered(), comments=(a_comment(body, OURSELVES, id=44), replace(ASKS, reactions=(("+1", 1),))))
    assert plan_of(told, history=()) == NOTHING
    gone = replace(told, comments=told.comments[:1])
    assert WHY not in body_of(plan_of(gone, history=()))


def test_without_a_comment_the_summary_explains() -> None:
    rule = a_rule(mode="label")
    plan = plan_of(touched(labels=("needs-info",), comments=(ASKS,)), rule, history=())
    assert plan == Plan((LIKED,), ("explained: `out-of-disk` only sets its labels: its mode is `label`",))
    nothing = plan_of(touched(body="Slow", comments=(ASKS,)), rule, history=())
    assert nothing.actions == (PUZZLED,)


def test_hostile_text_in_an_explanation_stays_text() -> None:
    issue = answered(ASKS, body="No space left on device @octocat <!-- ``` ` #12 </details>")
    body = body_of(plan_of(issue, history=()))
    assert "body, line 1: " in body


def test_an_edited_comment_is_left_and_the_summary_explains() -> None:
    ours = spoken(id=44)
    edited = replace(ours, body=ours.body.replace("disk", "drive", 1))
    plan = plan_of(answered(comments=(edited, ASKS)), history=())
    assert plan.actions == (LIKED,)
    assert plan.remarks[-1].startswith("explained: ")
    assert remember(ours.body) == ours.body


# --- who is asked for a role


def handle(issue: Issue, permissions: dict[str, str] | None, config: Config | None = None) -> tuple[object, int]:
    """What becomes of a new issue, and how many requests that took."""
    tracker = FakeTracker(issues={7: issue}, labels={"needs-info"}, permissions=permissions, now=after(minutes=9))
    result = run(an_event(issue), sources_of(a_rule(), config=config), tracker, after(minutes=9))
    return result.skipped or [action.action for action in result.plan.actions], tracker.requests


MEMBER = Skip("issues by maintainers are skipped, and octocat has write access or triage")
SPEAKS = ["add_labels", "create_comment"]


@pytest.mark.parametrize(
    "association, permissions, settings, expected",
    [
        ("NONE", {"octocat": "admin"}, "", SPEAKS),
        ("CONTRIBUTOR", {"octocat": "write"}, "", MEMBER),
        ("CONTRIBUTOR", {"octocat": "triage"}, "", MEMBER),
        ("CONTRIBUTOR", {"octocat": "read"}, "", SPEAKS),
        ("CONTRIBUTOR", {}, "", SPEAKS),
        ("CONTRIBUTOR", None, "", SPEAKS),
        ("CONTRIBUTOR", {"octocat": "write"}, "skip: {associations: []}", SPEAKS),
        ("CONTRIBUTOR", {"octocat": "write"}, "skip: {associations: [NONE]}", SPEAKS),
    ],
)
def test_private_members_are_skipped_as_members_are(
    association: str, permissions: dict[str, str] | None, settings: str, expected: object
) -> None:
    issue = an_issue(association=association)
    assert handle(issue, permissions, read_config(settings, "config.yml"))[0] == expected


def test_private_members_are_skipped_when_they_report_a_known_incident() -> None:
    issue = an_issue(association="CONTRIBUTOR", body="It only breaks on Mondays.", updated_at=after(minutes=1))
    sources = replace(sources_of(a_rule()), find_incident=lambda *_: KnownIncident(50))
    for role, expected in (("write", MEMBER), ("read", None)):
        tracker = FakeTracker(issues={7: issue}, permissions={"octocat": role}, now=after(minutes=9))
        assert run(an_event(issue), sources, tracker, after(minutes=9)).skipped == expected


def test_a_new_issue_costs_no_more() -> None:
    usual = handle(an_issue(), {})[1]
    assert handle(an_issue(association="CONTRIBUTOR"), {})[1] == usual + 1
    silent = an_issue(association="CONTRIBUTOR", body="Slow", updated_at=after(minutes=1))
    assert handle(silent, {})[1] == handle(replace(silent, association="NONE"), {})[1]


NAMES = [f"sock-{number}" for number in range(12)]
SOCKS = tuple(say("/signpost close", Account(login=name), id=20 + n) for n, name in enumerate(NAMES))
READER = say("/signpost close", HUMAN, association="MEMBER")
GONE = Account(login="ghost")


@pytest.mark.parametrize(
    "comments, permissions, expected",
    [
        ((say("me too", HUMAN),), {}, {}),
        ((say("/signpost wrong"),), {}, {}),
        ((say("/signpost wrong", HUMAN),), {HUMAN.login: "triage"}, {HUMAN.login: "triage"}),
        ((say("/signpost wrong", HUMAN), say("/signpost close", HUMAN, id=10)), {}, {HUMAN.login: "none"}),
        ((say("/signpost wrong", HUMAN),), None, {HUMAN.login: UNANSWERED}),
        ((READER, *SOCKS[:9]), {HUMAN.login: "read"}, {HUMAN.login: "read", **dict.fromkeys(NAMES[:9], "none")}),
        (
            (READER, *SOCKS),
            {HUMAN.login: "read"},
            {HUMAN.login: "read", **dict.fromkeys(NAMES[3:], "none"), **dict.fromkeys(NAMES[:3], UNASKED)},
        ),
        ((say("/signpost close", GONE, association="MEMBER"),), {}, {}),
    ],
)
def test_a_role_is_asked_for_once(
    comments: tuple[Comment, ...], permissions: dict[str, str] | None, expected: dict[str, str]
) -> None:
    issue = touched(comments=comments)
    tracker = FakeTracker(issues={7: issue}, permissions=permissions, labels={"needs-info"})
    snapshot = read_snapshot(an_event(issue, action="edited"), sources_of(a_rule()), tracker, after().date())
    assert not isinstance(snapshot, Skip)
    assert snapshot.permissions == expected


def test_a_second_run_changes_nothing() -> None:
    issue = touched(comments=(say("/signpost foo\n/signpost close"), say("/signpost explain", HUMAN, id=10)))
    tracker = FakeTracker(issues={7: issue}, labels={"needs-info"}, now=after(minutes=9))
    event = an_event(issue, "issue_comment", "created", comment=issue.comments[0])
    first = run(event, sources_of(a_rule()), tracker, after(minutes=9))
    assert kinds(first.plan) == [
        AddLabels(("needs-info",)),
        "create_comment",
        *(React(9, "+1"), React(9, "confused"), React(10, "confused")),
        Close("not_planned"),
    ]
    assert all(outcome.is_ok for outcome in first.outcomes)
    tracker.issues[7] = replace(tracker.issues[7], state="open")
    tracker.changes.append(a_change("reopened", HUMAN, after(minutes=20)))
    second = run(event, sources_of(a_rule()), tracker, after(minutes=21))
    assert [action for action in second.plan.actions if not isinstance(action, CreateComment)] == []


def test_the_snapshot_knows_the_comment_of_the_event() -> None:
    sources = sources_of(a_rule())
    assert snapshot_of(answered(), sources).asked == 0
