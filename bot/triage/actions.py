"""What can be done to an issue, and a plan of it. Pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class CreateLabels:
    """Create labels that the repository does not have."""

    labels: tuple[str, ...]
    action: Literal["create_labels"] = "create_labels"


@dataclass(frozen=True, slots=True)
class AddLabels:
    """Set labels."""

    labels: tuple[str, ...]
    action: Literal["add_labels"] = "add_labels"


@dataclass(frozen=True, slots=True)
class RemoveLabels:
    """Remove labels."""

    labels: tuple[str, ...]
    action: Literal["remove_labels"] = "remove_labels"


@dataclass(frozen=True, slots=True)
class CreateComment:
    """Post the one comment."""

    body: str
    action: Literal["create_comment"] = "create_comment"


@dataclass(frozen=True, slots=True)
class UpdateComment:
    """Edit our comment in place, or withdraw it."""

    comment_id: int
    body: str
    action: Literal["update_comment"] = "update_comment"


@dataclass(frozen=True, slots=True)
class DeleteComment:
    """Delete a second comment of ours, where it is still word for word ours and the first one is still there."""

    comment_id: int
    action: Literal["delete_comment"] = "delete_comment"


@dataclass(frozen=True, slots=True)
class Close:
    """Close the issue; `duplicate_of` is the canonical issue's number."""

    reason: Literal["not_planned", "duplicate"]
    duplicate_of: int | None = None
    action: Literal["close"] = "close"


@dataclass(frozen=True, slots=True)
class React:
    """Answer the commands of a comment: 👍 (`+1`) for understood ones, 😕 (`confused`) for those without an effect."""

    comment_id: int
    content: Literal["+1", "confused"]
    action: Literal["react"] = "react"


Action = CreateLabels | AddLabels | RemoveLabels | CreateComment | UpdateComment | DeleteComment | Close | React


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions, in the order in which they are to be done, and remarks for maintainers.

    It `is_unfinished` if the time for a closing has come, but the comment must be right first.
    """

    actions: tuple[Action, ...] = ()
    remarks: tuple[str, ...] = ()
    is_unfinished: bool = False
