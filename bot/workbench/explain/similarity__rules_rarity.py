"""How much a word of a rule tells: one that many rules look for tells little. Pure."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.issue.facts import Facts
from bot.rules.conditions.compound import AllHold, AtLeastHold, Condition, Sets
from bot.rules.conditions.text import PhraseHolds, RegexHolds
from bot.rules.pattern_atoms import read_literal, split_pattern
from bot.text.normalize import collapse
from bot.workbench.explain.near_miss import NearMiss, Parts

_WORD = re.compile(r"\w+")
_ESCAPE = re.compile(r"\\.")
_LITERAL_WORD = re.compile(r"\b\w{3,}(?![\w?*+{])")
"""A word of a pattern that stands for itself."""

_HOLE = re.compile(r"\{\w+:\w+\}")


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

    def share_of_near_miss(self, condition: Condition, near: NearMiss) -> float:
        """How much of a phrase or pattern a near miss has; a word that is cut counts as far as it goes."""
        before, common, after = _read_parts(condition, near)
        start, end = len(before), len(before) + len(common)
        spans = [(match[0].casefold(), *match.span()) for match in _WORD.finditer(before + common + after)]
        weights = [(self.weigh(word), max(0, min(e, end) - max(s, start)) / (e - s)) for word, s, e in spans]
        total = sum(weight for weight, _ in weights)
        return sum(weight * part for weight, part in weights) / total if total else near.share


def _read_parts(condition: Condition, near: NearMiss) -> Parts:
    """What a near miss is about, without holes; of a pattern what the alternative that begins certainly asks for."""
    if isinstance(condition, RegexHolds) and near.kind == "partial":
        common, after = (split_pattern(part)[:1] for part in near.wanted[1:])
        return Parts("", *(read_literal(atoms[0]) if atoms else "" for atoms in (common, after)))
    return Parts(*(_HOLE.sub(_blank, part) for part in near.wanted))


def _blank(hole: re.Match[str]) -> str:
    return " " * len(hole[0])


def measure_rarity(conditions: Iterable[Condition]) -> Rarity:
    """The rarity of words, from the conditions of all rules."""
    listed = [frozenset(_words_below(condition)) for condition in conditions]
    return Rarity(len(listed), Counter(word for words in listed for word in words))


def _words_below(condition: Condition) -> Iterator[str]:
    match condition:
        case PhraseHolds() | RegexHolds():
            yield from list_words(condition)
        case AllHold() | AtLeastHold():
            for inner in condition.conditions:
                yield from _words_below(inner)
        case Sets():
            yield from _words_below(condition.condition)


@lru_cache(maxsize=8192)
def list_words(condition: PhraseHolds | RegexHolds) -> tuple[str, ...]:
    """The words that a text condition looks for, in order."""
    if isinstance(condition, PhraseHolds):
        return tuple(word for literal in condition.phrase.literals for word in _WORD.findall(collapse(literal)))
    return tuple(word.casefold() for word in _LITERAL_WORD.findall(_ESCAPE.sub(" ", condition.source)))


@dataclass(frozen=True)
class Wording:
    """The words of an issue, and which stand side by side."""

    words: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def guess_share(self, condition: PhraseHolds | RegexHolds, rarity: Rarity) -> float:
        """How much of a text condition the issue may say: its words, which count where a neighbour of theirs stands."""
        words = list_words(condition)
        if isinstance(condition, RegexHolds) or len(words) == 1:
            return rarity.share(words, (word in self.words for word in words))
        joined = [pair in self.pairs for pair in pairwise(words)]
        return rarity.share(words, (a or b for a, b in zip([False, *joined], [*joined, False], strict=True)))


def read_wording(facts: Facts) -> Wording:
    """The words of all views of an issue."""
    texts = [_WORD.findall(text.collapsed) for text in facts.texts]
    pairs = frozenset(pair for words in texts for pair in pairwise(words))
    return Wording(frozenset(word for words in texts for word in words), pairs)
