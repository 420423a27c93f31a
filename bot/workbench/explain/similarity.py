"""How similar an issue is to what a rule looks for: how much of it holds, weighted by how rare its words are. Pure."""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.issue.facts import Facts
from bot.rules.conditions.compound import AllHold, AtLeastHold, Condition, NoneHolds, Sets
from bot.rules.conditions.text import CodeHolds, FrameHolds, PhraseHolds, RegexHolds
from bot.rules.conditions.verdict import Verdict
from bot.rules.pattern_atoms import read_literal, split_pattern
from bot.text.normalize import collapse
from bot.workbench.explain.near_miss import NearMiss, Parts

Part = tuple[Condition, Verdict]
"""A condition, and what it says of the issue."""

Share = Callable[[Condition], float]
"""How much of a text condition that does not hold the issue says, 0 to 1."""

_TEXT_CONDITIONS = (PhraseHolds, RegexHolds, CodeHolds, FrameHolds)
_WEIGHT_OF_TEXT = 3.0
"""What the issue says counts more than that it is, like most, a form in English."""

_NEARLY = 0.9


def pair_parts(part: Part) -> tuple[Part, ...]:
    """The conditions that a condition is made of, each with its verdict; none for a single one.

    A `none` that holds does not tell what its parts consist of.
    """
    condition, verdict = part
    match condition:
        case AllHold() | AtLeastHold() | NoneHolds():
            return tuple(zip(condition.conditions, verdict.children, strict=True))
        case Sets():
            return ((condition.condition, verdict.children[0] if verdict.holds else verdict),)
        case _:
            return ()


def measure_nearness(part: Part, share: Share) -> float:
    """How much of a condition holds, 0 to 1; `share` says how much of a text condition that does not hold is there.

    Of `all` the weighted mean of its parts, of `any` the best, of `at_least: n` the mean of the n best. What must not
    hold counts only where it does: else all rules would be near.
    """
    condition, verdict = part
    if verdict.holds:
        return 1.0
    parts = pair_parts(part)
    match condition:
        case NoneHolds():
            return 0.0
        case AllHold():
            return _measure_all(parts, share)
        case AtLeastHold():
            best = sorted((measure_nearness(inner, share) for inner in parts), reverse=True)[: condition.least]
            return sum(best) / condition.least
        case Sets():
            return measure_nearness(parts[0], share)
        case _:
            return _NEARLY * share(condition)


def _measure_all(parts: Iterable[Part], share: Share) -> float:
    wanted = [part for part in parts if not isinstance(part[0], NoneHolds)]
    is_excluded = any(not verdict.holds for condition, verdict in parts if isinstance(condition, NoneHolds))
    weights = [_weigh(condition) for condition, _ in wanted]
    held = sum(weight * measure_nearness(part, share) for weight, part in zip(weights, wanted, strict=True))
    return held / sum(weights) * (_NEARLY if is_excluded else 1.0) if weights else 0.0


def _weigh(condition: Condition) -> float:
    if isinstance(condition, _TEXT_CONDITIONS):
        return _WEIGHT_OF_TEXT
    if isinstance(condition, AllHold | AtLeastHold):
        return max((_weigh(inner) for inner in condition.conditions), default=1.0)
    return _weigh(condition.condition) if isinstance(condition, Sets) else 1.0


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
