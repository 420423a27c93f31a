"""What only GitHub knows of rules: whether their labels exist, and whether the issues to follow are open."""

from collections.abc import Sequence

from bot.errors import TrackerError
from bot.rules.ruleset import Rule
from bot.rules.spec.document import Problem
from bot.tracker.types import Issue, Tracker
from bot.workbench.check.references__rules_online import list_follows, list_labels, tell_follows, tell_labels


def check_online(rules: Sequence[Rule], repository: str, tracker: Tracker) -> tuple[Problem, ...]:
    """The warnings; all labels are asked for together, and each issue once. Raises TrackerError."""
    labels = list_labels(rules)
    known = tracker.find_labels(repository, labels) if labels else frozenset[str]()
    found = {number: _read(tracker, repository, number) for number in list_follows(rules)}
    return (*tell_labels(rules, known, repository), *tell_follows(rules, found, repository))


def _read(tracker: Tracker, repository: str, number: int) -> Issue | None:
    try:
        return tracker.get_issue(repository, number)
    except TrackerError as error:
        if not error.missing:
            raise
        return None
