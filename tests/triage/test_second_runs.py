"""A run finds something: an earlier run's work, a run beside it, a late event, or what people have decided."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import pytest

from tests.stand_ins.fake_github import BOT, MAINTAINER, REPORTER, FakeGitHub
from tests.stand_ins.github_json import StoredComment, StoredIssue
from tests.stand_ins.openapi import OpenAPIChecker
from tests.stand_ins.story import (
    ANSWER,
    HOME,
    MATCHING,
    OTHER,
    REPOSITORY,
    RULE,
    WITHDRAWN,
    Ending,
    add_rule,
    copy_github,
    open_issue,
    run_once,
    see,
    tell_event,
)

pytestmark = pytest.mark.slow

Deed: TypeAlias = Callable[[FakeGitHub, StoredIssue], object]

ANSWERED = Ending(labels=("area:disk",), comments=(ANSWER,), flips=("labeled area:disk",))
SILENT = Ending(labels=(), comments=(), flips=())
WRITES = ("POST /repos", "PATCH", "DELETE", "PUT")


@pytest.fixture
def fresh(fake_github: FakeGitHub) -> FakeGitHub:
    """A new issue, number 2, that a rule matches."""
    add_rule(fake_github)
    open_issue(fake_github)
    return fake_github


@pytest.fixture(scope="module")
def once(openapi_checker: OpenAPIChecker) -> Iterator[FakeGitHub]:
    """The same, after one run; to be copied."""
    with FakeGitHub(checker=openapi_checker) as github:
        add_rule(github)
        issue = open_issue(github)
        assert run_once(github, tell_event(github, issue)).err == ""
        assert see(issue) == ANSWERED
        yield github


@pytest.fixture
def answered(once: FakeGitHub, openapi_checker: OpenAPIChecker) -> Iterator[FakeGitHub]:
    """An issue that has our label and our comment."""
    with copy_github(once, openapi_checker) as github:
        yield github
    assert github.violations == []


def issue_of(github: FakeGitHub) -> StoredIssue:
    return github.repositories[REPOSITORY].issues[2]


def our_comment(issue: StoredIssue) -> StoredComment:
    return next(comment for comment in issue.comments if comment.author == BOT)


def writes(github: FakeGitHub) -> list[str]:
    return [str(request) for request in github.requests if str(request).startswith(WRITES)]


def test_an_event_that_comes_twice_changes_nothing_the_second_time(fresh: FakeGitHub) -> None:
    event = tell_event(fresh, issue_of(fresh))
    first = run_once(fresh, event)
    fresh.requests.clear()

    second = run_once(fresh, event)

    assert (first.code, second.code) == (0, 0)
    assert (see(issue_of(fresh)), writes(fresh)) == (ANSWERED, [])


@pytest.mark.parametrize("runs", [2, 5])
def test_runs_at_the_same_time_leave_one_comment(fresh: FakeGitHub, runs: int) -> None:
    event = tell_event(fresh, issue_of(fresh))

    with ThreadPoolExecutor(runs) as pool:
        finished = list(pool.map(lambda _: run_once(fresh, event), range(runs)))

    assert [each.code for each in finished] == [0] * runs
    assert see(issue_of(fresh)) == ANSWERED


def undo(github: FakeGitHub, issue: StoredIssue) -> None:
    github.delete_comment(issue, our_comment(issue))
    github.unset_label(issue, "area:disk")


HUMAN_DEEDS: dict[str, tuple[Deed, Ending]] = {
    "took our label off": (
        lambda github, issue: github.unset_label(issue, "area:disk"),
        Ending(labels=(), comments=(ANSWER,), flips=ANSWERED.flips),
    ),
    "deleted our comment": (
        lambda github, issue: github.delete_comment(issue, our_comment(issue)),
        Ending(labels=ANSWERED.labels, comments=(), flips=ANSWERED.flips),
    ),
    "deleted our comment and took our label off": (
        undo,
        Ending(labels=(), comments=(), flips=ANSWERED.flips),
    ),
    "renamed the issue": (lambda github, issue: github.rename(issue, "Disk problem"), ANSWERED),
    "set another label": (
        lambda github, issue: github.set_label(github.repositories[REPOSITORY], issue, "bug", MAINTAINER),
        Ending(labels=("area:disk", "bug"), comments=(ANSWER,), flips=ANSWERED.flips),
    ),
    "answered": (lambda github, issue: github.add_comment(issue, "Thank you, that helped."), ANSWERED),
    "pasted our comment": (lambda github, issue: github.add_comment(issue, our_comment(issue).body), ANSWERED),
}
each_human_deed = pytest.mark.parametrize(
    "deed, ending", [pytest.param(*known, id=name) for name, known in HUMAN_DEEDS.items()]
)


@each_human_deed
def test_what_people_did_to_an_answered_issue_stays_so(answered: FakeGitHub, deed: Deed, ending: Ending) -> None:
    issue = issue_of(answered)
    deed(answered, issue)

    for action in ("edited", "reopened"):
        assert run_once(answered, tell_event(answered, issue, action)).code == 0

    assert (see(issue), writes(answered)) == (ending, [])


@pytest.mark.parametrize("deed, labels", [(None, ("area:disk",)), ("took it off", ())])
def test_where_we_only_label_a_label_is_set_once(fresh: FakeGitHub, deed: str | None, labels: tuple[str, ...]) -> None:
    fresh.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = "mode: label\n"
    issue = issue_of(fresh)
    event = tell_event(fresh, issue)
    run_once(fresh, event)
    if deed:
        fresh.unset_label(issue, "area:disk")

    run_once(fresh, event)

    assert see(issue) == Ending(labels=labels, comments=(), flips=ANSWERED.flips)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda comment: setattr(comment, "minimized", "outdated"), id="hidden"),
        pytest.param(lambda comment: setattr(comment, "body", f"See the manual.\n\n{comment.body}"), id="edited"),
        pytest.param(
            lambda comment: setattr(comment, "body", f"See the manual.\n\n{comment.body.partition('<!--')[0]}"),
            id="edited, without the marker",
        ),
    ],
)
def test_our_comment_that_somebody_touched_is_left_alone_even_when_it_no_longer_holds(
    answered: FakeGitHub, change: Callable[[StoredComment], None]
) -> None:
    issue = issue_of(answered)
    change(our_comment(issue))
    body = our_comment(issue).body

    run_once(answered, tell_event(answered, issue, "edited"))
    answered.edit_body(issue, OTHER)
    run_once(answered, tell_event(answered, issue, "edited"))

    assert [comment.body for comment in issue.comments] == [body]


def test_an_edit_withdraws_the_comment_and_another_one_restores_it(answered: FakeGitHub) -> None:
    issue = issue_of(answered)
    posted = our_comment(issue).id

    answered.edit_body(issue, OTHER)
    run_once(answered, tell_event(answered, issue, "edited"))
    withdrawn = see(issue)
    answered.edit_body(issue, MATCHING)
    run_once(answered, tell_event(answered, issue, "edited"))

    off = ("labeled area:disk", "unlabeled area:disk")
    assert withdrawn == Ending(labels=(), comments=(WITHDRAWN,), flips=off)
    assert see(issue) == Ending(labels=("area:disk",), comments=(ANSWER,), flips=("labeled area:disk", *off))
    assert our_comment(issue).id == posted


def test_a_late_event_does_not_bring_back_what_an_edit_has_ended(fresh: FakeGitHub) -> None:
    issue = issue_of(fresh)
    late = tell_event(fresh, issue)
    fresh.edit_body(issue, OTHER)

    assert run_once(fresh, late).code == 0
    assert (see(issue), writes(fresh)) == (SILENT, [])


def test_the_authors_own_comment_counts_as_part_of_the_report(fake_github: FakeGitHub) -> None:
    add_rule(fake_github, RULE.replace('  phrase: "No', '  in: [comments]\n  phrase: "No'))
    issue = open_issue(fake_github, OTHER)
    said = fake_github.add_comment(issue, "It is: No space left on device")

    assert run_once(fake_github, tell_event(fake_github, issue, "created", said)).code == 0
    assert see(issue) == ANSWERED


def transfer(github: FakeGitHub, issue: StoredIssue) -> None:
    del github.repositories[REPOSITORY].issues[issue.number]
    moved = github.add_issue(issue.title, issue.body, repository="octo/gadget", number=41)
    github.gone[REPOSITORY, issue.number] = ("octo/gadget", moved.number)


def delete(github: FakeGitHub, issue: StoredIssue) -> None:
    del github.repositories[REPOSITORY].issues[issue.number]
    github.gone[REPOSITORY, issue.number] = None


GONE_DEEDS: dict[str, tuple[Deed, str]] = {
    "closed": (lambda _, issue: setattr(issue, "state", "closed"), "the issue is closed"),
    "locked": (lambda _, issue: setattr(issue, "is_locked", True), "the issue is locked"),
    "transferred": (transfer, "the issue was deleted or transferred"),
    "deleted": (delete, "the issue was deleted or transferred"),
}


@pytest.mark.parametrize("deed, reason", [pytest.param(*known, id=name) for name, known in GONE_DEEDS.items()])
def test_an_event_that_comes_too_late_is_skipped_with_the_reason(fresh: FakeGitHub, deed: Deed, reason: str) -> None:
    issue = issue_of(fresh)
    event = tell_event(fresh, issue)
    deed(fresh, issue)

    finished = run_once(fresh, event)

    assert (finished.code, writes(fresh)) == (0, [])
    assert f"Skipped   {reason}\n" in finished.out


def test_our_comment_is_found_on_the_second_page(answered: FakeGitHub) -> None:
    issue = issue_of(answered)
    ours = our_comment(issue)
    issue.comments.remove(ours)
    for count in range(249):
        answered.add_comment(issue, f"comment {count}")
    issue.comments.insert(149, ours)

    assert run_once(answered, tell_event(answered, issue, "edited")).code == 0
    assert (see(issue), writes(answered)) == (ANSWERED, [])


def test_a_forged_marker_neither_silences_us_nor_is_edited(fresh: FakeGitHub) -> None:
    issue = issue_of(fresh)
    forged = '<!-- signpost:v1 {"issue":2,"rules":{"out-of-disk":"0"},"is_withdrawn":true} -->'
    for author in (REPORTER, MAINTAINER):
        fresh.add_comment(issue, f"Nothing to see here.\n\n{forged}", author)

    run_once(fresh, tell_event(fresh, issue))

    assert see(issue) == ANSWERED
    assert [comment.body.endswith(forged) for comment in issue.comments] == [True, True, False]


def test_a_title_that_a_maintainer_tidied_takes_nothing_back(fake_github: FakeGitHub) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github, OTHER, title="No space left on device")
    run_once(fake_github, tell_event(fake_github, issue))
    fake_github.rename(issue, "Installing fails")

    run_once(fake_github, tell_event(fake_github, issue, "edited"))

    assert see(issue) == ANSWERED


def test_a_title_that_its_author_corrected_does(fake_github: FakeGitHub) -> None:
    add_rule(fake_github)
    issue = open_issue(fake_github, OTHER, title="No space left on device")
    run_once(fake_github, tell_event(fake_github, issue))
    fake_github.rename(issue, "Installing fails on Mondays", REPORTER)

    run_once(fake_github, tell_event(fake_github, issue, "edited"))

    assert see(issue).comments == (WITHDRAWN,)
