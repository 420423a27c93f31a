"""What the matches ask for: which rules speak, and which labels they want. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

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


StandingKind = Literal["speaks", "labels", "observes", "silent"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a matching rule does, why, and the rules that it lost to.

    `speaks`: it has a section of the comment. `labels`: it sets its labels, and says nothing. `observes`: it is only
    counted. `silent`: another rule stands for it.
    """

    kind: StandingKind
    reason: str
    lost_to: tuple[str, ...] = ()


def judge_match(match: Match, matches: tuple[Match, ...], wish: Wish, config: Config, today: date) -> Standing:
    """What comes of one of the `matches`; `wish` is what all of them ask for, under the same settings and day."""
    rule = match.rule
    if match.superseded_by:
        return _explain_loss(match, next(other for other in matches if other.rule.id == match.superseded_by))
    if (mode := min(rule.model.mode, config.mode, key=MODES.index)) != "comment":
        cause = "its mode is" if rule.model.mode == mode else "the settings cap every rule at"
        kind: StandingKind = "labels" if mode == "label" else "observes"
        return Standing(kind, f"{cause} `{mode}`")
    if match.branch is None:
        has_guidance = bool(rule.model.guidance)
        return Standing("labels", "no branch of its guidance applies" if has_guidance else "it has no guidance")
    if rule.model.expires and rule.model.expires <= today:
        return Standing("labels", f"its guidance expired on {rule.model.expires}")
    return _take_turn(match, wish, config)


def _take_turn(match: Match, wish: Wish, config: Config) -> Standing:
    speaking = tuple(other.rule.id for other in wish.speaking)
    if match.rule.id in speaking:
        position = f"section {speaking.index(match.rule.id) + 1} of {len(speaking)}"
        return Standing("speaks", f"{position}; {_explain_order(match)}")
    return Standing(
        "labels",
        f"a comment has at most {config.max_sections} section{'s' * (config.max_sections > 1)} (`max_sections`), and "
        f"{_join(speaking)} {'stand' if len(speaking) > 1 else 'stands'} in front of it",
        speaking,
    )


def _explain_order(match: Match) -> str:
    """Why it stands where it stands: priority, then the number of conditions that held, then the id."""
    held = match.verdict.specificity
    return f"priority {match.rule.model.priority}, {held} {'condition' if held == 1 else 'conditions'} held"


def _explain_loss(match: Match, other: Match) -> Standing:
    return Standing("silent", _explain_silence(match, other), (other.rule.id,))


def _explain_silence(match: Match, other: Match) -> str:
    """Why `other` speaks instead of `match`, in the order in which matching decides it."""
    rule, name = match.rule, f"`{other.rule.id}`"
    if match.is_from_dump and not other.is_from_dump and rule.pack is other.rule.pack:
        return f"it rests on the error dump alone, while {name} rests on what the report itself says"
    if rule.id not in other.rule.supersedes:
        return f"its pack `{rule.pack.name}` is a fallback, and {name} knows the problem"
    if other.rule.id in rule.supersedes:
        return f"it and {name} supersede each other, and {name} stands in front ({_explain_order(other)})"
    if rule.id not in other.rule.model.supersedes:
        return f"{name} stands before it in the `precedence` of the pack"
    return f"{name} supersedes it"


def _join(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)
