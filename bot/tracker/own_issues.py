"""The issues that Signpost opens itself, and the Protocol that reads and writes them. Pure."""

from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from bot.tracker.types import Issue


class OwnIssue(NamedTuple):
    """An issue by our login, as GitHub stores it. `closed` is when it was closed; None if it is open."""

    issue: Issue
    closed: datetime | None = None


class OwnIssueSource(Protocol):
    """Reads and writes issues of our own. Each method is one request and raises only `TrackerError`."""

    def list_own_issues(self, repository: str, login: str) -> tuple[OwnIssue, ...]:
        """The issues that `login` opened, open and closed, at most 100, the one that changed last first."""

    def read_own_issue(self, repository: str, number: int) -> OwnIssue | None:
        """One of them as it is now; None if it was deleted or transferred."""

    def open_issue(self, repository: str, title: str, body: str) -> OwnIssue:
        """Open an issue, once, and return it as GitHub stored it."""

    def update_issue(
        self, repository: str, number: int, body: str, closed_as: Literal["completed", "not_planned"] | None = None
    ) -> OwnIssue:
        """Replace the text of an issue, and close it if a reason is given."""
