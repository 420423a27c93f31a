"""The words in which an explanation is told, the same in the terminal and on the page. Pure."""

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, cast

from bot.rules.matcher import Match
from bot.text.printable import reveal_line
from bot.triage.decisions import RuleEffect
from bot.workbench.explain.condition_tree import Node
from bot.workbench.explain.explainer import Branch, ExplainedRule, IssueExplanation
from bot.workbench.explain.highlights import Highlight, HighlightKind, Place
from bot.workbench.explain.near_miss import NearMiss, NearMissKind
from bot.workbench.explain.overview import CaptureSummary, Overview

Value = TypeVar("Value")

EFFECTS: dict[RuleEffect, str] = {
    "speaks": "matches and speaks",
    "labels": "matches and only labels",
    "observes": "matches and is only observed",
    "silent": "matches, but is silent",
}
_NEAR: dict[NearMissKind, str] = {
    "partial": "{percent} % of it is there; phrase and issue part at the bar",
    "inside_word": "it stands only inside a longer word; a phrase this short must stand alone",
    "elsewhere": "it stands in {view}, where this condition does not look; if it should, add `in: [{view}]`",
    "across": "it stands there, but runs from one text into another ({view}), and those are never read as one",
    "unread": "it stands there, but in no view: in an HTML comment, template text, a form's label or a quote of us",
}


_HIGHLIGHTS: dict[HighlightKind, str] = {
    "evidence": "",
    "held": "",
    "unwanted": "there, but should not be: ",
    "failed": "fails: ",
    "near": "nearly: ",
}
_THERE = {True: "there", False: "not there"}


def tell_title(explanation: IssueExplanation) -> str:
    """`owner/name#7`, as far as it is known."""
    number = f"#{explanation.number}" if explanation.number else ""
    return f"{explanation.repository}{number}" or "An issue"


def tell_counts(explanation: IssueExplanation) -> str:
    """How many rules match."""
    total = len(explanation.rules)
    return f"{len(explanation.matched)} of {total} {'rule matches' if total == 1 else 'rules match'}"


def tell_skip(explanation: IssueExplanation) -> str:
    """That a run would leave the issue alone, and why; "" where it would not."""
    reason = explanation.skipped
    return f"A run would leave this issue alone, since {reason}; its rules are told all the same." if reason else ""


def tell_effect(rule: ExplainedRule) -> str:
    """What comes of a rule, in a few words."""
    return EFFECTS[rule.decision.effect] if rule.decision else "does not match"


def tell_node(node: Node) -> str:
    """A condition; what should not hold says whether it does."""
    wanted = f"{node.wanted} of these ({len(node.children)})" if node.children else node.wanted
    wanted += f", from {node.origin}" if node.origin else ""
    if not node.is_unwanted:
        return wanted
    return (
        f"there, but should not be: {wanted}" if node.holds and not node.is_moot else f"{_THERE[node.holds]}: {wanted}"
    )


def tell_seen(node: Node) -> str:
    """What was there instead; nothing where the condition holds."""
    return "; ".join(filter(None, (node.seen, node.hint)))


def tell_failure(rule: ExplainedRule) -> str:
    """How a rule failed, before its decisive condition is shown."""
    node = rule.tree.decisive
    what = "since this is there" if node and node.is_unwanted else "on this condition"
    if rule.others == 0:
        return f"failed only {what}"
    return f"failed {what}, and on {rule.others} more"


def tell_near(near: NearMiss) -> str:
    """What a near miss means for the rule's author."""
    return _NEAR[near.kind].format(percent=round(near.share * 100), view=near.view)


def tell_place(place: Place | NearMiss) -> str:
    """`logs, line 3`; comments say which."""
    source = f" of {place.source}" if place.source.startswith("comment") else ""
    return f"{place.view}, line {place.line}{source}" if place.source != "title" else "title"


def tell_overview(overview: Overview) -> str:
    """What was seen, in a line: layout, language, what the packs capture, how much there is to read."""
    captures = (f"{capture.name} {cut_end(capture.value, 20)}" for capture in overview.captures)
    views = (view.name for view in overview.views if view.characters)
    parts = (f"layout {overview.layout}", f"language {overview.language or 'unknown'}", *captures)
    return f"{', '.join(parts)}; to read: {', '.join(views) or 'nothing'}"


def tell_capture(capture: CaptureSummary) -> str:
    """Where a capture's value comes from, how far that place is trusted, and what other places say."""
    source = f" of {capture.source}" if capture.source.startswith("comment") else ""
    where = f"{capture.view}, line {capture.line}{source}; " if capture.line else ""
    parsed = f"; compared as {capture.parsed}" if capture.parsed not in {"", capture.value} else ""
    also = f"; also stated: {', '.join(capture.also_stated)}" if capture.also_stated else ""
    return f"{capture.type}; {where}trusted as {capture.place}{parsed}{also}"


def tell_branch(branch: Branch) -> str:
    """Whether a branch of the guidance speaks, and why."""
    name, when = f"branch {branch.number}", branch.when
    leaves = [part for part in when.walk() if not part.children] if when else []
    if branch.speaks:
        held = "; ".join(tell_node(leaf) for leaf in leaves if leaf.is_fine)
        why = f"its `when` holds ({held})" if when else "it has no `when`"
        return f"{name} speaks, since {why}: {cut_end(branch.tldr, 90)}"
    if when is None or when.holds:
        return f"{name} would speak too, but one before it does"
    failing = next((leaf for leaf in leaves if not leaf.is_fine), when)
    seen = f" ({tell_seen(failing)})" if tell_seen(failing) else ""
    return f"{name} does not, {'since this is' if failing.is_unwanted else 'for want of'} {tell_node(failing)}{seen}"


def tell_highlight(highlight: Highlight) -> str:
    """What its conditions make of the highlighted text."""
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


def reveal_all(value: Value) -> Value:
    """The same value, with every text in it on one line and without hidden signs."""
    return cast("Value", _reveal(value))


def _reveal(value: object) -> object:
    if isinstance(value, str):
        return reveal_line(value)
    if isinstance(value, Match):
        return value  # none of its texts is shown
    if isinstance(value, tuple):
        parts: list[Any] = [_reveal(part) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(**{part.name: _reveal(getattr(value, part.name)) for part in fields(value)})
    return value
