"""GitHub's pending suggestions, through REST; see `SuggestionSource` for the contract of each method."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.errors import SettingsError
from bot.github.own_issues import OwnIssueTracker, is_addressable, parse_answer, write_repository_path
from bot.github.payloads import parse_issue, parse_label
from bot.github.responses import Answer, Json, find_limit, find_next_page, is_invalid, is_missing
from bot.tracker.suggestions import ClosingAnswer, ClosingSuggestion, LabelSuggestion, Suggestion, Suggestions

_MOST_PAGES = 5
"""An issue with more than 500 suggestions gets no more of them."""


class _Stored(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)

    id: int
    action: str
    state: str
    target_id: int | None = None
    target_value: Any = None

    @property
    def suggestion(self) -> Suggestion:
        """The same as a plain value."""
        value = self.target_value if isinstance(self.target_value, str) else ""
        return Suggestion(id=self.id, action=self.action, state=self.state, target=self.target_id, value=value)


class _StoredLabel(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)

    id: int


class SuggestionTracker(OwnIssueTracker):
    """The part of GitHub that keeps suggestions."""

    def list_suggestions(self, repository: str, number: int) -> Suggestions:
        """The suggestions in all states; the triage role may read them, while the feature is on.

        https://docs.github.com/rest/issues/issues#list-issue-suggestions
        """
        what = f"read the suggestions on {repository}#{number}"
        path, items = f"{_path(repository, number)}/suggestions?state=all&per_page=100", list[Suggestion]()
        for _ in range(_MOST_PAGES):
            page, answer = self._wire.ask_page(what, path, "", _lacks_suggestions, is_repeated=True)
            if not answer.is_success:
                return Suggestions(absence=_explain_absence(answer))
            if (found := _parse_suggestions(page)) is None:
                break
            items += found
            if not (path := find_next_page(answer) or ""):
                return Suggestions(items=tuple(items))
        return Suggestions(absence="GitHub's answer about suggestions is unexpected")

    def find_label_ids(self, repository: str, names: Iterable[str]) -> Mapping[str, int]:
        """The existing ones of `names`: one is looked up; for several, pages are read until all are found."""
        wanted = tuple(names)
        what = f"read the labels of {repository}"
        if len(wanted) == 1 and is_addressable(wanted[0]):
            path = f"{write_repository_path(repository)}/labels/{quote(wanted[0], safe='')}"
            found = self._wire.read(what, path, tolerate=is_missing)
            return {} if found is None else {wanted[0]: _read_label_id(what, found)}
        missing, ids = {name.casefold() for name in wanted}, dict[str, int]()
        entries = self._wire.read_pages(what, f"{write_repository_path(repository)}/labels?per_page=100")
        while missing and (entry := next(entries, None)):
            if (name := parse_label(entry).casefold()) in missing:
                missing.discard(name)
                ids[name] = _read_label_id(what, entry)
        return {name: ids[name.casefold()] for name in wanted if name.casefold() in ids}

    def suggest_labels(self, repository: str, number: int, labels: Iterable[LabelSuggestion]) -> tuple[str, ...]:
        """Suggest labels, beside the present ones; the answer has the labels of the issue.

        https://docs.github.com/rest/issues/labels#add-labels-to-an-issue
        """
        asked = tuple(labels)
        what = f"suggest labels for {repository}#{number}"
        body = [
            {"name": each.name, "rationale": each.rationale, "suggest": True, "confidence": each.confidence}
            for each in asked
        ]
        stored = self._wire.write(what, "POST", f"{_path(repository, number)}/labels", {"labels": body})
        present = {parse_label(entry).casefold() for entry in stored} if isinstance(stored, list) else set()
        return tuple(each.name for each in asked if each.name.casefold() in present)

    def suggest_closing(self, repository: str, number: int, closing: ClosingSuggestion) -> ClosingAnswer:
        """Suggest to close the issue, as GitHub's own MCP server does; a server that knows no such value answers 422.

        https://github.com/github/github-mcp-server, pkg/github/issues_granular.go (`stateUpdateRequest`)
        """
        what, body = f"suggest to close {repository}#{number}", _write_closing(closing)
        stored = self._wire.write(what, "PATCH", _path(repository, number), body, tolerate=is_invalid)
        if stored is None:
            return "refused"
        issue = parse_answer(what, lambda: parse_issue(stored, repository), uncertain=True)
        return "closed" if issue.state == "closed" else "pending"


def _write_closing(closing: ClosingSuggestion) -> dict[str, Any]:
    said = {"rationale": closing.rationale, "confidence": closing.confidence.upper()}
    body = {"state": {"value": "closed", **said, "suggest": True}, "state_reason": closing.reason}
    return body if closing.duplicate_of is None else {**body, "duplicate_issue_id": closing.duplicate_of}


def _path(repository: str, number: int) -> str:
    return f"{write_repository_path(repository)}/issues/{number}"


def _lacks_suggestions(answer: Answer) -> bool:
    """Whether GitHub has no suggestions here, or not for this token: any refusal but a wrong token and a rate limit."""
    is_refusal = HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return is_refusal and answer.status != HTTPStatus.UNAUTHORIZED and not find_limit(answer, now=0)


def _explain_absence(answer: Answer) -> str:
    if answer.status == HTTPStatus.FORBIDDEN:
        return "the token may not read GitHub's suggestions (GitHub answered 403)"
    return f"this GitHub has no suggestions, or they are off in this repository (GitHub answered {answer.status})"


def _parse_suggestions(page: Json) -> list[Suggestion] | None:
    """The suggestions of a page; None for anything else, because then nobody knows what a person decided."""
    if not isinstance(page, list):
        return None
    try:
        return [_Stored.model_validate(entry).suggestion for entry in page]
    except ValidationError:
        return None


def _read_label_id(what: str, json: Json) -> int:
    return parse_answer(what, lambda: _parse_label_id(json))


def _parse_label_id(json: Json) -> int:
    """The id of a label. Raises SettingsError for JSON without one."""
    try:
        return _StoredLabel.model_validate(json).id
    except ValidationError as error:
        raise SettingsError("A label has no id.") from error
