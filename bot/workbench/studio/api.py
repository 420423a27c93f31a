"""The answers to the page, as JSON values. Pure."""

from dataclasses import asdict
from datetime import date
from typing import Any

from bot.github.payloads import EPOCH
from bot.rules.conditions.types import Verdict
from bot.text.printable import reveal, reveal_line
from bot.workbench.editor.positions import place_problems
from bot.workbench.studio.bench import Workbench
from bot.workbench.studio.counts import FILTERS, Row, count_matches, list_rows, rules_of
from bot.workbench.studio.inspection import Inspection, inspect_issue
from bot.workbench.studio.surroundings import ExampleTrial, find_example, try_examples

Json = dict[str, Any]
MAX_ROWS = 200
"""Rows of the list in one answer."""

_LONGEST_LABEL = 60


def format_state(bench: Workbench) -> Json:
    """The problems of the text, the results of its examples, and what it changes."""
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
    """Some rows of a filter, the newest issue first, from `start` on; and the number of all. None: unknown filter."""
    known = next((name for name in FILTERS if name == chosen), None)
    if known is None:
        return None
    total, rows = list_rows(bench, known, query, start, min(count, MAX_ROWS))
    return {"total": total, "start": start, "rows": [_format_row(row) for row in rows]}


def _format_row(row: Row) -> Json:
    issue = row.issue
    change = {(True, False): "gained", (False, True): "lost"}.get((row.is_matched, row.was_matched), "")
    return {
        "index": row.index,
        "number": issue.number,
        "title": reveal_line(issue.title[:200]),
        "labels": [reveal_line(label[:_LONGEST_LABEL]) for label in issue.labels[:6]],
        "state": issue.state,
        "date": issue.created_at.date().isoformat() if issue.created_at != EPOCH else "",
        "is_matched": row.is_matched,
        "change": change,
        "others": list(row.others),
    }


def format_issue(bench: Workbench, index: int, today: date) -> Json | None:
    """One issue of the history, whole."""
    entry = bench.entry_at(index)
    if entry is None:
        return None
    return _format_inspection(inspect_issue(entry.issue, bench.working.rule, rules_of(entry, bench), today))


def format_example(bench: Workbench, kind: str, index: int, today: date) -> Json | None:
    """One example of the rule, whole."""
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
