"""The nodes of an issue graph from GitHub: GraphQL in batches that get smaller, and REST for what is left."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Literal

from bot.errors import TrackerError
from bot.github.graph.answer import (
    Comments,
    Events,
    NodeJson,
    NotUnderstoodError,
    TooMuchError,
    parse_nodes,
    parse_pages,
)
from bot.github.graph.edges import make_node
from bot.github.graph.query import NO_SUCH_ISSUE, Level, PageAsked, write_nodes_query, write_pages_query
from bot.github.graph.rest import RestReader
from bot.github.responses import Answer, Json, find_limit, is_unanswered
from bot.github.transport import Transport, Wire
from bot.tracker.graph import MOST_AT_ONCE, Address, Batch, Node, PageCache, Unread

_MOST_MOVES = 3
"""Issues that REST is asked for in one call, because GraphQL does not find them."""
_MOST_PAGES = 10
"""Pages that one request reads."""
_SMALLEST = 6
"""The size of batches does not stay below this one after a failure."""


@dataclass
class _Reading:
    """What one call has read; no request is sent once `end` were sent in all.

    `failure` is the last one; after it, GitHub may answer other requests, unless it `is_over`. What was `tried` by
    itself once, in vain, is tried once more.
    """

    asked: tuple[Address, ...]
    end: int
    found: dict[Address, NodeJson | Node | Unread] = field(default_factory=dict)
    failure: str = ""
    is_over: bool = False
    tried: set[Address | PageAsked] = field(default_factory=set)

    @property
    def pending(self) -> list[Address]:
        """What was not answered yet, in the order in which it was asked for."""
        return [address for address in self.asked if address not in self.found]

    def is_first_try(self, what: Address | PageAsked) -> bool:
        """Whether this is the first time that GitHub gives no answer for it."""
        is_first = what not in self.tried
        self.tried.add(what)
        return is_first


class GraphReader(RestReader):
    """Reads from GitHub what `GraphSource` promises."""

    def __init__(self, wire: Wire, transport: Transport, cache: PageCache | None = None) -> None:
        super().__init__(wire, transport, cache)
        self._level: Level | Literal["rest"] = "full" if transport.has_token else "rest"
        self._has_answered = False
        self._size = self._most = MOST_AT_ONCE

    def read_nodes(self, addresses: Iterable[Address], most_requests: int) -> Batch:
        """See `GraphSource`."""
        reading = _Reading(tuple(dict.fromkeys(addresses)), self.requests + most_requests)
        try:
            self._read_batches(reading)
            if self._level == "rest":
                self.read_all(reading.pending, reading.end, reading.found.__setitem__)
            else:
                self._find_moves(reading)
                self._read_pages(reading)
        except TrackerError as error:
            if not reading.found:
                raise
            reading.failure, reading.is_over = str(error), True
        return _make_batch(reading)

    def _read_batches(self, reading: _Reading) -> None:
        while self._level != "rest" and self.requests < reading.end and (pending := reading.pending):
            level, chunk = self._level, pending[: self._size]
            answers = self._ask_nodes(chunk, level, reading)
            told = {address: answer for address, answer in answers.items() if answer is not None}
            reading.found |= told
            if len(told) == len(chunk):
                self._size = min(self._size * 2, self._most)
            elif self._level == level:
                self._shrink(chunk, told, reading)

    def _shrink(self, chunk: Sequence[Address], told: Iterable[Address], reading: _Reading) -> None:
        """Ask for half as many at once; one that GitHub does not answer for by itself, twice, has failed."""
        if len(chunk) == 1 and not told and not reading.is_first_try(chunk[0]):
            message = reading.failure or "GitHub did not answer for it."
            reading.found[chunk[0]] = Unread(address=chunk[0], reason="failed", message=message)
        self._size = max(1, len(chunk) // 2)
        self._most = max(_SMALLEST, min(self._most, self._size))

    def _ask_nodes(
        self, chunk: Sequence[Address], level: Level, reading: _Reading
    ) -> dict[Address, NodeJson | Unread | None]:
        what = f"read {chunk[0]}" + (f" and {len(chunk) - 1} more" if len(chunk) > 1 else "")
        reply = self._query(what, write_nodes_query(chunk, level), reading)
        if reply is None:
            return {}
        try:
            answers = parse_nodes(reply, chunk, what)
        except (NotUnderstoodError, TooMuchError) as error:
            reading.failure = "GitHub gave up on the query, or did not understand it."
            if isinstance(error, NotUnderstoodError) and not self._has_answered:
                self._level = "plain" if level == "full" else "rest"
            return {}
        except TrackerError as error:
            return self._endure(error, reading)
        self._has_answered = True
        for node in answers.values():
            if isinstance(node, NodeJson):
                node.is_plain = level == "plain"
        return answers

    def _endure(self, error: TrackerError, reading: _Reading) -> dict[Address, NodeJson | Unread | None]:
        if not error.unanswered:
            raise error
        reading.failure = str(error)
        return {}

    def _query(self, what: str, body: dict[str, Json], reading: _Reading) -> Json | None:
        """GitHub's answer; None if there is none, or it is a failure that another request may survive."""
        try:
            reply, answer = self._wire.query(
                what, self._transport.graphql_url, body, tolerate=_is_survivable, is_repeated=False
            )
        except TrackerError as error:
            self._endure(error, reading)
            return None
        if answer.is_success:
            return reply
        reading.failure = f"Could not {what}: GitHub answered {answer.status}."
        if is_unanswered(answer) and not self._has_answered:
            self._level = "rest"
        return None

    def _find_moves(self, reading: _Reading) -> None:
        """Ask REST where issues are that GraphQL does not find: only REST says that an issue was transferred.

        https://docs.github.com/en/rest/issues/issues#get-an-issue
        """
        missing = [
            address
            for address, found in reading.found.items()
            if isinstance(found, Unread) and found.message == NO_SUCH_ISSUE
        ]
        for address in missing[:_MOST_MOVES]:
            if self.requests + 1 < reading.end:
                moved = self.find_move(address, reading.end)
                if not (isinstance(moved, Unread) and moved.reason == "failed"):
                    reading.found[address] = moved

    def _read_pages(self, reading: _Reading) -> None:
        """Further pages of timelines and comments, while requests are left; what is missing shows in the counts."""
        nodes = {address: node for address, node in reading.found.items() if isinstance(node, NodeJson)}
        pages = [page for address, node in nodes.items() for page in node.list_pages(address)]
        size, asked = _MOST_PAGES, set(pages)
        while pages and self.requests < reading.end and self._level != "rest":
            chunk = pages[:size]
            answers = self._ask_pages(chunk, self._level, reading)
            told = {page: found for page, found in answers.items() if found is not None}
            if not told and (len(chunk) > 1 or reading.is_first_try(chunk[0])):
                size = max(1, len(chunk) // 2)
                continue
            pages = pages[len(chunk) :]
            for page, found in told.items():
                following = _extend(nodes[page.address], page, found) - asked
                asked |= following
                pages += following

    def _ask_pages(
        self, chunk: Sequence[PageAsked], level: Level, reading: _Reading
    ) -> dict[PageAsked, Events | Comments | None]:
        what = f"read further pages of {chunk[0].address}"
        reply = self._query(what, write_pages_query(chunk, level), reading)
        if reply is None:
            return {}
        try:
            return parse_pages(reply, chunk, what)
        except (NotUnderstoodError, TooMuchError):
            return {}


def _is_survivable(answer: Answer) -> bool:
    """Whether another request may succeed: not with a wrong token, and not at a rate limit."""
    return answer.status != HTTPStatus.UNAUTHORIZED and find_limit(answer, time.time()) is None


def _extend(node: NodeJson, page: PageAsked, found: Events | Comments) -> set[PageAsked]:
    """Add a page to its list; returns the page after it."""
    if isinstance(found, Events) and node.timeline:
        node.timeline.nodes += found.nodes
        node.timeline.page = found.page
    elif isinstance(found, Comments) and node.comments:
        node.comments.nodes += found.nodes
        node.comments.page = found.page
    return {each for each in node.list_pages(page.address) if each.list == page.list and found.nodes}


def _make_batch(reading: _Reading) -> Batch:
    """Nodes at the places where they are now, once each; an `Unread` for the others and for former places."""
    nodes, unread = dict[Address, Node](), list[Unread]()
    for address in reading.asked:
        found = reading.found.get(address) or _leave(address, reading)
        if isinstance(found, Unread):
            unread.append(found)
            continue
        node = make_node(found) if isinstance(found, NodeJson) else found
        nodes.setdefault(node.address, node)
        if node.address.folded != address.folded:
            message = f"It is now at {node.address}."
            unread.append(Unread(address=address, reason="moved", message=message, moved_to=node.address))
    return Batch(nodes=tuple(nodes.values()), unread=tuple(unread), failure=reading.failure if reading.is_over else "")


def _leave(address: Address, reading: _Reading) -> Unread:
    message = reading.failure or "It was not read, to save requests."
    return Unread(address=address, reason="failed" if reading.is_over else "budget", message=message)
