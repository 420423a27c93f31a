"""What an issue may be linked to, of what was found and what GitHub says of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bot.comment.renderer import find_server
from bot.duplicates.candidates import (
    MOST_CHECKED,
    SAID_SO,
    Duplicate,
    Earlier,
    Findings,
    Knowledge,
    LeftOut,
    Tier,
    choose_duplicates,
)
from bot.duplicates.canonical import Refusal, Target, judge_target
from bot.issue.mentions import find_mentions
from bot.rules.matcher import match_rules, read_facts
from bot.rules.ruleset import Ruleset
from bot.tracker.types import Issue, Links
from bot.triage.config import Config
from bot.triage.decisions import Wish, add_label, leave_label


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What may be linked, before anybody has looked how it stands.

    `follows` has the issues to follow, by the rules that speak; `command` is what a person named; `findings` are the
    earlier reports that were found, and `given` those that were linked before.
    """

    follows: Mapping[str, int] = field(default_factory=dict)
    command: int | None = None
    findings: Findings = field(default_factory=Findings)
    given: Mapping[int, Tier] = field(default_factory=dict)

    @property
    def earlier(self) -> list[Earlier]:
        """What a person named, then the best by tier."""
        named = [Earlier(number=self.command, tier="A", score=1.0, why=SAID_SO)] if self.command else []
        others = [each for each in self.findings.earlier if each.number != self.command]
        return [*named, *sorted(others, key=lambda each: (each.tier, -each.score))]

    @property
    def nearest(self) -> list[Earlier]:
        """Those of them that are looked at."""
        return self.earlier[:MOST_CHECKED]

    @property
    def numbers(self) -> list[int]:
        """All that must be looked at."""
        return [*self.follows.values(), *(each.number for each in self.nearest)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """Links that may be given, those that may not, and what maintainers should know.

    `targets` has the issues to follow, by their numbers in the rules; `asked` is where a person's command leads.
    `is_whole` is false where GitHub did not answer how all of them stand: then what was linked before is kept.
    """

    targets: Mapping[int, Target] = field(default_factory=dict)
    duplicates: tuple[Duplicate, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    asked: Target | None = None
    remarks: tuple[str, ...] = ()
    expected: str = ""
    is_whole: bool = True

    @property
    def is_known(self) -> bool:
        """Whether the report certainly repeats one that is linked."""
        return any(duplicate.tier == "A" for duplicate in self.duplicates)


def find_follows(wish: Wish) -> dict[str, int]:
    """The issues to follow, by the rules that speak."""
    return {rule.id: rule.follow for match in wish.speaking if (rule := match.rule.model).follow}


def judge_candidates(issue: Issue, wish: Wish, candidates: Candidates, links: Links, ruleset: Ruleset) -> Linking:
    """Which of them may be linked, now that `links` say how they stand."""
    judged = {number: judge_target(issue, number, links) for number in candidates.numbers}
    follows = {number: judged[number] for number in candidates.follows.values()}
    targets = {number: target for number, target in follows.items() if isinstance(target, Target)}
    mentions = find_mentions(read_facts(issue, ruleset), find_server(issue))
    knowledge = Knowledge(
        rules=_match_targets(judged.values(), links, wish, ruleset),
        linked={target.number for target in targets.values()} | mentions,
        given=candidates.given,
        is_calibrated=candidates.findings.is_calibrated,
    )
    duplicates, left_out = choose_duplicates(candidates.earlier, judged, knowledge)
    asked = judged.get(candidates.command or 0)
    return Linking(
        targets=targets,
        duplicates=duplicates,
        left_out=left_out,
        asked=asked if isinstance(asked, Target) else None,
        remarks=(*_remark_links(candidates, judged, links), *candidates.findings.remarks),
        expected=candidates.findings.expected,
        is_whole=not links.failure,
    )


def wish_duplicate_label(wish: Wish, linking: Linking, config: Config) -> Wish:
    """The wish, and the label for a report that repeats another, where a person or, by the settings, tier A says so.

    Where that cannot be known now, the label stays if it is there.
    """
    label = config.duplicates.label
    if label is None or config.mode == "observe":
        return wish
    if linking.asked or (config.duplicates.label_when == "known" and linking.is_known):
        return add_label(wish, label)
    return wish if linking.is_whole else leave_label(wish, label)


def _match_targets(judged: Iterable[Target | Refusal], links: Links, wish: Wish, ruleset: Ruleset) -> dict[int, str]:
    """Which of the rules that speak matches the text of a target too; general advice makes no two reports the same."""
    speaking = [match.rule.id for match in wish.speaking if not match.rule.pack.model.fallback]
    found = dict[int, str]()
    for number in {target.number for target in judged if isinstance(target, Target)} if speaking else ():
        known = links.issues.get(number)
        matches = match_rules(read_facts(known.issue, ruleset), ruleset) if known else ()
        theirs = {match.rule.id for match in matches if match.superseded_by is None}
        if same := next((rule for rule in speaking if rule in theirs), None):
            found[number] = same
    return found


def _remark_links(candidates: Candidates, judged: Mapping[int, Target | Refusal], links: Links) -> tuple[str, ...]:
    follows, others = _remark_follows(candidates.follows, judged), _remark_others(candidates.nearest, judged)
    return (*_remark_failure(links), *follows, *others)


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


def _remark_others(earlier: Iterable[Earlier], judged: Mapping[int, Target | Refusal]) -> list[str]:
    """What a person asked for and does not get, and circles, whoever finds them."""
    remarks = list[str]()
    for each in earlier:
        target = judged[each.number]
        if isinstance(target, Refusal) and each.why == SAID_SO:
            remarks.append(f"`/signpost duplicate #{each.number}`: {target.reason}; nothing is done")
        elif isinstance(target, Refusal) and target.is_fault and target.reason not in remarks:
            remarks.append(target.reason)
    return remarks
