"""The report of a backtest as a page, and as JSON for scripts; the keys of the latter are a contract. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

from bot.archive.stats import Opinion, Share
from bot.output.charts import Chart, draw_chart
from bot.output.page import render_page
from bot.text.redaction import show_text
from bot.workbench.backtest.report import Comparison, Overlap, Report, RuleReport, TruthReport
from bot.workbench.backtest.tally import SAMPLE, Tally, Typical
from bot.workbench.suggest.clusters import Cluster

MOST_RULES = 200
"""The number of rules with their own section: no one reads a page of thousands."""
MOST_PAIRS = 30
_MOST_NAMED = 10
_DIGITS = 4
_LONG = 200
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)

Json = dict[str, Any]


def render_html(report: Report) -> str:
    """The whole page; it masks, cuts and escapes the texts of strangers."""
    matching = [rule for rule in report.rules if rule.tally.matches]
    shown = [
        rule for rule in report.rules if rule.tally.matches or rule.tally.silenced or rule.recall or _is_voted(rule)
    ]
    is_known = _REPOSITORY.fullmatch(report.repository)
    sections = shown[:MOST_RULES]
    values = {
        "report": report,
        "home": f"https://github.com/{report.repository}/issues/" if is_known else "",
        "matching": len(matching),
        "shown": sections,
        "is_raisable": any(rule.raised_a_week is not None for rule in sections),
        "more": len(shown) - MOST_RULES,
        "overlaps": report.overlaps[:MOST_PAIRS],
        "more_overlaps": len(report.overlaps) - MOST_PAIRS,
        "chart": _chart_whole(report),
        "charts": {rule.id: draw_chart([rule.weeks]) for rule in sections},
        "said": _describe_whole(report),
        "spoken": {rule.id: _describe(f"Matches of {rule.id}", rule.weeks, report.weeks) for rule in sections},
        "share": format_percent,
        "certain": format_certain,
        "show": show_text,
        "effects": tuple(list_effects(report.tally)),
    }
    return render_page("bot.workbench.backtest", "backtest.html.j2", values)


def _rank(counts: Mapping[str, int]) -> dict[str, int]:
    """The most frequent first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def list_effects(tally: Tally) -> Iterator[tuple[str, str]]:
    """What rules would do with issues: the kind, and the names with the numbers of issues; the ten most frequent."""
    for kind, counts in (("labels", tally.labels), ("suggests", tally.suggestions), ("sets", tally.values)):
        if counts:
            more = [f"and {len(counts) - _MOST_NAMED} more"] if len(counts) > _MOST_NAMED else []
            named = (f"{show_text(name, 60)} ({number})" for name, number in _rank(counts).items())
            yield kind, ", ".join([*islice(named, _MOST_NAMED), *more])


def _is_voted(rule: RuleReport) -> bool:
    return bool(rule.opinion and rule.opinion.voters)


def format_percent(share: Share | None) -> str:
    """`12.3 %`, or a dash."""
    return f"{share.value:.1%}".replace("%", " %") if share else "–"


def format_certain(share: Share | None) -> Mapping[str, str] | None:
    """A share, its interval and its counts, in words."""
    if share is None:
        return None
    return {
        "value": f"{share.value:.2f}",
        "interval": f"{share.low:.2f} to {share.high:.2f}",
        "counts": f"{share.hits} of {share.total}",
    }


def _chart_whole(report: Report) -> Chart:
    matched = [week.matched for week in report.by_week]
    others = [week.issues - week.matched for week in report.by_week]
    return draw_chart([matched, others])


def _describe_whole(report: Report) -> str:
    counts = [week.issues for week in report.by_week]
    return _describe("Issues", counts, report.weeks) + f" A rule matched {report.tally.matched} of them."


def _describe(what: str, counts: Sequence[int], weeks: tuple[str, ...]) -> str:
    """A chart in words, for those who do not see it."""
    if not any(counts):
        return f"{what} by week: none."
    most = max(range(len(counts)), key=lambda index: counts[index])
    span = f"from {weeks[0]} to {weeks[-1]}" if len(weeks) > 1 else f"in {weeks[0]}"
    return f"{what} by week {span}: {sum(counts)} in all, most in {weeks[most]} ({counts[most]})."


def report_to_json(report: Report) -> Json:
    """The whole report. Shares and intervals are between 0 and 1; `weeks` are in order, without gaps."""
    tally = report.tally
    return {
        "issues": tally.issues,
        "matched": tally.matched,
        "rules": {rule.id: rule.tally.matches for rule in report.rules},
        "history": {"name": report.name, "repository": report.repository or None},
        "pull_requests": tally.pull_requests,
        "undated": tally.undated,
        "matched_share": share_to_json(report.matched),
        "comments": tally.comments,
        "comments_a_week": report.comments_a_week,
        "labels": _rank(tally.labels),
        "values": _rank(tally.values),
        "suggested_labels": _rank(tally.suggestions),
        "weeks": [
            {"week": week, **counts._asdict()} for week, counts in zip(report.weeks, report.by_week, strict=True)
        ],
        "per_rule": {rule.id: _rule_to_json(rule) for rule in report.rules},
        "overlaps": [_overlap_to_json(overlap) for overlap in report.overlaps],
        "truth": _truth_to_json(report.truth) if report.truth else None,
        "compare": _comparison_to_json(report.comparison) if report.comparison else None,
        "unmatched": {
            "issues": tally.issues - tally.matched,
            "newest": list(tally.unmatched_issues),
            "clusters": [_cluster_to_json(cluster) for cluster in report.clusters],
        },
        "notes": list(report.notes),
    }


def share_to_json(share: Share | None) -> Json | None:
    """A share with its 95 % interval and its counts."""
    if share is None:
        return None
    return {
        "value": round(share.value, _DIGITS),
        "low": round(share.low, _DIGITS),
        "high": round(share.high, _DIGITS),
        "hits": share.hits,
        "total": share.total,
    }


def _rule_to_json(rule: RuleReport) -> Json:
    agreement = rule.tally.agreement
    return {
        "title": rule.title,
        "mode": rule.mode,
        "matches": rule.tally.matches,
        "share": share_to_json(rule.share),
        "superseded": rule.tally.silenced,
        "comments": rule.tally.comments,
        "comments_a_week": rule.comments_a_week,
        "comments_if_raised": rule.tally.raised if rule.raised_a_week is not None else None,
        "comments_a_week_if_raised": rule.raised_a_week,
        "weeks": list(rule.weeks),
        "precision": share_to_json(rule.precision),
        "recall": share_to_json(rule.recall),
        "votes": _opinion_to_json(rule.opinion) if rule.opinion else None,
        "wrong": list(agreement.wrong_issues),
        "missed": list(agreement.missed_issues),
        "most_typical": [_typical_to_json(typical) for typical in rule.most_typical],
        "least_typical": [_typical_to_json(typical) for typical in rule.least_typical],
    }


def _opinion_to_json(opinion: Opinion) -> Json:
    """How many people voted, and of those with a verdict, for how many it worked and how many call it wrong."""
    return {
        "voters": opinion.voters,
        "solved": share_to_json(opinion.solved),
        "wrong": share_to_json(opinion.wrong),
    }


def _typical_to_json(typical: Typical) -> Json:
    sighting = typical.sighting
    return {
        "number": sighting.number,
        "title": show_text(sighting.title),
        "evidence": show_text(sighting.seen),
        "pattern": typical.pattern,
        "pattern_share": round(typical.share, _DIGITS),
        "focus": sighting.focus,
    }


def _overlap_to_json(overlap: Overlap) -> Json:
    return {"rules": [overlap.first, overlap.second], "issues": overlap.issues, "declared": overlap.declared or None}


def _cluster_to_json(cluster: Cluster) -> Json:
    return {
        "message": show_text(cluster.text, _LONG),
        "issues": cluster.issues,
        "authors": cluster.authors,
        "titles": cluster.titles,
        "numbers": list(cluster.numbers[:SAMPLE]),
    }


def _truth_to_json(truth: TruthReport) -> Json:
    return {
        "source": truth.source,
        "known": truth.known,
        "known_none": truth.known_none,
        "false_alarms": truth.false_alarms,
        "precision": share_to_json(truth.precision),
        "recall": share_to_json(truth.recall),
        "uncovered": dict(truth.uncovered),
    }


def _comparison_to_json(comparison: Comparison) -> Json:
    return {
        "revision": comparison.revision,
        "comments": asdict(comparison.comments),
        "rules": {name: asdict(change) for name, change in comparison.rules},
    }
