"""The incident that a report belongs to, among our open tracking issues. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.rules.matcher import read_facts
from bot.rules.ruleset import Ruleset
from bot.signals.incidents.arrivals import RULE
from bot.signals.incidents.messages import find_messages
from bot.signals.ledger import Notice
from bot.tracker.types import Issue
from bot.triage.people.incidents import KnownIncident


@dataclass(frozen=True, slots=True)
class IncidentFinder:
    """Finds the incident of a report among our open tracking issues.

    `list_messages` gives the keys of the error messages in an issue, as incidents have them.
    """

    notices: tuple[Notice, ...]
    list_messages: Callable[[Issue], Iterable[str]] = lambda _: ()

    @classmethod
    def of(cls, notices: tuple[Notice, ...], ruleset: Ruleset) -> "IncidentFinder":
        """The finder that reads issues as the packs of the rules say."""
        return cls(notices, lambda issue: find_messages(read_facts(issue, ruleset)))

    def __call__(self, issue: Issue, rules: Iterable[str]) -> KnownIncident | None:
        """The incident with a rule or a message of the issue; of several, the one that was opened first."""
        lasting = [each for each in self.notices if each.kind == "surge" and each.is_lasting and each.keys]
        if not lasting:
            return None
        keys = {*(f"{RULE}{rule}" for rule in rules), *self.list_messages(issue)}
        found = next((each for each in sorted(lasting) if not keys.isdisjoint(each.keys)), None)
        if found is None or found.number == issue.number:
            return None
        return KnownIncident(found.number, tuple(key.removeprefix(RULE) for key in found.keys if RULE in key))
