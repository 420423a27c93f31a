"""What of an issue may go: only what is ours, and as we left it."""

from dataclasses import replace

import pytest

from bot.comment.marker import Marker, sign_comment
from bot.github.payloads import ListedComment
from bot.signals.removal.traces import Ours, Removal, Trace, decide_removal, find_traces, make_ours
from bot.tracker.types import Account, Change, Comment
from bot.triage.config import Config
from tests.builders import HUMAN, OURSELVES, a_change, a_comment, a_rule, a_ruleset, an_issue, our_comment

OURS = Ours(logins=frozenset({OURSELVES.login}), labels=frozenset({"area:disk"}), prefixes=("signpost:",))
OURS_THERE = replace(our_comment(labels=["needs-info"]), id=4)
SET, HUMAN_SET = a_change("labeled", OURSELVES, label="area:disk"), a_change("labeled", HUMAN, label="area:disk")
TAKEN = a_change("unlabeled", HUMAN, label="area:disk")


def listed(comment: Comment, number: int = 7, *, is_pull_request: bool = False) -> ListedComment:
    return ListedComment(comment, "IC_1", number, is_pull_request)


def trace_of(*comments: Comment, **changes: object) -> Trace | None:
    found = find_traces([an_issue(**changes)], map(listed, comments), OURS)
    return found[0] if found else None


def notice(text: str = "Many reports.", **changes: object) -> dict[str, object]:
    body = sign_comment(text, Marker(issue=7, kind="surge", keys=["rule:x"]))
    return {"body": body, "author": OURSELVES, **changes}


@pytest.mark.parametrize(
    "comments, changes",
    [
        ((), {}),
        ((a_comment("me too", HUMAN),), {}),
        ((a_comment(OURS_THERE.body, HUMAN),), {}),
        ((a_comment("Another workflow says hello.", OURSELVES),), {}),
        ((), {"labels": ("bug",)}),
        ((OURS_THERE,), {"is_pull_request": True}),
        ((), notice(author=HUMAN)),
        ((), notice(state="closed")),
    ],
)
def test_what_others_made_is_no_trace(comments: tuple[Comment, ...], changes: dict[str, object]) -> None:
    assert trace_of(*comments, **changes) is None


def test_the_labels_of_rules_settings_and_comments_are_traces() -> None:
    labels = ("Area:Disk", "signpost:old", "needs-info", "bug")
    found = trace_of(OURS_THERE, labels=labels)
    assert found
    assert (found.labels, [comment.id for comment, _ in found.comments]) == (labels[:3], [4])
    assert (
        find_traces([an_issue(labels=labels)], [listed(OURS_THERE, is_pull_request=True)], OURS)[0].labels == labels[:2]
    )


@pytest.mark.parametrize(
    "changes, removed",
    [
        ((SET,), ("area:disk",)),
        ((TAKEN, SET), ("area:disk",)),
        ((SET, TAKEN), ()),
        ((SET, TAKEN, HUMAN_SET), ()),
        ((HUMAN_SET,), ()),
        ((), ()),
        ((replace(SET, actor=Account(login=OURSELVES.login.upper(), is_bot=True)),), ("area:disk",)),
    ],
)
def test_a_label_goes_only_if_we_set_it_last(changes: tuple[Change, ...], removed: tuple[str, ...]) -> None:
    issue = an_issue(labels=("area:disk",))
    assert decide_removal(Trace(issue, labels=issue.labels), changes, OURS) == Removal(issue=issue, labels=removed)


def test_of_the_labels_of_a_person_only_those_go_that_a_comment_remembers() -> None:
    octocat = Account(login="octocat")
    own = replace(our_comment(labels=["Needs-Info"]), author=octocat)
    ours = replace(OURS, logins=OURS.logins | {"octocat"}, labels=frozenset({"area:disk", "needs-info"}))
    (trace,) = find_traces([an_issue(labels=("needs-info", "area:disk"))], [listed(own)], ours)

    changes = [a_change("labeled", octocat, label=label) for label in trace.labels]

    removal = decide_removal(trace, changes, ours)
    assert removal.labels == ("needs-info",)
    assert removal.kept == ("octocat may have set the label `area:disk` by hand; it stays",)


def test_the_comment_that_remembers_goes_last_and_an_edited_one_stays() -> None:
    report = replace(our_comment("Issue report by Signpost", kind="report"), id=9)
    edited = replace(our_comment(), id=5, body=our_comment().body.replace("space", "SPACE"))
    newer = replace(our_comment(), id=6, body=our_comment().body.replace("signpost:v1", "signpost:v2"))
    longer = replace(our_comment(), id=7, body=f"{our_comment().body}\n\nA maintainer adds this.")
    found = trace_of(OURS_THERE, report, edited, newer, longer)
    assert found

    removal = decide_removal(found, (), OURS)

    assert [comment.id for comment in removal.comments] == [9, 4]
    assert removal.kept == (
        "somebody edited comment 5; it stays",
        "a newer version of Signpost wrote comment 6; it stays",
        "somebody edited comment 7; it stays",
    )


def test_an_issue_of_ours_is_closed_unless_somebody_edited_it() -> None:
    whole, edited = trace_of(**notice()), trace_of(**notice())
    assert whole
    assert edited
    edited = edited._replace(issue=replace(edited.issue, body=edited.issue.body.replace("Many", "Some")))
    assert (decide_removal(whole, (), OURS).closes, decide_removal(edited, (), OURS).closes) == (True, False)
    assert decide_removal(edited, (), OURS).kept == (
        "somebody edited the text of this issue, which Signpost opened; it stays open",
    )


def test_rules_and_settings_say_what_is_ours() -> None:
    config = Config(labels={"regression": "Regressed", "prefix_owned": ["Signpost:"]}, identity={"also": ["Old[bot]"]})
    assert make_ours(a_ruleset(a_rule(labels=["Needs-Info"])).rules, config, None) == Ours(
        logins=frozenset({"github-actions[bot]", "old[bot]"}),
        labels=frozenset({"needs-info", "regressed"}),
        prefixes=("signpost:",),
    )


def test_the_account_of_the_token_is_ours_only_if_signpost_wrote_under_it() -> None:
    ours, octocat = make_ours((), Config(), "Octocat"), Account(login="octocat")
    whole = replace(our_comment(), author=octocat)
    others = [a_comment("me too", octocat), replace(whole, body=whole.body.replace("space", "SPACE")), our_comment()]
    assert ours.confirm(map(listed, others)).logins == {"github-actions[bot]"}
    assert ours.confirm([listed(whole)]).logins == {"github-actions[bot]", "octocat"}


TYPED = a_change("issue_type_added", OURSELVES)


@pytest.mark.parametrize(
    "comments, changes, expected",
    [
        pytest.param((), [TYPED], "Bug", id="set by a rule of ours"),
        pytest.param((), [], None, id="set by a template"),
        pytest.param((), [a_change("issue_type_added", HUMAN)], None, id="set by a person"),
        pytest.param((), [TYPED, a_change("issue_type_changed", HUMAN)], None, id="changed by a person"),
    ],
)
def test_a_type_goes_if_signpost_set_it_last(
    comments: tuple[Comment, ...], changes: list[Change], expected: str | None
) -> None:
    (trace,) = find_traces([an_issue(type="Bug")], map(listed, comments), replace(OURS, types=frozenset({"bug"})))
    removal = decide_removal(trace, changes, OURS)
    assert (removal.type, removal.writes, removal.to_json()["type"]) == (expected, int(bool(expected)), expected)
    assert ("take back the type `Bug`" in removal.describe()) == bool(expected)


def test_a_comment_remembers_a_type_whose_rule_is_gone() -> None:
    remembered = replace(our_comment(fields={"": "Bug"}), id=4)
    trace = trace_of(remembered, type="Bug")
    assert trace
    assert decide_removal(trace, [TYPED], OURS).type == "Bug"
    assert find_traces([an_issue(type="Bug")], [], OURS) == ()


def test_a_removal_says_what_it_does() -> None:
    issue = an_issue()
    removal = Removal(issue=issue, labels=("a", "b"), comments=(OURS_THERE,), closes=True)
    assert removal.describe() == "#7: remove `a`, `b`; delete comment 4; close the issue, which Signpost opened itself"
    assert removal.writes == 4
