"""A tracker that makes no request: the payload is the whole truth. For a dry run without a token. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NoReturn

from bot.errors import TrackerError
from bot.tracker.types import Change, Comment, Folder, Issue, LinkedIssue, Links


@dataclass(frozen=True)
class PayloadTracker:
    """Knows one issue. What it cannot know it assumes: labels exist, other issues are open, nothing happened before."""

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
        """Nobody says."""
        return None

    def list_comments(self, issue: Issue, since: datetime | None = None) -> tuple[Comment, ...]:
        """Those that the payload brought."""
        del since
        return issue.comments

    def list_changes(self, issue: Issue) -> tuple[Change, ...]:
        """None that we know of."""
        del issue
        return ()

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
        raise _refuse(f"take {label} off #{issue.number}")

    def create_label(self, repository: str, label: str) -> NoReturn:
        """Impossible."""
        raise _refuse(f"create {label} in {repository}")

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

    def close_issue(
        self, issue: Issue, reason: Literal["not_planned", "completed", "duplicate"], duplicate_of: int | None = None
    ) -> NoReturn:
        """Impossible."""
        del reason, duplicate_of
        raise _refuse(f"close #{issue.number}")


def _refuse(what: str) -> TrackerError:
    return TrackerError(f"cannot {what} without a token")
