"""People who say that the guidance does not fit: what they refuse, and how our comment remembers it. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from bot.comment.marker import Marker, Past
from bot.issue.commands import Said
from bot.tracker.types import Issue, Reaction

MOST_HEARD = 100
"""Answers that our comment remembers; the newest count."""

DOWN = "-1"
"""GitHub's name of 👎 (https://docs.github.com/en/rest/reactions/reactions#about-reactions)."""


class Answer(NamedTuple):
    """One answer “wrong”: the author's 👎 or `/signpost wrong`. `key` tells it from all others on the issue."""

    at: datetime
    key: str


@dataclass(frozen=True, slots=True)
class Refusals:
    """The rules whose guidance people have refused on an issue, and the keys of all answers that led to this.

    `at` is the time of the last answer that refuses what the comment says now; None if there is none.
    """

    rules: frozenset[str] = frozenset()
    heard: tuple[str, ...] = ()
    at: datetime | None = None


NO_REFUSALS = Refusals()


def list_answers(said: Iterable[Said], issue: Issue, reactions: Iterable[Reaction] = ()) -> tuple[Answer, ...]:
    """All answers on the issue, the oldest first, by the commands there.

    `reactions` are those to our comment; only the author's 👎 counts.
    """
    commands = (
        Answer(each.comment.created_at, f"c{each.comment.id}")
        for each in said
        if each.command.name == "wrong" and not each.fault
    )
    downs = (Answer(each.at, f"r{int(each.at.timestamp())}") for each in reactions if is_refusal(each, issue))
    return tuple(sorted({*commands, *downs})[-MOST_HEARD:])


def is_refusal(reaction: Reaction, issue: Issue) -> bool:
    """Whether a reaction is a 👎 of the issue's author."""
    return reaction.content == DOWN and reaction.by.is_same_person(issue.author)


def hear_answers(marker: Marker | None, answers: Collection[Answer], matching: Iterable[str]) -> Refusals:
    """What the answers refuse.

    An answer refuses all guidance that the comment has when it is heard, once: guidance that comes later is another
    one. Without a comment, it refuses all `matching` rules.
    """
    if marker is None:
        return Refusals(rules=frozenset(matching) if answers else frozenset())
    new = [answer for answer in answers if answer.key not in marker.heard]
    rules = frozenset(marker.rules) if new else frozenset[str]()
    heard = sorted({*marker.heard, *(answer.key for answer in new)})
    return Refusals(marker.refused | rules, tuple(heard[-MOST_HEARD:]), max(new).at if rules else None)


def remember_past(former: Marker | None, rules: Collection[str], refusals: Refusals, now: datetime) -> dict[str, Past]:
    """The guidance that the comment gave and gives no more, if it now has these `rules`."""
    if former is None:
        return {}
    ended = {
        rule: Past(
            hash=content_hash,
            since=former.since.get(rule, 0),
            until=_to_seconds(refusals.at if refusals.at and rule in refusals.rules else now),
            is_refused=rule in refusals.rules,
        )
        for rule, content_hash in former.rules.items()
    }
    return {rule: past for rule, past in {**former.past, **ended}.items() if rule not in rules}


def date_guidance(former: Marker | None, rules: Mapping[str, str], now: datetime) -> dict[str, int]:
    """When the guidance of each rule was first given (Unix seconds), for those not there from the start."""
    if former is None:
        return {}
    known = {rule: (value, former.since.get(rule, 0)) for rule, value in former.rules.items()}
    known |= {rule: (past.hash, past.since) for rule, past in former.past.items()}
    dated = {
        rule: known[rule][1] if rule in known and known[rule][0] == content_hash else _to_seconds(now)
        for rule, content_hash in rules.items()
    }
    return {rule: since for rule, since in dated.items() if since}


def _to_seconds(moment: datetime) -> int:
    return int(moment.timestamp())
