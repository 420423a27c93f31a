"""What a run works with, and what GitHub says beside the issue itself. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.duplicates.candidates import Duplicate, FindEarlier, FindNothing
from bot.duplicates.canonical import Target
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Change
from bot.triage.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Rules, settings, perhaps a comment template of the repository's own, and where to look for earlier reports."""

    ruleset: Ruleset
    config: Config
    template: str | None = None
    find_earlier: FindEarlier = field(default_factory=FindNothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What GitHub says beside the issue itself: who we are, its history, labels that exist, links that may be given.

    `history` is None where it was not needed. `targets` has where the issue leads that a rule follows, by its number
    in the rule; `duplicates` earlier reports, the best first. Where not `are_links_known`, there may be more of both.
    """

    login: str = "github-actions[bot]"
    history: tuple[Change, ...] | None = None
    existing_labels: frozenset[str] = frozenset()
    targets: Mapping[int, Target] = field(default_factory=dict)
    duplicates: tuple[Duplicate, ...] = ()
    are_links_known: bool = True
    template: str | None = None
    forbidden: tuple[str, ...] = ()
