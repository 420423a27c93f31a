"""Past issues, prepared so that a rule can be tried on all of them at every keystroke. Pure."""

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
"""The number of issues in one step of work: a few milliseconds."""

FORMS = ("collapsed", "squeezed")


@dataclass(frozen=True, slots=True)
class Entry:
    """A past issue with everything that does not change while somebody edits a rule.

    `others` are the ids of the other rules that match it, in the order in which they speak.
    """

    issue: Issue
    facts: Facts
    captures: Captures
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some issues of the archive; `start` is the number of issues before them.

    `texts` are their joined normal forms, in UTF-8, and `ends` the end of each issue's part there.
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
    """A chunk of issues, read with the layouts of all packs, with the other rules that match them."""
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
    """The indexes (in the archive) of the chunk's issues that the rule matches; `prefilter` is the rule's own."""
    if not prefilter.find_in_texts(chunk.texts):
        return
    for index, entry in enumerate(chunk.entries):
        texts = {form: chunk.text_of(index, form) for form in FORMS}
        if prefilter.find_in_texts(texts) and rule.condition.evaluate(entry.facts, entry.captures).holds:
            yield chunk.start + index


def find_hits(rule: Rule, chunks: Iterable[Chunk]) -> Iterator[int]:
    """The indexes (in the archive) of the issues of several chunks that the rule matches."""
    prefilter = Prefilter([rule])
    return (index for chunk in chunks for index in try_rule(rule, prefilter, chunk))


def find_text(chunk: Chunk, squeezed: bytes) -> Iterator[int]:
    """The indexes (in the archive) of the chunk's issues that contain a squeezed text."""
    text, ends = chunk.texts["squeezed"], chunk.ends["squeezed"]
    position = text.find(squeezed)
    while position >= 0:
        index = bisect_right(ends, position)
        yield chunk.start + index
        position = text.find(squeezed, ends[index])
