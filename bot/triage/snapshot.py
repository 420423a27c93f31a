"""One issue as it is now, with all other data that a run needs. Nothing else reads from GitHub."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from bot.comment.marker import Marker, OwnComment, find_own_comments
from bot.duplicates.canonical import find_unread_ends
from bot.errors import BudgetSpentError, TrackerError
from bot.github.webhook_event import IssueRequest
from bot.issue.commands import COMMANDERS, UNANSWERED, UNASKED, Said, find_duplicates, find_unasked, hear_commands
from bot.rules.matcher import Match, match_issue
from bot.tracker.types import MAINTAINERS, Change, Issue, IssueEvent, Links, Reaction, Skip, Tracker
from bot.triage.config import Config, Sources
from bot.triage.decisions import Decisions, decide, decide_incident, find_unwanted, is_owned, without
from bot.triage.links import LinkInputs, find_follows
from bot.triage.people.closing import find_order, find_wanted, refuse_orders
from bot.triage.people.refusals import DOWN, Refusals, hear_answers, is_refusal, list_answers
from bot.triage.skip import Event, find_issue_skip

OUR_LOGIN = "github-actions[bot]"
MOST_ASKED = 10
"""People whose role is asked for in one run; the commands of others wait for the next one."""

_GONE = "the issue was deleted or transferred"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The issue with its comments, our login, our own comment, and the other data that was read.

    `also` are our former logins. `surplus` are our other comments; there should be none. `matches` also use the title
    that the reporter gave. `reactions` are the author's 👎 on our comment. `history` has GitHub's events of the issue;
    None if no human can have decided anything. `existing_labels` are the missing labels that the repository has.
    `permissions` are the roles of people who gave commands (see `is_maintainer`), as far as they decide something.
    `asked` is the id of the comment that started the run, 0 if none did.
    """

    issue: Issue
    login: str = OUR_LOGIN
    also: tuple[str, ...] = ()
    own: OwnComment | None = None
    surplus: tuple[OwnComment, ...] = ()
    matches: tuple[Match, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    history: tuple[Change, ...] | None = None
    existing_labels: frozenset[str] = frozenset()
    link_inputs: LinkInputs = field(default_factory=LinkInputs)
    permissions: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0

    @cached_property
    def said(self) -> tuple[Said, ...]:
        """All commands on the issue, with the faults of those that have no effect."""
        said = hear_commands(self.issue, self.permissions)
        return refuse_orders(said, self.issue, self.history or (), self.permissions)

    @property
    def marker(self) -> Marker | None:
        """What our comment remembers; None if we have not commented."""
        return self.own.marker if self.own else None

    @property
    def refusals(self) -> Refusals:
        """The rules whose guidance people have refused here."""
        matching = (name for match in self.matches for name in match.rule.names)
        return hear_answers(self.marker, list_answers(self.said, self.issue, self.reactions), matching)

    @property
    def logins(self) -> tuple[str, ...]:
        """All our logins, the current one first."""
        return (self.login, *self.also)

    def is_us(self, login: str) -> bool:
        """Whether a login is one of ours; GitHub compares them without regard to case."""
        return login.casefold() in {ours.casefold() for ours in self.logins}


def find_unmatched_issue(event: Event, sources: Sources) -> Issue | None:
    """The issue of an event that needs no request: no rule matches, no link is wanted, and nothing can be ours.

    Only the payload of a new issue is certain: an edit may happen while we comment.
    """
    if not isinstance(event, IssueEvent) or event.action != "opened" or event.issue.comment_count:
        return None
    if sources.config.duplicates.enabled and sources.config.duplicates.comment == "always":
        return None
    if any(is_owned(label, sources.config) for label in event.issue.labels):
        return None
    is_known = match_issue(event.issue, sources.ruleset) or decide_incident(event.issue, (), sources)
    return None if is_known else event.issue


def read_snapshot(event: Event, sources: Sources, tracker: Tracker, today: date) -> Snapshot | Skip:
    """The issue as it is now, which may differ from the event; or why Signpost ignores it.

    Each step reads only what the decisions so far need. Raises TrackerError if GitHub cannot be read.
    """
    issue = _read_issue(event, sources.config, tracker)
    if isinstance(issue, Skip):
        return issue
    asked = event.comment.id if isinstance(event, IssueEvent) and event.comment else 0
    snapshot = replace(
        _find_ourselves(issue, sources, tracker), permissions=read_permissions(issue, tracker), asked=asked
    )
    snapshot = _read_refusals(snapshot, tracker)
    snapshot = _read_history(snapshot, make_decisions(snapshot, sources, today), sources.config, tracker)
    if (reported := _restore_title(snapshot)) != issue:
        snapshot = replace(snapshot, matches=match_issue(reported, sources.ruleset))
    snapshot = replace(
        snapshot, link_inputs=_read_link_inputs(snapshot, make_decisions(snapshot, sources, today), sources, tracker)
    )
    decisions = make_decisions(snapshot, sources, today)
    if skip := _find_private_member(snapshot, decisions, sources.config, tracker):
        return skip
    snapshot = _read_deletions(_read_history(snapshot, decisions, sources.config, tracker), decisions, tracker)
    missing = without(decisions.labels.add, issue.labels)
    existing = tracker.find_labels(issue.repository, missing) if missing else frozenset[str]()
    return replace(snapshot, existing_labels=existing)


def make_decisions(snapshot: Snapshot, sources: Sources, today: date) -> Decisions:
    """All decisions about the issue, with the data that was read so far."""
    refused = snapshot.refusals.rules
    return decide(snapshot.issue, snapshot.matches, snapshot.link_inputs, sources, today, refused)


def _read_issue(event: Event, config: Config, tracker: Tracker) -> Issue | Skip:
    issue = read_issue(event, tracker)
    if isinstance(issue, Skip):
        return issue
    is_by_hand = isinstance(event, IssueRequest)
    return find_issue_skip(issue, config, is_by_hand=is_by_hand) or read_thread(issue, tracker)


def read_thread(issue: Issue, tracker: Tracker) -> Issue:
    """The issue with its comments."""
    return replace(issue, comments=tracker.list_comments(issue)) if issue.comment_count else issue


def read_issue(event: Event, tracker: Tracker) -> Issue | Skip:
    """The issue as it is now, without its comments: the event may be late, doubled or out of order."""
    try:
        issue = tracker.get_issue(event.repository, event.number)
    except TrackerError as error:
        if not error.gone:
            raise
        return Skip(_GONE)
    if not _is_the_same(issue, event):
        return Skip(_GONE)
    return issue


def _is_the_same(issue: Issue, event: Event) -> bool:
    """Whether GitHub returned the issue of the event, and not the one that it became in another repository.

    A renamed repository keeps its issues' ids; a transferred issue gets a new one.
    """
    if isinstance(event, IssueEvent) and event.issue.id and issue.id:
        return issue.id == event.issue.id
    return issue.repository.casefold() == event.repository.casefold()


def _find_ourselves(issue: Issue, sources: Sources, tracker: Tracker) -> Snapshot:
    """The issue with the rules that match, our logins, and our comments."""
    login, also = find_login(issue, sources.config, tracker), tuple(sources.config.identity.also)
    found = find_own_comments(issue.comments, (login, *also), issue.number)
    return Snapshot(
        issue=issue,
        login=login,
        also=also,
        own=found[0] if found else None,
        surplus=found[1:],
        matches=match_issue(issue, sources.ruleset),
    )


def read_permissions(issue: Issue, tracker: Tracker) -> dict[str, str]:
    """The roles of people, by their logins in lower case, whose commands count only with a role in the repository.

    If GitHub refuses the question, nobody else is asked for, and the association decides. Those behind the first
    `MOST_ASKED` have no role in this run.
    """
    roles = dict[str, str]()
    wanted = find_unasked(issue, {})
    for login in wanted[:MOST_ASKED]:
        role = _find_role(issue.repository, login, tracker)
        if not role:
            return roles
        roles[login.casefold()] = role
    return roles | {login.casefold(): UNASKED for login in wanted[MOST_ASKED:]}


def _find_role(repository: str, login: str, tracker: Tracker) -> str:
    """The role of a person; `UNANSWERED` if GitHub does not answer, "" if it refuses."""
    try:
        return tracker.find_permission(repository, login)
    except BudgetSpentError:
        raise
    except TrackerError as error:
        return UNANSWERED if error.unanswered else ""


def _find_private_member(snapshot: Snapshot, decisions: Decisions, config: Config, tracker: Tracker) -> Skip | None:
    """Why Signpost leaves a new issue alone whose author only looks like a contributor: private members do so, too.

    GitHub is asked only where Signpost would post its first comment.
    """
    issue = snapshot.issue
    may_be_skipped = issue.association == "CONTRIBUTOR" and bool(MAINTAINERS.intersection(config.skip.associations))
    if not may_be_skipped or snapshot.own or not decisions.can_comment:
        return None
    if _find_role(issue.repository, issue.author.login, tracker) not in COMMANDERS:
        return None
    return Skip(f"issues by maintainers are skipped, and {issue.author.login} has write access or triage")


def _read_refusals(snapshot: Snapshot, tracker: Tracker) -> Snapshot:
    """The snapshot with the author's 👎 on what our comment says; GitHub is asked only if somebody reacted so."""
    own = snapshot.own
    if own is None or own.marker.is_withdrawn or not dict(own.comment.reactions).get(DOWN):
        return snapshot
    try:
        found = tracker.list_reactions(snapshot.issue, own.comment.id, DOWN)
    except TrackerError as error:
        if not error.unanswered:
            raise
        return snapshot
    return replace(snapshot, reactions=tuple(each for each in found if is_refusal(each, snapshot.issue)))


def find_login(issue: Issue, config: Config, tracker: Tracker) -> str:
    """Our login on an issue; GitHub is asked only if something on the issue may be ours."""
    if config.identity.login:
        return config.identity.login
    is_untouched = not issue.comment_count and issue.updated_at == issue.created_at
    return OUR_LOGIN if is_untouched else tracker.get_login() or OUR_LOGIN


def _read_history(snapshot: Snapshot, decisions: Decisions, config: Config, tracker: Tracker) -> Snapshot:
    """The snapshot with the history of the issue, if that is needed and was not read yet."""
    if snapshot.history is not None or not needs_history(snapshot, decisions, config):
        return snapshot
    return replace(snapshot, history=tracker.list_changes(snapshot.issue))


def needs_history(snapshot: Snapshot, decisions: Decisions, config: Config) -> bool:
    """Whether the history of the issue must be read, because a human may have decided something.

    On an issue that is unchanged since it was opened, nobody can have decided anything.
    """
    issue, marker, labels = snapshot.issue, snapshot.marker, decisions.labels
    if marker is None and issue.updated_at == issue.created_at:
        return False
    speaks = bool(decisions.speaking or decisions.incident)
    may_speak = speaks or config.duplicates.comment == "always"
    is_going = marker is not None and not speaks and not marker.is_withdrawn
    is_closing = marker is not None and not marker.is_kept_open and find_wanted(issue, decisions, config)
    are_labels_due = without(labels.add, issue.labels) or find_unwanted(issue, marker, labels, config)
    return (
        bool(are_labels_due or is_closing or find_order(snapshot.said, ()))
        or is_going
        or (marker is None and may_speak)
    )


def _read_deletions(snapshot: Snapshot, decisions: Decisions, tracker: Tracker) -> Snapshot:
    """The snapshot with the authors of deleted comments, if one of these may have been ours and we may comment."""
    history = snapshot.history or ()
    kept = tuple(change for change in history if change.kind != "comment_deleted")
    if snapshot.own or not decisions.can_comment or kept == history:
        return snapshot
    try:
        deletions = tracker.list_deletions(snapshot.issue)
    except TrackerError as error:
        if not error.unanswered:
            raise
        return snapshot
    return snapshot if deletions is None else replace(snapshot, history=(*kept, *deletions))


def _restore_title(snapshot: Snapshot) -> Issue:
    """The issue with the reporter's own title added, if somebody else renamed it: a tidier title keeps the matches."""
    issue, history = snapshot.issue, snapshot.history or ()
    renames = [c for c in history if c.kind == "renamed" and c.actor.login != issue.author.login and c.former_title]
    return replace(issue, title=f"{issue.title}\n{renames[0].former_title}") if renames else issue


def _read_link_inputs(snapshot: Snapshot, decisions: Decisions, sources: Sources, tracker: Tracker) -> LinkInputs:
    """Candidates, and the state of all issues that may be linked: at most two requests more than the search."""
    issue, speaking, wanted = snapshot.issue, decisions.speaking, sources.config.duplicates
    denied, may_speak = find_duplicates(snapshot.said), speaking or wanted.comment == "always"
    if not (may_speak or denied.named):
        return replace(search_without_requests(issue, sources), denied=denied)
    given = snapshot.marker.earlier if snapshot.marker else {}
    inputs = LinkInputs(command=denied.named, denied=denied, given=given)
    if wanted.enabled and wanted.show and may_speak:
        inputs = replace(inputs, search=sources.find_candidates(issue).remember(inputs.given))
    numbers = [*find_follows(speaking).values(), *(each.number for each in inputs.nearest)]
    return replace(inputs, links=_read_links(issue, numbers, tracker))


def search_without_requests(issue: Issue, sources: Sources) -> LinkInputs:
    """The result of a search without requests, for an issue without a comment. It is not checked with GitHub."""
    is_free = sources.config.duplicates.enabled and sources.find_candidates.is_free
    return LinkInputs(search=sources.find_candidates(issue)) if is_free else LinkInputs()


def _read_links(issue: Issue, numbers: Iterable[int], tracker: Tracker) -> Links:
    """GitHub's data on these issues and on the ends of their chains, without this issue itself."""
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
    """GitHub's data on these issues, or the failure if GitHub does not answer. A refusal ends the run, as elsewhere."""
    try:
        return tracker.read_links(repository, numbers)
    except TrackerError as error:
        if not error.unanswered:
            raise
        return Links(unread=frozenset(numbers), failure=str(error))
