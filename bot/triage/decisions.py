"""What the matches ask for: which rules speak, and which labels they want. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from bot.comment.renderer import compare_with_fix
from bot.rules.matcher import Match
from bot.rules.spec.condition import Mode
from bot.triage.config import Config

MODES: tuple[Mode, ...] = ("observe", "label", "comment")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the matches ask for, whatever the issue looks like now. `speaking` are the matches that get a section.

    `holding` are the rules that still hold, observing ones too, and `fitting` the labels of all of them: what they say
    and set may stay, even where we may not say or set it any more.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    speaking: tuple[Match, ...] = ()
    holding: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def choose_wish(matches: Iterable[Match], config: Config, today: date) -> Wish:
    """What the matches ask for: superseded and observing rules nothing, of the rest at most `max_sections` speak."""
    holding = [match for match in matches if match.superseded_by is None]
    labelling = [match for match in holding if _mode_of(match, config) != "observe"]
    willing = [match for match in labelling if _mode_of(match, config) == "comment" and match.branch is not None]
    expired = [match for match in willing if match.rule.model.expires and match.rule.model.expires <= today]
    speaking = [match for match in willing if match not in expired][: config.max_sections]
    add = unique(label for match in labelling for label in _labels_of(match, config))
    remove = unique(label for match in labelling for label in match.rule.model.labels.remove)
    return Wish(
        add=add,
        remove=without(remove, add),
        speaking=tuple(speaking),
        holding=tuple(match.rule.id for match in holding),
        fitting=unique(label for match in holding for label in _labels_of(match, config)),
        remarks=tuple(f"the guidance of `{m.rule.id}` expired on {m.rule.model.expires}; review it" for m in expired),
    )


def add_label(wish: Wish, label: str) -> Wish:
    """The wish with one label more; where a rule wants it off, it is on all the same."""
    return replace(leave_label(wish, label), add=unique([*wish.add, label]))


def leave_label(wish: Wish, label: str) -> Wish:
    """The wish that takes this label off in no case."""
    return replace(wish, remove=without(wish.remove, [label]), fitting=unique([*wish.fitting, label]))


def unique(labels: Iterable[str]) -> tuple[str, ...]:
    """Each label once; GitHub does not tell `Bug` from `bug`."""
    found: dict[str, str] = {}
    for label in labels:
        found.setdefault(label.casefold(), label)
    return tuple(found.values())


def without(labels: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Those labels that are not among the others."""
    unwanted = {label.casefold() for label in others}
    return tuple(label for label in labels if label.casefold() not in unwanted)


def _mode_of(match: Match, config: Config) -> Mode:
    return min(match.rule.model.mode, config.mode, key=MODES.index)


def _labels_of(match: Match, config: Config) -> list[str]:
    regression = config.labels.regression
    is_regression = compare_with_fix(match.rule, match.captures) == "fixed"
    return [*match.rule.model.labels.add, *([regression] if regression and is_regression else [])]
