"""How nearly a condition holds, from its parts. Pure."""

from collections.abc import Callable, Iterable

from bot.rules.conditions.compound import AllHold, AtLeastHold, Condition, NoneHolds, Sets
from bot.rules.conditions.text import CodeHolds, FrameHolds, PhraseHolds, RegexHolds
from bot.rules.conditions.verdict import Verdict

Part = tuple[Condition, Verdict]
"""A condition, and what it says of the issue."""

Share = Callable[[Condition], float]
"""How much of a text condition that does not hold the issue says, 0 to 1."""

_TEXT_CONDITIONS = (PhraseHolds, RegexHolds, CodeHolds, FrameHolds)
_WEIGHT_OF_TEXT = 3.0
"""What the issue says counts more than that it is, like most, a form in English."""

_NEARLY = 0.9


def pair_parts(part: Part) -> tuple[Part, ...]:
    """The conditions that a condition is made of, each with its verdict; none for a single one.

    A `none` that holds does not tell what its parts consist of.
    """
    condition, verdict = part
    match condition:
        case AllHold() | AtLeastHold() | NoneHolds():
            return tuple(zip(condition.conditions, verdict.children, strict=True))
        case Sets():
            return ((condition.condition, verdict.children[0] if verdict.holds else verdict),)
        case _:
            return ()


def measure_nearness(part: Part, share: Share) -> float:
    """How much of a condition holds, 0 to 1; `share` says how much of a text condition that does not hold is there.

    Of `all` the weighted mean of its parts, of `any` the best, of `at_least: n` the mean of the n best. What must not
    hold counts only where it does: else all rules would be near.
    """
    condition, verdict = part
    if verdict.holds:
        return 1.0
    parts = pair_parts(part)
    match condition:
        case NoneHolds():
            return 0.0
        case AllHold():
            return _measure_all(parts, share)
        case AtLeastHold():
            best = sorted((measure_nearness(inner, share) for inner in parts), reverse=True)[: condition.least]
            return sum(best) / condition.least
        case Sets():
            return measure_nearness(parts[0], share)
        case _:
            return _NEARLY * share(condition)


def _measure_all(parts: Iterable[Part], share: Share) -> float:
    wanted = [part for part in parts if not isinstance(part[0], NoneHolds)]
    is_excluded = any(not verdict.holds for condition, verdict in parts if isinstance(condition, NoneHolds))
    weights = [_weigh(condition) for condition, _ in wanted]
    held = sum(weight * measure_nearness(part, share) for weight, part in zip(weights, wanted, strict=True))
    return held / sum(weights) * (_NEARLY if is_excluded else 1.0) if weights else 0.0


def _weigh(condition: Condition) -> float:
    if isinstance(condition, _TEXT_CONDITIONS):
        return _WEIGHT_OF_TEXT
    if isinstance(condition, AllHold | AtLeastHold):
        return max((_weigh(inner) for inner in condition.conditions), default=1.0)
    return _weigh(condition.condition) if isinstance(condition, Sets) else 1.0
