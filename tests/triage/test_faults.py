"""Whatever goes wrong with any request of a run: the next run puts things right, with exactly one comment."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bot.comment.links import write_date
from bot.comment.marker import read_marker, sign_comment
from bot.github.client import connect
from bot.github.responses import SECONDARY_WAIT
from bot.github.transport import Patience
from bot.github.webhook_event import parse_event
from bot.tracker.types import IssueEvent
from bot.triage.run import run
from bot.triage.sources import read_sources
from tests.stand_ins.command import Finished
from tests.stand_ins.fake_github import (
    BOT,
    FAULTS,
    HARD_FAULTS,
    MAINTAINER,
    SECONDARY_LIMIT,
    FakeGitHub,
    Fault,
    Reply,
)
from tests.stand_ins.github_json import START, Json, Person, StoredIssue, error_json
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import (
    ANSWER,
    HOME,
    MATCHING,
    NEW_ADVICE,
    OTHER,
    REPORTED,
    REPOSITORY,
    RULE,
    TOKEN,
    TRIAGE,
    WITHDRAWN,
    Ending,
    add_rule,
    copy_github,
    open_issue,
    run_once,
    see,
    start_run,
    tell_event,
)

pytestmark = pytest.mark.slow(minutes=5)


def refuse(status: int, message: str, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(kind="answer", reply=Reply(status=status, body=error_json(message), headers=headers or {}))


HARD: Mapping[str, Fault] = {
    **FAULTS,
    "secondary limit": refuse(403, SECONDARY_LIMIT, {"Retry-After": "0"}),
    "429": refuse(429, SECONDARY_LIMIT, {"Retry-After": "0"}),
    "limit for an hour": refuse(403, SECONDARY_LIMIT, {"Retry-After": "3600"}),
    "forbidden": refuse(403, "Resource not accessible by integration"),
    "killed before": Fault(kind="kill-before"),
    "killed after": Fault(kind="kill-after"),
}
"""A limit asks for no wait here, so that a test need not wait either; how long one is, `tests/github/` holds."""

PASSING = frozenset({"secondary limit", "429"})
"""What GitHub certainly did not do, so that even a write is sent again within the same run."""

TRIES = 4
"""So often a read is sent."""

OUTAGES: Mapping[str, tuple[Fault, ...]] = {
    **{name: (FAULTS[name],) * TRIES for name in ("reset", "lost answer", "truncated answer", "502")},
    "GraphQL's limit": (HARD_FAULTS["GraphQL's limit"],),
    "GraphQL's timeout": (HARD_FAULTS["GraphQL's timeout"],),
}
"""What a read gets in a row, so that there is no answer to what was asked; other requests are answered."""

BROKEN = frozenset({"reset", "lost answer", "truncated answer", "502"})
"""What a read is repeated after."""

KILLED = -9


def prepare_due(github: FakeGitHub) -> StoredIssue:
    """Answered months ago, with nobody having said anything since; our comment promised to close it as a duplicate."""
    issue = prepare_answered(github)
    add_rule(github, f"{RULE}close: {{as: duplicate, after: 3d}}\n")
    assert run_once(github, tell_event(github, issue, "edited")).code == 0
    (comment,) = [each for each in issue.comments if each.author == BOT]
    comment.body = promise_earlier(comment.body)
    return issue


def promise_earlier(body: str) -> str:
    """Our comment, if it had been written when the issue was opened."""
    marker = read_marker(body)
    assert marker
    closes = int(START.timestamp()) + 3 * 24 * 60 * 60
    said, then = (write_date(datetime.fromtimestamp(seconds, UTC)) for seconds in (marker.closes, closes))
    assert said in body
    text = body.rpartition("\n\n")[0].replace(said, then)
    return sign_comment(text, marker.model_copy(update={"closes": closes}))


@dataclass(frozen=True, kw_only=True)
class Story:
    """What there is, what is told, how many requests it takes undisturbed, which of them write, and how it must end.

    Where a maintainer asks for a report, what is told is the last comment.
    """

    prepare: Callable[[FakeGitHub], StoredIssue]
    requests: tuple[str, ...]
    ending: Ending
    action: str = "opened"
    is_asked: bool = False

    def tell(self, github: FakeGitHub, issue: StoredIssue) -> Json:
        """The payload that starts the run."""
        return tell_event(github, issue, self.action, issue.comments[-1] if self.is_asked else None)


def prepare_new(github: FakeGitHub) -> StoredIssue:
    """A new report that others have touched: a label by a maintainer, one by a bot, a comment by the reporter."""
    add_rule(github)
    issue = open_issue(github)
    github.set_label(github.repositories[REPOSITORY], issue, "bug", MAINTAINER)
    github.set_label(github.repositories[REPOSITORY], issue, "invalid", TRIAGE)
    github.add_comment(issue, "Any news?")
    return issue


def prepare_answered(github: FakeGitHub) -> StoredIssue:
    """The same, as a run leaves it."""
    issue = prepare_new(github)
    assert run_once(github, tell_event(github, issue)).code == 0
    return issue


def prepare_changed(github: FakeGitHub) -> StoredIssue:
    """Answered; since then the rule has other advice."""
    issue = prepare_answered(github)
    add_rule(github, RULE.replace("The build ran out of disk space.", NEW_ADVICE))
    return issue


def prepare_withdrawn(github: FakeGitHub) -> StoredIssue:
    """Answered; since then the reporter has taken back what the rule recognised."""
    issue = prepare_answered(github)
    github.edit_body(issue, OTHER)
    return issue


def prepare_known(github: FakeGitHub) -> StoredIssue:
    """A new report of what somebody else has reported before; GitHub's own search is asked for it."""
    add_rule(github)
    github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = "{}\n"
    github.add_issue("Low disk space is not handled", author=MAINTAINER)
    github.add_issue("No space is left", MATCHING, number=3, author=Person(login="stranger"))
    return github.add_issue("It breaks", MATCHING, number=2)


def ask_for_report(github: FakeGitHub, issue: StoredIssue) -> None:
    """A command of a maintainer."""
    github.add_comment(issue, "/signpost report", MAINTAINER).association = "MEMBER"


def prepare_asked(github: FakeGitHub) -> StoredIssue:
    """A maintainer asks for a report about an issue that has guidance."""
    issue = prepare_answered(github)
    ask_for_report(github, issue)
    return issue


def prepare_asked_again(github: FakeGitHub) -> StoredIssue:
    """The report is there; since then somebody has commented, and the maintainer asks again."""
    issue = prepare_asked(github)
    event = tell_event(github, issue, "created", issue.comments[-1])
    assert run_once(github, event).code == 0
    github.add_comment(issue, "Any news?")
    ask_for_report(github, issue)
    return issue


def prepare_commanded(github: FakeGitHub) -> StoredIssue:
    """Answered; since then a maintainer, who looks like anybody else, has given a command and a wrong one."""
    issue = prepare_answered(github)
    github.add_comment(issue, "/signpost wrong\n/signpost foo", MAINTAINER)
    return issue


ISSUE = f"/repos/{REPOSITORY}/issues/2"
SEARCH = "GET /search/issues"
ROLE = f"GET /repos/{REPOSITORY}/collaborators/maintainer/permission"
REACT = f"POST /repos/{REPOSITORY}/issues/comments/*/reactions"
READ_AGAIN = f"GET /repos/{REPOSITORY}/issues/comments/*"
STORIES: Mapping[str, Story] = {
    "new": Story(
        prepare=prepare_new,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            f"GET {ISSUE}/comments",
            f"GET {ISSUE}/events",
            "POST /graphql",
            f"GET /repos/{REPOSITORY}/labels/area%3Adisk",
            f"POST {ISSUE}/labels",
            f"DELETE {ISSUE}/labels/invalid",
            f"POST {ISSUE}/comments",
            f"GET {ISSUE}/comments",
        ),
        ending=Ending(
            labels=("area:disk", "bug"),
            comments=(ANSWER,),
            flips=("labeled area:disk", "unlabeled invalid"),
        ),
    ),
    "known": Story(
        prepare=prepare_known,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            SEARCH,
            SEARCH,
            "POST /graphql",
            f"GET /repos/{REPOSITORY}/labels/area%3Adisk",
            f"POST {ISSUE}/labels",
            f"POST {ISSUE}/comments",
            f"GET {ISSUE}/comments",
        ),
        ending=Ending(labels=("area:disk",), comments=(f"{ANSWER} #3",), flips=("labeled area:disk",)),
    ),
    "changed rule": Story(
        prepare=prepare_changed,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            f"GET {ISSUE}/comments",
            "POST /graphql",
            READ_AGAIN,
            f"PATCH /repos/{REPOSITORY}/issues/comments/*",
        ),
        ending=Ending(
            labels=("area:disk", "bug"),
            comments=(f"{NEW_ADVICE} #1",),
            flips=("labeled area:disk", "unlabeled invalid"),
        ),
        action="edited",
    ),
    "withdrawn": Story(
        prepare=prepare_withdrawn,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            f"GET {ISSUE}/comments",
            f"GET {ISSUE}/events",
            f"DELETE {ISSUE}/labels/area%3Adisk",
            READ_AGAIN,
            f"PATCH /repos/{REPOSITORY}/issues/comments/*",
        ),
        ending=Ending(
            labels=("bug",),
            comments=(WITHDRAWN,),
            flips=("labeled area:disk", "unlabeled area:disk", "unlabeled invalid"),
        ),
        action="edited",
    ),
    "due to be closed": Story(
        prepare=prepare_due,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            f"GET {ISSUE}/comments",
            "POST /graphql",
            f"GET {ISSUE}/events",
            f"GET /repos/{REPOSITORY}/issues/1",
            f"GET {ISSUE}",
            f"PATCH {ISSUE}",
        ),
        ending=Ending(
            labels=("area:disk", "bug"),
            comments=(ANSWER,),
            flips=("labeled area:disk", "unlabeled invalid"),
            state="closed as duplicate",
        ),
        action="edited",
    ),
    "commanded": Story(
        prepare=prepare_commanded,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            f"GET {ISSUE}/comments",
            ROLE,
            f"GET {ISSUE}/events",
            f"DELETE {ISSUE}/labels/area%3Adisk",
            READ_AGAIN,
            f"PATCH /repos/{REPOSITORY}/issues/comments/*",
            REACT,
            REACT,
        ),
        ending=Ending(
            labels=("bug",),
            comments=(WITHDRAWN,),
            flips=("labeled area:disk", "unlabeled area:disk", "unlabeled invalid"),
            answers=("+1", "confused"),
        ),
        action="created",
        is_asked=True,
    ),
    "asked for a report": Story(
        prepare=prepare_asked,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            f"GET {ISSUE}/comments",
            ROLE,
            f"GET {ISSUE}/events",
            "POST /graphql",
            "POST /graphql",
            f"POST {ISSUE}/comments",
            f"GET {ISSUE}/comments",
            REACT,
        ),
        ending=Ending(
            labels=("area:disk", "bug"),
            comments=(ANSWER, REPORTED),
            flips=("labeled area:disk", "unlabeled invalid"),
            answers=("+1",),
        ),
        action="created",
        is_asked=True,
    ),
    "asked again": Story(
        prepare=prepare_asked_again,
        requests=(
            "POST /graphql",
            f"GET {ISSUE}",
            f"GET {ISSUE}/comments",
            ROLE,
            "POST /graphql",
            "POST /graphql",
            READ_AGAIN,
            f"PATCH /repos/{REPOSITORY}/issues/comments/*",
            REACT,
        ),
        ending=Ending(
            labels=("area:disk", "bug"),
            comments=(ANSWER, REPORTED),
            flips=("labeled area:disk", "unlabeled invalid"),
            answers=("+1", "+1"),
        ),
        action="created",
        is_asked=True,
    ),
}
CASES = [
    (story, number, fault)
    for story, known in STORIES.items()
    for number in range(1, len(known.requests) + 1)
    for fault in HARD
]


GUIDANCE = "The build ran out of disk space."
WITHOUT_LINKS: Mapping[str, Ending] = {
    "new": replace(STORIES["new"].ending, comments=(GUIDANCE,)),
    "known": replace(STORIES["known"].ending, comments=(GUIDANCE,)),
    "changed rule": replace(STORIES["changed rule"].ending, comments=(ANSWER,)),
    "due to be closed": replace(STORIES["due to be closed"].ending, state="open"),
}
"""How a run ends that GitHub did not tell how links stand: whoever is new here gets guidance, nobody loses a link."""

OUTAGE_CASES = [
    (story, number, fault)
    for story in WITHOUT_LINKS
    for number, request in enumerate(STORIES[story].requests, 1)
    for fault in OUTAGES
    if request == "POST /graphql" and number > 1
]


@dataclass(frozen=True, kw_only=True)
class Aftermath:
    """A run with a fault and what people see then, and the same after a run without one."""

    first: Finished
    between: Ending
    second: Finished
    ending: Ending


@pytest.fixture(scope="module")
def prepared() -> Iterator[Mapping[str, FakeGitHub]]:
    """The beginning of each story."""
    with ExitStack() as stack:
        githubs = {name: stack.enter_context(FakeGitHub()) for name in STORIES}
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda name: STORIES[name].prepare(githubs[name]), STORIES))
        yield githubs


@pytest.fixture(scope="module")
def aftermaths(
    prepared: Mapping[str, FakeGitHub],
) -> Iterator[Mapping[tuple[str, int, str], Future[Aftermath]]]:
    """All of them side by side, because a run mostly waits: a second from one write to the next."""
    with ThreadPoolExecutor(48) as pool:
        yield {
            **{case: pool.submit(go_through, *case[:2], (HARD[case[2]],), prepared[case[0]]) for case in CASES},
            **{case: pool.submit(go_through, *case[:2], OUTAGES[case[2]], prepared[case[0]]) for case in OUTAGE_CASES},
        }


def go_through(story: str, number: int, faults: Sequence[Fault], begun: FakeGitHub) -> Aftermath:
    """A run in which the faults befall the request of that number and those after it, and another one."""
    with copy_github(begun) as github, TemporaryDirectory() as folder:
        issue = github.repositories[REPOSITORY].issues[2]
        event = STORIES[story].tell(github, issue)
        running = start_run(github, event, Path(folder))
        github.victim, github.faults = running.pid, dict(enumerate(faults, number))
        first, between = running.go(), see(issue)
        github.faults = {}
        second = start_run(github, event, Path(folder)).go()
        return Aftermath(first=first, between=between, second=second, ending=see(issue))


each_story = pytest.mark.parametrize("story", STORIES)
each_case = pytest.mark.parametrize("story, number, fault", CASES)


@each_story
def test_a_run_sends_these_requests_as_githubs_own_description_wants_them(
    prepared: Mapping[str, FakeGitHub], openapi_checker: OpenAPIChecker, story: str
) -> None:
    with copy_github(prepared[story], openapi_checker) as github:
        issue = github.repositories[REPOSITORY].issues[2]
        done = run_once(github, STORIES[story].tell(github, issue))

        assert [re.sub(r"comments/\d+", "comments/*", str(request)) for request in github.requests] == [
            *STORIES[story].requests
        ]
        assert (done.code, see(issue), github.violations) == (0, STORIES[story].ending, [])


@each_case
def test_the_next_run_puts_right_what_a_fault_left(
    aftermaths: Mapping[tuple[str, int, str], Future[Aftermath]], story: str, number: int, fault: str
) -> None:
    after = aftermaths[story, number, fault].result()

    assert after.ending == STORIES[story].ending
    assert after.second.code == 0


@pytest.mark.parametrize("story, number, fault", OUTAGE_CASES)
def test_an_issue_is_answered_while_links_cannot_be_read(
    aftermaths: Mapping[tuple[str, int, str], Future[Aftermath]], story: str, number: int, fault: str
) -> None:
    after = aftermaths[story, number, fault].result()

    assert (after.first.code, after.between) == (0, WITHOUT_LINKS[story])
    assert "Signpost adds no links" in after.first.out
    assert (after.second.code, after.ending) == (0, STORIES[story].ending)


@each_case
def test_a_run_says_by_its_exit_code_what_a_fault_meant(
    aftermaths: Mapping[tuple[str, int, str], Future[Aftermath]], story: str, number: int, fault: str
) -> None:
    after = aftermaths[story, number, fault].result()

    assert after.first.code == expect_code(story, number, fault)


@each_case
def test_a_fault_shows_neither_the_token_nor_a_command_of_the_reporters(
    aftermaths: Mapping[tuple[str, int, str], Future[Aftermath]], story: str, number: int, fault: str
) -> None:
    after = aftermaths[story, number, fault].result()

    for finished in (after.first, after.second):
        said = finished.out.replace(f"::add-mask::{TOKEN}\n", "", 1) + finished.err
        assert TOKEN not in said
        assert "Traceback" not in said
        assert not re.search(r"^\s*(::\w+::reporter|.*##\[)", said, flags=re.MULTILINE)


def expect_code(story: str, number: int, fault: str) -> int:
    """0: nothing was lost; 1: an action failed; 3: GitHub could not be read."""
    request = STORIES[story].requests[number - 1]
    is_write = not request.startswith("GET") and request != "POST /graphql"
    if fault.startswith("killed"):
        return KILLED
    if request in {SEARCH, ROLE, REACT}:
        return 0
    is_answer = (request, fault) in TAKEN_AS_AN_ANSWER or (number > 1 and (request, fault) == NO_GRAPHQL)
    is_found = (request, fault) in FOUND_AT_ONCE
    if fault in PASSING or is_answer or is_found or (story, number) in LAST_LOOK | LINKED:
        return 0
    if is_write:
        return 1
    return 0 if fault in BROKEN else 1 if (story, number) in WITHIN_AN_ACTION else 3


LAST_LOOK = {("new", 10), ("known", 9), ("asked for a report", 9)}
"""Whether another run has posted at the same moment: where it cannot be looked, nothing is lost."""

LINKED = {("asked for a report", 6), ("asked for a report", 7), ("asked again", 5), ("asked again", 6)}
"""What is linked to the issue: a report says what it could not read."""

FOUND_AT_ONCE = {(f"POST {ISSUE}/comments", fault) for fault in ("lost answer", "truncated answer")}
"""The comment was stored, so that it is found when it is looked for."""

WITHIN_AN_ACTION = {
    ("due to be closed", 6),
    ("due to be closed", 7),
    ("changed rule", 5),
    ("withdrawn", 6),
    ("commanded", 7),
    ("asked again", 7),
}
"""The id of the issue that it is closed as a duplicate of; the issue or our comment, right before it is edited."""

TAKEN_AS_AN_ANSWER = {
    (f"GET /repos/{REPOSITORY}/labels/area%3Adisk", "404"),
    (f"GET {ISSUE}", "410"),
    (READ_AGAIN, "404"),
    *((f"DELETE {ISSUE}/labels/{label}", "404") for label in ("invalid", "area%3Adisk")),
}
"""The label does not exist, the issue or our comment was deleted: nothing failed, but it is said."""

NO_GRAPHQL = ("POST /graphql", "404")
"""A server without GraphQL is asked for each link by itself; rules cannot be had from it."""


@pytest.mark.parametrize("number", range(1, len(STORIES["new"].requests) + 1))
def test_a_limit_that_names_no_time_is_waited_out_within_the_run(
    prepared: Mapping[str, FakeGitHub], number: int
) -> None:
    """The wait is a minute: the story of `bot/triage/run.py` is told without the command, and nobody really waits."""
    waits = list[float]()
    with copy_github(prepared["new"]) as github:
        github.faults = {number: refuse(403, SECONDARY_LIMIT)}
        issue = github.repositories[REPOSITORY].issues[2]
        event = parse_event("issues", tell_event(github, issue))
        assert isinstance(event, IssueEvent)
        tracker = connect(TOKEN, github.url, patience=Patience(between_writes=0), sleep=waits.append)
        sources = read_sources((), None, REPOSITORY, tracker)
        report = run(event, sources, tracker, datetime.now(UTC))

        assert (report.errors, waits, see(issue)) == ((), [SECONDARY_WAIT], STORIES["new"].ending)
