"""Similarity of an issue and a rule: how much of the rule holds, weighted by how rare its words are. Pure."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.issue.facts import Facts
from bot.rules.conditions.types import Condition, Verdict
from bot.rules.spec.phrase import Phrase
from bot.text.normalize import collapse
from bot.workbench.explain.near_miss import NearMiss

Part = tuple[Condition, Verdict]
"""A condition, and what it says of the issue."""

Share = Callable[[Condition], float]
"""How much of a text condition that does not hold the issue says, 0 to 1."""

_WEIGHT_OF_TEXT = 3.0
"""What the issue says counts more than that it is, like most, a form in English."""

_NEARLY = 0.9


def measure_similarity(part: Part, share: Share) -> float:
    """How much of a condition holds, 0 to 1; `share` is how much of a failed text condition the issue contains.

    For `all` the weighted mean of its parts, for `any` the best part, for `at_least: n` the mean of the n best. A
    condition that must not hold counts only if it holds: otherwise all rules would be similar.
    """
    condition, verdict = part
    if verdict.holds:
        return 1.0
    if condition.negates:
        return 0.0
    parts = condition.pair(verdict)
    if not parts:
        return _NEARLY * share(condition)
    if condition.least is None:
        return _measure_all(parts, share)
    best = sorted((measure_similarity(inner, share) for inner in parts), reverse=True)[: condition.least]
    return sum(best) / condition.least


def _measure_all(parts: Iterable[Part], share: Share) -> float:
    wanted = [part for part in parts if not part[0].negates]
    is_excluded = any(not verdict.holds for condition, verdict in parts if condition.negates)
    weights = [_weigh(condition) for condition, _ in wanted]
    held = sum(weight * measure_similarity(part, share) for weight, part in zip(weights, wanted, strict=True))
    return held / sum(weights) * (_NEARLY if is_excluded else 1.0) if weights else 0.0


def _weigh(condition: Condition) -> float:
    is_about_text = any(part.reads.views for part, is_unwanted in condition.walk() if not is_unwanted)
    return _WEIGHT_OF_TEXT if is_about_text else 1.0


_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\.")
_LITERAL_WORD = re.compile(r"\b\w{3,}(?![\w?*+{])")
"""A word of a pattern that stands for itself."""


@dataclass(frozen=True)
class Rarity:
    """How many of `rules` rules look for each word."""

    rules: int
    counts: Mapping[str, int]

    def weigh(self, word: str) -> float:
        """Inverse document frequency, smoothed: log(1 + N/n)."""
        return math.log1p(self.rules / self.counts.get(word, 1))

    def share(self, words: Iterable[str], present: Iterable[bool]) -> float:
        """How much of the weight of the words is that of those that are present, 0 to 1."""
        weights = [(self.weigh(word), is_there) for word, is_there in zip(words, present, strict=True)]
        total = sum(weight for weight, _ in weights)
        return sum(weight for weight, is_there in weights if is_there) / total if total else 0.0

    def share_of_near_miss(self, near: NearMiss) -> float:
        """How much of a phrase or pattern a near miss has; a word that is cut counts as far as it goes."""
        before, common, after = near.literal
        start, end = len(before), len(before) + len(common)
        spans = [(match[0].casefold(), *match.span()) for match in _WORD.finditer(before + common + after)]
        weights = [(self.weigh(word), max(0, min(e, end) - max(s, start)) / (e - s)) for word, s, e in spans]
        total = sum(weight for weight, _ in weights)
        return sum(weight * part for weight, part in weights) / total if total else near.share


def measure_rarity(conditions: Iterable[Condition]) -> Rarity:
    """The rarity of words, from the conditions of all rules."""
    listed = [
        frozenset(
            word
            for part, is_unwanted in condition.walk()
            if not is_unwanted
            for row in list_words(part)
            for word in row
        )
        for condition in conditions
    ]
    return Rarity(len(listed), Counter(word for words in listed for word in words))


def list_words(condition: Condition) -> tuple[tuple[str, ...], ...]:
    """The words that a condition searches for, in rows: a row for each phrase, and a row for each word of a pattern."""
    return _list_sought(condition.sought) if condition.sought else ()


@lru_cache(maxsize=8192)
def _list_sought(sought: Phrase | str) -> tuple[tuple[str, ...], ...]:
    if isinstance(sought, str):
        return tuple((word.casefold(),) for word in _LITERAL_WORD.findall(_ESCAPE.sub(" ", sought)))
    words = tuple(word for literal in sought.literals for word in _WORD.findall(collapse(literal)))
    return (words,) if words else ()


@dataclass(frozen=True)
class Wording:
    """The words of an issue, and its pairs of neighbouring words."""

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def guess_share(self, condition: Condition, rarity: Rarity) -> float:
        """How much of a text condition the issue may contain: the share of its words that occur next to a neighbour."""
        words = [word for row in list_words(condition) for word in row]
        return rarity.share(words, (is_there for row in list_words(condition) for is_there in self._find_row(row)))

    def _find_row(self, row: tuple[str, ...]) -> Iterator[bool]:
        if len(row) == 1:
            return iter((row[0] in self.words,))
        joined = [pair in self.pairs for pair in pairwise(row)]
        return (a or b for a, b in zip([False, *joined], [*joined, False], strict=True))


def read_wording(facts: Facts) -> Wording:
    """The words of all views of an issue."""
    texts = [_WORD.findall(text.collapsed) for text in facts.texts]
    pairs = frozenset(pair for words in texts for pair in pairwise(words))
    return Wording(frozenset(word for words in texts for word in words), pairs)
