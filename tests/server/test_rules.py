"""Which rules a repository has on the server, what is capped, and who is told of problems."""

import json
from collections.abc import Iterator, Sequence

import pytest

from bot.server.inbox.types import Handled
from bot.server.rules import CHECK_SECONDS, HourMeter, Key, RuleStore, claim_identity, find_excess, list_surplus
from bot.server.settings import ServerSettings
from bot.tracker.types import Folder, FolderTree
from bot.triage.config import Config, Identity
from tests.server.worlds import APP, Clock, World, list_comments, open_world
from tests.stand_ins.fake_github import FAULTS, MAINTAINER
from tests.stand_ins.github_json import StoredIssue
from tests.stand_ins.story import HOME, REPOSITORY, RULE, add_rule, open_issue, see

BROKEN = RULE.replace("out-of-disk", "broken") + "mode: loud\n"
LOUD = "duplicates: {enabled: false}\nmode: loud @octocat\n"
PLACE = f"{HOME}/broken.yml:14:1"


@pytest.fixture
def world() -> Iterator[World]:
    with open_world() as world:
        add_rule(world.github)
        yield world


def find_problem_issues(world: World) -> list[StoredIssue]:
    return [issue for issue in world.github.repositories[REPOSITORY].issues.values() if issue.author == APP]


def change_files(world: World, **files: str | None) -> Handled:
    """Change files in the folder of the rules, and push that."""
    stored = world.github.repositories[REPOSITORY].files
    for name, text in files.items():
        if text is None:
            del stored[f"{HOME}/{name}.yml"]
        else:
            stored[f"{HOME}/{name}.yml"] = text
    return world.handle(world.push())


def test_a_broken_rule_is_shown_and_the_others_work(world: World) -> None:
    handled = change_files(world, broken=BROKEN)
    assert [problem.partition(": ")[0] for problem in handled.problems] == [PLACE]
    assert [
        (each["file"], each["line"], each["column"]) for each in world.values("problems/")["problems/1"]["problems"]
    ] == [(f"{HOME}/broken.yml", 14, 1)]
    issue = open_issue(world.github)
    assert world.handle(world.report(issue)).problems == handled.problems
    assert len(list_comments(issue)) == 1
    assert world.values("repository/")["repository/1"]["rules"] == 1


def test_an_issue_about_problems_is_opened_once_edited_in_place_and_closed(world: World) -> None:
    change_files(world, broken=BROKEN)
    (own,) = find_problem_issues(world)
    assert (own.title, f"`{PLACE}`" in str(own.body)) == ("Signpost: rules or settings need a correction", True)
    change_files(world, broken=BROKEN, worse=BROKEN.replace("broken", "worse"))
    assert f"`{HOME}/worse.yml:14:1`" in str(own.body)
    world.start()
    change_files(world)
    before = own.body
    assert (find_problem_issues(world), own.body) == ([own], before)
    change_files(world, broken=None, worse=None)
    assert (own.state, own.state_reason, find_problem_issues(world)) == ("closed", "completed", [own])
    assert str(own.body).startswith("**This is done** (9 April 2026, 09:00 UTC)")
    assert world.values("problems/") == {}


def test_after_a_correction_a_new_problem_opens_another_issue(world: World) -> None:
    change_files(world, broken=BROKEN)
    change_files(world, broken=None)
    change_files(world, broken=BROKEN)
    assert [issue.state for issue in find_problem_issues(world)] == ["closed", "open"]


def test_an_issue_that_a_person_closed_is_the_last_one(world: World) -> None:
    change_files(world, broken=BROKEN)
    (own,) = find_problem_issues(world)
    world.github.set_state(own, "closed", "not_planned", MAINTAINER)
    change_files(world, broken=BROKEN.replace("loud", "louder"))
    assert (find_problem_issues(world), own.state) == ([own], "closed")


def test_an_issue_that_the_list_does_not_show_is_found_by_its_number(world: World) -> None:
    world.github.lists_by_creator = False
    change_files(world, broken=BROKEN)
    change_files(world, broken=BROKEN, worse=BROKEN.replace("broken", "worse"))
    change_files(world, broken=None, worse=None)
    assert [issue.state for issue in find_problem_issues(world)] == ["closed"]


def test_no_issue_is_opened_if_the_server_does_not_want_any() -> None:
    with open_world(ServerSettings()) as world:
        add_rule(world.github)
        change_files(world, broken=BROKEN)
        assert (find_problem_issues(world), len(world.values("problems/"))) == ([], 1)


def test_with_invalid_settings_nothing_runs_and_the_issue_says_so(world: World) -> None:
    handled = change_files(world, config=LOUD)
    assert handled.skipped == f"nothing runs until {REPOSITORY} corrects its rules and settings"
    assert [problem.partition(": ")[0] for problem in handled.problems] == [f"{HOME}/config.yml:2:1"]
    issue = open_issue(world.github)
    assert (world.handle(world.report(issue)).skipped, list_comments(issue)) == (handled.skipped, [])
    (own,) = find_problem_issues(world)
    assert str(own.body).startswith("Signpost does nothing in this repository at the moment")
    assert "@octocat" not in str(own.body)


def test_problems_of_an_organisation_open_no_issue_in_its_repositories(world: World) -> None:
    repository = world.github.repositories[REPOSITORY]
    world.github.add_repository("octo/.github").files[f"{HOME}/broken.yml"] = BROKEN
    repository.files.clear()
    issue = open_issue(world.github)
    handled = world.handle(world.report(issue))
    assert [problem.partition(": ")[0] for problem in handled.problems] == [PLACE]
    assert find_problem_issues(world) == []


def test_a_problem_issue_that_fails_does_not_stop_a_run_and_comes_ten_minutes_later(world: World) -> None:
    world.github.repositories[REPOSITORY].files[f"{HOME}/broken.yml"] = BROKEN
    first, second = open_issue(world.github), open_issue(world.github)
    world.github.lists_by_creator = False
    world.github.disturb = lambda request: FAULTS["502"] if str(request) == f"POST /repos/{REPOSITORY}/issues" else None
    world.handle(world.report(first))
    assert (len(list_comments(first)), find_problem_issues(world)) == (1, [])
    world.github.disturb = lambda _: None
    world.handle(world.report(second))
    assert find_problem_issues(world) == []
    world.clock.seconds += 600
    world.handle(world.report(second))
    assert len(find_problem_issues(world)) == 1


@pytest.mark.parametrize(
    "settings, reason",
    [
        (ServerSettings(most_rules=1), "the folder has 2 rules, but this server takes 1; remove some"),
        (ServerSettings(most_rule_bytes=1000), "the files have 2,000 bytes, but this server takes 1,000; remove some"),
    ],
)
def test_a_repository_with_too_many_rules_does_not_run(settings: ServerSettings, reason: str) -> None:
    with open_world(settings) as world:
        add_rule(world.github)
        text = RULE.replace("out-of-disk", "second")
        written = sum(map(len, world.github.repositories[REPOSITORY].files.values())) + len(text)
        change_files(world, second=text + "#" * (2000 - written))
        assert [each["message"] for each in world.values("problems/")["problems/1"]["problems"]] == [reason]
        issue = open_issue(world.github)
        world.handle(world.report(issue))
        assert see(issue, APP).comments == ()


def test_a_pack_and_the_settings_do_not_count_as_rules() -> None:
    files = {f"{HOME}/config.yml": "x", f"{HOME}/pack.yml": "x", f"{HOME}/a.yml": "x", f"{HOME}/comment.md.j2": "x"}
    assert find_excess(Folder(files=files), 4, ServerSettings(most_rules=1)) == ""


@pytest.mark.parametrize(
    "sizes, most, expected",
    [
        ([], 10, []),
        ([(1, 4), (2, 6)], 10, []),
        ([(1, 4), (2, 6), (3, 1)], 10, [1]),
        ([(1, 4), (2, 6), ("octo", 5)], 10, [1, 2]),
        ([(1, 99)], 10, []),
    ],
)
def test_the_least_recently_used_rules_go_first(
    sizes: Sequence[tuple[Key, int]], most: int, expected: list[Key]
) -> None:
    assert list_surplus(sizes, most) == expected


@pytest.mark.parametrize(
    "stated, expected",
    [
        (Identity(), ("signpost[bot]", [])),
        (Identity(login="Signpost[bot]"), ("signpost[bot]", [])),
        (Identity(login="github-actions[bot]"), ("signpost[bot]", ["github-actions[bot]"])),
        (Identity(also=["github-actions[bot]"]), ("signpost[bot]", ["github-actions[bot]"])),
        (Identity(login="a", also=["b"]), ("signpost[bot]", ["a", "b"])),
    ],
)
def test_the_login_of_the_app_is_always_ours(stated: Identity, expected: tuple[str, list[str]]) -> None:
    identity = claim_identity(Config(identity=stated), "signpost[bot]").identity
    assert (identity.login, identity.also) == expected


def test_a_meter_waits_until_enough_of_the_last_hour_is_over() -> None:
    clock = Clock()
    meter = HourMeter(10, clock.read)
    seen = list[tuple[float, float]]()
    for at, amount in ((0, 4), (100, 5), (200, 3), (300, 0), (3599, 0), (3600, 0), (9999, 0)):
        clock.seconds = at
        meter.charge(1, amount)
        seen.append((meter.find_left(1), meter.find_wait(1)))
    assert seen == [(6, 0), (1, 0), (-2, 3400), (-2, 3300), (-2, 1), (2, 0), (10, 0)]
    assert meter.find_wait(2) == 0


class _Trees:
    """A GitHub that only has trees; `asked` are the ETags that came with the questions."""

    def __init__(self, **trees: str) -> None:
        self.trees = trees
        self.asked: list[tuple[str, str]] = []
        self.read: list[str] = []

    def find_tree(self, repository: str, folder: str, etag: str = "") -> FolderTree | None:
        del folder
        self.asked.append((repository, etag))
        tree = self.trees.get(repository.partition("/")[2].strip("."), "")
        return None if etag == f"e{tree}" else FolderTree(tree, f"e{tree}")

    def read_folder(self, repository: str, folder: str, tree: str = "") -> Folder:
        self.read.append(f"{repository} {tree}")
        return Folder(files={f"{folder}/out-of-disk.yml": RULE})


def test_github_is_asked_every_half_minute_and_at_once_after_a_push() -> None:
    clock, github = Clock(), _Trees(widget="t1")
    store = RuleStore(ServerSettings(), "signpost[bot]", clock.read)

    def load(seconds: float) -> str:
        clock.seconds = seconds
        return store.load("octo/widget", 1, github).tree

    assert [load(0), load(CHECK_SECONDS - 1)] == ["t1", "t1"]
    github.trees["widget"] = "t2"
    assert [load(CHECK_SECONDS - 1), load(CHECK_SECONDS), load(CHECK_SECONDS + 1)] == ["t1", "t2", "t2"]
    github.trees["widget"] = "t3"
    store.forget(1)
    assert load(CHECK_SECONDS + 1) == "t3"
    assert github.asked == [("octo/widget", etag) for etag in ("", "et1", "et2")]
    assert github.read == ["octo/widget t1", "octo/widget t2", "octo/widget t3"]


def test_a_push_during_a_load_is_seen_by_the_next_one() -> None:
    class PushedTrees(_Trees):
        def find_tree(self, repository: str, folder: str, etag: str = "") -> FolderTree | None:
            found = super().find_tree(repository, folder, etag)
            if self.trees["widget"] == "t1":
                self.trees["widget"] = "t2"
                store.forget(1)
            return found

    github = PushedTrees(widget="t1")
    store = RuleStore(ServerSettings(), "signpost[bot]", Clock().read)
    assert [store.load("octo/widget", 1, github).tree for _ in range(3)] == ["t1", "t2", "t2"]


def test_one_copy_of_an_organisations_rules_serves_all_its_repositories() -> None:
    clock, github = Clock(), _Trees(github="t1")
    store = RuleStore(ServerSettings(), "signpost[bot]", clock.read)
    found = [store.load(f"octo/{name}", number, github) for number, name in enumerate("abc", 1)]
    assert [(each.place, each.tree, each.is_shared) for each in found] == [("octo/.github", "t1", True)] * 3
    assert github.read == ["octo/.github t1"]
    store.forget(9, "octo/.github")
    store.load("octo/a", 1, github)
    assert github.asked[-1] == ("octo/.github", "et1")


def test_nothing_of_a_repository_is_json_that_nobody_reads(world: World) -> None:
    change_files(world, broken=BROKEN)
    assert json.loads(json.dumps(world.values(""))).keys() == {"repository/1", "problems/1", "notice/1"}
