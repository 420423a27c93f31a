"""Every method of the tracker over real HTTP, held against GitHub's own description, and what happens when it fails."""

import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from bot.errors import SettingsError, TrackerError
from bot.github.client import GitHubTracker, connect
from bot.github.transport import Patience
from bot.tracker.types import Account, Change, Folder, Issue, Tracker
from tests.stand_ins.fake_github import (
    BOT,
    FAULTS,
    MAINTAINER,
    REPORTER,
    SECONDARY_LIMIT,
    FakeGitHub,
    Fault,
    Reply,
)
from tests.stand_ins.github_json import START, error_json
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.patience import LONGEST

Call: TypeAlias = Callable[[GitHubTracker, Issue], object]

READS: dict[str, Call] = {
    "get_issue": lambda tracker, issue: tracker.get_issue(issue.repository, issue.number),
    "list_comments": lambda tracker, issue: tracker.list_comments(issue),
    "list_comments since": lambda tracker, issue: tracker.list_comments(issue, since=START),
    "get_comment": lambda tracker, issue: tracker.get_comment(issue, 5003),
    "list_changes": lambda tracker, issue: tracker.list_changes(issue),
    "find_labels one": lambda tracker, issue: tracker.find_labels(issue.repository, ["bug"]),
    "find_labels two": lambda tracker, issue: tracker.find_labels(issue.repository, ["bug", "new"]),
    "list_own_issues": lambda tracker, issue: tracker.list_own_issues(issue.repository, "reporter"),
    "read_own_issue": lambda tracker, issue: tracker.read_own_issue(issue.repository, issue.number),
    "read_folder": lambda tracker, issue: tracker.read_folder(issue.repository, ".github/signpost"),
    "find_tree": lambda tracker, issue: tracker.find_tree(issue.repository, ".github/signpost"),
}
WRITES: dict[str, Call] = {
    "add_labels": lambda tracker, issue: tracker.add_labels(issue, ["bug"]),
    "remove_label": lambda tracker, issue: tracker.remove_label(issue, "old"),
    "create_label": lambda tracker, issue: tracker.create_label(issue.repository, "new"),
    "create_comment": lambda tracker, issue: tracker.create_comment(issue, "Hello."),
    "update_comment": lambda tracker, issue: tracker.update_comment(issue, 5003, "Hello again."),
    "close_issue": lambda tracker, issue: tracker.close_issue(issue, "completed"),
    "open_issue": lambda tracker, issue: tracker.open_issue(issue.repository, "Many reports", "Five."),
    "update_issue": lambda tracker, issue: tracker.update_issue(issue.repository, issue.number, "Six."),
    "update_issue closed": lambda tracker, issue: tracker.update_issue(
        issue.repository, issue.number, "It is over.", "completed"
    ),
}
each_read = pytest.mark.parametrize("read", [pytest.param(call, id=name) for name, call in READS.items()])
each_write = pytest.mark.parametrize("write", [pytest.param(call, id=name) for name, call in WRITES.items()])
each_call = pytest.mark.parametrize("call", [pytest.param(call, id=name) for name, call in {**READS, **WRITES}.items()])


@pytest.fixture
def github(fake_github: FakeGitHub) -> FakeGitHub:
    """A repository with some labels, and one issue with one comment: 5003 is its number."""
    fake_github.add_repository(labels=("bug", "Area/Cost", "old"))
    issue = fake_github.add_issue("It breaks", "Every day.", labels=["old"])
    fake_github.tick()
    fake_github.add_comment(issue, "Same here.")
    fake_github.repositories["octo/widget"].files[".github/signpost/config.yml"] = "mode: label\n"
    return fake_github


@pytest.fixture
def waits() -> list[float]:
    """The waits that were asked for, in seconds; nobody really waits."""
    return []


@pytest.fixture
def tracker(github: FakeGitHub, waits: list[float]) -> GitHubTracker:
    return connect("ghs_bot", github.url, patience=Patience(between_writes=0), timeout=LONGEST, sleep=waits.append)


@pytest.fixture
def issue() -> Issue:
    """The issue as a payload would give it: nothing is asked of GitHub."""
    return Issue(repository="octo/widget", number=1, title="It breaks", created_at=START, updated_at=START)


def sent(github: FakeGitHub) -> list[str]:
    return [str(request) for request in github.requests]


def test_it_is_a_tracker(tracker: GitHubTracker) -> None:
    accepted: Tracker = tracker

    assert accepted.requests == 0


def test_get_issue_gives_the_issue_as_it_is_now(tracker: GitHubTracker, github: FakeGitHub) -> None:
    assert tracker.get_issue("octo/widget", 1) == Issue(
        repository="octo/widget",
        number=1,
        title="It breaks",
        body="Every day.",
        id=1001,
        url="https://github.com/octo/widget/issues/1",
        author=Account(login="reporter"),
        labels=("old",),
        comment_count=1,
        created_at=START + timedelta(seconds=1),
        updated_at=START + timedelta(seconds=3),
    )
    assert sent(github) == ["GET /repos/octo/widget/issues/1"]


def test_requests_say_who_asks_and_for_which_version(tracker: GitHubTracker, github: FakeGitHub) -> None:
    tracker.get_issue("octo/widget", 1)

    headers = github.requests[0].headers
    assert {name: headers[name] for name in ("authorization", "user-agent", "x-github-api-version")} == {
        "authorization": "token ghs_bot",
        "user-agent": "signpost",
        "x-github-api-version": "2022-11-28",
    }


@pytest.mark.parametrize(
    "token, login, requests",
    [
        pytest.param("ghp_maintainer", "maintainer", 1, id="a person's token"),
        pytest.param("ghs_bot", None, 0, id="a token of an installation"),
        pytest.param("eyJ_app", None, 1, id="a token that GitHub refuses to name"),
        pytest.param(None, None, 0, id="no token"),
    ],
)
def test_get_login_asks_only_where_the_token_can_say(
    github: FakeGitHub, token: str | None, login: str | None, requests: int
) -> None:
    github.tokens["eyJ_app"] = BOT
    tracker = connect(token, github.url)

    assert (tracker.get_login(), tracker.requests) == (login, requests)


def test_all_comments_are_read_a_hundred_a_page(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    for count in range(230):
        github.add_comment(github.repositories["octo/widget"].issues[1], f"comment {count}")

    comments = tracker.list_comments(issue)

    assert [comment.body for comment in comments] == ["Same here.", *(f"comment {count}" for count in range(230))]
    assert [request.query for request in github.requests] == [
        {"per_page": "100"},
        {"page": "2", "per_page": "100"},
        {"page": "3", "per_page": "100"},
    ]


def test_comments_can_be_read_from_a_moment_on(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    later = github.add_comment(github.repositories["octo/widget"].issues[1], "Later.")

    found = tracker.list_comments(issue, since=datetime.fromisoformat(later.created_at))

    assert [comment.body for comment in found] == ["Later."]
    assert github.requests[0].query == {"per_page": "100", "since": later.created_at}


def test_a_comment_is_deleted_and_one_that_is_gone_is_no_error(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue
) -> None:
    for _ in range(2):
        tracker.delete_comment(issue, 5003)

    assert github.repositories["octo/widget"].issues[1].comments == []
    assert sent(github) == ["DELETE /repos/octo/widget/issues/comments/5003"] * 2


def test_a_comment_says_who_wrote_it_and_whether_it_was_hidden(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue
) -> None:
    ours = github.add_comment(github.repositories["octo/widget"].issues[1], "Ours.", BOT)
    ours.minimized = "outdated"

    assert [(comment.author, comment.is_minimized) for comment in tracker.list_comments(issue)] == [
        (Account(login="reporter"), False),
        (Account(login="github-actions[bot]", is_bot=True), True),
    ]


def test_the_history_says_who_changed_what(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    stored = github.repositories["octo/widget"].issues[1]
    github.unset_label(stored, "old", MAINTAINER)
    github.rename(stored, "It broke", REPORTER)
    github.delete_comment(stored, stored.comments[0], MAINTAINER)

    maintainer, reporter = Account(login="maintainer"), Account(login="reporter")
    assert tracker.list_changes(issue) == (
        Change(kind="unlabeled", actor=maintainer, at=START + timedelta(seconds=4), label="old"),
        Change(kind="renamed", actor=reporter, at=START + timedelta(seconds=5), former_title="It breaks"),
        Change(kind="comment_deleted", actor=maintainer, at=START + timedelta(seconds=6)),
    )


def test_a_comment_is_read_as_it_is_now(tracker: GitHubTracker, issue: Issue) -> None:
    (known,) = tracker.list_comments(issue)

    assert (tracker.get_comment(issue, 5003), tracker.get_comment(issue, 9)) == (known, None)


def test_deletions_name_who_had_written_the_comment(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    stored = github.repositories["octo/widget"].issues[1]
    github.delete_comment(stored, github.add_comment(stored, "Hello.", BOT))

    bot = Account(login="github-actions[bot]", is_bot=True)
    at = START + timedelta(seconds=5)
    deleted = Change(kind="comment_deleted", actor=Account(login="maintainer"), at=at, author=bot)
    assert tracker.list_deletions(issue) == (deleted,)
    assert [replace(change, author=None) for change in (deleted,)] == list(tracker.list_changes(issue))


@pytest.mark.parametrize("status", [403, 404])
def test_where_nobody_may_ask_for_deletions_they_are_not_known(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, status: int
) -> None:
    github.faults = {1: Fault(kind="answer", reply=Reply(status=status, body=error_json("No")))}

    assert tracker.list_deletions(issue) is None


@pytest.mark.parametrize(
    "names, found, requests",
    [
        pytest.param([], set(), 0, id="none"),
        pytest.param(["bug"], {"bug"}, 1, id="one that exists"),
        pytest.param(["buggy"], set(), 1, id="one that does not"),
        pytest.param(["area/cost"], {"area/cost"}, 1, id="one with a slash, in another case"),
        pytest.param([".."], set(), 3, id="one that no address can name"),
        pytest.param(["bug", "AREA/cost"], {"bug", "AREA/cost"}, 1, id="two on the first page"),
        pytest.param(["bug", "filler 150"], {"bug", "filler 150"}, 2, id="two, one on the second page"),
        pytest.param(["bug", "nowhere"], {"bug"}, 3, id="two, one nowhere"),
    ],
)
def test_find_labels_reads_no_further_than_it_must(
    tracker: GitHubTracker, github: FakeGitHub, names: list[str], found: set[str], requests: int
) -> None:
    github.repositories["octo/widget"].labels += [f"filler {count}" for count in range(250)]

    assert (tracker.find_labels("octo/widget", names), tracker.requests) == (frozenset(found), requests)


AWKWARD = ["area/time", "type: bug", "100% sure", "good first issue", "🐛", "a?b#c", "a+b&c=d", "é", "a\\b", "..."]


@pytest.mark.parametrize("label", AWKWARD)
def test_any_label_can_be_set_found_and_taken_off(tracker: GitHubTracker, issue: Issue, label: str) -> None:
    tracker.create_label("octo/widget", label)
    tracker.add_labels(issue, [label])
    assert tracker.get_issue("octo/widget", 1).labels == ("old", label)
    assert tracker.find_labels("octo/widget", [label]) == {label}

    tracker.remove_label(issue, label)
    assert tracker.get_issue("octo/widget", 1).labels == ("old",)


@pytest.mark.parametrize("label", ["", ".", ".."])
def test_a_label_whose_address_would_be_another_thing_is_not_taken_off(
    tracker: GitHubTracker, issue: Issue, label: str
) -> None:
    with pytest.raises(TrackerError, match="no address"):
        tracker.remove_label(issue, label)

    assert tracker.requests == 0


@pytest.mark.parametrize("repository", ["widget", "octo/widget/issues", "octo/..", "/widget", ""])
def test_what_is_no_repository_is_not_asked_for(tracker: GitHubTracker, repository: str) -> None:
    with pytest.raises(TrackerError, match="owner/name"):
        tracker.get_issue(repository, 1)

    assert tracker.requests == 0


def test_labels_are_added_to_those_that_are_there(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    tracker.add_labels(issue, ["bug", "area/cost"])

    assert github.repositories["octo/widget"].issues[1].labels == ["old", "bug", "Area/Cost"]
    assert [(str(request), request.body) for request in github.requests] == [
        ("POST /repos/octo/widget/issues/1/labels", {"labels": ["bug", "area/cost"]})
    ]


def test_a_label_that_is_not_there_can_be_taken_off(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    tracker.remove_label(issue, "bug")

    assert github.repositories["octo/widget"].issues[1].labels == ["old"]


def test_a_label_that_exists_can_be_created(tracker: GitHubTracker, github: FakeGitHub) -> None:
    tracker.create_label("octo/widget", "BUG")
    tracker.create_label("octo/widget", "new")

    assert github.repositories["octo/widget"].labels == ["bug", "Area/Cost", "old", "new"]


def test_a_comment_is_given_back_as_github_stored_it(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    comment = tracker.create_comment(issue, "Hello.")

    assert tracker.list_comments(issue)[-1] == comment
    assert (comment.id, comment.body, comment.author.login) == (5004, "Hello.", "github-actions[bot]")
    assert sent(github)[0] == "POST /repos/octo/widget/issues/1/comments"


def test_a_comment_is_edited_in_place(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    tracker.update_comment(issue, 5003, "Edited.")

    assert [(comment.id, comment.body) for comment in tracker.list_comments(issue)] == [(5003, "Edited.")]
    assert sent(github)[0] == "PATCH /repos/octo/widget/issues/comments/5003"


@pytest.mark.parametrize("reason", ["completed", "not_planned"])
def test_an_issue_is_closed_with_its_reason(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, reason: str
) -> None:
    assert reason in {"completed", "not_planned"}
    tracker.close_issue(issue, "completed" if reason == "completed" else "not_planned")

    stored = github.repositories["octo/widget"].issues[1]
    assert (stored.state, stored.state_reason, stored.labels) == ("closed", reason, ["old"])


def test_an_issue_is_closed_as_the_duplicate_of_another(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue
) -> None:
    canonical = github.add_issue("It has always broken")

    tracker.close_issue(issue, "duplicate", canonical.id)

    stored = github.repositories["octo/widget"].issues[1]
    assert (stored.state, stored.state_reason, stored.duplicate_of) == ("closed", "duplicate", canonical.id)


def test_a_folder_is_read_in_one_request(tracker: GitHubTracker, github: FakeGitHub) -> None:
    github.repositories["octo/widget"].files |= {
        ".github/signpost/disk.yml": "id: disk\n",
        ".github/signpost/more/deep/deeper.yml": "id: deeper\n",
        ".github/signpost/more/deep/too/deep.yml": "id: deep\n",
        ".github/signpost/logo.png": b"\x89PNG",
        ".github/signpost/empty.yml": "",
        "README.md": "# Widget\n",
    }

    folder = tracker.read_folder("octo/widget", ".github/signpost/")

    assert folder == Folder(
        files={
            ".github/signpost/config.yml": "mode: label\n",
            ".github/signpost/disk.yml": "id: disk\n",
            ".github/signpost/empty.yml": "",
            ".github/signpost/more/deep/deeper.yml": "id: deeper\n",
        },
        problems=(
            ".github/signpost/logo.png: is not a text file; save it as UTF-8, or remove it",
            ".github/signpost/more/deep/too: is deeper than 3 levels; move it up",
        ),
    )
    assert sent(github) == ["POST /graphql"]


def test_a_tree_changes_with_each_file_below_it_and_gives_exactly_those_files(
    tracker: GitHubTracker, github: FakeGitHub
) -> None:
    files = github.repositories["octo/widget"].files
    files["README.md"] = "# Widget\n"
    first = tracker.find_tree("octo/widget", ".github/signpost")
    assert first
    assert tracker.find_tree("octo/widget", ".github/signpost", first.etag) is None
    files["README.md"] = "# Gadget\n"
    assert tracker.find_tree("octo/widget", ".github/signpost", first.etag) is None
    files[".github/CODEOWNERS"] = "* @octocat\n"
    beside = tracker.find_tree("octo/widget", ".github/signpost", first.etag)
    assert beside
    assert (beside.tree == first.tree, beside.etag == first.etag) == (True, False)
    files[".github/signpost/more/deep.yml"] = "id: deep\n"
    second = tracker.find_tree("octo/widget", ".github/signpost", beside.etag)
    assert second
    assert second.tree not in {first.tree, ""}
    assert sorted(tracker.read_folder("octo/widget", ".github/signpost", second.tree).files) == [
        ".github/signpost/config.yml",
        ".github/signpost/more/deep.yml",
    ]
    assert tracker.read_folder("octo/widget", ".github/signpost", first.tree) == Folder()


@pytest.mark.parametrize("folder", [".github/nothing", "nothing/signpost"])
def test_a_folder_that_does_not_exist_has_no_tree(tracker: GitHubTracker, folder: str) -> None:
    found = tracker.find_tree("octo/widget", folder)
    assert found
    assert found.tree == ""


def test_a_folder_that_does_not_exist_is_empty(tracker: GitHubTracker) -> None:
    assert tracker.read_folder("octo/widget", "nowhere") == Folder()


def test_without_graphql_the_advice_is_a_checkout(tracker: GitHubTracker, github: FakeGitHub) -> None:
    github.has_graphql = False

    with pytest.raises(TrackerError, match=r"actions/checkout.*rules: \.github/signpost"):
        tracker.read_folder("octo/widget", ".github/signpost")


def test_a_repository_that_graphql_does_not_see_is_missing(tracker: GitHubTracker) -> None:
    with pytest.raises(TrackerError, match=r"Could not read .* of octo/nowhere") as caught:
        tracker.read_folder("octo/nowhere", ".github/signpost")

    assert caught.value.missing


def test_an_enterprise_server_has_its_own_addresses(openapi_checker: OpenAPIChecker) -> None:
    with FakeGitHub(checker=openapi_checker, prefix="/api/v3") as github:
        stored = github.add_issue("It breaks")
        for count in range(150):
            github.add_comment(stored, f"comment {count}")
        github.repositories["octo/widget"].files["rules/a.yml"] = "id: a\n"
        tracker = connect("ghs_bot", f"{github.url}/")

        issue = tracker.get_issue("octo/widget", 1)

        assert len(tracker.list_comments(issue)) == 150
        assert tracker.read_folder("octo/widget", "rules").files == {"rules/a.yml": "id: a\n"}
        assert github.violations == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed_without_a_word(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    github.repositories["octo/gadget"] = github.repositories.pop("octo/widget")
    github.moved["octo/widget"] = (status, "octo/gadget")
    github.repositories["octo/gadget"].name = "octo/gadget"

    assert tracker.get_issue("octo/widget", 1).repository == "octo/gadget"
    assert len(tracker.list_comments(issue)) == 1
    tracker.create_comment(issue, "Hello.")

    assert len(github.repositories["octo/gadget"].issues[1].comments) == 2
    assert tracker.requests == len(github.requests) == 6
    assert capsys.readouterr() == ("", "")


def test_a_transferred_issue_is_missing(tracker: GitHubTracker, github: FakeGitHub) -> None:
    github.add_issue("Elsewhere", repository="octo/gadget", number=9)
    location = f"{github.url}/repos/octo/gadget/issues/9"
    github.faults[1] = Fault(kind="answer", reply=Reply(status=301, body={}, headers={"Location": location}))

    with pytest.raises(TrackerError, match="octo/gadget#9") as caught:
        tracker.get_issue("octo/widget", 1)

    assert (caught.value.missing, caught.value.gone) == (True, True)


def test_a_redirect_to_another_host_is_not_followed(tracker: GitHubTracker, github: FakeGitHub) -> None:
    reply = Reply(status=301, body={}, headers={"Location": "http://127.0.0.2:1/repos/octo/widget/issues/1"})
    github.faults = dict.fromkeys(range(1, 9), Fault(kind="answer", reply=reply))

    with pytest.raises(TrackerError, match="Could not read octo/widget#1"):
        tracker.get_issue("octo/widget", 1)


@each_read
@pytest.mark.parametrize("fault", ["reset", "lost answer", "truncated answer", "secondary limit", "429", "502"])
def test_a_read_is_repeated_after_what_may_pass(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, read: Call, fault: str
) -> None:
    github.faults = {1: FAULTS[fault], 2: FAULTS[fault]}

    read(tracker, issue)

    assert len(github.requests) == tracker.requests == 3


@each_read
def test_a_read_is_given_up_after_three_repetitions(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, waits: list[float], read: Call
) -> None:
    github.faults = dict.fromkeys(range(1, 9), FAULTS["502"])

    with pytest.raises(TrackerError, match=r"Could not read .*: GitHub answered 502\. Try again later\."):
        read(tracker, issue)

    assert (len(github.requests), waits) == (4, [0.5, 1.0, 2.0])


@each_write
@pytest.mark.parametrize("fault", ["reset", "lost answer", "truncated answer", "502"])
def test_a_write_without_an_answer_is_never_repeated(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, write: Call, fault: str
) -> None:
    github.faults = {1: FAULTS[fault]}

    with pytest.raises(TrackerError, match="GitHub may have done it anyway") as caught:
        write(tracker, issue)

    assert caught.value.uncertain
    assert len(github.requests) == tracker.requests == 1


@each_write
@pytest.mark.parametrize("fault", ["secondary limit", "429"])
def test_a_write_that_github_refused_for_now_is_sent_once_more(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, waits: list[float], write: Call, fault: str
) -> None:
    github.faults = {1: FAULTS[fault]}

    write(tracker, issue)

    assert (len(github.requests), waits) == (2, [1.0])


@each_write
def test_a_write_that_github_refuses_again_is_given_up(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, write: Call
) -> None:
    github.faults = dict.fromkeys(range(1, 9), FAULTS["429"])

    with pytest.raises(TrackerError, match="The secondary rate limit ends at 20") as caught:
        write(tracker, issue)

    assert (len(github.requests), caught.value.uncertain) == (2, False)


@each_call
def test_a_wait_that_is_too_long_is_an_error_that_says_when_it_ends(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, waits: list[float], call: Call
) -> None:
    reply = Reply(status=403, body=error_json(SECONDARY_LIMIT), headers={"Retry-After": "3600"})
    github.faults = {1: Fault(kind="answer", reply=reply)}

    with pytest.raises(TrackerError, match=r"The secondary rate limit ends at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"):
        call(tracker, issue)

    assert (len(github.requests), waits) == (1, [])


def test_every_wait_is_said(tracker: GitHubTracker, github: FakeGitHub, caplog: pytest.LogCaptureFixture) -> None:
    github.faults = {1: FAULTS["secondary limit"], 2: FAULTS["502"], 3: FAULTS["reset"]}

    with caplog.at_level(logging.INFO, logger="signpost"):
        tracker.get_issue("octo/widget", 1)

    assert caplog.messages == [
        "waiting 1 s: GitHub asked for it (secondary rate limit)",
        "waiting 1 s: GitHub answered 502",
        "waiting 2 s: the connection broke before GitHub answered",
    ]


def test_writes_keep_a_second_between_them_and_reads_do_not(
    github: FakeGitHub, issue: Issue, waits: list[float]
) -> None:
    tracker = connect("ghs_bot", github.url, sleep=waits.append)

    tracker.get_issue("octo/widget", 1)
    tracker.add_labels(issue, ["bug"])
    tracker.get_issue("octo/widget", 1)
    assert waits == []

    tracker.create_comment(issue, "Hello.")
    assert len(waits) == 1
    assert 0.5 < waits[0] <= 1


@each_call
@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(
            (401, "Bad credentials", "The token is missing, wrong or expired; check the input `github-token`."),
            id="401",
        ),
        pytest.param(
            (403, "Resource not accessible by integration", "Give the job `permissions: issues: write`"),
            id="403",
        ),
        pytest.param((410, "This issue was deleted", "It was deleted"), id="410"),
        pytest.param((422, "Validation Failed", "GitHub rejects these values."), id="422"),
        pytest.param((451, "Repository access blocked", ""), id="another"),
    ],
)
def test_a_refusal_says_what_github_said_and_what_to_do(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, call: Call, refusal: tuple[int, str, str]
) -> None:
    status, message, advice = refusal
    github.faults = {1: Fault(kind="answer", reply=Reply(status=status, body=error_json(message)))}

    with pytest.raises(TrackerError) as caught:
        call(tracker, issue)

    assert str(caught.value).startswith("Could not ")
    assert f"GitHub answered {status} ({message}). {advice}".strip() in str(caught.value)
    assert (caught.value.missing, caught.value.gone) == (status == 410, status == 410)
    assert (caught.value.uncertain, len(github.requests)) == (False, 1)


def test_an_issue_that_is_not_there_is_missing(tracker: GitHubTracker) -> None:
    with pytest.raises(
        TrackerError, match=r"Could not read octo/widget#99: GitHub answered 404 \(Not Found\)"
    ) as caught:
        tracker.get_issue("octo/widget", 99)

    assert (caught.value.missing, caught.value.gone) == (True, False)


def test_a_locked_issue_takes_no_comment(tracker: GitHubTracker, github: FakeGitHub, issue: Issue) -> None:
    github.repositories["octo/widget"].issues[1].is_locked = True

    with pytest.raises(TrackerError, match="Unable to create comment because issue is locked"):
        tracker.create_comment(issue, "Hello.")


def test_the_details_of_a_422_are_told(tracker: GitHubTracker, issue: Issue) -> None:
    with pytest.raises(TrackerError, match=r"Validation Failed \(data\) \(unprocessable\) \(Body is too long\)"):
        tracker.create_comment(issue, "x" * 65537)


def test_without_a_token_public_things_are_read_and_nothing_is_written(github: FakeGitHub, issue: Issue) -> None:
    tracker = connect(None, github.url)

    assert tracker.get_issue("octo/widget", 1).title == "It breaks"
    with pytest.raises(TrackerError, match="401"):
        tracker.create_comment(issue, "Hello.")


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that is ours, at which nobody listens."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@each_call
def test_a_github_that_cannot_be_reached_is_an_error(closed_port: int, issue: Issue, call: Call) -> None:
    tracker = connect("ghs_bot", f"http://127.0.0.1:{closed_port}", sleep=list[float]().append)

    with pytest.raises(TrackerError, match="GitHub cannot be reached") as caught:
        call(tracker, issue)

    assert not caught.value.uncertain


@pytest.mark.parametrize("is_read, uncertain", [(True, False), (False, True)])
def test_a_github_that_never_answers_is_an_error(issue: Issue, *, is_read: bool, uncertain: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        tracker = connect("ghs_bot", f"http://127.0.0.1:{port}", timeout=1, patience=Patience(tries=1))
        with pytest.raises(TrackerError, match="did not answer in time") as caught:
            (READS["get_issue"] if is_read else WRITES["create_comment"])(tracker, issue)

    assert caught.value.uncertain is uncertain


@each_call
@pytest.mark.parametrize("body", ["<html>Please log in</html>", "[1, 2", '{"a": 1}', "7", "null", "[7]"])
def test_an_answer_that_is_not_what_was_asked_for_is_never_another_error(
    tracker: GitHubTracker, github: FakeGitHub, issue: Issue, call: Call, body: str
) -> None:
    github.faults = dict.fromkeys(range(1, 9), Fault(kind="answer", reply=Reply(body=body)))

    with contextlib.suppress(TrackerError):
        call(tracker, issue)

    assert github.requests


@pytest.mark.parametrize(
    "base_url",
    ["", "api.github.com", "ftp://api.github.com", "https://", "https://a:b", "https://a:99999", "https://a/?b"],
)
def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(SettingsError, match="GITHUB_API_URL"):
        connect("ghs_bot", base_url)


@pytest.mark.parametrize(
    "base_url, shown",
    [
        ("https://jane:secret@ghe.example.com/api/v3", "https://***@ghe.example.com/api/v3"),
        ("https://secret@ghe.example.com", "https://***@ghe.example.com"),
        ("https://jane:se/secret?#@cret@ghe.example.com", "https://***@ghe.example.com"),
        ("jane:secret@ghe.example.com", "***@ghe.example.com"),
        ("https:/jane:secret@ghe.example.com", "***@ghe.example.com"),
        ("https://ghe.example.com/api?token=secret", "https://ghe.example.com/api?***"),
        ("https://ghe.example.com/api#secret", "https://ghe.example.com/api?***"),
        ("https://ghe.example.com/!/ghp_0123456789secret", "https://ghe.example.com/!/***"),
        ("https://jane:sec\nsecret@ghe.example.com", "https://***@ghe.example.com"),
    ],
)
def test_an_address_with_credentials_is_refused_without_them(base_url: str, shown: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connect("ghs_bot", base_url)

    assert str(caught.value).startswith(f"'{shown}' is not the URL")


@pytest.mark.parametrize("token", ["two words", "a\nb", "tokén"])
def test_a_token_that_is_none_is_refused_unsaid(token: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connect(token)

    assert token not in str(caught.value)


TOKEN = "ghs_" + "0123456789abcdef." * 30 + "x-y_z"


@each_call
def test_the_token_is_never_said(
    github: FakeGitHub, issue: Issue, call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    message = f"Bad credentials: {TOKEN} and ghp_{'a' * 36}"
    limit = Fault(kind="answer", reply=Reply(status=429, body=error_json(message), headers={"Retry-After": "1"}))
    github.faults = {
        1: limit,
        **dict.fromkeys(range(2, 9), Fault(kind="answer", reply=Reply(status=401, body=error_json(message)))),
    }
    tracker = connect(TOKEN, github.url, sleep=list[float]().append)

    with caplog.at_level(logging.DEBUG), pytest.raises(TrackerError) as caught:
        call(tracker, issue)

    assert github.requests[0].headers["authorization"] == f"token {TOKEN}"
    assert "***" in str(caught.value)
    ours = [record.getMessage() for record in caplog.records if record.name == "signpost"]
    assert not any("0123456789abcdef" in text or "ghp_" in text for text in [str(caught.value), *ours])
    assert not any("token ghs_" in record.getMessage() for record in caplog.records)
