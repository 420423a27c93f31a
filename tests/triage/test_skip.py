"""Which events and issues are left alone."""

import pytest

from bot.comment.marker import Marker, sign_comment
from bot.github.webhook_event import IssueRequest
from bot.tracker.types import Account, IssueEvent, Skip
from bot.triage.config import read_config
from bot.triage.skip import find_event_skip, find_issue_skip
from tests.builders import HUMAN, OTHER_BOT, OURSELVES, REPORTER, Fields, a_comment, an_event, an_issue


def because(reason: str | None) -> Skip | None:
    return Skip(reason) if reason else None


NOTICE = sign_comment("Five people have reported this.", Marker(issue=0, kind="surge", keys=["rule:disk"]))
OURS = "Signpost opened the issue itself"


@pytest.mark.parametrize("settings", ["", "on: [opened]", "on: []", "on: [labeled, unlabeled]"])
@pytest.mark.parametrize(
    "name, action, occasion",
    [
        ("issues", "opened", "opened"),
        ("issues", "edited", "edited"),
        ("issues", "reopened", "reopened"),
        ("issue_comment", "created", "commented"),
        ("issue_comment", "edited", "commented"),
        ("issue_comment", "deleted", None),
        ("issues", "labeled", "labeled"),
        ("issues", "unlabeled", "labeled"),
        ("issues", "closed", None),
        ("issues", "assigned", None),
        ("issues", "typed", None),
        ("issues", "field_added", None),
        ("issues", "something_new", None),
    ],
)
def test_only_the_events_of_the_settings_start_something(
    name: str, action: str, occasion: str | None, settings: str
) -> None:
    config = read_config(settings, "config.yml")
    comment = a_comment() if name == "issue_comment" else None
    expected = None if occasion in config.on else Skip(f"the settings do not include the event {name} {action}")
    assert find_event_skip(an_event(an_issue(), name, action, comment=comment), config) == expected


def test_the_event_of_a_removed_label_can_be_chosen_alone() -> None:
    config = read_config("on: [unlabeled]", "config.yml")
    found = [find_event_skip(an_event(an_issue(), action=action), config) for action in ("unlabeled", "labeled")]
    assert found == [None, Skip("the settings do not include the event issues labeled")]


@pytest.mark.parametrize(
    "event, reason",
    [
        (an_event(an_issue()), None),
        (an_event(an_issue(), sender=HUMAN), None),
        (an_event(an_issue(), sender=OURSELVES), "the event comes from a bot (github-actions[bot])"),
        (an_event(an_issue(), sender=OTHER_BOT), "the event comes from a bot (tidy-up[bot])"),
        (an_event(an_issue(), "issue_comment", "created", comment=a_comment("more", REPORTER)), None),
        (
            an_event(an_issue(), "issue_comment", "created", comment=a_comment("me too", HUMAN), sender=HUMAN),
            "the comment is neither by the author of the issue nor a command",
        ),
        (
            an_event(an_issue(), "issue_comment", "edited", comment=a_comment("x", OURSELVES), sender=HUMAN),
            "the comment is neither by the author of the issue nor a command",
        ),
        (
            an_event(
                an_issue(),
                "issue_comment",
                "created",
                comment=a_comment("/signpost duplicate #3", HUMAN, association="MEMBER"),
                sender=HUMAN,
            ),
            None,
        ),
        (
            an_event(
                an_issue(), "issue_comment", "created", comment=a_comment("/signpost duplicate #3", HUMAN), sender=HUMAN
            ),
            None,
        ),
        (
            an_event(an_issue(), "issue_comment", "created", comment=a_comment("/signpost foo", HUMAN), sender=HUMAN),
            None,
        ),
        (
            an_event(
                an_issue(), "issue_comment", "created", comment=a_comment("/signpost report", HUMAN), sender=HUMAN
            ),
            "the comment is neither by the author of the issue nor a command",
        ),
        (
            an_event(
                an_issue(), "issue_comment", "created", comment=a_comment("/signpost foo", OTHER_BOT), sender=HUMAN
            ),
            "the comment is neither by the author of the issue nor a command",
        ),
        (an_event(an_issue(is_locked=True)), "the issue is locked"),
    ],
)
def test_only_people_start_something_and_comments_only_by_the_author(event: IssueEvent, reason: str | None) -> None:
    assert find_event_skip(event, read_config("", "config.yml")) == because(reason)


def test_what_a_person_starts_by_hand_is_always_looked_at() -> None:
    request = IssueRequest(repository="octo-org/octo-repo", number=7, sender=OURSELVES)
    assert find_event_skip(request, read_config("on: []", "config.yml")) is None


@pytest.mark.parametrize("association", ["OWNER", "MEMBER"])
def test_by_hand_a_maintainer_can_try_a_rule_on_an_issue_of_their_own(association: str) -> None:
    issue, config = an_issue(association=association), read_config("", "config.yml")
    closed = an_issue(association=association, state="closed")

    found = [find_issue_skip(each, config, is_by_hand=True) for each in (issue, closed)]

    assert found == [None, Skip("the issue is closed")]


@pytest.mark.parametrize(
    "settings, changes, reason",
    [
        ("", {}, None),
        ("", {"labels": ("bug",), "association": "CONTRIBUTOR"}, None),
        ("", {"is_pull_request": True}, "it is a pull request"),
        ("", {"state": "closed"}, "the issue is closed"),
        ("", {"is_locked": True}, "the issue is locked"),
        ("skip: {bots: false}", {"author": OTHER_BOT, "body": NOTICE}, OURS),
        ("skip: {associations: []}", {"association": "OWNER", "body": NOTICE}, OURS),
        ("identity: {login: OctoCat}", {"body": NOTICE}, OURS),
        ("identity: {also: [octocat]}", {"body": NOTICE}, OURS),
        ("", {"body": NOTICE}, None),
        ("skip: {bots: false}", {"author": OTHER_BOT, "body": NOTICE.replace("surge", "guidance")}, None),
        ("", {"author": OTHER_BOT}, "the issue was opened by a bot (tidy-up[bot])"),
        ("skip: {bots: false}", {"author": OTHER_BOT}, None),
        ("skip: {authors: [OctoCat]}", {}, "issues by octocat are skipped"),
        ("skip: {authors: [octocat]}", {"author": Account(login="OctoCat")}, "issues by OctoCat are skipped"),
        ("skip: {authors: [somebody]}", {}, None),
        ("", {"association": "OWNER"}, "issues by authors with the association OWNER are skipped"),
        ("", {"association": "MEMBER"}, "issues by authors with the association MEMBER are skipped"),
        ("skip: {associations: []}", {"association": "OWNER"}, None),
        (
            "skip: {associations: [COLLABORATOR]}",
            {"association": "COLLABORATOR"},
            "issues by authors with the association COLLABORATOR are skipped",
        ),
        ("skip: {labels: [Wontfix]}", {"labels": ("bug", "WontFix")}, "issues with the label `Wontfix` are skipped"),
        ("skip: {labels: wontfix}", {"labels": ("bug",)}, None),
    ],
)
def test_an_issue_is_left_alone_for_one_reason(settings: str, changes: Fields, reason: str | None) -> None:
    assert find_issue_skip(an_issue(**changes), read_config(settings, "config.yml")) == because(reason)
