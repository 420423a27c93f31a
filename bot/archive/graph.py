"""Nodes of an issue graph from past issues on this machine, or from one payload: nothing is asked of GitHub. Pure."""

from collections.abc import Callable, Iterable, Iterator

from bot.issue.mentions import list_prose_edges
from bot.tracker.graph import OFFLINE_GAP, Address, Batch, Edge, Node, Unread
from bot.tracker.types import Issue, Release


class OfflineSource:
    """A `GraphSource` of issues; `read_issues` gives them anew each time, so that they need not fit into memory."""

    def __init__(self, read_issues: Callable[[], Iterable[Issue]]) -> None:
        self._read_issues = read_issues

    @property
    def is_offline(self) -> bool:
        """Nothing is asked of GitHub."""
        return True

    @property
    def requests(self) -> int:
        """None were sent."""
        return 0

    def read_nodes(self, addresses: Iterable[Address], most_requests: int) -> Batch:  # noqa: ARG002 - none are needed
        """The nodes that the archive has, in one pass over it; of several versions of an issue the last one counts."""
        asked = {address.folded: address for address in addresses}
        found = dict[Address, Issue]()
        for issue in self._read_issues():
            place = Address(issue.repository, issue.number).folded
            if place in asked:
                found[place] = issue
        missing = (address for place, address in asked.items() if place not in found)
        message = "It is not in the archive."
        return Batch(
            nodes=tuple(_make_node(found[place]) for place in asked if place in found),
            unread=tuple(Unread(address=each, reason="offline", message=message) for each in missing),
        )

    def list_releases(self, repository: str) -> tuple[Release, ...]:  # noqa: ARG002 - an archive has none
        """None are known."""
        return ()

    def contains_commit(self, repository: str, tag: str, commit: str) -> bool | None:  # noqa: ARG002
        """Unknown."""
        return None


def _make_node(issue: Issue) -> Node:
    return Node(issue=issue, edges=tuple(_list_edges(issue)), gaps=(OFFLINE_GAP, *_list_gaps(issue)))


def _list_gaps(issue: Issue) -> Iterator[str]:
    """What the file leaves out of an issue: a field that it does not state has a default, which is not a fact."""
    if not issue.is_state_known:
        yield f"The stored data does not say whether #{issue.number} is open or closed."
    if not issue.is_thread_known:
        yield f"The stored data does not say how many comments #{issue.number} has."
    elif len(issue.comments) < issue.comment_count:
        yield f"Only {len(issue.comments)} of {issue.comment_count} comments are stored."


def _list_edges(issue: Issue) -> Iterator[Edge]:
    here = Address(issue.repository, issue.number)
    if issue.duplicate_of:
        yield Edge("duplicate_of", here, Address(issue.repository, issue.duplicate_of))
    yield from list_prose_edges(issue)
