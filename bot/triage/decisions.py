"""The decisions on matching rules, labels and links, each with its reason. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from bot.rules.matcher import Match
from bot.rules.spec.condition import Mode
from bot.text.printable import count
from bot.tracker.types import Issue, unique, without
from bot.triage.config import Config, Sources
from bot.triage.links import LinkDecisions, LinkInputs, decide_links
from bot.triage.people.fields import FieldDecision, decide_fields
from bot.triage.people.incidents import KnownIncident

RuleEffect = Literal["speaks", "labels", "suggests", "observes", "silent", "refused"]
"""`speaks`: the rule has a section of the comment. `labels`: it only sets its labels. `suggests`: it only suggests its
labels and its closing. `observes`: it is only counted. `silent`: another rule speaks instead. `refused`: a person said
that it does not fit this issue."""

MODES: tuple[Mode, ...] = ("observe", "suggest", "label", "comment")
"""The lowest first."""

_ACTIVE: frozenset[Mode] = frozenset({"label", "comment"})
"""The modes in which a rule sets and removes labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDecision:
    """What a matching rule does, why, and the rules that it lost to.

    `add` and `remove` are the labels that it asks for, `suggest` those that it suggests. `fitting` are all its labels,
    even if it may not set them: earlier ones may stay. `refused` are its labels if it is refused: those that only we
    set go. `remark` is for maintainers. `mode` is the lowest that rule, settings and votes give it; `muted` says why,
    if it is muted.
    """

    match: Match
    effect: RuleEffect
    reason: str
    lost_to: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    suggest: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    remark: str = ""
    mode: Mode = "comment"
    muted: str = ""

    @property
    def rule(self) -> str:
        """The rule's id."""
        return self.match.rule.id

    @property
    def may_set(self) -> bool:
        """Whether it sets the type and the fields of the rule. A mode that only suggests a type starts here."""
        return self.effect in {"speaks", "labels"}

    @property
    def fields(self) -> FieldDecision:
        """The type and the fields that it sets, if no rule comes before it."""
        return decide_fields([self.match.rule.model] if self.may_set else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDecision:
    """The labels that rules and links ask for; `fitting` ones may stay, whether or not they are asked for.

    `suggest` are those that are only suggested. `refused` are those of refused rules, which no other rule asks for, and
    that of a denied duplicate. `replaced` are labels on the issue which another answer of the reporter would give. Of
    both, only those that we set may go. `answered` are those of answers; `typed` are the ones whose name only text of
    the reporter asks for.
    """

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    suggest: tuple[str, ...] = ()
    fitting: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    typed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What people and GitHub answered: `muted` rules, each with the reason, and those that are `refused` on this issue.

    `absence` says why GitHub takes no suggestions here, "" if it does or was not asked.
    """

    muted: Mapping[str, str] = field(default_factory=dict)
    refused: frozenset[str] = frozenset()
    absence: str = ""


NOTHING_HEARD = Heard()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """All decisions about one issue. `incident` is the known incident that it reports, if a comment may say so."""

    rules: tuple[RuleDecision, ...] = ()
    links: LinkDecisions = field(default_factory=LinkDecisions)
    labels: LabelDecision = field(default_factory=LabelDecision)
    fields: FieldDecision = field(default_factory=FieldDecision)
    incident: KnownIncident | None = None

    @property
    def speaking(self) -> tuple[Match, ...]:
        """The matches that have a section, in their order."""
        return list_speaking(self.rules)

    @property
    def suggesting(self) -> tuple[Match, ...]:
        """The matches that only suggest, in their order."""
        return list_suggesting(self.rules)

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
    heard: Heard = NOTHING_HEARD,
) -> Decisions:
    """All decisions, with what `inputs` say about links, and what was `heard` about this issue."""
    rules = decide_rules(matches, sources.config, today, replace(heard, muted=sources.muted))
    links = decide_links(issue, inputs, list_speaking(rules), sources, list_suggesting(rules))
    labels, fields = decide_labels(rules, links, sources.config, issue.labels), choose_fields(rules, sources)
    incident = decide_incident(issue, rules, sources, heard.refused)
    return Decisions(rules=rules, links=links, labels=labels, fields=fields, incident=incident)


def choose_fields(rules: Sequence[RuleDecision], sources: Sources | None = None) -> FieldDecision:
    """The type and the fields that rules ask for; the sources have all rules that there are."""
    asking = [each.match.rule.model for each in rules if each.may_set]
    fitting = tuple(each.match.rule.model for each in rules if each.effect not in {"silent", "refused"})
    known = (value for rule in sources.ruleset.rules for value in rule.values) if sources else ()
    return decide_fields(asking, fitting, known)


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
        _find_refusal(match, config, heard) or _hold_back(match, matches, config, today, heard) for match in matches
    ]
    ready = [match for match, decision in zip(matches, held_back, strict=True) if decision is None]
    speaking = tuple(match.rule.id for match in ready[: config.max_sections])
    return tuple(
        decision or _take_turn(match, speaking, config) for match, decision in zip(matches, held_back, strict=True)
    )


def list_speaking(rules: Iterable[RuleDecision]) -> tuple[Match, ...]:
    """The matches that have a section, in their order."""
    return tuple(each.match for each in rules if each.effect == "speaks")


def list_suggesting(rules: Iterable[RuleDecision]) -> tuple[Match, ...]:
    """The matches that only suggest, in their order."""
    return tuple(each.match for each in rules if each.effect == "suggests")


_EFFECTS: Mapping[Mode, RuleEffect] = {"observe": "observes", "suggest": "suggests", "label": "labels"}
"""Of the modes below `comment`."""


def _find_refusal(match: Match, config: Config, heard: Heard) -> RuleDecision | None:
    """The decision on a rule that was refused on this issue; None if it was not."""
    if not heard.refused.intersection(match.rule.names):
        return None
    reason = "the author or a maintainer said that it does not fit this issue"
    labels = _make_decision(match, "refused", reason, config).fitting
    mode, _ = _find_mode(match, config, heard.muted)
    refused = labels if mode in _ACTIVE else ()
    return RuleDecision(match=match, effect="refused", reason=reason, refused=refused, mode=mode)


def _hold_back(
    match: Match, matches: Sequence[Match], config: Config, today: date, heard: Heard
) -> RuleDecision | None:
    """Why a match does not speak, independent of the limit of sections; None if it may speak."""
    model, (mode, cause) = match.rule.model, _find_mode(match, config, heard.muted)
    if match.superseded_by:
        other = next(other for other in matches if other.rule.id == match.superseded_by)
        loss = _explain_loss(match, other)
        return RuleDecision(match=match, effect="silent", reason=loss, lost_to=(other.rule.id,), mode=mode)
    if mode != "comment":
        lack = f", and {heard.absence}" if mode == "suggest" and heard.absence else ""
        effect = "observes" if lack else _EFFECTS[mode]
        why = heard.muted.get(match.rule.id, "")
        decision = _make_decision(match, effect, f"{cause} `{mode}`{lack}", config)
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


def wants_suggestions(sources: Sources) -> bool:
    """Whether a rule or the settings make suggestions."""
    config = sources.config
    modes = {find_mode(rule.model.mode, rule.names, config, None)[0] for rule in sources.ruleset.rules}
    asked = config.mode != "observe" and (config.duplicates.suggest or config.closing.suggest)
    return "suggest" in modes or asked


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
    labels = unique([*match.labels, *([regression] if regression else [])])
    sets = effect not in {"observes", "suggests"}
    return RuleDecision(
        match=match,
        effect=effect,
        reason=reason,
        lost_to=lost_to,
        add=labels if sets else (),
        remove=without(unique(match.rule.model.labels.remove), labels) if sets else (),
        suggest=labels if effect == "suggests" else (),
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


def decide_labels(
    rules: Sequence[RuleDecision], links: LinkDecisions, config: Config, present: Sequence[str] = ()
) -> LabelDecision:
    """The labels of all rules, and the label for duplicates if a command or, by the settings, tier A asks for it.

    `present` are the labels of the issue. If GitHub did not answer whether the issue is a duplicate, a label for
    duplicates stays.
    """
    set_, kept, denied = _place_duplicate_label(links, config)
    added, suggested = ([], set_) if config.mode == "suggest" else (set_, [])
    add = unique([*(name for rule in rules for name in rule.add), *added])
    remove = without(unique(name for rule in rules for name in rule.remove), [*add, *kept])
    fitting = unique([*(name for rule in rules for name in rule.fitting), *kept])
    return LabelDecision(
        add=add,
        remove=remove,
        suggest=without(unique([*(name for rule in rules for name in rule.suggest), *suggested]), [*add, *remove]),
        fitting=fitting,
        refused=without(unique([*(name for rule in rules for name in rule.refused), *denied]), fitting),
        replaced=without(_find_replaced(rules, present), fitting),
        answered=unique(label.name for rule in rules if rule.add for label in rule.match.answered),
        typed=_find_typed(rules),
    )


def _find_replaced(rules: Iterable[RuleDecision], present: Sequence[str]) -> tuple[str, ...]:
    """The labels on the issue that answers give, of all rules that set labels, or would if they were not refused."""
    active = (each.match.rule for each in rules if each.effect != "silent" and each.mode in _ACTIVE)
    sources = [source for rule in active for source in rule.label_sources]
    return tuple(label for label in present if any(source.may_give(label) for source in sources))


def _find_typed(rules: Iterable[RuleDecision]) -> tuple[str, ...]:
    """The labels that only text of the reporter names: no rule adds them, and no map has them."""
    active = [each.match for each in rules if each.add]
    answered = [label for match in active for label in match.answered]
    firm = [*(label.name for label in answered if not label.is_typed)]
    firm += [name for match in active for name in match.rule.model.labels.add]
    return without(unique(label.name for label in answered if label.is_typed), firm)


def _place_duplicate_label(links: LinkDecisions, config: Config) -> tuple[list[str], list[str], list[str]]:
    """The label for duplicates as one to set, as one that may stay, and as one that a person denied."""
    label = None if config.mode == "observe" else config.duplicates.label
    if not label:
        return [], [], []
    is_duplicate = bool(links.asked) or (config.duplicates.label_when == "known" and links.is_known)
    set_ = [label] if is_duplicate else []
    return (set_, set_, [label] if links.is_denied else []) if links.is_complete else (set_, [label], [])
