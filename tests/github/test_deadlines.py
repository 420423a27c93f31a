"""A GitHub that never comes to an end: dripped bytes, lists that lead back, redirects in a circle."""

from collections.abc import Callable, Iterator
from typing import Literal

import pytest

from bot.errors import TrackerError
from bot.github.client import GitHubTracker, connect
from bot.github.transport import Patience
from bot.tracker.types import Issue
from tests.stand_ins.fake_github import FAULTS, FakeGitHub, Fault, Reply, Request
from tests.stand_ins.github_json import START
from tests.stand_ins.patience import LONGEST

ISSUE = Issue(repository="octo/widget", number=1, title="It breaks", created_at=START, updated_at=START)
HURRY = Patience(answer=0.5, tries=1, between_writes=0)


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    """A repository with one issue; what it answers is not always what GitHub describes."""
    with FakeGitHub() as github:
        github.add_issue("It breaks")
        yield github


def reach(github: FakeGitHub, patience: Patience) -> GitHubTracker:
    return connect("ghs_bot", github.url, patience=patience, timeout=LONGEST)


def always(fault: Fault) -> Callable[[Request], Fault]:
    return lambda _: fault


@pytest.mark.parametrize("kind", ["drip-head", "drip-body"])
@pytest.mark.parametrize("is_read", [True, False])
def test_an_answer_whose_bytes_drip_ends_at_its_deadline(
    github: FakeGitHub, kind: Literal["drip-head", "drip-body"], *, is_read: bool
) -> None:
    github.disturb = always(Fault(kind=kind))
    tracker = reach(github, HURRY)

    with pytest.raises(TrackerError, match=r"was not complete within 0\.5 s") as caught:
        tracker.get_issue("octo/widget", 1) if is_read else tracker.create_comment(ISSUE, "Hello.")

    assert (caught.value.uncertain, caught.value.unanswered) == (not is_read, True)


def test_after_a_dripping_answer_the_next_request_has_a_connection_of_its_own(github: FakeGitHub) -> None:
    github.faults = {1: Fault(kind="drip-body")}
    tracker = reach(github, Patience(answer=4))

    assert tracker.get_issue("octo/widget", 1).title == "It breaks"
    assert tracker.requests == 2


def link_to(address: Callable[[FakeGitHub, Request], str], github: FakeGitHub) -> Callable[[Request], Fault]:
    """Every page names another one as the next."""

    def disturb(request: Request) -> Fault:
        headers = {"Link": f'<{github.url}{address(github, request)}>; rel="next"'}
        return Fault(kind="answer", reply=Reply(body=[], headers=headers))

    return disturb


def count_on(_: FakeGitHub, request: Request) -> str:
    return f"{request.path}?page={int(request.query.get('page', 1)) + 1}"


@pytest.mark.parametrize(
    "address, requests",
    [
        pytest.param(lambda _, request: request.path, 2, id="itself"),
        pytest.param(lambda _, request: f"{request.path}?page=7", 2, id="the same one"),
        pytest.param(lambda github, request: f"{request.path}?page={len(github.requests) % 3}", 4, id="a circle"),
        pytest.param(count_on, 100, id="one more"),
    ],
)
def test_a_list_without_an_end_is_an_error(
    github: FakeGitHub, address: Callable[[FakeGitHub, Request], str], requests: int
) -> None:
    github.disturb = link_to(address, github)
    tracker = reach(github, Patience())

    with pytest.raises(TrackerError, match="leads back to one of its pages, or has more than 100"):
        tracker.list_comments(ISSUE)

    assert tracker.requests == requests


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_in_a_circle_is_an_error(github: FakeGitHub, status: int) -> None:
    github.moved = {"octo/widget": (status, "octo/gadget"), "octo/gadget": (status, "octo/widget")}
    tracker = reach(github, Patience(tries=1))

    with pytest.raises(TrackerError):
        tracker.get_issue("octo/widget", 1)

    assert tracker.requests <= 5


def test_an_answer_that_is_never_ready_ends_at_its_deadline(github: FakeGitHub) -> None:
    github.disturb = always(Fault(kind="answer", reply=Reply(status=202, body={})))

    with pytest.raises(TrackerError, match="was not complete within"):
        reach(github, HURRY).get_issue("octo/widget", 1)


def test_when_the_time_of_the_run_is_over_nothing_more_is_asked(github: FakeGitHub) -> None:
    tracker = reach(github, Patience(run=0))

    with pytest.raises(TrackerError, match="asks nothing more of GitHub") as caught:
        tracker.create_comment(ISSUE, "Hello.")

    assert (caught.value.uncertain, tracker.requests) == (False, 0)


def test_the_time_of_the_run_ends_the_waiting_for_better_answers(github: FakeGitHub) -> None:
    github.disturb = always(FAULTS["502"])
    tracker = reach(github, Patience(run=1.2, tries=99))

    with pytest.raises(TrackerError, match="502"):
        tracker.get_issue("octo/widget", 1)

    assert tracker.requests <= 2
