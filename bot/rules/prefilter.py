"""A literal prefilter over all rules, so that an issue is compared with the few rules that it may match. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, Literal, Protocol, TypeVar

import re2

from bot.issue.facts import Facts
from bot.rules.conditions import Condition, Needle


class Conditional(Protocol):
    """Something with an id and a condition: a rule."""

    @property
    def id(self) -> str:
        """Its name."""

    @property
    def condition(self) -> Condition:
        """When it holds."""


Owner = TypeVar("Owner", bound=Conditional)
SHARD = 1_000
"""Patterns in one re2.Filter: it fails to compile at about 5,000 (measured)."""


class _Shard:
    """Some patterns of one normal form, looked for together."""

    def __init__(self, form: Literal["collapsed", "squeezed"], patterns: list[str]) -> None:
        self.form = form
        self.patterns = patterns
        options = re2.Options()
        options.case_sensitive = False
        options.log_errors = False
        self._filter: Any = re2.Filter()
        for pattern in patterns:
            self._filter.Add(pattern, options)
        self._filter.Compile()

    def find(self, text: str | bytes) -> Iterator[Needle]:
        for index in self._filter.Match(text, potential=True) or ():
            yield Needle(self.form, self.patterns[index])


class Prefilter(Generic[Owner]):
    """Finds, in time that hardly grows with their number, the rules that may match a text (RE2's FilteredRE2).

    Of each rule it knows patterns of which one must occur; rules without such patterns are always candidates.
    """

    def __init__(self, rules: Iterable[Owner]) -> None:
        self._always: list[Owner] = []
        self._by_needle: dict[Needle, list[Owner]] = {}
        for rule in rules:
            needles = rule.condition.needles
            if needles is None:
                self._always.append(rule)
            for needle in needles or ():
                self._by_needle.setdefault(needle, []).append(rule)
        self._shards = list(self._make_shards())

    def _make_shards(self) -> Iterator[_Shard]:
        forms: tuple[Literal["collapsed", "squeezed"], ...] = ("collapsed", "squeezed")
        for form in forms:
            patterns = [needle.pattern for needle in self._by_needle if needle.form == form]
            for start in range(0, len(patterns), SHARD):
                yield _Shard(form, patterns[start : start + SHARD])

    def find_candidates(self, facts: Facts) -> list[Owner]:
        """The rules that may match."""
        return self.find_in_texts(join_texts(facts))

    def find_in_texts(self, texts: Mapping[str, str | bytes]) -> list[Owner]:
        """The rules that may match a text in its two normal forms, or one of several texts joined by line ends."""
        hits = (needle for shard in self._shards for needle in shard.find(texts[shard.form]))
        candidates = {rule.id: rule for rule in self._always}
        candidates |= {rule.id: rule for needle in hits for rule in self._by_needle[needle]}
        return list(candidates.values())


def join_texts(facts: Facts) -> dict[str, str]:
    """All texts of an issue in each normal form, which has no line ends of its own."""
    return {form: "\n".join(getattr(text, form) for text in facts.texts) for form in ("collapsed", "squeezed")}
