"""What a sweep has to do: the issues whose comment may be out of date, each with the reasons. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

from bot.rules.ruleset import Ruleset
from bot.signals.ledger import GivenComment, Ledger
from bot.triage.actions import propose_closing
from bot.triage.config import Sources
from bot.triage.decisions import find_mode
from bot.triage.people.refusals import DOWN

Reason = Literal["rule", "refusal", "closing", "target", "missed"]
REASONS: Mapping[Reason, str] = {
    "rule": "a rule has changed",
    "refusal": "the author or a maintainer said that the guidance does not fit",
    "closing": "the promised closing is due or cancelled",
    "target": "a linked issue was closed or reopened",
    "missed": "an event may have been lost",
}
"""Each reason as a part of a sentence for maintainers."""


class Rerun(NamedTuple):
    """An issue to handle again. `digest` names the state that asks for it: it is handled once for each state."""

    issue: int
    reasons: tuple[Reason, ...]
    digest: str = ""

    def describe(self) -> str:
        """Why, for maintainers."""
        return "; ".join(REASONS[reason] for reason in self.reasons)

    def to_json(self) -> dict[str, Any]:
        """The issue and the reasons in the JSON format of `signpost sweep`."""
        return {"issue": self.issue, "reasons": list(self.reasons)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What earlier sweeps have noted: issues that wait, with the reasons, and the digests of those handled.

    `day` is a number for today, if closings are suggested: a proposed one is then looked at once a day, because GitHub
    tells nobody that a person dismissed its suggestion.
    """

    pending: Mapping[int, frozenset[Reason]]
    looked: Mapping[int, str]
    day: int = 0


def plan_reruns(
    ledger: Ledger, ruleset: Ruleset, progress: Progress, now: int, muted: Collection[str] = ()
) -> tuple[Rerun, ...]:
    """The issues to handle again, in the order of their numbers; `now` is in Unix seconds.

    A `muted` rule does not rewrite its comments, unless they promise a closing: once it is not muted any more, they are
    looked at again.
    """
    hashes = {rule.id: f"{rule.content_hash}{' muted' if rule.id in muted else ''}" for rule in ruleset.rules}
    issues = {issue.number: issue for issue in ledger.issues}
    states: dict[int, list[tuple[Reason, str]]] = {}
    signs, answers = find_signs(ledger), _list_answers(ledger)
    for comment in ledger.comments:
        issue = issues.get(comment.issue)
        if issue and issue.is_open and not comment.is_hidden:
            found = _list_states(comment, hashes, is_whole=not ruleset.problems)
            unheard = {*answers.get(comment.id, ())} - {*comment.heard}
            found += [("refusal", key) for key in unheard if comment.standing]
            found += _list_closings(comment, signs[comment.id], now, progress.day if comment.asks else 0)
            states.setdefault(comment.issue, []).extend(found)
    return tuple(_write_reruns(states, progress))


def _write_reruns(states: Mapping[int, list[tuple[Reason, str]]], progress: Progress) -> Iterator[Rerun]:
    for number in sorted({*states, *progress.pending}):
        found, waiting = states.get(number, []), progress.pending.get(number, frozenset())
        digest = sha256(repr(sorted(found)).encode()).hexdigest()[:16] if found else ""
        is_new = bool(found) and progress.looked.get(number) != digest
        reasons = {*waiting, *(reason for reason, _ in found if is_new)}
        if reasons:
            yield Rerun(number, tuple(reason for reason in REASONS if reason in reasons), digest)


def _list_states(comment: GivenComment, hashes: Mapping[str, str], *, is_whole: bool) -> list[tuple[Reason, str]]:
    """The rules of a comment that have changed. A missing rule was removed only if all rules loaded (`is_whole`)."""
    return [
        ("rule", f"{rule} {hashes.get(rule, '')}")
        for rule, content_hash in comment.standing.items()
        for present in [hashes.get(rule, "" if is_whole else content_hash)]
        if present.split(" ")[0] != content_hash or (comment.closes and present.endswith(" muted"))
    ]


def _list_answers(ledger: Ledger) -> dict[int, list[str]]:
    """All answers “wrong” to each comment, by the keys of `bot.triage.people.refusals`."""
    authors = {issue.number: issue.author.casefold() for issue in ledger.issues}
    places, ours = {comment.id: comment.issue for comment in ledger.comments}, dict[int, list[int]]()
    for comment, number in places.items():
        ours.setdefault(number, []).append(comment)
    found: dict[int, list[str]] = {}
    for vote in ledger.votes:
        is_authors = vote.login.casefold() == authors.get(places.get(vote.comment, 0))
        if vote.content == DOWN and is_authors and not vote.is_bot:
            found.setdefault(vote.comment, []).append(f"r{vote.at}")
    for reply in ledger.replies:
        for comment_id in ours.get(reply.issue, ()) if reply.refuses else ():
            found.setdefault(comment_id, []).append(f"c{reply.id}")
    return found


def find_signs(ledger: Ledger) -> Counter[int]:
    """How many signs of life the ledger has for the issue of each comment, by its id."""
    replies = Counter(reply.issue for reply in ledger.replies if reply.role != "bot")
    downs = Counter(vote.comment for vote in ledger.votes if vote.content == DOWN)
    others = Counter(issue.number for issue in ledger.issues if issue.is_held)
    others.update(closing.issue for closing in ledger.closings if closing.reopened)
    return Counter({each.id: replies[each.issue] + downs[each.id] + others[each.issue] for each in ledger.comments})


def _list_closings(comment: GivenComment, signs: int, now: int, day: int) -> list[tuple[Reason, str]]:
    """The promise of a comment, if it is due, or if a sign of life may have cancelled it."""
    if not comment.closes or not (signs or comment.closes <= now):
        return []
    due = f" due{f' {day}' if day else ''}" if comment.closes <= now else ""
    return [("closing", f"{comment.closes} {signs}{due}")]


def list_waiting(ledger: Ledger, now: int, busy: Collection[int]) -> tuple[str, ...]:
    """What waits for a person to decide, in a sentence each; not about `busy` issues, which this sweep handles."""
    free = {issue.number for issue in ledger.issues if issue.is_open and not issue.is_held} - {*busy}
    due = (each for each in ledger.comments if each.asks and each.closes <= now and not each.is_hidden)
    return tuple(propose_closing(each.issue, each.target) for each in due if each.issue in free)


def find_silent(sources: Sources) -> frozenset[str]:
    """The rules that comment nowhere now: they are muted, or their mode or the settings say so."""
    rules = sources.ruleset.rules
    modes = {
        rule.id: find_mode(rule.model.mode, rule.names, sources.config, sources.muted.get(rule.id))[0] for rule in rules
    }
    return frozenset(rule for rule, mode in modes.items() if mode != "comment")


def group_links(ledger: Ledger) -> Mapping[int, Collection[int]]:
    """The open issues whose comment links another one, by the number of that one."""
    opened, found = {issue.number for issue in ledger.issues if issue.is_open}, dict[int, set[int]]()
    for comment in ledger.comments:
        for number in comment.links if comment.issue in opened else ():
            found.setdefault(number, set()).add(comment.issue)
    return found
