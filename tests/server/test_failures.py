"""Whatever goes wrong on GitHub: the inbox tries again, waits or gives up, and the issue ends with one comment."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import SignpostError, TrackerError
from bot.github.app import InstallationGoneError
from bot.server.inbox.types import BACKOFF, Delivery, Handled, PostponedError
from bot.server.records import InstallationState
from bot.server.settings import ServerSettings
from bot.server.worker import NEW, OUTAGE, UNSURE, explain_loss
from tests.server.worlds import APP, REPOSITORY_ID, World, list_comments, open_world
from tests.stand_ins.fake_github import FAULTS, HARD_FAULTS, MAINTAINER, Fault
from tests.stand_ins.story import ANSWER, REPOSITORY, TRIAGE, Ending, add_rule, open_issue, see

GONE, SUSPENDED = (InstallationGoneError("refused", is_suspended=each) for each in (False, True))
REMOVED_TEXT, SUSPENDED_TEXT = "the App was removed", "the App is suspended by the owner of the repository"
DELETED_TEXT, MISSING_TEXT = (
    "the issue was deleted or transferred",
    "GitHub has no such issue, or the App may not read it any more",
)
SOON, LATER, LATE = timedelta(seconds=1), NEW + timedelta(seconds=1), UNSURE + timedelta(seconds=1)


@pytest.mark.parametrize(
    "error, state, age, expected",
    [
        (TrackerError("502", unanswered=True), "active", LATE, ""),
        (TrackerError("502", unanswered=True), "removed", LATE, ""),
        (TrackerError("403"), "active", LATE, ""),
        (TrackerError("410", gone=True), "active", SOON, DELETED_TEXT),
        (TrackerError("404", missing=True), "active", SOON, ""),
        (TrackerError("404", missing=True), "active", LATER, MISSING_TEXT),
        (GONE, "removed", SOON, REMOVED_TEXT),
        (GONE, "suspended", SOON, SUSPENDED_TEXT),
        (GONE, "active", SOON, ""),
        (GONE, "active", LATE, REMOVED_TEXT),
        (SUSPENDED, "active", LATE, SUSPENDED_TEXT),
    ],
)
def test_a_failure_ends_a_delivery_only_when_no_attempt_can_help(
    error: TrackerError, state: InstallationState, age: timedelta, expected: str
) -> None:
    assert explain_loss(error, state, age) == expected


@pytest.fixture
def world() -> Iterator[World]:
    with open_world(ServerSettings()) as world:
        add_rule(world.github)
        yield world


def open_touched(world: World) -> Delivery:
    """A new report that others have touched, so that a run asks for all it can."""
    issue = open_issue(world.github)
    repository = world.github.repositories[REPOSITORY]
    world.github.set_label(repository, issue, "bug", MAINTAINER)
    world.github.set_label(repository, issue, "invalid", TRIAGE)
    world.github.add_comment(issue, "Any news?")
    return world.report(issue)


ENDING = Ending(labels=("area:disk", "bug"), comments=(ANSWER,), flips=("labeled area:disk", "unlabeled invalid"))


def handle_until_done(world: World, delivery: Delivery) -> list[str]:
    """Handle a delivery as often as an inbox does; the kinds of its errors."""
    failures = list[str]()
    for seconds in (*BACKOFF, 0):
        try:
            world.handle(delivery)
        except SignpostError as error:
            failures.append(type(error).__name__)
            world.clock.seconds += seconds
            world.app.limited = 0
        else:
            break
    return failures


def count_requests() -> int:
    with open_world(ServerSettings()) as world:
        add_rule(world.github)
        world.handle(open_touched(world))
        return len(world.github.requests)


REQUESTS = count_requests()


@pytest.mark.parametrize("name", ["reset", "lost answer", "truncated answer", "502", "secondary limit", "429", "422"])
@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_a_fault_of_any_request_ends_with_one_comment(world: World, number: int, name: str) -> None:
    delivery = open_touched(world)
    world.github.faults = {number: FAULTS[name]}
    failures = handle_until_done(world, delivery)
    assert see(world.github.repositories[REPOSITORY].issues[2], APP) == ENDING
    assert len(failures) <= 1
    assert world.github.faults.keys() <= {request.number for request in world.github.requests}


@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_an_outage_that_begins_with_any_request_ends_with_one_comment(world: World, number: int) -> None:
    delivery = open_touched(world)
    outage = range(number, number + 4)
    world.github.disturb = lambda request: FAULTS["502"] if request.number in outage else None
    handle_until_done(world, delivery)
    assert see(world.github.repositories[REPOSITORY].issues[2], APP) == ENDING


@pytest.mark.parametrize("number", range(1, REQUESTS + 1))
def test_a_rate_limit_of_any_request_postpones_and_is_no_attempt(world: World, number: int) -> None:
    delivery = open_touched(world)
    world.github.faults = {number: HARD_FAULTS["limit for an hour"]}
    with suppress(PostponedError):
        world.handle(delivery)
    before = len(world.github.requests)
    with pytest.raises(PostponedError) as raised:
        world.handle(delivery)
    assert (raised.value.seconds > 0, len(world.github.requests)) == (True, before)
    world.app.limited = 0
    world.handle(delivery)
    assert see(world.github.repositories[REPOSITORY].issues[2], APP) == ENDING


@pytest.mark.parametrize("number", range(1, REQUESTS))  # the last one only looks for a comment of another run
def test_a_rate_limit_postpones_what_waited_long_too(world: World, number: int) -> None:
    """Otherwise its comment would lack for ever what the limit hid."""
    delivery = open_touched(world)
    world.clock.seconds += 3600
    world.github.faults = {number: HARD_FAULTS["limit for an hour"]}
    with pytest.raises(PostponedError):
        world.handle(delivery)
    world.app.limited = 0
    world.handle(delivery)
    assert see(world.github.repositories[REPOSITORY].issues[2], APP) == ENDING


def test_an_outage_of_hours_is_no_failure_of_a_delivery(world: World) -> None:
    delivery = open_touched(world)
    world.github.disturb = lambda _: FAULTS["502"]
    pauses = list[float]()
    while world.clock.seconds < OUTAGE.total_seconds():
        with pytest.raises(PostponedError) as raised:
            world.handle(delivery)
        pauses.append(raised.value.seconds)
        world.clock.seconds += raised.value.seconds
    with pytest.raises(TrackerError):
        world.handle(delivery)
    assert (pauses[0], max(pauses), len(pauses) < 50) == (2, 900, True)


def test_an_error_has_no_text_of_the_issue(world: World) -> None:
    delivery = open_touched(world)
    world.github.disturb = lambda request: (
        FAULTS["422"] if request.verb in {"POST", "DELETE"} and request.path != "/graphql" else None
    )
    with pytest.raises(SignpostError) as raised:
        world.handle(delivery)
    assert str(raised.value).startswith("add_labels: Could not label octo/widget#2: GitHub answered 422")
    assert "os error 28" not in str(raised.value)


@pytest.mark.parametrize("fault", [FAULTS["410"], FAULTS["404"]])
def test_an_issue_that_is_gone_is_skipped(world: World, fault: Fault) -> None:
    delivery = open_touched(world)
    path = f"/repos/{REPOSITORY}/issues/2"
    world.github.disturb = lambda request: fault if request.path == path else None
    world.clock.seconds += 61
    handled = world.handle(delivery)
    assert handled.skipped == (DELETED_TEXT if fault is FAULTS["410"] else MISSING_TEXT)


def test_a_transferred_issue_is_skipped(world: World) -> None:
    delivery = open_touched(world)
    world.github.add_issue(repository="octo/other", number=5)
    world.github.gone[REPOSITORY, 2] = ("octo/other", 5)
    assert world.handle(delivery).skipped == DELETED_TEXT


def test_a_delivery_without_its_payload_is_skipped(world: World) -> None:
    handled = world.handle(replace(open_touched(world), body=b""))
    assert handled == Handled(skipped="the payload was deleted, because it was handled long ago")


def test_pending_deliveries_of_a_suspended_installation_end_and_later_ones_are_handled(world: World) -> None:
    delivery = open_touched(world)
    world.app.is_gone = True
    with pytest.raises(InstallationGoneError):
        world.handle(delivery)
    world.handle(world.install("suspend"))
    assert world.values("installation/") == {"installation/7": {"account": "octo", "state": "suspended"}}
    assert world.handle(delivery).skipped == SUSPENDED_TEXT
    world.app.is_gone = False
    world.handle(world.install("unsuspend"))
    assert world.values("installation/")["installation/7"]["state"] == "active"
    world.handle(delivery)
    assert see(world.github.repositories[REPOSITORY].issues[2], APP) == ENDING


def test_nothing_is_kept_of_the_repositories_that_the_app_left(world: World) -> None:
    world.handle(open_touched(world))
    assert world.values("repository/").keys() == {"repository/1"}
    removed = {"repositories_removed": [{"id": REPOSITORY_ID, "full_name": REPOSITORY}]}
    world.handle(world.send("installation_repositories", "removed", removed, 0, "", 0))
    assert world.values("") == {}
    world.handle(world.report(world.github.repositories[REPOSITORY].issues[2]))
    world.start()
    world.handle(world.report(world.github.repositories[REPOSITORY].issues[2]))
    world.handle(world.install("deleted"))
    assert world.values("") == {"installation/7": {"account": "octo", "state": "removed"}}


@pytest.mark.parametrize("status", [301, 307])
def test_a_delivery_under_the_old_name_of_a_renamed_repository_is_handled(world: World, status: int) -> None:
    delivery = open_touched(world)
    repository = world.github.repositories.pop(REPOSITORY)
    repository.name = "octo/gadget"
    world.github.repositories[repository.name] = repository
    world.github.moved[REPOSITORY] = (status, repository.name)
    world.handle(delivery)
    assert see(repository.issues[2], APP) == ENDING
    world.handle(world.report(repository.issues[2], "edited", name=repository.name))
    assert (len(list_comments(repository.issues[2])), world.values("repository/")["repository/1"]["repository"]) == (
        1,
        "octo/gadget",
    )


def test_a_repository_that_takes_too_much_time_waits_while_others_go_on() -> None:
    with open_world(ServerSettings(most_cpu_seconds=10)) as world:
        add_rule(world.github)
        other = world.github.add_repository("octo/other")
        other.files.update(world.github.repositories[REPOSITORY].files)
        first, second = open_issue(world.github), open_issue(world.github)
        third = world.github.add_issue(first.title, first.body, repository="octo/other")
        world.github.disturb = lambda _: setattr(world.clock, "cpu", world.clock.cpu + 2)
        world.handle(world.report(first))
        with pytest.raises(PostponedError) as raised:
            world.handle(world.report(second))
        assert (str(raised.value), raised.value.seconds) == (
            "the rules of octo/widget took more than 10 CPU seconds an hour; make them simpler",
            3600,
        )
        with pytest.raises(PostponedError):
            world.handle(world.push())
        world.handle(world.report(third, name="octo/other", number=2))
        world.clock.seconds += 3601
        world.github.disturb = lambda _: None
        world.handle(world.report(second))
        assert [len(list_comments(each)) for each in (first, second, third)] == [1, 1, 1]


def test_two_workers_on_one_issue_leave_one_comment(world: World) -> None:
    """As if the locks of the inbox failed."""
    delivery = open_touched(world)
    issue = world.github.repositories[REPOSITORY].issues[2]
    world.handle(world.push())
    world.github.delay = lambda: 0.01
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(world.handle, [replace(delivery, guid=str(number)) for number in range(4)]))
    world.github.delay = lambda: 0
    world.handle(world.report(issue, "edited"))
    assert see(issue, APP).comments == (ANSWER,)


def test_a_run_that_is_given_up_asks_nothing_more_of_github(world: World) -> None:
    """Its thread lives, and another server may handle the delivery meanwhile."""
    delivery = open_touched(world)

    async def play() -> int:
        running = asyncio.create_task(world.worker.handle(delivery))
        while not any(request.path.endswith("/issues/2") for request in world.github.requests):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        running.cancel()
        await asyncio.wait([running])
        given_up = len(world.github.requests)
        await asyncio.sleep(1)
        return len(world.github.requests) - given_up

    world.github.delay = lambda: 0.05
    assert asyncio.run(play()) <= 1
    world.github.delay = lambda: 0
    world.handle(delivery)
    assert see(world.github.repositories[REPOSITORY].issues[2], APP) == ENDING
