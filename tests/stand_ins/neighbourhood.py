"""An issue on the fake GitHub with everything around it that can link issues, and much that goes wrong.

`octo/widget#1` is the issue to look at; what the numbers stand for is said where they are made.
"""

from tests.stand_ins.github_graph import Network
from tests.stand_ins.github_json import Person, StoredIssue
from tests.stand_ins.github_state import MAINTAINER, State

HERE = "octo/widget"
SEED = 1
BOT = Person(login="renovate[bot]", kind="Bot")

_BODY = """
The same as #2, and as octo/gadget#1. See also #6, #900, #901, #902 and https://github.com/octo/old/issues/1.

> Somebody else said #46.

```
#47 at frame 3
```

`#48` <!-- #49 -->
"""


def build_neighbourhood(state: State) -> None:
    """Make the repositories `octo/widget`, `octo/gadget`, `octo/new` (once `octo/old`) and `octo/other`."""
    network = Network(state)
    state.add_repository(HERE)
    issues = {number: _open(state, number) for number in range(1, 46)}
    for number in (5, 9, 10, 11, 17, 18):
        issues[number].is_pull_request = True
    seed = issues[SEED]
    seed.body, seed.labels = _BODY, ["bug"]
    at, kinds = "2026-05-01T00:00:00Z", ["+1"] * 7 + ["heart"]
    seed.reactions = [(Person(login=f"voter-{count}"), kind, at) for count, kind in enumerate(kinds)]
    _build_duplicates(network, issues)
    _build_pull_requests(network, issues)
    _build_links(network, issues)
    _build_elsewhere(state, network, seed)
    for count in range(230):
        text = "Me too, and #44." if count == 150 else f"Comment {count}."
        state.add_comment(seed, text, MAINTAINER if count % 50 == 0 else Person(login=f"reader-{count % 7}"))
    for number in range(24, 44):
        network.refer(issues[number], issues[23])


def _open(state: State, number: int) -> StoredIssue:
    return state.add_issue(f"Issue {number}", "", repository=HERE, number=number)


def _build_duplicates(network: Network, issues: dict[int, StoredIssue]) -> None:
    """1 → 2 → 3 → 4, which 5 fixed; 21 → 1; and 6 → 7 → 8 → 6."""
    issues[4].milestone = "Backlog"
    for one, other in ((1, 2), (2, 3), (3, 4), (21, 1), (6, 7), (7, 8), (8, 6)):
        network.mark_duplicate(issues[one], issues[other])


def _build_pull_requests(network: Network, issues: dict[int, StoredIssue]) -> None:
    """5 fixed 4; 9 only claims to fix 1; 10 would close 1, and touches a file of 9; 11 was closed."""
    network.refer(issues[5], issues[4], closes=True)
    network.merge(issues[5], "5ee5ee5ee")
    issues[9].body, issues[9].files = "Fixes #1", ["src/core.py", "README.md"]
    network.refer(issues[9], issues[1])
    issues[10].files, issues[10].is_draft = ["src/core.py"], True
    network.refer(issues[10], issues[1], closes=True)
    network.refer(issues[11], issues[1])
    network.close(issues[11])


def _build_links(network: Network, issues: dict[int, StoredIssue]) -> None:
    """12 is the parent of 1, which has the sub-issues 13 and 14; 15 blocks 1, and 1 blocks 16.

    17 is connected by hand, 18 not any more; 19 is a maintainer's, 20 a bot's reference; 22 was closed by a commit;
    23 is a hub that 24 to 43 refer to.
    """
    network.add_sub_issue(issues[12], issues[1])
    network.add_sub_issue(issues[1], issues[13])
    network.add_sub_issue(issues[1], issues[14])
    network.block(issues[15], issues[1])
    network.block(issues[1], issues[16])
    network.connect(issues[17], issues[1])
    network.connect(issues[18], issues[1])
    network.disconnect(issues[18], issues[1])
    issues[19].author, issues[19].association = MAINTAINER, "MEMBER"
    network.refer(issues[19], issues[1], MAINTAINER)
    issues[20].author = BOT
    network.refer(issues[20], issues[1], BOT)
    network.refer(issues[22], issues[1])
    network.close(issues[22], commit="c0ffee")
    network.refer(issues[23], issues[1])


def _build_elsewhere(state: State, network: Network, seed: StoredIssue) -> None:
    """900 was deleted, 901 is private or was never created, 902 is now octo/other#7; octo/old is now octo/new."""
    state.gone[HERE, 900] = None
    state.gone[HERE, 902] = ("octo/other", 7)
    state.add_issue("Transferred", repository="octo/other", number=7)
    network.refer(state.add_issue("Gadget", f"Like {HERE}#1", repository="octo/gadget"), seed)
    state.add_issue("Renamed", repository="octo/new")
    state.moved["octo/old"] = (301, "octo/new")
    widget = state.repositories[HERE]
    widget.releases = [
        ("v1.0.0", "2026-04-01T00:00:00Z"),
        ("v1.0.9", "2026-05-01T00:00:00Z"),
        ("v1.1.0-rc.1", "2026-05-02T00:00:00Z"),
        ("v1.1.0", "2026-05-03T00:00:00Z"),
    ]
    widget.contents = {"v1.1.0": {"5ee5ee5ee"}}


def build_crowd(state: State, count: int) -> None:
    """`octo/widget#1`, closed by a merged pull request, with so many issues that refer to it."""
    network = Network(state)
    seed = state.add_issue("Crowded", repository=HERE)
    pull = state.add_issue("Mend", "Fixes #1", repository=HERE, is_pull_request=True)
    network.refer(pull, seed, closes=True)
    for number in range(3, count + 2):
        network.refer(state.add_issue(f"Issue {number}", "Like #1", repository=HERE), seed)
    network.merge(pull, "abc123")
    widget = state.repositories[HERE]
    widget.releases, widget.contents = [("v1", "2026-05-01T00:00:00Z")], {"v1": {"abc123"}}
