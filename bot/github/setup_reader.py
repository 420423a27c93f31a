"""The settings of a repository, through REST."""

from base64 import b64decode
from datetime import UTC, datetime
from http import HTTPStatus
from typing import get_args
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from bot.errors import TrackerError
from bot.github.graphql import explain_answer, mend_json
from bot.github.own_issues import OwnIssueTracker, write_repository_path
from bot.github.responses import Answer, Json, is_forbidden, is_missing
from bot.tracker.setup import (
    ActionsPolicy,
    CacheEntry,
    InteractionLimit,
    RepositoryFacts,
    Role,
    TokenFacts,
    WorkflowState,
)
from bot.tracker.types import Folder

MOST_FILES = 40
"""How many files of a folder are read if each takes a request."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)


class _Rate(_Model):
    limit: int
    remaining: int
    reset: int = Field(ge=0, le=10**11)


class _Repository(_Model):
    full_name: str
    default_branch: str
    archived: bool = False
    disabled: bool = False
    has_issues: bool = True
    permissions: dict[str, bool] = {}


class _Workflow(_Model):
    id: int
    path: str
    state: str


class _Run(_Model):
    conclusion: str | None = None


class _Policy(_Model):
    enabled: bool
    allowed_actions: str = "all"
    sha_pinning_required: bool = False


class _Selected(_Model):
    github_owned_allowed: bool = True
    patterns_allowed: list[str] = []


class _Limit(_Model):
    limit: str
    expires_at: datetime


class _Cache(_Model):
    key: str
    created_at: datetime


class SetupTracker(OwnIssueTracker):
    """The part of GitHub that knows how a repository is set up. Each method raises TrackerError."""

    def read_token(self) -> TokenFacts:
        """What GitHub says about the token. The request does not count; servers without a rate limit answer 404.

        https://docs.github.com/en/rest/rate-limit/rate-limit
        """
        what = "read the rights of the token"
        found, answer = self._wire.ask_page(what, "/rate_limit", "", _is_unlimited, is_repeated=True)
        stated = answer.headers.get("x-oauth-scopes")
        scopes = None if stated is None else tuple(filter(None, (scope.strip() for scope in stated.split(","))))
        if not answer.is_success:
            is_valid = answer.status != HTTPStatus.UNAUTHORIZED
            return TokenFacts(has_token=self._wire.has_token, is_valid=is_valid, scopes=scopes)
        with explain_answer(what):
            rate = _Rate.model_validate(_pick(found, "resources", "core"))
            return TokenFacts(
                has_token=self._wire.has_token,
                scopes=scopes,
                limit=rate.limit,
                remaining=rate.remaining,
                resets_at=datetime.fromtimestamp(rate.reset, UTC),
            )

    def read_repository(self, repository: str) -> RepositoryFacts:
        """The repository as the token sees it.

        https://docs.github.com/en/rest/repos/repos#get-a-repository
        """
        what = f"read {repository}"
        found = self._wire.read(what, write_repository_path(repository))
        with explain_answer(what):
            read = _Repository.model_validate(mend_json(found))
        return RepositoryFacts(
            name=read.full_name,
            default_branch=read.default_branch,
            is_archived=read.archived,
            is_disabled=read.disabled,
            has_issues=read.has_issues,
            role=next((role for role in get_args(Role) if read.permissions.get(role)), None),
        )

    def list_workflows(self, repository: str) -> tuple[WorkflowState, ...]:
        """The workflows that GitHub Actions knows, at most 100.

        https://docs.github.com/en/rest/actions/workflows#list-repository-workflows
        """
        what = f"list the workflows of {repository}"
        found = self._ask(what, f"{write_repository_path(repository)}/actions/workflows?per_page=100")
        with explain_answer(what):
            read = [_Workflow.model_validate(mend_json(each)) for each in _pick(found, "workflows")]
        return tuple(WorkflowState(id=each.id, path=each.path, state=each.state) for each in read)

    def read_conclusion(self, repository: str, workflow: int) -> str | None:
        """How the newest finished run of a workflow ended, in GitHub's word; None without a finished run.

        https://docs.github.com/en/rest/actions/workflow-runs#list-workflow-runs-for-a-workflow
        """
        what = f"read the last run of a workflow in {repository}"
        query = "status=completed&per_page=1&exclude_pull_requests=true"
        path = f"{write_repository_path(repository)}/actions/workflows/{workflow}/runs?{query}"
        found = self._ask(what, path)
        with explain_answer(what):
            runs = [_Run.model_validate(mend_json(each)) for each in _pick(found, "workflow_runs")]
        return runs[0].conclusion if runs else None

    def read_policy(self, repository: str) -> ActionsPolicy:
        """What GitHub Actions may run, which only administrators may read. Two requests if actions are selected.

        https://docs.github.com/en/rest/actions/permissions#get-github-actions-permissions-for-a-repository
        """
        what = f"read the Actions settings of {repository}"
        path = f"{write_repository_path(repository)}/actions/permissions"
        with explain_answer(what):
            read = _Policy.model_validate(self._ask(what, path))
            is_selected = read.enabled and read.allowed_actions == "selected"
            chosen = _Selected.model_validate(self._ask(what, f"{path}/selected-actions") if is_selected else {})
        return ActionsPolicy(
            is_enabled=read.enabled,
            allowed=read.allowed_actions,
            takes_githubs=chosen.github_owned_allowed,
            patterns=tuple(map(mend_json, chosen.patterns_allowed)),
            requires_sha=read.sha_pinning_required,
        )

    def read_interaction_limit(self, repository: str) -> InteractionLimit | None:
        """The limit that is in force, which only administrators may read. Without one, GitHub sends an empty object.

        https://docs.github.com/en/rest/interactions/repos#get-interaction-restrictions-for-a-repository
        """
        what = f"read the interaction limit of {repository}"
        found = self._ask(what, f"{write_repository_path(repository)}/interaction-limits")
        if not found:
            return None
        with explain_answer(what):
            read = _Limit.model_validate(mend_json(found))
        return InteractionLimit(group=read.limit, expires_at=read.expires_at)

    def list_caches(self, repository: str, prefix: str) -> tuple[CacheEntry, ...]:
        """The caches whose keys start with `prefix`, the newest first, at most 100.

        https://docs.github.com/en/rest/actions/cache#list-github-actions-caches-for-a-repository
        """
        what = f"list the caches of {repository}"
        query = f"key={quote(prefix, safe='')}&sort=created_at&direction=desc&per_page=100"
        found = self._ask(what, f"{write_repository_path(repository)}/actions/caches?{query}")
        with explain_answer(what):
            read = [_Cache.model_validate(mend_json(each)) for each in _pick(found, "actions_caches")]
        return tuple(CacheEntry(key=each.key, created_at=each.created_at) for each in read)

    def find_latest_release(self, repository: str) -> str | None:
        """The tag of the latest release; None if there is none, or no such repository on this server."""
        what = f"read the latest release of {repository}"
        found = self._wire.read(what, f"{write_repository_path(repository)}/releases/latest", tolerate=is_missing)
        with explain_answer(what):
            return str(mend_json(_pick(found, "tag_name"))) if found is not None else None

    def find_commit(self, repository: str, ref: str) -> str | None:
        """The SHA of the commit that a tag or a branch names; None if there is none (404, or 422 for a wrong name)."""
        what = f"read the commit of {ref} in {repository}"
        path = f"{write_repository_path(repository)}/commits/{quote(ref, safe='')}?per_page=1"
        found = self._wire.read(what, path, tolerate=_is_unknown)
        with explain_answer(what):
            return str(_pick(found, "sha")) if found is not None else None

    def read_files(self, repository: str, folder: str) -> Folder:
        """The text files that lie in a folder, one request each, at most `MOST_FILES`; empty if there is no folder.

        https://docs.github.com/en/rest/repos/contents#get-repository-content
        """
        what = f"read {folder} of {repository}"
        found = self._read_contents(what, repository, folder)
        entries = found if isinstance(found, list) else []
        with explain_answer(what):
            paths = [str(entry["path"]) for entry in entries if entry["type"] == "file"]
            files = {path: self._read_text(what, repository, path) for path in paths[:MOST_FILES]}
        left = f"{folder}: has {len(paths)} files, and only {MOST_FILES} were read; set GITHUB_TOKEN"
        return Folder(files=files, problems=(left,) if len(paths) > MOST_FILES else ())

    def _read_text(self, what: str, repository: str, path: str) -> str:
        found = self._read_contents(what, repository, path)
        return b64decode(_pick(found, "content")).decode("utf-8", "replace")

    def _read_contents(self, what: str, repository: str, path: str) -> Json:
        address = f"{write_repository_path(repository)}/contents/{quote(path, safe='')}"
        return self._wire.read(what, address, tolerate=is_missing)

    def _ask(self, what: str, path: str) -> Json:
        """The JSON of something that not every token may read. Raises TrackerError, `missing` if it may not."""
        found, answer = self._wire.ask_page(what, path, "", _is_hidden, is_repeated=True)
        if not answer.is_success:
            raise TrackerError("the token may not read this setting", missing=True)
        return found


def _pick(json: Json, *keys: str) -> Json:
    for key in keys:
        json = json[key] if isinstance(json, dict) and key in json else {}
    if json == {}:
        raise TypeError(f"there is no {keys[-1]!r}")
    return json


def _is_unlimited(answer: Answer) -> bool:
    """The server has no rate limit, or does not accept the token."""
    return is_missing(answer) or answer.status == HTTPStatus.UNAUTHORIZED


def _is_hidden(answer: Answer) -> bool:
    return is_missing(answer) or is_forbidden(answer)


def _is_unknown(answer: Answer) -> bool:
    return answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
