"""Past issues, kept ready for one rule to be tried on all of them at every keystroke. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from bot.issue.facts import Facts
from bot.rules.captures import find_captures
from bot.rules.conditions.types import Captures
from bot.rules.matcher import match_rules, read_facts
from bot.rules.prefilter import Prefilter, join_texts
from bot.rules.ruleset import Pack, Rule, Ruleset
from bot.tracker.types import Issue

CHUNK = 64
"""Issues that are looked at between two chances to give up: a few milliseconds."""

FORMS = ("collapsed", "squeezed")


@dataclass(frozen=True, slots=True)
class Entry:
    """A past issue with what does not change while a rule is edited; its facts hold the normal forms of its texts.

    `others` are the ids of the other rules that match it, those that speak first in front.
    """

    issue: Issue
    facts: Facts
    captures: Captures
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some issues of the archive, `start` of them standing before.

    `texts` are their normal forms joined, in UTF-8, and `ends` where each issue's part ends there.
    """

    start: int
    entries: tuple[Entry, ...]
    texts: Mapping[str, bytes]
    ends: Mapping[str, tuple[int, ...]]

    def text_of(self, index: int, form: str) -> bytes:
        """One issue's part; `index` counts within the chunk."""
        ends = self.ends[form]
        return self.texts[form][ends[index - 1] if index else 0 : ends[index]]


def make_chunk(issues: Sequence[Issue], start: int, others: Ruleset, pack: Pack) -> Chunk:
    """A chunk of issues, read with the layouts of all packs and matched by the other rules."""
    entries, parts = list[Entry](), list[dict[str, str]]()
    for issue in issues:
        facts = replace(read_facts(issue, others), is_placed=False)
        found = tuple(match.rule.id for match in match_rules(facts, others))
        captures = find_captures(pack.captures, facts)
        parts.append(join_texts(facts))
        entries.append(Entry(issue, facts, captures, found))
    texts = {form: [f"{part[form]}\n".encode("utf-8", "replace") for part in parts] for form in FORMS}
    ends = {form: tuple(accumulate(map(len, found))) for form, found in texts.items()}
    return Chunk(start, tuple(entries), {form: b"".join(found) for form, found in texts.items()}, ends)


def try_rule(rule: Rule, prefilter: Prefilter[Rule], chunk: Chunk) -> Iterator[int]:
    """Which issues of the chunk the rule matches, by their place in the archive; `prefilter` is the rule's own."""
    if not prefilter.find_in_texts(chunk.texts):
        return
    for index, entry in enumerate(chunk.entries):
        texts = {form: chunk.text_of(index, form) for form in FORMS}
        if prefilter.find_in_texts(texts) and rule.condition.evaluate(entry.facts, entry.captures).holds:
            yield chunk.start + index


def find_hits(rule: Rule, chunks: Iterable[Chunk]) -> Iterator[int]:
    """Which issues of several chunks the rule matches, by their place in the archive."""
    prefilter = Prefilter([rule])
    return (index for chunk in chunks for index in try_rule(rule, prefilter, chunk))


def find_text(chunk: Chunk, squeezed: bytes) -> Iterator[int]:
    """Which issues of the chunk hold a text that is squeezed already, by their place in the archive."""
    text, ends = chunk.texts["squeezed"], chunk.ends["squeezed"]
    position = text.find(squeezed)
    while position >= 0:
        index = bisect_right(ends, position)
        yield chunk.start + index
        position = text.find(squeezed, ends[index])
