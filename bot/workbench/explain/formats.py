"""An explanation as JSON, as the command contract has it, and as one page. Pure."""

from dataclasses import asdict
from typing import Any

from bot.output.page import render_page
from bot.rules.conditions.types import Verdict
from bot.workbench.explain import messages
from bot.workbench.explain.condition_tree import Node
from bot.workbench.explain.explainer import ExplainedRule, IssueExplanation
from bot.workbench.explain.highlights import Highlight, choose_highlight
from bot.workbench.explain.near_miss import NearMiss


def make_json(explanation: IssueExplanation, wanted: str | None = None) -> dict[str, Any]:
    """All rules, or the one that is wanted (without schema_version)."""
    overview = asdict(explanation.overview)
    return {
        "repository": explanation.repository,
        "issue": explanation.number,
        "skipped": explanation.skipped or None,
        "layout": overview.pop("layout"),
        **overview,
        "highlights": [_highlight_json(highlight) for highlight in explanation.highlights],
        "rules": [_rule_json(rule) for rule in explanation.rules if wanted in {None, rule.id}],
    }


def _highlight_json(highlight: Highlight) -> dict[str, Any]:
    return {
        "number": highlight.number,
        "rule": highlight.rule,
        "conditions": list(highlight.conditions),
        "kind": highlight.kind,
        **{name: getattr(highlight.place, name) for name in ("source", "view", "line", "start", "end")},
    }


def _rule_json(rule: ExplainedRule) -> dict[str, Any]:
    decision = rule.decision
    return {
        "rule": rule.id,
        "title": rule.title,
        "file": rule.file,
        "matched": rule.matches,
        "superseded_by": decision.match.superseded_by if decision else None,
        "standing": decision.effect if decision else None,
        "reason": decision.reason if decision else None,
        "lost_to": list(decision.lost_to) if decision else [],
        "silences": list(rule.silences),
        "branch": next((branch.number for branch in rule.branches if branch.speaks), None),
        "labels": {"add": list(decision.add) if decision else [], "remove": list(decision.remove) if decision else []},
        "fix": rule.fix or None,
        "captures": {capture.name: asdict(capture) for capture in rule.captures},
        "condition": _verdict_json(rule.verdict),
        "near": _near_json(rule),
    }


def _verdict_json(verdict: Verdict) -> dict[str, Any]:
    return {
        "wanted": verdict.wanted,
        "holds": verdict.holds,
        "seen": verdict.seen,
        "evidence": [{"view": e.view, "source": e.source, "line": e.line, "text": e.text} for e in verdict.evidence],
        "conditions": [_verdict_json(child) for child in verdict.children],
    }


def _near_json(rule: ExplainedRule) -> dict[str, Any] | None:
    """How near a rule comes that does not match, and the one condition that failed."""
    if rule.matches:
        return None
    node = rule.tree.decisive
    failed = _failure_json(node) if node else None
    return {"nearness": round(rule.nearness, 3), "failed": failed, "others": rule.others}


def _failure_json(node: Node) -> dict[str, Any]:
    return {
        "wanted": node.wanted,
        "place": node.file_place or None,
        "unwanted": node.is_unwanted,
        "seen": node.seen,
        "hint": node.hint,
        "nearly": _near_miss_json(node.near) if node.near else None,
    }


def _near_miss_json(near: NearMiss) -> dict[str, Any]:
    return {
        "kind": near.kind,
        "share": round(near.share, 3),
        "wanted": near.wanted._asdict(),
        "found": near.found._asdict(),
        **{name: getattr(near, name) for name in ("view", "source", "line", "start", "end")},
    }


def render_html(explanation: IssueExplanation, wanted: str | None = None) -> str:
    """The whole page; `wanted` is the one rule that was asked for."""
    highlights = {highlight.number: highlight for highlight in explanation.highlights}
    values = {
        "explanation": explanation,
        "highlights": highlights,
        "tints": {highlight.rule: highlight.tint for highlight in explanation.highlights},
        "choose_highlight": lambda numbers: choose_highlight(highlights[number] for number in numbers),
        "others": [rule for rule in explanation.rules if not rule.is_shown and wanted is None],
        "wanted": wanted,
        "tell": messages,
    }
    return render_page("bot.workbench.explain", "explanation.html.j2", values)
