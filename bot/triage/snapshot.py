"""What is read before a plan is made: the issue as it is now, its history and labels; in few requests."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.comment.marker import find_own_comment
from bot.duplicates.candidates import WHY, Earlier, Findings, LeftOut, Tier
from bot.duplicates.canonical import find_unread_ends
from bot.errors import TrackerError
from bot.github.webhook_event import IssueRequest
from bot.issue.commands import find_command
from bot.tracker.types import Change, Issue, IssueEvent, Links, Skip, Tracker
from bot.triage.config import Config
from bot.triage.decisions import Wish, without
from bot.triage.links import Candidates, Linking, find_follows, judge_candidates
from bot.triage.plan import needs_history
from bot.triage.skip import find_issue_skip
from bot.triage.state import Sources, State

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


def read_linking(issue: Issue, wish: Wish, login: str, sources: Sources, tracker: Tracker) -> Linking:
    """Look for earlier reports, and read where they and the issues to follow lead: two requests at most to check."""
    command = find_command(issue.comments, issue.author)
    if not (wish.speaking or command or sources.config.duplicates.comment == "always"):
        return list_unchecked(issue, sources)
    own = find_own_comment(issue.comments, login, issue.number)
    given = own[1].earlier if own else {}
    findings = _find_earlier(issue, wish, given, sources)
    candidates = Candidates(follows=find_follows(wish), command=command, findings=findings, given=given)
    links = _read_links(issue, candidates.numbers, tracker)
    return judge_candidates(issue, wish, candidates, links, sources.ruleset)


def list_unchecked(issue: Issue, sources: Sources) -> Linking:
    """What was found for an issue that nothing is said about, where finding costs nothing; nobody has checked it."""
    if not (sources.config.duplicates.enabled and sources.find_earlier.is_free):
        return Linking()
    findings = sources.find_earlier(issue)
    reason = "no rule matches, and the settings want no comment for links alone"
    left_out = tuple(LeftOut(each, reason) for each in findings.earlier)
    return Linking(left_out=left_out, remarks=findings.remarks, expected=findings.expected)


def _find_earlier(issue: Issue, wish: Wish, given: Mapping[int, Tier], sources: Sources) -> Findings:
    """What may be the same problem, and of what was linked before (`given`) that which the search does not refute."""
    asked = sources.config.duplicates
    if not (asked.enabled and asked.show and (wish.speaking or asked.comment == "always")):
        return Findings()
    findings = sources.find_earlier(issue)
    known = {each.number for each in findings.earlier}
    kept = {number: tier for number, tier in given.items() if number not in known and not _can_refute(findings, tier)}
    return replace(findings, earlier=(*(_remember(*link) for link in kept.items()), *findings.earlier))


def _can_refute(findings: Findings, tier: Tier) -> bool:
    """Whether what was linked and is not found any more is out: only a calibrated index knows what is alike enough."""
    return findings.is_whole and (findings.is_calibrated or tier != "C")


def _remember(number: int, tier: Tier) -> Earlier:
    """A link that was given before. Tier A is seen anew: a rule matches both, or a person's command is still there."""
    kept: Tier = "C" if tier == "C" else "B"
    return Earlier(number=number, tier=kept, score=0.0, why=WHY[kept])


def _read_links(issue: Issue, numbers: list[int], tracker: Tracker) -> Links:
    """What GitHub says of them, and of the ends of their chains. One that is this issue itself is not asked for."""
    asked = [number for number in dict.fromkeys(numbers) if number != issue.number]
    if not asked:
        return Links()
    links = _read_if_answered(issue.repository, asked, tracker)
    ends = set(find_unread_ends(asked, links.issues, issue.repository)) - {issue.number}
    if not ends:
        return links
    behind = _read_if_answered(issue.repository, sorted(ends), tracker)
    return replace(
        links,
        issues={**behind.issues, **links.issues},
        unread=links.unread | behind.unread,
        failure=links.failure or behind.failure,
    )


def _read_if_answered(repository: str, numbers: list[int], tracker: Tracker) -> Links:
    """What GitHub says of them; where it does not answer, only that. What it refuses ends the run as elsewhere."""
    try:
        return tracker.read_links(repository, numbers)
    except TrackerError as error:
        if not error.unanswered:
            raise
        return Links(unread=frozenset(numbers), failure=str(error))
