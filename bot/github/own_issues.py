"""Issues that Signpost opens itself, through REST; and what every request about a repository needs."""

from collections.abc import Callable
from typing import Literal, TypeVar
from urllib.parse import quote

from bot.errors import SettingsError, TrackerError
from bot.github.payloads import mend_text, parse_closing, parse_issue
from bot.github.responses import is_missing, is_unchanged
from bot.github.transport import Wire
from bot.tracker.own_issues import OwnIssue
from bot.tracker.types import FolderTree

Parsed = TypeVar("Parsed")


class OwnIssueTracker:
    """The part of GitHub that keeps our own issues; see `OwnIssueSource` for the contract of each method.

    It also looks whether the files of a folder changed.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def list_own_issues(self, repository: str, login: str) -> tuple[OwnIssue, ...]:
        """One page of the issues by that login.

        The login of an App is its name with `[bot]`.
        https://docs.github.com/en/rest/issues/issues#list-repository-issues
        """
        what = f"read the issues that {login} opened in {repository}"
        order = "state=all&sort=updated&direction=desc&per_page=100"
        path = f"{write_repository_path(repository)}/issues?creator={quote(login, safe='')}&{order}"
        found = self._wire.read(what, path)
        entries = found if isinstance(found, list) else []
        parsed = parse_answer(what, lambda: tuple(map(_parse_own_issue, entries)))
        return tuple(each for each in parsed if not each.issue.is_pull_request)

    def read_own_issue(self, repository: str, number: int) -> OwnIssue | None:
        """The issue; None where GitHub answers 404 or 410, or redirects to another issue."""
        what = f"read {repository}#{number}"
        found = self._wire.read(what, f"{write_repository_path(repository)}/issues/{number}", tolerate=is_missing)
        if found is None:
            return None
        own = parse_answer(what, lambda: _parse_own_issue(found))
        return own if own.issue.number == number else None

    def open_issue(self, repository: str, title: str, body: str) -> OwnIssue:
        """Open an issue, once."""
        what, given = f"open an issue in {repository}", {"title": mend_text(title), "body": mend_text(body)}
        stored = self._wire.write(what, "POST", f"{write_repository_path(repository)}/issues", given)
        return parse_answer(what, lambda: _parse_own_issue(stored), uncertain=True)

    def update_issue(
        self, repository: str, number: int, body: str, closed_as: Literal["completed", "not_planned"] | None = None
    ) -> OwnIssue:
        """Text and state change together, so nobody sees one without the other."""
        what, given = f"edit {repository}#{number}", {"body": mend_text(body)}
        given |= {"state": "closed", "state_reason": closed_as} if closed_as else {}
        stored = self._wire.write(what, "PATCH", f"{write_repository_path(repository)}/issues/{number}", given)
        return parse_answer(what, lambda: _parse_own_issue(stored), uncertain=True)

    def find_tree(self, repository: str, folder: str, etag: str = "") -> FolderTree | None:
        """The tree of a folder on the default branch; None if the answer is the one with that ETag.

        A tree changes with each file below it. It is read from the listing of the folder above: the listing of the
        folder itself ends at 1,000 files (https://docs.github.com/en/rest/repos/contents#get-repository-content).
        """
        above, _, name = folder.rpartition("/")
        path = f"{write_repository_path(repository)}/contents/{quote(above)}"
        what = f"read the id of {folder} in {repository}"
        found, answer = self._wire.ask_page(what, path, etag, is_missing, is_repeated=True)
        if is_unchanged(answer):
            return None
        listed = [] if is_missing(answer) or isinstance(found, dict) else found  # a file is one object
        if not (isinstance(listed, list) and all(isinstance(each, dict) for each in listed)):
            raise TrackerError(f"Could not {what}: GitHub's answer is unexpected.", unanswered=True)
        tree = next((str(each.get("sha")) for each in listed if each.get("name") == name), "")
        return FolderTree(tree, answer.headers.get("etag", ""))


def _parse_own_issue(json: object) -> OwnIssue:
    issue, closed = parse_issue(json), parse_closing(json)
    return OwnIssue(issue, closed if issue.state == "closed" else None)


def parse_answer(what: str, parse: Callable[[], Parsed], *, uncertain: bool = False) -> Parsed:
    """Give what `parse` makes of an answer; GitHub's JSON without what must be there is GitHub's failure."""
    try:
        return parse()
    except SettingsError as error:
        message = f"Could not {what}: GitHub's answer is unexpected. {error}"
        raise TrackerError(message, uncertain=uncertain, unanswered=True) from None


def write_repository_path(repository: str) -> str:
    """The address of a repository in the API; raises TrackerError for what is not `owner/name`."""
    parts = repository.split("/")
    if len(parts) != 2 or not all(map(is_addressable, parts)):  # noqa: PLR2004 - owner/name
        raise TrackerError(f"{repository!r} is not a repository name; write it as owner/name.")
    return f"/repos/{quote(repository)}"


def is_addressable(part: str) -> bool:
    """An empty part or dots of a path would address something else: DELETE …/labels/ takes all labels off."""
    return part not in {"", ".", ".."}
