"""Issue types and issue fields, which an organisation defines: the plain types and the Protocol. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

FieldValue = str | int | float | tuple[str, ...]
"""A text, an option or a date (ISO 8601); a number; or the options of a multi-select field."""

TYPE = ""
"""The key of the issue type among the names of fields, which are never empty."""

ANY = "any"
"""The kind of a field about which nobody was asked."""

MOST_VALUES = 25
"""The number of values that GitHub takes at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueField:
    """A field of an organisation. `kind` is GitHub's `data_type`: text, number, date, single_select or multi_select.

    `options` are the names that a select field allows.
    """

    id: int
    name: str
    kind: str = "text"
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEntry:
    """The value of a field on an issue; `name` is "" where GitHub does not state it."""

    id: int
    name: str = ""
    value: FieldValue = ""


class FieldTracker(Protocol):
    """Types and fields of issues; raises only `TrackerError`. Each method is one request, lists of values are paged.

    None means that GitHub does not have it: no such feature, a personal account, or nothing for this token.
    """

    def list_types(self, repository: str, wanted: Iterable[str]) -> tuple[str, ...] | None:
        """The issue types of the repository; `wanted` are those that rules ask for."""

    def list_fields(self, repository: str, wanted: Mapping[str, FieldValue]) -> tuple[IssueField, ...] | None:
        """The issue fields of the owner of the repository; `wanted` are the values that rules ask for."""

    def list_values(self, repository: str, number: int) -> tuple[FieldEntry, ...] | None:
        """The values that the fields of an issue have."""

    def set_type(self, repository: str, number: int, name: str | None) -> bool:
        """Set the type, or take it back (None); whether the issue has it then, because GitHub may ignore the wish."""

    def set_fields(self, repository: str, number: int, values: Mapping[int, FieldValue]) -> bool:
        """Set these fields, by their ids, beside the others; False if GitHub refuses."""

    def clear_field(self, repository: str, number: int, field: int) -> None:
        """Take the value of one field away; one that is gone is not an error."""
