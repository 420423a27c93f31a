"""The story of one issue, from the event to the report."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from bot.apply import Outcome, apply_plan
from bot.config import Config
from bot.duplicates.canonical import Target, judge_target
from bot.errors import TrackerError
from bot.github.event import IssueRequest
from bot.github.tracker import Change, Issue, IssueEvent, Skip, Tracker
from bot.plan import State, make_plan, needs_history
from bot.report import Report
from bot.rules.matching import Match, match_rules, read_facts
from bot.rules.rule import Ruleset
from bot.skip import find_event_skip, find_issue_skip
from bot.wish import Wish, choose_wish

OUR_LOGIN = "github-actions[bot]"


def run(
    event: IssueEvent | IssueRequest,
    ruleset: Ruleset,
    config: Config,
    tracker: Tracker,
    now: datetime,
    *,
    template: str | None = None,
    is_dry_run: bool = False,
) -> Report:
    """Do all that Signpost does for one issue. Raises TrackerError where GitHub cannot be read."""
    report = Report(repository=_repository_of(event), issue=_number_of(event), problems=ruleset.problems)
    if (skip := find_event_skip(event, config)) or not _is_worth_a_look(event, ruleset, config):
        return replace(report, skipped=skip)
    issue = _read_issue(event, config, tracker)
    if isinstance(issue, Skip):
        return replace(report, skipped=issue, requests=tracker.requests)
    matches = match_rules(read_facts(issue, ruleset), ruleset)
    wish = choose_wish(matches, config, now.date())
    login = _find_login(issue, config, tracker)
    history = tracker.list_changes(issue) if needs_history(issue, wish, login, config) else None
    if history and (former := _find_former_title(issue, history)):
        matches = match_rules(read_facts(replace(issue, title=f"{issue.title}\n{former}"), ruleset), ruleset)
        wish = choose_wish(matches, config, now.date())
    targets, refused = _find_targets(issue, wish, tracker)
    missing = [label for label in wish.add if label not in issue.labels]
    state = State(
        login=login,
        history=history,
        existing_labels=tracker.find_labels(issue.repository, missing) if missing else frozenset(),
        targets=targets,
        template=template,
        forbidden=ruleset.forbidden_words,
    )
    plan = make_plan(issue, wish, state, config, now)
    outcomes = () if is_dry_run else apply_plan(plan, issue, tracker)
    remarks = (*refused, *_check_identity(outcomes, login))
    return replace(report, matches=matches, plan=plan, outcomes=outcomes, remarks=remarks, requests=tracker.requests)


def _repository_of(event: IssueEvent | IssueRequest) -> str:
    return event.repository if isinstance(event, IssueRequest) else event.issue.repository


def _number_of(event: IssueEvent | IssueRequest) -> int:
    return event.number if isinstance(event, IssueRequest) else event.issue.number


def _is_worth_a_look(event: IssueEvent | IssueRequest, ruleset: Ruleset, config: Config) -> bool:
    """Whether a request is due: a rule matches the payload, or something there may be ours: a comment, a label."""
    if isinstance(event, IssueRequest) or event.issue.comment_count:
        return True
    if any(label.startswith(tuple(config.labels.prefix_owned)) for label in event.issue.labels):
        return True
    return bool(match_rules(read_facts(event.issue, ruleset), ruleset))


def _read_issue(event: IssueEvent | IssueRequest, config: Config, tracker: Tracker) -> Issue | Skip:
    """The issue as it is now, with its comments: the event may be late, doubled or out of order."""
    try:
        issue = tracker.get_issue(_repository_of(event), _number_of(event))
    except TrackerError as error:
        if not error.gone:
            raise
        return Skip("the issue was deleted or transferred")
    if skip := find_issue_skip(issue, config):
        return skip
    return replace(issue, comments=tracker.list_comments(issue)) if issue.comment_count else issue


def _find_login(issue: Issue, config: Config, tracker: Tracker) -> str:
    """Who we are; asked only where there is something that may be ours."""
    if config.identity.login:
        return config.identity.login
    is_untouched = not issue.comment_count and issue.updated_at == issue.created_at
    return OUR_LOGIN if is_untouched else tracker.get_login() or OUR_LOGIN


def _find_former_title(issue: Issue, history: Iterable[Change]) -> str | None:
    """The reporter's own title, where somebody else has renamed the issue: a tidier title takes nothing back."""
    renames = [change for change in history if change.kind == "renamed" and change.actor.login != issue.author.login]
    return renames[0].former_title if renames else None


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


def _check_identity(outcomes: Iterable[Outcome], login: str) -> list[str]:
    """A remark where our comment came out under another name: the next run would not know it as ours."""
    posted = [outcome.comment.author.login for outcome in outcomes if outcome.comment]
    return [
        f"our comment was posted as {name}; set `identity: {{login: {name!r}}}` in config.yml"
        for name in posted
        if name.lower() != login.lower()
    ]
