"""A sweep: what it reads, what it does, and what the second one does."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.signals.file import open_ledger
from bot.signals.ledger import Order, Withdrawal
from bot.signals.summary import format_lines, render_summary, to_json
from bot.signals.sweep import Swept
from tests.signals.world import (
    a_person,
    count_writes,
    find_ours,
    list_ledger,
    now_at,
    open_answered,
    run_at,
    sweep_at,
)
from tests.stand_ins.fake_github import BOT, FAULTS, MAINTAINER, FakeGitHub
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.story import (
    ANSWER,
    HOME,
    MATCHING,
    NEW_ADVICE,
    OTHER,
    REPOSITORY,
    RULE,
    WITHDRAWN,
    Ending,
    add_rule,
    copy_github,
    open_issue,
    see,
)

pytestmark = pytest.mark.slow

ANSWERED = Ending(labels=("area:disk",), comments=(ANSWER,), flips=("labeled area:disk",))
TAKEN_BACK = Ending(labels=(), comments=(WITHDRAWN,), flips=("labeled area:disk", "unlabeled area:disk"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def issue(fake_github: FakeGitHub) -> StoredIssue:
    """An issue that was answered."""
    return open_answered(fake_github)


def reasons(swept: Swept) -> list[tuple[int, tuple[str, ...]]]:
    return [(each.rerun.issue, each.rerun.reasons) for each in swept.handled]


def test_what_a_run_has_posted_is_found(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    ours = find_ours(issue)
    fake_github.react(ours, "+1", a_person("stranger"))
    fake_github.react(ours, "eyes", BOT)
    fake_github.react(ours, "-1", a_person("ghost"))
    fake_github.add_comment(issue, "me too", a_person("stranger"))

    swept = sweep_at(fake_github, path)

    (comment,) = swept.ledger.comments
    assert (comment.id, comment.issue, [*comment.standing], comment.links) == (ours.id, 2, ["out-of-disk"], (1,))
    assert [(vote.login, vote.content, vote.is_bot) for vote in swept.ledger.votes] == [
        ("github-actions[bot]", "eyes", True),
        ("stranger", "+1", False),
    ]
    assert [(reply.login, reply.role) for reply in swept.ledger.replies] == [("stranger", "other")]
    assert (reasons(swept), see(issue)) == ([], ANSWERED)


Deed = Callable[[FakeGitHub, StoredIssue], object]


def say_wrong(github: FakeGitHub, issue: StoredIssue) -> None:
    github.add_comment(issue, "/signpost wrong it is the network", MAINTAINER).association = "MEMBER"


def miss_an_edit(github: FakeGitHub, issue: StoredIssue) -> None:
    github.edit_body(issue, OTHER)


def close_target(github: FakeGitHub, _: StoredIssue) -> None:
    github.set_state(github.repositories[REPOSITORY].issues[1], "closed", "completed")


def change_rule(github: FakeGitHub, _: StoredIssue) -> None:
    add_rule(github, RULE.replace("The build ran out of disk space.", NEW_ADVICE))


def remove_rule(github: FakeGitHub, _: StoredIssue) -> None:
    del github.repositories[REPOSITORY].files[f"{HOME}/out-of-disk.yml"]
    add_rule(github, RULE.replace("No space left", "Not a byte left").replace("out-of-disk", "other"), "other")


def break_rule(github: FakeGitHub, _: StoredIssue) -> None:
    add_rule(github, RULE.replace("phrase", "phrases"))


DEEDS: dict[str, tuple[Deed, list[tuple[int, tuple[str, ...]]], Ending]] = {
    "nothing": (lambda *_: None, [], ANSWERED),
    "the author's 👎": (lambda github, issue: github.react(find_ours(issue), "-1"), [(2, ("refusal",))], TAKEN_BACK),
    "somebody else's 👎": (lambda github, issue: github.react(find_ours(issue), "-1", MAINTAINER), [], ANSWERED),
    "a maintainer says wrong": (say_wrong, [(2, ("refusal",))], replace(TAKEN_BACK, answers=("+1",))),
    "a changed rule": (
        change_rule,
        [(2, ("rule",))],
        Ending(labels=ANSWERED.labels, comments=(f"{NEW_ADVICE} #1",), flips=ANSWERED.flips),
    ),
    "a removed rule": (remove_rule, [(2, ("rule",))], TAKEN_BACK),
    "a rule that does not load": (break_rule, [], ANSWERED),
    "a target that was closed": (close_target, [(2, ("target",))], ANSWERED),
    "a lost edit": (miss_an_edit, [(2, ("missed",))], TAKEN_BACK),
    "a comment that somebody deleted": (
        lambda github, issue: github.delete_comment(issue, find_ours(issue)),
        [(2, ("missed",))],
        Ending(labels=("area:disk",), comments=(), flips=("labeled area:disk",)),
    ),
    "an issue that was closed": (
        lambda github, issue: github.set_state(issue, "closed", "completed"),
        [],
        Ending(labels=ANSWERED.labels, comments=(ANSWER,), flips=ANSWERED.flips, state="closed as completed"),
    ),
}


@pytest.mark.parametrize("deed, expected, ending", DEEDS.values(), ids=DEEDS)
def test_a_sweep_does_what_is_to_be_done_and_the_next_one_nothing(
    fake_github: FakeGitHub,
    issue: StoredIssue,
    path: Path,
    deed: Deed,
    expected: list[tuple[int, tuple[str, ...]]],
    ending: Ending,
) -> None:
    sweep_at(fake_github, path)
    deed(fake_github, issue)

    assert reasons(sweep_at(fake_github, path)) == expected
    assert see(issue) == ending

    before, writes = list_ledger(path), count_writes(fake_github)
    again = sweep_at(fake_github, path)
    assert (reasons(again), again.requests <= 5, count_writes(fake_github) - writes) == ([], True, 0)
    assert (list_ledger(path), see(issue)) == (before, ending)


def test_a_dry_run_shows_the_plan_and_writes_nothing(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    fake_github.react(find_ours(issue), "-1")
    writes = count_writes(fake_github)

    swept = sweep_at(fake_github, path, is_dry_run=True)

    assert "Would     #2: remove labels, update comment" in [*format_lines(swept)]
    assert "### What would be done (dry run)" in render_summary(swept)
    assert (count_writes(fake_github) - writes, path.exists(), see(issue)) == (0, False, ANSWERED)


def test_the_summary_says_what_was_done_and_why(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    fake_github.react(find_ours(issue), "-1")
    swept = sweep_at(fake_github, path)
    assert render_summary(swept) == (
        "## Signpost sweep: `octo/widget`\n\n"
        f"1 comment of Signpost with 1 vote; {swept.requests} requests to GitHub, of at most 500.\n\n"
        "### What was done\n\n"
        "- `#2` (the author or a maintainer said that the guidance does not fit): remove labels `area:disk`, "
        "update comment\n"
    )
    said = to_json(swept)
    assert [(each["issue"], each["reasons"], each["error"]) for each in said["handled"]] == [(2, ["refusal"], None)]
    assert (said["withdrawals"], said["left"], said["error"]) == (1, [], None)


def test_a_refusal_is_in_the_ledger_and_stays(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    fake_github.react(find_ours(issue), "-1")
    (withdrawal,) = sweep_at(fake_github, path).ledger.withdrawals
    assert withdrawal == Withdrawal(find_ours(issue).id, 2, "out-of-disk", withdrawal.content_hash, withdrawal.at)
    change_rule(fake_github, issue)
    assert reasons(sweep_at(fake_github, path)) == []
    assert see(issue) == TAKEN_BACK


def test_a_budget_is_kept_and_the_next_sweeps_go_on(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github)
    issues = [open_issue(fake_github), *(fake_github.add_issue("Again", MATCHING) for _ in range(5))]
    for issue in issues:
        run_at(fake_github, issue)
    change_rule(fake_github, issues[0])

    first = sweep_at(fake_github, path, budget=25)
    assert (first.requests <= 25, len(first.handled) < 6, first.error) == (True, True, "")
    assert {each.issue for each in first.left} | {each.rerun.issue for each in first.handled} == {2, 3, 4, 5, 6, 7}
    for _ in range(5):
        sweep_at(fake_github, path, budget=30)

    assert {see(issue).comments for issue in issues} == {(f"{NEW_ADVICE} #1",)}


def test_a_first_sweep_that_cannot_read_everything_goes_on_later(fake_github: FakeGitHub, path: Path) -> None:
    issue = open_answered(fake_github)
    for _ in range(450):
        fake_github.add_comment(issue, "me too", a_person("stranger"))

    first = sweep_at(fake_github, path, budget=3)
    assert (first.is_budget_spent, first.error) == (True, "The budget of 3 requests is spent.")
    assert "The budget of 3 requests is spent. The next sweep goes on from there.\n" in render_summary(first)
    sweep_at(fake_github, path, budget=8)
    swept = sweep_at(fake_github, path, budget=8)

    assert (swept.error, len(swept.ledger.replies)) == ("", 450)
    assert list_ledger(path) == list_ledger_of_new(fake_github, path.with_name("new"))


def list_ledger_of_new(github: FakeGitHub, path: Path) -> dict[str, list[tuple[int | str, ...]]]:
    sweep_at(github, path)
    return list_ledger(path)


def test_a_reply_that_was_deleted_is_forgotten(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    reply = fake_github.add_comment(issue, "me too", a_person("stranger"))
    fake_github.add_comment(issue, "and me", a_person("other"))
    assert len(sweep_at(fake_github, path).ledger.replies) == 2
    fake_github.delete_comment(issue, reply)
    assert [each.login for each in sweep_at(fake_github, path).ledger.replies] == ["other"]
    assert list_ledger(path) == list_ledger_of_new(fake_github, path.with_name("new"))


def test_a_vote_that_changes_its_person_is_seen(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    ours = find_ours(issue)
    fake_github.react(ours, "+1", a_person("one"))
    sweep_at(fake_github, path)
    fake_github.take_back(ours, "+1", a_person("one"))
    fake_github.react(ours, "+1", a_person("two"))
    assert [vote.login for vote in sweep_at(fake_github, path).ledger.votes] == ["two"]
    fake_github.take_back(ours, "+1", a_person("two"))
    assert sweep_at(fake_github, path).ledger.votes == ()


def test_more_reactions_than_one_answer_shows_are_all_read(
    fake_github: FakeGitHub, issue: StoredIssue, path: Path
) -> None:
    for number in range(130):
        fake_github.react(find_ours(issue), "+1", a_person(f"person-{number}"))
    assert len(sweep_at(fake_github, path).ledger.votes) == 130


SLOW_RULE = f"{RULE}close: {{as: duplicate, after: 3d}}\n"


@pytest.fixture
def promised(fake_github: FakeGitHub) -> StoredIssue:
    """An issue that our comment promises to close."""
    return open_answered(fake_github, SLOW_RULE)


def in_days(github: FakeGitHub, days: float) -> datetime:
    return now_at(github, days=days)


def test_a_promised_closing_comes_true_once(fake_github: FakeGitHub, promised: StoredIssue, path: Path) -> None:
    assert reasons(sweep_at(fake_github, path, in_days(fake_github, 2))) == []
    swept = sweep_at(fake_github, path, in_days(fake_github, 4))
    assert (reasons(swept), see(promised).state) == ([(2, ("closing",))], "closed as duplicate")
    assert promised.duplicate_of == fake_github.repositories[REPOSITORY].issues[1].id
    assert [closing.issue for closing in swept.ledger.closings] == [2]

    fake_github.set_state(promised, "open", "reopened", promised.author or MAINTAINER)
    sweep_at(fake_github, path, in_days(fake_github, 5))
    swept = sweep_at(fake_github, path, in_days(fake_github, 60))
    assert (see(promised).state, "Signpost closes" in find_ours(promised).body) == ("open", False)
    assert [each.reopened > 0 for each in swept.ledger.closings] == [True]


def set_home(github: FakeGitHub, settings: str) -> None:
    github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = settings


def test_a_promise_that_is_rewritten_at_its_time_still_comes_true(
    fake_github: FakeGitHub, promised: StoredIssue, path: Path
) -> None:
    sweep_at(fake_github, path, in_days(fake_github, 1))
    set_home(fake_github, "site: https://octo.example/problems\n")
    states = [(sweep_at(fake_github, path, in_days(fake_github, days)).left, see(promised).state) for days in (4, 5, 6)]
    assert states == [((), "open"), ((), "closed as duplicate"), ((), "closed as duplicate")]


def test_a_promise_survives_a_label_that_makes_us_wait(
    fake_github: FakeGitHub, promised: StoredIssue, path: Path
) -> None:
    set_home(fake_github, "skip: {labels: [area:disk]}\n")
    sweep_at(fake_github, path, in_days(fake_github, 4))
    set_home(fake_github, "")
    sweep_at(fake_github, path, in_days(fake_github, 5))
    assert see(promised).state == "closed as duplicate"


def test_a_promise_of_a_muted_rule_is_taken_back_at_once(
    fake_github: FakeGitHub, promised: StoredIssue, path: Path
) -> None:
    sweep_at(fake_github, path)
    elsewhere = fake_github.add_issue("About our rules", OTHER, author=MAINTAINER)
    fake_github.add_comment(elsewhere, "/signpost mute out-of-disk", MAINTAINER)
    assert reasons(sweep_at(fake_github, path, in_days(fake_github, 1))) == [(2, ("rule",))]
    for days in (2, 4, 9):
        assert reasons(sweep_at(fake_github, path, in_days(fake_github, days))) == []
    text = find_ours(promised).body
    assert ("Signpost closes" in text, "known problem: **" in text, see(promised).state) == (False, True, "open")


def test_where_a_person_is_to_decide_each_summary_says_so(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github, SLOW_RULE)
    set_home(fake_github, "closing: {confirm: true}\n")
    issue = open_issue(fake_github)
    run_at(fake_github, issue)
    told = []
    for days in (1, 4, 5, 9):
        summary = render_summary(sweep_at(fake_github, path, in_days(fake_github, days)))
        told.append(summary.count("may be closed as a duplicate of"))
    fake_github.assign(issue)
    for days in (10, 11):
        summary = render_summary(sweep_at(fake_github, path, in_days(fake_github, days)))
        told.append(summary.count("may be closed as a duplicate of"))
    assert (told, see(issue).state) == ([0, 1, 1, 1, 0, 0], "open")


def like_thrice(github: FakeGitHub, issue: StoredIssue) -> None:
    for name in "abc":
        github.react(issue, "+1", a_person(name))


LIFE: dict[str, Deed] = {
    "a comment": lambda github, issue: github.add_comment(issue, "Still there", a_person("stranger")),
    "a 👎": lambda github, issue: github.react(find_ours(issue), "-1", a_person("stranger")),
    "a label": lambda github, issue: github.set_label(github.repositories[REPOSITORY], issue, "bug", MAINTAINER),
    "an assignment": lambda github, issue: github.assign(issue),
    "a milestone": lambda github, issue: github.set_milestone(issue, "1.0"),
    "a pin": lambda github, issue: github.pin(issue),
    "three 👍": like_thrice,
    "a new title": lambda github, issue: github.rename(issue, "Another title"),
}


@pytest.mark.parametrize("deed", LIFE.values(), ids=LIFE)
def test_nothing_is_closed_that_a_person_touched(
    fake_github: FakeGitHub, promised: StoredIssue, path: Path, deed: Deed
) -> None:
    sweep_at(fake_github, path, in_days(fake_github, 1))
    deed(fake_github, promised)
    for days in (2, 4, 400):
        sweep_at(fake_github, path, in_days(fake_github, days))
    assert (promised.state, "Signpost closes" in find_ours(promised).body) == ("open", False)


def test_a_maintainer_mutes_a_rule_in_a_comment(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    elsewhere = fake_github.add_issue("About our rules", OTHER, author=MAINTAINER)
    fake_github.add_comment(elsewhere, "/signpost mute out-of-disk", a_person("stranger"))
    assert sweep_at(fake_github, path).muted == ()
    fake_github.add_comment(elsewhere, "/signpost mute out-of-disk", MAINTAINER)

    first, again = sweep_at(fake_github, path), sweep_at(fake_github, path)
    assert [[each.rule for each in swept.muted] for swept in (first, again)] == [["out-of-disk"]] * 2
    assert "- `out-of-disk`: a maintainer wrote `/signpost mute`" in render_summary(first)
    assert (again.newly_muted, to_json(first)["muted"][0]["by"]) == ((), "command")
    before = list_ledger(path)
    change_rule(fake_github, issue)
    assert [each.rule for each in sweep_at(fake_github, path).muted] == ["out-of-disk"]
    new = fake_github.add_issue("Again", MATCHING, author=a_person("last"))
    sweep_at(fake_github, path)
    assert see(new) == Ending(labels=("area:disk",), comments=(), flips=("labeled area:disk",))

    fake_github.add_comment(elsewhere, "/signpost unmute out-of-disk", MAINTAINER)
    assert [sweep_at(fake_github, path).muted for _ in range(2)] == [(), ()]
    rebuilt = list_ledger(path)
    sweep_at(fake_github, path, is_rebuilt=True)
    assert (list_ledger(path), before["reply"] != rebuilt["reply"]) == (rebuilt, True)


def test_a_permission_is_asked_for_again(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github)
    issue, eve = open_issue(fake_github, OTHER), a_person("eve")

    def say(command: str, role: str, **later: float) -> list[str]:
        fake_github.roles["eve"] = role
        if command:
            fake_github.add_comment(issue, f"/signpost {command} out-of-disk", eve)
        return [each.rule for each in sweep_at(fake_github, path, now_at(fake_github, **later)).muted]

    assert say("mute", "read") == []
    assert say("mute", "admin") == ["out-of-disk"]
    before = len(fake_github.requests)
    assert say("", "read") == ["out-of-disk"]
    assert not [each for each in fake_github.requests[before:] if each.path.endswith("/permission")]
    assert say("", "read", days=7.1) == []


COMMANDS: dict[str, tuple[str, list[tuple[str, ...]], tuple[str, ...]]] = {
    "close": ("/signpost close", [("missed",)], ("+1",)),
    "explain": ("/signpost explain", [("missed",)], ("+1",)),
    "nothing to do": ("/signpost duplicate", [("missed",)], ("confused",)),
    "no such command": ("/signpost dance", [], ()),
    "no command": ("me too", [], ()),
}


@pytest.mark.parametrize("body, expected, answers", COMMANDS.values(), ids=COMMANDS)
def test_a_lost_command_is_handled_and_answered_once(
    fake_github: FakeGitHub,
    issue: StoredIssue,
    path: Path,
    body: str,
    expected: list[tuple[str, ...]],
    answers: tuple[str, ...],
) -> None:
    sweep_at(fake_github, path)
    comment = fake_github.add_comment(issue, body, MAINTAINER)
    comment.association = "MEMBER"
    assert [why for _, why in reasons(sweep_at(fake_github, path))] == expected
    assert see(issue).answers == answers
    assert [reasons(sweep_at(fake_github, path)) for _ in range(2)] == [[], []]


def test_a_command_that_gets_no_answer_is_tried_once(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    fake_github.repositories[REPOSITORY].files[f"{HOME}/config.yml"] = "skip: {labels: [later]}\n"
    fake_github.set_label(fake_github.repositories[REPOSITORY], issue, "later", MAINTAINER)
    sweep_at(fake_github, path)
    fake_github.add_comment(issue, "/signpost close", MAINTAINER)
    assert [len(reasons(sweep_at(fake_github, path))) for _ in range(3)] == [1, 0, 0]
    assert [len(reasons(sweep_at(fake_github, path, in_days(fake_github, days)))) for days in (1, 4)] == [0, 0]


def test_a_command_of_last_week_is_left(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    fake_github.add_comment(issue, "/signpost close", MAINTAINER)
    assert reasons(sweep_at(fake_github, path, in_days(fake_github, 4))) == []


def test_issues_that_fail_come_last_in_the_next_sweep(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github)
    issues = [open_issue(fake_github), *(fake_github.add_issue("Again", MATCHING) for _ in range(4))]
    for issue in issues:
        run_at(fake_github, issue)
    change_rule(fake_github, issues[0])
    failing = tuple(f"/issues/{issue.number}" for issue in issues[:3])
    fake_github.disturb = lambda request: FAULTS["502"] if request.path.endswith(failing) else None
    assert [number for number, _ in reasons(sweep_at(fake_github, path))] == [2, 3, 4]
    assert [number for number, _ in reasons(sweep_at(fake_github, path))] == [5, 6, 2, 3, 4]
    fake_github.disturb = lambda _: None
    assert [number for number, _ in reasons(sweep_at(fake_github, path))] == [2, 3, 4]
    assert reasons(sweep_at(fake_github, path)) == []


def test_an_issue_that_github_does_not_have_is_handled(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    sweep_at(fake_github, path)
    change_rule(fake_github, issue)
    with open_ledger(path, REPOSITORY) as store, store.change():
        store.put("pending", [(1_000_000, "missed"), (1, "missed")])
    swept = sweep_at(fake_github, path)
    assert ([number for number, _ in reasons(swept)], swept.error, swept.failures) == ([1, 2, 1_000_000], "", ())
    assert "1000000" not in "".join(format_lines(swept))
    assert reasons(sweep_at(fake_github, path)) == []


def test_a_muted_rule_that_gets_another_id_stays_muted(fake_github: FakeGitHub, issue: StoredIssue, path: Path) -> None:
    fake_github.add_comment(issue, "/signpost mute out-of-disk", MAINTAINER)
    sweep_at(fake_github, path)
    del fake_github.repositories[REPOSITORY].files[f"{HOME}/out-of-disk.yml"]
    add_rule(fake_github, RULE.replace("id: out-of-disk", "id: disk-full\nwas: [out-of-disk]"), "disk-full")
    assert [each.rule for each in sweep_at(fake_github, path).muted] == ["disk-full"]
    new = fake_github.add_issue("Again", MATCHING, author=a_person("last"))
    run_at(fake_github, new, ledger=path)
    assert see(new).comments == ()


@pytest.mark.parametrize("is_watched", [False, True])
def test_a_command_whose_comment_is_deleted_is_forgotten(
    fake_github: FakeGitHub, issue: StoredIssue, path: Path, *, is_watched: bool
) -> None:
    place = issue if is_watched else fake_github.add_issue("About our rules", OTHER, author=MAINTAINER)
    first = fake_github.add_comment(place, "/signpost mute out-of-disk", MAINTAINER)
    fake_github.add_comment(place, "/signpost unmute other", MAINTAINER)
    sweep_at(fake_github, path)
    assert [each.rule for each in sweep_at(fake_github, path).muted] == ["out-of-disk"]
    fake_github.delete_comment(place, first)
    swept = sweep_at(fake_github, path)
    assert (swept.muted, [each.orders for each in swept.ledger.replies]) == ((), [(Order("unmute", "other"),)])
    assert list_ledger(path) == list_ledger_of_new(fake_github, path.with_name("new"))


def test_a_muted_rule_is_shown_once_and_only_labels(fake_github: FakeGitHub, path: Path) -> None:
    add_rule(fake_github)
    files = fake_github.repositories[REPOSITORY].files
    files[f"{HOME}/config.yml"] = "duplicates: {enabled: false}\nvotes: {mute_from: 3, mute_above: 0.4}\n"
    open_issue(fake_github)
    for number in range(3):
        person = a_person(f"person-{number}")
        issue = fake_github.add_issue("Again", MATCHING, author=person)
        run_at(fake_github, issue)
        fake_github.react(find_ours(issue), "-1", person)

    first = sweep_at(fake_github, path)
    assert [each.rule for each in first.newly_muted] == ["out-of-disk"]
    said = "- `out-of-disk`: 3 of 3 people said that it is not their problem (100 %, 95 % interval 44 % to 100 %)"
    assert said in render_summary(first)

    new = fake_github.add_issue("Again", MATCHING, author=a_person("last"))
    second = sweep_at(fake_github, path)
    assert ([each.rule for each in second.muted], second.newly_muted) == (["out-of-disk"], ())
    assert see(new) == Ending(labels=("area:disk",), comments=(), flips=("labeled area:disk",))

    change_rule(fake_github, new)
    third = sweep_at(fake_github, path)
    assert third.muted == ()


# --- no order and no repetition of votes, replies and sweeps changes the end


@pytest.fixture(scope="module")
def begun() -> Iterator[FakeGitHub]:
    with FakeGitHub() as github:
        add_rule(github, SLOW_RULE)
        open_issue(github)
        github.add_issue("Again", MATCHING, author=a_person("second"))
        github.add_issue("Again", MATCHING, author=a_person("third"))
        for number in (2, 3, 4):
            run_at(github, github.repositories[REPOSITORY].issues[number])
        yield github


def take_step(github: FakeGitHub, path: Path, step: str) -> None:
    issues = github.repositories[REPOSITORY].issues
    match step:
        case "down":
            github.react(find_ours(issues[2]), "-1", issues[2].author or MAINTAINER)
        case "wrong":
            say_wrong(github, issues[3])
        case "up":
            github.react(find_ours(issues[4]), "+1", MAINTAINER)
        case "sweep":
            sweep_at(github, path)
        case "run":
            for number in (2, 3, 4):
                run_at(github, issues[number])


STEPS = ("down", "wrong", "up", "sweep", "run", "sweep")


@settings(
    max_examples=10,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=st.permutations(STEPS), repeated=st.lists(st.sampled_from(STEPS), max_size=3))
def test_neither_order_nor_repetition_changes_the_end(
    begun: FakeGitHub, tmp_path_factory: pytest.TempPathFactory, order: list[str], repeated: list[str]
) -> None:
    path = tmp_path_factory.mktemp("order") / "ledger.sqlite"
    with copy_github(begun) as github:
        for step in (*order, *repeated):
            take_step(github, path, step)
        sweep_at(github, path, now_at(github, days=9))
        swept = sweep_at(github, path, now_at(github, days=9))
        issues = github.repositories[REPOSITORY].issues
        closed = replace(ANSWERED, state="closed as duplicate")
        endings = [replace(see(issues[number]), answers=()) for number in (2, 3, 4)]
        assert endings == [TAKEN_BACK, TAKEN_BACK, closed]
        assert {(each.issue, each.rule) for each in swept.ledger.withdrawals} == {
            (2, "out-of-disk"),
            (3, "out-of-disk"),
        }
        assert list_ledger(path) == list_ledger_of_new(github, path.with_name("new"))
