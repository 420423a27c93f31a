"""Sightings of a draft in past issues: who has the problem, labels, answers, near misses. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from bot.rules.conditions.types import Evidence
from bot.text.error_lines import is_error
from bot.text.redaction import mask_private
from bot.tracker.types import EPOCH, MAINTAINERS, Issue
from bot.workbench.suggest.message_counts import Support, mix_number, observe_issue

MOST_KEPT = 8
"""The number of examples, and of near misses, that a draft keeps until `check` chooses the best."""

PROCESS_LABELS = re.compile(
    r"duplicate|stale|invalid|wontfix|won't fix|autoclose|locked|\bneed(?:s|ed)?[ :_-]|awaiting|waiting|triage"
    r"|good first|help wanted|question|status|resolution|resolved|closed|confirmed|p-?[0-4]\b|priority",
    re.IGNORECASE,
)
"""Labels for the state of a report, not for its subject; bots add and remove them (§0.5 of the survey)."""

_MOST_COUNTED = 200
_LONGEST_EXAMPLE = 240
_NOISE = 40
"""The example with less text around the message comes first; this number of characters makes a difference."""

_NAMED = 0.5
"""The share of a phrase's words, by weight, that a title must have to be about the phrase."""

_ADDRESS = re.compile(r"https://[^\s<>()\[\]\"'`]{4,300}")
_PICTURE = re.compile(r"user-attachments|/assets/|user-images|\.(?:png|jpe?g|gif|mp4|webp)$", re.IGNORECASE)
_SAME_AS = re.compile(
    r"\b(?:duplicate|dupe?|same as|tracked|tracking|in favou?r|see|superseded)\b[^\n#]{0,40}#([1-9][0-9]{0,6})\b",
    re.IGNORECASE,
)
_MARKS_BEFORE = re.compile(r"^(?:[ \t>#*+|-]|`{3,}\w*|[0-9]{1,3}[.)] )+")
Key = TypeVar("Key", str, int)


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """A text of a past issue, trimmed and masked, as a draft shows it.

    `rank` orders them, best first; `core` is the matched part, without its surroundings.
    """

    rank: tuple[float, int]
    number: int
    text: str
    is_title: bool = False
    core: str = ""


@dataclass(slots=True)
class Sightings:
    """The sightings of one draft's phrases.

    `failing` counts the issues that have a phrase in a line that reports a failure; `labels` counts issues by label,
    among the `labelled` issues whose labels no bot has removed; `answers` counts the links that maintainers gave in
    comments, `named` the issues that they named.
    """

    support: Support = field(default_factory=Support)
    failing: int = 0
    first: datetime | None = None
    last: datetime | None = None
    labelled: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    answers: Mapping[str, int] = field(default_factory=dict)
    named: Mapping[int, int] = field(default_factory=dict)
    examples: tuple[Shown, ...] = ()
    near: tuple[Shown, ...] = ()

    def join(self, other: "Sightings") -> "Sightings":
        """The sightings of both, as if one search had covered all issues."""
        dates = [at for at in (self.first, other.first, self.last, other.last) if at]
        return Sightings(
            self.support.join(other.support),
            self.failing + other.failing,
            min(dates, default=None),
            max(dates, default=None),
            self.labelled + other.labelled,
            _add(self.labels, other.labels),
            _add(self.answers, other.answers),
            _add(self.named, other.named),
            keep_best((*self.examples, *other.examples)),
            keep_best((*self.near, *other.near)),
        )


@dataclass(slots=True)
class Watch:
    """The sightings of all drafts in an archive, by id, and the labels of its issues; `seen` counts the issues."""

    found: dict[str, Sightings] = field(default_factory=dict)
    labelled: int = 0
    labels: Mapping[str, int] = field(default_factory=dict)
    seen: int = 0

    def find(self, name: str) -> Sightings:
        """The sightings of the draft with this id."""
        return self.found.get(name, Sightings())

    def add(self, other: "Watch") -> None:
        """Add the sightings of another watch, as if one search had covered all issues."""
        for name, sightings in other.found.items():
            known = self.found.get(name)
            self.found[name] = known.join(sightings) if known else sightings
        self.seen += other.seen
        self.labelled += other.labelled
        self.labels = _add(self.labels, other.labels)


def _add(one: Mapping[Key, int], other: Mapping[Key, int]) -> Mapping[Key, int]:
    if not one or not other:
        return one or other
    if len(one) < _MOST_COUNTED and other.keys() <= one.keys():
        return {key: count + other.get(key, 0) for key, count in one.items()}
    counts = Counter(one)
    counts.update(other)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST_COUNTED])


def keep_best(shown: Iterable[Shown]) -> tuple[Shown, ...]:
    """The best texts; texts that differ only in case, white space and numbers count once."""
    kept: dict[str, Shown] = {}
    for one in sorted(shown):
        kept.setdefault(_NOT_LETTERS.sub("", one.text).lower(), one)
    return tuple(kept.values())[:MOST_KEPT]


_NOT_LETTERS = re.compile(r"[\W\d_]+")


def see_issue(issue: Issue, found: Sequence[Evidence], named: float, *, is_matched: bool) -> Sightings:
    """The sightings of one issue that has the message, given the evidence for it.

    `named` is the share of the message's words that the issue's title has.
    """
    evidence = next((item for item in found if item.source != "title"), found[0])
    is_title = named >= _NAMED or any(item.source == "title" for item in found)
    seen = Sightings(observe_issue(issue, is_matched=is_matched, is_title=is_title))
    if is_matched:
        return seen
    labels = read_labels(issue)
    seen.failing = int(any(is_error(_find_line(issue, item)) for item in found))
    seen.first = seen.last = issue.created_at if issue.created_at != EPOCH else None
    seen.labelled, seen.labels = int(labels is not None), dict.fromkeys(labels or [], 1)
    answers, followed = _read_answers(issue)
    seen.answers, seen.named = dict.fromkeys(answers, 1), dict.fromkeys(followed, 1)
    if shown := show_evidence(issue, evidence):
        seen.examples = (shown,)
    return seen


def _find_line(issue: Issue, evidence: Evidence) -> str:
    """The line on which the evidence begins; of comments nothing."""
    original = {"title": issue.title, "body": issue.body}.get(evidence.source, "")
    end = original.find("\n", evidence.end)
    return original[original.rfind("\n", 0, evidence.start) + 1 : end if end >= 0 else len(original)]


def show_evidence(issue: Issue, evidence: Evidence) -> Shown | None:
    """The lines with the evidence, trimmed and masked; None if nothing is left."""
    is_title = evidence.source == "title"
    if not is_title and evidence.source != "body":
        return None
    original = issue.title if is_title else issue.body
    text = trim_text(original, evidence.start, evidence.end)
    if not text:
        return None
    core = " ".join(mask_private(original[evidence.start : evidence.end]).split())
    noise = (len(text) - len(core)) // _NOISE
    return Shown((float(is_title) + noise, mix_number(issue.number)), issue.number, text, is_title, core)


def trim_text(original: str, start: int, end: int) -> str:
    """The whole lines from `start` to `end` (at most 240 characters, or that span), masked, without list marks."""
    first = original.rfind("\n", 0, start) + 1
    last = original.find("\n", end)
    last = len(original) if last < 0 else last
    if last - first > _LONGEST_EXAMPLE:
        room = max(0, _LONGEST_EXAMPLE - (end - start)) // 2
        first, last = max(first, start - room), min(last, end + room)
        first = original.find(" ", first, start) + 1 or first
        last = original.rfind(" ", end, last) if " " in original[end:last] else last
    text = "".join(sign for sign in original[first:last] if sign == "\n" or sign.isprintable())
    lines = [line.rstrip() for line in mask_private(text).split("\n") if line.strip()]
    return _MARKS_BEFORE.sub("", "\n".join(lines)).strip()


def read_labels(issue: Issue) -> tuple[str, ...] | None:
    """The labels for the issue's subject; None if it has no labels, or if a bot has removed them.

    A bot that closes duplicates leaves only `duplicate`.
    """
    if not issue.labels or all(label.lower() == "duplicate" for label in issue.labels):
        return None
    return tuple(label for label in dict.fromkeys(issue.labels) if not PROCESS_LABELS.search(label))


def _read_answers(issue: Issue) -> tuple[set[str], set[int]]:
    """The links and issues that maintainers gave in comments; our own comments and those of other bots do not count."""
    answers, named = set[str](), set[int]()
    for comment in issue.comments:
        if comment.association in MAINTAINERS and not comment.author.is_bot:
            found = {address.rstrip(".,;:!?*_") for address in _ADDRESS.findall(comment.body)}
            answers |= {address for address in found if not _PICTURE.search(address)}
            named |= {int(number) for number in _SAME_AS.findall(comment.body)} - {issue.number}
    return answers, named
