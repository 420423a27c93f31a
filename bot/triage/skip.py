"""Which events and issues are left alone, and why. Pure."""

from bot.github.webhook_event import IssueRequest
from bot.issue.mentions import has_command, may_command
from bot.tracker.types import Comment, Issue, IssueEvent, Skip
from bot.triage.config import Config

Event = IssueEvent | IssueRequest
"""What starts a run: GitHub's event, or a person who names an issue."""

_OCCASIONS = {
    ("issues", "opened"): "opened",
    ("issues", "edited"): "edited",
    ("issues", "reopened"): "reopened",
    ("issue_comment", "created"): "commented",
    ("issue_comment", "edited"): "commented",
}


def find_event_skip(event: Event, config: Config) -> Skip | None:
    """Why an event starts nothing; None if it starts something. One that a person started by hand always does."""
    if isinstance(event, IssueRequest):
        return None
    occasion = _OCCASIONS.get((event.name, event.action))
    if occasion not in config.on:
        return Skip(f"{event.name} {event.action} is not looked at")
    if event.sender.is_bot:
        return Skip(f"the event comes from a bot ({event.sender.login})")
    if event.comment and not _is_for_us(event.comment, event.issue):
        return Skip("the comment is not by the issue's author")
    return find_issue_skip(event.issue, config)


def _is_for_us(comment: Comment, issue: Issue) -> bool:
    """Whether a comment may change what is known of an issue: its author's, and a maintainer's command."""
    is_authors = comment.author.login == issue.author.login
    return is_authors or (may_command(comment, issue.author) and has_command(comment))


def find_issue_skip(issue: Issue, config: Config) -> Skip | None:
    """Why an issue is left alone; None if it is not."""
    present = {label.casefold() for label in issue.labels}
    unwanted = next((label for label in config.skip.labels if label.casefold() in present), None)
    reasons = (
        (issue.is_pull_request, "it is a pull request"),
        (issue.state == "closed", "the issue is closed"),
        (issue.is_locked, "the issue is locked"),
        (config.skip.bots and issue.author.is_bot, f"the issue was opened by a bot ({issue.author.login})"),
        (
            issue.author.login.lower() in {login.lower() for login in config.skip.authors},
            f"issues by {issue.author.login} are skipped",
        ),
        (
            issue.association in config.skip.associations,
            f"issues by people with the association {issue.association} are skipped",
        ),
        (unwanted is not None, f"issues with the label `{unwanted}` are skipped"),
    )
    return next((Skip(reason) for holds, reason in reasons if holds), None)
