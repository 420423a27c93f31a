"""What is read before a plan is made: the issue as it is now, its history and labels; in few requests."""

from collections.abc import Iterable
from dataclasses import replace

from bot.errors import TrackerError
from bot.github.webhook_event import IssueRequest
from bot.tracker.types import Change, Issue, IssueEvent, Skip, Tracker
from bot.triage.config import Config
from bot.triage.decisions import Wish, without
from bot.triage.links import Linking
from bot.triage.plan__plan import needs_history
from bot.triage.skip import find_issue_skip
from bot.triage.state__state import State

OUR_LOGIN = "github-actions[bot]"
_GONE = "the issue was deleted or transferred"


def read_issue(event: IssueEvent | IssueRequest, config: Config, tracker: Tracker) -> Issue | Skip:
    """The issue as it is now, with its comments: the event may be late, doubled or out of order."""
    try:
        issue = tracker.get_issue(event.repository, event.number)
    except TrackerError as error:
        if not error.gone:
            raise
        return Skip(_GONE)
    if not _is_the_same(issue, event):
        return Skip(_GONE)
    if skip := find_issue_skip(issue, config):
        return skip
    return replace(issue, comments=tracker.list_comments(issue)) if issue.comment_count else issue


def _is_the_same(issue: Issue, event: IssueEvent | IssueRequest) -> bool:
    """Whether GitHub gave the issue of the event, and not one of the same number in the repository it was moved to.

    A renamed repository keeps its issues' ids; a transferred issue gets a new one.
    """
    if isinstance(event, IssueEvent) and event.issue.id and issue.id:
        return issue.id == event.issue.id
    return issue.repository.casefold() == event.repository.casefold()


def find_login(issue: Issue, config: Config, tracker: Tracker) -> str:
    """Who we are; asked only where there is something that may be ours."""
    if config.identity.login:
        return config.identity.login
    is_untouched = not issue.comment_count and issue.updated_at == issue.created_at
    return OUR_LOGIN if is_untouched else tracker.get_login() or OUR_LOGIN


def read_history(issue: Issue, wish: Wish, login: str, config: Config, tracker: Tracker) -> tuple[Change, ...] | None:
    """The issue's own history, where a human may have decided something; None where it need not be read."""
    return tracker.list_changes(issue) if needs_history(issue, wish, login, config) else None


def restore_title(issue: Issue, history: Iterable[Change] | None) -> Issue:
    """The issue with the reporter's own title too where somebody else renamed it: tidier titles take nothing back."""
    renames = [
        c for c in history or () if c.kind == "renamed" and c.actor.login != issue.author.login and c.former_title
    ]
    return replace(issue, title=f"{issue.title}\n{renames[0].former_title}") if renames else issue


def read_state(
    issue: Issue, wish: Wish, login: str, history: tuple[Change, ...] | None, linking: Linking, tracker: Tracker
) -> State:
    """What the plan must know beside the issue."""
    missing = without(wish.add, issue.labels)
    existing = tracker.find_labels(issue.repository, missing) if missing else frozenset()
    return State(
        login=login,
        history=history,
        existing_labels=existing,
        targets=linking.targets,
        duplicates=linking.duplicates,
        are_links_known=linking.is_whole,
    )
