"""A literal prefilter over all rules: Signpost compares an issue only with the few rules that may match. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import re2

from bot.issue.facts import Facts
from bot.rules.conditions.types import Form, Needle


class Conditional(Protocol):
    """Something with an id and a condition: a rule."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def needles(self) -> tuple[Needle, ...] | None:
        """The patterns of which one occurs wherever it holds; None: it may hold without any."""


Owner = TypeVar("Owner", bound=Conditional)
SHARD = 1_000
"""Patterns in one re2.Filter: it fails to compile at about 5,000 (measured)."""

FEW = 50
"""Texts in which literals are looked for one by one. To compile a filter of 400 takes as long as 50 such searches."""


class _Shard:
    """Some needles of one normal form, looked for by RE2's FilteredRE2."""

    def __init__(self, form: Form, needles: list[Needle]) -> None:
        self.form = form
        self._needles = needles
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        self._filter: Any = re2.Filter()
        for needle in needles:
            self._filter.Add(needle.pattern, options)
        self._filter.Compile()

    def find(self, text: str | bytes) -> Iterator[Needle]:
        """The needles that may be in the text, including all that are in it."""
        for index in self._filter.Match(text, potential=True) or ():
            yield self._needles[index]


def _make_shards(needles: Iterable[Needle]) -> list[_Shard]:
    known = list(needles)
    forms: tuple[Form, ...] = ("collapsed", "squeezed")
    shards = list[_Shard]()
    for form in forms:
        some = [needle for needle in known if needle.form == form]
        shards += [_Shard(form, some[start : start + SHARD]) for start in range(0, len(some), SHARD)]
    return shards


class Prefilter(Generic[Owner]):
    """Finds the rules that may match a text, in time that hardly grows with the number of rules.

    It has some patterns for each rule; at least one of them occurs if the rule matches. Rules without such patterns are
    always candidates.
    """

    def __init__(self, rules: Iterable[Owner]) -> None:
        self._always: list[Owner] = []
        self._by_needle: dict[Needle, list[Owner]] = {}
        for rule in rules:
            needles = rule.needles
            if needles is None:
                self._always.append(rule)
            for needle in needles or ():
                self._by_needle.setdefault(needle, []).append(rule)
        self._searches = 0

    @cached_property
    def _shards(self) -> list[_Shard]:
        return _make_shards(self._by_needle)

    @cached_property
    def _pattern_shards(self) -> list[_Shard]:
        return _make_shards(needle for needle in self._by_needle if not needle.literal)

    def find_candidates(self, facts: Facts) -> list[Owner]:
        """The rules that may match."""
        return self.find_in_texts(join_texts(facts))

    def find_in_texts(self, texts: Mapping[str, str | bytes]) -> list[Owner]:
        """The rules that may match a text in its two normal forms, or one of several texts joined by newlines."""
        self._searches += 1
        is_one_by_one = self._searches <= FEW and all(isinstance(text, str) for text in texts.values())
        shards = self._pattern_shards if is_one_by_one else self._shards
        hits = [needle for shard in shards for needle in shard.find(texts[shard.form])]
        if is_one_by_one:
            hits += [each for each in self._by_needle if each.literal and each.literal in texts[each.form]]
        candidates = {rule.id: rule for rule in self._always}
        candidates |= {rule.id: rule for needle in hits for rule in self._by_needle[needle]}
        return list(candidates.values())


def join_texts(facts: Facts) -> dict[str, str]:
    """All texts of an issue in each normal form, which has no line ends of its own."""
    return {form: "\n".join(getattr(text, form) for text in facts.texts) for form in ("collapsed", "squeezed")}
