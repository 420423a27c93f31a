"""Which earlier reports a comment links: as many, and as good ones, as rules and settings want. Pure."""

from collections.abc import Iterable, Sequence

from bot.config import Config
from bot.duplicates.earlier import Duplicate, Tier, choose_shown
from bot.rules.matching import Match


def share_out(
    speaking: Iterable[Match], duplicates: Sequence[Duplicate], config: Config
) -> list[tuple[Duplicate, ...]]:
    """The earlier reports that each section links: what its rule matches too, and in the first one all others."""
    left, shares = find_limit(config), list[tuple[Duplicate, ...]]()
    for match in speaking:
        asked = match.rule.model.duplicates
        own = [each for each in duplicates if each.rule == match.rule.id or (each.rule is None and not shares)]
        limit, alike = min(left, asked.show), config.duplicates.tier_c == "comment"
        shares.append(tuple(choose_shown(own, limit, with_alike=alike, open_only=asked.open_only)))
        left -= len(shares[-1])
    return shares


def choose_alone(duplicates: Sequence[Duplicate], config: Config) -> list[Duplicate]:
    """The earlier reports of a comment that has nothing else to say; none where the settings do not ask for one."""
    if config.duplicates.comment != "always" or config.mode != "comment":
        return []
    alike = config.duplicates.tier_c == "comment"
    return choose_shown(duplicates, find_limit(config), with_alike=alike, open_only=False)


def find_limit(config: Config) -> int:
    """How many a comment links at most."""
    return config.duplicates.show if config.duplicates.enabled else 0


def note_tiers(duplicates: Iterable[Duplicate]) -> dict[int, Tier]:
    """What the marker remembers of them."""
    return {duplicate.number: duplicate.tier for duplicate in duplicates}
