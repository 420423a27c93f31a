"""What an issue is linked to: earlier reports that were found, and where each link leads now; in few requests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from bot.comment.marker import find_own_comment
from bot.comment.rendering import find_server
from bot.config import Config
from bot.duplicates.canonical import Refusal, Target, find_unread_ends, judge_target
from bot.duplicates.earlier import (
    MOST_CHECKED,
    SAID_SO,
    WHY,
    Duplicate,
    Earlier,
    Findings,
    Knowledge,
    LeftOut,
    Tier,
    choose_duplicates,
)
from bot.errors import TrackerError
from bot.github.tracker import Issue, Links, Tracker
from bot.issue.command import find_command
from bot.issue.mentions import find_mentions
from bot.rules.matching import match_rules, read_facts
from bot.rules.rule import Ruleset
from bot.sources import Sources
from bot.wish import Wish, add_label, leave_label


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


def read_linking(issue: Issue, wish: Wish, login: str, sources: Sources, tracker: Tracker) -> Linking:
    """Look for earlier reports, and read where they and the issues to follow lead: two requests at most to check."""
    command = find_command(issue.comments, issue.author)
    if not (wish.speaking or command or sources.config.duplicates.comment == "always"):
        return list_unchecked(issue, sources)
    own = find_own_comment(issue.comments, login, issue.number)
    given = own[1].earlier if own else {}
    findings = _find_earlier(issue, wish, given, sources)
    ordered = _order(findings.earlier, command)
    candidates = ordered[:MOST_CHECKED]
    follows = {rule.id: rule.follow for match in wish.speaking if (rule := match.rule.model).follow}
    numbers = [*follows.values(), *(each.number for each in candidates)]
    links = _read_links(issue, numbers, tracker)
    judged = {number: judge_target(issue, number, links) for number in numbers}
    targets = {number: target for number in follows.values() if isinstance(target := judged[number], Target)}
    mentions = find_mentions(read_facts(issue, sources.ruleset), find_server(issue))
    linked = {target.number for target in targets.values()} | mentions
    rules = _match_targets(judged.values(), links, wish, sources.ruleset)
    knowledge = Knowledge(rules=rules, linked=linked, given=given, is_calibrated=findings.is_calibrated)
    duplicates, left_out = choose_duplicates(ordered, judged, knowledge)
    asked = judged.get(command or 0)
    return Linking(
        targets=targets,
        duplicates=duplicates,
        left_out=left_out,
        asked=asked if isinstance(asked, Target) else None,
        remarks=(
            *_remark_failure(links),
            *_remark_follows(follows, judged),
            *_remark_others(candidates, judged),
            *findings.remarks,
        ),
        expected=findings.expected,
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


def list_unchecked(issue: Issue, sources: Sources) -> Linking:
    """What was found for an issue that nothing is said about, where finding costs nothing; nobody has checked it."""
    if not (sources.config.duplicates.enabled and sources.find_earlier.is_free):
        return Linking()
    findings = sources.find_earlier(issue)
    reason = "no rule matches, and the settings want no comment for links alone"
    left_out = tuple(LeftOut(each, reason) for each in findings.earlier)
    return Linking(left_out=left_out, remarks=findings.remarks, expected=findings.expected)


def _find_earlier(issue: Issue, wish: Wish, given: Mapping[int, Tier], sources: Sources) -> Findings:
    """What may be the same problem, and of what was linked before (`given`) that which the search does not refute."""
    asked = sources.config.duplicates
    if not (asked.enabled and asked.show and (wish.speaking or asked.comment == "always")):
        return Findings()
    findings = sources.find_earlier(issue)
    known = {each.number for each in findings.earlier}
    kept = {number: tier for number, tier in given.items() if number not in known and not _can_refute(findings, tier)}
    return replace(findings, earlier=(*(_remember(*link) for link in kept.items()), *findings.earlier))


def _can_refute(findings: Findings, tier: Tier) -> bool:
    """Whether what was linked and is not found any more is out: only a calibrated index knows what is alike enough."""
    return findings.is_whole and (findings.is_calibrated or tier != "C")


def _remember(number: int, tier: Tier) -> Earlier:
    """A link that was given before. Tier A is seen anew: a rule matches both, or a person's command is still there."""
    kept: Tier = "C" if tier == "C" else "B"
    return Earlier(number=number, tier=kept, score=0.0, why=WHY[kept])


def _order(earlier: Iterable[Earlier], asked: int | None) -> list[Earlier]:
    """What a person named, then the best by tier."""
    named = [Earlier(number=asked, tier="A", score=1.0, why=SAID_SO)] if asked else []
    others = sorted((each for each in earlier if each.number != asked), key=lambda each: (each.tier, -each.score))
    return [*named, *others]


def _read_links(issue: Issue, numbers: list[int], tracker: Tracker) -> Links:
    """What GitHub says of them, and of the ends of their chains. One that is this issue itself is not asked for."""
    asked = [number for number in dict.fromkeys(numbers) if number != issue.number]
    if not asked:
        return Links()
    links = _read_if_answered(issue.repository, asked, tracker)
    ends = set(find_unread_ends(asked, links.issues, issue.repository)) - {issue.number}
    if not ends:
        return links
    behind = _read_if_answered(issue.repository, sorted(ends), tracker)
    return replace(
        links,
        issues={**behind.issues, **links.issues},
        unread=links.unread | behind.unread,
        failure=links.failure or behind.failure,
    )


def _read_if_answered(repository: str, numbers: list[int], tracker: Tracker) -> Links:
    """What GitHub says of them; where it does not answer, only that. What it refuses ends the run as elsewhere."""
    try:
        return tracker.read_links(repository, numbers)
    except TrackerError as error:
        if not error.unanswered:
            raise
        return Links(unread=frozenset(numbers), failure=str(error))


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


def _remark_others(candidates: Iterable[Earlier], judged: Mapping[int, Target | Refusal]) -> list[str]:
    """What a person asked for and does not get, and circles, whoever finds them."""
    remarks = list[str]()
    for each in candidates:
        target = judged[each.number]
        if isinstance(target, Refusal) and each.why == SAID_SO:
            remarks.append(f"`/signpost duplicate #{each.number}`: {target.reason}; nothing is done")
        elif isinstance(target, Refusal) and target.is_fault and target.reason not in remarks:
            remarks.append(target.reason)
    return remarks
