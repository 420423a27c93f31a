"""Earlier reports from the event to the comment: found, followed to where they lead, linked, and kept up to date."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from bot.comment.marker import read_marker
from tests.stand_ins.command import Finished, run_command
from tests.stand_ins.fake_github import BOT, FAULTS, MAINTAINER, REPORTER, FakeGitHub
from tests.stand_ins.github_json import Person, StoredComment, StoredIssue
from tests.stand_ins.story import HOME, MATCHING, REPOSITORY, RULE, TOKEN, add_rule, run_once, start_run, tell_event

pytestmark = pytest.mark.slow

ALWAYS = "duplicates: {comment: always}\n"
ERROR = "error: the checksum of the registry does not fit the lock of the workspace"
TITLE = "Checksum of the registry does not fit"
STRANGER = Person(login="stranger", can_write=False)
"""Filed all others: what one author files shortly after each other is a series."""

OTHERS = tuple(Person(login=f"reader-{count}") for count in range(3))
SUBJECTS = ("window", "toolbar", "shortcut", "theme", "cursor", "printer", "scrollbar", "font", "clipboard", "tooltip")
VERBS = ("flickers", "vanishes", "overlaps", "freezes", "shrinks", "blinks")
PLACES = ("on startup", "after resume", "in fullscreen", "while dragging", "on hover")


def say(subject: int) -> tuple[str, str]:
    """One of 300 reports about other things."""
    what = f"{SUBJECTS[subject % 10]} {VERBS[subject // 10 % 6]} {PLACES[subject // 60]}"
    return f"The {what}", f"Steps to see that the {what}: open sample{subject}, wait, look.\nIt should not."


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One problem that was reported many times."""

    root: StoredIssue
    fixed: StoredIssue
    others: Mapping[str, StoredIssue]


def fill(github: FakeGitHub, ordinary: int = 291) -> Cluster:
    """A repository with one known cluster: a chain, a circle, one that is fixed, rejected, locked, transferred."""
    repository = github.add_repository(REPOSITORY)
    root = github.add_issue(TITLE, f"It ends with:\n{ERROR}", references=9, author=STRANGER)
    for person in OTHERS:
        github.add_comment(root, "The same here.", person)
    for count in range(ordinary):
        github.add_issue(*say(count))
    names = ("middle", "first", "ring", "round", "fixed", "rejected", "locked", "moved")
    made = {name: github.add_issue(f"{TITLE} ({name})", f"{name}:\n{ERROR}", author=STRANGER) for name in names}
    github.mark_duplicate(made["middle"], root)
    github.mark_duplicate(made["first"], made["middle"])
    github.mark_duplicate(made["ring"], made["round"])
    github.mark_duplicate(made["round"], made["ring"])
    for name, reason in (("fixed", "completed"), ("rejected", "not_planned")):
        made[name].state, made[name].state_reason = "closed", reason
    made["fixed"].milestone = "2.1.96"
    made["locked"].is_locked = True
    repository.releases.append(("v2.1.96", "2026-04-09T10:00:00Z"))
    moved = github.add_issue(made["moved"].title, repository="octo/gadget", number=41)
    del repository.issues[made["moved"].number]
    github.gone[REPOSITORY, made["moved"].number] = ("octo/gadget", moved.number)
    return Cluster(root=root, fixed=made["fixed"], others=made)


def configure(github: FakeGitHub, settings: str = ALWAYS, rule: str | None = None) -> None:
    labels = ("area:disk", "invalid", "duplicate")
    github.add_repository(REPOSITORY, labels=labels).files[f"{HOME}/config.yml"] = settings
    add_rule(github, rule or RULE)


def report(github: FakeGitHub, title: str = f"Build: {TITLE.lower()}", body: str = f"Today:\n{ERROR}") -> StoredIssue:
    number = max(github.repositories[REPOSITORY].issues, default=0) + 2
    return github.add_issue(title, body, number=number)


def our_comments(issue: StoredIssue) -> list[StoredComment]:
    return [comment for comment in issue.comments if comment.author == BOT]


def links_of(issue: StoredIssue) -> dict[int, str]:
    """The links that our one comment gives, with their tiers."""
    marker = read_marker(our_comments(issue)[0].body) if our_comments(issue) else None
    return dict(marker.earlier) if marker else {}


def build_index(github: FakeGitHub, folder: Path, repository: str = REPOSITORY) -> Path:
    environment = {"GITHUB_API_URL": github.url, "GITHUB_TOKEN": TOKEN}
    place = folder / "issues.index"
    options = ("--index", str(place), "--repo", repository, "--cache", str(folder / "cache"), "--jobs", "1")
    done = run_command("index", "build", *options, folder=folder, environment=environment)
    assert (done.code, done.err) == (0, "")
    return place


def calibrate(index: Path) -> None:
    assert run_command("index", "calibrate", "--index", str(index), folder=index.parent).code == 0


@pytest.fixture(scope="module", params=["with an index", "by GitHub's search"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def look(github: FakeGitHub, issue: StoredIssue, folder: Path, way: str, action: str = "opened") -> Finished:
    """A run, with an index of what was there before the first."""
    index = folder / "issues.index"
    if way == "with an index" and not index.exists():
        build_index(github, folder)
    arguments = ("--index", str(index)) if way == "with an index" else ()
    github.requests.clear()
    return start_run(github, tell_event(github, issue, action), folder, *arguments).go()


def test_of_a_cluster_among_300_issues_the_right_ones_are_linked(
    fake_github: FakeGitHub, tmp_path: Path, way: str
) -> None:
    configure(fake_github)
    cluster = fill(fake_github)
    issue = report(fake_github)

    finished = look(fake_github, issue, tmp_path, way)

    root, fixed, others = cluster.root.number, cluster.fixed.number, cluster.others
    ring, circle = others["ring"].number, others["round"].number
    assert (finished.code, finished.err) == (0, "")
    assert links_of(issue) == {root: "B", fixed: "B"}
    (ours,) = our_comments(issue)
    assert f"- #{root} (open, 3 others follow it): shows the same error message\n" in ours.body
    assert f"- #{fixed} (fixed in `v2.1.96`, released 9 April 2026): shows the same error message\n" in ours.body
    assert set(re.findall(r"#(\d+)", ours.body.partition("<!--")[0])) == {str(root), str(fixed)}
    assert finished.out.count(f"Remark    #{ring} → #{circle} → #{ring} is a cycle of duplicates") == 1
    assert issue.labels == []


def test_the_second_run_writes_nothing_and_a_target_that_closes_is_dropped(
    fake_github: FakeGitHub, tmp_path: Path, way: str
) -> None:
    configure(fake_github)
    cluster = fill(fake_github, 60)
    issue = report(fake_github)
    look(fake_github, issue, tmp_path, way)
    before = our_comments(issue)[0].body

    second = look(fake_github, issue, tmp_path, way, "edited")
    unchanged = our_comments(issue)[0].body
    cluster.root.state, cluster.root.state_reason = "closed", "not_planned"
    third = look(fake_github, issue, tmp_path, way, "edited")

    assert (second.code, third.code, unchanged) == (0, 0, before)
    assert "Did " not in second.out
    assert (list(links_of(issue)), len(our_comments(issue))) == ([cluster.fixed.number], 1)


def test_a_better_report_that_appears_is_linked_in_the_same_comment(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github, "duplicates: {comment: always, show: 1}\n")
    close = fake_github.add_issue(f"{TITLE} again", f"The same:\n{ERROR}", author=STRANGER)
    better = fake_github.add_issue("The one that counts", "See the others.", author=STRANGER)
    issue = report(fake_github)
    look(fake_github, issue, tmp_path, "by GitHub's search")
    first = links_of(issue)
    by_member(fake_github, issue, f"/signpost duplicate #{better.number}")

    finished = look(fake_github, issue, tmp_path, "by GitHub's search", "edited")
    again = look(fake_github, issue, tmp_path, "by GitHub's search", "edited")

    assert (first, links_of(issue)) == ({close.number: "B"}, {better.number: "A"})
    assert (finished.code, len(our_comments(issue)), "Did " in again.out) == (0, 1, False)
    assert issue.labels == ["duplicate"]


def test_what_shows_the_same_error_alone_sets_no_label(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github, "duplicates: {comment: always, label_when: known}\n")
    close = fake_github.add_issue(f"{TITLE} again", f"The same:\n{ERROR}", author=STRANGER)
    issue = report(fake_github)

    look(fake_github, issue, tmp_path, "by GitHub's search")

    assert (links_of(issue), issue.labels, issue.state) == ({close.number: "B"}, [], "open")


def test_a_rule_that_matches_both_makes_it_tier_a(fake_github: FakeGitHub, tmp_path: Path, way: str) -> None:
    configure(fake_github, "duplicates: {label_when: known}\n", RULE.replace("follow: 1\n", ""))
    for count in range(60):
        fake_github.add_issue(*say(count))
    earlier = fake_github.add_issue("The disk fills up", MATCHING, author=STRANGER)
    issue = report(fake_github, "The disk fills up again", MATCHING)

    finished = look(fake_github, issue, tmp_path, way)

    assert finished.code == 0
    assert links_of(issue) == {earlier.number: "A"}
    assert f"**Reported before:**\n\n- #{earlier.number} (open): matches the same known problem" in (
        our_comments(issue)[0].body
    )
    assert issue.labels == ["area:disk", "duplicate"]


def test_what_only_looks_alike_stays_in_the_summary(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github, "duplicates: {comment: always}\n")
    for count in range(60):
        fake_github.add_issue(*say(count))
    issue = report(fake_github, say(7)[0], "It does so since the last update, and never did before.")

    finished = look(fake_github, issue, tmp_path, "with an index")

    assert (finished.code, our_comments(issue)) == (0, [])


def test_what_only_looks_alike_is_linked_once_the_index_is_calibrated_and_then_stays(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    configure(fake_github, "duplicates: {comment: always, tier_c: comment}\n")
    for count in range(130):
        fake_github.add_issue(*say(count))
    title, parts = "The ruler of the map wobbles when the legend is zoomed", ("view", "pane", "bar", "box", "line")
    touched = " ".join(f"{thing}{part}" for thing in ("map", "ruler", "grid", "legend", "layer") for part in parts)
    alike = fake_github.add_issue(title, f"Touched were {touched}", author=STRANGER)
    issue = report(fake_github, title, f"Here these shake: {touched}; others behave, the mouse is new")

    before = look(fake_github, issue, tmp_path, "with an index")
    links_before = links_of(issue)
    calibrate(tmp_path / "issues.index")
    after = look(fake_github, issue, tmp_path, "with an index", "edited")
    links_after = links_of(issue)
    searched = look(fake_github, issue, tmp_path, "by GitHub's search", "edited")

    assert [finished.code for finished in (before, after, searched)] == [0, 0, 0]
    assert (links_before, links_after, links_of(issue)) == ({}, {alike.number: "C"}, {alike.number: "C"})
    assert "signpost index calibrate" in before.out
    assert "signpost index calibrate" not in after.out
    assert "**May be related:**" in our_comments(issue)[0].body


LINKS, SEARCH = "POST /graphql", "GET /search/issues"


def asked(github: FakeGitHub, issue: StoredIssue) -> list[str]:
    own = f"/repos/{REPOSITORY}/issues/{issue.number}"
    return [str(request).replace(own, "").rstrip() for request in github.requests]


@pytest.mark.parametrize("size", [0, 60])
def test_candidates_cost_two_requests_and_links_two_more_however_many_issues_there_are(
    fake_github: FakeGitHub, tmp_path: Path, size: int
) -> None:
    configure(fake_github, "duplicates: {comment: always}\n")
    fake_github.add_issue("Low disk space is not handled")
    cluster = fill(fake_github, size)
    issue = report(fake_github, body=f"{MATCHING}\n{ERROR}")

    finished = look(fake_github, issue, tmp_path, "by GitHub's search")

    assert asked(fake_github, issue) == [
        "POST /graphql",
        "GET",
        *[SEARCH, SEARCH],
        LINKS,
        f"GET /repos/{REPOSITORY}/labels/area%3Adisk",
        "POST /labels",
        "POST /comments",
        "GET /comments",
    ]
    assert (finished.code, cluster.root.number in links_of(issue)) == (0, True)


def test_the_end_of_a_long_chain_costs_one_request_more(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github)
    chain = [fake_github.add_issue(f"Step {count}", "Nothing", author=STRANGER) for count in range(5)]
    for one, other in pairwise(chain):
        fake_github.mark_duplicate(one, other)
    chain[0].title, chain[0].body = TITLE, ERROR
    issue = report(fake_github)

    finished = look(fake_github, issue, tmp_path, "by GitHub's search")

    assert (finished.code, links_of(issue)) == (0, {chain[-1].number: "B"})
    assert asked(fake_github, issue).count(LINKS) == 3


def test_an_index_costs_no_request_and_an_issue_that_matches_nothing_is_told_in_the_summary(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    configure(fake_github, "{}\n")
    cluster = fill(fake_github, 60)
    issue = report(fake_github)
    index = build_index(fake_github, tmp_path)
    fake_github.requests.clear()
    summary = tmp_path / "summary.md"
    environment = {"GITHUB_STEP_SUMMARY": str(summary), "INPUT_INDEX": str(index)}

    finished = start_run(fake_github, tell_event(fake_github, issue), tmp_path, environment=environment).go()

    assert (finished.code, [str(request) for request in fake_github.requests]) == (0, ["POST /graphql"])
    told = summary.read_text(encoding="utf-8")
    fake_github.requests.clear()
    again = start_run(fake_github, tell_event(fake_github, issue, "edited"), tmp_path, environment=environment).go()

    own = f"GET /repos/{REPOSITORY}/issues/{issue.number}"
    assert (again.code, [str(request) for request in fake_github.requests]) == (0, ["POST /graphql", own])
    reason = "no rule adds guidance, and the settings allow no comment with links alone"
    assert f"- `#{cluster.root.number}` `{TITLE}`: {reason} (B: shows the same error message; " in told
    line = f"Earlier   #{cluster.root.number}, tier B: shows the same error message (not linked: {reason})\n"
    assert line in finished.out


@pytest.mark.parametrize(
    "content, remark",
    [(None, "the index missing.index does not exist (yet)"), (b"no index", "the search for earlier reports failed")],
)
def test_an_index_that_is_missing_or_broken_is_remarked_and_ends_nothing(
    fake_github: FakeGitHub, tmp_path: Path, content: bytes | None, remark: str
) -> None:
    configure(fake_github, "{}\n", RULE.replace("follow: 1\n", ""))
    issue = report(fake_github, body=MATCHING)
    if content:
        (tmp_path / "missing.index").write_bytes(content)

    finished = start_run(fake_github, tell_event(fake_github, issue), tmp_path, "--index", "missing.index").go()

    assert (finished.code, len(our_comments(issue))) == (0, 1)
    assert remark in finished.out


@pytest.mark.parametrize("fault", ["422", "404", "secondary limit"])
@pytest.mark.parametrize("number", [5, 6])
def test_a_search_that_fails_ends_nothing_and_takes_no_link_away(
    fake_github: FakeGitHub, tmp_path: Path, number: int, fault: str
) -> None:
    configure(fake_github)
    cluster = fill(fake_github, 20)
    issue = report(fake_github)
    look(fake_github, issue, tmp_path, "by GitHub's search")
    before, body = links_of(issue), our_comments(issue)[0].body

    fake_github.faults = {number: FAULTS[fault]}
    finished = look(fake_github, issue, tmp_path, "by GitHub's search", "edited")

    assert (finished.code, links_of(issue)) == (0, before)
    assert our_comments(issue)[0].body == body
    assert cluster.root.number in before


def lose_answers(github: FakeGitHub, number: int) -> None:
    """The request of that number is lost, however often it is sent."""
    github.faults = dict.fromkeys(range(number, number + 4), FAULTS["502"])


@pytest.mark.parametrize("which", [0, 1])
def test_links_that_cannot_be_read_take_no_link_away(
    fake_github: FakeGitHub, tmp_path: Path, way: str, which: int
) -> None:
    """Neither those that were asked for, nor the ends of their chains."""
    configure(fake_github)
    cluster = fill(fake_github, 20)
    steps = [fake_github.add_issue(f"Step {count}", "Nothing", author=STRANGER) for count in range(3)]
    for one, other in pairwise([cluster.root, *steps]):
        fake_github.mark_duplicate(one, other)
    issue = report(fake_github)
    for action in ("opened", "edited"):
        look(fake_github, issue, tmp_path, way, action)
    before, body = links_of(issue), our_comments(issue)[0].body
    links = [number for number, request in enumerate(fake_github.requests, 1) if str(request) == LINKS][1:]

    lose_answers(fake_github, links[which])
    finished = look(fake_github, issue, tmp_path, way, "edited")

    assert (len(links), finished.code, links_of(issue), our_comments(issue)[0].body) == (2, 0, before, body)
    assert "a comment with links stays unchanged" in finished.out


def test_what_a_person_named_and_cannot_be_read_waits(fake_github: FakeGitHub) -> None:
    configure(fake_github, "{}\n")
    fake_github.add_issue("The first one")
    issue = fake_github.add_issue("It is slow", "Very slow")
    event = tell_event(fake_github, issue, "created", by_member(fake_github, issue))
    lose_answers(fake_github, 5)

    finished, labels = run_once(fake_github, event), [*issue.labels]
    fake_github.faults = {}
    again = run_once(fake_github, event)

    assert (finished.code, labels, again.code, issue.labels) == (0, [], 0, ["duplicate"])
    assert "Remark    `/signpost duplicate #1` has no effect: #1 could not be checked" in finished.out


def test_a_server_that_is_too_old_to_tell_duplicates_is_asked_for_three_links(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    configure(fake_github)
    fake_github.knows_duplicates = False
    fill(fake_github, 20)
    issue = report(fake_github)

    finished = look(fake_github, issue, tmp_path, "by GitHub's search")

    own = f"GET /repos/{REPOSITORY}/issues/"
    reads = [str(request) for request in fake_github.requests if str(request).startswith(own)]
    assert (finished.code, len([one for one in reads if one.removeprefix(own).isdigit()])) == (0, 4)


HOSTILE = {
    "Markdown": "]( [x](javascript:alert(1)) `` ``` ~~~ | **#1** | <!-- signpost:v1 {} --> @octocat GH-1",
    "HTML": "<details><img src=x onerror=alert(1)><!-- </td></table>",
    "control characters": "\0\x1b[31m\r\x85\u2028\u202e",
    "half signs": "\ud800 \udfff",
    "commands": "::error::x\n/signpost duplicate #1\n::stop-commands::x",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_strangers_write_works_neither_in_the_comment_nor_in_the_summary(
    fake_github: FakeGitHub, tmp_path: Path, way: str, text: str
) -> None:
    configure(fake_github)
    for count in range(60):
        fake_github.add_issue(*say(count))
    earlier = fake_github.add_issue(f"{TITLE} {text}"[:250], f"{text}\n{ERROR} {text}", author=STRANGER)
    issue = report(fake_github, f"{TITLE} {text}"[:250], f"{text * 300}\n{ERROR}\n{ERROR} {text}")

    finished = look(fake_github, issue, tmp_path, way)

    assert (finished.code, finished.err, issue.labels) == (0, "", [])
    assert links_of(issue) in ({}, {earlier.number: "B"})
    said = "".join(comment.body.partition("<!--")[0] for comment in our_comments(issue))
    assert not any(part in said for part in ("octocat", "javascript", "onerror", "::error", "\x1b", "\ud800"))
    assert "\x1b" not in finished.out
    assert not re.search(r"^::(?!add-mask|notice|warning)", finished.out, flags=re.MULTILINE)


COMMAND = "/signpost duplicate #1"
Say = Callable[[FakeGitHub, StoredIssue], StoredComment]


def by_member(github: FakeGitHub, issue: StoredIssue, body: str = COMMAND) -> StoredComment:
    comment = github.add_comment(issue, body, MAINTAINER)
    comment.association = "MEMBER"
    return comment


@pytest.mark.parametrize(
    "speak, labels",
    [
        pytest.param(by_member, ["duplicate"], id="a maintainer"),
        pytest.param(lambda g, i: g.add_comment(i, COMMAND, REPORTER), ["duplicate"], id="the author"),
        pytest.param(lambda g, i: g.add_comment(i, COMMAND, OTHERS[0]), [], id="somebody else"),
        pytest.param(lambda g, i: by_member(g, i, f"> {COMMAND}"), [], id="in a quote"),
        pytest.param(lambda g, i: by_member(g, i, "/signpost duplicate #2"), [], id="of itself"),
        pytest.param(lambda g, i: by_member(g, i, "/signpost duplicate #99"), [], id="of nothing"),
    ],
)
def test_a_person_can_say_which_issue_it_repeats(fake_github: FakeGitHub, speak: Say, labels: list[str]) -> None:
    configure(fake_github, "{}\n")
    fake_github.add_issue("The first one")
    issue = fake_github.add_issue("It is slow", "Very slow")
    comment = speak(fake_github, issue)

    finished = run_once(fake_github, tell_event(fake_github, issue, "created", comment))

    assert (finished.code, issue.labels, our_comments(issue), issue.state) == (0, labels, [], "open")


def test_a_label_that_a_person_took_off_is_not_set_again(fake_github: FakeGitHub) -> None:
    configure(fake_github, "{}\n")
    fake_github.add_issue("The first one")
    issue = fake_github.add_issue("It is slow", "Very slow")
    event = tell_event(fake_github, issue, "created", by_member(fake_github, issue))
    run_once(fake_github, event)
    fake_github.unset_label(issue, "duplicate")

    assert run_once(fake_github, event).code == 0
    assert issue.labels == []


def test_what_a_person_named_is_linked_in_the_comment_that_is_there(fake_github: FakeGitHub) -> None:
    configure(fake_github, "{}\n", RULE.replace("follow: 1\n", ""))
    fake_github.add_issue("The first one")
    issue = fake_github.add_issue("It is full", MATCHING)
    run_once(fake_github, tell_event(fake_github, issue))

    run_once(fake_github, tell_event(fake_github, issue, "created", by_member(fake_github, issue)))

    assert (links_of(issue), len(our_comments(issue))) == ({1: "A"}, 1)
    assert "- #1 (open): named here as the same problem" in our_comments(issue)[0].body


def test_json_tells_each_link_with_its_tier_and_what_was_left_out(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github)
    cluster = fill(fake_github, 20)
    issue = report(fake_github)

    done = start_run(fake_github, tell_event(fake_github, issue), tmp_path, "--format", "json", "--dry-run").go()

    told = json.loads(done.out)
    assert [(each["number"], each["tier"], each["state"]) for each in told["duplicates"]] == [
        (cluster.root.number, "B", "open"),
        (cluster.fixed.number, "B", "closed"),
    ]
    assert told["duplicates"][1]["fixed_in"] == "v2.1.96"
    reasons = {each["number"]: each["why"] for each in told["left_out"]}
    rejected, locked, moved, ring, circle = (
        cluster.others[name].number for name in ("rejected", "locked", "moved", "ring", "round")
    )
    around = f"#{ring} → #{circle} → #{ring} is a cycle of duplicates; reopen the canonical issue"
    assert reasons == {
        rejected: f"#{rejected} is closed as not planned",
        locked: f"#{locked} is locked, so the reporter cannot comment there",
        ring: around,
        circle: around,
    }
    assert moved not in {each["number"] for each in told["duplicates"]}
    assert our_comments(issue) == []


def test_what_was_transferred_or_deleted_since_the_index_was_built_is_left_out(
    fake_github: FakeGitHub, tmp_path: Path
) -> None:
    configure(fake_github)
    for count in range(60):
        fake_github.add_issue(*say(count))
    stays, moved, deleted = (fake_github.add_issue(TITLE, f"{n}\n{ERROR}", author=STRANGER) for n in range(3))
    issue = report(fake_github)
    index = build_index(fake_github, tmp_path)
    there = fake_github.add_issue(TITLE, repository="octo/gadget", number=41)
    for one in (moved, deleted):
        del fake_github.repositories[REPOSITORY].issues[one.number]
    fake_github.gone[REPOSITORY, moved.number] = ("octo/gadget", there.number)

    arguments = ("--index", str(index), "--format", "json")
    done = start_run(fake_github, tell_event(fake_github, issue), tmp_path, *arguments).go()

    assert (done.code, links_of(issue)) == (0, {stays.number: "B"})
    reasons = {each["number"]: each["why"] for each in json.loads(done.out)["left_out"]}
    assert reasons == {
        one.number: f"#{one.number} is not an issue of this repository (deleted, moved, or never created)"
        for one in (moved, deleted)
    }


def test_an_index_of_another_repository_is_not_asked(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github)
    fake_github.add_issue("Something else", "Entirely", author=STRANGER)
    fake_github.add_issue(TITLE, ERROR, repository="octo/gadget", number=1, author=STRANGER)
    index = build_index(fake_github, tmp_path, "octo/gadget")
    issue = report(fake_github)

    done = start_run(fake_github, tell_event(fake_github, issue), tmp_path, "--index", str(index)).go()

    assert (done.code, links_of(issue)) == (0, {})
    assert f"Remark    the index {index} is for octo/gadget, so Signpost did not use it" in done.out


def test_what_the_report_names_itself_is_not_linked_again(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github)
    cluster = fill(fake_github, 20)
    issue = report(fake_github, body=f"Like #{cluster.root.number}, today:\n{ERROR}")

    finished = look(fake_github, issue, tmp_path, "by GitHub's search")

    assert (finished.code, links_of(issue)) == (0, {cluster.fixed.number: "B"})


def test_what_is_calibrated_is_told_in_the_summary(fake_github: FakeGitHub, tmp_path: Path) -> None:
    configure(fake_github)
    fill(fake_github, 130)
    issue = report(fake_github)
    index = build_index(fake_github, tmp_path)
    calibrate(index)
    summary = tmp_path / "summary.md"
    event, environment = tell_event(fake_github, issue), {"GITHUB_STEP_SUMMARY": str(summary)}

    start_run(fake_github, event, tmp_path, "--index", str(index), environment=environment).go()

    assert "would have been shown a similar issue" in summary.read_text(encoding="utf-8")
