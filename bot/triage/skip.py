"""Which events and issues Signpost ignores, and why. Pure."""

from collections.abc import Mapping

from bot.comment.marker import NOTICES, read_marker
from bot.github.webhook_event import IssueRequest
from bot.issue.commands import is_by, read_commands
from bot.tracker.types import MAINTAINERS, Comment, Issue, IssueEvent, Skip
from bot.triage.config import Config, Occasion

Event = IssueEvent | IssueRequest
"""What starts a run: an event of GitHub, or a person who names an issue."""

OCCASIONS: Mapping[tuple[str, str], tuple[Occasion, ...]] = {
    ("issues", "opened"): ("opened",),
    ("issues", "edited"): ("edited",),
    ("issues", "reopened"): ("reopened",),
    ("issues", "labeled"): ("labeled",),
    ("issues", "unlabeled"): ("unlabeled", "labeled"),
    ("issue_comment", "created"): ("commented",),
    ("issue_comment", "edited"): ("commented",),
}
"""The occasions of the settings that include an event; `labeled` has always included both events of labels."""


def find_event_skip(event: Event, config: Config) -> Skip | None:
    """Why Signpost ignores an event; None if it does not. It never ignores a run that a person started by hand."""
    if isinstance(event, IssueRequest):
        return None
    if not any(occasion in config.on for occasion in OCCASIONS.get((event.name, event.action), ())):
        return Skip(f"the settings do not include the event {event.name} {event.action}")
    if event.sender.is_bot:
        return Skip(f"the event comes from a bot ({event.sender.login})")
    if event.comment and not _is_for_us(event.comment, event.issue):
        return Skip("the comment is neither by the author of the issue nor a command")
    return find_issue_skip(event.issue, config)


def _is_for_us(comment: Comment, issue: Issue) -> bool:
    """Whether a comment may change the facts of an issue: one by its author, or a command.

    Whoever may not give the command gets an answer. A report is answered elsewhere (bot.insights.report.event).
    """
    if comment.author.is_bot:
        return False
    return is_by(comment, issue.author) or any(command.name != "report" for command in read_commands(comment.body))


def find_issue_skip(issue: Issue, config: Config, *, is_by_hand: bool = False) -> Skip | None:
    """Why Signpost ignores an issue; None if it does not.

    A run that a person started by hand takes issues of owners and members, too: it is how a maintainer tries a rule.
    """
    present = {label.casefold() for label in issue.labels}
    unwanted = next((label for label in config.skip.labels if label.casefold() in present), None)
    reasons = (
        (issue.is_pull_request, "it is a pull request"),
        (_is_notice(issue, config), "Signpost opened the issue itself"),
        (issue.state == "closed", "the issue is closed"),
        (issue.is_locked, "the issue is locked"),
        (config.skip.bots and issue.author.is_bot, f"the issue was opened by a bot ({issue.author.login})"),
        (
            issue.author.login.lower() in {login.lower() for login in config.skip.authors},
            f"issues by {issue.author.login} are skipped",
        ),
        (
            not is_by_hand and issue.association in config.skip.associations,
            f"issues by authors with the association {issue.association} are skipped",
        ),
        (unwanted is not None, f"issues with the label `{unwanted}` are skipped"),
    )
    return next((Skip(reason) for holds, reason in reasons if holds), None)


def _is_notice(issue: Issue, config: Config) -> bool:
    """Whether it is an issue of our own, by its marker; in somebody else's issue a marker means nothing.

    Our login is a bot's, that of the settings, or a person's who may write.
    """
    marker = read_marker(issue.body)
    if marker is None or marker.kind not in NOTICES:
        return False
    ours = {login.casefold() for login in (config.identity.login or "", *config.identity.also)}
    author = issue.author
    return author.is_bot or author.login.casefold() in ours or issue.association in MAINTAINERS
