"""The objects of GitHub's REST API, as full as its OpenAPI description wants them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import quote

Value: TypeAlias = Any
"""What JSON may hold, or a field of an object."""

Json = dict[str, Value]
START = datetime(2026, 4, 8, 9, 0, tzinfo=UTC)


@dataclass(kw_only=True)
class Person:
    """Who holds a token, or wrote something; an App's installation is a `Bot` that /user does not know."""

    login: str
    kind: str = "User"
    can_write: bool = True
    knows_itself: bool = True


@dataclass(kw_only=True)
class StoredComment:
    id: int
    author: Person
    body: str
    created_at: str
    association: str = "NONE"
    minimized: str | None = None
    edited_at: str = ""
    reactions: list[tuple[Person, str, str]] = field(default_factory=list)

    @property
    def updated_at(self) -> str:
        """When it was last written; a reaction does not count."""
        return max(self.created_at, self.edited_at)


@dataclass(kw_only=True)
class StoredIssue:
    id: int
    number: int
    title: str
    body: str | None
    author: Person | None
    created_at: str
    association: str = "NONE"
    labels: list[str] = field(default_factory=list)
    state: str = "open"
    state_reason: str | None = None
    duplicate_of: int | None = None
    is_locked: bool = False
    is_pull_request: bool = False
    comments: list[StoredComment] = field(default_factory=list)
    changes: list[Json] = field(default_factory=list)
    edited_at: str = ""
    references: int = 0
    milestone: str | None = None
    fixed_at: str | None = None
    home: str = ""
    closed_at: str | None = None
    merged_at: str | None = None
    merge_commit: str | None = None
    is_draft: bool = False
    files: list[str] = field(default_factory=list)
    parent: "StoredIssue | None" = None
    blocked_by: list["StoredIssue"] = field(default_factory=list)
    closing: list["StoredIssue"] = field(default_factory=list)
    assignees: list[Person] = field(default_factory=list)
    is_pinned: bool = False
    reactions: list[tuple[Person, str, str]] = field(default_factory=list)
    type: str | None = None
    values: dict[int, Value] = field(default_factory=dict)
    suggestions: list[Value] = field(default_factory=list)

    @property
    def updated_at(self) -> str:
        """When something last happened to it: an edit, a comment or an entry in its history.

        A reference from elsewhere does not count (josegonzalez/python-github-backup#168).
        """
        moments = [comment.created_at for comment in self.comments]
        moments += [change["created_at"] for change in self.changes if change["event"] != "cross-referenced"]
        return max(self.created_at, self.edited_at, *moments)


@dataclass(kw_only=True)
class StoredField:
    """A field of an organisation."""

    id: int
    name: str
    kind: str = "single_select"
    options: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class StoredRepository:
    """`types` and `fields` are None for a personal account; a token that may not read the fields gets none either."""

    name: str
    id: int = 1
    issues: dict[int, StoredIssue] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    files: dict[str, str | bytes] = field(default_factory=dict)
    releases: list[tuple[str, str]] = field(default_factory=list)
    contents: dict[str, set[str]] = field(default_factory=dict)
    types: list[str] | None = None
    fields: list[StoredField] | None = None


def moment(count: int) -> str:
    """The time of the n-th thing that happened: a second after the one before."""
    return (START + timedelta(seconds=count)).strftime("%Y-%m-%dT%H:%M:%SZ")


def user_json(person: Person | None, api: str) -> Json | None:
    if person is None:
        return None
    url = f"{api}/users/{quote(person.login)}"
    lists = ("followers", "following", "gists", "starred", "subscriptions", "repos", "events", "received_events")
    return {
        "login": person.login,
        "id": sum(map(ord, person.login)),
        "node_id": f"U_{person.login}",
        "avatar_url": "https://avatars.githubusercontent.com/u/1?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"https://github.com/{quote(person.login)}",
        "organizations_url": f"{url}/orgs",
        **{f"{name}_url": f"{url}/{name}" for name in lists},
        "type": person.kind,
        "site_admin": False,
    }


def own_user_json(person: Person, api: str) -> Json:
    return {
        **(user_json(person, api) or {}),
        **dict.fromkeys(("name", "company", "blog", "location", "email", "hireable", "bio")),
        **dict.fromkeys(("public_repos", "public_gists", "followers", "following"), 0),
        "created_at": moment(0),
        "updated_at": moment(0),
        "user_view_type": "public",
    }


def label_json(repository: str, name: str, api: str) -> Json:
    return {
        "id": sum(map(ord, name)),
        "node_id": "LA_1",
        "url": f"{api}/repos/{repository}/labels/{quote(name, safe='')}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def reactions_json(url: str, reactions: Sequence[tuple[Person, str, str]] = ()) -> Json:
    counts = {kind: sum(content == kind for _, content, _ in reactions) for kind in REACTIONS}
    return {"url": f"{url}/reactions", "total_count": len(reactions), **counts}


def reaction_json(reaction: tuple[Person, str, str], api: str) -> Json:
    person, content, at = reaction
    number = sum(map(ord, f"{person.login} {content} {at}"))
    user = user_json(person, api)
    return {"id": number, "node_id": f"REA_{number}", "user": user, "content": content, "created_at": at}


CONTENTS = {"+1": "THUMBS_UP", "-1": "THUMBS_DOWN"}


def watched_json(issue: StoredIssue, comment: StoredComment, *, is_last_alone: bool) -> Json:
    """A GraphQL IssueComment with its reactions, the last one or the first hundred of each kind, and its issue."""
    events = [change for change in issue.changes if change["event"] in {"closed", "reopened"}]
    groups = {kind: [each for each in comment.reactions if each[1] == kind] for kind in REACTIONS}
    return {
        "__typename": "IssueComment",
        "id": f"IC_{comment.id}",
        "isMinimized": comment.minimized is not None,
        "reactionGroups": [
            {
                "content": CONTENTS.get(kind, kind.upper()),
                "reactors": _reactors_json(found, is_last_alone=is_last_alone),
            }
            for kind, found in groups.items()
        ],
        "issue": {
            "number": issue.number,
            "state": issue.state.upper(),
            "locked": issue.is_locked,
            "isPinned": issue.is_pinned,
            "milestone": {"id": "MI_1"} if issue.milestone else None,
            "author": _actor_json(issue.author),
            "assignees": {"totalCount": len(issue.assignees)},
            "comments": {"totalCount": len(issue.comments)},
            "timelineItems": {
                "nodes": [
                    {
                        "__typename": f"{change['event'].capitalize()}Event",
                        "createdAt": change["created_at"],
                        "actor": _actor_json(change["actor"]),
                    }
                    for change in events[-5:]
                ]
            },
        },
    }


def _reactors_json(found: Sequence[tuple[Person, str, str]], *, is_last_alone: bool) -> Json:
    shown = found[-1:] if is_last_alone else found[:100]
    edges = [{"reactedAt": at, "node": _actor_json(person)} for person, _, at in shown]
    return {"totalCount": len(found), "pageInfo": {"hasNextPage": len(found) > 100}, "edges": edges}


def issue_json(repository: str, issue: StoredIssue, api: str) -> Json:
    url = f"{api}/repos/{repository}/issues/{issue.number}"
    html_url = f"https://github.com/{repository}/issues/{issue.number}"
    given: Json = {
        "id": issue.id,
        "node_id": f"I_{issue.id}",
        "url": url,
        "repository_url": f"{api}/repos/{repository}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": html_url,
        "number": issue.number,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "title": issue.title,
        "body": issue.body,
        "user": user_json(issue.author, api),
        "labels": [label_json(repository, name, api) for name in issue.labels],
        "assignee": user_json(issue.assignees[0], api) if issue.assignees else None,
        "assignees": [user_json(person, api) for person in issue.assignees],
        "milestone": milestone_json(repository, issue.milestone, api) if issue.milestone else None,
        "locked": issue.is_locked,
        "active_lock_reason": None,
        "comments": len(issue.comments),
        "closed_at": (issue.closed_at or issue.created_at) if issue.state == "closed" else None,
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "author_association": issue.association,
        "reactions": reactions_json(url, issue.reactions),
        "type": type_json(issue.type) if issue.type else None,
    }
    if issue.is_pull_request:
        pull = f"{api}/repos/{repository}/pulls/{issue.number}"
        links = {"url": pull, "html_url": html_url, "diff_url": html_url, "patch_url": html_url}
        given |= {"pull_request": {**links, "merged_at": issue.merged_at}, "draft": issue.is_draft}
    return given


def milestone_json(repository: str, title: str, api: str) -> Json:
    url = f"{api}/repos/{repository}/milestones/1"
    return {
        "url": url,
        "html_url": f"https://github.com/{repository}/milestone/1",
        "labels_url": f"{url}/labels",
        "id": 1,
        "node_id": "MI_1",
        "number": 1,
        "state": "open",
        "title": title,
        "description": None,
        "creator": None,
        "open_issues": 1,
        "closed_issues": 0,
        "created_at": moment(0),
        "updated_at": moment(0),
        "closed_at": None,
        "due_on": None,
    }


def comment_json(
    repository: str, number: int, comment: StoredComment, api: str, *, is_pull_request: bool = False
) -> Json:
    url = f"{api}/repos/{repository}/issues/comments/{comment.id}"
    page = "pull" if is_pull_request else "issues"
    return {
        "id": comment.id,
        "node_id": f"IC_{comment.id}",
        "url": url,
        "html_url": f"https://github.com/{repository}/{page}/{number}#issuecomment-{comment.id}",
        "issue_url": f"{api}/repos/{repository}/issues/{number}",
        "user": user_json(comment.author, api),
        "body": comment.body,
        "created_at": comment.created_at,
        "updated_at": comment.updated_at,
        "author_association": comment.association,
        "performed_via_github_app": None,
        "reactions": reactions_json(url, comment.reactions),
        "minimized": {"reason": comment.minimized} if comment.minimized else None,
    }


def change_json(repository: str, change: Json, api: str) -> Json:
    """As REST gives it, which does not say who wrote a deleted comment."""
    return {
        **{key: value for key, value in change.items() if key not in {"deleted_author", "about"}},
        "node_id": f"E_{change['id']}",
        "url": f"{api}/repos/{repository}/issues/events/{change['id']}",
        "actor": user_json(change["actor"], api),
        "commit_id": change.get("commit_id"),
        "commit_url": change.get("commit_id") and f"{api}/repos/{repository}/commits/{change['commit_id']}",
        "performed_via_github_app": None,
    }


def type_json(name: str) -> Json:
    return {
        "id": sum(map(ord, name)),
        "node_id": f"IT_{name}",
        "name": name,
        "description": None,
        "color": "red",
        "created_at": moment(0),
        "updated_at": moment(0),
        "is_enabled": True,
    }


def field_json(stored: StoredField) -> Json:
    options = [_option_json(number, name) for number, name in enumerate(stored.options, 1)]
    chosen = {"options": options} if stored.kind.endswith("select") else {}
    return {"id": stored.id, "node_id": f"IF_{stored.id}", "name": stored.name, "data_type": stored.kind, **chosen}


def _option_json(number: int, name: str) -> Json:
    return {"id": number, "name": name, "color": "gray"}


def value_json(stored: StoredField, value: Value) -> Json:
    """A select field has its options beside the value."""
    given: Json = {
        "issue_field_id": stored.id,
        "issue_field_name": stored.name,
        "node_id": f"IFV_{stored.id}",
        "data_type": stored.kind,
        "value": ", ".join(value) if isinstance(value, list) else value,
    }
    if stored.kind == "single_select":
        given["single_select_option"] = _option_json(1, value)
    if stored.kind == "multi_select":
        given["multi_select_options"] = [_option_json(number, name) for number, name in enumerate(value, 1)]
    return given


def field_changes_json(issue: StoredIssue) -> Json:
    """The last hundred changes of fields, as GraphQL gives them."""
    kinds = {f"issue_field_{kind}": f"IssueField{kind.capitalize()}Event" for kind in ("added", "changed", "removed")}
    nodes = [
        {
            "__typename": kinds[change["event"]],
            "createdAt": change["created_at"],
            "actor": _actor_json(change["actor"]),
            "issueField": {"name": change["field"]},
        }
        for change in issue.changes
        if change["event"] in kinds
    ]
    return {"nodes": nodes[-100:]}


def deletions_json(issue: StoredIssue) -> Json:
    """The last hundred deletions of comments, as GraphQL gives them."""
    found = [change for change in issue.changes if change["event"] == "comment_deleted"]
    nodes = [
        {
            "createdAt": change["created_at"],
            "actor": _actor_json(change["actor"]),
            "deletedCommentAuthor": _actor_json(change["deleted_author"]),
        }
        for change in found[-100:]
    ]
    return {"totalCount": len(found), "nodes": nodes}


def _actor_json(person: Person | None) -> Json | None:
    return {"__typename": person.kind, "login": person.login.removesuffix("[bot]")} if person else None


def tree_json(files: dict[str, str | bytes], folder: str) -> Json | None:
    """A GraphQL Tree with all that is below it; None where nothing is."""
    prefix = f"{folder}/" if folder else ""
    below = {path.removeprefix(prefix): content for path, content in files.items() if path.startswith(prefix)}
    if not below:
        return None
    entries = [
        blob_entry(name, below[name]) if name in below else tree_entry(name, tree_json(below, name))
        for name in sorted({path.partition("/")[0] for path in below})
    ]
    return {"__typename": "Tree", "entries": entries}


def place_json(repository: str, issue: StoredIssue) -> Json:
    kind = "PullRequest" if issue.is_pull_request else "Issue"
    return {"__typename": kind, "number": issue.number, "repository": {"nameWithOwner": repository}}


def linked_json(repository: str, issue: StoredIssue, issues: Sequence[StoredIssue], hops: int) -> Json:
    """A GraphQL Issue as a link is checked: with what it is marked a duplicate of, so many steps deep."""
    html_url = f"https://github.com/{repository}/{'pull' if issue.is_pull_request else 'issues'}/{issue.number}"
    place = place_json(repository, issue)
    if issue.is_pull_request:
        return {**place, "title": issue.title, "url": html_url}
    canonical = next((other for other in issues if other.id == issue.duplicate_of), None)
    people = {comment.author.login for comment in issue.comments} | ({issue.author.login} if issue.author else set())
    return {
        **place,
        "title": issue.title,
        "body": issue.body or "",
        "url": html_url,
        "state": issue.state.upper(),
        "stateReason": issue.state_reason.upper() if issue.state_reason else None,
        "locked": issue.is_locked,
        "createdAt": issue.created_at,
        "updatedAt": issue.updated_at,
        "authorAssociation": issue.association,
        "author": {"login": issue.author.login} if issue.author else None,
        "milestone": {"title": issue.milestone} if issue.milestone else None,
        "participants": {"totalCount": len(people)},
        "references": {"totalCount": issue.references},
        "answers": {"nodes": [{"authorAssociation": comment.association} for comment in issue.comments[-20:]]},
        "closings": {"nodes": [{"closer": {"mergedAt": issue.fixed_at, "milestone": None}}] if issue.fixed_at else []},
        "marks": {"nodes": [_mark_json(place, repository, canonical, issues, hops)] if canonical else []},
    }


def _mark_json(place: Json, repository: str, canonical: StoredIssue, issues: Sequence[StoredIssue], hops: int) -> Json:
    deep = linked_json(repository, canonical, issues, hops - 1) if hops else place_json(repository, canonical)
    return {"__typename": "MarkedAsDuplicateEvent", "duplicate": place, "canonical": deep}


def marked_json(repository: str, issue: StoredIssue, issues: Sequence[StoredIssue]) -> Json:
    """A GraphQL Issue as a list of all is read: with the last marks, which stand in the history of both."""
    is_bot = issue.author is not None and issue.author.kind == "Bot"
    return {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body or "",
        "url": f"https://github.com/{repository}/issues/{issue.number}",
        "fullDatabaseId": str(issue.id),
        "state": issue.state.upper(),
        "stateReason": issue.state_reason.upper() if issue.state_reason else None,
        "locked": issue.is_locked,
        "authorAssociation": issue.association,
        "createdAt": issue.created_at,
        "updatedAt": issue.updated_at,
        "closedAt": issue.created_at if issue.state == "closed" else None,
        "author": issue.author
        and {"__typename": "Bot" if is_bot else "User", "login": issue.author.login.removesuffix("[bot]")},
        "repository": {"nameWithOwner": repository},
        "comments": {"totalCount": len(issue.comments)},
        "labels": {"nodes": [{"name": name} for name in issue.labels]},
        "marks": {"nodes": list(_list_marks(repository, issue, issues))[-20:]},
    }


def _list_marks(repository: str, issue: StoredIssue, issues: Sequence[StoredIssue]) -> Iterator[Json]:
    here = place_json(repository, issue)
    for other in issues:
        if other.duplicate_of == issue.id:
            there = place_json(repository, other)
            yield {"__typename": "MarkedAsDuplicateEvent", "duplicate": there, "canonical": here}
        if other.id == issue.duplicate_of:
            there = place_json(repository, other)
            yield {"__typename": "MarkedAsDuplicateEvent", "duplicate": here, "canonical": there}
    if not issue.duplicate_of and any(change["event"] == "unmarked_as_duplicate" for change in issue.changes):
        yield {"__typename": "UnmarkedAsDuplicateEvent", "duplicate": here}


def releases_json(releases: Sequence[tuple[str, str]]) -> Json:
    """GraphQL's releases, the newest first, each a tag and when it was published."""
    nodes = [
        {"tagName": tag, "publishedAt": at, "isDraft": False, "isPrerelease": False}
        for tag, at in sorted(releases, key=lambda release: release[1], reverse=True)
    ]
    return {"nodes": nodes[:50], "pageInfo": {"hasNextPage": len(nodes) > 50}}


def blob_entry(name: str, content: str | bytes) -> Json:
    is_binary = isinstance(content, bytes)
    blob = {"text": None if is_binary else content, "isBinary": is_binary, "isTruncated": False}
    return {"name": name, "type": "blob", "mode": 0o100644, "object": blob}


def tree_entry(name: str, tree: Json | None) -> Json:
    return {"name": name, "type": "tree", "mode": 0o040000, "object": tree}


def error_json(message: str, errors: Sequence[Json] = ()) -> Json:
    said: Json = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    return {**said, "errors": list(errors)} if errors else said
