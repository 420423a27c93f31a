"""Read nodes, releases and commits through REST: without a token, without GraphQL, or if only REST has the answer.

REST names neither the canonical issue of a duplicate nor the pull requests that somebody connected to an issue.
https://docs.github.com/en/rest/issues/timeline

`FolderCache` keeps pages with their ETags, because an unchanged page does not count for the rate limit.
https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError

from bot.errors import SettingsError, TrackerError
from bot.github.graph.query import NO_SUCH_ISSUE, PAGE
from bot.github.payloads import explain, mend_text, parse_account, parse_comment, parse_issue
from bot.github.responses import (
    Answer,
    Json,
    Tolerate,
    find_next_page,
    is_forbidden,
    is_invalid,
    is_refused,
    tolerate_nothing,
)
from bot.github.transport import Transport, Wire
from bot.issue.mentions import list_prose_edges
from bot.tracker.graph import Address, Commit, Edge, EdgeKind, Node, PageCache, StoredPage, Unread
from bot.tracker.types import Comment, Issue, Release

LIMITS_OF_REST = "Without GraphQL, GitHub does not name duplicates, connected issues and closing pull requests."
NO_TIMELINE = "Its timeline and its comments were not read, to save requests."

_KINDS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


class RestReader:
    """GitHub's REST API, as far as an issue graph needs it."""

    def __init__(self, wire: Wire, transport: Transport, cache: PageCache | None) -> None:
        self._wire = wire
        self._transport = transport
        self._cache = cache

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""
        return self._transport.requests

    def read_all(self, addresses: Iterable[Address], end: int, keep: Callable[[Address, Node | Unread], None]) -> None:
        """Each node with one request, then their timelines with the requests that are left until the `end`-th.

        What was read was given to `keep`, also after an error.
        """
        issues = dict[Address, Json]()
        for address in addresses:
            if self.requests >= end:
                break
            read = self._read_issue(address, end)
            if isinstance(read, Unread):
                keep(address, read)
            else:
                issues[address] = read
                keep(address, make_rest_node(read, None, address))
        for address, issue in issues.items():
            if self.requests < end:
                keep(address, self._make_node(address, issue, end))

    def find_move(self, address: Address, end: int) -> Unread | Node:
        """Where an issue is that GraphQL does not find: only REST says that it was moved; there, it is not read."""
        found = self._read_issue(address, end)
        if isinstance(found, Unread):
            return found
        node = make_rest_node(found, None, address)
        place = node.address
        if place.folded == address.folded:
            return node
        return Unread(address=address, reason="moved", message=f"It is now at {place}.", moved_to=place)

    def _read_issue(self, address: Address, end: int) -> Json | Unread:
        """The JSON of an issue, wherever it is now. Raises TrackerError if no further request can succeed."""
        try:
            path = f"{_path(address.repository)}/issues/{address.number}"
            page = self._ask(f"read {address}", path, _is_refused_alone, is_repeated=self.requests + 1 < end)
        except TrackerError as error:
            if not (error.missing or error.unanswered):
                raise
            if not error.missing:
                return Unread(address=address, reason="failed", message=str(error))
            return Unread(address=address, reason="missing", message="It was deleted." if error.gone else NO_SUCH_ISSUE)
        if page is None:
            return Unread(address=address, reason="refused", message="GitHub refused to show it to this token.")
        try:
            make_rest_node(page.json, None, address)
        except SettingsError as error:
            return Unread(address=address, reason="failed", message=f"GitHub's answer is unexpected. {error}")
        return page.json

    def _make_node(self, address: Address, issue: Json, end: int) -> Node:
        entries, gaps = self._read_timeline(address, end)
        try:
            return make_rest_node(issue, entries, address, gaps)
        except SettingsError as error:
            return make_rest_node(issue, None, address, (f"GitHub's answer is unexpected. {error}",))

    def _read_timeline(self, address: Address, end: int) -> tuple[list[Json] | None, tuple[str, ...]]:
        """The entries that were read, None if there are none, and what is missing of them."""
        entries, what = list[Json](), f"read the timeline of {address}"
        path: str | None = f"{_path(address.repository)}/issues/{address.number}/timeline?per_page={PAGE}"
        try:
            while path and self.requests < end:
                page = self._ask(what, path, tolerate_nothing, is_repeated=self.requests + 1 < end)
                entries += page.json if page and isinstance(page.json, list) else []
                path = page.following if page and page.following != path else None
        except TrackerError as error:
            return entries or None, (f"The timeline was not read to its end. {error}",)
        return entries, (("Only the first entries of the timeline were read, to save requests.",) if path else ())

    def _ask(self, what: str, path: str, tolerate: Tolerate, *, is_repeated: bool = False) -> StoredPage | None:
        """A page, from the cache if it is unchanged; None if GitHub gave an answer that is tolerated instead."""
        known = self._cache.find(path) if self._cache else None
        etag = known.etag if known else ""
        found, answer = self._wire.ask_page(what, path, etag, tolerate, is_repeated=is_repeated)
        if answer.is_success:
            page = StoredPage(etag=answer.headers.get("etag", ""), json=found, following=find_next_page(answer))
            if self._cache:
                self._cache.save(path, page)
            return page
        return None if tolerate(answer) else known

    def list_releases(self, repository: str) -> tuple[Release, ...]:
        """See `GraphSource`."""
        what = f"read the releases of {repository}"
        page = self._ask(what, f"{_path(repository)}/releases?per_page={PAGE}", tolerate_nothing)
        try:
            return parse_releases(page.json if page and isinstance(page.json, list) else [None])
        except SettingsError as error:
            raise TrackerError(f"Could not {what}: GitHub's answer is unexpected. {error}", unanswered=True) from None

    def contains_commit(self, repository: str, tag: str, commit: str) -> bool | None:
        """See `GraphSource`. The second page has no files, which can be megabytes.

        https://docs.github.com/en/rest/commits/commits#compare-two-commits
        """
        what = f"compare {tag} of {repository} with a commit"
        path = f"{_path(repository)}/compare/{quote(tag, safe='')}...{quote(commit, safe='')}?per_page=1&page=2"
        try:
            page = self._ask(what, path, is_refused)
        except TrackerError as error:
            if error.unanswered:
                return None
            raise
        status = page.json.get("status") if page and isinstance(page.json, dict) else None
        return {"identical": True, "behind": True, "ahead": False, "diverged": False}.get(str(status))


def _is_refused_alone(answer: Answer) -> bool:
    """Whether GitHub refuses this one issue: not at a rate limit, and not with a wrong token."""
    return is_forbidden(answer) or is_invalid(answer)


def _path(repository: str) -> str:
    """The address of a repository; one that a text made up may lead elsewhere, and does not exist."""
    if any(part in {"", ".", ".."} for part in repository.split("/")):
        raise TrackerError(f"{repository!r} is not a repository name; write it as owner/name.", missing=True)
    return f"/repos/{quote(repository)}"


def _text(value: object) -> object:
    return mend_text(value) if isinstance(value, str) else ""


_Text = Annotated[str, BeforeValidator(_text)]


class _Repository(BaseModel):
    full_name: _Text = ""


class _Linked(BaseModel):
    """The issue that an entry names; null if the token may not see it."""

    number: int
    repository: _Repository | None = None


class _Event(BaseModel):
    event: _Text = ""
    created_at: AwareDatetime | None = None
    actor: Any = None
    commit_id: _Text = ""
    commit_url: _Text = ""
    source: dict[str, Any] | None = None
    sub_issue: _Linked | None = None
    parent_issue: _Linked | None = None
    blocked_by: _Linked | None = None
    blocking: _Linked | None = None


class _Moments(BaseModel):
    closed_at: AwareDatetime | None = None
    draft: bool | None = None
    merged_at: AwareDatetime | None = None


class _Release(BaseModel):
    tag: _Text = Field(alias="tag_name")
    published_at: AwareDatetime | None = None
    draft: bool = False
    prerelease: bool = False


def make_rest_node(found: Json, entries: Iterable[Json] | None, address: Address, gaps: Iterable[str] = ()) -> Node:
    """The node of a REST issue and the entries of its timeline (None: not read). Raises SettingsError."""
    issue = parse_issue(found, address.repository)
    pull = found.get("pull_request") or {}
    events = [_read_event(entry) for entry in entries or ()]
    issue = replace(issue, comments=tuple(_list_comments(entries or ())))
    try:
        times = _Moments.model_validate({**found, "merged_at": pull.get("merged_at")})
    except ValidationError as error:
        raise SettingsError(f"Not a GitHub issue: {explain(error)}.") from None
    milestone = found.get("milestone") or {}
    return Node(
        issue=issue,
        closed_at=times.closed_at,
        merged_at=times.merged_at,
        is_draft=bool(times.draft),
        milestone=_text_of(milestone.get("title")) if isinstance(milestone, Mapping) else "",
        fix=_find_fix(issue, events),
        reactions=dict(_read_reactions(found)),
        timeline=_count(events),
        edges=(*_follow(events, issue), *list_prose_edges(issue)),
        gaps=(LIMITS_OF_REST, *([NO_TIMELINE] if entries is None else ()), *gaps),
    )


def _text_of(value: object) -> str:
    return mend_text(value) if isinstance(value, str) else ""


def _read_event(entry: Json) -> _Event:
    try:
        return _Event.model_validate(entry)
    except ValidationError as error:
        raise SettingsError(f"Not an entry of a GitHub timeline: {explain(error)}.") from None


def _list_comments(entries: Iterable[Json]) -> Iterator[Comment]:
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("event") == "commented":
            known = parse_comment({**entry, "user": entry.get("user") or entry.get("actor")})
            yield replace(known, url=_text_of(entry.get("html_url")), reactions=tuple(_read_reactions(entry)))


def _read_reactions(entry: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    counts = entry.get("reactions")
    for kind in _KINDS:
        if isinstance(counts, Mapping) and isinstance(count := counts.get(kind), int) and count > 0:
            yield kind, count


def _count(events: Iterable[_Event]) -> Mapping[str, int]:
    counts = dict[str, int]()
    for event in events:
        counts[event.event or "unknown"] = counts.get(event.event or "unknown", 0) + 1
    return counts


def _find_fix(issue: Issue, events: Iterable[_Event]) -> Commit | None:
    """The commit that merged the pull request, or closed the issue last."""
    wanted = "merged" if issue.is_pull_request else "closed"
    last = [event for event in events if event.event == wanted]
    if issue.state != "closed" or not last or not last[-1].commit_id or last[-1].created_at is None:
        return None
    return Commit(sha=last[-1].commit_id, at=last[-1].created_at)


def _follow(events: Iterable[_Event], issue: Issue) -> Iterator[Edge]:
    """The edges that hold at the end of the timeline."""
    edges = dict[tuple[EdgeKind, Address, Address], Edge]()
    for event in events:
        for edge in _list_edges(event, issue):
            if event.event.endswith("_removed"):
                edges.pop(edge[:3], None)
            else:
                edges[edge[:3]] = edge
    yield from edges.values()


def _list_edges(event: _Event, issue: Issue) -> Iterator[Edge]:
    here, by = Address(issue.repository, issue.number), parse_account(event.actor) if event.actor else None
    if event.event == "cross-referenced" and isinstance(inner := (event.source or {}).get("issue"), Mapping):
        source = parse_issue(inner, issue.repository)
        association = source.association if by == source.author else ""
        place = Address(source.repository, source.number)
        yield Edge("references", place, here, "timeline", event.created_at, by, association, source.url)
    named: tuple[tuple[EdgeKind, _Linked | None, bool], ...] = (
        ("part_of", event.sub_issue, True),
        ("part_of", event.parent_issue, False),
        ("blocks", event.blocked_by, True),
        ("blocks", event.blocking, False),
    )
    for kind, linked, is_incoming in named:
        if linked:
            there = Address((linked.repository and linked.repository.full_name) or issue.repository, linked.number)
            ends = (there, here) if is_incoming else (here, there)
            yield Edge(kind, *ends, "timeline", event.created_at, by)


def parse_releases(entries: Iterable[Json]) -> tuple[Release, ...]:
    """The published releases, the newest first. Raises SettingsError."""
    try:
        found = [_Release.model_validate(entry) for entry in entries]
    except ValidationError as error:
        raise SettingsError(f"Not a GitHub release: {explain(error)}.") from None
    published = [
        Release(tag=each.tag, at=each.published_at, is_prerelease=each.prerelease)
        for each in found
        if each.published_at and each.tag and not each.draft
    ]
    return tuple(sorted(published, key=lambda release: release.at, reverse=True))


_LARGEST = 8_000_000
"""Bytes of a stored page: 100 comments have at most 65,536 characters each, and are mostly short."""


class FolderCache:
    """Pages under the addresses that were asked for, a file for each, for this user's eyes only.

    A page is shown again only if GitHub answers 304 to its ETag.
    `owner` keeps apart what may not be mixed: the server, and who asks. A file that cannot be read or written is
    ignored, because the page can be asked for again.
    """

    def __init__(self, folder: Path, owner: str) -> None:
        self._folder = folder
        self._owner = owner

    def find(self, path: str) -> StoredPage | None:
        """The stored page; None if there is none, or the file is damaged."""
        file = self._name(path)
        with suppress(OSError, ValueError, RecursionError):
            if file.stat().st_size <= _LARGEST:
                return _read_page(json.loads(file.read_text("utf-8")), path)
        return None

    def save(self, path: str, page: StoredPage) -> None:
        """Store the page, whole or not at all; a page without an ETag is of no use."""
        text = json.dumps({"path": path, "etag": page.etag, "json": page.json, "following": page.following})
        if not page.etag or len(text) > _LARGEST:
            return
        with suppress(OSError, ValueError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            passing = self._name(path).with_suffix(f".{os.getpid()}")
            passing.touch(mode=0o600)
            passing.write_text(text, "utf-8", newline="\n")
            passing.replace(self._name(path))

    def _name(self, path: str) -> Path:
        return self._folder / f"{sha256(f'{self._owner} {path}'.encode()).hexdigest()[:40]}.json"


def _read_page(stored: object, path: str) -> StoredPage | None:
    if not isinstance(stored, Mapping) or stored.get("path") != path:
        return None
    etag, following = stored.get("etag"), stored.get("following")
    if not isinstance(etag, str) or not (following is None or isinstance(following, str)):
        return None
    return StoredPage(etag=etag, json=stored.get("json"), following=following)
