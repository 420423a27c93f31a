"""Issue types and issue fields, through REST; their changes through GraphQL. See `FieldTracker` for the contract."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.github.graphql import Author, explain_answer, mend_json, read_timeline
from bot.github.own_issues import write_repository_path
from bot.github.payloads import mend_text
from bot.github.responses import Json, is_missing, is_refused, is_unanswered
from bot.github.setup_reader import SetupTracker
from bot.github.transport import Transport
from bot.tracker.fields import MOST_VALUES, FieldEntry, FieldValue, IssueField
from bot.tracker.types import Change, Issue

CHANGES_QUERY = """
query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) {
  issue(number: $number) { timelineItems(
    last: 100, itemTypes: [ISSUE_FIELD_ADDED_EVENT, ISSUE_FIELD_CHANGED_EVENT, ISSUE_FIELD_REMOVED_EVENT]
  ) { nodes {
    __typename
    ... on IssueFieldAddedEvent { createdAt actor { __typename login } issueField { ...Named } }
    ... on IssueFieldChangedEvent { createdAt actor { __typename login } issueField { ...Named } }
    ... on IssueFieldRemovedEvent { createdAt actor { __typename login } issueField { ...Named } }
  } } }
} }
fragment Named on IssueFieldCommon { name }
"""
"""REST does not list these events. https://docs.github.com/en/graphql/reference/objects#issuefieldaddedevent"""

_KINDS = {
    "IssueFieldAddedEvent": "issue_field_added",
    "IssueFieldChangedEvent": "issue_field_changed",
    "IssueFieldRemovedEvent": "issue_field_removed",
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)


def _list(value: object) -> object:
    return value or []


class _Named(_Model):
    name: str = ""


_Names = Annotated[list[_Named], BeforeValidator(_list)]


class _Type(_Named):
    is_enabled: bool = True


class _Field(_Named):
    id: int
    data_type: str
    options: _Names = []


class _Value(_Model):
    id: int = Field(alias="issue_field_id")
    name: str = Field(default="", alias="issue_field_name")
    kind: str = Field(default="", alias="data_type")
    value: Any = None
    option: _Named | None = Field(default=None, alias="single_select_option")
    options: _Names = Field(default=[], alias="multi_select_options")

    def entry(self) -> FieldEntry:
        """A select field has its options beside `value`."""
        value = self.option.name if self.option else self.value
        if self.kind == "multi_select":
            value = tuple(each.name for each in self.options)
        is_known = isinstance(value, str | int | float | tuple)
        return FieldEntry(id=self.id, name=self.name, value=value if is_known else str(value))


class _Event(_Model):
    kind: str = Field(default="", alias="__typename")
    at: datetime = Field(alias="createdAt")
    actor: Author | None = None
    field: _Named | None = Field(default=None, alias="issueField")

    def change(self) -> Change:
        """A field that was deleted since has no name any more."""
        actor = (self.actor or Author(login="ghost")).account
        return Change(
            kind=_KINDS.get(self.kind, self.kind), actor=actor, at=self.at, field=self.field.name if self.field else ""
        )


class FieldsTracker(SetupTracker):
    """The part of GitHub that knows issue types and issue fields."""

    _transport: Transport

    def close(self) -> None:
        """Let it send nothing any more, whichever thread still works with it."""
        self._transport.credential.is_closed = True

    def list_types(self, repository: str, wanted: Iterable[str]) -> tuple[str, ...] | None:
        """The enabled ones. https://docs.github.com/en/rest/repos/issue-types#list-issue-types-for-a-repository."""
        del wanted
        what = f"read the issue types of {repository}"
        found = self._wire.read(what, f"{write_repository_path(repository)}/issue-types", tolerate=is_refused)
        with explain_answer(what):
            read = [_Type.model_validate(mend_json(each)) for each in _expect_list(found)]
        return None if found is None else tuple(each.name for each in read if each.is_enabled)

    def list_fields(self, repository: str, wanted: Mapping[str, FieldValue]) -> tuple[IssueField, ...] | None:
        """Those of the organisation; a token of a workflow may not be allowed to read them.

        https://docs.github.com/en/rest/orgs/issue-fields#list-issue-fields-for-an-organization
        """
        del wanted
        owner = write_repository_path(repository).removeprefix("/repos/").partition("/")[0]
        what = f"read the issue fields of {owner}"
        found = self._wire.read(what, f"/orgs/{owner}/issue-fields", tolerate=is_refused)
        with explain_answer(what):
            read = [_Field.model_validate(mend_json(each)) for each in _expect_list(found) if each]
        return None if found is None else tuple(map(_make_field, read))

    def list_values(self, repository: str, number: int) -> tuple[FieldEntry, ...] | None:
        """https://docs.github.com/en/rest/issues/issue-field-values#list-issue-field-values-for-an-issue."""
        what = f"read the issue fields of {repository}#{number}"
        path = f"{_write_path(repository, number)}?per_page=100"
        found = self._wire.read(what, path, tolerate=is_refused)
        with explain_answer(what):
            read = tuple(_Value.model_validate(mend_json(each)).entry() for each in _expect_list(found))
        return None if found is None else read

    def list_field_changes(self, issue: Issue) -> tuple[Change, ...] | None:
        """The changes with their actors; None where the server does not know them, or the token may not ask."""
        what = f"read who set the issue fields of {issue.repository}#{issue.number}"
        owner, _, name = issue.repository.partition("/")
        body = {"query": CHANGES_QUERY, "variables": {"owner": owner, "name": name, "number": issue.number}}
        reply, answer = self._wire.query(what, self._transport.graphql_url, body, tolerate=is_unanswered)
        return parse_field_changes(reply, what) if answer.is_success else None

    def set_type(self, repository: str, number: int, name: str | None) -> bool:
        """The answer shows whether GitHub did it: without push access it drops the type without a word.

        https://docs.github.com/en/rest/issues/issues#update-an-issue
        """
        what = f"set the type of {repository}#{number}"
        path = f"{write_repository_path(repository)}/issues/{number}"
        stored = self._wire.write(what, "PATCH", path, {"type": name and mend_text(name)}, tolerate=is_refused)
        if stored is None:
            return False
        with explain_answer(what):
            present = _Named.model_validate(mend_json(stored.get("type") or {})).name
        return present.casefold() == (name or "").casefold()

    def set_fields(self, repository: str, number: int, values: Mapping[int, FieldValue]) -> bool:
        """POST adds values, at most 25 at once. An empty list would clear all of them, so it is never sent.

        https://docs.github.com/en/rest/issues/issue-field-values#add-issue-field-values-to-an-issue
        """
        what, path = f"set issue fields of {repository}#{number}", _write_path(repository, number)
        given = iter([{"field_id": key, "value": _write_value(value)} for key, value in values.items()])
        while part := list(islice(given, MOST_VALUES)):
            if self._wire.write(what, "POST", path, {"issue_field_values": part}, tolerate=is_refused) is None:
                return False
        return True

    def clear_field(self, repository: str, number: int, field: int) -> None:
        """GitHub answers 404 if the field has no value."""
        what = f"clear an issue field of {repository}#{number}"
        self._wire.write(what, "DELETE", f"{_write_path(repository, number)}/{field}", tolerate=is_missing)


def parse_field_changes(reply: object, what: str) -> tuple[Change, ...] | None:
    """Read the answer to `CHANGES_QUERY`; None where the server does not understand it, or the token may not ask.

    Raises `TrackerError` ("Could not `what`: …") for GraphQL's other errors, which come with the status 200.
    """
    with explain_answer(what):
        items = read_timeline(reply, what)
        if items is None:
            return None
        nodes = items.get("nodes") or []
        return tuple(_Event.model_validate(node).change() for node in nodes if node)


def _make_field(field: _Field) -> IssueField:
    names = tuple(option.name for option in field.options)
    return IssueField(id=field.id, name=field.name, kind=field.data_type, options=names)


def _write_value(value: FieldValue) -> object:
    if isinstance(value, tuple):
        return [mend_text(each) for each in value]
    return mend_text(value) if isinstance(value, str) else value


def _write_path(repository: str, number: int) -> str:
    return f"{write_repository_path(repository)}/issues/{number}/issue-field-values"


def _expect_list(found: Json) -> list[Any]:
    """The entries; raises TypeError for an answer that is not a list. One that was refused has none."""
    if found is not None and not isinstance(found, list):
        raise TypeError("it is not a list")
    return found or []
