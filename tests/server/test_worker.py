"""What becomes of a delivery on the server, over real HTTP."""

from collections.abc import Iterator

import pytest

from bot.server.inbox.types import Handled
from tests.server.worlds import APP, World, list_comments, open_world
from tests.stand_ins.fake_github import MAINTAINER
from tests.stand_ins.story import (
    ANSWER,
    HOME,
    NEW_ADVICE,
    OTHER,
    REPORTED,
    REPOSITORY,
    RULE,
    Ending,
    add_rule,
    open_issue,
    see,
)


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as world:
        yield world


FIRST = Ending(labels=("area:disk",), comments=(ANSWER,), flips=("labeled area:disk",))


def test_a_new_issue_gets_one_comment_and_a_second_delivery_changes_nothing(world: World) -> None:
    add_rule(world.github)
    issue = open_issue(world.github)
    first = world.handle(world.report(issue))
    assert (first.skipped, first.rules, first.actions) == ("", ("out-of-disk",), ("add_labels", "create_comment"))
    second = world.handle(world.report(issue))
    assert (second.skipped, second.rules, second.actions) == ("", ("out-of-disk",), ())
    assert see(issue, APP) == FIRST


def test_the_next_issue_after_a_push_uses_the_edited_rules(world: World) -> None:
    add_rule(world.github)
    first, second, third = (open_issue(world.github) for _ in range(3))
    world.handle(world.report(first))
    add_rule(world.github, RULE.replace("The build ran out of disk space.", NEW_ADVICE))
    world.handle(world.report(second))
    world.handle(world.push())
    world.handle(world.report(third))
    assert [NEW_ADVICE in list_comments(issue)[0] for issue in (first, second, third)] == [False, False, True]


def test_edited_rules_are_used_after_half_a_minute_without_a_push(world: World) -> None:
    add_rule(world.github)
    first, second = open_issue(world.github), open_issue(world.github)
    world.handle(world.report(first))
    add_rule(world.github, RULE.replace("The build ran out of disk space.", NEW_ADVICE))
    world.clock.seconds += 30
    world.handle(world.report(second))
    assert NEW_ADVICE in list_comments(second)[0]


def test_unchanged_rules_are_not_read_again(world: World) -> None:
    add_rule(world.github)
    issue = open_issue(world.github, OTHER)
    world.handle(world.report(issue))
    before = len(world.github.requests)
    world.clock.seconds += 30
    world.handle(world.report(issue))
    assert [str(request) for request in world.github.requests[before:]] == [f"GET /repos/{REPOSITORY}/contents/.github"]
    assert world.github.requests[-1].headers["if-none-match"].startswith('W/"')


def test_a_repository_without_rules_uses_those_of_its_organisation(world: World) -> None:
    files = world.github.add_repository("octo/.github").files
    files |= {f"{HOME}/out-of-disk.yml": RULE, f"{HOME}/config.yml": "duplicates: {enabled: false}\n"}
    issue = open_issue(world.github)
    world.handle(world.report(issue))
    assert see(issue, APP).comments == (ANSWER,)
    files[f"{HOME}/out-of-disk.yml"] = RULE.replace("The build ran out of disk space.", NEW_ADVICE)
    world.handle(world.push("octo/.github", 9))
    later = open_issue(world.github)
    world.handle(world.report(later))
    assert see(later, APP).comments == (f"{NEW_ADVICE} #1",)


def test_a_repository_without_any_rules_is_skipped_without_an_error(world: World) -> None:
    issue = open_issue(world.github)
    handled = world.handle(world.report(issue))
    assert (handled.skipped, handled.problems, issue.comments) == (
        "the repository has no rules: there is no folder .github/signpost on its default branch",
        (),
        [],
    )
    assert world.values("problems/") == {}
    assert world.values("repository/")["repository/1"]["rules"] == 0


def test_a_report_is_written_for_a_maintainer_who_asks(world: World) -> None:
    add_rule(world.github)
    issue = open_issue(world.github)
    world.handle(world.report(issue))
    comment = world.github.add_comment(issue, "/signpost report", MAINTAINER)
    world.handle(world.report(issue, "created", comment))
    assert see(issue, APP).comments == (ANSWER, REPORTED)


@pytest.mark.parametrize("event", ["ping", "release"])
def test_other_events_ask_for_nothing(world: World, event: str) -> None:
    handled = world.handle(world.send(event, "", {"zen": "x"}, 0, REPOSITORY, 1))
    assert handled == Handled(skipped=f"the event {event} asks for nothing")
