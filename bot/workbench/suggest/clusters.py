"""Recurring messages: the weight of each, and those that most deserve a rule. Pure."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import log2, sqrt

from bot.issue.facts import Facts
from bot.text.error_lines import is_error, is_story
from bot.text.templates import find_words, show_template
from bot.workbench.suggest.message_counts import MessageTally, Support, find_parts, find_share, observe_issue

MOST_BITS = 24.0
"""Above this (once in 16 million issues by chance), more words make a message longer, but not more certain."""

_SERVED = 0.9
"""The part of an issue that is covered after a general message serves it, even if another message is more special."""

NO_FAILURE = 0.5
"""The factor for a message that does not itself report a failure."""

_NAMED, _DOUBT = 0.1, 10
"""A tenth of the reports name their message in the title; ten issues are what it takes to believe otherwise."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message that may be chosen: its weight, the bits that its words carry, and its support."""

    weight: float
    bits: float
    support: Support


def rate_message(support: Support, bits: float, factor: float = 1.0) -> Candidate:
    """The weight of a message (see `find_clusters`) with this support, and with words that carry `bits`.

    `factor` is for other evidence, from 0 to 1.
    """
    if not support.issues:
        return Candidate(0.0, bits, support)
    served = sqrt(support.issues * support.author_count)
    named = (support.titles + _NAMED * _DOUBT) / (support.issues + _DOUBT)
    newness = support.issues / (support.issues + support.elsewhere)
    weight = (served - 1) * min(bits, MOST_BITS) * min(1.0, named / _NAMED) * newness * factor
    return Candidate(weight, bits, support)


def weigh_word(word: str, words: Mapping[str, int], total: int) -> float:
    """The bits that a word carries: -log2 of the share of issues whose lines of errors have it."""
    return max(0.0, -log2(min(1.0, (words.get(word, 0) + 1) / (total + 1))))


def choose_diverse(
    candidates: Mapping[str, Candidate],
    most: int,
    covers: Callable[[str, str], bool] = lambda _one, _other: False,
) -> Iterator[tuple[str, float]]:
    """Choose greedily, each time the candidate that adds most to the earlier choices; yields its remaining weight.

    An issue that an earlier choice serves counts little: nothing if that choice carries as many bits as the candidate,
    and a tenth if the candidate carries many more (a special message after a general one). The choices are treated as
    independent.
    `covers(one, other)`: whether every issue with `other` also has `one`.
    """
    left = {name: candidate.weight for name, candidate in candidates.items()}
    for _ in range(most):
        best = max(left, key=lambda name: (left[name], name), default=None)
        if best is None or left[best] <= 0:
            return
        yield best, left.pop(best)
        chosen = candidates[best]
        for name, one in candidates.items():
            if name not in left:
                continue
            share = 1.0 if covers(best, name) else find_share(one.support, chosen.support)
            known = min(1.0, max(_SERVED, chosen.bits / one.bits)) if one.bits else 1.0
            left[name] *= 1 - share * known


_AHEAD = 50
"""The number of candidates that it compares for each requested message."""

_SHOWN = 64
"""The number of issues that a cluster names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A message that several unmatched issues share.

    `template` is in collapsed form with private signs for what changes (`bot.text.templates`), `text` the same as
    people read it, `line` a line in which an issue has it. `issues`, `authors`: how many; `titles`: in how many
    titles; `elsewhere`: how many issues that a rule matches have it too; `numbers`: a sample of at most 64 issues, in
    the order of their numbers. `weight`: bits (see `find_clusters`).
    """

    template: str
    issues: int
    authors: int
    titles: int
    elsewhere: int
    numbers: tuple[int, ...]
    weight: float
    line: str = ""

    @property
    def text(self) -> str:
        """The template in readable form: `linking with {word} failed`."""
        return show_template(self.template)

    @property
    def words(self) -> list[str]:
        """The words of the template, without what changes."""
        return find_words(self.template)


def list_numbers(clusters: Iterable[Cluster]) -> frozenset[int]:
    """The issues in the samples of the clusters."""
    return frozenset(number for cluster in clusters for number in cluster.numbers)


def find_clusters(tally: MessageTally, most: int = 20, least: int = 2) -> tuple[Cluster, ...]:
    """The messages that most deserve a rule, best first; each mostly serves issues that no earlier one serves.

    The weight of a message is the description length that naming it would save: the number of its issues and authors
    (geometric mean), times the bits of its words. The bits of a word are -log2 of the share of issues that have it, so
    a long message of rare words counts more than a short one of common words. A message weighs less if few titles have
    it (titles say what a report is about), if it does not report a failure, and if rules already match its issues.
    `least`: the smallest number of issues in a cluster.
    """
    total = max(1, tally.issues + tally.elsewhere)
    found = [
        (_weigh(part, support, tally.words, total), part)
        for part, support in tally.templates.items()
        if support.issues >= least
    ]
    ranked = sorted(found, key=lambda item: (-item[0].weight, item[1]))[: _AHEAD * most]
    chosen = choose_diverse({part: candidate for candidate, part in ranked}, most, lambda one, other: one in other)
    return tuple(_make_cluster(part, tally.templates[part], weight) for part, weight in chosen)


def _weigh(part: str, support: Support, words: Mapping[str, int], total: int) -> Candidate:
    bits = min(MOST_BITS, sum(weigh_word(word, words, total) for word in set(find_words(part))))
    return rate_message(support, bits, 1.0 if is_error(part) else NO_FAILURE)


def _make_cluster(part: str, support: Support, weight: float) -> Cluster:
    return Cluster(
        template=part,
        issues=support.issues,
        authors=support.author_count,
        titles=support.titles,
        elsewhere=support.elsewhere,
        numbers=tuple(sorted(support.numbers[:_SHOWN])),
        weight=round(weight, 1),
        line=support.line,
    )


MOST_PARTS = 8
"""The number of parts of the issue that it tries, best first, until one makes a valid rule."""

_GUESSED_BITS = 6.0
_SHORT_WORD = 3
_SHORT_WORD_BITS = 1.5
_WORTH = {"title": 0.8, "body": 1.0, "logs": 1.5, "errors": 1.0}
_REPEATED = 2.0
_STORY = 0.1
"""The factor for a sentence of the reporter: nobody else writes it."""


def rank_parts(facts: Facts, tally: MessageTally) -> tuple[Cluster, ...]:
    """The parts of an issue that are best to search for, as clusters, best first.

    A part counts more if other issues have it, if it is the output of a program, and most if the title repeats it.
    Without an archive, long words count as rare words.
    """
    found = [(_rate_part(part, views, facts, tally), part) for part, (_, views) in find_parts(facts).items()]
    best = sorted(found, key=lambda item: (-item[0], item[1]))[:MOST_PARTS]
    return tuple(_make_part_cluster(part, weight, facts, tally) for weight, part in best)


def _rate_part(part: str, views: Collection[str], facts: Facts, tally: MessageTally) -> float:
    bits = sum(_guess_bits(word, tally) for word in set(find_words(part)))
    own = observe_issue(facts.issue, is_matched=False, is_title="title" in views)
    support = tally.templates.get(part, Support()).join(own)
    place = _REPEATED if "title" in views and len(views) > 1 else max(_WORTH[view] for view in views)
    told = _STORY if is_story(part) else 1.0
    return (bits + rate_message(support, bits).weight) * place * told * (1.0 if is_error(part) else NO_FAILURE)


def _guess_bits(word: str, tally: MessageTally) -> float:
    """The bits of a word; a word that no issue has is worth no more than a rare one, or private words would win."""
    guessed = _GUESSED_BITS if len(word) > _SHORT_WORD else _SHORT_WORD_BITS
    return min(guessed, weigh_word(word, tally.words, tally.seen)) if tally.seen else guessed


def _make_part_cluster(part: str, weight: float, facts: Facts, tally: MessageTally) -> Cluster:
    """The cluster of a part, with the issue itself at the front of its sample."""
    known = _make_cluster(part, tally.templates.get(part, Support()), weight)
    others = [number for number in known.numbers if number != facts.issue.number]
    numbers = (facts.issue.number, *others)
    return replace(known, issues=known.issues + 1, authors=known.authors + 1, numbers=numbers)
