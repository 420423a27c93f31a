"""One issue as it is now, with all other data that a run needs. Nothing else but `people/roles` reads from GitHub."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TypeVar

from bot.comment.marker import Marker, OwnComment, find_own_comments
from bot.duplicates.canonical import find_unread_ends
from bot.errors import BudgetSpentError, TrackerError
from bot.github.webhook_event import IssueRequest
from bot.issue.commands import Said, find_duplicates, hear_commands
from bot.rules.matcher import Match, match_issue
from bot.tracker.fields import TYPE
from bot.tracker.suggestions import Suggestions
from bot.tracker.types import Change, Issue, IssueEvent, Links, Reaction, Skip, Tracker, without
from bot.triage.config import Config, Sources
from bot.triage.decisions import Decisions, Heard, decide, decide_incident
from bot.triage.links import LinkInputs, find_follows
from bot.triage.people.closing import find_order, find_wanted, may_suggest_closing, refuse_orders
from bot.triage.people.fields import FieldDecision, FieldFacts, find_obstacle, list_wishes
from bot.triage.people.labels import Contested, find_contested, find_unwanted, is_owned, restore_labels
from bot.triage.people.refusals import DOWN, Refusals, hear_answers, is_refusal, list_answers
from bot.triage.people.roles import find_private_member, read_permissions
from bot.triage.skip import Event, find_issue_skip

OUR_LOGIN = "github-actions[bot]"

_Found = TypeVar("_Found")

_GONE = "the issue was deleted or transferred"


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """The issue with its comments, our login, our own comment, and the other data that was read.

    `also` are our former logins. `surplus` are our other comments; there should be none. `matches` also use the title
    that the reporter gave. `reactions` are the author's 👎 on our comment. `history` has GitHub's events of the issue;
    None if no human can have decided anything. `existing_labels` are the missing labels that the repository has.
    `fields` are GitHub's issue types and issue fields, as far as rules ask for any.
    `permissions` are the roles of people who gave commands (see `is_maintainer`), as far as they decide something.
    `asked` is the id of the comment that started the run, 0 if none did. `suggestions` are those of GitHub, by anybody;
    None if they were not read, because nothing is to be suggested.
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
    fields: FieldFacts = field(default_factory=FieldFacts)
    link_inputs: LinkInputs = field(default_factory=LinkInputs)
    permissions: Mapping[str, str] = field(default_factory=dict)
    asked: int = 0
    suggestions: Suggestions | None = None

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

    @property
    def is_complete(self) -> bool:
        """Whether GitHub answered about suggestions, types and fields; otherwise a later run may do more."""
        return not self.fields.failures and not (self.suggestions and self.suggestions.is_unanswered)

    def is_us(self, login: str) -> bool:
        """Whether a login is one of ours; GitHub compares them without regard to case."""
        return login.casefold() in {ours.casefold() for ours in self.logins}


def find_unmatched_issue(event: Event, sources: Sources) -> Issue | None:
    """The issue of an event that needs no request: no rule matches, no link is wanted, and nothing can be ours.

    Only the payload of a new issue is certain: an edit may happen while we comment.
    """
    if not isinstance(event, IssueEvent) or event.action != "opened" or event.issue.comment_count:
        return None
    if looks_for_duplicates(sources.config):
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
    contested = list_contested(snapshot, sources)
    is_changed = contested.are_changed(issue.labels) and not is_untouched(snapshot)
    if is_changed or needs_history(snapshot, make_decisions(snapshot, sources, today), sources.config):
        snapshot = _read_history(snapshot, tracker)
    if (reported := _restore_issue(snapshot, contested)) != issue:
        snapshot = replace(snapshot, matches=match_issue(reported, sources.ruleset))
    snapshot = replace(
        snapshot, link_inputs=_read_link_inputs(snapshot, make_decisions(snapshot, sources, today), sources, tracker)
    )
    decisions = make_decisions(snapshot, sources, today)
    if skip := find_private_member(snapshot, decisions, sources.config, tracker):
        return skip
    if needs_history(snapshot, decisions, sources.config):
        snapshot = _read_history(snapshot, tracker)
    snapshot = _read_deletions(snapshot, decisions, tracker)
    snapshot = _read_suggestions(snapshot, decisions, sources.config, tracker, today)
    return _read_fields(_read_labels(snapshot, decisions, tracker), decisions.fields, tracker)


def _read_suggestions(
    snapshot: Snapshot, decisions: Decisions, config: Config, tracker: Tracker, today: date
) -> Snapshot:
    """The snapshot with the suggestions on the issue, if anything is to be suggested."""
    issue = snapshot.issue
    labels = without(decisions.labels.suggest, issue.labels)
    if not (labels or may_suggest_closing(snapshot, decisions, config, today)):
        return snapshot
    failures = list[str]()
    found = _ask(lambda: tracker.list_suggestions(issue.repository, issue.number), failures)
    return replace(snapshot, suggestions=found or Suggestions(absence=failures[0], is_unanswered=True))


def _read_labels(snapshot: Snapshot, decisions: Decisions, tracker: Tracker) -> Snapshot:
    """The snapshot with the missing labels that exist; those that may be suggested also with their ids."""
    issue, found = snapshot.issue, snapshot.suggestions
    missing = without(decisions.labels.add, issue.labels)
    suggested = without(decisions.labels.suggest, issue.labels) if found and not found.absence else ()
    if found is None or not suggested:
        existing = tracker.find_labels(issue.repository, missing) if missing else frozenset[str]()
        return replace(snapshot, existing_labels=existing)
    ids = tracker.find_label_ids(issue.repository, (*missing, *suggested))
    by_name = {name.casefold(): number for name, number in ids.items()}
    return replace(snapshot, existing_labels=frozenset(ids), suggestions=replace(found, label_ids=by_name))


def make_decisions(snapshot: Snapshot, sources: Sources, today: date) -> Decisions:
    """All decisions about the issue, with the data that was read so far."""
    absence = snapshot.suggestions.absence if snapshot.suggestions else ""
    heard = Heard(refused=snapshot.refusals.rules, absence=absence)
    return decide(snapshot.issue, snapshot.matches, snapshot.link_inputs, sources, today, heard)


def _read_issue(event: Event, config: Config, tracker: Tracker) -> Issue | Skip:
    issue = read_issue(event, tracker)
    if isinstance(issue, Skip):
        return issue
    is_by_hand = isinstance(event, IssueRequest) and event.is_by_hand
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


def _read_history(snapshot: Snapshot, tracker: Tracker) -> Snapshot:
    """The snapshot with the history of the issue, if it was not read yet."""
    return snapshot if snapshot.history is not None else replace(snapshot, history=tracker.list_changes(snapshot.issue))


def is_untouched(snapshot: Snapshot) -> bool:
    """Whether the issue is as it was opened: then nobody can have decided anything, and we did nothing."""
    return snapshot.marker is None and snapshot.issue.updated_at == snapshot.issue.created_at


def list_contested(snapshot: Snapshot, sources: Sources) -> Contested:
    """The labels that rules read, and that we may change on this issue."""
    marker = snapshot.marker
    remembered = (*marker.labels, *marker.dropped) if marker else ()
    return find_contested((rule.label_use for rule in sources.ruleset.rules), sources.config, remembered)


def needs_history(snapshot: Snapshot, decisions: Decisions, config: Config) -> bool:
    """Whether the history of the issue must be read, because a human may have decided something."""
    if is_untouched(snapshot):
        return False
    issue, marker, labels = snapshot.issue, snapshot.marker, decisions.labels
    speaks = bool(decisions.speaking or decisions.incident)
    may_speak = speaks or config.duplicates.comment == "always"
    may_suggest = without(labels.suggest, issue.labels) or may_suggest_closing(snapshot, decisions, config)
    is_going = marker is not None and not speaks and not marker.is_withdrawn
    is_closing = marker is not None and not marker.is_kept_open and find_wanted(issue, decisions, config)
    wishes = list_wishes(issue, marker, decisions.fields, snapshot.fields)
    is_type_due = any(wish.is_due for wish in wishes if wish.name == TYPE)
    are_labels_due = without(labels.add, issue.labels) or find_unwanted(snapshot, labels, config)
    return (
        bool(are_labels_due or is_type_due or may_suggest or is_closing or find_order(snapshot.said, ()))
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


def _read_fields(snapshot: Snapshot, decision: FieldDecision, tracker: Tracker) -> Snapshot:
    """The snapshot with the types and fields that a decision needs; a failure becomes a remark of the plan."""
    issue, facts, failures = snapshot.issue, snapshot.fields, list[str]()
    if any(wish.name != TYPE for wish in list_wishes(issue, snapshot.marker, decision, facts)):
        facts = replace(facts, values=_ask(lambda: tracker.list_values(issue.repository, issue.number), failures))
    due = {wish.name: wish for wish in list_wishes(issue, snapshot.marker, decision, facts) if wish.is_due}
    type_ = due.pop(TYPE, None)
    if due and facts.values is not None:
        wanted = {name: wish.value for name, wish in due.items() if wish.value is not None}
        facts = replace(facts, definitions=_ask(lambda: tracker.list_fields(issue.repository, wanted), failures))
        if facts.definitions and (snapshot.marker or issue.updated_at != issue.created_at):
            facts = replace(facts, changes=_ask(lambda: tracker.list_field_changes(issue), failures))
    if type_ and type_.value is not None and find_obstacle(type_, snapshot) is None:
        facts = replace(facts, types=_ask(lambda: tracker.list_types(issue.repository, [str(type_.value)]), failures))
    return replace(snapshot, fields=replace(facts, failures=tuple(failures)))


def _ask(read: Callable[[], _Found], failures: list[str]) -> _Found | None:
    """What GitHub answers; suggestions, types and fields are previews in parts, so a failure does not end the run."""
    try:
        return read()
    except BudgetSpentError:
        raise
    except TrackerError as error:
        failures.append(str(error))
        return None


def _restore_issue(snapshot: Snapshot, contested: Contested) -> Issue:
    """The issue as matching sees it: with contested labels as others left them, and with the reporter's own title.

    If somebody else renamed the issue, the title has both: a tidier title keeps the matches.
    """
    issue, history = snapshot.issue, snapshot.history or ()
    renames = [c for c in history if c.kind == "renamed" and c.actor.login != issue.author.login and c.former_title]
    title = f"{issue.title}\n{renames[0].former_title}" if renames else issue.title
    return replace(issue, title=title, labels=restore_labels(issue.labels, contested, history, snapshot.is_us))


def _read_link_inputs(snapshot: Snapshot, decisions: Decisions, sources: Sources, tracker: Tracker) -> LinkInputs:
    """Candidates, and the state of all issues that may be linked: at most two requests more than the search."""
    issue, speaking, wanted = snapshot.issue, decisions.speaking, sources.config.duplicates
    denied, may_speak = find_duplicates(snapshot.said), speaking or looks_for_duplicates(sources.config)
    follows = find_follows(speaking, decisions.suggesting)
    if not (may_speak or denied.named or follows):
        return replace(search_without_requests(issue, sources), denied=denied)
    given = snapshot.marker.earlier if snapshot.marker else {}
    inputs = LinkInputs(command=denied.named, denied=denied, given=given)
    if wanted.enabled and (wanted.show or wanted.suggest) and may_speak:
        inputs = replace(inputs, search=sources.find_candidates(issue).remember(inputs.given))
    numbers = [*follows.values(), *(each.number for each in inputs.nearest)]
    return replace(inputs, links=_read_links(issue, numbers, tracker))


def looks_for_duplicates(config: Config) -> bool:
    """Whether earlier reports are of use on an issue that no rule speaks about."""
    wanted = config.duplicates
    return wanted.enabled and (wanted.comment == "always" or (wanted.suggest and config.mode != "observe"))


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
