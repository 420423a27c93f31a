"""From a webhook payload to what Signpost may look at. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.errors import SettingsError
from bot.github.payloads import mend_text, parse_account, parse_change, parse_comment, parse_issue
from bot.tracker.types import Account, IssueEvent, Skip

__all__ = ["IssueRequest", "parse_change", "parse_comment", "parse_event", "parse_issue"]

_GONE = frozenset({"deleted", "transferred"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """Somebody started the workflow by hand for one issue: only its number is known."""

    repository: str
    number: int
    sender: Account


def parse_event(
    name: str, payload: Mapping[str, Any], repository: str | None = None
) -> IssueEvent | IssueRequest | Skip:
    """Read what GitHub handed over: `name` is the event's (GITHUB_EVENT_NAME), `payload` the JSON of its file.

    `repository` (owner/name) is used where the payload does not say. Raises `SettingsError` for a malformed payload.
    https://docs.github.com/en/webhooks/webhook-events-and-payloads
    """
    if name == "workflow_dispatch":
        return _parse_request(payload, repository)
    if name not in {"issues", "issue_comment"}:
        return Skip(f"event {mend_text(name)}")
    action = payload.get("action")
    if not isinstance(action, str):
        raise SettingsError(f"The {name} payload has no `action`. Is it the JSON that GitHub sent?")
    if action in _GONE:
        return Skip(f"{name} {action}")
    return _parse_issue_event(name, mend_text(action), payload, repository)


def _parse_issue_event(name: str, action: str, payload: Mapping[str, Any], repository: str | None) -> IssueEvent | Skip:
    for key in ("issue", "comment") if name == "issue_comment" else ("issue",):
        if not isinstance(payload.get(key), Mapping):
            raise SettingsError(f"The {name} payload has no `{key}`. Is it the JSON that GitHub sent?")
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


def _parse_request(payload: Mapping[str, Any], repository: str | None) -> IssueRequest:
    inputs = payload.get("inputs")
    stated = inputs.get("issue") if isinstance(inputs, Mapping) else None
    number = str(stated or "").strip().removeprefix("#")
    if not (number.isascii() and number.isdecimal()):
        raise SettingsError("The workflow was started by hand without an issue: give its number as the input `issue`.")
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
        raise SettingsError("The payload has no `repository.full_name`, and GITHUB_REPOSITORY is not set.")
    return mend_text(found)
