"""What the page shows: the effect of the edited rule on past issues and on a single one, as JSON values. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from bot.comment.renderer import CommentError, check_comment, render_comment
from bot.comment.section import make_sections
from bot.duplicates.canonical import Target
from bot.rules.captures import find_captures
from bot.rules.conditions.types import Captures, Verdict
from bot.rules.matcher import Match, match_rules, read_facts
from bot.rules.ruleset import Rule, Ruleset
from bot.text.markdown import Span
from bot.text.normalize import collapse, squeeze
from bot.text.printable import reveal, reveal_line
from bot.tracker.types import EPOCH, Issue
from bot.triage.config import make_default_config
from bot.triage.decisions import RuleEffect, choose_fields, decide_labels, decide_rules, list_speaking
from bot.triage.links import LinkDecisions
from bot.workbench.check.relations import Settlement, find_settlement
from bot.workbench.editor.positions import place_problems
from bot.workbench.explain.highlights import find_span, list_sources, split_span
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.corpus import Entry, find_text
from bot.workbench.studio.surroundings import ExampleTrial, find_example, try_examples

Filter = Literal["matched", "gained", "lost", "unmatched", "all"]
FILTERS: tuple[Filter, ...] = ("matched", "gained", "lost", "unmatched", "all")
_COLUMNS = 36


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another rule that matches some of the same issues; `relation` is the settlement of the two rules."""

    rule: str
    title: str
    count: int
    relation: Settlement | Literal["undeclared"]


@dataclass(frozen=True, slots=True)
class Counts:
    """`issues` were read, and `tried` with this version. `unmatched` are those that no rule matches.

    `over_time` has the number of matches in periods of equal length, from the oldest issue to the newest.
    """

    issues: int
    tried: int
    matched: int
    gained: int
    lost: int
    unmatched: int
    overlaps: tuple[Overlap, ...]
    over_time: tuple[int, ...]


def count_matches(bench: Workbench) -> Counts:
    """The numbers for the issues that the bench has tried so far."""
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
    """The indexes of the issues of a filter, in the order of the archive, among those tried with both versions."""
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
    """The number of hits in each of 36 periods of the archive; empty if its issues have no dates."""
    first, last = min(bench.moments, default=0), max(bench.moments, default=0)
    if not hits or first == last:
        return ()
    width = (last - first) / _COLUMNS
    found = Counter(min(_COLUMNS - 1, int((bench.moments[index] - first) / width)) for index in hits)
    return tuple(found[column] for column in range(_COLUMNS))


def rules_of(entry: Entry, bench: Workbench) -> Ruleset:
    """The rules for an issue: the edited rule, and the others that match it."""
    rule = bench.working.rule
    known = {other.id: other for other in bench.around.others.rules}
    near = tuple(known[name] for name in entry.others)
    return Ruleset((*([rule] if rule else []), *near), bench.around.ruleset.packs)


_EFFECTS: Mapping[RuleEffect, str] = {
    "labels": "The rule sets its labels here but does not comment",
    "suggests": "The rule only suggests its labels here",
    "observes": "The rule does nothing here",
    "silent": "The rule is silent here",
    "refused": "The rule is silent here, because somebody said that it does not fit",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What Signpost would do about an issue: the comment in Markdown, the labels, and reasons for no comment."""

    comment: str
    add: tuple[str, ...]
    remove: tuple[str, ...]
    remarks: tuple[str, ...]


def preview_comment(
    issue: Issue, matches: tuple[Match, ...], rule: Rule | None, forbidden: tuple[str, ...], today: date
) -> Preview:
    """The comment and the labels for these matches, under the default settings."""
    config = make_default_config()
    rules = decide_rules(matches, config, today)
    own = next((each for each in rules if each.match.rule is rule), None)
    remarks = tuple(f"Label {reveal_line(label.reason)}" for label in (own.match.answered if own else ()))
    if own and own.effect != "speaks":
        remarks = (f"{_EFFECTS[own.effect]}: {own.reason}", *remarks)
    try:
        parts = ((match, _target_of(match, issue), ()) for match in list_speaking(rules))
        sections, left_out = make_sections(parts, issue)
        remarks = (*remarks, *left_out)
        comment = check_comment(render_comment(sections.values()), forbidden) if sections else ""
    except CommentError as error:
        comment, remarks = "", (*remarks, str(error))
    labels = decide_labels(rules, LinkDecisions(), config, issue.labels)
    if labels.suggest:
        remarks = (*remarks, f"Signpost suggests {', '.join(f'`{reveal_line(name)}`' for name in labels.suggest)}")
    if values := str(choose_fields(rules)):
        remarks = (*remarks, f"On an issue without them, Signpost sets {values}")
    return Preview(comment, labels.add, labels.remove, remarks)


def _target_of(match: Match, issue: Issue) -> Target | None:
    """The issue to follow, taken to be open: nobody is asked here."""
    follow = match.rule.model.follow
    return Target(number=follow, state="open") if follow and follow != issue.number else None


HighlightKind = Literal["for", "against"]


@dataclass(frozen=True, slots=True)
class RuleHighlight:
    """Evidence in a text for the rule, or against it; `wanted` is the condition that holds there."""

    source: str
    span: Span
    kind: HighlightKind
    wanted: str


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a text with one style and visible hidden characters. `wanted` is the condition that holds there."""

    text: str
    kind: HighlightKind | Literal["plain"] = "plain"
    wanted: str = ""


@dataclass(frozen=True)
class Inspection:
    """All results for one issue. `texts` are its title, body and comments, in runs."""

    issue: Issue
    rule: Rule | None
    verdict: Verdict | None
    captures: Captures
    matches: tuple[Match, ...]
    texts: tuple[tuple[str, tuple[Run, ...]], ...]
    preview: Preview


def inspect_issue(issue: Issue, rule: Rule | None, around: Ruleset, today: date) -> Inspection:
    """The issue under `rule`; `around` are all rules, this one among them."""
    facts = read_facts(issue, around)
    matches = match_rules(facts, around)
    captures = find_captures(rule.pack.captures, facts) if rule else {}
    verdict = rule.condition.evaluate(facts, captures) if rule else None
    own = next((match for match in matches if match.rule is rule), None)
    sources = list_sources(issue)
    highlights = tuple(find_highlights(verdict, sources)) if verdict else ()
    texts = tuple((source, split_runs(text, source, highlights)) for source, text in sources.items())
    preview = preview_comment(issue, matches, rule, around.forbidden_words, today)
    return Inspection(issue, rule, verdict, own.captures if own else captures, matches, texts, preview)


def find_highlights(
    verdict: Verdict, sources: Mapping[str, str], kind: HighlightKind = "for"
) -> Iterator[RuleHighlight]:
    """The evidence of all conditions that hold, for the rule or against it."""
    inside: HighlightKind = "against" if verdict.wanted == "none" else kind
    for item in verdict.evidence if verdict.holds else ():
        yield RuleHighlight(item.source, find_span(item, sources), kind, item.wanted)
    for child in verdict.children:
        yield from find_highlights(child, sources, inside)


def split_runs(text: str, source: str, highlights: Iterable[RuleHighlight]) -> tuple[Run, ...]:
    """The text in runs without overlap; evidence against the rule hides evidence for it."""
    labelled = [(highlight.span, highlight) for highlight in highlights if highlight.source == source]
    parts = split_span(0, len(text), labelled)
    return tuple(_make_run(text[start:end], covering) for (start, end), covering in parts)


def _make_run(text: str, covering: Iterable[RuleHighlight]) -> Run:
    found = min(covering, key=lambda one: (one.kind, one.span.end - one.span.start), default=None)
    return Run(reveal(text), found.kind, found.wanted) if found else Run(reveal(text))


Json = dict[str, Any]
MAX_ROWS = 200
"""Rows of the list in one answer."""

_LONGEST_LABEL = 60


def format_state(bench: Workbench) -> Json:
    """The problems of the text, the results of its examples, and the issues that it gains and loses."""
    rule = bench.current.rule
    counts = count_matches(bench)
    return {
        "loads": rule is not None,
        "diagnostics": [asdict(found) for found in place_problems(bench.current.problems, bench.current.text)],
        "examples": _format_examples(bench),
        "counts": asdict(counts),
        "mode": rule.model.mode if rule else None,
        "is_saved": bench.current.text == bench.saved.text,
    }


def _format_examples(bench: Workbench) -> list[Json]:
    """Each example of the version at work: its first words, and whether the rule matches it."""
    trials = try_examples(bench.working.rule, bench.around) if bench.working.rule else ()
    return [
        {"kind": trial.kind, "index": trial.index, "title": _name_example(trial), "holds": trial.holds}
        for trial in trials
    ]


def _name_example(trial: ExampleTrial) -> str:
    issue = trial.issue
    text = issue.title or next((line for line in issue.body.splitlines() if line.strip()), "(empty)")
    return reveal_line(text.strip()[:120])


def format_issues(bench: Workbench, chosen: str, query: str, start: int, count: int) -> Json | None:
    """Some rows of a filter, newest first, from `start` on, and the number of all rows. None: unknown filter."""
    known = next((name for name in FILTERS if name == chosen), None)
    if known is None:
        return None
    indexes = sorted(_search(bench, known, query), key=lambda index: (bench.moments[index], index), reverse=True)
    entries = ((index, bench.entry_at(index)) for index in indexes[start : start + min(count, MAX_ROWS)])
    now, before = set(bench.working.hits), set(bench.saved.hits)
    rows = [
        _format_row(index, entry, is_matched=index in now, was_matched=index in before)
        for index, entry in entries
        if entry
    ]
    return {"total": len(indexes), "start": start, "rows": rows}


def _format_row(index: int, entry: Entry, *, is_matched: bool, was_matched: bool) -> Json:
    issue = entry.issue
    change = {(True, False): "gained", (False, True): "lost"}.get((is_matched, was_matched), "")
    return {
        "index": index,
        "number": issue.number,
        "title": reveal_line(issue.title[:200]),
        "labels": [reveal_line(label[:_LONGEST_LABEL]) for label in issue.labels[:6]],
        "state": issue.state,
        "date": issue.created_at.date().isoformat() if issue.created_at != EPOCH else "",
        "is_matched": is_matched,
        "change": change,
        "others": list(entry.others),
    }


def format_issue(bench: Workbench, index: int, today: date) -> Json | None:
    """One whole issue of the archive."""
    entry = bench.entry_at(index)
    if entry is None:
        return None
    return _format_inspection(inspect_issue(entry.issue, bench.working.rule, rules_of(entry, bench), today))


def format_example(bench: Workbench, kind: str, index: int, today: date) -> Json | None:
    """One whole example of the rule."""
    rule = bench.working.rule
    issue = find_example(rule, kind, index) if rule else None
    if issue is None:
        return None
    return _format_inspection(inspect_issue(issue, rule, bench.around.with_rule(rule), today))


def _format_inspection(seen: Inspection) -> Json:
    issue = seen.issue
    return {
        "number": issue.number,
        "url": issue.url if issue.url.startswith("https://") else "",
        "labels": [reveal_line(label[:_LONGEST_LABEL]) for label in issue.labels],
        "texts": [{"source": source, "runs": [asdict(run) for run in runs]} for source, runs in seen.texts],
        "tree": _format_verdict(seen.verdict) if seen.verdict else None,
        "captures": [
            {"name": name, "value": reveal_line(found.value[:200]), "place": found.place}
            for name, found in seen.captures.items()
        ],
        "matches": [
            {"rule": match.rule.id, "superseded_by": match.superseded_by, "is_own": match.rule is seen.rule}
            for match in seen.matches
        ],
        "preview": asdict(seen.preview),
    }


def _format_verdict(verdict: Verdict) -> Json:
    return {
        "wanted": reveal(verdict.wanted),
        "holds": verdict.holds,
        "seen": reveal_line(verdict.seen[:200]) if not verdict.holds else "",
        "children": [_format_verdict(child) for child in verdict.children],
    }
