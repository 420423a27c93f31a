"""What can be done to an issue, and a plan of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bot.text.printable import quote_name, show_value
from bot.tracker.fields import FieldValue
from bot.tracker.suggestions import Confidence, LabelSuggestion


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
class SetType:
    """Set the issue type; None takes back one that we set."""

    type: str | None
    action: Literal["set_type"] = "set_type"

    def describe(self) -> str:
        """What it does, as Markdown."""
        return f"set the type {quote_name(self.type)}" if self.type else "take back the type"


@dataclass(frozen=True, slots=True)
class SetFields:
    """Set issue fields, by their names; None takes back a value that we set."""

    fields: Mapping[str, FieldValue | None]
    action: Literal["set_fields"] = "set_fields"

    def describe(self) -> str:
        """What it does, as Markdown."""
        shown = {name: "nothing" if value is None else show_value(value) for name, value in self.fields.items()}
        return f"set the fields {', '.join(f'{quote_name(name)} to {value}' for name, value in shown.items())}"


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


@dataclass(frozen=True, slots=True)
class SuggestLabels:
    """Suggest labels, each with its reason; a person decides."""

    labels: tuple[LabelSuggestion, ...]
    action: Literal["suggest_labels"] = "suggest_labels"


@dataclass(frozen=True, slots=True)
class SuggestClose:
    """Suggest to close the issue; `duplicate_of` is the canonical issue's number."""

    reason: Literal["not_planned", "duplicate"]
    duplicate_of: int | None
    rationale: str
    confidence: Confidence
    action: Literal["suggest_close"] = "suggest_close"


Action = (
    CreateLabels
    | AddLabels
    | RemoveLabels
    | SetType
    | SetFields
    | SuggestLabels
    | CreateComment
    | UpdateComment
    | DeleteComment
    | Close
    | SuggestClose
    | React
)


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions, in the order in which they are to be done, and remarks for maintainers.

    It `is_unfinished` if the time for a closing has come, but the comment must be right first. It is not `is_complete`
    if GitHub did not answer about a part of it.
    """

    actions: tuple[Action, ...] = ()
    remarks: tuple[str, ...] = ()
    is_unfinished: bool = False
    is_complete: bool = True


def propose_closing(issue: int, target: int | None) -> str:
    """What a person is to decide about an issue, for the summary; `target` is the canonical issue of a duplicate."""
    what = f"a duplicate of #{target}" if target else "not planned"
    return f"no sign of life: #{issue} may be closed as {what}; the settings want a person to decide"
