"""Messages of past issues, counted in bounded memory and in any number of processes. Pure."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from bot.issue.facts import Facts
from bot.text.error_lines import LONGEST_LINE, ErrorLine, find_error_lines, is_error, split_template
from bot.text.templates import find_words
from bot.tracker.types import Issue

CAPACITY = 40_000
"""The number of templates, and of words, that a tally keeps at each pruning."""

SAMPLE = 1_024
"""The number of issues and authors that a template keeps; up to this number, its figures are exact."""

_MOST_LINES = 400
_MOST_HASH = 2**32
_DOUBT = 4
"""The number of unshared issues to assume, as doubt about a sample."""


def mix_number(number: int) -> int:
    """A number's place in a sample: the same in every process and for every order of the issues."""
    return (number * 2_654_435_761 + 0x9E3779B9) % _MOST_HASH


@dataclass(slots=True)
class Support:
    """The counts of one template.

    `issues` and `elsewhere` count issues that no rule matches and that one does, `titles` those of `issues` whose
    title has it. `numbers` and `authors` are bottom-k samples (the k smallest hashes of a set: a sample that does not
    depend on the order, and that can be joined), `spare` is what Misra and Gries count with. `line` is the line of the
    first issue of the sample that has the template.
    """

    issues: int = 0
    elsewhere: int = 0
    titles: int = 0
    numbers: tuple[int, ...] = ()
    authors: tuple[int, ...] = ()
    spare: int = 0
    line: str = ""

    def join(self, other: "Support") -> "Support":
        """The support of both, as if one count had covered all issues."""
        lines = [(mix_number(each.numbers[0]), each.line) for each in (self, other) if each.numbers]
        return Support(
            self.issues + other.issues,
            self.elsewhere + other.elsewhere,
            self.titles + other.titles,
            _join_samples(self.numbers, other.numbers, mix_number),
            _join_samples(self.authors, other.authors, int),
            self.spare + other.spare,
            min(lines, default=(0, ""))[1],
        )

    @property
    def author_count(self) -> int:
        """The number of authors; beyond the sample, an estimate (Bar-Yossef et al. 2002) with an error of about 1/8."""
        if len(self.authors) < SAMPLE:
            return len(self.authors)
        return min(self.issues, round((SAMPLE - 1) * _MOST_HASH / max(1, self.authors[-1])))


def _join_samples(one: tuple[int, ...], other: tuple[int, ...], place: Callable[[int], int]) -> tuple[int, ...]:
    """The members of both that have the first places, in their order."""
    if len(one) == SAMPLE:
        last = place(one[-1])
        other = tuple(member for member in other if place(member) < last)
    if not one or not other:
        return one or other
    return tuple(sorted({*one, *other}, key=place)[:SAMPLE])


def observe_issue(issue: Issue, *, is_matched: bool, is_title: bool, line: str = "") -> Support:
    """The support that one issue adds to a message; `is_title`: whether the title has the message."""
    if is_matched:
        return Support(elsewhere=1, spare=1)
    author = zlib.crc32(issue.author.login.encode("utf-8", "replace"))
    return Support(1, 0, int(is_title), (issue.number,), (author,), 1, line)


def find_lines(facts: Facts) -> Iterator[tuple[ErrorLine, str]]:
    """The title of an issue and at most 400 error lines, without source code, each with its view."""
    yield ErrorLine(facts.issue.title[:LONGEST_LINE]), "title"
    texts = facts.find_texts(("logs", "errors", "body"))
    found = (
        (line, text.view)
        for text in texts
        for line in find_error_lines(text.raw, is_prose=text.view == "body")
        if is_error(line.text)
    )
    yield from islice(found, _MOST_LINES)


class Part(NamedTuple):
    """Where an issue has a template: the first line with it, and the views."""

    line: str
    views: set[str]


def find_parts(facts: Facts) -> dict[str, Part]:
    """The templates in an issue."""
    found: dict[str, Part] = {}
    for line, view in find_lines(facts):
        for part in split_template(line.template):
            found.setdefault(part, Part(line.text, set())).views.add(view)
    return found


@dataclass(slots=True)
class MessageTally:
    """Templates and words of an archive, counted; `a.take(b)` makes `a` the tally of both.

    Memory is bounded: at twice `capacity` templates the rarest are forgotten, as by Misra and Gries. A template that
    came up more often than `loss` is never forgotten, and `loss` is at most templates counted / (capacity + 1)
    in any order and grouping of joins (Agarwal et al. 2012, Mergeable Summaries). While `loss` is 0, and so
    in every archive that fits, the counts are exact and joins associative and commutative.
    """

    capacity: int = CAPACITY
    issues: int = 0
    elsewhere: int = 0
    loss: int = 0
    templates: dict[str, Support] = field(default_factory=dict)
    words: Counter[str] = field(default_factory=Counter)

    def add(self, facts: Facts, *, is_matched: bool = False) -> None:
        """Count one issue; an issue that a rule matches counts only as background."""
        parts = find_parts(facts)
        self.issues += not is_matched
        self.elsewhere += is_matched
        for part, (line, views) in parts.items():
            one = observe_issue(facts.issue, is_matched=is_matched, is_title="title" in views, line=line)
            known = self.templates.get(part)
            self.templates[part] = known.join(one) if known else one
        self.words.update({word for part in parts for word in find_words(part)})
        self._prune()

    def take(self, other: "MessageTally") -> None:
        """Add the counts of another tally."""
        self.capacity = min(self.capacity, other.capacity)
        self.issues += other.issues
        self.elsewhere += other.elsewhere
        self.loss += other.loss
        for part, support in other.templates.items():
            known = self.templates.get(part)
            self.templates[part] = known.join(support) if known else support
        self.words.update(other.words)
        self._prune()

    @property
    def seen(self) -> int:
        """The number of counted issues."""
        return self.issues + self.elsewhere

    def _prune(self) -> None:
        if len(self.templates) > 2 * self.capacity:
            excess = sorted((support.spare for support in self.templates.values()), reverse=True)[self.capacity]
            self.loss += excess
            kept = {part: support for part, support in self.templates.items() if support.spare > excess}
            self.templates = {part: replace(support, spare=support.spare - excess) for part, support in kept.items()}
        if len(self.words) > 2 * self.capacity:
            often = sorted(self.words.items(), key=lambda item: (-item[1], item[0]))
            self.words = Counter(dict(often[: self.capacity]))


def find_share(one: Support, other: Support) -> float:
    """The share of one's issues that the other also has, estimated from their samples; a small sample lowers it."""
    if not one.numbers or not other.numbers:
        return 0.0
    is_whole = len(other.numbers) < SAMPLE
    reach = _MOST_HASH if is_whole else mix_number(other.numbers[-1])
    comparable = [number for number in one.numbers if mix_number(number) <= reach]
    doubt = 0 if is_whole else _DOUBT
    return len(set(comparable) & set(other.numbers)) / (len(comparable) + doubt) if comparable else 0.0
