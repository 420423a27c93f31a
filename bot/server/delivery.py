"""What a webhook delivery asks of the server, and why it is ignored or refused. Pure.

The signature covers the body alone: GitHub signs neither the GUID nor the name of the event. So somebody who recorded a
delivery can send its body again, and this is harmless by design:

- The inbox knows the GUID, and nothing is done.
- The body under another GUID starts one more run, which reads the issue as it is now and finds nothing to do.
- The body under the name of another event does not agree with that event, or again starts such a run.

https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
"""

import hmac
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.errors import SettingsError
from bot.github.payloads import explain
from bot.server.inbox.types import Delivery
from bot.triage.skip import OCCASIONS
from bot.triage.sources import HOME

RawHeaders = Iterable[tuple[bytes, bytes]]
"""The headers of a request as ASGI gives them, each with its name and its value."""

MOST_DEPTH = 64
"""The maximum depth of a payload; those of GitHub have fewer than ten levels."""

MOST_ID = 2**53 - 1
"""The largest whole number that each reader of JSON represents exactly (RFC 8259 §6)."""

MOST_COMMITS = 20
"""A push with so many commits may have more than its payload lists: older GitHub Enterprise Servers list 20, the others
2,048. https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
"""

WANTED = frozenset(
    {
        *OCCASIONS,
        *(("installation", action) for action in ("created", "deleted", "suspend", "unsuspend")),
        ("installation", "new_permissions_accepted"),
        *(("installation_repositories", action) for action in ("added", "removed")),
        ("push", ""),
    }
)
"""The events and actions that the server has something to do for; "" for an event without actions."""

_NO_BODY = b"{}"
"""What is kept of a push: the worker reads nothing of it, and somebody could fill the disk with pushes of 25 MB."""

_READ = (b"content-type", b"content-encoding", b"x-github-delivery", b"x-github-event", b"x-hub-signature-256")
_GUID = re.compile(rb"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
_EVENT = re.compile(rb"[a-z0-9_]{1,64}")
_SIGNATURE = re.compile(rb"sha256=[0-9a-f]{64}")
_ACTION = re.compile(r"[a-z_]{1,64}")


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery of GitHub that the server has nothing to do for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is not a delivery of GitHub to this App, or a malformed one; the HTTP status of the answer."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Head:
    """The headers of a delivery: GitHub's id, the name of the event, and the signature."""

    guid: str
    event: str
    signature: bytes


def read_delivery(
    headers: RawHeaders, body: bytes, secrets: Sequence[bytes], received_at: datetime, own_login: str
) -> Delivery | Ignored | Refused:
    """What a request to the webhook is; `own_login` is ours, whose events are ignored.

    Each of the secrets is accepted. Raises SettingsError if there is none.
    """
    head = read_head(headers)
    if isinstance(head, Refused):
        return head
    if not is_signed(body, head.signature, secrets):
        return Refused(401, "the signature does not match; the webhook secret of the App and of the server must agree")
    payload = _read_payload(body)
    return payload if isinstance(payload, Refused) else _read_event(head, payload, body, received_at, own_login)


def check_secrets(secrets: Sequence[bytes]) -> None:
    """Raises SettingsError if there is no webhook secret: anybody could send deliveries."""
    if not secrets or not all(secrets):
        raise SettingsError("the webhook secret is missing; run `signpost serve setup`, or set SIGNPOST_WEBHOOK_SECRET")


def is_signed(body: bytes, signature: bytes, secrets: Sequence[bytes]) -> bool:
    """Whether one of the secrets signed the body (HMAC-SHA256). It takes as long for each wrong signature.

    Raises SettingsError without a secret.
    """
    check_secrets(secrets)
    expected = [b"sha256=" + hmac.new(secret, body, "sha256").hexdigest().encode() for secret in secrets]
    return any([hmac.compare_digest(each, signature) for each in expected])  # noqa: C419 (a generator would stop early)


def read_head(headers: RawHeaders) -> Head | Refused:
    """The headers of a delivery. It needs no body, so that a request without a signature costs nothing."""
    found = [(name.lower(), value.strip()) for name, value in headers]
    counts = Counter(name for name, _ in found)
    values = {name: value for name, value in found if name in _READ}
    if twice := next((name for name in _READ if counts[name] > 1), None):
        return Refused(400, f"the header {twice.decode()} occurs more than once; send it once")
    if not _SIGNATURE.fullmatch(values.get(b"x-hub-signature-256", b"")):
        return Refused(401, "the header X-Hub-Signature-256 is missing or malformed; set a webhook secret for the App")
    return _refuse_content(values) or _read_names(values)


def _refuse_content(values: Mapping[bytes, bytes]) -> Refused | None:
    if values.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        return Refused(415, "the content type must be application/json; set it in the App's webhook")
    if values.get(b"content-encoding", b"identity").lower() != b"identity":
        return Refused(415, "the body must not be compressed; send it without Content-Encoding")
    return None


def _read_names(values: Mapping[bytes, bytes]) -> Head | Refused:
    guid, event = values.get(b"x-github-delivery", b""), values.get(b"x-github-event", b"")
    if not _GUID.fullmatch(guid):
        return Refused(400, "the header X-GitHub-Delivery is missing or malformed; send the GUID of the delivery")
    if not _EVENT.fullmatch(event):
        return Refused(400, "the header X-GitHub-Event is missing or malformed; send the name of the event")
    return Head(guid.decode(), event.decode(), values[b"x-hub-signature-256"])


def _read_payload(body: bytes) -> dict[str, Any] | Refused:
    """The object of the body. Python's reader takes NaN and a number of any length, which JSON or a limit forbids."""
    try:
        payload = json.loads(body.decode(), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return Refused(400, "the body is not valid JSON in UTF-8, or it is nested too deeply; send it as GitHub did")
    if not isinstance(payload, dict):
        return Refused(400, "the body must be a JSON object; send it as GitHub did")
    if _is_deep(payload):
        return Refused(400, f"the body has more than {MOST_DEPTH} levels; send it as GitHub did")
    return payload


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _is_deep(payload: object) -> bool:
    """Whether it has more than `MOST_DEPTH` levels; a recursive reader might fail at it later."""
    level = [payload]
    for _ in range(MOST_DEPTH):
        level = [child for parent in level for child in _list_parents(parent)]
        if not level:
            return False
    return True


def _list_parents(parent: object) -> list[object]:
    """The lists and objects in a list or an object."""
    children = parent.values() if isinstance(parent, dict) else parent
    return [child for child in children if isinstance(child, dict | list)] if isinstance(children, Iterable) else []


class _Json(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)


_Id = Annotated[int, Field(strict=True, ge=1, le=MOST_ID)]
_FullName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}/[A-Za-z0-9._-]{0,99}[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$", max_length=201)
]
_Paths = Annotated[list[Any] | None, Field(strict=True)]


class _Installation(_Json):
    id: _Id


class _Repository(_Json):
    id: _Id
    full_name: _FullName
    default_branch: str | None = None


class _Issue(_Json):
    number: _Id
    pull_request: Any = None


class _Comment(_Json):
    id: _Id


class _Sender(_Json):
    login: str | None = None


class _Commit(_Json):
    added: _Paths = None
    modified: _Paths = None
    removed: _Paths = None

    def touches(self, folder: str) -> bool:
        """Whether it changes a file of the folder, or does not say so."""
        lists = (self.added, self.modified, self.removed)
        return any(
            paths is None or any(isinstance(path, str) and path.startswith(folder) for path in paths) for paths in lists
        )


class _Event(_Json):
    """What all events have, and how each says that there is nothing to do."""

    installation: _Installation | None = None
    repository: _Repository | None = None
    sender: _Sender | None = None

    @property
    def number(self) -> int:
        return 0

    def find_skip(self) -> str:
        """Why there is nothing to do; "" if there is something."""
        return ""


class _InstallationEvent(_Event):
    installation: _Installation


class _IssueEvent(_Event):
    repository: _Repository
    issue: _Issue

    @property
    def number(self) -> int:
        return self.issue.number

    def find_skip(self) -> str:
        """Issues and pull requests share their events of comments."""
        return "pull request" if self.issue.pull_request is not None else ""


class _CommentEvent(_IssueEvent):
    comment: _Comment


class _PushEvent(_Event):
    repository: _Repository
    ref: str
    forced: bool | None = None
    commits: list[_Commit] | None = None

    def find_skip(self) -> str:
        """The rules can have changed where the payload does not list each change."""
        if self.ref != f"refs/heads/{self.repository.default_branch}":
            return "push to another branch than the default branch"
        commits = self.commits or []
        is_cut = self.forced or not commits or len(commits) >= MOST_COMMITS
        is_ours = is_cut or any(commit.touches(f"{HOME}/") for commit in commits)
        return "" if is_ours else f"push without changes below {HOME}/"


_EVENTS: Mapping[str, type[_Event]] = {
    "issues": _IssueEvent,
    "issue_comment": _CommentEvent,
    "push": _PushEvent,
    "installation": _InstallationEvent,
    "installation_repositories": _InstallationEvent,
}


def _read_event(
    head: Head, payload: Mapping[str, Any], body: bytes, received_at: datetime, own_login: str
) -> Delivery | Ignored | Refused:
    if head.event not in _EVENTS:
        return Ignored(f"event {head.event}")
    action = "" if (head.event, "") in WANTED else payload.get("action")
    if not isinstance(action, str) or not (action == "" or _ACTION.fullmatch(action)):
        return Refused(400, f"the event {head.event} must have an action; send the body as GitHub did")
    if (head.event, action) not in WANTED:
        return Ignored(f"{head.event} {action}")
    try:
        event = _EVENTS[head.event].model_validate(payload)
    except ValidationError as error:
        return Refused(400, f"the body is not that of the event {head.event}: {explain(error)}")
    if skip := _find_own(event, own_login) or event.find_skip():
        return Ignored(skip)
    return _make_delivery(head, action, event, body, received_at)


def _find_own(event: _Event, own_login: str) -> str:
    sender = (event.sender and event.sender.login) or ""
    return "the event comes from ourselves" if sender and sender.lower() == own_login.lower() else ""


def _make_delivery(head: Head, action: str, event: _Event, body: bytes, received_at: datetime) -> Delivery:
    return Delivery(
        guid=head.guid,
        event=head.event,
        action=action,
        installation=event.installation.id if event.installation else 0,
        repository=event.repository.full_name if event.repository else "",
        repository_id=event.repository.id if event.repository else 0,
        issue=event.number,
        body=_NO_BODY if head.event == "push" else body,
        received_at=received_at,
    )
