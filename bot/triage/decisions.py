"""The decisions on matching rules, labels and links, each with its reason. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from bot.comment.marker import Marker
from bot.rules.matcher import Match
from bot.rules.spec.condition import Mode
from bot.text.printable import count
from bot.tracker.types import Issue
from bot.triage.config import Config, Sources
from bot.triage.links import LinkDecisions, LinkInputs, decide_links
from bot.triage.people.incidents import KnownIncident

RuleEffect = Literal["speaks", "labels", "observes", "silent", "refused"]
"""`speaks`: the rule has a section of the comment. `labels`: it only sets its labels. `observes`: it is only counted.
`silent`: another rule speaks instead. `refused`: a person said that it does not fit this issue."""

MODES: tuple[Mode, ...] = ("observe", "label", "comment")
"""The lowest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDecision:
    """What a matching rule does, why, and the rules that it lost to.

    `add` and `remove` are the labels that it asks for. `fitting` are all its labels, even if it may not set
    them: earlier ones may stay. `refused` are its labels if it is refused: those that only we set go. `remark` is for
    maintainers. `mode` is the lowest that rule, settings and votes give it; `muted` says why, if it is muted.
    """

    match: Match
    effect: RuleEffect
    reason: str
    lost_to: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    remark: str = ""
    mode: Mode = "comment"
    muted: str = ""

    @property
    def rule(self) -> str:
        """The rule's id."""
        return self.match.rule.id


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDecision:
    """The labels that rules and links ask for; `fitting` ones may stay, whether or not they are asked for.

    `refused` are those of refused rules, which no other rule asks for, and that of a denied duplicate.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What people answered: `muted` rules, each with the reason, and those that are `refused` on this issue."""

    muted: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()


NOTHING_HEARD = Heard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """All decisions about one issue. `incident` is the known incident that it reports, if a comment may say so."""

    rules: tuple[RuleDecision, ...] = ()
    links: LinkDecisions = field(default_factory=LinkDecisions)
    labels: LabelDecision = field(default_factory=LabelDecision)
    incident: KnownIncident | None = None

    @property
    def speaking(self) -> tuple[Match, ...]:
        """The matches that have a section, in their order."""
        return list_speaking(self.rules)

    @property
    def can_comment(self) -> bool:
        """Whether there is anything to say on an issue without a comment of ours."""
        return bool(self.speaking or self.links.linked or self.incident)

    @property
    def holding(self) -> tuple[str, ...]:
        """The rules that no other rule replaces, observing ones too, with their former ids.

        Their earlier guidance may stay.
        """
        held = (each.match.rule for each in self.rules if each.effect not in {"silent", "refused"})
        return tuple(name for rule in held for name in rule.names)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The remarks of the rules for maintainers."""
        return tuple(each.remark for each in self.rules if each.remark)

    @property
    def mutings(self) -> tuple[str, ...]:
        """A remark for each rule that would have more to say if it was not muted."""
        return tuple(f"`{each.rule}` is muted: {each.muted}" for each in self.rules if each.muted)


def decide(
    issue: Issue,
    matches: tuple[Match, ...],
    inputs: LinkInputs,
    sources: Sources,
    today: date,
    refused: frozenset[str] = frozenset(),
) -> Decisions:
    """All decisions, with what `inputs` say about links, and the rules that are refused on this issue."""
    rules = decide_rules(matches, sources.config, today, Heard(muted=sources.muted, refused=refused))
    links = decide_links(issue, inputs, list_speaking(rules), sources)
    labels = decide_labels(rules, links, sources.config)
    return Decisions(rules=rules, links=links, labels=labels, incident=decide_incident(issue, rules, sources, refused))


def decide_incident(
    issue: Issue, rules: Sequence[RuleDecision], sources: Sources, refused: frozenset[str] = frozenset()
) -> KnownIncident | None:
    """The known incident that the issue reports; None if there is none, or if nothing may be said about it.

    Where a rule of the incident may not comment, or a person said that it does not fit, neither may this.
    """
    if sources.config.mode != "comment":
        return None
    found = sources.find_incident(issue, [name for each in rules for name in each.match.rule.names])
    if found is None or found.name in refused:
        return None
    own = [each for each in rules if not set(found.rules).isdisjoint(each.match.rule.names)]
    is_free = all(
        each.effect != "refused" and _find_mode(each.match, sources.config, sources.muted)[0] == "comment"
        for each in own
    )
    return found if is_free else None


def decide_rules(
    matches: Sequence[Match], config: Config, today: date, heard: Heard = NOTHING_HEARD
) -> tuple[RuleDecision, ...]:
    """A decision for each match, in their order: at most `max_sections` speak."""
    held_back = [
        _find_refusal(match, config, heard) or _hold_back(match, matches, config, today, heard.muted)
        for match in matches
    ]
    ready = [match for match, decision in zip(matches, held_back, strict=True) if decision is None]
    speaking = tuple(match.rule.id for match in ready[: config.max_sections])
    return tuple(
        decision or _take_turn(match, speaking, config) for match, decision in zip(matches, held_back, strict=True)
    )


def list_speaking(rules: Iterable[RuleDecision]) -> tuple[Match, ...]:
    """The matches that have a section, in their order."""
    return tuple(each.match for each in rules if each.effect == "speaks")


def _find_refusal(match: Match, config: Config, heard: Heard) -> RuleDecision | None:
    """The decision on a rule that was refused on this issue; None if it was not."""
    if not heard.refused.intersection(match.rule.names):
        return None
    reason = "the author or a maintainer said that it does not fit this issue"
    labels = _make_decision(match, "refused", reason, config).fitting
    mode, _ = _find_mode(match, config, heard.muted)
    return RuleDecision(match=match, effect="refused", reason=reason, refused=labels, mode=mode)


def _hold_back(
    match: Match, matches: Sequence[Match], config: Config, today: date, muted: Mapping[str, str]
) -> RuleDecision | None:
    """Why a match does not speak, independent of the limit of sections; None if it may speak."""
    model, (mode, cause) = match.rule.model, _find_mode(match, config, muted)
    if match.superseded_by:
        other = next(other for other in matches if other.rule.id == match.superseded_by)
        loss = _explain_loss(match, other)
        return RuleDecision(match=match, effect="silent", reason=loss, lost_to=(other.rule.id,), mode=mode)
    if mode != "comment":
        decision = _make_decision(match, "labels" if mode == "label" else "observes", f"{cause} `{mode}`", config)
        why = muted.get(match.rule.id, "")
        return replace(decision, mode=mode, muted=why if cause.startswith(why) else "")
    if match.branch is None:
        reason = "no branch of its guidance applies" if model.guidance else "it has no guidance"
        return _make_decision(match, "labels", reason, config)
    if model.expires and model.expires <= today:
        remark = f"the guidance of `{model.id}` expired on {model.expires}; review it and set a new date in `expires`"
        return _make_decision(match, "labels", f"its guidance expired on {model.expires}", config, remark=remark)
    return None


def _find_mode(match: Match, config: Config, muted: Mapping[str, str]) -> tuple[Mode, str]:
    return find_mode(match.rule.model.mode, match.rule.names, config, muted.get(match.rule.id))


def find_mode(own: Mode, names: Sequence[str], config: Config, why: str | None) -> tuple[Mode, str]:
    """The lowest mode of the rule's own, the settings' and that of the votes, and which of them it is.

    `names` are all ids of the rule; `why` is the reason if it is muted.
    """
    limit: Mode = next((config.modes[name] for name in names if name in config.modes), "comment")
    given: dict[str, Mode] = {
        "its mode is": own,
        "the settings limit this rule to": limit,
        "the settings limit every rule to": config.mode,
    }
    if why:
        given[f"{why}, so its mode is"] = "label"
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
    set_, kept, denied = _place_duplicate_label(links, config)
    add = unique([*(name for rule in rules for name in rule.add), *set_])
    fitting = unique([*(name for rule in rules for name in rule.fitting), *kept])
    return LabelDecision(
        add=add,
        remove=without(unique(name for rule in rules for name in rule.remove), [*add, *kept]),
        fitting=fitting,
        refused=without(unique([*(name for rule in rules for name in rule.refused), *denied]), fitting),
    )


def _place_duplicate_label(links: LinkDecisions, config: Config) -> tuple[list[str], list[str], list[str]]:
    """The label for duplicates as one to set, as one that may stay, and as one that a person denied."""
    label = None if config.mode == "observe" else config.duplicates.label
    if not label:
        return [], [], []
    is_duplicate = bool(links.asked) or (config.duplicates.label_when == "known" and links.is_known)
    set_ = [label] if is_duplicate else []
    return (set_, set_, [label] if links.is_denied else []) if links.is_complete else (set_, [label], [])


def find_unwanted(issue: Issue, marker: Marker | None, labels: LabelDecision, config: Config) -> tuple[str, ...]:
    """Labels to remove from the issue: by rules, by our own prefixes, and those of earlier or refused matches.

    `marker` is that of our comment, if there is one.
    """
    owned = [label for label in issue.labels if is_owned(label, config)]
    former = [*marker.labels, *marker.dropped] if marker else []
    stale = without([*owned, *former, *labels.refused], labels.fitting)
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
