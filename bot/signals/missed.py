"""The issues whose event may have been lost: they differ from what a run would leave. Pure."""

from datetime import date

from bot.rules.matcher import match_issue
from bot.signals.ledger import Ledger
from bot.tracker.types import Issue, without
from bot.triage.config import Sources
from bot.triage.decisions import Heard, choose_fields, decide_incident, decide_labels, decide_rules, list_speaking
from bot.triage.links import LinkDecisions
from bot.triage.people.incidents import is_incident
from bot.triage.skip import find_issue_skip


def find_missed(issue: Issue, ledger: Ledger, sources: Sources, today: date) -> bool:
    """Whether an issue that was changed lately differs from what a run would leave: its event may have been lost.

    Only title and text are known here. A run decides with all of it, and may find that there is nothing to do.
    """
    if find_issue_skip(issue, sources.config):
        return False
    ours = [comment for comment in ledger.comments if comment.issue == issue.number]
    refused = frozenset(g.rule for comment in ours for g in comment.guidance if g.is_refused)
    matches = match_issue(issue, sources.ruleset)
    rules = decide_rules(matches, sources.config, today, Heard(muted=sources.muted, refused=refused))
    speaking = {match.rule.id for match in list_speaking(rules)}
    labels = decide_labels(rules, LinkDecisions(), sources.config, issue.labels)
    are_missing = without([*labels.add, *labels.suggest], [*issue.labels, *labels.typed])
    if are_missing or (issue.type is None and choose_fields(rules).type):
        return True
    standing = {rule for comment in ours for rule in comment.standing}
    if decide_incident(issue, rules, sources, refused) and not ours:
        return True
    return speaking != {rule for rule in standing if not is_incident(rule)}
