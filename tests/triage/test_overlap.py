"""Runs that overlap, answers that are lost and lists that lag: the next run leaves one comment, whatever happened."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from random import Random

import pytest

from bot.comment.marker import Marker, read_marker, sign_comment
from bot.errors import TrackerError
from bot.github.client import connect
from bot.github.transport import Patience
from bot.github.webhook_event import IssueRequest
from bot.tracker.types import Account
from bot.triage.config import Sources, read_config
from bot.triage.result import Result
from bot.triage.run import run
from tests.builders import a_rule, a_ruleset
from tests.stand_ins.fake_github import (
    BOT,
    FAULTS,
    MAINTAINER,
    REPORTER,
    FakeGitHub,
    Fault,
    Reply,
    Request,
)
from tests.stand_ins.github_json import Person, StoredIssue, error_json
from tests.stand_ins.patience import LONGEST

MATCHING = "write failed: No space left on device"
ADVICE = "The build ran out of disk space."
QUIET = "duplicates: {enabled: false}\n"
APP = Person(login="your-app[bot]", kind="Bot", knows_itself=False)
REFUSED = Fault(kind="answer", reply=Reply(status=403, body=error_json("Resource not accessible by integration")))
Disturb = Callable[[Request], Fault | None]


def look_at(github: FakeGitHub, issue: StoredIssue, settings: str = QUIET, us: Person = BOT) -> Result:
    """One run for the issue, in this process; nobody really waits."""
    token = next(token for token, person in github.tokens.items() if person is us)
    tracker = connect(
        token, github.url, patience=Patience(between_writes=0), timeout=LONGEST, sleep=list[float]().append
    )
    rules = a_ruleset(a_rule(labels=None))
    sources = Sources(ruleset=rules, config=read_config(settings, "config.yml"))
    event = IssueRequest(repository="octo/widget", number=issue.number, sender=Account(login="maintainer"))
    return run(event, sources, tracker, datetime.now(UTC))


def ours(issue: StoredIssue) -> list[str]:
    """What our comments say: our advice, or else their first words."""
    said = (comment.body for comment in issue.comments if read_marker(comment.body))
    return ["advice" if ADVICE in body else body.partition(".")[0] for body in said]


def is_post(request: Request) -> bool:
    return request.verb == "POST" and request.path.endswith("/comments")


def is_last_look(request: Request) -> bool:
    return request.verb == "GET" and "since" in request.query


@pytest.fixture
def issue(fake_github: FakeGitHub) -> StoredIssue:
    """An issue that matches, and that somebody has commented."""
    issue = fake_github.add_issue("It breaks", MATCHING)
    fake_github.add_comment(issue, "Same here.")
    return issue


@pytest.fixture
def guidance(fake_github: FakeGitHub, issue: StoredIssue) -> str:
    """What another run posts about the issue."""
    look_at(fake_github, issue)
    posted = issue.comments.pop()
    return posted.body


def post_first(github: FakeGitHub, issue: StoredIssue, body: str, then: Disturb) -> Disturb:
    """Another run posts the moment before ours does."""

    def disturb(request: Request) -> Fault | None:
        if is_post(request):
            github.add_comment(issue, body, BOT)
        return then(request)

    return disturb


SECOND_STAYS: Mapping[str, Disturb] = {
    "the deletion is refused": lambda request: REFUSED if request.verb == "DELETE" else None,
    "the deletion is not answered": lambda request: FAULTS["reset"] if request.verb == "DELETE" else None,
    "the last look fails": lambda request: FAULTS["502"] if is_last_look(request) else None,
    "the post is not answered, and the look fails": lambda request: (
        FAULTS["lost answer"] if is_post(request) else FAULTS["502"] if is_last_look(request) else None
    ),
}


@pytest.mark.parametrize("trouble", SECOND_STAYS)
def test_a_second_comment_that_could_not_go_at_once_goes_with_the_next_run(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str, trouble: str
) -> None:
    fake_github.disturb = post_first(fake_github, issue, guidance, SECOND_STAYS[trouble])
    look_at(fake_github, issue)
    between = ours(issue)
    fake_github.disturb = lambda _: None

    result = look_at(fake_github, issue)

    assert (between, ours(issue)) == (["advice", "advice"], ["advice"])
    assert [action.action for action in result.plan.actions] == ["delete_comment"]
    assert (result.errors, len(result.all_remarks)) == ((), 1)


def test_a_second_comment_that_the_list_did_not_show_goes_with_the_next_run(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str
) -> None:
    fake_github.lag = 4
    fake_github.disturb = post_first(fake_github, issue, guidance, lambda _: None)
    look_at(fake_github, issue)
    between = ours(issue)
    fake_github.lag, fake_github.disturb = 0, lambda _: None

    look_at(fake_github, issue)

    assert (between, ours(issue)) == (["advice", "advice"], ["advice"])


def test_a_deletion_that_fails_is_a_remark_and_no_error(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str
) -> None:
    fake_github.add_comment(issue, guidance, BOT)
    fake_github.add_comment(issue, guidance, BOT)
    fake_github.disturb = SECOND_STAYS["the deletion is refused"]

    result = look_at(fake_github, issue)

    assert (result.errors, ours(issue)) == ((), ["advice", "advice"])
    assert [outcome.is_ok for outcome in result.outcomes] == [False]
    assert "a second comment of Signpost stays until the next run: Could not delete" in result.all_remarks[-1]


def test_a_post_that_was_stored_and_not_answered_is_found_at_once(fake_github: FakeGitHub, issue: StoredIssue) -> None:
    fake_github.disturb = lambda request: FAULTS["lost answer"] if is_post(request) else None

    result = look_at(fake_github, issue)

    assert (result.errors, result.all_remarks, ours(issue)) == ((), (), ["advice"])
    assert [outcome.comment.id for outcome in result.outcomes if outcome.comment] == [issue.comments[-1].id]


def test_a_post_that_was_not_answered_beside_another_run_leaves_one_comment(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str
) -> None:
    lost: Disturb = lambda request: FAULTS["lost answer"] if is_post(request) else None  # noqa: E731
    fake_github.disturb = post_first(fake_github, issue, guidance, lost)

    result = look_at(fake_github, issue)

    assert (result.errors, result.all_remarks, ours(issue)) == ((), (), ["advice"])


def test_a_post_that_was_neither_answered_nor_stored_is_an_error_and_not_repeated(
    fake_github: FakeGitHub, issue: StoredIssue
) -> None:
    fake_github.disturb = lambda request: FAULTS["reset"] if is_post(request) else None
    first = look_at(fake_github, issue)
    between = ours(issue)
    fake_github.disturb = lambda _: None

    look_at(fake_github, issue)

    assert (len(first.errors), between, ours(issue)) == (1, [], ["advice"])
    assert [is_post(request) for request in fake_github.requests].count(True) == 2


def test_a_strangers_copy_of_our_comment_is_not_taken_for_a_post_that_was_not_answered(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str
) -> None:
    def disturb(request: Request) -> Fault | None:
        if not is_post(request):
            return None
        fake_github.add_comment(issue, guidance, REPORTER)
        return FAULTS["reset"]

    fake_github.disturb = disturb
    result = look_at(fake_github, issue)

    assert len(result.errors) == 1
    assert [comment.author for comment in issue.comments] == [REPORTER, REPORTER]


def test_a_comment_that_came_with_a_transferred_issue_becomes_the_one_comment(
    fake_github: FakeGitHub, issue: StoredIssue
) -> None:
    moved = fake_github.add_comment(issue, sign_comment("Free some space.", Marker(issue=40, links=[12])), BOT)

    for _ in range(2):
        look_at(fake_github, issue)

    assert ours(issue) == ["advice"]
    assert issue.comments[-1] is moved


def test_a_comment_that_came_with_a_transferred_issue_gives_way_to_the_one_comment(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str
) -> None:
    fake_github.add_comment(issue, sign_comment("Free some space.", Marker(issue=40)), BOT)
    fake_github.add_comment(issue, guidance, BOT)

    results = [look_at(fake_github, issue) for _ in range(2)]

    assert ours(issue) == ["**This note no longer applies", "advice"]
    assert [len(result.plan.actions) for result in results] == [1, 0]


FORMER = f"{QUIET}identity: {{login: 'your-app[bot]', also: [maintainer, 'github-actions[bot]']}}\n"


@pytest.mark.parametrize("first", [MAINTAINER, BOT], ids=lambda person: person.login)
def test_an_app_keeps_up_the_comment_of_the_identity_before_it(
    fake_github: FakeGitHub, issue: StoredIssue, first: Person
) -> None:
    fake_github.tokens["ghs_app"] = APP
    look_at(fake_github, issue, us=first)

    result = look_at(fake_github, issue, FORMER, APP)

    assert (ours(issue), result.plan.actions, result.all_remarks) == (["advice"], (), ())


@pytest.mark.parametrize("first", [MAINTAINER, BOT], ids=lambda person: person.login)
def test_the_comments_of_two_identities_become_one_when_the_settings_name_both(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str, first: Person
) -> None:
    fake_github.tokens["ghs_app"] = APP
    fake_github.add_comment(issue, guidance, first)
    fake_github.add_comment(issue, guidance, APP)

    look_at(fake_github, issue, FORMER, APP)

    assert [comment.author for comment in issue.comments] == [REPORTER, first]


def test_a_login_that_the_settings_do_not_name_is_not_trusted(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str
) -> None:
    copied = fake_github.add_comment(issue, guidance, REPORTER)

    look_at(fake_github, issue, FORMER)

    assert (copied in issue.comments, ours(issue)) == (True, ["advice", "advice"])


DEEDS: Mapping[str, Callable[[FakeGitHub, StoredIssue], object]] = {
    "edited": lambda _, issue: setattr(issue.comments[-1], "body", f"See the manual.\n\n{issue.comments[-1].body}"),
    "hid or showed": lambda _, issue: setattr(issue.comments[-1], "minimized", "outdated"),
    "deleted": lambda github, issue: github.delete_comment(issue, issue.comments[-1]),
}


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("body", [MATCHING, "Slow"])
def test_what_a_person_does_between_our_reading_and_our_writing_stays(
    fake_github: FakeGitHub, issue: StoredIssue, deed: str, body: str
) -> None:
    old = sign_comment("Old words.", Marker(issue=1, rules={"out-of-disk": "0"}))
    ours_at_first = fake_github.add_comment(issue, old, BOT).id
    fake_github.edit_body(issue, body)
    done = list[str]()

    def disturb(request: Request) -> None:
        if request.verb == "GET" and "/issues/comments/" in request.path and not done:
            DEEDS[deed](fake_github, issue)
            done.extend(comment.body for comment in issue.comments)

    fake_github.disturb = disturb
    result = look_at(fake_github, issue)

    assert [comment.body for comment in issue.comments] == done
    assert ([outcome.is_ok for outcome in result.outcomes], result.errors) == ([False], ())
    assert f"somebody {deed} Signpost's comment {ours_at_first} during this run" in result.all_remarks[-1]


def test_a_second_comment_stays_where_the_first_was_deleted_meanwhile(
    fake_github: FakeGitHub, issue: StoredIssue, guidance: str
) -> None:
    first = fake_github.add_comment(issue, guidance, BOT)
    second = fake_github.add_comment(issue, guidance, BOT)

    def disturb(request: Request) -> None:
        if request.verb == "GET" and "/issues/comments/" in request.path and first in issue.comments:
            fake_github.delete_comment(issue, first)

    fake_github.disturb = disturb
    look_at(fake_github, issue)

    assert issue.comments[1:] == [second]


@pytest.mark.parametrize(
    "author, has_graphql, expected",
    [
        pytest.param(Person(login="spammer"), True, ["advice"], id="a stranger's"),
        pytest.param(None, True, ["advice"], id="of a deleted account"),
        pytest.param(BOT, True, [], id="ours"),
        pytest.param(Person(login="spammer"), False, [], id="nobody can say whose"),
    ],
)
def test_a_deleted_comment_silences_us_only_if_it_was_ours(
    fake_github: FakeGitHub, issue: StoredIssue, author: Person | None, *, has_graphql: bool, expected: list[str]
) -> None:
    fake_github.has_graphql = has_graphql
    fake_github.note(issue, "comment_deleted", MAINTAINER, deleted_author=author)

    look_at(fake_github, issue)

    assert ours(issue) == expected


ROUNDS = 200
RUNS = 3


def fail_at(rate: float, random: Random, fault: Fault, concerns: Callable[[Request], bool]) -> Disturb:
    return lambda request: fault if concerns(request) and random.random() < rate else None


def plan_troubles(random: Random) -> Mapping[str, Disturb]:
    """What befalls the writes of a round, and the looks behind them."""
    return {
        "none": lambda _: None,
        "deletions refused": fail_at(1, random, REFUSED, lambda request: request.verb == "DELETE"),
        "posts not answered": fail_at(0.6, random, FAULTS["lost answer"], is_post),
        "posts cut off": fail_at(0.6, random, FAULTS["truncated answer"], is_post),
        "posts broken off": fail_at(0.3, random, FAULTS["reset"], is_post),
        "last looks fail": fail_at(0.9, random, FAULTS["502"], is_last_look),
        "lists lag": lambda _: None,
        "any write not answered": fail_at(0.5, random, FAULTS["lost answer"], lambda request: request.verb != "GET"),
    }


def try_to_look(github: FakeGitHub, issue: StoredIssue) -> None:
    try:
        look_at(github, issue)
    except TrackerError:
        return


@pytest.mark.slow(minutes=1)
def test_two_hundred_rounds_of_runs_at_the_same_time_end_with_one_comment_each() -> None:
    random = Random(2026)  # noqa: S311 - no secret
    troubles = plan_troubles(random)
    between, after = dict[str, list[int]](), list[int]()
    with FakeGitHub() as github, ThreadPoolExecutor(RUNS) as pool:
        for count in range(ROUNDS):
            issue = github.add_issue("It breaks", MATCHING)
            github.add_comment(issue, "Same here.")
            trouble = list(troubles)[count % len(troubles)]
            github.disturb, github.lag = troubles[trouble], 3 if trouble == "lists lag" else 0
            github.delay = lambda: random.uniform(0, 0.002)
            list(pool.map(lambda _, issue=issue: try_to_look(github, issue), range(RUNS)))
            between.setdefault(trouble, []).append(len(ours(issue)))
            github.disturb, github.lag, github.delay = lambda _: None, 0, lambda: 0.0
            look_at(github, issue)
            after.append(len(ours(issue)))

    assert after == [1] * ROUNDS
    assert set(between["none"]) == {1}
    assert max(max(counts) for counts in between.values()) > 1
