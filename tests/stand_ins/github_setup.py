"""How a repository is set up, as GitHub tells it: rights, Actions, caches, files and the rate limit."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha1
from urllib.parse import quote

from tests.stand_ins.github_json import Json, Person, moment, user_json

WORKFLOWS = ".github/workflows/"


@dataclass(kw_only=True)
class StoredSetup:
    """The settings of a repository.

    `policy` and `selected` are what Actions may run, `limit` is the interaction limit; only `admins` read these.
    `states` are those of workflow files that are not active, `runs` the conclusions and times of their last runs.
    `caches` are keys with their times, `commits` the commits of tags and branches.
    """

    branch: str = "main"
    is_archived: bool = False
    has_issues: bool = True
    admins: list[str] = field(default_factory=lambda: ["maintainer"])
    policy: Json = field(default_factory=lambda: {"enabled": True, "allowed_actions": "all"})
    selected: Json = field(default_factory=dict)
    limit: Json = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    runs: dict[str, tuple[str, str]] = field(default_factory=dict)
    caches: list[tuple[str, str]] = field(default_factory=list)
    commits: dict[str, str] = field(default_factory=dict)


_LISTS = (
    *("archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents"),
    *("contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks"),
    *("issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones"),
    *("notifications", "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams"),
    "trees",
)
_COUNTS = (
    *("forks", "forks_count", "open_issues", "open_issues_count", "stargazers_count", "watchers", "watchers_count"),
    *("network_count", "subscribers_count", "size"),
)


def minimal_repository_json(name: str, api: str) -> Json:
    url, page = f"{api}/repos/{name}", f"https://github.com/{name}"
    owner, _, short = name.partition("/")
    return {
        **{f"{each}_url": f"{url}/{each}" for each in _LISTS},
        "url": url,
        "html_url": page,
        "id": 1,
        "node_id": "R_1",
        "name": short,
        "full_name": name,
        "owner": user_json(Person(login=owner), api),
        "description": None,
        "fork": False,
        "private": False,
    }


def repository_json(name: str, setup: StoredSetup, person: Person | None, api: str) -> Json:
    page = f"https://github.com/{name}"
    can_write = person is not None and person.can_write
    is_admin = person is not None and person.login in setup.admins
    roles = {"admin": is_admin, "maintain": is_admin, "push": can_write, "triage": can_write, "pull": True}
    return {
        **minimal_repository_json(name, api),
        **dict.fromkeys(_COUNTS, 0),
        **dict.fromkeys(("homepage", "language", "mirror_url", "license")),
        **dict.fromkeys(("clone_url", "git_url", "ssh_url", "svn_url"), page),
        **dict.fromkeys(("created_at", "updated_at", "pushed_at"), moment(0)),
        **{f"has_{each}": False for each in ("projects", "wiki", "pages", "discussions")},
        "has_issues": setup.has_issues,
        "archived": setup.is_archived,
        "disabled": False,
        "default_branch": setup.branch,
        **({"permissions": roles} if person else {}),
    }


def list_workflow_files(files: Mapping[str, str | bytes]) -> list[str]:
    return sorted(path for path in files if path.startswith(WORKFLOWS))


def workflow_json(number: int, path: str, state: str, name: str, api: str) -> Json:
    url = f"{api}/repos/{name}/actions/workflows/{number}"
    return {
        "id": number,
        "node_id": "W_1",
        "name": path,
        "path": path,
        "state": state,
        **dict.fromkeys(("created_at", "updated_at"), moment(0)),
        **dict.fromkeys(("url", "html_url", "badge_url"), url),
    }


def run_json(number: int, path: str, conclusion: str, at: str, name: str, api: str) -> Json:
    url = f"{api}/repos/{name}/actions/runs/7"
    addresses = ("jobs", "logs", "check_suite", "cancel", "rerun", "artifacts", "workflow")
    return {
        **{f"{each}_url": url for each in addresses},
        **dict.fromkeys(("url", "html_url"), url),
        **dict.fromkeys(("created_at", "updated_at", "run_started_at"), at),
        **dict.fromkeys(("head_repository", "repository"), minimal_repository_json(name, api)),
        "id": 7,
        "node_id": "WFR_1",
        "head_branch": "main",
        "head_sha": "0" * 40,
        "head_commit": None,
        "run_number": 1,
        "display_title": "Signpost",
        "event": "schedule",
        "status": "completed",
        "conclusion": conclusion,
        "path": path,
        "workflow_id": number,
        "pull_requests": [],
    }


def cache_json(number: int, key: str, at: str) -> Json:
    dates = dict.fromkeys(("created_at", "last_accessed_at"), at)
    return {"id": number, "ref": "refs/heads/main", "key": key, "version": "1", **dates, "size_in_bytes": 1024}


def commit_json(name: str, sha: str, api: str) -> Json:
    url = f"{api}/repos/{name}/commits/{sha}"
    git = {"name": "Signpost", "email": "signpost@example.com", "date": moment(0)}
    return {
        "url": url,
        "sha": sha,
        "node_id": "C_1",
        "html_url": url,
        "comments_url": f"{url}/comments",
        "commit": {
            "url": url,
            "author": git,
            "committer": git,
            "message": "Release",
            "comment_count": 0,
            "tree": {"sha": sha, "url": url},
        },
        **dict.fromkeys(("author", "committer"), user_json(Person(login="maintainer"), api)),
        "parents": [],
    }


def entry_json(name: str, path: str, content: str | bytes, api: str) -> Json:
    """A file of a folder, without its text."""
    url = f"{api}/repos/{name}/contents/{quote(path)}"
    raw = content if isinstance(content, bytes) else content.encode()
    return {
        "type": "file",
        "size": len(raw),
        "name": path.rpartition("/")[2],
        "path": path,
        "sha": sha1(raw, usedforsecurity=False).hexdigest(),
        **dict.fromkeys(("url", "git_url", "html_url", "download_url"), url),
        "_links": dict.fromkeys(("git", "html", "self"), url),
    }


def name_tree(files: Mapping[str, str | bytes], folder: str) -> str:
    """The id of a folder's tree, which depends on all files below it, and on nothing else."""
    inside = {path.removeprefix(folder): content for path, content in files.items() if path.startswith(f"{folder}/")}
    return sha1(repr(sorted(inside.items())).encode(), usedforsecurity=False).hexdigest()


def list_folder(name: str, folder: str, files: Mapping[str, str | bytes], api: str) -> list[Json]:
    """What is right in a folder, files and folders."""
    inside = [path for path in files if path.startswith(f"{folder}/")]
    below = sorted({path[len(folder) + 1 :].partition("/")[0] for path in inside})
    paths = [f"{folder}/{each}" for each in below]
    return [
        entry_json(name, path, files[path], api)
        if path in files
        else {**entry_json(name, path, "", api), "type": "dir", "sha": name_tree(files, path), "download_url": None}
        for path in paths
    ]


def file_json(name: str, path: str, content: str | bytes, api: str) -> Json:
    raw = content if isinstance(content, bytes) else content.encode()
    return {**entry_json(name, path, content, api), "content": b64encode(raw).decode(), "encoding": "base64"}


def rate_json(limit: int, remaining: int, reset: int) -> Json:
    rate = {"limit": limit, "remaining": remaining, "reset": reset, "used": limit - remaining}
    return {"resources": {"core": rate, "search": rate}, "rate": rate}
