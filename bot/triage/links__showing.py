"""Which earlier reports a comment links: as many, and as good ones, as rules and settings want. Pure."""

from collections.abc import Iterable, Sequence

from bot.duplicates.candidates import Duplicate, Earlier, LeftOut, Tier, choose_shown
from bot.rules.matcher import Match
from bot.triage.config import Config

UNPROVEN = (
    "earlier reports that only look alike stay out of the comment (`tier_c: comment`) until an index has learned from "
    "the repository's last issues, 100 at least, how alike they must be: run `signpost index calibrate --index …`"
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


def list_unshown(speaking: Sequence[Match], duplicates: Sequence[Duplicate], config: Config) -> tuple[LeftOut, ...]:
    """The earlier reports that may be linked, and that no comment links, each with the reason."""
    shares = share_out(speaking, duplicates, config) if speaking else [tuple(choose_alone(duplicates, config))]
    shown = {duplicate.number for share in shares for duplicate in share}
    hidden = [duplicate for duplicate in duplicates if duplicate.number not in shown]
    return tuple(LeftOut(_recall(each), _explain_silence(each, speaking, config)) for each in hidden)


def _recall(duplicate: Duplicate) -> Earlier:
    named = Earlier(number=duplicate.number, tier=duplicate.tier, score=duplicate.confidence, why=duplicate.why)
    return duplicate.found or named


def _explain_silence(duplicate: Duplicate, speaking: Sequence[Match], config: Config) -> str:
    if config.mode != "comment":
        return f"the settings want no comment (`mode: {config.mode}`)"
    if not speaking and config.duplicates.comment != "always":
        return "no rule speaks, and the settings want no comment for links alone"
    if duplicate.tier == "C" and config.duplicates.tier_c != "comment":
        return "it only reads alike, and the settings keep that out of comments (`tier_c`)"
    if duplicate.is_unproven:
        return "it only reads alike, and the index is not calibrated"
    if speaking and not duplicate.is_open and all(match.rule.model.duplicates.open_only for match in speaking):
        return "it is closed, and the rule links open ones only (`open_only`)"
    return "there are better ones, or the settings or the rule want fewer links"
