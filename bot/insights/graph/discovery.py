"""The issue graph around some issues: what matters most is read first, within a depth and a budget of requests."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from bot.errors import TrackerError
from bot.insights.graph.relations import (
    HUB,
    MOST_STEPS,
    list_candidates,
    list_chains,
    list_fixes,
    map_duplicates,
    merge_edges,
    rename_ends,
    sort_by_relevance,
)
from bot.insights.graph.types import ELSEWHERE, MAYBE_MOVED, Coverage, Fix, Follow, Graph, Options, list_gaps
from bot.output.progress import track
from bot.tracker.graph import MOST_AT_ONCE, Address, Batch, Edge, GraphSource, Node, Unread
from bot.tracker.types import Release

_RESERVED = 3
"""Requests that are kept for releases, as far as the budget has four times as many."""
_MOST_MOVES = 3
"""Missing issues that are looked for at another place, with the requests that nothing else needs."""
_FOR_A_MOVE = 2
"""Requests that finding a new place takes at most: a repeated question, and one to REST, which may be redirected."""
_OF_CHAINS = 2
"""Requests that are kept, in the same way, for the ends of chains."""
_MOST_COMPARED = 3
"""Releases that are compared with one fix."""


def discover(
    seeds: Sequence[Address], source: GraphSource, options: Options, now: datetime, follow: Follow = lambda _: ()
) -> Graph:
    """The graph around the seeds, read from `source`; see `Graph` and `Coverage` for how complete it is.

    From each seed the links are followed `options.depth` steps. Chains of duplicates to the canonical issue, its fix
    and the pull request of the fix are followed to their end, also from the issues that `follow` names for a seed. An
    issue with more than `HUB` links that is not a seed is not followed. Never raises for a failure of GitHub: what
    could not be read is in `unread` and `coverage.gaps`.
    """
    walk = _Walk(seeds, source, options, follow)
    for _ in track(walk.read(), "requests to GitHub", total=options.budget, count=lambda sent: sent):
        pass
    return walk.make_graph(now)


class _Meter:
    """How many requests may still be sent, and what went wrong; nothing is asked any more once it `is_over`."""

    def __init__(self, source: GraphSource, budget: int) -> None:
        self.source = source
        self.failures = list[str]()
        self.is_over = False
        self._start = source.requests
        self._budget = budget

    @property
    def sent(self) -> int:
        """The requests so far."""
        return self.source.requests - self._start

    @property
    def left(self) -> int:
        """The requests that may still be sent."""
        return 0 if self.is_over else self._budget - self.sent

    def fail(self, error: TrackerError | str) -> None:
        """Remember a failure after which no request can succeed."""
        self.failures.append(str(error))
        self.is_over = True


class _Releases:
    """The releases of repositories, and which of them contain a fix."""

    def __init__(self, meter: _Meter) -> None:
        self.known = dict[str, tuple[Release, ...]]()
        self._meter = meter
        self._listed = set[str]()
        self._verdicts = dict[tuple[str, str, str], bool | None]()

    def read_list(self, repository: str) -> None:
        """Read the releases of a repository; asked twice if GitHub does not answer."""
        if repository in self._listed or self._meter.left <= 0:
            return
        self._listed.add(repository)
        for is_last in (False, True):
            try:
                self.known[repository] = self._meter.source.list_releases(repository)
            except TrackerError as error:
                if not (error.unanswered or error.missing):
                    self._meter.fail(error)
                elif is_last or error.missing or self._meter.left <= 0:
                    self._meter.failures.append(str(error))
                if is_last or error.missing or self._meter.left <= 0:
                    return
            else:
                return

    def compare(self, fix: Fix, milestones: Sequence[str]) -> None:
        """Compare a fix with the likeliest releases, until one contains it."""
        for release in (self._list_candidates(fix, milestones) or ())[:_MOST_COMPARED]:
            if not fix.commit or self._meter.left <= 0:
                return
            verdict = self._find_verdict((fix.repository, release.tag, fix.commit))
            if verdict is None:
                told = f"GitHub does not say whether {release.tag} contains the fix of {fix.issue}."
                self._meter.failures.append(told)
            if verdict is not False:
                return

    def _find_verdict(self, place: tuple[str, str, str]) -> bool | None:
        """Whether a release contains a commit; asked twice if GitHub does not say."""
        while self._verdicts.get(place) is None and self._meter.left > 0:
            is_last = place in self._verdicts
            try:
                self._verdicts[place] = self._meter.source.contains_commit(*place)
            except TrackerError as error:
                self._meter.fail(error)
            if is_last:
                break
        return self._verdicts.get(place)

    def _list_candidates(self, fix: Fix, milestones: Sequence[str]) -> tuple[Release, ...] | None:
        return list_candidates(fix, milestones, self.known.get(fix.repository, ()))

    def find(self, fix: Fix, milestones: Sequence[str]) -> Fix:
        """The fix with its first release: the likeliest one that GitHub did not deny."""
        candidates = self._list_candidates(fix, milestones)
        if candidates is None:
            return fix
        for release in candidates:
            verdict = self._verdicts.get((fix.repository, release.tag, fix.commit))
            if verdict is not False:
                return replace(fix, release=release, is_release_known=verdict is True, is_verified=verdict is True)
        return replace(fix, is_release_known=True)


class _Walk:
    """What was read so far; `read` sends one request, or a few, between two of its steps."""

    def __init__(self, seeds: Sequence[Address], source: GraphSource, options: Options, follow: Follow) -> None:
        self._meter = _Meter(source, options.budget)
        self._options = options
        self._seeds = tuple(dict.fromkeys(seeds))
        self._follow = follow
        self._nodes = dict[Address, Node]()
        self._unread = dict[Address, Unread]()
        self._distance = dict[Address, int]()
        self._spelled = dict[Address, Address]()
        self._moved = dict[Address, Address]()
        self._searched = set[Address]()
        self._skipped = dict[Address, int]()
        self._hubs = dict[Address, str]()
        self._releases = _Releases(self._meter)

    def read(self) -> Iterator[int]:
        """Read everything; yields the number of requests of each step."""
        yield from self._read_all(self._seeds, 0)
        self._seeds = tuple(dict.fromkeys(self._rename(seed) for seed in self._seeds))
        for step in range(1, self._options.depth + 1):
            chosen = self._choose(step)
            if not chosen:
                break
            yield from self._read_all(chosen, step, _RESERVED + _OF_CHAINS)
        for _ in range(MOST_STEPS):
            wanted = self._find_ends()
            if not wanted:
                break
            for step in sorted({*wanted.values()}):
                yield from self._read_all([address for address in wanted if wanted[address] == step], step, _RESERVED)
        yield from self._read_releases()
        yield from self._use_rest()

    def _read_all(self, addresses: Sequence[Address], step: int, reserved: int = 0) -> Iterator[int]:
        """Read nodes in that order, until only so many requests are left as later steps need."""
        kept = min(reserved, self._options.budget // 4)
        queue = [address for address in addresses if self._is_new(address)]
        first = self._options.budget // 2 if not step and len(queue) <= MOST_AT_ONCE else 1
        while queue and (left := self._meter.left - kept) > 0:
            # What is more than one request for each of them may read further pages, too.
            before, spare = self._meter.sent, left - len(queue) if step else 1
            asked = queue[:MOST_AT_ONCE]
            again = self._read_some(asked, step, min(left, max(first, spare, 1)))
            sent, first = self._meter.sent - before, 1
            queue = [*self._enter_moved(asked, step), *again, *queue[MOST_AT_ONCE:]]
            yield sent
            if not sent and again:
                break
        for address in queue:
            unread = Unread(address=address, reason="budget", message="It was not read, to save requests.")
            if self._meter.is_over:
                unread = Unread(address=address, reason="failed", message=self._meter.failures[-1])
            self._unread.setdefault(address, unread)
            self._skipped[address] = step

    def _enter_moved(self, addresses: Iterable[Address], step: int) -> list[Address]:
        """The new places of moved issues that are not read yet and may be; the others are named, and left out."""
        places = dict.fromkeys(self._rename(each) for each in addresses if each.folded in self._moved)
        new = [place for place in places if self._is_new(place)]
        entered = [place for place in new if not step or self._may_enter(place)]
        self._leave_out((place for place in new if place not in entered), ELSEWHERE)
        return entered

    def _is_new(self, address: Address) -> bool:
        return self._rename(address) not in self._nodes and address not in self._unread

    def _read_some(self, addresses: Sequence[Address], step: int, most: int) -> list[Address]:
        """Read some nodes; returns those that no request was left for."""
        end = self._meter.sent + most
        try:
            batch = self._meter.source.read_nodes(addresses, most)
        except TrackerError as error:
            self._meter.fail(error)
            return list(addresses)
        self._add(batch, step)
        if batch.failure:
            self._meter.fail(batch.failure)
        missing = [each.address for each in batch.unread if each.reason == "missing"]
        self._searched.update(missing[:_MOST_MOVES] if self._meter.sent < end else ())
        return [each.address for each in batch.unread if each.reason == "budget"]

    def _add(self, batch: Batch, step: int) -> None:
        for node in batch.nodes:
            if step and not self._may_enter(node.address):
                continue  # REST shows a transferred issue at once, wherever it is now
            self._nodes[node.address] = node
            self._spelled[node.address.folded] = node.address
            self._distance[node.address] = min(step, self._distance.get(node.address, step))
            self._unread.pop(node.address, None)
        for unread in batch.unread:
            if unread.reason == "budget":
                continue
            if unread.reason == "moved" and unread.moved_to:
                self._moved[unread.address.folded] = unread.moved_to
            self._unread[unread.address] = unread

    def _rename(self, address: Address) -> Address:
        """Where an issue is now, spelled as GitHub spells it."""
        for _ in range(MOST_STEPS):
            if address.folded not in self._moved:
                break
            address = self._moved[address.folded]
        return self._spelled.get(address.folded, address)

    def _list_edges(self) -> tuple[Edge, ...]:
        found = (edge for node in self._nodes.values() for edge in node.edges)
        return merge_edges(rename_ends(found, self._rename))

    def _list_followed(self) -> list[Address]:
        """The issues to follow, where they are now."""
        issues = (self._nodes[seed].issue for seed in self._seeds if seed in self._nodes)
        return [self._rename(address) for issue in issues for address in self._follow(issue)]

    def _list_homes(self) -> set[str]:
        return {seed.repository.casefold() for seed in self._seeds}

    def _choose(self, step: int) -> list[Address]:
        """What is linked to the nodes of the step before, the most relevant first; what is left out is unread."""
        ends = dict[Address, list[Edge]]()
        parents = {address for address, distance in self._distance.items() if distance == step - 1}
        edges = self._list_edges()
        for parent in sorted(address for address in parents if self._is_followed(address, edges)):
            for edge in _list_own(edges, parent):
                other = edge.target if edge.source == parent else edge.source
                if self._is_new(other):
                    ends.setdefault(other, []).append(edge)
        chosen = sort_by_relevance(ends)
        foreign = [address for address in chosen if not self._may_enter(address)]
        self._leave_out(foreign, ELSEWHERE)
        return [address for address in chosen if self._may_enter(address)]

    def _is_followed(self, address: Address, edges: Sequence[Edge]) -> bool:
        """Whether what is linked to it is read: not to a hub, and not to an issue of another repository."""
        if address in self._seeds:
            return True
        links = {edge.source if edge.target == address else edge.target for edge in _list_own(edges, address)}
        is_ours = address.repository.casefold() in self._list_homes()
        if is_ours and len(links) > HUB:
            self._hubs[address] = f"{address} has {len(links)} links and was not followed."
        return len(links) <= HUB and is_ours

    def _may_enter(self, address: Address) -> bool:
        return self._options.across or address.repository.casefold() in self._list_homes()

    def _leave_out(self, addresses: Iterable[Address], message: str) -> None:
        for address in addresses:
            self._unread.setdefault(address, Unread(address=address, reason="depth", message=message))

    def _find_ends(self) -> dict[Address, int]:
        """The issues to follow, the next steps of chains of duplicates, and what closes seeds and canonical issues."""
        edges = self._list_edges()
        canonical, followed = map_duplicates(edges), self._list_followed()
        ends = {*self._seeds, *followed, *(address for address in canonical.values() if address not in canonical)}
        wanted = {address: 1 for address in followed if self._is_new(address)}
        for edge in edges:
            is_fix = edge.kind == "closes" and edge.target in ends
            near, far = (edge.target, edge.source) if is_fix else (edge.source, edge.target)
            if (is_fix or canonical.get(edge.source) == edge.target) and near in self._nodes and self._is_new(far):
                wanted.setdefault(far, self._distance[near] + 1)
        foreign = [address for address in wanted if not self._may_enter(address)]
        self._leave_out(foreign, ELSEWHERE)
        return {address: step for address, step in wanted.items() if self._may_enter(address)}

    def _read_releases(self) -> Iterator[int]:
        """The releases of the repositories with fixes; those with the fixes of the seeds are compared with them."""
        fixes = list_fixes(self._nodes, self._list_edges())
        focus = self._list_focus()
        ordered = sorted(fixes, key=lambda issue: (issue not in focus, issue))
        for fix in (fix for issue in ordered for fix in fixes[issue]):
            before = self._meter.sent
            self._releases.read_list(fix.repository)
            yield self._meter.sent - before
        for fix in (fix for issue in ordered if issue in focus for fix in fixes[issue]):
            before = self._meter.sent
            self._releases.compare(fix, self._list_milestones(fix))
            yield self._meter.sent - before

    def _list_focus(self) -> set[Address]:
        """The seeds and the issues to follow, and the canonical issues of those that are duplicates."""
        chains = list_chains(self._list_edges(), self._nodes)
        starts = (*self._seeds, *self._list_followed())
        return {step for start in starts for step in (chains[start].steps if start in chains else (start,))}

    def _use_rest(self) -> Iterator[int]:
        """With the requests that are left: what was skipped, and where missing issues are now."""
        yield from self._find_moved()
        skipped = {address: step for address, step in self._skipped.items() if not self._meter.is_over}
        for address in skipped:
            self._unread.pop(address, None)
        for step in sorted({*skipped.values()}):
            yield from self._read_all([address for address in skipped if skipped[address] == step], step)
        yield from self._find_moved()

    def _find_moved(self) -> Iterator[int]:
        """Ask where missing issues are now: GitHub's GraphQL does not say."""
        missing = [each for each in self._list_missing() if each not in self._searched][:_MOST_MOVES]
        if missing and self._meter.left > _FOR_A_MOVE:
            before, step = self._meter.sent, max(1, self._options.depth)
            self._read_some(missing, step, self._meter.left)
            yield self._meter.sent - before
            yield from self._read_all(self._enter_moved(missing, step), step)

    def _list_missing(self) -> list[Address]:
        return [each.address for each in self._unread.values() if each.reason == "missing"]

    def _list_milestones(self, fix: Fix) -> list[str]:
        """Those of the issue and of the pull request that fixed it."""
        ends = (self._nodes.get(address) for address in (fix.issue, fix.by) if address)
        return [node.milestone for node in ends if node]

    def make_graph(self, now: datetime) -> Graph:
        """All that was read, as a value."""
        for address in (each for each in self._list_missing() if each not in self._searched):
            self._unread[address] = replace(self._unread[address], message=MAYBE_MOVED)
        edges = [edge for edge in self._list_edges() if self._is_shown(edge)]
        for edge in edges:
            self._leave_out((end for end in edge[1:3] if end not in self._nodes), "It is farther away.")
        fixes = list_fixes(self._nodes, edges)
        seeds = set(self._seeds)
        return Graph(
            seeds=self._seeds,
            nodes=self._nodes,
            unread={address: each for address, each in self._unread.items() if address not in self._nodes},
            edges=tuple(edges),
            distance={address: 0 if address in seeds else step for address, step in self._distance.items()},
            chains=list_chains(edges, self._nodes),
            fixes={
                issue: tuple(self._releases.find(fix, self._list_milestones(fix)) for fix in found)
                for issue, found in fixes.items()
            },
            releases=self._releases.known,
            coverage=Coverage(
                at=now,
                depth=self._options.depth,
                budget=self._options.budget,
                requests=self._meter.sent,
                gaps=list_gaps(
                    self._nodes, self._unread, self._options.budget, (*self._hubs.values(), *self._meter.failures)
                ),
                is_offline=self._meter.source.is_offline,
            ),
        )

    def _is_shown(self, edge: Edge) -> bool:
        """Whether both ends are known, or it leads on from a node: to its canonical issue, its parent or its fix."""
        known = [end in self._nodes or end in self._unread for end in edge[1:3]]
        if all(known):
            return True
        is_way_on = edge.kind in {"duplicate_of", "part_of"} and known[0]
        return is_way_on or (edge.kind == "closes" and known[1])


def _list_own(edges: Iterable[Edge], address: Address) -> Iterator[Edge]:
    return (edge for edge in edges if address in edge[1:3])
