"""What links issues and pull requests, as the fake GitHub stores it and as REST and GraphQL show it."""

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.stand_ins.github_json import (
    CONTENTS,
    REACTIONS,
    Json,
    Person,
    StoredComment,
    StoredIssue,
    Value,
    change_json,
    comment_json,
    issue_json,
    user_json,
)
from tests.stand_ins.github_state import MAINTAINER, REPORTER, State

_FIELD_EVENTS = frozenset({"issue_field_added", "issue_field_changed", "issue_field_removed"})
ONLY_IN_TIMELINE = frozenset({"cross-referenced", "sub_issue_added", "parent_issue_added"}) | _FIELD_EVENTS
_KINDS = {"cross-referenced": "CrossReferencedEvent", "renamed": "RenamedTitleEvent", "commented": "IssueComment"}
_PAGE = 100


class Network:
    """What people do to link issues; each method leaves what GitHub leaves in the timelines."""

    def __init__(self, state: State) -> None:
        self._state = state

    def refer(
        self, source: StoredIssue, target: StoredIssue, actor: Person = REPORTER, *, closes: bool = False
    ) -> None:
        """Name the target in a text of the source; a pull request that `closes` it is linked."""
        self._state.note(target, "cross-referenced", actor, about={"source": source, "closes": closes})
        if closes:
            source.closing.append(target)

    def merge(self, pull: StoredIssue, commit: str, actor: Person = MAINTAINER) -> None:
        """Merge a pull request; the issues that it is linked to close."""
        pull.state, pull.merge_commit = "closed", commit
        self._state.note(pull, "merged", actor, commit_id=commit)
        pull.merged_at = pull.closed_at = pull.changes[-1]["created_at"]
        for issue in pull.closing:
            self.close(issue, actor, by=pull)

    def close(
        self,
        issue: StoredIssue,
        actor: Person = MAINTAINER,
        by: StoredIssue | None = None,
        commit: str = "",
        reason: str = "completed",
    ) -> None:
        issue.state, issue.state_reason = "closed", reason
        about = {"closer": by, "commit": commit}
        self._state.note(issue, "closed", actor, about=about, **({"commit_id": commit} if commit else {}))
        issue.closed_at = issue.changes[-1]["created_at"]

    def connect(self, pull: StoredIssue, issue: StoredIssue, actor: Person = MAINTAINER) -> None:
        """Link by hand, in the sidebar."""
        self._state.note(issue, "connected", actor, about={"subject": pull})
        self._state.note(pull, "connected", actor, about={"subject": issue})

    def disconnect(self, pull: StoredIssue, issue: StoredIssue, actor: Person = MAINTAINER) -> None:
        self._state.note(issue, "disconnected", actor, about={"subject": pull})
        self._state.note(pull, "disconnected", actor, about={"subject": issue})

    def mark_duplicate(self, issue: StoredIssue, canonical: StoredIssue, actor: Person = MAINTAINER) -> None:
        """Close as a duplicate; the timeline of the canonical one names the duplicate."""
        issue.state, issue.state_reason, issue.duplicate_of = "closed", "duplicate", canonical.id
        self._state.note(canonical, "marked_as_duplicate", actor, about={"duplicate": issue, "canonical": canonical})
        self._state.note(issue, "closed", actor, about={"canonical": canonical})
        issue.closed_at = issue.changes[-1]["created_at"]

    def add_sub_issue(self, parent: StoredIssue, child: StoredIssue, actor: Person = MAINTAINER) -> None:
        child.parent = parent
        self._state.note(parent, "sub_issue_added", actor, about={"subIssue": child})
        self._state.note(child, "parent_issue_added", actor, about={"parent": parent})

    def block(self, blocking: StoredIssue, blocked: StoredIssue, actor: Person = MAINTAINER) -> None:
        blocked.blocked_by.append(blocking)
        self._state.note(blocked, "blocked_by_added", actor, about={"blockingIssue": blocking})
        self._state.note(blocking, "blocking_added", actor, about={"blockedIssue": blocked})


class _Entry(NamedTuple):
    """One entry of a timeline: a change or a comment."""

    at: str
    id: int
    change: Json | None = None
    comment: StoredComment | None = None


def _list_entries(issue: StoredIssue) -> list[_Entry]:
    changes = (_Entry(change["created_at"], change["id"], change) for change in issue.changes)
    comments = (_Entry(comment.created_at, comment.id, None, comment) for comment in issue.comments)
    return sorted([*changes, *comments], key=lambda entry: (entry.at, entry.id))


# REST


def timeline_json(repository: str, issue: StoredIssue, api: str) -> list[Json]:
    """https://docs.github.com/en/rest/issues/timeline"""
    return [_entry_json(repository, issue, entry, api) for entry in _list_entries(issue)]


def _entry_json(repository: str, issue: StoredIssue, entry: _Entry, api: str) -> Json:
    if entry.comment:
        shown = comment_json(repository, issue.number, entry.comment, api, is_pull_request=issue.is_pull_request)
        return {**shown, "event": "commented", "actor": shown["user"]}
    change = entry.change or {}
    about = change.get("about", {})
    if change["event"] == "cross-referenced":
        source = {"type": "issue", "issue": issue_json(about["source"].home, about["source"], api)}
        at = {"created_at": entry.at, "updated_at": entry.at}
        return {"event": "cross-referenced", "actor": user_json(change["actor"], api), **at, "source": source}
    named = {
        "subIssue": "sub_issue",
        "parent": "parent_issue",
        "blockingIssue": "blocked_by",
        "blockedIssue": "blocking",
    }
    linked = {named[key]: _reference_json(other) for key, other in about.items() if key in named}
    return {**change_json(repository, change, api), **linked}


def _reference_json(issue: StoredIssue) -> Json:
    return {"number": issue.number, "title": issue.title, "state": issue.state, "state_reason": issue.state_reason}


def release_json(repository: str, tag: str, at: str, api: str) -> Json:
    url = f"{api}/repos/{repository}/releases/1"
    page = f"https://github.com/{repository}/releases/tag/{tag}"
    return {
        "url": url,
        "assets_url": url,
        "upload_url": url,
        "html_url": page,
        "tarball_url": url,
        "zipball_url": url,
        "id": 1,
        "node_id": "RE_1",
        "tag_name": tag,
        "target_commitish": "main",
        "name": tag,
        "body": "",
        "draft": False,
        "prerelease": "-" in tag,
        "created_at": at,
        "published_at": at,
        "assets": [],
        "author": user_json(MAINTAINER, api),
    }


def comparison_json(repository: str, tag: str, commit: str, api: str, *, is_inside: bool) -> Json:
    url = f"{api}/repos/{repository}/compare/{tag}...{commit}"
    status = "behind" if is_inside else "diverged"
    return {
        "url": url,
        "html_url": url,
        "permalink_url": url,
        "diff_url": url,
        "patch_url": url,
        "base_commit": _rest_commit(repository, tag, api),
        "merge_base_commit": _rest_commit(repository, tag, api),
        "status": status,
        "ahead_by": 0 if is_inside else 1,
        "behind_by": 1,
        "total_commits": 0,
        "commits": [],
    }


def _rest_commit(repository: str, sha: str, api: str) -> Json:
    url = f"{api}/repos/{repository}/commits/{sha}"
    person = {"name": "maintainer", "email": "maintainer@example.org", "date": "2026-04-08T09:00:00Z"}
    tree = {"sha": sha, "url": url}
    commit = {"author": person, "committer": person, "message": "", "tree": tree, "url": url, "comment_count": 0}
    who = user_json(MAINTAINER, api)
    links = {"url": url, "sha": sha, "node_id": "C_1", "html_url": url, "comments_url": url}
    return {**links, "commit": commit, "author": who, "committer": who, "parents": []}


# GraphQL

_NODE = re.compile(
    r"^r(?P<place>\d+): repository\([^)]*\) \{ (?:nameWithOwner )?node: \w+\(number: (?P<number>\d+)\)(?P<rest>.*)$",
    re.MULTILINE,
)
_AFTER = re.compile(r'(?P<list>timelineItems|comments)\(first: 100, after: "(?P<after>[^"]*)"')


def graph_data(state: State, query: str, variables: Mapping[str, str]) -> tuple[Json, list[Json]]:
    """What GraphQL answers for nodes and for pages of their lists: the data, and the errors."""
    data, errors = dict[str, Value](), list[Json]()
    for found in _NODE.finditer(query):
        place, number = found["place"], int(found["number"])
        name = f"{variables[f'o{place}']}/{variables[f'n{place}']}"
        name = state.moved[name][1] if name in state.moved else name
        repository = next((each for key, each in state.repositories.items() if key.lower() == name.lower()), None)
        issue = repository.issues.get(number) if repository else None
        path = [f"r{place}", *(["node"] if repository else [])]
        if issue is None:
            errors.append({"type": "NOT_FOUND", "path": path, "message": f"Could not resolve to {name} {number}."})
        behind = _AFTER.search(found["rest"])
        shown = issue and (_page_json(state, issue, behind) if behind else node_json(state, issue))
        data[f"r{place}"] = {"nameWithOwner": repository.name, "node": shown} if repository else None
    return data, errors


def _page_json(state: State, issue: StoredIssue, asked: re.Match[str]) -> Json:
    start = int(b64decode(asked["after"]).decode().removeprefix("cursor:"))
    make = _events_json if asked["list"] == "timelineItems" else _comments_json
    return {"__typename": _kind(issue), asked["list"]: make(state, issue, start)}


def _kind(issue: StoredIssue) -> str:
    return "PullRequest" if issue.is_pull_request else "Issue"


def _url(issue: StoredIssue) -> str:
    return f"https://github.com/{issue.home}/{'pull' if issue.is_pull_request else 'issues'}/{issue.number}"


def _place_json(issue: StoredIssue) -> Json:
    where = {"repository": {"nameWithOwner": issue.home}}
    return {"__typename": _kind(issue), "number": issue.number, "url": _url(issue), **where}


def _author_json(person: Person | None) -> Json | None:
    return {"__typename": person.kind, "login": person.login.removesuffix("[bot]")} if person else None


def _links_json(issues: Iterable[StoredIssue]) -> Json:
    linked = list(issues)
    return {"totalCount": len(linked), "nodes": [_place_json(each) for each in linked[:_PAGE]]}


def _groups_json(reactions: Sequence[tuple[Person, str, str]]) -> list[Json]:
    counts = Counter(content for _, content, _ in reactions)
    return [
        {"content": CONTENTS.get(name, name.upper()), "reactors": {"totalCount": counts[name]}} for name in REACTIONS
    ]


def _commit_json(sha: str, at: str) -> Json:
    return {
        "__typename": "Commit",
        "oid": sha,
        "url": f"https://github.com/octo/widget/commit/{sha}",
        "committedDate": at,
    }


def node_json(state: State, issue: StoredIssue) -> Json:
    """An issue or a pull request with all that is asked for."""
    people = {person.login for person in (issue.author, *(each.author for each in issue.comments)) if person}
    return {
        **_place_json(issue),
        "title": issue.title,
        "body": issue.body or "",
        "fullDatabaseId": str(issue.id),
        "locked": issue.is_locked,
        "createdAt": issue.created_at,
        "updatedAt": issue.updated_at,
        "closedAt": issue.closed_at,
        "authorAssociation": issue.association,
        "author": _author_json(issue.author),
        "milestone": {"title": issue.milestone} if issue.milestone else None,
        "labels": {"nodes": [{"name": label} for label in issue.labels]},
        "participants": {"totalCount": len(people)},
        "reactionGroups": _groups_json(issue.reactions),
        "comments": _comments_json(state, issue, 0),
        "timelineItems": _events_json(state, issue, 0),
        **(_pull_json(issue) if issue.is_pull_request else _issue_json(state, issue)),
    }


def _pull_json(pull: StoredIssue) -> Json:
    commit = _commit_json(pull.merge_commit, pull.merged_at or "") if pull.merge_commit else None
    state = "MERGED" if pull.merged_at else pull.state.upper()
    return {
        "pullState": state,
        "isDraft": pull.is_draft,
        "mergedAt": pull.merged_at,
        "mergeCommit": commit,
        "files": {"totalCount": len(pull.files), "nodes": [{"path": path} for path in pull.files[:_PAGE]]},
        "closingIssuesReferences": _links_json(pull.closing),
    }


def _issue_json(state: State, issue: StoredIssue) -> Json:
    everything = [each for repository in state.repositories.values() for each in repository.issues.values()]
    canonical = next((each for each in everything if issue.duplicate_of and each.id == issue.duplicate_of), None)
    return {
        "state": issue.state.upper(),
        "stateReason": issue.state_reason.upper() if issue.state_reason else None,
        "duplicateOf": canonical and _place_json(canonical),
        "parent": issue.parent and _place_json(issue.parent),
        "subIssues": _links_json(each for each in everything if each.parent is issue),
        "blockedBy": _links_json(issue.blocked_by),
        "blocking": _links_json(each for each in everything if any(other is issue for other in each.blocked_by)),
        "closedByPullRequestsReferences": _links_json(
            each for each in everything if any(other is issue for other in each.closing)
        ),
    }


def _cut(entries: list[Json], start: int) -> Json:
    end = min(start + _PAGE, len(entries))
    cursor = b64encode(f"cursor:{end}".encode()).decode() if entries else None
    info = {"hasNextPage": end < len(entries), "endCursor": cursor}
    return {"totalCount": len(entries), "pageInfo": info, "nodes": entries[start:end]}


def _comments_json(_: State, issue: StoredIssue, start: int) -> Json:
    return _cut([_comment_json(issue, comment) for comment in issue.comments], start)


def _comment_json(issue: StoredIssue, comment: StoredComment) -> Json:
    return {
        "fullDatabaseId": str(comment.id),
        "url": f"{_url(issue)}#issuecomment-{comment.id}",
        "body": comment.body,
        "createdAt": comment.created_at,
        "isMinimized": comment.minimized is not None,
        "authorAssociation": comment.association,
        "author": _author_json(comment.author),
        "reactionGroups": _groups_json(comment.reactions),
    }


def _events_json(state: State, issue: StoredIssue, start: int) -> Json:
    """The entries as the token may see them: some tokens do not see references (PyGithub/PyGithub#2978)."""
    cut = _cut([_event_json(issue, entry) for entry in _list_entries(issue)], start)
    if not state.shows_references:
        cut["nodes"] = [each for each in cut["nodes"] if each["__typename"] != "CrossReferencedEvent"]
    return cut


def _event_json(issue: StoredIssue, entry: _Entry) -> Json:
    if entry.change is None:
        return {"__typename": "IssueComment"}
    name = entry.change["event"]
    kind = _KINDS.get(name) or "".join(word.title() for word in name.split("_")) + "Event"
    about = entry.change.get("about", {})
    at = {"createdAt": entry.at, "actor": _author_json(entry.change["actor"])}
    url = {"url": f"{_url(issue)}#event-{entry.id}"} if name == "closed" else {}
    return {"__typename": kind, **at, **url, **dict(_about_json(about, entry.at))}


def _about_json(about: Mapping[str, Value], at: str) -> Iterator[tuple[str, Value]]:
    for key, other in about.items():
        match key:
            case "source":
                who = {"authorAssociation": other.association, "author": _author_json(other.author)}
                yield "source", {**_place_json(other), **who}
                yield "url", _url(other)
            case "closes":
                yield "willCloseTarget", other
            case "closer":
                yield "closer", _place_json(other) if other else None
            case "commit" if other:
                yield "closer", _commit_json(other, at)
            case "canonical" if "duplicate" not in about:
                yield "duplicateOf", _place_json(other)
            case "commit":
                pass
            case _:
                yield key, _place_json(other)
