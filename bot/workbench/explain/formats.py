"""An explanation in words (the same in the terminal and on the page), as JSON, and as one page. Pure."""

from dataclasses import asdict
from typing import Any

from bot.output.page import render_page
from bot.rules.conditions.types import Verdict
from bot.triage.decisions import RuleEffect
from bot.workbench.explain.condition_tree import Node
from bot.workbench.explain.explainer import Branch, ExplainedRule, IssueExplanation
from bot.workbench.explain.highlights import Highlight, HighlightKind, Place, choose_highlight
from bot.workbench.explain.near_miss import NearMiss, NearMissKind
from bot.workbench.explain.overview import CaptureSummary, Overview

EFFECTS: dict[RuleEffect, str] = {
    "speaks": "matches and speaks",
    "labels": "matches and only labels",
    "suggests": "matches and only suggests",
    "observes": "matches and is only observed",
    "silent": "matches, but is silent",
    "refused": "matches, but somebody said that it does not fit",
}
_NEAR: dict[NearMissKind, str] = {
    "partial": "{percent} % of it is in the issue; bars mark the text that both have in common",
    "inside_word": "it occurs only inside a longer word; a phrase this short must be a whole word",
    "elsewhere": "it occurs in {view}, which this condition does not search; to search it too, add `in: [{view}]`",
    "across": "it begins in one text and ends in another ({view}), and a condition reads each text on its own",
    "unread": (
        "it occurs in text that no condition reads: an HTML comment, template text, a form's label, "
        "or a quote from Signpost"
    ),
}


_HIGHLIGHTS: dict[HighlightKind, str] = {
    "evidence": "",
    "held": "",
    "unwanted": "present, but must be absent: ",
    "failed": "fails: ",
    "near": "near miss: ",
}
_THERE = {True: "present", False: "absent"}


def format_title(explanation: IssueExplanation) -> str:
    """`owner/name#7`, or the parts of it that are known."""
    number = f"#{explanation.number}" if explanation.number else ""
    return f"{explanation.repository}{number}" or "An issue"


def format_counts(explanation: IssueExplanation) -> str:
    """The number of rules that match."""
    total = len(explanation.rules)
    return f"{len(explanation.matched)} of {total} {'rule matches' if total == 1 else 'rules match'}"


def format_skip(explanation: IssueExplanation) -> str:
    """The reason why a run would skip the issue, as a sentence; "" if it would not."""
    reason = explanation.skipped
    return f"A run skips this issue, because {reason}. The explanation shows its rules anyway." if reason else ""


def format_effect(rule: ExplainedRule) -> str:
    """The effect of a rule, in a few words."""
    return EFFECTS[rule.decision.effect] if rule.decision else "does not match"


def format_node(node: Node) -> str:
    """A condition; for one that must not hold, also whether it holds."""
    wanted = f"{node.wanted} of these ({len(node.children)})" if node.children else node.wanted
    wanted += f", from {node.origin}" if node.origin else ""
    if not node.is_unwanted:
        return wanted
    return (
        f"present, but must be absent: {wanted}"
        if node.holds and not node.is_moot
        else f"{_THERE[node.holds]}: {wanted}"
    )


def format_seen(node: Node) -> str:
    """What the issue has instead; "" if the condition holds."""
    return "; ".join(filter(None, (node.seen, node.hint)))


def format_failure(rule: ExplainedRule) -> str:
    """How a rule failed, before its decisive condition is shown."""
    node = rule.tree.decisive
    what = "because this is present" if node and node.is_unwanted else "on this condition"
    if rule.others == 0:
        return f"failed only {what}"
    return f"failed {what}, and on {rule.others} more"


def format_near(near: NearMiss) -> str:
    """What a near miss means for the rule's author."""
    return _NEAR[near.kind].format(percent=round(near.share * 100), view=near.view)


def format_place(place: Place | NearMiss) -> str:
    """`logs, line 3`; comments say which."""
    source = f" of {place.source}" if place.source.startswith("comment") else ""
    return f"{place.view}, line {place.line}{source}" if place.source != "title" else "title"


def format_overview(overview: Overview) -> str:
    """The overview in a line: layout, language, captures of the packs, and the views that have text."""
    captures = (f"{capture.name} {cut_end(capture.value, 20)}" for capture in overview.captures)
    views = (view.name for view in overview.views if view.characters)
    parts = (f"layout {overview.layout}", f"language {overview.language or 'unknown'}", *captures)
    return f"{', '.join(parts)}; to read: {', '.join(views) or 'nothing'}"


def format_capture(capture: CaptureSummary) -> str:
    """The place of a capture's value, how far Signpost trusts that place, and the values in other places."""
    source = f" of {capture.source}" if capture.source.startswith("comment") else ""
    where = f"{capture.view}, line {capture.line}{source}; " if capture.line else ""
    parsed = f"; compared as {capture.parsed}" if capture.parsed not in {"", capture.value} else ""
    also = f"; also stated: {', '.join(capture.also_stated)}" if capture.also_stated else ""
    return f"{capture.type}; {where}trusted as {capture.place}{parsed}{also}"


def format_branch(branch: Branch) -> str:
    """Whether a branch of the guidance applies, and why."""
    name, when = f"branch {branch.number}", branch.when
    leaves = [part for part in when.walk() if not part.children] if when else []
    if branch.speaks:
        held = "; ".join(format_node(leaf) for leaf in leaves if leaf.is_fine)
        why = f"its `when` holds ({held})" if when else "it has no `when`"
        return f"{name} applies, because {why}: {cut_end(branch.tldr, 90)}"
    if when is None or when.holds:
        return f"{name} would also apply, but an earlier branch does"
    failing = next((leaf for leaf in leaves if not leaf.is_fine), when)
    seen = f" ({format_seen(failing)})" if format_seen(failing) else ""
    how = format_node(failing) if failing.is_unwanted else f"{format_node(failing)} does not hold"
    return f"{name} does not apply: {how}{seen}"


def format_highlight(highlight: Highlight) -> str:
    """The conditions of a highlight, and what the highlighted text means for them."""
    return f"{_HIGHLIGHTS[highlight.kind]}{'; '.join(highlight.conditions)}"


def cut_end(text: str, longest: int = 60) -> str:
    """The beginning of a text, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[:longest]}…"


def cut_middle(text: str, longest: int = 60) -> str:
    """A text on one line whose middle may be left out."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else f"{flat[: longest // 2]} … {flat[-longest // 2 :]}"


def cut_start(text: str, longest: int = 60) -> str:
    """The end of a text, on one line."""
    flat = " ".join(text.split())
    return f"{'' if len(flat) <= longest else '…'}{flat[-longest:]}{' ' * text[-1:].isspace()}"


def to_json(explanation: IssueExplanation, wanted: str | None = None) -> dict[str, Any]:
    """The explanation of all rules, or of the `wanted` one, as JSON (without schema_version)."""
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
        "labels": {name: list(getattr(decision, name, ())) for name in ("add", "remove", "suggest")},
        "answers": [label.to_json() for label in rule.answered],
        "type": decision.fields.type if decision else None,
        "fields": dict(decision.fields.fields) if decision else {},
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
    return {"nearness": round(rule.similarity, 3), "failed": failed, "others": rule.others}


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


_OF_TEMPLATE = (
    format_title,
    format_counts,
    format_skip,
    format_effect,
    format_node,
    format_seen,
    format_failure,
    format_near,
    format_place,
    format_overview,
    format_capture,
    format_branch,
    format_highlight,
    cut_end,
    cut_middle,
    cut_start,
)
"""The functions that the page calls."""


def render_html(explanation: IssueExplanation, wanted: str | None = None) -> str:
    """The whole page; `wanted` is the rule of `--rule`."""
    highlights = {highlight.number: highlight for highlight in explanation.highlights}
    values = {
        "explanation": explanation,
        "highlights": highlights,
        "tints": {highlight.rule: highlight.tint for highlight in explanation.highlights},
        "choose_highlight": lambda numbers: choose_highlight(highlights[number] for number in numbers),
        "others": [rule for rule in explanation.rules if not rule.is_shown and wanted is None],
        "wanted": wanted,
        **{function.__name__: function for function in _OF_TEMPLATE},
    }
    return render_page("bot.workbench.explain", "explanation.html.j2", values)
