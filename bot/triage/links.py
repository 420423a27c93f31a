"""Which issues the comment links, decided from the candidates and from GitHub's data about them. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.duplicates.candidates import SAID_SO, Candidate, CandidateSearch, Tier
from bot.duplicates.canonical import Refusal, Target, judge_target
from bot.duplicates.selection import Criteria, LinkDecision, Section, select_links
from bot.issue.commands import NOTHING_SAID, Duplicates
from bot.issue.mentions import find_mentions
from bot.rules.matcher import Match, match_issue, read_facts
from bot.tracker.types import Issue, Links
from bot.triage.config import Config, Sources

MOST_CHECKED = 8
"""Candidates that one request to GitHub checks: if one must not be linked, the next one may be."""

UNCHECKED = "no rule adds guidance, and the settings allow no comment with links alone"
NO_LINKS = "the settings allow no links (`duplicates`)"
DENIED = "a person wrote `/signpost not-duplicate`"
UNPROVEN = (
    "similar earlier reports (`tier_c: comment`) are not linked, because no calibrated index found them; run "
    "`signpost index calibrate --index …`, which needs at least 100 past issues"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInputs:
    """The data on candidates before links are decided.

    `command` is the issue that a person named, `denied` what people say that it does not duplicate. `given` are the
    links in our earlier comment, by their tier. `links` has GitHub's data on all of them; None if they were not
    checked, because the comment will link nothing.
    """

    command: int | None = None
    denied: Duplicates = NOTHING_SAID
    given: Mapping[int, Tier] = field(default_factory=dict)
    search: CandidateSearch = field(default_factory=CandidateSearch)
    links: Links | None = None

    @property
    def candidates(self) -> list[Candidate]:
        """The issue that a person named, then the best candidates by tier."""
        named = [Candidate(number=self.command, tier="A", score=1.0, why=SAID_SO)] if self.command else []
        others = [each for each in self.search.candidates if each.number != self.command]
        return [*named, *sorted(others, key=lambda each: (each.tier, -each.score))]

    @property
    def nearest(self) -> list[Candidate]:
        """The candidates that are checked with GitHub."""
        return [each for each in self.candidates if not self.denied.forbids(each.number)][:MOST_CHECKED]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDecisions:
    """The decisions on all candidates, and on the issues that rules follow.

    `follows` has the issues to follow, by the rule's id; `asked` is the canonical issue of a command. `remarks`,
    `expectation` (how often the search is right) and `advice` (how to get more links) are for maintainers.
    `is_complete` is false if GitHub did not answer: then the earlier links stay. `is_denied` if a person said that the
    issue is not a duplicate, or not one of a certain issue.
    """

    candidates: tuple[LinkDecision, ...] = ()
    follows: Mapping[str, Target] = field(default_factory=dict)
    asked: Target | None = None
    remarks: tuple[str, ...] = ()
    expectation: str = ""
    advice: tuple[str, ...] = ()
    is_complete: bool = True
    is_denied: bool = False

    @property
    def linked(self) -> tuple[LinkDecision, ...]:
        """Those that the comment links, the best first."""
        return self._select("linked")

    @property
    def hidden(self) -> tuple[LinkDecision, ...]:
        """Those that may be linked, but are not linked."""
        return self._select("hidden")

    @property
    def duplicates(self) -> tuple[LinkDecision, ...]:
        """Those that may be linked, whether or not the comment links them, the best first."""
        return self._select("linked", "hidden")

    @property
    def refused(self) -> tuple[LinkDecision, ...]:
        """Those that may not be linked."""
        return self._select("refused")

    @property
    def is_known(self) -> bool:
        """Whether the issue is certainly a duplicate of an issue that may be linked."""
        return any(each.tier == "A" for each in self.duplicates)

    def in_section(self, rule: str) -> tuple[LinkDecision, ...]:
        """Those that the section of a rule links."""
        return tuple(each for each in self.linked if each.section == rule)

    def _select(self, *effects: str) -> tuple[LinkDecision, ...]:
        return tuple(each for each in self.candidates if each.effect in effects)


def find_follows(speaking: Iterable[Match], suggesting: Iterable[Match] = ()) -> dict[str, int]:
    """The issues to follow, by the rules that speak, and those that suggest to close a duplicate of theirs."""
    closing = (match for match in suggesting if (close := match.rule.model.close) and close.as_ == "duplicate")
    return {rule.id: rule.follow for match in (*speaking, *closing) if (rule := match.rule.model).follow}


def decide_links(
    issue: Issue, inputs: LinkInputs, speaking: Sequence[Match], sources: Sources, suggesting: Sequence[Match] = ()
) -> LinkDecisions:
    """The links of the comment for the matches that speak, and the issues that those that suggest need."""
    search, links, denied = inputs.search, inputs.links, inputs.denied
    is_denied = bool(denied.denied or denied.is_denied)
    if links is None:
        return _leave_unchecked(search, is_denied=is_denied)
    follows = find_follows(speaking, suggesting)
    numbers = [*follows.values(), *(each.number for each in inputs.nearest)]
    judged = {number: judge_target(issue, number, links) for number in numbers}
    judged |= _deny(inputs, judged, follows.values())
    targets = {number: target for number, target in judged.items() if isinstance(target, Target)}
    followed = {rule: targets[number] for rule, number in follows.items() if number in targets}
    mentions = find_mentions(read_facts(issue, sources.ruleset), issue.server) if inputs.candidates else ()
    linked = {*(followed[rule].number for rule in find_follows(speaking) if rule in followed), *mentions}
    rules = _match_targets({target.number for target in targets.values()}, links, speaking, sources)
    criteria = replace(_make_criteria(speaking, inputs, sources.config), rules=rules, linked=linked)
    decisions = select_links(inputs.candidates, judged, criteria)
    return LinkDecisions(
        candidates=decisions,
        follows=followed,
        asked=targets.get(inputs.command or 0),
        remarks=(
            *_remark_failure(links),
            *_remark_follows(follows, judged),
            *_remark_others(inputs, judged),
            *search.remarks,
        ),
        expectation=search.expectation,
        advice=_advise(decisions, sources.config),
        is_complete=not links.failure,
        is_denied=is_denied,
    )


def _leave_unchecked(search: CandidateSearch, *, is_denied: bool) -> LinkDecisions:
    unchecked = (LinkDecision(candidate=each, effect="refused", reason=UNCHECKED) for each in search.candidates)
    return LinkDecisions(
        candidates=tuple(unchecked), remarks=search.remarks, expectation=search.expectation, is_denied=is_denied
    )


def _deny(
    inputs: LinkInputs, judged: Mapping[int, Target | Refusal], followed: Collection[int]
) -> dict[int, Target | Refusal]:
    """A refusal for each issue that a person said this one does not duplicate."""
    numbers = {*judged, *(each.number for each in inputs.candidates)}
    ends = {number: found.number for number, found in judged.items() if isinstance(found, Target)}
    return {
        number: Refusal(DENIED)
        for number in sorted(numbers)
        if inputs.denied.forbids(number, ends.get(number), is_followed=number in followed)
    }


def _advise(decisions: Iterable[LinkDecision], config: Config) -> tuple[str, ...]:
    """Advice for maintainers whose settings ask for links that no calibrated index supports."""
    is_wanted = config.duplicates.tier_c == "comment" and config.mode == "comment" and _find_limit(config)
    is_kept_out = any(each.is_unproven and each.effect != "merged" for each in decisions)
    return (UNPROVEN,) if is_wanted and is_kept_out else ()


def _find_limit(config: Config) -> int:
    """How many a comment links at most."""
    return config.duplicates.show if config.duplicates.enabled else 0


def _make_criteria(speaking: Sequence[Match], inputs: LinkInputs, config: Config) -> Criteria:
    """What settings and rules allow; a person may name an issue even where Signpost looks for none."""
    limit = _find_limit(config) or min(config.duplicates.show, inputs.command is not None)
    asked = [(match.rule.id, match.rule.model.duplicates) for match in speaking]
    return Criteria(
        given=inputs.given,
        is_calibrated=inputs.search.is_calibrated,
        sections=tuple(Section(rule, links.show, open_only=links.open_only) for rule, links in asked)
        or (Section(None, limit, open_only=False),),
        most=limit,
        with_alike=config.duplicates.tier_c == "comment",
        silence=_explain_silence(speaking, config) or ("" if limit else NO_LINKS),
    )


def _explain_silence(speaking: Sequence[Match], config: Config) -> str:
    """Why the comment has no links at all; "" if it may have some."""
    if config.mode != "comment":
        return f"the settings allow no comment (`mode: {config.mode}`)"
    if not speaking and config.duplicates.comment != "always":
        return UNCHECKED
    return ""


def _match_targets(
    targets: Collection[int], links: Links, speaking: Sequence[Match], sources: Sources
) -> dict[int, str]:
    """The speaking rule that also matches each target; fallback packs do not count, because their advice is general."""
    names = [match.rule.id for match in speaking if not match.rule.pack.model.fallback]
    found = dict[int, str]()
    for number in targets if names else ():
        known = links.issues.get(number)
        matches = match_issue(known.issue, sources.ruleset) if known else ()
        theirs = {match.rule.id for match in matches if match.superseded_by is None}
        if same := next((name for name in names if name in theirs), None):
            found[number] = same
    return found


def _remark_failure(links: Links) -> list[str]:
    if not links.failure:
        return []
    kept = "Until the next run for this issue, Signpost adds no links, and a comment with links stays unchanged."
    return [f"{links.failure} {kept}"]


def _remark_follows(follows: Mapping[str, int], judged: Mapping[int, Target | Refusal]) -> list[str]:
    remarks = list[str]()
    for rule, number in follows.items():
        target = judged[number]
        if isinstance(target, Refusal) and not target.is_unchecked:
            remarks.append(f"the issue that `{rule}` follows is not linked: {target.reason}")
        elif isinstance(target, Target) and target.number != number:
            end = target.number
            remarks.append(
                f"`{rule}` follows #{number}, a duplicate of #{end}; Signpost links #{end}, so set `follow: {end}`"
            )
    return remarks


def _remark_others(inputs: LinkInputs, judged: Mapping[int, Target | Refusal]) -> list[str]:
    """Commands that have no effect, and all cycles."""
    remarks = list[str]()
    for each in inputs.nearest:
        target = judged[each.number]
        if isinstance(target, Refusal) and each.why == SAID_SO:
            remarks.append(f"`/signpost duplicate #{each.number}` has no effect: {target.reason}")
        elif isinstance(target, Refusal) and target.is_fault and target.reason not in remarks:
            remarks.append(target.reason)
    return remarks
