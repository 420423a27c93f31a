"""What an issue is linked to: earlier reports are looked for, and it is read how each link stands; in few requests."""

from collections.abc import Mapping
from dataclasses import replace

from bot.comment.marker import find_own_comment
from bot.duplicates.candidates import WHY, Earlier, Findings, LeftOut, Tier
from bot.duplicates.canonical import find_unread_ends
from bot.errors import TrackerError
from bot.issue.commands import find_command
from bot.tracker.types import Issue, Links, Tracker
from bot.triage.decisions import Wish
from bot.triage.links import Candidates, Linking, find_follows, judge_candidates
from bot.triage.state import Sources


def read_linking(issue: Issue, wish: Wish, login: str, sources: Sources, tracker: Tracker) -> Linking:
    """Look for earlier reports, and read where they and the issues to follow lead: two requests at most to check."""
    command = find_command(issue.comments, issue.author)
    if not (wish.speaking or command or sources.config.duplicates.comment == "always"):
        return list_unchecked(issue, sources)
    own = find_own_comment(issue.comments, login, issue.number)
    given = own[1].earlier if own else {}
    findings = _find_earlier(issue, wish, given, sources)
    candidates = Candidates(follows=find_follows(wish), command=command, findings=findings, given=given)
    links = _read_links(issue, candidates.numbers, tracker)
    return judge_candidates(issue, wish, candidates, links, sources.ruleset)


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
