"""GitHub's pending suggestions: what the fake GitHub keeps of them, and the JSON of each."""

from dataclasses import dataclass

from tests.stand_ins.github_json import Json, StoredIssue, Value

BOT_ID = 41898282
"""The id of github-actions[bot]."""


@dataclass(kw_only=True)
class StoredSuggestion:
    """A suggestion; `target` is the id of the label or of the canonical issue."""

    id: int
    action: str
    at: str
    target: int | None = None
    state: str = "pending"
    rationale: str | None = None
    confidence: str | None = None


def keep_suggestion(issue: StoredIssue, action: str, target: int | None, said: Json, at: str) -> StoredSuggestion:
    """Keep what was suggested; one that is pending for the same thing is replaced."""
    for former in issue.suggestions:
        if (former.action, former.target, former.state) == (action, target, "pending"):
            former.state = "replaced"
    suggestion = StoredSuggestion(
        id=issue.id * 100 + len(issue.suggestions),
        action=action,
        at=at,
        target=target,
        rationale=said.get("rationale"),
        confidence=str(said.get("confidence", "")).upper() or None,
    )
    issue.suggestions.append(suggestion)
    return suggestion


def suggestion_json(issue: StoredIssue, suggestion: StoredSuggestion) -> Json:
    """https://docs.github.com/rest/issues/issues#list-issue-suggestions"""
    decided: Value = 583231 if suggestion.state in {"approved", "dismissed"} else None
    return {
        "id": suggestion.id,
        "issue_id": issue.id,
        "action": suggestion.action,
        "state": suggestion.state,
        "target_id": suggestion.target,
        "target_value": None,
        "rationale": suggestion.rationale,
        "confidence": suggestion.confidence,
        "actor_id": BOT_ID,
        "issue_event_id": None,
        "resolved_by": decided,
        "created_at": suggestion.at,
        "updated_at": suggestion.at,
    }
