"""What one run saw, decided and did, and the same as JSON. Pure."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bot.duplicates.selection import LinkDecision
from bot.errors import Problem
from bot.rules.matcher import Match
from bot.tracker.types import Skip
from bot.triage.actions import Action, Plan
from bot.triage.apply import Outcome
from bot.triage.decisions import Decisions, RuleDecision
from bot.triage.links import LinkDecisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything that one run saw, decided and did."""

    repository: str
    issue: int | None
    skipped: Skip | None = None
    decisions: Decisions = field(default_factory=Decisions)
    plan: Plan = field(default_factory=Plan)
    outcomes: tuple[Outcome, ...] = ()
    requests: int = 0
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def matches(self) -> tuple[Match, ...]:
        """All matches, superseded ones too."""
        return tuple(each.match for each in self.decisions.rules)

    @property
    def holding(self) -> tuple[Match, ...]:
        """The matches that no other supersedes."""
        return tuple(match for match in self.matches if match.superseded_by is None)

    @property
    def links(self) -> LinkDecisions:
        """The decisions on links."""
        return self.decisions.links

    @property
    def is_settled(self) -> bool:
        """Whether the same run again would do no more: all was read, and done or refused."""
        are_done = all(outcome.is_ok or outcome.is_refused for outcome in self.outcomes)
        return are_done and self.links.is_complete and self.plan.is_complete

    @property
    def errors(self) -> tuple[str, ...]:
        """A message for each action that failed."""
        return tuple(f"{outcome.action.action}: {outcome.error}" for outcome in self.outcomes if outcome.error)

    @property
    def all_remarks(self) -> tuple[str, ...]:
        """All remarks for maintainers."""
        left = (outcome.remark for outcome in self.outcomes if outcome.remark)
        return (*self.links.remarks, *self.decisions.mutings, *self.remarks, *self.plan.remarks, *left)


def to_json(result: Result) -> dict[str, Any]:
    """The result in the JSON format of `signpost run` (without schema_version)."""
    return {
        "repository": result.repository,
        "issue": result.issue,
        "skipped": result.skipped.reason if result.skipped else None,
        "matches": [_match_json(each) for each in result.decisions.rules if each.match.superseded_by is None],
        "superseded": [{"rule": m.rule.id, "by": m.superseded_by} for m in result.matches if m.superseded_by],
        "duplicates": [_link_json(link) for link in result.links.duplicates],
        "left_out": [_refusal_json(link) for link in result.links.refused],
        "plan": [_action_json(action) for action in result.plan.actions],
        "outcomes": [{"action": o.action.action, "ok": o.is_ok, "error": o.error} for o in result.outcomes],
        "remarks": list(result.all_remarks),
        "problems": [asdict(problem) for problem in result.problems],
        "requests": result.requests,
    }


def _match_json(decision: RuleDecision) -> dict[str, Any]:
    match = decision.match
    return {
        "rule": match.rule.id,
        "title": match.rule.model.title,
        "mode": decision.mode,
        "evidence": [{"view": item.view, "text": item.text, "line": item.line} for item in match.evidence],
        "captures": {name: capture.value for name, capture in match.captures.items()},
        "answers": [label.to_json() for label in match.answered],
    }


def _link_json(link: LinkDecision) -> dict[str, Any]:
    return {
        "number": link.number,
        "url": link.url,
        "state": link.state,
        "confidence": link.confidence,
        "why": link.why,
        "tier": link.tier,
        "fixed_in": link.fix.version if link.fix else None,
        "evidence": list(link.candidate.evidence),
        "features": dict(link.candidate.features),
    }


def _refusal_json(link: LinkDecision) -> dict[str, Any]:
    found = link.candidate
    return {"number": found.number, "tier": found.tier, "confidence": found.score, "why": link.reason}


def _action_json(action: Action) -> dict[str, Any]:
    fields = asdict(action)
    return {
        "action": fields.pop("action"),
        **{name: _list(value) for name, value in fields.items()},
    }


def _list(value: object) -> object:
    if isinstance(value, dict):
        return {name: _list(each) for name, each in value.items()}
    return list(value) if isinstance(value, tuple) else value
