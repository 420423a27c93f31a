"""What the fake GitHub answers to each request that it knows."""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import unquote, urlencode

from tests.stand_ins.github_graph import ONLY_IN_TIMELINE, comparison_json, graph_data, release_json, timeline_json
from tests.stand_ins.github_json import (
    Json,
    Person,
    StoredField,
    StoredIssue,
    StoredRepository,
    Value,
    change_json,
    comment_json,
    deletions_json,
    error_json,
    field_changes_json,
    field_json,
    issue_json,
    label_json,
    linked_json,
    marked_json,
    moment,
    own_user_json,
    reaction_json,
    releases_json,
    tree_json,
    type_json,
    value_json,
    watched_json,
)
from tests.stand_ins.github_setup import (
    StoredSetup,
    cache_json,
    commit_json,
    file_json,
    list_folder,
    list_workflow_files,
    name_tree,
    rate_json,
    repository_json,
    run_json,
    workflow_json,
)
from tests.stand_ins.github_state import REPORTER, Reply, Request, State
from tests.stand_ins.github_suggestions import keep_suggestion, suggestion_json

_NO_RIGHTS = "Resource not accessible by integration"
_PLACES = {
    "repository": "[^/]+/[^/]+",
    "number": r"\d+",
    "comment": r"\d+",
    "workflow": r"\d+",
    "field": r"\d+",
    "name": "[^/]+",
    "path": ".+",
}


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request on its way through the state."""

    state: State
    api: str
    request: Request
    person: Person
    names: Mapping[str, str]

    @property
    def repository(self) -> StoredRepository:
        return self.state.repositories[self.names["repository"]]

    @property
    def issue(self) -> StoredIssue | None:
        return self.repository.issues.get(int(self.names["number"]))

    @property
    def setup(self) -> StoredSetup:
        return self.state.set_up(self.repository.name)

    @property
    def is_admin(self) -> bool:
        return self.person.login in self.setup.admins

    @property
    def label(self) -> str:
        return unquote(self.names["name"])

    def show_issue(self, issue: StoredIssue) -> Json:
        return issue_json(self.repository.name, issue, self.api)

    def show_labels(self, names: list[str]) -> list[Json]:
        return [label_json(self.repository.name, name, self.api) for name in names]

    def page(self, entries: list[Json]) -> Reply:
        """One page of a list, with the links that GitHub gives."""
        size = min(int(self.request.query.get("per_page", 30)), 100)
        page = int(self.request.query.get("page", 1))
        shown = entries[(page - 1) * size : page * size]
        if page * size >= len(entries):
            return Reply(body=shown)
        links = {"next": page + 1, "last": -(-len(entries) // size)}
        link = ", ".join(f'<{self._address(number)}>; rel="{name}"' for name, number in links.items())
        return Reply(body=shown, headers={"Link": link})

    def _address(self, page: int) -> str:
        return f"{self.api}{self.request.path}?{urlencode({**self.request.query, 'page': page})}"

    def page_by_change(self, entries: list[Json]) -> Reply:
        """A page of what changed since then, sorted as asked, with its ETag; 304 where the asker has it already.

        https://docs.github.com/en/rest/issues/issues#list-repository-issues
        """
        query = self.request.query
        key = {"updated": "updated_at"}.get(query.get("sort", "created"), "created_at")
        recent = [entry for entry in entries if entry["updated_at"] >= query.get("since", "")]
        recent.sort(key=lambda entry: (entry[key], entry["id"]), reverse=query.get("direction", "desc") == "desc")
        return self.tag(self.page(recent))

    def tag(self, reply: Reply) -> Reply:
        """The answer with its ETag; 304 where the asker has it already."""
        etag = f'W/"{sha256(reply.text.encode()).hexdigest()}"'
        if self.request.headers.get("if-none-match") == etag:
            return Reply(status=304, headers={"ETag": etag})
        return Reply(body=reply.body, headers={**reply.headers, "ETag": etag})


def _refuse(status: int, message: str, *errors: Json) -> Reply:
    return Reply(status=status, body=error_json(message, errors))


def _get_issue(visit: Visit) -> Reply:
    gone = (visit.repository.name, int(visit.names["number"]))
    if gone in visit.state.gone:
        return _answer_gone(visit, visit.state.gone[gone])
    return Reply(body=visit.show_issue(visit.issue)) if visit.issue else _refuse(404, "Not Found")


def _answer_gone(visit: Visit, target: tuple[str, int] | None) -> Reply:
    """https://docs.github.com/en/rest/issues/issues#get-an-issue"""
    if target is None:
        return _refuse(410, "This issue was deleted")
    location = f"{visit.api}/repos/{target[0]}/issues/{target[1]}"
    return Reply(status=301, body=error_json("Moved Permanently"), headers={"Location": location})


def _list_issues(visit: Visit) -> Reply:
    wanted, creator = visit.request.query.get("state", "open"), visit.request.query.get("creator")
    issues = (issue for issue in visit.repository.issues.values() if wanted in {"all", issue.state})
    by_creator = (
        issue for issue in issues if creator is None or (visit.state.lists_by_creator and _is_by(issue, creator))
    )
    return visit.page_by_change([visit.show_issue(issue) for issue in by_creator])


def _is_by(issue: StoredIssue, login: str) -> bool:
    return issue.author is not None and issue.author.login.casefold() == login.casefold()


def _open_issue(visit: Visit) -> Reply:
    """https://docs.github.com/en/rest/issues/issues#create-an-issue"""
    title, body = visit.request.body["title"], visit.request.body.get("body", "")
    if len(body) > 65536:
        error = {"resource": "Issue", "code": "custom", "field": "body", "message": "body is too long"}
        return _refuse(422, "Validation Failed", error)
    issue = visit.state.add_issue(title, body, author=visit.person, repository=visit.repository.name)
    return Reply(status=201, body=visit.show_issue(issue))


def _list_all_comments(visit: Visit) -> Reply:
    comments = (
        comment_json(visit.repository.name, issue.number, comment, visit.api, is_pull_request=issue.is_pull_request)
        for issue in visit.repository.issues.values()
        for comment in issue.comments
    )
    return visit.page_by_change(list(comments))


def _edit_issue(visit: Visit) -> Reply:
    issue, body = visit.issue, visit.request.body
    if not issue:
        return _refuse(404, "Not Found")
    canonical = body.get("duplicate_issue_id")
    if body.get("state_reason") == "duplicate" and canonical not in {
        other.id for repository in visit.state.repositories.values() for other in repository.issues.values()
    }:
        return _refuse(
            422, "Validation Failed", {"resource": "Issue", "field": "duplicate_issue_id", "code": "invalid"}
        )
    if isinstance(body.get("state"), dict):
        return _suggest_closing(visit, issue, body["state"])
    if "type" in body:
        return _set_type(visit, issue, body["type"])
    if "title" in body and body["title"] != issue.title:
        visit.state.rename(issue, body["title"], visit.person)
    if "body" in body and body["body"] != issue.body:
        visit.state.edit_body(issue, body["body"])
    if body.get("state", issue.state) != issue.state:
        issue.state = body["state"]
        issue.state_reason = body.get("state_reason") or ("completed" if issue.state == "closed" else "reopened")
        issue.duplicate_of = canonical
        visit.state.note(issue, "closed" if issue.state == "closed" else "reopened", visit.person)
        issue.closed_at = issue.changes[-1]["created_at"]
    return Reply(body=visit.show_issue(issue))


def _set_type(visit: Visit, issue: StoredIssue, name: str | None) -> Reply:
    if name and name not in (visit.repository.types or ()):
        return _refuse(422, "Validation Failed", {"resource": "Issue", "field": "type", "code": "invalid"})
    if not visit.state.drops_types:
        visit.state.set_type(issue, name, visit.person)
    return Reply(body=visit.show_issue(issue))


def _list_comments(visit: Visit) -> Reply:
    issue = visit.issue
    if not issue:
        return _refuse(404, "Not Found")
    since = visit.request.query.get("since", "")
    recent = [each for each in issue.comments if each.updated_at >= since and visit.state.shows(each)]
    return visit.page([comment_json(visit.repository.name, issue.number, each, visit.api) for each in recent])


def _add_comment(visit: Visit) -> Reply:
    issue, body = visit.issue, visit.request.body["body"]
    if not issue:
        return _refuse(404, "Not Found")
    if issue.is_locked:
        return _refuse(403, "Unable to create comment because issue is locked.")
    if len(body) > 65536:
        error = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": "Body is too long"}
        return _refuse(422, "Validation Failed", error)
    comment = visit.state.add_comment(issue, body, visit.person)
    return Reply(status=201, body=comment_json(visit.repository.name, issue.number, comment, visit.api))


def _get_comment(visit: Visit) -> Reply:
    for issue in visit.repository.issues.values():
        for comment in issue.comments:
            if comment.id == int(visit.names["comment"]):
                return Reply(body=comment_json(visit.repository.name, issue.number, comment, visit.api))
    return _refuse(404, "Not Found")


def _edit_comment(visit: Visit) -> Reply:
    for issue in visit.repository.issues.values():
        for comment in issue.comments:
            if comment.id == int(visit.names["comment"]):
                comment.body = visit.request.body["body"]
                comment.edited_at = moment(visit.state.tick())
                return Reply(body=comment_json(visit.repository.name, issue.number, comment, visit.api))
    return _refuse(404, "Not Found")


def _list_reactions(visit: Visit) -> Reply:
    for issue in visit.repository.issues.values():
        for comment in issue.comments:
            if comment.id == int(visit.names["comment"]):
                wanted = visit.request.query.get("content")
                found = [each for each in comment.reactions if wanted in {None, each[1]}]
                return visit.page([reaction_json(each, visit.api) for each in found])
    return _refuse(404, "Not Found")


def _add_reaction(visit: Visit) -> Reply:
    """201 for a new reaction, 200 for one that is there.

    https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
    """
    for issue in visit.repository.issues.values():
        for comment in issue.comments:
            if comment.id == int(visit.names["comment"]):
                before, content = len(comment.reactions), visit.request.body["content"]
                visit.state.react(comment, content, visit.person)
                found = next(each for each in comment.reactions if each[:2] == (visit.person, content))
                status = 201 if len(comment.reactions) > before else 200
                return Reply(status=status, body=reaction_json(found, visit.api))
    return _refuse(404, "Not Found")


def _show_permission(visit: Visit) -> Reply:
    """`permission` knows only admin, write, read and none; `role_name` has the others, too."""
    role = visit.state.find_permission(visit.label)
    permission = {"maintain": "write", "triage": "read"}.get(role, role)
    return Reply(body={"permission": permission, "role_name": role, "user": None})


def _delete_comment(visit: Visit) -> Reply:
    for issue in visit.repository.issues.values():
        for comment in issue.comments:
            if comment.id == int(visit.names["comment"]):
                visit.state.delete_comment(issue, comment, visit.person)
                return Reply(status=204)
    return _refuse(404, "Not Found")


def _list_changes(visit: Visit) -> Reply:
    issue = visit.issue
    if not issue:
        return _refuse(404, "Not Found")
    shown = (each for each in issue.changes if each["event"] not in ONLY_IN_TIMELINE)
    return visit.page([change_json(visit.repository.name, each, visit.api) for each in shown])


def _list_timeline(visit: Visit) -> Reply:
    """With an ETag; https://docs.github.com/en/rest/issues/timeline"""
    if not visit.issue:
        return _refuse(404, "Not Found")
    return visit.tag(visit.page(timeline_json(visit.repository.name, visit.issue, visit.api)))


def _list_releases(visit: Visit) -> Reply:
    newest = sorted(visit.repository.releases, key=lambda release: release[1], reverse=True)
    return visit.tag(visit.page([release_json(visit.repository.name, *each, visit.api) for each in newest]))


def _compare(visit: Visit) -> Reply:
    """Whether a release has a commit: https://docs.github.com/en/rest/commits/commits#compare-two-commits"""
    tag, _, commit = visit.label.partition("...")
    known = {name for name, _ in visit.repository.releases}
    everything = set[str]().union(*visit.repository.contents.values())
    if tag not in known or commit not in everything | {pull.merge_commit for pull in visit.repository.issues.values()}:
        return _refuse(404, "Not Found")
    is_inside = commit in visit.repository.contents.get(tag, ())
    return Reply(body=comparison_json(visit.repository.name, tag, commit, visit.api, is_inside=is_inside))


def _add_labels(visit: Visit) -> Reply:
    if not visit.issue:
        return _refuse(404, "Not Found")
    for said in visit.request.body["labels"]:
        asked = said if isinstance(said, dict) else {"name": said}
        if asked.get("suggest") and visit.state.suggestions != "unknown":
            _suggest_label(visit, visit.issue, asked)
        else:
            visit.state.set_label(visit.repository, visit.issue, asked["name"], visit.person)
    return Reply(body=visit.show_labels(visit.issue.labels))


def _suggest_label(visit: Visit, issue: StoredIssue, asked: Json) -> None:
    known = {label.casefold(): label for label in visit.repository.labels}
    name = known.get(str(asked["name"]).casefold(), str(asked["name"]))
    (label,) = visit.show_labels([name])
    kept = keep_suggestion(issue, "add_label", label["id"], asked, moment(visit.state.tick()))
    if visit.state.suggestions == "automatic":
        kept.state = "applied"
        visit.state.set_label(visit.repository, issue, name, visit.person)


def _list_suggestions(visit: Visit) -> Reply:
    """https://docs.github.com/rest/issues/issues#list-issue-suggestions"""
    if not visit.issue or visit.state.suggestions == "unknown":
        return _refuse(404, "Not Found")
    state = visit.request.query.get("state", "pending")
    found = (each for each in visit.issue.suggestions if state in {"all", each.state})
    return visit.page([suggestion_json(visit.issue, each) for each in found])


def _suggest_closing(visit: Visit, issue: StoredIssue, state: Json) -> Reply:
    """A server that knows no such value wants a text there."""
    if visit.state.suggestions == "unknown" or not state.get("suggest"):
        return _refuse(422, "Invalid request.\n\nFor 'properties/state', {} is not a string.")
    target = visit.request.body.get("duplicate_issue_id")
    kept = keep_suggestion(issue, "close_issue", target, state, moment(visit.state.tick()))
    if visit.state.suggestions == "automatic":
        kept.state = "applied"
        issue.duplicate_of = target
        visit.state.set_state(issue, "closed", visit.request.body["state_reason"], visit.person)
    return Reply(body=visit.show_issue(issue))


def _remove_label(visit: Visit) -> Reply:
    if not visit.issue:
        return _refuse(404, "Not Found")
    if not visit.state.unset_label(visit.issue, visit.label, visit.person):
        return _refuse(404, "Label does not exist")
    return Reply(body=visit.show_labels(visit.issue.labels))


def _list_labels(visit: Visit) -> Reply:
    return visit.page(visit.show_labels(visit.repository.labels))


def _get_label(visit: Visit) -> Reply:
    known = {label.casefold(): label for label in visit.repository.labels}
    found = known.get(visit.label.casefold())
    return Reply(body=visit.show_labels([found])[0]) if found else _refuse(404, "Not Found")


def _create_label(visit: Visit) -> Reply:
    name = visit.request.body["name"]
    if name.casefold() in {label.casefold() for label in visit.repository.labels}:
        return _refuse(422, "Validation Failed", {"resource": "Label", "field": "name", "code": "already_exists"})
    visit.repository.labels.append(name)
    return Reply(status=201, body=visit.show_labels([name])[0])


def _list_alike(visit: Visit) -> Reply:
    """Undocumented: issues, each with a score (github/github-mcp-server, pkg/github/find_duplicate.go)."""
    if not visit.state.finds_alike:
        return _refuse(404, "Not Found")
    others = [other for other in visit.repository.issues.values() if other is not visit.issue]
    return Reply(body=[{"issue": visit.show_issue(other), "score": 0.9} for other in others])


def _list_types(visit: Visit) -> Reply:
    if visit.repository.types is None:
        return _refuse(404, "Not Found")
    return Reply(body=list(map(type_json, visit.repository.types)))


def _list_fields(state: State, owner: str) -> Reply:
    """Those of any repository of the owner."""
    for name, repository in state.repositories.items():
        if name.partition("/")[0] == owner and repository.fields is not None:
            return Reply(body=list(map(field_json, repository.fields)))
    return _refuse(404, "Not Found")


def _list_values(visit: Visit) -> Reply:
    if not visit.issue or visit.repository.types is None:
        return _refuse(404, "Not Found")
    return Reply(body=_show_values(visit))


def _show_values(visit: Visit) -> list[Json]:
    known, issue = {stored.id: stored for stored in visit.repository.fields or ()}, visit.issue
    return [value_json(known[key], value) for key, value in issue.values.items()] if issue else []


def _add_values(visit: Visit) -> Reply:
    """An empty list clears all values.

    https://docs.github.com/en/rest/issues/issue-field-values#add-issue-field-values-to-an-issue
    """
    issue, given = visit.issue, visit.request.body["issue_field_values"]
    known = {stored.id: stored for stored in visit.repository.fields or ()}
    if not issue:
        return _refuse(404, "Not Found")
    if not visit.state.takes_fields:
        return _refuse(403, "Must have push access to the repository.")
    if not all(each["field_id"] in known and _fits(each["value"], known[each["field_id"]]) for each in given):
        return _refuse(422, "Validation Failed", {"resource": "IssueFieldValue", "field": "value", "code": "invalid"})
    for key in [] if given else list(issue.values):
        visit.state.set_field(issue, known[key], None, visit.person)
    for each in given:
        visit.state.set_field(issue, known[each["field_id"]], each["value"], visit.person)
    return Reply(body=_show_values(visit))


def _fits(value: Value, stored: StoredField) -> bool:
    match stored.kind:
        case "single_select":
            return value in stored.options
        case "multi_select":
            return isinstance(value, list) and set(value) <= set(stored.options)
        case "number":
            return isinstance(value, int | float)
        case "date":
            return isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None
    return isinstance(value, str)


def _remove_value(visit: Visit) -> Reply:
    found = [each for each in visit.repository.fields or () if each.id == int(visit.names["field"])]
    if not visit.issue or not found or found[0].id not in visit.issue.values:
        return _refuse(404, "Not Found")
    visit.state.set_field(visit.issue, found[0], None, visit.person)
    return Reply(status=204)


MOST_FOUND = 1000
"""https://docs.github.com/en/rest/search/search#about-search"""


def _search(state: State, request: Request, api: str) -> Reply:
    """Lexically: a phrase, any of the words between OR, or else all words; by sense, any of them.

    Of the qualifiers it knows `repo:`, `is:open`, `is:closed` and `label:`.
    """
    query = request.query["q"]
    named = re.search(r"repo:(\S+)", query)
    repository = state.repositories.get(named[1]) if named else None
    if repository is None:
        return _refuse(422, "Validation Failed", {"resource": "Search", "field": "q", "code": "invalid"})
    states, labels = re.findall(r"\bis:(open|closed)", query), re.findall(r"\blabel:(\S+)", query)
    wanted = re.sub(r"\b(?:repo|is|label):\S+", "", query).strip().lower()
    is_by_sense = "search_type" in request.query and state.searches_by_sense and '"' not in wanted
    words = [word for word in re.findall(r'"[^"]+"|\S+', wanted) if word != "or"]
    choose = any if is_by_sense or " or " in wanted else all
    found = [
        {**issue_json(repository.name, issue, api), "score": 1.0}
        for issue in repository.issues.values()
        if not issue.is_pull_request and issue.state in (states or ["open", "closed"])
        if set(labels) <= {*issue.labels}
        if choose(word.strip('"') in " ".join(f"{issue.title} {issue.body}".lower().split()) for word in words)
    ]
    size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
    if page * size > MOST_FOUND:
        return _refuse(422, "Only the first 1000 search results are available")
    if request.query.get("sort") == "created":
        found.sort(key=lambda issue: issue["created_at"], reverse=request.query.get("order", "desc") == "desc")
    shown = found[(page - 1) * size : page * size]
    body = {"total_count": len(found), "incomplete_results": state.searches_partly, "items": shown}
    return Reply(body={**body, "search_type": "hybrid" if is_by_sense else "lexical"})


def _show_repository(visit: Visit) -> Reply:
    person = visit.person if "authorization" in visit.request.headers else None
    return Reply(body=repository_json(visit.repository.name, visit.setup, person, visit.api))


def _list_workflows(visit: Visit) -> Reply:
    name, states = visit.repository.name, visit.setup.states
    shown = [
        workflow_json(number, path, states.get(path, "active"), name, visit.api)
        for number, path in enumerate(list_workflow_files(visit.repository.files), 1)
    ]
    return Reply(body={"total_count": len(shown), "workflows": shown})


def _list_runs(visit: Visit) -> Reply:
    number = int(visit.names["workflow"])
    path = list_workflow_files(visit.repository.files)[number - 1]
    last = visit.setup.runs.get(path)
    shown = [run_json(number, path, *last, visit.repository.name, visit.api)] if last else []
    return Reply(body={"total_count": len(shown), "workflow_runs": shown})


def _show_policy(visit: Visit) -> Reply:
    return Reply(body=visit.setup.policy) if visit.is_admin else _refuse(403, _NO_RIGHTS)


def _show_selected(visit: Visit) -> Reply:
    return Reply(body=visit.setup.selected) if visit.is_admin else _refuse(403, _NO_RIGHTS)


def _show_limit(visit: Visit) -> Reply:
    return Reply(body=visit.setup.limit) if visit.is_admin else _refuse(403, _NO_RIGHTS)


def _list_caches(visit: Visit) -> Reply:
    prefix = visit.request.query.get("key", "")
    shown = [
        cache_json(number, *each) for number, each in enumerate(visit.setup.caches, 1) if each[0].startswith(prefix)
    ]
    return Reply(body={"total_count": len(shown), "actions_caches": shown})


def _show_latest_release(visit: Visit) -> Reply:
    newest = sorted(visit.repository.releases, key=lambda release: release[1], reverse=True)
    if not newest:
        return _refuse(404, "Not Found")
    return Reply(body=release_json(visit.repository.name, *newest[0], visit.api))


def _show_commit(visit: Visit) -> Reply:
    sha = visit.setup.commits.get(visit.label)
    if sha is None:
        return _refuse(422, f"No commit found for SHA: {visit.label}")
    return Reply(body=commit_json(visit.repository.name, sha, visit.api))


def _show_contents(visit: Visit) -> Reply:
    path, files, name = unquote(visit.names["path"]), visit.repository.files, visit.repository.name
    if path in files:
        return Reply(body=file_json(name, path, files[path], visit.api))
    inside = list_folder(name, path, files, visit.api)
    return visit.tag(Reply(body=inside)) if inside else _refuse(404, "Not Found")


def _lock(visit: Visit) -> Reply:
    if not visit.issue:
        return _refuse(404, "Not Found")
    visit.issue.is_locked = visit.request.verb == "PUT"
    visit.state.note(visit.issue, "locked" if visit.issue.is_locked else "unlocked", visit.person)
    return Reply(status=204)


def _routes() -> Iterator[tuple[str, re.Pattern[str], Callable[[Visit], Reply]]]:
    for verb, shape, answer in (
        ("GET", "", _show_repository),
        ("GET", "/actions/workflows", _list_workflows),
        ("GET", "/actions/workflows/{workflow}/runs", _list_runs),
        ("GET", "/actions/permissions", _show_policy),
        ("GET", "/actions/permissions/selected-actions", _show_selected),
        ("GET", "/actions/caches", _list_caches),
        ("GET", "/interaction-limits", _show_limit),
        ("GET", "/releases/latest", _show_latest_release),
        ("GET", "/commits/{name}", _show_commit),
        ("GET", "/contents/{path}", _show_contents),
        ("GET", "/issues", _list_issues),
        ("POST", "/issues", _open_issue),
        ("GET", "/issues/comments", _list_all_comments),
        ("GET", "/issues/{number}", _get_issue),
        ("PATCH", "/issues/{number}", _edit_issue),
        ("GET", "/issues/{number}/comments", _list_comments),
        ("POST", "/issues/{number}/comments", _add_comment),
        ("GET", "/issues/comments/{comment}", _get_comment),
        ("PATCH", "/issues/comments/{comment}", _edit_comment),
        ("DELETE", "/issues/comments/{comment}", _delete_comment),
        ("GET", "/issues/comments/{comment}/reactions", _list_reactions),
        ("POST", "/issues/comments/{comment}/reactions", _add_reaction),
        ("GET", "/collaborators/{name}/permission", _show_permission),
        ("GET", "/issues/{number}/events", _list_changes),
        ("GET", "/issues/{number}/timeline", _list_timeline),
        ("GET", "/releases", _list_releases),
        ("GET", "/compare/{name}", _compare),
        ("GET", "/issues/{number}/semantically_similar", _list_alike),
        ("POST", "/issues/{number}/labels", _add_labels),
        ("GET", "/issues/{number}/suggestions", _list_suggestions),
        ("DELETE", "/issues/{number}/labels/{name}", _remove_label),
        ("GET", "/issue-types", _list_types),
        ("GET", "/issues/{number}/issue-field-values", _list_values),
        ("POST", "/issues/{number}/issue-field-values", _add_values),
        ("DELETE", "/issues/{number}/issue-field-values/{field}", _remove_value),
        ("PUT", "/issues/{number}/lock", _lock),
        ("DELETE", "/issues/{number}/lock", _lock),
        ("GET", "/labels", _list_labels),
        ("POST", "/labels", _create_label),
        ("GET", "/labels/{name}", _get_label),
    ):
        pattern = re.sub(
            r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{_PLACES[found[1]]})", "/repos/{repository}" + shape
        )
        yield verb, re.compile(pattern), answer


ROUTES = tuple(_routes())


def answer(state: State, request: Request, api: str) -> Reply:
    """Do what a request asks, as far as the rights of its token go; `api` is GITHUB_API_URL."""
    replies = (extension(request, api) for extension in state.extensions)
    return next(filter(None, replies), None) or _answer_plainly(state, request, api)


def _answer_plainly(state: State, request: Request, api: str) -> Reply:
    token = request.headers.get("authorization", "").partition(" ")[2]
    person = state.tokens.get(token)
    if token and person is None:
        return _refuse(401, "Bad credentials")
    if request.path == ("/api/graphql" if state.prefix else "/graphql"):
        return _answer_graphql(state, request, person)
    if request.path == "/rate_limit":
        stated = {"X-OAuth-Scopes": state.scopes[token]} if token in state.scopes else {}
        return Reply(body=rate_json(*state.rate), headers=stated)
    if request.path == "/search/issues":
        return _search(state, request, api)
    if found := re.fullmatch(r"/orgs/([^/]+)/issue-fields", request.path):
        return _list_fields(state, unquote(found[1]))
    return _route(state, request, person, api)


def _route(state: State, request: Request, person: Person | None, api: str) -> Reply:
    if request.path == "/user":
        return _answer_user(person, api)
    for verb, pattern, reply_to in ROUTES:
        found = pattern.fullmatch(request.path)
        if found and verb == request.verb:
            repository = found["repository"]
            if repository in state.moved:
                return _redirect(state, request, repository, api)
            if repository not in state.repositories:
                return _refuse(404, "Not Found")
            if verb != "GET" and not (person and person.can_write):
                return _refuse(403 if person else 401, _NO_RIGHTS if person else "Requires authentication")
            visit = Visit(state=state, api=api, request=request, person=person or REPORTER, names=found.groupdict())
            return reply_to(visit)
    return _refuse(404, "Not Found")


def _redirect(state: State, request: Request, repository: str, api: str) -> Reply:
    status, target = state.moved[repository]
    path = request.path.replace(f"/repos/{repository}", f"/repos/{target}")
    location = f"{api}{path}{f'?{urlencode(request.query)}' if request.query else ''}"
    body = {"message": "Moved Permanently", "url": location, "documentation_url": "https://docs.github.com/rest"}
    return Reply(status=status, body=body, headers={"Location": location})


def _answer_user(person: Person | None, api: str) -> Reply:
    if person is None:
        return _refuse(401, "Requires authentication")
    if not person.knows_itself:
        return _refuse(403, "Resource not accessible by integration")
    return Reply(body=own_user_json(person, api))


def _answer_graphql(state: State, request: Request, person: Person | None) -> Reply:
    if not state.has_graphql:
        return _refuse(404, "Not Found")
    if person is None:
        return _refuse(401, "This endpoint requires you to be authenticated.")
    if "o0" in request.body["variables"]:
        return answer_graph(state, request)
    asked = request.body["variables"]
    if "ids" in asked:
        return _answer_nodes(state, asked["ids"], is_last_alone="last: 1" in request.body["query"])
    name = f"{asked['owner']}/{asked['name']}"
    _, name = state.moved.get(name, (301, name))
    repository = state.repositories.get(name)
    if repository is None:
        error = {"type": "NOT_FOUND", "message": f"Could not resolve to a Repository with the name '{name}'."}
        return Reply(body={"data": {"repository": None}, "errors": [error]})
    return _answer_query(state, repository, asked, request.body["query"])


def _answer_nodes(state: State, ids: list[str], *, is_last_alone: bool) -> Reply:
    """Comments by their ids, in this order; null and an error for each that is gone."""
    if len(ids) > 100:
        return Reply(
            body={"errors": [{"type": "EXCESSIVE_PAGINATION", "message": "You may not provide more than 100"}]}
        )
    known = {
        f"IC_{comment.id}": (issue, comment)
        for repository in state.repositories.values()
        for issue in repository.issues.values()
        for comment in issue.comments
    }
    nodes = [watched_json(*known[name], is_last_alone=is_last_alone) if name in known else None for name in ids]
    errors = [
        {
            "type": "NOT_FOUND",
            "path": ["nodes", place],
            "message": f"Could not resolve to a node with the id '{ids[place]}'",
        }
        for place, node in enumerate(nodes)
        if node is None
    ]
    return Reply(body={"data": {"nodes": nodes}, **({"errors": errors} if errors else {})})


def _answer_query(state: State, repository: StoredRepository, asked: Json, query: str) -> Reply:
    """Which query it is, its variables tell."""
    if "number" in asked:
        issue = repository.issues.get(asked["number"])
        if "ISSUE_FIELD_ADDED_EVENT" in query:
            shown = {"timelineItems": field_changes_json(issue)} if issue else None
            return Reply(body={"data": {"repository": {"issue": shown}}})
        return Reply(body={"data": {"repository": {"issue": issue and {"timelineItems": deletions_json(issue)}}}})
    if "first" in asked:
        return _answer_marked(state, repository, asked)
    if "expression" not in asked:
        return _answer_links(state, repository, query)
    folder = _find_folder(repository.files, asked["expression"])
    return Reply(body={"data": {"repository": {"object": tree_json(repository.files, folder)}}})


def _find_folder(files: Mapping[str, str | bytes], expression: str) -> str:
    """The folder of an expression, which is its path on the default branch, or the id of its tree."""
    folders = {path[:end] for path in files for end, sign in enumerate(path) if sign == "/"}
    named = (each for each in folders if name_tree(files, each) == expression)
    return next(named, expression.removeprefix("HEAD:"))


def answer_graph(state: State, request: Request) -> Reply:
    """Issues and pull requests with what links them; for too many at once nothing."""
    asked = request.body
    if "enableDuplicate" in asked["query"] and not state.knows_duplicates:
        return Reply(body={"errors": [_TOO_OLD]})
    if len(asked["variables"]) > 2 * state.most_at_once:
        return Reply(status=502, body="<html>Bad Gateway</html>")
    data, errors = graph_data(state, asked["query"], asked["variables"])
    return Reply(body={"data": data, "errors": errors} if errors else {"data": data})


_TOO_OLD = {
    "message": "Field 'stateReason' doesn't accept argument 'enableDuplicate'",
    "extensions": {"code": "argumentNotAccepted"},
}


def _answer_marked(state: State, repository: StoredRepository, asked: Json) -> Reply:
    """A page of the issues by their last change, behind a cursor; for too many at once nothing."""
    if not state.knows_duplicates:
        return Reply(body={"errors": [_TOO_OLD]})
    if asked["first"] > state.most_at_once:
        return Reply(status=502, body="<html>Bad Gateway</html>")
    issues = [issue for issue in repository.issues.values() if not issue.is_pull_request]
    recent = sorted(
        (issue for issue in issues if issue.updated_at >= asked["since"]),
        key=lambda issue: (issue.updated_at, issue.id),
    )
    cursors = [_write_cursor(state, issue, place) for place, issue in enumerate(recent, 1)]
    start = cursors.index(asked["after"]) + 1 if asked["after"] in cursors else 0
    end = start + asked["first"]
    page = {"hasNextPage": end < len(recent), "endCursor": cursors[min(end, len(recent)) - 1] if recent else None}
    nodes = [marked_json(repository.name, issue, issues) for issue in recent[start:end]]
    found = {"totalCount": len(recent), "pageInfo": page, "nodes": nodes}
    return Reply(body={"data": {"repository": {"all": {"totalCount": len(issues)}, "issues": found}}})


def _write_cursor(state: State, issue: StoredIssue, place: int) -> str:
    """GitHub's form: the moment and the id; or only how many came before."""
    if state.counts_places:
        return b64encode(f"cursor:{place}".encode()).decode()
    moment = issue.updated_at.replace("Z", "+00:00").encode()
    return b64encode(b"cursor:v2:\x92\xb9" + moment + b"\xce" + issue.id.to_bytes(4)).decode()


def _answer_links(state: State, repository: StoredRepository, query: str) -> Reply:
    """Issues by their numbers; for one that is gone an error that names it, beside the others."""
    if not state.knows_duplicates:
        return Reply(body={"errors": [_TOO_OLD]})
    numbers = [int(number) for number in re.findall(r"^i(\d+): issueOrPullRequest", query, flags=re.MULTILINE)]
    hops = len(re.findall(r"^fragment Hop", query, flags=re.MULTILINE)) - 1
    issues = list(repository.issues.values())
    found = {
        f"i{number}": linked_json(repository.name, issue, issues, hops) if issue else None
        for number in numbers
        for issue in [repository.issues.get(number)]
    }
    errors = [
        {
            "type": "NOT_FOUND",
            "path": ["repository", name],
            "message": f"Could not resolve to an issue or pull request with the number of {name[1:]}.",
        }
        for name, node in found.items()
        if node is None
    ]
    data = {"repository": {**found, "releases": releases_json(repository.releases)}}
    return Reply(body={"data": data, "errors": errors} if errors else {"data": data})
