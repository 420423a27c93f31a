"""What is suggested to people: which labels, why, how sure that is, and what they decided before. Pure."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bot.comment.sanitizer import write_title
from bot.duplicates.candidates import Tier
from bot.rules.matcher import Match
from bot.tracker.suggestions import MAX_RATIONALE, Confidence, LabelSuggestion, Suggestion, Suggestions
from bot.tracker.types import without
from bot.triage.actions import SuggestLabels
from bot.triage.decisions import Decisions

if TYPE_CHECKING:
    from bot.triage.snapshot import Snapshot

_CONFIDENCES: tuple[Confidence, ...] = ("low", "medium", "high")
_TIERS: dict[Tier, Confidence] = {"A": "high", "B": "medium", "C": "low"}
_ENDED = frozenset({"replaced", "invalidated"})
"""States that no person decided. Any other one, also one that we do not know, stands."""

_MOST_TRIES = 2
_SEVERAL = 2
_MOST_PLACES = 3


def rate_match(match: Match) -> Confidence:
    """How sure a match is.

    Low: it needs the error dump of an in-app report. High: several conditions hold, or the evidence is in logs or in a
    form field. Medium: anything else, such as one phrase in prose.
    """
    if match.is_from_dump:
        return "low"
    is_placed = any(item.place != "prose" for item in match.evidence)
    return "high" if is_placed or match.verdict.specificity >= _SEVERAL else "medium"


def rate_tier(tier: Tier) -> Confidence:
    """How sure a duplicate is, by its evidence."""
    return _TIERS[tier]


def explain_match(match: Match) -> str:
    """Why a rule suggests something: its title, and the places of the evidence, without any text of the reporter."""
    places = dict.fromkeys(f"{item.view}, line {item.line}" for item in match.evidence)
    where = f" ({'; '.join([*places][:_MOST_PLACES])})" if places else ""
    return write_rationale(f"This looks like: {match.rule.model.title}{where}")


def write_rationale(text: str) -> str:
    """A rationale as GitHub takes it: one line of plain text that calls nobody and links nothing."""
    line = write_title(text, MAX_RATIONALE)
    return line if len(line) <= MAX_RATIONALE else f"{line[: MAX_RATIONALE - 1]}…"


def find_settlement(items: Iterable[Suggestion]) -> str:
    """Why the same thing is not suggested again: `dismissed`, `made` or `ended`; "" if it may be.

    What a person dismissed is never suggested again. A suggestion that GitHub replaced or invalidated is made once
    more.
    """
    states = [item.state for item in items]
    if "dismissed" in states:
        return "dismissed"
    if not _ENDED.issuperset(states):
        return "made"
    return "ended" if len(states) >= _MOST_TRIES else ""


def list_about_label(label: str, found: Suggestions) -> Iterator[Suggestion]:
    """The suggestions of a label; GitHub names it by its id."""
    name = label.casefold()
    number = found.label_ids.get(name)
    for item in found.items:
        if item.action == "add_label" and (item.value.casefold() == name or (number and item.target == number)):
            yield item


def list_about_closing(found: Suggestions) -> Iterator[Suggestion]:
    """The suggestions to close the issue, as whatever: a person who dismissed one of them wants it open."""
    return (item for item in found.items if item.action == "close_issue")


def plan_label_suggestions(
    wanted: Iterable[str], snapshot: "Snapshot", decisions: Decisions
) -> tuple[list[SuggestLabels], list[str]]:
    """The suggestion of those of the `wanted` labels that were not suggested before, and remarks."""
    found = snapshot.suggestions
    if found is None or found.absence:
        return [], [f"Signpost suggests nothing on this issue: {found.absence}"] if found else []
    obstacles = {label: _find_obstacle(label, found) for label in wanted}
    labels = tuple(_suggest_label(label, decisions) for label, obstacle in obstacles.items() if obstacle is None)
    return [SuggestLabels(labels)] if labels else [], [obstacle for obstacle in obstacles.values() if obstacle]


def _find_obstacle(label: str, found: Suggestions) -> str | None:
    """Why a label is not suggested, as a remark; "" if that needs no remark, None if it may be suggested."""
    if label.casefold() not in found.label_ids:
        what = f"the label `{label}` does not exist in this repository, so Signpost does not suggest it"
        return f"{what}; create it, or correct the rule or the settings"
    settled = find_settlement(list_about_label(label, found))
    if settled == "dismissed":
        return f"somebody dismissed the label `{label}`, so Signpost does not suggest it again"
    return "" if settled else None


def _suggest_label(label: str, decisions: Decisions) -> LabelSuggestion:
    """The label with the surest reason for it; without a rule, the issue is a duplicate."""
    asking = [each.match for each in decisions.rules if not without([label], each.suggest)]
    if not asking:
        return LabelSuggestion(label, explain_duplicate(is_asked=decisions.links.asked is not None), "high")
    best = max(asking, key=lambda match: _CONFIDENCES.index(rate_match(match)))
    return LabelSuggestion(label, explain_match(best), rate_match(best))


def explain_duplicate(why: str = "one rule matches both reports", *, is_asked: bool = False) -> str:
    """Why an issue is a duplicate; a person's command counts more than what was found."""
    asked = "A person said with a command that this is a duplicate"
    return write_rationale(asked if is_asked else f"This looks like a duplicate: {why}")
