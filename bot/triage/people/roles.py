"""The roles of people: whose commands count, and whose issues are left alone; GitHub is asked where it matters."""

from typing import TYPE_CHECKING

from bot.errors import BudgetSpentError, TrackerError
from bot.issue.commands import COMMANDERS, UNANSWERED, UNASKED, find_unasked
from bot.tracker.types import MAINTAINERS, Issue, Skip, Tracker
from bot.triage.config import Config
from bot.triage.decisions import Decisions

if TYPE_CHECKING:
    from bot.triage.snapshot import Snapshot

MOST_ASKED = 10
"""People whose role is asked for in one run; the commands of others wait for the next one."""


def read_permissions(issue: Issue, tracker: Tracker) -> dict[str, str]:
    """The roles of people, by their logins in lower case, whose commands count only with a role in the repository.

    If GitHub refuses the question, nobody else is asked for, and the association decides. Those behind the first
    `MOST_ASKED` have no role in this run.
    """
    roles = dict[str, str]()
    wanted = find_unasked(issue, {})
    for login in wanted[:MOST_ASKED]:
        role = find_role(issue.repository, login, tracker)
        if not role:
            return roles
        roles[login.casefold()] = role
    return roles | {login.casefold(): UNASKED for login in wanted[MOST_ASKED:]}


def find_role(repository: str, login: str, tracker: Tracker) -> str:
    """The role of a person; `UNANSWERED` if GitHub does not answer, "" if it refuses."""
    try:
        return tracker.find_permission(repository, login)
    except BudgetSpentError:
        raise
    except TrackerError as error:
        return UNANSWERED if error.unanswered else ""


def find_private_member(snapshot: "Snapshot", decisions: Decisions, config: Config, tracker: Tracker) -> Skip | None:
    """Why Signpost leaves a new issue alone whose author only looks like a contributor: private members do so, too.

    GitHub is asked only where Signpost would post its first comment.
    """
    issue = snapshot.issue
    may_be_skipped = issue.association == "CONTRIBUTOR" and bool(MAINTAINERS.intersection(config.skip.associations))
    if not may_be_skipped or snapshot.own or not decisions.can_comment:
        return None
    if find_role(issue.repository, issue.author.login, tracker) not in COMMANDERS:
        return None
    return Skip(f"issues by maintainers are skipped, and {issue.author.login} has write access or triage")
