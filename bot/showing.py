"""Which earlier reports a comment links: as many, and as good ones, as rules and settings want. Pure."""

from collections.abc import Iterable, Sequence

from bot.config import Config
from bot.duplicates.earlier import Duplicate, Tier, choose_shown
from bot.rules.matching import Match

UNPROVEN = (
    "earlier reports that only look alike stay out of the comment (`tier_c: comment`) until an index has learned from "
    "the repository's last issues how alike they must be: run `signpost index calibrate --index …`"
)


def share_out(
    speaking: Iterable[Match], duplicates: Sequence[Duplicate], config: Config
) -> list[tuple[Duplicate, ...]]:
    """The earlier reports that each section links: what its rule matches too, and in the first one all others."""
    left, shares = find_limit(config), list[tuple[Duplicate, ...]]()
    for match in speaking:
        asked = match.rule.model.duplicates
        own = [each for each in duplicates if each.rule == match.rule.id or (each.rule is None and not shares)]
        limit, alike = min(left, asked.show), _wants_alike(config)
        shares.append(tuple(choose_shown(own, limit, with_alike=alike, open_only=asked.open_only)))
        left -= len(shares[-1])
    return shares


def choose_alone(duplicates: Sequence[Duplicate], config: Config) -> list[Duplicate]:
    """The earlier reports of a comment that has nothing else to say; none where the settings do not ask for one."""
    if config.duplicates.comment != "always" or config.mode != "comment":
        return []
    return choose_shown(duplicates, find_limit(config), with_alike=_wants_alike(config), open_only=False)


def remark_unproven(duplicates: Iterable[Duplicate], config: Config) -> tuple[str, ...]:
    """What maintainers can do where the settings want in the comment what nobody knows the worth of yet."""
    is_wanted = _wants_alike(config) and config.mode == "comment" and find_limit(config)
    return (UNPROVEN,) if is_wanted and any(duplicate.is_unproven for duplicate in duplicates) else ()


def _wants_alike(config: Config) -> bool:
    return config.duplicates.tier_c == "comment"


def find_limit(config: Config) -> int:
    """How many a comment links at most."""
    return config.duplicates.show if config.duplicates.enabled else 0


def note_tiers(duplicates: Iterable[Duplicate]) -> dict[int, Tier]:
    """What the marker remembers of them."""
    return {duplicate.number: duplicate.tier for duplicate in duplicates}
