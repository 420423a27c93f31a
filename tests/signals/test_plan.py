"""What a sweep has to do, as a value."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.rules.ruleset import Ruleset
from bot.signals.ledger import Closing, IssueNow, Ledger, Reply, Vote
from bot.signals.missed import find_missed
from bot.signals.plan import Progress, Rerun, group_links, list_waiting, plan_reruns
from bot.tracker.types import Issue
from bot.triage.config import read_config
from tests.builders import a_rule, a_ruleset, after, an_issue
from tests.signals.ledgers import START, a_given, a_guidance, a_ledger, a_refusal, a_vote
from tests.triage.plans import sources_of

RULES = a_ruleset()
HASH = RULES.rules[0].content_hash
NOW = START + 1000
NOTHING_DONE = Progress(pending={}, looked={})


def current() -> Ledger:
    """Our comment on issue 1, with the guidance of the rule as it is."""
    return a_ledger(a_given(1, a_guidance("out-of-disk", HASH)))


def plan(
    ledger: Ledger, progress: Progress = NOTHING_DONE, rules: Ruleset = RULES
) -> list[tuple[int, tuple[str, ...]]]:
    return [(each.issue, each.reasons) for each in plan_reruns(ledger, rules, progress, NOW)]


BROKEN = replace(RULES, rules=(), problems=(a_ruleset().rules[0].document.problem_at((), "broken"),))
CLOSED = (IssueNow(1, "author-1", is_open=False),)
HELD = (IssueNow(1, "author-1", is_held=True),)
STANDING = a_guidance("out-of-disk", HASH)


@pytest.mark.parametrize(
    "ledger, expected",
    [
        pytest.param(a_ledger(a_given(1, a_guidance("out-of-disk", HASH))), [], id="all is well"),
        pytest.param(a_ledger(a_given(1, a_guidance("out-of-disk", "0"))), [(1, ("rule",))], id="the rule has changed"),
        pytest.param(a_ledger(a_given(1, a_guidance("gone", "0"))), [(1, ("rule",))], id="the rule was removed"),
        pytest.param(a_ledger(a_given(1, a_guidance("gone", "0", until=START))), [], id="the guidance is over"),
        pytest.param(a_ledger(a_given(1, a_guidance("out-of-disk", "0")), issues=CLOSED), [], id="the issue is closed"),
        pytest.param(a_ledger(a_given(1, a_guidance("out-of-disk", "0"), is_hidden=True)), [], id="somebody hid it"),
        pytest.param(
            a_ledger(a_given(1, STANDING), votes=[a_vote("author-1")]), [(1, ("refusal",))], id="the author's 👎"
        ),
        pytest.param(a_ledger(a_given(1, STANDING), votes=[a_vote("eve")]), [], id="somebody else's 👎"),
        pytest.param(a_ledger(a_given(1, STANDING), votes=[a_vote("author-1", "+1")]), [], id="the author's 👍"),
        pytest.param(a_ledger(a_given(1, STANDING), replies=[a_refusal()]), [(1, ("refusal",))], id="in words"),
        pytest.param(
            a_ledger(a_given(1, STANDING, heard=("c901",)), replies=[a_refusal()]), [], id="in words, and heard"
        ),
        pytest.param(
            a_ledger(a_given(1, STANDING, heard=(f"r{START + 60}",)), votes=[a_vote("author-1")]),
            [],
            id="👎, and heard",
        ),
        pytest.param(a_ledger(a_given(1, STANDING, closes=NOW + 1)), [], id="to be closed later"),
        pytest.param(a_ledger(a_given(1, STANDING, closes=NOW)), [(1, ("closing",))], id="to be closed now"),
        pytest.param(
            a_ledger(
                a_given(1, STANDING, closes=NOW + 1), replies=[Reply(9, 1, "eve", "other", START + 5, refuses=False)]
            ),
            [(1, ("closing",))],
            id="somebody answered the promise",
        ),
        pytest.param(
            a_ledger(
                a_given(1, STANDING, closes=NOW + 1),
                replies=[Reply(9, 1, "tidy[bot]", "bot", START + 5, refuses=False)],
            ),
            [],
            id="a bot answered the promise",
        ),
        pytest.param(
            a_ledger(a_given(1, STANDING, closes=NOW + 1), closings=(Closing(1, START, START + 5),)),
            [(1, ("closing",))],
            id="closed and reopened",
        ),
        pytest.param(
            a_ledger(a_given(1, STANDING, closes=NOW + 1), issues=HELD), [(1, ("closing",))], id="assigned meanwhile"
        ),
        pytest.param(
            a_ledger(a_given(1, a_guidance("out-of-disk", "0"), closes=NOW), votes=[a_vote("author-1")]),
            [(1, ("rule", "refusal", "closing"))],
            id="several reasons",
        ),
    ],
)
def test_an_issue_is_handled_again_for_these_reasons(
    ledger: Ledger, expected: list[tuple[int, tuple[str, ...]]]
) -> None:
    assert plan(ledger) == expected


def test_a_rule_that_does_not_load_withdraws_nothing() -> None:
    assert plan(a_ledger(a_given(1, a_guidance("out-of-disk", HASH))), rules=BROKEN) == []


def test_what_waits_is_handled_whatever_else_is_known() -> None:
    waiting = Progress(pending={5: frozenset({"missed", "target"})}, looked={5: "anything"})
    assert plan_reruns(current(), RULES, waiting, NOW) == (Rerun(5, ("target", "missed")),)


def test_a_promise_of_a_rule_that_is_silent_now_is_looked_at() -> None:
    told, silent = a_ledger(a_given(1, STANDING, closes=NOW + 1)), a_ledger(a_given(1, STANDING))
    looked = [plan_reruns(each, RULES, NOTHING_DONE, NOW, {"out-of-disk"}) for each in (told, silent)]
    assert [[rerun.reasons for rerun in reruns] for reruns in looked] == [[("rule",)], []]


def test_a_promise_is_looked_at_again_when_it_is_due() -> None:
    said = [Reply(9, 1, "author-1", "author", START + 5, refuses=False)]
    ledger = a_ledger(a_given(1, STANDING, closes=NOW + 1), replies=said)
    (rerun,) = plan_reruns(ledger, RULES, NOTHING_DONE, NOW)
    handled = Progress(pending={}, looked={1: rerun.digest})
    assert plan_reruns(ledger, RULES, handled, NOW) == ()
    assert [each.reasons for each in plan_reruns(ledger, RULES, handled, NOW + 1)] == [("closing",)]


def test_what_waits_for_a_person_is_said_until_it_is_over() -> None:
    asked = a_given(1, STANDING, closes=NOW, asks=True, target=3)
    ledger = a_ledger(asked, replace(asked, id=2, issue=2, target=0), replace(asked, id=4, issue=4, asks=False))
    proposals = [
        "no sign of life: #1 may be closed as a duplicate of #3; the settings want a person to decide",
        "no sign of life: #2 may be closed as not planned; the settings want a person to decide",
    ]
    assert list_waiting(ledger, NOW, ()) == tuple(proposals)
    assert list_waiting(ledger, NOW, {2}) == (proposals[0],)
    assert list_waiting(ledger, NOW - 1, ()) == ()
    assert list_waiting(a_ledger(asked, issues=HELD), NOW, ()) == ()
    assert list_waiting(a_ledger(replace(asked, is_hidden=True)), NOW, ()) == ()


def test_a_state_is_handled_once() -> None:
    ledger = a_ledger(a_given(1, a_guidance("out-of-disk", "0")))
    (rerun,) = plan_reruns(ledger, RULES, NOTHING_DONE, NOW)
    handled = Progress(pending={}, looked={1: rerun.digest})
    assert plan(ledger, handled) == []
    assert plan(replace(ledger, votes=(a_vote("author-1"),)), handled) == [(1, ("rule", "refusal"))]
    other = a_ruleset(a_rule(guidance={"tldr": "Other advice."}))
    assert plan(ledger, handled, other) == [(1, ("rule",))]


@given(
    st.permutations([a_vote("author-1"), a_vote("author-2", comment=2), a_vote("eve", comment=3)]), st.integers(1, 3)
)
def test_neither_order_nor_repetition_of_votes_changes_the_plan(votes: list[Vote], times: int) -> None:
    comments = [a_given(number, STANDING) for number in (1, 2, 3)]
    assert plan(a_ledger(*comments, votes=votes * times)) == [(1, ("refusal",)), (2, ("refusal",))]


LABELED = an_issue(labels=("needs-info",), number=1)


@pytest.mark.parametrize(
    "issue, ledger, settings, missed",
    [
        pytest.param(LABELED, current(), "", False, id="answered and labeled"),
        pytest.param(an_issue(number=1), current(), "", True, id="its label is missing"),
        pytest.param(LABELED, a_ledger(a_given(2, STANDING)), "", True, id="not answered"),
        pytest.param(replace(LABELED, body="All is well"), current(), "", True, id="edited since"),
        pytest.param(replace(LABELED, body="Fine"), a_ledger(a_given(2, STANDING)), "", False, id="no rule matches"),
        pytest.param(replace(LABELED, state="closed"), a_ledger(a_given(2, STANDING)), "", False, id="closed"),
        pytest.param(LABELED, a_ledger(a_given(2, STANDING)), "mode: label", False, id="only labels by the settings"),
        pytest.param(an_issue(number=1), a_ledger(a_given(2, STANDING)), "mode: observe", False, id="only observed"),
        pytest.param(an_issue(number=1), a_ledger(a_given(2, STANDING)), "mode: suggest", True, id="only suggested"),
        pytest.param(
            LABELED,
            a_ledger(a_given(1, a_guidance("out-of-disk", HASH, until=START, is_refused=1))),
            "",
            False,
            id="refused there",
        ),
    ],
)
def test_a_lost_event_is_seen_by_what_it_left_undone(
    issue: Issue, ledger: Ledger, settings: str, *, missed: bool
) -> None:
    sources = sources_of(config=read_config(settings, "config.yml"))
    assert find_missed(issue, ledger, sources, after().date()) is missed


def test_a_muted_rule_misses_no_comment() -> None:
    sources = replace(sources_of(), muted={"out-of-disk": "12 of 12"})
    assert find_missed(LABELED, a_ledger(a_given(2, STANDING)), sources, after().date()) is False


def test_the_issues_whose_comment_links_another_one() -> None:
    ledger = a_ledger(a_given(1, links=(5, 6)), a_given(2, links=(6,)), a_given(3, links=(7,)), a_given(4, links=(6,)))
    issues = tuple(replace_open(issue, is_open=issue.number != 4) for issue in ledger.issues)
    assert group_links(replace(ledger, issues=issues)) == {5: {1}, 6: {1, 2}, 7: {3}}


def replace_open(issue: IssueNow, *, is_open: bool) -> IssueNow:
    return issue._replace(is_open=is_open)
