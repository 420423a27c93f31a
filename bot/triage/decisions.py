"""The decisions on matching rules, labels and links, each with its reason. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.comment.marker import Marker
from bot.rules.matcher import Match
from bot.rules.ruleset import Rule
from bot.rules.spec.condition import Mode
from bot.text.printable import count
from bot.tracker.types import Issue
from bot.triage.config import Config, Sources
from bot.triage.links import LinkDecisions, LinkInputs, decide_links

RuleEffect = Literal["speaks", "labels", "observes", "silent"]
"""`speaks`: the rule has a section of the comment. `labels`: it only sets its labels. `observes`: it is only counted.
`silent`: another rule speaks instead."""

MODES: tuple[Mode, ...] = ("observe", "label", "comment")
"""The lowest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDecision:
    """What a matching rule does, why, and the rules that it lost to.

    `add` and `remove` are the labels that it asks for. `fitting` are all its labels, even if it may not set
    them: earlier ones may stay. `remark` is for maintainers.
    """

    match: Match
    effect: RuleEffect
    reason: str
    lost_to: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    remark: str = ""

    @property
    def rule(self) -> str:
        """The rule's id."""
        return self.match.rule.id


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDecision:
    """The labels that rules and links ask for; `fitting` ones may stay, whether or not they are asked for."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """All decisions about one issue."""

    rules: tuple[RuleDecision, ...] = ()
    links: LinkDecisions = field(default_factory=LinkDecisions)
    labels: LabelDecision = field(default_factory=LabelDecision)

    @property
    def speaking(self) -> tuple[Match, ...]:
        """The matches that have a section, in their order."""
        return list_speaking(self.rules)

    @property
    def holding(self) -> tuple[str, ...]:
        """The rules that no other rule replaces, observing ones too, with their former ids.

        Their earlier guidance may stay.
        """
        held = (each.match.rule for each in self.rules if each.effect != "silent")
        return tuple(name for rule in held for name in rule.names)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The remarks of the rules for maintainers."""
        return tuple(each.remark for each in self.rules if each.remark)


def decide(issue: Issue, matches: tuple[Match, ...], inputs: LinkInputs, sources: Sources, today: date) -> Decisions:
    """All decisions, with what `inputs` say about links."""
    rules = decide_rules(matches, sources.config, today)
    links = decide_links(issue, inputs, list_speaking(rules), sources)
    return Decisions(rules=rules, links=links, labels=decide_labels(rules, links, sources.config))


def decide_rules(matches: Sequence[Match], config: Config, today: date) -> tuple[RuleDecision, ...]:
    """A decision for each match, in their order: at most `max_sections` speak."""
    held_back = [_hold_back(match, matches, config, today) for match in matches]
    ready = [match for match, decision in zip(matches, held_back, strict=True) if decision is None]
    speaking = tuple(match.rule.id for match in ready[: config.max_sections])
    return tuple(
        decision or _take_turn(match, speaking, config) for match, decision in zip(matches, held_back, strict=True)
    )


def list_speaking(rules: Iterable[RuleDecision]) -> tuple[Match, ...]:
    """The matches that have a section, in their order."""
    return tuple(each.match for each in rules if each.effect == "speaks")


def _hold_back(match: Match, matches: Sequence[Match], config: Config, today: date) -> RuleDecision | None:
    """Why a match does not speak, independent of the limit of sections; None if it may speak."""
    model = match.rule.model
    if match.superseded_by:
        other = next(other for other in matches if other.rule.id == match.superseded_by)
        return RuleDecision(match=match, effect="silent", reason=_explain_loss(match, other), lost_to=(other.rule.id,))
    mode, cause = _find_mode(match.rule, config)
    if mode != "comment":
        return _make_decision(match, "labels" if mode == "label" else "observes", f"{cause} `{mode}`", config)
    if match.branch is None:
        reason = "no branch of its guidance applies" if model.guidance else "it has no guidance"
        return _make_decision(match, "labels", reason, config)
    if model.expires and model.expires <= today:
        remark = f"the guidance of `{model.id}` expired on {model.expires}; review it and set a new date in `expires`"
        return _make_decision(match, "labels", f"its guidance expired on {model.expires}", config, remark=remark)
    return None


def _find_mode(rule: Rule, config: Config) -> tuple[Mode, str]:
    """The lowest mode that the rule or the settings give it, and which of them does."""
    given: dict[str, Mode] = {
        "its mode is": rule.model.mode,
        "the settings limit this rule to": next(
            (config.modes[name] for name in rule.names if name in config.modes), "comment"
        ),
        "the settings limit every rule to": config.mode,
    }
    cause = min(given, key=lambda cause: MODES.index(given[cause]))
    return given[cause], cause


def _take_turn(match: Match, speaking: tuple[str, ...], config: Config) -> RuleDecision:
    if match.rule.id in speaking:
        position = f"section {speaking.index(match.rule.id) + 1} of {len(speaking)}"
        return _make_decision(match, "speaks", f"{position}; {_explain_order(match)}", config)
    limit = f"{count(config.max_sections, 'section')} (`max_sections`)"
    names = " and ".join(f"`{name}`" for name in speaking)
    reason = f"a comment has at most {limit}, and {names} {'rank' if len(speaking) > 1 else 'ranks'} higher"
    return _make_decision(match, "labels", reason, config, lost_to=speaking)


def _make_decision(
    match: Match, effect: RuleEffect, reason: str, config: Config, *, lost_to: tuple[str, ...] = (), remark: str = ""
) -> RuleDecision:
    """The decision with the labels of the rule; a regression adds one more."""
    regression = config.labels.regression if match.fix_state == "fixed" else None
    labels = unique([*match.rule.model.labels.add, *([regression] if regression else [])])
    is_observed = effect == "observes"
    return RuleDecision(
        match=match,
        effect=effect,
        reason=reason,
        lost_to=lost_to,
        add=() if is_observed else labels,
        remove=() if is_observed else without(unique(match.rule.model.labels.remove), labels),
        fitting=labels,
        remark=remark,
    )


def _explain_order(match: Match) -> str:
    """Why it has its rank: priority, then the number of conditions that matched, then the id."""
    held = match.verdict.specificity
    return f"priority {match.rule.model.priority}, {count(held, 'condition')} matched"


def _explain_loss(match: Match, other: Match) -> str:
    """Why `other` speaks instead of `match`, in the order in which matching decides it."""
    rule, name = match.rule, f"`{other.rule.id}`"
    if match.is_from_dump and not other.is_from_dump and rule.pack is other.rule.pack:
        return f"it matches only the error dump, while {name} matches the report itself"
    if rule.id not in other.rule.supersedes:
        return f"its pack `{rule.pack.name}` is a fallback, and {name} is more specific"
    if other.rule.id in rule.supersedes:
        return f"it and {name} supersede each other, and {name} ranks higher ({_explain_order(other)})"
    if rule.id not in other.rule.model.supersedes:
        return f"{name} comes before it in the `precedence` of the pack"
    return f"{name} supersedes it"


def decide_labels(rules: Sequence[RuleDecision], links: LinkDecisions, config: Config) -> LabelDecision:
    """The labels of all rules, and the label for duplicates if a command or, by the settings, tier A asks for it.

    If GitHub did not answer whether the issue is a duplicate, a label for duplicates stays.
    """
    label = None if config.mode == "observe" else config.duplicates.label
    is_duplicate = bool(links.asked) or (config.duplicates.label_when == "known" and links.is_known)
    set_ = [label] if label and is_duplicate else []
    kept = [label] if label and not links.is_complete else set_
    add = unique([*(name for rule in rules for name in rule.add), *set_])
    return LabelDecision(
        add=add,
        remove=without(unique(name for rule in rules for name in rule.remove), [*add, *kept]),
        fitting=unique([*(name for rule in rules for name in rule.fitting), *kept]),
    )


def find_unwanted(issue: Issue, marker: Marker | None, labels: LabelDecision, config: Config) -> tuple[str, ...]:
    """Labels to remove from the issue: by rules, by our own prefixes, and those that an earlier match had set.

    `marker` is that of our comment, if there is one.
    """
    owned = [label for label in issue.labels if is_owned(label, config)]
    former = [*marker.labels, *marker.dropped] if marker else []
    stale = without([*owned, *former], labels.fitting)
    present = {label.casefold() for label in issue.labels}
    return tuple(label for label in unique([*labels.remove, *stale]) if label.casefold() in present)


def is_owned(label: str, config: Config) -> bool:
    """Whether a label is Signpost's own, by its prefix."""
    return label.startswith(tuple(config.labels.prefix_owned))


def unique(labels: Iterable[str]) -> tuple[str, ...]:
    """Each label once; to GitHub, `Bug` and `bug` are the same label."""
    found: dict[str, str] = {}
    for label in labels:
        found.setdefault(label.casefold(), label)
    return tuple(found.values())


def without(labels: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Those labels that are not among the others."""
    unwanted = {label.casefold() for label in others}
    return tuple(label for label in labels if label.casefold() not in unwanted)
