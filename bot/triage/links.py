"""What an issue may be linked to, of what was found and what GitHub says of it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
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
    choose_shown,
)
from bot.duplicates.canonical import Refusal, Target, judge_target
from bot.issue.mentions import find_mentions
from bot.rules.matcher import Match, match_rules, read_facts
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
