"""How nodes are read: in batches that get smaller, through REST without GraphQL, and with a cache of pages."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import TrackerError
from bot.github.client import GitHubTracker, connect
from bot.github.graph.rest import LIMITS_OF_REST, FolderCache
from bot.github.transport import Patience
from bot.tracker.graph import Address, Batch, Commit, Edge, Node, StoredPage
from bot.tracker.types import Account, Release
from tests.stand_ins.fake_github import FAULTS, HARD_FAULTS, FakeGitHub, Fault, Reply, Request
from tests.stand_ins.github_graph import Network
from tests.stand_ins.github_json import Person, issue_json
from tests.stand_ins.neighbourhood import HERE, build_neighbourhood
from tests.stand_ins.patience import LONGEST

HURRY = Patience(max_wait=2, tries=4, between_writes=0, answer=LONGEST)
GONE = "It was deleted, it is private, or it never existed: GitHub gives the same answer for all three."
NO_REPOSITORY = "Its repository does not exist, or it is private: GitHub gives the same answer for both."


def reader(fake: FakeGitHub, token: str | None = "ghs_bot", cache: FolderCache | None = None) -> GitHubTracker:  # noqa: S107
    return connect(token, fake.url, patience=HURRY, sleep=lambda _: None, cache=cache)


def at(*numbers: int, repository: str = HERE) -> list[Address]:
    return [Address(repository, number) for number in numbers]


def shapes(batch: Batch) -> list[str]:
    """The numbers of the nodes, and the others with the reason."""
    return [
        *(str(node.issue.number) for node in batch.nodes),
        *(f"{u.address.number} {u.reason}" for u in batch.unread),
    ]


def test_a_batch_needs_one_request(fake_github: FakeGitHub) -> None:
    build_neighbourhood(fake_github)
    github = reader(fake_github)
    batch = github.read_nodes([*at(*range(2, 26)), *at(1, repository="octo/gadget"), *at(2)], 9)

    assert shapes(batch) == [*map(str, range(2, 26)), "1"]
    assert (github.requests, github.is_offline) == (1, False)


def test_the_budget_leaves_the_rest(fake_github: FakeGitHub) -> None:
    build_neighbourhood(fake_github)
    batch = reader(fake_github).read_nodes(at(*range(2, 40)), 1)
    assert shapes(batch) == [*map(str, range(2, 27)), *(f"{number} budget" for number in range(27, 40))]
    assert shapes(reader(fake_github).read_nodes(at(2), 0)) == ["2 budget"]
    assert shapes(reader(fake_github).read_nodes([], 1)) == []


@pytest.mark.parametrize("token", ["ghs_bot", None])
def test_what_is_not_there_has_a_reason(fake_github: FakeGitHub, token: str | None) -> None:
    build_neighbourhood(fake_github)
    batch = reader(fake_github, token).read_nodes([*at(900, 901, 902), *at(1, repository="octo/hidden")], 12)

    missing = NO_REPOSITORY if token else GONE
    assert [(str(each.address), each.reason, each.message, each.moved_to) for each in batch.unread] == [
        (f"{HERE}#900", "missing", "It was deleted.", None),
        (f"{HERE}#901", "missing", GONE, None),
        (f"{HERE}#902", "moved", "It is now at octo/other#7.", Address("octo/other", 7)),
        ("octo/hidden#1", "missing", missing, None),
    ]
    # GraphQL can be asked for the new place; without it, the answer of REST is the node.
    assert [str(node.address) for node in batch.nodes] == ([] if token else ["octo/other#7"])


def test_a_name_that_leads_elsewhere_is_not_asked_for(fake_github: FakeGitHub) -> None:
    assert shapes(reader(fake_github, None).read_nodes(at(1, repository="octo/.."), 9)) == ["1 missing"]
    assert fake_github.requests == []


def test_a_renamed_repository_is_read_under_its_name(fake_github: FakeGitHub) -> None:
    build_neighbourhood(fake_github)
    for token in ("ghs_bot", None):
        batch = reader(fake_github, token).read_nodes(at(1, repository="octo/old"), 9)
        assert [str(node.address) for node in batch.nodes] == ["octo/new#1"]
        assert [each.moved_to for each in batch.unread] == [Address("octo/new", 1)]


@pytest.mark.parametrize("most", [1, 2, 5])
def test_batches_get_smaller_and_read_all(fake_github: FakeGitHub, most: int) -> None:
    build_neighbourhood(fake_github)
    fake_github.most_at_once = most
    batch = reader(fake_github).read_nodes(at(*range(2, 40)), 99)
    assert shapes(batch) == [*map(str, range(2, 40))]


def test_one_that_github_cannot_answer_for_takes_nothing_else_away(fake_github: FakeGitHub) -> None:
    build_neighbourhood(fake_github)
    fault = FAULTS["502"]
    fake_github.disturb = lambda request: fault if "number: 7)" in request.body["query"] else None
    batch = reader(fake_github).read_nodes(at(*range(2, 27)), 40)
    assert shapes(batch) == [*map(str, (*range(2, 7), *range(8, 27))), "7 failed"]


@pytest.mark.parametrize(
    "reply, reason",
    [
        (Reply(status=401, body={"message": "Bad credentials"}), "401"),
        (HARD_FAULTS["limit for an hour"].reply, "rate limit"),
        (HARD_FAULTS["GraphQL's limit"].reply, "Run it again in an hour"),
    ],
)
def test_what_stops_everything_is_an_error_if_nothing_was_read(
    fake_github: FakeGitHub, reply: Reply, reason: str
) -> None:
    build_neighbourhood(fake_github)
    fake_github.disturb = lambda request: Fault(kind="answer", reply=reply) if request.number > 1 else None
    github = reader(fake_github)
    assert shapes(github.read_nodes(at(*range(2, 40)), 9)) == [
        *map(str, range(2, 27)),
        *(f"{number} failed" for number in range(27, 40)),
    ]
    with pytest.raises(TrackerError, match=reason):
        github.read_nodes(at(30), 9)


def test_without_graphql_rest_is_asked(fake_github: FakeGitHub) -> None:
    build_neighbourhood(fake_github)
    fake_github.has_graphql = False
    github = reader(fake_github)
    assert shapes(github.read_nodes(at(2, 3), 9)) == ["2", "3"]
    assert [str(request) for request in fake_github.requests] == [
        "POST /graphql",
        *(f"GET /repos/{HERE}/issues/{number}" for number in (2, 3)),
        *(f"GET /repos/{HERE}/issues/{number}/timeline" for number in (2, 3)),
    ]


def test_rest_gives_a_node_with_its_timeline(fake_github: FakeGitHub) -> None:
    network = Network(fake_github)
    issue, other, pull = (fake_github.add_issue(title) for title in ("One", "Other", "Mend"))
    pull.is_pull_request, pull.body = True, "Fixes #1"
    issue.reactions = [(Person(login=login), "+1", "2026-01-01T00:00:00Z") for login in ("ann", "ben")]
    fake_github.add_comment(issue, "See #2").reactions = [(Person(login="ann"), "heart", "2026-01-01T00:00:00Z")]
    network.refer(other, issue)
    network.add_sub_issue(issue, other)
    network.merge(pull, "abc")
    network.close(issue, commit="def")
    one, mend = reader(fake_github, None).read_nodes(at(1, 3), 9).nodes

    def when(place: int) -> datetime:
        return datetime.fromisoformat(issue.changes[place]["created_at"]).astimezone(UTC)

    jane, maintainer = Account(login="reporter"), Account(login="maintainer")
    here, two = at(1, 2)
    comment = one.issue.comments[0]
    assert (comment.reactions, one.reactions) == ((("heart", 1),), {"+1": 2})
    assert one.timeline == {"commented": 1, "cross-referenced": 1, "sub_issue_added": 1, "closed": 1}
    page = f"https://github.com/{HERE}/issues/2"
    assert one.edges == (
        Edge("references", two, here, "timeline", when(0), jane, "NONE", page),
        Edge("part_of", two, here, "timeline", when(1), maintainer),
        Edge("mentions", here, two, "comment", comment.created_at, jane, "NONE", comment.url),
    )
    assert one.fix == Commit(sha="def", at=when(2))
    assert (mend.is_merged, mend.fix and mend.fix.sha, mend.edges[0].kind) == (True, "abc", "claims")


def test_an_unchanged_page_comes_from_the_cache(tmp_path: Path) -> None:
    statuses = list[int]()

    def listen(request: Request, reply: Reply) -> list[str]:  # noqa: ARG001 - a checker gets both
        statuses.append(reply.status)
        return []

    with FakeGitHub(checker=listen) as fake:
        build_neighbourhood(fake)
        first, again = (
            reader(fake, None, FolderCache(tmp_path, "me")).read_nodes(at(1), 9) for _ in ("first", "again")
        )

    assert (first.nodes[0].gaps, again) == ((LIMITS_OF_REST,), first)
    assert statuses == [200] * 5 + [304] * 3
    assert FolderCache(tmp_path, "somebody else").find(f"/repos/{HERE}/issues/1/timeline?per_page=100") is None


PAGE = StoredPage(etag='W/"1"', json=[{"a": "\ud800"}], following="/next")


DAMAGES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "cut off": lambda text: text[:-5],
    "of another page": lambda text: text.replace("/one", "/two"),
    "no ETag": lambda text: json.dumps({**json.loads(text), "etag": ["x"]}),
    "an odd address": lambda text: json.dumps({**json.loads(text), "following": 7}),
    "nested too deeply": lambda _: "[" * 100_000,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_page_is_not_there(name: str, tmp_path: Path) -> None:
    cache = FolderCache(tmp_path, "me")
    cache.save("/one", PAGE)
    assert cache.find("/one") == PAGE
    (file,) = tmp_path.iterdir()
    file.write_text(DAMAGES[name](file.read_text("utf-8")), "utf-8")
    assert cache.find("/one") is None
    assert file.stat().st_mode & 0o077 == 0


def test_a_page_that_cannot_be_stored_is_asked_for_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    FolderCache(tmp_path / "file", "me").save("/one", PAGE)
    FolderCache(tmp_path, "me").save("/one", StoredPage(etag="", json=[]))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_releases_are_listed_the_newest_first(fake_github: FakeGitHub) -> None:
    repository = fake_github.add_repository(HERE)
    repository.releases = [("v1", "2026-05-01T00:00:00Z"), ("v2-rc", "2026-05-02T00:00:00Z")]
    github = reader(fake_github)

    assert github.list_releases(HERE) == (
        Release(tag="v2-rc", at=datetime(2026, 5, 2, tzinfo=UTC), is_prerelease=True),
        Release(tag="v1", at=datetime(2026, 5, 1, tzinfo=UTC)),
    )
    with pytest.raises(TrackerError, match="404"):
        github.list_releases("octo/hidden")


def test_whether_a_release_contains_a_commit(fake_github: FakeGitHub) -> None:
    repository = fake_github.add_repository(HERE)
    repository.releases = [("cli/v1", "2026-05-01T00:00:00Z"), ("v2", "2026-05-02T00:00:00Z")]
    repository.contents = {"cli/v1": {"abc"}, "v2": {"def"}}
    github = reader(fake_github)
    found = [github.contains_commit(HERE, *each) for each in (("cli/v1", "abc"), ("v2", "abc"), ("v2", "none"))]
    fake_github.faults = {4: FAULTS["502"]}

    assert [*found, github.contains_commit(HERE, "v2", "def")] == [True, False, None, None]


@pytest.mark.parametrize("text", ["{}", "7", "[7]", "[{}]", '[{"tag_name": 1, "published_at": "x"}]', "null", '"x"'])
def test_odd_json_of_rest_is_githubs_failure(fake_github: FakeGitHub, text: str) -> None:
    fake_github.add_issue()
    fault = Fault(kind="answer", reply=Reply(body=json.loads(text)))
    fake_github.disturb = lambda _: fault
    github = reader(fake_github, None)

    assert shapes(github.read_nodes(at(1), 9)) == ["1 failed"]
    assert github.contains_commit(HERE, "v1", "abc") is None
    if text not in {"{}", "7", "null", '"x"'}:
        with pytest.raises(TrackerError, match="unexpected"):
            github.list_releases(HERE)


@pytest.mark.parametrize("changes", [{"closed_at": "x"}, {"pull_request": 7}, {"milestone": 7}, {"reactions": 7}])
def test_an_odd_field_of_an_issue_fails_it_alone(fake_github: FakeGitHub, changes: dict[str, object]) -> None:
    issue, other = fake_github.add_issue(), fake_github.add_issue()
    odd = Fault(kind="answer", reply=Reply(body={**issue_json(HERE, issue, fake_github.url), **changes}))
    fake_github.disturb = lambda request: odd if request.path.endswith("/issues/1") else None
    batch = reader(fake_github, None).read_nodes(at(1, other.number), 9)
    assert {node.issue.number for node in batch.nodes} | {each.address.number for each in batch.unread} == {1, 2}


@pytest.mark.parametrize("body", [{}, 7, [7], [{"event": 7}], [{"event": "closed", "created_at": "x"}], [None]])
def test_an_odd_timeline_is_a_gap(fake_github: FakeGitHub, body: object) -> None:
    fake_github.add_issue()
    fault = Fault(kind="answer", reply=Reply(body=body))
    fake_github.disturb = lambda request: fault if request.path.endswith("/timeline") else None
    (node,) = reader(fake_github, None).read_nodes(at(1), 9).nodes
    assert isinstance(node, Node)
