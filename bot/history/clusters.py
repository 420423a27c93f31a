"""Messages that keep coming back: counted in bounded memory, in any number of processes, and ranked. Pure."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from math import log2, sqrt

from bot.history.lines import find_parts, is_telling
from bot.history.wording import find_words, show_template
from bot.issue.facts import Facts

CAPACITY = 40_000
"""How many templates, and how many words, a tally remembers between two prunings."""

SAMPLE = 64
"""How many issues and authors a template remembers; up to so many, what is said of them is exact."""

_MOST_HASH = 2**32


def _mix(number: int) -> int:
    """A number's place in a sample: the same in every process, and without regard to the order of the issues."""
    return (number * 2_654_435_761 + 0x9E3779B9) % _MOST_HASH


@dataclass(slots=True)
class Support:
    """What is known of one template.

    `issues` and `elsewhere` count issues that no rule matches and that one does, `titles` those of `issues` whose
    title has it. `numbers` and `authors` are bottom-k samples (the k smallest hashes of a set: a sample that does not
    depend on the order, and that can be joined), `spare` is what Misra and Gries count with.
    """

    issues: int = 0
    elsewhere: int = 0
    titles: int = 0
    numbers: tuple[int, ...] = ()
    authors: tuple[int, ...] = ()
    spare: int = 0

    def join(self, other: "Support") -> "Support":
        """The support of both, as if one had counted all."""
        numbers = set(self.numbers) | set(other.numbers)
        authors = set(self.authors) | set(other.authors)
        return Support(
            self.issues + other.issues,
            self.elsewhere + other.elsewhere,
            self.titles + other.titles,
            tuple(nsmallest(SAMPLE, numbers, key=_mix)) if len(numbers) > SAMPLE else tuple(sorted(numbers, key=_mix)),
            tuple(nsmallest(SAMPLE, authors)) if len(authors) > SAMPLE else tuple(sorted(authors)),
            self.spare + other.spare,
        )

    @property
    def author_count(self) -> int:
        """How many authors; beyond the sample an estimate from it (Bar-Yossef et al. 2002), good to about an eighth."""
        if len(self.authors) < SAMPLE:
            return len(self.authors)
        return min(self.issues, round((SAMPLE - 1) * _MOST_HASH / max(1, self.authors[-1])))


@dataclass(slots=True)
class Tally:
    """Templates and words of a history, counted; `a.join(b)` is the tally of both.

    Memory is bounded: at twice `capacity` templates the rarest are forgotten, as by Misra and Gries. A template that
    came up more often than `loss` is never forgotten, and `loss` is at most templates counted / (capacity + 1)
    whatever the order and the grouping of joins (Agarwal et al. 2012, Mergeable Summaries). While `loss` is 0, and so
    in every history that fits, the counts are exact and joins associative and commutative.
    """

    capacity: int = CAPACITY
    issues: int = 0
    elsewhere: int = 0
    loss: int = 0
    templates: dict[str, Support] = field(default_factory=dict)
    words: dict[str, int] = field(default_factory=dict)

    def add(self, facts: Facts, *, is_matched: bool = False) -> None:
        """Count one issue; one that a rule matches counts as the background against which the others stand out."""
        parts = find_parts(facts)
        self.issues += not is_matched
        self.elsewhere += is_matched
        author = zlib.crc32(facts.issue.author.login.encode("utf-8", "replace"))
        for part, is_title in parts.items():
            one = Support(0, 1, 0, (), (), 1)
            if not is_matched:
                one = Support(1, 0, int(is_title), (facts.issue.number,), (author,), 1)
            known = self.templates.get(part)
            self.templates[part] = known.join(one) if known else one
        for word in {word for part in parts for word in find_words(part)}:
            self.words[word] = self.words.get(word, 0) + 1
        self._prune()

    def join(self, other: "Tally") -> "Tally":
        """The tally of both, as if one had counted all; neither is changed."""
        capacity = min(self.capacity, other.capacity)
        both = Tally(capacity, self.issues + other.issues, self.elsewhere + other.elsewhere, self.loss + other.loss)
        both.templates = dict(self.templates)
        for part, support in other.templates.items():
            known = both.templates.get(part)
            both.templates[part] = known.join(support) if known else support
        both.words = dict(self.words)
        for word, count in other.words.items():
            both.words[word] = both.words.get(word, 0) + count
        both._prune()
        return both

    def _prune(self) -> None:
        if len(self.templates) > 2 * self.capacity:
            excess = sorted((support.spare for support in self.templates.values()), reverse=True)[self.capacity]
            self.loss += excess
            kept = {part: support for part, support in self.templates.items() if support.spare > excess}
            self.templates = {part: _charge(support, excess) for part, support in kept.items()}
        if len(self.words) > 2 * self.capacity:
            often = sorted(self.words.items(), key=lambda item: (-item[1], item[0]))
            self.words = dict(often[: self.capacity])


def _charge(support: Support, excess: int) -> Support:
    return Support(
        support.issues, support.elsewhere, support.titles, support.numbers, support.authors, support.spare - excess
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A message that several unmatched issues share.

    `template` is in collapsed form with private signs for what changes (`bot.history.wording`), `text` the same as
    people read it. `issues`, `authors`: how many; `titles`: in how many titles; `elsewhere`: how many issues that a
    rule matches have it too; `numbers`: a sample of at most 64 issues, in the order of their numbers. `weight`: bits
    (see `find_clusters`).
    """

    template: str
    issues: int
    authors: int
    titles: int
    elsewhere: int
    numbers: tuple[int, ...]
    weight: float

    @property
    def text(self) -> str:
        """The template as people read it: `linking with {word} failed`."""
        return show_template(self.template)


def find_clusters(tally: Tally, most: int = 20, least: int = 2) -> tuple[Cluster, ...]:
    """The messages that most deserve a rule, best first; each serves mostly issues that no earlier one does.

    A message's weight is the description length that naming it would save: how many issues and authors have it
    (geometric mean), times the bits of its words, -log2 of the share of issues that have the word, so that a long
    message of rare words counts more than a short one of common words. It is halved where no title has the message
    (people put into the title what the report is about), and reduced by the share of its issues that are matched
    already. `least`: issues below which nothing is a cluster.
    """
    total = max(1, tally.issues + tally.elsewhere)
    found = [
        (_weigh(part, support, tally.words, total), part)
        for part, support in tally.templates.items()
        if support.issues >= least
    ]
    ranked = sorted(((weight, part) for weight, part in found if weight > 0), key=lambda item: (-item[0], item[1]))
    return tuple(_choose(ranked[: 50 * most], tally.templates, most))


def _weigh(part: str, support: Support, words: Mapping[str, int], total: int) -> float:
    served = sqrt(support.issues * support.author_count)
    bits = sum(weigh_word(word, words, total) for word in set(find_words(part)))
    named = (support.titles + _NAMED * _DOUBT) / (support.issues + _DOUBT)
    aboutness = sqrt(min(1.0, named / _NAMED)) * (1.0 if is_telling(part) else _UNTOLD)
    newness = support.issues / (support.issues + support.elsewhere)
    return (served - 1) * min(bits, _MOST_BITS) * aboutness * newness


_NAMED, _DOUBT = 0.1, 10
"""A tenth of the reports name their message in the title; ten issues are what it takes to believe otherwise."""

_UNTOLD = 0.6
"""The worth of a message that does not say that something failed."""


_MOST_BITS = 48.0
"""Beyond this a message is as certain as it can be, and only longer."""


def weigh_word(word: str, words: Mapping[str, int], total: int) -> float:
    """The bits that a word tells: -log2 of the share of issues whose telling lines have it."""
    return max(0.0, -log2(min(1.0, (words.get(word, 0) + 1) / (total + 1))))


def _choose(ranked: Iterable[tuple[float, str]], known: Mapping[str, Support], most: int) -> list[Cluster]:
    """Greedily, each time the one with the greatest weight for issues that are not served yet."""
    waiting = {part: weight for weight, part in ranked}
    unserved = dict(waiting)
    chosen: list[Cluster] = []
    while waiting and len(chosen) < most:
        best = max(waiting, key=lambda part: (unserved[part], part))
        if unserved[best] <= 0:
            break
        chosen.append(_make_cluster(best, known[best], unserved[best]))
        del waiting[best]
        for part, weight in waiting.items():
            unserved[part] = min(unserved[part], weight * (1 - find_share(known[part], known[best])) ** 2)
    return chosen


def find_share(one: Support, other: Support) -> float:
    """The share of one's issues that the other has too, as far as their samples can tell."""
    if not one.numbers or not other.numbers:
        return 0.0
    is_whole = len(other.numbers) < SAMPLE
    reach = _MOST_HASH if is_whole else _mix(other.numbers[-1])
    comparable = [number for number in one.numbers if _mix(number) <= reach]
    if not comparable:
        return 0.0
    return len(set(comparable) & set(other.numbers)) / len(comparable)


def _make_cluster(part: str, support: Support, weight: float) -> Cluster:
    return Cluster(
        template=part,
        issues=support.issues,
        authors=support.author_count,
        titles=support.titles,
        elsewhere=support.elsewhere,
        numbers=tuple(sorted(support.numbers)),
        weight=round(weight, 1),
    )
