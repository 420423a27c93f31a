"""What a run works with. Pure."""

from dataclasses import dataclass, field

from bot.duplicates.candidates import FindEarlier, FindNothing
from bot.rules.ruleset import Ruleset
from bot.triage.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Rules, settings, perhaps a comment template of the repository's own, and where to look for earlier reports."""

    ruleset: Ruleset
    config: Config
    template: str | None = None
    find_earlier: FindEarlier = field(default_factory=FindNothing)
