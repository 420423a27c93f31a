"""Incidents that have a tracking issue of ours, as a run knows them. Pure."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from bot.tracker.types import Issue

_PREFIX = "incident:"
"""The id of a rule has no colon."""


class KnownIncident(NamedTuple):
    """An incident: the number of its tracking issue, and the rules that match its reports."""

    number: int
    rules: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What our comment remembers of it, beside the ids of rules: so it can be refused like a rule."""
        return f"{_PREFIX}{self.number}"


FindIncident = Callable[[Issue, Iterable[str]], KnownIncident | None]
"""The incident to which an issue belongs that matches the rules of these ids; None if there is none."""


def find_no_incident(issue: Issue, rules: Iterable[str]) -> None:
    """Without a ledger no incident is known."""
    del issue, rules


class DescribeIncident(Protocol):
    """Tells maintainers about the incident that an issue belongs to, from what is known without a request."""

    def __call__(self, issue: Issue, now: datetime) -> tuple[str, ...]:
        """The remarks; none if the issue belongs to no incident."""


def describe_no_incident(issue: Issue, now: datetime) -> tuple[str, ...]:
    """What is known without a ledger: nothing."""
    del issue, now
    return ()


def is_incident(name: str) -> bool:
    """Whether a name that our comment remembers is that of an incident, and not of a rule."""
    return name.startswith(_PREFIX)
