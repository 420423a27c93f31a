"""GitHub's REST API, and GraphQL where REST is not enough, behind the `Tracker` Protocol."""

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import quote

from bot.errors import SettingsError, TrackerError
from bot.github.fields import FieldsTracker
from bot.github.graph.source import GraphReader
from bot.github.graphql import DELETIONS_QUERY, FOLDER_QUERY, parse_deletions, parse_folder
from bot.github.own_issues import is_addressable, parse_answer, write_repository_path
from bot.github.payloads import (
    mend_text,
    parse_account,
    parse_change,
    parse_comment,
    parse_issue,
    parse_reaction,
    parse_role,
)
from bot.github.queries.issues import (
    ISSUES_QUERY,
    SIZES,
    is_too_costly,
    parse_alike,
    parse_marked,
    parse_search,
    write_search,
    write_variables,
)
from bot.github.queries.links import parse_links, write_links_query
from bot.github.queries.signals import REACTORS_QUERY, WATCH_QUERY, parse_reactors, parse_watched
from bot.github.responses import (
    NEWEST,
    Credential,
    Json,
    is_forbidden,
    is_invalid,
    is_missing,
    is_refused,
    is_taken,
    is_unanswered,
    is_unanswered_or_fault,
    mask_address,
    read_page,
    tolerate_nothing,
    write_query,
)
from bot.github.suggestions import SuggestionTracker
from bot.github.transport import Allowance, FindPace, Patience, Send, Transport, Wire
from bot.tracker.archive import Cursor, Page
from bot.tracker.graph import Address, Batch, PageCache
from bot.tracker.types import (
    Change,
    Comment,
    Folder,
    Issue,
    LinkedIssue,
    Links,
    Reaction,
    Release,
    SearchResult,
    WatchedComment,
)

USUAL_PATIENCE = Patience()
LONGEST_RUN = 180  # seconds after which a run asks nothing more of GitHub, so that it ends with its log

_ADDRESS = re.compile(r"https?://[\w.-]+(?::\d{1,4}|:[1-5]\d{4}|:6[0-4]\d{3})?(?:/[\w./-]*)?", re.ASCII)
_TOKEN = re.compile(r"[!-~]+")

_PAGE = "per_page=100"
_MOST_ONE_BY_ONE = 3
"""The number of links that are read if each takes a request."""


class GitHubTracker(FieldsTracker, SuggestionTracker):
    """GitHub, as Signpost uses it; see `Tracker` and `GraphSource` for the contract of each method."""

    def __init__(self, wire: Wire, transport: Transport, graph: GraphReader) -> None:
        super().__init__(wire)
        self._transport = transport
        self._graph = graph
        self._sizes = SIZES
        self._roles: dict[tuple[str, str], str] = {}

    @property
    def requests(self) -> int:
        """How many requests were sent so far: repeated and redirected ones count."""
        return self._transport.requests

    def get_issue(self, repository: str, number: int) -> Issue:
        """The issue as it is now; a transferred one is an error, although GitHub redirects to it."""
        what = f"read {repository}#{number}"
        found = self._wire.read(what, _issue_path(repository, number))
        issue = parse_answer(what, lambda: parse_issue(found, repository))
        if issue.number != number:
            raise TrackerError(f"Could not {what}: it moved to {issue.repository}#{issue.number}.", gone=True)
        return issue

    def read_page(self, repository: str, kind: Literal["issues", "comments"], cursor: Cursor) -> Page | None:
        """One page of a repository's past; see `RemoteArchive`."""
        what = f"read the {kind} of {repository}"
        path = f"{write_repository_path(repository)}{write_query(kind, cursor)}"
        found = self._wire.read_page(what, path, cursor.etag)
        return parse_answer(what, lambda: read_page(*found, cursor.page)) if found else None

    def read_newest(self, repository: str, etag: str) -> str | None:
        """The ETag of what changed last; see `RemoteArchive`."""
        what = f"read the latest change in {repository}"
        return self._wire.find_etag(what, f"{write_repository_path(repository)}{NEWEST}", etag)

    @property
    def may_read_marked(self) -> bool:
        """Whether there is a token, which GraphQL always needs."""
        return self._transport.has_token

    def read_marked(self, repository: str, cursor: Cursor) -> Page | None:
        """One page of the issues with GitHub's marks; if that is too much for GitHub, all later pages are smaller."""
        what = f"read the issues of {repository}"
        while True:
            asked, is_least = write_variables(repository, cursor, self._sizes[0]), len(self._sizes) == 1
            body = {"query": ISSUES_QUERY, "variables": asked}
            tolerate = is_unanswered if is_least else is_unanswered_or_fault
            reply, answer = self._wire.query(what, self._transport.graphql_url, body, tolerate=tolerate)
            if is_least or not (answer.is_fault or is_too_costly(reply)):
                return parse_marked(reply, asked, what) if answer.is_success else None
            self._sizes = self._sizes[1:]

    def get_login(self) -> str | None:
        """Our login; None for a GITHUB_TOKEN or another installation token (`ghs_`), for which /user answers 403."""
        if not self._transport.is_user:
            return None
        user = self._wire.read("read the owner of the token", "/user", tolerate=is_forbidden)
        return parse_account(user).login if user else None

    def list_comments(self, issue: Issue, since: datetime | None = None) -> tuple[Comment, ...]:
        """All comments, or those written or edited since then, oldest first."""
        what = f"read the comments of {_name(issue)}"
        recent = f"&since={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else ""
        entries = self._wire.read_pages(what, f"{_path(issue)}/comments?{_PAGE}{recent}")
        return parse_answer(what, lambda: tuple(map(parse_comment, entries)))

    def get_comment(self, issue: Issue, comment_id: int) -> Comment | None:
        """The comment as it is now; GitHub answers 404 where it is gone."""
        what = f"read our comment on {_name(issue)}"
        found = self._wire.read(what, _comment_path(issue, comment_id), tolerate=is_missing)
        return parse_answer(what, lambda: parse_comment(found)) if found is not None else None

    def list_reactions(self, issue: Issue, comment_id: int, content: str = "") -> tuple[Reaction, ...]:
        """The reactions to a comment of the issue, from REST, on however many pages."""
        what = f"read the reactions to Signpost's comment on {_name(issue)}"
        wanted = f"content={quote(content, safe='')}&" if content else ""
        entries = self._wire.read_pages(what, f"{_comment_path(issue, comment_id)}/reactions?{wanted}{_PAGE}")
        return parse_answer(what, lambda: tuple(map(parse_reaction, entries)))

    def watch_comments(self, node_ids: Iterable[str]) -> Mapping[str, WatchedComment]:
        """Those comments and their issues, through GraphQL."""
        what = "read the reactions to Signpost's comments"
        asked = list(node_ids)
        return parse_watched(self._ask_nodes(what, WATCH_QUERY, asked), asked, what)

    def list_reactors(self, node_ids: Iterable[str]) -> Mapping[str, tuple[Reaction, ...] | None]:
        """Who reacted to those comments, through GraphQL."""
        what = "read who reacted to Signpost's comments"
        asked = list(node_ids)
        return parse_reactors(self._ask_nodes(what, REACTORS_QUERY, asked), asked, what)

    def _ask_nodes(self, what: str, query: str, node_ids: list[str]) -> Json:
        body = {"query": query, "variables": {"ids": node_ids}}
        return self._wire.query(what, self._transport.graphql_url, body, tolerate=tolerate_nothing)[0]

    def find_permission(self, repository: str, login: str) -> str:
        """The role of a person, asked for once; GitHub answers 404 for an account that does not exist."""
        key = repository.casefold(), login.casefold()
        if key not in self._roles:
            self._roles[key] = self._read_role(repository, login)
        return self._roles[key]

    def _read_role(self, repository: str, login: str) -> str:
        what = f"read the permission of {login} in {repository}"
        if not is_addressable(login):
            return "none"
        path = f"{write_repository_path(repository)}/collaborators/{quote(login, safe='')}/permission"
        return parse_role(self._wire.read(what, path, tolerate=is_missing))

    def list_changes(self, issue: Issue) -> tuple[Change, ...]:
        """GitHub's events of the issue, oldest first."""
        what = f"read the history of {_name(issue)}"
        entries = self._wire.read_pages(what, f"{_path(issue)}/events?{_PAGE}")
        return parse_answer(what, lambda: tuple(map(parse_change, entries)))

    def list_deletions(self, issue: Issue) -> tuple[Change, ...] | None:
        """Deleted comments with their authors, through GraphQL: REST names only who deleted them."""
        what = f"read whose comments were deleted from {_name(issue)}"
        owner, _, name = issue.repository.partition("/")
        body = {"query": DELETIONS_QUERY, "variables": {"owner": owner, "name": name, "number": issue.number}}
        reply, answer = self._wire.query(what, self._transport.graphql_url, body, tolerate=is_unanswered)
        return parse_deletions(reply, what) if answer.is_success else None

    def find_labels(self, repository: str, names: Iterable[str]) -> frozenset[str]:
        """The existing ones of `names`; see `find_label_ids`."""
        return frozenset(self.find_label_ids(repository, names))

    def read_folder(self, repository: str, folder: str, tree: str = "") -> Folder:
        """The text files of a folder, or of one `tree` of it, through GraphQL; REST needs one request per file."""
        what = f"read {folder} of {repository}"
        owner, _, name = repository.partition("/")
        folder = folder.strip("/")
        variables = {"owner": owner, "name": name, "expression": tree or f"HEAD:{folder}"}
        body = {"query": FOLDER_QUERY, "variables": variables}
        reply, _ = self._wire.query(what, self._transport.graphql_url, body, tolerate=is_missing)
        if reply is None:
            advice = "Use actions/checkout, and set the input `rules: .github/signpost`."
            raise TrackerError(f"Could not {what}: this GitHub has no GraphQL API. {advice}")
        return parse_folder(reply, folder, what)

    def read_links(self, repository: str, numbers: Iterable[int]) -> Links:
        """Those issues, through GraphQL; one by one if GraphQL is missing or too old for the query."""
        asked = list(dict.fromkeys(numbers))
        what = f"read {', '.join(f'#{number}' for number in asked)} of {repository}"
        owner, _, name = repository.partition("/")
        body = {"query": write_links_query(asked), "variables": {"owner": owner, "name": name}}
        reply, _ = self._wire.query(what, self._transport.graphql_url, body, tolerate=is_missing)
        links = parse_links(reply, repository, what) if reply is not None else None
        if links is not None:
            return links
        first, rest = asked[:_MOST_ONE_BY_ONE], asked[_MOST_ONE_BY_ONE:]
        return Links(issues=dict(self._read_one_by_one(repository, first)), unread=frozenset(rest))

    def _read_one_by_one(self, repository: str, numbers: Iterable[int]) -> Iterator[tuple[int, LinkedIssue]]:
        for number in numbers:
            try:
                yield number, LinkedIssue(issue=self.get_issue(repository, number))
            except TrackerError as error:
                if not error.missing:
                    raise

    @property
    def may_search_by_sense(self) -> bool:
        """Whether it is github.com or GHE.com: an Enterprise Server has no such search."""
        return self._transport.is_cloud

    def search_issues(self, repository: str, query: str, *, by_sense: bool = False, page: int = 0) -> SearchResult:
        """The results of GitHub search; empty if an older API rejects a search by meaning.

        With `page` (from 1), the oldest issues come first, a hundred a page; GitHub gives ten pages at most.
        """
        what = f"search the issues of {repository}"
        path = write_search(repository, query, by_sense=by_sense, page=page)
        found = self._wire.read(what, path, tolerate=is_invalid if by_sense else tolerate_nothing)
        return parse_answer(what, lambda: parse_search(found, repository)) if found is not None else SearchResult()

    def list_alike(self, issue: Issue) -> tuple[Issue, ...]:
        """The issues that GitHub finds similar, from an undocumented address; empty if GitHub refuses.

        github/github-mcp-server, pkg/github/find_duplicate.go
        """
        what = f"read issues similar to {_name(issue)}"
        found = self._wire.read(what, f"{_path(issue)}/semantically_similar?per_page=20", tolerate=is_refused)
        return parse_answer(what, lambda: parse_alike(found, issue.repository))

    @property
    def is_offline(self) -> bool:
        """GitHub is asked."""
        return False

    def read_nodes(self, addresses: Iterable[Address], most_requests: int) -> Batch:
        """The nodes of an issue graph."""
        return self._graph.read_nodes(addresses, most_requests)

    def list_releases(self, repository: str) -> tuple[Release, ...]:
        """The newest published releases."""
        return self._graph.list_releases(repository)

    def contains_commit(self, repository: str, tag: str, commit: str) -> bool | None:
        """Whether a release contains a commit."""
        return self._graph.contains_commit(repository, tag, commit)

    def add_labels(self, issue: Issue, labels: Iterable[str]) -> None:
        """Set the labels, in addition to the present ones."""
        self._wire.write(f"label {_name(issue)}", "POST", f"{_path(issue)}/labels", {"labels": list(labels)})

    def remove_label(self, issue: Issue, label: str) -> None:
        """Remove one label; GitHub answers 404 if the issue does not have it."""
        what = f"remove the label {label!r} from {_name(issue)}"
        if not is_addressable(label):
            raise TrackerError(f"Could not {what}: the API has no address for a label of this name. Remove it by hand.")
        self._wire.write(what, "DELETE", f"{_path(issue)}/labels/{quote(label, safe='')}", tolerate=is_missing)

    def create_label(self, repository: str, label: str) -> None:
        """Create a label, in GitHub's default colour; an existing one is not an error."""
        what = f"create the label {label!r} in {repository}"
        self._wire.write(
            what, "POST", f"{write_repository_path(repository)}/labels", {"name": label}, tolerate=is_taken
        )

    def create_comment(self, issue: Issue, body: str) -> Comment:
        """Post a comment, once."""
        what = f"comment on {_name(issue)}"
        stored = self._wire.write(what, "POST", f"{_path(issue)}/comments", {"body": mend_text(body)})
        return parse_answer(what, lambda: parse_comment(stored), uncertain=True)

    def update_comment(self, issue: Issue, comment_id: int, body: str) -> None:
        """Replace a comment's text."""
        path = _comment_path(issue, comment_id)
        self._wire.write(f"edit Signpost's comment on {_name(issue)}", "PATCH", path, {"body": mend_text(body)})

    def delete_comment(self, issue: Issue, comment_id: int) -> None:
        """Delete a comment; GitHub answers 404 if it does not exist."""
        path = _comment_path(issue, comment_id)
        self._wire.write(f"delete Signpost's comment on {_name(issue)}", "DELETE", path, tolerate=is_missing)

    def add_reaction(self, issue: Issue, comment_id: int, content: Literal["+1", "confused"]) -> None:
        """React to a comment; GitHub answers 200 instead of 201 if the reaction is there."""
        path = f"{_comment_path(issue, comment_id)}/reactions"
        self._wire.write(f"react to a comment on {_name(issue)}", "POST", path, {"content": content})

    def close_issue(
        self,
        issue: Issue,
        reason: Literal["not_planned", "completed", "duplicate"],
        duplicate_of: int | None = None,
    ) -> None:
        """Close the issue; PyGithub 2.10 has no argument for `duplicate_issue_id`."""
        body: dict[str, Any] = {"state": "closed", "state_reason": reason}
        if duplicate_of is not None:
            body["duplicate_issue_id"] = duplicate_of
        self._wire.write(f"close {_name(issue)}", "PATCH", _path(issue), body)


def connect(
    token: str | None,
    base_url: str = "https://api.github.com",
    *,
    patience: Patience = USUAL_PATIENCE,
    timeout: int = 15,
    sleep: Callable[[float], None] = time.sleep,
    cache: PageCache | None = None,
) -> GitHubTracker:
    """Make a tracker; nothing is sent yet. `timeout` is in seconds, `base_url` is GITHUB_API_URL.

    Without a token only public data can be read. `cache` keeps pages that an issue graph reads through REST. Raises
    `SettingsError` for an invalid address.
    """
    transport = open_transport(Credential(token.strip() if token else None), base_url, patience, timeout)
    return make_tracker(transport, transport, patience, sleep, cache=cache)


def make_tracker(
    send: Send,
    transport: Transport,
    patience: Patience,
    sleep: Callable[[float], None],
    *,
    cache: PageCache | None = None,
    find_pace: FindPace | None = None,
) -> GitHubTracker:
    """Make a tracker whose requests go through `send`; `find_pace` gives the pace of writes, if trackers share it."""
    send, credential = Allowance(send, transport, patience.requests), transport.credential
    # A graph has a budget of requests, so it asks for less at once rather than for the same again and again.
    thrifty = Wire(send, credential=credential, patience=replace(patience, tries=min(patience.tries, 2)), sleep=sleep)
    graph = GraphReader(thrifty, transport, cache)
    wire = Wire(send, credential=credential, patience=patience, sleep=sleep, find_pace=find_pace)
    return GitHubTracker(wire, transport, graph)


def open_transport(credential: Credential, base_url: str, patience: Patience, timeout: int = 15) -> Transport:
    """What sends requests to this API; raises `SettingsError` for an invalid address or token."""
    # PyGithub prints its own log, from INFO on, to stderr as soon as it is imported.
    logging.getLogger("github").setLevel(logging.WARNING)
    if not _ADDRESS.fullmatch(base_url):
        shown = mask_address(base_url)
        raise SettingsError(f"{shown!r} is not the URL of a GitHub API; set GITHUB_API_URL to https://api.github.com.")
    if credential.token and not _TOKEN.fullmatch(credential.token):
        raise SettingsError(
            "The token contains characters that are invalid in a GitHub token; check the input `github-token`."
        )
    return Transport(credential, base_url.rstrip("/"), timeout, patience.answer)


def _issue_path(repository: str, number: int) -> str:
    return f"{write_repository_path(repository)}/issues/{number}"


def _path(issue: Issue) -> str:
    return _issue_path(issue.repository, issue.number)


def _comment_path(issue: Issue, comment_id: int) -> str:
    return f"{write_repository_path(issue.repository)}/issues/comments/{comment_id}"


def _name(issue: Issue) -> str:
    return f"{issue.repository}#{issue.number}"
