"""The report as JSON for scripts; its keys are a contract. Pure."""

from typing import Any

from bot.archive.stats import Share
from bot.text.redaction import show_text
from bot.workbench.backtest.report import Comparison, Overlap, Report, RuleReport, TruthReport
from bot.workbench.backtest.samples import Typical
from bot.workbench.backtest.tally import SAMPLE, Change
from bot.workbench.suggest.clusters import Cluster

Json = dict[str, Any]
_DIGITS = 4
_LONG = 200


def tell_report(report: Report) -> Json:
    """Everything that was found. Shares and intervals lie between 0 and 1; `weeks` are in order, without gaps."""
    tally = report.tally
    return {
        "issues": tally.issues,
        "matched": tally.matched,
        "rules": {rule.id: rule.tally.matches for rule in report.rules},
        "history": {"name": report.name, "repository": report.repository or None},
        "pull_requests": tally.pull_requests,
        "undated": tally.undated,
        "matched_share": tell_share(report.matched),
        "comments": tally.comments,
        "comments_a_week": report.comments_a_week,
        "labels": dict(sorted(tally.labels.items(), key=lambda item: (-item[1], item[0]))),
        "weeks": [
            {"week": week, **counts._asdict()} for week, counts in zip(report.weeks, report.by_week, strict=True)
        ],
        "per_rule": {rule.id: _tell_rule(rule) for rule in report.rules},
        "overlaps": [_tell_overlap(overlap) for overlap in report.overlaps],
        "truth": _tell_truth(report.truth) if report.truth else None,
        "compare": _tell_comparison(report.comparison) if report.comparison else None,
        "unmatched": {
            "issues": tally.issues - tally.matched,
            "newest": list(tally.unmatched_issues),
            "clusters": [_tell_cluster(cluster) for cluster in report.clusters],
        },
        "notes": list(report.notes),
    }


def tell_share(share: Share | None) -> Json | None:
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


def _tell_rule(rule: RuleReport) -> Json:
    agreement = rule.tally.agreement
    return {
        "title": rule.title,
        "mode": rule.mode,
        "matches": rule.tally.matches,
        "share": tell_share(rule.share),
        "superseded": rule.tally.silenced,
        "comments": rule.tally.comments,
        "comments_a_week": rule.comments_a_week,
        "weeks": list(rule.weeks),
        "precision": tell_share(rule.precision),
        "recall": tell_share(rule.recall),
        "wrong": list(agreement.wrong_issues),
        "missed": list(agreement.missed_issues),
        "most_typical": [_tell_typical(typical) for typical in rule.most_typical],
        "least_typical": [_tell_typical(typical) for typical in rule.least_typical],
    }


def _tell_typical(typical: Typical) -> Json:
    sighting = typical.sighting
    return {
        "number": sighting.number,
        "title": show_text(sighting.title),
        "evidence": show_text(sighting.seen),
        "pattern": typical.pattern,
        "pattern_share": round(typical.share, _DIGITS),
        "focus": sighting.focus,
    }


def _tell_overlap(overlap: Overlap) -> Json:
    return {"rules": [overlap.first, overlap.second], "issues": overlap.issues, "declared": overlap.declared or None}


def _tell_cluster(cluster: Cluster) -> Json:
    return {
        "message": show_text(cluster.text, _LONG),
        "issues": cluster.issues,
        "authors": cluster.authors,
        "titles": cluster.titles,
        "numbers": list(cluster.numbers[:SAMPLE]),
    }


def _tell_truth(truth: TruthReport) -> Json:
    return {
        "source": truth.source,
        "known": truth.known,
        "known_none": truth.known_none,
        "false_alarms": truth.false_alarms,
        "precision": tell_share(truth.precision),
        "recall": tell_share(truth.recall),
        "uncovered": dict(truth.uncovered),
    }


def _tell_comparison(comparison: Comparison) -> Json:
    return {
        "revision": comparison.revision,
        "comments": _tell_change(comparison.comments),
        "rules": {name: _tell_change(change) for name, change in comparison.rules},
    }


def _tell_change(change: Change) -> Json:
    return {
        "gained": change.gained,
        "lost": change.lost,
        "gained_issues": list(change.gained_issues),
        "lost_issues": list(change.lost_issues),
    }
