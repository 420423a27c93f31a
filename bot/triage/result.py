"""What happened, for scripts (JSON) and for maintainers (the step summary). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.comment.sanitizer import fence_code, quote_cell, quote_code
from bot.duplicates.candidates import Duplicate, LeftOut
from bot.errors import Problem
from bot.rules.matcher import Match
from bot.tracker.types import Skip
from bot.triage.actions import Action, AddLabels, Close, CreateLabels, Plan, RemoveLabels
from bot.triage.apply import Outcome
from bot.triage.links import Linking
from bot.triage.summary import describe_earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything one run saw, decided and did.

    `matches` has the superseded ones too, `unshown` the earlier reports that may be linked and are not.
    """

    repository: str
    issue: int | None
    skipped: Skip | None = None
    matches: tuple[Match, ...] = ()
    linking: Linking = field(default_factory=Linking)
    unshown: tuple[LeftOut, ...] = ()
    plan: Plan = field(default_factory=Plan)
    outcomes: tuple[Outcome, ...] = ()
    requests: int = 0
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def speaking(self) -> tuple[Match, ...]:
        """The matches that no other supersedes."""
        return tuple(match for match in self.matches if match.superseded_by is None)

    @property
    def errors(self) -> tuple[str, ...]:
        """What failed, in words."""
        return tuple(f"{outcome.action.action}: {outcome.error}" for outcome in self.outcomes if outcome.error)

    @property
    def all_remarks(self) -> tuple[str, ...]:
        """What maintainers should know."""
        return (*self.linking.remarks, *self.remarks, *self.plan.remarks)


def make_json(report: Report) -> dict[str, Any]:
    """The report as the command contract has it (without schema_version)."""
    return {
        "repository": report.repository,
        "issue": report.issue,
        "skipped": report.skipped.reason if report.skipped else None,
        "matches": [_match_json(match) for match in report.speaking],
        "superseded": [{"rule": m.rule.id, "by": m.superseded_by} for m in report.matches if m.superseded_by],
        "duplicates": [_duplicate_json(duplicate) for duplicate in report.linking.duplicates],
        "left_out": [
            {
                "number": each.earlier.number,
                "tier": each.earlier.tier,
                "confidence": each.earlier.score,
                "why": each.why,
            }
            for each in report.linking.left_out
        ],
        "plan": [_action_json(action) for action in report.plan.actions],
        "outcomes": [{"action": o.action.action, "ok": o.is_ok, "error": o.error} for o in report.outcomes],
        "remarks": list(report.all_remarks),
        "problems": [asdict(problem) for problem in report.problems],
        "requests": report.requests,
    }


def _match_json(match: Match) -> dict[str, Any]:
    return {
        "rule": match.rule.id,
        "title": match.rule.model.title,
        "mode": match.rule.model.mode,
        "evidence": [{"view": item.view, "text": item.text, "line": item.line} for item in match.evidence],
        "captures": {name: capture.value for name, capture in match.captures.items()},
    }


def _duplicate_json(duplicate: Duplicate) -> dict[str, Any]:
    return {
        "number": duplicate.number,
        "url": duplicate.url,
        "state": duplicate.state,
        "confidence": duplicate.confidence,
        "why": duplicate.why,
        "tier": duplicate.tier,
        "fixed_in": duplicate.fix.version if duplicate.fix else None,
        "evidence": list(duplicate.found.evidence) if duplicate.found else [],
        "features": dict(duplicate.found.features) if duplicate.found else {},
    }


def _action_json(action: Action) -> dict[str, Any]:
    fields = asdict(action)
    return {
        "action": fields.pop("action"),
        **{name: list(v) if isinstance(v, tuple) else v for name, v in fields.items()},
    }


def make_summary(report: Report, *, is_dry_run: bool) -> str:
    """The step summary: what matched and why, what was done, what it cost."""
    return "\n\n".join(_summary_parts(report, is_dry_run=is_dry_run)) + "\n"


def _summary_parts(report: Report, *, is_dry_run: bool) -> Iterator[str]:
    name = f"{report.repository}#{report.issue}" if report.issue else report.repository
    yield f"## Signpost: {quote_code(name)}"
    if report.skipped:
        yield f"Skipped: {report.skipped.reason}."
    elif not report.matches:
        yield "No rule matches."
    for match in sorted(report.matches, key=lambda match: match.superseded_by is not None):
        yield _describe_match(match)
    if report.linking.duplicates or report.linking.left_out or report.linking.expected:
        yield "### Earlier reports\n\n" + "\n\n".join(describe_earlier(report.linking, report.unshown))
    if report.plan.actions:
        yield ("### What would be done (dry run)\n\n" if is_dry_run else "### What was done\n\n") + "\n".join(
            _describe_actions(report)
        )
    if report.all_remarks:
        yield "### Remarks\n\n" + "\n".join(f"- {_line(remark)}" for remark in report.all_remarks)
    if report.problems:
        yield "### Rules that did not load\n\n" + fence_code("\n".join(map(str, report.problems)))
    yield f"{report.requests} request{'' if report.requests == 1 else 's'} to GitHub."


def _describe_match(match: Match) -> str:
    silent = f", superseded by {quote_code(match.superseded_by)}" if match.superseded_by else ""
    lines = [
        f"### {quote_code(match.rule.id)}: {match.rule.model.title} ({match.rule.model.mode}{silent})",
        "",
        "| where | line | text | wanted |",
        "|---|---|---|---|",
    ]
    cells = ((item.view, str(item.line), quote_cell(item.text), quote_cell(item.wanted)) for item in match.evidence)
    lines += [f"| {' | '.join(row)} |" for row in cells]
    captures = ", ".join(f"{name} = {quote_cell(capture.value)}" for name, capture in match.captures.items())
    return "\n".join(lines) + (f"\n\nFound: {captures}" if captures else "")


def _line(text: str) -> str:
    """What GitHub, or a template, answered, as part of one line."""
    return " ".join(text.split())


def _describe_actions(report: Report) -> Iterator[str]:
    outcomes = {id(outcome.action): outcome for outcome in report.outcomes}
    for action in report.plan.actions:
        outcome = outcomes.get(id(action))
        failed = f" — failed: {_line(outcome.error)}" if outcome and outcome.error else ""
        yield f"- {_describe_action(action)}{failed}"


def _describe_action(action: Action) -> str:
    name = action.action.replace("_", " ")
    match action:
        case CreateLabels() | AddLabels() | RemoveLabels():
            return f"{name} {', '.join(map(quote_code, action.labels))}"
        case Close():
            canonical = f" of #{action.duplicate_of}" if action.duplicate_of else ""
            return f"close as {action.reason.replace('_', ' ')}{canonical}"
        case _:
            return name


def check_identity(outcomes: Iterable[Outcome], login: str) -> list[str]:
    """A remark where our comment came out under another name: the next run would not know it as ours."""
    posted = [outcome.comment.author.login for outcome in outcomes if outcome.comment]
    return [
        f"our comment was posted as {name}; set `identity: {{login: {name!r}}}` in config.yml"
        for name in posted
        if name.lower() != login.lower()
    ]
