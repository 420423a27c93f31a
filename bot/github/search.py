"""What GitHub's search for issues is asked, and what its answers hold. Pure."""

from urllib.parse import urlencode

from bot.errors import SettingsError
from bot.github.payloads import parse_issue
from bot.tracker.types import Issue, SearchResult

MOST = 100


def write_search(repository: str, query: str, *, by_sense: bool = False) -> str:
    """The address of a search.

    https://docs.github.com/en/rest/search/search#search-issues-and-pull-requests
    """
    asked = {"q": f"{query} repo:{repository} is:issue", "per_page": str(MOST)}
    return f"/search/issues?{urlencode({**asked, **({'search_type': 'hybrid'} if by_sense else {})})}"


def parse_search(answer: object, repository: str) -> SearchResult:
    """Read an answer; raises SettingsError where it is none. Issues of other repositories are left out."""
    if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
        raise SettingsError("It has no `items`.")
    found = [parse_issue(item, repository) for item in answer["items"]]
    total = answer.get("total_count")
    return SearchResult(
        issues=_keep_own(found, repository),
        total=total if isinstance(total, int) else len(found),
        is_by_sense=answer.get("search_type") in {"semantic", "hybrid"},
    )


def parse_alike(answer: object, repository: str) -> tuple[Issue, ...]:
    """Read what GitHub finds alike: issues, bare or with a score beside each; what is neither is left out."""
    entries = answer if isinstance(answer, list) else []
    found = [parse_issue(issue, repository) for entry in entries if (issue := _find_issue(entry))]
    return _keep_own(found, repository)


def _find_issue(entry: object) -> object:
    inner = entry.get("issue", entry) if isinstance(entry, dict) else None
    return inner if isinstance(inner, dict) and "title" in inner and "number" in inner else None


def _keep_own(found: list[Issue], repository: str) -> tuple[Issue, ...]:
    own = [issue for issue in found if issue.repository.casefold() == repository.casefold()]
    return tuple(issue for issue in own if not issue.is_pull_request)
