"""GitHub's pending suggestions: changes of an issue that a person approves or dismisses, and their Protocol. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

Confidence = Literal["low", "medium", "high"]
"""GitHub's words for how sure a suggestion is."""

MAX_RATIONALE = 280
"""Characters. https://github.com/github/github-mcp-server, pkg/github/issues_granular.go (`rationale`)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A suggestion on an issue, by anybody.

    `action` and `state` are GitHub's words (add_label, close_issue, …; pending, applied, approved, dismissed, replaced,
    invalidated); unknown ones are kept. `target` is the id of the label or of the canonical issue, None without one;
    `value` is the name, where GitHub gives it.
    """

    id: int
    action: str
    state: str
    target: int | None = None
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """All suggestions on an issue, in any state; `absence` says why there can be none, "" if there can.

    It `is_unanswered` if GitHub did not answer this time. `label_ids` are the ids of existing labels, by their names in
    lower case.
    """

    items: tuple[Suggestion, ...] = ()
    absence: str = ""
    is_unanswered: bool = False
    label_ids: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelSuggestion:
    """A label to suggest: why, in at most `MAX_RATIONALE` characters, and how sure that is."""

    name: str
    rationale: str
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingSuggestion:
    """A closing to suggest; `duplicate_of` is the database id of the canonical issue, not its number."""

    reason: Literal["not_planned", "duplicate"]
    rationale: str
    confidence: Confidence
    duplicate_of: int | None = None


ClosingAnswer = Literal["pending", "closed", "refused"]
"""`pending`: a person decides. `closed`: GitHub closed the issue at once. `refused`: it takes no such suggestion."""


class SuggestionSource(Protocol):
    """Reads and makes suggestions; each method raises only `TrackerError`.

    An older server sets a label that comes as a suggestion, because it ignores the keys that it does not know. So call
    `list_suggestions` first, and suggest nothing where it names an absence.
    """

    def list_suggestions(self, repository: str, number: int) -> Suggestions:
        """The suggestions on an issue, without the ids of labels; an absence where GitHub refuses the question."""

    def find_label_ids(self, repository: str, names: Iterable[str]) -> Mapping[str, int]:
        """The ids of those of `names` that exist in the repository, by name; GitHub ignores case in labels."""

    def suggest_labels(self, repository: str, number: int, labels: Iterable[LabelSuggestion]) -> tuple[str, ...]:
        """Suggest labels, once; gives those that the issue has afterwards, because GitHub set them at once."""

    def suggest_closing(self, repository: str, number: int, closing: ClosingSuggestion) -> ClosingAnswer:
        """Suggest to close the issue, once; says what GitHub made of it."""
