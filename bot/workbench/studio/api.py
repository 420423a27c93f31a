"""What the page is told, as JSON values. Pure."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from typing import Any

from bot.github.payloads import EPOCH
from bot.rules.conditions.verdict import Verdict
from bot.rules.ruleset import Ruleset
from bot.rules.spec.rule import Example
from bot.text.normalize import collapse, squeeze
from bot.text.printable import reveal, reveal_line
from bot.tracker.types import Issue
from bot.workbench.check.examples import make_example_issue
from bot.workbench.editor.positions import place_problems
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.corpus import Entry, find_text
from bot.workbench.studio.counts import Filter, choose_indexes, count_matches, rules_of
from bot.workbench.studio.inspection import Inspection, inspect_issue

Json = dict[str, Any]
MAX_ROWS = 200
"""Rows of the list that are told at once."""

_LONGEST_LABEL = 60


def tell_state(bench: Workbench) -> Json:
    """What is wrong with the text, how its examples fare, and what it changes."""
    rule = bench.current.rule
    counts = count_matches(bench)
    return {
        "loads": rule is not None,
        "diagnostics": [asdict(found) for found in place_problems(bench.current.problems, bench.current.text)],
        "examples": _tell_examples(bench),
        "counts": asdict(counts),
        "mode": rule.model.mode if rule else None,
        "is_saved": bench.current.text == bench.saved.text,
    }


def _tell_examples(bench: Workbench) -> list[Json]:
    """Each example of the version at work: what it starts with, and whether the rule does with it what it should."""
    rule = bench.working.rule
    if rule is None:
        return []
    alone = Ruleset((rule,), bench.around.ruleset.packs)
    told = []
    for kind in ("match", "no_match"):
        for index, example in enumerate(getattr(rule.model.examples, kind)):
            seen = inspect_issue(make_example_issue(example), rule, alone, date.min)
            holds = seen.verdict is not None and seen.verdict.holds
            told.append({"kind": kind, "index": index, "title": _name_example(example), "holds": holds})
    return told


def _name_example(example: Example) -> str:
    text = example.title or next((line for line in example.body.splitlines() if line.strip()), "(empty)")
    return reveal_line(text.strip()[:120])


def tell_issues(bench: Workbench, chosen: Filter, query: str, start: int, count: int) -> Json:
    """Some rows of a filter, the newest issue first, from `start` on; and how many there are in all."""
    indexes = sorted(_search(bench, chosen, query), key=lambda index: (bench.moments[index], index), reverse=True)
    now, before = set(bench.working.hits), set(bench.saved.hits)
    rows = [
        _tell_row(index, entry, is_matched=index in now, was_matched=index in before)
        for index in indexes[start : start + min(count, MAX_ROWS)]
        if (entry := bench.entry_at(index))
    ]
    return {"total": len(indexes), "start": start, "rows": rows}


def _search(bench: Workbench, chosen: Filter, query: str) -> Iterable[int]:
    """Those of a filter that hold the query, however it was wrapped there, or whose number it is."""
    wanted = choose_indexes(bench, chosen)
    number = query.strip().removeprefix("#")
    if not query.strip():
        return wanted
    squeezed = squeeze(collapse(query)).encode("utf-8", "replace")
    found = {index for chunk in bench.chunks for index in find_text(chunk, squeezed)} if squeezed else set[int]()
    return (index for index in wanted if index in found or _has_number(bench.entry_at(index), number))


def _has_number(entry: Entry | None, number: str) -> bool:
    return entry is not None and str(entry.issue.number) == number


def _tell_row(index: int, entry: Entry, *, is_matched: bool, was_matched: bool) -> Json:
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


def tell_issue(bench: Workbench, index: int, today: date) -> Json | None:
    """One issue of the history, whole."""
    entry = bench.entry_at(index)
    if entry is None:
        return None
    return _tell_inspection(inspect_issue(entry.issue, bench.working.rule, rules_of(entry, bench), today), entry.issue)


def tell_example(bench: Workbench, kind: str, index: int, today: date) -> Json | None:
    """One example of the rule, whole."""
    rule = bench.working.rule
    examples = getattr(rule.model.examples, kind, []) if rule and kind in {"match", "no_match"} else []
    if not 0 <= index < len(examples):
        return None
    issue = make_example_issue(examples[index])
    return _tell_inspection(inspect_issue(issue, rule, bench.around.with_rule(rule), today), issue)


def _tell_inspection(seen: Inspection, issue: Issue) -> Json:
    return {
        "number": issue.number,
        "url": issue.url if issue.url.startswith("https://") else "",
        "labels": [reveal_line(label[:_LONGEST_LABEL]) for label in issue.labels],
        "texts": [{"source": source, "runs": [asdict(run) for run in runs]} for source, runs in seen.texts],
        "tree": _tell_verdict(seen.verdict) if seen.verdict else None,
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


def _tell_verdict(verdict: Verdict) -> Json:
    return {
        "wanted": reveal(verdict.wanted),
        "holds": verdict.holds,
        "seen": reveal_line(verdict.seen[:200]) if not verdict.holds else "",
        "children": [_tell_verdict(child) for child in verdict.children],
    }
