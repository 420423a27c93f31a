"""What a version of a rule changes over the past issues: its counts, and the issues themselves. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bot.rules.ruleset import Ruleset
from bot.text.normalize import collapse, squeeze
from bot.tracker.types import Issue
from bot.workbench.check.relations import Settlement, find_settlement
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.corpus import Entry, find_text

Filter = Literal["matched", "gained", "lost", "unmatched", "all"]
FILTERS: tuple[Filter, ...] = ("matched", "gained", "lost", "unmatched", "all")
_COLUMNS = 36


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another rule that matches some of the same issues; `relation` is what the two say of each other."""

    rule: str
    title: str
    count: int
    relation: Settlement | Literal["undeclared"]


@dataclass(frozen=True, slots=True)
class Counts:
    """`issues` were read; `tried` of them with this version. `unmatched` are those that no rule at all matches.

    `over_time` are the matches in columns of equal length from the oldest issue to the newest.
    """

    issues: int
    tried: int
    matched: int
    gained: int
    lost: int
    unmatched: int
    overlaps: tuple[Overlap, ...]
    over_time: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A past issue, the `index`th of the history; whether the rule matches it now, and did as it was saved.

    `others` are the ids of the other rules that match it.
    """

    index: int
    issue: Issue
    others: tuple[str, ...]
    is_matched: bool
    was_matched: bool


def count_matches(bench: Workbench) -> Counts:
    """The numbers as far as the bench has come."""
    now = set(bench.working.hits)
    others = {index: bench.entry_at(index) for index in now}
    overlaps = Counter(name for entry in others.values() if entry for name in entry.others)
    return Counts(
        issues=bench.count,
        tried=min(bench.count, _count_tried(bench)),
        matched=len(now),
        gained=sum(1 for _ in choose_indexes(bench, "gained")),
        lost=sum(1 for _ in choose_indexes(bench, "lost")),
        unmatched=sum(1 for _ in choose_indexes(bench, "unmatched")),
        overlaps=tuple(_describe_overlaps(overlaps, bench)),
        over_time=spread_over_time(bench, now),
    )


def _count_tried(bench: Workbench) -> int:
    chunks = bench.chunks[: bench.working.tried]
    return chunks[-1].start + len(chunks[-1].entries) if chunks else 0


def choose_indexes(bench: Workbench, chosen: Filter) -> Iterator[int]:
    """The places of the issues of a filter, in the order of the history, among those that both versions have seen."""
    now, before = set(bench.working.hits), set(bench.saved.hits)
    if chosen == "matched":
        yield from sorted(now)
        return
    if chosen in {"gained", "lost"}:
        both = min(bench.working.tried, bench.saved.tried if bench.saved.rule else bench.working.tried)
        seen = bench.chunks[both - 1].start + len(bench.chunks[both - 1].entries) if both else 0
        changed = now - before if chosen == "gained" else before - now
        yield from (index for index in sorted(changed) if index < seen)
        return
    for chunk in bench.chunks:
        for index, entry in enumerate(chunk.entries, chunk.start):
            if chosen == "all" or not (entry.others or index in now):
                yield index


def list_rows(bench: Workbench, chosen: Filter, query: str, start: int, count: int) -> tuple[int, list[Row]]:
    """How many issues of a filter the query finds; and `count` of them from `start` on, the newest first."""
    indexes = sorted(_search(bench, chosen, query), key=lambda index: (bench.moments[index], index), reverse=True)
    now, before = set(bench.working.hits), set(bench.saved.hits)
    rows = [
        Row(index, entry.issue, entry.others, is_matched=index in now, was_matched=index in before)
        for index in indexes[start : start + count]
        if (entry := bench.entry_at(index))
    ]
    return len(indexes), rows


def _search(bench: Workbench, chosen: Filter, query: str) -> Iterable[int]:
    """Those of a filter that contain the query, however it was wrapped there, or whose number it is."""
    wanted = choose_indexes(bench, chosen)
    number = query.strip().removeprefix("#")
    if not query.strip():
        return wanted
    squeezed = squeeze(collapse(query)).encode("utf-8", "replace")
    found = {index for chunk in bench.chunks for index in find_text(chunk, squeezed)} if squeezed else set[int]()
    return (index for index in wanted if index in found or _has_number(bench.entry_at(index), number))


def _has_number(entry: Entry | None, number: str) -> bool:
    return entry is not None and str(entry.issue.number) == number


def _describe_overlaps(counts: Counter[str], bench: Workbench) -> Iterator[Overlap]:
    rule, known = bench.working.rule, {rule.id: rule for rule in bench.around.others.rules}
    for name, count in counts.most_common():
        if rule and name in known:
            relation = find_settlement(rule, known[name]) or "undeclared"
            yield Overlap(name, known[name].model.title, count, relation)


def spread_over_time(bench: Workbench, hits: set[int]) -> tuple[int, ...]:
    """How many of the hits fall into each of 36 stretches of the history; nothing where its issues have no dates."""
    first, last = min(bench.moments, default=0), max(bench.moments, default=0)
    if not hits or first == last:
        return ()
    width = (last - first) / _COLUMNS
    found = Counter(min(_COLUMNS - 1, int((bench.moments[index] - first) / width)) for index in hits)
    return tuple(found[column] for column in range(_COLUMNS))


def rules_of(entry: Entry, bench: Workbench) -> Ruleset:
    """The few rules that have to do with an issue: the one being written, and the others that match it."""
    rule = bench.working.rule
    known = {other.id: other for other in bench.around.others.rules}
    near = tuple(known[name] for name in entry.others)
    return Ruleset((*([rule] if rule else []), *near), bench.around.ruleset.packs)
