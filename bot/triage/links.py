"""Which issues the comment links, decided by what was found and by what GitHub says of it. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.comment.sanitizer import find_server
from bot.duplicates.candidates import SAID_SO, Candidate, CandidateSearch, Tier
from bot.duplicates.canonical import Refusal, Target, judge_target
from bot.duplicates.selection import Criteria, LinkDecision, Section, select_links
from bot.issue.mentions import find_mentions
from bot.rules.matcher import Match, match_issue, read_facts
from bot.tracker.types import Issue, Links
from bot.triage.config import Config, Sources

MOST_CHECKED = 8
"""Candidates that GitHub is asked about, with one request: where one must not be linked, the next one may be."""

UNCHECKED = "no rule speaks, and the settings want no comment for links alone"
UNPROVEN = (
    "earlier reports that only look alike stay out of the comment (`tier_c: comment`) until an index has learned from "
    "the repository's last issues, 100 at least, how alike they must be: run `signpost index calibrate --index …`"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkInputs:
    """What is known of candidates before links are decided.

    `command` is the issue that a person named, `given` are the links that our comment gave before, by their tier.
    `links` says what GitHub knows of all of them; None where nobody asked, since nothing is to be linked.
    """

    command: int | None = None
    given: Mapping[int, Tier] = field(default_factory=dict)
    search: CandidateSearch = field(default_factory=CandidateSearch)
    links: Links | None = None

    @property
    def candidates(self) -> list[Candidate]:
        """What a person named, then the best by tier."""
        named = [Candidate(number=self.command, tier="A", score=1.0, why=SAID_SO)] if self.command else []
        others = [each for each in self.search.candidates if each.number != self.command]
        return [*named, *sorted(others, key=lambda each: (each.tier, -each.score))]

    @property
    def nearest(self) -> list[Candidate]:
        """Those candidates that GitHub is asked about."""
        return self.candidates[:MOST_CHECKED]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDecisions:
    """What becomes of every candidate, and of the issues that rules follow.

    `follows` has the issues to follow, by the rule's id; `asked` is where a person's command leads. `remarks`,
    `expectation` (how often the search is right) and `advice` (what would let more be linked) are for maintainers.
    `is_complete` is false where GitHub did not answer: then what was linked before stays.
    """

    candidates: tuple[LinkDecision, ...] = ()
    follows: Mapping[str, Target] = field(default_factory=dict)
    asked: Target | None = None
    remarks: tuple[str, ...] = ()
    expectation: str = ""
    advice: tuple[str, ...] = ()
    is_complete: bool = True

    @property
    def linked(self) -> tuple[LinkDecision, ...]:
        """Those that the comment links, the best first."""
        return self._select("linked")

    @property
    def hidden(self) -> tuple[LinkDecision, ...]:
        """Those that may be linked, and are not."""
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
        """Whether the issue certainly repeats one that may be linked."""
        return any(each.tier == "A" for each in self.duplicates)

    def in_section(self, rule: str) -> tuple[LinkDecision, ...]:
        """Those that the section of a rule links."""
        return tuple(each for each in self.linked if each.section == rule)

    def _select(self, *effects: str) -> tuple[LinkDecision, ...]:
        return tuple(each for each in self.candidates if each.effect in effects)


def find_follows(speaking: Iterable[Match]) -> dict[str, int]:
    """The issues to follow, by the rules that speak."""
    return {rule.id: rule.follow for match in speaking if (rule := match.rule.model).follow}


def decide_links(issue: Issue, inputs: LinkInputs, speaking: Sequence[Match], sources: Sources) -> LinkDecisions:
    """What the comment links, beside the advice of the matches that speak."""
    search, links = inputs.search, inputs.links
    if links is None:
        unchecked = (LinkDecision(candidate=each, effect="refused", reason=UNCHECKED) for each in search.candidates)
        return LinkDecisions(candidates=tuple(unchecked), remarks=search.remarks, expectation=search.expectation)
    follows = find_follows(speaking)
    numbers = [*follows.values(), *(each.number for each in inputs.nearest)]
    judged = {number: judge_target(issue, number, links) for number in numbers}
    targets = {number: target for number, target in judged.items() if isinstance(target, Target)}
    followed = {rule: targets[number] for rule, number in follows.items() if number in targets}
    mentions = find_mentions(read_facts(issue, sources.ruleset), find_server(issue)) if inputs.candidates else ()
    linked = {*(target.number for target in followed.values()), *mentions}
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
    )


def _advise(decisions: Iterable[LinkDecision], config: Config) -> tuple[str, ...]:
    """What maintainers can do where the settings want links in the comment that are not proven yet."""
    is_wanted = config.duplicates.tier_c == "comment" and config.mode == "comment" and _find_limit(config)
    is_kept_out = any(each.is_unproven and each.effect != "merged" for each in decisions)
    return (UNPROVEN,) if is_wanted and is_kept_out else ()


def _find_limit(config: Config) -> int:
    """How many a comment links at most."""
    return config.duplicates.show if config.duplicates.enabled else 0


def _make_criteria(speaking: Sequence[Match], inputs: LinkInputs, config: Config) -> Criteria:
    """What settings and rules want of links."""
    limit, asked = _find_limit(config), [(match.rule.id, match.rule.model.duplicates) for match in speaking]
    return Criteria(
        given=inputs.given,
        is_calibrated=inputs.search.is_calibrated,
        sections=tuple(Section(rule, links.show, open_only=links.open_only) for rule, links in asked)
        or (Section(None, limit, open_only=False),),
        most=limit,
        with_alike=config.duplicates.tier_c == "comment",
        silence=_explain_silence(speaking, config),
    )


def _explain_silence(speaking: Sequence[Match], config: Config) -> str:
    """Why the comment links nothing at all, "" where it may."""
    if config.mode != "comment":
        return f"the settings want no comment (`mode: {config.mode}`)"
    if not speaking and config.duplicates.comment != "always":
        return UNCHECKED
    return ""


def _match_targets(
    targets: Collection[int], links: Links, speaking: Sequence[Match], sources: Sources
) -> dict[int, str]:
    """Which of the rules that speak matches each target too; general advice makes no two reports the same."""
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
    kept = "No new link is given, and a comment that gives links stays as it is, until the next run for this issue."
    return [f"{links.failure} {kept}"]


def _remark_follows(follows: Mapping[str, int], judged: Mapping[int, Target | Refusal]) -> list[str]:
    remarks = list[str]()
    for rule, number in follows.items():
        target = judged[number]
        if isinstance(target, Refusal) and not target.is_unchecked:
            remarks.append(f"the issue that `{rule}` follows is not linked: {target.reason}")
        elif isinstance(target, Target) and target.number != number:
            end = target.number
            remarks.append(f"`{rule}` follows #{number}, which is a duplicate of #{end}; #{end} is linked, so name it")
    return remarks


def _remark_others(inputs: LinkInputs, judged: Mapping[int, Target | Refusal]) -> list[str]:
    """What a person asked for and does not get, and cycles, whoever finds them."""
    remarks = list[str]()
    for each in inputs.nearest:
        target = judged[each.number]
        if isinstance(target, Refusal) and each.why == SAID_SO:
            remarks.append(f"`/signpost duplicate #{each.number}`: {target.reason}; nothing is done")
        elif isinstance(target, Refusal) and target.is_fault and target.reason not in remarks:
            remarks.append(target.reason)
    return remarks
