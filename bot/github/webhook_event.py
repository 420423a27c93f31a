"""A webhook payload: its event, and a tracker that knows only the payload. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NoReturn

from bot.errors import SettingsError, TrackerError
from bot.github.payloads import mend_text, parse_account, parse_comment, parse_issue
from bot.tracker.fields import ANY, FieldEntry, FieldValue, IssueField
from bot.tracker.suggestions import ClosingSuggestion, LabelSuggestion, Suggestions
from bot.tracker.types import Account, Change, Comment, Folder, Issue, IssueEvent, LinkedIssue, Links, Reaction, Skip

_GONE = frozenset({"deleted", "transferred"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """A run for one issue of which only the number is known.

    `is_by_hand` if a person asked for this very issue; otherwise the settings' `skip` holds as for an event.
    """

    repository: str
    number: int
    sender: Account
    is_by_hand: bool = True


def parse_event(
    name: str, payload: Mapping[str, Any], repository: str | None = None
) -> IssueEvent | IssueRequest | Skip:
    """Read an event of GitHub: `name` is its name (GITHUB_EVENT_NAME), `payload` the JSON of its file.

    `repository` (owner/name) is used if the payload has none. Raises `SettingsError` for a malformed payload.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads
    """
    if name == "workflow_dispatch":
        return _parse_request(payload, repository)
    if name not in {"issues", "issue_comment"}:
        return Skip(f"event {mend_text(name)}")
    action = payload.get("action")
    if not isinstance(action, str):
        raise SettingsError(f"The {name} payload has no `action`; use the JSON that GitHub sent.")
    if action in _GONE:
        return Skip(f"{name} {action}")
    return _parse_issue_event(name, mend_text(action), payload, repository)


def _parse_issue_event(name: str, action: str, payload: Mapping[str, Any], repository: str | None) -> IssueEvent | Skip:
    for key in ("issue", "comment") if name == "issue_comment" else ("issue",):
        if not isinstance(payload.get(key), Mapping):
            raise SettingsError(f"The {name} payload has no `{key}`; use the JSON that GitHub sent.")
    issue = parse_issue(payload["issue"], _find_repository(payload, repository))
    if issue.is_pull_request:
        return Skip("pull request")
    return IssueEvent(
        name=name,
        action=action,
        issue=issue,
        sender=parse_account(payload.get("sender")),
        comment=parse_comment(payload["comment"]) if name == "issue_comment" else None,
    )


_NUMBER = re.compile(r"[0-9]{1,18}")


def _parse_request(payload: Mapping[str, Any], repository: str | None) -> IssueRequest:
    inputs = payload.get("inputs")
    stated = inputs.get("issue") if isinstance(inputs, Mapping) else None
    number = str(stated or "").strip().removeprefix("#")
    if not _NUMBER.fullmatch(number):
        raise SettingsError(
            "The input `issue` is missing or is not a number; start the workflow with the number of an issue."
        )
    return IssueRequest(
        repository=_find_repository(payload, repository),
        number=int(number),
        sender=parse_account(payload.get("sender")),
    )


def _find_repository(payload: Mapping[str, Any], repository: str | None) -> str:
    stated = payload.get("repository")
    full_name = stated.get("full_name") if isinstance(stated, Mapping) else None
    found = full_name if isinstance(full_name, str) else repository
    if not found:
        raise SettingsError("The payload has no `repository.full_name`; set GITHUB_REPOSITORY to owner/name.")
    return mend_text(found)


@dataclass(frozen=True)
class PayloadTracker:
    """A tracker for a dry run without a token: it sends no requests and knows only the payload.

    It knows one issue. It assumes that all labels exist, that other issues are open, and that nothing happened before.
    """

    issue: Issue

    @property
    def requests(self) -> int:
        """None are sent."""
        return 0

    def get_issue(self, repository: str, number: int) -> Issue:
        """The payload's issue, or an open one for any other number."""
        if number == self.issue.number:
            return self.issue
        return Issue(
            repository=repository,
            number=number,
            title="",
            created_at=self.issue.created_at,
            updated_at=self.issue.created_at,
        )

    def get_login(self) -> str | None:
        """Unknown."""
        return None

    def list_comments(self, issue: Issue, since: datetime | None = None) -> tuple[Comment, ...]:
        """The comments in the payload."""
        del since
        return issue.comments

    def get_comment(self, issue: Issue, comment_id: int) -> Comment | None:
        """One of those."""
        return next((comment for comment in issue.comments if comment.id == comment_id), None)

    def list_reactions(self, issue: Issue, comment_id: int, content: str = "") -> tuple[Reaction, ...]:
        """None are known."""
        del issue, comment_id, content
        return ()

    def find_permission(self, repository: str, login: str) -> NoReturn:
        """Unknown."""
        raise _refuse(f"read the permission of {login} in {repository}")

    def list_changes(self, issue: Issue) -> tuple[Change, ...]:
        """None are known."""
        del issue
        return ()

    def list_deletions(self, issue: Issue) -> tuple[Change, ...]:
        """None that we know of."""
        del issue
        return ()

    def list_field_changes(self, issue: Issue) -> tuple[Change, ...]:
        """None that we know of."""
        del issue
        return ()

    def list_types(self, repository: str, wanted: Iterable[str]) -> tuple[str, ...]:
        """Those that rules ask for."""
        del repository
        return tuple(wanted)

    def list_fields(self, repository: str, wanted: Mapping[str, FieldValue]) -> tuple[IssueField, ...]:
        """Those that rules ask for, with any value."""
        del repository
        return tuple(IssueField(id=0, name=name, kind=ANY) for name in wanted)

    def list_values(self, repository: str, number: int) -> tuple[FieldEntry, ...]:
        """None that we know of."""
        del repository, number
        return ()

    def find_label_ids(self, repository: str, names: Iterable[str]) -> dict[str, int]:
        """All of them, without their ids."""
        del repository
        return dict.fromkeys(names, 0)

    def list_suggestions(self, repository: str, number: int) -> Suggestions:
        """None that we know of."""
        del repository, number
        return Suggestions()

    def suggest_labels(self, repository: str, number: int, labels: Iterable[LabelSuggestion]) -> NoReturn:
        """Impossible."""
        del repository, labels
        raise _refuse(f"suggest labels for #{number}")

    def suggest_closing(self, repository: str, number: int, closing: ClosingSuggestion) -> NoReturn:
        """Impossible."""
        del repository, closing
        raise _refuse(f"suggest to close #{number}")

    def find_labels(self, repository: str, names: Iterable[str]) -> frozenset[str]:
        """All of them."""
        del repository
        return frozenset(names)

    def read_folder(self, repository: str, folder: str) -> Folder:
        """Nothing to read."""
        del repository, folder
        return Folder()

    def read_links(self, repository: str, numbers: Iterable[int]) -> Links:
        """Open issues, all of them."""
        return Links(issues={number: LinkedIssue(issue=self.get_issue(repository, number)) for number in numbers})

    def add_labels(self, issue: Issue, labels: Iterable[str]) -> NoReturn:
        """Impossible."""
        raise _refuse(f"set {', '.join(labels)} on #{issue.number}")

    def remove_label(self, issue: Issue, label: str) -> NoReturn:
        """Impossible."""
        raise _refuse(f"remove {label} from #{issue.number}")

    def create_label(self, repository: str, label: str) -> NoReturn:
        """Impossible."""
        raise _refuse(f"create {label} in {repository}")

    def set_type(self, repository: str, number: int, name: str | None) -> NoReturn:
        """Impossible."""
        raise _refuse(f"set the type {name} on {repository}#{number}")

    def set_fields(self, repository: str, number: int, values: Mapping[int, FieldValue]) -> NoReturn:
        """Impossible."""
        del values
        raise _refuse(f"set fields of {repository}#{number}")

    def clear_field(self, repository: str, number: int, field: int) -> NoReturn:
        """Impossible."""
        del field
        raise _refuse(f"clear a field of {repository}#{number}")

    def create_comment(self, issue: Issue, body: str) -> NoReturn:
        """Impossible."""
        del body
        raise _refuse(f"comment on #{issue.number}")

    def update_comment(self, issue: Issue, comment_id: int, body: str) -> NoReturn:
        """Impossible."""
        del comment_id, body
        raise _refuse(f"edit a comment on #{issue.number}")

    def delete_comment(self, issue: Issue, comment_id: int) -> NoReturn:
        """Impossible."""
        del comment_id
        raise _refuse(f"delete a comment on #{issue.number}")

    def add_reaction(self, issue: Issue, comment_id: int, content: Literal["+1", "confused"]) -> NoReturn:
        """Impossible."""
        del comment_id, content
        raise _refuse(f"react to a comment on #{issue.number}")

    def close_issue(
        self, issue: Issue, reason: Literal["not_planned", "completed", "duplicate"], duplicate_of: int | None = None
    ) -> NoReturn:
        """Impossible."""
        del reason, duplicate_of
        raise _refuse(f"close #{issue.number}")


def _refuse(what: str) -> TrackerError:
    return TrackerError(f"cannot {what} without a token")
