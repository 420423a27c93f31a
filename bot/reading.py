"""What is read before a plan is made: the issue as it is now, its history, labels and links; in few requests."""

from collections.abc import Iterable
from dataclasses import replace

from bot.config import Config
from bot.duplicates.canonical import Target, judge_target
from bot.errors import TrackerError
from bot.github.event import IssueRequest
from bot.github.tracker import Change, Issue, IssueEvent, Skip, Tracker
from bot.plan import State, needs_history
from bot.rules.matching import Match
from bot.skip import find_issue_skip
from bot.wish import Wish, without

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
    issue: Issue, wish: Wish, login: str, history: tuple[Change, ...] | None, tracker: Tracker
) -> tuple[State, list[str]]:
    """What the plan must know beside the issue, and a remark for each link that may not be given."""
    targets, refused = _find_targets(issue, wish, tracker)
    missing = without(wish.add, issue.labels)
    existing = tracker.find_labels(issue.repository, missing) if missing else frozenset()
    return State(login=login, history=history, existing_labels=existing, targets=targets), refused


def _find_targets(issue: Issue, wish: Wish, tracker: Tracker) -> tuple[dict[int, Target], list[str]]:
    """The issues to follow that may be linked, and a remark for each that may not. One request a link, two at most."""
    targets, remarks = dict[int, Target](), list[str]()
    for match in wish.speaking:
        judged = _judge_follow(issue, match, tracker)
        if isinstance(judged, Target):
            targets[judged.number] = judged
        elif judged:
            remarks.append(f"`{match.rule.id}` follows {judged.reason}; the link is left out")
    return targets, remarks


def _judge_follow(issue: Issue, match: Match, tracker: Tracker) -> Target | Skip | None:
    number = match.rule.model.follow
    if number is None or number == issue.number:
        return judge_target(issue, number, None) if number else None
    try:
        found = tracker.get_issue(issue.repository, number)
    except TrackerError as error:
        if not error.missing:
            raise
        found = None
    return judge_target(issue, number, found)
